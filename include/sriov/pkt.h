/* SPDX-License-Identifier: BSD-3-Clause */
/* Packet buffers: a pool mapped once, so that nothing is mapped or allocated per packet. */
#ifndef SRIOV_PKT_H
#define SRIOV_PKT_H

#include <sriov/dma.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_pool;

/* sriov_buf.flags on receive */
#define SRIOV_RX_L4_CSUM_OK  0x0001u
#define SRIOV_RX_L4_CSUM_BAD 0x0002u
#define SRIOV_RX_IP_CSUM_OK  0x0004u
#define SRIOV_RX_IP_CSUM_BAD 0x0008u
#define SRIOV_RX_VLAN        0x0010u /* vlan_tci holds the tag that the device took out */
#define SRIOV_RX_RSS         0x0020u /* rss_hash is valid */
/* sriov_buf.flags on transmit */
#define SRIOV_TX_VLAN 0x0100u /* insert vlan_tci */

/*
 * One buffer; a frame is one or more of them through `next`. The first segment's pkt_len and
 * num_segs speak for the whole frame. One cache line.
 */
struct sriov_buf {
    uint8_t *data;          /* first byte of this segment */
    sriov_iova_t iova;      /* the same byte, as the device sees it */
    struct sriov_buf *next; /* next segment; NULL in the last */
    struct sriov_pool *pool;
    uint32_t pkt_len; /* bytes of the whole frame, without FCS */
    uint16_t len;     /* bytes in this segment */
    uint16_t flags;   /* SRIOV_RX_*, SRIOV_TX_* */
    uint16_t num_segs;
    uint16_t vlan_tci; /* host order */
    uint16_t room;     /* bytes that fit from `data` of a fresh buffer */
    uint16_t queue;    /* receive queue it came from */
    uint32_t rss_hash;
    uint32_t reserved0;
    uint64_t user; /* the application's; zero from sriov_buf_alloc */
};
#ifdef __cplusplus
static_assert(sizeof(struct sriov_buf) == 64, "one cache line");
#else
_Static_assert(sizeof(struct sriov_buf) == 64, "one cache line");
#endif

struct sriov_pool_opts {
    uint32_t size;
    uint32_t count;    /* buffers */
    uint32_t buf_size; /* bytes each, a power of two from 256 to 16384; 0: 2048 */
    uint32_t reserved0;
};

/* Carves `count` buffers out of DMA memory of fn's shim (both directions, 4 KiB pages or whatever
 * the shim gives). Control thread. Errors as sriov_dma_alloc. */
SRIOV_API int sriov_pool_create(struct sriov_fn *fn, const struct sriov_pool_opts *opts,
                                struct sriov_pool **out);
/* -EBUSY while buffers are out (and nothing is freed). After sriov_net_close, before
 * sriov_fn_close. */
SRIOV_API int sriov_pool_destroy(struct sriov_pool *pool);
SRIOV_API uint32_t sriov_pool_count(const struct sriov_pool *pool);
/* Buffers out of the pool: with an application, in rings, in queues' caches. Any thread. */
SRIOV_API uint32_t sriov_pool_in_use(const struct sriov_pool *pool);

/* One buffer (fresh: len 0, one segment), or NULL when the pool is empty. Any thread. */
SRIOV_API struct sriov_buf *sriov_buf_alloc(struct sriov_pool *pool);
/* Frees the whole chain from buf. NULL is nothing. Any thread. */
SRIOV_API void sriov_buf_free(struct sriov_buf *buf);
/* Frees n chains at once. Any thread. */
SRIOV_API void sriov_buf_free_bulk(struct sriov_buf **bufs, uint16_t n);
/* Fresh chain that holds a copy of len bytes; NULL when the pool is short. Any thread. */
SRIOV_API struct sriov_buf *sriov_buf_from(struct sriov_pool *pool, const void *bytes, uint32_t len);
/* Copies up to room bytes of the chain out; returns how many. Any thread. */
SRIOV_API uint32_t sriov_buf_copy_out(const struct sriov_buf *buf, void *out, uint32_t room);

/* ---- for drivers: a queue's private stock, so that the pool's lock is taken once a bulk ---- */

#define SRIOV_POOL_BULK 64u

/*
 * Single buffers only (no chains). What fill brings has data and iova at the start of its memory
 * and the other fields as left by their last user; what put brings is left as it is until it has
 * been in the pool: a cache serves either to take (receive) or to put (transmit).
 */
struct sriov_pool_cache {
    struct sriov_pool *pool;
    uint32_t n;
    uint32_t reserved0;
    struct sriov_buf *stock[2 * SRIOV_POOL_BULK];
};

SRIOV_API void sriov_pool_cache_init(struct sriov_pool_cache *cache, struct sriov_pool *pool);
/* Gives all back to the pool. */
SRIOV_API void sriov_pool_cache_drain(struct sriov_pool_cache *cache);
/* The slow paths: fetch until at least `want` (at most SRIOV_POOL_BULK) are in stock, false when
 * the pool cannot; give SRIOV_POOL_BULK back. */
SRIOV_API bool sriov_pool_cache_fill(struct sriov_pool_cache *cache, uint32_t want);
SRIOV_API void sriov_pool_cache_spill(struct sriov_pool_cache *cache);

static inline bool sriov_pool_cache_has(struct sriov_pool_cache *cache, uint32_t want)
{
    return cache->n >= want || sriov_pool_cache_fill(cache, want);
}

static inline void sriov_pool_cache_put(struct sriov_pool_cache *cache, struct sriov_buf *buf)
{
    if (cache->n == 2 * SRIOV_POOL_BULK) {
        sriov_pool_cache_spill(cache);
    }
    cache->stock[cache->n++] = buf;
}

#ifdef __cplusplus
}
#endif
#endif
