/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VMM for looking only: config space and BAR sizes of this host's functions as sysfs shows them,
 * whoever drives them. Nothing is reset, bound or written.
 */
#ifndef SRIOVCTL_LOOK_H
#define SRIOVCTL_LOOK_H

#include <sriov/vmm.h>

struct look;

/* info: the function to look at, as enumerate gave it. 0, -EPERM, -ENOENT, -ENOMEM. */
int look_create(const char *sysfs_root, const struct sriov_fn_info *info, struct look **out);
/* Its function must be closed. */
void look_destroy(struct look *look);
struct sriov_vmm *look_vmm(struct look *look);
/* Bytes of config space that this user may read: 64, 256 or 4096. */
uint32_t look_config_size(const struct look *look);

#endif
