/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory: the "device" is the kernel, on the same page tables; an IOVA is an address. */
#include "snd.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define GRANULE 4096u

int snd_op_dma_limits(void *fn, struct sriov_dma_limits *limits)
{
    struct sriov_dma_limits own = {.size = limits->size,
                                   .flags = SRIOV_DMA_SHIM_IOVA,
                                   .granule = GRANULE,
                                   .maps_left = UINT64_MAX,
                                   .bytes_left = UINT64_MAX,
                                   .num_ranges = 1,
                                   .ranges = {{.first = GRANULE, .last = (UINT64_C(1) << 63) - 1}}};
    (void)fn;
    if (own.size < sizeof(own)) {
        return -EINVAL;
    }
    memset(limits, 0, own.size);
    memcpy(limits, &own, sizeof(own));
    return 0;
}

static bool whole(const struct sriov_dma_mem *mem)
{
    return mem->length != 0 && mem->length % GRANULE == 0;
}

/* Zeroed pages at a multiple of align, a power of two; NULL. */
static void *take_pages(uint64_t length, uint64_t align)
{
    uint64_t spare = align - GRANULE;
    if (length > SIZE_MAX - spare) {
        return NULL;
    }
    uint8_t *all = mmap(NULL, length + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) {
        return NULL;
    }
    uint64_t head = (0 - (uint64_t)(uintptr_t)all) & (align - 1);
    if (head != 0) {
        (void)munmap(all, head);
    }
    if (head != spare) {
        (void)munmap(all + head + length, spare - head);
    }
    return all + head;
}

int snd_op_dma_alloc(void *handle, struct sriov_dma_mem *mem)
{
    struct snd_fn *fn = handle;
    uint64_t align = mem->align < GRANULE ? GRANULE : mem->align;
    void *va;
    if (atomic_load(&fn->dead)) {
        return -ENODEV;
    }
    if (!whole(mem) || (align & (align - 1)) != 0) {
        return -EINVAL;
    }
    va = take_pages(mem->length, align);
    if (va == NULL) {
        return -ENOMEM;
    }
    mem->va = va;
    mem->iova = sriov_iova((uintptr_t)va);
    mem->cookie = (uintptr_t)va;
    return 0;
}

int snd_op_dma_free(void *fn, const struct sriov_dma_mem *mem)
{
    (void)fn;
    if (mem->cookie == 0 || mem->cookie != mem->iova.raw || mem->va == NULL) {
        return -EINVAL;
    }
    return munmap(mem->va, mem->length) == 0 ? 0 : -EINVAL;
}

int snd_op_dma_map(void *handle, struct sriov_dma_mem *mem)
{
    struct snd_fn *fn = handle;
    if (atomic_load(&fn->dead)) {
        return -ENODEV;
    }
    if (!whole(mem) || mem->va == NULL || (uintptr_t)mem->va % GRANULE != 0) {
        return -EINVAL;
    }
    mem->iova = sriov_iova((uintptr_t)mem->va);
    mem->cookie = 0;
    return 0;
}

int snd_op_dma_unmap(void *fn, const struct sriov_dma_mem *mem)
{
    (void)fn;
    return mem->cookie == 0 && mem->iova.raw == (uintptr_t)mem->va ? 0 : -EINVAL;
}
