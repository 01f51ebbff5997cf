/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF into a running QEMU: its policy, vfio-pci, device_add; all of it, or none. */
#include "assign.h"
#include "binding.h"
#include "holder.h"
#include "qmp_vm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SECOND      UINT64_C(1000000000)
#define QUESTION_NS (10 * SECOND)

/* What was done so far, to be undone in reverse. */
struct entry {
    struct cli *cli;
    const struct assign_values *values;
    struct qmp *qmp;
    struct sriov_fn_info info;
    struct binding binding;
    struct assign_policy policy;
    char id[QMP_ID_MAX];
    char bus[QMP_ID_MAX]; /* empty: QEMU's choice */
};

/* ---- before the first change ---- */

static int not_held_by_others(struct entry *entry)
{
    struct holder holder;

    if (!holder_find(entry->cli, &entry->info, qmp_peer(entry->qmp), &holder)) {
        return CLI_OK;
    }
    return cli_fail(entry->cli, "%s: process %ld (%s) has it by %s; release it there first", entry->info.name,
                    holder.pid, holder.program, holder.node);
}

static int not_there_yet(struct entry *entry, uint64_t deadline)
{
    char why[CLI_WHY_MAX] = "";
    char id[QMP_ID_MAX];
    int rc = qmp_vm_find(entry->qmp, entry->info.name, deadline, id, why);

    if (rc > 0) {
        qmp_plain(id);
        return cli_fail(entry->cli,
                        "%s: this QEMU has it already, as %.128s; take it out: sriovctl release %s",
                        entry->info.name, id, entry->info.name);
    }
    rc = rc == 0 ? qmp_vm_has_id(entry->qmp, entry->id, deadline, why) : rc;
    if (rc > 0) {
        return cli_fail(entry->cli, "%s: this QEMU has another device %s; give another --id",
                        entry->info.name, entry->id);
    }
    return rc == 0 ? CLI_OK : cli_fail(entry->cli, "%s", why);
}

/* vf-0000-03-10-0: QEMU takes no colon. */
static void choose_id(struct entry *entry)
{
    (void)snprintf(entry->id, sizeof(entry->id), "vf-%s", entry->info.name);
    if (entry->values->id != NULL) {
        (void)snprintf(entry->id, sizeof(entry->id), "%s", entry->values->id);
        return;
    }
    for (char *c = entry->id; *c != '\0'; c++) {
        *c = *c == ':' || *c == '.' ? '-' : *c;
    }
}

static int choose_bus(struct entry *entry, uint64_t deadline)
{
    char why[CLI_WHY_MAX] = "";

    if (entry->values->bus != NULL) {
        (void)snprintf(entry->bus, sizeof(entry->bus), "%s", entry->values->bus);
        return CLI_OK;
    }
    return qmp_vm_free_port(entry->qmp, deadline, entry->bus, why) >= 0 ? CLI_OK
                                                                        : cli_fail(entry->cli, "%s", why);
}

static int look_around(struct entry *entry)
{
    uint64_t deadline = qmp_deadline(QUESTION_NS);
    char why[CLI_WHY_MAX];

    if (qmp_open(entry->values->qmp, &entry->qmp, why) != 0) {
        return cli_fail(entry->cli, "%s", why);
    }
    choose_id(entry);
    int status = not_there_yet(entry, deadline);
    status = status == CLI_OK ? not_held_by_others(entry) : status;
    return status == CLI_OK ? choose_bus(entry, deadline) : status;
}

/* ---- doing it ---- */

/* Says in `stays` what could not be put back; true when all was. */
static bool put_back(struct entry *entry, char *stays, size_t room)
{
    bool bound = binding_undo(entry->cli, &entry->binding);
    bool policy = assign_policy_undo(&entry->policy);

    (void)snprintf(stays, room, "%s%s%s", bound ? "" : "its driver (sriovctl unbind)",
                   bound || policy ? "" : " and ", policy ? "" : "its policy (sriovctl vf show)");
    return bound && policy;
}

static int give_up(struct entry *entry, const char *why)
{
    bool touched = entry->binding.changed || entry->policy.changed != 0;
    char stays[96];

    if (put_back(entry, stays, sizeof(stays))) {
        return cli_fail(entry->cli, "%s; %s", why,
                        touched ? "what had been changed was put back" : "nothing was changed");
    }
    return cli_fail_as(entry->cli, CLI_FAILED, "%s; what is not as before: %s", why, stays);
}

/* QEMU may have taken it or may still: to pull the driver away now would wait for QEMU, maybe for ever. */
static int leave_it(struct entry *entry, const char *why)
{
    return cli_fail_as(entry->cli, CLI_FAILED,
                       "%s; whether QEMU has %s is not known, so it stays with vfio-pci; see what sriovctl "
                       "release says",
                       why, entry->info.name);
}

static int bind_it(struct entry *entry)
{
    char why[CLI_WHY_MAX] = "";
    char line[CLI_WHY_MAX];

    if (binding_take(entry->cli, &entry->info, &entry->binding, why) == 0) {
        return CLI_OK;
    }
    (void)snprintf(line, sizeof(line), "%.20s%s%.400s",
                   strstr(why, entry->info.name) != NULL ? "" : entry->info.name,
                   strstr(why, entry->info.name) != NULL ? "" : ": ", why);
    return give_up(entry, line);
}

static json_t *device_of(const struct entry *entry)
{
    json_t *device = out_object();

    out_text(device, "driver", "vfio-pci");
    out_text(device, "host", entry->info.name);
    out_text(device, "id", entry->id);
    if (entry->bus[0] != '\0') {
        out_text(device, "bus", entry->bus);
    }
    if (entry->cli->globals.vf_token != NULL) {
        out_text(device, "vf-token", entry->cli->globals.vf_token);
    }
    return device;
}

static int add(struct entry *entry)
{
    char why[CLI_WHY_MAX] = "";
    char line[CLI_WHY_MAX];
    int rc = qmp_execute(entry->qmp, "device_add", device_of(entry), qmp_deadline(entry->values->timeout_ns),
                         NULL, why);

    if (rc == 0) {
        return CLI_OK;
    }
    if (rc != -EREMOTEIO) {
        return leave_it(entry, why);
    }
    (void)snprintf(line, sizeof(line), "%.20s: %.400s%s", entry->info.name, why,
                   entry->bus[0] != '\0' ? "" : " (no empty pcie-root-port was seen: --bus names a bus)");
    return give_up(entry, line);
}

static int report(struct entry *entry)
{
    json_t *object = out_object();

    out_text(object, "function", entry->info.name);
    out_set(object, "vm", qmp_vm_describe(entry->qmp, entry->values->qmp, qmp_deadline(QUESTION_NS)));
    out_text(object, "id", entry->id);
    out_text(object, "bus", entry->bus);
    out_text(object, "driver_before", entry->info.bound_driver);
    out_set(object, "policy_changed", vf_request_names(entry->policy.changed));
    out_print(object, entry->cli->globals.json);
    return CLI_OK;
}

static int go(struct entry *entry)
{
    int status = look_around(entry);

    status = status == CLI_OK
                 ? assign_policy_set(&entry->policy, entry->cli, &entry->info, &entry->values->policy)
                 : status;
    status = status == CLI_OK ? bind_it(entry) : status;
    status = status == CLI_OK ? add(entry) : status;
    return status == CLI_OK ? report(entry) : status;
}

int assign_qmp(struct cli *cli, const char *bdf, const struct assign_values *values)
{
    struct entry entry = {.cli = cli, .values = values, .info = {.size = sizeof(entry.info)}};
    int status = assign_look_up(cli, bdf, &entry.info);

    status = status == CLI_OK ? go(&entry) : status;
    assign_policy_close(&entry.policy);
    qmp_close(entry.qmp);
    return status;
}
