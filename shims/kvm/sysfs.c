/* SPDX-License-Identifier: BSD-3-Clause */
/* Small files below sysfs and procfs. */
#include "skvm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_hex(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return true;
}

int skvm_bdf_check(const char *name)
{
    if (name == NULL || strlen(name) != 12 || name[4] != ':' || name[7] != ':' || name[10] != '.') {
        return -EINVAL;
    }
    bool good =
        is_hex(name, 4) && is_hex(name + 5, 2) && is_hex(name + 8, 2) && name[11] >= '0' && name[11] <= '7';
    return good ? 0 : -EINVAL;
}

void skvm_dev_path(const struct skvm_host *host, char *path, const char *bdf, const char *leaf)
{
    snprintf(path, SKVM_PATH_MAX, "%s/bus/pci/devices/%s/%s", host->sysfs, bdf, leaf);
}

int skvm_read_line(const struct skvm_host *host, const char *path, char *line, size_t room)
{
    const struct skvm_sys *sys = host->sys;
    int fd = sys->open(sys->ctx, path, O_RDONLY);
    if (fd < 0) {
        return fd;
    }
    int64_t n = sys->read(sys->ctx, fd, line, room - 1);
    sys->close(sys->ctx, fd);
    if (n < 0) {
        return (int)n;
    }
    line[n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return (int)strlen(line);
}

int skvm_read_u64(const struct skvm_host *host, const char *path, uint64_t *value)
{
    char line[32];
    char *end = NULL;
    int n = skvm_read_line(host, path, line, sizeof(line));
    if (n < 0) {
        return n;
    }
    errno = 0;
    uint64_t got = strtoull(line, &end, 0);
    if (end == line || *end != '\0' || errno != 0) {
        return -EPROTO;
    }
    *value = got;
    return 0;
}

int skvm_write_text(const struct skvm_host *host, const char *path, const char *text)
{
    const struct skvm_sys *sys = host->sys;
    size_t length = strlen(text);
    int fd = sys->open(sys->ctx, path, O_WRONLY);
    if (fd < 0) {
        return fd;
    }
    int64_t n = sys->write(sys->ctx, fd, text, length);
    sys->close(sys->ctx, fd);
    if (n < 0) {
        return (int)n;
    }
    return (size_t)n == length ? 0 : -EPROTO;
}

int skvm_link_name(const struct skvm_host *host, const char *path, char *name, size_t room)
{
    char target[SKVM_PATH_MAX];
    int n = host->sys->readlink(host->sys->ctx, path, target, sizeof(target));
    if (n < 0) {
        return n;
    }
    const char *slash = strrchr(target, '/');
    const char *last = slash != NULL ? slash + 1 : target;
    if (strlen(last) >= room) {
        return -EPROTO;
    }
    memcpy(name, last, strlen(last) + 1);
    return 0;
}

bool skvm_exists(const struct skvm_host *host, const char *path)
{
    return host->sys->access(host->sys->ctx, path, F_OK) == 0;
}

int skvm_status_value(const struct skvm_host *host, const char *key, int base, uint64_t *value)
{
    const struct skvm_sys *sys = host->sys;
    char path[SKVM_PATH_MAX];
    char text[8192];
    snprintf(path, sizeof(path), "%s/self/status", host->proc);
    int fd = sys->open(sys->ctx, path, O_RDONLY);
    if (fd < 0) {
        return fd;
    }
    int64_t n = sys->read(sys->ctx, fd, text, sizeof(text) - 1);
    sys->close(sys->ctx, fd);
    if (n < 0) {
        return (int)n;
    }
    text[n] = '\0';
    size_t length = strlen(key);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, length) == 0 && line[length] == ':') {
            *value = strtoull(line + length + 1, NULL, base);
            return 0;
        }
    }
    return -ENOENT;
}

int skvm_cdev_name(const struct skvm_host *host, const char *bdf, char *name, size_t room)
{
    char path[SKVM_PATH_MAX];
    int err = -ENOENT;
    skvm_dev_path(host, path, bdf, "vfio-dev");
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return -ENOENT;
    }
    const struct dirent *entry;
    while (err != 0 && (entry = readdir(dir)) != NULL) {
        size_t n = strlen(entry->d_name);
        if (strncmp(entry->d_name, "vfio", 4) == 0 && n < room) {
            memcpy(name, entry->d_name, n + 1);
            err = 0;
        }
    }
    closedir(dir);
    return err;
}

#define PCI_CLASS_BRIDGE 0x06u

static bool is_bridge(const struct skvm_host *host, const char *bdf)
{
    char path[SKVM_PATH_MAX];
    uint64_t class_code = 0;
    skvm_dev_path(host, path, bdf, "class");
    return skvm_read_u64(host, path, &class_code) == 0 && class_code >> 16 == PCI_CLASS_BRIDGE;
}

uint32_t skvm_group_functions(const struct skvm_host *host, int32_t group)
{
    char path[SKVM_PATH_MAX];
    uint32_t count = 0;
    snprintf(path, sizeof(path), "%s/kernel/iommu_groups/%d/devices", host->sysfs, group);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return 1;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (skvm_bdf_check(entry->d_name) == 0 && !is_bridge(host, entry->d_name)) {
            count++;
        }
    }
    closedir(dir);
    return count != 0 ? count : 1;
}

bool skvm_group_is_noiommu(const struct skvm_host *host, int32_t group)
{
    char path[SKVM_PATH_MAX];
    char line[64];
    snprintf(path, sizeof(path), "%s/kernel/iommu_groups/%d/name", host->sysfs, group);
    return skvm_read_line(host, path, line, sizeof(line)) > 0 && strcmp(line, "vfio-noiommu") == 0;
}
