/* SPDX-License-Identifier: BSD-3-Clause */
/* The board's own ports: serial port, the way out, and the orders of the peer image. */
#ifndef MINIVMM_PORTS_H
#define MINIVMM_PORTS_H

#include "guest.h"

/* The exit in guest->machine.run, on the CPU's thread, without the lock. False: not a port of ours. */
bool ports_exit(struct guest *guest);

#endif
