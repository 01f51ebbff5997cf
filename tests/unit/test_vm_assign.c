/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions that come into a machine and leave it: every refusal, the order of undoing, what is left. */
#include "fake_vm.h"

static uint16_t command(const struct fake_vm *m)
{
    return fake_get16(&m->f, SRIOV_PCI_COMMAND);
}

/* As before any assignment: the VF detached with nothing mapped and no vector, the machine empty. */
static void assert_untouched(struct fake_vm *m)
{
    assert_int_equal(sriov_fn_state(m->fn), SRIOV_FN_DETACHED);
    assert_int_equal(m->f.num_maps, 0);
    assert_int_equal(m->f.irq_on, 0);
    assert_int_equal(m->f.views, 0);
    assert_int_equal(m->f.log_on, 0);
    assert_int_equal(m->num_mems, 1);
    for (unsigned i = 0; i < FAKE_VM_DEVS; i++) {
        assert_int_equal(m->dev[i].live, 0);
    }
    assert_true((command(m) & SRIOV_PCI_COMMAND_MASTER) != 0);
}

static void refused(struct fake_vm *m, const struct sriov_assign_opts *opts, int err)
{
    struct sriov_assign *a = (void *)m;
    long allocs = m->f.live_allocs;

    assert_int_equal(sriov_vm_assign(m->fn, m->vm, opts, &a), err);
    assert_null(a);
    assert_untouched(m);
    assert_int_equal(m->f.live_allocs, allocs);
}

static void test_arguments(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);
    struct sriov_assign *a;

    assert_int_equal(sriov_vm_assign(NULL, m->vm, NULL, &a), -EINVAL);
    assert_int_equal(sriov_vm_assign(m->fn, NULL, NULL, &a), -EINVAL);
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, NULL), -EINVAL);
    opts.size = 8;
    refused(m, &opts, -EINVAL);
    opts = fake_vm_opts(m);
    opts.flags = 8;
    refused(m, &opts, -EINVAL);
    opts = fake_vm_opts(m);
    opts.slot = 32;
    refused(m, &opts, -EINVAL);
    sriov_vm_release(NULL);
    assert_int_equal(sriov_vm_plug(NULL), -EINVAL);
    assert_int_equal(sriov_assign_info(NULL, NULL), -EINVAL);
}

static void test_options_from_the_future(void **state)
{
    struct fake_vm *m = *state;
    struct {
        struct sriov_assign_opts opts;
        uint64_t tail;
    } longer = {.opts = fake_vm_opts(m), .tail = 1};
    struct sriov_assign *a;

    longer.opts.size = sizeof(longer);
    refused(m, &longer.opts, -E2BIG);
    longer.tail = 0;
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, &longer.opts, &a), 0);
    sriov_vm_release(a);
}

static void test_bell_arguments(void **state)
{
    static const struct {
        struct sriov_bell bell;
        int err;
    } bad[] = {
        {{.bar = 6, .width = 4}, -EINVAL},
        {{.bar = 0, .width = 3}, -EINVAL},
        {{.bar = 0, .width = 0}, -EINVAL},
        {{.bar = 0, .width = 4, .off = 2}, -EINVAL},
        {{.bar = 0, .width = 4, .reserved0 = 1}, -EINVAL},
        {{.bar = 0, .width = 4, .off = 16384}, -ERANGE},
        {{.bar = 0, .width = 8, .off = UINT64_C(0xfffffffffffffff8)}, -ERANGE},
        {{.bar = 1, .width = 4}, -ERANGE},
    };
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);

    opts.num_bells = 1;
    refused(m, &opts, -EINVAL); /* none given */
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        opts.bells = &bad[i].bell;
        refused(m, &opts, bad[i].err);
    }
    opts.num_bells = UINT32_MAX;
    refused(m, &opts, -EINVAL);
}

static void test_not_for_a_machine(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts slow = fake_vm_opts(m);

    m->caps &= ~(uint64_t)SRIOV_VM_CAP_TRAPPED;
    refused(m, NULL, -EOPNOTSUPP);
    m->caps |= SRIOV_VM_CAP_TRAPPED;
    m->caps &= ~(uint64_t)SRIOV_VM_CAP_IRQ;
    refused(m, NULL, -EOPNOTSUPP);
    m->caps |= SRIOV_VM_CAP_IRQ;
    m->vectors_left = FAKE_VF_MSIX - 1;
    refused(m, NULL, -ENOSPC);
    m->vectors_left = FAKE_VF_MSIX;
    m->f.irq_grant = FAKE_VF_MSIX - 1;
    refused(m, NULL, -ENOSPC);
    m->f.irq_grant = FAKE_VF_MSIX;
    m->f.limits.flags = SRIOV_DMA_SHIM_IOVA;
    refused(m, NULL, -EOPNOTSUPP);
    m->f.limits.flags = 0;
    m->f.limits.maps_left = 0;
    refused(m, NULL, -ENOSPC);
    m->f.limits.maps_left = UINT64_MAX;
    slow.flags = SRIOV_ASSIGN_SLOW_MASK;
    fake_fail(&m->f, "fn_fd", 1, -EPERM);
    refused(m, &slow, -EPERM);
}

/* What sriov_fn_open learned of the function is not what assign needs. */
static void open_with(struct fake_vm *m, uint64_t without, int is_vf)
{
    assert_int_equal(sriov_fn_close(m->fn), 0);
    m->f.info.caps &= ~without;
    m->f.info.is_vf = (uint8_t)is_vf;
    fake_vm_open(m);
}

static void test_not_a_function_for_it(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts slow = fake_vm_opts(m);
    uint64_t caps = m->f.info.caps;

    slow.flags = SRIOV_ASSIGN_SLOW_MASK;
    open_with(m, 0, 0); /* a PF */
    refused(m, NULL, -EOPNOTSUPP);
    open_with(m, SRIOV_CAP_RESET, 1);
    refused(m, NULL, -EOPNOTSUPP);
    m->f.info.caps = caps;
    open_with(m, SRIOV_CAP_DMA_MAP, 1);
    refused(m, NULL, -EOPNOTSUPP);
    m->f.info.caps = caps;
    open_with(m, SRIOV_CAP_IRQ_MASK, 1);
    refused(m, &slow, -EOPNOTSUPP);
    m->f.info.caps = caps;
    open_with(m, SRIOV_CAP_IRQ_CALLBACK, 1); /* this machine's sinks are callbacks */
    refused(m, NULL, -EOPNOTSUPP);
    m->f.info.caps = caps;
    open_with(m, 0, 1);
}

static void test_in_use(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a;
    struct sriov_assign *second = (void *)m;
    struct sriov_dma dma;
    uint32_t got;

    assert_int_equal(sriov_dma_alloc(m->fn, "test", 4096, 4096, SRIOV_DMA_BOTH, &dma), 0);
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, &a), -EBUSY);
    assert_int_equal(sriov_dma_free(m->fn, &dma), 0);
    assert_int_equal(sriov_irq_enable(m->fn, 1, 1, &got), 0);
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, &a), -EBUSY);
    assert_int_equal(m->f.irq_on, 1);
    assert_int_equal(sriov_irq_disable(m->fn), 0);
    assert_int_equal(sriov_fn_set_state(m->fn, SRIOV_FN_ATTACHED), 0);
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, &a), -EBUSY);
    assert_int_equal(sriov_fn_set_state(m->fn, SRIOV_FN_DETACHED), 0);
    a = fake_vm_assign(m, NULL);
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, &second), -EBUSY);
    assert_null(second);
    assert_int_equal(m->f.num_maps, 1); /* the first one's are left alone */
    assert_int_equal(m->f.irq_on, FAKE_VF_MSIX);
    assert_int_equal(sriov_fn_state(m->fn), SRIOV_FN_ATTACHED);
    assert_int_equal(sriov_vm_unregister(m->vm), -EBUSY);
    sriov_vm_release(a);
    assert_untouched(m);
}

static void test_slots(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);
    struct sriov_assign *a;

    opts.slot = 7;
    a = fake_vm_assign(m, &opts);
    assert_int_equal(fake_vm_dev(m, 0)->args.slot, 7);
    sriov_vm_release(a);
    fake_fail(&m->f, "vm_dev_add", 1, -EBUSY);
    refused(m, &opts, -EBUSY);
}

static void test_vanished_before(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a;

    sriov_fn_kill(m->fn);
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, &a), -ENODEV);
}

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
    assert_int_equal(command(m) & SRIOV_PCI_COMMAND_MASTER, 0);
    sriov_vm_release(a);
    assert_untouched(m);
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
    assert_untouched(m);
}

static void test_bus_master_follows_the_guest(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MASTER);
    assert_true((command(m) & SRIOV_PCI_COMMAND_MASTER) != 0);
    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, 0);
    assert_int_equal(command(m) & SRIOV_PCI_COMMAND_MASTER, 0);
    fake_guest_set_cfg(m, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MASTER);
    sriov_vm_release(a);
    assert_int_equal(m->f.master_at_free, 0); /* off before its memory went */
    assert_untouched(m);
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
    assert_int_equal(command(m) & SRIOV_PCI_COMMAND_MASTER, 0);
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
    assert_int_equal(command(m) & SRIOV_PCI_COMMAND_MASTER, 0);
    assert_int_equal(sriov_vm_poll(m->vm), 0);
    sriov_vm_release(a);
    assert_untouched(m);
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
    assert_untouched(m);
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
    refused(m, NULL, -EIO);
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
    assert_untouched(m);
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
    assert_untouched(m);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_vm_setup, fake_vm_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_arguments),
        T(test_options_from_the_future),
        T(test_bell_arguments),
        T(test_not_for_a_machine),
        T(test_not_a_function_for_it),
        T(test_in_use),
        T(test_slots),
        T(test_vanished_before),
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
