/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine from one QEMU to another by failover: QEMU asks the guest for its VF, moves the machine on its
 * standby, and plugs the destination's VF in. QEMU holds before the last step, so that nothing moves before
 * the VF was seen to be let go.
 */
#include "migrate_qmp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Timeouts and signals are looked at so often, between events. */
#define SLICE_NS (MIGRATE_SECOND / 10)

/* ---- before the machine moves ---- */

static json_t *capability(const char *name)
{
    json_t *object = out_object();

    out_text(object, "capability", name);
    out_flag(object, "state", true);
    return object;
}

static int set_capabilities(struct qmp *qmp, char *why)
{
    json_t *arguments = out_object();
    json_t *list = out_array();

    out_append(list, capability("events"));
    out_append(list, capability("pause-before-switchover"));
    out_set(arguments, "capabilities", list);
    return qmp_execute(qmp, "migrate-set-capabilities", arguments, qmp_deadline(MIGRATE_QUESTION_NS), NULL,
                       why);
}

static int set_parameters(struct migrate_move *move, char *why)
{
    const struct migrate_values *values = move->values;
    json_t *arguments = out_object();

    if (values->downtime_ns != 0) {
        out_number(arguments, "downtime-limit", values->downtime_ns / (MIGRATE_SECOND / 1000));
    }
    if (values->bytes_second != 0) {
        out_number(arguments, "max-bandwidth", values->bytes_second);
    }
    if (json_object_size(arguments) == 0) {
        json_decref(arguments);
        return 0;
    }
    return qmp_execute(move->pair.source.qmp, "migrate-set-parameters", arguments,
                       qmp_deadline(MIGRATE_QUESTION_NS), NULL, why);
}

/*
 * The destination's QEMU announces the machine on its standby, by itself up to 0.8 s after it runs: then the
 * VF carries the traffic again, and the network would be misled. Here it is done sooner.
 */
static int set_announcements(struct qmp *qmp, char *why)
{
    static const struct {
        const char *name;
        unsigned value;
    } all[] = {{"announce-initial", 10}, {"announce-max", 20}, {"announce-rounds", 3}, {"announce-step", 10}};
    json_t *arguments = out_object();

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        out_number(arguments, all[i].name, all[i].value);
    }
    return qmp_execute(qmp, "migrate-set-parameters", arguments, qmp_deadline(MIGRATE_QUESTION_NS), NULL,
                       why);
}

static int go_uri(struct qmp *qmp, const char *command, const char *uri, char *why)
{
    json_t *arguments = out_object();

    out_text(arguments, "uri", uri);
    return qmp_execute(qmp, command, arguments, qmp_deadline(MIGRATE_QUESTION_NS), NULL, why);
}

/* A destination that was started with a URI of its own listens already. */
static int listen_there(struct migrate_move *move, char *why)
{
    int rc = go_uri(move->pair.destination.qmp, "migrate-incoming", move->values->uri, why);

    return rc == -EREMOTEIO && strstr(why, "already been started") != NULL ? 0 : rc;
}

static int begin(struct migrate_move *move)
{
    char why[CLI_WHY_MAX] = "";
    int rc = set_capabilities(move->pair.source.qmp, why);

    rc = rc != 0 ? rc : set_capabilities(move->pair.destination.qmp, why);
    rc = rc != 0 ? rc : set_parameters(move, why);
    rc = rc != 0 ? rc : set_announcements(move->pair.destination.qmp, why);
    rc = rc != 0 ? rc : listen_there(move, why);
    if (rc != 0) {
        return cli_fail(move->cli, "%s; nothing was moved", why);
    }
    rc = go_uri(move->pair.source.qmp, "migrate", move->values->uri, why);
    if (rc == -EREMOTEIO) {
        return cli_fail(move->cli, "%s; nothing was moved", why);
    }
    return rc == 0 ? CLI_OK : migrate_broken_off(move, why); /* it may have begun */
}

static int look(struct migrate_move *move, struct migrate_vm *vm, const char *path)
{
    char why[CLI_WHY_MAX] = "";

    vm->path = path;
    int rc = qmp_open(path, &vm->qmp, why);
    rc = rc != 0 ? rc : migrate_vm_look(vm, qmp_deadline(MIGRATE_QUESTION_NS), why);
    return rc == 0 ? CLI_OK : cli_fail(move->cli, "%s", why);
}

static int check_plug(struct migrate_move *move)
{
    json_t *device = move->values->plug != NULL ? json_loads(move->values->plug, 0, NULL) : NULL;
    bool good = move->values->plug == NULL || json_is_string(json_object_get(device, "driver"));

    json_decref(device);
    return good ? CLI_OK
                : cli_fail(move->cli, "--plug wants what device_add takes, as "
                                      "'{\"driver\":\"vfio-pci\",\"host\":\"0000:03:10.0\",\"id\":\"vf0\"}'");
}

static int prepare(struct migrate_move *move)
{
    int status = check_plug(move);

    status = status == CLI_OK ? look(move, &move->pair.source, move->values->qmp) : status;
    status = status == CLI_OK ? look(move, &move->pair.destination, move->values->to_qmp) : status;
    return status == CLI_OK ? migrate_check(move->cli, move->values, &move->pair) : status;
}

static void add_facts(struct migrate_move *move)
{
    json_t *facts = move->log.facts;
    json_t *vfs = out_array();

    for (uint32_t i = 0; i < move->pair.source.num_vfs; i++) {
        out_append(vfs, json_string(move->pair.source.vfs[i].id));
    }
    out_set(facts, "source",
            qmp_vm_describe(move->pair.source.qmp, move->values->qmp, qmp_deadline(MIGRATE_QUESTION_NS)));
    out_set(
        facts, "destination",
        qmp_vm_describe(move->pair.destination.qmp, move->values->to_qmp, qmp_deadline(MIGRATE_QUESTION_NS)));
    out_set(facts, "vfs", vfs);
    out_text(facts, "standby", move->pair.standby_id);
    out_text(facts, "mac", move->pair.standby.mac);
}

/* ---- while it moves ---- */

/* A VF that the guest was not asked for, or that QEMU did not wait for, is still in the machine. */
static const struct migrate_vf *not_let_go(const struct migrate_move *move)
{
    for (uint32_t i = 0; i < move->pair.source.num_vfs; i++) {
        const struct migrate_vf *vf = &move->pair.source.vfs[i];
        if (!vf->asked || !move->waited) {
            return vf;
        }
    }
    return NULL;
}

static int still_there(struct migrate_move *move, const struct migrate_vf *vf)
{
    char error[CLI_WHY_MAX];

    (void)snprintf(error, sizeof(error),
                   "the VF %.100s is still in the machine, and QEMU would have moved it", vf->id);
    return migrate_cancel(move, error);
}

/* A device that was plugged in meanwhile is seen here. */
static int verify_again(struct migrate_move *move, char *why)
{
    struct migrate_vm now = {.qmp = move->pair.source.qmp, .path = move->pair.source.path};
    int rc = migrate_vm_look(&now, qmp_deadline(MIGRATE_QUESTION_NS), why);
    bool more = rc == 0 && now.num_vfs > move->pair.source.num_vfs;

    json_decref(now.devices);
    if (more) {
        (void)snprintf(why, CLI_WHY_MAX, "a VF was plugged in during the move");
    }
    return rc != 0 ? rc : more ? -EBUSY : 0;
}

static int let_it_go_on(struct migrate_move *move, char *why)
{
    json_t *arguments = out_object();

    out_text(arguments, "state", "pre-switchover");
    migrate_step(&move->log, "verified: no VF is in the machine");
    return qmp_execute(move->pair.source.qmp, "migrate-continue", arguments,
                       qmp_deadline(MIGRATE_QUESTION_NS), NULL, why);
}

/* The machine stands, and QEMU asks. -ECANCELED: what was to be done is done, *status says with what. */
static int on_pause(struct migrate_move *move, int *status, char *why)
{
    const struct migrate_vf *vf = not_let_go(move);

    if (vf != NULL) {
        *status = still_there(move, vf);
        return -ECANCELED;
    }
    return let_it_go_on(move, why);
}

/* The guest is said to have let go: is that so, and of all? */
static int on_under_way(struct migrate_move *move, int *status, char *why)
{
    const struct migrate_vf *vf = not_let_go(move);
    int rc = vf == NULL ? verify_again(move, why) : 0;

    if (vf == NULL && rc != -EBUSY) {
        return rc == -EREMOTEIO ? 0 : rc;
    }
    *status = vf != NULL ? still_there(move, vf) : migrate_cancel(move, why);
    return -ECANCELED;
}

static int on_news(struct migrate_move *move, bool *verified, int *status, char *why)
{
    int rc = 0;

    move->news = false;
    if (move->under_way && !*verified && !migrate_is_over(move)) {
        *verified = true;
        rc = on_under_way(move, status, why);
    }
    if (rc != 0 || move->went_on || strcmp(move->status, "pre-switchover") != 0) {
        return rc;
    }
    move->went_on = true; /* its event may have been heard twice: while questions were asked */
    return on_pause(move, status, why);
}

/* What is late; NULL: nothing. */
static const char *late(const struct migrate_move *move)
{
    uint64_t now = migrate_now();

    if (cli_interrupted()) {
        return "interrupted";
    }
    if (move->values->abort_ns != 0 && now - move->log.begin_ns >= move->values->abort_ns) {
        return "not done by --abort-after";
    }
    if (move->unplug_ns != 0 && !move->under_way && now - move->unplug_ns >= move->values->timeout_ns) {
        return "the guest does not let its VF go: end what holds it there, or give --timeout more";
    }
    return now - move->log.begin_ns >= move->values->move_ns ? "not done by --move-timeout" : NULL;
}

static int finish(struct migrate_move *move)
{
    char why[CLI_WHY_MAX] = "";
    char reason[256] = "";
    char error[CLI_WHY_MAX];

    if (strcmp(move->status, "completed") == 0) {
        return migrate_arrive(move);
    }
    int rc = migrate_ask(move, reason, sizeof(reason), why);
    if (rc != 0) {
        return migrate_broken_off(move, why);
    }
    (void)snprintf(error, sizeof(error), "the migration %s%s%s", move->status, reason[0] != '\0' ? ": " : "",
                   reason);
    return migrate_failed(move, error);
}

static int follow(struct migrate_move *move)
{
    char why[CLI_WHY_MAX] = "";
    bool verified = false;
    uint64_t told = migrate_now();
    int status = CLI_FAILED;

    while (!migrate_is_over(move)) {
        int rc = qmp_wait(move->pair.source.qmp, &move->news, qmp_deadline(SLICE_NS), why);
        rc = rc == 0 ? on_news(move, &verified, &status, why) : rc;
        const char *error = migrate_is_over(move) ? NULL : late(move);
        if (rc == -ECANCELED) {
            return status;
        }
        if (error != NULL) {
            return migrate_cancel(move, error);
        }
        if (rc != 0 && rc != -ETIMEDOUT) {
            return migrate_broken_off(move, why);
        }
        if (move->under_way && migrate_now() - told >= MIGRATE_SECOND) {
            told = migrate_now();
            migrate_progress(move);
        }
    }
    return finish(move);
}

int migrate_qmp(struct cli *cli, const struct migrate_values *values)
{
    struct migrate_move move = {.cli = cli, .values = values};
    int status = prepare(&move);

    if (status == CLI_OK) {
        migrate_log_begin(&move.log, cli);
        add_facts(&move);
        migrate_watch(&move);
        status = begin(&move);
        status = status == CLI_OK ? follow(&move) : status;
    }
    migrate_drop(&move.log);
    migrate_vm_forget(&move.pair.source);
    migrate_vm_forget(&move.pair.destination);
    return status;
}
