/* SPDX-License-Identifier: BSD-3-Clause */
#include "qmp_vm.h"

#include "parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* pcie-root-port: vendor and device as QEMU's own documents have them. */
#define ROOT_PORT_VENDOR 0x1b36
#define ROOT_PORT_DEVICE 0x000c

/* Devices with an id of the user's, and those without. */
static const char *const folders[] = {"/machine/peripheral", "/machine/peripheral-anon"};
#define NAMED folders[0]

/* ---- objects ---- */

static int list(struct qmp *qmp, const char *path, uint64_t deadline, json_t **children, char *why)
{
    json_t *arguments = out_object();

    out_text(arguments, "path", path);
    return qmp_execute(qmp, "qom-list", arguments, deadline, children, why);
}

/* A property that is a string; empty where it is not there or something else. */
static int property(struct qmp *qmp, const char *path, const char *name, uint64_t deadline, char *text,
                    size_t room, char *why)
{
    json_t *arguments = out_object();
    json_t *value = NULL;

    text[0] = '\0';
    out_text(arguments, "path", path);
    out_text(arguments, "property", name);
    int rc = qmp_execute(qmp, "qom-get", arguments, deadline, &value, why);
    if (rc == 0 && json_is_string(value)) {
        (void)snprintf(text, room, "%s", json_string_value(value));
    }
    json_decref(value);
    return rc == -EREMOTEIO ? 0 : rc;
}

/* Is that object host function bdf? It was named by its address, or by its folder in sysfs. */
static int is_host(struct qmp *qmp, const char *path, const char *bdf, uint64_t deadline, char *why)
{
    char text[QMP_ID_MAX];
    char found[SRIOV_NAME_MAX];
    int rc = property(qmp, path, "host", deadline, text, sizeof(text), why);

    if (rc == 0 && parse_bdf(text, found) && strcmp(found, bdf) == 0) {
        return 1;
    }
    rc = rc != 0 ? rc : property(qmp, path, "sysfsdev", deadline, text, sizeof(text), why);
    if (rc != 0) {
        return rc;
    }
    const char *slash = strrchr(text, '/');
    return slash != NULL && strcmp(slash + 1, bdf) == 0;
}

static int find_in(struct qmp *qmp, const char *folder, const char *bdf, uint64_t deadline, char *id,
                   char *why)
{
    json_t *children = NULL;
    json_t *child;
    size_t i;
    int rc = list(qmp, folder, deadline, &children, why);

    if (rc != 0) {
        return rc == -EREMOTEIO ? 0 : rc;
    }
    json_array_foreach(children, i, child)
    {
        const char *name = json_string_value(json_object_get(child, "name"));
        const char *type = json_string_value(json_object_get(child, "type"));
        char path[QMP_ID_MAX];
        if (name == NULL || type == NULL || strncmp(type, "child<vfio-pci", 14) != 0 ||
            snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path)) {
            continue;
        }
        rc = is_host(qmp, path, bdf, deadline, why);
        if (rc != 0) {
            (void)snprintf(id, QMP_ID_MAX, "%s", folder == NAMED ? name : path);
            break;
        }
    }
    json_decref(children);
    return rc;
}

int qmp_vm_find(struct qmp *qmp, const char *bdf, uint64_t deadline_ns, char *id, char *why)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(folders) / sizeof(folders[0]); i++) {
        rc = find_in(qmp, folders[i], bdf, deadline_ns, id, why);
    }
    return rc;
}

int qmp_vm_has_id(struct qmp *qmp, const char *id, uint64_t deadline_ns, char *why)
{
    json_t *children = NULL;
    json_t *child;
    size_t i;
    int rc = list(qmp, NAMED, deadline_ns, &children, why);

    json_array_foreach(children, i, child)
    {
        const char *name = json_string_value(json_object_get(child, "name"));
        rc = rc == 0 && name != NULL && strcmp(name, id) == 0 ? 1 : rc;
    }
    json_decref(children);
    return rc;
}

/* ---- root ports ---- */

static bool is_free_port(const json_t *device)
{
    json_int_t vendor = json_integer_value(json_object_get(json_object_get(device, "id"), "vendor"));
    json_int_t number = json_integer_value(json_object_get(json_object_get(device, "id"), "device"));
    const char *id = json_string_value(json_object_get(device, "qdev_id"));
    const json_t *below = json_object_get(json_object_get(device, "pci_bridge"), "devices");

    return vendor == ROOT_PORT_VENDOR && number == ROOT_PORT_DEVICE && id != NULL && id[0] != '\0' &&
           strlen(id) < QMP_ID_MAX && json_array_size(below) == 0;
}

/* query-pci shows what is below a port only once firmware has numbered its bus: ask the bus itself, which is
 * called as its port. 1: something is plugged in. */
static int is_taken(struct qmp *qmp, const char *port, uint64_t deadline, char *why)
{
    char path[2 * QMP_ID_MAX + 32];
    json_t *properties = NULL;
    json_t *property;
    size_t i;

    (void)snprintf(path, sizeof(path), "%s/%s/%s", NAMED, port, port);
    int rc = list(qmp, path, deadline, &properties, why);
    json_array_foreach(properties, i, property)
    {
        const char *name = json_string_value(json_object_get(property, "name"));
        rc = rc == 0 && name != NULL && strncmp(name, "child[", 6) == 0 ? 1 : rc;
    }
    json_decref(properties);
    return rc == -EREMOTEIO ? 0 : rc;
}

int qmp_vm_free_port(struct qmp *qmp, uint64_t deadline_ns, char *bus, char *why)
{
    json_t *buses = NULL;
    json_t *device;
    size_t i;
    int rc = qmp_execute(qmp, "query-pci", NULL, deadline_ns, &buses, why);

    if (rc != 0) {
        return rc == -EREMOTEIO ? 0 : rc;
    }
    json_array_foreach(json_object_get(json_array_get(buses, 0), "devices"), i, device)
    {
        if (!is_free_port(device)) {
            continue;
        }
        const char *id = json_string_value(json_object_get(device, "qdev_id"));
        rc = is_taken(qmp, id, deadline_ns, why);
        if (rc == 0) {
            (void)snprintf(bus, QMP_ID_MAX, "%s", id);
        }
        if (rc != 1) {
            json_decref(buses);
            return rc == 0 ? 1 : rc;
        }
    }
    json_decref(buses);
    return 0;
}

/* ---- the machine ---- */

json_t *qmp_vm_describe(struct qmp *qmp, const char *path, uint64_t deadline_ns)
{
    char ignored[CLI_WHY_MAX];
    json_t *answer = NULL;
    json_t *vm = out_object();

    (void)qmp_execute(qmp, "query-name", NULL, deadline_ns, &answer, ignored);
    out_text(vm, "qemu", qmp_version(qmp));
    out_text(vm, "name", json_string_value(json_object_get(answer, "name")));
    out_text(vm, "qmp", path);
    json_decref(answer);
    return vm;
}

int qmp_vm_runs(struct qmp *qmp, uint64_t deadline_ns, char *status, char *why)
{
    json_t *answer = NULL;
    int rc = qmp_execute(qmp, "query-status", NULL, deadline_ns, &answer, why);
    const char *word = json_string_value(json_object_get(answer, "status"));

    (void)snprintf(status, 32, "%s", word != NULL ? word : "in an unknown state");
    qmp_plain(status);
    rc = rc == 0 ? json_is_true(json_object_get(answer, "running")) : rc;
    json_decref(answer);
    return rc;
}
