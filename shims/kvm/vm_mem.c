/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM memory slots, and the guest's memory in them. */
#include "skvm_vm.h"

#include <errno.h>

int skvm_range_check(uint64_t gpa, uint64_t length, uint64_t unit)
{
    bool whole = gpa % unit == 0 && length % unit == 0 && length != 0;
    return whole && length - 1 <= UINT64_MAX - gpa ? 0 : -EINVAL;
}

bool skvm_overlap(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length)
{
    return a <= b + (b_length - 1) && b <= a + (a_length - 1);
}

/* ---- slots ---- */

static int region_set(struct skvm_machine *machine, uint32_t slot, uint64_t length, volatile void *va,
                      uint32_t flags)
{
    struct kvm_userspace_memory_region region = {
        .slot = machine->opts.first_slot + slot,
        .flags = flags,
        .guest_phys_addr = machine->memslots[slot].gpa,
        .memory_size = length,
        .userspace_addr = (uintptr_t)va,
    };
    return skvm_vm_ioctl(machine, KVM_SET_USER_MEMORY_REGION, &region);
}

/* A window's slot that KVM did not let go of is within the guest's reach as long as KVM has it. */
void skvm_memslots_retry(struct skvm_machine *machine)
{
    for (uint32_t i = 0; i < machine->opts.num_slots; i++) {
        if (machine->memslots[i].owner == machine) {
            (void)skvm_memslot_clear(machine, i);
        }
    }
}

int skvm_memslot_set(struct skvm_machine *machine, const void *owner, uint64_t gpa, uint64_t length,
                     volatile void *va, uint32_t flags)
{
    uint32_t slot = 0;
    skvm_memslots_retry(machine);
    while (slot < machine->opts.num_slots && machine->memslots[slot].owner != NULL) {
        slot++;
    }
    if (slot == machine->opts.num_slots) {
        return -ENOSPC;
    }
    machine->memslots[slot] = (struct skvm_memslot){.owner = owner, .gpa = gpa, .length = length};
    int err = region_set(machine, slot, length, va, flags);
    if (err != 0) {
        machine->memslots[slot] = (struct skvm_memslot){0};
        return err;
    }
    return (int)slot;
}

int skvm_memslot_flags(struct skvm_machine *machine, const struct skvm_mem *mem, uint32_t flags)
{
    return region_set(machine, mem->slot, mem->length, mem->va, flags);
}

int skvm_memslot_clear(struct skvm_machine *machine, uint32_t slot)
{
    int err = region_set(machine, slot, 0, NULL, 0);
    if (err != 0) {
        sriov_log(machine->kvm->vmm, SRIOV_LOG_ERROR, "%s: KVM keeps memory slot %u (errno %d)",
                  machine->name, (unsigned)(machine->opts.first_slot + slot), -err);
        return err;
    }
    machine->memslots[slot] = (struct skvm_memslot){0};
    return 0;
}

/* ---- memory ---- */

uint32_t skvm_mem_flags(const struct skvm_machine *machine, const struct skvm_mem *mem)
{
    uint32_t flags = (mem->flags & SRIOV_VM_MEM_READONLY) != 0 ? KVM_MEM_READONLY : 0u;
    return flags | (machine->dirty_mode != 0 ? (uint32_t)KVM_MEM_LOG_DIRTY_PAGES : 0u);
}

struct skvm_mem *skvm_mem_at(struct skvm_machine *machine, uint64_t gpa, uint64_t length)
{
    struct skvm_mem *mem = machine->mems;
    while (mem != NULL && !skvm_overlap(mem->gpa, mem->length, gpa, length)) {
        mem = mem->next;
    }
    return mem;
}

static int mem_check(struct skvm_machine *machine, const struct sriov_vm_mem *mem)
{
    uint64_t ecam = skvm_ecam_length(machine);
    if (mem->size < sizeof(*mem) || (mem->flags & ~SRIOV_VM_MEM_READONLY) != 0 || mem->va == NULL ||
        (uintptr_t)mem->va % SRIOV_VM_PAGE != 0 ||
        skvm_range_check(mem->gpa, mem->length, SRIOV_VM_PAGE) != 0) {
        return -EINVAL;
    }
    if (skvm_mem_at(machine, mem->gpa, mem->length) != NULL ||
        skvm_window_at(machine, mem->gpa, mem->length) != NULL ||
        skvm_bell_at(machine, mem->gpa, mem->length) != NULL ||
        (ecam != 0 && skvm_overlap(machine->opts.ecam, ecam, mem->gpa, mem->length))) {
        return -EINVAL;
    }
    return 0;
}

static int mem_place(struct skvm_machine *machine, struct skvm_mem *mem)
{
    int err = skvm_mem_log_make(machine, mem);
    if (err != 0) {
        return err;
    }
    int slot = skvm_memslot_set(machine, mem, mem->gpa, mem->length, mem->va, skvm_mem_flags(machine, mem));
    if (slot < 0) {
        skvm_mem_log_drop(machine, mem);
        /* It lies over a slot of the VMM's own. */
        return slot == -EBUSY ? -EINVAL : slot;
    }
    mem->slot = (uint32_t)slot;
    return 0;
}

static int mem_add(struct skvm_machine *machine, const struct sriov_vm_mem *as)
{
    int err = mem_check(machine, as);
    if (err != 0) {
        return err;
    }
    struct skvm_mem *mem = skvm_vm_alloc(machine, sizeof(*mem));
    if (mem == NULL) {
        return -ENOMEM;
    }
    mem->flags = as->flags;
    mem->gpa = as->gpa;
    mem->length = as->length;
    mem->va = as->va;
    err = mem_place(machine, mem);
    if (err != 0) {
        skvm_vm_free(machine, mem);
        return err;
    }
    mem->next = machine->mems;
    machine->mems = mem;
    return 0;
}

int skvm_op_vm_mem_add(void *vm, const struct sriov_vm_mem *mem)
{
    struct skvm_machine *machine = vm;
    skvm_vm_enter(machine);
    int err = mem_add(machine, mem);
    skvm_vm_leave(machine);
    return err;
}

static int mem_del(struct skvm_machine *machine, const struct sriov_vm_mem *as)
{
    struct skvm_mem **link = &machine->mems;
    while (*link != NULL && ((*link)->gpa != as->gpa || (*link)->length != as->length)) {
        link = &(*link)->next;
    }
    struct skvm_mem *mem = *link;
    if (mem == NULL) {
        return -ENOENT;
    }
    int err = skvm_memslot_clear(machine, mem->slot);
    if (err != 0) {
        return err;
    }
    *link = mem->next;
    skvm_mem_log_drop(machine, mem);
    skvm_vm_free(machine, mem);
    return 0;
}

int skvm_op_vm_mem_del(void *vm, const struct sriov_vm_mem *mem)
{
    struct skvm_machine *machine = vm;
    skvm_vm_enter(machine);
    int err = mem_del(machine, mem);
    skvm_vm_leave(machine);
    return err;
}
