/* SPDX-License-Identifier: BSD-3-Clause */
/* The requests that both devices' VFs make. Every word comes from a guest. */
#include "intel/pf_engine.h"

#include <errno.h>
#include <string.h>

struct sriov_mac sri_pf_msg_mac(const uint32_t *words)
{
    struct sriov_mac mac;

    for (uint32_t i = 0; i < SRIOV_ETH_ALEN; i++) {
        mac.b[i] = (uint8_t)(words[i / 4u] >> (8u * (i % 4u)));
    }
    return mac;
}

static void put_mac(uint32_t *words, const struct sriov_mac *mac)
{
    words[0] = (uint32_t)mac->b[0] | (uint32_t)mac->b[1] << 8 | (uint32_t)mac->b[2] << 16 |
               (uint32_t)mac->b[3] << 24;
    words[1] = (uint32_t)mac->b[4] | (uint32_t)mac->b[5] << 8;
}

/* Linux's VF driver compares the whole header of this answer, so CTS is not in it. */
uint32_t sri_pf_msg_reset(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    struct sri_pf_vf *v = &p->vf[vf];

    sri_pf_vf_restart(p, vf);
    v->resets++;
    v->cts = true;
    v->fresh = true;
    v->tell = false;
    sri_pf_vf_run(p, vf);
    memset(msg, 0, 4u * INTEL_MBX_WORDS);
    msg[0] = INTEL_MBX_VF_RESET | (sri_pf_mac_zero(&v->mac) ? INTEL_MBX_NACK : INTEL_MBX_ACK);
    put_mac(&msg[INTEL_MBX_RESET_MAC_WORD], &v->mac);
    return p->dev->reset_words;
}

int sri_pf_msg_set_mac(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    const struct sri_pf_vf *v = &p->vf[vf];
    const struct sriov_mac mac = sri_pf_msg_mac(&msg[1]);

    if (!sri_pf_mac_ok(&mac)) {
        return -EINVAL;
    }
    if (sri_pf_mac_equal(&mac, &v->mac)) {
        return 0;
    }
    if (!v->trusted && (!sri_pf_mac_zero(&v->admin) || sri_pf_mac_taken(p, vf, &mac))) {
        return -EACCES;
    }
    sri_pf_rar_primary(p, vf, &mac);
    return 0;
}

int sri_pf_msg_set_multicast(struct sri_pf *p, uint16_t vf, const uint32_t *msg, uint32_t n)
{
    struct sri_pf_vf *v = &p->vf[vf];
    uint16_t hashes[INTEL_MBX_MULTICAST_MAX];

    if (n > INTEL_MBX_MULTICAST_MAX) {
        return -EINVAL;
    }
    if (n != 0 && v->rx_most < IXGBE_MBX_XCAST_MULTI) {
        return -EACCES;
    }
    /* Linux's VF driver counts link-local groups and leaves them out: its last hashes are whatever was in
     * its memory. */
    for (uint32_t i = 0; i < n; i++) {
        hashes[i] = (uint16_t)(msg[1u + i / 2u] >> (16u * (i % 2u)) & INTEL_MBX_MULTICAST_HASH);
    }
    memcpy(v->hashes, hashes, n * sizeof(hashes[0]));
    v->n_hashes = (uint8_t)n;
    sri_pf_mta_update(p);
    p->dev->put_vf(p, vf);
    return 0;
}

int sri_pf_msg_set_vlan(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    const uint32_t vid = msg[1];

    if (sri_pf_msg_info(msg) > 1u || vid >= INTEL_MBX_VLAN_ID) {
        return -EINVAL;
    }
    if (p->vf[vf].port_vlan != 0) {
        return -EACCES;
    }
    if ((msg[0] & INTEL_MBX_VLAN_ADD) != 0) {
        return sri_pf_vf_may_vlan(p, vf, (uint16_t)vid) ? sri_pf_vlan_add(p, vf, (uint16_t)vid) : -EACCES;
    }
    sri_pf_vlan_del(p, vf, (uint16_t)vid);
    return 0;
}
