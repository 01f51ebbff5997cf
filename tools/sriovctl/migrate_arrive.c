/* SPDX-License-Identifier: BSD-3-Clause */
/* The other end: the machine runs there, and its VF comes. */
#include "migrate_qmp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOOK_NS (MIGRATE_SECOND / 50)

/* A while in which events are heard. */
static int pass(struct qmp *qmp, char *why)
{
    bool never = false;
    int rc = qmp_wait(qmp, &never, qmp_deadline(LOOK_NS), why);

    return rc == -ETIMEDOUT ? 0 : rc;
}

int migrate_await_use(struct migrate_move *move, struct qmp *qmp, const char *id, char *why)
{
    uint64_t deadline = qmp_deadline(move->values->timeout_ns);
    int rc = migrate_vm_uses(qmp, id, deadline, why);

    while ((rc == 0 || rc == -ENOENT) && qmp_now() < deadline) {
        rc = pass(qmp, why);
        rc = rc != 0 ? rc : migrate_vm_uses(qmp, id, qmp_deadline(MIGRATE_QUESTION_NS), why);
    }
    return rc == 1 ? 0 : rc == 0 || rc == -ENOENT ? -ETIMEDOUT : rc;
}

/* ---- it runs ---- */

static int await_running(struct migrate_move *move, char *why)
{
    struct qmp *qmp = move->pair.destination.qmp;
    uint64_t deadline = qmp_deadline(move->values->timeout_ns);
    char status[32] = "";
    int rc = 0;

    while (rc == 0 && qmp_now() < deadline) {
        rc = qmp_wait(qmp, &move->resumed, qmp_deadline(LOOK_NS), why);
        if (rc == 0) {
            return 0;
        }
        rc = rc == -ETIMEDOUT ? qmp_vm_runs(qmp, qmp_deadline(MIGRATE_QUESTION_NS), status, why) : rc;
        if (rc == 1) {
            return 0;
        }
    }
    if (rc == 0) {
        (void)snprintf(why, CLI_WHY_MAX, "%.160s: the machine is there but does not run: it is %s",
                       move->pair.destination.path, status);
    }
    return rc != 0 ? rc : -ETIMEDOUT;
}

/* ---- its VF ---- */

static int plug(struct migrate_move *move, char *why)
{
    json_t *device = json_loads(move->values->plug, 0, NULL);

    if (json_object_get(device, "failover_pair_id") == NULL) {
        out_text(device, "failover_pair_id", move->pair.standby_id);
    }
    migrate_step(&move->log, "device_add at the destination");
    return qmp_execute(move->pair.destination.qmp, "device_add", device,
                       qmp_deadline(move->values->timeout_ns), NULL, why);
}

/* What the destination calls it, once it is there. */
static int find_vf(struct migrate_move *move, char *id, char *why)
{
    struct migrate_vm *there = &move->pair.destination;

    json_decref(there->devices);
    there->devices = NULL;
    there->num_vfs = 0;
    int rc = migrate_vm_look(there, qmp_deadline(MIGRATE_QUESTION_NS), why);
    for (uint32_t i = 0; rc == 0 && i < there->num_vfs; i++) {
        if (strcmp(there->vfs[i].pair, move->pair.standby_id) == 0) {
            (void)snprintf(id, QMP_ID_MAX, "%s", there->vfs[i].id);
            return 1;
        }
    }
    return rc;
}

static int await_vf(struct migrate_move *move, char *why)
{
    uint64_t deadline = qmp_deadline(move->values->timeout_ns);
    char id[QMP_ID_MAX] = "";
    int rc = find_vf(move, id, why);

    while (rc == 0 && qmp_now() < deadline) {
        rc = pass(move->pair.destination.qmp, why);
        rc = rc != 0 ? rc : find_vf(move, id, why);
    }
    if (rc != 1) {
        return rc != 0 ? rc : -ENOENT;
    }
    out_text(move->log.facts, "vf_at_destination", id);
    migrate_step(&move->log, "the destination's VF is plugged in");
    rc = migrate_await_use(move, move->pair.destination.qmp, id, why);
    if (rc == 0) {
        migrate_step(&move->log, "the guest has its VF");
    }
    return rc;
}

static int no_vf(struct migrate_move *move, int rc, const char *why)
{
    move->log.state = MIGRATE_DESTINATION_STANDBY;
    if (rc == -ENOENT) {
        return migrate_end(
            &move->log, "no VF was plugged in at the destination",
            "traffic goes on by the standby; plug one with device_add and its failover_pair_id");
    }
    if (rc == -ETIMEDOUT) {
        return migrate_end(&move->log, "the guest has not taken the destination's VF in time",
                           "traffic goes on by the standby; look at the guest's log for the device");
    }
    return migrate_end(&move->log, why, "traffic goes on by the standby; look for the VF with query-pci");
}

int migrate_arrive(struct migrate_move *move)
{
    char why[CLI_WHY_MAX] = "";
    char reason[128];

    (void)migrate_ask(move, reason, sizeof(reason), why);
    int rc = await_running(move, why);
    if (rc != 0) {
        return migrate_destination_died(move, why);
    }
    if (move->stop_ns != 0 && move->resume_ns > move->stop_ns) {
        out_number(move->log.facts, "stopped_ns", move->resume_ns - move->stop_ns);
    }
    rc = move->values->plug != NULL ? plug(move, why) : 0;
    rc = rc != 0 ? rc : await_vf(move, why);
    if (rc != 0) {
        return no_vf(move, rc, why);
    }
    move->log.state = MIGRATE_DESTINATION;
    return migrate_end(&move->log, NULL, NULL);
}
