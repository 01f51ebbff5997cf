/* SPDX-License-Identifier: BSD-3-Clause */
/* The trace's table: each op goes to the shim below, and what came of it becomes a line. */
#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BELOW(handle) (((struct trc_fn *)(handle))->trace->ops)
#define INNER(handle) (((struct trc_fn *)(handle))->inner)

/* ---- host services: no line, time is not in a trace ---- */

static void look(struct sriov_trace *trace, enum trc_writer writer)
{
    if (trace->memory) {
        trc_enter(trace);
        trc_look(trace, writer);
        trc_leave(trace);
    }
}

static void *op_host_alloc(void *vmm, size_t size, size_t align)
{
    struct sriov_trace *trace = vmm;

    return trace->ops->host_alloc(trace->ctx, size, align);
}

static void op_host_free(void *vmm, void *ptr, size_t size)
{
    struct sriov_trace *trace = vmm;

    trace->ops->host_free(trace->ctx, ptr, size);
}

static uint64_t op_now_ns(void *vmm)
{
    struct sriov_trace *trace = vmm;

    return trace->ops->now_ns(trace->ctx);
}

static void op_relax(void *vmm)
{
    struct sriov_trace *trace = vmm;

    look(trace, TRC_HOST);
    trace->ops->relax(trace->ctx);
    look(trace, TRC_DEVICE);
}

static void op_sleep_ns(void *vmm, uint64_t ns)
{
    struct sriov_trace *trace = vmm;

    look(trace, TRC_HOST);
    trace->ops->sleep_ns(trace->ctx, ns);
    look(trace, TRC_DEVICE);
}

static int op_wait(void *vmm, uint64_t timeout_ns)
{
    struct sriov_trace *trace = vmm;
    int err;

    look(trace, TRC_HOST);
    err = trace->ops->wait(trace->ctx, timeout_ns);
    look(trace, TRC_DEVICE);
    return err;
}

static void op_log(void *vmm, uint32_t level, const char *line)
{
    struct sriov_trace *trace = vmm;

    trace->ops->log(trace->ctx, level, line);
}

/* ---- functions ---- */

/* What a trace shows is what passes through it. */
static void hide_views(struct sriov_fn_info *info)
{
    if (info->size >= offsetof(struct sriov_fn_info, caps) + sizeof(info->caps)) {
        info->caps &= ~SRIOV_CAP_BAR_VIEW;
    }
}

struct listing {
    sriov_enum_cb cb;
    void *arg;
};

static int list_one(void *arg, const struct sriov_fn_info *info)
{
    const struct listing *listing = arg;
    struct sriov_fn_info mine = *info;

    hide_views(&mine);
    return listing->cb(listing->arg, &mine);
}

static int op_enumerate(void *vmm, sriov_enum_cb cb, void *arg)
{
    struct sriov_trace *trace = vmm;
    struct listing listing = {cb, arg};

    return trace->ops->enumerate(trace->ctx, list_one, &listing);
}

static void link_in(struct sriov_trace *trace, struct trc_fn *fn, const char *name)
{
    trc_enter(trace);
    fn->label = trace->num_fns++;
    fn->next = trace->fns;
    trace->fns = fn;
    trc_say(fn, "open %s", name);
    trc_leave(trace);
}

static int op_open(void *vmm, const struct sriov_open_args *args, void **out)
{
    struct sriov_trace *trace = vmm;
    struct trc_fn *fn = calloc(1, sizeof(*fn));
    int err;

    if (fn == NULL) {
        return -ENOMEM;
    }
    fn->trace = trace;
    err = trace->ops->open(trace->ctx, args, &fn->inner);
    if (err != 0) {
        free(fn);
        return err;
    }
    link_in(trace, fn, args->name);
    *out = fn;
    return 0;
}

static void op_close(void *handle)
{
    struct trc_fn *fn = handle;
    struct sriov_trace *trace = fn->trace;
    struct trc_fn **at = &trace->fns;

    trc_enter(trace);
    trc_look(trace, TRC_HOST); /* the last look at its memory */
    trc_say(fn, "close");
    while (*at != fn) {
        at = &(*at)->next;
    }
    *at = fn->next;
    trc_leave(trace);
    trace->ops->close(fn->inner);
    trc_blocks_forget(fn);
    trc_irq_forget(fn);
    free(fn);
}

static int op_info(void *fn, struct sriov_fn_info *info)
{
    int err = BELOW(fn)->info(INNER(fn), info);

    if (err == 0) {
        hide_views(info);
    }
    return err;
}

static int op_reset(void *fn)
{
    int err = BELOW(fn)->reset(INNER(fn));

    trc_told(fn, err, "reset");
    return err;
}

static int op_set_vfs(void *fn, uint16_t n)
{
    int err = BELOW(fn)->set_vfs(INNER(fn), n);

    trc_told(fn, err, "set_vfs %u", n);
    return err;
}

/* From any context: no lock, hence no line. */
static void op_kill(void *fn)
{
    BELOW(fn)->kill(INNER(fn));
}

/* ---- config space and BARs ---- */

static int op_cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value)
{
    int err = BELOW(fn)->cfg_read(INNER(fn), off, width, value);

    trc_told(fn, err, "cfg read 0x%03" PRIx32 "/%" PRIu32 " = 0x%0*" PRIx32, off, width, (int)(2 * width),
             err == 0 ? *value : 0);
    return err;
}

static int op_cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value)
{
    int err = BELOW(fn)->cfg_write(INNER(fn), off, width, value);

    trc_told(fn, err, "cfg write 0x%03" PRIx32 "/%" PRIu32 " = 0x%0*" PRIx32, off, width, (int)(2 * width),
             value);
    return err;
}

static int op_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info)
{
    int err = BELOW(fn)->bar_info(INNER(fn), bar, info);

    if (err == 0) {
        info->flags &= ~SRIOV_BAR_VIEWABLE;
    }
    return err;
}

static void told_bar(struct trc_fn *fn, const char *what, uint32_t bar, uint64_t off, uint32_t width,
                     uint64_t value, int err)
{
    char text[TRC_VALUE_MAX];

    trc_enter(fn->trace);
    if (err != 0) {
        trc_say(fn, "bar%" PRIu32 " %s 0x%04" PRIx64 "/%" PRIu32 " error %d", bar, what, off, width, err);
    } else {
        trc_say(fn, "bar%" PRIu32 " %s 0x%04" PRIx64 "/%" PRIu32 " = %s", bar, what, off, width,
                trc_reg(fn, bar, off, width, value, text));
    }
    trc_leave(fn->trace);
}

static int op_bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    int err = BELOW(fn)->bar_read(INNER(fn), bar, off, width, value);

    told_bar(fn, "read", bar, off, width, err == 0 ? *value : 0, err);
    return err;
}

/* A store may ring a doorbell: what the driver wrote is told before it, what the device answers behind. */
static int op_bar_write(void *handle, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    struct trc_fn *fn = handle;
    int err;

    look(fn->trace, TRC_HOST);
    err = BELOW(fn)->bar_write(fn->inner, bar, off, width, value);
    told_bar(fn, "write", bar, off, width, value, err);
    look(fn->trace, TRC_DEVICE);
    return err;
}

/* ---- DMA ---- */

static int op_dma_limits(void *fn, struct sriov_dma_limits *limits)
{
    return BELOW(fn)->dma_limits(INNER(fn), limits);
}

static void told_block(struct trc_fn *fn, const char *what, const struct sriov_dma_mem *mem)
{
    uint32_t number;

    trc_enter(fn->trace);
    number = trc_block_add(fn, mem);
    trc_say(fn, "dma %s m%" PRIu32 " %" PRIu64 " bytes dir %" PRIu32, what, number, mem->length, mem->dir);
    trc_leave(fn->trace);
}

static int op_dma_alloc(void *fn, struct sriov_dma_mem *mem)
{
    int err = BELOW(fn)->dma_alloc(INNER(fn), mem);

    if (err != 0) {
        trc_told(fn, err, "dma alloc");
    } else {
        told_block(fn, "alloc", mem);
    }
    return err;
}

static int op_dma_map(void *fn, struct sriov_dma_mem *mem)
{
    int err = BELOW(fn)->dma_map(INNER(fn), mem);

    if (err != 0) {
        trc_told(fn, err, "dma map");
    } else {
        told_block(fn, "map", mem);
    }
    return err;
}

/* Looked at while it is still there; out of the books first, since its address may be given out anew. */
static int give_back(struct trc_fn *fn, const char *what, const struct sriov_dma_mem *mem,
                     int (*op)(void *fn, const struct sriov_dma_mem *mem))
{
    const struct sriov_dma_mem copy = *mem;
    uint32_t number;
    int err;

    look(fn->trace, TRC_HOST);
    err = op(fn->inner, mem);
    trc_enter(fn->trace);
    number = err == 0 ? trc_block_del(fn, copy.iova.raw) : 0;
    if (err != 0) {
        trc_say(fn, "dma %s error %d", what, err);
    } else {
        trc_say(fn, "dma %s m%" PRIu32, what, number);
    }
    trc_leave(fn->trace);
    return err;
}

static int op_dma_free(void *fn, const struct sriov_dma_mem *mem)
{
    return give_back(fn, "free", mem, BELOW(fn)->dma_free);
}

static int op_dma_unmap(void *fn, const struct sriov_dma_mem *mem)
{
    return give_back(fn, "unmap", mem, BELOW(fn)->dma_unmap);
}

static int op_dma_dirty_start(void *fn)
{
    return BELOW(fn)->dma_dirty_start(INNER(fn));
}

static int op_dma_dirty_stop(void *fn)
{
    return BELOW(fn)->dma_dirty_stop(INNER(fn));
}

static int op_dma_dirty_read(void *fn, uint64_t iova, uint64_t length, uint64_t *bitmap)
{
    return BELOW(fn)->dma_dirty_read(INNER(fn), iova, length, bitmap);
}

static int op_mig_info(void *fn, struct sriov_mig_info *info)
{
    return BELOW(fn)->mig_info(INNER(fn), info);
}

static int op_mig_state(void *fn, uint32_t *state)
{
    return BELOW(fn)->mig_state(INNER(fn), state);
}

static int op_mig_set_state(void *fn, uint32_t state)
{
    return BELOW(fn)->mig_set_state(INNER(fn), state);
}

static int op_mig_read(void *fn, void *bytes, uint64_t room, uint64_t *len)
{
    return BELOW(fn)->mig_read(INNER(fn), bytes, room, len);
}

static int op_mig_write(void *fn, const void *bytes, uint64_t len)
{
    return BELOW(fn)->mig_write(INNER(fn), bytes, len);
}

/* ---- interrupts ---- */

static int op_irq_count(void *fn, uint32_t *count)
{
    return BELOW(fn)->irq_count(INNER(fn), count);
}

static int op_irq_enable(void *fn, uint32_t *n)
{
    uint32_t want = *n;
    int err = BELOW(fn)->irq_enable(INNER(fn), n);

    trc_told(fn, err, "irq enable %" PRIu32 " = %" PRIu32, want, *n);
    return err;
}

static int op_irq_disable(void *fn)
{
    int err = BELOW(fn)->irq_disable(INNER(fn));

    trc_told(fn, err, "irq disable");
    return err;
}

static int op_irq_mask(void *fn, uint32_t vector)
{
    int err = BELOW(fn)->irq_mask(INNER(fn), vector);

    trc_told(fn, err, "irq mask %" PRIu32, vector);
    return err;
}

static int op_irq_unmask(void *fn, uint32_t vector)
{
    int err = BELOW(fn)->irq_unmask(INNER(fn), vector);

    trc_told(fn, err, "irq unmask %" PRIu32, vector);
    return err;
}

static int op_irq_pending(void *fn, uint32_t vector, uint32_t *pending)
{
    int err = BELOW(fn)->irq_pending(INNER(fn), vector, pending);

    trc_told(fn, err, "irq pending %" PRIu32 " = %" PRIu32, vector, err == 0 ? *pending : 0);
    return err;
}

static int op_irq_trigger(void *fn, uint32_t vector)
{
    int err = BELOW(fn)->irq_trigger(INNER(fn), vector);

    trc_told(fn, err, "irq trigger %" PRIu32, vector);
    return err;
}

static int op_fn_fd(void *fn, int32_t *fd, uint32_t *kind)
{
    return BELOW(fn)->fn_fd(INNER(fn), fd, kind);
}

const struct sriov_vmm_ops trc_ops = {
    .size = sizeof(trc_ops),
    .abi = SRIOV_VMM_ABI,
    .name = "trace",
    .host_alloc = op_host_alloc,
    .host_free = op_host_free,
    .now_ns = op_now_ns,
    .relax = op_relax,
    .sleep_ns = op_sleep_ns,
    .wait = op_wait,
    .log = op_log,
    .enumerate = op_enumerate,
    .open = op_open,
    .close = op_close,
    .info = op_info,
    .reset = op_reset,
    .set_vfs = op_set_vfs,
    .kill = op_kill,
    .cfg_read = op_cfg_read,
    .cfg_write = op_cfg_write,
    .bar_info = op_bar_info,
    .bar_read = op_bar_read,
    .bar_write = op_bar_write,
    .dma_limits = op_dma_limits,
    .dma_alloc = op_dma_alloc,
    .dma_free = op_dma_free,
    .dma_map = op_dma_map,
    .dma_unmap = op_dma_unmap,
    .irq_count = op_irq_count,
    .irq_enable = op_irq_enable,
    .irq_disable = op_irq_disable,
    .irq_attach = trc_irq_attach,
    .irq_detach = trc_irq_detach,
    .irq_mask = op_irq_mask,
    .irq_unmask = op_irq_unmask,
    .irq_pending = op_irq_pending,
    .irq_trigger = op_irq_trigger,
    .set_event_sink = trc_set_event_sink,
    .fn_fd = op_fn_fd,
    .dma_dirty_start = op_dma_dirty_start,
    .dma_dirty_stop = op_dma_dirty_stop,
    .dma_dirty_read = op_dma_dirty_read,
    .mig_info = op_mig_info,
    .mig_state = op_mig_state,
    .mig_set_state = op_mig_set_state,
    .mig_read = op_mig_read,
    .mig_write = op_mig_write,
};
