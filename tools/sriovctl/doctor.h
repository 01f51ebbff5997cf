/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SRIOVCTL_DOCTOR_H
#define SRIOVCTL_DOCTOR_H

#include "cli.h"

#include <sriov/irq.h>

/* What the sockets of --shim vfio-user lack, all or the one of that name. 0, or a negative errno. */
int doctor_vfu(struct cli *cli, const char *only, sriov_kvm_finding_cb cb, void *arg);

#endif
