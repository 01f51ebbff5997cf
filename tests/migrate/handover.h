/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine moves from one process to another, over a socket. The source lets its function go only when the
 * destination has said that it runs; the destination begins only when it has everything and the source has
 * said go, or is dead. Each step has a number; a process may be told to die there.
 */
#ifndef MIGRATE_HANDOVER_H
#define MIGRATE_HANDOVER_H

#include "stage.h"

/* Steps of the source. */
enum {
    SOURCE_BEGIN,
    SOURCE_PRE_COPY,
    SOURCE_FIRST_PASS,
    SOURCE_STOPPED,
    SOURCE_LAST_PASS,
    SOURCE_STREAM_SENT,
    SOURCE_LOADED,
    SOURCE_GO,
    SOURCE_DONE,
    SOURCE_STEPS,
};

/* Steps of the destination. */
enum {
    DEST_BEGIN,
    DEST_PAGES,
    DEST_STREAM,
    DEST_LOADED,
    DEST_GO,
    DEST_STARTED,
    DEST_RUNNING,
    DEST_STEPS,
};

struct handover {
    struct stage *stage;
    int fd;
    int die_at;     /* -1: never */
    bool spoil;     /* the source: send a stream with one bit wrong */
    bool try_wrong; /* the destination: refuse every cut and every flip of it first */
    uint64_t pages; /* sent in passes after the first */
    uint64_t bytes; /* of the stream */
    uint64_t wrong; /* streams that were refused */
    char why[128];  /* of the last refusal */
};

/* True: the destination runs, and this side must not. False: the source goes on, as before. */
bool handover_source(struct handover *h);
/* True: it runs here now. False: it does not, and never will. */
bool handover_dest(struct handover *h);

#endif
