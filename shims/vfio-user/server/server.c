/* SPDX-License-Identifier: BSD-3-Clause */
/* The loop: what is ready is done once, clients before listeners. */
#include "server.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Sources looked at in one step; the kernel takes turns among those that are ready. */
#define EVENTS 64

int sriov_vfu_server_create(struct sriov_vfu_server **out)
{
    struct sriov_vfu_server *server;

    if (out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return -ENOMEM;
    }
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll < 0) {
        int rc = -errno;

        free(server);
        return rc;
    }
    *out = server;
    return 0;
}

void sriov_vfu_server_destroy(struct sriov_vfu_server *server)
{
    if (server == NULL) {
        return;
    }
    while (server->devices != NULL) {
        sriov_vfu_device_del(server->devices);
    }
    (void)close(server->epoll);
    free(server);
}

int sriov_vfu_server_fd(const struct sriov_vfu_server *server)
{
    return server->epoll;
}

int vfus_watch(struct sriov_vfu_server *server, int op, int fd, uint32_t events, struct vfus_source *source)
{
    struct epoll_event event = {.events = events, .data = {.ptr = source}};

    return epoll_ctl(server->epoll, op, fd, &event) == 0 ? 0 : -errno;
}

/* A client that left must be seen before the one that comes in its place. */
int sriov_vfu_server_step(struct sriov_vfu_server *server)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(server->epoll, events, EVENTS, 0);
    int done = 0;

    if (n < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    for (int i = 0; i < n; i++) {
        const struct vfus_source *source = events[i].data.ptr;

        if (!source->is_listener) {
            done += vfus_conn_step(source->device);
        }
    }
    for (int i = 0; i < n; i++) {
        const struct vfus_source *source = events[i].data.ptr;

        if (source->is_listener) {
            vfus_listen_step(source->device);
        }
    }
    return done;
}
