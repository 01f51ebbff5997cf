/* SPDX-License-Identifier: BSD-3-Clause */
/* What an application asks of the interface, and what it counted. */
#include "snd_net.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int snd_set_mac(struct sriov_net *net, const struct sriov_mac *mac)
{
    if ((mac->b[0] & 1u) != 0) {
        return -EINVAL;
    }
    int err = snd_iface_set_mac(snd_net_of(net), mac);
    if (err == 0) {
        net->mac = *mac;
    }
    return err == -EPERM ? -EACCES : err;
}

/* Drops the n first of the list, or takes them. */
static int members(struct snd_net *dev, const struct sriov_mac *list, uint32_t n, bool on)
{
    for (uint32_t i = 0; i < n; i++) {
        int err = snd_iface_member(dev, PACKET_MR_MULTICAST, &list[i], on);
        if (err != 0 && on) {
            (void)members(dev, list, i, false);
            return err;
        }
    }
    return 0;
}

int snd_set_multicast(struct sriov_net *net, const struct sriov_mac *list, uint16_t n)
{
    struct snd_net *dev = snd_net_of(net);
    if (n > SND_MC_MAX) {
        return -ENOSPC;
    }
    /* The new before the old go: an address in both is heard throughout. */
    int err = members(dev, list, n, true);
    if (err != 0) {
        return err;
    }
    (void)members(dev, dev->filter.mc, dev->filter.num_mc, false);
    if (n != 0) {
        memcpy(dev->filter.mc, list, n * sizeof(*list));
    }
    dev->filter.num_mc = n;
    return 0;
}

int snd_set_vlan(struct sriov_net *net, uint16_t vid, bool on)
{
    struct snd_filter *filter = &snd_net_of(net)->filter;
    uint8_t bit = (uint8_t)(1u << vid % 8);
    if (vid >= SND_VIDS) {
        return -EINVAL;
    }
    filter->vids[vid / 8] = (uint8_t)(on ? filter->vids[vid / 8] | bit : filter->vids[vid / 8] & ~bit);
    return 0;
}

/* The ring was made for another one: the core configures anew with what it is given. */
int snd_set_mtu(struct sriov_net *net, uint16_t mtu)
{
    struct snd_net *dev = snd_net_of(net);
    uint16_t before = net->config.mtu;
    int err = snd_iface_set_mtu(dev, mtu);
    if (err != 0 || dev->rxq.ring == NULL) {
        return err;
    }
    snd_ring_drop(dev);
    err = snd_ring_make(dev, net->config.rx_desc, mtu);
    if (err != 0) {
        (void)snd_iface_set_mtu(dev, before);
        (void)snd_ring_make(dev, net->config.rx_desc, before);
    }
    return err;
}

static int member(struct snd_net *dev, int type, bool want, bool *has)
{
    if (*has == want) {
        return 0;
    }
    int err = snd_iface_member(dev, type, NULL, want);
    *has = err == 0 ? want : *has;
    return err;
}

int snd_memberships(struct snd_net *dev, uint32_t mode)
{
    int err = member(dev, PACKET_MR_PROMISC, mode == SRIOV_RX_PROMISC, &dev->promisc);
    return err != 0 ? err : member(dev, PACKET_MR_ALLMULTI, mode >= SRIOV_RX_ALLMULTI, &dev->allmulti);
}

int snd_set_rx_mode(struct sriov_net *net, enum sriov_rx_mode mode)
{
    struct snd_net *dev = snd_net_of(net);
    if ((uint32_t)mode > SRIOV_RX_PROMISC) {
        return -EINVAL;
    }
    int err = snd_memberships(dev, (uint32_t)mode);
    if (err != 0) {
        (void)snd_memberships(dev, dev->filter.mode);
        return err;
    }
    dev->filter.mode = (uint32_t)mode;
    return 0;
}

uint32_t snd_stats(struct sriov_net *net, struct sriov_stat *out, uint32_t room)
{
    static const char *const names[SND_COUNTERS] = {
        [SND_RX_DROPPED] = "rx_dropped_by_kernel", [SND_RX_FILTERED] = "rx_filtered",
        [SND_RX_OUTGOING] = "rx_outgoing",         [SND_RX_TOO_LONG] = "rx_too_long",
        [SND_RX_CSUM_FILLED] = "rx_csum_filled",   [SND_TX_ERRORS] = "tx_errors",
    };
    struct snd_net *dev = snd_net_of(net);
    if (!sriov_fn_gone(net->fn)) {
        snd_kernel_drops(dev);
    }
    for (uint32_t i = 0; i < SND_COUNTERS && i < room; i++) {
        memset(&out[i], 0, sizeof(out[i]));
        (void)snprintf(out[i].name, sizeof(out[i].name), "%s", names[i]);
        out[i].value = dev->counters[i];
    }
    return SND_COUNTERS;
}
