/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers of a received frame, its checksums and the RSS hash. Every length in it is untrusted. */
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#include "offload.h"

#define ETHERTYPE_VLAN 0x8100u
#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_IPV6 0x86ddu
#define PROTO_TCP      6u
#define PROTO_UDP      17u
#define PROTO_SCTP     132u

static uint32_t pseudo_sum(const uint8_t *ip, bool v4, uint32_t proto, size_t l4_len)
{
    uint32_t sum = v4 ? mock_sum16(ip + 12, 8, 0) : mock_sum16(ip + 8, 32, 0);

    return sum + proto + (uint32_t)l4_len;
}

static void parse_l4(uint32_t proto, size_t l4_len, struct mock_packet *p)
{
    p->l4_len = (uint32_t)l4_len;
    p->tcp = proto == PROTO_TCP && l4_len >= 20u;
    p->udp = proto == PROTO_UDP && l4_len >= 8u;
    p->sctp = proto == PROTO_SCTP && l4_len >= 12u;
    if (p->tcp)
        p->pkttype |= IXGBE_RXD_PKTTYPE_TCP;
    if (p->udp)
        p->pkttype |= IXGBE_RXD_PKTTYPE_UDP;
    if (p->sctp)
        p->pkttype |= IXGBE_RXD_PKTTYPE_SCTP;
}

static void parse_ipv4(const uint8_t *bytes, size_t len, struct mock_packet *p)
{
    const uint8_t *ip = bytes + p->l3_at;
    size_t room = len - p->l3_at, header, total;

    if (room < 20u || ip[0] >> 4 != 4u)
        return;
    header = (size_t)(ip[0] & 15u) * 4u;
    total = mock_be16(ip + 2);
    if (header < 20u || header > room || total < header || total > room)
        return;
    p->ipv4 = true;
    p->pkttype |= header > 20u ? IXGBE_RXD_PKTTYPE_IPV4_EX : IXGBE_RXD_PKTTYPE_IPV4;
    p->fragment = (mock_be16(ip + 6) & 0x3fffu) != 0;
    p->l4_at = p->l3_at + (uint32_t)header;
    if (!p->fragment)
        parse_l4(ip[9], total - header, p);
}

static void parse_ipv6(const uint8_t *bytes, size_t len, struct mock_packet *p)
{
    const uint8_t *ip = bytes + p->l3_at;
    size_t room = len - p->l3_at, payload;

    if (room < 40u || ip[0] >> 4 != 6u)
        return;
    payload = mock_be16(ip + 4);
    if (payload > room - 40u)
        return;
    p->ipv6 = true;
    p->l4_at = p->l3_at + 40u;
    if (ip[6] != PROTO_TCP && ip[6] != PROTO_UDP && ip[6] != PROTO_SCTP && ip[6] != 58u) {
        p->pkttype |= IXGBE_RXD_PKTTYPE_IPV6_EX;
        return;
    }
    p->pkttype |= IXGBE_RXD_PKTTYPE_IPV6;
    parse_l4(ip[6], payload, p);
}

void mock_packet_parse(const uint8_t *bytes, size_t len, struct mock_packet *out)
{
    uint32_t type, at = 14;

    memset(out, 0, sizeof(*out));
    if (len < at)
        return;
    type = mock_be16(bytes + 12);
    if (type == ETHERTYPE_VLAN && len >= 18u) {
        out->tagged = true;
        out->vid = (uint16_t)(mock_be16(bytes + 14) & 0xfffu);
        type = mock_be16(bytes + 16);
        at = 18;
    }
    out->l3_at = at;
    if (type == ETHERTYPE_IPV4)
        parse_ipv4(bytes, len, out);
    if (type == ETHERTYPE_IPV6)
        parse_ipv6(bytes, len, out);
}

static bool l4_ok(const uint8_t *bytes, const struct mock_packet *p)
{
    const uint8_t *l4 = bytes + p->l4_at;
    uint32_t proto = p->tcp ? PROTO_TCP : PROTO_UDP, crc;

    if (!p->sctp)
        return mock_sum16(l4, p->l4_len, pseudo_sum(bytes + p->l3_at, p->ipv4, proto, p->l4_len)) == 0xffffu;
    crc = (uint32_t)l4[8] | (uint32_t)l4[9] << 8 | (uint32_t)l4[10] << 16 | (uint32_t)l4[11] << 24;
    return crc == mock_sctp_crc(l4, p->l4_len);
}

/* UDP over IPv4 may be sent without a checksum: then there is nothing to look at. */
void mock_packet_verify(const uint8_t *bytes, const struct mock_packet *p, struct mock_sums *out)
{
    const uint8_t *ip = bytes + p->l3_at;
    bool none = p->udp && p->ipv4 && mock_be16(bytes + p->l4_at + 6u) == 0;

    out->ip_ok = p->ipv4 && mock_sum16(ip, p->l4_at - p->l3_at, 0) == 0xffffu;
    out->l4_checked = (p->tcp || p->udp || p->sctp) && !none;
    out->l4_ok = out->l4_checked && l4_ok(bytes, p);
}

/* 82599 datasheet, section 7.1.2.8.1: the key slides by a bit for each bit of input. */
uint32_t mock_toeplitz(const uint8_t *key, const uint8_t *input, size_t len)
{
    uint32_t hash = 0;
    uint32_t window = mock_be16(key) << 16 | mock_be16(key + 2);

    for (size_t i = 0; i < len; i++)
        for (uint32_t b = 0; b < 8u; b++) {
            if (input[i] >> (7u - b) & 1u)
                hash ^= window;
            window = window << 1 | (uint32_t)(key[i + 4u] >> (7u - b) & 1u);
        }
    return hash;
}

uint32_t mock_packet_rss_input(const uint8_t *bytes, const struct mock_packet *pkt, bool with_ports,
                               uint8_t out[36])
{
    uint32_t n = pkt->ipv4 ? 8u : 32u;

    memcpy(out, bytes + pkt->l3_at + (pkt->ipv4 ? 12u : 8u), n);
    if (!with_ports)
        return n;
    memcpy(out + n, bytes + pkt->l4_at, 4);
    return n + 4u;
}
