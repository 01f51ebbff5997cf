/* SPDX-License-Identifier: BSD-3-Clause */
/* A device reaches memory whenever it likes, and so does its server ask: somebody must always listen. */
#include "vfuc.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void *answer(void *arg)
{
    struct vfuc_fn *fn = arg;
    struct pollfd fds[2] = {{.fd = fn->answer_end, .events = POLLIN}, {.fd = fn->conn.fd, .events = POLLIN}};
    int err = 0;

    while (err == 0) {
        if (poll(fds, 2, -1) < 0) {
            err = errno == EINTR ? 0 : -errno;
        } else if (fds[0].revents != 0) {
            err = -EINTR;
        } else if (fds[1].revents != 0) {
            err = vfuc_conn_serve(&fn->conn);
        }
    }
    return NULL;
}

/* Signals are for the program's own threads. */
static int start(struct vfuc_fn *fn)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&fn->answerer, NULL, answer, fn);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err == 0 ? 0 : -ENOMEM;
}

int vfuc_answer_start(struct vfuc_fn *fn)
{
    if (!fn->client->unshared) {
        return 0;
    }
    fn->answer_end = eventfd(0, EFD_CLOEXEC);
    if (fn->answer_end < 0) {
        return errno == EMFILE || errno == ENFILE ? -ENOSPC : -ENOMEM;
    }
    int err = start(fn);
    if (err != 0) {
        close(fn->answer_end);
        fn->answer_end = -1;
        return err;
    }
    fn->answers = true;
    return 0;
}

void vfuc_answer_stop(struct vfuc_fn *fn)
{
    const uint64_t one = 1;
    if (!fn->answers) {
        return;
    }
    while (write(fn->answer_end, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    pthread_join(fn->answerer, NULL);
    close(fn->answer_end);
    fn->answer_end = -1;
    fn->answers = false;
}
