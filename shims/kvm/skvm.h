/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside the KVM shim: what its files share. */
#ifndef SKVM_H
#define SKVM_H

#include "sys.h"

#include <sriov/kvm.h>
#include <sriov/log.h>

#include <pthread.h>
#include <stdatomic.h>

#define SKVM_PATH_MAX 1024
#define SKVM_BARS     6
#define SKVM_UNITS    64u /* parts of a chunk, one bit each */

/* One line that says why something failed and what helps. */
struct skvm_why {
    char text[SRIOV_LOG_LINE_MAX];
};
void skvm_why(struct skvm_why *why, const char *fmt, ...) SRIOV_PRINTF(2, 3);

/* Where the host's files are, and by which calls they are reached. */
struct skvm_host {
    const struct skvm_sys *sys;
    uint32_t flags;   /* SRIOV_KVM_* */
    uint32_t backend; /* enum sriov_kvm_backend */
    uint64_t coalesce_below;
    char sysfs[SKVM_PATH_MAX / 2];
    char dev[SKVM_PATH_MAX / 2];
    char proc[SKVM_PATH_MAX / 2];
};
int skvm_host_init(struct skvm_host *host, const struct sriov_kvm_opts *opts, const struct skvm_sys *sys);

/* ---- sysfs.c: files below a root ---- */

/* -EINVAL unless name is DDDD:BB:DD.F. */
int skvm_bdf_check(const char *name);
/* <sysfs>/bus/pci/devices/<bdf>/<leaf> */
void skvm_dev_path(const struct skvm_host *host, char *path, const char *bdf, const char *leaf);
/* First line without its newline; its length or a negative errno. */
int skvm_read_line(const struct skvm_host *host, const char *path, char *line, size_t room);
int skvm_read_u64(const struct skvm_host *host, const char *path, uint64_t *value);
int skvm_write_text(const struct skvm_host *host, const char *path, const char *text);
/* Last component of a link's target; a negative errno when there is none. */
int skvm_link_name(const struct skvm_host *host, const char *path, char *name, size_t room);
bool skvm_exists(const struct skvm_host *host, const char *path);
/* "key:" of <proc>/self/status as a number in the given base. */
int skvm_status_value(const struct skvm_host *host, const char *key, int base, uint64_t *value);
/* The name of the function's VFIO character device ("vfio0"); -ENOENT without one. */
int skvm_cdev_name(const struct skvm_host *host, const char *bdf, char *name, size_t room);
/* Functions in an IOMMU group that are no bridges; at least 1. */
uint32_t skvm_group_functions(const struct skvm_host *host, int32_t group);
bool skvm_group_is_noiommu(const struct skvm_host *host, int32_t group);

/* ---- info.c: a function as sysfs shows it ---- */
int skvm_info_read(const struct skvm_host *host, const char *bdf, struct sriov_fn_info *info);
int skvm_enumerate(void *vmm, sriov_enum_cb cb, void *arg);
int skvm_vfs_write(const struct skvm_host *host, const char *bdf, uint16_t n, struct skvm_why *why);

/* ---- bind.c, doctor.c: the host services on a given host ---- */
int skvm_bind(const struct skvm_host *host, const char *bdf, struct skvm_why *why);
int skvm_unbind(const struct skvm_host *host, const char *bdf, struct skvm_why *why);
int skvm_set_vfs(const struct skvm_host *host, const char *bdf, uint16_t n, struct skvm_why *why);
int skvm_doctor(const struct skvm_host *host, const char *bdf, sriov_kvm_finding_cb cb, void *arg);
/* The vfio module was told to take functions without an IOMMU. */
bool skvm_noiommu_mode(const struct skvm_host *host);

/* Where findings go, and the worst so far. */
struct skvm_report {
    const struct skvm_host *host;
    sriov_kvm_finding_cb cb;
    void *arg;
    int worst;
};
void skvm_find(struct skvm_report *report, uint32_t level, const char *thing, const char *remedy,
               const char *fmt, ...) SRIOV_PRINTF(5, 6);
/* A node: there, and open to this user. */
void skvm_find_node(struct skvm_report *report, const char *path, uint32_t missing_level, const char *remedy);
/* doctor_fn.c */
void skvm_doctor_function(struct skvm_report *report, const char *bdf);

/* ---- dispatch.c: what wakes a waiting thread ---- */

/* A callback that is due. */
struct skvm_call {
    void (*cb)(void *arg, uint32_t value);
    void *arg;
    uint32_t value;
};

/* A descriptor in the epoll set. Embedded in its owner, who removes it before it goes. */
struct skvm_source {
    int fd;
    bool live;
    uint32_t slot;
    uint32_t generation;
    /* Takes the event from the descriptor; true when *call is to be made. Runs under the lock. */
    bool (*take)(struct skvm_source *source, struct skvm_call *call);
    void *owner;
};

/* Where dispatch finds a source again; outlives it. */
struct skvm_slot {
    struct skvm_source *source; /* NULL: free */
    uint32_t generation;
    uint32_t running; /* threads inside its callback now */
    pthread_t runner;
};

struct skvm {
    struct skvm_host host;
    struct sriov_vmm *vmm;
    struct skvm_fn *fns;
    struct skvm_space *spaces;
    int epoll;
    atomic_uint relaxed;
    pthread_mutex_t lock; /* slots, fns, spaces; never held in a callback */
    pthread_cond_t idle;  /* a callback has returned */
    struct skvm_slot *slots;
    uint32_t num_slots;
    uint32_t live;
    uint32_t machines;
};

int skvm_source_add(struct skvm *kvm, struct skvm_source *source);
/* On return no other thread is in its callback, and none will be. */
void skvm_source_remove(struct skvm *kvm, struct skvm_source *source);
/* Callbacks made; 0 after timeout_ns without any; negative errno. */
int skvm_dispatch(struct skvm *kvm, uint64_t timeout_ns);
void skvm_op_relax(void *vmm);
void skvm_op_sleep(void *vmm, uint64_t ns);
int skvm_op_wait(void *vmm, uint64_t timeout_ns);

/* ---- vm_lock.c: machines whose lock this thread holds, given away while it waits ---- */

#define SKVM_HELD_MAX 8u

struct skvm_machine;

struct skvm_paused {
    struct skvm_machine *machines[SKVM_HELD_MAX];
    uint32_t depths[SKVM_HELD_MAX];
    uint32_t num;
};
void skvm_locks_pause(struct skvm_paused *paused);
void skvm_locks_resume(const struct skvm_paused *paused);

/* ---- the two ways to an IOMMU ---- */

/* An IOVA space: a container with its group, or an IOAS. Shared by the functions of one group. */
struct skvm_space {
    struct skvm_space *next;
    const struct skvm_backend *backend;
    int32_t group;
    uint32_t users;
    uint32_t slices; /* the usable IOVA is cut in so many parts */
    uint64_t slices_taken;
    int iommu; /* container or /dev/iommu */
    int group_fd;
    uint32_t ioas;
    uint32_t hwpt;        /* a page table that knows what devices wrote; 0: none */
    uint32_t dirty_users; /* functions whose dirty log is on */
};

struct skvm_backend {
    const char *name;
    /* Makes a space for fn's group; on failure *why is filled and nothing is held. */
    int (*space_open)(struct skvm *kvm, struct skvm_space *space, struct skvm_why *why);
    void (*space_close)(struct skvm *kvm, struct skvm_space *space);
    /* The function's descriptor, ready for use in space. */
    int (*device_open)(struct skvm *kvm, struct skvm_fn *fn, struct skvm_why *why);
    int (*map)(struct skvm *kvm, struct skvm_space *space, uint64_t iova, void *va, uint64_t length,
               uint32_t dir);
    int (*unmap)(struct skvm *kvm, struct skvm_space *space, uint64_t iova, uint64_t length);
    /* Granule, ranges and maps_left as the kernel says now. */
    int (*limits)(struct skvm *kvm, struct skvm_space *space, struct sriov_dma_limits *limits);
    /* The log of what devices of the space write; NULL: never. */
    int (*dirty_set)(struct skvm *kvm, struct skvm_space *space, bool on);
    /* Sets a bit for each written page of `granule` bytes of a range, bit 0 first, and cleans them. */
    int (*dirty_get)(struct skvm *kvm, struct skvm_space *space, uint64_t iova, uint64_t length,
                     uint64_t granule, uint64_t *bitmap, size_t bytes);
    bool dirty_whole;       /* it tells of whole mappings only */
    const char *locked_key; /* line of /proc/self/status that counts its locked pages */
};
extern const struct skvm_backend skvm_group_backend;
extern const struct skvm_backend skvm_iommufd_backend;
extern const struct skvm_backend skvm_noiommu_backend;

/* Opens a node read-write; on failure says what it is for and how to be let in. */
int skvm_node_open(struct skvm *kvm, const char *path, struct skvm_why *why);

/* ---- a function ---- */

struct skvm_region {
    uint64_t offset; /* in the device's descriptor */
    uint64_t length;
    uint32_t flags; /* VFIO_REGION_INFO_FLAG_* */
};

struct skvm_view {
    _Atomic(void *) va; /* NULL: none, or in somebody's hands */
    uint64_t length;    /* whole pages */
    uint32_t users;     /* control thread: how often it was given out */
};

struct skvm_vector {
    struct skvm_source source; /* its descriptor is the shim's own */
    struct skvm_fn *fn;
    uint32_t index;
    uint32_t kind; /* enum sriov_sink_kind; 0: no sink */
    int32_t user_fd;
    bool masked;
    void (*cb)(void *arg, uint32_t vector);
    void *arg;
};

/* Memory that the device reaches. */
struct skvm_map {
    struct skvm_map *next;
    struct skvm_map **link;
    uint64_t iova;
    uint64_t length;
    void *va;
    uint64_t unit; /* of a chunk: bytes of one part; else 0 */
    uint64_t used; /* of a chunk: one bit a part */
    bool own;      /* the memory is the shim's */
    bool mapped;   /* the IOMMU knows it */
    /* While the dirty log is on: a bit each granule that was written and not yet told. */
    uint64_t *kept;
};

struct skvm_fn {
    struct skvm *kvm;
    struct skvm_fn *next;
    struct skvm_space *space;
    uint32_t slice;
    int device; /* VFIO's descriptor of it */
    bool noiommu;
    bool can_reset;
    bool told_lock;   /* of a low lock limit, once */
    bool dirty;       /* its dirty log is on */
    bool own_log;     /* the device has one itself */
    bool own_dirty;   /* ... which is the one that is on */
    atomic_bool dead; /* killed */
    atomic_bool gone; /* the kernel says that it is not there */
    uint32_t open_flags;
    char vf_token[40]; /* UUID, or empty */
    struct sriov_fn_info info;

    struct skvm_region config;
    struct skvm_region bars[SKVM_BARS];
    struct skvm_view views[SKVM_BARS];
    int ones; /* memory file of 0xff; -1 until the first view */

    struct skvm_map *maps;
    uint64_t granule;
    uint64_t maps_left; /* as of the last look, counted down and up by us */

    uint32_t max_vectors;
    uint32_t num_vectors;
    struct skvm_vector *vectors;

    uint64_t mig_flags; /* VFIO_MIGRATION_*; 0: its state stays where it is */
    uint32_t mig_state; /* enum sriov_mig_state, as we set it */
    int mig_data;       /* where the bytes come and go; -1: nowhere now */

    struct skvm_source request; /* "give it back" */
    struct skvm_source error;   /* fatal bus error */
    struct sriov_event_sink sink;
};

/* open.c */
int skvm_op_open(void *vmm, const struct sriov_open_args *args, void **fn);
void skvm_op_close(void *fn);
int skvm_op_info(void *fn, struct sriov_fn_info *info);
int skvm_op_reset(void *fn);
int skvm_op_set_vfs(void *fn, uint16_t n);
int skvm_op_fn_fd(void *fn, int32_t *fd, uint32_t *kind);

/* space.c */
int skvm_space_join(struct skvm *kvm, struct skvm_fn *fn, struct skvm_why *why);
void skvm_space_leave(struct skvm *kvm, struct skvm_fn *fn);
/* Limits of the space, cut to fn's slice. */
int skvm_space_limits(struct skvm_fn *fn, struct sriov_dma_limits *limits);

/* device.c: what VFIO tells about it */
int skvm_device_init(struct skvm_fn *fn, struct skvm_why *why);
/* An error of a call on the device, in the seam's terms; notes a removal. */
int skvm_device_error(struct skvm_fn *fn, int err);
bool skvm_device_absent(struct skvm_fn *fn);
/* SET_IRQS with descriptors (fds) or without data (NULL). */
int skvm_set_irqs(struct skvm_fn *fn, uint32_t index, uint32_t start, uint32_t count, const int32_t *fds);

/* region.c */
int skvm_op_cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value);
int skvm_op_cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value);
int skvm_op_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info);
int skvm_op_bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value);
int skvm_op_bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value);

/* view.c */
int skvm_op_bar_view(void *fn, uint32_t bar, volatile void **view);
void skvm_op_bar_unview(void *fn, uint32_t bar, volatile void *view);
void skvm_op_kill(void *fn);
void skvm_views_drop(struct skvm_fn *fn);

/* dma.c */
int skvm_op_dma_limits(void *fn, struct sriov_dma_limits *limits);
int skvm_op_dma_alloc(void *fn, struct sriov_dma_mem *mem);
int skvm_op_dma_free(void *fn, const struct sriov_dma_mem *mem);
int skvm_op_dma_map(void *fn, struct sriov_dma_mem *mem);
int skvm_op_dma_unmap(void *fn, const struct sriov_dma_mem *mem);
void skvm_maps_drop(struct skvm_fn *fn);
/* memory.c: anonymous memory for devices, zeroed and present */
int skvm_memory_get(struct skvm *kvm, uint64_t length, void **va);
void skvm_memory_put(struct skvm *kvm, void *va, uint64_t length);
/* Bytes that may still be locked; UINT64_MAX: no limit for this process. */
uint64_t skvm_lock_left(struct skvm_fn *fn);
/* Says once, before a request fails on it, that little may be locked; left as skvm_lock_left. */
void skvm_warn_lock(struct skvm_fn *fn, uint64_t left);
/* Says in the log why the kernel refused to map. */
void skvm_explain_map(struct skvm_fn *fn, uint64_t length, int err);
/* dma.c, for noiommu.c: a new entry of fn's list; NULL when there is no memory. */
struct skvm_map *skvm_map_new(struct skvm_fn *fn, uint64_t iova, void *va, uint64_t length);
/* A free run in a chunk for length bytes, from the given part on; false when it is taken. */
bool skvm_chunk_take(struct skvm_map *chunk, uint32_t first, uint64_t length);
/* noiommu.c: memory at the bus address that it physically has */
int skvm_noiommu_alloc(struct skvm_fn *fn, struct sriov_dma_mem *mem);

/* migration.c */
/* What its driver in the kernel can do of it, into fn. */
void skvm_mig_ask(struct skvm_fn *fn);
/* After a reset, and at the end. */
void skvm_mig_reset(struct skvm_fn *fn);
int skvm_op_mig_info(void *fn, struct sriov_mig_info *info);
int skvm_op_mig_state(void *fn, uint32_t *state);
int skvm_op_mig_set_state(void *fn, uint32_t state);
int skvm_op_mig_read(void *fn, void *bytes, uint64_t room, uint64_t *len);
int skvm_op_mig_write(void *fn, const void *bytes, uint64_t len);
/* The device's own log; what the kernel returned. */
int skvm_own_log_start(struct skvm_fn *fn);
int skvm_own_log_stop(struct skvm_fn *fn);
int skvm_own_log_read(struct skvm_fn *fn, uint64_t iova, uint64_t length, uint64_t *bitmap);

/* dirty.c: what the device writes */
int skvm_op_dma_dirty_start(void *fn);
int skvm_op_dma_dirty_stop(void *fn);
int skvm_op_dma_dirty_read(void *fn, uint64_t iova, uint64_t length, uint64_t *bitmap);

/* irq.c */
int skvm_op_irq_count(void *fn, uint32_t *count);
int skvm_op_irq_enable(void *fn, uint32_t *n);
int skvm_op_irq_disable(void *fn);
int skvm_op_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink);
int skvm_op_irq_detach(void *fn, uint32_t vector);
int skvm_op_irq_mask(void *fn, uint32_t vector);
int skvm_op_irq_unmask(void *fn, uint32_t vector);
int skvm_op_irq_pending(void *fn, uint32_t vector, uint32_t *pending);
int skvm_op_irq_trigger(void *fn, uint32_t vector);

/* event.c */
int skvm_events_init(struct skvm_fn *fn);
void skvm_events_drop(struct skvm_fn *fn);
int skvm_op_set_event_sink(void *fn, const struct sriov_event_sink *sink);
/* From any thread: the function is not there any more; told once by the event sink. */
void skvm_note_gone(struct skvm_fn *fn);

/* kvm.c */
int skvm_create(const struct sriov_kvm_opts *opts, const struct skvm_sys *sys, struct sriov_vmm **out);

static inline const struct skvm_sys *skvm_sys_of(const struct skvm_fn *fn)
{
    return fn->kvm->host.sys;
}

#endif
