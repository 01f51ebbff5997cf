/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake host's VFIO and iommufd. */
#include "fake.h"
#include "uapi_iommufd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int dma_add(struct fake *fake, uint64_t iova, void *va, uint64_t length, uint32_t dir, int taken_err)
{
    struct fake_dma *room = NULL;
    if (fake->map_err != 0) {
        return fake->map_err;
    }
    if (fake->live_dma >= fake->map_budget) {
        return -ENOSPC;
    }
    for (uint32_t i = 0; i < FAKE_MAPS; i++) {
        struct fake_dma *dma = &fake->dma[i];
        if (dma->live && iova < dma->iova + dma->length && dma->iova < iova + length) {
            return taken_err;
        }
        room = room == NULL && !dma->live ? dma : room;
    }
    if (room == NULL || length == 0 || (length & 4095) != 0 || (iova & 4095) != 0) {
        return -EINVAL;
    }
    *room = (struct fake_dma){.iova = iova, .length = length, .va = va, .dir = dir, .live = true};
    fake->live_dma++;
    return 0;
}

/* Exactly one whole mapping, as type1v2 wants it. */
static int dma_del(struct fake *fake, uint64_t iova, uint64_t length)
{
    if (fake->unmap_err != 0) {
        return fake->unmap_err;
    }
    for (uint32_t i = 0; i < FAKE_MAPS; i++) {
        if (fake->dma[i].live && fake->dma[i].iova == iova && fake->dma[i].length == length) {
            fake->dma[i].live = false;
            fake->live_dma--;
            return 0;
        }
    }
    return -ENOENT;
}

/* ---- what the device wrote ---- */

void fake_device_writes(struct fake *fake, uint64_t iova)
{
    for (uint32_t i = 0; fake->dirty_on && i < FAKE_WRITTEN; i++) {
        if (fake->written[i] == 0) {
            fake->written[i] = iova;
            return;
        }
    }
}

/* whole: the range is one mapping, as type 1 wants it; else it lies in one. */
static int dirty_get(struct fake *fake, uint64_t iova, uint64_t length, uint64_t granule, uint64_t *bits,
                     bool whole)
{
    bool mapped = false;
    for (uint32_t i = 0; i < FAKE_MAPS; i++) {
        const struct fake_dma *dma = &fake->dma[i];
        bool is = dma->iova == iova && dma->length == length;
        bool in =
            iova >= dma->iova && iova - dma->iova < dma->length && length <= dma->length - (iova - dma->iova);
        mapped = mapped || (dma->live && (whole ? is : in));
    }
    if (!mapped || !fake->dirty_on || (iova | length) % granule != 0) {
        return -EINVAL;
    }
    for (uint32_t i = 0; i < FAKE_WRITTEN; i++) {
        uint64_t at = fake->written[i];
        if (at != 0 && at >= iova && at - iova < length) {
            bits[(at - iova) / granule / 64] |= UINT64_C(1) << (at - iova) / granule % 64;
            fake->written[i] = 0;
        }
    }
    return 0;
}

static int dirty_pages(struct fake *fake, const struct vfio_iommu_type1_dirty_bitmap *request)
{
    struct vfio_iommu_type1_dirty_bitmap_get get;
    if (request->flags != VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP) {
        fake->dirty_on = request->flags == VFIO_IOMMU_DIRTY_PAGES_FLAG_START;
        return 0;
    }
    memcpy(&get, (const unsigned char *)request + sizeof(*request), sizeof(get));
    uint64_t granule = fake->large_pages ? 65536 : 4096;
    if (get.bitmap.pgsize != granule || get.bitmap.size < (get.size / granule + 63) / 64 * 8) {
        return -EINVAL;
    }
    return dirty_get(fake, get.iova, get.size, granule, (uint64_t *)(void *)get.bitmap.data, true);
}

static int new_device(struct fake *fake)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    fake->fds[fd].kind = FAKE_DEVICE;
    fake->open_fds++;
    return fd;
}

/* ---- container and group ---- */

/* Head of a capability that is a list. */
struct list_head {
    struct vfio_info_cap_header header;
    uint32_t count;
    uint32_t reserved;
};

struct type1_answer {
    struct vfio_iommu_type1_info info;
    struct list_head ranges;
    struct vfio_iova_range range[2];
    struct vfio_iommu_type1_info_dma_avail avail;
};

static int type1_info(struct fake *fake, struct vfio_iommu_type1_info *info)
{
    struct type1_answer answer;
    memset(&answer, 0, sizeof(answer));
    answer.info.argsz = fake->short_info ? (uint32_t)sizeof(answer.info) : (uint32_t)sizeof(answer);
    answer.info.flags = VFIO_IOMMU_INFO_PGSIZES | (fake->short_info ? 0u : VFIO_IOMMU_INFO_CAPS);
    answer.info.iova_pgsizes = fake->large_pages ? 0x40210000 : 0x40201000;
    answer.info.cap_offset = offsetof(struct type1_answer, ranges);
    answer.ranges.header.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
    answer.ranges.header.next = offsetof(struct type1_answer, avail);
    answer.ranges.count = fake->liar_info ? 1000 : 2;
    answer.range[0].start = 0;
    answer.range[0].end = 0xfedfffff;
    answer.range[1].start = 0xfef00000;
    answer.range[1].end = 0xffffffffffff;
    answer.avail.header.id = VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL;
    answer.avail.header.next = fake->liar_info ? (uint32_t)offsetof(struct type1_answer, ranges) : 0;
    answer.avail.avail = (uint32_t)(fake->map_budget - fake->live_dma);
    uint32_t n = answer.info.argsz;
    if (fake->liar_info) {
        n = (uint32_t)offsetof(struct type1_answer, range) + 8;
        answer.info.argsz = n;
    }
    if (info->argsz < n) {
        return -EINVAL;
    }
    memcpy(info, &answer, n);
    return 0;
}

static int container_ioctl(struct fake *fake, unsigned long request, void *arg)
{
    struct vfio_iommu_type1_dma_map *map = arg;
    struct vfio_iommu_type1_dma_unmap *unmap = arg;
    switch (request) {
    case VFIO_GET_API_VERSION:
        return VFIO_API_VERSION;
    case VFIO_CHECK_EXTENSION:
        return fake->no_type1 ? 0 : 1;
    case VFIO_SET_IOMMU:
        return 0;
    case VFIO_IOMMU_GET_INFO:
        return type1_info(fake, arg);
    case VFIO_IOMMU_MAP_DMA:
        return dma_add(fake, map->iova, (void *)(uintptr_t)map->vaddr, map->size, map->flags, -EEXIST);
    case VFIO_IOMMU_UNMAP_DMA:
        return dma_del(fake, unmap->iova, unmap->size);
    case VFIO_IOMMU_DIRTY_PAGES:
        return dirty_pages(fake, arg);
    default:
        return -ENOTTY;
    }
}

static int group_ioctl(struct fake *fake, unsigned long request, void *arg)
{
    switch (request) {
    case VFIO_GROUP_GET_STATUS:
        ((struct vfio_group_status *)arg)->flags = fake->viable ? VFIO_GROUP_FLAGS_VIABLE : 0;
        return 0;
    case VFIO_GROUP_SET_CONTAINER:
        return 0;
    case VFIO_GROUP_GET_DEVICE_FD:
        strncpy(fake->device_name, arg, sizeof(fake->device_name) - 1);
        fake->token_seen = strstr(fake->device_name, " vf_token=") != NULL;
        return fake->token_needed && !fake->token_seen ? -EACCES : new_device(fake);
    default:
        return -ENOTTY;
    }
}

/* ---- iommufd ---- */

static int give_ranges(struct fake *fake, struct skvm_iommu_ioas_iova_ranges *request)
{
    struct skvm_iommu_iova_range *out = (void *)(uintptr_t)request->allowed_iovas;
    uint32_t n = fake->many_ranges ? 100 : 2;
    for (uint32_t i = 0; i < n && i < request->num_iovas; i++) {
        out[i].start = UINT64_C(0x10000000) * i;
        out[i].last = out[i].start + 0xfffffff - (fake->many_ranges ? 0x100000 : 0);
    }
    int err = n > request->num_iovas ? -EMSGSIZE : 0;
    request->num_iovas = n;
    request->out_iova_alignment = 1;
    return err;
}

static int dirty_table(struct fake *fake, unsigned long request, void *arg)
{
    struct skvm_iommu_hwpt_alloc *alloc = arg;
    const struct skvm_iommu_hwpt_set_dirty_tracking *set = arg;
    const struct skvm_iommu_hwpt_get_dirty_bitmap *get = arg;
    switch (request) {
    case IOMMU_HWPT_ALLOC:
        if (alloc->pt_id != 77 || alloc->flags != SKVM_HWPT_ALLOC_DIRTY_TRACKING || alloc->dev_id != 5) {
            return -EINVAL;
        }
        alloc->out_hwpt_id = 78;
        return 0;
    case IOMMU_HWPT_SET_DIRTY_TRACKING:
        fake->dirty_on = set->flags == SKVM_HWPT_DIRTY_TRACKING_ON;
        return set->hwpt_id == 78 ? 0 : -ENOENT;
    case IOMMU_HWPT_GET_DIRTY_BITMAP:
        return get->hwpt_id == 78 ? dirty_get(fake, get->iova, get->length, get->page_size,
                                              (uint64_t *)(uintptr_t)get->data, false)
                                  : -ENOENT;
    default:
        return -ENOTTY;
    }
}

static int attach_pt(const struct fake *fake, uint32_t id)
{
    return id == (fake->dirty_tables ? 78 : 77) ? 0 : -EINVAL;
}

static int iommufd_ioctl(struct fake *fake, unsigned long request, void *arg)
{
    struct skvm_iommu_ioas_alloc *alloc = arg;
    struct skvm_iommu_ioas_map *map = arg;
    struct skvm_iommu_ioas_unmap *unmap = arg;
    switch (request) {
    case IOMMU_IOAS_ALLOC:
        alloc->out_ioas_id = 77;
        return 0;
    case IOMMU_IOAS_IOVA_RANGES:
        return give_ranges(fake, arg);
    case IOMMU_IOAS_MAP:
        if (map->ioas_id != 77 || (map->flags & SKVM_IOAS_MAP_FIXED_IOVA) == 0) {
            return -EINVAL;
        }
        return dma_add(fake, map->iova, (void *)(uintptr_t)map->user_va, map->length, map->flags >> 1,
                       -EADDRINUSE);
    case IOMMU_IOAS_UNMAP:
        return unmap->ioas_id == 77 ? dma_del(fake, unmap->iova, unmap->length) : -EINVAL;
    default:
        return fake->dirty_tables ? dirty_table(fake, request, arg) : -ENOTTY;
    }
}

static int bind_iommufd(struct fake *fake, struct skvm_vfio_bind_iommufd *bind)
{
    bind->out_devid = 5;
    if (bind->iommufd < 0 || fake->fds[bind->iommufd].kind != FAKE_IOMMUFD) {
        return -EINVAL;
    }
    fake->token_seen = (bind->flags & SKVM_VFIO_BIND_TOKEN) != 0;
    if (fake->token_seen && fake->token_old_kernel) {
        return -EINVAL;
    }
    return fake->token_needed && !fake->token_seen ? -EACCES : 0;
}

/* ---- device ---- */

struct sparse_answer {
    struct vfio_region_info info;
    struct list_head sparse;
    struct vfio_region_sparse_mmap_area area;
};

static int region_info(struct fake *fake, struct vfio_region_info *info)
{
    bool bar = info->index == 0 || info->index == 3;
    info->offset = (uint64_t)info->index << 40;
    info->size = info->index == VFIO_PCI_CONFIG_REGION_INDEX ? 4096 : bar ? FAKE_BAR : 0;
    info->flags = info->size != 0 ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0;
    info->flags |= bar ? VFIO_REGION_INFO_FLAG_MMAP : 0;
    if (info->index == 3 && fake->sparse) {
        struct sparse_answer *answer = (struct sparse_answer *)info;
        uint32_t room = info->argsz;
        info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
        info->argsz = sizeof(*answer);
        info->cap_offset = 0;
        if (room >= sizeof(*answer)) {
            info->cap_offset = offsetof(struct sparse_answer, sparse);
            memset(&answer->sparse, 0, sizeof(answer->sparse));
            answer->sparse.header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
            answer->sparse.count = 1;
            answer->area.offset = 0x1000;
            answer->area.size = FAKE_BAR - 0x1000;
        }
    }
    return info->index <= VFIO_PCI_CONFIG_REGION_INDEX ? 0 : -EINVAL;
}

static int irq_info(struct vfio_irq_info *info)
{
    info->flags = VFIO_IRQ_INFO_EVENTFD;
    info->count = info->index == VFIO_PCI_MSIX_IRQ_INDEX ? FAKE_IRQS : 1;
    return 0;
}

static int set_msix(struct fake *fake, const struct vfio_irq_set *set)
{
    const unsigned char *data = (const unsigned char *)set + sizeof(*set);
    if (set->count == 0) {
        fake->irq_on = 0;
        return 0;
    }
    if ((set->flags & VFIO_IRQ_SET_DATA_NONE) != 0) {
        if (set->start >= fake->irq_on) {
            return -EINVAL;
        }
        fake_signal(fake->irq_fd[set->start]);
        return 0;
    }
    if (fake->irq_on == 0 && set->count > fake->msix_given) {
        return fake->msix_given != 0 ? (int)fake->msix_given : -ENOSPC;
    }
    fake->irq_on = fake->irq_on == 0 ? set->count : fake->irq_on;
    if (set->start + set->count > fake->irq_on) {
        return -EINVAL;
    }
    memcpy(&fake->irq_fd[set->start], data, set->count * sizeof(int32_t));
    return 0;
}

static int set_irqs(struct fake *fake, const struct vfio_irq_set *set)
{
    int32_t *slot = set->index == VFIO_PCI_REQ_IRQ_INDEX ? &fake->request_fd : &fake->error_fd;
    if (set->index == VFIO_PCI_MSIX_IRQ_INDEX) {
        return set_msix(fake, set);
    }
    memcpy(slot, (const unsigned char *)set + sizeof(*set), sizeof(*slot));
    return 0;
}

static int device_ioctl(struct fake *fake, unsigned long request, void *arg)
{
    struct vfio_device_info *info = arg;
    if (fake->vanished) {
        return -ENODEV;
    }
    switch (request) {
    case VFIO_DEVICE_BIND_IOMMUFD:
        return bind_iommufd(fake, arg);
    case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
        return attach_pt(fake, ((struct skvm_vfio_attach_pt *)arg)->pt_id);
    case VFIO_DEVICE_GET_INFO:
        info->flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
        info->num_regions = VFIO_PCI_NUM_REGIONS;
        info->num_irqs = VFIO_PCI_NUM_IRQS;
        return 0;
    case VFIO_DEVICE_GET_REGION_INFO:
        return region_info(fake, arg);
    case VFIO_DEVICE_GET_IRQ_INFO:
        return irq_info(arg);
    case VFIO_DEVICE_SET_IRQS:
        return set_irqs(fake, arg);
    case VFIO_DEVICE_RESET:
        fake->resets++;
        fake->mig_state = VFIO_DEVICE_STATE_RUNNING;
        return 0;
    case VFIO_DEVICE_FEATURE:
        return fake_device_feature(fake, arg);
    default:
        return -ENOTTY;
    }
}

int fake_ioctl(struct fake *fake, int fd, unsigned long request, void *arg)
{
    if (request == fake->bad_ioctl) {
        return fake->bad_ioctl_err;
    }
    switch (fake->fds[fd].kind) {
    case FAKE_CONTAINER:
        return container_ioctl(fake, request, arg);
    case FAKE_GROUP:
        return group_ioctl(fake, request, arg);
    case FAKE_IOMMUFD:
        return iommufd_ioctl(fake, request, arg);
    case FAKE_DEVICE:
        return device_ioctl(fake, request, arg);
    case FAKE_KVM_VM:
        return fake_kvm_ioctl(fake, request, arg);
    case FAKE_KVM_VFIO:
        return fake_kvm_vfio_ioctl(fake, request, arg);
    default:
        return -ENOTTY;
    }
}
