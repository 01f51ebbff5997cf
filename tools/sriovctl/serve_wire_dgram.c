/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wire is a UNIX datagram socket, a frame a datagram. Frames go to PATH.peer, where there is one, else to
 * whoever sent last.
 */
#include "serve_socket.h"
#include "serve_wire.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_BYTES (4 << 20)

static bool put_to(const struct serve_wire *wire, const struct sockaddr_un *to, const void *frame, size_t len)
{
    return to->sun_family == AF_UNIX && sendto(wire->fd, frame, len, MSG_DONTWAIT | MSG_NOSIGNAL,
                                               (const struct sockaddr *)to, sizeof(*to)) == (ssize_t)len;
}

/* A peer that is there and has no room loses the frame: it is not another's. */
static bool put(struct serve_wire *wire, const void *frame, size_t len)
{
    if (put_to(wire, &wire->beside, frame, len)) {
        return true;
    }
    return (errno == ENOENT || errno == ECONNREFUSED) && put_to(wire, &wire->peer, frame, len);
}

/* Whoever sends from a socket without a name cannot be answered. */
static ssize_t get(struct serve_wire *wire, void *frame, size_t room)
{
    struct sockaddr_un from = {.sun_family = AF_UNSPEC};
    socklen_t length = sizeof(from);
    ssize_t n = recvfrom(wire->fd, frame, room, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &length);

    if (n > 0 && length > offsetof(struct sockaddr_un, sun_path) && from.sun_path[0] != '\0') {
        from.sun_path[sizeof(from.sun_path) - 1] = '\0';
        wire->peer = from;
    }
    return n;
}

static int fail(struct serve *serve, const char *path, int err)
{
    if (err == -EADDRINUSE) {
        return cli_fail(
            serve->cli,
            "dgram:%s: another process has that socket, or it is none: end that one, or give another "
            "path",
            path);
    }
    return cli_fail(serve->cli, "dgram:%s: %s: give a path where you can make a socket", path,
                    strerror(-err));
}

int serve_wire_dgram(struct serve *serve, struct serve_wire *wire, const char *path)
{
    int n = snprintf(wire->beside.sun_path, sizeof(wire->beside.sun_path), "%s.peer", path);
    int bytes = BUFFER_BYTES;

    if (n < 0 || (size_t)n >= sizeof(wire->beside.sun_path)) {
        return cli_fail(
            serve->cli,
            "dgram:%.160s: with .peer that is %d characters, too many for a socket's path, which has "
            "%zu: give a shorter one",
            path, n, sizeof(wire->beside.sun_path) - 1);
    }
    wire->beside.sun_family = AF_UNIX;
    wire->fd = serve_socket_bind(path, SOCK_DGRAM);
    if (wire->fd < 0) {
        return fail(serve, path, wire->fd);
    }
    (void)snprintf(wire->path, sizeof(wire->path), "%s", path);
    (void)setsockopt(wire->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    (void)setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    wire->put = put;
    wire->get = get;
    return CLI_OK;
}
