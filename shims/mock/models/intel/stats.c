/* SPDX-License-Identifier: BSD-3-Clause */
/* Counters: those of the port stop at all ones and clear on read, those of a VF wrap. */
#include "nic.h"

#define FCS_BYTES 4u

void mock_stats_saturate(uint32_t *counter)
{
    if (*counter != UINT32_MAX)
        (*counter)++;
}

static void add_pair(uint32_t pair[2], uint64_t n, uint32_t bits)
{
    uint64_t sum = ((uint64_t)pair[1] << 32 | pair[0]) + n;

    if (bits < 64u)
        sum &= (UINT64_C(1) << bits) - 1u;
    pair[0] = (uint32_t)sum;
    pair[1] = (uint32_t)(sum >> 32);
}

static uint32_t size_class(size_t len)
{
    static const size_t upto[5] = {64, 127, 255, 511, 1023};
    uint32_t c = 0;

    while (c < 5u && len > upto[c])
        c++;
    return c;
}

static bool is_broadcast(const uint8_t *a)
{
    return (a[0] & a[1] & a[2] & a[3] & a[4] & a[5]) == 0xffu;
}

static void by_address(const uint8_t *dst, uint32_t *bcast, uint32_t *mcast)
{
    if (is_broadcast(dst))
        mock_stats_saturate(bcast);
    else if (dst[0] & 1u)
        mock_stats_saturate(mcast);
}

void mock_stats_rx_wire(struct sriov_model *nic, const uint8_t *bytes, size_t len)
{
    struct mock_port_stats *s = &nic->regs.port;

    mock_stats_saturate(&s->gprc);
    mock_stats_saturate(&s->tpr);
    mock_stats_saturate(&s->prc[size_class(len + FCS_BYTES)]);
    by_address(bytes, &s->bprc, &s->mprc);
    add_pair(s->gorc, len + FCS_BYTES, nic->chip->octet_bits == 36u ? 36u : 64u);
    add_pair(s->tor, len + FCS_BYTES, nic->chip->octet_bits == 36u ? 36u : 64u);
}

void mock_stats_tx_wire(struct sriov_model *nic, const uint8_t *bytes, size_t len)
{
    struct mock_port_stats *s = &nic->regs.port;

    mock_stats_saturate(&s->gptc);
    mock_stats_saturate(&s->tpt);
    mock_stats_saturate(&s->ptc[size_class(len + FCS_BYTES)]);
    by_address(bytes, &s->bptc, &s->mptc);
    add_pair(s->gotc, len + FCS_BYTES, nic->chip->octet_bits == 36u ? 36u : 64u);
    add_pair(s->tot, len + FCS_BYTES, nic->chip->octet_bits == 36u ? 36u : 64u);
}

void mock_stats_vf_rx(struct sriov_model *nic, uint16_t fn, const struct mock_frame *frame)
{
    uint32_t vf = fn - 1u;

    if (fn == 0)
        return;
    nic->regs.vfgprc[vf]++;
    add_pair(&nic->regs.vfgorc[2u * vf], frame->len + FCS_BYTES, nic->chip->octet_bits);
    if ((frame->bytes[0] & 1u) && !is_broadcast(frame->bytes))
        nic->regs.vfmprc[vf]++;
    if (frame->from_vf && !nic->quirks->no_loopback_counters) {
        nic->regs.vfgprlbc[vf]++;
        nic->regs.vfgorlbc[vf] += (uint32_t)frame->len + FCS_BYTES;
    }
}

void mock_stats_vf_tx(struct sriov_model *nic, uint16_t fn, size_t len, bool looped)
{
    uint32_t vf = fn - 1u;

    if (fn == 0)
        return;
    nic->regs.vfgptc[vf]++;
    add_pair(&nic->regs.vfgotc[2u * vf], len + FCS_BYTES, nic->chip->octet_bits);
    if (looped && !nic->quirks->no_loopback_counters) {
        nic->regs.vfgptlbc[vf]++;
        nic->regs.vfgotlbc[vf] += (uint32_t)len + FCS_BYTES;
    }
}
