/* SPDX-License-Identifier: BSD-3-Clause */
/* Queue pairs: rings allocated for a configuration, programmed, enabled, halted. */
#include "vf.h"

#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>

#define RING_LOW     0x00u
#define RING_HIGH    0x04u
#define RING_LEN     0x08u
#define RING_HEAD    0x10u
#define RING_TAIL    0x18u
#define RING_CONTROL 0x28u
#define RING_ENABLE  IXGBE_RXDCTL_ENABLE /* bit 25 of RXDCTL and TXDCTL on both devices */

#define ENABLE_NS     (10 * SRI_MS)
#define HALT_NS       (10 * SRI_MS)
#define LOOK_EVERY_NS 10000u
#define DRAIN_NS      100000u /* from ENABLE reading 0 until memory is free: 82599 datasheet 4.6.7.1 */

static uint32_t reg_of(const struct sri_vf_ring_regs *regs, uint32_t queue, uint32_t reg)
{
    return regs->base + queue * regs->stride + reg;
}

struct sri_rxq *sri_vf_rxq(const struct sri_vf *vf, uint32_t i)
{
    return (struct sri_rxq *)(void *)vf->net->rxq[i];
}

struct sri_txq *sri_vf_txq(const struct sri_vf *vf, uint32_t i)
{
    return (struct sri_txq *)(void *)vf->net->txq[i];
}

/* A PF that was reset may grant less than it did when the rings were made; the others are shut. */
uint16_t sri_vf_active_queues(const struct sri_vf *vf)
{
    uint16_t made = vf->net->config.queues;
    return vf->granted_queues < made ? vf->granted_queues : made;
}

/* ---- memory ---- */

static int make_pair(struct sri_vf *vf, uint16_t i)
{
    const struct sri_vf_hw *hw = vf->hw;
    struct sriov_net *net = vf->net;
    struct sri_rxq *rx = NULL;
    struct sri_txq *tx = NULL;
    struct sri_ring_args args = {.fn = net->fn,
                                 .pool = net->config.pool,
                                 .bar = &vf->bar,
                                 .owner = hw->rx_owners[i],
                                 .desc = net->config.rx_desc,
                                 .tail = reg_of(&hw->rx, i, RING_TAIL),
                                 .index = i,
                                 .format = &hw->rx_format};
    int err = sri_rxq_create(&args, &rx);
    if (err != 0) {
        return err;
    }
    args.owner = hw->tx_owners[i];
    args.desc = net->config.tx_desc;
    args.tail = reg_of(&hw->tx, i, RING_TAIL);
    args.share = (net->config.flags & SRIOV_NET_THREADED) == 0 ? rx->stock : NULL;
    err = sri_txq_create(&args, &tx);
    if (err != 0) {
        sri_rxq_destroy(net->fn, rx);
        return err;
    }
    net->rxq[i] = &rx->base;
    net->txq[i] = &tx->base;
    return 0;
}

static void free_pair(struct sri_vf *vf, uint32_t i)
{
    sri_txq_destroy(vf->net->fn, sri_vf_txq(vf, i));
    sri_rxq_destroy(vf->net->fn, sri_vf_rxq(vf, i));
    vf->net->txq[i] = NULL;
    vf->net->rxq[i] = NULL;
}

int sri_vf_configure(struct sriov_net *net)
{
    struct sri_vf *vf = sri_vf_of(net);
    if (net->config.queues > net->max_queues) {
        net->config.queues = net->max_queues;
    }
    for (uint16_t i = 0; i < net->config.queues; i++) {
        int err = make_pair(vf, i);
        if (err != 0) {
            while (i-- > 0) {
                free_pair(vf, i);
            }
            return err;
        }
    }
    sri_vf_irq_request(vf);
    return 0;
}

void sri_vf_release(struct sriov_net *net)
{
    struct sri_vf *vf = sri_vf_of(net);
    sri_vf_irq_release(vf);
    for (uint32_t i = SRIOV_NET_QUEUES_MAX; i-- > 0;) {
        free_pair(vf, i);
    }
}

/* ---- registers ---- */

static void write_ring(struct sri_vf *vf, const struct sri_vf_ring_regs *regs, uint32_t i,
                       const struct sriov_dma *dma, uint32_t desc)
{
    sriov_wr32(&vf->bar, reg_of(regs, i, RING_CONTROL), regs->ctl_set);
    sriov_wr32(&vf->bar, reg_of(regs, i, RING_LOW), (uint32_t)dma->iova.raw);
    sriov_wr32(&vf->bar, reg_of(regs, i, RING_HIGH), (uint32_t)(dma->iova.raw >> 32));
    sriov_wr32(&vf->bar, reg_of(regs, i, RING_LEN), desc * (uint32_t)sizeof(struct sri_desc));
    /* A VF reset may leave both stale. */
    sriov_wr32(&vf->bar, reg_of(regs, i, RING_HEAD), 0);
    sriov_wr32(&vf->bar, reg_of(regs, i, RING_TAIL), 0);
    sriov_wr32(&vf->bar, reg_of(regs, i, regs->dca), regs->dca_set);
}

struct switch_wait {
    const struct sriov_bar *bar;
    uint32_t reg;
    bool on;
};

static int has_switched(void *arg)
{
    const struct switch_wait *w = arg;
    uint32_t now = sriov_rd32(w->bar, w->reg);
    if (now == IXGBE_DEAD_READ) {
        return -ENODEV;
    }
    return ((now & RING_ENABLE) != 0) == w->on ? 1 : 0;
}

static int switch_ring(struct sri_vf *vf, const struct sri_vf_ring_regs *regs, uint32_t i, bool on)
{
    struct switch_wait wait = {&vf->bar, reg_of(regs, i, RING_CONTROL), on};
    sriov_wr32(&vf->bar, wait.reg, regs->ctl_set | (on ? RING_ENABLE : 0));
    int err = sriov_fn_wait_until(vf->net->fn, has_switched, &wait, on ? ENABLE_NS : HALT_NS, LOOK_EVERY_NS);
    return err > 0 ? 0 : err;
}

static int run_rx(struct sri_vf *vf, uint32_t i)
{
    const struct sri_vf_hw *hw = vf->hw;
    struct sri_rxq *rx = sri_vf_rxq(vf, i);
    int err = sri_rxq_prime(rx, vf->net->config.mtu);
    if (err != 0) {
        return err;
    }
    write_ring(vf, &hw->rx, i, &rx->dma, rx->mask + 1);
    sriov_wr32(&vf->bar, reg_of(&hw->rx, i, hw->srrctl), hw->srrctl_set | rx->room >> 10);
    err = switch_ring(vf, &hw->rx, i, true);
    if (err == 0) {
        sri_ring_bell(&rx->tail, rx->mask); /* all but one: head == tail would mean none */
        sri_rxq_refill(rx);
    }
    return err;
}

/* The receive ring has been primed once: it knows how buffers are aligned. */
static int run_tx(struct sri_vf *vf, uint32_t i)
{
    struct sri_txq *tx = sri_vf_txq(vf, i);
    sri_txq_prime(tx, vf->net->config.mtu, sri_vf_rxq(vf, i)->align);
    write_ring(vf, &vf->hw->tx, i, &tx->dma, tx->mask + 1);
    return switch_ring(vf, &vf->hw->tx, i, true);
}

/* PSRTYPE.RQPL: log2 of the queues that RSS spreads over, 0 to 2. */
static uint32_t psrtype(uint32_t queues)
{
    uint32_t log2 = queues >= 4 ? 2 : queues >= 2 ? 1 : 0;
    return log2 << IXGBE_PSRTYPE_RQPL_SHIFT;
}

int sri_vf_run_tx(struct sri_vf *vf)
{
    uint32_t queues = sri_vf_active_queues(vf);
    int err = 0;
    for (uint32_t i = 0; err == 0 && i < queues; i++) {
        err = run_tx(vf, i);
    }
    for (uint32_t i = 0; err == 0 && i < queues; i++) {
        sri_txq_refill(sri_vf_txq(vf, i));
    }
    return err;
}

int sri_vf_run(struct sri_vf *vf, bool keep)
{
    uint32_t queues = sri_vf_active_queues(vf);
    int err = 0;
    sriov_wr32(&vf->bar, vf->hw->psrtype, psrtype(queues));
    for (uint32_t i = 0; err == 0 && i < queues; i++) {
        err = run_rx(vf, i);
    }
    if (err == 0) {
        err = sri_vf_run_tx(vf);
    }
    if (err != 0) {
        sri_vf_halt(vf, keep);
        return err;
    }
    for (uint32_t i = queues; i < vf->net->config.queues; i++) {
        sri_txq_shut(sri_vf_txq(vf, i));
        sri_rxq_shut(sri_vf_rxq(vf, i));
    }
    sri_vf_irq_program(vf);
    sri_vf_watch_reset(vf);
    vf->running = true;
    return 0;
}

static bool switch_off(struct sri_vf *vf)
{
    bool off = true;
    for (uint32_t i = 0; i < vf->net->config.queues && sri_vf_rxq(vf, i) != NULL; i++) {
        off = switch_ring(vf, &vf->hw->tx, i, false) == 0 && off;
        off = switch_ring(vf, &vf->hw->rx, i, false) == 0 && off;
    }
    return off;
}

/* From here on the device touches neither rings nor buffers. False: a queue did not stop and took the
 * whole VF with it. */
static bool quiet(struct sri_vf *vf)
{
    sri_vf_irq_silence(vf);
    bool off = switch_off(vf);
    if (!off) {
        sriov_wr32(&vf->bar, vf->hw->ctrl, IXGBE_CTRL_RST);
        sri_vf_lose(vf);
    }
    sriov_fn_sleep(vf->net->fn, DRAIN_NS);
    return off;
}

/* TDH of queues that are enabled still: where one is not, a reset has taken it back to 0. */
static uint32_t heads_valid(const struct sri_vf *vf)
{
    uint32_t valid = 0;
    for (uint32_t i = 0; i < vf->net->config.queues; i++) {
        uint32_t control = sriov_rd32(&vf->bar, reg_of(&vf->hw->tx, i, RING_CONTROL));
        bool on = control != IXGBE_DEAD_READ && (control & RING_ENABLE) != 0;
        valid |= on ? 1u << i : 0;
    }
    return valid;
}

static uint32_t tx_head(const struct sri_vf *vf, uint32_t i)
{
    return sriov_rd32(&vf->bar, reg_of(&vf->hw->tx, i, RING_HEAD));
}

static void hold_pair(struct sri_vf *vf, uint32_t i, uint32_t head)
{
    sri_txq_gather(sri_vf_txq(vf, i), head);
    sri_rxq_gather(sri_vf_rxq(vf, i));
}

static void drop_pair(struct sri_vf *vf, uint32_t i)
{
    struct sri_txq *tx = sri_vf_txq(vf, i);
    struct sri_rxq *rx = sri_vf_rxq(vf, i);
    sri_txq_drop_held(tx);
    sri_txq_reclaim_all(tx);
    sri_rxq_drop_backlog(rx);
    sri_rxq_reclaim(rx, false);
    sriov_pool_cache_drain(tx->stock);
}

void sri_vf_halt(struct sri_vf *vf, bool keep)
{
    bool gone = sriov_fn_gone(vf->net->fn);
    uint32_t valid = keep && !gone ? heads_valid(vf) : 0;
    vf->running = false;
    if (!gone && !quiet(vf)) {
        valid = 0;
    }
    for (uint32_t i = 0; i < vf->net->config.queues && sri_vf_rxq(vf, i) != NULL; i++) {
        if (keep) {
            hold_pair(vf, i, (valid >> i & 1u) != 0 ? tx_head(vf, i) : SRI_HEAD_UNKNOWN);
        } else {
            drop_pair(vf, i);
        }
    }
}

void sri_vf_gather(struct sri_vf *vf)
{
    for (uint32_t i = 0; i < vf->net->config.queues && sri_vf_rxq(vf, i) != NULL; i++) {
        hold_pair(vf, i, SRI_HEAD_UNKNOWN);
    }
}

bool sri_vf_tx_idle(const struct sri_vf *vf)
{
    for (uint32_t i = 0; i < sri_vf_active_queues(vf); i++) {
        const struct sri_txq *q = sri_vf_txq(vf, i);
        if (tx_head(vf, i) != (q->told & q->mask)) {
            return false;
        }
    }
    return true;
}

/* 82599 datasheet 4.6.8.1: nothing new is stored, TDH has reached TDT or the wait for it ended, then
 * ENABLE goes, and reads 0 once all activity has stopped. */
int sri_vf_stop_tx(struct sri_vf *vf)
{
    int err = 0;
    for (uint32_t i = 0; err == 0 && i < sri_vf_active_queues(vf); i++) {
        err = switch_ring(vf, &vf->hw->tx, i, false);
        if (err == 0) {
            sri_txq_gather(sri_vf_txq(vf, i), tx_head(vf, i));
        }
    }
    return err;
}

/* 82599 datasheet 4.6.7.1: ENABLE reads 0 once no access to the ring is left; buffers may be written
 * for a while yet. */
int sri_vf_stop_rx(struct sri_vf *vf)
{
    int err = 0;
    for (uint32_t i = 0; err == 0 && i < sri_vf_active_queues(vf); i++) {
        err = switch_ring(vf, &vf->hw->rx, i, false);
    }
    if (err != 0) {
        return err;
    }
    sriov_fn_sleep(vf->net->fn, DRAIN_NS);
    for (uint32_t i = 0; i < sri_vf_active_queues(vf); i++) {
        sri_rxq_gather(sri_vf_rxq(vf, i));
    }
    return 0;
}

bool sri_vf_queues_alive(struct sri_vf *vf)
{
    uint32_t rx = sriov_rd32(&vf->bar, reg_of(&vf->hw->rx, 0, RING_CONTROL));
    uint32_t tx = vf->tx_held ? rx : sriov_rd32(&vf->bar, reg_of(&vf->hw->tx, 0, RING_CONTROL));
    return (rx & tx & RING_ENABLE) != 0;
}

bool sri_vf_rings_known(const struct sri_vf *vf)
{
    uint32_t bytes = (sri_vf_rxq(vf, 0)->mask + 1) * (uint32_t)sizeof(struct sri_desc);
    return sriov_rd32(&vf->bar, reg_of(&vf->hw->rx, 0, RING_LEN)) == bytes;
}

uint32_t sri_vf_rx_head(const struct sri_vf *vf, uint32_t i)
{
    return sriov_rd32(&vf->bar, reg_of(&vf->hw->rx, i, RING_HEAD));
}
