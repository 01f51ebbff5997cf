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

#include <sriov/finding.h>
#include <sriov/vm.h>
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
/* -EBUSY while a function is open or a machine is there. NULL is fine. */
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

/* Older names of what finding.h has for every shim. */
#define SRIOV_KVM_OK      SRIOV_FINDING_OK
#define SRIOV_KVM_NOTE    SRIOV_FINDING_NOTE
#define SRIOV_KVM_WARN    SRIOV_FINDING_WARN
#define SRIOV_KVM_BAD     SRIOV_FINDING_BAD
#define sriov_kvm_finding sriov_finding
typedef sriov_finding_cb sriov_kvm_finding_cb;

/*
 * Looks at what VFIO needs here, and with bdf (may be NULL) at that function too. Changes nothing.
 * Returns the worst level found, or a negative errno (-EINVAL: bdf is none).
 */
SRIOV_API int sriov_kvm_doctor(const struct sriov_kvm_opts *opts, const char *bdf, sriov_kvm_finding_cb cb,
                               void *arg);

/*
 * ---- the VM face: functions in the guests of this VMM ----
 *
 * The VMM keeps its machine: the KVM file descriptors, the vCPU threads and what else is on its board. It
 * gives the shim the descriptor, a share of KVM's memory slots and GSIs, and the exits that it does not
 * know itself. Everything else goes through vm.h.
 *
 * Threads and the lock. A machine has one lock: the VMM's own, where opts name it, else one of the
 * shim's. sriov_kvm_vm_exit takes it on the vCPU's thread, wait, relax and sleep take it to deliver
 * doorbells and answers to unplugging (and an exit delivers the doorbells that rang before it). Where there
 * are several threads, each call of vm.h for the machine stands between sriov_kvm_vm_lock and _unlock; while
 * such a call waits (sriov_vm_remove) the lock is given away, as with a condition variable, so that the guest
 * goes on.
 *
 * Doorbells are ioeventfds, vectors irqfds: neither leads to an exit. A doorbell in a mapped window has
 * its page trapped, since KVM asks the memory slots first; the page's other registers are then reached by
 * the pointer.
 */
struct kvm_run;
struct kvm_irq_routing_entry;

/* Strings and tables are copied. Everything but vm_fd may be zero after size. */
struct sriov_kvm_vm_opts {
    uint32_t size;
    uint32_t flags;       /* SRIOV_KVM_VM_* */
    int32_t vm_fd;        /* of KVM_CREATE_VM; stays the caller's, and open as long as the machine */
    int32_t vfio_fd;      /* of KVM_CREATE_DEVICE for KVM_DEV_TYPE_VFIO; 0: made when it is needed */
    const char *name;     /* for reports; NULL: "kvm" */
    uint64_t ecam;        /* guest-physical base of ECAM, a multiple of 1 MiB; 0: none */
    uint32_t ecam_buses;  /* 1 MiB each, from bus 0; 0: one. Functions are on bus 0 alone */
    uint32_t slots_taken; /* bit n: device number n of bus 0 is the VMM's own; no function comes there */
    uint32_t first_slot;  /* KVM memory slots that are ours */
    uint32_t num_slots;   /* at most 4096; 0: 64 */
    uint32_t first_gsi;   /* GSIs that are ours; 0: 24, behind the IOAPIC's pins */
    uint32_t num_gsi;     /* 0: 256 */
    /* Values with a doorbell; 0: 960. Each is a descriptor of this process (RLIMIT_NOFILE), and on older
     * kernels one of the 1000 devices that fit on KVM's MMIO bus. */
    uint32_t max_bells;
    uint32_t ring_entries; /* of a vCPU's dirty ring, a power of two; 0: 4096 */
    uint64_t without;      /* SRIOV_VM_CAP_* that are not to be used: for tests, and to measure */
    uint32_t num_routes;
    uint32_t reserved0;
    /* GSI routes of the VMM's own: KVM has one table, which is written as a whole each time. */
    const struct kvm_irq_routing_entry *routes;
    /* The VMM writes the table itself: n entries of ours, to be put beside its own. A negative errno
     * refuses, and the table is as before. NULL: the shim does. */
    int (*set_routes)(void *arg, const struct kvm_irq_routing_entry *entries, uint32_t n);
    /* The VMM's own lock; both or neither. */
    void (*lock)(void *arg);
    void (*unlock)(void *arg);
    /* How this VMM tells its guest: a function is at `slot` now; a function is to go. With the lock held.
     * NULL plug: the guest finds it by looking. NULL unplug_ask: it cannot be asked. */
    int (*plug)(void *arg, uint32_t slot, const char *name);
    int (*unplug_ask)(void *arg, uint32_t slot);
    /* A page that the dirty ring names and that is in a memory slot of the VMM's own; may be NULL. */
    void (*dirty_other)(void *arg, uint32_t kvm_slot, uint64_t page);
    void *arg;
};
/* Ports 0xcf8 and 0xcfc to 0xcff are the machine's configuration space, too. */
#define SRIOV_KVM_VM_PORTS 1u
/* The dirty log is KVM's ring, not its bitmap. Create the machine before the VM's first vCPU: KVM wants
 * the ring turned on by then. */
#define SRIOV_KVM_VM_DIRTY_RING 2u
/* Turn KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 on: only pages that were read are write-protected again. It
 * changes what KVM_GET_DIRTY_LOG does for the whole VM. */
#define SRIOV_KVM_VM_MANUAL_CLEAR 4u
/* Keep the routes that KVM_CREATE_IRQCHIP made on x86: GSI 0 to 23 to PIC and IOAPIC. */
#define SRIOV_KVM_VM_IRQCHIP_ROUTES 8u

/*
 * A machine of `kvm`, which sriov_kvm_create made. Errors: -EINVAL (opts; the VM has vCPUs already and a
 * ring was asked), -E2BIG, -EOPNOTSUPP (this KVM lacks what a flag asks), -ENOMEM, -ENOSPC (descriptors).
 */
SRIOV_API int sriov_kvm_vm_create(struct sriov_vmm *kvm, const struct sriov_kvm_vm_opts *opts,
                                  struct sriov_vm **out);
/* -EBUSY while it has memory or functions. Without the lock, and with no thread in sriov_kvm_vm_exit.
 * NULL is fine. */
SRIOV_API int sriov_kvm_vm_destroy(struct sriov_vm *vm);

/* Nests. A thread that holds more than eight machines, or is in a callback, keeps them while it waits. */
SRIOV_API void sriov_kvm_vm_lock(struct sriov_vm *vm);
SRIOV_API void sriov_kvm_vm_unlock(struct sriov_vm *vm);

/* Each vCPU, before it runs, where the machine has a dirty ring; else nothing. The descriptor stays the
 * caller's. -ENOMEM, what mmap returned. */
SRIOV_API int sriov_kvm_vm_add_vcpu(struct sriov_vm *vm, int vcpu_fd);

/*
 * An exit of a vCPU, on its thread, without the lock: KVM_EXIT_MMIO and KVM_EXIT_IO that belong to a
 * function or to configuration space, KVM_EXIT_DIRTY_RING_FULL. 0: done, run it again; -ENOENT: not
 * ours; for a full ring also what KVM returned.
 */
SRIOV_API int sriov_kvm_vm_exit(struct sriov_vm *vm, struct kvm_run *run);

/* The guest let go of the function at `slot` (ejected it). Any thread, with or without the lock; whoever
 * waits for it hears of it within wait, relax or sleep. -EINVAL: no such slot. */
SRIOV_API int sriov_kvm_vm_unplugged(struct sriov_vm *vm, uint32_t slot);

/* For a VMM with a PCI bus of its own: an access to function 0 of device `slot`. off below 4096, width 1,
 * 2 or 4. -ENOENT: no function is there. Takes the lock. */
SRIOV_API int sriov_kvm_vm_cfg_read(struct sriov_vm *vm, uint32_t slot, uint32_t off, uint32_t width,
                                    uint32_t *value);
SRIOV_API int sriov_kvm_vm_cfg_write(struct sriov_vm *vm, uint32_t slot, uint32_t off, uint32_t width,
                                     uint32_t value);

struct sriov_kvm_vm_stats {
    uint32_t size;
    uint32_t irqfds;       /* vectors that KVM delivers by itself now */
    uint64_t exits_config; /* ECAM and ports */
    uint64_t exits_trapped;
    uint64_t exits_mapped; /* in a mapped window: pages with a doorbell in them */
    uint64_t exits_bell;   /* of both, stores to a doorbell that did not ring: too large a value */
    uint64_t exits_other;  /* not ours */
    uint64_t exits_ring;   /* dirty ring full */
    uint64_t bells;        /* stores that KVM took by ioeventfd */
    uint64_t bell_calls;   /* callbacks that came of them */
    uint64_t ring_pages;   /* taken from dirty rings */
};
/* Any thread; the counts are of one moment. */
SRIOV_API int sriov_kvm_vm_stats(struct sriov_vm *vm, struct sriov_kvm_vm_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
