/* SPDX-License-Identifier: BSD-3-Clause */
/* Version of the library and of its two ABIs. */
#ifndef SRIOV_VERSION_H
#define SRIOV_VERSION_H

#include <sriov/types.h>

#define SRIOV_VERSION_MAJOR 0
#define SRIOV_VERSION_MINOR 1
#define SRIOV_VERSION_PATCH 0

/* ABI of struct sriov_vmm_ops and all that crosses it: raised only when a meaning changes. */
#define SRIOV_VMM_ABI 1u
/* ABI of struct sriov_driver and of the class tables below it. */
#define SRIOV_DRIVER_ABI 3u

/* "0.1.0"; static storage. */
SRIOV_API const char *sriov_version(void);

#endif
