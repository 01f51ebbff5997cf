/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that the device reaches. One kernel mapping each; when the kernel's budget of mappings runs
 * low, small pieces share chunks of SKVM_UNITS granules that are mapped ahead.
 */
#include "skvm.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* ---- the list ---- */

struct skvm_map *skvm_map_new(struct skvm_fn *fn, uint64_t iova, void *va, uint64_t length)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    struct skvm_map *map = sys->alloc(sys->ctx, sizeof(*map), _Alignof(max_align_t));
    if (map == NULL) {
        return NULL;
    }
    map->iova = iova;
    map->va = va;
    map->length = length;
    map->next = fn->maps;
    map->link = &fn->maps;
    if (fn->maps != NULL) {
        fn->maps->link = &map->next;
    }
    fn->maps = map;
    return map;
}

static void map_forget(struct skvm_fn *fn, struct skvm_map *map)
{
    *map->link = map->next;
    if (map->next != NULL) {
        map->next->link = map->link;
    }
    if (map->kept != NULL) {
        skvm_sys_of(fn)->free(skvm_sys_of(fn)->ctx, map->kept);
    }
    skvm_sys_of(fn)->free(skvm_sys_of(fn)->ctx, map);
}

static bool overlaps(const struct skvm_map *map, uint64_t iova, uint64_t length)
{
    return iova <= map->iova + (map->length - 1) && map->iova <= iova + (length - 1);
}

static struct skvm_map *chunk_at(const struct skvm_fn *fn, uint64_t iova, uint64_t length)
{
    struct skvm_map *map = fn->maps;
    while (map != NULL && !(map->unit != 0 && overlaps(map, iova, length))) {
        map = map->next;
    }
    return map;
}

/* ---- the kernel ---- */

static int seam_error(int err)
{
    switch (err) {
    case -ENOMEM:
    case -ENOSPC:
    case -ENODEV:
    case -EPERM:
        return err;
    case -EEXIST:
    case -EADDRINUSE:
        return -EINVAL; /* that IOVA is in use or reserved */
    default:
        return -EFAULT;
    }
}

static int kernel_map(struct skvm_fn *fn, struct skvm_map *map, uint32_t dir)
{
    int err = fn->space->backend->map(fn->kvm, fn->space, map->iova, map->va, map->length, dir);
    if (err != 0) {
        skvm_explain_map(fn, map->length, err);
        return seam_error(err);
    }
    map->mapped = true;
    fn->maps_left -= fn->maps_left != UINT64_MAX && fn->maps_left != 0 ? 1 : 0;
    return 0;
}

static int kernel_unmap(struct skvm_fn *fn, struct skvm_map *map)
{
    int err = map->mapped ? fn->space->backend->unmap(fn->kvm, fn->space, map->iova, map->length) : 0;
    if (err != 0) {
        sriov_log(fn->kvm->vmm, SRIOV_LOG_ERROR, "%s: the IOMMU does not let go of IOVA 0x%llx (errno %d)",
                  fn->info.name, (unsigned long long)map->iova, -err);
        return err == -ENODEV ? err : -EFAULT;
    }
    if (map->mapped) {
        fn->maps_left += fn->maps_left != UINT64_MAX ? 1 : 0;
    }
    map->mapped = false;
    return 0;
}

/* Memory is given back only when the device cannot reach it any more. */
static int release(struct skvm_fn *fn, struct skvm_map *map)
{
    int err = kernel_unmap(fn, map);
    if (err != 0) {
        return err;
    }
    if (map->own) {
        skvm_memory_put(fn->kvm, map->va, map->length);
    }
    map_forget(fn, map);
    return 0;
}

/* New memory of the shim's own, mapped at iova. */
static int make(struct skvm_fn *fn, uint64_t iova, uint64_t length, uint32_t dir, struct skvm_map **out)
{
    void *va = NULL;
    int err = skvm_memory_get(fn->kvm, length, &va);
    if (err != 0) {
        sriov_log(fn->kvm->vmm, SRIOV_LOG_ERROR, "%s: no memory for %llu KiB of DMA buffers", fn->info.name,
                  (unsigned long long)(length / 1024));
        return err;
    }
    struct skvm_map *map = skvm_map_new(fn, iova, va, length);
    if (map == NULL) {
        skvm_memory_put(fn->kvm, va, length);
        return -ENOMEM;
    }
    map->own = true;
    err = kernel_map(fn, map, dir);
    if (err != 0) {
        (void)release(fn, map);
        return err;
    }
    *out = map;
    return 0;
}

/* ---- chunks ---- */

static uint64_t units_mask(const struct skvm_map *chunk, uint32_t first, uint64_t length)
{
    uint64_t n = (length + chunk->unit - 1) / chunk->unit;
    if (first >= SKVM_UNITS || n > SKVM_UNITS - first) {
        return 0;
    }
    return (n == SKVM_UNITS ? UINT64_MAX : (UINT64_C(1) << n) - 1) << first;
}

bool skvm_chunk_take(struct skvm_map *chunk, uint32_t first, uint64_t length)
{
    uint64_t mask = units_mask(chunk, first, length);
    if (mask == 0 || (chunk->used & mask) != 0) {
        return false;
    }
    chunk->used |= mask;
    return true;
}

static bool in_ranges(const struct sriov_dma_limits *limits, uint64_t first, uint64_t last)
{
    for (uint32_t i = 0; i < limits->num_ranges; i++) {
        if (first >= limits->ranges[i].first && last <= limits->ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* A chunk around iova, where nothing is in its way; NULL when there cannot be one. */
static struct skvm_map *chunk_new(struct skvm_fn *fn, uint64_t iova, uint64_t length)
{
    struct sriov_dma_limits limits = {.size = sizeof(limits)};
    uint64_t whole = fn->granule * SKVM_UNITS;
    uint64_t base = iova & ~(whole - 1);
    struct skvm_map *chunk = NULL;

    if (length > whole / 2 || length > whole - (iova - base) || skvm_space_limits(fn, &limits) != 0 ||
        !in_ranges(&limits, base, base + (whole - 1))) {
        return NULL;
    }
    for (const struct skvm_map *map = fn->maps; map != NULL; map = map->next) {
        if (overlaps(map, base, whole)) {
            return NULL;
        }
    }
    if (make(fn, base, whole, SRIOV_DMA_BOTH, &chunk) != 0) {
        return NULL;
    }
    chunk->unit = fn->granule;
    return chunk;
}

static int chunk_alloc(struct skvm_map *chunk, struct sriov_dma_mem *mem)
{
    uint64_t off = mem->iova.raw - chunk->iova;
    if (mem->iova.raw < chunk->iova || !skvm_chunk_take(chunk, (uint32_t)(off / chunk->unit), mem->length)) {
        return -EINVAL;
    }
    mem->va = (unsigned char *)chunk->va + off;
    memset(mem->va, 0, mem->length);
    mem->cookie = (uintptr_t)chunk;
    return 0;
}

static int chunk_free(struct skvm_fn *fn, struct skvm_map *chunk, const struct sriov_dma_mem *mem)
{
    uint64_t off = mem->iova.raw - chunk->iova;
    uint64_t mask =
        mem->iova.raw < chunk->iova ? 0 : units_mask(chunk, (uint32_t)(off / chunk->unit), mem->length);
    if (mask == 0 || (chunk->used & mask) != mask) {
        return -EINVAL;
    }
    if (chunk->used == mask) {
        int err = kernel_unmap(fn, chunk);
        if (err != 0) {
            return err;
        }
        return release(fn, chunk);
    }
    chunk->used &= ~mask;
    return 0;
}

/* ---- the ops ---- */

/* With the kernel's budget used up, small pieces still fit into the chunks that are there. */
static uint64_t parts_left(const struct skvm_fn *fn)
{
    uint64_t left = 0;
    for (const struct skvm_map *map = fn->maps; map != NULL; map = map->next) {
        left += map->unit != 0 ? SKVM_UNITS - (uint64_t)__builtin_popcountll(map->used) : 0;
    }
    return left;
}

int skvm_op_dma_limits(void *handle, struct sriov_dma_limits *limits)
{
    struct skvm_fn *fn = handle;
    int err = limits->size < sizeof(*limits) ? -EINVAL : skvm_space_limits(fn, limits);
    if (err != 0) {
        return err;
    }
    fn->maps_left = limits->maps_left;
    skvm_warn_lock(fn, limits->bytes_left);
    if (limits->maps_left == 0) {
        limits->maps_left = parts_left(fn);
    }
    return 0;
}

static int check(const struct skvm_fn *fn, const struct sriov_dma_mem *mem)
{
    uint64_t low = fn->granule - 1;
    if (mem->length == 0 || (mem->length & low) != 0 || mem->dir == 0 ||
        (mem->dir & ~(uint32_t)SRIOV_DMA_BOTH) != 0) {
        return -EINVAL;
    }
    if (fn->noiommu) {
        return 0;
    }
    return (mem->iova.raw & low) != 0 || mem->length - 1 > UINT64_MAX - mem->iova.raw ? -EINVAL : 0;
}

int skvm_op_dma_alloc(void *handle, struct sriov_dma_mem *mem)
{
    struct skvm_fn *fn = handle;
    struct skvm_map *map = NULL;

    int err = check(fn, mem);
    if (err != 0) {
        return err;
    }
    if (fn->noiommu) {
        return skvm_noiommu_alloc(fn, mem);
    }
    map = chunk_at(fn, mem->iova.raw, mem->length);
    if (map == NULL && fn->maps_left < fn->kvm->host.coalesce_below) {
        map = chunk_new(fn, mem->iova.raw, mem->length);
    }
    if (map != NULL) {
        return chunk_alloc(map, mem);
    }
    err = make(fn, mem->iova.raw, mem->length, mem->dir, &map);
    if (err != 0) {
        return err;
    }
    mem->va = map->va;
    mem->cookie = (uintptr_t)map;
    return 0;
}

int skvm_op_dma_free(void *handle, const struct sriov_dma_mem *mem)
{
    struct skvm_fn *fn = handle;
    struct skvm_map *map = (struct skvm_map *)(uintptr_t)mem->cookie;
    if (map == NULL || !map->own) {
        return -EINVAL;
    }
    if (map->unit != 0) {
        return chunk_free(fn, map, mem);
    }
    return map->iova == mem->iova.raw && map->length == mem->length ? release(fn, map) : -EINVAL;
}

int skvm_op_dma_map(void *handle, struct sriov_dma_mem *mem)
{
    struct skvm_fn *fn = handle;
    const struct skvm_sys *sys = skvm_sys_of(fn);

    if (fn->noiommu) {
        return -EOPNOTSUPP;
    }
    int err = check(fn, mem);
    if (err != 0 || mem->va == NULL || ((uintptr_t)mem->va & (fn->granule - 1)) != 0) {
        return -EINVAL;
    }
    if (chunk_at(fn, mem->iova.raw, mem->length) != NULL) {
        sriov_log(fn->kvm->vmm, SRIOV_LOG_ERROR,
                  "%s: IOVA 0x%llx is in a shared chunk, since mappings run low: raise vfio_iommu_type1 "
                  "dma_entry_limit",
                  fn->info.name, (unsigned long long)mem->iova.raw);
        return -ENOSPC;
    }
    /* Best effort: a buffer that may not be written is present already, or fails below. */
    (void)sys->advise(sys->ctx, mem->va, mem->length, MADV_POPULATE_WRITE);
    struct skvm_map *map = skvm_map_new(fn, mem->iova.raw, mem->va, mem->length);
    if (map == NULL) {
        return -ENOMEM;
    }
    err = kernel_map(fn, map, mem->dir);
    if (err != 0) {
        map_forget(fn, map);
        return err;
    }
    mem->cookie = (uintptr_t)map;
    return 0;
}

int skvm_op_dma_unmap(void *handle, const struct sriov_dma_mem *mem)
{
    struct skvm_fn *fn = handle;
    struct skvm_map *map = (struct skvm_map *)(uintptr_t)mem->cookie;
    if (map == NULL || map->own || map->iova != mem->iova.raw || map->length != mem->length) {
        return -EINVAL;
    }
    return release(fn, map);
}

void skvm_maps_drop(struct skvm_fn *fn)
{
    while (fn->maps != NULL) {
        struct skvm_map *map = fn->maps;
        /* What the IOMMU keeps is lost to this process rather than given to somebody else. */
        if (release(fn, map) != 0) {
            map_forget(fn, map);
        }
    }
}
