/* SPDX-License-Identifier: BSD-3-Clause */
/* The profile "qemu" of the 82576: each case shows the emulated device and the datasheet's side by side. */
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/pci_regs.h>

#include "rig.h"

static struct rig *vfs(const char *quirks)
{
    struct rig *r = rig_up(&rig_82576, quirks, 3);

    for (uint16_t fn = 1; fn <= 3u; fn++) {
        rig_msix_on(r, fn, 3);
        wr(r, fn, IGBVF_VTEIMS, 7);
        rig_queues(r, fn);
    }
    return r;
}

#define BOTH(q)    for (uint32_t q = 0; q < 2u; q++)
#define PROFILE(q) ((q) ? "qemu" : NULL)

static void transmit_is_synchronous(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));
        uint8_t f[64];

        r->h.delay[SRIOV_DELAY_TX] = 1000;
        rig_send(r, 1, 0, f, frame_make(f, broadcast, 1, 64));
        assert_int_equal(rig_tx_dw(r, 1, 0, 0, 3) & IGB_TXD_STAT_DD, q);
        host_advance(&r->h, 1000);
        assert_int_equal(rig_tx_dw(r, 1, 0, 0, 3) & IGB_TXD_STAT_DD, 1);
        rig_end(r);
    }
}

static void rates_are_not_limited(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));
        uint8_t f[64];

        wr(r, 0, IGB_RTTDQSEL, 0);
        wr(r, 0, IGB_RTTBCNRC, IGB_RTTBCNRC_RS_ENA | 100u << IGB_RTTBCNRC_RF_INT_SHIFT);
        rig_send(r, 1, 0, f, frame_make(f, broadcast, 1, 64));
        rig_send(r, 1, 0, f, frame_make(f, broadcast, 1, 64));
        assert_int_equal(rig_tx_dw(r, 1, 0, 0, 3) & IGB_TXD_STAT_DD, 1);
        assert_int_equal(rig_tx_dw(r, 1, 0, 1, 3) & IGB_TXD_STAT_DD, q);
        rig_end(r);
    }
}

static void sender_hears_itself(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));
        uint8_t f[64], mac[6];

        rig_send(r, 1, 0, f, frame_make(f, broadcast, 1, 64));
        assert_int_equal(rig_rx_count(r, 1, 0), q);
        assert_int_equal(rig_rx_count(r, 2, 0), 1);
        rig_mac(1, mac);
        rig_send(r, 1, 0, f, frame_make(f, mac, 1, 64));
        assert_int_equal(rig_rx_count(r, 1, 0), q);
        rig_end(r);
    }
}

static void mailbox_vectors_are_shifted(void **state)
{
    (void)state;
    BOTH(q)
    {
        for (uint32_t v = 0; v < 3u; v++) {
            struct rig *r = vfs(PROFILE(q));

            wr(r, 1, IGBVF_VTIVAR_MISC, IGB_IVAR_VALID | v);
            wr(r, 0, IGB_P2VMAILBOX(0u), IGB_P2VMAILBOX_PFU);
            wr(r, 0, IGB_P2VMAILBOX(0u), IGB_P2VMAILBOX_STS);
            for (uint32_t i = 0; i < 3u; i++)
                assert_int_equal(r->h.irqs[1][i], q ? v > 0 && i == v - 1u : i == v);
            rig_end(r);
        }
    }
}

static void moderation_is_coarse_and_talkative(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));
        uint32_t raw = 50u << IGB_EITR_INTERVAL_SHIFT;

        wr(r, 1, IGBVF_VTEIAC, 7);
        wr(r, 1, IGBVF_VTEITR(0u), raw);
        wr(r, 1, IGBVF_VTEICS, 1);
        assert_int_equal(r->h.irqs[1][0], 1);
        host_advance(&r->h, (uint64_t)raw * 1024u - 1u);
        assert_int_equal(r->h.irqs[1][0], 1);
        host_advance(&r->h, 1);
        assert_int_equal(r->h.irqs[1][0], q ? 2 : 1); /* expiry notifies with nothing new */
        rig_end(r);
    }
}

static void routes_accumulate(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));

        wr(r, 1, IGBVF_VTIVAR, 0x81);
        wr(r, 1, IGBVF_VTIVAR, 0x82);
        assert_int_equal(rd(r, 1, IGBVF_VTIVAR), q ? 0x83 : 0x82);
        rig_end(r);
    }
}

static void second_queue_is_mute(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));
        uint8_t f[64];

        wr(r, 1, IGBVF_VTIVAR, 0x82000000u); /* transmit queue 1 to vector 2 */
        rig_tx_start(r, 1, 1);
        rig_send(r, 1, 1, f, frame_make(f, broadcast, 1, 64));
        assert_int_equal(r->h.irqs[1][2], q ? 0 : 1);
        rig_end(r);
    }
}

static void causes_are_hidden(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));

        wr(r, 1, IGBVF_VTEICS, 1);
        assert_int_equal(rd(r, 1, IGBVF_VTEICR), q ? 0 : 1);
        wr(r, 1, IGBVF_VTEICS, 1);
        assert_int_equal(r->h.irqs[1][0], q ? 1 : 2); /* without EIAC the bit sticks */
        rig_end(r);
    }
}

static void vf_reset_is_shallow(bool flr)
{
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));
        uint8_t f[64];

        rig_send(r, 1, 0, f, frame_make(f, broadcast, 1, 64));
        wr(r, 1, IGBVF_VTIVAR, 0x81);
        if (flr)
            r->ops->flr(r->m, 1);
        else
            wr(r, 1, IGBVF_VTCTRL, IGB_CTRL_RST);
        assert_int_equal(rd(r, 1, IGBVF_TDH(0u)), q);
        assert_int_equal(rd(r, 1, IGBVF_TDT(0u)), q);
        assert_int_equal(rd(r, 1, IGBVF_VTEIMS), q ? 7 : 0);
        assert_int_equal(rd(r, 1, IGBVF_VTIVAR), q ? 0x81 : 0);
        assert_false(rd(r, 1, IGBVF_TXDCTL(0u)) & IGB_TXDCTL_ENABLE);
        assert_int_equal(rd(r, 0, IGB_VFTE) & 1u, 0);
        assert_int_equal(rd(r, 0, IGB_VFLRE), 1);
        rig_end(r);
    }
}

static void software_reset_is_shallow(void **state)
{
    (void)state;
    vf_reset_is_shallow(false);
}

static void function_reset_is_shallow(void **state)
{
    (void)state;
    vf_reset_is_shallow(true);
}

static void nobody_checks_the_sender(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));
        uint8_t f[64], mac[6];

        wr(r, 0, IGB_DTXSWC, IGB_DTXSWC_LOOPBACK_EN | IGB_DTXSWC_MACAS(0u));
        rig_mac(2, mac);
        rig_send(r, 1, 0, f, frame_make(f, mac, 3, 64));
        assert_int_equal(rig_rx_count(r, 2, 0), q);
        rig_end(r);
    }
}

static void nobody_checks_descriptors(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));
        const uint32_t unknown_type[4] = {0, 0, 0x20f00040u, 0};

        wr(r, 0, IGB_DTXCTL, IGB_DTXCTL_MDP_EN);
        rig_tx_raw(r, 1, 0, unknown_type);
        rig_tx_kick(r, 1, 0);
        assert_int_equal(rd(r, 0, IGB_MDFB), 1u - q);
        rig_clear_reports(r);
        rig_end(r);
    }
}

static void full_rings_drop_in_silence(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = rig_up(&rig_82576, PROFILE(q), 2);
        uint8_t f[64], mac[6];
        uint32_t n;

        rig_mac(1, mac);
        n = frame_make(f, mac, 9, 64);
        rig_rx_start(r, 1, 0, 2, 0);
        r->ops->wire_rx(r->m, f, n);
        rig_rx_give(r, 1, 0, 1);
        assert_int_equal(rig_rx_count(r, 1, 0), q ? 0 : 1); /* SRRCTL.DROP_EN is 0 */
        wr(r, 1, IGBVF_SRRCTL(0u), rd(r, 1, IGBVF_SRRCTL(0u)) | IGB_SRRCTL_DROP_EN);
        r->ops->wire_rx(r->m, f, n);
        r->ops->wire_rx(r->m, f, n);
        assert_int_equal(rd(r, 1, IGBVF_RQDPC(0u)), q ? 0 : 2);
        rig_end(r);
    }
}

static void loopback_is_not_counted(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));
        uint8_t f[64], mac[6];

        rig_mac(2, mac);
        rig_send(r, 1, 0, f, frame_make(f, mac, 1, 64));
        assert_int_equal(rd(r, 1, IGBVF_VFGPTC), 1);
        assert_int_equal(rd(r, 1, IGBVF_VFGOTC), 68);
        assert_int_equal(rd(r, 1, IGBVF_VFGPTLBC), q ? 0 : 1);
        assert_int_equal(rd(r, 2, IGBVF_VFGPRLBC), q ? 0 : 1);
        rig_end(r);
    }
}

static void all_frames_are_padded(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));
        uint8_t f[64];

        wr(r, 0, IGB_TCTL, IGB_TCTL_EN);
        rig_send(r, 1, 0, f, frame_make(f, broadcast, 1, 30));
        assert_int_equal(r->h.wire[0].len, q ? 60 : 30);
        rig_end(r);
    }
}

static void allmulti_breaks_the_hash_list(void **state)
{
    static const uint8_t group[6] = {0x01, 0x00, 0x5e, 0, 0, 1};

    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));
        uint8_t f[64];

        wr(r, 0, IGB_MTA(0u), 1u << 16); /* hash 010h */
        r->ops->wire_rx(r->m, f, frame_make(f, group, 9, 64));
        assert_int_equal(rig_rx_count(r, 1, 0), 1);
        wr(r, 0, IGB_VMOLR(0u),
           IGB_VMOLR_MPME | IGB_VMOLR_AUPE | IGB_VMOLR_STRCRC); /* what a PF does for it */
        r->ops->wire_rx(r->m, f, 64);
        assert_int_equal(rig_rx_count(r, 1, 0), q ? 0 : 1);
        rig_end(r);
    }
}

static void filters_above_the_pools_are_missing(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));
        uint8_t f[64];

        wr(r, 0, IGB_RCTL, IGB_RCTL_RXEN); /* no BAM */
        wr(r, 0, IGB_VT_CTL, 0);           /* no replication */
        wr(r, 0, IGB_VMOLR(0u), rd(r, 0, IGB_VMOLR(0u)) & ~IGB_VMOLR_AUPE);
        r->ops->wire_rx(r->m, f, frame_make(f, broadcast, 9, 64));
        for (uint16_t fn = 1; fn <= 3u; fn++)
            assert_int_equal(rig_rx_count(r, fn, 0), q);
        rig_end(r);
    }
}

static void link_comes_back(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));

        wr(r, 0, IGB_CTRL, 0);
        assert_false(rd(r, 1, IGBVF_VTSTATUS) & IGB_STATUS_LU);
        host_advance(&r->h, 1000000000);
        assert_int_equal((rd(r, 1, IGBVF_VTSTATUS) & IGB_STATUS_LU) != 0, q);
        rig_end(r);
    }
}

static void dma_faults_do_not_hang(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));
        uint8_t f[64];

        r->h.dma_bad = rig_tx_buf(1, 0, 0);
        rig_send(r, 1, 0, f, frame_make(f, broadcast, 1, 64));
        r->h.dma_bad = 0;
        rig_send(r, 1, 0, f, 64);
        assert_int_equal(r->h.wired, q);
        rig_end(r);
    }
}

static void mailbox_bits_clear_on_read(void **state)
{
    (void)state;
    BOTH(q)
    {
        struct rig *r = vfs(PROFILE(q));

        assert_int_equal(rd(r, 1, IGBVF_V2PMAILBOX), IGBVF_V2PMAILBOX_RSTD);
        wr(r, 0, IGB_P2VMAILBOX(0u), IGB_P2VMAILBOX_ACK);
        assert_int_equal(rd(r, 1, IGBVF_V2PMAILBOX), IGBVF_V2PMAILBOX_PFACK);
        assert_int_equal(rd(r, 1, IGBVF_V2PMAILBOX), 0);
        rig_end(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82576 7.2.2 vs qemu: a tail write is synchronous", transmit_is_synchronous),
        CASE("82599 8.2.3.10 vs qemu: rates are not limited", rates_are_not_limited),
        CASE("82576 7.10.3 vs qemu: the sender hears itself", sender_hears_itself),
        CASE("82576 8.8.13 vs qemu: mailbox vectors are shifted", mailbox_vectors_are_shifted),
        CASE("82576 8.8.12 vs qemu: EITR", moderation_is_coarse_and_talkative),
        CASE("82576 8.8.13 vs qemu: VTIVAR is OR-ed in", routes_accumulate),
        CASE("82576 8.8.13 vs qemu: queue 1 has no interrupt", second_queue_is_mute),
        CASE("82576 8.8 vs qemu: VTEICR shows nothing", causes_are_hidden),
        CASE("82576 4.3 vs qemu: VTCTRL.RST clears little", software_reset_is_shallow),
        CASE("82576 4.3 vs qemu: FLR clears no more", function_reset_is_shallow),
        CASE("82576 8.14 vs qemu: no anti-spoofing", nobody_checks_the_sender),
        CASE("82576 8.14 vs qemu: no malicious driver detection", nobody_checks_descriptors),
        CASE("82576 8.10.2 vs qemu: full rings drop in silence", full_rings_drop_in_silence),
        CASE("82576 8.18 vs qemu: loopback counters stay 0", loopback_is_not_counted),
        CASE("82576 8.12 vs qemu: all frames are padded", all_frames_are_padded),
        CASE("82576 8.14 vs qemu: MPME has no effect", allmulti_breaks_the_hash_list),
        CASE("82576 7.10.3 vs qemu: BAM, RPL_EN, AUPE", filters_above_the_pools_are_missing),
        CASE("82576 8.2.2 vs qemu: link comes back by itself", link_comes_back),
        CASE("82576 7.2 vs qemu: DMA faults do not hang", dma_faults_do_not_hang),
        CASE("82576 8.14.2: mailbox bits clear on read in both", mailbox_bits_clear_on_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
