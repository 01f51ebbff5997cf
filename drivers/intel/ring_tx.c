/* SPDX-License-Identifier: BSD-3-Clause */
/* Transmit: the burst, completion in bulk, and the slow road for frames that need more than one
 * descriptor or must be refused. */
#include "ring.h"

#include <sriov/hw/ixgbe_regs.h>

#include <string.h>

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Quadword 1 of a data descriptor but for the lengths. CC with context 0 shows the switch where
 * the MAC header ends. */
#define DATA_HI                                                                                              \
    ((uint64_t)(IXGBE_TXD_DTYP_DATA | IXGBE_TXD_DCMD_DEXT | IXGBE_TXD_DCMD_IFCS) | (uint64_t)IXGBE_TXD_CC    \
                                                                                       << 32)
#define EOP_HI       ((uint64_t)IXGBE_TXD_DCMD_EOP)
#define RS_HI        ((uint64_t)IXGBE_TXD_DCMD_RS)
#define VLE_HI       ((uint64_t)IXGBE_TXD_DCMD_VLE | (uint64_t)1 << (32 + IXGBE_TXD_IDX_SHIFT))
#define DD_HI        ((uint64_t)IXGBE_TXD_STAT_DD << 32)
#define PAYLEN_SHIFT (32 + IXGBE_TXD_PAYLEN_SHIFT)
#define CONTEXT_HI   ((uint64_t)(IXGBE_TXD_DTYP_CTXT | IXGBE_TXD_DCMD_DEXT))
#define NO_VLAN      UINT32_MAX

static inline uint32_t tx_free(const struct sri_txq *q)
{
    return q->mask - (q->next - q->clean); /* one slot stays empty: head == tail means idle */
}

/* After the device is done with it the buffer may go to the stock as it lies. */
static inline bool goes_home(const struct sri_txq *q, const struct sriov_buf *buf)
{
    return buf->pool == q->stock->pool && (buf->iova.raw & q->align) == 0;
}

/* What decides for every frame, in registers. */
struct tx_rule {
    const struct sriov_pool *pool;
    uint64_t align;
    uint32_t span;
};

_Static_assert(offsetof(struct sriov_buf, flags) == offsetof(struct sriov_buf, len) + 2,
               "len and flags are one 32-bit word");

/* The length, made enormous by a flag that needs more than one descriptor: one check for both. */
static inline uint32_t len_or_tag(const struct sriov_buf *buf)
{
    uint32_t both;
    __builtin_memcpy(&both, (const uint8_t *)buf + offsetof(struct sriov_buf, len), sizeof(both));
    return both & ((uint32_t)SRIOV_TX_VLAN << 16 | 0xffffu);
}

/* One descriptor says it all: one segment that goes home, no tag, a length the wire takes. */
static inline bool is_simple(const struct sriov_buf *buf, const struct tx_rule *rule)
{
    return buf->next == NULL && buf->pool == rule->pool && (buf->iova.raw & rule->align) == 0 &&
           len_or_tag(buf) - SRI_TX_LEN_MIN <= rule->span;
}

/* Ask for a report at the end of a run, and remember where. */
static inline void end_run(struct sri_txq *q)
{
    q->ring[(q->next - 1) & q->mask].hi |= RS_HI;
    __atomic_store_n(&q->rs[q->rs_head & q->mask], q->next, __ATOMIC_RELAXED);
    __atomic_store_n(&q->rs_head, q->rs_head + 1, __ATOMIC_RELAXED);
}

/* Simple frames from the front, at most n and none beyond the ring's end. Returns how many. */
static inline uint32_t tx_run(struct sri_txq *q, struct sriov_buf **bufs, uint32_t n)
{
    uint32_t slot = q->next & q->mask;
    volatile struct sri_desc *desc = &q->ring[slot];
    struct sriov_buf **sw = &q->sw[slot];
    struct sriov_buf **end = bufs + n;
    struct tx_rule rule = {q->stock->pool, q->align, q->max_frame - SRI_TX_LEN_MIN};
    uint64_t bytes = 0;
    uint32_t done = 0;
    for (; bufs != end; bufs++) {
        struct sriov_buf *buf = *bufs;
        if (UNLIKELY(!is_simple(buf, &rule))) {
            break;
        }
        uint64_t len = len_or_tag(buf); /* no tag here */
        *sw++ = buf;
        desc->lo = buf->iova.raw;
        desc->hi = DATA_HI | EOP_HI | len << PAYLEN_SHIFT | len;
        desc++;
        bytes += len;
    }
    done = n - (uint32_t)(end - bufs);
    q->next += done;
    q->base.packets += done;
    q->base.bytes += bytes;
    return done;
}

static inline uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Up to n frames, at most SRI_TX_RS, of which only the last run asks for a report. */
static inline uint32_t tx_some(struct sri_txq *q, struct sriov_buf **bufs, uint32_t n)
{
    uint32_t start = q->next;
    uint32_t done = 0;
    if (UNLIKELY(tx_free(q) < n)) {
        sri_tx_reclaim(q);
    }
    while (done < n) {
        uint32_t to_end = q->mask + 1 - (q->next & q->mask);
        uint32_t room = least(least(n - done, to_end), tx_free(q));
        uint32_t taken = tx_run(q, bufs + done, room);
        done += taken;
        if (done < n && (taken < room || room == 0)) {
            if (!sri_tx_odd(q, bufs[done])) {
                break;
            }
            done++;
        }
    }
    if (q->next != start) {
        end_run(q);
    }
    return done;
}

uint16_t sri_tx_burst(struct sriov_txq *base, struct sriov_buf **bufs, uint16_t n)
{
    struct sri_txq *q = (struct sri_txq *)(void *)base;
    uint32_t done = 0;
    if (q->next - q->clean >= SRI_TX_CLEAN || n == 0) {
        sri_tx_reclaim(q);
    }
    while (done < n) {
        uint32_t want = least(n - done, SRI_TX_RS);
        uint32_t taken = tx_some(q, bufs + done, want);
        done += taken;
        if (taken < want) {
            q->base.full += n - done;
            break;
        }
    }
    if (q->next != q->told) {
        q->told = q->next;
        sri_ring_bell(&q->tail, q->next & q->mask);
    }
    return (uint16_t)done;
}

/* ---- completion ---- */

static void release_each(struct sri_txq *q, uint32_t until)
{
    for (; q->clean != until; q->clean++) {
        struct sriov_buf *buf = q->sw[q->clean & q->mask];
        if (buf == NULL) {
            continue;
        }
        if (goes_home(q, buf)) {
            sriov_pool_cache_put(q->stock, buf);
        } else {
            sriov_buf_free(buf);
        }
    }
}

/* All slots hold a buffer that goes home: they move to the stock as they lie. */
static void release_bulk(struct sri_txq *q, uint32_t until)
{
    struct sriov_pool_cache *cache = q->stock;
    while (q->clean != until) {
        uint32_t slot = q->clean & q->mask;
        uint32_t k = until - q->clean;
        uint32_t to_wrap = q->mask + 1 - slot;
        k = k < to_wrap ? k : to_wrap;
        k = k < SRIOV_POOL_BULK ? k : SRIOV_POOL_BULK;
        if (cache->n + k > 2 * SRIOV_POOL_BULK) {
            sriov_pool_cache_spill(cache);
        }
        memcpy(&cache->stock[cache->n], &q->sw[slot], k * sizeof(q->sw[0]));
        cache->n += k;
        q->clean += k;
    }
}

static void release(struct sri_txq *q, uint32_t until)
{
    if ((int32_t)(q->odd - q->clean) > 0) {
        release_each(q, until);
    } else {
        release_bulk(q, until);
        q->odd = q->clean; /* keeps it near, so that it never wraps ahead */
    }
}

void sri_tx_reclaim(struct sri_txq *q)
{
    uint32_t until = q->clean;
    while (q->rs_tail != q->rs_head) {
        uint32_t end = q->rs[q->rs_tail & q->mask];
        if ((q->ring[(end - 1) & q->mask].hi & DD_HI) == 0) {
            break;
        }
        __atomic_store_n(&q->rs_tail, q->rs_tail + 1, __ATOMIC_RELAXED); /* the watchdog looks */
        until = end;
    }
    if (until != q->clean) {
        release(q, until);
    }
}

void sri_tx_release(struct sri_txq *q, uint32_t until)
{
    release_each(q, until);
}

bool sri_txq_waits(const struct sri_txq *q, uint32_t *at)
{
    uint32_t tail = __atomic_load_n(&q->rs_tail, __ATOMIC_RELAXED);
    if (tail == __atomic_load_n(&q->rs_head, __ATOMIC_RELAXED)) {
        return false;
    }
    uint32_t end = __atomic_load_n(&q->rs[tail & q->mask], __ATOMIC_RELAXED);
    *at = tail;
    return (q->ring[(end - 1) & q->mask].hi & DD_HI) == 0;
}

void sri_txq_reclaim_all(struct sri_txq *q)
{
    release_each(q, q->next);
    q->rs_tail = q->rs_head;
}

/* All of it in flight for ever, with no buffer behind it and no report to come. */
void sri_txq_shut(struct sri_txq *q)
{
    sri_txq_reclaim_all(q);
    for (uint32_t i = 0; i <= q->mask; i++) {
        q->sw[i] = NULL;
    }
    q->clean = q->next - q->mask;
    q->odd = q->next;
    q->told = q->next;
}

/* ---- the slow road ---- */

/* Segments of a frame that can be sent, else 0. */
static uint32_t count_segs(const struct sri_txq *q, const struct sriov_buf *frame)
{
    uint32_t segs = 0;
    uint32_t len = 0;
    for (const struct sriov_buf *s = frame; s != NULL; s = s->next) {
        if (s->len == 0 || ++segs > SRI_TX_SEGS) {
            return 0;
        }
        len += s->len;
    }
    bool whole = segs == 1 || len == frame->pkt_len;
    return whole && len >= SRI_TX_LEN_MIN && len <= q->max_frame ? segs : 0;
}

static bool make_room(struct sri_txq *q, uint32_t need)
{
    if (tx_free(q) < need) {
        sri_tx_reclaim(q);
    }
    return tx_free(q) >= need;
}

static void put_context(struct sri_txq *q, uint32_t index, uint32_t tag)
{
    volatile struct sri_desc *desc = &q->ring[q->next & q->mask];
    desc->lo = (uint64_t)tag << IXGBE_TXC_VLAN_SHIFT | SRI_ETH_HEADER << IXGBE_TXC_MACLEN_SHIFT;
    desc->hi = CONTEXT_HI | (uint64_t)index << (32 + IXGBE_TXC_IDX_SHIFT);
    q->sw[q->next & q->mask] = NULL;
    q->next++;
    q->odd = q->next;
}

static void put_segments(struct sri_txq *q, struct sriov_buf *frame, uint32_t len, uint64_t vlan)
{
    uint64_t hi = DATA_HI | vlan | (uint64_t)len << PAYLEN_SHIFT;
    for (struct sriov_buf *seg = frame; seg != NULL;) {
        struct sriov_buf *next = seg->next;
        uint32_t slot = q->next & q->mask;
        q->sw[slot] = seg;
        q->ring[slot].lo = seg->iova.raw;
        q->ring[slot].hi = hi | seg->len | (next == NULL ? EOP_HI : 0);
        q->next++;
        q->odd = goes_home(q, seg) ? q->odd : q->next;
        seg->next = NULL; /* from here on each goes home by itself */
        seg = next;
    }
}

bool sri_tx_odd(struct sri_txq *q, struct sriov_buf *buf)
{
    uint32_t segs = count_segs(q, buf);
    if (segs == 0) {
        q->base.refused++;
        sriov_buf_free(buf);
        return true;
    }
    bool tagged = (buf->flags & SRIOV_TX_VLAN) != 0;
    bool context = tagged && q->vlan != buf->vlan_tci;
    if (!make_room(q, segs + (context ? 1 : 0))) {
        return false;
    }
    uint32_t len = segs == 1 ? buf->len : buf->pkt_len;
    if (context) {
        put_context(q, 1, buf->vlan_tci);
        q->vlan = buf->vlan_tci;
    }
    put_segments(q, buf, len, tagged ? VLE_HI : 0);
    q->base.packets++;
    q->base.bytes += len;
    return true;
}

void sri_txq_prime(struct sri_txq *q, uint16_t mtu, uint32_t align)
{
    sri_txq_reclaim_all(q);
    for (uint32_t i = 0; i <= q->mask; i++) {
        q->ring[i].lo = 0;
        q->ring[i].hi = 0;
    }
    q->next = 0;
    q->clean = 0;
    q->odd = 0;
    q->rs_head = 0;
    q->rs_tail = 0;
    q->vlan = NO_VLAN;
    q->align = align;
    q->max_frame = (uint32_t)mtu + SRI_ETH_HEADER + SRI_ETH_VLAN;
    put_context(q, 0, 0);
    q->told = q->next;
}
