/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VF held still, in halves, and let go. What the rings held when they stopped is in ring_hold.c's lists
 * then, so that a reset that comes meanwhile, a PF that goes away or a function that is pulled cost
 * nothing more.
 */
#include "vf.h"

#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>

#define LOOK_EVERY_NS 10000u

static int is_drained(void *arg)
{
    const struct sri_vf *vf = arg;
    return sri_vf_tx_idle(vf) ? 1 : 0;
}

/* Without link nothing leaves the rings (82599 datasheet 4.6.8.1 waits for TDH to reach TDT). */
static void drain(struct sri_vf *vf, uint64_t timeout_ns)
{
    if (vf->net->link.up) {
        (void)sriov_fn_wait_until(vf->net->fn, is_drained, vf, timeout_ns, LOOK_EVERY_NS);
    }
}

/* A queue that does not do as it was told: begin anew, with all that can be had of it. */
static int give_up(struct sri_vf *vf, int err, const char *why)
{
    if (err == -ENODEV || sriov_fn_gone(vf->net->fn)) {
        sriov_fn_kill(vf->net->fn); /* all-ones from a register that never reads so */
        return -ENODEV;
    }
    sri_vf_recover(vf, why);
    return -EAGAIN;
}

int sri_vf_quiesce_tx(struct sriov_net *net, uint64_t timeout_ns)
{
    struct sri_vf *vf = sri_vf_of(net);
    if (!vf->running) {
        return -EAGAIN; /* the PF is silent */
    }
    drain(vf, timeout_ns);
    int err = sri_vf_stop_tx(vf);
    if (err != 0) {
        return give_up(vf, err, "a transmit queue does not stop");
    }
    vf->tx_held = true;
    return 0;
}

int sri_vf_quiesce(struct sriov_net *net)
{
    struct sri_vf *vf = sri_vf_of(net);
    if (!vf->running) {
        return -EAGAIN;
    }
    sri_vf_irq_silence(vf);
    int err = sri_vf_stop_rx(vf);
    if (err != 0) {
        return give_up(vf, err, "a receive queue does not stop");
    }
    sri_vf_stats_fold(vf);
    vf->running = false;
    vf->want_run = false;
    vf->quiesced = true;
    return 0;
}

static int resume_tx(struct sri_vf *vf)
{
    int err = sri_vf_run_tx(vf);
    if (err != 0) {
        return give_up(vf, err, "a transmit queue does not start");
    }
    vf->tx_held = false;
    return 0;
}

/* Whether a PF that was away, or a reset, has left the device as it was quiesced. */
static bool must_greet(const struct sri_vf *vf)
{
    return vf->phase != SRI_VF_READY || vf->link_was_lost || !sri_vf_rings_known(vf);
}

int sri_vf_resume(struct sriov_net *net)
{
    struct sri_vf *vf = sri_vf_of(net);
    if (!vf->quiesced) {
        return vf->running ? resume_tx(vf) : -EAGAIN;
    }
    int err = 0;
    if (must_greet(vf)) {
        if (vf->phase == SRI_VF_READY) {
            sri_vf_lose(vf);
            sri_vf_link_down(vf);
        }
        err = -EAGAIN;
    } else {
        err = sri_vf_run(vf, true);
        if (err == -ENOMEM) {
            return err; /* quiesced still: the lists hold what they held */
        }
        if (err == -ENODEV) {
            return give_up(vf, err, "");
        }
        if (err != 0) {
            sri_vf_lose(vf);
            err = -EAGAIN;
        }
    }
    vf->quiesced = false;
    vf->tx_held = false;
    vf->want_run = true;
    return err;
}

uint16_t sri_vf_tx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n,
                        uint32_t *in_doubt)
{
    struct sri_vf *vf = sri_vf_of(net);
    struct sri_txq *q = sri_vf_txq(vf, queue);
    if (sriov_fn_gone(net->fn)) {
        sri_vf_gather(vf);
    }
    *in_doubt += q->in_doubt;
    q->in_doubt = 0;
    return sri_txq_take(q, bufs, n);
}

uint16_t sri_vf_rx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n)
{
    struct sri_vf *vf = sri_vf_of(net);
    if (sriov_fn_gone(net->fn)) {
        sri_vf_gather(vf);
    }
    return sri_rxq_take(sri_vf_rxq(vf, queue), bufs, n);
}
