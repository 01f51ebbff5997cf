/* SPDX-License-Identifier: BSD-3-Clause */
/* What the guest of a simulated machine finds on its bus, looked at as its PCI code would. */
#ifndef SRIOVCTL_GUEST_LOOK_H
#define SRIOVCTL_GUEST_LOOK_H

#include "cli.h"

#include <sriov/mock.h>

#define GUEST_LOOK_NOWHERE UINT32_MAX

/* Device number of the first function on its bus 0; GUEST_LOOK_NOWHERE: there is none. */
uint32_t guest_look_slot(struct sriov_vm *vm);
/* Sizes and places the BARs, turns decoding on, walks the capabilities; the report. */
json_t *guest_look(struct sriov_vm *vm, uint32_t slot);

#endif
