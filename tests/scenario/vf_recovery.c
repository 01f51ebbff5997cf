/* SPDX-License-Identifier: BSD-3-Clause */
/* The PF resets, goes down, falls silent; the function is reset or pulled. Traffic goes on. */
#include "vf_fixture.h"

#include <errno.h>
#include <string.h>

static const struct vf_setup both[] = {{.model = "82599"}, {.model = "82576"}};

#define EACH_MODEL(setup) for (const struct vf_setup *setup = both; setup < both + 2; setup++)

/* With traffic in flight, so that there is something to lose and to reclaim. */
static void keep_busy(struct vf_world *w)
{
    assert_int_equal(sriov_mock_set_delay(w->mock, NULL, SRIOV_DELAY_TX, 3 * VF_MS), 0);
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(vf_send(w, 0, 1, 200, i), 1);
    }
}

static void drain(struct vf_world *w, uint16_t i)
{
    struct sriov_buf *buf;
    while ((buf = vf_recv(w, i, 0)) != NULL) {
        sriov_buf_free(buf);
    }
}

static void wait_for_link(struct vf_world *w, uint16_t i, uint64_t ns)
{
    uint64_t start = sriov_mock_now(w->mock);
    while (!vf_info(w, i)->link.up) {
        assert_true(sriov_mock_now(w->mock) - start <= ns);
        vf_run(w, VF_MS);
    }
}

static void settle(struct vf_world *w)
{
    assert_int_equal(sriov_mock_set_delay(w->mock, NULL, SRIOV_DELAY_TX, 0), 0);
    wait_for_link(w, 0, 3000 * VF_MS);
    wait_for_link(w, 1, 3000 * VF_MS);
    drain(w, 0);
    drain(w, 1);
    vf_expect_traffic(w, 0, 1);
}

static void survives_a_pf_reset(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        struct sriov_rxq *rxq = sriov_net_rxq(w.port[0].net, 0);
        for (uint32_t round = 1; round <= 3; round++) {
            keep_busy(&w);
            w.port[0].events = 0;
            w.port[1].events = 0;
            vf_run(&w, 200 * VF_MS); /* counters are taken in now and then; a reset clears the rest */
            keep_busy(&w);
            vf_pf_reset(&w);
            vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERING | SRIOV_NET_EV_RECOVERED, 3000 * VF_MS);
            vf_run_until(&w, 1, SRIOV_NET_EV_RECOVERING | SRIOV_NET_EV_RECOVERED, 3000 * VF_MS);
            settle(&w);
            assert_int_equal(vf_info(&w, 0)->recoveries, round);
        }
        assert_ptr_equal(sriov_net_rxq(w.port[0].net, 0), rxq);
        assert_true(vf_stat(&w, 0, "hw_tx_packets") >= 3 * 40);
        vf_world_end(&w);
    }
}

static void survives_an_flr_behind_its_back(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        vf_expect_traffic(&w, 0, 1);
        uint64_t sent = vf_stat(&w, 0, "hw_tx_packets");
        keep_busy(&w);
        assert_int_equal(sriov_fn_reset(w.port[0].fn), 0);
        vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERING | SRIOV_NET_EV_RECOVERED, 1000 * VF_MS);
        settle(&w);
        assert_int_equal(vf_info(&w, 1)->recoveries, 0);
        assert_true(vf_stat(&w, 0, "hw_tx_packets") >= sent + 41);
        assert_true(vf_stat(&w, 0, "hw_tx_packets") <= sent + 41 + 20);
        vf_world_end(&w);
    }
}

static void pf_goes_down_and_up(const struct vf_setup *setup)
{
    struct vf_world w;
    vf_world_make(&w, setup);
    vf_port_up(&w, 0);
    vf_port_up(&w, 1);
    keep_busy(&w);
    vf_pf_set_up(&w, false);
    vf_run_until(&w, 0, SRIOV_NET_EV_LINK, 100 * VF_MS);
    for (uint32_t i = 0; i < 3000; i++) {
        vf_run(&w, VF_MS);
        assert_false(vf_info(&w, 0)->link.up);
    }
    vf_pf_set_up(&w, true);
    uint64_t start = sriov_mock_now(w.mock);
    settle(&w);
    assert_true(sriov_mock_now(w.mock) - start <= 3000 * VF_MS);
    vf_world_end(&w);
}

static void carries_on_after_pf_down_and_up(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        pf_goes_down_and_up(setup);
    }
}

static void carries_on_on_the_emulated_82576(void **state)
{
    (void)state;
    const struct vf_setup qemu = {.model = "82576", .quirks = "qemu"};
    pf_goes_down_and_up(&qemu);
}

static void follows_the_carrier(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(sriov_mock_carrier(w.mock, w.pf_name, false), 0);
            vf_run(&w, 20 * VF_MS);
            assert_false(vf_info(&w, 0)->link.up);
            assert_int_equal(vf_info(&w, 0)->link.mbps, 0);
            assert_int_equal(sriov_mock_carrier(w.mock, w.pf_name, true), 0);
            settle(&w);
            assert_int_equal(vf_info(&w, 0)->recoveries, i + 1); /* the PF may have been down meanwhile */
            assert_int_equal(vf_info(&w, 0)->link.mbps, strcmp(setup->model, "82599") == 0 ? 10000 : 1000);
        }
        vf_world_end(&w);
    }
}

/* A PF that does not answer when the VF is opened: no address is invented, the link stays down. */
static void waits_for_a_silent_pf(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        const struct sriov_mac none = {{0}};
        vf_world_make(&w, setup);
        vf_pf_silence(&w, true);
        vf_port_attach(&w, 0);
        assert_memory_equal(&vf_info(&w, 0)->mac, &none, sizeof(none));
        vf_port_start(&w, 0);
        vf_run(&w, 2000 * VF_MS);
        assert_false(vf_info(&w, 0)->link.up);
        assert_int_equal(vf_send(&w, 0, -1, 100, 1), 0); /* parked */
        const struct sriov_mac wish = {{0x02, 1, 2, 3, 4, 5}};
        assert_int_equal(sriov_net_set_mac(w.port[0].net, &wish), -EAGAIN);
        vf_pf_silence(&w, false);
        uint64_t start = sriov_mock_now(w.mock);
        wait_for_link(&w, 0, 3000 * VF_MS);
        assert_true(sriov_mock_now(w.mock) - start <= 3000 * VF_MS);
        assert_memory_not_equal(&vf_info(&w, 0)->mac, &none, sizeof(none));
        vf_port_up(&w, 1);
        vf_expect_traffic(&w, 0, 1);
        assert_int_equal(vf_info(&w, 0)->recoveries, 0);
        vf_world_end(&w);
    }
}

static void falls_silent_and_wakes(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        const struct sriov_mac wish = {{0x02, 1, 2, 3, 4, 5}};
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        vf_pf_silence(&w, true);
        uint64_t start = sriov_mock_now(w.mock);
        assert_int_equal(sriov_net_set_mac(w.port[0].net, &wish), -ETIMEDOUT);
        assert_true(sriov_mock_now(w.mock) - start <= 1100 * VF_MS);
        vf_run(&w, 100 * VF_MS);
        assert_false(vf_info(&w, 0)->link.up);
        vf_pf_silence(&w, false);
        vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERED, 3000 * VF_MS);
        settle(&w);
        vf_world_end(&w);
    }
}

/* No single poll waits for longer than one exchange, whatever the PF does. */
static void never_waits_long_in_poll(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_pf_reset(&w);
        vf_pf_silence(&w, true);
        for (uint32_t i = 0; i < 3000; i++) {
            uint64_t start = sriov_mock_now(w.mock);
            (void)sriov_net_poll(w.port[0].net);
            assert_true(sriov_mock_now(w.mock) - start <= 20 * VF_MS);
            sriov_mock_advance(w.mock, VF_MS);
        }
        vf_pf_silence(&w, false);
        wait_for_link(&w, 0, 3000 * VF_MS);
        vf_world_end(&w);
    }
}

/* A PF that answers, but late each time, holds a poll up for a second at most. */
static void does_not_wait_for_a_slow_pf_for_ever(void **state)
{
    (void)state;
    struct vf_world w;
    vf_world_make(&w, &both[0]);
    vf_port_up(&w, 0);
    for (uint16_t vid = 1; vid <= 20; vid++) {
        assert_int_equal(sriov_net_set_vlan(w.port[0].net, vid, true), 0);
    }
    vf_inject(&w, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_MBX_LATE,
                                            .op = "to-vf",
                                            .nth = 1,
                                            .times = UINT64_MAX,
                                            .value = 150 * VF_MS});
    assert_int_equal(sriov_fn_reset(w.port[0].fn), 0);
    uint64_t longest = 0;
    for (uint32_t i = 0; i < 3000; i++) {
        uint64_t start = sriov_mock_now(w.mock);
        (void)sriov_net_poll(w.port[0].net);
        uint64_t took = sriov_mock_now(w.mock) - start;
        longest = took > longest ? took : longest;
        sriov_mock_advance(w.mock, VF_MS);
    }
    assert_in_range(longest, 200 * VF_MS, 1020 * VF_MS);
    vf_pf_silence(&w, false);
    wait_for_link(&w, 0, 3000 * VF_MS);
    vf_world_end(&w);
}

/* A PF whose every answer is wrong is asked ever less often, and heard as soon as it means it. */
static void asks_a_lying_pf_less_and_less(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_inject(&w, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_MBX_WRONG,
                                                .op = "to-vf",
                                                .nth = 1,
                                                .times = UINT64_MAX,
                                                .index = 0,
                                                .value = 0x12345678});
        uint64_t before = vf_stat(&w, 0, "vf_resets");
        assert_int_equal(sriov_fn_reset(w.port[0].fn), 0);
        vf_run(&w, 5000 * VF_MS);
        assert_in_range(vf_stat(&w, 0, "vf_resets") - before, 8, 25);
        vf_pf_silence(&w, false);
        uint64_t start = sriov_mock_now(w.mock);
        wait_for_link(&w, 0, 1000 * VF_MS);
        assert_true(sriov_mock_now(w.mock) - start <= 500 * VF_MS);
        vf_world_end(&w);
    }
}

static void loses_and_delays_messages(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        for (uint64_t nth = 1; nth <= 12; nth++) {
            struct vf_world w;
            vf_world_make(&w, setup);
            vf_inject(&w, (struct sriov_mock_fault){.kind = nth % 2 != 0 ? SRIOV_MOCK_FAULT_MBX_SILENT
                                                                         : SRIOV_MOCK_FAULT_MBX_LATE,
                                                    .nth = nth,
                                                    .times = 1,
                                                    .value = 300 * VF_MS});
            vf_port_up(&w, 0);
            vf_port_up(&w, 1);
            vf_run(&w, 1000 * VF_MS);
            settle(&w);
            vf_world_end(&w);
        }
    }
}

static void ends_clean_when_pulled(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        for (uint32_t when = 0; when < 3; when++) {
            struct vf_world w;
            vf_world_make(&w, setup);
            vf_port_up(&w, 0);
            vf_port_up(&w, 1);
            keep_busy(&w);
            if (when == 1) {
                vf_pf_reset(&w);
                vf_run(&w, VF_MS);
            }
            if (when == 2) {
                vf_pf_silence(&w, true);
                vf_pf_reset(&w);
                vf_run(&w, 30 * VF_MS);
            }
            assert_int_equal(sriov_mock_remove(w.mock, w.port[0].name, false, 0), 0);
            vf_run_until(&w, 0, SRIOV_NET_EV_GONE, 10 * VF_MS);
            struct sriov_buf *buf = NULL;
            assert_int_equal(sriov_rx_burst(sriov_net_rxq(w.port[0].net, 0), &buf, 1), 0);
            assert_int_equal(sriov_net_stop(w.port[0].net), -ENODEV);
            vf_world_end(&w);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_a_pf_reset),
        cmocka_unit_test(survives_an_flr_behind_its_back),
        cmocka_unit_test(carries_on_after_pf_down_and_up),
        cmocka_unit_test(carries_on_on_the_emulated_82576),
        cmocka_unit_test(follows_the_carrier),
        cmocka_unit_test(waits_for_a_silent_pf),
        cmocka_unit_test(falls_silent_and_wakes),
        cmocka_unit_test(never_waits_long_in_poll),
        cmocka_unit_test(does_not_wait_for_a_slow_pf_for_ever),
        cmocka_unit_test(asks_a_lying_pf_less_and_less),
        cmocka_unit_test(loses_and_delays_messages),
        cmocka_unit_test(ends_clean_when_pulled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
