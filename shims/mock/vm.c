/* SPDX-License-Identifier: BSD-3-Clause */
/* Machines: making and ending them, what they can do, what the guest has done. */
#include "vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_CAPS                                                                                             \
    (SRIOV_VM_CAP_MAPPED | SRIOV_VM_CAP_TRAPPED | SRIOV_VM_CAP_DOORBELL | SRIOV_VM_CAP_IRQ |                 \
     SRIOV_VM_CAP_DIRTY_BITMAP | SRIOV_VM_CAP_DIRTY_RING | SRIOV_VM_CAP_HOTPLUG)

bool mock_vm_can(const struct mock_vm *vm, uint64_t cap)
{
    return (ALL_CAPS & ~vm->opts.caps_out & cap) == cap;
}

struct mock_vm *mock_vm_of(struct sriov_vm *vm)
{
    return sriov_vm_ctx(vm);
}

int mock_gate_dev(struct mock_dev *dev, enum mock_op op, const char *what)
{
    int err = mock_gate_vm(dev->vm->mock, dev->name, op);

    if (!dev->alive) {
        mock_contract(dev->vm->mock, dev->name, "%s of a function that is not in %s any more", what,
                      dev->vm->name);
        return -EINVAL;
    }
    return err;
}

void mock_vm_enter(struct mock_vm *vm)
{
    vm->in_callback++;
    mock_clock_hold(vm->mock);
}

void mock_vm_leave(struct mock_vm *vm)
{
    mock_clock_release(vm->mock);
    vm->in_callback--;
}

static int check_opts(const struct sriov_mock_vm_opts *opts)
{
    int err = mock_check_struct(opts, sizeof(*opts), sizeof(*opts));

    if (err != 0) {
        return err;
    }
    if (opts->flags != 0 || opts->reserved0 != 0 || (opts->caps_out & ~ALL_CAPS) != 0 ||
        opts->consent > SRIOV_MOCK_CONSENT_NEVER) {
        return -EINVAL;
    }
    return 0;
}

/* The first number that no machine has: names of reports should differ. */
static void number_it(struct mock_vm *vm)
{
    uint32_t n = 1;

    for (const struct mock_vm *other = vm->mock->vms; other != NULL; other = other->next) {
        n++;
    }
    (void)snprintf(vm->name, sizeof(vm->name), "vm%u", (unsigned)n);
}

static void unlink_vm(struct mock_vm *vm)
{
    struct mock_vm **link = &vm->mock->vms;

    while (*link != vm) {
        link = &(*link)->next;
    }
    *link = vm->next;
}

static void free_vm(struct mock_vm *vm)
{
    while (vm->devs != NULL) {
        struct mock_dev *dev = vm->devs;

        if (dev->alive) {
            mock_contract(vm->mock, dev->name, "function still in %s when it ends", vm->name);
            mock_vm_dev_drop(dev);
        }
        vm->devs = dev->next;
        free(dev->vectors);
        free(dev);
    }
    mock_vm_mem_free(vm);
    free(vm->windows);
    free(vm->taken);
    free(vm->ring);
    free(vm);
}

static int fill(struct mock_vm *vm, const struct sriov_mock_vm_opts *opts)
{
    if (opts != NULL) {
        vm->opts = *opts;
    }
    vm->opts.name = NULL; /* the caller's */
    if (vm->opts.ring_max == 0) {
        vm->opts.ring_max = MOCK_VM_RING;
    }
    if (opts == NULL || opts->name == NULL) {
        number_it(vm);
    } else if (!mock_copy_name(vm->name, opts->name)) {
        return -EINVAL;
    }
    vm->ring = calloc(vm->opts.ring_max, sizeof(*vm->ring));
    return vm->ring != NULL ? 0 : -ENOMEM;
}

SRIOV_API int sriov_mock_vm_create(struct sriov_mock *mock, const struct sriov_mock_vm_opts *opts,
                                   struct sriov_vm **out)
{
    struct mock_vm *vm;
    int err = opts != NULL ? check_opts(opts) : 0;

    if (err != 0) {
        return err;
    }
    vm = calloc(1, sizeof(*vm));
    if (vm == NULL) {
        return -ENOMEM;
    }
    vm->mock = mock;
    err = fill(vm, opts);
    if (err == 0) {
        err = sriov_vm_register(mock->vmm, vm, vm->name, &vm->handle);
    }
    if (err != 0) {
        free(vm->ring);
        free(vm);
        return err;
    }
    vm->next = mock->vms;
    mock->vms = vm;
    *out = vm->handle;
    return 0;
}

SRIOV_API int sriov_mock_vm_destroy(struct sriov_vm *handle)
{
    struct mock_vm *vm;
    int err;

    if (handle == NULL) {
        return 0;
    }
    vm = mock_vm_of(handle);
    err = sriov_vm_unregister(handle);
    if (err != 0) {
        return err;
    }
    unlink_vm(vm);
    free_vm(vm);
    return 0;
}

void mock_vms_destroy(struct sriov_mock *mock)
{
    while (mock->vms != NULL) {
        struct mock_vm *vm = mock->vms;

        mock_contract(mock, vm->name, "machine still there when the mock ends");
        (void)sriov_vm_unregister(vm->handle);
        unlink_vm(vm);
        free_vm(vm);
    }
}

uint64_t mock_vms_held(const struct sriov_mock *mock)
{
    uint64_t held = 0;

    for (const struct mock_vm *vm = mock->vms; vm != NULL; vm = vm->next) {
        held += vm->num_mems + vm->num_windows + mock_vm_bells(vm) + mock_vm_vectors(vm);
        held += vm->dirty_mode != 0;
        for (const struct mock_dev *dev = vm->devs; dev != NULL; dev = dev->next) {
            held += dev->alive;
        }
    }
    return held;
}

static uint64_t left_of(uint32_t most, uint64_t used)
{
    return most == 0 ? UINT64_MAX : most - used;
}

int mock_op_vm_info(void *ctx, struct sriov_vm_info *out)
{
    struct mock_vm *vm = ctx;
    struct sriov_vm_info info = {.size = sizeof(info)};
    int err = mock_gate_vm(vm->mock, vm->name, MOCK_OP_vm_info);

    if (err != 0) {
        return err;
    }
    info.caps = ALL_CAPS & ~vm->opts.caps_out;
    info.doorbells_left = left_of(vm->opts.doorbells_max, mock_vm_bell_values(vm));
    info.vectors_left = left_of(vm->opts.vectors_max, mock_vm_vectors(vm));
    return mock_give_struct(out, &info, sizeof(uint32_t), sizeof(info));
}

SRIOV_API int sriov_mock_guest_counts(struct sriov_vm *handle, struct sriov_mock_guest_counts *counts)
{
    return mock_give_struct(counts, &mock_vm_of(handle)->counts, sizeof(uint32_t), sizeof(*counts));
}
