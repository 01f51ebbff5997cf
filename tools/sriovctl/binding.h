/* SPDX-License-Identifier: BSD-3-Clause */
/* A function goes to vfio-pci, and back to exactly what it was. */
#ifndef SRIOVCTL_BINDING_H
#define SRIOVCTL_BINDING_H

#include "cli.h"

struct binding {
    bool changed; /* by binding_take */
    char bdf[SRIOV_NAME_MAX];
    char driver[SRIOV_NAME_MAX];   /* before; may be empty */
    char override[SRIOV_NAME_MAX]; /* driver_override before; may be empty */
};

/* 0, or a negative errno with the shim's line in why (CLI_WHY_MAX bytes) and nothing changed. */
int binding_take(struct cli *cli, const struct sriov_fn_info *info, struct binding *binding, char *why);
/* True: it is as it was. */
bool binding_undo(struct cli *cli, const struct binding *binding);

#endif
