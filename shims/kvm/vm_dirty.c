/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log of what the guest's CPUs write. What KVM tells is kept beside each piece of memory until it is
 * asked for: KVM's own answers are for whole slots, or for whatever page comes next.
 */
#include "skvm_vm.h"

#include <errno.h>

#define WORD_BITS 64u

static uint64_t words_of(uint64_t pages)
{
    return (pages + WORD_BITS - 1) / WORD_BITS;
}

static uint64_t pages_of(const struct skvm_mem *mem)
{
    return mem->length / SRIOV_VM_PAGE;
}

int skvm_mem_log_make(struct skvm_machine *machine, struct skvm_mem *mem)
{
    size_t bytes = words_of(pages_of(mem)) * sizeof(uint64_t);
    if (machine->dirty_mode == 0) {
        return 0;
    }
    mem->kept = skvm_vm_alloc(machine, bytes);
    mem->fetched = skvm_vm_alloc(machine, bytes);
    if (mem->kept == NULL || mem->fetched == NULL) {
        skvm_mem_log_drop(machine, mem);
        return -ENOMEM;
    }
    return 0;
}

void skvm_mem_log_drop(struct skvm_machine *machine, struct skvm_mem *mem)
{
    skvm_vm_free(machine, mem->fetched);
    skvm_vm_free(machine, mem->kept);
    mem->fetched = NULL;
    mem->kept = NULL;
}

/* ---- on and off ---- */

static int mem_on(struct skvm_machine *machine, struct skvm_mem *mem)
{
    int err = skvm_mem_log_make(machine, mem);
    if (err != 0) {
        return err;
    }
    err = skvm_memslot_flags(machine, mem, skvm_mem_flags(machine, mem));
    if (err != 0) {
        skvm_mem_log_drop(machine, mem);
    }
    return err;
}

/* Those that have a log. dirty_mode is off already. */
static int all_off(struct skvm_machine *machine)
{
    int first = 0;
    for (struct skvm_mem *mem = machine->mems; mem != NULL; mem = mem->next) {
        if (mem->kept != NULL) {
            int err = skvm_memslot_flags(machine, mem, skvm_mem_flags(machine, mem));
            first = first != 0 ? first : err;
            skvm_mem_log_drop(machine, mem);
        }
    }
    return first;
}

static int start(struct skvm_machine *machine, uint32_t mode)
{
    uint64_t cap = mode == SRIOV_VM_DIRTY_RING ? SRIOV_VM_CAP_DIRTY_RING : SRIOV_VM_CAP_DIRTY_BITMAP;
    int err = 0;
    if (mode != SRIOV_VM_DIRTY_BITMAP && mode != SRIOV_VM_DIRTY_RING) {
        return -EINVAL;
    }
    if (machine->dirty_mode != 0) {
        return -EBUSY;
    }
    if ((machine->caps & cap) == 0) {
        return -EOPNOTSUPP;
    }
    /* What a vCPU told late, of the last time, is dropped. */
    err = mode == SRIOV_VM_DIRTY_RING ? skvm_rings_harvest(machine) : 0;
    machine->dirty_mode = err == 0 ? mode : 0;
    for (struct skvm_mem *mem = machine->mems; err == 0 && mem != NULL; mem = mem->next) {
        err = mem_on(machine, mem);
    }
    if (err != 0) {
        machine->dirty_mode = 0;
        (void)all_off(machine);
    }
    return err;
}

int skvm_op_vm_dirty_start(void *vm, uint32_t mode)
{
    struct skvm_machine *machine = vm;
    skvm_vm_enter(machine);
    int err = start(machine, mode);
    skvm_vm_leave(machine);
    return err;
}

static int stop(struct skvm_machine *machine)
{
    if (machine->dirty_mode == 0) {
        return -EINVAL;
    }
    /* The rings are emptied for the next time. */
    int err = machine->dirty_mode == SRIOV_VM_DIRTY_RING ? skvm_rings_harvest(machine) : 0;
    machine->dirty_mode = 0;
    int off = all_off(machine);
    return err != 0 ? err : off;
}

int skvm_op_vm_dirty_stop(void *vm)
{
    struct skvm_machine *machine = vm;
    skvm_vm_enter(machine);
    int err = stop(machine);
    skvm_vm_leave(machine);
    return err;
}

/* ---- reading ---- */

/* Pages first to first + n - 1, as the bits of word w that are among them. */
static uint64_t word_mask(uint64_t w, uint64_t first, uint64_t n)
{
    uint64_t begin = w * WORD_BITS;
    uint64_t low = first > begin ? first - begin : 0;
    uint64_t high = first + n - begin < WORD_BITS ? first + n - begin : WORD_BITS;
    uint64_t below_high = high == WORD_BITS ? UINT64_MAX : (UINT64_C(1) << high) - 1;
    return below_high & UINT64_MAX << low;
}

/* KVM write-protects these pages again, and no others. `fetched` holds its last answer. */
static int clear_pages(struct skvm_machine *machine, struct skvm_mem *mem, uint64_t first, uint64_t n)
{
    uint64_t begin = first / WORD_BITS;
    uint64_t end = words_of(first + n);
    uint64_t pages = (end - begin) * WORD_BITS;
    uint64_t left = pages_of(mem) - begin * WORD_BITS;
    for (uint64_t w = begin; w < end; w++) {
        mem->fetched[w] &= word_mask(w, first, n);
    }
    struct kvm_clear_dirty_log request = {
        .slot = machine->opts.first_slot + mem->slot,
        .num_pages = (uint32_t)(pages < left ? pages : left),
        .first_page = begin * WORD_BITS,
        .dirty_bitmap = mem->fetched + begin,
    };
    return skvm_vm_ioctl(machine, KVM_CLEAR_DIRTY_LOG, &request);
}

/* Keeps what KVM has for the piece of memory: all of it, or of the pages alone that will be cleared. */
static int fetch(struct skvm_machine *machine, struct skvm_mem *mem, uint64_t first, uint64_t n)
{
    bool manual = (machine->opts.flags & SRIOV_KVM_VM_MANUAL_CLEAR) != 0;
    struct kvm_dirty_log request = {.slot = machine->opts.first_slot + mem->slot,
                                    .dirty_bitmap = mem->fetched};
    int err = skvm_vm_ioctl(machine, KVM_GET_DIRTY_LOG, &request);
    if (err != 0) {
        return err;
    }
    uint64_t begin = manual ? first / WORD_BITS : 0;
    uint64_t end = manual ? words_of(first + n) : words_of(pages_of(mem));
    for (uint64_t w = begin; w < end; w++) {
        mem->kept[w] |= manual ? mem->fetched[w] & word_mask(w, first, n) : mem->fetched[w];
    }
    return manual ? clear_pages(machine, mem, first, n) : 0;
}

/* Pages first to first + n - 1 of the piece are pages `to` and following of the answer. */
static void hand_out(struct skvm_mem *mem, uint64_t first, uint64_t n, uint64_t *bitmap, uint64_t to)
{
    for (uint64_t w = first / WORD_BITS; w < words_of(first + n); w++) {
        uint64_t bits = mem->kept[w] & word_mask(w, first, n);
        mem->kept[w] &= ~bits;
        for (; bits != 0; bits &= bits - 1) {
            uint64_t page = w * WORD_BITS + (uint64_t)__builtin_ctzll(bits) - first + to;
            bitmap[page / WORD_BITS] |= UINT64_C(1) << page % WORD_BITS;
        }
    }
}

static int read_mem(struct skvm_machine *machine, struct skvm_mem *mem, uint64_t gpa, uint64_t length,
                    uint64_t *bitmap)
{
    uint64_t begin = gpa > mem->gpa ? gpa : mem->gpa;
    uint64_t last =
        gpa + (length - 1) < mem->gpa + (mem->length - 1) ? gpa + (length - 1) : mem->gpa + (mem->length - 1);
    uint64_t first = (begin - mem->gpa) / SRIOV_VM_PAGE;
    uint64_t n = (last - begin) / SRIOV_VM_PAGE + 1;
    int err = machine->dirty_mode == SRIOV_VM_DIRTY_BITMAP ? fetch(machine, mem, first, n) : 0;
    if (err == 0) {
        hand_out(mem, first, n, bitmap, (begin - gpa) / SRIOV_VM_PAGE);
    }
    return err;
}

static int dirty_read(struct skvm_machine *machine, uint64_t gpa, uint64_t length, uint64_t *bitmap)
{
    if (machine->dirty_mode == 0 || skvm_range_check(gpa, length, SRIOV_VM_PAGE) != 0) {
        return -EINVAL;
    }
    int err = machine->dirty_mode == SRIOV_VM_DIRTY_RING ? skvm_rings_harvest(machine) : 0;
    for (struct skvm_mem *mem = machine->mems; err == 0 && mem != NULL; mem = mem->next) {
        if (skvm_overlap(mem->gpa, mem->length, gpa, length)) {
            err = read_mem(machine, mem, gpa, length, bitmap);
        }
    }
    return err;
}

int skvm_op_vm_dirty_read(void *vm, uint64_t gpa, uint64_t length, uint64_t *bitmap)
{
    struct skvm_machine *machine = vm;
    skvm_vm_enter(machine);
    int err = dirty_read(machine, gpa, length, bitmap);
    skvm_vm_leave(machine);
    return err;
}
