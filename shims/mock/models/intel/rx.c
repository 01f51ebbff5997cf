/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive: 82599 datasheet, section 7.1; 82576 datasheet, section 7.1. */
#include <stdlib.h>
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#include "offload.h"

enum delivery {
    DELIVERED,
    NO_DESCRIPTOR,
    REFUSED, /* the queue takes nothing now */
};

/* A packet on its way into descriptors. */
struct landing {
    uint32_t queue, pool, left, at;
    uint32_t header; /* bytes for the header buffer of its first descriptor */
    uint32_t dw0, dw1, status, vlan;
};

static bool may_receive(struct sriov_model *nic, uint32_t queue)
{
    return (nic->regs.rx.dctl[queue] & IXGBE_RXDCTL_ENABLE) && !nic->rx[queue].ring.hung &&
           (mock_field(nic, nic->chip->rx_enable_field) & nic->chip->rx_enable) &&
           mock_queue_pool_enabled(nic, queue, false) &&
           mock_nic_master_on(nic, mock_queue_fn(nic, queue, false));
}

static uint32_t buffer_bytes(const struct sriov_model *nic, uint32_t queue)
{
    uint32_t kib = nic->regs.srrctl[queue] & nic->chip->bsizepacket_mask;

    return kib != 0 ? kib * 1024u : nic->chip->bsize_default;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (uint32_t i = 0; i < 4u; i++)
        p[i] = (uint8_t)(v >> (8u * i));
}

static void on_write_back(struct sriov_model *nic, struct mock_event *event)
{
    if (event->life != nic->rx[event->a].ring.life)
        return; /* its memory may be somebody else's by now */
    nic->ops->dma_write(nic->host, &event->site, event->iova, event->bytes, event->len);
    mock_ring_written(nic, event->a, false, event->site.index, event->bytes);
    if (event->b)
        mock_irq_raise_queue(nic, event->a, false);
}

static void write_back(struct sriov_model *nic, uint32_t queue, uint32_t index, const uint32_t dw[4],
                       bool eop)
{
    struct sriov_site site;
    uint8_t wb[16];
    uint64_t late = 0;
    struct mock_event *e;
    enum sriov_fault_verdict verdict;

    for (uint32_t i = 0; i < 4u; i++)
        put32(wb + 4u * i, dw[i]);
    mock_queue_site(nic, queue, false, SRIOV_SITE_RX_DESC_WRITEBACK, index, &site);
    verdict = nic->ops->fault(nic->host, SRIOV_FAULT_RX_WRITEBACK, &site, wb, sizeof(wb), &late);
    if (verdict == SRIOV_FAULT_DROP)
        return;
    e = mock_event_new(nic, site.function, on_write_back, wb, sizeof(wb));
    if (e == NULL)
        return;
    e->a = queue;
    e->b = eop;
    e->life = nic->rx[queue].ring.life;
    e->site = site;
    e->iova = mock_ring_slot(&nic->regs.rx, queue, index);
    mock_event_after(nic, e, verdict == SRIOV_FAULT_DELAY ? late : 0u);
}

static bool is_on(const struct sriov_model *nic, uint32_t bit)
{
    return bit == 0 || (nic->regs.rxcsum[0] & bit);
}

/* 82599 datasheet, section 7.1.11; 82576 datasheet, section 7.1.11. */
static uint32_t checksum_status(const struct sriov_model *nic, const uint8_t *bytes,
                                const struct mock_packet *p)
{
    const struct mock_nic_chip *c = nic->chip;
    struct mock_sums sums;
    uint32_t status = 0;

    mock_packet_verify(bytes, p, &sums);
    if (p->ipv4 && is_on(nic, c->rxcsum_ip))
        status |= IXGBE_RXD_STAT_IPCS | (sums.ip_ok ? 0 : c->err_ip);
    if (sums.l4_checked && is_on(nic, p->sctp ? c->rxcsum_sctp : c->rxcsum_l4))
        status |= IXGBE_RXD_STAT_L4CS | (p->udp ? IXGBE_RXD_STAT_UDPCS : 0) | (sums.l4_ok ? 0 : c->err_l4);
    return status;
}

static void strip_tag(struct sriov_model *nic, struct landing *l)
{
    uint32_t tag = (uint32_t)nic->scratch[14] << 8 | nic->scratch[15];

    memmove(nic->scratch + 12, nic->scratch + 16, l->left - 16u);
    l->left -= 4u;
    l->status |= IXGBE_RXD_STAT_VP;
    l->vlan = tag << IXGBE_RXD_DW3_VLAN_SHIFT;
}

/* What the packet looks like in memory, in nic->scratch, and what its last descriptor says. */
static void prepare(struct sriov_model *nic, const struct mock_frame *frame, struct landing *l)
{
    struct mock_packet p;
    uint32_t type, hash;

    mock_packet_parse(frame->bytes, frame->len, &p);
    memcpy(nic->scratch, frame->bytes, frame->len);
    l->left = (uint32_t)frame->len;
    if (!nic->chip->strip_crc(nic, l->pool)) {
        put32(nic->scratch + l->left, mock_crc32(nic->scratch, frame->len));
        l->left += 4u;
    }
    hash = mock_rss_hash(nic, frame->bytes, &p, &type);
    l->dw0 = p.pkttype;
    if ((nic->regs.rxcsum[0] & IXGBE_RXCSUM_PCSD) && nic->chip->rss_queues(nic, l->pool) > 1u) {
        l->dw0 |= type;
        l->dw1 = hash;
    }
    l->status |= IXGBE_RXD_STAT_EOP | checksum_status(nic, frame->bytes, &p) |
                 (frame->from_vf ? IXGBE_RXD_STAT_LB : 0);
    if (p.tagged && nic->chip->strip_vlan(nic, l->pool, l->queue))
        strip_tag(nic, l);
}

/* A refused posted write goes unnoticed by the device: it carries on. */
static void land_bytes(struct sriov_model *nic, struct landing *l, const struct sriov_site *site, uint64_t at,
                       uint32_t n)
{
    if (n > 0)
        nic->ops->dma_write(nic->host, site, sriov_iova(at), nic->scratch + l->at, n);
    l->at += n;
    l->left -= n;
}

static bool land_one(struct sriov_model *nic, struct landing *l, uint32_t size)
{
    uint32_t *head = &nic->regs.rx.head[l->queue], index = *head, header = l->header, n;
    uint32_t slots = nic->rx[l->queue].ring.slots, dw[4];
    struct sriov_site site;
    bool eop;

    if (mock_ring_fetch(nic, l->queue, false, index, dw) != 0)
        return false;
    mock_queue_site(nic, l->queue, false, SRIOV_SITE_RX_PAYLOAD, index, &site);
    land_bytes(nic, l, &site, (uint64_t)dw[3] << 32 | (dw[2] & ~1u), header);
    l->header = 0;
    n = l->left < size ? l->left : size;
    land_bytes(nic, l, &site, (uint64_t)dw[1] << 32 | dw[0], n);
    eop = l->left == 0;
    *head = index + 1u == slots ? 0 : index + 1u;
    dw[0] = (eop ? l->dw0 : 0) | (header << IXGBE_RXD_DW0_HDR_LEN_SHIFT & IXGBE_RXD_DW0_HDR_LEN);
    dw[1] = eop ? l->dw1 : 0;
    dw[2] = IXGBE_RXD_STAT_DD | (eop ? l->status : 0);
    dw[3] = n | (eop ? l->vlan : 0);
    write_back(nic, l->queue, index, dw, eop);
    return true;
}

/*
 * "Split, always use the header buffer": a packet whose header is not one that PSRTYPE names begins in the
 * header buffer and goes on in the packet's. Other splits are refused when the queue is enabled.
 */
static uint32_t header_bytes(const struct sriov_model *nic, uint32_t queue)
{
    uint32_t srrctl = nic->regs.srrctl[queue];

    if ((srrctl & IXGBE_SRRCTL_DESCTYPE) != IXGBE_SRRCTL_DESCTYPE_HDR_SPLIT_ALWAYS)
        return 0;
    return ((srrctl & nic->chip->bsizeheader_mask) >> IXGBE_SRRCTL_BSIZEHEADER_SHIFT) * 64u;
}

const char *mock_rx_format_refused(const struct sriov_model *nic, uint32_t queue)
{
    uint32_t type = nic->regs.srrctl[queue] & IXGBE_SRRCTL_DESCTYPE, pool, n;

    if (type == IXGBE_SRRCTL_DESCTYPE_ADV_ONEBUF)
        return NULL;
    if (type != IXGBE_SRRCTL_DESCTYPE_HDR_SPLIT_ALWAYS || header_bytes(nic, queue) == 0)
        return "SRRCTL.DESCTYPE: only advanced descriptors with one buffer, or always a header buffer";
    nic->chip->pool_of(nic, queue, false, &pool, &n);
    if (pool < nic->chip->pools && (nic->regs.psrtype[pool] & ~IXGBE_PSRTYPE_RQPL) != 0)
        return "PSRTYPE: no packet is split at its header";
    return NULL;
}

static enum delivery deliver(struct sriov_model *nic, uint32_t queue, const struct mock_frame *frame)
{
    struct landing l = {.queue = queue};
    struct mock_rx *rx = &nic->rx[queue];
    uint32_t size = buffer_bytes(nic, queue), n, have;
    uint16_t fn = mock_queue_fn(nic, queue, false);

    if (!may_receive(nic, queue) || size == 0 || frame->len > MOCK_FRAME_MAX)
        return REFUSED;
    nic->chip->pool_of(nic, queue, false, &l.pool, &n);
    prepare(nic, frame, &l);
    have = rx->ring.slots == 0 ? 0
                               : (rx->seen_tail + rx->ring.slots - nic->regs.rx.head[queue]) % rx->ring.slots;
    l.header = header_bytes(nic, queue);
    l.header = l.header < l.left ? l.header : l.left;
    if (have == 0 || have < (l.left - l.header + size - 1u) / size)
        return NO_DESCRIPTOR;
    nic->ops->tap(nic->host, fn, true, frame->bytes, frame->len);
    mock_stats_vf_rx(nic, fn, frame);
    while (l.left > 0 && land_one(nic, &l, size))
        ;
    return DELIVERED;
}

/* ---- what is lost ---- */

static void count_drop(struct sriov_model *nic, uint32_t queue)
{
    nic->fn[mock_queue_fn(nic, queue, false)].rx_drops++;
    if (!nic->quirks->no_rx_drop_count && nic->regs.rqdpc[queue] < 0xfffu)
        nic->regs.rqdpc[queue]++;
}

static void count_missed(struct sriov_model *nic, uint32_t queue)
{
    nic->fn[mock_queue_fn(nic, queue, false)].rx_drops++;
    mock_stats_saturate(&nic->regs.port.missed);
}

uint64_t mock_rx_drops(struct sriov_model *nic, uint16_t fn)
{
    return nic->fn[fn].rx_drops;
}

/* ---- waiting in the packet buffer ---- */

void mock_rx_fifo_put(struct sriov_model *nic, uint32_t queue, const struct mock_frame *frame)
{
    struct mock_fifo_frame *f = NULL;

    if (frame->len <= nic->chip->rx_buffer_bytes - nic->fifo_bytes)
        f = calloc(1, sizeof(*f) + frame->len);
    if (f == NULL) {
        count_missed(nic, queue);
        return;
    }
    f->queue = queue;
    f->from_vf = frame->from_vf;
    f->len = frame->len;
    memcpy(f->bytes, frame->bytes, frame->len);
    *nic->fifo_end = f;
    nic->fifo_end = &f->next;
    nic->fifo_bytes += f->len;
}

static void fifo_take(struct sriov_model *nic, struct mock_fifo_frame **at)
{
    struct mock_fifo_frame *f = *at;

    *at = f->next;
    if (*at == NULL)
        nic->fifo_end = at;
    nic->fifo_bytes -= f->len;
    free(f);
}

void mock_rx_fifo_clear(struct sriov_model *nic)
{
    while (nic->fifo != NULL)
        fifo_take(nic, &nic->fifo);
}

/* What waits for one function, which is another one from now on. */
void mock_rx_fifo_forget(struct sriov_model *nic, uint16_t fn)
{
    for (struct mock_fifo_frame **at = &nic->fifo; *at != NULL;) {
        if (mock_queue_fn(nic, (*at)->queue, false) == fn)
            fifo_take(nic, at);
        else
            at = &(*at)->next;
    }
}

static bool drops(const struct sriov_model *nic, uint32_t queue)
{
    return (nic->regs.srrctl[queue] & nic->chip->drop_en) || nic->regs.qdrop[queue] ||
           nic->quirks->drop_en_ignored;
}

/* True when the frame is done with, one way or the other. */
static bool settle(struct sriov_model *nic, uint32_t queue, const struct mock_frame *frame)
{
    enum delivery d = deliver(nic, queue, frame);

    if (d != NO_DESCRIPTOR)
        return true;
    if (!drops(nic, queue))
        return false;
    count_drop(nic, queue);
    return true;
}

/* One queue without descriptors and without drop enable holds up all: the buffer is one FIFO. What is in it
 * for a function that is held stays, and holds nobody up. */
void mock_rx_drain(struct sriov_model *nic)
{
    struct mock_fifo_frame **at = &nic->fifo;

    while (*at != NULL) {
        struct mock_frame frame = {.bytes = (*at)->bytes, .len = (*at)->len, .from_vf = (*at)->from_vf};

        if (mock_is_held(nic, mock_queue_fn(nic, (*at)->queue, false))) {
            at = &(*at)->next;
            continue;
        }
        if (!settle(nic, (*at)->queue, &frame))
            return;
        fifo_take(nic, at);
    }
}

/* Something waits in the buffer that others must not overtake. */
static bool is_held_up(const struct sriov_model *nic)
{
    for (const struct mock_fifo_frame *f = nic->fifo; f != NULL; f = f->next)
        if (!mock_is_held(nic, mock_queue_fn(nic, f->queue, false)))
            return true;
    return false;
}

static void arrive(struct sriov_model *nic, uint32_t queue, const struct mock_frame *frame)
{
    mock_rx_drain(nic); /* who held it up may have been reset since */
    if (!is_held_up(nic) && settle(nic, queue, frame))
        return;
    if (!is_held_up(nic))
        mock_stats_saturate(&nic->regs.port.no_desc);
    mock_rx_fifo_put(nic, queue, frame);
}

static void on_arrival(struct sriov_model *nic, struct mock_event *event)
{
    struct mock_frame frame = {.bytes = event->bytes, .len = event->len, .from_vf = event->b != 0};

    arrive(nic, event->a, &frame);
}

void mock_rx_to_queue(struct sriov_model *nic, uint32_t queue, const struct mock_frame *frame)
{
    uint16_t fn = mock_queue_fn(nic, queue, false);
    uint64_t delay = nic->ops->delay_ns(nic->host, fn, SRIOV_DELAY_RX);
    struct mock_event *e;

    if (mock_is_held(nic, fn)) {
        nic->fn[fn].rx_drops++;
        return;
    }
    if (delay == 0) {
        arrive(nic, queue, frame);
        return;
    }
    e = mock_event_new(nic, fn, on_arrival, frame->bytes, frame->len);
    if (e == NULL)
        return;
    e->a = queue;
    e->b = frame->from_vf;
    mock_event_after(nic, e, delay);
}
