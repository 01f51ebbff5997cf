/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Vectors of a function in a device model's domain. Xen takes the interrupt and delivers it to the guest:
 * a pirq of the guest's for each entry of the MSI-X table, bound to what the guest programmed.
 */
#include "sxen_vm.h"

#include <sriov/hw/pci_regs.h>

#include <errno.h>

/* Intel SDM volume 3, 11.11: message address and data. */
#define MSI_ADDRESS      UINT64_C(0xfee00000)
#define MSI_ADDRESS_MASK (~UINT64_C(0xfffff))

static uint32_t field(uint64_t value, unsigned shift, uint32_t mask)
{
    uint32_t low = mask & (~mask + 1);
    return (uint32_t)(value >> shift) * low & mask;
}

static uint32_t flags_of(const struct sriov_vm_msi *msi)
{
    return field(msi->address, 12, SXEN_MSI_DEST) | field(msi->address, 3, SXEN_MSI_RH) |
           field(msi->address, 2, SXEN_MSI_DM) | field(msi->data, 8, SXEN_MSI_DELIV) |
           field(msi->data, 15, SXEN_MSI_TRIG) | SXEN_MSI_UNMASKED;
}

/* Its capability; the BAR of its table as Xen wants to know it. */
static uint32_t table_of(struct sxen_dev *dev, uint64_t *address)
{
    uint32_t cap = sxen_find_cap(dev->fn, SRIOV_PCI_CAP_ID_MSIX);
    uint32_t table = 0;
    if (cap == 0 || sxen_op_cfg_read(dev->fn, cap + 4, 4, &table) != 0 || (table & 7) >= SKVM_BARS) {
        return 0;
    }
    *address = dev->fn->bars[table & 7].address;
    return *address != 0 ? cap : 0;
}

static int enable(struct sxen_dev *dev, uint32_t cap)
{
    uint32_t control = 0;
    int err = sxen_op_cfg_read(dev->fn, cap + SRIOV_PCI_MSIX_CTRL, 2, &control);
    if (err == 0) {
        control = (control & ~(uint32_t)SRIOV_PCI_MSIX_CTRL_MASKALL) | SRIOV_PCI_MSIX_CTRL_ENABLE;
        err = sxen_op_cfg_write(dev->fn, cap + SRIOV_PCI_MSIX_CTRL, 2, control);
    }
    return err;
}

/* Xen's own record of the table is made by preparing, and used after releasing. */
static int prepare(struct sxen_dev *dev)
{
    const struct sxen_door *door = dev->machine->xen->door;
    struct sxen_xen *xen = dev->machine->xen->xen;
    if (dev->msix_ready) {
        return 0;
    }
    int err = door->msix_prepare(door->ctx, xen, &dev->fn->where);
    err = err == 0 ? door->msix_release(door->ctx, xen, &dev->fn->where) : err;
    dev->msix_ready = err == 0;
    return err;
}

static int map(struct sxen_dev *dev, uint32_t vector)
{
    const struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    struct sxen_virq *virq = &dev->virqs[vector];
    uint64_t address = 0;
    uint32_t cap = table_of(dev, &address);
    if (virq->mapped) {
        return 0;
    }
    int err = cap != 0 ? prepare(dev) : -EPROTO;
    if (err == 0) {
        err = door->pirq_map(door->ctx, machine->hv, machine->opts.domid, dev->sbdf, vector, address,
                             &virq->msi.pirq);
        virq->mapped = err == 0;
    }
    return err == 0 ? enable(dev, cap) : err;
}

static int unbind(struct sxen_dev *dev, struct sxen_virq *virq)
{
    const struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    int err = virq->bound ? door->msi_unbind(door->ctx, machine->hv, machine->opts.domid, &virq->msi) : 0;
    virq->bound = virq->bound && err != 0;
    return err;
}

static void unmap(struct sxen_dev *dev, struct sxen_virq *virq)
{
    const struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    (void)unbind(dev, virq);
    if (virq->mapped) {
        (void)door->pirq_unmap(door->ctx, machine->hv, machine->opts.domid, virq->msi.pirq);
    }
    virq->bound = false;
    virq->mapped = false;
}

/* No sink is ever attached: it is asked after a reset of the function, which took its table away. */
int sxen_op_vm_irq_sink(void *handle, uint32_t vector, struct sriov_irq_sink *sink)
{
    struct sxen_dev *dev = handle;
    (void)sink;
    if (dev->virqs == NULL || vector >= dev->num_virqs) {
        return -EINVAL;
    }
    unmap(dev, &dev->virqs[vector]);
    return 0;
}

int sxen_op_vm_irq_route(void *handle, uint32_t vector, const struct sriov_vm_msi *msi)
{
    struct sxen_dev *dev = handle;
    const struct sxen_machine *machine = dev->machine;
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    if (dev->virqs == NULL || vector >= dev->num_virqs) {
        return -EINVAL;
    }
    struct sxen_virq *virq = &dev->virqs[vector];
    if (msi == NULL) {
        return sxen_vm_error(unbind(dev, virq));
    }
    if ((msi->address & MSI_ADDRESS_MASK) != MSI_ADDRESS) {
        return -EINVAL;
    }
    int err = map(dev, vector);
    if (err == 0) {
        err = unbind(dev, virq);
    }
    if (err == 0) {
        virq->msi.vector = msi->data & 0xff;
        virq->msi.flags = flags_of(msi);
        err = door->msi_bind(door->ctx, machine->hv, machine->opts.domid, &virq->msi);
        virq->bound = err == 0;
    }
    if (err != 0) {
        sriov_log(machine->xen->base.vmm, SRIOV_LOG_ERROR,
                  "%s: %s: vector %u is not %s: errno %d; see: xl dmesg", machine->name, dev->name,
                  (unsigned)vector, virq->mapped ? "bound to the guest" : "mapped", -err);
    }
    return sxen_vm_error(err);
}

/* What waits does so in Xen, and arrives once it is bound again. */
int sxen_op_vm_irq_pending(void *handle, uint32_t vector, uint32_t *pending)
{
    const struct sxen_dev *dev = handle;
    *pending = 0;
    return dev->virqs != NULL && vector < dev->num_virqs ? 0 : -EINVAL;
}

void sxen_virqs_drop(struct sxen_dev *dev)
{
    for (uint32_t i = 0; dev->virqs != NULL && i < dev->num_virqs; i++) {
        unmap(dev, &dev->virqs[i]);
    }
}
