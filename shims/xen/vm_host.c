/* SPDX-License-Identifier: BSD-3-Clause */
/* Host services of dom0: a function to a domain, and back, for longer than this process lives. */
#include "sxen_vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEND_NS   UINT64_C(30000000000)
#define REST_NS   UINT64_C(200000000)
#define TRY_AGAIN 5u /* looks, before force is used once more */

int sxen_vm_host_init(struct sxen_vm_host *host, const struct sriov_xen_opts *opts,
                      const struct sxen_vm_door *door)
{
    struct sriov_xen_opts own;
    int err = sxen_opts_take(opts, &own);
    if (err != 0) {
        return err;
    }
    const struct sriov_kvm_opts files = {.size = sizeof(files),
                                         .sysfs_root = own.sysfs_root,
                                         .dev_root = own.dev_root,
                                         .proc_root = own.proc_root};
    host->door = door;
    return skvm_host_init(&host->files, &files, &skvm_sys_linux);
}

int sxen_vm_driver(const struct sxen_vm_host *host, const char *bdf, char *driver, size_t room)
{
    char path[SKVM_PATH_MAX];
    driver[0] = '\0';
    skvm_dev_path(&host->files, path, bdf, "");
    if (!skvm_exists(&host->files, path)) {
        return -ENOENT;
    }
    skvm_dev_path(&host->files, path, bdf, "driver");
    if (skvm_link_name(&host->files, path, driver, room) < 0) {
        driver[0] = '\0';
    }
    return 0;
}

int sxen_vm_backend(void *ctx, uint32_t domid, uint32_t *state)
{
    const struct sxen_door *door = &sxen_door_linux;
    struct sxen_store *store = NULL;
    char path[SXEN_STORE_PATH];
    char text[16];
    int fd = -1;
    (void)ctx;
    int err = door->store_open(door->ctx, &store, &fd);
    if (err != 0) {
        return err;
    }
    snprintf(path, sizeof(path), "/local/domain/0/backend/pci/%u/0/state", (unsigned)domid);
    err = door->store_read(door->ctx, store, path, text, sizeof(text));
    *state = err == 0 ? (uint32_t)strtoul(text, NULL, 10) : 0;
    door->store_close(door->ctx, store);
    return err;
}

static int check_words(const char *bdf, uint32_t domid, struct skvm_why *why)
{
    if (skvm_bdf_check(bdf) == 0 && domid != 0) {
        return 0;
    }
    skvm_why(why, "%.64s to or from domain %u: wants a PCI address like 0000:01:10.0, and not dom0",
             bdf != NULL ? bdf : "", (unsigned)domid);
    return -EINVAL;
}

/* ---- to a domain ---- */

static int put_back(const struct sxen_vm_host *host, const char *bdf, int err, struct skvm_why *why)
{
    struct skvm_why undo = {""};
    struct skvm_why first = *why;
    if (sxen_xl_unassignable(host, bdf, MEND_NS, &undo) != 0) {
        skvm_why(why, "%.200s; and then %.250s", first.text, undo.text);
    }
    return err;
}

/* A program of this library's that drives it has its config space locked; the lock is ours meanwhile. */
static int lock_out(const struct sxen_vm_host *host, const char *bdf, int *fd, struct skvm_why *why)
{
    const struct skvm_sys *sys = host->files.sys;
    char path[SKVM_PATH_MAX];
    skvm_dev_path(&host->files, path, bdf, "config");
    *fd = sys->open(sys->ctx, path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) {
        return 0; /* what is wrong with it, others say better */
    }
    int err = sxen_door_linux.lock(sxen_door_linux.ctx, *fd);
    if (err == -EBUSY) {
        skvm_why(why, "%s: a program here drives it; end that first", bdf);
        sys->close(sys->ctx, *fd);
        return err;
    }
    return 0;
}

static int give(const struct sxen_vm_host *host, const char *bdf, uint32_t domid, uint64_t timeout_ns,
                struct skvm_why *why)
{
    bool changed;
    int err = sxen_xl_assignable(host, bdf, timeout_ns, &changed, why);
    if (err != 0) {
        return err;
    }
    err = sxen_xl_attach(host, domid, bdf, timeout_ns, why);
    return err != 0 && changed ? put_back(host, bdf, err, why) : err;
}

int sxen_give(const struct sxen_vm_host *host, const char *bdf, uint32_t domid, uint64_t timeout_ns,
              struct skvm_why *why)
{
    const struct skvm_sys *sys = host->files.sys;
    int fd = -1;
    if (check_words(bdf, domid, why) != 0) {
        return -EINVAL;
    }
    int err = lock_out(host, bdf, &fd, why);
    if (err != 0) {
        return err;
    }
    err = give(host, bdf, domid, timeout_ns, why);
    if (fd >= 0) {
        sys->close(sys->ctx, fd);
    }
    return err;
}

/* ---- and back ---- */

/* xl may be done before its domain is: the guest's side of an attach, or of a detach, still runs. */
static int await_gone(const struct sxen_vm_host *host, const char *bdf, uint32_t domid, bool force,
                      uint64_t timeout_ns, struct skvm_why *why)
{
    const struct sxen_vm_door *door = host->door;
    uint64_t begin = door->now(door->ctx);
    for (uint32_t turn = 1;; turn++) {
        bool late = door->now(door->ctx) - begin >= timeout_ns; /* before the look: this one is the last */
        int has = sxen_xl_has(host, domid, bdf, MEND_NS, why);
        if (has <= 0 || late) {
            return has;
        }
        door->rest(door->ctx, REST_NS);
        if (force && turn % TRY_AGAIN == 0) {
            (void)sxen_xl_detach(host, domid, bdf, true, MEND_NS, why);
        }
    }
}

static int leave(const struct sxen_vm_host *host, const char *bdf, uint32_t domid, uint32_t flags,
                 uint64_t timeout_ns, struct skvm_why *why)
{
    bool force = (flags & SRIOV_XEN_TAKE_FORCE) != 0;
    int err = sxen_xl_detach(host, domid, bdf, force, timeout_ns, why);
    struct skvm_why first = *why;
    /* A guest that refused keeps it: there is nothing to wait for. */
    int has = await_gone(host, bdf, domid, force, err == 0 || force ? timeout_ns : 0, why);
    if (has == 0) {
        return 0; /* whatever was said on the way */
    }
    if (has < 0) {
        skvm_why(why, "%.300s; whether domain %u still has it is not known: xl pci-list %u",
                 err != 0 ? first.text : "xl pci-detach: done", (unsigned)domid, (unsigned)domid);
        return err != 0 ? err : has;
    }
    if (err == 0) {
        skvm_why(why,
                 "%s: domain %u still lists it after %.1f s, though xl detached it: its kernel does not "
                 "answer any "
                 "more; xl destroy %u frees it",
                 bdf, (unsigned)domid, (double)timeout_ns / 1e9, (unsigned)domid);
        return -ETIMEDOUT;
    }
    *why = first;
    return err;
}

int sxen_take(const struct sxen_vm_host *host, const char *bdf, uint32_t domid, uint32_t flags,
              uint64_t timeout_ns, struct skvm_why *why)
{
    if (check_words(bdf, domid, why) != 0) {
        return -EINVAL;
    }
    if ((flags & ~(SRIOV_XEN_TAKE_FORCE | SRIOV_XEN_TAKE_UNBIND)) != 0) {
        skvm_why(why, "%s: flags 0x%x are not known", bdf, (unsigned)flags);
        return -EINVAL;
    }
    int err = leave(host, bdf, domid, flags, timeout_ns, why);
    if (err == 0 && (flags & SRIOV_XEN_TAKE_UNBIND) != 0) {
        err = sxen_xl_unassignable(host, bdf, timeout_ns, why);
    }
    return err;
}

/* ---- public ---- */

static int say(char *text, size_t room, const struct skvm_why *why, int err)
{
    if (room != 0) {
        snprintf(text, room, "%s", err != 0 ? why->text : "");
    }
    return err;
}

static int host_init(struct sxen_vm_host *host, const struct sriov_xen_opts *opts, struct skvm_why *why)
{
    int err = sxen_vm_host_init(host, opts, &sxen_vm_door_linux);
    if (err != 0) {
        skvm_why(why, "options of this call are not right: see struct sriov_xen_opts");
    }
    return err;
}

int sriov_xen_give(const struct sriov_xen_opts *opts, const char *bdf, uint32_t domid, uint64_t timeout_ns,
                   char *why, size_t room)
{
    struct sxen_vm_host host;
    struct skvm_why own = {""};
    int err = host_init(&host, opts, &own);
    err = err == 0 ? sxen_give(&host, bdf, domid, timeout_ns, &own) : err;
    return say(why, room, &own, err);
}

int sriov_xen_take(const struct sriov_xen_opts *opts, const char *bdf, uint32_t domid, uint32_t flags,
                   uint64_t timeout_ns, char *why, size_t room)
{
    struct sxen_vm_host host;
    struct skvm_why own = {""};
    int err = host_init(&host, opts, &own);
    err = err == 0 ? sxen_take(&host, bdf, domid, flags, timeout_ns, &own) : err;
    return say(why, room, &own, err);
}

int sriov_xen_xl(const char *const *words, uint64_t timeout_ns, char *text, size_t text_room, char *why,
                 size_t room)
{
    char least[1];
    struct sxen_child child = sxen_child(text_room != 0 ? text : least, text_room != 0 ? text_room : 1);
    struct skvm_why own = {""};
    size_t n = 0;
    child.text[0] = '\0';
    while (words != NULL && words[n] != NULL && n <= SXEN_XL_WORDS - 2) {
        n++;
    }
    if (n == 0 || n > SXEN_XL_WORDS - 2) {
        skvm_why(&own, "xl wants one to %d words, not more", SXEN_XL_WORDS - 2);
        return say(why, room, &own, -EINVAL);
    }
    int err = sxen_xl(&sxen_vm_door_linux, words, timeout_ns, &child, &own);
    return say(why, room, &own, err);
}
