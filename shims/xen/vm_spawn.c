/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The toolstack, run as a program. Not linked: libxl's library has one name per release of Xen, forks and
 * reaps children in its caller's process, and a domain's stored configuration is changed by whoever holds
 * its lock file, which is xl's own habit. The xl that is installed always fits the Xen that runs.
 */
#include "sxen_vm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS UINT64_C(1000000)
#define LEAST_MS  2
#define MOST_MS   50
#define READS     64 /* at one look, lest one that never stops talking keeps us from the clock */

extern char **environ;

uint64_t sxen_vm_now(void *ctx)
{
    struct timespec now;
    (void)ctx;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void sxen_vm_rest(void *ctx, uint64_t ns)
{
    struct timespec span = {(time_t)(ns / UINT64_C(1000000000)), (long)(ns % UINT64_C(1000000000))};
    (void)ctx;
    (void)nanosleep(&span, NULL);
}

/* A group of its own, so that all of it can be ended; no input, both outputs into the pipe. */
static int spawn(const char *const *argv, int out, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    int err = posix_spawn_file_actions_init(&files);
    if (err != 0) {
        return -err;
    }
    err = posix_spawnattr_init(&attr);
    if (err != 0) {
        posix_spawn_file_actions_destroy(&files);
        return -err;
    }
    err = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    err = err == 0 ? posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO) : err;
    err = err == 0 ? posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO) : err;
    err = err == 0 ? posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP) : err;
    if (err == 0) {
        /* The interface takes what it does not write to as not const. */
        char *words[SXEN_XL_WORDS];
        memcpy(words, argv, sizeof(words));
        err = posix_spawnp(pid, argv[0], &files, &attr, words, environ);
    }
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return -err;
}

int sxen_vm_start(void *ctx, const char *const *argv, struct sxen_child *child)
{
    int ends[2];
    pid_t pid = -1;
    (void)ctx;
    child->length = 0;
    child->text[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -errno;
    }
    int err = fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ? -errno : spawn(argv, ends[1], &pid);
    close(ends[1]);
    if (err != 0) {
        close(ends[0]);
        return err;
    }
    child->pid = (int)pid;
    child->fd = ends[0];
    return 0;
}

/* What does not fit is read and dropped: it must not stand still for us. True when all outputs are closed. */
static bool drain(struct sxen_child *child)
{
    for (int reads = 0; reads < READS; reads++) {
        char rest[512];
        size_t room = child->room - 1 - child->length;
        char *to = room != 0 ? child->text + child->length : rest;
        ssize_t n = read(child->fd, to, room != 0 ? room : sizeof(rest));
        if (n == 0) {
            return true;
        }
        if (n < 0) {
            return errno != EAGAIN && errno != EINTR;
        }
        child->length += room != 0 ? (size_t)n : 0;
        child->text[child->length] = '\0';
    }
    return false;
}

static bool reap(struct sxen_child *child, int *status)
{
    int how = 0;
    pid_t pid = waitpid(child->pid, &how, WNOHANG);
    if (pid == 0) {
        return false;
    }
    *status = pid < 0 ? 127 : WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    child->pid = -1;
    return true;
}

static uint64_t left(uint64_t deadline)
{
    uint64_t now = sxen_vm_now(NULL);
    return now < deadline ? deadline - now : 0;
}

/* Ended is who was reaped; a child of its own may have the pipe for longer, which is nobody's business. */
int sxen_vm_follow(void *ctx, struct sxen_child *child, uint64_t timeout_ns, int *status)
{
    uint64_t now = sxen_vm_now(ctx);
    uint64_t deadline = timeout_ns < UINT64_MAX - now ? now + timeout_ns : UINT64_MAX;
    bool closed = false;
    for (;;) {
        /* Taken before the look: the look after the deadline is the last. */
        uint64_t ns = left(deadline);
        bool ended = reap(child, status);
        closed = closed || drain(child);
        if (ended) {
            return 1;
        }
        if (ns == 0) {
            return 0;
        }
        /* It may end while another holds its pipe: look again soon. */
        struct pollfd look = {.fd = closed ? -1 : child->fd, .events = POLLIN};
        (void)poll(&look, 1, ns < MOST_MS * NS_PER_MS || closed ? LEAST_MS : MOST_MS);
    }
}

void sxen_vm_end(void *ctx, struct sxen_child *child)
{
    (void)ctx;
    if (child->pid > 0) {
        kill(-child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        child->pid = -1;
    }
    if (child->fd >= 0) {
        close(child->fd);
        child->fd = -1;
    }
}
