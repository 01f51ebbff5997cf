/* SPDX-License-Identifier: BSD-3-Clause */
/* Serves the PF while the VFs' side gives time away. */
#include "world.h"

#include <errno.h>

#define SLICE_NS   MS
#define IOVA_FIRST UINT64_C(0x355a000000) /* below 2^39, which the emulated VT-d has */

static void serve(struct pump *pump)
{
    if (pump->pf != NULL && !pump->busy) {
        pump->busy = true;
        (void)sriov_pf_poll(pump->pf);
        pump->busy = false;
    }
}

static void *op_host_alloc(void *vmm, size_t size, size_t align)
{
    struct pump *pump = vmm;
    return pump->ops->host_alloc(pump->ctx, size, align);
}

static void op_host_free(void *vmm, void *ptr, size_t size)
{
    struct pump *pump = vmm;
    pump->ops->host_free(pump->ctx, ptr, size);
}

static uint64_t op_now_ns(void *vmm)
{
    struct pump *pump = vmm;
    return pump->ops->now_ns(pump->ctx);
}

static void op_relax(void *vmm)
{
    struct pump *pump = vmm;
    serve(pump);
    pump->ops->relax(pump->ctx);
    serve(pump);
}

static void op_sleep_ns(void *vmm, uint64_t ns)
{
    struct pump *pump = vmm;
    serve(pump);
    pump->ops->sleep_ns(pump->ctx, ns);
    serve(pump);
}

static int op_wait(void *vmm, uint64_t timeout_ns)
{
    struct pump *pump = vmm;
    int err = -ETIMEDOUT;
    do {
        uint64_t slice = timeout_ns < SLICE_NS ? timeout_ns : SLICE_NS;
        serve(pump);
        err = pump->ops->wait(pump->ctx, slice);
        timeout_ns -= slice;
    } while (err == -ETIMEDOUT && timeout_ns != 0);
    return err;
}

static void op_log(void *vmm, uint32_t level, const char *line)
{
    struct pump *pump = vmm;
    pump->ops->log(pump->ctx, level, line);
}

static int op_enumerate(void *vmm, sriov_enum_cb cb, void *arg)
{
    struct pump *pump = vmm;
    return pump->ops->enumerate(pump->ctx, cb, arg);
}

static int op_open(void *vmm, const struct sriov_open_args *args, void **fn)
{
    struct pump *pump = vmm;
    return pump->ops->open(pump->ctx, args, fn);
}

/* Ops that take a function are the shim's own, with its own handles: of a pump they know nothing. */
static const struct sriov_vmm_ops *shim_ops;

/* Both worlds' DMA memory is where no address looks like another number of the trace. */
static int op_dma_limits(void *fn, struct sriov_dma_limits *limits)
{
    int err = shim_ops->dma_limits(fn, limits);
    uint32_t kept = 0;
    for (uint32_t i = 0; err == 0 && i < limits->num_ranges; i++) {
        struct sriov_dma_range range = limits->ranges[i];
        range.first = range.first < IOVA_FIRST ? IOVA_FIRST : range.first;
        if (range.first < range.last) {
            limits->ranges[kept++] = range;
        }
    }
    limits->num_ranges = err == 0 ? kept : limits->num_ranges;
    return err;
}

int pump_create(struct pump *pump, struct sriov_vmm *below)
{
    pump->ops = sriov_vmm_ops(below);
    pump->ctx = sriov_vmm_ctx(below);
    shim_ops = pump->ops;
    struct sriov_vmm_ops ops = *pump->ops;
    ops.dma_limits = op_dma_limits;
    ops.host_alloc = op_host_alloc;
    ops.host_free = op_host_free;
    ops.now_ns = op_now_ns;
    ops.relax = op_relax;
    ops.sleep_ns = op_sleep_ns;
    ops.wait = op_wait;
    ops.log = op_log;
    ops.enumerate = op_enumerate;
    ops.open = op_open;
    return sriov_vmm_register(&ops, pump, &pump->vmm);
}

void pump_destroy(struct pump *pump)
{
    if (pump->vmm != NULL) {
        (void)sriov_vmm_unregister(pump->vmm);
    }
}
