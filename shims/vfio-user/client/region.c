/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space and BARs by messages. A write to a BAR is posted, as it is on a bus. */
#include "vfuc.h"

#include <linux/vfio.h>
#include <string.h>

#define PCI_BAR0_OFF 0x10u
#define WIDEST       8u

/* What a reply to a read looks like. */
struct answer {
    struct vfu_region_access access;
    uint8_t data[WIDEST];
};

static int check(struct vfuc_fn *fn, const struct vfuc_region *region, uint64_t off, uint32_t width)
{
    if (atomic_load(&fn->conn.dead) || atomic_load(&fn->conn.gone)) {
        return -ENODEV;
    }
    return off <= region->length && width <= region->length - off ? 0 : -ERANGE;
}

static int region_read(struct vfuc_fn *fn, uint32_t index, uint64_t off, uint32_t width, uint64_t *value)
{
    struct vfu_region_access ask = {.offset = off, .region = index, .count = width};
    struct answer answer;
    struct vfuc_msg msg = {.command = VFU_REGION_READ,
                           .head = &ask,
                           .head_len = sizeof(ask),
                           .reply = &answer,
                           .reply_min = sizeof(ask) + width,
                           .reply_room = sizeof(ask) + width};
    int result = vfuc_call(&fn->conn, &msg);
    if (result != 0) {
        return vfuc_error(result);
    }
    if (answer.access.count != width) {
        return -EPROTO;
    }
    *value = 0;
    memcpy(value, answer.data, width); /* little-endian, as it lies */
    return 0;
}

static int region_write(struct vfuc_fn *fn, uint32_t index, uint64_t off, uint32_t width, uint64_t value,
                        bool posted)
{
    struct vfu_region_access ask = {.offset = off, .region = index, .count = width};
    struct vfu_region_access answer;
    struct vfuc_msg msg = {.command = VFU_REGION_WRITE,
                           .posted = posted,
                           .head = &ask,
                           .head_len = sizeof(ask),
                           .data = &value,
                           .data_len = width,
                           .reply = &answer,
                           .reply_min = sizeof(answer),
                           .reply_room = sizeof(answer)};
    return vfuc_error(vfuc_call(&fn->conn, &msg));
}

static bool width_ok(uint64_t off, uint32_t width, uint32_t widest)
{
    return (width == 1 || width == 2 || width == 4 || width == 8) && width <= widest && off % width == 0;
}

int vfuc_op_cfg_read(void *handle, uint32_t off, uint32_t width, uint32_t *value)
{
    struct vfuc_fn *fn = handle;
    uint64_t wide = 0;
    *value = UINT32_MAX;
    if (!width_ok(off, width, 4)) {
        return -EINVAL;
    }
    int err = check(fn, &fn->config, off, width);
    err = err != 0 ? err : region_read(fn, VFIO_PCI_CONFIG_REGION_INDEX, off, width, &wide);
    *value = err == 0 ? (uint32_t)wide : UINT32_MAX >> (32 - 8 * width);
    return err;
}

int vfuc_op_cfg_write(void *handle, uint32_t off, uint32_t width, uint32_t value)
{
    struct vfuc_fn *fn = handle;
    if (!width_ok(off, width, 4)) {
        return -EINVAL;
    }
    int err = check(fn, &fn->config, off, width);
    return err != 0 ? err : region_write(fn, VFIO_PCI_CONFIG_REGION_INDEX, off, width, value, false);
}

int vfuc_op_bar_info(void *handle, uint32_t bar, struct sriov_bar_info *info)
{
    struct vfuc_fn *fn = handle;
    uint32_t low = 0;
    if (bar >= VFUC_BARS || info->size < sizeof(*info)) {
        return -EINVAL;
    }
    info->flags = 0;
    info->length = fn->bars[bar].length;
    if (info->length == 0) {
        return 0;
    }
    int err = vfuc_op_cfg_read(fn, PCI_BAR0_OFF + 4 * bar, 4, &low);
    if (err != 0) {
        return err;
    }
    if ((low & 1u) != 0) {
        info->flags = SRIOV_BAR_IO;
        return 0;
    }
    info->flags |= (low & 0x6u) == 0x4u ? SRIOV_BAR_64BIT : 0u;
    info->flags |= (low & 0x8u) != 0 ? SRIOV_BAR_PREFETCH : 0u;
    info->flags |= fn->bars[bar].fd >= 0 ? SRIOV_BAR_VIEWABLE : 0u;
    return 0;
}

int vfuc_op_bar_read(void *handle, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    struct vfuc_fn *fn = handle;
    *value = UINT64_MAX;
    if (bar >= VFUC_BARS || !width_ok(off, width, WIDEST)) {
        return -EINVAL;
    }
    int err = check(fn, &fn->bars[bar], off, width);
    err = err != 0 ? err : region_read(fn, VFIO_PCI_BAR0_REGION_INDEX + bar, off, width, value);
    if (err != 0) {
        *value = UINT64_MAX >> (64 - 8 * width);
    }
    return err;
}

int vfuc_op_bar_write(void *handle, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    struct vfuc_fn *fn = handle;
    if (bar >= VFUC_BARS || !width_ok(off, width, WIDEST)) {
        return -EINVAL;
    }
    int err = check(fn, &fn->bars[bar], off, width);
    return err != 0 ? err : region_write(fn, VFIO_PCI_BAR0_REGION_INDEX + bar, off, width, value, true);
}
