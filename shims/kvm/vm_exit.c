/* SPDX-License-Identifier: BSD-3-Clause */
/* Exits of vCPUs: which window an access is in, and the access itself. */
#include "skvm_vm.h"

#include <errno.h>
#include <string.h>

/* Registers behind a pointer: each access is one load or store of its width. */
static uint64_t mapped_read(volatile const unsigned char *va, uint32_t width)
{
    switch (width) {
    case 1:
        return *va;
    case 2:
        return *(volatile const uint16_t *)va;
    case 4:
        return *(volatile const uint32_t *)va;
    default:
        return *(volatile const uint64_t *)va;
    }
}

static void mapped_write(volatile unsigned char *va, uint32_t width, uint64_t value)
{
    switch (width) {
    case 1:
        *va = (unsigned char)value;
        break;
    case 2:
        *(volatile uint16_t *)va = (uint16_t)value;
        break;
    case 4:
        *(volatile uint32_t *)va = (uint32_t)value;
        break;
    default:
        *(volatile uint64_t *)va = value;
        break;
    }
}

static uint64_t window_read(struct skvm_machine *machine, const struct sriov_vm_window *as, uint64_t off,
                            uint32_t width)
{
    if (as->va != NULL) {
        return mapped_read((volatile const unsigned char *)as->va + off, width);
    }
    if (as->read == NULL) {
        return UINT64_MAX;
    }
    machine->calling++;
    uint64_t value = as->read(as->arg, off, width);
    machine->calling--;
    return value;
}

static void window_write(struct skvm_machine *machine, const struct sriov_vm_window *as, uint64_t off,
                         uint32_t width, uint64_t value)
{
    if (as->va != NULL) {
        mapped_write((volatile unsigned char *)as->va + off, width, value);
    } else if (as->write != NULL) {
        machine->calling++;
        as->write(as->arg, off, width, value);
        machine->calling--;
    }
}

/* The widest part at `off` that is one aligned access. */
static uint32_t part(uint64_t off, uint32_t length)
{
    uint32_t width = 8;
    while (width > length || off % width != 0) {
        width /= 2;
    }
    return width;
}

static void window_access(struct skvm_machine *machine, const struct sriov_vm_window *as, uint64_t off,
                          uint32_t length, bool write, unsigned char *data)
{
    while (length != 0) {
        uint32_t width = part(off, length);
        uint64_t value = 0;
        if (write) {
            memcpy(&value, data, width);
            window_write(machine, as, off, width, value);
        } else {
            value = window_read(machine, as, off, width);
            memcpy(data, &value, width);
        }
        off += width;
        data += width;
        length -= width;
    }
}

static bool window_mmio(struct skvm_machine *machine, uint64_t gpa, uint32_t length, bool write, void *data)
{
    if (skvm_window_at(machine, gpa, length) == NULL) {
        return false;
    }
    skvm_bells_sync(machine);
    struct skvm_window *window = skvm_window_at(machine, gpa, length);
    if (window == NULL || gpa < window->as.gpa || length > window->as.length - (gpa - window->as.gpa)) {
        return false;
    }
    if (window->as.va != NULL) {
        machine->stats.exits_mapped++;
    } else {
        machine->stats.exits_trapped++;
    }
    machine->stats.exits_bell += write && skvm_bell_at(machine, gpa, length) != NULL ? 1 : 0;
    /* Copied: a callback may take the window away. */
    struct sriov_vm_window as = window->as;
    window_access(machine, &as, gpa - as.gpa, length, write, data);
    return true;
}

/* Memory that the guest may only read: its store is lost, as in a ROM. */
static bool readonly_store(struct skvm_machine *machine, uint64_t gpa, uint32_t length, bool write)
{
    const struct skvm_mem *mem = write ? skvm_mem_at(machine, gpa, length) : NULL;
    return mem != NULL && (mem->flags & SRIOV_VM_MEM_READONLY) != 0;
}

static bool exit_mmio(struct skvm_machine *machine, struct kvm_run *run)
{
    uint32_t length = run->mmio.len;
    bool write = run->mmio.is_write != 0;
    uint64_t gpa = run->mmio.phys_addr;
    return length != 0 && length <= sizeof(run->mmio.data) &&
           (skvm_bus_mmio(machine, gpa, length, write, run->mmio.data) ||
            window_mmio(machine, gpa, length, write, run->mmio.data) ||
            readonly_store(machine, gpa, length, write));
}

/* A string instruction comes as several accesses of one port at once. */
static bool exit_io(struct skvm_machine *machine, struct kvm_run *run)
{
    unsigned char *data = (unsigned char *)run + run->io.data_offset;
    bool ours = true;
    for (uint32_t i = 0; ours && i < run->io.count; i++) {
        ours = skvm_bus_port(machine, run->io.port, run->io.size, run->io.direction == KVM_EXIT_IO_OUT, data);
        data += run->io.size;
    }
    return ours;
}

static int ring_full(struct skvm_machine *machine)
{
    if (machine->ring_entries == 0) {
        return -ENOENT;
    }
    machine->stats.exits_ring++;
    return skvm_rings_harvest(machine);
}

int sriov_kvm_vm_exit(struct sriov_vm *vm, struct kvm_run *run)
{
    struct skvm_machine *machine = sriov_vm_ctx(vm);
    int err = -ENOENT;
    skvm_vm_enter(machine);
    switch (run->exit_reason) {
    case KVM_EXIT_MMIO:
        err = exit_mmio(machine, run) ? 0 : -ENOENT;
        break;
    case KVM_EXIT_IO:
        err = exit_io(machine, run) ? 0 : -ENOENT;
        break;
    case KVM_EXIT_DIRTY_RING_FULL:
        err = ring_full(machine);
        break;
    default:
        break;
    }
    machine->stats.exits_other += err == -ENOENT ? 1 : 0;
    skvm_vm_leave(machine);
    return err;
}
