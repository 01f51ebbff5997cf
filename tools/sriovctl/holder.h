/* SPDX-License-Identifier: BSD-3-Clause */
/* Which process has a function's VFIO node open. */
#ifndef SRIOVCTL_HOLDER_H
#define SRIOVCTL_HOLDER_H

#include "cli.h"

struct holder {
    long pid;
    char program[32];
    char node[SRIOV_NAME_MAX + 16]; /* "/dev/vfio/12" */
};

/*
 * True: *holder has it, by its group's node or its own; a process other than this one and `not_pid`. Of
 * processes that this user may not look into nothing is known.
 */
bool holder_find(const struct cli *cli, const struct sriov_fn_info *info, long not_pid,
                 struct holder *holder);

#endif
