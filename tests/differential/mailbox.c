/* SPDX-License-Identifier: BSD-3-Clause */
/* What a VF asks its PF for, and what frames then come. */
#include "script.h"

#define VID       100u
#define OTHER_VID 101u

/* What its owner decides of a VF makes it start over. */
static int trust(struct world *w, bool trusted)
{
    life_expect(w, false, true);
    world_note(w, "trust %d: %d", trusted, sriov_pf_set_vf_trust(w->pf, 1, trusted));
    return life_settle(w);
}

static int ask_modes(struct world *w)
{
    struct vf *vf = &w->vf[1];
    for (int mode = SRIOV_RX_NONE; mode <= SRIOV_RX_PROMISC; mode++) {
        world_note(w, "rx mode %d: %d", mode, sriov_net_set_rx_mode(vf->net, (enum sriov_rx_mode)mode));
    }
    int err = trust(w, true);
    for (int mode = SRIOV_RX_PROMISC; mode >= SRIOV_RX_MULTI; mode--) {
        world_note(w, "rx mode %d: %d", mode, sriov_net_set_rx_mode(vf->net, (enum sriov_rx_mode)mode));
        (void)traffic_send(w, 0, &(struct frame){.to = group, .length = 60});
    }
    return err == 0 ? trust(w, false) : err;
}

static void ask_addresses(struct world *w)
{
    static const struct sriov_mac other = {{0x02, 0x53, 0x52, 0, 0, 0x77}};
    struct sriov_mac list[1];
    struct vf *vf = &w->vf[1];
    world_note(w, "own address: %d", sriov_net_set_mac(vf->net, &vf->mac));
    world_note(w, "another address: %d", sriov_net_set_mac(vf->net, &other));
    for (uint32_t i = 0; i < sizeof(group); i++) {
        list[0].b[i] = group[i];
    }
    world_note(w, "multicast: %d", sriov_net_set_multicast(vf->net, list, 1));
    (void)traffic_send(w, 0, &(struct frame){.to = group, .length = 60});
    world_note(w, "no multicast: %d", sriov_net_set_multicast(vf->net, list, 0));
    (void)traffic_send(w, 0, &(struct frame){.to = group, .length = 60});
}

static void ask_vlans(struct world *w)
{
    for (uint32_t i = 0; i < VFS; i++) {
        world_note(w, "vf%u VLAN: %d", i, sriov_net_set_vlan(w->vf[i].net, VID, true));
    }
    const uint8_t *to = w->vf[1].mac.b;
    (void)traffic_send(w, 0, &(struct frame){.to = to, .length = 64, .vid = VID});
    (void)traffic_send(w, 0, &(struct frame){.to = to, .length = 60, .vid = VID, .insert = true});
    (void)traffic_send(w, 0, &(struct frame){.to = to, .length = 64, .vid = OTHER_VID});
    (void)traffic_send(w, 0, &(struct frame){.to = to, .length = 60});
    for (uint32_t i = 0; i < VFS; i++) {
        world_note(w, "vf%u no VLAN: %d", i, sriov_net_set_vlan(w->vf[i].net, VID, false));
    }
    (void)traffic_send(w, 0, &(struct frame){.to = to, .length = 64, .vid = VID});
}

int mailbox_run(struct world *w)
{
    world_step(w, "mailbox: addresses");
    ask_addresses(w);
    world_step(w, "mailbox: receive modes");
    int err = ask_modes(w);
    world_step(w, "mailbox: VLANs");
    ask_vlans(w);
    world_step(w, "mailbox: longer frames");
    err = err == 0 ? sriov_net_stop(w->vf[1].net) : err;
    world_note(w, "MTU 3000: %d", sriov_net_set_mtu(w->vf[1].net, 3000));
    world_note(w, "MTU 1500: %d", sriov_net_set_mtu(w->vf[1].net, 1500));
    if (err == 0) {
        err = sriov_net_start(w->vf[1].net);
    }
    return err == 0 ? life_settle(w) : err;
}
