/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream_device.h"

#include <sriov/drivers.h>
#include <sriov/netdev.h>

#include <stdio.h>
#include <string.h>

/* Both hold what comes within a second, while a busy machine's guest is not at work. */
#define RING 1024u
#define BUFS (2 * RING) /* 4 MiB, which two huge pages hold */
#define MTU  1500u

static int fail(const char *name, const char *step, int rc, char *why)
{
    (void)snprintf(why, CLI_WHY_MAX, "%.100s: %s: %s", name, step, strerror(-rc));
    return rc;
}

static int equip(struct stream_device *device, const struct sriov_driver *const *drivers, const char *name,
                 char *why)
{
    struct sriov_pool_opts pool = {.size = sizeof(pool), .count = BUFS};
    struct sriov_net_config config = {
        .size = sizeof(config), .queues = 1, .rx_desc = RING, .tx_desc = RING, .mtu = MTU};
    int rc = sriov_pool_create(device->fn, &pool, &device->pool);

    if (rc != 0) {
        return fail(name, "memory for frames", rc, why);
    }
    rc = sriov_net_open(device->fn, drivers, &device->net);
    if (rc != 0) {
        return fail(name, "starting its driver", rc, why);
    }
    config.pool = device->pool;
    rc = sriov_net_configure(device->net, &config);
    return rc == 0 ? 0 : fail(name, "configuring its queues", rc, why);
}

int stream_device_open(struct sriov_vmm *vmm, const char *name, const struct sriov_driver *const *drivers,
                       uint32_t flags, struct stream_device *device, char *why)
{
    struct sriov_fn_opts opts = {.size = sizeof(opts), .flags = flags};
    int rc = sriov_fn_open(vmm, name, &opts, &device->fn);

    if (rc != 0) {
        device->fn = NULL;
        return fail(name, "opening it", rc, why);
    }
    rc = equip(device, drivers, name, why);
    if (rc != 0) {
        (void)stream_device_close(device);
    }
    return rc;
}

int stream_device_take(struct cli *cli, struct sriov_vmm *vmm, const char *bdf, struct stream_device *device,
                       char *why)
{
    struct sriov_kvm_opts opts = cli_kvm_opts(cli);
    int rc = strcmp(cli->globals.shim, "kvm") == 0 ? sriov_kvm_bind(&opts, bdf, why, CLI_WHY_MAX) : 0;

    return rc != 0 ? rc : stream_device_open(vmm, bdf, sriov_net_drivers, cli_open_flags(cli), device, why);
}

int stream_device_open_netdev(struct sriov_vmm **netdevs, const char *interface, struct stream_device *device,
                              char *why)
{
    const struct sriov_netdev_opts opts = {.size = sizeof(opts), .flags = SRIOV_NETDEV_TAKE};
    int rc = *netdevs == NULL ? sriov_netdev_create(&opts, netdevs) : 0;

    return rc != 0 ? fail(interface, "the shim for interfaces", rc, why)
                   : stream_device_open(*netdevs, interface, sriov_netdev_drivers, 0, device, why);
}

void stream_device_end_netdevs(struct sriov_vmm *netdevs)
{
    (void)sriov_netdev_destroy(netdevs);
}

int stream_device_close(struct stream_device *device)
{
    int rc = 0;

    if (device->fn == NULL) {
        return 0;
    }
    sriov_net_close(device->net);
    if (device->pool != NULL) {
        rc = sriov_pool_destroy(device->pool);
    }
    (void)sriov_fn_close(device->fn);
    *device = (struct stream_device){.fn = NULL};
    return rc;
}
