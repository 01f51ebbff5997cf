/* SPDX-License-Identifier: BSD-3-Clause */
/* A function with its pool and driver, opened and configured for polling. */
#ifndef SRIOVCTL_STREAM_DEVICE_H
#define SRIOVCTL_STREAM_DEVICE_H

#include "cli.h"

#include <sriov/net.h>

struct stream_device {
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
};

/* All: 0 or a negative errno with one line in why (CLI_WHY_MAX bytes), nothing held then. */
int stream_device_open(struct sriov_vmm *vmm, const char *name, const struct sriov_driver *const *drivers,
                       uint32_t flags, struct stream_device *device, char *why);
/* A PCI function of this host: by the KVM shim to vfio-pci first, whoever has it. */
int stream_device_take(struct cli *cli, struct sriov_vmm *vmm, const char *bdf, struct stream_device *device,
                       char *why);
/* An interface of the kernel's; *netdevs is made on first use. */
int stream_device_open_netdev(struct sriov_vmm **netdevs, const char *interface, struct stream_device *device,
                              char *why);
/* After its last device. */
void stream_device_end_netdevs(struct sriov_vmm *netdevs);
/* Of a device that is not open: nothing. -EBUSY: buffers of its pool are out. */
int stream_device_close(struct stream_device *device);

#endif
