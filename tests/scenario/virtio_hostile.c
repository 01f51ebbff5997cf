/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtio-net device that lies: each word that it writes is bent to each of many values, each op of
 * the VMM fails once. The driver may lose frames, never itself: no memory is touched that is not its
 * own (asan), every buffer comes home, and traffic flows again afterwards.
 */
#include "virtio_stage.h"

#include <errno.h>
#include <string.h>

#define WORDS 4u /* id, length, used index, num_buffers */

static const uint32_t values[] = {
    0,    1,    2,      3,      11,     12,      13,      26,         255,        256,        257,       2047,
    2048, 2049, 0x7fff, 0x8000, 0xffff, 0x10000, 0x10001, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};

static void drain(struct vs_world *w)
{
    struct sriov_buf *buf;
    while ((buf = vs_recv(w, 0)) != NULL) {
        uint32_t len = 0;
        for (const struct sriov_buf *s = buf; s != NULL; s = s->next) {
            assert_true(s->len > 0 && s->len <= s->room);
            len += s->len;
        }
        assert_int_equal(len, buf->pkt_len);
        assert_true(len <= 1518);
        sriov_buf_free(buf);
    }
}

/* Some traffic while the fault hits, then peace. */
static void survive(struct vs_world *w)
{
    for (uint32_t n = 0; n < 40; n++) {
        (void)vs_send(w, 64 + 20 * n, n);
        vs_wire(w, 64 + 20 * n, n);
        if (n % 3 == 0) {
            drain(w);
        }
    }
    vs_run(w, 3 * VS_MS);
    (void)sriov_mock_clear_faults(w->mock);
    for (int i = 0; i < 60 && !vs_info(w).link.up; i++) {
        vs_run(w, 100 * VS_MS);
    }
    vs_run(w, 2500 * VS_MS); /* a queue that is stuck is found */
    drain(w);
    /* An index that lied low shows what it hid with the next frame. */
    (void)vs_send(w, 64, 1);
    vs_wire(w, 64, 1);
    drain(w);
    vs_run(w, 10 * VS_MS);
    vs_expect_traffic(w);
}

static void every_word_bent(const struct vs_setup *setup, const char *site)
{
    for (uint32_t word = 0; word < WORDS; word++) {
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            for (uint64_t times = 1; times < 100; times += 98) {
                struct vs_world w;
                vs_make(&w, setup);
                vs_up(&w);
                w.findings_expected = true; /* a lie makes the model find the driver strange, too */
                vs_inject(&w, (struct sriov_mock_fault){.kind = SRIOV_MOCK_FAULT_WB_HOSTILE,
                                                        .op = site,
                                                        .nth = 3,
                                                        .times = times,
                                                        .index = word,
                                                        .value = values[i]});
                survive(&w);
                vs_end(&w);
            }
        }
    }
}

static void every_received_word(void **state)
{
    static const struct vs_setup setup;
    (void)state;
    every_word_bent(&setup, "rx");
}

static void every_received_word_small_buffers(void **state)
{
    static const struct vs_setup setup = {.buf_size = 256};
    (void)state;
    every_word_bent(&setup, "rx");
}

static void every_sent_word(void **state)
{
    static const struct vs_setup setup;
    (void)state;
    every_word_bent(&setup, "tx");
}

/* Used elements out of order are no lie: chains come back as they come (2.7.14). */
static void completions_overtake_each_other(void **state)
{
    static const struct vs_setup setup;
    struct vs_world w;
    (void)state;
    vs_make(&w, &setup);
    vs_up(&w);
    for (uint32_t round = 0; round < 50; round++) {
        vs_inject(&w, (struct sriov_mock_fault){
                          .kind = SRIOV_MOCK_FAULT_WB_REORDER, .nth = 1 + round % 5, .times = 3});
        for (uint32_t n = 0; n < 10; n++) {
            assert_int_equal(vs_send(&w, 64, n), 1);
            vs_wire(&w, 64, n);
        }
        vs_run(&w, 3 * VS_MS);
        drain(&w);
        (void)sriov_mock_clear_faults(w.mock);
    }
    assert_int_equal(vs_info(&w).recoveries, 0);
    assert_int_equal(sriov_net_rxq(w.net, 0)->packets, 500);
    assert_int_equal(w.wire_frames, 500);
    vs_end(&w);
}

/* ---- every op fails once ---- */

static void try_life(struct vs_world *w)
{
    int err = vs_open(w);
    if (err == 0) {
        err = vs_start(w);
    }
    if (err != 0) {
        return;
    }
    for (uint32_t n = 0; n < 3 && sriov_fn_state(w->fn) != SRIOV_FN_GONE; n++) {
        vs_wire(w, 64, n);
        drain(w);
        (void)sriov_net_poll(w->net);
    }
    (void)sriov_net_set_rx_mode(w->net, SRIOV_RX_PROMISC);
    (void)sriov_net_quiesce(w->net, VS_MS);
    (void)sriov_net_resume(w->net);
    (void)sriov_net_stop(w->net);
}

/* One life with fault number n; false: it was not hit, all are through. */
static bool life_with(uint32_t kind, const char *op, uint64_t n)
{
    static const struct vs_setup setup = {.config = {.flags = SRIOV_NET_INTERRUPTS}};
    struct vs_world w;
    vs_make(&w, &setup);
    struct sriov_mock_fault fault = {
        .size = sizeof(fault), .kind = kind, .op = op, .nth = n, .err = -EIO, .fn = w.name};
    w.findings_expected = true; /* what could not be given back, or written, is found */
    assert_int_equal(sriov_mock_inject(w.mock, &fault), 0);
    try_life(&w);
    bool hit = sriov_mock_clear_faults(w.mock) != 0;
    sriov_net_close(w.net);
    assert_int_equal(sriov_pool_destroy(w.pool), 0);
    (void)sriov_fn_close(w.fn);
    w.net = NULL;
    w.pool = NULL;
    w.fn = NULL;
    assert_int_equal(sriov_mock_held(w.mock), 0);
    sriov_mock_destroy(w.mock);
    return hit;
}

static void every_op_fails_once(void **state)
{
    static const char *const ops[] = {"open",     "info",       "reset",      "cfg_read",   "cfg_write",
                                      "bar_info", "bar_read",   "bar_write",  "dma_limits", "dma_alloc",
                                      "dma_free", "irq_enable", "irq_attach", "irq_disable"};
    uint64_t lives = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        uint64_t n = 1;
        while (life_with(SRIOV_MOCK_FAULT_OP, ops[i], n)) {
            n++;
        }
        lives += n;
    }
    assert_true(lives > 200);
}

static void gone_at_every_op(void **state)
{
    uint64_t n = 1;
    (void)state;
    while (life_with(SRIOV_MOCK_FAULT_GONE, NULL, n)) {
        n++;
    }
    assert_true(n > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_received_word), cmocka_unit_test(every_received_word_small_buffers),
        cmocka_unit_test(every_sent_word),     cmocka_unit_test(completions_overtake_each_other),
        cmocka_unit_test(every_op_fails_once), cmocka_unit_test(gone_at_every_op),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
