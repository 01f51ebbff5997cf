/* SPDX-License-Identifier: BSD-3-Clause */
/* Device status (2.1), feature negotiation (2.2, 3.1.1), configuration (2.5, 5.1.4). */
#include "vnet.h"

#include <errno.h>
#include <string.h>

#define RESET_NS      (500 * VNET_MS)
#define RESET_STEP_NS UINT64_C(20000)
#define CONFIG_TRIES  8u
#define DEAD_STATUS   0xffu
#define DEAD_QUEUES   0xffffu
#define WANTED                                                                                               \
    (VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_ORDER_PLATFORM | VIRTIO_NET_F_MTU |            \
     VIRTIO_NET_F_MAC | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_STANDBY |                \
     VIRTIO_NET_F_SPEED_DUPLEX)
/* Each needs the control queue: 5.1.3.1. */
#define WANTED_OF_CTRL                                                                                       \
    (VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_MQ | VIRTIO_NET_F_CTRL_MAC_ADDR)

uint8_t vnet_status(const struct vnet *v)
{
    uint8_t status = (uint8_t)vnet_read(&v->common, VIRTIO_COMMON_DEVICE_STATUS, 1);
    if (status == DEAD_STATUS && vnet_read(&v->common, VIRTIO_COMMON_NUM_QUEUES, 2) == DEAD_QUEUES) {
        sriov_fn_kill(v->net->fn); /* nobody answers */
    }
    return status;
}

static void set_status(struct vnet *v, uint8_t status)
{
    vnet_write(&v->common, VIRTIO_COMMON_DEVICE_STATUS, 1, status);
}

static int is_reset(void *arg)
{
    return vnet_status(arg) == 0 ? 1 : 0;
}

/* 4.1.4.3.2: the device says 0 once it is through with all it had begun. */
int vnet_reset(struct vnet *v)
{
    struct sriov_fn *fn = v->net->fn;
    v->phase = v->phase == VNET_RUNNING ? VNET_DOWN : v->phase;
    v->resets++;
    set_status(v, 0);
    int err = sriov_fn_wait_until(fn, is_reset, v, RESET_NS, RESET_STEP_NS);
    if (err == -ETIMEDOUT && sriov_fn_can(fn, SRIOV_CAP_RESET)) {
        vnet_log(v, SRIOV_LOG_WARN, "%s", "the device does not reset; function level reset");
        err = sriov_fn_reset(fn);
        err = err == 0 && vnet_status(v) != 0 ? -ETIMEDOUT : err;
    }
    if (err >= 0) {
        return 0;
    }
    /* It may still write into our buffers: only a function that is closed is silent. */
    if (err != -ENODEV) {
        vnet_log(v, SRIOV_LOG_ERROR, "the device cannot be reset (%d); given up", err);
        sriov_fn_kill(fn);
    }
    return -ENODEV;
}

static uint64_t offered_features(const struct vnet *v)
{
    uint64_t features = 0;
    for (uint32_t half = 0; half < 2; half++) {
        vnet_write(&v->common, VIRTIO_COMMON_DEVICE_FEATURE_SELECT, 4, half);
        features |= (uint64_t)vnet_read(&v->common, VIRTIO_COMMON_DEVICE_FEATURE, 4) << (32 * half);
    }
    return features;
}

static void accept_features(const struct vnet *v, uint64_t features)
{
    for (uint32_t half = 0; half < 2; half++) {
        vnet_write(&v->common, VIRTIO_COMMON_DRIVER_FEATURE_SELECT, 4, half);
        vnet_write(&v->common, VIRTIO_COMMON_DRIVER_FEATURE, 4, (uint32_t)(features >> (32 * half)));
    }
}

static int check_offer(const struct vnet *v, uint64_t offered)
{
    if ((offered & VIRTIO_F_VERSION_1) == 0) {
        vnet_log(v, SRIOV_LOG_ERROR, "%s", "the device is a legacy one; it has to offer virtio 1.0");
        return -EOPNOTSUPP;
    }
    /* Its addresses would be the machine's own, past the IOMMU, and ours mean something else there. */
    if ((offered & VIRTIO_F_ACCESS_PLATFORM) == 0 && !sriov_fn_can(v->net->fn, SRIOV_CAP_NO_ISOLATION)) {
        vnet_log(v, SRIOV_LOG_ERROR, "%s",
                 "the device reaches memory past the IOMMU; it has to offer ACCESS_PLATFORM (QEMU: "
                 "iommu_platform=on)");
        return -EOPNOTSUPP;
    }
    return 0;
}

int vnet_negotiate(struct vnet *v)
{
    int err = vnet_reset(v);
    if (err != 0) {
        return err;
    }
    set_status(v, VIRTIO_STATUS_ACKNOWLEDGE);
    set_status(v, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
    uint64_t offered = offered_features(v);
    uint64_t wanted = WANTED;
    if ((offered & VIRTIO_NET_F_CTRL_VQ) != 0) {
        wanted |= VIRTIO_NET_F_CTRL_VQ | WANTED_OF_CTRL;
    }
    err = check_offer(v, offered);
    if (err == 0) {
        v->features = offered & wanted;
        accept_features(v, v->features);
        set_status(v, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK);
        err = (vnet_status(v) & VIRTIO_STATUS_FEATURES_OK) != 0 ? 0 : -EPROTO;
    }
    if (err != 0) {
        set_status(v, (uint8_t)(vnet_status(v) | VIRTIO_STATUS_FAILED));
    }
    return err;
}

void vnet_driver_ok(struct vnet *v)
{
    set_status(v, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK |
                      VIRTIO_STATUS_DRIVER_OK);
    v->phase = VNET_RUNNING;
}

/* ---- configuration ---- */

static bool has_field(const struct vnet *v, uint64_t feature, uint32_t end)
{
    return vnet_has(v, feature) && v->device.len >= end;
}

/* What has several fields, or several bytes, is read until the generation stands still: 2.5.1. */
static void read_mac(const struct vnet *v, struct sriov_mac *mac)
{
    for (uint32_t i = 0; i < CONFIG_TRIES; i++) {
        uint32_t before = vnet_read(&v->common, VIRTIO_COMMON_CONFIG_GENERATION, 1);
        for (uint32_t b = 0; b < SRIOV_ETH_ALEN; b++) {
            mac->b[b] = (uint8_t)vnet_read(&v->device, VIRTIO_NET_CFG_MAC + b, 1);
        }
        if (vnet_read(&v->common, VIRTIO_COMMON_CONFIG_GENERATION, 1) == before) {
            return;
        }
    }
}

static bool is_usable(const struct sriov_mac *mac)
{
    static const struct sriov_mac zero;
    return (mac->b[0] & 1) == 0 && memcmp(mac, &zero, sizeof(zero)) != 0;
}

/* FNV-1a over the function's name and the time: apart for every device. */
static struct sriov_mac made_up(const struct vnet *v)
{
    struct sriov_mac mac;
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ sriov_fn_now(v->net->fn);
    for (const char *c = sriov_fn_info(v->net->fn)->name; *c != '\0'; c++) {
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    }
    for (uint32_t i = 0; i < SRIOV_ETH_ALEN; i++) {
        mac.b[i] = (uint8_t)(hash >> (8 * i));
    }
    mac.b[0] = (uint8_t)((mac.b[0] & 0xfcu) | 0x02u); /* locally administered, unicast */
    return mac;
}

static uint16_t limit_mtu(const struct vnet *v)
{
    if (!has_field(v, VIRTIO_NET_F_MTU, VIRTIO_NET_CFG_MTU + 2)) {
        return VNET_MAX_MTU;
    }
    uint32_t mtu = vnet_read(&v->device, VIRTIO_NET_CFG_MTU, 2);
    return mtu >= VIRTIO_NET_MTU_MIN && mtu < VNET_MAX_MTU ? (uint16_t)mtu : VNET_MAX_MTU;
}

struct sriov_link vnet_link(const struct vnet *v)
{
    struct sriov_link link = {.up = true};
    if (has_field(v, VIRTIO_NET_F_STATUS, VIRTIO_NET_CFG_STATUS + 2)) {
        link.up = (vnet_read(&v->device, VIRTIO_NET_CFG_STATUS, 2) & VIRTIO_NET_S_LINK_UP) != 0;
    }
    if (link.up && has_field(v, VIRTIO_NET_F_SPEED_DUPLEX, VIRTIO_NET_CFG_SPEED + 4)) {
        uint32_t mbps = vnet_read(&v->device, VIRTIO_NET_CFG_SPEED, 4);
        link.mbps = mbps <= VIRTIO_NET_SPEED_MAX ? mbps : 0;
    }
    return link;
}

int vnet_learn(struct vnet *v)
{
    struct sriov_net *net = v->net;
    struct sriov_mac mac = {{0}};
    if (has_field(v, VIRTIO_NET_F_MAC, VIRTIO_NET_CFG_MAC + SRIOV_ETH_ALEN)) {
        read_mac(v, &mac);
    }
    if (is_usable(&mac)) {
        v->permanent = mac;
    } else if (!is_usable(&v->permanent)) {
        v->permanent = made_up(v);
    }
    uint32_t pairs = 1;
    if (has_field(v, VIRTIO_NET_F_MQ, VIRTIO_NET_CFG_MAX_PAIRS + 2)) {
        pairs = vnet_read(&v->device, VIRTIO_NET_CFG_MAX_PAIRS, 2);
    }
    if (pairs < 1 || pairs > VIRTIO_NET_PAIRS_MAX) {
        return -EPROTO; /* and nobody knows where its control queue is */
    }
    v->max_pairs = (uint16_t)pairs;
    net->mac = v->set.own_mac ? v->set.mac : v->permanent;
    net->max_mtu = limit_mtu(v);
    net->max_queues = v->max_pairs < SRIOV_NET_QUEUES_MAX ? v->max_pairs : SRIOV_NET_QUEUES_MAX;
    net->link = vnet_link(v);
    return 0;
}
