/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver's table, and a device from attach to detach. */
#include "snd_net.h"

#include <errno.h>
#include <string.h>

#define LOOK_NS UINT64_C(1000000)

static int attach(struct sriov_net *net)
{
    struct snd_net *dev = snd_net_of(net);
    struct sockaddr_ll at = {0};
    socklen_t len = sizeof(at);
    uint32_t kind;
    int32_t fd;
    bool running;

    dev->net = net;
    int err = sriov_fn_fd(net->fn, &fd, &kind);
    if (err != 0 || kind != SRIOV_FN_FD_NETDEV) {
        return err != 0 ? err : -EOPNOTSUPP;
    }
    dev->fd = fd;
    if (getsockname(fd, (struct sockaddr *)&at, &len) != 0 || at.sll_family != AF_PACKET ||
        at.sll_ifindex <= 0) {
        return -EPROTO;
    }
    dev->ifindex = at.sll_ifindex;
    err = snd_iface_mac(dev, &net->mac);
    err = err != 0 ? err : snd_iface_flags(dev, &dev->was_up, &running);
    net->max_mtu = SND_MTU_MAX;
    net->max_queues = 1;
    return err;
}

static void irqs_on(struct snd_net *dev)
{
    struct sriov_net *net = dev->net;
    uint32_t got = 0;

    net->vectors = 0;
    if ((net->config.flags & SRIOV_NET_INTERRUPTS) == 0) {
        return;
    }
    int err = sriov_irq_enable(net->fn, SND_VECTORS_WANTED, 1, &got);
    if (err == 0) {
        err = sriov_net_attach_irqs(net, got);
        if (err != 0) {
            (void)sriov_irq_disable(net->fn);
        }
    }
    dev->has_irqs = err == 0;
    net->vectors = err == 0 ? (uint16_t)got : 0;
    if (err != 0) {
        sriov_log(sriov_fn_vmm(net->fn), SRIOV_LOG_WARN, "%s: no interrupts (%d); queues are polled",
                  dev->name, err);
    }
}

static void release(struct sriov_net *net)
{
    struct snd_net *dev = snd_net_of(net);

    if (dev->has_irqs) {
        (void)sriov_irq_disable(net->fn);
        dev->has_irqs = false;
        net->vectors = 0;
    }
    if (dev->rxq.ring != NULL) {
        snd_ring_drop(dev);
    }
}

static int configure(struct sriov_net *net)
{
    struct snd_net *dev = snd_net_of(net);

    int err = snd_iface_set_mtu(dev, net->config.mtu);
    err = err != 0 ? err : snd_ring_make(dev, net->config.rx_desc, net->config.mtu);
    if (err != 0) {
        return err;
    }
    memset(&dev->rxq.q, 0, sizeof(dev->rxq.q));
    memset(&dev->txq.q, 0, sizeof(dev->txq.q));
    dev->rxq.dev = dev;
    dev->txq.dev = dev;
    dev->rxq.q.active = snd_rx_burst;
    dev->txq.q.active = snd_tx_burst;
    net->config.queues = 1;
    net->rxq[0] = &dev->rxq.q;
    net->txq[0] = &dev->txq.q;
    irqs_on(dev);
    return 0;
}

static void set_link(struct sriov_net *net, bool up)
{
    if (net->link.up != up) {
        net->link.up = up;
        net->link.mbps = up ? snd_iface_mbps(snd_net_of(net)) : 0;
        net->pending_events |= SRIOV_NET_EV_LINK;
    }
}

static int look(struct sriov_net *net)
{
    struct snd_net *dev = snd_net_of(net);
    struct sriov_mac mac;
    bool up;
    bool running;

    int err = snd_iface_flags(dev, &up, &running);
    err = err != 0 ? err : snd_iface_mac(dev, &mac);
    if (err != 0) {
        return err;
    }
    set_link(net, running);
    if (memcmp(&mac, &net->mac, sizeof(mac)) != 0) {
        net->mac = mac;
        net->pending_events |= SRIOV_NET_EV_MAC;
    }
    return 0;
}

/* Each look is a few system calls: at most one a millisecond. */
static void poll_iface(struct sriov_net *net)
{
    struct snd_net *dev = snd_net_of(net);
    uint64_t now = sriov_fn_now(net->fn);

    if (dev->looked != 0 && now - dev->looked < LOOK_NS) {
        return;
    }
    dev->looked = now;
    if (look(net) == -ENODEV) {
        sriov_fn_kill(net->fn);
    }
}

static int start(struct sriov_net *net)
{
    struct snd_net *dev = snd_net_of(net);

    int err = snd_iface_set_up(dev, true);
    err = err != 0 ? err : snd_memberships(dev, dev->filter.mode);
    err = err != 0 ? err : snd_bind(dev);
    err = err != 0 ? err : snd_hold_rx(dev, false);
    if (err != 0 && !dev->was_up) {
        (void)snd_iface_set_up(dev, false);
    }
    dev->looked = 0;
    return err;
}

static void stop(struct sriov_net *net)
{
    struct snd_net *dev = snd_net_of(net);

    (void)snd_hold_rx(dev, true);
    snd_ring_empty(&dev->rxq);
    if (!dev->was_up) {
        (void)snd_iface_set_up(dev, false);
    }
    set_link(net, false);
}

/* The socket outlives us: the shim may hand it to the next. */
static void detach(struct sriov_net *net)
{
    struct snd_net *dev = snd_net_of(net);

    release(net);
    (void)snd_memberships(dev, SRIOV_RX_NONE);
    (void)snd_set_multicast(net, NULL, 0);
    (void)snd_hold_rx(dev, true);
}

/* 1: they are there already. */
static int rx_arm(struct sriov_net *net, uint16_t queue)
{
    const struct snd_net *dev = snd_net_of(net);

    if (queue != 0) {
        return -EINVAL;
    }
    return snd_rx_waiting(&dev->rxq) ? 1 : 0;
}

static const struct sriov_net_ops net_ops = {
    .attach = attach,
    .detach = detach,
    .configure = configure,
    .release = release,
    .start = start,
    .stop = stop,
    .poll = poll_iface,
    .rx_arm = rx_arm,
    .set_mac = snd_set_mac,
    .set_multicast = snd_set_multicast,
    .set_vlan = snd_set_vlan,
    .set_mtu = snd_set_mtu,
    .set_rx_mode = snd_set_rx_mode,
    .stats = snd_stats,
    .quiesce_tx = snd_quiesce_tx,
    .quiesce = snd_quiesce,
    .resume = snd_resume,
    .tx_take = snd_tx_take,
    .rx_take = snd_rx_take,
    .save = snd_save,
    .load = snd_load,
};

static const struct sriov_id ids[] = {{SRIOV_NETDEV_VENDOR, SRIOV_NETDEV_DEVICE}, {0, 0}};

const struct sriov_driver sriov_netdev_driver = {
    .size = sizeof(struct sriov_driver),
    .abi = SRIOV_DRIVER_ABI,
    .name = "netdev",
    .class = SRIOV_CLASS_NET,
    .priv_size = sizeof(struct snd_net),
    .ids = ids,
    .net = &net_ops,
};

const struct sriov_driver *const sriov_netdev_drivers[] = {&sriov_netdev_driver, NULL};
