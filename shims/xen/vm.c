/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine: a domain that is there, made ours, asked, let go of. */
#include "sxen_vm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_NS    UINT64_C(60000000000)
#define OPTS_SIZE_MAX 4096u
#define LIBRARY       "install libxenmisc of that release"
#define DOMID_MAX     0x7fefu /* the last that Xen gives, its public xen.h: DOMID_FIRST_RESERVED less one */

int sxen_vm_error(int err)
{
    switch (err) {
    case 0:
    case -ENOMEM:
    case -ENOSPC:
    case -ENODEV:
    case -EPERM:
    case -EINVAL:
    case -EBUSY:
    case -EOPNOTSUPP:
    case -ENOENT:
        return err;
    case -ESRCH: /* no such domain */
        return -ENOENT;
    case -EACCES: /* the interface is another release's */
    case -ENOSYS:
    case -EXDEV: /* assigned and logged exclude each other */
        return -EOPNOTSUPP;
    case -EEXIST:
        return -EBUSY;
    default:
        return -EPROTO;
    }
}

int sxen_vm_fail(const struct sxen_machine *machine, const char *name, int err, const char *text)
{
    sriov_log(machine->xen->base.vmm, SRIOV_LOG_ERROR, "%s: %s: %s", machine->name, name, text);
    return err;
}

void *sxen_vm_alloc(struct sxen_machine *machine, size_t size)
{
    const struct skvm_sys *sys = machine->xen->base.host.sys;
    return sys->alloc(sys->ctx, size != 0 ? size : 1, _Alignof(max_align_t));
}

void sxen_vm_free(struct sxen_machine *machine, void *ptr)
{
    const struct skvm_sys *sys = machine->xen->base.host.sys;
    if (ptr != NULL) {
        sys->free(sys->ctx, ptr);
    }
}

/* ---- options ---- */

static int take_opts(struct sriov_xen_vm_opts *own, const struct sriov_xen_vm_opts *opts)
{
    if (opts == NULL || opts->size < offsetof(struct sriov_xen_vm_opts, ioreq_server)) {
        return -EINVAL;
    }
    if (opts->size > OPTS_SIZE_MAX) {
        return -E2BIG;
    }
    for (size_t i = sizeof(*own); i < opts->size; i++) {
        if (((const unsigned char *)opts)[i] != 0) {
            return -E2BIG;
        }
    }
    memset(own, 0, sizeof(*own));
    memcpy(own, opts, opts->size < sizeof(*own) ? opts->size : sizeof(*own));
    own->timeout_ns = own->timeout_ns != 0 ? own->timeout_ns : TIMEOUT_NS;
    bool model = (own->flags & SRIOV_XEN_VM_DEVICE_MODEL) != 0;
    bool good = (own->flags & ~SRIOV_XEN_VM_DEVICE_MODEL) == 0 && own->reserved0 == 0 && own->domid != 0 &&
                own->domid <= DOMID_MAX && own->ioreq_server <= UINT16_MAX &&
                (model || (own->ioreq_server == 0 && own->slots_taken == 0 && own->plug == NULL &&
                           own->unplug_ask == NULL));
    return good ? 0 : -EINVAL;
}

/* ---- made ---- */

static int open_xen(struct sxen_machine *machine)
{
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    if (machine->xen->kind != SXEN_DOM0) {
        return sxen_vm_fail(machine, "machine", -EOPNOTSUPP,
                            "domains are given functions in a PV dom0 alone: run this there");
    }
    int err = door->open(door->ctx, &machine->hv);
    if (err == -EOPNOTSUPP) {
        return sxen_vm_fail(machine, "machine", err,
                            "libxenctrl is not that of the Xen that this was built for: " LIBRARY);
    }
    if (err != 0) {
        (void)sxen_vm_fail(machine, "machine", err,
                           "Xen takes no control calls: run as root in dom0, modprobe xen-privcmd");
        return err == -ENOMEM ? err : err == -EACCES || err == -EPERM ? -EPERM : -EOPNOTSUPP;
    }
    return 0;
}

static int fail_domain(const struct sxen_machine *machine, int err)
{
    switch (err) {
    case -ENOENT:
        return sxen_vm_fail(machine, "machine", err, "no such domain, or it is dying; see: xl list");
    case -EOPNOTSUPP:
        return sxen_vm_fail(machine, "machine", err, "libxenctrl is not that of the Xen that runs: " LIBRARY);
    case -EPERM:
        return sxen_vm_fail(machine, "machine", err, "Xen tells nothing of domains: run as root in dom0");
    default:
        return sxen_vm_fail(machine, "machine", err, "Xen tells nothing of the domain; see: xl dmesg");
    }
}

static int check_domain(struct sxen_machine *machine)
{
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    struct sxen_domain domain;
    int err = door->domain(door->ctx, machine->hv, machine->opts.domid, &domain);
    if (err == 0 && domain.dying) {
        err = -ENOENT;
    }
    if (err != 0) {
        return fail_domain(machine, sxen_vm_error(err));
    }
    if (sxen_vm_is_model(machine) && !domain.hvm) {
        return sxen_vm_fail(machine, "machine", -EOPNOTSUPP,
                            "a PV domain has no device model: leave SRIOV_XEN_VM_DEVICE_MODEL out");
    }
    machine->hap = domain.hvm && domain.hap;
    return 0;
}

static int parts_make(struct sxen_machine *machine)
{
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    const struct skvm_sys *sys = machine->xen->base.host.sys;
    int err = open_xen(machine);
    if (err != 0) {
        return err;
    }
    err = check_domain(machine);
    if (err != 0) {
        goto close_xen;
    }
    machine->wake =
        (struct skvm_source){.fd = sys->eventfd(sys->ctx), .take = sxen_vm_take_wake, .owner = machine};
    if (machine->wake.fd < 0) {
        err = machine->wake.fd == -ENOMEM ? -ENOMEM : -ENOSPC;
        goto close_xen;
    }
    err = skvm_source_add(&machine->xen->base, &machine->wake);
    if (err != 0) {
        goto close_wake;
    }
    err = sriov_vm_register(machine->xen->base.vmm, machine, machine->name, &machine->vm);
    if (err == 0) {
        return 0;
    }
    skvm_source_remove(&machine->xen->base, &machine->wake);
close_wake:
    sys->close(sys->ctx, machine->wake.fd);
close_xen:
    door->close(door->ctx, machine->hv);
    return err;
}

/* The VMM stays as long as it has machines. */
static void count(struct sxen *xen, uint32_t change)
{
    pthread_mutex_lock(&xen->base.lock);
    xen->base.machines += change;
    pthread_mutex_unlock(&xen->base.lock);
}

int sxen_vm_create(struct sriov_vmm *vmm, const struct sriov_xen_vm_opts *opts,
                   const struct sxen_vm_door *door, struct sriov_vm **out)
{
    struct sriov_xen_vm_opts own;
    *out = NULL;
    int err = take_opts(&own, opts);
    if (err != 0) {
        return err;
    }
    struct sxen *xen = sriov_vmm_ctx(vmm);
    const struct skvm_sys *sys = xen->base.host.sys;
    struct sxen_machine *machine = sys->alloc(sys->ctx, sizeof(*machine), _Alignof(max_align_t));
    if (machine == NULL) {
        return -ENOMEM;
    }
    machine->xen = xen;
    machine->host = (struct sxen_vm_host){.door = door, .files = xen->base.host};
    machine->opts = own;
    if (own.name != NULL && own.name[0] != '\0') {
        snprintf(machine->name, sizeof(machine->name), "%s", own.name);
    } else {
        snprintf(machine->name, sizeof(machine->name), "domain %u", (unsigned)own.domid);
    }
    err = parts_make(machine);
    if (err != 0) {
        sys->free(sys->ctx, machine);
        return err;
    }
    count(xen, 1);
    *out = machine->vm;
    return 0;
}

int sriov_xen_vm_create(struct sriov_vmm *vmm, const struct sriov_xen_vm_opts *opts, struct sriov_vm **out)
{
    if (vmm == NULL || out == NULL) {
        return -EINVAL;
    }
    return sxen_vm_create(vmm, opts, &sxen_vm_door_linux, out);
}

int sriov_xen_vm_destroy(struct sriov_vm *vm)
{
    if (vm == NULL) {
        return 0;
    }
    struct sxen_machine *machine = sriov_vm_ctx(vm);
    const struct sxen_vm_door *door = sxen_vm_door_of(machine);
    const struct skvm_sys *sys = machine->xen->base.host.sys;
    int err = sriov_vm_unregister(vm);
    if (err != 0) {
        return err;
    }
    count(machine->xen, UINT32_MAX); /* one less */
    skvm_source_remove(&machine->xen->base, &machine->wake);
    sys->close(sys->ctx, machine->wake.fd);
    door->close(door->ctx, machine->hv);
    sxen_vm_free(machine, machine);
    return 0;
}

/* ---- asked ---- */

static uint64_t caps_of(const struct sxen_machine *machine)
{
    uint64_t caps = SRIOV_VM_CAP_OWN_DMA;
    if (!sxen_vm_is_model(machine)) {
        return caps | SRIOV_VM_CAP_OWN_DEVICE | SRIOV_VM_CAP_HOTPLUG;
    }
    caps |= SRIOV_VM_CAP_MAPPED | SRIOV_VM_CAP_TRAPPED | SRIOV_VM_CAP_IRQ | SRIOV_VM_CAP_OWN_IRQ;
    caps |= machine->opts.unplug_ask != NULL ? SRIOV_VM_CAP_HOTPLUG : 0;
    return caps | (machine->hap && machine->devs == NULL ? SRIOV_VM_CAP_DIRTY_BITMAP : 0);
}

int sxen_op_vm_info(void *vm, struct sriov_vm_info *info)
{
    const struct sxen_machine *machine = vm;
    uint32_t size = info->size;
    if (size < sizeof(size)) {
        return -EINVAL;
    }
    struct sriov_vm_info own = {.size = size, .caps = caps_of(machine)};
    own.vectors_left = (own.caps & SRIOV_VM_CAP_IRQ) != 0 ? UINT64_MAX : 0;
    memset(info, 0, size);
    memcpy(info, &own, size < sizeof(own) ? size : sizeof(own));
    return 0;
}
