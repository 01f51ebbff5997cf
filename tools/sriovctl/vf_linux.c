/* SPDX-License-Identifier: BSD-3-Clause */
/* VFs of a PF that Linux owns, where this program was built with libmnl. */
#include "vf_owner.h"

#ifdef SRIOVCTL_LINUX_PF

#include "linux_pf.h"

static json_t *counters(const struct linux_pf_vf_stats *stats)
{
    if (!stats->present) {
        return json_null();
    }
    json_t *object = out_object();
    out_number(object, "rx_packets", stats->rx_packets);
    out_number(object, "tx_packets", stats->tx_packets);
    out_number(object, "rx_bytes", stats->rx_bytes);
    out_number(object, "tx_bytes", stats->tx_bytes);
    out_number(object, "broadcast", stats->broadcast);
    out_number(object, "multicast", stats->multicast);
    out_number(object, "rx_dropped", stats->rx_dropped);
    out_number(object, "tx_dropped", stats->tx_dropped);
    return object;
}

static int get(struct vf_owner *owner, uint16_t vf, struct vf_policy *policy, json_t **statistics, char *why)
{
    struct linux_pf_vf_stats stats;
    int rc = linux_pf_get_vf(owner->linux_pf, vf, policy, &stats, why, CLI_WHY_MAX);

    if (rc == 0 && statistics != NULL) {
        *statistics = counters(&stats);
    }
    return rc;
}

static int set(struct vf_owner *owner, uint16_t vf, uint32_t part, const struct vf_policy *wanted, char *why)
{
    return linux_pf_set_vf(owner->linux_pf, vf, part, wanted, why, CLI_WHY_MAX);
}

static int vf_bdf(struct vf_owner *owner, uint16_t vf, char *bdf)
{
    return linux_pf_vf_bdf(owner->linux_pf, vf, bdf);
}

static void close_pf(struct vf_owner *owner)
{
    linux_pf_close(owner->linux_pf);
}

static const char *lacks(uint32_t part)
{
    switch (part) {
    case VF_POLICY_TRUNK:
        return "rtnetlink knows one port VLAN for a VF and no list of those that its guest may ask for "
               "(IFLA_VF_VLAN_LIST has room for one); see --vlan";
    case VF_POLICY_RX_MODE:
        return "rtnetlink knows no receive mode of a VF; without --trust it has no promiscuous one";
    default:
        return NULL;
    }
}

static const struct vf_owner_ops ops = {
    .parts = VF_POLICY_MAC | VF_POLICY_VLAN | VF_POLICY_TRUST | VF_POLICY_SPOOF_CHECK | VF_POLICY_LINK |
             VF_POLICY_RATE,
    .qos = true,
    .min_rate = true,
    .lacks = lacks,
    .get = get,
    .set = set,
    .vf_bdf = vf_bdf,
    .close = close_pf,
};

int vf_owner_open_linux(struct vf_owner *owner)
{
    struct linux_pf_opts opts = {.sysfs_root = owner->cli->globals.sysfs_root};
    char why[CLI_WHY_MAX] = "";

    if (linux_pf_open(owner->bdf, &opts, &owner->linux_pf, why, sizeof(why)) != 0) {
        return cli_fail(owner->cli, "%s", why);
    }
    owner->ops = &ops;
    owner->interface = linux_pf_interface(owner->linux_pf);
    owner->driver = linux_pf_driver(owner->linux_pf);
    int vfs = linux_pf_num_vfs(owner->linux_pf, why, sizeof(why));
    if (vfs < 0) {
        vf_owner_close(owner);
        return cli_fail(owner->cli, "%s", why);
    }
    owner->num_vfs = (uint16_t)vfs;
    return CLI_OK;
}

#else

int vf_owner_open_linux(struct vf_owner *owner)
{
    return cli_fail(owner->cli,
                    "%s: this sriovctl was built without libmnl and cannot ask Linux about VFs; install "
                    "libmnl-dev and build it again, or use: ip link set dev PF vf N",
                    owner->bdf);
}

#endif
