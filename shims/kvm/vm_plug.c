/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions that come to a running guest, and that it is asked to let go of. */
#include "skvm_vm.h"

#include <errno.h>

static int hot_add(struct skvm_dev *dev)
{
    const struct sriov_kvm_vm_opts *opts = &dev->machine->opts;
    if (dev->plugged) {
        return -EBUSY;
    }
    dev->plugged = true;
    atomic_fetch_and(&dev->machine->ejected, ~(UINT32_C(1) << dev->slot));
    int err = opts->plug != NULL ? opts->plug(opts->arg, dev->slot, dev->name) : 0;
    dev->plugged = err == 0;
    dev->left = dev->left && err != 0;
    return err;
}

int skvm_op_vm_hot_add(void *handle)
{
    struct skvm_dev *dev = handle;
    skvm_vm_enter(dev->machine);
    int err = hot_add(dev);
    skvm_vm_leave(dev->machine);
    return err;
}

static int hot_remove(struct skvm_dev *dev, void (*gone)(void *arg), void *arg)
{
    struct skvm_machine *machine = dev->machine;
    if ((machine->caps & SRIOV_VM_CAP_HOTPLUG) == 0) {
        return -EOPNOTSUPP;
    }
    if (gone == NULL || (!dev->plugged && !dev->left)) {
        return -EINVAL;
    }
    if (dev->gone != NULL) {
        return -EBUSY;
    }
    /* The guest may answer before the asking returns. */
    dev->gone = gone;
    dev->gone_arg = arg;
    if (dev->left) {
        return sriov_kvm_vm_unplugged(machine->vm, dev->slot); /* before it was asked: it is heard of now */
    }
    int err = machine->opts.unplug_ask(machine->opts.arg, dev->slot);
    dev->gone = err == 0 ? gone : NULL;
    return err;
}

int skvm_op_vm_hot_remove(void *handle, void (*gone)(void *arg), void *arg)
{
    struct skvm_dev *dev = handle;
    skvm_vm_enter(dev->machine);
    int err = hot_remove(dev, gone, arg);
    skvm_vm_leave(dev->machine);
    return err;
}

/* No lock: the VMM may hold its own here, in a way that we do not know of. */
int sriov_kvm_vm_unplugged(struct sriov_vm *vm, uint32_t slot)
{
    struct skvm_machine *machine = sriov_vm_ctx(vm);
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    uint64_t one = 1;
    if (slot >= SKVM_BUS_SLOTS) {
        return -EINVAL;
    }
    atomic_fetch_or(&machine->ejected, UINT32_C(1) << slot);
    (void)sys->write(sys->ctx, machine->wake, &one, sizeof(one));
    return 0;
}

void skvm_ejects_deliver(struct skvm_machine *machine)
{
    uint32_t ejected = atomic_exchange(&machine->ejected, 0);
    for (uint32_t slot = 0; slot < SKVM_BUS_SLOTS; slot++) {
        struct skvm_dev *dev = (ejected >> slot & 1) != 0 ? skvm_dev_at(machine, slot) : NULL;
        if (dev == NULL) {
            continue;
        }
        void (*gone)(void *arg) = dev->gone;
        dev->left = dev->left || dev->plugged;
        dev->plugged = false;
        dev->gone = NULL;
        if (gone != NULL) {
            machine->calling++;
            gone(dev->gone_arg);
            machine->calling--;
        }
    }
}
