/* SPDX-License-Identifier: BSD-3-Clause */
/* A function in a domain by the toolstack: pciback has it, xl attaches and detaches. */
#include "sxen_vm.h"

#include <errno.h>
#include <stdio.h>

static int tell(const struct sxen_dev *dev, int err, const struct skvm_why *why)
{
    return err != 0 ? sxen_vm_fail(dev->machine, dev->name, err, why->text) : 0;
}

/* Asked of Xen first, since xl says of each refusal that the function is assigned already. */
int sxen_tool_take(struct sxen_dev *dev)
{
    struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    struct skvm_why why = {""};
    int err = door->test_assign(door->ctx, machine->hv, machine->opts.domid, dev->sbdf);
    if (err == -EOPNOTSUPP || err == -ENOSYS) {
        return sxen_vm_fail(
            machine, dev->name, -EOPNOTSUPP,
            "the domain takes no functions: create it with passthrough=\"enabled\"; and is the "
            "IOMMU on (xl info, virt_caps)?");
    }
    if (err == -EINVAL) {
        return sxen_vm_fail(machine, dev->name, -EBUSY, "another domain has it: release it there first");
    }
    if (err != 0) {
        return sxen_vm_fail(machine, dev->name, sxen_vm_error(err), "Xen would not assign it");
    }
    err =
        sxen_xl_assignable(&machine->host, dev->name, machine->opts.timeout_ns, &dev->made_assignable, &why);
    return tell(dev, err, &why);
}

int sxen_tool_attach(struct sxen_dev *dev)
{
    const struct sxen_machine *machine = dev->machine;
    struct skvm_why why = {""};
    int err = sxen_xl_attach(&machine->host, machine->opts.domid, dev->name, machine->opts.timeout_ns, &why);
    dev->attached = err == 0;
    return tell(dev, err, &why);
}

/* ---- out again ---- */

static void child_drop(struct sxen_dev *dev)
{
    const struct sxen_vm_door *door = sxen_vm_door_of(dev->machine);
    if (dev->source.live) {
        skvm_source_remove(&dev->machine->xen->base, &dev->source);
    }
    if (dev->child.pid > 0 || dev->child.fd >= 0) {
        door->end(door->ctx, &dev->child);
    }
}

/* xl has said something, or has ended. A guest that did not let go by then is one that never will: who
 * asked has a deadline. */
static void on_child(void *arg, uint32_t unused)
{
    struct sxen_dev *dev = arg;
    const struct sxen_vm_door *door = sxen_vm_door_of(dev->machine);
    void (*gone)(void *arg) = dev->gone;
    struct skvm_why why;
    int status = 0;
    (void)unused;
    if (door->follow(door->ctx, &dev->child, 0, &status) == 0) {
        return;
    }
    int err = sxen_xl_verdict("xl pci-detach", &dev->child, status, &why);
    child_drop(dev);
    if (err != 0) {
        (void)tell(dev, err, &why);
        return;
    }
    dev->attached = false;
    dev->plugged = false;
    dev->gone = NULL;
    if (gone != NULL) {
        gone(dev->gone_arg);
    }
}

static bool take_child(struct skvm_source *source, struct skvm_call *call)
{
    call->cb = on_child;
    call->arg = source->owner;
    return true;
}

int sxen_tool_ask(struct sxen_dev *dev)
{
    const struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    char id[16];
    const char *const words[SXEN_XL_WORDS] = {"xl", "pci-detach", id, dev->name, NULL};
    snprintf(id, sizeof(id), "%u", (unsigned)machine->opts.domid);
    int err = door->start(door->ctx, words, &dev->child);
    if (err != 0) {
        return sxen_vm_fail(machine, dev->name, sxen_vm_error(err), "xl cannot be run: is xen-utils there?");
    }
    dev->source = (struct skvm_source){.fd = dev->child.fd, .take = take_child, .owner = dev};
    err = skvm_source_add(&machine->xen->base, &dev->source);
    if (err != 0) {
        child_drop(dev);
    }
    return err;
}

/* What the domain keeps, in spite of all, stays with pciback: nobody else is to have it. */
void sxen_tool_drop(struct sxen_dev *dev)
{
    const struct sxen_machine *machine = dev->machine;
    uint64_t timeout = machine->opts.timeout_ns;
    struct skvm_why why = {""};
    int err = 0;
    child_drop(dev);
    if (dev->attached && sxen_xl_has(&machine->host, machine->opts.domid, dev->name, timeout, &why) != 0) {
        err = sxen_take(&machine->host, dev->name, machine->opts.domid, SRIOV_XEN_TAKE_FORCE, timeout, &why);
        err = tell(dev, err == -ENOENT ? 0 : err, &why); /* the domain itself may be gone */
    }
    dev->attached = false;
    if (dev->made_assignable && err == 0) {
        (void)tell(dev, sxen_xl_unassignable(&machine->host, dev->name, timeout, &why), &why);
    }
    dev->made_assignable = false;
}
