/* SPDX-License-Identifier: BSD-3-Clause */
/* Policy of one VF: checked at the door, then the driver's. */
#include "pf.h"

#define VID_MAX 4095u

int sric_pf_check_vf(const struct sriov_pf *pf, uint16_t vf)
{
    if (sriov_fn_gone(pf->fn)) {
        return -ENODEV;
    }
    return vf < pf->num_vfs ? 0 : -EINVAL;
}

/* What stands now; all zero where the driver does not tell. */
static struct sriov_pf_vf_info look(struct sriov_pf *pf, uint16_t vf)
{
    struct sriov_pf_vf_info now = {.size = sizeof(now)};

    if (sric_pf_of(pf)->ops.get_vf(pf, vf, &now) != 0) {
        memset(&now, 0, sizeof(now));
    }
    return now;
}

int sriov_pf_set_vf_mac(struct sriov_pf *pf, uint16_t vf, const struct sriov_mac *mac)
{
    int rc = sric_pf_check_vf(pf, vf);

    if (rc == 0 && (mac == NULL || (mac->b[0] & 1) != 0)) {
        rc = -EINVAL;
    }
    return rc != 0 ? rc : sric_pf_of(pf)->ops.set_vf_mac(pf, vf, mac);
}

int sriov_pf_set_vf_vlan(struct sriov_pf *pf, uint16_t vf, uint16_t vid)
{
    int rc = sric_pf_check_vf(pf, vf);

    if (rc == 0 && vid > VID_MAX) {
        rc = -EINVAL;
    }
    if (rc == 0 && vid != 0 && look(pf, vf).trunk_vids != 0) {
        rc = -EBUSY;
    }
    return rc != 0 ? rc : sric_pf_of(pf)->ops.set_vf_vlan(pf, vf, vid);
}

int sriov_pf_set_vf_trust(struct sriov_pf *pf, uint16_t vf, bool trusted)
{
    int rc = sric_pf_check_vf(pf, vf);

    return rc != 0 ? rc : sric_pf_of(pf)->ops.set_vf_trust(pf, vf, trusted);
}

int sriov_pf_set_vf_spoof_check(struct sriov_pf *pf, uint16_t vf, bool on)
{
    int rc = sric_pf_check_vf(pf, vf);

    return rc != 0 ? rc : sric_pf_of(pf)->ops.set_vf_spoof_check(pf, vf, on);
}

/* Rising and without repetition, so that the same set is the same list. */
static int sort_vids(uint16_t list[SRIOV_PF_TRUNK_MAX], const uint16_t *vids, uint16_t n)
{
    uint64_t set[(VID_MAX + 1u) / 64u] = {0};
    uint16_t kept = 0;

    for (uint16_t i = 0; i < n; i++) {
        const uint16_t vid = vids[i];

        if (vid == 0 || vid >= VID_MAX) {
            return -EINVAL;
        }
        set[vid / 64u] |= UINT64_C(1) << (vid % 64u);
    }
    for (uint16_t vid = 1; vid < VID_MAX; vid++) {
        if ((set[vid / 64u] >> (vid % 64u) & 1u) != 0) {
            list[kept++] = vid;
        }
    }
    return kept;
}

int sriov_pf_set_vf_trunk(struct sriov_pf *pf, uint16_t vf, const uint16_t *vids, uint16_t n)
{
    uint16_t list[SRIOV_PF_TRUNK_MAX] = {0};
    int rc = sric_pf_check_vf(pf, vf);

    if (rc == 0 && n > SRIOV_PF_TRUNK_MAX) {
        rc = -ENOSPC;
    }
    if (rc == 0 && n != 0) {
        rc = vids != NULL ? sort_vids(list, vids, n) : -EINVAL;
        n = rc > 0 ? (uint16_t)rc : n;
    }
    if (rc < 0) {
        return rc;
    }
    if (n != 0 && look(pf, vf).port_vlan != 0) {
        return -EBUSY;
    }
    return sric_pf_of(pf)->ops.set_vf_trunk(pf, vf, list, n);
}

int sriov_pf_get_vf_trunk(struct sriov_pf *pf, uint16_t vf, uint16_t *vids, uint16_t room)
{
    int rc = sric_pf_check_vf(pf, vf);

    return rc != 0 ? rc : sric_pf_of(pf)->ops.get_vf_trunk(pf, vf, vids, vids != NULL ? room : 0);
}

int sriov_pf_set_vf_rate(struct sriov_pf *pf, uint16_t vf, uint32_t mbps)
{
    int rc = sric_pf_check_vf(pf, vf);

    return rc != 0 ? rc : sric_pf_of(pf)->ops.set_vf_rate(pf, vf, mbps);
}

int sriov_pf_set_vf_link(struct sriov_pf *pf, uint16_t vf, enum sriov_pf_vf_link link)
{
    int rc = sric_pf_check_vf(pf, vf);

    if (rc == 0 && (uint32_t)link > SRIOV_PF_VF_LINK_DOWN) {
        rc = -EINVAL;
    }
    return rc != 0 ? rc : sric_pf_of(pf)->ops.set_vf_link(pf, vf, link);
}

int sriov_pf_set_vf_rx_mode(struct sriov_pf *pf, uint16_t vf, enum sriov_rx_mode most)
{
    int rc = sric_pf_check_vf(pf, vf);

    if (rc == 0 && (uint32_t)most > SRIOV_RX_PROMISC) {
        rc = -EINVAL;
    }
    return rc != 0 ? rc : sric_pf_of(pf)->ops.set_vf_rx_mode(pf, vf, most);
}

int sriov_pf_get_vf(struct sriov_pf *pf, uint16_t vf, struct sriov_pf_vf_info *info)
{
    struct sriov_pf_vf_info now = {.size = sizeof(now)};
    int rc = sric_pf_check_vf(pf, vf);

    if (rc == 0) {
        rc = sric_pf_of(pf)->ops.get_vf(pf, vf, &now);
    }
    if (rc != 0) {
        return rc;
    }
    sric_copy_name(now.owner, sizeof(now.owner), sric_pf_of(pf)->owner[vf]);
    return sric_result_give(info, &now, sizeof(now));
}

uint32_t sriov_pf_stats(struct sriov_pf *pf, struct sriov_stat *out, uint32_t room)
{
    if (sriov_fn_gone(pf->fn)) {
        return 0;
    }
    return sric_pf_of(pf)->ops.stats(pf, out, out != NULL ? room : 0);
}

uint32_t sriov_pf_vf_stats(struct sriov_pf *pf, uint16_t vf, struct sriov_stat *out, uint32_t room)
{
    if (sric_pf_check_vf(pf, vf) != 0) {
        return 0;
    }
    return sric_pf_of(pf)->ops.vf_stats(pf, vf, out, out != NULL ? room : 0);
}
