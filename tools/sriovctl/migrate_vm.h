/* SPDX-License-Identifier: BSD-3-Clause */
/* What one of the two QEMUs says about its machine before it is moved. Errors as those of qmp_execute. */
#ifndef SRIOVCTL_MIGRATE_VM_H
#define SRIOVCTL_MIGRATE_VM_H

#include "qmp_vm.h"

#define MIGRATE_VFS_MAX 8

/* A VF that is in the machine now. pair empty: failover knows nothing of it. */
struct migrate_vf {
    char id[QMP_ID_MAX];
    char pair[QMP_ID_MAX];
    bool asked; /* QEMU has asked the guest to let it go */
};

struct migrate_vm {
    struct qmp *qmp;
    const char *path;
    json_t *devices; /* id -> type, of those that the user named, VFs left out */
    struct migrate_vf vfs[MIGRATE_VFS_MAX];
    uint32_t num_vfs;
    json_int_t memory;
    size_t cpus;
    char machine[QMP_ID_MAX];
    char status[32];
};

/* A standby: virtio-net with failover=on. */
struct migrate_standby {
    bool there;
    bool failover;
    uint32_t queues;
    char mac[24];
};

int migrate_vm_look(struct migrate_vm *vm, uint64_t deadline_ns, char *why);
int migrate_vm_standby(struct migrate_vm *vm, const char *id, uint64_t deadline_ns,
                       struct migrate_standby *standby, char *why);
/* 1: the guest uses it: its BARs are in the address space. 0: it is plugged in, and no more. -ENOENT: it is
 * not there. */
int migrate_vm_uses(struct qmp *qmp, const char *id, uint64_t deadline_ns, char *why);
void migrate_vm_forget(struct migrate_vm *vm);

#endif
