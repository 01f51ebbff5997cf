/* SPDX-License-Identifier: BSD-3-Clause */
/* A device's life: attach, start, poll, recovery, stop, detach. */
#include "vnet.h"

#include <errno.h>
#include <string.h>

#define CALM_NS     (1000 * VNET_MS)
#define PAUSE_FIRST (1 * VNET_MS)
#define PAUSE_MAX   (1000 * VNET_MS)

int vnet_attach(struct sriov_net *net)
{
    struct vnet *v = vnet_of(net);
    v->net = net;
    v->set.rx_mode = SRIOV_RX_MULTI;
    int err = vnet_pci_open(v);
    if (err != 0) {
        return err;
    }
    /* A standby that says so now is what QEMU waits for before it shows the other device. */
    err = vnet_negotiate(v);
    if (err == 0) {
        err = vnet_learn(v);
    }
    if (err != 0) {
        vnet_pci_close(v);
    }
    return err;
}

void vnet_detach(struct sriov_net *net)
{
    struct vnet *v = vnet_of(net);
    if (!sriov_fn_gone(net->fn)) {
        (void)vnet_reset(v);
    }
    vnet_release(net); /* of a function that is gone nobody else gives it back */
    vnet_pci_close(v);
}

static void set_link(struct vnet *v, struct sriov_link link)
{
    struct sriov_net *net = v->net;
    if (link.up != net->link.up || link.mbps != net->link.mbps) {
        net->link = link;
        net->pending_events |= SRIOV_NET_EV_LINK;
    }
}

/* The device may have come back as another: its address counts, unless the application chose one. */
static int compare_identity(struct vnet *v, const struct sriov_mac *before, uint64_t features)
{
    if (memcmp(before, &v->net->mac, sizeof(*before)) != 0) {
        v->net->pending_events |= SRIOV_NET_EV_MAC;
    }
    return v->features == features && v->net->max_queues >= v->net->config.queues ? 0 : -EPROTO;
}

/* From reset to DRIVER_OK with everything asked for. The rings are the driver's. */
static int bring_up(struct vnet *v)
{
    struct sriov_mac before = v->net->mac;
    struct sriov_link link = v->net->link;
    uint64_t features = v->features;
    int err = vnet_negotiate(v);
    if (err == 0) {
        err = vnet_learn(v);
    }
    v->net->link = link; /* a change is told as one */
    if (err == 0) {
        err = compare_identity(v, &before, features);
    }
    if (err == 0) {
        err = vnet_queues_program(v);
    }
    if (err == 0) {
        vnet_driver_ok(v);
        err = vnet_replay(v);
    }
    if (err == 0) {
        vnet_queues_begin(v);
        v->up_since = sriov_fn_now(v->net->fn);
        set_link(v, vnet_link(v));
    }
    return err;
}

int vnet_bring_up(struct vnet *v)
{
    int err = bring_up(v);
    if (err == 0 && sriov_fn_gone(v->net->fn)) {
        err = -ENODEV;
    }
    if (err != 0) {
        v->phase = VNET_DOWN;
        err = vnet_reset(v) != 0 ? -ENODEV : err;
        vnet_queues_settle(v);
    }
    return err;
}

int vnet_start(struct sriov_net *net)
{
    struct vnet *v = vnet_of(net);
    int err = vnet_bring_up(v);
    if (err != 0) {
        vnet_queues_reclaim(v);
    }
    return err;
}

void vnet_stop(struct sriov_net *net)
{
    struct vnet *v = vnet_of(net);
    v->phase = VNET_DOWN;
    (void)vnet_reset(v);
    vnet_queues_reclaim(v);
}

/* ---- recovery ---- */

static uint64_t now(const struct vnet *v)
{
    return sriov_fn_now(v->net->fn);
}

static void next_pause(struct vnet *v)
{
    uint64_t twice = v->pause_ns == 0 ? PAUSE_FIRST : 2 * v->pause_ns;
    v->pause_ns = twice < PAUSE_MAX ? twice : PAUSE_MAX;
    v->next_try = now(v) + v->pause_ns;
}

/* Traffic halts; the device is started again by a later poll, at once unless it failed not long ago. */
void vnet_begin_recovery(struct vnet *v, const char *why)
{
    struct sriov_net *net = v->net;
    vnet_log(v, SRIOV_LOG_INFO, "%s; recovering", why);
    sriov_net_park(net);
    net->pending_events |= SRIOV_NET_EV_RECOVERING;
    v->phase = VNET_RECOVERING;
    if (vnet_reset(v) != 0) {
        return;
    }
    vnet_queues_settle(v);
    set_link(v, (struct sriov_link){.up = false});
    if (now(v) - v->up_since < CALM_NS) {
        next_pause(v);
    } else {
        v->pause_ns = 0;
        v->next_try = now(v);
    }
}

static void try_again(struct vnet *v)
{
    struct sriov_net *net = v->net;
    if (now(v) < v->next_try) {
        return;
    }
    int err = vnet_bring_up(v);
    if (err != 0) {
        if (err != -ENODEV) {
            vnet_log(v, SRIOV_LOG_WARN, "the device does not come up (%d), again", err);
        }
        v->phase = VNET_RECOVERING;
        next_pause(v);
        return;
    }
    net->recoveries++;
    net->pending_events |= SRIOV_NET_EV_RECOVERED;
    sriov_net_unpark(net);
}

static const char *what_is_wrong(struct vnet *v)
{
    uint8_t status = vnet_status(v);
    if (sriov_fn_gone(v->net->fn)) {
        return NULL;
    }
    if ((status & VIRTIO_STATUS_NEEDS_RESET) != 0) {
        return "the device asks for a reset";
    }
    if ((status & VIRTIO_STATUS_DRIVER_OK) == 0) {
        return "the function was reset";
    }
    if (v->ctrl.there && v->ctrl.vq.broken) {
        return "the control queue does not answer";
    }
    return vnet_queues_wrong(v);
}

void vnet_poll(struct sriov_net *net)
{
    struct vnet *v = vnet_of(net);
    const char *wrong;
    switch (v->phase) {
    case VNET_RUNNING:
        wrong = what_is_wrong(v);
        if (wrong != NULL) {
            vnet_begin_recovery(v, wrong);
        } else if (!sriov_fn_gone(net->fn)) {
            set_link(v, vnet_link(v));
        }
        break;
    case VNET_RECOVERING:
        (void)vnet_status(v); /* it may be gone */
        if (!sriov_fn_gone(net->fn)) {
            try_again(v);
        }
        break;
    case VNET_DOWN:
    case VNET_HELD:
    default:
        (void)vnet_status(v);
        if (!sriov_fn_gone(net->fn)) {
            set_link(v, vnet_link(v));
        }
        break;
    }
}
