/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The KVM shim on Linux. Function face: PCI functions through VFIO, by group and container (type1)
 * or by iommufd and the function's own character device. Also the small set of host services that
 * tools need: bind, unbind, enable VFs, and the preflight "doctor".
 *
 * Threads. Ops of one function come from its control thread, as vmm.h says. Different functions of
 * one sriov_vmm may have different control threads; callbacks run on whichever thread is in wait,
 * sleep or relax. irq_detach returns only when no other thread is in that callback. Who wants
 * callbacks on one thread only creates one sriov_vmm per thread.
 *
 * IOVA spaces. Each IOMMU group has one container or IOAS, so functions in different groups are
 * confined from each other. Functions that share a group share the space: each is given its own
 * slice of the usable IOVA, so that their addresses never meet.
 *
 * Removal. After kill the BAR views are private pages of 0xff: no access faults, and nothing
 * reaches the device. A register that is stored to after kill reads back what was stored. Before
 * kill, a view of a function whose memory decoding is off raises SIGBUS in the thread that touches
 * it: the kernel takes the mapping away while a physical function is reset or memory is disabled.
 */
#ifndef SRIOV_KVM_H
#define SRIOV_KVM_H

#include <sriov/vmm.h>

#ifdef __cplusplus
extern "C" {
#endif

enum sriov_kvm_backend {
    SRIOV_KVM_AUTO = 0,    /* iommufd where its nodes are there and may be opened, else group */
    SRIOV_KVM_GROUP = 1,   /* /dev/vfio/vfio and /dev/vfio/GROUP */
    SRIOV_KVM_IOMMUFD = 2, /* /dev/iommu and /dev/vfio/devices/vfioN; Linux 6.6 and later */
};

/* Strings are copied. NULL opts, or all zero after size, mean the defaults. */
struct sriov_kvm_opts {
    uint32_t size;
    uint32_t flags;          /* SRIOV_KVM_* */
    uint32_t backend;        /* enum sriov_kvm_backend */
    uint32_t reserved0;      /* zero */
    const char *sysfs_root;  /* NULL: "/sys" */
    const char *dev_root;    /* NULL: "/dev" */
    const char *proc_root;   /* NULL: "/proc" */
    uint64_t coalesce_below; /* see SRIOV_KVM_COALESCE_DEFAULT; 0: that */
};
/* Noiommu groups may be opened, by an open that says SRIOV_OPEN_NOIOMMU too. */
#define SRIOV_KVM_ALLOW_NOIOMMU 1u
/* Never share one IOMMU mapping between small allocations. */
#define SRIOV_KVM_NO_COALESCE 2u
/*
 * With fewer mappings left in the kernel's budget than this, small allocations share chunks of
 * 256 KiB, each one mapping. A freed piece of a chunk stays reachable by the device until the last
 * one of its chunk is freed; hence not before the budget demands it.
 */
#define SRIOV_KVM_COALESCE_DEFAULT 1024u

/*
 * A registered VMM whose functions are this host's PCI functions.
 * Options of sriov_open_args.options: "vf-token=UUID" (the PF's owner set it).
 * Errors: -EINVAL (backend, flags, a root too long), -E2BIG, -ENOMEM, what epoll_create returned.
 */
SRIOV_API int sriov_kvm_create(const struct sriov_kvm_opts *opts, struct sriov_vmm **out);
/* -EBUSY while a function is open. NULL is fine. */
SRIOV_API int sriov_kvm_destroy(struct sriov_vmm *vmm);
/* "group", "iommufd" or "noiommu" for a function that is open by this VMM; else NULL. Static. */
SRIOV_API const char *sriov_kvm_backend_of(struct sriov_vmm *vmm, const char *bdf);

/* "auto", "group" or "iommufd" to enum sriov_kvm_backend; -EINVAL for any other word. */
SRIOV_API int sriov_kvm_backend_parse(const char *word);

/*
 * ---- host services. Need no sriov_vmm. ----
 * opts gives the roots; NULL for the real ones. why: receives one line that names the thing and the
 * remedy when the call fails (room bytes, always terminated); may be NULL with room 0.
 * Errors: -EINVAL (not a BDF), -ENOENT, -EPERM (sysfs refuses), what the kernel answered.
 */

/* Give the function to vfio-pci, whoever holds it. Done already: 0, nothing touched. */
SRIOV_API int sriov_kvm_bind(const struct sriov_kvm_opts *opts, const char *bdf, char *why, size_t room);
/* Take it from vfio-pci and let the kernel choose a driver again. Not held by vfio-pci: 0. */
SRIOV_API int sriov_kvm_unbind(const struct sriov_kvm_opts *opts, const char *bdf, char *why, size_t room);
/* Enable exactly n VFs of a PF, through 0; no driver is probed for the new VFs. */
SRIOV_API int sriov_kvm_set_vfs(const struct sriov_kvm_opts *opts, const char *bdf, uint16_t n, char *why,
                                size_t room);

enum sriov_kvm_finding_level {
    SRIOV_KVM_OK = 0,
    SRIOV_KVM_NOTE = 1, /* worth knowing */
    SRIOV_KVM_WARN = 2, /* works, but not well or not safely */
    SRIOV_KVM_BAD = 3,  /* VFIO will not work until this is changed */
};

/* Strings live during the callback only. */
struct sriov_kvm_finding {
    uint32_t size;
    uint32_t level;     /* enum sriov_kvm_finding_level */
    const char *thing;  /* "kernel", "iommu", "/dev/iommu", "0000:01:10.0", ... */
    const char *text;   /* what is so */
    const char *remedy; /* how to get it; "" where nothing is to be done */
};
typedef void (*sriov_kvm_finding_cb)(void *arg, const struct sriov_kvm_finding *finding);

/*
 * Looks at what VFIO needs here, and with bdf (may be NULL) at that function too. Changes nothing.
 * Returns the worst level found, or a negative errno (-EINVAL: bdf is none).
 */
SRIOV_API int sriov_kvm_doctor(const struct sriov_kvm_opts *opts, const char *bdf, sriov_kvm_finding_cb cb,
                               void *arg);

#ifdef __cplusplus
}
#endif
#endif
