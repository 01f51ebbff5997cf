/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest that does what no driver would; nothing of it may reach the host. */
#include "vm_bed.h"

#include <errno.h>

/* Whatever the guest did: the function works for a guest that behaves. */
static enum conform_verdict works_again(struct conform *c, struct vm_bed *bed, struct vm_seat *seat)
{
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    vm_release(seat);
    CHECK(c, sriov_fn_state(seat->fn) == SRIOV_FN_DETACHED);
    RETURNS(c, vm_give(bed, seat, &opts), 0);
    RETURNS(c, vm_boot(bed, seat), 0);
    vm_msix_up(bed, seat);
    uint32_t before = vm_taken(bed, 1, 0);
    vm_raise(bed, seat, 1);
    RETURNS(c, vm_taken(bed, 1, before + 1), before + 1);
    return CONFORM_PASS;
}

/* xorshift: the same in each run. */
static uint32_t noise(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static enum conform_verdict every_config_byte(struct conform *c, struct vm_bed *bed)
{
    static const uint32_t patterns[] = {UINT32_MAX, 0, 0x5a5a5a5a, 0xa5a5a5a5};
    struct vm_seat *seat;
    struct vm_piece *ram;
    RETURNS(c, vm_ram(bed, 0, 4, &ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint32_t id = vm_cfg(bed, seat, SRIOV_PCI_VENDOR_ID, 4);
    uint32_t class_rev = vm_cfg(bed, seat, SRIOV_PCI_REVISION_ID, 4);
    ram->va[0] = 0x33;
    for (size_t p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++) {
        for (uint32_t width = 1; width <= 4; width *= 2) {
            for (uint32_t off = 0; off < SRIOV_PCI_CFG_SIZE; off += width) {
                vm_cfg_put(bed, seat, off, width, patterns[p]);
            }
        }
        for (uint32_t off = SRIOV_PCI_CFG_SIZE; off < SRIOV_PCI_CFG_EXT_SIZE; off += 64) {
            vm_cfg_put(bed, seat, off, 4, patterns[p]);
        }
    }
    CHECK(c, vm_cfg(bed, seat, SRIOV_PCI_VENDOR_ID, 4) == id);
    CHECK(c, vm_cfg(bed, seat, SRIOV_PCI_REVISION_ID, 4) == class_rev);
    CHECK(c, ram->va[0] == 0x33 && vm_rd(bed, ram->gpa, 1) == 0x33);
    return works_again(c, bed, seat);
}

static enum conform_verdict noise_in_config(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    uint32_t state = 0x2545f491;
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint32_t id = vm_cfg(bed, seat, SRIOV_PCI_VENDOR_ID, 4);
    for (int i = 0; i < 2000; i++) {
        uint32_t width = 1u << noise(&state) % 3;
        uint32_t off = noise(&state) % SRIOV_PCI_CFG_SIZE & ~(width - 1);
        uint32_t value = noise(&state);
        uint32_t exp = vm_cap(bed, seat, SRIOV_PCI_CAP_ID_EXP);
        CHECK(c, exp != 0);
        if (off / 4 == (exp + SRIOV_PCI_EXP_DEVCTL) / 4) {
            value &= ~(uint32_t)SRIOV_PCI_EXP_DEVCTL_FLR * 0x10001u; /* each would take a tenth of a second */
        }
        vm_cfg_put(bed, seat, off, width, value);
    }
    CHECK(c, vm_cfg(bed, seat, SRIOV_PCI_VENDOR_ID, 4) == id);
    return works_again(c, bed, seat);
}

static enum conform_verdict junk_in_the_table(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    uint32_t state = 0x9e3779b9;
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_msix(bed, seat, SRIOV_PCI_MSIX_CTRL_ENABLE); /* all of it masked still */
    uint32_t vectors = vm_info_of(seat).vectors;
    for (uint32_t i = 0; i < 200; i++) {
        uint32_t width = i % 2 == 0 ? 4 : 8;
        uint64_t off = noise(&state) % (vectors * SRIOV_PCI_MSIX_ENTRY_SIZE) & ~(uint64_t)(width - 1);
        /* Not at the interrupt controller: what arrives there arrives. */
        vm_wr(bed, seat->table + off, width, (uint64_t)noise(&state) << 32 | (noise(&state) & 0x3fffffffu));
    }
    for (uint32_t i = 0; i < vectors; i++) {
        vm_mask(bed, seat, i, false);
    }
    vm_raise(bed, seat, 0);
    vm_raise(bed, seat, 1);
    vm_pass(bed, VM_MS);
    return works_again(c, bed, seat);
}

static enum conform_verdict enabled_while_masked(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_msix(bed, seat, SRIOV_PCI_MSIX_CTRL_ENABLE);
    vm_raise(bed, seat, 0);
    RETURNS(c, vm_taken(bed, 0, 0), 0);
    CHECK(c, vm_is_pending(bed, seat, 0));
    vm_aim(bed, seat, 0, 2);
    vm_mask(bed, seat, 0, false);
    RETURNS(c, vm_taken(bed, 2, 1), 1);
    return works_again(c, bed, seat);
}

static enum conform_verdict bars_over_memory(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct vm_piece *ram;
    RETURNS(c, vm_ram(bed, 0x100000, 16, &ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    for (uint32_t bar = 0; bar < SRIOV_PCI_BAR_COUNT; bar++) {
        if (seat->length[bar] != 0) {
            vm_put_bar(bed, seat, bar, ram->gpa);
        }
    }
    vm_cfg_put(bed, seat, SRIOV_PCI_BAR(0) + 4, 4, UINT32_MAX); /* and at the end of all addresses */
    for (uint64_t off = 0; off < ram->length; off += 512) {
        vm_wr(bed, ram->gpa + off, 8, off);
        CHECK(c, vm_rd(bed, ram->gpa + off, 8) == off);
    }
    CHECK(c, vm_info_of(seat).misplaced >= 2);
    return works_again(c, bed, seat);
}

static enum conform_verdict noise_in_registers(struct conform *c, struct vm_bed *bed)
{
    static const uint32_t widths[] = {1, 2, 4, 8};
    struct vm_seat *seat;
    uint32_t state = 0x1234567;
    RETURNS(c, vm_ready(bed, &seat), 0);
    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t width = widths[i % 4];
        uint64_t gpa = seat->table + (noise(&state) % 0x1000 & ~(width - 1));
        if (i % 3 != 0) {
            (void)vm_rd(bed, gpa, width);
        } else {
            vm_wr(bed, gpa, width, noise(&state));
        }
    }
    return works_again(c, bed, seat);
}

static enum conform_verdict dma_where_nothing_is(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct vm_piece *ram;
    RETURNS(c, vm_ram(bed, 0, 1, &ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    CHECK(c, !vm_dma_write(bed, seat, ram->gpa + ram->length, 64));
    CHECK(c, vm_bed_expects(bed, SRIOV_VIOLATION_IOMMU_UNMAPPED));
    CHECK(c, !vm_dma_write(bed, seat, seat->bar[0], 4)); /* a device's registers are no memory */
    CHECK(c, vm_bed_expects(bed, SRIOV_VIOLATION_IOMMU_UNMAPPED));
    return works_again(c, bed, seat);
}

const struct vm_case vm_bad_cases[] = {
    {"bad.every-config-byte", every_config_byte, VM_ANY, {0}},
    {"bad.noise-in-config", noise_in_config, VM_ANY, {0}},
    {"bad.junk-in-the-table", junk_in_the_table, VM_ANY, {0}},
    {"bad.enabled-while-masked", enabled_while_masked, VM_ANY, {0}},
    {"bad.bars-over-memory", bars_over_memory, VM_ANY, {0}},
    {"bad.noise-in-registers", noise_in_registers, VM_TOY, {0}},
    {"bad.dma-where-nothing-is", dma_where_nothing_is, VM_TOY, {0}},
    {NULL, NULL, VM_ANY, {0}},
};
