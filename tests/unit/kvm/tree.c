/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake host's files. */
#include "fake.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICES "sys/bus/pci/devices/"

static void SRIOV_PRINTF(3, 4) print(char *out, size_t room, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(out, room, fmt, args);
    va_end(args);
    if (len < 0 || (size_t)len >= room) {
        abort();
    }
}

static void full(const struct fake *fake, char *out, const char *path)
{
    print(out, SKVM_PATH_MAX, "%s/%s", fake->root, path);
}

static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            abort();
        }
        *slash = '/';
    }
}

void tree_write(struct fake *fake, const char *path, const char *text)
{
    char file[SKVM_PATH_MAX];
    full(fake, file, path);
    make_folders(file);
    FILE *out = fopen(file, "w");
    if (out == NULL || fputs(text, out) < 0 || fclose(out) != 0) {
        abort();
    }
}

void tree_link(struct fake *fake, const char *path, const char *target)
{
    char link[SKVM_PATH_MAX];
    full(fake, link, path);
    make_folders(link);
    (void)unlink(link);
    if (symlink(target, link) != 0) {
        abort();
    }
}

static int drop_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void tree_drop(struct fake *fake, const char *path)
{
    char at[SKVM_PATH_MAX];
    full(fake, at, path);
    (void)nftw(at, drop_one, 16, FTW_DEPTH | FTW_PHYS);
}

void tree_driver(struct fake *fake, const char *bdf, const char *driver)
{
    char path[SKVM_PATH_MAX];
    char target[SKVM_PATH_MAX];
    print(path, sizeof(path), DEVICES "%s/driver", bdf);
    if (driver == NULL) {
        tree_drop(fake, path);
        return;
    }
    print(target, sizeof(target), "../../drivers/%s", driver);
    tree_link(fake, path, target);
}

static void attr(struct fake *fake, const char *bdf, const char *name, const char *text)
{
    char path[SKVM_PATH_MAX];
    print(path, sizeof(path), DEVICES "%s/%s", bdf, name);
    tree_write(fake, path, text);
}

static void function(struct fake *fake, const char *bdf, const char *device, int group, const char *driver)
{
    char path[SKVM_PATH_MAX];
    char target[SKVM_PATH_MAX];
    attr(fake, bdf, "vendor", "0x8086\n");
    attr(fake, bdf, "device", device);
    attr(fake, bdf, "subsystem_vendor", "0x1af4\n");
    attr(fake, bdf, "subsystem_device", "0x1100\n");
    attr(fake, bdf, "class", "0x020000\n");
    attr(fake, bdf, "revision", "0x01\n");
    attr(fake, bdf, "driver_override", "(null)\n");
    print(path, sizeof(path), DEVICES "%s/iommu_group", bdf);
    print(target, sizeof(target), "../../../../kernel/iommu_groups/%d", group);
    tree_link(fake, path, target);
    print(path, sizeof(path), "sys/kernel/iommu_groups/%d/devices/%s", group, bdf);
    tree_link(fake, path, bdf);
    if (driver != NULL) {
        tree_driver(fake, bdf, driver);
    }
}

static void virtual_function(struct fake *fake, const char *bdf, const char *index, int group,
                             const char *driver)
{
    char path[SKVM_PATH_MAX];
    function(fake, bdf, "0x10ca\n", group, driver);
    print(path, sizeof(path), DEVICES "%s/physfn", bdf);
    tree_link(fake, path, "../" FAKE_PF);
    print(path, sizeof(path), DEVICES FAKE_PF "/virtfn%s", index);
    print(path + 256, sizeof(path) - 256, "../%s", bdf);
    tree_link(fake, path, path + 256);
}

static void cdev(struct fake *fake, const char *bdf, const char *name)
{
    char path[SKVM_PATH_MAX];
    print(path, sizeof(path), "vfio-dev/%s/dev", name);
    attr(fake, bdf, path, "511:0\n");
    print(path, sizeof(path), "dev/vfio/devices/%s", name);
    tree_write(fake, path, "");
}

static void host_files(struct fake *fake)
{
    tree_write(fake, "sys/bus/pci/drivers_probe", "");
    tree_write(fake, "sys/bus/pci/drivers/vfio-pci/unbind", "");
    tree_write(fake, "sys/bus/pci/drivers/igbvf/unbind", "");
    tree_write(fake, "sys/bus/pci/drivers/igb/unbind", "");
    tree_write(fake, "sys/class/iommu/dmar0/intel-iommu/cap", "d2008c222f0606\n");
    tree_write(fake, "sys/class/net/eth0/carrier", "1\n");
    tree_write(fake, "sys/module/vfio_iommu_type1/parameters/dma_entry_limit", "65535\n");
    tree_write(fake, "sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n");
    tree_write(fake, "dev/vfio/vfio", "");
    tree_write(fake, "dev/vfio/5", "");
    tree_write(fake, "dev/vfio/9", "");
    tree_write(fake, "dev/iommu", "");
    tree_write(fake, "proc/self/status",
               "Name:\tx\nCapEff:\t0000000000000000\nVmLck:\t    64 kB\nVmPin:\t   128 kB\n");
    tree_write(fake, "proc/self/pagemap", "");
    tree_write(fake, "proc/sys/kernel/osrelease", "6.12.0\n");
}

void tree_make(struct fake *fake)
{
    host_files(fake);
    function(fake, FAKE_PF, "0x10c9\n", 4, "igb");
    attr(fake, FAKE_PF, "sriov_totalvfs", "7\n");
    attr(fake, FAKE_PF, "sriov_numvfs", "2\n");
    attr(fake, FAKE_PF, "sriov_drivers_autoprobe", "1\n");
    attr(fake, FAKE_PF, "net/eth0/mtu", "1500\n");
    virtual_function(fake, FAKE_VF, "0", FAKE_VF_GROUP, "vfio-pci");
    virtual_function(fake, FAKE_VF2, "1", 6, "igbvf");
    function(fake, FAKE_SHARED_A, "0x10c9\n", 9, "vfio-pci");
    function(fake, FAKE_SHARED_B, "0x10c9\n", 9, "vfio-pci");
    cdev(fake, FAKE_VF, "vfio0");
    cdev(fake, FAKE_SHARED_A, "vfio1");
    cdev(fake, FAKE_SHARED_B, "vfio2");
}

void tree_remove(struct fake *fake)
{
    tree_drop(fake, "");
}

static void probe(struct fake *fake, const char *bdf)
{
    char path[SKVM_PATH_MAX];
    char line[64] = "";
    print(path, sizeof(path), "%s/" DEVICES "%s/driver_override", fake->root, bdf);
    FILE *in = fopen(path, "r");
    if (in != NULL) {
        (void)!fgets(line, sizeof(line), in);
        fclose(in);
    }
    tree_driver(fake, bdf, strncmp(line, "vfio-pci", 8) == 0 ? "vfio-pci" : "igbvf");
}

void tree_wrote(struct fake *fake, const char *path, const char *text)
{
    if (strstr(path, "/driver/unbind") != NULL) {
        tree_driver(fake, text, NULL);
    } else if (strstr(path, "/drivers_probe") != NULL) {
        probe(fake, text);
    }
}
