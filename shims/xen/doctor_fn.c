/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor's look at one function: there, whose, and can it be reset. */
#include "sxen_vm.h"

#include <stdio.h>
#include <string.h>

/* Whom pciback gave it to; xenstore knows. */
static void find_pcibacks(struct sxen_report *report, const struct sriov_fn_info *info)
{
    struct sxen xen = {.door = report->door};
    char remedy[320];
    int domain = sxen_domain_with(&xen, info->name);
    if (domain > 0) {
        snprintf(remedy, sizeof(remedy), "sriovctl --shim xen release %s", info->name);
        sxen_find(report, SRIOV_FINDING_BAD, info->name, remedy, "it belongs to domain %d, which runs",
                  domain);
    } else if (domain == 0) {
        snprintf(remedy, sizeof(remedy),
                 "to give it: sriovctl --shim xen assign %s --domain NAME; to drive it here: xl "
                 "pci-assignable-remove %s",
                 info->name, info->name);
        sxen_find(report, SRIOV_FINDING_NOTE, info->name, remedy, "pciback has it, no domain does");
    } else {
        sxen_find(report, SRIOV_FINDING_WARN, info->name, "start xenstored",
                  "pciback has it; which domain does is not known: xenstore does not answer");
    }
}

static void find_driver(struct sxen_report *report, const struct sriov_fn_info *info)
{
    char remedy[320];
    if (info->bound_driver[0] == '\0') {
        sxen_find(report, SRIOV_FINDING_OK, info->name, "", "no driver has it: a program may");
    } else if (strcmp(info->bound_driver, "pciback") == 0) {
        find_pcibacks(report, info);
    } else {
        snprintf(remedy, sizeof(remedy), "echo %s > %.64s/bus/pci/drivers/%s/unbind", info->name,
                 report->host->files.sysfs, info->bound_driver);
        sxen_find(report, SRIOV_FINDING_BAD, info->name, remedy, "driver %s has it", info->bound_driver);
    }
}

static void find_reset(struct sxen_report *report, const struct sriov_fn_info *info)
{
    char path[SKVM_PATH_MAX];
    skvm_dev_path(&report->host->files, path, info->name, "reset");
    if (skvm_exists(&report->host->files, path)) {
        sxen_find(report, SRIOV_FINDING_OK, info->name, "", "it can be reset");
    } else {
        sxen_find(report, report->kind == SXEN_DOMU ? SRIOV_FINDING_NOTE : SRIOV_FINDING_WARN, info->name, "",
                  "it cannot be reset here%s",
                  report->kind == SXEN_DOMU ? ": pciback keeps FLR to itself" : "");
    }
}

void sxen_doctor_function(struct sxen_report *report, const char *bdf)
{
    bool domu = report->kind == SXEN_DOMU;
    struct sriov_fn_info info;
    if (skvm_info_read(&report->host->files, bdf, &info) != 0) {
        sxen_find(report, SRIOV_FINDING_BAD, bdf,
                  domu ? "in dom0: sriovctl --shim xen assign; the domain wants passthrough=\"enabled\""
                       : "sriovctl list shows the functions; sriovctl vfs PF N makes VFs",
                  "no such PCI function");
        return;
    }
    find_driver(report, &info);
    find_reset(report, &info);
}
