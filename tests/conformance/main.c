/* SPDX-License-Identifier: BSD-3-Clause */
/* sriov-conform: the contract of the seam, tried against a shim. Prints TAP. */
#include "conform.h"
#include "stage.h"
#include "vm_bed.h"

#include <sriov/drivers.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANNOT_RUN 77 /* as ctest is told */

struct settings {
    struct stage_opts stage;
    const char *only;
    const char *vm; /* the VM face of this machine, not a shim's function face */
    bool summary;   /* the last line alone */
};

struct tap {
    uint32_t number;
    bool summary;
};

static void report(void *arg, const char *name, enum conform_verdict verdict, const char *why)
{
    struct tap *tap = arg;
    tap->number++;
    if (tap->summary && verdict == CONFORM_PASS) {
        return;
    }
    switch (verdict) {
    case CONFORM_PASS:
        printf("ok %u - %s%s%s\n", tap->number, name, why[0] != '\0' ? " # " : "", why);
        break;
    case CONFORM_UNSUPPORTED:
        printf("ok %u - %s # SKIP unsupported: %s\n", tap->number, name, why);
        break;
    default:
        printf("not ok %u - %s: %s\n", tap->number, name, why);
        break;
    }
    fflush(stdout);
}

static void usage(FILE *out)
{
    fputs("usage: sriov-conform --shim mock [--model 82599|82576] [--quirks NAME] [--pf]\n"
          "       sriov-conform --shim kvm --device BDF [--backend auto|group|iommufd]\n"
          "       sriov-conform --shim xen --device BDF   in a PV dom0 (no isolation) or PV domU\n"
          "       sriov-conform --shim vfio-user --device SOCKET | [--model 82599|82576] [--quirks NAME]\n"
          "                     [--unshared]   memory stays with the driver: the device asks for it\n"
          "       sriov-conform --shim netdev --device INTERFACE\n"
          "       sriov-conform --vm mock|mock-apart|kvm|kvm-ring [--model 82599|82576|toy]\n"
          "  --trace FILE    try the trace decorator over the shim; its lines go to FILE\n"
          "  --only PREFIX   only the cases whose names begin so\n"
          "  --summary       print failed and unsupported cases and the count only\n"
          "Exit status: 0 all passed or unsupported, 1 a case failed, 2 nothing could be tried,\n"
          "  77 no such machine here.\n",
          out);
}

static int take_option(struct settings *set, int c)
{
    switch (c) {
    case 's':
        set->stage.shim = optarg;
        return 0;
    case 'm':
        set->stage.model = optarg;
        return 0;
    case 'q':
        set->stage.quirks = optarg;
        return 0;
    case 'p':
        set->stage.pf = true;
        return 0;
    case 'd':
        set->stage.device = optarg;
        return 0;
    case 'b':
        set->stage.backend = optarg;
        return 0;
    case 'u':
        set->stage.unshared = true;
        return 0;
    case 't':
        set->stage.trace = optarg;
        return 0;
    case 'o':
        set->only = optarg;
        return 0;
    case 'v':
        set->vm = optarg;
        return 0;
    case 'S':
        set->summary = true;
        return 0;
    default:
        return -1;
    }
}

static struct settings parse(int argc, char **argv)
{
    static const struct option options[] = {{"shim", required_argument, NULL, 's'},
                                            {"model", required_argument, NULL, 'm'},
                                            {"quirks", required_argument, NULL, 'q'},
                                            {"pf", no_argument, NULL, 'p'},
                                            {"device", required_argument, NULL, 'd'},
                                            {"backend", required_argument, NULL, 'b'},
                                            {"trace", required_argument, NULL, 't'},
                                            {"only", required_argument, NULL, 'o'},
                                            {"summary", no_argument, NULL, 'S'},
                                            {"vm", required_argument, NULL, 'v'},
                                            {"unshared", no_argument, NULL, 'u'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct settings set = {.stage = {.model = "82599", .backend = "auto"}};
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'h') {
            usage(stdout);
            exit(0);
        }
        if (take_option(&set, c) != 0) {
            usage(stderr);
            exit(2);
        }
    }
    if (optind != argc || (set.stage.shim == NULL) == (set.vm == NULL)) {
        usage(stderr);
        exit(2);
    }
    return set;
}

static const struct conform_case *const portable[] = {
    conform_host_cases,    conform_open_cases, conform_raw_cases, conform_config_cases,
    conform_bar_cases,     conform_dma_cases,  conform_irq_cases, conform_life_cases,
    conform_eventfd_cases, conform_kill_cases, conform_pf_cases,  NULL,
};
static const struct conform_case *const threads[] = {conform_thread_cases, NULL};
static const struct conform_case *const of_vfs[] = {conform_data_cases, conform_mig_cases, NULL};

/* The mock is one thread by design; a PF has no net driver, and does not migrate. */
static void run_all(struct conform *c, const struct settings *set)
{
    (void)conform_run(c, portable, set->only);
    if (strcmp(set->stage.shim, "mock") != 0) {
        (void)conform_run(c, threads, set->only);
    }
    if (!set->stage.pf) {
        (void)conform_run(c, of_vfs, set->only);
    }
}

static const struct conform_vm_stage *machine_of(const char *name)
{
    static const struct conform_vm_stage *const machines[] = {
        &conform_vm_stage_mock,
        &conform_vm_stage_apart,
#ifdef CONFORM_VM_KVM
        &conform_vm_stage_kvm,
        &conform_vm_stage_kvm_ring,
#endif
    };
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        if (strcmp(name, machines[i]->name) == 0) {
            return machines[i];
        }
    }
    return NULL;
}

static int run_vm(const struct settings *set)
{
    const struct conform_vm_stage *stage = machine_of(set->vm);
    struct tap tap = {.summary = set->summary};
    struct conform c = {.drivers = sriov_net_drivers, .report = report, .arg = &tap};

    if (stage == NULL) {
        fputs("sriov-conform: --vm is mock, mock-apart, kvm or kvm-ring\n", stderr);
        return 2;
    }
    if (vm_cases_run(&c, stage, set->stage.model, set->only) < 0) {
        fputs("sriov-conform: --model is 82599, 82576 or toy\n", stderr);
        return 2;
    }
    printf("1..%u\n", tap.number);
    if (c.passed + c.failed == 0 && c.unsupported != 0) {
        printf("skipped: %s\n", c.why);
        return CANNOT_RUN;
    }
    printf("conform: vm %s %u passed, %u failed, %u unsupported\n", set->vm, c.passed, c.failed,
           c.unsupported);
    return c.failed != 0 || tap.number == 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct settings set = parse(argc, argv);
    if (set.vm != NULL) {
        return run_vm(&set);
    }
    struct stage *stage = stage_build(&set.stage);
    if (stage == NULL) {
        return 2; /* it said why */
    }
    struct tap tap = {.summary = set.summary};
    struct conform c = {.vmm = stage_vmm(stage),
                        .device = stage_device(stage),
                        .open_opts = stage_open_opts(stage),
                        .drivers = stage_drivers(&set.stage),
                        .report = report,
                        .arg = &tap};
    sriov_log_set_level(c.vmm, SRIOV_LOG_ERROR);
    run_all(&c, &set);
    printf("1..%u\n", tap.number);
    printf("# shim %s, device %s: %u passed, %u unsupported, %u failed of %u\n", set.stage.shim,
           set.stage.device, c.passed, c.unsupported, c.failed, tap.number);
    uint64_t findings = stage_strike(stage); /* the device's name goes with it */
    if (findings != 0) {
        printf("# the mock found %llu violations of the contract\n", (unsigned long long)findings);
    }
    printf("conform: %s %u passed, %u failed, %u unsupported\n", set.stage.shim, c.passed, c.failed,
           c.unsupported);
    return c.failed != 0 || findings != 0 || tap.number == 0 ? 1 : 0;
}
