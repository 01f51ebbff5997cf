/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames: 5.1.6.2 out, 5.1.6.4 in. */
#include "virtio.h"

#include <stdlib.h>
#include <string.h>

#define ETH_HEADER 14u

/* ---- out ---- */

/* Nothing was negotiated that would let a header say anything: 5.1.6.2.1. */
static bool header_is_plain(const struct virtio_net_hdr *hdr)
{
    static const struct virtio_net_hdr plain;

    return memcmp(hdr, &plain, sizeof(plain)) == 0;
}

static const char *judge_tx(const struct mock_virtio_chain *chain)
{
    if (chain->writable > 0) {
        return "a frame to send with a descriptor to be written";
    }
    if (chain->readable < VIRTIO_NET_HDR_SIZE + ETH_HEADER) {
        return "a frame to send shorter than its headers";
    }
    return chain->readable > MOCK_VIRTIO_FRAME_MAX + VIRTIO_NET_HDR_SIZE ? "a frame to send that is too long"
                                                                         : NULL;
}

/* False: the device needs a reset. */
static bool send_chain(struct sriov_model *m, struct mock_virtio_queue *q,
                       const struct mock_virtio_chain *chain)
{
    struct mock_virtio_giveback words = {.id = chain->head, .len = 0, .idx = (uint16_t)(q->used_idx + 1u)};
    const char *bad = judge_tx(chain);
    struct virtio_net_hdr hdr;
    uint64_t delay = 0;

    if (bad != NULL) {
        mock_virtio_bad(m, q, SRIOV_REPORT_BAD_DESC, chain->head, bad);
        return false;
    }
    if (!mock_virtio_fetch(m, q, chain, 0, m->frame, chain->readable)) {
        return false;
    }
    memcpy(&hdr, m->frame, sizeof(hdr));
    if (!header_is_plain(&hdr)) {
        mock_virtio_bad(m, q, SRIOV_REPORT_BAD_DESC, chain->head,
                        "a header that asks for what was not negotiated");
        return false;
    }
    if (m->carrier) {
        m->args.ops->wire_tx(m->args.host, m->frame + VIRTIO_NET_HDR_SIZE,
                             chain->readable - VIRTIO_NET_HDR_SIZE);
    }
    enum sriov_fault_verdict verdict = mock_virtio_bend(m, q, &words, &delay);
    mock_virtio_give(m, q, chain->head, &words, verdict, delay);
    return mock_virtio_runs(m);
}

static void transmit(struct sriov_model *m, struct mock_virtio_queue *q)
{
    bool any = false;

    while (mock_virtio_peek(m, q, 0, &m->chain) && mock_virtio_own(m, q, &m->chain) &&
           send_chain(m, q, &m->chain)) {
        any = true;
    }
    if (any) {
        mock_virtio_tell(m, q);
    }
}

static void transmit_later(struct sriov_model *m, uint64_t tag)
{
    struct mock_virtio_late *late = mock_virtio_take_late(m, tag);

    if (late != NULL) {
        transmit(m, &m->queue[late->queue]);
        free(late);
    }
}

static void transmit_soon(struct sriov_model *m, struct mock_virtio_queue *q)
{
    const struct sriov_model_host_ops *ops = m->args.ops;
    uint64_t delay = ops->delay_ns(m->args.host, 0, SRIOV_DELAY_TX);
    struct mock_virtio_late *late;

    if (delay == 0) {
        transmit(m, q);
        return;
    }
    late = mock_virtio_put_late(m, NULL, 0);
    if (late != NULL) {
        late->queue = q->index;
        ops->timer(m->args.host, ops->now_ns(m->args.host) + delay, transmit_later, late->tag);
    }
}

void mock_virtio_notified(struct sriov_model *m, uint16_t queue)
{
    struct mock_virtio_queue *q = &m->queue[queue];

    if (!mock_virtio_announce(m, q) || mock_virtio_is_rx(m, queue)) {
        return;
    }
    if (mock_virtio_is_ctrl(m, queue)) {
        mock_virtio_ctrl(m, q);
    } else {
        transmit_soon(m, q);
    }
}

/* ---- in ---- */

/* Chains that a frame fills, from the next one on. 0: not enough of them. */
static uint16_t count_chains(struct sriov_model *m, struct mock_virtio_queue *q, uint32_t bytes)
{
    bool mergeable = mock_virtio_has(m, VIRTIO_NET_F_MRG_RXBUF);
    uint32_t room = 0;
    uint16_t n = 0;

    while (room < bytes && mock_virtio_peek(m, q, n, &m->chain)) {
        uint32_t least = mergeable ? VIRTIO_NET_HDR_SIZE : VIRTIO_NET_RX_BUFFER_LEAST;

        if (m->chain.readable > 0 || m->chain.writable < least) {
            mock_virtio_bad(m, q, SRIOV_REPORT_BAD_DESC, m->chain.head,
                            "a receive buffer that cannot be one");
            return 0;
        }
        room += m->chain.writable;
        n++;
        if (!mergeable) {
            break;
        }
    }
    return room >= bytes ? n : 0;
}

/* One buffer of n: what of m->frame, from `done` on, fits. False: the device needs a reset. */
static bool fill(struct sriov_model *m, struct mock_virtio_queue *q, uint32_t *done, uint32_t bytes,
                 uint16_t n)
{
    uint32_t len = bytes - *done;
    struct mock_virtio_giveback words = {.num_buffers = n};
    uint64_t delay = 0;

    if (!mock_virtio_peek(m, q, 0, &m->chain) || !mock_virtio_own(m, q, &m->chain)) {
        return false;
    }
    len = len < m->chain.writable ? len : m->chain.writable;
    words.id = m->chain.head;
    words.len = len;
    words.idx = (uint16_t)(q->used_idx + 1u);
    enum sriov_fault_verdict verdict = mock_virtio_bend(m, q, &words, &delay);
    if (*done == 0) {
        uint16_t count = (uint16_t)words.num_buffers;

        memcpy(m->frame + offsetof(struct virtio_net_hdr, num_buffers), &count, sizeof(count));
    }
    if (!mock_virtio_store(m, q, &m->chain, 0, m->frame + *done, len)) {
        return false;
    }
    mock_virtio_give(m, q, m->chain.head, &words, verdict, delay);
    *done += len;
    return mock_virtio_runs(m);
}

/* A flow keeps its queue: 5.1.6.5.6 leaves the choice to the device. */
static uint16_t queue_of(const struct sriov_model *m, const uint8_t *frame, size_t len)
{
    uint32_t hash = 2166136261u;
    size_t end = len < 38 ? len : 38; /* with the addresses and ports of IPv4 */

    for (size_t i = 0; i < end; i++) {
        bool counts = i < ETH_HEADER || i >= 26;

        hash = counts ? (hash ^ frame[i]) * 16777619u : hash;
    }
    return (uint16_t)VIRTIO_NET_RXQ(hash % m->pairs);
}

static void receive(struct sriov_model *m, const void *frame, size_t len)
{
    struct mock_virtio_queue *q = &m->queue[queue_of(m, frame, len)];
    uint32_t bytes = (uint32_t)len + VIRTIO_NET_HDR_SIZE;
    uint32_t done = 0;
    uint16_t n = q->enabled != 0 ? count_chains(m, q, bytes) : 0;

    if (n == 0) {
        m->drops++;
        return;
    }
    memset(m->frame, 0, VIRTIO_NET_HDR_SIZE);
    memcpy(m->frame + VIRTIO_NET_HDR_SIZE, frame, len);
    while (done < bytes) {
        if (!fill(m, q, &done, bytes, n)) {
            return;
        }
    }
    mock_virtio_tell(m, q);
}

static void receive_later(struct sriov_model *m, uint64_t tag)
{
    struct mock_virtio_late *late = mock_virtio_take_late(m, tag);

    if (late == NULL) {
        return;
    }
    if (mock_virtio_runs(m)) {
        receive(m, late->frame, late->len);
    }
    free(late);
}

void mock_virtio_wire_rx(struct sriov_model *m, const void *frame, size_t len)
{
    const struct sriov_model_host_ops *ops = m->args.ops;
    uint64_t delay = ops->delay_ns(m->args.host, 0, SRIOV_DELAY_RX);
    struct mock_virtio_late *late;

    if (!mock_virtio_runs(m) || !m->carrier || len < ETH_HEADER || len > MOCK_VIRTIO_FRAME_MAX ||
        !mock_virtio_accepts(m, frame, len)) {
        return;
    }
    if (delay == 0) {
        receive(m, frame, len);
        return;
    }
    late = mock_virtio_put_late(m, frame, (uint32_t)len);
    if (late != NULL) {
        ops->timer(m->args.host, ops->now_ns(m->args.host) + delay, receive_later, late->tag);
    }
}
