/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the port filters for one pool: addresses, VLANs, the hash table, and whether its queues may run. A
 * filter entry goes where it was, if that is free; else where there is one of the same address or VLAN, or an
 * empty one as far from those as PFs take first. What the PF's owner decides (spoof checks, port VLAN, rates)
 * stays here.
 */
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#include "state.h"

#define RAH_KEPT (IXGBE_RAH_ADDR | IXGBE_RAH_AV)
#define NONE     UINT32_MAX
/* No port has more of either. */
#define ENTRIES_MAX 128u

static uint32_t pool_of(const struct mock_state *s)
{
    return s->fn - 1u;
}

/* ---- addresses ---- */

static bool rar_used(const struct sriov_model *nic, uint32_t i)
{
    return (nic->regs.rah[i] & IXGBE_RAH_AV) != 0;
}

static bool rar_is_ours(const struct mock_state *s, uint32_t i)
{
    return rar_used(s->nic, i) && (s->nic->chip->rar_pools(s->nic, i) >> pool_of(s) & 1u);
}

static uint64_t own_pool(const struct mock_state *s)
{
    return UINT64_C(1) << pool_of(s);
}

/* Free, or free once what this pool has here is gone. */
static bool rar_is_free(const struct mock_state *s, uint32_t i)
{
    return i != 0 && (!rar_used(s->nic, i) || s->nic->chip->rar_pools(s->nic, i) == own_pool(s));
}

static uint32_t rar_place(const struct mock_state *s, const bool *taken, uint32_t was, uint32_t lo,
                          uint32_t hi)
{
    uint32_t entries = s->nic->chip->rar_entries;

    for (uint32_t i = 0; i < entries; i++)
        if (rar_used(s->nic, i) && !rar_is_free(s, i) && s->nic->regs.ral[i] == lo &&
            (s->nic->regs.rah[i] & IXGBE_RAH_ADDR) == hi)
            return i;
    if (was < entries && rar_is_free(s, was) && !taken[was])
        return was;
    for (uint32_t i = entries; i-- > 0;)
        if (rar_is_free(s, i) && !taken[i])
            return i;
    return NONE;
}

static void rar_clear(struct mock_state *s)
{
    for (uint32_t i = 0; i < s->nic->chip->rar_entries; i++) {
        if (!rar_is_ours(s, i))
            continue;
        s->nic->chip->rar_join(s->nic, i, pool_of(s), false);
        if (i != 0 && s->nic->chip->rar_pools(s->nic, i) == 0) {
            s->nic->regs.ral[i] = 0;
            s->nic->regs.rah[i] = 0;
        }
    }
}

static void rar_take(struct mock_state *s, bool *taken)
{
    uint32_t was = mock_state_u32(s, 0), lo = mock_state_u32(s, 0), hi = mock_state_u32(s, 0), at;

    mock_state_need(s, (hi & ~IXGBE_RAH_ADDR) == 0 && (lo & 1u) == 0 && (lo | hi) != 0);
    if (s->bad)
        return;
    at = rar_place(s, taken, was, lo, hi);
    s->full = s->full || at == NONE;
    if (at == NONE)
        return;
    taken[at] = true;
    if (!mock_state_loads(s))
        return;
    s->nic->regs.ral[at] = lo;
    s->nic->regs.rah[at] = (s->nic->regs.rah[at] & ~RAH_KEPT) | hi | IXGBE_RAH_AV;
    s->nic->chip->rar_join(s->nic, at, pool_of(s), true);
}

static void addresses(struct mock_state *s)
{
    bool taken[ENTRIES_MAX] = {false};
    uint32_t count = 0;

    for (uint32_t i = 0; i < s->nic->chip->rar_entries; i++)
        count += rar_is_ours(s, i);
    count = mock_state_u32(s, count);
    mock_state_need(s, count <= s->nic->chip->rar_entries);
    if (mock_state_loads(s))
        rar_clear(s);
    for (uint32_t i = 0; s->mode != MOCK_STATE_SAVE && i < count && !s->bad; i++)
        rar_take(s, taken);
    for (uint32_t i = 0; s->mode == MOCK_STATE_SAVE && i < s->nic->chip->rar_entries; i++) {
        if (!rar_is_ours(s, i))
            continue;
        (void)mock_state_u32(s, i);
        (void)mock_state_u32(s, s->nic->regs.ral[i]);
        (void)mock_state_u32(s, s->nic->regs.rah[i] & IXGBE_RAH_ADDR);
    }
}

/* ---- VLANs ---- */

static bool vlan_used(const struct sriov_model *nic, uint32_t i)
{
    return (nic->regs.vlvf[i] & IXGBE_PFVLVF_VI_EN) != 0;
}

static uint16_t vid_of(const struct sriov_model *nic, uint32_t i)
{
    return (uint16_t)(nic->regs.vlvf[i] & IXGBE_PFVLVF_VLAN_ID);
}

static uint64_t entry_pools(const struct sriov_model *nic, uint32_t i)
{
    bool known;

    return vlan_used(nic, i) ? nic->chip->vlan_pools(nic, vid_of(nic, i), &known) : 0;
}

static bool vlan_is_ours(const struct mock_state *s, uint32_t i)
{
    return (entry_pools(s->nic, i) >> pool_of(s) & 1u) != 0;
}

static bool vlan_is_free(const struct mock_state *s, uint32_t i)
{
    return !vlan_used(s->nic, i) || entry_pools(s->nic, i) == own_pool(s);
}

static uint32_t vlan_place(const struct mock_state *s, const bool *taken, uint32_t was, uint16_t vid)
{
    uint32_t entries = s->nic->chip->vlvf_entries;

    for (uint32_t i = 0; i < entries; i++)
        if (!vlan_is_free(s, i) && vid_of(s->nic, i) == vid)
            return i;
    if (was < entries && vlan_is_free(s, was) && !taken[was])
        return was;
    for (uint32_t i = entries; i-- > 0;)
        if (vlan_is_free(s, i) && !taken[i])
            return i;
    return NONE;
}

static void vlan_clear(struct mock_state *s)
{
    for (uint32_t i = 0; i < s->nic->chip->vlvf_entries; i++) {
        if (!vlan_is_ours(s, i))
            continue;
        s->nic->chip->vlan_join(s->nic, i, pool_of(s), false);
        if (entry_pools(s->nic, i) == 0)
            s->nic->regs.vlvf[i] = 0;
    }
}

static void vlan_take(struct mock_state *s, bool *taken)
{
    uint32_t was = mock_state_u32(s, 0), vid = mock_state_u32(s, 0), at;

    mock_state_need(s, vid <= IXGBE_PFVLVF_VLAN_ID);
    if (s->bad)
        return;
    at = vlan_place(s, taken, was, (uint16_t)vid);
    s->full = s->full || at == NONE;
    if (at == NONE)
        return;
    taken[at] = true;
    if (!mock_state_loads(s))
        return;
    s->nic->regs.vlvf[at] |= IXGBE_PFVLVF_VI_EN | vid;
    s->nic->chip->vlan_join(s->nic, at, pool_of(s), true);
    s->nic->regs.vfta[vid >> 5] |= UINT32_C(1) << (vid & 31u);
}

static void vlans(struct mock_state *s)
{
    bool taken[ENTRIES_MAX] = {false};
    uint32_t count = 0;

    for (uint32_t i = 0; i < s->nic->chip->vlvf_entries; i++)
        count += vlan_is_ours(s, i);
    count = mock_state_u32(s, count);
    mock_state_need(s, count <= s->nic->chip->vlvf_entries);
    if (mock_state_loads(s))
        vlan_clear(s);
    for (uint32_t i = 0; s->mode != MOCK_STATE_SAVE && i < count && !s->bad; i++)
        vlan_take(s, taken);
    for (uint32_t i = 0; s->mode == MOCK_STATE_SAVE && i < s->nic->chip->vlvf_entries; i++) {
        if (!vlan_is_ours(s, i))
            continue;
        (void)mock_state_u32(s, i);
        (void)mock_state_u32(s, vid_of(s->nic, i));
    }
}

/* ---- the rest ---- */

/* The hash table is everybody's: which of its bits are this VF's nobody can tell, and one too many only
 * brings frames that it drops. */
static void hashes(struct mock_state *s)
{
    bool listens = mock_state_bool(s, (s->nic->regs.vmolr[pool_of(s)] & IXGBE_PFVML2FLT_ROMPE) != 0);

    for (uint32_t i = 0; listens && i < 128u; i++) {
        uint32_t word = mock_state_u32(s, s->nic->regs.mta[i]);

        if (mock_state_loads(s))
            s->nic->regs.mta[i] |= word;
    }
}

static void enable(struct mock_state *s, uint32_t bits[2])
{
    uint32_t *word = &bits[pool_of(s) / 32u], bit = UINT32_C(1) << (pool_of(s) % 32u);
    bool on = mock_state_bool(s, (*word & bit) != 0);

    if (mock_state_loads(s))
        *word = on ? *word | bit : *word & ~bit;
}

void mock_state_filters(struct mock_state *s)
{
    uint32_t *vmolr = &s->nic->regs.vmolr[pool_of(s)], value;

    addresses(s);
    if (!s->bad)
        vlans(s);
    if (s->bad)
        return;
    hashes(s);
    value = mock_state_u32(s, *vmolr);
    if (mock_state_loads(s))
        *vmolr = value;
    enable(s, s->nic->regs.vfre);
    enable(s, s->nic->regs.vfte);
}
