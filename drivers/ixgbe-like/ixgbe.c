/* SPDX-License-Identifier: BSD-3-Clause */
/* PF driver of the 82599: the tables that make the shared engine an ixgbe. */
#include "ixgbe-like/ixgbe.h"

#include <sriov/drivers.h>

static const struct sri_pf_counter counters[] = {
    {"rx_packets", IXGBE_GPRC, 0},          {"rx_bytes", IXGBE_GORCL, IXGBE_GORCH},
    {"rx_broadcast", IXGBE_BPRC, 0},        {"rx_multicast", IXGBE_MPRC, 0},
    {"rx_crc_errors", IXGBE_CRCERRS, 0},    {"rx_length_errors", IXGBE_RLEC, 0},
    {"rx_missed", IXGBE_MPC(0), 0},         {"tx_packets", IXGBE_GPTC, 0},
    {"tx_bytes", IXGBE_GOTCL, IXGBE_GOTCH},
};
_Static_assert(sizeof(counters) / sizeof(counters[0]) <= SRI_PF_COUNTERS_MAX, "room for every counter");
_Static_assert(IXGBE_RAR_ENTRIES <= SRI_PF_RARS, "room for every receive address");
_Static_assert(IXGBE_VLVF_ENTRIES <= SRI_PF_VLANS, "room for every VLAN");

/* First and distance. */
#define OF_VF(reg) reg(0), reg(1) - reg(0)
static const struct sri_pf_vf_counter vf_counters[] = {
    {"rx_packets", OF_VF(IXGBE_PVFGPRC), 0, 0, 32},
    {"rx_bytes", OF_VF(IXGBE_PVFGORC_LSB), OF_VF(IXGBE_PVFGORC_MSB), IXGBE_VF_OCTETS_BITS},
    {"rx_multicast", OF_VF(IXGBE_PVFMPRC), 0, 0, 32},
    {"tx_packets", OF_VF(IXGBE_PVFGPTC), 0, 0, 32},
    {"tx_bytes", OF_VF(IXGBE_PVFGOTC_LSB), OF_VF(IXGBE_PVFGOTC_MSB), IXGBE_VF_OCTETS_BITS},
};
_Static_assert(sizeof(vf_counters) / sizeof(vf_counters[0]) <= SRI_PF_VF_COUNTERS_MAX,
               "room for every counter of a VF");
_Static_assert(IXGBE_RTTBCNRC_RF_INT_SHIFT == 14, "the engine's rate factors");

static const struct sri_pf_dev device = {
    .name = "ixgbe-like",
    .bar_length = 0x20000, /* PFMBMEM(63) is the last register used */
    .max_vfs = IXGBE_MAX_VFS - 1u,
    .rars = IXGBE_RAR_ENTRIES,
    .vlans = IXGBE_VLVF_ENTRIES,
    .reset_words = IXGBE_MBX_RESET_REPLY_WORDS,
    .newest_api = SRI_PF_API_NEWEST,
    .mta = IXGBE_MTA(0),
    .vfta = IXGBE_VFTA(0),
    .mbx =
        {
            .ctrl = IXGBE_PFMAILBOX(0),
            .mem = IXGBE_PFMBMEM(0),
            .icr = IXGBE_PFMBICR(0),
            .vfs_per_icr = 16,
            .vflre = {IXGBE_PFVFLRE(0), IXGBE_PFVFLRE(1)},
            .vflrec = {IXGBE_PFVFLREC(0), IXGBE_PFVFLREC(1)},
        },
    .requests = sri_pf_ixgbe_requests,
    .counters = counters,
    .n_counters = sizeof(counters) / sizeof(counters[0]),
    .vf_counters = vf_counters,
    .n_vf_counters = sizeof(vf_counters) / sizeof(vf_counters[0]),
    .rate_least = 10,
    .reset = ixgbe_reset,
    .start = ixgbe_start,
    .quiet = ixgbe_quiet,
    .pools = ixgbe_pools,
    .announce = ixgbe_announce,
    .irq_on = ixgbe_irq_on,
    .irq_ack = ixgbe_irq_ack,
    .read_link = ixgbe_read_link,
    .put_rar = ixgbe_put_rar,
    .put_vlan = ixgbe_put_vlan,
    .put_vf = ixgbe_put_vf,
    .put_traffic = ixgbe_put_traffic,
    .put_rings = ixgbe_put_rings,
    .watch_on = ixgbe_watch_on,
    .watch = ixgbe_watch,
    .tx_queues = ixgbe_tx_queues,
    .put_rate = ixgbe_put_rate,
};

static int attach(struct sriov_pf *pf)
{
    return sri_pf_attach(pf, &device);
}

static const struct sriov_pf_ops ops = {
    .attach = attach,
    .detach = sri_pf_detach,
    .vfs_prepare = sri_pf_vfs_prepare,
    .vfs_ready = sri_pf_vfs_ready,
    .poll = sri_pf_poll,
    .set_up = sri_pf_set_up,
    .reset = sri_pf_reset,
    .set_vf_mac = sri_pf_set_vf_mac,
    .set_vf_vlan = sri_pf_set_vf_vlan,
    .set_vf_trust = sri_pf_set_vf_trust,
    .set_vf_spoof_check = sri_pf_set_vf_spoof_check,
    .get_vf = sri_pf_get_vf,
    .stats = sri_pf_stats,
    .set_vf_trunk = sri_pf_set_vf_trunk,
    .get_vf_trunk = sri_pf_get_vf_trunk,
    .set_vf_rate = sri_pf_set_vf_rate,
    .set_vf_link = sri_pf_set_vf_link,
    .set_vf_rx_mode = sri_pf_set_vf_rx_mode,
    .vf_stats = sri_pf_vf_stats,
    .set_event_sink = sri_pf_set_event_sink,
    .shut_vf = sri_pf_shut_vf,
    .readmit_vf = sri_pf_readmit_vf,
};

static const struct sriov_id ids[] = {{IXGBE_VENDOR_ID, IXGBE_DEV_ID_82599_SFP}, {0, 0}};

const struct sriov_driver ixgbe_driver = {
    .size = sizeof(struct sriov_driver),
    .abi = SRIOV_DRIVER_ABI,
    .name = "ixgbe-like",
    .class = SRIOV_CLASS_PF,
    .priv_size = sizeof(struct sri_pf),
    .ids = ids,
    .pf = &ops,
};
