/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a VMM does for its guest, in small: a driver's function is now one that one process serves, now one of
 * another's, and the driver does not see it. The driver's memory is an arena, mapped at the same addresses
 * wherever the function is.
 */
#ifndef RELAY_H
#define RELAY_H

#include <sriov/dma.h>
#include <sriov/irq.h>
#include <sriov/migrate.h>

#define RELAY_ARENA_IOVA  UINT64_C(0x10000000)
#define RELAY_ARENA_BYTES UINT64_C(0x800000)

struct relay;

/* The driver's VMM, whose one function is `fn`, open, of a shim that maps a caller's buffers. */
struct relay *relay_make(struct sriov_fn *fn);
struct sriov_vmm *relay_vmm(struct relay *relay);
void relay_destroy(struct relay *relay);
/* Memory and interrupts, as fn has them, for another one; until relay_switch it is not used. 0 or an errno.
 */
int relay_prepare(struct relay *relay, struct sriov_fn *to);
/* Gives what relay_prepare did back. */
void relay_forget(struct relay *relay, struct sriov_fn *to);
/* From now on the function is `to`, prepared; what the one before had is given back. */
void relay_switch(struct relay *relay, struct sriov_fn *to);

#endif
