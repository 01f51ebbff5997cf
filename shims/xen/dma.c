/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DMA memory: runs of pages in chunks of machine frames, so that not each piece is a hypercall. A bus
 * address is frame << 12; nothing below it is translated for us, in a domU Xen's IOMMU only confines.
 */
#include "sxen.h"

#include <errno.h>
#include <string.h>

#define BUS_BITS 52u /* machine addresses of x86, as wide as a page table entry has them */

static bool bit(const struct sxen_chunk *chunk, uint64_t page)
{
    return (chunk->used[page / 64] >> (page % 64) & 1) != 0;
}

static void mark(struct sxen_chunk *chunk, uint64_t first, uint64_t pages, bool used)
{
    for (uint64_t i = first; i < first + pages; i++) {
        uint64_t one = UINT64_C(1) << (i % 64);
        chunk->used[i / 64] = used ? chunk->used[i / 64] | one : chunk->used[i / 64] & ~one;
    }
    chunk->used_pages = used ? chunk->used_pages + pages : chunk->used_pages - pages;
}

/* Pages of one kind from `first` on, at most n. */
static uint64_t run(const struct sxen_chunk *chunk, uint64_t first, uint64_t n, bool used)
{
    uint64_t i = 0;
    while (i < n && bit(chunk, first + i) == used) {
        i++;
    }
    return i;
}

static bool take_from(struct sxen_chunk *chunk, uint64_t pages, uint64_t align, struct sriov_dma_mem *mem)
{
    uint64_t first = (align - (chunk->frame & (align - 1))) & (align - 1);
    if (chunk->caller || chunk->va == NULL) {
        return false;
    }
    for (; first <= chunk->pages && pages <= chunk->pages - first; first += align) {
        if (run(chunk, first, pages, false) == pages) {
            mark(chunk, first, pages, true);
            mem->iova.raw = (chunk->frame + first) << SXEN_PAGE_SHIFT;
            mem->va = (unsigned char *)chunk->va + (first << SXEN_PAGE_SHIFT);
            mem->cookie = (uintptr_t)chunk;
            memset(mem->va, 0, mem->length);
            return true;
        }
    }
    return false;
}

static int check(const struct sriov_dma_mem *mem)
{
    bool whole = mem->length != 0 && (mem->length & (SXEN_PAGE - 1)) == 0;
    bool aligned = (mem->align & (mem->align - 1)) == 0;
    bool dir = mem->dir != 0 && (mem->dir & ~(uint32_t)SRIOV_DMA_BOTH) == 0;
    return whole && aligned && dir ? 0 : -EINVAL;
}

int sxen_op_dma_alloc(void *handle, struct sriov_dma_mem *mem)
{
    struct sxen_fn *fn = handle;
    int err = check(mem);
    if (err != 0) {
        return err;
    }
    uint64_t pages = mem->length >> SXEN_PAGE_SHIFT;
    uint64_t align = mem->align > SXEN_PAGE ? mem->align >> SXEN_PAGE_SHIFT : 1;
    struct sxen_chunk *chunk = fn->chunks;
    while (chunk != NULL && !take_from(chunk, pages, align, mem)) {
        chunk = chunk->next;
    }
    if (chunk != NULL) {
        return 0;
    }
    err = sxen_chunk_new(fn, pages, align, &chunk);
    if (err != 0) {
        return err;
    }
    chunk->next = fn->chunks;
    fn->chunks = chunk;
    return take_from(chunk, pages, align, mem) ? 0 : -ENOMEM;
}

static struct sxen_chunk **link_of(struct sxen_fn *fn, uint64_t cookie)
{
    struct sxen_chunk **link = &fn->chunks;
    while (*link != NULL && (uintptr_t)*link != cookie) {
        link = &(*link)->next;
    }
    return link;
}

/* One empty chunk stays, for the next piece; more go back to Xen. Those of a function that was killed do so
 * at close, which sees to it that the device masters the bus no more. */
static bool another_is_empty(const struct sxen_fn *fn, const struct sxen_chunk *than)
{
    const struct sxen_chunk *chunk = fn->chunks;
    while (chunk != NULL && (chunk == than || chunk->caller || chunk->used_pages != 0)) {
        chunk = chunk->next;
    }
    return chunk != NULL;
}

int sxen_op_dma_free(void *handle, const struct sriov_dma_mem *mem)
{
    struct sxen_fn *fn = handle;
    struct sxen_chunk **link = link_of(fn, mem->cookie);
    struct sxen_chunk *chunk = *link;
    uint64_t pages = mem->length >> SXEN_PAGE_SHIFT;
    uint64_t first = (mem->iova.raw >> SXEN_PAGE_SHIFT) - (chunk != NULL ? chunk->frame : 0);

    if (chunk == NULL || chunk->caller || pages == 0 || first > chunk->pages ||
        pages > chunk->pages - first || run(chunk, first, pages, true) != pages) {
        return -EINVAL;
    }
    mark(chunk, first, pages, false);
    bool usual = chunk->pages <= fn->xen->chunk_bytes / SXEN_PAGE;
    if (chunk->used_pages == 0 && !atomic_load(&fn->dead) && (!usual || another_is_empty(fn, chunk))) {
        *link = chunk->next;
        /* What Xen does not take back is nobody else's: the piece itself is given back all the same. */
        (void)sxen_chunk_free(fn, chunk);
    }
    return 0;
}

int sxen_op_dma_limits(void *handle, struct sriov_dma_limits *limits)
{
    struct sxen_fn *fn = handle;
    uint32_t size = limits->size;
    if (size < sizeof(*limits)) {
        return -EINVAL;
    }
    uint64_t left = fn->left;
    for (const struct sxen_chunk *chunk = fn->chunks; chunk != NULL && left != UINT64_MAX;
         chunk = chunk->next) {
        left += chunk->caller ? 0 : (chunk->pages - chunk->used_pages) * SXEN_PAGE;
    }
    sxen_warn_little(fn, left);
    memset(limits, 0, sizeof(*limits));
    limits->size = size;
    limits->flags = SRIOV_DMA_SHIM_IOVA;
    limits->granule = SXEN_PAGE;
    limits->maps_left = UINT64_MAX;
    limits->bytes_left = left;
    limits->num_ranges = 1;
    limits->ranges[0].last = (UINT64_C(1) << BUS_BITS) - 1;
    return 0;
}

void sxen_dma_drop(struct sxen_fn *fn)
{
    while (fn->chunks != NULL) {
        struct sxen_chunk *chunk = fn->chunks;
        if (chunk->caller) {
            const struct sriov_dma_mem mem = {.va = chunk->va,
                                              .length = chunk->pages * SXEN_PAGE,
                                              .iova.raw = chunk->frame << SXEN_PAGE_SHIFT,
                                              .cookie = (uintptr_t)chunk};
            if (sxen_op_dma_unmap(fn, &mem) != 0) { /* the caller's memory stays with the frames under it */
                fn->chunks = chunk->next;
                sxen_sys_of(fn)->free(sxen_sys_of(fn)->ctx, chunk);
            }
            continue;
        }
        fn->chunks = chunk->next;
        (void)sxen_chunk_free(fn, chunk);
    }
}
