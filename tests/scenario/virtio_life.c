/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupts, settings, recovery and removal of a virtio-net device. */
#include "virtio_stage.h"

#include <errno.h>
#include <string.h>

static const struct vs_setup usual;
static const struct vs_setup with_interrupts = {.config = {.flags = SRIOV_NET_INTERRUPTS}};
static const uint8_t somebody[6] = {0x02, 0xee, 0, 0, 0, 0x02};
static const uint8_t group[6] = {0x01, 0x00, 0x5e, 0x01, 0x02, 0x03};
static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* ---- interrupts ---- */

struct later {
    struct vs_world *w;
    uint32_t n;
    int task;
};

static void send_once(void *arg)
{
    struct later *later = arg;
    (void)sriov_mock_task_stop(later->w->mock, later->task);
    vs_wire(later->w, 64, later->n);
}

static void each_frame_wakes(struct vs_world *w, uint32_t frames)
{
    for (uint32_t n = 0; n < frames; n++) {
        struct later later = {w, n, 0};
        later.task = sriov_mock_task(w->mock, VS_MS, send_once, &later);
        assert_true(later.task > 0);
        assert_int_equal(sriov_net_rx_wait(w->net, 100 * VS_MS), 0);
        vs_expect(w, 64, n);
        vs_expect_nothing(w);
    }
}

static void a_frame_wakes(void **state)
{
    struct vs_world w;
    (void)state;
    vs_make(&w, &with_interrupts);
    vs_up(&w);
    assert_int_equal(vs_info(&w).vectors, 2);
    assert_int_equal(sriov_net_rx_wait(w.net, 5 * VS_MS), -ETIMEDOUT);
    each_frame_wakes(&w, 300);
    vs_end(&w);
}

/* What came before the queue was armed has no interrupt of its own. */
static void arming_looks(void **state)
{
    struct vs_world w;
    (void)state;
    vs_make(&w, &with_interrupts);
    vs_up(&w);
    assert_int_equal(sriov_net_rx_arm(w.net, 0), 0);
    vs_wire(&w, 64, 1);
    sriov_mock_advance(w.mock, VS_MS);
    vs_expect(&w, 64, 1); /* not armed any more */
    uint64_t before = sriov_mock_interrupts(w.mock, w.name);
    for (uint32_t n = 0; n < 10; n++) {
        vs_wire(&w, 64, n);
    }
    assert_int_equal(sriov_mock_interrupts(w.mock, w.name), before);
    assert_int_equal(sriov_net_rx_arm(w.net, 0), 1);
    for (uint32_t n = 0; n < 10; n++) {
        vs_expect(&w, 64, n);
    }
    vs_end(&w);
}

static void few_vectors_are_shared(void **state)
{
    static const struct vs_setup one = {.irq_vectors = 1,
                                        .config = {.flags = SRIOV_NET_INTERRUPTS, .queues = 4}};
    static const struct vs_setup three = {.irq_vectors = 3,
                                          .config = {.flags = SRIOV_NET_INTERRUPTS, .queues = 4}};
    static const struct vs_setup *const setups[] = {&one, &three};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct vs_world w;
        vs_make(&w, setups[i]);
        vs_up(&w);
        assert_int_equal(vs_info(&w).vectors, setups[i]->irq_vectors);
        for (uint32_t n = 0; n < 20; n++) {
            struct later later = {&w, n, 0};
            later.task = sriov_mock_task(w.mock, VS_MS, send_once, &later);
            assert_int_equal(sriov_net_rx_wait(w.net, 100 * VS_MS), 0);
            uint32_t got = 0;
            for (uint16_t q = 0; q < 4; q++) {
                struct sriov_buf *buf = vs_recv(&w, q);
                got += buf != NULL ? 1 : 0;
                sriov_buf_free(buf);
            }
            assert_int_equal(got, 1);
        }
        vs_end(&w);
    }
}

static void the_link_is_told(void **state)
{
    struct vs_world w;
    (void)state;
    vs_make(&w, &with_interrupts);
    vs_up(&w);
    for (int i = 0; i < 3; i++) {
        w.events = 0;
        uint64_t before = sriov_mock_interrupts(w.mock, w.name);
        assert_int_equal(sriov_mock_carrier(w.mock, w.name, false), 0);
        assert_int_equal(sriov_mock_interrupts(w.mock, w.name), before + 1);
        vs_run(&w, VS_MS);
        assert_int_equal(w.events, SRIOV_NET_EV_LINK);
        assert_false(vs_info(&w).link.up);
        w.events = 0;
        assert_int_equal(sriov_mock_carrier(w.mock, w.name, true), 0);
        vs_run(&w, VS_MS);
        assert_int_equal(w.events, SRIOV_NET_EV_LINK);
        vs_expect_traffic(&w);
    }
    vs_end(&w);
}

/* ---- settings ---- */

static bool hears(struct vs_world *w, const uint8_t *dst, int vid)
{
    static const uint8_t src[6] = {0x02, 0xee, 0, 0, 0, 0x01};
    uint8_t frame[64];
    vs_fill(frame, sizeof(frame), dst, src, 9);
    if (vid >= 0) {
        frame[12] = 0x81;
        frame[13] = 0x00;
        frame[14] = (uint8_t)(vid >> 8);
        frame[15] = (uint8_t)vid;
    }
    assert_int_equal(sriov_mock_wire_send(w->mock, w->name, frame, sizeof(frame)), 0);
    struct sriov_buf *buf = vs_recv(w, 0);
    sriov_buf_free(buf);
    return buf != NULL;
}

static void expect_filters(struct vs_world *w, const struct sriov_mac *own)
{
    assert_true(hears(w, own->b, -1));
    assert_true(hears(w, own->b, 100));
    assert_false(hears(w, own->b, 101));
    assert_true(hears(w, group, -1));
    assert_false(hears(w, somebody, -1));
}

static void filters_are_the_applications(void **state)
{
    struct vs_world w;
    struct sriov_mac list;
    struct sriov_mac own = {{0x02, 0xaa, 0, 0, 0, 7}};
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    memcpy(list.b, group, 6);
    assert_true(hears(&w, everybody, -1));
    assert_false(hears(&w, group, -1));
    assert_false(hears(&w, somebody, -1));
    assert_int_equal(sriov_net_set_multicast(w.net, &list, 1), 0);
    assert_int_equal(sriov_net_set_vlan(w.net, 100, true), 0);
    assert_int_equal(sriov_net_set_vlan(w.net, 101, true), 0);
    assert_int_equal(sriov_net_set_vlan(w.net, 101, false), 0);
    assert_int_equal(sriov_net_set_mac(w.net, &own), 0);
    assert_memory_equal(vs_info(&w).mac.b, own.b, 6);
    expect_filters(&w, &own);
    assert_int_equal(sriov_net_set_rx_mode(w.net, SRIOV_RX_NONE), 0);
    assert_false(hears(&w, group, -1));
    assert_int_equal(sriov_net_set_rx_mode(w.net, SRIOV_RX_PROMISC), 0);
    assert_true(hears(&w, somebody, -1));
    assert_int_equal(sriov_net_set_rx_mode(w.net, SRIOV_RX_MULTI), 0);
    /* They stay over a stop and a reset behind our back. */
    assert_int_equal(sriov_net_stop(w.net), 0);
    assert_int_equal(sriov_net_start(w.net), 0);
    expect_filters(&w, &own);
    assert_int_equal(sriov_fn_reset(w.fn), 0);
    assert_true(vs_run_until(&w, SRIOV_NET_EV_RECOVERED, 100 * VS_MS));
    expect_filters(&w, &own);
    vs_end(&w);
}

/* A device without a control queue has no filter, and says so. */
static void a_plain_device_filters_nothing(void **state)
{
    static const struct vs_setup plain = {.quirks = "plain"};
    struct sriov_mac own = {{0x02, 0xaa, 0, 0, 0, 7}};
    struct vs_world w;
    (void)state;
    vs_make(&w, &plain);
    vs_up(&w);
    assert_int_equal(sriov_net_set_mac(w.net, &own), -EOPNOTSUPP);
    assert_int_equal(sriov_net_set_rx_mode(w.net, SRIOV_RX_PROMISC), -EOPNOTSUPP);
    assert_int_equal(sriov_net_set_vlan(w.net, 5, true), -EOPNOTSUPP);
    assert_true(hears(&w, somebody, 5));
    vs_end(&w);
}

/* ---- recovery ---- */

static void a_reset_behind_our_back(void **state)
{
    struct vs_world w;
    (void)state;
    vs_make(&w, &with_interrupts);
    vs_up(&w);
    for (uint32_t i = 0; i < 20; i++) {
        vs_wire(&w, 64, i); /* received, and not taken yet */
        w.events = 0;
        assert_int_equal(sriov_fn_reset(w.fn), 0);
        assert_true(vs_run_until(&w, SRIOV_NET_EV_RECOVERING | SRIOV_NET_EV_RECOVERED, 2000 * VS_MS));
        vs_expect(&w, 64, i);
        vs_expect_traffic(&w);
        each_frame_wakes(&w, 3);
    }
    assert_int_equal(vs_info(&w).recoveries, 20);
    vs_end(&w);
}

/* The IOMMU refuses an access: the device stops and asks for a reset (2.1.2). */
static void a_dma_fault(void **state)
{
    static const char *const sites[] = {"rx", "tx"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (uint64_t nth = 1; nth < 8; nth++) {
            struct vs_world w;
            vs_make(&w, &usual);
            vs_up(&w);
            vs_inject(&w,
                      (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_DMA, .op = sites[i], .nth = nth});
            for (uint32_t n = 0; n < 4; n++) {
                assert_int_equal(vs_send(&w, 64, n), 1);
                vs_wire(&w, 64, n);
            }
            assert_true(vs_run_until(&w, SRIOV_NET_EV_RECOVERED, 2000 * VS_MS));
            struct sriov_buf *buf;
            while ((buf = vs_recv(&w, 0)) != NULL) {
                sriov_buf_free(buf);
            }
            vs_expect_traffic(&w);
            vs_end(&w);
        }
    }
}

/* A frame that is never reported holds its queue up for two seconds. */
static void a_stuck_queue(void **state)
{
    struct vs_world w;
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    vs_inject(&w, (struct sriov_mock_fault){
                      .kind = SRIOV_MOCK_FAULT_WB_LATE, .op = "tx", .nth = 1, .value = 3600 * 1000 * VS_MS});
    assert_int_equal(vs_send(&w, 64, 1), 1);
    vs_run(&w, 1500 * VS_MS);
    assert_int_equal(w.events & SRIOV_NET_EV_RECOVERING, 0);
    assert_true(vs_run_until(&w, SRIOV_NET_EV_RECOVERED, 1500 * VS_MS));
    assert_int_equal(vs_stat(&w, "tx_in_doubt"), 1);
    vs_expect_traffic(&w);
    vs_end(&w);
}

/* An answer on the control queue that never comes: the setting fails, and the device is started anew. */
static void a_silent_control_queue(void **state)
{
    struct vs_world w;
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    vs_inject(&w, (struct sriov_mock_fault){
                      .kind = SRIOV_MOCK_FAULT_WB_LATE, .op = "tx", .nth = 1, .value = 3600 * 1000 * VS_MS});
    assert_int_equal(sriov_net_set_rx_mode(w.net, SRIOV_RX_PROMISC), -ETIMEDOUT);
    assert_true(vs_run_until(&w, SRIOV_NET_EV_RECOVERED, 100 * VS_MS));
    assert_false(hears(&w, somebody, -1));
    assert_int_equal(sriov_net_set_rx_mode(w.net, SRIOV_RX_PROMISC), 0);
    assert_true(hears(&w, somebody, -1));
    vs_end(&w);
}

static void a_device_that_is_pulled_out(void **state)
{
    struct vs_world w;
    (void)state;
    vs_make(&w, &with_interrupts);
    vs_up(&w);
    vs_wire(&w, 64, 1);
    assert_int_equal(sriov_mock_set_delay(w.mock, w.name, SRIOV_DELAY_TX, VS_MS), 0);
    assert_int_equal(vs_send(&w, 64, 1), 1);
    assert_int_equal(sriov_mock_remove(w.mock, w.name, false, 0), 0);
    assert_true((sriov_net_poll(w.net) & SRIOV_NET_EV_GONE) != 0);
    struct sriov_buf *buf;
    uint32_t in_doubt = 0;
    assert_int_equal(sriov_net_rx_take(w.net, 0, &buf, 1), 1);
    sriov_buf_free(buf);
    assert_int_equal(sriov_net_rx_take(w.net, 0, &buf, 1), 0);
    assert_int_equal(sriov_net_tx_take(w.net, 0, &buf, 1, &in_doubt), 0);
    assert_int_equal(in_doubt, 1);
    assert_int_equal(sriov_net_tx_take(w.net, 0, &buf, 1, &in_doubt), 0);
    assert_int_equal(in_doubt, 1);
    vs_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_wakes),
        cmocka_unit_test(arming_looks),
        cmocka_unit_test(few_vectors_are_shared),
        cmocka_unit_test(the_link_is_told),
        cmocka_unit_test(filters_are_the_applications),
        cmocka_unit_test(a_plain_device_filters_nothing),
        cmocka_unit_test(a_reset_behind_our_back),
        cmocka_unit_test(a_dma_fault),
        cmocka_unit_test(a_stuck_queue),
        cmocka_unit_test(a_silent_control_queue),
        cmocka_unit_test(a_device_that_is_pulled_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
