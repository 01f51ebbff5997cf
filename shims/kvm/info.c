/* SPDX-License-Identifier: BSD-3-Clause */
/* A PCI function as sysfs shows it, and all of them. */
#include "skvm.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number of a leaf; absent counts as 0. */
static uint64_t leaf(const struct skvm_host *host, const char *bdf, const char *name)
{
    char path[SKVM_PATH_MAX];
    uint64_t value = 0;
    skvm_dev_path(host, path, bdf, name);
    return skvm_read_u64(host, path, &value) == 0 ? value : 0;
}

static void info_vf(const struct skvm_host *host, const char *bdf, struct sriov_fn_info *info)
{
    char path[SKVM_PATH_MAX];
    char name[SRIOV_NAME_MAX];
    char link[32];

    skvm_dev_path(host, path, bdf, "physfn");
    if (skvm_link_name(host, path, info->pf_name, sizeof(info->pf_name)) != 0) {
        return;
    }
    info->is_vf = 1;
    uint64_t total = leaf(host, info->pf_name, "sriov_totalvfs");
    for (uint64_t i = 0; i < total && i <= UINT16_MAX; i++) {
        snprintf(link, sizeof(link), "virtfn%u", (unsigned)i);
        skvm_dev_path(host, path, info->pf_name, link);
        if (skvm_link_name(host, path, name, sizeof(name)) == 0 && strcmp(name, bdf) == 0) {
            info->vf_index = (uint16_t)i;
            return;
        }
    }
}

static void info_pf(const struct skvm_host *host, const char *bdf, struct sriov_fn_info *info)
{
    info->total_vfs = (uint16_t)leaf(host, bdf, "sriov_totalvfs");
    info->num_vfs = (uint16_t)leaf(host, bdf, "sriov_numvfs");
    if (info->total_vfs != 0) {
        info->caps |= SRIOV_CAP_SET_VFS;
    }
}

static int32_t group_of(const struct skvm_host *host, const char *bdf)
{
    char path[SKVM_PATH_MAX];
    char name[16];
    char *end = NULL;
    skvm_dev_path(host, path, bdf, "iommu_group");
    if (skvm_link_name(host, path, name, sizeof(name)) != 0) {
        return -1;
    }
    long group = strtol(name, &end, 10);
    return end != name && *end == '\0' && group >= 0 && group <= INT32_MAX ? (int32_t)group : -1;
}

int skvm_info_read(const struct skvm_host *host, const char *bdf, struct sriov_fn_info *info)
{
    char path[SKVM_PATH_MAX];
    uint64_t vendor;

    memset(info, 0, sizeof(*info));
    info->size = sizeof(*info);
    skvm_dev_path(host, path, bdf, "vendor");
    int err = skvm_read_u64(host, path, &vendor);
    if (err != 0) {
        return err;
    }
    memcpy(info->name, bdf, strlen(bdf) + 1);
    info->vendor = (uint16_t)vendor;
    info->device = (uint16_t)leaf(host, bdf, "device");
    info->subsystem_vendor = (uint16_t)leaf(host, bdf, "subsystem_vendor");
    info->subsystem_device = (uint16_t)leaf(host, bdf, "subsystem_device");
    info->class_code = (uint32_t)leaf(host, bdf, "class") & 0xffffffu;
    info->revision = (uint8_t)leaf(host, bdf, "revision");
    info->iommu_group = group_of(host, bdf);
    if (info->iommu_group >= 0 && skvm_group_is_noiommu(host, info->iommu_group)) {
        info->caps |= SRIOV_CAP_NO_ISOLATION;
    }
    skvm_dev_path(host, path, bdf, "driver");
    if (skvm_link_name(host, path, info->bound_driver, sizeof(info->bound_driver)) != 0) {
        info->bound_driver[0] = '\0';
    }
    info_vf(host, bdf, info);
    info_pf(host, bdf, info);
    return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_function(const struct dirent *entry)
{
    return skvm_bdf_check(entry->d_name) == 0;
}

int skvm_enumerate(void *vmm, sriov_enum_cb cb, void *arg)
{
    struct skvm *kvm = vmm;
    struct dirent **names = NULL;
    struct sriov_fn_info info;
    char path[SKVM_PATH_MAX];
    int result = 0;

    snprintf(path, sizeof(path), "%s/bus/pci/devices", kvm->host.sysfs);
    int n = scandir(path, &names, is_function, by_name);
    if (n < 0) {
        int err = -errno;
        sriov_log(kvm->vmm, SRIOV_LOG_ERROR, "%s cannot be read (errno %d): is sysfs mounted there?", path,
                  -err);
        return err == -ENOENT || err == -ENOMEM ? err : -EPERM;
    }
    for (int i = 0; i < n; i++) {
        /* A function may leave between the listing and the look: it is passed over. */
        if (result == 0 && skvm_info_read(&kvm->host, names[i]->d_name, &info) == 0) {
            result = cb(arg, &info);
        }
        free(names[i]);
    }
    free(names);
    return result;
}

/* Writes to one attribute of a PF and explains a refusal. */
static int vfs_attr(const struct skvm_host *host, const char *bdf, const char *attr, uint16_t n,
                    struct skvm_why *why)
{
    char path[SKVM_PATH_MAX];
    char text[8];
    snprintf(text, sizeof(text), "%u", n);
    skvm_dev_path(host, path, bdf, attr);
    int err = skvm_write_text(host, path, text);
    switch (err) {
    case 0:
        return 0;
    case -EACCES:
    case -EPERM:
    case -EROFS:
        skvm_why(why, "%s: writing %s to %s is refused: run as root", bdf, text, attr);
        return -EPERM;
    case -ENOENT:
        skvm_why(
            why,
            "%s: its driver cannot enable VFs: load the PF's own driver, or vfio-pci with enable_sriov=1",
            bdf);
        return -EOPNOTSUPP;
    case -EBUSY:
        skvm_why(why, "%s: VFs are in use: unbind their drivers first", bdf);
        return -EBUSY;
    default:
        skvm_why(why, "%s: the kernel refuses %s = %s (errno %d): see dmesg", bdf, attr, text, -err);
        return err == -ENOMEM || err == -ENODEV || err == -ENOSPC ? err : -EINVAL;
    }
}

int skvm_vfs_write(const struct skvm_host *host, const char *bdf, uint16_t n, struct skvm_why *why)
{
    uint64_t total = leaf(host, bdf, "sriov_totalvfs");
    uint64_t before = leaf(host, bdf, "sriov_numvfs");

    if (total == 0) {
        skvm_why(why, "%s: no PF with an SR-IOV capability that its driver (if any) offers", bdf);
        return -EOPNOTSUPP;
    }
    if (n > total) {
        skvm_why(why, "%s: %u VFs asked, it has %u", bdf, n, (unsigned)total);
        return -EINVAL;
    }
    if (before == n) {
        return 0;
    }
    int err = vfs_attr(host, bdf, "sriov_drivers_autoprobe", 0, why);
    if (err == 0 && before != 0) {
        err = vfs_attr(host, bdf, "sriov_numvfs", 0, why);
    }
    if (err == 0 && n != 0) {
        err = vfs_attr(host, bdf, "sriov_numvfs", n, why);
    }
    return err;
}
