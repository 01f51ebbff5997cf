/* SPDX-License-Identifier: BSD-3-Clause */
/* VFIO by container and group: type 1 IOMMU, or none at all (noiommu). */
#include "skvm.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>

static void space_close(struct skvm *kvm, struct skvm_space *space)
{
    const struct skvm_sys *sys = kvm->host.sys;
    if (space->group_fd >= 0) {
        sys->close(sys->ctx, space->group_fd);
    }
    if (space->iommu >= 0) {
        sys->close(sys->ctx, space->iommu);
    }
}

static int container_open(struct skvm *kvm, struct skvm_space *space, unsigned long type,
                          struct skvm_why *why)
{
    const struct skvm_sys *sys = kvm->host.sys;
    char path[SKVM_PATH_MAX];

    snprintf(path, sizeof(path), "%s/vfio/vfio", kvm->host.dev);
    space->iommu = skvm_node_open(kvm, path, why);
    if (space->iommu < 0) {
        return space->iommu;
    }
    if (sys->ioctl(sys->ctx, space->iommu, VFIO_GET_API_VERSION, NULL) != VFIO_API_VERSION) {
        skvm_why(why, "%s speaks another VFIO API version: this kernel is not supported", path);
        return -EOPNOTSUPP;
    }
    if (sys->ioctl(sys->ctx, space->iommu, VFIO_CHECK_EXTENSION, (void *)type) <= 0) {
        skvm_why(why, "%s has no %s: modprobe vfio_iommu_type1, or use the iommufd backend", path,
                 type == VFIO_NOIOMMU_IOMMU ? "noiommu mode" : "type 1 IOMMU");
        return -EOPNOTSUPP;
    }
    return 0;
}

static int group_open(struct skvm *kvm, struct skvm_space *space, const char *prefix, struct skvm_why *why)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct vfio_group_status status = {.argsz = sizeof(status)};
    char path[SKVM_PATH_MAX];

    snprintf(path, sizeof(path), "%s/vfio/%s%d", kvm->host.dev, prefix, (int)space->group);
    space->group_fd = skvm_node_open(kvm, path, why);
    if (space->group_fd < 0) {
        return space->group_fd;
    }
    int err = sys->ioctl(sys->ctx, space->group_fd, VFIO_GROUP_GET_STATUS, &status);
    if (err < 0) {
        skvm_why(why, "%s does not tell its status (errno %d)", path, -err);
        return -EPROTO;
    }
    if ((status.flags & VFIO_GROUP_FLAGS_VIABLE) == 0) {
        skvm_why(why,
                 "IOMMU group %d is not viable: bind all its functions to vfio-pci "
                 "(%s/kernel/iommu_groups/%d/devices)",
                 (int)space->group, kvm->host.sysfs, (int)space->group);
        return -EBUSY;
    }
    return 0;
}

static int join_container(struct skvm *kvm, struct skvm_space *space, unsigned long type,
                          struct skvm_why *why)
{
    const struct skvm_sys *sys = kvm->host.sys;
    int err = sys->ioctl(sys->ctx, space->group_fd, VFIO_GROUP_SET_CONTAINER, &space->iommu);
    if (err < 0) {
        skvm_why(why, "IOMMU group %d does not go into a container (errno %d): is another process using it?",
                 (int)space->group, -err);
        return err == -EPERM ? err : err == -ENOMEM ? err : -EBUSY;
    }
    err = sys->ioctl(sys->ctx, space->iommu, VFIO_SET_IOMMU, (void *)type);
    if (err < 0) {
        skvm_why(why, "IOMMU group %d: the IOMMU refuses it (errno %d)%s", (int)space->group, -err,
                 err == -EPERM ? ": interrupt remapping is off: allow_unsafe_interrupts=1 or enable it"
                               : ": see dmesg");
        return err == -EPERM || err == -ENOMEM ? err : -EFAULT;
    }
    return 0;
}

static int open_type(struct skvm *kvm, struct skvm_space *space, unsigned long type, const char *prefix,
                     struct skvm_why *why)
{
    int err = container_open(kvm, space, type, why);
    err = err != 0 ? err : group_open(kvm, space, prefix, why);
    err = err != 0 ? err : join_container(kvm, space, type, why);
    if (err != 0) {
        space_close(kvm, space);
    }
    return err;
}

static int type1_open(struct skvm *kvm, struct skvm_space *space, struct skvm_why *why)
{
    return open_type(kvm, space, VFIO_TYPE1v2_IOMMU, "", why);
}

static int noiommu_open(struct skvm *kvm, struct skvm_space *space, struct skvm_why *why)
{
    return open_type(kvm, space, VFIO_NOIOMMU_IOMMU, "noiommu-", why);
}

static int device_open(struct skvm *kvm, struct skvm_fn *fn, struct skvm_why *why)
{
    const struct skvm_sys *sys = kvm->host.sys;
    const char *bdf = fn->info.name;
    char name[SRIOV_NAME_MAX + sizeof(fn->vf_token) + 16];

    snprintf(name, sizeof(name), "%s%s%s", bdf, fn->vf_token[0] != '\0' ? " vf_token=" : "", fn->vf_token);
    int fd = sys->ioctl(sys->ctx, fn->space->group_fd, VFIO_GROUP_GET_DEVICE_FD, name);
    if (fd >= 0) {
        fn->device = fd;
        return 0;
    }
    switch (fd) {
    case -EACCES:
        skvm_why(why, "%s: its PF is held by vfio-pci with a VF token: give the same one, vf-token=UUID",
                 bdf);
        return -EACCES;
    case -EINVAL:
        skvm_why(why, "%s: VFIO refuses it%s", bdf,
                 fn->vf_token[0] != '\0' ? ": it needs no VF token, leave vf-token away"
                                         : " (EINVAL): see dmesg");
        return -EINVAL;
    case -EBUSY:
        skvm_why(why, "%s is in use by another process: end that one first", bdf);
        return -EBUSY;
    case -EPERM:
        skvm_why(why, "%s: this process may not have it: noiommu needs CAP_SYS_RAWIO, run as root", bdf);
        return -EPERM;
    default:
        skvm_why(why, "%s: VFIO does not give it (errno %d): see dmesg", bdf, -fd);
        return fd == -ENOMEM || fd == -ENODEV ? fd : fd == -EMFILE ? -ENOSPC : -EFAULT;
    }
}

static int type1_map(struct skvm *kvm, struct skvm_space *space, uint64_t iova, void *va, uint64_t length,
                     uint32_t dir)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct vfio_iommu_type1_dma_map map = {
        .argsz = sizeof(map),
        .vaddr = (uintptr_t)va,
        .iova = iova,
        .size = length,
    };
    map.flags = (dir & SRIOV_DMA_DEVICE_READS) != 0 ? VFIO_DMA_MAP_FLAG_READ : 0u;
    map.flags |= (dir & SRIOV_DMA_DEVICE_WRITES) != 0 ? VFIO_DMA_MAP_FLAG_WRITE : 0u;
    int err = sys->ioctl(sys->ctx, space->iommu, VFIO_IOMMU_MAP_DMA, &map);
    return err < 0 ? err : 0;
}

static int type1_unmap(struct skvm *kvm, struct skvm_space *space, uint64_t iova, uint64_t length)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct vfio_iommu_type1_dma_unmap unmap = {.argsz = sizeof(unmap), .iova = iova, .size = length};
    int err = sys->ioctl(sys->ctx, space->iommu, VFIO_IOMMU_UNMAP_DMA, &unmap);
    if (err < 0) {
        return err;
    }
    return unmap.size == length ? 0 : -EFAULT;
}

/* Room for the kernel's whole answer: it has three short capabilities. */
#define INFO_ROOM 4096

union type1_info {
    struct vfio_iommu_type1_info info;
    struct vfio_info_cap_header cap;
    unsigned char bytes[INFO_ROOM];
    uint64_t align;
};

static void take_ranges(const unsigned char *cap, uint32_t room, struct sriov_dma_limits *limits)
{
    struct vfio_iommu_type1_info_cap_iova_range head;
    struct vfio_iova_range range;

    if (room < sizeof(head)) {
        return;
    }
    memcpy(&head, cap, sizeof(head));
    room -= (uint32_t)sizeof(head);
    cap += sizeof(head);
    limits->num_ranges = 0;
    for (uint32_t i = 0; i < head.nr_iovas && room >= sizeof(range) && i < SRIOV_DMA_RANGES_MAX; i++) {
        memcpy(&range, cap, sizeof(range));
        if (range.start > range.end) {
            continue;
        }
        limits->ranges[limits->num_ranges++] = (struct sriov_dma_range){range.start, range.end};
        cap += sizeof(range);
        room -= (uint32_t)sizeof(range);
    }
}

static void take_budget(const unsigned char *cap, uint32_t room, struct sriov_dma_limits *limits)
{
    struct vfio_iommu_type1_info_dma_avail avail;
    if (room >= sizeof(avail)) {
        memcpy(&avail, cap, sizeof(avail));
        limits->maps_left = avail.avail;
    }
}

/* The chain of capabilities: offsets rise, or the kernel's answer is not believed. */
static void take_caps(const union type1_info *answer, uint32_t length, struct sriov_dma_limits *limits)
{
    struct vfio_info_cap_header head;
    uint32_t off = answer->info.cap_offset;
    uint32_t before = 0;

    while (off > before && off <= length && sizeof(head) <= length - off) {
        memcpy(&head, answer->bytes + off, sizeof(head));
        if (head.id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE) {
            take_ranges(answer->bytes + off, length - off, limits);
        } else if (head.id == VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL) {
            take_budget(answer->bytes + off, length - off, limits);
        }
        before = off;
        off = head.next;
    }
}

static int type1_limits(struct skvm *kvm, struct skvm_space *space, struct sriov_dma_limits *limits)
{
    const struct skvm_sys *sys = kvm->host.sys;
    union type1_info answer;

    memset(&answer, 0, sizeof(answer));
    answer.info.argsz = sizeof(answer);
    int err = sys->ioctl(sys->ctx, space->iommu, VFIO_IOMMU_GET_INFO, &answer);
    if (err < 0) {
        return err == -ENOMEM ? err : -EPROTO;
    }
    uint64_t sizes = (answer.info.flags & VFIO_IOMMU_INFO_PGSIZES) != 0 ? answer.info.iova_pgsizes : 0;
    limits->flags = 0;
    limits->granule = sizes != 0 ? sizes & (~sizes + 1) : 4096;
    limits->maps_left = UINT64_MAX;
    /* Kernels before 5.4 tell no ranges: 39 bits is what every VT-d reaches, above the low MiB and
     * below the interrupt window. */
    limits->num_ranges = 2;
    limits->ranges[0] = (struct sriov_dma_range){0x100000, 0xfedfffff};
    limits->ranges[1] = (struct sriov_dma_range){0x100000000, 0x7fffffffff};
    if ((answer.info.flags & VFIO_IOMMU_INFO_CAPS) != 0) {
        take_caps(&answer, answer.info.argsz < INFO_ROOM ? answer.info.argsz : INFO_ROOM, limits);
    }
    return limits->num_ranges != 0 ? 0 : -EPROTO;
}

static int type1_dirty_set(struct skvm *kvm, struct skvm_space *space, bool on)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct vfio_iommu_type1_dirty_bitmap request = {
        .argsz = sizeof(request),
        .flags = on ? VFIO_IOMMU_DIRTY_PAGES_FLAG_START : VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP,
    };
    int err = sys->ioctl(sys->ctx, space->iommu, VFIO_IOMMU_DIRTY_PAGES, &request);
    return err < 0 ? err : 0;
}

/* The request with its one payload. */
union dirty_request {
    struct vfio_iommu_type1_dirty_bitmap head;
    unsigned char bytes[sizeof(struct vfio_iommu_type1_dirty_bitmap) +
                        sizeof(struct vfio_iommu_type1_dirty_bitmap_get)];
    uint64_t align;
};

static int type1_dirty_get(struct skvm *kvm, struct skvm_space *space, uint64_t iova, uint64_t length,
                           uint64_t granule, uint64_t *bitmap, size_t bytes)
{
    const struct skvm_sys *sys = kvm->host.sys;
    struct vfio_iommu_type1_dirty_bitmap_get get = {.iova = iova, .size = length};
    union dirty_request request;
    get.bitmap.pgsize = granule;
    get.bitmap.size = bytes;
    get.bitmap.data = (__u64 *)(void *)bitmap;
    memset(&request, 0, sizeof(request));
    request.head.argsz = sizeof(request.bytes);
    request.head.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP;
    memcpy(request.bytes + sizeof(request.head), &get, sizeof(get));
    int err = sys->ioctl(sys->ctx, space->iommu, VFIO_IOMMU_DIRTY_PAGES, &request);
    return err < 0 ? err : 0;
}

static int noiommu_limits(struct skvm *kvm, struct skvm_space *space, struct sriov_dma_limits *limits)
{
    (void)kvm;
    (void)space;
    limits->flags = SRIOV_DMA_SHIM_IOVA;
    limits->granule = 4096;
    limits->maps_left = UINT64_MAX;
    limits->num_ranges = 1;
    limits->ranges[0] = (struct sriov_dma_range){0, UINT64_MAX};
    return 0;
}

static int no_map(struct skvm *kvm, struct skvm_space *space, uint64_t iova, void *va, uint64_t length,
                  uint32_t dir)
{
    (void)kvm;
    (void)space;
    (void)iova;
    (void)va;
    (void)length;
    (void)dir;
    return -EOPNOTSUPP;
}

static int no_unmap(struct skvm *kvm, struct skvm_space *space, uint64_t iova, uint64_t length)
{
    (void)kvm;
    (void)space;
    (void)iova;
    (void)length;
    return 0;
}

const struct skvm_backend skvm_group_backend = {
    .name = "group",
    .space_open = type1_open,
    .space_close = space_close,
    .device_open = device_open,
    .map = type1_map,
    .unmap = type1_unmap,
    .limits = type1_limits,
    .dirty_set = type1_dirty_set,
    .dirty_get = type1_dirty_get,
    .dirty_whole = true,
    .locked_key = "VmLck",
};

const struct skvm_backend skvm_noiommu_backend = {
    .name = "noiommu",
    .space_open = noiommu_open,
    .space_close = space_close,
    .device_open = device_open,
    .map = no_map,
    .unmap = no_unmap,
    .limits = noiommu_limits,
    .locked_key = "VmLck",
};
