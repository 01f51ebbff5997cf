/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

#include "checksum.h"

#include <string.h>

#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_ARP  0x0806u
#define ARP_BODY       28u
#define ARP_REQUEST    1u
#define ARP_REPLY      2u
#define IP_ICMP        1u
#define IP_UDP         17u
#define IP_TTL         64u
#define IP_DONT_FRAG   0x4000u
#define IP_FRAG_BITS   0x3fffu /* more fragments, and the offset */
#define ICMP_ECHO      8u
#define ICMP_ECHOREPLY 0u

const struct sriov_mac frame_broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value);
}

/* ---- reading ---- */

static void parse_arp(const uint8_t *body, uint32_t len, struct frame *frame)
{
    static const uint8_t ipv4_over_ethernet[6] = {0, 1, 8, 0, 6, 4};

    if (len < ARP_BODY || memcmp(body, ipv4_over_ethernet, sizeof(ipv4_over_ethernet)) != 0) {
        return;
    }
    uint16_t op = get16(body + 6);
    memcpy(frame->arp_mac.b, body + 8, SRIOV_ETH_ALEN);
    frame->src_ip = get32(body + 14);
    frame->dst_ip = get32(body + 24);
    if (op == ARP_REQUEST) {
        frame->kind = FRAME_ARP_REQUEST;
    } else if (op == ARP_REPLY) {
        frame->kind = FRAME_ARP_REPLY;
    }
}

static void parse_icmp(const uint8_t *l4, uint32_t len, struct frame *frame)
{
    if (len < FRAME_ECHO_HEADER || l4[1] != 0 || (l4[0] != ICMP_ECHO && l4[0] != ICMP_ECHOREPLY)) {
        return;
    }
    frame->kind = l4[0] == ICMP_ECHO ? FRAME_PING : FRAME_PONG;
    frame->ident = get16(l4 + 4);
    frame->seq = get16(l4 + 6);
    frame->payload = l4 + FRAME_ECHO_HEADER;
    frame->payload_len = len - FRAME_ECHO_HEADER;
    if (!checksum_is_good(checksum_add(0, l4, len))) {
        frame->damaged = true;
    }
}

static uint32_t udp_pseudo_sum(uint32_t src_ip, uint32_t dst_ip, uint32_t len)
{
    uint8_t pseudo[12];
    put32(pseudo, src_ip);
    put32(pseudo + 4, dst_ip);
    put16(pseudo + 8, IP_UDP);
    put16(pseudo + 10, len);
    return checksum_add(0, pseudo, sizeof(pseudo));
}

static void parse_udp(const uint8_t *l4, uint32_t len, struct frame *frame)
{
    if (len < FRAME_ECHO_HEADER) {
        return;
    }
    uint32_t told = get16(l4 + 4);
    frame->kind = FRAME_UDP;
    frame->ident = get16(l4);
    frame->seq = get16(l4 + 2);
    frame->payload = l4 + FRAME_ECHO_HEADER;
    frame->payload_len = len - FRAME_ECHO_HEADER;
    if (told != len) {
        frame->damaged = true;
        return;
    }
    uint32_t sum = checksum_add(udp_pseudo_sum(frame->src_ip, frame->dst_ip, len), l4, len);
    if (get16(l4 + 6) != 0 && checksum_finish(sum) != 0) {
        frame->damaged = true;
    }
}

static void parse_ipv4(const uint8_t *ip, uint32_t len, struct frame *frame)
{
    if (len < FRAME_IP_HEADER || ip[0] >> 4 != 4) {
        return;
    }
    uint32_t header = (uint32_t)(ip[0] & 0xf) * 4;
    uint32_t total = get16(ip + 2);
    if (header < FRAME_IP_HEADER || header > total || total > len || (get16(ip + 6) & IP_FRAG_BITS) != 0) {
        return;
    }
    frame->damaged = checksum_finish(checksum_add(0, ip, header)) != 0;
    frame->src_ip = get32(ip + 12);
    frame->dst_ip = get32(ip + 16);
    if (ip[9] == IP_ICMP) {
        parse_icmp(ip + header, total - header, frame);
    } else if (ip[9] == IP_UDP) {
        parse_udp(ip + header, total - header, frame);
    }
}

void frame_parse(const uint8_t *bytes, uint32_t len, struct frame *frame)
{
    memset(frame, 0, sizeof(*frame));
    if (len < FRAME_ETH_HEADER || len > FRAME_MAX) {
        return;
    }
    memcpy(frame->dst.b, bytes, SRIOV_ETH_ALEN);
    memcpy(frame->src.b, bytes + SRIOV_ETH_ALEN, SRIOV_ETH_ALEN);
    uint16_t type = get16(bytes + 12);
    if (type == ETHERTYPE_ARP) {
        parse_arp(bytes + FRAME_ETH_HEADER, len - FRAME_ETH_HEADER, frame);
    } else if (type == ETHERTYPE_IPV4) {
        parse_ipv4(bytes + FRAME_ETH_HEADER, len - FRAME_ETH_HEADER, frame);
    }
}

/* ---- writing ---- */

static uint32_t pad(uint8_t *out, uint32_t len)
{
    if (len < FRAME_MIN) {
        memset(out + len, 0, FRAME_MIN - len);
        return FRAME_MIN;
    }
    return len;
}

static void build_eth(uint8_t *out, const struct frame *frame, uint32_t type)
{
    memcpy(out, frame->dst.b, SRIOV_ETH_ALEN);
    memcpy(out + SRIOV_ETH_ALEN, frame->src.b, SRIOV_ETH_ALEN);
    put16(out + 12, type);
}

static uint32_t build_arp(uint8_t *out, const struct frame *frame)
{
    uint8_t *body = out + FRAME_ETH_HEADER;
    bool reply = frame->kind == FRAME_ARP_REPLY;

    build_eth(out, frame, ETHERTYPE_ARP);
    put16(body, 1);
    put16(body + 2, ETHERTYPE_IPV4);
    put16(body + 4, SRIOV_ETH_ALEN << 8 | 4u);
    put16(body + 6, reply ? ARP_REPLY : ARP_REQUEST);
    memcpy(body + 8, frame->arp_mac.b, SRIOV_ETH_ALEN);
    put32(body + 14, frame->src_ip);
    memset(body + 18, 0, SRIOV_ETH_ALEN);
    if (reply) {
        memcpy(body + 18, frame->dst.b, SRIOV_ETH_ALEN);
    }
    put32(body + 24, frame->dst_ip);
    return pad(out, FRAME_ETH_HEADER + ARP_BODY);
}

static void build_ip(uint8_t *ip, const struct frame *frame, uint32_t total, uint8_t protocol)
{
    memset(ip, 0, FRAME_IP_HEADER);
    ip[0] = 0x45;
    put16(ip + 2, total);
    put16(ip + 4, frame->seq);
    put16(ip + 6, IP_DONT_FRAG);
    ip[8] = IP_TTL;
    ip[9] = protocol;
    put32(ip + 12, frame->src_ip);
    put32(ip + 16, frame->dst_ip);
    put16(ip + 10, checksum_finish(checksum_add(0, ip, FRAME_IP_HEADER)));
}

static void build_icmp(uint8_t *l4, const struct frame *frame, uint32_t len)
{
    put32(l4, 0);
    l4[0] = frame->kind == FRAME_PING ? ICMP_ECHO : ICMP_ECHOREPLY;
    put16(l4 + 4, frame->ident);
    put16(l4 + 6, frame->seq);
    put16(l4 + 2, checksum_finish(checksum_add(0, l4, len)));
}

static void build_udp(uint8_t *l4, const struct frame *frame, uint32_t len)
{
    put16(l4, frame->ident);
    put16(l4 + 2, frame->seq);
    put16(l4 + 4, len);
    put16(l4 + 6, 0);
    uint16_t sum = checksum_finish(checksum_add(udp_pseudo_sum(frame->src_ip, frame->dst_ip, len), l4, len));
    put16(l4 + 6, sum == 0 ? 0xffffu : sum); /* 0 would mean: none computed */
}

static uint32_t build_ipv4(uint8_t *out, const struct frame *frame)
{
    uint8_t *ip = out + FRAME_ETH_HEADER;
    uint8_t *l4 = ip + FRAME_IP_HEADER;
    uint32_t l4_len = FRAME_ECHO_HEADER + frame->payload_len;
    bool udp = frame->kind == FRAME_UDP;

    if (frame->payload_len > FRAME_PAYLOAD_MAX) {
        return 0;
    }
    if (frame->payload != NULL && frame->payload_len > 0) {
        memcpy(l4 + FRAME_ECHO_HEADER, frame->payload, frame->payload_len);
    }
    build_eth(out, frame, ETHERTYPE_IPV4);
    build_ip(ip, frame, FRAME_IP_HEADER + l4_len, udp ? IP_UDP : IP_ICMP);
    if (udp) {
        build_udp(l4, frame, l4_len);
    } else {
        build_icmp(l4, frame, l4_len);
    }
    return pad(out, FRAME_ETH_HEADER + FRAME_IP_HEADER + l4_len);
}

uint32_t frame_build(uint8_t *out, const struct frame *frame)
{
    switch (frame->kind) {
    case FRAME_ARP_REQUEST:
    case FRAME_ARP_REPLY:
        return build_arp(out, frame);
    case FRAME_PING:
    case FRAME_PONG:
    case FRAME_UDP:
        return build_ipv4(out, frame);
    case FRAME_OTHER:
        break;
    }
    return 0;
}
