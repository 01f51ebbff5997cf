/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All or nothing: a function's whole life in a machine, in which occasion N of all ops fails, for every
 * N until none is left to fail; and in which the function is pulled out at its op N. On the mock the
 * machine's ops are among them, on another machine the function's alone.
 */
#include "vm_bed.h"

#include <errno.h>
#include <string.h>

#define POINTS_MAX 20000u

struct life {
    struct vm_bed *bed;
    struct vm_seat *seat;
    struct vm_piece *ram;
    struct vm_piece *more;
    uint64_t held;
    const char *wrong; /* what a failed step left behind */
};

static bool is_nobodys(const struct life *life)
{
    return life->seat->assign == NULL && vm_is_absent(life->bed, 3) &&
           (sriov_fn_state(life->seat->fn) == SRIOV_FN_DETACHED || sriov_fn_gone(life->seat->fn));
}

static void use_it(struct life *life)
{
    struct vm_bed *bed = life->bed;
    if (vm_boot(bed, life->seat) != 0) {
        return; /* a config access went wrong: so a guest sees it */
    }
    vm_msix_up(bed, life->seat);
    vm_raise(bed, life->seat, 0);
    vm_pass(bed, 10 * VM_US);
    vm_mask(bed, life->seat, 0, true);
    vm_raise(bed, life->seat, 0);
    (void)vm_is_pending(bed, life->seat, 0);
    vm_mask(bed, life->seat, 0, false);
    vm_reg_put(bed, life->seat, TOY_SCRATCH, 3); /* the doorbell */
    vm_pass(bed, 10 * VM_US);
    vm_put_bar(bed, life->seat, 0, life->seat->bar[0] + 0x100000);
    (void)vm_dma_write(bed, life->seat, life->ram->gpa, 16);
}

/* Start fails and is off, or works, and then reading loses nothing, and stop ends it whatever it says. */
static int log_it(struct life *life)
{
    struct sriov_vm *vm = life->bed->guest.vm;
    uint64_t bits = 0;
    uint64_t rest = 0;
    int err = sriov_vm_dirty_start(vm, vm_dirty_mode(life->bed));
    if (err != 0) {
        if (sriov_vm_dirty_stop(vm) >= 0) {
            life->wrong = "a dirty log that failed to start is on";
        }
        return err;
    }
    vm_wr(life->bed, life->ram->gpa + SRIOV_VM_PAGE, 4, 1);
    err = sriov_vm_dirty_read(vm, life->ram->gpa, life->ram->length, &bits);
    if (err != 0) {
        (void)sriov_vm_dirty_read(vm, life->ram->gpa, life->ram->length, &rest);
    }
    if (((bits | rest) & 2u) == 0) {
        life->wrong = "a page is lost to the dirty log";
    }
    int stopped = sriov_vm_dirty_stop(vm);
    if (sriov_vm_dirty_stop(vm) >= 0) {
        life->wrong = "a dirty log that was stopped is on";
    }
    return err != 0 ? err : stopped;
}

static int grow_it(struct life *life)
{
    int err = vm_ram_give(life->bed, life->more);
    if (err != 0) {
        if (sriov_vm_del_memory(life->bed->guest.vm, life->more->gpa, life->more->length) != -ENOENT) {
            life->wrong = "memory that failed to come is there";
        }
        return err;
    }
    err = vm_ram_take(life->bed, life->more);
    if (err != 0 && life->more->given) {
        (void)vm_ram_take(life->bed, life->more);
    }
    return err;
}

static int live(struct life *life)
{
    static const struct sriov_bell bell = {.bar = TOY_BAR, .width = 4, .off = TOY_SCRATCH, .values = 16};
    struct sriov_assign_opts opts = vm_opts(life->bed, 3);
    opts.bells = &bell;
    opts.num_bells = 1;
    int err = vm_give(life->bed, life->seat, &opts);
    if (err != 0) {
        if (!is_nobodys(life)) {
            life->wrong = "the function of a failed assign is not as before";
        }
        return err;
    }
    use_it(life);
    err = log_it(life);
    int grown = grow_it(life);
    int removed = sriov_vm_remove(life->seat->assign, VM_MS);
    if (removed != 0 && removed != -ETIMEDOUT) {
        (void)sriov_vm_poll(life->bed->guest.vm);
        sriov_vm_release(life->seat->assign); /* nothing was changed */
    }
    life->seat->assign = NULL;
    if (!is_nobodys(life)) {
        life->wrong = "a removed function is not as before";
    }
    return err != 0 ? err : grown != 0 ? grown : removed == -ETIMEDOUT ? 0 : removed;
}

static int open_again(struct life *life)
{
    (void)vm_close(life->seat);
    if (life->bed->num_seats > 0) {
        life->bed->num_seats--;
    }
    return vm_open(life->bed, 0, &life->seat);
}

static int begin(struct vm_bed *bed, struct life *life)
{
    *life = (struct life){.bed = bed};
    int err = vm_ram(bed, 0, 4, &life->ram);
    if (err == 0) {
        err = vm_ram_make(bed, 0x100000, 4, &life->more);
    }
    if (err == 0) {
        err = vm_open(bed, 0, &life->seat);
    }
    return err == 0 ? live(life) : err;
}

/* A register that was lost to the fault may leave the device without what the guest then uses: bus
 * mastering, memory. That is no manager's doing; the rest is. */
static uint64_t findings(const struct sriov_mock *mock)
{
    return sriov_mock_violations(mock, SRIOV_VIOLATION_LEAK) +
           sriov_mock_violations(mock, SRIOV_VIOLATION_CONTRACT) +
           sriov_mock_violations(mock, SRIOV_VIOLATION_PAGE_RACE) +
           sriov_mock_violations(mock, SRIOV_VIOLATION_IOMMU_AFTER_UNMAP);
}

static bool is_clean(struct life *life)
{
    struct vm_bed *bed = life->bed;
    if (life->wrong == NULL && findings(bed->mock) != 0) {
        life->wrong = bed->finding.text;
    }
    sriov_mock_forget_violations(bed->mock);
    if (life->wrong == NULL && sriov_mock_held(bed->mock) != life->held) {
        life->wrong = "the mock holds more than before";
    }
    return life->wrong == NULL;
}

static enum conform_verdict say(struct conform *c, const struct life *life, uint64_t nth, int err)
{
    char what[160];
    sriov_format(what, sizeof(what), "occasion %llu: %s", (unsigned long long)nth,
                 life->wrong != NULL ? life->wrong : "the same without a fault fails");
    return conform_fail(c, __LINE__, what, err);
}

/* The occasion came; whatever it did, nothing is left of it. */
static enum conform_verdict look_after(struct conform *c, struct life *life, uint32_t kind, uint64_t nth,
                                       int err)
{
    struct vm_bed *bed = life->bed;
    if (kind == SRIOV_MOCK_FAULT_GONE) {
        (void)vm_close(life->seat); /* a VF that was pulled comes back with all of them */
        RETURNS(c, sriov_fn_set_vfs(bed->pf_fn, 0), 0);
        RETURNS(c, sriov_fn_set_vfs(bed->pf_fn, VM_BED_VFS), 0);
    }
    RETURNS(c, open_again(life), 0);
    if (!is_clean(life)) {
        return say(c, life, nth, err);
    }
    if (nth % 7 == 0) {
        err = live(life);
        RETURNS(c, open_again(life), 0);
        if (err != 0 || !is_clean(life)) {
            return say(c, life, nth, err);
        }
    }
    return CONFORM_PASS;
}

/* op NULL: any that can be hit. */
static enum conform_verdict sweep_op(struct conform *c, struct life *life, uint32_t kind, const char *op,
                                     uint64_t *points)
{
    struct sriov_mock *mock = life->bed->mock;
    enum conform_verdict verdict = CONFORM_PASS;
    for (uint64_t nth = 1; nth < POINTS_MAX && verdict == CONFORM_PASS; nth++) {
        struct sriov_mock_fault fault = {
            .size = sizeof(fault), .kind = kind, .op = op, .nth = nth, .err = -EPERM};
        fault.fn = kind == SRIOV_MOCK_FAULT_GONE ? sriov_fn_info(life->seat->fn)->name : NULL;
        RETURNS(c, sriov_mock_inject(mock, &fault), 0);
        int err = live(life);
        if (sriov_mock_clear_faults(mock) == 0) {
            return open_again(life) == 0 ? CONFORM_PASS : say(c, life, nth, err);
        }
        ++*points;
        verdict = look_after(c, life, kind, nth, err);
    }
    return verdict;
}

static enum conform_verdict sweep(struct conform *c, struct vm_bed *bed, uint32_t kind,
                                  const char *const *ops, size_t num_ops)
{
    struct life life;
    uint64_t points = 0;
    RETURNS(c, begin(bed, &life), 0);
    RETURNS(c, open_again(&life), 0);
    life.held = sriov_mock_held(bed->mock); /* with tables that have grown and stay */
    for (size_t i = 0; i < num_ops; i++) {
        enum conform_verdict verdict = sweep_op(c, &life, kind, ops[i], &points);
        if (verdict != CONFORM_PASS) {
            return verdict;
        }
    }
    CHECK(c, points > 50);
    RETURNS(c, live(&life), 0);
    sriov_format(c->why, sizeof(c->why), "%llu points", (unsigned long long)points);
    return CONFORM_PASS;
}

static enum conform_verdict op_n_fails(struct conform *c, struct vm_bed *bed)
{
    static const char *const any[] = {NULL};
    return sweep(c, bed, SRIOV_MOCK_FAULT_OP, any, 1);
}

/* At its own ops, and at those of the machine where that is the same mock's. */
static enum conform_verdict pulled_out_at_op_n(struct conform *c, struct vm_bed *bed)
{
    static const char *const ops[] = {NULL,
                                      "host_alloc",
                                      "vm_info",
                                      "vm_mem_add",
                                      "vm_mem_del",
                                      "vm_dev_add",
                                      "vm_dev_del",
                                      "vm_window_add",
                                      "vm_window_del",
                                      "vm_doorbell_add",
                                      "vm_doorbell_del",
                                      "vm_irq_sink",
                                      "vm_irq_route",
                                      "vm_irq_pending",
                                      "vm_dirty_start",
                                      "vm_dirty_stop",
                                      "vm_dirty_read",
                                      "vm_hot_add",
                                      "vm_hot_remove"};
    return sweep(c, bed, SRIOV_MOCK_FAULT_GONE, ops, sizeof(ops) / sizeof(ops[0]));
}

const struct vm_case vm_sweep_cases[] = {
    {"sweep.op-n-fails", op_n_fails, VM_TOY, {0}},
    {"sweep.pulled-out-at-op-n", pulled_out_at_op_n, VM_TOY, {0}},
    {NULL, NULL, VM_ANY, {0}},
};
