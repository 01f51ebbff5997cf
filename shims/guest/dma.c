/* SPDX-License-Identifier: BSD-3-Clause */
/* DMA: the device sees physical addresses, and RAM lies at its own. */
#include "guest.h"

int guest_op_dma_limits(void *handle, struct sriov_dma_limits *limits)
{
    struct guest_fn *fn = handle;
    struct sriov_dma_limits all = {
        .flags = SRIOV_DMA_SHIM_IOVA,
        .granule = GUEST_PAGE,
        .maps_left = UINT64_MAX,
        .bytes_left = UINT64_MAX, /* memory may run out, mappings do not */
        .num_ranges = 1,
        .ranges = {{0, fn->g->phys_last}},
    };

    guest_answer(limits, limits->size, &all, sizeof(all));
    return 0;
}

int guest_op_dma_alloc(void *handle, struct sriov_dma_mem *mem)
{
    struct guest_fn *fn = handle;
    uint64_t align = mem->align > GUEST_PAGE ? mem->align : GUEST_PAGE;

    if (mem->length == 0 || mem->length % GUEST_PAGE != 0 || !guest_is_pow2(align)) {
        return -EINVAL;
    }
    mem->va = guest_heap_alloc(&fn->g->heap, mem->length, align);
    if (mem->va == NULL) {
        return -ENOMEM;
    }
    mem->iova = sriov_iova((uintptr_t)mem->va);
    return 0;
}

int guest_op_dma_free(void *handle, const struct sriov_dma_mem *mem)
{
    struct guest_fn *fn = handle;

    guest_heap_free(&fn->g->heap, mem->va, mem->length);
    return 0;
}

int guest_op_dma_map(void *handle, struct sriov_dma_mem *mem)
{
    (void)handle;
    if ((uintptr_t)mem->va % GUEST_PAGE != 0 || mem->length == 0 || mem->length % GUEST_PAGE != 0) {
        return -EINVAL;
    }
    if (!guest_window_is_identity(mem->va, mem->length)) {
        return -EFAULT;
    }
    mem->iova = sriov_iova((uintptr_t)mem->va);
    return 0;
}

int guest_op_dma_unmap(void *handle, const struct sriov_dma_mem *mem)
{
    (void)handle;
    (void)mem;
    return 0;
}
