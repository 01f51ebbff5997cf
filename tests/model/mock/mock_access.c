/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space and trapped BAR access. */
#include "fixture.h"

#include <sriov/hw/pci_regs.h>

static uint32_t cfg(struct fixture *f, void *fn, uint32_t off, uint32_t width)
{
    uint32_t value = 0;

    assert_int_equal(f->ops->cfg_read(fn, off, width, &value), 0);
    return value;
}

static void a_vfs_ids_are_made_up_by_the_host(void **state)
{
    struct fixture *f = *state;
    void *pf = fixture_open(f, f->pf);
    void *vf;

    fixture_vfs(f, pf, 1);
    vf = fixture_open(f, f->vf);
    assert_int_equal(cfg(f, vf, 0, 4), TOY_VENDOR | TOY_VF_DEVICE << 16);
    assert_int_equal(cfg(f, vf, 0, 2), TOY_VENDOR);
    assert_int_equal(cfg(f, vf, 2, 2), TOY_VF_DEVICE);
    assert_int_equal(cfg(f, vf, 3, 1), TOY_VF_DEVICE >> 8);
    assert_int_equal(cfg(f, pf, 0, 4), TOY_VENDOR | TOY_DEVICE << 16);
    f->ops->close(vf);
    f->ops->close(pf);
}

static void config_access_is_bounded(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    uint32_t value = 0;

    assert_int_equal(f->ops->cfg_read(fn, 4096, 4, &value), -ERANGE);
    assert_int_equal(value, UINT32_MAX);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(f->ops->cfg_read(fn, UINT32_MAX - 3, 4, &value), -ERANGE);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(f->ops->cfg_read(fn, 2, 4, &value), -EINVAL);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(f->ops->cfg_read(fn, 0, 3, &value), -EINVAL);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(f->ops->cfg_write(fn, 4096, 1, 0), -ERANGE);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(f->ops->cfg_read(fn, 4092, 4, &value), 0);
    fixture_expect_none(f);
    f->ops->close(fn);
}

static void bars_tell_their_length(void **state)
{
    struct fixture *f = *state;
    struct sriov_bar_info info = {.size = sizeof(info)};
    void *pf = fixture_open(f, f->pf);
    void *vf;

    assert_int_equal(f->ops->bar_info(pf, TOY_BAR, &info), 0);
    assert_int_equal(info.length, TOY_BAR_LENGTH);
    assert_int_equal(info.flags, SRIOV_BAR_64BIT | SRIOV_BAR_PREFETCH);
    assert_int_equal(f->ops->bar_info(pf, 5, &info), 0);
    assert_int_equal(info.length, 0);
    assert_int_equal(f->ops->bar_info(pf, 6, &info), -EINVAL);
    fixture_vfs(f, pf, 1);
    vf = fixture_open(f, f->vf);
    assert_int_equal(f->ops->bar_info(vf, TOY_BAR, &info), 0);
    assert_int_equal(info.flags, SRIOV_BAR_64BIT);
    f->ops->close(vf);
    f->ops->close(pf);
}

static void check_bar(struct fixture *f, void *fn, uint32_t bar, uint64_t off, uint32_t width, int err)
{
    uint64_t value = 0;

    assert_int_equal(f->ops->bar_read(fn, bar, off, width, &value), err);
    assert_true(value != 0);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(f->ops->bar_write(fn, bar, off, width, 0), err);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
}

static void bar_access_is_bounded(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);

    check_bar(f, fn, TOY_BAR, TOY_BAR_LENGTH, 4, -ERANGE);
    check_bar(f, fn, TOY_BAR, UINT64_MAX - 3, 4, -ERANGE);
    check_bar(f, fn, 1, 0, 4, -ERANGE);
    check_bar(f, fn, TOY_BAR, 2, 4, -EINVAL);
    check_bar(f, fn, TOY_BAR, 0, 3, -EINVAL);
    check_bar(f, fn, TOY_BAR, 0, 16, -EINVAL);
    check_bar(f, fn, 6, 0, 4, -EINVAL);
    fixture_wr(f, fn, TOY_SCRATCH, 0x12345678);
    assert_int_equal(fixture_rd(f, fn, TOY_SCRATCH), 0x12345678);
    f->ops->close(fn);
}

static void a_disabled_bar_is_not_touched(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);

    assert_int_equal(f->ops->cfg_write(fn, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MASTER), 0);
    check_bar(f, fn, TOY_BAR, TOY_SCRATCH, 4, -EAGAIN);
    f->ops->close(fn);
}

static void the_msix_table_is_the_hosts(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    uint64_t value;

    assert_int_equal(f->ops->bar_write(fn, TOY_MSIX_BAR, 12, 4, 0), -EBUSY);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    assert_int_equal(f->ops->bar_read(fn, TOY_MSIX_BAR, 12, 4, &value), 0);
    assert_int_equal(value, 1);
    assert_int_equal(f->ops->bar_write(fn, TOY_MSIX_BAR, TOY_VECTORS * 16, 4, 0), 0);
    fixture_expect_none(f);
    f->ops->close(fn);
}

static void a_models_report_names_the_register(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);

    fixture_wr(f, fn, TOY_ODD, 1);
    assert_int_equal(sriov_mock_last_violation(f->mock)->report_kind, SRIOV_REPORT_UNMODELLED);
    assert_string_equal(sriov_mock_last_violation(f->mock)->text,
                        "0000:01:00.0: register that does not exist: register 0x0003c of BAR 0: ODD");
    fixture_expect(f, SRIOV_VIOLATION_MODEL);
    f->ops->close(fn);
}

static void every_op_is_counted(void **state)
{
    struct fixture *f = *state;
    uint64_t all = sriov_mock_op_calls(f->mock, NULL);
    void *fn = fixture_open(f, f->pf); /* open, cfg_write */

    (void)fixture_rd(f, fn, TOY_SCRATCH);
    (void)f->ops->now_ns(f->vmm); /* cannot fail: not part of the sum */
    assert_int_equal(sriov_mock_op_calls(f->mock, NULL) - all, 3);
    assert_int_equal(sriov_mock_op_calls(f->mock, "bar_read"), 1);
    assert_int_equal(sriov_mock_op_calls(f->mock, "no such op"), 0);
    f->ops->close(fn);
    assert_int_equal(sriov_mock_op_calls(f->mock, "close"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOCK_TEST(a_vfs_ids_are_made_up_by_the_host),
        MOCK_TEST(config_access_is_bounded),
        MOCK_TEST(bars_tell_their_length),
        MOCK_TEST(bar_access_is_bounded),
        MOCK_TEST(a_disabled_bar_is_not_touched),
        MOCK_TEST(the_msix_table_is_the_hosts),
        MOCK_TEST(a_models_report_names_the_register),
        MOCK_TEST(every_op_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
