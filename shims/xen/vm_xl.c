/* SPDX-License-Identifier: BSD-3-Clause */
/* What xl does for us, and what its complaints mean. */
#include "sxen_vm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* To look whether a command that failed has changed something, and to put that back. */
#define MEND_NS UINT64_C(30000000000)
/* For a guest's kernel to take what it was given. */
#define SETTLE_NS UINT64_C(20000000000)
#define LOOK_NS   UINT64_C(100000000)
/* enum xenbus_state of Xen's io/xenbus.h */
#define STATE_CONNECTED     4u
#define STATE_RECONFIGURING 7u
#define STATE_RECONFIGURED  8u

/* ---- what it said ---- */

struct meaning {
    const char *words; /* of xl's, libxl's or the C library's, lower and upper case as they have it */
    int err;
    const char *remedy;
};

static const struct meaning meanings[] = {
    {"Cannot allocate memory", -ENOMEM,
     "Xen's own memory is used up: see free_memory in xl info; shrink a domain (xl mem-set) or boot Xen with "
     "a "
     "smaller dom0_mem"},
    {"Out of memory", -ENOMEM,
     "Xen's own memory is used up: see free_memory in xl info; shrink a domain (xl mem-set) or boot Xen with "
     "a "
     "smaller dom0_mem"},
    {"passthrough not", -EOPNOTSUPP,
     "create the domain with passthrough=\"enabled\" in its configuration: it cannot be turned on later"},
    {"Operation not supported", -EOPNOTSUPP,
     "create the domain with passthrough=\"enabled\" in its configuration: it cannot be turned on later"},
    {"no IOMMU", -EOPNOTSUPP, "turn on VT-d or AMD-Vi in the firmware and leave iommu=off out of Xen's line"},
    {"already assigned", -EBUSY, "release it there first, or create the domain with passthrough=\"enabled\""},
    {"already attached", -EBUSY, "release it first"},
    {"not assignable", -EBUSY, "modprobe xen-pciback in dom0, then xl pci-assignable-add"},
    {"Permission denied", -EPERM, "run as root in dom0"},
    {"Operation not permitted", -EPERM, "run as root in dom0"},
    {"invalid domain identifier", -ENOENT, "see: xl list"},
    {"Is xenstored running", -EAGAIN, "start xenstored and xenconsoled in dom0, then xen-init-dom0"},
    {"xenstored not running", -EAGAIN, "start xenstored and xenconsoled in dom0, then xen-init-dom0"},
};

/* The line that says most: the first with "error", else the first; without libxl's file and line. */
static void reason(const struct sxen_child *child, char *line, size_t room)
{
    const char *begin = strstr(child->text, "rror: ");
    begin = begin != NULL ? begin + strlen("rror: ") : child->text;
    const char *end = begin + strcspn(begin, "\n");
    const char *place = strstr(begin, ".c:");
    if (place != NULL && place < end) {
        /* "libxl_pci.c:1234:function: words" */
        const char *words = strstr(place, ": ");
        begin = words != NULL && words < end ? words + 2 : begin;
    }
    snprintf(line, room, "%.*s", (int)(end - begin), begin);
    for (char *c = line; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || (unsigned char)*c > '~' ? '?' : *c;
    }
}

int sxen_xl_verdict(const char *what, const struct sxen_child *child, int status, struct skvm_why *why)
{
    char line[256];
    if (status == 0) {
        return 0;
    }
    reason(child, line, sizeof(line));
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (strstr(child->text, meanings[i].words) != NULL) {
            skvm_why(why, "%s: %s; %s", what, line, meanings[i].remedy);
            return meanings[i].err;
        }
    }
    skvm_why(why, "%s: %s%s(status %d); see xl dmesg and the files in /var/log/xen", what, line,
             line[0] != '\0' ? " " : "", status);
    return -EPROTO;
}

/* ---- one command ---- */

static int fail_start(int err, struct skvm_why *why)
{
    if (err == -ENOENT) {
        skvm_why(why, "xl is not there: this wants dom0 with the toolstack; install xen-utils");
    } else {
        skvm_why(why, "xl cannot be run: %s", strerror(-err));
    }
    return err == -EACCES ? -EPERM : err;
}

int sxen_xl(const struct sxen_vm_door *door, const char *const *argv, uint64_t timeout_ns,
            struct sxen_child *child, struct skvm_why *why)
{
    const char *words[SXEN_XL_WORDS] = {"xl"};
    char text[SXEN_TEXT];
    struct sxen_child own = sxen_child(text, sizeof(text));
    char what[128] = "xl";
    int status = 0;
    child = child != NULL ? child : &own;
    for (size_t i = 0; argv[i] != NULL && i + 2 < SXEN_XL_WORDS; i++) {
        words[i + 1] = argv[i];
        snprintf(what + strlen(what), sizeof(what) - strlen(what), " %.60s", argv[i]);
    }
    int err = door->start(door->ctx, words, child);
    if (err != 0) {
        return fail_start(err, why);
    }
    err = door->follow(door->ctx, child, timeout_ns, &status);
    door->end(door->ctx, child);
    if (err <= 0) {
        skvm_why(why, "%s: not done within %.1f s, ended", what, (double)timeout_ns / 1e9);
        return err < 0 ? err : -ETIMEDOUT;
    }
    return sxen_xl_verdict(what, child, status, why);
}

/* ---- pciback ---- */

static int check_pciback(const struct sxen_vm_host *host, struct skvm_why *why)
{
    char path[SKVM_PATH_MAX];
    snprintf(path, sizeof(path), "%s/bus/pci/drivers/pciback", host->files.sysfs);
    if (skvm_exists(&host->files, path)) {
        return 0;
    }
    skvm_why(why, "pciback is not loaded in dom0; modprobe xen-pciback");
    return -EOPNOTSUPP;
}

/* pciback has it, and lists it among its own. */
static bool is_listed(const struct sxen_vm_host *host, const char *bdf)
{
    char path[SKVM_PATH_MAX];
    char line[64];
    bool found = false;
    snprintf(path, sizeof(path), "%s/bus/pci/drivers/pciback/slots", host->files.sysfs);
    FILE *file = fopen(path, "re");
    while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        found = strcmp(line, bdf) == 0;
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

/* Where VFs are probed for no driver (sriov_drivers_autoprobe), only one that was asked for by name binds. */
static void set_override(const struct sxen_vm_host *host, const char *bdf, const char *driver)
{
    char path[SKVM_PATH_MAX];
    skvm_dev_path(&host->files, path, bdf, "driver_override");
    if (skvm_exists(&host->files, path)) {
        (void)skvm_write_text(&host->files, path, driver);
    }
}

int sxen_xl_assignable(const struct sxen_vm_host *host, const char *bdf, uint64_t timeout_ns, bool *changed,
                       struct skvm_why *why)
{
    const char *const add[] = {"pci-assignable-add", bdf, NULL};
    struct skvm_why undo;
    char driver[SRIOV_NAME_MAX];
    *changed = false;
    int err = check_pciback(host, why);
    err = err == 0 ? sxen_vm_driver(host, bdf, driver, sizeof(driver)) : err;
    if (err == -ENOENT) {
        skvm_why(why, "%s: there is no such function; see: sriovctl list", bdf);
    }
    if (err != 0 || strcmp(driver, "pciback") == 0) {
        return err;
    }
    set_override(host, bdf, "pciback");
    err = sxen_xl(host->door, add, timeout_ns, NULL, why);
    bool added = err == 0;
    bool taken = sxen_vm_driver(host, bdf, driver, sizeof(driver)) == 0 && strcmp(driver, "pciback") == 0;
    if (added && !(taken && is_listed(host, bdf))) {
        skvm_why(why, "%s: xl says that pciback has it, sysfs does not; see dmesg", bdf);
        err = -EPROTO;
    }
    *changed = err == 0;
    if (err != 0 && (added || taken)) {
        (void)sxen_xl_unassignable(host, bdf, MEND_NS, &undo);
    } else if (err != 0) {
        set_override(host, bdf, "\n");
    }
    return err;
}

int sxen_xl_unassignable(const struct sxen_vm_host *host, const char *bdf, uint64_t timeout_ns,
                         struct skvm_why *why)
{
    const char *const remove[] = {"pci-assignable-remove", "-r", bdf, NULL};
    struct skvm_why said = {""};
    set_override(host, bdf, "\n");
    int err = sxen_xl(host->door, remove, timeout_ns, NULL, &said);
    if (err != 0) {
        skvm_why(why, "%.300s; it stays with pciback: xl pci-assignable-remove -r %s", said.text, bdf);
    }
    return err;
}

/* ---- in a domain ---- */

/* A domain's first function. */
static bool first_comes(uint32_t state)
{
    return state < STATE_CONNECTED;
}

/* Or one more. A guest that never answered an earlier asking is in these states as well: no reason for a
 * detach to wait. */
static bool any_comes(uint32_t state)
{
    return first_comes(state) || state == STATE_RECONFIGURING || state == STATE_RECONFIGURED;
}

/* xl is done with attaching before the guest is; to detach meanwhile leaves xl and Xen of two minds for good.
 * What cannot be known, or a guest that never comes up, is not waited for any longer. */
static void settle(const struct sxen_vm_host *host, uint32_t domid, bool (*is_coming)(uint32_t state))
{
    const struct sxen_vm_door *door = host->door;
    uint64_t begin = door->now(door->ctx);
    uint32_t state = 0;
    while (door->backend(door->ctx, domid, &state) == 0 && is_coming(state) &&
           door->now(door->ctx) - begin < SETTLE_NS) {
        door->rest(door->ctx, LOOK_NS);
    }
}

int sxen_xl_has(const struct sxen_vm_host *host, uint32_t domid, const char *bdf, uint64_t timeout_ns,
                struct skvm_why *why)
{
    char text[SXEN_TEXT];
    struct sxen_child child = sxen_child(text, sizeof(text));
    char id[16];
    const char *const list[] = {"pci-list", id, NULL};
    snprintf(id, sizeof(id), "%u", (unsigned)domid);
    int err = sxen_xl(host->door, list, timeout_ns, &child, why);
    return err != 0 ? err : strstr(child.text, bdf) != NULL;
}

/* A command that failed may have done its work in part: after this the domain does not have it. */
static int mend(const struct sxen_vm_host *host, uint32_t domid, const char *bdf, int err,
                struct skvm_why *why)
{
    struct skvm_why first = *why;
    int has = sxen_xl_has(host, domid, bdf, MEND_NS, why);
    if (has > 0) {
        settle(host, domid, any_comes);
        (void)sxen_xl_detach(host, domid, bdf, true, MEND_NS, why);
        has = sxen_xl_has(host, domid, bdf, MEND_NS, why);
    }
    /* A domain that is gone has nothing. */
    if (has == 0 || has == -ENOENT) {
        *why = first;
    } else {
        skvm_why(why, "%.300s; whether domain %u has it now is not known: xl pci-list %u", first.text,
                 (unsigned)domid, (unsigned)domid);
    }
    return err;
}

int sxen_xl_attach(const struct sxen_vm_host *host, uint32_t domid, const char *bdf, uint64_t timeout_ns,
                   struct skvm_why *why)
{
    char id[16];
    const char *const attach[] = {"pci-attach", id, bdf, NULL};
    snprintf(id, sizeof(id), "%u", (unsigned)domid);
    int err = sxen_xl(host->door, attach, timeout_ns, NULL, why);
    if (err == 0) {
        err = sxen_xl_has(host, domid, bdf, timeout_ns, why);
        if (err == 0) {
            skvm_why(why, "%s: xl attached it to domain %u, which does not have it; see /var/log/xen", bdf,
                     (unsigned)domid);
        }
        err = err > 0 ? 0 : err == 0 ? -EPROTO : err;
    }
    if (err == 0) {
        settle(host, domid, any_comes);
    }
    return err == 0 ? 0 : mend(host, domid, bdf, err, why);
}

int sxen_xl_detach(const struct sxen_vm_host *host, uint32_t domid, const char *bdf, bool force,
                   uint64_t timeout_ns, struct skvm_why *why)
{
    char id[16];
    const char *const ask[] = {"pci-detach", id, bdf, NULL};
    const char *const tear[] = {"pci-detach", "-f", id, bdf, NULL};
    snprintf(id, sizeof(id), "%u", (unsigned)domid);
    settle(host, domid, first_comes);
    return sxen_xl(host->door, force ? tear : ask, timeout_ns, NULL, why);
}
