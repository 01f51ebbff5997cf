/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The contract of the VM face (vmm.h) and of the manager (vm.h) as cases that run on any machine with a
 * guest in it. What such a machine has to offer for that stands here; vm_stage_mock.c and vm_stage_kvm.c
 * have one each. The functions that are given to it are simulated ones in both.
 *
 * All of it on one thread: an op of the stage returns when the guest's CPU is done with the access, and
 * the callbacks of the machine (config space, windows, doorbells) run inside these ops or inside wait,
 * relax, sleep_ns of the machine's VMM, since the simulated function behind them knows one thread only.
 */
#ifndef CONFORM_VM_H
#define CONFORM_VM_H

#include "conform.h"

#include <sriov/mock.h>
#include <sriov/vm.h>

/* Guest-physical addresses. What the guest itself lives in (code, stack, what a stage wants) the stage
 * adds below the first of them, by sriov_vm_add_memory or the VMM's own means; the cases never look
 * there. The guest's CPU reaches all of the first 4 GiB. */
#define CONFORM_VM_RAM       UINT64_C(0x10000000) /* cases put memory here, */
#define CONFORM_VM_RAM_ROOM  UINT64_C(0x04000000)
#define CONFORM_VM_MMIO      UINT64_C(0xc0000000) /* and BARs here */
#define CONFORM_VM_MMIO_ROOM UINT64_C(0x10000000)

/* Interrupts that a guest tells apart. */
#define CONFORM_VM_IRQS 8u

/* How the machine is to be; zero: as it comes. */
struct conform_vm_opts {
    uint64_t caps_out;      /* SRIOV_VM_CAP_* it is to lack */
    uint32_t memory_max;    /* pieces of memory and mapped windows, the guest's own ones besides; 0: any */
    uint32_t vectors_max;   /* 0: any */
    uint32_t doorbells_max; /* values with a doorbell; 0: any */
};

enum conform_consent {
    CONFORM_CONSENT_AT_ONCE = 0, /* the guest lets go as soon as it is asked */
    CONFORM_CONSENT_LATER = 1,   /* after `ns` of the machine's clock */
    CONFORM_CONSENT_NEVER = 2,
};

enum conform_exit {
    CONFORM_EXIT_CONFIG = 0,  /* accesses to config space */
    CONFORM_EXIT_TRAPPED = 1, /* loads and stores that left the guest, config space's without */
};

struct conform_vm_stage;

/* A machine that is built. */
struct conform_guest {
    const struct conform_vm_stage *stage;
    struct sriov_vm *vm;
    struct sriov_mock *mock; /* VMM of the functions; the machine's, too, on the mock */
    void *arg;               /* the stage's own */
    char why[160];           /* of a build that failed */
};

struct conform_vm_stage {
    const char *name; /* "mock", "kvm" */
    /* Fills *guest (mock is set). -EOPNOTSUPP: never here, or not with these options; guest->why says
     * why, and the cases that want it are unsupported. */
    int (*build)(struct conform_guest *guest, const struct conform_vm_opts *opts);
    /* The cases have given back what they had. Returns what is wrong with the machine, 0: nothing. */
    uint64_t (*strike)(struct conform_guest *guest);

    /* By the guest's CPU; width 1, 2, 4 or 8, gpa a multiple of it. */
    uint64_t (*read)(struct conform_guest *guest, uint64_t gpa, uint32_t width);
    void (*write)(struct conform_guest *guest, uint64_t gpa, uint32_t width, uint64_t value);
    /* By the guest's CPU: function 0 of device `slot` on bus 0. width 1, 2 or 4, off a multiple of it. */
    uint32_t (*cfg_read)(struct conform_guest *guest, uint32_t slot, uint32_t off, uint32_t width);
    void (*cfg_write)(struct conform_guest *guest, uint32_t slot, uint32_t off, uint32_t width,
                      uint32_t value);
    /* The message that arrives as interrupt n, below CONFORM_VM_IRQS. */
    void (*msi)(struct conform_guest *guest, uint32_t n, uint64_t *address, uint32_t *data);
    /* How often the guest's CPU has taken interrupt n; lets it run so long that it takes what is there. */
    uint32_t (*taken)(struct conform_guest *guest, uint32_t n);
    /* Since the machine was built. */
    uint64_t (*exits)(struct conform_guest *guest, enum conform_exit kind);
    /* What the guest does when it is asked to let go of a device. NULL: no hot-plug here. */
    void (*consent)(struct conform_guest *guest, enum conform_consent how, uint64_t ns);
    /* How often the guest was told of a device that came at `slot` (asked: that is to go). */
    uint32_t (*told)(struct conform_guest *guest, uint32_t slot, bool asked);
    /* Time passes for machine and function; what is due is delivered. */
    void (*pass)(struct conform_guest *guest, uint64_t ns);
};

extern const struct conform_vm_stage conform_vm_stage_mock;
/* With a VMM of its own. */
extern const struct conform_vm_stage conform_vm_stage_apart;
/* A KVM machine has one kind of dirty log. */
extern const struct conform_vm_stage conform_vm_stage_kvm;
extern const struct conform_vm_stage conform_vm_stage_kvm_ring;

#endif
