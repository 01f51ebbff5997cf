/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Machine frames from Xen, in a row and mapped. Xen lends powers of two; what is more than was asked goes
 * back at once, in pieces that are powers of two again.
 */
#include "sxen.h"

#include <errno.h>
#include <string.h>

/* Xen's own limit for a domain with devices lies below; it then says that there is no memory. */
#define ORDER_MAX 18u

#define DOM0_REMEDY "leave Xen some memory: a smaller dom0_mem= at its boot, or end a domain (xl list)"
/* maxmem= alone does not: the toolstack lets a domain have its memory= and 1 MiB. */
#define DOMU_REMEDY                                                                                          \
    "in dom0 xl mem-max DOMAIN with some MiB more than memory=, or here a lower "                            \
    "/sys/devices/system/xen_memory/xen_memory0/target_kb"
#define LITTLE (UINT64_C(8) << 20)

static uint32_t order_for(uint64_t pages)
{
    uint32_t order = 0;
    while (order < ORDER_MAX + 1 && UINT64_C(1) << order < pages) {
        order++;
    }
    return order;
}

static uint32_t order_of_piece(uint64_t frame, uint64_t pages)
{
    uint32_t order = 0;
    while (order < ORDER_MAX && (frame & ((UINT64_C(2) << order) - 1)) == 0 &&
           UINT64_C(2) << order <= pages) {
        order++;
    }
    return order;
}

int sxen_frames_put(struct sxen_fn *fn, uint64_t frame, uint64_t pages)
{
    const struct sxen_door *door = sxen_door_of(fn);
    int result = 0;
    while (pages > 0) {
        uint32_t order = order_of_piece(frame, pages);
        int err = door->frames_put(door->ctx, fn->xen->xen, order, frame);
        if (err != 0) {
            sriov_log(fn->xen->base.vmm, SRIOV_LOG_ERROR,
                      "%s: Xen does not take back %llu KiB from frame 0x%llx (errno %d): lost to this domain "
                      "until it ends",
                      fn->info.name, 4ull << order, (unsigned long long)frame, -err);
            result = -EFAULT;
        }
        frame += UINT64_C(1) << order;
        pages -= UINT64_C(1) << order;
    }
    return result;
}

void sxen_frames_look(struct sxen_fn *fn)
{
    const struct sxen_door *door = sxen_door_of(fn);
    uint64_t frames = 0;
    int err = door->frames_left(door->ctx, fn->xen->xen, &frames);
    bool bounded = err == 0 && frames < UINT64_MAX / SXEN_PAGE;
    fn->left = bounded ? frames * SXEN_PAGE : UINT64_MAX;
}

void sxen_warn_little(struct sxen_fn *fn, uint64_t left)
{
    if (left >= LITTLE || fn->told_little) {
        return;
    }
    fn->told_little = true;
    sriov_log(fn->xen->base.vmm, SRIOV_LOG_WARN, "%s: Xen gives this domain %llu KiB more at most: %s",
              fn->info.name, (unsigned long long)(left / 1024),
              fn->xen->kind == SXEN_DOM0 ? DOM0_REMEDY : DOMU_REMEDY);
}

static void explain(const struct sxen_fn *fn, uint64_t pages, int err)
{
    bool dom0 = fn->xen->kind == SXEN_DOM0;
    sriov_log(fn->xen->base.vmm, SRIOV_LOG_ERROR,
              "%s: Xen has no %llu KiB in a row for this domain (errno %d): %s", fn->info.name,
              (unsigned long long)(pages * SXEN_PAGE / 1024), -err, dom0 ? DOM0_REMEDY : DOMU_REMEDY);
}

/* The most that helps first, then less: a heap in pieces may still have what is needed. */
static int frames_get(struct sxen_fn *fn, uint32_t want, uint32_t need, uint32_t *order, uint64_t *frame)
{
    const struct sxen_door *door = sxen_door_of(fn);
    int err = -ENOMEM;
    for (*order = want;; (*order)--) {
        err = door->frames_get(door->ctx, fn->xen->xen, *order, frame);
        if (err == 0 || *order == need) {
            return err;
        }
    }
}

static struct sxen_chunk *chunk_room(struct sxen_fn *fn, uint64_t pages)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    struct sxen_chunk *chunk =
        sys->alloc(sys->ctx, sizeof(*chunk) + (pages + 63) / 64 * sizeof(uint64_t), _Alignof(max_align_t));
    if (chunk != NULL) {
        chunk->pages = pages;
    }
    return chunk;
}

/* Frames that were got, put into a chunk of `pages`; what is beyond goes back. */
static int chunk_fill(struct sxen_fn *fn, uint64_t frame, uint64_t got, uint64_t pages,
                      struct sxen_chunk **out)
{
    const struct sxen_door *door = sxen_door_of(fn);
    const struct skvm_sys *sys = sxen_sys_of(fn);
    if (got > pages) {
        (void)sxen_frames_put(fn, frame + pages, got - pages);
    }
    int err = -ENOMEM;
    struct sxen_chunk *chunk = chunk_room(fn, pages);
    if (chunk != NULL) {
        chunk->frame = frame;
        sxen_note_frames(fn, frame, pages);
        err = door->frames_map(door->ctx, fn->xen->xen, frame, pages, &chunk->va);
    }
    if (err != 0) {
        sriov_log(fn->xen->base.vmm, SRIOV_LOG_ERROR, "%s: %llu KiB from Xen cannot be mapped (errno %d)",
                  fn->info.name, (unsigned long long)(pages * SXEN_PAGE / 1024), -err);
        if (chunk != NULL) {
            sxen_note_frames(fn, frame, 0);
            sys->free(sys->ctx, chunk);
        }
        (void)sxen_frames_put(fn, frame, pages);
        return -ENOMEM;
    }
    *out = chunk;
    return 0;
}

/* `pages` in 2^want frames, or fewer if need be; a chunk of at most `most` of them. */
static int chunk_get(struct sxen_fn *fn, uint64_t pages, uint32_t want, uint32_t need, uint64_t most,
                     struct sxen_chunk **out)
{
    uint32_t order = 0;
    uint64_t frame = 0;
    int err = need <= ORDER_MAX ? frames_get(fn, want > need ? want : need, need, &order, &frame) : -ENOMEM;
    if (err != 0) {
        explain(fn, pages, err);
        return err == -EPERM ? err : -ENOMEM;
    }
    uint64_t got = UINT64_C(1) << order;
    err = chunk_fill(fn, frame, got, got < most ? got : most, out);
    sxen_frames_look(fn);
    return err;
}

int sxen_chunk_new(struct sxen_fn *fn, uint64_t pages, uint64_t align_pages, struct sxen_chunk **out)
{
    uint64_t usual = fn->xen->chunk_bytes / SXEN_PAGE;
    uint32_t need = order_for(pages > align_pages ? pages : align_pages);
    return chunk_get(fn, pages, order_for(usual), need, pages > usual ? pages : usual, out);
}

int sxen_chunk_exact(struct sxen_fn *fn, uint64_t pages, struct sxen_chunk **out)
{
    uint32_t need = order_for(pages);
    return chunk_get(fn, pages, need, need, pages, out);
}

int sxen_chunk_free(struct sxen_fn *fn, struct sxen_chunk *chunk)
{
    const struct sxen_door *door = sxen_door_of(fn);
    const struct skvm_sys *sys = sxen_sys_of(fn);
    int err = 0;
    if (chunk->va != NULL) {
        err = door->frames_unmap(door->ctx, fn->xen->xen, chunk->va, chunk->pages);
    }
    if (err == 0 && !fn->keep_frames) {
        sxen_note_frames(fn, chunk->frame, 0);
        err = sxen_frames_put(fn, chunk->frame, chunk->pages);
    }
    sys->free(sys->ctx, chunk);
    sxen_frames_look(fn);
    return err != 0 ? -EFAULT : 0;
}
