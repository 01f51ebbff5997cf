/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames: what is written is read again; nothing hostile is read beyond its end. */
#include "wire.h"

#include "checksum.h"

static struct frame sample(enum frame_kind kind, const uint8_t *payload, uint32_t len)
{
    struct frame frame = {.kind = kind,
                          .src = mac_a,
                          .dst = mac_b,
                          .arp_mac = mac_a,
                          .src_ip = A_IP,
                          .dst_ip = B_IP,
                          .ident = 0x1234,
                          .seq = 0xfedc,
                          .payload = payload,
                          .payload_len = len};
    return frame;
}

static void checksum_is_the_known_one(void **state)
{
    /* A header whose checksum 0xb861 is published in many texts. */
    static const uint8_t header[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                                     0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
    uint8_t blank[sizeof(header)];

    (void)state;
    memcpy(blank, header, sizeof(header));
    blank[10] = blank[11] = 0;
    assert_int_equal(checksum_finish(checksum_add(0, header, sizeof(header))), 0);
    assert_int_equal(checksum_finish(checksum_add(0, blank, sizeof(blank))), 0xb861);
    assert_int_equal(checksum_finish(checksum_add(0, (const uint8_t *)"\x12\x34\x56", 3)), 0x97cb);
}

static void round_trip(enum frame_kind kind, uint32_t len)
{
    static uint8_t payload[FRAME_PAYLOAD_MAX];
    static uint8_t bytes[FRAME_MAX];
    struct frame in = sample(kind, payload, len);
    struct frame out;

    for (uint32_t i = 0; i < len; i++) {
        payload[i] = (uint8_t)(i * 13 + 5);
    }
    uint32_t total = frame_build(bytes, &in);
    assert_in_range(total, FRAME_MIN, FRAME_MAX);
    frame_parse(bytes, total, &out);
    assert_int_equal(out.kind, kind);
    assert_false(out.damaged);
    assert_memory_equal(out.src.b, mac_a.b, SRIOV_ETH_ALEN);
    assert_memory_equal(out.dst.b, mac_b.b, SRIOV_ETH_ALEN);
    assert_int_equal(out.src_ip, A_IP);
    assert_int_equal(out.dst_ip, B_IP);
    if (kind == FRAME_ARP_REQUEST || kind == FRAME_ARP_REPLY) {
        assert_memory_equal(out.arp_mac.b, mac_a.b, SRIOV_ETH_ALEN);
        return;
    }
    assert_int_equal(out.ident, 0x1234);
    assert_int_equal(out.seq, 0xfedc);
    assert_int_equal(out.payload_len, len);
    assert_memory_equal(out.payload, payload, len);
}

static void what_is_written_is_read(void **state)
{
    static const uint32_t lengths[] = {0, 1, 2, 17, 18, 19, 56, 1472, 1473, 8958, FRAME_PAYLOAD_MAX};

    (void)state;
    round_trip(FRAME_ARP_REQUEST, 0);
    round_trip(FRAME_ARP_REPLY, 0);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        round_trip(FRAME_PING, lengths[i]);
        round_trip(FRAME_PONG, lengths[i]);
        round_trip(FRAME_UDP, lengths[i]);
    }
}

static void too_long_is_not_written(void **state)
{
    static uint8_t bytes[FRAME_MAX];
    struct frame frame = sample(FRAME_PING, NULL, FRAME_PAYLOAD_MAX + 1);

    (void)state;
    assert_int_equal(frame_build(bytes, &frame), 0);
    frame.kind = FRAME_OTHER;
    assert_int_equal(frame_build(bytes, &frame), 0);
}

/* In memory of exactly that size, so that a sanitizer sees a read beyond. */
static struct frame parse_exact(const uint8_t *bytes, uint32_t len)
{
    uint8_t *copy = malloc(len + 1); /* malloc(0) may be NULL */
    struct frame frame;

    assert_non_null(copy);
    memcpy(copy + 1, bytes, len);
    frame_parse(copy + 1, len, &frame);
    if (frame.payload != NULL) {
        assert_true(frame.payload >= copy + 1 && frame.payload <= copy + 1 + len);
        assert_true(frame.payload_len <= (uint32_t)(copy + 1 + len - frame.payload));
    }
    free(copy);
    return frame;
}

static void a_cut_frame_is_no_frame(void **state)
{
    uint8_t payload[100] = {1, 2, 3};
    uint8_t bytes[FRAME_MAX];

    (void)state;
    for (enum frame_kind kind = FRAME_ARP_REQUEST; kind <= FRAME_UDP; kind++) {
        struct frame frame = sample(kind, payload, sizeof(payload));
        uint32_t total = frame_build(bytes, &frame);
        bool arp = kind == FRAME_ARP_REQUEST || kind == FRAME_ARP_REPLY;
        uint32_t whole = arp ? 42 : total;
        for (uint32_t len = 0; len < whole; len++) {
            assert_int_equal(parse_exact(bytes, len).kind, FRAME_OTHER);
        }
        assert_int_equal(parse_exact(bytes, whole).kind, kind);
    }
}

/* Every byte of a frame set to every value: no read beyond, and no bit of the payload goes unseen. */
static void every_byte_may_lie(void **state)
{
    uint8_t payload[64] = {9, 8, 7};
    uint8_t bytes[FRAME_MAX];

    (void)state;
    for (enum frame_kind kind = FRAME_ARP_REQUEST; kind <= FRAME_UDP; kind++) {
        struct frame frame = sample(kind, payload, sizeof(payload));
        uint32_t total = frame_build(bytes, &frame);
        for (uint32_t at = 0; at < total; at++) {
            uint8_t truth = bytes[at];
            for (uint32_t lie = 0; lie < 256; lie++) {
                bytes[at] = (uint8_t)lie;
                struct frame got = parse_exact(bytes, total);
                if (at >= FRAME_OVERHEAD && lie != truth && got.kind >= FRAME_PING) {
                    assert_true(got.damaged);
                }
            }
            bytes[at] = truth;
        }
    }
}

/* Linux answers an empty request of number 0 and identifier 0 with a checksum of 0, we with 0xffff. */
static void zero_has_two_checksums(void **state)
{
    static const uint8_t forms[] = {0x00, 0xff};
    uint8_t bytes[FRAME_MAX];
    struct frame frame = sample(FRAME_PONG, NULL, 0);

    (void)state;
    frame.ident = frame.seq = 0;
    uint32_t total = frame_build(bytes, &frame);
    uint8_t *sum = bytes + FRAME_OVERHEAD - 6;
    assert_true(sum[0] == 0xff && sum[1] == 0xff);
    for (size_t i = 0; i < sizeof(forms); i++) {
        sum[0] = sum[1] = forms[i];
        assert_int_equal(parse_exact(bytes, total).kind, FRAME_PONG);
        assert_false(parse_exact(bytes, total).damaged);
        sum[1] ^= 1;
        assert_true(parse_exact(bytes, total).damaged);
    }
}

static void fragments_are_not_read(void **state)
{
    uint8_t payload[64] = {0};
    uint8_t bytes[FRAME_MAX];
    struct frame frame = sample(FRAME_PING, payload, sizeof(payload));
    uint32_t total = frame_build(bytes, &frame);

    (void)state;
    bytes[20] = 0x20;
    assert_int_equal(parse_exact(bytes, total).kind, FRAME_OTHER);
    bytes[20] = 0x00;
    bytes[21] = 0x01;
    assert_int_equal(parse_exact(bytes, total).kind, FRAME_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksum_is_the_known_one), cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(too_long_is_not_written),   cmocka_unit_test(a_cut_frame_is_no_frame),
        cmocka_unit_test(every_byte_may_lie),        cmocka_unit_test(fragments_are_not_read),
        cmocka_unit_test(zero_has_two_checksums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
