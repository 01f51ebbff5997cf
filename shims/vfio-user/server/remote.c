/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that the client keeps to itself: its device's accesses are messages to the client. They begin
 * deep in a device's doings, so nothing is done meanwhile but to wait for the answer, which has a bound:
 * commands of the client's are put aside. A client that is lost here is let go of by the loop.
 */
#include "server.h"

#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)
/* Some peers' reply to a write has a count of 32 bits. */
#define WRITE_REPLY_LEAST 12u

struct ask {
    uint16_t id;
    uint16_t cmd;
    struct vfu_dma_access at;
    uint8_t *out; /* of a read */
    bool done;
    int result;
};

static uint64_t now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static int await(const struct sriov_vfu_device *d, short events, uint64_t deadline)
{
    struct pollfd fd = {.fd = d->sock, .events = events};
    uint64_t at = now();
    uint64_t left = at < deadline ? deadline - at : 0;
    struct timespec limit = {.tv_sec = (time_t)(left / NS_PER_S), .tv_nsec = (long)(left % NS_PER_S)};
    int n = ppoll(&fd, 1, &limit, NULL);

    if (n < 0) {
        return errno == EINTR ? 0 : -ENODEV;
    }
    return n > 0 ? 0 : -ETIMEDOUT;
}

static int take_reply(const struct vfu_rx *rx, struct ask *ask)
{
    struct vfu_header hdr = vfu_rx_header(rx);
    uint32_t least = ask->out != NULL ? (uint32_t)(sizeof(ask->at) + ask->at.count) : WRITE_REPLY_LEAST;
    uint32_t length = vfu_rx_length(rx);

    if (ask->done || hdr.id != ask->id || hdr.cmd != ask->cmd) {
        return -EPROTO;
    }
    ask->done = true;
    if ((hdr.flags & VFU_F_ERROR) != 0) {
        ask->result = -EFAULT;
        return 0;
    }
    /* The count is below 2^32, so its low half says it all. */
    if (length < least || length > sizeof(ask->at) + (ask->out != NULL ? ask->at.count : 0) ||
        memcmp(vfu_rx_payload(rx), &ask->at, WRITE_REPLY_LEAST) != 0) {
        return -EPROTO;
    }
    if (ask->out != NULL) {
        memcpy(ask->out, vfu_rx_payload(rx) + sizeof(ask->at), (size_t)ask->at.count);
    }
    return 0;
}

static int take_message(struct sriov_vfu_device *d, struct ask *ask)
{
    uint32_t type = vfu_rx_header(&d->rx).flags & VFU_F_TYPE;
    int rc = -EPROTO;

    if (type == VFU_F_REPLY) {
        rc = take_reply(&d->rx, ask);
    } else if (type == VFU_F_COMMAND) {
        rc = vfus_queue_put(d, &d->rx);
    }
    vfu_rx_next(&d->rx);
    return rc;
}

/* All that is there. */
static int receive(struct sriov_vfu_device *d, struct ask *ask)
{
    int rc = vfu_rx_step(&d->rx, d->sock);

    while (rc == 1 && !ask->done) {
        rc = take_message(d, ask);
        if (rc == 0 && !ask->done) {
            rc = vfu_rx_step(&d->rx, d->sock);
        }
    }
    return rc < 0 ? rc : 0;
}

/* A client that is itself about to send listens only once we have: so we do both. */
static int send_all(struct sriov_vfu_device *d, struct ask *ask, uint64_t deadline)
{
    int rc = vfu_tx_flush(&d->tx, d->sock);

    while (rc == 0) {
        rc = await(d, POLLIN | POLLOUT, deadline);
        rc = rc == 0 ? receive(d, ask) : rc;
        rc = rc == 0 ? vfu_tx_flush(&d->tx, d->sock) : rc;
    }
    return rc < 0 ? rc : 0;
}

static int exchange(struct sriov_vfu_device *d, struct ask *ask, const void *data)
{
    struct vfu_header hdr = {.id = ask->id, .cmd = ask->cmd, .flags = VFU_F_COMMAND};
    uint64_t deadline = now() + d->opts.remote_timeout_ns;
    int rc = send_all(d, ask, deadline); /* what is left of the last reply */

    if (rc == 0) {
        rc = vfu_tx_put(&d->tx, hdr, &ask->at, sizeof(ask->at), data,
                        data != NULL ? (uint32_t)ask->at.count : 0, NULL, 0);
    }
    if (rc == 0) {
        rc = send_all(d, ask, deadline);
    }
    while (rc == 0 && !ask->done) {
        rc = receive(d, ask);
        if (rc == 0 && !ask->done) {
            rc = await(d, POLLIN, deadline);
        }
    }
    return rc;
}

static void lose(struct sriov_vfu_device *d, int rc)
{
    d->lost = rc;
    (void)shutdown(d->sock, SHUT_RDWR); /* which wakes the loop */
}

static int ask_client(struct sriov_vfu_device *d, uint16_t cmd, uint64_t addr, uint32_t count, uint8_t *out,
                      const uint8_t *data)
{
    struct ask ask = {.id = d->next_ask++, .cmd = cmd, .at = {.addr = addr, .count = count}, .out = out};
    int rc;

    if (d->sock < 0 || d->lost != 0) {
        return -EFAULT;
    }
    d->counts.dma_reads += cmd == VFU_DMA_READ;
    d->counts.dma_writes += cmd == VFU_DMA_WRITE;
    rc = exchange(d, &ask, data);
    if (rc != 0) {
        lose(d, rc);
        return -EFAULT;
    }
    vfus_conn_watch(d); /* what was put aside may be all that this client has to say */
    return ask.result;
}

static uint32_t piece(const struct sriov_vfu_device *d, size_t left)
{
    return left < d->peer_xfer ? (uint32_t)left : (uint32_t)d->peer_xfer;
}

static int on_read(void *arg, sriov_iova_t iova, void *out, size_t length)
{
    struct sriov_vfu_device *d = arg;
    int rc = 0;

    for (size_t done = 0; rc == 0 && done < length;) {
        uint32_t n = piece(d, length - done);

        rc = ask_client(d, VFU_DMA_READ, iova.raw + done, n, (uint8_t *)out + done, NULL);
        done += n;
    }
    return rc;
}

static int on_write(void *arg, sriov_iova_t iova, const void *bytes, size_t length)
{
    struct sriov_vfu_device *d = arg;
    int rc = 0;

    for (size_t done = 0; rc == 0 && done < length;) {
        uint32_t n = piece(d, length - done);

        rc = ask_client(d, VFU_DMA_WRITE, iova.raw + done, n, NULL, (const uint8_t *)bytes + done);
        done += n;
    }
    return rc;
}

int vfus_remote_map(struct sriov_vfu_device *d, struct vfus_map *map, uint32_t dir)
{
    const struct sriov_dma_remote remote = {
        .size = sizeof(remote), .read = on_read, .write = on_write, .arg = d};
    int rc = d->opts.remote_map(d->opts.remote_arg, d->fn, sriov_iova(map->addr), map->size,
                                (enum sriov_dma_dir)dir, &remote);

    map->remote = rc == 0;
    return rc;
}

int vfus_remote_unmap(struct sriov_vfu_device *d, const struct vfus_map *map)
{
    return d->opts.remote_unmap(d->opts.remote_arg, d->fn, sriov_iova(map->addr), map->size);
}
