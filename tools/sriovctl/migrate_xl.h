/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs Xen's xl, here or by ssh on another host. */
#ifndef SRIOVCTL_MIGRATE_XL_H
#define SRIOVCTL_MIGRATE_XL_H

#include "migrate.h"

#define XL_WORDS 12
#define XL_SAID  8192

struct xl {
    const char *program;
    const char *ssh;
    const char *host; /* NULL: here */
    uint64_t timeout_ns;
};

/*
 * Runs `xl WORDS...` (NULL-ended, XL_WORDS at most). said (XL_SAID bytes, may be NULL) receives the beginning
 * of its standard output. 0, or with one line in why (CLI_WHY_MAX bytes): -ENOENT it cannot be started,
 * -EREMOTEIO it failed (why has the last line of its standard error), -ETIMEDOUT, -EINTR: it was ended.
 */
int xl_run(const struct xl *xl, const char *const *words, char *said, char *why);

#endif
