/* SPDX-License-Identifier: BSD-3-Clause */
/* The requests of an 82599 VF, API 1.0 to 1.7. */
#include "intel/pf_engine.h"

#include <errno.h>
#include <string.h>

/* The example key of the RSS specification: spreads well and is the same everywhere. */
const uint8_t sri_pf_rss_key[IXGBE_MBX_RSS_KEY_BYTES] = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* By the number on the wire, which is the order of invention. 0: not offered. */
static const uint16_t api_of_wire[IXGBE_MBX_API_COUNT] = {
    [IXGBE_MBX_API_1_0] = 0x0100, [IXGBE_MBX_API_1_1] = 0x0101, [IXGBE_MBX_API_1_2] = 0x0102,
    [IXGBE_MBX_API_1_3] = 0x0103, [IXGBE_MBX_API_1_4] = 0x0104, [IXGBE_MBX_API_1_5] = 0x0105,
    [IXGBE_MBX_API_1_6] = 0x0106, [IXGBE_MBX_API_1_7] = 0x0107,
};

static uint32_t newest_api(const struct sri_pf *p)
{
    const uint32_t limit = p->pf->opts.max_api;

    return limit != 0 && limit < p->dev->newest_api ? limit : p->dev->newest_api;
}

static int api_negotiate(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    const uint32_t wire = msg[1];
    uint16_t api;

    if (wire >= IXGBE_MBX_API_COUNT) {
        return -EINVAL;
    }
    api = api_of_wire[wire];
    if (api == 0 || api > newest_api(p)) {
        return -EOPNOTSUPP;
    }
    p->vf[vf].api = api;
    p->vf[vf].features = 0;
    msg[2] = 0;
    return 0;
}

static int set_mac(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    return sri_pf_msg_info(msg) != 0 ? -EINVAL : sri_pf_msg_set_mac(p, vf, msg);
}

static int set_multicast(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    return sri_pf_msg_set_multicast(p, vf, msg, sri_pf_msg_info(msg));
}

/*
 * The 82599 has one frame size for all, which this PF sets for jumbo frames at once. A VF of API
 * 1.0 may be one that cannot put a frame together from several buffers: it gets no jumbo frames.
 */
static int set_lpe(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    struct sri_pf_vf *v = &p->vf[vf];
    const uint32_t frame = msg[1];

    if (frame < SRI_PF_FRAME_MIN || frame > p->max_frame) {
        return -EINVAL;
    }
    if (frame > SRI_PF_FRAME_STD && v->api < SRI_PF_API_1_1) {
        return -EOPNOTSUPP;
    }
    v->max_frame = (uint16_t)frame;
    p->dev->put_vf(p, vf);
    return 0;
}

static int set_macvlan(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    const struct sri_pf_vf *v = &p->vf[vf];
    const uint32_t index = sri_pf_msg_info(msg);
    const struct sriov_mac mac = sri_pf_msg_mac(&msg[1]);

    if (index == 0) {
        sri_pf_rar_drop_extra(p, vf);
        return 0;
    }
    if (!sri_pf_mac_ok(&mac)) {
        return -EINVAL;
    }
    if (!v->trusted && (!sri_pf_mac_zero(&v->admin) || sri_pf_mac_taken(p, vf, &mac))) {
        return -EACCES;
    }
    if (index == 1) {
        sri_pf_rar_drop_extra(p, vf);
    }
    return sri_pf_rar_add(p, vf, &mac);
}

static int get_queues(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    msg[IXGBE_MBX_QUEUES_TX_WORD] = p->vf_queues;
    msg[IXGBE_MBX_QUEUES_RX_WORD] = p->vf_queues;
    msg[IXGBE_MBX_QUEUES_TRANS_VLAN_WORD] = p->vf[vf].port_vlan != 0 ? 1u : 0u;
    msg[IXGBE_MBX_QUEUES_DEF_QUEUE_WORD] = 0;
    return 0;
}

/* Table and key are the whole port's, so they are shown to trusted VFs only. */
static int get_reta(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    if (!p->vf[vf].trusted) {
        return -EACCES;
    }
    memset(&msg[1], 0, 4u * (IXGBE_MBX_GET_RETA_REPLY_WORDS - 1u));
    for (uint32_t i = 0; i < IXGBE_MBX_RETA_ENTRIES; i++) {
        const uint32_t queue = i % p->vf_queues;

        msg[1u + i / IXGBE_MBX_RETA_ENTRIES_PER_WORD] |= queue
                                                         << (2u * (i % IXGBE_MBX_RETA_ENTRIES_PER_WORD));
    }
    return 0;
}

static int get_rss_key(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    if (!p->vf[vf].trusted) {
        return -EACCES;
    }
    memcpy(&msg[1], sri_pf_rss_key, sizeof(sri_pf_rss_key));
    return 0;
}

/* An untrusted VF, or one that policy holds to less, is granted less than it asked for. The device has no
 * promiscuous pools. */
static int update_xcast(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    struct sri_pf_vf *v = &p->vf[vf];
    uint32_t mode = msg[1];

    if (mode > IXGBE_MBX_XCAST_PROMISC || (mode == IXGBE_MBX_XCAST_PROMISC && v->api < SRI_PF_API_1_3)) {
        return -EINVAL;
    }
    if (mode > IXGBE_MBX_XCAST_MULTI && !v->trusted) {
        mode = IXGBE_MBX_XCAST_MULTI;
    }
    if (mode > v->rx_most) {
        mode = v->rx_most;
    }
    if (mode == IXGBE_MBX_XCAST_PROMISC) {
        return -EOPNOTSUPP;
    }
    v->xcast = (uint8_t)mode;
    p->dev->put_vf(p, vf);
    msg[1] = mode;
    return 0;
}

static int get_link_state(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    msg[1] = p->vf[vf].link != SRIOV_PF_VF_LINK_DOWN ? 1u : 0u;
    return 0;
}

static uint32_t wire_speed(const struct sriov_link *link)
{
    switch (link->up ? link->mbps : 0) {
    case 100:
        return IXGBE_MBX_SPEED_100M;
    case 1000:
        return IXGBE_MBX_SPEED_1G;
    case 10000:
        return IXGBE_MBX_SPEED_10G;
    default:
        return IXGBE_MBX_SPEED_UNKNOWN;
    }
}

static int get_pf_link_state(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    static const struct sriov_link down;
    const struct sriov_link *link = p->vf[vf].link != SRIOV_PF_VF_LINK_DOWN ? &p->pf->link : &down;

    msg[IXGBE_MBX_PF_LINK_SPEED_WORD] = wire_speed(link);
    msg[IXGBE_MBX_PF_LINK_UP_WORD] = link->up ? 1u : 0u;
    return 0;
}

/* This PF reads the requests of a VF that keeps its lock; IPsec it does not offload. */
static int negotiate_features(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    msg[1] &= IXGBE_MBX_FEATURE_LOCKED_MBX;
    p->vf[vf].features = msg[1];
    return 0;
}

static int refuse_ipsec(struct sri_pf *p, uint16_t vf, uint32_t *msg)
{
    (void)p;
    (void)vf;
    (void)msg;
    return -EOPNOTSUPP;
}

const struct sri_pf_request sri_pf_ixgbe_requests[] = {
    {INTEL_MBX_VF_SET_MAC_ADDR, SRI_PF_API_1_0, INTEL_MBX_SET_MAC_WORDS, set_mac},
    {INTEL_MBX_VF_SET_MULTICAST, SRI_PF_API_1_0, 1, set_multicast},
    {INTEL_MBX_VF_SET_VLAN, SRI_PF_API_1_0, INTEL_MBX_SET_VLAN_WORDS, sri_pf_msg_set_vlan},
    {INTEL_MBX_VF_SET_LPE, SRI_PF_API_1_0, INTEL_MBX_SET_LPE_WORDS, set_lpe},
    {IXGBE_MBX_VF_SET_MACVLAN, SRI_PF_API_1_0, IXGBE_MBX_SET_MACVLAN_WORDS, set_macvlan},
    {IXGBE_MBX_VF_API_NEGOTIATE, SRI_PF_API_1_0, IXGBE_MBX_API_NEGOTIATE_WORDS, api_negotiate},
    {IXGBE_MBX_VF_GET_QUEUES, SRI_PF_API_1_1, IXGBE_MBX_GET_QUEUES_WORDS, get_queues},
    {IXGBE_MBX_VF_GET_RETA, SRI_PF_API_1_2, IXGBE_MBX_GET_RETA_REPLY_WORDS, get_reta},
    {IXGBE_MBX_VF_GET_RSS_KEY, SRI_PF_API_1_2, IXGBE_MBX_GET_RSS_KEY_REPLY_WORDS, get_rss_key},
    {IXGBE_MBX_VF_UPDATE_XCAST_MODE, SRI_PF_API_1_2, IXGBE_MBX_UPDATE_XCAST_WORDS, update_xcast},
    {IXGBE_MBX_VF_GET_LINK_STATE, SRI_PF_API_1_2, IXGBE_MBX_GET_LINK_STATE_WORDS, get_link_state},
    {IXGBE_MBX_VF_IPSEC_ADD, SRI_PF_API_1_4, 1, refuse_ipsec},
    {IXGBE_MBX_VF_IPSEC_DEL, SRI_PF_API_1_4, 1, refuse_ipsec},
    {IXGBE_MBX_VF_GET_PF_LINK_STATE, SRI_PF_API_1_6, IXGBE_MBX_GET_PF_LINK_STATE_WORDS, get_pf_link_state},
    {IXGBE_MBX_VF_FEATURES_NEGOTIATE, SRI_PF_API_1_7, IXGBE_MBX_FEATURES_WORDS, negotiate_features},
    {0, 0, 0, NULL},
};
