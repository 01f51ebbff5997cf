/* SPDX-License-Identifier: BSD-3-Clause */
/* Rings: memory, the state a queue starts from, and getting every buffer back. */
#include "ring.h"

#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>

#define LINE 64u

/* Status bits 6:3: VP, UDPCS, L4CS, IPCS. */
#define ST(vp, l4, ip)                                                                                       \
    ((vp ? SRIOV_RX_VLAN : 0) | (l4 ? SRIOV_RX_L4_CSUM_OK : 0) | (ip ? SRIOV_RX_IP_CSUM_OK : 0))

static const struct sri_rx_flags rx_flags = {
    .status = {ST(0, 0, 0), ST(1, 0, 0), ST(0, 0, 0), ST(1, 0, 0), ST(0, 1, 0), ST(1, 1, 0), ST(0, 1, 0),
               ST(1, 1, 0), ST(0, 0, 1), ST(1, 0, 1), ST(0, 0, 1), ST(1, 0, 1), ST(0, 1, 1), ST(1, 1, 1),
               ST(0, 1, 1), ST(1, 1, 1)},
    /* 82599 datasheet 7.1.2.8: types 1 to 9; 15 means a flow director match, no hash. */
    .rss = {0, SRIOV_RX_RSS, SRIOV_RX_RSS, SRIOV_RX_RSS, SRIOV_RX_RSS, SRIOV_RX_RSS, SRIOV_RX_RSS,
            SRIOV_RX_RSS, SRIOV_RX_RSS, SRIOV_RX_RSS},
};

static struct sri_doorbell doorbell(const struct sri_ring_args *args)
{
    struct sri_doorbell bell = {.bar = args->bar, .off = args->tail};
    if (args->bar->view != NULL) {
        bell.reg = (volatile uint32_t *)(volatile void *)(args->bar->view + args->tail);
    }
    return bell;
}

static int ring_memory(const struct sri_ring_args *args, struct sriov_dma *dma)
{
    uint64_t bytes = (uint64_t)args->desc * sizeof(struct sri_desc);
    return sriov_dma_alloc(args->fn, args->owner, bytes, IXGBE_RING_ALIGN, SRIOV_DMA_BOTH, dma);
}

/* The queue, its shadow ring behind it. */
static void *queue_memory(const struct sri_ring_args *args, size_t head, size_t per_desc, size_t *size)
{
    *size = head + args->desc * per_desc;
    return sriov_fn_host_alloc(args->fn, *size, LINE);
}

int sri_rxq_create(const struct sri_ring_args *args, struct sri_rxq **out)
{
    size_t size;
    struct sri_rxq *q = queue_memory(args, sizeof(*q), sizeof(q->sw[0]), &size);
    if (q == NULL) {
        return -ENOMEM;
    }
    int err = ring_memory(args, &q->dma);
    if (err != 0) {
        sriov_fn_host_free(args->fn, q, size);
        return err;
    }
    q->alloc_size = size;
    q->base.index = args->index;
    q->base.active = sri_rx_burst;
    q->ring = q->dma.va;
    q->sw = (struct sriov_buf **)(void *)(q + 1);
    q->mask = args->desc - 1;
    q->post = args->desc / 4 < SRI_RX_POST ? args->desc / 4 : SRI_RX_POST;
    q->flags = &rx_flags;
    q->format = args->format;
    q->tail = doorbell(args);
    q->stock = &q->own_stock;
    sriov_pool_cache_init(q->stock, args->pool);
    *out = q;
    return 0;
}

int sri_txq_create(const struct sri_ring_args *args, struct sri_txq **out)
{
    struct sri_txq *q;
    size_t per_desc = sizeof(q->sw[0]) + sizeof(q->held[0]) + sizeof(q->rs[0]);
    size_t size;
    q = queue_memory(args, sizeof(*q), per_desc, &size);
    if (q == NULL) {
        return -ENOMEM;
    }
    int err = ring_memory(args, &q->dma);
    if (err != 0) {
        sriov_fn_host_free(args->fn, q, size);
        return err;
    }
    q->alloc_size = size;
    q->base.index = args->index;
    q->base.active = sri_tx_burst;
    q->ring = q->dma.va;
    q->sw = (struct sriov_buf **)(void *)(q + 1);
    q->held = q->sw + args->desc;
    q->rs = (uint32_t *)(void *)(q->held + args->desc);
    q->mask = args->desc - 1;
    q->tail = doorbell(args);
    sriov_pool_cache_init(&q->own_stock, args->pool);
    q->stock = args->share != NULL ? args->share : &q->own_stock;
    *out = q;
    return 0;
}

void sri_rxq_destroy(struct sriov_fn *fn, struct sri_rxq *q)
{
    if (q != NULL) {
        sri_rxq_drop_backlog(q);
        sri_rxq_reclaim(q, false);
        sriov_dma_free(fn, &q->dma);
        sriov_fn_host_free(fn, q, q->alloc_size);
    }
}

void sri_txq_destroy(struct sriov_fn *fn, struct sri_txq *q)
{
    if (q != NULL) {
        sri_txq_drop_held(q);
        sri_txq_reclaim_all(q);
        sriov_pool_cache_drain(q->stock);
        sriov_dma_free(fn, &q->dma);
        sriov_fn_host_free(fn, q, q->alloc_size);
    }
}

static void give_back_chain(struct sri_rxq *q)
{
    while (q->head != NULL) {
        struct sriov_buf *next = q->head->next;
        sriov_pool_cache_put(q->stock, q->head);
        q->head = next;
    }
    q->last = NULL;
    q->chain_len = 0;
    q->skip = false;
}

void sri_rxq_reclaim(struct sri_rxq *q, bool keep)
{
    give_back_chain(q);
    if (keep) {
        return;
    }
    for (uint32_t i = 0; i <= q->mask; i++) {
        if (q->sw[i] != NULL) {
            sriov_pool_cache_put(q->stock, q->sw[i]);
            q->sw[i] = NULL;
        }
    }
    sriov_pool_cache_drain(q->stock);
}

void sri_rxq_shut(struct sri_rxq *q)
{
    for (uint32_t i = 0; i <= q->mask; i++) {
        q->ring[i].hi = 0; /* frames of the time before */
    }
}

static bool fill_slot(struct sri_rxq *q, uint32_t i)
{
    if (q->sw[i] == NULL) {
        if (!sriov_pool_cache_has(q->stock, 1)) {
            return false;
        }
        q->sw[i] = q->stock->stock[--q->stock->n];
    }
    q->ring[i].lo = q->sw[i]->iova.raw;
    q->ring[i].hi = 0;
    return true;
}

/* DD and EOP, no error, and a length whose upper bits fit the buffer: its last byte stays free, so
 * that one mask can tell. What fills the buffer takes the slow road. */
static uint64_t simple_frame_bits(const struct sri_rxq *q)
{
    uint64_t long_bits = (uint64_t)(0xffffu & ~q->align) << 32;
    return SRI_RX_DD | SRI_RX_EOP | SRI_RX_ERRORS | long_bits;
}

/* What the device is told of a buffer's size: whole KiB, 1 to 16 (SRRCTL.BSIZEPACKET). */
static int learn_room(struct sri_rxq *q)
{
    if (q->sw[0] == NULL) {
        if (!sriov_pool_cache_has(q->stock, 1)) {
            return -ENOMEM;
        }
        q->sw[0] = q->stock->stock[--q->stock->n];
    }
    uint32_t room = q->sw[0]->room;
    q->room = room & ~UINT32_C(1023);
    q->align = room - 1; /* a buffer is aligned to its size, a power of two */
    q->care = simple_frame_bits(q);
    q->seal = 1u | (uint64_t)room << 32 | (uint64_t)q->base.index << 48;
    return q->room != 0 ? 0 : -EINVAL;
}

int sri_rxq_prime(struct sri_rxq *q, uint16_t mtu)
{
    sri_rxq_reclaim(q, true);
    int err = learn_room(q);
    for (uint32_t i = 0; err == 0 && i <= q->mask; i++) {
        err = fill_slot(q, i) ? 0 : -ENOMEM;
    }
    if (err != 0) {
        sri_rxq_reclaim(q, false);
        return err;
    }
    q->next = 0;
    q->posted = 0;
    q->expect = SRI_RX_DD | SRI_RX_EOP;
    q->max_frame = (uint32_t)mtu + SRI_ETH_HEADER + SRI_ETH_VLAN + SRI_ETH_FCS;
    return 0;
}
