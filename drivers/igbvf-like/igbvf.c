/* SPDX-License-Identifier: BSD-3-Clause */
/* 82576 VF, 8086:10ca: where its registers are and what its PF can be asked. */
#include "intel/vf.h"
#include "intel/vf_msg.h"

#include <sriov/drivers.h>
#include <sriov/hw/igb_regs.h>

#include <errno.h>

#define EITR_20US (20u << IGB_EITR_INTERVAL_SHIFT)

/* Its mailbox has no versions, and the VF's two queue pairs are its own by the pool. */
static int igbvf_greet(struct sri_vf *vf)
{
    vf->granted_queues = IGBVF_MAX_QUEUES;
    return 0;
}

/* The hash list is always on; only what goes beyond it has to be asked for. */
static int igbvf_ask_rx_mode(struct sri_vf *vf, enum sriov_rx_mode mode)
{
    static const uint32_t bits[] = {0, 0, IGB_MBX_PROMISC_MULTICAST,
                                    IGB_MBX_PROMISC_UNICAST | IGB_MBX_PROMISC_MULTICAST};
    if ((uint32_t)mode >= sizeof(bits) / sizeof(bits[0])) {
        return -EINVAL;
    }
    return sri_msg_set_promisc(&vf->mbx, bits[mode], sri_vf_exchange_ns(vf));
}

static struct sriov_link igbvf_decode_link(uint32_t status)
{
    struct sriov_link link = {.up = (status & IGB_STATUS_LU) != 0};
    switch (status & IGB_STATUS_SPEED) {
    case IGB_STATUS_SPEED_10:
        link.mbps = 10;
        break;
    case IGB_STATUS_SPEED_100:
        link.mbps = 100;
        break;
    default:
        link.mbps = 1000;
        break;
    }
    return link;
}

static const char *const rx_owners[] = {"igbvf rx ring 0", "igbvf rx ring 1"};
static const char *const tx_owners[] = {"igbvf tx ring 0", "igbvf tx ring 1"};

static const struct sri_vf_counter counters[] = {
    {"hw_rx_packets", IGBVF_VFGPRC, 0, 32},
    {"hw_rx_bytes", IGBVF_VFGORC, 0, 32},
    {"hw_rx_multicast", IGBVF_VFMPRC, 0, 32},
    {"hw_tx_packets", IGBVF_VFGPTC, 0, 32},
    {"hw_tx_bytes", IGBVF_VFGOTC, 0, 32},
    {"hw_rx_loopback_packets", IGBVF_VFGPRLBC, 0, 32},
    {"hw_tx_loopback_packets", IGBVF_VFGPTLBC, 0, 32},
    {"hw_rx_loopback_bytes", IGBVF_VFGORLBC, 0, 32},
    {"hw_tx_loopback_bytes", IGBVF_VFGOTLBC, 0, 32},
    {0},
};

static const struct sri_vf_hw igbvf_hw = {
    .name = "igbvf",
    .bar_bytes = IGBVF_BAR_SIZE,
    .max_queues = IGBVF_MAX_QUEUES,
    .mbx = {.control = IGBVF_V2PMAILBOX, .memory = IGBVF_VMBMEM(0)},
    .reset_reply_words = IGB_MBX_RESET_REPLY_WORDS,
    .ctrl = IGBVF_VTCTRL,
    .link = IGBVF_VTSTATUS,
    .psrtype = IGBVF_PSRTYPE,
    .eicr = IGBVF_VTEICR,
    .eims = IGBVF_VTEIMS,
    .eimc = IGBVF_VTEIMC,
    .eiac = IGBVF_VTEIAC,
    .eiam = IGBVF_VTEIAM,
    .eitr = IGBVF_VTEITR(0),
    .ivar = IGBVF_VTIVAR,
    .ivar_misc = IGBVF_VTIVAR_MISC,
    .eitr_rx = EITR_20US,
    .srrctl = IGBVF_SRRCTL(0) - IGBVF_RDBAL(0),
    .srrctl_set = IGB_SRRCTL_DESCTYPE_ADV_ONEBUF | IGB_SRRCTL_DROP_EN | 4u << IGB_SRRCTL_BSIZEHEADER_SHIFT,
    .rx = {.base = IGBVF_RDBAL(0),
           .stride = IGBVF_RDBAL(1) - IGBVF_RDBAL(0),
           .dca = IGBVF_RXCTL(0) - IGBVF_RDBAL(0),
           .dca_set = 0,
           .ctl_set = 16u | 8u << IGB_RXDCTL_HTHRESH_SHIFT | 1u << IGB_RXDCTL_WTHRESH_SHIFT},
    .tx = {.base = IGBVF_TDBAL(0),
           .stride = IGBVF_TDBAL(1) - IGBVF_TDBAL(0),
           .dca = IGBVF_TXCTL(0) - IGBVF_TDBAL(0),
           .dca_set = 0,
           .ctl_set = 8u | 1u << IGB_TXDCTL_HTHRESH_SHIFT},
    .rx_format = {.l4e = IGB_RXD_ERR_L4E, .ipe = IGB_RXD_ERR_IPE},
    .rx_owners = rx_owners,
    .tx_owners = tx_owners,
    .counters = counters,
    .decode_link = igbvf_decode_link,
    .greet = igbvf_greet,
    .ask_rx_mode = igbvf_ask_rx_mode,
};

static int igbvf_attach(struct sriov_net *net)
{
    return sri_vf_attach(net, &igbvf_hw);
}

static const struct sriov_net_ops igbvf_ops = {
    .attach = igbvf_attach,
    .detach = sri_vf_detach,
    .configure = sri_vf_configure,
    .release = sri_vf_release,
    .start = sri_vf_start,
    .stop = sri_vf_stop,
    .poll = sri_vf_poll,
    .rx_arm = sri_vf_rx_arm,
    .set_mac = sri_vf_set_mac,
    .set_multicast = sri_vf_set_multicast,
    .set_vlan = sri_vf_set_vlan,
    .set_mtu = sri_vf_set_mtu,
    .set_rx_mode = sri_vf_set_rx_mode,
    .stats = sri_vf_stats,
    .quiesce_tx = sri_vf_quiesce_tx,
    .quiesce = sri_vf_quiesce,
    .resume = sri_vf_resume,
    .tx_take = sri_vf_tx_take,
    .rx_take = sri_vf_rx_take,
    .save = sri_vf_save,
    .load = sri_vf_load,
};

static const struct sriov_id igbvf_ids[] = {{IGB_VENDOR_ID, IGB_DEV_ID_82576_VF}, {0, 0}};

const struct sriov_driver igbvf_driver = {
    .size = sizeof(struct sriov_driver),
    .abi = SRIOV_DRIVER_ABI,
    .name = "igbvf-like",
    .class = SRIOV_CLASS_NET,
    .priv_size = sizeof(struct sri_vf),
    .ids = igbvf_ids,
    .net = &igbvf_ops,
};
