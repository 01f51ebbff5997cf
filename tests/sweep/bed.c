/* SPDX-License-Identifier: BSD-3-Clause */
#include "bed.h"

#include <errno.h>
#include <string.h>

#define MARK_AT   14u /* behind the Ethernet header */
#define MARK      UINT32_C(0x5eedf00d)
#define ETHERTYPE 0x88b5u /* IEEE 802: for local experiments */
#define FRAME_MAX 9100u
#define BURST     16u
#define TRIES     6u
#define PF_EVERY  (500 * BED_US) /* its interrupt is quicker */

static void drop_line(void *arg, uint32_t level, const char *line)
{
    (void)arg;
    (void)level;
    (void)line;
}

static void keep(void *arg, const struct sriov_violation *v)
{
    struct bed *bed = arg;

    if (bed->findings < BED_FINDINGS) {
        bed->finding[bed->findings++] = *v;
    }
}

const struct sriov_violation *bed_found(const struct bed *bed, enum sriov_violation_kind kind,
                                        const char *part)
{
    for (uint32_t i = 0; i < bed->findings; i++) {
        const struct sriov_violation *v = &bed->finding[i];

        if (v->kind == (uint32_t)kind && strstr(v->text, part) != NULL) {
            return v;
        }
    }
    return NULL;
}

int bed_create(struct bed *bed, const char *model)
{
    struct sriov_mock_opts opts = {
        .size = sizeof(opts), .flags = SRIOV_MOCK_QUIET, .on_violation = keep, .arg = bed};
    int rc;

    memset(bed, 0, sizeof(*bed));
    bed->model = model;
    rc = sriov_mock_create(&opts, &bed->mock);
    if (rc != 0) {
        return rc;
    }
    bed->vmm = sriov_mock_vmm(bed->mock);
    sriov_log_set_sink(bed->vmm, drop_line, NULL);
    return sriov_mock_add_pf(bed->mock, model, NULL, bed->pf_name);
}

uint64_t bed_destroy(struct bed *bed)
{
    uint64_t bad;

    if (bed->mock == NULL) {
        return 0;
    }
    for (uint32_t i = 0; i < BED_VFS; i++) {
        (void)bed_vf_down(bed, i);
    }
    bed_pf_down(bed);
    bad = sriov_mock_violations(bed->mock, 0) + sriov_mock_held(bed->mock) + bed->leaks + bed->wild;
    sriov_mock_destroy(bed->mock);
    bed->mock = NULL;
    return bad;
}

/* ---- the PF ---- */

static void serve(void *arg)
{
    struct bed *bed = arg;

    if (bed->pf != NULL) {
        (void)sriov_pf_poll(bed->pf);
    }
}

static uint32_t read32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool is_ours(const uint8_t *frame, size_t len, uint32_t serial)
{
    if (len < MARK_AT + 8 || read32(frame + MARK_AT) != MARK || read32(frame + MARK_AT + 4) != serial) {
        return false;
    }
    for (size_t i = MARK_AT + 8; i < len; i++) {
        if (frame[i] != (uint8_t)(serial + i)) {
            return false;
        }
    }
    return true;
}

static void wire_sink(void *arg, const void *frame, size_t len)
{
    struct bed *bed = arg;

    bed->on_wire += is_ours(frame, len, bed->serial);
}

static int enable_vfs(struct bed *bed)
{
    int rc = sriov_pf_enable_vfs(bed->pf, BED_VFS);

    for (uint16_t i = 0; rc == 0 && i < BED_VFS; i++) {
        rc = sriov_mock_vf_name(bed->mock, bed->pf_name, i, bed->vf[i].name);
    }
    if (rc == 0) {
        rc = sriov_mock_wire_sink(bed->mock, bed->pf_name, wire_sink, bed);
    }
    return rc;
}

int bed_pf_up(struct bed *bed)
{
    struct sriov_pf_opts opts = {.size = sizeof(opts)};
    int rc = sriov_fn_open(bed->vmm, bed->pf_name, NULL, &bed->pf_fn);

    if (rc == 0) {
        rc = sriov_pf_open(bed->pf_fn, sriov_pf_drivers, &opts, &bed->pf);
    }
    if (rc == 0) {
        rc = enable_vfs(bed);
    }
    if (rc == 0) {
        bed->pf_task = sriov_mock_task(bed->mock, PF_EVERY, serve, bed);
        rc = bed->pf_task < 0 ? bed->pf_task : 0;
    }
    if (rc != 0) {
        bed_pf_down(bed);
    }
    return rc;
}

void bed_pf_down(struct bed *bed)
{
    if (bed->pf_task > 0) {
        (void)sriov_mock_task_stop(bed->mock, bed->pf_task);
    }
    bed->pf_task = 0;
    sriov_pf_close(bed->pf);
    bed->pf = NULL;
    bed->leaks += (uint32_t)sriov_fn_close(bed->pf_fn);
    bed->pf_fn = NULL;
}

/* ---- a VF ---- */

static int make_pool(struct bed_vf *vf)
{
    struct sriov_pool_opts opts = {.size = sizeof(opts), .count = BED_BUFS, .buf_size = BED_BUF_SIZE};

    return sriov_pool_create(vf->fn, &opts, &vf->pool);
}

static int configure(struct bed_vf *vf, uint32_t flags)
{
    struct sriov_net_config config = {.size = sizeof(config),
                                      .flags = flags,
                                      .queues = 1,
                                      .rx_desc = BED_DESC,
                                      .tx_desc = BED_DESC,
                                      .mtu = 9000,
                                      .pool = vf->pool};

    return sriov_net_configure(vf->net, &config);
}

/* A bed that is made thousands of times in next to no time looks like a storm of resets to the PF. */
static void forgive(struct bed *bed, uint32_t i)
{
    if (bed->pf != NULL) {
        (void)sriov_pf_readmit_vf(bed->pf, (uint16_t)i);
    }
}

int bed_vf_up(struct bed *bed, uint32_t i, uint32_t flags)
{
    struct bed_vf *vf = &bed->vf[i];
    forgive(bed, i);
    int rc = sriov_fn_open(bed->vmm, vf->name, NULL, &vf->fn);

    vf->events = 0;
    if (rc == 0) {
        rc = make_pool(vf);
    }
    if (rc == 0) {
        rc = sriov_net_open(vf->fn, sriov_net_drivers, &vf->net);
    }
    if (rc == 0) {
        rc = configure(vf, flags);
    }
    if (rc == 0) {
        rc = sriov_net_start(vf->net);
    }
    if (rc != 0) {
        (void)bed_vf_down(bed, i);
    }
    return rc;
}

int bed_vf_down(struct bed *bed, uint32_t i)
{
    struct bed_vf *vf = &bed->vf[i];
    int rc = vf->net != NULL ? sriov_net_stop(vf->net) : 0;
    int end = 0;

    sriov_net_close(vf->net);
    vf->net = NULL;
    if (vf->pool != NULL) {
        bed->leaks += sriov_pool_in_use(vf->pool);
        end = sriov_pool_destroy(vf->pool);
    }
    vf->pool = NULL;
    bed->leaks += (uint32_t)sriov_fn_close(vf->fn);
    vf->fn = NULL;
    return rc != 0 ? rc : end;
}

int bed_turn(struct bed *bed, uint32_t i, uint64_t ns)
{
    sriov_mock_advance(bed->mock, ns);
    for (uint32_t k = 0; k < BED_VFS; k++) {
        if (bed->vf[k].net != NULL) {
            bed->vf[k].events |= sriov_net_poll(bed->vf[k].net);
        }
    }
    return bed->vf[i].net == NULL || (bed->vf[i].events & SRIOV_NET_EV_GONE) != 0 ? -ENODEV : 0;
}

static bool is_settled(const struct bed_vf *vf)
{
    struct sriov_net_info info = {.size = sizeof(info)};

    return vf->net == NULL || (sriov_fn_state(vf->fn) == SRIOV_FN_STARTED &&
                               sriov_net_get_info(vf->net, &info) == 0 && info.link.up);
}

int bed_settle(struct bed *bed, uint32_t i, uint64_t timeout_ns)
{
    uint64_t begin = sriov_mock_now(bed->mock);

    do {
        int rc = bed_turn(bed, i, 200 * BED_US);

        if (rc != 0) {
            return rc;
        }
        if (is_settled(&bed->vf[i]) && is_settled(&bed->vf[1 - i])) {
            return 0;
        }
    } while (sriov_mock_now(bed->mock) - begin < timeout_ns);
    return -ETIMEDOUT;
}

/* ---- traffic ---- */

static void put32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 24);
    p[1] = (uint8_t)(value >> 16);
    p[2] = (uint8_t)(value >> 8);
    p[3] = (uint8_t)value;
}

static void mac_of(const struct bed_vf *vf, uint8_t *out)
{
    struct sriov_net_info info = {.size = sizeof(info)};

    memset(out, 0xff, SRIOV_ETH_ALEN);
    if (vf->net != NULL && sriov_net_get_info(vf->net, &info) == 0) {
        memcpy(out, info.mac.b, SRIOV_ETH_ALEN);
    }
}

static const uint8_t wire_mac[SRIOV_ETH_ALEN] = {0x02, 0, 0, 0xaa, 0xbb, 0xcc};

/* from, to: NULL is the wire. */
static void make_frame(struct bed *bed, uint8_t *frame, uint32_t len, const struct bed_vf *from,
                       const struct bed_vf *to)
{
    memcpy(frame, wire_mac, sizeof(wire_mac));
    memcpy(frame + 6, wire_mac, sizeof(wire_mac));
    if (to != NULL) {
        mac_of(to, frame);
    }
    if (from != NULL) {
        mac_of(from, frame + 6);
    }
    frame[12] = (uint8_t)(ETHERTYPE >> 8);
    frame[13] = (uint8_t)(ETHERTYPE & 0xffu);
    put32(frame + MARK_AT, MARK);
    put32(frame + MARK_AT + 4, ++bed->serial);
    for (uint32_t i = MARK_AT + 8; i < len; i++) {
        frame[i] = (uint8_t)(bed->serial + i);
    }
}

static int send_from(struct bed_vf *vf, const uint8_t *frame, uint32_t len)
{
    struct sriov_txq *q = sriov_net_txq(vf->net, 0);
    struct sriov_buf *buf = q != NULL ? sriov_buf_from(vf->pool, frame, len) : NULL;

    if (buf == NULL) {
        return q == NULL ? -ENODEV : -EAGAIN;
    }
    if (sriov_tx_burst(q, &buf, 1) != 1) {
        sriov_buf_free(buf);
        return -EAGAIN;
    }
    return 0;
}

/* What the driver hands up must lie within its buffers, whatever the device wrote. */
static bool is_sane(const struct sriov_buf *buf)
{
    uint32_t sum = 0;
    uint32_t segs = 0;

    for (const struct sriov_buf *seg = buf; seg != NULL && segs < BED_BUFS; seg = seg->next) {
        if (seg->len == 0 || seg->len > BED_BUF_SIZE) {
            return false;
        }
        sum += seg->len;
        segs++;
    }
    return sum == buf->pkt_len && segs == buf->num_segs;
}

/* Returns frames taken; *good counts the one with our serial. */
static uint32_t receive(struct bed *bed, uint32_t i, uint32_t *good)
{
    static uint8_t copy[64 * 1024];
    struct bed_vf *vf = &bed->vf[i];
    struct sriov_rxq *q = vf->net != NULL ? sriov_net_rxq(vf->net, 0) : NULL;
    struct sriov_buf *bufs[BURST];
    uint32_t total = 0;
    uint16_t n;

    do {
        n = q != NULL ? sriov_rx_burst(q, bufs, BURST) : 0;
        for (uint16_t k = 0; k < n; k++) {
            bed->wild += !is_sane(bufs[k]);
            *good += is_ours(copy, sriov_buf_copy_out(bufs[k], copy, sizeof(copy)), bed->serial);
            sriov_buf_free(bufs[k]);
        }
        total += n;
    } while (n == BURST);
    return total;
}

uint32_t bed_drain(struct bed *bed, uint32_t i)
{
    uint32_t good = 0;

    return receive(bed, i, &good);
}

int bed_fire(struct bed *bed, uint32_t i, bool to_wire, uint32_t len)
{
    uint8_t frame[FRAME_MAX];

    make_frame(bed, frame, len, &bed->vf[i], to_wire ? NULL : &bed->vf[1 - i]);
    return send_from(&bed->vf[i], frame, len);
}

static int send_one(struct bed *bed, uint32_t i, enum bed_way way, uint32_t len)
{
    uint8_t frame[FRAME_MAX];
    struct bed_vf *vf = &bed->vf[i];
    struct bed_vf *peer = &bed->vf[1 - i];

    switch (way) {
    case BED_TO_PEER:
        make_frame(bed, frame, len, vf, peer);
        return send_from(vf, frame, len);
    case BED_FROM_PEER:
        make_frame(bed, frame, len, peer, vf);
        return send_from(peer, frame, len);
    case BED_TO_WIRE:
        make_frame(bed, frame, len, vf, NULL);
        return send_from(vf, frame, len);
    case BED_FROM_WIRE:
    default:
        make_frame(bed, frame, len, NULL, vf);
        return sriov_mock_wire_send(bed->mock, bed->pf_name, frame, len);
    }
}

static bool arrived(struct bed *bed, uint32_t i, enum bed_way way, uint64_t wire_before)
{
    uint32_t good = 0;

    if (way == BED_TO_WIRE) {
        return bed->on_wire != wire_before;
    }
    (void)receive(bed, way == BED_TO_PEER ? 1 - i : i, &good);
    return good != 0;
}

/* One frame, again until it arrives. Times grow, so that a recovery fits in. */
static int carry(struct bed *bed, uint32_t i, enum bed_way way, uint32_t len)
{
    uint64_t pause = 20 * BED_US;

    for (uint32_t try = 0; try < TRIES; try++) {
        uint64_t wire_before = bed->on_wire;
        int sent = send_one(bed, i, way, len);

        for (uint32_t look = 0; look < 4; look++) {
            if (sent == 0 && arrived(bed, i, way, wire_before)) {
                return 0;
            }
            int rc = bed_turn(bed, i, pause);
            if (rc != 0) {
                return rc;
            }
        }
        pause *= 8;
    }
    return -EIO;
}

int bed_traffic(struct bed *bed, uint32_t i, enum bed_way way, uint32_t frames, uint32_t len)
{
    int rc = 0;

    for (uint32_t n = 0; rc == 0 && n < frames; n++) {
        rc = carry(bed, i, way, len);
    }
    return rc;
}

int bed_traffic_all(struct bed *bed, uint32_t i)
{
    static const enum bed_way ways[] = {BED_TO_PEER, BED_FROM_PEER, BED_TO_WIRE, BED_FROM_WIRE};
    int rc = 0;

    for (uint32_t k = 0; rc == 0 && k < sizeof(ways) / sizeof(ways[0]); k++) {
        bool to_vf = ways[k] == BED_TO_PEER || ways[k] == BED_FROM_PEER;

        if (!to_vf || bed->vf[1 - i].net != NULL) {
            rc = bed_traffic(bed, i, ways[k], 1, 60);
            rc = rc == 0 ? bed_traffic(bed, i, ways[k], 1, 4000) : rc;
        }
    }
    return rc;
}
