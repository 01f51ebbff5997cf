/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive side scaling: 82599 datasheet, section 7.1.2.8; 82576 datasheet, section 7.1.1.7. */
#include <sriov/hw/ixgbe_regs.h>

#include "nic.h"

static uint32_t hash_type(const struct sriov_model *nic, const struct mock_packet *p, bool *ports)
{
    const struct mock_nic_chip *c = nic->chip;
    uint32_t on = nic->regs.mrqc[0];

    *ports = true;
    if (p->tcp && (on & (p->ipv4 ? c->rss_ipv4_tcp : c->rss_ipv6_tcp)))
        return p->ipv4 ? IXGBE_RXD_RSSTYPE_IPV4_TCP : IXGBE_RXD_RSSTYPE_IPV6_TCP;
    if (p->udp && (on & (p->ipv4 ? c->rss_ipv4_udp : c->rss_ipv6_udp)))
        return p->ipv4 ? IXGBE_RXD_RSSTYPE_IPV4_UDP : IXGBE_RXD_RSSTYPE_IPV6_UDP;
    *ports = false;
    if (p->ipv4 && (on & c->rss_ipv4))
        return IXGBE_RXD_RSSTYPE_IPV4;
    if (p->ipv6 && (on & c->rss_ipv6))
        return IXGBE_RXD_RSSTYPE_IPV6;
    return IXGBE_RXD_RSSTYPE_NONE;
}

uint32_t mock_rss_hash(const struct sriov_model *nic, const uint8_t *bytes, const struct mock_packet *pkt,
                       uint32_t *type)
{
    uint8_t key[40], input[36];
    bool ports;

    *type = hash_type(nic, pkt, &ports);
    if (*type == IXGBE_RXD_RSSTYPE_NONE)
        return 0;
    for (uint32_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(nic->regs.rssrk[i / 4u] >> (8u * (i % 4u)));
    return mock_toeplitz(key, input, mock_packet_rss_input(bytes, pkt, ports, input));
}

uint32_t mock_rss_queue(const struct sriov_model *nic, uint32_t pool, const uint8_t *bytes,
                        const struct mock_packet *pkt)
{
    uint32_t queues = nic->chip->rss_queues(nic, pool), type, hash;

    if (queues < 2u)
        return 0;
    hash = mock_rss_hash(nic, bytes, pkt, &type);
    if (type == IXGBE_RXD_RSSTYPE_NONE)
        return 0;
    hash &= 127u;
    return (nic->regs.reta[hash / 4u] >> (8u * (hash % 4u)) & 0xfu) & (queues - 1u);
}
