/* SPDX-License-Identifier: BSD-3-Clause */
/* What the guest's PCI code finds, and BARs where it puts them. */
#include "vm_bed.h"

#include <errno.h>

static enum conform_verdict the_right_device(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_assign_opts opts = vm_opts(bed, 5);
    RETURNS(c, vm_open(bed, 0, &seat), 0);
    const struct sriov_fn_info *info = sriov_fn_info(seat->fn);
    RETURNS(c, vm_give(bed, seat, &opts), 0);
    CHECK(c, vm_cfg(bed, seat, SRIOV_PCI_VENDOR_ID, 2) == info->vendor);
    CHECK(c, vm_cfg(bed, seat, SRIOV_PCI_DEVICE_ID, 2) == info->device);
    CHECK(c, vm_cfg(bed, seat, SRIOV_PCI_SUBSYSTEM_VENDOR_ID, 2) == info->subsystem_vendor);
    CHECK(c, vm_cfg(bed, seat, SRIOV_PCI_SUBSYSTEM_ID, 2) == info->subsystem_device);
    CHECK(c, vm_cfg(bed, seat, SRIOV_PCI_REVISION_ID, 4) == (info->class_code << 8 | info->revision));
    CHECK(c, vm_cfg(bed, seat, SRIOV_PCI_HEADER_TYPE, 1) == SRIOV_PCI_HEADER_TYPE_NORMAL);
    CHECK(c, vm_cfg(bed, seat, SRIOV_PCI_INTERRUPT_PIN, 1) == 0);
    CHECK(c, (vm_cfg(bed, seat, SRIOV_PCI_COMMAND, 2) &
              (SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER)) == 0);
    return CONFORM_PASS;
}

static enum conform_verdict nobody_else(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    uint32_t before = 0;
    for (uint32_t slot = 0; slot < 32; slot++) {
        before += !vm_is_absent(bed, slot);
    }
    CHECK(c, vm_is_absent(bed, 3));
    RETURNS(c, vm_ready(bed, &seat), 0);
    for (uint32_t slot = 0; slot < 32; slot++) {
        before -= !vm_is_absent(bed, slot);
    }
    CHECK(c, before == UINT32_MAX); /* one more */
    vm_release(seat);
    CHECK(c, vm_is_absent(bed, 3));
    return CONFORM_PASS;
}

static enum conform_verdict widths_agree(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    for (uint32_t off = 0; off < SRIOV_PCI_CFG_SIZE; off += 4) {
        uint32_t whole = vm_cfg(bed, seat, off, 4);
        uint32_t bytes = 0;
        for (uint32_t i = 0; i < 4; i++) {
            bytes |= vm_cfg(bed, seat, off + i, 1) << (8 * i);
        }
        CHECK(c, bytes == whole);
        CHECK(c, (vm_cfg(bed, seat, off, 2) | vm_cfg(bed, seat, off + 2, 2) << 16) == whole);
    }
    return CONFORM_PASS;
}

static enum conform_verdict capabilities(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint32_t exp = vm_cap(bed, seat, SRIOV_PCI_CAP_ID_EXP);
    uint32_t msix = vm_cap(bed, seat, SRIOV_PCI_CAP_ID_MSIX);
    CHECK(c, exp >= SRIOV_PCI_CAP_FIRST && exp % 4 == 0 && msix >= SRIOV_PCI_CAP_FIRST && msix % 4 == 0);
    CHECK(c, (vm_cfg(bed, seat, exp + SRIOV_PCI_EXP_DEVCAP, 4) & SRIOV_PCI_EXP_DEVCAP_FLR) != 0);
    uint32_t vectors = (vm_cfg(bed, seat, msix + SRIOV_PCI_MSIX_CTRL, 2) & SRIOV_PCI_MSIX_CTRL_SIZE) + 1;
    CHECK(c, vectors == vm_info_of(seat).vectors && vectors == sriov_irq_count(seat->fn));
    CHECK(c, vm_cap(bed, seat, SRIOV_PCI_CAP_ID_MSI) == 0);
    return CONFORM_PASS;
}

static enum conform_verdict sizes_of_bars(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_bar regs;
    uint32_t is64;
    uint32_t found = 0;
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    RETURNS(c, vm_open(bed, 0, &seat), 0);
    RETURNS(c, vm_give(bed, seat, &opts), 0);
    vm_size_bars(bed, seat, &is64);
    vm_release(seat);
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        uint64_t length = 0;
        if (sriov_bar_open(seat->fn, i, 1, &regs) == 0) {
            length = regs.length;
            sriov_bar_close(&regs);
        }
        CHECK(c, seat->length[i] >= length && (seat->length[i] == 0) == (length == 0));
        CHECK(c, (seat->length[i] & (seat->length[i] - 1)) == 0);
        found += length != 0;
    }
    CHECK(c, found >= 2); /* registers, and the MSI-X table */
    return CONFORM_PASS;
}

static enum conform_verdict registers_answer(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_bar regs;
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    RETURNS(c, vm_open(bed, 0, &seat), 0);
    RETURNS(c, sriov_bar_open(seat->fn, 0, 16, &regs), 0);
    uint32_t want = sriov_rd32(&regs, 8); /* STATUS; of the toy, whose address register it is, 0 */
    sriov_bar_close(&regs);
    RETURNS(c, vm_give(bed, seat, &opts), 0);
    RETURNS(c, vm_boot(bed, seat), 0);
    uint64_t exits = bed->stage->exits(&bed->guest, CONFORM_EXIT_TRAPPED);
    uint64_t trapped = vm_info_of(seat).trapped;
    CHECK(c, vm_reg(bed, seat, 8) == want);
    CHECK(c, vm_reg(bed, seat, 8) == want);
    CHECK(c, bed->stage->exits(&bed->guest, CONFORM_EXIT_TRAPPED) == exits + 2);
    CHECK(c, vm_info_of(seat).trapped == trapped + 2);
    CHECK(c, vm_info_of(seat).bar_gpa[0] == seat->bar[0]);
    return CONFORM_PASS;
}

static enum conform_verdict all_widths(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint64_t at = seat->bar[0] + TOY_BUFFER;
    vm_wr(bed, at, 8, UINT64_C(0x8877665544332211));
    CHECK(c, vm_rd(bed, at, 8) == UINT64_C(0x8877665544332211));
    CHECK(c, vm_rd(bed, at + 4, 4) == 0x88776655 && vm_rd(bed, at + 2, 2) == 0x4433);
    CHECK(c, vm_rd(bed, at + 1, 1) == 0x22);
    vm_wr(bed, at + 1, 1, 0xaa);
    vm_wr(bed, at + 2, 2, 0xbbcc);
    vm_wr(bed, at + 4, 4, 0xddddeeee);
    CHECK(c, vm_rd(bed, at, 8) == UINT64_C(0xddddeeeebbccaa11));
    return CONFORM_PASS;
}

static enum conform_verdict not_before_memory_space(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_cfg_put(bed, seat, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MASTER);
    CHECK(c, vm_reg(bed, seat, 8) == UINT32_MAX);
    CHECK(c, vm_info_of(seat).bar_gpa[0] == SRIOV_VCFG_NOWHERE);
    vm_cfg_put(bed, seat, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MASTER | SRIOV_PCI_COMMAND_MEMORY);
    CHECK(c, vm_reg(bed, seat, 8) != UINT32_MAX && vm_info_of(seat).bar_gpa[0] == seat->bar[0]);
    return CONFORM_PASS;
}

static enum conform_verdict bars_move(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint64_t old = seat->bar[0];
    uint32_t want = vm_reg(bed, seat, 8);
    for (uint64_t i = 1; i <= 8; i++) {
        vm_put_bar(bed, seat, 0, CONFORM_VM_MMIO + i * 0x1000000);
        CHECK(c, vm_reg(bed, seat, 8) == want);
        CHECK(c, vm_rd(bed, old + 8, 4) == UINT32_MAX);
        old = seat->bar[0];
    }
    return CONFORM_PASS;
}

/* As a BIOS does: decoding on, one half of a 64-bit address after the other. */
static enum conform_verdict halves_come_one_by_one(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    uint32_t is64;
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint32_t want = vm_reg(bed, seat, 8);
    uint64_t home = seat->bar[0];
    vm_size_bars(bed, seat, &is64);
    if ((is64 & 1u) == 0) {
        return conform_cannot(c, "BAR 0 of this device has 32 bits");
    }
    vm_cfg_put(bed, seat, SRIOV_PCI_BAR(1), 4, 7); /* beyond all that the guest reaches */
    CHECK(c, vm_rd(bed, home + 8, 4) == UINT32_MAX);
    vm_cfg_put(bed, seat, SRIOV_PCI_BAR(0), 4, (uint32_t)(home + 0x100000));
    vm_cfg_put(bed, seat, SRIOV_PCI_BAR(1), 4, 0);
    CHECK(c, vm_rd(bed, home + 0x100000 + 8, 4) == want && vm_rd(bed, home + 8, 4) == UINT32_MAX);
    return CONFORM_PASS;
}

static enum conform_verdict over_memory_is_nowhere(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct vm_piece *ram;
    RETURNS(c, vm_ram(bed, 0x100000, 16, &ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint64_t misplaced = vm_info_of(seat).misplaced;
    uint64_t home = seat->bar[0];
    uint32_t want = vm_reg(bed, seat, 8);
    ram->va[8] = 0x42;
    vm_put_bar(bed, seat, 0, ram->gpa);
    CHECK(c, vm_info_of(seat).misplaced > misplaced);
    CHECK(c, vm_rd(bed, ram->gpa + 8, 1) == 0x42); /* the memory is what answers */
    vm_wr(bed, ram->gpa + 8, 1, 0x43);
    CHECK(c, ram->va[8] == 0x43);
    CHECK(c, vm_rd(bed, home + 8, 4) == UINT32_MAX);
    vm_put_bar(bed, seat, 0, home);
    CHECK(c, vm_reg(bed, seat, 8) == want);
    return CONFORM_PASS;
}

static enum conform_verdict two_bars_in_one_place(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *first;
    struct vm_seat *second;
    struct sriov_assign_opts opts = vm_opts(bed, 4);
    RETURNS(c, vm_ready(bed, &first), 0);
    RETURNS(c, vm_open(bed, 1, &second), 0);
    RETURNS(c, vm_give(bed, second, &opts), 0);
    RETURNS(c, vm_boot(bed, second), 0);
    uint64_t home = second->bar[0];
    vm_reg_put(bed, first, TOY_SCRATCH, 1);
    vm_reg_put(bed, second, TOY_SCRATCH, 2);
    vm_put_bar(bed, second, 0, first->bar[0]);
    CHECK(c, vm_info_of(second).misplaced > 0 && vm_info_of(first).misplaced == 0);
    CHECK(c, vm_reg(bed, first, TOY_SCRATCH) == 1);
    vm_put_bar(bed, second, 0, home);
    CHECK(c, vm_reg(bed, second, TOY_SCRATCH) == 2 && vm_reg(bed, first, TOY_SCRATCH) == 1);
    return CONFORM_PASS;
}

const struct vm_case vm_bus_cases[] = {
    {"bus.the-right-device", the_right_device, VM_ANY, {0}},
    {"bus.nobody-else", nobody_else, VM_ANY, {0}},
    {"bus.widths-agree", widths_agree, VM_ANY, {0}},
    {"bus.capabilities", capabilities, VM_ANY, {0}},
    {"bus.sizes-of-bars", sizes_of_bars, VM_ANY, {0}},
    {"bar.registers-answer", registers_answer, VM_ANY, {0}},
    {"bar.all-widths", all_widths, VM_TOY, {0}},
    {"bar.not-before-memory-space", not_before_memory_space, VM_ANY, {0}},
    {"bar.moves", bars_move, VM_ANY, {0}},
    {"bar.halves-come-one-by-one", halves_come_one_by_one, VM_ANY, {0}},
    {"bar.over-memory-is-nowhere", over_memory_is_nowhere, VM_ANY, {0}},
    {"bar.two-in-one-place", two_bars_in_one_place, VM_TOY, {0}},
    {NULL, NULL, VM_ANY, {0}},
};
