/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket: each line is a request in JSON, and is answered with a line. */
#include "serve.h"
#include "serve_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TALKERS 8u

struct talker {
    int fd; /* -1: none */
    size_t have;
    char line[SERVE_LINE_MAX];
    char *reply; /* NULL: none under way */
    size_t length;
    size_t sent;
};

struct serve_control {
    int listener;
    char path[SERVE_PATH_MAX];
    struct talker talkers[TALKERS];
};

/* ---- opening ---- */

static int start(struct serve_control *control, const char *path)
{
    int fd = serve_socket_bind(path, SOCK_STREAM);

    if (fd < 0) {
        return fd;
    }
    memcpy(control->path, path, strlen(path) + 1);
    control->listener = fd;
    return listen(fd, (int)TALKERS) == 0 ? 0 : -errno;
}

int serve_control_open(struct serve *serve)
{
    struct serve_control *control = calloc(1, sizeof(*control));
    char path[SERVE_PATH_MAX];

    if (control == NULL) {
        return cli_fail(serve->cli, "out of memory");
    }
    for (uint32_t i = 0; i < TALKERS; i++) {
        control->talkers[i].fd = -1;
    }
    control->listener = -1;
    serve->control = control;
    if (serve_dir_path(serve, SERVE_CONTROL, path) != CLI_OK) {
        return CLI_USAGE;
    }
    int rc = start(control, path);
    return rc == 0 ? CLI_OK
                   : cli_fail(serve->cli, "%s: cannot listen there: %s: remove it, or give another --dir",
                              path, strerror(-rc));
}

/* ---- talking ---- */

static void hang_up(struct talker *t)
{
    if (t->fd >= 0) {
        (void)close(t->fd);
    }
    free(t->reply);
    *t = (struct talker){.fd = -1};
}

/* What fits goes out; false: it is gone. */
static bool send_some(struct talker *t)
{
    ssize_t n = send(t->fd, t->reply + t->sent, t->length - t->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    t->sent += (size_t)n;
    if (t->sent == t->length) {
        free(t->reply);
        t->reply = NULL;
    }
    return true;
}

static json_t *answer_line(struct serve *serve, const char *line, size_t length)
{
    json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
    json_t *reply = serve_answer(serve, request);

    json_decref(request);
    return reply;
}

/* One whole line; there is one, and the last answer is out. False: hang up. */
static bool take_line(struct serve *serve, struct talker *t)
{
    char *end = memchr(t->line, '\n', t->have);
    json_t *reply;
    char *text;

    reply = answer_line(serve, t->line, (size_t)(end - t->line));
    text = json_dumps(reply, JSON_COMPACT);
    json_decref(reply);
    if (text == NULL) {
        return false;
    }
    t->have -= (size_t)(end + 1 - t->line);
    memmove(t->line, end + 1, t->have);
    t->length = strlen(text) + 1;
    text[t->length - 1] = '\n'; /* its NUL is not needed */
    t->reply = text;
    t->sent = 0;
    return send_some(t);
}

/* More of its lines; false: it has closed, is gone, or speaks no text (a vfio-user client, say). */
static bool read_some(struct talker *t)
{
    ssize_t n = recv(t->fd, t->line + t->have, sizeof(t->line) - t->have, MSG_DONTWAIT);

    if (n < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    t->have += (size_t)n;
    return n > 0 && memchr(t->line, '\0', t->have) == NULL;
}

static bool hear(struct serve *serve, struct talker *t)
{
    bool stays = t->reply != NULL ? send_some(t) : read_some(t);

    while (stays && t->reply == NULL && memchr(t->line, '\n', t->have) != NULL) {
        stays = take_line(serve, t);
    }
    return stays && (t->reply != NULL || t->have < sizeof(t->line));
}

static void come_in(struct serve_control *control)
{
    int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    for (uint32_t i = 0; fd >= 0 && i < TALKERS; i++) {
        if (control->talkers[i].fd < 0) {
            control->talkers[i].fd = fd;
            return;
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

uint32_t serve_control_fds(const struct serve *serve, struct pollfd *fds)
{
    const struct serve_control *control = serve->control;
    uint32_t n = 0;

    fds[n++] = (struct pollfd){.fd = control->listener, .events = POLLIN};
    for (uint32_t i = 0; i < TALKERS; i++) {
        const struct talker *t = &control->talkers[i];

        /* poll passes over a descriptor of -1. */
        fds[n++] = (struct pollfd){.fd = t->fd, .events = t->reply != NULL ? POLLOUT : POLLIN};
    }
    return n;
}

void serve_control_turn(struct serve *serve, const struct pollfd *fds, uint32_t n)
{
    struct serve_control *control = serve->control;

    for (uint32_t i = 1; i < n && i <= TALKERS; i++) {
        struct talker *t = &control->talkers[i - 1];

        if (fds[i].revents != 0 && t->fd >= 0 && !hear(serve, t)) {
            hang_up(t);
        }
    }
    if (fds[0].revents != 0) {
        come_in(control);
    }
}

void serve_control_close(struct serve *serve)
{
    struct serve_control *control = serve->control;

    if (control == NULL) {
        return;
    }
    for (uint32_t i = 0; i < TALKERS; i++) {
        hang_up(&control->talkers[i]);
    }
    if (control->listener >= 0) {
        (void)close(control->listener);
        (void)unlink(control->path);
    }
    free(control);
    serve->control = NULL;
}
