/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli.h"
#include "parse.h"
#include "vmm_netdev.h"

#include <stdio.h>
#include <string.h>

/* "vf0" for "vf0.sock". */
static bool socket_name(struct cli *cli, const char *word, char *name)
{
    size_t length = strlen(word);
    bool whole = length > 5 && strcmp(word + length - 5, ".sock") == 0;
    int n = snprintf(name, SRIOV_NAME_MAX, "%s%s", word, whole || cli->globals.device != NULL ? "" : ".sock");

    if (length != 0 && strchr(word, '/') == NULL && n > 0 && n < SRIOV_NAME_MAX) {
        return true;
    }
    (void)cli_fail(cli,
                   "%.64s is no name of a function here: that is its socket's, as vf0; the folder goes to "
                   "--dir",
                   word);
    return false;
}

bool cli_bdf(struct cli *cli, const char *word, char *bdf)
{
    if (cli_is_vfu(cli)) {
        return socket_name(cli, word, bdf);
    }
    if (cli_is_netdev(cli)) {
        return cli_netdev_name(cli, word, bdf);
    }
    if (parse_bdf(word, bdf)) {
        return true;
    }
    (void)cli_fail(cli, "%.64s is no PCI address; it wants DDDD:BB:DD.F as sriovctl list shows", word);
    return false;
}
