/* SPDX-License-Identifier: BSD-3-Clause */
/* What may come from elsewhere than the control thread: kill from everywhere, BAR accesses from queue
 * threads. Needs an OS. */
#include "conform.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <time.h>

#define READERS 3u
#define ROUNDS  2000u
#define KILLS   8

static const char owner[] = "conformance";

/* A reset each time would take its tenth of a second and show nothing. */
static int open_as_it_is(struct conform *c, struct sriov_fn **fn)
{
    struct sriov_fn_opts opts = {.size = sizeof(opts)};
    if (c->open_opts != NULL) {
        opts = *c->open_opts;
    }
    opts.flags |= SRIOV_FN_NO_RESET;
    return sriov_fn_open(c->vmm, c->device, &opts, fn);
}

static atomic_uint turns; /* of the loop below */

/* Ops of every kind until the function is gone; 0 when each was whole or -ENODEV. */
static int work_until_gone(struct sriov_fn *fn)
{
    struct sriov_bar bar;
    int err = sriov_bar_open(fn, 0, 16, &bar);
    bool there = err == 0;
    if (!there && err != -ERANGE) {
        return err == -ENODEV ? 0 : err;
    }
    err = 0;
    time_t begin = time(NULL);
    while (err == 0 && time(NULL) - begin < 60) {
        atomic_fetch_add(&turns, 1);
        uint32_t id;
        struct sriov_dma dma;
        if (there) {
            (void)sriov_rd32(&bar, 8);
        }
        err = sriov_cfg_read32(fn, 0, &id);
        if (err == 0) {
            err = sriov_dma_alloc(fn, owner, 4096, 1, SRIOV_DMA_BOTH, &dma);
        }
        if (err == 0) {
            err = sriov_dma_free(fn, &dma);
        }
    }
    /* A kill that still runs elsewhere may have come to the calls, not yet to the view. */
    uint32_t dead = there ? 0 : UINT32_MAX;
    while (err == -ENODEV && dead != UINT32_MAX && time(NULL) - begin < 60) {
        dead = sriov_rd32(&bar, 8);
    }
    if (there) {
        sriov_wr32(&bar, 8, 0); /* STATUS is read-only; here it vanishes */
        sriov_bar_close(&bar);
    }
    if (err != -ENODEV) {
        return err == 0 ? -ETIMEDOUT : err;
    }
    return dead == UINT32_MAX ? 0 : -EPROTO;
}

struct killer {
    struct sriov_fn *fn;
    uint32_t after; /* turns of the control thread */
};

static void *kill_later(void *arg)
{
    struct killer *killer = arg;
    time_t begin = time(NULL);
    while (atomic_load(&turns) < killer->after && time(NULL) - begin < 60) {
        (void)sched_yield();
    }
    sriov_fn_kill(killer->fn);
    return NULL;
}

/* At another moment each time. */
static enum conform_verdict kill_from_a_thread(struct conform *c, struct sriov_fn *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < KILLS; i++) {
        struct killer killer = {.after = i * i};
        pthread_t thread;
        atomic_store(&turns, 0);
        RETURNS(c, open_as_it_is(c, &killer.fn), 0);
        int started = pthread_create(&thread, NULL, kill_later, &killer);
        int err = started == 0 ? work_until_gone(killer.fn) : 0;
        if (started == 0) {
            (void)pthread_join(thread, NULL);
        }
        RETURNS(c, sriov_fn_close(killer.fn), 0);
        RETURNS(c, started, 0);
        RETURNS(c, err, 0);
    }
    return CONFORM_PASS;
}

static struct sriov_fn *_Atomic victim;

static void on_alarm(int number)
{
    (void)number;
    sriov_fn_kill(atomic_load(&victim));
}

/* In the midst of whatever the control thread is doing. */
static enum conform_verdict kill_from_a_signal(struct conform *c, struct sriov_fn *unused)
{
    (void)unused;
    struct sigaction act = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    struct sigaction before;
    RETURNS(c, sigaction(SIGALRM, &act, &before), 0);
    for (int i = 0; i < KILLS; i++) {
        struct sriov_fn *fn = NULL;
        int err = open_as_it_is(c, &fn);
        if (err == 0) {
            struct itimerval soon = {.it_value = {.tv_usec = 1 + i * 430}};
            atomic_store(&victim, fn);
            (void)setitimer(ITIMER_REAL, &soon, NULL);
            err = work_until_gone(fn);
            soon.it_value.tv_usec = 0; /* if it never came, it comes no more */
            (void)setitimer(ITIMER_REAL, &soon, NULL);
            int leaks = sriov_fn_close(fn);
            err = err != 0 ? err : leaks;
        }
        if (err != 0) {
            (void)sigaction(SIGALRM, &before, NULL);
            return conform_fail(c, __LINE__, "killed from a signal handler, all is given back", err);
        }
    }
    RETURNS(c, sigaction(SIGALRM, &before, NULL), 0);
    return CONFORM_PASS;
}

struct reader {
    const struct sriov_bar *bar;
    uint64_t want;
    uint32_t wrong;
};

static void *read_on(void *arg)
{
    struct reader *reader = arg;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint64_t value = 0;
        int err = sriov_bar_read(reader->bar, 8, 4, &value);
        reader->wrong += err != 0 || value != reader->want;
    }
    return NULL;
}

/* Queue threads ring doorbells while the control thread does its own. */
static enum conform_verdict bars_from_threads(struct conform *c, struct sriov_fn *fn)
{
    NEED_BAR(c, fn);
    struct sriov_bar bar;
    struct reader readers[READERS];
    pthread_t threads[READERS];
    uint32_t started = 0;
    uint64_t status = 0;
    int other = 0;
    RETURNS(c, sriov_bar_open(fn, 0, 16, &bar), 0);
    int err = sriov_bar_read(&bar, 8, 4, &status);
    for (; started < READERS; started++) {
        readers[started] = (struct reader){.bar = &bar, .want = status};
        if (pthread_create(&threads[started], NULL, read_on, &readers[started]) != 0) {
            break;
        }
    }
    for (uint32_t i = 0; i < ROUNDS / 20 && other == 0; i++) {
        struct sriov_dma dma;
        other = sriov_dma_alloc(fn, owner, 4096, 1, SRIOV_DMA_BOTH, &dma);
        other = other == 0 ? sriov_dma_free(fn, &dma) : other;
    }
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < started; i++) {
        (void)pthread_join(threads[i], NULL);
        wrong += readers[i].wrong;
    }
    sriov_bar_close(&bar);
    RETURNS(c, err, 0);
    RETURNS(c, other, 0);
    RETURNS(c, started, READERS);
    RETURNS(c, wrong, 0);
    return CONFORM_PASS;
}

const struct conform_case conform_kill_cases[] = {
    {"kill.from-a-thread", kill_from_a_thread, true},
    {"kill.from-a-signal", kill_from_a_signal, true},
    {NULL, NULL, false},
};

const struct conform_case conform_thread_cases[] = {
    {"bar.from-queue-threads", bars_from_threads, false},
    {NULL, NULL, false},
};
