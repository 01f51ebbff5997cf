/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive: 5.1.6.3 and 5.1.6.4. Buffers have room for header and frame in one piece. */
#include "vnet_ring.h"

#include <string.h>

/* A frame that is being put together. */
struct assembly {
    struct sriov_buf *head;
    struct sriov_buf *last;
    uint32_t len;
    uint16_t left; /* buffers to come */
    bool bad;
};

static struct sriov_buf *take_buf(struct vnet_rxq *q, uint32_t *len)
{
    struct virtq_used_elem elem;
    if (!vnet_vq_take(&q->vq, &elem)) {
        return NULL;
    }
    struct sriov_buf *buf = q->sw[elem.id];
    if (buf == NULL) { /* not the device's */
        __atomic_store_n(&q->vq.broken, true, __ATOMIC_RELAXED);
        return NULL;
    }
    q->sw[elem.id] = NULL;
    q->vq.free[q->vq.num_free++] = (uint16_t)elem.id;
    *len = elem.len;
    return buf;
}

/* The header of a frame: how many buffers it fills; 0: it cannot be. */
static inline uint16_t read_header(const struct vnet_rxq *q, const struct sriov_buf *buf)
{
    const volatile struct virtio_net_hdr *hdr = (const volatile void *)buf->data;
    if (hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE) { /* never offered to take it */
        return 0;
    }
    return q->mergeable ? hdr->num_buffers : 1;
}

static void append(struct assembly *a, struct sriov_buf *buf, uint32_t skip, uint32_t len)
{
    buf->data += skip;
    buf->iova = sriov_iova_add(buf->iova, skip);
    buf->len = (uint16_t)(len - skip);
    buf->next = NULL;
    if (a->head == NULL) {
        a->head = buf;
        buf->num_segs = 0;
    } else {
        a->last->next = buf;
    }
    a->last = buf;
    a->head->num_segs++;
    a->len += len - skip;
}

/* One more buffer of the frame, the first with the header. Lengths are the device's word. */
static void add(struct vnet_rxq *q, struct assembly *a, struct sriov_buf *buf, uint32_t len)
{
    uint32_t skip = a->head == NULL && !a->bad ? VIRTIO_NET_HDR_SIZE : 0;
    if (a->bad || len <= skip || len > q->room || len - skip > q->max_frame - a->len) {
        a->bad = true;
        sriov_buf_free(buf);
        return;
    }
    append(a, buf, skip, len);
}

static struct sriov_buf *finish(struct vnet_rxq *q, struct assembly *a)
{
    struct sriov_buf *frame = a->head;
    if (a->bad || a->len < VNET_FRAME_MIN) {
        q->base.bad++;
        sriov_buf_free(frame);
        return NULL;
    }
    frame->pkt_len = a->len;
    frame->flags = 0;
    frame->vlan_tci = 0;
    frame->queue = q->base.index;
    frame->rss_hash = 0;
    frame->user = 0;
    q->base.packets++;
    q->base.bytes += a->len;
    return frame;
}

/* The next frame of *used elements; NULL: a bad one, or the queue is broken. The device must have
 * written all buffers of a frame before it tells of the first. */
struct sriov_buf *vnet_rx_odd(struct vnet_rxq *q, uint16_t *used)
{
    struct assembly a = {.left = 1};
    bool first = true;
    while (a.left > 0) {
        uint32_t len = 0;
        struct sriov_buf *buf = *used > 0 ? take_buf(q, &len) : NULL;
        if (buf == NULL) {
            __atomic_store_n(&q->vq.broken, true, __ATOMIC_RELAXED);
            a.bad = true;
            break;
        }
        (*used)--;
        if (first) {
            a.left = len > VIRTIO_NET_HDR_SIZE ? read_header(q, buf) : 0;
            a.bad = a.left == 0;
            a.left = a.bad ? 1 : a.left;
            first = false;
        }
        add(q, &a, buf, len);
        a.left--;
    }
    return finish(q, &a);
}

void vnet_rx_refill(struct vnet_rxq *q)
{
    struct vnet_vq *vq = &q->vq;
    while (vq->num_free > 0) {
        if (!sriov_pool_cache_has(&q->stock, 1)) {
            q->base.no_bufs++;
            break;
        }
        struct sriov_buf *buf = q->stock.stock[--q->stock.n];
        uint16_t id = vq->free[--vq->num_free];
        volatile struct virtq_desc *desc = &vq->desc[id];
        buf->next = NULL; /* as its last user left it, and it may go home unused */
        q->sw[id] = buf;
        desc->addr = buf->iova.raw;
        desc->len = q->room;
        desc->flags = VIRTQ_DESC_F_WRITE;
        desc->next = 0;
        vq->avail_ring[vq->next & vq->mask] = id;
        __atomic_store_n(&vq->next, (uint16_t)(vq->next + 1u), __ATOMIC_RELAXED);
    }
    if (vq->next != vq->told) {
        vnet_vq_publish(vq);
        vnet_vq_kick(vq);
    }
}

uint16_t vnet_rx_held(struct vnet_rxq *q, struct sriov_buf **bufs, uint16_t n)
{
    uint16_t done = 0;
    while (done < n && q->held_from != q->held_to) {
        bufs[done++] = q->held[q->held_from++ & q->vq.mask];
    }
    return done;
}

/* The next element, if it is a good frame in one buffer; else NULL, and nothing is taken. */
static inline struct sriov_buf *plain_frame(struct vnet_rxq *q)
{
    struct vnet_vq *vq = &q->vq;
    const volatile struct virtq_used_elem *elem = &vq->used_ring[vq->seen & vq->mask];
    uint32_t id = elem->id; /* each once: it may change under us */
    uint32_t len = elem->len - VIRTIO_NET_HDR_SIZE;
    struct sriov_buf *buf = id < vq->size ? q->sw[id] : NULL;
    if (buf == NULL || len - VNET_FRAME_MIN > q->plain_span || read_header(q, buf) != 1) {
        return NULL;
    }
    q->sw[id] = NULL;
    vq->free[vq->num_free++] = (uint16_t)id;
    __atomic_store_n(&vq->seen, (uint16_t)(vq->seen + 1u), __ATOMIC_RELAXED);
    buf->data += VIRTIO_NET_HDR_SIZE;
    buf->iova = sriov_iova_add(buf->iova, VIRTIO_NET_HDR_SIZE);
    buf->next = NULL;
    buf->pkt_len = len;
    buf->len = (uint16_t)len;
    buf->flags = 0;
    buf->num_segs = 1;
    buf->vlan_tci = 0;
    buf->queue = q->base.index;
    buf->rss_hash = 0;
    buf->user = 0;
    return buf;
}

uint16_t vnet_rx_burst(struct sriov_rxq *base, struct sriov_buf **bufs, uint16_t n)
{
    struct vnet_rxq *q = (struct vnet_rxq *)(void *)base;
    uint16_t done = q->held_from != q->held_to ? vnet_rx_held(q, bufs, n) : 0;
    uint16_t used = vnet_vq_used(&q->vq);
    if (used > 0 && q->armed) {
        q->armed = false;
        vnet_vq_interrupts(&q->vq, false);
    }
    /* What is there now and no more: a device that writes bad frames as fast as they are dropped must
     * not keep the caller here. */
    while (done < n && used > 0) {
        struct sriov_buf *frame = plain_frame(q);
        if (frame != NULL) {
            base->packets++;
            base->bytes += frame->pkt_len;
            bufs[done++] = frame;
            used--;
            continue;
        }
        frame = vnet_rx_odd(q, &used);
        if (frame != NULL) {
            bufs[done++] = frame;
        } else if (q->vq.broken) {
            break;
        }
    }
    if (q->vq.num_free >= q->post && !q->vq.broken && !__atomic_load_n(&q->stopped, __ATOMIC_ACQUIRE)) {
        vnet_rx_refill(q);
    }
    return done;
}

bool vnet_rx_waits(const struct vnet_rxq *q)
{
    return q->held_from != q->held_to || (!q->vq.broken && q->vq.used->idx != q->vq.seen);
}

/* There is room, unless nobody has asked for frames since the device was reset before. */
static void hold(struct vnet_rxq *q, struct sriov_buf *frame)
{
    if (frame == NULL) {
        return;
    }
    if ((uint16_t)(q->held_to - q->held_from) == q->vq.size) {
        q->base.bad++;
        sriov_buf_free(frame);
        return;
    }
    q->held[q->held_to++ & q->vq.mask] = frame;
}

void vnet_rx_settle(struct vnet_rxq *q)
{
    uint16_t used = vnet_vq_used(&q->vq);
    while (used > 0 && !q->vq.broken) {
        hold(q, vnet_rx_odd(q, &used));
    }
    for (uint16_t i = 0; i < q->vq.size; i++) {
        if (q->sw[i] != NULL) {
            sriov_buf_free(q->sw[i]);
            q->sw[i] = NULL;
        }
    }
    q->stopped = true;
}

void vnet_rx_drop_held(struct vnet_rxq *q)
{
    while (q->held_from != q->held_to) {
        sriov_buf_free(q->held[q->held_from++ & q->vq.mask]);
    }
}
