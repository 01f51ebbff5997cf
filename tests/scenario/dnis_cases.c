/* SPDX-License-Identifier: BSD-3-Clause */
/* What a pair does with each thing that can be asked of it, or go wrong: where the traffic is then, what
 * it says, and that nothing is lost that need not be. */
#include "dnis_stage.h"

#include <errno.h>
#include <string.h>

static const struct stage_setup plain = {.vf_model = "82599",
                                         .standby_model = "82576",
                                         .frame_len = 300,
                                         .frame_ns = 50 * US,
                                         .opts = {.hold_down_ns = 20 * MS}};

static struct stage stage;

static struct stage *begin(const struct stage_setup *setup)
{
    stage_make(&stage, setup);
    return &stage;
}

static void stream(struct stage *s)
{
    s->sending = true;
    s->in.since = sriov_mock_now(s->mock);
    s->out.since = s->in.since;
}

/* All that was sent has come, once and in order. */
static void expect_all(struct stage *s)
{
    stage_quiet(s);
    assert_int_equal(s->in.ours.lost + s->in.ours.late + s->in.ours.bad, 0);
    assert_int_equal(s->in.group.lost + s->in.group.late, 0);
    assert_int_equal(s->out.ours.lost + s->out.ours.late + s->out.ours.bad, 0);
    assert_int_equal(s->in.ours.received, s->in.sent - s->in.groups_sent);
    assert_int_equal(s->out.ours.received, s->out.sent - s->out.groups_sent);
    assert_true(s->in.ours.received > 0);
}

static void ask_back(struct stage *s)
{
    assert_int_equal(
        sriov_mock_remove(s->mock, s->side[VF_SIDE].name, true, sriov_mock_now(s->mock) + 500 * MS), 0);
}

static void wait_released(struct stage *s)
{
    for (int t = 0; s->released == NULL && t < 2000; t++) {
        stage_run(s, 100 * US);
    }
    assert_ptr_equal(s->released, s->side[VF_SIDE].net);
    stage_vf_close(s);
}

static void works_without_a_standby(void **state)
{
    (void)state;
    struct stage_setup setup = plain;
    setup.no_standby = true;
    struct stage *s = begin(&setup);
    assert_true(stage_said(s, "no standby"));
    stage_vf_up(s);
    assert_non_null(strstr(stage_info(s).next_step, "no standby"));
    assert_int_equal(sriov_dnis_switch(s->dnis, SRIOV_DNIS_STANDBY), -EINVAL);
    stream(s);
    stage_run(s, 20 * MS);
    expect_all(s);
    ask_back(s);
    wait_released(s);
    assert_int_equal(stage_info(s).active, SRIOV_DNIS_NONE);
    assert_null(sriov_dnis_pool(s->dnis));
    assert_true((s->events & SRIOV_DNIS_EV_DOWN) != 0);
    assert_int_equal(stage_replug(s), 0);
    stage_vf_up(s);
    stream(s);
    s->in.sent = s->in.groups_sent = s->out.sent = s->out.groups_sent = 0;
    memset(&s->in.ours, 0, sizeof(s->in.ours));
    memset(&s->in.group, 0, sizeof(s->in.group));
    memset(&s->out.ours, 0, sizeof(s->out.ours));
    stage_run(s, 20 * MS);
    expect_all(s);
    stage_end(s);
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    static const struct sriov_mac other = {{0x02, 0xaa, 0, 0, 0, 0x77}};
    struct stage_setup setup = plain;
    struct stage *s = begin(&setup);
    struct stage_side *vf = &s->side[VF_SIDE];
    /* Another MAC. */
    assert_int_equal(sriov_pf_set_vf_mac(vf->pf, 0, &other), 0);
    assert_int_equal(stage_vf_open(s), 0);
    assert_int_equal(stage_attach(s), -EINVAL);
    assert_true(stage_said(s, "MAC 02:aa:00:00:00:77 is not the pair's 02:aa:00:00:00:01: give it that one"));
    assert_int_equal(stage_info(s).vf_state, SRIOV_DNIS_ABSENT);
    stage_vf_close(s);
    assert_int_equal(stage_replug(s), 0);
    /* A smaller MTU, queue threads. */
    s->setup.config.mtu = 1000;
    assert_int_equal(stage_vf_open(s), 0);
    assert_int_equal(stage_attach(s), -EINVAL);
    assert_true(stage_said(s, "MTU of 1000, the pair 1500"));
    stage_vf_close(s);
    s->setup.config.mtu = 0;
    s->setup.config.flags = SRIOV_NET_THREADED;
    assert_int_equal(stage_vf_open(s), 0);
    assert_int_equal(stage_attach(s), -EINVAL);
    stage_vf_close(s);
    s->setup.config.flags = 0;
    stage_vf_up(s);
    assert_int_equal(stage_attach(s), -EBUSY);
    stage_end(s);
}

static void leaves_a_vf_whose_mac_is_changed(void **state)
{
    (void)state;
    static const struct sriov_mac other = {{0x02, 0xaa, 0, 0, 0, 0x77}};
    struct stage *s = begin(&plain);
    stage_vf_up(s);
    s->side[VF_SIDE].pf_busy = true;
    assert_int_equal(sriov_pf_set_vf_mac(s->side[VF_SIDE].pf, 0, &other), 0);
    s->side[VF_SIDE].pf_busy = false;
    stage_run_until_on(s, SRIOV_DNIS_STANDBY, 2000 * MS);
    stage_run(s, 500 * MS);
    assert_true(stage_is_on(s, SRIOV_DNIS_STANDBY));
    assert_int_equal(stage_info(s).vf_state, SRIOV_DNIS_REFUSED);
    assert_non_null(strstr(stage_info(s).next_step, "another MAC"));
    stage_end(s);
}

static void obeys_commands(void **state)
{
    (void)state;
    struct stage *s = begin(&plain);
    stage_vf_up(s);
    stream(s);
    for (int i = 0; i < 5; i++) {
        stage_run(s, 5 * MS);
        s->halted = true;
        assert_int_equal(sriov_dnis_switch(s->dnis, SRIOV_DNIS_STANDBY), 0);
        assert_int_equal(sriov_dnis_switch(s->dnis, SRIOV_DNIS_VF), -EAGAIN); /* not settled */
        s->halted = false;
        stage_run_until_on(s, SRIOV_DNIS_STANDBY, 100 * MS);
        stage_run(s, 50 * MS);
        assert_true(stage_is_on(s, SRIOV_DNIS_STANDBY)); /* and there it stays */
        assert_int_equal(s->moved_to, SRIOV_DNIS_STANDBY);
        s->halted = true;
        assert_int_equal(sriov_dnis_switch(s->dnis, SRIOV_DNIS_VF), 0);
        s->halted = false;
        stage_run_until_on(s, SRIOV_DNIS_VF, 100 * MS);
        assert_int_equal(s->moved_to, SRIOV_DNIS_VF);
    }
    expect_all(s);
    assert_int_equal(stage_stats(s).in_doubt, 0);
    stage_end(s);
}

/* A network that forwards late must have done so before it hears of the new device. */
static void is_silent_between_two_devices(void **state)
{
    (void)state;
    struct stage_setup setup = plain;
    setup.opts.silence_ns = 2 * MS;
    struct stage *s = begin(&setup);
    stage_vf_up(s);
    stream(s);
    stage_run(s, 5 * MS);
    s->out.gap_ns = 0;
    assert_int_equal(sriov_dnis_switch(s->dnis, SRIOV_DNIS_STANDBY), 0);
    assert_in_range(stage_stats(s).last_tx_gap_ns, 2 * MS, 3 * MS);
    stage_run_until_on(s, SRIOV_DNIS_STANDBY, 100 * MS);
    stage_run(s, 5 * MS);
    assert_true(s->out.gap_ns >= 2 * MS);
    expect_all(s);
    stage_end(s);
}

static void moves_only_by_command_where_it_is_manual(void **state)
{
    (void)state;
    struct stage_setup setup = plain;
    setup.opts.policy = SRIOV_DNIS_MANUAL;
    struct stage *s = begin(&setup);
    assert_int_equal(stage_vf_open(s), 0);
    assert_int_equal(stage_attach(s), 0);
    stage_run(s, 100 * MS);
    assert_true(stage_is_on(s, SRIOV_DNIS_STANDBY)); /* it was there first */
    assert_int_equal(sriov_dnis_switch(s->dnis, SRIOV_DNIS_VF), 0);
    stage_run_until_on(s, SRIOV_DNIS_VF, 100 * MS);
    stage_carrier(s, VF_SIDE, false);
    stage_run(s, 100 * MS);
    assert_int_equal(stage_info(s).active, SRIOV_DNIS_VF);
    assert_false(stage_info(s).link.up);
    stage_carrier(s, VF_SIDE, true);
    stage_run(s, 1000 * MS);
    assert_true(stage_info(s).link.up);
    assert_string_equal(stage_info(s).next_step, "");
    ask_back(s);
    stage_run(s, 50 * MS);
    assert_int_equal(stage_info(s).active, SRIOV_DNIS_VF);
    assert_non_null(strstr(stage_info(s).next_step, "wanted back: switch to the standby"));
    assert_int_equal(sriov_dnis_switch(s->dnis, SRIOV_DNIS_STANDBY), 0);
    wait_released(s);
    assert_true(stage_is_on(s, SRIOV_DNIS_STANDBY));
    stage_end(s);
}

static void gives_back_a_vf_on_demand(void **state)
{
    (void)state;
    struct stage *s = begin(&plain);
    assert_int_equal(sriov_dnis_detach(s->dnis, NULL), -ENOENT);
    stage_vf_up(s);
    stream(s);
    stage_run(s, 5 * MS);
    s->want_detach = true;
    wait_released(s);
    assert_true(stage_is_on(s, SRIOV_DNIS_STANDBY));
    stage_run(s, 5 * MS);
    expect_all(s);
    stage_end(s);
}

/* Frames that the VF did not send in time are sent by the standby, before those that come later. */
static void sends_by_the_other_what_one_has_not_sent(void **state)
{
    (void)state;
    struct stage *s = begin(&plain);
    stage_vf_up(s);
    stream(s);
    stage_run(s, 5 * MS);
    assert_int_equal(sriov_mock_set_delay(s->mock, s->side[VF_SIDE].name, SRIOV_DELAY_TX, 400 * MS), 0);
    stage_run(s, 10 * MS);
    ask_back(s);
    wait_released(s);
    stage_run(s, 5 * MS);
    expect_all(s);
    struct sriov_dnis_stats stats = stage_stats(s);
    assert_true(stats.tx_moved >= 190);
    assert_int_equal(stats.tx_copied, stats.tx_moved);
    assert_int_equal(stats.in_doubt + stats.tx_dropped, 0);
    stage_end(s);
}

/* The application goes on with buffers of a device that has left off. */
static void copies_frames_of_the_other_memory(void **state)
{
    (void)state;
    struct stage *s = begin(&plain);
    struct sriov_buf *bufs[3];
    static const uint8_t bytes[100] = {0x02, 0xee, 0, 0, 0, 1, 0x02, 0xaa, 0, 0, 0, 1, 0x99, 0x99};
    stage_vf_up(s);
    for (int i = 0; i < 3; i++) {
        struct sriov_pool *pool = s->side[i == 1 ? STANDBY : VF_SIDE].pool;
        bufs[i] = sriov_buf_from(pool, bytes, sizeof(bytes));
    }
    assert_ptr_equal(sriov_dnis_pool(s->dnis), s->side[VF_SIDE].pool);
    assert_int_equal(sriov_dnis_tx_burst(s->dnis, 0, bufs, 3), 3);
    stage_run(s, MS);
    assert_int_equal(stage_stats(s).tx_copied, 1);
    assert_int_equal(stage_stats(s).tx_packets, 3);
    assert_int_equal(stage_stats(s).tx_bytes, 300);
    stage_end(s);
}

static void stays_away_from_a_vf_that_flaps(void **state)
{
    (void)state;
    struct stage *s = begin(&plain);
    stage_vf_up(s);
    stream(s);
    uint64_t before = stage_stats(s).switches;
    uint64_t away[4];
    for (int i = 0; i < 4; i++) {
        stage_carrier(s, VF_SIDE, false);
        stage_run_until_on(s, SRIOV_DNIS_STANDBY, 100 * MS);
        stage_carrier(s, VF_SIDE, true);
        while (stage_info(s).vf_state != SRIOV_DNIS_HELD_DOWN) {
            stage_run(s, 100 * US);
        }
        uint64_t well = sriov_mock_now(s->mock);
        assert_true(stage_info(s).hold_down_ns > 0);
        stage_run_until_on(s, SRIOV_DNIS_VF, 5000 * MS);
        away[i] = sriov_mock_now(s->mock) - well;
    }
    assert_int_equal(stage_stats(s).switches - before, 8);
    assert_in_range(away[0], 19 * MS, 22 * MS);
    for (int i = 1; i < 4; i++) {
        assert_in_range(away[i], (20u << i) * MS - MS, (20u << i) * MS + 2 * MS);
    }
    /* Well for long: it begins anew. */
    stage_run(s, 1000 * MS);
    stage_carrier(s, VF_SIDE, false);
    stage_run_until_on(s, SRIOV_DNIS_STANDBY, 100 * MS);
    stage_carrier(s, VF_SIDE, true);
    while (stage_info(s).vf_state != SRIOV_DNIS_HELD_DOWN) {
        stage_run(s, 100 * US);
    }
    assert_true(stage_info(s).hold_down_ns <= 20 * MS);
    stage_end(s);
}

static void goes_on_when_the_vf_never_comes_back(void **state)
{
    (void)state;
    struct stage *s = begin(&plain);
    stage_vf_up(s);
    stream(s);
    stage_run(s, 5 * MS);
    s->side[VF_SIDE].dead = true;
    assert_int_equal(sriov_mock_remove(s->mock, s->side[VF_SIDE].name, false, 0), 0);
    wait_released(s);
    assert_true(stage_is_on(s, SRIOV_DNIS_STANDBY));
    stage_run(s, 2000 * MS);
    stage_quiet(s);
    assert_true(stage_is_on(s, SRIOV_DNIS_STANDBY));
    assert_int_equal(s->in.ours.lost, s->dead_hands);
    assert_true(s->out.ours.lost <= stage_stats(s).in_doubt);
    assert_int_equal(s->in.ours.late + s->out.ours.late, 0);
    assert_true(s->in.ours.received > 30000);
    stage_end(s);
}

static void says_when_neither_works(void **state)
{
    (void)state;
    struct stage *s = begin(&plain);
    struct sriov_buf *buf;
    stage_vf_up(s);
    stage_carrier(s, STANDBY, false);
    stage_run(s, 5 * MS);
    assert_non_null(strstr(stage_info(s).next_step, "standby has no link"));
    s->events = 0;
    stage_carrier(s, VF_SIDE, false);
    stage_run(s, 5 * MS);
    assert_true((s->events & (SRIOV_DNIS_EV_DOWN | SRIOV_DNIS_EV_LINK)) ==
                (SRIOV_DNIS_EV_DOWN | SRIOV_DNIS_EV_LINK));
    assert_non_null(strstr(stage_info(s).next_step, "nothing carries traffic"));
    assert_false(stage_info(s).link.up);
    /* The one that comes first takes it. */
    stage_carrier(s, STANDBY, true);
    stage_run_until_on(s, SRIOV_DNIS_STANDBY, 3000 * MS);
    assert_int_equal(sriov_dnis_rx_burst(s->dnis, 5, &buf, 1), 0);
    stage_carrier(s, VF_SIDE, true);
    stage_run_until_on(s, SRIOV_DNIS_VF, 3000 * MS);
    stage_end(s);
}

/* Its owner wants the VF back and the standby has no link: traffic goes on until it is taken. */
static void stays_on_a_vf_that_is_wanted_while_nothing_else_works(void **state)
{
    (void)state;
    struct stage *s = begin(&plain);
    stage_vf_up(s);
    stage_carrier(s, STANDBY, false);
    stage_run(s, 5 * MS);
    s->detach_rc = 1;
    s->released = s->side[VF_SIDE].net; /* the application does not let go of it */
    ask_back(s);
    stage_run_until(s, SRIOV_DNIS_EV_RELEASE, 10 * MS);
    assert_int_equal(stage_info(s).active, SRIOV_DNIS_VF);
    stream(s);
    stage_run(s, 20 * MS);
    expect_all(s);
    stage_carrier(s, STANDBY, true);
    stage_run_until_on(s, SRIOV_DNIS_STANDBY, 1000 * MS);
    s->released = NULL;
    wait_released(s);
    assert_true(stage_is_on(s, SRIOV_DNIS_STANDBY));
    stage_end(s);
}

static void keeps_a_cold_standby_down(void **state)
{
    (void)state;
    struct stage_setup setup = plain;
    setup.opts.flags = SRIOV_DNIS_COLD_STANDBY;
    struct stage *s = begin(&setup);
    stage_vf_up(s);
    stage_run(s, 10 * MS);
    assert_int_equal(stage_info(s).standby_state, SRIOV_DNIS_STOPPED);
    stream(s);
    for (int i = 0; i < 3; i++) {
        stage_run(s, 5 * MS);
        ask_back(s);
        wait_released(s);
        assert_true(stage_is_on(s, SRIOV_DNIS_STANDBY));
        assert_int_equal(stage_replug(s), 0);
        stage_vf_up(s);
        stage_run(s, MS);
        assert_int_equal(stage_info(s).standby_state, SRIOV_DNIS_STOPPED);
    }
    expect_all(s);
    stage_end(s);
}

static void stays_where_the_host_does_not_move_the_mac(void **state)
{
    (void)state;
    struct stage *s = begin(&plain);
    stage_vf_up(s);
    stream(s);
    stage_run(s, 5 * MS);
    s->move_rc = -EACCES;
    s->halted = true;
    assert_int_equal(sriov_dnis_switch(s->dnis, SRIOV_DNIS_STANDBY), -EACCES);
    s->halted = false;
    assert_true(stage_is_on(s, SRIOV_DNIS_VF));
    assert_true(stage_said(s, "the VF carries the traffic on"));
    stage_run(s, 5 * MS);
    assert_true((s->events & SRIOV_DNIS_EV_FAILED) != 0);
    expect_all(s);
    assert_int_equal(stage_stats(s).failed, 1);
    /* A dead device is left all the same. */
    stage_carrier(s, VF_SIDE, false);
    stage_run_until_on(s, SRIOV_DNIS_STANDBY, 100 * MS);
    stage_end(s);
}

/* More queues on one device than on the other; the application sees its own number. */
static void maps_queues(void **state)
{
    (void)state;
    struct stage_setup setup = plain;
    setup.vf_model = "82576";
    setup.standby_model = "82599";
    setup.opts.queues = 2;
    setup.config.queues = 2;
    struct stage *s = begin(&setup);
    stage_vf_up(s);
    stream(s);
    for (int i = 0; i < 3; i++) {
        stage_run(s, 5 * MS);
        ask_back(s);
        wait_released(s);
        assert_int_equal(stage_replug(s), 0);
        stage_vf_up(s);
    }
    expect_all(s);
    assert_int_equal(stage_info(s).queues, 2);
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(works_without_a_standby),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(leaves_a_vf_whose_mac_is_changed),
        cmocka_unit_test(obeys_commands),
        cmocka_unit_test(is_silent_between_two_devices),
        cmocka_unit_test(moves_only_by_command_where_it_is_manual),
        cmocka_unit_test(gives_back_a_vf_on_demand),
        cmocka_unit_test(sends_by_the_other_what_one_has_not_sent),
        cmocka_unit_test(copies_frames_of_the_other_memory),
        cmocka_unit_test(stays_away_from_a_vf_that_flaps),
        cmocka_unit_test(goes_on_when_the_vf_never_comes_back),
        cmocka_unit_test(says_when_neither_works),
        cmocka_unit_test(stays_on_a_vf_that_is_wanted_while_nothing_else_works),
        cmocka_unit_test(keeps_a_cold_standby_down),
        cmocka_unit_test(stays_where_the_host_does_not_move_the_mac),
        cmocka_unit_test(maps_queues),
    };
    return cmocka_run_group_tests_name("DNIS cases", tests, NULL, NULL);
}
