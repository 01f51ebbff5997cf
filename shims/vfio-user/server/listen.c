/* SPDX-License-Identifier: BSD-3-Clause */
/* Where clients come in: one at a time. */
#include "server.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int address_of(const char *path, struct sockaddr_un *address)
{
    size_t length = strlen(path);

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (length == 0 || length >= sizeof(address->sun_path)) {
        return -EINVAL;
    }
    memcpy(address->sun_path, path, length + 1);
    return 0;
}

/* A socket that a server left behind: nobody answers there. */
static bool is_stale(const struct sockaddr_un *address)
{
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct stat st;
    bool stale;

    if (sock < 0) {
        return false;
    }
    stale = lstat(address->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
            connect(sock, (const struct sockaddr *)address, sizeof(*address)) != 0 && errno == ECONNREFUSED;
    (void)close(sock);
    return stale;
}

static int bind_to(int sock, const struct sockaddr_un *address)
{
    for (int again = 0; again < 2; again++) {
        if (bind(sock, (const struct sockaddr *)address, sizeof(*address)) == 0) {
            return 0;
        }
        if (errno != EADDRINUSE) {
            return errno == EACCES ? -EPERM : -errno;
        }
        if (!is_stale(address) || unlink(address->sun_path) != 0) {
            break;
        }
    }
    return -EBUSY;
}

int vfus_listen(struct sriov_vfu_device *d)
{
    struct sockaddr_un address;
    int rc = address_of(d->path, &address);
    int sock;

    if (rc != 0) {
        return rc;
    }
    sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (sock < 0) {
        return -errno;
    }
    rc = bind_to(sock, &address);
    if (rc != 0) {
        (void)close(sock);
        return rc;
    }
    rc = listen(sock, 4) == 0 ? 0 : -errno;
    if (rc == 0) {
        rc = vfus_watch(d->server, EPOLL_CTL_ADD, sock, EPOLLIN, &d->on_listener);
    }
    if (rc != 0) {
        (void)close(sock);
        (void)unlink(d->path);
        return rc;
    }
    d->listener = sock;
    return 0;
}

void vfus_listen_end(struct sriov_vfu_device *d)
{
    if (d->listener >= 0) {
        (void)close(d->listener);
        (void)unlink(d->path);
        d->listener = -1;
    }
}

/* Whatever of its messages is still unread: nobody waits for an answer. */
static bool is_gone(int sock)
{
    struct pollfd fd = {.fd = sock};

    return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLHUP | POLLERR)) != 0;
}

void vfus_listen_step(struct sriov_vfu_device *d)
{
    int sock = accept4(d->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (sock < 0) {
        return;
    }
    if (is_gone(sock)) { /* who only looked whether somebody listens */
        (void)close(sock);
        return;
    }
    if (d->sock >= 0 && is_gone(d->sock)) {
        vfus_conn_end(d);
    }
    if (d->sock < 0 && vfus_conn_begin(d, sock) == 0) {
        return;
    }
    (void)close(sock);
    d->counts.turned_away++;
    if (!d->turned_logged) {
        d->turned_logged = true;
        sriov_log(sriov_fn_vmm(d->fn), SRIOV_LOG_WARN, "%s: %s: a second client is turned away",
                  sriov_fn_info(d->fn)->name, d->path);
    }
}
