/* SPDX-License-Identifier: BSD-3-Clause */
/* A whole class-net driver: the toy NIC's registers and rings, and not one word about a VMM. */
#include "toy.h"

#include <errno.h>
#include <string.h>

struct toy_ring {
    struct sriov_dma mem;
    volatile struct toy_desc *desc;
    struct sriov_buf **bufs; /* what each descriptor points at */
    uint32_t size;
    uint32_t next;  /* free-running: the next descriptor to hand over */
    uint32_t clean; /* free-running: the next one to come back */
};

struct toy_rxq {
    struct sriov_rxq base; /* first: the core's and the application's part */
    struct toy_ring ring;
    struct toy *toy;
};

struct toy_txq {
    struct sriov_txq base;
    struct toy_ring ring;
    struct toy *toy;
};

struct toy {
    struct sriov_bar bar;
    struct sriov_pool *pool;
    uint32_t max_frame; /* bytes */
    struct toy_rxq rx;
    struct toy_txq tx;
};

/* ---- rings ---- */

static int make_ring(struct sriov_fn *fn, const char *owner, uint32_t size, struct toy_ring *ring)
{
    int rc = sriov_dma_alloc(fn, owner, size * sizeof(*ring->desc), 16, SRIOV_DMA_BOTH, &ring->mem);
    if (rc != 0) {
        return rc;
    }
    ring->bufs = sriov_fn_host_alloc(fn, size * sizeof(struct sriov_buf *), 64);
    ring->desc = ring->mem.va;
    ring->size = size;
    return ring->bufs != NULL ? 0 : -ENOMEM;
}

/* Buffers back to the pool. The device must be silent, or gone. */
static void reclaim(struct toy_ring *ring)
{
    for (; ring->clean != ring->next; ring->clean++) {
        sriov_buf_free(ring->bufs[ring->clean & (ring->size - 1)]);
    }
}

static void free_ring(struct sriov_fn *fn, struct toy_ring *ring)
{
    reclaim(ring);
    if (ring->mem.length != 0) {
        (void)sriov_dma_free(fn, &ring->mem);
    }
    sriov_fn_host_free(fn, ring->bufs, ring->size * sizeof(struct sriov_buf *));
    memset(ring, 0, sizeof(*ring));
}

static void hand_over(struct toy_ring *ring, struct sriov_buf *buf, uint32_t len)
{
    uint32_t i = ring->next++ & (ring->size - 1);
    ring->bufs[i] = buf;
    ring->desc[i].addr = buf->iova.raw;
    ring->desc[i].len = len;
    ring->desc[i].status = 0;
}

/* The oldest descriptor, if the device is done with it: its buffer, and the device's word for len. */
static struct sriov_buf *take_back(struct toy_ring *ring, uint32_t *len)
{
    uint32_t i = ring->clean & (ring->size - 1);
    if (ring->clean == ring->next || (ring->desc[i].status & TOY_DESC_DONE) == 0) {
        return NULL;
    }
    sriov_dma_rmb();
    *len = ring->desc[i].len; /* once: it may change under us */
    ring->clean++;
    return ring->bufs[i];
}

static void ring_bell(const struct toy *toy, uint32_t ring, uint32_t next)
{
    sriov_dma_wmb();
    sriov_wr32(&toy->bar, TOY_TAIL(ring), next);
}

/* ---- bursts: the queue's thread ---- */

static void refill(struct toy_rxq *q)
{
    struct toy_ring *ring = &q->ring;
    uint32_t before = ring->next;
    while (ring->next - ring->clean < ring->size) {
        struct sriov_buf *buf = sriov_buf_alloc(q->toy->pool);
        if (buf == NULL) {
            q->base.no_bufs++;
            break;
        }
        hand_over(ring, buf, buf->room);
    }
    if (ring->next != before) {
        ring_bell(q->toy, TOY_RX, ring->next);
    }
}

static uint16_t rx_burst(struct sriov_rxq *base, struct sriov_buf **bufs, uint16_t n)
{
    struct toy_rxq *q = (struct toy_rxq *)(void *)base;
    uint16_t done = 0;
    while (done < n) {
        uint32_t len;
        struct sriov_buf *buf = take_back(&q->ring, &len);
        if (buf == NULL) {
            break;
        }
        if (len < TOY_FRAME_LEAST || len > buf->room) { /* a device may lie */
            base->bad++;
            sriov_buf_free(buf);
            continue;
        }
        buf->len = (uint16_t)len;
        buf->pkt_len = len;
        base->bytes += len;
        bufs[done++] = buf;
    }
    base->packets += done;
    refill(q);
    return done;
}

static uint16_t tx_burst(struct sriov_txq *base, struct sriov_buf **bufs, uint16_t n)
{
    struct toy_txq *q = (struct toy_txq *)(void *)base;
    uint32_t before = q->ring.next;
    uint32_t len;
    uint16_t done;
    for (struct sriov_buf *old; (old = take_back(&q->ring, &len)) != NULL;) {
        sriov_buf_free(old);
    }
    for (done = 0; done < n && q->ring.next - q->ring.clean < q->ring.size; done++) {
        struct sriov_buf *buf = bufs[done];
        if (buf->num_segs != 1 || buf->len < TOY_FRAME_LEAST || buf->len > q->toy->max_frame) {
            base->refused++;
            sriov_buf_free(buf);
            continue;
        }
        base->packets++;
        base->bytes += buf->len;
        hand_over(&q->ring, buf, buf->len);
    }
    base->full += (uint32_t)(n - done);
    if (q->ring.next != before) {
        ring_bell(q->toy, TOY_TX, q->ring.next);
    }
    return done;
}

/* ---- life: the control thread ---- */

static void toy_release(struct sriov_net *net)
{
    struct toy *toy = net->priv;
    free_ring(net->fn, &toy->rx.ring);
    free_ring(net->fn, &toy->tx.ring);
}

static int toy_attach(struct sriov_net *net)
{
    struct toy *toy = net->priv;
    uint32_t mac[2];
    int rc = sriov_bar_open(net->fn, TOY_BAR, TOY_BAR_LENGTH, &toy->bar);
    if (rc != 0) {
        return rc;
    }
    sriov_wr32(&toy->bar, TOY_CTRL, TOY_CTRL_RESET);
    mac[0] = sriov_rd32(&toy->bar, TOY_MAC_LO);
    mac[1] = sriov_rd32(&toy->bar, TOY_MAC_HI);
    memcpy(net->mac.b, mac, sizeof(net->mac.b));
    net->max_mtu = TOY_FRAME_MAX - TOY_FRAME_LEAST;
    net->max_queues = 1;
    return 0;
}

/* After a surprise removal it is called with rings and buffers still there. */
static void toy_detach(struct sriov_net *net)
{
    struct toy *toy = net->priv;
    toy_release(net);
    sriov_bar_close(&toy->bar);
}

static int toy_configure(struct sriov_net *net)
{
    struct toy *toy = net->priv;
    int rc = make_ring(net->fn, "toy rx ring", net->config.rx_desc, &toy->rx.ring);
    if (rc == 0) {
        rc = make_ring(net->fn, "toy tx ring", net->config.tx_desc, &toy->tx.ring);
    }
    if (rc != 0) {
        toy_release(net);
        return rc;
    }
    toy->pool = net->config.pool;
    toy->max_frame = net->config.mtu + TOY_FRAME_LEAST;
    memset(&toy->rx.base, 0, sizeof(toy->rx.base));
    memset(&toy->tx.base, 0, sizeof(toy->tx.base));
    toy->rx.toy = toy;
    toy->tx.toy = toy;
    toy->rx.base.active = rx_burst;
    toy->tx.base.active = tx_burst;
    net->rxq[0] = &toy->rx.base;
    net->txq[0] = &toy->tx.base;
    return 0;
}

static void program(const struct toy *toy, uint32_t ring, const struct toy_ring *r)
{
    sriov_wr32(&toy->bar, TOY_BASE_LO(ring), (uint32_t)r->mem.iova.raw);
    sriov_wr32(&toy->bar, TOY_BASE_HI(ring), (uint32_t)(r->mem.iova.raw >> 32));
    sriov_wr32(&toy->bar, TOY_SIZE(ring), r->size);
}

static void toy_stop(struct sriov_net *net)
{
    struct toy *toy = net->priv;
    sriov_wr32(&toy->bar, TOY_CTRL, TOY_CTRL_RESET);
    (void)sriov_rd32(&toy->bar, TOY_CTRL); /* the device is silent before its buffers go */
    reclaim(&toy->rx.ring);
    reclaim(&toy->tx.ring);
}

static int toy_start(struct sriov_net *net)
{
    struct toy *toy = net->priv;
    toy->rx.ring.next = toy->rx.ring.clean = 0;
    toy->tx.ring.next = toy->tx.ring.clean = 0;
    program(toy, TOY_RX, &toy->rx.ring);
    program(toy, TOY_TX, &toy->tx.ring);
    sriov_wr32(&toy->bar, TOY_CTRL, TOY_CTRL_ENABLE);
    refill(&toy->rx);
    if (sriov_rd32(&toy->bar, TOY_CTRL) != TOY_CTRL_ENABLE) {
        toy_stop(net);
        return -EPROTO;
    }
    return 0;
}

/* The bursts stand still meanwhile; the application sees two events and no frames. */
static void recover(struct sriov_net *net)
{
    sriov_net_park(net);
    net->pending_events |= SRIOV_NET_EV_RECOVERING;
    toy_stop(net);
    if (toy_start(net) == 0) {
        net->recoveries++;
        net->pending_events |= SRIOV_NET_EV_RECOVERED;
        sriov_net_unpark(net);
    }
}

static void toy_poll(struct sriov_net *net)
{
    struct toy *toy = net->priv;
    uint32_t status = sriov_rd32(&toy->bar, TOY_STATUS);
    uint32_t ctrl = sriov_rd32(&toy->bar, TOY_CTRL);
    bool up = (status & TOY_STATUS_LINK) != 0;
    if (status == UINT32_MAX) { /* nobody answers */
        sriov_fn_kill(net->fn);
        return;
    }
    if (up != net->link.up) {
        net->link = (struct sriov_link){.up = up, .mbps = up ? 1000 : 0};
        net->pending_events |= SRIOV_NET_EV_LINK;
    }
    if (net->started && ((status & TOY_STATUS_ERROR) != 0 || ctrl != TOY_CTRL_ENABLE)) {
        recover(net); /* a DMA error, or an FLR behind our back */
    }
}

static const struct sriov_net_ops toy_ops = {
    .attach = toy_attach,
    .detach = toy_detach,
    .configure = toy_configure,
    .release = toy_release,
    .start = toy_start,
    .stop = toy_stop,
    .poll = toy_poll,
};

static const struct sriov_id toy_ids[] = {{TOY_VENDOR, TOY_DEVICE}, {0, 0}};

const struct sriov_driver toy_driver = {
    .size = sizeof(toy_driver),
    .abi = SRIOV_DRIVER_ABI,
    .name = "toy",
    .class = SRIOV_CLASS_NET,
    .priv_size = sizeof(struct toy),
    .ids = toy_ids,
    .net = &toy_ops,
};
