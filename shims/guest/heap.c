/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory: extents sorted by address, merged when they meet. Callers know their sizes. */
#include "guest.h"

#define UNIT UINT64_C(64) /* no two owners on a cache line; an extent's own record fits */

static uint64_t units(uint64_t size)
{
    return guest_align_up(size, UNIT);
}

void guest_heap_init(struct guest_heap *heap, void *memory, uint64_t size)
{
    heap->first = memory;
    heap->first->next = NULL;
    heap->first->size = size & ~(UNIT - 1);
    heap->free = heap->first->size;
}

/* Cuts [at, at + size) out of an extent; what is left before and after stays free. */
static void cut(struct heap_extent **link, uint64_t at, uint64_t size)
{
    struct heap_extent *extent = *link;
    uint64_t begin = (uintptr_t)extent;
    uint64_t end = begin + extent->size;
    struct heap_extent *next = extent->next;

    if (at + size < end) {
        struct heap_extent *rest = (struct heap_extent *)(uintptr_t)(at + size);
        rest->size = end - (at + size);
        rest->next = next;
        next = rest;
    }
    if (at > begin) {
        extent->size = at - begin;
        extent->next = next;
    } else {
        *link = next;
    }
}

void *guest_heap_alloc(struct guest_heap *heap, uint64_t size, uint64_t align)
{
    if (size == 0 || size > heap->free || !guest_is_pow2(align)) {
        return NULL;
    }
    size = units(size);
    align = align < UNIT ? UNIT : align;
    for (struct heap_extent **link = &heap->first; *link != NULL; link = &(*link)->next) {
        uint64_t begin = (uintptr_t)*link;
        uint64_t skip = -begin & (align - 1);
        if (skip <= (*link)->size && size <= (*link)->size - skip) {
            cut(link, begin + skip, size);
            heap->free -= size;
            return memset((void *)(uintptr_t)(begin + skip), 0, size);
        }
    }
    return NULL;
}

static bool meets(const struct heap_extent *low, const struct heap_extent *high)
{
    return low != NULL && high != NULL && (uintptr_t)low + low->size == (uintptr_t)high;
}

void guest_heap_free(struct guest_heap *heap, void *ptr, uint64_t size)
{
    struct heap_extent **link = &heap->first;
    struct heap_extent *before = NULL;
    struct heap_extent *freed = ptr;

    if (ptr == NULL) {
        return;
    }
    size = units(size);
    while (*link != NULL && (uintptr_t)*link < (uintptr_t)ptr) {
        before = *link;
        link = &before->next;
    }
    freed->size = size;
    freed->next = *link;
    *link = freed;
    heap->free += size;
    if (meets(freed, freed->next)) {
        freed->size += freed->next->size;
        freed->next = freed->next->next;
    }
    if (meets(before, freed)) {
        before->size += freed->size;
        before->next = freed->next;
    }
}
