/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the mock share. A device (struct sriov_model_host) is one model with its slots:
 * slot 0 is the PF, slot 1+i VF i. A handle is an open function; it outlives its slot when the
 * function is pulled out, so that a driver can still give back what it holds.
 */
#ifndef SRIOV_MOCK_INTERNAL_H
#define SRIOV_MOCK_INTERNAL_H

#include <sriov/mock.h>

#include <errno.h>
#include <pcap/pcap.h>
#include <stdatomic.h>

#include "mig.h"

#define MOCK_GRANULE     UINT64_C(4096)
#define MOCK_IOVA_FIRST  UINT64_C(0x100000)
#define MOCK_IOVA_LAST   ((UINT64_C(1) << 39) - 1)
#define MOCK_RELAX_NS    UINT64_C(1000)
#define MOCK_DELAY_KINDS 4 /* enum sriov_delay_kind, from 1 */
#define MOCK_NS_PER_MS   UINT64_C(1000000)
#define MOCK_NS_PER_SEC  UINT64_C(1000000000)
#define MOCK_FRAME_MAX   ((size_t)65535)

/* Every op of the seam: counted and open to faults. X(name, it can fail) */
#define MOCK_OPS(X)                                                                                          \
    X(host_alloc, true)                                                                                      \
    X(host_free, false)                                                                                      \
    X(now_ns, false)                                                                                         \
    X(relax, false)                                                                                          \
    X(sleep_ns, false)                                                                                       \
    X(wait, true)                                                                                            \
    X(log, false)                                                                                            \
    X(enumerate, true)                                                                                       \
    X(open, true)                                                                                            \
    X(close, false)                                                                                          \
    X(info, true)                                                                                            \
    X(reset, true)                                                                                           \
    X(set_vfs, true)                                                                                         \
    X(kill, false)                                                                                           \
    X(cfg_read, true)                                                                                        \
    X(cfg_write, true)                                                                                       \
    X(bar_info, true)                                                                                        \
    X(bar_read, true)                                                                                        \
    X(bar_write, true)                                                                                       \
    X(dma_limits, true)                                                                                      \
    X(dma_alloc, true)                                                                                       \
    X(dma_free, true)                                                                                        \
    X(dma_map, true)                                                                                         \
    X(dma_unmap, true)                                                                                       \
    X(irq_count, true)                                                                                       \
    X(irq_enable, true)                                                                                      \
    X(irq_disable, true)                                                                                     \
    X(irq_attach, true)                                                                                      \
    X(irq_detach, true)                                                                                      \
    X(irq_mask, true)                                                                                        \
    X(irq_unmask, true)                                                                                      \
    X(irq_pending, true)                                                                                     \
    X(irq_trigger, true)                                                                                     \
    X(set_event_sink, true)                                                                                  \
    X(dma_dirty_start, true)                                                                                 \
    X(dma_dirty_stop, true)                                                                                  \
    X(dma_dirty_read, true)                                                                                  \
    X(mig_info, true)                                                                                        \
    X(mig_state, true)                                                                                       \
    X(mig_set_state, true)                                                                                   \
    X(mig_read, true)                                                                                        \
    X(mig_write, true)                                                                                       \
    X(vm_info, true)                                                                                         \
    X(vm_mem_add, true)                                                                                      \
    X(vm_mem_del, true)                                                                                      \
    X(vm_dev_add, true)                                                                                      \
    X(vm_dev_del, false)                                                                                     \
    X(vm_window_add, true)                                                                                   \
    X(vm_window_del, true)                                                                                   \
    X(vm_doorbell_add, true)                                                                                 \
    X(vm_doorbell_del, true)                                                                                 \
    X(vm_irq_sink, true)                                                                                     \
    X(vm_irq_route, true)                                                                                    \
    X(vm_irq_pending, true)                                                                                  \
    X(vm_dirty_start, true)                                                                                  \
    X(vm_dirty_stop, true)                                                                                   \
    X(vm_dirty_read, true)                                                                                   \
    X(vm_hot_add, true)                                                                                      \
    X(vm_hot_remove, true)

enum mock_op {
#define MOCK_OP_ENUM(name, fails) MOCK_OP_##name,
    MOCK_OPS(MOCK_OP_ENUM)
#undef MOCK_OP_ENUM
    MOCK_OP_COUNT
};

struct mock_slot;
struct mock_handle;
struct mock_vm;

/* ---- virtual time (clock.c) ---- */

struct mock_event {
    uint64_t at_ns;
    uint64_t seq;
    void (*run)(struct sriov_mock *mock, struct mock_event *event); /* NULL: cancelled */
    void *owner; /* what mock_clock_cancel names: a handle, a task, a device */
    sriov_model_timer_cb timer;
    uint64_t tag; /* of a timer; vector, event or length of the rest */
    void *data;   /* owned by the event; freed with it */
    bool sink;    /* ends in a callback of the driver's: not to be nested */
};

struct mock_heap {
    struct mock_event **items;
    size_t count;
    size_t room;
};

struct mock_clock {
    struct mock_heap heap;
    struct mock_heap deferred; /* sink events that came due inside a sink's callback */
    uint64_t now_ns;
    uint64_t seq;
    uint64_t deliveries; /* callbacks and eventfd signals that reached a sink */
    unsigned hold;       /* > 0: no sink's callback may run now */
};

struct mock_task {
    struct mock_task *next;
    int id;
    uint64_t period_ns;
    void (*cb)(void *arg);
    void *arg;
    bool running;
    bool stopped;
};

/* ---- the IOMMU (iommu.c) ---- */

struct mock_mapping {
    uint64_t first;
    uint64_t last; /* inclusive */
    uint8_t *va;
    uint32_t dir;
    bool allocated;                  /* memory of dma_alloc */
    bool piece;                      /* an access may run on into the next one */
    struct sriov_dma_remote *remote; /* owned; NULL: memory at va */
    bool release_refused;            /* a fault refused to free it: no leak of the driver's */
    uint64_t *dirty;                 /* a bit per page, while the log is on */
};

struct mock_domain {
    struct mock_mapping *maps; /* sorted, disjoint */
    size_t count;
    size_t room;
    struct sriov_dma_range *past; /* what was mapped once: sorted, disjoint */
    size_t past_count;
    size_t past_room;
    bool logging; /* what the device writes */
};

/* ---- functions ---- */

struct mock_vector {
    struct sriov_irq_sink sink; /* kind 0: none */
    bool masked;
    bool pending; /* came while nobody could take it */
    bool queued;  /* a delivery waits in the clock: more of them merge into it */
};

struct mock_handle {
    struct mock_handle *next;
    struct sriov_mock *mock;
    struct mock_slot *slot; /* NULL once the function is gone */
    char name[SRIOV_NAME_MAX];
    atomic_bool killed;
    struct mock_domain domain;
    struct mock_vector *vectors; /* MSI-X is on with num_vectors of them */
    uint32_t num_vectors;
    uint32_t table_bar; /* where the function's MSI-X table lies; an empty range: none */
    uint64_t table_first;
    uint64_t table_end;
    bool irq_release_refused; /* a fault refused irq_detach or irq_disable */
    struct mock_mig mig;
    struct sriov_event_sink event_sink;
};

struct mock_slot {
    struct sriov_model_host *dev;
    struct mock_handle *handle; /* NULL: not open */
    uint16_t index;             /* function number of the model */
    bool present;
    bool pulled;       /* taken out by hand: comes back only with another set of VFs */
    bool remove_asked; /* goes when it is closed, at the latest at its deadline */
    char name[SRIOV_NAME_MAX];
    uint64_t delay_ns[MOCK_DELAY_KINDS];
    struct mock_domain past; /* only its history: what earlier owners had mapped */
    pcap_dumper_t *capture;
    uint64_t interrupts; /* messages sent */
};

/* One device: the host that its model sees. */
struct sriov_model_host {
    struct sriov_model_host *next;
    struct sriov_mock *mock;
    const struct sriov_model_ops *ops;
    struct sriov_model *model;
    char *quirks;
    uint16_t routing_id;
    uint32_t pci_domain;
    uint32_t last_bus; /* that a VF of this device can be on */
    uint16_t total_vfs;
    uint16_t num_vfs;
    uint32_t iov_cap; /* of the PF; 0: no SR-IOV */
    uint32_t num_slots;
    int32_t id;
    struct mock_slot *slots;       /* 1 + total_vfs */
    pcap_dumper_t *switch_capture; /* NULL: none */
    unsigned busy;                 /* depth of calls into the model */
    bool resetting;                /* VFs that vanish now come back: their handles live on */
    struct sriov_model_host *peer; /* other end of the cable */
    void (*wire_cb)(void *arg, const void *frame, size_t len);
    void *wire_arg;
};

/* ---- faults ---- */

struct mock_fault {
    struct mock_fault *next;
    struct sriov_mock_fault spec;
    char fn[SRIOV_NAME_MAX]; /* empty: any */
    char op[32];             /* empty: any */
    uint64_t seen;
};

struct mock_block {
    void *ptr;
    size_t size;
};

struct sriov_mock {
    struct sriov_mock_opts opts;
    struct sriov_vmm *vmm;
    struct mock_clock clock;
    struct sriov_model_host *devices;
    struct mock_handle *handles;
    struct mock_vm *vms;
    struct mock_task *tasks;
    int last_task;
    int32_t last_device;
    uint64_t delay_ns[MOCK_DELAY_KINDS]; /* of functions to come */
    pcap_t *pcap;                        /* link type and precision of all captures */
    struct mock_fault *faults;
    uint64_t fault_hits;
    uint64_t op_calls[MOCK_OP_COUNT];
    uint64_t violations[SRIOV_VIOLATION_BUS_MASTER + 1]; /* [0]: all */
    struct sriov_violation last_violation;
    struct mock_block *blocks; /* of host_alloc */
    size_t num_blocks;
    size_t blocks_room;
    size_t own_blocks; /* those of the registration */
};

/* util.c */
/* A struct of a caller: 0, -EINVAL (smaller than `least`), -E2BIG (set bytes beyond `known`). */
int mock_check_struct(const void *ptr, size_t least, size_t known);
/* Copies the part of an answer that the caller has room for; its size member stays. */
int mock_give_struct(void *out, const void *answer, size_t least, size_t known);
bool mock_is_pow2(uint64_t n);
bool mock_copy_name(char *out, const char *name); /* false: too long */
/* Makes room for one more item; false: no memory. */
bool mock_grow(void **items, size_t *room, size_t count, size_t item_size);

/* clock.c */
struct mock_event *mock_clock_at(struct sriov_mock *mock, uint64_t at_ns,
                                 void (*run)(struct sriov_mock *, struct mock_event *), void *owner);
struct mock_event *mock_clock_soon(struct sriov_mock *mock,
                                   void (*run)(struct sriov_mock *, struct mock_event *), void *owner);
void mock_clock_cancel(struct sriov_mock *mock, const void *owner);
/* The same, but only events that end in `run`. */
void mock_clock_cancel_run(struct sriov_mock *mock, const void *owner,
                           void (*run)(struct sriov_mock *, struct mock_event *));
void mock_clock_advance(struct sriov_mock *mock, uint64_t ns);
/* Time passes, but sinks' callbacks wait: a blocking op of the seam. */
void mock_clock_block(struct sriov_mock *mock, uint64_t ns);
int mock_clock_wait(struct sriov_mock *mock, uint64_t timeout_ns);
/* Around a sink's callback. */
void mock_clock_hold(struct sriov_mock *mock);
void mock_clock_release(struct sriov_mock *mock);
void mock_clock_destroy(struct sriov_mock *mock);
uint64_t mock_add_sat(uint64_t a, uint64_t b);

/* device.c */
struct mock_slot *mock_find_slot(struct sriov_mock *mock, const char *name);
struct sriov_model_host *mock_find_pf(struct sriov_mock *mock, const char *name);
void mock_device_set_vfs(struct sriov_model_host *dev, uint16_t n);
void mock_device_destroy(struct sriov_model_host *dev);

/* cfgspace.c: the model's config space, seen as an OS sees it. */
void mock_enter(struct sriov_model_host *dev);
void mock_leave(struct sriov_model_host *dev);
uint32_t mock_pci_get(struct sriov_model_host *dev, uint16_t fn, uint32_t off, uint32_t width);
void mock_pci_put(struct sriov_model_host *dev, uint16_t fn, uint32_t off, uint32_t width, uint32_t value);
/* Offset, or 0: not there. Bounded against loops. */
uint32_t mock_find_cap(struct sriov_model_host *dev, uint16_t fn, uint8_t id);
uint32_t mock_find_ext_cap(struct sriov_model_host *dev, uint16_t fn, uint16_t id);
bool mock_bus_master(const struct mock_slot *slot);
bool mock_memory_enabled(const struct mock_slot *slot);
bool mock_has_flr(const struct mock_slot *slot);
uint32_t mock_identity(const struct mock_slot *slot); /* vendor, and device << 16 */

/* host.c */
extern const struct sriov_model_host_ops mock_host_ops;

/* fault.c */
/* Counts a call of an op and lets faults act on it. h: NULL for ops of the VMM. */
int mock_gate(struct sriov_mock *mock, struct mock_handle *h, enum mock_op op);
/* For ops that give something back: those work on a function that is gone, too. */
int mock_gate_release(struct sriov_mock *mock, struct mock_handle *h, enum mock_op op);
int mock_gate_name(struct sriov_mock *mock, const char *fn, enum mock_op op);
/* For the VM face: name of the machine, or of the function in it. */
int mock_gate_vm(struct sriov_mock *mock, const char *name, enum mock_op op);
bool mock_gone(const struct mock_handle *h);
/* One more occasion of `kind` on function fn at site or op; true when a fault hits it. */
bool mock_fault_hit(struct sriov_mock *mock, uint32_t kind, const char *fn, const char *op);
enum sriov_fault_verdict mock_fault_bend(struct sriov_mock *mock, const char *fn,
                                         enum sriov_fault_point point, void *data, size_t len,
                                         uint64_t *delay_ns);
void mock_faults_destroy(struct sriov_mock *mock);

/* violation.c */
void mock_contract(struct sriov_mock *mock, const char *fn, const char *fmt, ...) SRIOV_PRINTF(3, 4);
void mock_leak(struct sriov_mock *mock, const char *fn, sriov_iova_t iova, uint64_t length, const char *what);
void mock_page_race(struct sriov_mock *mock, const char *fn, const struct mock_mapping *map);
void mock_model_report(struct sriov_mock *mock, const char *fn, enum sriov_report_kind kind,
                       const struct sriov_site *site, const char *detail);
struct mock_access {
    const char *fn;
    const struct sriov_site *site;
    sriov_iova_t iova;
    size_t len;
    bool write; /* by the device */
};
void mock_dma_violation(struct sriov_mock *mock, enum sriov_violation_kind kind,
                        const struct mock_access *access);
const char *mock_site_side(uint16_t site_kind); /* "rx", "tx", "mbx" or "" */
void mock_log_line(struct sriov_mock *mock, const char *line);

/* iommu.c */
/* 0, or -EINVAL (overlap), -ENOMEM. */
int mock_iommu_map(struct mock_domain *domain, const struct mock_mapping *map);
struct mock_mapping *mock_iommu_find(struct mock_domain *domain, uint64_t first);
bool mock_iommu_overlaps(const struct mock_domain *domain, uint64_t first, uint64_t last);
/* Takes the mapping out; its range becomes history. */
void mock_iommu_unmap(struct mock_domain *domain, struct mock_mapping *map);
/* Was this address mapped once? */
bool mock_iommu_was_mapped(const struct mock_domain *domain, uint64_t addr);
/* All that `from` knows of the past goes to `to`. */
void mock_iommu_keep_past(struct mock_domain *to, const struct mock_domain *from);
/* May the device do that? False: the violation's kind. */
bool mock_iommu_allows(const struct mock_domain *domain, const struct mock_access *access,
                       enum sriov_violation_kind *kind);
/* Does what is allowed, from or to bytes. Negative errno: remote memory did not answer. */
int mock_iommu_copy(const struct mock_domain *domain, const struct mock_access *access, uint8_t *bytes);
void mock_iommu_destroy(struct mock_domain *domain);

/* bits.c: pages written, a bit each. */
struct mock_span {
    uint64_t first;
    uint64_t last; /* inclusive */
};
uint64_t *mock_bits_new(uint64_t bytes); /* NULL: no memory */
void mock_bits_mark(uint64_t *bits, uint64_t off, uint64_t len);
/* Or into `out`, whose first bit is that of asked.first, what bits has of it, and clear it there. */
void mock_bits_take(uint64_t *bits, struct mock_span piece, struct mock_span asked, uint64_t *out);

/* dma_dirty.c */
/* One more mapping while the log is on. */
int mock_dma_dirty_begin(const struct mock_domain *domain, struct mock_mapping *map);

/* vm.c */
void mock_vms_destroy(struct sriov_mock *mock);
uint64_t mock_vms_held(const struct sriov_mock *mock);

/* irq.c */
void mock_irq_message(struct mock_slot *slot, uint16_t vector);
/* MSI-X off, sinks gone. */
void mock_irq_off(struct mock_handle *h);
uint32_t mock_irq_sinks(const struct mock_handle *h);
/* Messages that were sent and reached no sink yet, a bit per vector below 64; and that they did so here. */
uint64_t mock_irq_waiting(const struct mock_handle *h);
void mock_irq_wait(struct mock_handle *h, uint64_t vectors);

/* msix.c: the function's MSI-X capability and table, as the OS programs them. */
uint32_t mock_msix_vectors(const struct mock_slot *slot); /* 0: no MSI-X */
void mock_msix_on(const struct mock_handle *h);
void mock_msix_off(const struct mock_slot *slot);
void mock_msix_mask(const struct mock_slot *slot, uint32_t vector, bool masked);
bool mock_msix_pending(const struct mock_slot *slot, uint32_t vector);
void mock_msix_locate(struct mock_handle *h); /* remembers where the table lies */

/* fn.c */
void mock_fn_release(struct mock_handle *h);

/* dma.c */
void mock_dma_release_all(struct mock_handle *h);
void mock_dma_check_free(struct sriov_mock *mock, const void *ptr, size_t size);

/* remove.c */
/* The function is gone now: its handle is orphaned and told. */
void mock_slot_vanish(struct mock_slot *slot);
void mock_pull(struct mock_slot *slot);
/* After a close: what was asked to go and is free now goes. */
void mock_remove_settle(struct sriov_model_host *dev);
void mock_event_send(struct mock_handle *h, enum sriov_event event);

/* wire.c */
void mock_wire_out(struct sriov_model_host *dev, const void *frame, size_t len);
/* A frame reaches the physical port; later when the model is at work just now. */
void mock_wire_in(struct sriov_model_host *dev, const void *frame, size_t len);
/* Into a PF's physical port, or into the internal switch at a VF's. */
int mock_wire_in_at(struct mock_slot *slot, uint64_t at_ns, const void *frame, size_t len);
bool mock_has_port_tx(const struct sriov_model_ops *ops);
void mock_wire_unplug(struct sriov_model_host *dev);

/* pcap.c */
void mock_pcap_frame(struct mock_slot *slot, const void *frame, size_t len);
void mock_pcap_switch(struct sriov_model_host *dev, const void *frame, size_t len);
/* 0, or -ENOSPC: the last frames could not be written. */
int mock_pcap_stop(pcap_dumper_t **capture);

/* memory.c */
void *mock_host_alloc(void *vmm, size_t size, size_t align);
void mock_host_free(void *vmm, void *ptr, size_t size);
void mock_memory_destroy(struct sriov_mock *mock);

/* The ops, each beside its idea. */
int mock_op_enumerate(void *vmm, sriov_enum_cb cb, void *arg);
int mock_op_open(void *vmm, const struct sriov_open_args *args, void **fn);
void mock_op_close(void *fn);
int mock_op_info(void *fn, struct sriov_fn_info *info);
int mock_op_reset(void *fn);
int mock_op_set_vfs(void *fn, uint16_t n);
void mock_op_kill(void *fn);
int mock_op_cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value);
int mock_op_cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value);
int mock_op_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info);
int mock_op_bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value);
int mock_op_bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value);
int mock_op_dma_limits(void *fn, struct sriov_dma_limits *limits);
int mock_op_dma_alloc(void *fn, struct sriov_dma_mem *mem);
int mock_op_dma_free(void *fn, const struct sriov_dma_mem *mem);
int mock_op_dma_map(void *fn, struct sriov_dma_mem *mem);
int mock_op_dma_unmap(void *fn, const struct sriov_dma_mem *mem);
int mock_op_irq_count(void *fn, uint32_t *count);
int mock_op_irq_enable(void *fn, uint32_t *n);
int mock_op_irq_disable(void *fn);
int mock_op_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink);
int mock_op_irq_detach(void *fn, uint32_t vector);
int mock_op_irq_mask(void *fn, uint32_t vector);
int mock_op_irq_unmask(void *fn, uint32_t vector);
int mock_op_irq_pending(void *fn, uint32_t vector, uint32_t *pending);
int mock_op_irq_trigger(void *fn, uint32_t vector);
int mock_op_set_event_sink(void *fn, const struct sriov_event_sink *sink);
int mock_op_dma_dirty_start(void *fn);
int mock_op_dma_dirty_stop(void *fn);
int mock_op_dma_dirty_read(void *fn, uint64_t iova, uint64_t length, uint64_t *bitmap);
int mock_op_vm_info(void *vm, struct sriov_vm_info *info);
int mock_op_vm_mem_add(void *vm, const struct sriov_vm_mem *mem);
int mock_op_vm_mem_del(void *vm, const struct sriov_vm_mem *mem);
int mock_op_vm_dev_add(void *vm, const struct sriov_vm_dev_args *args, void **dev);
void mock_op_vm_dev_del(void *dev);
int mock_op_vm_window_add(void *dev, const struct sriov_vm_window *window);
int mock_op_vm_window_del(void *dev, uint64_t gpa, uint64_t length);
int mock_op_vm_doorbell_add(void *dev, const struct sriov_vm_doorbell *bell);
int mock_op_vm_doorbell_del(void *dev, uint64_t gpa);
int mock_op_vm_irq_sink(void *dev, uint32_t vector, struct sriov_irq_sink *sink);
int mock_op_vm_irq_route(void *dev, uint32_t vector, const struct sriov_vm_msi *msi);
int mock_op_vm_irq_pending(void *dev, uint32_t vector, uint32_t *pending);
int mock_op_vm_dirty_start(void *vm, uint32_t mode);
int mock_op_vm_dirty_stop(void *vm);
int mock_op_vm_dirty_read(void *vm, uint64_t gpa, uint64_t length, uint64_t *bitmap);
int mock_op_vm_hot_add(void *dev);
int mock_op_vm_hot_remove(void *dev, void (*gone)(void *arg), void *arg);

#endif
