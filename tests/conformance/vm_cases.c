/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs the cases of the VM face, each on a machine of its own. */
#include "vm_bed.h"

#include <sriov/hw/igb_regs.h>
#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>
#include <string.h>

static const struct vm_device devices[] = {
    {.model = "82599", .auto_clear = IXGBE_VTEIAC, .mask = IXGBE_VTEIMS, .raise = IXGBE_VTEICS},
    {.model = "82576", .auto_clear = IGBVF_VTEIAC, .mask = IGBVF_VTEIMS, .raise = IGBVF_VTEICS},
};
static const struct vm_device toy = {.raise = TOY_IRQ};

static const struct vm_case *const tables[] = {
    vm_raw_cases,  vm_memory_cases, vm_assign_cases, vm_bus_cases,  vm_bar_cases,
    vm_bell_cases, vm_irq_cases,    vm_life_cases,   vm_plug_cases, vm_dirty_cases,
    vm_bad_cases,  vm_ring_cases,   vm_sweep_cases,  NULL,
};

static enum conform_verdict run_on_bed(struct conform *c, const struct conform_vm_stage *stage,
                                       const struct vm_device *device, const struct vm_case *one)
{
    static struct vm_bed bed; /* large; one thread */
    enum conform_verdict verdict = CONFORM_FAIL;
    char why[sizeof(c->why)];

    int err = vm_bed_build(&bed, c, stage, one->device == VM_TOY ? &toy : device, &one->opts);
    if (err == 0) {
        verdict = one->run(c, &bed);
    } else if (err == -EOPNOTSUPP) {
        verdict = CONFORM_UNSUPPORTED;
    }
    memcpy(why, c->why, sizeof(why));
    int left = vm_bed_strike(&bed);
    if (left != 0 && verdict != CONFORM_FAIL) {
        return CONFORM_FAIL;
    }
    memcpy(c->why, why, sizeof(why)); /* the first thing that went wrong */
    return verdict;
}

static void run_case(struct conform *c, const struct conform_vm_stage *stage, const struct vm_device *device,
                     const struct vm_case *one)
{
    c->why[0] = '\0';
    enum conform_verdict verdict = run_on_bed(c, stage, device, one);
    c->passed += verdict == CONFORM_PASS;
    c->failed += verdict == CONFORM_FAIL;
    c->unsupported += verdict == CONFORM_UNSUPPORTED;
    c->report(c->arg, one->name, verdict, c->why);
}

int vm_cases_run(struct conform *c, const struct conform_vm_stage *stage, const char *model, const char *only)
{
    const struct vm_device *device = NULL;

    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        if (strcmp(devices[i].model, model) == 0) {
            device = &devices[i];
        }
    }
    if (strcmp(model, "toy") == 0) {
        device = &toy;
    }
    if (device == NULL) {
        return -EINVAL;
    }
    for (const struct vm_case *const *table = tables; *table != NULL; table++) {
        for (const struct vm_case *one = *table; one->name != NULL; one++) {
            if (only == NULL || strncmp(one->name, only, strlen(only)) == 0) {
                run_case(c, stage, device, one);
            }
        }
    }
    return (int)c->failed;
}
