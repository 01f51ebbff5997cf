/* SPDX-License-Identifier: BSD-3-Clause */
#include "hyper.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#define SLOTS "sys/bus/pci/drivers/pciback/slots"

static int due(struct hyper *hyper)
{
    return fake_due(hyper->fake) ? hyper->fake->fail_err : 0;
}

/* ---- xl ---- */

static uint64_t now(void *ctx)
{
    struct hyper *hyper = ctx;
    return hyper->time;
}

static void rest(void *ctx, uint64_t ns)
{
    struct hyper *hyper = ctx;
    hyper->time += ns;
}

static int say(struct sxen_child *child, int status, const char *text)
{
    snprintf(child->text, child->room, "%s", text);
    child->length = strlen(child->text);
    return status;
}

static int assignable(struct hyper *hyper, bool on)
{
    if (!on && hyper->attached != 0) {
        return 1;
    }
    tree_driver(hyper->fake, FAKE_VF, on ? "pciback" : NULL);
    tree_write(hyper->fake, SLOTS, on ? FAKE_VF "\n" : "");
    hyper->owner = on ? SXEN_DOMID_IO : 0;
    return 0;
}

static int attach(struct hyper *hyper, struct sxen_child *child, uint32_t domid)
{
    if (hyper->no_passthrough || hyper->owner != SXEN_DOMID_IO) {
        return say(child, 1,
                   "libxl: error: libxl_pci.c:1:f: Domain 1:PCI device 0:1:10.0 is not assignable\n");
    }
    hyper->attached = domid;
    hyper->owner = domid;
    hyper->connecting = 5;
    return 0;
}

static int detach(struct hyper *hyper, struct sxen_child *child, bool force)
{
    if (hyper->attached == 0) {
        return say(child, 1, "libxl: error: libxl_device.c:1:f: unable to remove device\n");
    }
    assert_int_equal(hyper->connecting, 0); /* xl would leave it half there */
    if (hyper->deaf && !force) {
        return say(child, 1, "libxl: error: libxl_pci.c:1:f: Domain 1:timed out\n");
    }
    hyper->attached = 0;
    hyper->owner = SXEN_DOMID_IO;
    return 0;
}

/* What a command answers at once. */
static int obey(struct hyper *hyper, const char *const *argv, struct sxen_child *child)
{
    const char *word = argv[1];
    if (strcmp(word, "pci-assignable-add") == 0) {
        return assignable(hyper, true);
    }
    if (strcmp(word, "pci-assignable-remove") == 0) {
        return assignable(hyper, false);
    }
    if (strcmp(word, "pci-attach") == 0) {
        return attach(hyper, child, (uint32_t)atoi(argv[2]));
    }
    if (strcmp(word, "pci-detach") == 0) {
        return detach(hyper, child, strcmp(argv[2], "-f") == 0);
    }
    assert_string_equal(word, "pci-list");
    bool has = hyper->attached == (uint32_t)atoi(argv[2]);
    return say(child, 0, has ? "Vdev Device\n00.0 " FAKE_VF "\n" : "");
}

/* pid: the status that it will end with, plus one. */
static int start(void *ctx, const char *const *argv, struct sxen_child *child)
{
    struct hyper *hyper = ctx;
    assert_string_equal(argv[0], "xl");
    assert_true(child->pid <= 0 && child->fd < 0);
    hyper->last_xl[0] = '\0';
    for (int i = 1; argv[i] != NULL; i++) {
        snprintf(hyper->last_xl + strlen(hyper->last_xl), sizeof(hyper->last_xl) - strlen(hyper->last_xl),
                 "%s%s", i > 1 ? " " : "", argv[i]);
    }
    int err = due(hyper);
    if (err != 0) {
        return err;
    }
    child->text[0] = '\0';
    child->length = 0;
    child->fd = eventfd(1, EFD_CLOEXEC);
    bool asked = strncmp(hyper->last_xl, "pci-detach ", 11) == 0 && strstr(hyper->last_xl, "-f") == NULL;
    hyper->detaching = hyper->late && asked;
    child->pid = hyper->detaching ? 1 : due(hyper) != 0 ? 2 : obey(hyper, argv, child) + 1;
    hyper->live_children++;
    return 0;
}

static int follow(void *ctx, struct sxen_child *child, uint64_t timeout_ns, int *status)
{
    struct hyper *hyper = ctx;
    assert_true(child->pid > 0);
    if (hyper->detaching) {
        hyper->time += timeout_ns;
        return 0;
    }
    *status = child->pid - 1;
    return 1;
}

static void end(void *ctx, struct sxen_child *child)
{
    struct hyper *hyper = ctx;
    close(child->fd);
    child->fd = -1;
    child->pid = -1;
    hyper->detaching = false;
    hyper->live_children--;
}

void hyper_let_go(struct hyper *hyper)
{
    hyper->detaching = false;
    hyper->attached = 0;
    hyper->owner = SXEN_DOMID_IO;
}

/* A guest takes a moment until it has what it was given. */
static int backend(void *ctx, uint32_t domid, uint32_t *state)
{
    struct hyper *hyper = ctx;
    if (hyper->attached != domid) {
        return -ENOENT;
    }
    hyper->connecting -= hyper->connecting != 0;
    *state = hyper->connecting > 3 ? 3 : hyper->connecting > 1 ? 7 : hyper->connecting != 0 ? 8 : 4;
    return 0;
}

/* ---- Xen ---- */

static int open_xen(void *ctx, void **xen)
{
    struct hyper *hyper = ctx;
    int err = hyper->no_lib ? -EOPNOTSUPP : due(hyper);
    if (err == 0) {
        hyper->live_xens++;
        *xen = hyper;
    }
    return err;
}

static void close_xen(void *ctx, void *xen)
{
    struct hyper *hyper = ctx;
    assert_ptr_equal(xen, hyper);
    hyper->live_xens--;
}

static int get_domain(void *ctx, void *xen, uint32_t domid, struct sxen_domain *domain)
{
    struct hyper *hyper = ctx;
    int err = due(hyper);
    assert_ptr_equal(xen, hyper);
    if (err == 0 && domid != HYPER_PV && domid != HYPER_HVM) {
        err = -ENOENT;
    }
    err = hyper->domain_says != 0 ? -(int)hyper->domain_says : err;
    *domain = (struct sxen_domain){
        .hvm = domid == HYPER_HVM, .hap = !hyper->no_hap, .dying = hyper->dying, .pages = 64};
    return err;
}

static int test_assign(void *ctx, void *xen, uint32_t domid, uint32_t sbdf)
{
    struct hyper *hyper = ctx;
    int err = due(hyper);
    (void)xen;
    assert_int_equal(sbdf, HYPER_SBDF);
    assert_int_not_equal(domid, 0);
    if (err != 0 || hyper->no_passthrough) {
        return err != 0 ? err : -EOPNOTSUPP;
    }
    return hyper->owner == 0 || hyper->owner == SXEN_DOMID_IO ? 0 : -EINVAL;
}

static int assign(void *ctx, void *xen, uint32_t domid, uint32_t sbdf)
{
    struct hyper *hyper = ctx;
    int err = due(hyper);
    (void)xen;
    assert_int_equal(sbdf, HYPER_SBDF);
    assert_int_equal(domid, HYPER_HVM);
    assert_false(hyper->log_on);
    if (err == 0 && (hyper->foreign_log || hyper->assign_says != 0)) {
        err = hyper->foreign_log ? -EXDEV : -(int)hyper->assign_says;
    }
    hyper->owner = err == 0 ? domid : hyper->owner;
    return err;
}

/* What leaves a domain goes into quarantine, from there to dom0. */
static int deassign(void *ctx, void *xen, uint32_t domid, uint32_t sbdf)
{
    struct hyper *hyper = ctx;
    (void)xen;
    assert_int_equal(sbdf, HYPER_SBDF);
    assert_int_equal(domid, hyper->owner);
    assert_int_equal(hyper->allowed, 0); /* its registers are taken away before */
    hyper->owner = domid == SXEN_DOMID_IO ? 0 : SXEN_DOMID_IO;
    return 0;
}

static int set_iomem(void *ctx, void *xen, uint32_t domid, uint64_t mfn, uint64_t n, bool allow)
{
    struct hyper *hyper = ctx;
    int err = allow ? due(hyper) : 0;
    (void)xen;
    (void)domid;
    assert_true(mfn >= FAKE_BAR0 >> 12);
    hyper->allowed += err != 0 ? 0 : allow ? n : UINT64_MAX - n + 1;
    return err;
}

static struct hyper_range *range_at(struct hyper *hyper, uint64_t gfn, bool trap)
{
    for (int i = 0; i < HYPER_MAPS; i++) {
        if (hyper->ranges[i].n != 0 && hyper->ranges[i].gfn == gfn && hyper->ranges[i].trap == trap) {
            return &hyper->ranges[i];
        }
    }
    return NULL;
}

static void add_range(struct hyper *hyper, struct hyper_range range)
{
    for (int i = 0; i < HYPER_MAPS; i++) {
        if (hyper->ranges[i].n == 0) {
            hyper->ranges[i] = range;
            return;
        }
    }
    fail_msg("too many ranges");
}

static int set_range(struct hyper *hyper, struct hyper_range range, bool on)
{
    struct hyper_range *there = range_at(hyper, range.gfn, range.trap);
    int err = due(hyper);
    if (err != 0) {
        return err;
    }
    assert_true(on ? there == NULL : there != NULL && there->mfn == range.mfn && there->n == range.n);
    if (on) {
        add_range(hyper, range);
    } else {
        there->n = 0;
    }
    return 0;
}

static int set_map(void *ctx, void *xen, uint32_t domid, uint64_t gfn, uint64_t mfn, uint64_t n, bool add)
{
    (void)xen;
    assert_int_equal(domid, HYPER_HVM);
    return set_range(ctx, (struct hyper_range){.gfn = gfn, .mfn = mfn, .n = n}, add);
}

static int set_trap(void *ctx, void *xen, uint32_t domid, uint32_t server, uint64_t first, uint64_t last,
                    bool on)
{
    (void)xen;
    assert_int_equal(domid, HYPER_HVM);
    assert_int_equal(server, HYPER_SERVER);
    return set_range(ctx, (struct hyper_range){.gfn = first, .mfn = last, .n = 1, .trap = true}, on);
}

static int set_config(void *ctx, void *xen, uint32_t domid, uint32_t server, uint32_t slot, bool on)
{
    struct hyper *hyper = ctx;
    int err = on ? due(hyper) : 0;
    (void)xen;
    (void)domid;
    assert_int_equal(server, HYPER_SERVER);
    if (err == 0) {
        assert_int_equal(hyper->config_slot, on ? HYPER_NONE : slot);
        hyper->config_slot = on ? slot : HYPER_NONE;
    }
    return err;
}

static int pirq_map(void *ctx, void *xen, uint32_t domid, uint32_t sbdf, uint32_t vector, uint64_t table,
                    uint32_t *pirq)
{
    struct hyper *hyper = ctx;
    int err = due(hyper);
    (void)xen;
    (void)domid;
    assert_int_equal(sbdf, HYPER_SBDF);
    assert_int_equal(table, FAKE_BAR3);
    assert_true(vector < HYPER_VECTORS && !hyper->pirq[vector]);
    hyper->pirq[vector] = err == 0;
    *pirq = 100 + vector;
    return err;
}

static int pirq_unmap(void *ctx, void *xen, uint32_t domid, uint32_t pirq)
{
    struct hyper *hyper = ctx;
    (void)xen;
    (void)domid;
    assert_true(hyper->pirq[pirq - 100]);
    assert_int_equal(hyper->bound[pirq - 100].flags, 0);
    hyper->pirq[pirq - 100] = false;
    return 0;
}

static int msi_bind(void *ctx, void *xen, uint32_t domid, const struct sxen_msi *msi)
{
    struct hyper *hyper = ctx;
    int err = due(hyper);
    (void)xen;
    (void)domid;
    assert_true(hyper->pirq[msi->pirq - 100]);
    if (err == 0) {
        hyper->bound[msi->pirq - 100] = *msi;
    }
    return err;
}

static int msi_unbind(void *ctx, void *xen, uint32_t domid, const struct sxen_msi *msi)
{
    struct hyper *hyper = ctx;
    (void)xen;
    (void)domid;
    assert_memory_equal(&hyper->bound[msi->pirq - 100], msi, sizeof(*msi));
    hyper->bound[msi->pirq - 100].flags = 0;
    return 0;
}

static int set_log(void *ctx, void *xen, uint32_t domid, bool on)
{
    struct hyper *hyper = ctx;
    int err = due(hyper);
    (void)xen;
    assert_int_equal(domid, HYPER_HVM);
    if (err == 0 && on && (hyper->owner == HYPER_HVM || hyper->foreign_dev)) {
        err = -EINVAL;
    }
    hyper->log_on = err == 0 ? on : hyper->log_on;
    return err;
}

static int log_take(void *ctx, void *xen, uint32_t domid, uint64_t *bitmap, uint64_t pages)
{
    struct hyper *hyper = ctx;
    int err = due(hyper);
    (void)xen;
    (void)domid;
    assert_true(hyper->log_on && pages <= 64);
    if (err == 0) {
        bitmap[0] = hyper->wrote;
        hyper->wrote = 0;
    }
    return err;
}

const struct sxen_vm_door hyper_door = {
    .now = now,
    .rest = rest,
    .start = start,
    .follow = follow,
    .end = end,
    .backend = backend,
    .open = open_xen,
    .close = close_xen,
    .domain = get_domain,
    .test_assign = test_assign,
    .assign = assign,
    .deassign = deassign,
    .iomem = set_iomem,
    .map = set_map,
    .pirq_map = pirq_map,
    .pirq_unmap = pirq_unmap,
    .msi_bind = msi_bind,
    .msi_unbind = msi_unbind,
    .log = set_log,
    .log_take = log_take,
    .trap = set_trap,
    .trap_config = set_config,
};
