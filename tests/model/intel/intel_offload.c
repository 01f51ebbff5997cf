/* SPDX-License-Identifier: BSD-3-Clause */
/* Checksums of single packets, put in and looked at: 82599 datasheet, sections 7.1.11 and 7.2.5; 82576
 * datasheet, sections 7.1.11 and 7.2.5. */
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include "packet.h"

static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};
#define EACH(c) for (uint32_t c##_i = 0; c##_i < 2u; c##_i++)
#define CHIP(c) (chips[c##_i])

static uint8_t payload[1500];

static struct rig *vf_tx(const struct rig_chip *c)
{
    struct rig *r = rig_up(c, NULL, 2);

    for (uint32_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 29u + 3u);
    rig_tx_start(r, 1, 0);
    rig_queues(r, 2);
    return r;
}

static struct packet a_packet(enum packet_l4 l4, bool ipv6, uint32_t len)
{
    return (struct packet){.from = 1,
                           .ipv6 = ipv6,
                           .l4 = l4,
                           .id = 77,
                           .seq = 12345,
                           .flags = TCP_ACK,
                           .payload = payload,
                           .payload_len = len};
}

static void send(struct rig *r, const struct packet *p, const uint8_t *f, uint32_t len, uint32_t sums)
{
    uint32_t dw[4];

    packet_context(dw, p, 0, 0);
    rig_tx_raw(r, 1, 0, dw);
    rig_tx_put(r, 1, 0, f, len, DCMD_ALL, PAYLEN(len) | sums);
    rig_tx_kick(r, 1, 0);
}

static uint32_t sums_of(const struct packet *p)
{
    return IXGBE_TXD_POPTS_TXSM | (p->ipv6 ? 0 : IXGBE_TXD_POPTS_IXSM);
}

/* Every protocol, length even and odd, from 0 to beyond a word. */
static void sums_are_put_in(void **state)
{
    (void)state;
    EACH(c)
    {
        for (uint32_t v = 0; v < 6u * 37u; v++) {
            struct rig *r = vf_tx(CHIP(c));
            struct packet p = a_packet((enum packet_l4)(v % 3u), v / 3u % 2u != 0, v / 6u * 39u);
            uint8_t f[2048], good[2048] = {0};
            uint32_t n;

            p.payload_len = p.l4 == PACKET_SCTP ? p.payload_len & ~3u : p.payload_len;
            n = packet_make(good, &p);
            packet_without_sums(f, &p);
            send(r, &p, f, n, sums_of(&p));
            assert_int_equal(r->h.wired, 1);
            assert_int_equal(r->h.wire[0].len, n < 60u ? 60u : n);
            assert_memory_equal(r->h.wire[0].bytes, good, r->h.wire[0].len);
            rig_end(r);
        }
    }
}

/* RFC 768: a sum of 0 is sent as ones. Here is the payload that makes it so. */
static void udp_never_sends_0(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(PACKET_UDP, false, 100);
        uint8_t f[256], good[256];
        uint32_t n, rest;

        memset(payload, 0, 2);
        n = packet_make(good, &p);
        rest = (uint32_t)good[40] << 8 | good[41];
        payload[0] = (uint8_t)(rest >> 8); /* the field's value, at an even offset, makes the sum 0 */
        payload[1] = (uint8_t)rest;
        packet_without_sums(f, &p);
        send(r, &p, f, n, sums_of(&p));
        assert_int_equal(r->h.wire[0].bytes[40] << 8 | r->h.wire[0].bytes[41], 0xffff);
        packet_make(good, &p);
        assert_memory_equal(r->h.wire[0].bytes, good, n);
        rig_end(r);
    }
}

/* Up to the packet's last byte, whatever the lengths in its headers. */
static void sums_go_to_the_end(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(PACKET_TCP, false, 101);
        uint8_t f[256];
        uint32_t n = packet_without_sums(f, &p), residue;

        f[n] = 0x5a;
        send(r, &p, f, n + 1u, sums_of(&p));
        residue = packet_residue(r->h.wire[0].bytes + 34, n + 1u - 34u);
        residue += packet_residue(f + 26, 8) + 6u + (n - 34u);
        assert_int_equal(residue % 65535u, 0);
        rig_end(r);
    }
}

static void only_what_is_asked_for(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(PACKET_TCP, false, 100);
        uint8_t f[256], good[256];
        uint32_t n = packet_make(good, &p);

        packet_without_sums(f, &p);
        send(r, &p, f, n, IXGBE_TXD_POPTS_IXSM);
        assert_memory_equal(r->h.wire[0].bytes + 24, good + 24, 2);
        assert_memory_equal(r->h.wire[0].bytes + 50, f + 50, 2);
        send(r, &p, f, n, IXGBE_TXD_POPTS_TXSM);
        assert_memory_equal(r->h.wire[1].bytes + 24, f + 24, 2);
        assert_memory_equal(r->h.wire[1].bytes + 50, good + 50, 2);
        send(r, &p, f, n, 0);
        assert_memory_equal(r->h.wire[2].bytes, f, n);
        rig_end(r);
    }
}

/* Of two contexts the one that the packet names; each holds until it is set again. */
static void contexts_last(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(PACKET_UDP, true, 100), q = a_packet(PACKET_TCP, false, 100);
        uint8_t f[256], good[256];
        uint32_t dw[4], n;

        packet_context(dw, &p, 0, 0);
        rig_tx_raw(r, 1, 0, dw);
        packet_context(dw, &q, 0, 0);
        dw[3] |= 1u << IXGBE_TXC_IDX_SHIFT;
        rig_tx_raw(r, 1, 0, dw);
        for (uint32_t i = 0; i < 4u; i++) {
            const struct packet *now = i % 2u ? &q : &p;

            n = packet_make(good, now);
            packet_without_sums(f, now);
            rig_tx_put(r, 1, 0, f, n, DCMD_ALL, PAYLEN(n) | sums_of(now) | (i % 2u) << IXGBE_TXD_IDX_SHIFT);
            rig_tx_kick(r, 1, 0);
            assert_memory_equal(r->h.wire[i].bytes, good, n);
        }
        rig_end(r);
    }
}

/* With the queue they go. */
static void contexts_end_with_the_queue(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(PACKET_TCP, false, 100);
        uint8_t f[256];
        uint32_t n = packet_without_sums(f, &p);

        send(r, &p, f, n, sums_of(&p));
        wr(r, 1, tx_reg(r, 0, r->c->txdctl), 0);
        rig_tx_start(r, 1, 0);
        rig_tx_put(r, 1, 0, f, n, DCMD_ALL, PAYLEN(n) | sums_of(&p));
        rig_tx_kick(r, 1, 0);
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], 1);
        assert_int_equal(r->h.wired, 1);
        rig_clear_reports(r);
        rig_end(r);
    }
}

/* CC alone asks for a context; the 82576 does not know that bit. */
static void check_context(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint8_t f[64];

        frame_make(f, broadcast, 1, 64);
        rig_tx_put(r, 1, 0, f, 64, DCMD_ALL, PAYLEN(64) | IXGBE_TXD_CC);
        rig_tx_kick(r, 1, 0);
        assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], r->c == &rig_82599);
        assert_int_equal(r->h.wired, r->c != &rig_82599);
        rig_clear_reports(r);
        rig_end(r);
    }
}

struct wrong {
    const char *what;
    enum packet_l4 l4;
    uint32_t dw, clear, set; /* of the context */
    uint32_t sums;
    uint32_t cut, at; /* bytes off the packet's end; a byte that is not 0 */
};

#define BOTH (IXGBE_TXD_POPTS_IXSM | IXGBE_TXD_POPTS_TXSM)

static const struct wrong wrongs[] = {
    {.what = "MACLEN 13", .dw = 0, .clear = 0xfe00u, .set = 13u << 9, .sums = BOTH},
    {.what = "IPLEN 19", .dw = 0, .clear = 0x1ffu, .set = 19, .sums = BOTH},
    {.what = "IPLEN 511", .dw = 0, .set = 511, .sums = BOTH},
    {.what = "IXSM for IPv6", .dw = 2, .clear = IXGBE_TXC_TUCMD_IPV4, .sums = IXGBE_TXD_POPTS_IXSM},
    {.what = "L4T reserved", .dw = 2, .set = 0x1800u, .sums = BOTH},
    {.what = "a TCP header cut off", .sums = BOTH, .cut = 101},
    {.what = "a UDP header cut off", .l4 = PACKET_UDP, .sums = BOTH, .cut = 101},
    {.what = "an SCTP header cut off", .l4 = PACKET_SCTP, .sums = BOTH, .cut = 104},
    {.what = "SCTP in half words", .l4 = PACKET_SCTP, .sums = BOTH, .cut = 2},
    {.what = "SCTP with a CRC", .l4 = PACKET_SCTP, .sums = BOTH, .at = 42},
};

static void wrong_requests_are_refused(void **state)
{
    (void)state;
    EACH(c)
    {
        for (uint32_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
            const struct wrong *w = &wrongs[i];
            struct rig *r = vf_tx(CHIP(c));
            struct packet p = a_packet(w->l4, false, 100);
            uint8_t f[256];
            uint32_t n = packet_without_sums(f, &p) - w->cut, dw[4];

            if (w->at != 0)
                f[w->at] = 1;
            packet_context(dw, &p, 0, 0);
            dw[w->dw] = (dw[w->dw] & ~w->clear) | w->set;
            rig_tx_raw(r, 1, 0, dw);
            rig_tx_put(r, 1, 0, f, n, DCMD_ALL, PAYLEN(n) | w->sums);
            rig_tx_kick(r, 1, 0);
            if (r->h.reports[SRIOV_REPORT_BAD_DESC] != 1u || r->h.wired != 0)
                print_error("%s, %s\n", r->c->name, w->what);
            assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], 1);
            assert_int_equal(r->h.wired, 0);
            rig_clear_reports(r);
            rig_end(r);
        }
    }
}

static void a_packet_too_long_is_refused(void **state)
{
    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        uint32_t most = r->c == &rig_82599 ? 15872u : 9728u;
        uint8_t f[RIG_BUF];

        frame_make(f, broadcast, 1, RIG_BUF);
        for (uint32_t over = 0; over < 2u; over++) {
            for (uint32_t at = 0, n; at < most + over; at += n) {
                n = most + over - at < RIG_BUF ? most + over - at : RIG_BUF;
                rig_tx_put(r, 1, 0, f, n, at + n == most + over ? DCMD_ALL : NO_EOP,
                           at == 0 ? PAYLEN(most + over) : 0);
            }
            rig_tx_kick(r, 1, 0);
            assert_int_equal(r->h.wired, 1);
            assert_int_equal(r->h.reports[SRIOV_REPORT_BAD_DESC], over);
        }
        rig_clear_reports(r);
        rig_end(r);
    }
}

/* ---- received ---- */

static uint32_t arrives(struct rig *r, const uint8_t *f, uint32_t n)
{
    uint32_t slot = r->rx_next[2][0];

    r->ops->wire_rx(r->m, f, n);
    assert_int_equal(rig_rx_count(r, 2, 0), 1);
    rig_rx_give(r, 2, 0, 1);
    return rig_rx_dw(r, 2, 0, slot, 2);
}

/* SCTP's CRC counts as an L4 checksum; in the 82576 RXCSUM.CRCOFL asks for it. */
static void sctp_is_looked_at(void **state)
{
    (void)state;
    EACH(c)
    {
        for (uint32_t v = 0; v < 2u; v++) {
            struct rig *r = vf_tx(CHIP(c));
            struct packet p = a_packet(PACKET_SCTP, v != 0, 400);
            uint8_t f[512];
            uint32_t n, bits = IXGBE_RXD_STAT_L4CS | r->c->err_l4;

            p.to = 2;
            n = packet_make(f, &p);
            if (r->c == &rig_82576) {
                assert_int_equal(arrives(r, f, n) & bits, 0);
                wr(r, 0, IGB_RXCSUM, IGB_RXCSUM_CRCOFL | IGB_RXCSUM_IPOFLD);
            }
            assert_int_equal(arrives(r, f, n) & bits, IXGBE_RXD_STAT_L4CS);
            f[200] ^= 4u;
            assert_int_equal(arrives(r, f, n) & bits, bits);
            rig_end(r);
        }
    }
}

/* Each wrong bit of a TCP segment shows, be it in its header, its payload or the addresses. */
static void wrong_bits_show(void **state)
{
    static const uint32_t at[] = {26, 33, 34, 45, 50, 54, 101, 153};

    (void)state;
    EACH(c)
    {
        struct rig *r = vf_tx(CHIP(c));
        struct packet p = a_packet(PACKET_TCP, false, 100);
        uint8_t f[256];
        uint32_t n;

        p.to = 2;
        n = packet_make(f, &p);
        for (uint32_t i = 0; i < 8u; i++) {
            uint32_t status;

            f[at[i]] ^= 0x10u;
            status = arrives(r, f, n);
            f[at[i]] ^= 0x10u;
            assert_int_not_equal(status & IXGBE_RXD_STAT_L4CS, 0);
            assert_int_not_equal(status & r->c->err_l4, 0);
            assert_int_equal((status & r->c->err_ip) != 0, at[i] < 34u);
        }
        assert_int_equal(arrives(r, f, n) & (r->c->err_l4 | r->c->err_ip), 0);
        rig_end(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("82599 7.2.5, 82576 7.2.5: sums of every protocol", sums_are_put_in),
        CASE("82599 7.2.5.2, 82576 7.2.5: UDP never sends 0", udp_never_sends_0),
        CASE("82599 7.2.5.2, 82576 7.2.5: up to the last byte", sums_go_to_the_end),
        CASE("82599 7.2.3.2.4, 82576 7.2.2: IXSM and TXSM by themselves", only_what_is_asked_for),
        CASE("82599 7.2.3.2.3, 82576 7.2.2: two contexts", contexts_last),
        CASE("82599 7.2.3.2.3, 82576 7.2.2: contexts end with the queue", contexts_end_with_the_queue),
        CASE("82599 7.2.3.2.4: CC", check_context),
        CASE("82599 7.2.3.2.3, 7.2.5.3, 82576 7.2.2: wrong requests", wrong_requests_are_refused),
        CASE("82599 7.2.3.2.4, 82576 7.2.2: the longest packet", a_packet_too_long_is_refused),
        CASE("82599 7.1.11, 82576 7.1.11: SCTP", sctp_is_looked_at),
        CASE("82599 7.1.11, 82576 7.1.11: wrong bits", wrong_bits_show),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
