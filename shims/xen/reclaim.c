/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a process that dies leaves behind: frames that its domain keeps, pirqs that keep the function's
 * MSI-X busy. Both are noted in xenstore (data/sriov of this domain, which no save or reboot survives),
 * and who opens the function next gives them back. A note is made after a thing was got and goes before it
 * is given back: so what is noted is surely ours, and the kernel's own frame is never taken for one of these.
 */
#include "sxen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES "frames"
#define PORTS  "ports"

#define PCI_COMMAND        0x04u
#define PCI_COMMAND_MASTER 0x04u

/* data/sriov/0000-01-10-0/KIND: xenstore takes no dot in a name. */
static int path_of(const struct sxen_fn *fn, const char *kind, char path[SXEN_STORE_PATH])
{
    return snprintf(path, SXEN_STORE_PATH, "data/sriov/%04x-%02x-%02x-%x/%s", fn->where.segment,
                    fn->where.bus, fn->where.devfn >> 3, fn->where.devfn & 7u, kind);
}

static void note(struct sxen_fn *fn, const char *kind, uint64_t name, const char *value)
{
    const struct sxen_door *door = sxen_door_of(fn);
    char path[SXEN_STORE_PATH];
    if (fn->store == NULL) {
        return;
    }
    int n = path_of(fn, kind, path);
    snprintf(path + n, sizeof(path) - (size_t)n, "/%llx", (unsigned long long)name);
    /* Without a note what was got is lost to the domain when we die: no reason to fail. */
    (void)door->store_write(door->ctx, fn->store, path, value);
}

void sxen_note_frames(struct sxen_fn *fn, uint64_t frame, uint64_t pages)
{
    char value[24];
    snprintf(value, sizeof(value), "%llx", (unsigned long long)pages);
    note(fn, FRAMES, frame, pages != 0 ? value : NULL);
}

void sxen_note_port(struct sxen_fn *fn, uint32_t port, int32_t pirq)
{
    char value[24];
    snprintf(value, sizeof(value), "%x", (unsigned)pirq);
    note(fn, PORTS, port, pirq >= 0 ? value : NULL);
}

/* Notes that were found; enough for one process' memory, the rest is found by the one after next. */
#define FOUND_MAX 64u
/* Of one piece: what Xen lends at most. */
#define PAGES_MAX (UINT64_C(1) << 18)

struct found {
    struct sxen_fn *fn;
    const char *kind;
    uint32_t num;
    uint64_t name[FOUND_MAX];
    uint64_t value[FOUND_MAX];
};

static bool parse(const char *text, uint64_t *value)
{
    char *end = NULL;
    errno = 0;
    *value = strtoull(text, &end, 16);
    return end != text && *end == '\0' && errno == 0;
}

static int look(void *arg, const char *child)
{
    struct found *found = arg;
    struct sxen_fn *fn = found->fn;
    const struct sxen_door *door = sxen_door_of(fn);
    char path[SXEN_STORE_PATH];
    char text[32];
    uint64_t name = 0;
    uint64_t value = 0;
    size_t n = (size_t)path_of(fn, found->kind, path);
    if (found->num == FOUND_MAX || strlen(child) >= sizeof(path) - n - 1 || !parse(child, &name)) {
        return 0;
    }
    snprintf(path + n, sizeof(path) - n, "/%s", child);
    if (door->store_read(door->ctx, fn->store, path, text, sizeof(text)) != 0 || !parse(text, &value)) {
        return 0;
    }
    found->name[found->num] = name;
    found->value[found->num] = value;
    found->num++;
    return 0;
}

static uint32_t find(struct sxen_fn *fn, const char *kind, struct found *found)
{
    const struct sxen_door *door = sxen_door_of(fn);
    char path[SXEN_STORE_PATH];
    *found = (struct found){.fn = fn, .kind = kind};
    (void)path_of(fn, kind, path);
    (void)door->store_list(door->ctx, fn->store, path, look, found);
    return found->num;
}

/* The dead process' device may still be writing. */
static bool device_quiet(struct sxen_fn *fn)
{
    uint32_t command = 0;
    return sxen_op_cfg_read(fn, PCI_COMMAND, 2, &command) == 0 &&
           sxen_op_cfg_write(fn, PCI_COMMAND, 2, command & ~PCI_COMMAND_MASTER) == 0;
}

static void reclaim_ports(struct sxen_fn *fn, const struct found *found)
{
    const struct sxen_door *door = sxen_door_of(fn);
    for (uint32_t i = 0; i < found->num; i++) {
        int32_t pirq = -1;
        uint32_t port = (uint32_t)found->name[i];
        sxen_note_port(fn, port, -1);
        if (found->name[i] <= UINT32_MAX && door->port_pirq(door->ctx, fn->xen->xen, port, &pirq) == 0 &&
            (uint64_t)pirq == found->value[i]) {
            (void)door->port_close(door->ctx, fn->xen->xen, port);
            (void)door->pirq_unmap(door->ctx, fn->xen->xen, pirq);
        }
    }
    (void)door->msix_release(door->ctx, fn->xen->xen, &fn->where);
}

static void reclaim_frames(struct sxen_fn *fn, const struct found *found)
{
    for (uint32_t i = 0; i < found->num; i++) {
        sxen_note_frames(fn, found->name[i], 0);
        if (found->value[i] <= PAGES_MAX && found->name[i] <= UINT64_MAX >> SXEN_PAGE_SHIFT) {
            (void)sxen_frames_put(fn, found->name[i], found->value[i]);
        }
    }
}

void sxen_reclaim(struct sxen_fn *fn)
{
    struct found ports;
    struct found frames;
    if (fn->store == NULL || find(fn, PORTS, &ports) + find(fn, FRAMES, &frames) == 0) {
        return;
    }
    sriov_log(fn->xen->base.vmm, SRIOV_LOG_WARN,
              "%s: a process that drove it has died: its %u vectors and %u pieces of memory go back to Xen",
              fn->info.name, (unsigned)ports.num, (unsigned)frames.num);
    if (!device_quiet(fn)) {
        return;
    }
    if (ports.num != 0) {
        reclaim_ports(fn, &ports);
    }
    reclaim_frames(fn, &frames);
}
