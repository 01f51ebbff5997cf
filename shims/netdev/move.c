/* SPDX-License-Identifier: BSD-3-Clause */
/* Held still, let go, saved and loaded. */
#include "snd_net.h"

#include <errno.h>
#include <string.h>

#define STEP_NS UINT64_C(50000)
/* The kernel counts a frame by all that it costs: its head alone is more than this. */
#define COST_MIN 256u
#define SAVED_AS UINT32_C(0x31646e73) /* "snd1" */

struct saved {
    uint32_t version;
    uint32_t num_counters;
    struct sriov_mac mac;
    uint16_t reserved0;
    struct snd_filter filter;
    uint32_t reserved1;
    uint64_t counters[SND_COUNTERS];
};

static int all_sent(void *arg)
{
    return snd_tx_left(arg) == 0 ? 1 : 0;
}

/* Of all that were given since it held none, those that it may hold still. */
static uint32_t held_most(const struct snd_net *dev)
{
    uint32_t most = snd_tx_left(dev) / COST_MIN;
    return most < dev->unsure ? most : dev->unsure;
}

/* What the interface has not sent in time it may send later: nobody can take it back. */
int snd_quiesce_tx(struct sriov_net *net, uint64_t timeout_ns)
{
    struct snd_net *dev = snd_net_of(net);
    int rc = sriov_fn_wait_until(net->fn, all_sent, dev, timeout_ns, STEP_NS);
    if (rc == -ETIMEDOUT) {
        dev->in_doubt += held_most(dev);
        rc = 0;
    }
    dev->unsure = 0;
    return rc < 0 ? rc : 0;
}

int snd_quiesce(struct sriov_net *net)
{
    return snd_hold_rx(snd_net_of(net), true);
}

int snd_resume(struct sriov_net *net)
{
    return snd_hold_rx(snd_net_of(net), false);
}

/* A burst takes what the kernel takes: nothing is waiting with us. */
uint16_t snd_tx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n,
                     uint32_t *in_doubt)
{
    struct snd_net *dev = snd_net_of(net);
    (void)bufs;
    (void)n;
    if (queue == 0 && in_doubt != NULL) {
        *in_doubt += dev->in_doubt;
        dev->in_doubt = 0;
    }
    return 0;
}

/* The ring is memory of ours, whatever became of the interface. */
uint16_t snd_rx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n)
{
    struct snd_net *dev = snd_net_of(net);
    return queue == 0 ? snd_rx_burst(&dev->rxq.q, bufs, n) : 0;
}

int64_t snd_save(struct sriov_net *net, void *bytes, uint64_t room)
{
    struct snd_net *dev = snd_net_of(net);
    struct saved saved;
    snd_kernel_drops(dev);
    memset(&saved, 0, sizeof(saved));
    saved.version = SAVED_AS;
    saved.num_counters = SND_COUNTERS;
    saved.mac = net->mac;
    saved.filter = dev->filter;
    memcpy(saved.counters, dev->counters, sizeof(saved.counters));
    if (bytes != NULL && room != 0) {
        memcpy(bytes, &saved, room < sizeof(saved) ? room : sizeof(saved));
    }
    return sizeof(saved);
}

static bool known(const struct saved *saved)
{
    static const struct sriov_mac none;
    if (saved->version != SAVED_AS || saved->num_counters != SND_COUNTERS || saved->reserved0 != 0 ||
        saved->reserved1 != 0 || saved->filter.mode > SRIOV_RX_PROMISC || saved->filter.num_mc > SND_MC_MAX ||
        (saved->mac.b[0] & 1u) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < SND_MC_MAX; i++) {
        bool used = i < saved->filter.num_mc;
        const struct sriov_mac *mac = &saved->filter.mc[i];
        if (used ? (mac->b[0] & 1u) == 0 : memcmp(mac, &none, sizeof(none)) != 0) {
            return false;
        }
    }
    return true;
}

static int apply(struct sriov_net *net, const struct saved *saved)
{
    struct snd_net *dev = snd_net_of(net);
    uint32_t before = dev->filter.mode;
    int err = snd_set_rx_mode(net, (enum sriov_rx_mode)saved->filter.mode);
    err = err != 0 ? err : snd_set_multicast(net, saved->filter.mc, (uint16_t)saved->filter.num_mc);
    if (err == 0 && memcmp(&net->mac, &saved->mac, sizeof(net->mac)) != 0) {
        err = snd_set_mac(net, &saved->mac);
    }
    if (err != 0) {
        (void)snd_set_rx_mode(net, (enum sriov_rx_mode)before);
        return err;
    }
    memcpy(dev->filter.vids, saved->filter.vids, sizeof(dev->filter.vids));
    memcpy(dev->counters, saved->counters, sizeof(dev->counters));
    return 0;
}

int snd_load(struct sriov_net *net, const void *bytes, uint64_t len)
{
    struct saved saved;
    if (len != sizeof(saved)) {
        return -EPROTO;
    }
    memcpy(&saved, bytes, sizeof(saved));
    return known(&saved) ? apply(net, &saved) : -EPROTO;
}
