/* SPDX-License-Identifier: BSD-3-Clause */
/* Buffers in and out of a pool: single, chained, copied, and by the bulk for queues. */
#include "pool.h"

/* Up to n rewound buffers; returns how many. */
static uint32_t take(struct sriov_pool *pool, struct sriov_buf **out, uint32_t n)
{
    sric_pool_lock(pool);
    if (n > pool->num_free) {
        n = pool->num_free;
    }
    pool->num_free -= n;
    memcpy(out, &pool->stack[pool->num_free], n * sizeof(*out));
    sric_pool_unlock(pool);
    return n;
}

/* n buffers, rewound by the caller. A buffer freed twice must not run over the stack's end. */
static void give(struct sriov_pool *pool, struct sriov_buf *const *bufs, uint32_t n)
{
    bool fits;

    sric_pool_lock(pool);
    fits = n <= pool->count - pool->num_free;
    if (fits) {
        memcpy(&pool->stack[pool->num_free], bufs, n * sizeof(*bufs));
        pool->num_free += n;
    }
    sric_pool_unlock(pool);
    if (!fits) {
        sriov_log(pool->vmm, SRIOV_LOG_ERROR, "packet pool: buffers freed twice; %u dropped", n);
    }
}

static void make_fresh(struct sriov_buf *buf)
{
    buf->next = NULL;
    buf->pkt_len = 0;
    buf->len = 0;
    buf->flags = 0;
    buf->num_segs = 1;
    buf->vlan_tci = 0;
    buf->queue = 0;
    buf->rss_hash = 0;
    buf->reserved0 = 0;
    buf->user = 0;
}

struct sriov_buf *sriov_buf_alloc(struct sriov_pool *pool)
{
    struct sriov_buf *buf;

    if (take(pool, &buf, 1) == 0) {
        return NULL;
    }
    make_fresh(buf);
    return buf;
}

/* Buffers on their way home, gathered so that the lock is taken once a bulk. */
struct homeward {
    struct sriov_pool *pool;
    uint32_t n;
    struct sriov_buf *bufs[SRIOV_POOL_BULK];
};

static void flush(struct homeward *h)
{
    if (h->n != 0) {
        give(h->pool, h->bufs, h->n);
    }
    h->n = 0;
}

static void add_one(struct homeward *h, struct sriov_buf *buf)
{
    if (h->pool != buf->pool || h->n == SRIOV_POOL_BULK) {
        flush(h);
        h->pool = buf->pool;
    }
    sric_buf_rewind(h->pool, buf);
    h->bufs[h->n++] = buf;
}

static void add_chain(struct homeward *h, struct sriov_buf *buf)
{
    while (buf != NULL) {
        struct sriov_buf *next = buf->next;

        add_one(h, buf);
        buf = next;
    }
}

void sriov_buf_free(struct sriov_buf *buf)
{
    sriov_buf_free_bulk(&buf, 1);
}

void sriov_buf_free_bulk(struct sriov_buf **bufs, uint16_t n)
{
    struct homeward h;

    h.pool = NULL;
    h.n = 0;
    for (uint16_t i = 0; i < n; i++) {
        add_chain(&h, bufs[i]);
    }
    flush(&h);
}

static uint16_t copy_in(struct sriov_buf *buf, const uint8_t *bytes, uint32_t left)
{
    buf->len = left < buf->room ? (uint16_t)left : buf->room;
    if (buf->len != 0) {
        memcpy(buf->data, bytes, buf->len);
    }
    return buf->len;
}

struct sriov_buf *sriov_buf_from(struct sriov_pool *pool, const void *bytes, uint32_t len)
{
    struct sriov_buf *first = sriov_buf_alloc(pool);
    struct sriov_buf *last = first;
    uint32_t done;

    /* num_segs counts in 16 bits. */
    if (first == NULL || len / pool->buf_size >= UINT16_MAX) {
        sriov_buf_free(first);
        return NULL;
    }
    done = copy_in(first, bytes, len);
    while (done < len) {
        struct sriov_buf *buf = sriov_buf_alloc(pool);

        if (buf == NULL) {
            sriov_buf_free(first);
            return NULL;
        }
        last->next = buf;
        last = buf;
        first->num_segs++;
        done += copy_in(buf, (const uint8_t *)bytes + done, len - done);
    }
    first->pkt_len = len;
    return first;
}

uint32_t sriov_buf_copy_out(const struct sriov_buf *buf, void *out, uint32_t room)
{
    uint32_t done = 0;

    for (; buf != NULL && done < room; buf = buf->next) {
        uint32_t n = buf->len < room - done ? buf->len : room - done;

        if (n != 0) {
            memcpy((uint8_t *)out + done, buf->data, n);
        }
        done += n;
    }
    return done;
}

void sriov_pool_cache_init(struct sriov_pool_cache *cache, struct sriov_pool *pool)
{
    memset(cache, 0, sizeof(*cache));
    cache->pool = pool;
}

/* What a transmit queue gives back is nearly always this pool's and unmoved: a buffer is aligned to
 * its size, so the IOVA tells, and a look is cheaper than a rewind. */
static bool needs_nothing(const struct sriov_pool *pool, struct sriov_buf *const *bufs, uint32_t n)
{
    uint64_t odd = 0;

    for (uint32_t i = 0; i < n; i++) {
        odd |= (uintptr_t)bufs[i]->pool ^ (uintptr_t)pool;
        odd |= bufs[i]->iova.raw & (pool->buf_size - 1);
    }
    return odd == 0;
}

/* The topmost n of the stock go home, each to its own pool, whatever stale `next` they carry. */
static void give_stock(struct sriov_pool_cache *cache, uint32_t n)
{
    struct homeward h;

    h.pool = cache->pool;
    h.n = 0;
    cache->n -= n;
    if (needs_nothing(cache->pool, &cache->stock[cache->n], n)) {
        give(cache->pool, &cache->stock[cache->n], n);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        add_one(&h, cache->stock[cache->n + i]);
    }
    flush(&h);
}

void sriov_pool_cache_drain(struct sriov_pool_cache *cache)
{
    give_stock(cache, cache->n);
}

bool sriov_pool_cache_fill(struct sriov_pool_cache *cache, uint32_t want)
{
    if (want > SRIOV_POOL_BULK) {
        return false;
    }
    if (cache->n < want) {
        cache->n += take(cache->pool, &cache->stock[cache->n], SRIOV_POOL_BULK);
    }
    return cache->n >= want;
}

void sriov_pool_cache_spill(struct sriov_pool_cache *cache)
{
    give_stock(cache, cache->n < SRIOV_POOL_BULK ? cache->n : SRIOV_POOL_BULK);
}
