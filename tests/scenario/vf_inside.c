/* SPDX-License-Identifier: BSD-3-Clause */
/* What takes a hand inside the driver to bring about: old indices, a busy liar, a stubborn queue. */
#include "vf_fixture.h"

#include "intel/pf_engine.h"
#include "intel/vf.h"

#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

static const struct vf_setup both[] = {{.model = "82599"}, {.model = "82576"}};

#define EACH_MODEL(setup) for (const struct vf_setup *setup = both; setup < both + 2; setup++)

static struct sri_vf *vf_of(struct vf_world *w, uint16_t i)
{
    return sri_vf_of(w->port[i].net);
}

/* As many laps of the ring later, so that the index runs over after about 100 frames. */
static void make_old(struct vf_world *w, uint16_t i)
{
    struct sri_rxq *rx = sri_vf_rxq(vf_of(w, i), 0);
    struct sri_txq *tx = sri_vf_txq(vf_of(w, i), 0);
    uint32_t rx_laps = 0u - (rx->mask + 1);
    uint32_t tx_laps = 0u - (tx->mask + 1);
    rx->next += rx_laps;
    rx->posted += rx_laps;
    assert_int_equal(tx->rs_head, tx->rs_tail);
    tx->rs_head = tx->rs_tail = 0u - 10u;
    tx->next += tx_laps;
    tx->clean += tx_laps;
    tx->odd += tx_laps;
    tx->told += tx_laps;
}

static void runs_over_the_end_of_its_indices(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        struct vf_setup jumbo = *setup;
        jumbo.config.mtu = 9000;
        vf_world_make(&w, &jumbo);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        make_old(&w, 0);
        make_old(&w, 1);
        for (uint32_t n = 0; n < 1500; n++) {
            uint32_t len = n % 7 == 0 ? 5000 : 64 + n % 1400;
            assert_int_equal(vf_send(&w, 0, 1, len, n), 1);
            vf_run(&w, VF_MS);
            vf_expect(&w, 1, 0, len, n);
        }
        assert_true(sri_vf_rxq(vf_of(&w, 1), 0)->next < UINT32_MAX / 2);
        assert_true(sri_vf_txq(vf_of(&w, 0), 0)->next < UINT32_MAX / 2);
        assert_int_equal(vf_info(&w, 1)->recoveries, 0);
        vf_world_end(&w);
    }
}

struct liar {
    volatile struct sri_desc *ring;
    uint32_t n;
    atomic_bool enough;
};

/* Done, whole, and of no length: as fast as a device can. */
static void *lie_on(void *arg)
{
    struct liar *liar = arg;
    for (uint32_t lap = 0; lap < 2000000 && !atomic_load(&liar->enough); lap++) {
        for (uint32_t i = 0; i < liar->n; i++) {
            liar->ring[i].hi = SRI_RX_DD | SRI_RX_EOP;
        }
    }
    return NULL;
}

static void ends_a_burst_that_brings_nothing(void **state)
{
    (void)state;
    struct vf_world w;
    struct vf_setup small = both[0];
    small.config.rx_desc = 64;
    vf_world_make(&w, &small);
    vf_port_up(&w, 0);
    struct sri_rxq *q = sri_vf_rxq(vf_of(&w, 0), 0);
    struct liar liar = {.ring = q->ring, .n = q->mask + 1};
    pthread_t thread;
    uint64_t most = 0;
    assert_int_equal(pthread_create(&thread, NULL, lie_on, &liar), 0);
    while (!sri_rxq_waits(q)) {
    }
    for (uint32_t i = 0; i < 20000; i++) {
        uint64_t before = q->base.bad;
        assert_null(vf_recv(&w, 0, 0));
        most = q->base.bad - before > most ? q->base.bad - before : most;
    }
    atomic_store(&liar.enough, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_in_range(most, 1, 2 * (q->mask + 1));
    w.findings_expected = true;
    vf_world_end(&w);
}

static uint32_t ring_control(struct vf_world *w, uint16_t i)
{
    struct sri_vf *vf = vf_of(w, i);
    return sriov_rd32(&vf->bar, vf->hw->rx.base + 0x28);
}

/* Its buffers are the pool's again once stop returns: the device must have let go of them. */
static void stops_a_queue_that_will_not(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        /* Writes at stop: the interrupt mask, then the two ENABLE bits. */
        vf_inject(&w, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_OP,
                                                .fn = w.port[0].name,
                                                .op = "bar_write",
                                                .nth = 2,
                                                .times = 2,
                                                .err = -EFAULT});
        assert_int_equal(sriov_net_stop(w.port[0].net), 0);
        assert_int_equal(sriov_mock_clear_faults(w.mock), 2);
        assert_int_equal(ring_control(&w, 0) & IXGBE_RXDCTL_ENABLE, 0);
        assert_int_equal(sriov_net_start(w.port[0].net), 0);
        vf_run(&w, 1000 * VF_MS);
        vf_expect_traffic(&w, 0, 1);
        vf_world_end(&w);
    }
}

/* Memory is free 100 us after the queues are off, not before. */
static void lets_the_device_finish(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        uint64_t start = sriov_mock_now(w.mock);
        assert_int_equal(sriov_net_stop(w.port[0].net), 0);
        assert_true(sriov_mock_now(w.mock) - start >= 100000);
        vf_world_end(&w);
    }
}

/* After a reset the PF grants one pair only: the other one must not swallow frames. */
static void shuts_a_queue_that_is_not_granted_any_more(void **state)
{
    (void)state;
    struct vf_setup two = {.model = "82599", .vf_queues = 2, .config = {.queues = 2}};
    struct vf_world w;
    vf_world_make(&w, &two);
    vf_port_up(&w, 0);
    vf_port_up(&w, 1);
    /* Answers to RESET, API_NEGOTIATE, GET_QUEUES. */
    vf_inject(&w, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_MBX_WRONG,
                                            .fn = w.port[0].name,
                                            .op = "to-vf",
                                            .nth = 3,
                                            .times = 1,
                                            .index = IXGBE_MBX_QUEUES_TX_WORD,
                                            .value = 1});
    assert_int_equal(sriov_fn_reset(w.port[0].fn), 0);
    vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERED, 1000 * VF_MS);
    vf_run(&w, 50 * VF_MS);
    assert_int_equal(sriov_mock_clear_faults(w.mock), 1);
    assert_int_equal(sri_vf_active_queues(vf_of(&w, 0)), 1);
    static const uint8_t bytes[100];
    for (uint32_t n = 0; n < 100; n++) {
        struct sriov_buf *buf = sriov_buf_from(w.port[0].pool, bytes, sizeof(bytes));
        assert_int_equal(sriov_tx_burst(sriov_net_txq(w.port[0].net, 1), &buf, 1), 0);
        sriov_buf_free(buf);
        assert_null(vf_recv(&w, 0, 1));
    }
    vf_expect_traffic(&w, 0, 1);
    assert_int_equal(sriov_fn_reset(w.port[0].fn), 0);
    w.port[0].events = 0;
    vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERED, 1000 * VF_MS);
    struct sriov_buf *buf = sriov_buf_from(w.port[0].pool, bytes, sizeof(bytes));
    assert_int_equal(sriov_tx_burst(sriov_net_txq(w.port[0].net, 1), &buf, 1), 1);
    vf_world_end(&w);
}

/* What tells of a reset before the PF has answered RESET is of the time before it. */
static void recovers_once_from_one_reset(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_inject(
            &w,
            (struct sriov_mock_fault){
                .kind = SRIOV_MOCK_FAULT_MBX_LATE, .op = "to-pf", .nth = 1, .times = 1, .value = 50 * VF_MS});
        assert_int_equal(sriov_fn_reset(w.port[0].fn), 0);
        vf_run(&w, 30 * VF_MS);
        assert_int_equal(vf_of(&w, 0)->phase, SRI_VF_ASKED);
        vf_of(&w, 0)->mbx.notice |= SRI_MBX_NOTICE | SRI_MBX_NOTICE_LOST;
        vf_of(&w, 0)->mbx.seen |= SRI_MBX_RSTD;
        vf_run(&w, 500 * VF_MS);
        assert_int_equal(vf_info(&w, 0)->recoveries, 1);
        vf_world_end(&w);
    }
}

/* RSTD that never ends: recoveries follow each other ever more slowly, and end with it. */
static void slows_down_when_reset_over_and_over(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        vf_run(&w, 2000 * VF_MS);
        for (uint32_t i = 0; i < 3000; i++) {
            vf_of(&w, 0)->mbx.seen |= SRI_MBX_RSTD;
            vf_run(&w, VF_MS);
        }
        assert_in_range(vf_info(&w, 0)->recoveries, 3, 20);
        vf_run(&w, 1000 * VF_MS);
        vf_expect_traffic(&w, 0, 1);
        /* Well for long: the next one begins at once. */
        vf_run(&w, 1000 * VF_MS);
        w.port[0].events = 0;
        vf_of(&w, 0)->mbx.seen |= SRI_MBX_RSTD;
        assert_true(vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERED, 1000 * VF_MS) < 10 * VF_MS);
        vf_world_end(&w);
    }
}

/* Every message that was read is acknowledged, so that the PF may write the next one at once. */
static void acknowledges_what_it_reads(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_run(&w, VF_MS);
        const struct sri_pf *pf = w.pf->priv;
        assert_true(pf->vf[0].cts);
        assert_false(pf->vf[0].unread);
        vf_world_end(&w);
    }
}

/* An armed queue still wakes after a recovery, although nobody armed it again. */
static void stays_armed_over_a_recovery(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        struct vf_setup irq = *setup;
        irq.config.flags = SRIOV_NET_INTERRUPTS;
        vf_world_make(&w, &irq);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        assert_int_equal(sriov_net_rx_arm(w.port[0].net, 0), 0);
        assert_int_equal(sriov_fn_reset(w.port[0].fn), 0);
        vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERED, 1000 * VF_MS);
        vf_run(&w, 10 * VF_MS);
        w.port[0].net->wake = 0;
        assert_int_equal(vf_send(&w, 1, 0, 100, 1), 1);
        vf_run(&w, 10 * VF_MS);
        assert_int_equal(w.port[0].net->wake & 1, 1);
        vf_expect(&w, 0, 1, 100, 1);
        vf_world_end(&w);
    }
}

/* Buffers of another pool, alone and in chains, go home to it. */
static void sends_buffers_of_another_pool(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        struct sriov_pool *other;
        struct sriov_pool_opts opts = {.size = sizeof(opts), .count = 256, .buf_size = 512};
        uint8_t bytes[1200] = {0};
        const struct sriov_mac wire = {{0x02, 0xee, 0, 0, 0, 1}};
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        assert_int_equal(sriov_pool_create(w.port[0].fn, &opts, &other), 0);
        uint32_t own = sriov_pool_in_use(w.port[0].pool);
        for (uint32_t n = 0; n < 2000; n++) {
            vf_fill(bytes, sizeof(bytes), &wire, &vf_info(&w, 0)->mac, n);
            struct sriov_buf *buf =
                sriov_buf_from(n % 3 == 0 ? w.port[0].pool : other, bytes, n % 2 == 0 ? 100 : sizeof(bytes));
            assert_non_null(buf);
            assert_int_equal(sriov_tx_burst(sriov_net_txq(w.port[0].net, 0), &buf, 1), 1);
            vf_fill(bytes, 1000, &vf_info(&w, 0)->mac, &wire, n);
            assert_int_equal(sriov_mock_wire_send(w.mock, w.pf_name, bytes, 1000), 0);
            vf_run(&w, VF_MS);
            buf = vf_recv(&w, 0, 0);
            assert_non_null(buf);
            assert_ptr_equal(buf->pool, w.port[0].pool); /* the other's are too short to receive into */
            sriov_buf_free(buf);
        }
        assert_in_range(sriov_pool_in_use(w.port[0].pool), own - SRIOV_POOL_BULK, own + 2 * SRIOV_POOL_BULK);
        assert_int_equal(sriov_net_stop(w.port[0].net), 0);
        assert_int_equal(sriov_pool_in_use(other), 0);
        assert_int_equal(sriov_pool_in_use(w.port[0].pool), 0);
        assert_int_equal(sriov_pool_destroy(other), 0);
        vf_world_end(&w);
    }
}

static void send_tagged(struct vf_world *w, uint16_t tci)
{
    uint8_t frame[100];
    const struct sriov_mac to = {{0x02, 0xee, 0, 0, 0, 1}};
    vf_fill(frame, sizeof(frame), &to, &vf_info(w, 0)->mac, 1);
    uint32_t before = w->wire_frames;
    assert_int_equal(vf_send_bytes(w, 0, frame, sizeof(frame), SRIOV_TX_VLAN, tci), 1);
    vf_run(w, VF_MS);
    assert_int_equal(w->wire_frames, before + 1);
    assert_int_equal(w->wire_last[12] << 8 | w->wire_last[13], 0x8100);
    assert_int_equal((w->wire_last[14] << 8 | w->wire_last[15]) & 0xfff, tci);
}

/* The tag lives in a context of the queue, and a reset takes the queue's contexts away. */
static void tags_as_before_after_a_recovery(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        assert_int_equal(sriov_net_set_vlan(w.port[0].net, 42, true), 0);
        send_tagged(&w, 42);
        assert_int_equal(sriov_fn_reset(w.port[0].fn), 0);
        vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERED, 1000 * VF_MS);
        vf_run(&w, 10 * VF_MS);
        assert_int_equal(sri_vf_txq(vf_of(&w, 0), 0)->vlan, UINT32_MAX);
        send_tagged(&w, 42);
        vf_world_end(&w);
    }
}

/* A receive mode beyond the usual is asked for again. */
static void hears_all_groups_after_a_recovery(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        assert_int_equal(sriov_pf_set_vf_trust(w.pf, 0, true), 0);
        vf_port_up(&w, 0);
        assert_int_equal(sriov_net_set_rx_mode(w.port[0].net, SRIOV_RX_ALLMULTI), 0);
        for (uint32_t round = 0; round < 2; round++) {
            uint8_t frame[100];
            const struct sriov_mac group = {{0x01, 0, 0x5e, 9, 8, 7}};
            const struct sriov_mac from = {{0x02, 0xee, 0, 0, 0, 1}};
            vf_fill(frame, sizeof(frame), &group, &from, 1);
            assert_int_equal(sriov_mock_wire_send(w.mock, w.pf_name, frame, sizeof(frame)), 0);
            vf_run(&w, VF_MS);
            struct sriov_buf *buf = vf_recv(&w, 0, 0);
            assert_non_null(buf);
            sriov_buf_free(buf);
            w.port[0].events = 0;
            assert_int_equal(sriov_fn_reset(w.port[0].fn), 0);
            vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERED, 1000 * VF_MS);
            vf_run(&w, 10 * VF_MS);
        }
        vf_world_end(&w);
    }
}

/* What the device has counted since the last look is taken in before the VF is reset. */
static void counts_up_to_a_recovery(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_run(&w, 200 * VF_MS);
        uint64_t before = vf_stat(&w, 0, "hw_tx_packets");
        for (uint32_t n = 0; n < 5; n++) {
            assert_int_equal(vf_send(&w, 0, -1, 100, n), 1);
        }
        vf_of(&w, 0)->mbx.seen |= SRI_MBX_RSTD;
        vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERED, 1000 * VF_MS);
        vf_run(&w, 200 * VF_MS);
        assert_int_equal(vf_stat(&w, 0, "hw_tx_packets"), before + 5);
        vf_world_end(&w);
    }
}

/* Counters of 32 and 36 bits go on counting over their end. */
static void widens_its_counters(void **state)
{
    (void)state;
    EACH_MODEL(setup)
    {
        struct vf_world w;
        vf_world_make(&w, setup);
        vf_port_up(&w, 0);
        vf_port_up(&w, 1);
        vf_expect_traffic(&w, 0, 1);
        struct sri_vf *vf = vf_of(&w, 0);
        for (uint32_t i = 0; vf->hw->counters[i].name != NULL; i++) {
            const struct sri_vf_counter *counter = &vf->hw->counters[i];
            uint64_t before = vf_stat(&w, 0, counter->name);
            uint64_t raw = vf->stat_last[i];
            assert_true(raw >> counter->bits == 0);
            vf->stat_last[i] = (UINT64_C(1) << counter->bits) - 10;
            assert_int_equal(vf_stat(&w, 0, counter->name), before + raw + 10);
        }
        vf_world_end(&w);
    }
}

/* The PF's policy is no link, whatever the port has. */
static void has_no_link_where_policy_denies_it(void **state)
{
    (void)state;
    struct vf_world w;
    vf_world_make(&w, &both[0]);
    vf_port_up(&w, 0);
    /* Answers to RESET, API_NEGOTIATE, GET_QUEUES, GET_LINK_STATE. */
    vf_inject(&w, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_MBX_WRONG,
                                            .fn = w.port[0].name,
                                            .op = "to-vf",
                                            .nth = 4,
                                            .times = 1,
                                            .index = 1,
                                            .value = 0});
    assert_int_equal(sriov_fn_reset(w.port[0].fn), 0);
    vf_run_until(&w, 0, SRIOV_NET_EV_RECOVERED, 1000 * VF_MS);
    assert_int_equal(sriov_mock_clear_faults(w.mock), 1);
    vf_run(&w, 1000 * VF_MS);
    assert_false(vf_info(&w, 0)->link.up);
    vf_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_over_the_end_of_its_indices),
        cmocka_unit_test(ends_a_burst_that_brings_nothing),
        cmocka_unit_test(stops_a_queue_that_will_not),
        cmocka_unit_test(lets_the_device_finish),
        cmocka_unit_test(shuts_a_queue_that_is_not_granted_any_more),
        cmocka_unit_test(recovers_once_from_one_reset),
        cmocka_unit_test(slows_down_when_reset_over_and_over),
        cmocka_unit_test(acknowledges_what_it_reads),
        cmocka_unit_test(stays_armed_over_a_recovery),
        cmocka_unit_test(sends_buffers_of_another_pool),
        cmocka_unit_test(tags_as_before_after_a_recovery),
        cmocka_unit_test(hears_all_groups_after_a_recovery),
        cmocka_unit_test(counts_up_to_a_recovery),
        cmocka_unit_test(widens_its_counters),
        cmocka_unit_test(has_no_link_where_policy_denies_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
