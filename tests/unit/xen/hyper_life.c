/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake dom0 with its two domains: up, down, and what must be left. */
#include "hyper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EXPRESS 0x60u
#define SLOTS   "sys/bus/pci/drivers/pciback/slots"

/* A VF has no I/O space (SR-IOV 1.1, 3.3.14). */
static const char resources[] = "0x00000000fe800000 0x00000000fe803fff 0x000000000014220c\n"
                                "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
                                "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
                                "0x00000000fe820000 0x00000000fe823fff 0x000000000014220c\n";

static void on_log(void *arg, uint32_t level, const char *line)
{
    struct hyper *hyper = arg;
    size_t used = strlen(hyper->log);
    if (level == SRIOV_LOG_ERROR) {
        used = sizeof(hyper->log) - used < SRIOV_LOG_LINE_MAX + 2 ? 0 : used;
        snprintf(hyper->log + used, sizeof(hyper->log) - used, "%s\n", line);
    }
}

void hyper_said(const struct hyper *hyper, const char *words)
{
    if (strstr(hyper->log, words) == NULL) {
        fail_msg("'%s' does not say '%s'", hyper->log, words);
    }
}

struct hyper *hyper_up(void)
{
    struct hyper *hyper = calloc(1, sizeof(*hyper));
    assert_non_null(hyper);
    hyper->fake = fake_up();
    hyper->door = hyper_door;
    hyper->door.ctx = hyper;
    hyper->config_slot = HYPER_NONE;
    tree_write(hyper->fake, SLOTS, "");
    tree_write(hyper->fake, "sys/bus/pci/devices/" FAKE_VF "/resource", resources);
    /* PCI Express with FLR: what a guest is shown has it. */
    tree_config_set(hyper->fake, FAKE_MSIX + 1, 1, EXPRESS);
    tree_config_set(hyper->fake, EXPRESS, 4, 0x00020010);
    tree_config_set(hyper->fake, EXPRESS + 4, 4, UINT32_C(1) << 28);
    hyper->vmm = fake_vmm(hyper->fake);
    sriov_log_set_sink(hyper->vmm, on_log, hyper);
    hyper->fn = fake_open(hyper->vmm);
    return hyper;
}

void hyper_untouched(const struct hyper *hyper)
{
    assert_int_equal(hyper->owner, 0);
    assert_int_equal(hyper->attached, 0);
    assert_int_equal(hyper->allowed, 0);
    assert_int_equal(hyper->config_slot, HYPER_NONE);
    assert_int_equal(hyper->live_children, 0);
    assert_false(hyper->log_on);
    for (int i = 0; i < HYPER_MAPS; i++) {
        assert_int_equal(hyper->ranges[i].n, 0);
    }
    for (int i = 0; i < HYPER_VECTORS; i++) {
        assert_false(hyper->pirq[i]);
    }
    assert_int_equal(sriov_fn_state(hyper->fn), SRIOV_FN_DETACHED);
}

void hyper_down(struct hyper *hyper)
{
    hyper_untouched(hyper);
    assert_int_equal(hyper->live_xens, 0);
    assert_int_equal(sriov_fn_close(hyper->fn), 0);
    assert_int_equal(sriov_xen_destroy(hyper->vmm), 0);
    fake_down(hyper->fake);
    free(hyper);
}

struct sriov_vm *hyper_machine(struct hyper *hyper, const struct sriov_xen_vm_opts *opts)
{
    struct sriov_vm *vm = NULL;
    assert_int_equal(sxen_vm_create(hyper->vmm, opts, &hyper->door, &vm), 0);
    assert_non_null(vm);
    return vm;
}

struct sriov_vm *hyper_pv(struct hyper *hyper)
{
    const struct sriov_xen_vm_opts opts = {.size = sizeof(opts), .domid = HYPER_PV, .name = "g1"};
    return hyper_machine(hyper, &opts);
}

struct sriov_vm *hyper_model(struct hyper *hyper)
{
    const struct sriov_xen_vm_opts opts = {.size = sizeof(opts),
                                           .flags = SRIOV_XEN_VM_DEVICE_MODEL,
                                           .domid = HYPER_HVM,
                                           .ioreq_server = HYPER_SERVER,
                                           .slots_taken = 3};
    return hyper_machine(hyper, &opts);
}
