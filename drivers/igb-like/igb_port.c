/* SPDX-License-Identifier: BSD-3-Clause */
/* The port of an 82576: reset, initialisation (section 4.5), link. */
#include "igb-like/igb.h"

#include <errno.h>

#define MS UINT64_C(1000000)
#define US UINT64_C(1000)

#define STEP_NS         (10u * US)
#define MASTER_LIMIT_NS (80u * MS)
#define RESET_LIMIT_NS  (50u * MS)
#define SETTLE_NS       (5u * MS) /* after a reset, before registers may be relied on */
#define EEPROM_LIMIT_NS (20u * MS)

struct bits {
    struct sri_pf *p;
    uint32_t reg;
    uint32_t clear;
    uint32_t set;
};

static int bits_done(void *arg)
{
    const struct bits *b = arg;
    const uint32_t v = sri_pf_rd(b->p, b->reg);

    return (v & b->clear) == 0 && (v & b->set) == b->set;
}

int igb_await(struct sri_pf *p, uint32_t reg, uint32_t clear, uint32_t set, uint64_t limit_ns)
{
    struct bits b = {p, reg, clear, set};
    const int rc = sriov_fn_wait_until(p->pf->fn, bits_done, &b, limit_ns, STEP_NS);

    return rc > 0 ? 0 : rc;
}

static void mask_interrupts(struct sri_pf *p)
{
    sri_pf_wr(p, IGB_EIMC, IGB_EICR_MSIX);
    sri_pf_wr(p, IGB_IMC_ALIAS, UINT32_C(0xffffffff));
    (void)sri_pf_rd(p, IGB_ICR_ALIAS);
}

/* No request of ours may be on the bus when the reset comes (section 5.2.3.2). */
static int stop_master(struct sri_pf *p)
{
    int rc;

    sri_pf_set(p, IGB_CTRL, 0, IGB_CTRL_GIO_MASTER_DISABLE);
    rc = igb_await(p, IGB_STATUS, IGB_STATUS_GIO_MASTER_EN, 0, MASTER_LIMIT_NS);
    if (rc == -ETIMEDOUT) {
        sriov_log(sriov_fn_vmm(p->pf->fn), SRIOV_LOG_WARN, "igb-like: requests pend; reset regardless");
        rc = 0;
    }
    return rc;
}

static int learn_mac(struct sri_pf *p)
{
    const uint32_t lo = sri_pf_rd(p, IGB_RAL(0));
    const uint32_t hi = sri_pf_rd(p, IGB_RAH(0));
    const uint32_t words[2] = {lo, hi & IGB_RAH_ADDR};

    p->mac = sri_pf_msg_mac(words);
    if (sriov_fn_gone(p->pf->fn)) {
        return -ENODEV;
    }
    return (hi & IGB_RAH_AV) != 0 && sri_pf_mac_ok(&p->mac) ? 0 : -EPROTO;
}

/* QEMU's device never shows AUTO_RD, so its absence is borne; learn_mac judges what was loaded. */
static int await_eeprom(struct sri_pf *p)
{
    const int rc = igb_await(p, IGB_EECD, 0, IGB_EECD_AUTO_RD, EEPROM_LIMIT_NS);

    return rc == -ETIMEDOUT ? 0 : rc;
}

/* The reset value of VFRE and VFTE lets every VF run. */
static void no_vf_runs(struct sri_pf *p)
{
    sri_pf_wr(p, IGB_VFRE, 0);
    sri_pf_wr(p, IGB_VFTE, 0);
}

int igb_reset(struct sri_pf *p)
{
    int rc;

    mask_interrupts(p);
    igb_traffic(p, false);
    rc = stop_master(p);
    if (rc != 0) {
        return rc;
    }
    sri_pf_set(p, IGB_CTRL, 0, IGB_CTRL_RST);
    sriov_fn_sleep(p->pf->fn, US);
    rc = igb_await(p, IGB_CTRL, IGB_CTRL_RST, 0, RESET_LIMIT_NS);
    if (rc != 0) {
        return rc;
    }
    sriov_fn_sleep(p->pf->fn, SETTLE_NS);
    no_vf_runs(p);
    rc = await_eeprom(p);
    if (rc != 0) {
        return rc;
    }
    sri_pf_set(p, IGB_CTRL, IGB_CTRL_GIO_MASTER_DISABLE, 0);
    mask_interrupts(p);
    return learn_mac(p);
}

void igb_traffic(struct sri_pf *p, bool on)
{
    sri_pf_set(p, IGB_RCTL, IGB_RCTL_RXEN, on ? IGB_RCTL_RXEN : 0);
    sri_pf_set(p, IGB_TCTL, IGB_TCTL_EN, on ? IGB_TCTL_EN | IGB_TCTL_PSP : 0);
}

/* Queue 0 of the port comes out of reset enabled; it is VF 0's to enable, once it has a ring. */
static void no_queue_runs(struct sri_pf *p)
{
    for (uint32_t q = 0; q < IGB_MAX_QUEUES; q++) {
        sri_pf_set(p, IGB_RXDCTL(q), IGB_RXDCTL_ENABLE, 0);
        sri_pf_set(p, IGB_TXDCTL(q), IGB_TXDCTL_ENABLE, 0);
    }
}

static void filters(struct sri_pf *p)
{
    for (uint32_t i = 0; i < IGB_UTA_ENTRIES; i++) {
        sri_pf_wr(p, IGB_UTA(i), 0);
    }
    sri_pf_wr(p, IGB_RLPML, p->max_frame + SRI_PF_VLAN_TAG);
    sri_pf_wr(p, IGB_RCTL, IGB_RCTL_LPE | IGB_RCTL_BAM | IGB_RCTL_VFE | IGB_RCTL_SECRC);
    sri_pf_set(p, IGB_RXCSUM, 0, IGB_RXCSUM_PCSD);
}

int igb_start(struct sri_pf *p)
{
    int rc;

    sri_pf_set(p, IGB_CTRL_EXT, IGB_CTRL_EXT_LINK_MODE, IGB_CTRL_EXT_DRV_LOAD);
    no_queue_runs(p);
    filters(p);
    sri_pf_wr(p, IGB_RTTBCNRM, IGB_RTTBCNRM_MMW_JUMBO);
    sri_pf_set(p, IGB_CTRL, IGB_CTRL_FRCSPD | IGB_CTRL_FRCDPLX | IGB_CTRL_ILOS, IGB_CTRL_SLU | IGB_CTRL_FD);
    rc = igb_phy_link(p, true);
    if (rc == -EPROTO || rc == -ETIMEDOUT) {
        sriov_log(sriov_fn_vmm(p->pf->fn), SRIOV_LOG_WARN,
                  "igb-like: the PHY does not answer; link as it is");
        rc = 0;
    }
    return rc;
}

void igb_quiet(struct sri_pf *p)
{
    (void)igb_phy_link(p, false);
    sri_pf_set(p, IGB_CTRL, IGB_CTRL_SLU, 0);
    sri_pf_set(p, IGB_CTRL_EXT, IGB_CTRL_EXT_DRV_LOAD, 0);
}

void igb_announce(struct sri_pf *p)
{
    sri_pf_set(p, IGB_CTRL_EXT, 0, IGB_CTRL_EXT_PFRSTD);
}

bool igb_read_link(struct sri_pf *p, struct sriov_link *link)
{
    const uint32_t status = sri_pf_rd(p, IGB_STATUS);

    link->up = status != IGB_DEAD_READ && (status & IGB_STATUS_LU) != 0;
    link->mbps = 0;
    if (!link->up) {
        return status != IGB_DEAD_READ;
    }
    switch (status & IGB_STATUS_SPEED) {
    case IGB_STATUS_SPEED_10:
        link->mbps = 10;
        break;
    case IGB_STATUS_SPEED_100:
        link->mbps = 100;
        break;
    default: /* both of the remaining codes mean 1000 */
        link->mbps = 1000;
        break;
    }
    return true;
}
