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

/* One frame that is late, with nothing but an interrupt to tell of it. */
static int interrupt(struct bed *bed)
{
    struct bed_vf *vf = &bed->vf[0];
    uint32_t frames = 0;
    int rc;

    (void)sriov_mock_set_delay(bed->mock, vf->name, SRIOV_DELAY_RX, 300 * BED_US);
    rc = bed_fire(bed, 1, false, 200);
    /* An interrupt of before may end the first wait. */
    for (uint32_t try = 0; rc == 0 && frames == 0 && try < 4; try++) {
        vf->events |= sriov_net_poll(vf->net);
        rc = sriov_net_rx_wait(vf->net, 5 * BED_MS);
        frames = bed_drain(bed, 0);
    }
    (void)sriov_mock_set_delay(bed->mock, vf->name, SRIOV_DELAY_RX, 0);
    /* Without vectors a VF polls; with a recovery under way it is told to look again. */
    return rc == -EAGAIN || rc == -ETIMEDOUT ? bed_turn(bed, 0, BED_MS) : rc;
}

/* Held still and let go; a device that would not do it recovers. */
static int hold(struct bed *bed)
{
    struct sriov_net *net = bed->vf[0].net;
    int rc = sriov_net_quiesce(net, BED_MS);

    rc = rc == 0 ? sriov_net_resume(net) : rc;
    rc = rc == 0 || rc == -EAGAIN ? bed_settle(bed, 0, SETTLE_NS) : rc;
    return rc == 0 ? bed_traffic(bed, 0, BED_TO_WIRE, 1, 900) : rc;
}

static int see(void *arg, const struct sriov_fn_info *info)
{
    uint32_t *seen = arg;

    *seen += info->is_vf;
    return 0;
}

/* A buffer of the application's own, for the device to read. */
static int map_own(struct bed *bed)
{
    static _Alignas(4096) uint8_t buffer[8192];
    struct sriov_dma dma;
    int rc =
        sriov_dma_map(bed->vf[0].fn, "sweep's buffer", buffer, sizeof(buffer), SRIOV_DMA_DEVICE_READS, &dma);

    return rc == 0 ? sriov_dma_unmap(bed->vf[0].fn, &dma) : rc;
}

/* The calls that drivers have no use for. */
static int by_hand(struct bed *bed)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    struct sriov_fn *fn = bed->vf[0].fn;
    uint32_t seen = 0;
    bool pending;
    int rc = sriov_vmm_enumerate(bed->vmm, see, &seen);

    rc = rc == 0 ? map_own(bed) : rc;
    rc = rc == 0 ? sriov_net_get_info(bed->vf[0].net, &info) : rc;
    if (rc != 0 || info.vectors == 0) {
        return rc;
    }
    rc = sriov_irq_mask(fn, 0);
    rc = rc == 0 ? sriov_irq_pending(fn, 0, &pending) : rc;
    rc = rc == 0 ? sriov_irq_unmask(fn, 0) : rc;
    return rc == 0 ? sriov_irq_trigger(fn, 0) : rc;
}

static int live(struct bed *bed)
{
    int rc = bed_settle(bed, 0, SETTLE_NS);

    rc = rc == 0 ? bed_traffic_all(bed, 0) : rc;
    rc = rc == 0 ? settings(bed) : rc;
    rc = rc == 0 ? interrupt(bed) : rc;
    rc = rc == 0 ? by_hand(bed) : rc;
    rc = rc == 0 ? hold(bed) : rc;
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
    (void)bed_vf_down(bed, 1);
    bed_pf_down(bed);
    return prepare(bed);
}

static const char *target(const struct bed *bed)
{
    return bed->vf[0].name;
}

const struct sweep_case sweep_vf_82599 = {"vf-82599", "82599", prepare, run, rebuild, target};
const struct sweep_case sweep_vf_82576 = {"vf-82576", "82576", prepare, run, rebuild, target};
