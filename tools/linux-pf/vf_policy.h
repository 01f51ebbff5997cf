/* SPDX-License-Identifier: BSD-3-Clause */
/* What a host decides about one VF, in words that every owner of a PF shares. */
#ifndef VF_POLICY_H
#define VF_POLICY_H

#include <sriov/net.h>

/* Parts of the policy; a part is set as a whole. */
enum vf_policy_part {
    VF_POLICY_MAC = 1u << 0,
    VF_POLICY_VLAN = 1u << 1, /* port VLAN, its priority and its protocol */
    VF_POLICY_TRUST = 1u << 2,
    VF_POLICY_SPOOF_CHECK = 1u << 3,
    VF_POLICY_LINK = 1u << 4,
    VF_POLICY_RATE = 1u << 5, /* maximum and minimum */
    VF_POLICY_TRUNK = 1u << 6,
    VF_POLICY_RX_MODE = 1u << 7,
};

/* As the kernel numbers them. */
enum vf_policy_link {
    VF_POLICY_LINK_AUTO = 0, /* what the PF's port has */
    VF_POLICY_LINK_ON = 1,
    VF_POLICY_LINK_OFF = 2,
};

#define VF_POLICY_VLAN_MAX  4094u
#define VF_POLICY_QOS_MAX   7u
#define VF_POLICY_TRUNK_MAX 64u
#define VF_POLICY_8021Q     0x8100u
#define VF_POLICY_8021AD    0x88a8u

struct vf_policy {
    uint32_t known;    /* VF_POLICY_* whose members below hold what the owner says */
    uint32_t link;     /* enum vf_policy_link */
    uint32_t max_rate; /* Mbit/s sent by the VF; 0: no limit */
    uint32_t min_rate; /* Mbit/s; 0: none guaranteed */
    uint16_t vlan;     /* 0: none */
    uint16_t vlan_protocol;
    uint8_t qos; /* 802.1p priority of the port VLAN */
    bool trusted;
    bool spoof_check;
    struct sriov_mac mac;                /* zero: none given */
    enum sriov_rx_mode rx_mode;          /* most that it may ask for */
    uint16_t num_trunk;                  /* VLANs that it may ask for; 0: any */
    uint16_t trunk[VF_POLICY_TRUNK_MAX]; /* rising */
};

/* Do a and b say the same of that part? Not when one of them says nothing. */
bool vf_policy_same(const struct vf_policy *a, const struct vf_policy *b, uint32_t part);
/* "MAC address", "port VLAN", ...; static. */
const char *vf_policy_part_name(uint32_t part);

#endif
