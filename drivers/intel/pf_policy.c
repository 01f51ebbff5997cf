/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's policy for a VF. What stands already is left alone; what a VF has beyond a new policy is taken
 * away at once, whatever the VF does about the news. */
#include "intel/pf_engine.h"

#include <errno.h>
#include <string.h>

static struct sri_pf_vf *find_vf(struct sri_pf *p, uint16_t vf)
{
    return vf < p->num_vfs ? &p->vf[vf] : NULL;
}

/* A zero address takes the host's choice back. */
int sri_pf_set_vf_mac(struct sriov_pf *pf, uint16_t vf, const struct sriov_mac *mac)
{
    struct sri_pf *p = pf->priv;
    struct sri_pf_vf *v = find_vf(p, vf);

    if (v == NULL || (!sri_pf_mac_ok(mac) && !sri_pf_mac_zero(mac))) {
        return -EINVAL;
    }
    if (sri_pf_mac_equal(mac, &v->admin)) {
        return 0;
    }
    (void)sri_pf_enter(p);
    v->admin = *mac;
    sri_pf_rar_primary(p, vf, mac);
    sri_pf_vf_dismiss(p, vf);
    sri_pf_leave(p);
    return 0;
}

int sri_pf_set_vf_vlan(struct sriov_pf *pf, uint16_t vf, uint16_t vid)
{
    struct sri_pf *p = pf->priv;
    struct sri_pf_vf *v = find_vf(p, vf);
    int rc;

    if (v == NULL || vid >= INTEL_MBX_VLAN_ID) {
        return -EINVAL;
    }
    if (vid == v->port_vlan) {
        return 0;
    }
    (void)sri_pf_enter(p);
    rc = vid != 0 ? sri_pf_vlan_add(p, vf, vid) : 0;
    if (rc == 0) {
        sri_pf_vlan_del_all(p, vf);
        v->port_vlan = vid;
        if (vid != 0) {
            (void)sri_pf_vlan_add(p, vf, vid);
        }
        p->dev->put_vf(p, vf);
        sri_pf_vf_dismiss(p, vf);
    }
    sri_pf_leave(p);
    return rc;
}

/* True: it had some that are not allowed any more. */
static bool drop_vlans(struct sri_pf *p, uint16_t vf)
{
    bool dropped = false;

    for (uint16_t i = 0; i < p->dev->vlans; i++) {
        const struct sri_pf_vlan *e = &p->vlan[i];

        if ((e->pools & sri_pf_bit(vf)) != 0 && !sri_pf_vf_may_vlan(p, vf, e->vid)) {
            sri_pf_vlan_del(p, vf, e->vid);
            dropped = true;
        }
    }
    return dropped;
}

int sri_pf_set_vf_trunk(struct sriov_pf *pf, uint16_t vf, const uint16_t *vids, uint16_t n)
{
    struct sri_pf *p = pf->priv;
    struct sri_pf_vf *v = find_vf(p, vf);

    if (v == NULL || n > SRIOV_PF_TRUNK_MAX) {
        return -EINVAL;
    }
    if (v->n_trunk == n && memcmp(v->trunk, vids, n * sizeof(vids[0])) == 0) {
        return 0;
    }
    (void)sri_pf_enter(p);
    memcpy(v->trunk, vids, n * sizeof(vids[0]));
    v->n_trunk = n;
    if (drop_vlans(p, vf)) {
        sri_pf_vf_dismiss(p, vf);
    }
    sri_pf_leave(p);
    return 0;
}

int sri_pf_get_vf_trunk(struct sriov_pf *pf, uint16_t vf, uint16_t *vids, uint16_t room)
{
    struct sri_pf *p = pf->priv;
    const struct sri_pf_vf *v = find_vf(p, vf);

    if (v == NULL) {
        return -EINVAL;
    }
    for (uint16_t i = 0; i < v->n_trunk && i < room; i++) {
        vids[i] = v->trunk[i];
    }
    return v->n_trunk;
}

int sri_pf_set_vf_trust(struct sriov_pf *pf, uint16_t vf, bool trusted)
{
    struct sri_pf *p = pf->priv;
    struct sri_pf_vf *v = find_vf(p, vf);

    if (v == NULL) {
        return -EINVAL;
    }
    if (v->trusted == trusted) {
        return 0;
    }
    (void)sri_pf_enter(p);
    v->trusted = trusted;
    if (!trusted) {
        if (v->xcast > IXGBE_MBX_XCAST_MULTI) {
            v->xcast = IXGBE_MBX_XCAST_MULTI;
        }
        sri_pf_rar_drop_extra(p, vf);
        if (!sri_pf_mac_zero(&v->admin)) {
            sri_pf_rar_primary(p, vf, &v->admin);
        }
        p->dev->put_vf(p, vf);
    }
    sri_pf_vf_dismiss(p, vf);
    sri_pf_leave(p);
    return 0;
}

int sri_pf_set_vf_spoof_check(struct sriov_pf *pf, uint16_t vf, bool on)
{
    struct sri_pf *p = pf->priv;
    struct sri_pf_vf *v = find_vf(p, vf);

    if (v == NULL) {
        return -EINVAL;
    }
    if (v->spoof_check == on) {
        return 0;
    }
    (void)sri_pf_enter(p);
    v->spoof_check = on;
    p->dev->put_vf(p, vf);
    sri_pf_leave(p);
    return 0;
}

static void drop_modes(struct sri_pf *p, uint16_t vf)
{
    struct sri_pf_vf *v = &p->vf[vf];

    if (v->xcast > v->rx_most) {
        v->xcast = v->rx_most;
    }
    if (v->rx_most == IXGBE_MBX_XCAST_NONE) {
        v->n_hashes = 0;
        sri_pf_mta_update(p);
    }
    p->dev->put_vf(p, vf);
    sri_pf_vf_dismiss(p, vf);
}

int sri_pf_set_vf_rx_mode(struct sriov_pf *pf, uint16_t vf, enum sriov_rx_mode most)
{
    static const uint8_t modes[] = {IXGBE_MBX_XCAST_NONE, IXGBE_MBX_XCAST_MULTI, IXGBE_MBX_XCAST_ALLMULTI,
                                    IXGBE_MBX_XCAST_PROMISC};
    struct sri_pf *p = pf->priv;
    struct sri_pf_vf *v = find_vf(p, vf);
    bool news;

    if (v == NULL || (uint32_t)most >= sizeof(modes)) {
        return -EINVAL;
    }
    if (v->rx_most == modes[most]) {
        return 0;
    }
    (void)sri_pf_enter(p);
    /* A VF that could not have its groups has to ask for them again. */
    news = v->xcast > modes[most] || v->rx_most == IXGBE_MBX_XCAST_NONE;
    v->rx_most = modes[most];
    if (news) {
        drop_modes(p, vf);
    }
    sri_pf_leave(p);
    return 0;
}

/*
 * A VF that can ask for its link starts over, and asks. One that cannot is told without CTS, which to
 * it is a lost link, and with CTS again: unless it began anew meanwhile it goes on from there.
 */
static void move_link(struct sri_pf *p, uint16_t vf)
{
    struct sri_pf_vf *v = &p->vf[vf];
    const bool silenced = sri_pf_vf_is_silenced(p, vf);

    if (v->held && !silenced) {
        v->held = false;
        v->cts = true;
        v->lost = false;
        sri_pf_tell(p, vf);
    } else {
        const bool held = v->cts && silenced;

        sri_pf_vf_dismiss(p, vf);
        v->held = held;
    }
    sri_pf_vf_run(p, vf);
}

/*
 * STATUS and LINKS of a VF are the port's, and without the port's link nothing is transmitted, not even
 * from VF to VF: a VF cannot be up alone. Down is told by the mailbox, and enforced by the enables.
 */
int sri_pf_set_vf_link(struct sriov_pf *pf, uint16_t vf, enum sriov_pf_vf_link link)
{
    struct sri_pf *p = pf->priv;
    struct sri_pf_vf *v = find_vf(p, vf);

    if (v == NULL) {
        return -EINVAL;
    }
    if (link == SRIOV_PF_VF_LINK_UP) {
        return -EOPNOTSUPP;
    }
    if (v->link == (uint8_t)link) {
        return 0;
    }
    (void)sri_pf_enter(p);
    v->link = (uint8_t)link;
    move_link(p, vf);
    sri_pf_leave(p);
    return 0;
}

int sri_pf_get_vf(struct sriov_pf *pf, uint16_t vf, struct sriov_pf_vf_info *info)
{
    struct sri_pf *p = pf->priv;
    const struct sri_pf_vf *v = find_vf(p, vf);

    if (v == NULL) {
        return -EINVAL;
    }
    info->mailbox_api = p->dev->newest_api != 0 ? v->api : 0;
    info->mac = v->mac;
    info->port_vlan = v->port_vlan;
    info->ready = v->cts;
    info->trusted = v->trusted;
    info->spoof_check = v->spoof_check;
    info->admin_mac = !sri_pf_mac_zero(&v->admin);
    info->requests = v->requests;
    info->refused = v->refused;
    info->resets = v->resets;
    info->limited = v->guard.standing == SRI_PF_LIMITED;
    info->shut = v->guard.standing == SRI_PF_SHUT;
    info->reason = v->guard.reason;
    info->dropped = v->guard.dropped;
    info->max_mbps = v->mbps;
    info->link = v->link;
    info->rx_mode = v->rx_most; /* the mailbox counts them alike */
    info->trunk_vids = v->n_trunk;
    return 0;
}
