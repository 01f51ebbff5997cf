/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BAR views, and kill. A view's address is exchanged out of its slot while somebody works on the
 * mapping, so that kill (any thread, any context, no lock) never maps over what unview gave back.
 */
#include "skvm.h"

#include <errno.h>
#include <linux/vfio.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ONES_LENGTH (UINT64_C(64) << 10)
#define INFO_ROOM   4096

union region_info {
    struct vfio_region_info info;
    unsigned char bytes[INFO_ROOM];
    uint64_t align;
};

/* Made before the first view, so that kill needs no memory of its own. */
static int ones_make(struct skvm_fn *fn)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    unsigned char page[4096];

    if (fn->ones >= 0) {
        return 0;
    }
    int fd = sys->memfd(sys->ctx, "sriov-ones");
    if (fd < 0) {
        return fd == -EMFILE || fd == -ENFILE ? -ENOSPC : -ENOMEM;
    }
    memset(page, 0xff, sizeof(page));
    for (uint64_t off = 0; off < ONES_LENGTH; off += sizeof(page)) {
        if (sys->pwrite(sys->ctx, fd, page, sizeof(page), off) != (int64_t)sizeof(page)) {
            sys->close(sys->ctx, fd);
            return -ENOMEM;
        }
    }
    fn->ones = fd;
    return 0;
}

/* Private pages of 0xff over [va, va + length). */
static void ones_cover(const struct skvm_fn *fn, unsigned char *va, uint64_t length)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    for (uint64_t off = 0; off < length; off += ONES_LENGTH) {
        void *at = va + off;
        uint64_t n = length - off < ONES_LENGTH ? length - off : ONES_LENGTH;
        (void)sys->map(sys->ctx, &at, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fn->ones, 0);
    }
}

/* The sparse areas of a region; how many, or 0 when the whole region may be mapped. */
static uint32_t sparse_areas(const union region_info *answer, struct vfio_region_sparse_mmap_area *areas,
                             uint32_t room)
{
    struct vfio_region_info_cap_sparse_mmap sparse;
    uint32_t length = answer->info.argsz < INFO_ROOM ? answer->info.argsz : INFO_ROOM;
    uint32_t off = (answer->info.flags & VFIO_REGION_INFO_FLAG_CAPS) != 0 ? answer->info.cap_offset : 0;
    uint32_t before = 0;

    while (off > before && off <= length && sizeof(sparse) <= length - off) {
        memcpy(&sparse, answer->bytes + off, sizeof(sparse));
        if (sparse.header.id == VFIO_REGION_INFO_CAP_SPARSE_MMAP) {
            uint32_t fit = (uint32_t)((length - off - sizeof(sparse)) / sizeof(*areas));
            uint32_t n = sparse.nr_areas < fit ? sparse.nr_areas : fit;
            n = n < room ? n : room;
            memcpy(areas, answer->bytes + off + sizeof(sparse), n * sizeof(*areas));
            return n;
        }
        before = off;
        off = sparse.header.next;
    }
    return 0;
}

#define AREAS_MAX 16u

static int region_areas(struct skvm_fn *fn, uint32_t bar, struct vfio_region_sparse_mmap_area *areas,
                        uint32_t *n)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    union region_info answer;
    memset(&answer, 0, sizeof(answer));
    answer.info.argsz = sizeof(answer);
    answer.info.index = VFIO_PCI_BAR0_REGION_INDEX + bar;
    int err = sys->ioctl(sys->ctx, fn->device, VFIO_DEVICE_GET_REGION_INFO, &answer);
    if (err < 0) {
        return skvm_device_error(fn, err);
    }
    *n = sparse_areas(&answer, areas, AREAS_MAX);
    return 0;
}

/* Zero pages for the whole BAR, then the parts that VFIO lets us have over them. */
static int map_areas(struct skvm_fn *fn, uint32_t bar, const struct vfio_region_sparse_mmap_area *areas,
                     uint32_t n, uint64_t length, void **va)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    int prot = PROT_READ | PROT_WRITE;
    int err = sys->map(sys->ctx, va, length, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (uint32_t i = 0; err == 0 && i < n; i++) {
        if (areas[i].size == 0) {
            continue;
        }
        if (areas[i].offset > length || areas[i].size > length - areas[i].offset) {
            err = -EPROTO;
            break;
        }
        void *at = (unsigned char *)*va + areas[i].offset;
        err = sys->map(sys->ctx, &at, areas[i].size, prot, MAP_SHARED | MAP_FIXED, fn->device,
                       fn->bars[bar].offset + areas[i].offset);
    }
    if (err != 0 && *va != NULL) {
        sys->unmap(sys->ctx, *va, length);
        *va = NULL;
    }
    return err;
}

static int map_bar(struct skvm_fn *fn, uint32_t bar, uint64_t length, void **va)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    struct vfio_region_sparse_mmap_area areas[AREAS_MAX];
    uint32_t n = 0;
    int err = region_areas(fn, bar, areas, &n);
    if (err != 0) {
        return err;
    }
    *va = NULL;
    if (n == 0) {
        err = sys->map(sys->ctx, va, length, PROT_READ | PROT_WRITE, MAP_SHARED, fn->device,
                       fn->bars[bar].offset);
    } else {
        err = map_areas(fn, bar, areas, n, length, va);
    }
    return err == 0 || err == -EPROTO ? err : skvm_device_error(fn, err);
}

int skvm_op_bar_view(void *handle, uint32_t bar, volatile void **out)
{
    struct skvm_fn *fn = handle;
    if (bar >= SKVM_BARS) {
        return -EINVAL;
    }
    struct skvm_view *view = &fn->views[bar];
    if (fn->bars[bar].length == 0 || (fn->bars[bar].flags & VFIO_REGION_INFO_FLAG_MMAP) == 0) {
        return -EOPNOTSUPP;
    }
    if (atomic_load(&fn->dead)) {
        return -ENODEV;
    }
    if (view->users == 0) {
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
        void *va = NULL;
        view->length = (fn->bars[bar].length + page - 1) & ~(page - 1);
        int err = ones_make(fn);
        err = err != 0 ? err : map_bar(fn, bar, view->length, &va);
        if (err != 0) {
            return err;
        }
        atomic_store(&view->va, va);
        /* A kill that came before the store did not see this view. */
        if (atomic_load(&fn->dead)) {
            skvm_op_kill(fn);
        }
    }
    view->users++;
    void *va;
    while ((va = atomic_load(&view->va)) == NULL) {
        sched_yield();
    }
    *out = va;
    return 0;
}

static void view_drop(struct skvm_fn *fn, struct skvm_view *view)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    void *va;
    /* Empty while in use: kill has it in hand for a moment. */
    while ((va = atomic_exchange(&view->va, NULL)) == NULL) {
        sched_yield();
    }
    view->users = 0;
    sys->unmap(sys->ctx, va, view->length);
}

void skvm_op_bar_unview(void *handle, uint32_t bar, volatile void *va)
{
    struct skvm_fn *fn = handle;
    (void)va;
    if (bar >= SKVM_BARS || fn->views[bar].users == 0) {
        return;
    }
    if (fn->views[bar].users == 1) {
        view_drop(fn, &fn->views[bar]);
    } else {
        fn->views[bar].users--;
    }
}

void skvm_op_kill(void *handle)
{
    struct skvm_fn *fn = handle;
    atomic_store(&fn->dead, true);
    for (uint32_t bar = 0; bar < SKVM_BARS; bar++) {
        void *va = atomic_exchange(&fn->views[bar].va, NULL);
        if (va != NULL) {
            ones_cover(fn, va, fn->views[bar].length);
            atomic_store(&fn->views[bar].va, va);
        }
    }
}

void skvm_views_drop(struct skvm_fn *fn)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    for (uint32_t bar = 0; bar < SKVM_BARS; bar++) {
        if (fn->views[bar].users != 0) {
            view_drop(fn, &fn->views[bar]);
        }
    }
    if (fn->ones >= 0) {
        sys->close(sys->ctx, fn->ones);
        fn->ones = -1;
    }
}
