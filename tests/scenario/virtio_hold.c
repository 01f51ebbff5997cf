/* SPDX-License-Identifier: BSD-3-Clause */
/* A virtio-net device held still and let go again, and its settings carried to another one. */
#include "virtio_stage.h"

#include <errno.h>
#include <string.h>

static const struct vs_setup usual;

static void send_some(struct vs_world *w, uint32_t from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(vs_send(w, 64, from + i), 1);
    }
}

static void expect_sent(const struct vs_world *w, uint32_t n)
{
    assert_int_equal(w->wire_frames, n);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(w->wire_number[i], i);
    }
}

/* What was given is sent, what was received is given, and nothing more of either. */
static void nothing_is_lost(void **state)
{
    struct vs_world w;
    uint32_t in_doubt = 0;
    struct sriov_buf *buf;
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    assert_int_equal(sriov_mock_set_delay(w.mock, w.name, SRIOV_DELAY_TX, VS_MS), 0);
    send_some(&w, 0, 50);
    for (uint32_t i = 0; i < 50; i++) {
        vs_wire(&w, 64, i);
    }
    assert_int_equal(w.wire_frames, 0);
    assert_int_equal(sriov_net_quiesce(w.net, 100 * VS_MS), 0);
    assert_int_equal(sriov_fn_state(w.fn), SRIOV_FN_QUIESCED);
    expect_sent(&w, 50);
    vs_wire(&w, 64, 1000); /* nobody listens */
    assert_int_equal(vs_send(&w, 64, 1000), 0);
    for (uint32_t i = 0; i < 20; i++) {
        vs_expect(&w, 64, i);
    }
    assert_int_equal(sriov_net_tx_take(w.net, 0, &buf, 1, &in_doubt), 0);
    assert_int_equal(in_doubt, 0);
    vs_run(&w, 10 * VS_MS);
    assert_int_equal(sriov_net_resume(w.net), 0);
    vs_wire(&w, 64, 50);
    for (uint32_t i = 20; i <= 50; i++) {
        vs_expect(&w, 64, i);
    }
    vs_expect_nothing(&w);
    assert_int_equal(sriov_mock_set_delay(w.mock, w.name, SRIOV_DELAY_TX, 0), 0);
    vs_expect_traffic(&w);
    assert_int_equal(vs_info(&w).recoveries, 0);
    vs_end(&w);
}

/* The first half: it goes on receiving, and resume costs nothing. */
static void half_of_it(void **state)
{
    struct vs_world w;
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    send_some(&w, 0, 10);
    assert_int_equal(sriov_net_quiesce_tx(w.net, 100 * VS_MS), 0);
    assert_int_equal(vs_send(&w, 64, 1000), 0);
    for (uint32_t i = 0; i < 600; i++) {
        vs_wire(&w, 64, i);
        vs_expect(&w, 64, i);
    }
    uint64_t resets = vs_stat(&w, "device_resets");
    assert_int_equal(sriov_net_resume(w.net), 0);
    assert_int_equal(vs_stat(&w, "device_resets"), resets);
    expect_sent(&w, 10);
    vs_expect_traffic(&w);
    vs_end(&w);
}

/* What the device does not report in time is in doubt, told once, and never sent twice. */
static void what_is_not_sent_is_in_doubt(void **state)
{
    struct vs_world w;
    struct sriov_buf *buf;
    uint32_t in_doubt = 0;
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    assert_int_equal(sriov_mock_set_delay(w.mock, w.name, SRIOV_DELAY_TX, 1000 * VS_MS), 0);
    send_some(&w, 0, 30);
    assert_int_equal(sriov_net_quiesce_tx(w.net, 5 * VS_MS), 0);
    assert_int_equal(sriov_net_tx_take(w.net, 0, &buf, 1, &in_doubt), 0);
    assert_int_equal(in_doubt, 30);
    vs_wire(&w, 64, 1);
    vs_expect(&w, 64, 1);
    assert_int_equal(sriov_net_quiesce(w.net, 5 * VS_MS), 0);
    assert_int_equal(sriov_net_tx_take(w.net, 0, &buf, 1, &in_doubt), 0);
    assert_int_equal(in_doubt, 30);
    assert_int_equal(vs_stat(&w, "tx_in_doubt"), 30);
    sriov_mock_advance(w.mock, 2000 * VS_MS);
    assert_int_equal(w.wire_frames, 0); /* the reset took them back */
    assert_int_equal(sriov_mock_set_delay(w.mock, w.name, SRIOV_DELAY_TX, 0), 0);
    assert_int_equal(sriov_net_resume(w.net), 0);
    vs_expect_traffic(&w);
    assert_int_equal(w.wire_frames, 1);
    vs_end(&w);
}

/* Late, but sent after all, when only the first half was done. */
static void a_late_frame_is_sent_after_resume(void **state)
{
    struct vs_world w;
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    assert_int_equal(sriov_mock_set_delay(w.mock, w.name, SRIOV_DELAY_TX, 100 * VS_MS), 0);
    send_some(&w, 0, 3);
    assert_int_equal(sriov_net_quiesce_tx(w.net, 5 * VS_MS), 0);
    assert_int_equal(sriov_net_resume(w.net), 0);
    send_some(&w, 3, 3);
    sriov_mock_advance(w.mock, 300 * VS_MS);
    expect_sent(&w, 6);
    assert_int_equal(vs_stat(&w, "tx_in_doubt"), 0);
    vs_end(&w);
}

static void stopped_while_held(void **state)
{
    struct vs_world w;
    (void)state;
    vs_make(&w, &usual);
    vs_up(&w);
    vs_wire(&w, 64, 1);
    assert_int_equal(sriov_net_quiesce(w.net, VS_MS), 0);
    assert_int_equal(sriov_net_stop(w.net), 0);
    assert_int_equal(sriov_net_start(w.net), 0);
    vs_expect_nothing(&w);
    vs_expect_traffic(&w);
    assert_int_equal(sriov_net_quiesce(w.net, VS_MS), 0);
    vs_end(&w); /* closed as it is */
}

/* Interrupts that were armed before wake after it. */
static void armed_stays_armed(void **state)
{
    static const struct vs_setup setup = {.config = {.flags = SRIOV_NET_INTERRUPTS}};
    struct vs_world w;
    (void)state;
    vs_make(&w, &setup);
    vs_up(&w);
    assert_int_equal(sriov_net_rx_arm(w.net, 0), 0);
    assert_int_equal(sriov_net_quiesce(w.net, VS_MS), 0);
    assert_int_equal(sriov_net_resume(w.net), 0);
    uint64_t before = sriov_mock_interrupts(w.mock, w.name);
    vs_wire(&w, 64, 1);
    assert_int_equal(sriov_mock_interrupts(w.mock, w.name), before + 1);
    vs_expect(&w, 64, 1);
    vs_end(&w);
}

/* ---- save and load ---- */

static const struct sriov_net_ops *ops_of(void)
{
    return sriov_virtio_net_driver.net;
}

static bool hears(struct vs_world *w, const uint8_t *dst)
{
    static const uint8_t src[6] = {0x02, 0xee, 0, 0, 0, 0x01};
    uint8_t frame[64];
    vs_fill(frame, sizeof(frame), dst, src, 9);
    assert_int_equal(sriov_mock_wire_send(w->mock, w->name, frame, sizeof(frame)), 0);
    struct sriov_buf *buf = vs_recv(w, 0);
    sriov_buf_free(buf);
    return buf != NULL;
}

static int64_t save_one(uint8_t *bytes, size_t room, const struct sriov_mac *mac,
                        const struct sriov_mac *group)
{
    struct vs_world w;
    vs_make(&w, &usual);
    vs_up(&w);
    assert_int_equal(sriov_net_set_mac(w.net, mac), 0);
    assert_int_equal(sriov_net_set_multicast(w.net, group, 1), 0);
    assert_int_equal(sriov_net_quiesce(w.net, VS_MS), 0);
    int64_t len = ops_of()->save(w.net, NULL, 0);
    assert_true(len > 0 && (size_t)len <= room);
    assert_int_equal(ops_of()->save(w.net, bytes, room), len);
    vs_end(&w);
    return len;
}

static void open_only(struct vs_world *w, const struct vs_setup *setup)
{
    vs_make(w, setup);
    assert_int_equal(vs_open(w), 0);
    struct sriov_net_config config = {.size = sizeof(config), .pool = w->pool};
    assert_int_equal(sriov_net_configure(w->net, &config), 0);
}

/* Cut anywhere, or with any byte flipped that means something, it is refused or loads settings that a
 * device can have; and another kind of device refuses it. */
static void settings_are_carried(void **state)
{
    static const struct sriov_mac mac = {{0x02, 0xaa, 0, 0, 0, 7}};
    static const struct sriov_mac group = {{0x01, 0x00, 0x5e, 1, 2, 3}};
    static const struct vs_setup plain = {.quirks = "plain"};
    uint8_t bytes[4096];
    uint8_t bent[4096];
    struct vs_world w;
    (void)state;
    int64_t len = save_one(bytes, sizeof(bytes), &mac, &group);
    open_only(&w, &usual);
    for (int64_t cut = 0; cut < len; cut++) {
        assert_int_equal(ops_of()->load(w.net, bytes, (uint64_t)cut), -EPROTO);
    }
    assert_int_equal(ops_of()->load(w.net, bytes, (uint64_t)len + 1), -EPROTO);
    for (int64_t i = 0; i < 16; i++) { /* magic, version, features */
        memcpy(bent, bytes, sizeof(bent));
        bent[i] ^= 1;
        assert_int_equal(ops_of()->load(w.net, bent, (uint64_t)len), -EPROTO);
    }
    assert_int_equal(ops_of()->load(w.net, bytes, (uint64_t)len), 0);
    assert_int_equal(sriov_net_start(w.net), 0);
    assert_memory_equal(vs_info(&w).mac.b, mac.b, 6);
    assert_true(hears(&w, mac.b));
    assert_true(hears(&w, group.b));
    vs_end(&w);
    open_only(&w, &plain);
    assert_int_equal(ops_of()->load(w.net, bytes, (uint64_t)len), -EPROTO);
    vs_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(half_of_it),
        cmocka_unit_test(what_is_not_sent_is_in_doubt),
        cmocka_unit_test(a_late_frame_is_sent_after_resume),
        cmocka_unit_test(stopped_while_held),
        cmocka_unit_test(armed_stays_armed),
        cmocka_unit_test(settings_are_carried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
