/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors into the guest: what the function's shim signals is taken there as a message, or waits. */
#include "vm.h"

#include <inttypes.h>

uint64_t mock_vm_vectors(const struct mock_vm *vm)
{
    uint64_t given = 0;

    for (const struct mock_dev *dev = vm->devs; dev != NULL; dev = dev->next) {
        for (uint32_t i = 0; dev->alive && i < dev->args.vectors; i++) {
            given += dev->vectors[i].given;
        }
    }
    return given;
}

static struct mock_taken *record_of(struct mock_vm *vm, uint64_t address, uint32_t data)
{
    for (size_t i = 0; i < vm->num_taken; i++) {
        if (vm->taken[i].address == address && vm->taken[i].data == data) {
            return &vm->taken[i];
        }
    }
    if (!mock_grow((void **)&vm->taken, &vm->taken_room, vm->num_taken, sizeof(*vm->taken))) {
        return NULL;
    }
    vm->taken[vm->num_taken] = (struct mock_taken){.address = address, .data = data};
    return &vm->taken[vm->num_taken++];
}

static void take(struct mock_vm_vector *vec)
{
    struct mock_vm *vm = vec->dev->vm;
    struct mock_taken *record = record_of(vm, vec->address, vec->data);

    vm->counts.interrupts++;
    vm->mock->clock.deliveries++;
    if (record != NULL) {
        record->count++;
    }
    if (vm->on_interrupt != NULL) {
        mock_clock_hold(vm->mock);
        vm->on_interrupt(vm->on_interrupt_arg, vec->address, vec->data);
        mock_clock_release(vm->mock);
    }
}

/* The function's shim signals. */
static void sink_cb(void *arg, uint32_t vector)
{
    struct mock_vm_vector *vec = arg;

    (void)vector;
    if (!vec->dev->alive) {
        mock_contract(vec->dev->vm->mock, vec->dev->name, "interrupt into %s, which has it no more",
                      vec->dev->vm->name);
        return;
    }
    if (vec->routed) {
        take(vec);
    } else {
        vec->pending = true;
    }
}

/* A vector got its route while something was pending. */
static void pending_run(struct sriov_mock *mock, struct mock_event *event)
{
    struct mock_dev *dev = event->owner;
    struct mock_vm_vector *vec = &dev->vectors[event->tag];

    (void)mock;
    if (vec->pending && vec->routed) {
        vec->pending = false;
        take(vec);
    }
}

static struct mock_vm_vector *vector_of(struct mock_dev *dev, uint32_t vector)
{
    if (vector >= dev->args.vectors) {
        mock_contract(dev->vm->mock, dev->name, "vector %" PRIu32 " of %" PRIu32, vector, dev->args.vectors);
        return NULL;
    }
    return &dev->vectors[vector];
}

int mock_op_vm_irq_sink(void *ctx, uint32_t vector, struct sriov_irq_sink *out)
{
    struct mock_dev *dev = ctx;
    struct mock_vm *vm = dev->vm;
    struct sriov_irq_sink sink = {.size = sizeof(sink), .kind = SRIOV_SINK_CALLBACK, .fd = -1, .cb = sink_cb};
    struct mock_vm_vector *vec;
    int err = mock_gate_dev(dev, MOCK_OP_vm_irq_sink, "vm_irq_sink");

    if (err != 0) {
        return err;
    }
    if (!mock_vm_can(vm, SRIOV_VM_CAP_IRQ)) {
        return -EOPNOTSUPP;
    }
    vec = vector_of(dev, vector);
    if (vec == NULL) {
        return -EINVAL;
    }
    if (!vec->given && vm->opts.vectors_max != 0 && mock_vm_vectors(vm) >= vm->opts.vectors_max) {
        return -ENOSPC;
    }
    vec->pending = vec->pending && vec->routed;
    sink.arg = vec;
    err = mock_give_struct(out, &sink, sizeof(sink), sizeof(sink));
    vec->given = vec->given || err == 0;
    return err;
}

static int check_msi(struct mock_dev *dev, const struct sriov_vm_msi *msi)
{
    int err = msi != NULL ? mock_check_struct(msi, sizeof(*msi), sizeof(*msi)) : 0;

    if (err != 0) {
        mock_contract(dev->vm->mock, dev->name, "struct sriov_vm_msi of a wrong size");
    }
    return err;
}

int mock_op_vm_irq_route(void *ctx, uint32_t vector, const struct sriov_vm_msi *msi)
{
    struct mock_dev *dev = ctx;
    struct mock_vm_vector *vec;
    int err = mock_gate_dev(dev, MOCK_OP_vm_irq_route, "vm_irq_route");

    if (err == 0) {
        err = mock_vm_can(dev->vm, SRIOV_VM_CAP_IRQ) ? check_msi(dev, msi) : -EOPNOTSUPP;
    }
    if (err != 0) {
        return err;
    }
    vec = vector_of(dev, vector);
    if (vec == NULL) {
        return -EINVAL;
    }
    if (msi != NULL && vec->pending) {
        struct mock_event *event = mock_clock_soon(dev->vm->mock, pending_run, dev);

        if (event == NULL) {
            return -ENOMEM;
        }
        event->tag = vector;
        event->sink = true;
    }
    vec->routed = msi != NULL;
    vec->address = msi != NULL ? msi->address : 0;
    vec->data = msi != NULL ? msi->data : 0;
    return 0;
}

int mock_op_vm_irq_pending(void *ctx, uint32_t vector, uint32_t *pending)
{
    struct mock_dev *dev = ctx;
    struct mock_vm_vector *vec;
    int err = mock_gate_dev(dev, MOCK_OP_vm_irq_pending, "vm_irq_pending");

    *pending = 0;
    if (err == 0 && !mock_vm_can(dev->vm, SRIOV_VM_CAP_IRQ)) {
        err = -EOPNOTSUPP;
    }
    if (err != 0) {
        return err;
    }
    vec = vector_of(dev, vector);
    if (vec == NULL) {
        return -EINVAL;
    }
    *pending = vec->pending;
    return 0;
}

/* Is this vector's sink still at a function of this mock? It is taken off, after a finding. */
void mock_vm_irq_drop(struct mock_dev *dev)
{
    for (struct mock_handle *h = dev->vm->mock->handles; h != NULL; h = h->next) {
        for (uint32_t i = 0; i < h->num_vectors; i++) {
            const struct mock_vm_vector *vec = h->vectors[i].sink.arg;

            if (h->vectors[i].sink.cb == sink_cb && vec->dev == dev && !h->irq_release_refused) {
                mock_contract(dev->vm->mock, dev->name,
                              "vm_dev_del, but vector %" PRIu32 " of %s still leads there", i, h->name);
            }
            if (h->vectors[i].sink.cb == sink_cb && vec->dev == dev) {
                h->vectors[i].sink = (struct sriov_irq_sink){0};
            }
        }
    }
}

SRIOV_API uint64_t sriov_mock_guest_interrupts(struct sriov_vm *handle, uint64_t address, uint32_t data)
{
    const struct mock_vm *vm = mock_vm_of(handle);

    for (size_t i = 0; i < vm->num_taken; i++) {
        if (vm->taken[i].address == address && vm->taken[i].data == data) {
            return vm->taken[i].count;
        }
    }
    return 0;
}

SRIOV_API void sriov_mock_guest_on_interrupt(struct sriov_vm *handle,
                                             void (*cb)(void *arg, uint64_t address, uint32_t data),
                                             void *arg)
{
    struct mock_vm *vm = mock_vm_of(handle);

    vm->on_interrupt = cb;
    vm->on_interrupt_arg = arg;
}
