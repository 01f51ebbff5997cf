/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside the packet pool. */
#ifndef SRIC_POOL_H
#define SRIC_POOL_H

#include "core.h"

struct sriov_pool {
    struct sriov_fn *fn;
    struct sriov_vmm *vmm;
    struct sriov_buf *bufs;   /* headers, in the order of the memory */
    struct sriov_buf **stack; /* the free ones, each rewound */
    struct sriov_dma *chunks;
    uint32_t num_chunks;
    uint32_t shift; /* a chunk holds 2^shift buffers */
    uint32_t count;
    uint32_t buf_size;
    _Alignas(64) _Atomic uint32_t lock;
    uint32_t num_free;
};

static inline void sric_cpu_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Held for a copy of at most SRIOV_POOL_BULK pointers: spinning is cheaper than any wait. */
static inline void sric_pool_lock(struct sriov_pool *pool)
{
    while (atomic_exchange_explicit(&pool->lock, 1, memory_order_acquire) != 0) {
        while (atomic_load_explicit(&pool->lock, memory_order_relaxed) != 0) {
            sric_cpu_pause();
        }
    }
}

static inline void sric_pool_unlock(struct sriov_pool *pool)
{
    atomic_store_explicit(&pool->lock, 0, memory_order_release);
}

/* Undo what a user did to data and iova: what lies in the pool points to the start of its memory. */
static inline void sric_buf_rewind(const struct sriov_pool *pool, struct sriov_buf *buf)
{
    uint32_t index = (uint32_t)(buf - pool->bufs);
    const struct sriov_dma *chunk = &pool->chunks[index >> pool->shift];
    uint64_t off = (uint64_t)(index & ((UINT32_C(1) << pool->shift) - 1)) * pool->buf_size;

    buf->data = (uint8_t *)chunk->va + off;
    buf->iova = sriov_iova_add(chunk->iova, off);
}

#endif
