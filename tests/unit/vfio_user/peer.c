/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer.h"

#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* A reply as it is made. */
struct out {
    struct vfu_header hdr;
    uint8_t payload[4096];
    uint32_t length;
    int fds[VFU_FDS_MAX];
    uint32_t num_fds;
};

static void put(struct out *out, const void *bytes, size_t n)
{
    memcpy(out->payload + out->length, bytes, n);
    out->length += (uint32_t)n;
}

/* False: the client has gone. */
static bool send_all(struct peer *peer, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    while (n > 0) {
        ssize_t sent = send(peer->fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        at += sent;
        n -= (size_t)sent;
    }
    return true;
}

static bool send_out(struct peer *peer, struct out *out)
{
    struct vfu_tx tx = {.buf = malloc(VFU_MSG_MAX)};
    int done = vfu_tx_put(&tx, out->hdr, out->payload, out->length, NULL, 0, out->fds, out->num_fds);
    while (done == 0) {
        struct pollfd room = {.fd = peer->fd, .events = POLLOUT};
        done = vfu_tx_flush(&tx, peer->fd);
        if (done == 0) {
            (void)poll(&room, 1, -1);
        }
    }
    free(tx.buf);
    return done > 0;
}

static bool send_command(struct peer *peer)
{
    struct out out = {.hdr = {.id = 0x7777, .cmd = VFU_DMA_READ}, .length = 16};
    return send_out(peer, &out);
}

static bool send_asks(struct peer *peer)
{
    bool sent = true;
    for (uint32_t i = 0; sent && i < peer->num_asks; i++) {
        const struct peer_ask *ask = &peer->asks[i];
        const struct vfu_dma_access at = {.addr = ask->addr, .count = ask->count};
        struct out out = {.hdr = {.id = (uint16_t)i, .cmd = ask->cmd}};
        put(&out, &at, sizeof(at));
        memset(out.payload + out.length, 0xa5, ask->bytes);
        out.length += ask->bytes;
        sent = send_out(peer, &out);
    }
    return sent;
}

static void take_answer(struct peer *peer, const struct vfu_header *hdr)
{
    uint32_t length = vfu_rx_length(&peer->rx);
    uint32_t i = peer->num_told;
    peer->refusals += (hdr->flags & VFU_F_ERROR) != 0;
    if (i < PEER_ASKS) {
        uint32_t data = length > sizeof(struct vfu_dma_access) ? length - 16 : 0;
        peer->told[i].error = hdr->error;
        peer->told[i].length = length;
        data = data < sizeof(peer->told[i].data) ? data : (uint32_t)sizeof(peer->told[i].data);
        memcpy(peer->told[i].data, vfu_rx_payload(&peer->rx) + 16, data);
        peer->num_told++;
    }
    (void)sem_post(&peer->heard);
}

/* ---- the good server ---- */

static void on_version(struct peer *peer, struct out *out)
{
    static const char good[] = "{\"capabilities\":{\"max_msg_fds\":2,\"max_dma_maps\":4,\"pgsizes\":4096}}";
    const char *json = peer->version != NULL ? peer->version : good;
    struct vfu_version version = {.major = peer->major, .minor = VFU_MINOR};
    put(out, &version, sizeof(version));
    put(out, json, strlen(json) + 1);
}

static void on_region_info(struct peer *peer, struct out *out)
{
    struct vfu_region_info info;
    memcpy(&info, vfu_rx_payload(&peer->rx), sizeof(info));
    info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
    info.size = 0;
    if (info.index < 6) {
        info.size = peer->bar_size[info.index];
        info.flags |= info.index == 0 ? peer->bar_flags : 0;
    } else if (info.index == VFIO_PCI_CONFIG_REGION_INDEX) {
        info.size = peer->config_size;
    }
    if (info.index == 0 && peer->bar_fd >= 0) {
        out->fds[out->num_fds++] = peer->bar_fd;
    }
    put(out, &info, sizeof(info));
}

static void on_irq_info(struct peer *peer, struct out *out)
{
    struct vfu_irq_info info;
    memcpy(&info, vfu_rx_payload(&peer->rx), sizeof(info));
    info.flags = VFIO_IRQ_INFO_EVENTFD;
    info.count = info.index == VFIO_PCI_MSIX_IRQ_INDEX ? peer->irq_count : 0;
    put(out, &info, sizeof(info));
}

static void on_access(struct peer *peer, struct out *out, bool write)
{
    struct vfu_region_access at;
    memcpy(&at, vfu_rx_payload(&peer->rx), sizeof(at));
    uint8_t *space = at.region == VFIO_PCI_CONFIG_REGION_INDEX ? peer->config : peer->bar;
    put(out, &at, sizeof(at));
    if (at.offset > 4096 - 8 || at.count > 8) {
        abort(); /* the client checks before it asks */
    }
    if (write) {
        memcpy(space + at.offset, vfu_rx_payload(&peer->rx) + sizeof(at), at.count);
    } else {
        put(out, space + at.offset, at.count);
    }
}

static void on_set_irqs(struct peer *peer)
{
    struct vfu_irq_set set;
    memcpy(&set, vfu_rx_payload(&peer->rx), sizeof(set));
    if (set.count == 0) {
        peer->off++;
    }
    for (uint32_t i = 0; i < set.count && set.start + i < PEER_VECTORS; i++) {
        int *fd = &peer->irq_fd[set.start + i];
        if ((set.flags & VFIO_IRQ_SET_DATA_EVENTFD) != 0) {
            if (*fd >= 0) {
                close(*fd);
            }
            *fd = vfu_rx_take_fd(&peer->rx, i);
        } else {
            (void)eventfd_write(*fd, 1);
        }
    }
}

static void on_dma_map(struct peer *peer, struct out *out)
{
    struct vfu_dma_map ask;
    int fd = vfu_rx_take_fd(&peer->rx, 0);
    memcpy(&ask, vfu_rx_payload(&peer->rx), sizeof(ask));
    if (fd >= 0 && peer->maps < PEER_MAPS) {
        void *va = mmap(NULL, ask.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)ask.offset);
        peer->map[peer->maps].addr = ask.addr;
        peer->map[peer->maps].size = ask.size;
        peer->map[peer->maps].flags = ask.flags;
        peer->map[peer->maps].va = va;
        peer->map[peer->maps].seals = fcntl(fd, F_GET_SEALS);
        peer->maps++;
        memset(va, 0x5a, 16); /* as a device would */
    }
    if (fd >= 0) {
        close(fd);
    }
    put(out, &ask, sizeof(ask));
}

static void on_feature(struct peer *peer, struct out *out)
{
    const uint64_t flags = VFU_MIG_STOP_COPY;
    struct vfu_device_feature ask = {0};
    if (!peer->features || vfu_rx_get(&peer->rx, &ask, sizeof(ask)) != 0) {
        out->hdr.flags |= VFU_F_ERROR;
        out->hdr.error = ENOTTY;
        return;
    }
    put(out, &ask, sizeof(ask));
    if (ask.flags == (VFU_FEATURE_MIGRATION | VFU_FEATURE_GET)) {
        put(out, &flags, sizeof(flags));
    }
}

static void answer(struct peer *peer, struct out *out)
{
    struct vfu_device_info info = {.argsz = sizeof(info),
                                   .flags = peer->flags,
                                   .num_regions = peer->num_regions,
                                   .num_irqs = peer->num_irqs};
    switch (out->hdr.cmd) {
    case VFU_VERSION:
        on_version(peer, out);
        break;
    case VFU_DEVICE_GET_INFO:
        put(out, &info, sizeof(info));
        break;
    case VFU_DEVICE_GET_REGION_INFO:
        on_region_info(peer, out);
        break;
    case VFU_DEVICE_GET_IRQ_INFO:
        on_irq_info(peer, out);
        break;
    case VFU_REGION_READ:
    case VFU_REGION_WRITE:
        on_access(peer, out, out->hdr.cmd == VFU_REGION_WRITE);
        break;
    case VFU_DEVICE_SET_IRQS:
        on_set_irqs(peer);
        break;
    case VFU_DMA_MAP:
        on_dma_map(peer, out);
        break;
    case VFU_DEVICE_FEATURE:
        on_feature(peer, out);
        break;
    default:
        break;
    }
}

/* ---- the bad one ---- */

static bool send_raw(struct peer *peer, const struct out *out, uint32_t size, uint32_t bytes)
{
    static const uint8_t more[VFU_XFER_MAX];
    struct vfu_header hdr = out->hdr;
    uint32_t payload = bytes - (bytes < sizeof(hdr) ? bytes : (uint32_t)sizeof(hdr));
    uint32_t own = payload < out->length ? payload : out->length;
    hdr.size = size;
    return send_all(peer, &hdr, bytes < sizeof(hdr) ? bytes : sizeof(hdr)) &&
           send_all(peer, out->payload, own) && send_all(peer, more, payload - own);
}

static bool hurt_frame(struct peer *peer, struct out *out)
{
    uint32_t whole = (uint32_t)sizeof(out->hdr) + out->length;
    switch (peer->hurt) {
    case PEER_CLOSES:
        return false;
    case PEER_HALF_HEADER:
        (void)send_raw(peer, out, whole, 7);
        return false;
    case PEER_HALF_MESSAGE:
        (void)send_raw(peer, out, whole + 4, whole);
        return false;
    case PEER_SIZE_ZERO:
        return send_raw(peer, out, 0, whole);
    case PEER_SIZE_HUGE:
        return send_raw(peer, out, UINT32_MAX, whole);
    case PEER_SHORT:
        return send_raw(peer, out, whole - 1, whole - 1);
    case PEER_LONG:
        return send_raw(peer, out, whole + VFU_XFER_MAX - 4096, whole + VFU_XFER_MAX - 4096);
    case PEER_FLOOD:
        while (send_command(peer)) {
        }
        return false;
    default:
        return true; /* silent */
    }
}

static bool hurt(struct peer *peer, struct out *out)
{
    switch (peer->hurt) {
    case PEER_WRONG_ID:
        out->hdr.id ^= 0x100;
        break;
    case PEER_WRONG_COMMAND:
        out->hdr.cmd ^= 1;
        break;
    case PEER_WRONG_TYPE:
        out->hdr.flags = 5;
        break;
    case PEER_ERROR:
    case PEER_ERROR_NO_NUM:
    case PEER_ERROR_HUGE:
        out->hdr.flags |= VFU_F_ERROR;
        out->hdr.error = peer->hurt == PEER_ERROR ? peer->value : 0;
        out->hdr.error = peer->hurt == PEER_ERROR_HUGE ? UINT32_MAX : out->hdr.error;
        out->length = 0;
        break;
    default:
        return hurt_frame(peer, out);
    }
    return send_out(peer, out);
}

/* ---- the loop ---- */

static bool handle(struct peer *peer)
{
    struct vfu_header hdr = vfu_rx_header(&peer->rx);
    if ((hdr.flags & VFU_F_TYPE) == VFU_F_REPLY) {
        take_answer(peer, &hdr);
        return true;
    }
    struct out out = {.hdr = {.id = hdr.id, .cmd = hdr.cmd, .flags = VFU_F_REPLY}};
    uint32_t index = peer->messages++;
    peer->count[hdr.cmd < VFU_DEVICE_FEATURE ? hdr.cmd : VFU_DEVICE_FEATURE]++;
    answer(peer, &out);
    if ((hdr.flags & VFU_F_NO_REPLY) != 0) {
        peer->posted++;
        return true;
    }
    for (uint32_t i = 0; i < peer->strays; i++) {
        if (!send_command(peer)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < peer->extra_fds; i++) {
        out.fds[out.num_fds++] = peer->fd;
    }
    if ((peer->refuse & UINT32_C(1) << hdr.cmd) != 0) {
        out.hdr.flags |= VFU_F_ERROR;
        out.hdr.error = peer->value;
        out.length = 0;
    }
    bool asks = peer->num_asks != 0 && index == peer->ask_at;
    if (asks && !peer->ask_after && !send_asks(peer)) {
        return false;
    }
    bool bad = peer->hurt != PEER_NO_HURT && index == peer->at;
    bool sent = bad ? hurt(peer, &out) : send_out(peer, &out);
    return sent && (!asks || !peer->ask_after || send_asks(peer));
}

static void *serve(void *arg)
{
    struct peer *peer = arg;
    int whole = 0;
    while (whole >= 0) {
        struct pollfd ready = {.fd = peer->fd, .events = POLLIN};
        (void)poll(&ready, 1, -1);
        whole = vfu_rx_step(&peer->rx, peer->fd);
        if (whole > 0 && !handle(peer)) {
            break;
        }
        if (whole > 0) {
            vfu_rx_next(&peer->rx);
        }
    }
    vfu_rx_next(&peer->rx);
    close(peer->fd);
    return NULL;
}

void peer_init(struct peer *peer)
{
    memset(peer, 0, sizeof(*peer));
    peer->flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
    peer->num_regions = PEER_REGIONS;
    peer->num_irqs = PEER_IRQS;
    peer->bar_size[0] = 4096;
    peer->bar_fd = -1;
    peer->config_size = 4096;
    peer->irq_count = PEER_VECTORS;
    static const uint8_t ids[] = {0x86, 0x80, 0xed, 0x10, 0, 0, 0, 0, 1, 0, 0, 2};
    memcpy(peer->config, ids, sizeof(ids));
    peer->config[0x10] = 4; /* 64-bit memory */
    for (uint32_t i = 0; i < PEER_VECTORS; i++) {
        peer->irq_fd[i] = -1;
    }
    peer->fd = -1;
    (void)sem_init(&peer->heard, 0, 0);
}

int peer_dial(void *arg, const struct sockaddr_un *at)
{
    struct peer *peer = arg;
    int ends[2];
    (void)at;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return -ENOMEM;
    }
    peer->fd = ends[0];
    peer->buf = malloc(VFU_MSG_MAX);
    peer->rx = (struct vfu_rx){.buf = peer->buf};
    if (pthread_create(&peer->thread, NULL, serve, peer) != 0) {
        abort();
    }
    return ends[1];
}

void peer_join(struct peer *peer)
{
    if (peer->fd < 0) {
        return;
    }
    (void)pthread_join(peer->thread, NULL);
    peer->fd = -1;
    free(peer->buf);
    for (uint32_t i = 0; i < PEER_VECTORS; i++) {
        if (peer->irq_fd[i] >= 0) {
            close(peer->irq_fd[i]);
            peer->irq_fd[i] = -1;
        }
    }
    for (uint32_t i = 0; i < peer->maps; i++) {
        (void)munmap(peer->map[i].va, peer->map[i].size);
    }
}
