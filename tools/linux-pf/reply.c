/* SPDX-License-Identifier: BSD-3-Clause */
/* RTM_NEWLINK with IFLA_VFINFO_LIST to a VF's policy and counters. */
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* What the kernel puts where a driver says nothing. */
#define NOT_TOLD UINT32_MAX

/* Copies a fixed structure; later kernels may append to it. */
static bool take(const struct nlattr *attribute, void *out, size_t n)
{
    if (mnl_attr_get_payload_len(attribute) < n) {
        return false;
    }
    memcpy(out, mnl_attr_get_payload(attribute), n);
    return true;
}

static bool is_nest(const struct nlattr *attribute)
{
    return mnl_attr_validate(attribute, MNL_TYPE_NESTED) == 0;
}

/* Attributes one behind the other. libmnl's own loops narrow silently, and hide a cut-off tail. */
struct walk {
    const char *base;
    size_t length;
    size_t at;
};

static struct walk walk_nest(const struct nlattr *nest)
{
    return (struct walk){mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), 0};
}

/* NULL at the end, and at what is no attribute. */
static const struct nlattr *walk_next(struct walk *walk)
{
    const struct nlattr *attribute = (const struct nlattr *)(const void *)(walk->base + walk->at);

    if (walk->at >= walk->length || !mnl_attr_ok(attribute, (int)(walk->length - walk->at))) {
        return NULL;
    }
    walk->at += NLMSG_ALIGN((size_t)attribute->nla_len);
    return attribute;
}

static bool walk_is_whole(const struct walk *walk)
{
    return walk->at >= walk->length;
}

/* ---- one VF's attributes; each false when it is malformed ---- */

static bool take_mac(struct lpf_vf_reply *reply, const struct nlattr *attribute)
{
    struct ifla_vf_mac mac;

    if (!take(attribute, &mac, sizeof(mac)) || mac.vf != reply->vf) {
        return false;
    }
    memcpy(reply->policy->mac.b, mac.mac, sizeof(reply->policy->mac.b));
    reply->policy->known |= VF_POLICY_MAC;
    return true;
}

static bool take_vlan(struct lpf_vf_reply *reply, const struct nlattr *attribute)
{
    struct ifla_vf_vlan vlan;

    if (!take(attribute, &vlan, sizeof(vlan)) || vlan.vf != reply->vf || vlan.vlan > VF_POLICY_VLAN_MAX + 1 ||
        vlan.qos > VF_POLICY_QOS_MAX) {
        return false;
    }
    reply->policy->vlan = (uint16_t)vlan.vlan;
    reply->policy->qos = (uint8_t)vlan.qos;
    reply->policy->known |= VF_POLICY_VLAN;
    return true;
}

/* Only the protocol is of interest: the rest is in IFLA_VF_VLAN. */
static bool take_vlan_list(struct lpf_vf_reply *reply, const struct nlattr *list)
{
    struct ifla_vf_vlan_info info;
    const struct nlattr *attribute;

    if (!is_nest(list)) {
        return false;
    }
    struct walk walk = walk_nest(list);
    while ((attribute = walk_next(&walk)) != NULL) {
        if (mnl_attr_get_type(attribute) == IFLA_VF_VLAN_INFO) {
            if (!take(attribute, &info, sizeof(info)) || info.vf != reply->vf) {
                return false;
            }
            reply->policy->vlan_protocol = ntohs(info.vlan_proto);
        }
    }
    return walk_is_whole(&walk);
}

static bool take_rate(struct lpf_vf_reply *reply, const struct nlattr *attribute)
{
    struct ifla_vf_rate rate;

    if (!take(attribute, &rate, sizeof(rate)) || rate.vf != reply->vf) {
        return false;
    }
    reply->policy->max_rate = rate.max_tx_rate;
    reply->policy->min_rate = rate.min_tx_rate;
    reply->policy->known |= VF_POLICY_RATE;
    return true;
}

static bool take_link(struct lpf_vf_reply *reply, const struct nlattr *attribute)
{
    struct ifla_vf_link_state link;

    if (!take(attribute, &link, sizeof(link)) || link.vf != reply->vf) {
        return false;
    }
    if (link.link_state <= VF_POLICY_LINK_OFF) {
        reply->policy->link = link.link_state;
        reply->policy->known |= VF_POLICY_LINK;
    }
    return true;
}

/* Spoof check and trust have the same layout. */
static bool take_flag(struct lpf_vf_reply *reply, const struct nlattr *attribute, uint32_t part, bool *value)
{
    struct ifla_vf_spoofchk flag;

    _Static_assert(sizeof(struct ifla_vf_spoofchk) == sizeof(struct ifla_vf_trust), "one layout");
    if (!take(attribute, &flag, sizeof(flag)) || flag.vf != reply->vf) {
        return false;
    }
    if (flag.setting != NOT_TOLD) {
        *value = flag.setting != 0;
        reply->policy->known |= part;
    }
    return true;
}

static uint64_t *counter(struct linux_pf_vf_stats *stats, uint16_t type)
{
    switch (type) {
    case IFLA_VF_STATS_RX_PACKETS:
        return &stats->rx_packets;
    case IFLA_VF_STATS_TX_PACKETS:
        return &stats->tx_packets;
    case IFLA_VF_STATS_RX_BYTES:
        return &stats->rx_bytes;
    case IFLA_VF_STATS_TX_BYTES:
        return &stats->tx_bytes;
    case IFLA_VF_STATS_BROADCAST:
        return &stats->broadcast;
    case IFLA_VF_STATS_MULTICAST:
        return &stats->multicast;
    case IFLA_VF_STATS_RX_DROPPED:
        return &stats->rx_dropped;
    case IFLA_VF_STATS_TX_DROPPED:
        return &stats->tx_dropped;
    default:
        return NULL;
    }
}

static bool take_stats(struct lpf_vf_reply *reply, const struct nlattr *nest)
{
    const struct nlattr *attribute;

    if (!is_nest(nest)) {
        return false;
    }
    if (reply->stats == NULL) {
        return true;
    }
    struct walk walk = walk_nest(nest);
    while ((attribute = walk_next(&walk)) != NULL) {
        uint64_t *value = counter(reply->stats, mnl_attr_get_type(attribute));
        if (value != NULL && !take(attribute, value, sizeof(*value))) {
            return false;
        }
    }
    reply->stats->present = true;
    return walk_is_whole(&walk);
}

static bool take_attribute(struct lpf_vf_reply *reply, const struct nlattr *attribute)
{
    switch (mnl_attr_get_type(attribute)) {
    case IFLA_VF_MAC:
        return take_mac(reply, attribute);
    case IFLA_VF_VLAN:
        return take_vlan(reply, attribute);
    case IFLA_VF_VLAN_LIST:
        return take_vlan_list(reply, attribute);
    case IFLA_VF_RATE:
        return take_rate(reply, attribute);
    case IFLA_VF_LINK_STATE:
        return take_link(reply, attribute);
    case IFLA_VF_SPOOFCHK:
        return take_flag(reply, attribute, VF_POLICY_SPOOF_CHECK, &reply->policy->spoof_check);
    case IFLA_VF_TRUST:
        return take_flag(reply, attribute, VF_POLICY_TRUST, &reply->policy->trusted);
    case IFLA_VF_STATS:
        return take_stats(reply, attribute);
    default:
        return true;
    }
}

/* ---- the list ---- */

/* Each VF's attributes begin with its number; the address is there with every driver. */
static bool is_wanted(const struct lpf_vf_reply *reply, const struct nlattr *info)
{
    struct walk walk = walk_nest(info);
    struct ifla_vf_mac mac;
    const struct nlattr *attribute;

    while ((attribute = walk_next(&walk)) != NULL) {
        if (mnl_attr_get_type(attribute) == IFLA_VF_MAC) {
            return take(attribute, &mac, sizeof(mac)) && mac.vf == reply->vf;
        }
    }
    return false;
}

static int take_vf(struct lpf_vf_reply *reply, const struct nlattr *info)
{
    struct walk walk = walk_nest(info);
    const struct nlattr *attribute;

    while ((attribute = walk_next(&walk)) != NULL) {
        if (!take_attribute(reply, attribute)) {
            return -EPROTO;
        }
    }
    reply->seen_vf = true;
    return walk_is_whole(&walk) ? 0 : -EPROTO;
}

static int take_list(struct lpf_vf_reply *reply, const struct nlattr *list)
{
    const struct nlattr *info;

    if (!is_nest(list)) {
        return -EPROTO;
    }
    struct walk walk = walk_nest(list);
    while ((info = walk_next(&walk)) != NULL) {
        if (mnl_attr_get_type(info) != IFLA_VF_INFO || !is_nest(info)) {
            return -EPROTO;
        }
        if (is_wanted(reply, info)) {
            return take_vf(reply, info);
        }
    }
    return walk_is_whole(&walk) ? 0 : -EPROTO;
}

/* The interface's number may have been given to another one since sysfs was read. */
static bool is_name(const struct nlattr *attribute, const char *name)
{
    return mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0 &&
           strcmp(mnl_attr_get_str(attribute), name) == 0;
}

static int take_link_attribute(struct lpf_vf_reply *reply, const struct nlattr *attribute)
{
    switch (mnl_attr_get_type(attribute)) {
    case IFLA_IFNAME:
        reply->seen = true;
        return is_name(attribute, reply->pf->interface) ? 0 : -ENODEV;
    case IFLA_PARENT_DEV_NAME:
        return is_name(attribute, reply->pf->bdf) ? 0 : -ENODEV;
    case IFLA_VFINFO_LIST:
        return reply->policy != NULL ? take_list(reply, attribute) : 0;
    default:
        return 0;
    }
}

int lpf_on_link(void *arg, const struct nlmsghdr *message)
{
    struct lpf_vf_reply *reply = arg;
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
    const struct nlattr *attribute;
    int rc = 0;

    if (mnl_nlmsg_get_payload_len(message) < sizeof(*link)) {
        return -EPROTO;
    }
    reply->pf->flags = link->ifi_flags;
    struct walk walk = {mnl_nlmsg_get_payload(message), mnl_nlmsg_get_payload_len(message), sizeof(*link)};
    while (rc == 0 && (attribute = walk_next(&walk)) != NULL) {
        rc = take_link_attribute(reply, attribute);
    }
    if (rc == 0 && (!reply->seen || !walk_is_whole(&walk))) {
        return -EPROTO;
    }
    return rc;
}
