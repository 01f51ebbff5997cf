/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A started device held still, in halves, and let go again. What a transmit queue holds back is
 * taken from a driver that is quiet, recovering or gone: nobody else is in its rings then.
 */
#include "net.h"

/* May a held device be asked for something? */
static int check(const struct sriov_net *net)
{
    switch (sriov_fn_state(net->fn)) {
    case SRIOV_FN_GONE:
        return -ENODEV;
    case SRIOV_FN_RECOVERING:
        return -EAGAIN;
    default:
        return net->started ? 0 : -EINVAL;
    }
}

/* What the driver saw may have taken the function away. */
static int verdict(const struct sriov_net *net, int rc)
{
    return rc != 0 && sriov_fn_gone(net->fn) ? -ENODEV : rc;
}

static bool is_parked(const struct sriov_net *net)
{
    return net->txq[0]->parked != 0;
}

/* The driver halted it within the call; its poll lets it go. */
static bool halted(const struct sriov_net *net)
{
    return sriov_fn_gone(net->fn) || (net->pending_events & SRIOV_NET_EV_RECOVERING) != 0;
}

int sriov_net_quiesce_tx(struct sriov_net *net, uint64_t timeout_ns)
{
    struct sric_net *self = sric_net_of(net);
    bool was_parked;
    int rc = check(net);

    if (rc != 0 || self->tx_held) {
        return rc;
    }
    was_parked = is_parked(net);
    sric_net_park_tx(net);
    rc = verdict(net, self->ops.quiesce_tx(net, timeout_ns));
    self->tx_held = rc == 0;
    if (rc != 0 && !was_parked && !halted(net)) {
        sric_net_unpark_tx(net);
    }
    return rc;
}

int sriov_net_quiesce(struct sriov_net *net, uint64_t timeout_ns)
{
    struct sric_net *self = sric_net_of(net);
    bool was_held = self->tx_held;
    int rc = sriov_net_quiesce_tx(net, timeout_ns);

    if (rc != 0 || sriov_fn_state(net->fn) == SRIOV_FN_QUIESCED) {
        return rc;
    }
    sric_net_park_rx(net);
    rc = verdict(net, self->ops.quiesce(net));
    if (!halted(net)) {
        sric_net_unpark_rx(net);
    }
    if (rc == 0) {
        rc = sriov_fn_set_state(net->fn, SRIOV_FN_QUIESCED);
    }
    if (rc != 0 && !was_held && !halted(net)) {
        (void)sriov_net_resume(net);
    }
    return rc;
}

int sriov_net_resume(struct sriov_net *net)
{
    struct sric_net *self = sric_net_of(net);
    int rc = check(net);

    if (rc == 0 && !self->tx_held) {
        rc = -EINVAL;
    }
    if (rc != 0) {
        return rc;
    }
    sriov_net_park(net);
    rc = verdict(net, self->ops.resume(net));
    if (rc != 0 && rc != -EAGAIN) {
        if (!halted(net)) {
            sric_net_unpark_rx(net);
        }
        return rc;
    }
    self->tx_held = false;
    if (sriov_fn_state(net->fn) == SRIOV_FN_QUIESCED) {
        (void)sriov_fn_set_state(net->fn, SRIOV_FN_STARTED);
    }
    if (rc == 0) {
        sriov_net_unpark(net);
    }
    return 0; /* -EAGAIN: the driver's poll starts the queues and unparks them */
}

/* Nobody is in the rings: held still, or halted by the driver, which has seen why. */
static bool is_still(struct sriov_net *net, bool held, uint16_t queue)
{
    enum sriov_fn_state state = sriov_fn_state(net->fn);

    if (!net->configured || queue >= net->config.queues) {
        return false;
    }
    return held || state == SRIOV_FN_RECOVERING || state == SRIOV_FN_GONE;
}

uint16_t sriov_net_tx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n,
                           uint32_t *in_doubt)
{
    struct sric_net *self = sric_net_of(net);
    uint32_t unasked = 0;

    if (!is_still(net, self->tx_held, queue)) {
        return 0;
    }
    sric_net_park_tx(net);
    return self->ops.tx_take(net, queue, bufs, n, in_doubt != NULL ? in_doubt : &unasked);
}

uint16_t sriov_net_rx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n)
{
    bool quiesced = sriov_fn_state(net->fn) == SRIOV_FN_QUIESCED;

    if (!is_still(net, quiesced, queue)) {
        return 0;
    }
    if (quiesced) {
        return sriov_rx_burst(net->rxq[queue], bufs, n);
    }
    sric_net_park_rx(net);
    return sric_net_of(net)->ops.rx_take(net, queue, bufs, n);
}
