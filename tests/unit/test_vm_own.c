/* SPDX-License-Identifier: BSD-3-Clause */
/* Machines whose VMM does by itself what the manager does elsewhere: vectors, or all of the function. */
#include "fake_vm.h"

#define OURS                                                                                                 \
    ((uint64_t)(SRIOV_VM_CAP_MAPPED | SRIOV_VM_CAP_TRAPPED | SRIOV_VM_CAP_DOORBELL | SRIOV_VM_CAP_IRQ))

static struct sriov_assign *assign_own_device(struct fake_vm *m)
{
    m->caps = (m->caps & ~OURS) | SRIOV_VM_CAP_OWN_DMA | SRIOV_VM_CAP_OWN_DEVICE;
    m->vectors_left = 0;
    return fake_vm_assign(m, NULL);
}

static void test_own_device(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_info info = {.size = sizeof(info)};
    int resets = m->f.resets;
    struct sriov_assign *a = assign_own_device(m);
    struct fake_dev *d = fake_vm_dev(m, 0);

    assert_null(sriov_assign_vcfg(a));
    assert_int_equal(sriov_assign_info(a, &info), 0);
    assert_int_equal(info.vectors, FAKE_VF_MSIX);
    assert_int_equal(d->args.vectors, FAKE_VF_MSIX);
    assert_true(d->plugged);
    assert_int_equal(d->num_windows, 0);
    assert_int_equal(d->routings, 0);
    assert_int_equal(m->f.irq_on, 0);
    assert_int_equal(m->f.views, 0);
    assert_int_equal(m->f.num_maps, 0);
    assert_int_equal(m->f.resets, resets + 1);
    assert_int_equal(fake_vf_command(m) & SRIOV_PCI_COMMAND_MASTER, 0);
    sriov_vm_release(a);
    assert_int_equal(m->f.resets, resets + 2); /* nothing of the guest stays in it */
    fake_vm_untouched(m);
}

/* There is nothing that a doorbell could be put before. */
static void test_own_device_has_no_bells(void **state)
{
    static const struct sriov_bell bell = {.bar = 0, .width = 4, .off = 0x18, .values = 64};
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);

    opts.bells = &bell;
    opts.num_bells = 1;
    sriov_vm_release(assign_own_device(m));
    sriov_vm_release(fake_vm_assign(m, &opts));
    fake_vm_untouched(m);
}

static void test_own_device_leaves(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = assign_own_device(m);

    /* Deaf, it is taken by force when time is up. */
    assert_int_equal(sriov_vm_remove(a, 1000), -ETIMEDOUT);
    fake_vm_untouched(m);
    a = assign_own_device(m);
    fake_fail(&m->f, "vm_hot_remove", 1, -EIO);
    assert_int_equal(sriov_vm_remove(a, 1000), -EIO);
    assert_true(fake_vm_dev(m, 0)->plugged); /* not asked: as before */
    sriov_vm_release(a);
    fake_vm_untouched(m);
}

static void test_own_device_fails_whole(void **state)
{
    static const char *const steps[] = {"vm_dev_add", "vm_hot_add", "reset", "vm_info"};
    struct fake_vm *m = *state;

    sriov_vm_release(assign_own_device(m));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        fake_fail(&m->f, steps[i], 1, -ENOMEM);
        fake_vm_refused(m, NULL, -ENOMEM);
    }
}

static void test_own_irq(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a;

    m->caps |= SRIOV_VM_CAP_OWN_IRQ;
    a = fake_vm_assign(m, NULL);
    assert_int_equal(m->f.irq_on, 0); /* the function's MSI-X is the VMM's */
    fake_guest_enable(m);
    fake_guest_msix_on(m);
    assert_true(fake_vm_dev(m, 0)->route[0].on);
    assert_int_equal(fake_vm_dev(m, 0)->route[0].msi.data, 0x40);
    sriov_vm_release(a);
    fake_vm_untouched(m);
}

static void test_own_irq_still_needs_routes(void **state)
{
    struct fake_vm *m = *state;

    m->caps |= SRIOV_VM_CAP_OWN_IRQ;
    m->caps &= ~(uint64_t)SRIOV_VM_CAP_IRQ;
    fake_vm_refused(m, NULL, -EOPNOTSUPP);
    m->caps |= SRIOV_VM_CAP_IRQ;
    m->vectors_left = FAKE_VF_MSIX - 1;
    fake_vm_refused(m, NULL, -ENOSPC);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_vm_setup, fake_vm_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_own_device),        T(test_own_device_has_no_bells),
        T(test_own_device_leaves), T(test_own_device_fails_whole),
        T(test_own_irq),           T(test_own_irq_still_needs_routes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
