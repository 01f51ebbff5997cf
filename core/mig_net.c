/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver in a process moves: settings and frames travel, rings are made anew. What a stream took out of the
 * queues goes back by the same stream when the source is to go on.
 */
#include "mig.h"
#include "net.h"
#include "pool.h"

#define NETC_BYTES  64u
#define NAME_BYTES  32u
#define BURST       32u
#define LOOK_NS     SRIC_NS_PER_MS
#define SEND_NS_MIN (100 * SRIC_NS_PER_MS)

enum {
    NETC,
    DRVR,
    RXFR,
    TXFR,
    SECTIONS
};

struct mig_net {
    struct sriov_net *net;
    struct sriov_mig_net_opts opts;
    struct sriov_mig_section s[SECTIONS];
};

static void init_sections(struct sriov_mig_section s[SECTIONS])
{
    static const uint32_t tags[SECTIONS] = {SRIC_MIG_NETC, SRIC_MIG_DRVR, SRIC_MIG_RXFR, SRIC_MIG_TXFR};

    memset(s, 0, sizeof(*s) * SECTIONS);
    for (uint32_t i = 0; i < SECTIONS; i++) {
        s[i].tag = tags[i];
        s[i].version = 1;
        s[i].required = true;
    }
}

static int take_opts(struct mig_net *m, struct sriov_net *net, const struct sriov_mig_net_opts *opts)
{
    int rc;

    memset(m, 0, sizeof(*m));
    if (net == NULL) {
        return -EINVAL;
    }
    m->net = net;
    init_sections(m->s);
    rc = sric_opts_take(&m->opts, sizeof(m->opts), sizeof(m->opts), opts);
    return rc == 0 && (m->opts.reserved0 != 0 || m->opts.rx == NULL) ? -EINVAL : rc;
}

/* ---- frames come out ---- */

static int put_all(struct sriov_mig_blob *blob, uint16_t queue, struct sriov_buf **bufs, uint16_t n)
{
    int rc = 0;

    for (uint16_t i = 0; i < n; i++) {
        rc = rc == 0 ? sric_mig_frame_put(blob, queue, bufs[i]) : rc;
        sriov_buf_free(bufs[i]);
    }
    return rc;
}

static int drain_rx(struct sriov_net *net, struct sriov_mig_blob *blob)
{
    struct sriov_buf *bufs[BURST];
    uint16_t n;
    int rc = 0;

    for (uint16_t q = 0; rc == 0 && q < net->config.queues; q++) {
        do {
            n = sriov_net_rx_take(net, q, bufs, BURST);
            rc = put_all(blob, q, bufs, n);
        } while (rc == 0 && n != 0);
    }
    return rc;
}

static int drain_tx(struct sriov_net *net, struct sriov_mig_blob *blob, uint32_t *in_doubt)
{
    struct sriov_buf *bufs[BURST];
    uint16_t n;
    int rc = 0;

    for (uint16_t q = 0; rc == 0 && q < net->config.queues; q++) {
        do {
            uint32_t doubt = 0;

            n = sriov_net_tx_take(net, q, bufs, BURST, &doubt);
            *in_doubt += doubt;
            rc = put_all(blob, q, bufs, n);
        } while (rc == 0 && n != 0);
    }
    return rc;
}

/* ---- frames go in ---- */

static struct sriov_buf *rebuild(struct sriov_net *net, const struct sric_mig_frame *frame)
{
    struct sriov_buf *buf = sriov_buf_from(net->config.pool, frame->bytes, frame->len);

    if (buf != NULL) {
        buf->flags = frame->flags;
        buf->vlan_tci = frame->vlan_tci;
        buf->rss_hash = frame->rss_hash;
        buf->queue = frame->queue;
    }
    return buf;
}

static int deliver_rx(const struct mig_net *m)
{
    struct sric_mig_frame frame;
    uint64_t at = 0;
    int rc;

    while ((rc = sric_mig_frame_next(&m->s[RXFR], &at, &frame)) == 1) {
        struct sriov_buf *buf = rebuild(m->net, &frame);

        if (buf == NULL) {
            return -ENOMEM;
        }
        m->opts.rx(m->opts.arg, frame.queue, buf);
    }
    return rc;
}

struct sending {
    struct sriov_net *net;
    struct sriov_buf *buf;
    uint16_t queue;
};

static int try_send(void *arg)
{
    struct sending *s = arg;

    if (sriov_tx_burst(s->net->txq[s->queue], &s->buf, 1) == 1) {
        return 1;
    }
    (void)sriov_net_poll(s->net); /* it may be recovering */
    return sriov_fn_gone(s->net->fn) ? -ENODEV : 0;
}

static int send_one(const struct mig_net *m, const struct sric_mig_frame *frame)
{
    struct sending s = {m->net, rebuild(m->net, frame), frame->queue};
    uint64_t timeout = m->opts.timeout_ns > SEND_NS_MIN ? m->opts.timeout_ns : SEND_NS_MIN;
    int rc;

    if (s.buf == NULL) {
        return -ENOMEM;
    }
    rc = sriov_fn_wait_until(m->net->fn, try_send, &s, timeout, LOOK_NS);
    if (rc <= 0) {
        sriov_buf_free(s.buf);
        return rc;
    }
    return 0;
}

static int send_tx(const struct mig_net *m)
{
    struct sric_mig_frame frame;
    uint64_t at = 0;
    int rc;

    while ((rc = sric_mig_frame_next(&m->s[TXFR], &at, &frame)) == 1) {
        rc = send_one(m, &frame);
        if (rc != 0) {
            return rc;
        }
    }
    return rc;
}

/* Received ones first: their buffers are the application's to free. */
static int put_back(const struct mig_net *m)
{
    int rc = sriov_net_resume(m->net);
    int rx = deliver_rx(m);
    int tx = rc == 0 ? send_tx(m) : 0;

    return rc != 0 ? rc : rx != 0 ? rx : tx;
}

/* ---- save ---- */

static int put_settings(struct sriov_mig_writer *w, const struct sriov_net *net)
{
    uint8_t bytes[NETC_BYTES] = {0};

    sric_mig_put16(bytes, net->config.queues);
    sric_mig_put16(bytes + 2, net->config.mtu);
    memcpy(bytes + 8, net->mac.b, SRIOV_ETH_ALEN);
    sric_copy_name((char *)bytes + 16, NAME_BYTES, net->driver->name);
    return sriov_mig_put(w, SRIC_MIG_NETC, 1, bytes, sizeof(bytes));
}

/* The driver's own bytes; a driver without any has nothing that settings do not say. */
static int take_driver(struct sriov_net *net, struct sriov_mig_blob *blob)
{
    int64_t need = sric_net_of(net)->ops.save(net, NULL, 0);
    int64_t got;
    int rc;

    if (need <= 0) {
        return need == -EOPNOTSUPP ? 0 : (int)need;
    }
    rc = sric_mig_grow(blob, (uint64_t)need);
    if (rc != 0) {
        return rc;
    }
    got = sric_net_of(net)->ops.save(net, blob->bytes, (uint64_t)need);
    if (got != need) {
        return got < 0 ? (int)got : -EPROTO;
    }
    blob->len = (uint64_t)need;
    return 0;
}

static int put_driver(struct sriov_mig_writer *w, struct sriov_net *net)
{
    struct sriov_mig_blob blob = {.vmm = sriov_fn_vmm(net->fn)};
    int rc = take_driver(net, &blob);

    if (rc == 0) {
        rc = sriov_mig_put(w, SRIC_MIG_DRVR, 1, blob.bytes, blob.len);
    }
    sriov_mig_blob_free(&blob);
    return rc;
}

static int write_stream(struct sriov_net *net, const struct sriov_mig_blob *rx,
                        const struct sriov_mig_blob *tx, struct sriov_mig_blob *out)
{
    struct sriov_mig_writer w;
    int rc = sriov_mig_writer_begin(&w, net->fn, SRIOV_MIG_KIND_NET);

    if (rc == 0) {
        rc = put_settings(&w, net);
    }
    if (rc == 0) {
        rc = put_driver(&w, net);
    }
    if (rc == 0) {
        rc = sriov_mig_put(&w, SRIC_MIG_RXFR, 1, rx->bytes, rx->len);
    }
    if (rc == 0) {
        rc = sriov_mig_put(&w, SRIC_MIG_TXFR, 1, tx->bytes, tx->len);
    }
    if (rc == 0) {
        return sriov_mig_writer_end(&w, out);
    }
    sriov_mig_blob_free(&w.blob);
    return rc;
}

static void view(struct sriov_mig_section *s, const struct sriov_mig_blob *blob)
{
    s->bytes = blob->bytes;
    s->len = blob->len;
}

int sriov_mig_save_net(struct sriov_net *net, const struct sriov_mig_net_opts *opts,
                       struct sriov_mig_blob *out, uint32_t *in_doubt)
{
    struct sriov_mig_blob rx = {0};
    struct sriov_mig_blob tx = {0};
    struct mig_net m;
    uint32_t doubt = 0;
    int rc = out != NULL ? take_opts(&m, net, opts) : -EINVAL;

    if (rc == 0) {
        rc = sriov_net_quiesce(net, m.opts.timeout_ns);
    }
    if (rc != 0) {
        return rc;
    }
    rx.vmm = sriov_fn_vmm(net->fn);
    tx.vmm = rx.vmm;
    rc = drain_rx(net, &rx);
    if (rc == 0) {
        rc = drain_tx(net, &tx, &doubt);
    }
    if (rc == 0) {
        rc = write_stream(net, &rx, &tx, out);
    }
    if (rc != 0) {
        view(&m.s[RXFR], &rx);
        view(&m.s[TXFR], &tx);
        (void)put_back(&m);
    }
    if (in_doubt != NULL) {
        *in_doubt = doubt;
    }
    sriov_mig_blob_free(&rx);
    sriov_mig_blob_free(&tx);
    return rc;
}

/* Whole, and for queues that there are. */
static int check_frames(const struct mig_net *m, uint16_t queues, uint64_t *bufs)
{
    uint32_t size = m->net->config.pool->buf_size;
    int rc = sric_mig_frames_check(&m->s[RXFR], queues, size, bufs);

    return rc == 0 ? sric_mig_frames_check(&m->s[TXFR], queues, size, bufs) : rc;
}

int sriov_mig_abort_net(struct sriov_net *net, const struct sriov_mig_net_opts *opts,
                        const struct sriov_mig_blob *stream)
{
    struct mig_net m;
    uint64_t bufs = 0;
    int rc = stream != NULL ? take_opts(&m, net, opts) : -EINVAL;

    if (rc == 0) {
        rc = sriov_mig_parse(stream->bytes, stream->len, net->fn, SRIOV_MIG_KIND_NET, m.s, SECTIONS, NULL);
    }
    if (rc == 0) {
        rc = check_frames(&m, net->config.queues, &bufs);
    }
    return rc == 0 ? put_back(&m) : rc;
}

/* ---- load ---- */

static int check_driver(const struct mig_net *m, struct sriov_mig_fault *fault)
{
    const uint8_t *bytes = m->s[NETC].bytes;
    char name[NAME_BYTES];

    if (m->s[NETC].len != NETC_BYTES) {
        return sric_mig_refuse(fault, -EPROTO, SRIC_MIG_NETC, 0, "settings of %u bytes",
                               (unsigned)m->s[NETC].len);
    }
    memcpy(name, bytes + 16, sizeof(name));
    name[sizeof(name) - 1] = '\0';
    if (!sric_same_name(name, m->net->driver->name)) {
        return sric_mig_refuse(fault, -ENXIO, SRIC_MIG_NETC, 16,
                               "state of driver %s, here is %s; choose a VF that has the same", name,
                               m->net->driver->name);
    }
    return 0;
}

static int check_fits(const struct mig_net *m, struct sriov_mig_fault *fault)
{
    const struct sriov_net *net = m->net;
    uint16_t queues = sric_mig_get16(m->s[NETC].bytes);
    uint16_t mtu = sric_mig_get16(m->s[NETC].bytes + 2);
    uint64_t need = (uint64_t)net->config.queues * net->config.rx_desc;
    uint64_t have;

    if (queues == 0 || queues > net->config.queues) {
        return sric_mig_refuse(
            fault, -ENOSPC, SRIC_MIG_NETC, 0,
            "%u queues at the source, %u here; configure as many, or choose a VF that has them",
            (unsigned)queues, (unsigned)net->config.queues);
    }
    if (!sric_net_mtu_ok(net, mtu)) {
        return sric_mig_refuse(fault, -ENOSPC, SRIC_MIG_NETC, 2, "MTU %u at the source, at most %u here",
                               (unsigned)mtu, (unsigned)net->max_mtu);
    }
    if (check_frames(m, queues, &need) != 0) {
        return sric_mig_refuse(fault, -EPROTO, SRIC_MIG_RXFR, 0, "frames that make no sense");
    }
    have = sriov_pool_count(net->config.pool) - sriov_pool_in_use(net->config.pool);
    return have >= need ? 0
                        : sric_mig_refuse(fault, -ENOSPC, SRIC_MIG_RXFR, 0,
                                          "%u buffers are needed, the pool has %u; make it larger",
                                          (unsigned)need, (unsigned)have);
}

/* What the driver had before, to go back to; none: nothing to go back to. */
struct before {
    struct sriov_mig_blob driver;
    uint16_t mtu;
};

static void go_back(struct sriov_net *net, const struct before *b)
{
    (void)sriov_net_stop(net);
    if (b->driver.len != 0) {
        (void)sric_net_of(net)->ops.load(net, b->driver.bytes, b->driver.len);
    }
    if (net->config.mtu != b->mtu) {
        (void)sriov_net_set_mtu(net, b->mtu);
    }
}

static int take_settings(struct mig_net *m, const struct before *b, struct sriov_mig_fault *fault)
{
    struct sriov_net *net = m->net;
    uint16_t mtu = sric_mig_get16(m->s[NETC].bytes + 2);
    int rc = mtu != net->config.mtu ? sriov_net_set_mtu(net, mtu) : 0;

    if (rc != 0) {
        return sric_mig_refuse(fault, rc, SRIC_MIG_NETC, 2, "the PF does not grant MTU %u (errno %d)",
                               (unsigned)mtu, -rc);
    }
    if (m->s[DRVR].len != 0) {
        rc = sric_net_of(net)->ops.load(net, m->s[DRVR].bytes, m->s[DRVR].len);
    }
    if (rc == 0) {
        rc = sriov_net_start(net);
    }
    if (rc == 0) {
        return 0;
    }
    go_back(net, b);
    return sric_mig_refuse(fault, rc, SRIC_MIG_DRVR, 0,
                           rc == -EACCES   ? "the PF refuses a setting (errno %d); ask its owner for it"
                           : rc == -EAGAIN ? "the PF is silent (errno %d); try again when it serves"
                                           : "the driver refuses the settings (errno %d)",
                           -rc);
}

/* The source is about to go on: this side must not, too. */
static int send_or_undo(struct mig_net *m, const struct before *b, struct sriov_mig_fault *fault)
{
    int rc = send_tx(m);

    if (rc == 0) {
        return 0;
    }
    go_back(m->net, b);
    return sric_mig_refuse(fault, rc, SRIC_MIG_TXFR, 0,
                           "the device does not take what is to be sent (errno %d); look at its link, or "
                           "configure a larger ring",
                           -rc);
}

static int load(struct mig_net *m, struct sriov_mig_fault *fault)
{
    struct before b = {.driver = {.vmm = sriov_fn_vmm(m->net->fn)}, .mtu = m->net->config.mtu};
    int rc = take_driver(m->net, &b.driver);

    if (rc == 0) {
        rc = take_settings(m, &b, fault);
    }
    if (rc == 0) {
        rc = send_or_undo(m, &b, fault);
    }
    sriov_mig_blob_free(&b.driver);
    return rc == 0 ? deliver_rx(m) : rc;
}

int sriov_mig_load_net(struct sriov_net *net, const struct sriov_mig_net_opts *opts, const void *bytes,
                       uint64_t len, struct sriov_mig_fault *fault)
{
    struct mig_net m;
    int rc = take_opts(&m, net, opts);

    if (rc != 0) {
        return rc;
    }
    if (sriov_fn_gone(net->fn)) {
        return -ENODEV;
    }
    if (!net->configured || net->started) {
        return net->started ? -EBUSY : -EINVAL;
    }
    rc = sriov_mig_parse(bytes, len, net->fn, SRIOV_MIG_KIND_NET, m.s, SECTIONS, fault);
    if (rc == 0) {
        rc = check_driver(&m, fault);
    }
    if (rc == 0) {
        rc = check_fits(&m, fault);
    }
    return rc == 0 ? load(&m, fault) : rc;
}
