/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doorbells: ioeventfds, one for each value that is told apart. They are in an epoll set of the
 * machine's own, so that all that rang since the last look are seen together.
 */
#include "skvm_vm.h"

#include <errno.h>

#define BATCH 32

struct skvm_bell *skvm_bell_at(struct skvm_machine *machine, uint64_t gpa, uint64_t length)
{
    struct skvm_bell *bell = machine->bells;
    while (bell != NULL && !skvm_overlap(bell->as.gpa, bell->as.width, gpa, length)) {
        bell = bell->next;
    }
    return bell;
}

static int ioeventfd(struct skvm_machine *machine, const struct skvm_bell *bell, uint32_t value,
                     uint32_t flags)
{
    struct kvm_ioeventfd request = {
        .datamatch = value,
        .addr = bell->as.gpa,
        .len = bell->as.width,
        .fd = bell->fds[value],
        .flags = flags | (bell->as.values != 0 ? (uint32_t)KVM_IOEVENTFD_FLAG_DATAMATCH : 0u),
    };
    return skvm_vm_ioctl(machine, KVM_IOEVENTFD, &request);
}

static uint64_t fd_data(const struct skvm_bell *bell, uint32_t value)
{
    return (uint64_t)bell->id << 32 | value;
}

static int value_on(struct skvm_machine *machine, struct skvm_bell *bell, uint32_t value)
{
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    int fd = sys->eventfd(sys->ctx);
    if (fd < 0) {
        return skvm_vm_error(fd);
    }
    bell->fds[value] = fd;
    int err = sys->epoll_add(sys->ctx, machine->epoll, fd, fd_data(bell, value));
    err = err != 0 ? skvm_vm_error(err) : ioeventfd(machine, bell, value, 0);
    if (err != 0) {
        sys->close(sys->ctx, fd); /* leaves the epoll set by that */
        return err;
    }
    bell->num_fds++;
    machine->bell_fds++;
    return 0;
}

static void values_off(struct skvm_machine *machine, struct skvm_bell *bell)
{
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    while (bell->num_fds > 0) {
        bell->num_fds--;
        machine->bell_fds--;
        (void)ioeventfd(machine, bell, bell->num_fds, KVM_IOEVENTFD_FLAG_DEASSIGN);
        (void)sys->epoll_del(sys->ctx, machine->epoll, bell->fds[bell->num_fds]);
        sys->close(sys->ctx, bell->fds[bell->num_fds]);
    }
}

static void bell_free(struct skvm_machine *machine, struct skvm_bell *bell)
{
    values_off(machine, bell);
    skvm_vm_free(machine, bell->fds);
    skvm_vm_free(machine, bell);
}

/* With all its descriptors, not yet in the list. */
static int bell_make(struct skvm_machine *machine, const struct sriov_vm_doorbell *as, struct skvm_bell **out)
{
    uint32_t n = as->values != 0 ? as->values : 1;
    struct skvm_bell *bell = skvm_vm_alloc(machine, sizeof(*bell));
    if (bell == NULL) {
        return -ENOMEM;
    }
    bell->as = *as;
    bell->id = machine->next_bell++;
    bell->fds = skvm_vm_alloc(machine, n * sizeof(*bell->fds));
    if (bell->fds == NULL) {
        skvm_vm_free(machine, bell);
        return -ENOMEM;
    }
    for (uint32_t value = 0; value < n; value++) {
        int err = value_on(machine, bell, value);
        if (err != 0) {
            bell_free(machine, bell);
            return err;
        }
    }
    *out = bell;
    return 0;
}

static int bell_check(struct skvm_machine *machine, const struct sriov_vm_doorbell *bell)
{
    uint32_t width = bell->width;
    uint32_t n = bell->values != 0 ? bell->values : 1;
    if (bell->size < sizeof(*bell) || bell->reserved0 != 0 || bell->cb == NULL ||
        (width != 1 && width != 2 && width != 4 && width != 8) || bell->gpa % width != 0 ||
        (width < 4 && bell->values > UINT32_C(1) << 8 * width)) {
        return -EINVAL;
    }
    if ((machine->caps & SRIOV_VM_CAP_DOORBELL) == 0) {
        return -EOPNOTSUPP;
    }
    if (skvm_mem_at(machine, bell->gpa, width) != NULL) {
        return -EINVAL;
    }
    if (skvm_bell_at(machine, bell->gpa, width) != NULL) {
        return -EBUSY;
    }
    return n <= machine->opts.max_bells - machine->bell_fds ? 0 : -ENOSPC;
}

/* The mapped window around a doorbell, laid out anew. What KVM refuses traps, which is slow and right. */
static void replace_window(struct skvm_machine *machine, const struct skvm_bell *bell)
{
    struct skvm_window *window = skvm_window_at(machine, bell->as.gpa, bell->as.width);
    if (window != NULL && window->as.va != NULL) {
        skvm_window_unplace(machine, window);
        (void)skvm_window_place(machine, window);
    }
}

static int bell_add(struct skvm_dev *dev, const struct sriov_vm_doorbell *as)
{
    struct skvm_machine *machine = dev->machine;
    struct skvm_bell *bell = NULL;
    int err = bell_check(machine, as);
    err = err != 0 ? err : bell_make(machine, as, &bell);
    if (err != 0) {
        return err;
    }
    bell->dev = dev;
    bell->next = machine->bells;
    machine->bells = bell;
    replace_window(machine, bell);
    return 0;
}

int skvm_op_vm_doorbell_add(void *handle, const struct sriov_vm_doorbell *bell)
{
    struct skvm_dev *dev = handle;
    skvm_vm_enter(dev->machine);
    int err = bell_add(dev, bell);
    skvm_vm_leave(dev->machine);
    return err;
}

static void bell_remove(struct skvm_machine *machine, struct skvm_bell **link)
{
    struct skvm_bell *bell = *link;
    *link = bell->next;
    replace_window(machine, bell);
    bell_free(machine, bell);
}

static int bell_del(struct skvm_dev *dev, uint64_t gpa)
{
    struct skvm_bell **link = &dev->machine->bells;
    while (*link != NULL && ((*link)->dev != dev || (*link)->as.gpa != gpa)) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        return -ENOENT;
    }
    bell_remove(dev->machine, link);
    return 0;
}

int skvm_op_vm_doorbell_del(void *handle, uint64_t gpa)
{
    struct skvm_dev *dev = handle;
    struct skvm_machine *machine = dev->machine;
    skvm_vm_enter(machine);
    int err = bell_del(dev, gpa);
    skvm_vm_leave(machine);
    return err;
}

void skvm_bells_drop(struct skvm_dev *dev)
{
    struct skvm_bell **link = &dev->machine->bells;
    while (*link != NULL) {
        if ((*link)->dev == dev) {
            bell_remove(dev->machine, link);
        } else {
            link = &(*link)->next;
        }
    }
}

/* ---- what rang ---- */

/* How far ahead of what was told last, around the ring of values. */
static uint64_t ahead(const struct skvm_bell *bell, uint64_t value)
{
    uint64_t n = bell->as.values;
    return value >= bell->last ? value - bell->last : value + n - bell->last;
}

static void note(struct skvm_machine *machine, struct skvm_bell *bell, uint32_t value)
{
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    uint64_t count = 0;
    if (value >= bell->num_fds ||
        sys->read(sys->ctx, bell->fds[value], &count, sizeof(count)) != (int64_t)sizeof(count)) {
        return;
    }
    machine->stats.bells += count;
    if (bell->as.values == 0) {
        bell->latest = 0;
    } else if (!bell->rung || ahead(bell, value) > ahead(bell, bell->latest)) {
        bell->latest = value;
    }
    bell->rung = true;
}

static struct skvm_bell *bell_of(struct skvm_machine *machine, uint64_t data)
{
    struct skvm_bell *bell = machine->bells;
    while (bell != NULL && bell->id != data >> 32) {
        bell = bell->next;
    }
    return bell;
}

/* A guest that rings without end does not hold us here: as many as there are, and no more. */
static void collect(struct skvm_machine *machine)
{
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    uint64_t data[BATCH];
    uint64_t count;
    int n = BATCH;
    for (uint32_t turn = 0; n == BATCH && turn <= machine->bell_fds / BATCH; turn++) {
        n = sys->epoll_wait(sys->ctx, machine->epoll, data, BATCH, 0);
        for (int i = 0; i < n; i++) {
            struct skvm_bell *bell = data[i] == SKVM_WAKE_DATA ? NULL : bell_of(machine, data[i]);
            if (bell != NULL) {
                note(machine, bell, (uint32_t)data[i]);
            } else {
                (void)sys->read(sys->ctx, machine->wake, &count, sizeof(count));
            }
        }
    }
}

static struct skvm_bell *next_rung(struct skvm_machine *machine)
{
    struct skvm_bell *bell = machine->bells;
    while (bell != NULL && !bell->rung) {
        bell = bell->next;
    }
    return bell;
}

void skvm_bells_deliver(struct skvm_machine *machine)
{
    collect(machine);
    machine->calling++;
    /* From the start each time: a callback may change the list. */
    for (struct skvm_bell *bell = next_rung(machine); bell != NULL; bell = next_rung(machine)) {
        bell->rung = false;
        bell->last = bell->latest;
        machine->stats.bell_calls++;
        bell->as.cb(bell->as.arg, bell->latest);
    }
    machine->calling--;
}

void skvm_bells_sync(struct skvm_machine *machine)
{
    if (machine->bells != NULL && machine->calling == 0) {
        skvm_bells_deliver(machine);
    }
}
