/* SPDX-License-Identifier: BSD-3-Clause */
#include "migrate_xl.h"

#include "qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define LOOK_MS    50
#define GRACE_NS   (5 * MIGRATE_SECOND)
#define LINE_SHOWN 200

/* What a child says on one of its two streams. */
struct stream {
    int fd;
    size_t len;
    char text[XL_SAID];
};

struct child {
    pid_t pid;
    struct stream out;
    struct stream err;
};

/* ---- starting ---- */

static int spawn(struct child *child, char *const *argv)
{
    posix_spawn_file_actions_t actions;
    int out[2];
    int err[2];
    int rc;

    if (pipe2(out, O_CLOEXEC) != 0) {
        return -errno;
    }
    if (pipe2(err, O_CLOEXEC) != 0) {
        rc = -errno;
        (void)close(out[0]);
        (void)close(out[1]);
        return rc;
    }
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    rc = -posix_spawnp(&child->pid, argv[0], &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(out[1]);
    (void)close(err[1]);
    child->out = (struct stream){.fd = out[0]};
    child->err = (struct stream){.fd = err[0]};
    (void)fcntl(out[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(err[0], F_SETFL, O_NONBLOCK);
    return rc;
}

/* ---- listening ---- */

/* The end of what it says is kept: a failure's reason is there. */
static void hear(struct stream *stream)
{
    char part[1024];
    ssize_t n;

    while ((n = read(stream->fd, part, sizeof(part))) > 0) {
        size_t len = (size_t)n;
        if (stream->len + len >= sizeof(stream->text)) {
            size_t keep = sizeof(stream->text) / 2;
            size_t drop = stream->len > keep ? stream->len - keep : 0;
            memmove(stream->text, stream->text + drop, stream->len - drop);
            stream->len -= drop;
        }
        memcpy(stream->text + stream->len, part, len);
        stream->len += len;
    }
    stream->text[stream->len] = '\0';
}

static bool has_ended(struct child *child, int *status)
{
    struct pollfd fds[2] = {{.fd = child->out.fd, .events = POLLIN}, {.fd = child->err.fd, .events = POLLIN}};

    (void)poll(fds, 2, LOOK_MS);
    hear(&child->out);
    hear(&child->err);
    pid_t done = waitpid(child->pid, status, WNOHANG);
    if (done == 0 && ((fds[0].revents | fds[1].revents) & POLLHUP) != 0) {
        struct timespec pause = {.tv_nsec = LOOK_MS * 100000L};
        (void)nanosleep(&pause, NULL);
    }
    if (done != 0) {
        hear(&child->out);
        hear(&child->err);
    }
    return done != 0;
}

/* Asked to end first: xl puts a domain back that it was about to save. */
static void end(struct child *child)
{
    uint64_t deadline = qmp_deadline(GRACE_NS);
    int status;

    (void)kill(child->pid, SIGTERM);
    while (!has_ended(child, &status)) {
        if (qmp_now() > deadline) {
            (void)kill(child->pid, SIGKILL);
            (void)waitpid(child->pid, &status, 0);
            return;
        }
    }
}

static int await(struct child *child, uint64_t deadline, int *status)
{
    while (!has_ended(child, status)) {
        if (cli_interrupted() || qmp_now() > deadline) {
            end(child);
            return cli_interrupted() ? -EINTR : -ETIMEDOUT;
        }
    }
    return 0;
}

/* ---- what came of it ---- */

static const char *last_line(char *text)
{
    size_t len = strlen(text);

    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' ')) {
        text[--len] = '\0';
    }
    char *newline = strrchr(text, '\n');
    char *line = newline != NULL ? newline + 1 : text;
    qmp_plain(line);
    return line;
}

static int judge(struct child *child, const char *what, int rc, int status, char *why)
{
    const char *line = last_line(child->err.text);

    if (rc != 0) {
        (void)snprintf(why, CLI_WHY_MAX, "xl %.60s %s", what,
                       rc == -EINTR ? "was interrupted" : "does not end in time");
        return rc;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return 0;
    }
    (void)snprintf(why, CLI_WHY_MAX, "xl %.60s failed%s%.*s", what, line[0] != '\0' ? ": " : "", LINE_SHOWN,
                   line);
    return -EREMOTEIO;
}

/* The other host's shell reads the words once more: those that go there are names of domains and addresses.
 */
static int to_argv(const struct xl *xl, const char *const *words, char *const **argv)
{
    static const char *list[XL_WORDS + 6];
    size_t n = 0;

    if (xl->host != NULL) {
        list[n++] = xl->ssh;
        list[n++] = xl->host;
        list[n++] = "--";
    }
    list[n++] = xl->program;
    for (size_t i = 0; words[i] != NULL; i++) {
        if (i == XL_WORDS) {
            return -E2BIG;
        }
        list[n++] = words[i];
    }
    list[n] = NULL;
    *argv = (char *const *)list;
    return 0;
}

int xl_run(const struct xl *xl, const char *const *words, char *said, char *why)
{
    static struct child child;
    char *const *argv;
    int status = 0;
    int rc = to_argv(xl, words, &argv);

    child.out.fd = -1;
    child.err.fd = -1;
    rc = rc != 0 ? rc : spawn(&child, argv);
    if (rc != 0) {
        (void)snprintf(why, CLI_WHY_MAX, "%.100s: %s; install xen-utils, or give --xl", argv[0],
                       strerror(-rc));
    } else {
        rc = await(&child, qmp_deadline(xl->timeout_ns), &status);
        rc = judge(&child, words[0], rc, status, why);
        if (said != NULL) {
            memcpy(said, child.out.text, XL_SAID);
        }
    }
    (void)close(child.out.fd);
    (void)close(child.err.fd);
    return rc;
}
