/* SPDX-License-Identifier: BSD-3-Clause */
/* The PF as sysfs shows it: what it is, who drives it, under which interface. */
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void pf_path(const struct linux_pf *pf, char *path, const char *leaf)
{
    (void)snprintf(path, LPF_PATH_MAX, "%s/bus/pci/devices/%s/%s", pf->sysfs, pf->bdf, leaf);
}

int64_t lpf_sysfs_number(const struct linux_pf *pf, const char *leaf, int64_t most)
{
    char path[LPF_PATH_MAX];
    char line[32] = "";
    char *end = NULL;

    pf_path(pf, path, leaf);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return -errno;
    }
    bool got = fgets(line, sizeof(line), file) != NULL;
    (void)fclose(file);
    errno = 0;
    long long value = strtoll(line, &end, 10);
    if (!got || end == line || errno != 0 || value < 0 || value > most) {
        return -EPROTO;
    }
    return value;
}

int lpf_sysfs_link(const struct linux_pf *pf, const char *leaf, char *name, size_t room)
{
    char path[LPF_PATH_MAX];
    char target[LPF_PATH_MAX];

    pf_path(pf, path, leaf);
    ssize_t n = readlink(path, target, sizeof(target) - 1);
    if (n < 0) {
        return -errno;
    }
    target[n] = '\0';
    const char *slash = strrchr(target, '/');
    const char *last = slash != NULL ? slash + 1 : target;
    if (strlen(last) >= room) {
        return -EPROTO;
    }
    memcpy(name, last, strlen(last) + 1);
    return 0;
}

static bool is_there(const struct linux_pf *pf, const char *leaf)
{
    char path[LPF_PATH_MAX];

    pf_path(pf, path, leaf);
    return access(path, F_OK) == 0;
}

/* Of several interfaces the first made: a PF's own comes before those that stand for its VFs. */
static void find_interface(struct linux_pf *pf)
{
    char path[LPF_PATH_MAX];
    const struct dirent *entry;

    pf_path(pf, path, "net");
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        char leaf[LPF_PATH_MAX / 2];
        size_t n = strlen(entry->d_name);
        if (entry->d_name[0] == '.' || n >= sizeof(pf->interface)) {
            continue;
        }
        (void)snprintf(leaf, sizeof(leaf), "net/%.*s/ifindex", (int)n, entry->d_name);
        int64_t index = lpf_sysfs_number(pf, leaf, INT32_MAX);
        if (index > 0 && (pf->ifindex == 0 || (uint32_t)index < pf->ifindex)) {
            pf->ifindex = (uint32_t)index;
            memcpy(pf->interface, entry->d_name, n + 1);
        }
    }
    (void)closedir(dir);
}

int lpf_sysfs_open(struct linux_pf *pf, const struct lpf_why *why)
{
    char physfn[SRIOV_NAME_MAX];

    if (!is_there(pf, "")) {
        return lpf_fail(why, -ENOENT, "%s: no such PCI function: sriovctl list shows those that are there",
                        pf->bdf);
    }
    if (lpf_sysfs_link(pf, "physfn", physfn, sizeof(physfn)) == 0) {
        return lpf_fail(why, -EOPNOTSUPP, "%s is a VF; give its PF, %s", pf->bdf, physfn);
    }
    if (!is_there(pf, "sriov_numvfs")) {
        return lpf_fail(why, -EOPNOTSUPP, "%s: has no SR-IOV capability; choose a PF of: sriovctl list",
                        pf->bdf);
    }
    if (lpf_sysfs_link(pf, "driver", pf->driver, sizeof(pf->driver)) != 0) {
        return lpf_fail(why, -EOPNOTSUPP,
                        "%s: no driver has it, so nobody sets its VFs' policy: modprobe its driver", pf->bdf);
    }
    find_interface(pf);
    if (pf->ifindex == 0) {
        return lpf_fail(why, -EOPNOTSUPP,
                        "%s: driver %s gives it no network interface in this network name space; "
                        "give it to its network driver (sriovctl unbind), or run there",
                        pf->bdf, pf->driver);
    }
    return 0;
}
