/* SPDX-License-Identifier: BSD-3-Clause */
/* Which interfaces there are: those that speak Ethernet. */
#include "snd.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLASS_ETHERNET 0x020000u

static void driver_of(int sock, const char *name, char out[SRIOV_NAME_MAX])
{
    struct ethtool_drvinfo drv = {.cmd = ETHTOOL_GDRVINFO};
    struct ifreq req = {.ifr_data = (void *)&drv};
    (void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
    if (ioctl(sock, SIOCETHTOOL, &req) == 0) {
        (void)snprintf(out, SRIOV_NAME_MAX, "%.*s", (int)sizeof(drv.driver), drv.driver);
    }
}

void snd_info_fill(int sock, const char *name, struct sriov_fn_info *info)
{
    *info = (struct sriov_fn_info){
        .size = sizeof(*info),
        .caps = SRIOV_CAP_IRQ_CALLBACK | SRIOV_CAP_IRQ_MASK | SRIOV_CAP_IRQ_PENDING | SRIOV_CAP_IRQ_TRIGGER |
                SRIOV_CAP_DMA_MAP | SRIOV_CAP_EVENTS,
        .vendor = SRIOV_NETDEV_VENDOR,
        .device = SRIOV_NETDEV_DEVICE,
        .class_code = CLASS_ETHERNET,
        .iommu_group = -1,
    };
    (void)snprintf(info->name, sizeof(info->name), "%s", name);
    driver_of(sock, name, info->bound_driver);
}

static bool ethernet(int sock, const char *name)
{
    struct ifreq req = {0};
    (void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
    return ioctl(sock, SIOCGIFHWADDR, &req) == 0 && req.ifr_hwaddr.sa_family == ARPHRD_ETHER;
}

static int show_all(int sock, const struct if_nameindex *all, sriov_enum_cb cb, void *arg)
{
    int rc = 0;
    for (; rc == 0 && all->if_index != 0 && all->if_name != NULL; all++) {
        struct sriov_fn_info info;
        if (ethernet(sock, all->if_name)) {
            snd_info_fill(sock, all->if_name, &info);
            rc = cb(arg, &info);
        }
    }
    return rc;
}

int snd_op_enumerate(void *vmm, sriov_enum_cb cb, void *arg)
{
    (void)vmm;
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sock < 0) {
        /* A kernel without IPv4 takes the same requests on a UNIX socket. */
        sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
    if (sock < 0) {
        return -ENOSPC;
    }
    struct if_nameindex *all = if_nameindex();
    int rc = all != NULL ? show_all(sock, all, cb, arg) : -ENOMEM;
    if_freenameindex(all);
    close(sock);
    return rc;
}
