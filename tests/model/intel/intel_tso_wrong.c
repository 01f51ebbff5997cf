/* SPDX-License-Identifier: BSD-3-Clause */
/* Segmentation requests that contradict themselves: 82599 datasheet, sections 7.2.3.2 and 7.2.4; 82576
 * datasheet, sections 7.2.2 and 7.2.4. */
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include "request.h"

static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};
#define EACH(c) for (uint32_t c##_i = 0; c##_i < 2u; c##_i++)
#define CHIP(c) (chips[c##_i])

struct wrong {
    const char *what;
    uint32_t dw, clear, set; /* of the context */
    uint32_t olinfo_clear, olinfo_set;
    uint32_t at, byte; /* of the packet; 0: none */
};

static const struct wrong wrongs[] = {
    {.what = "MSS 0", .dw = 3, .clear = 0xffff0000u},
    {.what = "MACLEN 13", .dw = 0, .clear = 0xfe00u, .set = 13u << 9},
    {.what = "MACLEN 0", .dw = 0, .clear = 0xfe00u},
    {.what = "MACLEN 127: no IP header there", .dw = 0, .clear = 0xfe00u, .set = 127u << 9},
    {.what = "IPLEN 0", .dw = 0, .clear = 0x1ffu},
    {.what = "IPLEN 19", .dw = 0, .clear = 0x1ffu, .set = 19},
    {.what = "IPLEN 511: headers above 512", .dw = 0, .clear = 0x1ffu, .set = 511},
    {.what = "L4LEN 0", .dw = 3, .clear = 0xff00u},
    {.what = "L4LEN 19", .dw = 3, .clear = 0xff00u, .set = 19u << 8},
    {.what = "L4LEN 28, the header has 32", .dw = 3, .clear = 0xff00u, .set = 28u << 8},
    {.what = "L4LEN 255", .dw = 3, .clear = 0xff00u, .set = 255u << 8},
    {.what = "L4T SCTP", .dw = 2, .clear = 0x1800u, .set = IXGBE_TXC_TUCMD_L4T_SCTP},
    {.what = "L4T reserved", .dw = 2, .set = 0x1800u},
    {.what = "L4T UDP, L4LEN of TCP", .dw = 2, .clear = 0x1800u},
    {.what = "IPv6 said, IPv4 there", .dw = 2, .clear = IXGBE_TXC_TUCMD_IPV4, .olinfo_clear = 0x100u},
    {.what = "IXSM without IPV4", .dw = 2, .clear = IXGBE_TXC_TUCMD_IPV4},
    {.what = "no IXSM", .olinfo_clear = IXGBE_TXD_POPTS_IXSM},
    {.what = "no TXSM", .olinfo_clear = IXGBE_TXD_POPTS_TXSM},
    {.what = "PAYLEN too small", .olinfo_clear = IXGBE_TXD_PAYLEN, .olinfo_set = PAYLEN(2499)},
    {.what = "PAYLEN too large", .olinfo_clear = IXGBE_TXD_PAYLEN, .olinfo_set = PAYLEN(2501)},
    {.what = "PAYLEN with headers", .olinfo_clear = IXGBE_TXD_PAYLEN, .olinfo_set = PAYLEN(2566)},
    {.what = "PAYLEN 0", .olinfo_clear = IXGBE_TXD_PAYLEN},
    {.what = "context 1 was never set", .olinfo_set = 1u << IXGBE_TXD_IDX_SHIFT},
    {.what = "context 7 does not exist", .olinfo_set = 7u << IXGBE_TXD_IDX_SHIFT},
    {.what = "not IP", .at = 14, .byte = 0x05},
    {.what = "data offset 5", .at = 46, .byte = 0x50},
};

/* Said once, nothing sent, and the next packet goes out. */
static void refuse(const struct rig_chip *c, const struct wrong *w)
{
    struct rig *r = request_rig(c);
    struct packet p = request_packet(2500);
    uint8_t f[4096];
    uint32_t n = packet_prototype(f, &p), dw[4], before;

    packet_context(dw, &p, MSS, 0);
    dw[w->dw] = (dw[w->dw] & ~w->clear) | w->set;
    if (w->at != 0)
        f[w->at] = (uint8_t)w->byte;
    rig_tx_raw(r, 1, 0, dw);
    rig_tx_put(r, 1, 0, f, n, TSE_ALL,
               ((PAYLEN(2500) | request_sums(&p)) & ~w->olinfo_clear) | w->olinfo_set);
    rig_tx_kick(r, 1, 0);
    if (r->h.reports[SRIOV_REPORT_BAD_DESC] != 1u || r->h.wired != 0)
        print_error("%s, %s: %s\n", c->name, w->what, r->h.last_text);
    assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], 1);
    assert_int_equal(r->h.last_site.kind, SRIOV_SITE_TX_DESC_FETCH);
    assert_int_equal(r->h.last_site.function, 1);
    assert_int_equal(r->h.wired, 0);
    rig_clear_reports(r);
    before = r->h.wired;
    request_put(r, &p, MSS, 0, 100);
    rig_tx_kick(r, 1, 0);
    assert_int_equal(r->h.wired - before, 3);
    rig_end(r);
}

static void wrong_requests_are_refused(void **state)
{
    (void)state;
    EACH(c)
    {
        for (uint32_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++)
            refuse(CHIP(c), &wrongs[i]);
    }
}

static void expect_refusal(struct rig *r)
{
    assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], 1);
    assert_int_equal(r->h.wired, 0);
    rig_clear_reports(r);
    rig_end(r);
}

static void wrong_sizes_are_refused(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = request_rig(CHIP(c));
        struct packet p = request_packet(16000);

        /* Frames longer than the device's. */
        request_put(r, &p, 15900, 0, 100);
        rig_tx_kick(r, 1, 0);
        expect_refusal(r);
        /* Beyond 256 KiB. */
        r = request_rig(CHIP(c));
        request_large(r, &p, 1448, 5, 54000);
        expect_refusal(r);
        /* More frames than are sent of one request. */
        r = request_rig(CHIP(c));
        request_large(r, &p, 1, 1, 60000);
        expect_refusal(r);
        /* Headers and nothing else. */
        r = request_rig(CHIP(c));
        p = request_packet(0);
        request_put(r, &p, MSS, 0, packet_headers(&p));
        rig_tx_kick(r, 1, 0);
        expect_refusal(r);
    }
}

/* Five bytes in each of the first four buffers: the fifth has the rest. */
static void headers_beyond_four_buffers(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = request_rig(CHIP(c));
        struct packet p = request_packet(500);
        uint8_t f[1024];
        uint32_t n = packet_prototype(f, &p), dw[4];

        packet_context(dw, &p, MSS, 0);
        rig_tx_raw(r, 1, 0, dw);
        for (uint32_t i = 0; i < 4u; i++)
            rig_tx_put(r, 1, 0, f + 5u * i, 5, NO_EOP | IXGBE_TXD_DCMD_TSE, PAYLEN(500) | request_sums(&p));
        rig_tx_put(r, 1, 0, f + 20, n - 20u, TSE_ALL, 0);
        rig_tx_kick(r, 1, 0);
        expect_refusal(r);
    }
}

/* A malicious driver's queue stands still. */
static void a_wrong_request_stops_the_queue(void **state)
{
    struct rig *r = request_rig(&rig_82576);
    struct packet p = request_packet(2500);

    (void)state;
    wr(r, 0, IGB_DTXCTL, IGB_DTXCTL_MDP_EN);
    request_put(r, &p, 0, 0, 100);
    rig_tx_kick(r, 1, 0);
    assert_int_equal(rd(r, 0, IGB_MDFB), 1);
    request_put(r, &p, MSS, 0, 100);
    rig_tx_kick(r, 1, 0);
    expect_refusal(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 7.2.3.2.3, 7.2.3.2.4, 82576 7.2.2: wrong requests", wrong_requests_are_refused),
        CASE("82599 7.2.3.2.4, 82576 7.2.2: wrong sizes", wrong_sizes_are_refused),
        CASE("82599 7.2.4.1, 82576 7.2.4: headers in too many buffers", headers_beyond_four_buffers),
        CASE("82576 8.14: a wrong request stops the queue", a_wrong_request_stops_the_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
