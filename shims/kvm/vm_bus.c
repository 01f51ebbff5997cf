/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuration space as the guest reaches it: ECAM (PCIe 5.0, 7.2.2) and ports 0xcf8 and 0xcfc (PCI
 * 3.0, 3.2.2.3.2). Bus 0 with function 0 of each device; everything else reads all-ones.
 */
#include "skvm_vm.h"

#include <errno.h>
#include <string.h>

#define PORT_ADDRESS 0xcf8u
#define PORT_DATA    0xcfcu
#define CFG_SPACE    4096u

uint64_t skvm_ecam_length(const struct skvm_machine *machine)
{
    return machine->opts.ecam != 0 ? machine->opts.ecam_buses * SKVM_ECAM_BUS : 0;
}

/* The function at device and function number `devfn` of bus 0 that the guest sees; NULL: none. */
static struct skvm_dev *visible(struct skvm_machine *machine, uint32_t bus, uint32_t devfn)
{
    struct skvm_dev *dev =
        bus == 0 && devfn % SKVM_FUNCTIONS == 0 ? skvm_dev_at(machine, devfn / SKVM_FUNCTIONS) : NULL;
    return dev != NULL && dev->plugged ? dev : NULL;
}

static uint32_t ones(uint32_t width)
{
    return width < 4 ? (UINT32_C(1) << 8 * width) - 1 : UINT32_MAX;
}

static uint32_t dev_read(struct skvm_machine *machine, const struct skvm_dev *dev, uint32_t off,
                         uint32_t width)
{
    if (dev == NULL || dev->cfg_read == NULL) {
        return ones(width);
    }
    machine->calling++;
    uint32_t value = dev->cfg_read(dev->cfg_arg, off, width) & ones(width);
    machine->calling--;
    return value;
}

static void dev_write(struct skvm_machine *machine, const struct skvm_dev *dev, uint32_t off, uint32_t width,
                      uint32_t value)
{
    if (dev != NULL && dev->cfg_write != NULL) {
        machine->calling++;
        dev->cfg_write(dev->cfg_arg, off, width, value & ones(width));
        machine->calling--;
    }
}

/* An access of the guest's CPU may be of any width and place: here in the parts that exist. */
static void access(struct skvm_machine *machine, const struct skvm_dev *dev, uint32_t off, uint32_t length,
                   bool write, unsigned char *data)
{
    while (length != 0) {
        uint32_t width = off % 4 == 0 && length >= 4 ? 4 : off % 2 == 0 && length >= 2 ? 2 : 1;
        uint32_t value = 0;
        if (write) {
            memcpy(&value, data, width); /* little-endian, as all that KVM runs PCI on */
            dev_write(machine, dev, off, width, value);
        } else {
            value = dev_read(machine, dev, off, width);
            memcpy(data, &value, width);
        }
        off += width;
        data += width;
        length -= width;
    }
}

bool skvm_bus_mmio(struct skvm_machine *machine, uint64_t gpa, uint32_t width, bool write, void *data)
{
    uint64_t length = skvm_ecam_length(machine);
    uint64_t off = gpa - machine->opts.ecam;
    if (length == 0 || gpa < machine->opts.ecam || off >= length || width > length - off) {
        return false;
    }
    skvm_bells_sync(machine);
    uint32_t bus = (uint32_t)(off / SKVM_ECAM_BUS);
    uint32_t devfn = (uint32_t)(off % SKVM_ECAM_BUS / CFG_SPACE);
    uint32_t at = (uint32_t)(off % CFG_SPACE);
    struct skvm_dev *dev = width <= CFG_SPACE - at ? visible(machine, bus, devfn) : NULL;
    machine->stats.exits_config++;
    access(machine, dev, at, width, write, data);
    return true;
}

static void address_port(struct skvm_machine *machine, bool write, void *data)
{
    if (write) {
        memcpy(&machine->cf8, data, sizeof(machine->cf8));
    } else {
        memcpy(data, &machine->cf8, sizeof(machine->cf8));
    }
}

static void data_port(struct skvm_machine *machine, uint32_t low, uint32_t width, bool write, void *data)
{
    skvm_bells_sync(machine);
    uint32_t at = machine->cf8;
    bool on = (at >> 31) != 0;
    struct skvm_dev *dev = on ? visible(machine, at >> 16 & 0xff, at >> 8 & 0xff) : NULL;
    access(machine, dev, (at & 0xfc) + low, width, write, data);
}

bool skvm_bus_port(struct skvm_machine *machine, uint16_t port, uint32_t width, bool write, void *data)
{
    if ((machine->opts.flags & SRIOV_KVM_VM_PORTS) == 0) {
        return false;
    }
    if (port == PORT_ADDRESS && width == 4) {
        machine->stats.exits_config++;
        address_port(machine, write, data);
        return true;
    }
    if (port < PORT_DATA || port > PORT_DATA + 3 || width > PORT_DATA + 4u - port) {
        return false;
    }
    machine->stats.exits_config++;
    data_port(machine, port - PORT_DATA, width, write, data);
    return true;
}

/* ---- for a VMM with a bus of its own ---- */

static int cfg_check(uint32_t slot, uint32_t off, uint32_t width)
{
    bool good = (width == 1 || width == 2 || width == 4) && off % width == 0 && off < CFG_SPACE;
    return good && slot < SKVM_BUS_SLOTS ? 0 : -EINVAL;
}

int sriov_kvm_vm_cfg_read(struct sriov_vm *vm, uint32_t slot, uint32_t off, uint32_t width, uint32_t *value)
{
    struct skvm_machine *machine = sriov_vm_ctx(vm);
    if (cfg_check(slot, off, width) != 0) {
        return -EINVAL;
    }
    skvm_vm_enter(machine);
    skvm_bells_sync(machine);
    struct skvm_dev *dev = visible(machine, 0, slot * SKVM_FUNCTIONS);
    *value = dev_read(machine, dev, off, width);
    machine->stats.exits_config += dev != NULL ? 1 : 0;
    skvm_vm_leave(machine);
    return dev != NULL ? 0 : -ENOENT;
}

int sriov_kvm_vm_cfg_write(struct sriov_vm *vm, uint32_t slot, uint32_t off, uint32_t width, uint32_t value)
{
    struct skvm_machine *machine = sriov_vm_ctx(vm);
    if (cfg_check(slot, off, width) != 0) {
        return -EINVAL;
    }
    skvm_vm_enter(machine);
    skvm_bells_sync(machine);
    struct skvm_dev *dev = visible(machine, 0, slot * SKVM_FUNCTIONS);
    dev_write(machine, dev, off, width, value);
    machine->stats.exits_config += dev != NULL ? 1 : 0;
    skvm_vm_leave(machine);
    return dev != NULL ? 0 : -ENOENT;
}
