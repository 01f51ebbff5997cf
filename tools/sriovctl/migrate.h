/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl migrate: a machine with a VF from one host to another. One file an engine, and what they share. */
#ifndef SRIOVCTL_MIGRATE_H
#define SRIOVCTL_MIGRATE_H

#include "cli.h"

#define MIGRATE_SECOND UINT64_C(1000000000)

struct migrate_values {
    const char *qmp;
    const char *to_qmp;
    const char *uri;
    const char *vf_id;
    const char *vf_mac;
    const char *plug;
    const char *xen;
    const char *save;
    const char *restore;
    const char *to;
    const char *device;
    const char *to_device;
    const char *xl;
    const char *ssh;
    uint64_t mem_max;    /* MiB; 0: as xl leaves it */
    uint64_t timeout_ns; /* for the guest to let go, and to take it again */
    uint64_t move_ns;
    uint64_t abort_ns;     /* after the begin; 0: never */
    uint64_t downtime_ns;  /* 0: as QEMU has it */
    uint64_t bytes_second; /* 0: as QEMU has it */
};

/* Where the machine runs, and on what its traffic goes, when the command ends. */
enum migrate_state {
    MIGRATE_SOURCE,              /* on the source, with its VF: as before */
    MIGRATE_SOURCE_STANDBY,      /* on the source, without its VF */
    MIGRATE_DESTINATION,         /* moved, with a VF */
    MIGRATE_DESTINATION_STANDBY, /* moved, without a VF */
    MIGRATE_SAVED,               /* in a file */
    MIGRATE_LOST,                /* it runs nowhere */
    MIGRATE_UNKNOWN,
};

/* What was done when, and what came of it. */
struct migrate_log {
    struct cli *cli;
    json_t *steps;
    json_t *facts; /* members for the report */
    uint64_t begin_ns;
    enum migrate_state state;
};
void migrate_log_begin(struct migrate_log *log, struct cli *cli);
/* A step is done: to the time line, and told at once. */
void migrate_step(struct migrate_log *log, const char *step);
/* The same of a time that is past: monotonic nanoseconds. */
void migrate_step_at(struct migrate_log *log, const char *step, uint64_t at_ns);
/* The report, with or without what went wrong and what is to be done now. error NULL: all is well. Takes the
 * log's contents; returns the command's status. */
int migrate_end(struct migrate_log *log, const char *error, const char *next);
/* Forgets what no report has taken. */
void migrate_drop(struct migrate_log *log);

/* Monotonic nanoseconds. */
uint64_t migrate_now(void);

/* Each: status of the command, its report or its line printed. */
int migrate_qmp(struct cli *cli, const struct migrate_values *values);
int migrate_xen(struct cli *cli, const struct migrate_values *values);

#endif
