/* SPDX-License-Identifier: BSD-3-Clause */
/* Preflight: what of this machine VFIO needs, and how to get what is missing. Changes nothing. */
#include "skvm.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void skvm_find(struct skvm_report *report, uint32_t level, const char *thing, const char *remedy,
               const char *fmt, ...)
{
    char text[SRIOV_LOG_LINE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    struct sriov_kvm_finding finding = {
        .size = sizeof(finding), .level = level, .thing = thing, .text = text, .remedy = remedy};
    report->worst = (int)level > report->worst ? (int)level : report->worst;
    report->cb(report->arg, &finding);
}

void skvm_find_node(struct skvm_report *report, const char *path, uint32_t missing_level, const char *remedy)
{
    const struct skvm_sys *sys = report->host->sys;
    if (!skvm_exists(report->host, path)) {
        skvm_find(report, missing_level, path, remedy, "is not there");
    } else if (sys->access(sys->ctx, path, R_OK | W_OK) != 0) {
        skvm_find(report, SRIOV_KVM_BAD, path, "run as root, or give this user the node: a udev rule, chown",
                  "this user may not open it");
    } else {
        skvm_find(report, SRIOV_KVM_OK, path, "", "may be opened");
    }
}

/* Names in a folder, without those that begin with a dot. */
static uint32_t count_names(const struct skvm_host *host, const char *folder)
{
    char path[SKVM_PATH_MAX];
    uint32_t count = 0;
    snprintf(path, sizeof(path), "%s/%s", host->sysfs, folder);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return 0;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        count += entry->d_name[0] != '.';
    }
    closedir(dir);
    return count;
}

static void find_kernel(struct skvm_report *report)
{
    char path[SKVM_PATH_MAX];
    char line[SRIOV_NAME_MAX];
    unsigned major = 0;
    unsigned minor = 0;
    snprintf(path, sizeof(path), "%s/sys/kernel/osrelease", report->host->proc);
    if (skvm_read_line(report->host, path, line, sizeof(line)) <= 0 ||
        sscanf(line, "%u.%u", &major, &minor) != 2) {
        skvm_find(report, SRIOV_KVM_WARN, "kernel", "mount /proc",
                  "its version is unknown: %s cannot be read", path);
        return;
    }
    if (major < 5 || (major == 5 && minor < 4)) {
        skvm_find(report, SRIOV_KVM_WARN, "kernel", "Linux 5.4 or later",
                  "Linux %s does not tell its IOVA ranges: a careful guess is used", line);
    } else {
        skvm_find(report, SRIOV_KVM_OK, "kernel", "", "Linux %s", line);
    }
}

static void find_iommu(struct skvm_report *report)
{
    uint32_t units = count_names(report->host, "class/iommu");
    uint32_t groups = count_names(report->host, "kernel/iommu_groups");
    if (units == 0) {
        skvm_find(report, SRIOV_KVM_BAD, "iommu",
                  "enable VT-d or AMD-Vi in the firmware; boot with intel_iommu=on (AMD: on by default)",
                  "no IOMMU is on: %u groups", (unsigned)groups);
    } else if (groups == 0) {
        skvm_find(report, SRIOV_KVM_BAD, "iommu", "boot with intel_iommu=on",
                  "%u IOMMU units, but no function is behind one", (unsigned)units);
    } else {
        skvm_find(report, SRIOV_KVM_OK, "iommu", "", "%u units, %u groups", (unsigned)units,
                  (unsigned)groups);
    }
}

/* VT-d 10.4.2: MGAW, bits 21:16 of CAP_REG, is the width less one. */
static void find_iova_width(struct skvm_report *report)
{
    char path[SKVM_PATH_MAX];
    char line[32];
    snprintf(path, sizeof(path), "%s/class/iommu/dmar0/intel-iommu/cap", report->host->sysfs);
    if (skvm_read_line(report->host, path, line, sizeof(line)) <= 0) {
        return;
    }
    unsigned width = (unsigned)(strtoull(line, NULL, 16) >> 16 & 0x3f) + 1;
    if (width < 48) {
        skvm_find(report, SRIOV_KVM_NOTE, "iova width", "", "%u bits: IOVAs end below %llu GiB", width,
                  width > 30 ? 1ull << (width - 30) : 1ull);
    } else {
        skvm_find(report, SRIOV_KVM_OK, "iova width", "", "%u bits", width);
    }
}

static void find_modules(struct skvm_report *report)
{
    char path[SKVM_PATH_MAX];
    snprintf(path, sizeof(path), "%s/bus/pci/drivers/vfio-pci", report->host->sysfs);
    if (skvm_exists(report->host, path)) {
        skvm_find(report, SRIOV_KVM_OK, "vfio-pci", "", "the driver is loaded");
    } else {
        skvm_find(report, SRIOV_KVM_BAD, "vfio-pci", "modprobe vfio-pci", "the driver is not loaded");
    }
}

static void find_nodes(struct skvm_report *report)
{
    char path[SKVM_PATH_MAX];
    char iommu[SKVM_PATH_MAX];
    snprintf(path, sizeof(path), "%s/vfio/vfio", report->host->dev);
    snprintf(iommu, sizeof(iommu), "%s/iommu", report->host->dev);
    bool other = skvm_exists(report->host, iommu);
    skvm_find_node(report, path, other ? SRIOV_KVM_NOTE : SRIOV_KVM_BAD, "modprobe vfio-pci");
    skvm_find_node(
        report, iommu, SRIOV_KVM_NOTE,
        "only for the iommufd backend: a kernel with CONFIG_IOMMUFD (Linux 6.6); group works without");
}

static void find_noiommu(struct skvm_report *report)
{
    if (skvm_noiommu_mode(report->host)) {
        skvm_find(report, SRIOV_KVM_WARN, "noiommu", "echo N to the vfio module's enable_unsafe_noiommu_mode",
                  "unsafe noiommu mode is on: a function without IOMMU reaches all memory");
    } else {
        skvm_find(report, SRIOV_KVM_OK, "noiommu", "", "unsafe noiommu mode is off");
    }
}

/* What a driver with a packet pool asks for is some 16 MiB. */
#define LOCK_ENOUGH (UINT64_C(64) << 20)

static void find_memlock(struct skvm_report *report)
{
    const struct skvm_sys *sys = report->host->sys;
    uint64_t limit = sys->memlock(sys->ctx);
    uint64_t caps = 0;
    uint64_t locked = 0;
    bool exempt = skvm_status_value(report->host, "CapEff", 16, &caps) == 0 && (caps >> 14 & 1) != 0;
    (void)skvm_status_value(report->host, "VmLck", 10, &locked);

    if (limit == UINT64_MAX || exempt) {
        skvm_find(report, SRIOV_KVM_OK, "memlock", "", "no limit for this process%s",
                  exempt ? " (it has CAP_IPC_LOCK)" : "");
    } else {
        bool enough = limit / 1024 >= locked && limit - locked * 1024 >= LOCK_ENOUGH;
        skvm_find(report, enough ? SRIOV_KVM_OK : SRIOV_KVM_WARN, "memlock",
                  enough
                      ? ""
                      : "ulimit -l 1048576, /etc/security/limits.conf, or LimitMEMLOCK= in the systemd unit",
                  "%llu KiB may be locked for DMA, %llu KiB are", (unsigned long long)(limit / 1024),
                  (unsigned long long)locked);
    }
}

static void find_entry_limit(struct skvm_report *report)
{
    char path[SKVM_PATH_MAX];
    uint64_t limit = 0;
    snprintf(path, sizeof(path), "%s/module/vfio_iommu_type1/parameters/dma_entry_limit",
             report->host->sysfs);
    if (skvm_read_u64(report->host, path, &limit) == 0) {
        bool few = limit < SRIOV_KVM_COALESCE_DEFAULT;
        skvm_find(report, few ? SRIOV_KVM_NOTE : SRIOV_KVM_OK, "dma_entry_limit",
                  few ? "modprobe vfio_iommu_type1 dma_entry_limit=65535" : "", "%llu mappings a container",
                  (unsigned long long)limit);
    }
}

int skvm_doctor(const struct skvm_host *host, const char *bdf, sriov_kvm_finding_cb cb, void *arg)
{
    struct skvm_report report = {.host = host, .cb = cb, .arg = arg};
    if (cb == NULL || (bdf != NULL && skvm_bdf_check(bdf) != 0)) {
        return -EINVAL;
    }
    find_kernel(&report);
    find_iommu(&report);
    find_iova_width(&report);
    find_modules(&report);
    find_nodes(&report);
    find_noiommu(&report);
    find_memlock(&report);
    find_entry_limit(&report);
    if (bdf != NULL) {
        skvm_doctor_function(&report, bdf);
    }
    return report.worst;
}

int sriov_kvm_doctor(const struct sriov_kvm_opts *opts, const char *bdf, sriov_kvm_finding_cb cb, void *arg)
{
    struct skvm_host host;
    int err = skvm_host_init(&host, opts, &skvm_sys_linux);
    return err != 0 ? err : skvm_doctor(&host, bdf, cb, arg);
}
