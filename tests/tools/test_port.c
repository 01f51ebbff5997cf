/* SPDX-License-Identifier: BSD-3-Clause */
/* A port on a simulated VF: traffic, and what happens to it when PF, cable or VF go away. */
#include "world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NS_PER_MS UINT64_C(1000000)
#define A_IP      0xc0000201u
#define B_IP      0xc0000202u

struct bed {
    struct world *world;
    struct echo_port *port;
    char name[SRIOV_NAME_MAX];
    uint32_t events; /* all that the port told */
};

struct variant {
    const char *model;
    bool interrupts;
};

static void on_events(void *arg, struct echo_port *port, uint32_t events)
{
    struct bed *bed = arg;

    (void)port;
    bed->events |= events;
}

static struct bed *bed_open(const struct variant *variant)
{
    struct world_opts opts = {.model = variant->model, .vfs = 2};
    struct bed *bed = calloc(1, sizeof(*bed));
    struct echo_port_opts port = {
        .ip = A_IP, .interrupts = variant->interrupts, .on_events = on_events, .arg = bed};
    enum echo_port_step step;
    const char *what;

    assert_non_null(bed);
    assert_int_equal(world_create(&opts, &bed->world, &what), 0);
    assert_int_equal(sriov_mock_vf_name(world_mock(bed->world), world_pf_name(bed->world), 0, bed->name), 0);
    assert_int_equal(echo_port_open(world_vmm(bed->world), bed->name, &port, &bed->port, &step), 0);
    assert_int_equal(echo_port_wait_link(bed->port, 5000 * NS_PER_MS), 0);
    assert_int_equal(world_add_neighbour(bed->world, bed->name, B_IP, 0, NULL, &what), 0);
    assert_int_equal(echo_port_polls(bed->port), !variant->interrupts);
    return bed;
}

/* Everything is given back, and the strict IOMMU saw nothing wrong. */
static void bed_close(struct bed *bed)
{
    const char *text;

    assert_int_equal(echo_port_close(bed->port), 0);
    if (world_violations(bed->world, &text) != 0) {
        fail_msg("%s", text);
    }
    world_destroy(bed->world);
    free(bed);
}

static void begin(struct bed *bed)
{
    struct echo_plan plan = {
        .target = B_IP, .size_min = 56, .size_max = 1472, .interval_ns = NS_PER_MS, .ident = 5};

    assert_int_equal(echo_session_start(echo_port_session(bed->port), &plan), 0);
}

static const struct echo_stats *run(struct bed *bed, uint64_t ms)
{
    uint64_t until = echo_port_now(bed->port) + ms * NS_PER_MS;

    while (echo_port_now(bed->port) < until && !echo_port_must_end(bed->port)) {
        (void)echo_port_turn(bed->port);
        echo_port_wait(bed->port, NS_PER_MS);
    }
    return echo_session_stats(echo_port_session(bed->port));
}

static void traffic_flows(void **state)
{
    struct bed *bed = bed_open(*state);

    begin(bed);
    const struct echo_stats *stats = run(bed, 500);
    assert_in_range(stats->received, 490, 501);
    assert_int_equal(stats->lost + stats->corrupt + stats->duplicates, 0);
    bed_close(bed);
}

static void pf_reset_is_survived(void **state)
{
    struct bed *bed = bed_open(*state);

    begin(bed);
    (void)run(bed, 100);
    assert_int_equal(sriov_pf_reset(world_pf(bed->world)), 0);
    const struct echo_stats *stats = run(bed, 3000);
    uint64_t received = stats->received;
    assert_int_equal(bed->events & SRIOV_NET_EV_RECOVERED, SRIOV_NET_EV_RECOVERED);
    (void)run(bed, 100);
    assert_true(stats->received >= received + 90);
    assert_int_equal(stats->lost, stats->lost_in_outages);
    assert_int_not_equal(echo_stats_outage(stats, 0)->to_ns, 0);
    bed_close(bed);
}

static void pf_down_holds_traffic(void **state)
{
    struct bed *bed = bed_open(*state);

    begin(bed);
    (void)run(bed, 100);
    assert_int_equal(sriov_pf_set_up(world_pf(bed->world), false), 0);
    const struct echo_stats *stats = run(bed, 3000);
    uint64_t sent = stats->sent;
    (void)run(bed, 500);
    assert_int_equal(stats->sent, sent); /* nothing is sent into a dead link */
    assert_int_equal(sriov_pf_set_up(world_pf(bed->world), true), 0);
    (void)run(bed, 3000);
    assert_true(stats->received > 1000);
    assert_int_equal(stats->lost, stats->lost_in_outages);
    bed_close(bed);
}

static void cable_out_and_in(void **state)
{
    struct bed *bed = bed_open(*state);
    struct sriov_mock *mock = world_mock(bed->world);

    begin(bed);
    (void)run(bed, 100);
    assert_int_equal(sriov_mock_carrier(mock, world_pf_name(bed->world), false), 0);
    const struct echo_stats *stats = run(bed, 1000);
    assert_int_equal(sriov_mock_carrier(mock, world_pf_name(bed->world), true), 0);
    (void)run(bed, 3000);
    assert_true(stats->received > 1000);
    assert_int_equal(stats->lost, stats->lost_in_outages);
    bed_close(bed);
}

static void surprise_removal_ends_it(void **state)
{
    struct bed *bed = bed_open(*state);

    begin(bed);
    (void)run(bed, 100);
    assert_int_equal(sriov_mock_remove(world_mock(bed->world), bed->name, false, 0), 0);
    (void)run(bed, 1000);
    assert_true(echo_port_gone(bed->port));
    assert_true(echo_port_must_end(bed->port));
    (void)echo_port_turn(bed->port); /* harmless */
    bed_close(bed);
}

static void removal_that_is_asked_for_ends_it(void **state)
{
    struct bed *bed = bed_open(*state);

    begin(bed);
    (void)run(bed, 100);
    assert_int_equal(sriov_mock_remove(world_mock(bed->world), bed->name, true,
                                       sriov_mock_now(world_mock(bed->world)) + 5000 * NS_PER_MS),
                     0);
    (void)run(bed, 1000);
    assert_true(echo_port_must_end(bed->port));
    assert_false(echo_port_gone(bed->port));
    bed_close(bed);
}

static void what_cannot_be_opened_leaves_nothing(void **state)
{
    struct bed *bed = bed_open(*state);
    struct sriov_mock *mock = world_mock(bed->world);
    uint64_t held = sriov_mock_held(mock);
    struct echo_port_opts opts = {.ip = A_IP, .mtu = 60000};
    struct echo_port *port = bed->port;
    enum echo_port_step step;

    assert_int_equal(echo_port_open(world_vmm(bed->world), "0000:09:00.0", &opts, &port, &step), -ENOENT);
    assert_int_equal(step, ECHO_PORT_OPEN);
    assert_null(port);
    assert_int_equal(echo_port_open(world_vmm(bed->world), bed->name, &opts, &port, &step), -EBUSY);
    assert_int_equal(sriov_mock_held(mock), held);
    bed_close(bed);
}

static void each_step_that_fails_is_undone(void **state)
{
    static const char *const ops[] = {"open", "dma_alloc", "irq_enable", "irq_attach", "cfg_read"};
    struct bed *bed = bed_open(*state);
    struct sriov_mock *mock = world_mock(bed->world);
    struct echo_port_opts opts = {.ip = A_IP, .interrupts = true};
    enum echo_port_step step;

    assert_int_equal(echo_port_close(bed->port), 0);
    uint64_t held = sriov_mock_held(mock);
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        struct sriov_mock_fault fault = {.size = sizeof(fault),
                                         .kind = SRIOV_MOCK_FAULT_OP,
                                         .fn = bed->name,
                                         .op = ops[i],
                                         .nth = 1,
                                         .err = -ENOMEM};
        assert_int_equal(sriov_mock_inject(mock, &fault), 0);
        int rc = echo_port_open(world_vmm(bed->world), bed->name, &opts, &bed->port, &step);
        assert_int_equal(sriov_mock_clear_faults(mock), 1);
        if (rc == 0) { /* interrupts are to be had without */
            assert_int_equal(echo_port_close(bed->port), 0);
        }
        assert_int_equal(sriov_mock_held(mock), held);
    }
    assert_int_equal(echo_port_open(world_vmm(bed->world), bed->name, &opts, &bed->port, &step), 0);
    bed_close(bed);
}

int main(void)
{
    static struct variant variants[] = {{"82599", true}, {"82599", false}, {"82576", true}, {"82576", false}};
    int failed = 0;

    for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
        struct variant *with = &variants[i];
        const struct CMUnitTest tests[] = {
            cmocka_unit_test_prestate(traffic_flows, with),
            cmocka_unit_test_prestate(pf_reset_is_survived, with),
            cmocka_unit_test_prestate(pf_down_holds_traffic, with),
            cmocka_unit_test_prestate(cable_out_and_in, with),
            cmocka_unit_test_prestate(surprise_removal_ends_it, with),
            cmocka_unit_test_prestate(removal_that_is_asked_for_ends_it, with),
            cmocka_unit_test_prestate(what_cannot_be_opened_leaves_nothing, with),
            cmocka_unit_test_prestate(each_step_that_fails_is_undone, with),
        };
        failed += cmocka_run_group_tests_name(with->model, tests, NULL, NULL);
    }
    return failed;
}
