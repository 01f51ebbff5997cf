/* SPDX-License-Identifier: BSD-3-Clause */
/* What the device is asked over its control queue, now and again after every reset. */
#include "vnet.h"

#include <errno.h>
#include <string.h>

static int ask_switch(struct vnet *v, uint8_t command, bool on)
{
    uint8_t value = on ? 1 : 0;
    return vnet_ctrl_ask(v, VIRTIO_NET_CTRL_RX, command, &value, sizeof(value));
}

/* No unicast address but its own, and the multicast ones that the mode wants. */
static int ask_table(struct vnet *v)
{
    uint8_t data[8 + SRIOV_ETH_ALEN * VNET_MULTICAST_MAX];
    uint32_t count = v->set.rx_mode == SRIOV_RX_NONE ? 0 : v->set.multicast;
    memset(data, 0, 4);
    memcpy(data + 4, &count, 4);
    memcpy(data + 8, v->set.multicast_list, count * sizeof(struct sriov_mac));
    return vnet_ctrl_ask(v, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET, data,
                         (uint32_t)(8 + count * sizeof(struct sriov_mac)));
}

static int ask_rx(struct vnet *v)
{
    int err = ask_switch(v, VIRTIO_NET_CTRL_RX_PROMISC, v->set.rx_mode == SRIOV_RX_PROMISC);
    if (err == 0) {
        err = ask_switch(v, VIRTIO_NET_CTRL_RX_ALLMULTI, v->set.rx_mode >= SRIOV_RX_ALLMULTI);
    }
    return err != 0 ? err : ask_table(v);
}

static int ask_mac(struct vnet *v, const struct sriov_mac *mac)
{
    return vnet_ctrl_ask(v, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET, mac, sizeof(*mac));
}

static int ask_vlan(struct vnet *v, uint16_t vid, bool on)
{
    uint8_t command = on ? (uint8_t)VIRTIO_NET_CTRL_VLAN_ADD : (uint8_t)VIRTIO_NET_CTRL_VLAN_DEL;
    return vnet_ctrl_ask(v, VIRTIO_NET_CTRL_VLAN, command, &vid, sizeof(vid));
}

static int ask_vlans(struct vnet *v)
{
    int err = 0;
    for (uint32_t vid = 0; err == 0 && vid < VNET_VLANS; vid++) {
        if ((v->set.vlan_map[vid / 8] & 1u << vid % 8) != 0) {
            err = ask_vlan(v, (uint16_t)vid, true);
        }
    }
    return err;
}

static int ask_pairs(struct vnet *v)
{
    uint16_t pairs = v->net->config.queues;
    return vnet_ctrl_ask(v, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, &pairs, sizeof(pairs));
}

int vnet_replay(struct vnet *v)
{
    int err = 0;
    if (vnet_has(v, VIRTIO_NET_F_MQ)) {
        err = ask_pairs(v);
    }
    if (err == 0 && vnet_has(v, VIRTIO_NET_F_CTRL_RX)) {
        err = ask_rx(v);
    }
    if (err == 0 && v->set.own_mac && vnet_has(v, VIRTIO_NET_F_CTRL_MAC_ADDR)) {
        err = ask_mac(v, &v->set.mac);
    }
    if (err == 0 && vnet_has(v, VIRTIO_NET_F_CTRL_VLAN)) {
        err = ask_vlans(v);
    }
    return err;
}

/* A device that is not running is asked when it starts. */
static bool asks_now(const struct vnet *v)
{
    return v->phase == VNET_RUNNING;
}

int vnet_set_mac(struct sriov_net *net, const struct sriov_mac *mac)
{
    struct vnet *v = vnet_of(net);
    if (!vnet_has(v, VIRTIO_NET_F_CTRL_MAC_ADDR)) {
        return -EOPNOTSUPP;
    }
    int err = asks_now(v) ? ask_mac(v, mac) : 0;
    if (err == 0) {
        v->set.mac = *mac;
        v->set.own_mac = true;
        net->mac = *mac;
    }
    return err;
}

/* The new settings stay if the device takes them. */
static int change_rx(struct vnet *v, const struct vnet_settings *to)
{
    struct vnet_settings before = v->set;
    if (!vnet_has(v, VIRTIO_NET_F_CTRL_RX)) {
        return -EOPNOTSUPP;
    }
    v->set = *to;
    int err = asks_now(v) ? ask_rx(v) : 0;
    if (err != 0) {
        v->set = before;
    }
    return err;
}

int vnet_set_multicast(struct sriov_net *net, const struct sriov_mac *list, uint16_t n)
{
    struct vnet *v = vnet_of(net);
    struct vnet_settings to = v->set;
    if (n > VNET_MULTICAST_MAX) {
        return -ENOSPC;
    }
    to.multicast = n;
    if (n > 0) {
        memcpy(to.multicast_list, list, n * sizeof(*list));
    }
    return change_rx(v, &to);
}

int vnet_set_rx_mode(struct sriov_net *net, enum sriov_rx_mode mode)
{
    struct vnet *v = vnet_of(net);
    struct vnet_settings to = v->set;
    to.rx_mode = mode;
    return change_rx(v, &to);
}

int vnet_set_vlan(struct sriov_net *net, uint16_t vid, bool on)
{
    struct vnet *v = vnet_of(net);
    uint8_t bit = (uint8_t)(1u << vid % 8);
    uint8_t *byte = &v->set.vlan_map[vid / 8];
    if (!vnet_has(v, VIRTIO_NET_F_CTRL_VLAN)) {
        return -EOPNOTSUPP; /* it has no filter: tagged frames come, all of them */
    }
    if (((*byte & bit) != 0) == on) {
        return 0;
    }
    int err = asks_now(v) ? ask_vlan(v, vid, on) : 0;
    if (err == 0) {
        *byte = (uint8_t)(on ? *byte | bit : *byte & ~bit);
    }
    return err;
}

/* The device learns of it by the frames; buffers that are too small for it are found at the next
 * configure. */
int vnet_set_mtu(struct sriov_net *net, uint16_t mtu)
{
    struct vnet *v = vnet_of(net);
    uint32_t need = mtu + VNET_FRAME_MIN + VNET_ETH_VLAN + VIRTIO_NET_HDR_SIZE;
    bool fits = vnet_has(v, VIRTIO_NET_F_MRG_RXBUF) || !net->configured || need <= v->buf_room;
    return fits ? 0 : -EINVAL;
}
