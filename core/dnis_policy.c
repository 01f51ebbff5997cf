/* SPDX-License-Identifier: BSD-3-Clause */
/* Which device carries the traffic, and when that changes. */
#include "dnis.h"

#define HOLD_MOST 64u /* times the base */

void sric_dnis_left_vf(struct sriov_dnis *d, uint32_t reason)
{
    struct sric_dnis_hold *hold = &d->hold;
    uint64_t base = d->opts.hold_down_ns;
    uint64_t least = hold->ns > base ? hold->ns : base;
    bool failed = reason == SRIOV_DNIS_BY_LINK || reason == SRIOV_DNIS_BY_RESET ||
                  reason == SRIOV_DNIS_BY_GONE || reason == SRIOV_DNIS_BY_MAC;
    bool again = hold->returned_at != 0 && hold->ns != 0 && sriov_vmm_now(d->vmm) - hold->returned_at < least;

    if (!failed) {
        hold->ns = 0;
    } else if (again) {
        hold->ns = 2 * hold->ns < HOLD_MOST * base ? 2 * hold->ns : HOLD_MOST * base;
    } else {
        hold->ns = base;
    }
}

bool sric_dnis_can_take(const struct sriov_dnis *d, const struct sric_dnis_leg *leg)
{
    if (leg->net == NULL || sric_dnis_gone(leg) || leg->asked || leg->refused) {
        return false;
    }
    return sric_dnis_works(leg) || !leg->net->started || d->raise_since != 0;
}

static uint32_t why_leave(const struct sriov_dnis *d, const struct sric_dnis_leg *leg)
{
    if (sric_dnis_gone(leg)) {
        return SRIOV_DNIS_BY_GONE;
    }
    if (d->opts.policy == SRIOV_DNIS_MANUAL) {
        return SRIOV_DNIS_BY_NOTHING;
    }
    if (!sric_dnis_alive(leg)) {
        return SRIOV_DNIS_BY_RESET;
    }
    if (!leg->net->link.up) {
        return SRIOV_DNIS_BY_LINK;
    }
    if (leg->refused) {
        return SRIOV_DNIS_BY_MAC;
    }
    return leg->asked ? SRIOV_DNIS_BY_REMOVE : SRIOV_DNIS_BY_NOTHING;
}

/* A device that is gone and has no successor. */
static void lose(struct sriov_dnis *d, struct sric_dnis_leg *leg)
{
    sric_dnis_settle_check(d, true);
    sric_dnis_take_back(d, leg);
    sric_dnis_stage_dead(d, leg);
    d->active = SRIOV_DNIS_NONE;
    if (leg->side == SRIOV_DNIS_VF) {
        sric_dnis_left_vf(d, SRIOV_DNIS_BY_GONE);
    }
}

static void leave(struct sriov_dnis *d, struct sric_dnis_leg *leg, uint32_t reason)
{
    const struct sric_dnis_leg *other = sric_dnis_leg(d, sric_dnis_other(leg->side));

    if (sric_dnis_can_take(d, other)) {
        (void)sric_dnis_switch(d, other->side, (enum sriov_dnis_reason)reason);
    }
    if (reason == SRIOV_DNIS_BY_GONE && d->active == leg->side) {
        lose(d, leg);
    }
}

static bool held_down(const struct sriov_dnis *d, const struct sric_dnis_leg *leg)
{
    return leg->side == SRIOV_DNIS_VF &&
           (leg->well_since == 0 || sriov_vmm_now(d->vmm) - leg->well_since < d->hold.ns);
}

/* The device that is better than the one in use. */
static void prefer(struct sriov_dnis *d)
{
    const struct sric_dnis_leg *leg = sric_dnis_leg(d, d->prefer);

    if (d->wanted != SRIOV_DNIS_NONE) {
        if (sric_dnis_can_take(d, sric_dnis_leg(d, d->wanted)) &&
            sric_dnis_switch(d, d->wanted, SRIOV_DNIS_BY_COMMAND) == -EAGAIN) {
            return;
        }
        d->wanted = SRIOV_DNIS_NONE;
        return;
    }
    d->raise_since = 0;
    if (d->opts.policy == SRIOV_DNIS_AUTO && d->active != d->prefer && sric_dnis_works(leg) && !leg->asked &&
        !held_down(d, leg)) {
        (void)sric_dnis_switch(d, d->prefer, SRIOV_DNIS_BY_RETURN);
    }
}

/* Nothing carries traffic: whatever can, in the order of preference. */
static void take_any(struct sriov_dnis *d)
{
    const struct sric_dnis_leg *first = sric_dnis_leg(d, d->prefer);
    const struct sric_dnis_leg *second = sric_dnis_leg(d, sric_dnis_other(d->prefer));

    if (sric_dnis_works(first) && !first->asked) {
        (void)sric_dnis_switch(d, first->side, SRIOV_DNIS_BY_RETURN);
    } else if (sric_dnis_can_take(d, second)) {
        (void)sric_dnis_switch(d, second->side, SRIOV_DNIS_BY_RETURN);
    } else if (sric_dnis_can_take(d, first)) {
        (void)sric_dnis_switch(d, first->side, SRIOV_DNIS_BY_RETURN);
    }
}

void sric_dnis_decide(struct sriov_dnis *d)
{
    struct sric_dnis_leg *leg = sric_dnis_leg(d, d->active);
    uint32_t reason;

    if (leg == NULL) {
        take_any(d);
        return;
    }
    reason = why_leave(d, leg);
    if (reason == SRIOV_DNIS_BY_REMOVE || reason == SRIOV_DNIS_BY_MAC || reason == SRIOV_DNIS_BY_NOTHING) {
        if (d->settle.on || sriov_vmm_now(d->vmm) < d->retry_at) {
            return; /* in good time */
        }
    }
    if (reason == SRIOV_DNIS_BY_NOTHING) {
        prefer(d);
    } else {
        leave(d, leg, reason);
    }
}
