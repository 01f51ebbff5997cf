/* SPDX-License-Identifier: BSD-3-Clause */
/* BARs: views and the trapped path, with the same results. */
#include "fake_vmm.h"

static void check_registers(struct sriov_bar *bar, struct fake *f)
{
    uint32_t in_memory;

    sriov_wr32(bar, 0x100, 0xcafe0001);
    memcpy(&in_memory, f->bar[0] + 0x100, 4);
    assert_int_equal(in_memory, 0xcafe0001);
    assert_int_equal(sriov_rd32(bar, 0x100), 0xcafe0001);
    sriov_bar_write32(bar, 0x104, 0xcafe0002);
    assert_int_equal(sriov_bar_read32(bar, 0x104), 0xcafe0002);
    assert_int_equal(sriov_rd32(bar, 0x104), 0xcafe0002);
}

static void test_view(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_bar bar;

    assert_int_equal(sriov_bar_open(fn, 0, 16384, &bar), 0);
    assert_non_null((void *)(uintptr_t)bar.view);
    assert_int_equal(bar.length, 16384);
    assert_int_equal(f->views, 1);
    check_registers(&bar, f);
    sriov_bar_close(&bar);
    assert_int_equal(f->views, 0);
    assert_null(bar.fn);
    sriov_bar_close(&bar);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void trapped(struct fake *f, int err)
{
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_bar bar;

    if (err != 0) {
        fake_fail(f, "bar_view", 1, err);
    }
    assert_int_equal(sriov_bar_open(fn, 0, 4, &bar), 0);
    assert_null((void *)(uintptr_t)bar.view);
    check_registers(&bar, f);
    sriov_bar_close(&bar);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_without_view(void **state)
{
    struct fake *f = *state;
    uint64_t caps = f->info.caps;

    trapped(f, -EPERM);
    f->info.caps = caps & ~SRIOV_CAP_BAR_VIEW;
    trapped(f, 0);
    f->info.caps = caps;
    f->bar_flags[0] &= ~SRIOV_BAR_VIEWABLE;
    trapped(f, 0);
}

static void test_open_errors(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_bar bar;

    assert_int_equal(sriov_bar_open(fn, 6, 0, &bar), -EINVAL);
    assert_int_equal(sriov_bar_open(fn, UINT32_MAX, 0, &bar), -EINVAL);
    assert_int_equal(sriov_bar_open(fn, 0, 16385, &bar), -ERANGE);
    assert_int_equal(sriov_bar_open(fn, 1, 1, &bar), -ERANGE);
    assert_int_equal(sriov_bar_open(fn, 1, 0, &bar), -ENOENT);
    fake_fail(f, "bar_info", 1, -EIO);
    assert_int_equal(sriov_bar_open(fn, 0, 4, &bar), -EIO);
    assert_null(bar.fn);
    assert_int_equal(f->views, 0);
    fake_fail(f, "bar_view", 1, -ENODEV);
    assert_int_equal(sriov_bar_open(fn, 0, 4, &bar), -ENODEV);
    assert_null(bar.fn);
    assert_true(sriov_fn_gone(fn));
    assert_int_equal(sriov_bar_open(fn, 0, 4, &bar), -ENODEV);
    assert_int_equal(sriov_fn_close(fn), 0);
}

/* Every offset around both ends, every width, good and bad. */
static void test_bounds(void **state)
{
    static const uint64_t offs[] = {0,
                                    1,
                                    2,
                                    3,
                                    4,
                                    7,
                                    8,
                                    16376,
                                    16380,
                                    16382,
                                    16383,
                                    16384,
                                    16388,
                                    UINT32_MAX,
                                    UINT64_MAX,
                                    UINT64_MAX - 3,
                                    UINT64_MAX - 7};
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_bar bar;

    assert_int_equal(sriov_bar_open(fn, 0, 4, &bar), 0);
    for (size_t i = 0; i < sizeof(offs) / sizeof(offs[0]); i++) {
        for (uint32_t width = 0; width <= 16; width++) {
            bool known = width == 1 || width == 2 || width == 4 || width == 8;
            uint64_t v = 0;
            int want = 0;

            if (!known || offs[i] % width != 0) {
                want = -EINVAL;
            } else if (offs[i] > 16384 - width) {
                want = -ERANGE;
            }
            assert_int_equal(sriov_bar_read(&bar, offs[i], width, &v), want);
            assert_true(want == 0 || v == UINT64_MAX);
            assert_int_equal(sriov_bar_write(&bar, offs[i], width, 0), want);
        }
    }
    assert_int_equal(sriov_bar_read32(&bar, 16384), UINT32_MAX);
    sriov_bar_write32(&bar, 16384, 1);
    sriov_bar_close(&bar);
    assert_int_equal(sriov_bar_write(&bar, 0, 4, 0), -EINVAL);
    assert_int_equal(sriov_bar_read32(&bar, 0), UINT32_MAX);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_op_errors(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_bar bar;

    assert_int_equal(sriov_bar_open(fn, 0, 4, &bar), 0);
    fake_fail(f, "bar_read", 1, -EIO);
    assert_int_equal(sriov_bar_read32(&bar, 0), UINT32_MAX);
    fake_fail(f, "bar_write", 1, -EIO);
    assert_int_equal(sriov_bar_write(&bar, 0, 8, 0), -EIO);
    fake_fail(f, "bar_read", 1, -ENODEV);
    assert_int_equal(sriov_bar_read32(&bar, 0), UINT32_MAX);
    assert_true(sriov_fn_gone(fn));
    sriov_bar_close(&bar);
    assert_int_equal(f->views, 0);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void removed(struct fake *f)
{
    fake_event(f, SRIOV_EVENT_REMOVED);
}

/* The shim made the others inert before this one was there: nobody may touch it. */
static void test_killed_while_a_view_is_made(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_bar bar;

    f->on_view = removed;
    assert_int_equal(sriov_bar_open(fn, 0, 4, &bar), -ENODEV);
    assert_null((void *)(uintptr_t)bar.view);
    assert_null(bar.fn);
    assert_int_equal(f->views, 0);
    assert_int_equal(sriov_fn_close(fn), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_view),   T(test_without_view), T(test_open_errors),
        T(test_bounds), T(test_op_errors),    T(test_killed_while_a_view_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
