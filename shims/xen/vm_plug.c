/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions that come to a running guest, and that it is asked to let go of. */
#include "sxen_vm.h"

#include <errno.h>

int sxen_op_vm_hot_add(void *handle)
{
    struct sxen_dev *dev = handle;
    const struct sxen_machine *machine = dev->machine;
    int err = 0;
    if (dev->plugged) {
        return -EBUSY;
    }
    if (!sxen_vm_is_model(machine)) {
        err = sxen_tool_attach(dev);
    } else if (machine->opts.plug != NULL) {
        err = machine->opts.plug(machine->opts.arg, dev->slot, dev->name);
    }
    dev->plugged = err == 0;
    return err;
}

int sxen_op_vm_hot_remove(void *handle, void (*gone)(void *arg), void *arg)
{
    struct sxen_dev *dev = handle;
    const struct sxen_machine *machine = dev->machine;
    if (sxen_vm_is_model(machine) && machine->opts.unplug_ask == NULL) {
        return -EOPNOTSUPP;
    }
    if (gone == NULL || !dev->plugged) {
        return -EINVAL;
    }
    if (dev->gone != NULL) {
        return -EBUSY;
    }
    /* The guest may answer before the asking returns. */
    dev->gone = gone;
    dev->gone_arg = arg;
    int err = sxen_vm_is_model(machine) ? machine->opts.unplug_ask(machine->opts.arg, dev->slot)
                                        : sxen_tool_ask(dev);
    dev->gone = err == 0 ? gone : NULL;
    return err;
}

/* ---- a device model's guest lets go ---- */

int sriov_xen_vm_unplugged(struct sriov_vm *vm, uint32_t slot)
{
    if (vm == NULL || slot >= SXEN_VM_SLOTS) {
        return -EINVAL;
    }
    struct sxen_machine *machine = sriov_vm_ctx(vm);
    const struct skvm_sys *sys = machine->xen->base.host.sys;
    uint64_t one = 1;
    if (!sxen_vm_is_model(machine)) {
        return -EINVAL;
    }
    atomic_fetch_or(&machine->left, UINT32_C(1) << slot);
    (void)sys->write(sys->ctx, machine->wake.fd, &one, sizeof(one));
    return 0;
}

static void deliver(void *arg, uint32_t unused)
{
    struct sxen_machine *machine = arg;
    uint32_t left = atomic_exchange(&machine->left, 0);
    (void)unused;
    for (uint32_t slot = 0; slot < SXEN_VM_SLOTS; slot++) {
        struct sxen_dev *dev = (left >> slot & 1) != 0 ? sxen_vm_dev_at(machine, slot) : NULL;
        void (*gone)(void *arg) = dev != NULL ? dev->gone : NULL;
        if (dev == NULL) {
            continue;
        }
        dev->plugged = false;
        dev->gone = NULL;
        if (gone != NULL) {
            gone(dev->gone_arg);
        }
    }
}

bool sxen_vm_take_wake(struct skvm_source *source, struct skvm_call *call)
{
    struct sxen_machine *machine = source->owner;
    const struct skvm_sys *sys = machine->xen->base.host.sys;
    uint64_t times;
    (void)sys->read(sys->ctx, source->fd, &times, sizeof(times));
    call->cb = deliver;
    call->arg = machine;
    return true;
}
