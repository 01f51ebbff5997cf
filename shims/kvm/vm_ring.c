/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dirty rings: each vCPU tells its pages one by one, in memory that is shared with KVM. An entry goes
 * from empty to dirty by KVM, to harvested by us, and back by KVM_RESET_DIRTY_RINGS, which also
 * write-protects its page again.
 */
#include "skvm_vm.h"

#include <errno.h>
#include <sys/mman.h>

#ifndef KVM_DIRTY_GFN_F_DIRTY
#define KVM_DIRTY_GFN_F_DIRTY 1u
#define KVM_DIRTY_GFN_F_RESET 2u
#endif
#define RING_PAGE_OFFSET (UINT64_C(4096) * KVM_DIRTY_LOG_PAGE_OFFSET)

static size_t ring_bytes(const struct skvm_machine *machine)
{
    return machine->ring_entries * sizeof(struct kvm_dirty_gfn);
}

int skvm_ring_enable(struct skvm_machine *machine, uint32_t entries)
{
    static const uint32_t caps[] = {KVM_CAP_DIRTY_LOG_RING, KVM_CAP_DIRTY_LOG_RING_ACQ_REL};
    uint64_t bytes = entries * sizeof(struct kvm_dirty_gfn);
    for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
        struct kvm_enable_cap request = {.cap = caps[i], .args = {bytes}};
        int most = skvm_vm_check(machine, caps[i]);
        if (most <= 0) {
            continue;
        }
        if (bytes > (uint64_t)most) {
            return -EINVAL;
        }
        machine->ring_entries = entries;
        return skvm_vm_ioctl(machine, KVM_ENABLE_CAP, &request);
    }
    return -EOPNOTSUPP;
}

int sriov_kvm_vm_add_vcpu(struct sriov_vm *vm, int vcpu_fd)
{
    struct skvm_machine *machine = sriov_vm_ctx(vm);
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    void *va = NULL;
    if (machine->ring_entries == 0) {
        return 0;
    }
    struct skvm_ring *ring = skvm_vm_alloc(machine, sizeof(*ring));
    if (ring == NULL) {
        return -ENOMEM;
    }
    int err = sys->map(sys->ctx, &va, ring_bytes(machine), PROT_READ | PROT_WRITE, MAP_SHARED, vcpu_fd,
                       RING_PAGE_OFFSET);
    if (err != 0) {
        skvm_vm_free(machine, ring);
        return err;
    }
    ring->entries = va;
    skvm_vm_enter(machine);
    ring->next = machine->rings;
    machine->rings = ring;
    skvm_vm_leave(machine);
    return 0;
}

void skvm_rings_drop(struct skvm_machine *machine)
{
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    while (machine->rings != NULL) {
        struct skvm_ring *ring = machine->rings;
        machine->rings = ring->next;
        sys->unmap(sys->ctx, ring->entries, ring_bytes(machine));
        skvm_vm_free(machine, ring);
    }
}

static void keep(struct skvm_machine *machine, uint32_t kvm_slot, uint64_t page)
{
    struct skvm_mem *mem = machine->mems;
    while (mem != NULL && machine->opts.first_slot + mem->slot != kvm_slot) {
        mem = mem->next;
    }
    if (mem != NULL) {
        if (mem->kept != NULL && page < mem->length / SRIOV_VM_PAGE) {
            mem->kept[page / 64] |= UINT64_C(1) << page % 64;
        }
    } else if (machine->opts.dirty_other != NULL) {
        machine->opts.dirty_other(machine->opts.arg, kvm_slot, page);
    }
}

static void harvest(struct skvm_machine *machine, struct skvm_ring *ring)
{
    for (uint32_t n = 0; n < machine->ring_entries; n++) {
        struct kvm_dirty_gfn *entry = &ring->entries[ring->at & (machine->ring_entries - 1)];
        /* Slot and page are there once the flag is. */
        uint32_t flags = __atomic_load_n(&entry->flags, __ATOMIC_ACQUIRE);
        if ((flags & (KVM_DIRTY_GFN_F_DIRTY | KVM_DIRTY_GFN_F_RESET)) != KVM_DIRTY_GFN_F_DIRTY) {
            return;
        }
        keep(machine, entry->slot, entry->offset);
        /* KVM may use the entry again from here on. */
        __atomic_store_n(&entry->flags, (uint32_t)KVM_DIRTY_GFN_F_RESET, __ATOMIC_RELEASE);
        ring->at++;
        machine->stats.ring_pages++;
    }
}

int skvm_rings_harvest(struct skvm_machine *machine)
{
    for (struct skvm_ring *ring = machine->rings; ring != NULL; ring = ring->next) {
        harvest(machine, ring);
    }
    return skvm_vm_ioctl(machine, KVM_RESET_DIRTY_RINGS, NULL);
}
