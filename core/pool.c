/* SPDX-License-Identifier: BSD-3-Clause */
/* The packet pool: buffers carved out of DMA memory once, a stack of free ones under a small lock. */
#include "pool.h"

#include <sriov/pkt.h>

#define OWNER       "packet pool"
#define BUF_DEFAULT 2048u
#define BUF_MIN     256u
#define BUF_MAX     16384u
#define COUNT_MAX   (UINT32_C(1) << 20)
#define PAGE        4096u

static uint64_t chunk_bytes(const struct sriov_pool *pool, uint32_t chunk)
{
    uint32_t per_chunk = UINT32_C(1) << pool->shift;
    uint32_t left = pool->count - chunk * per_chunk;

    return (uint64_t)(left < per_chunk ? left : per_chunk) * pool->buf_size;
}

static void free_chunks(struct sriov_pool *pool)
{
    for (uint32_t i = 0; i < pool->num_chunks; i++) {
        if (pool->chunks[i].length != 0) {
            (void)sriov_dma_free(pool->fn, &pool->chunks[i]);
        }
    }
    sric_free(pool->vmm, pool->chunks, sizeof(*pool->chunks) * pool->num_chunks);
    pool->chunks = NULL;
    pool->num_chunks = 0;
}

/* All memory in chunks of 2^shift buffers. */
static int alloc_chunks(struct sriov_pool *pool, uint32_t shift)
{
    uint32_t per_chunk = UINT32_C(1) << shift;
    uint32_t n = (pool->count - 1) / per_chunk + 1;
    int rc = 0;

    pool->shift = shift;
    pool->chunks = sric_alloc(pool->vmm, sizeof(*pool->chunks) * n, 64);
    if (pool->chunks == NULL) {
        return -ENOMEM;
    }
    pool->num_chunks = n;
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        /* Aligned to its own size, a buffer crosses no page and no IOMMU boundary. */
        rc = sriov_dma_alloc(pool->fn, OWNER, chunk_bytes(pool, i), pool->buf_size, SRIOV_DMA_BOTH,
                             &pool->chunks[i]);
    }
    if (rc != 0) {
        free_chunks(pool);
    }
    return rc;
}

/* One piece at best; smaller ones, down to a page, where the shim has none so large. */
static int alloc_memory(struct sriov_pool *pool)
{
    uint32_t shift = 0;
    int rc;

    while ((UINT32_C(1) << shift) < pool->count) {
        shift++;
    }
    for (;;) {
        rc = alloc_chunks(pool, shift);
        if (rc != -ENOMEM && rc != -ENOSPC) {
            return rc;
        }
        if (shift == 0 || ((uint64_t)pool->buf_size << shift) <= PAGE) {
            return rc;
        }
        shift--;
    }
}

static int alloc_headers(struct sriov_pool *pool)
{
    pool->bufs = sric_alloc(pool->vmm, sizeof(*pool->bufs) * pool->count, 64);
    pool->stack = sric_alloc(pool->vmm, sizeof(struct sriov_buf *) * pool->count, 64);
    if (pool->bufs == NULL || pool->stack == NULL) {
        return -ENOMEM;
    }
    /* Lowest buffer on top: a small load stays within few pages. */
    for (uint32_t i = 0; i < pool->count; i++) {
        struct sriov_buf *buf = &pool->bufs[i];

        buf->pool = pool;
        buf->room = (uint16_t)pool->buf_size;
        sric_buf_rewind(pool, buf);
        pool->stack[pool->count - 1 - i] = buf;
    }
    pool->num_free = pool->count;
    return 0;
}

static void destroy(struct sriov_pool *pool)
{
    sric_free(pool->vmm, pool->bufs, sizeof(*pool->bufs) * pool->count);
    sric_free(pool->vmm, pool->stack, sizeof(struct sriov_buf *) * pool->count);
    free_chunks(pool);
    sric_free(pool->vmm, pool, sizeof(*pool));
}

static int take_opts(struct sriov_pool_opts *to, const struct sriov_pool_opts *from)
{
    int rc = sric_opts_take(to, sizeof(*to), offsetof(struct sriov_pool_opts, buf_size), from);

    if (rc != 0) {
        return rc;
    }
    if (to->buf_size == 0) {
        to->buf_size = BUF_DEFAULT;
    }
    if (to->count == 0 || to->count > COUNT_MAX || to->reserved0 != 0 || !sric_is_pow2(to->buf_size) ||
        to->buf_size < BUF_MIN || to->buf_size > BUF_MAX) {
        return -EINVAL;
    }
    return 0;
}

int sriov_pool_create(struct sriov_fn *fn, const struct sriov_pool_opts *opts, struct sriov_pool **out)
{
    struct sriov_pool_opts o;
    struct sriov_pool *pool;
    int rc;

    if (fn == NULL || out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    rc = take_opts(&o, opts);
    if (rc != 0) {
        return rc;
    }
    pool = sriov_fn_host_alloc(fn, sizeof(*pool), _Alignof(struct sriov_pool));
    if (pool == NULL) {
        return -ENOMEM;
    }
    pool->fn = fn;
    pool->vmm = sriov_fn_vmm(fn);
    pool->count = o.count;
    pool->buf_size = o.buf_size;
    rc = alloc_memory(pool);
    if (rc == 0) {
        rc = alloc_headers(pool);
    }
    if (rc != 0) {
        destroy(pool);
        return rc;
    }
    *out = pool;
    return 0;
}

int sriov_pool_destroy(struct sriov_pool *pool)
{
    if (pool == NULL) {
        return 0;
    }
    if (sriov_pool_in_use(pool) != 0) {
        return -EBUSY;
    }
    destroy(pool);
    return 0;
}

uint32_t sriov_pool_count(const struct sriov_pool *pool)
{
    return pool->count;
}

uint32_t sriov_pool_in_use(const struct sriov_pool *pool)
{
    struct sriov_pool *p = (struct sriov_pool *)(uintptr_t)pool;
    uint32_t in_use;

    sric_pool_lock(p);
    in_use = p->count - p->num_free;
    sric_pool_unlock(p);
    return in_use;
}
