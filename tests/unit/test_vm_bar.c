/* SPDX-License-Identifier: BSD-3-Clause */
/* BARs where the guest puts them: mapped, trapped, split; misplaced; doorbells that move along. */
#include "fake_vm.h"

#define TAIL UINT64_C(0x1018) /* a register of BAR 0 */

static const struct sriov_bell bells[] = {
    {.bar = 0, .width = 4, .off = TAIL, .values = 64},
    {.bar = 0, .width = 4, .off = TAIL + 0x40},
};

static struct sriov_assign_opts with_bells(struct fake_vm *m)
{
    struct sriov_assign_opts opts = fake_vm_opts(m);

    opts.flags = SRIOV_ASSIGN_TRAP;
    opts.num_bells = 2;
    opts.bells = bells;
    return opts;
}

static struct sriov_assign_info info_of(struct sriov_assign *a)
{
    struct sriov_assign_info info = {.size = sizeof(info)};

    assert_int_equal(sriov_assign_info(a, &info), 0);
    return info;
}

static const struct sriov_vm_window *window_of(struct fake_vm *m, uint64_t gpa)
{
    const struct fake_dev *d = fake_vm_dev(m, 0);

    for (unsigned i = 0; i < d->num_windows; i++) {
        if (d->window[i].gpa == gpa) {
            return &d->window[i];
        }
    }
    fail_msg("no window at 0x%llx", (unsigned long long)gpa);
    return NULL;
}

static uint32_t reg(const struct fake_vm *m, uint64_t off)
{
    uint32_t value;

    memcpy(&value, m->f.bar[0] + off, sizeof(value));
    return value;
}

static void set_reg(struct fake_vm *m, uint64_t off, uint32_t value)
{
    memcpy(m->f.bar[0] + off, &value, sizeof(value));
}

static void test_mapped_and_trapped(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    assert_int_equal(info_of(a).bar_gpa[0], SRIOV_VCFG_NOWHERE);
    assert_int_equal(fake_vm_dev(m, 0)->num_windows, 0);
    fake_guest_enable(m);
    assert_int_equal(fake_vm_dev(m, 0)->num_windows, 2);
    assert_ptr_equal((void *)(uintptr_t)window_of(m, FAKE_BAR0)->va, m->f.bar[0]);
    assert_int_equal(window_of(m, FAKE_BAR0)->length, 16384);
    assert_null((void *)(uintptr_t)window_of(m, FAKE_BAR3)->va);
    assert_int_equal(info_of(a).bar_gpa[0], FAKE_BAR0);
    assert_int_equal(info_of(a).bar_gpa[3], FAKE_BAR3);
    assert_int_equal(info_of(a).bar_gpa[1], SRIOV_VCFG_NOWHERE);
    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, 0);
    assert_int_equal(fake_vm_dev(m, 0)->num_windows, 0);
    assert_int_equal(info_of(a).bar_gpa[0], SRIOV_VCFG_NOWHERE);
    sriov_vm_release(a);
}

static void assert_trapped(struct fake_vm *m, const struct sriov_assign_opts *opts)
{
    struct sriov_assign *a = fake_vm_assign(m, opts);

    fake_guest_enable(m);
    assert_int_equal(fake_vm_dev(m, 0)->num_windows, 2);
    assert_null((void *)(uintptr_t)window_of(m, FAKE_BAR0)->va);
    set_reg(m, 8, 0x12345678);
    assert_int_equal(fake_guest_read(m, FAKE_BAR0 + 8, 4), 0x12345678);
    assert_int_equal(fake_guest_read(m, FAKE_BAR0 + 10, 2), 0x1234);
    assert_int_equal(fake_guest_read(m, FAKE_BAR0 + 8, 1), 0x78);
    assert_int_equal(fake_guest_read(m, FAKE_BAR0 + 8, 8), 0x12345678);
    fake_guest_write(m, FAKE_BAR0 + 12, 4, 0xabcdef01);
    assert_int_equal(reg(m, 12), 0xabcdef01);
    assert_int_equal(info_of(a).trapped, 5);
    assert_int_equal(info_of(a).table, 0);
    sriov_vm_release(a);
}

static void test_trapped_by_choice(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);

    opts.flags = SRIOV_ASSIGN_TRAP;
    assert_trapped(m, &opts);
}

static void test_trapped_by_the_machine(void **state)
{
    struct fake_vm *m = *state;

    m->caps &= ~(uint64_t)SRIOV_VM_CAP_MAPPED;
    assert_trapped(m, NULL);
}

/* A view that is no page's begin cannot be mapped by pages. */
static void test_odd_view(void **state)
{
    struct fake_vm *m = *state;
    uint8_t *whole = m->f.bar[0];

    m->f.bar[0] = whole + 64;
    m->f.bar_length[0] = 8192;
    assert_trapped(m, NULL);
    m->f.bar[0] = whole;
}

/* MSI-X in the middle of the registers: its page traps, the rest is mapped. */
static void test_split(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a;

    fake_put32(&m->f, 0x74, 0x1000); /* BAR 0 */
    fake_put32(&m->f, 0x78, 0x1800);
    a = fake_vm_assign(m, NULL);
    fake_guest_enable(m);
    assert_int_equal(fake_vm_dev(m, 0)->num_windows, 4);
    assert_int_equal(window_of(m, FAKE_BAR0)->length, 0x1000);
    assert_ptr_equal((void *)(uintptr_t)window_of(m, FAKE_BAR0)->va, m->f.bar[0]);
    assert_int_equal(window_of(m, FAKE_BAR0 + 0x1000)->length, 0x1000);
    assert_null((void *)(uintptr_t)window_of(m, FAKE_BAR0 + 0x1000)->va);
    assert_int_equal(window_of(m, FAKE_BAR0 + 0x2000)->length, 0x2000);
    assert_ptr_equal((void *)(uintptr_t)window_of(m, FAKE_BAR0 + 0x2000)->va, m->f.bar[0] + 0x2000);
    /* In the trapped page the table is answered, the device's registers beside it are the device's. */
    fake_guest_write(m, FAKE_BAR0 + 0x1000 + SRIOV_PCI_MSIX_ENTRY_DATA, 4, 0x55);
    assert_int_equal(fake_guest_read(m, FAKE_BAR0 + 0x1000 + SRIOV_PCI_MSIX_ENTRY_DATA, 4), 0x55);
    assert_int_equal(reg(m, 0x1008), 0);
    fake_guest_write(m, FAKE_BAR0 + 0x1f00, 4, 0x66);
    assert_int_equal(reg(m, 0x1f00), 0x66);
    assert_int_equal(info_of(a).table, 2);
    assert_int_equal(info_of(a).trapped, 1);
    sriov_vm_release(a);
}

static void test_odd_accesses(void **state)
{
    static const uint32_t widths[] = {0, 3, 5, 16, UINT32_MAX};
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);
    const struct sriov_vm_window *w;

    fake_guest_enable(m);
    w = window_of(m, FAKE_BAR3);
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        assert_int_equal(w->read(w->arg, 0x1000, widths[i]), UINT64_MAX);
        w->write(w->arg, 0x1000, widths[i], 0x11);
    }
    assert_int_equal(w->read(w->arg, 0x1001, 4), 0xffffffff);
    assert_int_equal(w->read(w->arg, 16384, 4), 0xffffffff);
    assert_int_equal(w->read(w->arg, UINT64_MAX - 3, 4), 0xffffffff);
    w->write(w->arg, 16384, 4, 0x11);
    w->write(w->arg, UINT64_MAX - 7, 8, 0x11);
    assert_int_equal(info_of(a).trapped, 0);
    /* Config space, whatever a bus may carry. */
    assert_int_equal(fake_guest_cfg(m, 1, 2), 0xffff);
    assert_int_equal(fake_guest_cfg(m, 0, 3), 0xffffffff);
    assert_int_equal(fake_guest_cfg(m, UINT32_MAX, 1), 0xff);
    fake_guest_set_cfg(m, UINT32_MAX, 4, 0);
    sriov_vm_release(a);
}

static void move_bar0(struct fake_vm *m, uint32_t to)
{
    fake_guest_set_cfg(m, SRIOV_PCI_BAR(0), 4, to);
}

static void test_misplaced(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    fake_guest_enable(m);
    move_bar0(m, 0x8000); /* over memory */
    assert_int_equal(info_of(a).misplaced, 1);
    assert_int_equal(info_of(a).bar_gpa[0], SRIOV_VCFG_NOWHERE);
    assert_int_equal(fake_vm_dev(m, 0)->num_windows, 1);
    move_bar0(m, (uint32_t)FAKE_BAR3); /* over another BAR */
    assert_int_equal(info_of(a).misplaced, 2);
    move_bar0(m, 0xd0000000);
    assert_int_equal(info_of(a).misplaced, 2);
    assert_int_equal(info_of(a).bar_gpa[0], 0xd0000000);
    assert_ptr_equal((void *)(uintptr_t)window_of(m, 0xd0000000)->va, m->f.bar[0]);
    /* The machine itself knows better. */
    fake_fail(&m->f, "vm_window_add", 1, -EBUSY);
    move_bar0(m, 0xd1000000);
    assert_int_equal(info_of(a).misplaced, 3);
    assert_int_equal(info_of(a).bar_gpa[0], SRIOV_VCFG_NOWHERE);
    move_bar0(m, 0xd2000000);
    assert_int_equal(info_of(a).bar_gpa[0], 0xd2000000);
    sriov_vm_release(a);
}

/* Of a split BAR no half stays. */
static void test_half_placed(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a;

    fake_put32(&m->f, 0x74, 0x1000);
    fake_put32(&m->f, 0x78, 0x1800);
    a = fake_vm_assign(m, NULL);
    fake_guest_set_cfg(m, SRIOV_PCI_BAR(0), 4, (uint32_t)FAKE_BAR0);
    for (unsigned n = 1; n <= 3; n++) {
        fake_fail(&m->f, "vm_window_add", n, -ENOSPC);
        fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY);
        assert_int_equal(fake_vm_dev(m, 0)->num_windows, 0);
        assert_int_equal(info_of(a).misplaced, n);
        fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, 0);
    }
    m->f.fail.nth = 0;
    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY);
    assert_int_equal(fake_vm_dev(m, 0)->num_windows, 3);
    sriov_vm_release(a);
}

/* A machine that does not let go of a window is asked again before the BAR comes elsewhere. */
static void test_window_is_kept(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    fake_guest_enable(m);
    fake_fail(&m->f, "vm_window_del", 1, -EIO);
    m->f.fail.times = 2;
    move_bar0(m, 0xd0000000);
    assert_int_equal(info_of(a).misplaced, 1);
    assert_int_equal(fake_vm_dev(m, 0)->num_windows, 2);
    assert_int_equal(fake_vm_add_ram(m, FAKE_BAR0), -EBUSY); /* it is still there */
    move_bar0(m, 0xd1000000);
    assert_int_equal(info_of(a).bar_gpa[0], 0xd1000000);
    assert_int_equal(fake_vm_dev(m, 0)->num_windows, 2);
    assert_int_equal(fake_vm_add_ram(m, FAKE_BAR0), 0);
    sriov_vm_release(a);
}

/* Two guests' worth of hostility: a BAR at every page of the low 4 GiB's begin and end. */
static void test_swept_over_everything(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    fake_guest_enable(m);
    for (uint32_t at = 0; at < 0x100000; at += 0x4000) {
        move_bar0(m, at);
        move_bar0(m, (uint32_t)FAKE_BAR3 - 0x40000 + at);
        move_bar0(m, 0xfff00000 + at);
    }
    fake_guest_set_cfg(m, SRIOV_PCI_BAR(1), 4, UINT32_MAX); /* the upper half */
    assert_int_equal(m->num_mems, 1);
    /* All but address 0 of the RAM, each from below and within; BAR 3 once. */
    assert_int_equal(info_of(a).misplaced, FAKE_RAM / 0x4000 - 1 + 1);
    sriov_vm_release(a);
}

/* ---- doorbells ---- */

static void test_bells(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = with_bells(m);
    struct sriov_assign *a = fake_vm_assign(m, &opts);
    const struct fake_dev *d = fake_vm_dev(m, 0);

    assert_int_equal(d->num_bells, 0);
    fake_guest_enable(m);
    assert_int_equal(d->num_bells, 2);
    assert_int_equal(d->bell[0].gpa, FAKE_BAR0 + TAIL);
    assert_int_equal(d->bell[0].values, 64);
    fake_guest_write(m, FAKE_BAR0 + TAIL, 4, 17);
    assert_int_equal(reg(m, TAIL), 17);
    assert_int_equal(info_of(a).bells, 1);
    assert_int_equal(info_of(a).trapped, 0);
    fake_guest_write(m, FAKE_BAR0 + TAIL, 4, 64); /* beyond its values */
    assert_int_equal(reg(m, TAIL), 64);
    assert_int_equal(info_of(a).bells, 1);
    assert_int_equal(info_of(a).bell_traps, 1);
    assert_int_equal(info_of(a).trapped, 1);
    set_reg(m, TAIL + 0x40, 5);
    fake_guest_write(m, FAKE_BAR0 + TAIL + 0x40, 4, 99); /* whatever the value, 0 is told */
    assert_int_equal(reg(m, TAIL + 0x40), 0);
    move_bar0(m, 0xd0000000);
    assert_int_equal(d->num_bells, 2);
    fake_guest_write(m, 0xd0000000 + TAIL, 4, 18);
    assert_int_equal(reg(m, TAIL), 18);
    assert_int_equal(info_of(a).bells, 3);
    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, 0);
    assert_int_equal(d->num_bells, 0);
    sriov_vm_release(a);
}

static void test_no_room_for_bells(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = with_bells(m);
    struct sriov_assign *a = fake_vm_assign(m, &opts);

    fake_fail(&m->f, "vm_doorbell_add", 1, -ENOSPC);
    fake_guest_enable(m);
    assert_int_equal(fake_vm_dev(m, 0)->num_bells, 1);
    assert_int_equal(info_of(a).misplaced, 0);
    fake_guest_write(m, FAKE_BAR0 + TAIL, 4, 17);
    assert_int_equal(reg(m, TAIL), 17);
    assert_int_equal(info_of(a).bell_traps, 1);
    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, 0); /* only what was added is taken back */
    sriov_vm_release(a);
    m->caps &= ~(uint64_t)SRIOV_VM_CAP_DOORBELL;
    a = fake_vm_assign(m, &opts);
    fake_guest_enable(m);
    assert_int_equal(fake_vm_dev(m, 0)->num_bells, 0);
    sriov_vm_release(a);
}

static void test_mapped_needs_no_bell(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = with_bells(m);
    struct sriov_assign *a;

    opts.flags = 0;
    a = fake_vm_assign(m, &opts);
    fake_guest_enable(m);
    assert_int_equal(fake_vm_dev(m, 0)->num_bells, 0);
    fake_guest_write(m, FAKE_BAR0 + TAIL, 4, 17);
    assert_int_equal(reg(m, TAIL), 17);
    assert_int_equal(info_of(a).trapped, 0);
    sriov_vm_release(a);
}

/* A bell that the machine keeps rings when its BAR is back, and not before. */
static void test_bell_is_kept(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = with_bells(m);
    struct sriov_assign *a;

    opts.num_bells = 1;
    a = fake_vm_assign(m, &opts);
    fake_guest_enable(m);
    fake_fail(&m->f, "vm_doorbell_del", 1, -EIO);
    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, 0);
    fake_guest_write(m, FAKE_BAR0 + TAIL, 4, 17);
    assert_int_equal(reg(m, TAIL), 0);
    assert_int_equal(info_of(a).bells, 0);
    sriov_vm_release(a);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_vm_setup, fake_vm_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_mapped_and_trapped),
        T(test_trapped_by_choice),
        T(test_trapped_by_the_machine),
        T(test_odd_view),
        T(test_split),
        T(test_odd_accesses),
        T(test_misplaced),
        T(test_half_placed),
        T(test_window_is_kept),
        T(test_swept_over_everything),
        T(test_bells),
        T(test_no_room_for_bells),
        T(test_mapped_needs_no_bell),
        T(test_bell_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
