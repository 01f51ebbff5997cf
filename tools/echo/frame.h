/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet frames that the echo engine speaks: ARP (RFC 826), IPv4 (RFC 791) with ICMP echo
 * (RFC 792) and UDP (RFC 768). Addresses and ports in host order. No fragments, no IP options sent.
 */
#ifndef ECHO_FRAME_H
#define ECHO_FRAME_H

#include <sriov/net.h>

#define FRAME_ETH_HEADER  14u
#define FRAME_IP_HEADER   20u
#define FRAME_ECHO_HEADER 8u /* ICMP echo and UDP alike */
#define FRAME_OVERHEAD    (FRAME_ETH_HEADER + FRAME_IP_HEADER + FRAME_ECHO_HEADER)
#define FRAME_MIN         60u   /* without FCS; shorter ones are padded with zeros */
#define FRAME_MAX         9728u /* without FCS; the longest that a device of ours passes */
#define FRAME_PAYLOAD_MAX (FRAME_MAX - FRAME_OVERHEAD)

enum frame_kind {
    FRAME_OTHER = 0, /* not ours to read, or malformed */
    FRAME_ARP_REQUEST,
    FRAME_ARP_REPLY,
    FRAME_PING,
    FRAME_PONG,
    FRAME_UDP,
};

struct frame {
    enum frame_kind kind;
    struct sriov_mac src;
    struct sriov_mac dst;
    struct sriov_mac arp_mac; /* sender's hardware address as the ARP body says */
    uint32_t src_ip;
    uint32_t dst_ip;
    uint16_t ident; /* of an echo; UDP: source port */
    uint16_t seq;   /* of an echo; UDP: destination port */
    bool damaged;   /* a checksum is wrong, or a length inside contradicts another */
    const uint8_t *payload;
    uint32_t payload_len;
};

extern const struct sriov_mac frame_broadcast;

/* Reads a frame that anybody may have sent. payload points into bytes. */
void frame_parse(const uint8_t *bytes, uint32_t len, struct frame *frame);

/*
 * Writes a frame of the kind into out (FRAME_MAX bytes) and returns its length; 0 when
 * payload_len is beyond FRAME_PAYLOAD_MAX. payload may be NULL: then fill the bytes at
 * out + FRAME_OVERHEAD before and pass their number.
 */
uint32_t frame_build(uint8_t *out, const struct frame *frame);

#endif
