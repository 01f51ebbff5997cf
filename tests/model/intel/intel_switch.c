/* SPDX-License-Identifier: BSD-3-Clause */
/* The internal switch: 82599 datasheet, section 7.10.3; 82576 datasheet, section 7.10.3. */
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include "rig.h"

static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};
#define EACH(c) for (uint32_t c##_i = 0; c##_i < 2u; c##_i++)
#define CHIP(c) (chips[c##_i])

static struct rig *three_vfs(const struct rig_chip *c)
{
    struct rig *r = rig_up(c, NULL, 3);

    for (uint16_t fn = 1; fn <= 3u; fn++)
        rig_queues(r, fn);
    return r;
}

static uint32_t from_to(struct rig *r, uint16_t from, uint16_t to, uint8_t *f)
{
    uint8_t mac[6];

    (void)r;
    rig_mac(to, mac);
    return frame_make(f, mac, from, 64);
}

static void unicast_between_vfs(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = three_vfs(CHIP(c));
        uint8_t f[64];

        rig_send(r, 1, 0, f, from_to(r, 1, 2, f));
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        assert_true(rig_rx_dw(r, 2, 0, 0, 2) & IXGBE_RXD_STAT_LB);
        assert_int_equal(rig_rx_count(r, 1, 0) + rig_rx_count(r, 3, 0), 0);
        assert_int_equal(r->h.wired, 0); /* its receiver is here */
        rig_send(r, 1, 0, f, from_to(r, 1, 30, f));
        assert_int_equal(r->h.wired, 1);
        assert_int_equal(rig_rx_count(r, 2, 0) + rig_rx_count(r, 3, 0), 0);
        /* To itself: not given back, not sent out. */
        rig_send(r, 1, 0, f, from_to(r, 1, 1, f));
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        rig_end(r);
    }
}

/* What a replay puts in at a VF's port goes where the VF's own frames go, and no further. */
static void frames_enter_at_a_port(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 2);
        uint8_t f[64], mac[6];
        uint32_t vfte = r->c == &rig_82599 ? IXGBE_PFVFTE(0u) : IGB_VFTE;

        rig_queues(r, 2);
        rig_mac(2, mac);
        frame_make(f, mac, 1, 64);
        r->ops->port_tx(r->m, 1, f, 64);
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        assert_int_equal(r->h.wired, 0);
        assert_int_equal(r->h.taps[1][0], 1);
        f[0] = 0x0a; /* nobody here */
        r->ops->port_tx(r->m, 1, f, 64);
        assert_int_equal(r->h.wired, 1);
        r->ops->port_tx(r->m, 0, f, 64);
        r->ops->port_tx(r->m, 3, f, 64);
        r->ops->port_tx(r->m, 1, f, 13);
        wr(r, 0, vfte, 2);
        r->ops->port_tx(r->m, 1, f, 64);
        wr(r, 0, vfte, 3);
        r->ops->carrier(r->m, false);
        r->ops->port_tx(r->m, 1, f, 64);
        assert_int_equal(r->h.wired, 1);
        assert_int_equal(r->h.taps[1][0], 2);
        rig_end(r);
    }
}

static void loopback_can_be_off(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = three_vfs(CHIP(c));
        uint8_t f[64];

        wr(r, 0, r->c == &rig_82599 ? IXGBE_PFDTXGSWC : IGB_DTXSWC, 0);
        rig_send(r, 1, 0, f, from_to(r, 1, 2, f));
        assert_int_equal(rig_rx_count(r, 2, 0), 0);
        assert_int_equal(r->h.wired, 1);
        rig_end(r);
    }
}

static void broadcast_reaches_the_others(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = three_vfs(CHIP(c));
        uint8_t f[64];

        rig_send(r, 1, 0, f, frame_make(f, broadcast, 1, 64));
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        assert_int_equal(rig_rx_count(r, 3, 0), 1);
        assert_int_equal(r->h.wired, 1);
        r->ops->wire_rx(r->m, f, frame_make(f, broadcast, 9, 64));
        for (uint16_t fn = 1; fn <= 3u; fn++)
            assert_int_equal(rig_rx_count(r, fn, 0), 1);
        /* Without BAM, and without replication. */
        wr(r, 0, r->c->pool_filter, rd(r, 0, r->c->pool_filter) & ~IXGBE_PFVML2FLT_BAM);
        r->ops->wire_rx(r->m, f, 64);
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        wr(r, 0, r->c == &rig_82599 ? IXGBE_PFVTCTL : IGB_VT_CTL,
           1u | 2u << 7); /* to the default pool only */
        r->ops->wire_rx(r->m, f, 64);
        assert_int_equal(rig_rx_count(r, 2, 0), 0);
        assert_int_equal(rig_rx_count(r, 3, 0), 2);
        rig_end(r);
    }
}

static void multicast_by_hash(void **state)
{
    static const uint8_t group[6] = {0x01, 0x00, 0x5e, 0x01, 0x23, 0x45};

    (void)state;
    EACH(c)
    {
        struct rig *r = three_vfs(CHIP(c));
        uint32_t hash = (0x45u << 4 | 0x23u >> 4) & 0xfffu, mta = IXGBE_MTA(hash >> 5);
        uint8_t f[64];

        r->ops->wire_rx(r->m, f, frame_make(f, group, 9, 64));
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        wr(r, 0, mta, UINT32_C(1) << (hash & 31u));
        r->ops->wire_rx(r->m, f, 64);
        assert_int_equal(rig_rx_count(r, 1, 0), 1);
        assert_int_equal(rd(r, 1, r->c->mprc), 1);
        wr(r, 0, r->c->pool_filter, rd(r, 0, r->c->pool_filter) & ~IXGBE_PFVML2FLT_ROMPE);
        r->ops->wire_rx(r->m, f, 64);
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        wr(r, 0, mta, 0);
        wr(r, 0, r->c->pool_filter, rd(r, 0, r->c->pool_filter) | IXGBE_PFVML2FLT_MPE);
        r->ops->wire_rx(r->m, f, 64);
        assert_int_equal(rig_rx_count(r, 1, 0), 1);
        rig_end(r);
    }
}

static void vlan_membership(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = three_vfs(CHIP(c));
        uint8_t f[68];

        frame_make(f, broadcast, 9, 68);
        f[12] = 0x81;
        f[13] = 0;
        f[14] = 0;
        f[15] = 100;
        if (r->c == &rig_82599) {
            wr(r, 0, IXGBE_VLNCTRL, 0x8100u | IXGBE_VLNCTRL_VFE);
            wr(r, 0, IXGBE_PFVLVF(5u), IXGBE_PFVLVF_VI_EN | 100u);
            wr(r, 0, IXGBE_PFVLVFB(10u), 2); /* pool 1: VF 1 */
            wr(r, 0, IXGBE_VFTA(3u), 1u << 4);
        } else {
            wr(r, 0, IGB_RCTL, rd(r, 0, IGB_RCTL) | IGB_RCTL_VFE);
            wr(r, 0, IGB_VLVF(5u), IGB_VLVF_VI_EN | 100u | 2u << IGB_VLVF_POOLSEL_SHIFT);
            wr(r, 0, IGB_VFTA(3u), 1u << 4);
        }
        r->ops->wire_rx(r->m, f, 68);
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        f[15] = 101; /* nobody's */
        r->ops->wire_rx(r->m, f, 68);
        assert_int_equal(rig_rx_count(r, 2, 0), 0);
        /* Untagged needs AUPE. */
        wr(r, 0, r->c->pool_filter, rd(r, 0, r->c->pool_filter) & ~IXGBE_PFVML2FLT_AUPE);
        r->ops->wire_rx(r->m, f, frame_make(f, broadcast, 9, 64));
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        rig_end(r);
    }
}

static void spoofing_is_stopped(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = three_vfs(CHIP(c));
        bool ixgbe = r->c == &rig_82599;
        uint8_t f[64];

        if (ixgbe) {
            wr(r, 0, IXGBE_PFVFSPOOF(0u), IXGBE_PFVFSPOOF_MACAS(0u));
            wr(r, 0, IXGBE_PFVMECM(0u), 1);
        } else {
            wr(r, 0, IGB_DTXSWC, IGB_DTXSWC_LOOPBACK_EN | IGB_DTXSWC_MACAS(0u));
        }
        rig_send(r, 1, 0, f, from_to(r, 3, 2, f)); /* VF 0 with VF 2's address */
        assert_int_equal(rig_rx_count(r, 2, 0), 0);
        assert_int_equal(rd(r, 0, ixgbe ? IXGBE_SSVPC : IGB_SSVPC), 1);
        assert_int_equal(rd(r, 0, ixgbe ? IXGBE_SSVPC : IGB_SSVPC), 0);
        if (!ixgbe)
            assert_int_equal(rd(r, 0, IGB_WVBR), 1);
        rig_send(r, 1, 0, f, from_to(r, 1, 2, f));
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        rig_send(r, 3, 0, f, from_to(r, 1, 2, f)); /* VF 2 is not checked */
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        rig_end(r);
    }
}

static void default_pool_takes_the_rest(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = three_vfs(CHIP(c));
        bool ixgbe = r->c == &rig_82599;
        uint8_t f[64];

        from_to(r, 9, 40, f);
        r->ops->wire_rx(r->m, f, 64); /* not for this port */
        if (ixgbe)
            wr(r, 0, IXGBE_FCTRL, IXGBE_FCTRL_BAM | IXGBE_FCTRL_UPE);
        else
            wr(r, 0, IGB_RCTL, rd(r, 0, IGB_RCTL) | IGB_RCTL_UPE);
        wr(r, 0, ixgbe ? IXGBE_PFVTCTL : IGB_VT_CTL, 1u | 2u << 7 | IXGBE_PFVTCTL_RPL_EN);
        r->ops->wire_rx(r->m, f, 64);
        assert_int_equal(rig_rx_count(r, 1, 0) + rig_rx_count(r, 2, 0), 0);
        assert_int_equal(rig_rx_count(r, 3, 0), 1);
        wr(r, 0, ixgbe ? IXGBE_PFVTCTL : IGB_VT_CTL, 1u | 2u << 7 | IXGBE_PFVTCTL_DIS_DEF_POOL);
        r->ops->wire_rx(r->m, f, 64);
        assert_int_equal(rig_rx_count(r, 3, 0), 0);
        rig_end(r);
    }
}

static void receive_enable_of_a_vf(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = three_vfs(CHIP(c));
        uint8_t f[64];

        wr(r, 0, r->c == &rig_82599 ? IXGBE_PFVFRE(0u) : IGB_VFRE, 2);
        r->ops->wire_rx(r->m, f, frame_make(f, broadcast, 9, 64));
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        rig_end(r);
    }
}

/* Of the VFs of this family only the I350's swap it, and its drivers know. */
static void loopback_tag_is_as_any_other(void **state)
{
    struct rig *r = three_vfs(&rig_82576);
    uint8_t f[68];

    (void)state;
    wr(r, 0, IGB_VMOLR(1u), rd(r, 0, IGB_VMOLR(1u)) | IGB_VMOLR_STRVLAN);
    frame_make(f, broadcast, 1, 68);
    f[12] = 0x81;
    f[13] = 0;
    f[14] = 0x20;
    f[15] = 0x64;
    rig_send(r, 1, 0, f, 68);
    assert_int_equal(rig_rx_dw(r, 2, 0, 0, 3) >> 16, 0x2064);
    r->ops->wire_rx(r->m, f, 68);
    assert_int_equal(rig_rx_dw(r, 2, 0, 1, 3) >> 16, 0x2064);
    rig_end(r);
}

static void features_that_are_not_there(void **state)
{
    struct rig *r = three_vfs(&rig_82599);

    (void)state;
    wr(r, 0, IXGBE_PFMRCTL(0u), 0);
    assert_int_equal(host_reports(&r->h), 0);
    wr(r, 0, IXGBE_PFMRCTL(0u), 1);
    wr(r, 0, IXGBE_PFVMTXSW(1u), 1);
    wr(r, 1, IXGBE_VFRSCCTL(0u), 1);
    assert_int_equal(r->h.reports[SRIOV_REPORT_UNMODELLED], 3);
    rig_clear_reports(r);
    rig_end(r);
}

static void loopback_counters(void **state)
{
    struct rig *r = three_vfs(&rig_82576);
    uint8_t f[64];

    (void)state;
    rig_send(r, 1, 0, f, from_to(r, 1, 2, f));
    assert_int_equal(rd(r, 1, IGBVF_VFGPTLBC), 1);
    assert_int_equal(rd(r, 1, IGBVF_VFGOTLBC), 68);
    assert_int_equal(rd(r, 2, IGBVF_VFGPRLBC), 1);
    assert_int_equal(rd(r, 0, IGB_PVFGORLBC(1u)), 68);
    rig_end(r);
}

static void port_counters_clear_on_read(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = three_vfs(CHIP(c));
        uint8_t f[64];

        r->ops->wire_rx(r->m, f, frame_make(f, broadcast, 9, 64));
        rig_send(r, 1, 0, f, frame_make(f, broadcast, 1, 64));
        assert_int_equal(rd(r, 0, IXGBE_GPRC), 1);
        assert_int_equal(rd(r, 0, IXGBE_GPRC), 0);
        assert_int_equal(rd(r, 0, IXGBE_BPRC), 1);
        assert_int_equal(rd(r, 0, IXGBE_GORCL), 68);
        assert_int_equal(rd(r, 0, IXGBE_GPTC), 1);
        assert_int_equal(rd(r, 0, IXGBE_GOTCL), 68);
        assert_int_equal(rd(r, 0, IXGBE_PRC127), 1);
        rig_end(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 7.10.3, 82576 7.10.3: unicast between VFs", unicast_between_vfs),
        CASE("82599 7.10.3, 82576 7.10.3: frames put in at a VF's port", frames_enter_at_a_port),
        CASE("82599 8.2.3.27, 82576 8.14: loopback can be off", loopback_can_be_off),
        CASE("82599 7.10.3, 82576 7.10.3: broadcast", broadcast_reaches_the_others),
        CASE("82599 8.2.3.7, 82576 8.10: multicast by hash", multicast_by_hash),
        CASE("82599 7.10.3, 82576 7.10.3: VLAN membership", vlan_membership),
        CASE("82599 8.2.3.27, 82576 8.14: anti-spoofing", spoofing_is_stopped),
        CASE("82599 7.10.3, 82576 7.10.3: default pool", default_pool_takes_the_rest),
        CASE("82599 8.2.3.27, 82576 8.14: VFRE", receive_enable_of_a_vf),
        CASE("82576 7.1.5: the tag of a frame from another VF", loopback_tag_is_as_any_other),
        CASE("82599 8.2.3.27: what is not modelled says so", features_that_are_not_there),
        CASE("82576 8.18: loopback counters", loopback_counters),
        CASE("82599 8.2.3.23, 82576 8.18: port counters", port_counters_clear_on_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
