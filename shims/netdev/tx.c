/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames to the kernel, which copies them: one system call a burst, and no buffer stays away. */
#include "snd_net.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>

#define ADDRESSES (2u * SRIOV_ETH_ALEN)
#define TPID      0x8100u

uint32_t snd_tx_left(const struct snd_net *dev)
{
    int bytes = 0;
    return ioctl(dev->fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (uint32_t)bytes : 0;
}

static bool sendable(const struct snd_net *dev, const struct sriov_buf *buf)
{
    uint64_t most = (uint64_t)dev->net->config.mtu + SND_HEAD + SND_TAG;
    bool tag = (buf->flags & SRIOV_TX_VLAN) != 0;
    uint64_t sum = 0;
    uint32_t segs = 0;
    for (const struct sriov_buf *seg = buf; seg != NULL && segs <= SND_SEGS_MAX; seg = seg->next) {
        sum += seg->len;
        segs++;
    }
    return segs <= SND_SEGS_MAX && sum == buf->pkt_len && buf->len >= SND_HEAD &&
           sum + (tag ? SND_TAG : 0) <= most;
}

static size_t add(struct iovec *iov, size_t n, void *base, size_t len)
{
    iov[n] = (struct iovec){.iov_base = base, .iov_len = len};
    return n + 1;
}

static void describe(struct snd_txq *txq, uint32_t i, struct sriov_buf *buf)
{
    struct iovec *iov = txq->iov[i];
    uint8_t *first = buf->data;
    size_t left = buf->len;
    size_t n = add(iov, 0, &txq->vnet, SND_VNET);
    if ((buf->flags & SRIOV_TX_VLAN) != 0) {
        const uint8_t tag[SND_TAG] = {TPID >> 8, TPID & 0xff, (uint8_t)(buf->vlan_tci >> 8),
                                      (uint8_t)buf->vlan_tci};
        memcpy(txq->tags[i], tag, SND_TAG);
        n = add(iov, n, first, ADDRESSES);
        n = add(iov, n, txq->tags[i], SND_TAG);
        first += ADDRESSES;
        left -= ADDRESSES;
    }
    n = add(iov, n, first, left);
    for (struct sriov_buf *seg = buf->next; seg != NULL; seg = seg->next) {
        n = add(iov, n, seg->data, seg->len);
    }
    txq->msgs[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = iov, .msg_iovlen = n}};
}

static void done_with(struct snd_txq *txq, struct sriov_buf **bufs, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        txq->q.bytes += bufs[i]->pkt_len;
    }
    txq->q.packets += n;
    txq->dev->unsure += n;
    sriov_buf_free_bulk(bufs, (uint16_t)n);
}

/* An error of the first frame's own: the next may do. */
static bool its_own(int err)
{
    return err == EMSGSIZE || err == EINVAL;
}

/* Frames taken of n that can be sent, at most SND_BATCH. */
static uint32_t send_some(struct snd_txq *txq, struct sriov_buf **bufs, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        describe(txq, i, bufs[i]);
    }
    int sent = sendmmsg(txq->dev->fd, txq->msgs, n, MSG_DONTWAIT);
    if (sent < 0 && errno == ENETDOWN) {
        /* The socket tells once that the interface was down at some time. */
        sent = sendmmsg(txq->dev->fd, txq->msgs, n, MSG_DONTWAIT);
    }
    if (sent > 0) {
        done_with(txq, bufs, (uint32_t)sent);
        return (uint32_t)sent;
    }
    if (sent < 0 && its_own(errno)) {
        txq->dev->counters[SND_TX_ERRORS]++;
        txq->q.refused++;
        sriov_buf_free(bufs[0]);
        return 1;
    }
    return 0;
}

static uint32_t sendable_run(const struct snd_txq *txq, struct sriov_buf **bufs, uint32_t n)
{
    uint32_t run = 0;
    while (run < n && run < SND_BATCH && sendable(txq->dev, bufs[run])) {
        run++;
    }
    return run;
}

uint16_t snd_tx_burst(struct sriov_txq *q, struct sriov_buf **bufs, uint16_t n)
{
    struct snd_txq *txq = (struct snd_txq *)q;
    uint32_t done = 0;
    while (done < n) {
        uint32_t run = sendable_run(txq, bufs + done, n - done);
        if (run == 0) {
            q->refused++;
            sriov_buf_free(bufs[done]);
            done++;
            continue;
        }
        uint32_t took = send_some(txq, bufs + done, run);
        done += took;
        if (took == 0) {
            q->full += n - done;
            break;
        }
    }
    return (uint16_t)done;
}
