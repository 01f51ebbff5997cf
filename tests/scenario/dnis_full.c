/* SPDX-License-Identifier: BSD-3-Clause */
/* More frames that were not sent than the other device's ring has room for, and a switch that is aborted
 * with them in two places: in that ring and behind it. Meanwhile the old device goes on receiving. */
#include "dnis_stage.h"

#include <errno.h>

#define NEVER (400 * MS) /* what a device that is slow takes for a frame */

static const struct stage_setup setup = {.vf_model = "82599",
                                         .standby_model = "82576",
                                         .frame_len = 300,
                                         .frame_ns = 20 * US,
                                         .opts = {.hold_down_ns = 20 * MS}};

static struct stage stage;

static void slow(struct stage *s, uint64_t ns)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sriov_mock_set_delay(s->mock, s->side[i].name, SRIOV_DELAY_TX, ns), 0);
    }
}

/* UP, TX_STOP, MOVE, ANNOUNCE, SETTLE: the fifth is where the new device sends already. */
static void abort_when_it_settles(struct stage *s)
{
    s->abort_at = SRIOV_DNIS_STEP_SETTLE + 1;
    s->abort_rc = -ECANCELED;
    s->halted = true;
    assert_int_equal(sriov_dnis_switch(s->dnis, SRIOV_DNIS_STANDBY), 0);
    s->halted = false;
    assert_int_equal(s->abort_at, 0);
}

static void keeps_the_order_of_what_comes_back_twice(void **state)
{
    (void)state;
    struct stage *s = &stage;
    stage_make(s, &setup);
    stage_vf_up(s);
    s->sending = true;
    s->in.since = sriov_mock_now(s->mock);
    s->out.since = s->in.since;
    stage_run(s, 5 * MS);
    slow(s, NEVER);
    stage_run(s, 20 * MS); /* the VF's ring is full */
    abort_when_it_settles(s);
    slow(s, 0);
    stage_run_until_on(s, SRIOV_DNIS_VF, 100 * MS);
    stage_run(s, 20 * MS);
    stage_quiet(s);
    assert_true(stage_stats(s).tx_moved > 500);
    assert_int_equal(stage_stats(s).in_doubt + stage_stats(s).tx_dropped, 0);
    assert_int_equal(s->out.ours.late, 0);
    assert_int_equal(s->out.ours.lost, 0);
    assert_int_equal(s->out.ours.received, s->out.sent - s->out.groups_sent);
    assert_int_equal(s->in.ours.late, 0);
    assert_int_equal(s->in.ours.lost, 0);
    assert_int_equal(s->in.ours.received, s->in.sent - s->in.groups_sent);
    stage_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order_of_what_comes_back_twice),
    };
    return cmocka_run_group_tests_name("DNIS with full rings", tests, NULL, NULL);
}
