/* SPDX-License-Identifier: BSD-3-Clause */
/* A function in a machine: what it finds there, FLR, and every way out with the order of undoing. */
#include "fake_vm.h"

/* ---- what it looks like inside ---- */

static void test_inside(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);
    struct sriov_assign *a = fake_vm_assign(m, &opts);
    struct fake_dev *d = fake_vm_dev(m, 0);

    assert_ptr_equal(sriov_assign_fn(a), m->fn);
    assert_non_null(sriov_assign_vcfg(a));
    assert_string_equal(d->name, FAKE_NAME);
    assert_int_equal(d->args.vectors, FAKE_VF_MSIX);
    assert_int_equal(d->args.fd, FAKE_VF_FD);
    assert_int_equal(d->args.fd_kind, SRIOV_FN_FD_VFIO_DEVICE);
    assert_true(d->plugged);
    assert_int_equal(sriov_fn_state(m->fn), SRIOV_FN_ATTACHED);
    assert_int_equal(m->f.irq_on, FAKE_VF_MSIX);
    assert_int_equal(fake_guest_cfg(m, SRIOV_PCI_VENDOR_ID, 4), 0x10fb8086);
    assert_int_equal(fake_vf_command(m) & SRIOV_PCI_COMMAND_MASTER, 0);
    sriov_vm_release(a);
    fake_vm_untouched(m);
    assert_int_equal(m->events, 0);
}

static void test_no_descriptor(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a;

    fake_fail(&m->f, "fn_fd", 1, -EOPNOTSUPP);
    a = fake_vm_assign(m, NULL);
    assert_int_equal(fake_vm_dev(m, 0)->args.fd, -1);
    assert_int_equal(fake_vm_dev(m, 0)->args.fd_kind, SRIOV_FN_FD_NONE);
    sriov_vm_release(a);
}

static void test_own_dma(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a;

    m->caps |= SRIOV_VM_CAP_OWN_DMA;
    a = fake_vm_assign(m, NULL);
    assert_int_equal(m->f.num_maps, 0);
    assert_int_equal(fake_vm_add_ram(m, UINT64_C(0x100000000)), 0);
    assert_int_equal(m->f.num_maps, 0);
    assert_int_equal(sriov_vm_del_memory(m->vm, UINT64_C(0x100000000), FAKE_RAM), 0);
    sriov_vm_release(a);
    fake_vm_untouched(m);
}

static void test_bus_master_follows_the_guest(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MASTER);
    assert_true((fake_vf_command(m) & SRIOV_PCI_COMMAND_MASTER) != 0);
    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, 0);
    assert_int_equal(fake_vf_command(m) & SRIOV_PCI_COMMAND_MASTER, 0);
    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MASTER);
    sriov_vm_release(a);
    assert_int_equal(m->f.master_at_free, 0); /* off before its memory went */
    fake_vm_untouched(m);
}

static void test_flr(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);
    struct sriov_assign *a = fake_vm_assign(m, &opts);
    struct sriov_assign_info info = {.size = sizeof(info)};
    int resets = m->f.resets;

    fake_guest_enable(m);
    fake_guest_msix_on(m);
    assert_int_equal(fake_vm_dev(m, 0)->num_windows, 2);
    fake_guest_set_cfg(m, FAKE_CFG_EXP + SRIOV_PCI_EXP_DEVCTL, 2, SRIOV_PCI_EXP_DEVCTL_FLR);
    assert_int_equal(m->f.resets, resets + 1);
    assert_int_equal(fake_vm_dev(m, 0)->num_windows, 0);
    assert_int_equal(fake_vm_dev(m, 0)->route[0].on, 0);
    assert_int_equal(fake_guest_cfg(m, SRIOV_PCI_COMMAND, 2), 0);
    assert_int_equal(fake_vf_command(m) & SRIOV_PCI_COMMAND_MASTER, 0);
    assert_int_equal(m->f.num_maps, 1); /* memory stays */
    assert_int_equal(m->f.irq_on, FAKE_VF_MSIX);
    assert_int_equal(sriov_assign_info(a, &info), 0);
    assert_int_equal(info.resets, 1);
    assert_int_equal(m->events, 0); /* not from within the guest's access */
    assert_int_equal(sriov_vm_poll(m->vm), 1);
    assert_int_equal(m->event[0], SRIOV_ASSIGN_FLR);
    assert_int_equal(sriov_vm_poll(m->vm), 0);
    fake_guest_enable(m);
    assert_int_equal(fake_vm_dev(m, 0)->num_windows, 2);
    /* One that fails is none. */
    fake_fail(&m->f, "reset", 1, -EIO);
    fake_guest_set_cfg(m, FAKE_CFG_EXP + SRIOV_PCI_EXP_DEVCTL, 2, SRIOV_PCI_EXP_DEVCTL_FLR);
    assert_int_equal(fake_vf_command(m) & SRIOV_PCI_COMMAND_MASTER, 0);
    assert_int_equal(sriov_vm_poll(m->vm), 0);
    sriov_vm_release(a);
    fake_vm_untouched(m);
}

/* ---- the way out ---- */

/* Each of the words, in this order, and none of them after the next. */
static void assert_order(const char *trace, const char *const *words, size_t n)
{
    const char *at = trace;

    for (size_t i = 0; i < n; i++) {
        const char *found = strstr(at, words[i]);

        if (found == NULL) {
            fail_msg("no %s after its predecessor in: %s", words[i], trace);
        }
        at = found + strlen(words[i]);
    }
}

static void test_order_of_release(void **state)
{
    static const char *const words[] = {
        "irq_detach ", "irq_disable ",    "vm_dev_del ",     "reset ",
        "cfg_write ",  "dma_dirty_read ", "dma_dirty_stop ", "dma_unmap ",
    };
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_BITMAP), 0);
    fake_guest_enable(m);
    m->f.tracing = 1;
    sriov_vm_release(a);
    m->f.tracing = 0;
    assert_order(m->f.trace, words, sizeof(words) / sizeof(words[0]));
    assert_null(strstr(strstr(m->f.trace, "vm_dev_del ") + 1, "vm_"));
    assert_int_equal(sriov_vm_dirty_stop(m->vm), 0);
    fake_vm_untouched(m);
}

static void test_order_of_undoing(void **state)
{
    static const char *const there[] = {"reset ",      "vm_dev_add ", "dma_map ",
                                        "irq_enable ", "irq_attach ", "vm_hot_add "};
    static const char *const back[] = {"vm_hot_add ", "irq_detach ", "irq_disable ",
                                       "vm_dev_del ", "reset ",      "dma_unmap "};
    struct fake_vm *m = *state;

    m->f.tracing = 1;
    fake_fail(&m->f, "vm_hot_add", 1, -EIO);
    fake_vm_refused(m, NULL, -EIO);
    m->f.tracing = 0;
    assert_order(m->f.trace, there, sizeof(there) / sizeof(there[0]));
    assert_order(m->f.trace, back, sizeof(back) / sizeof(back[0]));
}

/* The function vanishes under the guest's hands. */
static void test_vanishes(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);
    struct sriov_assign *a = fake_vm_assign(m, &opts);

    fake_guest_enable(m);
    fake_fail(&m->f, "bar_read", 1, -ENODEV);
    assert_int_equal(fake_guest_read(m, FAKE_BAR3 + 0x1000, 4), 0xffffffff);
    assert_true(sriov_fn_gone(m->fn));
    assert_int_equal(fake_guest_cfg(m, SRIOV_PCI_VENDOR_ID, 4), 0xffffffff);
    assert_int_equal(fake_guest_cfg(m, SRIOV_PCI_VENDOR_ID, 2), 0xffff);
    assert_int_equal(fake_guest_read(m, FAKE_BAR3, 4), 0xffffffff);
    fake_guest_write(m, FAKE_BAR3, 4, 0);
    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, 0);
    assert_int_equal(fake_vm_dev(m, 0)->num_windows, 2);
    assert_int_equal(sriov_vm_poll(m->vm), 1);
    assert_int_equal(m->event[0], SRIOV_ASSIGN_GONE);
    assert_int_equal(sriov_vm_poll(m->vm), 0);
    assert_int_equal(sriov_vm_plug(a), -ENODEV);
    sriov_vm_release(a);
    assert_int_equal(m->f.num_maps, 0);
    assert_int_equal(m->f.irq_on, 0);
    assert_int_equal(m->f.views, 0);
    assert_int_equal(sriov_fn_state(m->fn), SRIOV_FN_GONE);
}

/* A guest that died without a word: what it left in the device is reset, and the next one starts clean. */
static void test_guest_vanishes(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);
    int resets;

    fake_guest_enable(m);
    fake_guest_msix_on(m);
    resets = m->f.resets;
    sriov_vm_release(a);
    assert_int_equal(m->f.resets, resets + 1);
    fake_vm_untouched(m);
    a = fake_vm_assign(m, NULL);
    assert_int_equal(fake_guest_cfg(m, SRIOV_PCI_BAR(0), 4) & SRIOV_PCI_BAR_MEM_MASK, 0);
    assert_int_equal(fake_vm_dev(m, 0)->route[0].on, 0);
    sriov_vm_release(a);
}

/* A shim that keeps a mapping: said, not forgotten; the function is not given to the next one. */
static void test_mapping_is_kept(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    fake_fail(&m->f, "dma_unmap", 1, -EIO);
    sriov_vm_release(a);
    assert_int_equal(m->f.num_maps, 1);
    assert_int_equal(sriov_fn_state(m->fn), SRIOV_FN_DETACHED);
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, &a), -EBUSY);
}

static void test_reset_fails_on_the_way_out(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MASTER);
    fake_fail(&m->f, "reset", 1, -EIO);
    sriov_vm_release(a);
    assert_int_equal(m->f.master_at_free, 0);
    fake_vm_untouched(m);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_vm_setup, fake_vm_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_inside),
        T(test_no_descriptor),
        T(test_own_dma),
        T(test_bus_master_follows_the_guest),
        T(test_flr),
        T(test_order_of_release),
        T(test_order_of_undoing),
        T(test_vanishes),
        T(test_guest_vanishes),
        T(test_mapping_is_kept),
        T(test_reset_fails_on_the_way_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
