/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BAR views, where the server shares a region, and kill. A view's address is exchanged out of its slot
 * while somebody works on the mapping, so that kill (any thread, any context, no lock) never maps over
 * what unview gave back.
 */
#include "vfuc.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ONES_LENGTH (UINT64_C(64) << 10)

bool vfuc_view_safe(int fd, uint64_t offset, uint64_t length)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat(fd, &st) != 0 || st.st_size < 0) {
        return false;
    }
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t whole = (uint64_t)st.st_size;
    return length != 0 && length % page == 0 && offset % page == 0 && offset <= whole &&
           length <= whole - offset;
}

/* Made before the first view, so that kill needs no memory of its own. */
static int ones_make(struct vfuc_fn *fn)
{
    unsigned char page[4096];
    if (fn->ones >= 0) {
        return 0;
    }
    int fd = memfd_create("sriov-ones", MFD_CLOEXEC);
    if (fd < 0) {
        return errno == EMFILE || errno == ENFILE ? -ENOSPC : -ENOMEM;
    }
    memset(page, 0xff, sizeof(page));
    for (uint64_t off = 0; off < ONES_LENGTH; off += sizeof(page)) {
        if (pwrite(fd, page, sizeof(page), (off_t)off) != (ssize_t)sizeof(page)) {
            close(fd);
            return -ENOMEM;
        }
    }
    fn->ones = fd;
    return 0;
}

/* Private pages of 0xff over [va, va + length). */
static void ones_cover(const struct vfuc_fn *fn, unsigned char *va, uint64_t length)
{
    for (uint64_t off = 0; off < length; off += ONES_LENGTH) {
        uint64_t n = length - off < ONES_LENGTH ? length - off : ONES_LENGTH;
        (void)mmap(va + off, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fn->ones, 0);
    }
}

static int view_make(struct vfuc_fn *fn, uint32_t bar)
{
    const struct vfuc_region *region = &fn->bars[bar];
    struct vfuc_view *view = &fn->views[bar];
    int err = ones_make(fn);
    if (err != 0) {
        return err;
    }
    void *va =
        mmap(NULL, region->length, PROT_READ | PROT_WRITE, MAP_SHARED, region->fd, (off_t)region->offset);
    if (va == MAP_FAILED) {
        return -ENOMEM;
    }
    view->length = region->length;
    atomic_store(&view->va, va);
    /* A kill that came before the store did not see this view. */
    if (atomic_load(&fn->conn.dead)) {
        vfuc_views_kill(fn);
    }
    return 0;
}

int vfuc_op_bar_view(void *handle, uint32_t bar, volatile void **out)
{
    struct vfuc_fn *fn = handle;
    if (bar >= VFUC_BARS) {
        return -EINVAL;
    }
    if (fn->bars[bar].fd < 0) {
        return -EOPNOTSUPP;
    }
    if (atomic_load(&fn->conn.dead) || atomic_load(&fn->conn.gone)) {
        return -ENODEV;
    }
    int err = fn->views[bar].users == 0 ? view_make(fn, bar) : 0;
    if (err != 0) {
        return err;
    }
    fn->views[bar].users++;
    void *va;
    while ((va = atomic_load(&fn->views[bar].va)) == NULL) {
        sched_yield();
    }
    *out = va;
    return 0;
}

static void view_drop(struct vfuc_view *view)
{
    void *va;
    /* Empty while in use: kill has it in hand for a moment. */
    while ((va = atomic_exchange(&view->va, NULL)) == NULL) {
        sched_yield();
    }
    view->users = 0;
    munmap(va, view->length);
}

void vfuc_op_bar_unview(void *handle, uint32_t bar, volatile void *va)
{
    struct vfuc_fn *fn = handle;
    (void)va;
    if (bar >= VFUC_BARS || fn->views[bar].users == 0) {
        return;
    }
    if (fn->views[bar].users == 1) {
        view_drop(&fn->views[bar]);
    } else {
        fn->views[bar].users--;
    }
}

void vfuc_views_kill(struct vfuc_fn *fn)
{
    for (uint32_t bar = 0; bar < VFUC_BARS; bar++) {
        void *va = atomic_exchange(&fn->views[bar].va, NULL);
        if (va != NULL) {
            ones_cover(fn, va, fn->views[bar].length);
            atomic_store(&fn->views[bar].va, va);
        }
    }
}

void vfuc_views_drop(struct vfuc_fn *fn)
{
    for (uint32_t bar = 0; bar < VFUC_BARS; bar++) {
        if (fn->views[bar].users != 0) {
            view_drop(&fn->views[bar]);
        }
    }
    if (fn->ones >= 0) {
        close(fn->ones);
        fn->ones = -1;
    }
}
