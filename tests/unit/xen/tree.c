/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake domain's files. */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICES "sys/bus/pci/devices/"

static void SRIOV_PRINTF(2, 3) print(char out[SKVM_PATH_MAX], const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(out, SKVM_PATH_MAX, fmt, args);
    va_end(args);
    if (len < 0 || len >= SKVM_PATH_MAX) {
        abort();
    }
}

static void full(const struct fake *fake, char out[SKVM_PATH_MAX], const char *path)
{
    print(out, "%s/%s", fake->root, path);
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
    print(path, DEVICES "%s/driver", bdf);
    if (driver == NULL) {
        tree_drop(fake, path);
        return;
    }
    print(target, "../../drivers/%s", driver);
    tree_link(fake, path, target);
}

static void attr(struct fake *fake, const char *bdf, const char *name, const char *text)
{
    char path[SKVM_PATH_MAX];
    print(path, DEVICES "%s/%s", bdf, name);
    tree_write(fake, path, text);
}

static int file_of(const struct fake *fake, const char *bdf, const char *name, int flags)
{
    char path[SKVM_PATH_MAX];
    print(path, "%s/" DEVICES "%s/%s", fake->root, bdf, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0) {
        abort();
    }
    return fd;
}

static void sized(struct fake *fake, const char *bdf, const char *name, off_t size)
{
    attr(fake, bdf, name, "");
    int fd = file_of(fake, bdf, name, O_RDWR);
    if (ftruncate(fd, size) != 0) {
        abort();
    }
    close(fd);
}

uint32_t tree_config(struct fake *fake, uint32_t off, uint32_t width)
{
    uint32_t value = 0;
    int fd = file_of(fake, FAKE_VF, "config", O_RDONLY);
    if (pread(fd, &value, width, off) != (ssize_t)width) {
        abort();
    }
    close(fd);
    return value;
}

void tree_config_set(struct fake *fake, uint32_t off, uint32_t width, uint32_t value)
{
    int fd = file_of(fake, FAKE_VF, "config", O_RDWR);
    if (pwrite(fd, &value, width, off) != (ssize_t)width) {
        abort();
    }
    close(fd);
}

static void function(struct fake *fake, const char *bdf, const char *device, const char *driver)
{
    attr(fake, bdf, "vendor", "0x8086\n");
    attr(fake, bdf, "device", device);
    attr(fake, bdf, "subsystem_vendor", "0x1af4\n");
    attr(fake, bdf, "subsystem_device", "0x1100\n");
    attr(fake, bdf, "class", "0x020000\n");
    attr(fake, bdf, "revision", "0x01\n");
    attr(fake, bdf, "reset", "");
    attr(fake, bdf, "resource", "");
    sized(fake, bdf, "config", 4096);
    if (driver != NULL) {
        tree_driver(fake, bdf, driver);
    }
}

/* An 82576 VF as dom0's sysfs shows it: ids all-ones, BARs of the VF zero, MSI-X of 3 vectors in BAR 3. */
static void make_config(struct fake *fake, bool dom0)
{
    tree_config_set(fake, 0x00, 4, dom0 ? 0xffffffffu : 0x10ca8086u);
    tree_config_set(fake, 0x04, 4, 0x00100000);
    tree_config_set(fake, 0x08, 4, 0x02000001);
    tree_config_set(fake, 0x34, 1, FAKE_MSIX);
    tree_config_set(fake, FAKE_MSIX, 4, 0x00020011);
    tree_config_set(fake, FAKE_MSIX + 4, 4, 0x3);
    tree_config_set(fake, FAKE_MSIX + 8, 4, 0x2003);
}

static void make_vf(struct fake *fake, bool dom0)
{
    function(fake, FAKE_VF, "0x10ca\n", NULL);
    attr(fake, FAKE_VF, "resource",
         "0x00000000fe800000 0x00000000fe803fff 0x000000000014220c\n"
         "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
         "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
         "0x00000000fe820000 0x00000000fe823fff 0x000000000014220c\n"
         "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
         "0x000000000000c000 0x000000000000c01f 0x0000000000040101\n");
    sized(fake, FAKE_VF, "resource0", FAKE_BAR);
    sized(fake, FAKE_VF, "resource3", FAKE_BAR);
    make_config(fake, dom0);
}

void tree_make(struct fake *fake, bool dom0)
{
    tree_write(fake, "sys/hypervisor/type", "xen\n");
    tree_write(fake, "sys/hypervisor/guest_type", "PV\n");
    tree_write(fake, "sys/hypervisor/properties/features", dom0 ? "000228f0\n" : "000220f0\n");
    tree_write(fake, "dev/xen/privcmd", "");
    tree_link(fake, "proc/self/maps", "/proc/self/maps");
    make_vf(fake, dom0);
    if (!dom0) {
        return;
    }
    tree_write(fake, "proc/xen/capabilities", "control_d\n");
    function(fake, FAKE_PF, "0x10c9\n", "igb");
    attr(fake, FAKE_PF, "sriov_totalvfs", "7\n");
    attr(fake, FAKE_PF, "sriov_numvfs", "2\n");
    attr(fake, FAKE_PF, "sriov_drivers_autoprobe", "1\n");
    function(fake, FAKE_VF2, "0x10ca\n", "igbvf");
    tree_link(fake, DEVICES FAKE_VF "/physfn", "../" FAKE_PF);
    tree_link(fake, DEVICES FAKE_VF2 "/physfn", "../" FAKE_PF);
    tree_link(fake, DEVICES FAKE_PF "/virtfn0", "../" FAKE_VF);
    tree_link(fake, DEVICES FAKE_PF "/virtfn1", "../" FAKE_VF2);
}

void tree_remove(struct fake *fake)
{
    tree_drop(fake, "");
}

/* A reset takes the enable bit away, as FLR does; the kernel puts COMMAND back. */
void tree_wrote(struct fake *fake, const char *path)
{
    if (strstr(path, "/reset") != NULL) {
        fake->resets++;
        uint32_t control = tree_config(fake, FAKE_MSIX + 2, 2);
        tree_config_set(fake, FAKE_MSIX + 2, 2, control & ~FAKE_MSIX_ENABLE);
    }
}
