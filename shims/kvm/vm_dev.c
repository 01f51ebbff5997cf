/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions in the machine: a slot of its bus each. */
#include "skvm_vm.h"

#include <errno.h>
#include <stdio.h>

struct skvm_dev *skvm_dev_at(struct skvm_machine *machine, uint32_t slot)
{
    struct skvm_dev *dev = machine->devs;
    while (dev != NULL && dev->slot != slot) {
        dev = dev->next;
    }
    return dev;
}

static bool slot_free(struct skvm_machine *machine, uint32_t slot)
{
    return (machine->opts.slots_taken >> slot & 1) == 0 && skvm_dev_at(machine, slot) == NULL;
}

static int slot_take(struct skvm_machine *machine, uint32_t asked, uint32_t *slot)
{
    if (asked != SRIOV_VM_SLOT_ANY) {
        if (asked >= SKVM_BUS_SLOTS) {
            return -EINVAL;
        }
        *slot = asked;
        return slot_free(machine, asked) ? 0 : -EBUSY;
    }
    for (uint32_t i = 0; i < SKVM_BUS_SLOTS; i++) {
        if (slot_free(machine, i)) {
            *slot = i;
            return 0;
        }
    }
    return -ENOSPC;
}

static int dev_fill(struct skvm_dev *dev, const struct sriov_vm_dev_args *args)
{
    int err = slot_take(dev->machine, args->slot, &dev->slot);
    if (err != 0) {
        return err;
    }
    snprintf(dev->name, sizeof(dev->name), "%s", args->name != NULL ? args->name : "");
    dev->cfg_read = args->cfg_read;
    dev->cfg_write = args->cfg_write;
    dev->cfg_arg = args->arg;
    err = skvm_virqs_make(dev, args->vectors);
    if (err != 0) {
        return err;
    }
    err = skvm_vfio_file_add(dev, args->fd, args->fd_kind);
    if (err != 0) {
        skvm_virqs_drop(dev);
    }
    return err;
}

static int dev_add(struct skvm_machine *machine, const struct sriov_vm_dev_args *args, void **out)
{
    if (args->size < sizeof(*args) || args->reserved0 != 0 || args->fd_kind > SRIOV_FN_FD_VFIO_DEVICE) {
        return -EINVAL;
    }
    struct skvm_dev *dev = skvm_vm_alloc(machine, sizeof(*dev));
    if (dev == NULL) {
        return -ENOMEM;
    }
    dev->machine = machine;
    int err = dev_fill(dev, args);
    if (err != 0) {
        skvm_vm_free(machine, dev);
        return err;
    }
    dev->next = machine->devs;
    machine->devs = dev;
    *out = dev;
    return 0;
}

int skvm_op_vm_dev_add(void *vm, const struct sriov_vm_dev_args *args, void **out)
{
    struct skvm_machine *machine = vm;
    skvm_vm_enter(machine);
    int err = dev_add(machine, args, out);
    skvm_vm_leave(machine);
    return err;
}

void skvm_op_vm_dev_del(void *handle)
{
    struct skvm_dev *dev = handle;
    struct skvm_machine *machine = dev->machine;
    struct skvm_dev **link = &machine->devs;
    skvm_vm_enter(machine);
    skvm_bells_drop(dev);
    skvm_windows_drop(dev);
    skvm_memslots_retry(machine); /* the registers behind them are about to go */
    skvm_virqs_drop(dev);
    skvm_vfio_file_del(dev);
    while (*link != dev) {
        link = &(*link)->next;
    }
    *link = dev->next;
    skvm_vm_free(machine, dev);
    skvm_vm_leave(machine);
}
