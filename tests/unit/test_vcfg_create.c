/* SPDX-License-Identifier: BSD-3-Clause */
/* Which functions get a virtual configuration space, and what is left of one that did not. */
#include "vcfg_stage.h"

static void refused_with(void (*bend)(struct stage *s), int rc)
{
    struct stage s;

    stage_make(&s);
    bend(&s);
    stage_open(&s);
    assert_int_equal(stage_create(&s, 0), rc);
    assert_null(s.vcfg);
    stage_end(&s);
}

static void bend_pf(struct stage *s)
{
    s->f->info.is_vf = 0;
}

static void bend_ids(struct stage *s)
{
    s->f->info.vendor = 0xffff;
}

static void bend_io(struct stage *s)
{
    s->f->bar_flags[0] = SRIOV_BAR_IO;
}

static void bend_odd_length(struct stage *s)
{
    s->f->bar_length[0] = 12288;
}

static void bend_tiny(struct stage *s)
{
    s->f->bar_length[0] = 2048;
}

static void bend_last_wide(struct stage *s)
{
    s->f->bar_length[5] = 4096;
    s->f->bar_flags[5] = SRIOV_BAR_64BIT;
}

static void bend_upper_half(struct stage *s)
{
    s->f->bar_length[1] = 4096;
}

static void bend_narrow_giant(struct stage *s)
{
    s->f->bar_length[0] = UINT64_C(1) << 32;
    s->f->bar_flags[0] = 0;
}

static void bend_table_outside(struct stage *s)
{
    fake_put16(s->f, 0x72, 1024); /* 1025 entries of 16 bytes */
}

static void bend_table_nowhere(struct stage *s)
{
    fake_put32(s->f, 0x74, 5);
}

static void bend_pba_in_table(struct stage *s)
{
    fake_put32(s->f, 0x78, 0x0023);
}

static void bend_pba_outside(struct stage *s)
{
    fake_put32(s->f, 0x78, 0x4003);
}

static void bend_table_bir(struct stage *s)
{
    fake_put32(s->f, 0x74, 6);
}

static void bend_express_end(struct stage *s)
{
    fake_put16(s->f, 0x70, 0xfc11);
    fake_put16(s->f, 0xfc, 0x0010);
}

static void test_malformed(void **state)
{
    static void (*const bends[])(struct stage * s) = {
        bend_ids,         bend_io,           bend_odd_length,    bend_tiny,          bend_last_wide,
        bend_upper_half,  bend_narrow_giant, bend_table_outside, bend_table_nowhere, bend_pba_in_table,
        bend_pba_outside, bend_table_bir,    bend_express_end,
    };

    (void)state;
    refused_with(bend_pf, -EOPNOTSUPP);
    for (size_t i = 0; i < sizeof(bends) / sizeof(bends[0]); i++) {
        refused_with(bends[i], -EPROTO);
    }
}

/* Either may come first, and they may touch. */
static void test_pba_first(void **state)
{
    struct stage s;
    uint64_t value;

    (void)state;
    stage_make(&s);
    fake_put32(s.f, 0x74, 0x0008 | 3);
    fake_put32(s.f, 0x78, 3);
    stage_open(&s);
    assert_int_equal(stage_create(&s, 0), 0);
    assert_true(sriov_vcfg_bar_read(s.vcfg, 3, 8 + 2 * 16 + SRIOV_PCI_MSIX_ENTRY_CTRL, 4, &value));
    assert_int_equal(value, 1);
    assert_true(sriov_vcfg_bar_read(s.vcfg, 3, 0, 8, &value));
    assert_int_equal(value, 0);
    stage_end(&s);
}

/* A PF, as a device of its own: with BARs that a VF has not, and without a word about VFs. */
static void test_whole_function(void **state)
{
    struct stage s;

    (void)state;
    stage_make(&s);
    s.f->info.is_vf = 0;
    s.f->info.total_vfs = 8;
    s.f->bar_length[2] = 32;
    s.f->bar_flags[2] = SRIOV_BAR_IO;
    s.f->bar_length[5] = 256;
    stage_open(&s);
    assert_int_equal(stage_create(&s, 0), -EOPNOTSUPP);
    assert_int_equal(stage_create(&s, SRIOV_VCFG_WHOLE), 0);
    assert_int_equal(rd(&s, SRIOV_PCI_VENDOR_ID, 4), 0x10ed8086);
    assert_int_equal(sriov_vcfg_bar_length(s.vcfg, 2), 0);
    assert_int_equal(sriov_vcfg_bar_length(s.vcfg, 5), 256);
    wr(&s, SRIOV_PCI_BAR(2), 4, UINT32_MAX);
    wr(&s, SRIOV_PCI_BAR(5), 4, UINT32_MAX);
    assert_int_equal(rd(&s, SRIOV_PCI_BAR(2), 4), 0);
    assert_int_equal(rd(&s, SRIOV_PCI_BAR(5), 4), 0xffffff00);
    assert_int_equal(rd(&s, SRIOV_PCI_CFG_SIZE, 4), 0); /* where SR-IOV and ARI would be */
    stage_end(&s);
}

static void test_arguments(void **state)
{
    struct stage *s = *state;
    struct sriov_vcfg_hooks hooks = {.size = sizeof(hooks)};
    struct sriov_vcfg_opts opts = {.size = sizeof(opts)};
    struct {
        struct sriov_vcfg_hooks hooks;
        uint64_t beyond;
    } future = {{.size = sizeof(future)}, 1};
    struct sriov_vcfg *vcfg = s->vcfg;

    assert_int_equal(sriov_vcfg_create(NULL, &hooks, NULL, &vcfg), -EINVAL);
    assert_int_equal(sriov_vcfg_create(s->fn, &hooks, NULL, NULL), -EINVAL);
    assert_int_equal(sriov_vcfg_create(s->fn, NULL, NULL, &vcfg), -EINVAL);
    assert_null(vcfg);
    assert_int_equal(sriov_vcfg_create(s->fn, &future.hooks, NULL, &vcfg), -E2BIG);
    opts.flags = 4;
    assert_int_equal(sriov_vcfg_create(s->fn, &hooks, &opts, &vcfg), -EINVAL);
    hooks.reserved0 = 1;
    assert_int_equal(sriov_vcfg_create(s->fn, &hooks, NULL, &vcfg), -EINVAL);
    hooks.reserved0 = 0;
    hooks.size = 8;
    assert_int_equal(sriov_vcfg_create(s->fn, &hooks, NULL, &vcfg), -EINVAL);
    sriov_vcfg_destroy(NULL);
}

/* Nobody listens: everything works and nothing is called. */
static void test_no_hooks(void **state)
{
    struct stage *s = *state;
    struct sriov_vcfg_hooks hooks = {.size = sizeof(hooks)};
    struct sriov_vcfg_opts opts = {.size = sizeof(opts), .flags = SRIOV_VCFG_SLOW_MASK};

    sriov_vcfg_destroy(s->vcfg);
    assert_int_equal(sriov_vcfg_create(s->fn, &hooks, &opts, &s->vcfg), 0);
    wr(s, SRIOV_PCI_BAR(0), 4, 0xe0000000);
    wr(s, SRIOV_PCI_COMMAND, 2, UINT16_MAX);
    wr(s, STAGE_MSIX + SRIOV_PCI_MSIX_CTRL, 2, SRIOV_PCI_MSIX_CTRL_ENABLE);
    table_wr(s, 0, SRIOV_PCI_MSIX_ENTRY_CTRL, 0);
    assert_true(sriov_vcfg_bar_gpa(s->vcfg, 0) == 0xe0000000);
    wr(s, STAGE_EXP + SRIOV_PCI_EXP_DEVCTL + 1, 1, 0x80);
    assert_true(sriov_vcfg_bar_gpa(s->vcfg, 0) == SRIOV_VCFG_NOWHERE);
    assert_int_equal(stage_counts(s).refused, 0);
    assert_int_equal(stage_counts(s).vector_control, 1);
    assert_int_equal(stage_counts(s).device_trips, 0);
}

/* Each call of the shim and each allocation fails once: nothing is left over. */
static void test_create_fails_anywhere(void **state)
{
    struct stage s;
    int rc = -1;

    (void)state;
    for (unsigned nth = 1; rc != 0; nth++) {
        assert_true(nth < 1000);
        stage_make(&s);
        stage_open(&s);
        fake_fail(s.f, NULL, nth, -EIO);
        rc = stage_create(&s, 0);
        assert_true(rc == 0 || rc == -EIO);
        assert_true((rc == 0) == (s.vcfg != NULL));
        s.f->fail.nth = 0;
        stage_end(&s);
    }
    for (long nth = 1; nth <= 2; nth++) {
        stage_make(&s);
        stage_open(&s);
        s.f->fail_alloc = atomic_load(&s.f->alloc_calls) + nth;
        assert_int_equal(stage_create(&s, 0), -ENOMEM);
        stage_end(&s);
    }
}

static void test_gone(void **state)
{
    struct stage *s = *state;

    sriov_vcfg_destroy(s->vcfg);
    sriov_fn_kill(s->fn);
    assert_int_equal(stage_create(s, 0), -ENODEV);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_pba_first),
        cmocka_unit_test(test_whole_function),
        WITH(test_arguments),
        WITH(test_no_hooks),
        cmocka_unit_test(test_create_fails_anywhere),
        WITH(test_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
