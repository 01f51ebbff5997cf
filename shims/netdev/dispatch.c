/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What wakes a waiting thread: one epoll set for the descriptors of all functions. An event names its source
 * by a number that is never used twice. Marking what is due and calling back are two steps, so that a
 * callback may close what it likes.
 */
#include "snd.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <time.h>

#define BATCH    16
#define NS_PER_S UINT64_C(1000000000)
/* A turn of a busy wait looks for events this seldom: the look is a system call. */
#define RELAX_TURNS 64u

uint64_t snd_op_now(void *vmm)
{
    struct timespec now;
    (void)vmm;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint64_t deadline_in(uint64_t ns)
{
    uint64_t now = snd_op_now(NULL);
    return ns < UINT64_MAX - now ? now + ns : UINT64_MAX;
}

static uint64_t left_of(uint64_t deadline)
{
    uint64_t now = snd_op_now(NULL);
    if (deadline == UINT64_MAX) {
        return UINT64_MAX;
    }
    return now < deadline ? deadline - now : 0;
}

/* Edges: a ring that nobody empties would wake everybody for ever. */
int snd_source_add(struct snd *shim, struct snd_source *source)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = shim->next_id};
    if (source->id != 0) {
        return 0;
    }
    if (epoll_ctl(shim->epoll, EPOLL_CTL_ADD, source->fd, &event) != 0) {
        return errno == ENOMEM || errno == ENOSPC ? -errno : -EINVAL;
    }
    source->id = shim->next_id++;
    source->next = shim->sources;
    shim->sources = source;
    return 0;
}

void snd_source_remove(struct snd *shim, struct snd_source *source)
{
    if (source->id == 0) {
        return;
    }
    (void)epoll_ctl(shim->epoll, EPOLL_CTL_DEL, source->fd, NULL);
    struct snd_source **link = &shim->sources;
    while (*link != source) {
        link = &(*link)->next;
    }
    *link = source->next;
    source->id = 0;
}

static void mark(struct snd *shim, uint64_t id)
{
    struct snd_source *source = shim->sources;
    while (source != NULL && source->id != id) {
        source = source->next;
    }
    if (source != NULL) {
        source->ready(source);
    }
}

static bool tell_removed(struct snd_fn *fn)
{
    struct sriov_event_sink sink = fn->sink;
    if (!fn->removed || fn->told || sink.cb == NULL) {
        return false;
    }
    fn->told = true;
    sink.cb(sink.arg, SRIOV_EVENT_REMOVED);
    return true;
}

static bool listed(const struct snd *shim, const struct snd_fn *fn)
{
    const struct snd_fn *at = shim->fns;
    while (at != NULL && at != fn) {
        at = at->next;
    }
    return at != NULL;
}

/* Callbacks made. One that closes a function ends the round: the next one finds what is left. */
static int deliver(struct snd *shim)
{
    int made = 0;
    for (struct snd_fn *fn = shim->fns; fn != NULL; fn = fn->next) {
        made += snd_vectors_deliver(fn);
        if (!listed(shim, fn)) {
            break;
        }
        made += tell_removed(fn) ? 1 : 0;
        if (!listed(shim, fn)) {
            break;
        }
    }
    return made;
}

static int wait_ready(struct snd *shim, uint64_t timeout_ns)
{
    struct pollfd ready = {.fd = shim->epoll, .events = POLLIN};
    struct timespec limit = {.tv_sec = (time_t)(timeout_ns / NS_PER_S),
                             .tv_nsec = (long)(timeout_ns % NS_PER_S)};
    int n = ppoll(&ready, 1, timeout_ns == UINT64_MAX ? NULL : &limit, NULL);
    return n < 0 ? -errno : n;
}

/* Callbacks made; 0 after timeout_ns, or sooner, without any; negative errno. */
static int dispatch(struct snd *shim, uint64_t timeout_ns)
{
    struct epoll_event events[BATCH];
    int made = deliver(shim);
    if (made != 0) {
        return made;
    }
    int ready = timeout_ns != 0 ? wait_ready(shim, timeout_ns) : 1;
    if (ready <= 0) {
        return ready;
    }
    int n = epoll_wait(shim->epoll, events, BATCH, 0);
    for (int i = 0; i < n; i++) {
        mark(shim, events[i].data.u64);
    }
    return n < 0 ? -errno : deliver(shim);
}

void snd_op_relax(void *vmm)
{
    struct snd *shim = vmm;
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
    if (shim->relaxed++ % RELAX_TURNS == RELAX_TURNS - 1) {
        (void)dispatch(shim, 0);
    }
}

void snd_op_sleep(void *vmm, uint64_t ns)
{
    uint64_t deadline = deadline_in(ns);
    uint64_t left = ns;
    do {
        (void)dispatch(vmm, left);
        left = left_of(deadline);
    } while (left != 0);
}

static bool anything_to_come(const struct snd *shim)
{
    for (const struct snd_fn *fn = shim->fns; fn != NULL; fn = fn->next) {
        if (fn->sink.cb != NULL || snd_vectors_heard(fn)) {
            return true;
        }
    }
    return false;
}

int snd_op_wait(void *vmm, uint64_t timeout_ns)
{
    struct snd *shim = vmm;
    uint64_t deadline = deadline_in(timeout_ns);
    uint64_t left = timeout_ns;

    for (;;) {
        if (timeout_ns == UINT64_MAX && !anything_to_come(shim)) {
            return -EAGAIN;
        }
        int n = dispatch(shim, left);
        if (n > 0) {
            return 0;
        }
        if (n < 0 && n != -EINTR) {
            return -EAGAIN;
        }
        /* One more look at what is due once the time is over. */
        if (left == 0) {
            return -ETIMEDOUT;
        }
        left = left_of(deadline);
    }
}
