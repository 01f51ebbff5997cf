/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mock shim's own controls: a simulated VMM with a virtual clock, a strict IOMMU, a wire and
 * deterministic faults. Drivers never see this header; tests do. One thread.
 */
#ifndef SRIOV_MOCK_H
#define SRIOV_MOCK_H

#include <sriov/dma.h>
#include <sriov/model.h>
#include <sriov/vm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_mock;

/* A finding of the strict IOMMU or of a model: the planted-bug detector. */
enum sriov_violation_kind {
    SRIOV_VIOLATION_IOMMU_UNMAPPED = 1,    /* device touched an address that never was mapped */
    SRIOV_VIOLATION_IOMMU_AFTER_UNMAP = 2, /* ... that was mapped once */
    SRIOV_VIOLATION_IOMMU_DIRECTION = 3,
    SRIOV_VIOLATION_IOMMU_BOUNDS = 4, /* began inside a mapping and ran out of it */
    SRIOV_VIOLATION_MODEL = 5,        /* see report_kind */
    SRIOV_VIOLATION_LEAK = 6,         /* close found a mapping, sink or view */
    SRIOV_VIOLATION_CONTRACT = 7,     /* the seam used against its contract */
    SRIOV_VIOLATION_PAGE_RACE = 8,    /* driver memory freed while a device could still reach it */
    SRIOV_VIOLATION_BUS_MASTER = 9,   /* DMA of an open function whose bus mastering is off */
};

struct sriov_violation {
    uint32_t size;
    uint32_t kind;        /* enum sriov_violation_kind */
    uint32_t report_kind; /* enum sriov_report_kind for SRIOV_VIOLATION_MODEL */
    uint32_t length;      /* bytes of the access */
    uint64_t time_ns;
    sriov_iova_t iova;
    struct sriov_site site;
    char function[SRIOV_NAME_MAX];
    char text[256]; /* one line that names device, IOVA and register or descriptor */
};

struct sriov_mock_opts {
    uint32_t size;
    uint32_t flags; /* SRIOV_MOCK_* */
    /* IOMMU aperture; both 0: 0x100000 to 2^39-1, which a guest with memory from 0 does not fit: for one
     * leave the first 0 and set the last. */
    uint64_t iova_first;
    uint64_t iova_last;
    uint64_t maps_max;        /* 0: not bounded */
    uint64_t relax_ns;        /* virtual time of one relax; 0: 1000 */
    uint32_t irq_vectors_max; /* MSI-X vectors the host grants a function; 0: all */
    uint32_t reserved0;
    void (*on_violation)(void *arg, const struct sriov_violation *violation); /* may be NULL */
    void *arg;
};
/* Violations are counted and handed over, not logged; lines of the log are dropped. */
#define SRIOV_MOCK_QUIET 1u

/* opts may be NULL. There are no BAR views, so that the mock sees every access. */
SRIOV_API int sriov_mock_create(const struct sriov_mock_opts *opts, struct sriov_mock **out);
/* Functions must be closed. */
SRIOV_API void sriov_mock_destroy(struct sriov_mock *mock);
/* Registered VMM, owned by the mock. */
SRIOV_API struct sriov_vmm *sriov_mock_vmm(struct sriov_mock *mock);
/* The raw table and context, for decorators and for registering once more. */
SRIOV_API const struct sriov_vmm_ops *sriov_mock_ops(void);
SRIOV_API void *sriov_mock_ctx(struct sriov_mock *mock);

/* ---- devices ---- */

struct sriov_mock_pf_opts {
    uint32_t size;
    uint32_t reserved0;
    const char *name;   /* BDF; NULL: "0000:01:00.0", then the next free bus */
    const char *quirks; /* NULL: datasheet */
    uint8_t mac[6];     /* zero: 02:00:00:00:BB:00 with BB the bus */
    uint16_t total_vfs; /* 0: the device's own */
};
/* model: a name in sriov_models. One without SR-IOV ("virtio-net") is a plain function; wherever a PF is
 * asked for here, its name will do. opts may be NULL. The PF's name is copied to name_out
 * (SRIOV_NAME_MAX bytes; may be NULL). -ENOENT no such model, -EBUSY the BDF is taken, or that of a VF is. */
SRIOV_API int sriov_mock_add_pf(struct sriov_mock *mock, const char *model,
                                const struct sriov_mock_pf_opts *opts, char *name_out);
/* The same with a device model of the caller's own; it and its strings outlive the mock. */
SRIOV_API int sriov_mock_add_model(struct sriov_mock *mock, const struct sriov_model_ops *model,
                                   const struct sriov_mock_pf_opts *opts, char *name_out);
/* Name of VF i of a PF, as enumerate gives it. -ENOENT when it is not enabled. */
SRIOV_API int sriov_mock_vf_name(struct sriov_mock *mock, const char *pf, uint16_t vf, char *name_out);
/* Pull the function (a PF: with its VFs) out. asked: REMOVE_ASKED first, gone at `deadline_ns` of
 * virtual time at the latest; else gone now. */
SRIOV_API int sriov_mock_remove(struct sriov_mock *mock, const char *name, bool asked, uint64_t deadline_ns);
/* Deliver any other enum sriov_event. */
SRIOV_API int sriov_mock_event(struct sriov_mock *mock, const char *name, enum sriov_event event);

/* ---- memory elsewhere ---- */

/*
 * `length` bytes from `iova` of an open function reach its device by the calls in remote (copied), as
 * mapped memory would, until sriov_mock_dma_unremote of the same range. Multiples of 4096. Errors: -EINVAL,
 * -ENODEV (not open), -EBUSY (something is there), -ERANGE, -ENOSPC, -ENOMEM; -ENOENT of what is not there.
 */
SRIOV_API int sriov_mock_dma_remote(struct sriov_mock *mock, const char *fn, sriov_iova_t iova,
                                    uint64_t length, enum sriov_dma_dir dir,
                                    const struct sriov_dma_remote *remote);
SRIOV_API int sriov_mock_dma_unremote(struct sriov_mock *mock, const char *fn, sriov_iova_t iova,
                                      uint64_t length);

/* ---- virtual time ---- */

/* It passes in relax, sleep_ns, wait and sriov_mock_advance, in reset and set_vfs, and nowhere else:
 * a loop that calls none of them stands still in it. */

SRIOV_API uint64_t sriov_mock_now(const struct sriov_mock *mock);
/* Let time pass: all timers, interrupts and tasks that are due run in order. */
SRIOV_API void sriov_mock_advance(struct sriov_mock *mock, uint64_t ns);
/* Nanoseconds until the next timer, interrupt or task is due: 0 now, UINT64_MAX none. For who lets
 * virtual time follow a real clock and would sleep until then. */
SRIOV_API uint64_t sriov_mock_next_due(const struct sriov_mock *mock);
/* A neighbour that lives in the same time: cb runs each period_ns, also while a driver waits.
 * Returns an id above 0 for sriov_mock_task_stop, or a negative errno. */
SRIOV_API int sriov_mock_task(struct sriov_mock *mock, uint64_t period_ns, void (*cb)(void *arg), void *arg);
SRIOV_API int sriov_mock_task_stop(struct sriov_mock *mock, int id);
/* 0 (the start): the device acts within the register write. Else that many ns later. All kinds
 * enum sriov_delay_kind; fn NULL: every function. */
SRIOV_API int sriov_mock_set_delay(struct sriov_mock *mock, const char *fn, enum sriov_delay_kind kind,
                                   uint64_t ns);

/* ---- the wire ---- */

/* Ports: a PF's physical port is the PF's name; PFs may be joined by a cable. send: the frame
 * arrives at once; from within a sink, as soon as the device is done with what it does. */
SRIOV_API int sriov_mock_wire_send(struct sriov_mock *mock, const char *pf, const void *frame, size_t len);
/* Frames that leave through the physical port; NULL takes the sink away. It runs while the device is
 * at work: it may send frames, but must not touch that device nor let time pass. */
SRIOV_API int sriov_mock_wire_sink(struct sriov_mock *mock, const char *pf,
                                   void (*cb)(void *arg, const void *frame, size_t len), void *arg);
SRIOV_API int sriov_mock_wire_join(struct sriov_mock *mock, const char *pf_a, const char *pf_b);
SRIOV_API int sriov_mock_carrier(struct sriov_mock *mock, const char *pf, bool up);
/* pcap, nanosecond stamps of virtual time. port: a PF's name (its wire), a VF's name (its port
 * of the internal switch) or a PF's name with "/switch" behind it: each frame that its internal switch
 * carries, from wherever to wherever, once. Until sriov_mock_destroy or the call with path NULL, also of
 * a function that is gone by then. -EACCES when the file cannot be made, -ENOSPC when its end could not
 * be written. */
SRIOV_API int sriov_mock_capture(struct sriov_mock *mock, const char *port, const char *path);
/* What was captured so far, of all ports, goes to the files. -ENOSPC: some of it could not be written. */
SRIOV_API int sriov_mock_capture_flush(struct sriov_mock *mock);
/* Sends a pcap's frames at their own distances in time, from now: into a PF's physical port, or into
 * the internal switch at a VF's port, as if its driver had sent them. Returns how many frames, or a
 * negative errno: -EOPNOTSUPP for a VF of a model without port_tx. What is left when the function goes
 * is dropped. */
SRIOV_API int sriov_mock_replay(struct sriov_mock *mock, const char *port, const char *path);

/* ---- faults ---- */

enum sriov_mock_fault_kind {
    SRIOV_MOCK_FAULT_OP = 1,         /* op `op` returns `err` */
    SRIOV_MOCK_FAULT_GONE = 2,       /* surprise removal at op `op` (NULL: any op of the function) */
    SRIOV_MOCK_FAULT_MBX_SILENT = 3, /* the message never arrives */
    SRIOV_MOCK_FAULT_MBX_LATE = 4,   /* `value` ns late */
    SRIOV_MOCK_FAULT_MBX_WRONG = 5,  /* word `index` is `value` */
    SRIOV_MOCK_FAULT_IRQ_LOST = 6,
    SRIOV_MOCK_FAULT_IRQ_TWICE = 7,
    SRIOV_MOCK_FAULT_WB_LATE = 8,     /* receive or transmit write-back `value` ns late */
    SRIOV_MOCK_FAULT_WB_REORDER = 9,  /* held `value` ns (0: 1 ms), so that the next ones overtake it */
    SRIOV_MOCK_FAULT_WB_HOSTILE = 10, /* 32-bit word `index` (0 to 3) of the write-back is `value` */
    SRIOV_MOCK_FAULT_DMA = 11,        /* the IOMMU refuses an access */
};

struct sriov_mock_fault {
    uint32_t size;
    uint32_t kind;  /* enum sriov_mock_fault_kind */
    const char *fn; /* function name; NULL: any */
    /* OP, GONE: name of a member of struct sriov_vmm_ops. Of those that take `vmm` (host_alloc to
     * enumerate), OP takes no fn, and GONE needs one. Of the VM face (vm_info to vm_hot_remove), OP takes
     * the name of a machine or of a function in it, and GONE needs that of the one that goes. Else a
     * site: "to-vf", "to-pf" (MBX), "irq" (IRQ), "rx", "tx" (WB, DMA). NULL: any. What can never match is
     * -EINVAL. */
    const char *op;
    uint64_t nth;   /* first occasion that is hit, from 1 (0: -EINVAL), counted from now */
    uint64_t times; /* occasions in a row; 0: one; UINT64_MAX: for ever */
    int32_t err;    /* negative errno, for FAULT_OP */
    uint32_t index;
    uint64_t value;
};
SRIOV_API int sriov_mock_inject(struct sriov_mock *mock, const struct sriov_mock_fault *fault);
/* Forget all faults; returns how many occasions were hit since the last call. */
SRIOV_API uint64_t sriov_mock_clear_faults(struct sriov_mock *mock);
/* MSI-X messages that a function sent since it was enabled, also those that reached nobody; 0 for a
 * function that is not there. */
SRIOV_API uint64_t sriov_mock_interrupts(struct sriov_mock *mock, const char *fn);
/* Frames for a function that were dropped since its PF was added, for want of receive descriptors or of room
 * in the device. 0 for a function that is not there, or whose model does not say. */
SRIOV_API uint64_t sriov_mock_rx_drops(struct sriov_mock *mock, const char *fn);
/* How often an op was called since the mock was made (op NULL: all that can fail,
 * together): the sweep's range. */
SRIOV_API uint64_t sriov_mock_op_calls(const struct sriov_mock *mock, const char *op);

/* ---- findings ---- */

SRIOV_API uint64_t sriov_mock_violations(const struct sriov_mock *mock,
                                         enum sriov_violation_kind kind); /* 0: all */
/* The last finding; NULL when there was none. Valid until the next one. */
SRIOV_API const struct sriov_violation *sriov_mock_last_violation(const struct sriov_mock *mock);
SRIOV_API void sriov_mock_forget_violations(struct sriov_mock *mock);
/* DMA mappings, views, sinks, open functions and blocks of host memory (but the registration's own)
 * that the shim still holds, all together; of machines their memory, functions, windows, doorbells,
 * vectors and a dirty log that is on. */
SRIOV_API uint64_t sriov_mock_held(const struct sriov_mock *mock);

/* ---- machines: the VM face, with a guest that the test is ---- */

struct sriov_mock_vm_opts {
    uint32_t size;
    uint32_t flags;    /* 0 */
    const char *name;  /* NULL: "vm1", then the next number */
    uint64_t caps_out; /* SRIOV_VM_CAP_* that this machine lacks */
    /* The most it can have; 0: not bounded. */
    uint32_t memory_max;    /* pieces of memory, and mapped windows, which are the same to a machine */
    uint32_t vectors_max;   /* vectors of all its functions */
    uint32_t doorbells_max; /* values that have a doorbell */
    uint32_t ring_max;      /* entries of the dirty ring; 0: 64 */
    uint32_t consent;       /* enum sriov_mock_consent */
    uint32_t reserved0;
    uint64_t consent_ns;
};

/* What the guest does when it is asked to let go of a function. */
enum sriov_mock_consent {
    SRIOV_MOCK_CONSENT_AT_ONCE = 0, /* as soon as time is given */
    SRIOV_MOCK_CONSENT_LATER = 1,   /* consent_ns later */
    SRIOV_MOCK_CONSENT_NEVER = 2,   /* unless the test calls sriov_mock_guest_let_go */
};

/* A machine of this mock, registered; opts may be NULL. -ENOMEM, -EINVAL, -E2BIG. */
SRIOV_API int sriov_mock_vm_create(struct sriov_mock *mock, const struct sriov_mock_vm_opts *opts,
                                   struct sriov_vm **out);
/* -EBUSY while it has memory or functions. NULL is nothing. */
SRIOV_API int sriov_mock_vm_destroy(struct sriov_vm *vm);

/*
 * The guest's CPU. width 1, 2, 4 or 8; what is not aligned goes byte by byte, as a bus may do it. A store
 * goes to a doorbell, else to memory, a mapped window or a trapped one, and to read-only memory or where
 * nothing is, not at all; a load there gives all-ones. Not from within a callback of the machine's.
 */
SRIOV_API uint64_t sriov_mock_guest_read(struct sriov_vm *vm, uint64_t gpa, uint32_t width);
SRIOV_API void sriov_mock_guest_write(struct sriov_vm *vm, uint64_t gpa, uint32_t width, uint64_t value);
/* Many bytes of memory at once; -EFAULT where it is not all memory, or not all writable. */
SRIOV_API int sriov_mock_guest_copy_in(struct sriov_vm *vm, uint64_t gpa, const void *from, size_t len);
SRIOV_API int sriov_mock_guest_copy_out(struct sriov_vm *vm, uint64_t gpa, void *to, size_t len);
/* Config space of function 0 of device `slot` on its bus 0; all-ones where nothing is plugged in, or at
 * an offset or width that no bus can carry. */
SRIOV_API uint32_t sriov_mock_guest_cfg_read(struct sriov_vm *vm, uint32_t slot, uint32_t off,
                                             uint32_t width);
SRIOV_API void sriov_mock_guest_cfg_write(struct sriov_vm *vm, uint32_t slot, uint32_t off, uint32_t width,
                                          uint32_t value);

/* How often the guest took this message. */
SRIOV_API uint64_t sriov_mock_guest_interrupts(struct sriov_vm *vm, uint64_t address, uint32_t data);
/* Its handler for all of them; NULL: none. Runs as a sink's callback does. */
SRIOV_API void sriov_mock_guest_on_interrupt(struct sriov_vm *vm,
                                             void (*cb)(void *arg, uint64_t address, uint32_t data),
                                             void *arg);

/* What the guest does from now on when it is asked. */
SRIOV_API int sriov_mock_guest_script(struct sriov_vm *vm, enum sriov_mock_consent consent, uint64_t ns);
/* It lets go of the function at `slot`, once time is given. -ENOENT nothing there, -EAGAIN not asked. */
SRIOV_API int sriov_mock_guest_let_go(struct sriov_vm *vm, uint32_t slot);

struct sriov_mock_guest_counts {
    uint32_t size;
    uint32_t reserved0;
    /* Accesses that left the guest. */
    uint64_t config;
    uint64_t trapped;
    uint64_t nothing;   /* where nothing is, and stores to read-only memory */
    uint64_t ring_full; /* times the dirty ring was full and had to be emptied */
    /* Those that did not. */
    uint64_t mapped;
    uint64_t doorbells;
    uint64_t interrupts; /* taken */
};
SRIOV_API int sriov_mock_guest_counts(struct sriov_vm *vm, struct sriov_mock_guest_counts *counts);
/* How often the guest was told of a function that came to `slot`, or (asked) that is to go. */
SRIOV_API uint64_t sriov_mock_guest_told(struct sriov_vm *vm, uint32_t slot, bool asked);

#ifdef __cplusplus
}
#endif
#endif
