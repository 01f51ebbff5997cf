/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client's memory: mapped here from its descriptors, and there for the device at the addresses that
 * the client chose. A sorted table, so that hundreds of pieces (a guest's IOMMU makes them) cost little.
 */
#include "server.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first piece that ends behind addr. */
static uint32_t find(const struct sriov_vfu_device *d, uint64_t addr)
{
    uint32_t low = 0;
    uint32_t high = d->counts.maps;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct vfus_map *map = &d->maps[middle];

        if (map->addr + (map->size - 1) < addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_range(uint64_t addr, uint64_t size)
{
    return size != 0 && ((addr | size) & (VFUS_PAGE - 1)) == 0 && size - 1 <= UINT64_MAX - addr;
}

static bool overlaps(const struct sriov_vfu_device *d, uint32_t i, uint64_t addr, uint64_t size)
{
    return i < d->counts.maps && d->maps[i].addr <= addr + (size - 1);
}

static int make_room(struct sriov_vfu_device *d)
{
    uint32_t room = d->maps_room != 0 ? d->maps_room * 2 : 16;
    struct vfus_map *maps;

    if (d->counts.maps < d->maps_room) {
        return 0;
    }
    maps = realloc(d->maps, sizeof(*maps) * room);
    if (maps == NULL) {
        return -ENOMEM;
    }
    d->maps = maps;
    d->maps_room = room;
    return 0;
}

/* ---- map ---- */

static int check_map(const struct sriov_vfu_device *d, const struct vfu_dma_map *ask)
{
    const uint32_t known = VFU_DMA_F_READ | VFU_DMA_F_WRITE;

    if (ask->argsz < sizeof(*ask) || (ask->flags & known) == 0 || (ask->flags & ~known) != 0 ||
        !is_range(ask->addr, ask->size) || (ask->offset & (VFUS_PAGE - 1)) != 0) {
        return -EINVAL;
    }
    if (overlaps(d, find(d, ask->addr), ask->addr, ask->size)) {
        return -EEXIST;
    }
    return d->counts.maps >= d->opts.max_maps || ask->size > d->opts.max_bytes - d->counts.bytes ? -ENOSPC
                                                                                                 : 0;
}

/* All of it is there, and stays while we use it: else an access of the device's ends this process. */
static int check_file(const struct sriov_vfu_device *d, int fd, const struct vfu_dma_map *ask)
{
    struct stat st;
    int seals;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0 || ask->offset > (uint64_t)st.st_size ||
        ask->size > (uint64_t)st.st_size - ask->offset) {
        return -EINVAL;
    }
    seals = fcntl(fd, F_GET_SEALS);
    if ((d->opts.flags & SRIOV_VFU_UNSEALED) == 0 && (seals < 0 || (seals & F_SEAL_SHRINK) == 0)) {
        return -EPERM;
    }
    return 0;
}

static int map_file(int fd, const struct vfu_dma_map *ask, void **va)
{
    int prot = ((ask->flags & VFU_DMA_F_READ) != 0 ? PROT_READ : 0) |
               ((ask->flags & VFU_DMA_F_WRITE) != 0 ? PROT_READ | PROT_WRITE : 0);

    *va = mmap(NULL, (size_t)ask->size, prot, MAP_SHARED | MAP_NORESERVE, fd, (off_t)ask->offset);
    if (*va == MAP_FAILED) {
        *va = NULL;
        return errno == EACCES ? -EPERM : -errno;
    }
    return 0;
}

static int share(struct sriov_vfu_device *d, int fd, const struct vfu_dma_map *ask, struct vfus_map *map)
{
    int rc = check_file(d, fd, ask);

    if (rc == 0) {
        rc = map_file(fd, ask, &map->va);
    }
    if (rc != 0) {
        return rc;
    }
    rc = sriov_dma_map_at(d->fn, "memory of a vfio-user client", map->va, map->size,
                          (enum sriov_dma_dir)ask->flags, sriov_iova(map->addr), &map->dma);
    if (rc != 0) {
        (void)munmap(map->va, (size_t)map->size);
    }
    return rc;
}

static void insert(struct sriov_vfu_device *d, const struct vfus_map *map)
{
    uint32_t i = find(d, map->addr);

    memmove(&d->maps[i + 1], &d->maps[i], sizeof(*map) * (d->counts.maps - i));
    d->maps[i] = *map;
    d->counts.maps++;
    d->counts.bytes += map->size;
}

_Static_assert(VFU_DMA_F_READ == SRIOV_DMA_DEVICE_READS, "one numbering");
_Static_assert(VFU_DMA_F_WRITE == SRIOV_DMA_DEVICE_WRITES, "one numbering");

int vfus_dma_map(struct sriov_vfu_device *d, struct vfus_call *call)
{
    struct vfu_dma_map ask;
    struct vfus_map map = {0};
    int rc = vfu_rx_get(call->rx, &ask, sizeof(ask));

    if (rc == 0) {
        rc = check_map(d, &ask);
    }
    if (rc == 0) {
        rc = make_room(d);
    }
    if (rc != 0) {
        return rc;
    }
    map.addr = ask.addr;
    map.size = ask.size;
    if (call->rx->num_fds != 0) {
        rc = share(d, call->rx->fds[0], &ask, &map); /* which is closed with the message */
    } else if (d->opts.remote_map != NULL) {
        rc = vfus_remote_map(d, &map, ask.flags);
    } else if ((d->opts.flags & SRIOV_VFU_UNSHARED) == 0) {
        rc = -EOPNOTSUPP;
    }
    if (rc == 0) {
        insert(d, &map);
    }
    return rc;
}

/* ---- unmap ---- */

/* Where the shim refuses, the device may still reach the memory: it stays mapped here. */
static void give_back(struct sriov_vfu_device *d, struct vfus_map *map)
{
    d->counts.bytes -= map->size;
    if (map->remote) {
        (void)vfus_remote_unmap(d, map);
    } else if (map->va != NULL && sriov_dma_unmap(d->fn, &map->dma) == 0) {
        (void)munmap(map->va, (size_t)map->size);
    }
}

static void remove_some(struct sriov_vfu_device *d, uint32_t first, uint32_t end)
{
    if (first == end) {
        return; /* there may be no table yet */
    }
    for (uint32_t i = first; i < end; i++) {
        give_back(d, &d->maps[i]);
    }
    memmove(&d->maps[first], &d->maps[end], sizeof(*d->maps) * (d->counts.maps - end));
    d->counts.maps -= end - first;
}

void vfus_unmap_all(struct sriov_vfu_device *d)
{
    remove_some(d, 0, d->counts.maps);
}

/* All that lies in the range, none too: what a guest's IOMMU invalidates need never have been mapped.
 * But nothing that only begins or ends there. */
static int remove_range(struct sriov_vfu_device *d, uint64_t addr, uint64_t size)
{
    uint64_t last = addr + (size - 1);
    uint32_t first = find(d, addr);
    uint32_t end = first;

    while (end < d->counts.maps && d->maps[end].addr <= last) {
        if (d->maps[end].addr < addr || d->maps[end].addr + (d->maps[end].size - 1) > last) {
            return -EINVAL;
        }
        end++;
    }
    remove_some(d, first, end);
    return 0;
}

int vfus_dma_unmap(struct sriov_vfu_device *d, struct vfus_call *call)
{
    struct vfu_dma_unmap ask;
    int rc = vfu_rx_get(call->rx, &ask, sizeof(ask));

    if (rc != 0 || ask.argsz < sizeof(ask) || (ask.flags & ~(VFU_UNMAP_F_DIRTY | VFU_UNMAP_F_ALL)) != 0) {
        return -EINVAL;
    }
    if ((ask.flags & VFU_UNMAP_F_DIRTY) != 0) {
        return -EOPNOTSUPP;
    }
    if ((ask.flags & VFU_UNMAP_F_ALL) != 0) {
        if (ask.addr != 0 || ask.size != 0) {
            return -EINVAL;
        }
        vfus_unmap_all(d);
    } else {
        rc = is_range(ask.addr, ask.size) ? remove_range(d, ask.addr, ask.size) : -EINVAL;
    }
    vfus_answer(call, &ask, sizeof(ask));
    return rc;
}
