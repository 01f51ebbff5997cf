/* SPDX-License-Identifier: BSD-3-Clause */
/* One device of the pair: whether it works, and what it does while it carries nothing. */
#include "dnis.h"

#define DROP_MOST 4096u /* frames of an inactive device at a poll */

const char *sric_dnis_side_name(enum sriov_dnis_side side)
{
    static const char *const names[] = {"none", "the VF", "the standby"};

    return names[side];
}

/* The address of a device whose PF was silent so far is not known. */
static bool mac_known(const struct sriov_net *net)
{
    static const struct sriov_mac none;

    return memcmp(&net->mac, &none, sizeof(none)) != 0;
}

static bool mac_differs(const struct sriov_dnis *d, const struct sriov_net *net)
{
    return d->has_mac && mac_known(net) && memcmp(&net->mac, &d->mac, sizeof(d->mac)) != 0;
}

#define MAC_FMT     "%02x:%02x:%02x:%02x:%02x:%02x"
#define MAC_ARGS(m) (m).b[0], (m).b[1], (m).b[2], (m).b[3], (m).b[4], (m).b[5]

static void say_mac(struct sriov_dnis *d, const struct sriov_net *net)
{
    sriov_log(d->vmm, SRIOV_LOG_ERROR,
              "dnis: %s: MAC " MAC_FMT " is not the pair's " MAC_FMT
              ": give it that one (sriovctl vf set ... mac) and attach it again",
              sriov_fn_info(net->fn)->name, MAC_ARGS(net->mac), MAC_ARGS(d->mac));
}

int sric_dnis_check_net(struct sriov_dnis *d, const struct sriov_net *net, enum sriov_dnis_side side)
{
    const char *what = sric_dnis_side_name(side);

    if (sriov_fn_gone(net->fn)) {
        return -ENODEV;
    }
    if (!net->configured || (net->config.flags & SRIOV_NET_THREADED) != 0) {
        sriov_log(d->vmm, SRIOV_LOG_ERROR,
                  "dnis: %s is not configured, or for queue threads: call sriov_net_configure first, "
                  "without SRIOV_NET_THREADED",
                  what);
        return -EINVAL;
    }
    if (d->mtu != 0 && net->config.mtu < d->mtu) {
        sriov_log(d->vmm, SRIOV_LOG_ERROR, "dnis: %s has an MTU of %u, the pair %u: configure it with that",
                  what, net->config.mtu, d->mtu);
        return -EINVAL;
    }
    if (mac_differs(d, net)) {
        say_mac(d, net);
        return -EINVAL;
    }
    return 0;
}

static void learn(struct sriov_dnis *d, const struct sriov_net *net)
{
    if (!d->has_mac && mac_known(net)) {
        d->mac = net->mac;
        d->has_mac = true;
    }
    if (d->mtu == 0) {
        d->mtu = net->config.mtu;
    }
}

void sric_dnis_leg_take(struct sriov_dnis *d, enum sriov_dnis_side side, struct sriov_net *net)
{
    struct sric_dnis_leg *leg = sric_dnis_leg(d, side);

    memset(leg, 0, sizeof(*leg));
    leg->side = side;
    leg->net = net;
    leg->queues = net->config.queues;
    for (uint16_t q = 0; q < SRIOV_NET_QUEUES_MAX; q++) {
        leg->tx[q] = net->txq[q % leg->queues];
    }
    learn(d, net);
}

bool sric_dnis_gone(const struct sric_dnis_leg *leg)
{
    return leg->net != NULL && sriov_fn_gone(leg->net->fn);
}

bool sric_dnis_alive(const struct sric_dnis_leg *leg)
{
    enum sriov_fn_state state;

    if (leg->net == NULL || !leg->net->started) {
        return false;
    }
    state = sriov_fn_state(leg->net->fn);
    return state == SRIOV_FN_STARTED || state == SRIOV_FN_QUIESCED;
}

bool sric_dnis_works(const struct sric_dnis_leg *leg)
{
    return sric_dnis_alive(leg) && leg->net->link.up && !leg->refused;
}

/* A reset has undone what was asked of it. */
static void forget_hold(struct sric_dnis_leg *leg)
{
    leg->tx_held = false;
    leg->held = false;
}

void sric_dnis_leg_poll(struct sriov_dnis *d, struct sric_dnis_leg *leg)
{
    uint32_t events;

    if (leg->net == NULL) {
        return;
    }
    events = sriov_net_poll(leg->net);
    leg->asked = leg->asked || (events & SRIOV_NET_EV_REMOVE) != 0;
    if ((events & (SRIOV_NET_EV_RECOVERING | SRIOV_NET_EV_GONE)) != 0) {
        forget_hold(leg);
    }
    if ((events & SRIOV_NET_EV_MAC) != 0) {
        leg->refused = mac_differs(d, leg->net);
        if (leg->refused) {
            say_mac(d, leg->net);
        }
        learn(d, leg->net);
    }
    if (!sric_dnis_works(leg)) {
        leg->well_since = 0;
    } else if (leg->well_since == 0) {
        leg->well_since = sriov_vmm_now(d->vmm);
    }
}

static void let_go(struct sriov_dnis *d, struct sric_dnis_leg *leg)
{
    int rc = sriov_net_resume(leg->net);

    if (rc == 0) {
        forget_hold(leg);
    } else if (rc == -EINVAL) {
        forget_hold(leg); /* it was not held after all */
    } else if (rc != -EAGAIN && rc != -ENODEV) {
        sriov_log(d->vmm, SRIOV_LOG_DEBUG, "dnis: %s stays held (%d), again at the next poll",
                  sric_dnis_side_name(leg->side), rc);
    }
}

void sric_dnis_rest(struct sriov_dnis *d, struct sric_dnis_leg *leg)
{
    bool cold = leg->side == SRIOV_DNIS_STANDBY && (d->opts.flags & SRIOV_DNIS_COLD_STANDBY) != 0;

    if (leg->net == NULL || sric_dnis_gone(leg)) {
        return;
    }
    if (cold && d->active == SRIOV_DNIS_VF && d->raise_since == 0) {
        if (leg->net->started) {
            (void)sriov_net_stop(leg->net);
            forget_hold(leg);
        }
        return;
    }
    /* What its owner wants back stays still; what has no link would only wait in its rings. */
    if ((leg->held || leg->tx_held) && !leg->asked && leg->net->link.up) {
        let_go(d, leg);
    }
}

void sric_dnis_drop_rx(struct sriov_dnis *d, struct sric_dnis_leg *leg)
{
    struct sriov_buf *bufs[SRIC_DNIS_BURST];

    if (leg->net == NULL || !leg->net->started) {
        return;
    }
    for (uint16_t j = 0; j < leg->queues; j++) {
        uint16_t n = SRIC_DNIS_BURST;

        for (uint32_t done = 0; n == SRIC_DNIS_BURST && done < DROP_MOST; done += n) {
            n = sriov_rx_burst(leg->net->rxq[j], bufs, SRIC_DNIS_BURST);
            sriov_buf_free_bulk(bufs, n);
            d->stats.rx_inactive += n;
        }
    }
}

static enum sriov_dnis_state idle_state(const struct sriov_dnis *d, const struct sric_dnis_leg *leg)
{
    if (leg->side == SRIOV_DNIS_VF && sriov_vmm_now(d->vmm) - leg->well_since < d->hold.ns) {
        return SRIOV_DNIS_HELD_DOWN;
    }
    return SRIOV_DNIS_READY;
}

enum sriov_dnis_state sric_dnis_state_of(const struct sriov_dnis *d, const struct sric_dnis_leg *leg)
{
    if (leg->net == NULL) {
        return SRIOV_DNIS_ABSENT;
    }
    if (sric_dnis_gone(leg)) {
        return SRIOV_DNIS_IS_GONE;
    }
    if (leg->side == d->active) {
        return SRIOV_DNIS_ACTIVE;
    }
    if (d->settle.on && d->settle.from == leg->side) {
        return SRIOV_DNIS_SETTLING;
    }
    if (leg->asked) {
        return SRIOV_DNIS_LEAVING;
    }
    if (leg->refused) {
        return SRIOV_DNIS_REFUSED;
    }
    if (!leg->net->started) {
        return SRIOV_DNIS_STOPPED;
    }
    if (!sric_dnis_alive(leg)) {
        return SRIOV_DNIS_RECOVERING;
    }
    return leg->net->link.up && leg->well_since != 0 ? idle_state(d, leg) : SRIOV_DNIS_NO_LINK;
}
