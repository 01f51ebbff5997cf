/* SPDX-License-Identifier: BSD-3-Clause */
/* What the core's files share among themselves. Never installed. */
#ifndef SRIC_CORE_H
#define SRIC_CORE_H

#include <sriov/dma.h>
#include <sriov/driver.h>
#include <sriov/irq.h>
#include <sriov/log.h>

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#define SRIC_NS_PER_MS UINT64_C(1000000)
/* What an MSI-X capability can announce (PCI 3.0, 6.8.2). */
#define SRIC_VECTORS_MAX 2048u

/* ---- VMM ---- */

struct sriov_vmm {
    struct sriov_vmm_ops ops; /* normalised: no member is NULL */
    void *ctx;
    _Atomic uint32_t open_fns;
    _Atomic uint32_t machines; /* registered for it */
    _Atomic uint32_t level;
    sriov_log_sink sink; /* NULL: the shim's log op */
    void *sink_arg;
    char name[SRIOV_NAME_MAX];
};

/* Optional ops of a shim that lacks them: each -EOPNOTSUPP. */
extern const struct sriov_vmm_ops sric_absent_ops;
/* Function ops of a function that is gone: reads give all-ones, each -ENODEV. */
extern const struct sriov_vmm_ops sric_null_ops;

void *sric_alloc(struct sriov_vmm *vmm, size_t size, size_t align);
void sric_free(struct sriov_vmm *vmm, void *ptr, size_t size);

/* ---- structs that begin with `size` ---- */

/*
 * Copy a caller's options struct into the core's own zeroed one of `known` bytes; `least` are the
 * bytes without which it makes no sense. -EINVAL too short, -E2BIG unknown bytes set.
 */
int sric_opts_take(void *out, size_t known, size_t least, const void *in);
/* Fill a caller's result struct up to the size it announces; `known` bytes of `from` exist. */
int sric_result_give(void *out, const void *from, size_t known);
void sric_copy_name(char *out, size_t room, const char *name);
bool sric_same_name(const char *a, const char *b);

size_t sric_vformat(char *out, size_t room, const char *fmt, va_list args);

/* ---- IOVA space ---- */

struct sric_span {
    uint64_t first;
    uint64_t last; /* inclusive */
};

/* The spans in use, sorted. */
struct sric_iova {
    struct sric_span *spans;
    uint32_t n;
    uint32_t room;
};

/*
 * First fit: the lowest multiple of `align` (a power of two) at which `length` bytes lie inside one
 * of the usable ranges and touch no span. Never IOVA 0: devices take it for an empty descriptor.
 * *at: where the new span belongs in the sorted list. -ENOSPC.
 */
int sric_iova_find(const struct sric_iova *iova, const struct sriov_dma_range *ranges, uint32_t num_ranges,
                   uint64_t length, uint64_t align, uint64_t *first, uint32_t *at);
/* Where a span at a given place belongs. -ERANGE outside the usable ranges, -EBUSY where one is. IOVA 0
 * is as good as any here: the caller wants it. */
int sric_iova_place(const struct sric_iova *iova, const struct sriov_dma_range *ranges, uint32_t num_ranges,
                    uint64_t first, uint64_t length, uint32_t *at);
/* Room for one more span must be there. */
void sric_iova_insert(struct sric_iova *iova, uint32_t at, uint64_t first, uint64_t length);
/* False when no span begins there. */
bool sric_iova_remove(struct sric_iova *iova, uint64_t first);

/* ---- ledger ---- */

enum sric_map_kind {
    SRIC_MAP_NONE = 0, /* slot is free */
    SRIC_MAP_ALLOC = 1,
    SRIC_MAP_CALLER = 2,
};

struct sric_map {
    struct sriov_dma_mem mem;
    const char *owner;
    enum sric_map_kind kind;
    bool spanned;        /* its IOVA came from our allocator */
    bool given_back;     /* its owner freed it, the shim refused: kept so that the IOVA stays taken */
    uint32_t next_free;  /* slot number + 1 */
    uint32_t generation; /* how often the slot was given back, in the bits that a handle has for it */
};

struct sric_ledger {
    struct sric_map *maps;
    uint32_t room;
    uint32_t live;
    uint32_t free_head; /* slot number + 1; 0: none */
    uint64_t bytes;
};

/* ---- function ---- */

/* Who tells what the device wrote. */
enum sric_dirty {
    SRIC_DIRTY_OFF = 0,
    SRIC_DIRTY_SHIM = 1,
    SRIC_DIRTY_ACCOUNT = 2, /* nobody: what it may have written counts */
};

struct sriov_fn {
    _Atomic(const struct sriov_vmm_ops *) ops; /* the VMM's table, or sric_null_ops once gone */
    struct sriov_vmm *vmm;
    void *handle; /* the shim's */
    atomic_int state;
    _Atomic uint32_t events; /* bit per enum sriov_event that class code has not taken yet */
    struct sriov_fn_info info;
    struct sriov_fn_opts opts;
    struct sric_ledger ledger;
    struct sric_iova iova;
    enum sric_dirty dirty;                 /* of sriov_mig_dirty_start; a machine's log is its own */
    uint32_t vectors;                      /* enabled now */
    uint32_t sinks[SRIC_VECTORS_MAX / 32]; /* bit per vector that has one */
};

/* The ops to use now; the null table once gone. */
static inline const struct sriov_vmm_ops *sric_ops(const struct sriov_fn *fn)
{
    return atomic_load_explicit(&((struct sriov_fn *)(uintptr_t)fn)->ops, memory_order_acquire);
}

/* What an op returned: -ENODEV means that the function is gone. Returns rc. */
int sric_fn_saw(struct sriov_fn *fn, int rc);
/* Takes one event if it came since the last call. */
bool sric_fn_take_event(struct sriov_fn *fn, enum sriov_event event);
bool sric_fn_has_event(struct sriov_fn *fn, enum sriov_event event);
/* -ENODEV when nobody answers in config space, else 0 or the error of a read. */
int sric_cfg_alive(struct sriov_fn *fn);
/* Turn bus mastering on or off: with it off the function neither reads nor writes memory, nor sends
 * interrupts (PCIe 5.0, 7.5.1.1.3). */
int sric_fn_bus_master(struct sriov_fn *fn, bool on);
/* As sriov_irq_attach, with a sink that somebody else filled. */
int sric_irq_attach_sink(struct sriov_fn *fn, uint32_t vector, const struct sriov_irq_sink *sink);
/* Frees all that is left and reports each as a leak; returns how many. */
int sric_dma_close(struct sriov_fn *fn);
/*
 * A caller's buffer at an IOVA of the caller's choice, known from then on by its IOVA. -EOPNOTSUPP where
 * the shim cannot or dictates IOVAs, -ERANGE outside the usable ranges, -EBUSY where something is,
 * -EINVAL not of the granule, -ENOSPC, what the shim's op returns.
 */
int sric_dma_map_at(struct sriov_fn *fn, const char *owner, void *va, sriov_iova_t iova, uint64_t length,
                    enum sriov_dma_dir dir);
bool sric_dma_is_at(struct sriov_fn *fn, sriov_iova_t iova);
/* -ENOENT: nothing begins there. When the shim refuses, its error, and the piece stays as it was. */
int sric_dma_unmap_at(struct sriov_fn *fn, sriov_iova_t iova);
/* The same, for the last time: a piece that the shim keeps is left to sriov_fn_close. */
int sric_dma_abandon_at(struct sriov_fn *fn, sriov_iova_t iova);

static inline bool sric_is_pow2(uint64_t v)
{
    return v != 0 && (v & (v - 1)) == 0;
}

/* ---- classes ---- */

/* The driver in the list for this function, or NULL. */
const struct sriov_driver *sric_driver_find(struct sriov_fn *fn, const struct sriov_driver *const *drivers,
                                            enum sriov_class cls);

#endif
