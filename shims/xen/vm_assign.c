/* SPDX-License-Identifier: BSD-3-Clause */
/* A function in a device model's domain: assigned by Xen, its config space shown by the ioreq server. */
#include "sxen_vm.h"

#include <errno.h>

static const char no_passthrough[] = "the domain takes no functions: create it with passthrough enabled "
                                     "(XEN_DOMCTL_CDF_iommu); and is the IOMMU on (xl info, virt_caps)?";

static int check(const struct sxen_dev *dev)
{
    const struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    int err = door->test_assign(door->ctx, machine->hv, machine->opts.domid, dev->sbdf);
    switch (err) {
    case 0:
        return 0;
    case -EOPNOTSUPP:
    case -ENOSYS:
        return sxen_vm_fail(machine, dev->name, -EOPNOTSUPP, no_passthrough);
    case -EINVAL:
    case -EBUSY:
        return sxen_vm_fail(machine, dev->name, -EBUSY, "another domain has it: release it there first");
    default:
        return sxen_vm_fail(machine, dev->name, sxen_vm_error(err), "Xen would not assign it");
    }
}

static int assign(const struct sxen_dev *dev)
{
    const struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    int err = door->assign(door->ctx, machine->hv, machine->opts.domid, dev->sbdf);
    switch (err) {
    case 0:
        return 0;
    case -EXDEV:
        return sxen_vm_fail(
            machine, dev->name, -EOPNOTSUPP,
            "the domain's dirty log is on, or its memory is paged or shared: Xen assigns nothing "
            "then; end the migration first");
    case -ENOMEM:
        return sxen_vm_fail(machine, dev->name, err,
                            "Xen's own memory is used up: see free_memory in xl info; shrink a domain (xl "
                            "mem-set) or boot Xen with a smaller dom0_mem");
    case -EOPNOTSUPP:
        return sxen_vm_fail(machine, dev->name, err, no_passthrough);
    default:
        return sxen_vm_fail(machine, dev->name, sxen_vm_error(err), "Xen did not assign it; see: xl dmesg");
    }
}

/* Xen quarantines what a domain leaves; from there it comes back to dom0, which drives it. */
static void deassign(const struct sxen_dev *dev)
{
    const struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    int err = door->deassign(door->ctx, machine->hv, machine->opts.domid, dev->sbdf);
    if (err != 0 && err != -ESRCH) {
        (void)sxen_vm_fail(machine, dev->name, err, "Xen did not take it back; see: xl dmesg");
        return;
    }
    (void)door->deassign(door->ctx, machine->hv, SXEN_DOMID_IO, dev->sbdf);
}

int sxen_model_take(struct sxen_dev *dev)
{
    struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    int err = check(dev);
    if (err != 0) {
        return err;
    }
    dev->virqs = sxen_vm_alloc(machine, dev->num_virqs * sizeof(*dev->virqs));
    if (dev->virqs == NULL) {
        return -ENOMEM;
    }
    err = assign(dev);
    if (err != 0) {
        goto free_virqs;
    }
    err = door->trap_config(door->ctx, machine->hv, machine->opts.domid, machine->opts.ioreq_server,
                            dev->slot, true);
    if (err == 0) {
        return 0;
    }
    (void)sxen_vm_fail(machine, dev->name, err,
                       "the ioreq server does not get its config space: is it there?");
    err = sxen_vm_error(err);
    deassign(dev);
free_virqs:
    sxen_vm_free(machine, dev->virqs);
    dev->virqs = NULL;
    return err;
}

void sxen_model_drop(struct sxen_dev *dev)
{
    const struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    (void)door->trap_config(door->ctx, machine->hv, machine->opts.domid, machine->opts.ioreq_server,
                            dev->slot, false);
    sxen_virqs_drop(dev);
    sxen_windows_drop(dev);
    deassign(dev);
    sxen_vm_free(dev->machine, dev->virqs);
}
