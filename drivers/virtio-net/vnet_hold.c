/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holding still. Nothing but its used ring tells what a device has done with a chain, and nothing but
 * a reset takes a chain back: frames that it did not report in time are in doubt, never certainly not
 * sent. (2.7.13, 2.4. A queue's own reset, 2.6.1, would say no more.)
 */
#include "vnet.h"

#include <errno.h>

#define STEP_NS UINT64_C(10000)

/* 1: all that the device was given it has sent. */
static int is_sent(void *arg)
{
    struct vnet *v = arg;
    int done = 1;
    for (uint16_t i = 0; i < v->net->config.queues; i++) {
        struct vnet_txq *q = vnet_txq(v, i);
        vnet_tx_reclaim(q);
        if (q->vq.broken) {
            return -EPROTO;
        }
        done = done != 0 && q->vq.seen == q->vq.next ? 1 : 0;
    }
    return done;
}

int vnet_quiesce_tx(struct sriov_net *net, uint64_t timeout_ns)
{
    struct vnet *v = vnet_of(net);
    if (v->phase != VNET_RUNNING) {
        return -EAGAIN;
    }
    int err = sriov_fn_wait_until(net->fn, is_sent, v, timeout_ns, STEP_NS);
    if (err == -EPROTO) {
        vnet_begin_recovery(v, "the device broke a queue");
        return -EAGAIN;
    }
    return err > 0 || err == -ETIMEDOUT ? 0 : err;
}

/* Bursts go on reading the used rings and hand nothing over any more. */
static void stop_refill(struct vnet *v, bool stop)
{
    for (uint16_t i = 0; i < v->net->config.queues; i++) {
        __atomic_store_n(&vnet_rxq(v, i)->stopped, stop, __ATOMIC_RELEASE);
    }
}

int vnet_quiesce(struct sriov_net *net)
{
    struct vnet *v = vnet_of(net);
    if (v->phase != VNET_RUNNING) {
        return -EAGAIN;
    }
    stop_refill(v, true);
    int err = vnet_reset(v);
    if (err == 0) {
        v->phase = VNET_HELD;
        vnet_queues_settle_tx(v);
    }
    return err;
}

int vnet_resume(struct sriov_net *net)
{
    struct vnet *v = vnet_of(net);
    for (uint16_t i = 0; i < net->config.queues; i++) {
        vnet_txq(v, i)->doubt_told = 0; /* what is in the ring still will be sent */
    }
    if (v->phase == VNET_RUNNING) {
        return 0;
    }
    vnet_queues_settle(v);
    int err = vnet_bring_up(v);
    if (err == 0 || err == -ENODEV) {
        return err;
    }
    vnet_begin_recovery(v, "the device does not come up");
    return -EAGAIN;
}

uint16_t vnet_tx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n,
                      uint32_t *in_doubt)
{
    struct vnet *v = vnet_of(net);
    struct vnet_txq *q = vnet_txq(v, queue);
    (void)bufs;
    (void)n;
    if (sriov_fn_gone(net->fn)) {
        v->in_doubt += vnet_tx_settle(q);
    } else if (v->phase == VNET_RUNNING) {
        vnet_tx_doubt(q); /* they stay the device's, and may be sent yet */
    }
    *in_doubt += q->in_doubt;
    q->in_doubt = 0;
    return 0;
}

uint16_t vnet_rx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n)
{
    struct vnet_rxq *q = vnet_rxq(vnet_of(net), queue);
    if (sriov_fn_gone(net->fn)) {
        vnet_rx_settle(q);
    }
    return vnet_rx_held(q, bufs, n);
}
