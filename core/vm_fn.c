/* SPDX-License-Identifier: BSD-3-Clause */
/* The function's side of an assignment: may it go there, FLR, bus mastering. */
#include "vm.h"

static int check_kind(const struct sriov_assign *a)
{
    uint64_t needs = SRIOV_CAP_RESET;

    if (sriov_fn_gone(a->fn)) {
        return -ENODEV;
    }
    if ((a->opts.flags & SRIOV_ASSIGN_SLOW_MASK) != 0) {
        needs |= SRIOV_CAP_IRQ_MASK;
    }
    return sriov_fn_info(a->fn)->is_vf != 0 && sriov_fn_can(a->fn, needs) ? 0 : -EOPNOTSUPP;
}

/* Guest-physical addresses go on the bus as they are: the IOVAs must be ours to choose. */
static int check_dma(const struct sriov_assign *a)
{
    struct sriov_dma_limits limits;
    int rc;

    if ((a->caps & SRIOV_VM_CAP_OWN_DMA) != 0) {
        return 0;
    }
    if (!sriov_fn_can(a->fn, SRIOV_CAP_DMA_MAP)) {
        return -EOPNOTSUPP;
    }
    rc = sriov_dma_limits(a->fn, &limits);
    if (rc == 0 && (limits.flags & SRIOV_DMA_SHIM_IOVA) != 0) {
        rc = -EOPNOTSUPP;
    }
    return rc;
}

/* While the log is on, a function that can never tell is refused before it is reset. */
static int check_log(const struct sriov_assign *a)
{
    bool never = sric_ops(a->fn)->dma_dirty_start == sric_absent_ops.dma_dirty_start;

    return a->vm->dirty && never ? -EOPNOTSUPP : 0;
}

/* An MSI-X table is always trapped, unless the VMM shows all of the function by itself. */
static bool can_show(uint64_t caps)
{
    return (caps & (SRIOV_VM_CAP_TRAPPED | SRIOV_VM_CAP_OWN_DEVICE)) != 0;
}

int sric_vm_check_fn(struct sriov_assign *a)
{
    struct sriov_vm_info info = {.size = sizeof(info)};
    int rc = check_kind(a);

    if (rc == 0) {
        rc = sriov_vm_info(a->vm, &info);
    }
    if (rc == 0) {
        rc = can_show(info.caps) ? check_log(a) : -EOPNOTSUPP;
    }
    a->caps = info.caps;
    a->vectors_left = (info.caps & SRIOV_VM_CAP_IRQ) != 0 ? info.vectors_left : 0;
    return rc != 0 ? rc : check_dma(a);
}

int sric_vm_quiet(struct sriov_assign *a)
{
    int rc = sriov_fn_reset(a->fn);
    int off;

    a->quiet = true;
    /* Also after a reset that failed: this alone keeps the device from memory then. */
    off = sric_fn_bus_master(a->fn, false);
    return rc != 0 ? rc : off;
}

int sric_vm_bus_master(void *arg, bool on)
{
    struct sriov_assign *a = arg;

    return sric_fn_bus_master(a->fn, on);
}

/* The guest's registers were reset before: nothing is decoded, no vector arrives. */
int sric_vm_flr(void *arg)
{
    struct sriov_assign *a = arg;
    int rc;

    a->resetting = true;
    rc = sric_vm_quiet(a);
    sric_vm_irqs_forget(a);
    a->resetting = false;
    if (rc == 0) {
        a->counts.resets++;
        a->flr_due = true;
    }
    return rc;
}
