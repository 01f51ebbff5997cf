/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions in a machine: in and out, on the guest's bus and off it. */
#include "vm.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a guest of any kind takes for the host's bridge. */
#define FIRST_FREE_SLOT 1u

struct mock_dev *mock_vm_dev_at(const struct mock_vm *vm, uint32_t slot)
{
    for (struct mock_dev *dev = vm->devs; dev != NULL; dev = dev->next) {
        if (dev->alive && dev->slot == slot) {
            return dev;
        }
    }
    return NULL;
}

static int choose_slot(const struct mock_vm *vm, uint32_t asked, uint32_t *slot)
{
    if (asked != SRIOV_VM_SLOT_ANY) {
        *slot = asked;
        return mock_vm_dev_at(vm, asked) != NULL ? -EBUSY : 0;
    }
    for (uint32_t i = FIRST_FREE_SLOT; i < MOCK_VM_SLOTS; i++) {
        if (mock_vm_dev_at(vm, i) == NULL) {
            *slot = i;
            return 0;
        }
    }
    return -ENOSPC;
}

static int check_args(struct mock_vm *vm, const struct sriov_vm_dev_args *args)
{
    int err = mock_check_struct(args, sizeof(*args), sizeof(*args));

    if (err == 0 && ((args->slot >= MOCK_VM_SLOTS && args->slot != SRIOV_VM_SLOT_ANY) || args->name == NULL ||
                     args->cfg_read == NULL || args->cfg_write == NULL || args->reserved0 != 0)) {
        err = -EINVAL;
    }
    if (err != 0) {
        mock_contract(vm->mock, vm->name, "vm_dev_add with bad arguments");
    }
    return err;
}

/* A function of this mock's: it is open, and in no machine yet. */
static int check_fn(struct mock_vm *vm, const void *fn)
{
    const struct mock_handle *h = vm->mock->handles;

    while (fn != NULL && h != NULL && h != fn) {
        h = h->next;
    }
    if (fn != NULL && h == NULL) {
        mock_contract(vm->mock, vm->name, "vm_dev_add of a function that is not open");
        return -EINVAL;
    }
    for (const struct mock_vm *other = vm->mock->vms; fn != NULL && other != NULL; other = other->next) {
        for (const struct mock_dev *dev = other->devs; dev != NULL; dev = dev->next) {
            if (dev->alive && dev->args.fn == fn) {
                mock_contract(vm->mock, dev->name, "vm_dev_add, yet it is in %s", other->name);
                return -EBUSY;
            }
        }
    }
    return 0;
}

static struct mock_dev *make_dev(struct mock_vm *vm, const struct sriov_vm_dev_args *args, uint32_t slot)
{
    struct mock_dev *dev = calloc(1, sizeof(*dev));
    size_t vectors = args->vectors != 0 ? args->vectors : 1;

    if (dev == NULL) {
        return NULL;
    }
    dev->vectors = calloc(vectors, sizeof(*dev->vectors));
    if (dev->vectors == NULL || !mock_copy_name(dev->name, args->name)) {
        free(dev->vectors);
        free(dev);
        return NULL;
    }
    for (uint32_t i = 0; i < args->vectors; i++) {
        dev->vectors[i].dev = dev;
        dev->vectors[i].index = i;
    }
    dev->vm = vm;
    dev->args = *args;
    dev->args.name = dev->name;
    dev->slot = slot;
    dev->alive = true;
    dev->next = vm->devs;
    vm->devs = dev;
    return dev;
}

int mock_op_vm_dev_add(void *ctx, const struct sriov_vm_dev_args *args, void **out)
{
    struct mock_vm *vm = ctx;
    uint32_t slot = 0;
    int err = mock_gate_vm(vm->mock, vm->name, MOCK_OP_vm_dev_add);

    if (err == 0) {
        err = check_args(vm, args);
    }
    if (err == 0) {
        err = check_fn(vm, args->fn);
    }
    if (err == 0) {
        err = choose_slot(vm, args->slot, &slot);
    }
    if (err != 0) {
        return err;
    }
    *out = make_dev(vm, args, slot);
    return *out != NULL ? 0 : -ENOMEM;
}

void mock_vm_dev_drop(struct mock_dev *dev)
{
    mock_vm_windows_drop(dev);
    mock_vm_bells_drop(dev);
    mock_vm_irq_drop(dev);
    mock_clock_cancel(dev->vm->mock, dev);
    dev->alive = false;
    dev->plugged = false;
}

void mock_op_vm_dev_del(void *ctx)
{
    struct mock_dev *dev = ctx;

    /* A function that is not in there any more is a finding; no fault can refuse this. */
    if (mock_gate_dev(dev, MOCK_OP_vm_dev_del, "vm_dev_del") == 0) {
        mock_vm_dev_drop(dev);
    }
}

int mock_op_vm_hot_add(void *ctx)
{
    struct mock_dev *dev = ctx;
    int err = mock_gate_dev(dev, MOCK_OP_vm_hot_add, "vm_hot_add");

    if (err != 0) {
        return err;
    }
    if (dev->plugged) {
        mock_contract(dev->vm->mock, dev->name, "vm_hot_add of what is on the bus already");
        return -EINVAL;
    }
    dev->plugged = true;
    dev->vm->told[dev->slot][0] += mock_vm_can(dev->vm, SRIOV_VM_CAP_HOTPLUG);
    return 0;
}

/* The guest has let go. */
static void gone_run(struct sriov_mock *mock, struct mock_event *event)
{
    struct mock_dev *dev = event->owner;
    struct mock_vm *vm = dev->vm;

    dev->plugged = false;
    dev->asked = false;
    mock->clock.deliveries++;
    mock_vm_enter(vm);
    dev->gone(dev->gone_arg);
    mock_vm_leave(vm);
}

static int let_go_at(struct mock_dev *dev, uint64_t at_ns)
{
    struct mock_event *event = mock_clock_at(dev->vm->mock, at_ns, gone_run, dev);

    if (event == NULL) {
        return -ENOMEM;
    }
    event->sink = true;
    return 0;
}

static int follow_script(struct mock_dev *dev)
{
    uint64_t now = dev->vm->mock->clock.now_ns;

    switch (dev->vm->opts.consent) {
    case SRIOV_MOCK_CONSENT_AT_ONCE:
        return let_go_at(dev, now);
    case SRIOV_MOCK_CONSENT_LATER:
        return let_go_at(dev, mock_add_sat(now, dev->vm->opts.consent_ns));
    default:
        return 0;
    }
}

int mock_op_vm_hot_remove(void *ctx, void (*gone)(void *arg), void *arg)
{
    struct mock_dev *dev = ctx;
    int err = mock_gate_dev(dev, MOCK_OP_vm_hot_remove, "vm_hot_remove");

    if (err != 0) {
        return err;
    }
    if (!mock_vm_can(dev->vm, SRIOV_VM_CAP_HOTPLUG)) {
        return -EOPNOTSUPP;
    }
    if (!dev->plugged || gone == NULL) {
        mock_contract(dev->vm->mock, dev->name, "vm_hot_remove of what is not on the bus");
        return -EINVAL;
    }
    mock_clock_cancel_run(dev->vm->mock, dev, gone_run);
    err = follow_script(dev);
    if (err == 0) {
        dev->gone = gone;
        dev->gone_arg = arg;
        dev->asked = true;
        dev->vm->told[dev->slot][1]++;
    }
    return err;
}

SRIOV_API int sriov_mock_guest_script(struct sriov_vm *handle, enum sriov_mock_consent consent, uint64_t ns)
{
    struct mock_vm *vm = mock_vm_of(handle);

    if (consent > SRIOV_MOCK_CONSENT_NEVER) {
        return -EINVAL;
    }
    vm->opts.consent = consent;
    vm->opts.consent_ns = ns;
    return 0;
}

SRIOV_API int sriov_mock_guest_let_go(struct sriov_vm *handle, uint32_t slot)
{
    struct mock_vm *vm = mock_vm_of(handle);
    struct mock_dev *dev = mock_vm_dev_at(vm, slot);

    if (dev == NULL) {
        return -ENOENT;
    }
    if (!dev->asked) {
        return -EAGAIN;
    }
    mock_clock_cancel_run(vm->mock, dev, gone_run);
    return let_go_at(dev, vm->mock->clock.now_ns);
}

SRIOV_API uint64_t sriov_mock_guest_told(struct sriov_vm *handle, uint32_t slot, bool asked)
{
    return slot < MOCK_VM_SLOTS ? mock_vm_of(handle)->told[slot][asked] : 0;
}
