/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtio 1.x network device, 1af4:1041, or 1af4:1000 where that offers virtio 1.0. */
#include "vnet.h"

#include <sriov/drivers.h>

static const struct sriov_net_ops vnet_ops = {
    .attach = vnet_attach,
    .detach = vnet_detach,
    .configure = vnet_configure,
    .release = vnet_release,
    .start = vnet_start,
    .stop = vnet_stop,
    .poll = vnet_poll,
    .rx_arm = vnet_rx_arm,
    .set_mac = vnet_set_mac,
    .set_multicast = vnet_set_multicast,
    .set_vlan = vnet_set_vlan,
    .set_mtu = vnet_set_mtu,
    .set_rx_mode = vnet_set_rx_mode,
    .stats = vnet_stats,
    .quiesce_tx = vnet_quiesce_tx,
    .quiesce = vnet_quiesce,
    .resume = vnet_resume,
    .tx_take = vnet_tx_take,
    .rx_take = vnet_rx_take,
    .save = vnet_save,
    .load = vnet_load,
};

static const struct sriov_id vnet_ids[] = {
    {VIRTIO_VENDOR_ID, VIRTIO_DEV_ID_NET}, {VIRTIO_VENDOR_ID, VIRTIO_DEV_ID_NET_TRANS}, {0, 0}};

const struct sriov_driver sriov_virtio_net_driver = {
    .size = sizeof(struct sriov_driver),
    .abi = SRIOV_DRIVER_ABI,
    .name = "virtio-net",
    .class = SRIOV_CLASS_NET,
    .priv_size = sizeof(struct vnet),
    .ids = vnet_ids,
    .net = &vnet_ops,
};
