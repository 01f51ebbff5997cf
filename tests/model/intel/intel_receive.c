/* SPDX-License-Identifier: BSD-3-Clause */
/* 82599 datasheet, section 7.1; 82576 datasheet, section 7.1. */
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include "rig.h"

static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};
#define EACH(c) for (uint32_t c##_i = 0; c##_i < 2u; c##_i++)
#define CHIP(c) (chips[c##_i])

static struct rig *vf_rx(const struct rig_chip *c)
{
    struct rig *r = rig_up(c, NULL, 2);

    rig_queues(r, 1);
    return r;
}

static uint32_t to_vf(struct rig *r, uint16_t fn, uint8_t *f, uint32_t len)
{
    uint8_t mac[6];

    (void)r;
    rig_mac(fn, mac);
    return frame_make(f, mac, 9, len);
}

static void writes_back(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_rx(CHIP(c));
        uint8_t f[128];

        r->ops->wire_rx(r->m, f, to_vf(r, 1, f, 128));
        assert_int_equal(rig_rx_dw(r, 1, 0, 0, 2) & 0x3u, IXGBE_RXD_STAT_DD | IXGBE_RXD_STAT_EOP);
        assert_int_equal(rig_rx_dw(r, 1, 0, 0, 2) & IXGBE_RXD_STAT_LB, 0);
        assert_int_equal(rig_rx_dw(r, 1, 0, 0, 3), 128);
        assert_memory_equal(host_at(&r->h, rig_rx_buf(1, 0, 0)), f, 128);
        assert_int_equal(rd(r, 1, rx_reg(r, 0, 0x10)), 1);
        assert_int_equal(rd(r, 1, r->c->gprc), 1);
        assert_int_equal(rd(r, 1, r->c->gorc), 132); /* with FCS */
        assert_int_equal(r->h.taps[1][1], 1);
        rig_end(r);
    }
}

static void jumbo_takes_several(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_rx(CHIP(c));
        static uint8_t f[9000];

        if (r->c == &rig_82599) {
            wr(r, 0, IXGBE_MAXFRS, 9018u << IXGBE_MAXFRS_MFS_SHIFT);
            wr(r, 0, IXGBE_HLREG0, rd(r, 0, IXGBE_HLREG0) | IXGBE_HLREG0_JUMBOEN);
        } else {
            wr(r, 0, IGB_VMOLR(0u), (rd(r, 0, IGB_VMOLR(0u)) & ~IGB_VMOLR_RLPML) | IGB_VMOLR_LPE | 9018u);
        }
        r->ops->wire_rx(r->m, f, to_vf(r, 1, f, 9000));
        for (uint32_t i = 0; i < 5u; i++) {
            uint32_t n = i < 4u ? 2048u : 9000u - 8192u;

            assert_int_equal(rig_rx_dw(r, 1, 0, i, 2) & 3u, i < 4u ? 1u : 3u);
            assert_int_equal(rig_rx_dw(r, 1, 0, i, 3) & 0xffffu, n);
            assert_memory_equal(host_at(&r->h, rig_rx_buf(1, 0, i)), f + 2048u * i, n);
        }
        r->ops->wire_rx(r->m, f, to_vf(r, 1, f, 1514));
        assert_int_equal(rig_rx_dw(r, 1, 0, 5, 2) & 3u, 3);
        rig_end(r);
    }
}

static void too_long_is_dropped(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_rx(CHIP(c));
        static uint8_t f[16400];

        r->ops->wire_rx(r->m, f, to_vf(r, 1, f, 1515));
        r->ops->wire_rx(r->m, f, to_vf(r, 1, f, 16400));
        r->ops->wire_rx(r->m, f, 13);
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        r->ops->wire_rx(r->m, f, to_vf(r, 1, f, 1514));
        assert_int_equal(rig_rx_count(r, 1, 0), 1);
        rig_end(r);
    }
}

static uint32_t status_of(struct rig *r, const uint8_t *f, uint32_t len)
{
    uint32_t slot = rd(r, 1, rx_reg(r, 0, 0x10));

    r->ops->wire_rx(r->m, f, len);
    return rig_rx_dw(r, 1, 0, slot, 2);
}

static void checksums_are_verified(void **state)
{
    const uint32_t looked = IXGBE_RXD_STAT_IPCS | IXGBE_RXD_STAT_L4CS;

    (void)state;
    EACH(c)
    {
        struct rig *r = vf_rx(CHIP(c));
        uint8_t f[200], mac[6];
        uint32_t len, s;

        rig_mac(1, mac);
        for (uint32_t tcp = 0; tcp < 2u; tcp++) {
            len = frame_ipv4(f, mac, 9, 51, tcp != 0, 80);
            s = status_of(r, f, len);
            assert_int_equal(s & looked, looked);
            assert_int_equal(s & (r->c->err_ip | r->c->err_l4), 0);
            assert_int_equal((s & IXGBE_RXD_STAT_UDPCS) != 0, tcp == 0);
            f[len - 1u] ^= 1; /* payload */
            s = status_of(r, f, len);
            assert_int_equal(s & (r->c->err_ip | r->c->err_l4), r->c->err_l4);
        }
        len = frame_ipv4(f, mac, 9, 51, false, 80);
        f[22] ^= 1; /* TTL */
        s = status_of(r, f, len);
        assert_int_equal(s & (r->c->err_ip | r->c->err_l4), r->c->err_ip);
        f[22] ^= 1;
        f[40] = f[41] = 0; /* UDP without a checksum */
        assert_int_equal(status_of(r, f, len) & looked, IXGBE_RXD_STAT_IPCS);
        assert_int_equal(status_of(r, f, to_vf(r, 1, f, 64)) & looked, 0);
        rig_end(r);
    }
}

static void hostile_headers(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_rx(CHIP(c));
        uint8_t f[64], mac[6];

        rig_mac(1, mac);
        for (uint32_t n = 14; n <= 64u; n++)
            for (uint32_t v = 0; v < 4u; v++) {
                static const uint8_t first[4] = {0x45, 0x4f, 0x60, 0x40};

                frame_make(f, mac, 9, 64);
                f[12] = v == 2u ? 0x86 : 0x08;
                f[13] = v == 2u ? 0xdd : 0x00;
                f[14] = first[v];
                f[16] = 0xff;
                f[18] = 0;
                r->ops->wire_rx(r->m, f, n);
                (void)rig_rx_count(r, 1, 0);
                rig_rx_give(r, 1, 0, 1);
            }
        rig_end(r);
    }
}

static void strips_tags(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_rx(CHIP(c));
        uint8_t f[68];

        to_vf(r, 1, f, 68);
        f[12] = 0x81;
        f[13] = 0;
        f[14] = 0x20;
        f[15] = 0x64;
        r->ops->wire_rx(r->m, f, 68); /* not asked for: stays in */
        assert_int_equal(rig_rx_dw(r, 1, 0, 0, 3), 68);
        if (r->c == &rig_82599)
            wr(r, 1, rx_reg(r, 0, 0x28), IXGBE_RXDCTL_ENABLE | IXGBE_RXDCTL_VME);
        else
            wr(r, 0, IGB_VMOLR(0u), rd(r, 0, IGB_VMOLR(0u)) | IGB_VMOLR_STRVLAN);
        r->ops->wire_rx(r->m, f, 68);
        assert_int_equal(rig_rx_dw(r, 1, 0, 1, 3), 0x20640000u | 64u);
        assert_true(rig_rx_dw(r, 1, 0, 1, 2) & IXGBE_RXD_STAT_VP);
        assert_memory_equal(host_at(&r->h, rig_rx_buf(1, 0, 1)), f, 12);
        assert_memory_equal(host_at(&r->h, rig_rx_buf(1, 0, 1)) + 12, f + 16, 52);
        rig_end(r);
    }
}

static void keeps_fcs_when_asked(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_rx(CHIP(c));
        uint8_t f[64];

        if (r->c == &rig_82599)
            wr(r, 0, IXGBE_HLREG0, rd(r, 0, IXGBE_HLREG0) & ~IXGBE_HLREG0_RXCRCSTRP);
        else
            wr(r, 0, IGB_VMOLR(0u), rd(r, 0, IGB_VMOLR(0u)) & ~IGB_VMOLR_STRCRC);
        r->ops->wire_rx(r->m, f, to_vf(r, 1, f, 64));
        assert_int_equal(rig_rx_dw(r, 1, 0, 0, 3), 68);
        rig_end(r);
    }
}

static void drop_enable_counts(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 2);
        uint8_t f[64];
        uint32_t n = to_vf(r, 1, f, 64);

        rig_rx_start(r, 1, 0, 2, r->c->drop_en);
        rig_rx_give(r, 1, 0, 2);
        for (uint32_t i = 0; i < 5u; i++)
            r->ops->wire_rx(r->m, f, n);
        assert_int_equal(rig_rx_count(r, 1, 0), 2);
        if (r->c == &rig_82576) {
            assert_int_equal(rd(r, 1, IGBVF_RQDPC(0u)), 3);
            assert_int_equal(rd(r, 1, IGBVF_RQDPC(0u)), 0);
        } else {
            assert_int_equal(rd(r, 0, IXGBE_QPRDC(0u)), 3);
        }
        rig_rx_give(r, 1, 0, 1);
        assert_int_equal(rig_rx_count(r, 1, 0), 0); /* what was dropped is gone */
        rig_end(r);
    }
}

static void without_drop_enable_all_wait(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 2);
        uint8_t f[64], g[64];
        uint32_t n = to_vf(r, 1, f, 64), k = to_vf(r, 2, g, 64);

        rig_rx_start(r, 1, 0, 2, 0);
        rig_rx_give(r, 1, 0, 1);
        rig_queues(r, 2);
        r->ops->wire_rx(r->m, f, n);
        r->ops->wire_rx(r->m, f, n); /* waits in the packet buffer */
        r->ops->wire_rx(r->m, g, k); /* behind it */
        assert_int_equal(rig_rx_count(r, 2, 0), 0);
        assert_int_equal(rig_rx_count(r, 1, 0), 1);
        rig_rx_give(r, 1, 0, 1);
        assert_int_equal(rig_rx_count(r, 1, 0), 1);
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        /* The buffer is finite. */
        for (uint32_t i = 0; i < 10000u; i++)
            r->ops->wire_rx(r->m, f, n);
        assert_int_not_equal(rd(r, 0, r->c == &rig_82599 ? IXGBE_MPC(0u) : IGB_MPC), 0);
        /* A reset of who holds it up lets the rest move up. */
        wr(r, 1, r->c->ctrl, IXGBE_CTRL_RST);
        r->ops->wire_rx(r->m, g, k);
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        wr(r, 0, r->c == &rig_82599 ? IXGBE_PFVFRE(0u) : IGB_VFRE, 3);
        rig_rx_start(r, 1, 0, 2, 0);
        r->ops->wire_rx(r->m, f, n);
        /* And so does its queue when it is disabled. */
        wr(r, 1, rx_reg(r, 0, 0x28), 0);
        r->ops->wire_rx(r->m, g, k);
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        rig_end(r);
    }
}

/* Who held up all others is reset, or there no more: their frames need no further arrival. */
static void who_waits_moves_up_at_once(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 2);
        uint8_t f[64], g[64];
        uint32_t n = to_vf(r, 2, f, 64), k = to_vf(r, 1, g, 64);

        for (uint32_t way = 0; way < 2u; way++) {
            rig_rx_start(r, 2, 0, 2, 0); /* no buffers */
            wr(r, 1, rx_reg(r, 0, r->c->rxdctl), 0);
            rig_rx_start(r, 1, 0, 2, 0);
            rig_rx_give(r, 1, 0, 2);
            r->ops->wire_rx(r->m, f, n);
            r->ops->wire_rx(r->m, g, k);
            assert_int_equal(rig_rx_count(r, 1, 0), 0);
            if (way == 0)
                wr(r, 2, r->c->ctrl, IXGBE_CTRL_RST);
            else
                r->ops->flr(r->m, 2);
            assert_int_equal(rig_rx_count(r, 1, 0), 1);
            wr(r, 0, r->c == &rig_82599 ? IXGBE_PFVFRE(0u) : IGB_VFRE, 3);
            cfg_wr(r, 2, 4, 2, 4);
        }
        rig_end(r);
    }
}

static void pf_may_force_drop(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 2);
        uint8_t f[64];
        uint32_t n = to_vf(r, 1, f, 64);

        rig_rx_start(r, 1, 0, 2, 0);
        if (r->c == &rig_82599)
            wr(r, 0, IXGBE_PFQDE, IXGBE_PFQDE_QDE | IXGBE_PFQDE_WE);
        else
            wr(r, 0, IGB_QDE, 1);
        r->ops->wire_rx(r->m, f, n);
        rig_rx_give(r, 1, 0, 1);
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        rig_end(r);
    }
}

static void stale_and_unwritten_descriptors(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = rig_up(CHIP(c), NULL, 1);
        uint8_t f[64];
        uint32_t n = to_vf(r, 1, f, 64);

        rig_rx_start(r, 1, 0, 2, 0);
        wr(r, 1, rx_reg(r, 0, 0x18), 1);
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], 1); /* empty */
        rig_clear_reports(r);
        rig_rx_start(r, 1, 0, 2, 0);
        wr(r, 1, rx_reg(r, 0, 0x28), 0);
        rig_rx_start(r, 1, 0, 2, 0);
        rig_rx_give(r, 1, 0, RIG_SLOTS - 1u);
        host_at(&r->h, rig_rx_ring(1, 0))[1] ^= 0x10; /* a buffer moved under the device */
        r->ops->wire_rx(r->m, f, n);
        assert_int_equal(r->h.reports[SRIOV_REPORT_STALE_DESC], 1);
        rig_clear_reports(r);
        for (uint32_t i = 0; i < RIG_SLOTS - 2u; i++)
            r->ops->wire_rx(r->m, f, n);
        rig_rx_give(r, 1, 0, 1);
        wr(r, 1, rx_reg(r, 0, 0x18), 1); /* descriptor 0 still holds its write-back */
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], 1);
        rig_clear_reports(r);
        wr(r, 1, rx_reg(r, 0, 0x18), 5);
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], 4);
        rig_clear_reports(r);
        rig_end(r);
    }
}

static void write_back_faults(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_rx(CHIP(c));
        uint8_t f[64];
        uint32_t n = to_vf(r, 1, f, 64);

        r->h.fault_point = SRIOV_FAULT_RX_WRITEBACK;
        r->h.fault_verdict = SRIOV_FAULT_DELAY;
        r->h.fault_delay = 900;
        r->ops->wire_rx(r->m, f, n);
        r->ops->wire_rx(r->m, f, n);
        assert_int_equal(rig_rx_dw(r, 1, 0, 0, 2) & 1u, 0);
        assert_int_equal(rig_rx_dw(r, 1, 0, 1, 2) & 1u, 1);
        host_advance(&r->h, 900);
        assert_int_equal(rig_rx_dw(r, 1, 0, 0, 2) & 1u, 1);
        r->h.fault_point = SRIOV_FAULT_RX_WRITEBACK;
        r->h.fault_verdict = SRIOV_FAULT_DROP;
        r->ops->wire_rx(r->m, f, n);
        assert_int_equal(rig_rx_dw(r, 1, 0, 2, 2) & 1u, 0);
        rig_end(r);
    }
}

static void arrives_later(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_rx(CHIP(c));
        uint8_t f[64];

        r->h.delay[SRIOV_DELAY_RX] = 300;
        r->ops->wire_rx(r->m, f, to_vf(r, 1, f, 64));
        assert_int_equal(rig_rx_count(r, 1, 0), 0);
        host_advance(&r->h, 300);
        assert_int_equal(rig_rx_count(r, 1, 0), 1);
        rig_end(r);
    }
}

/* The verification suite that the RSS specification gives: 66.9.149.187:2794 to 161.142.100.80:1766. */
static void rss_hash_is_toeplitz(void **state)
{
    static const uint32_t key[10] = {0xda565a6du, 0xc20e5b25u, 0x3d256741u, 0xb08fa343u, 0xcb2bcad0u,
                                     0xb4307baeu, 0xa32dcb77u, 0x0cf23080u, 0x3bb7426au, 0xfa01acbeu};
    static const uint8_t addresses[12] = {66, 9, 149, 187, 161, 142, 100, 80, 0x0a, 0xea, 0x06, 0xe6};

    (void)state;
    EACH(c)
    {
        struct rig *r = vf_rx(CHIP(c));
        bool ixgbe = r->c == &rig_82599;
        uint8_t f[100], mac[6];

        rig_mac(1, mac);
        for (uint32_t i = 0; i < 10u; i++)
            wr(r, 0, ixgbe ? IXGBE_RSSRK(i) : IGB_RSSRK(i), key[i]);
        /* Hash 51ccc178h: entry 120 sends it to queue 1. */
        wr(r, 0, ixgbe ? IXGBE_RETA(30u) : IGB_RETA(30u), 1);
        wr(r, 0, ixgbe ? IXGBE_RXCSUM : IGB_RXCSUM, IXGBE_RXCSUM_PCSD);
        if (ixgbe) {
            wr(r, 0, IXGBE_MRQC, IXGBE_MRQC_MRQE_VMDQRSS64 | IXGBE_MRQC_RSS_IPV4_TCP | IXGBE_MRQC_RSS_IPV4);
            wr(r, 1, IXGBE_VFPSRTYPE, 1u << IXGBE_PSRTYPE_RQPL_SHIFT);
        } else {
            wr(r, 0, IGB_MRQC, IGB_MRQC_MRQE_VMDQ_RSS | IGB_MRQC_RSS_IPV4_TCP | IGB_MRQC_RSS_IPV4);
            wr(r, 0, IGB_VMOLR(0u), rd(r, 0, IGB_VMOLR(0u)) | IGB_VMOLR_RSSE);
        }
        rig_rx_start(r, 1, 1, 2, 0);
        rig_rx_give(r, 1, 1, 4);
        frame_ipv4(f, mac, 9, 20, true, 0x0aea);
        memcpy(f + 26, addresses, 12);
        r->ops->wire_rx(r->m, f, 74);
        assert_int_equal(rig_rx_count(r, 1, 1), 1);
        assert_int_equal(rig_rx_dw(r, 1, 1, 0, 1), 0x51ccc178u);
        assert_int_equal(rig_rx_dw(r, 1, 1, 0, 0) & IXGBE_RXD_DW0_RSSTYPE, IXGBE_RXD_RSSTYPE_IPV4_TCP);
        frame_ipv4(f, mac, 9, 20, false, 0x0aea); /* UDP: by addresses only, hash 323e8fc2h, entry 66 */
        memcpy(f + 26, addresses, 8);
        r->ops->wire_rx(r->m, f, 62);
        assert_int_equal(rig_rx_count(r, 1, 0), 1);
        assert_int_equal(rig_rx_dw(r, 1, 0, 0, 1), 0x323e8fc2u);
        rig_end(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 7.1.6.2, 82576 7.1.5: write-back", writes_back),
        CASE("82599 7.1.6.2, 82576 7.1.5: a jumbo frame takes several descriptors", jumbo_takes_several),
        CASE("82599 8.2.3.22, 82576 8.14: frames above the limit", too_long_is_dropped),
        CASE("82599 7.1.6.2, 82576 7.1.5: checksums are verified", checksums_are_verified),
        CASE("82599 7.1.6.2, 82576 7.1.5: headers that lie about lengths", hostile_headers),
        CASE("82599 8.2.3.8.6, 82576 8.14: tags are stripped", strips_tags),
        CASE("82599 8.2.3.22, 82576 8.14: FCS stays when asked", keeps_fcs_when_asked),
        CASE("82599 8.2.3.8.7, 82576 8.10.2: DROP_EN", drop_enable_counts),
        CASE("82599 8.2.3.8.7, 82576 8.10.2: without DROP_EN one queue holds up all",
             without_drop_enable_all_wait),
        CASE("82599 4.2, 82576 4.3: a reset lets the packet buffer move up", who_waits_moves_up_at_once),
        CASE("82599 8.2.3.27, 82576 8.14: PFQDE, QDE", pf_may_force_drop),
        CASE("82599 7.1.6.1, 82576 7.1.5: descriptors written too late", stale_and_unwritten_descriptors),
        CASE("82599 7.1.6.2, 82576 7.1.5: write-back lost and late", write_back_faults),
        CASE("82599 7.1, 82576 7.1: frames that arrive later", arrives_later),
        CASE("82599 7.1.2.8, 82576 7.1.1.7: RSS", rss_hash_is_toeplitz),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
