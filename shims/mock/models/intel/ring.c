/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What receive and transmit rings share: set-up, enable, tail. Descriptors are copied when a tail
 * write hands them over, as a device that prefetches would, so that one that is written too late
 * is noticed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#include "nic.h"

#define DESC_BYTES  16u
#define DCTL_ENABLE IXGBE_RXDCTL_ENABLE /* the same bit in both devices and both directions */
#define DD_BIT      1u

uint16_t mock_queue_fn(const struct sriov_model *nic, uint32_t queue, bool tx)
{
    uint32_t pool, n;

    if (!nic->chip->vt_on(nic))
        return 0;
    nic->chip->pool_of(nic, queue, tx, &pool, &n);
    return (uint16_t)(pool < nic->num_vfs ? pool + 1u : 0u);
}

void mock_queue_site(const struct sriov_model *nic, uint32_t queue, bool tx, uint16_t kind, uint32_t index,
                     struct sriov_site *site)
{
    uint32_t pool, n;

    memset(site, 0, sizeof(*site));
    nic->chip->pool_of(nic, queue, tx, &pool, &n);
    site->kind = kind;
    site->function = mock_queue_fn(nic, queue, tx);
    site->queue = (uint16_t)(site->function != 0 ? n : queue);
    site->index = index;
}

static struct mock_ring *ring_of(struct sriov_model *nic, uint32_t queue, bool tx)
{
    return tx ? &nic->tx[queue].ring : &nic->rx[queue].ring;
}

static struct mock_queue_regs *regs_of(struct sriov_model *nic, bool tx)
{
    return tx ? &nic->regs.tx : &nic->regs.rx;
}

uint32_t mock_ring_slots(const struct mock_queue_regs *regs, uint32_t queue)
{
    return regs->len[queue] / DESC_BYTES;
}

sriov_iova_t mock_ring_slot(const struct mock_queue_regs *regs, uint32_t queue, uint32_t index)
{
    return sriov_iova(((uint64_t)regs->bah[queue] << 32 | regs->bal[queue]) + (uint64_t)index * DESC_BYTES);
}

static void report_desc(struct sriov_model *nic, uint32_t queue, bool tx, uint32_t index,
                        enum sriov_report_kind kind, const char *text)
{
    struct sriov_site site;

    mock_queue_site(nic, queue, tx, tx ? SRIOV_SITE_TX_DESC_FETCH : SRIOV_SITE_RX_DESC_FETCH, index, &site);
    mock_report(nic, kind, &site, text);
}

static int read_desc(struct sriov_model *nic, uint32_t queue, bool tx, uint32_t index,
                     uint8_t out[DESC_BYTES])
{
    struct sriov_site site;
    int err;

    mock_queue_site(nic, queue, tx, tx ? SRIOV_SITE_TX_DESC_FETCH : SRIOV_SITE_RX_DESC_FETCH, index, &site);
    err =
        nic->ops->dma_read(nic->host, &site, mock_ring_slot(regs_of(nic, tx), queue, index), out, DESC_BYTES);
    if (err != 0)
        ring_of(nic, queue, tx)->hung = !nic->quirks->dma_fault_is_ignored;
    return err;
}

static uint8_t *written_at(const struct mock_ring *ring, uint32_t index)
{
    return ring->written + (size_t)index * DESC_BYTES;
}

void mock_ring_written(struct sriov_model *nic, uint32_t queue, bool tx, uint32_t index, const uint8_t *bytes)
{
    struct mock_ring *ring = ring_of(nic, queue, tx);

    if (ring->written != NULL && index < ring->slots)
        memcpy(written_at(ring, index), bytes, DESC_BYTES);
}

/*
 * What a receive descriptor holds besides the packet's address is the header buffer's, of which one buffer
 * has none: Linux's ixgbevf writes the address alone, and leaves DD where it was.
 */
static bool is_last_write_back(const struct mock_ring *ring, bool tx, uint32_t index, const uint8_t *d)
{
    if (tx)
        return (d[12] & DD_BIT) != 0;
    return (d[8] & DD_BIT) != 0 && memcmp(d, written_at(ring, index), DESC_BYTES / 2u) == 0;
}

/* Not written yet: still empty, or still the write-back of the lap before. */
static void check_fresh(struct sriov_model *nic, uint32_t queue, bool tx, uint32_t index, const uint8_t *d)
{
    static const uint8_t empty[DESC_BYTES];
    bool done = is_last_write_back(ring_of(nic, queue, tx), tx, index, d);

    if (memcmp(d, empty, DESC_BYTES) == 0)
        report_desc(nic, queue, tx, index, SRIOV_REPORT_BAD_DESC,
                    "tail written before the descriptor: it is empty");
    else if (done)
        report_desc(nic, queue, tx, index, SRIOV_REPORT_BAD_DESC,
                    "tail written before the descriptor: it still holds the last write-back");
}

int mock_ring_hand_over(struct sriov_model *nic, uint32_t queue, bool tx, uint32_t from, uint32_t to)
{
    struct mock_ring *ring = ring_of(nic, queue, tx);

    for (uint32_t i = from; i != to; i = i + 1u == ring->slots ? 0 : i + 1u) {
        uint8_t *copy = ring->handed_copy + (size_t)i * DESC_BYTES;

        if (read_desc(nic, queue, tx, i, copy) != 0)
            return -EFAULT;
        check_fresh(nic, queue, tx, i, copy);
    }
    return 0;
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int mock_ring_fetch(struct sriov_model *nic, uint32_t queue, bool tx, uint32_t index, uint32_t dw[4])
{
    struct mock_ring *ring = ring_of(nic, queue, tx);
    uint8_t now[DESC_BYTES];

    if (index >= ring->slots || read_desc(nic, queue, tx, index, now) != 0)
        return -EFAULT;
    if (memcmp(now, ring->handed_copy + (size_t)index * DESC_BYTES, DESC_BYTES) != 0)
        report_desc(nic, queue, tx, index, SRIOV_REPORT_STALE_DESC,
                    "descriptor changed after the tail passed it");
    for (uint32_t i = 0; i < 4u; i++)
        dw[i] = le32(now + 4u * i);
    return 0;
}

bool mock_queue_pool_enabled(const struct sriov_model *nic, uint32_t queue, bool tx)
{
    const uint32_t *bits = tx ? nic->regs.vfte : nic->regs.vfre;
    uint32_t pool, n;

    if (!nic->chip->vt_on(nic))
        return true;
    nic->chip->pool_of(nic, queue, tx, &pool, &n);
    return bits[pool / 32u] >> (pool % 32u) & 1u;
}

void mock_queue_forget(struct sriov_model *nic, uint32_t queue, bool tx)
{
    struct mock_ring *ring = ring_of(nic, queue, tx);
    uint32_t life = ring->life + 1u;

    free(ring->handed_copy);
    free(ring->written);
    if (tx) {
        free(nic->tx[queue].frame);
        memset(&nic->tx[queue], 0, sizeof(nic->tx[queue]));
    } else {
        memset(&nic->rx[queue], 0, sizeof(nic->rx[queue]));
    }
    ring->life = life;
}

void mock_queues_free(struct sriov_model *nic)
{
    for (uint32_t q = 0; q < MOCK_QUEUES_MAX; q++) {
        mock_queue_forget(nic, q, false);
        mock_queue_forget(nic, q, true);
    }
}

bool mock_ring_is_start(const struct mock_nic_reg *reg, uint32_t value)
{
    if (reg->write == mock_ring_rxdctl_write || reg->write == mock_ring_txdctl_write)
        return (value & DCTL_ENABLE) != 0;
    return value != 0 && (reg->write == mock_ring_rdt_write || reg->write == mock_ring_tdt_write);
}

static void setup_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value, bool tx)
{
    if (regs_of(nic, tx)->dctl[ref->index] & DCTL_ENABLE) {
        mock_report_reg(nic, SRIOV_REPORT_BAD_SEQUENCE, ref, "ring set up while its queue is enabled");
        return;
    }
    mock_reg_store(nic, ref, value);
}

void mock_ring_rx_setup_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    setup_write(nic, ref, value, false);
}

void mock_ring_tx_setup_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    setup_write(nic, ref, value, true);
}

static uint32_t *seen_tail(struct sriov_model *nic, uint32_t queue, bool tx)
{
    return tx ? &nic->tx[queue].seen_tail : &nic->rx[queue].seen_tail;
}

/* True when the ring has taken over everything up to `tail`. */
static bool take_tail(struct sriov_model *nic, const struct mock_ref *ref, bool tx, uint32_t tail)
{
    struct mock_ring *ring = ring_of(nic, ref->index, tx);
    uint32_t *seen = seen_tail(nic, ref->index, tx), head = regs_of(nic, tx)->head[ref->index];

    if (tail >= ring->slots || head >= ring->slots) {
        mock_report_reg(nic, SRIOV_REPORT_BAD_TAIL, ref, "tail or head beyond the ring");
        return false;
    }
    uint32_t owned = (*seen + ring->slots - head) % ring->slots;
    uint32_t added = (tail + ring->slots - *seen) % ring->slots;
    if (added > ring->slots - 1u - owned) {
        mock_report_reg(nic, SRIOV_REPORT_BAD_TAIL, ref, "tail passes the head");
        return false;
    }
    if (ring->hung || mock_ring_hand_over(nic, ref->index, tx, *seen, tail) != 0)
        return false;
    *seen = tail;
    return true;
}

static bool tail_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value, bool tx)
{
    struct mock_queue_regs *regs = regs_of(nic, tx);

    mock_reg_store(nic, ref, value);
    if (regs->dctl[ref->index] & DCTL_ENABLE)
        return mock_nic_master_on(nic, mock_queue_fn(nic, ref->index, tx)) && take_tail(nic, ref, tx, value);
    if (value != 0)
        mock_report_reg(nic, SRIOV_REPORT_BAD_SEQUENCE, ref, "tail moved while the queue is disabled");
    return false;
}

void mock_ring_rdt_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    if (tail_write(nic, ref, value, false))
        mock_rx_drain(nic);
}

void mock_ring_tdt_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    if (tail_write(nic, ref, value, true))
        mock_tx_tail(nic, ref->index);
}

static bool start(struct sriov_model *nic, const struct mock_ref *ref, bool tx)
{
    struct mock_queue_regs *regs = regs_of(nic, tx);
    struct mock_ring *ring = ring_of(nic, ref->index, tx);

    mock_queue_forget(nic, ref->index, tx);
    ring->slots = mock_ring_slots(regs, ref->index);
    ring->handed_copy = calloc(ring->slots + 1u, DESC_BYTES);
    ring->written = calloc(ring->slots + 1u, DESC_BYTES);
    if (ring->handed_copy == NULL || ring->written == NULL) {
        ring->slots = 0;
        return false;
    }
    *seen_tail(nic, ref->index, tx) = regs->head[ref->index];
    if (tx)
        nic->tx[ref->index].arrived = regs->head[ref->index];
    if (ring->slots == 0)
        mock_report_reg(nic, SRIOV_REPORT_BAD_SEQUENCE, ref, "queue enabled with a ring of no length");
    else if (regs->tail[ref->index] != regs->head[ref->index])
        return take_tail(nic, ref, tx, regs->tail[ref->index]);
    return false;
}

static bool dctl_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value, bool tx)
{
    uint32_t before = *mock_reg_cell(nic, ref);

    mock_reg_store(nic, ref, value);
    if (before & ~value & DCTL_ENABLE)
        mock_queue_forget(nic, ref->index, tx);
    return (value & ~before & DCTL_ENABLE) && start(nic, ref, tx);
}

void mock_ring_rxdctl_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    bool on = (value & ~*mock_reg_cell(nic, ref) & DCTL_ENABLE) != 0;
    const char *refused = mock_rx_format_refused(nic, ref->index);

    if (on && refused != NULL)
        mock_report_reg(nic, SRIOV_REPORT_UNMODELLED, ref, refused);
    dctl_write(nic, ref, value, false);
    mock_rx_drain(nic);
}

void mock_ring_txdctl_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    bool head_wb = (nic->regs.tdwbal[ref->index] & IXGBE_TDWBAL_HEAD_WB_EN) != 0;

    if ((value & IXGBE_TXDCTL_ENABLE) && head_wb && (value & nic->chip->dctl_wthresh))
        mock_report_reg(nic, SRIOV_REPORT_BAD_SEQUENCE, ref, "WTHRESH must be 0 with head write-back");
    if (dctl_write(nic, ref, value, true))
        mock_tx_tail(nic, ref->index);
}

/* A switch above the queues was turned: what waited for it goes on. */
void mock_ring_enables_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    mock_reg_store(nic, ref, value);
    mock_tx_kick_all(nic);
    mock_rx_drain(nic);
}
