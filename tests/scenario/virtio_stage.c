/* SPDX-License-Identifier: BSD-3-Clause */
#include "virtio_stage.h"

#include <string.h>

#define HEADER  14u
#define TURN_NS UINT64_C(100000)

static const uint8_t peer[6] = {0x02, 0xee, 0, 0, 0, 0x01};

static void on_violation(void *arg, const struct sriov_violation *violation)
{
    const struct vs_world *w = arg;
    if (!w->findings_expected) {
        print_error("finding: %s\n", violation->text);
    }
}

static uint32_t number_of(const uint8_t *frame)
{
    uint32_t n;
    memcpy(&n, frame + HEADER, sizeof(n));
    return n;
}

static void on_wire(void *arg, const void *frame, size_t len)
{
    struct vs_world *w = arg;
    assert_true(len <= VS_FRAME_MAX);
    w->wire_len[w->wire_frames % VS_WIRE_KEPT] = (uint32_t)len;
    w->wire_number[w->wire_frames % VS_WIRE_KEPT] = number_of(frame);
    memcpy(w->wire_last, frame, len);
    w->wire_frames++;
}

void vs_make(struct vs_world *w, const struct vs_setup *setup)
{
    memset(w, 0, sizeof(*w));
    w->setup = *setup;
    struct sriov_mock_opts opts = {.size = sizeof(opts),
                                   .flags = SRIOV_MOCK_QUIET,
                                   .irq_vectors_max = setup->irq_vectors,
                                   .on_violation = on_violation,
                                   .arg = w};
    assert_int_equal(sriov_mock_create(&opts, &w->mock), 0);
    w->vmm = sriov_mock_vmm(w->mock);
    sriov_log_set_level(w->vmm, SRIOV_LOG_ERROR);
    struct sriov_mock_pf_opts device = {.size = sizeof(device), .quirks = setup->quirks};
    assert_int_equal(sriov_mock_add_pf(w->mock, "virtio-net", &device, w->name), 0);
    assert_int_equal(sriov_mock_wire_sink(w->mock, w->name, on_wire, w), 0);
}

int vs_open(struct vs_world *w)
{
    struct sriov_pool_opts pool = {.size = sizeof(pool), .count = 1024, .buf_size = w->setup.buf_size};
    pool.count = w->setup.pool_count != 0 ? w->setup.pool_count : pool.count;
    int err = sriov_fn_open(w->vmm, w->name, NULL, &w->fn);
    if (err == 0) {
        err = sriov_pool_create(w->fn, &pool, &w->pool);
    }
    return err != 0 ? err : sriov_net_open(w->fn, sriov_net_drivers, &w->net);
}

int vs_start(struct vs_world *w)
{
    struct sriov_net_config config = w->setup.config;
    config.size = sizeof(config);
    config.pool = w->pool;
    int err = sriov_net_configure(w->net, &config);
    return err != 0 ? err : sriov_net_start(w->net);
}

void vs_up(struct vs_world *w)
{
    assert_int_equal(vs_open(w), 0);
    assert_int_equal(vs_start(w), 0);
    assert_true(vs_info(w).link.up);
}

void vs_close(struct vs_world *w)
{
    sriov_net_close(w->net);
    w->net = NULL;
    assert_int_equal(sriov_pool_destroy(w->pool), 0);
    w->pool = NULL;
    assert_int_equal(sriov_fn_close(w->fn), 0);
    w->fn = NULL;
}

void vs_end(struct vs_world *w)
{
    (void)sriov_mock_clear_faults(w->mock);
    vs_close(w);
    assert_int_equal(sriov_mock_held(w->mock), 0);
    if (!w->findings_expected) {
        assert_int_equal(sriov_mock_violations(w->mock, 0), 0);
    }
    sriov_mock_destroy(w->mock);
}

void vs_run(struct vs_world *w, uint64_t ns)
{
    for (uint64_t done = 0; done < ns; done += TURN_NS) {
        sriov_mock_advance(w->mock, TURN_NS);
        w->events |= sriov_net_poll(w->net);
    }
}

bool vs_run_until(struct vs_world *w, uint32_t events, uint64_t ns)
{
    for (uint64_t done = 0; done < ns && (w->events & events) != events; done += TURN_NS) {
        vs_run(w, TURN_NS);
    }
    return (w->events & events) == events;
}

uint64_t vs_stat(struct vs_world *w, const char *name)
{
    struct sriov_stat stats[128];
    uint32_t n = sriov_net_stats(w->net, stats, 128);
    assert_true(n <= 128);
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(stats[i].name, name) == 0) {
            return stats[i].value;
        }
    }
    fail_msg("no statistic %s", name);
    return 0;
}

struct sriov_net_info vs_info(struct vs_world *w)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    assert_int_equal(sriov_net_get_info(w->net, &info), 0);
    return info;
}

void vs_fill(uint8_t *frame, uint32_t len, const uint8_t *dst, const uint8_t *src, uint32_t n)
{
    assert_true(len >= HEADER + sizeof(n) && len <= VS_FRAME_MAX);
    memcpy(frame, dst, 6);
    memcpy(frame + 6, src, 6);
    frame[12] = 0x88; /* local experimental EtherType */
    frame[13] = 0xb5;
    memcpy(frame + HEADER, &n, sizeof(n));
    for (uint32_t i = HEADER + sizeof(n); i < len; i++) {
        frame[i] = (uint8_t)(n * 31 + i);
    }
}

void vs_wire(struct vs_world *w, uint32_t len, uint32_t n)
{
    uint8_t frame[VS_FRAME_MAX];
    vs_fill(frame, len, vs_info(w).mac.b, peer, n);
    assert_int_equal(sriov_mock_wire_send(w->mock, w->name, frame, len), 0);
}

uint16_t vs_send(struct vs_world *w, uint32_t len, uint32_t n)
{
    uint8_t frame[VS_FRAME_MAX];
    vs_fill(frame, len, peer, vs_info(w).mac.b, n);
    struct sriov_buf *buf = sriov_buf_from(w->pool, frame, len);
    assert_non_null(buf);
    uint16_t took = sriov_tx_burst(sriov_net_txq(w->net, 0), &buf, 1);
    if (took == 0) {
        sriov_buf_free(buf);
    }
    return took;
}

struct sriov_buf *vs_recv(struct vs_world *w, uint16_t queue)
{
    struct sriov_buf *buf = NULL;
    return sriov_rx_burst(sriov_net_rxq(w->net, queue), &buf, 1) == 1 ? buf : NULL;
}

void vs_expect(struct vs_world *w, uint32_t len, uint32_t n)
{
    uint8_t wanted[VS_FRAME_MAX];
    uint8_t got[VS_FRAME_MAX];
    struct sriov_buf *buf = vs_recv(w, 0);
    assert_non_null(buf);
    assert_int_equal(buf->pkt_len, len);
    assert_int_equal(sriov_buf_copy_out(buf, got, sizeof(got)), len);
    vs_fill(wanted, len, vs_info(w).mac.b, peer, n);
    assert_memory_equal(got, wanted, len);
    sriov_buf_free(buf);
}

void vs_expect_nothing(struct vs_world *w)
{
    for (uint16_t i = 0; i < vs_info(w).queues; i++) {
        assert_null(vs_recv(w, i));
    }
}

void vs_expect_traffic(struct vs_world *w)
{
    uint32_t before = w->wire_frames;
    assert_int_equal(vs_send(w, 64, 77), 1);
    sriov_mock_advance(w->mock, VS_MS);
    assert_int_equal(w->wire_frames, before + 1);
    assert_int_equal(w->wire_number[before % VS_WIRE_KEPT], 77);
    vs_wire(w, 64, 78);
    sriov_mock_advance(w->mock, VS_MS);
    vs_expect(w, 64, 78);
}

void vs_inject(struct vs_world *w, struct sriov_mock_fault fault)
{
    fault.size = sizeof(fault);
    fault.fn = w->name;
    assert_int_equal(sriov_mock_inject(w->mock, &fault), 0);
}
