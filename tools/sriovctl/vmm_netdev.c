/* SPDX-License-Identifier: BSD-3-Clause */
#include "vmm_netdev.h"

#include <sriov/netdev.h>

#include <net/if.h>
#include <stdio.h>
#include <string.h>

bool cli_is_netdev(const struct cli *cli)
{
    return strcmp(cli->globals.shim, "netdev") == 0;
}

int cli_open_netdev(struct cli *cli)
{
    const struct sriov_netdev_opts opts = {.size = sizeof(opts)};
    int rc = sriov_netdev_create(&opts, &cli->vmm);

    if (rc == 0) {
        return CLI_OK;
    }
    cli->vmm = NULL;
    return cli_fail(cli, "cannot start the netdev shim: %s", strerror(-rc));
}

int cli_close_netdev(struct cli *cli)
{
    return sriov_netdev_destroy(cli->vmm);
}

bool cli_netdev_name(struct cli *cli, const char *word, char *name)
{
    size_t len = strlen(word);

    if (len != 0 && len < IF_NAMESIZE && strchr(word, '/') == NULL) {
        (void)snprintf(name, SRIOV_NAME_MAX, "%s", word);
        return true;
    }
    (void)cli_fail(cli, "%.64s is no name of a network interface; see: sriovctl --shim netdev list", word);
    return false;
}

const struct sriov_driver *const *cli_net_drivers(const struct cli *cli)
{
    return cli_is_netdev(cli) ? sriov_netdev_drivers : NULL;
}
