/* SPDX-License-Identifier: BSD-3-Clause */
/* The PF's choices: one function without pools, four queues to a pool, filters that are seldom used. */
#include "rig.h"

#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#define CHIP(c) ((c) ? &rig_82576 : &rig_82599)
#define EACH(c) for (uint32_t c = 0; c < 2u; c++)
#define RING_RX 0x200000u
#define RING_TX 0x201000u
#define BUFFER  0x202000u

static const uint8_t pf_mac[6] = {0x02, 0, 0, 0, 1, 0};

static bool is_ixgbe(const struct rig *r)
{
    return r->c == &rig_82599;
}

static void put_desc(struct rig *r, uint64_t at, uint32_t dw2, uint32_t dw3)
{
    const uint32_t dw[4] = {BUFFER, 0, dw2, dw3};

    for (uint32_t i = 0; i < 16u; i++)
        *host_at(&r->h, at + i) = (uint8_t)(dw[i / 4u] >> (8u * (i % 4u)));
}

static uint32_t desc(struct rig *r, uint64_t at, uint32_t dw)
{
    const uint8_t *p = host_at(&r->h, at + 4u * dw);

    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A receive ring at any block of registers, with n buffers. */
static void rx_ring(struct rig *r, uint16_t fn, uint32_t block, uint64_t ring, uint32_t n)
{
    wr(r, fn, block, (uint32_t)ring);
    wr(r, fn, block + 8u, RIG_SLOTS * 16u);
    wr(r, fn, block + r->c->srrctl, IXGBE_SRRCTL_DESCTYPE_ADV_ONEBUF | 2u);
    wr(r, fn, block + r->c->rxdctl, IXGBE_RXDCTL_ENABLE);
    for (uint32_t i = 0; i < n; i++)
        put_desc(r, ring + 16u * i, 0, 0);
    wr(r, fn, block + 0x18u, n);
}

static void tx_ring(struct rig *r, uint32_t block)
{
    wr(r, 0, block, RING_TX);
    wr(r, 0, block + 8u, RIG_SLOTS * 16u);
    wr(r, 0, block + r->c->txdctl, IXGBE_TXDCTL_ENABLE);
}

/* No VFs, no pools: the PF is an ordinary port. */
static struct rig *single(const struct rig_chip *chip)
{
    struct rig *r = rig_new(chip, NULL);

    if (is_ixgbe(r)) {
        wr(r, 0, IXGBE_DMATXCTL, IXGBE_DMATXCTL_TE);
        wr(r, 0, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN);
        wr(r, 0, IXGBE_IVAR(0u), 0x8281u); /* receive: vector 1, transmit: vector 2 */
        wr(r, 0, IXGBE_GPIE, IXGBE_GPIE_MULTIPLE_MSIX);
        wr(r, 0, IXGBE_EIMS, 6);
    } else {
        wr(r, 0, IGB_CTRL, IGB_CTRL_SLU);
        wr(r, 0, IGB_TCTL, IGB_TCTL_EN | IGB_TCTL_PSP);
        wr(r, 0, IGB_RCTL, IGB_RCTL_RXEN);
        wr(r, 0, IGB_IVAR(0u), 0x8281u);
        wr(r, 0, IGB_GPIE, IGB_GPIE_MULTIPLE_MSIX);
        wr(r, 0, IGB_EIMS, 6);
    }
    rig_msix_on(r, 0, 3);
    rx_ring(r, 0, is_ixgbe(r) ? IXGBE_RDBAL(0u) : IGB_RXQ(0u), RING_RX, 6);
    tx_ring(r, is_ixgbe(r) ? IXGBE_TDBAL(0u) : IGB_TXQ(0u));
    return r;
}

static uint32_t pf_received(struct rig *r)
{
    return rd(r, 0, (is_ixgbe(r) ? IXGBE_RDBAL(0u) : IGB_RXQ(0u)) + 0x10u);
}

static void one_function_sends_and_receives(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = single(CHIP(c));
        uint8_t f[64];

        r->ops->wire_rx(r->m, f, frame_make(f, pf_mac, 9, 64));
        assert_int_equal(pf_received(r), 1);
        assert_int_equal(desc(r, RING_RX, 2) & 3u, 3);
        assert_int_equal(r->h.irqs[0][1], 1);
        f[5] = 7; /* not its address */
        r->ops->wire_rx(r->m, f, 64);
        assert_int_equal(pf_received(r), 1);
        put_desc(r, RING_TX, DCMD_ALL | 64u, 64u << IXGBE_TXD_PAYLEN_SHIFT);
        wr(r, 0, (is_ixgbe(r) ? IXGBE_TDBAL(0u) : IGB_TXQ(0u)) + 0x18u, 1);
        assert_int_equal(r->h.wired, 1);
        assert_int_equal(desc(r, RING_TX, 3) & 1u, 1);
        assert_int_equal(r->h.irqs[0][2], 1);
        rig_end(r);
    }
}

static void one_function_filters(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = single(CHIP(c));
        uint8_t f[1600];

        frame_make(f, pf_mac, 9, sizeof(f));
        r->ops->wire_rx(r->m, f, 1514);
        assert_int_equal(pf_received(r), 1);
        r->ops->wire_rx(r->m, f, 1515);
        assert_int_equal(pf_received(r), 1);
        assert_int_equal(rd(r, 0, is_ixgbe(r) ? IXGBE_ROC : IGB_ROC), 1);
        f[12] = 0x81;
        f[13] = 0;
        f[14] = 0;
        f[15] = 5;
        if (is_ixgbe(r))
            wr(r, 0, IXGBE_VLNCTRL, IXGBE_VLNCTRL_VFE);
        else
            wr(r, 0, IGB_RCTL, IGB_RCTL_RXEN | IGB_RCTL_VFE);
        r->ops->wire_rx(r->m, f, 64);
        assert_int_equal(pf_received(r), 1);
        wr(r, 0, is_ixgbe(r) ? IXGBE_VFTA(0u) : IGB_VFTA(0u), 1u << 5);
        r->ops->wire_rx(r->m, f, 64);
        assert_int_equal(pf_received(r), 2);
        rig_end(r);
    }
}

/* 32 pools of four queues: the hash's low bits choose one, and a VF has no fifth. */
static void four_queues_to_a_pool(void **state)
{
    struct rig *r = rig_up(&rig_82599, NULL, 2);
    uint8_t f[128], mac[6];
    uint32_t n, block = rx_reg(r, 3, 0);

    (void)state;
    rig_mac(2, mac);
    n = frame_ipv4(f, mac, 9, 20, false, 1000);
    wr(r, 0, IXGBE_MRQC, IXGBE_MRQC_MRQE_VMDQRSS32 | IXGBE_MRQC_RSS_IPV4_UDP);
    wr(r, 0, IXGBE_PSRTYPE(1u), 2u << IXGBE_PSRTYPE_RQPL_SHIFT);
    for (uint32_t i = 0; i < 32u; i++)
        wr(r, 0, IXGBE_RETA(i), 0x03030303u);
    rx_ring(r, 2, block, RING_RX, 4);
    assert_int_equal(rd(r, 0, IXGBE_RDBAL(7u)), RING_RX); /* pool 1, its queue 3 */
    r->ops->wire_rx(r->m, f, n);
    assert_int_equal(rd(r, 2, block + 0x10u), 1);
    wr(r, 0, IXGBE_PSRTYPE(1u), 1u << IXGBE_PSRTYPE_RQPL_SHIFT); /* only two of them by hash */
    r->ops->wire_rx(r->m, f, n);
    assert_int_equal(rd(r, 2, block + 0x10u), 1);
    assert_int_equal(host_reports(&r->h), 0);
    wr(r, 2, rx_reg(r, 4, r->c->rxdctl), IXGBE_RXDCTL_ENABLE);
    assert_int_equal(r->h.reports[SRIOV_REPORT_UNMODELLED], 1);
    rig_clear_reports(r);
    rig_end(r);
}

/* The hash table for unicast, for the pools that take part. */
static void unicast_by_hash(void **state)
{
    static const uint8_t other[6] = {0x02, 0, 0, 0, 0x10, 0}; /* hash 001h */

    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 2);
        uint8_t f[64];

        rig_queues(r, 1);
        rig_queues(r, 2);
        frame_make(f, other, 9, 64);
        wr(r, 0, is_ixgbe(r) ? IXGBE_PFUTA(0u) : IGB_UTA(0u), 1u << 1);
        wr(r, 0, r->c->pool_filter + 4u, rd(r, 0, r->c->pool_filter + 4u) | IXGBE_PFVML2FLT_ROPE);
        r->ops->wire_rx(r->m, f, 64);
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        rig_end(r);
    }
}

/* Whoever is checked for its VLAN, too, sends tagged only where it is a member. */
static void vlan_spoofing_is_stopped(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 1);
        uint8_t f[64] = {0x0a, 0, 0, 0, 0, 1};

        rig_queues(r, 1);
        rig_mac(1, f + 6);
        f[12] = 0x81;
        f[15] = 5;
        if (is_ixgbe(r))
            wr(r, 0, IXGBE_PFVFSPOOF(0u), IXGBE_PFVFSPOOF_MACAS(0u) | IXGBE_PFVFSPOOF_VLANAS(0u));
        else
            wr(r, 0, IGB_DTXSWC, IGB_DTXSWC_LOOPBACK_EN | IGB_DTXSWC_MACAS(0u) | IGB_DTXSWC_VLANAS(0u));
        rig_send(r, 1, 0, f, 64);
        assert_int_equal(r->h.wired, 0);
        if (is_ixgbe(r)) {
            wr(r, 0, IXGBE_PFVLVF(0u), IXGBE_PFVLVF_VI_EN | 5u);
            wr(r, 0, IXGBE_PFVLVFB(0u), 1);
        } else {
            wr(r, 0, IGB_VLVF(0u), IGB_VLVF_VI_EN | 1u << IGB_VLVF_POOLSEL_SHIFT | 5u);
        }
        rig_send(r, 1, 0, f, 64);
        assert_int_equal(r->h.wired, 1);
        rig_end(r);
    }
}

/* UDP over IPv6, its checksum right and wrong. */
static void ipv6_checksums(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 1);
        uint8_t f[70] = {0}, *ip = f + 14;
        uint32_t sum = 0;

        rig_queues(r, 1);
        rig_mac(1, f);
        f[12] = 0x86;
        f[13] = 0xdd;
        ip[0] = 0x60;
        ip[5] = 16;
        ip[6] = 17;
        ip[8] = 0xfe;
        ip[23] = 1;
        ip[39] = 2;
        ip[45] = 16;
        for (uint32_t i = 8; i < 56u; i += 2u)
            sum += (uint32_t)ip[i] << 8 | ip[i + 1u];
        sum += 16u + 17u;
        sum = ~((sum & 0xffffu) + (sum >> 16)) & 0xffffu;
        ip[46] = (uint8_t)(sum >> 8);
        ip[47] = (uint8_t)sum;
        r->ops->wire_rx(r->m, f, sizeof(f));
        ip[55] ^= 1u;
        r->ops->wire_rx(r->m, f, sizeof(f));
        assert_int_equal(rig_rx_count(r, 1, 0), 2);
        assert_int_not_equal(rig_rx_dw(r, 1, 0, 0, 2) & IXGBE_RXD_STAT_L4CS, 0);
        assert_int_equal(rig_rx_dw(r, 1, 0, 0, 2) & (r->c->err_l4 | IXGBE_RXD_STAT_IPCS), 0);
        assert_int_not_equal(rig_rx_dw(r, 1, 0, 1, 2) & r->c->err_l4, 0);
        rig_end(r);
    }
}

/* A VLAN that stays in the device and double VLAN are not modelled: said, not passed over. */
static void vlan_features_are_refused(void **state)
{
    struct rig *r = rig_up(&rig_82599, NULL, 1);

    (void)state;
    wr(r, 0, IXGBE_DMATXCTL, IXGBE_DMATXCTL_TE | IXGBE_DMATXCTL_GDV);
    assert_int_equal(r->h.reports[SRIOV_REPORT_UNMODELLED], 1);
    rig_clear_reports(r);
    rig_end(r);
    r = rig_up(&rig_82576, NULL, 1);
    wr(r, 0, IGB_VLVF(0u), IGB_VLVF_VI_EN | IGB_VLVF_LVLAN | 5u);
    assert_int_equal(r->h.reports[SRIOV_REPORT_UNMODELLED], 1);
    rig_clear_reports(r);
    rig_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 7.1, 82576 7.1: one function without pools", one_function_sends_and_receives),
        CASE("82599 7.1.1, 82576 7.1.1: its filters", one_function_filters),
        CASE("82599 7.1.2.2: four queues to a pool", four_queues_to_a_pool),
        CASE("82599 7.10.3.3, 82576 7.10.3.3: unicast by hash", unicast_by_hash),
        CASE("82599 7.10.3.9.2, 82576 7.10.3.9: anti-spoofing of VLANs", vlan_spoofing_is_stopped),
        CASE("82599 7.1.11, 82576 7.1.11: checksums over IPv6", ipv6_checksums),
        CASE("82599 8.2.3.9, 82576 8.14: GDV and VLVF.LVLAN", vlan_features_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
