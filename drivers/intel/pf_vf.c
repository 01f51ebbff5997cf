/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of one VF: what the host decided, and what the VF asked for since its last reset. */
#include "intel/pf_engine.h"

#include <string.h>

void sri_pf_vf_init(struct sri_pf *p, uint16_t vf)
{
    memset(&p->vf[vf], 0, sizeof(p->vf[vf]));
    p->vf[vf].spoof_check = true;
    p->vf[vf].rx_most = IXGBE_MBX_XCAST_PROMISC;
    sri_pf_vf_restart(p, vf);
    sri_pf_rate_put(p, vf);
    sri_pf_count_base(p, vf);
}

void sri_pf_vf_forget(struct sri_pf *p, uint16_t vf)
{
    struct sri_pf_vf *v = &p->vf[vf];

    v->port_vlan = 0;
    v->n_trunk = 0;
    v->mbps = 0;
    memset(&v->admin, 0, sizeof(v->admin));
    sri_pf_vf_restart(p, vf);
    sri_pf_rate_put(p, vf);
}

void sri_pf_vf_run(struct sri_pf *p, uint16_t vf)
{
    const struct sri_pf_vf *v = &p->vf[vf];
    const bool held = v->link == SRIOV_PF_VF_LINK_DOWN || sri_pf_guard_is_shut(p, vf);

    p->dev->put_traffic(p, vf, v->cts && !held);
}

bool sri_pf_vf_is_silenced(const struct sri_pf *p, uint16_t vf)
{
    return p->vf[vf].link == SRIOV_PF_VF_LINK_DOWN && p->dev->newest_api == 0;
}

/* Untagged frames need no VLAN; a guest may ask for 0 all the same, for those with a priority. */
bool sri_pf_vf_may_vlan(const struct sri_pf *p, uint16_t vf, uint16_t vid)
{
    const struct sri_pf_vf *v = &p->vf[vf];

    if (v->port_vlan != 0) {
        return false;
    }
    for (uint16_t i = 0; i < v->n_trunk; i++) {
        if (v->trunk[i] == vid) {
            return true;
        }
    }
    return v->n_trunk == 0 || vid == 0;
}

static void forget_requests(struct sri_pf_vf *v)
{
    v->api = SRI_PF_API_1_0;
    v->max_frame = 0;
    v->n_hashes = 0;
    v->xcast = v->rx_most < IXGBE_MBX_XCAST_MULTI ? v->rx_most : IXGBE_MBX_XCAST_MULTI;
    v->cts = false;
    v->held = false;
    v->unread = false;
    v->lost = false;
    v->fresh = false;
    v->nacked_at = 0;
}

void sri_pf_vf_restart(struct sri_pf *p, uint16_t vf)
{
    struct sri_pf_vf *v = &p->vf[vf];

    p->dev->put_traffic(p, vf, false);
    forget_requests(v);
    sri_pf_rar_drop_extra(p, vf);
    sri_pf_rar_primary(p, vf, &v->admin);
    sri_pf_vlan_del_all(p, vf);
    if (v->port_vlan != 0) {
        /* There was room when it was set, and it has just been freed. */
        (void)sri_pf_vlan_add(p, vf, v->port_vlan);
    }
    sri_pf_mta_update(p);
    p->dev->put_vf(p, vf);
}

/* A reset of the PF voids what VFs asked for as well: they are told, and ask again. */
void sri_pf_vf_restore_all(struct sri_pf *p)
{
    sri_pf_filter_restore(p);
    sri_pf_rar_own(p);
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        sri_pf_vf_restart(p, vf);
        sri_pf_rate_put(p, vf);
        sri_pf_count_base(p, vf);
    }
}

void sri_pf_vf_turn_out(struct sri_pf *p, uint16_t vf)
{
    p->vf[vf].cts = false;
    p->vf[vf].held = false;
    sri_pf_tell(p, vf);
}

void sri_pf_vf_dismiss(struct sri_pf *p, uint16_t vf)
{
    sri_pf_guard_forgive(p, vf);
    sri_pf_vf_turn_out(p, vf);
}
