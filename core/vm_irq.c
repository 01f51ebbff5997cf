/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Vectors: turned on and given their sinks once, when the function is assigned. From then on the guest
 * enables, masks and moves them by routes of its machine alone: no op of the function, but on the slow
 * path that is there for measuring.
 */
#include "vm.h"

static int attach(struct sriov_assign *a, uint32_t vector)
{
    struct sriov_irq_sink sink = {.size = sizeof(sink), .fd = -1};
    int rc = sric_vm_ops(a->vm)->vm_irq_sink(a->dev, vector, &sink);

    return rc != 0 ? rc : sric_irq_attach_sink(a->fn, vector, &sink);
}

/* All of them, or none: the guest's driver reads their number from the capability. */
int sric_vm_irqs_on(struct sriov_assign *a)
{
    const uint64_t theirs = SRIOV_VM_CAP_OWN_IRQ | SRIOV_VM_CAP_OWN_DEVICE;
    uint32_t n = a->counts.vectors;
    uint32_t got;
    int rc;

    if (n == 0 || (a->caps & theirs) != 0) {
        return 0;
    }
    rc = sriov_irq_enable(a->fn, n, n, &got);
    a->has_irqs = rc == 0;
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        rc = attach(a, i);
    }
    return rc;
}

/* After FLR: what came before it is nothing that the guest still waits for. */
void sric_vm_irqs_forget(struct sriov_assign *a)
{
    bool mine = a->has_irqs || ((a->caps & SRIOV_VM_CAP_OWN_IRQ) != 0 && a->dev != NULL);

    for (uint32_t i = 0; mine && i < a->counts.vectors; i++) {
        struct sriov_irq_sink same = {.size = sizeof(same), .fd = -1};

        (void)sric_vm_ops(a->vm)->vm_irq_sink(a->dev, i, &same);
    }
}

static uint32_t bit(uint32_t vector)
{
    return UINT32_C(1) << vector % 32;
}

int sric_vm_route(void *arg, uint32_t vector, const struct sriov_vm_msi *msi)
{
    struct sriov_assign *a = arg;
    int rc;

    if (vector >= a->counts.vectors) {
        return -EINVAL;
    }
    if (msi == NULL && (a->routed[vector / 32] & bit(vector)) == 0) {
        return 0;
    }
    rc = sric_vm_ops(a->vm)->vm_irq_route(a->dev, vector, msi);
    if (rc == 0 && msi != NULL) {
        a->routed[vector / 32] |= bit(vector);
    } else if (rc == 0) {
        a->routed[vector / 32] &= ~bit(vector);
    }
    return rc;
}

/* Vectors are on already; what may still arrive when the guest turns them off is taken away. */
int sric_vm_msix_enable(void *arg, bool on)
{
    struct sriov_assign *a = arg;
    int rc = 0;

    for (uint32_t i = 0; !on && i < a->counts.vectors; i++) {
        int step = sric_vm_route(a, i, NULL);

        rc = rc != 0 ? rc : step;
    }
    return rc;
}

/* On the slow path it is the device that holds a masked vector back. */
int sric_vm_pending(void *arg, uint32_t vector, uint32_t *pending)
{
    struct sriov_assign *a = arg;
    bool at_device = false;
    int rc = sric_vm_ops(a->vm)->vm_irq_pending(a->dev, vector, pending);

    if (rc == 0 && (a->opts.flags & SRIOV_ASSIGN_SLOW_MASK) != 0 &&
        sriov_irq_pending(a->fn, vector, &at_device) == 0 && at_device) {
        *pending = 1;
    }
    return rc;
}

int sric_vm_vector_control(void *arg, uint32_t vector, bool masked)
{
    struct sriov_assign *a = arg;

    return masked ? sriov_irq_mask(a->fn, vector) : sriov_irq_unmask(a->fn, vector);
}
