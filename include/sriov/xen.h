/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Xen shim on Linux, in a PV dom0 and in a PV domU; x86.
 *
 * Function face: PCI functions that no driver holds, by sysfs, on memory that Xen gives. What it can and
 * what it cannot:
 *  - dom0: config space, BAR views, DMA, FLR, VFs of a PF; MSI-X on Linux 6.6 and later, before that
 *    drivers poll (SRIOV_CAP_IRQ_* are absent). There is no isolation: Xen's IOMMU lets a device of a PV
 *    dom0 reach nearly all memory, and every function has SRIOV_CAP_NO_ISOLATION there.
 *  - domU: the function must have been given with passthrough="enabled", and the domain's kernel must let
 *    hypercalls through (xen-privcmd with unrestricted=1). Xen's IOMMU confines the function to the
 *    domain's memory. No interrupts (pirqs are set up by the back end), no FLR (pciback drops it).
 *  - HVM and PVH domains: not at all; their frame numbers are no bus addresses.
 *
 * Bus addresses are the shim's (SRIOV_DMA_SHIM_IOVA). Memory comes from Xen in chunks of contiguous machine
 * frames, added to what the domain has and given back at close. A process that dies does not give its
 * frames back: nobody else gets them before the domain ends, which also keeps the device from writing into
 * another's memory.
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

#ifdef __cplusplus
}
#endif
#endif
