/* SPDX-License-Identifier: BSD-3-Clause */
/* PF driver of the 82576: the tables that make the shared engine an igb. */
#include "igb-like/igb.h"

#include <sriov/drivers.h>

static const struct sri_pf_counter counters[] = {
    {"rx_packets", IGB_GPRC, 0},   {"rx_bytes", IGB_GORCL, IGB_GORCH}, {"rx_broadcast", IGB_BPRC, 0},
    {"rx_multicast", IGB_MPRC, 0}, {"rx_crc_errors", IGB_CRCERRS, 0},  {"rx_length_errors", IGB_RLEC, 0},
    {"rx_missed", IGB_MPC, 0},     {"tx_packets", IGB_GPTC, 0},        {"tx_bytes", IGB_GOTCL, IGB_GOTCH},
};
_Static_assert(sizeof(counters) / sizeof(counters[0]) <= SRI_PF_COUNTERS_MAX, "room for every counter");
_Static_assert(IGB_RAR_ENTRIES <= SRI_PF_RARS, "room for every receive address");
_Static_assert(IGB_VLVF_ENTRIES <= SRI_PF_VLANS, "room for every VLAN");

/* First and distance; all have 32 bits. */
#define OF_VF(reg) reg(0), reg(1) - reg(0), 0, 0, 32
static const struct sri_pf_vf_counter vf_counters[] = {
    {"rx_packets", OF_VF(IGB_PVFGPRC)},
    {"rx_bytes", OF_VF(IGB_PVFGORC)},
    {"rx_multicast", OF_VF(IGB_PVFMPRC)},
    {"tx_packets", OF_VF(IGB_PVFGPTC)},
    {"tx_bytes", OF_VF(IGB_PVFGOTC)},
    {"rx_loopback_packets", OF_VF(IGB_PVFGPRLBC)},
    {"rx_loopback_bytes", OF_VF(IGB_PVFGORLBC)},
    {"tx_loopback_packets", OF_VF(IGB_PVFGPTLBC)},
    {"tx_loopback_bytes", OF_VF(IGB_PVFGOTLBC)},
};
_Static_assert(sizeof(vf_counters) / sizeof(vf_counters[0]) <= SRI_PF_VF_COUNTERS_MAX,
               "room for every counter of a VF");
_Static_assert(IGB_RTTBCNRC_RF_INT_SHIFT == 14, "the engine's rate factors");

/* The register takes less; but then 32 jumbo frames, with one report of completion at their end, take longer
 * than the VF's watchdog waits for one. */
#define LEAST_MBPS 4u

static const struct sri_pf_dev device = {
    .name = "igb-like",
    .bar_length = IGB_PF_BAR_SIZE,
    .max_vfs = IGB_MAX_VFS,
    .rars = IGB_RAR_ENTRIES,
    .vlans = IGB_VLVF_ENTRIES,
    .reset_words = IGB_MBX_RESET_REPLY_WORDS,
    .newest_api = 0,
    .mta = IGB_MTA(0),
    .vfta = IGB_VFTA(0),
    .mbx =
        {
            .ctrl = IGB_P2VMAILBOX(0),
            .mem = IGB_VMBMEM(0),
            .icr = IGB_MBVFICR,
            .vfs_per_icr = IGB_MAX_POOLS,
            .vflre = {IGB_VFLRE, 0},
            .vflrec = {IGB_VFLRE, 0},
        },
    .requests = sri_pf_igb_requests,
    .counters = counters,
    .n_counters = sizeof(counters) / sizeof(counters[0]),
    .vf_counters = vf_counters,
    .n_vf_counters = sizeof(vf_counters) / sizeof(vf_counters[0]),
    .rate_least = LEAST_MBPS,
    .reset = igb_reset,
    .start = igb_start,
    .quiet = igb_quiet,
    .pools = igb_pools,
    .announce = igb_announce,
    .irq_on = igb_irq_on,
    .irq_ack = igb_irq_ack,
    .read_link = igb_read_link,
    .put_rar = igb_put_rar,
    .put_vlan = igb_put_vlan,
    .put_vf = igb_put_vf,
    .put_traffic = igb_put_traffic,
    .put_rings = igb_put_rings,
    .watch_on = igb_watch_on,
    .watch = igb_watch,
    .tx_queues = igb_tx_queues,
    .put_rate = igb_put_rate,
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

static const struct sriov_id ids[] = {{IGB_VENDOR_ID, IGB_DEV_ID_82576}, {0, 0}};

const struct sriov_driver igb_driver = {
    .size = sizeof(struct sriov_driver),
    .abi = SRIOV_DRIVER_ABI,
    .name = "igb-like",
    .class = SRIOV_CLASS_PF,
    .priv_size = sizeof(struct sri_pf),
    .ids = ids,
    .pf = &ops,
};
