/* SPDX-License-Identifier: BSD-3-Clause */
#include "vf_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PF_TURN_NS  200000u
#define APP_TURN_NS 200000u
#define LONG_NS     (50 * VF_MS) /* longer runs poll each millisecond only */
#define HEADER      14u

static const struct sriov_mac wire_mac = {{0x02, 0xee, 0, 0, 0, 0x01}};

static void on_violation(void *arg, const struct sriov_violation *violation)
{
    struct vf_world *w = arg;
    if (w->culprit[0] != '\0' && strcmp(violation->function, w->culprit) == 0) {
        w->culprits_findings++;
    } else if (!w->findings_expected) {
        print_error("finding: %s\n", violation->text);
    }
}

static void pf_turn(void *arg)
{
    struct vf_world *w = arg;
    if (w->pf != NULL && !w->pf_busy) {
        w->pf_busy = true;
        if (w->setup.before_poll != NULL) {
            w->setup.before_poll(w);
        }
        (void)sriov_pf_poll(w->pf);
        w->pf_busy = false;
    }
}

static void on_wire(void *arg, const void *frame, size_t len)
{
    struct vf_world *w = arg;
    assert_true(len <= VF_FRAME_MAX);
    w->wire_len[w->wire_frames % VF_WIRE_KEPT] = (uint32_t)len;
    memcpy(w->wire_last, frame, len);
    w->wire_frames++;
}

void vf_world_make(struct vf_world *w, const struct vf_setup *setup)
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
    struct sriov_mock_pf_opts pf = {.size = sizeof(pf), .quirks = setup->quirks};
    assert_int_equal(sriov_mock_add_pf(w->mock, setup->model, &pf, w->pf_name), 0);
    assert_int_equal(sriov_fn_open(w->vmm, w->pf_name, NULL, &w->pf_fn), 0);
    struct sriov_pf_opts pf_opts = {.size = sizeof(pf_opts),
                                    .max_api = setup->max_api,
                                    .vf_queues = setup->vf_queues,
                                    .max_frame = setup->max_frame};
    if (setup->polled) {
        vf_inject(w, (struct sriov_mock_fault){
                         .kind = SRIOV_MOCK_FAULT_OP, .op = "irq_enable", .nth = 1, .err = -ENOSPC});
    }
    assert_int_equal(sriov_pf_open(w->pf_fn, sriov_pf_drivers, &pf_opts, &w->pf), 0);
    assert_int_equal(sriov_mock_clear_faults(w->mock), setup->polled ? 1 : 0);
    assert_int_equal(sriov_pf_enable_vfs(w->pf, setup->vfs != 0 ? setup->vfs : VF_PORTS), 0);
    w->task = sriov_mock_task(w->mock, PF_TURN_NS, pf_turn, w);
    assert_true(w->task > 0);
    assert_int_equal(sriov_mock_wire_sink(w->mock, w->pf_name, on_wire, w), 0);
    sriov_mock_advance(w->mock, 1000 * VF_MS);
}

void vf_world_end(struct vf_world *w)
{
    (void)sriov_mock_clear_faults(w->mock);
    for (uint16_t i = 0; i < VF_PORTS; i++) {
        vf_port_close(w, i);
    }
    w->pf_busy = true;
    sriov_pf_close(w->pf);
    w->pf = NULL;
    assert_int_equal(sriov_fn_close(w->pf_fn), 0);
    (void)sriov_mock_task_stop(w->mock, w->task);
    assert_int_equal(sriov_mock_held(w->mock), 0);
    if (!w->findings_expected) {
        assert_int_equal(sriov_mock_violations(w->mock, 0), w->culprits_findings);
    }
    sriov_mock_destroy(w->mock);
}

void vf_port_attach(struct vf_world *w, uint16_t i)
{
    struct vf_port *p = &w->port[i];
    p->world = w;
    assert_int_equal(sriov_mock_vf_name(w->mock, w->pf_name, i, p->name), 0);
    assert_int_equal(sriov_fn_open(w->vmm, p->name, NULL, &p->fn), 0);
    struct sriov_pool_opts pool = {.size = sizeof(pool),
                                   .count = w->setup.pool_count != 0 ? w->setup.pool_count : VF_POOL_COUNT};
    assert_int_equal(sriov_pool_create(p->fn, &pool, &p->pool), 0);
    assert_int_equal(sriov_net_open(p->fn,
                                    w->setup.net_drivers != NULL ? w->setup.net_drivers : sriov_net_drivers,
                                    &p->net),
                     0);
}

void vf_port_start(struct vf_world *w, uint16_t i)
{
    struct vf_port *p = &w->port[i];
    struct sriov_net_config config = w->setup.config;
    config.size = sizeof(config);
    config.pool = p->pool;
    assert_int_equal(sriov_net_configure(p->net, &config), 0);
    assert_int_equal(sriov_net_start(p->net), 0);
}

const struct sriov_net_info *vf_info(struct vf_world *w, uint16_t i)
{
    struct vf_port *p = &w->port[i];
    p->info = (struct sriov_net_info){.size = sizeof(p->info)};
    assert_int_equal(sriov_net_get_info(p->net, &p->info), 0);
    return &p->info;
}

void vf_port_up(struct vf_world *w, uint16_t i)
{
    vf_port_attach(w, i);
    vf_port_start(w, i);
    for (int t = 0; t < 5000 && !vf_info(w, i)->link.up; t++) {
        vf_run(w, VF_MS);
    }
    assert_true(vf_info(w, i)->link.up);
}

void vf_port_close(struct vf_world *w, uint16_t i)
{
    struct vf_port *p = &w->port[i];
    if (p->net != NULL) {
        sriov_net_close(p->net);
        p->net = NULL;
    }
    if (p->pool != NULL) {
        assert_int_equal(sriov_pool_in_use(p->pool), 0);
        assert_int_equal(sriov_pool_destroy(p->pool), 0);
        p->pool = NULL;
    }
    if (p->fn != NULL) {
        assert_int_equal(sriov_fn_close(p->fn), 0);
        p->fn = NULL;
    }
}

uint64_t vf_stat(struct vf_world *w, uint16_t i, const char *name)
{
    struct sriov_stat stats[64];
    uint32_t n = sriov_net_stats(w->port[i].net, stats, 64);
    assert_true(n <= 64);
    for (uint32_t s = 0; s < n; s++) {
        if (strcmp(stats[s].name, name) == 0) {
            return stats[s].value;
        }
    }
    fail_msg("no statistic \"%s\"", name);
    return 0;
}

static void poll_ports(struct vf_world *w)
{
    for (uint16_t i = 0; i < VF_PORTS; i++) {
        if (w->port[i].net != NULL) {
            w->port[i].events |= sriov_net_poll(w->port[i].net);
        }
    }
}

void vf_run(struct vf_world *w, uint64_t ns)
{
    uint64_t end = sriov_mock_now(w->mock) + ns;
    uint64_t turn = ns >= LONG_NS ? VF_MS : APP_TURN_NS;
    do {
        sriov_mock_advance(w->mock, turn);
        poll_ports(w);
    } while (sriov_mock_now(w->mock) < end);
}

uint64_t vf_run_until(struct vf_world *w, uint16_t i, uint32_t events, uint64_t ns)
{
    uint64_t start = sriov_mock_now(w->mock);
    while ((w->port[i].events & events) != events) {
        if (sriov_mock_now(w->mock) - start > ns) {
            fail_msg("port %u reported events %#x, not %#x, in %llu ms", i, w->port[i].events, events,
                     (unsigned long long)(ns / VF_MS));
        }
        vf_run(w, APP_TURN_NS);
    }
    return sriov_mock_now(w->mock) - start;
}

void vf_pf_silence(struct vf_world *w, bool on)
{
    if (on) {
        vf_inject(w, (struct sriov_mock_fault){
                         .kind = SRIOV_MOCK_FAULT_MBX_SILENT, .op = "to-pf", .nth = 1, .times = UINT64_MAX});
    } else {
        (void)sriov_mock_clear_faults(w->mock);
    }
}

void vf_pf_reset(struct vf_world *w)
{
    w->pf_busy = true;
    assert_int_equal(sriov_pf_reset(w->pf), 0);
    w->pf_busy = false;
}

void vf_pf_set_up(struct vf_world *w, bool up)
{
    w->pf_busy = true;
    assert_int_equal(sriov_pf_set_up(w->pf, up), 0);
    w->pf_busy = false;
}

/* ---- frames ---- */

static uint8_t pattern(uint32_t n, uint32_t i)
{
    return (uint8_t)(n * 31u + i * 7u + (i >> 8));
}

void vf_fill(uint8_t *frame, uint32_t len, const struct sriov_mac *dst, const struct sriov_mac *src,
             uint32_t n)
{
    memcpy(frame, dst->b, SRIOV_ETH_ALEN);
    memcpy(frame + SRIOV_ETH_ALEN, src->b, SRIOV_ETH_ALEN);
    frame[12] = 0x88; /* IEEE 802.1 local experimental */
    frame[13] = 0xb5;
    for (uint32_t i = HEADER; i < len; i++) {
        frame[i] = pattern(n, i);
    }
}

static struct sriov_mac mac_of(struct vf_world *w, int i)
{
    return i < 0 ? wire_mac : vf_info(w, (uint16_t)i)->mac;
}

uint16_t vf_send_bytes(struct vf_world *w, uint16_t from, const void *frame, uint32_t len, uint16_t flags,
                       uint16_t tci)
{
    struct vf_port *p = &w->port[from];
    struct sriov_buf *buf = sriov_buf_from(p->pool, frame, len);
    assert_non_null(buf);
    buf->flags = flags;
    buf->vlan_tci = tci;
    uint16_t sent = sriov_tx_burst(sriov_net_txq(p->net, 0), &buf, 1);
    if (sent == 0) {
        sriov_buf_free(buf);
    }
    return sent;
}

uint16_t vf_send(struct vf_world *w, uint16_t from, int to, uint32_t len, uint32_t n)
{
    uint8_t frame[VF_FRAME_MAX];
    struct sriov_mac dst = mac_of(w, to);
    struct sriov_mac src = mac_of(w, from);
    vf_fill(frame, len, &dst, &src, n);
    return vf_send_bytes(w, from, frame, len, 0, 0);
}

struct sriov_buf *vf_recv(struct vf_world *w, uint16_t i, uint16_t queue)
{
    struct sriov_buf *buf = NULL;
    uint16_t got = sriov_rx_burst(sriov_net_rxq(w->port[i].net, queue), &buf, 1);
    return got == 1 ? buf : NULL;
}

static struct sriov_buf *recv_any(struct vf_world *w, uint16_t i)
{
    struct sriov_buf *buf = NULL;
    for (uint16_t q = 0; buf == NULL && q < vf_info(w, i)->queues; q++) {
        buf = vf_recv(w, i, q);
    }
    return buf;
}

void vf_expect(struct vf_world *w, uint16_t i, int from, uint32_t len, uint32_t n)
{
    uint8_t want[VF_FRAME_MAX];
    uint8_t got[VF_FRAME_MAX];
    struct sriov_mac dst = mac_of(w, i);
    struct sriov_mac src = mac_of(w, from);
    struct sriov_buf *buf = recv_any(w, i);
    uint32_t at_least = len < 60 ? 60 : len; /* the sender's MAC pads */
    assert_non_null(buf);
    vf_fill(want, len, &dst, &src, n);
    assert_true(buf->pkt_len == len || buf->pkt_len == at_least);
    assert_int_equal(sriov_buf_copy_out(buf, got, sizeof(got)), buf->pkt_len);
    assert_memory_equal(got, want, len);
    sriov_buf_free(buf);
}

void vf_expect_nothing(struct vf_world *w, uint16_t i)
{
    assert_null(recv_any(w, i));
}

static void wire_to(struct vf_world *w, uint16_t i, uint32_t len, uint32_t n)
{
    uint8_t frame[VF_FRAME_MAX];
    struct sriov_mac dst = mac_of(w, i);
    vf_fill(frame, len, &dst, &wire_mac, n);
    assert_int_equal(sriov_mock_wire_send(w->mock, w->pf_name, frame, len), 0);
    vf_run(w, VF_MS);
    vf_expect(w, i, -1, len, n);
}

void vf_expect_traffic(struct vf_world *w, uint16_t a, uint16_t b)
{
    for (uint32_t n = 0; n < 40; n++) {
        uint32_t len = 64 + n * 36;
        assert_int_equal(vf_send(w, a, b, len, n), 1);
        assert_int_equal(vf_send(w, b, a, len, n + 100), 1);
        vf_run(w, VF_MS);
        vf_expect(w, b, a, len, n);
        vf_expect(w, a, b, len, n + 100);
    }
    uint32_t before = w->wire_frames;
    assert_int_equal(vf_send(w, a, -1, 777, 9), 1);
    vf_run(w, VF_MS);
    assert_int_equal(w->wire_frames, before + 1);
    assert_int_equal(w->wire_len[before % VF_WIRE_KEPT], 777);
    wire_to(w, a, 500, 3);
    wire_to(w, b, 1514, 4);
}

void vf_inject(struct vf_world *w, struct sriov_mock_fault fault)
{
    fault.size = sizeof(fault);
    assert_int_equal(sriov_mock_inject(w->mock, &fault), 0);
}
