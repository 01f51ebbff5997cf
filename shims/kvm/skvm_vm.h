/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside the KVM shim's VM face: what its files share. All of it under the machine's lock. */
#ifndef SKVM_VM_H
#define SKVM_VM_H

#include "skvm.h"

#include <linux/kvm.h>
#include <sriov/vm.h>

#define SKVM_BUS_SLOTS 32u
#define SKVM_FUNCTIONS 8u
#define SKVM_ECAM_BUS  (UINT64_C(1) << 20)

/* One KVM memory slot that is ours. */
struct skvm_memslot {
    const void *owner; /* its skvm_mem or skvm_window; NULL: free */
    uint64_t gpa;
    uint64_t length;
};

struct skvm_mem {
    struct skvm_mem *next;
    uint32_t flags; /* SRIOV_VM_MEM_* */
    uint32_t slot;  /* index into memslots */
    uint64_t gpa;
    uint64_t length;
    void *va;
    /* While the dirty log is on, a bit each page: known to be dirty and not yet told; KVM's answer. */
    uint64_t *kept;
    uint64_t *fetched;
};

struct skvm_window {
    struct skvm_window *next;
    struct skvm_dev *dev;
    struct sriov_vm_window as;
};

struct skvm_bell {
    struct skvm_bell *next;
    struct skvm_dev *dev;
    struct sriov_vm_doorbell as;
    uint32_t id;
    uint32_t num_fds;
    int *fds; /* one each value; one for all with `values` 0 */
    uint64_t last;
    uint64_t latest;
    bool rung;
};

struct skvm_virq {
    int fd;
    uint32_t gsi;
    bool routed; /* the table has it */
    bool live;   /* its irqfd is assigned */
    struct sriov_vm_msi msi;
};

struct skvm_dev {
    struct skvm_machine *machine;
    struct skvm_dev *next;
    uint32_t slot;
    bool plugged;
    bool left; /* the guest let go of it, asked or not */
    char name[SRIOV_NAME_MAX];
    uint32_t (*cfg_read)(void *arg, uint32_t off, uint32_t width);
    void (*cfg_write)(void *arg, uint32_t off, uint32_t width, uint32_t value);
    void *cfg_arg;
    uint32_t num_irqs;
    struct skvm_virq *irqs;
    struct skvm_vfio_file *file;
    void (*gone)(void *arg); /* the guest was asked */
    void *gone_arg;
};

/* A VFIO file that KVM knows of; functions of one group share it. */
struct skvm_vfio_file {
    struct skvm_vfio_file *next;
    int fd;
    uint32_t users;
};

struct skvm_ring {
    struct skvm_ring *next;
    struct kvm_dirty_gfn *entries;
    uint32_t at; /* free-running */
};

struct skvm_machine {
    struct skvm *kvm;
    struct sriov_vm *vm;
    struct sriov_kvm_vm_opts opts;
    char name[SRIOV_NAME_MAX];
    uint64_t caps; /* SRIOV_VM_CAP_* */

    pthread_mutex_t mutex; /* the lock where the VMM gives none */
    _Atomic(const void *) owner;
    uint32_t depth;
    uint32_t calling; /* depth of callbacks into the manager */

    struct skvm_memslot *memslots;
    struct skvm_mem *mems;
    struct skvm_dev *devs;
    struct skvm_window *windows;
    struct skvm_bell *bells;
    uint32_t next_bell;
    uint32_t bell_fds;

    struct skvm_virq **gsis; /* by GSI from first_gsi; NULL: free */
    struct kvm_irq_routing *table;
    struct kvm_irq_routing_entry *base; /* the VMM's own routes */
    uint32_t num_base;

    struct skvm_vfio_file *files;
    int vfio; /* KVM_DEV_TYPE_VFIO; -1: not made */

    uint32_t dirty_mode; /* enum sriov_vm_dirty_mode; 0: off */
    uint32_t ring_entries;
    struct skvm_ring *rings;

    uint32_t cf8;
    struct skvm_source source; /* `epoll` within the VMM's epoll set */
    int epoll;                 /* doorbells and `wake` */
    int wake;
    atomic_uint ejected; /* bit n: the guest let go of slot n */
    struct sriov_kvm_vm_stats stats;
};

/* ---- vm.c ---- */
/* An error of KVM in the seam's terms. */
int skvm_vm_error(int err);
int skvm_vm_ioctl(struct skvm_machine *machine, unsigned long request, void *arg);
/* KVM_CHECK_EXTENSION: more than 0 when it has it. */
int skvm_vm_check(struct skvm_machine *machine, uint32_t cap);
void *skvm_vm_alloc(struct skvm_machine *machine, size_t size);
void skvm_vm_free(struct skvm_machine *machine, void *ptr);
int skvm_op_vm_info(void *vm, struct sriov_vm_info *info);

/* ---- vm_opts.c ---- */
int skvm_vm_opts_take(struct sriov_kvm_vm_opts *own, const struct sriov_kvm_vm_opts *opts);

/* ---- vm_lock.c ---- */
void skvm_vm_enter(struct skvm_machine *machine);
void skvm_vm_leave(struct skvm_machine *machine);
/* By this thread, of any machine. */
bool skvm_locks_held(void);

/* ---- vm_mem.c ---- */
int skvm_op_vm_mem_add(void *vm, const struct sriov_vm_mem *mem);
int skvm_op_vm_mem_del(void *vm, const struct sriov_vm_mem *mem);
/* Takes a free slot for the range; its index, or a negative errno. */
int skvm_memslot_set(struct skvm_machine *machine, const void *owner, uint64_t gpa, uint64_t length,
                     volatile void *va, uint32_t flags);
/* The same slot with other flags. */
int skvm_memslot_flags(struct skvm_machine *machine, const struct skvm_mem *mem, uint32_t flags);
/* On an error KVM still has the range, and the slot stays taken. */
int skvm_memslot_clear(struct skvm_machine *machine, uint32_t slot);
/* Asks KVM once more to let go of the slots that windows left behind. */
void skvm_memslots_retry(struct skvm_machine *machine);
uint32_t skvm_mem_flags(const struct skvm_machine *machine, const struct skvm_mem *mem);
/* -EINVAL: not whole pages, or beyond the end of the address space. */
int skvm_range_check(uint64_t gpa, uint64_t length, uint64_t unit);
bool skvm_overlap(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length);
struct skvm_mem *skvm_mem_at(struct skvm_machine *machine, uint64_t gpa, uint64_t length);

/* ---- vm_window.c ---- */
int skvm_op_vm_window_add(void *dev, const struct sriov_vm_window *window);
int skvm_op_vm_window_del(void *dev, uint64_t gpa, uint64_t length);
void skvm_windows_drop(struct skvm_dev *dev);
/* The first that overlaps; NULL: none. */
struct skvm_window *skvm_window_at(struct skvm_machine *machine, uint64_t gpa, uint64_t length);
/* Puts a mapped window's memory slots anew: around the pages that have doorbells. */
int skvm_window_place(struct skvm_machine *machine, const struct skvm_window *window);
void skvm_window_unplace(struct skvm_machine *machine, const struct skvm_window *window);

/* ---- vm_bell.c ---- */
int skvm_op_vm_doorbell_add(void *dev, const struct sriov_vm_doorbell *bell);
int skvm_op_vm_doorbell_del(void *dev, uint64_t gpa);
void skvm_bells_drop(struct skvm_dev *dev);
/* A doorbell in the range; NULL: none. */
struct skvm_bell *skvm_bell_at(struct skvm_machine *machine, uint64_t gpa, uint64_t length);
/* Empties what has rung, and tells. */
void skvm_bells_deliver(struct skvm_machine *machine);
/* Before an access that left the guest: stores that rang came earlier, and are to be seen earlier. */
void skvm_bells_sync(struct skvm_machine *machine);
/* `wake` is not a doorbell's. */
#define SKVM_WAKE_DATA UINT64_MAX

/* ---- vm_irq.c ---- */
int skvm_virqs_make(struct skvm_dev *dev, uint32_t n);
void skvm_virqs_drop(struct skvm_dev *dev);
int skvm_op_vm_irq_sink(void *dev, uint32_t vector, struct sriov_irq_sink *sink);
int skvm_op_vm_irq_route(void *dev, uint32_t vector, const struct sriov_vm_msi *msi);
int skvm_op_vm_irq_pending(void *dev, uint32_t vector, uint32_t *pending);
uint32_t skvm_gsis_left(const struct skvm_machine *machine);
/* Base routes and room for the table. */
int skvm_routes_init(struct skvm_machine *machine, const struct sriov_kvm_vm_opts *opts);
void skvm_routes_drop(struct skvm_machine *machine);

/* ---- vm_dev.c ---- */
int skvm_op_vm_dev_add(void *vm, const struct sriov_vm_dev_args *args, void **dev);
void skvm_op_vm_dev_del(void *dev);
struct skvm_dev *skvm_dev_at(struct skvm_machine *machine, uint32_t slot);
/* ---- vm_plug.c ---- */
int skvm_op_vm_hot_add(void *dev);
int skvm_op_vm_hot_remove(void *dev, void (*gone)(void *arg), void *arg);
void skvm_ejects_deliver(struct skvm_machine *machine);
/* ---- vm_vfio.c ---- */
int skvm_vfio_file_add(struct skvm_dev *dev, int fd, uint32_t kind);
void skvm_vfio_file_del(struct skvm_dev *dev);

/* ---- vm_dirty.c ---- */
int skvm_op_vm_dirty_start(void *vm, uint32_t mode);
int skvm_op_vm_dirty_stop(void *vm);
int skvm_op_vm_dirty_read(void *vm, uint64_t gpa, uint64_t length, uint64_t *bitmap);
/* The log of one piece of memory; nothing while the log is off. */
int skvm_mem_log_make(struct skvm_machine *machine, struct skvm_mem *mem);
void skvm_mem_log_drop(struct skvm_machine *machine, struct skvm_mem *mem);
/* ---- vm_ring.c ---- */
int skvm_ring_enable(struct skvm_machine *machine, uint32_t entries);
/* From the rings to what is kept of each piece of memory. */
int skvm_rings_harvest(struct skvm_machine *machine);
void skvm_rings_drop(struct skvm_machine *machine);

/* ---- vm_bus.c: configuration space as the guest reaches it; true: it was that ---- */
bool skvm_bus_mmio(struct skvm_machine *machine, uint64_t gpa, uint32_t width, bool write, void *data);
bool skvm_bus_port(struct skvm_machine *machine, uint16_t port, uint32_t width, bool write, void *data);
uint64_t skvm_ecam_length(const struct skvm_machine *machine);

static inline const struct skvm_sys *skvm_vm_sys(const struct skvm_machine *machine)
{
    return machine->kvm->host.sys;
}

#endif
