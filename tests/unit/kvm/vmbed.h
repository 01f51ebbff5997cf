/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine on the fake host's KVM, with one device in it. */
#ifndef KVM_VMBED_H
#define KVM_VMBED_H

#include "fake.h"
#include "skvm_vm.h"

#define BED_RAM  UINT64_C(0x100000)
#define BED_MMIO UINT64_C(0xc0000000)
#define BED_ECAM UINT64_C(0xe0000000)
#define BED_SLOT 3u

struct vmbed {
    struct fake *fake;
    int vm_fd;
    struct sriov_vmm *vmm;
    const struct sriov_vmm_ops *ops;
    struct sriov_vm *vm;
    struct skvm_machine *machine;
    void *dev;
    uint64_t reg; /* what reads give; what was written */
    uint64_t off;
    uint32_t width;
    uint32_t accesses;
    uint32_t rings;
    uint64_t rang;
    uint32_t asked;
    uint32_t plugs;
    uint32_t gone;
    int plug_err;
    int ask_err;
    int routes_err;
    uint32_t routes;
};

/* cmocka's fixture: a host, no machine yet. */
int vmbed_setup(void **state);
int vmbed_teardown(void **state);
extern struct vmbed bed;

/* What is not set in *opts is filled in. NULL: nothing special. */
int vmbed_create(struct sriov_kvm_vm_opts *opts);
/* The same with a device in it. */
void vmbed_start(struct sriov_kvm_vm_opts *opts);
/* The device and the machine go. */
void vmbed_stop(void);
int vmbed_dev(uint32_t slot, uint32_t vectors, int fd, uint32_t kind, void **dev);
int vmbed_mem(uint64_t gpa, uint64_t length, void *va, uint32_t flags);
int vmbed_mem_del(uint64_t gpa, uint64_t length);
int vmbed_window(uint64_t gpa, uint64_t length, volatile void *va);
int vmbed_bell(uint64_t gpa, uint32_t width, uint32_t values);
/* An access of the guest that left it. */
int vmbed_mmio(uint64_t gpa, uint32_t width, bool write, uint64_t *value);
int vmbed_port(uint16_t port, uint32_t width, uint32_t count, bool out, void *data);
struct sriov_kvm_vm_stats vmbed_stats(void);

#endif
