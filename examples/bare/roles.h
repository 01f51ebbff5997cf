/* SPDX-License-Identifier: BSD-3-Clause */
/* What the image can be: the command line chooses. */
#ifndef BARE_ROLES_H
#define BARE_ROLES_H

#include "machine.h"

/* PF and VFs of a device, and the conformance cases; TAP. */
_Noreturn void device_main(const struct machine *machine);
/* One VF, whichever VMM gives it. */
_Noreturn void peer_main(const struct machine *machine);

#endif
