/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Callbacks: one epoll set for all descriptors of the shim. An event names a source by a number that is
 * never used twice, so that one which was collected before its source went finds nothing.
 */
#include "vfuc.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <time.h>

#define BATCH    16
#define NS_PER_S UINT64_C(1000000000)
/* A turn of a busy wait looks for events this seldom: the look is a system call. */
#define RELAX_TURNS 64u

uint64_t vfuc_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t vfuc_deadline(uint64_t ns)
{
    uint64_t now = vfuc_now();
    return ns < UINT64_MAX - now ? now + ns : UINT64_MAX;
}

uint64_t vfuc_left(uint64_t deadline)
{
    uint64_t now = vfuc_now();
    if (deadline == UINT64_MAX) {
        return UINT64_MAX;
    }
    return now < deadline ? deadline - now : 0;
}

int vfuc_poll(int fd, short events, uint64_t timeout_ns)
{
    struct pollfd ready = {.fd = fd, .events = events};
    struct timespec limit = {.tv_sec = (time_t)(timeout_ns / NS_PER_S),
                             .tv_nsec = (long)(timeout_ns % NS_PER_S)};
    int n = ppoll(&ready, 1, timeout_ns == UINT64_MAX ? NULL : &limit, NULL);
    return n < 0 ? -errno : n;
}

int vfuc_source_add(struct vfuc *client, struct vfuc_source *source)
{
    int err = 0;
    pthread_mutex_lock(&client->lock);
    if (source->id == 0) {
        struct epoll_event event = {.events = source->events, .data.u64 = client->next_id};
        if (epoll_ctl(client->epoll, EPOLL_CTL_ADD, source->fd, &event) != 0) {
            err = errno == ENOMEM || errno == ENOSPC ? -errno : -EINVAL;
        } else {
            source->id = client->next_id++;
            source->leaving = false;
            source->running = false;
            source->next = client->sources;
            client->sources = source;
        }
    }
    pthread_mutex_unlock(&client->lock);
    return err;
}

void vfuc_source_remove(struct vfuc *client, struct vfuc_source *source)
{
    pthread_mutex_lock(&client->lock);
    if (source->id != 0) {
        (void)epoll_ctl(client->epoll, EPOLL_CTL_DEL, source->fd, NULL);
        source->leaving = true;
        /* A callback may remove its own source: it does not wait for itself. */
        while (source->running && !pthread_equal(source->runner, pthread_self())) {
            pthread_cond_wait(&client->idle, &client->lock);
        }
        struct vfuc_source **link = &client->sources;
        while (*link != source) {
            link = &(*link)->next;
        }
        *link = source->next;
        source->id = 0;
    }
    pthread_mutex_unlock(&client->lock);
}

static struct vfuc_source *source_of(struct vfuc *client, uint64_t id)
{
    struct vfuc_source *source = client->sources;
    while (source != NULL && source->id != id) {
        source = source->next;
    }
    return source;
}

/* True when the event still had a source, something was there to take, and its callback ran. */
static bool deliver(struct vfuc *client, uint64_t id)
{
    struct vfuc_call call = {0};
    pthread_mutex_lock(&client->lock);
    struct vfuc_source *source = source_of(client, id);
    bool due = source != NULL && !source->leaving && !source->running && source->take(source, &call) &&
               call.cb != NULL;
    if (due) {
        source->running = true;
        source->runner = pthread_self();
    }
    pthread_mutex_unlock(&client->lock);
    if (!due) {
        return false;
    }
    call.cb(call.arg, call.value);
    pthread_mutex_lock(&client->lock);
    source = source_of(client, id); /* the callback may have taken it away, and what held it */
    if (source != NULL) {
        source->running = false;
        pthread_cond_broadcast(&client->idle);
    }
    pthread_mutex_unlock(&client->lock);
    return true;
}

int vfuc_dispatch(struct vfuc *client, uint64_t timeout_ns)
{
    struct epoll_event events[BATCH];
    int made = 0;
    if (timeout_ns != 0) {
        int ready = vfuc_poll(client->epoll, POLLIN, timeout_ns);
        if (ready <= 0) {
            return ready;
        }
    }
    int n = epoll_wait(client->epoll, events, BATCH, 0);
    for (int i = 0; i < n; i++) {
        made += deliver(client, events[i].data.u64) ? 1 : 0;
    }
    return n < 0 ? -errno : made;
}

void vfuc_op_relax(void *vmm)
{
    struct vfuc *client = vmm;
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
    if (atomic_fetch_add_explicit(&client->relaxed, 1, memory_order_relaxed) % RELAX_TURNS ==
        RELAX_TURNS - 1) {
        (void)vfuc_dispatch(client, 0);
    }
}

void vfuc_op_sleep(void *vmm, uint64_t ns)
{
    uint64_t deadline = vfuc_deadline(ns);
    uint64_t left = ns;
    do {
        (void)vfuc_dispatch(vmm, left);
        left = vfuc_left(deadline);
    } while (left != 0);
}

static bool anything_to_come(struct vfuc *client)
{
    pthread_mutex_lock(&client->lock);
    bool any = client->sources != NULL;
    pthread_mutex_unlock(&client->lock);
    return any;
}

int vfuc_op_wait(void *vmm, uint64_t timeout_ns)
{
    struct vfuc *client = vmm;
    uint64_t deadline = vfuc_deadline(timeout_ns);
    uint64_t left = timeout_ns;

    for (;;) {
        if (timeout_ns == UINT64_MAX && !anything_to_come(client)) {
            return -EAGAIN;
        }
        int n = vfuc_dispatch(client, left);
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
        left = vfuc_left(deadline);
    }
}
