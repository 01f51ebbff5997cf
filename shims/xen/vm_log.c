/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of a device model's domain, and the log of what its CPUs write. The memory is Xen's already: a
 * piece is only written down. Xen tells of all pages from 0 on and forgets them; what nobody has asked for
 * yet is kept here.
 */
#include "sxen_vm.h"

#include <errno.h>

#define WORD_BITS 64u

int sxen_op_vm_mem_add(void *vm, const struct sriov_vm_mem *mem)
{
    struct sxen_machine *machine = vm;
    if (!sxen_vm_is_model(machine)) {
        return sxen_vm_fail(machine, "memory", -EOPNOTSUPP,
                            "a domain's memory is Xen's: its functions reach it, there is nothing to add");
    }
    if (machine->dirty) {
        return sxen_vm_fail(machine, "memory", -EBUSY, "the dirty log is on: stop it first");
    }
    uint64_t end = (mem->gpa + mem->length) / SRIOV_VM_PAGE;
    machine->top = end > machine->top ? end : machine->top;
    machine->num_mems++;
    return 0;
}

int sxen_op_vm_mem_del(void *vm, const struct sriov_vm_mem *mem)
{
    struct sxen_machine *machine = vm;
    (void)mem;
    machine->num_mems--;
    machine->top = machine->num_mems != 0 ? machine->top : 0;
    return 0;
}

/* ---- the log ---- */

static void log_free(struct sxen_machine *machine)
{
    sxen_vm_free(machine, machine->log);
    sxen_vm_free(machine, machine->fresh);
    machine->log = NULL;
    machine->fresh = NULL;
}

static int log_make(struct sxen_machine *machine)
{
    uint64_t words = (machine->top + WORD_BITS - 1) / WORD_BITS;
    if (words > SIZE_MAX / sizeof(uint64_t)) {
        return -ENOMEM;
    }
    machine->log = sxen_vm_alloc(machine, (size_t)words * sizeof(uint64_t));
    machine->fresh = sxen_vm_alloc(machine, (size_t)words * sizeof(uint64_t));
    if (machine->log == NULL || machine->fresh == NULL) {
        log_free(machine);
        return -ENOMEM;
    }
    machine->log_pages = machine->top;
    return 0;
}

/* What Xen would answer, before anything is changed: EOPNOTSUPP of PV, EINVAL with a function assigned. */
static int check(const struct sxen_machine *machine, uint32_t mode)
{
    if (machine->dirty) {
        return -EBUSY;
    }
    if (mode != SRIOV_VM_DIRTY_BITMAP || !sxen_vm_is_model(machine) || !machine->hap) {
        return sxen_vm_fail(machine, "dirty log", -EOPNOTSUPP,
                            "Xen logs what an HVM domain with HAP writes, alone");
    }
    if (machine->devs != NULL) {
        return sxen_vm_fail(machine, "dirty log", -EOPNOTSUPP,
                            "Xen logs nothing while a function is assigned: take it out first");
    }
    return 0;
}

int sxen_op_vm_dirty_start(void *vm, uint32_t mode)
{
    struct sxen_machine *machine = vm;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    int err = check(machine, mode);
    err = err == 0 ? log_make(machine) : err;
    if (err != 0) {
        return err;
    }
    err = door->log(door->ctx, machine->hv, machine->opts.domid, true);
    machine->dirty = err == 0;
    if (err == 0) {
        return 0;
    }
    log_free(machine);
    if (err == -EINVAL) {
        /* Somebody else has it on, or gave the domain a function. */
        return sxen_vm_fail(machine, "dirty log", -EOPNOTSUPP,
                            "Xen refuses: a function is assigned (xl pci-list), or a migration is under way");
    }
    return sxen_vm_fail(machine, "dirty log", sxen_vm_error(err), "Xen does not turn it on; see: xl dmesg");
}

int sxen_op_vm_dirty_stop(void *vm)
{
    struct sxen_machine *machine = vm;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    int err = machine->dirty ? door->log(door->ctx, machine->hv, machine->opts.domid, false) : -EINVAL;
    if (machine->dirty) {
        log_free(machine);
    }
    machine->dirty = false;
    return sxen_vm_error(err);
}

static int fetch(struct sxen_machine *machine)
{
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    uint64_t words = (machine->log_pages + WORD_BITS - 1) / WORD_BITS;
    int err = door->log_take(door->ctx, machine->hv, machine->opts.domid, machine->fresh, machine->log_pages);
    for (uint64_t i = 0; err == 0 && i < words; i++) {
        machine->log[i] |= machine->fresh[i];
    }
    return sxen_vm_error(err);
}

static bool take_bit(uint64_t *bits, uint64_t i)
{
    uint64_t bit = UINT64_C(1) << i % WORD_BITS;
    bool set = (bits[i / WORD_BITS] & bit) != 0;
    bits[i / WORD_BITS] &= ~bit;
    return set;
}

int sxen_op_vm_dirty_read(void *vm, uint64_t gpa, uint64_t length, uint64_t *bitmap)
{
    struct sxen_machine *machine = vm;
    uint64_t first = gpa / SRIOV_VM_PAGE;
    uint64_t pages = length / SRIOV_VM_PAGE;
    if (!machine->dirty || first > machine->log_pages || pages > machine->log_pages - first) {
        return -EINVAL;
    }
    int err = fetch(machine);
    for (uint64_t i = 0; err == 0 && i < pages; i++) {
        if (take_bit(machine->log, first + i)) {
            bitmap[i / WORD_BITS] |= UINT64_C(1) << i % WORD_BITS;
        }
    }
    return err;
}
