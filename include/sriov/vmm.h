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
};

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

    /* ABI 1 ends here. The VM face (give memory, place BAR, doorbell, route vector, dirty log,
     * hot-add, hot-remove) and the migration group (state, save, load, dirty tracking) append
     * below; a shim that was compiled without them stays valid, since `size` tells. */
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
/* -EBUSY while a function is open. */
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
