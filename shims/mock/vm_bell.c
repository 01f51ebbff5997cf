/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doorbells: a store becomes an event of the clock, as a kernel makes it a signal; several before the
 * callback become one, of which only the furthest is known, as with a signal for each value.
 */
#include "vm.h"

#include <inttypes.h>
#include <stdlib.h>

static struct mock_bell *find(const struct mock_vm *vm, uint64_t gpa)
{
    for (struct mock_bell *bell = vm->bells; bell != NULL; bell = bell->next) {
        if (bell->spec.gpa == gpa) {
            return bell;
        }
    }
    return NULL;
}

uint64_t mock_vm_bell_values(const struct mock_vm *vm)
{
    uint64_t values = 0;

    for (const struct mock_bell *bell = vm->bells; bell != NULL; bell = bell->next) {
        values += bell->spec.values != 0 ? bell->spec.values : 1;
    }
    return values;
}

size_t mock_vm_bells(const struct mock_vm *vm)
{
    size_t bells = 0;

    for (const struct mock_bell *bell = vm->bells; bell != NULL; bell = bell->next) {
        bells++;
    }
    return bells;
}

static void bell_run(struct sriov_mock *mock, struct mock_event *event)
{
    struct mock_bell *bell = event->owner;
    struct sriov_vm_doorbell spec = bell->spec; /* the callback may take it away */
    struct mock_vm *vm = bell->dev->vm;

    bell->rung = false;
    bell->told = bell->latest;
    mock->clock.deliveries++;
    mock_vm_enter(vm);
    spec.cb(spec.arg, bell->told);
    mock_vm_leave(vm);
}

/* How far ahead of what was told last; a plain bell has one value. */
static uint64_t ahead(const struct mock_bell *bell, uint64_t value)
{
    uint32_t values = bell->spec.values;

    return values != 0 ? (value + values - bell->told) % values : 0;
}

static bool post(struct mock_bell *bell)
{
    struct mock_event *event = mock_clock_soon(bell->dev->vm->mock, bell_run, bell);

    if (event != NULL) {
        event->sink = true;
    }
    return event != NULL;
}

bool mock_vm_ring(struct mock_vm *vm, uint64_t gpa, uint32_t width, uint64_t value)
{
    struct mock_bell *bell = find(vm, gpa);

    if (bell == NULL || bell->spec.width != width || (bell->spec.values != 0 && value >= bell->spec.values)) {
        return false;
    }
    if (bell->spec.values == 0) {
        value = 0;
    }
    vm->counts.doorbells++;
    if (!bell->rung || ahead(bell, value) > ahead(bell, bell->latest)) {
        bell->latest = value;
    }
    if (!bell->rung) {
        bell->rung = post(bell);
    }
    return true;
}

static int check_bell(struct mock_dev *dev, const struct sriov_vm_doorbell *spec)
{
    int err = mock_check_struct(spec, sizeof(*spec), sizeof(*spec));

    if (err == 0 && (!mock_is_pow2(spec->width) || spec->width > 8 || spec->gpa % spec->width != 0 ||
                     spec->reserved0 != 0 || spec->cb == NULL)) {
        err = -EINVAL;
    }
    if (err != 0) {
        mock_contract(dev->vm->mock, dev->name, "vm_doorbell_add of no doorbell");
    }
    return err;
}

static int check_budget(const struct mock_vm *vm, const struct sriov_vm_doorbell *spec)
{
    uint64_t wanted = spec->values != 0 ? spec->values : 1;

    if (!mock_vm_can(vm, SRIOV_VM_CAP_DOORBELL)) {
        return -EOPNOTSUPP;
    }
    if (find(vm, spec->gpa) != NULL) {
        return -EBUSY;
    }
    if (vm->opts.doorbells_max != 0 && wanted > vm->opts.doorbells_max - mock_vm_bell_values(vm)) {
        return -ENOSPC;
    }
    return 0;
}

int mock_op_vm_doorbell_add(void *ctx, const struct sriov_vm_doorbell *spec)
{
    struct mock_dev *dev = ctx;
    struct mock_bell *bell;
    int err = mock_gate_dev(dev, MOCK_OP_vm_doorbell_add, "vm_doorbell_add");

    if (err == 0) {
        err = check_bell(dev, spec);
    }
    if (err == 0) {
        err = check_budget(dev->vm, spec);
    }
    if (err != 0) {
        return err;
    }
    bell = calloc(1, sizeof(*bell));
    if (bell == NULL) {
        return -ENOMEM;
    }
    bell->dev = dev;
    bell->spec = *spec;
    bell->next = dev->vm->bells;
    dev->vm->bells = bell;
    return 0;
}

static void unlink_bell(struct mock_vm *vm, struct mock_bell **link)
{
    struct mock_bell *bell = *link;

    *link = bell->next;
    mock_clock_cancel(vm->mock, bell);
    free(bell);
}

int mock_op_vm_doorbell_del(void *ctx, uint64_t gpa)
{
    struct mock_dev *dev = ctx;
    int err = mock_gate_dev(dev, MOCK_OP_vm_doorbell_del, "vm_doorbell_del");

    for (struct mock_bell **link = &dev->vm->bells; *link != NULL; link = &(*link)->next) {
        if ((*link)->dev == dev && (*link)->spec.gpa == gpa) {
            if (err == 0) {
                unlink_bell(dev->vm, link);
            }
            return err;
        }
    }
    mock_contract(dev->vm->mock, dev->name, "vm_doorbell_del of no doorbell: 0x%" PRIx64, gpa);
    return -EINVAL;
}

void mock_vm_bells_drop(struct mock_dev *dev)
{
    struct mock_bell **link = &dev->vm->bells;

    while (*link != NULL) {
        if ((*link)->dev == dev) {
            unlink_bell(dev->vm, link);
        } else {
            link = &(*link)->next;
        }
    }
}
