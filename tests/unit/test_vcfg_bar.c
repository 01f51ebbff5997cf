/* SPDX-License-Identifier: BSD-3-Clause */
/* BARs of a virtual configuration space: sizing, decoding, moves, and places that are refused. */
#include "vcfg_stage.h"

#define MEMORY SRIOV_PCI_COMMAND_MEMORY

/* As an operating system sizes: all-ones, read back, restore; with the upper half where there is one. */
static uint64_t sized(struct stage *s, uint32_t bar, uint32_t *type)
{
    uint32_t off = SRIOV_PCI_BAR(bar);
    uint32_t low = rd(s, off, 4);
    uint64_t mask;

    wr(s, off, 4, UINT32_MAX);
    mask = rd(s, off, 4);
    wr(s, off, 4, low);
    *type = (uint32_t)mask & 0xfu;
    mask &= SRIOV_PCI_BAR_MEM_MASK;
    if ((*type & SRIOV_PCI_BAR_MEM_TYPE) == SRIOV_PCI_BAR_MEM_64) {
        uint32_t high = rd(s, off + 4, 4);

        wr(s, off + 4, 4, UINT32_MAX);
        mask |= (uint64_t)rd(s, off + 4, 4) << 32;
        wr(s, off + 4, 4, high);
    } else if (mask != 0) {
        mask |= UINT64_C(0xffffffff) << 32;
    }
    return mask == 0 ? 0 : ~mask + 1;
}

static void expect_size(struct stage *s, uint32_t bar, uint64_t length, uint32_t type)
{
    uint32_t seen;

    assert_true(sized(s, bar, &seen) == length);
    assert_int_equal(seen, type);
    assert_true(sriov_vcfg_bar_length(s->vcfg, bar) == length);
}

static void test_sizing(void **state)
{
    struct stage *s = *state;

    expect_size(s, 0, 16384, SRIOV_PCI_BAR_MEM_64 | SRIOV_PCI_BAR_MEM_PREFETCH);
    expect_size(s, 2, 0, 0);
    expect_size(s, 3, 16384, SRIOV_PCI_BAR_MEM_64);
    expect_size(s, 5, 0, 0);
    assert_true(sriov_vcfg_bar_length(s->vcfg, 6) == 0);
    assert_true(sriov_vcfg_bar_gpa(s->vcfg, 6) == SRIOV_VCFG_NOWHERE);
    stage_heard(s, "");
}

/* All that a VF's BARs can be. */
static void test_sizing_kinds(void **state)
{
    struct stage s;

    (void)state;
    stage_make(&s);
    s.f->bar_length[0] = UINT64_C(1) << 31;
    s.f->bar_flags[0] = 0;
    s.f->bar_length[1] = UINT64_C(1) << 34;
    s.f->bar_flags[1] = SRIOV_BAR_64BIT | SRIOV_BAR_PREFETCH;
    s.f->bar_length[4] = 4096;
    s.f->bar_flags[4] = SRIOV_BAR_PREFETCH;
    s.f->bar_flags[3] = 0;
    s.f->bar_length[5] = 4096;
    stage_open(&s);
    assert_int_equal(stage_create(&s, 0), 0);
    expect_size(&s, 0, UINT64_C(1) << 31, SRIOV_PCI_BAR_MEM_32);
    expect_size(&s, 1, UINT64_C(1) << 34, SRIOV_PCI_BAR_MEM_64 | SRIOV_PCI_BAR_MEM_PREFETCH);
    expect_size(&s, 3, 16384, SRIOV_PCI_BAR_MEM_32);
    expect_size(&s, 4, 4096, SRIOV_PCI_BAR_MEM_32 | SRIOV_PCI_BAR_MEM_PREFETCH);
    expect_size(&s, 5, 4096, SRIOV_PCI_BAR_MEM_32);
    stage_end(&s);
}

static void test_decoding(void **state)
{
    struct stage *s = *state;

    wr(s, SRIOV_PCI_BAR(0), 4, 0xe0000000);
    wr(s, SRIOV_PCI_BAR(3), 4, 0x80000000);
    wr(s, SRIOV_PCI_BAR(4), 4, 0x12);
    stage_heard(s, "");
    wr(s, SRIOV_PCI_COMMAND, 2, MEMORY);
    stage_heard(s, "bar0@e0000000 bar3@1280000000");
    assert_true(sriov_vcfg_bar_gpa(s->vcfg, 0) == 0xe0000000);
    assert_true(sriov_vcfg_bar_gpa(s->vcfg, 3) == UINT64_C(0x1280000000));
    wr(s, SRIOV_PCI_COMMAND, 2, MEMORY | SRIOV_PCI_COMMAND_SERR);
    stage_heard(s, "");
    wr(s, SRIOV_PCI_COMMAND, 1, 0);
    stage_heard(s, "bar0- bar3-");
    assert_true(sriov_vcfg_bar_gpa(s->vcfg, 3) == SRIOV_VCFG_NOWHERE);
}

static void test_move_while_decoded(void **state)
{
    struct stage *s = *state;

    wr(s, SRIOV_PCI_BAR(0), 4, 0xe0000000);
    wr(s, SRIOV_PCI_COMMAND, 2, MEMORY);
    stage_heard(s, "bar0@e0000000"); /* BAR 3 is at 0: not placed yet */
    wr(s, SRIOV_PCI_BAR(0), 4, 0xe0010000);
    stage_heard(s, "bar0- bar0@e0010000");
    wr(s, SRIOV_PCI_BAR(0), 4, 0xe0013fff); /* the same place */
    stage_heard(s, "");
    wr(s, SRIOV_PCI_BAR(1), 4, 1);
    stage_heard(s, "bar0- bar0@1e0010000");
    wr(s, SRIOV_PCI_BAR(0) + 2, 1, 0);
    stage_heard(s, "bar0- bar0@1e0000000");
    wr(s, SRIOV_PCI_BAR(0), 4, 0);
    wr(s, SRIOV_PCI_BAR(1), 4, 0);
    stage_heard(s, "bar0- bar0@100000000 bar0-");
}

/* A guest that sizes with decoding on has its BAR nowhere while all-ones stand in it. */
static void test_sizing_while_decoded(void **state)
{
    struct stage *s = *state;

    wr(s, SRIOV_PCI_BAR(0), 4, 0xe0000000);
    wr(s, SRIOV_PCI_COMMAND, 2, MEMORY);
    stage_heard(s, "bar0@e0000000");
    wr(s, SRIOV_PCI_BAR(0), 4, UINT32_MAX);
    stage_heard(s, "bar0-");
    wr(s, SRIOV_PCI_BAR(1), 4, UINT32_MAX);
    stage_heard(s, "");
    wr(s, SRIOV_PCI_BAR(1), 4, 0);
    wr(s, SRIOV_PCI_BAR(0), 4, 0xe0000000);
    stage_heard(s, "bar0@e0000000");
}

static void test_refused(void **state)
{
    struct stage *s = *state;

    s->refuse = "bar0@e0000000";
    wr(s, SRIOV_PCI_BAR(0), 4, 0xe0000000);
    wr(s, SRIOV_PCI_COMMAND, 2, MEMORY);
    stage_heard(s, "bar0@e0000000");
    assert_int_equal(rd(s, SRIOV_PCI_BAR(0), 4), 0xe000000c);
    assert_true(sriov_vcfg_bar_gpa(s->vcfg, 0) == SRIOV_VCFG_NOWHERE);
    assert_int_equal(stage_counts(s).refused, 1);
    /* The same once more is no news. */
    wr(s, SRIOV_PCI_COMMAND, 2, MEMORY | SRIOV_PCI_COMMAND_PARITY);
    wr(s, SRIOV_PCI_BAR(0), 4, 0xe0000000);
    stage_heard(s, "");
    /* Off and on again is. */
    wr(s, SRIOV_PCI_COMMAND, 2, 0);
    wr(s, SRIOV_PCI_COMMAND, 2, MEMORY);
    stage_heard(s, "bar0@e0000000");
    wr(s, SRIOV_PCI_BAR(0), 4, 0xd0000000);
    stage_heard(s, "bar0@d0000000");
    assert_int_equal(stage_counts(s).refused, 2);
    assert_true(sriov_vcfg_bar_gpa(s->vcfg, 0) == 0xd0000000);
}

/* One that overlapped gets its place once the other has moved away. */
static void test_second_chance(void **state)
{
    struct stage *s = *state;

    wr(s, SRIOV_PCI_BAR(3), 4, 0xe0000000);
    wr(s, SRIOV_PCI_COMMAND, 2, MEMORY);
    s->refuse = "bar0@e0000000";
    wr(s, SRIOV_PCI_BAR(0), 4, 0xe0000000);
    stage_heard(s, "bar3@e0000000 bar0@e0000000");
    s->refuse = NULL;
    wr(s, SRIOV_PCI_BAR(3), 4, 0xe0004000);
    stage_heard(s, "bar3- bar0@e0000000 bar3@e0004000");
}

/* What the machine does not give up is where it was. */
static void test_unmap_refused(void **state)
{
    struct stage *s = *state;

    wr(s, SRIOV_PCI_BAR(0), 4, 0xe0000000);
    wr(s, SRIOV_PCI_COMMAND, 2, MEMORY);
    s->refuse = "bar0-";
    wr(s, SRIOV_PCI_BAR(0), 4, 0xd0000000);
    stage_heard(s, "bar0@e0000000 bar0-");
    assert_true(sriov_vcfg_bar_gpa(s->vcfg, 0) == 0xe0000000);
    s->refuse = NULL;
    wr(s, SRIOV_PCI_COMMAND, 2, 0);
    stage_heard(s, "bar0-");
    assert_true(sriov_vcfg_bar_gpa(s->vcfg, 0) == SRIOV_VCFG_NOWHERE);
}

static void test_trapped(void **state)
{
    struct stage *s = *state;
    uint64_t off = 1;
    uint64_t length = 1;

    assert_true(sriov_vcfg_trapped(s->vcfg, 3, &off, &length));
    assert_true(off == 0 && length == 0x3000); /* table in page 0, PBA in page 2 */
    assert_false(sriov_vcfg_trapped(s->vcfg, 0, &off, &length));
    assert_true(off == 0 && length == 0);
    assert_false(sriov_vcfg_trapped(s->vcfg, UINT32_MAX, &off, &length));
}

static void test_trapped_apart(void **state)
{
    struct stage s;
    uint64_t off;
    uint64_t length;

    (void)state;
    stage_make(&s);
    fake_put16(s.f, 0x72, 255);
    fake_put32(s.f, 0x74, 0x0ff8 | 3); /* over the end of a page */
    fake_put32(s.f, 0x78, 0x1000 | 0);
    stage_open(&s);
    assert_int_equal(stage_create(&s, 0), 0);
    assert_true(sriov_vcfg_trapped(s.vcfg, 3, &off, &length));
    assert_true(off == 0 && length == 0x2000);
    assert_true(sriov_vcfg_trapped(s.vcfg, 0, &off, &length));
    assert_true(off == 0x1000 && length == 0x1000);
    stage_end(&s);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_sizing),
        cmocka_unit_test(test_sizing_kinds),
        WITH(test_decoding),
        WITH(test_move_while_decoded),
        WITH(test_sizing_while_decoded),
        WITH(test_refused),
        WITH(test_second_chance),
        WITH(test_unmap_refused),
        WITH(test_trapped),
        cmocka_unit_test(test_trapped_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
