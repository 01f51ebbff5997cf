/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a halted ring still holds. Enabling a queue again starts it at index 0 (82599 datasheet,
 * RXDCTL.ENABLE and TXDCTL.ENABLE: setting it initialises the queue's registers), so nothing can be left
 * where it lies: received frames move to a backlog that bursts give first, frames not sent to a list that
 * fills the new ring. The bursts of a running ring know nothing of this: a queue with a backlog has
 * another burst until it is empty.
 */
#include "ring.h"

#include <sriov/hw/ixgbe_regs.h>

#include <string.h>

/* A frame's last descriptor, by its own bit, or because a report came: those are asked for at ends. */
#define FRAME_END ((uint64_t)IXGBE_TXD_DCMD_EOP | (uint64_t)IXGBE_TXD_STAT_DD << 32)

/* ---- receive ---- */

static void link_frame(struct sri_rxq *q, struct sriov_buf *frame)
{
    frame->user = 0;
    if (q->backlog == NULL) {
        q->backlog = frame;
    } else {
        q->backlog_last->user = (uint64_t)(uintptr_t)frame;
    }
    q->backlog_last = frame;
}

static struct sriov_buf *unlink_frame(struct sri_rxq *q)
{
    struct sriov_buf *frame = q->backlog;
    if (frame != NULL) {
        q->backlog = (struct sriov_buf *)(uintptr_t)frame->user;
        frame->user = 0;
    }
    return frame;
}

uint16_t sri_rxq_take(struct sri_rxq *q, struct sriov_buf **bufs, uint16_t n)
{
    uint16_t done = 0;
    while (done < n && q->backlog != NULL) {
        bufs[done] = unlink_frame(q);
        q->base.bytes += bufs[done]->pkt_len;
        done++;
    }
    q->base.packets += done;
    return done;
}

/* The queue's burst while there is a backlog or no ring behind it; it puts the ring's own back. */
static uint16_t backlog_burst(struct sriov_rxq *base, struct sriov_buf **bufs, uint16_t n)
{
    struct sri_rxq *q = (struct sri_rxq *)(void *)base;
    uint16_t done = sri_rxq_take(q, bufs, n);
    if (q->backlog == NULL && !q->halted) {
        base->active = sri_rx_burst;
        if (base->burst == backlog_burst) {
            base->burst = sri_rx_burst;
        }
    }
    return done;
}

/* The next descriptor's frame, or the part of one, if it was written back. */
static bool gather_one(struct sri_rxq *q)
{
    uint32_t slot = q->next & q->mask;
    uint64_t hi = q->ring[slot].hi;
    if ((hi & SRI_RX_DD) == 0 || q->sw[slot] == NULL) {
        return false;
    }
    sriov_dma_rmb();
    struct sriov_buf *buf = q->sw[slot];
    q->sw[slot] = NULL;
    q->next++;
    struct sriov_buf *frame = sri_rx_slow(q, buf, q->ring[slot].lo, hi);
    if (frame != NULL) {
        link_frame(q, frame);
    }
    return true;
}

void sri_rxq_gather(struct sri_rxq *q)
{
    uint32_t looks = q->mask + 1;
    while (looks > 0 && gather_one(q)) {
        looks--;
    }
    q->halted = true;
    q->base.active = backlog_burst;
}

void sri_rxq_refill(struct sri_rxq *q)
{
    q->halted = false;
    q->base.active = q->backlog != NULL ? backlog_burst : sri_rx_burst;
}

void sri_rxq_drop_backlog(struct sri_rxq *q)
{
    struct sriov_buf *frame;
    while ((frame = unlink_frame(q)) != NULL) {
        sriov_buf_free(frame);
    }
}

/* ---- transmit ---- */

static bool ends_frame(const struct sri_txq *q, uint32_t index)
{
    return (q->ring[index & q->mask].hi & FRAME_END) != 0;
}

/* Just past the end of the frame that `index` is in. */
static uint32_t past_frame(const struct sri_txq *q, uint32_t index)
{
    while (index != q->next && !ends_frame(q, index)) {
        index++;
    }
    return index == q->next ? index : index + 1;
}

/* Frames from `from` to `to`, a context by itself being none. */
static uint32_t count_frames(const struct sri_txq *q, uint32_t from, uint32_t to)
{
    uint32_t n = 0;
    for (; from != to; from++) {
        if (q->sw[from & q->mask] != NULL && (ends_frame(q, from) || from + 1 == to)) {
            n++;
        }
    }
    return n;
}

/* The free-running index that TDH stands for; false: none that can be. */
static bool head_index(const struct sri_txq *q, uint32_t head, uint32_t *index)
{
    if (head > q->mask) {
        return false;
    }
    uint32_t ahead = (head - q->clean) & q->mask;
    *index = q->clean + ahead;
    return ahead <= q->next - q->clean;
}

/* TDH moves once a descriptor's data are in the device (82599 datasheet 7.2.3.3): what it has passed is
 * sent. In the middle of a frame it stands when the device gave up there. */
static void settle_sent(struct sri_txq *q, uint32_t head)
{
    uint32_t sent;
    if (!head_index(q, head, &sent)) {
        q->in_doubt += count_frames(q, q->clean, q->next);
        sri_tx_release(q, q->next);
        return;
    }
    bool inside = sent != q->clean && q->sw[(sent - 1) & q->mask] != NULL && !ends_frame(q, sent - 1);
    sri_tx_release(q, sent);
    if (inside) {
        q->in_doubt++;
        sri_tx_release(q, past_frame(q, sent));
    }
}

/* A frame's segments, put together again as they were given. */
static struct sriov_buf *join_frame(struct sri_txq *q, uint64_t *bytes)
{
    struct sriov_buf *first = NULL;
    struct sriov_buf *last = NULL;
    while (q->clean != q->next) {
        struct sriov_buf *seg = q->sw[q->clean & q->mask];
        bool end = ends_frame(q, q->clean);
        q->clean++;
        if (seg == NULL) {
            continue; /* a context; the new ring makes its own */
        }
        *bytes += seg->len;
        if (first == NULL) {
            first = seg;
        } else {
            last->next = seg;
        }
        last = seg;
        if (end) {
            break;
        }
    }
    return first;
}

/* They stand at the end of their array: more come before them, and they leave from the front. */
static struct sriov_buf **first_held(const struct sri_txq *q)
{
    return &q->held[q->mask + 1 - q->held_n];
}

void sri_txq_gather(struct sri_txq *q, uint32_t head)
{
    uint64_t bytes = 0;
    sri_tx_reclaim(q);
    settle_sent(q, head);
    uint32_t room = q->mask + 1 - q->held_n;
    uint32_t n = count_frames(q, q->clean, q->next);
    if (n > room) { /* more ends than there were frames: the device wrote them */
        sri_tx_release(q, q->next);
        q->in_doubt += n;
        n = 0;
    }
    q->held_n += n;
    for (struct sriov_buf **to = first_held(q); n > 0; n--) {
        *to++ = join_frame(q, &bytes);
        q->base.packets--;
    }
    q->clean = q->next;
    q->base.bytes -= bytes;
    q->rs_tail = q->rs_head;
}

uint16_t sri_txq_take(struct sri_txq *q, struct sriov_buf **bufs, uint16_t n)
{
    uint16_t done = q->held_n < n ? (uint16_t)q->held_n : n;
    memcpy(bufs, first_held(q), done * sizeof(bufs[0]));
    q->held_n -= done;
    return done;
}

/* Held frames go first; the queue's burst while the new ring cannot take them all. */
static uint16_t held_burst(struct sriov_txq *base, struct sriov_buf **bufs, uint16_t n)
{
    struct sri_txq *q = (struct sri_txq *)(void *)base;
    uint16_t some = q->held_n < UINT16_MAX ? (uint16_t)q->held_n : UINT16_MAX;
    q->held_n -= sri_tx_burst(base, first_held(q), some);
    if (q->held_n != 0) {
        return 0;
    }
    base->active = sri_tx_burst;
    if (base->burst == held_burst) {
        base->burst = sri_tx_burst;
    }
    return sri_tx_burst(base, bufs, n);
}

void sri_txq_refill(struct sri_txq *q)
{
    q->base.active = sri_tx_burst;
    if (q->held_n != 0) {
        q->base.active = held_burst;
        (void)held_burst(&q->base, NULL, 0);
    }
}

void sri_txq_drop_held(struct sri_txq *q)
{
    for (; q->held_n > 0; q->held_n--) {
        sriov_buf_free(*first_held(q));
    }
    q->in_doubt = 0;
    q->base.active = sri_tx_burst;
}
