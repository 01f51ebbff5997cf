/* SPDX-License-Identifier: BSD-3-Clause */
/* Where we are: on Xen, in which domain, and what its kernel lets us do. */
#include "sxen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEATURE_DOM0 11u /* XENFEAT_dom0 of Xen's public features.h */

static bool line_is(const struct skvm_host *host, const char *leaf, const char *text)
{
    char path[SKVM_PATH_MAX];
    char line[64];
    snprintf(path, sizeof(path), "%s/hypervisor/%s", host->sysfs, leaf);
    return skvm_read_line(host, path, line, sizeof(line)) > 0 && strcmp(line, text) == 0;
}

/* xenfs says it where it is mounted, else the features that Xen told the kernel. */
static bool is_dom0(const struct skvm_host *host)
{
    char path[SKVM_PATH_MAX];
    char line[64];
    snprintf(path, sizeof(path), "%s/xen/capabilities", host->proc);
    if (skvm_read_line(host, path, line, sizeof(line)) >= 0) {
        return strcmp(line, "control_d") == 0;
    }
    snprintf(path, sizeof(path), "%s/hypervisor/properties/features", host->sysfs);
    if (skvm_read_line(host, path, line, sizeof(line)) <= 0) {
        return false;
    }
    return (strtoull(line, NULL, 16) >> FEATURE_DOM0 & 1) != 0;
}

enum sxen_kind sxen_kind_of(const struct skvm_host *host)
{
    if (!line_is(host, "type", "xen")) {
        return SXEN_NOT_XEN;
    }
    if (!line_is(host, "guest_type", "PV")) {
        return SXEN_TRANSLATED;
    }
    return is_dom0(host) ? SXEN_DOM0 : SXEN_DOMU;
}

static int check_kind(const struct sxen *xen, struct skvm_why *why)
{
    switch (xen->kind) {
    case SXEN_NOT_XEN:
        skvm_why(why, "this is not Xen: use --shim kvm, or boot Xen with this system as its dom0");
        return -EOPNOTSUPP;
    case SXEN_TRANSLATED:
        skvm_why(why, "this domain is HVM or PVH, where frame numbers are no bus addresses: a PV dom0 or a "
                      "PV domU (type=\"pv\") is needed");
        return -EOPNOTSUPP;
    default:
        return 0;
    }
}

static int refused(const struct sxen *xen, int err, struct skvm_why *why)
{
    if (err == -EACCES) {
        skvm_why(why, "%s/xen/privcmd may not be opened: run as root", xen->base.host.dev);
        return -EPERM;
    }
    if (err == -EPERM && xen->kind == SXEN_DOMU) {
        skvm_why(
            why,
            "this domU's kernel refuses hypercalls of programs: modprobe xen-privcmd unrestricted=1, before "
            "xenfs is loaded, or xen_privcmd.unrestricted=1 at boot");
        return -EPERM;
    }
    skvm_why(why, "Xen does not answer hypercalls (errno %d): run as root; is xen-privcmd loaded?", -err);
    return err == -ENOMEM || err == -EPERM ? err : -EOPNOTSUPP;
}

/* Functions may be opened by several threads at once. */
static bool is_open(struct sxen *xen)
{
    pthread_mutex_lock(&xen->base.lock);
    bool open = xen->xen != NULL;
    pthread_mutex_unlock(&xen->base.lock);
    return open;
}

int sxen_enter(struct sxen *xen, struct skvm_why *why)
{
    char path[SKVM_PATH_MAX];
    int err = check_kind(xen, why);
    if (err != 0 || is_open(xen)) {
        return err;
    }
    snprintf(path, sizeof(path), "%s/xen/privcmd", xen->base.host.dev);
    if (!skvm_exists(&xen->base.host, path)) {
        skvm_why(why, "%s is missing: modprobe xen-privcmd%s", path,
                 xen->kind == SXEN_DOMU ? " unrestricted=1" : "");
        return -ENOENT;
    }
    pthread_mutex_lock(&xen->base.lock);
    err = xen->xen == NULL ? xen->door->open(xen->door->ctx, &xen->xen) : 0;
    pthread_mutex_unlock(&xen->base.lock);
    return err != 0 ? refused(xen, err, why) : 0;
}

/* ---- who has a function ---- */

struct search {
    struct sxen *xen;
    struct sxen_store *store;
    const char *bdf;
    char path[SXEN_STORE_PATH]; /* of the folder that is listed */
    int found;
};

static int look_at_device(void *arg, const char *child)
{
    struct search *search = arg;
    const struct sxen_door *door = search->xen->door;
    char path[SXEN_STORE_PATH];
    char value[SRIOV_NAME_MAX];
    if (strncmp(child, "dev-", 4) != 0) {
        return 0;
    }
    int n = snprintf(path, sizeof(path), "%s/%s", search->path, child);
    if (n > 0 && (size_t)n < sizeof(path) &&
        door->store_read(door->ctx, search->store, path, value, sizeof(value)) == 0 &&
        strcmp(value, search->bdf) == 0) {
        search->found = 1;
    }
    return 0;
}

/* backend/pci/<domain>/0/dev-N: xl makes one back end a domain. */
static int look_at_domain(void *arg, const char *domain)
{
    struct search *search = arg;
    const struct sxen_door *door = search->xen->door;
    char *end = NULL;
    long id = strtol(domain, &end, 10);
    if (end == domain || *end != '\0' || id <= 0 || id > INT16_MAX || search->found != 0) {
        return 0;
    }
    snprintf(search->path, sizeof(search->path), "backend/pci/%ld/0", id);
    (void)door->store_list(door->ctx, search->store, search->path, look_at_device, search);
    search->found = search->found != 0 ? (int)id : 0;
    return 0;
}

int sxen_domain_with(struct sxen *xen, const char *bdf)
{
    const struct sxen_door *door = xen->door;
    struct search search = {.xen = xen, .bdf = bdf};
    int fd = -1;
    int err = door->store_open(door->ctx, &search.store, &fd);
    if (err != 0) {
        return err;
    }
    err = door->store_list(door->ctx, search.store, "backend/pci", look_at_domain, &search);
    door->store_close(door->ctx, search.store);
    return err == -ENOENT ? 0 : err != 0 ? err : search.found;
}
