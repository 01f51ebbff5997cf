/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine from registration to its end. */
#include "vm.h"

/* A shim has what puts a function into a guest, or it has no VM face. */
static bool has_vm_face(const struct sriov_vmm_ops *ops)
{
    const struct sriov_vmm_ops *none = &sric_absent_ops;

    return ops->vm_info != none->vm_info && ops->vm_mem_add != none->vm_mem_add &&
           ops->vm_mem_del != none->vm_mem_del && ops->vm_dev_add != none->vm_dev_add &&
           ops->vm_dev_del != none->vm_dev_del && ops->vm_window_add != none->vm_window_add &&
           ops->vm_window_del != none->vm_window_del && ops->vm_hot_add != none->vm_hot_add;
}

int sriov_vm_register(struct sriov_vmm *vmm, void *ctx, const char *name, struct sriov_vm **out)
{
    struct sriov_vm *vm;

    if (vmm == NULL || name == NULL || name[0] == '\0' || out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    if (!has_vm_face(&vmm->ops)) {
        return -EOPNOTSUPP;
    }
    vm = sric_alloc(vmm, sizeof(*vm), _Alignof(struct sriov_vm));
    if (vm == NULL) {
        return -ENOMEM;
    }
    vm->vmm = vmm;
    vm->ctx = ctx;
    sric_copy_name(vm->name, sizeof(vm->name), name);
    (void)sriov_format(vm->owner, sizeof(vm->owner), "vm %s", vm->name);
    atomic_fetch_add(&vmm->machines, 1);
    *out = vm;
    return 0;
}

int sriov_vm_unregister(struct sriov_vm *vm)
{
    struct sriov_vmm *vmm;

    if (vm == NULL) {
        return -EINVAL;
    }
    if (vm->num_mems != 0 || vm->assigns != NULL) {
        return -EBUSY;
    }
    vmm = vm->vmm;
    sric_free(vmm, vm->mems, sizeof(*vm->mems) * vm->mems_room);
    sric_free(vmm, vm, sizeof(*vm));
    atomic_fetch_sub(&vmm->machines, 1);
    return 0;
}

const char *sriov_vm_name(const struct sriov_vm *vm)
{
    return vm->name;
}

struct sriov_vmm *sriov_vm_vmm(const struct sriov_vm *vm)
{
    return vm->vmm;
}

void *sriov_vm_ctx(const struct sriov_vm *vm)
{
    return vm->ctx;
}

int sriov_vm_info(struct sriov_vm *vm, struct sriov_vm_info *info)
{
    struct sriov_vm_info now = {.size = sizeof(now)};
    int rc = sric_vm_ops(vm)->vm_info(vm->ctx, &now);

    return rc != 0 ? rc : sric_result_give(info, &now, sizeof(now));
}
