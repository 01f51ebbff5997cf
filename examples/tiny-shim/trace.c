/* SPDX-License-Identifier: BSD-3-Clause */
#include "trace.h"

#include <errno.h>
#include <stdlib.h>

/* Every op of the seam, in the order of the table. */
#define OPS(X)                                                                                               \
    X(host_alloc)                                                                                            \
    X(host_free)                                                                                             \
    X(now_ns)                                                                                                \
    X(relax)                                                                                                 \
    X(sleep_ns)                                                                                              \
    X(wait)                                                                                                  \
    X(log)                                                                                                   \
    X(enumerate)                                                                                             \
    X(open)                                                                                                  \
    X(close)                                                                                                 \
    X(info)                                                                                                  \
    X(reset)                                                                                                 \
    X(set_vfs)                                                                                               \
    X(kill)                                                                                                  \
    X(cfg_read)                                                                                              \
    X(cfg_write)                                                                                             \
    X(bar_info)                                                                                              \
    X(bar_view)                                                                                              \
    X(bar_unview)                                                                                            \
    X(bar_read)                                                                                              \
    X(bar_write)                                                                                             \
    X(dma_limits)                                                                                            \
    X(dma_alloc)                                                                                             \
    X(dma_free)                                                                                              \
    X(dma_map)                                                                                               \
    X(dma_unmap)                                                                                             \
    X(irq_count)                                                                                             \
    X(irq_enable)                                                                                            \
    X(irq_disable)                                                                                           \
    X(irq_attach)                                                                                            \
    X(irq_detach)                                                                                            \
    X(irq_mask)                                                                                              \
    X(irq_unmask)                                                                                            \
    X(irq_pending)                                                                                           \
    X(irq_trigger)                                                                                           \
    X(set_event_sink)                                                                                        \
    X(dma_dirty_start)                                                                                       \
    X(dma_dirty_stop)                                                                                        \
    X(dma_dirty_read)                                                                                        \
    X(mig_info)                                                                                              \
    X(mig_state)                                                                                             \
    X(mig_set_state)                                                                                         \
    X(mig_read)                                                                                              \
    X(mig_write)

enum {
#define NUMBER(op) OP_##op,
    OPS(NUMBER) OP_COUNT
};

static const char *const op_names[OP_COUNT] = {
#define NAME(op) [OP_##op] = #op,
    OPS(NAME)};

/* What a shim hands out as `vmm`: its own context. */
struct trace {
    const struct sriov_vmm_ops *inner;
    void *ctx;
    struct sriov_vmm *vmm;
    FILE *out;
    _Atomic uint64_t calls[OP_COUNT]; /* queue threads call bar ops too */
};

/* What a shim hands out as `fn`: all it knows of one open function. */
struct trace_fn {
    struct trace *trace;
    void *inner;
    char name[SRIOV_NAME_MAX];
};

static struct trace *count(void *vmm, uint32_t op)
{
    struct trace *t = vmm;
    t->calls[op]++;
    return t;
}

static int tell(struct trace_fn *f, uint32_t op, int rc)
{
    f->trace->calls[op]++;
    if (f->trace->out != NULL) {
        fprintf(f->trace->out, "%s %s: %d\n", f->name, op_names[op], rc);
    }
    return rc;
}

/* ---- host services ---- */

static void *host_alloc(void *vmm, size_t size, size_t align)
{
    struct trace *t = count(vmm, OP_host_alloc);
    return t->inner->host_alloc(t->ctx, size, align);
}

static void host_free(void *vmm, void *ptr, size_t size)
{
    struct trace *t = count(vmm, OP_host_free);
    t->inner->host_free(t->ctx, ptr, size);
}

static uint64_t now_ns(void *vmm)
{
    struct trace *t = count(vmm, OP_now_ns);
    return t->inner->now_ns(t->ctx);
}

static void relax(void *vmm)
{
    struct trace *t = count(vmm, OP_relax);
    t->inner->relax(t->ctx);
}

static void sleep_ns(void *vmm, uint64_t ns)
{
    struct trace *t = count(vmm, OP_sleep_ns);
    t->inner->sleep_ns(t->ctx, ns);
}

static int wait(void *vmm, uint64_t timeout_ns)
{
    struct trace *t = count(vmm, OP_wait);
    return t->inner->wait(t->ctx, timeout_ns);
}

static void log_line(void *vmm, uint32_t level, const char *line)
{
    struct trace *t = count(vmm, OP_log);
    t->inner->log(t->ctx, level, line);
}

/* ---- functions ---- */

static int enumerate(void *vmm, sriov_enum_cb cb, void *arg)
{
    struct trace *t = count(vmm, OP_enumerate);
    return t->inner->enumerate(t->ctx, cb, arg);
}

/* On failure nothing is changed: the handle is made first and freed again. */
static int open_fn(void *vmm, const struct sriov_open_args *args, void **fn)
{
    struct trace *t = vmm;
    struct trace_fn *f = calloc(1, sizeof(*f));
    int rc;
    if (f == NULL) {
        return -ENOMEM;
    }
    f->trace = t;
    snprintf(f->name, sizeof(f->name), "%s", args->name);
    rc = tell(f, OP_open, t->inner->open(t->ctx, args, &f->inner));
    if (rc != 0) {
        free(f);
        return rc;
    }
    *fn = f;
    return 0;
}

static void close_fn(void *fn)
{
    struct trace_fn *f = fn;
    f->trace->inner->close(f->inner);
    (void)tell(f, OP_close, 0);
    free(f);
}

/* Any thread, never blocks: no line, only the count. */
static void kill_fn(void *fn)
{
    struct trace_fn *f = fn;
    f->trace->calls[OP_kill]++;
    f->trace->inner->kill(f->inner);
}

static void bar_unview(void *fn, uint32_t bar, volatile void *view)
{
    struct trace_fn *f = fn;
    f->trace->inner->bar_unview(f->inner, bar, view);
    (void)tell(f, OP_bar_unview, 0);
}

/* The ops that are alike: they take fn and return 0 or an errno. Sinks pass through as they are, so
 * that callbacks go straight to the core. */
#define HAND_ON(op, params, args)                                                                            \
    static int op params                                                                                     \
    {                                                                                                        \
        struct trace_fn *f = fn;                                                                             \
        return tell(f, OP_##op, f->trace->inner->op args);                                                   \
    }

HAND_ON(info, (void *fn, struct sriov_fn_info *info), (f->inner, info))
HAND_ON(reset, (void *fn), (f->inner))
HAND_ON(set_vfs, (void *fn, uint16_t n), (f->inner, n))
HAND_ON(cfg_read, (void *fn, uint32_t off, uint32_t width, uint32_t *value), (f->inner, off, width, value))
HAND_ON(cfg_write, (void *fn, uint32_t off, uint32_t width, uint32_t value), (f->inner, off, width, value))
HAND_ON(bar_info, (void *fn, uint32_t bar, struct sriov_bar_info *info), (f->inner, bar, info))
HAND_ON(bar_view, (void *fn, uint32_t bar, volatile void **view), (f->inner, bar, view))
HAND_ON(bar_read, (void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value),
        (f->inner, bar, off, width, value))
HAND_ON(bar_write, (void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value),
        (f->inner, bar, off, width, value))
HAND_ON(dma_limits, (void *fn, struct sriov_dma_limits *limits), (f->inner, limits))
HAND_ON(dma_alloc, (void *fn, struct sriov_dma_mem *mem), (f->inner, mem))
HAND_ON(dma_free, (void *fn, const struct sriov_dma_mem *mem), (f->inner, mem))
HAND_ON(dma_map, (void *fn, struct sriov_dma_mem *mem), (f->inner, mem))
HAND_ON(dma_unmap, (void *fn, const struct sriov_dma_mem *mem), (f->inner, mem))
HAND_ON(irq_count, (void *fn, uint32_t *count), (f->inner, count))
HAND_ON(irq_enable, (void *fn, uint32_t *n), (f->inner, n))
HAND_ON(irq_disable, (void *fn), (f->inner))
HAND_ON(irq_attach, (void *fn, uint32_t vector, const struct sriov_irq_sink *sink), (f->inner, vector, sink))
HAND_ON(irq_detach, (void *fn, uint32_t vector), (f->inner, vector))
HAND_ON(irq_mask, (void *fn, uint32_t vector), (f->inner, vector))
HAND_ON(irq_unmask, (void *fn, uint32_t vector), (f->inner, vector))
HAND_ON(irq_pending, (void *fn, uint32_t vector, uint32_t *pending), (f->inner, vector, pending))
HAND_ON(irq_trigger, (void *fn, uint32_t vector), (f->inner, vector))
HAND_ON(set_event_sink, (void *fn, const struct sriov_event_sink *sink), (f->inner, sink))
HAND_ON(dma_dirty_start, (void *fn), (f->inner))
HAND_ON(dma_dirty_stop, (void *fn), (f->inner))
HAND_ON(dma_dirty_read, (void *fn, uint64_t iova, uint64_t length, uint64_t *bitmap),
        (f->inner, iova, length, bitmap))
HAND_ON(mig_info, (void *fn, struct sriov_mig_info *info), (f->inner, info))
HAND_ON(mig_state, (void *fn, uint32_t *state), (f->inner, state))
HAND_ON(mig_set_state, (void *fn, uint32_t state), (f->inner, state))
HAND_ON(mig_read, (void *fn, void *bytes, uint64_t room, uint64_t *len), (f->inner, bytes, room, len))
HAND_ON(mig_write, (void *fn, const void *bytes, uint64_t len), (f->inner, bytes, len))

/* ---- the table ---- */

/* What the inner VMM cannot do answers -EOPNOTSUPP there and is not in sriov_fn_info.caps. */
static const struct sriov_vmm_ops trace_ops = {
    .size = sizeof(trace_ops),
    .abi = SRIOV_VMM_ABI,
    .name = "trace",
    .host_alloc = host_alloc,
    .host_free = host_free,
    .now_ns = now_ns,
    .relax = relax,
    .sleep_ns = sleep_ns,
    .wait = wait,
    .log = log_line,
    .enumerate = enumerate,
    .open = open_fn,
    .close = close_fn,
    .info = info,
    .reset = reset,
    .set_vfs = set_vfs,
    .kill = kill_fn,
    .cfg_read = cfg_read,
    .cfg_write = cfg_write,
    .bar_info = bar_info,
    .bar_view = bar_view,
    .bar_unview = bar_unview,
    .bar_read = bar_read,
    .bar_write = bar_write,
    .dma_limits = dma_limits,
    .dma_alloc = dma_alloc,
    .dma_free = dma_free,
    .dma_map = dma_map,
    .dma_unmap = dma_unmap,
    .irq_count = irq_count,
    .irq_enable = irq_enable,
    .irq_disable = irq_disable,
    .irq_attach = irq_attach,
    .irq_detach = irq_detach,
    .irq_mask = irq_mask,
    .irq_unmask = irq_unmask,
    .irq_pending = irq_pending,
    .irq_trigger = irq_trigger,
    .set_event_sink = set_event_sink,
    .dma_dirty_start = dma_dirty_start,
    .dma_dirty_stop = dma_dirty_stop,
    .dma_dirty_read = dma_dirty_read,
    .mig_info = mig_info,
    .mig_state = mig_state,
    .mig_set_state = mig_set_state,
    .mig_read = mig_read,
    .mig_write = mig_write,
};

int trace_create(struct sriov_vmm *inner, FILE *out, struct trace **trace)
{
    struct trace *t = calloc(1, sizeof(*t));
    int rc;
    if (t == NULL) {
        return -ENOMEM;
    }
    t->inner = sriov_vmm_ops(inner); /* normalised: no member is NULL */
    t->ctx = sriov_vmm_ctx(inner);
    t->out = out;
    rc = sriov_vmm_register(&trace_ops, t, &t->vmm);
    if (rc != 0) {
        free(t);
        return rc;
    }
    *trace = t;
    return 0;
}

int trace_destroy(struct trace *trace)
{
    int rc = sriov_vmm_unregister(trace->vmm);
    if (rc == 0) {
        free(trace);
    }
    return rc;
}

struct sriov_vmm *trace_vmm(struct trace *trace)
{
    return trace->vmm;
}

bool trace_op(const struct trace *trace, uint32_t i, const char **name, uint64_t *calls)
{
    if (i >= OP_COUNT) {
        return false;
    }
    *name = op_names[i];
    *calls = trace->calls[i];
    return true;
}
