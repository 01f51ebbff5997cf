/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet.h"

#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

static void be16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void be32(uint8_t *p, uint32_t v)
{
    be16(p, v >> 16);
    be16(p + 2, v);
}

uint32_t packet_residue(const uint8_t *bytes, uint32_t len)
{
    uint32_t r = 0;

    for (uint32_t i = 0; i < len; i++)
        r = (r + bytes[i] * (i % 2u == 0 ? 256u : 1u)) % 65535u;
    return r;
}

uint32_t packet_sum_of(uint32_t residue)
{
    return residue % 65535u == 0 ? 0 : 65535u - residue % 65535u;
}

uint32_t packet_maclen(const struct packet *p)
{
    return p->tagged ? 18u : 14u;
}

uint32_t packet_iplen(const struct packet *p)
{
    return p->ipv6 ? 40u : 20u + p->ip_options;
}

uint32_t packet_l4len(const struct packet *p)
{
    return p->l4 == PACKET_TCP ? 20u + p->tcp_options : p->l4 == PACKET_UDP ? 8u : 12u;
}

uint32_t packet_headers(const struct packet *p)
{
    return packet_maclen(p) + packet_iplen(p) + packet_l4len(p);
}

static uint32_t protocol(const struct packet *p)
{
    return p->l4 == PACKET_TCP ? 6u : p->l4 == PACKET_UDP ? 17u : 132u;
}

static void ethernet(uint8_t *out, const struct packet *p)
{
    static const uint8_t far_away[6] = {0x02, 0xee, 0, 0, 0, 1};
    uint32_t type = p->ipv6 ? 0x86ddu : 0x0800u;

    memcpy(out, far_away, 6);
    if (p->to != 0)
        rig_mac(p->to, out);
    rig_mac(p->from, out + 6);
    if (p->tagged) {
        be16(out + 12, 0x8100);
        be16(out + 14, p->tag);
    }
    be16(out + packet_maclen(p) - 2u, type);
}

static void network(uint8_t *ip, const struct packet *p, uint32_t l4)
{
    memset(ip, 0, packet_iplen(p));
    if (p->ipv6) {
        be32(ip, 0x60000000u | 0x12345u);
        be16(ip + 4, l4);
        ip[6] = (uint8_t)protocol(p);
        ip[7] = 64;
        ip[8] = ip[24] = 0xfd;
        ip[23] = (uint8_t)p->from;
        ip[39] = (uint8_t)(p->to + 100u);
        return;
    }
    ip[0] = (uint8_t)(0x40u | packet_iplen(p) / 4u);
    be16(ip + 2, packet_iplen(p) + l4);
    be16(ip + 4, p->id);
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = (uint8_t)protocol(p);
    be32(ip + 12, 0x0a000000u | p->from);
    be32(ip + 16, 0x0a000064u + p->to);
    memset(ip + 20, 1, p->ip_options); /* no operation */
}

static void transport(uint8_t *l4, const struct packet *p)
{
    uint32_t head = packet_l4len(p);

    memset(l4, 0, head);
    be16(l4, 5001);
    be16(l4 + 2, 40000);
    if (p->l4 == PACKET_UDP)
        be16(l4 + 4, head + p->payload_len);
    if (p->l4 == PACKET_SCTP)
        be32(l4 + 4, 0xfeedbeefu);
    if (p->l4 == PACKET_TCP) {
        be32(l4 + 4, p->seq);
        be32(l4 + 8, 0x11223344u);
        be16(l4 + 12, head / 4u << 12 | p->flags);
        be16(l4 + 14, 501);
        memset(l4 + 20, 1, p->tcp_options);
    }
    memcpy(l4 + head, p->payload, p->payload_len);
}

static uint32_t pseudo(const uint8_t *ip, const struct packet *p, uint32_t l4)
{
    uint32_t addresses = p->ipv6 ? packet_residue(ip + 8, 32) : packet_residue(ip + 12, 8);

    return (addresses + protocol(p) + l4) % 65535u;
}

/* Bit by bit, of what the table of the model does by fours: RFC 9260, appendix A. */
static uint32_t crc32c(const uint8_t *bytes, uint32_t len)
{
    uint32_t crc = UINT32_MAX;

    for (uint32_t i = 0; i < 8u * len; i++) {
        uint32_t bit = (crc ^ (uint32_t)bytes[i / 8u] >> (i % 8u)) & 1u;

        crc = crc >> 1 ^ (bit ? UINT32_C(0x82f63b78) : 0u);
    }
    return ~crc;
}

static uint32_t sum_field(const struct packet *p)
{
    return p->l4 == PACKET_TCP ? 16u : 6u;
}

static void finish(uint8_t *ip, uint8_t *l4, const struct packet *p)
{
    uint32_t len = packet_l4len(p) + p->payload_len, sum;

    if (!p->ipv6)
        be16(ip + 10, packet_sum_of(packet_residue(ip, packet_iplen(p))));
    if (p->l4 == PACKET_SCTP) {
        sum = crc32c(l4, len);
        for (uint32_t i = 0; i < 4u; i++)
            l4[8u + i] = (uint8_t)(sum >> (8u * i));
        return;
    }
    sum = packet_sum_of(packet_residue(l4, len) + pseudo(ip, p, len));
    be16(l4 + sum_field(p), sum == 0 && p->l4 == PACKET_UDP ? 0xffffu : sum);
}

uint32_t packet_make(uint8_t *out, const struct packet *p)
{
    uint8_t *ip = out + packet_maclen(p), *l4 = ip + packet_iplen(p);

    ethernet(out, p);
    network(ip, p, packet_l4len(p) + p->payload_len);
    transport(l4, p);
    finish(ip, l4, p);
    return packet_headers(p) + p->payload_len;
}

uint32_t packet_without_sums(uint8_t *out, const struct packet *p)
{
    uint32_t n = packet_make(out, p);
    uint8_t *ip = out + packet_maclen(p), *l4 = ip + packet_iplen(p);

    if (!p->ipv6)
        be16(ip + 10, 0);
    if (p->l4 == PACKET_SCTP)
        memset(l4 + 8, 0, 4);
    else
        be16(l4 + sum_field(p), pseudo(ip, p, packet_l4len(p) + p->payload_len));
    return n;
}

uint32_t packet_prototype(uint8_t *out, const struct packet *p)
{
    uint32_t n = packet_without_sums(out, p);
    uint8_t *ip = out + packet_maclen(p), *l4 = ip + packet_iplen(p);

    be16(ip + (p->ipv6 ? 4 : 2), 0);
    if (p->l4 == PACKET_UDP)
        be16(l4 + 4, 0);
    be16(l4 + sum_field(p), pseudo(ip, p, 0));
    return n;
}

void packet_context(uint32_t dw[4], const struct packet *p, uint32_t mss, uint16_t vlan)
{
    static const uint32_t l4t[] = {IXGBE_TXC_TUCMD_L4T_TCP, IXGBE_TXC_TUCMD_L4T_UDP,
                                   IXGBE_TXC_TUCMD_L4T_SCTP};

    dw[0] = (uint32_t)vlan << 16 | packet_maclen(p) << IXGBE_TXC_MACLEN_SHIFT | packet_iplen(p);
    dw[1] = 0;
    dw[2] = IXGBE_TXD_DTYP_CTXT | IXGBE_TXD_DCMD_DEXT | l4t[p->l4] | (p->ipv6 ? 0 : IXGBE_TXC_TUCMD_IPV4);
    dw[3] = mss << IXGBE_TXC_MSS_SHIFT | packet_l4len(p) << IXGBE_TXC_L4LEN_SHIFT;
}
