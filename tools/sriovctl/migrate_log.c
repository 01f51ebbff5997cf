/* SPDX-License-Identifier: BSD-3-Clause */
/* The time line of a migration, told as it grows and reported at the end. */
#include "migrate.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const state_names[] = {
    [MIGRATE_SOURCE] = "on the source, with its VF",
    [MIGRATE_SOURCE_STANDBY] = "on the source, on its standby",
    [MIGRATE_DESTINATION] = "at the destination, with its VF",
    [MIGRATE_DESTINATION_STANDBY] = "at the destination, on its standby",
    [MIGRATE_SAVED] = "saved",
    [MIGRATE_LOST] = "lost",
    [MIGRATE_UNKNOWN] = "unknown",
};

uint64_t migrate_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * MIGRATE_SECOND + (uint64_t)now.tv_nsec;
}

void migrate_log_begin(struct migrate_log *log, struct cli *cli)
{
    *log = (struct migrate_log){.cli = cli,
                                .steps = out_array(),
                                .facts = out_object(),
                                .begin_ns = migrate_now(),
                                .state = MIGRATE_SOURCE};
}

void migrate_step_at(struct migrate_log *log, const char *step, uint64_t at_ns)
{
    uint64_t since = at_ns > log->begin_ns ? at_ns - log->begin_ns : 0;
    json_t *object = out_object();

    cli_note("%9.3f ms: %s", (double)since / 1e6, step);
    out_text(object, "step", step);
    out_number(object, "since_begin_ns", since);
    out_number(object, "monotonic", at_ns);
    out_append(log->steps, object);
}

void migrate_step(struct migrate_log *log, const char *step)
{
    migrate_step_at(log, step, migrate_now());
}

void migrate_drop(struct migrate_log *log)
{
    json_decref(log->steps);
    json_decref(log->facts);
    log->steps = NULL;
    log->facts = NULL;
}

int migrate_end(struct migrate_log *log, const char *error, const char *next)
{
    int status = error != NULL ? CLI_FAILED : CLI_OK;
    json_t *report = log->facts;

    out_text(report, "state", state_names[log->state]);
    out_number(report, "elapsed_ns", migrate_now() - log->begin_ns);
    out_set(report, "steps", log->steps);
    log->steps = NULL;
    log->facts = NULL;
    if (error != NULL) {
        (void)fflush(stdout);
        cli_note("sriovctl: %s; the machine is %s; %s", error, state_names[log->state], next);
        out_text(report, "error", error);
        out_text(report, "next", next);
        out_number(report, "status", (unsigned)status);
    }
    out_print(report, log->cli->globals.json);
    return status;
}
