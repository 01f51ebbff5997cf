/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * THE SEAM. A shim fills one struct sriov_vmm_ops for its VMM; the core and every driver reach
 * hardware through it and through nothing else. Append-only: a new op goes to the end.
 *
 * Who calls what, from where:
 *  - Ops that take `fn` are called by that function's one control thread, but for bar_read,
 *    bar_write and bar views (also from queue threads) and `kill` (from any thread).
 *  - A shim never calls back while it holds a lock of its own. Callbacks of sinks run inside
 *    relax, sleep_ns, wait, or in interrupt context where there is no OS: they must be short and
 *    must not wait.
 *  - All structs that cross begin with `size`; bytes the receiver does not know must be zero,
 *    else -E2BIG. Reserved members are zero, else -EINVAL.
 *  - A struct that a shim fills is filled up to the caller's size and keeps it; one shorter than ABI 1
 *    has it is refused with -EINVAL or filled that far; behind the shim's own the bytes are zero.
 */
#ifndef SRIOV_VMM_H
#define SRIOV_VMM_H

#include <sriov/types.h>
#include <sriov/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What one function can do here today (struct sriov_fn_info.caps). NULL op: never anywhere. */
#define SRIOV_CAP_BAR_VIEW     (UINT64_C(1) << 0)  /* bar_view gives a pointer */
#define SRIOV_CAP_IRQ_EVENTFD  (UINT64_C(1) << 1)  /* irq_attach takes SRIOV_SINK_EVENTFD */
#define SRIOV_CAP_IRQ_CALLBACK (UINT64_C(1) << 2)  /* irq_attach takes SRIOV_SINK_CALLBACK */
#define SRIOV_CAP_IRQ_MASK     (UINT64_C(1) << 3)  /* irq_mask, irq_unmask */
#define SRIOV_CAP_IRQ_PENDING  (UINT64_C(1) << 4)  /* irq_pending */
#define SRIOV_CAP_IRQ_TRIGGER  (UINT64_C(1) << 5)  /* irq_trigger, for tests */
#define SRIOV_CAP_RESET        (UINT64_C(1) << 6)  /* function level reset */
#define SRIOV_CAP_SET_VFS      (UINT64_C(1) << 7)  /* set_vfs: this is a PF */
#define SRIOV_CAP_DMA_MAP      (UINT64_C(1) << 8)  /* dma_map of a caller's buffer */
#define SRIOV_CAP_EVENTS       (UINT64_C(1) << 9)  /* set_event_sink delivers */
#define SRIOV_CAP_NO_ISOLATION (UINT64_C(1) << 10) /* a warning: no IOMMU confines this device */
#define SRIOV_CAP_CFG_EXTENDED (UINT64_C(1) << 11) /* config space beyond byte 255 */
#define SRIOV_CAP_MIGRATION    (UINT64_C(1) << 12) /* mig_*: its device state can be carried */
#define SRIOV_CAP_DIRTY        (UINT64_C(1) << 13) /* dma_dirty_*: the shim can tell what it wrote */

struct sriov_fn_info {
    uint32_t size;
    uint32_t reserved0;
    uint64_t caps; /* SRIOV_CAP_* */
    uint16_t vendor;
    uint16_t device;
    uint16_t subsystem_vendor;
    uint16_t subsystem_device;
    uint32_t class_code; /* 24 bits: base class, sub-class, interface */
    uint8_t revision;
    uint8_t is_vf;
    uint16_t vf_index;                 /* of a VF, from 0; else 0 */
    uint16_t total_vfs;                /* of a PF: TotalVFs of its SR-IOV capability; else 0 */
    uint16_t num_vfs;                  /* of a PF: VFs enabled now */
    int32_t iommu_group;               /* -1: none or unknown */
    char name[SRIOV_NAME_MAX];         /* what `open` takes: "0000:01:10.0" where there is a bus */
    char pf_name[SRIOV_NAME_MAX];      /* of a VF; empty where the VMM hides it */
    char bound_driver[SRIOV_NAME_MAX]; /* the OS driver that holds it now; may be empty */
};

struct sriov_open_args {
    uint32_t size;
    uint32_t flags;      /* SRIOV_OPEN_* */
    const char *name;    /* sriov_fn_info.name */
    const char *options; /* shim's own "key=value,..." (e.g. "vf-token=UUID"); NULL for none */
};
/* Drive a device that no IOMMU confines. Never a default: it can reach all memory. */
#define SRIOV_OPEN_NOIOMMU 1u

struct sriov_bar_info {
    uint32_t size;
    uint32_t flags;  /* SRIOV_BAR_* */
    uint64_t length; /* bytes; 0: this BAR is not implemented */
};
#define SRIOV_BAR_64BIT    1u
#define SRIOV_BAR_PREFETCH 2u
#define SRIOV_BAR_IO       4u
#define SRIOV_BAR_VIEWABLE 8u

#define SRIOV_DMA_RANGES_MAX 16

struct sriov_dma_range {
    uint64_t first;
    uint64_t last; /* inclusive */
};

struct sriov_dma_limits {
    uint32_t size;
    uint32_t flags;      /* SRIOV_DMA_* */
    uint64_t granule;    /* bytes, a power of two: mappings are multiples of it, aligned to it */
    uint64_t maps_left;  /* mappings that may still be made; UINT64_MAX: not bounded */
    uint64_t bytes_left; /* bytes that may still be mapped; UINT64_MAX: not bounded */
    uint32_t num_ranges; /* of usable IOVA, sorted, disjoint; the core allocates from them */
    uint32_t reserved0;
    struct sriov_dma_range ranges[SRIOV_DMA_RANGES_MAX];
};
/* The shim dictates IOVAs (bus addresses): the core passes none and takes what comes back. */
#define SRIOV_DMA_SHIM_IOVA 1u

/* One piece of memory that the device can reach. */
struct sriov_dma_mem {
    uint32_t size;
    uint32_t dir;      /* enum sriov_dma_dir */
    uint64_t length;   /* bytes, a multiple of the granule */
    uint64_t align;    /* dma_alloc: alignment of the IOVA in bytes, a power of two */
    void *va;          /* in: dma_map; out: dma_alloc (zeroed memory) */
    sriov_iova_t iova; /* in, or out where SRIOV_DMA_SHIM_IOVA */
    uint64_t cookie;   /* the shim's own; given back unchanged */
    /* What follows was appended: a shim may be handed a struct that ends here. */
    uint32_t flags; /* SRIOV_DMA_MEM_* */
    uint32_t reserved0;
};
/* dma_map: one of the pieces of somebody else's address space, at an address of theirs: an access of the
 * device's may run on into the next piece. Without it one that does is the driver's fault. */
#define SRIOV_DMA_MEM_PIECE 1u

enum sriov_sink_kind {
    SRIOV_SINK_CALLBACK = 1,
    SRIOV_SINK_EVENTFD = 2,
};

struct sriov_irq_sink {
    uint32_t size;
    uint32_t kind; /* enum sriov_sink_kind */
    int32_t fd;    /* eventfd; stays the caller's; -1 for a callback */
    uint32_t reserved0;
    void (*cb)(void *arg, uint32_t vector);
    void *arg;
};

enum sriov_event {
    SRIOV_EVENT_REMOVE_ASKED = 1, /* release the function soon: its owner wants it back */
    SRIOV_EVENT_REMOVED = 2,      /* it is gone already */
    SRIOV_EVENT_ERROR = 3,        /* fatal bus error (AER): only a reset helps */
    SRIOV_EVENT_SUSPEND = 4,      /* the VM is about to be saved or migrated */
    SRIOV_EVENT_RESUME = 5,       /* the VM runs again */
};

struct sriov_event_sink {
    uint32_t size;
    uint32_t reserved0;
    void (*cb)(void *arg, uint32_t event);
    void *arg;
};

/* ---- VM face: a function in the hands of a virtual machine ---- */

/* Guest memory is given, watched and logged in pages of this many bytes. */
#define SRIOV_VM_PAGE UINT64_C(4096)

/* What this machine can do here today (struct sriov_vm_info.caps). */
#define SRIOV_VM_CAP_MAPPED       (UINT64_C(1) << 0) /* a window may be backed by a pointer */
#define SRIOV_VM_CAP_TRAPPED      (UINT64_C(1) << 1) /* ... or by callbacks */
#define SRIOV_VM_CAP_DOORBELL     (UINT64_C(1) << 2) /* vm_doorbell_add: a store without an exit */
#define SRIOV_VM_CAP_IRQ          (UINT64_C(1) << 3) /* vm_irq_sink and vm_irq_route */
#define SRIOV_VM_CAP_DIRTY_BITMAP (UINT64_C(1) << 4)
#define SRIOV_VM_CAP_DIRTY_RING   (UINT64_C(1) << 5)
#define SRIOV_VM_CAP_HOTPLUG      (UINT64_C(1) << 6) /* the guest is told of devices that come and go */
/* The VMM itself lets an assigned function reach all guest memory; nothing is to be mapped. */
#define SRIOV_VM_CAP_OWN_DMA (UINT64_C(1) << 7)
/* The VMM takes the function's vectors itself: no sink is attached, the function's MSI-X is left to it, and
 * vm_irq_route alone says where they arrive. vm_irq_sink is then only asked after FLR, to forget. */
#define SRIOV_VM_CAP_OWN_IRQ (UINT64_C(1) << 8)
/* The VMM shows the guest all of an assigned function itself: config space, BARs, vectors. No window,
 * doorbell, sink or route is asked for, and cfg_read and cfg_write are never called. */
#define SRIOV_VM_CAP_OWN_DEVICE (UINT64_C(1) << 9)

struct sriov_vm_info {
    uint32_t size;
    uint32_t reserved0;
    uint64_t caps;           /* SRIOV_VM_CAP_* */
    uint64_t doorbells_left; /* values that may still be given a doorbell; UINT64_MAX: not bounded */
    uint64_t vectors_left;   /* vectors that may still be routed */
};

/* One piece of guest memory. */
struct sriov_vm_mem {
    uint32_t size;
    uint32_t flags;  /* SRIOV_VM_MEM_* */
    uint64_t gpa;    /* guest-physical address, a multiple of SRIOV_VM_PAGE */
    uint64_t length; /* bytes, the same */
    void *va;        /* where it lies in this process, page-aligned; the caller's, lives until vm_mem_del */
};
/* The guest only reads it; devices too. */
#define SRIOV_VM_MEM_READONLY 1u

#define SRIOV_VM_SLOT_ANY UINT32_MAX

/* A function that comes into a machine. Strings and struct live during the call only. */
struct sriov_vm_dev_args {
    uint32_t size;
    uint32_t slot;    /* device number on the machine's bus 0, 0 to 31, or SRIOV_VM_SLOT_ANY */
    const char *name; /* of the function, for reports */
    void *fn;         /* this shim's handle where the function is this VMM's own; else NULL */
    uint32_t vectors; /* MSI-X vectors it has */
    int32_t fd;       /* what fn_fd gave for the function; -1: nothing */
    uint32_t fd_kind; /* enum sriov_fn_fd_kind */
    uint32_t reserved0;
    /* Config space as the guest sees it. width 1, 2 or 4, off a multiple of it. A VMM that shows a
     * configuration space of its own never calls them. */
    uint32_t (*cfg_read)(void *arg, uint32_t off, uint32_t width);
    void (*cfg_write)(void *arg, uint32_t off, uint32_t width, uint32_t value);
    void *arg;
};

/* A range of guest-physical addresses that is the device's. */
struct sriov_vm_window {
    uint32_t size;
    uint32_t reserved0;
    uint64_t gpa;      /* a multiple of SRIOV_VM_PAGE where va is set */
    uint64_t length;   /* bytes, the same */
    volatile void *va; /* mapped: the guest's accesses go there without an exit; NULL: trapped */
    /* Trapped: off from the window's begin; width 1, 2, 4 or 8, off a multiple of it. */
    uint64_t (*read)(void *arg, uint64_t off, uint32_t width);
    void (*write)(void *arg, uint64_t off, uint32_t width, uint64_t value);
    void *arg;
};

/*
 * Stores that reach us without an exit. With `values` 0 any store of that width rings, and cb is told
 * 0. Else the stores of 0 to values - 1 ring, others trap; several between two callbacks become one,
 * with the latest: of two, the one that lies further ahead, cyclically, of what cb was told last. That
 * is how a tail register moves. The doorbell takes precedence over a window at its address.
 */
struct sriov_vm_doorbell {
    uint32_t size;
    uint32_t width; /* bytes: 1, 2, 4 or 8 */
    uint64_t gpa;
    uint32_t values;
    uint32_t reserved0;
    void (*cb)(void *arg, uint64_t value); /* inside wait, relax, sleep_ns of the VM's VMM */
    void *arg;
};

/* An MSI-X message as the guest programmed it (PCIe 5.0, 7.7.2.5). */
struct sriov_vm_msi {
    uint32_t size;
    uint32_t data;
    uint64_t address;
};

enum sriov_vm_dirty_mode {
    SRIOV_VM_DIRTY_BITMAP = 1,
    SRIOV_VM_DIRTY_RING = 2,
};

enum sriov_fn_fd_kind {
    SRIOV_FN_FD_NONE = 0,
    SRIOV_FN_FD_VFIO_GROUP = 1,
    SRIOV_FN_FD_VFIO_DEVICE = 2, /* character device of VFIO, iommufd back end */
    SRIOV_FN_FD_NETDEV = 3,      /* packet socket bound to a network interface of the OS */
};

/*
 * Device state, as in VFIO's migration v2 (linux/vfio.h, enum vfio_device_mig_state, same values). Legal
 * arcs of a shim: RUNNING <-> STOP, STOP <-> STOP_COPY, STOP <-> RESUMING, RUNNING <-> PRE_COPY,
 * PRE_COPY -> STOP_COPY. Every other way is made of these by the core (migrate.h). ERROR is left by a
 * reset alone, to RUNNING.
 */
enum sriov_mig_state {
    SRIOV_MIG_ERROR = 0,
    SRIOV_MIG_STOP = 1, /* the device reads and writes no memory and sends no interrupt */
    SRIOV_MIG_RUNNING = 2,
    SRIOV_MIG_STOP_COPY = 3, /* stopped; mig_read gives its state */
    SRIOV_MIG_RESUMING = 4,  /* stopped; mig_write takes it; the arc to STOP makes it so or refuses */
    SRIOV_MIG_PRE_COPY = 6,  /* runs; mig_read gives what is worth sending ahead */
};

struct sriov_mig_info {
    uint32_t size;
    uint32_t flags;         /* SRIOV_MIG_* */
    uint64_t stop_copy_len; /* bytes that STOP_COPY will give, as estimated now */
};
/* It knows PRE_COPY. */
#define SRIOV_MIG_HAS_PRE_COPY 1u

/* Return non-zero to stop the enumeration; that value is returned to the caller. */
typedef int (*sriov_enum_cb)(void *arg, const struct sriov_fn_info *info);

struct sriov_vmm_ops {
    uint32_t size; /* sizeof(struct sriov_vmm_ops) as the shim was compiled */
    uint32_t abi;  /* SRIOV_VMM_ABI */
    const char *name;

    /* ---- host services. Required. ---- */

    /* Zeroed memory for the core's and the drivers' own state; NULL when there is none. align: a
     * power of two, at most 4096. */
    void *(*host_alloc)(void *vmm, size_t size, size_t align);
    void (*host_free)(void *vmm, void *ptr, size_t size);
    /* Monotonic nanoseconds from any start. Any thread. */
    uint64_t (*now_ns)(void *vmm);
    /* One turn of a short busy wait. May deliver callbacks. */
    void (*relax)(void *vmm);
    /* Give the CPU away for at least ns. May deliver callbacks. */
    void (*sleep_ns)(void *vmm, uint64_t ns);
    /* Deliver callbacks (interrupts, events) that are due; when none is, wait for the first up to
     * timeout_ns. 0 when one was delivered, -ETIMEDOUT when none. UINT64_MAX: no limit; -EAGAIN
     * where nothing can ever come. */
    int (*wait)(void *vmm, uint64_t timeout_ns);
    /* Optional. One finished line without newline; level as enum sriov_log_level. */
    void (*log)(void *vmm, uint32_t level, const char *line);

    /* ---- functions ---- */

    /* Optional. All functions that this VMM lets us see, whoever holds them. */
    int (*enumerate)(void *vmm, sriov_enum_cb cb, void *arg);
    /* Required. Takes hold of a function; on failure nothing is changed. *fn goes back to close. */
    int (*open)(void *vmm, const struct sriov_open_args *args, void **fn);
    /* Required. Everything the shim still holds for fn (irqs, views, maps) is released. */
    void (*close)(void *fn);
    /* Required. Fills *info up to info->size. */
    int (*info)(void *fn, struct sriov_fn_info *info);
    /* Optional. FLR: config space, DMA maps and sinks survive, device state does not. Blocks until
     * the function answers again. */
    int (*reset)(void *fn);
    /* Optional, a PF only. Enable n VFs (0: disable). All n, or an error and none. */
    int (*set_vfs)(void *fn, uint16_t n);
    /* Optional; any thread, any context, even within another op; takes no lock, never blocks. The
     * function is dead: make views inert (they read all-ones, stores vanish) so that no access
     * faults. The core gives a view back that was being made meanwhile. */
    void (*kill)(void *fn);

    /* ---- config space. Required. width 1, 2 or 4; off a multiple of width. A VF's vendor and
     * device id, all-ones in hardware (SR-IOV 1.1, 3.4.1), read here as info has them. ---- */
    int (*cfg_read)(void *fn, uint32_t off, uint32_t width, uint32_t *value);
    int (*cfg_write)(void *fn, uint32_t off, uint32_t width, uint32_t value);

    /* ---- BARs. bar 0 to 5. ---- */

    /* Required. A BAR that is not implemented: 0 with length 0. */
    int (*bar_info)(void *fn, uint32_t bar, struct sriov_bar_info *info);
    /* Optional. A pointer to the whole BAR from offset 0, valid until bar_unview or close. Parts
     * the VMM keeps for itself (the MSI-X table) read as the VMM likes. */
    int (*bar_view)(void *fn, uint32_t bar, volatile void **view);
    void (*bar_unview)(void *fn, uint32_t bar, volatile void *view);
    /* Required. width 1, 2, 4 or 8; off a multiple of width, checked by the core. */
    int (*bar_read)(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value);
    int (*bar_write)(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value);

    /* ---- DMA ---- */

    /* Required. */
    int (*dma_limits)(void *fn, struct sriov_dma_limits *limits);
    /* Required: memory comes from the shim, since only it knows what a device can reach. Whole or
     * fails. */
    int (*dma_alloc)(void *fn, struct sriov_dma_mem *mem);
    int (*dma_free)(void *fn, const struct sriov_dma_mem *mem);
    /* Optional. Makes a caller's buffer reachable: mem->va and mem->length granule-aligned. */
    int (*dma_map)(void *fn, struct sriov_dma_mem *mem);
    int (*dma_unmap)(void *fn, const struct sriov_dma_mem *mem);

    /* ---- interrupts: MSI-X. Optional as a group; without it drivers poll. ---- */

    /* Vectors that this function can have. */
    int (*irq_count)(void *fn, uint32_t *count);
    /* Turn MSI-X on with vectors 0 to n-1, unmasked, without sinks; n may be less than irq_count.
     * -ENOSPC when the host has fewer: *n then holds how many it would give. */
    int (*irq_enable)(void *fn, uint32_t *n);
    int (*irq_disable)(void *fn);
    /* Set the one sink of a vector; replaces an earlier one. */
    int (*irq_attach)(void *fn, uint32_t vector, const struct sriov_irq_sink *sink);
    int (*irq_detach)(void *fn, uint32_t vector);
    int (*irq_mask)(void *fn, uint32_t vector);
    int (*irq_unmask)(void *fn, uint32_t vector);
    int (*irq_pending)(void *fn, uint32_t vector, uint32_t *pending);
    /* As if the device had sent it; for tests and for a lost interrupt's second chance. */
    int (*irq_trigger)(void *fn, uint32_t vector);

    /* ---- events. Optional. ---- */

    /* The one sink of this function's events; NULL takes it away. */
    int (*set_event_sink)(void *fn, const struct sriov_event_sink *sink);

    /* ---- the end of the first ABI 1 table; what follows was appended, and a shim that was compiled
     * without it stays valid, since `size` tells. ---- */

    /* ---- functions, continued. Optional. ---- */

    /* A file descriptor that stands for the function, for another part of this host (KVM_DEV_VFIO).
     * It stays the shim's. */
    int (*fn_fd)(void *fn, int32_t *fd, uint32_t *kind);
    /* Log what the device writes to memory, from now on. */
    int (*dma_dirty_start)(void *fn);
    int (*dma_dirty_stop)(void *fn);
    /* Or into `bitmap` a bit for each page of SRIOV_VM_PAGE bytes of [iova, iova + length) that was
     * written since the last read of it, bit 0 of word 0 first; those pages are clean afterwards. */
    int (*dma_dirty_read)(void *fn, uint64_t iova, uint64_t length, uint64_t *bitmap);

    /* ---- VM face. Optional as a group; use it through vm.h. `vm` is the shim's own machine, `dev` a
     * function in it. One control thread per machine; a machine's callbacks (cfg, windows, doorbells)
     * come one at a time and never during another op of the VM face. ---- */

    int (*vm_info)(void *vm, struct sriov_vm_info *info);
    /* Memory of the guest. -EINVAL where it overlaps memory or a window, -ENOSPC no slot. */
    int (*vm_mem_add)(void *vm, const struct sriov_vm_mem *mem);
    int (*vm_mem_del)(void *vm, const struct sriov_vm_mem *mem);
    /* Takes a function in; the guest does not see it before vm_hot_add. -EBUSY the slot is taken,
     * -ENOSPC none is free. */
    int (*vm_dev_add)(void *vm, const struct sriov_vm_dev_args *args, void **dev);
    /* Everything the machine holds for it is undone; callbacks no longer come. */
    void (*vm_dev_del)(void *dev);
    /* -EBUSY where it overlaps memory or another window; -ENOSPC no slot. */
    int (*vm_window_add)(void *dev, const struct sriov_vm_window *window);
    int (*vm_window_del)(void *dev, uint64_t gpa, uint64_t length);
    int (*vm_doorbell_add)(void *dev, const struct sriov_vm_doorbell *bell);
    int (*vm_doorbell_del)(void *dev, uint64_t gpa);
    /* What the function's irq_attach is to be given, so that vector `vector` arrives in the guest. Asked
     * again it is the same, and what is pending of a vector without a route is forgotten: FLR. */
    int (*vm_irq_sink)(void *dev, uint32_t vector, struct sriov_irq_sink *sink);
    /* Where it arrives. msi NULL: nowhere (masked); what comes meanwhile is pending, and arrives once
     * with the next route. */
    int (*vm_irq_route)(void *dev, uint32_t vector, const struct sriov_vm_msi *msi);
    int (*vm_irq_pending)(void *dev, uint32_t vector, uint32_t *pending);
    /* Log what the guest's CPUs write. mode: enum sriov_vm_dirty_mode. -EBUSY on already. */
    int (*vm_dirty_start)(void *vm, uint32_t mode);
    int (*vm_dirty_stop)(void *vm);
    /* As dma_dirty_read, of guest-physical addresses. */
    int (*vm_dirty_read)(void *vm, uint64_t gpa, uint64_t length, uint64_t *bitmap);
    /* From now on the guest finds it on its bus, and is told where it can be. */
    int (*vm_hot_add)(void *dev);
    /* Ask the guest to let go of it. gone(arg) comes once it has, inside wait, relax or sleep_ns of
     * the VM's VMM, or never. */
    int (*vm_hot_remove)(void *dev, void (*gone)(void *arg), void *arg);

    /* ---- migration of a function's device state. Optional as a group; use it through migrate.h. ---- */

    int (*mig_info)(void *fn, struct sriov_mig_info *info);
    /* One of the arcs of enum sriov_mig_state. On failure the state is what mig_state says: the old one,
     * or SRIOV_MIG_ERROR. RESUMING to STOP: -EPROTO for bytes that are not this device's, whole and
     * known; the function is then as before it entered RESUMING. */
    int (*mig_state)(void *fn, uint32_t *state);
    int (*mig_set_state)(void *fn, uint32_t state);
    /* The next bytes of the state; *len 0: that was all (in PRE_COPY: for now). */
    int (*mig_read)(void *fn, void *bytes, uint64_t room, uint64_t *len);
    /* All of them or none. */
    int (*mig_write)(void *fn, const void *bytes, uint64_t len);
};

/* A registered VMM: the shim's ops, normalised, with its context. */
struct sriov_vmm;

/*
 * Normalise a shim's table once: copy, check required ops, fill each missing optional one with a
 * function that returns -EOPNOTSUPP. `ctx` is handed to every op as `vmm`.
 * Errors: -EINVAL (size or a required op missing), -E2BIG (unknown bytes set), -EPROTO (abi),
 * -ENOMEM. The table may be freed afterwards; ctx must outlive *out.
 */
SRIOV_API int sriov_vmm_register(const struct sriov_vmm_ops *ops, void *ctx, struct sriov_vmm **out);
/* -EBUSY while a function is open or a machine registered. */
SRIOV_API int sriov_vmm_unregister(struct sriov_vmm *vmm);

SRIOV_API const char *sriov_vmm_name(const struct sriov_vmm *vmm);
SRIOV_API int sriov_vmm_enumerate(struct sriov_vmm *vmm, sriov_enum_cb cb, void *arg);
SRIOV_API uint64_t sriov_vmm_now(struct sriov_vmm *vmm);
SRIOV_API void sriov_vmm_relax(struct sriov_vmm *vmm);
SRIOV_API void sriov_vmm_sleep(struct sriov_vmm *vmm, uint64_t ns);
/* See the op: the portable heart of an event loop. */
SRIOV_API int sriov_vmm_wait(struct sriov_vmm *vmm, uint64_t timeout_ns);
/* The table as normalised (for decorators and tests); owned by vmm. */
SRIOV_API const struct sriov_vmm_ops *sriov_vmm_ops(const struct sriov_vmm *vmm);
SRIOV_API void *sriov_vmm_ctx(const struct sriov_vmm *vmm);

#ifdef __cplusplus
}
#endif
#endif
