/* SPDX-License-Identifier: BSD-3-Clause */
/* What a session answers, what it must not, and what round-trip figures say. */
#include "wire.h"

#include "rtt.h"

static int setup(void **state)
{
    *state = wire_create();
    return 0;
}

static int teardown(void **state)
{
    wire_destroy(*state);
    return 0;
}

/* A question to B, from A. */
static struct frame question(enum frame_kind kind)
{
    static const uint8_t payload[] = {1, 2, 3, 4, 5};
    struct frame frame = {.kind = kind,
                          .src = mac_a,
                          .dst = mac_b,
                          .arp_mac = mac_a,
                          .src_ip = A_IP,
                          .dst_ip = B_IP,
                          .ident = 9,
                          .seq = kind == FRAME_UDP ? ECHO_UDP_PORT : 5,
                          .payload = payload,
                          .payload_len = sizeof(payload)};
    return frame;
}

static void questions_are_answered(void **state)
{
    struct wire *wire = *state;
    struct frame ping = question(FRAME_PING);
    struct frame udp = question(FRAME_UDP);
    struct frame arp = question(FRAME_ARP_REQUEST);

    wire_feed(wire->b, &ping);
    assert_int_equal(wire->last_b.kind, FRAME_PONG);
    assert_int_equal(wire->last_b.ident, 9);
    assert_int_equal(wire->last_b.seq, 5);
    assert_int_equal(wire->last_b.payload_len, 5);
    wire_feed(wire->b, &udp);
    assert_int_equal(wire->last_b.kind, FRAME_UDP);
    assert_int_equal(wire->last_b.ident, ECHO_UDP_PORT);
    assert_int_equal(wire->last_b.seq, 9);
    arp.dst = frame_broadcast;
    wire_feed(wire->b, &arp);
    assert_int_equal(wire->last_b.kind, FRAME_ARP_REPLY);
    assert_memory_equal(wire->last_b.arp_mac.b, mac_b.b, SRIOV_ETH_ALEN);
    assert_memory_equal(wire->last_b.dst.b, mac_a.b, SRIOV_ETH_ALEN);
    assert_int_equal(wire->sent_b, 3);
    assert_int_equal(echo_session_stats(wire->b)->answered_arp, 1);
    assert_int_equal(echo_session_stats(wire->b)->answered_echo, 2);
}

static void feed_other(struct wire *wire, struct frame frame)
{
    wire_feed(wire->b, &frame);
}

static void others_are_not_answered(void **state)
{
    struct wire *wire = *state;
    struct frame frame = question(FRAME_PING);

    frame.dst_ip = B_IP + 1;
    feed_other(wire, frame);
    frame = question(FRAME_ARP_REQUEST);
    frame.dst_ip = B_IP + 1;
    feed_other(wire, frame);
    frame = question(FRAME_PING);
    frame.dst.b[5] ^= 1; /* another host's, seen in promiscuous mode */
    feed_other(wire, frame);
    frame = question(FRAME_PING);
    frame.dst = frame_broadcast;
    feed_other(wire, frame);
    frame = question(FRAME_PING);
    frame.src.b[0] |= 1; /* nobody has a group address */
    feed_other(wire, frame);
    frame = question(FRAME_ARP_REQUEST);
    frame.arp_mac = frame_broadcast;
    feed_other(wire, frame);
    frame = question(FRAME_UDP);
    frame.ident = ECHO_UDP_PORT; /* two echo services would never end */
    feed_other(wire, frame);
    frame = question(FRAME_UDP);
    frame.seq = 53;
    feed_other(wire, frame);
    frame = question(FRAME_PONG);
    feed_other(wire, frame);
    assert_int_equal(wire->sent_b, 0);
}

/* The emulated 82576 gives a broadcast back to its sender. */
static void own_broadcasts_are_not_answered(void **state)
{
    struct wire *wire = *state;
    struct frame arp = question(FRAME_ARP_REQUEST);

    arp.src = mac_b;
    arp.arp_mac = mac_b;
    arp.dst = frame_broadcast;
    arp.src_ip = B_IP;
    feed_other(wire, arp);
    assert_int_equal(wire->sent_b, 0);
    assert_int_equal(echo_session_stats(wire->b)->ignored, 1);
}

static void damaged_questions_are_not_answered(void **state)
{
    struct wire *wire = *state;
    struct frame ping = question(FRAME_PING);
    uint8_t bytes[FRAME_MAX];
    uint32_t len = frame_build(bytes, &ping);

    bytes[FRAME_OVERHEAD] ^= 1;
    echo_input(wire->b, bytes, len);
    assert_int_equal(wire->sent_b, 0);
    assert_int_equal(echo_session_stats(wire->b)->damaged, 1);
}

static void without_address_it_only_listens(void **state)
{
    struct wire *wire = *state;
    struct echo_session *deaf;
    struct frame arp = question(FRAME_ARP_REQUEST);
    struct frame ping = question(FRAME_PING);
    struct echo_io io = {0};

    (void)wire;
    arp.dst_ip = ping.dst_ip = 0;
    assert_int_equal(echo_session_create(&mac_b, 0, &io, &deaf), 0); /* io would crash */
    wire_feed(deaf, &arp);
    wire_feed(deaf, &ping);
    assert_int_equal(echo_session_stats(deaf)->ignored, 1);
    echo_session_destroy(deaf);
}

/* ---- round trips ---- */

static int by_value(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return left < right ? -1 : left > right;
}

static void quantiles_are_within_a_bucket(void **state)
{
    enum {
        N = 20000
    };
    static uint64_t values[N];
    struct echo_rtt *rtt = calloc(1, sizeof(*rtt));
    uint64_t seed = 88172645463325252u;

    (void)state;
    assert_non_null(rtt);
    assert_int_equal(echo_rtt_quantile(rtt, 500), 0);
    for (int i = 0; i < N; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        values[i] = seed >> (seed % 60);
        echo_rtt_add(rtt, values[i]);
    }
    qsort(values, N, sizeof(values[0]), by_value);
    assert_true(rtt->min_ns == values[0] && rtt->max_ns == values[N - 1]);
    for (uint32_t permille = 0; permille <= 1000; permille++) {
        uint64_t exact = values[(uint64_t)(N - 1) * permille / 1000];
        uint64_t got = echo_rtt_quantile(rtt, permille);
        assert_true(got >= exact && got - exact <= exact / 32);
    }
    free(rtt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(questions_are_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(others_are_not_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(own_broadcasts_are_not_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_questions_are_not_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(without_address_it_only_listens, setup, teardown),
        cmocka_unit_test(quantiles_are_within_a_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
