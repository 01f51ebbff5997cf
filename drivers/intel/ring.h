/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ring engine of the 82599 and 82576: advanced descriptors, which both devices share but for
 * the places of the receive error bits (82599 datasheet 7.1.6 and 7.2.3, 82576 datasheet 7.1.5
 * and 7.2.2). One engine, the differences are data.
 *
 * Indices run free and are masked on use. The bursts take no lock, allocate nothing and call
 * nothing per packet; what the device wrote is read once and bounded before use.
 */
#ifndef SRI_RING_H
#define SRI_RING_H

#include <sriov/net.h>

#define SRI_RX_POST  32u /* descriptors given back per tail write, at least */
#define SRI_TX_RS    32u /* a report is asked for every so many packets and at the end of a burst */
#define SRI_TX_CLEAN 32u /* descriptors in flight that make a burst look for completions */
#define SRI_TX_SEGS  38u /* per frame: 40 descriptors with a context, 82599 datasheet 7.2.1.1 */

#define SRI_TX_LEN_MIN 17u /* shortest frame that the device may be given, 82599 datasheet 7.2.1.1 */
#define SRI_ETH_HEADER 14u
#define SRI_ETH_VLAN   4u
#define SRI_ETH_FCS    4u

/* Read format and write-back format alike: two little-endian quadwords. */
struct sri_desc {
    uint64_t lo;
    uint64_t hi;
};

/* Receive write-back, quadword 1: status, 19:0, errors, 31:20, length 47:32, VLAN 63:48 */
#define SRI_RX_DD     UINT64_C(0x00000001)
#define SRI_RX_EOP    UINT64_C(0x00000002)
#define SRI_RX_VP     UINT64_C(0x00000008)
#define SRI_RX_L4CS   UINT64_C(0x00000020)
#define SRI_RX_IPCS   UINT64_C(0x00000040)
#define SRI_RX_LB     UINT64_C(0x00040000)
#define SRI_RX_ERRORS UINT64_C(0xfff00000)

/* Where the two devices differ on receive. */
struct sri_rx_format {
    uint64_t l4e; /* L4 checksum wrong */
    uint64_t ipe; /* IPv4 checksum wrong */
};

/* Flags of a good frame: by status bits 6:3 and by RSS type; the OR of both. */
struct sri_rx_flags {
    uint16_t status[16];
    uint16_t rss[16];
};

struct sri_doorbell {
    volatile uint32_t *reg; /* NULL: trapped, through bar and off */
    const struct sriov_bar *bar;
    uint32_t off;
};

struct sri_rxq {
    struct sriov_rxq base;
    volatile struct sri_desc *ring;
    struct sriov_buf **sw; /* the buffer behind each descriptor */
    uint64_t care;         /* bits of quadword 1 that say whether the frame is a simple one */
    uint64_t expect;       /* what they are then; 0 (never) while a frame is being put together */
    uint64_t seal;         /* num_segs 1, room and queue as they stand in a buffer */
    uint32_t mask;
    uint32_t next;   /* descriptor to look at */
    uint32_t posted; /* `next` when the tail was written last */
    uint32_t room;   /* bytes the device was told that a buffer has */
    uint32_t align;  /* size of a buffer less one */
    uint32_t post;   /* descriptors per tail write */
    uint32_t max_frame;
    const struct sri_rx_flags *flags;
    const struct sri_rx_format *format;
    struct sri_doorbell tail;
    struct sriov_buf *head; /* a frame of several descriptors, so far */
    struct sriov_buf *last;
    uint32_t chain_len;
    bool skip;                      /* rest of a dropped frame: until EOP */
    struct sriov_pool_cache *stock; /* fresh buffers */
    struct sriov_pool_cache own_stock;
    struct sriov_dma dma;
    size_t alloc_size;
    /* Frames taken out of a halted ring, for bursts to give before the ring's: linked by `user`, which
     * is nobody's yet. */
    struct sriov_buf *backlog;
    struct sriov_buf *backlog_last;
    bool halted; /* since then; until the next prime */
};

struct sri_txq {
    struct sriov_txq base;
    volatile struct sri_desc *ring;
    struct sriov_buf **sw; /* the segment behind each descriptor; NULL behind a context */
    uint32_t mask;
    uint32_t next;  /* descriptor to fill */
    uint32_t clean; /* first one in flight */
    uint32_t odd;   /* just past the last slot whose buffer cannot go to the stock as it lies */
    uint32_t told;  /* `next` when the tail was written last */
    uint32_t max_frame;
    uint32_t align;   /* a buffer that begins where it did when fresh has these IOVA bits clear */
    uint32_t vlan;    /* tag in context 1, above 0xffff: none yet */
    uint32_t *rs;     /* ends of the runs that asked for a report */
    uint32_t rs_head; /* free-running */
    uint32_t rs_tail;
    struct sri_doorbell tail;
    struct sriov_pool_cache *stock; /* where sent buffers go */
    struct sriov_pool_cache own_stock;
    struct sriov_dma dma;
    size_t alloc_size;
    /* Frames taken out of a halted ring that were not sent: never more than were in it. The last held_n of
     * the array. */
    struct sriov_buf **held;
    uint32_t held_n;
    uint32_t in_doubt; /* frames that may have been sent, not told yet */
};

uint16_t sri_rx_burst(struct sriov_rxq *base, struct sriov_buf **bufs, uint16_t n);
uint16_t sri_tx_burst(struct sriov_txq *base, struct sriov_buf **bufs, uint16_t n);

/* The frames that are not one good descriptor. Takes buf; a finished frame or NULL. */
struct sriov_buf *sri_rx_slow(struct sri_rxq *q, struct sriov_buf *buf, uint64_t lo, uint64_t hi);
/* A frame in several segments, with a tag, of another pool, or one to refuse. False: no room. */
bool sri_tx_odd(struct sri_txq *q, struct sriov_buf *buf);
/* Give back what the device has reported. */
void sri_tx_reclaim(struct sri_txq *q);
/* A report is due and has not come; *at names it. From the control thread too. */
bool sri_txq_waits(const struct sri_txq *q, uint32_t *at);

struct sri_ring_args {
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    const struct sriov_bar *bar;
    const char *owner; /* static */
    uint32_t desc;     /* a power of two */
    uint32_t tail;     /* register offset */
    uint16_t index;
    const struct sri_rx_format *format;
    /* Transmit, where both directions run on one thread: the receive queue's stock, so that what was
     * sent is received into next while it is still in the cache. Else NULL. */
    struct sriov_pool_cache *share;
};

/* Allocate and free; errors as sriov_dma_alloc. Free gives every buffer back. */
int sri_rxq_create(const struct sri_ring_args *args, struct sri_rxq **out);
int sri_txq_create(const struct sri_ring_args *args, struct sri_txq **out);
void sri_rxq_destroy(struct sriov_fn *fn, struct sri_rxq *q);
void sri_txq_destroy(struct sriov_fn *fn, struct sri_txq *q);

/* Back to the state after a reset: indices 0, every receive descriptor with a buffer. The queue is
 * halted. -ENOMEM: the pool has too few buffers, -EINVAL: they are below 1 KiB. */
int sri_rxq_prime(struct sri_rxq *q, uint16_t mtu);
void sri_txq_prime(struct sri_txq *q, uint16_t mtu, uint32_t align);
/* The queue is halted: everything in flight is dropped, its buffers are free again. keep: receive
 * descriptors keep theirs for the next prime. */
void sri_rxq_reclaim(struct sri_rxq *q, bool keep);
void sri_txq_reclaim_all(struct sri_txq *q);

/* ---- ring_hold.c: a halted ring loses nothing ---- */

#define SRI_HEAD_UNKNOWN UINT32_MAX

/* What was received moves to the backlog; its descriptors are left without buffers. */
void sri_rxq_gather(struct sri_rxq *q);
/* What was not sent moves to the held frames. head: what TDH read once the queue was off; unknown, or one
 * that cannot be: all that no write-back confirmed is in doubt. Sent and doubtful frames are given back. */
void sri_txq_gather(struct sri_txq *q, uint32_t head);
/* Out of the backlog and of the held frames, at most n. */
uint16_t sri_rxq_take(struct sri_rxq *q, struct sriov_buf **bufs, uint16_t n);
uint16_t sri_txq_take(struct sri_txq *q, struct sriov_buf **bufs, uint16_t n);
/* The queue runs (again), parked: the backlog comes first, held frames are sent. */
void sri_rxq_refill(struct sri_rxq *q);
void sri_txq_refill(struct sri_txq *q);
void sri_rxq_drop_backlog(struct sri_rxq *q);
void sri_txq_drop_held(struct sri_txq *q);

/* Give back what is in flight up to the free-running index `until`. */
void sri_tx_release(struct sri_txq *q, uint32_t until);

/* A halted queue that the device does not serve now: until the next prime its bursts move nothing. */
void sri_rxq_shut(struct sri_rxq *q);
void sri_txq_shut(struct sri_txq *q);

static inline bool sri_rxq_waits(const struct sri_rxq *q)
{
    return (q->ring[q->next & q->mask].hi & SRI_RX_DD) != 0;
}

static inline void sri_ring_bell(const struct sri_doorbell *bell, uint32_t value)
{
    sriov_dma_wmb(); /* descriptors before the tail that hands them over */
    if (bell->reg != NULL) {
        *bell->reg = value;
    } else {
        sriov_bar_write32(bell->bar, bell->off, value);
    }
}

#endif
