/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive: the burst, and the slow road for what is not one good descriptor. */
#include "ring.h"

#include <string.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)

static inline uint32_t desc_len(uint64_t hi)
{
    return (uint32_t)(hi >> 32) & 0xffffu;
}

static inline void fill_meta(const struct sri_rxq *q, struct sriov_buf *buf, uint64_t lo, uint64_t hi)
{
    const struct sri_rx_flags *flags = q->flags;
    uint32_t len = desc_len(hi);
    buf->next = NULL;
    buf->pkt_len = len;
    buf->len = (uint16_t)len;
    buf->flags = flags->status[hi >> 3 & 15] | flags->rss[lo & 15];
    buf->num_segs = 1;
    buf->vlan_tci = (uint16_t)(hi >> 48);
    buf->queue = q->base.index;
    buf->rss_hash = (uint32_t)(lo >> 32);
}

/* Put a fresh buffer where the received one was and leave the descriptor ready for the device,
 * which sees it with the next tail write. What the stock holds is rewound: it comes from the pool or
 * was dropped here. */
static inline struct sriov_buf *swap_buf(struct sri_rxq *q, uint32_t slot, struct sriov_buf *fresh)
{
    volatile struct sri_desc *desc = &q->ring[slot];
    struct sriov_buf *buf = q->sw[slot];
    q->sw[slot] = fresh;
    desc->lo = fresh->iova.raw;
    desc->hi = 0; /* header address: DD must start as 0 */
    return buf;
}

/* Looks at up to `budget` descriptors, for each of which the stock has a fresh buffer. */
static inline uint16_t rx_run(struct sri_rxq *q, struct sriov_buf **bufs, uint32_t budget)
{
    uint16_t got = 0;
    uint64_t bytes = 0;
    uint32_t next = q->next;
    uint32_t end = next + budget;
    uint32_t mask = q->mask;
    uint32_t room = q->room;
    uint64_t care = q->care;
    struct sriov_buf **top = &q->cache.stock[q->cache.n];
    for (; next != end; next++) {
        uint32_t slot = next & mask;
        uint64_t hi = q->ring[slot].hi; /* status, errors and length in one load */
        if ((hi & SRI_RX_DD) == 0) {
            break;
        }
        sriov_dma_rmb();
        uint64_t lo = q->ring[slot].lo;
        struct sriov_buf *buf = swap_buf(q, slot, *--top);
        if (LIKELY((hi & care) == q->expect && desc_len(hi) - 1 < room)) {
            fill_meta(q, buf, lo, hi);
            bytes += buf->len;
            bufs[got++] = buf;
            continue;
        }
        q->cache.n = (uint32_t)(top - q->cache.stock);
        buf = sri_rx_slow(q, buf, lo, hi);
        top = &q->cache.stock[q->cache.n];
        if (buf != NULL) {
            bytes += buf->pkt_len;
            bufs[got++] = buf;
        }
    }
    q->cache.n = (uint32_t)(top - q->cache.stock);
    q->next = next;
    q->base.packets += got;
    q->base.bytes += bytes;
    return got;
}

static void repost(struct sri_rxq *q)
{
    if (q->next - q->posted >= q->post) {
        q->posted = q->next;
        sri_ring_bell(&q->tail, (q->next - 1) & q->mask);
    }
}

uint16_t sri_rx_burst(struct sriov_rxq *base, struct sriov_buf **bufs, uint16_t n)
{
    struct sri_rxq *q = (struct sri_rxq *)(void *)base;
    uint16_t got = 0;
    while (got < n && sri_rxq_waits(q)) {
        uint32_t want = n - got < (int)SRIOV_POOL_BULK ? (uint32_t)(n - got) : SRIOV_POOL_BULK;
        if (!sriov_pool_cache_has(&q->cache, want)) {
            want = q->cache.n < want ? q->cache.n : want;
            q->base.no_bufs++;
        }
        uint32_t before = q->next;
        got = (uint16_t)(got + rx_run(q, bufs + got, want));
        if (q->next - before < want || want == 0) {
            break;
        }
    }
    repost(q);
    return got;
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
        sriov_pool_cache_put(&q->cache, buf);
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

static uint16_t vlan_tag(const struct sri_rxq *q, uint64_t hi)
{
    uint16_t tag = (uint16_t)(hi >> 48);
    if (q->format->vlan_lb_swapped && (hi & SRI_RX_LB) != 0) {
        tag = (uint16_t)(tag << 8 | tag >> 8);
    }
    return tag;
}

static struct sriov_buf *finish(struct sri_rxq *q, uint64_t lo, uint64_t hi)
{
    struct sriov_buf *frame = q->head;
    frame->pkt_len = q->chain_len;
    frame->flags = checksum_flags(q, hi) | q->flags->rss[lo & 15];
    frame->vlan_tci = vlan_tag(q, hi);
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
        sriov_pool_cache_put(&q->cache, buf);
        q->skip = !eop;
    } else if (!believable(q, hi)) {
        sriov_pool_cache_put(&q->cache, buf);
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
