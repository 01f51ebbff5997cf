/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of Linux's iommufd and VFIO character device ABI (6.6 and later) that this shim uses,
 * for hosts whose headers are older. Numbers and layouts only; each guarded by its own macro.
 */
#ifndef SKVM_UAPI_IOMMUFD_H
#define SKVM_UAPI_IOMMUFD_H

#include <linux/ioctl.h>
#include <linux/vfio.h>
#include <stdint.h>

/* ---- /dev/iommu: every struct begins with its own size ---- */

struct skvm_iommu_destroy {
    uint32_t size;
    uint32_t id;
};

struct skvm_iommu_ioas_alloc {
    uint32_t size;
    uint32_t flags;
    uint32_t out_ioas_id;
};

struct skvm_iommu_iova_range {
    uint64_t start;
    uint64_t last;
};

struct skvm_iommu_ioas_iova_ranges {
    uint32_t size;
    uint32_t ioas_id;
    uint32_t num_iovas;
    uint32_t reserved;
    uint64_t allowed_iovas; /* user pointer */
    uint64_t out_iova_alignment;
};

struct skvm_iommu_ioas_map {
    uint32_t size;
    uint32_t flags;
    uint32_t ioas_id;
    uint32_t reserved;
    uint64_t user_va;
    uint64_t length;
    uint64_t iova;
};

struct skvm_iommu_ioas_unmap {
    uint32_t size;
    uint32_t ioas_id;
    uint64_t iova;
    uint64_t length;
};

/* Linux 6.7 and later, up to the data of nested tables, which are none of ours. */
struct skvm_iommu_hwpt_alloc {
    uint32_t size;
    uint32_t flags;
    uint32_t dev_id;
    uint32_t pt_id;
    uint32_t out_hwpt_id;
    uint32_t reserved;
};

struct skvm_iommu_hwpt_set_dirty_tracking {
    uint32_t size;
    uint32_t flags;
    uint32_t hwpt_id;
    uint32_t reserved;
};

struct skvm_iommu_hwpt_get_dirty_bitmap {
    uint32_t size;
    uint32_t hwpt_id;
    uint32_t flags;
    uint32_t reserved;
    uint64_t iova;
    uint64_t length;
    uint64_t page_size;
    uint64_t data; /* user pointer */
};

#define SKVM_HWPT_ALLOC_DIRTY_TRACKING 2u
#define SKVM_HWPT_DIRTY_TRACKING_ON    1u

#define SKVM_IOAS_MAP_FIXED_IOVA 1u
#define SKVM_IOAS_MAP_WRITEABLE  2u
#define SKVM_IOAS_MAP_READABLE   4u

#ifndef IOMMU_DESTROY
#define IOMMU_DESTROY _IO(';', 0x80)
#endif
#ifndef IOMMU_IOAS_ALLOC
#define IOMMU_IOAS_ALLOC _IO(';', 0x81)
#endif
#ifndef IOMMU_IOAS_IOVA_RANGES
#define IOMMU_IOAS_IOVA_RANGES _IO(';', 0x84)
#endif
#ifndef IOMMU_IOAS_MAP
#define IOMMU_IOAS_MAP _IO(';', 0x85)
#endif
#ifndef IOMMU_IOAS_UNMAP
#define IOMMU_IOAS_UNMAP _IO(';', 0x86)
#endif
#ifndef IOMMU_HWPT_ALLOC
#define IOMMU_HWPT_ALLOC _IO(';', 0x89)
#endif
#ifndef IOMMU_HWPT_SET_DIRTY_TRACKING
#define IOMMU_HWPT_SET_DIRTY_TRACKING _IO(';', 0x8b)
#endif
#ifndef IOMMU_HWPT_GET_DIRTY_BITMAP
#define IOMMU_HWPT_GET_DIRTY_BITMAP _IO(';', 0x8c)
#endif

/* ---- /dev/vfio/devices/vfioN ---- */

struct skvm_vfio_bind_iommufd {
    uint32_t argsz;
    uint32_t flags;
    int32_t iommufd;
    uint32_t out_devid;
    uint64_t token_uuid_ptr; /* with SKVM_VFIO_BIND_TOKEN; Linux 6.17 and later */
};
#define SKVM_VFIO_BIND_TOKEN 1u
/* What kernels before the token know. */
#define SKVM_VFIO_BIND_SIZE_OLD 16u

struct skvm_vfio_attach_pt {
    uint32_t argsz;
    uint32_t flags;
    uint32_t pt_id;
};

#ifndef VFIO_DEVICE_BIND_IOMMUFD
#define VFIO_DEVICE_BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)
#endif
#ifndef VFIO_DEVICE_ATTACH_IOMMUFD_PT
#define VFIO_DEVICE_ATTACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 19)
#endif
#ifndef VFIO_DEVICE_DETACH_IOMMUFD_PT
#define VFIO_DEVICE_DETACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 20)
#endif

#endif
