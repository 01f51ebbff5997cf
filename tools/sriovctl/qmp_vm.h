/* SPDX-License-Identifier: BSD-3-Clause */
/* What a running QEMU says about its machine. Errors as those of qmp_execute. */
#ifndef SRIOVCTL_QMP_VM_H
#define SRIOVCTL_QMP_VM_H

#include "qmp.h"

#define QMP_ID_MAX 256

/* 1: the machine has host function bdf; id receives what device_del takes (QMP_ID_MAX bytes). 0: it has not.
 */
int qmp_vm_find(struct qmp *qmp, const char *bdf, uint64_t deadline_ns, char *id, char *why);
/* 1: a device of that id is there; 0: none. */
int qmp_vm_has_id(struct qmp *qmp, const char *id, uint64_t deadline_ns, char *why);
/* 1: bus receives the id of an empty PCIe root port (QMP_ID_MAX bytes); 0: QEMU shows none. */
int qmp_vm_free_port(struct qmp *qmp, uint64_t deadline_ns, char *bus, char *why);
/* {"qemu": ..., "name": ...} for a report, the name null where the machine has none. */
json_t *qmp_vm_describe(struct qmp *qmp, const char *path, uint64_t deadline_ns);
/* 1: the guest's CPUs run; 0: they do not, and status receives QEMU's word for it (32 bytes). */
int qmp_vm_runs(struct qmp *qmp, uint64_t deadline_ns, char *status, char *why);

#endif
