/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that a device can reach, each piece with an owner, and the barriers around it. */
#ifndef SRIOV_DMA_H
#define SRIOV_DMA_H

#include <sriov/fn.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A live piece of DMA memory, in the function's ledger until freed. `owner` is a static string
 * that names who must give it back ("igbvf rx ring 0"). Control thread for all calls here.
 */
struct sriov_dma {
    void *va;
    sriov_iova_t iova;
    uint64_t length; /* bytes, rounded up to the granule */
    uint32_t dir;    /* enum sriov_dma_dir */
    uint32_t slot;   /* the core's */
};

/*
 * Zeroed memory from the shim, IOVA aligned to `align` bytes (a power of two; at least the
 * granule). Errors: -ENOMEM, -ENOSPC (IOVA space or map budget), -EFAULT, -ENODEV, -EINVAL.
 * On failure *dma is zeroed.
 */
SRIOV_API int sriov_dma_alloc(struct sriov_fn *fn, const char *owner, uint64_t length, uint64_t align,
                              enum sriov_dma_dir dir, struct sriov_dma *dma);
/* -EINVAL for what is not in the ledger (a second free); *dma is zeroed. When the shim refuses, its
 * error: the piece stays in the ledger so that its IOVA is not used again, and close tries once more. */
SRIOV_API int sriov_dma_free(struct sriov_fn *fn, struct sriov_dma *dma);
/* A caller's buffer; va and length multiples of the granule. -EOPNOTSUPP where the shim cannot. */
SRIOV_API int sriov_dma_map(struct sriov_fn *fn, const char *owner, void *va, uint64_t length,
                            enum sriov_dma_dir dir, struct sriov_dma *dma);
/* The same at an IOVA of the caller's choice, a multiple of the granule: somebody else's addresses go on
 * the bus as they are. -EBUSY where it is taken, -ERANGE outside what is usable, -EOPNOTSUPP where the
 * shim dictates. */
SRIOV_API int sriov_dma_map_at(struct sriov_fn *fn, const char *owner, void *va, uint64_t length,
                               enum sriov_dma_dir dir, sriov_iova_t iova, struct sriov_dma *dma);
SRIOV_API int sriov_dma_unmap(struct sriov_fn *fn, struct sriov_dma *dma);
/*
 * Memory that nobody here can map: what a device does to it goes through these calls, in the device's own
 * course. Each moves all the bytes, which may lie in several pieces that follow each other, or returns a
 * negative errno: the access failed. It must not map or unmap anything.
 */
struct sriov_dma_remote {
    uint32_t size;
    uint32_t reserved0;
    int (*read)(void *arg, sriov_iova_t iova, void *out, size_t length);
    int (*write)(void *arg, sriov_iova_t iova, const void *bytes, size_t length);
    void *arg;
};
/* As the shim reports now. */
SRIOV_API int sriov_dma_limits(struct sriov_fn *fn, struct sriov_dma_limits *limits);

struct sriov_dma_usage {
    uint32_t size;
    uint32_t mappings;
    uint64_t bytes;
};
SRIOV_API int sriov_dma_usage(struct sriov_fn *fn, struct sriov_dma_usage *usage);
/* Calls cb for every live mapping. */
SRIOV_API void sriov_dma_each(struct sriov_fn *fn, void (*cb)(void *arg, const struct sriov_leak *entry),
                              void *arg);

/* ---- barriers. Coherent x86 and arm64 DMA. ---- */

/* Stores to memory (descriptors) are seen by the device before a later doorbell store. */
static inline void sriov_dma_wmb(void)
{
    __atomic_thread_fence(__ATOMIC_RELEASE); /* also in C++, where <stdatomic.h> is not */
#if defined(__aarch64__)
    __asm__ volatile("dmb oshst" ::: "memory");
#endif
}

/* A load of DD is done before loads of the rest of the descriptor and of the payload. */
static inline void sriov_dma_rmb(void)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
#if defined(__aarch64__)
    __asm__ volatile("dmb oshld" ::: "memory");
#endif
}

#ifdef __cplusplus
}
#endif
#endif
