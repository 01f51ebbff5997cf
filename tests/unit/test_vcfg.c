/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtual configuration space as a guest's PCI code reads it, and what a guest may change of it. */
#include "vcfg_stage.h"

#define DEVCTL (STAGE_EXP + SRIOV_PCI_EXP_DEVCTL)

/* ---- what is there ---- */

static void test_identity(void **state)
{
    struct stage *s = *state;

    assert_int_equal(rd(s, SRIOV_PCI_VENDOR_ID, 4), 0x10ed8086);
    assert_int_equal(rd(s, SRIOV_PCI_DEVICE_ID, 2), 0x10ed);
    assert_int_equal(rd(s, SRIOV_PCI_REVISION_ID, 4), 0x02000001);
    assert_int_equal(rd(s, SRIOV_PCI_CLASS_DEVICE, 2), SRIOV_PCI_CLASS_NETWORK_ETHERNET);
    assert_int_equal(rd(s, SRIOV_PCI_SUBSYSTEM_VENDOR_ID, 4), 0x7a118086);
    assert_int_equal(rd(s, SRIOV_PCI_HEADER_TYPE, 1), SRIOV_PCI_HEADER_TYPE_NORMAL);
    assert_int_equal(rd(s, SRIOV_PCI_COMMAND, 2), 0);
    assert_int_equal(rd(s, SRIOV_PCI_STATUS, 2), SRIOV_PCI_STATUS_CAP_LIST);
    assert_int_equal(rd(s, SRIOV_PCI_INTERRUPT_PIN, 1), 0);
    assert_int_equal(rd(s, SRIOV_PCI_ROM_ADDRESS, 4), 0);
    assert_int_equal(rd(s, SRIOV_PCI_CARDBUS_CIS, 4), 0);
    assert_int_equal(sriov_vcfg_vectors(s->vcfg), 3);
}

static void test_msix_capability(void **state)
{
    struct stage *s = *state;

    assert_int_equal(rd(s, SRIOV_PCI_CAP_POINTER, 1), STAGE_MSIX);
    assert_int_equal(rd(s, STAGE_MSIX, 2), STAGE_EXP << 8 | SRIOV_PCI_CAP_ID_MSIX);
    assert_int_equal(rd(s, STAGE_MSIX + SRIOV_PCI_MSIX_CTRL, 2), 2);
    assert_int_equal(rd(s, STAGE_MSIX + SRIOV_PCI_MSIX_TABLE, 4), 0x0003);
    assert_int_equal(rd(s, STAGE_MSIX + SRIOV_PCI_MSIX_PBA, 4), 0x2003);
}

static void test_express_capability(void **state)
{
    struct stage *s = *state;

    assert_int_equal(rd(s, STAGE_EXP, 2), SRIOV_PCI_CAP_ID_EXP); /* the last of the list */
    assert_int_equal(rd(s, STAGE_EXP + SRIOV_PCI_EXP_FLAGS, 2), 2);
    /* The function's payload size, with FLR and role-based errors, and nothing else of its own. */
    assert_int_equal(rd(s, STAGE_EXP + SRIOV_PCI_EXP_DEVCAP, 4),
                     2u | SRIOV_PCI_EXP_DEVCAP_RBER | SRIOV_PCI_EXP_DEVCAP_FLR);
    assert_int_equal(rd(s, DEVCTL, 2), 0x2810);
    assert_int_equal(rd(s, STAGE_EXP + SRIOV_PCI_EXP_LNKCAP, 4), 0x82);
    assert_int_equal(rd(s, STAGE_EXP + SRIOV_PCI_EXP_LNKSTA, 2), 0x82);
}

/* 0: the walk ended; each capability that it met is a bit. */
static uint64_t walk(struct stage *s)
{
    uint32_t at = rd(s, SRIOV_PCI_CAP_POINTER, 1);
    uint64_t met = 0;

    for (unsigned steps = 0; at != 0; steps++) {
        assert_true(steps < SRIOV_PCI_CAP_MAX_COUNT);
        assert_true(at >= SRIOV_PCI_CAP_FIRST && at % 4 == 0);
        assert_true(rd(s, at, 1) < 64);
        met |= UINT64_C(1) << rd(s, at, 1);
        at = rd(s, at + SRIOV_PCI_CAP_NEXT_OFF, 1);
    }
    return met;
}

static void test_walks_end(void **state)
{
    struct stage *s = *state;

    assert_int_equal(walk(s), UINT64_C(1) << SRIOV_PCI_CAP_ID_MSIX | UINT64_C(1) << SRIOV_PCI_CAP_ID_EXP);
    for (uint32_t off = SRIOV_PCI_CFG_SIZE; off < SRIOV_PCI_CFG_EXT_SIZE; off += 4) {
        assert_int_equal(rd(s, off, 4), 0);
    }
}

static void test_no_msix(void **state)
{
    struct stage s;
    uint64_t value;
    uint64_t length;

    (void)state;
    stage_make(&s);
    fake_put16(s.f, 0x40, 0xa001); /* over it, to PCIe */
    stage_open(&s);
    assert_int_equal(stage_create(&s, 0), 0);
    assert_int_equal(walk(&s), UINT64_C(1) << SRIOV_PCI_CAP_ID_EXP);
    assert_int_equal(sriov_vcfg_vectors(s.vcfg), 0);
    wr(&s, STAGE_MSIX + SRIOV_PCI_MSIX_CTRL, 2, 0xffff);
    assert_int_equal(rd(&s, STAGE_MSIX + SRIOV_PCI_MSIX_CTRL, 2), 0);
    assert_false(sriov_vcfg_bar_read(s.vcfg, 3, 0, 4, &value));
    assert_false(sriov_vcfg_trapped(s.vcfg, 3, &value, &length));
    stage_heard(&s, "");
    stage_end(&s);
}

/* A function that shows no PCIe capability still is one. */
static void test_no_express(void **state)
{
    struct stage s;

    (void)state;
    stage_make(&s);
    fake_put16(s.f, 0x70, 0x0011);
    stage_open(&s);
    assert_int_equal(stage_create(&s, 0), 0);
    assert_int_equal(rd(&s, STAGE_EXP + SRIOV_PCI_EXP_DEVCAP, 4),
                     SRIOV_PCI_EXP_DEVCAP_RBER | SRIOV_PCI_EXP_DEVCAP_FLR);
    assert_int_equal(rd(&s, STAGE_EXP + SRIOV_PCI_EXP_LNKCAP, 4), 0x11);
    stage_end(&s);
}

/* Reserved payload size, speed and width: the least there is. */
static void test_implausible_express(void **state)
{
    struct stage s;

    (void)state;
    stage_make(&s);
    fake_put32(s.f, 0xa0 + SRIOV_PCI_EXP_DEVCAP, 6);
    fake_put32(s.f, 0xa0 + SRIOV_PCI_EXP_LNKCAP, 63u << SRIOV_PCI_EXP_LNKCAP_WIDTH_SHIFT | 9);
    stage_open(&s);
    assert_int_equal(stage_create(&s, 0), 0);
    assert_int_equal(rd(&s, STAGE_EXP + SRIOV_PCI_EXP_DEVCAP, 4) & SRIOV_PCI_EXP_DEVCAP_PAYLOAD, 0);
    assert_int_equal(rd(&s, STAGE_EXP + SRIOV_PCI_EXP_LNKCAP, 4), 0x11);
    stage_end(&s);
}

/* ---- what a guest may change ---- */

struct mask {
    uint32_t off;
    uint32_t width;
    uint32_t bits;
};

static const struct mask may_change[] = {
    {SRIOV_PCI_COMMAND, 2, 0x0546}, /* memory, master, parity, SERR, INTx disable */
    {SRIOV_PCI_CACHE_LINE_SIZE, 1, 0xff},
    {SRIOV_PCI_BAR(0), 4, 0xffffc000},
    {SRIOV_PCI_BAR(1), 4, 0xffffffff},
    {SRIOV_PCI_BAR(3), 4, 0xffffc000},
    {SRIOV_PCI_BAR(4), 4, 0xffffffff},
    {SRIOV_PCI_INTERRUPT_LINE, 1, 0xff},
    {STAGE_MSIX + SRIOV_PCI_MSIX_CTRL, 2, 0xc000},
    {DEVCTL, 2, 0x78ff},
};

static void expected_masks(uint8_t mask[SRIOV_PCI_CFG_EXT_SIZE])
{
    memset(mask, 0, SRIOV_PCI_CFG_EXT_SIZE);
    for (size_t i = 0; i < sizeof(may_change) / sizeof(may_change[0]); i++) {
        memcpy(mask + may_change[i].off, &may_change[i].bits, may_change[i].width);
    }
}

static void snapshot(struct stage *s, uint8_t bytes[SRIOV_PCI_CFG_EXT_SIZE])
{
    for (uint32_t off = 0; off < SRIOV_PCI_CFG_EXT_SIZE; off += 4) {
        uint32_t value = rd(s, off, 4);

        memcpy(bytes + off, &value, 4);
    }
}

static bool has_flr(uint32_t off, uint32_t width, uint32_t value)
{
    return off <= DEVCTL + 1 && DEVCTL + 1 - off < width && (value >> (8 * (DEVCTL + 1 - off)) & 0x80) != 0;
}

/* One write of anything anywhere: exactly the writable bits of those bytes follow it. */
static void write_and_look(struct stage *s, uint8_t now[SRIOV_PCI_CFG_EXT_SIZE],
                           const uint8_t initial[SRIOV_PCI_CFG_EXT_SIZE],
                           const uint8_t mask[SRIOV_PCI_CFG_EXT_SIZE], uint32_t off, uint32_t width,
                           uint32_t value)
{
    uint32_t from = off & ~3u;
    uint32_t after;

    wr(s, off, width, value);
    s->heard[0] = '\0';
    if (has_flr(off, width, value)) {
        memcpy(now, initial, SRIOV_PCI_CFG_EXT_SIZE);
    } else {
        for (uint32_t i = 0; i < width; i++) {
            uint8_t m = mask[off + i];

            now[off + i] = (uint8_t)((now[off + i] & ~m) | (value >> (8 * i) & m));
        }
    }
    after = rd(s, from, 4);
    assert_memory_equal(&after, now + from, 4);
}

static void test_every_byte_every_value(void **state)
{
    static uint8_t now[SRIOV_PCI_CFG_EXT_SIZE];
    static uint8_t initial[SRIOV_PCI_CFG_EXT_SIZE];
    static uint8_t mask[SRIOV_PCI_CFG_EXT_SIZE];
    static uint8_t after[SRIOV_PCI_CFG_EXT_SIZE];
    struct stage *s = *state;

    expected_masks(mask);
    snapshot(s, initial);
    memcpy(now, initial, sizeof(now));
    for (uint32_t off = 0; off < SRIOV_PCI_CFG_EXT_SIZE; off++) {
        for (uint32_t value = 0; value < 256; value++) {
            write_and_look(s, now, initial, mask, off, 1, value);
        }
        snapshot(s, after);
        assert_memory_equal(after, now, sizeof(now));
    }
}

static void test_every_word_patterns(void **state)
{
    static const uint32_t patterns[] = {UINT32_MAX, 0, 0x55555555, 0xaaaaaaaa, 0x12345678, 0x80000001};
    static uint8_t now[SRIOV_PCI_CFG_EXT_SIZE];
    static uint8_t initial[SRIOV_PCI_CFG_EXT_SIZE];
    static uint8_t mask[SRIOV_PCI_CFG_EXT_SIZE];
    struct stage *s = *state;

    expected_masks(mask);
    snapshot(s, initial);
    memcpy(now, initial, sizeof(now));
    for (uint32_t width = 2; width <= 4; width += 2) {
        for (uint32_t off = 0; off < SRIOV_PCI_CFG_EXT_SIZE; off += width) {
            for (uint32_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
                write_and_look(s, now, initial, mask, off, width, patterns[i]);
            }
            for (uint32_t bit = 0; bit < 8 * width; bit++) {
                write_and_look(s, now, initial, mask, off, width, UINT32_C(1) << bit);
            }
        }
    }
}

static void test_no_sense(void **state)
{
    static const uint32_t widths[] = {0, 3, 5, 8, UINT32_MAX};
    struct stage *s = *state;
    uint64_t ignored = 0;

    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        assert_int_equal(rd(s, 0, widths[i]), UINT32_MAX);
        wr(s, SRIOV_PCI_COMMAND, widths[i], UINT32_MAX);
        ignored += 2;
    }
    assert_int_equal(rd(s, 1, 2), 0xffff);
    assert_int_equal(rd(s, 2, 4), UINT32_MAX);
    assert_int_equal(rd(s, 4096, 1), 0xff);
    assert_int_equal(rd(s, 4096, 4), UINT32_MAX);
    assert_int_equal(rd(s, UINT32_MAX, 1), 0xff);
    assert_int_equal(rd(s, UINT32_MAX - 3, 4), UINT32_MAX);
    wr(s, 5, 2, 0xffff);
    wr(s, 4096, 4, UINT32_MAX);
    wr(s, UINT32_MAX - 1, 2, 0xffff);
    assert_int_equal(rd(s, SRIOV_PCI_COMMAND, 2), 0);
    assert_int_equal(stage_counts(s).ignored, ignored + 9);
    stage_heard(s, "");
}

static void test_counts(void **state)
{
    struct stage *s = *state;
    struct sriov_vcfg_counts short_one = {.size = 16};
    struct sriov_vcfg_counts c;

    (void)rd(s, 0, 4);
    wr(s, SRIOV_PCI_VENDOR_ID, 4, 0);
    wr(s, SRIOV_PCI_CACHE_LINE_SIZE, 1, 16);
    c = stage_counts(s);
    assert_int_equal(c.reads, 1);
    assert_int_equal(c.writes, 2);
    assert_int_equal(c.ignored, 1);
    assert_int_equal(c.refused, 0);
    short_one.writes = 77;
    assert_int_equal(sriov_vcfg_counts(s->vcfg, &short_one), 0);
    assert_int_equal(short_one.reads, 1);
    assert_int_equal(short_one.writes, 77);
    assert_int_equal(sriov_vcfg_counts(s->vcfg, NULL), -EINVAL);
}

/* ---- command, reset ---- */

static void test_bus_master(void **state)
{
    struct stage *s = *state;

    wr(s, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MASTER);
    wr(s, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MASTER | SRIOV_PCI_COMMAND_INTX_DISABLE);
    stage_heard(s, "master+");
    wr(s, SRIOV_PCI_COMMAND, 1, 0);
    stage_heard(s, "master-");
    assert_int_equal(rd(s, SRIOV_PCI_COMMAND, 2), SRIOV_PCI_COMMAND_INTX_DISABLE);
    /* The guest sees its bit whatever became of it; the next write is another try. */
    s->refuse = "master+";
    wr(s, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MASTER);
    assert_int_equal(rd(s, SRIOV_PCI_COMMAND, 2), SRIOV_PCI_COMMAND_MASTER);
    assert_int_equal(stage_counts(s).refused, 1);
    s->refuse = NULL;
    wr(s, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MASTER);
    stage_heard(s, "master+ master+");
}

static void set_up_all(struct stage *s)
{
    wr(s, SRIOV_PCI_BAR(0), 4, 0xe0000000);
    wr(s, SRIOV_PCI_BAR(3), 4, 0xe0004000);
    wr(s, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER);
    table_wr(s, 1, SRIOV_PCI_MSIX_ENTRY_ADDR_LO, 0xfee00000);
    table_wr(s, 1, SRIOV_PCI_MSIX_ENTRY_CTRL, 0);
    wr(s, STAGE_MSIX + SRIOV_PCI_MSIX_CTRL, 2, SRIOV_PCI_MSIX_CTRL_ENABLE);
    stage_heard(s, "bar0@e0000000 bar3@e0004000 master+ msix+ route1=fee00000:0");
}

static void expect_power_on(struct stage *s)
{
    assert_int_equal(rd(s, SRIOV_PCI_COMMAND, 2), 0);
    assert_int_equal(rd(s, SRIOV_PCI_BAR(0), 4), 0x0c);
    assert_int_equal(rd(s, STAGE_MSIX + SRIOV_PCI_MSIX_CTRL, 2), 2);
    assert_int_equal(table_rd(s, 1, SRIOV_PCI_MSIX_ENTRY_ADDR_LO), 0);
    assert_int_equal(table_rd(s, 1, SRIOV_PCI_MSIX_ENTRY_CTRL), 1);
    assert_int_equal(rd(s, DEVCTL, 2), 0x2810);
    assert_true(sriov_vcfg_bar_gpa(s->vcfg, 0) == SRIOV_VCFG_NOWHERE);
}

static void test_flr(void **state)
{
    struct stage *s = *state;

    set_up_all(s);
    wr(s, DEVCTL, 2, 0x281f);
    stage_heard(s, "");
    assert_int_equal(rd(s, DEVCTL, 2), 0x281f);
    wr(s, DEVCTL, 2, 0x281f | SRIOV_PCI_EXP_DEVCTL_FLR);
    stage_heard(s, "route1- msix- master- bar0- bar3- flr");
    expect_power_on(s);
    /* By the byte and by the dword that has the bit, and by no other byte. */
    wr(s, DEVCTL, 1, 0x80);
    stage_heard(s, "");
    wr(s, DEVCTL + 1, 1, 0x80);
    stage_heard(s, "flr");
    wr(s, DEVCTL, 4, SRIOV_PCI_EXP_DEVCTL_FLR);
    stage_heard(s, "flr");
    set_up_all(s);
}

static void test_flr_refused(void **state)
{
    struct stage *s = *state;

    set_up_all(s);
    s->refuse = "flr";
    wr(s, DEVCTL + 1, 1, 0x80);
    stage_heard(s, "route1- msix- master- bar0- bar3- flr");
    assert_int_equal(stage_counts(s).refused, 1);
    expect_power_on(s);
}

static void test_reset(void **state)
{
    struct stage *s = *state;

    set_up_all(s);
    sriov_vcfg_reset(s->vcfg);
    stage_heard(s, "route1- msix- master- bar0- bar3-");
    expect_power_on(s);
    sriov_vcfg_reset(s->vcfg);
    stage_heard(s, "");
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_identity),
        WITH(test_msix_capability),
        WITH(test_express_capability),
        WITH(test_walks_end),
        cmocka_unit_test(test_no_msix),
        cmocka_unit_test(test_no_express),
        cmocka_unit_test(test_implausible_express),
        WITH(test_every_byte_every_value),
        WITH(test_every_word_patterns),
        WITH(test_no_sense),
        WITH(test_counts),
        WITH(test_bus_master),
        WITH(test_flr),
        WITH(test_flr_refused),
        WITH(test_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
