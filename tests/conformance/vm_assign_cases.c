/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may be assigned where; what a refusal leaves behind. */
#include "vm_bed.h"

#include <errno.h>
#include <string.h>

#define FAR  UINT64_C(0x4000000000)
#define BUFS 256u

/* The function is as it was before: nobody's, and good for a driver or another try. */
static bool is_untouched(struct vm_bed *bed, struct vm_seat *seat)
{
    struct sriov_dma_usage usage = {.size = sizeof(usage)};
    return sriov_fn_state(seat->fn) == SRIOV_FN_DETACHED && sriov_dma_usage(seat->fn, &usage) == 0 &&
           usage.mappings == 0 && vm_is_absent(bed, seat->slot);
}

static enum conform_verdict comes_and_goes(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_assign_opts opts = vm_opts(bed, 7);
    RETURNS(c, vm_open(bed, 0, &seat), 0);
    for (int i = 0; i < 5; i++) {
        RETURNS(c, vm_give(bed, seat, &opts), 0);
        CHECK(c, !vm_is_absent(bed, 7) && sriov_fn_state(seat->fn) != SRIOV_FN_DETACHED);
        CHECK(c, sriov_assign_fn(seat->assign) == seat->fn && sriov_assign_vcfg(seat->assign) != NULL);
        vm_release(seat);
        CHECK(c, is_untouched(bed, seat));
    }
    return CONFORM_PASS;
}

static enum conform_verdict no_options_are_fine(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    uint32_t found = 0;
    RETURNS(c, vm_open(bed, 0, &seat), 0);
    RETURNS(c, sriov_vm_assign(seat->fn, bed->guest.vm, NULL, &seat->assign), 0);
    for (uint32_t slot = 0; slot < 32; slot++) {
        uint32_t id = bed->stage->cfg_read(&bed->guest, slot, SRIOV_PCI_VENDOR_ID, 4);
        const struct sriov_fn_info *info = sriov_fn_info(seat->fn);
        found += id == (info->vendor | (uint32_t)info->device << 16);
    }
    RETURNS(c, found, 1);
    return CONFORM_PASS;
}

static enum conform_verdict twice_is_busy(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_assign *again = NULL;
    struct sriov_assign_opts opts = vm_opts(bed, 9);
    RETURNS(c, vm_ready(bed, &seat), 0);
    uint32_t before = vm_reg(bed, seat, 8);
    RETURNS(c, sriov_vm_assign(seat->fn, bed->guest.vm, &opts, &again), -EBUSY);
    CHECK(c, again == NULL && vm_is_absent(bed, 9));
    CHECK(c, vm_reg(bed, seat, 8) == before); /* the first one works on */
    return CONFORM_PASS;
}

static enum conform_verdict a_pf_is_refused(struct conform *c, struct vm_bed *bed)
{
    struct sriov_assign *assign = NULL;
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    RETURNS(c, sriov_vm_assign(bed->pf_fn, bed->guest.vm, &opts, &assign), -EOPNOTSUPP);
    CHECK(c, assign == NULL && vm_is_absent(bed, 3));
    CHECK(c, sriov_fn_state(bed->pf_fn) == SRIOV_FN_DETACHED);
    CHECK(c, sriov_fn_info(bed->pf_fn)->num_vfs == VM_BED_VFS);
    return CONFORM_PASS;
}

static enum conform_verdict in_use_is_busy(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_net *net = NULL;
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    if (bed->pf == NULL) {
        return conform_cannot(c, "no driver for this device");
    }
    RETURNS(c, vm_open(bed, 0, &seat), 0);
    RETURNS(c, sriov_net_open(seat->fn, c->drivers, &net), 0);
    int err = vm_give(bed, seat, &opts);
    sriov_net_close(net);
    RETURNS(c, err, -EBUSY);
    CHECK(c, seat->assign == NULL && is_untouched(bed, seat));
    RETURNS(c, vm_give(bed, seat, &opts), 0);
    net = NULL;
    RETURNS(c, sriov_net_open(seat->fn, c->drivers, &net), -EBUSY); /* and the other way round */
    return CONFORM_PASS;
}

static enum conform_verdict released_works_for_a_driver(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_net *net = NULL;
    if (bed->pf == NULL) {
        return conform_cannot(c, "no driver for this device");
    }
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_msix_up(bed, seat);
    vm_release(seat);
    RETURNS(c, sriov_net_open(seat->fn, c->drivers, &net), 0);
    struct sriov_net_info info = {.size = sizeof(info)};
    int err = sriov_net_get_info(net, &info);
    sriov_net_close(net);
    RETURNS(c, err, 0);
    return CONFORM_PASS;
}

static enum conform_verdict taken_slot_is_busy(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct vm_seat *other;
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    RETURNS(c, vm_ready(bed, &seat), 0);
    RETURNS(c, vm_open(bed, 1, &other), 0);
    RETURNS(c, vm_give(bed, other, &opts), -EBUSY);
    CHECK(c, other->assign == NULL && sriov_fn_state(other->fn) == SRIOV_FN_DETACHED);
    opts.slot = 4;
    RETURNS(c, vm_give(bed, other, &opts), 0);
    RETURNS(c, vm_boot(bed, other), 0);
    CHECK(c, vm_reg(bed, other, 8) == vm_reg(bed, seat, 8));
    return CONFORM_PASS;
}

static enum conform_verdict slots_are_bounded(struct conform *c, struct vm_bed *bed)
{
    struct sriov_assign_opts opts = vm_opts(bed, SRIOV_VM_SLOT_ANY);
    uint32_t in = 0;
    int err = 0;
    for (uint16_t i = 0; i < 33 && err == 0; i++) {
        struct vm_seat *seat;
        RETURNS(c, vm_open(bed, i, &seat), 0);
        err = vm_give(bed, seat, &opts);
        in += err == 0;
        CHECK(c, err == 0 || sriov_fn_state(seat->fn) == SRIOV_FN_DETACHED);
    }
    RETURNS(c, err, -ENOSPC);
    CHECK(c, in >= 16 && in <= 32);
    for (uint32_t i = 0; i < in; i += 2) {
        vm_release(&bed->seats[i]);
    }
    RETURNS(c, vm_give(bed, &bed->seats[0], &opts), 0);
    return CONFORM_PASS;
}

static enum conform_verdict bad_options_are_refused(struct conform *c, struct vm_bed *bed)
{
    static const struct sriov_bell bells[] = {
        {.bar = 6, .width = 4}, {.bar = 0, .width = 3}, {.bar = 0, .width = 4, .off = 2}};
    struct vm_seat *seat;
    struct {
        struct sriov_assign_opts opts;
        uint64_t more;
    } later = {.more = 1};
    RETURNS(c, vm_open(bed, 0, &seat), 0);
    later.opts = vm_opts(bed, 3);
    later.opts.size = sizeof(later);
    RETURNS(c, vm_give(bed, seat, &later.opts), -E2BIG);
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    opts.size = 4;
    RETURNS(c, vm_give(bed, seat, &opts), -EINVAL);
    opts = vm_opts(bed, 3);
    opts.flags = 0x8000;
    RETURNS(c, vm_give(bed, seat, &opts), -EINVAL);
    opts = vm_opts(bed, 32);
    RETURNS(c, vm_give(bed, seat, &opts), -EINVAL);
    for (size_t i = 0; i < sizeof(bells) / sizeof(bells[0]); i++) {
        opts = vm_opts(bed, 3);
        opts.bells = &bells[i];
        opts.num_bells = 1;
        RETURNS(c, vm_give(bed, seat, &opts), -EINVAL);
    }
    opts.bells = NULL;
    RETURNS(c, vm_give(bed, seat, &opts), -EINVAL);
    CHECK(c, is_untouched(bed, seat));
    return CONFORM_PASS;
}

static enum conform_verdict memory_out_of_reach(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct vm_piece *far;
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    RETURNS(c, vm_ram(bed, FAR - CONFORM_VM_RAM, 1, &far), 0);
    RETURNS(c, vm_open(bed, 0, &seat), 0);
    RETURNS(c, vm_give(bed, seat, &opts), -ERANGE);
    CHECK(c, is_untouched(bed, seat));
    RETURNS(c, vm_ram_take(bed, far), 0);
    RETURNS(c, vm_give(bed, seat, &opts), 0);
    return CONFORM_PASS;
}

static enum conform_verdict too_few_vectors(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    RETURNS(c, vm_open(bed, 0, &seat), 0);
    RETURNS(c, vm_give(bed, seat, &opts), -ENOSPC);
    CHECK(c, is_untouched(bed, seat));
    return CONFORM_PASS;
}

static enum conform_verdict belongs_to_the_machine(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct sriov_pf_vf_info info = {.size = sizeof(info)};
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    if (bed->pf == NULL) {
        return conform_cannot(c, "no PF driver for this device");
    }
    opts.pf = bed->pf;
    RETURNS(c, vm_open(bed, 0, &seat), 0);
    RETURNS(c, sriov_pf_claim_vf(bed->pf, 0, "somebody"), 0);
    RETURNS(c, vm_give(bed, seat, &opts), -EBUSY);
    CHECK(c, is_untouched(bed, seat));
    RETURNS(c, sriov_pf_release_vf(bed->pf, 0, "somebody"), 0);
    RETURNS(c, vm_give(bed, seat, &opts), 0);
    RETURNS(c, sriov_pf_get_vf(bed->pf, 0, &info), 0);
    CHECK(c, info.owner[0] != '\0');
    RETURNS(c, sriov_pf_claim_vf(bed->pf, 0, "somebody"), -EBUSY);
    vm_release(seat);
    RETURNS(c, sriov_pf_get_vf(bed->pf, 0, &info), 0);
    CHECK(c, info.owner[0] == '\0');
    return CONFORM_PASS;
}

static enum conform_verdict nothing_stays_inside(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    RETURNS(c, vm_ready(bed, &seat), 0);
    vm_reg_put(bed, seat, TOY_SCRATCH, 0x5ec2e7);
    CHECK(c, vm_reg(bed, seat, TOY_SCRATCH) == 0x5ec2e7);
    vm_release(seat);
    struct sriov_bar bar;
    RETURNS(c, sriov_bar_open(seat->fn, 0, 16, &bar), 0);
    uint32_t left = sriov_rd32(&bar, TOY_SCRATCH);
    sriov_bar_close(&bar);
    CHECK(c, left == 0);
    struct sriov_assign_opts opts = vm_opts(bed, 3);
    struct sriov_bar dirty;
    RETURNS(c, sriov_bar_open(seat->fn, 0, 16, &dirty), 0);
    sriov_wr32(&dirty, TOY_SCRATCH, 0x4057); /* the host's, which no guest is to see */
    sriov_bar_close(&dirty);
    RETURNS(c, vm_give(bed, seat, &opts), 0);
    RETURNS(c, vm_boot(bed, seat), 0);
    CHECK(c, vm_reg(bed, seat, TOY_SCRATCH) == 0);
    return CONFORM_PASS;
}

static enum conform_verdict a_machine_in_use_stays(struct conform *c, struct vm_bed *bed)
{
    struct vm_seat *seat;
    struct vm_piece *ram;
    RETURNS(c, vm_ram(bed, 0, 1, &ram), 0);
    RETURNS(c, sriov_vm_unregister(bed->guest.vm), -EBUSY);
    RETURNS(c, vm_ram_take(bed, ram), 0);
    RETURNS(c, vm_ready(bed, &seat), 0);
    RETURNS(c, sriov_vm_unregister(bed->guest.vm), -EBUSY);
    return CONFORM_PASS;
}

static enum conform_verdict info_says_what_there_is(struct conform *c, struct vm_bed *bed)
{
    struct sriov_vm_info info = {.size = sizeof(info)};
    struct sriov_vm *vm = bed->guest.vm;
    RETURNS(c, sriov_vm_info(vm, &info), 0);
    CHECK(c, (info.caps & (SRIOV_VM_CAP_TRAPPED | SRIOV_VM_CAP_IRQ)) != 0);
    CHECK(c, info.vectors_left > 0);
    CHECK(c, sriov_vm_name(vm) != NULL && sriov_vm_name(vm)[0] != '\0');
    CHECK(c, sriov_vm_vmm(vm) != NULL && sriov_vm_ctx(vm) != NULL);
    struct sriov_vm_info shorter;
    memset(&shorter, 0xa5, sizeof(shorter));
    shorter.size = offsetof(struct sriov_vm_info, doorbells_left);
    RETURNS(c, sriov_vm_info(vm, &shorter), 0);
    CHECK(c, shorter.caps == info.caps && shorter.doorbells_left == UINT64_C(0xa5a5a5a5a5a5a5a5));
    return CONFORM_PASS;
}

const struct vm_case vm_assign_cases[] = {
    {"vm.info-says-what-there-is", info_says_what_there_is, VM_TOY, {0}},
    {"vm.in-use-stays", a_machine_in_use_stays, VM_TOY, {0}},
    {"assign.comes-and-goes", comes_and_goes, VM_ANY, {0}},
    {"assign.no-options-are-fine", no_options_are_fine, VM_ANY, {0}},
    {"assign.twice-is-busy", twice_is_busy, VM_ANY, {0}},
    {"assign.a-pf-is-refused", a_pf_is_refused, VM_TOY, {0}},
    {"assign.in-use-is-busy", in_use_is_busy, VM_ANY, {0}},
    {"assign.released-works-for-a-driver", released_works_for_a_driver, VM_ANY, {0}},
    {"assign.taken-slot-is-busy", taken_slot_is_busy, VM_ANY, {0}},
    {"assign.slots-bounded", slots_are_bounded, VM_TOY, {0}},
    {"assign.bad-options-refused", bad_options_are_refused, VM_TOY, {0}},
    {"assign.memory-out-of-reach", memory_out_of_reach, VM_TOY, {0}},
    {"assign.too-few-vectors", too_few_vectors, VM_ANY, {.vectors_max = 1}},
    {"assign.belongs-to-the-machine", belongs_to_the_machine, VM_ANY, {0}},
    {"assign.nothing-stays-inside", nothing_stays_inside, VM_TOY, {0}},
    {NULL, NULL, VM_ANY, {0}},
};
