/* SPDX-License-Identifier: BSD-3-Clause */
/* Which driver has a function, by sysfs's driver_override; and how many VFs a PF has. */
#include "skvm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VFIO_PCI "vfio-pci"

bool skvm_noiommu_mode(const struct skvm_host *host)
{
    char path[SKVM_PATH_MAX];
    char line[8];
    snprintf(path, sizeof(path), "%s/module/vfio/parameters/enable_unsafe_noiommu_mode", host->sysfs);
    return skvm_read_line(host, path, line, sizeof(line)) > 0 && (line[0] == 'Y' || line[0] == '1');
}

/* Writes one file and says what a refusal means. */
static int put(const struct skvm_host *host, const char *bdf, const char *path, const char *text,
               struct skvm_why *why)
{
    int err = skvm_write_text(host, path, text);
    if (err == -EACCES || err == -EPERM || err == -EROFS) {
        skvm_why(why, "%s: %s may not be written: run as root", bdf, path);
        return -EPERM;
    }
    if (err != 0) {
        skvm_why(why, "%s: writing to %s fails (errno %d): see dmesg", bdf, path, -err);
    }
    return err;
}

static int put_override(const struct skvm_host *host, const char *bdf, const char *driver,
                        struct skvm_why *why)
{
    char path[SKVM_PATH_MAX];
    skvm_dev_path(host, path, bdf, "driver_override");
    return put(host, bdf, path, driver, why);
}

static int release_driver(const struct skvm_host *host, const char *bdf, struct skvm_why *why)
{
    char path[SKVM_PATH_MAX];
    skvm_dev_path(host, path, bdf, "driver/unbind");
    int err = put(host, bdf, path, bdf, why);
    /* The driver let go by itself meanwhile. */
    return err == -ENOENT || err == -ENODEV ? 0 : err;
}

static int probe(const struct skvm_host *host, const char *bdf, struct skvm_why *why)
{
    char path[SKVM_PATH_MAX];
    snprintf(path, sizeof(path), "%s/bus/pci/drivers_probe", host->sysfs);
    return put(host, bdf, path, bdf, why);
}

static int look(const struct skvm_host *host, const char *bdf, struct sriov_fn_info *info,
                struct skvm_why *why)
{
    if (skvm_bdf_check(bdf) != 0) {
        skvm_why(why, "'%.64s' is no PCI function: write it like 0000:01:10.0", bdf != NULL ? bdf : "");
        return -EINVAL;
    }
    int err = skvm_info_read(host, bdf, info);
    if (err != 0) {
        skvm_why(why, "%s: no such PCI function: sriovctl list shows those that are there", bdf);
        return -ENOENT;
    }
    return 0;
}

static int can_bind(const struct skvm_host *host, const struct sriov_fn_info *info, struct skvm_why *why)
{
    char path[SKVM_PATH_MAX];
    snprintf(path, sizeof(path), "%s/bus/pci/drivers/" VFIO_PCI, host->sysfs);
    if (!skvm_exists(host, path)) {
        skvm_why(why, "%s: driver vfio-pci is not loaded: modprobe vfio-pci", info->name);
        return -EOPNOTSUPP;
    }
    if (info->iommu_group < 0 && !skvm_noiommu_mode(host)) {
        skvm_why(why,
                 "%s has no IOMMU group: enable VT-d or AMD-Vi in the firmware and boot with intel_iommu=on",
                 info->name);
        return -EPERM;
    }
    return 0;
}

/* As it was before: no override, and the driver that the kernel chooses. */
static void give_back(const struct skvm_host *host, const char *bdf, bool had_driver)
{
    struct skvm_why ignored;
    (void)put_override(host, bdf, "\n", &ignored);
    if (had_driver) {
        (void)probe(host, bdf, &ignored);
    }
}

int skvm_bind(const struct skvm_host *host, const char *bdf, struct skvm_why *why)
{
    struct sriov_fn_info info;
    int err = look(host, bdf, &info, why);
    if (err != 0 || strcmp(info.bound_driver, VFIO_PCI) == 0) {
        return err;
    }
    bool had_driver = info.bound_driver[0] != '\0';
    err = can_bind(host, &info, why);
    if (err != 0) {
        return err;
    }
    err = put_override(host, bdf, VFIO_PCI, why);
    if (err != 0) {
        return err;
    }
    if (had_driver) {
        err = release_driver(host, bdf, why);
    }
    err = err != 0 ? err : probe(host, bdf, why);
    if (err == 0 && (skvm_info_read(host, bdf, &info) != 0 || strcmp(info.bound_driver, VFIO_PCI) != 0)) {
        skvm_why(why, "%s: vfio-pci does not take it (now: %s): see dmesg", bdf,
                 info.bound_driver[0] != '\0' ? info.bound_driver : "no driver");
        err = -EBUSY;
    }
    if (err != 0) {
        give_back(host, bdf, had_driver);
    }
    return err;
}

/* An override that names vfio-pci would bring it back at the next probe. */
static int clear_override(const struct skvm_host *host, const char *bdf, struct skvm_why *why)
{
    char path[SKVM_PATH_MAX];
    char line[SRIOV_NAME_MAX];
    skvm_dev_path(host, path, bdf, "driver_override");
    if (skvm_read_line(host, path, line, sizeof(line)) < 0 || strcmp(line, VFIO_PCI) != 0) {
        return 0;
    }
    return put_override(host, bdf, "\n", why);
}

int skvm_unbind(const struct skvm_host *host, const char *bdf, struct skvm_why *why)
{
    struct sriov_fn_info info;
    int err = look(host, bdf, &info, why);
    err = err != 0 ? err : clear_override(host, bdf, why);
    if (err != 0 || strcmp(info.bound_driver, VFIO_PCI) != 0) {
        return err;
    }
    err = release_driver(host, bdf, why);
    return err != 0 ? err : probe(host, bdf, why);
}

int skvm_set_vfs(const struct skvm_host *host, const char *bdf, uint16_t n, struct skvm_why *why)
{
    struct sriov_fn_info info;
    int err = look(host, bdf, &info, why);
    return err != 0 ? err : skvm_vfs_write(host, bdf, n, why);
}

/* ---- the public calls: options in, one line out ---- */

static int begin(struct skvm_host *host, const struct sriov_kvm_opts *opts, struct skvm_why *why)
{
    int err = skvm_host_init(host, opts, &skvm_sys_linux);
    skvm_why(why, "%s", err != 0 ? "struct sriov_kvm_opts is not valid" : "");
    return err;
}

static int finish(int err, const struct skvm_why *why, char *out, size_t room)
{
    if (out != NULL && room != 0) {
        snprintf(out, room, "%s", err != 0 ? why->text : "");
    }
    return err;
}

int sriov_kvm_bind(const struct sriov_kvm_opts *opts, const char *bdf, char *out, size_t room)
{
    struct skvm_host host;
    struct skvm_why why;
    int err = begin(&host, opts, &why);
    return finish(err != 0 ? err : skvm_bind(&host, bdf, &why), &why, out, room);
}

int sriov_kvm_unbind(const struct sriov_kvm_opts *opts, const char *bdf, char *out, size_t room)
{
    struct skvm_host host;
    struct skvm_why why;
    int err = begin(&host, opts, &why);
    return finish(err != 0 ? err : skvm_unbind(&host, bdf, &why), &why, out, room);
}

int sriov_kvm_set_vfs(const struct sriov_kvm_opts *opts, const char *bdf, uint16_t n, char *out, size_t room)
{
    struct skvm_host host;
    struct skvm_why why;
    int err = begin(&host, opts, &why);
    return finish(err != 0 ? err : skvm_set_vfs(&host, bdf, n, &why), &why, out, room);
}
