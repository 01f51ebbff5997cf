/* SPDX-License-Identifier: BSD-3-Clause */
/* The manager, among its own files: machines, their memory, and the functions in them. */
#ifndef SRIC_VM_H
#define SRIC_VM_H

#include "core.h"

#include <sriov/hw/pci_regs.h>
#include <sriov/vm.h>

/* More bells than any device has tail registers. */
#define SRIC_VM_BELLS_MAX 256u
/* Mapped, the MSI-X part, mapped again, and what lies beyond the view. */
#define SRIC_VM_SEGS 4u

struct sric_vm_mem {
    uint64_t gpa;
    uint64_t length;
    void *va;
    uint32_t flags; /* SRIOV_VM_MEM_* */
    bool carried;   /* some bit of `carry` is set */
    /* While the dirty log is on: pages written by functions that left meanwhile, a bit each. */
    uint64_t *carry;
};

struct sriov_vm {
    struct sriov_vmm *vmm;
    void *ctx; /* the shim's */
    char name[SRIOV_NAME_MAX];
    char owner[SRIOV_NAME_MAX]; /* "vm NAME", in ledgers */
    struct sric_vm_mem *mems;
    uint32_t num_mems;
    uint32_t mems_room;
    struct sriov_assign *assigns;
    bool dirty; /* the log is on */
};

struct sric_vm_bar;

/* A run of a BAR's bytes that is one window. */
struct sric_vm_seg {
    struct sric_vm_bar *bar;
    uint64_t off; /* from the BAR's begin */
    uint64_t length;
    bool mapped;
    uint64_t kept; /* where the machine did not let go of it; SRIOV_VCFG_NOWHERE: nowhere */
};

struct sric_vm_bar {
    struct sriov_assign *assign;
    struct sriov_bar regs; /* the function's side */
    uint64_t length;       /* as the guest sizes it; 0: none */
    uint64_t gpa;          /* SRIOV_VCFG_NOWHERE: not decoded */
    uint32_t num_segs;
    struct sric_vm_seg seg[SRIC_VM_SEGS];
};

struct sric_vm_bell {
    struct sriov_assign *assign;
    struct sriov_bell spec;
    bool placed;
};

struct sriov_assign {
    struct sriov_assign *next;
    struct sriov_vm *vm;
    struct sriov_fn *fn;
    struct sriov_assign_opts opts;
    uint64_t caps;         /* SRIOV_VM_CAP_* of the machine */
    uint64_t vectors_left; /* that the machine had for it */
    struct sriov_vcfg *vcfg;
    void *dev; /* the machine's */
    struct sric_vm_bar bar[SRIOV_PCI_BAR_COUNT];
    struct sric_vm_bell *bells; /* opts.num_bells of them */
    uint32_t routed[SRIC_VECTORS_MAX / 32];
    struct sriov_assign_info counts;
    uint64_t deadline; /* of hot-remove, on the clock of the machine's VMM */

    /* What is to be undone, in the order in which it was done. */
    bool held;     /* the function is attached to us */
    bool claimed;  /* at its PF */
    bool quiet;    /* it was reset, and masters the bus only when the guest says so */
    bool logged;   /* its dirty log is on */
    bool has_irqs; /* its vectors are on */
    bool plugged;  /* the guest can find it */

    bool taken;     /* all of it is undone; only the struct is left */
    bool resetting; /* an FLR is under way */
    bool asked;     /* the guest was asked to let go ... */
    bool let_go;    /* ... and did */
    bool removing;  /* sriov_vm_remove is at work on it */
    bool flr_due;   /* events to be told of by the next poll */
    bool gone_told;
};

/* The VMM shows the function to the guest: nothing of it is made here. */
static inline bool sric_vm_shows_itself(const struct sriov_assign *a)
{
    return (a->caps & SRIOV_VM_CAP_OWN_DEVICE) != 0;
}

static inline const struct sriov_vmm_ops *sric_vm_ops(const struct sriov_vm *vm)
{
    return &vm->vmm->ops;
}

/* Both ranges are not empty and do not wrap. */
static inline bool sric_vm_overlap(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
    return a <= b ? b - a < a_length : a - b < b_length;
}

static inline bool sric_vm_wraps(uint64_t first, uint64_t length)
{
    return length - 1 > UINT64_MAX - first;
}

/* ---- memory (vm_mem.c) ---- */

bool sric_vm_is_memory(const struct sriov_vm *vm, uint64_t gpa, uint64_t length);
/* Make all guest memory reachable for the function; on failure none of it is. */
int sric_vm_map_all(struct sriov_assign *assign);
void sric_vm_unmap_all(struct sriov_assign *assign);

/* ---- BARs (vm_bar.c, vm_trap.c) ---- */

int sric_vm_bars_open(struct sriov_assign *assign);
void sric_vm_bars_close(struct sriov_assign *assign);
/* The hook of the virtual config space. */
int sric_vm_bar_moved(void *arg, uint32_t bar, uint64_t gpa);
bool sric_vm_is_window(const struct sriov_vm *vm, uint64_t gpa, uint64_t length);
/* Accesses of the guest. */
uint64_t sric_vm_trap_read(void *seg, uint64_t off, uint32_t width);
void sric_vm_trap_write(void *seg, uint64_t off, uint32_t width, uint64_t value);
void sric_vm_bell_rang(void *bell, uint64_t value);
uint32_t sric_vm_cfg_read(void *assign, uint32_t off, uint32_t width);
void sric_vm_cfg_write(void *assign, uint32_t off, uint32_t width, uint32_t value);

/* ---- vectors (vm_irq.c) ---- */

int sric_vm_irqs_on(struct sriov_assign *assign);
void sric_vm_irqs_forget(struct sriov_assign *assign);
/* The hooks. */
int sric_vm_msix_enable(void *arg, bool on);
int sric_vm_route(void *arg, uint32_t vector, const struct sriov_vm_msi *msi);
int sric_vm_pending(void *arg, uint32_t vector, uint32_t *pending);
int sric_vm_vector_control(void *arg, uint32_t vector, bool masked);

/* ---- the function in the machine's hands (vm_fn.c) ---- */

/* May it be assigned there? */
int sric_vm_check_fn(struct sriov_assign *assign);
/* FLR, and no bus mastering. */
int sric_vm_quiet(struct sriov_assign *assign);
int sric_vm_bus_master(void *arg, bool on);
int sric_vm_flr(void *arg);

/* ---- coming and going (vm_release.c, vm_remove.c) ---- */

/* Undo whatever assign did so far, in reverse; twice is once. */
void sric_vm_take(struct sriov_assign *assign);
void sric_vm_free(struct sriov_assign *assign);
int sric_vm_plug_in(struct sriov_assign *assign);

/* ---- dirty log (vm_dirty.c) ---- */

/* Of a function that comes while the log is on. */
int sric_vm_log_on(struct sriov_assign *assign);
/* Of one that goes, or with the log: what it wrote is carried on. */
void sric_vm_log_off(struct sriov_assign *assign);
/* Its mapping of this piece went, and its own log of it with that: any page may have been written. */
void sric_vm_carry_all(const struct sriov_assign *assign, struct sric_vm_mem *mem);
/* Room for the carried pages of a piece; -ENOMEM. */
int sric_vm_carry_make(struct sriov_vm *vm, struct sric_vm_mem *mem);
void sric_vm_carry_free(struct sriov_vm *vm, struct sric_vm_mem *mem);

#endif
