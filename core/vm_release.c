/* SPDX-License-Identifier: BSD-3-Clause */
/* A function leaves its machine, whatever state both are in. */
#include "vm.h"

/* Sinks first, since they are the machine's; then all that lets the guest reach the function. */
static void cut_off(struct sriov_assign *a)
{
    if (a->has_irqs) {
        (void)sriov_irq_disable(a->fn);
        a->has_irqs = false;
    }
    if (a->dev != NULL) {
        sric_vm_ops(a->vm)->vm_dev_del(a->dev);
        a->dev = NULL;
    }
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        a->bar[i].gpa = SRIOV_VCFG_NOWHERE;
    }
    for (uint32_t i = 0; a->bells != NULL && i < a->opts.num_bells; i++) {
        a->bells[i].placed = false;
    }
    a->plugged = false;
}

/* Nothing of the guest stays in the device, and it no longer writes, before its memory goes. */
static void silence(struct sriov_assign *a)
{
    int rc;

    if (!a->quiet || sriov_fn_gone(a->fn)) {
        return;
    }
    rc = sric_vm_quiet(a);
    if (rc != 0 && rc != -ENODEV) {
        (void)sric_fn_bus_master(a->fn, false); /* once more: it is all that stands before the memory */
        sriov_log(a->vm->vmm, SRIOV_LOG_ERROR, "%s: not reset on its way out of %s: errno %d",
                  a->fn->info.name, a->vm->name, -rc);
    }
}

static void keep_counts(struct sriov_assign *a)
{
    struct sriov_vcfg_counts vcfg = {.size = sizeof(vcfg)};

    if (a->vcfg != NULL && sriov_vcfg_counts(a->vcfg, &vcfg) == 0) {
        a->counts.vector_control = vcfg.vector_control;
        a->counts.device_trips = vcfg.device_trips;
    }
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        a->counts.bar_gpa[i] = a->bar[i].gpa;
    }
}

/* As sriov_fn_open left it: whoever has it next finds it mastering the bus. */
static void let_go(struct sriov_assign *a)
{
    if (a->quiet && !sriov_fn_gone(a->fn)) {
        (void)sric_fn_bus_master(a->fn, true);
    }
    a->quiet = false;
    if (a->claimed) {
        (void)sriov_pf_release_vf(a->opts.pf, a->fn->info.vf_index, a->vm->name);
        a->claimed = false;
    }
    if (a->held) {
        (void)sriov_fn_set_state(a->fn, SRIOV_FN_DETACHED);
        a->held = false;
    }
}

void sric_vm_take(struct sriov_assign *a)
{
    bool had_dev = a->dev != NULL;

    if (a->taken) {
        return;
    }
    a->taken = true;
    cut_off(a);
    silence(a);
    sric_vm_log_off(a);
    if (had_dev) {
        sric_vm_unmap_all(a);
    }
    keep_counts(a);
    sric_vm_bars_close(a);
    sriov_vcfg_destroy(a->vcfg);
    a->vcfg = NULL;
    let_go(a);
}

void sric_vm_free(struct sriov_assign *a)
{
    struct sriov_assign **link = &a->vm->assigns;
    struct sriov_vmm *vmm = a->vm->vmm;

    while (*link != NULL && *link != a) {
        link = &(*link)->next;
    }
    if (*link == a) {
        *link = a->next;
    }
    if (a->bells != NULL) {
        sric_free(vmm, a->bells, sizeof(*a->bells) * a->opts.num_bells);
    }
    sric_free(vmm, a, sizeof(*a));
}

void sriov_vm_release(struct sriov_assign *a)
{
    /* Released from within the event that sriov_vm_remove tells of: it does it itself. */
    if (a == NULL || a->removing) {
        return;
    }
    if (!a->taken) {
        sriov_log(a->vm->vmm, SRIOV_LOG_INFO, "%s: released from %s", a->fn->info.name, a->vm->name);
    }
    sric_vm_take(a);
    sric_vm_free(a);
}

int sriov_assign_info(struct sriov_assign *a, struct sriov_assign_info *info)
{
    if (a == NULL) {
        return -EINVAL;
    }
    if (!a->taken) {
        keep_counts(a);
    }
    return sric_result_give(info, &a->counts, sizeof(a->counts));
}
