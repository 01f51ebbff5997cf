/* SPDX-License-Identifier: BSD-3-Clause */
/* The rate of a VF, as it comes out of the port. Both devices. */
#include "policy_stage.h"

static struct vf_setup setup_82599 = {.model = "82599", .vf_queues = 1};
static struct vf_setup setup_two_queues = {
    .model = "82599", .vf_queues = 2, .config = {.queues = 2}, .pool_count = 4096};
static struct vf_setup setup_82576 = {.model = "82576"};

static void rate(void **state)
{
    const uint32_t part = is_82599() ? 10 : 1;
    const uint32_t rates[] = {100 * part, 37 * part, 300 * part, 10 * part};

    (void)state;
    ports_up(2);
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        assert_int_equal(sriov_pf_set_vf_rate(world.pf, 0, rates[i]), 0);
        assert_int_equal(vf_of(0).max_mbps, rates[i]);
        assert_rate(0, rates[i]);
    }
    /* While it waits for its turn, the other one does not. */
    world.wire_frames = 0;
    assert_int_equal(vf_send(&world, 1, -1, LEN, 1), 1);
    sriov_mock_advance(world.mock, 1000);
    assert_int_equal(world.wire_frames, 1);
    drain(0);
    assert_int_equal(vf_of(0).max_mbps, 0);
    assert_int_equal(vf_info(&world, 0)->recoveries, vf_info(&world, 1)->recoveries);
}

/* However slow: a VF's driver must not take its queue for stuck. */
static void slowest_rate(void **state)
{
    const uint32_t least = is_82599() ? 10 : 4;

    (void)state;
    ports_up(1);
    world.port[0].events = 0;
    assert_int_equal(sriov_pf_set_vf_rate(world.pf, 0, least), 0);
    flood(0, 10000 * VF_MS);
    assert_int_equal(world.port[0].events, 0);
    drain(0);
}

/* The limit is the VF's, however many queues it uses. */
static void rate_of_two_queues(void **state)
{
    (void)state;
    ports_up(1);
    assert_int_equal(vf_info(&world, 0)->queues, 2);
    assert_int_equal(sriov_pf_set_vf_rate(world.pf, 0, 200), 0);
    assert_rate(0, 200);
    drain(0);
}

static void rates_that_cannot_be(void **state)
{
    const uint32_t least = is_82599() ? 10 : 4;
    const uint32_t most = is_82599() ? 10000 : 1000;

    (void)state;
    assert_int_equal(sriov_pf_set_vf_rate(world.pf, 0, most + 1), -ERANGE);
    assert_int_equal(sriov_pf_set_vf_rate(world.pf, 0, least), 0);
    assert_int_equal(sriov_pf_set_vf_rate(world.pf, 0, least - 1), -ERANGE);
    assert_int_equal(vf_of(0).max_mbps, least);
    assert_int_equal(sriov_pf_set_vf_rate(world.pf, 0, most), 0);
    assert_int_equal(sriov_pf_set_vf_rate(world.pf, VF_PORTS, 100), -EINVAL);
    assert_int_equal(sriov_mock_carrier(world.mock, world.pf_name, false), 0);
    vf_run(&world, 100 * VF_MS);
    assert_int_equal(sriov_pf_set_vf_rate(world.pf, 0, 500), -EAGAIN);
    assert_int_equal(sriov_pf_set_vf_rate(world.pf, 0, most), 0); /* as it is */
    assert_int_equal(sriov_pf_set_vf_rate(world.pf, 0, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(rate),
        BOTH(slowest_rate),
        ON(two_queues, rate_of_two_queues),
        BOTH(rates_that_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
