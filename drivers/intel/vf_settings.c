/* SPDX-License-Identifier: BSD-3-Clause */
/* What the application asks of the PF, kept so that a recovery can ask for it again. */
#include "vf.h"
#include "vf_msg.h"

#include <errno.h>
#include <string.h>

static bool vlan_is_on(const struct sri_vf *vf, uint32_t vid)
{
    return (vf->set.vlan_map[vid / 8] >> (vid % 8) & 1) != 0;
}

static void vlan_note(struct sri_vf *vf, uint32_t vid, bool on)
{
    uint8_t bit = (uint8_t)(1u << (vid % 8));
    if (on != vlan_is_on(vf, vid)) {
        vf->set.vlan_map[vid / 8] ^= bit;
        vf->set.vlans = on ? vf->set.vlans + 1 : vf->set.vlans - 1;
    }
}

/* SET_LPE counts header and FCS; the tag the PF adds itself. */
static int ask_mtu(struct sri_vf *vf, uint16_t mtu)
{
    return sri_msg_set_lpe(&vf->mbx, (uint32_t)mtu + SRI_ETH_HEADER + SRI_ETH_FCS, sri_vf_exchange_ns(vf));
}

static int ask_multicast(struct sri_vf *vf, const struct sriov_mac *list, uint32_t n)
{
    return sri_msg_set_multicast(&vf->mbx, list, n, vf->mc_type, sri_vf_exchange_ns(vf));
}

/* A request ended badly. What the PF refuses is the application's to know; a PF that is silent or
 * has forgotten us needs a recovery, which poll begins. */
static int settle_error(struct sri_vf *vf, int err)
{
    if (err == -ETIMEDOUT || err == -ESTALE || err == -EPROTO || err == -EBUSY) {
        vf->mbx.notice |= SRI_MBX_NOTICE_LOST;
    }
    return err == -ESTALE || err == -EBUSY ? -EAGAIN : err;
}

/* Refusals do not end a replay: the PF's policy may have changed, the rest still stands. */
static int tolerate(struct sri_vf *vf, const char *what, int err)
{
    if (err == -EACCES || err == -EOPNOTSUPP) {
        sri_vf_log(vf, SRIOV_LOG_WARN, "the PF no longer grants the %s", what);
        return 0;
    }
    return err;
}

static int replay_vlans(struct sri_vf *vf)
{
    uint32_t left = vf->set.vlans;
    int err = 0;
    for (uint32_t vid = 0; err == 0 && left != 0 && vid < SRI_VF_VLANS; vid++) {
        if (vlan_is_on(vf, vid)) {
            err =
                tolerate(vf, "VLAN", sri_msg_set_vlan(&vf->mbx, (uint16_t)vid, true, sri_vf_exchange_ns(vf)));
            left--;
        }
    }
    return err;
}

/* A PF with a larger MTU may refuse even 1500 to an old VF; that is no reason not to start. */
static int replay_mtu(struct sri_vf *vf, bool strict)
{
    uint16_t mtu = vf->net->config.mtu;
    if (mtu == 0) {
        return 0;
    }
    int err = ask_mtu(vf, mtu);
    return strict && mtu > SRI_VF_LEGACY_MTU ? err : tolerate(vf, "MTU", err);
}

int sri_vf_replay(struct sri_vf *vf, bool strict)
{
    int err = replay_mtu(vf, strict);
    if (err == 0 && vf->set.multicast != 0) {
        err = tolerate(vf, "multicast list", ask_multicast(vf, vf->set.multicast_list, vf->set.multicast));
    }
    if (err == 0) {
        err = replay_vlans(vf);
    }
    if (err == 0 && vf->set.rx_mode != SRIOV_RX_MULTI) {
        err = tolerate(vf, "receive mode", vf->hw->ask_rx_mode(vf, vf->set.rx_mode));
    }
    return err;
}

static int ready(const struct sri_vf *vf)
{
    return vf->phase == SRI_VF_READY && (vf->mbx.notice & SRI_MBX_NOTICE_LOST) == 0 ? 0 : -EAGAIN;
}

int sri_vf_set_mac(struct sriov_net *net, const struct sriov_mac *mac)
{
    struct sri_vf *vf = sri_vf_of(net);
    int err = ready(vf);
    if (sri_mac_is_zero(mac) || (mac->b[0] & 1) != 0) {
        return -EINVAL;
    }
    if (err == 0) {
        err = settle_error(vf, sri_msg_set_mac(&vf->mbx, mac, sri_vf_exchange_ns(vf)));
    }
    if (err == 0) {
        vf->set.mac = *mac;
        net->mac = *mac;
    }
    return err;
}

int sri_vf_set_multicast(struct sriov_net *net, const struct sriov_mac *list, uint16_t n)
{
    struct sri_vf *vf = sri_vf_of(net);
    if (n > INTEL_MBX_MULTICAST_MAX) {
        return -ENOSPC;
    }
    for (uint16_t i = 0; i < n; i++) {
        if ((list[i].b[0] & 1) == 0) {
            return -EINVAL;
        }
    }
    int err = ready(vf);
    if (err == 0) {
        err = settle_error(vf, ask_multicast(vf, list, n));
    }
    if (err == 0) {
        vf->set.multicast = n;
        if (n != 0) {
            memcpy(vf->set.multicast_list, list, n * sizeof(*list));
        }
    }
    return err;
}

int sri_vf_set_vlan(struct sriov_net *net, uint16_t vid, bool on)
{
    struct sri_vf *vf = sri_vf_of(net);
    if (vid >= SRI_VF_VLANS) {
        return -EINVAL;
    }
    int err = ready(vf);
    if (err == 0) {
        err = settle_error(vf, sri_msg_set_vlan(&vf->mbx, vid, on, sri_vf_exchange_ns(vf)));
    }
    if (err == 0) {
        vlan_note(vf, vid, on);
    }
    return err;
}

int sri_vf_set_mtu(struct sriov_net *net, uint16_t mtu)
{
    struct sri_vf *vf = sri_vf_of(net);
    if (mtu > net->max_mtu || mtu < 68) {
        return -EINVAL;
    }
    int err = ready(vf);
    if (err == 0) {
        err = settle_error(vf, ask_mtu(vf, mtu));
    }
    if (err == 0) {
        net->config.mtu = mtu;
    }
    return err;
}

int sri_vf_set_rx_mode(struct sriov_net *net, enum sriov_rx_mode mode)
{
    struct sri_vf *vf = sri_vf_of(net);
    int err = ready(vf);
    if (err != 0) {
        return err;
    }
    err = settle_error(vf, vf->hw->ask_rx_mode(vf, mode));
    if (err == 0) {
        vf->set.rx_mode = mode;
    } else if (err == -EACCES) {
        /* The PF may have granted a part: back to what was in force. */
        (void)settle_error(vf, vf->hw->ask_rx_mode(vf, vf->set.rx_mode));
    }
    return err;
}
