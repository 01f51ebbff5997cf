/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Driver for virtio 1.x network devices over PCI, split virtqueues. Section numbers are those of the
 * virtio 1.2 specification.
 *
 * Received frames stay where the device wrote them: its header takes the first 12 bytes of the buffer,
 * the frame follows. Sent frames stay where they are: their header, all zero, is one for all and comes
 * first in each chain.
 *
 * A split virtqueue cannot be stopped but by a device reset (2.4). So holding still, recovering and
 * stopping begin alike: reset, then look into the used rings, which are ours to read then, for what
 * the device had done.
 */
#ifndef VNET_H
#define VNET_H

#include "vnet_ring.h"

#include <sriov/driver.h>

#define VNET_MS            UINT64_C(1000000)
#define VNET_MAX_MTU       9706u /* as that of the VFs it may stand by for */
#define VNET_BARS          6u
#define VNET_MULTICAST_MAX 64u
#define VNET_VLANS         4096u
#define VNET_VECTORS_MAX   (SRIOV_NET_QUEUES_MAX + 1u)

/* One structure of the device, somewhere in a BAR. */
struct vnet_area {
    const struct sriov_bar *bar; /* NULL: the device has none */
    uint32_t off;
    uint32_t len;
};

/* What the application asked for, and what every start asks the device for again. */
struct vnet_settings {
    bool own_mac;
    struct sriov_mac mac;
    enum sriov_rx_mode rx_mode;
    uint16_t multicast;
    struct sriov_mac multicast_list[VNET_MULTICAST_MAX];
    uint8_t vlan_map[VNET_VLANS / 8];
};

enum vnet_phase {
    VNET_DOWN = 0,       /* reset, or not started yet */
    VNET_RUNNING = 1,    /* DRIVER_OK */
    VNET_HELD = 2,       /* quiesced: reset, rings keep what is in them */
    VNET_RECOVERING = 3, /* as held; started again at next_try */
};

struct vnet_watch {
    uint16_t at; /* used index of a transmit queue that stands still */
    uint64_t since;
};

struct vnet {
    struct sriov_net *net;
    struct sriov_bar bars[VNET_BARS];
    struct vnet_area common, notify, device;
    uint32_t notify_mult;
    uint64_t features; /* negotiated */
    uint16_t max_pairs;
    uint32_t buf_room; /* bytes of a fresh buffer */
    enum vnet_phase phase;
    uint32_t vectors;
    struct vnet_ctrl ctrl;
    struct vnet_settings set;
    struct sriov_mac permanent; /* as the device has it; made up where it has none */
    uint64_t next_try;
    uint64_t pause_ns;
    uint64_t up_since;
    struct vnet_watch watch[SRIOV_NET_QUEUES_MAX];
    uint32_t resets;
    uint64_t in_doubt; /* frames given to the device of which nobody knows whether it sent them */
};

static inline struct vnet *vnet_of(const struct sriov_net *net)
{
    return net->priv;
}

static inline bool vnet_has(const struct vnet *v, uint64_t features)
{
    return (v->features & features) == features;
}

static inline struct vnet_rxq *vnet_rxq(const struct vnet *v, uint32_t i)
{
    return (struct vnet_rxq *)(void *)v->net->rxq[i];
}

static inline struct vnet_txq *vnet_txq(const struct vnet *v, uint32_t i)
{
    return (struct vnet_txq *)(void *)v->net->txq[i];
}

/* ---- vnet_pci.c: where the structures are, and their fields ---- */
/* -EPROTO: not a virtio 1.x device; else as sriov_bar_open. */
int vnet_pci_open(struct vnet *v);
void vnet_pci_close(struct vnet *v);
/* width 1, 2 or 4, the field's own; inside the structure. */
uint32_t vnet_read(const struct vnet_area *area, uint32_t off, uint32_t width);
void vnet_write(const struct vnet_area *area, uint32_t off, uint32_t width, uint32_t value);
/* Where the queue that is selected now is notified. -EPROTO: outside. */
int vnet_pci_bell(struct vnet *v, struct vnet_bell *bell);

/* ---- vnet_device.c: status, features, configuration ---- */
uint8_t vnet_status(const struct vnet *v);
/* Status 0, and all memory is ours again; where the device does not obey FLR, else the function is
 * given up (-ENODEV). */
int vnet_reset(struct vnet *v);
/* Reset and negotiated anew: at FEATURES_OK. -EOPNOTSUPP: it lacks what we cannot do without. */
int vnet_negotiate(struct vnet *v);
void vnet_driver_ok(struct vnet *v);
struct sriov_link vnet_link(const struct vnet *v);
/* MAC, limits, link. -EPROTO: limits that cannot be. */
int vnet_learn(struct vnet *v);

/* ---- vnet_queues.c ---- */
int vnet_configure(struct sriov_net *net);
void vnet_release(struct sriov_net *net);
/* Rings from their start, and the device told where they are; at FEATURES_OK. */
int vnet_queues_program(struct vnet *v);
/* DRIVER_OK is set: hand over receive buffers. */
void vnet_queues_begin(struct vnet *v);
/* The device is reset. What it had received stays to be read; what it was given to send and did not
 * report is in doubt. */
void vnet_queues_settle(struct vnet *v);
/* Transmit queues alone. */
void vnet_queues_settle_tx(struct vnet *v);
/* The same; all buffers go home. */
void vnet_queues_reclaim(struct vnet *v);
/* A transmit queue that the device has not served for long, or a ring that it broke; NULL: all is well. */
const char *vnet_queues_wrong(struct vnet *v);

/* ---- vnet_ctrl.c ---- */
int vnet_ctrl_create(struct vnet *v);
void vnet_ctrl_destroy(struct vnet *v);
/* 0; -EACCES: the device says no; -EOPNOTSUPP, -ETIMEDOUT (it needs a reset now), -EPROTO. */
int vnet_ctrl_ask(struct vnet *v, uint8_t class, uint8_t command, const void *data, uint32_t len);

/* ---- vnet_settings.c ---- */
/* Ask for all of v->set. */
int vnet_replay(struct vnet *v);
int vnet_set_mac(struct sriov_net *net, const struct sriov_mac *mac);
int vnet_set_multicast(struct sriov_net *net, const struct sriov_mac *list, uint16_t n);
int vnet_set_vlan(struct sriov_net *net, uint16_t vid, bool on);
int vnet_set_mtu(struct sriov_net *net, uint16_t mtu);
int vnet_set_rx_mode(struct sriov_net *net, enum sriov_rx_mode mode);

/* ---- vnet_life.c ---- */
int vnet_attach(struct sriov_net *net);
void vnet_detach(struct sriov_net *net);
int vnet_start(struct sriov_net *net);
void vnet_stop(struct sriov_net *net);
void vnet_poll(struct sriov_net *net);

/* Negotiated, programmed, running, and asked for all settings; else reset, with the rings settled. */
int vnet_bring_up(struct vnet *v);
void vnet_begin_recovery(struct vnet *v, const char *why);

/* ---- vnet_hold.c ---- */
int vnet_quiesce_tx(struct sriov_net *net, uint64_t timeout_ns);
int vnet_quiesce(struct sriov_net *net);
int vnet_resume(struct sriov_net *net);
uint16_t vnet_tx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n,
                      uint32_t *in_doubt);
uint16_t vnet_rx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n);

/* ---- vnet_save.c ---- */
int64_t vnet_save(struct sriov_net *net, void *bytes, uint64_t room);
int vnet_load(struct sriov_net *net, const void *bytes, uint64_t len);

/* ---- vnet_irq.c ---- */
void vnet_irq_request(struct vnet *v);
void vnet_irq_release(struct vnet *v);
uint16_t vnet_irq_of_queue(const struct vnet *v, uint32_t pair);
uint16_t vnet_irq_of_config(const struct vnet *v);
int vnet_rx_arm(struct sriov_net *net, uint16_t queue);

/* ---- vnet_stats.c ---- */
uint32_t vnet_stats(struct sriov_net *net, struct sriov_stat *out, uint32_t room);

#define vnet_log(v, level, fmt, ...)                                                                         \
    sriov_log(sriov_fn_vmm((v)->net->fn), (level), "virtio-net: %s: " fmt,                                   \
              sriov_fn_info((v)->net->fn)->name, __VA_ARGS__)

#endif
