/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine for the core's own tests, beside a fake whose function is a VF: it checks what the manager
 * may never do, and fails on command. The test is the guest. */
#ifndef FAKE_VM_H
#define FAKE_VM_H

#include "fake_vmm.h"

#include <sriov/hw/pci_regs.h>
#include <sriov/vm.h>

#define FAKE_VM_MEMS    8
#define FAKE_VM_WINDOWS 24
#define FAKE_VM_BELLS   8
#define FAKE_VM_DEVS    4

#define FAKE_RAM      UINT64_C(0x40000) /* bytes: 64 pages, at guest-physical 0 */
#define FAKE_BAR0     UINT64_C(0xe0000000)
#define FAKE_BAR3     UINT64_C(0xe0100000)
#define FAKE_VF_FD    77
#define FAKE_VF_MSIX  4     /* vectors */
#define FAKE_CFG_MSIX 0x70u /* capabilities of the virtual config space */
#define FAKE_CFG_EXP  0xa0u

struct fake_route {
    int on;
    struct sriov_vm_msi msi;
    uint32_t pending;
    unsigned arrived;
};

struct fake_vm;

struct fake_dev {
    struct fake_vm *vm;
    int live;
    int plugged;
    struct sriov_vm_dev_args args;
    char name[SRIOV_NAME_MAX];
    struct sriov_vm_window window[FAKE_VM_WINDOWS];
    unsigned num_windows;
    struct sriov_vm_doorbell bell[FAKE_VM_BELLS];
    unsigned num_bells;
    struct fake_route route[FAKE_VECTORS];
    unsigned routings; /* calls of vm_irq_route */
    void (*gone)(void *arg);
    void *gone_arg;
};

struct fake_vm {
    struct fake f; /* first: the VMM of the machine and of the VF */
    struct sriov_fn *fn;
    struct sriov_vm *vm;
    uint8_t *ram;
    uint64_t caps;
    uint64_t doorbells_left;
    uint64_t vectors_left;
    struct sriov_vm_mem mem[FAKE_VM_MEMS];
    unsigned num_mems;
    struct fake_dev dev[FAKE_VM_DEVS];
    uint32_t dirty_mode;
    uint64_t cpu_wrote; /* the first 64 pages, a bit each */
    unsigned events;
    enum sriov_assign_event event[16]; /* what on_event was told */
};

/* Shape a fake that is not registered yet as a VF: MSI-X in BAR 3, registers in BAR 0 (which has a view),
 * a descriptor, a dirty log. */
void fake_make_vf(struct fake *f);
/* Frees what that made; before fake_finish. */
void fake_free_vf(struct fake *f);

/* cmocka: a machine with RAM, and an open VF beside it. Everything must be given back in the end. */
int fake_vm_setup(void **state);
int fake_vm_teardown(void **state);

/* Opens the VF, with the books of its memory made, which stay until it is closed. */
void fake_vm_open(struct fake_vm *m);
/* The options that tell events to the struct. */
struct sriov_assign_opts fake_vm_opts(struct fake_vm *m);
struct sriov_assign *fake_vm_assign(struct fake_vm *m, const struct sriov_assign_opts *opts);
/* Add FAKE_RAM bytes at gpa, of its RAM. */
int fake_vm_add_ram(struct fake_vm *m, uint64_t gpa);

/* The guest. */
struct fake_dev *fake_vm_dev(struct fake_vm *m, unsigned nth);
uint32_t fake_guest_cfg(struct fake_vm *m, uint32_t off, uint32_t width);
void fake_guest_set_cfg(struct fake_vm *m, uint32_t off, uint32_t width, uint32_t value);
uint64_t fake_guest_read(struct fake_vm *m, uint64_t gpa, uint32_t width);
void fake_guest_write(struct fake_vm *m, uint64_t gpa, uint32_t width, uint64_t value);
/* BARs at FAKE_BAR0 and FAKE_BAR3, decoding and bus mastering on. */
void fake_guest_enable(struct fake_vm *m);
/* All vectors unmasked, vector i with data 0x40 + i, MSI-X on. */
void fake_guest_msix_on(struct fake_vm *m);

/* ---- what is left ---- */

/* The VF's own command register. */
uint16_t fake_vf_command(const struct fake_vm *m);
/* As before any assignment: the VF detached with nothing mapped and no vector, the machine empty. */
void fake_vm_untouched(struct fake_vm *m);
/* assign says err, and nothing is changed or lost. */
void fake_vm_refused(struct fake_vm *m, const struct sriov_assign_opts *opts, int err);

#endif
