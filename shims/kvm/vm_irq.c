/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Vectors: an eventfd, a GSI and a route each. KVM takes the eventfd while the vector is routed (irqfd);
 * a masked one is out of KVM's hands, so that its eventfd counts, which is the pending bit.
 */
#include "skvm_vm.h"

#include <errno.h>
#include <string.h>

/* ---- the table of routes ---- */

#define PIC_PINS    16u
#define IOAPIC_PINS 24u

#if defined(__x86_64__) || defined(__i386__)

static struct kvm_irq_routing_entry pin_route(uint32_t gsi, uint32_t chip, uint32_t pin)
{
    struct kvm_irq_routing_entry entry = {.gsi = gsi, .type = KVM_IRQ_ROUTING_IRQCHIP};
    entry.u.irqchip.irqchip = chip;
    entry.u.irqchip.pin = pin;
    return entry;
}

/* What KVM_CREATE_IRQCHIP makes: each pin of the IOAPIC, and the first 16 to the two PICs as well. */
static uint32_t chip_routes(struct kvm_irq_routing_entry *entries)
{
    uint32_t n = 0;
    for (uint32_t pin = 0; pin < IOAPIC_PINS; pin++) {
        entries[n++] = pin_route(pin, KVM_IRQCHIP_IOAPIC, pin);
        if (pin < PIC_PINS) {
            entries[n++] = pin_route(pin, pin < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE, pin % 8);
        }
    }
    return n;
}

#else

/* An irqchip of another kind, whose routes the VMM has to give. */
static uint32_t chip_routes(struct kvm_irq_routing_entry *entries)
{
    (void)entries;
    return 0;
}

#endif

int skvm_routes_init(struct skvm_machine *machine, const struct sriov_kvm_vm_opts *opts)
{
    uint32_t room = opts->num_routes + IOAPIC_PINS + PIC_PINS;
    size_t entries = room + opts->num_gsi;
    machine->gsis = skvm_vm_alloc(machine, opts->num_gsi * sizeof(struct skvm_virq *));
    machine->base = skvm_vm_alloc(machine, room * sizeof(*machine->base));
    machine->table =
        skvm_vm_alloc(machine, sizeof(*machine->table) + entries * sizeof(machine->table->entries[0]));
    if (machine->gsis == NULL || machine->base == NULL || machine->table == NULL) {
        skvm_routes_drop(machine);
        return -ENOMEM;
    }
    if ((opts->flags & SRIOV_KVM_VM_IRQCHIP_ROUTES) != 0) {
        machine->num_base = chip_routes(machine->base);
        if (machine->num_base == 0) {
            skvm_routes_drop(machine);
            return -EOPNOTSUPP;
        }
    }
    if (opts->num_routes != 0) {
        memcpy(machine->base + machine->num_base, opts->routes, opts->num_routes * sizeof(*opts->routes));
        machine->num_base += opts->num_routes;
    }
    return 0;
}

void skvm_routes_drop(struct skvm_machine *machine)
{
    skvm_vm_free(machine, machine->table);
    skvm_vm_free(machine, machine->base);
    skvm_vm_free(machine, machine->gsis);
}

static struct kvm_irq_routing_entry msi_route(const struct skvm_virq *irq)
{
    struct kvm_irq_routing_entry entry = {.gsi = irq->gsi, .type = KVM_IRQ_ROUTING_MSI};
    entry.u.msi.address_lo = (uint32_t)irq->msi.address;
    entry.u.msi.address_hi = (uint32_t)(irq->msi.address >> 32);
    entry.u.msi.data = irq->msi.data;
    return entry;
}

static int table_write(struct skvm_machine *machine)
{
    struct kvm_irq_routing *table = machine->table;
    uint32_t base = machine->opts.set_routes != NULL ? 0 : machine->num_base;
    memcpy(table->entries, machine->base, base * sizeof(table->entries[0]));
    table->nr = base;
    for (uint32_t i = 0; i < machine->opts.num_gsi; i++) {
        if (machine->gsis[i] != NULL && machine->gsis[i]->routed) {
            table->entries[table->nr++] = msi_route(machine->gsis[i]);
        }
    }
    if (machine->opts.set_routes != NULL) {
        return machine->opts.set_routes(machine->opts.arg, table->entries, table->nr);
    }
    return skvm_vm_ioctl(machine, KVM_SET_GSI_ROUTING, table);
}

/* ---- a device's vectors ---- */

uint32_t skvm_gsis_left(const struct skvm_machine *machine)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < machine->opts.num_gsi; i++) {
        left += machine->gsis[i] == NULL ? 1 : 0;
    }
    return left;
}

static void gsi_take(struct skvm_machine *machine, struct skvm_virq *irq)
{
    uint32_t i = 0;
    while (machine->gsis[i] != NULL) {
        i++;
    }
    machine->gsis[i] = irq;
    irq->gsi = machine->opts.first_gsi + i;
}

int skvm_virqs_make(struct skvm_dev *dev, uint32_t n)
{
    struct skvm_machine *machine = dev->machine;
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    if (n == 0 || (machine->caps & SRIOV_VM_CAP_IRQ) == 0) {
        return 0;
    }
    if (n > skvm_gsis_left(machine)) {
        return -ENOSPC;
    }
    dev->irqs = skvm_vm_alloc(machine, n * sizeof(*dev->irqs));
    if (dev->irqs == NULL) {
        return -ENOMEM;
    }
    for (; dev->num_irqs < n; dev->num_irqs++) {
        struct skvm_virq *irq = &dev->irqs[dev->num_irqs];
        irq->fd = sys->eventfd(sys->ctx);
        if (irq->fd < 0) {
            int err = skvm_vm_error(irq->fd);
            skvm_virqs_drop(dev);
            return err;
        }
        gsi_take(machine, irq);
    }
    return 0;
}

static int irqfd(struct skvm_machine *machine, const struct skvm_virq *irq, uint32_t flags)
{
    struct kvm_irqfd request = {.fd = (uint32_t)irq->fd, .gsi = irq->gsi, .flags = flags};
    return skvm_vm_ioctl(machine, KVM_IRQFD, &request);
}

static int virq_off(struct skvm_machine *machine, struct skvm_virq *irq)
{
    int err = irq->live ? irqfd(machine, irq, KVM_IRQFD_FLAG_DEASSIGN) : 0;
    if (err == 0) {
        machine->stats.irqfds -= irq->live ? 1u : 0u;
        irq->live = false;
    }
    return err;
}

void skvm_virqs_drop(struct skvm_dev *dev)
{
    struct skvm_machine *machine = dev->machine;
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    bool routed = false;
    for (uint32_t i = 0; i < dev->num_irqs; i++) {
        struct skvm_virq *irq = &dev->irqs[i];
        machine->stats.irqfds -= irq->live && virq_off(machine, irq) != 0 ? 1u : 0u;
        routed = routed || irq->routed;
        machine->gsis[irq->gsi - machine->opts.first_gsi] = NULL;
        sys->close(sys->ctx, irq->fd); /* KVM lets go of an eventfd that is closed, whatever it said */
    }
    skvm_vm_free(machine, dev->irqs);
    dev->irqs = NULL;
    dev->num_irqs = 0;
    if (routed) {
        (void)table_write(machine); /* a route that stays leads nowhere */
    }
}

static int virq_of(struct skvm_dev *dev, uint32_t vector, struct skvm_virq **out)
{
    if ((dev->machine->caps & SRIOV_VM_CAP_IRQ) == 0) {
        return -EOPNOTSUPP;
    }
    if (vector >= dev->num_irqs) {
        return -EINVAL;
    }
    *out = &dev->irqs[vector];
    return 0;
}

static int sink_of(struct skvm_dev *dev, uint32_t vector, int *fd)
{
    const struct skvm_sys *sys = skvm_vm_sys(dev->machine);
    struct skvm_virq *irq = NULL;
    uint64_t old = 0;
    int err = virq_of(dev, vector, &irq);
    if (err != 0) {
        return err;
    }
    if (!irq->live) { /* nobody waits for what came before */
        (void)sys->read(sys->ctx, irq->fd, &old, sizeof(old));
    }
    *fd = irq->fd;
    return 0;
}

int skvm_op_vm_irq_sink(void *handle, uint32_t vector, struct sriov_irq_sink *sink)
{
    struct skvm_dev *dev = handle;
    struct sriov_irq_sink own = {.size = sink->size, .kind = SRIOV_SINK_EVENTFD};
    skvm_vm_enter(dev->machine);
    int err = sink_of(dev, vector, &own.fd);
    skvm_vm_leave(dev->machine);
    if (err == 0) {
        memcpy(sink, &own, sink->size < sizeof(own) ? sink->size : sizeof(own));
    }
    return err;
}

/* ---- where a vector arrives ---- */

static bool same(const struct sriov_vm_msi *a, const struct sriov_vm_msi *b)
{
    return a->address == b->address && a->data == b->data;
}

static int route_set(struct skvm_machine *machine, struct skvm_virq *irq, const struct sriov_vm_msi *msi)
{
    struct skvm_virq before = *irq;
    if (irq->routed && same(&irq->msi, msi)) {
        return 0;
    }
    irq->msi = *msi;
    irq->routed = true;
    int err = table_write(machine);
    if (err != 0) {
        irq->msi = before.msi;
        irq->routed = before.routed;
    }
    return err;
}

/*
 * KVM looks at the eventfd when it takes it: what was kept arrives, once. It leaves the count where it
 * is; from then on it empties the eventfd itself with each signal, so that what we take here is old.
 */
static int virq_on(struct skvm_machine *machine, struct skvm_virq *irq)
{
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    uint64_t old = 0;
    int err = irqfd(machine, irq, 0);
    if (err == 0) {
        (void)sys->read(sys->ctx, irq->fd, &old, sizeof(old));
        irq->live = true;
        machine->stats.irqfds++;
    }
    return err;
}

static int route(struct skvm_dev *dev, uint32_t vector, const struct sriov_vm_msi *msi)
{
    struct skvm_machine *machine = dev->machine;
    struct skvm_virq *irq = NULL;
    int err = virq_of(dev, vector, &irq);
    if (err != 0) {
        return err;
    }
    if (msi == NULL) {
        return virq_off(machine, irq);
    }
    if (msi->size < sizeof(*msi)) {
        return -EINVAL;
    }
    err = route_set(machine, irq, msi);
    return err != 0 || irq->live ? err : virq_on(machine, irq);
}

int skvm_op_vm_irq_route(void *handle, uint32_t vector, const struct sriov_vm_msi *msi)
{
    struct skvm_dev *dev = handle;
    skvm_vm_enter(dev->machine);
    int err = route(dev, vector, msi);
    skvm_vm_leave(dev->machine);
    return err;
}

static int pending_of(struct skvm_dev *dev, uint32_t vector, uint32_t *pending)
{
    const struct skvm_sys *sys = skvm_vm_sys(dev->machine);
    struct skvm_virq *irq = NULL;
    int err = virq_of(dev, vector, &irq);
    if (err != 0) {
        return err;
    }
    int readable = sys->readable(sys->ctx, irq->fd);
    if (readable < 0) {
        return skvm_vm_error(readable);
    }
    *pending = readable != 0 && !irq->live;
    return 0;
}

int skvm_op_vm_irq_pending(void *handle, uint32_t vector, uint32_t *pending)
{
    struct skvm_dev *dev = handle;
    skvm_vm_enter(dev->machine);
    int err = pending_of(dev, vector, pending);
    skvm_vm_leave(dev->machine);
    return err;
}
