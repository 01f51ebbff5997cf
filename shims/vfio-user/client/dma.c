/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory for devices: a memory file each, which the server is given and maps. It is sealed at its length:
 * nobody, the server neither, can cut it short under our feet. Unshared, the server asks for its bytes.
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
    void *bus; /* the same memory as the server's messages reach it: a device's side of it */
    uint64_t length;
    uint64_t iova;
    uint32_t dir;
    bool borrowed; /* a caller's buffer */
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
                           .fds = fd >= 0 ? &fd : NULL,
                           .num_fds = fd >= 0 ? 1 : 0,
                           .reply = answer,
                           .reply_room = sizeof(answer)};
    return vfuc_error(vfuc_call(&fn->conn, &msg));
}

static void list_in(struct vfuc_fn *fn, struct vfuc_map *map)
{
    pthread_mutex_lock(&fn->maps_lock);
    map->next = fn->maps;
    map->link = &fn->maps;
    if (map->next != NULL) {
        map->next->link = &map->next;
    }
    fn->maps = map;
    pthread_mutex_unlock(&fn->maps_lock);
    fn->num_maps++;
}

static void map_free(struct vfuc_map *map)
{
    if (!map->borrowed && map->bus != NULL && map->bus != map->va) {
        munmap(map->bus, map->length);
    }
    if (!map->borrowed && map->va != NULL) {
        munmap(map->va, map->length);
    }
    free(map);
}

static void map_drop(struct vfuc_fn *fn, struct vfuc_map *map)
{
    pthread_mutex_lock(&fn->maps_lock);
    *map->link = map->next;
    if (map->next != NULL) {
        map->next->link = map->link;
    }
    pthread_mutex_unlock(&fn->maps_lock);
    fn->num_maps--;
    map_free(map);
}

static void *view_of(int fd, uint64_t length)
{
    void *va = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return va != MAP_FAILED ? va : NULL;
}

static struct vfuc_map *map_make(const struct vfuc_fn *fn, const struct sriov_dma_mem *mem, int fd)
{
    struct vfuc_map *map = calloc(1, sizeof(*map));
    if (map == NULL) {
        return NULL;
    }
    *map = (struct vfuc_map){.length = mem->length, .iova = mem->iova.raw, .dir = mem->dir};
    map->va = view_of(fd, mem->length);
    map->bus = fn->client->unshared && map->va != NULL ? view_of(fd, mem->length) : map->va;
    if (map->bus == NULL) {
        map_free(map);
        return NULL;
    }
    return map;
}

/* Takes over the map: it is the server's too, or gone. */
static int offer(struct vfuc_fn *fn, struct sriov_dma_mem *mem, struct vfuc_map *map, int fd)
{
    list_in(fn, map); /* the server may ask for it before we know that it has it */
    int err = tell(fn, mem, fd);
    if (err != 0) {
        map_drop(fn, map);
        return err;
    }
    mem->va = map->va;
    mem->cookie = (uintptr_t)map;
    return 0;
}

/* Where the file is mapped here, and by the server. */
static int map_file(struct vfuc_fn *fn, struct sriov_dma_mem *mem, int fd)
{
    struct vfuc_map *map = map_make(fn, mem, fd);
    return map != NULL ? offer(fn, mem, map, fn->client->unshared ? -1 : fd) : -ENOMEM;
}

int vfuc_dma_copy(void *handle, bool write, uint64_t addr, uint8_t *bytes, uint64_t count)
{
    struct vfuc_fn *fn = handle;
    uint32_t dir = write ? SRIOV_DMA_DEVICE_WRITES : SRIOV_DMA_DEVICE_READS;
    int err = -EFAULT;
    pthread_mutex_lock(&fn->maps_lock);
    const struct vfuc_map *map = fn->maps;
    while (map != NULL && (addr < map->iova || addr - map->iova >= map->length)) {
        map = map->next;
    }
    if (map != NULL && (map->dir & dir) != 0 && count <= map->length - (addr - map->iova)) {
        uint8_t *at = (uint8_t *)map->bus + (addr - map->iova);
        memcpy(write ? at : bytes, write ? bytes : at, (size_t)count);
        atomic_thread_fence(memory_order_seq_cst); /* before what the server does next */
        err = 0;
    }
    pthread_mutex_unlock(&fn->maps_lock);
    return err;
}

static int check(const struct vfuc_fn *fn, const struct sriov_dma_mem *mem)
{
    if (mem->length == 0 || mem->length % fn->conn.granule != 0 || mem->iova.raw % fn->conn.granule != 0) {
        return -EINVAL;
    }
    return fn->num_maps >= fn->conn.max_maps ? -ENOSPC : 0;
}

int vfuc_op_dma_alloc(void *handle, struct sriov_dma_mem *mem)
{
    struct vfuc_fn *fn = handle;
    int fd = -1;
    int err = check(fn, mem);
    err = err != 0 ? err : file_make(mem->length, &fd);
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
static int give_back(struct vfuc_fn *fn, const struct sriov_dma_mem *mem, bool borrowed)
{
    struct vfuc_map *map = fn->maps;
    while (map != NULL && (uintptr_t)map != mem->cookie) {
        map = map->next;
    }
    if (map == NULL || map->iova != mem->iova.raw || map->borrowed != borrowed) {
        return -EINVAL;
    }
    int result = untell(fn, map);
    if (result > 0) {
        return -EFAULT;
    }
    map_drop(fn, map);
    return 0;
}

int vfuc_op_dma_free(void *fn, const struct sriov_dma_mem *mem)
{
    return give_back(fn, mem, false);
}

/* A caller's buffer is in no file that could be shared: only who is asked for bytes can offer it. */
int vfuc_op_dma_map(void *handle, struct sriov_dma_mem *mem)
{
    struct vfuc_fn *fn = handle;
    if (!fn->client->unshared) {
        return -EOPNOTSUPP;
    }
    int err = mem->va != NULL ? check(fn, mem) : -EINVAL;
    struct vfuc_map *map = err == 0 ? calloc(1, sizeof(*map)) : NULL;
    if (map == NULL) {
        return err != 0 ? err : -ENOMEM;
    }
    *map = (struct vfuc_map){.va = mem->va,
                             .bus = mem->va,
                             .length = mem->length,
                             .iova = mem->iova.raw,
                             .dir = mem->dir,
                             .borrowed = true};
    return offer(fn, mem, map, -1);
}

int vfuc_op_dma_unmap(void *fn, const struct sriov_dma_mem *mem)
{
    return give_back(fn, mem, true);
}

void vfuc_maps_drop(struct vfuc_fn *fn)
{
    while (fn->maps != NULL) {
        map_drop(fn, fn->maps);
    }
}
