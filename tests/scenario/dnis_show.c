/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 10 Gb/s both ways while the VF leaves and comes back: asked to go, its link cut, its PF reset. What is
 * lost, doubled or reordered is counted frame by frame; only a device that died may keep what was in its
 * hands, and that is counted too.
 */
#include "dnis_stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 10 Gb/s: each byte of a frame, FCS, preamble and gap takes 0.8 ns. */
#define FRAME_10G_NS(len) (((len) + 24u) * 8u / 10u)

/* Which devices; the network's delays are those of the way to the VF, the standby and the peer. */
static const struct stage_setup variants[] = {
    {.name = "82599 VF, 82599 VF as standby",
     .vf_model = "82599",
     .standby_model = "82599",
     .frame_len = 1514,
     .wire_ns = {10 * US, 10 * US, 0}},
    {.name = "82599 VF, virtio-net as standby",
     .vf_model = "82599",
     .standby_model = "virtio-net",
     .frame_len = 1514,
     .wire_ns = {10 * US, 10 * US, 0}},
    {.name = "82599 VF, 82576 VF as standby, whose path is the shorter one; jumbo frames",
     .vf_model = "82599",
     .standby_model = "82576",
     .frame_len = 9014,
     .config = {.mtu = 9000},
     .wire_ns = {90 * US, 5 * US, 0}},
    {.name = "82576 VF, 82599 VF as standby, whose path is the longer one; jumbo frames",
     .vf_model = "82576",
     .standby_model = "82599",
     .frame_len = 9014,
     .config = {.mtu = 9000},
     .wire_ns = {5 * US, 90 * US, 0}},
};

enum way {
    BY_REMOVAL,
    BY_LINK,
    BY_RESET,
};

static uint32_t rounds_wanted; /* 0: as many as the line says */

struct tally {
    uint64_t max_in_doubt; /* of one switch */
    uint64_t max_dead;
    uint64_t max_rx_gap;
    uint64_t max_tx_gap;
    uint64_t lost_in;
    uint64_t lost_out;
    uint64_t dead_hands;
    uint64_t in_doubt;
};

static void begin_streams(struct stage *s)
{
    s->sending = true;
    s->in.since = sriov_mock_now(s->mock);
    s->out.since = s->in.since;
}

static void leave_asked(struct stage *s)
{
    uint64_t deadline = sriov_mock_now(s->mock) + 100 * MS;

    assert_int_equal(sriov_mock_remove(s->mock, s->side[VF_SIDE].name, true, deadline), 0);
    for (int t = 0; s->released == NULL && t < 1000; t++) {
        stage_run(s, 100 * US);
    }
    assert_ptr_equal(s->released, s->side[VF_SIDE].net);
    assert_true(stage_is_on(s, SRIOV_DNIS_STANDBY));
    stage_vf_close(s);
    stage_run(s, MS);
    assert_int_equal(stage_replug(s), 0);
    assert_int_equal(stage_vf_open(s), 0);
    assert_int_equal(stage_attach(s), 0);
}

static void round_once(struct stage *s, enum way way, uint32_t i)
{
    stage_run(s, MS + i % 7 * 130 * US); /* another moment each time */
    if (way == BY_REMOVAL) {
        leave_asked(s);
    } else {
        if (way == BY_LINK) {
            stage_carrier(s, VF_SIDE, false);
        } else {
            stage_pf_reset(s, VF_SIDE);
        }
        stage_run_until_on(s, SRIOV_DNIS_STANDBY, 100 * MS);
        stage_run(s, 2 * MS);
        s->side[VF_SIDE].dead = false;
        if (way == BY_LINK) {
            stage_carrier(s, VF_SIDE, true);
        }
    }
    stage_run_until_on(s, SRIOV_DNIS_VF, 3000 * MS);
    stage_run(s, 3 * MS);
}

static void take_max(uint64_t *max, uint64_t value)
{
    *max = value > *max ? value : *max;
}

static void tally_round(struct stage *s, struct tally *t)
{
    struct sriov_dnis_stats stats = stage_stats(s);

    take_max(&t->max_in_doubt, stats.in_doubt - t->in_doubt);
    take_max(&t->max_dead, s->dead_hands - t->dead_hands);
    t->in_doubt = stats.in_doubt;
    t->dead_hands = s->dead_hands;
    t->lost_in = s->in.ours.lost;
    t->lost_out = s->out.ours.lost;
}

static void print_figures(struct stage *s, const struct tally *t, uint32_t rounds)
{
    struct sriov_dnis_stats stats = stage_stats(s);

    printf("  %u times away and back: %llu switches (%llu from a dead device), %llu ms of virtual time\n",
           rounds, (unsigned long long)stats.switches, (unsigned long long)stats.forced,
           (unsigned long long)((sriov_mock_now(s->mock) - s->in.since) / MS));
    printf(
        "  to the application:   %8llu received, %llu lost, %llu doubled or reordered, longest gap %llu us\n",
        (unsigned long long)s->in.ours.received, (unsigned long long)s->in.ours.lost,
        (unsigned long long)s->in.ours.late, (unsigned long long)(s->in.gap_ns / US));
    printf(
        "  from the application: %8llu received, %llu lost, %llu doubled or reordered, longest gap %llu us\n",
        (unsigned long long)s->out.ours.received, (unsigned long long)s->out.ours.lost,
        (unsigned long long)s->out.ours.late, (unsigned long long)(s->out.gap_ns / US));
    printf("  broadcasts: %llu and %llu received, %llu and %llu lost, %llu and %llu doubled or reordered\n",
           (unsigned long long)s->in.group.received, (unsigned long long)s->out.group.received,
           (unsigned long long)s->in.group.lost, (unsigned long long)s->out.group.lost,
           (unsigned long long)s->in.group.late, (unsigned long long)s->out.group.late);
    printf(
        "  moved to the other device: %llu; in doubt: %llu, at most %llu at once; handed to a dead device: "
        "%llu, at most %llu at once\n",
        (unsigned long long)stats.tx_moved, (unsigned long long)stats.in_doubt,
        (unsigned long long)t->max_in_doubt, (unsigned long long)s->dead_hands,
        (unsigned long long)t->max_dead);
    printf("  last switch, us: up %llu, tx stop %llu, move %llu, announce %llu, settle %llu, rx stop %llu\n",
           (unsigned long long)(stats.last_ns[0] / US), (unsigned long long)(stats.last_ns[1] / US),
           (unsigned long long)(stats.last_ns[2] / US), (unsigned long long)(stats.last_ns[3] / US),
           (unsigned long long)(stats.last_ns[4] / US), (unsigned long long)(stats.last_ns[5] / US));
}

static void judge_stream(const struct stage_stream *stream)
{
    assert_int_equal(stream->ours.late, 0);
    assert_int_equal(stream->ours.bad, 0);
    assert_int_equal(stream->group.bad, 0);
    assert_int_equal(stream->ours.received + stream->ours.lost, stream->sent - stream->groups_sent);
}

/* A broadcast comes on both ways: where one is longer, the one that is under way at the moment of the
 * switch may come twice or not at all. */
static uint64_t groups_allowed(const struct stage *s, uint64_t switches)
{
    return s->setup.wire_ns[VF_SIDE] == s->setup.wire_ns[STANDBY] ? 0 : switches;
}

static void judge_all(struct stage *s, const struct tally *t, enum way way)
{
    uint64_t odd = groups_allowed(s, stage_stats(s).switches);

    judge_stream(&s->in);
    judge_stream(&s->out);
    assert_true(s->in.group.late <= odd);
    assert_int_equal(s->out.group.late, 0);
    if (way == BY_REMOVAL) {
        assert_int_equal(s->in.ours.lost, 0);
        assert_int_equal(s->out.ours.lost + s->out.group.lost, 0);
        assert_true(s->in.group.lost <= odd);
        assert_int_equal(t->in_doubt, 0);
        assert_true(s->in.gap_ns < MS);
        assert_true(s->out.gap_ns < MS);
        return;
    }
    /* What was in the dead device's hands, and nothing else; never more than its ring. */
    assert_int_equal(s->in.ours.lost, s->dead_hands);
    assert_true(s->in.group.lost <= s->dead_group + odd);
    assert_int_equal(s->out.ours.lost + s->out.group.lost, t->in_doubt);
    assert_true(t->max_in_doubt <= 512);
    assert_true(t->max_dead <= 512);
}

static void show(enum way way, uint32_t rounds)
{
    rounds = rounds_wanted != 0 ? rounds_wanted : rounds;
    for (size_t v = 0; v < sizeof(variants) / sizeof(variants[0]); v++) {
        static struct stage stage;
        struct stage *s = &stage;
        struct stage_setup setup = variants[v];
        struct tally t = {0};

        setup.frame_ns = FRAME_10G_NS(setup.frame_len);
        setup.opts.hold_down_ns = 2 * MS;
        setup.poll_ns = way == BY_REMOVAL ? 0 : 200 * US;
        printf("%s\n", setup.name);
        stage_make(s, &setup);
        stage_vf_up(s);
        begin_streams(s);
        stage_run(s, MS);
        for (uint32_t i = 0; i < rounds; i++) {
            round_once(s, way, i);
            tally_round(s, &t);
        }
        stage_quiet(s);
        print_figures(s, &t, rounds);
        judge_all(s, &t, way);
        stage_end(s);
    }
}

static void loses_nothing_when_asked(void **state)
{
    (void)state;
    show(BY_REMOVAL, 100);
}

static void loses_little_by_link_loss(void **state)
{
    (void)state;
    show(BY_LINK, 10);
}

static void loses_little_by_pf_reset(void **state)
{
    (void)state;
    show(BY_RESET, 10);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        {"removal", loses_nothing_when_asked, NULL, NULL, NULL},
        {"link", loses_little_by_link_loss, NULL, NULL, NULL},
        {"reset", loses_little_by_pf_reset, NULL, NULL, NULL},
    };

    rounds_wanted = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    for (size_t i = 0; argc > 1 && i < sizeof(tests) / sizeof(tests[0]); i++) {
        const struct CMUnitTest one[] = {tests[i]};

        if (strcmp(tests[i].name, argv[1]) == 0) {
            return cmocka_run_group_tests_name("DNIS", one, NULL, NULL);
        }
    }
    fprintf(stderr, "dnis_show: name one of: removal, link, reset; then, if you like, a number of rounds\n");
    return 2;
}
