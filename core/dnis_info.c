/* SPDX-License-Identifier: BSD-3-Clause */
/* What the pair says of itself. */
#include "dnis.h"

static bool works_or_can(const struct sriov_dnis *d, enum sriov_dnis_side side)
{
    const struct sric_dnis_leg *leg = &d->leg[side - 1];

    return sric_dnis_works(leg) || (leg->net != NULL && !leg->net->started && !sric_dnis_gone(leg));
}

/* The worst first. */
static const char *next_step(const struct sriov_dnis *d)
{
    const struct sric_dnis_leg *vf = &d->leg[SRIOV_DNIS_VF - 1];
    const struct sric_dnis_leg *standby = &d->leg[SRIOV_DNIS_STANDBY - 1];
    bool standby_ok = works_or_can(d, SRIOV_DNIS_STANDBY);

    if (!standby_ok && !sric_dnis_works(vf)) {
        return "nothing carries traffic: give the standby a link, or attach a VF";
    }
    if (vf->refused) {
        return "the VF has another MAC: detach it, give it the pair's on the PF, and attach it again";
    }
    if (sric_dnis_gone(vf)) {
        return "the VF is gone: detach and close it";
    }
    if (standby->net == NULL) {
        return "there is no standby: traffic ends when the VF leaves";
    }
    if (vf->asked && d->active != SRIOV_DNIS_VF) {
        return "the VF is wanted back and carries nothing: detach and close it";
    }
    if (vf->asked && d->opts.policy == SRIOV_DNIS_MANUAL && standby_ok) {
        return "the VF is wanted back: switch to the standby, then detach and close it";
    }
    if (sric_dnis_gone(standby)) {
        return "the standby is gone: make another pair with one that works";
    }
    if (!standby_ok) {
        return "the standby has no link: look at its cable or bridge before the VF leaves";
    }
    return "";
}

static uint64_t hold_left(const struct sriov_dnis *d)
{
    const struct sric_dnis_leg *vf = &d->leg[SRIOV_DNIS_VF - 1];
    uint64_t well = vf->well_since != 0 ? sriov_vmm_now(d->vmm) - vf->well_since : 0;

    if (vf->net == NULL || d->active == SRIOV_DNIS_VF || well >= d->hold.ns) {
        return 0;
    }
    return d->hold.ns - well;
}

int sriov_dnis_get_info(struct sriov_dnis *d, struct sriov_dnis_info *info)
{
    struct sriov_dnis_info now = {
        .size = sizeof(now),
        .active = d->active,
        .vf_state = sric_dnis_state_of(d, &d->leg[SRIOV_DNIS_VF - 1]),
        .standby_state = sric_dnis_state_of(d, &d->leg[SRIOV_DNIS_STANDBY - 1]),
        .mac = d->mac,
        .queues = d->opts.queues,
        .mtu = d->mtu,
        .link = d->link,
        .hold_down_ns = hold_left(d),
        .next_step = next_step(d),
    };

    return sric_result_give(info, &now, sizeof(now));
}

int sriov_dnis_stats(struct sriov_dnis *d, struct sriov_dnis_stats *stats)
{
    return sric_result_give(stats, &d->stats, sizeof(d->stats));
}
