/* SPDX-License-Identifier: BSD-3-Clause */
/* in-veth COMMAND...: runs it where the interfaces sn0 and sn1 are, each other's wire, and nothing else. Exit
 * status 77 where this process may not make them. */
#include "veth.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const char *step;
    if (argc < 2) {
        fputs("usage: in-veth COMMAND...\n", stderr);
        return 2;
    }
    int err = veth_enter(&step);
    err = err != 0 ? err : veth_up(VETH_A, true);
    err = err != 0 ? err : veth_up(VETH_B, true);
    if (err != 0) {
        fprintf(stderr, "in-veth: skipped: %s cannot be had: %s\n", step, strerror(-err));
        return 77;
    }
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    return 2;
}
