/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's memory. It stays the caller's; the machine only knows where it lies. */
#include "vm.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool mock_vm_is_range(uint64_t gpa, uint64_t length, bool paged)
{
    if (length == 0 || length - 1 > UINT64_MAX - gpa) {
        return false;
    }
    return !paged || (gpa % SRIOV_VM_PAGE == 0 && length % SRIOV_VM_PAGE == 0);
}

static uint64_t last_of(const struct sriov_vm_mem *mem)
{
    return mem->gpa + (mem->length - 1);
}

bool mock_vm_over_memory(const struct mock_vm *vm, uint64_t first, uint64_t last)
{
    for (size_t i = 0; i < vm->num_mems; i++) {
        if (vm->mems[i].mem.gpa <= last && first <= last_of(&vm->mems[i].mem)) {
            return true;
        }
    }
    return false;
}

struct mock_vm_mem *mock_vm_find_mem(const struct mock_vm *vm, uint64_t gpa)
{
    for (size_t i = 0; i < vm->num_mems; i++) {
        if (vm->mems[i].mem.gpa <= gpa && gpa <= last_of(&vm->mems[i].mem)) {
            return &vm->mems[i];
        }
    }
    return NULL;
}

int mock_vm_check_room(const struct mock_vm *vm)
{
    size_t used = vm->num_mems;

    for (size_t i = 0; i < vm->num_windows; i++) {
        used += vm->windows[i].win.va != NULL;
    }
    return vm->opts.memory_max != 0 && used >= vm->opts.memory_max ? -ENOSPC : 0;
}

static int check_mem(struct mock_vm *vm, const char *what, const struct sriov_vm_mem *mem)
{
    int err = mock_check_struct(mem, sizeof(*mem), sizeof(*mem));

    if (err != 0) {
        mock_contract(vm->mock, vm->name, "struct sriov_vm_mem of a wrong size");
        return err;
    }
    if (!mock_vm_is_range(mem->gpa, mem->length, true) || (mem->flags & ~SRIOV_VM_MEM_READONLY) != 0 ||
        mem->va == NULL || (uintptr_t)mem->va % SRIOV_VM_PAGE != 0) {
        mock_contract(vm->mock, vm->name, "%s: no pages of memory: 0x%" PRIx64 ", 0x%" PRIx64 " bytes", what,
                      mem->gpa, mem->length);
        return -EINVAL;
    }
    return 0;
}

int mock_op_vm_mem_add(void *ctx, const struct sriov_vm_mem *mem)
{
    struct mock_vm *vm = ctx;
    struct mock_vm_mem piece = {0};
    int err = mock_gate_vm(vm->mock, vm->name, MOCK_OP_vm_mem_add);

    if (err == 0) {
        err = check_mem(vm, "vm_mem_add", mem);
    }
    if (err != 0) {
        return err;
    }
    if (mock_vm_over_memory(vm, mem->gpa, last_of(mem)) || mock_vm_over_window(vm, mem->gpa, last_of(mem))) {
        return -EINVAL;
    }
    err = mock_vm_check_room(vm);
    if (err != 0) {
        return err;
    }
    if (!mock_grow((void **)&vm->mems, &vm->mems_room, vm->num_mems, sizeof(*vm->mems))) {
        return -ENOMEM;
    }
    piece.mem = *mem;
    err = mock_vm_dirty_begin(vm, &piece);
    if (err == 0) {
        vm->mems[vm->num_mems++] = piece;
    }
    return err;
}

int mock_op_vm_mem_del(void *ctx, const struct sriov_vm_mem *mem)
{
    struct mock_vm *vm = ctx;
    struct mock_vm_mem *piece;
    int refused = mock_gate_vm(vm->mock, vm->name, MOCK_OP_vm_mem_del);
    int err = check_mem(vm, "vm_mem_del", mem);

    if (err != 0) {
        return err;
    }
    piece = mock_vm_find_mem(vm, mem->gpa);
    if (piece == NULL || piece->mem.gpa != mem->gpa || piece->mem.length != mem->length ||
        piece->mem.va != mem->va) {
        mock_contract(vm->mock, vm->name, "vm_mem_del of what is not there: 0x%" PRIx64, mem->gpa);
        return -EINVAL;
    }
    if (refused != 0) {
        return refused;
    }
    mock_vm_dirty_collect(vm);
    free(piece->dirty);
    *piece = vm->mems[--vm->num_mems];
    return 0;
}

void mock_vm_mem_free(struct mock_vm *vm)
{
    for (size_t i = 0; i < vm->num_mems; i++) {
        mock_contract(vm->mock, vm->name, "memory at 0x%" PRIx64 " still there when it ends",
                      vm->mems[i].mem.gpa);
        free(vm->mems[i].dirty);
    }
    free(vm->mems);
}

/* Is all of [gpa, gpa + len) memory, and writable where asked? */
static bool is_memory(const struct mock_vm *vm, uint64_t gpa, size_t len, bool writable)
{
    while (len > 0) {
        const struct mock_vm_mem *piece = mock_vm_find_mem(vm, gpa);
        uint64_t here;

        if (piece == NULL || (writable && (piece->mem.flags & SRIOV_VM_MEM_READONLY) != 0)) {
            return false;
        }
        here = last_of(&piece->mem) - gpa;
        if (len - 1 <= here) {
            return true;
        }
        len -= (size_t)here + 1;
        gpa += here + 1;
    }
    return true;
}

/* The part of len bytes that lies in the piece of gpa. */
static size_t part_of(const struct mock_vm_mem *piece, uint64_t gpa, size_t len)
{
    uint64_t here = last_of(&piece->mem) - gpa;

    return len - 1 <= here ? len : (size_t)here + 1;
}

SRIOV_API int sriov_mock_guest_copy_in(struct sriov_vm *handle, uint64_t gpa, const void *from, size_t len)
{
    struct mock_vm *vm = mock_vm_of(handle);
    const uint8_t *bytes = from;

    if (!is_memory(vm, gpa, len, true)) {
        return -EFAULT;
    }
    while (len > 0) {
        struct mock_vm_mem *piece = mock_vm_find_mem(vm, gpa);
        size_t part = part_of(piece, gpa, len);

        memcpy((uint8_t *)piece->mem.va + (gpa - piece->mem.gpa), bytes, part);
        mock_vm_dirty_mark(vm, gpa, part);
        bytes += part;
        gpa += part;
        len -= part;
    }
    return 0;
}

SRIOV_API int sriov_mock_guest_copy_out(struct sriov_vm *handle, uint64_t gpa, void *to, size_t len)
{
    struct mock_vm *vm = mock_vm_of(handle);
    uint8_t *bytes = to;

    if (!is_memory(vm, gpa, len, false)) {
        return -EFAULT;
    }
    while (len > 0) {
        const struct mock_vm_mem *piece = mock_vm_find_mem(vm, gpa);
        size_t part = part_of(piece, gpa, len);

        memcpy(bytes, (const uint8_t *)piece->mem.va + (gpa - piece->mem.gpa), part);
        bytes += part;
        gpa += part;
        len -= part;
    }
    return 0;
}
