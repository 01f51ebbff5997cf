/* SPDX-License-Identifier: BSD-3-Clause */
/* The VMM of --shim netdev: the network interfaces of this Linux. */
#ifndef SRIOVCTL_VMM_NETDEV_H
#define SRIOVCTL_VMM_NETDEV_H

#include "cli.h"

struct sriov_driver;

bool cli_is_netdev(const struct cli *cli);
/* Of cli_open_vmm. */
int cli_open_netdev(struct cli *cli);
int cli_close_netdev(struct cli *cli);
/* An interface's name, as cli_bdf. */
bool cli_netdev_name(struct cli *cli, const char *word, char *name);
/* The drivers for functions of cli->vmm; NULL: those of the library. */
const struct sriov_driver *const *cli_net_drivers(const struct cli *cli);

#endif
