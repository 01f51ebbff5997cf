/* SPDX-License-Identifier: BSD-3-Clause */
/* MSI-X of a virtual configuration space: what is told of each transition, and what is not. */
#include "vcfg_stage.h"

#define CTRL    (STAGE_MSIX + SRIOV_PCI_MSIX_CTRL)
#define ENABLE  SRIOV_PCI_MSIX_CTRL_ENABLE
#define MASKALL SRIOV_PCI_MSIX_CTRL_MASKALL
#define LO      SRIOV_PCI_MSIX_ENTRY_ADDR_LO
#define HI      SRIOV_PCI_MSIX_ENTRY_ADDR_HI
#define DATA    SRIOV_PCI_MSIX_ENTRY_DATA
#define MASK    SRIOV_PCI_MSIX_ENTRY_CTRL
#define PBA     0x2000u

static uint64_t pba_rd(struct stage *s, uint32_t width)
{
    uint64_t value;

    assert_true(sriov_vcfg_bar_read(s->vcfg, 3, PBA, width, &value));
    return value;
}

static void fill(struct stage *s, uint32_t vector, uint32_t data)
{
    table_wr(s, vector, LO, 0xfee00000);
    table_wr(s, vector, HI, 0);
    table_wr(s, vector, DATA, data);
}

/* Enabled, with vectors 0 and 1 unmasked. */
static void set_up(struct stage *s)
{
    fill(s, 0, 0x40);
    fill(s, 1, 0x41);
    table_wr(s, 0, MASK, 0);
    table_wr(s, 1, MASK, 0);
    stage_heard(s, "");
    wr(s, CTRL, 2, ENABLE);
    stage_heard(s, "msix+ route0=fee00000:40 route1=fee00000:41");
}

static void test_table_bits(void **state)
{
    struct stage *s = *state;

    for (uint32_t v = 0; v < 3; v++) {
        assert_int_equal(table_rd(s, v, LO), 0);
        assert_int_equal(table_rd(s, v, DATA), 0);
        assert_int_equal(table_rd(s, v, MASK), 1);
        for (uint32_t reg = 0; reg < 16; reg += 4) {
            table_wr(s, v, reg, UINT32_MAX);
        }
        assert_int_equal(table_rd(s, v, LO), 0xfffffffc);
        assert_int_equal(table_rd(s, v, HI), UINT32_MAX);
        assert_int_equal(table_rd(s, v, DATA), UINT32_MAX);
        assert_int_equal(table_rd(s, v, MASK), 1);
    }
}

static void test_enable_masked(void **state)
{
    struct stage *s = *state;

    wr(s, CTRL, 2, ENABLE | MASKALL);
    stage_heard(s, "msix+");
    fill(s, 2, 0x42);
    table_wr(s, 2, MASK, 0);
    stage_heard(s, "");
    wr(s, CTRL, 2, ENABLE);
    stage_heard(s, "route2=fee00000:42");
    wr(s, CTRL + 1, 1, (ENABLE | MASKALL) >> 8);
    stage_heard(s, "route2-");
    wr(s, CTRL, 2, 0);
    stage_heard(s, "msix-");
    wr(s, CTRL, 2, MASKALL);
    stage_heard(s, "");
}

static void test_function_mask(void **state)
{
    struct stage *s = *state;

    set_up(s);
    wr(s, CTRL, 2, ENABLE | MASKALL);
    stage_heard(s, "route0- route1-");
    wr(s, CTRL, 2, ENABLE | MASKALL);
    table_wr(s, 1, MASK, 1);
    table_wr(s, 0, DATA, 0x50);
    stage_heard(s, "");
    wr(s, CTRL, 2, ENABLE);
    stage_heard(s, "route0=fee00000:50");
    wr(s, CTRL, 2, 0);
    stage_heard(s, "route0- msix-");
    wr(s, CTRL, 2, ENABLE);
    stage_heard(s, "msix+ route0=fee00000:50");
}

static void test_vector_mask(void **state)
{
    struct stage *s = *state;

    set_up(s);
    table_wr(s, 1, MASK, 1);
    stage_heard(s, "route1-");
    table_wr(s, 1, MASK, UINT32_MAX);
    table_wr(s, 1, MASK, 1);
    stage_heard(s, "");
    table_wr(s, 1, MASK, UINT32_MAX - 1);
    stage_heard(s, "route1=fee00000:41");
    table_wr(s, 1, MASK, 0);
    stage_heard(s, "");
    assert_int_equal(stage_counts(s).vector_control, 2 + 5);
    assert_int_equal(stage_counts(s).device_trips, 0);
}

static void test_message_changes(void **state)
{
    struct stage *s = *state;

    set_up(s);
    table_wr(s, 0, DATA, 0x40);
    table_wr(s, 0, LO, 0xfee00003); /* the low bits are not there */
    stage_heard(s, "");
    table_wr(s, 0, DATA, 0x60);
    stage_heard(s, "route0=fee00000:60");
    table_wr(s, 0, LO, 0xfee01000);
    stage_heard(s, "route0=fee01000:60");
    table_wr(s, 0, HI, 1);
    stage_heard(s, "route0=1fee01000:60");
    table_wr(s, 1, MASK, 1);
    table_wr(s, 1, DATA, 0x61);
    table_wr(s, 1, DATA, 0x41);
    stage_heard(s, "route1-");
    table_wr(s, 1, MASK, 0);
    stage_heard(s, "route1=fee00000:41");
}

static void test_quadwords(void **state)
{
    struct stage *s = *state;
    uint64_t value;

    wr(s, CTRL, 2, ENABLE);
    assert_true(sriov_vcfg_bar_write(s->vcfg, 3, 16, 8, UINT64_C(0x00000002fee00003)));
    assert_true(sriov_vcfg_bar_write(s->vcfg, 3, 24, 8, 0x41)); /* data, and unmasked */
    stage_heard(s, "msix+ route1=2fee00000:41");
    assert_true(sriov_vcfg_bar_read(s->vcfg, 3, 16, 8, &value));
    assert_true(value == UINT64_C(0x00000002fee00000));
    assert_true(sriov_vcfg_bar_write(s->vcfg, 3, 24, 8, UINT64_C(0x100000042)));
    stage_heard(s, "route1-");
    assert_true(sriov_vcfg_bar_read(s->vcfg, 3, 24, 8, &value));
    assert_true(value == UINT64_C(0x100000042));
    assert_int_equal(stage_counts(s).vector_control, 2);
}

/* Widths that the table does not take do nothing, also where they reach in from before it. */
static void test_bad_widths(void **state)
{
    static const struct {
        uint64_t off;
        uint32_t width;
    } odd[] = {{12, 1}, {12, 2}, {2, 4}, {4, 8}, {0, 16}, {0, UINT32_MAX}, {PBA, 1}, {PBA - 4, 8}, {46, 4}};
    struct stage *s = *state;
    uint64_t value;
    size_t n = sizeof(odd) / sizeof(odd[0]);

    for (size_t i = 0; i < n; i++) {
        assert_true(sriov_vcfg_bar_write(s->vcfg, 3, odd[i].off, odd[i].width, 0));
        assert_true(sriov_vcfg_bar_read(s->vcfg, 3, odd[i].off, odd[i].width, &value));
        assert_true(value == UINT64_MAX);
    }
    assert_int_equal(stage_counts(s).ignored, 2 * n);
    assert_int_equal(table_rd(s, 0, MASK), 1);
    stage_heard(s, "");
}

static void test_device_s_own(void **state)
{
    static const struct {
        uint32_t bar;
        uint64_t off;
        uint32_t width;
    } own[] = {{0, 0, 4},       {3, 48, 4},         {3, PBA + 8, 8},    {3, PBA - 8, 8},
               {4, 0, 4},       {6, 0, 4},          {UINT32_MAX, 0, 4}, {3, UINT64_MAX, 8},
               {3, PBA - 4, 4}, {3, UINT64_MAX, 0}, {3, PBA - 1, 0}};
    struct stage *s = *state;
    uint64_t value = 7;

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        assert_false(sriov_vcfg_bar_read(s->vcfg, own[i].bar, own[i].off, own[i].width, &value));
        assert_false(sriov_vcfg_bar_write(s->vcfg, own[i].bar, own[i].off, own[i].width, 0));
    }
    assert_true(value == 7);
    assert_int_equal(stage_counts(s).reads + stage_counts(s).writes, 0);
}

static void test_pending(void **state)
{
    struct stage *s = *state;

    s->pending = 5;
    assert_true(pba_rd(s, 8) == 0); /* nothing can be while MSI-X is off */
    set_up(s);
    assert_true(pba_rd(s, 8) == 5);
    assert_true(pba_rd(s, 4) == 5);
    assert_int_equal(s->pending_calls, 6); /* of the vectors there are */
    assert_true(sriov_vcfg_bar_write(s->vcfg, 3, PBA, 8, 0));
    assert_int_equal(stage_counts(s).ignored, 1);
    assert_true(pba_rd(s, 8) == 5);
    s->refuse = "pending";
    assert_true(pba_rd(s, 8) == 0);
    assert_int_equal(stage_counts(s).refused, 3);
}

/* 64 vectors and more: each word of the PBA asks for its own 32. */
static void test_pending_beyond_a_word(void **state)
{
    struct stage s;
    uint64_t value;

    (void)state;
    stage_make(&s);
    fake_put16(s.f, 0x72, 69);
    stage_open(&s);
    assert_int_equal(stage_create(&s, 0), 0);
    wr(&s, CTRL, 2, ENABLE | MASKALL);
    s.pending = UINT64_C(0x8000000180000002);
    assert_true(pba_rd(&s, 8) == s.pending);
    assert_true(sriov_vcfg_bar_read(s.vcfg, 3, PBA + 4, 4, &value));
    assert_true(value == 0x80000001);
    s.pending_calls = 0;
    assert_true(sriov_vcfg_bar_read(s.vcfg, 3, PBA + 8, 8, &value));
    assert_true(value == 0);
    assert_int_equal(s.pending_calls, 6);
    assert_false(sriov_vcfg_bar_read(s.vcfg, 3, PBA + 16, 8, &value));
    s.heard[0] = '\0';
    stage_end(&s);
}

/* Everything a capability can hold. */
static void test_most_vectors(void **state)
{
    struct stage s;

    (void)state;
    stage_make(&s);
    s.f->bar_length[3] = 65536;
    fake_put16(s.f, 0x72, 0x7ff);
    fake_put32(s.f, 0x78, 0x8003);
    stage_open(&s);
    assert_int_equal(stage_create(&s, 0), 0);
    assert_int_equal(sriov_vcfg_vectors(s.vcfg), 2048);
    wr(&s, CTRL, 2, ENABLE);
    table_wr(&s, 2047, MASK, 0);
    stage_heard(&s, "msix+ route2047=0:0");
    stage_end(&s);
}

static void test_slow_mask(void **state)
{
    struct stage *s = *state;

    table_wr(s, 0, MASK, 0);
    wr(s, CTRL, 2, ENABLE);
    stage_heard(s, "slow0- msix+ route0=0:0");
    table_wr(s, 0, MASK, 1);
    table_wr(s, 0, MASK, 1);
    table_wr(s, 0, MASK, 0);
    stage_heard(s, "slow0+ route0- slow0+ slow0- route0=0:0");
    table_wr(s, 0, DATA, 1);
    stage_heard(s, "route0=0:1");
    assert_int_equal(stage_counts(s).vector_control, 4);
    assert_int_equal(stage_counts(s).device_trips, 4);
    s->refuse = "slow0+";
    table_wr(s, 0, MASK, 1);
    stage_heard(s, "slow0+ route0-");
    assert_int_equal(stage_counts(s).refused, 1);
}

static void test_enable_refused(void **state)
{
    struct stage *s = *state;

    table_wr(s, 0, MASK, 0);
    s->refuse = "msix+";
    wr(s, CTRL, 2, ENABLE);
    stage_heard(s, "msix+");
    assert_int_equal(rd(s, CTRL, 2), 2 | ENABLE);
    table_wr(s, 0, DATA, 9);
    stage_heard(s, "");
    s->refuse = NULL;
    wr(s, CTRL, 2, ENABLE);
    stage_heard(s, "msix+ route0=0:9");
    s->refuse = "msix-";
    wr(s, CTRL, 2, 0);
    stage_heard(s, "route0- msix-");
    s->refuse = NULL;
    wr(s, CTRL, 2, ENABLE);
    stage_heard(s, "route0=0:9"); /* it never went off */
    assert_int_equal(stage_counts(s).refused, 2);
}

static void test_route_refused(void **state)
{
    struct stage *s = *state;

    s->refuse = "route0=";
    fill(s, 0, 0x40);
    table_wr(s, 0, MASK, 0);
    wr(s, CTRL, 2, ENABLE);
    stage_heard(s, "msix+ route0=fee00000:40");
    table_wr(s, 0, MASK, 1); /* it never was routed */
    stage_heard(s, "");
    s->refuse = NULL;
    table_wr(s, 0, MASK, 0);
    stage_heard(s, "route0=fee00000:40");
    s->refuse = "route0-";
    table_wr(s, 0, MASK, 1);
    stage_heard(s, "route0-");
    table_wr(s, 0, MASK, 0); /* it still arrives there */
    stage_heard(s, "");
    assert_int_equal(stage_counts(s).refused, 2);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_table_bits),
        WITH(test_enable_masked),
        WITH(test_function_mask),
        WITH(test_vector_mask),
        WITH(test_message_changes),
        WITH(test_quadwords),
        WITH(test_bad_widths),
        WITH(test_device_s_own),
        WITH(test_pending),
        cmocka_unit_test(test_pending_beyond_a_word),
        cmocka_unit_test(test_most_vectors),
        cmocka_unit_test_setup_teardown(test_slow_mask, stage_setup_slow, stage_teardown),
        WITH(test_enable_refused),
        WITH(test_route_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
