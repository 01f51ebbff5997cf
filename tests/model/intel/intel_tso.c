/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP and UDP segmentation: 82599 datasheet, section 7.2.4; 82576 datasheet, section 7.2.4. */
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include "request.h"

static const struct rig_chip *const chips[] = {&rig_82599, &rig_82576};
#define EACH(c) for (uint32_t c##_i = 0; c##_i < 2u; c##_i++)
#define CHIP(c) (chips[c##_i])

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

/* Sequence numbers and identification wrap; FIN and PSH come last, CWR first. */
static void cuts_a_packet(void **state)
{
    static const uint32_t lens[] = {1001, 2000, 3999, 9500};
    struct rig *r;

    (void)state;
    EACH(c)
    {
        for (uint32_t v = 0; v < 8u; v++) {
            struct packet p = request_packet(lens[v / 2u]);

            p.ipv6 = v % 2u != 0;
            p.ip_options = p.ipv6 ? 0 : v * 4u;
            r = request_rig(CHIP(c));
            request_put(r, &p, MSS, 0, packet_headers(&p));
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
            struct rig *r = request_rig(CHIP(c));
            struct packet p = request_packet(5000);

            request_put(r, &p, 1448, 0, first);
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
            struct rig *r = request_rig(CHIP(c));
            struct packet p = request_packet(2500);

            p.l4 = PACKET_UDP;
            p.ipv6 = v != 0;
            request_put(r, &p, MSS, 0, 500);
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
        struct rig *r = request_rig(CHIP(c));
        struct packet p = request_packet(2500), tagged = p;

        tagged.tagged = true;
        tagged.tag = 0x6064;
        request_put(r, &p, MSS, 0x6064, 200);
        rig_tx_kick(r, 1, 0);
        check_wire(r, &tagged, MSS, 3);
        /* The port's VLAN without the driver's knowledge. */
        r->h.wired = 0;
        wr(r, 0, r->c == &rig_82599 ? IXGBE_PFVMVIR(0u) : IGB_VMVIR(0u), IXGBE_PFVMVIR_VLANA_DEFAULT | 7u);
        tagged.tag = 7;
        request_put(r, &p, MSS, 0, 200);
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
        struct rig *r = request_rig(CHIP(c));
        struct packet p = request_packet(2500);

        p.tagged = true;
        p.tag = 0x0123;
        request_put(r, &p, MSS, 0, 200);
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
        struct rig *r = request_rig(CHIP(c));
        struct packet p = request_packet(MSS);
        uint8_t good[2048];

        request_put(r, &p, MSS, 0, 200);
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
        struct rig *r = request_rig(CHIP(c));
        struct packet p = request_packet(MSS + 1u);
        uint8_t good[60] = {0};

        p.tcp_options = 0;
        request_put(r, &p, MSS, 0, 200);
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
        struct rig *r = request_rig(CHIP(c));
        uint32_t low = r->c == &rig_82599 ? IXGBE_DTXTCPFLGL : IGB_DTXTCPFLGL;
        uint32_t high = r->c == &rig_82599 ? IXGBE_DTXTCPFLGH : IGB_DTXTCPFLGH;
        struct packet p = request_packet(3u * MSS);
        uint32_t at = packet_maclen(&p) + packet_iplen(&p) + 13u;

        assert_int_equal(rd(r, 0, low), 0x0f760ff6u);
        assert_int_equal(rd(r, 0, high), 0xf7fu);
        wr(r, 0, low, 0x0fff0001u);
        wr(r, 0, high, 0x0008u);
        request_put(r, &p, MSS, 0, 200);
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
        struct rig *r = request_rig(CHIP(c));
        struct packet p = request_packet(2500);
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
        rig_tx_put(r, 1, 0, f, n, TSE_ALL, PAYLEN(2500) | request_sums(&p));
        rig_tx_kick(r, 1, 0);
        assert_int_equal(r->h.wired, 3);
        for (uint32_t i = 0; i < 3u; i++) {
            assert_int_equal(packet_residue(r->h.wire[i].bytes + 14, 20), 0);
            assert_int_equal(r->h.wire[i].bytes[17] | r->h.wire[i].bytes[16] << 8, r->h.wire[i].len - 14);
        }
        rig_end(r);
    }
}

static void large_requests(void **state)
{
    (void)state;
    EACH(c)
    {
        for (uint32_t buffers = 1; buffers <= 5u; buffers += 2u) {
            struct rig *r = request_rig(CHIP(c));
            struct packet p = request_packet(0);
            uint32_t frames = (buffers * 52000u + 1447u) / 1448u;
            uint8_t good[2048];

            request_large(r, &p, 1448, buffers, 52000);
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
        struct rig *r = request_rig(CHIP(c));
        struct packet p = request_packet(16000);

        request_put(r, &p, 8948, 0, 100);
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
        struct rig *r = request_rig(CHIP(c));
        struct packet p = request_packet(2500);
        uint8_t good[2048];

        p.to = 2;
        rig_queues(r, 2);
        request_put(r, &p, MSS, 0, 100);
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
    struct rig *r = request_rig(&rig_82576);
    struct packet p = request_packet(2500);

    (void)state;
    request_put(r, &p, MSS, 0, 100);
    request_put(r, &p, MSS, 0, 100);
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
        struct rig *r = request_rig(CHIP(c));
        struct packet p = request_packet(9000);

        r->h.dma_bad = rig_tx_buf(1, 0, 3);
        request_put(r, &p, MSS, 0, 100);
        rig_tx_kick(r, 1, 0);
        assert_int_equal(r->h.wired, 0);
        assert_int_equal(r->h.dma_refused, 1);
        assert_int_equal(rd(r, 1, tx_reg(r, 0, 0x10)), 3);
        rig_end(r);
    }
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
