/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receiving from two devices as from one. Group-addressed frames reach both: those of a device that
 * carries no traffic are dropped. Order is kept among frames for our MAC and among group-addressed ones,
 * as bridges do it (IEEE 802.1Q-2018, 6.5.3), not between the two kinds while a switch settles.
 */
#include "dnis.h"

static bool is_group(const struct sriov_buf *frame)
{
    return frame->len != 0 && (frame->data[0] & 1) != 0;
}

static bool is_ours(const struct sriov_dnis *d, const struct sriov_buf *frame)
{
    return frame->len >= SRIOV_ETH_ALEN && memcmp(frame->data, d->mac.b, SRIOV_ETH_ALEN) == 0;
}

/* The device's queues that one of the pair's stands for: q, q + queues, ... */
static uint16_t burst_queue(struct sriov_dnis *d, struct sric_dnis_leg *leg, uint16_t queue,
                            struct sriov_buf **bufs, uint16_t n)
{
    uint16_t done = 0;

    for (uint16_t j = queue; j < leg->queues && done < n; j = (uint16_t)(j + d->opts.queues)) {
        done = (uint16_t)(done + sriov_rx_burst(leg->net->rxq[j], bufs + done, (uint16_t)(n - done)));
    }
    return done;
}

static void keep(struct sriov_dnis *d, struct sric_dnis_leg *leg, struct sric_dnis_fifo *fifo,
                 struct sriov_buf *frame, bool only_ours)
{
    bool group = is_group(frame);

    if (group && only_ours) {
        d->stats.rx_inactive++;
        sriov_buf_free(frame);
        return;
    }
    if (d->settle.on && leg->side == d->settle.from) {
        d->settle.quiet_since = sriov_vmm_now(d->vmm);
    } else if (d->settle.on && is_ours(d, frame)) {
        d->settle.heard = true;
    }
    sric_dnis_put(fifo, frame);
}

/* At most twice its rings: a device that receives as fast as it is emptied must not keep us here. */
static uint32_t most(const struct sric_dnis_leg *leg)
{
    return 2u * leg->net->config.rx_desc * leg->queues;
}

void sric_dnis_stage(struct sriov_dnis *d, struct sric_dnis_leg *leg, struct sric_dnis_fifo *fifos,
                     bool only_ours)
{
    struct sriov_buf *bufs[SRIC_DNIS_BURST];

    for (uint16_t q = 0; q < d->opts.queues; q++) {
        uint16_t n = SRIC_DNIS_BURST;

        for (uint32_t left = most(leg); n == SRIC_DNIS_BURST && left >= n; left -= n) {
            n = burst_queue(d, leg, q, bufs, SRIC_DNIS_BURST);
            for (uint16_t i = 0; i < n; i++) {
                keep(d, leg, &fifos[q], bufs[i], only_ours);
            }
        }
    }
}

void sric_dnis_stage_dead(struct sriov_dnis *d, struct sric_dnis_leg *leg)
{
    struct sriov_buf *bufs[SRIC_DNIS_BURST];
    bool only_ours = d->settle.on && d->settle.from == leg->side;
    uint16_t n;

    for (uint16_t j = 0; j < leg->queues; j++) {
        while ((n = sriov_net_rx_take(leg->net, j, bufs, SRIC_DNIS_BURST)) != 0) {
            for (uint16_t i = 0; i < n; i++) {
                keep(d, leg, &d->rx[j % d->opts.queues], bufs[i], only_ours);
            }
        }
    }
}

void sric_dnis_settle_look(struct sriov_dnis *d)
{
    struct sric_dnis_leg *from = sric_dnis_leg(d, d->settle.from);
    struct sric_dnis_leg *to = sric_dnis_leg(d, d->active);

    if (from != NULL && from->net != NULL) {
        sric_dnis_stage(d, from, d->rx, true);
    }
    if (to != NULL) {
        sric_dnis_stage(d, to, d->late, false);
    }
}

static uint64_t bytes_of(struct sriov_buf **bufs, uint16_t n)
{
    uint64_t bytes = 0;

    for (uint16_t i = 0; i < n; i++) {
        bytes += bufs[i]->pkt_len;
    }
    return bytes;
}

uint16_t sriov_dnis_rx_burst(struct sriov_dnis *d, uint16_t queue, struct sriov_buf **bufs, uint16_t n)
{
    struct sric_dnis_leg *leg;
    uint16_t done;

    if (queue >= d->opts.queues) {
        return 0;
    }
    if (d->settle.on) {
        sric_dnis_settle_look(d);
        sric_dnis_settle_check(d, false);
    }
    done = sric_dnis_get_some(&d->rx[queue], bufs, n);
    leg = sric_dnis_leg(d, d->active);
    if (done < n && leg != NULL && !d->settle.on) {
        done = (uint16_t)(done + burst_queue(d, leg, queue, bufs + done, (uint16_t)(n - done)));
    }
    d->stats.rx_packets += done;
    d->stats.rx_bytes += bytes_of(bufs, done);
    return done;
}
