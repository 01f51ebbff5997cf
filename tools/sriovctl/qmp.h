/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client of QEMU's machine protocol on a UNIX socket. What comes from the other side is hostile until
 * checked: lines are bounded, every wait has a deadline, and text that is shown has no control characters.
 * One command at a time; events may come at any time and go to the watcher.
 */
#ifndef SRIOVCTL_QMP_H
#define SRIOVCTL_QMP_H

#include "cli.h"

#define QMP_LINE_MAX     (1u << 20)
#define QMP_GREETING_MAX UINT64_C(5000000000) /* ns to greet and to agree on capabilities */

struct qmp;

/* `name` and `data` (an object, or NULL) live during the call only. */
typedef void (*qmp_event_cb)(void *arg, const char *name, const json_t *data);

/*
 * All calls: 0 or a negative errno, with one line that names the socket and the remedy in why
 * (CLI_WHY_MAX bytes). After anything but 0 and -EREMOTEIO the connection is good for nothing but
 * qmp_close.
 *  -EREMOTEIO  QEMU refused the command; why has its class and words
 *  -ETIMEDOUT  nothing, or not the whole of it, in time
 *  -EPROTO     what came is no QMP
 *  -ECONNRESET the other side closed
 *  -EINTR      SIGINT or SIGTERM came
 */

/* Connects, is greeted, negotiates. */
int qmp_open(const char *path, struct qmp **out, char *why);
/* NULL is nothing. */
void qmp_close(struct qmp *qmp);
/* "10.0.3", as the greeting had it; "unknown" where it did not say. */
const char *qmp_version(const struct qmp *qmp);
void qmp_watch(struct qmp *qmp, qmp_event_cb cb, void *arg);
/* In the watcher: when it happened by QEMU's stamp, in monotonic nanoseconds of this machine. */
uint64_t qmp_event_ns(const struct qmp *qmp);

/* arguments: taken, may be NULL. *result (may be NULL): the caller's, any kind of value. */
int qmp_execute(struct qmp *qmp, const char *command, json_t *arguments, uint64_t deadline_ns,
                json_t **result, char *why);
/* Takes events until *done, which the watcher sets, or the deadline: then -ETIMEDOUT with an empty line. */
int qmp_wait(struct qmp *qmp, const bool *done, uint64_t deadline_ns, char *why);
/* The process that listens, as the kernel knows it; 0: unknown. */
long qmp_peer(const struct qmp *qmp);

/* Deadlines are on this clock: monotonic nanoseconds. */
uint64_t qmp_now(void);
uint64_t qmp_deadline(uint64_t in_ns);

/* Text of the other side, made fit to show. */
void qmp_plain(char *text);

#endif
