/* SPDX-License-Identifier: BSD-3-Clause */
/* VFIO by the function's own character device and iommufd. */
#include "skvm.h"
#include "uapi_iommufd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void space_close(struct skvm *kvm, struct skvm_space *space)
{
    const struct skvm_sys *sys = kvm->host.sys;
    if (space->iommu >= 0) {
        sys->close(sys->ctx, space->iommu); /* with its IOAS */
    }
}

static int space_open(struct skvm *kvm, struct skvm_space *space, struct skvm_why *why)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct skvm_iommu_ioas_alloc alloc = {.size = sizeof(alloc)};
    char path[SKVM_PATH_MAX];

    snprintf(path, sizeof(path), "%s/iommu", kvm->host.dev);
    space->iommu = skvm_node_open(kvm, path, why);
    if (space->iommu == -EOPNOTSUPP) {
        skvm_why(
            why,
            "%s is missing: this kernel has no iommufd (Linux 6.6, CONFIG_IOMMUFD): use the group backend",
            path);
    }
    if (space->iommu < 0) {
        return space->iommu;
    }
    int err = sys->ioctl(sys->ctx, space->iommu, IOMMU_IOAS_ALLOC, &alloc);
    if (err < 0) {
        skvm_why(why, "%s gives no IOVA space (errno %d)", path, -err);
        space_close(kvm, space);
        return err == -ENOMEM ? err : -EFAULT;
    }
    space->ioas = alloc.out_ioas_id;
    return 0;
}

/* "2ab74924-..." to its 16 bytes. */
static void token_bytes(const char *text, unsigned char out[16])
{
    size_t digits = 0;
    memset(out, 0, 16);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '-') {
            continue;
        }
        unsigned value = (unsigned)(*c <= '9' ? *c - '0' : (*c | 0x20) - 'a' + 10);
        out[digits / 2] = (unsigned char)((unsigned)out[digits / 2] << 4 | value);
        digits++;
    }
}

static int bind_error(const struct skvm_fn *fn, int err, struct skvm_why *why)
{
    const char *bdf = fn->info.name;
    switch (err) {
    case -EACCES:
        skvm_why(why, "%s: its PF is held by vfio-pci with a VF token: give the same one, vf-token=UUID",
                 bdf);
        return -EACCES;
    case -EINVAL:
    case -E2BIG:
        skvm_why(why, "%s: iommufd refuses it%s", bdf,
                 fn->vf_token[0] != '\0'
                     ? ": it takes a VF token since Linux 6.17 only: use the group backend"
                     : " (EINVAL): see dmesg");
        return fn->vf_token[0] != '\0' ? -EOPNOTSUPP : -EINVAL;
    case -ENOTTY:
        skvm_why(why,
                 "%s: this kernel's character devices cannot be bound (Linux 6.6): use the group backend",
                 bdf);
        return -EOPNOTSUPP;
    case -EBUSY:
        skvm_why(why, "%s or its IOMMU group is in use by another process or driver: free it first", bdf);
        return -EBUSY;
    case -EPERM:
        skvm_why(why, "%s: interrupt remapping is off: enable it, or iommufd allow_unsafe_interrupts=1", bdf);
        return -EPERM;
    default:
        skvm_why(why, "%s: iommufd refuses it (errno %d): see dmesg", bdf, -err);
        return err == -ENOMEM || err == -ENODEV ? err : -EFAULT;
    }
}

/*
 * A page table that can tell what devices wrote, where kernel and IOMMU have such; one for all functions
 * of the group. Without it the IOVA space makes a plain one by itself.
 */
static void dirty_table(struct skvm *kvm, struct skvm_space *space, uint32_t device)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct skvm_iommu_hwpt_alloc alloc = {
        .size = sizeof(alloc),
        .flags = SKVM_HWPT_ALLOC_DIRTY_TRACKING,
        .dev_id = device,
        .pt_id = space->ioas,
    };
    if (space->hwpt == 0 && space->users == 1 &&
        sys->ioctl(sys->ctx, space->iommu, IOMMU_HWPT_ALLOC, &alloc) >= 0) {
        space->hwpt = alloc.out_hwpt_id;
    }
}

static int bind_attach(struct skvm *kvm, struct skvm_fn *fn, struct skvm_why *why)
{
    const struct skvm_sys *sys = kvm->host.sys;
    unsigned char token[16];
    struct skvm_vfio_bind_iommufd bind = {.argsz = SKVM_VFIO_BIND_SIZE_OLD, .iommufd = fn->space->iommu};
    struct skvm_vfio_attach_pt attach = {.argsz = sizeof(attach)};

    if (fn->vf_token[0] != '\0') {
        token_bytes(fn->vf_token, token);
        bind.argsz = sizeof(bind);
        bind.flags = SKVM_VFIO_BIND_TOKEN;
        bind.token_uuid_ptr = (uintptr_t)token;
    }
    int err = sys->ioctl(sys->ctx, fn->device, VFIO_DEVICE_BIND_IOMMUFD, &bind);
    if (err < 0) {
        return bind_error(fn, err, why);
    }
    dirty_table(kvm, fn->space, bind.out_devid);
    attach.pt_id = fn->space->hwpt != 0 ? fn->space->hwpt : fn->space->ioas;
    err = sys->ioctl(sys->ctx, fn->device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
    return err < 0 ? bind_error(fn, err, why) : 0;
}

static int device_open(struct skvm *kvm, struct skvm_fn *fn, struct skvm_why *why)
{
    const struct skvm_sys *sys = kvm->host.sys;
    char path[SKVM_PATH_MAX];
    char cdev[SRIOV_NAME_MAX];

    if (skvm_cdev_name(&kvm->host, fn->info.name, cdev, sizeof(cdev)) != 0) {
        skvm_why(
            why,
            "%s has no VFIO character device (Linux 6.6, CONFIG_VFIO_DEVICE_CDEV): use the group backend",
            fn->info.name);
        return -EOPNOTSUPP;
    }
    snprintf(path, sizeof(path), "%s/vfio/devices/%s", kvm->host.dev, cdev);
    fn->device = skvm_node_open(kvm, path, why);
    if (fn->device < 0) {
        return fn->device;
    }
    int err = bind_attach(kvm, fn, why);
    if (err != 0) {
        sys->close(sys->ctx, fn->device);
        fn->device = -1;
    }
    return err;
}

static int map(struct skvm *kvm, struct skvm_space *space, uint64_t iova, void *va, uint64_t length,
               uint32_t dir)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct skvm_iommu_ioas_map request = {
        .size = sizeof(request),
        .flags = SKVM_IOAS_MAP_FIXED_IOVA,
        .ioas_id = space->ioas,
        .user_va = (uintptr_t)va,
        .length = length,
        .iova = iova,
    };
    request.flags |= (dir & SRIOV_DMA_DEVICE_READS) != 0 ? SKVM_IOAS_MAP_READABLE : 0u;
    request.flags |= (dir & SRIOV_DMA_DEVICE_WRITES) != 0 ? SKVM_IOAS_MAP_WRITEABLE : 0u;
    int err = sys->ioctl(sys->ctx, space->iommu, IOMMU_IOAS_MAP, &request);
    return err < 0 ? err : 0;
}

static int unmap(struct skvm *kvm, struct skvm_space *space, uint64_t iova, uint64_t length)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct skvm_iommu_ioas_unmap request = {
        .size = sizeof(request), .ioas_id = space->ioas, .iova = iova, .length = length};
    int err = sys->ioctl(sys->ctx, space->iommu, IOMMU_IOAS_UNMAP, &request);
    if (err < 0) {
        return err;
    }
    return request.length == length ? 0 : -EFAULT;
}

#define RANGES_ROOM 64u

/* iommufd counts no mappings: memory and the lock limit bound them. */
static int limits_get(struct skvm *kvm, struct skvm_space *space, struct sriov_dma_limits *limits)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct skvm_iommu_iova_range ranges[RANGES_ROOM];
    struct skvm_iommu_ioas_iova_ranges request = {
        .size = sizeof(request),
        .ioas_id = space->ioas,
        .num_iovas = RANGES_ROOM,
        .allowed_iovas = (uintptr_t)ranges,
    };
    memset(ranges, 0, sizeof(ranges));
    int err = sys->ioctl(sys->ctx, space->iommu, IOMMU_IOAS_IOVA_RANGES, &request);
    /* EMSGSIZE: there are more, and the room that was given is filled. */
    if (err < 0 && err != -EMSGSIZE) {
        return err == -ENOMEM ? err : -EPROTO;
    }
    uint32_t n = request.num_iovas < RANGES_ROOM ? request.num_iovas : RANGES_ROOM;
    limits->flags = 0;
    limits->granule = request.out_iova_alignment > 4096 ? request.out_iova_alignment : 4096;
    limits->maps_left = UINT64_MAX;
    limits->num_ranges = 0;
    for (uint32_t i = 0; i < n && limits->num_ranges < SRIOV_DMA_RANGES_MAX; i++) {
        if (ranges[i].start <= ranges[i].last) {
            limits->ranges[limits->num_ranges++] = (struct sriov_dma_range){ranges[i].start, ranges[i].last};
        }
    }
    return limits->num_ranges != 0 ? 0 : -EPROTO;
}

static int dirty_set(struct skvm *kvm, struct skvm_space *space, bool on)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct skvm_iommu_hwpt_set_dirty_tracking request = {
        .size = sizeof(request),
        .flags = on ? SKVM_HWPT_DIRTY_TRACKING_ON : 0,
        .hwpt_id = space->hwpt,
    };
    if (space->hwpt == 0) {
        return -EOPNOTSUPP;
    }
    int err = sys->ioctl(sys->ctx, space->iommu, IOMMU_HWPT_SET_DIRTY_TRACKING, &request);
    return err < 0 ? err : 0;
}

static int dirty_get(struct skvm *kvm, struct skvm_space *space, uint64_t iova, uint64_t length,
                     uint64_t granule, uint64_t *bitmap, size_t bytes)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct skvm_iommu_hwpt_get_dirty_bitmap request = {
        .size = sizeof(request),
        .hwpt_id = space->hwpt,
        .iova = iova,
        .length = length,
        .page_size = granule,
        .data = (uintptr_t)bitmap,
    };
    (void)bytes; /* follows from the range */
    int err = sys->ioctl(sys->ctx, space->iommu, IOMMU_HWPT_GET_DIRTY_BITMAP, &request);
    return err < 0 ? err : 0;
}

const struct skvm_backend skvm_iommufd_backend = {
    .name = "iommufd",
    .space_open = space_open,
    .space_close = space_close,
    .device_open = device_open,
    .map = map,
    .unmap = unmap,
    .limits = limits_get,
    .dirty_set = dirty_set,
    .dirty_get = dirty_get,
    .locked_key = "VmPin",
};
