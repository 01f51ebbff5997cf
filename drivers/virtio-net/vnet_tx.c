/* SPDX-License-Identifier: BSD-3-Clause */
/* Transmit: 5.1.6.2. A chain is a header, which the device only reads, and the frame's segments. */
#include "vnet_ring.h"

#include <string.h>

#define CLEAN_BULK 32u

/* Descriptors of a frame that can be sent, else 0. */
static uint16_t count_descs(const struct vnet_txq *q, const struct sriov_buf *frame)
{
    bool tagged = (frame->flags & SRIOV_TX_VLAN) != 0;
    uint32_t segs = 0;
    uint32_t len = 0;
    for (const struct sriov_buf *s = frame; s != NULL; s = s->next) {
        if (s->len == 0 || ++segs > VNET_TX_SEGS) {
            return 0;
        }
        len += s->len;
    }
    bool whole = segs == 1 || len == frame->pkt_len;
    /* Both addresses go in front of the tag, from the first segment. */
    bool fits = !tagged || (frame->len > VNET_TAG_AT && len + VNET_ETH_VLAN <= q->max_frame);
    bool good = whole && fits && len >= VNET_FRAME_MIN && len <= q->max_frame && segs < q->vq.size;
    return good ? (uint16_t)(segs + 1) : 0;
}

static sriov_iova_t extra_iova(const struct vnet_txq *q, uint64_t off)
{
    return sriov_iova_add(q->vq.dma.iova, q->vq.extra + off);
}

/* Header, addresses and tag of one chain, in its own place. */
static uint64_t put_tag(struct vnet_txq *q, uint16_t head, const struct sriov_buf *frame)
{
    uint64_t off = (uint64_t)VNET_TAGGED_ROOM * (head + 1u);
    uint8_t *at = (uint8_t *)q->vq.dma.va + q->vq.extra + off;
    memset(at, 0, VIRTIO_NET_HDR_SIZE);
    memcpy(at + VIRTIO_NET_HDR_SIZE, frame->data, VNET_TAG_AT);
    at += VIRTIO_NET_HDR_SIZE + VNET_TAG_AT;
    at[0] = 0x81; /* 802.1Q */
    at[1] = 0x00;
    at[2] = (uint8_t)(frame->vlan_tci >> 8);
    at[3] = (uint8_t)frame->vlan_tci;
    return off;
}

static uint16_t put_desc(struct vnet_txq *q, sriov_iova_t iova, uint32_t len)
{
    uint16_t id = q->vq.free[--q->vq.num_free];
    q->vq.desc[id].addr = iova.raw;
    q->vq.desc[id].len = len;
    q->vq.desc[id].flags = 0;
    return id;
}

static void link_desc(struct vnet_txq *q, uint16_t from, uint16_t to)
{
    q->link[from] = to;
    q->vq.desc[from].next = to;
    q->vq.desc[from].flags = VIRTQ_DESC_F_NEXT;
}

static uint32_t put_frame(struct vnet_txq *q, struct sriov_buf *frame, uint16_t descs)
{
    struct vnet_vq *vq = &q->vq;
    bool tagged = (frame->flags & SRIOV_TX_VLAN) != 0;
    uint16_t head = put_desc(q, extra_iova(q, 0), VIRTIO_NET_HDR_SIZE);
    uint32_t skip = 0;
    uint32_t len = 0;
    if (tagged) {
        vq->desc[head].addr = extra_iova(q, put_tag(q, head, frame)).raw;
        vq->desc[head].len = VNET_TAGGED_SIZE;
        skip = VNET_TAG_AT;
    }
    uint16_t last = head;
    for (const struct sriov_buf *seg = frame; seg != NULL; seg = seg->next) {
        uint16_t id = put_desc(q, sriov_iova_add(seg->iova, skip), seg->len - skip);
        link_desc(q, last, id);
        last = id;
        len += seg->len;
        skip = 0;
    }
    q->sw[head] = (struct vnet_tx_slot){.frame = frame, .descs = descs};
    vq->avail_ring[vq->next & vq->mask] = head;
    __atomic_store_n(&vq->next, (uint16_t)(vq->next + 1u), __ATOMIC_RELAXED); /* the watchdog looks */
    return len;
}

bool vnet_tx_odd(struct vnet_txq *q, struct sriov_buf *frame)
{
    uint16_t descs = count_descs(q, frame);
    if (descs == 0) {
        q->base.refused++;
        sriov_buf_free(frame);
        return true;
    }
    if (q->vq.num_free < descs) {
        return false;
    }
    q->base.bytes += put_frame(q, frame, descs);
    q->base.packets++;
    return true;
}

static inline bool is_plain(const struct vnet_txq *q, const struct sriov_buf *frame)
{
    return frame->next == NULL && (frame->flags & SRIOV_TX_VLAN) == 0 &&
           frame->len - VNET_FRAME_MIN <= q->max_frame - VNET_FRAME_MIN;
}

/* One segment as it lies: the common header, and the frame. Two descriptors are free. */
static inline void put_plain(struct vnet_txq *q, struct sriov_buf *frame, sriov_iova_t header)
{
    struct vnet_vq *vq = &q->vq;
    uint16_t head = vq->free[vq->num_free - 1];
    uint16_t data = vq->free[vq->num_free - 2];
    vq->num_free = (uint16_t)(vq->num_free - 2);
    vq->desc[head].addr = header.raw;
    vq->desc[head].len = VIRTIO_NET_HDR_SIZE;
    vq->desc[head].flags = VIRTQ_DESC_F_NEXT;
    vq->desc[head].next = data;
    vq->desc[data].addr = frame->iova.raw;
    vq->desc[data].len = frame->len;
    vq->desc[data].flags = 0;
    q->link[head] = data;
    q->sw[head].frame = frame;
    q->sw[head].descs = 2;
    vq->avail_ring[vq->next & vq->mask] = head;
    __atomic_store_n(&vq->next, (uint16_t)(vq->next + 1u), __ATOMIC_RELAXED); /* the watchdog looks */
    q->base.bytes += frame->len;
    q->base.packets++;
}

uint16_t vnet_tx_burst(struct sriov_txq *base, struct sriov_buf **bufs, uint16_t n)
{
    struct vnet_txq *q = (struct vnet_txq *)(void *)base;
    sriov_iova_t header = extra_iova(q, 0);
    uint16_t done = 0;
    vnet_tx_reclaim(q);
    while (done < n && !q->vq.broken) {
        struct sriov_buf *frame = bufs[done];
        if (is_plain(q, frame) && q->vq.num_free >= 2) {
            put_plain(q, frame, header);
        } else if (!vnet_tx_odd(q, frame)) {
            break;
        }
        done++;
    }
    base->full += (uint64_t)(n - done);
    if (q->vq.next != q->vq.told) {
        vnet_vq_publish(&q->vq);
        vnet_vq_kick(&q->vq);
    }
    return done;
}

/* ---- completion ---- */

static void free_descs(struct vnet_txq *q, uint16_t head, uint16_t descs)
{
    uint16_t id = head;
    for (uint16_t i = 0; i < descs; i++) {
        q->vq.free[q->vq.num_free++] = id;
        id = q->link[id]; /* of the last one it is not used */
    }
}

/* The frame of the next used element; NULL: the queue is broken. */
static struct sriov_buf *take_sent(struct vnet_txq *q)
{
    struct virtq_used_elem elem;
    if (!vnet_vq_take(&q->vq, &elem)) {
        return NULL;
    }
    struct vnet_tx_slot slot = q->sw[elem.id];
    if (slot.frame == NULL) { /* no chain of the device's begins there */
        __atomic_store_n(&q->vq.broken, true, __ATOMIC_RELAXED);
        return NULL;
    }
    q->sw[elem.id].frame = NULL;
    free_descs(q, (uint16_t)elem.id, slot.descs);
    return slot.frame;
}

void vnet_tx_reclaim(struct vnet_txq *q)
{
    struct sriov_buf *sent[CLEAN_BULK];
    uint16_t n = 0;
    for (uint16_t used = vnet_vq_used(&q->vq); used > 0; used--) {
        struct sriov_buf *frame = take_sent(q);
        if (frame == NULL) {
            break;
        }
        sent[n++] = frame;
        if (n == CLEAN_BULK) {
            sriov_buf_free_bulk(sent, n);
            n = 0;
        }
    }
    if (n > 0) {
        sriov_buf_free_bulk(sent, n);
    }
}

uint32_t vnet_tx_settle(struct vnet_txq *q)
{
    uint32_t lost = 0;
    vnet_tx_reclaim(q);
    for (uint16_t i = 0; i < q->vq.size; i++) {
        if (q->sw[i].frame != NULL) {
            sriov_buf_free(q->sw[i].frame);
            q->sw[i].frame = NULL;
            lost++;
        }
    }
    q->in_doubt += lost > q->doubt_told ? lost - q->doubt_told : 0;
    q->doubt_told = 0;
    return lost;
}

void vnet_tx_doubt(struct vnet_txq *q)
{
    vnet_tx_reclaim(q);
    uint16_t has = (uint16_t)(q->vq.next - q->vq.seen);
    if (has > q->doubt_told) {
        q->in_doubt += (uint32_t)(has - q->doubt_told);
    }
    q->doubt_told = has;
}
