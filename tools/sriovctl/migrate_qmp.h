/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of a move between two QEMUs: the way there, and the way back when it fails. */
#ifndef SRIOVCTL_MIGRATE_QMP_H
#define SRIOVCTL_MIGRATE_QMP_H

#include "migrate_check.h"

#define MIGRATE_QUESTION_NS (10 * MIGRATE_SECOND)

struct migrate_move {
    struct cli *cli;
    const struct migrate_values *values;
    struct migrate_log log;
    struct migrate_pair pair;
    uint64_t stop_ns;   /* the source's CPUs stand; 0: not yet */
    uint64_t resume_ns; /* the destination's run */
    uint64_t unplug_ns; /* the guest was asked */
    bool news;          /* the migration has another status */
    bool waited;        /* QEMU waited for the guest to let go */
    bool went_on;       /* it was told to take the last step */
    bool under_way;     /* and waits no more */
    bool resumed;       /* as a flag for qmp_wait */
    bool broken_off;    /* talk with the source began anew */
    char status[32];    /* of the migration, as QEMU calls it */
};

/* ---- migrate_watch.c ---- */

/* Events of both monitors fill the move and its time line. */
void migrate_watch(struct migrate_move *move);
/* "completed", "failed" or "cancelled": nothing comes after it. */
bool migrate_is_over(const struct migrate_move *move);
/* Asks for the status, for the figures if it is over, and for QEMU's reason (room bytes, may be empty). */
int migrate_ask(struct migrate_move *move, char *reason, size_t room, char *why);
/* A line for people: how much of the memory is over. */
void migrate_progress(struct migrate_move *move);

/* ---- migrate_back.c ---- */

/* Cancels, and waits for the VF to come back on the source. Returns the command's status. */
int migrate_cancel(struct migrate_move *move, const char *error);
/* QEMU gave it up: the VF comes back. */
int migrate_failed(struct migrate_move *move, const char *error);
/* The source's monitor has closed, is late with an answer or makes no sense: where its QEMU still serves one,
 * the move is cancelled; else it is gone. */
int migrate_broken_off(struct migrate_move *move, const char *why);
int migrate_destination_died(struct migrate_move *move, const char *why);

/* ---- migrate_arrive.c ---- */

/* The machine has left: until it runs at the destination and has its VF. */
int migrate_arrive(struct migrate_move *move);
/* 0 once the guest uses the VF (plugged: a step for its being there), -ETIMEDOUT, or as qmp_execute. */
int migrate_await_use(struct migrate_move *move, struct qmp *qmp, const char *id, char *why);

#endif
