/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Xen shim on Linux, in a PV dom0 and in a PV domU; x86.
 *
 * Function face: PCI functions that no driver holds, by sysfs, on memory that Xen gives. What it can and
 * what it cannot:
 *  - dom0: config space, BAR views, DMA, FLR; VFs of a PF while the driver pci-pf-stub has it, which the
 *    shim lets be; MSI-X on Linux 6.6 and later, before that drivers poll (SRIOV_CAP_IRQ_* are absent). There
 *    is no isolation: Xen's IOMMU lets a device of a PV dom0 reach nearly all memory, and every function has
 *    SRIOV_CAP_NO_ISOLATION there.
 *  - domU: the function must have been given with passthrough="enabled", and the domain's kernel must let
 *    hypercalls through (xen-privcmd with unrestricted=1). Xen's IOMMU confines the function to the
 *    domain's memory. No interrupts (pirqs are set up by the back end), no FLR (pciback drops it).
 *  - HVM and PVH domains: not at all; their frame numbers are no bus addresses.
 *
 * Bus addresses are the shim's (SRIOV_DMA_SHIM_IOVA). Memory comes from Xen in chunks of contiguous machine
 * frames, added to what the domain has, and goes back at close, once the device masters the bus no more. A
 * domU may have little of it: the toolstack allows a domain memory= and 1 MiB, until xl mem-max says more.
 *
 * A process that dies gives nothing back: frames stay with the domain (so the device writes into nobody
 * else's memory), vectors with Xen. They are noted in xenstore, below data/sriov of the domain, and whoever
 * opens the function next gives them back.
 *
 * A caller's buffer (dma_map) keeps its address and contents, but its pages are exchanged for frames from
 * Xen; hence private anonymous memory only, and nobody may write to it during dma_map and dma_unmap. The
 * kernel cannot pin such pages (O_DIRECT into them fails), and a child of fork does not have them.
 *
 * Threads: as sriov/kvm.h says. While a function has vectors, one thread of the shim's takes the event
 * channels' notices to the sinks; callbacks still run in wait, sleep or relax alone.
 *
 * Removal. After kill the BAR views are private pages of 0xff. Before kill, a view of a function that the
 * kernel has removed raises SIGBUS in the thread that touches it.
 */
#ifndef SRIOV_XEN_H
#define SRIOV_XEN_H

#include <sriov/finding.h>
#include <sriov/vm.h>
#include <sriov/vmm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Strings are copied. NULL opts, or all zero after size, mean the defaults. */
struct sriov_xen_opts {
    uint32_t size;
    uint32_t flags;         /* SRIOV_XEN_* */
    const char *sysfs_root; /* NULL: "/sys" */
    const char *dev_root;   /* NULL: "/dev"; where the nodes are looked for, Xen's libraries know one place */
    const char *proc_root;  /* NULL: "/proc" */
    uint64_t chunk_bytes;   /* of memory got from Xen at once: a power of two, 4 KiB to 16 MiB; 0: 1 MiB */
};
/* Functions without isolation (dom0) may be opened, by an open that says SRIOV_OPEN_NOIOMMU too. */
#define SRIOV_XEN_ALLOW_NOIOMMU 1u
/* Offer no interrupts, as on kernels before 6.6: for tests, and to compare. */
#define SRIOV_XEN_POLL_ONLY 2u

/*
 * A registered VMM whose functions are this domain's PCI functions. Works outside Xen too, where functions
 * may be looked at and opening one says why it cannot be.
 * Errors: -EINVAL (flags, chunk_bytes, a root too long), -E2BIG, -ENOMEM, what epoll_create returned.
 * Errors of open: -EOPNOTSUPP (not on Xen, no PV domain), -ENOENT (no such function; no /dev/xen/privcmd),
 * -EPERM (no right; dom0 without SRIOV_OPEN_NOIOMMU; hypercalls refused), -EBUSY (a driver, pciback, a
 * domain or another process has it). One line in the log names the thing and the remedy.
 */
SRIOV_API int sriov_xen_create(const struct sriov_xen_opts *opts, struct sriov_vmm **out);
/* -EBUSY while a function is open or a machine is there. NULL is fine. */
SRIOV_API int sriov_xen_destroy(struct sriov_vmm *vmm);

/*
 * ---- host services of dom0. Need no sriov_vmm. ----
 * opts gives the roots; NULL for the real ones. why: receives one line that names the thing and the
 * remedy when the call fails (room bytes, always terminated); may be NULL with room 0. The toolstack's xl
 * is run, from the PATH, each time for timeout_ns at most.
 * Errors: -EINVAL (no BDF, dom0), -ENOENT (no such function or domain; no xl), -EPERM, -EBUSY (another
 * domain has it), -EOPNOTSUPP (no pciback, no IOMMU, no passthrough in the domain), -ENOMEM (Xen's heap),
 * -EAGAIN (no xenstored), -ETIMEDOUT, -EPROTO (what xl said is in why).
 */

/* To pciback if it is not there yet, then to the running domain `domid`, for longer than this process lives.
 * All or nothing: after an error the function is with whoever had it, or why says what is not so. */
SRIOV_API int sriov_xen_give(const struct sriov_xen_opts *opts, const char *bdf, uint32_t domid,
                             uint64_t timeout_ns, char *why, size_t room);
/* Ask the domain for it, and leave it with pciback. -EPROTO or -ETIMEDOUT: the domain keeps it. */
SRIOV_API int sriov_xen_take(const struct sriov_xen_opts *opts, const char *bdf, uint32_t domid,
                             uint32_t flags, uint64_t timeout_ns, char *why, size_t room);
/* Without asking. */
#define SRIOV_XEN_TAKE_FORCE 1u
/* Then from pciback to the driver that it had before. */
#define SRIOV_XEN_TAKE_UNBIND 2u
/* Runs xl with these words (NULL-ended, 6 at most, without "xl" itself) and gives the first bytes of what it
 * printed, terminated. */
SRIOV_API int sriov_xen_xl(const char *const *words, uint64_t timeout_ns, char *text, size_t text_room,
                           char *why, size_t room);

/*
 * Looks at what this domain, dom0 or another, lacks for both faces, and with bdf (may be NULL) at that
 * function too. Changes nothing. Returns the worst level found, or a negative errno (-EINVAL: bdf is none).
 */
SRIOV_API int sriov_xen_doctor(const struct sriov_xen_opts *opts, const char *bdf, sriov_finding_cb cb,
                               void *arg);

/*
 * ---- the VM face: functions in the domains of this Xen, seen from dom0 ----
 *
 * A machine is a domain that somebody made. Xen itself lets a device reach the domain's memory
 * (SRIOV_VM_CAP_OWN_DMA); a domain created without passthrough="enabled" takes none (-EOPNOTSUPP). There
 * are two kinds:
 *
 *  - The toolstack's (the normal one): PV domains, whose kernel sees the function through pciback, and HVM
 *    domains with the toolstack's own device model. xl attaches and detaches; config space, BARs and vectors
 *    are theirs (SRIOV_VM_CAP_OWN_DEVICE). Such a machine has no memory of its own to add (-EOPNOTSUPP), and
 *    no dirty log. Asking for a function back is xl pci-detach; the core's force is xl pci-detach -f.
 *  - The caller's own (SRIOV_XEN_VM_DEVICE_MODEL): HVM domains alone. The caller is the domain's device
 *    model and has an ioreq server; windows with a pointer are mapped by Xen, trapped ones and config space
 *    come to the caller's ioreq server, and the caller hands those requests to sriov_xen_vm_ioreq. Vectors
 *    are bound by Xen to the guest (SRIOV_VM_CAP_OWN_IRQ). The function must be one of the same sriov_vmm.
 *
 * Dirty log: of a device model's machine with HAP while no function is assigned; Xen knows no other way. With
 * a function assigned sriov_vm_dirty_start says -EOPNOTSUPP, and so does sriov_vm_assign while the log is on,
 * both before anything is changed: detach, then log, migrate, and attach again (DNIS). The caps of vm_info
 * say what is so now.
 *
 * A live migration with a function attached cannot be done on Xen at all.
 */

/* Strings are copied. Everything but domid may be zero after size. */
struct sriov_xen_vm_opts {
    uint32_t size;
    uint32_t flags;        /* SRIOV_XEN_VM_* */
    uint32_t domid;        /* not 0 */
    uint32_t ioreq_server; /* DEVICE_MODEL: the caller's */
    uint64_t timeout_ns;   /* for each command of xl's; 0: 60 s */
    const char *name;      /* for reports; NULL: "domain N" */
    uint32_t slots_taken;  /* DEVICE_MODEL. bit n: device number n of bus 0 is not for functions */
    uint32_t reserved0;
    /* DEVICE_MODEL. How the caller tells its guest; as in struct sriov_kvm_vm_opts. */
    int (*plug)(void *arg, uint32_t slot, const char *name);
    int (*unplug_ask)(void *arg, uint32_t slot);
    void *arg;
};
#define SRIOV_XEN_VM_DEVICE_MODEL 1u

/*
 * A machine of `xen`, which sriov_xen_create made. Errors: -EINVAL (opts), -E2BIG, -ENOENT (no such domain,
 * or it is dying), -EOPNOTSUPP (not dom0; a PV domain has no device model; libxenctrl of another Xen),
 * -EPERM, -ENOMEM.
 */
SRIOV_API int sriov_xen_vm_create(struct sriov_vmm *xen, const struct sriov_xen_vm_opts *opts,
                                  struct sriov_vm **out);
/* -EBUSY while it has memory or functions. NULL is fine. */
SRIOV_API int sriov_xen_vm_destroy(struct sriov_vm *vm);

/* DEVICE_MODEL: a request of the ioreq server (struct ioreq of Xen's hvm/ioreq.h), done in place; between
 * calls of vm.h for this machine. -ENOENT: not ours, nothing was done; -EINVAL: malformed. */
struct ioreq;
SRIOV_API int sriov_xen_vm_ioreq(struct sriov_vm *vm, struct ioreq *request);
/* DEVICE_MODEL: the guest let go of the function at `slot`. -EINVAL: no such slot. */
SRIOV_API int sriov_xen_vm_unplugged(struct sriov_vm *vm, uint32_t slot);

#ifdef __cplusplus
}
#endif
#endif
