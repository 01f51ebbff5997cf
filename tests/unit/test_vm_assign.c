/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions that come into a machine and leave it: every refusal, the order of undoing, what is left. */
#include "fake_driver.h"
#include "fake_vm.h"

#include <stdlib.h>

static void test_arguments(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);
    struct sriov_assign *a;

    assert_int_equal(sriov_vm_assign(NULL, m->vm, NULL, &a), -EINVAL);
    assert_int_equal(sriov_vm_assign(m->fn, NULL, NULL, &a), -EINVAL);
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, NULL), -EINVAL);
    opts.size = 8;
    fake_vm_refused(m, &opts, -EINVAL);
    opts = fake_vm_opts(m);
    opts.flags = 8;
    fake_vm_refused(m, &opts, -EINVAL);
    opts = fake_vm_opts(m);
    opts.slot = 32;
    fake_vm_refused(m, &opts, -EINVAL);
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
    fake_vm_refused(m, &longer.opts, -E2BIG);
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
        {{.bar = 3, .width = 4, .off = 0x10}, -EINVAL},   /* the MSI-X table */
        {{.bar = 3, .width = 8, .off = 0x2000}, -EINVAL}, /* its pending bits */
    };
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);

    opts.num_bells = 1;
    fake_vm_refused(m, &opts, -EINVAL); /* none given */
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        opts.bells = &bad[i].bell;
        fake_vm_refused(m, &opts, bad[i].err);
    }
    opts.num_bells = UINT32_MAX;
    fake_vm_refused(m, &opts, -EINVAL);
}

static void test_not_for_a_machine(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts slow = fake_vm_opts(m);
    struct sriov_assign *a;

    m->caps &= ~(uint64_t)SRIOV_VM_CAP_TRAPPED;
    fake_vm_refused(m, NULL, -EOPNOTSUPP);
    m->caps |= SRIOV_VM_CAP_TRAPPED;
    m->caps &= ~(uint64_t)SRIOV_VM_CAP_IRQ;
    fake_vm_refused(m, NULL, -EOPNOTSUPP);
    m->caps |= SRIOV_VM_CAP_IRQ;
    m->vectors_left = FAKE_VF_MSIX - 1;
    fake_vm_refused(m, NULL, -ENOSPC);
    m->vectors_left = FAKE_VF_MSIX;
    m->f.irq_grant = FAKE_VF_MSIX - 1;
    fake_vm_refused(m, NULL, -ENOSPC);
    m->f.irq_grant = FAKE_VF_MSIX;
    m->f.limits.flags = SRIOV_DMA_SHIM_IOVA;
    fake_vm_refused(m, NULL, -EOPNOTSUPP);
    assert_int_equal(sriov_vm_del_memory(m->vm, 0, FAKE_RAM), 0);
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, &a), -EOPNOTSUPP); /* also before there is any */
    assert_int_equal(fake_vm_add_ram(m, 0), 0);
    m->f.limits.flags = 0;
    m->f.limits.maps_left = 0;
    fake_vm_refused(m, NULL, -ENOSPC);
    m->f.limits.maps_left = UINT64_MAX;
    slow.flags = SRIOV_ASSIGN_SLOW_MASK;
    fake_fail(&m->f, "fn_fd", 1, -EPERM);
    fake_vm_refused(m, &slow, -EPERM);
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
    fake_vm_refused(m, NULL, -EOPNOTSUPP);
    open_with(m, SRIOV_CAP_RESET, 1);
    fake_vm_refused(m, NULL, -EOPNOTSUPP);
    m->f.info.caps = caps;
    open_with(m, SRIOV_CAP_DMA_MAP, 1);
    fake_vm_refused(m, NULL, -EOPNOTSUPP);
    m->f.info.caps = caps;
    open_with(m, SRIOV_CAP_IRQ_MASK, 1);
    fake_vm_refused(m, &slow, -EOPNOTSUPP);
    m->f.info.caps = caps;
    open_with(m, SRIOV_CAP_IRQ_CALLBACK, 1); /* this machine's sinks are callbacks */
    fake_vm_refused(m, NULL, -EOPNOTSUPP);
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
    int resets = m->f.resets;

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
    assert_int_equal(m->f.resets, resets); /* nobody's device is reset under their hands */
    a = fake_vm_assign(m, NULL);
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, &second), -EBUSY);
    assert_null(second);
    assert_int_equal(m->f.num_maps, 1); /* the first one's are left alone */
    assert_int_equal(m->f.irq_on, FAKE_VF_MSIX);
    assert_int_equal(sriov_fn_state(m->fn), SRIOV_FN_ATTACHED);
    assert_int_equal(sriov_vm_unregister(m->vm), -EBUSY);
    sriov_vm_release(a);
    fake_vm_untouched(m);
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
    fake_vm_refused(m, &opts, -EBUSY);
}

static void test_vanished_before(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a;

    sriov_fn_kill(m->fn);
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, NULL, &a), -ENODEV);
}

/* ---- a PF that keeps the books ---- */

struct books {
    struct fake f;
    struct sriov_fn *fn;
    struct sriov_pf *pf;
};

static struct books *books_open(void)
{
    struct books *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    memset(&fake_pf_plan, 0, sizeof(fake_pf_plan));
    fake_init(&b->f);
    fake_register(&b->f);
    b->fn = fake_open(&b->f, NULL);
    assert_int_equal(sriov_pf_open(b->fn, fake_pf_drivers, NULL, &b->pf), 0);
    assert_int_equal(sriov_pf_enable_vfs(b->pf, 4), 0);
    return b;
}

static void books_close(struct books *b)
{
    sriov_pf_close(b->pf);
    assert_int_equal(sriov_fn_close(b->fn), 0);
    fake_finish(&b->f);
    free(b);
}

static void assert_owner(struct books *b, const char *owner)
{
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    assert_int_equal(sriov_pf_get_vf(b->pf, 2, &info), 0); /* the VF's number */
    assert_string_equal(info.owner, owner);
}

static void test_claim(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);
    struct books *b = books_open();
    struct sriov_assign *a;
    struct sriov_assign *second;

    opts.pf = b->pf;
    a = fake_vm_assign(m, &opts);
    assert_owner(b, "guest");
    assert_int_equal(sriov_vm_assign(m->fn, m->vm, &opts, &second), -EBUSY);
    assert_owner(b, "guest"); /* the first one's claim is left alone */
    sriov_vm_release(a);
    assert_owner(b, "");
    fake_fail(&m->f, "vm_hot_add", 1, -EIO);
    fake_vm_refused(m, &opts, -EIO);
    assert_owner(b, "");
    assert_int_equal(sriov_pf_claim_vf(b->pf, 2, "somebody"), 0);
    fake_vm_refused(m, &opts, -EBUSY);
    assert_owner(b, "somebody");
    assert_int_equal(sriov_pf_release_vf(b->pf, 2, "somebody"), 0);
    /* What the user claimed for the machine stays the user's to release. */
    assert_int_equal(sriov_pf_claim_vf(b->pf, 2, "guest"), 0);
    sriov_vm_release(fake_vm_assign(m, &opts));
    assert_owner(b, "guest");
    assert_int_equal(sriov_pf_release_vf(b->pf, 2, "guest"), 0);
    books_close(b);
}

static void test_claim_at_another_pf(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);
    struct books *b = books_open();

    assert_int_equal(sriov_fn_close(m->fn), 0);
    strcpy(m->f.info.pf_name, "0000:99:00.0");
    fake_vm_open(m);
    opts.pf = b->pf;
    fake_vm_refused(m, &opts, -EINVAL);
    assert_int_equal(sriov_fn_close(m->fn), 0);
    strcpy(m->f.info.pf_name, FAKE_NAME);
    m->f.info.vf_index = 4; /* one more than there are */
    fake_vm_open(m);
    fake_vm_refused(m, &opts, -EINVAL);
    books_close(b);
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
        T(test_claim),
        T(test_claim_at_another_pf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
