/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory for devices: a memory file each, which the server is given and maps. It is sealed at its length:
 * nobody, the server neither, can cut it short under our feet.
 */
#include "vfuc.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct vfuc_map {
    struct vfuc_map *next;
    struct vfuc_map **link;
    void *va;
    uint64_t length;
    uint64_t iova;
};

int vfuc_op_dma_limits(void *handle, struct sriov_dma_limits *limits)
{
    const struct vfuc_fn *fn = handle;
    if (limits->size < sizeof(*limits)) {
        return -EINVAL;
    }
    limits->flags = 0;
    limits->granule = fn->conn.granule;
    limits->maps_left = fn->conn.max_maps > fn->num_maps ? fn->conn.max_maps - fn->num_maps : 0;
    limits->bytes_left = UINT64_MAX;
    limits->num_ranges = 1;
    limits->reserved0 = 0;
    limits->ranges[0] = fn->client->iova;
    return 0;
}

static int file_make(uint64_t length, int *out)
{
    int fd = memfd_create("sriov-dma", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) {
        return errno == EMFILE || errno == ENFILE ? -ENOSPC : -ENOMEM;
    }
    if (length > INT64_MAX || ftruncate(fd, (off_t)length) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        close(fd);
        return -ENOMEM;
    }
    *out = fd;
    return 0;
}

static int tell(struct vfuc_fn *fn, const struct sriov_dma_mem *mem, int fd)
{
    struct vfu_dma_map ask = {
        .argsz = sizeof(ask), .flags = mem->dir, .addr = mem->iova.raw, .size = mem->length};
    uint8_t answer[sizeof(ask)];
    struct vfuc_msg msg = {.command = VFU_DMA_MAP,
                           .head = &ask,
                           .head_len = sizeof(ask),
                           .fds = &fd,
                           .num_fds = 1,
                           .reply = answer,
                           .reply_room = sizeof(answer)};
    return vfuc_error(vfuc_call(&fn->conn, &msg));
}

static void list_in(struct vfuc_fn *fn, struct vfuc_map *map)
{
    map->next = fn->maps;
    map->link = &fn->maps;
    if (map->next != NULL) {
        map->next->link = &map->next;
    }
    fn->maps = map;
    fn->num_maps++;
}

static void map_drop(struct vfuc_fn *fn, struct vfuc_map *map)
{
    *map->link = map->next;
    if (map->next != NULL) {
        map->next->link = map->link;
    }
    fn->num_maps--;
    munmap(map->va, map->length);
    free(map);
}

/* Where the file is mapped here, and by the server. */
static int map_file(struct vfuc_fn *fn, struct sriov_dma_mem *mem, int fd)
{
    struct vfuc_map *map = calloc(1, sizeof(*map));
    if (map == NULL) {
        return -ENOMEM;
    }
    void *va = mmap(NULL, mem->length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (va == MAP_FAILED) {
        free(map);
        return -ENOMEM;
    }
    int err = tell(fn, mem, fd);
    if (err != 0) {
        munmap(va, mem->length);
        free(map);
        return err;
    }
    *map = (struct vfuc_map){.va = va, .length = mem->length, .iova = mem->iova.raw};
    list_in(fn, map);
    mem->va = va;
    mem->cookie = (uintptr_t)map;
    return 0;
}

int vfuc_op_dma_alloc(void *handle, struct sriov_dma_mem *mem)
{
    struct vfuc_fn *fn = handle;
    int fd = -1;
    if (mem->length == 0 || mem->length % fn->conn.granule != 0 || mem->iova.raw % fn->conn.granule != 0) {
        return -EINVAL;
    }
    if (fn->num_maps >= fn->conn.max_maps) {
        return -ENOSPC;
    }
    int err = file_make(mem->length, &fd);
    if (err != 0) {
        return err;
    }
    err = map_file(fn, mem, fd);
    close(fd);
    return err;
}

static int untell(struct vfuc_fn *fn, const struct vfuc_map *map)
{
    struct vfu_dma_unmap ask = {.argsz = sizeof(ask), .addr = map->iova, .size = map->length};
    struct vfu_dma_unmap answer;
    struct vfuc_msg msg = {.command = VFU_DMA_UNMAP,
                           .head = &ask,
                           .head_len = sizeof(ask),
                           .reply = &answer,
                           .reply_room = sizeof(answer)};
    return vfuc_call(&fn->conn, &msg);
}

/* With the connection the server's mapping ends too; and what it still writes then, it writes to a file
 * that is nobody's any more. So only a server that is there can keep memory from being given back. */
int vfuc_op_dma_free(void *handle, const struct sriov_dma_mem *mem)
{
    struct vfuc_fn *fn = handle;
    struct vfuc_map *map = fn->maps;
    while (map != NULL && (uintptr_t)map != mem->cookie) {
        map = map->next;
    }
    if (map == NULL || map->iova != mem->iova.raw) {
        return -EINVAL;
    }
    int result = untell(fn, map);
    if (result > 0) {
        return -EFAULT;
    }
    map_drop(fn, map);
    return 0;
}

void vfuc_maps_drop(struct vfuc_fn *fn)
{
    while (fn->maps != NULL) {
        map_drop(fn, fn->maps);
    }
}
