/* SPDX-License-Identifier: BSD-3-Clause */
/* Asks a program of this library's in a domU for its VF, by xenstore, before xl takes it away. */
#ifndef SRIOVCTL_MIGRATE_XEN_ASK_H
#define SRIOVCTL_MIGRATE_XEN_ASK_H

#include "migrate_xl.h"

#define ASK_PATH 160

struct xen_ask {
    struct xl store; /* one of xenstore's tools, on this host */
    bool asked;
    char state[ASK_PATH]; /* the node that asks */
    char before[16];      /* what was there */
    char holds[ASK_PATH]; /* the node below which the program notes what it has for the VF */
};

/* 0: asked. -ENOENT: no such program drives it, or that cannot be known. */
int xen_ask(struct xen_ask *ask, const struct xl *xl, const char *domain, const char *bdf);
/* 0: it has let go; -ETIMEDOUT, -EINTR. */
int xen_ask_wait(const struct xen_ask *ask, uint64_t timeout_ns);
/* The VF stays after all. Nothing if it was not asked for. */
void xen_ask_no_more(struct xen_ask *ask);

#endif
