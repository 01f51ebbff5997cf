/* SPDX-License-Identifier: BSD-3-Clause */
/* Address, VLAN and multicast tables of a PF: shadows here, registers through the driver. */
#include "intel/pf_engine.h"

#include <errno.h>
#include <string.h>

bool sri_pf_mac_zero(const struct sriov_mac *mac)
{
    static const struct sriov_mac zero;

    return memcmp(mac, &zero, sizeof(zero)) == 0;
}

bool sri_pf_mac_ok(const struct sriov_mac *mac)
{
    return (mac->b[0] & 1u) == 0 && !sri_pf_mac_zero(mac);
}

bool sri_pf_mac_equal(const struct sriov_mac *a, const struct sriov_mac *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

bool sri_pf_mac_taken(const struct sri_pf *p, uint16_t vf, const struct sriov_mac *mac)
{
    for (uint16_t i = 0; i < p->dev->rars; i++) {
        const struct sri_pf_rar *r = &p->rar[i];

        if (r->used && (i == 0 || r->pool != vf) && sri_pf_mac_equal(&r->mac, mac)) {
            return true;
        }
    }
    return false;
}

static void rar_write(struct sri_pf *p, uint16_t i, const struct sriov_mac *mac, uint16_t pool)
{
    p->rar[i] = (struct sri_pf_rar){*mac, (uint8_t)pool, true};
    p->dev->put_rar(p, i);
}

static void rar_clear(struct sri_pf *p, uint16_t i)
{
    if (p->rar[i].used) {
        memset(&p->rar[i], 0, sizeof(p->rar[i]));
        p->dev->put_rar(p, i);
    }
}

/* Entry 0 is the PF's, then one for each VF; what is left are extra addresses. */
static uint16_t first_extra(const struct sri_pf *p)
{
    return (uint16_t)(1u + p->dev->max_vfs);
}

void sri_pf_rar_own(struct sri_pf *p)
{
    rar_write(p, 0, &p->mac, p->num_vfs);
}

void sri_pf_rar_primary(struct sri_pf *p, uint16_t vf, const struct sriov_mac *mac)
{
    p->vf[vf].mac = *mac;
    if (sri_pf_mac_zero(mac)) {
        rar_clear(p, (uint16_t)(1u + vf));
    } else {
        rar_write(p, (uint16_t)(1u + vf), mac, vf);
    }
}

int sri_pf_rar_add(struct sri_pf *p, uint16_t vf, const struct sriov_mac *mac)
{
    uint16_t slot = 0;

    for (uint16_t i = p->dev->rars; i-- > first_extra(p);) {
        if (!p->rar[i].used) {
            slot = i;
        } else if (p->rar[i].pool == vf && sri_pf_mac_equal(&p->rar[i].mac, mac)) {
            return 0;
        }
    }
    if (slot == 0) {
        return -ENOSPC;
    }
    rar_write(p, slot, mac, vf);
    return 0;
}

void sri_pf_rar_drop_extra(struct sri_pf *p, uint16_t vf)
{
    for (uint16_t i = first_extra(p); i < p->dev->rars; i++) {
        if (p->rar[i].pool == vf) {
            rar_clear(p, i);
        }
    }
}

/* VFTA lets a VLAN into the device at all; the VLVF entries then choose the pools. */
static void vfta_write(struct sri_pf *p, uint16_t vid, bool on)
{
    const uint32_t reg = p->dev->vfta + 4u * (vid >> 5);
    const uint32_t bit = UINT32_C(1) << (vid & 31u);

    sri_pf_set(p, reg, bit, on ? bit : 0);
}

static void vlan_write(struct sri_pf *p, uint16_t i, uint64_t pools)
{
    const bool was = p->vlan[i].pools != 0;

    p->vlan[i].pools = pools;
    p->dev->put_vlan(p, i);
    if (was != (pools != 0)) {
        vfta_write(p, p->vlan[i].vid, pools != 0);
    }
}

int sri_pf_vlan_add(struct sri_pf *p, uint16_t vf, uint16_t vid)
{
    uint16_t slot = p->dev->vlans;

    for (uint16_t i = p->dev->vlans; i-- > 0;) {
        if (p->vlan[i].pools == 0) {
            slot = i;
        } else if (p->vlan[i].vid == vid) {
            vlan_write(p, i, p->vlan[i].pools | sri_pf_bit(vf));
            return 0;
        }
    }
    if (slot == p->dev->vlans) {
        return -ENOSPC;
    }
    p->vlan[slot].vid = vid;
    vlan_write(p, slot, sri_pf_bit(vf));
    return 0;
}

void sri_pf_vlan_del(struct sri_pf *p, uint16_t vf, uint16_t vid)
{
    for (uint16_t i = 0; i < p->dev->vlans; i++) {
        if ((p->vlan[i].pools & sri_pf_bit(vf)) != 0 && p->vlan[i].vid == vid) {
            vlan_write(p, i, p->vlan[i].pools & ~sri_pf_bit(vf));
        }
    }
}

void sri_pf_vlan_del_all(struct sri_pf *p, uint16_t vf)
{
    for (uint16_t i = 0; i < p->dev->vlans; i++) {
        if ((p->vlan[i].pools & sri_pf_bit(vf)) != 0) {
            vlan_write(p, i, p->vlan[i].pools & ~sri_pf_bit(vf));
        }
    }
}

void sri_pf_mta_update(struct sri_pf *p)
{
    uint32_t want[SRI_PF_MTA_WORDS];

    memset(want, 0, sizeof(want));
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        for (uint32_t i = 0; i < p->vf[vf].n_hashes; i++) {
            const uint32_t hash = p->vf[vf].hashes[i];

            want[hash >> 5] |= UINT32_C(1) << (hash & 31u);
        }
    }
    for (uint32_t w = 0; w < SRI_PF_MTA_WORDS; w++) {
        if (want[w] != p->mta[w]) {
            p->mta[w] = want[w];
            sri_pf_wr(p, p->dev->mta + 4u * w, want[w]);
        }
    }
}

void sri_pf_filter_restore(struct sri_pf *p)
{
    for (uint32_t w = 0; w < SRI_PF_MTA_WORDS; w++) {
        sri_pf_wr(p, p->dev->mta + 4u * w, p->mta[w]);
        sri_pf_wr(p, p->dev->vfta + 4u * w, 0);
    }
    for (uint16_t i = 0; i < p->dev->rars; i++) {
        p->dev->put_rar(p, i);
    }
    for (uint16_t i = 0; i < p->dev->vlans; i++) {
        p->dev->put_vlan(p, i);
        if (p->vlan[i].pools != 0) {
            vfta_write(p, p->vlan[i].vid, true);
        }
    }
}
