/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors into the guest, as it programs them: PCI Express 5.0, 7.7.2. */
#include "vm_bed.h"

#include <errno.h>

#define ENABLE SRIOV_PCI_MSIX_CTRL_ENABLE
#define ALL    SRIOV_PCI_MSIX_CTRL_MASKALL

static enum conform_verdict arrive(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_msix_up(bed, seat);
    for (uint32_t i = 1; i <= 10; i++) {
        vm_raise(bed, seat, 0);
        RETURNS(c, vm_taken(bed, 0, i), i);
    }
    RETURNS(c, vm_taken(bed, 1, 0), 0);
    vm_raise(bed, seat, 1);
    RETURNS(c, vm_taken(bed, 1, 1), 1);
    RETURNS(c, vm_taken(bed, 0, 10), 10);
    CHECK(c, !vm_is_pending(bed, seat, 0) && !vm_is_pending(bed, seat, 1));
    return CONFORM_PASS;
}

static enum conform_verdict not_before_enabled(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_aim(bed, seat, 0, 0);
    vm_mask(bed, seat, 0, false);
    vm_raise(bed, seat, 0);
    RETURNS(c, vm_taken(bed, 0, 0), 0);
    vm_msix(bed, seat, ENABLE);
    vm_raise(bed, seat, 0);
    CHECK(c, vm_taken(bed, 0, 1) >= 1);
    uint32_t before = vm_taken(bed, 0, 0);
    vm_msix(bed, seat, 0);
    vm_raise(bed, seat, 0);
    RETURNS(c, vm_taken(bed, 0, before), before);
    return CONFORM_PASS;
}

static enum conform_verdict masked_waits_and_comes_once(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_msix_up(bed, seat);
    for (uint32_t round = 1; round <= 5; round++) {
        vm_mask(bed, seat, 0, true);
        CHECK(c, !vm_is_pending(bed, seat, 0));
        for (int i = 0; i < 3; i++) {
            vm_raise(bed, seat, 0);
            vm_pass(bed, 20 * VM_US);
        }
        RETURNS(c, vm_taken(bed, 0, round - 1), round - 1);
        CHECK(c, vm_is_pending(bed, seat, 0));
        vm_raise(bed, seat, 1); /* the other one is not held up */
        RETURNS(c, vm_taken(bed, 1, round), round);
        vm_mask(bed, seat, 0, false);
        RETURNS(c, vm_taken(bed, 0, round), round);
        CHECK(c, !vm_is_pending(bed, seat, 0));
    }
    return CONFORM_PASS;
}

static enum conform_verdict function_mask_holds_all(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_msix_up(bed, seat);
    vm_msix(bed, seat, ENABLE | ALL);
    vm_raise(bed, seat, 0);
    vm_raise(bed, seat, 1);
    RETURNS(c, vm_taken(bed, 0, 0) + vm_taken(bed, 1, 0), 0);
    CHECK(c, vm_is_pending(bed, seat, 0) && vm_is_pending(bed, seat, 1));
    vm_mask(bed, seat, 1, true);
    vm_msix(bed, seat, ENABLE);
    RETURNS(c, vm_taken(bed, 0, 1), 1);
    RETURNS(c, vm_taken(bed, 1, 0), 0); /* its own mask holds on */
    CHECK(c, vm_is_pending(bed, seat, 1));
    vm_mask(bed, seat, 1, false);
    RETURNS(c, vm_taken(bed, 1, 1), 1);
    return CONFORM_PASS;
}

static enum conform_verdict aimed_anew(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_msix_up(bed, seat);
    vm_mask(bed, seat, 0, true);
    vm_raise(bed, seat, 0);
    vm_pass(bed, 100 * VM_US);
    vm_aim(bed, seat, 0, 5);
    vm_mask(bed, seat, 0, false);
    RETURNS(c, vm_taken(bed, 5, 1), 1); /* what was pending goes to the new place */
    RETURNS(c, vm_taken(bed, 0, 0), 0);
    vm_mask(bed, seat, 0, true);
    vm_aim(bed, seat, 0, 6);
    vm_mask(bed, seat, 0, false);
    vm_raise(bed, seat, 0);
    RETURNS(c, vm_taken(bed, 6, 1), 1);
    RETURNS(c, vm_taken(bed, 5, 1), 1);
    return CONFORM_PASS;
}

static enum conform_verdict table_keeps_what_is_written(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint32_t vectors = vm_info_of(seat).vectors;
    uint64_t trapped = vm_info_of(seat).trapped;
    for (uint32_t i = 0; i < vectors; i++) {
        uint64_t entry = seat->table + (uint64_t)i * SRIOV_PCI_MSIX_ENTRY_SIZE;
        CHECK(c, vm_rd(bed, entry + SRIOV_PCI_MSIX_ENTRY_CTRL, 4) == SRIOV_PCI_MSIX_ENTRY_CTRL_MASK);
        vm_wr(bed, entry, 8, UINT64_C(0x00000000fee01003) + i * 0x1000);
        vm_wr(bed, entry + SRIOV_PCI_MSIX_ENTRY_DATA, 4, 0x4000 + i);
    }
    for (uint32_t i = 0; i < vectors; i++) {
        uint64_t entry = seat->table + (uint64_t)i * SRIOV_PCI_MSIX_ENTRY_SIZE;
        CHECK(c, vm_rd(bed, entry, 4) == 0xfee01000 + i * 0x1000); /* its low two bits are none */
        CHECK(c, vm_rd(bed, entry + SRIOV_PCI_MSIX_ENTRY_DATA, 4) == 0x4000 + i);
    }
    CHECK(c, vm_rd(bed, seat->pba, 4) == 0);
    vm_wr(bed, seat->pba, 4, UINT32_MAX);
    CHECK(c, vm_rd(bed, seat->pba, 4) == 0);
    CHECK(c, vm_info_of(seat).trapped == trapped && vm_info_of(seat).table > 5 * vectors);
    return CONFORM_PASS;
}

static uint64_t masks_and_unmasks(struct vm_bed *bed, const struct vm_seat *seat)
{
    uint64_t before = vm_info_of(seat).vector_control;
    for (int i = 0; i < 50; i++) {
        vm_mask(bed, seat, 0, true);
        vm_mask(bed, seat, 0, false);
    }
    return vm_info_of(seat).vector_control - before;
}

/* The paper's first optimisation. */
static enum conform_verdict masking_costs_no_trip(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_msix_up(bed, seat);
    RETURNS(c, (int64_t)masks_and_unmasks(bed, seat), 100);
    CHECK(c, vm_info_of(seat).device_trips == 0);
    return CONFORM_PASS;
}

static enum conform_verdict slow_masking_costs_one_each(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    opts.flags = SRIOV_ASSIGN_SLOW_MASK;
    RETURNS(c, vm_open(bed, 0, &seat), 0);
    RETURNS(c, vm_give(bed, seat, &opts), 0);
    RETURNS(c, vm_boot(bed, seat), 0);
    vm_msix_up(bed, seat);
    uint64_t before = vm_info_of(seat).device_trips;
    RETURNS(c, (int64_t)masks_and_unmasks(bed, seat), 100);
    CHECK(c, vm_info_of(seat).device_trips - before == 100);
    vm_raise(bed, seat, 0);
    RETURNS(c, vm_taken(bed, 0, 1), 1); /* and works as before */
    return CONFORM_PASS;
}

/* A device timer keeps going off while the function is taken away. */
static enum conform_verdict released_while_they_flow(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_msix_up(bed, seat);
    for (uint32_t i = 0; i < 20; i++) {
        vm_reg_put(bed, seat, TOY_TIMER, 20000 + i * 5000);
        vm_raise(bed, seat, 1);
    }
    vm_pass(bed, 50 * VM_US);
    vm_release(seat);
    uint32_t before = vm_taken(bed, 0, 0) + vm_taken(bed, 1, 0);
    vm_pass(bed, VM_MS);
    RETURNS(c, vm_taken(bed, 0, 0) + vm_taken(bed, 1, 0), before);
    RETURNS(c, vm_give(bed, seat, &opts), 0);
    RETURNS(c, vm_boot(bed, seat), 0);
    vm_msix_up(bed, seat);
    vm_raise(bed, seat, 0);
    CHECK(c, vm_taken(bed, 0, 0) + vm_taken(bed, 1, 0) == before + 1);
    return CONFORM_PASS;
}

const struct vm_case vm_irq_cases[] = {
    {"vector.arrives", arrive, VM_ANY, {0}},
    {"vector.not-before-enabled", not_before_enabled, VM_ANY, {0}},
    {"vector.masked-waits-and-comes-once", masked_waits_and_comes_once, VM_ANY, {0}},
    {"vector.function-mask-holds-all", function_mask_holds_all, VM_ANY, {0}},
    {"vector.aimed-anew", aimed_anew, VM_ANY, {0}},
    {"vector.table-keeps-what-is-written", table_keeps_what_is_written, VM_ANY, {0}},
    {"vector.masking-costs-no-trip", masking_costs_no_trip, VM_ANY, {0}},
    {"vector.slow-masking-costs-one-each", slow_masking_costs_one_each, VM_ANY, {0}},
    {"vector.released-while-they-flow", released_while_they_flow, VM_TOY, {0}},
    {NULL, NULL, VM_ANY, {0}},
};
