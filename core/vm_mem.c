/* SPDX-License-Identifier: BSD-3-Clause */
/* Guest memory: one list for the machine and all its functions. */
#include "vm.h"

#define FIRST_ROOM 4u

static int take_mem(struct sriov_vm_mem *to, const struct sriov_vm_mem *from)
{
    const uint64_t below = SRIOV_VM_PAGE - 1;
    int rc = sric_opts_take(to, sizeof(*to), sizeof(*to), from);

    if (rc != 0) {
        return rc;
    }
    to->size = sizeof(*to);
    if ((to->flags & ~SRIOV_VM_MEM_READONLY) != 0 || to->va == NULL || to->length == 0) {
        return -EINVAL;
    }
    if (((to->gpa | to->length | (uint64_t)(uintptr_t)to->va) & below) != 0) {
        return -EINVAL;
    }
    return sric_vm_wraps(to->gpa, to->length) ? -EINVAL : 0;
}

bool sric_vm_is_memory(const struct sriov_vm *vm, uint64_t gpa, uint64_t length)
{
    for (uint32_t i = 0; i < vm->num_mems; i++) {
        if (sric_vm_overlap(gpa, length, vm->mems[i].gpa, vm->mems[i].length)) {
            return true;
        }
    }
    return false;
}

static int reserve(struct sriov_vm *vm)
{
    uint32_t room = vm->mems_room == 0 ? FIRST_ROOM : vm->mems_room * 2;
    struct sric_vm_mem *mems;

    if (vm->num_mems < vm->mems_room) {
        return 0;
    }
    mems = sric_alloc(vm->vmm, sizeof(*mems) * room, _Alignof(struct sric_vm_mem));
    if (mems == NULL) {
        return -ENOMEM;
    }
    if (vm->mems != NULL) {
        memcpy(mems, vm->mems, sizeof(*mems) * vm->num_mems);
    }
    sric_free(vm->vmm, vm->mems, sizeof(*mems) * vm->mems_room);
    vm->mems = mems;
    vm->mems_room = room;
    return 0;
}

/* ---- of one function ---- */

static bool reaches_memory(const struct sriov_assign *a)
{
    return a->dev != NULL && !a->taken && (a->caps & SRIOV_VM_CAP_OWN_DMA) == 0;
}

static int map_one(struct sriov_assign *a, const struct sric_vm_mem *mem)
{
    bool readonly = (mem->flags & SRIOV_VM_MEM_READONLY) != 0;

    return sric_dma_map_at(a->fn, a->vm->owner, mem->va, sriov_iova(mem->gpa), mem->length,
                           readonly ? SRIOV_DMA_DEVICE_READS : SRIOV_DMA_BOTH);
}

int sric_vm_map_all(struct sriov_assign *a)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && reaches_memory(a) && i < a->vm->num_mems; i++) {
        rc = map_one(a, &a->vm->mems[i]);
    }
    return rc;
}

/* A piece that is not mapped is none of ours to give back: a failed assign comes here, too. */
void sric_vm_unmap_all(struct sriov_assign *a)
{
    for (uint32_t i = a->vm->num_mems; i > 0; i--) {
        (void)sric_dma_abandon_at(a->fn, sriov_iova(a->vm->mems[i - 1].gpa));
    }
}

/* ---- of all functions ---- */

static void unmap_until(struct sriov_vm *vm, const struct sriov_assign *end, const struct sric_vm_mem *mem)
{
    for (struct sriov_assign *a = vm->assigns; a != end; a = a->next) {
        if (reaches_memory(a)) {
            (void)sric_dma_abandon_at(a->fn, sriov_iova(mem->gpa));
        }
    }
}

/* One that vanished needs no memory, and does not keep the others from theirs. */
static int map_everywhere(struct sriov_vm *vm, const struct sric_vm_mem *mem)
{
    for (struct sriov_assign *a = vm->assigns; a != NULL; a = a->next) {
        int rc = reaches_memory(a) ? map_one(a, mem) : 0;

        if (rc != 0 && !sriov_fn_gone(a->fn)) {
            unmap_until(vm, a, mem);
            return rc;
        }
    }
    return 0;
}

static void map_again_until(struct sriov_vm *vm, const struct sriov_assign *end, struct sric_vm_mem *mem)
{
    for (struct sriov_assign *a = vm->assigns; a != end; a = a->next) {
        int rc = reaches_memory(a) ? map_one(a, mem) : 0;

        sric_vm_carry_all(a, mem);
        if (rc != 0 && !sriov_fn_gone(a->fn)) {
            sriov_log(vm->vmm, SRIOV_LOG_ERROR, "%s: lost sight of memory at 0x%llx: errno %d",
                      a->fn->info.name, (unsigned long long)mem->gpa, -rc);
        }
    }
}

static int unmap_one(struct sriov_assign *a, const struct sric_vm_mem *mem)
{
    /* It may have lost sight of it before. */
    if (!reaches_memory(a) || !sric_dma_is_at(a->fn, sriov_iova(mem->gpa))) {
        return 0;
    }
    if (sriov_fn_gone(a->fn)) {
        (void)sric_dma_abandon_at(a->fn, sriov_iova(mem->gpa));
        return 0;
    }
    return sric_dma_unmap_at(a->fn, sriov_iova(mem->gpa));
}

/* All, or none: memory that one device still reaches stays the guest's. */
static int unmap_everywhere(struct sriov_vm *vm, struct sric_vm_mem *mem)
{
    for (struct sriov_assign *a = vm->assigns; a != NULL; a = a->next) {
        int rc = unmap_one(a, mem);

        if (rc != 0) {
            map_again_until(vm, a, mem);
            return rc;
        }
    }
    return 0;
}

/* ---- of the machine ---- */

static int enter(struct sriov_vm *vm, const struct sriov_vm_mem *mem)
{
    struct sric_vm_mem *slot = &vm->mems[vm->num_mems];
    int rc;

    *slot = (struct sric_vm_mem){.gpa = mem->gpa, .length = mem->length, .va = mem->va, .flags = mem->flags};
    rc = vm->dirty ? sric_vm_carry_make(vm, slot) : 0;
    if (rc == 0) {
        rc = map_everywhere(vm, slot);
    }
    if (rc == 0) {
        rc = sric_vm_ops(vm)->vm_mem_add(vm->ctx, mem);
        if (rc != 0) {
            unmap_until(vm, NULL, slot);
        }
    }
    if (rc != 0) {
        sric_vm_carry_free(vm, slot);
        return rc;
    }
    vm->num_mems++;
    return 0;
}

int sriov_vm_add_memory(struct sriov_vm *vm, const struct sriov_vm_mem *mem)
{
    struct sriov_vm_mem taken;
    int rc = vm != NULL ? take_mem(&taken, mem) : -EINVAL;

    if (rc != 0) {
        return rc;
    }
    if (sric_vm_is_memory(vm, taken.gpa, taken.length)) {
        return -EINVAL;
    }
    if (sric_vm_is_window(vm, taken.gpa, taken.length)) {
        return -EBUSY;
    }
    rc = reserve(vm);
    return rc != 0 ? rc : enter(vm, &taken);
}

static struct sric_vm_mem *find(struct sriov_vm *vm, uint64_t gpa, uint64_t length)
{
    for (uint32_t i = 0; i < vm->num_mems; i++) {
        if (vm->mems[i].gpa == gpa && vm->mems[i].length == length) {
            return &vm->mems[i];
        }
    }
    return NULL;
}

int sriov_vm_del_memory(struct sriov_vm *vm, uint64_t gpa, uint64_t length)
{
    struct sric_vm_mem *mem = vm != NULL ? find(vm, gpa, length) : NULL;
    struct sriov_vm_mem piece = {.size = sizeof(piece)};
    int rc;

    if (mem == NULL) {
        return vm != NULL ? -ENOENT : -EINVAL;
    }
    piece.flags = mem->flags;
    piece.gpa = mem->gpa;
    piece.length = mem->length;
    piece.va = mem->va;
    rc = unmap_everywhere(vm, mem);
    if (rc == 0) {
        rc = sric_vm_ops(vm)->vm_mem_del(vm->ctx, &piece);
        if (rc != 0) {
            map_again_until(vm, NULL, mem);
        }
    }
    if (rc != 0) {
        return rc;
    }
    sric_vm_carry_free(vm, mem);
    vm->num_mems--;
    *mem = vm->mems[vm->num_mems];
    return 0;
}
