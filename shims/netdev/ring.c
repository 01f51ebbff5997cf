/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring of received frames, in memory that the kernel shares (TPACKET_V2). There is none for sending: a
 * slot comes back when the interface's driver lets go of the frame, which a virtual one does before its
 * peer has read it, and the next frame would overwrite what is on its way.
 */
#include "snd_net.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK     65536u
#define FRAME_MIN 2048u
/* Its header, the address, ours, and what aligns them: the kernel puts 90 bytes in front of a frame. */
#define FRONT 128u

static int set_int(int fd, int what, int value)
{
    return setsockopt(fd, SOL_PACKET, what, &value, sizeof(value)) == 0 ? 0 : snd_errno(errno);
}

static int set_ring(int fd, const struct tpacket_req *req)
{
    return setsockopt(fd, SOL_PACKET, PACKET_RX_RING, req, sizeof(*req)) == 0 ? 0 : snd_errno(errno);
}

static int set_options(int fd)
{
    int err = set_int(fd, PACKET_VERSION, TPACKET_V2);
    err = err != 0 ? err : set_int(fd, PACKET_VNET_HDR, 1);
    /* Linux 4.20; before that what goes out is told by the frame's own mark. */
    (void)set_int(fd, PACKET_IGNORE_OUTGOING, 1);
    return err;
}

static uint32_t frame_size_for(uint16_t mtu)
{
    uint32_t need = FRONT + SND_HEAD + SND_TAG + mtu;
    uint32_t size = FRAME_MIN;
    while (size < need) {
        size *= 2;
    }
    return size;
}

int snd_ring_make(struct snd_net *dev, uint32_t frames, uint16_t mtu)
{
    struct snd_rxq *rxq = &dev->rxq;
    uint32_t frame_size = frame_size_for(mtu);
    struct tpacket_req req = {.tp_frame_size = frame_size, .tp_frame_nr = frames};
    req.tp_block_size = (uint64_t)frame_size * frames < BLOCK ? frame_size * frames : BLOCK;
    req.tp_block_nr = frames / (req.tp_block_size / frame_size);
    int err = set_options(dev->fd);
    err = err != 0 ? err : set_ring(dev->fd, &req);
    if (err != 0) {
        return err;
    }
    rxq->bytes = (uint64_t)req.tp_block_size * req.tp_block_nr;
    void *at = mmap(NULL, rxq->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, dev->fd, 0);
    if (at == MAP_FAILED) {
        snd_ring_drop(dev);
        return -ENOMEM;
    }
    rxq->ring = at;
    rxq->frames = frames;
    rxq->frame_size = frame_size;
    rxq->head = 0;
    return 0;
}

void snd_ring_drop(struct snd_net *dev)
{
    const struct tpacket_req none = {0};
    if (dev->rxq.ring != NULL) {
        (void)munmap(dev->rxq.ring, dev->rxq.bytes);
        dev->rxq.ring = NULL;
    }
    (void)set_ring(dev->fd, &none);
}

void snd_ring_empty(struct snd_rxq *rxq)
{
    for (uint32_t i = 0; i < rxq->frames && snd_rx_waiting(rxq); i++) {
        struct tpacket2_hdr *hdr =
            (void *)(rxq->ring + (size_t)(rxq->head & (rxq->frames - 1)) * rxq->frame_size);
        __atomic_store_n(&hdr->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        rxq->head++;
    }
}

int snd_hold_rx(struct snd_net *dev, bool hold)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    const struct sock_fprog program = {.len = 1, .filter = &nothing};
    const int unused = 0;
    if (dev->held_rx == hold) {
        return 0;
    }
    int rc = hold ? setsockopt(dev->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program))
                  : setsockopt(dev->fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused));
    if (rc != 0) {
        return snd_errno(errno);
    }
    dev->held_rx = hold;
    return 0;
}

/* Once: the kernel gives no way back but the filter. */
int snd_bind(struct snd_net *dev)
{
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = dev->ifindex};
    if (dev->bound) {
        return 0;
    }
    if (bind(dev->fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
        return snd_errno(errno);
    }
    dev->bound = true;
    return 0;
}

/* The kernel's own count starts anew with each look. */
void snd_kernel_drops(struct snd_net *dev)
{
    struct tpacket_stats seen = {0};
    socklen_t len = sizeof(seen);
    if (getsockopt(dev->fd, SOL_PACKET, PACKET_STATISTICS, &seen, &len) == 0) {
        dev->counters[SND_RX_DROPPED] += seen.tp_drops;
    }
}
