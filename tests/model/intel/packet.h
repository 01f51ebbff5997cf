/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets as they must look on a wire, and as a driver hands them over that leaves work to the device. */
#ifndef TEST_INTEL_PACKET_H
#define TEST_INTEL_PACKET_H

#include "rig.h"

enum packet_l4 {
    PACKET_TCP,
    PACKET_UDP,
    PACKET_SCTP,
};

struct packet {
    uint16_t from, to; /* functions; to = 0: somebody on the wire */
    bool ipv6;
    enum packet_l4 l4;
    uint32_t ip_options, tcp_options; /* bytes */
    uint16_t id;
    uint32_t seq;
    uint16_t flags; /* of TCP */
    bool tagged;
    uint16_t tag;
    const uint8_t *payload;
    uint32_t payload_len;
};

#define TCP_FIN 0x001u
#define TCP_PSH 0x008u
#define TCP_ACK 0x010u
#define TCP_CWR 0x080u

/* All right and complete. Returns its length. */
uint32_t packet_make(uint8_t *out, const struct packet *p);
/* For TXSM and IXSM: the pseudo header's sum in the L4 field, 0 in the IP header's; SCTP: 0. */
uint32_t packet_without_sums(uint8_t *out, const struct packet *p);
/* For TSE: besides, no lengths, and none in the pseudo header's sum. */
uint32_t packet_prototype(uint8_t *out, const struct packet *p);
uint32_t packet_maclen(const struct packet *p);
uint32_t packet_iplen(const struct packet *p);
uint32_t packet_l4len(const struct packet *p);
uint32_t packet_headers(const struct packet *p);
/* The context for it. */
void packet_context(uint32_t dw[4], const struct packet *p, uint32_t mss, uint16_t vlan);

/* The checksum over parts, by arithmetic modulo 65535 on the bytes one by one. */
uint32_t packet_residue(const uint8_t *bytes, uint32_t len);
uint32_t packet_sum_of(uint32_t residue);

#define PAYLEN(len) ((uint32_t)(len) << 14)
#define NO_EOP      (DCMD_ALL & ~0x09000000u)

#endif
