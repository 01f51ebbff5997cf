/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BARs: mapped when the function is opened, and until it is closed, so that kill (any thread, any context,
 * no lock) never meets a mapping that comes or goes.
 */
#include "sxen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ONES_LENGTH (UINT64_C(64) << 10)

/* Flags of a line of sysfs' "resource", include/linux/ioport.h. */
#define RESOURCE_IO       0x100u
#define RESOURCE_MEM      0x200u
#define RESOURCE_PREFETCH 0x2000u
#define RESOURCE_64BIT    0x100000u

/* Made at open, so that kill needs no memory of its own. */
static int ones_make(struct sxen_fn *fn)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    unsigned char page[SXEN_PAGE];

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

/* "0xSTART 0xEND 0xFLAGS" */
static void parse_bar(struct sxen_bar *bar, const char *line)
{
    unsigned long long start = 0;
    unsigned long long last = 0;
    unsigned long long flags = 0;
    if (sscanf(line, "%llx %llx %llx", &start, &last, &flags) != 3 || last < start || flags == 0 ||
        last - start >= UINT64_C(1) << 40) {
        return;
    }
    bar->address = start;
    bar->length = last - start + 1;
    bar->map_length = (bar->length + (SXEN_PAGE - 1)) & ~(SXEN_PAGE - 1);
    if ((flags & RESOURCE_IO) != 0) {
        bar->flags = SRIOV_BAR_IO;
        return;
    }
    bar->flags |= (flags & RESOURCE_64BIT) != 0 ? SRIOV_BAR_64BIT : 0u;
    bar->flags |= (flags & RESOURCE_PREFETCH) != 0 ? SRIOV_BAR_PREFETCH : 0u;
}

static int read_resources(struct sxen_fn *fn)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    char path[SKVM_PATH_MAX];
    char text[2048];
    skvm_dev_path(&fn->xen->base.host, path, fn->info.name, "resource");
    int fd = sys->open(sys->ctx, path, O_RDONLY);
    if (fd < 0) {
        return fd;
    }
    int64_t n = sys->read(sys->ctx, fd, text, sizeof(text) - 1);
    sys->close(sys->ctx, fd);
    if (n < 0) {
        return (int)n;
    }
    text[n] = '\0';
    const char *line = text;
    for (uint32_t i = 0; i < SKVM_BARS && line != NULL; i++) {
        parse_bar(&fn->bars[i], line);
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return 0;
}

/* A BAR inside a page would show its neighbours: no pointer to it. */
static int map_bar(struct sxen_fn *fn, uint32_t index)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    struct sxen_bar *bar = &fn->bars[index];
    char path[SKVM_PATH_MAX];
    char leaf[16];
    if (bar->length == 0 || (bar->flags & SRIOV_BAR_IO) != 0 || (bar->address & (SXEN_PAGE - 1)) != 0) {
        return 0;
    }
    snprintf(leaf, sizeof(leaf), "resource%u", (unsigned)index);
    skvm_dev_path(&fn->xen->base.host, path, fn->info.name, leaf);
    int fd = sys->open(sys->ctx, path, O_RDWR);
    if (fd < 0) {
        return fd;
    }
    void *va = NULL;
    int err = sys->map(sys->ctx, &va, bar->map_length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    sys->close(sys->ctx, fd);
    if (err == 0) {
        bar->va = va;
        bar->flags |= SRIOV_BAR_VIEWABLE;
    }
    return err;
}

int sxen_bars_init(struct sxen_fn *fn, struct skvm_why *why)
{
    int err = read_resources(fn);
    for (uint32_t i = 0; err == 0 && i < SKVM_BARS; i++) {
        err = map_bar(fn, i);
    }
    if (err == -EINVAL || err == -EBUSY) {
        skvm_why(why,
                 "%s: its BARs cannot be mapped: a driver took it meanwhile, or the kernel was built with "
                 "IO_STRICT_DEVMEM",
                 fn->info.name);
        err = -EBUSY;
    } else if (err != 0) {
        skvm_why(why, "%s: its BARs cannot be mapped (errno %d): run as root", fn->info.name, -err);
        err = err == -ENOMEM || err == -ENODEV ? err : -EPERM;
    }
    err = err != 0 ? err : ones_make(fn);
    if (err != 0) {
        sxen_bars_drop(fn);
    }
    return err;
}

void sxen_bars_drop(struct sxen_fn *fn)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    for (uint32_t i = 0; i < SKVM_BARS; i++) {
        if (fn->bars[i].va != NULL) {
            sys->unmap(sys->ctx, fn->bars[i].va, fn->bars[i].map_length);
            fn->bars[i].va = NULL;
        }
    }
    if (fn->ones >= 0) {
        sys->close(sys->ctx, fn->ones);
        fn->ones = -1;
    }
}

int sxen_op_bar_view(void *handle, uint32_t bar, volatile void **view)
{
    struct sxen_fn *fn = handle;
    if (bar >= SKVM_BARS) {
        return -EINVAL;
    }
    if (fn->bars[bar].va == NULL) {
        return -EOPNOTSUPP;
    }
    if (atomic_load(&fn->dead)) {
        return -ENODEV;
    }
    *view = fn->bars[bar].va;
    return 0;
}

/* The mapping stays until close. */
void sxen_op_bar_unview(void *handle, uint32_t bar, volatile void *view)
{
    (void)handle;
    (void)bar;
    (void)view;
}

/* Private pages of 0xff over [va, va + length). */
static void ones_cover(const struct sxen_fn *fn, unsigned char *va, uint64_t length)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    for (uint64_t off = 0; off < length; off += ONES_LENGTH) {
        void *at = va + off;
        uint64_t n = length - off < ONES_LENGTH ? length - off : ONES_LENGTH;
        (void)sys->map(sys->ctx, &at, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fn->ones, 0);
    }
}

void sxen_op_kill(void *handle)
{
    struct sxen_fn *fn = handle;
    if (atomic_exchange(&fn->dead, true)) {
        return;
    }
    for (uint32_t bar = 0; bar < SKVM_BARS; bar++) {
        if (fn->bars[bar].va != NULL) {
            ones_cover(fn, fn->bars[bar].va, fn->bars[bar].map_length);
        }
    }
}
