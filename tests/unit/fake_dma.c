/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake's memory for devices, its vectors and its events. */
#include "fake_ops.h"

#include <sriov/hw/pci_regs.h>

#include <stdlib.h>

int fake_op_dma_limits(void *fn, struct sriov_dma_limits *limits)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "dma_limits");

    if (rc == 0) {
        *limits = f->limits;
    }
    return rc;
}

/* What the core may never do: overlap, leave the ranges, miss granule or alignment. */
static void check_placement(const struct fake *f, const struct sriov_dma_mem *mem)
{
    uint64_t last = mem->iova.raw + mem->length - 1;
    int inside = 0;

    assert_true(mem->length != 0 && mem->length % f->limits.granule == 0);
    assert_true(mem->iova.raw % mem->align == 0 && mem->align % f->limits.granule == 0);
    for (uint32_t i = 0; i < f->limits.num_ranges; i++) {
        inside |= mem->iova.raw >= f->limits.ranges[i].first && last <= f->limits.ranges[i].last;
    }
    assert_true(inside);
    for (unsigned i = 0; i < FAKE_MAPS; i++) {
        const struct fake_map *m = &f->maps[i];

        assert_true(m->length == 0 || mem->iova.raw > m->iova + m->length - 1 || last < m->iova);
    }
}

static int enter(struct fake *f, struct sriov_dma_mem *mem, int own)
{
    unsigned i = 0;

    while (i < FAKE_MAPS && f->maps[i].length != 0) {
        i++;
    }
    assert_true(i < FAKE_MAPS);
    if ((f->limits.flags & SRIOV_DMA_SHIM_IOVA) != 0) {
        mem->iova.raw = f->shim_iova;
        f->shim_iova += mem->length;
    } else {
        check_placement(f, mem);
    }
    if (own) {
        size_t align = mem->align < 4096 ? 4096 : (size_t)mem->align;

        if (posix_memalign(&mem->va, align, mem->length) != 0) {
            return -ENOMEM;
        }
        memset(mem->va, 0, mem->length);
    }
    f->last_dir = mem->dir;
    mem->cookie = i + 100;
    f->maps[i] = (struct fake_map){mem->va, mem->iova.raw, mem->length, own};
    f->num_maps++;
    return 0;
}

static int leave(struct fake *f, const struct sriov_dma_mem *mem, int own)
{
    struct fake_map *m = &f->maps[mem->cookie - 100];

    assert_true(mem->cookie >= 100 && mem->cookie < 100 + FAKE_MAPS);
    assert_true(m->length == mem->length && m->iova == mem->iova.raw && m->va == mem->va && m->own == own);
    f->master_at_free = (fake_get16(f, SRIOV_PCI_COMMAND) & SRIOV_PCI_COMMAND_MASTER) != 0;
    if (own) {
        free(m->va);
    }
    memset(m, 0, sizeof(*m));
    f->num_maps--;
    return 0;
}

int fake_op_dma_alloc(void *fn, struct sriov_dma_mem *mem)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "dma_alloc");

    if (rc == 0 && f->max_alloc != 0 && mem->length > f->max_alloc) {
        rc = -ENOMEM;
    }
    return rc != 0 ? rc : enter(f, mem, 1);
}

int fake_op_dma_free(void *fn, const struct sriov_dma_mem *mem)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "dma_free");

    return rc != 0 ? rc : leave(f, mem, 1);
}

int fake_op_dma_map(void *fn, struct sriov_dma_mem *mem)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "dma_map");

    return rc != 0 ? rc : enter(f, mem, 0);
}

int fake_op_dma_unmap(void *fn, const struct sriov_dma_mem *mem)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "dma_unmap");

    return rc != 0 ? rc : leave(f, mem, 0);
}

/* ---- interrupts and events ---- */

int fake_op_irq_count(void *fn, uint32_t *count)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "irq_count");

    *count = rc == 0 ? f->irq_have : 0;
    return rc;
}

int fake_op_irq_enable(void *fn, uint32_t *n)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "irq_enable");

    if (rc == 0 && *n > f->irq_grant) {
        *n = f->irq_grant;
        rc = -ENOSPC;
    }
    if (rc == 0) {
        assert_int_equal(f->irq_on, 0);
        f->irq_on = *n;
    }
    return rc;
}

int fake_op_irq_disable(void *fn)
{
    struct fake *f = fn;

    f->irq_on = 0;
    return fake_hit(f, "irq_disable");
}

int fake_op_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "irq_attach");

    assert_true(vector < f->irq_on && vector < FAKE_VECTORS);
    if (rc == 0) {
        f->irq[vector] = *sink;
    }
    return rc;
}

int fake_op_irq_detach(void *fn, uint32_t vector)
{
    struct fake *f = fn;

    assert_true(vector < FAKE_VECTORS && f->irq[vector].kind != 0);
    memset(&f->irq[vector], 0, sizeof(f->irq[vector]));
    return fake_hit(f, "irq_detach");
}

int fake_op_irq_mask(void *fn, uint32_t vector)
{
    struct fake *f = fn;

    f->irq_masked |= 1u << vector;
    return fake_hit(f, "irq_mask");
}

int fake_op_irq_unmask(void *fn, uint32_t vector)
{
    struct fake *f = fn;

    f->irq_masked &= ~(1u << vector);
    return fake_hit(f, "irq_unmask");
}

int fake_op_irq_pending(void *fn, uint32_t vector, uint32_t *pending)
{
    struct fake *f = fn;

    *pending = f->irq_pending & (1u << vector);
    return fake_hit(f, "irq_pending");
}

int fake_op_irq_trigger(void *fn, uint32_t vector)
{
    fake_irq(fn, vector);
    return fake_hit(fn, "irq_trigger");
}

int fake_op_set_event_sink(void *fn, const struct sriov_event_sink *sink)
{
    struct fake *f = fn;
    int rc = fake_hit(f, "set_event_sink");

    memset(&f->sink, 0, sizeof(f->sink));
    if (rc == 0 && sink != NULL) {
        f->sink = *sink;
    }
    return rc;
}

void fake_irq(struct fake *f, uint32_t vector)
{
    if (vector < FAKE_VECTORS && f->irq[vector].kind == SRIOV_SINK_CALLBACK) {
        f->irq[vector].cb(f->irq[vector].arg, vector);
    }
}

void fake_event(struct fake *f, uint32_t event)
{
    if (f->sink.cb != NULL) {
        f->sink.cb(f->sink.arg, event);
    }
}
