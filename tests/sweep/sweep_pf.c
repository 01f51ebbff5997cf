/* SPDX-License-Identifier: BSD-3-Clause */
/* A PF's whole life, with two VFs that it serves. */
#include "sweep.h"

#include <errno.h>

#define SETTLE_NS (3000 * BED_MS)

static int prepare(struct bed *bed)
{
    (void)bed;
    return 0;
}

static int policy(struct bed *bed)
{
    static const struct sriov_mac mac = {{0x02, 0, 0, 0, 0, 0x77}};
    struct sriov_pf_vf_info info = {.size = sizeof(info)};
    struct sriov_stat stats[32];
    struct sriov_link link;
    int rc = sriov_pf_set_vf_trust(bed->pf, 0, true);

    rc = rc == 0 ? sriov_pf_set_vf_spoof_check(bed->pf, 0, true) : rc;
    rc = rc == 0 ? sriov_pf_set_vf_mac(bed->pf, 0, &mac) : rc;
    rc = rc == 0 ? sriov_pf_get_vf(bed->pf, 0, &info) : rc;
    rc = rc == 0 ? sriov_pf_get_link(bed->pf, &link) : rc;
    (void)sriov_pf_stats(bed->pf, stats, 32);
    return rc;
}

/* Both VFs talk again after whatever was done to the PF. */
static int talk(struct bed *bed)
{
    int rc = bed_settle(bed, 0, SETTLE_NS);

    return rc == 0 ? bed_traffic_all(bed, 0) : rc;
}

static int upsets(struct bed *bed)
{
    int rc = sriov_pf_reset(bed->pf);

    rc = rc == 0 ? talk(bed) : rc;
    rc = rc == 0 ? sriov_pf_set_up(bed->pf, false) : rc;
    rc = rc == 0 ? bed_turn(bed, 0, 5 * BED_MS) : rc;
    rc = rc == 0 ? sriov_pf_set_up(bed->pf, true) : rc;
    return rc == 0 ? talk(bed) : rc;
}

static int live(struct bed *bed)
{
    int rc = bed_vf_up(bed, 0, 0);

    rc = rc == 0 ? bed_vf_up(bed, 1, 0) : rc;
    rc = rc == 0 ? talk(bed) : rc;
    rc = rc == 0 ? policy(bed) : rc;
    return rc == 0 ? upsets(bed) : rc;
}

static int run(struct bed *bed)
{
    int rc = bed_pf_up(bed);

    if (rc != 0) {
        return rc;
    }
    rc = live(bed);
    (void)bed_vf_down(bed, 1);
    (void)bed_vf_down(bed, 0);
    bed_pf_down(bed);
    return rc;
}

/* A device that was pulled out is gone for good: another machine. */
static int rebuild(struct bed *bed)
{
    const char *model = bed->model;

    return bed_destroy(bed) != 0 ? -EBUSY : bed_create(bed, model);
}

static const char *target(const struct bed *bed)
{
    return bed->pf_name;
}

const struct sweep_case sweep_pf_82599 = {"pf-82599", "82599", prepare, run, rebuild, target};
const struct sweep_case sweep_pf_82576 = {"pf-82576", "82576", prepare, run, rebuild, target};
