/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "relay.h"

#include <sriov/fn.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_IOVA  RELAY_ARENA_IOVA
#define ARENA_BYTES RELAY_ARENA_BYTES
#define PAGE        4096u
#define VECTORS     8u
#define OWNER       "memory of a guest"

struct relay {
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
    struct sriov_dma dma;      /* the arena, for fn */
    struct sriov_dma next_dma; /* ... and for the one that is prepared */
    uint8_t *arena;
    uint64_t used;
    uint32_t vectors;
    struct sriov_irq_sink sinks[VECTORS];
};

static struct sriov_vmm *below(struct relay *r)
{
    return sriov_fn_vmm(r->fn);
}

static void *op_host_alloc(void *vmm, size_t size, size_t align)
{
    void *ptr = NULL;
    (void)vmm;
    if (posix_memalign(&ptr, align < sizeof(void *) ? sizeof(void *) : align, size) != 0) {
        return NULL;
    }
    return memset(ptr, 0, size);
}

static void op_host_free(void *vmm, void *ptr, size_t size)
{
    (void)vmm;
    (void)size;
    free(ptr);
}

static uint64_t op_now(void *vmm)
{
    return sriov_vmm_now(below(vmm));
}

static void op_relax(void *vmm)
{
    sriov_vmm_relax(below(vmm));
}

static void op_sleep(void *vmm, uint64_t ns)
{
    sriov_vmm_sleep(below(vmm), ns);
}

static int op_wait(void *vmm, uint64_t timeout_ns)
{
    return sriov_vmm_wait(below(vmm), timeout_ns);
}

static int op_open(void *vmm, const struct sriov_open_args *args, void **fn)
{
    (void)args;
    *fn = vmm;
    return 0;
}

static void op_close(void *fn)
{
    (void)fn;
}

static int op_info(void *fn, struct sriov_fn_info *info)
{
    struct relay *r = fn;
    struct sriov_fn_info now = *sriov_fn_info(r->fn);
    uint32_t size = info->size;
    now.caps = SRIOV_CAP_IRQ_CALLBACK | SRIOV_CAP_RESET;
    memcpy(info, &now, size < sizeof(now) ? size : sizeof(now));
    info->size = size;
    return 0;
}

static int op_reset(void *fn)
{
    return sriov_fn_reset(((struct relay *)fn)->fn);
}

static int op_cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value)
{
    struct sriov_fn *to = ((struct relay *)fn)->fn;
    uint16_t two = 0;
    uint8_t one = 0;
    int err;
    if (width == 4) {
        return sriov_cfg_read32(to, off, value);
    }
    err = width == 2 ? sriov_cfg_read16(to, off, &two) : sriov_cfg_read8(to, off, &one);
    *value = width == 2 ? two : one;
    return err;
}

static int op_cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value)
{
    struct sriov_fn *to = ((struct relay *)fn)->fn;
    return width == 4   ? sriov_cfg_write32(to, off, value)
           : width == 2 ? sriov_cfg_write16(to, off, (uint16_t)value)
                        : sriov_cfg_write8(to, off, (uint8_t)value);
}

static int with_bar(struct relay *r, uint32_t bar, struct sriov_bar *out)
{
    return sriov_bar_open(r->fn, bar, 1, out);
}

static int op_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info)
{
    struct sriov_bar at;
    int err = with_bar(fn, bar, &at);
    info->flags = 0;
    info->length = err == 0 ? at.length : 0;
    if (err == 0) {
        sriov_bar_close(&at);
    }
    return err == -ERANGE || err == -ENOENT ? 0 : err;
}

static int op_bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    struct sriov_bar at;
    int err = with_bar(fn, bar, &at);
    if (err == 0) {
        err = sriov_bar_read(&at, off, width, value);
        sriov_bar_close(&at);
    }
    return err;
}

static int op_bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    struct sriov_bar at;
    int err = with_bar(fn, bar, &at);
    if (err == 0) {
        err = sriov_bar_write(&at, off, width, value);
        sriov_bar_close(&at);
    }
    return err;
}

static int op_dma_limits(void *fn, struct sriov_dma_limits *limits)
{
    uint32_t size = limits->size;
    (void)fn;
    memset(limits, 0, size);
    *limits = (struct sriov_dma_limits){.size = size,
                                        .flags = SRIOV_DMA_SHIM_IOVA,
                                        .granule = PAGE,
                                        .maps_left = UINT64_MAX,
                                        .bytes_left = UINT64_MAX,
                                        .num_ranges = 1,
                                        .ranges = {{ARENA_IOVA, ARENA_IOVA + ARENA_BYTES - 1}}};
    return 0;
}

/* Given out once; what is freed stays where it was. */
static int op_dma_alloc(void *fn, struct sriov_dma_mem *mem)
{
    struct relay *r = fn;
    uint64_t align = mem->align > PAGE ? mem->align : PAGE;
    uint64_t at = (r->used + align - 1) & ~(align - 1);
    if (at > ARENA_BYTES || mem->length > ARENA_BYTES - at) {
        return -ENOMEM;
    }
    mem->va = r->arena + at;
    mem->iova = sriov_iova(ARENA_IOVA + at);
    r->used = at + mem->length;
    return 0;
}

static int op_dma_free(void *fn, const struct sriov_dma_mem *mem)
{
    (void)fn;
    (void)mem;
    return 0;
}

static int op_irq_count(void *fn, uint32_t *count)
{
    *count = sriov_irq_count(((struct relay *)fn)->fn);
    *count = *count < VECTORS ? *count : VECTORS;
    return 0;
}

static int op_irq_enable(void *fn, uint32_t *n)
{
    struct relay *r = fn;
    int err = sriov_irq_enable(r->fn, *n, *n, n);
    r->vectors = err == 0 ? *n : 0;
    return err;
}

static int op_irq_disable(void *fn)
{
    struct relay *r = fn;
    r->vectors = 0;
    memset(r->sinks, 0, sizeof(r->sinks));
    return sriov_irq_disable(r->fn);
}

static int op_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink)
{
    struct relay *r = fn;
    if (vector >= r->vectors) {
        return -EINVAL;
    }
    r->sinks[vector] = *sink;
    return sriov_irq_attach(r->fn, vector, sink->cb, sink->arg);
}

static int op_irq_detach(void *fn, uint32_t vector)
{
    struct relay *r = fn;
    if (vector >= r->vectors) {
        return -EINVAL;
    }
    memset(&r->sinks[vector], 0, sizeof(r->sinks[vector]));
    return sriov_irq_detach(r->fn, vector);
}

static const struct sriov_vmm_ops relay_ops = {
    .size = sizeof(struct sriov_vmm_ops),
    .abi = SRIOV_VMM_ABI,
    .name = "relay",
    .host_alloc = op_host_alloc,
    .host_free = op_host_free,
    .now_ns = op_now,
    .relax = op_relax,
    .sleep_ns = op_sleep,
    .wait = op_wait,
    .open = op_open,
    .close = op_close,
    .info = op_info,
    .reset = op_reset,
    .cfg_read = op_cfg_read,
    .cfg_write = op_cfg_write,
    .bar_info = op_bar_info,
    .bar_read = op_bar_read,
    .bar_write = op_bar_write,
    .dma_limits = op_dma_limits,
    .dma_alloc = op_dma_alloc,
    .dma_free = op_dma_free,
    .irq_count = op_irq_count,
    .irq_enable = op_irq_enable,
    .irq_disable = op_irq_disable,
    .irq_attach = op_irq_attach,
    .irq_detach = op_irq_detach,
};

static int map_arena(struct relay *r, struct sriov_fn *fn, struct sriov_dma *dma)
{
    return sriov_dma_map_at(fn, OWNER, r->arena, ARENA_BYTES, SRIOV_DMA_BOTH, sriov_iova(ARENA_IOVA), dma);
}

struct relay *relay_make(struct sriov_fn *fn)
{
    struct relay *r = calloc(1, sizeof(*r));
    assert_non_null(r);
    r->fn = fn;
    assert_int_equal(posix_memalign((void **)&r->arena, PAGE, ARENA_BYTES), 0);
    memset(r->arena, 0, ARENA_BYTES);
    assert_int_equal(map_arena(r, fn, &r->dma), 0);
    assert_int_equal(sriov_vmm_register(&relay_ops, r, &r->vmm), 0);
    return r;
}

struct sriov_vmm *relay_vmm(struct relay *r)
{
    return r->vmm;
}

void relay_destroy(struct relay *r)
{
    assert_int_equal(sriov_dma_unmap(r->fn, &r->dma), 0);
    assert_int_equal(sriov_vmm_unregister(r->vmm), 0);
    free(r->arena);
    free(r);
}

int relay_prepare(struct relay *r, struct sriov_fn *to)
{
    uint32_t got;
    int err = map_arena(r, to, &r->next_dma);
    if (err == 0 && r->vectors != 0) {
        err = sriov_irq_enable(to, r->vectors, r->vectors, &got);
    }
    for (uint32_t i = 0; err == 0 && i < r->vectors; i++) {
        if (r->sinks[i].cb != NULL) {
            err = sriov_irq_attach(to, i, r->sinks[i].cb, r->sinks[i].arg);
        }
    }
    return err;
}

void relay_forget(struct relay *r, struct sriov_fn *to)
{
    (void)sriov_irq_disable(to);
    (void)sriov_dma_unmap(to, &r->next_dma);
}

void relay_switch(struct relay *r, struct sriov_fn *to)
{
    (void)sriov_irq_disable(r->fn);
    (void)sriov_dma_unmap(r->fn, &r->dma);
    r->fn = to;
    r->dma = r->next_dma;
}
