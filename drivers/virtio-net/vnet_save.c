/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a device of the same kind needs to know to go on in our place: the settings. Rings begin anew
 * (a reset has emptied them), and what was received belongs to the application that takes it.
 */
#include "vnet.h"

#include <errno.h>
#include <string.h>

#define SAVE_MAGIC   UINT32_C(0x31544e56) /* "VNT1" */
#define SAVE_VERSION 1u

/* As it lies in the stream; no padding. */
struct saved {
    uint32_t magic;
    uint32_t version;
    uint64_t features;
    uint64_t in_doubt;
    uint16_t queues;
    uint16_t multicast;
    uint8_t rx_mode;
    uint8_t own_mac;
    struct sriov_mac mac;
    struct sriov_mac multicast_list[VNET_MULTICAST_MAX];
    uint8_t vlan_map[VNET_VLANS / 8];
    uint8_t reserved[4];
};
_Static_assert(sizeof(struct saved) == 36 + 6 * VNET_MULTICAST_MAX + VNET_VLANS / 8 + 4, "no padding");
_Static_assert(sizeof(struct saved) % 8 == 0, "no padding at its end");

static void fill(const struct vnet *v, struct saved *s)
{
    memset(s, 0, sizeof(*s));
    s->magic = SAVE_MAGIC;
    s->version = SAVE_VERSION;
    s->features = v->features;
    s->in_doubt = v->in_doubt;
    s->queues = v->net->config.queues;
    s->multicast = v->set.multicast;
    s->rx_mode = (uint8_t)v->set.rx_mode;
    s->own_mac = v->set.own_mac ? 1 : 0;
    s->mac = v->net->mac;
    memcpy(s->multicast_list, v->set.multicast_list, s->multicast * sizeof(struct sriov_mac));
    memcpy(s->vlan_map, v->set.vlan_map, sizeof(s->vlan_map));
}

int64_t vnet_save(struct sriov_net *net, void *bytes, uint64_t room)
{
    struct saved s;
    fill(vnet_of(net), &s);
    if (room > 0) {
        memcpy(bytes, &s, room < sizeof(s) ? (size_t)room : sizeof(s));
    }
    return (int64_t)sizeof(s);
}

static bool all_zero(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++) {
        any |= at[i];
    }
    return any == 0;
}

static bool list_is_good(const struct saved *s)
{
    if (s->multicast > VNET_MULTICAST_MAX) {
        return false;
    }
    for (uint16_t i = 0; i < s->multicast; i++) {
        if ((s->multicast_list[i].b[0] & 1) == 0) {
            return false;
        }
    }
    return all_zero(&s->multicast_list[s->multicast],
                    (VNET_MULTICAST_MAX - s->multicast) * sizeof(struct sriov_mac));
}

/* Whether the device here can be what that one was. */
static bool fits(const struct vnet *v, const struct saved *s)
{
    bool known = s->magic == SAVE_MAGIC && s->version == SAVE_VERSION && s->rx_mode <= SRIOV_RX_PROMISC &&
                 s->own_mac <= 1 && all_zero(s->reserved, sizeof(s->reserved));
    bool same = s->features == v->features && s->queues == v->net->config.queues;
    bool mac = (s->mac.b[0] & 1) == 0 && !all_zero(&s->mac, sizeof(s->mac)) &&
               (s->own_mac == 0 || vnet_has(v, VIRTIO_NET_F_CTRL_MAC_ADDR));
    /* Filters are of devices that have one. */
    bool vlans = vnet_has(v, VIRTIO_NET_F_CTRL_VLAN) || all_zero(s->vlan_map, sizeof(s->vlan_map));
    bool lists = vnet_has(v, VIRTIO_NET_F_CTRL_RX) || (s->multicast == 0 && s->rx_mode == SRIOV_RX_MULTI);
    return known && same && mac && vlans && lists && list_is_good(s);
}

int vnet_load(struct sriov_net *net, const void *bytes, uint64_t len)
{
    struct vnet *v = vnet_of(net);
    struct saved s;
    if (len != sizeof(s)) {
        return -EPROTO;
    }
    memcpy(&s, bytes, sizeof(s));
    if (!fits(v, &s)) {
        return -EPROTO;
    }
    /* The permanent address may be another here: then the old one is asked for. */
    bool other = memcmp(&s.mac, &v->permanent, sizeof(s.mac)) != 0;
    if (other && !vnet_has(v, VIRTIO_NET_F_CTRL_MAC_ADDR)) {
        return -EPROTO;
    }
    v->set.own_mac = s.own_mac != 0 || other;
    v->set.mac = s.mac;
    v->set.rx_mode = (enum sriov_rx_mode)s.rx_mode;
    v->set.multicast = s.multicast;
    memcpy(v->set.multicast_list, s.multicast_list, sizeof(s.multicast_list));
    memcpy(v->set.vlan_map, s.vlan_map, sizeof(s.vlan_map));
    v->in_doubt = s.in_doubt;
    net->mac = s.mac;
    return 0;
}
