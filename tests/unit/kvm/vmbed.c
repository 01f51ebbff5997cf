/* SPDX-License-Identifier: BSD-3-Clause */
#include "vmbed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct vmbed bed;

int vmbed_setup(void **state)
{
    memset(&bed, 0, sizeof(bed));
    bed.fake = fake_up();
    bed.vm_fd = fake_kvm_vm(bed.fake);
    *state = &bed;
    return 0;
}

int vmbed_teardown(void **state)
{
    (void)state;
    fake_kvm_vm_close(bed.fake, bed.vm_fd);
    fake_down(bed.fake);
    return 0;
}

static int plug(void *arg, uint32_t slot, const char *name)
{
    (void)arg;
    assert_int_equal(slot, BED_SLOT);
    assert_string_equal(name, "thing");
    bed.plugs++;
    return bed.plug_err;
}

static int unplug_ask(void *arg, uint32_t slot)
{
    (void)arg;
    assert_int_equal(slot, BED_SLOT);
    bed.asked++;
    return bed.ask_err;
}

int vmbed_create(struct sriov_kvm_vm_opts *opts)
{
    struct sriov_kvm_vm_opts none = {0};
    opts = opts != NULL ? opts : &none;
    opts->size = opts->size != 0 ? opts->size : sizeof(*opts);
    opts->vm_fd = opts->vm_fd != 0 ? opts->vm_fd : bed.vm_fd;
    opts->num_slots = opts->num_slots != 0 ? opts->num_slots : FAKE_SLOTS - opts->first_slot;
    opts->plug = plug;
    opts->unplug_ask = (opts->without & SRIOV_VM_CAP_HOTPLUG) != 0 ? NULL : unplug_ask;
    if (bed.vmm == NULL) {
        int err = fake_vmm(bed.fake, SRIOV_KVM_GROUP, 0, &bed.vmm);
        if (err != 0) {
            return err;
        }
        bed.ops = sriov_vmm_ops(bed.vmm);
    }
    int err = sriov_kvm_vm_create(bed.vmm, opts, &bed.vm);
    bed.machine = err == 0 ? sriov_vm_ctx(bed.vm) : NULL;
    return err;
}

static uint32_t cfg_read(void *arg, uint32_t off, uint32_t width)
{
    (void)arg;
    bed.off = off;
    bed.width = width;
    bed.accesses++;
    return (uint32_t)bed.reg;
}

static void cfg_write(void *arg, uint32_t off, uint32_t width, uint32_t value)
{
    (void)cfg_read(arg, off, width);
    bed.reg = value;
}

int vmbed_dev(uint32_t slot, uint32_t vectors, int fd, uint32_t kind, void **dev)
{
    struct sriov_vm_dev_args args = {.size = sizeof(args),
                                     .slot = slot,
                                     .name = "thing",
                                     .vectors = vectors,
                                     .fd = fd,
                                     .fd_kind = kind,
                                     .cfg_read = cfg_read,
                                     .cfg_write = cfg_write};
    return bed.ops->vm_dev_add(bed.machine, &args, dev);
}

void vmbed_start(struct sriov_kvm_vm_opts *opts)
{
    assert_int_equal(vmbed_create(opts), 0);
    assert_int_equal(vmbed_dev(BED_SLOT, 2, -1, SRIOV_FN_FD_NONE, &bed.dev), 0);
}

void vmbed_stop(void)
{
    if (bed.dev != NULL) {
        bed.ops->vm_dev_del(bed.dev);
        bed.dev = NULL;
    }
    if (bed.vm != NULL) {
        assert_int_equal(sriov_kvm_vm_destroy(bed.vm), 0);
        bed.vm = NULL;
    }
    assert_int_equal(sriov_kvm_destroy(bed.vmm), 0);
    bed.vmm = NULL;
}

int vmbed_mem(uint64_t gpa, uint64_t length, void *va, uint32_t flags)
{
    struct sriov_vm_mem mem = {.size = sizeof(mem), .flags = flags, .gpa = gpa, .length = length, .va = va};
    return bed.ops->vm_mem_add(bed.machine, &mem);
}

int vmbed_mem_del(uint64_t gpa, uint64_t length)
{
    struct sriov_vm_mem mem = {.size = sizeof(mem), .gpa = gpa, .length = length};
    return bed.ops->vm_mem_del(bed.machine, &mem);
}

static uint64_t reg_read(void *arg, uint64_t off, uint32_t width)
{
    (void)arg;
    bed.off = off;
    bed.width = width;
    bed.accesses++;
    return bed.reg;
}

static void reg_write(void *arg, uint64_t off, uint32_t width, uint64_t value)
{
    (void)reg_read(arg, off, width);
    bed.reg = value;
}

int vmbed_window(uint64_t gpa, uint64_t length, volatile void *va)
{
    struct sriov_vm_window window = {.size = sizeof(window), .gpa = gpa, .length = length, .va = va};
    window.read = reg_read;
    window.write = reg_write;
    return bed.ops->vm_window_add(bed.dev, &window);
}

static void rang(void *arg, uint64_t value)
{
    (void)arg;
    bed.rings++;
    bed.rang = value;
}

int vmbed_bell(uint64_t gpa, uint32_t width, uint32_t values)
{
    struct sriov_vm_doorbell bell = {
        .size = sizeof(bell), .width = width, .gpa = gpa, .values = values, .cb = rang};
    return bed.ops->vm_doorbell_add(bed.dev, &bell);
}

int vmbed_mmio(uint64_t gpa, uint32_t width, bool write, uint64_t *value)
{
    struct kvm_run run;
    memset(&run, 0, sizeof(run));
    run.exit_reason = KVM_EXIT_MMIO;
    run.mmio.phys_addr = gpa;
    run.mmio.len = width;
    run.mmio.is_write = write;
    memcpy(run.mmio.data, value, sizeof(run.mmio.data));
    int err = sriov_kvm_vm_exit(bed.vm, &run);
    if (!write) {
        *value = 0;
        memcpy(value, run.mmio.data, width <= 8 ? width : 8);
    }
    return err;
}

int vmbed_port(uint16_t port, uint32_t width, uint32_t count, bool out, void *data)
{
    union {
        struct kvm_run run;
        unsigned char bytes[sizeof(struct kvm_run) + 64];
    } page;
    memset(&page, 0, sizeof(page));
    page.run.exit_reason = KVM_EXIT_IO;
    page.run.io.direction = out ? KVM_EXIT_IO_OUT : KVM_EXIT_IO_IN;
    page.run.io.port = port;
    page.run.io.size = (uint8_t)width;
    page.run.io.count = count;
    page.run.io.data_offset = sizeof(struct kvm_run);
    memcpy(page.bytes + sizeof(struct kvm_run), data, (size_t)width * count);
    int err = sriov_kvm_vm_exit(bed.vm, &page.run);
    memcpy(data, page.bytes + sizeof(struct kvm_run), (size_t)width * count);
    return err;
}

struct sriov_kvm_vm_stats vmbed_stats(void)
{
    struct sriov_kvm_vm_stats stats = {.size = sizeof(stats)};
    assert_int_equal(sriov_kvm_vm_stats(bed.vm, &stats), 0);
    return stats;
}
