/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors into the guest: routes, pending ones, and what masking costs. */
#include "fake_vm.h"

static void mask(struct fake_vm *m, uint32_t vector, uint32_t masked)
{
    fake_guest_write(m, FAKE_BAR3 + (uint64_t)vector * SRIOV_PCI_MSIX_ENTRY_SIZE + SRIOV_PCI_MSIX_ENTRY_CTRL,
                     4, masked);
}

static void set_control(struct fake_vm *m, uint32_t value)
{
    fake_guest_set_cfg(m, FAKE_CFG_MSIX + SRIOV_PCI_MSIX_CTRL, 2, value);
}

static struct sriov_assign_info info_of(struct sriov_assign *a)
{
    struct sriov_assign_info info = {.size = sizeof(info)};

    assert_int_equal(sriov_assign_info(a, &info), 0);
    return info;
}

static struct sriov_assign *ready(struct fake_vm *m, uint32_t flags)
{
    struct sriov_assign_opts opts = fake_vm_opts(m);
    struct sriov_assign *a;

    opts.flags = flags;
    a = fake_vm_assign(m, &opts);
    fake_guest_enable(m);
    fake_guest_msix_on(m);
    return a;
}

static void test_arrives(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = ready(m, 0);
    const struct fake_dev *d = fake_vm_dev(m, 0);

    assert_int_equal(info_of(a).vectors, FAKE_VF_MSIX);
    for (uint32_t i = 0; i < FAKE_VF_MSIX; i++) {
        assert_true(d->route[i].on);
        assert_int_equal(d->route[i].msi.address, 0xfee00000);
        assert_int_equal(d->route[i].msi.data, 0x40 + i);
        fake_irq(&m->f, i);
        assert_int_equal(d->route[i].arrived, 1);
    }
    set_control(m, 0);
    fake_irq(&m->f, 0);
    assert_int_equal(d->route[0].on, 0);
    assert_int_equal(d->route[0].arrived, 1);
    sriov_vm_release(a);
}

/* The whole use of the fast path: the function hears nothing of it. */
static void test_fast_mask(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = ready(m, 0);
    const struct fake_dev *d = fake_vm_dev(m, 0);
    uint64_t before = info_of(a).vector_control;

    m->f.tracing = 1;
    for (uint32_t i = 0; i < 100; i++) {
        mask(m, 1, 1);
        mask(m, 1, 0);
    }
    m->f.tracing = 0;
    assert_null(strstr(m->f.trace, " irq_"));
    assert_null(strstr(m->f.trace, "cfg_"));
    assert_null(strstr(m->f.trace, "bar_"));
    assert_int_equal(info_of(a).vector_control, before + 200);
    assert_int_equal(info_of(a).device_trips, 0);
    mask(m, 1, 1);
    fake_irq(&m->f, 1);
    fake_irq(&m->f, 1);
    assert_int_equal(d->route[1].arrived, 0);
    m->f.irq_pending = 1u << 2;                                     /* the device is not asked */
    assert_int_equal(fake_guest_read(m, FAKE_BAR3 + 0x2000, 8), 2); /* the pending bit */
    mask(m, 1, 0);
    assert_int_equal(d->route[1].arrived, 1);
    assert_int_equal(fake_guest_read(m, FAKE_BAR3 + 0x2000, 8), 0);
    sriov_vm_release(a);
}

/* What came before an FLR is nothing that the guest still waits for. */
static void test_flr_forgets(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = ready(m, 0);
    const struct fake_dev *d = fake_vm_dev(m, 0);

    mask(m, 1, 1);
    fake_irq(&m->f, 1);
    assert_int_equal(d->route[1].pending, 1);
    fake_guest_set_cfg(m, FAKE_CFG_EXP + SRIOV_PCI_EXP_DEVCTL, 2, SRIOV_PCI_EXP_DEVCTL_FLR);
    fake_guest_enable(m);
    fake_guest_msix_on(m);
    assert_int_equal(d->route[1].arrived, 0);
    fake_irq(&m->f, 1); /* the sink is the same */
    assert_int_equal(d->route[1].arrived, 1);
    sriov_vm_release(a);
}

static void test_slow_mask(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = ready(m, SRIOV_ASSIGN_SLOW_MASK);
    uint64_t control = info_of(a).vector_control;
    uint64_t trips = info_of(a).device_trips;

    assert_int_equal(trips, control);
    m->f.tracing = 1;
    mask(m, 1, 1);
    assert_int_equal(m->f.irq_masked, 2);
    mask(m, 1, 0);
    m->f.tracing = 0;
    assert_int_equal(m->f.irq_masked, 0);
    assert_non_null(strstr(m->f.trace, "irq_mask "));
    assert_non_null(strstr(m->f.trace, "irq_unmask "));
    assert_int_equal(info_of(a).device_trips, trips + 2);
    /* A masked vector that is pending is so in the device. */
    mask(m, 2, 1);
    m->f.irq_pending = 1u << 2;
    assert_int_equal(fake_guest_read(m, FAKE_BAR3 + 0x2000, 8), 4);
    sriov_vm_release(a);
}

static void test_function_mask(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = ready(m, 0);
    const struct fake_dev *d = fake_vm_dev(m, 0);

    set_control(m, SRIOV_PCI_MSIX_CTRL_ENABLE | SRIOV_PCI_MSIX_CTRL_MASKALL);
    fake_irq(&m->f, 3);
    assert_int_equal(d->route[3].arrived, 0);
    set_control(m, SRIOV_PCI_MSIX_CTRL_ENABLE);
    assert_int_equal(d->route[3].arrived, 1);
    sriov_vm_release(a);
}

/* A guest that turns MSI-X on and off for ever costs the host routes, and nothing that grows. */
static void test_storm(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = ready(m, 0);
    const struct fake_dev *d = fake_vm_dev(m, 0);
    unsigned routings = d->routings;
    long allocs = m->f.live_allocs;
    unsigned calls = m->f.calls;

    for (unsigned i = 0; i < 1000000; i++) {
        set_control(m, i % 2 == 0 ? 0 : SRIOV_PCI_MSIX_CTRL_ENABLE);
    }
    assert_int_equal(d->routings, routings + 1000000 * FAKE_VF_MSIX);
    assert_int_equal(m->f.calls, calls + 1000000 * FAKE_VF_MSIX); /* and no other op */
    assert_int_equal(m->f.live_allocs, allocs);
    sriov_vm_release(a);
}

/* A machine that takes no route: the guest's own trouble, and counted. */
static void test_route_is_refused(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = ready(m, 0);
    struct sriov_vcfg_counts counts = {.size = sizeof(counts)};
    const struct fake_dev *d = fake_vm_dev(m, 0);

    mask(m, 0, 1);
    fake_fail(&m->f, "vm_irq_route", 1, -ENOSPC);
    mask(m, 0, 0);
    assert_int_equal(d->route[0].on, 0);
    assert_int_equal(sriov_vcfg_counts(sriov_assign_vcfg(a), &counts), 0);
    assert_int_equal(counts.refused, 1);
    mask(m, 0, 1);
    mask(m, 0, 0);
    assert_int_equal(d->route[0].on, 1);
    /* One that cannot be taken away is tried again with the next chance. */
    fake_fail(&m->f, "vm_irq_route", 1, -EIO);
    set_control(m, 0);
    assert_int_equal(d->route[0].on, 0);
    sriov_vm_release(a);
}

static void test_no_msix(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a;

    m->f.cfg[0x41] = 0xa0; /* past the MSI-X capability */
    m->caps &= ~(uint64_t)SRIOV_VM_CAP_IRQ;
    a = fake_vm_assign(m, NULL);
    assert_int_equal(info_of(a).vectors, 0);
    assert_int_equal(m->f.irq_on, 0);
    fake_guest_enable(m);
    sriov_vm_release(a);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_vm_setup, fake_vm_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_arrives),       T(test_fast_mask), T(test_flr_forgets),      T(test_slow_mask),
        T(test_function_mask), T(test_storm),     T(test_route_is_refused), T(test_no_msix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
