/* SPDX-License-Identifier: BSD-3-Clause */
/* What KVM gives by itself: RAM, one CPU, the interrupt controllers in the kernel. Knows no function. */
#ifndef MINIVMM_MACHINE_H
#define MINIVMM_MACHINE_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct machine {
    int vm; /* descriptors; -1: none */
    int vcpu;
    struct kvm_run *run;
    size_t run_size;
    uint8_t *ram; /* guest-physical 0; this process's own */
    uint64_t ram_size;
    uint64_t tsc_hz; /* 0: KVM does not tell */
};

/* Guest-physical addresses from here to 4 GiB are not for BARs: ECAM, then the interrupt controllers. */
#define MACHINE_RESERVED      UINT64_C(0xd0000000)
#define MACHINE_RESERVED_SIZE UINT64_C(0x30000000)
#define MACHINE_ECAM          MACHINE_RESERVED
#define MACHINE_ECAM_BUSES    256u

/* A VM with RAM, not yet known to it, and no CPU yet. kvm: /dev/kvm. Negative errno. */
int machine_create(int kvm, uint64_t ram_size, struct machine *m);
/* The one CPU. */
int machine_add_cpu(int kvm, struct machine *m);
/* It begins at a PVH entry, with its start info. */
int machine_set_entry(const struct machine *m, uint64_t entry, uint64_t start_info);
/* Until the next exit, then m->run tells. -EINTR: machine_kick, or a signal. */
int machine_run(struct machine *m);
/* From another thread: machine_run returns soon, again and again. Signals with SIGUSR1. */
void machine_kick(struct machine *m, pthread_t thread);
/* To standard error: where the CPU stood, and at which bytes. */
void machine_tell(const struct machine *m, const char *name);
void machine_destroy(struct machine *m);

#endif
