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
};
