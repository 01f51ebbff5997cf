/* SPDX-License-Identifier: BSD-3-Clause */
/* What is on its way for a queue when something happens that makes it void. */
#include "rig.h"

#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#define CHIP(c) ((c) ? &rig_82576 : &rig_82599)
#define EACH(c) for (uint32_t c = 0; c < 2u; c++)

static const uint8_t far_away[6] = {0x02, 0xee, 0, 0, 0, 1};

static struct rig *vf_tx(const struct rig_chip *c)
{
    struct rig *r = rig_up(c, NULL, 2);

    rig_tx_start(r, 1, 0);
    return r;
}

static uint32_t to_vf(struct rig *r, uint16_t fn, uint8_t *f, uint32_t len)
{
    uint8_t mac[6];

    (void)r;
    rig_mac(fn, mac);
    return frame_make(f, mac, 9, len);
}

static struct rig *vf_rx(const struct rig_chip *c)
{
    struct rig *r = rig_up(c, NULL, 2);

    rig_queues(r, 1);
    return r;
}

static void stop(struct rig *r)
{
    wr(r, 1, tx_reg(r, 0, r->c->txdctl), 0);
}

/* A tail on its way when its queue stops says nothing about the next life of the ring. */
static void late_tail_dies_with_its_queue(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint8_t f[64];

        r->h.delay[SRIOV_DELAY_TX] = 1000;
        rig_send(r, 1, 0, f, frame_make(f, far_away, 1, 64));
        stop(r);
        rig_tx_start(r, 1, 0);
        host_advance(&r->h, 1000);
        assert_int_equal(r->h.wired, 0);
        assert_int_equal(rd(r, 1, tx_reg(r, 0, 0x10)), 0);
        rig_end(r);
    }
}

/* The delay became shorter: the second tail is acted on first, the first one then means nothing. */
static void late_tail_is_overtaken(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint8_t f[64];

        r->h.delay[SRIOV_DELAY_TX] = 1000;
        rig_send(r, 1, 0, f, frame_make(f, far_away, 1, 64));
        r->h.delay[SRIOV_DELAY_TX] = 0;
        rig_send(r, 1, 0, f, 64);
        assert_int_equal(r->h.wired, 2);
        host_advance(&r->h, 1000);
        assert_int_equal(r->h.wired, 2);
        assert_int_equal(rd(r, 1, tx_reg(r, 0, 0x10)), 2);
        rig_end(r);
    }
}

static void late_write_back_dies_with_its_queue(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint8_t f[64];

        r->h.fault_point = SRIOV_FAULT_TX_WRITEBACK;
        r->h.fault_verdict = SRIOV_FAULT_DELAY;
        r->h.fault_delay = 700;
        rig_send(r, 1, 0, f, frame_make(f, far_away, 1, 64));
        stop(r); /* its driver may take the memory back now */
        host_advance(&r->h, 700);
        assert_int_equal(rig_tx_dw(r, 1, 0, 0, 3) & 1u, 0);
        rig_end(r);
    }
}

static void late_receipt_dies_with_its_queue(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_rx(CHIP(c));
        uint8_t f[64];

        r->h.fault_point = SRIOV_FAULT_RX_WRITEBACK;
        r->h.fault_verdict = SRIOV_FAULT_DELAY;
        r->h.fault_delay = 900;
        r->ops->wire_rx(r->m, f, to_vf(r, 1, f, 64));
        wr(r, 1, rx_reg(r, 0, r->c->rxdctl), 0);
        host_advance(&r->h, 900);
        assert_int_equal(rig_rx_dw(r, 1, 0, 0, 2) & 1u, 0);
        rig_end(r);
    }
}

static void never_arrives_at_the_end_of_time(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_rx(CHIP(c));
        uint8_t f[64];
        uint32_t n = to_vf(r, 1, f, 64);

        r->h.delay[SRIOV_DELAY_RX] = UINT64_MAX;
        r->ops->wire_rx(r->m, f, n);
        r->h.delay[SRIOV_DELAY_RX] = 0;
        r->h.fault_point = SRIOV_FAULT_RX_WRITEBACK;
        r->h.fault_verdict = SRIOV_FAULT_DELAY;
        r->h.fault_delay = UINT64_MAX;
        r->ops->wire_rx(r->m, f, n);
        host_advance(&r->h, UINT32_MAX);
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        rig_end(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 8.2.3.9.10, 82576 8.12: a stopped queue forgets a late tail",
             late_tail_dies_with_its_queue),
        CASE("82599 7.2.3, 82576 7.2.2: a tail overtaken by the next", late_tail_is_overtaken),
        CASE("82599 8.2.3.9.10, 82576 8.12: a stopped queue writes nothing back",
             late_write_back_dies_with_its_queue),
        CASE("82599 8.2.3.8.7, 82576 8.10: a stopped queue writes nothing back",
             late_receipt_dies_with_its_queue),
        CASE("82599 7.1, 82576 7.1: a delay without end", never_arrives_at_the_end_of_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
