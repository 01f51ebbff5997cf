/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SR-IOV manager: a function becomes a device of a virtual machine, on any VMM. It uses the
 * function face of the function's VMM and the VM face of the machine's, which may be two different
 * ones (a simulated VF in a KVM guest), and nothing else.
 *
 * All calls for one machine, and those of the machine's callbacks, come one at a time: the VMM's own
 * lock. A function that is assigned belongs to the manager; calls of fn.h on it other than
 * sriov_fn_info, _state and _kill are its user's mistake.
 */
#ifndef SRIOV_VM_H
#define SRIOV_VM_H

#include <sriov/pf.h>
#include <sriov/vcfg.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_vm;     /* a machine */
struct sriov_assign; /* a function in a machine */

/*
 * For shims: `vm` is handed to each op of the VM face. A user's machine comes from its shim's own
 * header (sriov_kvm_vm_create, sriov_mock_vm_create). -EOPNOTSUPP: no VM face, -ENOMEM, -EINVAL.
 */
SRIOV_API int sriov_vm_register(struct sriov_vmm *vmm, void *vm, const char *name, struct sriov_vm **out);
/* -EBUSY while it has memory or functions. */
SRIOV_API int sriov_vm_unregister(struct sriov_vm *vm);
SRIOV_API const char *sriov_vm_name(const struct sriov_vm *vm);
SRIOV_API struct sriov_vmm *sriov_vm_vmm(const struct sriov_vm *vm);
SRIOV_API void *sriov_vm_ctx(const struct sriov_vm *vm);
SRIOV_API int sriov_vm_info(struct sriov_vm *vm, struct sriov_vm_info *info);

/* ---- memory ---- */

/*
 * The guest's memory; each assigned function reaches it at IOVA = guest-physical address, those that
 * come later too. All or nothing. -EINVAL (alignment, overlap with memory that is there), -EBUSY
 * (overlap with a window), -ERANGE (outside what an assigned function can address), -ENOSPC, what
 * the shims' ops return.
 */
SRIOV_API int sriov_vm_add_memory(struct sriov_vm *vm, const struct sriov_vm_mem *mem);
/* -ENOENT: no such piece (pieces go as they came). When a shim refuses, its error: the memory is still
 * the guest's then, and still within reach of its functions. */
SRIOV_API int sriov_vm_del_memory(struct sriov_vm *vm, uint64_t gpa, uint64_t length);

/* ---- assignment ---- */

/* A tail register: see struct sriov_vm_doorbell. Where its BAR is mapped it needs no bell, and gets none: a
 * store goes straight to the device. */
struct sriov_bell {
    uint32_t bar;
    uint32_t width; /* bytes */
    uint64_t off;
    uint32_t values; /* stores of 0 to values - 1 come without an exit; 0: any store, value not kept */
    uint32_t reserved0;
};

enum sriov_assign_event {
    SRIOV_ASSIGN_RELEASED = 1, /* the guest let go, as it was asked to */
    SRIOV_ASSIGN_FORCED = 2,   /* it did not in time; taken away */
    SRIOV_ASSIGN_GONE = 3,     /* the function vanished; still to be released */
    SRIOV_ASSIGN_FLR = 4,      /* the guest reset it */
};

struct sriov_assign_opts {
    uint32_t size;
    uint32_t flags; /* SRIOV_ASSIGN_* */
    uint32_t slot;  /* device number on the guest's bus 0; SRIOV_VM_SLOT_ANY */
    uint32_t num_bells;
    const struct sriov_bell *bells; /* copied; where the machine has doorbells, else they trap */
    struct sriov_pf *pf;            /* claims the VF for the machine while it is assigned; may be NULL */
    /* Called inside sriov_vm_poll and sriov_vm_remove alone, and may release `assign`; may be NULL. */
    void (*on_event)(void *arg, struct sriov_assign *assign, enum sriov_assign_event event);
    void *arg;
};
/* See SRIOV_VCFG_SLOW_MASK; for measuring. */
#define SRIOV_ASSIGN_SLOW_MASK 1u
/* Trap every BAR, although the function has a view and the machine maps. */
#define SRIOV_ASSIGN_TRAP 2u
/* Not yet on the guest's bus: sriov_vm_plug puts it there. */
#define SRIOV_ASSIGN_UNPLUGGED 4u

/*
 * Give an open, detached function to the machine: FLR, then its virtual config space, memory, vectors
 * and, as the guest places them, BARs. All or nothing: after an error VM and function are as before.
 * opts may be NULL.
 * Errors: -EOPNOTSUPP (a PF; VMM without VM face; function whose IOVAs are not ours to choose),
 * -EBUSY (assigned already, in use by a driver, slot taken, claimed by another owner), -ENOSPC (slots,
 * vectors, map budget), -ERANGE (guest memory outside what the function can address), -ENODEV,
 * -ENOMEM, -EINVAL, -E2BIG.
 */
SRIOV_API int sriov_vm_assign(struct sriov_fn *fn, struct sriov_vm *vm, const struct sriov_assign_opts *opts,
                              struct sriov_assign **out);
/* Takes it away now, without asking the guest; FLR, so that nothing of the guest stays in it. The
 * function is detached afterwards, or gone. Works in any state; NULL is nothing. */
SRIOV_API void sriov_vm_release(struct sriov_assign *assign);

/* Twice is once. What the shim's op returns; -ENODEV. */
SRIOV_API int sriov_vm_plug(struct sriov_assign *assign);
/*
 * Hot-remove: ask the guest, and take the function away when it has let go, or at the latest after
 * timeout_ns; waits so long on the clock of the machine's VMM. 0: the guest let go; -ETIMEDOUT: it did
 * not, the function was taken; assign is invalid in both cases, also where on_event, which is told of the
 * end, released it. -EOPNOTSUPP: this machine cannot ask; nothing is changed. -EINVAL: it was taken already
 * (an event said so) and is only to be released, or another call removes it.
 */
SRIOV_API int sriov_vm_remove(struct sriov_assign *assign, uint64_t timeout_ns);
/* The same without waiting: an event tells of the end, then assign is to be released. The deadline is
 * looked at by sriov_vm_poll. -EBUSY: asked already. */
SRIOV_API int sriov_vm_remove_ask(struct sriov_assign *assign, uint64_t timeout_ns);
/* Deadlines, functions that vanished. Returns how many events there were. */
SRIOV_API uint32_t sriov_vm_poll(struct sriov_vm *vm);

SRIOV_API struct sriov_fn *sriov_assign_fn(const struct sriov_assign *assign);
/* NULL once the function was taken, and where the VMM shows a config space of its own. */
SRIOV_API struct sriov_vcfg *sriov_assign_vcfg(const struct sriov_assign *assign);

struct sriov_assign_info {
    uint32_t size;
    uint32_t vectors;        /* of its MSI-X capability */
    uint64_t bar_gpa[6];     /* SRIOV_VCFG_NOWHERE: not decoded */
    uint64_t trapped;        /* register accesses that trapped, MSI-X table and PBA without */
    uint64_t table;          /* accesses to MSI-X table and PBA */
    uint64_t bell_traps;     /* of `trapped`: stores to a doorbell's register that did not come as one */
    uint64_t bells;          /* stores that came by doorbell (several may have become one) */
    uint64_t vector_control; /* see struct sriov_vcfg_counts */
    uint64_t device_trips;   /* the same */
    uint64_t resets;         /* FLRs by the guest */
    uint64_t misplaced;      /* times the guest put a BAR where it cannot be */
};
SRIOV_API int sriov_assign_info(struct sriov_assign *assign, struct sriov_assign_info *info);

/* ---- dirty log ---- */

/*
 * Pages written by the guest's CPUs and by all its assigned functions. Start is all or nothing:
 * -EOPNOTSUPP where the VMM or a function cannot tell, -EBUSY when on. mode: enum sriov_vm_dirty_mode.
 * While it is on, a function that cannot tell is not assigned (-EOPNOTSUPP).
 */
SRIOV_API int sriov_vm_dirty_start(struct sriov_vm *vm, uint32_t mode);
SRIOV_API int sriov_vm_dirty_stop(struct sriov_vm *vm);
/* Fills `bitmap`, a bit per page of [gpa, gpa + length), bit 0 of word 0 first, and clears the log of
 * these pages. On an error nothing is lost: what was read so far is in *bitmap. A function that leaves
 * meanwhile leaves its pages behind. -EINVAL (off, alignment), -ERANGE (not all of it is memory). */
SRIOV_API int sriov_vm_dirty_read(struct sriov_vm *vm, uint64_t gpa, uint64_t length, uint64_t *bitmap);

#ifdef __cplusplus
}
#endif
#endif
