/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages between two processes, over a stream socket. */
#ifndef MIGRATE_WIRE_H
#define MIGRATE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

enum wire_type {
    WIRE_PAGE = 1,   /* a page of RAM: its number, its bytes */
    WIRE_PEER = 2,   /* struct wire_peer */
    WIRE_STREAM = 3, /* a migration stream */
    WIRE_LOADED = 4,
    WIRE_REFUSED = 5,
    WIRE_GO = 6, /* the source will never run again */
    WIRE_RUNNING = 7,
};

struct wire_head {
    uint32_t type;
    uint32_t number;
    uint64_t len;
};

/* What the peer on the wire remembers: it is the same one at both ends. */
struct wire_peer {
    uint32_t sent, got, lost, again;
};

/* False: the other side is gone. */
bool wire_put(int fd, uint32_t type, uint32_t number, const void *bytes, uint64_t len);
/* head->len bytes follow, for wire_bytes. */
bool wire_get(int fd, struct wire_head *head);
bool wire_bytes(int fd, void *bytes, uint64_t len);

#endif
