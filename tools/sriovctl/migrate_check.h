/* SPDX-License-Identifier: BSD-3-Clause */
/* What must be so before a machine is moved: QEMU itself checks little of it, and moves a machine with a VF
 * that is dead at the other end. */
#ifndef SRIOVCTL_MIGRATE_CHECK_H
#define SRIOVCTL_MIGRATE_CHECK_H

#include "migrate.h"
#include "migrate_vm.h"

struct migrate_pair {
    struct migrate_vm source;
    struct migrate_vm destination;
    struct migrate_standby standby; /* of the VF, at the source */
    char standby_id[QMP_ID_MAX];
};

/* CLI_OK, or CLI_USAGE with the line printed. Both are looked at already. */
int migrate_check(struct cli *cli, const struct migrate_values *values, struct migrate_pair *pair);

#endif
