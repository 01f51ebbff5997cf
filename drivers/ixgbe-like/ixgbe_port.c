/* SPDX-License-Identifier: BSD-3-Clause */
/* The port of an 82599: reset, initialisation (section 4.6), link. */
#include "ixgbe-like/ixgbe.h"

#include <errno.h>

#define MS UINT64_C(1000000)
#define US UINT64_C(1000)

#define RESET_STEP_NS    (10u * US)
#define MASTER_LIMIT_NS  (80u * MS)
#define RESET_LIMIT_NS   (50u * MS)
#define SETTLE_NS        (10u * MS) /* after a reset, before registers may be relied on */
#define EEPROM_LIMIT_NS  (100u * MS)
#define DMAINIT_LIMIT_NS (100u * MS)
#define DRAIN_LIMIT_NS   (1u * MS)

/* A wait for bits: all of `set` 1 and all of `clear` 0. */
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

static int await(struct sri_pf *p, uint32_t reg, uint32_t clear, uint32_t set, uint64_t limit)
{
    struct bits b = {p, reg, clear, set};
    const int rc = sriov_fn_wait_until(p->pf->fn, bits_done, &b, limit, RESET_STEP_NS);

    return rc > 0 ? 0 : rc;
}

static void mask_interrupts(struct sri_pf *p)
{
    sri_pf_wr(p, IXGBE_EIMC, UINT32_C(0x7fffffff));
    sri_pf_wr(p, IXGBE_EIMC_EX(0), UINT32_C(0xffffffff));
    sri_pf_wr(p, IXGBE_EIMC_EX(1), UINT32_C(0xffffffff));
    (void)sri_pf_rd(p, IXGBE_EICR);
}

/* No request of ours may be on the bus when the reset comes (section 5.2.5.3.2). */
static int stop_master(struct sri_pf *p)
{
    int rc;

    sri_pf_set(p, IXGBE_CTRL, 0, IXGBE_CTRL_PCIE_MASTER_DISABLE);
    rc = await(p, IXGBE_STATUS, IXGBE_STATUS_PCIE_MASTER_EN, 0, MASTER_LIMIT_NS);
    if (rc == -ETIMEDOUT) {
        sriov_log(sriov_fn_vmm(p->pf->fn), SRIOV_LOG_WARN, "ixgbe-like: requests pend; reset regardless");
        rc = 0;
    }
    return rc;
}

static int learn_mac(struct sri_pf *p)
{
    const uint32_t lo = sri_pf_rd(p, IXGBE_RAL(0));
    const uint32_t hi = sri_pf_rd(p, IXGBE_RAH(0));
    const uint32_t words[2] = {lo, hi & IXGBE_RAH_ADDR};

    p->mac = sri_pf_msg_mac(words);
    if (sriov_fn_gone(p->pf->fn)) {
        return -ENODEV;
    }
    return (hi & IXGBE_RAH_AV) != 0 && sri_pf_mac_ok(&p->mac) ? 0 : -EPROTO;
}

/* Section 4.6.3: what has to be true before registers are programmed. */
static int await_init(struct sri_pf *p)
{
    int rc = await(p, IXGBE_EEC, 0, IXGBE_EEC_AUTO_RD, EEPROM_LIMIT_NS);

    if (rc == 0) {
        rc = await(p, IXGBE_RDRXCTL, 0, IXGBE_RDRXCTL_DMAIDONE, DMAINIT_LIMIT_NS);
    }
    return rc;
}

int ixgbe_reset(struct sri_pf *p)
{
    int rc;

    mask_interrupts(p);
    ixgbe_traffic(p, false);
    rc = stop_master(p);
    if (rc != 0) {
        return rc;
    }
    sri_pf_set(p, IXGBE_CTRL, 0, IXGBE_CTRL_LRST | IXGBE_CTRL_RST);
    sriov_fn_sleep(p->pf->fn, US);
    rc = await(p, IXGBE_CTRL, IXGBE_CTRL_LRST | IXGBE_CTRL_RST, 0, RESET_LIMIT_NS);
    if (rc != 0) {
        return rc;
    }
    sriov_fn_sleep(p->pf->fn, SETTLE_NS);
    rc = await_init(p);
    if (rc != 0) {
        return rc;
    }
    sri_pf_set(p, IXGBE_CTRL, IXGBE_CTRL_PCIE_MASTER_DISABLE, 0);
    mask_interrupts(p);
    return learn_mac(p);
}

/* RXEN changes only while the security block holds the data path back and is empty. */
static void receive(struct sri_pf *p, bool on)
{
    sri_pf_set(p, IXGBE_SECRXCTRL, 0, IXGBE_SECRXCTRL_RX_DIS);
    (void)await(p, IXGBE_SECRXSTAT, 0, IXGBE_SECRXSTAT_SECRX_RDY, DRAIN_LIMIT_NS);
    sri_pf_set(p, IXGBE_RXCTRL, IXGBE_RXCTRL_RXEN, on ? IXGBE_RXCTRL_RXEN : 0);
    sri_pf_set(p, IXGBE_SECRXCTRL, IXGBE_SECRXCTRL_RX_DIS, 0);
}

void ixgbe_traffic(struct sri_pf *p, bool on)
{
    receive(p, on);
    sri_pf_set(p, IXGBE_DMATXCTL, IXGBE_DMATXCTL_TE, on ? IXGBE_DMATXCTL_TE : 0);
}

static void clear_tables(struct sri_pf *p)
{
    for (uint32_t i = 0; i < IXGBE_PFUTA_ENTRIES; i++) {
        sri_pf_wr(p, IXGBE_PFUTA(i), 0);
    }
    for (uint32_t i = 0; i < 128; i++) {
        sri_pf_wr(p, IXGBE_FTQF(i), 0);
    }
}

static void frame_size(struct sri_pf *p)
{
    sri_pf_set(p, IXGBE_HLREG0, 0,
               IXGBE_HLREG0_JUMBOEN | IXGBE_HLREG0_TXCRCEN | IXGBE_HLREG0_RXCRCSTRP | IXGBE_HLREG0_TXPADEN);
    sri_pf_wr(p, IXGBE_MAXFRS, (uint32_t)p->max_frame << IXGBE_MAXFRS_MFS_SHIFT);
    sri_pf_set(p, IXGBE_RDRXCTL, IXGBE_RDRXCTL_RSCFRSTSIZE,
               IXGBE_RDRXCTL_CRCSTRIP | IXGBE_RDRXCTL_RSCACKC | IXGBE_RDRXCTL_FCOE_WRFIX);
}

/* Each pool of several queues is spread by the one table and key of the port. */
static void rss(struct sri_pf *p)
{
    uint32_t key[IXGBE_MBX_RSS_KEY_BYTES / 4u] = {0};

    for (uint32_t i = 0; i < IXGBE_MBX_RSS_KEY_BYTES; i++) {
        key[i / 4u] |= (uint32_t)sri_pf_rss_key[i] << (8u * (i % 4u));
    }
    for (uint32_t i = 0; i < IXGBE_MBX_RSS_KEY_BYTES / 4u; i++) {
        sri_pf_wr(p, IXGBE_RSSRK(i), key[i]);
    }
    sri_pf_wr(p, IXGBE_RXCSUM, IXGBE_RXCSUM_PCSD);
}

static void link_up(struct sri_pf *p)
{
    sri_pf_set(p, IXGBE_ESDP, IXGBE_ESDP_SDP3, 0);
    sri_pf_set(p, IXGBE_AUTOC, IXGBE_AUTOC_LMS, IXGBE_AUTOC_LMS_10G_SERIAL | IXGBE_AUTOC_AN_RESTART);
}

int ixgbe_start(struct sri_pf *p)
{
    sri_pf_set(p, IXGBE_CTRL_EXT, 0, IXGBE_CTRL_EXT_DRV_LOAD);
    clear_tables(p);
    frame_size(p);
    rss(p);
    sri_pf_wr(p, IXGBE_RTTBCNRM,
              p->max_frame > SRI_PF_FRAME_STD ? IXGBE_RTTBCNRM_MMW_JUMBO : IXGBE_RTTBCNRM_MMW_STD);
    sri_pf_set(p, IXGBE_FCTRL, IXGBE_FCTRL_SBP | IXGBE_FCTRL_MPE | IXGBE_FCTRL_UPE, IXGBE_FCTRL_BAM);
    sri_pf_set(p, IXGBE_VLNCTRL, IXGBE_VLNCTRL_CFIEN, IXGBE_VLNCTRL_VFE);
    sri_pf_wr(p, IXGBE_MCSTCTRL, IXGBE_MCSTCTRL_MFE);
    link_up(p);
    return 0;
}

/* A dark laser takes the link from both ends; the registers alone would keep it. */
void ixgbe_quiet(struct sri_pf *p)
{
    sri_pf_set(p, IXGBE_ESDP, 0, IXGBE_ESDP_SDP3);
    sri_pf_set(p, IXGBE_CTRL_EXT, IXGBE_CTRL_EXT_DRV_LOAD, 0);
}

void ixgbe_announce(struct sri_pf *p)
{
    sri_pf_set(p, IXGBE_CTRL_EXT, 0, IXGBE_CTRL_EXT_PFRSTD);
}

bool ixgbe_read_link(struct sri_pf *p, struct sriov_link *link)
{
    const uint32_t links = sri_pf_rd(p, IXGBE_LINKS);

    link->up = links != IXGBE_DEAD_READ && (links & IXGBE_LINKS_UP) != 0;
    link->mbps = 0;
    if (!link->up) {
        return links != IXGBE_DEAD_READ;
    }
    switch (links & IXGBE_LINKS_SPEED) {
    case IXGBE_LINKS_SPEED_10G:
        link->mbps = 10000;
        break;
    case IXGBE_LINKS_SPEED_1G:
        link->mbps = 1000;
        break;
    case IXGBE_LINKS_SPEED_100M:
        link->mbps = 100;
        break;
    default:
        break;
    }
    return true;
}
