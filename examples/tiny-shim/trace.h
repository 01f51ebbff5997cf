/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The smallest complete shim: a VMM of its own whose every op is handed on to another one, counted
 * and, if wanted, printed. A shim for a real VMM has the same shape and its own code in the middle.
 */
#ifndef TRACE_H
#define TRACE_H

#include <sriov/vmm.h>

#include <stdio.h>

struct trace;

/* out: one line for each call of a function's op; NULL: count only. inner must outlive the trace. */
int trace_create(struct sriov_vmm *inner, FILE *out, struct trace **trace);
/* -EBUSY while a function is open. */
int trace_destroy(struct trace *trace);
struct sriov_vmm *trace_vmm(struct trace *trace);

/* Op i of the table by its name and number of calls; false: there is no such one. */
bool trace_op(const struct trace *trace, uint32_t i, const char **name, uint64_t *calls);

#endif
