/* SPDX-License-Identifier: BSD-3-Clause */
/* What is behind the PF's physical port, and the captures. */
#ifndef SRIOVCTL_SERVE_WIRE_H
#define SRIOVCTL_SERVE_WIRE_H

#include "serve.h"

#include <sys/un.h>

#define SERVE_FRAME_MAX 65535u

/* Frames kept for a peer that has no room for the moment: a UNIX datagram socket's queue is ten long. */
#define SERVE_WIRE_KEPT 512u

struct serve_wire_frame {
    void *bytes;
    size_t len;
};

struct serve_wire {
    int fd;     /* -1: nothing is behind the wire */
    bool ended; /* nothing comes any more */
    /* A frame out: it does not wait. False: it did not get there; errno EAGAIN: it may, soon. */
    bool (*put)(struct serve_wire *wire, const void *frame, size_t len);
    /* The next one in: its length (more than `room`: its rest is lost), or -1 with errno. */
    ssize_t (*get)(struct serve_wire *wire, void *frame, size_t room);
    const char *name; /* "tap:tap0"; NULL: none */
    uint64_t sent;
    uint64_t received;
    uint64_t lost;             /* going out */
    char path[SERVE_PATH_MAX]; /* dgram: ours; empty: none */
    struct sockaddr_un peer;   /* dgram: who sent last; family 0: nobody */
    struct sockaddr_un beside; /* dgram: PATH.peer */
    uint32_t kept_first;       /* free-running */
    uint32_t kept_end;
    struct serve_wire_frame kept[SERVE_WIRE_KEPT];
};

/* Each fills wire->fd, put and get. CLI_OK, or CLI_USAGE with the line printed. */
int serve_wire_tap(struct serve *serve, struct serve_wire *wire, const char *name);
int serve_wire_dgram(struct serve *serve, struct serve_wire *wire, const char *path);

#endif
