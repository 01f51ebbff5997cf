/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers of a frame, its checksums and the RSS hash. Every length in it is untrusted. */
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#include "nic.h"

#define ETHERTYPE_VLAN 0x8100u
#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_IPV6 0x86ddu
#define PROTO_TCP      6u
#define PROTO_UDP      17u
#define PROTO_SCTP     132u

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static void put_be16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static uint32_t sum16(const uint8_t *p, size_t len, uint32_t sum)
{
    for (size_t i = 0; i + 1u < len; i += 2u)
        sum += be16(p + i);
    if (len % 2u)
        sum += (uint32_t)p[len - 1u] << 8;
    while (sum >> 16)
        sum = (sum & 0xffffu) + (sum >> 16);
    return sum;
}

static uint32_t pseudo_sum(const uint8_t *ip, bool v4, uint32_t proto, size_t l4_len)
{
    uint32_t sum = v4 ? sum16(ip + 12, 8, 0) : sum16(ip + 8, 32, 0);

    return sum + proto + (uint32_t)l4_len;
}

static bool l4_sum_ok(const uint8_t *ip, bool v4, uint32_t proto, const uint8_t *l4, size_t l4_len)
{
    return sum16(l4, l4_len, pseudo_sum(ip, v4, proto, l4_len)) == 0xffffu;
}

static void parse_l4(const uint8_t *bytes, uint32_t proto, size_t l4_len, struct mock_packet *p)
{
    const uint8_t *l4 = bytes + p->l4_at, *ip = bytes + p->l3_at;

    if (proto == PROTO_SCTP)
        p->pkttype |= IXGBE_RXD_PKTTYPE_SCTP;
    p->tcp = proto == PROTO_TCP && l4_len >= 20u;
    p->udp = proto == PROTO_UDP && l4_len >= 8u;
    if (p->tcp)
        p->pkttype |= IXGBE_RXD_PKTTYPE_TCP;
    if (p->udp)
        p->pkttype |= IXGBE_RXD_PKTTYPE_UDP;
    if (!p->tcp && !p->udp)
        return;
    if (p->udp && p->ipv4 && be16(l4 + 6) == 0)
        return; /* sent without a checksum */
    p->l4_checked = true;
    p->l4_ok = l4_sum_ok(ip, p->ipv4, proto, l4, l4_len);
}

static void parse_ipv4(const uint8_t *bytes, size_t len, struct mock_packet *p)
{
    const uint8_t *ip = bytes + p->l3_at;
    size_t room = len - p->l3_at, header, total;

    if (room < 20u || ip[0] >> 4 != 4u)
        return;
    header = (size_t)(ip[0] & 15u) * 4u;
    total = be16(ip + 2);
    if (header < 20u || header > room || total < header || total > room)
        return;
    p->ipv4 = true;
    p->pkttype |= header > 20u ? IXGBE_RXD_PKTTYPE_IPV4_EX : IXGBE_RXD_PKTTYPE_IPV4;
    p->ip_ok = sum16(ip, header, 0) == 0xffffu;
    p->fragment = (be16(ip + 6) & 0x3fffu) != 0;
    p->l4_at = p->l3_at + (uint32_t)header;
    if (!p->fragment)
        parse_l4(bytes, ip[9], total - header, p);
}

static void parse_ipv6(const uint8_t *bytes, size_t len, struct mock_packet *p)
{
    const uint8_t *ip = bytes + p->l3_at;
    size_t room = len - p->l3_at, payload;

    if (room < 40u || ip[0] >> 4 != 6u)
        return;
    payload = be16(ip + 4);
    if (payload > room - 40u)
        return;
    p->ipv6 = true;
    p->l4_at = p->l3_at + 40u;
    if (ip[6] != PROTO_TCP && ip[6] != PROTO_UDP && ip[6] != PROTO_SCTP && ip[6] != 58u) {
        p->pkttype |= IXGBE_RXD_PKTTYPE_IPV6_EX;
        return;
    }
    p->pkttype |= IXGBE_RXD_PKTTYPE_IPV6;
    parse_l4(bytes, ip[6], payload, p);
}

void mock_packet_parse(const uint8_t *bytes, size_t len, struct mock_packet *out)
{
    uint32_t type, at = 14;

    memset(out, 0, sizeof(*out));
    if (len < at)
        return;
    type = be16(bytes + 12);
    if (type == ETHERTYPE_VLAN && len >= 18u) {
        out->tagged = true;
        out->vid = (uint16_t)(be16(bytes + 14) & 0xfffu);
        type = be16(bytes + 16);
        at = 18;
    }
    out->l3_at = at;
    if (type == ETHERTYPE_IPV4)
        parse_ipv4(bytes, len, out);
    if (type == ETHERTYPE_IPV6)
        parse_ipv6(bytes, len, out);
}

/* IEEE 802.3, section 3.2.9. */
uint32_t mock_crc32(const uint8_t *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (uint32_t b = 0; b < 8u; b++)
            crc = crc >> 1 ^ (UINT32_C(0xedb88320) & (0u - (crc & 1u)));
    }
    return ~crc;
}

/* 82599 datasheet, section 7.1.2.8.1: the key slides by a bit for each bit of input. */
uint32_t mock_toeplitz(const uint8_t *key, const uint8_t *input, size_t len)
{
    uint32_t hash = 0;
    uint32_t window = be16(key) << 16 | be16(key + 2);

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

void mock_packet_fix_ip_checksum(uint8_t *bytes, size_t len, size_t l3_at, size_t ip_len)
{
    if (ip_len < 20u || l3_at > len || ip_len > len - l3_at)
        return;
    put_be16(bytes + l3_at + 10, 0);
    put_be16(bytes + l3_at + 10, ~sum16(bytes + l3_at, ip_len, 0) & 0xffffu);
}

/* Software has put the pseudo header's sum into the field: the rest is a sum over the payload. */
bool mock_packet_fix_l4_checksum(uint8_t *bytes, size_t len, size_t l3_at, size_t ip_len, bool tcp)
{
    size_t l4 = l3_at + ip_len, field = l4 + (tcp ? 16u : 6u), end = len;
    uint32_t sum;

    if (field + 2u > len)
        return false;
    if (bytes[l3_at] >> 4 == 4u && l3_at + be16(bytes + l3_at + 2) <= len)
        end = l3_at + be16(bytes + l3_at + 2);
    if (end < field + 2u)
        return false;
    sum = ~sum16(bytes + l4, end - l4, 0) & 0xffffu;
    put_be16(bytes + field, sum == 0 && !tcp ? 0xffffu : sum);
    return true;
}
