/* SPDX-License-Identifier: BSD-3-Clause */
/* The shim's table and its life. */
#include "skvm_vm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void *op_host_alloc(void *vmm, size_t size, size_t align)
{
    struct skvm *kvm = vmm;
    return kvm->host.sys->alloc(kvm->host.sys->ctx, size, align);
}

static void op_host_free(void *vmm, void *ptr, size_t size)
{
    struct skvm *kvm = vmm;
    (void)size;
    kvm->host.sys->free(kvm->host.sys->ctx, ptr);
}

static uint64_t op_now(void *vmm)
{
    struct skvm *kvm = vmm;
    return kvm->host.sys->now(kvm->host.sys->ctx);
}

static void op_log(void *vmm, uint32_t level, const char *line)
{
    static const char *const names[] = {"", "error", "warning", "info", "debug"};
    (void)vmm;
    fprintf(stderr, "sriov: %s: %s\n", level < sizeof(names) / sizeof(names[0]) ? names[level] : "log", line);
}

static const struct sriov_vmm_ops skvm_ops = {
    .size = sizeof(struct sriov_vmm_ops),
    .abi = SRIOV_VMM_ABI,
    .name = "kvm",
    .host_alloc = op_host_alloc,
    .host_free = op_host_free,
    .now_ns = op_now,
    .relax = skvm_op_relax,
    .sleep_ns = skvm_op_sleep,
    .wait = skvm_op_wait,
    .log = op_log,
    .enumerate = skvm_enumerate,
    .open = skvm_op_open,
    .close = skvm_op_close,
    .info = skvm_op_info,
    .reset = skvm_op_reset,
    .set_vfs = skvm_op_set_vfs,
    .kill = skvm_op_kill,
    .cfg_read = skvm_op_cfg_read,
    .cfg_write = skvm_op_cfg_write,
    .bar_info = skvm_op_bar_info,
    .bar_view = skvm_op_bar_view,
    .bar_unview = skvm_op_bar_unview,
    .bar_read = skvm_op_bar_read,
    .bar_write = skvm_op_bar_write,
    .dma_limits = skvm_op_dma_limits,
    .dma_alloc = skvm_op_dma_alloc,
    .dma_free = skvm_op_dma_free,
    .dma_map = skvm_op_dma_map,
    .dma_unmap = skvm_op_dma_unmap,
    .irq_count = skvm_op_irq_count,
    .irq_enable = skvm_op_irq_enable,
    .irq_disable = skvm_op_irq_disable,
    .irq_attach = skvm_op_irq_attach,
    .irq_detach = skvm_op_irq_detach,
    .irq_mask = skvm_op_irq_mask,
    .irq_unmask = skvm_op_irq_unmask,
    .irq_pending = skvm_op_irq_pending,
    .irq_trigger = skvm_op_irq_trigger,
    .set_event_sink = skvm_op_set_event_sink,
    .fn_fd = skvm_op_fn_fd,
    .dma_dirty_start = skvm_op_dma_dirty_start,
    .dma_dirty_stop = skvm_op_dma_dirty_stop,
    .dma_dirty_read = skvm_op_dma_dirty_read,
    .mig_info = skvm_op_mig_info,
    .mig_state = skvm_op_mig_state,
    .mig_set_state = skvm_op_mig_set_state,
    .mig_read = skvm_op_mig_read,
    .mig_write = skvm_op_mig_write,
    .vm_info = skvm_op_vm_info,
    .vm_mem_add = skvm_op_vm_mem_add,
    .vm_mem_del = skvm_op_vm_mem_del,
    .vm_dev_add = skvm_op_vm_dev_add,
    .vm_dev_del = skvm_op_vm_dev_del,
    .vm_window_add = skvm_op_vm_window_add,
    .vm_window_del = skvm_op_vm_window_del,
    .vm_doorbell_add = skvm_op_vm_doorbell_add,
    .vm_doorbell_del = skvm_op_vm_doorbell_del,
    .vm_irq_sink = skvm_op_vm_irq_sink,
    .vm_irq_route = skvm_op_vm_irq_route,
    .vm_irq_pending = skvm_op_vm_irq_pending,
    .vm_dirty_start = skvm_op_vm_dirty_start,
    .vm_dirty_stop = skvm_op_vm_dirty_stop,
    .vm_dirty_read = skvm_op_vm_dirty_read,
    .vm_hot_add = skvm_op_vm_hot_add,
    .vm_hot_remove = skvm_op_vm_hot_remove,
};

static void kvm_free(struct skvm *kvm)
{
    const struct skvm_sys *sys = kvm->host.sys;
    if (kvm->epoll >= 0) {
        sys->close(sys->ctx, kvm->epoll);
    }
    pthread_cond_destroy(&kvm->idle);
    pthread_mutex_destroy(&kvm->lock);
    if (kvm->slots != NULL) {
        sys->free(sys->ctx, kvm->slots);
    }
    sys->free(sys->ctx, kvm);
}

int skvm_create(const struct sriov_kvm_opts *opts, const struct skvm_sys *sys, struct sriov_vmm **out)
{
    struct skvm_host host;
    int err = skvm_host_init(&host, opts, sys);
    if (err != 0) {
        return err;
    }
    struct skvm *kvm = sys->alloc(sys->ctx, sizeof(*kvm), _Alignof(max_align_t));
    if (kvm == NULL) {
        return -ENOMEM;
    }
    kvm->host = host;
    pthread_mutex_init(&kvm->lock, NULL);
    pthread_cond_init(&kvm->idle, NULL);
    kvm->epoll = sys->epoll_create(sys->ctx);
    err = kvm->epoll < 0 ? kvm->epoll : sriov_vmm_register(&skvm_ops, kvm, &kvm->vmm);
    if (err != 0) {
        kvm_free(kvm);
        return err;
    }
    *out = kvm->vmm;
    return 0;
}

int sriov_kvm_create(const struct sriov_kvm_opts *opts, struct sriov_vmm **out)
{
    if (out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    return skvm_create(opts, &skvm_sys_linux, out);
}

int sriov_kvm_destroy(struct sriov_vmm *vmm)
{
    if (vmm == NULL) {
        return 0;
    }
    struct skvm *kvm = sriov_vmm_ctx(vmm);
    pthread_mutex_lock(&kvm->lock);
    bool machines = kvm->machines != 0;
    pthread_mutex_unlock(&kvm->lock);
    int err = machines ? -EBUSY : sriov_vmm_unregister(vmm);
    if (err == 0) {
        kvm_free(kvm);
    }
    return err;
}

const char *sriov_kvm_backend_of(struct sriov_vmm *vmm, const char *bdf)
{
    struct skvm *kvm = sriov_vmm_ctx(vmm);
    const char *name = NULL;
    pthread_mutex_lock(&kvm->lock);
    for (const struct skvm_fn *fn = kvm->fns; fn != NULL && name == NULL; fn = fn->next) {
        if (strcmp(fn->info.name, bdf) == 0) {
            name = fn->space->backend->name;
        }
    }
    pthread_mutex_unlock(&kvm->lock);
    return name;
}
