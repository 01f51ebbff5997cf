/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A switch, step by step. Until frames are sent on the new device every step can be undone: the old one
 * goes on with what it gave back. From then on the way back is a switch the other way.
 */
#include "dnis.h"

#define RETRY_NS (10 * SRIC_NS_PER_MS) /* after a switch that failed while the old device works */

struct plan {
    struct sriov_dnis *d;
    struct sric_dnis_leg *from; /* NULL: none carries traffic */
    struct sric_dnis_leg *to;
    uint32_t reason;
    bool forced; /* nothing is left to stay on */
    bool moved;
};

int sric_dnis_step(struct sriov_dnis *d, enum sriov_dnis_step step, enum sriov_dnis_side from,
                   enum sriov_dnis_side to, uint32_t reason, int rc)
{
    struct sriov_dnis_progress progress = {.size = sizeof(progress),
                                           .step = step,
                                           .from = from,
                                           .to = to,
                                           .reason = reason,
                                           .rc = rc,
                                           .time_ns = sriov_vmm_now(d->vmm)};

    d->step_at[step] = progress.time_ns;
    return d->hooks.on_step != NULL ? d->hooks.on_step(d->hooks.arg, &progress) : 0;
}

static enum sriov_dnis_side side_of(const struct sric_dnis_leg *leg)
{
    return leg != NULL ? leg->side : SRIOV_DNIS_NONE;
}

/* What the hook says counts where there is a way back. */
static int begin(struct plan *p, enum sriov_dnis_step step)
{
    int rc = sric_dnis_step(p->d, step, side_of(p->from), p->to->side, p->reason, 0);

    return p->forced ? 0 : rc;
}

static const char *const reasons[] = {"at power on",    "by command",   "its owner wants it back",
                                      "it has no link", "it was reset", "it is gone",
                                      "the VF works",   "aborted",      "its MAC is another one"};

static void fail(struct plan *p, int rc)
{
    struct sriov_dnis *d = p->d;

    d->stats.failed++;
    d->events |= SRIOV_DNIS_EV_FAILED;
    d->retry_at = sriov_vmm_now(d->vmm) + RETRY_NS;
    sriov_log(d->vmm, SRIOV_LOG_WARN, "dnis: no switch to %s (%d); %s carries the traffic on",
              sric_dnis_side_name(p->to->side), rc, sric_dnis_side_name(side_of(p->from)));
}

/* ---- the new device comes up ---- */

static int start_it(struct sric_dnis_leg *leg)
{
    int rc = 0;

    if (!leg->net->started) {
        rc = sriov_net_start(leg->net);
    } else if (leg->held || leg->tx_held) {
        rc = sriov_net_resume(leg->net);
        rc = rc == -EINVAL ? 0 : rc; /* a recovery has let it go */
    }
    if (rc == 0) {
        leg->held = false;
        leg->tx_held = false;
    }
    return rc;
}

/* It has no link yet: the polls go on. */
static int wait_for_link(struct plan *p, uint64_t now)
{
    struct sriov_dnis *d = p->d;

    if (!d->raise_failed && now - d->raise_since >= d->opts.up_ns) {
        d->raise_failed = true;
        fail(p, -ETIMEDOUT);
        sriov_log(d->vmm, SRIOV_LOG_WARN, "dnis: %s gets no link: look at its cable, bridge or PF",
                  sric_dnis_side_name(p->to->side));
    }
    return -EAGAIN;
}

static int bring_up(struct plan *p)
{
    struct sriov_dnis *d = p->d;
    uint64_t now = sriov_vmm_now(d->vmm);
    int rc = 0;

    if (d->raise_since == 0) {
        memset(d->step_at, 0, sizeof(d->step_at));
        rc = begin(p, SRIOV_DNIS_STEP_UP);
        d->raise_failed = false;
    }
    if (rc == 0) {
        rc = start_it(p->to);
    }
    if (rc != 0 && rc != -EAGAIN) {
        d->raise_since = 0;
        fail(p, rc);
        return rc;
    }
    d->raise_since = d->raise_since != 0 ? d->raise_since : now;
    return sric_dnis_works(p->to) ? 0 : wait_for_link(p, now);
}

/* ---- the old one stops sending ---- */

static int quiesce_tx(struct plan *p)
{
    struct sriov_dnis *d = p->d;
    int rc = sriov_net_quiesce_tx(p->from->net, d->opts.drain_ns);

    if (rc == 0) {
        p->from->tx_held = true;
        return 0;
    }
    if (rc == -EOPNOTSUPP) {
        /* Its driver cannot say when all is sent. */
        sriov_vmm_sleep(d->vmm, d->opts.drain_ns);
        return 0;
    }
    sric_dnis_leg_poll(d, p->from); /* what happened? */
    if (!sric_dnis_alive(p->from)) {
        p->forced = true;
        p->reason = sric_dnis_gone(p->from) ? SRIOV_DNIS_BY_GONE : SRIOV_DNIS_BY_RESET;
    }
    return p->forced ? 0 : rc;
}

static int stop_tx(struct plan *p)
{
    int rc = begin(p, SRIOV_DNIS_STEP_TX_STOP);

    if (rc == 0 && p->from != NULL && sric_dnis_alive(p->from)) {
        rc = quiesce_tx(p);
    }
    if (rc == 0 && p->from != NULL) {
        sric_dnis_take_back(p->d, p->from);
    }
    p->d->old_sent_at = sriov_vmm_now(p->d->vmm);
    if (rc == 0 && p->from != NULL && !p->forced && p->d->opts.silence_ns != 0) {
        sriov_vmm_sleep(p->d->vmm, p->d->opts.silence_ns);
    }
    return rc;
}

/* ---- from one to the other ---- */

/* One moment for both: what came before is the old one's, group-addressed frames that come later are
 * the new one's. A switch back from one that settles: what came for us meanwhile came on both. */
static void cut(struct plan *p)
{
    if (p->d->settle.on) {
        sric_dnis_settle_look(p->d);
        sric_dnis_settle_stop(p->d);
        return;
    }
    if (p->from != NULL && sric_dnis_alive(p->from)) {
        sric_dnis_stage(p->d, p->from, p->d->rx, false);
    }
    sric_dnis_drop_rx(p->d, p->to);
}

static int move(struct plan *p)
{
    struct sriov_dnis *d = p->d;
    int rc = begin(p, SRIOV_DNIS_STEP_MOVE);

    if (rc != 0 || d->hooks.move == NULL) {
        return rc;
    }
    rc = d->hooks.move(d->hooks.arg, p->to->side);
    p->moved = rc == 0;
    if (rc != 0) {
        sriov_log(d->vmm, SRIOV_LOG_WARN,
                  "dnis: the host side does not move the MAC to %s (%d): look at its filters and FDB",
                  sric_dnis_side_name(p->to->side), rc);
    }
    return p->forced ? 0 : rc;
}

static int undo(struct plan *p, int rc)
{
    struct sriov_dnis *d = p->d;

    (void)sric_dnis_step(d, SRIOV_DNIS_STEP_ABORT, side_of(p->from), p->to->side, p->reason, rc);
    d->raise_since = 0;
    if (p->moved && p->from != NULL) {
        (void)d->hooks.move(d->hooks.arg, p->from->side);
    }
    if (p->from != NULL && p->from->tx_held) {
        (void)start_it(p->from);
    }
    sric_dnis_flush(d);
    fail(p, rc);
    return rc;
}

static void count(struct plan *p)
{
    struct sriov_dnis *d = p->d;

    d->stats.switches++;
    d->stats.forced += p->forced && p->from != NULL ? 1 : 0;
    d->stats.returned += p->to->side == SRIOV_DNIS_VF && p->from != NULL ? 1 : 0;
    d->stats.last_tx_gap_ns = sriov_vmm_now(d->vmm) - d->old_sent_at;
    d->events |= SRIOV_DNIS_EV_SWITCHED;
    sriov_log(d->vmm, SRIOV_LOG_INFO, "dnis: from %s to %s: %s", sric_dnis_side_name(side_of(p->from)),
              sric_dnis_side_name(p->to->side), reasons[p->reason]);
}

/* The new one carries the traffic from here on. */
static void go(struct plan *p)
{
    struct sriov_dnis *d = p->d;

    d->active = p->to->side;
    d->raise_since = 0;
    sric_dnis_announce_begin(d);
    sric_dnis_flush(d);
    count(p);
    if (p->from != NULL && p->from->side == SRIOV_DNIS_VF) {
        sric_dnis_left_vf(d, p->reason);
    } else {
        d->hold.returned_at = sriov_vmm_now(d->vmm);
    }
}

static void settle(struct plan *p)
{
    struct sriov_dnis *d = p->d;
    int rc = begin(p, SRIOV_DNIS_STEP_SETTLE);

    if (p->from == NULL) {
        sric_dnis_done(d, SRIOV_DNIS_NONE, p->reason);
        return;
    }
    if (!sric_dnis_alive(p->from)) {
        sric_dnis_bury(d, p->from->side, p->reason);
        return;
    }
    sric_dnis_settle_begin(d, p->from->side, p->reason);
    if (rc != 0) {
        (void)sric_dnis_step(d, SRIOV_DNIS_STEP_ABORT, p->from->side, p->to->side, p->reason, rc);
        sric_dnis_back(d, p->from->side);
    } else if (!p->from->net->link.up) {
        sric_dnis_settle_check(d, true); /* nothing is on its way */
    }
}

static int run(struct plan *p)
{
    int rc = stop_tx(p);

    if (rc == 0) {
        cut(p);
        rc = move(p);
    }
    if (rc == 0) {
        rc = begin(p, SRIOV_DNIS_STEP_ANNOUNCE);
    }
    if (rc != 0) {
        return undo(p, rc);
    }
    go(p);
    settle(p);
    return 0;
}

static bool leaves_nothing(uint32_t reason)
{
    return reason == SRIOV_DNIS_BY_LINK || reason == SRIOV_DNIS_BY_RESET || reason == SRIOV_DNIS_BY_GONE ||
           reason == SRIOV_DNIS_BY_ABORT;
}

int sric_dnis_switch(struct sriov_dnis *d, enum sriov_dnis_side to, enum sriov_dnis_reason reason)
{
    struct plan p = {
        .d = d, .from = sric_dnis_leg(d, d->active), .to = sric_dnis_leg(d, to), .reason = reason};
    int rc;

    p.forced = p.from == NULL || leaves_nothing(reason);
    sric_dnis_settle_check(d, true);
    rc = bring_up(&p);
    return rc == 0 ? run(&p) : rc;
}

void sric_dnis_back(struct sriov_dnis *d, enum sriov_dnis_side to)
{
    struct plan p = {.d = d,
                     .from = sric_dnis_leg(d, d->active),
                     .to = sric_dnis_leg(d, to),
                     .reason = SRIOV_DNIS_BY_ABORT,
                     .forced = true};

    d->stats.failed++;
    d->events |= SRIOV_DNIS_EV_FAILED;
    sric_dnis_settle_look(d);
    if (start_it(p.to) != 0) {
        sric_dnis_settle_check(d, true); /* it cannot go on: the new one does */
        return;
    }
    d->retry_at = sriov_vmm_now(d->vmm) + RETRY_NS;
    (void)run(&p);
}
