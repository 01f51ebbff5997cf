/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of a port by meaning, common to the 82599 and the 82576. A chip's tables say at
 * which offset of which BAR each is found, so that the engines never see an offset and a VF's
 * window and the PF's share one storage.
 */
#ifndef MOCK_INTEL_REGS_LAYOUT_H
#define MOCK_INTEL_REGS_LAYOUT_H

#include <stdint.h>

#define MOCK_VFS_MAX    64u
#define MOCK_FNS_MAX    65u
#define MOCK_QUEUES_MAX 128u
#define MOCK_POOLS_MAX  64u
#define MOCK_MBX_WORDS  16u
#define MOCK_VF_VECTORS 3u

struct mock_queue_regs {
    uint32_t bal[MOCK_QUEUES_MAX];
    uint32_t bah[MOCK_QUEUES_MAX];
    uint32_t len[MOCK_QUEUES_MAX];
    uint32_t head[MOCK_QUEUES_MAX];
    uint32_t tail[MOCK_QUEUES_MAX];
    uint32_t dctl[MOCK_QUEUES_MAX];
    uint32_t dca[MOCK_QUEUES_MAX];
};

/* Counters of the port; 64-bit ones are a pair with the low half first. */
struct mock_port_stats {
    uint32_t gprc, bprc, mprc, gptc, mptc, bptc, tpr, tpt;
    uint32_t gorc[2], gotc[2], tor[2], tot[2];
    uint32_t prc[6], ptc[6];
    uint32_t missed;   /* no room in the packet buffer */
    uint32_t no_desc;  /* waited for a descriptor */
    uint32_t roc, ruc; /* over- and undersize */
    uint32_t spoofed;
    uint32_t tso; /* segmentation requests done */
};

struct mock_regs {
    uint32_t ctrl[1], ctrl_ext[1], status_bits[1];
    uint32_t autoc[1], mdic[1], eerd[1], swsm[1], swfw[1];
    uint32_t gpie[1], ivar[64], ivar_misc[1], vtivar[4u * MOCK_VFS_MAX], vtivar_misc[MOCK_VFS_MAX];
    uint32_t eitr[129], vteitr[MOCK_VF_VECTORS * MOCK_VFS_MAX];
    uint32_t icr[1], ims[1], iam[1];

    struct mock_queue_regs rx, tx;
    uint32_t srrctl[MOCK_QUEUES_MAX], rscctl[MOCK_QUEUES_MAX], rqdpc[MOCK_QUEUES_MAX];
    uint32_t tdwbal[MOCK_QUEUES_MAX], tdwbah[MOCK_QUEUES_MAX];
    uint32_t psrtype[MOCK_POOLS_MAX];
    uint32_t qdrop[MOCK_QUEUES_MAX]; /* drop enable by the PF, 0 or 1 */

    uint32_t rx_enable[1], rx_filter[1], mcast_ctrl[1], vlan_ctrl[1], rxcsum[1], max_frame[1], hlreg[1];
    uint32_t mrqc[1], reta[32], rssrk[10];
    uint32_t mta[128], vfta[128], uta[128], ral[128], rah[128], mpsar[256];
    uint32_t vt_ctl[1], vmolr[MOCK_POOLS_MAX], vlvf[64], vlvfb[128], vfre[2], vfte[2];
    uint32_t vmvir[MOCK_POOLS_MAX], spoof[8], tx_switch[1], spoof_event[1];
    uint32_t stopped[1], misbehaviour[1]; /* transmit queues, and why the last one was */
    uint32_t tx_enable[1], mtqc[1];
    uint32_t tcp_flags[2]; /* DTXTCPFLGL and DTXTCPFLGH: what segmentation lets pass */
    uint32_t rate_select[1], rate_window[1],
        rate[MOCK_QUEUES_MAX]; /* RTTDQSEL, RTTBCNRM, RTTBCNRC by queue */

    uint32_t mbmem[MOCK_MBX_WORDS * MOCK_VFS_MAX];
    uint32_t mbicr[4], mbimr[4], vflre[2];

    struct mock_port_stats port;
    uint32_t vfgprc[MOCK_VFS_MAX], vfgptc[MOCK_VFS_MAX], vfmprc[MOCK_VFS_MAX];
    uint32_t vfgorc[2u * MOCK_VFS_MAX], vfgotc[2u * MOCK_VFS_MAX];
    uint32_t vfgprlbc[MOCK_VFS_MAX], vfgptlbc[MOCK_VFS_MAX], vfgorlbc[MOCK_VFS_MAX], vfgotlbc[MOCK_VFS_MAX];
};

#endif
