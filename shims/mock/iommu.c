/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A strict IOMMU domain. Mappings are never merged, so an access that runs from one into its
 * neighbour is caught; what was unmapped is remembered, so that use after unmap is told from an
 * address that never was good.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* Ranges of the history: a client that maps and unmaps all over the place makes one with each. */
#define PAST_MAX 16384u

/* Index of the first mapping that ends at or after addr. */
static size_t lower(const struct mock_domain *domain, uint64_t addr)
{
    size_t low = 0;
    size_t high = domain->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (domain->maps[mid].last < addr) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

bool mock_iommu_overlaps(const struct mock_domain *domain, uint64_t first, uint64_t last)
{
    size_t i = lower(domain, first);

    return i < domain->count && domain->maps[i].first <= last;
}

int mock_iommu_map(struct mock_domain *domain, const struct mock_mapping *map)
{
    size_t i = lower(domain, map->first);

    if (mock_iommu_overlaps(domain, map->first, map->last)) {
        return -EINVAL;
    }
    if (!mock_grow((void **)&domain->maps, &domain->room, domain->count, sizeof(*domain->maps))) {
        return -ENOMEM;
    }
    memmove(&domain->maps[i + 1], &domain->maps[i], (domain->count - i) * sizeof(*domain->maps));
    domain->maps[i] = *map;
    domain->count++;
    return 0;
}

struct mock_mapping *mock_iommu_find(struct mock_domain *domain, uint64_t first)
{
    size_t i = lower(domain, first);

    return i < domain->count && domain->maps[i].first == first ? &domain->maps[i] : NULL;
}

/* Does the first range end before the second begins, with a gap between them? */
static bool is_apart(uint64_t last, uint64_t first)
{
    return first > 0 && last < first - 1;
}

/* Adds a range to the history: one union of sorted ranges with gaps between them, so that it stays
 * small however much a driver maps. Full, or without memory, it only is less exact. */
static void past_add(struct mock_domain *domain, uint64_t first, uint64_t last)
{
    size_t i = 0;
    size_t end;

    while (i < domain->past_count && is_apart(domain->past[i].last, first)) {
        i++;
    }
    for (end = i; end < domain->past_count && !is_apart(last, domain->past[end].first); end++) {
        first = domain->past[end].first < first ? domain->past[end].first : first;
        last = domain->past[end].last > last ? domain->past[end].last : last;
    }
    if (end == i) {
        if (domain->past_count >= PAST_MAX || !mock_grow((void **)&domain->past, &domain->past_room,
                                                         domain->past_count, sizeof(*domain->past))) {
            return;
        }
        end = i + 1;
        memmove(&domain->past[end], &domain->past[i], (domain->past_count - i) * sizeof(*domain->past));
        domain->past_count++;
    } else {
        memmove(&domain->past[i + 1], &domain->past[end], (domain->past_count - end) * sizeof(*domain->past));
        domain->past_count -= end - i - 1;
    }
    domain->past[i].first = first;
    domain->past[i].last = last;
}

static void mapping_free(struct mock_mapping *map)
{
    free(map->dirty);
    free(map->remote);
}

void mock_iommu_unmap(struct mock_domain *domain, struct mock_mapping *map)
{
    size_t i = (size_t)(map - domain->maps);

    past_add(domain, map->first, map->last);
    mapping_free(map);
    domain->count--;
    memmove(&domain->maps[i], &domain->maps[i + 1], (domain->count - i) * sizeof(*domain->maps));
}

bool mock_iommu_was_mapped(const struct mock_domain *domain, uint64_t addr)
{
    size_t low = 0;
    size_t high = domain->past_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (domain->past[mid].last < addr) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < domain->past_count && domain->past[low].first <= addr;
}

void mock_iommu_keep_past(struct mock_domain *to, const struct mock_domain *from)
{
    for (size_t i = 0; i < from->past_count; i++) {
        past_add(to, from->past[i].first, from->past[i].last);
    }
}

/* What of the access lies in the mapping that has its first byte. */
static size_t reach_of(const struct mock_mapping *map, uint64_t addr, size_t len)
{
    uint64_t room = map->last - addr;

    return len == 0 || len - 1 <= room ? len : (size_t)room + 1;
}

static bool runs_on(const struct mock_domain *domain, size_t i)
{
    const struct mock_mapping *map = &domain->maps[i];

    return map->piece && i + 1 < domain->count && map[1].piece && map->last + 1 == map[1].first;
}

bool mock_iommu_allows(const struct mock_domain *domain, const struct mock_access *access,
                       enum sriov_violation_kind *kind)
{
    const uint32_t dir = access->write ? SRIOV_DMA_DEVICE_WRITES : SRIOV_DMA_DEVICE_READS;
    uint64_t addr = access->iova.raw;
    size_t left = access->len;
    size_t i = lower(domain, addr);

    if (i >= domain->count || domain->maps[i].first > addr) {
        *kind = mock_iommu_was_mapped(domain, addr) ? SRIOV_VIOLATION_IOMMU_AFTER_UNMAP
                                                    : SRIOV_VIOLATION_IOMMU_UNMAPPED;
        return false;
    }
    for (;; i++) {
        size_t n = reach_of(&domain->maps[i], addr, left);

        if (n < left && !runs_on(domain, i)) {
            *kind = SRIOV_VIOLATION_IOMMU_BOUNDS;
            return false;
        }
        if ((domain->maps[i].dir & dir) == 0) {
            *kind = SRIOV_VIOLATION_IOMMU_DIRECTION;
            return false;
        }
        if (n == left) {
            return true;
        }
        addr += n;
        left -= n;
    }
}

static int copy_remote(const struct mock_mapping *map, uint64_t addr, uint8_t *bytes, size_t n, bool write)
{
    const struct sriov_dma_remote *remote = map->remote;

    return write ? remote->write(remote->arg, sriov_iova(addr), bytes, n)
                 : remote->read(remote->arg, sriov_iova(addr), bytes, n);
}

static int copy_some(const struct mock_mapping *map, uint64_t addr, uint8_t *bytes, size_t n, bool write)
{
    uint64_t off = addr - map->first;

    if (map->remote != NULL) {
        int rc = copy_remote(map, addr, bytes, n, write);

        if (rc != 0) {
            return rc;
        }
    } else if (write) {
        memcpy(map->va + off, bytes, n);
    } else {
        memcpy(bytes, map->va + off, n);
    }
    if (write && map->dirty != NULL) {
        mock_bits_mark(map->dirty, off, n);
    }
    return 0;
}

int mock_iommu_copy(const struct mock_domain *domain, const struct mock_access *access, uint8_t *bytes)
{
    size_t i = lower(domain, access->iova.raw);
    int rc = 0;

    for (size_t done = 0, n; rc == 0 && done < access->len; done += n, i++) {
        uint64_t addr = access->iova.raw + done;

        n = reach_of(&domain->maps[i], addr, access->len - done);
        rc = copy_some(&domain->maps[i], addr, bytes + done, n, access->write);
    }
    return rc;
}

void mock_iommu_destroy(struct mock_domain *domain)
{
    for (size_t i = 0; i < domain->count; i++) {
        mapping_free(&domain->maps[i]);
    }
    free(domain->maps);
    free(domain->past);
    memset(domain, 0, sizeof(*domain));
}
