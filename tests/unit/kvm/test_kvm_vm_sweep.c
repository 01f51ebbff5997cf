/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fault sweep of machines: a whole life of one, in which call number N of the operating system fails,
 * for every N and several errors. Whatever happens nothing is left; a life without a fault ends it.
 */
#include "vmbed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PAGE UINT64_C(4096)

static unsigned char memory[8 * 4096] __attribute__((aligned(4096)));

static void on_gone(void *arg)
{
    (void)arg;
}

static void vectors(void)
{
    struct sriov_vm_msi msi = {.size = sizeof(msi), .address = 0xfee00000, .data = 0x40};
    struct sriov_irq_sink sink = {.size = sizeof(sink), .fd = -1};
    uint32_t pending = 0;
    (void)bed.ops->vm_irq_sink(bed.dev, 1, &sink);
    (void)bed.ops->vm_irq_route(bed.dev, 1, &msi);
    (void)bed.ops->vm_irq_route(bed.dev, 1, NULL);
    (void)bed.ops->vm_irq_pending(bed.dev, 1, &pending);
    msi.data++;
    (void)bed.ops->vm_irq_route(bed.dev, 1, &msi);
}

static void registers(void)
{
    uint64_t value = 0;
    (void)vmbed_window(BED_MMIO, 4 * PAGE, memory);
    (void)vmbed_window(BED_MMIO + 4 * PAGE, PAGE, NULL);
    (void)vmbed_bell(BED_MMIO + PAGE, 4, 3);
    (void)vmbed_bell(BED_MMIO + 4 * PAGE, 4, 0);
    (void)fake_kvm_store(bed.fake, BED_MMIO + PAGE, 4, 2);
    (void)sriov_vmm_wait(bed.vmm, 0);
    (void)vmbed_mmio(BED_MMIO + 4 * PAGE + 8, 4, true, &value);
    (void)bed.ops->vm_doorbell_del(bed.dev, BED_MMIO + PAGE);
}

static void dirty_log(uint32_t mode)
{
    uint64_t bits = 0;
    if (bed.ops->vm_dirty_start(bed.machine, mode) == 0) {
        fake_kvm_dirty(bed.fake, BED_RAM);
        (void)bed.ops->vm_dirty_read(bed.machine, BED_RAM, 8 * PAGE, &bits);
        (void)bed.ops->vm_dirty_stop(bed.machine);
    }
}

static void plugged(void)
{
    if (bed.ops->vm_hot_add(bed.dev) == 0 && bed.ops->vm_hot_remove(bed.dev, on_gone, NULL) == 0) {
        (void)sriov_kvm_vm_unplugged(bed.vm, BED_SLOT);
        (void)sriov_vmm_wait(bed.vmm, 0);
    }
}

static void with_device(uint32_t mode)
{
    registers();
    vectors();
    dirty_log(mode);
    plugged();
    bed.ops->vm_dev_del(bed.dev);
    bed.dev = NULL;
}

static int life(uint32_t flags)
{
    struct sriov_kvm_vm_opts opts = {.flags = flags, .ecam = BED_ECAM};
    bool ring = (flags & SRIOV_KVM_VM_DIRTY_RING) != 0;
    int err = vmbed_create(&opts);
    if (err == 0) {
        bool has = vmbed_mem(BED_RAM, 8 * PAGE, memory, 0) == 0;
        err = vmbed_dev(BED_SLOT, 3, 60, SRIOV_FN_FD_VFIO_GROUP, &bed.dev);
        if (err == 0) {
            with_device(ring ? SRIOV_VM_DIRTY_RING : SRIOV_VM_DIRTY_BITMAP);
        } else {
            bed.dev = NULL;
        }
        if (has) {
            assert_int_equal(vmbed_mem_del(BED_RAM, 8 * PAGE), 0);
        }
    } else {
        assert_null(bed.vm);
    }
    if (bed.vmm != NULL) {
        vmbed_stop();
    }
    return err;
}

static uint32_t sweep(uint32_t flags, int err)
{
    uint32_t points = 0;
    do {
        points++;
        bed.fake->calls = 0;
        bed.fake->fail_at = points;
        bed.fake->fail_err = err;
        (void)life(flags);
        fake_check_clean(bed.fake);
        assert_true(points < 2000);
    } while (bed.fake->calls >= bed.fake->fail_at);
    bed.fake->fail_at = 0;
    assert_int_equal(life(flags), 0); /* the host itself took no harm */
    return points - 1;
}

static void sweep_errors(const char *name, uint32_t flags)
{
    static const int errors[] = {-ENOMEM, -ENOSPC, -EINVAL, -EMFILE, -EINTR, -ENODEV};
    uint32_t points = 0;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        points += sweep(flags, errors[i]);
    }
    assert_true(points > 300);
    print_message("%s: %u points\n", name, points);
}

static void test_bitmap(void **state)
{
    (void)state;
    sweep_errors("bitmap", SRIOV_KVM_VM_IRQCHIP_ROUTES);
}

static void test_cleared_by_hand(void **state)
{
    (void)state;
    sweep_errors("cleared by hand", SRIOV_KVM_VM_MANUAL_CLEAR);
}

static void test_ring(void **state)
{
    (void)state;
    sweep_errors("ring", SRIOV_KVM_VM_DIRTY_RING);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, vmbed_setup, vmbed_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_bitmap), CASE(test_cleared_by_hand), CASE(test_ring)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
