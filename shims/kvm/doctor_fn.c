/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor's look at one function: there, bound, its group viable, its nodes open, its link. */
#include "skvm.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static void find_driver(struct skvm_report *report, const struct sriov_fn_info *info)
{
    char remedy[SRIOV_NAME_MAX + 32];
    snprintf(remedy, sizeof(remedy), "sriovctl bind %s", info->name);
    if (strstr(info->bound_driver, "vfio") != NULL) {
        skvm_find(report, SRIOV_KVM_OK, info->name, "", "bound to %s", info->bound_driver);
    } else if (info->bound_driver[0] == '\0') {
        skvm_find(report, SRIOV_KVM_BAD, info->name, remedy, "no driver has it");
    } else {
        skvm_find(report, SRIOV_KVM_BAD, info->name, remedy, "driver %s has it", info->bound_driver);
    }
}

/* A group's member is in the way when a driver has it that is neither VFIO's nor a bridge's. */
static bool in_the_way(const struct skvm_host *host, const char *bdf, struct sriov_fn_info *member)
{
    return skvm_bdf_check(bdf) == 0 && skvm_info_read(host, bdf, member) == 0 &&
           member->bound_driver[0] != '\0' && strstr(member->bound_driver, "vfio") == NULL &&
           strcmp(member->bound_driver, "pcieport") != 0 && strcmp(member->bound_driver, "pci-stub") != 0;
}

static void find_viability(struct skvm_report *report, const struct sriov_fn_info *info)
{
    char path[SKVM_PATH_MAX];
    struct sriov_fn_info member;
    uint32_t blocking = 0;

    snprintf(path, sizeof(path), "%s/kernel/iommu_groups/%d/devices", report->host->sysfs,
             (int)info->iommu_group);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        skvm_find(report, SRIOV_KVM_WARN, info->name, "mount /sys", "%s cannot be read", path);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, info->name) != 0 && in_the_way(report->host, entry->d_name, &member)) {
            skvm_find(report, SRIOV_KVM_BAD, info->name, "bind it to vfio-pci too, or use a slot with ACS",
                      "IOMMU group %d is not viable: %s is held by %s", (int)info->iommu_group, member.name,
                      member.bound_driver);
            blocking++;
        }
    }
    closedir(dir);
    if (blocking == 0) {
        skvm_find(report, SRIOV_KVM_OK, info->name, "", "IOMMU group %d is viable", (int)info->iommu_group);
    }
}

static void find_group(struct skvm_report *report, const struct sriov_fn_info *info)
{
    if (info->iommu_group < 0) {
        skvm_find(report, SRIOV_KVM_BAD, info->name,
                  "enable VT-d or AMD-Vi in the firmware and boot with intel_iommu=on",
                  "it has no IOMMU group");
    } else if ((info->caps & SRIOV_CAP_NO_ISOLATION) != 0) {
        skvm_find(report, SRIOV_KVM_WARN, info->name, "boot with intel_iommu=on; or ask for noiommu by name",
                  "group %d is noiommu: nothing confines the function", (int)info->iommu_group);
    } else {
        find_viability(report, info);
    }
}

static void find_own_nodes(struct skvm_report *report, const struct sriov_fn_info *info)
{
    char path[SKVM_PATH_MAX];
    char cdev[SRIOV_NAME_MAX];
    bool noiommu = (info->caps & SRIOV_CAP_NO_ISOLATION) != 0;

    if (info->iommu_group < 0 || strstr(info->bound_driver, "vfio") == NULL) {
        return; /* its nodes come with the driver */
    }
    /* Linux 6.1 names a character device in sysfs already, but makes none. */
    snprintf(path, sizeof(path), "%s/iommu", report->host->dev);
    bool has_cdev =
        skvm_exists(report->host, path) && skvm_cdev_name(report->host, info->name, cdev, sizeof(cdev)) == 0;
    snprintf(path, sizeof(path), "%s/vfio/%s%d", report->host->dev, noiommu ? "noiommu-" : "",
             (int)info->iommu_group);
    skvm_find_node(report, path, has_cdev ? SRIOV_KVM_NOTE : SRIOV_KVM_BAD,
                   "modprobe vfio-pci; is devtmpfs mounted?");
    if (has_cdev) {
        snprintf(path, sizeof(path), "%s/vfio/devices/%s", report->host->dev, cdev);
        skvm_find_node(report, path, SRIOV_KVM_NOTE, "is devtmpfs mounted on /dev?");
    }
}

/* A VF has a link only while its PF is up. */
static void find_pf_link(struct skvm_report *report, const struct sriov_fn_info *info)
{
    char path[SKVM_PATH_MAX];
    char netdev[SRIOV_NAME_MAX] = "";
    uint64_t carrier = 0;

    skvm_dev_path(report->host, path, info->pf_name, "net");
    DIR *dir = info->is_vf != 0 ? opendir(path) : NULL;
    if (dir == NULL) {
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            snprintf(netdev, sizeof(netdev), "%.60s", entry->d_name);
        }
    }
    closedir(dir);
    snprintf(path, sizeof(path), "%s/class/net/%s/carrier", report->host->sysfs, netdev);
    if (netdev[0] == '\0') {
        return;
    }
    /* carrier cannot even be read while the interface is down. */
    if (skvm_read_u64(report->host, path, &carrier) == 0 && carrier == 1) {
        skvm_find(report, SRIOV_KVM_OK, info->name, "", "its PF %s (%s) is up", info->pf_name, netdev);
    } else {
        skvm_find(report, SRIOV_KVM_WARN, info->name,
                  "ip link set the PF's interface up, and check the cable",
                  "its PF %s (%s) has no link: the VF will have none", info->pf_name, netdev);
    }
}

void skvm_doctor_function(struct skvm_report *report, const char *bdf)
{
    struct sriov_fn_info info;
    if (skvm_info_read(report->host, bdf, &info) != 0) {
        skvm_find(report, SRIOV_KVM_BAD, bdf, "sriovctl list shows the functions; sriovctl vfs N makes VFs",
                  "no such PCI function");
        return;
    }
    find_group(report, &info);
    find_driver(report, &info);
    find_own_nodes(report, &info);
    find_pf_link(report, &info);
}
