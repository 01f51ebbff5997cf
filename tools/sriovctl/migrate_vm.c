/* SPDX-License-Identifier: BSD-3-Clause */
#include "migrate_vm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VFIO_TYPE "child<vfio-"

static const char *const folders[] = {"/machine/peripheral", "/machine/peripheral-anon"};

/* A property, of any kind; *value NULL where it is not there. */
static int get(struct qmp *qmp, const char *path, const char *name, uint64_t deadline, json_t **value,
               char *why)
{
    json_t *arguments = out_object();

    *value = NULL;
    out_text(arguments, "path", path);
    out_text(arguments, "property", name);
    int rc = qmp_execute(qmp, "qom-get", arguments, deadline, value, why);
    return rc == -EREMOTEIO ? 0 : rc;
}

static int get_text(struct qmp *qmp, const char *path, const char *name, uint64_t deadline, char *text,
                    size_t room, char *why)
{
    json_t *value;
    int rc = get(qmp, path, name, deadline, &value, why);

    (void)snprintf(text, room, "%s", json_is_string(value) ? json_string_value(value) : "");
    qmp_plain(text);
    json_decref(value);
    return rc;
}

/* ---- devices ---- */

static int add_vf(struct migrate_vm *vm, const char *path, const char *id, uint64_t deadline, char *why)
{
    struct migrate_vf *vf = &vm->vfs[vm->num_vfs];

    if (vm->num_vfs == MIGRATE_VFS_MAX) {
        (void)snprintf(why, CLI_WHY_MAX,
                       "%.160s: more than %d VFIO devices; this command moves a machine with %d", vm->path,
                       MIGRATE_VFS_MAX, MIGRATE_VFS_MAX);
        return -E2BIG;
    }
    (void)snprintf(vf->id, sizeof(vf->id), "%s", id);
    vm->num_vfs++;
    return get_text(vm->qmp, path, "failover_pair_id", deadline, vf->pair, sizeof(vf->pair), why);
}

static int take_device(struct migrate_vm *vm, const char *folder, const json_t *child, uint64_t deadline,
                       char *why)
{
    const char *name = json_string_value(json_object_get(child, "name"));
    const char *type = json_string_value(json_object_get(child, "type"));
    char path[QMP_ID_MAX];

    if (name == NULL || type == NULL || strncmp(type, "child<", 6) != 0 ||
        snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path)) {
        return 0;
    }
    if (strncmp(type, VFIO_TYPE, strlen(VFIO_TYPE)) == 0) {
        return add_vf(vm, path, folder == folders[0] ? name : path, deadline, why);
    }
    if (folder == folders[0]) {
        out_text(vm->devices, name, type);
    }
    return 0;
}

static int look_in(struct migrate_vm *vm, const char *folder, uint64_t deadline, char *why)
{
    json_t *arguments = out_object();
    json_t *children = NULL;
    json_t *child;
    size_t i;

    out_text(arguments, "path", folder);
    int rc = qmp_execute(vm->qmp, "qom-list", arguments, deadline, &children, why);
    json_array_foreach(children, i, child)
    {
        rc = rc != 0 ? rc : take_device(vm, folder, child, deadline, why);
    }
    json_decref(children);
    return rc;
}

/* ---- the machine ---- */

static int look_at_size(struct migrate_vm *vm, uint64_t deadline, char *why)
{
    json_t *answer = NULL;
    int rc = qmp_execute(vm->qmp, "query-memory-size-summary", NULL, deadline, &answer, why);

    vm->memory = json_integer_value(json_object_get(answer, "base-memory"));
    json_decref(answer);
    answer = NULL;
    rc = rc != 0 ? rc : qmp_execute(vm->qmp, "query-cpus-fast", NULL, deadline, &answer, why);
    vm->cpus = json_array_size(answer);
    json_decref(answer);
    return rc;
}

int migrate_vm_look(struct migrate_vm *vm, uint64_t deadline_ns, char *why)
{
    int rc = qmp_vm_runs(vm->qmp, deadline_ns, vm->status, why);

    vm->devices = out_object();
    rc = rc < 0 ? rc : look_at_size(vm, deadline_ns, why);
    rc = rc != 0 ? rc
                 : get_text(vm->qmp, "/machine", "type", deadline_ns, vm->machine, sizeof(vm->machine), why);
    for (size_t i = 0; rc == 0 && i < sizeof(folders) / sizeof(folders[0]); i++) {
        rc = look_in(vm, folders[i], deadline_ns, why);
    }
    return rc;
}

void migrate_vm_forget(struct migrate_vm *vm)
{
    json_decref(vm->devices);
    qmp_close(vm->qmp);
    vm->devices = NULL;
    vm->qmp = NULL;
}

/* ---- the standby ---- */

/* QEMU tells the number of a NIC's queues in the monitor for people only: "ID: index=N,type=nic,...". */
static uint32_t count_queues(const char *text, const char *id)
{
    char head[QMP_ID_MAX + 16];
    uint32_t most = 0;

    (void)snprintf(head, sizeof(head), "%s: index=", id);
    for (const char *at = strstr(text, head); at != NULL; at = strstr(at + 1, head)) {
        unsigned long index = strtoul(at + strlen(head), NULL, 10);
        most = index < 1024 && index + 1 > most ? (uint32_t)index + 1 : most;
    }
    return most;
}

static int look_at_queues(struct migrate_vm *vm, const char *id, uint64_t deadline, uint32_t *queues,
                          char *why)
{
    json_t *arguments = out_object();
    json_t *answer = NULL;

    out_text(arguments, "command-line", "info network");
    int rc = qmp_execute(vm->qmp, "human-monitor-command", arguments, deadline, &answer, why);
    *queues = json_is_string(answer) ? count_queues(json_string_value(answer), id) : 0;
    json_decref(answer);
    return rc == -EREMOTEIO ? 0 : rc;
}

int migrate_vm_standby(struct migrate_vm *vm, const char *id, uint64_t deadline_ns,
                       struct migrate_standby *standby, char *why)
{
    char path[QMP_ID_MAX + 32];
    json_t *failover;

    *standby = (struct migrate_standby){.there = json_object_get(vm->devices, id) != NULL};
    if (!standby->there) {
        return 0;
    }
    (void)snprintf(path, sizeof(path), "%s/%s", folders[0], id);
    int rc = get(vm->qmp, path, "failover", deadline_ns, &failover, why);
    standby->failover = json_is_true(failover);
    json_decref(failover);
    rc = rc != 0 ? rc : get_text(vm->qmp, path, "mac", deadline_ns, standby->mac, sizeof(standby->mac), why);
    return rc != 0 ? rc : look_at_queues(vm, id, deadline_ns, &standby->queues, why);
}

/* ---- is it in use? ---- */

/* QEMU shows an address of -1 for a BAR that the guest has not enabled. */
static bool is_mapped(const json_t *device)
{
    const json_t *region;
    size_t i;

    json_array_foreach(json_object_get(device, "regions"), i, region)
    {
        const json_t *address = json_object_get(region, "address");
        if (json_is_integer(address) && json_integer_value(address) > 0) {
            return true;
        }
    }
    return false;
}

/* Buses below buses: query-pci nests them; a made-up answer is followed four deep. */
static const json_t *find(const json_t *devices, const char *id, uint32_t depth)
{
    const json_t *device;
    size_t i;

    json_array_foreach(devices, i, device)
    {
        const char *name = json_string_value(json_object_get(device, "qdev_id"));
        if (name != NULL && strcmp(name, id) == 0) {
            return device;
        }
        const json_t *below = json_object_get(json_object_get(device, "pci_bridge"), "devices");
        const json_t *found = depth > 0 ? find(below, id, depth - 1) : NULL;
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

int migrate_vm_uses(struct qmp *qmp, const char *id, uint64_t deadline_ns, char *why)
{
    json_t *buses = NULL;
    const json_t *bus;
    const json_t *device = NULL;
    size_t i;
    int rc = qmp_execute(qmp, "query-pci", NULL, deadline_ns, &buses, why);

    json_array_foreach(buses, i, bus)
    {
        device = device != NULL ? device : find(json_object_get(bus, "devices"), id, 4);
    }
    rc = rc != 0 ? rc : device == NULL ? -ENOENT : is_mapped(device);
    json_decref(buses);
    return rc;
}
