/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine on /dev/kvm with one device in it, for the tests of the VM face. */
#ifndef KVM_REAL_H
#define KVM_REAL_H

#include "guest.h"

#include <sriov/vm.h>

#define REAL_RAM      UINT64_C(0x10000000)
#define REAL_RAM_SIZE UINT64_C(0x200000)
#define REAL_MMIO     UINT64_C(0xc0000000)
#define REAL_ECAM     UINT64_C(0xe0000000)
#define REAL_SLOT     3u

struct real {
    struct kvm_guest guest;
    struct sriov_vmm *vmm;
    const struct sriov_vmm_ops *ops;
    struct sriov_vm *vm;
    void *ctx; /* of the machine, for its ops */
    void *dev;
    unsigned char *ram; /* REAL_RAM_SIZE bytes of this process */
    /* What the callbacks saw. */
    uint32_t cfg[1024];
    uint64_t regs[512];
    uint32_t reads;
    uint32_t writes;
    uint64_t last_off;
    uint32_t last_width;
    uint32_t rings;
    uint64_t rang;
    uint32_t asked;
    uint32_t plugged;
    uint32_t gone;
};

/* cmocka's setup: skips the test, and says why, where there is no KVM for us. flags and the rest of
 * *opts are the test's. */
void real_up(struct real *real, struct sriov_kvm_vm_opts *opts);
void real_down(struct real *real);
/* RAM at REAL_RAM, as one piece. */
void real_ram(struct real *real);
void real_window(struct real *real, uint64_t gpa, uint64_t length, volatile void *va);
/* cb: notes `rings` and `rang`. */
int real_bell(struct real *real, uint64_t gpa, uint32_t width, uint32_t values);
struct sriov_kvm_vm_stats real_stats(struct real *real);

#endif
