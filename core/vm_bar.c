/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BARs at guest addresses. Where the function gives a pointer and the machine takes it, whole pages are
 * mapped; the pages of the MSI-X table and its pending bits, and all the rest, are trapped. How a BAR is
 * cut does not depend on where the guest puts it.
 */
#include "vm.h"

/* ---- how it is cut ---- */

static void add_seg(struct sric_vm_bar *bar, uint64_t off, uint64_t end, bool mapped)
{
    if (off < end) {
        bar->seg[bar->num_segs++] = (struct sric_vm_seg){
            .bar = bar, .off = off, .length = end - off, .mapped = mapped, .kept = SRIOV_VCFG_NOWHERE};
    }
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Bytes from its begin that may be mapped. A BAR of less than a page shares it with whatever lies beside
 * it in the host. */
static uint64_t mappable(const struct sriov_assign *a, const struct sric_vm_bar *bar)
{
    const uint64_t below = SRIOV_VM_PAGE - 1;

    if ((a->caps & SRIOV_VM_CAP_MAPPED) == 0 || (a->opts.flags & SRIOV_ASSIGN_TRAP) != 0 ||
        bar->regs.view == NULL || ((uint64_t)(uintptr_t)bar->regs.view & below) != 0) {
        return 0;
    }
    return lesser(bar->regs.length, bar->length) & ~below;
}

static void cut(struct sriov_assign *a, uint32_t index)
{
    struct sric_vm_bar *bar = &a->bar[index];
    uint64_t end = mappable(a, bar);
    uint64_t trap = end;
    uint64_t length = 0;
    uint64_t trap_end;

    bar->num_segs = 0;
    if (!sriov_vcfg_trapped(a->vcfg, index, &trap, &length)) {
        trap = end;
        length = 0;
    }
    trap = lesser(trap, end);
    trap_end = trap + lesser(length, end - trap);
    add_seg(bar, 0, trap, true);
    add_seg(bar, trap, trap_end, false);
    add_seg(bar, trap_end, end, true);
    add_seg(bar, end, bar->length, false);
}

static int open_one(struct sriov_assign *a, uint32_t index)
{
    struct sric_vm_bar *bar = &a->bar[index];
    int rc = 0;

    bar->assign = a;
    bar->gpa = SRIOV_VCFG_NOWHERE;
    bar->length = sriov_vcfg_bar_length(a->vcfg, index);
    if (bar->length != 0) {
        rc = sriov_bar_open(a->fn, index, 1, &bar->regs);
    }
    if (rc == 0) {
        cut(a, index);
    }
    return rc;
}

/* What a bell rings is the function's: in its BAR, and no part of the MSI-X table or its pending bits. */
static int check_bell(const struct sriov_assign *a, const struct sriov_bell *bell)
{
    const struct sric_vm_bar *bar = &a->bar[bell->bar];
    uint64_t unused;

    if (bell->off > bar->length || bell->width > bar->length - bell->off) {
        return -ERANGE;
    }
    return sriov_vcfg_bar_read(a->vcfg, bell->bar, bell->off, bell->width, &unused) ? -EINVAL : 0;
}

int sric_vm_bars_open(struct sriov_assign *a)
{
    int rc = 0;

    if (sric_vm_shows_itself(a)) {
        return 0;
    }
    for (uint32_t i = 0; rc == 0 && i < SRIOV_PCI_BAR_COUNT; i++) {
        rc = open_one(a, i);
    }
    for (uint32_t i = 0; rc == 0 && i < a->opts.num_bells; i++) {
        rc = check_bell(a, &a->bells[i].spec);
    }
    return rc;
}

void sric_vm_bars_close(struct sriov_assign *a)
{
    for (uint32_t i = SRIOV_PCI_BAR_COUNT; i > 0; i--) {
        sriov_bar_close(&a->bar[i - 1].regs);
    }
}

/* ---- where it is ---- */

static bool covers(const struct sric_vm_bar *bar, uint64_t gpa, uint64_t length)
{
    if (bar->length != 0 && bar->gpa != SRIOV_VCFG_NOWHERE &&
        sric_vm_overlap(gpa, length, bar->gpa, bar->length)) {
        return true;
    }
    for (uint32_t i = 0; i < bar->num_segs; i++) {
        const struct sric_vm_seg *seg = &bar->seg[i];

        if (seg->kept != SRIOV_VCFG_NOWHERE && sric_vm_overlap(gpa, length, seg->kept, seg->length)) {
            return true;
        }
    }
    return false;
}

bool sric_vm_is_window(const struct sriov_vm *vm, uint64_t gpa, uint64_t length)
{
    for (const struct sriov_assign *a = vm->assigns; a != NULL; a = a->next) {
        for (uint32_t i = 0; !a->taken && i < SRIOV_PCI_BAR_COUNT; i++) {
            if (covers(&a->bar[i], gpa, length)) {
                return true;
            }
        }
    }
    return false;
}

static int add_window(struct sriov_assign *a, struct sric_vm_seg *seg, uint64_t gpa)
{
    struct sriov_vm_window window = {
        .size = sizeof(window),
        .gpa = gpa + seg->off,
        .length = seg->length,
        .read = sric_vm_trap_read,
        .write = sric_vm_trap_write,
        .arg = seg,
    };

    if (seg->mapped) {
        window.va = seg->bar->regs.view + seg->off;
    }
    return sric_vm_ops(a->vm)->vm_window_add(a->dev, &window);
}

/* A machine that refuses keeps the window, until it is asked again before the BAR's next place. */
static int del_window(struct sriov_assign *a, struct sric_vm_seg *seg, uint64_t gpa)
{
    int rc = sric_vm_ops(a->vm)->vm_window_del(a->dev, gpa, seg->length);

    seg->kept = rc == 0 ? SRIOV_VCFG_NOWHERE : gpa;
    return rc;
}

static void del_windows(struct sriov_assign *a, struct sric_vm_bar *bar, uint64_t gpa, uint32_t n)
{
    for (uint32_t i = n; i > 0; i--) {
        (void)del_window(a, &bar->seg[i - 1], gpa + bar->seg[i - 1].off);
    }
}

static int del_kept(struct sriov_assign *a, struct sric_vm_bar *bar)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < bar->num_segs; i++) {
        if (bar->seg[i].kept != SRIOV_VCFG_NOWHERE) {
            rc = del_window(a, &bar->seg[i], bar->seg[i].kept);
        }
    }
    return rc;
}

static int add_windows(struct sriov_assign *a, struct sric_vm_bar *bar, uint64_t gpa)
{
    for (uint32_t i = 0; i < bar->num_segs; i++) {
        int rc = add_window(a, &bar->seg[i], gpa);

        if (rc != 0) {
            del_windows(a, bar, gpa, i);
            return rc;
        }
    }
    return 0;
}

/* ---- its bells ---- */

/* Where the guest reaches the register itself, nothing is faster. */
static bool is_trapped(const struct sric_vm_bar *bar, uint64_t off)
{
    for (uint32_t i = 0; i < bar->num_segs; i++) {
        if (off >= bar->seg[i].off && off - bar->seg[i].off < bar->seg[i].length) {
            return !bar->seg[i].mapped;
        }
    }
    return false;
}

/* One that the machine has no room for traps. */
static void add_bells(struct sriov_assign *a, const struct sric_vm_bar *bar)
{
    for (uint32_t i = 0; i < a->opts.num_bells; i++) {
        struct sric_vm_bell *bell = &a->bells[i];
        struct sriov_vm_doorbell at = {
            .size = sizeof(at),
            .width = bell->spec.width,
            .gpa = bar->gpa + bell->spec.off,
            .values = bell->spec.values,
            .cb = sric_vm_bell_rang,
            .arg = bell,
        };

        if (&a->bar[bell->spec.bar] == bar && is_trapped(bar, bell->spec.off)) {
            bell->placed = sric_vm_ops(a->vm)->vm_doorbell_add(a->dev, &at) == 0;
        }
    }
}

static void del_bells(struct sriov_assign *a, const struct sric_vm_bar *bar)
{
    for (uint32_t i = a->opts.num_bells; i > 0; i--) {
        struct sric_vm_bell *bell = &a->bells[i - 1];

        if (bell->placed && &a->bar[bell->spec.bar] == bar) {
            (void)sric_vm_ops(a->vm)->vm_doorbell_del(a->dev, bar->gpa + bell->spec.off);
            bell->placed = false;
        }
    }
}

/* ---- the guest moves it ---- */

static void lift(struct sriov_assign *a, struct sric_vm_bar *bar)
{
    uint64_t gpa = bar->gpa;

    if (gpa == SRIOV_VCFG_NOWHERE) {
        return;
    }
    del_bells(a, bar);
    bar->gpa = SRIOV_VCFG_NOWHERE;
    del_windows(a, bar, gpa, bar->num_segs);
}

static int place(struct sriov_assign *a, struct sric_vm_bar *bar, uint64_t gpa)
{
    int rc;

    if (sric_vm_wraps(gpa, bar->length)) {
        return -EINVAL;
    }
    rc = del_kept(a, bar);
    if (rc != 0) {
        return rc;
    }
    if (sric_vm_is_memory(a->vm, gpa, bar->length) || sric_vm_is_window(a->vm, gpa, bar->length)) {
        return -EBUSY;
    }
    rc = add_windows(a, bar, gpa);
    if (rc == 0) {
        bar->gpa = gpa;
        if ((a->caps & SRIOV_VM_CAP_DOORBELL) != 0) {
            add_bells(a, bar);
        }
    }
    return rc;
}

int sric_vm_bar_moved(void *arg, uint32_t index, uint64_t gpa)
{
    struct sriov_assign *a = arg;
    int rc;

    if (index >= SRIOV_PCI_BAR_COUNT || a->bar[index].length == 0) {
        return -EINVAL;
    }
    lift(a, &a->bar[index]);
    if (gpa == SRIOV_VCFG_NOWHERE) {
        return 0;
    }
    rc = place(a, &a->bar[index], gpa);
    a->counts.misplaced += rc != 0;
    return rc;
}
