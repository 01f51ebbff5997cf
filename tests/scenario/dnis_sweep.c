/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole switch there and back, in which each occasion of each op of the VMM fails once, the VF is
 * pulled out at each op, and the application aborts at each step. After every point the traffic goes on,
 * on exactly one of the two devices, and the pair can be used as before.
 */
#include "dnis_stage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct stage_setup setup = {.name = "sweep",
                                         .vf_model = "82599",
                                         .standby_model = "82576",
                                         .frame_len = 200,
                                         .frame_ns = 40 * US,
                                         .poll_ns = 500 * US,
                                         .config = {.rx_desc = 128, .tx_desc = 128},
                                         .opts = {.hold_down_ns = 2 * MS, .settle_ns = 5 * MS}};

static struct stage stage;

struct figures {
    uint64_t points;
    uint64_t switched; /* one switch, as was ordered */
    uint64_t stayed;   /* none, or more: the old device went on, or was needed again */
    uint64_t lost;     /* frames at all points, both ways; a register that lies may cost some */
    uint64_t longest;  /* without a frame, ns */
};

static void stream(struct stage *s)
{
    stage_quiet(s);
    memset(&s->in, 0, sizeof(s->in));
    memset(&s->out, 0, sizeof(s->out));
    s->in.since = sriov_mock_now(s->mock);
    s->out.since = s->in.since;
    s->sending = true;
}

static bool flows(struct stage *s)
{
    uint64_t in = s->in.ours.received;
    uint64_t out = s->out.ours.received;

    stage_run(s, 4 * MS);
    return s->in.ours.received - in >= 50 && s->out.ours.received - out >= 50;
}

/* Traffic both ways, through one device: neither both nor none. */
static void expect_one(struct stage *s, const char *what, uint64_t nth)
{
    int port;

    for (int t = 0; t < 1000 && !flows(s); t++) {
        stage_run(s, MS);
    }
    port = s->fdb;
    uint64_t moves = s->moves;
    if (!flows(s) || s->moves != moves || s->fdb != port) {
        fail_msg("%s number %llu: traffic does not go through one device: %s", what, (unsigned long long)nth,
                 s->log);
    }
    assert_int_equal(port, stage_info(s).active == SRIOV_DNIS_VF ? VF_SIDE : STANDBY);
    assert_int_equal(s->in.ours.late + s->out.ours.late, 0);
}

static void command(struct stage *s, enum sriov_dnis_side to)
{
    s->halted = true;
    (void)sriov_dnis_switch(s->dnis, to);
    s->halted = false;
    stage_run(s, 10 * MS);
}

/* By command to the standby, and back; what fails is tried again by nobody here. */
static void there_and_back(struct stage *s)
{
    command(s, SRIOV_DNIS_STANDBY);
    command(s, SRIOV_DNIS_VF);
}

static struct stage *up(void)
{
    struct stage *s = &stage;

    stage_make(s, &setup);
    stage_vf_up(s);
    return s;
}

/* As it was before the point: the VF carries the traffic. */
static void mend(struct stage *s)
{
    (void)sriov_mock_clear_faults(s->mock);
    if (sriov_fn_gone(s->side[STANDBY].fn)) {
        stage_end(s);
        (void)up();
        s->findings_excused = true;
        return;
    }
    if (sriov_fn_gone(s->side[VF_SIDE].fn)) {
        for (int t = 0; s->released == NULL && t < 5000; t++) {
            stage_run(s, MS);
        }
        assert_non_null(s->released);
        stage_vf_close(s);
        assert_int_equal(stage_replug(s), 0);
        assert_int_equal(stage_vf_open(s), 0);
        assert_int_equal(stage_attach(s), 0);
    }
    for (int t = 0; t < 100 && !stage_is_on(s, SRIOV_DNIS_VF); t++) {
        command(s, SRIOV_DNIS_VF);
    }
    assert_true(stage_is_on(s, SRIOV_DNIS_VF));
    for (int t = 0; t < 5000 && stage_info(s).standby_state != SRIOV_DNIS_READY; t++) {
        stage_run(s, MS);
    }
    assert_int_equal(stage_info(s).standby_state, SRIOV_DNIS_READY);
    s->log_len = 0;
}

static void judge(struct stage *s, struct figures *f, const char *what, uint64_t nth, uint64_t switches)
{
    expect_one(s, what, nth);
    f->points++;
    f->switched += stage_stats(s).switches == switches + 1;
    f->stayed += stage_stats(s).switches != switches + 1;
    f->lost += s->in.ours.lost + s->out.ours.lost;
    f->longest = s->in.gap_ns > f->longest ? s->in.gap_ns : f->longest;
    f->longest = s->out.gap_ns > f->longest ? s->out.gap_ns : f->longest;
}

static void print_line(const char *what, const struct figures *f)
{
    printf("  %-18s %4llu points: %4llu went as ordered, %4llu otherwise; %llu frames lost, longest gap %llu "
           "us\n",
           what, (unsigned long long)f->points, (unsigned long long)f->switched,
           (unsigned long long)f->stayed, (unsigned long long)f->lost, (unsigned long long)(f->longest / US));
}

struct sweep {
    const char *name;
    uint32_t kind;
    int side;                /* whose ops fail */
    enum sriov_dnis_side to; /* on the way to this one */
};

static void arm(struct stage *s, const struct sweep *what, uint64_t nth)
{
    struct sriov_mock_fault fault = {.size = sizeof(fault),
                                     .kind = what->kind,
                                     .fn = s->side[what->side].name,
                                     .nth = nth,
                                     .err = what->kind == SRIOV_MOCK_FAULT_OP ? -EPERM : 0};

    assert_int_equal(sriov_mock_inject(s->mock, &fault), 0);
}

/* Each occasion of an op of one device in one switch, until one point has none left. */
static void sweep_ops(struct stage *s, const struct sweep *what)
{
    struct figures f = {0};

    for (uint64_t nth = 1;; nth++) {
        if (what->to == SRIOV_DNIS_VF) {
            command(s, SRIOV_DNIS_STANDBY);
            assert_true(stage_is_on(s, SRIOV_DNIS_STANDBY));
        }
        stream(s);
        stage_run(s, MS);
        uint64_t switches = stage_stats(s).switches;
        arm(s, what, nth);
        command(s, what->to);
        if (sriov_mock_clear_faults(s->mock) == 0) {
            break;
        }
        judge(s, &f, what->name, nth, switches);
        mend(s);
    }
    print_line(what->name, &f);
    assert_true(f.points > 10);
}

/* An op that fails may leave a device half set up, or by itself alone: what the mock finds is that. */
static void survives_each_op(void **state)
{
    (void)state;
    static const struct sweep sweeps[] = {
        {"VF, away", SRIOV_MOCK_FAULT_OP, VF_SIDE, SRIOV_DNIS_STANDBY},
        {"VF, back", SRIOV_MOCK_FAULT_OP, VF_SIDE, SRIOV_DNIS_VF},
        {"standby, away", SRIOV_MOCK_FAULT_OP, STANDBY, SRIOV_DNIS_STANDBY},
        {"standby, back", SRIOV_MOCK_FAULT_OP, STANDBY, SRIOV_DNIS_VF},
        {"VF pulled, away", SRIOV_MOCK_FAULT_GONE, VF_SIDE, SRIOV_DNIS_STANDBY},
        {"VF pulled, back", SRIOV_MOCK_FAULT_GONE, VF_SIDE, SRIOV_DNIS_VF},
    };

    for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++) {
        struct stage *s = up();

        s->findings_excused = true;
        sweep_ops(s, &sweeps[i]);
        stage_end(s);
    }
}

/* Every call of on_step, there and back. */
static void survives_an_abort_at_each_step(void **state)
{
    (void)state;
    struct stage *s = up();
    struct figures f = {0};

    for (uint32_t nth = 1;; nth++) {
        uint64_t switches = stage_stats(s).switches + 1; /* ... and back */

        stream(s);
        s->abort_at = nth;
        s->abort_rc = -ECANCELED;
        there_and_back(s);
        if (s->abort_at != 0) {
            s->abort_at = 0;
            break;
        }
        judge(s, &f, "abort", nth, switches);
        assert_int_equal(s->in.ours.lost + s->out.ours.lost, 0);
        assert_int_equal(stage_stats(s).in_doubt, 0);
        mend(s);
    }
    print_line("abort", &f);
    assert_true(f.points >= 2 * SRIOV_DNIS_STEP_DONE);
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_an_abort_at_each_step),
        cmocka_unit_test(survives_each_op),
    };
    return cmocka_run_group_tests_name("DNIS sweep", tests, NULL, NULL);
}
