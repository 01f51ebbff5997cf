/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli.h"
#include "parse.h"

bool cli_bdf(struct cli *cli, const char *word, char *bdf)
{
    if (parse_bdf(word, bdf)) {
        return true;
    }
    (void)cli_fail(cli, "%.64s is no PCI address; it wants DDDD:BB:DD.F as sriovctl list shows", word);
    return false;
}
