/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Class net: a network device as an application sees it, whichever driver and VMM is below.
 *
 *     sriov_fn_open -> sriov_net_open -> sriov_net_configure -> sriov_net_start
 *         loop: sriov_rx_burst, sriov_tx_burst on queue threads; sriov_net_poll on the control thread
 *     sriov_net_stop -> sriov_net_close -> sriov_fn_close
 *
 * All calls belong to the control thread but for bursts: one thread per queue and direction.
 */
#ifndef SRIOV_NET_H
#define SRIOV_NET_H

#include <sriov/pkt.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_driver;
struct sriov_net;

#define SRIOV_ETH_ALEN       6
#define SRIOV_NET_QUEUES_MAX 8

struct sriov_mac {
    uint8_t b[SRIOV_ETH_ALEN];
};

/*
 * The part of a queue that all drivers share: the head of the driver's own struct and its first
 * cache line. The driver sets `active`; `burst` is the core's: the active one, a guard around it, or
 * one that moves nothing while a device is down, recovering or gone.
 */
struct sriov_rxq {
    uint16_t (*burst)(struct sriov_rxq *q, struct sriov_buf **bufs, uint16_t n);
    uint16_t (*active)(struct sriov_rxq *q, struct sriov_buf **bufs, uint16_t n); /* the driver's */
    uint64_t packets;
    uint64_t bytes;
    uint64_t no_bufs; /* times the pool was empty */
    uint64_t bad;     /* frames dropped for a device error or a hostile write-back */
    uint32_t busy;    /* threaded only: a burst is under way */
    uint16_t index;
    uint16_t parked; /* core's: see sriov_net_park */
};

struct sriov_txq {
    uint16_t (*burst)(struct sriov_txq *q, struct sriov_buf **bufs, uint16_t n);
    uint16_t (*active)(struct sriov_txq *q, struct sriov_buf **bufs, uint16_t n);
    uint64_t packets;
    uint64_t bytes;
    uint64_t full;    /* packets turned away for want of descriptors */
    uint64_t refused; /* packets dropped: too long, too many segments */
    uint32_t busy;
    uint16_t index;
    uint16_t parked;
};

/*
 * Up to n received frames into bufs; they are the caller's from then on. Never waits. Queue thread.
 */
static inline uint16_t sriov_rx_burst(struct sriov_rxq *q, struct sriov_buf **bufs, uint16_t n)
{
    return q->burst(q, bufs, n);
}

/*
 * Queue up to n frames; returns how many were taken (from the front). Those belong to the driver
 * and go back to their pool when the device is done; the rest stay the caller's. A frame that can
 * never be sent (longer than the MTU allows, more segments than the ring takes) is taken, freed and
 * counted as refused. Buffers are of pools of the same function: the memory of another one's is not
 * mapped for this device, or is something else there. Never waits. Queue thread.
 */
static inline uint16_t sriov_tx_burst(struct sriov_txq *q, struct sriov_buf **bufs, uint16_t n)
{
    return q->burst(q, bufs, n);
}

struct sriov_net_config {
    uint32_t size;
    uint32_t flags;   /* SRIOV_NET_* */
    uint16_t queues;  /* queue pairs wanted; 0: 1. Granted: sriov_net_info.queues */
    uint16_t rx_desc; /* per ring, a power of two from 64 to 4096; 0: 512 */
    uint16_t tx_desc;
    uint16_t mtu;            /* bytes of payload, without Ethernet header and FCS; 0: 1500 */
    struct sriov_pool *pool; /* of the same function; receive buffers come from it; outlives the device */
};
/* Bursts run on other threads than the control thread. */
#define SRIOV_NET_THREADED 1u
/* Receive interrupts are wanted (sriov_net_rx_wait, sriov_net_rx_fd); else queues are polled. */
#define SRIOV_NET_INTERRUPTS 2u

struct sriov_link {
    bool up;
    uint32_t mbps; /* 0 when down or unknown */
};

struct sriov_net_info {
    uint32_t size;
    uint32_t mailbox_api; /* as 0xMMmm: 0x0105 is 1.5; 0 where the device has no such thing */
    struct sriov_mac mac;
    uint16_t mtu;
    uint16_t max_mtu;
    uint16_t queues; /* pairs in use */
    uint16_t max_queues;
    uint16_t vectors; /* interrupt vectors in use; 0: polling */
    struct sriov_link link;
    uint32_t recoveries; /* since open */
    uint32_t reserved0;
};

/* What sriov_net_poll saw; bits. */
#define SRIOV_NET_EV_LINK       1u  /* link state changed */
#define SRIOV_NET_EV_RECOVERING 2u  /* PF reset, FLR or watchdog: traffic halts */
#define SRIOV_NET_EV_RECOVERED  4u  /* traffic goes on, same queues, same settings */
#define SRIOV_NET_EV_GONE       8u  /* the function is gone; close it. From then on each time */
#define SRIOV_NET_EV_REMOVE     16u /* its owner wants it back; stop and close soon */
#define SRIOV_NET_EV_MAC        32u /* the PF gave another MAC */

/*
 * Attach a driver to an open function: reset, mailbox, MAC. `drivers` is a NULL-ended list; the
 * first whose id table has the function's vendor and device is taken. -ENOENT: none has.
 * A PF that is down is no error: -EAGAIN is not returned, the link is down until it answers;
 * but a function that is not what it says is -EPROTO.
 */
SRIOV_API int sriov_net_open(struct sriov_fn *fn, const struct sriov_driver *const *drivers,
                             struct sriov_net **out);
/* Stops if started. Frees every ring; buffers go back to the pool. NULL is nothing. */
SRIOV_API void sriov_net_close(struct sriov_net *net);

/* While stopped. Rings are allocated here. */
SRIOV_API int sriov_net_configure(struct sriov_net *net, const struct sriov_net_config *config);
SRIOV_API int sriov_net_start(struct sriov_net *net);
SRIOV_API int sriov_net_stop(struct sriov_net *net);

SRIOV_API int sriov_net_get_info(struct sriov_net *net, struct sriov_net_info *info);
SRIOV_API struct sriov_fn *sriov_net_fn(struct sriov_net *net);
SRIOV_API const char *sriov_net_driver_name(const struct sriov_net *net);
/* NULL when i is not below the number of queues. The pointer stays valid until the next
 * sriov_net_configure or close, recoveries included. */
SRIOV_API struct sriov_rxq *sriov_net_rxq(struct sriov_net *net, uint16_t i);
SRIOV_API struct sriov_txq *sriov_net_txq(struct sriov_net *net, uint16_t i);

/*
 * House-keeping: link, mailbox, PF reset, watchdog, recovery. Call it often (each millisecond is
 * plenty) and after every wake-up; returns SRIOV_NET_EV_* bits. Bounded: waits for a PF that answers
 * slowly for a second or little more, for one that is silent not at all.
 */
SRIOV_API uint32_t sriov_net_poll(struct sriov_net *net);

/*
 * Interrupt mode. Arm every receive queue, wait until one has frames, the mailbox speaks or the
 * timeout ends. 0: look at the queues and call sriov_net_poll; -ETIMEDOUT; -EAGAIN when
 * interrupts are not configured. A device that recovers needs polls: -ETIMEDOUT then comes within
 * a millisecond. Control thread, with bursts on the same thread.
 */
SRIOV_API int sriov_net_rx_wait(struct sriov_net *net, uint64_t timeout_ns);
/* For an event loop of your own: vector `v` (below sriov_net_info.vectors) fires this eventfd
 * instead; after each event empty the queue, then call sriov_net_rx_arm. It stays over recoveries;
 * sriov_net_configure takes it away. */
SRIOV_API int sriov_net_set_eventfd(struct sriov_net *net, uint32_t vector, int fd);
/* Let the queue interrupt once more. 1: frames are there already, look at once: no interrupt comes
 * for them. 0: armed. -EAGAIN: recovering, or interrupts are not configured. */
SRIOV_API int sriov_net_rx_arm(struct sriov_net *net, uint16_t queue);

/* Each asks the PF; -EACCES when its policy refuses, -EOPNOTSUPP when its mailbox API is too old,
 * -EAGAIN while recovering. Settings survive recoveries. */
SRIOV_API int sriov_net_set_mac(struct sriov_net *net, const struct sriov_mac *mac);
SRIOV_API int sriov_net_set_multicast(struct sriov_net *net, const struct sriov_mac *list, uint16_t n);
SRIOV_API int sriov_net_set_vlan(struct sriov_net *net, uint16_t vid, bool on);
SRIOV_API int sriov_net_set_mtu(struct sriov_net *net, uint16_t mtu); /* while stopped */

enum sriov_rx_mode {
    SRIOV_RX_NONE = 0, /* own MAC and broadcast only */
    SRIOV_RX_MULTI = 1,
    SRIOV_RX_ALLMULTI = 2,
    SRIOV_RX_PROMISC = 3,
};
SRIOV_API int sriov_net_set_rx_mode(struct sriov_net *net, enum sriov_rx_mode mode);

struct sriov_stat {
    char name[32];
    uint64_t value;
};
/* Fills up to room entries; returns how many there are. Hardware counters are widened to 64 bits
 * and survive recoveries, but for what a reset finds that the driver has not read yet. */
SRIOV_API uint32_t sriov_net_stats(struct sriov_net *net, struct sriov_stat *out, uint32_t room);

/*
 * Hold a started device still, in two halves; control thread, and no queue thread in a burst that
 * never ends.
 *
 * quiesce_tx: transmit queues take nothing any more (their bursts move nothing), what the device was
 * given it sends, for timeout_ns at most, then it takes no frame from the rings. It goes on receiving.
 * quiesce: the same, unless it was done, then the device takes nothing from the network either. Nothing
 * is lost of what it had received: receive bursts give it until the queues are empty. State: quiesced.
 * 0, also when frames are left that were not sent in time (sriov_net_tx_take has them); twice is once.
 *
 * resume: on from where it stood, after either: frames received before come first, frames not sent are
 * sent. sriov_net_stop is possible too; it drops both. A PF that went away meanwhile: 0, and poll
 * brings the device back. -ENOMEM: the pool has too few buffers to receive into; take what was received,
 * free some, and call again.
 *
 * All: -EAGAIN recovering, -ENODEV, -EOPNOTSUPP, -EINVAL not started (resume: not held). On an error the
 * device is as it was, recovering, or gone.
 */
SRIOV_API int sriov_net_quiesce_tx(struct sriov_net *net, uint64_t timeout_ns);
SRIOV_API int sriov_net_quiesce(struct sriov_net *net, uint64_t timeout_ns);
SRIOV_API int sriov_net_resume(struct sriov_net *net);
/*
 * After either half, or recovering or gone: frames that were given to the device and that it has
 * certainly not sent, in the order of the bursts, at most n; the caller's from then on, as they were
 * given. Call until it returns 0. in_doubt (may be NULL) is raised by the frames that the device may have
 * sent or not, which go back to their pools; each is counted once.
 */
SRIOV_API uint16_t sriov_net_tx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs,
                                     uint16_t n, uint32_t *in_doubt);
/* Quiesced, recovering or gone, when bursts move nothing: frames that were received before and that no
 * burst gave, in order. What a recovering device had received and nobody took, bursts give later. */
SRIOV_API uint16_t sriov_net_rx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs,
                                     uint16_t n);

#ifdef __cplusplus
}
#endif
#endif
