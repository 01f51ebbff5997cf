/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_driver.h"

#include <stdio.h>

struct fake_net_plan fake_net_plan;
struct fake_pf_plan fake_pf_plan;

static void record(char *calls, size_t room, const char *what, int n)
{
    size_t at = strlen(calls);

    if (n >= 0) {
        snprintf(calls + at, room - at, "%s%d ", what, n);
    } else {
        snprintf(calls + at, room - at, "%s ", what);
    }
}

#define CALLED(self, what) record((self)->calls, sizeof((self)->calls), what, -1)

/* ---- net ---- */

/* One frame each time, while there are buffers. */
static uint16_t rx_burst(struct sriov_rxq *base, struct sriov_buf **bufs, uint16_t n)
{
    struct fake_rxq *q = (struct fake_rxq *)(void *)base;
    uint16_t done = 0;

    atomic_fetch_add(&q->inside, 1);
    while (done < n && done < 1) {
        bufs[done] = sriov_buf_alloc(q->pool);
        if (bufs[done] == NULL) {
            base->no_bufs++;
            break;
        }
        bufs[done]->len = 60;
        bufs[done]->pkt_len = 60;
        done++;
    }
    base->packets += done;
    base->bytes += 60u * done;
    atomic_fetch_sub(&q->inside, 1);
    return done;
}

static uint16_t tx_burst(struct sriov_txq *base, struct sriov_buf **bufs, uint16_t n)
{
    struct fake_txq *q = (struct fake_txq *)(void *)base;

    atomic_fetch_add(&q->inside, 1);
    for (uint16_t i = 0; i < n; i++) {
        base->bytes += bufs[i]->pkt_len;
    }
    base->packets += n;
    sriov_buf_free_bulk(bufs, n);
    atomic_fetch_sub(&q->inside, 1);
    return n;
}

static int attach(struct sriov_net *net)
{
    struct fake_net *self = net->priv;

    CALLED(self, "attach");
    net->max_mtu = 9000;
    net->max_queues = 4;
    net->vectors = fake_net_plan.vectors;
    net->mailbox_api = 0x0105;
    memcpy(net->mac.b, "\x02\x11\x22\x33\x44\x55", 6);
    return fake_net_plan.attach;
}

static void detach(struct sriov_net *net)
{
    (void)net;
}

static int configure(struct sriov_net *net)
{
    struct fake_net *self = net->priv;

    CALLED(self, "configure");
    if (fake_net_plan.configure != 0) {
        return fake_net_plan.configure;
    }
    if (fake_net_plan.grant_queues != 0) {
        net->config.queues = fake_net_plan.grant_queues;
    }
    for (uint16_t i = 0; i < net->config.queues && i < SRIOV_NET_QUEUES_MAX; i++) {
        memset(&self->rx[i].base, 0, sizeof(self->rx[i].base));
        memset(&self->tx[i].base, 0, sizeof(self->tx[i].base));
        self->rx[i].pool = net->config.pool;
        self->rx[i].base.active = rx_burst;
        self->tx[i].base.active = tx_burst;
        net->rxq[i] = &self->rx[i].base;
        net->txq[i] = &self->tx[i].base;
    }
    if (fake_net_plan.bad_queue) {
        net->rxq[net->config.queues - 1] = NULL;
    }
    if ((net->config.flags & SRIOV_NET_INTERRUPTS) != 0) {
        uint32_t got;
        int rc = sriov_irq_enable(net->fn, net->vectors, 1, &got);

        if (rc == 0) {
            rc = sriov_net_attach_irqs(net, got);
        }
        if (rc != 0) {
            (void)sriov_irq_disable(net->fn);
            return rc;
        }
    }
    return 0;
}

static void release(struct sriov_net *net)
{
    CALLED((struct fake_net *)net->priv, "release");
    (void)sriov_irq_disable(net->fn);
}

static int start(struct sriov_net *net)
{
    struct fake_net *self = net->priv;

    CALLED(self, "start");
    self->running = fake_net_plan.start == 0;
    net->link.up = self->running;
    net->link.mbps = self->running ? 10000 : 0;
    return fake_net_plan.start;
}

static void stop(struct sriov_net *net)
{
    struct fake_net *self = net->priv;

    CALLED(self, "stop");
    self->running = false;
}

static void poll(struct sriov_net *net)
{
    struct fake_net *self = net->priv;

    net->pending_events |= self->poll_events;
    self->poll_events = 0;
    if (net->started && !self->running && fake_net_plan.start == 0 && start(net) == 0) {
        net->pending_events |= SRIOV_NET_EV_LINK;
        sriov_net_unpark(net);
    }
}

static int rx_arm(struct sriov_net *net, uint16_t queue)
{
    (void)queue;
    return ((struct fake_net *)net->priv)->arm;
}

static int set_mac(struct sriov_net *net, const struct sriov_mac *mac)
{
    ((struct fake_net *)net->priv)->mac_asked = *mac;
    return fake_net_plan.set_mac;
}

static int set_multicast(struct sriov_net *net, const struct sriov_mac *list, uint16_t n)
{
    (void)list;
    record(((struct fake_net *)net->priv)->calls, 256, "multicast", n);
    return 0;
}

static int set_vlan(struct sriov_net *net, uint16_t vid, bool on)
{
    record(((struct fake_net *)net->priv)->calls, 256, on ? "vlan+" : "vlan-", vid);
    return 0;
}

static int set_mtu(struct sriov_net *net, uint16_t mtu)
{
    record(((struct fake_net *)net->priv)->calls, 256, "mtu", mtu);
    return 0;
}

static int set_rx_mode(struct sriov_net *net, enum sriov_rx_mode mode)
{
    record(((struct fake_net *)net->priv)->calls, 256, "mode", (int)mode);
    return 0;
}

static uint32_t stats(struct sriov_net *net, struct sriov_stat *out, uint32_t room)
{
    (void)net;
    if (room >= 1) {
        memset(out, 0, sizeof(*out));
        strcpy(out->name, "hw_good");
        out->value = 7;
    }
    return 1;
}

static const struct sriov_net_ops net_ops = {
    .attach = attach,
    .detach = detach,
    .configure = configure,
    .release = release,
    .start = start,
    .stop = stop,
    .poll = poll,
    .rx_arm = rx_arm,
    .set_mac = set_mac,
    .set_multicast = set_multicast,
    .set_vlan = set_vlan,
    .set_mtu = set_mtu,
    .set_rx_mode = set_rx_mode,
    .stats = stats,
};

static const struct sriov_net_ops bare_ops = {
    .attach = attach,
    .configure = configure,
    .start = start,
    .poll = poll,
};

static const struct sriov_id ids[] = {{0x8086, 0x1111}, {0x8086, 0x10fb}, {0, 0}};
static const struct sriov_id other_ids[] = {{0x8086, 0x1111}, {0, 0}};

const struct sriov_driver fake_net_driver = {
    .size = sizeof(fake_net_driver),
    .abi = SRIOV_DRIVER_ABI,
    .name = "fake-net",
    .class = SRIOV_CLASS_NET,
    .priv_size = sizeof(struct fake_net),
    .ids = ids,
    .net = &net_ops,
};

const struct sriov_driver fake_bare_driver = {
    .size = sizeof(fake_bare_driver),
    .abi = SRIOV_DRIVER_ABI,
    .name = "fake-bare",
    .class = SRIOV_CLASS_NET,
    .priv_size = sizeof(struct fake_net),
    .ids = ids,
    .net = &bare_ops,
};

/* Passed over: another device, another class, another ABI, no ids. */
static const struct sriov_driver other_device = {.size = sizeof(other_device),
                                                 .abi = SRIOV_DRIVER_ABI,
                                                 .name = "other",
                                                 .class = SRIOV_CLASS_NET,
                                                 .ids = other_ids,
                                                 .net = &net_ops};
static const struct sriov_driver other_abi = {.size = sizeof(other_abi),
                                              .abi = SRIOV_DRIVER_ABI + 1,
                                              .name = "future",
                                              .class = SRIOV_CLASS_NET,
                                              .ids = ids,
                                              .net = &net_ops};
static const struct sriov_driver no_ids = {.size = sizeof(no_ids),
                                           .abi = SRIOV_DRIVER_ABI,
                                           .name = "none",
                                           .class = SRIOV_CLASS_NET,
                                           .net = &net_ops};

/* ---- PF ---- */

static int pf_attach(struct sriov_pf *pf)
{
    CALLED(&fake_pf_plan, "attach");
    pf->link = (struct sriov_link){true, 10000};
    return fake_pf_plan.attach;
}

static void pf_detach(struct sriov_pf *pf)
{
    (void)pf;
    CALLED(&fake_pf_plan, "detach");
}

static int pf_prepare(struct sriov_pf *pf, uint16_t n)
{
    (void)pf;
    record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "prepare", n);
    return n != 0 ? fake_pf_plan.prepare : 0;
}

static int pf_ready(struct sriov_pf *pf, uint16_t n)
{
    (void)pf;
    record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "ready", n);
    return n != 0 ? fake_pf_plan.ready : 0;
}

static uint32_t pf_poll(struct sriov_pf *pf)
{
    (void)pf;
    return 3;
}

static int pf_set_up(struct sriov_pf *pf, bool up)
{
    (void)pf;
    record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "up", up ? 1 : 0);
    return 0;
}

static int pf_reset(struct sriov_pf *pf)
{
    (void)pf;
    CALLED(&fake_pf_plan, "reset");
    return 0;
}

static int pf_vf_mac(struct sriov_pf *pf, uint16_t vf, const struct sriov_mac *mac)
{
    (void)pf;
    (void)mac;
    record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "mac", vf);
    return 0;
}

static int pf_vf_vlan(struct sriov_pf *pf, uint16_t vf, uint16_t vid)
{
    (void)pf;
    (void)vf;
    record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "vlan", vid);
    return 0;
}

static int pf_vf_bool(struct sriov_pf *pf, uint16_t vf, bool on)
{
    (void)pf;
    (void)vf;
    record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "bool", on ? 1 : 0);
    return 0;
}

static int pf_get_vf(struct sriov_pf *pf, uint16_t vf, struct sriov_pf_vf_info *info)
{
    (void)pf;
    info->requests = 100u + vf;
    info->ready = true;
    info->port_vlan = fake_pf_plan.port_vlan;
    info->trunk_vids = fake_pf_plan.trunk_vids;
    return 0;
}

static int pf_vf_trunk(struct sriov_pf *pf, uint16_t vf, const uint16_t *vids, uint16_t n)
{
    (void)pf;
    (void)vf;
    record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "trunk", n);
    for (uint16_t i = 0; i < n; i++) {
        record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "vid", vids[i]);
    }
    return 0;
}

static int pf_vf_rate(struct sriov_pf *pf, uint16_t vf, uint32_t mbps)
{
    (void)pf;
    (void)vf;
    record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "rate", (int)mbps);
    return 0;
}

static int pf_vf_link(struct sriov_pf *pf, uint16_t vf, enum sriov_pf_vf_link link)
{
    (void)pf;
    (void)vf;
    record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "link", (int)link);
    return 0;
}

static int pf_vf_rx_mode(struct sriov_pf *pf, uint16_t vf, enum sriov_rx_mode most)
{
    (void)pf;
    (void)vf;
    record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "mode", (int)most);
    return 0;
}

static int pf_event_sink(struct sriov_pf *pf, void (*cb)(void *arg, const struct sriov_pf_event *event),
                         void *arg)
{
    (void)pf;
    (void)arg;
    record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "sink", cb != NULL ? 1 : 0);
    return 0;
}

static int pf_shut_vf(struct sriov_pf *pf, uint16_t vf)
{
    (void)pf;
    record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "shut", vf);
    return 0;
}

static int pf_readmit_vf(struct sriov_pf *pf, uint16_t vf)
{
    (void)pf;
    record(fake_pf_plan.calls, sizeof(fake_pf_plan.calls), "readmit", vf);
    return 0;
}

static uint32_t pf_vf_stats(struct sriov_pf *pf, uint16_t vf, struct sriov_stat *out, uint32_t room)
{
    (void)pf;
    if (room != 0) {
        memset(out, 0, sizeof(*out));
        strcpy(out->name, "vf_good");
        out->value = vf;
    }
    return 1;
}

static uint32_t pf_stats(struct sriov_pf *pf, struct sriov_stat *out, uint32_t room)
{
    (void)pf;
    if (room != 0) {
        memset(out, 0, sizeof(*out));
        strcpy(out->name, "pf_good");
        out->value = 9;
    }
    return 1;
}

static const struct sriov_pf_ops pf_ops = {
    .attach = pf_attach,
    .detach = pf_detach,
    .vfs_prepare = pf_prepare,
    .vfs_ready = pf_ready,
    .poll = pf_poll,
    .set_up = pf_set_up,
    .reset = pf_reset,
    .set_vf_mac = pf_vf_mac,
    .set_vf_vlan = pf_vf_vlan,
    .set_vf_trust = pf_vf_bool,
    .set_vf_spoof_check = pf_vf_bool,
    .get_vf = pf_get_vf,
    .stats = pf_stats,
    .set_vf_trunk = pf_vf_trunk,
    .set_vf_rate = pf_vf_rate,
    .set_vf_link = pf_vf_link,
    .set_vf_rx_mode = pf_vf_rx_mode,
    .vf_stats = pf_vf_stats,
    .set_event_sink = pf_event_sink,
    .shut_vf = pf_shut_vf,
    .readmit_vf = pf_readmit_vf,
};

static const struct sriov_pf_ops bare_pf_ops = {
    .attach = pf_attach,
    .vfs_prepare = pf_prepare,
    .poll = pf_poll,
};

static const struct sriov_driver fake_pf_driver = {
    .size = sizeof(fake_pf_driver),
    .abi = SRIOV_DRIVER_ABI,
    .name = "fake-pf",
    .class = SRIOV_CLASS_PF,
    .priv_size = 64,
    .ids = ids,
    .pf = &pf_ops,
};

static const struct sriov_driver bare_pf_driver = {
    .size = sizeof(bare_pf_driver),
    .abi = SRIOV_DRIVER_ABI,
    .name = "bare-pf",
    .class = SRIOV_CLASS_PF,
    .ids = ids,
    .pf = &bare_pf_ops,
};

const struct sriov_driver *const fake_net_drivers[] = {&other_device,   &other_abi,       &no_ids,
                                                       &fake_pf_driver, &fake_net_driver, NULL};
const struct sriov_driver *const fake_bare_drivers[] = {&fake_bare_driver, NULL};
const struct sriov_driver *const fake_pf_drivers[] = {&fake_net_driver, &fake_pf_driver, NULL};
const struct sriov_driver *const fake_bare_pf_drivers[] = {&bare_pf_driver, NULL};
