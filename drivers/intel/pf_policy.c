/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's policy for a VF, and what the host gets to see. */
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

/* What only a trusted VF may have is taken away at once, whatever the VF does about the news. */
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
    (void)sri_pf_enter(p);
    v->spoof_check = on;
    p->dev->put_vf(p, vf);
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
    return 0;
}

static void put_stat(struct sriov_stat *out, uint32_t room, uint32_t i, const char *name, uint64_t value)
{
    if (i < room) {
        (void)sriov_format(out[i].name, sizeof(out[i].name), "%s", name);
        out[i].value = value;
    }
}

/* Reading clears these counters, so they are summed up here. */
static void collect(struct sri_pf *p)
{
    for (uint32_t i = 0; i < p->dev->n_counters; i++) {
        const struct sri_pf_counter *c = &p->dev->counters[i];
        const uint64_t low = sri_pf_rd(p, c->reg);
        const uint64_t high = c->high != 0 ? sri_pf_rd(p, c->high) : 0;

        p->counters[i] += high << 32 | low;
    }
}

uint32_t sri_pf_stats(struct sriov_pf *pf, struct sriov_stat *out, uint32_t room)
{
    struct sri_pf *p = pf->priv;
    uint64_t requests = 0;
    uint64_t refused = 0;
    uint32_t n = 0;

    if (!sriov_fn_gone(pf->fn)) {
        collect(p);
    }
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        requests += p->vf[vf].requests;
        refused += p->vf[vf].refused;
    }
    for (uint32_t i = 0; i < p->dev->n_counters; i++) {
        put_stat(out, room, n++, p->dev->counters[i].name, p->counters[i]);
    }
    put_stat(out, room, n++, "mailbox_requests", requests);
    put_stat(out, room, n++, "mailbox_refused", refused);
    put_stat(out, room, n++, "mailbox_stray", p->bad_doorbells);
    put_stat(out, room, n++, "resets", p->resets);
    put_stat(out, room, n++, "link_changes", p->link_changes);
    return n;
}
