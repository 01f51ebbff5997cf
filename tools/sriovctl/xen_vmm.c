/* SPDX-License-Identifier: BSD-3-Clause */
/* The VMM of --shim xen: this domain's PCI functions. */
#include "commands.h"
#include "xen_domain.h"

#include <stdio.h>
#include <string.h>

bool cli_is_xen(const struct cli *cli)
{
    return strcmp(cli->globals.shim, "xen") == 0;
}

struct sriov_xen_opts xen_opts(const struct cli *cli)
{
    const struct cli_globals *globals = &cli->globals;

    return (struct sriov_xen_opts){.size = sizeof(struct sriov_xen_opts),
                                   .flags = globals->noiommu ? SRIOV_XEN_ALLOW_NOIOMMU : 0,
                                   .sysfs_root = globals->sysfs_root,
                                   .dev_root = globals->dev_root,
                                   .proc_root = globals->proc_root};
}

static bool runs_on_xen(const struct cli *cli)
{
    const char *sysfs = cli->globals.sysfs_root;
    char path[512];
    char type[16] = "";

    (void)snprintf(path, sizeof(path), "%.400s/hypervisor/type", sysfs != NULL ? sysfs : "/sys");
    FILE *file = fopen(path, "re");
    bool is_xen = file != NULL && fgets(type, sizeof(type), file) != NULL && strcmp(type, "xen\n") == 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    return is_xen;
}

/* Elsewhere the shim shows functions too; but they are not what who says --shim xen wants to see. */
int cli_open_xen(struct cli *cli)
{
    struct sriov_xen_opts opts = xen_opts(cli);
    int rc;

    if (cli->command != &command_doctor && !runs_on_xen(cli)) {
        return cli_fail(cli,
                        "--shim xen: this machine does not run on Xen: leave it out, or boot Xen with this "
                        "system as its dom0; see: sriovctl --shim xen doctor");
    }
    rc = sriov_xen_create(&opts, &cli->vmm);
    if (rc != 0) {
        cli->vmm = NULL;
        return cli_fail(cli, "cannot start the Xen shim: %s", strerror(-rc));
    }
    return CLI_OK;
}

void cli_close_xen(struct cli *cli)
{
    (void)sriov_xen_destroy(cli->vmm);
}

int doctor_xen(struct cli *cli, const char *bdf, sriov_finding_cb cb, void *arg)
{
    struct sriov_xen_opts opts = xen_opts(cli);

    return sriov_xen_doctor(&opts, bdf, cb, arg);
}
