/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a packet's bytes go: large frames over several buffers, and a header buffer that is always used
 * (82599 datasheet, section 7.1.10; 82576 datasheet, section 7.1.6). */
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include "packet.h"

static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};
#define EACH(c) for (uint32_t c##_i = 0; c##_i < 2u; c##_i++)
#define CHIP(c) (chips[c##_i])

#define HEADER_AT 0x600000u /* in the host's memory: a header buffer of 1 KiB for each slot */
#define SPLIT     IXGBE_SRRCTL_DESCTYPE_HDR_SPLIT_ALWAYS
#define BUF       2048u

static uint8_t *header_of(struct rig *r, uint32_t slot)
{
    return host_at(&r->h, HOST_MEM_BASE + HEADER_AT + 1024u * slot);
}

/* As rig_rx_give, with a header buffer for each. */
static void give(struct rig *r, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = (r->rx_tail[1][0] + i) % RIG_SLOTS;
        uint64_t at = HOST_MEM_BASE + HEADER_AT + 1024u * slot, buf = rig_rx_buf(1, 0, slot);
        uint8_t *d = host_at(&r->h, rig_rx_ring(1, 0) + 16u * slot);

        for (uint32_t b = 0; b < 8u; b++) {
            d[b] = (uint8_t)(buf >> (8u * b));
            d[8u + b] = (uint8_t)(at >> (8u * b));
        }
    }
    r->rx_tail[1][0] = (r->rx_tail[1][0] + n) % RIG_SLOTS;
    wr(r, 1, rx_reg(r, 0, 0x18), r->rx_tail[1][0]);
}

/* Jumbo frames allowed, 2 KiB buffers, headers of `header` bytes. */
static struct rig *split_rig(const struct rig_chip *c, uint32_t header)
{
    struct rig *r = rig_up(c, NULL, 2);

    if (c == &rig_82599) {
        wr(r, 0, IXGBE_HLREG0, IXGBE_HLREG0_RXCRCSTRP | IXGBE_HLREG0_JUMBOEN);
        wr(r, 0, IXGBE_MAXFRS, 9500u << IXGBE_MAXFRS_MFS_SHIFT);
    } else {
        wr(r, 0, IGB_VMOLR(0u), IGB_VMOLR_LPE | 9500u | IGB_VMOLR_AUPE | IGB_VMOLR_BAM | IGB_VMOLR_STRCRC);
    }
    rig_rx_start(r, 1, 0, 2, 0);
    wr(r, 1, rx_reg(r, 0, r->c->rxdctl), 0);
    wr(r, 1, rx_reg(r, 0, r->c->srrctl), SPLIT | 2u | header / 64u << IXGBE_SRRCTL_BSIZEHEADER_SHIFT);
    wr(r, 1, rx_reg(r, 0, r->c->rxdctl), IXGBE_RXDCTL_ENABLE);
    return r;
}

static uint32_t header_len(struct rig *r, uint32_t slot)
{
    return (rig_rx_dw(r, 1, 0, slot, 0) & IXGBE_RXD_DW0_HDR_LEN) >> IXGBE_RXD_DW0_HDR_LEN_SHIFT;
}

/* The packet that begins in `slot`, put together as a driver does. */
static uint32_t collect(struct rig *r, uint32_t slot, uint8_t *out)
{
    uint32_t n = header_len(r, slot);

    memcpy(out, header_of(r, slot), n);
    for (uint32_t i = 0; i < RIG_SLOTS; i++, slot = (slot + 1u) % RIG_SLOTS) {
        uint32_t status = rig_rx_dw(r, 1, 0, slot, 2);
        uint32_t len = rig_rx_dw(r, 1, 0, slot, 3) & IXGBE_RXD_DW3_LENGTH;

        assert_int_not_equal(status & IXGBE_RXD_STAT_DD, 0);
        assert_int_equal(rig_rx_dw(r, 1, 0, slot, 0) & IXGBE_RXD_DW0_SPH, 0);
        assert_true(i == 0 || header_len(r, slot) == 0);
        memcpy(out + n, host_at(&r->h, rig_rx_buf(1, 0, slot)), len);
        n += len;
        if (status & IXGBE_RXD_STAT_EOP)
            return n;
        assert_int_equal(len, BUF);
    }
    return 0;
}

/* Lengths around what the header buffer takes and what the packet buffers take after it. */
static void the_header_buffer_comes_first(void **state)
{
    static const uint32_t lens[] = {60, 127, 128, 129, 1514, 128 + BUF - 1, 128 + BUF, 128 + BUF + 1, 9014};

    (void)state;
    EACH(c)
    {
        for (uint32_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
            struct rig *r = split_rig(CHIP(c), 128);
            uint8_t f[9500], got[9500], mac[6];
            uint32_t len = lens[i], rest = len > 128u ? len - 128u : 0, used = (rest + BUF - 1u) / BUF;

            rig_mac(1, mac);
            give(r, RIG_SLOTS - 1u);
            r->ops->wire_rx(r->m, f, frame_make(f, mac, 9, len));
            assert_int_equal(header_len(r, 0), len < 128u ? len : 128u);
            assert_int_equal(collect(r, 0, got), len);
            assert_memory_equal(got, f, len);
            assert_int_equal(rd(r, 1, rx_reg(r, 0, 0x10)), used == 0 ? 1u : used);
            rig_end(r);
        }
    }
}

/* Its tag is stripped before, its sums are told as of any other. */
static void a_split_packet_is_described(void **state)
{
    static uint8_t payload[3000] = {1, 2, 3};

    (void)state;
    EACH(c)
    {
        struct rig *r = split_rig(CHIP(c), 256);
        struct packet p = {.from = 9,
                           .to = 1,
                           .tagged = true,
                           .tag = 0x2064,
                           .payload = payload,
                           .payload_len = sizeof(payload)};
        uint8_t f[4096], got[4096];
        uint32_t n = packet_make(f, &p), status;

        if (r->c == &rig_82599)
            wr(r, 1, IXGBE_VFRXDCTL(0u), IXGBE_RXDCTL_ENABLE | IXGBE_RXDCTL_VME);
        else
            wr(r, 0, IGB_VMOLR(0u), rd(r, 0, IGB_VMOLR(0u)) | IGB_VMOLR_STRVLAN);
        give(r, RIG_SLOTS - 1u);
        r->ops->wire_rx(r->m, f, n);
        assert_int_equal(collect(r, 0, got), n - 4u);
        assert_memory_equal(got, f, 12);
        assert_memory_equal(got + 12, f + 16, n - 16u);
        status = rig_rx_dw(r, 1, 0, 1, 2);
        assert_int_equal(status & (IXGBE_RXD_STAT_EOP | IXGBE_RXD_STAT_VP | IXGBE_RXD_STAT_L4CS),
                         IXGBE_RXD_STAT_EOP | IXGBE_RXD_STAT_VP | IXGBE_RXD_STAT_L4CS);
        assert_int_equal(status & (r->c->err_ip | r->c->err_l4), 0);
        assert_int_equal(rig_rx_dw(r, 1, 0, 1, 3) >> 16, 0x2064);
        assert_int_equal(rig_rx_dw(r, 1, 0, 1, 0) & IXGBE_RXD_DW0_PKTTYPE,
                         IXGBE_RXD_PKTTYPE_IPV4 | IXGBE_RXD_PKTTYPE_TCP);
        rig_end(r);
    }
}

/* All that fits the header buffer needs a descriptor all the same; and not one more than it needs. */
static void descriptors_are_needed(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = split_rig(CHIP(c), 128);
        uint8_t f[9500], got[9500], mac[6];

        rig_mac(1, mac);
        wr(r, 1, rx_reg(r, 0, r->c->srrctl), rd(r, 1, rx_reg(r, 0, r->c->srrctl)) | r->c->drop_en);
        r->ops->wire_rx(r->m, f, frame_make(f, mac, 9, 60));
        give(r, 2);
        assert_int_equal(rd(r, 1, rx_reg(r, 0, 0x10)), 0); /* dropped: there was none */
        r->ops->wire_rx(r->m, f, frame_make(f, mac, 9, 128 + 2u * BUF + 1u));
        assert_int_equal(rd(r, 1, rx_reg(r, 0, 0x10)), 0);
        r->ops->wire_rx(r->m, f, frame_make(f, mac, 9, 128 + 2u * BUF));
        assert_int_equal(collect(r, 0, got), 128 + 2u * BUF);
        assert_memory_equal(got, f, 128 + 2u * BUF);
        rig_end(r);
    }
}

static void other_splits_are_refused(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = split_rig(CHIP(c), 128);
        uint32_t rxdctl = rx_reg(r, 0, r->c->rxdctl), srrctl = rx_reg(r, 0, r->c->srrctl);
        uint32_t psrtype = r->c == &rig_82599 ? IXGBE_VFPSRTYPE : IGBVF_PSRTYPE;

        wr(r, 1, rxdctl, 0);
        wr(r, 1, srrctl, IXGBE_SRRCTL_DESCTYPE_HDR_SPLIT | 0x202u);
        wr(r, 1, rxdctl, IXGBE_RXDCTL_ENABLE);
        assert_int_equal(r->h.reports[SRIOV_REPORT_UNMODELLED], 1);
        wr(r, 1, rxdctl, 0);
        wr(r, 1, srrctl, SPLIT | 2u); /* no header buffer */
        wr(r, 1, rxdctl, IXGBE_RXDCTL_ENABLE);
        assert_int_equal(r->h.reports[SRIOV_REPORT_UNMODELLED], 2);
        wr(r, 1, rxdctl, 0);
        wr(r, 1, srrctl, SPLIT | 0x202u);
        wr(r, 1, psrtype, IXGBE_PSRTYPE_TCPHDR | IXGBE_PSRTYPE_IPV4HDR);
        wr(r, 1, rxdctl, IXGBE_RXDCTL_ENABLE);
        assert_int_equal(r->h.reports[SRIOV_REPORT_UNMODELLED], 3);
        wr(r, 1, rxdctl, 0);
        wr(r, 1, psrtype, 0x20000000u); /* queues of RSS: nothing about headers */
        wr(r, 1, rxdctl, IXGBE_RXDCTL_ENABLE);
        assert_int_equal(r->h.reports[SRIOV_REPORT_UNMODELLED], 3);
        rig_clear_reports(r);
        rig_end(r);
    }
}

/* A buffer that the IOMMU refuses is not noticed, as no posted write is: the other part arrives. */
static void a_refused_header_buffer(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = split_rig(CHIP(c), 128);
        uint8_t f[1514], mac[6];

        rig_mac(1, mac);
        r->h.dma_bad = HOST_MEM_BASE + HEADER_AT;
        give(r, 2);
        r->ops->wire_rx(r->m, f, frame_make(f, mac, 9, 1514));
        assert_int_equal(r->h.dma_refused, 1);
        assert_int_equal(rd(r, 1, rx_reg(r, 0, 0x10)), 1);
        assert_memory_equal(host_at(&r->h, rig_rx_buf(1, 0, 0)), f + 128, 1514 - 128);
        rig_end(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 7.1.10, 82576 7.1.6: the header buffer comes first", the_header_buffer_comes_first),
        CASE("82599 7.1.6.2, 82576 7.1.5: what the write-back says", a_split_packet_is_described),
        CASE("82599 7.1.10, 82576 7.1.6: descriptors needed", descriptors_are_needed),
        CASE("82599 8.2.3.8.7, 82576 8.10.2: splits that are not modelled", other_splits_are_refused),
        CASE("82599 7.1.10, 82576 7.1.6: a refused header buffer", a_refused_header_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
