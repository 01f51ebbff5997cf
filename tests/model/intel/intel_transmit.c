/* SPDX-License-Identifier: BSD-3-Clause */
/* 82599 datasheet, section 7.2; 82576 datasheet, section 7.2. */
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include "rig.h"

static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};
#define EACH(c) for (uint32_t c##_i = 0; c##_i < 2u; c##_i++)
#define CHIP(c) (chips[c##_i])

#define PAYLEN(len) ((uint32_t)(len) << IXGBE_TXD_PAYLEN_SHIFT)
#define NO_EOP      (DCMD_ALL & ~(IXGBE_TXD_DCMD_EOP | IXGBE_TXD_DCMD_RS))

static struct rig *vf_tx(const struct rig_chip *c)
{
    struct rig *r = rig_up(c, NULL, 2);

    rig_tx_start(r, 1, 0);
    return r;
}

static const uint8_t far_away[6] = {0x02, 0xee, 0, 0, 0, 1};

static void sends_and_writes_back(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint8_t f[200];

        rig_send(r, 1, 0, f, frame_make(f, far_away, 1, 200));
        assert_int_equal(r->h.wired, 1);
        assert_int_equal(r->h.wire[0].len, 200);
        assert_memory_equal(r->h.wire[0].bytes, f, 200);
        assert_int_equal(rig_tx_dw(r, 1, 0, 0, 3), IXGBE_TXD_STAT_DD);
        assert_int_equal(rd(r, 1, tx_reg(r, 0, 0x10)), 1);
        assert_int_equal(rd(r, 1, r->c->gptc), 1);
        assert_int_equal(r->h.taps[1][0], 1);
        rig_end(r);
    }
}

static void gathers_buffers(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint8_t f[300];

        frame_make(f, far_away, 1, 300);
        rig_tx_put(r, 1, 0, f, 100, NO_EOP, PAYLEN(300));
        rig_tx_put(r, 1, 0, f + 100, 150, NO_EOP, 0);
        rig_tx_kick(r, 1, 0); /* the packet is not whole yet */
        assert_int_equal(r->h.wired, 0);
        rig_tx_put(r, 1, 0, f + 250, 50, DCMD_ALL, 0);
        rig_tx_kick(r, 1, 0);
        assert_int_equal(r->h.wired, 1);
        assert_memory_equal(r->h.wire[0].bytes, f, 300);
        assert_int_equal(rig_tx_dw(r, 1, 0, 0, 3) & IXGBE_TXD_STAT_DD, 0); /* no RS, no DD */
        assert_int_equal(rig_tx_dw(r, 1, 0, 2, 3), IXGBE_TXD_STAT_DD);
        rig_end(r);
    }
}

static void wraps_round(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint8_t f[64];

        for (uint32_t i = 0; i < 3u * RIG_SLOTS; i++)
            rig_send(r, 1, 0, f, frame_make(f, far_away, 1, 64));
        assert_int_equal(r->h.wired, 3u * RIG_SLOTS);
        rig_end(r);
    }
}

static void pads_short_frames(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint8_t f[64];

        rig_send(r, 1, 0, f, frame_make(f, far_away, 1, 20));
        assert_int_equal(r->h.wire[0].len, 60);
        assert_int_equal(r->h.wire[0].bytes[59], 0);
        if (r->c == &rig_82599)
            wr(r, 0, IXGBE_HLREG0, 0x3);
        else
            wr(r, 0, IGB_TCTL, IGB_TCTL_EN);
        rig_send(r, 1, 0, f, frame_make(f, far_away, 1, 20));
        assert_int_equal(r->h.wire[1].len, 20);
        rig_end(r);
    }
}

static void head_write_back(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 1);
        uint64_t at = HOST_MEM_BASE + 0x700000u;
        uint8_t f[64];

        wr(r, 1, tx_reg(r, 0, 0x38), (uint32_t)at | IXGBE_TDWBAL_HEAD_WB_EN);
        rig_tx_start(r, 1, 0);
        rig_send(r, 1, 0, f, frame_make(f, far_away, 1, 64));
        assert_int_equal(*host_at(&r->h, at), 1);
        assert_int_equal(rig_tx_dw(r, 1, 0, 0, 3) & IXGBE_TXD_STAT_DD, 0);
        wr(r, 1, tx_reg(r, 0, r->c->txdctl), 0);
        wr(r, 1, tx_reg(r, 0, r->c->txdctl), IXGBE_TXDCTL_ENABLE | 1u << IXGBE_TXDCTL_WTHRESH_SHIFT);
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_SEQUENCE], 1);
        rig_clear_reports(r);
        rig_end(r);
    }
}

static void context(struct rig *r, uint16_t vlan, uint32_t iplen, uint32_t tucmd)
{
    uint32_t dw[4] = {(uint32_t)vlan << 16 | 14u << 9 | iplen, 0,
                      IXGBE_TXD_DTYP_CTXT | IXGBE_TXD_DCMD_DEXT | tucmd, 0};

    rig_tx_raw(r, 1, 0, dw);
}

static void inserts_tags(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint8_t f[64];
        static const uint8_t tag[4] = {0x81, 0x00, 0x60, 0x2a};

        context(r, 0x602a, 0, 0);
        frame_make(f, far_away, 1, 64);
        rig_tx_put(r, 1, 0, f, 64, DCMD_ALL | IXGBE_TXD_DCMD_VLE, PAYLEN(64));
        rig_tx_kick(r, 1, 0);
        assert_int_equal(r->h.wire[0].len, 68);
        assert_memory_equal(r->h.wire[0].bytes + 12, tag, 4);
        assert_memory_equal(r->h.wire[0].bytes + 16, f + 12, 52);
        /* A port VLAN overrules. */
        wr(r, 0, r->c == &rig_82599 ? IXGBE_PFVMVIR(0u) : IGB_VMVIR(0u), IXGBE_PFVMVIR_VLANA_DEFAULT | 7u);
        rig_send(r, 1, 0, f, 64);
        assert_int_equal(r->h.wire[1].bytes[15], 7);
        wr(r, 0, r->c == &rig_82599 ? IXGBE_PFVMVIR(0u) : IGB_VMVIR(0u), IXGBE_PFVMVIR_VLANA_NEVER);
        rig_tx_put(r, 1, 0, f, 64, DCMD_ALL | IXGBE_TXD_DCMD_VLE, PAYLEN(64));
        rig_tx_kick(r, 1, 0);
        assert_int_equal(r->h.wire[2].len, 64);
        rig_end(r);
    }
}

static void inserts_checksums(void **state)
{
    (void)state;
    EACH(c)
    {
        for (uint32_t tcp = 0; tcp < 2u; tcp++) {
            struct rig *r = vf_tx(CHIP(c));
            uint8_t f[200], good[200];
            uint32_t len = frame_ipv4(f, far_away, 1, 77, tcp != 0, 1000), at = tcp ? 50 : 40, pseudo = 0;

            memcpy(good, f, len);
            for (uint32_t i = 26; i < 34u; i += 2u)
                pseudo += (uint32_t)f[i] << 8 | f[i + 1u];
            pseudo += f[23] + len - 34u;
            pseudo = (pseudo & 0xffffu) + (pseudo >> 16);
            f[24] = f[25] = 0;
            f[at] = (uint8_t)(pseudo >> 8);
            f[at + 1u] = (uint8_t)pseudo;
            context(r, 0, 20, IXGBE_TXC_TUCMD_IPV4 | (tcp ? IXGBE_TXC_TUCMD_L4T_TCP : 0));
            rig_tx_put(r, 1, 0, f, len, DCMD_ALL, PAYLEN(len) | IXGBE_TXD_POPTS_IXSM | IXGBE_TXD_POPTS_TXSM);
            rig_tx_kick(r, 1, 0);
            assert_int_equal(r->h.wired, 1);
            assert_memory_equal(r->h.wire[0].bytes, good, len);
            rig_end(r);
        }
    }
}

static void refuse(const struct rig_chip *c, uint32_t len, uint32_t cmd, uint32_t olinfo,
                   enum sriov_report_kind kind)
{
    struct rig *r = vf_tx(c);
    uint8_t f[200];

    frame_make(f, far_away, 1, 200);
    rig_tx_put(r, 1, 0, f, len, cmd, olinfo);
    rig_tx_kick(r, 1, 0);
    assert_int_equal(r->h.reports[kind], 1);
    assert_int_equal(r->h.last_site.kind, SRIOV_SITE_TX_DESC_FETCH);
    assert_int_equal(r->h.last_site.function, 1);
    assert_int_equal(r->h.wired, 0);
    rig_clear_reports(r);
    rig_end(r);
}

static void malformed_descriptors(void **state)
{
    (void)state;
    EACH(c)
    {
        refuse(CHIP(c), 100, DCMD_ALL & ~IXGBE_TXD_DCMD_DEXT, PAYLEN(100), SRIOV_REPORT_BAD_DESC);
        refuse(CHIP(c), 100, DCMD_ALL | 0x00c00000u, PAYLEN(100), SRIOV_REPORT_BAD_DESC);
        refuse(CHIP(c), 100, DCMD_ALL, PAYLEN(99), SRIOV_REPORT_BAD_DESC);
        refuse(CHIP(c), 100, DCMD_ALL & ~IXGBE_TXD_DCMD_IFCS, PAYLEN(100), SRIOV_REPORT_BAD_DESC);
        refuse(CHIP(c), 100, NO_EOP | IXGBE_TXD_DCMD_RS, PAYLEN(100), SRIOV_REPORT_BAD_DESC);
        refuse(CHIP(c), 10, DCMD_ALL, PAYLEN(10), SRIOV_REPORT_BAD_DESC);
        refuse(CHIP(c), 100, DCMD_ALL | IXGBE_TXD_DCMD_VLE, PAYLEN(100), SRIOV_REPORT_BAD_DESC);
        refuse(CHIP(c), 100, DCMD_ALL | IXGBE_TXD_DCMD_TSE, PAYLEN(60), SRIOV_REPORT_BAD_DESC);
        refuse(CHIP(c), 100, DCMD_ALL, PAYLEN(100) | IXGBE_TXD_POPTS_IPSEC, SRIOV_REPORT_UNMODELLED);
    }
}

/* One that is malformed, then a good one behind it, from VF 0's queue 1. */
static void put_bad_and_good(struct rig *r)
{
    uint8_t f[64];

    frame_make(f, far_away, 1, 64);
    rig_tx_put(r, 1, 1, f, 64, DCMD_ALL, PAYLEN(63));
    rig_tx_put(r, 1, 1, f, 64, DCMD_ALL, PAYLEN(64));
    rig_tx_kick(r, 1, 1);
}

/* Its queue alone stands still until the PF writes MDFB; without MDP_EN it goes on. */
static void malicious_drivers_are_stopped(void **state)
{
    (void)state;
    for (uint32_t on = 0; on < 2; on++) {
        struct rig *r = rig_up(&rig_82576, NULL, 2);
        uint8_t f[64];

        rig_queues(r, 1);
        rig_tx_start(r, 1, 1);
        rig_queues(r, 2);
        wr(r, 0, IGB_DTXCTL, on != 0 ? IGB_DTXCTL_MDP_EN : 0);
        (void)rd(r, 0, IGB_ICR);
        put_bad_and_good(r);
        assert_int_equal(r->h.wired, 1u - on);
        assert_int_equal(rd(r, 0, IGB_MDFB), on != 0 ? UINT32_C(1) << 8 : 0);
        assert_int_equal(rd(r, 0, IGB_ICR) & IGB_ICR_DOUTSYNC, on != 0 ? IGB_ICR_DOUTSYNC : 0);
        assert_int_equal(rd(r, 0, IGB_LVMMC), on);
        assert_int_equal(rd(r, 0, IGB_LVMMC), 0); /* read to clear */
        rig_clear_reports(r);
        rig_send(r, 2, 0, f, frame_make(f, far_away, 2, 64));
        assert_int_equal(r->h.wired, 2u - on);
        if (on != 0) {
            /* Set free as it is, it stops at the same descriptor again. */
            wr(r, 0, IGB_MDFB, UINT32_C(1) << 8);
            assert_int_equal(rd(r, 0, IGB_MDFB), UINT32_C(1) << 8);
            wr(r, 1, IGBVF_VTCTRL, IGB_CTRL_RST);
            wr(r, 0, IGB_MDFB, UINT32_C(1) << 8);
            assert_int_equal(rd(r, 0, IGB_MDFB), 0);
            rig_clear_reports(r);
        }
        rig_end(r);
    }
}

static void tail_before_descriptor(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint8_t f[64];

        wr(r, 1, tx_reg(r, 0, 0x18), 1);                          /* descriptor 0 is still empty */
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], 2); /* also no valid type */
        rig_clear_reports(r);
        r->tx_tail[1][0] = 1;
        for (uint32_t i = 1; i < RIG_SLOTS; i++)
            rig_send(r, 1, 0, f, frame_make(f, far_away, 1, 64));
        wr(r, 1, tx_reg(r, 0, 0x18), 1); /* descriptor 0 was skipped, then... */
        assert_int_not_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], 0);
        rig_clear_reports(r);
        wr(r, 1, tx_reg(r, 0, 0x18), 2); /* ... 1 holds its last write-back */
        assert_int_not_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], 0);
        rig_clear_reports(r);
        rig_end(r);
    }
}

static void descriptor_after_tail(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint8_t f[64];

        r->h.delay[SRIOV_DELAY_TX] = 1000;
        rig_send(r, 1, 0, f, frame_make(f, far_away, 1, 64));
        assert_int_equal(r->h.wired, 0);
        host_at(&r->h, rig_tx_ring(1, 0))[12] ^= 0x80; /* too late */
        host_advance(&r->h, 1000);
        assert_int_equal(r->h.reports[SRIOV_REPORT_STALE_DESC], 1);
        assert_int_equal(r->h.last_site.index, 0);
        rig_clear_reports(r);
        rig_end(r);
    }
}

static void ring_fills_when_late(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint8_t f[64];

        r->h.delay[SRIOV_DELAY_TX] = 5000;
        for (uint32_t i = 0; i < RIG_SLOTS - 1u; i++)
            rig_send(r, 1, 0, f, frame_make(f, far_away, 1, 64));
        assert_int_equal(rd(r, 1, tx_reg(r, 0, 0x10)), 0);
        assert_int_equal(rig_tx_dw(r, 1, 0, 0, 3) & 1u, 0);
        rig_tx_put(r, 1, 0, f, 64, DCMD_ALL, PAYLEN(64));
        rig_tx_kick(r, 1, 0); /* one too many: the tail reaches the head */
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_TAIL], 1);
        rig_clear_reports(r);
        host_advance(&r->h, 5000);
        assert_int_equal(r->h.wired, RIG_SLOTS - 1u);
        rig_end(r);
    }
}

static void bad_tails(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 1);

        wr(r, 1, tx_reg(r, 0, 0x18), 3); /* disabled */
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_SEQUENCE], 1);
        wr(r, 1, tx_reg(r, 0, r->c->txdctl), IXGBE_TXDCTL_ENABLE); /* no ring */
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_SEQUENCE], 2);
        wr(r, 1, tx_reg(r, 0, 0x18), 1);
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_TAIL], 1);
        wr(r, 1, tx_reg(r, 0, r->c->txdctl), 0);
        rig_clear_reports(r);
        rig_tx_start(r, 1, 0);
        wr(r, 1, tx_reg(r, 0, 0x18), RIG_SLOTS);
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_TAIL], 1);
        wr(r, 1, tx_reg(r, 0, 0), 0x1000); /* set up while enabled */
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_SEQUENCE], 1);
        rig_clear_reports(r);
        rig_end(r);
    }
}

static void switches_above_the_queue(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint32_t vfte = r->c == &rig_82599 ? IXGBE_PFVFTE(0u) : IGB_VFTE;
        uint8_t f[64];

        wr(r, 0, vfte, 0);
        rig_send(r, 1, 0, f, frame_make(f, far_away, 1, 64));
        assert_int_equal(r->h.wired, 0);
        wr(r, 0, vfte, 1);
        assert_int_equal(r->h.wired, 1);
        r->ops->carrier(r->m, false);
        rig_send(r, 1, 0, f, 64);
        assert_int_equal(r->h.wired, 1);
        r->ops->carrier(r->m, true);
        assert_int_equal(r->h.wired, 2);
        rig_end(r);
    }
}

static void dma_fault_hangs_the_queue(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint8_t f[64];

        r->h.dma_bad = rig_tx_buf(1, 0, 0);
        rig_send(r, 1, 0, f, frame_make(f, far_away, 1, 64));
        rig_send(r, 1, 0, f, 64);
        assert_int_equal(r->h.wired, 0);
        assert_int_equal(r->h.dma_refused, 1);
        r->h.dma_bad = 0;
        r->ops->flr(r->m, 1);
        cfg_wr(r, 1, 4, 2, 4);
        wr(r, 0, r->c == &rig_82599 ? IXGBE_PFVFTE(0u) : IGB_VFTE, 1);
        rig_tx_start(r, 1, 0);
        rig_send(r, 1, 0, f, 64);
        assert_int_equal(r->h.wired, 1);
        rig_end(r);
    }
}

static void write_back_faults(void **state)
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
        rig_send(r, 1, 0, f, 64);
        assert_int_equal(rig_tx_dw(r, 1, 0, 0, 3) & 1u, 0);
        assert_int_equal(rig_tx_dw(r, 1, 0, 1, 3) & 1u, 1); /* overtaken */
        host_advance(&r->h, 700);
        assert_int_equal(rig_tx_dw(r, 1, 0, 0, 3) & 1u, 1);
        rig_end(r);
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed;
}

/* Descriptors of random words, biased towards what is nearly right; the tail anywhere. */
static void any_descriptor_is_survived(void **state)
{
    uint32_t seed = 82599;

    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));

        for (uint32_t i = 0; i < 20000u; i++) {
            uint32_t dw[4] = {(uint32_t)rig_tx_buf(1, 0, i % RIG_SLOTS), 0, next_random(&seed),
                              next_random(&seed)};

            if (i % 3u != 0)
                dw[2] = (dw[2] & 0xcf0fffffu) | IXGBE_TXD_DCMD_DEXT |
                        (i % 5u ? IXGBE_TXD_DTYP_DATA : IXGBE_TXD_DTYP_CTXT);
            rig_tx_raw(r, 1, 0, dw);
            if (i % 7u == 0)
                r->tx_tail[1][0] = next_random(&seed) % RIG_SLOTS;
            rig_tx_kick(r, 1, 0);
            if (i % 50u == 0) {
                wr(r, 1, tx_reg(r, 0, r->c->txdctl), 0);
                rig_tx_start(r, 1, 0);
            }
        }
        assert_int_not_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], 0);
        rig_clear_reports(r);
        rig_end(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 7.2.3, 82576 7.2.2: sends, writes DD back", sends_and_writes_back),
        CASE("82599 7.2.3, 82576 7.2.2: gathers buffers up to EOP", gathers_buffers),
        CASE("82599 7.2.3, 82576 7.2.2: the ring wraps", wraps_round),
        CASE("82599 8.2.3.22, 82576 8.12: pads short frames", pads_short_frames),
        CASE("82599 8.2.3.9.11, 82576 7.2: head write-back", head_write_back),
        CASE("82599 7.2.3.2.3, 82576 7.2.2: VLAN from context, port VLAN", inserts_tags),
        CASE("82599 7.2.3.2.3, 82576 7.2.2: IXSM and TXSM", inserts_checksums),
        CASE("82599 7.2.3.2.4, 82576 7.2.2: malformed descriptors", malformed_descriptors),
        CASE("82576 8.12, 8.14: malicious drivers are stopped", malicious_drivers_are_stopped),
        CASE("82599 7.2.3, 82576 7.2.2: tail before the descriptor", tail_before_descriptor),
        CASE("82599 7.2.3, 82576 7.2.2: descriptor after the tail", descriptor_after_tail),
        CASE("82599 7.2.3, 82576 7.2.2: a ring that is full", ring_fills_when_late),
        CASE("82599 8.2.3.9, 82576 8.12: bad tails and sequences", bad_tails),
        CASE("82599 8.2.3.27, 82576 8.14: VFTE and link hold traffic back", switches_above_the_queue),
        CASE("82599 7.2, 82576 7.2: a DMA fault hangs the queue until a reset", dma_fault_hangs_the_queue),
        CASE("82599 7.2.3, 82576 7.2.2: late write-back", write_back_faults),
        CASE("82599 7.2.3, 82576 7.2.2: any descriptor is survived", any_descriptor_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
