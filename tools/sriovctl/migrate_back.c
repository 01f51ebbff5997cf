/* SPDX-License-Identifier: BSD-3-Clause */
/* When it does not go on: the machine stays where it is, with its VF if the guest takes it again. */
#include "migrate_qmp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* QEMU itself waits half a minute for a guest that was asked for its VF. */
#define SETTLE_NS (60 * MIGRATE_SECOND)
#define LOOK_NS   (MIGRATE_SECOND / 50)
#define AGAIN     "start a destination with -incoming defer and migrate again"

static int source_died(struct migrate_move *move, const char *why)
{
    char ignored[CLI_WHY_MAX];
    char status[32] = "";
    int runs = qmp_vm_runs(move->pair.destination.qmp, qmp_deadline(MIGRATE_QUESTION_NS), status, ignored);

    if (runs == 1) {
        move->log.state = MIGRATE_DESTINATION_STANDBY;
        return migrate_end(&move->log, why,
                           "it had come over before: look for its VF with query-pci at the destination");
    }
    move->log.state = MIGRATE_LOST;
    return migrate_end(
        &move->log, why,
        "the source's QEMU is gone with its memory: end the destination and boot the machine again");
}

static int unknown(struct migrate_move *move, const char *error)
{
    move->log.state = MIGRATE_UNKNOWN;
    return migrate_end(&move->log, error, "QEMU does not end the migration: see query-migrate of the source");
}

/* An unheard answer is left behind: the monitor is opened anew. */
static int reopen(struct migrate_move *move, char *why)
{
    struct migrate_vm *source = &move->pair.source;

    qmp_close(source->qmp);
    source->qmp = NULL;
    int rc = qmp_open(source->path, &source->qmp, why);
    if (rc == 0) {
        migrate_watch(move);
    }
    return rc;
}

/* Until the migration is over, whatever its end. */
static int settle(struct migrate_move *move, char *reason, size_t room, char *why)
{
    uint64_t deadline = qmp_deadline(SETTLE_NS);
    int rc = migrate_ask(move, reason, room, why);

    while (rc == 0 && !migrate_is_over(move) && qmp_now() < deadline) {
        bool never = false;
        rc = qmp_wait(move->pair.source.qmp, &never, qmp_deadline(LOOK_NS), why);
        rc = rc == -ETIMEDOUT ? migrate_ask(move, reason, room, why) : rc;
    }
    return rc == 0 && !migrate_is_over(move) ? -ETIMEDOUT : rc;
}

static int all_used(struct migrate_move *move, char *why)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < move->pair.source.num_vfs; i++) {
        rc = migrate_await_use(move, move->pair.source.qmp, move->pair.source.vfs[i].id, why);
    }
    return rc;
}

int migrate_failed(struct migrate_move *move, const char *error)
{
    char why[CLI_WHY_MAX] = "";
    int rc = all_used(move, why);

    if (rc == 0) {
        migrate_step(&move->log, "the guest has its VF again, on the source");
        move->log.state = MIGRATE_SOURCE;
        return migrate_end(&move->log, error, AGAIN);
    }
    if (rc != -ETIMEDOUT && rc != -ENOENT) {
        return migrate_broken_off(move, why);
    }
    move->log.state = MIGRATE_SOURCE_STANDBY;
    return migrate_end(&move->log, error,
                       "its VF did not come back in time: look at the guest's log for it; traffic goes on "
                       "by the standby");
}

int migrate_cancel(struct migrate_move *move, const char *error)
{
    char why[CLI_WHY_MAX] = "";
    char reason[128];
    int rc = cli_take_interrupt() ? reopen(move, why) : 0;

    migrate_step(&move->log, "cancelled");
    rc = rc != 0 ? rc
                 : qmp_execute(move->pair.source.qmp, "migrate_cancel", NULL,
                               qmp_deadline(MIGRATE_QUESTION_NS), NULL, why);
    rc = rc == -EREMOTEIO ? 0 : rc;
    rc = rc != 0 ? rc : settle(move, reason, sizeof(reason), why);
    if (rc == -ETIMEDOUT) {
        return unknown(move, error);
    }
    if (rc != 0) {
        return migrate_broken_off(move, why);
    }
    if (strcmp(move->status, "completed") == 0) {
        cli_note("it was over before it could be cancelled");
        return migrate_arrive(move);
    }
    return migrate_failed(move, error);
}

int migrate_broken_off(struct migrate_move *move, const char *why)
{
    char ignored[CLI_WHY_MAX];
    bool first = !move->broken_off;

    move->broken_off = true;
    (void)cli_take_interrupt();
    if (reopen(move, ignored) != 0) {
        return source_died(move, why);
    }
    return first ? migrate_cancel(move, why) : unknown(move, why);
}

int migrate_destination_died(struct migrate_move *move, const char *why)
{
    move->log.state = MIGRATE_UNKNOWN;
    return migrate_end(&move->log, why,
                       "the source still holds the machine: if the destination's log says that it never ran, "
                       "cont on the source's monitor lets it go on there; never both");
}
