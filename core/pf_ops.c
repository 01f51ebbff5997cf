/* SPDX-License-Identifier: BSD-3-Clause */
/* A PF driver's table, normalised, and the policy calls that pass through it after a check. */
#include "pf.h"

#define VID_MAX 4095u

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
    return 0;
}

static int check_vf(const struct sriov_pf *pf, uint16_t vf)
{
    if (sriov_fn_gone(pf->fn)) {
        return -ENODEV;
    }
    return vf < pf->num_vfs ? 0 : -EINVAL;
}

int sriov_pf_set_vf_mac(struct sriov_pf *pf, uint16_t vf, const struct sriov_mac *mac)
{
    static const struct sriov_mac zero;
    int rc = check_vf(pf, vf);

    if (rc == 0 && (mac == NULL || (mac->b[0] & 1) != 0 || memcmp(mac, &zero, sizeof(zero)) == 0)) {
        rc = -EINVAL;
    }
    return rc != 0 ? rc : sric_pf_of(pf)->ops.set_vf_mac(pf, vf, mac);
}

int sriov_pf_set_vf_vlan(struct sriov_pf *pf, uint16_t vf, uint16_t vid)
{
    int rc = check_vf(pf, vf);

    if (rc == 0 && vid > VID_MAX) {
        rc = -EINVAL;
    }
    return rc != 0 ? rc : sric_pf_of(pf)->ops.set_vf_vlan(pf, vf, vid);
}

int sriov_pf_set_vf_trust(struct sriov_pf *pf, uint16_t vf, bool trusted)
{
    int rc = check_vf(pf, vf);

    return rc != 0 ? rc : sric_pf_of(pf)->ops.set_vf_trust(pf, vf, trusted);
}

int sriov_pf_set_vf_spoof_check(struct sriov_pf *pf, uint16_t vf, bool on)
{
    int rc = check_vf(pf, vf);

    return rc != 0 ? rc : sric_pf_of(pf)->ops.set_vf_spoof_check(pf, vf, on);
}

int sriov_pf_get_vf(struct sriov_pf *pf, uint16_t vf, struct sriov_pf_vf_info *info)
{
    struct sriov_pf_vf_info now = {.size = sizeof(now)};
    int rc = check_vf(pf, vf);

    if (rc == 0) {
        rc = sric_pf_of(pf)->ops.get_vf(pf, vf, &now);
    }
    return rc != 0 ? rc : sric_result_give(info, &now, sizeof(now));
}

uint32_t sriov_pf_stats(struct sriov_pf *pf, struct sriov_stat *out, uint32_t room)
{
    if (sriov_fn_gone(pf->fn)) {
        return 0;
    }
    return sric_pf_of(pf)->ops.stats(pf, out, out != NULL ? room : 0);
}
