/* SPDX-License-Identifier: BSD-3-Clause */
#include "migrate_qmp.h"

#include <stdio.h>
#include <string.h>

static void take_status(struct migrate_move *move, const json_t *data, uint64_t at)
{
    const char *word = json_string_value(json_object_get(data, "status"));
    char step[64];

    if (word == NULL || strlen(word) >= sizeof(move->status)) {
        return;
    }
    (void)snprintf(move->status, sizeof(move->status), "%s", word);
    qmp_plain(move->status);
    move->waited = move->waited || strcmp(word, "wait-unplug") == 0;
    if (strcmp(word, "active") == 0 && !move->under_way) {
        move->under_way = true;
        if (move->waited) {
            migrate_step_at(&move->log, "the guest has let its VF go", at);
        }
    }
    (void)snprintf(step, sizeof(step), "migration: %s", move->status);
    migrate_step_at(&move->log, step, at);
    move->news = true;
}

static void take_unplug(struct migrate_move *move, const json_t *data, uint64_t at)
{
    const char *id = json_string_value(json_object_get(data, "device-id"));

    for (uint32_t i = 0; id != NULL && i < move->pair.source.num_vfs; i++) {
        struct migrate_vf *vf = &move->pair.source.vfs[i];
        if (strcmp(vf->id, id) == 0 && !vf->asked) {
            vf->asked = true;
            move->unplug_ns = move->unplug_ns != 0 ? move->unplug_ns : at;
            migrate_step_at(&move->log, "the guest is asked for its VF", at);
        }
    }
}

static void on_source(void *arg, const char *name, const json_t *data)
{
    struct migrate_move *move = arg;
    uint64_t at = qmp_event_ns(move->pair.source.qmp);

    if (strcmp(name, "MIGRATION") == 0) {
        take_status(move, data, at);
    } else if (strcmp(name, "UNPLUG_PRIMARY") == 0) {
        take_unplug(move, data, at);
    } else if (strcmp(name, "STOP") == 0) {
        move->stop_ns = at;
        migrate_step_at(&move->log, "the source has stopped", at);
    } else if (strcmp(name, "RESUME") == 0) {
        migrate_step_at(&move->log, "the source runs again", at);
    }
}

static void on_destination(void *arg, const char *name, const json_t *data)
{
    struct migrate_move *move = arg;

    (void)data;
    if (strcmp(name, "RESUME") == 0) {
        move->resume_ns = qmp_event_ns(move->pair.destination.qmp);
        move->resumed = true;
        migrate_step_at(&move->log, "the destination runs", move->resume_ns);
    }
}

void migrate_watch(struct migrate_move *move)
{
    qmp_watch(move->pair.source.qmp, on_source, move);
    qmp_watch(move->pair.destination.qmp, on_destination, move);
}

bool migrate_is_over(const struct migrate_move *move)
{
    static const char *const ends[] = {"completed", "failed", "cancelled"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (strcmp(move->status, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void add_figure(struct migrate_move *move, const char *key, const json_t *value, uint64_t unit)
{
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        out_number(move->log.facts, key, (uint64_t)json_integer_value(value) * unit);
    }
}

int migrate_ask(struct migrate_move *move, char *reason, size_t room, char *why)
{
    const uint64_t ms = MIGRATE_SECOND / 1000;
    json_t *answer = NULL;
    int rc = qmp_execute(move->pair.source.qmp, "query-migrate", NULL, qmp_deadline(MIGRATE_QUESTION_NS),
                         &answer, why);
    const char *word = json_string_value(json_object_get(answer, "status"));
    const char *text = json_string_value(json_object_get(answer, "error-desc"));
    const json_t *ram = json_object_get(answer, "ram");

    (void)snprintf(reason, room, "%s", text != NULL ? text : "");
    qmp_plain(reason);
    if (rc == 0 && word != NULL && strlen(word) < sizeof(move->status)) {
        (void)snprintf(move->status, sizeof(move->status), "%s", word);
    }
    if (rc == 0 && migrate_is_over(move)) {
        add_figure(move, "setup_ns", json_object_get(answer, "setup-time"), ms);
        add_figure(move, "downtime_ns", json_object_get(answer, "downtime"), ms);
        add_figure(move, "total_ns", json_object_get(answer, "total-time"), ms);
        add_figure(move, "ram_bytes", json_object_get(ram, "total"), 1);
        add_figure(move, "sent_bytes", json_object_get(ram, "transferred"), 1);
    }
    json_decref(answer);
    return rc;
}

void migrate_progress(struct migrate_move *move)
{
    char ignored[CLI_WHY_MAX];
    json_t *answer = NULL;
    int rc = qmp_execute(move->pair.source.qmp, "query-migrate", NULL, qmp_deadline(MIGRATE_QUESTION_NS),
                         &answer, ignored);
    const json_t *ram = json_object_get(answer, "ram");
    double total = (double)json_integer_value(json_object_get(ram, "total"));
    double left = (double)json_integer_value(json_object_get(ram, "remaining"));

    if (rc == 0 && total > 0) {
        cli_note("%9.3f ms: %s, %.1f of %.1f MB left", (double)(migrate_now() - move->log.begin_ns) / 1e6,
                 move->status, left / 1e6, total / 1e6);
    }
    json_decref(answer);
}
