/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated VF into a simulated machine, by the manager as a VMM would use it; what its guest finds
 * there; and out again. All of it lives as long as the command: a trial.
 */
#include "assign.h"
#include "guest_look.h"
#include "world.h"

#include <sriov/mock.h>
#include <sriov/vm.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the simulated IOMMU lets a device address begins there. */
#define MEMORY_AT UINT64_C(0x100000)
#define MEMORY    UINT64_C(0x400000)
#define LATE_NS   UINT64_C(2000000000)
#define MACHINE   "trial"

struct trial {
    struct cli *cli;
    const struct assign_values *values;
    const char *step;
    struct assign_policy policy;
    void *memory;
    struct sriov_vm *vm;
    struct sriov_fn *fn;
    struct sriov_assign *assign;
    bool has_memory;
    bool has_fn;
};

/* ---- building and taking apart ---- */

static struct sriov_vm_mem memory_of(const struct trial *trial)
{
    return (struct sriov_vm_mem){
        .size = sizeof(struct sriov_vm_mem), .gpa = MEMORY_AT, .length = MEMORY, .va = trial->memory};
}

static int make_machine(struct trial *trial)
{
    struct sriov_mock_vm_opts opts = {.size = sizeof(opts), .name = MACHINE, .consent_ns = LATE_NS};
    const char *guest = trial->values->mock_guest;

    if (guest != NULL && strcmp(guest, "late") == 0) {
        opts.consent = SRIOV_MOCK_CONSENT_LATER;
    } else if (guest != NULL && strcmp(guest, "deaf") == 0) {
        opts.consent = SRIOV_MOCK_CONSENT_NEVER;
    }
    trial->step = "the simulated machine";
    int rc = sriov_mock_vm_create(world_mock(trial->cli->world), &opts, &trial->vm);
    if (rc != 0) {
        return rc;
    }
    trial->step = "its memory";
    trial->memory = aligned_alloc(SRIOV_VM_PAGE, MEMORY);
    if (trial->memory == NULL) {
        return -ENOMEM;
    }
    memset(trial->memory, 0, MEMORY);
    struct sriov_vm_mem memory = memory_of(trial);
    rc = sriov_vm_add_memory(trial->vm, &memory);
    trial->has_memory = rc == 0;
    return rc;
}

static int assign(struct trial *trial, const char *bdf)
{
    struct sriov_assign_opts opts = {
        .size = sizeof(opts), .slot = SRIOV_VM_SLOT_ANY, .pf = world_pf(trial->cli->world)};

    trial->step = "opening it";
    int rc = sriov_fn_open(trial->cli->vmm, bdf, NULL, &trial->fn);
    trial->has_fn = rc == 0;
    if (rc == 0) {
        trial->step = "giving it to the machine";
        rc = sriov_vm_assign(trial->fn, trial->vm, &opts, &trial->assign);
    }
    return rc;
}

static void take_apart(struct trial *trial)
{
    struct sriov_vm_mem memory = memory_of(trial);

    assign_policy_close(&trial->policy);
    sriov_vm_release(trial->assign);
    if (trial->has_fn) {
        (void)sriov_fn_close(trial->fn);
    }
    if (trial->has_memory) {
        (void)sriov_vm_del_memory(trial->vm, memory.gpa, memory.length);
    }
    if (trial->vm != NULL) {
        (void)sriov_mock_vm_destroy(trial->vm);
    }
    free(trial->memory);
}

/* ---- the two commands ---- */

static int fail_step(struct trial *trial, const char *bdf, int err)
{
    return cli_fail(trial->cli, "%s: %s: %s", bdf, trial->step, strerror(-err));
}

/* The machine with the VF in it; CLI_OK, or the line is printed. */
static int begin(struct trial *trial, const char *bdf)
{
    struct sriov_fn_info info = {.size = sizeof(info)};

    int status = assign_look_up(trial->cli, bdf, &info);
    status = status == CLI_OK ? assign_policy_set(&trial->policy, trial->cli, &info, &trial->values->policy)
                              : status;
    if (status != CLI_OK) {
        return status;
    }
    int rc = make_machine(trial);
    rc = rc == 0 ? assign(trial, bdf) : rc;
    return rc == 0 ? CLI_OK : fail_step(trial, bdf, rc);
}

static json_t *machine(struct trial *trial)
{
    struct sriov_mock_guest_counts counts = {.size = sizeof(counts)};
    json_t *object = out_object();

    (void)sriov_mock_guest_counts(trial->vm, &counts);
    out_text(object, "name", sriov_vm_name(trial->vm));
    out_number(object, "memory_bytes", MEMORY);
    out_number(object, "config_exits", counts.config);
    out_number(object, "trapped_exits", counts.trapped);
    return object;
}

static json_t *heading(struct trial *trial, const char *bdf)
{
    json_t *object = out_object();

    out_text(object, "function", bdf);
    out_set(object, "vm", machine(trial));
    return object;
}

/* What the strict IOMMU and the models found, and what is left behind. */
static int close_report(struct trial *trial, json_t *object, int status)
{
    const char *text;
    uint64_t violations = world_violations(trial->cli->world, &text);

    out_number(object, "violations", violations);
    out_print(object, trial->cli->globals.json);
    return violations == 0 ? status : CLI_FAILED;
}

int assign_mock(struct cli *cli, const char *bdf, const struct assign_values *values)
{
    struct trial trial = {.cli = cli, .values = values};
    int status = begin(&trial, bdf);

    if (status == CLI_OK) {
        uint32_t slot = guest_look_slot(trial.vm);
        json_t *guest = slot != GUEST_LOOK_NOWHERE ? guest_look(trial.vm, slot) : json_null();
        json_t *object = heading(&trial, bdf);
        out_set(object, "guest_sees", guest);
        status = close_report(&trial, object, slot != GUEST_LOOK_NOWHERE ? CLI_OK : CLI_FAILED);
    }
    take_apart(&trial);
    return status;
}

/* In one process the manager can do what QMP cannot: take the VF when time is up. */
static int leave(struct trial *trial, const char *bdf)
{
    uint64_t begin_ns = sriov_mock_now(world_mock(trial->cli->world));
    int rc = sriov_vm_remove(trial->assign, trial->values->timeout_ns);

    if (rc != 0 && rc != -ETIMEDOUT) {
        return fail_step(trial, bdf, rc);
    }
    trial->assign = NULL;
    json_t *object = heading(trial, bdf);
    out_text(object, "guest", rc == 0 ? "let go" : "did not let go in time");
    out_flag(object, "forced", rc != 0);
    out_number(object, "waited_ns", sriov_mock_now(world_mock(trial->cli->world)) - begin_ns);
    return close_report(trial, object, rc == 0 ? CLI_OK : CLI_FAILED);
}

int release_mock(struct cli *cli, const char *bdf, const struct assign_values *values)
{
    struct trial trial = {.cli = cli, .values = values};
    int status = begin(&trial, bdf);

    trial.step = "asking the guest";
    status = status == CLI_OK ? leave(&trial, bdf) : status;
    take_apart(&trial);
    return status;
}
