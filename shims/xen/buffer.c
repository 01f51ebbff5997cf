/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A caller's buffer. Its pages lie anywhere in machine memory, in pieces, and the kernel may move them: no
 * bus address to be had. So they are exchanged: frames from Xen with the same contents come to lie at the
 * buffer's address, at once, and at the end new pages of the process do, with what is then in it. That is
 * invisible for memory that only this process has; of any other the two sides would no longer share it.
 */
#include "sxen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define MAPS_BLOCK 4096

/* One line of /proc/self/maps. */
struct area {
    unsigned long long first;
    unsigned long long end;
    unsigned long inode;
    char perms[8];
};

static bool parse_area(const char *line, struct area *area)
{
    return sscanf(line, "%llx-%llx %7s %*x %*s %lu", &area->first, &area->end, area->perms, &area->inode) ==
           4;
}

static bool is_private(const struct area *area)
{
    return area->perms[0] == 'r' && area->perms[1] == 'w' && area->perms[3] == 'p' && area->inode == 0;
}

/* How far [va, va + length) is private anonymous memory: lines come in the order of addresses. */
static void cover(const char *line, uint64_t end, uint64_t *at)
{
    struct area area;
    if (*at < end && parse_area(line, &area) && is_private(&area) && *at >= area.first && *at < area.end) {
        *at = area.end;
    }
}

/* Lines of the file to cover(); what does not fit the block is passed over. */
static int read_maps(struct sxen_fn *fn, int fd, uint64_t end, uint64_t *at)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    char text[MAPS_BLOCK + 1];
    size_t held = 0;
    for (;;) {
        int64_t n = sys->read(sys->ctx, fd, text + held, MAPS_BLOCK - held);
        if (n < 0) {
            return (int)n;
        }
        text[held + (size_t)n] = '\0';
        char *line = text;
        char *newline;
        while ((newline = strchr(line, '\n')) != NULL) {
            *newline = '\0';
            cover(line, end, at);
            line = newline + 1;
        }
        held = strlen(line);
        if (n == 0 || *at >= end) {
            return 0;
        }
        held = held < MAPS_BLOCK ? held : 0;
        memmove(text, line, held);
    }
}

static int check_private(struct sxen_fn *fn, const struct sriov_dma_mem *mem)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    char path[SKVM_PATH_MAX];
    uint64_t at = (uintptr_t)mem->va;
    uint64_t end = at + mem->length;

    snprintf(path, sizeof(path), "%s/self/maps", fn->xen->base.host.proc);
    int fd = sys->open(sys->ctx, path, O_RDONLY);
    int err = fd;
    if (fd >= 0) {
        err = read_maps(fn, fd, end, &at);
        sys->close(sys->ctx, fd);
    }
    if (err < 0 || at < end) {
        sriov_log(fn->xen->base.vmm, SRIOV_LOG_ERROR,
                  "%s: a caller's buffer must be private anonymous memory, since on Xen its pages are "
                  "exchanged: use memory of malloc or mmap, or sriov_dma_alloc",
                  fn->info.name);
        return -EOPNOTSUPP;
    }
    return 0;
}

/* Frames with the buffer's contents, laid over it. */
static int exchange(struct sxen_fn *fn, struct sriov_dma_mem *mem, struct sxen_chunk *chunk)
{
    const struct sxen_door *door = sxen_door_of(fn);
    memcpy(chunk->va, mem->va, mem->length);
    int err = door->move(door->ctx, chunk->va, mem->length, mem->va);
    if (err != 0) {
        sriov_log(fn->xen->base.vmm, SRIOV_LOG_ERROR,
                  "%s: frames of Xen cannot take the place of a caller's buffer (errno %d)", fn->info.name,
                  -err);
        return err == -ENOMEM ? err : -EOPNOTSUPP;
    }
    chunk->va = mem->va;
    chunk->caller = true;
    return 0;
}

int sxen_op_dma_map(void *handle, struct sriov_dma_mem *mem)
{
    struct sxen_fn *fn = handle;
    struct sxen_chunk *chunk = NULL;
    uint64_t low = ((uintptr_t)mem->va | mem->length) & (SXEN_PAGE - 1);

    if (mem->va == NULL || mem->length == 0 || low != 0 || mem->dir == 0 ||
        (mem->dir & ~(uint32_t)SRIOV_DMA_BOTH) != 0 || mem->length > UINTPTR_MAX - (uintptr_t)mem->va) {
        return -EINVAL;
    }
    int err = check_private(fn, mem);
    err = err != 0 ? err : sxen_chunk_exact(fn, mem->length >> SXEN_PAGE_SHIFT, &chunk);
    if (err != 0) {
        return err;
    }
    err = exchange(fn, mem, chunk);
    if (err != 0) {
        (void)sxen_chunk_free(fn, chunk);
        return err;
    }
    chunk->next = fn->chunks;
    fn->chunks = chunk;
    mem->iova.raw = chunk->frame << SXEN_PAGE_SHIFT;
    mem->cookie = (uintptr_t)chunk;
    return 0;
}

/* New pages of the process with what is in the buffer now, laid over the frames, which are unmapped so. */
static int exchange_back(struct sxen_fn *fn, const struct sxen_chunk *chunk)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    const struct sxen_door *door = sxen_door_of(fn);
    uint64_t length = chunk->pages * SXEN_PAGE;
    void *fresh = NULL;
    int err = sys->map(sys->ctx, &fresh, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (err != 0) {
        return -ENOMEM;
    }
    memcpy(fresh, chunk->va, length);
    err = door->move(door->ctx, fresh, length, chunk->va);
    if (err != 0) {
        sys->unmap(sys->ctx, fresh, length);
        return -ENOMEM;
    }
    return 0;
}

int sxen_op_dma_unmap(void *handle, const struct sriov_dma_mem *mem)
{
    struct sxen_fn *fn = handle;
    struct sxen_chunk **link = &fn->chunks;
    while (*link != NULL && (uintptr_t)*link != mem->cookie) {
        link = &(*link)->next;
    }
    struct sxen_chunk *chunk = *link;
    if (chunk == NULL || !chunk->caller || chunk->va != mem->va || mem->length != chunk->pages * SXEN_PAGE) {
        return -EINVAL;
    }
    int err = exchange_back(fn, chunk);
    if (err != 0) {
        return err;
    }
    chunk->va = NULL;
    chunk->caller = false;
    if (!atomic_load(&fn->dead)) {
        *link = chunk->next;
        (void)sxen_chunk_free(fn, chunk);
    }
    return 0;
}
