/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF's life: attach, start, poll, recovery, stop, detach. */
#include "vf.h"

#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>
#include <string.h>

#define ATTACH_NS      (300 * SRI_MS)
#define START_NS       (100 * SRI_MS)
#define ALIVE_EVERY_NS (5 * SRI_MS)   /* each look is two register reads */
#define LOOK_EVERY_NS  (100 * SRI_MS) /* what a PF reset finds uncounted is lost */

int sri_vf_attach(struct sriov_net *net, const struct sri_vf_hw *hw)
{
    struct sri_vf *vf = sri_vf_of(net);
    vf->net = net;
    vf->hw = hw;
    int err = sriov_bar_open(net->fn, 0, hw->bar_bytes, &vf->bar);
    if (err != 0) {
        return err;
    }
    sri_mbx_init(&vf->mbx, net->fn, &vf->bar, &hw->mbx);
    vf->set.rx_mode = SRIOV_RX_MULTI;
    vf->granted_queues = 1;
    net->max_mtu = SRI_VF_MAX_MTU;
    sri_vf_lose(vf);
    err = sri_vf_bring_up(vf, ATTACH_NS);
    if (err == -ENODEV) {
        sriov_bar_close(&vf->bar);
        return err;
    }
    if (err != 0) {
        sri_vf_log(vf, SRIOV_LOG_WARN, "%s", "the PF does not answer; the link stays down until it does");
    }
    net->max_queues = vf->granted_queues;
    net->pending_events &= ~SRIOV_NET_EV_MAC; /* the first one is no change */
    sri_vf_stats_base(vf);
    return 0;
}

void sri_vf_detach(struct sriov_net *net)
{
    struct sri_vf *vf = sri_vf_of(net);
    if (!sriov_fn_gone(net->fn)) {
        sri_vf_irq_silence(vf);
        sriov_wr32(&vf->bar, vf->hw->ctrl, IXGBE_CTRL_RST);
    }
    sri_vf_release(net); /* of a function that is gone nobody else gives it back */
    sriov_bar_close(&vf->bar);
}

static void set_link(struct sri_vf *vf, struct sriov_link link)
{
    struct sriov_net *net = vf->net;
    if (link.up != net->link.up || link.mbps != net->link.mbps) {
        vf->link_was_lost = vf->link_was_lost || !link.up;
        net->link = link;
        net->pending_events |= SRIOV_NET_EV_LINK;
    }
}

void sri_vf_link_down(struct sri_vf *vf)
{
    set_link(vf, (struct sriov_link){.up = false});
}

/* STATUS and LINKS are the PF's: they say nothing about whether it serves this VF. */
static int read_link(struct sri_vf *vf, struct sriov_link *link)
{
    uint32_t value = sri_rd32_sure(&vf->bar, vf->hw->link);
    if (value == IXGBE_DEAD_READ) {
        sriov_fn_kill(vf->net->fn);
        return -ENODEV;
    }
    *link = vf->hw->decode_link(value);
    link->up = link->up && vf->link_allowed;
    link->mbps = link->up ? link->mbps : 0;
    return 0;
}

int sri_vf_start(struct sriov_net *net)
{
    struct sri_vf *vf = sri_vf_of(net);
    vf->want_run = true;
    int err = vf->phase == SRI_VF_READY ? 0 : sri_vf_bring_up(vf, START_NS);
    if (err == -EAGAIN) {
        return err;
    }
    if (err == 0) {
        err = sri_vf_replay(vf, true);
    }
    if (err == -ETIMEDOUT || err == -ESTALE || err == -EPROTO || err == -EBUSY) {
        sri_vf_lose(vf);
        return -EAGAIN;
    }
    if (err == 0) {
        err = sri_vf_run(vf, false);
    }
    if (err != 0) {
        vf->want_run = false;
        return err;
    }
    vf->link_was_lost = false;
    struct sriov_link link;
    if (read_link(vf, &link) == 0) {
        set_link(vf, link);
        vf->link_was_lost = false;
    }
    return 0;
}

void sri_vf_stop(struct sriov_net *net)
{
    struct sri_vf *vf = sri_vf_of(net);
    if (vf->running && !sriov_fn_gone(net->fn)) {
        sri_vf_stats_fold(vf);
    }
    vf->want_run = false;
    vf->recovering = false;
    vf->tx_held = false;
    vf->quiesced = false;
    sri_vf_halt(vf, false);
}

void sri_vf_recover(struct sri_vf *vf, const char *why)
{
    struct sriov_net *net = vf->net;
    sri_vf_log(vf, SRIOV_LOG_INFO, "%s; recovering", why);
    sri_vf_lose(vf);
    sri_vf_link_down(vf);
    if (vf->running) {
        sri_vf_stats_fold_reset(vf);
        sriov_net_park(net);
        sri_vf_halt(vf, true);
        vf->tx_held = false;
        vf->recovering = true;
        net->pending_events |= SRIOV_NET_EV_RECOVERING;
    }
}

static void finish_recovery(struct sri_vf *vf)
{
    struct sriov_net *net = vf->net;
    int err = sri_vf_run(vf, true);
    if (err != 0) {
        sri_vf_log(vf, SRIOV_LOG_WARN, "queues do not come up (%d), again", err);
        sri_vf_lose(vf);
        return;
    }
    sri_vf_stats_base(vf);
    sriov_net_unpark(net);
    if (vf->recovering) {
        net->recoveries++;
        net->pending_events |= SRIOV_NET_EV_RECOVERED;
    }
    vf->recovering = false;
    vf->link_was_lost = false;
}

/* Why the PF must be greeted anew; NULL: all is well. */
static const char *what_is_wrong(struct sri_vf *vf)
{
    uint32_t header;
    int got = sri_mbx_take(&vf->mbx, &header, 1); /* only control messages may come unasked */
    uint32_t seen = vf->mbx.seen;
    uint32_t notice = vf->mbx.notice;
    if (got < 0) {
        return NULL;
    }
    vf->mbx.malformed += got == 1 ? 1 : 0;
    vf->mbx.notice = 0;
    if ((seen & SRI_MBX_RSTD) != 0) {
        return "the PF was reset";
    }
    if ((vf->mbx.level & SRI_MBX_RSTI) != 0) {
        return "the PF is in reset";
    }
    if ((notice & SRI_MBX_NOTICE_LOST) != 0) {
        return "the PF does not know this VF any more";
    }
    return NULL;
}

/* What need not be done at each poll; why to recover, or NULL. */
static const char *now_and_then(struct sri_vf *vf)
{
    uint64_t now = sriov_fn_now(vf->net->fn);
    if (!vf->running || now < vf->alive_due) {
        return NULL;
    }
    vf->alive_due = now + ALIVE_EVERY_NS;
    if (!sri_vf_queues_alive(vf)) {
        return "the function was reset";
    }
    if (now < vf->look_due) {
        return NULL;
    }
    vf->look_due = now + LOOK_EVERY_NS;
    sri_vf_stats_fold(vf);
    return sri_vf_watch(vf);
}

static void poll_ready(struct sri_vf *vf)
{
    struct sriov_link link;
    const char *wrong = what_is_wrong(vf);
    if (sriov_fn_gone(vf->net->fn)) {
        return;
    }
    if (wrong == NULL && read_link(vf, &link) == 0) {
        if (link.up && vf->link_was_lost && vf->want_run) {
            wrong = "the link was lost and is back"; /* the PF may have been down meanwhile */
        } else {
            set_link(vf, link);
        }
    }
    if (wrong == NULL) {
        wrong = now_and_then(vf);
    }
    if (wrong != NULL) {
        sri_vf_recover(vf, wrong);
    }
}

void sri_vf_poll(struct sriov_net *net)
{
    struct sri_vf *vf = sri_vf_of(net);
    if (sriov_fn_gone(net->fn)) {
        return;
    }
    if (vf->phase == SRI_VF_READY) {
        poll_ready(vf);
    }
    if (vf->phase != SRI_VF_READY && sri_vf_step(vf) == 1) {
        if (vf->want_run) {
            finish_recovery(vf);
        }
        if (vf->phase == SRI_VF_READY) {
            poll_ready(vf);
        }
    }
}
