/* SPDX-License-Identifier: BSD-3-Clause */
/* 82599 VF, 8086:10ed: where its registers are and how it greets its PF. */
#include "intel/vf.h"
#include "intel/vf_msg.h"

#include <sriov/drivers.h>
#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>

#define LEGACY_MTU_API 0x0101u /* below it a PF takes no jumbo frames from a VF */
#define EITR_20US      (10u << IXGBE_EITR_INTERVAL_SHIFT)

struct api {
    uint32_t wire;    /* as API_NEGOTIATE says it */
    uint32_t version; /* 0xMMmm */
};

/* Newest first. */
static const struct api apis[] = {
    {IXGBE_MBX_API_1_7, 0x0107}, {IXGBE_MBX_API_1_6, 0x0106}, {IXGBE_MBX_API_1_5, 0x0105},
    {IXGBE_MBX_API_1_4, 0x0104}, {IXGBE_MBX_API_1_3, 0x0103}, {IXGBE_MBX_API_1_2, 0x0102},
    {IXGBE_MBX_API_1_1, 0x0101}, {IXGBE_MBX_API_1_0, 0x0100},
};

/* Downwards until the PF agrees. One that refuses all, or does not know the question, speaks 1.0. */
static int negotiate(struct sri_vf *vf)
{
    for (size_t i = 0; i < sizeof(apis) / sizeof(apis[0]); i++) {
        if (vf->max_api != 0 && apis[i].version > vf->max_api) {
            continue;
        }
        int err = sri_msg_api_negotiate(&vf->mbx, apis[i].wire, sri_vf_exchange_ns(vf));
        if (err == 0) {
            vf->net->mailbox_api = apis[i].version;
            return 0;
        }
        /* A PF may answer without CTS before the VF has settled: that is a refusal here. */
        if (err != -EACCES && err != -ESTALE) {
            return err;
        }
    }
    vf->net->mailbox_api = 0x0100;
    return 0;
}

/* A refusal leaves what is always there. */
static int optional(int err)
{
    return err == -EACCES ? 0 : err;
}

static int ixgbevf_ask_rx_mode(struct sri_vf *vf, enum sriov_rx_mode mode)
{
    static const uint32_t modes[] = {IXGBE_MBX_XCAST_NONE, IXGBE_MBX_XCAST_MULTI, IXGBE_MBX_XCAST_ALLMULTI,
                                     IXGBE_MBX_XCAST_PROMISC};
    uint32_t need = mode == SRIOV_RX_PROMISC ? 0x0103u : 0x0102u;
    if ((uint32_t)mode >= sizeof(modes) / sizeof(modes[0])) {
        return -EINVAL;
    }
    if (vf->net->mailbox_api < need) {
        return mode == SRIOV_RX_MULTI ? 0 : -EOPNOTSUPP; /* MULTI is what such a PF gives anyway */
    }
    return sri_msg_update_xcast(&vf->mbx, modes[mode], sri_vf_exchange_ns(vf));
}

static int ixgbevf_greet(struct sri_vf *vf)
{
    int err = negotiate(vf);
    if (err != 0) {
        return err;
    }
    vf->granted_queues = 1;
    if (vf->net->mailbox_api < LEGACY_MTU_API) {
        vf->net->max_mtu = SRI_VF_LEGACY_MTU;
        return 0;
    }
    err = optional(sri_msg_get_queues(&vf->mbx, &vf->granted_queues, sri_vf_exchange_ns(vf)));
    if (err == 0 && vf->net->mailbox_api >= 0x0102) {
        err = optional(sri_msg_get_link_state(&vf->mbx, &vf->link_allowed, sri_vf_exchange_ns(vf)));
    }
    if (err == 0) {
        err = optional(ixgbevf_ask_rx_mode(vf, SRIOV_RX_MULTI)); /* a PF may begin with less */
    }
    return err;
}

static struct sriov_link ixgbevf_decode_link(uint32_t links)
{
    struct sriov_link link = {.up = (links & IXGBE_LINKS_UP) != 0};
    switch (links & IXGBE_LINKS_SPEED) {
    case IXGBE_LINKS_SPEED_10G:
        link.mbps = 10000;
        break;
    case IXGBE_LINKS_SPEED_1G:
        link.mbps = 1000;
        break;
    case IXGBE_LINKS_SPEED_100M:
        link.mbps = 100;
        break;
    default:
        break;
    }
    return link;
}

static const char *const rx_owners[] = {"ixgbevf rx ring 0", "ixgbevf rx ring 1", "ixgbevf rx ring 2",
                                        "ixgbevf rx ring 3", "ixgbevf rx ring 4", "ixgbevf rx ring 5",
                                        "ixgbevf rx ring 6", "ixgbevf rx ring 7"};
static const char *const tx_owners[] = {"ixgbevf tx ring 0", "ixgbevf tx ring 1", "ixgbevf tx ring 2",
                                        "ixgbevf tx ring 3", "ixgbevf tx ring 4", "ixgbevf tx ring 5",
                                        "ixgbevf tx ring 6", "ixgbevf tx ring 7"};

static const struct sri_vf_counter counters[] = {
    {"hw_rx_packets", IXGBE_VFGPRC, 0, 32},
    {"hw_rx_bytes", IXGBE_VFGORC_LSB, IXGBE_VFGORC_MSB, IXGBE_VF_OCTETS_BITS},
    {"hw_rx_multicast", IXGBE_VFMPRC, 0, 32},
    {"hw_tx_packets", IXGBE_VFGPTC, 0, 32},
    {"hw_tx_bytes", IXGBE_VFGOTC_LSB, IXGBE_VFGOTC_MSB, IXGBE_VF_OCTETS_BITS},
    {0},
};

static const struct sri_vf_hw ixgbevf_hw = {
    .name = "ixgbevf",
    .bar_bytes = IXGBE_VF_BAR_SIZE,
    .max_queues = IXGBE_VF_MAX_QUEUES,
    .mbx = {.control = IXGBE_VFMAILBOX, .memory = IXGBE_VFMBMEM(0)},
    .reset_reply_words = IXGBE_MBX_RESET_REPLY_WORDS,
    .ctrl = IXGBE_VFCTRL,
    .link = IXGBE_VFLINKS,
    .psrtype = IXGBE_VFPSRTYPE,
    .eicr = IXGBE_VTEICR,
    .eims = IXGBE_VTEIMS,
    .eimc = IXGBE_VTEIMC,
    .eiac = IXGBE_VTEIAC,
    .eiam = IXGBE_VTEIAM,
    .eitr = IXGBE_VTEITR(0),
    .ivar = IXGBE_VTIVAR(0),
    .ivar_misc = IXGBE_VTIVAR_MISC,
    .eitr_rx = EITR_20US,
    .srrctl = IXGBE_VFSRRCTL(0) - IXGBE_VFRDBAL(0),
    .srrctl_set =
        IXGBE_SRRCTL_DESCTYPE_ADV_ONEBUF | IXGBE_SRRCTL_DROP_EN | 4u << IXGBE_SRRCTL_BSIZEHEADER_SHIFT,
    .rx = {.base = IXGBE_VFRDBAL(0),
           .stride = IXGBE_VFRDBAL(1) - IXGBE_VFRDBAL(0),
           .dca = IXGBE_VFDCA_RXCTRL(0) - IXGBE_VFRDBAL(0),
           .dca_set = IXGBE_DCA_RXCTRL_DESC_RRO_EN,
           .ctl_set = IXGBE_RXDCTL_VME},
    /* WTHRESH 0: each RS is written back at once, 82599 datasheet 7.2.3.5.2. */
    .tx = {.base = IXGBE_VFTDBAL(0),
           .stride = IXGBE_VFTDBAL(1) - IXGBE_VFTDBAL(0),
           .dca = IXGBE_VFDCA_TXCTRL(0) - IXGBE_VFTDBAL(0),
           .dca_set = IXGBE_DCA_TXCTRL_DESC_RRO_EN | IXGBE_DCA_TXCTRL_DATA_RRO_EN,
           .ctl_set = 32u | 1u << IXGBE_TXDCTL_HTHRESH_SHIFT},
    .rx_format = {.l4e = IXGBE_RXD_ERR_L4E, .ipe = IXGBE_RXD_ERR_IPE},
    .rx_owners = rx_owners,
    .tx_owners = tx_owners,
    .counters = counters,
    .decode_link = ixgbevf_decode_link,
    .greet = ixgbevf_greet,
    .ask_rx_mode = ixgbevf_ask_rx_mode,
};

static int ixgbevf_attach(struct sriov_net *net)
{
    return sri_vf_attach(net, &ixgbevf_hw);
}

static const struct sriov_net_ops ixgbevf_ops = {
    .attach = ixgbevf_attach,
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

static const struct sriov_id ixgbevf_ids[] = {{IXGBE_VENDOR_ID, IXGBE_DEV_ID_82599_VF}, {0, 0}};

const struct sriov_driver ixgbevf_driver = {
    .size = sizeof(struct sriov_driver),
    .abi = SRIOV_DRIVER_ABI,
    .name = "ixgbevf-like",
    .class = SRIOV_CLASS_NET,
    .priv_size = sizeof(struct sri_vf),
    .ids = ixgbevf_ids,
    .net = &ixgbevf_ops,
};
