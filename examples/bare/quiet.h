/* SPDX-License-Identifier: BSD-3-Clause */
/* A stretch in which every page that is written is known beforehand: the judge of a dirty log. */
#ifndef BARE_QUIET_H
#define BARE_QUIET_H

#include <sriov/fn.h>

/* Announces the pages (but one: lie), is quiet, writes, as orders.h says; returns when the order changes.
 * Interrupts are off meanwhile. What sriov_bar_open returned; -EPROTO: a ring that makes no sense. */
int quiet(struct sriov_fn *fn, bool lie);

#endif
