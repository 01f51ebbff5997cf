/* SPDX-License-Identifier: BSD-3-Clause */
/* Registration: a shim's table becomes one of ours, in which no member is NULL. */
#include "core.h"

/* Larger than any table that we may meet; a bigger size is a wild pointer. */
#define TABLE_SIZE_MAX 65536u

static int copy_table(struct sriov_vmm_ops *to, const struct sriov_vmm_ops *from)
{
    const uint8_t *bytes = (const uint8_t *)from;
    uint32_t size = from->size;

    memset(to, 0, sizeof(*to));
    if (size < offsetof(struct sriov_vmm_ops, host_alloc) || size > TABLE_SIZE_MAX ||
        size % sizeof(void *) != 0) {
        return -EINVAL;
    }
    /* Under another ABI the bytes beyond mean nothing to us. */
    if (from->abi != SRIOV_VMM_ABI) {
        return -EPROTO;
    }
    for (size_t i = sizeof(*to); i < size; i++) {
        if (bytes[i] != 0) {
            return -E2BIG;
        }
    }
    memcpy(to, from, size < sizeof(*to) ? size : sizeof(*to));
    to->size = (uint32_t)sizeof(*to);
    return 0;
}

static bool has_required(const struct sriov_vmm_ops *t)
{
    bool host = t->name != NULL && t->host_alloc != NULL && t->host_free != NULL && t->now_ns != NULL &&
                t->relax != NULL && t->sleep_ns != NULL && t->wait != NULL;
    bool fn = t->open != NULL && t->close != NULL && t->info != NULL && t->cfg_read != NULL &&
              t->cfg_write != NULL && t->bar_info != NULL && t->bar_read != NULL && t->bar_write != NULL;
    bool dma = t->dma_limits != NULL && t->dma_alloc != NULL && t->dma_free != NULL;

    return host && fn && dma;
}

#define FILL(op)                                                                                             \
    do {                                                                                                     \
        if (t->op == NULL) {                                                                                 \
            t->op = sric_absent_ops.op;                                                                      \
        }                                                                                                    \
    } while (0)

/* The VM face: a shim has all of it that its machine can do, or none. */
static void fill_vm_face(struct sriov_vmm_ops *t)
{
    FILL(vm_info);
    FILL(vm_mem_add);
    FILL(vm_mem_del);
    FILL(vm_dev_add);
    FILL(vm_dev_del);
    FILL(vm_window_add);
    FILL(vm_window_del);
    FILL(vm_doorbell_add);
    FILL(vm_doorbell_del);
    FILL(vm_irq_sink);
    FILL(vm_irq_route);
    FILL(vm_irq_pending);
    FILL(vm_dirty_start);
    FILL(vm_dirty_stop);
    FILL(vm_dirty_read);
    FILL(vm_hot_add);
    FILL(vm_hot_remove);
}

static void fill_migration(struct sriov_vmm_ops *t)
{
    FILL(mig_info);
    FILL(mig_state);
    FILL(mig_set_state);
    FILL(mig_read);
    FILL(mig_write);
}

static void fill_optional(struct sriov_vmm_ops *t)
{
    FILL(log);
    FILL(enumerate);
    FILL(reset);
    FILL(set_vfs);
    FILL(kill);
    FILL(bar_view);
    FILL(bar_unview);
    FILL(dma_map);
    FILL(dma_unmap);
    FILL(irq_count);
    FILL(irq_enable);
    FILL(irq_disable);
    FILL(irq_attach);
    FILL(irq_detach);
    FILL(irq_mask);
    FILL(irq_unmask);
    FILL(irq_pending);
    FILL(irq_trigger);
    FILL(set_event_sink);
    FILL(fn_fd);
    FILL(dma_dirty_start);
    FILL(dma_dirty_stop);
    FILL(dma_dirty_read);
}

int sriov_vmm_register(const struct sriov_vmm_ops *ops, void *ctx, struct sriov_vmm **out)
{
    struct sriov_vmm_ops table;
    struct sriov_vmm *vmm;
    int rc;

    if (ops == NULL || out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    rc = copy_table(&table, ops);
    if (rc != 0) {
        return rc;
    }
    if (!has_required(&table)) {
        return -EINVAL;
    }
    fill_optional(&table);
    fill_vm_face(&table);
    fill_migration(&table);
    vmm = table.host_alloc(ctx, sizeof(*vmm), _Alignof(struct sriov_vmm));
    if (vmm == NULL) {
        return -ENOMEM;
    }
    vmm->ops = table;
    vmm->ctx = ctx;
    sric_copy_name(vmm->name, sizeof(vmm->name), table.name);
    vmm->ops.name = vmm->name;
    atomic_init(&vmm->open_fns, 0);
    atomic_init(&vmm->machines, 0);
    atomic_init(&vmm->level, SRIOV_LOG_INFO);
    *out = vmm;
    return 0;
}

int sriov_vmm_unregister(struct sriov_vmm *vmm)
{
    if (vmm == NULL) {
        return -EINVAL;
    }
    if (atomic_load(&vmm->open_fns) != 0 || atomic_load(&vmm->machines) != 0) {
        return -EBUSY;
    }
    vmm->ops.host_free(vmm->ctx, vmm, sizeof(*vmm));
    return 0;
}

const char *sriov_vmm_name(const struct sriov_vmm *vmm)
{
    return vmm->name;
}

int sriov_vmm_enumerate(struct sriov_vmm *vmm, sriov_enum_cb cb, void *arg)
{
    if (cb == NULL) {
        return -EINVAL;
    }
    return vmm->ops.enumerate(vmm->ctx, cb, arg);
}

uint64_t sriov_vmm_now(struct sriov_vmm *vmm)
{
    return vmm->ops.now_ns(vmm->ctx);
}

void sriov_vmm_relax(struct sriov_vmm *vmm)
{
    vmm->ops.relax(vmm->ctx);
}

void sriov_vmm_sleep(struct sriov_vmm *vmm, uint64_t ns)
{
    vmm->ops.sleep_ns(vmm->ctx, ns);
}

int sriov_vmm_wait(struct sriov_vmm *vmm, uint64_t timeout_ns)
{
    return vmm->ops.wait(vmm->ctx, timeout_ns);
}

const struct sriov_vmm_ops *sriov_vmm_ops(const struct sriov_vmm *vmm)
{
    return &vmm->ops;
}

void *sriov_vmm_ctx(const struct sriov_vmm *vmm)
{
    return vmm->ctx;
}

void *sric_alloc(struct sriov_vmm *vmm, size_t size, size_t align)
{
    if (size == 0 || !sric_is_pow2(align) || align > 4096) {
        return NULL;
    }
    return vmm->ops.host_alloc(vmm->ctx, size, align);
}

void sric_free(struct sriov_vmm *vmm, void *ptr, size_t size)
{
    if (ptr != NULL) {
        vmm->ops.host_free(vmm->ctx, ptr, size);
    }
}
