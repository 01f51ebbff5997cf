/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dirty log of a machine: what its CPUs wrote, what its functions wrote, and what functions wrote
 * that left while the log was on. All of it is or-ed together.
 */
#include "vm.h"

#define WORD_BITS 64u

static size_t carry_bytes(const struct sric_vm_mem *mem)
{
    uint64_t pages = mem->length / SRIOV_VM_PAGE;

    return (size_t)((pages + WORD_BITS - 1) / WORD_BITS * sizeof(uint64_t));
}

int sric_vm_carry_make(struct sriov_vm *vm, struct sric_vm_mem *mem)
{
    mem->carry = sric_alloc(vm->vmm, carry_bytes(mem), _Alignof(uint64_t));
    return mem->carry != NULL ? 0 : -ENOMEM;
}

void sric_vm_carry_free(struct sriov_vm *vm, struct sric_vm_mem *mem)
{
    if (mem->carry != NULL) {
        sric_free(vm->vmm, mem->carry, carry_bytes(mem));
    }
    mem->carry = NULL;
    mem->carried = false;
}

static void carry_free_all(struct sriov_vm *vm)
{
    for (uint32_t i = 0; i < vm->num_mems; i++) {
        sric_vm_carry_free(vm, &vm->mems[i]);
    }
}

static int carry_make_all(struct sriov_vm *vm)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < vm->num_mems; i++) {
        rc = sric_vm_carry_make(vm, &vm->mems[i]);
    }
    if (rc != 0) {
        carry_free_all(vm);
    }
    return rc;
}

/* ---- of one function ---- */

int sric_vm_log_on(struct sriov_assign *a)
{
    int rc;

    if (!a->vm->dirty) {
        return 0;
    }
    rc = sric_fn_saw(a->fn, sric_ops(a->fn)->dma_dirty_start(a->fn->handle));
    a->logged = rc == 0;
    return rc;
}

/* The shim itself is asked, also of a function that is gone: it may still know. */
static int read_fn(const struct sriov_assign *a, uint64_t gpa, uint64_t length, uint64_t *bitmap)
{
    return a->fn->vmm->ops.dma_dirty_read(a->fn->handle, gpa, length, bitmap);
}

static bool may_carry(const struct sriov_assign *a, const struct sric_vm_mem *mem)
{
    return a->logged && mem->carry != NULL && (mem->flags & SRIOV_VM_MEM_READONLY) == 0;
}

/* Where nobody can tell any more what was written, all of it may have been. */
void sric_vm_carry_all(const struct sriov_assign *a, struct sric_vm_mem *mem)
{
    if (may_carry(a, mem)) {
        memset(mem->carry, 0xff, carry_bytes(mem));
        mem->carried = true;
    }
}

static void carry_on(const struct sriov_assign *a, struct sric_vm_mem *mem)
{
    if (!may_carry(a, mem)) {
        return;
    }
    if (read_fn(a, mem->gpa, mem->length, mem->carry) != 0) {
        sric_vm_carry_all(a, mem);
    }
    mem->carried = true;
}

void sric_vm_log_off(struct sriov_assign *a)
{
    if (!a->logged) {
        return;
    }
    for (uint32_t i = 0; i < a->vm->num_mems; i++) {
        carry_on(a, &a->vm->mems[i]);
    }
    (void)a->fn->vmm->ops.dma_dirty_stop(a->fn->handle);
    a->logged = false;
}

/* ---- start and stop ---- */

static void stop_until(struct sriov_vm *vm, const struct sriov_assign *end)
{
    for (struct sriov_assign *a = vm->assigns; a != end; a = a->next) {
        if (a->logged) {
            (void)a->fn->vmm->ops.dma_dirty_stop(a->fn->handle);
            a->logged = false;
        }
    }
}

static int start_all(struct sriov_vm *vm)
{
    for (struct sriov_assign *a = vm->assigns; a != NULL; a = a->next) {
        /* One that vanished writes nothing. */
        int rc = a->taken || sriov_fn_gone(a->fn) ? 0 : sric_vm_log_on(a);

        if (rc != 0 && !sriov_fn_gone(a->fn)) {
            stop_until(vm, a);
            return rc;
        }
    }
    return 0;
}

static int check_mode(struct sriov_vm *vm, uint32_t mode)
{
    struct sriov_vm_info info = {.size = sizeof(info)};
    uint64_t needs = mode == SRIOV_VM_DIRTY_RING ? SRIOV_VM_CAP_DIRTY_RING : SRIOV_VM_CAP_DIRTY_BITMAP;
    int rc;

    if (mode != SRIOV_VM_DIRTY_BITMAP && mode != SRIOV_VM_DIRTY_RING) {
        return -EINVAL;
    }
    if (vm->dirty) {
        return -EBUSY;
    }
    rc = sriov_vm_info(vm, &info);
    return rc == 0 && (info.caps & needs) == 0 ? -EOPNOTSUPP : rc;
}

int sriov_vm_dirty_start(struct sriov_vm *vm, uint32_t mode)
{
    int rc = vm != NULL ? check_mode(vm, mode) : -EINVAL;

    if (rc == 0) {
        rc = carry_make_all(vm);
    }
    if (rc != 0) {
        return rc;
    }
    vm->dirty = true;
    rc = start_all(vm);
    if (rc == 0) {
        rc = sric_vm_ops(vm)->vm_dirty_start(vm->ctx, mode);
        if (rc != 0) {
            stop_until(vm, NULL);
        }
    }
    if (rc != 0) {
        vm->dirty = false;
        carry_free_all(vm);
    }
    return rc;
}

/* Off afterwards, whatever the shims said. */
int sriov_vm_dirty_stop(struct sriov_vm *vm)
{
    int rc;

    if (vm == NULL || !vm->dirty) {
        return -EINVAL;
    }
    rc = sric_vm_ops(vm)->vm_dirty_stop(vm->ctx);
    stop_until(vm, NULL);
    carry_free_all(vm);
    vm->dirty = false;
    return rc;
}

/* ---- reading ---- */

static bool take_bit(uint64_t *bits, uint64_t i)
{
    uint64_t bit = UINT64_C(1) << i % WORD_BITS;
    bool set = (bits[i / WORD_BITS] & bit) != 0;

    bits[i / WORD_BITS] &= ~bit;
    return set;
}

/* Of one piece, the carried pages that lie in [gpa, gpa + length). */
static void read_carry(struct sric_vm_mem *mem, uint64_t gpa, uint64_t length, uint64_t *bitmap)
{
    uint64_t first = gpa > mem->gpa ? gpa : mem->gpa;
    uint64_t last = gpa + (length - 1);
    uint64_t mem_last = mem->gpa + (mem->length - 1);

    last = last < mem_last ? last : mem_last;
    if (!mem->carried || first > last) {
        return;
    }
    for (uint64_t i = 0; i <= (last - first) / SRIOV_VM_PAGE; i++) {
        uint64_t to = (first - gpa) / SRIOV_VM_PAGE + i;

        if (take_bit(mem->carry, (first - mem->gpa) / SRIOV_VM_PAGE + i)) {
            bitmap[to / WORD_BITS] |= UINT64_C(1) << to % WORD_BITS;
        }
    }
}

/* All of the range must be memory, though not one piece. */
static bool is_all_memory(const struct sriov_vm *vm, uint64_t gpa, uint64_t length)
{
    for (uint32_t i = 0; length != 0 && i < vm->num_mems; i++) {
        const struct sric_vm_mem *mem = &vm->mems[i];

        if (gpa >= mem->gpa && gpa - mem->gpa < mem->length) {
            uint64_t here = mem->length - (gpa - mem->gpa);

            here = here < length ? here : length;
            gpa += here;
            length -= here;
            i = UINT32_MAX; /* pieces are in no order: from the first again */
        }
    }
    return length == 0;
}

static int check_range(const struct sriov_vm *vm, uint64_t gpa, uint64_t length)
{
    if (!vm->dirty || length == 0 || ((gpa | length) & (SRIOV_VM_PAGE - 1)) != 0 ||
        sric_vm_wraps(gpa, length)) {
        return -EINVAL;
    }
    return is_all_memory(vm, gpa, length) ? 0 : -ERANGE;
}

/* One that vanished and cannot tell any more is done with: what it may have written is carried on. */
static int read_fns(struct sriov_vm *vm, uint64_t gpa, uint64_t length, uint64_t *bitmap)
{
    int rc = 0;

    for (struct sriov_assign *a = vm->assigns; a != NULL; a = a->next) {
        int step = a->logged ? read_fn(a, gpa, length, bitmap) : 0;

        if (step != 0 && sriov_fn_gone(a->fn)) {
            sric_vm_log_off(a);
        } else if (rc == 0) {
            rc = step;
        }
    }
    return rc;
}

/* Every source is read, also after one that failed: what it cleared is in the bitmap then. */
int sriov_vm_dirty_read(struct sriov_vm *vm, uint64_t gpa, uint64_t length, uint64_t *bitmap)
{
    int rc = vm != NULL && bitmap != NULL ? check_range(vm, gpa, length) : -EINVAL;
    int fns;

    if (rc != 0) {
        return rc;
    }
    memset(bitmap, 0, (size_t)((length / SRIOV_VM_PAGE + WORD_BITS - 1) / WORD_BITS * sizeof(*bitmap)));
    rc = sric_vm_ops(vm)->vm_dirty_read(vm->ctx, gpa, length, bitmap);
    fns = read_fns(vm, gpa, length, bitmap);
    for (uint32_t i = 0; i < vm->num_mems; i++) {
        read_carry(&vm->mems[i], gpa, length, bitmap);
    }
    return rc != 0 ? rc : fns;
}
