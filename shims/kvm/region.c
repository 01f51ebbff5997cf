/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space and trapped BAR access: reads and writes of the device's descriptor. */
#include "skvm.h"

#include <endian.h>
#include <errno.h>
#include <linux/vfio.h>

#define PCI_BAR0_OFF 0x10u

static int region_read(struct skvm_fn *fn, const struct skvm_region *region, uint64_t off, uint32_t width,
                       uint64_t *value)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    uint64_t raw = 0;

    *value = UINT64_MAX >> (64 - 8 * width);
    if (atomic_load(&fn->dead)) {
        return -ENODEV;
    }
    if (off > region->length || width > region->length - off) {
        return -ERANGE;
    }
    int64_t n = sys->pread(sys->ctx, fn->device, &raw, width, region->offset + off);
    if (n < 0) {
        return skvm_device_error(fn, (int)n);
    }
    if (n != (int64_t)width) {
        return -EPROTO;
    }
    *value = le64toh(raw);
    return 0;
}

static int region_write(struct skvm_fn *fn, const struct skvm_region *region, uint64_t off, uint32_t width,
                        uint64_t value)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    uint64_t raw = htole64(value);

    if (atomic_load(&fn->dead)) {
        return -ENODEV;
    }
    if (off > region->length || width > region->length - off) {
        return -ERANGE;
    }
    int64_t n = sys->pwrite(sys->ctx, fn->device, &raw, width, region->offset + off);
    if (n < 0) {
        return skvm_device_error(fn, (int)n);
    }
    return n == (int64_t)width ? 0 : -EPROTO;
}

static bool width_ok(uint64_t off, uint32_t width, uint32_t widest)
{
    return (width == 1 || width == 2 || width == 4 || width == 8) && width <= widest && off % width == 0;
}

int skvm_op_cfg_read(void *handle, uint32_t off, uint32_t width, uint32_t *value)
{
    struct skvm_fn *fn = handle;
    uint64_t wide = 0;
    if (!width_ok(off, width, 4)) {
        return -EINVAL;
    }
    int err = region_read(fn, &fn->config, off, width, &wide);
    *value = (uint32_t)wide;
    return err;
}

int skvm_op_cfg_write(void *handle, uint32_t off, uint32_t width, uint32_t value)
{
    struct skvm_fn *fn = handle;
    return width_ok(off, width, 4) ? region_write(fn, &fn->config, off, width, value) : -EINVAL;
}

int skvm_op_bar_info(void *handle, uint32_t bar, struct sriov_bar_info *info)
{
    struct skvm_fn *fn = handle;
    uint32_t low = 0;

    if (bar >= SKVM_BARS || info->size < sizeof(*info)) {
        return -EINVAL;
    }
    info->flags = 0;
    info->length = fn->bars[bar].length;
    if (info->length == 0) {
        return 0;
    }
    /* VFIO fills in the BAR registers of a VF, which the hardware leaves zero. */
    int err = skvm_op_cfg_read(fn, PCI_BAR0_OFF + 4 * bar, 4, &low);
    if (err != 0) {
        return err;
    }
    if ((low & 1u) != 0) {
        info->flags = SRIOV_BAR_IO;
        return 0;
    }
    info->flags |= (low & 0x6u) == 0x4u ? SRIOV_BAR_64BIT : 0u;
    info->flags |= (low & 0x8u) != 0 ? SRIOV_BAR_PREFETCH : 0u;
    info->flags |= (fn->bars[bar].flags & VFIO_REGION_INFO_FLAG_MMAP) != 0 ? SRIOV_BAR_VIEWABLE : 0u;
    return 0;
}

int skvm_op_bar_read(void *handle, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    struct skvm_fn *fn = handle;
    if (bar >= SKVM_BARS || !width_ok(off, width, 8)) {
        return -EINVAL;
    }
    return region_read(fn, &fn->bars[bar], off, width, value);
}

int skvm_op_bar_write(void *handle, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    struct skvm_fn *fn = handle;
    if (bar >= SKVM_BARS || !width_ok(off, width, 8)) {
        return -EINVAL;
    }
    return region_write(fn, &fn->bars[bar], off, width, value);
}
