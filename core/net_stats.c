/* SPDX-License-Identifier: BSD-3-Clause */
/* Counters with names: totals, each queue, then what the driver adds. */
#include "net.h"

struct list {
    struct sriov_stat *out;
    uint32_t room;
    uint32_t n; /* how many there are, whatever fits */
};

static void add(struct list *l, const char *name, uint64_t value)
{
    if (l->n < l->room) {
        struct sriov_stat *stat = &l->out[l->n];

        memset(stat, 0, sizeof(*stat));
        sric_copy_name(stat->name, sizeof(stat->name), name);
        stat->value = value;
    }
    l->n++;
}

static void add_queue(struct list *l, const char *dir, uint16_t queue, const char *what, uint64_t value)
{
    char name[sizeof(l->out->name)];

    (void)sriov_format(name, sizeof(name), "%s_q%u_%s", dir, queue, what);
    add(l, name, value);
}

/* Queue threads count on; each counter by itself is whole. */
static uint64_t get(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

struct totals {
    uint64_t rx_packets;
    uint64_t rx_bytes;
    uint64_t tx_packets;
    uint64_t tx_bytes;
    uint64_t rx_no_bufs;
    uint64_t rx_bad;
    uint64_t tx_full;
    uint64_t tx_refused;
};

static void sum(struct totals *t, const struct sriov_rxq *rx, const struct sriov_txq *tx)
{
    t->rx_packets += get(&rx->packets);
    t->rx_bytes += get(&rx->bytes);
    t->tx_packets += get(&tx->packets);
    t->tx_bytes += get(&tx->bytes);
    t->rx_no_bufs += get(&rx->no_bufs);
    t->rx_bad += get(&rx->bad);
    t->tx_full += get(&tx->full);
    t->tx_refused += get(&tx->refused);
}

static void add_totals(struct list *l, const struct totals *t)
{
    add(l, "rx_packets", t->rx_packets);
    add(l, "rx_bytes", t->rx_bytes);
    add(l, "tx_packets", t->tx_packets);
    add(l, "tx_bytes", t->tx_bytes);
    add(l, "rx_no_bufs", t->rx_no_bufs);
    add(l, "rx_bad", t->rx_bad);
    add(l, "tx_full", t->tx_full);
    add(l, "tx_refused", t->tx_refused);
}

uint32_t sriov_net_stats(struct sriov_net *net, struct sriov_stat *out, uint32_t room)
{
    struct list l = {out, out != NULL ? room : 0, 0};
    struct totals totals = {0};
    uint16_t queues = net->configured ? net->config.queues : 0;
    uint32_t left;

    for (uint16_t i = 0; i < queues; i++) {
        sum(&totals, net->rxq[i], net->txq[i]);
    }
    add_totals(&l, &totals);
    for (uint16_t i = 0; i < queues; i++) {
        add_queue(&l, "rx", i, "packets", get(&net->rxq[i]->packets));
        add_queue(&l, "rx", i, "bytes", get(&net->rxq[i]->bytes));
        add_queue(&l, "tx", i, "packets", get(&net->txq[i]->packets));
        add_queue(&l, "tx", i, "bytes", get(&net->txq[i]->bytes));
    }
    if (sriov_fn_gone(net->fn)) {
        return l.n;
    }
    left = l.n < l.room ? l.room - l.n : 0;
    return l.n + sric_net_of(net)->ops.stats(net, left != 0 ? out + l.n : NULL, left);
}
