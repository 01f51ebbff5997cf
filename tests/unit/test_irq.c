/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors: how many are granted, sinks, masks. */
#include "fake_vmm.h"

static void test_grant(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    uint32_t got;

    assert_int_equal(sriov_irq_count(fn), 4);
    assert_int_equal(sriov_irq_enable(fn, 3, 1, &got), 0);
    assert_int_equal(got, 3);
    assert_int_equal(f->irq_on, 3);
    assert_int_equal(sriov_irq_enable(fn, 1, 1, &got), -EBUSY);
    assert_int_equal(sriov_irq_disable(fn), 0);
    assert_int_equal(sriov_irq_disable(fn), 0);
    assert_int_equal(f->irq_on, 0);
    assert_int_equal(sriov_irq_enable(fn, 100, 4, &got), 0);
    assert_int_equal(got, 4); /* what the function has */
    assert_int_equal(sriov_irq_disable(fn), 0);
    f->irq_grant = 2;
    assert_int_equal(sriov_irq_enable(fn, 4, 2, &got), 0);
    assert_int_equal(got, 2); /* what the host gives */
    assert_int_equal(sriov_irq_disable(fn), 0);
    assert_int_equal(sriov_irq_enable(fn, 4, 3, &got), -ENOSPC);
    assert_int_equal(got, 0);
    assert_int_equal(f->irq_on, 0);
    f->irq_grant = 0;
    assert_int_equal(sriov_irq_enable(fn, 4, 0, &got), -ENOSPC);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_enable_errors(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    uint32_t got;

    assert_int_equal(sriov_irq_enable(fn, 0, 0, &got), -EINVAL);
    assert_int_equal(sriov_irq_enable(fn, 1, 2, &got), -EINVAL);
    assert_int_equal(sriov_irq_enable(fn, 9, 5, &got), -ENOSPC);
    fake_fail(f, "irq_enable", 1, -EIO);
    assert_int_equal(sriov_irq_enable(fn, 2, 1, &got), -EIO);
    fake_fail(f, "irq_count", 1, -EOPNOTSUPP);
    assert_int_equal(sriov_irq_enable(fn, 2, 1, &got), -ENOSPC);
    f->irq_have = UINT32_MAX;
    assert_int_equal(sriov_irq_count(fn), 2048);
    fake_fail(f, "irq_count", 1, -ENODEV);
    assert_int_equal(sriov_irq_enable(fn, 2, 1, &got), -ENODEV);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void count(void *arg, uint32_t vector)
{
    ((unsigned *)arg)[vector]++;
}

static void test_sinks(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    unsigned counts[4] = {0};
    uint32_t got;

    assert_int_equal(sriov_irq_attach(fn, 0, count, counts), -EINVAL); /* not enabled */
    assert_int_equal(sriov_irq_enable(fn, 3, 3, &got), 0);
    assert_int_equal(sriov_irq_attach(fn, 0, count, counts), 0);
    assert_int_equal(sriov_irq_attach(fn, 2, count, counts), 0);
    assert_int_equal(sriov_irq_attach(fn, 3, count, counts), -EINVAL);
    assert_int_equal(sriov_irq_attach(fn, 0, NULL, counts), -EINVAL);
    assert_int_equal(sriov_irq_attach_fd(fn, 1, 77), 0);
    assert_int_equal(f->irq[1].kind, SRIOV_SINK_EVENTFD);
    assert_int_equal(f->irq[1].fd, 77);
    assert_int_equal(sriov_irq_attach_fd(fn, 1, -1), -EINVAL);
    fake_irq(f, 0);
    assert_int_equal(sriov_irq_trigger(fn, 2), 0);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[2], 1);
    assert_int_equal(sriov_irq_detach(fn, 0), 0);
    assert_int_equal(sriov_irq_detach(fn, 0), 0);
    assert_int_equal(sriov_irq_detach(fn, 3), -EINVAL);
    fake_irq(f, 0);
    assert_int_equal(counts[0], 1);
    fake_fail(f, "irq_attach", 1, -EIO);
    assert_int_equal(sriov_irq_attach(fn, 0, count, counts), -EIO);
    assert_int_equal(sriov_fn_close(fn), 0); /* detaches 1 and 2 only: the fake checks */
    assert_int_equal(f->irq[2].kind, 0);
    assert_int_equal(f->irq_on, 0);
}

static void test_masks(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    uint32_t got;
    bool pending = true;

    assert_int_equal(sriov_irq_enable(fn, 2, 2, &got), 0);
    assert_int_equal(sriov_irq_mask(fn, 1), 0);
    assert_int_equal(f->irq_masked, 2);
    assert_int_equal(sriov_irq_unmask(fn, 1), 0);
    assert_int_equal(f->irq_masked, 0);
    assert_int_equal(sriov_irq_pending(fn, 1, &pending), 0);
    assert_false(pending);
    f->irq_pending = 2;
    assert_int_equal(sriov_irq_pending(fn, 1, &pending), 0);
    assert_true(pending);
    assert_int_equal(sriov_irq_pending(fn, 2, &pending), -EINVAL);
    assert_false(pending);
    assert_int_equal(sriov_irq_mask(fn, 2), -EINVAL);
    assert_int_equal(sriov_irq_trigger(fn, 2), -EINVAL);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_without_caps(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn;
    unsigned counts[4];
    uint32_t got;
    bool pending;

    f->info.caps &= ~(SRIOV_CAP_IRQ_CALLBACK | SRIOV_CAP_IRQ_EVENTFD | SRIOV_CAP_IRQ_MASK |
                      SRIOV_CAP_IRQ_PENDING | SRIOV_CAP_IRQ_TRIGGER);
    fn = fake_open(f, NULL);
    assert_int_equal(sriov_irq_enable(fn, 2, 2, &got), 0);
    assert_int_equal(sriov_irq_attach(fn, 0, count, counts), -EOPNOTSUPP);
    assert_int_equal(sriov_irq_attach_fd(fn, 0, 3), -EOPNOTSUPP);
    assert_int_equal(sriov_irq_mask(fn, 0), -EOPNOTSUPP);
    assert_int_equal(sriov_irq_unmask(fn, 0), -EOPNOTSUPP);
    assert_int_equal(sriov_irq_pending(fn, 0, &pending), -EOPNOTSUPP);
    assert_int_equal(sriov_irq_trigger(fn, 0), -EOPNOTSUPP);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_gone(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    unsigned counts[4];
    uint32_t got;

    assert_int_equal(sriov_irq_enable(fn, 2, 2, &got), 0);
    assert_int_equal(sriov_irq_attach(fn, 0, count, counts), 0);
    assert_int_equal(sriov_irq_attach(fn, 1, count, counts), 0);
    fake_fail(f, "irq_mask", 1, -ENODEV);
    assert_int_equal(sriov_irq_mask(fn, 0), -ENODEV);
    assert_true(sriov_fn_gone(fn));
    assert_int_equal(sriov_irq_attach(fn, 0, count, counts), -ENODEV);
    assert_int_equal(sriov_irq_detach(fn, 0), 0); /* reaches the shim */
    assert_int_equal(f->irq[0].kind, 0);
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_int_equal(f->irq[1].kind, 0);
    assert_int_equal(f->irq_on, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_grant), T(test_enable_errors), T(test_sinks),
        T(test_masks), T(test_without_caps),  T(test_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
