/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the guest's CPUs wrote: a bit per page of each piece of memory. As a ring, pages stand in it in
 * the order they were written; one that is full stops the guest until it is emptied into the bits, so
 * that nothing is lost.
 */
#include "vm.h"

#include <stdlib.h>

int mock_vm_dirty_begin(const struct mock_vm *vm, struct mock_vm_mem *mem)
{
    if (vm->dirty_mode == 0) {
        return 0;
    }
    mem->dirty = mock_bits_new(mem->mem.length);
    return mem->dirty != NULL ? 0 : -ENOMEM;
}

static void mark_bits(struct mock_vm *vm, uint64_t gpa, uint64_t len)
{
    const struct mock_vm_mem *piece = mock_vm_find_mem(vm, gpa);

    if (piece != NULL && piece->dirty != NULL) {
        mock_bits_mark(piece->dirty, gpa - piece->mem.gpa, len);
    }
}

void mock_vm_dirty_collect(struct mock_vm *vm)
{
    for (uint32_t i = 0; i < vm->ring_count; i++) {
        mark_bits(vm, vm->ring[i], SRIOV_VM_PAGE);
    }
    vm->ring_count = 0;
}

static void push(struct mock_vm *vm, uint64_t page)
{
    for (uint32_t i = 0; i < vm->ring_count; i++) {
        if (vm->ring[i] == page) {
            return;
        }
    }
    if (vm->ring_count == vm->opts.ring_max) {
        vm->counts.ring_full++;
        mock_vm_dirty_collect(vm);
    }
    vm->ring[vm->ring_count++] = page;
}

void mock_vm_dirty_mark(struct mock_vm *vm, uint64_t gpa, uint64_t len)
{
    uint64_t page = gpa - gpa % SRIOV_VM_PAGE;
    uint64_t pages = (gpa - page + len - 1) / SRIOV_VM_PAGE + 1;

    if (vm->dirty_mode != SRIOV_VM_DIRTY_RING) {
        mark_bits(vm, gpa, len);
        return;
    }
    for (; pages > 0; pages--) {
        push(vm, page);
        page += SRIOV_VM_PAGE;
    }
}

static void forget(struct mock_vm *vm)
{
    for (size_t i = 0; i < vm->num_mems; i++) {
        free(vm->mems[i].dirty);
        vm->mems[i].dirty = NULL;
    }
    vm->ring_count = 0;
    vm->dirty_mode = 0;
}

static int check_mode(const struct mock_vm *vm, uint32_t mode)
{
    if (mode != SRIOV_VM_DIRTY_BITMAP && mode != SRIOV_VM_DIRTY_RING) {
        return -EINVAL;
    }
    if (!mock_vm_can(vm, mode == SRIOV_VM_DIRTY_RING ? SRIOV_VM_CAP_DIRTY_RING : SRIOV_VM_CAP_DIRTY_BITMAP)) {
        return -EOPNOTSUPP;
    }
    return vm->dirty_mode != 0 ? -EBUSY : 0;
}

int mock_op_vm_dirty_start(void *ctx, uint32_t mode)
{
    struct mock_vm *vm = ctx;
    int err = mock_gate_vm(vm->mock, vm->name, MOCK_OP_vm_dirty_start);

    if (err == 0) {
        err = check_mode(vm, mode);
    }
    if (err != 0) {
        return err;
    }
    vm->dirty_mode = mode;
    for (size_t i = 0; err == 0 && i < vm->num_mems; i++) {
        err = mock_vm_dirty_begin(vm, &vm->mems[i]);
    }
    if (err != 0) {
        forget(vm);
    }
    return err;
}

int mock_op_vm_dirty_stop(void *ctx)
{
    struct mock_vm *vm = ctx;
    int err = mock_gate_vm(vm->mock, vm->name, MOCK_OP_vm_dirty_stop);

    if (vm->dirty_mode == 0) {
        mock_contract(vm->mock, vm->name, "vm_dirty_stop of a log that is not on");
        return -EINVAL;
    }
    forget(vm); /* also where a fault says otherwise: the manager has no second try */
    return err;
}

int mock_op_vm_dirty_read(void *ctx, uint64_t gpa, uint64_t length, uint64_t *bitmap)
{
    struct mock_vm *vm = ctx;
    int err = mock_gate_vm(vm->mock, vm->name, MOCK_OP_vm_dirty_read);

    if (err != 0) {
        return err;
    }
    if (vm->dirty_mode == 0 || !mock_vm_is_range(gpa, length, true) || bitmap == NULL) {
        mock_contract(vm->mock, vm->name, "vm_dirty_read of no pages, or of a log that is not on");
        return -EINVAL;
    }
    mock_vm_dirty_collect(vm);
    for (size_t i = 0; i < vm->num_mems; i++) {
        const struct sriov_vm_mem *mem = &vm->mems[i].mem;
        struct mock_span piece = {mem->gpa, mem->gpa + (mem->length - 1)};
        struct mock_span asked = {gpa, gpa + (length - 1)};

        mock_bits_take(vm->mems[i].dirty, piece, asked, bitmap);
    }
    return 0;
}
