/* SPDX-License-Identifier: BSD-3-Clause */
/* A PF driver's table, normalised: every optional op that is missing says so. */
#include "pf.h"

static void no_void(struct sriov_pf *pf)
{
    (void)pf;
}

static int no_bool(struct sriov_pf *pf, bool on)
{
    (void)pf;
    (void)on;
    return -EOPNOTSUPP;
}

static int no_call(struct sriov_pf *pf)
{
    (void)pf;
    return -EOPNOTSUPP;
}

static int no_ready(struct sriov_pf *pf, uint16_t n)
{
    (void)pf;
    (void)n;
    return 0;
}

static int no_vf_mac(struct sriov_pf *pf, uint16_t vf, const struct sriov_mac *mac)
{
    (void)pf;
    (void)vf;
    (void)mac;
    return -EOPNOTSUPP;
}

static int no_vf_vlan(struct sriov_pf *pf, uint16_t vf, uint16_t vid)
{
    (void)pf;
    (void)vf;
    (void)vid;
    return -EOPNOTSUPP;
}

static int no_vf_bool(struct sriov_pf *pf, uint16_t vf, bool on)
{
    (void)pf;
    (void)vf;
    (void)on;
    return -EOPNOTSUPP;
}

static int no_get_vf(struct sriov_pf *pf, uint16_t vf, struct sriov_pf_vf_info *info)
{
    (void)pf;
    (void)vf;
    (void)info;
    return -EOPNOTSUPP;
}

static uint32_t no_stats(struct sriov_pf *pf, struct sriov_stat *out, uint32_t room)
{
    (void)pf;
    (void)out;
    (void)room;
    return 0;
}

static int no_vf_trunk(struct sriov_pf *pf, uint16_t vf, const uint16_t *vids, uint16_t n)
{
    (void)pf;
    (void)vf;
    (void)vids;
    (void)n;
    return -EOPNOTSUPP;
}

static int no_vf_rate(struct sriov_pf *pf, uint16_t vf, uint32_t mbps)
{
    (void)pf;
    (void)vf;
    (void)mbps;
    return -EOPNOTSUPP;
}

static int no_vf_link(struct sriov_pf *pf, uint16_t vf, enum sriov_pf_vf_link link)
{
    (void)pf;
    (void)vf;
    (void)link;
    return -EOPNOTSUPP;
}

static int no_vf_rx_mode(struct sriov_pf *pf, uint16_t vf, enum sriov_rx_mode most)
{
    (void)pf;
    (void)vf;
    (void)most;
    return -EOPNOTSUPP;
}

static uint32_t no_vf_stats(struct sriov_pf *pf, uint16_t vf, struct sriov_stat *out, uint32_t room)
{
    (void)pf;
    (void)vf;
    (void)out;
    (void)room;
    return 0;
}

static int no_event_sink(struct sriov_pf *pf, void (*cb)(void *arg, const struct sriov_pf_event *event),
                         void *arg)
{
    (void)pf;
    (void)cb;
    (void)arg;
    return -EOPNOTSUPP;
}

static int no_vf(struct sriov_pf *pf, uint16_t vf)
{
    (void)pf;
    (void)vf;
    return -EOPNOTSUPP;
}

static int no_get_vf_trunk(struct sriov_pf *pf, uint16_t vf, uint16_t *vids, uint16_t room)
{
    (void)pf;
    (void)vf;
    (void)vids;
    (void)room;
    return -EOPNOTSUPP;
}

static const struct sriov_pf_ops absent = {
    .detach = no_void,
    .vfs_ready = no_ready,
    .set_up = no_bool,
    .reset = no_call,
    .set_vf_mac = no_vf_mac,
    .set_vf_vlan = no_vf_vlan,
    .set_vf_trust = no_vf_bool,
    .set_vf_spoof_check = no_vf_bool,
    .get_vf = no_get_vf,
    .stats = no_stats,
    .set_vf_trunk = no_vf_trunk,
    .set_vf_rate = no_vf_rate,
    .set_vf_link = no_vf_link,
    .set_vf_rx_mode = no_vf_rx_mode,
    .vf_stats = no_vf_stats,
    .set_event_sink = no_event_sink,
    .shut_vf = no_vf,
    .readmit_vf = no_vf,
    .get_vf_trunk = no_get_vf_trunk,
};

#define FILL(op)                                                                                             \
    do {                                                                                                     \
        if (self->ops.op == NULL) {                                                                          \
            self->ops.op = absent.op;                                                                        \
        }                                                                                                    \
    } while (0)

int sric_pf_take_ops(struct sric_pf *self, const struct sriov_pf_ops *ops)
{
    if (ops == NULL || ops->attach == NULL || ops->vfs_prepare == NULL || ops->poll == NULL) {
        return -EINVAL;
    }
    self->ops = *ops;
    FILL(detach);
    FILL(vfs_ready);
    FILL(set_up);
    FILL(reset);
    FILL(set_vf_mac);
    FILL(set_vf_vlan);
    FILL(set_vf_trust);
    FILL(set_vf_spoof_check);
    FILL(get_vf);
    FILL(stats);
    FILL(set_vf_trunk);
    FILL(set_vf_rate);
    FILL(set_vf_link);
    FILL(set_vf_rx_mode);
    FILL(vf_stats);
    FILL(set_event_sink);
    FILL(shut_vf);
    FILL(readmit_vf);
    FILL(get_vf_trunk);
    return 0;
}
