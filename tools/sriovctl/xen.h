/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl --shim xen. In a build without the Xen shim xen_absent.c stands for all of it. */
#ifndef SRIOVCTL_XEN_H
#define SRIOVCTL_XEN_H

#include "assign.h"

bool cli_is_xen(const struct cli *cli);
/* Of cli_open_vmm and cli_close_vmm. */
int cli_open_xen(struct cli *cli);
void cli_close_xen(struct cli *cli);

int doctor_xen(struct cli *cli, const char *bdf, sriov_finding_cb cb, void *arg);
/* As assign_qmp and release_qmp: bdf is checked, may not be there. */
int assign_xen(struct cli *cli, const char *bdf, const struct assign_values *values);
int release_xen(struct cli *cli, const char *bdf, const struct assign_values *values);

#endif
