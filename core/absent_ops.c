/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands in for the optional ops that a shim leaves out: never supported here. */
#include "core.h"

static void no_log(void *vmm, uint32_t level, const char *line)
{
    (void)vmm;
    (void)level;
    (void)line;
}

static int no_enumerate(void *vmm, sriov_enum_cb cb, void *arg)
{
    (void)vmm;
    (void)cb;
    (void)arg;
    return -EOPNOTSUPP;
}

static int no_call(void *fn)
{
    (void)fn;
    return -EOPNOTSUPP;
}

static int no_set_vfs(void *fn, uint16_t n)
{
    (void)fn;
    (void)n;
    return -EOPNOTSUPP;
}

static void no_kill(void *fn)
{
    (void)fn;
}

static int no_bar_view(void *fn, uint32_t bar, volatile void **view)
{
    (void)fn;
    (void)bar;
    *view = NULL;
    return -EOPNOTSUPP;
}

static void no_bar_unview(void *fn, uint32_t bar, volatile void *view)
{
    (void)fn;
    (void)bar;
    (void)view;
}

static int no_dma_map(void *fn, struct sriov_dma_mem *mem)
{
    (void)fn;
    (void)mem;
    return -EOPNOTSUPP;
}

static int no_dma_unmap(void *fn, const struct sriov_dma_mem *mem)
{
    (void)fn;
    (void)mem;
    return -EOPNOTSUPP;
}

static int no_irq_count(void *fn, uint32_t *count)
{
    (void)fn;
    *count = 0;
    return -EOPNOTSUPP;
}

static int no_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink)
{
    (void)fn;
    (void)vector;
    (void)sink;
    return -EOPNOTSUPP;
}

static int no_irq(void *fn, uint32_t vector)
{
    (void)fn;
    (void)vector;
    return -EOPNOTSUPP;
}

static int no_irq_pending(void *fn, uint32_t vector, uint32_t *pending)
{
    (void)fn;
    (void)vector;
    *pending = 0;
    return -EOPNOTSUPP;
}

static int no_event_sink(void *fn, const struct sriov_event_sink *sink)
{
    (void)fn;
    (void)sink;
    return -EOPNOTSUPP;
}

static int no_fn_fd(void *fn, int32_t *fd, uint32_t *kind)
{
    (void)fn;
    *fd = -1;
    *kind = SRIOV_FN_FD_NONE;
    return -EOPNOTSUPP;
}

/* Both of a function's memory and of a machine's: nothing is marked. */
static int no_dirty_read(void *what, uint64_t first, uint64_t length, uint64_t *bitmap)
{
    (void)what;
    (void)first;
    (void)length;
    (void)bitmap;
    return -EOPNOTSUPP;
}

static int no_vm_info(void *vm, struct sriov_vm_info *info)
{
    struct sriov_vm_info nothing = {.size = sizeof(nothing)};

    (void)vm;
    (void)sric_result_give(info, &nothing, sizeof(nothing));
    return -EOPNOTSUPP;
}

static int no_vm_mem(void *vm, const struct sriov_vm_mem *mem)
{
    (void)vm;
    (void)mem;
    return -EOPNOTSUPP;
}

static int no_vm_dev_add(void *vm, const struct sriov_vm_dev_args *args, void **dev)
{
    (void)vm;
    (void)args;
    *dev = NULL;
    return -EOPNOTSUPP;
}

static void no_vm_dev_del(void *dev)
{
    (void)dev;
}

static int no_vm_window_add(void *dev, const struct sriov_vm_window *window)
{
    (void)dev;
    (void)window;
    return -EOPNOTSUPP;
}

static int no_vm_window_del(void *dev, uint64_t gpa, uint64_t length)
{
    (void)dev;
    (void)gpa;
    (void)length;
    return -EOPNOTSUPP;
}

static int no_vm_doorbell_add(void *dev, const struct sriov_vm_doorbell *bell)
{
    (void)dev;
    (void)bell;
    return -EOPNOTSUPP;
}

static int no_vm_doorbell_del(void *dev, uint64_t gpa)
{
    (void)dev;
    (void)gpa;
    return -EOPNOTSUPP;
}

static int no_vm_irq_sink(void *dev, uint32_t vector, struct sriov_irq_sink *sink)
{
    (void)dev;
    (void)vector;
    memset(sink, 0, sizeof(*sink));
    sink->size = sizeof(*sink);
    sink->fd = -1;
    return -EOPNOTSUPP;
}

static int no_vm_irq_route(void *dev, uint32_t vector, const struct sriov_vm_msi *msi)
{
    (void)dev;
    (void)vector;
    (void)msi;
    return -EOPNOTSUPP;
}

static int no_vm_dirty_start(void *vm, uint32_t mode)
{
    (void)vm;
    (void)mode;
    return -EOPNOTSUPP;
}

static int no_vm_hot_remove(void *dev, void (*gone)(void *arg), void *arg)
{
    (void)dev;
    (void)gone;
    (void)arg;
    return -EOPNOTSUPP;
}

static int no_mig_info(void *fn, struct sriov_mig_info *info)
{
    struct sriov_mig_info nothing = {.size = sizeof(nothing)};

    (void)fn;
    (void)sric_result_give(info, &nothing, sizeof(nothing));
    return -EOPNOTSUPP;
}

/* A device whose state cannot be carried runs. */
static int no_mig_state(void *fn, uint32_t *state)
{
    (void)fn;
    *state = SRIOV_MIG_RUNNING;
    return -EOPNOTSUPP;
}

static int no_mig_read(void *fn, void *bytes, uint64_t room, uint64_t *len)
{
    (void)fn;
    (void)bytes;
    (void)room;
    *len = 0;
    return -EOPNOTSUPP;
}

static int no_mig_write(void *fn, const void *bytes, uint64_t len)
{
    (void)fn;
    (void)bytes;
    (void)len;
    return -EOPNOTSUPP;
}

const struct sriov_vmm_ops sric_absent_ops = {
    .log = no_log,
    .enumerate = no_enumerate,
    .reset = no_call,
    .set_vfs = no_set_vfs,
    .kill = no_kill,
    .bar_view = no_bar_view,
    .bar_unview = no_bar_unview,
    .dma_map = no_dma_map,
    .dma_unmap = no_dma_unmap,
    .irq_count = no_irq_count,
    .irq_enable = no_irq_count,
    .irq_disable = no_call,
    .irq_attach = no_irq_attach,
    .irq_detach = no_irq,
    .irq_mask = no_irq,
    .irq_unmask = no_irq,
    .irq_pending = no_irq_pending,
    .irq_trigger = no_irq,
    .set_event_sink = no_event_sink,
    .fn_fd = no_fn_fd,
    .dma_dirty_start = no_call,
    .dma_dirty_stop = no_call,
    .dma_dirty_read = no_dirty_read,
    .vm_info = no_vm_info,
    .vm_mem_add = no_vm_mem,
    .vm_mem_del = no_vm_mem,
    .vm_dev_add = no_vm_dev_add,
    .vm_dev_del = no_vm_dev_del,
    .vm_window_add = no_vm_window_add,
    .vm_window_del = no_vm_window_del,
    .vm_doorbell_add = no_vm_doorbell_add,
    .vm_doorbell_del = no_vm_doorbell_del,
    .vm_irq_sink = no_vm_irq_sink,
    .vm_irq_route = no_vm_irq_route,
    .vm_irq_pending = no_irq_pending,
    .vm_dirty_start = no_vm_dirty_start,
    .vm_dirty_stop = no_call,
    .vm_dirty_read = no_dirty_read,
    .vm_hot_add = no_call,
    .vm_hot_remove = no_vm_hot_remove,
    .mig_info = no_mig_info,
    .mig_state = no_mig_state,
    .mig_set_state = no_irq,
    .mig_read = no_mig_read,
    .mig_write = no_mig_write,
};
