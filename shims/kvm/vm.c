/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine: made, asked, taken down. */
#include "skvm_vm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int skvm_vm_error(int err)
{
    switch (err) {
    case -ENOMEM:
    case -ENOSPC:
    case -ENODEV:
    case -EPERM:
    case -EINVAL:
    case -EBUSY:
        return err;
    case -EEXIST: /* the range or the file is in KVM's hands already */
        return -EBUSY;
    case -EMFILE:
    case -ENFILE:
        return -ENOSPC;
    case -ENOTTY:
        return -EOPNOTSUPP;
    default:
        return -EPROTO;
    }
}

int skvm_vm_ioctl(struct skvm_machine *machine, unsigned long request, void *arg)
{
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    int err = sys->ioctl(sys->ctx, machine->opts.vm_fd, request, arg);
    return err < 0 ? skvm_vm_error(err) : 0;
}

int skvm_vm_check(struct skvm_machine *machine, uint32_t cap)
{
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    return sys->ioctl(sys->ctx, machine->opts.vm_fd, KVM_CHECK_EXTENSION, (void *)(uintptr_t)cap);
}

void *skvm_vm_alloc(struct skvm_machine *machine, size_t size)
{
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    return sys->alloc(sys->ctx, size != 0 ? size : 1, _Alignof(max_align_t));
}

void skvm_vm_free(struct skvm_machine *machine, void *ptr)
{
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    if (ptr != NULL) {
        sys->free(sys->ctx, ptr);
    }
}

/* ---- made ---- */

static int dirty_init(struct skvm_machine *machine)
{
    uint32_t flags = machine->opts.flags;
    if ((flags & SRIOV_KVM_VM_DIRTY_RING) != 0) {
        machine->caps |= SRIOV_VM_CAP_DIRTY_RING;
        return skvm_ring_enable(machine, machine->opts.ring_entries);
    }
    machine->caps |= SRIOV_VM_CAP_DIRTY_BITMAP;
    if ((flags & SRIOV_KVM_VM_MANUAL_CLEAR) == 0) {
        return 0;
    }
    struct kvm_enable_cap request = {.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2,
                                     .args = {KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE}};
    int has = skvm_vm_check(machine, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2);
    return has > 0 ? skvm_vm_ioctl(machine, KVM_ENABLE_CAP, &request) : -EOPNOTSUPP;
}

static int caps_init(struct skvm_machine *machine)
{
    bool irqs = skvm_vm_check(machine, KVM_CAP_IRQFD) > 0 && skvm_vm_check(machine, KVM_CAP_IRQ_ROUTING) > 0;
    int user_memory = skvm_vm_check(machine, KVM_CAP_USER_MEMORY);
    if (user_memory <= 0) {
        return user_memory < 0 ? skvm_vm_error(user_memory) : -EOPNOTSUPP;
    }
    machine->caps = SRIOV_VM_CAP_MAPPED | SRIOV_VM_CAP_TRAPPED;
    machine->caps |= skvm_vm_check(machine, KVM_CAP_IOEVENTFD) > 0 ? SRIOV_VM_CAP_DOORBELL : 0;
    machine->caps |= irqs ? SRIOV_VM_CAP_IRQ : 0;
    machine->caps |= machine->opts.unplug_ask != NULL ? SRIOV_VM_CAP_HOTPLUG : 0;
    int err = dirty_init(machine);
    machine->caps &= ~machine->opts.without;
    return err;
}

static void due(void *arg, uint32_t value)
{
    struct skvm_machine *machine = arg;
    (void)value;
    /* Whoever waits has given its locks away; who has not is in a callback, where no other one comes, and
     * the lock may be one that all machines share. It comes with the next wait. */
    if (skvm_locks_held()) {
        return;
    }
    skvm_vm_enter(machine);
    skvm_bells_deliver(machine);
    skvm_ejects_deliver(machine);
    skvm_vm_leave(machine);
}

static bool take_due(struct skvm_source *source, struct skvm_call *call)
{
    call->cb = due;
    call->arg = source->owner;
    return true;
}

/* The set that doorbells are put into, itself in the VMM's. */
static int epoll_init(struct skvm_machine *machine)
{
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    machine->epoll = sys->epoll_create(sys->ctx);
    if (machine->epoll < 0) {
        return skvm_vm_error(machine->epoll);
    }
    machine->wake = sys->eventfd(sys->ctx);
    int err = machine->wake;
    if (err >= 0) {
        err = sys->epoll_add(sys->ctx, machine->epoll, machine->wake, SKVM_WAKE_DATA);
        if (err == 0) {
            machine->source = (struct skvm_source){.fd = machine->epoll, .take = take_due, .owner = machine};
            err = skvm_source_add(machine->kvm, &machine->source);
        }
        if (err != 0) {
            sys->close(sys->ctx, machine->wake);
        }
    }
    if (err < 0) {
        sys->close(sys->ctx, machine->epoll);
        return skvm_vm_error(err);
    }
    return 0;
}

static void epoll_drop(struct skvm_machine *machine)
{
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    skvm_source_remove(machine->kvm, &machine->source);
    sys->close(sys->ctx, machine->wake);
    sys->close(sys->ctx, machine->epoll);
}

/* KVM's state goes last, since it cannot be taken back. */
static int parts_make(struct skvm_machine *machine)
{
    machine->memslots = skvm_vm_alloc(machine, machine->opts.num_slots * sizeof(*machine->memslots));
    if (machine->memslots == NULL) {
        return -ENOMEM;
    }
    int err = skvm_routes_init(machine, &machine->opts);
    if (err != 0) {
        goto free_slots;
    }
    err = epoll_init(machine);
    if (err != 0) {
        goto drop_routes;
    }
    err = caps_init(machine);
    err = err != 0 ? err : sriov_vm_register(machine->kvm->vmm, machine, machine->name, &machine->vm);
    if (err == 0) {
        return 0;
    }
    epoll_drop(machine);
drop_routes:
    skvm_routes_drop(machine);
free_slots:
    skvm_vm_free(machine, machine->memslots);
    return err;
}

/* The VMM stays as long as it has machines. */
static void count(struct skvm *kvm, uint32_t change)
{
    pthread_mutex_lock(&kvm->lock);
    kvm->machines += change;
    pthread_mutex_unlock(&kvm->lock);
}

int sriov_kvm_vm_create(struct sriov_vmm *vmm, const struct sriov_kvm_vm_opts *opts, struct sriov_vm **out)
{
    struct sriov_kvm_vm_opts own;
    if (vmm == NULL || out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    int err = skvm_vm_opts_take(&own, opts);
    if (err != 0) {
        return err;
    }
    struct skvm *kvm = sriov_vmm_ctx(vmm);
    struct skvm_machine *machine =
        kvm->host.sys->alloc(kvm->host.sys->ctx, sizeof(*machine), _Alignof(max_align_t));
    if (machine == NULL) {
        return -ENOMEM;
    }
    machine->kvm = kvm;
    machine->opts = own;
    machine->vfio = own.vfio_fd;
    snprintf(machine->name, sizeof(machine->name), "%s", own.name);
    pthread_mutex_init(&machine->mutex, NULL);
    err = parts_make(machine);
    if (err != 0) {
        pthread_mutex_destroy(&machine->mutex);
        skvm_vm_free(machine, machine);
        return err;
    }
    count(kvm, 1);
    *out = machine->vm;
    return 0;
}

int sriov_kvm_vm_destroy(struct sriov_vm *vm)
{
    if (vm == NULL) {
        return 0;
    }
    struct skvm_machine *machine = sriov_vm_ctx(vm);
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    int err = sriov_vm_unregister(vm);
    if (err != 0) {
        return err;
    }
    count(machine->kvm, UINT32_MAX); /* one less */
    epoll_drop(machine);
    skvm_rings_drop(machine);
    if (machine->vfio >= 0 && machine->vfio != machine->opts.vfio_fd) {
        sys->close(sys->ctx, machine->vfio);
    }
    skvm_routes_drop(machine);
    skvm_vm_free(machine, machine->memslots);
    pthread_mutex_destroy(&machine->mutex);
    skvm_vm_free(machine, machine);
    return 0;
}

/* ---- asked ---- */

int skvm_op_vm_info(void *vm, struct sriov_vm_info *info)
{
    struct skvm_machine *machine = vm;
    uint32_t size = info->size;
    if (size < sizeof(size)) {
        return -EINVAL;
    }
    skvm_vm_enter(machine);
    struct sriov_vm_info own = {.size = size, .caps = machine->caps};
    own.doorbells_left =
        (own.caps & SRIOV_VM_CAP_DOORBELL) != 0 ? machine->opts.max_bells - machine->bell_fds : 0;
    own.vectors_left = (own.caps & SRIOV_VM_CAP_IRQ) != 0 ? skvm_gsis_left(machine) : 0;
    skvm_vm_leave(machine);
    memset(info, 0, size);
    memcpy(info, &own, size < sizeof(own) ? size : sizeof(own));
    return 0;
}

int sriov_kvm_vm_stats(struct sriov_vm *vm, struct sriov_kvm_vm_stats *stats)
{
    struct skvm_machine *machine = sriov_vm_ctx(vm);
    uint32_t size = stats->size;
    if (size < sizeof(size)) {
        return -EINVAL;
    }
    skvm_vm_enter(machine);
    struct sriov_kvm_vm_stats own = machine->stats;
    skvm_vm_leave(machine);
    own.size = size;
    memset(stats, 0, size);
    memcpy(stats, &own, size < sizeof(own) ? size : sizeof(own));
    return 0;
}
