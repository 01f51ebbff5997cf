/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a function's device wrote, by page: the shim tells, where it can. Where it cannot, what counts is what
 * the device was given to write to, and that is all of it every time: an estimate must never be too small.
 */
#include "mig.h"

#define WORD_BITS 64u

int sriov_mig_dirty_start(struct sriov_fn *fn, bool *exact)
{
    int rc = fn == NULL ? -EINVAL : sriov_fn_gone(fn) ? -ENODEV : 0;

    if (rc == 0 && fn->dirty != SRIC_DIRTY_OFF) {
        rc = -EBUSY;
    }
    if (rc != 0) {
        return rc;
    }
    rc = sric_fn_saw(fn, sric_ops(fn)->dma_dirty_start(fn->handle));
    if (rc == 0) {
        fn->dirty = SRIC_DIRTY_SHIM;
    } else if (rc == -EOPNOTSUPP) {
        fn->dirty = SRIC_DIRTY_ACCOUNT;
        rc = 0;
    }
    if (exact != NULL) {
        *exact = fn->dirty == SRIC_DIRTY_SHIM;
    }
    return rc;
}

/* The shim itself is asked, also of a function that is gone: what it wrote, it wrote. */
int sriov_mig_dirty_stop(struct sriov_fn *fn)
{
    int rc = 0;

    if (fn == NULL || fn->dirty == SRIC_DIRTY_OFF) {
        return -EINVAL;
    }
    if (fn->dirty == SRIC_DIRTY_SHIM) {
        rc = fn->vmm->ops.dma_dirty_stop(fn->handle);
    }
    fn->dirty = SRIC_DIRTY_OFF;
    return rc;
}

static void mark(uint64_t *bitmap, uint64_t first_page, uint64_t last_page)
{
    for (uint64_t page = first_page; page <= last_page; page++) {
        bitmap[page / WORD_BITS] |= UINT64_C(1) << page % WORD_BITS;
    }
}

/* All that the device may write within the range. */
static void account(const struct sriov_fn *fn, uint64_t first, uint64_t length, uint64_t *bitmap)
{
    uint64_t last = first + (length - 1);

    for (uint32_t i = 0; i < fn->ledger.room; i++) {
        const struct sric_map *map = &fn->ledger.maps[i];
        uint64_t from = map->mem.iova.raw;
        uint64_t to = from + (map->mem.length - 1);

        if (map->kind == SRIC_MAP_NONE || (map->mem.dir & SRIOV_DMA_DEVICE_WRITES) == 0) {
            continue;
        }
        from = from > first ? from : first;
        to = to < last ? to : last;
        if (from <= to) {
            mark(bitmap, (from - first) / SRIOV_VM_PAGE, (to - first) / SRIOV_VM_PAGE);
        }
    }
}

int sriov_mig_dirty_read(struct sriov_fn *fn, sriov_iova_t iova, uint64_t length, uint64_t *bitmap)
{
    uint64_t words;

    if (fn == NULL || bitmap == NULL || fn->dirty == SRIC_DIRTY_OFF || length == 0 ||
        ((iova.raw | length) & (SRIOV_VM_PAGE - 1)) != 0 || length - 1 > UINT64_MAX - iova.raw) {
        return -EINVAL;
    }
    words = (length / SRIOV_VM_PAGE + WORD_BITS - 1) / WORD_BITS;
    memset(bitmap, 0, (size_t)(words * sizeof(*bitmap)));
    if (fn->dirty == SRIC_DIRTY_ACCOUNT) {
        account(fn, iova.raw, length, bitmap);
        return 0;
    }
    return fn->vmm->ops.dma_dirty_read(fn->handle, iova.raw, length, bitmap);
}
