/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF's whole life; its PF and the other VF stay. */
#include "sweep.h"

#include <errno.h>

#define SETTLE_NS (3000 * BED_MS)

static int prepare(struct bed *bed)
{
    int rc = bed_pf_up(bed);

    rc = rc == 0 ? bed_vf_up(bed, 1, 0) : rc;
    return rc == 0 ? bed_settle(bed, 1, SETTLE_NS) : rc;
}

/* What an application asks for. */
static int settings(struct bed *bed)
{
    static const struct sriov_mac group = {{0x01, 0x00, 0x5e, 0, 0, 1}};
    struct sriov_net *net = bed->vf[0].net;
    struct sriov_stat stats[32];
    int rc = sriov_net_set_multicast(net, &group, 1);

    rc = rc == 0 ? sriov_net_set_vlan(net, 100, true) : rc;
    rc = rc == 0 ? sriov_net_set_rx_mode(net, SRIOV_RX_MULTI) : rc;
    (void)sriov_net_stats(net, stats, 32);
    return rc;
}

/* Behind the driver's back, as another owner of the machine may do it. */
static int flr(struct bed *bed)
{
    int rc = sriov_fn_reset(bed->vf[0].fn);

    rc = rc == 0 ? bed_turn(bed, 0, BED_MS) : rc;
    rc = rc == 0 ? bed_settle(bed, 0, SETTLE_NS) : rc;
    return rc == 0 ? bed_traffic(bed, 0, BED_TO_WIRE, 1, 1500) : rc;
}

/* One frame with nothing but an interrupt to tell of it. */
static int interrupt(struct bed *bed)
{
    int rc = bed_fire(bed, 1, false, 200);

    bed->vf[0].events |= sriov_net_poll(bed->vf[0].net);
    rc = rc == 0 ? sriov_net_rx_wait(bed->vf[0].net, 5 * BED_MS) : rc;
    (void)bed_drain(bed, 0);
    /* Without vectors a VF polls; with a recovery under way it is told to look again. */
    return rc == -EAGAIN || rc == -ETIMEDOUT ? bed_turn(bed, 0, BED_MS) : rc;
}

static int live(struct bed *bed)
{
    int rc = bed_settle(bed, 0, SETTLE_NS);

    rc = rc == 0 ? bed_traffic_all(bed, 0) : rc;
    rc = rc == 0 ? settings(bed) : rc;
    rc = rc == 0 ? interrupt(bed) : rc;
    rc = rc == 0 ? flr(bed) : rc;
    return rc == 0 ? bed_traffic_all(bed, 0) : rc;
}

static int run(struct bed *bed)
{
    int rc = bed_vf_up(bed, 0, SRIOV_NET_INTERRUPTS);
    int end;

    if (rc != 0) {
        return rc;
    }
    rc = live(bed);
    end = bed_vf_down(bed, 0);
    return rc != 0 ? rc : end;
}

/* The VF that was pulled out comes back with another set of VFs. */
static int rebuild(struct bed *bed)
{
    int rc;

    (void)bed_vf_down(bed, 1);
    bed_pf_down(bed);
    rc = prepare(bed);
    return rc;
}

static const char *target(const struct bed *bed)
{
    return bed->vf[0].name;
}

const struct sweep_case sweep_vf_82599 = {"vf-82599", "82599", prepare, run, rebuild, target};
const struct sweep_case sweep_vf_82576 = {"vf-82576", "82576", prepare, run, rebuild, target};
