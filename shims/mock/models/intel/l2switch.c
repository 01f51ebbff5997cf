/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The internal switch: filters, pools, loopback and the uplink. 82599 datasheet, section 7.10.3;
 * 82576 datasheet, section 7.10.3.
 */
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#include "nic.h"

#define FCS_BYTES   4u
#define VMOLR_AUPE  IXGBE_PFVML2FLT_AUPE /* one layout in both devices */
#define VMOLR_ROMPE IXGBE_PFVML2FLT_ROMPE
#define VMOLR_ROPE  IXGBE_PFVML2FLT_ROPE
#define VMOLR_BAM   IXGBE_PFVML2FLT_BAM
#define VMOLR_MPE   IXGBE_PFVML2FLT_MPE

struct lookup {
    uint64_t pools;
    bool exact;  /* an address register has it */
    bool passed; /* it is for this port at all */
};

static bool is_broadcast(const uint8_t *a)
{
    return (a[0] & a[1] & a[2] & a[3] & a[4] & a[5]) == 0xffu;
}

static uint64_t pools_with(const struct sriov_model *nic, uint32_t bit)
{
    uint64_t pools = 0;

    for (uint32_t p = 0; p < nic->chip->pools; p++)
        if (nic->regs.vmolr[p] & bit)
            pools |= UINT64_C(1) << p;
    return pools;
}

static uint64_t by_address_registers(const struct sriov_model *nic, const uint8_t *mac, bool *found)
{
    uint32_t lo = (uint32_t)mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
    uint32_t hi = (uint32_t)mac[4] | (uint32_t)mac[5] << 8;
    uint64_t pools = 0;

    *found = false;
    for (uint32_t i = 0; i < nic->chip->rar_entries; i++) {
        if (!(nic->regs.rah[i] & IXGBE_RAH_AV) || nic->regs.ral[i] != lo ||
            (nic->regs.rah[i] & IXGBE_RAH_ADDR) != hi)
            continue;
        *found = true;
        pools |= nic->chip->rar_pools(nic, i);
    }
    return pools;
}

/* Which 12 bits of the address make the hash is the filter type's choice. */
static bool hash_hit(const struct sriov_model *nic, const uint32_t *table, const uint8_t *mac)
{
    static const uint8_t right[4] = {4, 3, 2, 0};
    uint32_t ctrl = mock_field(nic, nic->chip->mcast_field);
    uint32_t type = (ctrl & nic->chip->mcast_shift_mask) >> nic->chip->mcast_shift_at;
    uint32_t hash =
        ((uint32_t)mac[5] << (8u - right[type & 3u]) | (uint32_t)mac[4] >> right[type & 3u]) & 0xfffu;

    if (nic->chip->mcast_hash_enable && !(ctrl & nic->chip->mcast_hash_enable))
        return false;
    return table[hash >> 5] >> (hash & 31u) & 1u;
}

static void by_multicast(const struct sriov_model *nic, const uint8_t *dst, struct lookup *l)
{
    uint64_t all = nic->quirks->mpme_ignored ? 0 : pools_with(nic, VMOLR_MPE);
    uint64_t listed = pools_with(nic, VMOLR_ROMPE);
    bool hit = hash_hit(nic, nic->regs.mta, dst);

    l->passed = l->passed || hit || (nic->regs.rx_filter[0] & nic->chip->mcast_promisc) || all != 0;
    l->pools |= all | (hit ? listed : 0u);
}

static void look_up(const struct sriov_model *nic, const uint8_t *dst, struct lookup *l)
{
    memset(l, 0, sizeof(*l));
    l->pools = by_address_registers(nic, dst, &l->exact);
    l->passed = l->exact || nic->quirks->no_port_filter;
    if (is_broadcast(dst)) {
        l->passed = l->passed || (nic->regs.rx_filter[0] & nic->chip->bcast_enable);
        l->pools |= pools_with(nic, VMOLR_BAM);
    } else if (dst[0] & 1u) {
        by_multicast(nic, dst, l);
    } else {
        bool hit = hash_hit(nic, nic->regs.uta, dst);

        l->passed = l->passed || hit || (nic->regs.rx_filter[0] & nic->chip->ucast_promisc);
        if (hit)
            l->pools |= pools_with(nic, VMOLR_ROPE);
    }
}

static uint64_t by_vlan(const struct sriov_model *nic, const struct mock_packet *p, uint64_t pools)
{
    bool known, filter = nic->chip->vlan_filter_on(nic);

    if (!p->tagged)
        return filter || !nic->quirks->aupe_needs_vfe ? pools & pools_with(nic, VMOLR_AUPE) : pools;
    if (!filter)
        return pools;
    if (!(nic->regs.vfta[p->vid >> 5] >> (p->vid & 31u) & 1u))
        return 0;
    return pools & nic->chip->vlan_pools(nic, p->vid, &known);
}

static uint64_t by_size(struct sriov_model *nic, const struct mock_packet *p, size_t len, uint64_t pools)
{
    uint64_t fit = 0;

    for (uint32_t i = 0; i < nic->chip->pools; i++)
        if ((pools >> i & 1u) && len + FCS_BYTES <= nic->chip->frame_max(nic, i, p->tagged))
            fit |= UINT64_C(1) << i;
    if (fit != pools)
        mock_stats_saturate(&nic->regs.port.roc);
    return fit;
}

static uint64_t default_pool(const struct sriov_model *nic)
{
    uint32_t vt = nic->regs.vt_ctl[0];
    uint32_t pool = (vt & nic->chip->default_pool_mask) >> nic->chip->default_pool_shift;

    return vt & IXGBE_PFVTCTL_DIS_DEF_POOL || pool >= nic->chip->pools ? 0 : UINT64_C(1) << pool;
}

/* Without replication a packet has one receiver: the default pool takes what is for many. */
static uint64_t replicate(const struct sriov_model *nic, const uint8_t *dst, uint64_t pools)
{
    if (!(dst[0] & 1u) || (nic->regs.vt_ctl[0] & IXGBE_PFVTCTL_RPL_EN) || (pools & (pools - 1u)) == 0 ||
        nic->quirks->always_replicates)
        return pools;
    return pools & default_pool(nic);
}

static void hand_out(struct sriov_model *nic, const struct mock_frame *frame, const struct mock_packet *p,
                     uint64_t pools)
{
    for (uint32_t pool = 0; pool < nic->chip->pools; pool++) {
        uint32_t n, queue;

        if (!(pools >> pool & 1u))
            continue;
        n = mock_rss_queue(nic, pool, frame->bytes, p);
        queue = nic->chip->queue_of(nic, pool, n, false);
        if (queue < nic->chip->queues)
            mock_rx_to_queue(nic, queue, frame);
    }
}

/* ---- from a pool ---- */

static bool is_spoofed(const struct sriov_model *nic, uint32_t pool, const uint8_t *bytes,
                       const struct mock_packet *p)
{
    bool found, known;

    if (nic->quirks->no_anti_spoofing || !nic->chip->mac_spoof_check(nic, pool, false))
        return false;
    if (!(by_address_registers(nic, bytes + 6, &found) >> pool & 1u))
        return true;
    if (!p->tagged || !nic->chip->mac_spoof_check(nic, pool, true))
        return false;
    return !(nic->chip->vlan_pools(nic, p->vid, &known) >> pool & 1u);
}

static uint64_t local_receivers(struct sriov_model *nic, uint32_t pool, const uint8_t *bytes, size_t len,
                                const struct mock_packet *p, bool *exact)
{
    struct lookup l;
    uint64_t pools;

    *exact = false;
    if (!nic->chip->vt_on(nic) || !(nic->regs.tx_switch[0] & nic->chip->loopback_enable))
        return 0;
    look_up(nic, bytes, &l);
    pools = by_vlan(nic, p, l.pools);
    *exact = l.exact && pools != 0;
    if (!nic->quirks->reflects_to_sender && !nic->chip->local_loopback(nic, pool))
        pools &= ~(UINT64_C(1) << pool);
    return replicate(nic, bytes, by_size(nic, p, len, pools));
}

void mock_switch_from_pool(struct sriov_model *nic, uint32_t pool, uint32_t queue, const uint8_t *bytes,
                           size_t len)
{
    struct mock_frame frame = {.bytes = bytes, .len = len, .from_vf = true, .source_pool = pool};
    uint16_t fn = mock_queue_fn(nic, queue, true);
    struct mock_packet p;
    uint64_t receivers;
    bool exact;

    mock_packet_parse(bytes, len, &p);
    nic->ops->tap(nic->host, fn, false, bytes, len);
    if (nic->chip->vt_on(nic) && is_spoofed(nic, pool, bytes, &p)) {
        nic->chip->count_spoof(nic, pool, queue);
        return;
    }
    nic->ops->tap(nic->host, SRIOV_TAP_SWITCH, false, bytes, len);
    receivers = local_receivers(nic, pool, bytes, len, &p, &exact);
    mock_stats_vf_tx(nic, fn, len, receivers != 0);
    hand_out(nic, &frame, &p, receivers);
    if (!(bytes[0] & 1u) && exact)
        return; /* its receiver is behind this port */
    mock_stats_tx_wire(nic, bytes, len);
    nic->ops->wire_tx(nic->host, bytes, len);
}

/* What a VF's own queue would have sent, where its PF lets it. */
void mock_switch_from_port(struct sriov_model *nic, uint16_t fn, const void *frame, size_t len)
{
    uint32_t queue;

    if (fn == 0 || !mock_nic_exists(nic, fn) || !nic->link || !nic->chip->vt_on(nic) || len < 14u ||
        len > MOCK_FRAME_MAX)
        return;
    queue = nic->chip->queue_of(nic, fn - 1u, 0, true);
    if (queue < nic->chip->queues && mock_queue_pool_enabled(nic, queue, true))
        mock_switch_from_pool(nic, fn - 1u, queue, frame, len);
}

/* ---- from the wire ---- */

static void single_function(struct sriov_model *nic, const struct mock_frame *frame,
                            const struct mock_packet *p)
{
    if (p->tagged && nic->chip->vlan_filter_on(nic) && !(nic->regs.vfta[p->vid >> 5] >> (p->vid & 31u) & 1u))
        return;
    if (frame->len + FCS_BYTES > nic->chip->frame_max(nic, 0, p->tagged)) {
        mock_stats_saturate(&nic->regs.port.roc);
        return;
    }
    mock_rx_to_queue(nic, mock_rss_queue(nic, 0, frame->bytes, p), frame);
}

void mock_switch_from_wire(struct sriov_model *nic, const void *bytes, size_t len)
{
    struct mock_frame frame = {.bytes = bytes, .len = len};
    struct mock_packet p;
    struct lookup l;
    uint64_t pools;

    if (!nic->link || !(mock_field(nic, nic->chip->rx_enable_field) & nic->chip->rx_enable))
        return;
    if (len < 14u || len > MOCK_FRAME_MAX) {
        mock_stats_saturate(len < 14u ? &nic->regs.port.ruc : &nic->regs.port.roc);
        return;
    }
    mock_stats_rx_wire(nic, bytes, len);
    mock_packet_parse(bytes, len, &p);
    look_up(nic, bytes, &l);
    if (!l.passed)
        return;
    if (!nic->chip->vt_on(nic)) {
        single_function(nic, &frame, &p);
        return;
    }
    pools = l.pools != 0 ? l.pools : default_pool(nic);
    pools = by_size(nic, &p, len, by_vlan(nic, &p, pools));
    if (pools != 0)
        nic->ops->tap(nic->host, SRIOV_TAP_SWITCH, true, bytes, len);
    hand_out(nic, &frame, &p, replicate(nic, bytes, pools));
}
