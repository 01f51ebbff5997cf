/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VF is taken and let go by a thread of its own: that takes a second with an emulated IOMMU, in which the
 * other device's frames must not wait. A device belongs to one thread at a time: the worker's until it is
 * done, then the caller's, then the worker's again. Its VMM is its own, too.
 */
#ifndef SRIOVCTL_STREAM_WORKER_H
#define SRIOVCTL_STREAM_WORKER_H

#include "stream_device.h"

#include <pthread.h>
#include <stdatomic.h>

enum stream_work {
    STREAM_IDLE,
    STREAM_TAKES,
    STREAM_CLOSES,
};

struct stream_worker {
    struct cli *cli;
    struct sriov_vmm *vmm; /* of this host's functions; the VF is opened by it */
    pthread_t thread;
    enum stream_work work; /* the caller's */
    atomic_bool done;
    struct stream_device device;
    int rc;
    char name[SRIOV_NAME_MAX];
    char why[CLI_WHY_MAX];
};

/* All on the caller's thread. 0, or a negative errno. */
int stream_worker_take(struct stream_worker *worker, const char *name);
/* The device is the worker's from here on. */
int stream_worker_close(struct stream_worker *worker, struct stream_device *device);
/* What is done now, or STREAM_IDLE: worker->rc and why tell how, worker->device is the caller's. */
enum stream_work stream_worker_done(struct stream_worker *worker);
/* Waits for what is under way, and closes what came of it. */
void stream_worker_end(struct stream_worker *worker);

#endif
