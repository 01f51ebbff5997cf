/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How queues are halted. On one thread the burst pointer is swapped and a burst costs nothing more.
 * With queue threads the pointer stays and the burst is a guarded one: it says busy, then looks
 * whether the queue is parked; park says parked, then waits while busy. Both put a full fence
 * between the two, so that at least one of them sees the other (Dekker).
 */
#include "net.h"

static uint16_t null_rx(struct sriov_rxq *q, struct sriov_buf **bufs, uint16_t n)
{
    (void)q;
    (void)bufs;
    (void)n;
    return 0;
}

static uint16_t null_tx(struct sriov_txq *q, struct sriov_buf **bufs, uint16_t n)
{
    (void)q;
    (void)bufs;
    (void)n;
    return 0;
}

/* False: the queue is parked. */
static bool enter(uint32_t *busy, const uint16_t *parked)
{
    /* seq_cst store and load: the order that the fence of park relies on. */
    __atomic_store_n(busy, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(parked, __ATOMIC_SEQ_CST) == 0) {
        return true;
    }
    __atomic_store_n(busy, 0, __ATOMIC_RELEASE);
    return false;
}

static uint16_t guarded_rx(struct sriov_rxq *q, struct sriov_buf **bufs, uint16_t n)
{
    uint16_t done;

    if (!enter(&q->busy, &q->parked)) {
        return 0;
    }
    done = q->active(q, bufs, n);
    __atomic_store_n(&q->busy, 0, __ATOMIC_RELEASE);
    return done;
}

static uint16_t guarded_tx(struct sriov_txq *q, struct sriov_buf **bufs, uint16_t n)
{
    uint16_t done;

    if (!enter(&q->busy, &q->parked)) {
        return 0;
    }
    done = q->active(q, bufs, n);
    __atomic_store_n(&q->busy, 0, __ATOMIC_RELEASE);
    return done;
}

static bool is_threaded(const struct sriov_net *net)
{
    return (net->config.flags & SRIOV_NET_THREADED) != 0;
}

int sric_net_init_queues(struct sriov_net *net)
{
    bool threaded = is_threaded(net);

    for (uint16_t i = 0; i < net->config.queues; i++) {
        struct sriov_rxq *rx = net->rxq[i];
        struct sriov_txq *tx = net->txq[i];

        if (rx == NULL || tx == NULL || rx->active == NULL || tx->active == NULL) {
            return -EPROTO;
        }
        rx->index = i;
        tx->index = i;
        rx->busy = 0;
        tx->busy = 0;
        rx->parked = 1;
        tx->parked = 1;
        rx->burst = threaded ? guarded_rx : null_rx;
        tx->burst = threaded ? guarded_tx : null_tx;
    }
    return 0;
}

static void wait_idle(struct sriov_net *net, const uint32_t *busy)
{
    while (__atomic_load_n(busy, __ATOMIC_SEQ_CST) != 0) {
        sriov_vmm_relax(sriov_fn_vmm(net->fn));
    }
}

static void set_rx(struct sriov_net *net, uint16_t parked)
{
    for (uint16_t i = 0; i < net->config.queues; i++) {
        struct sriov_rxq *rx = net->rxq[i];

        __atomic_store_n(&rx->parked, parked, __ATOMIC_SEQ_CST);
        if (!is_threaded(net)) {
            rx->burst = parked != 0 ? null_rx : rx->active;
        }
    }
}

static void set_tx(struct sriov_net *net, uint16_t parked)
{
    for (uint16_t i = 0; i < net->config.queues; i++) {
        struct sriov_txq *tx = net->txq[i];

        __atomic_store_n(&tx->parked, parked, __ATOMIC_SEQ_CST);
        if (!is_threaded(net)) {
            tx->burst = parked != 0 ? null_tx : tx->active;
        }
    }
}

void sric_net_park_rx(struct sriov_net *net)
{
    if (!net->configured) {
        return;
    }
    set_rx(net, 1);
    for (uint16_t i = 0; i < net->config.queues; i++) {
        wait_idle(net, &net->rxq[i]->busy);
    }
}

void sric_net_park_tx(struct sriov_net *net)
{
    if (!net->configured) {
        return;
    }
    set_tx(net, 1);
    for (uint16_t i = 0; i < net->config.queues; i++) {
        wait_idle(net, &net->txq[i]->busy);
    }
}

void sric_net_unpark_rx(struct sriov_net *net)
{
    if (net->configured && !sriov_fn_gone(net->fn)) {
        set_rx(net, 0);
    }
}

void sric_net_unpark_tx(struct sriov_net *net)
{
    if (net->configured && !sriov_fn_gone(net->fn)) {
        set_tx(net, 0);
    }
}

void sriov_net_park(struct sriov_net *net)
{
    sric_net_park_rx(net);
    sric_net_park_tx(net);
}

void sriov_net_unpark(struct sriov_net *net)
{
    sric_net_unpark_rx(net);
    sric_net_unpark_tx(net);
}
