/* SPDX-License-Identifier: BSD-3-Clause */
/* From the ring into buffers of the pool. What the ring says of a frame is read once and bounded. */
#include "snd_net.h"

#include <string.h>

/* Where the sender's address lies: behind the header, which fills whole units of TPACKET_ALIGNMENT. */
#define FROM_AT  sizeof(struct tpacket2_hdr)
#define FRAME_AT (FROM_AT + sizeof(struct sockaddr_ll) + SND_VNET) /* or later */
_Static_assert(FROM_AT % TPACKET_ALIGNMENT == 0, "no gap behind the header");

/* Frames that were dropped in a row, after which a burst ends all the same. */
#define DROPS_MOST 256u

struct seen {
    uint8_t *frame;
    uint32_t status;
    uint32_t len;  /* that the frame has */
    uint32_t snap; /* of it that lie here */
    uint16_t tci;
    uint16_t tpid;
    uint8_t type; /* PACKET_* */
    struct virtio_net_hdr vnet;
};

static struct tpacket2_hdr *slot(const struct snd_rxq *rxq)
{
    return (void *)(rxq->ring + (size_t)(rxq->head & (rxq->frames - 1)) * rxq->frame_size);
}

static uint32_t status_of(const struct snd_rxq *rxq)
{
    return __atomic_load_n(&slot(rxq)->tp_status, __ATOMIC_ACQUIRE);
}

bool snd_rx_waiting(const struct snd_rxq *rxq)
{
    return rxq->ring != NULL && (status_of(rxq) & TP_STATUS_USER) != 0;
}

static void give_back(struct snd_rxq *rxq)
{
    __atomic_store_n(&slot(rxq)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    rxq->head++;
}

/* False: no frame can lie like that. */
static bool look(const struct snd_rxq *rxq, struct seen *seen)
{
    const volatile struct tpacket2_hdr *hdr = slot(rxq);
    const struct sockaddr_ll *from = (const void *)((const uint8_t *)slot(rxq) + FROM_AT);
    uint32_t at = hdr->tp_mac;
    seen->status = status_of(rxq);
    seen->len = hdr->tp_len;
    seen->snap = hdr->tp_snaplen;
    seen->tci = hdr->tp_vlan_tci;
    seen->tpid = hdr->tp_vlan_tpid;
    seen->type = from->sll_pkttype;
    if (at < FRAME_AT || at > rxq->frame_size || seen->snap > rxq->frame_size - at || seen->snap < SND_HEAD) {
        return false;
    }
    seen->frame = (uint8_t *)slot(rxq) + at;
    memcpy(&seen->vnet, seen->frame - SND_VNET, SND_VNET);
    return true;
}

/* RFC 1071, over what the sender has put into the field already: the pseudo header. */
static uint16_t checksum(const uint8_t *bytes, uint32_t len)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i + 1 < len; i += 2) {
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    }
    if (len % 2 != 0) {
        sum += (uint32_t)bytes[len - 1] << 8;
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

/* What the sender left to its hardware, which there is none of between two machines of one host. */
static bool fill_checksum(struct snd_net *dev, const struct seen *seen)
{
    uint32_t start = seen->vnet.csum_start;
    uint32_t field = (uint32_t)seen->vnet.csum_start + seen->vnet.csum_offset;
    if ((seen->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) == 0) {
        return true;
    }
    if (start > seen->snap || field > seen->snap || seen->snap - field < 2) {
        return false;
    }
    uint16_t sum = checksum(seen->frame + start, seen->snap - start);
    /* Of UDP zero means that there is none (RFC 768); the other form of it is the same to TCP. */
    sum = sum == 0 ? 0xffff : sum;
    seen->frame[field] = (uint8_t)(sum >> 8);
    seen->frame[field + 1] = (uint8_t)sum;
    dev->counters[SND_RX_CSUM_FILLED]++;
    return true;
}

static bool tagged(const struct seen *seen)
{
    return (seen->status & TP_STATUS_VLAN_VALID) != 0;
}

/* Counted where it is dropped. */
static bool take(struct snd_rxq *rxq, const struct seen *seen)
{
    struct snd_net *dev = rxq->dev;
    bool foreign = (seen->status & TP_STATUS_VLAN_TPID_VALID) != 0 && seen->tpid != 0x8100;
    if (seen->type == PACKET_OUTGOING) {
        dev->counters[SND_RX_OUTGOING]++;
        return false;
    }
    if (seen->vnet.gso_type != VIRTIO_NET_HDR_GSO_NONE || seen->snap != seen->len ||
        seen->len - SND_HEAD > (uint32_t)dev->net->config.mtu + SND_TAG) {
        dev->counters[SND_RX_TOO_LONG]++;
        return false;
    }
    if ((tagged(seen) && foreign) || !snd_wanted(dev, seen->frame, tagged(seen), seen->tci)) {
        dev->counters[SND_RX_FILTERED]++;
        return false;
    }
    if (!fill_checksum(dev, seen)) {
        rxq->q.bad++;
        return false;
    }
    return true;
}

static uint16_t flags_of(const struct seen *seen)
{
    uint32_t flags = tagged(seen) ? SRIOV_RX_VLAN : 0;
    if ((seen->vnet.flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID)) != 0) {
        flags |= SRIOV_RX_L4_CSUM_OK;
    }
    return (uint16_t)flags;
}

/* 1: *buf is a frame; 0: it was dropped; -1: no buffer, it stays. */
static int next_frame(struct snd_rxq *rxq, struct sriov_buf **buf)
{
    struct seen seen;
    if (!look(rxq, &seen)) {
        rxq->q.bad++;
        return 0;
    }
    if (!take(rxq, &seen)) {
        return 0;
    }
    *buf = sriov_buf_from(rxq->dev->net->config.pool, seen.frame, seen.snap);
    if (*buf == NULL) {
        rxq->q.no_bufs++;
        return -1;
    }
    (*buf)->flags = flags_of(&seen);
    (*buf)->vlan_tci = tagged(&seen) ? seen.tci : 0;
    rxq->q.bytes += seen.snap;
    rxq->q.packets++;
    return 1;
}

uint16_t snd_rx_burst(struct sriov_rxq *q, struct sriov_buf **bufs, uint16_t n)
{
    struct snd_rxq *rxq = (struct snd_rxq *)q;
    uint32_t drops = 0;
    uint16_t done = 0;
    while (done < n && drops < DROPS_MOST && snd_rx_waiting(rxq)) {
        int got = next_frame(rxq, &bufs[done]);
        if (got < 0) {
            break;
        }
        give_back(rxq);
        done = (uint16_t)(done + got);
        drops += got == 0;
    }
    return done;
}
