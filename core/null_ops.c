/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table that sriov_fn_kill swaps in. Only ops that take a function: host services go on. What
 * gives something back (close, dma_free, irq_detach, ...) never comes here; the core sends it to
 * the shim, which still holds it.
 */
#include "core.h"

static int gone_info(void *fn, struct sriov_fn_info *info)
{
    (void)fn;
    (void)info;
    return -ENODEV;
}

static int gone_call(void *fn)
{
    (void)fn;
    return -ENODEV;
}

static int gone_set_vfs(void *fn, uint16_t n)
{
    (void)fn;
    (void)n;
    return -ENODEV;
}

static int gone_cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value)
{
    (void)fn;
    (void)off;
    (void)width;
    *value = UINT32_MAX;
    return -ENODEV;
}

static int gone_cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value)
{
    (void)fn;
    (void)off;
    (void)width;
    (void)value;
    return -ENODEV;
}

static int gone_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info)
{
    (void)fn;
    (void)bar;
    (void)info;
    return -ENODEV;
}

static int gone_bar_view(void *fn, uint32_t bar, volatile void **view)
{
    (void)fn;
    (void)bar;
    *view = NULL;
    return -ENODEV;
}

static int gone_bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    (void)fn;
    (void)bar;
    (void)off;
    (void)width;
    *value = UINT64_MAX;
    return -ENODEV;
}

static int gone_bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    (void)fn;
    (void)bar;
    (void)off;
    (void)width;
    (void)value;
    return -ENODEV;
}

static int gone_dma_limits(void *fn, struct sriov_dma_limits *limits)
{
    (void)fn;
    (void)limits;
    return -ENODEV;
}

static int gone_dma(void *fn, struct sriov_dma_mem *mem)
{
    (void)fn;
    (void)mem;
    return -ENODEV;
}

static int gone_irq_count(void *fn, uint32_t *count)
{
    (void)fn;
    *count = 0;
    return -ENODEV;
}

static int gone_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink)
{
    (void)fn;
    (void)vector;
    (void)sink;
    return -ENODEV;
}

static int gone_irq(void *fn, uint32_t vector)
{
    (void)fn;
    (void)vector;
    return -ENODEV;
}

static int gone_irq_pending(void *fn, uint32_t vector, uint32_t *pending)
{
    (void)fn;
    (void)vector;
    *pending = 0;
    return -ENODEV;
}

static int gone_fn_fd(void *fn, int32_t *fd, uint32_t *kind)
{
    (void)fn;
    *fd = -1;
    *kind = SRIOV_FN_FD_NONE;
    return -ENODEV;
}

static int gone_dirty_read(void *fn, uint64_t iova, uint64_t length, uint64_t *bitmap)
{
    (void)fn;
    (void)iova;
    (void)length;
    (void)bitmap;
    return -ENODEV;
}

static int gone_mig_info(void *fn, struct sriov_mig_info *info)
{
    (void)fn;
    (void)info;
    return -ENODEV;
}

static int gone_mig_state(void *fn, uint32_t *state)
{
    (void)fn;
    *state = SRIOV_MIG_ERROR;
    return -ENODEV;
}

static int gone_mig_read(void *fn, void *bytes, uint64_t room, uint64_t *len)
{
    (void)fn;
    (void)bytes;
    (void)room;
    *len = 0;
    return -ENODEV;
}

static int gone_mig_write(void *fn, const void *bytes, uint64_t len)
{
    (void)fn;
    (void)bytes;
    (void)len;
    return -ENODEV;
}

const struct sriov_vmm_ops sric_null_ops = {
    .info = gone_info,
    .reset = gone_call,
    .set_vfs = gone_set_vfs,
    .cfg_read = gone_cfg_read,
    .cfg_write = gone_cfg_write,
    .bar_info = gone_bar_info,
    .bar_view = gone_bar_view,
    .bar_read = gone_bar_read,
    .bar_write = gone_bar_write,
    .dma_limits = gone_dma_limits,
    .dma_alloc = gone_dma,
    .dma_map = gone_dma,
    .irq_count = gone_irq_count,
    .irq_enable = gone_irq_count,
    .irq_attach = gone_irq_attach,
    .irq_mask = gone_irq,
    .irq_unmask = gone_irq,
    .irq_pending = gone_irq_pending,
    .irq_trigger = gone_irq,
    .fn_fd = gone_fn_fd,
    .dma_dirty_start = gone_call,
    .dma_dirty_stop = gone_call,
    .dma_dirty_read = gone_dirty_read,
    .mig_info = gone_mig_info,
    .mig_state = gone_mig_state,
    .mig_set_state = gone_irq,
    .mig_read = gone_mig_read,
    .mig_write = gone_mig_write,
};
