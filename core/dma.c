/* SPDX-License-Identifier: BSD-3-Clause */
/* DMA memory: limits checked, IOVA chosen, shim asked, ledger kept. */
#include "ledger.h"

#include <sriov/dma.h>

static bool ranges_ok(const struct sriov_dma_limits *limits)
{
    for (uint32_t i = 0; i < limits->num_ranges; i++) {
        const struct sriov_dma_range *range = &limits->ranges[i];

        if (range->first > range->last || (i > 0 && range->first <= limits->ranges[i - 1].last)) {
            return false;
        }
    }
    return true;
}

int sriov_dma_limits(struct sriov_fn *fn, struct sriov_dma_limits *limits)
{
    int rc;

    memset(limits, 0, sizeof(*limits));
    limits->size = sizeof(*limits);
    rc = sric_fn_saw(fn, sric_ops(fn)->dma_limits(fn->handle, limits));
    if (rc != 0) {
        return rc;
    }
    /* A flag that we do not know would mean an answer that we misread. */
    if ((limits->flags & ~SRIOV_DMA_SHIM_IOVA) != 0 || limits->reserved0 != 0) {
        return -EPROTO;
    }
    if (!sric_is_pow2(limits->granule) || limits->num_ranges > SRIOV_DMA_RANGES_MAX || !ranges_ok(limits)) {
        return -EPROTO;
    }
    return 0;
}

/* A request on its way into the ledger. */
struct request {
    struct sric_map map;
    struct sriov_dma_limits limits;
    uint32_t at; /* where its span goes */
    bool fixed;  /* the caller chose the IOVA */
};

static int check_budget(const struct request *r)
{
    return r->limits.maps_left == 0 || r->limits.bytes_left < r->map.mem.length ? -ENOSPC : 0;
}

static int choose_iova(struct sriov_fn *fn, struct request *r)
{
    struct sriov_dma_mem *mem = &r->map.mem;

    if ((r->limits.flags & SRIOV_DMA_SHIM_IOVA) != 0) {
        return 0;
    }
    r->map.spanned = true;
    if (r->fixed) {
        return sric_iova_place(&fn->iova, r->limits.ranges, r->limits.num_ranges, mem->iova.raw, mem->length,
                               &r->at);
    }
    return sric_iova_find(&fn->iova, r->limits.ranges, r->limits.num_ranges, mem->length, mem->align,
                          &mem->iova.raw, &r->at);
}

static int ask_shim(struct sriov_fn *fn, struct request *r)
{
    const struct sriov_vmm_ops *ops = sric_ops(fn);
    uint64_t asked = r->map.mem.iova.raw;
    int rc;

    rc = r->map.kind == SRIC_MAP_ALLOC ? ops->dma_alloc(fn->handle, &r->map.mem)
                                       : ops->dma_map(fn->handle, &r->map.mem);
    if (r->map.spanned) {
        r->map.mem.iova.raw = asked;
    }
    return sric_fn_saw(fn, rc);
}

static int give_back(struct sriov_fn *fn, const struct sric_map *map)
{
    const struct sriov_vmm_ops *ops = &fn->vmm->ops;

    return map->kind == SRIC_MAP_ALLOC ? ops->dma_free(fn->handle, &map->mem)
                                       : ops->dma_unmap(fn->handle, &map->mem);
}

/* A shim that dictates IOVAs still owes the alignment. */
static int check_answer(struct sriov_fn *fn, const struct request *r)
{
    const struct sriov_dma_mem *mem = &r->map.mem;

    if (mem->va != NULL && (mem->iova.raw & (mem->align - 1)) == 0 &&
        mem->length - 1 <= UINT64_MAX - mem->iova.raw) {
        return 0;
    }
    (void)give_back(fn, &r->map);
    return -EFAULT;
}

static int enter(struct sriov_fn *fn, struct request *r, struct sriov_dma *dma)
{
    const struct sriov_dma_mem *mem = &r->map.mem;
    int rc = check_budget(r);

    if (rc == 0) {
        rc = sric_ledger_reserve(fn);
    }
    if (rc == 0) {
        rc = choose_iova(fn, r);
    }
    if (rc == 0) {
        rc = ask_shim(fn, r);
    }
    if (rc == 0) {
        rc = check_answer(fn, r);
    }
    if (rc != 0) {
        return rc;
    }
    if (r->map.spanned) {
        sric_iova_insert(&fn->iova, r->at, mem->iova.raw, mem->length);
    }
    dma->va = mem->va;
    dma->iova = mem->iova;
    dma->length = mem->length;
    dma->dir = mem->dir;
    dma->slot = sric_ledger_add(fn, &r->map);
    return 0;
}

static int prepare(struct sriov_fn *fn, struct request *r, enum sric_map_kind kind, const char *owner,
                   enum sriov_dma_dir dir)
{
    memset(r, 0, sizeof(*r));
    if (owner == NULL || dir < SRIOV_DMA_DEVICE_READS || dir > SRIOV_DMA_BOTH) {
        return -EINVAL;
    }
    r->map.kind = kind;
    r->map.owner = owner;
    r->map.mem.size = sizeof(r->map.mem);
    r->map.mem.dir = (uint32_t)dir;
    return sriov_dma_limits(fn, &r->limits);
}

int sriov_dma_alloc(struct sriov_fn *fn, const char *owner, uint64_t length, uint64_t align,
                    enum sriov_dma_dir dir, struct sriov_dma *dma)
{
    struct request r;
    uint64_t granule;
    int rc;

    if (fn == NULL || dma == NULL) {
        return -EINVAL;
    }
    memset(dma, 0, sizeof(*dma));
    if (length == 0 || !sric_is_pow2(align)) {
        return -EINVAL;
    }
    rc = prepare(fn, &r, SRIC_MAP_ALLOC, owner, dir);
    if (rc != 0) {
        return rc;
    }
    granule = r.limits.granule;
    if (length > UINT64_MAX - (granule - 1)) {
        return -ENOSPC;
    }
    r.map.mem.length = (length + granule - 1) & ~(granule - 1);
    r.map.mem.align = align > granule ? align : granule;
    return enter(fn, &r, dma);
}

int sriov_dma_map(struct sriov_fn *fn, const char *owner, void *va, uint64_t length, enum sriov_dma_dir dir,
                  struct sriov_dma *dma)
{
    struct request r;
    int rc;

    if (fn == NULL || dma == NULL) {
        return -EINVAL;
    }
    memset(dma, 0, sizeof(*dma));
    if (sriov_fn_gone(fn)) {
        return -ENODEV;
    }
    if (!sriov_fn_can(fn, SRIOV_CAP_DMA_MAP)) {
        return -EOPNOTSUPP;
    }
    if (va == NULL || length == 0) {
        return -EINVAL;
    }
    rc = prepare(fn, &r, SRIC_MAP_CALLER, owner, dir);
    if (rc != 0) {
        return rc;
    }
    if (((uint64_t)(uintptr_t)va & (r.limits.granule - 1)) != 0 || (length & (r.limits.granule - 1)) != 0) {
        return -EINVAL;
    }
    r.map.mem.va = va;
    r.map.mem.length = length;
    r.map.mem.align = r.limits.granule;
    return enter(fn, &r, dma);
}

static int check_map_at(const struct request *r, const void *va, sriov_iova_t iova, uint64_t length)
{
    uint64_t below = r->limits.granule - 1;

    if ((r->limits.flags & SRIOV_DMA_SHIM_IOVA) != 0) {
        return -EOPNOTSUPP;
    }
    return (((uint64_t)(uintptr_t)va | iova.raw | length) & below) != 0 ? -EINVAL : 0;
}

int sriov_dma_map_at(struct sriov_fn *fn, const char *owner, void *va, uint64_t length,
                     enum sriov_dma_dir dir, sriov_iova_t iova, struct sriov_dma *dma)
{
    struct request r;
    int rc;

    if (fn == NULL || dma == NULL) {
        return -EINVAL;
    }
    memset(dma, 0, sizeof(*dma));
    if (sriov_fn_gone(fn)) {
        return -ENODEV;
    }
    if (!sriov_fn_can(fn, SRIOV_CAP_DMA_MAP)) {
        return -EOPNOTSUPP;
    }
    if (va == NULL || length == 0) {
        return -EINVAL;
    }
    rc = prepare(fn, &r, SRIC_MAP_CALLER, owner, dir);
    if (rc == 0) {
        rc = check_map_at(&r, va, iova, length);
    }
    if (rc != 0) {
        return rc;
    }
    r.fixed = true;
    r.map.mem.flags = SRIOV_DMA_MEM_PIECE;
    r.map.mem.va = va;
    r.map.mem.iova = iova;
    r.map.mem.length = length;
    r.map.mem.align = r.limits.granule;
    return enter(fn, &r, dma);
}

int sric_dma_map_at(struct sriov_fn *fn, const char *owner, void *va, sriov_iova_t iova, uint64_t length,
                    enum sriov_dma_dir dir)
{
    struct sriov_dma handle; /* known by its IOVA instead */

    return sriov_dma_map_at(fn, owner, va, length, dir, iova, &handle);
}

bool sric_dma_is_at(struct sriov_fn *fn, sriov_iova_t iova)
{
    return sric_ledger_find_at(fn, iova) != NULL;
}

int sric_dma_unmap_at(struct sriov_fn *fn, sriov_iova_t iova)
{
    struct sric_map *map = sric_ledger_find_at(fn, iova);
    int rc = map != NULL ? give_back(fn, map) : -ENOENT;

    if (rc == 0) {
        sric_ledger_remove(fn, map);
    }
    return rc;
}

int sric_dma_abandon_at(struct sriov_fn *fn, sriov_iova_t iova)
{
    struct sric_map *map = sric_ledger_find_at(fn, iova);
    int rc = sric_dma_unmap_at(fn, iova);

    if (rc != 0 && map != NULL) {
        sriov_log(fn->vmm, SRIOV_LOG_WARN, "%s: the shim did not take back %s: errno %d", fn->info.name,
                  map->owner, -rc);
        map->owner = "memory of a machine"; /* the machine's own name may be gone by then */
        map->given_back = true;
    }
    return rc;
}

/*
 * When the shim refuses, the device may still reach the memory: the entry stays, so that its IOVA
 * is not handed out again, and close tries once more.
 */
static int leave(struct sriov_fn *fn, struct sriov_dma *dma, enum sric_map_kind kind)
{
    struct sric_map *map;
    int rc = -EINVAL;

    if (fn == NULL || dma == NULL) {
        return rc;
    }
    map = sric_ledger_find(fn, dma, kind);
    if (map != NULL) {
        rc = give_back(fn, map);
        if (rc == 0) {
            sric_ledger_remove(fn, map);
        } else {
            map->given_back = true;
            sriov_log(fn->vmm, SRIOV_LOG_WARN, "%s: the shim did not take back %s: errno %d", fn->info.name,
                      map->owner, -rc);
        }
    }
    memset(dma, 0, sizeof(*dma));
    return rc;
}

int sriov_dma_free(struct sriov_fn *fn, struct sriov_dma *dma)
{
    return leave(fn, dma, SRIC_MAP_ALLOC);
}

int sriov_dma_unmap(struct sriov_fn *fn, struct sriov_dma *dma)
{
    return leave(fn, dma, SRIC_MAP_CALLER);
}

int sriov_dma_usage(struct sriov_fn *fn, struct sriov_dma_usage *usage)
{
    struct sriov_dma_usage now = {
        .size = sizeof(now), .mappings = fn->ledger.live, .bytes = fn->ledger.bytes};

    return sric_result_give(usage, &now, sizeof(now));
}

static struct sriov_leak as_leak(const struct sric_map *map)
{
    struct sriov_leak leak = {map->owner, map->mem.iova, map->mem.length, (enum sriov_dma_dir)map->mem.dir};

    return leak;
}

void sriov_dma_each(struct sriov_fn *fn, void (*cb)(void *arg, const struct sriov_leak *entry), void *arg)
{
    for (uint32_t i = 0; i < fn->ledger.room; i++) {
        if (fn->ledger.maps[i].kind != SRIC_MAP_NONE) {
            struct sriov_leak entry = as_leak(&fn->ledger.maps[i]);

            cb(arg, &entry);
        }
    }
}

static void report(struct sriov_fn *fn, const struct sric_map *map)
{
    struct sriov_leak leak = as_leak(map);

    sriov_log(fn->vmm, SRIOV_LOG_WARN, "%s: leaked mapping: %s, iova 0x%llx, %llu bytes", fn->info.name,
              leak.owner, (unsigned long long)leak.iova.raw, (unsigned long long)leak.length);
    if (fn->opts.on_leak != NULL) {
        fn->opts.on_leak(fn->opts.arg, &leak);
    }
}

int sric_dma_close(struct sriov_fn *fn)
{
    int leaks = 0;

    for (uint32_t i = 0; i < fn->ledger.room; i++) {
        struct sric_map *map = &fn->ledger.maps[i];
        int rc;

        if (map->kind == SRIC_MAP_NONE) {
            continue;
        }
        if (!map->given_back) {
            report(fn, map);
            leaks++;
        }
        rc = give_back(fn, map);
        if (rc != 0) {
            sriov_log(fn->vmm, SRIOV_LOG_ERROR, "%s: the shim keeps %s: errno %d", fn->info.name, map->owner,
                      -rc);
        }
    }
    sric_ledger_release(fn);
    return leaks;
}
