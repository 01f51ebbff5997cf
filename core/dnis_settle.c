/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of a switch: frames that were on their way to the old device when the new one was announced
 * still come there, and belong before those of the new one. A bridge between has moved the MAC by
 * then, so this ends soon: when the new one has been heard and the old one is silent, or in any case
 * after a while.
 */
#include "dnis.h"

void sric_dnis_settle_begin(struct sriov_dnis *d, enum sriov_dnis_side from, uint32_t reason)
{
    uint64_t now = sriov_vmm_now(d->vmm);

    d->settle.on = true;
    d->settle.heard = false;
    d->settle.from = from;
    d->settle.reason = reason;
    d->settle.until = now + d->opts.settle_ns;
    d->settle.quiet_since = now;
}

static void put_in_order(struct sriov_dnis *d)
{
    for (uint16_t q = 0; q < d->opts.queues; q++) {
        sric_dnis_append(&d->rx[q], &d->late[q]);
    }
}

static void count_steps(struct sriov_dnis *d)
{
    uint64_t at = d->step_at[SRIOV_DNIS_STEP_UP];

    for (uint32_t i = 0; i < SRIOV_DNIS_STEP_DONE; i++) {
        uint64_t next = d->step_at[i + 1];

        next = next != 0 ? next : at; /* a step that a dead device has no use for */
        d->stats.last_ns[i] = next - at;
        at = next;
    }
}

void sric_dnis_settle_stop(struct sriov_dnis *d)
{
    d->settle.on = false;
    put_in_order(d);
}

void sric_dnis_done(struct sriov_dnis *d, enum sriov_dnis_side from, uint32_t reason)
{
    struct sric_dnis_leg *leg = sric_dnis_leg(d, from);

    sric_dnis_settle_stop(d);
    (void)sric_dnis_step(d, SRIOV_DNIS_STEP_DONE, from, d->active, reason, 0);
    count_steps(d);
    if (leg != NULL) {
        sric_dnis_rest(d, leg);
    }
}

void sric_dnis_bury(struct sriov_dnis *d, enum sriov_dnis_side side, uint32_t reason)
{
    struct sric_dnis_leg *leg = sric_dnis_leg(d, side);

    if (leg->net != NULL) {
        sric_dnis_stage_dead(d, leg);
    }
    sric_dnis_done(d, side, reason);
}

/* The old one is quiesced, and what it has received is taken. */
static void stop_rx(struct sriov_dnis *d, struct sric_dnis_leg *leg)
{
    int rc = sriov_net_quiesce(leg->net, 0);

    leg->held = rc == 0;
    leg->tx_held = leg->held || leg->tx_held;
    if (sric_dnis_alive(leg)) {
        sric_dnis_stage(d, leg, d->rx, true);
    } else {
        sric_dnis_stage_dead(d, leg);
    }
}

static bool is_time(struct sriov_dnis *d)
{
    uint64_t now = sriov_vmm_now(d->vmm);
    bool quiet = d->settle.heard && now - d->settle.quiet_since >= d->opts.quiet_ns;

    return quiet || now >= d->settle.until || !sric_dnis_alive(sric_dnis_leg(d, d->settle.from));
}

static void end_settle(struct sriov_dnis *d, bool forced)
{
    enum sriov_dnis_side from = d->settle.from;
    uint32_t reason = d->settle.reason;
    int rc = sric_dnis_step(d, SRIOV_DNIS_STEP_RX_STOP, from, d->active, reason, 0);

    if (rc != 0 && !forced && sric_dnis_works(sric_dnis_leg(d, from))) {
        (void)sric_dnis_step(d, SRIOV_DNIS_STEP_ABORT, from, d->active, reason, rc);
        sric_dnis_back(d, from);
        return;
    }
    stop_rx(d, sric_dnis_leg(d, from));
    sric_dnis_done(d, from, reason);
}

void sric_dnis_settle_check(struct sriov_dnis *d, bool now)
{
    if (!d->settle.on) {
        return;
    }
    if (!sric_dnis_alive(sric_dnis_leg(d, d->settle.from))) {
        sric_dnis_bury(d, d->settle.from, d->settle.reason);
    } else if (now || is_time(d)) {
        end_settle(d, now);
    }
}
