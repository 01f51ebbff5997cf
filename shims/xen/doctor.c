/* SPDX-License-Identifier: BSD-3-Clause */
/* Preflight: what this domain lacks for driving functions, and how to get it. Changes nothing. */
#include "sxen_vm.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void sxen_find(struct sxen_report *report, uint32_t level, const char *thing, const char *remedy,
               const char *fmt, ...)
{
    char text[SRIOV_LOG_LINE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    struct sriov_finding finding = {
        .size = sizeof(finding), .level = level, .thing = thing, .text = text, .remedy = remedy};
    report->worst = (int)level > report->worst ? (int)level : report->worst;
    report->cb(report->arg, &finding);
}

/* ---- where we are ---- */

static void find_version(struct sxen_report *report)
{
    const struct skvm_host *files = &report->host->files;
    static const char *const leaves[] = {"major", "minor"};
    char numbers[2][16] = {"?", "?"};
    char path[SKVM_PATH_MAX];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/hypervisor/version/%s", files->sysfs, leaves[i]);
        if (skvm_read_line(files, path, numbers[i], sizeof(numbers[i])) <= 0) {
            snprintf(numbers[i], sizeof(numbers[i]), "?");
        }
    }
    sxen_find(report, SRIOV_FINDING_OK, "xen", "", "Xen %s.%s", numbers[0], numbers[1]);
}

static void find_kind(struct sxen_report *report)
{
    switch (report->kind) {
    case SXEN_DOM0:
        sxen_find(report, SRIOV_FINDING_OK, "domain", "", "this is a PV dom0");
        break;
    case SXEN_DOMU:
        sxen_find(report, SRIOV_FINDING_OK, "domain", "", "this is a PV domU");
        break;
    case SXEN_TRANSLATED:
        sxen_find(report, SRIOV_FINDING_BAD, "domain", "a PV dom0, or a domU with type=\"pv\"",
                  "this domain is HVM or PVH: its frame numbers are no bus addresses");
        break;
    case SXEN_NOT_XEN:
        break;
    }
}

static void find_xenfs(struct sxen_report *report)
{
    char path[SKVM_PATH_MAX];
    snprintf(path, sizeof(path), "%s/xen/capabilities", report->host->files.proc);
    if (skvm_exists(&report->host->files, path)) {
        sxen_find(report, SRIOV_FINDING_OK, "xenfs", "", "mounted");
    } else {
        sxen_find(report, SRIOV_FINDING_WARN, "xenfs", "modprobe xenfs; mount -t xenfs xenfs /proc/xen",
                  "not mounted: the toolstack looks for it");
    }
}

/* ---- nodes ---- */

struct node {
    const char *leaf;
    const char *remedy;
    const char *without;
    uint32_t missing;
};

static const struct node nodes[] = {
    {"privcmd", "modprobe xen-privcmd", "no memory that a device can reach", SRIOV_FINDING_BAD},
    {"evtchn", "modprobe xen-evtchn", "no interrupts: drivers poll", SRIOV_FINDING_WARN},
    {"gntdev", "modprobe xen-gntdev",
     "no mapping of other domains' pages, which consoles and disks of domUs want", SRIOV_FINDING_NOTE},
    {"xenbus", "mount devtmpfs on /dev", "no events: nobody tells that a function is to go, or of suspending",
     SRIOV_FINDING_WARN},
};

static void find_nodes(struct sxen_report *report)
{
    const struct skvm_host *files = &report->host->files;
    char path[SKVM_PATH_MAX];
    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        snprintf(path, sizeof(path), "%s/xen/%s", files->dev, nodes[i].leaf);
        if (!skvm_exists(files, path)) {
            sxen_find(report, nodes[i].missing, path, nodes[i].remedy, "is not there: %s", nodes[i].without);
        } else if (files->sys->access(files->sys->ctx, path, R_OK | W_OK) != 0) {
            sxen_find(report, nodes[i].missing, path, "run as root", "this user may not open it: %s",
                      nodes[i].without);
        } else {
            sxen_find(report, SRIOV_FINDING_OK, path, "", "may be opened");
        }
    }
}

/* Whether the kernel lets hypercalls through is only known by making one. */
static void find_hypercalls(struct sxen_report *report)
{
    bool domu = report->kind == SXEN_DOMU;
    struct sxen_xen *xen = NULL;
    char path[SKVM_PATH_MAX];
    snprintf(path, sizeof(path), "%s/xen/privcmd", report->host->files.dev);
    if (!skvm_exists(&report->host->files, path)) {
        return;
    }
    int err = report->door->open(report->door->ctx, &xen);
    if (err == 0) {
        report->door->close(report->door->ctx, xen);
        sxen_find(report, SRIOV_FINDING_OK, "hypercalls", "", "are let through");
    } else if (domu && err == -EPERM) {
        sxen_find(
            report, SRIOV_FINDING_BAD, "hypercalls",
            "modprobe -r xen-privcmd; modprobe xen-privcmd unrestricted=1, or xen_privcmd.unrestricted=1 "
            "at boot",
            "this domU's kernel refuses those of programs: no memory that a device can reach");
    } else {
        sxen_find(report, SRIOV_FINDING_BAD, "hypercalls", "run as root; is the libraries' Xen this one?",
                  "are refused: %s", strerror(-err));
    }
}

/* ---- kernel ---- */

static void find_kernel(struct sxen_report *report)
{
    const struct skvm_host *files = &report->host->files;
    char path[SKVM_PATH_MAX];
    char line[SRIOV_NAME_MAX];
    unsigned major = 0;
    unsigned minor = 0;
    snprintf(path, sizeof(path), "%s/sys/kernel/osrelease", files->proc);
    if (skvm_read_line(files, path, line, sizeof(line)) <= 0 || sscanf(line, "%u.%u", &major, &minor) != 2) {
        sxen_find(report, SRIOV_FINDING_WARN, "kernel", "mount /proc",
                  "its version is unknown: %s cannot be read", path);
    } else if (report->kind == SXEN_DOMU) {
        sxen_find(report, SRIOV_FINDING_NOTE, "kernel", "",
                  "Linux %s; no interrupts in a domU: drivers poll, since its pirqs are pciback's", line);
    } else if (major < 6 || (major == 6 && minor < 6)) {
        sxen_find(report, SRIOV_FINDING_WARN, "kernel",
                  "Linux 6.6 or later in dom0: a program's event channels are bound there",
                  "Linux %s: no interrupts in programs, drivers poll", line);
    } else {
        sxen_find(report, SRIOV_FINDING_OK, "kernel", "", "Linux %s: interrupts by pirq and event channel",
                  line);
    }
}

/* ---- a domU's functions ---- */

static void find_given(struct sxen_report *report)
{
    char path[SKVM_PATH_MAX];
    unsigned n = 0;
    snprintf(path, sizeof(path), "%s/bus/pci/devices", report->host->files.sysfs);
    DIR *dir = opendir(path);
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        n += entry->d_name[0] != '.';
    }
    if (dir != NULL) {
        closedir(dir);
    }
    if (n == 0) {
        sxen_find(
            report, SRIOV_FINDING_BAD, "passthrough",
            "in the domain's configuration pci=[\"BDF\"] and passthrough=\"enabled\", then create it anew; "
            "later: sriovctl --shim xen assign in dom0",
            "this domU has no PCI function");
    } else {
        sxen_find(report, SRIOV_FINDING_OK, "passthrough", "", "%u PCI functions in this domU", n);
    }
}

/* ---- all of it ---- */

static void look_around(struct sxen_report *report)
{
    find_version(report);
    find_kind(report);
    find_kernel(report);
    find_xenfs(report);
    find_nodes(report);
    find_hypercalls(report);
    if (report->kind == SXEN_DOM0) {
        sxen_doctor_dom0(report);
    } else {
        find_given(report);
    }
}

int sxen_doctor(const struct sxen_vm_host *host, const struct sxen_door *door, const char *bdf,
                sriov_finding_cb cb, void *arg)
{
    struct sxen_report report = {.host = host, .door = door, .cb = cb, .arg = arg};
    if (cb == NULL || (bdf != NULL && skvm_bdf_check(bdf) != 0)) {
        return -EINVAL;
    }
    report.kind = sxen_kind_of(&host->files);
    if (report.kind == SXEN_NOT_XEN) {
        sxen_find(&report, SRIOV_FINDING_BAD, "xen",
                  "boot Xen with this system as its dom0 (package xen-hypervisor), or leave --shim xen out",
                  "this machine does not run on Xen: /sys/hypervisor says nothing of it");
        return report.worst;
    }
    look_around(&report);
    if (bdf != NULL) {
        sxen_doctor_function(&report, bdf);
    }
    return report.worst;
}

int sriov_xen_doctor(const struct sriov_xen_opts *opts, const char *bdf, sriov_finding_cb cb, void *arg)
{
    struct sxen_vm_host host;
    int err = sxen_vm_host_init(&host, opts, &sxen_vm_door_linux);
    return err != 0 ? err : sxen_doctor(&host, &sxen_door_linux, bdf, cb, arg);
}
