/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP and UDP segmentation: 82599 datasheet, section 7.2.4; 82576 datasheet, section 7.2.4. */
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include "packet.h"

static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};
#define EACH(c) for (uint32_t c##_i = 0; c##_i < 2u; c##_i++)
#define CHIP(c) (chips[c##_i])

#define MSS       1000u
#define BIG_AT    0x500000u /* in the host's memory, beyond the rings */
#define TSE_ALL   (DCMD_ALL | IXGBE_TXD_DCMD_TSE)
#define ALL_FLAGS (TCP_FIN | TCP_PSH | TCP_ACK | TCP_CWR)

static uint8_t payload[16384];

static struct rig *vf_tx(const struct rig_chip *c)
{
    struct rig *r = rig_up(c, NULL, 2);

    for (uint32_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 31u + i / 251u);
    rig_tx_start(r, 1, 0);
    return r;
}

static uint32_t sums_of(const struct packet *p)
{
    return IXGBE_TXD_POPTS_TXSM | (p->ipv6 ? 0 : IXGBE_TXD_POPTS_IXSM);
}

/* Its context and its data, `first` bytes in the first buffer and up to 4096 in each other. */
static void put(struct rig *r, const struct packet *p, uint32_t mss, uint16_t vlan, uint32_t first)
{
    static uint8_t f[32768];
    uint32_t n = packet_prototype(f, p), dw[4], cmd = vlan != 0 ? IXGBE_TXD_DCMD_VLE : 0;
    uint32_t olinfo = PAYLEN(p->payload_len) | sums_of(p);

    packet_context(dw, p, mss, vlan);
    rig_tx_raw(r, 1, 0, dw);
    for (uint32_t at = 0, len = first; at < n; at += len, len = n - at < RIG_BUF ? n - at : RIG_BUF)
        rig_tx_put(r, 1, 0, f + at, len, cmd | IXGBE_TXD_DCMD_TSE | (at + len == n ? DCMD_ALL : NO_EOP),
                   at == 0 ? olinfo : 0);
}

/* Frame n of `frames`, made from nothing. */
static uint32_t expect(uint8_t *out, const struct packet *p, uint32_t mss, uint32_t n, uint32_t frames)
{
    struct packet one = *p;

    one.id = (uint16_t)(p->id + n);
    one.seq = p->seq + n * mss;
    one.payload = p->payload + n * mss;
    one.payload_len = n + 1u == frames ? p->payload_len - n * mss : mss;
    if (n + 1u != frames)
        one.flags &= (uint16_t) ~(TCP_FIN | TCP_PSH);
    if (n != 0)
        one.flags &= (uint16_t)~TCP_CWR;
    return packet_make(out, &one);
}

static void check_wire(struct rig *r, const struct packet *p, uint32_t mss, uint32_t frames)
{
    uint8_t good[16384];

    assert_int_equal(r->h.wired, frames);
    for (uint32_t n = 0; n < frames; n++) {
        uint32_t len = expect(good, p, mss, n, frames);

        assert_int_equal(r->h.wire[n].len, len);
        assert_memory_equal(r->h.wire[n].bytes, good, len);
    }
}

static struct packet a_packet(uint32_t len)
{
    return (struct packet){.from = 1,
                           .id = 0xfffe,
                           .seq = 0xfffffc00u,
                           .flags = ALL_FLAGS,
                           .tcp_options = 12,
                           .payload = payload,
                           .payload_len = len};
}

/* Sequence numbers and identification wrap; FIN and PSH come last, CWR first. */
static void cuts_a_packet(void **state)
{
    static const uint32_t lens[] = {1001, 2000, 3999, 9500};
    struct rig *r;

    (void)state;
    EACH(c)
    {
        for (uint32_t v = 0; v < 8u; v++) {
            struct packet p = a_packet(lens[v / 2u]);

            p.ipv6 = v % 2u != 0;
            p.ip_options = p.ipv6 ? 0 : v * 4u;
            r = vf_tx(CHIP(c));
            put(r, &p, MSS, 0, packet_headers(&p));
            rig_tx_kick(r, 1, 0);
            check_wire(r, &p, MSS, (p.payload_len + MSS - 1u) / MSS);
            rig_end(r);
        }
    }
}

/* Wherever the buffers end; the headers may lie in four of them. */
static void buffers_end_anywhere(void **state)
{
    (void)state;
    EACH(c)
    {
        for (uint32_t first = 1; first < 130u; first += 7u) {
            struct rig *r = vf_tx(CHIP(c));
            struct packet p = a_packet(5000);

            put(r, &p, 1448, 0, first);
            rig_tx_kick(r, 1, 0);
            check_wire(r, &p, 1448, 4);
            rig_end(r);
        }
    }
}

static void cuts_udp(void **state)
{
    (void)state;
    EACH(c)
    {
        for (uint32_t v = 0; v < 2u; v++) {
            struct rig *r = vf_tx(CHIP(c));
            struct packet p = a_packet(2500);

            p.l4 = PACKET_UDP;
            p.ipv6 = v != 0;
            put(r, &p, MSS, 0, 500);
            rig_tx_kick(r, 1, 0);
            check_wire(r, &p, MSS, 3);
            rig_end(r);
        }
    }
}

static void every_frame_has_the_tag(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(2500), tagged = p;

        tagged.tagged = true;
        tagged.tag = 0x6064;
        put(r, &p, MSS, 0x6064, 200);
        rig_tx_kick(r, 1, 0);
        check_wire(r, &tagged, MSS, 3);
        /* The port's VLAN without the driver's knowledge. */
        r->h.wired = 0;
        wr(r, 0, r->c == &rig_82599 ? IXGBE_PFVMVIR(0u) : IGB_VMVIR(0u), IXGBE_PFVMVIR_VLANA_DEFAULT | 7u);
        tagged.tag = 7;
        put(r, &p, MSS, 0, 200);
        rig_tx_kick(r, 1, 0);
        check_wire(r, &tagged, MSS, 3);
        rig_end(r);
    }
}

/* One that software put there is left where it is; MACLEN counts it. */
static void a_tag_of_software_stays(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(2500);

        p.tagged = true;
        p.tag = 0x0123;
        put(r, &p, MSS, 0, 200);
        rig_tx_kick(r, 1, 0);
        check_wire(r, &p, MSS, 3);
        rig_end(r);
    }
}

static void one_frame_keeps_its_flags(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(MSS);
        uint8_t good[2048];

        put(r, &p, MSS, 0, 200);
        rig_tx_kick(r, 1, 0);
        assert_int_equal(r->h.wired, 1);
        assert_int_equal(r->h.wire[0].len, packet_make(good, &p));
        assert_memory_equal(r->h.wire[0].bytes, good, r->h.wire[0].len);
        rig_end(r);
    }
}

static void a_short_last_frame_is_padded(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(MSS + 1u);
        uint8_t good[60] = {0};

        p.tcp_options = 0;
        put(r, &p, MSS, 0, 200);
        rig_tx_kick(r, 1, 0);
        assert_int_equal(r->h.wired, 2);
        assert_int_equal(expect(good, &p, MSS, 1, 2), 55);
        assert_int_equal(r->h.wire[1].len, 60);
        assert_memory_equal(r->h.wire[1].bytes, good, 60);
        rig_end(r);
    }
}

static void flag_masks_are_registers(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint32_t low = r->c == &rig_82599 ? IXGBE_DTXTCPFLGL : IGB_DTXTCPFLGL;
        uint32_t high = r->c == &rig_82599 ? IXGBE_DTXTCPFLGH : IGB_DTXTCPFLGH;
        struct packet p = a_packet(3u * MSS);
        uint32_t at = packet_maclen(&p) + packet_iplen(&p) + 13u;

        assert_int_equal(rd(r, 0, low), 0x0f760ff6u);
        assert_int_equal(rd(r, 0, high), 0xf7fu);
        wr(r, 0, low, 0x0fff0001u);
        wr(r, 0, high, 0x0008u);
        put(r, &p, MSS, 0, 200);
        rig_tx_kick(r, 1, 0);
        assert_int_equal(r->h.wired, 3);
        assert_int_equal(r->h.wire[0].bytes[at], TCP_FIN);
        assert_int_equal(r->h.wire[1].bytes[at], ALL_FLAGS);
        assert_int_equal(r->h.wire[2].bytes[at], TCP_PSH);
        rig_end(r);
    }
}

/*
 * A tunnel: IPLEN reaches from the outer IP header over what follows it to the inner TCP header. Software
 * leaves in the outer checksum what takes away the part that is no IP header.
 */
static void the_ip_sum_includes_its_field(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(2500);
        uint8_t f[4096];
        uint32_t dw[4], n;

        /* The options stand for the tunnel's headers, the IP header says that they are none. */
        p.ip_options = 28;
        n = packet_prototype(f, &p);
        f[14] = 0x45;
        for (uint32_t i = 34; i < 62u; i++)
            f[i] = (uint8_t)(i * 5u);
        f[24] = (uint8_t)(packet_sum_of(packet_residue(f + 34, 28)) >> 8);
        f[25] = (uint8_t)packet_sum_of(packet_residue(f + 34, 28));
        packet_context(dw, &p, MSS, 0);
        rig_tx_raw(r, 1, 0, dw);
        rig_tx_put(r, 1, 0, f, n, TSE_ALL, PAYLEN(2500) | sums_of(&p));
        rig_tx_kick(r, 1, 0);
        assert_int_equal(r->h.wired, 3);
        for (uint32_t i = 0; i < 3u; i++) {
            assert_int_equal(packet_residue(r->h.wire[i].bytes + 14, 20), 0);
            assert_int_equal(r->h.wire[i].bytes[17] | r->h.wire[i].bytes[16] << 8, r->h.wire[i].len - 14);
        }
        rig_end(r);
    }
}

/* ---- large ones ---- */

/* Headers in the first buffer, then `buffers` of `each` bytes from the host's memory. */
static void put_large(struct rig *r, struct packet *p, uint32_t mss, uint32_t buffers, uint32_t each)
{
    static uint8_t f[1024];
    uint32_t dw[4], head = packet_headers(p), total = buffers * each;
    uint8_t *big = host_at(&r->h, HOST_MEM_BASE + BIG_AT);

    p->payload_len = 0;
    packet_prototype(f, p);
    for (uint32_t i = 0; i < total; i++)
        big[i] = (uint8_t)(i * 13u + i / 253u);
    p->payload = big;
    p->payload_len = total;
    packet_context(dw, p, mss, 0);
    rig_tx_raw(r, 1, 0, dw);
    rig_tx_put(r, 1, 0, f, head, NO_EOP | IXGBE_TXD_DCMD_TSE, PAYLEN(total) | sums_of(p));
    for (uint32_t n = 0; n < buffers; n++) {
        uint32_t data[4] = {(uint32_t)(HOST_MEM_BASE + BIG_AT + n * each), 0,
                            (n + 1u == buffers ? DCMD_ALL : NO_EOP) | IXGBE_TXD_DCMD_TSE | each, 0};

        rig_tx_raw(r, 1, 0, data);
    }
    rig_tx_kick(r, 1, 0);
}

static void large_requests(void **state)
{
    (void)state;
    EACH(c)
    {
        for (uint32_t buffers = 1; buffers <= 5u; buffers += 2u) {
            struct rig *r = vf_tx(CHIP(c));
            struct packet p = a_packet(0);
            uint32_t frames = (buffers * 52000u + 1447u) / 1448u;
            uint8_t good[2048];

            put_large(r, &p, 1448, buffers, 52000);
            assert_int_equal(r->h.wired, frames);
            assert_int_equal(rd(r, 1, r->c->gptc), frames);
            for (uint32_t n = frames - HOST_FRAMES_MAX; n < frames; n++) {
                const struct host_frame *got = &r->h.wire[n % HOST_FRAMES_MAX];

                assert_int_equal(got->len, expect(good, &p, 1448, n, frames));
                assert_memory_equal(got->bytes, good, got->len);
            }
            rig_end(r);
        }
    }
}

static void jumbo_frames(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(16000);

        put(r, &p, 8948, 0, 100);
        rig_tx_kick(r, 1, 0);
        check_wire(r, &p, 8948, 2);
        rig_end(r);
    }
}

/* To another VF: it finds whole frames whose checksums the device has looked at. */
static void reaches_another_vf(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(2500);
        uint8_t good[2048];

        p.to = 2;
        rig_queues(r, 2);
        put(r, &p, MSS, 0, 100);
        rig_tx_kick(r, 1, 0);
        assert_int_equal(r->h.wired, 0);
        assert_int_equal(rig_rx_count(r, 2, 0), 3);
        for (uint32_t n = 0; n < 3u; n++) {
            uint32_t len = expect(good, &p, MSS, n, 3), status = rig_rx_dw(r, 2, 0, n, 2);

            assert_memory_equal(host_at(&r->h, rig_rx_buf(2, 0, n)), good, len);
            assert_int_equal(rig_rx_dw(r, 2, 0, n, 3), len);
            assert_int_equal(status & (IXGBE_RXD_STAT_IPCS | IXGBE_RXD_STAT_L4CS),
                             IXGBE_RXD_STAT_IPCS | IXGBE_RXD_STAT_L4CS);
            assert_int_equal(status & (r->c->err_ip | r->c->err_l4), 0);
        }
        assert_int_equal(rd(r, 1, r->c->gptc), 3);
        rig_end(r);
    }
}

static void requests_are_counted(void **state)
{
    struct rig *r = vf_tx(&rig_82576);
    struct packet p = a_packet(2500);

    (void)state;
    put(r, &p, MSS, 0, 100);
    put(r, &p, MSS, 0, 100);
    rig_tx_kick(r, 1, 0);
    assert_int_equal(rd(r, 0, IGB_TSCTC), 2);
    assert_int_equal(rd(r, 0, IGB_TSCTC), 0);
    rig_end(r);
}

static void a_fault_hangs_the_queue(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(9000);

        r->h.dma_bad = rig_tx_buf(1, 0, 3);
        put(r, &p, MSS, 0, 100);
        rig_tx_kick(r, 1, 0);
        assert_int_equal(r->h.wired, 0);
        assert_int_equal(r->h.dma_refused, 1);
        assert_int_equal(rd(r, 1, tx_reg(r, 0, 0x10)), 3);
        rig_end(r);
    }
}

/* ---- requests that are wrong ---- */

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
    struct rig *r = vf_tx(c);
    struct packet p = a_packet(2500);
    uint8_t f[4096];
    uint32_t n = packet_prototype(f, &p), dw[4], before;

    packet_context(dw, &p, MSS, 0);
    dw[w->dw] = (dw[w->dw] & ~w->clear) | w->set;
    if (w->at != 0)
        f[w->at] = (uint8_t)w->byte;
    rig_tx_raw(r, 1, 0, dw);
    rig_tx_put(r, 1, 0, f, n, TSE_ALL, ((PAYLEN(2500) | sums_of(&p)) & ~w->olinfo_clear) | w->olinfo_set);
    rig_tx_kick(r, 1, 0);
    if (r->h.reports[SRIOV_REPORT_BAD_DESC] != 1u || r->h.wired != 0)
        print_error("%s, %s: %s\n", c->name, w->what, r->h.last_text);
    assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], 1);
    assert_int_equal(r->h.last_site.kind, SRIOV_SITE_TX_DESC_FETCH);
    assert_int_equal(r->h.last_site.function, 1);
    assert_int_equal(r->h.wired, 0);
    rig_clear_reports(r);
    before = r->h.wired;
    put(r, &p, MSS, 0, 100);
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
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(16000);

        /* Frames longer than the device's. */
        put(r, &p, 15900, 0, 100);
        rig_tx_kick(r, 1, 0);
        expect_refusal(r);
        /* Beyond 256 KiB. */
        r = vf_tx(CHIP(c));
        put_large(r, &p, 1448, 5, 54000);
        expect_refusal(r);
        /* More frames than are sent of one request. */
        r = vf_tx(CHIP(c));
        put_large(r, &p, 1, 1, 60000);
        expect_refusal(r);
        /* Headers and nothing else. */
        r = vf_tx(CHIP(c));
        p = a_packet(0);
        put(r, &p, MSS, 0, packet_headers(&p));
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
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(500);
        uint8_t f[1024];
        uint32_t n = packet_prototype(f, &p), dw[4];

        packet_context(dw, &p, MSS, 0);
        rig_tx_raw(r, 1, 0, dw);
        for (uint32_t i = 0; i < 4u; i++)
            rig_tx_put(r, 1, 0, f + 5u * i, 5, NO_EOP | IXGBE_TXD_DCMD_TSE, PAYLEN(500) | sums_of(&p));
        rig_tx_put(r, 1, 0, f + 20, n - 20u, TSE_ALL, 0);
        rig_tx_kick(r, 1, 0);
        expect_refusal(r);
    }
}

/* A malicious driver's queue stands still. */
static void a_wrong_request_stops_the_queue(void **state)
{
    struct rig *r = vf_tx(&rig_82576);
    struct packet p = a_packet(2500);

    (void)state;
    wr(r, 0, IGB_DTXCTL, IGB_DTXCTL_MDP_EN);
    put(r, &p, 0, 0, 100);
    rig_tx_kick(r, 1, 0);
    assert_int_equal(rd(r, 0, IGB_MDFB), 1);
    put(r, &p, MSS, 0, 100);
    rig_tx_kick(r, 1, 0);
    expect_refusal(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 7.2.4.7, 82576 7.2.4: headers of each frame", cuts_a_packet),
        CASE("82599 7.2.4.1, 82576 7.2.4: buffers end anywhere", buffers_end_anywhere),
        CASE("82599 7.2.4.7, 82576 7.2.4: UDP", cuts_udp),
        CASE("82599 7.4, 82576 7.4: every frame has the tag", every_frame_has_the_tag),
        CASE("82599 7.2.3.2.3, 82576 7.2.2: MACLEN with a tag of software", a_tag_of_software_stays),
        CASE("82599 7.2.4.7.1, 82576 7.2.4: a request of one frame", one_frame_keeps_its_flags),
        CASE("82599 7.2.4, 82576 7.2.4: a short last frame is padded", a_short_last_frame_is_padded),
        CASE("82599 8.2.3.9, 82576 8.12: DTXTCPFLGL, DTXTCPFLGH", flag_masks_are_registers),
        CASE("82599 7.2.4.5, 82576 7.2.4: an adjusted IP checksum", the_ip_sum_includes_its_field),
        CASE("82599 7.2.4.1, 82576 7.2.4: up to 256 KiB", large_requests),
        CASE("82599 7.2.4, 82576 7.2.4: jumbo frames", jumbo_frames),
        CASE("82599 7.10.3, 82576 7.10.3: frames reach another VF", reaches_another_vf),
        CASE("82576 8.18: TSCTC", requests_are_counted),
        CASE("82599 7.2, 82576 7.2: a DMA fault hangs the queue", a_fault_hangs_the_queue),
        CASE("82599 7.2.3.2.3, 7.2.3.2.4, 82576 7.2.2: wrong requests", wrong_requests_are_refused),
        CASE("82599 7.2.3.2.4, 82576 7.2.2: wrong sizes", wrong_sizes_are_refused),
        CASE("82599 7.2.4.1, 82576 7.2.4: headers in too many buffers", headers_beyond_four_buffers),
        CASE("82576 8.14: a wrong request stops the queue", a_wrong_request_stops_the_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
