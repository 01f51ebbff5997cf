/* SPDX-License-Identifier: BSD-3-Clause */
/* Framing: whole messages with their descriptors, in and out, without waiting. */
#include "proto.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER ((uint32_t)sizeof(struct vfu_header))

/* ---- receiving ---- */

/* 0, or -EPROTO: more descriptors than one message may have. */
static int keep_fds(struct vfu_rx *rx, struct msghdr *msg)
{
    int rc = (msg->msg_flags & MSG_CTRUNC) != 0 ? -EPROTO : 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        size_t n = c->cmsg_len >= CMSG_LEN(0) ? (c->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;

        for (size_t i = 0; c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && i < n; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
            if (rx->num_fds < VFU_FDS_MAX) {
                rx->fds[rx->num_fds++] = fd;
            } else {
                (void)close(fd);
                rc = -EPROTO;
            }
        }
    }
    return rc;
}

/* Bytes that came, 0 for none now. */
static int receive(struct vfu_rx *rx, int sock, uint32_t want)
{
    /* Room for one more than is allowed, so that too many are seen. */
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(int) * (VFU_FDS_MAX + 1))];
    } control;
    struct iovec iov = {.iov_base = rx->buf + rx->have, .iov_len = want};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    ssize_t n;
    int rc;

    do {
        n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -ENODEV;
    }
    rc = keep_fds(rx, &msg);
    if (rc != 0) {
        return rc;
    }
    if (n == 0) {
        return -ENODEV;
    }
    rx->have += (uint32_t)n;
    return (int)n;
}

static bool is_size(uint32_t size)
{
    return size >= HEADER && size <= VFU_MSG_MAX;
}

int vfu_rx_step(struct vfu_rx *rx, int sock)
{
    for (;;) {
        uint32_t end = HEADER;
        int rc;

        if (rx->have >= HEADER) {
            end = vfu_rx_header(rx).size;
            if (!is_size(end)) {
                return -EPROTO;
            }
            if (rx->have == end) {
                return 1;
            }
        }
        rc = receive(rx, sock, end - rx->have);
        if (rc <= 0) {
            return rc;
        }
    }
}

void vfu_rx_next(struct vfu_rx *rx)
{
    for (uint32_t i = 0; i < rx->num_fds; i++) {
        if (rx->fds[i] >= 0) {
            (void)close(rx->fds[i]);
        }
    }
    rx->num_fds = 0;
    rx->have = 0;
}

int vfu_rx_take_fd(struct vfu_rx *rx, uint32_t i)
{
    int fd = i < rx->num_fds ? rx->fds[i] : -1;

    if (fd >= 0) {
        rx->fds[i] = -1;
    }
    return fd;
}

struct vfu_header vfu_rx_header(const struct vfu_rx *rx)
{
    struct vfu_header hdr;

    memcpy(&hdr, rx->buf, sizeof(hdr));
    return hdr;
}

const uint8_t *vfu_rx_payload(const struct vfu_rx *rx)
{
    return rx->buf + HEADER;
}

uint32_t vfu_rx_length(const struct vfu_rx *rx)
{
    return rx->have - HEADER;
}

int vfu_rx_get(const struct vfu_rx *rx, void *out, uint32_t size)
{
    if (vfu_rx_length(rx) < size) {
        return -EINVAL;
    }
    memcpy(out, vfu_rx_payload(rx), size);
    return 0;
}

/* ---- sending ---- */

static void append(struct vfu_tx *tx, const void *bytes, uint32_t length)
{
    if (length != 0) {
        memcpy(tx->buf + tx->length, bytes, length);
        tx->length += length;
    }
}

int vfu_tx_put(struct vfu_tx *tx, struct vfu_header hdr, const void *a, uint32_t a_length, const void *b,
               uint32_t b_length, const int *fds, uint32_t num_fds)
{
    if (tx->sent != tx->length) {
        return -EBUSY;
    }
    if (a_length > VFU_PAYLOAD_MAX || b_length > VFU_PAYLOAD_MAX - a_length || num_fds > VFU_FDS_MAX) {
        return -E2BIG;
    }
    hdr.size = HEADER + a_length + b_length;
    tx->length = 0;
    tx->sent = 0;
    tx->num_fds = num_fds;
    for (uint32_t i = 0; i < num_fds; i++) {
        tx->fds[i] = fds[i];
    }
    append(tx, &hdr, HEADER);
    append(tx, a, a_length);
    append(tx, b, b_length);
    return 0;
}

static ssize_t send_some(struct vfu_tx *tx, int sock)
{
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(int) * VFU_FDS_MAX)];
    } control;
    struct iovec iov = {.iov_base = tx->buf + tx->sent, .iov_len = tx->length - tx->sent};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t n;

    /* Descriptors go with the first byte. */
    if (tx->sent == 0 && tx->num_fds != 0) {
        size_t bytes = sizeof(int) * tx->num_fds;

        memset(&control, 0, sizeof(control));
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(bytes);
        CMSG_FIRSTHDR(&msg)->cmsg_level = SOL_SOCKET;
        CMSG_FIRSTHDR(&msg)->cmsg_type = SCM_RIGHTS;
        CMSG_FIRSTHDR(&msg)->cmsg_len = CMSG_LEN(bytes);
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), tx->fds, bytes);
    }
    do {
        n = sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n;
}

int vfu_tx_flush(struct vfu_tx *tx, int sock)
{
    while (tx->sent < tx->length) {
        ssize_t n = send_some(tx, sock);

        if (n < 0) {
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -ENODEV;
        }
        tx->sent += (uint32_t)n;
    }
    return 1;
}
