/* SPDX-License-Identifier: BSD-3-Clause */
/* IOVA spaces: one a group, shared by its functions, cut into slices when there are several. */
#include "skvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SLICES_MAX 64u
/* Slices begin on large-page borders where they are large enough. */
#define SLICE_ALIGN (UINT64_C(2) << 20)

int skvm_node_open(struct skvm *kvm, const char *path, struct skvm_why *why)
{
    const struct skvm_sys *sys = kvm->host.sys;
    int fd = sys->open(sys->ctx, path, O_RDWR);
    switch (fd) {
    case -EACCES:
    case -EPERM:
        skvm_why(why,
                 "%s may not be opened: run as root, or give this user read and write on it (udev, chown)",
                 path);
        return -EPERM;
    case -ENOENT:
    case -ENODEV:
    case -ENXIO:
        skvm_why(why,
                 "%s is missing or has no module behind it: modprobe vfio-pci; sriovctl doctor tells more",
                 path);
        return -EOPNOTSUPP;
    case -EBUSY:
        skvm_why(why, "%s is in use by another process: end that one first (fuser %s)", path, path);
        return -EBUSY;
    default:
        if (fd < 0) {
            skvm_why(why, "%s cannot be opened (errno %d)", path, -fd);
            return fd == -ENOMEM ? fd : fd == -EMFILE || fd == -ENFILE ? -ENOSPC : -EPERM;
        }
        return fd;
    }
}

static bool usable(const struct skvm *kvm, const char *path)
{
    const struct skvm_sys *sys = kvm->host.sys;
    return sys->access(sys->ctx, path, R_OK | W_OK) == 0;
}

static bool iommufd_usable(const struct skvm *kvm, const struct skvm_fn *fn)
{
    char path[SKVM_PATH_MAX];
    char cdev[SRIOV_NAME_MAX];
    snprintf(path, sizeof(path), "%s/iommu", kvm->host.dev);
    if (!usable(kvm, path) || skvm_cdev_name(&kvm->host, fn->info.name, cdev, sizeof(cdev)) != 0) {
        return false;
    }
    snprintf(path, sizeof(path), "%s/vfio/devices/%s", kvm->host.dev, cdev);
    return usable(kvm, path);
}

static bool group_usable(const struct skvm *kvm, const struct skvm_fn *fn)
{
    char path[SKVM_PATH_MAX];
    snprintf(path, sizeof(path), "%s/vfio/%d", kvm->host.dev, (int)fn->info.iommu_group);
    return usable(kvm, path);
}

static const struct skvm_backend *choose(const struct skvm *kvm, const struct skvm_fn *fn)
{
    if (fn->noiommu) {
        return &skvm_noiommu_backend;
    }
    if (kvm->host.backend == SRIOV_KVM_GROUP) {
        return &skvm_group_backend;
    }
    if (kvm->host.backend == SRIOV_KVM_IOMMUFD) {
        return &skvm_iommufd_backend;
    }
    /* iommufd takes a VF token only since Linux 6.17; the group always did. */
    if (!iommufd_usable(kvm, fn) || (fn->vf_token[0] != '\0' && group_usable(kvm, fn))) {
        return &skvm_group_backend;
    }
    return &skvm_iommufd_backend;
}

static struct skvm_space *find_space(struct skvm *kvm, const struct skvm_backend *backend, int32_t group)
{
    struct skvm_space *space = kvm->spaces;
    while (space != NULL && (space->group != group || space->backend != backend)) {
        space = space->next;
    }
    return space;
}

static int new_space(struct skvm *kvm, struct skvm_fn *fn, const struct skvm_backend *backend,
                     struct skvm_space **out, struct skvm_why *why)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct skvm_space *space = sys->alloc(sys->ctx, sizeof(*space), _Alignof(max_align_t));
    if (space == NULL) {
        skvm_why(why, "%s: out of memory", fn->info.name);
        return -ENOMEM;
    }
    uint32_t functions = skvm_group_functions(&kvm->host, fn->info.iommu_group);
    space->backend = backend;
    space->group = fn->info.iommu_group;
    space->slices = functions < SLICES_MAX ? functions : SLICES_MAX;
    space->iommu = -1;
    space->group_fd = -1;
    int err = backend->space_open(kvm, space, why);
    if (err != 0) {
        sys->free(sys->ctx, space);
        return err;
    }
    space->next = kvm->spaces;
    kvm->spaces = space;
    *out = space;
    return 0;
}

static int join_locked(struct skvm *kvm, struct skvm_fn *fn, struct skvm_why *why)
{
    const struct skvm_backend *backend = choose(kvm, fn);
    struct skvm_space *space = find_space(kvm, backend, fn->info.iommu_group);
    if (space == NULL) {
        int err = new_space(kvm, fn, backend, &space, why);
        if (err != 0) {
            return err;
        }
    }
    for (uint32_t slice = 0; slice < space->slices; slice++) {
        if ((space->slices_taken >> slice & 1) == 0) {
            space->slices_taken |= UINT64_C(1) << slice;
            space->users++;
            fn->slice = slice;
            fn->space = space;
            return 0;
        }
    }
    skvm_why(why, "%s: all %u shares of IOMMU group %d are in use: close another function of it",
             fn->info.name, (unsigned)space->slices, (int)space->group);
    return -EBUSY;
}

int skvm_space_join(struct skvm *kvm, struct skvm_fn *fn, struct skvm_why *why)
{
    pthread_mutex_lock(&kvm->lock);
    int err = join_locked(kvm, fn, why);
    pthread_mutex_unlock(&kvm->lock);
    return err;
}

void skvm_space_leave(struct skvm *kvm, struct skvm_fn *fn)
{
    struct skvm_space *space = fn->space;
    pthread_mutex_lock(&kvm->lock);
    space->slices_taken &= ~(UINT64_C(1) << fn->slice);
    space->users--;
    if (space->users == 0) {
        struct skvm_space **link = &kvm->spaces;
        while (*link != space) {
            link = &(*link)->next;
        }
        *link = space->next;
        space->backend->space_close(kvm, space);
        kvm->host.sys->free(kvm->host.sys->ctx, space);
    }
    fn->space = NULL;
    pthread_mutex_unlock(&kvm->lock);
}

/* Keeps part `slice` of `slices` of a range; false when nothing worth a mapping is left. */
static bool cut(struct sriov_dma_range *range, uint32_t slice, uint32_t slices, uint64_t granule)
{
    uint64_t part = (range->last - range->first) / slices;
    part &= ~((part >= SLICE_ALIGN ? SLICE_ALIGN : granule) - 1);
    if (part == 0) {
        return false;
    }
    range->first += part * slice;
    range->last = range->first + part - 1;
    return true;
}

int skvm_space_limits(struct skvm_fn *fn, struct sriov_dma_limits *limits)
{
    const struct skvm_space *space = fn->space;
    int err = space->backend->limits(fn->kvm, fn->space, limits);
    if (err != 0) {
        return err;
    }
    if (limits->granule == 0 || (limits->granule & (limits->granule - 1)) != 0) {
        return -EPROTO;
    }
    if (space->slices > 1 && (limits->flags & SRIOV_DMA_SHIM_IOVA) == 0) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < limits->num_ranges; i++) {
            struct sriov_dma_range range = limits->ranges[i];
            if (cut(&range, fn->slice, space->slices, limits->granule)) {
                limits->ranges[kept++] = range;
            }
        }
        limits->num_ranges = kept;
    }
    limits->bytes_left = skvm_lock_left(fn);
    return 0;
}
