/* SPDX-License-Identifier: BSD-3-Clause */
/* The PF drivers on the mock, with its models and the VF drivers behind: life, policy, recovery. */
#include "pf_stage.h"

#include <errno.h>
#include <string.h>

static struct stage chip_82599 = {.model = "82599", .vfs_max = 63, .mbps = 10000, .api = 0x0107};
static struct stage late_82599 = {
    .model = "82599", .vfs_max = 63, .mbps = 10000, .api = 0x0107, .mbx_delay = MS / 5u, .no_vectors = true};
static struct stage chip_82576 = {.model = "82576", .vfs_max = 7, .mbps = 1000, .api = 0};
static struct stage late_82576 = {
    .model = "82576", .vfs_max = 7, .mbps = 1000, .api = 0, .mbx_delay = MS / 5u, .no_vectors = true};
static struct stage qemu_82576 = {.model = "82576", .quirks = "qemu", .vfs_max = 7, .mbps = 1000, .api = 0};

static void comes_up_with_link(void **state)
{
    stage_await_link(*state, true);
}

static void follows_the_cable(void **state)
{
    struct stage *s = *state;

    stage_await_link(s, true);
    assert_int_equal(sriov_mock_carrier(s->mock, s->pf_name, false), 0);
    stage_await_link(s, false);
    assert_int_equal(sriov_mock_carrier(s->mock, s->pf_name, true), 0);
    stage_await_link(s, true);
}

static void vfs_come_and_go(void **state)
{
    struct stage *s = *state;
    const uint16_t counts[] = {1, s->vfs_max, 2, 0, 5, 5, 0};
    char name[SRIOV_NAME_MAX];

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        assert_int_equal(sriov_pf_enable_vfs(s->pf, counts[i]), 0);
        (void)sriov_pf_poll(s->pf);
        if (counts[i] != 0) {
            assert_int_equal(sriov_mock_vf_name(s->mock, s->pf_name, (uint16_t)(counts[i] - 1u), name), 0);
        }
        assert_int_equal(sriov_mock_vf_name(s->mock, s->pf_name, counts[i], name), -ENOENT);
    }
    assert_int_equal(sriov_pf_enable_vfs(s->pf, (uint16_t)(s->vfs_max + 1u)), -EINVAL);
}

static void every_vf_is_greeted(void **state)
{
    struct stage *s = *state;

    stage_serve(s);
    assert_int_equal(sriov_pf_enable_vfs(s->pf, s->vfs_max), 0);
    stage_open_vfs(s, s->vfs_max);
    stage_run(s, 100u * MS);
    for (uint16_t i = 0; i < s->n; i++) {
        assert_true(stage_vf(s, i).ready);
        assert_int_equal(stage_vf(s, i).refused, 0);
        assert_int_equal(stage_net(s, i).mailbox_api, s->api);
        assert_int_equal(stage_vf(s, i).mailbox_api, s->api);
    }
}

/* With a vector to itself the PF answers without being polled at all. */
static void interrupts_serve_without_polls(void **state)
{
    struct stage *s = *state;

    assert_int_equal(sriov_pf_enable_vfs(s->pf, 2), 0);
    stage_open_vfs(s, 2);
    assert_true(stage_vf(s, 0).ready);
    assert_true(stage_vf(s, 1).ready);
    assert_true(sriov_pf_poll(s->pf) > 0); /* served meanwhile */
}

static void older_apis_are_found(void **state)
{
    static const uint16_t limits[] = {0x0100, 0x0101, 0x0102, 0x0103, 0x0104, 0x0106, 0x0107};
    struct stage *s = *state;

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        const struct sriov_pf_opts opts = {.size = sizeof(opts), .max_api = limits[i]};

        stage_add(s, &opts);
        stage_serve(s);
        assert_int_equal(sriov_pf_enable_vfs(s->pf, 1), 0);
        stage_open_vfs(s, 1);
        assert_int_equal(stage_net(s, 0).mailbox_api, limits[i]);
        assert_int_equal(stage_strike(state), 0);
    }
}

static void admin_mac_reaches_the_vf(void **state)
{
    const struct sriov_mac first = {{0x02, 1, 2, 3, 4, 5}};
    const struct sriov_mac second = {{0x02, 1, 2, 3, 4, 6}};
    const struct sriov_mac wish = {{0x02, 9, 9, 9, 9, 9}};
    struct stage *s = *state;
    struct sriov_net_info info;

    stage_serve(s);
    assert_int_equal(sriov_pf_enable_vfs(s->pf, 2), 0);
    assert_int_equal(sriov_pf_set_vf_mac(s->pf, 1, &first), 0);
    stage_open_vfs(s, 2);
    info = stage_net(s, 1);
    assert_memory_equal(&info.mac, &first, sizeof(first));
    assert_int_equal(sriov_net_set_mac(s->net[1], &wish), -EACCES);
    assert_int_equal(sriov_pf_set_vf_mac(s->pf, 1, &second), 0);
    stage_run(s, LONG_RUN);
    info = stage_net(s, 1);
    assert_memory_equal(&info.mac, &second, sizeof(second));
    assert_true(stage_vf(s, 1).ready);
}

/* The application wants traffic: only a started device recovers. */
static void start_vfs(struct stage *s, struct sriov_pool **pool)
{
    const struct sriov_pool_opts opts = {.size = sizeof(opts), .count = 256};
    struct sriov_net_config config = {.size = sizeof(config), .rx_desc = 64, .tx_desc = 64};

    for (uint16_t i = 0; i < s->n; i++) {
        assert_int_equal(sriov_pool_create(s->vf_fn[i], &opts, &pool[i]), 0);
        config.pool = pool[i];
        assert_int_equal(sriov_net_configure(s->net[i], &config), 0);
        assert_int_equal(sriov_net_start(s->net[i]), 0);
    }
}

static void stop_vfs(struct stage *s, struct sriov_pool **pool)
{
    for (uint16_t i = 0; i < s->n; i++) {
        sriov_net_close(s->net[i]);
        sriov_pool_destroy(pool[i]);
        assert_int_equal(sriov_fn_close(s->vf_fn[i]), 0);
    }
    s->n = 0;
}

static void check_policy(struct stage *s, const struct sriov_mac *mac)
{
    const struct sriov_pf_vf_info info = stage_vf(s, 1);

    assert_memory_equal(&info.mac, mac, sizeof(*mac));
    assert_int_equal(info.port_vlan, 77);
    assert_true(info.trusted);
    assert_false(info.spoof_check);
    assert_true(info.ready);
}

static void set_policy(struct stage *s, const struct sriov_mac *mac)
{
    assert_int_equal(sriov_pf_set_vf_mac(s->pf, 1, mac), 0);
    assert_int_equal(sriov_pf_set_vf_vlan(s->pf, 1, 77), 0);
    assert_int_equal(sriov_pf_set_vf_trust(s->pf, 1, true), 0);
    assert_int_equal(sriov_pf_set_vf_spoof_check(s->pf, 1, false), 0);
}

static void reset_is_survived(void **state)
{
    const struct sriov_mac mac = {{0x02, 1, 2, 3, 4, 5}};
    struct stage *s = *state;
    struct sriov_pool *pool[VFS_MAX];

    stage_serve(s);
    assert_int_equal(sriov_pf_enable_vfs(s->pf, 3), 0);
    set_policy(s, &mac);
    stage_open_vfs(s, 3);
    start_vfs(s, pool);
    stage_run(s, LONG_RUN);
    for (uint32_t round = 1; round <= 3; round++) {
        assert_int_equal(sriov_pf_reset(s->pf), 0);
        stage_run(s, LONG_RUN);
        assert_int_not_equal(s->events & SRIOV_NET_EV_RECOVERED, 0);
        for (uint16_t i = 0; i < 3; i++) {
            assert_true(stage_vf(s, i).ready);
            assert_int_equal(stage_net(s, i).recoveries, round);
            assert_true(stage_net(s, i).link.up);
        }
        check_policy(s, &mac);
    }
    stop_vfs(s, pool);
}

static void down_and_up(void **state)
{
    const struct sriov_mac mac = {{0x02, 1, 2, 3, 4, 5}};
    struct stage *s = *state;
    struct sriov_pool *pool[VFS_MAX];
    uint64_t requests;

    stage_serve(s);
    assert_int_equal(sriov_pf_enable_vfs(s->pf, 3), 0);
    set_policy(s, &mac);
    stage_open_vfs(s, 3);
    start_vfs(s, pool);
    stage_run(s, LONG_RUN);
    assert_true(stage_net(s, 0).link.up);
    assert_int_equal(sriov_pf_set_up(s->pf, false), 0);
    requests = stage_vf(s, 0).requests;
    stage_run(s, LONG_RUN);
    assert_false(stage_net(s, 0).link.up);
    assert_int_equal(stage_vf(s, 0).requests, requests);
    assert_false(stage_vf(s, 0).ready);
    assert_int_equal(sriov_pf_set_up(s->pf, true), 0);
    stage_run(s, LONG_RUN);
    for (uint16_t i = 0; i < 3; i++) {
        assert_true(stage_vf(s, i).ready);
        assert_true(stage_net(s, i).link.up);
    }
    check_policy(s, &mac);
    stop_vfs(s, pool);
}

/* Reset and VFs while down: nothing wakes up before it is told to. */
static void down_stays_down(void **state)
{
    struct stage *s = *state;

    assert_int_equal(sriov_pf_enable_vfs(s->pf, 2), 0);
    assert_int_equal(sriov_pf_set_up(s->pf, false), 0);
    assert_int_equal(sriov_pf_reset(s->pf), 0);
    assert_int_equal(sriov_pf_enable_vfs(s->pf, 0), 0);
    assert_int_equal(sriov_pf_enable_vfs(s->pf, 4), 0);
    stage_await_link(s, false);
    assert_int_equal(sriov_pf_set_up(s->pf, true), 0);
    stage_await_link(s, true);
    stage_serve(s);
    stage_open_vfs(s, 4);
    assert_true(stage_vf(s, 3).ready);
}

static void surprise_removal(void **state)
{
    struct stage *s = *state;

    assert_int_equal(sriov_pf_enable_vfs(s->pf, 2), 0);
    assert_int_equal(sriov_mock_remove(s->mock, s->pf_name, false, 0), 0);
    assert_int_equal(sriov_pf_poll(s->pf), 0);
    assert_int_equal(sriov_pf_reset(s->pf), -ENODEV);
    assert_int_equal(sriov_pf_set_up(s->pf, false), -ENODEV);
    assert_int_equal(sriov_pf_enable_vfs(s->pf, 0), -ENODEV);
}

static void statistics_have_names(void **state)
{
    struct stage *s = *state;
    struct sriov_stat stats[64];
    const uint32_t n = sriov_pf_stats(s->pf, stats, 64);

    assert_in_range(n, 10, 64);
    for (uint32_t i = 0; i < n; i++) {
        assert_true(stats[i].name[0] != 0);
        for (uint32_t j = 0; j < i; j++) {
            assert_string_not_equal(stats[i].name, stats[j].name);
        }
    }
    assert_int_equal(sriov_pf_stats(s->pf, NULL, 0), n);
}

static void swallow(void *arg, uint32_t level, const char *line)
{
    (void)arg;
    (void)level;
    (void)line;
}

/* Each op of the VMM that opening, enabling and closing use fails once, every occurrence. */
static int whole_life(struct stage *s, uint64_t *calls)
{
    const uint64_t before = sriov_mock_op_calls(s->mock, NULL);
    int rc = sriov_fn_open(sriov_mock_vmm(s->mock), s->pf_name, NULL, &s->fn);

    if (rc == 0) {
        rc = sriov_pf_open(s->fn, sriov_pf_drivers, NULL, &s->pf);
        if (rc == 0) {
            rc = sriov_pf_enable_vfs(s->pf, 2);
            (void)sriov_pf_poll(s->pf);
            sriov_pf_close(s->pf);
        }
        (void)sriov_fn_close(s->fn);
    }
    *calls = sriov_mock_op_calls(s->mock, NULL) - before;
    return rc;
}

/* What a model says of a register whose write was lost is not the driver's doing. */
static void assert_no_fault_of_ours(struct stage *s)
{
    for (int kind = SRIOV_VIOLATION_IOMMU_UNMAPPED; kind <= SRIOV_VIOLATION_PAGE_RACE; kind++) {
        if (kind != SRIOV_VIOLATION_MODEL) {
            assert_int_equal(sriov_mock_violations(s->mock, (enum sriov_violation_kind)kind), 0);
        }
    }
}

static void sweep(struct stage *s, const struct sriov_mock_fault *kind)
{
    uint64_t calls = 0;
    uint64_t hits = 0;
    uint64_t unused;

    stage_mock(s);
    sriov_log_set_level(sriov_mock_vmm(s->mock), SRIOV_LOG_ERROR);
    assert_int_equal(whole_life(s, &calls), 0);
    sriov_mock_destroy(s->mock);
    assert_true(calls > 100);
    for (uint64_t n = 1; n <= calls; n++) {
        struct sriov_mock_fault fault = *kind;

        fault.nth = n;
        stage_mock(s);
        sriov_log_set_sink(sriov_mock_vmm(s->mock), swallow, NULL);
        assert_int_equal(sriov_mock_inject(s->mock, &fault), 0);
        (void)whole_life(s, &unused);
        hits += sriov_mock_clear_faults(s->mock);
        assert_int_equal(sriov_mock_held(s->mock), 0);
        assert_no_fault_of_ours(s);
        sriov_mock_destroy(s->mock);
    }
    assert_true(hits > calls / 2); /* not every op can fail or lose the function */
}

static void gone_at_any_moment(void **state)
{
    const struct sriov_mock_fault gone = {.size = sizeof(gone), .kind = SRIOV_MOCK_FAULT_GONE};

    sweep(*state, &gone);
}

/* A failed op may cost the PF, but it leaves nothing mapped, open or attached. */
static void any_op_fails_once(void **state)
{
    const struct sriov_mock_fault fails = {
        .size = sizeof(fails), .kind = SRIOV_MOCK_FAULT_OP, .err = -EFAULT};

    sweep(*state, &fails);
}

#define ON(test, stage)                                                                                      \
    {                                                                                                        \
#test " " #stage, test, stage_set, stage_strike, &(stage)                                            \
    }
#define EACH(test)                                                                                           \
    ON(test, chip_82599), ON(test, late_82599), ON(test, chip_82576), ON(test, late_82576),                  \
        ON(test, qemu_82576)
#define ALONE(test, stage)                                                                                   \
    {                                                                                                        \
#test " " #stage, test, NULL, NULL, &(stage)                                                         \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(comes_up_with_link),
        EACH(follows_the_cable),
        EACH(vfs_come_and_go),
        EACH(every_vf_is_greeted),
        ON(interrupts_serve_without_polls, chip_82599),
        ON(interrupts_serve_without_polls, chip_82576),
        ON(interrupts_serve_without_polls, qemu_82576),
        EACH(admin_mac_reaches_the_vf),
        EACH(reset_is_survived),
        EACH(down_and_up),
        EACH(down_stays_down),
        EACH(surprise_removal),
        EACH(statistics_have_names),
        ALONE(older_apis_are_found, chip_82599),
        ALONE(older_apis_are_found, late_82599),
        ALONE(gone_at_any_moment, chip_82599),
        ALONE(gone_at_any_moment, chip_82576),
        ALONE(any_op_fails_once, chip_82599),
        ALONE(any_op_fails_once, chip_82576),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
