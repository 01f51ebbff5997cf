/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside the Xen shim: what its files share. Files below sysfs, the epoll set and the callbacks are those of
 * the KVM shim: struct skvm is the part of a shim that any VMM on Linux has.
 */
#ifndef SXEN_H
#define SXEN_H

#include "door.h"
#include "skvm.h"

#include <sriov/xen.h>

#define SXEN_PAGE        UINT64_C(4096)
#define SXEN_PAGE_SHIFT  12u
#define SXEN_CHUNK_MAX   (UINT64_C(16) << 20)
#define SXEN_CHUNK       (UINT64_C(1) << 20)
#define SXEN_PF_STUB     "pci-pf-stub"
#define SXEN_VECTORS_MAX 2048u /* of an MSI-X table, PCIe 5.0, 7.7.2.2 */

/* What we run in. */
enum sxen_kind {
    SXEN_NOT_XEN = 0,
    SXEN_DOM0 = 1,
    SXEN_DOMU = 2,
    SXEN_TRANSLATED = 3, /* HVM or PVH: frame numbers are no bus addresses */
};

struct sxen {
    struct skvm base; /* first: ops of the base are given this struct */
    const struct sxen_door *door;
    struct sxen_xen *xen; /* NULL before the first function is opened */
    struct sxen_fn *fns;  /* under base.lock */
    enum sxen_kind kind;
    uint32_t flags; /* SRIOV_XEN_* */
    uint64_t chunk_bytes;
};

/* xen.c: the caller's options, checked, with defaults. */
int sxen_opts_take(const struct sriov_xen_opts *opts, struct sriov_xen_opts *own);
/* With a door and an OS of the caller's. */
int sxen_create(const struct sriov_xen_opts *opts, const struct skvm_sys *sys, const struct sxen_door *door,
                struct sriov_vmm **out);

/* ---- domain.c: where we are ---- */
enum sxen_kind sxen_kind_of(const struct skvm_host *host);
/* Hypercalls are let through; else *why names what is missing. */
int sxen_enter(struct sxen *xen, struct skvm_why *why);
/* The domain that pciback gave bdf to; 0: none. -errno where xenstore does not say. */
int sxen_domain_with(struct sxen *xen, const char *bdf);

/* ---- a function ---- */

struct sxen_bar {
    uint64_t address; /* bus address; of the table of MSI-X Xen wants to know it */
    uint64_t length;
    uint32_t flags;      /* SRIOV_BAR_* */
    void *va;            /* from open to close; NULL: cannot be mapped */
    uint64_t map_length; /* whole pages */
};

/* Machine frames in a row, lent by Xen. */
struct sxen_chunk {
    struct sxen_chunk *next;
    uint64_t frame;
    uint64_t pages;
    uint64_t used_pages;
    void *va;
    bool caller;     /* lies where the caller's pages were, and goes whole */
    uint64_t used[]; /* one bit a page */
};

struct sxen_vector {
    struct skvm_source source; /* its descriptor is the shim's own */
    struct sxen_fn *fn;
    uint32_t index;
    int32_t pirq;
    uint32_t port;
    uint32_t kind; /* enum sriov_sink_kind; 0: no sink */
    int32_t user_fd;
    int32_t target; /* the descriptor that is rung; under irq_lock */
    bool masked;
    void (*cb)(void *arg, uint32_t vector);
    void *arg;
};

struct sxen_fn {
    struct sxen *xen;
    struct sxen_fn *next;
    struct sriov_fn_info info;
    struct sxen_where where;
    int config; /* descriptor of its configuration space */
    uint32_t config_length;
    bool can_reset;
    atomic_bool dead; /* killed */
    atomic_bool gone; /* the kernel says that it is not there */
    struct sxen_bar bars[SKVM_BARS];
    int ones; /* memory file of 0xff */

    struct sxen_chunk *chunks;
    bool told_little; /* of how little Xen would give, once */
    uint64_t left;    /* bytes that Xen would still give, as of the last look */
    bool keep_frames; /* the device may still write: nothing goes back to Xen */

    uint32_t msix; /* offset of the capability; 0: none, or no interrupts here */
    uint32_t max_vectors;
    uint32_t num_vectors;
    struct sxen_vector *vectors;
    struct sxen_ports *ports;
    int ports_fd;
    int stop_fd; /* ends the thread */
    pthread_t thread;
    pthread_mutex_t irq_lock; /* targets of vectors; never held in a callback */

    struct sriov_event_sink sink;
    struct sxen_store *store; /* NULL: no events */
    struct skvm_source watches;
    struct skvm_source clock;   /* ends when the domain must be running again */
    struct skvm_source removal; /* rung by ourselves */
    bool settled;               /* the firing that each new watch begins with is over */
    bool suspended;
    bool late_firing; /* one firing of the watch for shutdowns is still owed */
    uint32_t firings; /* of it since the suspend was told */
    bool told_asked;
    bool told_gone;
};

static inline const struct skvm_sys *sxen_sys_of(const struct sxen_fn *fn)
{
    return fn->xen->base.host.sys;
}

static inline const struct sxen_door *sxen_door_of(const struct sxen_fn *fn)
{
    return fn->xen->door;
}

/* open.c */
int sxen_op_enumerate(void *vmm, sriov_enum_cb cb, void *arg);
int sxen_op_open(void *vmm, const struct sriov_open_args *args, void **fn);
void sxen_op_close(void *fn);
int sxen_op_info(void *fn, struct sriov_fn_info *info);

/* check.c: may this function be taken? Fills fn->info. */
int sxen_check(struct sxen_fn *fn, const struct sriov_open_args *args, struct skvm_why *why);

/* reset.c */
int sxen_op_reset(void *fn);
int sxen_op_set_vfs(void *fn, uint16_t n);
void sxen_reset_init(struct sxen_fn *fn);

/* region.c */
int sxen_config_init(struct sxen_fn *fn, struct skvm_why *why);
int sxen_op_cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value);
int sxen_op_cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value);
int sxen_op_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info);
int sxen_op_bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value);
int sxen_op_bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value);
/* Offset of a capability in the first 256 bytes; 0: none. */
uint32_t sxen_find_cap(struct sxen_fn *fn, uint8_t id);

/* view.c */
int sxen_bars_init(struct sxen_fn *fn, struct skvm_why *why);
void sxen_bars_drop(struct sxen_fn *fn);
int sxen_op_bar_view(void *fn, uint32_t bar, volatile void **view);
void sxen_op_bar_unview(void *fn, uint32_t bar, volatile void *view);
void sxen_op_kill(void *fn);

/* frames.c: chunks, for dma.c and buffer.c */
/* At least `pages`, of the usual size where that is more. */
int sxen_chunk_new(struct sxen_fn *fn, uint64_t pages, uint64_t align_pages, struct sxen_chunk **out);
int sxen_chunk_exact(struct sxen_fn *fn, uint64_t pages, struct sxen_chunk **out);
/* -EFAULT: Xen does not take all of it back; what it keeps is lost to this domain. */
int sxen_chunk_free(struct sxen_fn *fn, struct sxen_chunk *chunk);
void sxen_frames_look(struct sxen_fn *fn);
/* Says once, before a request fails on it, that Xen would give little more. */
void sxen_warn_little(struct sxen_fn *fn, uint64_t left);
int sxen_frames_put(struct sxen_fn *fn, uint64_t frame, uint64_t pages);

/* reclaim.c: notes of what a process that dies cannot give back */
void sxen_note_frames(struct sxen_fn *fn, uint64_t frame, uint64_t pages); /* 0 pages: no longer */
void sxen_note_port(struct sxen_fn *fn, uint32_t port, int32_t pirq);      /* -1: no longer */
/* Gives back what an earlier process had of this function. */
void sxen_reclaim(struct sxen_fn *fn);

/* dma.c */
int sxen_op_dma_limits(void *fn, struct sriov_dma_limits *limits);
int sxen_op_dma_alloc(void *fn, struct sriov_dma_mem *mem);
int sxen_op_dma_free(void *fn, const struct sriov_dma_mem *mem);
void sxen_dma_drop(struct sxen_fn *fn);

/* buffer.c: a caller's buffer */
int sxen_op_dma_map(void *fn, struct sriov_dma_mem *mem);
int sxen_op_dma_unmap(void *fn, const struct sriov_dma_mem *mem);

/* irq.c */
int sxen_op_irq_count(void *fn, uint32_t *count);
int sxen_op_irq_enable(void *fn, uint32_t *n);
int sxen_op_irq_disable(void *fn);
int sxen_op_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink);
int sxen_op_irq_detach(void *fn, uint32_t vector);
int sxen_op_irq_mask(void *fn, uint32_t vector);
int sxen_op_irq_unmask(void *fn, uint32_t vector);
int sxen_op_irq_pending(void *fn, uint32_t vector, uint32_t *pending);
int sxen_op_irq_trigger(void *fn, uint32_t vector);
/* Rings a vector's target; any thread. */
void sxen_vector_ring(struct sxen_vector *vector);

/* pirq.c: from the device to the thread */
void sxen_irq_init(struct sxen_fn *fn);
/* All vectors of fn->vectors bound and the thread running, or an error and none. *done: how many pirqs
 * there were. */
int sxen_pirqs_on(struct sxen_fn *fn, struct sxen_vector *vectors, uint32_t n, uint32_t *done);
int sxen_pirqs_off(struct sxen_fn *fn);
/* After a reset, which took the table and the enable bit away. */
int sxen_pirqs_again(struct sxen_fn *fn);

/* event.c */
int sxen_events_init(struct sxen_fn *fn);
void sxen_events_drop(struct sxen_fn *fn);
/* domU: the toolstack has asked for it, and has it not yet. */
bool sxen_leaves(struct sxen_fn *fn);
int sxen_op_set_event_sink(void *fn, const struct sriov_event_sink *sink);
/* From any thread: the function is not there any more. */
void sxen_note_gone(struct sxen_fn *fn);

#endif
