/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the VM face calls, scripted: a toolstack and a hypervisor with two domains, over the fake dom0. It
 * checks what Xen would refuse, and counts what is held.
 */
#ifndef XEN_HYPER_H
#define XEN_HYPER_H

#include "fake.h"
#include "sxen_vm.h"

#include <sriov/vm.h>

#define HYPER_PV      1u
#define HYPER_HVM     2u
#define HYPER_SERVER  5u
#define HYPER_NONE    0xffffu
#define HYPER_SBDF    0x0180u /* FAKE_VF */
#define HYPER_MAPS    8
#define HYPER_VECTORS 4

struct hyper_range {
    uint64_t gfn; /* of a trap: the first address */
    uint64_t mfn; /* of a trap: the last */
    uint64_t n;   /* 0: free */
    bool trap;
};

struct hyper {
    struct fake *fake;
    struct sxen_vm_door door;
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;

    /* What they are like. */
    bool no_passthrough;
    bool no_hap;
    bool dying;
    bool no_lib;          /* libxenctrl is another's */
    bool deaf;            /* the guest does not let go */
    bool late;            /* it does when it is told to (hyper_let_go) */
    bool foreign_log;     /* a migration of somebody else's is under way */
    bool foreign_dev;     /* xl gave the domain another function */
    uint32_t assign_says; /* errno of the next assign; 0: none */
    uint32_t domain_says; /* the same, of what is asked of a domain */
    uint64_t time;

    /* What is held. */
    uint32_t live_xens;
    uint32_t live_children;
    uint32_t owner;    /* who has the function: 0 dom0, SXEN_DOMID_IO, a domain */
    uint32_t attached; /* by xl; 0: no */
    bool detaching;
    uint32_t connecting; /* looks until the guest has taken it */
    bool log_on;
    uint64_t wrote; /* pages 0 to 63 */
    struct hyper_range ranges[HYPER_MAPS];
    uint64_t allowed; /* machine frames given to the domain */
    uint32_t config_slot;
    bool pirq[HYPER_VECTORS];
    struct sxen_msi bound[HYPER_VECTORS]; /* flags 0: not */
    char last_xl[128];
    char log[8192]; /* errors, since it was emptied */
};

/* hyper.c; its ctx is the struct. */
extern const struct sxen_vm_door hyper_door;

/* A dom0 with an open VF and both domains. */
struct hyper *hyper_up(void);
/* Everything must be as it was. */
void hyper_down(struct hyper *hyper);
void hyper_untouched(const struct hyper *hyper);
struct sriov_vm *hyper_machine(struct hyper *hyper, const struct sriov_xen_vm_opts *opts);
struct sriov_vm *hyper_pv(struct hyper *hyper);
struct sriov_vm *hyper_model(struct hyper *hyper);
void hyper_said(const struct hyper *hyper, const char *words);
/* The guest that was asked by xl lets go now. */
void hyper_let_go(struct hyper *hyper);

#endif
