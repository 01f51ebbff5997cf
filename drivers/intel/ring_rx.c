/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive: the burst, and the slow road for what is not one good descriptor. */
#include "ring.h"

#include <string.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)

static inline uint32_t desc_len(uint64_t hi)
{
    return (uint32_t)(hi >> 32) & 0xffffu;
}

/* Fields that stand side by side go out as one store each: little-endian hosts only, as everywhere. */
static inline void store64(void *at, uint64_t value)
{
    __builtin_memcpy(at, &value, sizeof(value)); /* freestanding: the plain name would be a call */
}

_Static_assert(offsetof(struct sriov_buf, vlan_tci) == offsetof(struct sriov_buf, num_segs) + 2 &&
                   offsetof(struct sriov_buf, room) == offsetof(struct sriov_buf, num_segs) + 4 &&
                   offsetof(struct sriov_buf, queue) == offsetof(struct sriov_buf, num_segs) + 6,
               "num_segs, vlan_tci, room and queue are one quadword");

/* A frame in one descriptor. `seal` holds what is the same for all: one segment, room and queue. */
static inline void fill_meta(struct sriov_buf *buf, const struct sri_rx_flags *flags, uint64_t seal,
                             uint64_t lo, uint64_t hi)
{
    uint32_t len = desc_len(hi);
    buf->next = NULL;
    buf->pkt_len = len;
    buf->len = (uint16_t)len;
    buf->flags = (uint16_t)(flags->status[hi >> 3 & 15] | flags->rss[lo & 15]);
    store64((uint8_t *)buf + offsetof(struct sriov_buf, num_segs), seal | (hi >> 32 & 0xffff0000u));
    buf->rss_hash = (uint32_t)(lo >> 32);
}

/* Where a run of descriptors stands; all of it in registers. */
struct rx_run {
    volatile struct sri_desc *desc;
    struct sriov_buf **sw;
    struct sriov_buf **top; /* of the stock */
    struct sriov_buf **out;
};

/* Put a fresh buffer where the received one was and leave the descriptor ready for the device,
 * which sees it with the next tail write. What the stock holds is rewound: it comes from the pool or
 * was dropped here. */
static inline struct sriov_buf *swap_buf(struct rx_run *run)
{
    struct sriov_buf *buf = *run->sw;
    struct sriov_buf *fresh = *--run->top;
    *run->sw++ = fresh;
    run->desc->lo = fresh->iova.raw;
    run->desc->hi = 0; /* header address: DD must start as 0 */
    run->desc++;
    return buf;
}

/* The road for everything that fill_meta cannot tell. */
static void take_slow(struct sri_rxq *q, struct rx_run *run, uint64_t lo, uint64_t hi)
{
    struct sriov_buf *buf = swap_buf(run);
    q->stock->n = (uint32_t)(run->top - q->stock->stock);
    buf = sri_rx_slow(q, buf, lo, hi);
    run->top = &q->stock->stock[q->stock->n];
    if (buf != NULL) {
        q->base.bytes += buf->pkt_len;
        *run->out++ = buf;
    }
}

/* Up to `budget` descriptors, for each of which the stock has a fresh buffer, and none beyond the
 * ring's end. Returns how many were taken. */
static inline uint32_t rx_run(struct sri_rxq *q, struct sriov_buf ***out, uint32_t budget)
{
    uint32_t slot = q->next & q->mask;
    struct rx_run run = {&q->ring[slot], &q->sw[slot], &q->stock->stock[q->stock->n], *out};
    volatile struct sri_desc *end = run.desc + budget;
    const struct sri_rx_flags *flags = q->flags;
    uint64_t care = q->care;
    uint64_t seal = q->seal;
    uint64_t bytes = 0;
    while (run.desc != end) {
        uint64_t hi = run.desc->hi; /* status, errors and length in one load */
        sriov_dma_rmb();
        uint64_t lo = run.desc->lo;
        if (LIKELY((hi & care) == q->expect && desc_len(hi) != 0)) {
            struct sriov_buf *buf = swap_buf(&run);
            fill_meta(buf, flags, seal, lo, hi);
            bytes += desc_len(hi);
            *run.out++ = buf;
        } else if ((hi & SRI_RX_DD) != 0) {
            take_slow(q, &run, lo, hi);
        } else {
            break;
        }
    }
    uint32_t done = budget - (uint32_t)(end - run.desc);
    q->stock->n = (uint32_t)(run.top - q->stock->stock);
    __atomic_store_n(&q->next, q->next + done, __ATOMIC_RELAXED); /* the watchdog looks */
    q->base.packets += (uint64_t)(run.out - *out);
    q->base.bytes += bytes;
    *out = run.out;
    return done;
}

static void repost(struct sri_rxq *q)
{
    if (q->next - q->posted >= q->post) {
        q->posted = q->next;
        sri_ring_bell(&q->tail, (q->next - 1) & q->mask);
    }
}

/* Descriptors that one run may look at: what the caller has room for, the stock can replace and
 * the ring has until its end. */
static inline uint32_t rx_budget(struct sri_rxq *q, uint32_t want)
{
    uint32_t to_end = q->mask + 1 - (q->next & q->mask);
    want = want < SRIOV_POOL_BULK ? want : SRIOV_POOL_BULK;
    want = want < to_end ? want : to_end;
    if (!sriov_pool_cache_has(q->stock, want)) {
        q->base.no_bufs++;
        want = q->stock->n;
    }
    return want;
}

uint16_t sri_rx_burst(struct sriov_rxq *base, struct sriov_buf **bufs, uint16_t n)
{
    struct sri_rxq *q = (struct sri_rxq *)(void *)base;
    struct sriov_buf **out = bufs;
    struct sriov_buf **end = bufs + n;
    uint32_t start = q->next;
    /* Once around at most: a device that writes bad frames as fast as they are dropped must not keep
     * the caller here. */
    while (out != end && q->next - start <= q->mask && sri_rxq_waits(q)) {
        uint32_t budget = rx_budget(q, (uint32_t)(end - out));
        if (rx_run(q, &out, budget) < budget || budget == 0) {
            break;
        }
    }
    repost(q);
    return (uint16_t)(out - bufs);
}

/* ---- the slow road ---- */

static void expect_next(struct sri_rxq *q)
{
    q->expect = q->head == NULL && !q->skip ? SRI_RX_DD | SRI_RX_EOP : 0;
}

static void drop_chain(struct sri_rxq *q)
{
    struct sriov_buf *buf = q->head;
    while (buf != NULL) {
        struct sriov_buf *next = buf->next;
        sriov_pool_cache_put(q->stock, buf);
        buf = next;
    }
    q->head = NULL;
    q->last = NULL;
    q->chain_len = 0;
}

static void append(struct sri_rxq *q, struct sriov_buf *buf, uint32_t len)
{
    buf->next = NULL;
    buf->len = (uint16_t)len;
    if (q->head == NULL) {
        q->head = buf;
        buf->num_segs = 0;
    } else {
        q->last->next = buf;
    }
    q->last = buf;
    q->head->num_segs++;
    q->chain_len += len;
}

static uint16_t checksum_flags(const struct sri_rxq *q, uint64_t hi)
{
    uint16_t flags = q->flags->status[hi >> 3 & 15];
    if ((hi & SRI_RX_L4CS) != 0 && (hi & q->format->l4e) != 0) {
        flags = (uint16_t)((flags & ~SRIOV_RX_L4_CSUM_OK) | SRIOV_RX_L4_CSUM_BAD);
    }
    if ((hi & SRI_RX_IPCS) != 0 && (hi & q->format->ipe) != 0) {
        flags = (uint16_t)((flags & ~SRIOV_RX_IP_CSUM_OK) | SRIOV_RX_IP_CSUM_BAD);
    }
    return flags;
}

static struct sriov_buf *finish(struct sri_rxq *q, uint64_t lo, uint64_t hi)
{
    struct sriov_buf *frame = q->head;
    frame->pkt_len = q->chain_len;
    frame->flags = checksum_flags(q, hi) | q->flags->rss[lo & 15];
    frame->vlan_tci = (uint16_t)(hi >> 48);
    frame->queue = q->base.index;
    frame->rss_hash = (uint32_t)(lo >> 32);
    q->head = NULL;
    q->last = NULL;
    q->chain_len = 0;
    return frame;
}

/* Lengths are the device's word: none may be 0, beyond its buffer, or make a frame beyond what the
 * MTU allows, which also bounds a chain whose EOP never comes. */
static bool believable(const struct sri_rxq *q, uint64_t hi)
{
    uint32_t len = desc_len(hi);
    uint64_t fatal = SRI_RX_ERRORS & ~(q->format->l4e | q->format->ipe);
    if (len - 1 >= q->room || len > q->max_frame - q->chain_len) {
        return false;
    }
    return (hi & SRI_RX_EOP) == 0 || (hi & fatal) == 0;
}

struct sriov_buf *sri_rx_slow(struct sri_rxq *q, struct sriov_buf *buf, uint64_t lo, uint64_t hi)
{
    struct sriov_buf *frame = NULL;
    bool eop = (hi & SRI_RX_EOP) != 0;
    if (q->skip) {
        sriov_pool_cache_put(q->stock, buf);
        q->skip = !eop;
    } else if (!believable(q, hi)) {
        sriov_pool_cache_put(q->stock, buf);
        drop_chain(q);
        q->base.bad++;
        q->skip = !eop;
    } else {
        append(q, buf, desc_len(hi));
        frame = eop ? finish(q, lo, hi) : NULL;
    }
    expect_next(q);
    return frame;
}
