/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small guest on /dev/kvm whose CPU does as it is told: loads, stores, port accesses, one command a
 * turn, all on the caller's thread. Its own memory is the first GUEST_MEMORY bytes, in KVM slot 0.
 */
#ifndef KVM_GUEST_H
#define KVM_GUEST_H

#include "layout.h"

#include <sriov/kvm.h>

#include <stdint.h>

struct guest_page {
    uint32_t cmd;
    uint32_t width;
    uint64_t addr;
    uint64_t value;
    uint64_t count;
    uint64_t wrap;
    uint32_t taken[GUEST_VECTORS];
};

struct kvm_guest {
    int kvm;
    int vm;
    int vcpu;
    struct kvm_run *run;
    size_t run_size;
    unsigned char *memory;
    struct sriov_vm *machine; /* set by the caller before kvm_guest_start */
    uint64_t exits;           /* of the vCPU, but for the one that ends each command */
    uint64_t strange;         /* those that nobody knew */
    char why[160];            /* of what failed, or why there is no guest here */
};

/* The VM, without a vCPU yet. -EOPNOTSUPP: no KVM for us here, why says. */
int kvm_guest_up(struct kvm_guest *guest);
/* Its vCPU, up to the first command. */
int kvm_guest_start(struct kvm_guest *guest);
void kvm_guest_down(struct kvm_guest *guest);

/* 0, or -EIO with why: the guest died. */
int kvm_guest_read(struct kvm_guest *guest, uint64_t gpa, uint32_t width, uint64_t *value);
int kvm_guest_write(struct kvm_guest *guest, uint64_t gpa, uint32_t width, uint64_t value);
/* count stores of value, value + 1, ..., each `wrap` becoming 0. */
int kvm_guest_stores(struct kvm_guest *guest, uint64_t gpa, uint32_t width, uint64_t value, uint64_t count,
                     uint64_t wrap);
int kvm_guest_in(struct kvm_guest *guest, uint16_t port, uint32_t width, uint32_t *value);
int kvm_guest_out(struct kvm_guest *guest, uint16_t port, uint32_t width, uint32_t value);
int kvm_guest_spin(struct kvm_guest *guest, uint64_t turns);
/* How often interrupt n was taken. Runs the guest until the count is `want`, or for settle_ns when it is
 * not: KVM may deliver from a worker of its own. */
uint32_t kvm_guest_taken(struct kvm_guest *guest, uint32_t n, uint32_t want, uint64_t settle_ns);
/* Message n, for the guest's local APIC. */
void kvm_guest_msi(uint32_t n, uint64_t *address, uint32_t *data);

#endif
