/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtqueues: memory, the state a queue starts from, handing over and being told. */
#include "vnet_ring.h"

#include <errno.h>
#include <string.h>

#define LINE UINT64_C(64)

struct layout {
    uint64_t avail;
    uint64_t used;
    uint64_t extra;
    uint64_t bytes;
};

static uint64_t line_up(uint64_t n)
{
    return (n + LINE - 1) & ~(LINE - 1);
}

/* What the device writes keeps lines of its own. */
static struct layout layout_of(uint16_t size, uint64_t extra)
{
    struct layout at;
    at.avail = VIRTQ_DESC_BYTES((uint64_t)size);
    at.used = line_up(at.avail + VIRTQ_AVAIL_BYTES((uint64_t)size));
    at.extra = line_up(at.used + VIRTQ_USED_BYTES((uint64_t)size));
    at.bytes = at.extra + extra;
    return at;
}

int vnet_vq_create(struct vnet_vq *vq, const struct vnet_ring_args *args, uint16_t *free)
{
    struct layout at = layout_of(args->size, args->extra);
    int err = sriov_dma_alloc(args->fn, args->owner, at.bytes, LINE, SRIOV_DMA_BOTH, &vq->dma);
    if (err != 0) {
        return err;
    }
    uint8_t *base = vq->dma.va;
    vq->desc = (volatile struct virtq_desc *)(void *)base;
    vq->avail = (volatile struct virtq_avail *)(void *)(base + at.avail);
    vq->avail_ring = (volatile uint16_t *)(volatile void *)(vq->avail + 1);
    vq->used = (volatile struct virtq_used *)(void *)(base + at.used);
    vq->used_ring = (volatile struct virtq_used_elem *)(volatile void *)(vq->used + 1);
    vq->extra = at.extra;
    vq->free = free;
    vq->size = args->size;
    vq->mask = (uint16_t)(args->size - 1u);
    vnet_vq_prime(vq, false);
    return 0;
}

void vnet_vq_destroy(struct vnet_vq *vq, struct sriov_fn *fn)
{
    if (vq->dma.length != 0) {
        (void)sriov_dma_free(fn, &vq->dma);
    }
    memset(vq, 0, sizeof(*vq));
}

void vnet_vq_prime(struct vnet_vq *vq, bool interrupts)
{
    for (uint16_t i = 0; i < vq->size; i++) {
        vq->free[i] = (uint16_t)(vq->size - 1u - i); /* the lowest on top */
    }
    vq->num_free = vq->size;
    vq->next = 0;
    vq->seen = 0;
    vq->told = 0;
    vq->broken = false;
    vq->avail->flags = interrupts ? 0 : (uint16_t)VIRTQ_AVAIL_F_NO_INTERRUPT;
    vq->avail->idx = 0;
    vq->used->flags = 0;
    vq->used->idx = 0;
}

static sriov_iova_t iova_of(const struct vnet_vq *vq, uint64_t off)
{
    return sriov_iova_add(vq->dma.iova, off);
}

sriov_iova_t vnet_vq_avail_iova(const struct vnet_vq *vq)
{
    return iova_of(vq, layout_of(vq->size, 0).avail);
}

sriov_iova_t vnet_vq_used_iova(const struct vnet_vq *vq)
{
    return iova_of(vq, layout_of(vq->size, 0).used);
}

/* The index must be seen before we look whether the device still wants to be told, else both sleep:
 * 2.7.13.4. Stores before loads needs the strongest fence. */
static inline void full_fence(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#if defined(__aarch64__)
    __asm__ volatile("dmb osh" ::: "memory");
#endif
}

void vnet_vq_kick(struct vnet_vq *vq)
{
    if (vq->told == vq->next) {
        return;
    }
    vq->told = vq->next;
    full_fence();
    if ((vq->used->flags & VIRTQ_USED_F_NO_NOTIFY) != 0) {
        return;
    }
    if (vq->bell.reg != NULL) {
        *vq->bell.reg = vq->index;
    } else {
        (void)sriov_bar_write(vq->bell.bar, vq->bell.off, 2, vq->index);
    }
}

void vnet_vq_interrupts(struct vnet_vq *vq, bool on)
{
    vq->avail->flags = on ? 0 : (uint16_t)VIRTQ_AVAIL_F_NO_INTERRUPT;
    if (on) {
        full_fence(); /* then look: what came before it is announced by nobody */
    }
}

bool vnet_vq_take(struct vnet_vq *vq, struct virtq_used_elem *out)
{
    const volatile struct virtq_used_elem *elem = &vq->used_ring[vq->seen & vq->mask];
    out->id = elem->id;
    out->len = elem->len;
    if (out->id >= vq->size) {
        __atomic_store_n(&vq->broken, true, __ATOMIC_RELAXED);
        return false;
    }
    __atomic_store_n(&vq->seen, (uint16_t)(vq->seen + 1u), __ATOMIC_RELAXED); /* the watchdog looks */
    return true;
}

/* ---- the two kinds of queue ---- */

int vnet_rxq_create(const struct vnet_ring_args *args, struct sriov_pool *pool, struct vnet_rxq **out)
{
    size_t each = 2 * sizeof(struct sriov_buf *) + sizeof(uint16_t);
    size_t size = sizeof(struct vnet_rxq) + args->size * each;
    struct vnet_rxq *q = sriov_fn_host_alloc(args->fn, size, LINE);
    if (q == NULL) {
        return -ENOMEM;
    }
    q->sw = (struct sriov_buf **)(void *)(q + 1);
    q->held = q->sw + args->size;
    int err = vnet_vq_create(&q->vq, args, (uint16_t *)(void *)(q->held + args->size));
    if (err != 0) {
        sriov_fn_host_free(args->fn, q, size);
        return err;
    }
    q->alloc_size = size;
    q->base.active = vnet_rx_burst;
    q->post = args->size / 4 < VNET_RX_POST ? (uint16_t)(args->size / 4 + 1) : VNET_RX_POST;
    sriov_pool_cache_init(&q->stock, pool);
    *out = q;
    return 0;
}

void vnet_rxq_destroy(struct sriov_fn *fn, struct vnet_rxq *q)
{
    if (q != NULL) {
        vnet_rx_settle(q);
        vnet_rx_drop_held(q);
        sriov_pool_cache_drain(&q->stock);
        vnet_vq_destroy(&q->vq, fn);
        sriov_fn_host_free(fn, q, q->alloc_size);
    }
}

int vnet_txq_create(const struct vnet_ring_args *args, struct vnet_txq **out)
{
    struct vnet_ring_args with = *args;
    size_t each = sizeof(struct vnet_tx_slot) + 2 * sizeof(uint16_t);
    size_t size = sizeof(struct vnet_txq) + args->size * each;
    struct vnet_txq *q = sriov_fn_host_alloc(args->fn, size, LINE);
    if (q == NULL) {
        return -ENOMEM;
    }
    q->sw = (struct vnet_tx_slot *)(void *)(q + 1);
    q->link = (uint16_t *)(void *)(q->sw + args->size);
    with.extra = VNET_TAGGED_ROOM * (args->size + UINT64_C(1)); /* the common header, and one per chain */
    int err = vnet_vq_create(&q->vq, &with, q->link + args->size);
    if (err != 0) {
        sriov_fn_host_free(args->fn, q, size);
        return err;
    }
    q->alloc_size = size;
    q->base.active = vnet_tx_burst;
    *out = q;
    return 0;
}

void vnet_txq_destroy(struct sriov_fn *fn, struct vnet_txq *q)
{
    if (q != NULL) {
        (void)vnet_tx_settle(q);
        vnet_vq_destroy(&q->vq, fn);
        sriov_fn_host_free(fn, q, q->alloc_size);
    }
}
