/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Split virtqueues as a driver has them, and the bursts on them. Indices run free over 16 bits. What
 * the device writes is the used ring alone: each word of it is read once and bounded, and no
 * descriptor is ever read back.
 */
#ifndef VNET_RING_H
#define VNET_RING_H

#include <sriov/hw/virtio_regs.h>
#include <sriov/net.h>

#define VNET_RX_POST   32u /* descriptors given back at once, at least */
#define VNET_TX_SEGS   32u /* per frame */
#define VNET_FRAME_MIN 14u
#define VNET_ETH_VLAN  4u
#define VNET_TAG_AT    12u /* behind both addresses */

/* Room for the header of a frame that gets a tag: virtio's, both addresses, the tag. */
#define VNET_TAGGED_SIZE (VIRTIO_NET_HDR_SIZE + VNET_TAG_AT + VNET_ETH_VLAN)
#define VNET_TAGGED_ROOM 32u

struct vnet_bell {
    volatile uint16_t *reg; /* NULL: trapped, through bar and off */
    const struct sriov_bar *bar;
    uint32_t off;
};

struct vnet_vq {
    volatile struct virtq_desc *desc;
    volatile struct virtq_avail *avail;
    volatile uint16_t *avail_ring;
    volatile struct virtq_used *used;
    volatile struct virtq_used_elem *used_ring;
    uint16_t *free; /* stack of descriptors */
    uint16_t num_free;
    uint16_t size;
    uint16_t mask;
    uint16_t index; /* of the device's queues */
    uint16_t next;  /* chain to hand over next */
    uint16_t seen;  /* used element to look at next; next - seen is what the device has */
    uint16_t told;  /* `next` when the device was notified last */
    bool broken;    /* the device wrote what cannot be: nothing is believed until a reset */
    struct vnet_bell bell;
    struct sriov_dma dma;
    uint64_t extra; /* offset in dma of what lies behind the rings */
};

struct vnet_rxq {
    struct sriov_rxq base;
    struct vnet_vq vq;
    struct sriov_buf **sw; /* by descriptor; NULL: free */
    struct sriov_pool_cache stock;
    uint32_t room; /* bytes that the device was told of a buffer */
    uint32_t max_frame;
    uint32_t plain_span; /* lengths of frames in one buffer: so many above the shortest */
    uint16_t post;
    bool stopped;   /* the device is reset, or about to be: nothing is handed over */
    bool mergeable; /* a frame may fill several buffers */
    bool armed;     /* the application waits for an interrupt; outlives a recovery */
    /* Frames that the device wrote before it was reset; free-running. */
    struct sriov_buf **held;
    uint16_t held_from;
    uint16_t held_to;
    size_t alloc_size;
};

struct vnet_tx_slot {
    struct sriov_buf *frame; /* NULL: no chain begins here */
    uint16_t descs;
};

struct vnet_txq {
    struct sriov_txq base;
    struct vnet_vq vq;
    struct vnet_tx_slot *sw; /* by first descriptor of the chain */
    uint16_t *link;          /* next descriptor of a chain: our own copy */
    uint32_t max_frame;
    uint32_t in_doubt;   /* frames in doubt, not told of yet */
    uint16_t doubt_told; /* of those that the device has, told of already */
    size_t alloc_size;
};

/* The control queue: one question at a time. */
struct vnet_ctrl {
    struct vnet_vq vq;
    uint16_t free[2];
    bool there;
};

struct vnet_ring_args {
    struct sriov_fn *fn;
    const char *owner; /* static */
    uint16_t size;     /* a power of two */
    uint64_t extra;    /* further bytes */
};

/* ---- vnet_ring.c ---- */
/* Memory of one virtqueue; `free` is the caller's, size entries. */
int vnet_vq_create(struct vnet_vq *vq, const struct vnet_ring_args *args, uint16_t *free);
void vnet_vq_destroy(struct vnet_vq *vq, struct sriov_fn *fn);
/* As after a reset: nothing handed over. interrupts: the device may send them. */
void vnet_vq_prime(struct vnet_vq *vq, bool interrupts);
sriov_iova_t vnet_vq_avail_iova(const struct vnet_vq *vq);
sriov_iova_t vnet_vq_used_iova(const struct vnet_vq *vq);
/* The device is told, unless it says that it looks by itself. */
void vnet_vq_kick(struct vnet_vq *vq);
/* Once on, look at the queue: what was there before comes without one. */
void vnet_vq_interrupts(struct vnet_vq *vq, bool on);
/* The next used element; false: it names no descriptor, and the queue is broken. */
bool vnet_vq_take(struct vnet_vq *vq, struct virtq_used_elem *out);

int vnet_rxq_create(const struct vnet_ring_args *args, struct sriov_pool *pool, struct vnet_rxq **out);
void vnet_rxq_destroy(struct sriov_fn *fn, struct vnet_rxq *q);
int vnet_txq_create(const struct vnet_ring_args *args, struct vnet_txq **out);
void vnet_txq_destroy(struct sriov_fn *fn, struct vnet_txq *q);

/* ---- vnet_rx.c ---- */
uint16_t vnet_rx_burst(struct sriov_rxq *base, struct sriov_buf **bufs, uint16_t n);
/* A frame that is not one good buffer, of *used elements; NULL: a bad one, or the queue is broken. */
struct sriov_buf *vnet_rx_odd(struct vnet_rxq *q, uint16_t *used);
/* Hand over buffers for every free descriptor. */
void vnet_rx_refill(struct vnet_rxq *q);
/* The device is reset: what it wrote is held for the next bursts, the other buffers go home. */
void vnet_rx_settle(struct vnet_rxq *q);
/* What is held, from the front. */
uint16_t vnet_rx_held(struct vnet_rxq *q, struct sriov_buf **bufs, uint16_t n);
void vnet_rx_drop_held(struct vnet_rxq *q);
bool vnet_rx_waits(const struct vnet_rxq *q);

/* ---- vnet_tx.c ---- */
uint16_t vnet_tx_burst(struct sriov_txq *base, struct sriov_buf **bufs, uint16_t n);
/* A frame in several segments, with a tag, or one to refuse. False: no room now. */
bool vnet_tx_odd(struct vnet_txq *q, struct sriov_buf *frame);
/* Give back what the device has reported. */
void vnet_tx_reclaim(struct vnet_txq *q);
/* What the device has now is in doubt, and stays with it. */
void vnet_tx_doubt(struct vnet_txq *q);
/* The device is reset: what it did not report goes home, and is in doubt. Returns how many. */
uint32_t vnet_tx_settle(struct vnet_txq *q);

/* What is handed over becomes visible. */
static inline void vnet_vq_publish(struct vnet_vq *vq)
{
    sriov_dma_wmb(); /* descriptors and ring entries before the index: 2.7.13.3 */
    vq->avail->idx = vq->next;
}

/* Used elements to take; more than the device was given breaks the queue. */
static inline uint16_t vnet_vq_used(struct vnet_vq *vq)
{
    uint16_t n = (uint16_t)(vq->used->idx - vq->seen); /* once: it may change under us */
    if (vq->broken || n > (uint16_t)(vq->next - vq->seen)) {
        __atomic_store_n(&vq->broken, true, __ATOMIC_RELAXED); /* poll looks */
        return 0;
    }
    sriov_dma_rmb();
    return n;
}

#endif
