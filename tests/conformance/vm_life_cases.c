/* SPDX-License-Identifier: BSD-3-Clause */
/* FLR by the guest, functions that vanish, guests that do. */
#include "vm_bed.h"

#include <errno.h>

static void flr(struct vm_bed *bed, const struct vm_seat *seat)
{
    uint32_t exp = vm_cap(bed, seat, SRIOV_PCI_CAP_ID_EXP);
    vm_cfg_put(bed, seat, exp + SRIOV_PCI_EXP_DEVCTL, 2, SRIOV_PCI_EXP_DEVCTL_FLR);
    vm_pass(bed, SRIOV_PCI_FLR_MS * VM_MS);
}

static enum conform_verdict flr_resets_config(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint32_t id = vm_cfg(bed, seat, SRIOV_PCI_VENDOR_ID, 4);
    uint32_t msix = vm_cap(bed, seat, SRIOV_PCI_CAP_ID_MSIX);
    uint64_t at = seat->bar[0];
    vm_msix_up(bed, seat);
    flr(bed, seat);
    (void)sriov_vm_poll(bed->guest.vm);
    CHECK(c, vm_info_of(seat).resets == 1 && bed->events[SRIOV_ASSIGN_FLR] == 1);
    CHECK(c, vm_cfg(bed, seat, SRIOV_PCI_VENDOR_ID, 4) == id);
    CHECK(c, (vm_cfg(bed, seat, SRIOV_PCI_COMMAND, 2) &
              (SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER)) == 0);
    CHECK(c, (vm_cfg(bed, seat, SRIOV_PCI_BAR(0), 4) & SRIOV_PCI_BAR_MEM_MASK) == 0);
    CHECK(c, (vm_cfg(bed, seat, msix + SRIOV_PCI_MSIX_CTRL, 2) &
              (SRIOV_PCI_MSIX_CTRL_ENABLE | SRIOV_PCI_MSIX_CTRL_MASKALL)) == 0);
    CHECK(c, vm_rd(bed, at + 8, 4) == UINT32_MAX);
    RETURNS(c, vm_boot(bed, seat), 0); /* and it is good for another driver */
    vm_msix_up(bed, seat);
    vm_raise(bed, seat, 0);
    RETURNS(c, vm_taken(bed, 0, 1), 1);
    return CONFORM_PASS;
}

static enum conform_verdict flr_resets_the_device(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct vm_piece *ram;
    RETURNS(c, vm_ram(bed, 0, 1, &ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_reg_put(bed, seat, TOY_SCRATCH, 77);
    CHECK(c, vm_reg(bed, seat, TOY_SCRATCH) == 77);
    flr(bed, seat);
    RETURNS(c, vm_boot(bed, seat), 0);
    CHECK(c, vm_reg(bed, seat, TOY_SCRATCH) == 0);
    CHECK(c, vm_dma_write(bed, seat, ram->gpa, 16)); /* memory survives it */
    return CONFORM_PASS;
}

static enum conform_verdict flr_clears_what_is_pending(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_msix_up(bed, seat);
    vm_mask(bed, seat, 0, true);
    vm_raise(bed, seat, 0);
    vm_pass(bed, 100 * VM_US);
    CHECK(c, vm_is_pending(bed, seat, 0));
    flr(bed, seat);
    RETURNS(c, vm_boot(bed, seat), 0);
    vm_msix_up(bed, seat);
    RETURNS(c, vm_taken(bed, 0, 0), 0);
    CHECK(c, !vm_is_pending(bed, seat, 0));
    return CONFORM_PASS;
}

static enum conform_verdict bus_master_is_the_guests(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct vm_piece *ram;
    RETURNS(c, vm_ram(bed, 0, 1, &ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_cfg_put(bed, seat, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY);
    CHECK(c, !vm_dma_write(bed, seat, ram->gpa, 16));
    CHECK(c, vm_bed_expects(bed, SRIOV_VIOLATION_BUS_MASTER));
    vm_cfg_put(bed, seat, SRIOV_PCI_COMMAND, 2, SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER);
    CHECK(c, vm_dma_write(bed, seat, ram->gpa, 16));
    return CONFORM_PASS;
}

static enum conform_verdict vanishes_without_flr(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct vm_piece *ram;
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    RETURNS(c, vm_ram(bed, 0, 4, &ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_msix_up(bed, seat);
    vm_mask(bed, seat, 1, true);
    vm_raise(bed, seat, 1);
    vm_reg_put(bed, seat, TOY_SCRATCH, 0xbad);
    CHECK(c, vm_dma_write(bed, seat, ram->gpa, 64));
    vm_reg_put(bed, seat, TOY_TIMER, 300000); /* the device is about to interrupt */
    vm_release(seat);                         /* the guest was killed: no reset, nothing torn down */
    RETURNS(c, vm_ram_take(bed, ram), 0);
    vm_pass(bed, VM_MS);
    RETURNS(c, vm_give(bed, seat, &opts), 0); /* to the next guest, and nothing shows of this one */
    RETURNS(c, vm_boot(bed, seat), 0);
    vm_msix_up(bed, seat);
    CHECK(c, vm_reg(bed, seat, TOY_SCRATCH) == 0 && !vm_is_pending(bed, seat, 1));
    RETURNS(c, vm_taken(bed, 1, 0), 0);
    return CONFORM_PASS;
}

static enum conform_verdict pulled_out(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct vm_piece *ram;
    RETURNS(c, vm_ram(bed, 0, 4, &ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_msix_up(bed, seat);
    vm_raise(bed, seat, 0);
    RETURNS(c, sriov_mock_remove(bed->mock, sriov_fn_info(seat->fn)->name, false, 0), 0);
    CHECK(c, vm_reg(bed, seat, 8) == UINT32_MAX);
    vm_reg_put(bed, seat, 0x100, 1);
    vm_mask(bed, seat, 0, true);
    vm_mask(bed, seat, 0, false);
    vm_pass(bed, VM_MS);
    CHECK(c, sriov_vm_poll(bed->guest.vm) >= 1);
    CHECK(c, bed->events[SRIOV_ASSIGN_GONE] == 1 && sriov_fn_gone(seat->fn));
    (void)sriov_vm_poll(bed->guest.vm);
    CHECK(c, bed->events[SRIOV_ASSIGN_GONE] == 1); /* told once */
    vm_release(seat);
    CHECK(c, vm_is_absent(bed, 3) && sriov_fn_gone(seat->fn));
    return CONFORM_PASS;
}

static enum conform_verdict killed(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    sriov_fn_kill(seat->fn);
    CHECK(c, vm_reg(bed, seat, 8) == UINT32_MAX);
    flr(bed, seat);
    CHECK(c, sriov_vm_poll(bed->guest.vm) >= 1 && bed->events[SRIOV_ASSIGN_GONE] == 1);
    return CONFORM_PASS;
}

static enum conform_verdict others_live_on(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *first;
    struct vm_seat *second;
    struct sriov_assign_opts opts = vm_opts(bed, 4);
    RETURNS(c, vm_ready(bed, &first), 0);
    RETURNS(c, vm_open(bed, 1, &second), 0);
    RETURNS(c, vm_give(bed, second, &opts), 0);
    RETURNS(c, vm_boot(bed, second), 0);
    vm_msix_up(bed, second);
    RETURNS(c, sriov_mock_remove(bed->mock, sriov_fn_info(first->fn)->name, false, 0), 0);
    (void)vm_reg(bed, first, 8);
    (void)sriov_vm_poll(bed->guest.vm);
    vm_release(first);
    vm_raise(bed, second, 0);
    RETURNS(c, vm_taken(bed, 0, 1), 1);
    CHECK(c, vm_reg(bed, second, 8) != UINT32_MAX && bed->events[SRIOV_ASSIGN_GONE] == 1);
    return CONFORM_PASS;
}

const struct vm_case vm_life_cases[] = {
    {"flr.resets-config", flr_resets_config, VM_ANY, {0}},
    {"flr.resets-the-device", flr_resets_the_device, VM_TOY, {0}},
    {"flr.clears-what-is-pending", flr_clears_what_is_pending, VM_ANY, {0}},
    {"dma.bus-master-is-the-guests", bus_master_is_the_guests, VM_TOY, {0}},
    {"guest.vanishes-without-flr", vanishes_without_flr, VM_TOY, {0}},
    {"gone.pulled-out", pulled_out, VM_ANY, {0}},
    {"gone.killed", killed, VM_ANY, {0}},
    {"gone.others-live-on", others_live_on, VM_ANY, {0}},
    {NULL, NULL, VM_ANY, {0}},
};
