/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending on whichever device carries the traffic: first what another one gave back. */
#include "dnis.h"

/* What still waits for this device is younger than what it has. */
static void take_queue(struct sriov_dnis *d, struct sric_dnis_leg *leg, uint16_t j, uint32_t *in_doubt)
{
    struct sric_dnis_fifo younger = d->back[j];
    struct sriov_buf *bufs[SRIC_DNIS_BURST];
    uint16_t n;

    memset(&d->back[j], 0, sizeof(d->back[j]));
    while ((n = sriov_net_tx_take(leg->net, j, bufs, SRIC_DNIS_BURST, in_doubt)) != 0) {
        for (uint16_t i = 0; i < n; i++) {
            sric_dnis_put(&d->back[j], bufs[i]);
        }
        d->back_n += n;
    }
    sric_dnis_append(&d->back[j], &younger);
}

void sric_dnis_take_back(struct sriov_dnis *d, struct sric_dnis_leg *leg)
{
    uint32_t in_doubt = 0;

    for (uint16_t j = 0; j < leg->queues; j++) {
        take_queue(d, leg, j, &in_doubt);
    }
    d->stats.in_doubt += in_doubt;
}

/* True once the frame is with the device, or can never be. */
static bool send_one(struct sriov_dnis *d, struct sric_dnis_leg *leg, struct sriov_txq *tx,
                     struct sriov_buf *frame)
{
    struct sriov_buf *out = frame;
    uint64_t refused = tx->refused;

    if (frame->pool != leg->net->config.pool) {
        out = sric_dnis_copy(leg->net->config.pool, frame);
        if (out == NULL) {
            return false;
        }
    }
    if (sriov_tx_burst(tx, &out, 1) == 0) {
        if (out != frame) {
            sriov_buf_free(out);
        }
        return false;
    }
    d->stats.tx_dropped += tx->refused != refused ? 1 : 0;
    if (out != frame) {
        d->stats.tx_copied++;
        sriov_buf_free(frame);
    }
    return true;
}

static void flush_queue(struct sriov_dnis *d, struct sric_dnis_leg *leg, uint16_t j)
{
    struct sric_dnis_fifo *fifo = &d->back[j];
    struct sriov_txq *tx = leg->net->txq[j % leg->queues];

    while (fifo->head != NULL) {
        struct sriov_buf *frame = fifo->head;
        uint64_t next = frame->user;

        if (!send_one(d, leg, tx, frame)) {
            return;
        }
        fifo->head = (struct sriov_buf *)(uintptr_t)next;
        fifo->n--;
        d->back_n--;
        d->stats.tx_moved++;
    }
}

void sric_dnis_flush(struct sriov_dnis *d)
{
    struct sric_dnis_leg *leg = sric_dnis_leg(d, d->active);

    if (leg == NULL) {
        return;
    }
    for (uint16_t j = 0; d->back_n != 0 && j < SRIOV_NET_QUEUES_MAX; j++) {
        flush_queue(d, leg, j);
    }
}

/* Frames of the other device's memory among them: one by one. */
static uint16_t send_mixed(struct sriov_dnis *d, struct sric_dnis_leg *leg, struct sriov_txq *tx,
                           struct sriov_buf **bufs, uint16_t n)
{
    uint16_t done = 0;

    while (done < n && send_one(d, leg, tx, bufs[done])) {
        done++;
    }
    return done;
}

uint16_t sriov_dnis_tx_burst(struct sriov_dnis *d, uint16_t queue, struct sriov_buf **bufs, uint16_t n)
{
    struct sric_dnis_leg *leg = sric_dnis_leg(d, d->active);
    const struct sriov_pool *pool;
    uint64_t bytes = 0;
    bool mixed = false;
    uint16_t done;

    if (d->back_n != 0) {
        sric_dnis_flush(d);
    }
    if (leg == NULL || d->back_n != 0 || queue >= d->opts.queues) {
        return 0;
    }
    pool = leg->net->config.pool;
    for (uint16_t i = 0; i < n; i++) {
        mixed = mixed || bufs[i]->pool != pool;
        bytes += bufs[i]->pkt_len;
    }
    done = mixed ? send_mixed(d, leg, leg->tx[queue], bufs, n) : sriov_tx_burst(leg->tx[queue], bufs, n);
    for (uint16_t i = done; i < n; i++) {
        bytes -= bufs[i]->pkt_len;
    }
    d->stats.tx_packets += done;
    d->stats.tx_bytes += bytes;
    return done;
}

struct sriov_pool *sriov_dnis_pool(struct sriov_dnis *d)
{
    struct sric_dnis_leg *leg = sric_dnis_leg(d, d->active);

    return leg != NULL ? leg->net->config.pool : NULL;
}
