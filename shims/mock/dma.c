/* SPDX-License-Identifier: BSD-3-Clause */
/* DMA memory and mappings of a function. Memory comes from the C library, so that a sanitizer sees
 * a driver that uses it after it gave it back. */
#include "internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int mock_op_dma_limits(void *fn, struct sriov_dma_limits *out)
{
    struct mock_handle *h = fn;
    struct sriov_mock_opts *opts = &h->mock->opts;
    struct sriov_dma_limits limits = {.size = sizeof(limits), .granule = MOCK_GRANULE, .num_ranges = 1};
    int err = mock_gate(h->mock, h, MOCK_OP_dma_limits);

    if (err != 0) {
        return err;
    }
    limits.maps_left = opts->maps_max != 0 ? opts->maps_max - h->domain.count : UINT64_MAX;
    limits.bytes_left = UINT64_MAX;
    limits.ranges[0].first = opts->iova_first;
    limits.ranges[0].last = opts->iova_last;
    return mock_give_struct(out, &limits, sizeof(uint32_t), sizeof(limits));
}

static int refuse(struct mock_handle *h, int err, const char *what, const struct sriov_dma_mem *mem)
{
    mock_contract(h->mock, h->name, "%s: IOVA 0x%" PRIx64 ", 0x%" PRIx64 " bytes", what, mem->iova.raw,
                  mem->length);
    return err;
}

static int check_place(struct mock_handle *h, const struct sriov_dma_mem *mem)
{
    const struct sriov_mock_opts *opts = &h->mock->opts;
    uint64_t first = mem->iova.raw;

    if (first < opts->iova_first || first > opts->iova_last || mem->length - 1 > opts->iova_last - first) {
        return refuse(h, -ERANGE, "mapping outside the aperture", mem);
    }
    if (mock_iommu_overlaps(&h->domain, first, first + (mem->length - 1))) {
        return refuse(h, -EINVAL, "mapping overlaps another", mem);
    }
    if (opts->maps_max != 0 && h->domain.count >= opts->maps_max) {
        return -ENOSPC;
    }
    return 0;
}

/* A core of before there were flags hands over a struct without them. */
#define MEM_LEAST offsetof(struct sriov_dma_mem, flags)

static int check_size(struct mock_handle *h, const struct sriov_dma_mem *mem)
{
    int err = mock_check_struct(mem, MEM_LEAST, sizeof(*mem));

    if (err != 0) {
        mock_contract(h->mock, h->name, "struct sriov_dma_mem of a wrong size");
    }
    return err;
}

static bool is_piece(const struct sriov_dma_mem *mem)
{
    return mem->size >= sizeof(*mem) && (mem->flags & SRIOV_DMA_MEM_PIECE) != 0;
}

static int check_mem(struct mock_handle *h, const struct sriov_dma_mem *mem)
{
    int err = check_size(h, mem);

    if (err != 0) {
        return err;
    }
    if (mem->dir < SRIOV_DMA_DEVICE_READS || mem->dir > SRIOV_DMA_BOTH) {
        return refuse(h, -EINVAL, "mapping without a direction", mem);
    }
    if (mem->length == 0 || mem->length % MOCK_GRANULE != 0 || mem->iova.raw % MOCK_GRANULE != 0) {
        return refuse(h, -EINVAL, "mapping that is no multiple of the granule", mem);
    }
    return check_place(h, mem);
}

static int add(struct mock_handle *h, struct sriov_dma_mem *mem, void *va, bool allocated)
{
    struct mock_mapping map = {.first = mem->iova.raw,
                               .last = mem->iova.raw + (mem->length - 1),
                               .va = va,
                               .dir = mem->dir,
                               .allocated = allocated,
                               .piece = is_piece(mem)};
    int err = mock_dma_dirty_begin(&h->domain, &map);

    if (err == 0) {
        err = mock_iommu_map(&h->domain, &map);
    }
    if (err != 0) {
        free(map.dirty);
    }
    return err;
}

int mock_op_dma_alloc(void *fn, struct sriov_dma_mem *mem)
{
    struct mock_handle *h = fn;
    void *va = NULL;
    int err = mock_gate(h->mock, h, MOCK_OP_dma_alloc);

    if (err == 0) {
        err = check_mem(h, mem);
    }
    if (err != 0) {
        return err;
    }
    if (!mock_is_pow2(mem->align) || mem->iova.raw % mem->align != 0) {
        return refuse(h, -EINVAL, "allocation not at its alignment", mem);
    }
    if (mem->length > SIZE_MAX || posix_memalign(&va, MOCK_GRANULE, (size_t)mem->length) != 0) {
        return -ENOMEM;
    }
    memset(va, 0, (size_t)mem->length);
    err = add(h, mem, va, true);
    if (err != 0) {
        free(va);
        return err;
    }
    mem->va = va;
    mem->cookie = mem->iova.raw;
    return 0;
}

int mock_op_dma_map(void *fn, struct sriov_dma_mem *mem)
{
    struct mock_handle *h = fn;
    int err = mock_gate(h->mock, h, MOCK_OP_dma_map);

    if (err == 0) {
        err = check_mem(h, mem);
    }
    if (err != 0) {
        return err;
    }
    if (mem->va == NULL || (uintptr_t)mem->va % MOCK_GRANULE != 0) {
        return refuse(h, -EINVAL, "buffer that is not aligned to the granule", mem);
    }
    /* Equal numbers would hide a driver that gives the device its own pointers. */
    if ((uintptr_t)mem->va == mem->iova.raw) {
        return refuse(h, -EINVAL, "IOVA equal to the host's address", mem);
    }
    err = add(h, mem, mem->va, false);
    if (err == 0) {
        mem->cookie = mem->iova.raw;
    }
    return err;
}

static int give_back(struct mock_handle *h, enum mock_op op, const struct sriov_dma_mem *mem, bool allocated)
{
    int refused = mock_gate_release(h->mock, h, op);
    int err = check_size(h, mem);
    struct mock_mapping *map;
    uint8_t *va;

    if (err != 0) {
        return err;
    }
    map = mock_iommu_find(&h->domain, mem->iova.raw);
    if (map == NULL || map->last - map->first != mem->length - 1 || map->allocated != allocated ||
        map->remote != NULL || map->va != mem->va) {
        return refuse(h, -EINVAL,
                      allocated ? "dma_free of what is not allocated" : "dma_unmap of what is not mapped",
                      mem);
    }
    if (refused != 0) {
        map->release_refused = true;
        return refused;
    }
    va = map->va;
    mock_iommu_unmap(&h->domain, map);
    if (allocated) {
        free(va);
    }
    return 0;
}

int mock_op_dma_free(void *fn, const struct sriov_dma_mem *mem)
{
    return give_back(fn, MOCK_OP_dma_free, mem, true);
}

int mock_op_dma_unmap(void *fn, const struct sriov_dma_mem *mem)
{
    return give_back(fn, MOCK_OP_dma_unmap, mem, false);
}

void mock_dma_release_all(struct mock_handle *h)
{
    while (h->domain.count > 0) {
        struct mock_mapping map = h->domain.maps[h->domain.count - 1];

        if (!map.release_refused) {
            mock_leak(h->mock, h->name, sriov_iova(map.first), map.last - map.first + 1,
                      "mapping still held");
        }
        mock_iommu_unmap(&h->domain, &h->domain.maps[h->domain.count - 1]);
        if (map.allocated) {
            free(map.va);
        }
    }
}

void mock_dma_check_free(struct sriov_mock *mock, const void *ptr, size_t size)
{
    uintptr_t first = (uintptr_t)ptr;
    uintptr_t last = first + (size - 1);

    for (const struct mock_handle *h = mock->handles; h != NULL; h = h->next) {
        for (size_t i = 0; i < h->domain.count; i++) {
            const struct mock_mapping *map = &h->domain.maps[i];
            uintptr_t va = (uintptr_t)map->va;

            if (!map->allocated && map->remote == NULL && va <= last &&
                first <= va + (map->last - map->first)) {
                mock_page_race(mock, h->name, map);
            }
        }
    }
}
