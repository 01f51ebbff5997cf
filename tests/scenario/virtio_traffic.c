/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames both ways through the virtio-net driver, of every shape and on every kind of device. */
#include "virtio_stage.h"

#include <errno.h>
#include <string.h>

static const struct vs_setup usual;

static void starts_and_stops(void **state)
{
    struct vs_world w;
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    assert_string_equal(sriov_net_driver_name(w.net), "virtio-net");
    struct sriov_net_info info = vs_info(&w);
    const uint8_t mac[6] = {0x02, 0, 0, 0, 0x01, 0};
    assert_memory_equal(info.mac.b, mac, 6);
    assert_int_equal(info.link.mbps, 10000);
    assert_int_equal(info.max_mtu, 9216);
    assert_int_equal(info.max_queues, 4);
    for (int i = 0; i < 3; i++) {
        vs_expect_traffic(&w);
        assert_int_equal(sriov_net_stop(w.net), 0);
        assert_int_equal(sriov_net_start(w.net), 0);
    }
    vs_end(&w);
}

/* Each ring goes round several times. */
static void many_frames_each_way(void **state)
{
    struct vs_world w;
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    for (uint32_t n = 0; n < 3000; n++) {
        uint32_t len = 60 + n * 7 % 1455;
        assert_int_equal(vs_send(&w, len, n), 1);
        assert_int_equal(w.wire_frames, n + 1);
        assert_int_equal(w.wire_number[n % VS_WIRE_KEPT], n);
        assert_int_equal(w.wire_len[n % VS_WIRE_KEPT], len);
        vs_wire(&w, len, n);
        vs_expect(&w, len, n);
    }
    assert_int_equal(sriov_mock_rx_drops(w.mock, w.name), 0);
    vs_end(&w);
}

static void bursts_fill_the_rings(void **state)
{
    struct vs_world w;
    struct sriov_buf *bufs[64];
    uint32_t sent = 0;
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    assert_int_equal(sriov_mock_set_delay(w.mock, w.name, SRIOV_DELAY_TX, VS_MS), 0);
    while (vs_send(&w, 100, sent) == 1) {
        sent++;
    }
    assert_int_equal(sent, 128); /* two descriptors each */
    assert_int_equal(sriov_net_txq(w.net, 0)->full, 1);
    sriov_mock_advance(w.mock, 2 * VS_MS);
    assert_int_equal(w.wire_frames, sent);
    assert_int_equal(vs_send(&w, 100, sent), 1);
    for (uint32_t n = 0; n < 300; n++) {
        vs_wire(&w, 100, n);
    }
    assert_int_equal(sriov_mock_rx_drops(w.mock, w.name), 300 - 256);
    uint32_t got = 0;
    uint16_t n;
    while ((n = sriov_rx_burst(sriov_net_rxq(w.net, 0), bufs, 64)) > 0) {
        got += n;
        sriov_buf_free_bulk(bufs, n);
    }
    assert_int_equal(got, 256);
    sriov_mock_advance(w.mock, 2 * VS_MS);
    vs_end(&w);
}

/* With 2 KiB buffers a jumbo frame fills several, and goes out of several. */
static void jumbo_frames_are_chains(void **state)
{
    static const struct vs_setup jumbo = {.config = {.mtu = 9000}};
    struct vs_world w;
    (void)state;
    vs_make(&w, &jumbo);
    vs_up(&w);
    for (uint32_t len = 2000; len <= 9014; len += 501) {
        assert_int_equal(vs_send(&w, len, len), 1);
        assert_int_equal(w.wire_len[(w.wire_frames - 1) % VS_WIRE_KEPT], len);
        assert_int_equal(w.wire_number[(w.wire_frames - 1) % VS_WIRE_KEPT], len);
        vs_wire(&w, len, len);
        vs_expect(&w, len, len);
    }
    vs_wire(&w, 9100, 1); /* more than the MTU allows */
    vs_expect_nothing(&w);
    assert_int_equal(sriov_net_rxq(w.net, 0)->bad, 1);
    vs_end(&w);
}

static void tags_are_inserted(void **state)
{
    struct vs_world w;
    uint8_t frame[60];
    const uint8_t tag[4] = {0x81, 0x00, 0x60, 0x64};
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    vs_fill(frame, sizeof(frame), frame, vs_info(&w).mac.b, 5);
    struct sriov_buf *buf = sriov_buf_from(w.pool, frame, sizeof(frame));
    buf->flags = SRIOV_TX_VLAN;
    buf->vlan_tci = 0x6064;
    assert_int_equal(sriov_tx_burst(sriov_net_txq(w.net, 0), &buf, 1), 1);
    assert_int_equal(w.wire_len[0], sizeof(frame) + 4);
    assert_memory_equal(w.wire_last, frame, 12);
    assert_memory_equal(w.wire_last + 12, tag, 4);
    assert_memory_equal(w.wire_last + 16, frame + 12, sizeof(frame) - 12);
    vs_expect_traffic(&w);
    vs_end(&w);
}

/* What was received goes out as it lies, header room and all. */
static void a_received_frame_is_sent_on(void **state)
{
    struct vs_world w;
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    for (uint32_t n = 0; n < 600; n++) {
        vs_wire(&w, 200, n);
        struct sriov_buf *buf = vs_recv(&w, 0);
        assert_non_null(buf);
        assert_int_equal(sriov_tx_burst(sriov_net_txq(w.net, 0), &buf, 1), 1);
        assert_int_equal(w.wire_number[n % VS_WIRE_KEPT], n);
    }
    vs_end(&w);
}

static void bad_frames_are_refused(void **state)
{
    struct vs_world w;
    struct sriov_buf *buf;
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    assert_int_equal(vs_send(&w, 1519, 1), 1); /* taken, and freed */
    buf = sriov_buf_alloc(w.pool);
    assert_int_equal(sriov_tx_burst(sriov_net_txq(w.net, 0), &buf, 1), 1); /* empty */
    assert_int_equal(sriov_net_txq(w.net, 0)->refused, 2);
    assert_int_equal(w.wire_frames, 0);
    vs_expect_traffic(&w);
    vs_end(&w);
}

static void kinds_of_device(void **state)
{
    static const struct vs_setup transitional = {.quirks = "transitional"};
    static const struct vs_setup plain = {.quirks = "plain"};
    static const struct vs_setup *const setups[] = {&transitional, &plain};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct vs_world w;
        vs_make(&w, setups[i]);
        vs_up(&w);
        for (uint32_t n = 0; n < 300; n++) {
            assert_int_equal(vs_send(&w, 1514, n), 1);
            vs_wire(&w, 1514, n);
            vs_expect(&w, 1514, n);
        }
        vs_end(&w);
    }
}

/* Legacy, or DMA past the IOMMU: nothing that this driver may touch. */
static void kinds_that_are_refused(void **state)
{
    static const struct vs_setup legacy = {.quirks = "legacy"};
    static const struct vs_setup past = {.quirks = "past-iommu"};
    static const struct vs_setup *const setups[] = {&legacy, &past};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct vs_world w;
        vs_make(&w, setups[i]);
        assert_int_equal(vs_open(&w), -EOPNOTSUPP);
        vs_end(&w);
    }
}

/* Without mergeable buffers each has to take a whole frame. */
static void small_buffers_want_mergeable_ones(void **state)
{
    static const struct vs_setup small = {.buf_size = 512};
    static const struct vs_setup plain = {.buf_size = 512, .quirks = "plain"};
    struct vs_world w;
    (void)state;
    vs_make(&w, &small);
    vs_up(&w);
    vs_wire(&w, 1514, 3);
    vs_expect(&w, 1514, 3);
    vs_end(&w);
    vs_make(&w, &plain);
    assert_int_equal(vs_open(&w), 0);
    assert_int_equal(vs_start(&w), -EINVAL);
    vs_end(&w);
}

static void several_queues(void **state)
{
    static const struct vs_setup four = {.config = {.queues = 4}};
    struct vs_world w;
    uint8_t frame[64];
    uint32_t per_queue[4] = {0};
    (void)state;
    vs_make(&w, &four);
    vs_up(&w);
    assert_int_equal(vs_info(&w).queues, 4);
    for (uint32_t n = 0; n < 400; n++) {
        const uint8_t src[6] = {0x02, 0xee, 0, 0, (uint8_t)(n >> 4), (uint8_t)n};
        vs_fill(frame, sizeof(frame), vs_info(&w).mac.b, src, n);
        assert_int_equal(sriov_mock_wire_send(w.mock, w.name, frame, sizeof(frame)), 0);
        for (uint16_t q = 0; q < 4; q++) {
            struct sriov_buf *buf = vs_recv(&w, q);
            if (buf != NULL) {
                per_queue[q]++;
                assert_int_equal(buf->queue, q);
                assert_int_equal(sriov_tx_burst(sriov_net_txq(w.net, q), &buf, 1), 1);
            }
        }
        assert_int_equal(w.wire_frames, n + 1);
    }
    for (uint16_t q = 0; q < 4; q++) {
        assert_true(per_queue[q] > 0);
    }
    vs_end(&w);
}

/* An empty pool stops reception; buffers that come back start it again. */
static void the_pool_runs_dry(void **state)
{
    static const struct vs_setup few = {.pool_count = 400};
    struct vs_world w;
    struct sriov_buf *bufs[401];
    uint16_t n = 0;
    (void)state;
    vs_make(&w, &few);
    vs_up(&w);
    do {
        assert_true(n <= 400);
        vs_wire(&w, 64, n);
        bufs[n] = vs_recv(&w, 0);
    } while (bufs[n] != NULL && ++n > 0);
    assert_true(n > 300 && sriov_net_rxq(w.net, 0)->no_bufs > 0);
    sriov_buf_free_bulk(bufs, n);
    vs_expect_nothing(&w);
    vs_expect_traffic(&w);
    vs_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_and_stops),       cmocka_unit_test(many_frames_each_way),
        cmocka_unit_test(bursts_fill_the_rings),  cmocka_unit_test(jumbo_frames_are_chains),
        cmocka_unit_test(tags_are_inserted),      cmocka_unit_test(a_received_frame_is_sent_on),
        cmocka_unit_test(bad_frames_are_refused), cmocka_unit_test(kinds_of_device),
        cmocka_unit_test(kinds_that_are_refused), cmocka_unit_test(small_buffers_want_mergeable_ones),
        cmocka_unit_test(several_queues),         cmocka_unit_test(the_pool_runs_dry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
