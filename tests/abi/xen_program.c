/* SPDX-License-Identifier: BSD-3-Clause */
/* A program of the Xen shim and no other: brings up the VF that it is told, and says its address. */
#include <sriov/drivers.h>
#include <sriov/fn.h>
#include <sriov/net.h>
#include <sriov/xen.h>

#include <stdio.h>
#include <string.h>

static int show(struct sriov_fn *fn)
{
    struct sriov_net *net = NULL;
    struct sriov_net_info info = {.size = sizeof(info)};
    int err = sriov_net_open(fn, sriov_net_drivers, &net);
    if (err == 0) {
        err = sriov_net_get_info(net, &info);
        sriov_net_close(net);
    }
    if (err == 0) {
        const uint8_t *mac = info.mac.b;
        printf("%s: %02x:%02x:%02x:%02x:%02x:%02x\n", sriov_fn_info(fn)->name, mac[0], mac[1], mac[2], mac[3],
               mac[4], mac[5]);
    }
    return err;
}

int main(int argc, char **argv)
{
    const struct sriov_xen_opts opts = {.size = sizeof(opts), .flags = SRIOV_XEN_ALLOW_NOIOMMU};
    const struct sriov_fn_opts noiommu = {.size = sizeof(noiommu), .flags = SRIOV_OPEN_NOIOMMU};
    struct sriov_vmm *vmm = NULL;
    struct sriov_fn *fn = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: xen-program BDF\n");
        return 2;
    }
    int err = sriov_xen_create(&opts, &vmm);
    err = err != 0 ? err : sriov_fn_open(vmm, argv[1], &noiommu, &fn);
    err = err != 0 ? err : show(fn);
    (void)sriov_fn_close(fn);
    (void)sriov_xen_destroy(vmm);
    if (err != 0) {
        fprintf(stderr, "xen-program: %s: %s\n", argv[1], strerror(-err));
    }
    return err != 0 ? 2 : 0;
}
