/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Announcements: what moves the MAC in every bridge on the way, and tells neighbours that nothing has
 * changed for them. ARP: RFC 5227, 2.3 (a request for our own address); neighbour advertisement,
 * unsolicited: RFC 4861, 7.2.6; without an address a reverse ARP request, RFC 903, which every bridge
 * learns from and nobody answers.
 */
#include "dnis.h"

#define FRAME_MIN   60u
#define FRAME_MAX   96u
#define ETH_LEN     14u
#define IPV6_LEN    40u
#define NA_LEN      32u
#define TYPE_ARP    0x0806u
#define TYPE_RARP   0x8035u
#define TYPE_IPV6   0x86ddu
#define ICMPV6      58u
#define NA_TYPE     136u
#define NA_OVERRIDE 0x20u

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put_eth(uint8_t *p, const uint8_t *dst, const struct sriov_mac *src, uint32_t type)
{
    memcpy(p, dst, SRIOV_ETH_ALEN);
    memcpy(p + SRIOV_ETH_ALEN, src->b, SRIOV_ETH_ALEN);
    put16(p + 2 * SRIOV_ETH_ALEN, type);
}

/* Hardware Ethernet, protocol IPv4; op 1 and 3 are requests. */
static uint32_t make_arp(uint8_t *p, const struct sriov_mac *mac, uint32_t type, uint32_t op,
                         const uint8_t ip[4])
{
    static const uint8_t all[SRIOV_ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint8_t *arp = p + ETH_LEN;

    put_eth(p, all, mac, type);
    put16(arp, 1);
    put16(arp + 2, 0x0800);
    arp[4] = SRIOV_ETH_ALEN;
    arp[5] = 4;
    put16(arp + 6, op);
    memcpy(arp + 8, mac->b, SRIOV_ETH_ALEN);
    memcpy(arp + 14, ip, 4);
    if (type == TYPE_RARP) {
        memcpy(arp + 18, mac->b, SRIOV_ETH_ALEN);
    }
    memcpy(arp + 24, ip, 4);
    return FRAME_MIN;
}

static uint32_t sum16(const uint8_t *p, uint32_t len, uint32_t sum)
{
    for (uint32_t i = 0; i + 1 < len; i += 2) {
        sum += (uint32_t)p[i] << 8 | p[i + 1];
    }
    return sum;
}

/* RFC 4443, 2.3: over source, destination, length, next header, then the message. */
static void put_checksum(uint8_t *ip, uint8_t *icmp)
{
    uint32_t sum = sum16(ip + 8, 32, NA_LEN + ICMPV6);

    sum = sum16(icmp, NA_LEN, sum);
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    put16(icmp + 2, ~sum);
}

static uint32_t make_na(uint8_t *p, const struct sriov_mac *mac, const uint8_t addr[16])
{
    static const uint8_t all_nodes_mac[SRIOV_ETH_ALEN] = {0x33, 0x33, 0, 0, 0, 1};
    static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
    uint8_t *ip = p + ETH_LEN;
    uint8_t *icmp = ip + IPV6_LEN;

    put_eth(p, all_nodes_mac, mac, TYPE_IPV6);
    ip[0] = 0x60;
    put16(ip + 4, NA_LEN);
    ip[6] = ICMPV6;
    ip[7] = 255;
    memcpy(ip + 8, addr, 16);
    memcpy(ip + 24, all_nodes, 16);
    icmp[0] = NA_TYPE;
    icmp[4] = NA_OVERRIDE;
    memcpy(icmp + 8, addr, 16);
    icmp[24] = 2; /* target link-layer address, one unit of 8 bytes */
    icmp[25] = 1;
    memcpy(icmp + 26, mac->b, SRIOV_ETH_ALEN);
    put_checksum(ip, icmp);
    return ETH_LEN + IPV6_LEN + NA_LEN;
}

static bool send_frame(struct sriov_dnis *d, const uint8_t *bytes, uint32_t len, uint16_t vlan)
{
    const struct sric_dnis_leg *leg = sric_dnis_leg(d, d->active);
    struct sriov_buf *buf = sriov_buf_from(leg->net->config.pool, bytes, len);

    if (buf == NULL) {
        return false;
    }
    buf->flags = vlan != 0 ? SRIOV_TX_VLAN : 0;
    buf->vlan_tci = vlan;
    if (sriov_tx_burst(leg->tx[0], &buf, 1) == 0) {
        sriov_buf_free(buf);
        return false;
    }
    d->stats.announced++;
    return true;
}

static bool send_addr(struct sriov_dnis *d, const struct sriov_dnis_addr *addr)
{
    uint8_t bytes[FRAME_MAX] = {0};
    uint32_t len = addr->is_ipv6 != 0 ? make_na(bytes, &d->mac, addr->ip)
                                      : make_arp(bytes, &d->mac, TYPE_ARP, 1, addr->ip);

    return send_frame(d, bytes, len, addr->vlan);
}

static bool send_rarp(struct sriov_dnis *d)
{
    static const uint8_t none[4];
    uint8_t bytes[FRAME_MAX] = {0};
    uint32_t len = make_arp(bytes, &d->mac, TYPE_RARP, 3, none);

    return send_frame(d, bytes, len, 0);
}

static bool send_round(struct sriov_dnis *d)
{
    bool sent = true;

    if (d->opts.addr_count == 0 && (d->opts.flags & SRIOV_DNIS_NO_RARP) == 0) {
        return send_rarp(d);
    }
    for (uint32_t i = 0; sent && i < d->opts.addr_count; i++) {
        sent = send_addr(d, &d->addrs[i]);
    }
    return sent;
}

void sric_dnis_announce_begin(struct sriov_dnis *d)
{
    d->announce.rounds = d->opts.announce_rounds;
    d->announce.next = sriov_vmm_now(d->vmm);
    sric_dnis_announce_poll(d);
}

/* A round for which the device has no room comes again at the next poll. */
void sric_dnis_announce_poll(struct sriov_dnis *d)
{
    uint64_t now = sriov_vmm_now(d->vmm);

    if (d->announce.rounds == 0 || now < d->announce.next || d->active == SRIOV_DNIS_NONE || !d->has_mac) {
        return;
    }
    if (send_round(d)) {
        d->announce.rounds--;
        d->announce.next = now + d->opts.announce_ns;
    }
}
