/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transmit: 82599 datasheet, section 7.2; 82576 datasheet, section 7.2. Descriptor bits are the
 * same in both devices.
 */
#include <stdlib.h>
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#include "nic.h"

#define FRAME_ROOM  (MOCK_FRAME_MAX + 64u)
#define MIN_PAYLOAD 60u /* without FCS */

static void bad_desc(struct sriov_model *nic, uint32_t queue, uint32_t index, enum sriov_report_kind kind,
                     const char *text)
{
    struct sriov_site site;

    mock_queue_site(nic, queue, true, SRIOV_SITE_TX_DESC_FETCH, index, &site);
    mock_report(nic, kind, &site, text);
}

/* A device that detects malicious drivers stops the queue there. */
static void malformed(struct sriov_model *nic, uint32_t queue, uint32_t index, const char *text)
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
           !is_stopped(nic, queue) && (r->tx_enable[0] & nic->chip->tx_enable) &&
           mock_queue_pool_enabled(nic, queue, true) && nic->link &&
           mock_nic_master_on(nic, mock_queue_fn(nic, queue, true));
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

/* ---- a whole frame ---- */

static bool insert_tag(uint8_t *bytes, uint32_t *len, uint16_t tag)
{
    if (*len < 14u || *len + 4u > FRAME_ROOM)
        return false;
    memmove(bytes + 16, bytes + 12, *len - 12u);
    bytes[12] = 0x81;
    bytes[13] = 0x00;
    bytes[14] = (uint8_t)(tag >> 8);
    bytes[15] = (uint8_t)tag;
    *len += 4u;
    return true;
}

static const uint32_t *context(struct sriov_model *nic, uint32_t queue)
{
    struct mock_tx *tx = &nic->tx[queue];
    uint32_t idx = (tx->first_olinfo & IXGBE_TXD_IDX) >> IXGBE_TXD_IDX_SHIFT;

    return idx < 2u && tx->ctx[idx].valid ? tx->ctx[idx].dw : NULL;
}

static bool checksums(struct sriov_model *nic, uint32_t queue, const uint32_t *ctx)
{
    struct mock_tx *tx = &nic->tx[queue];
    size_t mac = (ctx[0] & IXGBE_TXC_MACLEN) >> IXGBE_TXC_MACLEN_SHIFT, ip = ctx[0] & IXGBE_TXC_IPLEN;
    uint32_t l4t = ctx[2] & IXGBE_TXC_TUCMD_L4T;

    if (mac < 14u || mac + ip > tx->frame_len) {
        malformed(nic, queue, tx->first_index, "context: MACLEN or IPLEN beyond the packet");
        return false;
    }
    if (tx->first_olinfo & IXGBE_TXD_POPTS_TXSM) {
        if (l4t != IXGBE_TXC_TUCMD_L4T_TCP && l4t != IXGBE_TXC_TUCMD_L4T_UDP) {
            bad_desc(nic, queue, tx->first_index, SRIOV_REPORT_UNMODELLED, "checksum of this L4T");
            return false;
        }
        if (!mock_packet_fix_l4_checksum(tx->frame, tx->frame_len, mac, ip, l4t == IXGBE_TXC_TUCMD_L4T_TCP)) {
            malformed(nic, queue, tx->first_index, "TXSM on a packet too short for it");
            return false;
        }
    }
    if (tx->first_olinfo & IXGBE_TXD_POPTS_IXSM)
        mock_packet_fix_ip_checksum(tx->frame, tx->frame_len, mac, ip);
    return true;
}

/* False where the packet must not go out. */
static bool offloads(struct sriov_model *nic, uint32_t queue, uint32_t pool)
{
    struct mock_tx *tx = &nic->tx[queue];
    const uint32_t *ctx = context(nic, queue);
    uint32_t sums = tx->first_olinfo & (IXGBE_TXD_POPTS_IXSM | IXGBE_TXD_POPTS_TXSM);
    uint32_t vmvir = nic->chip->vt_on(nic) ? nic->regs.vmvir[pool] : 0;
    bool vle = (tx->first_cmd & IXGBE_TXD_DCMD_VLE) != 0;

    if ((tx->first_cmd & IXGBE_TXD_DCMD_TSE) || (tx->first_olinfo & IXGBE_TXD_POPTS_IPSEC)) {
        bad_desc(nic, queue, tx->first_index, SRIOV_REPORT_UNMODELLED, "TCP segmentation or IPsec offload");
        return false;
    }
    if ((sums || vle) && ctx == NULL) {
        malformed(nic, queue, tx->first_index, "offload without a context descriptor");
        return false;
    }
    if (sums && !checksums(nic, queue, ctx))
        return false;
    if ((vmvir & IXGBE_PFVMVIR_VLANA) == IXGBE_PFVMVIR_VLANA_DEFAULT)
        return insert_tag(tx->frame, &tx->frame_len, (uint16_t)(vmvir & IXGBE_PFVMVIR_PORT_VLAN));
    if (vle && (vmvir & IXGBE_PFVMVIR_VLANA) != IXGBE_PFVMVIR_VLANA_NEVER)
        return insert_tag(tx->frame, &tx->frame_len, (uint16_t)(ctx[0] >> IXGBE_TXC_VLAN_SHIFT));
    return true;
}

static void pad(struct sriov_model *nic, struct mock_tx *tx)
{
    bool on = (mock_field(nic, nic->chip->pad_field) & nic->chip->pad_enable) != 0;

    if ((!on && !nic->quirks->pads_everything) || tx->frame_len >= MIN_PAYLOAD)
        return;
    memset(tx->frame + tx->frame_len, 0, MIN_PAYLOAD - tx->frame_len);
    tx->frame_len = MIN_PAYLOAD;
}

static bool frame_is_sound(struct sriov_model *nic, uint32_t queue)
{
    struct mock_tx *tx = &nic->tx[queue];
    uint32_t paylen = tx->first_olinfo >> IXGBE_TXD_PAYLEN_SHIFT;
    const char *text = NULL;

    if (tx->frame_len < nic->chip->tx_min_frame)
        text = "packet shorter than the device can send";
    else if (!(tx->first_cmd & IXGBE_TXD_DCMD_TSE) && paylen != tx->frame_len)
        text = "PAYLEN is not the sum of the buffers";
    else if (!(tx->first_cmd & IXGBE_TXD_DCMD_IFCS))
        text = "IFCS missing";
    if (text != NULL)
        malformed(nic, queue, tx->first_index, text);
    return text == NULL;
}

static void send_frame(struct sriov_model *nic, uint32_t queue)
{
    struct mock_tx *tx = &nic->tx[queue];
    uint32_t pool, n;

    nic->chip->pool_of(nic, queue, true, &pool, &n);
    if (tx->discard || !frame_is_sound(nic, queue) || !offloads(nic, queue, pool))
        return;
    pad(nic, tx);
    mock_rate_sent(nic, queue, tx->frame_len);
    mock_switch_from_pool(nic, pool, queue, tx->frame, tx->frame_len);
}

/* ---- descriptors ---- */

static void take_context(struct sriov_model *nic, uint32_t queue, uint32_t index, const uint32_t dw[4])
{
    struct mock_tx *tx = &nic->tx[queue];
    uint32_t idx = (dw[3] & IXGBE_TXD_IDX) >> IXGBE_TXD_IDX_SHIFT;

    if (idx > 1u || tx->in_frame) {
        malformed(nic, queue, index, tx->in_frame ? "context inside a packet" : "context index above 1");
        return;
    }
    memcpy(tx->ctx[idx].dw, dw, sizeof(tx->ctx[idx].dw));
    tx->ctx[idx].valid = true;
}

static void begin_frame(struct mock_tx *tx, uint32_t index, const uint32_t dw[4])
{
    tx->in_frame = true;
    tx->discard = false;
    tx->frame_len = 0;
    tx->first_cmd = dw[2];
    tx->first_olinfo = dw[3];
    tx->first_index = index;
}

static void append(struct sriov_model *nic, uint32_t queue, uint32_t index, const uint32_t dw[4])
{
    struct mock_tx *tx = &nic->tx[queue];
    uint32_t len = dw[2] & IXGBE_TXD_DTALEN;
    struct sriov_site site;

    if (tx->frame == NULL)
        tx->frame = calloc(1, FRAME_ROOM);
    if (len == 0 || tx->frame == NULL || len > MOCK_FRAME_MAX - tx->frame_len) {
        malformed(nic, queue, index, len == 0 ? "empty buffer" : "packet too long");
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
    if (!(dw[2] & IXGBE_TXD_DCMD_EOP))
        return;
    send_frame(nic, queue);
    tx->in_frame = false;
}

static void take_descriptor(struct sriov_model *nic, uint32_t queue, uint32_t index, const uint32_t dw[4])
{
    uint32_t type = dw[2] & IXGBE_TXD_DTYP;

    if (!(dw[2] & IXGBE_TXD_DCMD_DEXT))
        bad_desc(nic, queue, index, SRIOV_REPORT_BAD_DESC, "legacy transmit descriptor");
    else if (type == IXGBE_TXD_DTYP_CTXT)
        take_context(nic, queue, index, dw);
    else if (type == IXGBE_TXD_DTYP_DATA)
        take_data(nic, queue, index, dw);
    else
        malformed(nic, queue, index, "unknown DTYP");
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
