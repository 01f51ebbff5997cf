/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions in a machine, whoever shows them to its guest. */
#include "sxen_vm.h"

#include <errno.h>
#include <stdio.h>

struct sxen_dev *sxen_vm_dev_at(const struct sxen_machine *machine, uint32_t slot)
{
    struct sxen_dev *dev = machine->devs;
    while (dev != NULL && dev->slot != slot) {
        dev = dev->next;
    }
    return dev;
}

static bool slot_free(const struct sxen_machine *machine, uint32_t slot)
{
    return (machine->opts.slots_taken >> slot & 1) == 0 && sxen_vm_dev_at(machine, slot) == NULL;
}

/* xl chooses the slot of a guest that it shows the function to. */
static int slot_take(const struct sxen_machine *machine, uint32_t asked, uint32_t *slot)
{
    *slot = SRIOV_VM_SLOT_ANY;
    if (!sxen_vm_is_model(machine)) {
        return asked == SRIOV_VM_SLOT_ANY ? 0 : -EOPNOTSUPP;
    }
    if (asked != SRIOV_VM_SLOT_ANY) {
        *slot = asked;
        return asked >= SXEN_VM_SLOTS ? -EINVAL : slot_free(machine, asked) ? 0 : -EBUSY;
    }
    for (uint32_t i = 0; i < SXEN_VM_SLOTS; i++) {
        if (slot_free(machine, i)) {
            *slot = i;
            return 0;
        }
    }
    return -ENOSPC;
}

static int dev_fill(struct sxen_dev *dev, const struct sriov_vm_dev_args *args)
{
    int err = slot_take(dev->machine, args->slot, &dev->slot);
    if (err != 0) {
        return err;
    }
    dev->fn = args->fn;
    dev->child = sxen_child(dev->said, sizeof(dev->said));
    dev->sbdf =
        (uint32_t)dev->fn->where.segment << 16 | (uint32_t)dev->fn->where.bus << 8 | dev->fn->where.devfn;
    snprintf(dev->name, sizeof(dev->name), "%s", dev->fn->info.name);
    dev->cfg_read = args->cfg_read;
    dev->cfg_write = args->cfg_write;
    dev->cfg_arg = args->arg;
    dev->num_virqs = args->vectors;
    return sxen_vm_is_model(dev->machine) ? sxen_model_take(dev) : sxen_tool_take(dev);
}

int sxen_op_vm_dev_add(void *vm, const struct sriov_vm_dev_args *args, void **out)
{
    struct sxen_machine *machine = vm;
    if (args->size < sizeof(*args) || args->reserved0 != 0 || args->vectors > SXEN_VECTORS_MAX) {
        return -EINVAL;
    }
    if (args->fn == NULL) {
        return sxen_vm_fail(machine, args->name != NULL ? args->name : "function", -EOPNOTSUPP,
                            "Xen gives domains its own PCI functions alone: open it by this VMM");
    }
    if (machine->dirty) {
        return sxen_vm_fail(machine, args->name != NULL ? args->name : "function", -EOPNOTSUPP,
                            "Xen assigns no function while the dirty log is on: stop it first");
    }
    struct sxen_dev *dev = sxen_vm_alloc(machine, sizeof(*dev));
    if (dev == NULL) {
        return -ENOMEM;
    }
    dev->machine = machine;
    int err = dev_fill(dev, args);
    if (err != 0) {
        sxen_vm_free(machine, dev);
        return err;
    }
    dev->next = machine->devs;
    machine->devs = dev;
    *out = dev;
    return 0;
}

void sxen_op_vm_dev_del(void *handle)
{
    struct sxen_dev *dev = handle;
    struct sxen_machine *machine = dev->machine;
    struct sxen_dev **link = &machine->devs;
    dev->gone = NULL;
    if (sxen_vm_is_model(machine)) {
        /* What its guest said last is not of the next one in its slot. */
        atomic_fetch_and(&machine->left, ~(UINT32_C(1) << dev->slot));
        sxen_model_drop(dev);
    } else {
        sxen_tool_drop(dev);
    }
    while (*link != dev) {
        link = &(*link)->next;
    }
    *link = dev->next;
    sxen_vm_free(machine, dev);
}
