/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space with a VF's quirks, BARs by pointer and by call, kill, reset, VFs, removal. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bed {
    struct fake *fake;
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
    const struct sriov_vmm_ops *ops;
    void *raw;
};

static int up(void **state)
{
    const struct sriov_open_args args = {.size = sizeof(args), .name = FAKE_VF, .flags = SRIOV_OPEN_NOIOMMU};
    struct bed *bed = calloc(1, sizeof(*bed));
    bed->fake = fake_up();
    bed->vmm = fake_vmm(bed->fake);
    bed->ops = sriov_vmm_ops(bed->vmm);
    assert_int_equal(bed->ops->open(sriov_vmm_ctx(bed->vmm), &args, &bed->raw), 0);
    *state = bed;
    return 0;
}

static int down(void **state)
{
    struct bed *bed = *state;
    bed->ops->close(bed->raw);
    assert_int_equal(sriov_xen_destroy(bed->vmm), 0);
    fake_down(bed->fake);
    free(bed);
    return 0;
}

static void test_ids(void **state)
{
    struct bed *bed = *state;
    const struct {
        uint32_t off;
        uint32_t width;
        uint32_t value;
    } reads[] = {{0, 4, 0x10ca8086}, {0, 2, 0x8086}, {2, 2, 0x10ca},
                 {1, 1, 0x80},       {3, 1, 0x10},   {8, 4, 0x02000001}};
    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        uint32_t value = 0;
        assert_int_equal(bed->ops->cfg_read(bed->raw, reads[i].off, reads[i].width, &value), 0);
        assert_int_equal(value, reads[i].value);
    }
}

static void test_config_edges(void **state)
{
    struct bed *bed = *state;
    uint32_t value = 0;
    assert_int_equal(bed->ops->cfg_read(bed->raw, 4092, 4, &value), 0);
    assert_int_equal(bed->ops->cfg_read(bed->raw, 4096, 4, &value), -ERANGE);
    assert_int_equal(value, UINT32_MAX);
    assert_int_equal(bed->ops->cfg_read(bed->raw, UINT32_MAX - 3, 4, &value), -ERANGE);
    assert_int_equal(bed->ops->cfg_read(bed->raw, 1, 2, &value), -EINVAL);
    assert_int_equal(bed->ops->cfg_read(bed->raw, 0, 8, &value), -EINVAL);
    assert_int_equal(bed->ops->cfg_write(bed->raw, 3, 2, 0), -EINVAL);
    assert_int_equal(bed->ops->cfg_write(bed->raw, 4, 2, 0x6), 0);
    assert_int_equal(tree_config(bed->fake, 4, 2), 0x6);
}

static void test_bar_info(void **state)
{
    struct bed *bed = *state;
    const struct {
        uint64_t length;
        uint32_t flags;
    } bars[SKVM_BARS] = {
        {FAKE_BAR, SRIOV_BAR_64BIT | SRIOV_BAR_PREFETCH | SRIOV_BAR_VIEWABLE}, {0, 0}, {0, 0},
        {FAKE_BAR, SRIOV_BAR_64BIT | SRIOV_BAR_PREFETCH | SRIOV_BAR_VIEWABLE}, {0, 0}, {0x20, SRIOV_BAR_IO}};
    for (uint32_t i = 0; i < SKVM_BARS; i++) {
        struct sriov_bar_info info = {.size = sizeof(info)};
        assert_int_equal(bed->ops->bar_info(bed->raw, i, &info), 0);
        assert_int_equal(info.length, bars[i].length);
        assert_int_equal(info.flags, bars[i].flags);
    }
    struct sriov_bar_info info = {.size = sizeof(info)};
    assert_int_equal(bed->ops->bar_info(bed->raw, 6, &info), -EINVAL);
}

static void test_view_and_trap(void **state)
{
    struct bed *bed = *state;
    volatile void *view = NULL;
    uint64_t value = 0;
    assert_int_equal(bed->ops->bar_view(bed->raw, 0, &view), 0);
    *(volatile uint32_t *)((volatile unsigned char *)view + 8) = 0x12345678;
    assert_int_equal(bed->ops->bar_read(bed->raw, 0, 8, 4, &value), 0);
    assert_int_equal(value, 0x12345678);
    for (uint32_t width = 1; width <= 8; width *= 2) {
        uint64_t want = UINT64_C(0x1122334455667788) & (UINT64_MAX >> (64 - 8 * width));
        assert_int_equal(bed->ops->bar_write(bed->raw, 3, 16, width, UINT64_C(0x1122334455667788)), 0);
        assert_int_equal(bed->ops->bar_read(bed->raw, 3, 16, width, &value), 0);
        assert_int_equal(value, want);
    }
    assert_int_equal(bed->ops->bar_read(bed->raw, 0, FAKE_BAR, 4, &value), -ERANGE);
    assert_int_equal(bed->ops->bar_read(bed->raw, 0, UINT64_MAX - 3, 4, &value), -ERANGE);
    assert_int_equal(bed->ops->bar_read(bed->raw, 1, 0, 4, &value), -ERANGE);
    assert_int_equal(bed->ops->bar_read(bed->raw, 5, 0, 4, &value), -EOPNOTSUPP);
    assert_int_equal(bed->ops->bar_view(bed->raw, 5, &view), -EOPNOTSUPP);
    bed->ops->bar_unview(bed->raw, 0, view);
}

static void test_kill(void **state)
{
    struct bed *bed = *state;
    volatile void *view = NULL;
    uint64_t value = 0;
    uint32_t config = 0;
    assert_int_equal(bed->ops->bar_view(bed->raw, 0, &view), 0);
    bed->ops->kill(bed->raw);
    bed->ops->kill(bed->raw);
    for (uint32_t off = 0; off < FAKE_BAR; off += 4) {
        assert_int_equal(*(volatile uint32_t *)((volatile unsigned char *)view + off), UINT32_MAX);
    }
    *(volatile uint32_t *)view = 0; /* goes nowhere */
    assert_int_equal(bed->ops->bar_read(bed->raw, 0, 0, 4, &value), -ENODEV);
    assert_int_equal(value, UINT32_MAX);
    assert_int_equal(bed->ops->cfg_read(bed->raw, 0, 4, &config), -ENODEV);
    assert_int_equal(bed->ops->bar_view(bed->raw, 3, &view), -ENODEV);
}

static void test_reset(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(bed->ops->reset(bed->raw), 0);
    assert_int_equal(bed->fake->resets, 1);
    assert_int_equal(bed->fake->restored, 0); /* no vector was on */
}

static void test_no_reset_in_domu(void **state)
{
    (void)state;
    const struct sriov_open_args args = {.size = sizeof(args), .name = FAKE_VF};
    struct fake *fake = fake_up_domu();
    struct sriov_vmm *vmm = fake_vmm(fake);
    const struct sriov_vmm_ops *ops = sriov_vmm_ops(vmm);
    void *raw = NULL;
    assert_int_equal(ops->open(sriov_vmm_ctx(vmm), &args, &raw), 0);
    assert_int_equal(ops->reset(raw), -EOPNOTSUPP);
    assert_int_equal(fake->resets, 0);
    ops->close(raw);
    assert_int_equal(sriov_xen_destroy(vmm), 0);
    fake_down(fake);
}

static void test_vfs_of_a_vf(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(bed->ops->set_vfs(bed->raw, 1), -EOPNOTSUPP);
    assert_non_null(strstr(bed->fake->last_error, "no PF"));
}

/* A PF that pci-pf-stub has: VFs come and go through it. Without a driver there are none to be had. */
static void test_vfs_of_a_pf(void **state)
{
    (void)state;
    const struct sriov_open_args args = {.size = sizeof(args), .name = FAKE_PF, .flags = SRIOV_OPEN_NOIOMMU};
    struct fake *fake = fake_up();
    struct sriov_vmm *vmm = fake_vmm(fake);
    const struct sriov_vmm_ops *ops = sriov_vmm_ops(vmm);
    for (int stub = 0; stub < 2; stub++) {
        struct sriov_fn_info info = {.size = sizeof(info)};
        void *raw = NULL;
        tree_driver(fake, FAKE_PF, stub != 0 ? "pci-pf-stub" : NULL);
        assert_int_equal(ops->open(sriov_vmm_ctx(vmm), &args, &raw), 0);
        assert_int_equal(ops->info(raw, &info), 0);
        assert_int_equal((info.caps & SRIOV_CAP_SET_VFS) != 0, stub);
        assert_int_equal(ops->set_vfs(raw, 4), stub != 0 ? 0 : -EOPNOTSUPP);
        assert_int_equal(ops->info(raw, &info), 0);
        assert_int_equal(info.num_vfs, stub != 0 ? 4 : 2);
        ops->close(raw);
    }
    assert_non_null(strstr(fake->last_error, "bind it to pci-pf-stub"));
    assert_int_equal(sriov_xen_destroy(vmm), 0);
    fake_down(fake);
}

/* As the kernel puts it when the function is gone: told to the sink, once. */
static void count(void *arg, uint32_t event)
{
    assert_int_equal(event, SRIOV_EVENT_REMOVED);
    (*(uint32_t *)arg)++;
}

static void test_vanished(void **state)
{
    struct bed *bed = *state;
    uint32_t seen = 0;
    uint32_t value = 0;
    const struct sriov_event_sink sink = {.size = sizeof(sink), .cb = count, .arg = &seen};
    assert_int_equal(bed->ops->set_event_sink(bed->raw, &sink), 0);
    bed->fake->vanished = true;
    assert_int_equal(bed->ops->cfg_read(bed->raw, 0, 4, &value), -ENODEV);
    assert_int_equal(bed->ops->cfg_write(bed->raw, 4, 2, 0), -ENODEV);
    for (int i = 0; i < 10; i++) {
        (void)sriov_vmm_wait(bed->vmm, 0);
    }
    assert_int_equal(seen, 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_ids),
        CASE(test_config_edges),
        CASE(test_bar_info),
        CASE(test_view_and_trap),
        CASE(test_kill),
        CASE(test_reset),
        cmocka_unit_test(test_no_reset_in_domu),
        CASE(test_vfs_of_a_vf),
        cmocka_unit_test(test_vfs_of_a_pf),
        CASE(test_vanished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
