/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside the driver of class net for a packet socket. It knows the socket, not the shim that opened it. */
#ifndef SND_NET_H
#define SND_NET_H

#include <sriov/driver.h>
#include <sriov/netdev.h>

#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define SND_HEAD           14u /* Ethernet, with the addresses first */
#define SND_TAG            4u
#define SND_MTU_MAX        9216u
#define SND_MC_MAX         128u
#define SND_VIDS           4096u
#define SND_BATCH          32u /* frames in one system call */
#define SND_SEGS_MAX       16u
#define SND_VECTORS_WANTED 2u

/* In front of every frame of a socket with PACKET_VNET_HDR. */
#define SND_VNET sizeof(struct virtio_net_hdr)

enum snd_counter {
    SND_RX_DROPPED, /* by the kernel: the ring was full */
    SND_RX_FILTERED,
    SND_RX_OUTGOING,
    SND_RX_TOO_LONG,
    SND_RX_CSUM_FILLED,
    SND_TX_ERRORS,
    SND_COUNTERS,
};

struct snd_filter {
    uint32_t mode; /* enum sriov_rx_mode */
    uint32_t num_mc;
    struct sriov_mac mc[SND_MC_MAX];
    uint8_t vids[SND_VIDS / 8]; /* a bit each */
};

struct snd_rxq {
    struct sriov_rxq q;
    struct snd_net *dev;
    uint8_t *ring; /* NULL: none */
    uint64_t bytes;
    uint32_t frames; /* a power of two, as is what follows */
    uint32_t frame_size;
    uint32_t head; /* runs free */
};

/* What one sendmmsg takes: per frame the header, the addresses and the tag, and the segments. */
struct snd_txq {
    struct sriov_txq q;
    struct snd_net *dev;
    struct virtio_net_hdr vnet; /* all zero: nothing is left to the hardware */
    uint32_t num_msgs;
    struct mmsghdr msgs[SND_BATCH];
    struct iovec iov[SND_BATCH][SND_SEGS_MAX + 3];
    uint8_t tags[SND_BATCH][SND_TAG];
};

struct snd_net {
    struct sriov_net *net;
    int fd;
    int ifindex;
    char name[IF_NAMESIZE];
    bool was_up;
    bool bound;   /* the kernel has the socket among those that receive */
    bool held_rx; /* ... but a filter takes nothing in */
    bool has_irqs;
    bool promisc; /* memberships that we hold */
    bool allmulti;
    uint64_t looked; /* at the interface, on the shim's clock */
    uint32_t unsure; /* frames given since the kernel held none last */
    uint32_t in_doubt;
    struct snd_filter filter;
    uint64_t counters[SND_COUNTERS];
    struct snd_rxq rxq;
    struct snd_txq txq;
};

static inline struct snd_net *snd_net_of(const struct sriov_net *net)
{
    return net->priv;
}

/* iface.c: the interface behind the socket. -ENODEV: it is gone. */
int snd_iface_flags(struct snd_net *dev, bool *up, bool *running);
int snd_iface_set_up(struct snd_net *dev, bool up);
int snd_iface_mac(struct snd_net *dev, struct sriov_mac *mac);
int snd_iface_set_mac(struct snd_net *dev, const struct sriov_mac *mac);
int snd_iface_mtu(struct snd_net *dev, uint32_t *mtu);
int snd_iface_set_mtu(struct snd_net *dev, uint16_t mtu);
uint32_t snd_iface_mbps(struct snd_net *dev);
/* PACKET_MR_*; address NULL: none. */
int snd_iface_member(struct snd_net *dev, int type, const struct sriov_mac *mac, bool on);
/* From here to errno's meaning in types.h. */
int snd_errno(int err);

/* ring.c */
int snd_ring_make(struct snd_net *dev, uint32_t frames, uint16_t mtu);
void snd_ring_drop(struct snd_net *dev);
/* Gives all that is in it back to the kernel, unread. */
void snd_ring_empty(struct snd_rxq *rxq);
/* The socket takes frames from the interface, or none from now on. */
int snd_hold_rx(struct snd_net *dev, bool hold);
int snd_bind(struct snd_net *dev);
void snd_kernel_drops(struct snd_net *dev);

/* rx.c */
bool snd_rx_waiting(const struct snd_rxq *rxq);
uint16_t snd_rx_burst(struct sriov_rxq *q, struct sriov_buf **bufs, uint16_t n);

/* filter.c: true when it is for us */
bool snd_wanted(const struct snd_net *dev, const uint8_t *frame, bool tagged, uint16_t tci);
bool snd_vid_on(const struct snd_filter *filter, uint16_t vid);

/* tx.c */
uint16_t snd_tx_burst(struct sriov_txq *q, struct sriov_buf **bufs, uint16_t n);
/* Bytes that the kernel was given and the interface has not done with. */
uint32_t snd_tx_left(const struct snd_net *dev);

/* settings.c */
int snd_set_mac(struct sriov_net *net, const struct sriov_mac *mac);
int snd_set_multicast(struct sriov_net *net, const struct sriov_mac *list, uint16_t n);
int snd_set_vlan(struct sriov_net *net, uint16_t vid, bool on);
int snd_set_mtu(struct sriov_net *net, uint16_t mtu);
int snd_set_rx_mode(struct sriov_net *net, enum sriov_rx_mode mode);
int snd_memberships(struct snd_net *dev, uint32_t mode);
uint32_t snd_stats(struct sriov_net *net, struct sriov_stat *out, uint32_t room);

/* move.c: held still, saved, loaded */
int snd_quiesce_tx(struct sriov_net *net, uint64_t timeout_ns);
int snd_quiesce(struct sriov_net *net);
int snd_resume(struct sriov_net *net);
uint16_t snd_tx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n,
                     uint32_t *in_doubt);
uint16_t snd_rx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n);
int64_t snd_save(struct sriov_net *net, void *bytes, uint64_t room);
int snd_load(struct sriov_net *net, const void *bytes, uint64_t len);

#endif
