/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transmit: 82599 datasheet, section 7.2; 82576 datasheet, section 7.2. Descriptor bits are the
 * same in both devices.
 */
#include <stdlib.h>
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#include "offload.h"

#define FRAME_ROOM     (MOCK_FRAME_MAX + 64u)
#define HEADER_BUFFERS 4u /* that may hold the headers of a segmentation request: section 7.2.4.1 */

static void bad_desc(struct sriov_model *nic, uint32_t queue, uint32_t index, enum sriov_report_kind kind,
                     const char *text)
{
    struct sriov_site site;

    mock_queue_site(nic, queue, true, SRIOV_SITE_TX_DESC_FETCH, index, &site);
    mock_report(nic, kind, &site, text);
}

void mock_tx_malformed(struct sriov_model *nic, uint32_t queue, uint32_t index, const char *text)
{
    bad_desc(nic, queue, index, SRIOV_REPORT_BAD_DESC, text);
    if (nic->chip->stop_queue != NULL)
        nic->chip->stop_queue(nic, queue);
}

static bool is_stopped(const struct sriov_model *nic, uint32_t queue)
{
    return queue < 32u && (nic->regs.stopped[0] >> queue & 1u) != 0;
}

static bool may_run(struct sriov_model *nic, uint32_t queue)
{
    const struct mock_regs *r = &nic->regs;

    return (r->tx.dctl[queue] & IXGBE_TXDCTL_ENABLE) && !nic->tx[queue].ring.hung &&
           !mock_is_held(nic, mock_queue_fn(nic, queue, true)) && !is_stopped(nic, queue) &&
           (r->tx_enable[0] & nic->chip->tx_enable) && mock_queue_pool_enabled(nic, queue, true) &&
           nic->link && mock_nic_master_on(nic, mock_queue_fn(nic, queue, true));
}

/* ---- write-back ---- */

static void put32(uint8_t *p, uint32_t v)
{
    for (uint32_t i = 0; i < 4u; i++)
        p[i] = (uint8_t)(v >> (8u * i));
}

static void on_write_back(struct sriov_model *nic, struct mock_event *event)
{
    if (event->life != nic->tx[event->a].ring.life)
        return; /* its memory may be somebody else's by now */
    nic->ops->dma_write(nic->host, &event->site, event->iova, event->bytes, event->len);
    mock_irq_raise_queue(nic, event->a, true);
}

static void write_later(struct sriov_model *nic, uint32_t queue, const struct sriov_site *site,
                        sriov_iova_t iova, const uint8_t *bytes, size_t len)
{
    uint64_t late = 0;
    uint8_t copy[16];
    enum sriov_fault_verdict verdict;
    struct mock_event *e;

    memcpy(copy, bytes, len);
    verdict = nic->ops->fault(nic->host, SRIOV_FAULT_TX_WRITEBACK, site, copy, len, &late);
    if (verdict == SRIOV_FAULT_DROP)
        return;
    e = mock_event_new(nic, site->function, on_write_back, copy, len);
    if (e == NULL)
        return;
    e->a = queue;
    e->life = nic->tx[queue].ring.life;
    e->site = *site;
    e->iova = iova;
    mock_event_after(nic, e, verdict == SRIOV_FAULT_DELAY ? late : 0u);
}

/* The descriptor with DD, or with head write-back the new head instead. */
static void report_done(struct sriov_model *nic, uint32_t queue, uint32_t index)
{
    const struct mock_regs *r = &nic->regs;
    struct sriov_site site;
    uint8_t wb[16] = {0};

    if (r->tdwbal[queue] & IXGBE_TDWBAL_HEAD_WB_EN) {
        uint64_t at = (uint64_t)r->tdwbah[queue] << 32 | (r->tdwbal[queue] & ~3u);

        put32(wb, (index + 1u) % nic->tx[queue].ring.slots);
        mock_queue_site(nic, queue, true, SRIOV_SITE_TX_HEAD_WRITEBACK, index, &site);
        write_later(nic, queue, &site, sriov_iova(at), wb, 4);
        return;
    }
    put32(wb + 4u * IXGBE_TXD_WB_DW, IXGBE_TXD_STAT_DD);
    mock_queue_site(nic, queue, true, SRIOV_SITE_TX_DESC_WRITEBACK, index, &site);
    write_later(nic, queue, &site, mock_ring_slot(&r->tx, queue, index), wb, sizeof(wb));
}

/* ---- a whole packet ---- */

static const char *wrong_frame(const struct sriov_model *nic, const struct mock_tx *tx)
{
    bool tse = (tx->first_cmd & IXGBE_TXD_DCMD_TSE) != 0;

    if (tx->frame_len < nic->chip->tx_min_frame)
        return "packet shorter than the device can send";
    if (!tse && tx->frame_len > nic->chip->tx_max_frame)
        return "packet longer than the device can send";
    if (!tse && tx->first_olinfo >> IXGBE_TXD_PAYLEN_SHIFT != tx->frame_len)
        return "PAYLEN is not the sum of the buffers";
    return tx->first_cmd & IXGBE_TXD_DCMD_IFCS ? NULL : "IFCS missing";
}

static bool needs_context(const struct sriov_model *nic, const struct mock_tx *tx)
{
    uint32_t olinfo = IXGBE_TXD_POPTS_IXSM | IXGBE_TXD_POPTS_TXSM | nic->chip->check_context;

    return (tx->first_olinfo & olinfo) || (tx->first_cmd & (IXGBE_TXD_DCMD_TSE | IXGBE_TXD_DCMD_VLE));
}

/* Sends it, or says what is wrong with it. */
static const char *send_packet(struct sriov_model *nic, uint32_t queue)
{
    struct mock_tx *tx = &nic->tx[queue];
    uint32_t sums = tx->first_olinfo & (IXGBE_TXD_POPTS_IXSM | IXGBE_TXD_POPTS_TXSM);
    const char *wrong = wrong_frame(nic, tx);
    struct mock_tx_context ctx;

    if (wrong != NULL)
        return wrong;
    if (!mock_context_of(tx, &ctx) && needs_context(nic, tx))
        return "offload without a context descriptor";
    if (tx->first_cmd & IXGBE_TXD_DCMD_TSE)
        return mock_tso_send(nic, queue, &ctx);
    if (sums != 0)
        wrong = mock_offload_sums(tx->frame, tx->frame_len, &ctx, tx->first_olinfo);
    if (wrong == NULL)
        mock_offload_emit(nic, queue, &ctx, tx->frame, tx->frame_len);
    return wrong;
}

static void end_frame(struct sriov_model *nic, uint32_t queue)
{
    struct mock_tx *tx = &nic->tx[queue];
    const char *wrong;

    tx->in_frame = false;
    if (tx->discard)
        return;
    if (tx->first_olinfo & IXGBE_TXD_POPTS_IPSEC) {
        bad_desc(nic, queue, tx->first_index, SRIOV_REPORT_UNMODELLED, "IPsec offload");
        return;
    }
    wrong = send_packet(nic, queue);
    if (wrong != NULL)
        mock_tx_malformed(nic, queue, tx->first_index, wrong);
}

/* ---- descriptors ---- */

static void begin_frame(struct mock_tx *tx, uint32_t index, const uint32_t dw[4])
{
    tx->in_frame = true;
    tx->discard = false;
    tx->frame_len = 0;
    tx->buffers = 0;
    tx->header_room = 0;
    tx->first_cmd = dw[2];
    tx->first_olinfo = dw[3];
    tx->first_index = index;
}

/* A segmentation request is gathered as a whole; few queues ever see one. */
static bool make_room(struct mock_tx *tx, uint32_t len)
{
    bool tse = (tx->first_cmd & IXGBE_TXD_DCMD_TSE) != 0;
    uint32_t most = tse ? MOCK_TSO_ROOM : MOCK_FRAME_MAX, room = tse ? MOCK_TSO_ROOM : FRAME_ROOM;
    uint8_t *bigger;

    if (len == 0 || len > most - tx->frame_len)
        return false;
    if (room <= tx->frame_room)
        return true;
    bigger = realloc(tx->frame, room);
    if (bigger == NULL)
        return false;
    tx->frame = bigger;
    tx->frame_room = room;
    return true;
}

static void append(struct sriov_model *nic, uint32_t queue, uint32_t index, const uint32_t dw[4])
{
    struct mock_tx *tx = &nic->tx[queue];
    uint32_t len = dw[2] & IXGBE_TXD_DTALEN;
    struct sriov_site site;

    if (tx->discard)
        return;
    if (!make_room(tx, len)) {
        mock_tx_malformed(nic, queue, index, len == 0 ? "empty buffer" : "packet too long");
        tx->discard = true;
        return;
    }
    mock_queue_site(nic, queue, true, SRIOV_SITE_TX_PAYLOAD, index, &site);
    if (nic->ops->dma_read(nic->host, &site, sriov_iova((uint64_t)dw[1] << 32 | dw[0]),
                           tx->frame + tx->frame_len, len) != 0) {
        tx->discard = true;
        tx->ring.hung = !nic->quirks->dma_fault_is_ignored;
        return;
    }
    tx->frame_len += len;
    tx->header_room = ++tx->buffers <= HEADER_BUFFERS ? tx->frame_len : tx->header_room;
}

static void take_data(struct sriov_model *nic, uint32_t queue, uint32_t index, const uint32_t dw[4])
{
    struct mock_tx *tx = &nic->tx[queue];

    if (!tx->in_frame)
        begin_frame(tx, index, dw);
    append(nic, queue, index, dw);
    if (tx->ring.hung)
        return;
    if ((dw[2] & (IXGBE_TXD_DCMD_RS | IXGBE_TXD_DCMD_EOP)) == IXGBE_TXD_DCMD_RS)
        bad_desc(nic, queue, index, SRIOV_REPORT_BAD_DESC, "RS without EOP");
    if (dw[2] & IXGBE_TXD_DCMD_EOP)
        end_frame(nic, queue);
}

static void take_descriptor(struct sriov_model *nic, uint32_t queue, uint32_t index, const uint32_t dw[4])
{
    uint32_t type = dw[2] & IXGBE_TXD_DTYP;

    if (!(dw[2] & IXGBE_TXD_DCMD_DEXT))
        bad_desc(nic, queue, index, SRIOV_REPORT_BAD_DESC, "legacy transmit descriptor");
    else if (type == IXGBE_TXD_DTYP_CTXT)
        mock_context_take(nic, queue, index, dw);
    else if (type == IXGBE_TXD_DTYP_DATA)
        take_data(nic, queue, index, dw);
    else
        mock_tx_malformed(nic, queue, index, "unknown DTYP");
}

static void run(struct sriov_model *nic, uint32_t queue);

static void on_rate(struct sriov_model *nic, struct mock_event *event)
{
    struct mock_tx *tx = &nic->tx[event->a];

    if (event->life != tx->ring.life || !tx->held || event->b != tx->holds)
        return;
    tx->held = false;
    run(nic, event->a);
}

/* True where the queue's rate does not allow another frame yet; then it goes on by itself. */
static bool hold(struct sriov_model *nic, uint32_t queue)
{
    struct mock_tx *tx = &nic->tx[queue];
    uint64_t next = mock_rate_next(nic, queue);
    struct mock_event *e;

    if (tx->held)
        return true;
    if (tx->in_frame || next <= mock_now(nic))
        return false;
    e = mock_event_new(nic, mock_queue_fn(nic, queue, true), on_rate, NULL, 0);
    if (e == NULL)
        return false;
    tx->held = true;
    e->waits = true;
    e->a = queue;
    e->b = ++tx->holds;
    e->life = tx->ring.life;
    mock_event_at(nic, e, next);
    return true;
}

void mock_tx_released(struct sriov_model *nic, uint32_t queue)
{
    if (!nic->tx[queue].held)
        return;
    nic->tx[queue].held = false;
    run(nic, queue);
}

static void run(struct sriov_model *nic, uint32_t queue)
{
    uint32_t *head = &nic->regs.tx.head[queue], slots = nic->tx[queue].ring.slots, dw[4];

    for (uint32_t n = 0; n < slots && *head != nic->tx[queue].arrived && may_run(nic, queue); n++) {
        uint32_t index = *head;

        if (hold(nic, queue))
            return;
        if (mock_ring_fetch(nic, queue, true, index, dw) != 0)
            return;
        take_descriptor(nic, queue, index, dw);
        if (nic->tx[queue].ring.hung || is_stopped(nic, queue) || nic->tx[queue].ring.slots != slots)
            return; /* by a DMA fault, by itself, or by what the frame set off */
        *head = index + 1u == slots ? 0 : index + 1u;
        if (dw[2] & IXGBE_TXD_DCMD_RS)
            report_done(nic, queue, index);
    }
}

/* A tail that took its time may have been overtaken, or its queue stopped and started since. */
static void on_tail(struct sriov_model *nic, struct mock_event *event)
{
    struct mock_tx *tx = &nic->tx[event->a];
    uint32_t head = nic->regs.tx.head[event->a], slots = tx->ring.slots, ahead;

    if (event->life != tx->ring.life || head >= slots)
        return;
    ahead = (event->b + slots - head) % slots;
    if (ahead > (tx->seen_tail + slots - head) % slots)
        return;
    if (ahead > (tx->arrived + slots - head) % slots)
        tx->arrived = event->b;
    run(nic, event->a);
}

void mock_tx_tail(struct sriov_model *nic, uint32_t queue)
{
    uint16_t fn = mock_queue_fn(nic, queue, true);
    uint64_t delay = nic->quirks->tx_is_synchronous ? 0 : nic->ops->delay_ns(nic->host, fn, SRIOV_DELAY_TX);
    struct mock_event *e = mock_event_new(nic, fn, on_tail, NULL, 0);

    if (e == NULL)
        return;
    e->a = queue;
    e->b = nic->tx[queue].seen_tail;
    e->life = nic->tx[queue].ring.life;
    mock_event_after(nic, e, delay);
}

void mock_tx_kick_all(struct sriov_model *nic)
{
    for (uint32_t q = 0; q < nic->chip->queues; q++)
        if (nic->regs.tx.head[q] != nic->tx[q].seen_tail && (nic->regs.tx.dctl[q] & IXGBE_TXDCTL_ENABLE))
            mock_tx_tail(nic, q);
}
