/* SPDX-License-Identifier: BSD-3-Clause */
/* Two interfaces that are each other's wire, in a network namespace of this process alone. */
#ifndef VETH_H
#define VETH_H

#include <stdbool.h>

#define VETH_A "sn0"
#define VETH_B "sn1"

/* 0, or a negative errno: -EPERM where this process may not, *step says what. IPv6 is off on both, so that
 * nobody speaks unasked. */
int veth_enter(const char **step);
int veth_add(void);
int veth_del(void);
int veth_up(const char *name, bool up);
/* An IPv4 address, host order, with 24 bits of network. */
int veth_address(const char *name, unsigned address);

#endif
