/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events by xenstore. In a domU: pciback's node of the function says that the toolstack takes it away, and
 * control/shutdown that the domain is to be saved. In dom0: a back end that comes for this very function says
 * that somebody gave it to a domain.
 *
 * Nothing says that a domain runs again. In a restored one the kernel sets all watches again, and they fire.
 * In one that goes on where it was (a checkpoint, a migration that failed) they do not; but there this
 * process runs, which the kernel would have frozen by then, or given up.
 */
#include "sxen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* enum xenbus_state */
#define STATE_CLOSING 5
#define STATE_CLOSED  6
#define DEVICES_MAX   32

#define TOKEN_DEVICE   "device"
#define TOKEN_SHUTDOWN "shutdown"
#define TOKEN_SETTLED  "settled"

static bool call_sink(const struct sxen_fn *fn, uint32_t event, struct skvm_call *call)
{
    call->cb = fn->sink.cb;
    call->arg = fn->sink.arg;
    call->value = event;
    return true;
}

static bool is_there(const struct sxen_fn *fn)
{
    char path[SKVM_PATH_MAX];
    skvm_dev_path(&fn->xen->base.host, path, fn->info.name, "vendor");
    return skvm_exists(&fn->xen->base.host, path);
}

static int store_read(struct sxen_fn *fn, const char *path, char *text, size_t room)
{
    const struct sxen_door *door = sxen_door_of(fn);
    return door->store_read(door->ctx, fn->store, path, text, room);
}

/* A node of the back end for its device n. */
static int back_read(struct sxen_fn *fn, const char *back, const char *leaf, int n, char *text, size_t room)
{
    char path[SXEN_STORE_PATH];
    int len = snprintf(path, sizeof(path), "%s/%s-%d", back, leaf, n);
    return len > 0 && (size_t)len < sizeof(path) ? store_read(fn, path, text, room) : -ENOENT;
}

static bool same_function(const char *text, const char *name)
{
    unsigned a[4];
    unsigned b[4];
    return sscanf(text, "%x:%x:%x.%x", &a[0], &a[1], &a[2], &a[3]) == 4 &&
           sscanf(name, "%x:%x:%x.%x", &b[0], &b[1], &b[2], &b[3]) == 4 && memcmp(a, b, sizeof(a)) == 0;
}

/* domU: the toolstack has set the state of our device at the back end to closing. */
static bool taken_from_domu(struct sxen_fn *fn)
{
    char back[SXEN_STORE_PATH];
    char text[32];
    if (store_read(fn, "device/pci/0/backend", back, sizeof(back)) != 0) {
        return false;
    }
    for (int i = 0; i < DEVICES_MAX; i++) {
        if (back_read(fn, back, "vdev", i, text, sizeof(text)) == 0 && same_function(text, fn->info.name) &&
            back_read(fn, back, "state", i, text, sizeof(text)) == 0) {
            long state = strtol(text, NULL, 10);
            return state == STATE_CLOSING || state == STATE_CLOSED;
        }
    }
    return false;
}

bool sxen_leaves(struct sxen_fn *fn)
{
    return fn->xen->kind == SXEN_DOMU && fn->store != NULL && taken_from_domu(fn);
}

/* dom0: the node that has changed names our function. */
static bool given_away(struct sxen_fn *fn, const char *path)
{
    char text[32];
    const char *leaf = strrchr(path, '/');
    return leaf != NULL && strncmp(leaf, "/dev-", 5) == 0 && store_read(fn, path, text, sizeof(text)) == 0 &&
           same_function(text, fn->info.name);
}

static bool device_changed(struct sxen_fn *fn, const char *path, struct skvm_call *call)
{
    if (!is_there(fn)) {
        bool told = fn->told_gone;
        fn->told_gone = true;
        return !told && call_sink(fn, SRIOV_EVENT_REMOVED, call);
    }
    bool asked = fn->xen->kind == SXEN_DOM0 ? given_away(fn, path) : taken_from_domu(fn);
    if (!asked || fn->told_asked) {
        return false;
    }
    fn->told_asked = true;
    return call_sink(fn, SRIOV_EVENT_REMOVE_ASKED, call);
}

/* The kernel freezes processes for 20 s at most before it suspends the domain. */
#define RUNS_AGAIN_NS UINT64_C(21000000000)

/*
 * The kernel empties the node as soon as it has seen it, mostly before we do: that it was written is what
 * counts. A suspend fires the watch twice, written and emptied; in a restored domain a third firing is owed.
 */
#define FIRINGS 3u

static bool shutdown_changed(struct sxen_fn *fn, struct skvm_call *call)
{
    char text[32] = "";
    (void)store_read(fn, "control/shutdown", text, sizeof(text));
    bool said = strcmp(text, "suspend") == 0;
    if (!fn->settled || (text[0] != '\0' && !said)) {
        return false;
    }
    if (fn->suspended) {
        fn->firings++;
        return false;
    }
    if (fn->late_firing && !said) {
        fn->late_firing = false;
        return false;
    }
    fn->suspended = true;
    fn->firings = 1;
    (void)sxen_door_of(fn)->timer_start(sxen_door_of(fn)->ctx, fn->clock.fd, RUNS_AGAIN_NS);
    return call_sink(fn, SRIOV_EVENT_SUSPEND, call);
}

static bool resumed(struct sxen_fn *fn, bool restored, struct skvm_call *call)
{
    if (!fn->suspended) {
        return false;
    }
    fn->suspended = false;
    fn->late_firing = restored && fn->firings < FIRINGS;
    return call_sink(fn, SRIOV_EVENT_RESUME, call);
}

static bool take_watch(struct skvm_source *source, struct skvm_call *call)
{
    struct sxen_fn *fn = source->owner;
    const struct sxen_door *door = sxen_door_of(fn);
    char path[SXEN_STORE_PATH];
    char token[SXEN_STORE_TOKEN];
    if (door->store_next(door->ctx, fn->store, path, token) != 0) {
        return false;
    }
    if (strcmp(token, TOKEN_SETTLED) == 0) {
        fn->settled = true;
        return resumed(fn, true, call);
    }
    return strcmp(token, TOKEN_SHUTDOWN) == 0 ? shutdown_changed(fn, call) : device_changed(fn, path, call);
}

static bool take_clock(struct skvm_source *source, struct skvm_call *call)
{
    struct sxen_fn *fn = source->owner;
    const struct skvm_sys *sys = sxen_sys_of(fn);
    uint64_t times = 0;
    bool due = sys->read(sys->ctx, source->fd, &times, sizeof(times)) == (int64_t)sizeof(times);
    return due && resumed(fn, false, call);
}

static bool take_removal(struct skvm_source *source, struct skvm_call *call)
{
    struct sxen_fn *fn = source->owner;
    const struct skvm_sys *sys = sxen_sys_of(fn);
    uint64_t count = 0;
    if (sys->read(sys->ctx, source->fd, &count, sizeof(count)) != (int64_t)sizeof(count) || fn->told_gone) {
        return false;
    }
    fn->told_gone = true;
    return call_sink(fn, SRIOV_EVENT_REMOVED, call);
}

void sxen_note_gone(struct sxen_fn *fn)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    uint64_t one = 1;
    if (!atomic_exchange(&fn->gone, true) && fn->removal.fd >= 0) {
        (void)sys->write(sys->ctx, fn->removal.fd, &one, sizeof(one));
    }
}

/* Watches fire once when they are set, in that order: the last one tells that the rest is news. */
static int watch_all(struct sxen_fn *fn)
{
    const struct sxen_door *door = sxen_door_of(fn);
    bool dom0 = fn->xen->kind == SXEN_DOM0;
    char back[SXEN_STORE_PATH];
    int err = door->store_watch(door->ctx, fn->store, dom0 ? "backend/pci" : "device/pci", TOKEN_DEVICE);
    if (err == 0 && !dom0 && store_read(fn, "device/pci/0/backend", back, sizeof(back)) == 0) {
        err = door->store_watch(door->ctx, fn->store, back, TOKEN_DEVICE);
    }
    if (err == 0 && !dom0) {
        err = door->store_watch(door->ctx, fn->store, "control/shutdown", TOKEN_SHUTDOWN);
    }
    return err != 0 ? err : door->store_watch(door->ctx, fn->store, "domid", TOKEN_SETTLED);
}

static int store_init(struct sxen_fn *fn, int *fd)
{
    const struct sxen_door *door = sxen_door_of(fn);
    int err = door->store_open(door->ctx, &fn->store, fd);
    if (err != 0) {
        fn->store = NULL;
        return err;
    }
    err = watch_all(fn);
    if (err != 0) {
        door->store_close(door->ctx, fn->store);
        fn->store = NULL;
    }
    return err;
}

int sxen_events_init(struct sxen_fn *fn)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    const struct sxen_door *door = sxen_door_of(fn);
    int fd = -1;
    int removal = sys->eventfd(sys->ctx);
    if (removal < 0) {
        return -ENOSPC;
    }
    int clock = door->timer_open(door->ctx);
    if (clock < 0) {
        sys->close(sys->ctx, removal);
        return -ENOSPC;
    }
    fn->removal = (struct skvm_source){.fd = removal, .take = take_removal, .owner = fn};
    fn->clock = (struct skvm_source){.fd = clock, .take = take_clock, .owner = fn};
    int err = store_init(fn, &fd);
    if (err != 0) {
        sriov_log(
            fn->xen->base.vmm, SRIOV_LOG_WARN,
            "%s: xenstore does not answer (errno %d), so there will be no events: is xenstored running, "
            "xenfs mounted?",
            fn->info.name, -err);
        return 0;
    }
    fn->watches = (struct skvm_source){.fd = fd, .take = take_watch, .owner = fn};
    fn->info.caps |= SRIOV_CAP_EVENTS;
    return 0;
}

static void sources_remove(struct sxen_fn *fn)
{
    skvm_source_remove(&fn->xen->base, &fn->clock);
    skvm_source_remove(&fn->xen->base, &fn->removal);
    skvm_source_remove(&fn->xen->base, &fn->watches);
}

void sxen_events_drop(struct sxen_fn *fn)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    const struct sxen_door *door = sxen_door_of(fn);
    sources_remove(fn);
    if (fn->store != NULL) {
        door->store_close(door->ctx, fn->store);
        fn->store = NULL;
    }
    sys->close(sys->ctx, fn->clock.fd);
    sys->close(sys->ctx, fn->removal.fd);
    fn->removal.fd = -1;
}

int sxen_op_set_event_sink(void *handle, const struct sriov_event_sink *sink)
{
    struct sxen_fn *fn = handle;

    if (fn->store == NULL) {
        return -EOPNOTSUPP;
    }
    if (sink != NULL && (sink->cb == NULL || sink->reserved0 != 0)) {
        return -EINVAL;
    }
    sources_remove(fn);
    fn->sink = (struct sriov_event_sink){0};
    if (sink == NULL) {
        return 0;
    }
    fn->sink = *sink;
    int err = skvm_source_add(&fn->xen->base, &fn->watches);
    err = err != 0 ? err : skvm_source_add(&fn->xen->base, &fn->removal);
    err = err != 0 ? err : skvm_source_add(&fn->xen->base, &fn->clock);
    if (err != 0) {
        sources_remove(fn);
        fn->sink = (struct sriov_event_sink){0};
    }
    return err;
}
