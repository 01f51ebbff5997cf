/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BARs that the guest reaches without an exit: where the function gives a pointer. The strict mock gives
 * none, so a shim over it does, for the registers of the toy: a page in which stores stay.
 */
#include "vm_bed.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#define PAGE_BYTES 4096u

static alignas(PAGE_BYTES) unsigned char page[PAGE_BYTES];
static const struct sriov_vmm_ops *below;

static int view_info(void *fn, struct sriov_fn_info *info)
{
    int err = below->info(fn, info);
    if (err == 0) {
        info->caps |= SRIOV_CAP_BAR_VIEW;
    }
    return err;
}

static int view_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *info)
{
    int err = below->bar_info(fn, bar, info);
    if (err == 0 && bar == TOY_BAR) {
        info->flags |= SRIOV_BAR_VIEWABLE;
    }
    return err;
}

static int view_make(void *fn, uint32_t bar, volatile void **view)
{
    (void)fn;
    if (bar != TOY_BAR) {
        return -EOPNOTSUPP;
    }
    *view = page;
    return 0;
}

static void view_end(void *fn, uint32_t bar, volatile void *view)
{
    (void)fn;
    (void)bar;
    (void)view;
}

/* VF 0 as the shim with views has it, in the machine and brought up. */
static int give_viewed(struct vm_bed *bed, const struct sriov_assign_opts *opts, struct sriov_vmm **vmm,
                       struct vm_seat **seat)
{
    struct sriov_vmm_ops ops;
    char name[SRIOV_NAME_MAX];
    below = sriov_mock_ops();
    ops = *below;
    ops.info = view_info;
    ops.bar_info = view_bar_info;
    ops.bar_view = view_make;
    ops.bar_unview = view_end;
    memset(page, 0, sizeof(page));
    int err = vm_open(bed, 0, seat);
    if (err == 0) {
        memcpy(name, sriov_fn_info((*seat)->fn)->name, sizeof(name));
        (void)vm_close(*seat);
        err = sriov_vmm_register(&ops, sriov_mock_ctx(bed->mock), vmm);
    }
    if (err == 0) {
        err = sriov_fn_open(*vmm, name, NULL, &(*seat)->fn);
    }
    if (err == 0) {
        err = vm_give(bed, *seat, opts);
    }
    return err == 0 ? vm_boot(bed, *seat) : err;
}

static int end_viewed(struct sriov_vmm *vmm, struct vm_seat *seat)
{
    vm_release(seat);
    int err = vm_close(seat);
    return err == 0 ? sriov_vmm_unregister(vmm) : err;
}

static enum conform_verdict mapped_without_exit(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_vmm *vmm;
    struct sriov_vm_info can = {.size = sizeof(can)};
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    RETURNS(c, sriov_vm_info(bed->guest.vm, &can), 0);
    if ((can.caps & SRIOV_VM_CAP_MAPPED) == 0) {
        return conform_cannot(c, "this machine maps nothing");
    }
    RETURNS(c, give_viewed(bed, &opts, &vmm, &seat), 0);
    uint64_t exits = bed->stage->exits(&bed->guest, CONFORM_EXIT_TRAPPED);
    uint64_t trapped = vm_info_of(seat).trapped;
    vm_reg_put(bed, seat, 0x100, 0xfeedbeef);
    page[0x104] = 0x66;
    bool answered = vm_reg(bed, seat, 0x104) == 0x66 && page[0x100] == 0xef && page[0x103] == 0xfe;
    bool free_of_exits = bed->stage->exits(&bed->guest, CONFORM_EXIT_TRAPPED) == exits;
    bool counted = vm_info_of(seat).trapped == trapped;
    uint64_t at = seat->bar[0];
    RETURNS(c, end_viewed(vmm, seat), 0);
    CHECK(c, answered);
    CHECK(c, free_of_exits && counted);
    CHECK(c, vm_rd(bed, at + 0x100, 4) == UINT32_MAX); /* gone with it */
    return CONFORM_PASS;
}

static enum conform_verdict mapped_moves(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_vmm *vmm;
    struct vm_piece *ram;
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    RETURNS(c, vm_ram(bed, 0, 4, &ram), 0);
    RETURNS(c, give_viewed(bed, &opts, &vmm, &seat), 0);
    page[0x10] = 0x31;
    uint64_t home = seat->bar[0];
    vm_put_bar(bed, seat, 0, ram->gpa); /* cannot be: memory answers */
    bool memory = vm_rd(bed, ram->gpa + 0x10, 1) == 0 && vm_info_of(seat).misplaced == 1;
    vm_put_bar(bed, seat, 0, home + 0x200000);
    bool there = vm_rd(bed, home + 0x200010, 1) == 0x31 && vm_rd(bed, home + 0x10, 1) == 0xff;
    RETURNS(c, end_viewed(vmm, seat), 0);
    CHECK(c, memory);
    CHECK(c, there);
    return CONFORM_PASS;
}

/* The page stands still, the function answers. */
static enum conform_verdict is_trapped(struct conform *c, struct vm_bed *bed,
                                       const struct sriov_assign_opts *opts)
{
    struct vm_seat *seat;
    struct sriov_vmm *vmm;
    RETURNS(c, give_viewed(bed, opts, &vmm, &seat), 0);
    uint64_t trapped = vm_info_of(seat).trapped;
    uint64_t exits = bed->stage->exits(&bed->guest, CONFORM_EXIT_TRAPPED);
    vm_reg_put(bed, seat, TOY_SCRATCH, 0x1234);
    (void)vm_reg(bed, seat, TOY_SCRATCH);
    bool counted = vm_info_of(seat).trapped == trapped + 2;
    bool left = bed->stage->exits(&bed->guest, CONFORM_EXIT_TRAPPED) == exits + 2;
    RETURNS(c, end_viewed(vmm, seat), 0);
    CHECK(c, counted && left);
    return CONFORM_PASS;
}

static enum conform_verdict trapped_when_asked(struct conform *c, struct vm_bed *bed)
{
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    opts.flags = SRIOV_ASSIGN_TRAP;
    return is_trapped(c, bed, &opts);
}

static enum conform_verdict trapped_where_nothing_maps(struct conform *c, struct vm_bed *bed)
{
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    return is_trapped(c, bed, &opts);
}

const struct vm_case vm_bar_cases[] = {
    {"view.mapped-without-exit", mapped_without_exit, VM_TOY, {0}},
    {"view.moves", mapped_moves, VM_TOY, {0}},
    {"view.trapped-when-asked", trapped_when_asked, VM_TOY, {0}},
    {"view.trapped-where-nothing-maps",
     trapped_where_nothing_maps,
     VM_TOY,
     {.caps_out = SRIOV_VM_CAP_MAPPED}},
    {NULL, NULL, VM_ANY, {0}},
};
