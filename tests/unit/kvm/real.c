/* SPDX-License-Identifier: BSD-3-Clause */
#include "real.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

static uint32_t cfg_read(void *arg, uint32_t off, uint32_t width)
{
    struct real *real = arg;
    uint32_t value = real->cfg[off / 4] >> off % 4 * 8;
    return width < 4 ? value & ((UINT32_C(1) << 8 * width) - 1) : value;
}

static void cfg_write(void *arg, uint32_t off, uint32_t width, uint32_t value)
{
    struct real *real = arg;
    memcpy((unsigned char *)real->cfg + off, &value, width);
}

static int plug(void *arg, uint32_t slot, const char *name)
{
    struct real *real = arg;
    assert_int_equal(slot, REAL_SLOT);
    assert_string_equal(name, "thing");
    real->plugged++;
    return 0;
}

static int unplug_ask(void *arg, uint32_t slot)
{
    struct real *real = arg;
    assert_int_equal(slot, REAL_SLOT);
    real->asked++;
    return 0;
}

static void add_dev(struct real *real)
{
    struct sriov_vm_dev_args args = {.size = sizeof(args),
                                     .slot = REAL_SLOT,
                                     .name = "thing",
                                     .vectors = 4,
                                     .fd = -1,
                                     .cfg_read = cfg_read,
                                     .cfg_write = cfg_write,
                                     .arg = real};
    real->cfg[0] = 0x10ed8086;
    assert_int_equal(real->ops->vm_dev_add(real->ctx, &args, &real->dev), 0);
}

void real_up(struct real *real, struct sriov_kvm_vm_opts *opts)
{
    memset(real, 0, sizeof(*real));
    int err = kvm_guest_up(&real->guest);
    if (err == -EOPNOTSUPP) {
        print_message("skipped: %s\n", real->guest.why);
        skip();
    }
    assert_int_equal(err, 0);
    opts->size = sizeof(*opts);
    opts->vm_fd = real->guest.vm;
    opts->first_slot = 1;
    opts->ecam = REAL_ECAM;
    opts->flags |= SRIOV_KVM_VM_PORTS | SRIOV_KVM_VM_IRQCHIP_ROUTES;
    opts->plug = plug;
    opts->unplug_ask = unplug_ask;
    opts->arg = real;
    assert_int_equal(sriov_kvm_create(NULL, &real->vmm), 0);
    err = sriov_kvm_vm_create(real->vmm, opts, &real->vm);
    if (err == -EOPNOTSUPP) {
        print_message("skipped: this KVM lacks what the test asks for (flags 0x%x)\n", (unsigned)opts->flags);
        assert_int_equal(sriov_kvm_destroy(real->vmm), 0);
        kvm_guest_down(&real->guest);
        skip();
    }
    assert_int_equal(err, 0);
    real->ops = sriov_vmm_ops(real->vmm);
    real->ctx = sriov_vm_ctx(real->vm);
    real->guest.machine = real->vm;
    assert_int_equal(kvm_guest_start(&real->guest), 0);
    add_dev(real);
}

void real_down(struct real *real)
{
    if (real->dev != NULL) {
        real->ops->vm_dev_del(real->dev);
    }
    if (real->ram != NULL) {
        struct sriov_vm_mem mem = {.size = sizeof(mem), .gpa = REAL_RAM, .length = REAL_RAM_SIZE};
        assert_int_equal(real->ops->vm_mem_del(real->ctx, &mem), 0);
        munmap(real->ram, REAL_RAM_SIZE);
    }
    assert_int_equal(sriov_kvm_destroy(real->vmm), -EBUSY);
    assert_int_equal(sriov_kvm_vm_destroy(real->vm), 0);
    assert_int_equal(sriov_kvm_destroy(real->vmm), 0);
    kvm_guest_down(&real->guest);
}

void real_ram(struct real *real)
{
    real->ram = mmap(NULL, REAL_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(real->ram != MAP_FAILED);
    struct sriov_vm_mem mem = {
        .size = sizeof(mem), .gpa = REAL_RAM, .length = REAL_RAM_SIZE, .va = real->ram};
    assert_int_equal(real->ops->vm_mem_add(real->ctx, &mem), 0);
}

static uint64_t reg_read(void *arg, uint64_t off, uint32_t width)
{
    struct real *real = arg;
    uint64_t value = 0;
    memcpy(&value, (unsigned char *)real->regs + off, width);
    real->reads++;
    real->last_off = off;
    real->last_width = width;
    return value;
}

static void reg_write(void *arg, uint64_t off, uint32_t width, uint64_t value)
{
    struct real *real = arg;
    memcpy((unsigned char *)real->regs + off, &value, width);
    real->writes++;
    real->last_off = off;
    real->last_width = width;
}

void real_window(struct real *real, uint64_t gpa, uint64_t length, volatile void *va)
{
    struct sriov_vm_window window = {.size = sizeof(window), .gpa = gpa, .length = length, .va = va};
    window.read = reg_read;
    window.write = reg_write;
    window.arg = real;
    assert_int_equal(real->ops->vm_window_add(real->dev, &window), 0);
}

static void rang(void *arg, uint64_t value)
{
    struct real *real = arg;
    real->rings++;
    real->rang = value;
}

int real_bell(struct real *real, uint64_t gpa, uint32_t width, uint32_t values)
{
    struct sriov_vm_doorbell bell = {
        .size = sizeof(bell), .width = width, .gpa = gpa, .values = values, .cb = rang, .arg = real};
    return real->ops->vm_doorbell_add(real->dev, &bell);
}

struct sriov_kvm_vm_stats real_stats(struct real *real)
{
    struct sriov_kvm_vm_stats stats = {.size = sizeof(stats)};
    assert_int_equal(sriov_kvm_vm_stats(real->vm, &stats), 0);
    return stats;
}
