/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a device writes to memory, as it tells itself, where it can, or as the IOMMU saw it. Where the IOMMU
 * cannot tell single pages, VFIO calls all that is pinned dirty: more than was written, never less. Answers
 * are kept beside each mapping until they are asked for, since type 1 tells of whole mappings only.
 */
#include "skvm.h"

#include <errno.h>

#define WORD_BITS 64u

static uint64_t words_of(uint64_t pages)
{
    return (pages + WORD_BITS - 1) / WORD_BITS;
}

static int log_error(struct skvm_fn *fn, int err)
{
    switch (err) {
    case -ENOTTY:
    case -EINVAL: /* an IOMMU or a kernel that has no such log */
        return -EOPNOTSUPP;
    case -ENOMEM:
    case -EOPNOTSUPP:
        return err;
    default:
        return skvm_device_error(fn, err);
    }
}

int skvm_op_dma_dirty_start(void *handle)
{
    struct skvm_fn *fn = handle;
    struct skvm_space *space = fn->space;
    int err = 0;
    if (fn->dirty) {
        return -EBUSY;
    }
    /* One that will not log all of its space leaves it to the IOMMU. */
    fn->own_dirty = fn->own_log && skvm_own_log_start(fn) == 0;
    if (fn->own_dirty) {
        fn->dirty = true;
        return 0;
    }
    if (space->backend->dirty_set == NULL || fn->granule < SRIOV_VM_PAGE) {
        return -EOPNOTSUPP;
    }
    pthread_mutex_lock(&fn->kvm->lock);
    if (space->dirty_users == 0) {
        err = space->backend->dirty_set(fn->kvm, space, true);
    }
    space->dirty_users += err == 0 ? 1 : 0;
    pthread_mutex_unlock(&fn->kvm->lock);
    fn->dirty = err == 0;
    return err == 0 ? 0 : log_error(fn, err);
}

int skvm_op_dma_dirty_stop(void *handle)
{
    struct skvm_fn *fn = handle;
    const struct skvm_sys *sys = skvm_sys_of(fn);
    struct skvm_space *space = fn->space;
    int err = 0;
    if (!fn->dirty) {
        return -EINVAL;
    }
    if (fn->own_dirty) {
        fn->dirty = false;
        fn->own_dirty = false;
        err = skvm_own_log_stop(fn);
        return err == 0 ? 0 : log_error(fn, err);
    }
    pthread_mutex_lock(&fn->kvm->lock);
    space->dirty_users--;
    if (space->dirty_users == 0) {
        err = space->backend->dirty_set(fn->kvm, space, false);
    }
    pthread_mutex_unlock(&fn->kvm->lock);
    fn->dirty = false;
    for (struct skvm_map *map = fn->maps; map != NULL; map = map->next) {
        if (map->kept != NULL) {
            sys->free(sys->ctx, map->kept);
        }
        map->kept = NULL;
    }
    return err == 0 ? 0 : log_error(fn, err);
}

/* ---- reading ---- */

/* Pages first to first + n - 1 of a mapping; `kept` has a bit for each. */
struct span {
    uint64_t first;
    uint64_t n;
};

static bool span_of(const struct skvm_map *map, uint64_t iova, uint64_t length, struct span *span)
{
    uint64_t map_last = map->iova + (map->length - 1);
    uint64_t last = iova + (length - 1) < map_last ? iova + (length - 1) : map_last;
    uint64_t begin = iova > map->iova ? iova : map->iova;
    if (begin > last) {
        return false;
    }
    span->first = (begin - map->iova) / SRIOV_VM_PAGE;
    span->n = (last - begin) / SRIOV_VM_PAGE + 1;
    return true;
}

/* The span in whole granules, or all of the mapping where that is the way to ask. */
static struct span ask_for(const struct skvm_fn *fn, const struct skvm_map *map, struct span span)
{
    uint64_t pages = fn->granule / SRIOV_VM_PAGE;
    uint64_t end = (span.first + span.n + pages - 1) / pages;
    struct span whole = {0, map->length / fn->granule};
    struct span part = {span.first / pages, end - span.first / pages};
    return fn->space->backend->dirty_whole ? whole : part;
}

/* A granule of the answer is several pages where the IOMMU has large ones only. */
static void keep(const struct skvm_fn *fn, struct skvm_map *map, struct span granules, const uint64_t *bits)
{
    uint64_t pages = fn->granule / SRIOV_VM_PAGE;
    for (uint64_t i = 0; i < granules.n; i++) {
        if ((bits[i / WORD_BITS] >> i % WORD_BITS & 1) == 0) {
            continue;
        }
        for (uint64_t page = (granules.first + i) * pages; page < (granules.first + i + 1) * pages; page++) {
            map->kept[page / WORD_BITS] |= UINT64_C(1) << page % WORD_BITS;
        }
    }
}

static int fetch(struct skvm_fn *fn, struct skvm_map *map, struct span span)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    struct span granules = ask_for(fn, map, span);
    size_t bytes = words_of(granules.n) * sizeof(uint64_t);
    uint64_t *bits = sys->alloc(sys->ctx, bytes, sizeof(uint64_t));
    if (bits == NULL) {
        return -ENOMEM;
    }
    int err = fn->space->backend->dirty_get(fn->kvm, fn->space, map->iova + granules.first * fn->granule,
                                            granules.n * fn->granule, fn->granule, bits, bytes);
    if (err == 0) {
        keep(fn, map, granules, bits);
    }
    sys->free(sys->ctx, bits);
    return err == 0 || err == -ENOMEM ? err : skvm_device_error(fn, err);
}

/* Pages of the span are pages `to` and following of the answer. */
static void hand_out(struct skvm_map *map, struct span span, uint64_t *bitmap, uint64_t to)
{
    for (uint64_t i = 0; i < span.n; i++) {
        uint64_t *word = &map->kept[(span.first + i) / WORD_BITS];
        uint64_t bit = UINT64_C(1) << (span.first + i) % WORD_BITS;
        if ((*word & bit) != 0) {
            *word &= ~bit;
            bitmap[(to + i) / WORD_BITS] |= UINT64_C(1) << (to + i) % WORD_BITS;
        }
    }
}

static int read_map(struct skvm_fn *fn, struct skvm_map *map, uint64_t iova, uint64_t length,
                    uint64_t *bitmap)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    struct span span;
    if (!map->mapped || !span_of(map, iova, length, &span)) {
        return 0;
    }
    if (map->kept == NULL) {
        map->kept =
            sys->alloc(sys->ctx, words_of(map->length / SRIOV_VM_PAGE) * sizeof(uint64_t), sizeof(uint64_t));
    }
    int err = map->kept != NULL ? fetch(fn, map, span) : -ENOMEM;
    if (err == 0) {
        hand_out(map, span, bitmap, (map->iova + span.first * SRIOV_VM_PAGE - iova) / SRIOV_VM_PAGE);
    }
    return err;
}

int skvm_op_dma_dirty_read(void *handle, uint64_t iova, uint64_t length, uint64_t *bitmap)
{
    struct skvm_fn *fn = handle;
    int err = 0;
    if (!fn->dirty || length == 0 || (iova | length) % SRIOV_VM_PAGE != 0 || length - 1 > UINT64_MAX - iova) {
        return -EINVAL;
    }
    if (fn->own_dirty) {
        err = skvm_own_log_read(fn, iova, length, bitmap);
        return err == 0 ? 0 : log_error(fn, err);
    }
    for (struct skvm_map *map = fn->maps; err == 0 && map != NULL; map = map->next) {
        err = read_map(fn, map, iova, length, bitmap);
    }
    return err;
}
