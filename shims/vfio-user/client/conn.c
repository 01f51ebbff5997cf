/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection: a request goes out whole and its reply comes in before the next, under one lock. After
 * a breach of protocol, or a reply that did not come in time, nobody knows where in the stream the next
 * message begins: the connection has ended then.
 */
#include "vfuc.h"

#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Commands of the server's that we refuse before we think that it means nothing else. */
#define STRAY_MAX 16u
/* A server that was told that we go lets go within this time, or is not waited for. */
#define PARTING_NS  UINT64_C(1000000000)
#define ERRNO_LIMIT 4096u

void vfuc_conn_kill(struct vfuc_conn *conn)
{
    /* Our half only: what the server does then, its end of the stream tells. */
    if (!atomic_exchange(&conn->dead, true)) {
        (void)shutdown(conn->fd, SHUT_WR);
    }
}

static int lost(struct vfuc_conn *conn, int err)
{
    atomic_store(&conn->gone, true);
    (void)shutdown(conn->fd, SHUT_RDWR);
    return atomic_load(&conn->dead) ? -ENODEV : err;
}

static int ready(struct vfuc_conn *conn, short events, uint64_t deadline)
{
    int n = vfuc_poll(conn->fd, events, vfuc_left(deadline));
    if (n == 0) {
        return -ETIMEDOUT;
    }
    return n > 0 || n == -EINTR ? 0 : -ENODEV;
}

static int flush(struct vfuc_conn *conn, uint64_t deadline)
{
    int done = vfu_tx_flush(&conn->tx, conn->fd);
    while (done == 0) {
        int err = ready(conn, POLLOUT, deadline);
        done = err != 0 ? err : vfu_tx_flush(&conn->tx, conn->fd);
    }
    return done < 0 ? done : 0;
}

static int send_request(struct vfuc_conn *conn, const struct vfuc_msg *msg, uint16_t id, uint64_t deadline)
{
    struct vfu_header hdr = {
        .id = id, .cmd = msg->command, .flags = VFU_F_COMMAND | (msg->posted ? VFU_F_NO_REPLY : 0u)};
    int err = vfu_tx_put(&conn->tx, hdr, msg->head, (uint32_t)msg->head_len, msg->data,
                         (uint32_t)msg->data_len, msg->fds, msg->num_fds);
    return err != 0 ? err : flush(conn, deadline);
}

/* 0, or a negative errno for the answer. */
static int do_dma(struct vfuc_conn *conn, const struct vfu_header *asked, struct vfu_dma_access *at)
{
    bool write = asked->cmd == VFU_DMA_WRITE;
    uint32_t length = vfu_rx_length(&conn->rx);
    if (asked->cmd != VFU_DMA_READ && !write) {
        return -EOPNOTSUPP;
    }
    if (conn->dma == NULL || vfu_rx_get(&conn->rx, at, sizeof(*at)) != 0 || at->count == 0 ||
        at->count > VFU_XFER_MAX || length - sizeof(*at) != (write ? at->count : 0)) {
        return -EINVAL;
    }
    if (write) {
        memcpy(conn->bounce, vfu_rx_payload(&conn->rx) + sizeof(*at), (size_t)at->count);
    }
    return conn->dma(conn->dma_arg, write, at->addr, conn->bounce, at->count);
}

/* A command of the server's, which is done with then. *refused counts those that were no access to memory
 * of ours. */
static int answer_command(struct vfuc_conn *conn, const struct vfu_header *asked, uint32_t *refused,
                          uint64_t deadline)
{
    struct vfu_header hdr = {.id = asked->id, .cmd = asked->cmd, .flags = VFU_F_REPLY};
    struct vfu_dma_access at;
    int result = do_dma(conn, asked, &at);
    uint32_t data = result == 0 && asked->cmd == VFU_DMA_READ ? (uint32_t)at.count : 0;
    vfu_rx_next(&conn->rx);
    *refused += result != 0;
    if ((asked->flags & VFU_F_NO_REPLY) != 0) {
        return 0;
    }
    if (result != 0) {
        hdr.flags |= VFU_F_ERROR;
        hdr.error = (uint32_t)-result;
    }
    int err = vfu_tx_put(&conn->tx, hdr, &at, result == 0 ? sizeof(at) : 0, conn->bounce, data, NULL, 0);
    return err != 0 ? err : flush(conn, deadline);
}

/* Nobody waits for a reply: commands alone may come. */
static int answer_waiting(struct vfuc_conn *conn, uint64_t deadline)
{
    uint32_t refused = 0;
    int whole = vfu_rx_step(&conn->rx, conn->fd);
    while (whole == 1) {
        struct vfu_header hdr = vfu_rx_header(&conn->rx);
        if ((hdr.flags & VFU_F_TYPE) != VFU_F_COMMAND || refused >= STRAY_MAX) {
            return -EPROTO;
        }
        int err = answer_command(conn, &hdr, &refused, deadline);
        if (err == 0 && vfuc_left(deadline) == 0) {
            err = -ETIMEDOUT;
        }
        if (err != 0) {
            return err;
        }
        whole = vfu_rx_step(&conn->rx, conn->fd);
    }
    return whole;
}

int vfuc_conn_serve(struct vfuc_conn *conn)
{
    pthread_mutex_lock(&conn->lock);
    int err = atomic_load(&conn->gone) ? -ENODEV : 0;
    if (err == 0) {
        err = answer_waiting(conn, vfuc_deadline(conn->timeout_ns));
        err = err != 0 ? lost(conn, err) : 0;
    }
    pthread_mutex_unlock(&conn->lock);
    return err;
}

static int receive(struct vfuc_conn *conn, uint64_t deadline)
{
    int whole = vfu_rx_step(&conn->rx, conn->fd);
    while (whole == 0) {
        int err = ready(conn, POLLIN, deadline);
        whole = err != 0 ? err : vfu_rx_step(&conn->rx, conn->fd);
    }
    return whole < 0 ? whole : 0;
}

/* 0, or the error that it brings, or -EPROTO. */
static int take_reply(struct vfuc_conn *conn, struct vfuc_msg *msg, const struct vfu_header *hdr)
{
    uint32_t length = vfu_rx_length(&conn->rx);
    if ((hdr->flags & VFU_F_ERROR) != 0) {
        return hdr->error != 0 && hdr->error < ERRNO_LIMIT ? (int)hdr->error : EIO;
    }
    if (length < msg->reply_min || length > msg->reply_room) {
        return -EPROTO;
    }
    if (length != 0) {
        memcpy(msg->reply, vfu_rx_payload(&conn->rx), length);
    }
    msg->reply_len = length;
    if (msg->reply_fd != NULL && conn->rx.num_fds != 0) {
        *msg->reply_fd = vfu_rx_take_fd(&conn->rx, 0);
    }
    return 0;
}

static int await_reply(struct vfuc_conn *conn, struct vfuc_msg *msg, uint16_t id, uint64_t deadline)
{
    uint32_t strays = 0;
    while (strays < STRAY_MAX) {
        int err = receive(conn, deadline);
        if (err != 0) {
            return err;
        }
        struct vfu_header hdr = vfu_rx_header(&conn->rx);
        uint32_t type = hdr.flags & VFU_F_TYPE;
        if (type == VFU_F_REPLY) {
            err = hdr.id == id && hdr.cmd == msg->command ? take_reply(conn, msg, &hdr) : -EPROTO;
            vfu_rx_next(&conn->rx);
            return err;
        }
        err = type == VFU_F_COMMAND ? answer_command(conn, &hdr, &strays, deadline) : -EPROTO;
        if (err == 0 && vfuc_left(deadline) == 0) {
            err = -ETIMEDOUT; /* it asks and asks */
        }
        if (err != 0) {
            return err;
        }
    }
    return -EPROTO;
}

static int call_locked(struct vfuc_conn *conn, struct vfuc_msg *msg)
{
    uint64_t deadline = vfuc_deadline(conn->timeout_ns);
    uint16_t id = conn->next_msg++;
    if (atomic_load(&conn->dead) || atomic_load(&conn->gone)) {
        return -ENODEV;
    }
    /* Who only ever posts must listen, too. */
    int err = answer_waiting(conn, deadline);
    err = err != 0 ? err : send_request(conn, msg, id, deadline);
    if (err == 0 && !msg->posted) {
        err = await_reply(conn, msg, id, deadline);
    }
    return err < 0 ? lost(conn, err) : err;
}

int vfuc_call(struct vfuc_conn *conn, struct vfuc_msg *msg)
{
    msg->reply_len = 0;
    if (msg->reply_fd != NULL) {
        *msg->reply_fd = -1;
    }
    pthread_mutex_lock(&conn->lock);
    int err = call_locked(conn, msg);
    pthread_mutex_unlock(&conn->lock);
    return err;
}

int vfuc_error(int result)
{
    switch (result) {
    case EOPNOTSUPP:
    case EINVAL:
    case ENOMEM:
    case ENOSPC:
    case EPERM:
    case EBUSY:
    case EFAULT:
    case ENODEV:
    case ERANGE:
        return -result;
    default:
        return result > 0 ? -EPROTO : result;
    }
}

static void conn_free(struct vfuc_conn *conn)
{
    vfu_rx_next(&conn->rx);
    close(conn->fd);
    conn->fd = -1;
    free(conn->rx.buf);
    free(conn->tx.buf);
    free(conn->bounce);
    pthread_mutex_destroy(&conn->lock);
}

int vfuc_conn_start(struct vfuc_conn *conn, int fd, uint64_t timeout_ns)
{
    memset(conn, 0, sizeof(*conn));
    pthread_mutex_init(&conn->lock, NULL);
    conn->fd = fd;
    conn->timeout_ns = timeout_ns;
    conn->rx.buf = malloc(VFU_MSG_MAX);
    conn->tx.buf = malloc(VFU_MSG_MAX);
    conn->bounce = malloc(VFU_XFER_MAX);
    bool room = conn->rx.buf != NULL && conn->tx.buf != NULL && conn->bounce != NULL;
    int err = room ? vfuc_negotiate(conn) : -ENOMEM;
    if (err != 0) {
        conn_free(conn);
    }
    return err;
}

/* Until the server's end of the stream: then it has unmapped what is ours. */
static void part(struct vfuc_conn *conn)
{
    uint8_t rest[512];
    uint64_t deadline = vfuc_deadline(conn->timeout_ns < PARTING_NS ? conn->timeout_ns : PARTING_NS);
    ssize_t n = 1;
    (void)shutdown(conn->fd, SHUT_WR);
    while (n > 0 && ready(conn, POLLIN, deadline) == 0) {
        n = recv(conn->fd, rest, sizeof(rest), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            n = 1;
        }
    }
}

void vfuc_conn_end(struct vfuc_conn *conn)
{
    if (!atomic_load(&conn->gone)) {
        part(conn);
    }
    conn_free(conn);
}
