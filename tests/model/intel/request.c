/* SPDX-License-Identifier: BSD-3-Clause */
#include "request.h"

#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#define BIG_AT 0x500000u /* in the host's memory, beyond the rings */

static uint8_t payload[16384];

struct rig *request_rig(const struct rig_chip *c)
{
    struct rig *r = rig_up(c, NULL, 2);

    for (uint32_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 31u + i / 251u);
    rig_tx_start(r, 1, 0);
    return r;
}

struct packet request_packet(uint32_t len)
{
    return (struct packet){.from = 1,
                           .id = 0xfffe,
                           .seq = 0xfffffc00u,
                           .flags = ALL_FLAGS,
                           .tcp_options = 12,
                           .payload = payload,
                           .payload_len = len};
}

uint32_t request_sums(const struct packet *p)
{
    return IXGBE_TXD_POPTS_TXSM | (p->ipv6 ? 0 : IXGBE_TXD_POPTS_IXSM);
}

void request_put(struct rig *r, const struct packet *p, uint32_t mss, uint16_t vlan, uint32_t first)
{
    static uint8_t f[32768];
    uint32_t n = packet_prototype(f, p), dw[4], cmd = vlan != 0 ? IXGBE_TXD_DCMD_VLE : 0;
    uint32_t olinfo = PAYLEN(p->payload_len) | request_sums(p);

    packet_context(dw, p, mss, vlan);
    rig_tx_raw(r, 1, 0, dw);
    for (uint32_t at = 0, len = first; at < n; at += len, len = n - at < RIG_BUF ? n - at : RIG_BUF)
        rig_tx_put(r, 1, 0, f + at, len, cmd | IXGBE_TXD_DCMD_TSE | (at + len == n ? DCMD_ALL : NO_EOP),
                   at == 0 ? olinfo : 0);
}

void request_large(struct rig *r, struct packet *p, uint32_t mss, uint32_t buffers, uint32_t each)
{
    static uint8_t f[1024];
    uint32_t dw[4], head = packet_headers(p), total = buffers * each;
    uint8_t *big = host_at(&r->h, HOST_MEM_BASE + BIG_AT);

    p->payload_len = 0;
    packet_prototype(f, p);
    for (uint32_t i = 0; i < total; i++)
        big[i] = (uint8_t)(i * 13u + i / 253u);
    p->payload = big;
    p->payload_len = total;
    packet_context(dw, p, mss, 0);
    rig_tx_raw(r, 1, 0, dw);
    rig_tx_put(r, 1, 0, f, head, NO_EOP | IXGBE_TXD_DCMD_TSE, PAYLEN(total) | request_sums(p));
    for (uint32_t n = 0; n < buffers; n++) {
        uint32_t data[4] = {(uint32_t)(HOST_MEM_BASE + BIG_AT + n * each), 0,
                            (n + 1u == buffers ? DCMD_ALL : NO_EOP) | IXGBE_TXD_DCMD_TSE | each, 0};

        rig_tx_raw(r, 1, 0, data);
    }
    rig_tx_kick(r, 1, 0);
}
