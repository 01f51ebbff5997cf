/* SPDX-License-Identifier: BSD-3-Clause */
/* The real transport: an rtnetlink socket. */
#include "linux_pf.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

/* The kernel has answered before send returns; what is waited for is only a lost answer. */
#define ANSWER_WITHIN_S 5

static int on_send(void *ctx, const void *message, size_t n)
{
    ssize_t sent = mnl_socket_sendto(ctx, message, n);

    if (sent < 0) {
        return -errno;
    }
    return (size_t)sent == n ? 0 : -EPROTO;
}

static int64_t on_receive(void *ctx, void *buffer, size_t room)
{
    ssize_t n = mnl_socket_recvfrom(ctx, buffer, room);

    if (n >= 0) {
        return n;
    }
    if (errno == EAGAIN || errno == EINTR) {
        return -ETIMEDOUT;
    }
    /* libmnl's word for a datagram that did not fit. */
    return errno == ENOSPC ? -EPROTO : -errno;
}

static void on_close(void *ctx)
{
    (void)mnl_socket_close(ctx);
}

static int prepare(struct mnl_socket *socket)
{
    struct timeval limit = {.tv_sec = ANSWER_WITHIN_S};
    int on = 1;

    if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
        setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0) {
        return -errno;
    }
    /* Reasons in words, from Linux 4.12 on; without them there is the errno. */
    (void)mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &on, sizeof(on));
    (void)mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on));
    return 0;
}

int linux_pf_transport_open(struct linux_pf_transport *transport)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

    if (socket == NULL) {
        return -errno;
    }
    int err = prepare(socket);
    if (err != 0) {
        (void)mnl_socket_close(socket);
        return err;
    }
    *transport = (struct linux_pf_transport){.ctx = socket,
                                             .portid = mnl_socket_get_portid(socket),
                                             .send = on_send,
                                             .receive = on_receive,
                                             .close = on_close};
    return 0;
}
