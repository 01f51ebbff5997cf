/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An 82599 says nothing of a transmit queue that hangs, at a descriptor that makes no sense or whose
 * memory it cannot reach. Its head does: it stands still with work before it, longer than a VF's own
 * watchdog would let it.
 */
#include "ixgbe-like/ixgbe.h"

#include <string.h>

#define LOOK_NS  UINT64_C(100000000) /* between two looks at a VF */
#define STUCK_NS UINT64_C(3000000000)

static bool is_stuck(struct sri_pf *p, uint16_t vf, uint32_t n, uint64_t now)
{
    struct sri_pf_guard *g = &p->vf[vf].guard;
    const uint32_t queue = ixgbe_pool_queues(p) * vf + n;
    const uint32_t head = sri_pf_rd(p, IXGBE_TDH(queue));

    if (head == sri_pf_rd(p, IXGBE_TDT(queue)) ||
        (sri_pf_rd(p, IXGBE_TXDCTL(queue)) & IXGBE_TXDCTL_ENABLE) == 0) {
        g->stuck_since[n] = 0;
        return false;
    }
    if (g->stuck_since[n] == 0 || g->head[n] != head) {
        g->head[n] = head;
        g->stuck_since[n] = now;
    }
    return now - g->stuck_since[n] >= STUCK_NS;
}

/* Nothing is to move without link, or before the VF has been let in. */
static bool may_run(const struct sri_pf *p, uint16_t vf)
{
    const struct sri_pf_vf *v = &p->vf[vf];

    return v->cts && v->link != SRIOV_PF_VF_LINK_DOWN && p->pf->link.up;
}

/* One VF at a time. */
void ixgbe_look_for_stuck(struct sri_pf *p)
{
    struct sri_pf_watch *w = &p->watch;
    const uint64_t now = sriov_fn_now(p->pf->fn);

    if (now - w->looked_at < LOOK_NS / p->num_vfs) {
        return;
    }
    const uint16_t vf = (uint16_t)(w->next_vf++ % p->num_vfs);
    struct sri_pf_guard *g = &p->vf[vf].guard;
    w->looked_at = now;
    if (!may_run(p, vf)) {
        memset(g->stuck_since, 0, sizeof(g->stuck_since));
        return;
    }
    for (uint32_t n = 0; n < ixgbe_pool_queues(p) && n < SRI_PF_POOL_QUEUES; n++) {
        if (is_stuck(p, vf, n, now)) {
            memset(g->stuck_since, 0, sizeof(g->stuck_since));
            sri_pf_guard_stopped(p, vf, n << 16 | g->head[n]);
            return;
        }
    }
}
