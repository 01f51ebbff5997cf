/* SPDX-License-Identifier: BSD-3-Clause */
/* What VFIO tells about a function, and what its errors mean. */
#include "skvm.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

static int region_get(struct skvm_fn *fn, uint32_t index, struct skvm_region *region)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    struct vfio_region_info info = {.argsz = sizeof(info), .index = index};
    int err = sys->ioctl(sys->ctx, fn->device, VFIO_DEVICE_GET_REGION_INFO, &info);
    if (err < 0) {
        return err;
    }
    region->offset = info.offset;
    region->length = info.size;
    region->flags = info.flags;
    return 0;
}

static int regions_get(struct skvm_fn *fn)
{
    int err = region_get(fn, VFIO_PCI_CONFIG_REGION_INDEX, &fn->config);
    for (uint32_t bar = 0; err == 0 && bar < SKVM_BARS; bar++) {
        err = region_get(fn, VFIO_PCI_BAR0_REGION_INDEX + bar, &fn->bars[bar]);
    }
    return err;
}

/* No MSI-X is no error: such a function is polled. */
static void vectors_get(struct skvm_fn *fn, uint32_t num_irqs)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    struct vfio_irq_info info = {.argsz = sizeof(info), .index = VFIO_PCI_MSIX_IRQ_INDEX};
    if (num_irqs > VFIO_PCI_MSIX_IRQ_INDEX &&
        sys->ioctl(sys->ctx, fn->device, VFIO_DEVICE_GET_IRQ_INFO, &info) >= 0 &&
        (info.flags & VFIO_IRQ_INFO_EVENTFD) != 0) {
        fn->max_vectors = info.count <= 2048 ? info.count : 2048;
    }
}

int skvm_device_init(struct skvm_fn *fn, struct skvm_why *why)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    struct vfio_device_info info = {.argsz = sizeof(info)};

    int err = sys->ioctl(sys->ctx, fn->device, VFIO_DEVICE_GET_INFO, &info);
    if (err >= 0 &&
        ((info.flags & VFIO_DEVICE_FLAGS_PCI) == 0 || info.num_regions <= VFIO_PCI_CONFIG_REGION_INDEX)) {
        skvm_why(why, "%s: VFIO does not offer it as a PCI function: bind it to vfio-pci", fn->info.name);
        return -EPROTO;
    }
    err = err < 0 ? err : regions_get(fn);
    if (err < 0) {
        skvm_why(why, "%s: VFIO does not describe it (errno %d): see dmesg", fn->info.name, -err);
        return err == -ENODEV || err == -ENOMEM ? err : -EPROTO;
    }
    if (fn->config.length < 256) {
        skvm_why(why, "%s: its config space has %u bytes, a PCI function has 256 or more", fn->info.name,
                 (unsigned)fn->config.length);
        return -EPROTO;
    }
    fn->can_reset = (info.flags & VFIO_DEVICE_FLAGS_RESET) != 0;
    vectors_get(fn, info.num_irqs);
    return 0;
}

#define PCI_STATUS_OFF 6u

/*
 * A function that has left the bus reads all-ones. VFIO answers IDs from memory for a VF, but the
 * status word comes from the device, and all-ones is none that a device can have.
 */
bool skvm_device_absent(struct skvm_fn *fn)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    uint16_t status = 0;
    int64_t n = sys->pread(sys->ctx, fn->device, &status, sizeof(status), fn->config.offset + PCI_STATUS_OFF);
    return n == -ENODEV || n == -ENXIO || (n == (int64_t)sizeof(status) && status == UINT16_MAX);
}

int skvm_device_error(struct skvm_fn *fn, int err)
{
    switch (err) {
    case -ENODEV:
    case -ENXIO:
        skvm_note_gone(fn);
        return -ENODEV;
    case -EIO:
        /* Memory decoding is off, or the link is being reset: the function may answer again. When
         * it does not, the kernel's request event says so. */
        return atomic_load(&fn->gone) ? -ENODEV : -EAGAIN;
    case -ENOTTY:
        return -EOPNOTSUPP;
    case -EACCES:
        return -EPERM;
    case -EAGAIN:
    case -EBUSY:
    case -EINVAL:
    case -ENOMEM:
    case -ENOSPC:
    case -EPERM:
        return err;
    case -EMFILE:
    case -ENFILE:
        return -ENOSPC;
    default:
        return -EPROTO;
    }
}

#define SET_FEW 16u

union irq_set {
    struct vfio_irq_set set;
    unsigned char bytes[sizeof(struct vfio_irq_set) + SET_FEW * sizeof(int32_t)];
    uint64_t align;
};

int skvm_set_irqs(struct skvm_fn *fn, uint32_t index, uint32_t start, uint32_t count, const int32_t *fds)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    size_t length = sizeof(struct vfio_irq_set) + (fds != NULL ? count * sizeof(int32_t) : 0);
    union irq_set few;
    struct vfio_irq_set *set = &few.set;

    if (length > sizeof(few)) {
        set = sys->alloc(sys->ctx, length, _Alignof(struct vfio_irq_set));
    }
    if (set == NULL) {
        return -ENOMEM;
    }
    set->argsz = (uint32_t)length;
    set->flags =
        VFIO_IRQ_SET_ACTION_TRIGGER | (fds != NULL ? VFIO_IRQ_SET_DATA_EVENTFD : VFIO_IRQ_SET_DATA_NONE);
    set->index = index;
    set->start = start;
    set->count = count;
    if (fds != NULL) {
        memcpy((unsigned char *)set + sizeof(*set), fds, count * sizeof(int32_t));
    }
    int result = sys->ioctl(sys->ctx, fn->device, VFIO_DEVICE_SET_IRQS, set);
    if (set != &few.set) {
        sys->free(sys->ctx, set);
    }
    return result;
}
