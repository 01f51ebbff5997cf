/* SPDX-License-Identifier: BSD-3-Clause */
/* Which command does what; version, device, region and interrupt info, reset. */
#include "server.h"

static int hello(struct sriov_vfu_device *d, struct vfus_call *call)
{
    const struct vfu_caps ours = {
        .max_msg_fds = VFU_FDS_MAX,
        .max_data_xfer_size = VFU_XFER_MAX,
        .max_dma_maps = d->opts.max_maps,
        .pgsizes = VFUS_PAGE,
    };
    struct vfu_version version;
    struct vfu_caps theirs;
    int rc;

    if (d->hello) {
        return -EINVAL;
    }
    rc = vfu_version_read(vfu_rx_payload(call->rx), vfu_rx_length(call->rx), &version, &theirs);
    if (rc == 0 && version.major != VFU_MAJOR) {
        rc = -EPROTONOSUPPORT;
    }
    if (rc == 0) {
        version.minor = version.minor < VFU_MINOR ? version.minor : VFU_MINOR;
        rc = vfu_version_write(&version, &ours, call->out, VFU_PAYLOAD_MAX);
    }
    d->peer_xfer = theirs.max_data_xfer_size < VFU_XFER_MAX ? theirs.max_data_xfer_size : VFU_XFER_MAX;
    d->ends = rc < 0;
    d->hello = rc >= 0;
    call->length = rc >= 0 ? (uint32_t)rc : 0;
    return rc >= 0 ? 0 : rc;
}

static int device_info(struct sriov_vfu_device *d, struct vfus_call *call)
{
    struct vfu_device_info info;
    int rc = vfu_rx_get(call->rx, &info, sizeof(info));

    (void)d;
    if (rc != 0 || info.argsz < sizeof(info)) {
        return -EINVAL;
    }
    info = (struct vfu_device_info){
        .argsz = sizeof(info),
        .flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
        .num_regions = VFIO_PCI_NUM_REGIONS,
        .num_irqs = VFIO_PCI_NUM_IRQS,
    };
    vfus_answer(call, &info, sizeof(info));
    return 0;
}

static int region_info(struct sriov_vfu_device *d, struct vfus_call *call)
{
    struct vfu_region_info info;
    int rc = vfu_rx_get(call->rx, &info, sizeof(info));

    if (rc != 0 || info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_REGIONS) {
        return -EINVAL;
    }
    info = (struct vfu_region_info){
        .argsz = sizeof(info), .index = info.index, .size = vfus_region_size(d, info.index)};
    if (info.size != 0) {
        info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
    }
    vfus_answer(call, &info, sizeof(info));
    return 0;
}

static int irq_info(struct sriov_vfu_device *d, struct vfus_call *call)
{
    struct vfu_irq_info info;
    int rc = vfu_rx_get(call->rx, &info, sizeof(info));

    if (rc != 0 || info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_IRQS) {
        return -EINVAL;
    }
    info = (struct vfu_irq_info){
        .argsz = sizeof(info), .index = info.index, .count = vfus_irq_count(d, info.index)};
    if (info.count != 0) {
        info.flags = VFIO_IRQ_INFO_EVENTFD;
    }
    vfus_answer(call, &info, sizeof(info));
    return 0;
}

/* Memory and interrupts stay, as with a function level reset. */
static int reset(struct sriov_vfu_device *d, struct vfus_call *call)
{
    int rc;

    (void)call;
    d->counts.resets++;
    sriov_vcfg_reset(d->vcfg);
    rc = sriov_fn_reset(d->fn);
    vfus_mig_reset(d);
    return rc;
}

/* What is not here was not offered: writes by the dozen (write_multiple), descriptors instead of accesses,
 * and what only a server may ask. */
static const struct {
    int (*run)(struct sriov_vfu_device *d, struct vfus_call *call);
    uint32_t fds; /* that may come with it */
} commands[] = {
    [VFU_VERSION] = {hello, 0},
    [VFU_DMA_MAP] = {vfus_dma_map, 1},
    [VFU_DMA_UNMAP] = {vfus_dma_unmap, 0},
    [VFU_DEVICE_GET_INFO] = {device_info, 0},
    [VFU_DEVICE_GET_REGION_INFO] = {region_info, 0},
    [VFU_DEVICE_GET_IRQ_INFO] = {irq_info, 0},
    [VFU_DEVICE_SET_IRQS] = {vfus_set_irqs, VFU_FDS_MAX},
    [VFU_REGION_READ] = {vfus_region_read, 0},
    [VFU_REGION_WRITE] = {vfus_region_write, 0},
    [VFU_DEVICE_RESET] = {reset, 0},
    [VFU_DEVICE_FEATURE] = {vfus_device_feature, 0},
    [VFU_MIG_DATA_READ] = {vfus_mig_data_read, 0},
    [VFU_MIG_DATA_WRITE] = {vfus_mig_data_write, 0},
};

int vfus_command(struct sriov_vfu_device *d, struct vfus_call *call)
{
    uint16_t cmd = vfu_rx_header(call->rx).cmd;

    if (cmd >= sizeof(commands) / sizeof(commands[0]) || commands[cmd].run == NULL) {
        return -EOPNOTSUPP;
    }
    if (call->rx->num_fds > commands[cmd].fds) {
        return -EINVAL;
    }
    return commands[cmd].run(d, call);
}
