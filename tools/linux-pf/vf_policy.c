/* SPDX-License-Identifier: BSD-3-Clause */
#include "vf_policy.h"

#include <string.h>

bool vf_policy_same(const struct vf_policy *a, const struct vf_policy *b, uint32_t part)
{
    if ((a->known & b->known & part) == 0) {
        return false;
    }
    switch (part) {
    case VF_POLICY_MAC:
        return memcmp(&a->mac, &b->mac, sizeof(a->mac)) == 0;
    case VF_POLICY_VLAN:
        return a->vlan == b->vlan && a->qos == b->qos &&
               (a->vlan == 0 || a->vlan_protocol == b->vlan_protocol);
    case VF_POLICY_TRUST:
        return a->trusted == b->trusted;
    case VF_POLICY_SPOOF_CHECK:
        return a->spoof_check == b->spoof_check;
    case VF_POLICY_LINK:
        return a->link == b->link;
    case VF_POLICY_RATE:
        return a->max_rate == b->max_rate && a->min_rate == b->min_rate;
    case VF_POLICY_TRUNK:
        return a->num_trunk == b->num_trunk &&
               memcmp(a->trunk, b->trunk, a->num_trunk * sizeof(a->trunk[0])) == 0;
    case VF_POLICY_RX_MODE:
        return a->rx_mode == b->rx_mode;
    default:
        return false;
    }
}

const char *vf_policy_part_name(uint32_t part)
{
    switch (part) {
    case VF_POLICY_MAC:
        return "MAC address";
    case VF_POLICY_VLAN:
        return "port VLAN";
    case VF_POLICY_TRUST:
        return "trust";
    case VF_POLICY_SPOOF_CHECK:
        return "spoof check";
    case VF_POLICY_LINK:
        return "link state";
    case VF_POLICY_RATE:
        return "rate";
    case VF_POLICY_TRUNK:
        return "trunk";
    case VF_POLICY_RX_MODE:
        return "receive mode";
    default:
        return "policy";
    }
}
