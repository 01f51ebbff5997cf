/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * KVM_DEV_TYPE_VFIO: KVM is told which VFIO files are in the guest, so that it keeps what the guest
 * says of caches and memory types true for their DMA.
 */
#include "skvm_vm.h"

#include <errno.h>

/* Linux 6.6 gave these their general names; before it a group was the only file. */
#ifndef KVM_DEV_VFIO_FILE
#define KVM_DEV_VFIO_FILE     1
#define KVM_DEV_VFIO_FILE_ADD 1
#define KVM_DEV_VFIO_FILE_DEL 2
#endif

static int vfio_make(struct skvm_machine *machine)
{
    struct kvm_create_device request = {.type = KVM_DEV_TYPE_VFIO};
    int err = skvm_vm_ioctl(machine, KVM_CREATE_DEVICE, &request);
    if (err == 0) {
        machine->vfio = (int)request.fd;
    }
    return err;
}

static int file_attr(struct skvm_machine *machine, int fd, uint64_t attr)
{
    const struct skvm_sys *sys = skvm_vm_sys(machine);
    int32_t file = fd;
    struct kvm_device_attr request = {
        .group = KVM_DEV_VFIO_FILE, .attr = attr, .addr = (uint64_t)(uintptr_t)&file};
    int err = sys->ioctl(sys->ctx, machine->vfio, KVM_SET_DEVICE_ATTR, &request);
    return err < 0 ? skvm_vm_error(err) : 0;
}

static int file_new(struct skvm_machine *machine, int fd, struct skvm_vfio_file **out)
{
    struct skvm_vfio_file *file = skvm_vm_alloc(machine, sizeof(*file));
    if (file == NULL) {
        return -ENOMEM;
    }
    file->fd = fd;
    int err = file_attr(machine, fd, KVM_DEV_VFIO_FILE_ADD);
    if (err != 0) {
        skvm_vm_free(machine, file);
        return err;
    }
    file->next = machine->files;
    machine->files = file;
    *out = file;
    return 0;
}

int skvm_vfio_file_add(struct skvm_dev *dev, int fd, uint32_t kind)
{
    struct skvm_machine *machine = dev->machine;
    struct skvm_vfio_file *file = machine->files;
    if (kind == SRIOV_FN_FD_NONE || fd < 0) {
        return 0;
    }
    int err = machine->vfio < 0 ? vfio_make(machine) : 0;
    if (err == -ENODEV) {
        sriov_log(machine->kvm->vmm, SRIOV_LOG_WARN, "%s: this KVM knows no VFIO (CONFIG_KVM_VFIO)",
                  machine->name);
        return 0;
    }
    while (file != NULL && file->fd != fd) {
        file = file->next;
    }
    if (err == 0 && file == NULL) {
        err = file_new(machine, fd, &file);
    }
    if (err == 0) {
        file->users++;
        dev->file = file;
    }
    return err;
}

void skvm_vfio_file_del(struct skvm_dev *dev)
{
    struct skvm_machine *machine = dev->machine;
    struct skvm_vfio_file **link = &machine->files;
    struct skvm_vfio_file *file = dev->file;
    dev->file = NULL;
    if (file == NULL || --file->users != 0) {
        return;
    }
    while (*link != file) {
        link = &(*link)->next;
    }
    *link = file->next;
    (void)file_attr(machine, file->fd, KVM_DEV_VFIO_FILE_DEL);
    skvm_vm_free(machine, file);
}
