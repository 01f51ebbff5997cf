/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads and writes of BARs and config space, cut into accesses that a bus can carry. */
#include "server.h"

uint64_t vfus_region_size(const struct sriov_vfu_device *d, uint32_t index)
{
    if (index < VFUS_BARS) {
        return sriov_vcfg_bar_length(d->vcfg, index);
    }
    if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
        return sriov_fn_can(d->fn, SRIOV_CAP_CFG_EXTENDED) ? 4096 : 256;
    }
    return 0;
}

/* 64 bits at once only where just that is asked for: two registers side by side are 32 each. */
static uint32_t piece(uint64_t off, uint32_t left, uint32_t count)
{
    uint32_t width = count == 8 ? 8 : 4;

    while (width > left || off % width != 0) {
        width /= 2;
    }
    return width;
}

static int bar_read(struct sriov_vfu_device *d, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    const struct sriov_bar *regs = &d->bar[bar];

    if (sriov_vcfg_bar_read(d->vcfg, bar, off, width, value)) {
        return 0;
    }
    if (off >= regs->length || width > regs->length - off) {
        *value = UINT64_MAX; /* the rest, up to the power of two */
        return 0;
    }
    return sriov_bar_read(regs, off, width, value);
}

static int bar_write(struct sriov_vfu_device *d, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    const struct sriov_bar *regs = &d->bar[bar];

    if (sriov_vcfg_bar_write(d->vcfg, bar, off, width, value)) {
        return 0;
    }
    if (off >= regs->length || width > regs->length - off) {
        return 0;
    }
    return sriov_bar_write(regs, off, width, value);
}

static int read_one(struct sriov_vfu_device *d, uint32_t region, uint64_t off, uint32_t width,
                    uint64_t *value)
{
    if (region < VFUS_BARS) {
        return bar_read(d, region, off, width, value);
    }
    *value = sriov_vcfg_read(d->vcfg, (uint32_t)off, width);
    return sriov_fn_gone(d->fn) ? -ENODEV : 0;
}

static int write_one(struct sriov_vfu_device *d, uint32_t region, uint64_t off, uint32_t width,
                     uint64_t value)
{
    if (region < VFUS_BARS) {
        return bar_write(d, region, off, width, value);
    }
    sriov_vcfg_write(d->vcfg, (uint32_t)off, width, (uint32_t)value);
    return sriov_fn_gone(d->fn) ? -ENODEV : 0;
}

static int take(const struct sriov_vfu_device *d, const struct vfus_call *call, struct vfu_region_access *at)
{
    uint64_t size;

    if (vfu_rx_get(call->rx, at, sizeof(*at)) != 0 || at->count == 0 || at->count > VFU_XFER_MAX) {
        return -EINVAL;
    }
    if (at->region < VFUS_BARS && vfus_mig_holds(d)) {
        return -EBUSY;
    }
    size = vfus_region_size(d, at->region);
    return at->offset <= size && at->count <= size - at->offset ? 0 : -EINVAL;
}

int vfus_region_read(struct sriov_vfu_device *d, struct vfus_call *call)
{
    struct vfu_region_access at;
    uint32_t width;
    int rc = take(d, call, &at);

    if (rc != 0) {
        return rc;
    }
    vfus_answer(call, &at, sizeof(at));
    for (uint32_t i = 0; rc == 0 && i < at.count; i += width) {
        uint64_t value = 0;

        width = piece(at.offset + i, at.count - i, at.region < VFUS_BARS ? at.count : 4);
        rc = read_one(d, at.region, at.offset + i, width, &value);
        vfus_answer(call, &value, width);
    }
    return rc;
}

int vfus_region_write(struct sriov_vfu_device *d, struct vfus_call *call)
{
    struct vfu_region_access at;
    const uint8_t *data = vfu_rx_payload(call->rx) + sizeof(at);
    uint32_t width;
    int rc = take(d, call, &at);

    if (rc == 0 && vfu_rx_length(call->rx) - sizeof(at) != at.count) {
        rc = -EINVAL;
    }
    if (rc != 0) {
        return rc;
    }
    for (uint32_t i = 0; rc == 0 && i < at.count; i += width) {
        uint64_t value = 0;

        width = piece(at.offset + i, at.count - i, at.region < VFUS_BARS ? at.count : 4);
        memcpy(&value, data + i, width);
        rc = write_one(d, at.region, at.offset + i, width, value);
    }
    vfus_answer(call, &at, sizeof(at));
    return rc;
}
