/* SPDX-License-Identifier: BSD-3-Clause */
/* The requests of an 82576 VF. */
#include "intel/pf_engine.h"

#include <errno.h>

static int add_filter(struct sri_pf *p, uint16_t vf, const struct sriov_mac *mac)
{
    const struct sri_pf_vf *v = &p->vf[vf];

    if (!sri_pf_mac_ok(mac)) {
        return -EINVAL;
    }
    if (!v->trusted && (!sri_pf_mac_zero(&v->admin) || sri_pf_mac_taken(p, vf, mac))) {
        return -EACCES;
    }
    return sri_pf_rar_add(p, vf, mac);
}

static int set_mac(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    const struct sriov_mac mac = sri_pf_msg_mac(&msg[1]);

    switch (msg[0] & IGB_MBX_MAC_FILTER) {
    case 0:
        return sri_pf_msg_set_mac(p, vf, msg);
    case IGB_MBX_MAC_FILTER_CLR:
        sri_pf_rar_drop_extra(p, vf);
        return 0;
    case IGB_MBX_MAC_FILTER_ADD:
        return add_filter(p, vf, &mac);
    default:
        return -EINVAL;
    }
}

static bool may_allmulti(const struct sri_pf *p, uint16_t vf)
{
    return p->vf[vf].trusted && p->vf[vf].rx_most >= IXGBE_MBX_XCAST_ALLMULTI;
}

static void set_allmulti(struct sri_pf *p, uint16_t vf, bool on)
{
    const uint8_t least =
        p->vf[vf].rx_most < IXGBE_MBX_XCAST_MULTI ? p->vf[vf].rx_most : IXGBE_MBX_XCAST_MULTI;

    p->vf[vf].xcast = on ? IXGBE_MBX_XCAST_ALLMULTI : least;
    p->dev->put_vf(p, vf);
}

/* More groups than a message holds: a trusted VF gets all multicast, another the 30 it could name. */
static int set_multicast(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    const uint32_t known = IGB_MBX_MULTICAST_COUNT | IGB_MBX_MULTICAST_OVERFLOW;
    const uint32_t n = (msg[0] & IGB_MBX_MULTICAST_COUNT) >> INTEL_MBX_INFO_SHIFT;
    const bool more = (msg[0] & IGB_MBX_MULTICAST_OVERFLOW) != 0;
    int rc;

    if ((msg[0] & INTEL_MBX_INFO & ~known) != 0) {
        return -EINVAL;
    }
    rc = sri_pf_msg_set_multicast(p, vf, msg, n);
    if (rc == 0 && more && may_allmulti(p, vf)) {
        set_allmulti(p, vf, true);
    }
    return rc;
}

/* The answer has 1 word, so there is no lesser mode to grant: what policy forbids is refused. */
static int set_promisc(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    const bool multi = (msg[0] & IGB_MBX_PROMISC_MULTICAST) != 0;

    if ((msg[0] & INTEL_MBX_INFO & ~IGB_MBX_PROMISC_MULTICAST) != 0) {
        return -EOPNOTSUPP;
    }
    if (multi && !may_allmulti(p, vf)) {
        return -EACCES;
    }
    set_allmulti(p, vf, multi);
    return 0;
}

static int set_lpe(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    const uint32_t frame = msg[1];

    if (frame < SRI_PF_FRAME_MIN || frame > p->max_frame) {
        return -EINVAL;
    }
    p->vf[vf].max_frame = (uint16_t)frame;
    p->dev->put_vf(p, vf);
    return 0;
}

const struct sri_pf_request sri_pf_igb_requests[] = {
    {INTEL_MBX_VF_SET_MAC_ADDR, SRI_PF_API_1_0, 1, set_mac},
    {INTEL_MBX_VF_SET_MULTICAST, SRI_PF_API_1_0, 1, set_multicast},
    {INTEL_MBX_VF_SET_VLAN, SRI_PF_API_1_0, 1, sri_pf_msg_set_vlan},
    {INTEL_MBX_VF_SET_LPE, SRI_PF_API_1_0, 1, set_lpe},
    {IGB_MBX_VF_SET_PROMISC, SRI_PF_API_1_0, 1, set_promisc},
    {0, 0, 0, NULL},
};
