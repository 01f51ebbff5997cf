/* SPDX-License-Identifier: BSD-3-Clause */
/* Doorbells: stores that reach the device without the guest leaving its CPU. */
#include "vm_bed.h"

#include <errno.h>

#define VALUES 16u

static const struct sriov_bell tail = {.bar = TOY_BAR, .width = 4, .off = TOY_SCRATCH, .values = VALUES};

static int ready_with(struct vm_bed *bed, const struct sriov_bell *bells, uint32_t n, struct vm_seat **seat)
{
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    opts.bells = bells;
    opts.num_bells = n;
    int err = vm_open(bed, 0, seat);
    if (err == 0) {
        err = vm_give(bed, *seat, &opts);
    }
    return err == 0 ? vm_boot(bed, *seat) : err;
}

static bool has_doorbells(struct vm_bed *bed)
{
    struct sriov_vm_info info = {.size = sizeof(info)};
    return sriov_vm_info(bed->guest.vm, &info) == 0 && (info.caps & SRIOV_VM_CAP_DOORBELL) != 0;
}

#define NEED_BELLS(c, bed)                                                                                   \
    do {                                                                                                     \
        if (!has_doorbells(bed)) {                                                                           \
            return conform_cannot((c), "this machine has no doorbells");                                     \
        }                                                                                                    \
    } while (0)

/* Time for what was rung to come through. */
static uint32_t scratch_after(struct vm_bed *bed, const struct vm_seat *seat)
{
    for (int i = 0; i < 20; i++) {
        vm_pass(bed, 10 * VM_US);
    }
    return vm_reg(bed, seat, TOY_SCRATCH);
}

static uint64_t trapped(struct vm_bed *bed)
{
    return bed->stage->exits(&bed->guest, CONFORM_EXIT_TRAPPED);
}

static enum conform_verdict without_exit(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    NEED_BELLS(c, bed);
    RETURNS(c, ready_with(bed, &tail, 1, &seat), 0);
    for (uint32_t i = 1; i < 100; i++) {
        uint64_t before = trapped(bed);
        vm_reg_put(bed, seat, TOY_SCRATCH, i % VALUES);
        CHECK(c, trapped(bed) == before);
        CHECK(c, scratch_after(bed, seat) == i % VALUES);
    }
    CHECK(c, vm_info_of(seat).bells == 99 && vm_info_of(seat).bell_traps == 0);
    return CONFORM_PASS;
}

static enum conform_verdict latest_of_several(struct conform *c, struct vm_bed *bed)
{
    static const struct {
        uint32_t stores[4];
        uint32_t n;
        uint32_t want; /* the one furthest ahead of the one before */
    } steps[] = {{{3, 5, 7, 0}, 3, 7}, {{9, 14, 0, 2}, 4, 2},  {{2, 0, 0, 0}, 1, 2}, {{1, 15, 0, 0}, 2, 1},
                 {{0, 0, 0, 0}, 1, 0}, {{15, 0, 0, 0}, 1, 15}, {{15, 1, 0, 0}, 2, 1}};
    struct vm_seat *seat;
    NEED_BELLS(c, bed);
    RETURNS(c, ready_with(bed, &tail, 1, &seat), 0);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        for (uint32_t k = 0; k < steps[i].n; k++) {
            vm_reg_put(bed, seat, TOY_SCRATCH, steps[i].stores[k]);
        }
        RETURNS(c, scratch_after(bed, seat), steps[i].want);
    }
    uint64_t told = vm_info_of(seat).bells;
    CHECK(c, told >= sizeof(steps) / sizeof(steps[0]) && told <= 14);
    CHECK(c, vm_info_of(seat).bell_traps == 0);
    return CONFORM_PASS;
}

static enum conform_verdict others_trap(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    NEED_BELLS(c, bed);
    RETURNS(c, ready_with(bed, &tail, 1, &seat), 0);
    uint64_t before = trapped(bed);
    vm_reg_put(bed, seat, TOY_SCRATCH, VALUES);
    vm_reg_put(bed, seat, TOY_SCRATCH, 0xffff0003u);
    CHECK(c, trapped(bed) == before + 2 && vm_reg(bed, seat, TOY_SCRATCH) == 0xffff0003u);
    CHECK(c, vm_info_of(seat).bell_traps == 2 && vm_info_of(seat).bells == 0);
    vm_wr(bed, seat->bar[0] + TOY_SCRATCH, 2, 4); /* another width */
    CHECK(c, vm_reg(bed, seat, TOY_SCRATCH) == 4 && vm_info_of(seat).bells == 0);
    vm_reg_put(bed, seat, TOY_DMA_LO, 5); /* the register beside it */
    CHECK(c, vm_reg(bed, seat, TOY_DMA_LO) == 5 && vm_info_of(seat).bells == 0);
    return CONFORM_PASS;
}

static enum conform_verdict any_value(struct conform *c, struct vm_bed *bed)
{
    static const struct sriov_bell any = {.bar = TOY_BAR, .width = 4, .off = TOY_SCRATCH};
    struct vm_seat *seat;
    NEED_BELLS(c, bed);
    RETURNS(c, ready_with(bed, &any, 1, &seat), 0);
    uint64_t before = trapped(bed);
    vm_reg_put(bed, seat, TOY_SCRATCH, 0x12345678);
    CHECK(c, trapped(bed) == before);
    CHECK(c, scratch_after(bed, seat) == 0 && vm_info_of(seat).bells == 1); /* its value is not kept */
    return CONFORM_PASS;
}

static enum conform_verdict moves_with_its_bar(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    NEED_BELLS(c, bed);
    RETURNS(c, ready_with(bed, &tail, 1, &seat), 0);
    uint64_t old = seat->bar[0];
    vm_put_bar(bed, seat, 0, old + 0x300000);
    uint64_t before = trapped(bed);
    vm_reg_put(bed, seat, TOY_SCRATCH, 6);
    CHECK(c, trapped(bed) == before && scratch_after(bed, seat) == 6);
    vm_wr(bed, old + TOY_SCRATCH, 4, 9); /* nobody lives there any more */
    CHECK(c, scratch_after(bed, seat) == 6 && vm_info_of(seat).bells == 1);
    vm_cfg_put(bed, seat, SRIOV_PCI_COMMAND, 2, 0);
    vm_reg_put(bed, seat, TOY_SCRATCH, 10);
    vm_cfg_put(bed, seat, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY);
    CHECK(c, scratch_after(bed, seat) == 6);
    return CONFORM_PASS;
}

static enum conform_verdict rings_until_released(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    NEED_BELLS(c, bed);
    RETURNS(c, ready_with(bed, &tail, 1, &seat), 0);
    uint64_t at = seat->bar[0] + TOY_SCRATCH;
    vm_wr(bed, at, 4, 5); /* still under way */
    vm_release(seat);
    vm_wr(bed, at, 4, 6);
    for (int i = 0; i < 20; i++) {
        vm_pass(bed, 10 * VM_US);
    }
    struct sriov_bar regs;
    RETURNS(c, sriov_bar_open(seat->fn, 0, 16, &regs), 0);
    uint32_t left = sriov_rd32(&regs, TOY_SCRATCH);
    sriov_bar_close(&regs);
    CHECK(c, left == 0);
    return CONFORM_PASS;
}

static enum conform_verdict several_bells(struct conform *c, struct vm_bed *bed)
{
    static const struct sriov_bell bells[] = {
        {.bar = TOY_BAR, .width = 4, .off = TOY_SCRATCH, .values = VALUES},
        {.bar = TOY_BAR, .width = 4, .off = TOY_DMA_LO, .values = VALUES},
        {.bar = TOY_BAR, .width = 4, .off = TOY_DMA_HI, .values = VALUES}};
    struct vm_seat *seat;
    NEED_BELLS(c, bed);
    RETURNS(c, ready_with(bed, bells, 3, &seat), 0);
    uint64_t before = trapped(bed);
    vm_reg_put(bed, seat, TOY_DMA_HI, 3);
    vm_reg_put(bed, seat, TOY_SCRATCH, 1);
    vm_reg_put(bed, seat, TOY_DMA_LO, 2);
    CHECK(c, trapped(bed) == before);
    CHECK(c, scratch_after(bed, seat) == 1);
    CHECK(c, vm_reg(bed, seat, TOY_DMA_LO) == 2 && vm_reg(bed, seat, TOY_DMA_HI) == 3);
    return CONFORM_PASS;
}

/* Without doorbells the same stores arrive, each with an exit. */
static enum conform_verdict trap_where_there_are_none(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, ready_with(bed, &tail, 1, &seat), 0);
    uint64_t before = trapped(bed);
    vm_reg_put(bed, seat, TOY_SCRATCH, 7);
    CHECK(c, trapped(bed) == before + 1 && vm_reg(bed, seat, TOY_SCRATCH) == 7);
    CHECK(c, vm_info_of(seat).bells == 0 && vm_info_of(seat).bell_traps == 1);
    return CONFORM_PASS;
}

/* Too few to be had: the stores arrive all the same, or the assignment says so and leaves nothing. */
static enum conform_verdict budget_is_kept(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    int err = ready_with(bed, &tail, 1, &seat);
    if (err == -ENOSPC) {
        CHECK(c, vm_is_absent(bed, 3) && sriov_fn_state(seat->fn) == SRIOV_FN_DETACHED);
        return CONFORM_PASS;
    }
    RETURNS(c, err, 0);
    vm_reg_put(bed, seat, TOY_SCRATCH, 7);
    CHECK(c, scratch_after(bed, seat) == 7);
    CHECK(c, vm_info_of(seat).bells == 0 && vm_info_of(seat).bell_traps == 1);
    return CONFORM_PASS;
}

const struct vm_case vm_bell_cases[] = {
    {"bell.without-exit", without_exit, VM_TOY, {0}},
    {"bell.latest-of-several", latest_of_several, VM_TOY, {0}},
    {"bell.others-trap", others_trap, VM_TOY, {0}},
    {"bell.any-value", any_value, VM_TOY, {0}},
    {"bell.moves-with-its-bar", moves_with_its_bar, VM_TOY, {0}},
    {"bell.rings-until-released", rings_until_released, VM_TOY, {0}},
    {"bell.several", several_bells, VM_TOY, {0}},
    {"bell.traps-where-there-are-none",
     trap_where_there_are_none,
     VM_TOY,
     {.caps_out = SRIOV_VM_CAP_DOORBELL}},
    {"bell.budget-kept", budget_is_kept, VM_TOY, {.doorbells_max = 4}},
    {NULL, NULL, VM_ANY, {0}},
};
