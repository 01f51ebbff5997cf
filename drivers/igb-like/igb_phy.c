/* SPDX-License-Identifier: BSD-3-Clause */
/* The internal copper PHY of the 82576, through MDIC (sections 3.5.2 and 8.2.4). */
#include "igb-like/igb.h"

#include <errno.h>

#define US UINT64_C(1000)

#define MDIC_LIMIT_NS  (1000u * US)
#define SEM_LIMIT_NS   (100000u * US)
#define STEP_NS        (50u * US)
#define PHY_ADDRESS    1u
#define FIELD(reg, op) (PHY_ADDRESS << IGB_MDIC_PHY_SHIFT | (reg) << IGB_MDIC_REG_SHIFT | (op))

static int sem_taken(void *arg)
{
    struct sri_pf *p = arg;

    /* Reading takes SMBI, so a 1 means that it was somebody else's. */
    if ((sri_pf_rd(p, IGB_SWSM) & IGB_SWSM_SMBI) != 0) {
        return 0;
    }
    sri_pf_wr(p, IGB_SWSM, IGB_SWSM_SMBI | IGB_SWSM_SWESMBI);
    if ((sri_pf_rd(p, IGB_SWSM) & IGB_SWSM_SWESMBI) != 0) {
        return 1;
    }
    sri_pf_wr(p, IGB_SWSM, 0);
    return 0;
}

static void sem_give(struct sri_pf *p)
{
    sri_pf_wr(p, IGB_SWSM, 0);
}

static uint32_t phy_bit(const struct sri_pf *p)
{
    const uint32_t port = (sri_pf_rd(p, IGB_STATUS) & IGB_STATUS_LAN_ID) >> IGB_STATUS_LAN_ID_SHIFT;

    return (port & 1u) != 0 ? IGB_SW_FW_PHY1 : IGB_SW_FW_PHY0;
}

static int phy_taken(void *arg)
{
    struct sri_pf *p = arg;
    const uint32_t bit = phy_bit(p);
    uint32_t owners;
    int taken = 0;

    if (!sem_taken(p)) {
        return 0;
    }
    owners = sri_pf_rd(p, IGB_SW_FW_SYNC);
    if ((owners & (bit | bit << IGB_SW_FW_FW_SHIFT)) == 0) {
        sri_pf_wr(p, IGB_SW_FW_SYNC, owners | bit);
        taken = 1;
    }
    sem_give(p);
    return taken;
}

/* Firmware that manages the port uses the PHY too. */
static int phy_lock(struct sri_pf *p)
{
    const int rc = sriov_fn_wait_until(p->pf->fn, phy_taken, p, SEM_LIMIT_NS, STEP_NS);

    return rc > 0 ? 0 : rc;
}

static void phy_unlock(struct sri_pf *p)
{
    if (sriov_fn_wait_until(p->pf->fn, sem_taken, p, SEM_LIMIT_NS, STEP_NS) > 0) {
        sri_pf_set(p, IGB_SW_FW_SYNC, phy_bit(p), 0);
        sem_give(p);
    }
}

static int mdic(struct sri_pf *p, uint32_t command, uint16_t *data)
{
    uint32_t v;
    int rc;

    sri_pf_wr(p, IGB_MDIC, command);
    rc = igb_await(p, IGB_MDIC, 0, IGB_MDIC_READY, MDIC_LIMIT_NS);
    if (rc != 0) {
        return rc;
    }
    v = sri_pf_rd(p, IGB_MDIC);
    if ((v & IGB_MDIC_ERROR) != 0) {
        return sriov_fn_gone(p->pf->fn) ? -ENODEV : -EPROTO;
    }
    *data = (uint16_t)(v & IGB_MDIC_DATA);
    return 0;
}

static int power_and_negotiate(struct sri_pf *p, bool on)
{
    uint16_t control = 0;
    int rc = mdic(p, FIELD(IGB_PHY_CONTROL, IGB_MDIC_OP_READ), &control);

    if (rc != 0) {
        return rc;
    }
    if (on) {
        control &= (uint16_t) ~(IGB_PHY_CONTROL_POWER_DOWN | IGB_PHY_CONTROL_LOOPBACK);
        control |= IGB_PHY_CONTROL_AN_EN | IGB_PHY_CONTROL_RESTART_AN;
    } else {
        control |= IGB_PHY_CONTROL_POWER_DOWN;
    }
    return mdic(p, FIELD(IGB_PHY_CONTROL, IGB_MDIC_OP_WRITE) | control, &control);
}

int igb_phy_link(struct sri_pf *p, bool on)
{
    int rc = phy_lock(p);

    if (rc != 0) {
        return rc;
    }
    rc = power_and_negotiate(p, on);
    phy_unlock(p);
    return rc;
}
