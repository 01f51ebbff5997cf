/* SPDX-License-Identifier: BSD-3-Clause */
/* A build without the Xen shim: --shim xen says so. */
#include "xen.h"

#include <errno.h>
#include <string.h>

static int absent(struct cli *cli)
{
    return cli_fail(cli,
                    "--shim xen: this sriovctl was built without the Xen shim; install libxen-dev and build "
                    "with -DSRIOV_XEN=ON");
}

bool cli_is_xen(const struct cli *cli)
{
    return strcmp(cli->globals.shim, "xen") == 0;
}

int cli_open_xen(struct cli *cli)
{
    return absent(cli);
}

void cli_close_xen(struct cli *cli)
{
    (void)cli;
}

int doctor_xen(struct cli *cli, const char *bdf, sriov_finding_cb cb, void *arg)
{
    (void)cli;
    (void)bdf;
    (void)cb;
    (void)arg;
    return -EOPNOTSUPP; /* cli_open_xen has refused before */
}

int assign_xen(struct cli *cli, const char *bdf, const struct assign_values *values)
{
    (void)bdf;
    (void)values;
    return absent(cli);
}

int release_xen(struct cli *cli, const char *bdf, const struct assign_values *values)
{
    (void)bdf;
    (void)values;
    return absent(cli);
}
