/* SPDX-License-Identifier: BSD-3-Clause */
/* A process of its own that serves VF 0 of a simulated PF; the peer on its wire sends each frame back. */
#ifndef MOVE_SERVER_H
#define MOVE_SERVER_H

#include <sys/types.h>

struct move_server {
    pid_t pid;
    int hold; /* while it is open the server runs */
    char dir[32];
    char path[48];
};

/* Before this process has threads. */
void move_server_start(struct move_server *server, const char *model);
/* What its mock held against it, and what it had not given back; 0: nothing. */
int move_server_stop(struct move_server *server);

#endif
