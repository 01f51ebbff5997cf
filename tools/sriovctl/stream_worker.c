/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream_worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

static void *work(void *arg)
{
    struct stream_worker *worker = arg;

    if (worker->work == STREAM_TAKES) {
        worker->rc = stream_device_take(worker->cli, worker->vmm, worker->name, &worker->device, worker->why);
        worker->rc = worker->rc != 0 ? worker->rc : sriov_net_start(worker->device.net);
    } else {
        worker->rc = stream_device_close(&worker->device);
    }
    atomic_store_explicit(&worker->done, true, memory_order_release);
    return NULL;
}

/* Signals are for the other thread, whose waits they end. */
static int start(struct stream_worker *worker, enum stream_work what)
{
    sigset_t all;
    sigset_t before;

    worker->work = what;
    worker->why[0] = '\0';
    atomic_store_explicit(&worker->done, false, memory_order_relaxed);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    int rc = -pthread_create(&worker->thread, NULL, work, worker);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        worker->work = STREAM_IDLE;
    }
    return rc;
}

int stream_worker_take(struct stream_worker *worker, const char *name)
{
    if (worker->work != STREAM_IDLE) {
        return -EBUSY;
    }
    (void)snprintf(worker->name, sizeof(worker->name), "%s", name);
    worker->device = (struct stream_device){.fn = NULL};
    return start(worker, STREAM_TAKES);
}

int stream_worker_close(struct stream_worker *worker, struct stream_device *device)
{
    if (worker->work != STREAM_IDLE) {
        return -EBUSY;
    }
    worker->device = *device;
    *device = (struct stream_device){.fn = NULL};
    return start(worker, STREAM_CLOSES);
}

enum stream_work stream_worker_done(struct stream_worker *worker)
{
    enum stream_work was = worker->work;

    if (was == STREAM_IDLE || !atomic_load_explicit(&worker->done, memory_order_acquire)) {
        return STREAM_IDLE;
    }
    (void)pthread_join(worker->thread, NULL);
    worker->work = STREAM_IDLE;
    return was;
}

void stream_worker_end(struct stream_worker *worker)
{
    if (worker->work != STREAM_IDLE) {
        (void)pthread_join(worker->thread, NULL);
        worker->work = STREAM_IDLE;
    }
    (void)stream_device_close(&worker->device);
}
