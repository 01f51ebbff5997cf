/* SPDX-License-Identifier: BSD-3-Clause */
/* The shim's table and its life. */
#include "sxen_vm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void *op_host_alloc(void *vmm, size_t size, size_t align)
{
    struct sxen *xen = vmm;
    return xen->base.host.sys->alloc(xen->base.host.sys->ctx, size, align);
}

static void op_host_free(void *vmm, void *ptr, size_t size)
{
    struct sxen *xen = vmm;
    (void)size;
    xen->base.host.sys->free(xen->base.host.sys->ctx, ptr);
}

static uint64_t op_now(void *vmm)
{
    struct sxen *xen = vmm;
    return xen->base.host.sys->now(xen->base.host.sys->ctx);
}

static void op_log(void *vmm, uint32_t level, const char *line)
{
    static const char *const names[] = {"", "error", "warning", "info", "debug"};
    (void)vmm;
    fprintf(stderr, "sriov: %s: %s\n", level < sizeof(names) / sizeof(names[0]) ? names[level] : "log", line);
}

static const struct sriov_vmm_ops sxen_ops = {
    .size = sizeof(struct sriov_vmm_ops),
    .abi = SRIOV_VMM_ABI,
    .name = "xen",
    .host_alloc = op_host_alloc,
    .host_free = op_host_free,
    .now_ns = op_now,
    .relax = skvm_op_relax,
    .sleep_ns = skvm_op_sleep,
    .wait = skvm_op_wait,
    .log = op_log,
    .enumerate = sxen_op_enumerate,
    .open = sxen_op_open,
    .close = sxen_op_close,
    .info = sxen_op_info,
    .reset = sxen_op_reset,
    .set_vfs = sxen_op_set_vfs,
    .kill = sxen_op_kill,
    .cfg_read = sxen_op_cfg_read,
    .cfg_write = sxen_op_cfg_write,
    .bar_info = sxen_op_bar_info,
    .bar_view = sxen_op_bar_view,
    .bar_unview = sxen_op_bar_unview,
    .bar_read = sxen_op_bar_read,
    .bar_write = sxen_op_bar_write,
    .dma_limits = sxen_op_dma_limits,
    .dma_alloc = sxen_op_dma_alloc,
    .dma_free = sxen_op_dma_free,
    .dma_map = sxen_op_dma_map,
    .dma_unmap = sxen_op_dma_unmap,
    .irq_count = sxen_op_irq_count,
    .irq_enable = sxen_op_irq_enable,
    .irq_disable = sxen_op_irq_disable,
    .irq_attach = sxen_op_irq_attach,
    .irq_detach = sxen_op_irq_detach,
    .irq_mask = sxen_op_irq_mask,
    .irq_unmask = sxen_op_irq_unmask,
    .irq_pending = sxen_op_irq_pending,
    .irq_trigger = sxen_op_irq_trigger,
    .set_event_sink = sxen_op_set_event_sink,
    .vm_info = sxen_op_vm_info,
    .vm_mem_add = sxen_op_vm_mem_add,
    .vm_mem_del = sxen_op_vm_mem_del,
    .vm_dev_add = sxen_op_vm_dev_add,
    .vm_dev_del = sxen_op_vm_dev_del,
    .vm_window_add = sxen_op_vm_window_add,
    .vm_window_del = sxen_op_vm_window_del,
    .vm_irq_sink = sxen_op_vm_irq_sink,
    .vm_irq_route = sxen_op_vm_irq_route,
    .vm_irq_pending = sxen_op_vm_irq_pending,
    .vm_dirty_start = sxen_op_vm_dirty_start,
    .vm_dirty_stop = sxen_op_vm_dirty_stop,
    .vm_dirty_read = sxen_op_vm_dirty_read,
    .vm_hot_add = sxen_op_vm_hot_add,
    .vm_hot_remove = sxen_op_vm_hot_remove,
};

/* ---- options ---- */

static int tail_check(const struct sriov_xen_opts *opts)
{
    const unsigned char *bytes = (const unsigned char *)opts;
    for (size_t i = sizeof(*opts); i < opts->size; i++) {
        if (bytes[i] != 0) {
            return -E2BIG;
        }
    }
    return 0;
}

int sxen_opts_take(const struct sriov_xen_opts *opts, struct sriov_xen_opts *own)
{
    *own = (struct sriov_xen_opts){.size = sizeof(*own)};
    if (opts != NULL) {
        if (opts->size < offsetof(struct sriov_xen_opts, sysfs_root)) {
            return -EINVAL;
        }
        int err = tail_check(opts);
        if (err != 0) {
            return err;
        }
        memcpy(own, opts, opts->size < sizeof(*own) ? opts->size : sizeof(*own));
    }
    own->chunk_bytes = own->chunk_bytes != 0 ? own->chunk_bytes : SXEN_CHUNK;
    bool chunk_ok = (own->chunk_bytes & (own->chunk_bytes - 1)) == 0 && own->chunk_bytes >= SXEN_PAGE &&
                    own->chunk_bytes <= SXEN_CHUNK_MAX;
    bool flags_ok = (own->flags & ~(SRIOV_XEN_ALLOW_NOIOMMU | SRIOV_XEN_POLL_ONLY)) == 0;
    return chunk_ok && flags_ok ? 0 : -EINVAL;
}

static int host_init(struct skvm_host *host, const struct sriov_xen_opts *opts, const struct skvm_sys *sys)
{
    const struct sriov_kvm_opts roots = {.size = sizeof(roots),
                                         .sysfs_root = opts->sysfs_root,
                                         .dev_root = opts->dev_root,
                                         .proc_root = opts->proc_root};
    return skvm_host_init(host, &roots, sys);
}

/* ---- life ---- */

static void xen_free(struct sxen *xen)
{
    const struct skvm_sys *sys = xen->base.host.sys;
    if (xen->xen != NULL) {
        xen->door->close(xen->door->ctx, xen->xen);
    }
    if (xen->base.epoll >= 0) {
        sys->close(sys->ctx, xen->base.epoll);
    }
    pthread_cond_destroy(&xen->base.idle);
    pthread_mutex_destroy(&xen->base.lock);
    if (xen->base.slots != NULL) {
        sys->free(sys->ctx, xen->base.slots);
    }
    sys->free(sys->ctx, xen);
}

int sxen_create(const struct sriov_xen_opts *opts, const struct skvm_sys *sys, const struct sxen_door *door,
                struct sriov_vmm **out)
{
    struct sriov_xen_opts own;
    struct skvm_host host;
    int err = sxen_opts_take(opts, &own);
    err = err != 0 ? err : host_init(&host, &own, sys);
    if (err != 0) {
        return err;
    }
    struct sxen *xen = sys->alloc(sys->ctx, sizeof(*xen), _Alignof(max_align_t));
    if (xen == NULL) {
        return -ENOMEM;
    }
    xen->base.host = host;
    xen->door = door;
    xen->flags = own.flags;
    xen->chunk_bytes = own.chunk_bytes;
    xen->kind = sxen_kind_of(&host);
    pthread_mutex_init(&xen->base.lock, NULL);
    pthread_cond_init(&xen->base.idle, NULL);
    xen->base.epoll = sys->epoll_create(sys->ctx);
    err = xen->base.epoll < 0 ? xen->base.epoll : sriov_vmm_register(&sxen_ops, xen, &xen->base.vmm);
    if (err != 0) {
        xen_free(xen);
        return err;
    }
    *out = xen->base.vmm;
    return 0;
}

int sriov_xen_create(const struct sriov_xen_opts *opts, struct sriov_vmm **out)
{
    if (out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    return sxen_create(opts, &skvm_sys_linux, &sxen_door_linux, out);
}

int sriov_xen_destroy(struct sriov_vmm *vmm)
{
    if (vmm == NULL) {
        return 0;
    }
    struct sxen *xen = sriov_vmm_ctx(vmm);
    pthread_mutex_lock(&xen->base.lock);
    bool machines = xen->base.machines != 0;
    pthread_mutex_unlock(&xen->base.lock);
    int err = machines ? -EBUSY : sriov_vmm_unregister(vmm);
    if (err == 0) {
        xen_free(xen);
    }
    return err;
}
