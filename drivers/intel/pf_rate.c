/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transmit rates. The devices limit queues, each to a part of the link's speed; a limit of a VF is
 * shared by the queues that it has enabled, so that it cannot send more by using more of them.
 */
#include "intel/pf_engine.h"

#include <errno.h>

/* 0: the link itself is no faster. */
static uint32_t factor_of(const struct sri_pf *p, uint32_t mbps, uint32_t queues)
{
    const uint32_t share = queues != 0 ? queues : 1u;

    if (mbps == 0 || mbps >= p->rate_base) {
        return 0;
    }
    return (uint32_t)((uint64_t)p->rate_base * share * SRI_PF_FACTOR_1 / mbps);
}

void sri_pf_rate_put(struct sri_pf *p, uint16_t vf)
{
    struct sri_pf_vf *v = &p->vf[vf];

    v->rate_queues = v->mbps != 0 ? p->dev->tx_queues(p, vf) : 0;
    p->dev->put_rate(p, vf, factor_of(p, v->mbps, v->rate_queues));
}

void sri_pf_rate_rebase(struct sri_pf *p)
{
    if (!p->pf->link.up || p->pf->link.mbps == p->rate_base) {
        return;
    }
    p->rate_base = p->pf->link.mbps;
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        if (p->vf[vf].mbps != 0) {
            sri_pf_rate_put(p, vf);
        }
    }
}

void sri_pf_rate_watch(struct sri_pf *p)
{
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        if (p->vf[vf].mbps != 0 && p->dev->tx_queues(p, vf) != p->vf[vf].rate_queues) {
            sri_pf_rate_put(p, vf);
        }
    }
}

int sri_pf_set_vf_rate(struct sriov_pf *pf, uint16_t vf, uint32_t mbps)
{
    struct sri_pf *p = pf->priv;

    if (vf >= p->num_vfs) {
        return -EINVAL;
    }
    if (p->vf[vf].mbps == mbps) {
        return 0;
    }
    if (mbps != 0 && !pf->link.up) {
        return -EAGAIN;
    }
    if (mbps != 0 && (mbps < p->dev->rate_least || mbps > pf->link.mbps)) {
        return -ERANGE;
    }
    (void)sri_pf_enter(p);
    p->vf[vf].mbps = mbps;
    sri_pf_rate_put(p, vf);
    sri_pf_leave(p);
    return 0;
}
