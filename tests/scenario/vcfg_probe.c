/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated VF behind its virtual configuration space, found and set up by PCI code in the order in
 * which operating systems do it: ids, BARs sized with decoding off, capabilities, MSI-X with its
 * table masked. Then the device itself is used through what was set up: registers, interrupts with
 * masking, FLR.
 */
#include "vcfg_machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#define DATA_FIRST 0x41u

static const struct vcfg_chip chips[] = {
    {"82599", IXGBE_DEV_ID_82599_VF, IXGBE_VTEICS, IXGBE_VTEIMS, IXGBE_VTEICR},
    {"82576", IGB_DEV_ID_82576_VF, IGBVF_VTEICS, IGBVF_VTEIMS, IGBVF_VTEICR},
};

/* What PCI code learnt. */
struct found {
    uint64_t length[SRIOV_PCI_BAR_COUNT];
    bool wide[SRIOV_PCI_BAR_COUNT];
    uint64_t at[SRIOV_PCI_BAR_COUNT];
    uint32_t msix, express;
    uint32_t vectors;
    uint32_t table_bar, table_off, pba_bar, pba_off;
};

/* ---- PCI code of a guest ---- */

static uint32_t rd(struct machine *m, uint32_t off, uint32_t width)
{
    return sriov_vcfg_read(m->vcfg, off, width);
}

static void wr(struct machine *m, uint32_t off, uint32_t width, uint32_t value)
{
    sriov_vcfg_write(m->vcfg, off, width, value);
}

static void read_ids(struct machine *m)
{
    assert_int_equal(rd(m, SRIOV_PCI_VENDOR_ID, 4), (uint32_t)m->chip->device << 16 | 0x8086);
    assert_int_equal(rd(m, SRIOV_PCI_HEADER_TYPE, 1), SRIOV_PCI_HEADER_TYPE_NORMAL);
    assert_int_equal(rd(m, SRIOV_PCI_REVISION_ID, 4) >> 8, 0x020000);
    assert_int_equal(rd(m, SRIOV_PCI_SUBSYSTEM_VENDOR_ID, 2), 0x8086);
    /* No INTx. A pin would need a line. */
    assert_int_equal(rd(m, SRIOV_PCI_INTERRUPT_PIN, 1), 0);
    /* Errors of before are cleared; none are told. */
    wr(m, SRIOV_PCI_STATUS, 2, 0xffff);
    assert_int_equal(rd(m, SRIOV_PCI_STATUS, 2), SRIOV_PCI_STATUS_CAP_LIST);
}

static uint32_t probe_dword(struct machine *m, uint32_t off, uint32_t ones)
{
    uint32_t kept = rd(m, off, 4);
    uint32_t answer;

    wr(m, off, 4, kept | ones);
    answer = rd(m, off, 4);
    wr(m, off, 4, kept);
    assert_int_equal(rd(m, off, 4), kept);
    return answer;
}

static uint32_t size_bar(struct machine *m, struct found *f, uint32_t i)
{
    uint32_t low = probe_dword(m, SRIOV_PCI_BAR(i), UINT32_MAX);
    uint64_t mask = low & SRIOV_PCI_BAR_MEM_MASK;

    assert_int_equal(low & SRIOV_PCI_BAR_IO, 0);
    f->wide[i] = (low & SRIOV_PCI_BAR_MEM_TYPE) == SRIOV_PCI_BAR_MEM_64;
    if (f->wide[i]) {
        mask |= (uint64_t)probe_dword(m, SRIOV_PCI_BAR(i + 1), UINT32_MAX) << 32;
    } else if (mask != 0) {
        mask |= UINT64_C(0xffffffff) << 32;
    }
    f->length[i] = mask == 0 ? 0 : ~mask + 1;
    return f->wide[i] ? 2 : 1;
}

static void size_bars(struct machine *m, struct found *f)
{
    uint32_t command = rd(m, SRIOV_PCI_COMMAND, 2);

    wr(m, SRIOV_PCI_COMMAND, 2, command & ~(SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_IO));
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT;) {
        i += size_bar(m, f, i);
    }
    assert_int_equal(probe_dword(m, SRIOV_PCI_ROM_ADDRESS, 0xfffff800), 0);
    wr(m, SRIOV_PCI_COMMAND, 2, command);
}

static void read_msix(struct machine *m, struct found *f)
{
    uint32_t table = rd(m, f->msix + SRIOV_PCI_MSIX_TABLE, 4);
    uint32_t pba = rd(m, f->msix + SRIOV_PCI_MSIX_PBA, 4);

    f->vectors = (rd(m, f->msix + SRIOV_PCI_MSIX_CTRL, 2) & SRIOV_PCI_MSIX_CTRL_SIZE) + 1;
    f->table_bar = table & SRIOV_PCI_MSIX_BIR;
    f->table_off = table & SRIOV_PCI_MSIX_OFFSET;
    f->pba_bar = pba & SRIOV_PCI_MSIX_BIR;
    f->pba_off = pba & SRIOV_PCI_MSIX_OFFSET;
}

static void walk(struct machine *m, struct found *f)
{
    uint32_t at = rd(m, SRIOV_PCI_CAP_POINTER, 1);

    for (uint32_t ttl = SRIOV_PCI_CAP_MAX_COUNT; at >= SRIOV_PCI_CAP_FIRST; ttl--) {
        uint32_t head = rd(m, at & SRIOV_PCI_CAP_PTR_MASK, 2);

        assert_true(ttl != 0);
        f->msix = (head & 0xff) == SRIOV_PCI_CAP_ID_MSIX ? at : f->msix;
        f->express = (head & 0xff) == SRIOV_PCI_CAP_ID_EXP ? at : f->express;
        at = head >> 8;
    }
    assert_true(f->msix != 0 && f->express != 0);
    assert_int_equal(rd(m, SRIOV_PCI_EXT_CAP_FIRST, 4), 0);
    assert_true((rd(m, f->express + SRIOV_PCI_EXP_DEVCAP, 4) & SRIOV_PCI_EXP_DEVCAP_FLR) != 0);
    read_msix(m, f);
}

static void place_bars(struct machine *m, struct found *f)
{
    uint64_t next = HOLE_FIRST;

    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        if (f->length[i] == 0) {
            continue;
        }
        next = (next + f->length[i] - 1) & ~(f->length[i] - 1);
        f->at[i] = next;
        wr(m, SRIOV_PCI_BAR(i), 4, (uint32_t)next);
        assert_int_equal(rd(m, SRIOV_PCI_BAR(i), 4) & SRIOV_PCI_BAR_MEM_MASK, (uint32_t)next);
        if (f->wide[i]) {
            wr(m, SRIOV_PCI_BAR(i + 1), 4, 0);
        }
        next += f->length[i];
    }
    wr(m, SRIOV_PCI_COMMAND, 2, rd(m, SRIOV_PCI_COMMAND, 2) | SRIOV_PCI_COMMAND_MEMORY);
    wr(m, SRIOV_PCI_COMMAND, 2, rd(m, SRIOV_PCI_COMMAND, 2) | SRIOV_PCI_COMMAND_MASTER);
}

static uint64_t entry(const struct found *f, uint32_t vector, uint32_t reg)
{
    return f->at[f->table_bar] + f->table_off + vector * SRIOV_PCI_MSIX_ENTRY_SIZE + reg;
}

static void mask(struct machine *m, const struct found *f, uint32_t vector, bool on)
{
    mmio_wr(m, entry(f, vector, SRIOV_PCI_MSIX_ENTRY_CTRL), on);
    assert_int_equal(mmio_rd(m, entry(f, vector, SRIOV_PCI_MSIX_ENTRY_CTRL)), on);
}

static uint32_t pba(struct machine *m, const struct found *f)
{
    return mmio_rd(m, f->at[f->pba_bar] + f->pba_off);
}

static void enable_msix(struct machine *m, const struct found *f)
{
    uint32_t at = f->msix + SRIOV_PCI_MSIX_CTRL;
    uint32_t ctrl = rd(m, at, 2);

    wr(m, at, 2, ctrl | SRIOV_PCI_MSIX_CTRL_ENABLE | SRIOV_PCI_MSIX_CTRL_MASKALL);
    for (uint32_t v = 0; v < f->vectors; v++) {
        mask(m, f, v, true);
    }
    for (uint32_t v = 0; v < f->vectors; v++) {
        mmio_wr(m, entry(f, v, SRIOV_PCI_MSIX_ENTRY_ADDR_LO), MSI_ADDR);
        mmio_wr(m, entry(f, v, SRIOV_PCI_MSIX_ENTRY_ADDR_HI), 0);
        mmio_wr(m, entry(f, v, SRIOV_PCI_MSIX_ENTRY_DATA), DATA_FIRST + v);
    }
    wr(m, at, 2, ctrl | SRIOV_PCI_MSIX_CTRL_ENABLE);
    for (uint32_t v = 0; v < f->vectors; v++) {
        mask(m, f, v, false);
    }
}

static void probe(struct machine *m, struct found *f)
{
    memset(f, 0, sizeof(*f));
    read_ids(m);
    size_bars(m, f);
    walk(m, f);
    place_bars(m, f);
}

/* ---- the device through it ---- */

/* The device raises a vector's cause, as its own test register allows. */
static void raise_cause(struct machine *m, const struct found *f, uint32_t vector)
{
    mmio_wr(m, f->at[0] + m->chip->cause_clear, UINT32_MAX);
    mmio_wr(m, f->at[0] + m->chip->cause_set, UINT32_C(1) << vector);
    sriov_mock_advance(m->world.mock, VF_MS);
}

static void expect_taken(const struct machine *m, uint32_t v0, uint32_t v1, uint32_t v2)
{
    assert_int_equal(m->taken[DATA_FIRST], v0);
    assert_int_equal(m->taken[DATA_FIRST + 1], v1);
    assert_int_equal(m->taken[DATA_FIRST + 2], v2);
}

static void judge_probe(struct machine *m, const struct found *f)
{
    struct sriov_vcfg_counts counts = {.size = sizeof(counts)};

    assert_true(f->length[0] == 0x4000 && f->wide[0]);
    assert_true(f->length[3] == 0x4000 && f->wide[3]);
    assert_true(m->gpa[0] == f->at[0] && m->gpa[3] == f->at[3]);
    assert_int_equal(f->vectors, VECTORS);
    assert_int_equal(sriov_vcfg_counts(m->vcfg, &counts), 0);
    assert_int_equal(counts.refused, 0);
}

static void run_interrupts(struct machine *m, const struct found *f)
{
    mmio_wr(m, f->at[0] + m->chip->cause_mask, 7);
    for (uint32_t v = 0; v < VECTORS; v++) {
        raise_cause(m, f, v);
    }
    expect_taken(m, 1, 1, 1);
    assert_int_equal(pba(m, f), 0);
    /* Masked: pending, and it arrives once. */
    mask(m, f, 1, true);
    raise_cause(m, f, 1);
    raise_cause(m, f, 1);
    raise_cause(m, f, 2);
    expect_taken(m, 1, 1, 2);
    assert_int_equal(pba(m, f), 2);
    mask(m, f, 1, false);
    expect_taken(m, 1, 2, 2);
    assert_int_equal(pba(m, f), 0);
    /* The same by the function's mask. */
    wr(m, f->msix + SRIOV_PCI_MSIX_CTRL, 2, SRIOV_PCI_MSIX_CTRL_ENABLE | SRIOV_PCI_MSIX_CTRL_MASKALL);
    raise_cause(m, f, 0);
    expect_taken(m, 1, 2, 2);
    assert_int_equal(pba(m, f), 1);
    wr(m, f->msix + SRIOV_PCI_MSIX_CTRL, 2, SRIOV_PCI_MSIX_CTRL_ENABLE);
    expect_taken(m, 2, 2, 2);
}

static void run_flr(struct machine *m, const struct found *f)
{
    struct found again;
    uint32_t at = f->express + SRIOV_PCI_EXP_DEVCTL;

    wr(m, at, 2, rd(m, at, 2) | SRIOV_PCI_EXP_DEVCTL_FLR);
    sriov_mock_advance(m->world.mock, SRIOV_PCI_FLR_MS * VF_MS);
    assert_int_equal(m->flrs, 1);
    assert_int_equal(rd(m, at, 2) & SRIOV_PCI_EXP_DEVCTL_FLR, 0);
    assert_true(m->gpa[0] == SRIOV_VCFG_NOWHERE && m->gpa[3] == SRIOV_VCFG_NOWHERE);
    probe(m, &again);
    assert_memory_equal(&again, f, sizeof(again));
    /* What the device was told before is gone. */
    assert_int_equal(mmio_rd(m, again.at[0] + m->chip->cause_mask), 0);
    enable_msix(m, &again);
    mmio_wr(m, again.at[0] + m->chip->cause_mask, 7);
    memset(m->taken, 0, sizeof(m->taken));
    raise_cause(m, &again, 2);
    expect_taken(m, 0, 0, 1);
}

static void test_probe(void **state)
{
    struct machine *m = malloc(sizeof(*m));
    struct found f;

    assert_non_null(m);
    machine_begin(m, *state);
    probe(m, &f);
    enable_msix(m, &f);
    judge_probe(m, &f);
    run_interrupts(m, &f);
    run_flr(m, &f);
    machine_end(m);
    free(m);
}

/* A guest that puts a BAR over its memory harms nobody, and may think again. */
static void test_misplaced(void **state)
{
    struct machine *m = malloc(sizeof(*m));
    struct sriov_vcfg_counts counts = {.size = sizeof(counts)};
    struct found f;

    assert_non_null(m);
    machine_begin(m, *state);
    wr(m, SRIOV_PCI_BAR(0), 4, 0x00100000);
    wr(m, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY);
    assert_true(m->gpa[0] == SRIOV_VCFG_NOWHERE);
    assert_true(sriov_vcfg_bar_gpa(m->vcfg, 0) == SRIOV_VCFG_NOWHERE);
    assert_int_equal(sriov_vcfg_counts(m->vcfg, &counts), 0);
    assert_int_equal(counts.refused, 1);
    wr(m, SRIOV_PCI_COMMAND, 2, 0);
    probe(m, &f);
    assert_true(m->gpa[0] == f.at[0]);
    machine_end(m);
    free(m);
}

/* The guest vanishes with everything on; the next one finds all as after power-on. */
static void test_vanished(void **state)
{
    struct machine *m = malloc(sizeof(*m));
    struct found f;

    assert_non_null(m);
    machine_begin(m, *state);
    probe(m, &f);
    enable_msix(m, &f);
    sriov_vcfg_reset(m->vcfg);
    assert_int_equal(rd(m, SRIOV_PCI_COMMAND, 2), 0);
    assert_int_equal(rd(m, f.msix + SRIOV_PCI_MSIX_CTRL, 2), VECTORS - 1);
    assert_true(m->gpa[0] == SRIOV_VCFG_NOWHERE && m->gpa[3] == SRIOV_VCFG_NOWHERE);
    probe(m, &f);
    enable_msix(m, &f);
    judge_probe(m, &f);
    machine_end(m);
    free(m);
}

static void test_pf_has_none(void **state)
{
    struct machine *m = malloc(sizeof(*m));
    struct sriov_vcfg_hooks hooks = {.size = sizeof(hooks)};
    struct sriov_vcfg *vcfg;

    assert_non_null(m);
    machine_begin(m, *state);
    assert_int_equal(sriov_vcfg_create(m->world.pf_fn, &hooks, NULL, &vcfg), -EOPNOTSUPP);
    machine_end(m);
    free(m);
}

#define ON(test, model, chip)                                                                                \
    {                                                                                                        \
        .name = #test "_" model, .test_func = test, .initial_state = (void *)(uintptr_t)(chip)               \
    }
#define ON_BOTH(test) ON(test, "82599", &chips[0]), ON(test, "82576", &chips[1])

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(test_probe),
        ON_BOTH(test_misplaced),
        ON_BOTH(test_vanished),
        ON_BOTH(test_pf_has_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
