/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file ixgbe_regs.h
 * Registers and descriptors of the Intel 82599 10 GbE controller, PF 8086:10fb and VF 8086:10ed.
 *
 * Shared by the drivers, which use them, and the device models, which implement them.  Section numbers are
 * those of the Intel 82599 10 GbE Controller Datasheet, given only where they are known for certain.
 *
 * Conventions.  IXGBE_X is an offset in BAR 0 of the PF, IXGBE_VFX and IXGBE_VTX in BAR 0 of a VF; a name
 * with a further field is a mask in place, _SHIFT brings it to bit 0.  A macro of n takes an unsigned n in
 * the range its comment gives and does not check it.  After the access type stands the reset value where it
 * is known: RO read only          RW read and write       WO write only, reads 0 RC read clears        W1C
 * written 1 clears    RWS written 1 sets, 0 leaves; reads the state SC the device clears it by itself
 */
#ifndef SRIOV_HW_IXGBE_REGS_H
#define SRIOV_HW_IXGBE_REGS_H

#include <stdint.h>

/* ---- Identity and geometry: sections 1.3, 7.10 and 9.3 ---- */
#define IXGBE_VENDOR_ID        0x8086u
#define IXGBE_DEV_ID_82599_SFP 0x10fbu
#define IXGBE_DEV_ID_82599_VF  0x10edu
#define IXGBE_MAX_VFS          64u  /* TotalVFs reads 64; the PF needs a pool, so drivers enable 63 at most */
#define IXGBE_MAX_QUEUES       128u /* each way, per port */
#define IXGBE_MAX_POOLS        64u
#define IXGBE_RAR_ENTRIES      128u
#define IXGBE_MTA_ENTRIES      128u /* 32 bits each */
#define IXGBE_VFTA_ENTRIES     128u /* 32 bits each */
#define IXGBE_PFUTA_ENTRIES    128u /* 32 bits each */
#define IXGBE_VLVF_ENTRIES     64u
#define IXGBE_BAR_REGS         0u       /* BAR of the registers, in PF and VF */
#define IXGBE_PF_BAR_SIZE      0x80000u /* without the flash */
#define IXGBE_PF_BAR_MSIX      4u
#define IXGBE_PF_MSIX_VECTORS  64u
#define IXGBE_VF_BAR_SIZE      0x4000u
#define IXGBE_VF_BAR_MSIX      3u
#define IXGBE_VF_MSIX_VECTORS  3u
#define IXGBE_MSIX_TABLE       0x0000u /* in the MSI-X BAR */
#define IXGBE_MSIX_PBA         0x2000u /* in the MSI-X BAR */
#define IXGBE_VF_MAX_QUEUES    8u      /* register space; a pool has 8, 4 or 2 by the VT mode */
#define IXGBE_RING_ALIGN       128u    /* of a ring's base and of its length, both in bytes */
#define IXGBE_DESC_SIZE        16u
#define IXGBE_MAX_RING         4096u /* descriptors drivers use: TDLEN and RDLEN hold up to 64 Ki descriptors */
#define IXGBE_DEAD_READ        UINT32_C(0xffffffff) /* any register of a function that has gone */

/* ---- Fields that PF and VF registers share ---- */
/* CTRL and VFCTRL: sections 8.2.3.1.1 and 8.3 */
#define IXGBE_CTRL_PCIE_MASTER_DISABLE 0x00000004u /* PF; RW, 0 */
#define IXGBE_CTRL_LRST                0x00000008u /* PF; RW, 0: link reset, SC */
#define IXGBE_CTRL_RST                 0x04000000u /* PF SC, reads 0 when done; VF WO: resets this VF */
/* LINKS and VFLINKS: section 8.2.3.22.20 */
#define IXGBE_LINKS_UP         0x40000000u
#define IXGBE_LINKS_SPEED      0x30000000u
#define IXGBE_LINKS_SPEED_10G  0x30000000u
#define IXGBE_LINKS_SPEED_1G   0x20000000u
#define IXGBE_LINKS_SPEED_100M 0x10000000u
/* SRRCTL and VFSRRCTL: section 8.2.3.8.7; reset 0x00000402, 2 KiB packet and 256 byte header buffers */
#define IXGBE_SRRCTL_BSIZEPACKET               0x0000001fu /* KiB, 1 to 16 */
#define IXGBE_SRRCTL_BSIZEHEADER               0x00003f00u /* 64 bytes, 1 to 16 */
#define IXGBE_SRRCTL_BSIZEHEADER_SHIFT         8u
#define IXGBE_SRRCTL_RDMTS                     0x01c00000u /* low descriptor interrupt threshold, 64 descriptors */
#define IXGBE_SRRCTL_RDMTS_SHIFT               22u
#define IXGBE_SRRCTL_DESCTYPE                  0x0e000000u
#define IXGBE_SRRCTL_DESCTYPE_LEGACY           0x00000000u
#define IXGBE_SRRCTL_DESCTYPE_ADV_ONEBUF       0x02000000u
#define IXGBE_SRRCTL_DESCTYPE_HDR_SPLIT        0x04000000u
#define IXGBE_SRRCTL_DESCTYPE_HDR_SPLIT_ALWAYS 0x0a000000u
#define IXGBE_SRRCTL_DROP_EN                   0x10000000u /* no descriptor: drop instead of blocking the packet buffer */
#define IXGBE_SRRCTL_RESET                     0x00000402u
/* RXDCTL and VFRXDCTL: section 8.2.3.8.6; reset 0 */
#define IXGBE_RXDCTL_ENABLE 0x02000000u /* reads 1 only once the queue runs, 0 only once it has stopped */
#define IXGBE_RXDCTL_VME    0x40000000u /* strip the VLAN tag into the descriptor */
/* TXDCTL and VFTXDCTL: section 8.2.3.9.10; reset 0 */
#define IXGBE_TXDCTL_PTHRESH       0x0000007fu
#define IXGBE_TXDCTL_HTHRESH       0x00007f00u
#define IXGBE_TXDCTL_HTHRESH_SHIFT 8u
#define IXGBE_TXDCTL_WTHRESH       0x007f0000u /* must be 0 with head write-back */
#define IXGBE_TXDCTL_WTHRESH_SHIFT 16u
#define IXGBE_TXDCTL_ENABLE        0x02000000u /* reads back like RXDCTL.ENABLE */
#define IXGBE_TXDCTL_SWFLSH        0x04000000u /* SC: write back what is done */
/* TDWBAL and VFTDWBAL: section 8.2.3.9.11 */
#define IXGBE_TDWBAL_HEAD_WB_EN 0x00000001u
/* EITR and VTEITR: section 8.2.3.5; reset 0 */
#define IXGBE_EITR_ITR_INTERVAL                                                                              \
    0x00000ff8u /* bits 11:3 in units of 2.048 us at 1G and 10G; 0 is no throttling */
#define IXGBE_EITR_INTERVAL_SHIFT 3u
#define IXGBE_EITR_LLI_MODERATION 0x00008000u
#define IXGBE_EITR_LLI_CREDIT     0x001f0000u
#define IXGBE_EITR_ITR_COUNTER    0x0fe00000u
#define IXGBE_EITR_CNT_WDIS       0x80000000u /* WO: this write leaves the counters alone */
/* One byte of an IVAR, IVAR_MISC, VTIVAR or VTIVAR_MISC: sections 8.2.3.5 and 8.3 */
#define IXGBE_IVAR_ALLOC     0x3fu /* vector; in a VF only bits 1:0 */
#define IXGBE_IVAR_ALLOC_VAL 0x80u
/* PSRTYPE and VFPSRTYPE: section 8.2.3.7 */
#define IXGBE_PSRTYPE_TCPHDR     0x00000010u
#define IXGBE_PSRTYPE_UDPHDR     0x00000020u
#define IXGBE_PSRTYPE_IPV4HDR    0x00000100u
#define IXGBE_PSRTYPE_IPV6HDR    0x00000200u
#define IXGBE_PSRTYPE_L2HDR      0x00001000u
#define IXGBE_PSRTYPE_RQPL       0xe0000000u /* log2 of the pool's RSS queues: 0, 1 or 2 */
#define IXGBE_PSRTYPE_RQPL_SHIFT 29u
/* DCA_RXCTRL, DCA_TXCTRL and the VF's: section 8.2.3.11 */
#define IXGBE_DCA_RXCTRL_DESC_RRO_EN 0x00000200u
#define IXGBE_DCA_RXCTRL_RESERVED12  0x00001000u /* reset 1, software must clear it */
#define IXGBE_DCA_RXCTRL_DATA_WRO_EN 0x00002000u
#define IXGBE_DCA_RXCTRL_HEAD_WRO_EN 0x00008000u
#define IXGBE_DCA_TXCTRL_DESC_RRO_EN 0x00000200u
#define IXGBE_DCA_TXCTRL_DESC_WRO_EN 0x00000800u /* clear it for head write-back */
#define IXGBE_DCA_TXCTRL_DATA_RRO_EN 0x00002000u

/*
 * ======== The physical function: section 8.2 ========
 */

/* ---- General control: section 8.2.3.1 ---- */
#define IXGBE_CTRL                 0x00000u /* RW; fields above */
#define IXGBE_STATUS               0x00008u /* RO */
#define IXGBE_STATUS_LAN_ID        0x0000000cu
#define IXGBE_STATUS_LAN_ID_SHIFT  2u
#define IXGBE_STATUS_LINK_UP       0x00000080u
#define IXGBE_STATUS_NUM_VFS       0x0003fc00u /* NumVFs of the SR-IOV capability */
#define IXGBE_STATUS_NUM_VFS_SHIFT 10u
#define IXGBE_STATUS_IOV_ACTIVE    0x00040000u /* VF Enable of the SR-IOV capability */
#define IXGBE_STATUS_PCIE_MASTER_EN                                                                          \
    0x00080000u                             /* reset 1; 0 once CTRL.PCIE_MASTER_DISABLE has taken effect */
#define IXGBE_CTRL_EXT          0x00018u    /* RW */
#define IXGBE_CTRL_EXT_PFRSTD   0x00004000u /* WO: PF is ready; RSTI to 0, RSTD to 1 in all VFs */
#define IXGBE_CTRL_EXT_NS_DIS   0x00010000u /* no snoop off */
#define IXGBE_CTRL_EXT_RO_DIS   0x00020000u /* relaxed ordering off */
#define IXGBE_CTRL_EXT_DRV_LOAD 0x10000000u /* tells firmware that a driver is there */
#define IXGBE_ESDP              0x00020u    /* RW: software definable pins */
#define IXGBE_ESDP_SDP3         0x00000008u /* on SFP+ boards: 1 turns the transmitter's laser off */
#define IXGBE_FRTIMER           0x00048u    /* RO: free-running timer */
#define IXGBE_TCPTIMER          0x0004cu    /* RW */
#define IXGBE_LEDCTL            0x00200u    /* RW */

/* ---- EEPROM: section 8.2.3.2 ---- */
#define IXGBE_EEC                  0x10010u
#define IXGBE_EEC_EE_PRES          0x00000100u /* RO: a valid EEPROM is there */
#define IXGBE_EEC_AUTO_RD          0x00000200u /* RO: its contents have been loaded; wait for it after a reset */
#define IXGBE_EERD                 0x10014u
#define IXGBE_EERD_START           0x00000001u /* WO */
#define IXGBE_EERD_DONE            0x00000002u /* RO: DATA is valid */
#define IXGBE_EERD_ADDR            0x0000fffcu /* RW: word address */
#define IXGBE_EERD_ADDR_SHIFT      2u
#define IXGBE_EERD_DATA            0xffff0000u /* RO */
#define IXGBE_EERD_DATA_SHIFT      16u
#define IXGBE_EEPROM_CHECKSUM_WORD 0x3fu /* words 0 to 0x3f, and those pointed to, sum up to */
#define IXGBE_EEPROM_SUM           0xbabau
#define IXGBE_EEMNGCTL             0x10110u
#define IXGBE_EEMNGCTL_CFG_DONE0   0x00040000u /* RO: firmware has configured port 0 */
#define IXGBE_EEMNGCTL_CFG_DONE1   0x00080000u /* RO: and port 1 */

/* ---- Semaphores: section 8.2.3.4 ---- */
#define IXGBE_SWSM             0x10140u
#define IXGBE_SWSM_SMBI        0x00000001u /* read sets it: read as 0 is taken; write 0 to free */
#define IXGBE_SWSM_SWESMBI     0x00000002u /* write 1, reads 1 if granted; write 0 to free */
#define IXGBE_FWSM             0x10148u    /* RO to software */
#define IXGBE_FWSM_FW_VALID    0x00008000u
#define IXGBE_FWSM_EXT_ERR_IND 0x01f80000u
#define IXGBE_SW_FW_SYNC       0x10160u /* RW while SWSM.SWESMBI is held; software bits 4:0, firmware's 9:5 */
#define IXGBE_SW_FW_EEP        0x00000001u
#define IXGBE_SW_FW_PHY0       0x00000002u
#define IXGBE_SW_FW_PHY1       0x00000004u
#define IXGBE_SW_FW_MAC_CSR    0x00000008u
#define IXGBE_SW_FW_FLASH      0x00000010u
#define IXGBE_SW_FW_FW_SHIFT   5u

/* ---- PCIe: section 8.2.3.4 ---- */
#define IXGBE_GCR                   0x11000u
#define IXGBE_GCR_EXT               0x11050u    /* RW */
#define IXGBE_GCR_EXT_VT_MODE       0x00000003u /* must agree with GPIE.VT_MODE and with MTQC, MRQC */
#define IXGBE_GCR_EXT_VT_MODE_NONE  0x00000000u
#define IXGBE_GCR_EXT_VT_MODE_16    0x00000001u /* 16 VFs, 8 queues each */
#define IXGBE_GCR_EXT_VT_MODE_32    0x00000002u /* 32 VFs, 4 queues each */
#define IXGBE_GCR_EXT_VT_MODE_64    0x00000003u /* 64 VFs, 2 queues each */
#define IXGBE_GCR_EXT_BUFFERS_CLEAR 0x40000000u /* flushes transmit requests that a dead bus holds back */
#define IXGBE_GCR_EXT_MSIX_EN       0x80000000u
#define IXGBE_PBACL(n)              ((n) == 0u ? 0x11068u : 0x110c0u + 4u * (n)) /* W1C of the MSI-X PBA; n = 0..7 */

/* ---- Interrupts: section 8.2.3.5 ---- */
#define IXGBE_EICR 0x00800u /* RC (see GPIE.OCD) and W1C, 0 */
#define IXGBE_EICS 0x00808u /* WO: raises the causes written 1 */
#define IXGBE_EIMS 0x00880u /* RWS, 0 */
#define IXGBE_EIMC 0x00888u /* WO: masks what is written 1 */
#define IXGBE_EIAC                                                                                           \
    0x00810u /* RW, 0: queue causes (15:0) and TCP timer cleared by sending their MSI-X message */
#define IXGBE_EIAM           0x00890u    /* RW, 0: masks cleared by EICR read, set by EICS write */
#define IXGBE_EICR_RTXQ      0x0000ffffu /* MSI-X: vectors 15:0; else the queues mapped by IVAR */
#define IXGBE_EICR_FLOW_DIR  0x00010000u
#define IXGBE_EICR_RX_MISS   0x00020000u
#define IXGBE_EICR_PCI       0x00040000u
#define IXGBE_EICR_MAILBOX   0x00080000u /* VFREQ or VFACK of PFMBICR not masked by PFMBIMR; also PFVFLRE */
#define IXGBE_EICR_LSC       0x00100000u
#define IXGBE_EICR_LINKSEC   0x00200000u
#define IXGBE_EICR_MNG       0x00400000u
#define IXGBE_EICR_GPI_SDP0  0x01000000u
#define IXGBE_EICR_GPI_SDP1  0x02000000u
#define IXGBE_EICR_GPI_SDP2  0x04000000u
#define IXGBE_EICR_GPI_SDP3  0x08000000u
#define IXGBE_EICR_ECC       0x10000000u
#define IXGBE_EICR_TCP_TIMER 0x40000000u
/* Queue vectors in 32-bit halves: n = 0 is vectors 31:0 (15:0 are also in the registers above), 1 is 63:32.
 */
#define IXGBE_EICS_EX(n) (0x00a90u + 4u * (n))                                         /* WO */
#define IXGBE_EIMS_EX(n) (0x00aa0u + 4u * (n))                                         /* RWS, 0 */
#define IXGBE_EIMC_EX(n) (0x00ab0u + 4u * (n))                                         /* WO */
#define IXGBE_EIAM_EX(n) (0x00ad0u + 4u * (n))                                         /* RW, 0 */
#define IXGBE_EITR(n)    ((n) < 24u ? 0x00820u + 4u * (n) : 0x12300u + 4u * ((n)-24u)) /* RW, 0; n = 0..128 */
#define IXGBE_EITRSEL    0x00894u /* RW: VFs 32 up that use EITR of vector n */
/* IVAR(n), n = 0..63: byte 0 RX queue 2n, byte 1 TX queue 2n, byte 2 RX queue 2n+1, byte 3 TX queue 2n+1. RW,
 * 0 */
#define IXGBE_IVAR(n)               (0x00900u + 4u * (n))
#define IXGBE_IVAR_RX_SHIFT(queue)  (16u * ((queue)&1u))
#define IXGBE_IVAR_TX_SHIFT(queue)  (16u * ((queue)&1u) + 8u)
#define IXGBE_IVAR_MISC             0x00a00u /* RW, 0; byte 0 TCP timer, byte 1 all other causes */
#define IXGBE_IVAR_MISC_TCP_SHIFT   0u
#define IXGBE_IVAR_MISC_OTHER_SHIFT 8u
#define IXGBE_RSCINT(n)             (0x12000u + 4u * (n)) /* RW; n = 0..127 */
#define IXGBE_GPIE                  0x00898u              /* RW, 0 */
#define IXGBE_GPIE_MULTIPLE_MSIX    0x00000010u /* a vector for each cause by IVAR; needed for SR-IOV */
#define IXGBE_GPIE_OCD              0x00000020u /* reading EICR clears the other causes only, not queue causes */
#define IXGBE_GPIE_EIMEN            0x00000040u
#define IXGBE_GPIE_RSC_DELAY_SHIFT  11u
#define IXGBE_GPIE_VT_MODE          0x0000c000u
#define IXGBE_GPIE_VT_MODE_16       0x00004000u
#define IXGBE_GPIE_VT_MODE_32       0x00008000u
#define IXGBE_GPIE_VT_MODE_64       0x0000c000u
#define IXGBE_GPIE_EIAME            0x40000000u
#define IXGBE_GPIE_PBA_SUPPORT      0x80000000u /* pending bits cleared by EICR, needed with MSI-X */

/* ---- Flow control: section 8.2.3.3 ---- */
#define IXGBE_PFCTOP              0x03008u
#define IXGBE_FCTTV(n)            (0x03200u + 4u * (n)) /* RW; n = 0..3 */
#define IXGBE_FCRTL(n)            (0x03220u + 4u * (n)) /* RW, 0; n = 0..7 */
#define IXGBE_FCRTL_XONE          0x80000000u
#define IXGBE_FCRTH(n)            (0x03260u + 4u * (n)) /* RW, 0; n = 0..7 */
#define IXGBE_FCRTH_FCEN          0x80000000u
#define IXGBE_FCRTV               0x032a0u
#define IXGBE_TFCS                0x0ce00u /* RO */
#define IXGBE_FCCFG               0x03d00u
#define IXGBE_FCCFG_TFCE_802_3X   0x00000008u
#define IXGBE_FCCFG_TFCE_PRIORITY 0x00000010u
#define IXGBE_MFLCN               0x04294u
#define IXGBE_MFLCN_PMCF          0x00000001u
#define IXGBE_MFLCN_DPF           0x00000002u
#define IXGBE_MFLCN_RPFCE         0x00000004u
#define IXGBE_MFLCN_RFCE          0x00000008u

/* ---- Receive filters: section 8.2.3.7 ---- */
#define IXGBE_FCTRL               0x05080u    /* RW, 0 */
#define IXGBE_FCTRL_SBP           0x00000002u /* store bad packets */
#define IXGBE_FCTRL_MPE           0x00000100u /* multicast promiscuous */
#define IXGBE_FCTRL_UPE           0x00000200u /* unicast promiscuous */
#define IXGBE_FCTRL_BAM           0x00000400u /* accept broadcast */
#define IXGBE_VLNCTRL             0x05088u    /* RW, 0x8100 */
#define IXGBE_VLNCTRL_VET         0x0000ffffu /* VLAN Ethertype, 0x8100 */
#define IXGBE_VLNCTRL_CFI         0x10000000u
#define IXGBE_VLNCTRL_CFIEN       0x20000000u
#define IXGBE_VLNCTRL_VFE         0x40000000u /* filter by VFTA, and with VT by PFVLVF */
#define IXGBE_MCSTCTRL            0x05090u    /* RW, 0 */
#define IXGBE_MCSTCTRL_MO         0x00000003u /* which bits make the hash: the filter type of the RESET answer */
#define IXGBE_MCSTCTRL_MFE        0x00000004u           /* use the MTA */
#define IXGBE_PSRTYPE(n)          (0x0ea00u + 4u * (n)) /* RW; n = 0..63, by pool; 0..15 also at 0x5480 */
#define IXGBE_RXCSUM              0x05000u              /* RW, 0 */
#define IXGBE_RXCSUM_IPPCSE       0x00001000u
#define IXGBE_RXCSUM_PCSD         0x00002000u /* RSS hash instead of fragment checksum in the descriptor */
#define IXGBE_RFCTL               0x05008u    /* RW, 0 */
#define IXGBE_RFCTL_RSC_DIS       0x00000020u
#define IXGBE_RFCTL_NFSW_DIS      0x00000040u
#define IXGBE_RFCTL_NFSR_DIS      0x00000080u
#define IXGBE_MTA(n)              (0x05200u + 4u * (n)) /* RW, undefined: clear it; n = 0..127, hash 11:5 */
#define IXGBE_RAL(n)              ((n) < 16u ? 0x05400u + 8u * (n) : 0x0a200u + 8u * (n)) /* RW; n = 0..127 */
#define IXGBE_RAH(n)              ((n) < 16u ? 0x05404u + 8u * (n) : 0x0a204u + 8u * (n)) /* RW; n = 0..127 */
#define IXGBE_RAH_ADDR            0x0000ffffu
#define IXGBE_RAH_AV              0x80000000u           /* entry 0: 1 from the EEPROM; else 0 after reset */
#define IXGBE_MPSAR_LO(n)         (0x0a600u + 8u * (n)) /* RW; n = 0..127, by RAL entry: pools 31:0 */
#define IXGBE_MPSAR_HI(n)         (0x0a604u + 8u * (n)) /* RW; pools 63:32 */
#define IXGBE_VFTA(n)             (0x0a000u + 4u * (n)) /* RW, undefined: clear it; n = 0..127, VLAN id 11:5 */
#define IXGBE_MRQC                0x0ec80u              /* RW, 0; also at 0x5818 */
#define IXGBE_MRQC_ALIAS          0x05818u
#define IXGBE_MRQC_MRQE           0x0000000fu
#define IXGBE_MRQC_MRQE_NONE      0x0u
#define IXGBE_MRQC_MRQE_RSS       0x1u
#define IXGBE_MRQC_MRQE_RT8TC     0x2u
#define IXGBE_MRQC_MRQE_RT4TC     0x3u
#define IXGBE_MRQC_MRQE_RTRSS8TC  0x4u
#define IXGBE_MRQC_MRQE_RTRSS4TC  0x5u
#define IXGBE_MRQC_MRQE_VMDQ      0x8u /* 64 pools, no RSS */
#define IXGBE_MRQC_MRQE_VMDQRSS32 0xau /* 32 pools, 4 RSS queues each */
#define IXGBE_MRQC_MRQE_VMDQRSS64 0xbu /* 64 pools, 2 RSS queues each */
#define IXGBE_MRQC_MRQE_VMDQRT8TC 0xcu /* 16 pools, 8 traffic classes */
#define IXGBE_MRQC_MRQE_VMDQRT4TC 0xdu /* 32 pools, 4 traffic classes */
#define IXGBE_MRQC_RSS_IPV4_TCP   0x00010000u
#define IXGBE_MRQC_RSS_IPV4       0x00020000u
#define IXGBE_MRQC_RSS_IPV6       0x00100000u
#define IXGBE_MRQC_RSS_IPV6_TCP   0x00200000u
#define IXGBE_MRQC_RSS_IPV4_UDP   0x00400000u
#define IXGBE_MRQC_RSS_IPV6_UDP   0x00800000u
#define IXGBE_RQTC                0x0ec70u
#define IXGBE_RSSRK(n)            (0x0eb80u + 4u * (n)) /* RW; n = 0..9; also at 0x5c80 */
#define IXGBE_RSSRK_ALIAS(n)      (0x05c80u + 4u * (n))
#define IXGBE_RETA(n)             (0x0eb00u + 4u * (n)) /* RW; n = 0..31, 4 entries each; also at 0x5c00 */
#define IXGBE_RETA_ALIAS(n)       (0x05c00u + 4u * (n))
#define IXGBE_ETQF(n)             (0x05128u + 4u * (n)) /* RW, 0; n = 0..7 */
#define IXGBE_ETQF_FILTER_EN      0x80000000u
#define IXGBE_ETQF_TX_ANTISPOOF   0x20000000u
#define IXGBE_ETQS(n)             (0x0ec00u + 4u * (n)) /* RW, 0; n = 0..7 */
#define IXGBE_SYNQF               0x0ec30u
#define IXGBE_SAQF(n)             (0x0e000u + 4u * (n)) /* RW; n = 0..127 */
#define IXGBE_DAQF(n)             (0x0e200u + 4u * (n)) /* RW; n = 0..127 */
#define IXGBE_SDPQF(n)            (0x0e400u + 4u * (n)) /* RW; n = 0..127 */
#define IXGBE_FTQF(n)             (0x0e600u + 4u * (n)) /* RW; n = 0..127: software clears QUEUE_ENABLE */
#define IXGBE_FTQF_QUEUE_ENABLE   0x80000000u
#define IXGBE_FDIRCTRL            0x0ee00u

/* ---- Receive DMA: section 8.2.3.8; n = 0..127 ---- */
#define IXGBE_RXQ(n)                                                                                         \
    ((n) < 64u ? 0x01000u + 0x40u * (n) : 0x0d000u + 0x40u * ((n)-64u)) /* start of its block */
#define IXGBE_RDBAL(n)            (IXGBE_RXQ(n) + 0x00u)                /* RW; bits 6:0 read 0 */
#define IXGBE_RDBAH(n)            (IXGBE_RXQ(n) + 0x04u)                /* RW */
#define IXGBE_RDLEN(n)            (IXGBE_RXQ(n) + 0x08u) /* RW: bytes, a multiple of 128, bits 19:7 */
#define IXGBE_DCA_RXCTRL(n)       (IXGBE_RXQ(n) + 0x0cu) /* RW; 0..15 also at 0x2200 */
#define IXGBE_RDH(n)              (IXGBE_RXQ(n) + 0x10u) /* RO, 0 */
#define IXGBE_SRRCTL(n)           (IXGBE_RXQ(n) + 0x14u) /* RW, IXGBE_SRRCTL_RESET; 0..15 also at 0x2100 */
#define IXGBE_RDT(n)              (IXGBE_RXQ(n) + 0x18u) /* RW, 0; bits 15:0 */
#define IXGBE_RXDCTL(n)           (IXGBE_RXQ(n) + 0x28u) /* RW, 0 */
#define IXGBE_RSCCTL(n)           (IXGBE_RXQ(n) + 0x2cu) /* RW, 0 */
#define IXGBE_SRRCTL_ALIAS(n)     (0x02100u + 4u * (n))  /* n = 0..15 */
#define IXGBE_DCA_RXCTRL_ALIAS(n) (0x02200u + 4u * (n))  /* n = 0..15 */
#define IXGBE_RDRXCTL             0x02f00u               /* RW */
#define IXGBE_RDRXCTL_CRCSTRIP    0x00000002u            /* must agree with HLREG0.RXCRCSTRP */
#define IXGBE_RDRXCTL_DMAIDONE    0x00000008u /* RO: 0 while receive DMA initializes after a reset, then 1 */
#define IXGBE_RDRXCTL_RSCFRSTSIZE 0x003e0000u /* software sets 0 */
#define IXGBE_RDRXCTL_RSCACKC     0x02000000u /* software sets 1 */
#define IXGBE_RDRXCTL_FCOE_WRFIX  0x04000000u /* software sets 1 */
#define IXGBE_RSCDBU              0x03028u
#define IXGBE_RXCTRL              0x03000u    /* RW, 0 */
#define IXGBE_RXCTRL_RXEN         0x00000001u /* set it last, with SECRXCTRL.RX_DIS around the change */
#define IXGBE_RXPBSIZE(n)         (0x03c00u + 4u * (n)) /* RW; n = 0..7; bits 19:10 in KiB, 512 in all */
#define IXGBE_RXPBSIZE_SIZE       0x000ffc00u
#define IXGBE_RXPBSIZE_SHIFT      10u
#define IXGBE_RXPBSIZE_TOTAL_KIB  512u
#define IXGBE_RTRUP2TC            0x03020u
#define IXGBE_RTRPCS              0x02430u
#define IXGBE_RTRPCS_RAC          0x00000004u

/* ---- Transmit: section 8.2.3.9; n = 0..127 ---- */
#define IXGBE_TDBAL(n)           (0x06000u + 0x40u * (n)) /* RW; bits 6:0 read 0 */
#define IXGBE_TDBAH(n)           (0x06004u + 0x40u * (n)) /* RW */
#define IXGBE_TDLEN(n)           (0x06008u + 0x40u * (n)) /* RW: bytes, a multiple of 128, bits 19:7 */
#define IXGBE_DCA_TXCTRL(n)      (0x0600cu + 0x40u * (n)) /* RW */
#define IXGBE_TDH(n)             (0x06010u + 0x40u * (n)) /* RO, 0 */
#define IXGBE_TDT(n)             (0x06018u + 0x40u * (n)) /* RW, 0; bits 15:0 */
#define IXGBE_TXDCTL(n)          (0x06028u + 0x40u * (n)) /* RW, 0 */
#define IXGBE_TDWBAL(n)          (0x06038u + 0x40u * (n)) /* RW, 0 */
#define IXGBE_TDWBAH(n)          (0x0603cu + 0x40u * (n)) /* RW, 0 */
#define IXGBE_DMATXCTL           0x04a80u                 /* RW; VT 0x8100 in 31:16 */
#define IXGBE_DMATXCTL_TE        0x00000001u              /* 0: set it before enabling a queue */
#define IXGBE_DMATXCTL_GDV       0x00000008u
#define IXGBE_DMATXCTL_VT_SHIFT  16u
#define IXGBE_DTXMXSZRQ          0x08100u /* RW, 0x10: in flight, 256 bytes; only with RTTDCS.ARBDIS */
#define IXGBE_DTXMXSZRQ_MAX      0x00000fffu
#define IXGBE_DTXTCPFLGL         0x04a88u /* RW: TCP flags that stay: 11:0 first frame, 27:16 middle */
#define IXGBE_DTXTCPFLGL_RESET   0x0f760ff6u
#define IXGBE_DTXTCPFLGH         0x04a8cu /* RW: 11:0 in the last frame */
#define IXGBE_DTXTCPFLGH_RESET   0x00000f7fu
#define IXGBE_MTQC               0x08120u /* RW, 0; only while RTTDCS.ARBDIS is 1 */
#define IXGBE_MTQC_RT_ENA        0x00000001u
#define IXGBE_MTQC_VT_ENA        0x00000002u
#define IXGBE_MTQC_NUM_TC_OR_Q   0x0000000cu
#define IXGBE_MTQC_64VF          0x00000004u /* with VT_ENA: 64 pools, 2 queues each */
#define IXGBE_MTQC_32VF          0x00000008u /* with VT_ENA: 32 pools, 4 queues each; with RT_ENA too: 4 classes */
#define IXGBE_MTQC_16VF          0x0000000cu           /* with VT_ENA and RT_ENA: 16 pools, 8 classes */
#define IXGBE_TXPBSIZE(n)        (0x0cc00u + 4u * (n)) /* RW; n = 0..7; bits 19:10 in KiB, 160 in all */
#define IXGBE_TXPBSIZE_SHIFT     10u
#define IXGBE_TXPBSIZE_TOTAL_KIB 160u
#define IXGBE_TXPBTHRESH(n)      (0x04950u + 4u * (n)) /* RW; n = 0..7; KiB */
#define IXGBE_RTTUP2TC           0x0c800u
#define IXGBE_RTTDCS             0x04900u /* RW, 0 */
#define IXGBE_RTTDCS_ARBDIS      0x00000040u
#define IXGBE_RTTDQSEL           0x04904u /* RW: queue that RTTDT1C and RTTBCNRC mean */
#define IXGBE_RTTDT1C            0x04908u
/* Rate limit of that queue, section 8.2.3.10: the link's rate divided by the factor INT.DEC. */
#define IXGBE_RTTBCNRC              0x04984u
#define IXGBE_RTTBCNRC_RF_DEC       0x00003fffu /* of 16384 */
#define IXGBE_RTTBCNRC_RF_INT       0x0fffc000u
#define IXGBE_RTTBCNRC_RF_INT_SHIFT 14u
#define IXGBE_RTTBCNRC_RS_ENA       0x80000000u
#define IXGBE_RTTBCNRM              0x04980u
#define IXGBE_RTTBCNRM_MMW_SIZE     0x000003ffu /* KiB that a queue which was held up may make good */
#define IXGBE_RTTBCNRM_MMW_STD      0x004u
#define IXGBE_RTTBCNRM_MMW_JUMBO    0x014u /* with frames up to 9728 bytes */

/* ---- Security engines: section 8.2.3.12 ---- */
#define IXGBE_SECTXCTRL           0x08800u
#define IXGBE_SECTXCTRL_SECTX_DIS 0x00000001u
#define IXGBE_SECTXCTRL_TX_DIS    0x00000002u
#define IXGBE_SECTXSTAT           0x08804u
#define IXGBE_SECTXSTAT_SECTX_RDY 0x00000001u
#define IXGBE_SECRXCTRL           0x08d00u
#define IXGBE_SECRXCTRL_SECRX_DIS 0x00000001u
#define IXGBE_SECRXCTRL_RX_DIS    0x00000002u /* holds receive data back, for a change of RXCTRL.RXEN */
#define IXGBE_SECRXSTAT           0x08d04u
#define IXGBE_SECRXSTAT_SECRX_RDY 0x00000001u /* RO: 1 once the path is empty after RX_DIS */

/* ---- MAC: section 8.2.3.22 ---- */
#define IXGBE_HLREG0               0x04240u /* RW; TXCRCEN, RXCRCSTRP and TXPADEN reset to 1 */
#define IXGBE_HLREG0_TXCRCEN       0x00000001u
#define IXGBE_HLREG0_RXCRCSTRP     0x00000002u
#define IXGBE_HLREG0_JUMBOEN       0x00000004u /* frames up to MAXFRS; 0 stops at 1518 */
#define IXGBE_HLREG0_TXPADEN       0x00000400u
#define IXGBE_HLREG0_LPBK          0x00008000u
#define IXGBE_MAXFRS               0x04268u /* RW, 0x05ee0000: largest frame with FCS, without VLAN tag, in 31:16 */
#define IXGBE_MAXFRS_MFS_SHIFT     16u
#define IXGBE_AUTOC                0x042a0u
#define IXGBE_AUTOC_FLU            0x00000001u /* force link up */
#define IXGBE_AUTOC_AN_RESTART     0x00001000u /* SC */
#define IXGBE_AUTOC_LMS            0x0000e000u
#define IXGBE_AUTOC_LMS_10G_SERIAL 0x00006000u
#define IXGBE_LINKS                0x042a4u /* RO, 0; fields above */
#define IXGBE_AUTOC2               0x042a8u
#define IXGBE_LINKS2               0x04324u
#define IXGBE_MACC                 0x04330u
#define IXGBE_MSCA                 0x0425cu
#define IXGBE_MSRWD                0x04260u

/* ---- Virtualization: section 8.2.3.27 ---- */
#define IXGBE_PFVTCTL              0x051b0u /* RW, 0; VT_CTL in drivers */
#define IXGBE_PFVTCTL_VT_ENA       0x00000001u
#define IXGBE_PFVTCTL_DEF_PL       0x00001f80u /* pool of what matches no filter */
#define IXGBE_PFVTCTL_DEF_PL_SHIFT 7u
#define IXGBE_PFVTCTL_DIS_DEF_POOL 0x20000000u /* drop it instead */
#define IXGBE_PFVTCTL_RPL_EN       0x40000000u /* replicate multicast and broadcast */
/* PFMAILBOX(n), n = 0..63 by VF.  STS and ACK ring the VF and read 0; PFU is taken by writing 1 while VFU is
 * 0. */
#define IXGBE_PFMAILBOX(n)   (0x04b00u + 4u * (n))
#define IXGBE_PFMAILBOX_STS  0x00000001u /* WO: a message for the VF is in PFMBMEM; sets VFMAILBOX.PFSTS */
#define IXGBE_PFMAILBOX_ACK  0x00000002u /* WO: the VF's message has been read; sets VFMAILBOX.PFACK */
#define IXGBE_PFMAILBOX_VFU  0x00000004u /* RO, 0 */
#define IXGBE_PFMAILBOX_PFU  0x00000008u /* RW, 0 */
#define IXGBE_PFMAILBOX_RVFU 0x00000010u /* WO: takes VFU away from a VF that hangs */
#define IXGBE_PFMBMEM(n)     (0x13000u + 0x40u * (n)) /* RW; n = 0..63 by VF: its first word, 16 in all */
/* PFMBICR(n), n = 0..3, W1C: VFs 16n to 16n + 15, requests in the lower half, acknowledgements in the upper.
 */
#define IXGBE_PFMBICR(n)        (0x00710u + 4u * (n))
#define IXGBE_PFMBICR_VFREQ(vf) (UINT32_C(1) << ((vf)&15u))
#define IXGBE_PFMBICR_VFACK(vf) (UINT32_C(0x10000) << ((vf)&15u))
#define IXGBE_PFMBICR_INDEX(vf) ((vf) >> 4)
#define IXGBE_PFMBIMR(n)        (0x00720u + 4u * (n)) /* RW, all 1; n = 0..1: VFs 32n up that raise EICR.MAILBOX */
#define IXGBE_PFVFLRE(n)        ((n) == 0u ? 0x00600u : 0x001c0u) /* RO, 0; n = 0..1: VFs 32n up that were reset */
#define IXGBE_PFVFLREC(n)       (0x00700u + 4u * (n))             /* W1C of PFVFLRE; n = 0..1 */
#define IXGBE_PFVFRE(n)                                                                                      \
    (0x051e0u + 4u * (n)) /* RW, 0; n = 0..1: receive enable; a reset of the VF clears its bit */
#define IXGBE_PFVFTE(n)             (0x08110u + 4u * (n)) /* RW, 0; n = 0..1: transmit enable; likewise */
#define IXGBE_PFVMECM(n)            (0x08790u + 4u * (n)) /* RW, 0; n = 0..1: VFs whose spoofed packets SSVPC counts */
#define IXGBE_PFQDE                 0x02f04u              /* indirect: drop enable of each receive queue */
#define IXGBE_PFQDE_QDE             0x00000001u
#define IXGBE_PFQDE_QUEUE_IDX       0x00007f00u
#define IXGBE_PFQDE_QUEUE_IDX_SHIFT 8u
#define IXGBE_PFQDE_WE              0x00010000u /* WO: write QDE to the queue */
#define IXGBE_PFQDE_RE              0x00020000u /* WO: fetch QDE of the queue */
#define IXGBE_PFVMTXSW(n)                                                                                    \
    (0x05180u + 4u * (n)) /* RW, 0; n = 0..1: pools whose transmits go to the wire only */
#define IXGBE_PFVFSPOOF(n)          (0x08200u + 4u * (n)) /* RW, 0; n = 0..7: VFs 8n to 8n + 7 */
#define IXGBE_PFVFSPOOF_MACAS(vf)   (UINT32_C(1) << ((vf)&7u))
#define IXGBE_PFVFSPOOF_VLANAS(vf)  (UINT32_C(0x100) << ((vf)&7u)) /* needs MACAS too */
#define IXGBE_PFDTXGSWC             0x08220u                       /* RW, 0 */
#define IXGBE_PFDTXGSWC_LBE         0x00000001u                    /* VF to VF switching */
#define IXGBE_PFVMVIR(n)            (0x08000u + 4u * (n)) /* RW, 0; n = 0..63: tag inserted into what the pool sends */
#define IXGBE_PFVMVIR_PORT_VLAN     0x0000ffffu
#define IXGBE_PFVMVIR_VLANA         0xc0000000u
#define IXGBE_PFVMVIR_VLANA_DESC    0x00000000u /* as the descriptor says */
#define IXGBE_PFVMVIR_VLANA_DEFAULT 0x40000000u /* always PORT_VLAN */
#define IXGBE_PFVMVIR_VLANA_NEVER   0x80000000u
#define IXGBE_PFVML2FLT(n)          (0x0f000u + 4u * (n)) /* RW, 0; n = 0..63; VMOLR in drivers */
#define IXGBE_PFVML2FLT_AUPE        0x01000000u           /* accept untagged */
#define IXGBE_PFVML2FLT_ROMPE       0x02000000u           /* accept what the MTA matches */
#define IXGBE_PFVML2FLT_ROPE        0x04000000u           /* accept what the PFUTA matches */
#define IXGBE_PFVML2FLT_BAM         0x08000000u           /* accept broadcast */
#define IXGBE_PFVML2FLT_MPE         0x10000000u           /* accept all multicast */
#define IXGBE_PFVLVF(n)             (0x0f100u + 4u * (n)) /* RW, undefined: software clears it; n = 0..63 */
#define IXGBE_PFVLVF_VLAN_ID        0x00000fffu
#define IXGBE_PFVLVF_VI_EN          0x80000000u
#define IXGBE_PFVLVFB(n)                                                                                     \
    (0x0f200u + 4u * (n)) /* RW; n = 0..127: 2i holds pools 31:0 of PFVLVF(i), 2i+1 63:32 */
#define IXGBE_PFUTA(n)    (0x0f400u + 4u * (n)) /* RW, undefined: software clears it; n = 0..127 */
#define IXGBE_PFMRCTL(n)  (0x0f600u + 4u * (n)) /* RW, 0; n = 0..3: mirror rules */
#define IXGBE_PFMRVLAN(n) (0x0f610u + 4u * (n)) /* RW; n = 0..7 */
#define IXGBE_PFMRVM(n)   (0x0f630u + 4u * (n)) /* RW; n = 0..7 */
/* The PF's view of VF registers; n = 0..63 by VF. */
#define IXGBE_PVFCTRL(n)      (0x00300u + 4u * (n))
#define IXGBE_PVFMAILBOX(n)   (0x04c00u + 4u * (n))
#define IXGBE_PVTEICR(n)      (0x00b00u + 4u * (n))
#define IXGBE_PVTEICS(n)      (0x00c00u + 4u * (n))
#define IXGBE_PVTEIMS(n)      (0x00d00u + 4u * (n))
#define IXGBE_PVTEIMC(n)      (0x00e00u + 4u * (n))
#define IXGBE_PVTEIAC(n)      (0x00f00u + 4u * (n))
#define IXGBE_PVTEIAM(n)      (0x04d00u + 4u * (n))
#define IXGBE_PVTIVAR(n)      (0x12500u + 4u * (n))
#define IXGBE_PVTIVAR_MISC(n) (0x04e00u + 4u * (n))
#define IXGBE_PVFGPRC(n)      (0x0101cu + 0x40u * (n))
#define IXGBE_PVFGORC_LSB(n)  (0x01020u + 0x40u * (n))
#define IXGBE_PVFGORC_MSB(n)  (0x0d020u + 0x40u * (n))
#define IXGBE_PVFMPRC(n)      (0x0d01cu + 0x40u * (n))
#define IXGBE_PVFGPTC(n)      (0x08300u + 4u * (n))
#define IXGBE_PVFGOTC_LSB(n)  (0x08400u + 8u * (n))
#define IXGBE_PVFGOTC_MSB(n)  (0x08404u + 8u * (n))

/* ---- Statistics: section 8.2.3.23.  RC, 32 bits that stop at all ones unless said otherwise ---- */
#define IXGBE_CRCERRS    0x04000u
#define IXGBE_ILLERRC    0x04004u
#define IXGBE_ERRBC      0x04008u
#define IXGBE_MSPDC      0x04010u
#define IXGBE_MPC(n)     (0x03fa0u + 4u * (n)) /* missed packets by packet buffer; n = 0..7 */
#define IXGBE_MLFC       0x04034u
#define IXGBE_MRFC       0x04038u
#define IXGBE_RLEC       0x04040u
#define IXGBE_LXONTXC    0x03f60u
#define IXGBE_LXOFFTXC   0x03f68u
#define IXGBE_LXONRXCNT  0x041a4u
#define IXGBE_LXOFFRXCNT 0x041a8u
#define IXGBE_PRC64      0x0405cu
#define IXGBE_PRC127     0x04060u
#define IXGBE_PRC255     0x04064u
#define IXGBE_PRC511     0x04068u
#define IXGBE_PRC1023    0x0406cu
#define IXGBE_PRC1522    0x04070u
#define IXGBE_GPRC       0x04074u /* good packets from the wire */
#define IXGBE_BPRC       0x04078u /* broadcast of them */
#define IXGBE_MPRC       0x0407cu /* multicast of them */
#define IXGBE_GPTC       0x04080u /* good packets to the wire */
#define IXGBE_GORCL      0x04088u /* good octets from the wire, 36 bits: read L, then H; both RC */
#define IXGBE_GORCH      0x0408cu
#define IXGBE_GOTCL      0x04090u /* good octets to the wire, 36 bits */
#define IXGBE_GOTCH      0x04094u
#define IXGBE_RUC        0x040a4u
#define IXGBE_RFC        0x040a8u
#define IXGBE_ROC        0x040acu
#define IXGBE_RJC        0x040b0u
#define IXGBE_MNGPRC     0x040b4u
#define IXGBE_MNGPDC     0x040b8u
#define IXGBE_TORL       0x040c0u
#define IXGBE_TORH       0x040c4u
#define IXGBE_TPR        0x040d0u
#define IXGBE_TPT        0x040d4u
#define IXGBE_PTC64      0x040d8u
#define IXGBE_PTC127     0x040dcu
#define IXGBE_PTC255     0x040e0u
#define IXGBE_PTC511     0x040e4u
#define IXGBE_PTC1023    0x040e8u
#define IXGBE_PTC1522    0x040ecu
#define IXGBE_MPTC       0x040f0u
#define IXGBE_BPTC       0x040f4u
#define IXGBE_XEC        0x04120u /* receive checksum errors */
#define IXGBE_SSVPC      0x08780u /* spoofed packets dropped, of the VFs in PFVMECM */
#define IXGBE_RXDGPC     0x02f50u /* good packets to host memory, from the wire and from VFs */
#define IXGBE_TXDGPC     0x087a0u
#define IXGBE_RQSMR(n)                                                                                       \
    (0x02300u + 4u * (n)) /* RW; n = 0..31: counter 0..15 of each receive queue, 4 to a register */
#define IXGBE_TQSM(n)     (0x08600u + 4u * (n))    /* RW; n = 0..31: likewise for transmit */
#define IXGBE_QPRC(n)     (0x01030u + 0x40u * (n)) /* n = 0..15 */
#define IXGBE_QBRC_L(n)   (0x01034u + 0x40u * (n)) /* n = 0..15, 36 bits with QBRC_H */
#define IXGBE_QBRC_H(n)   (0x01038u + 0x40u * (n))
#define IXGBE_QPRDC(n)    (0x01430u + 0x40u * (n)) /* dropped for want of descriptors; n = 0..15 */
#define IXGBE_QPTC(n)     (0x06030u + 0x40u * (n)) /* n = 0..15; also at 0x8680 */
#define IXGBE_QBTC_L(n)   (0x08700u + 8u * (n))    /* n = 0..15, 36 bits with QBTC_H */
#define IXGBE_QBTC_H(n)   (0x08704u + 8u * (n))
#define IXGBE_OCTETS_BITS 36u

/*
 * ======== The virtual function: section 8.3 ========
 */

/* ---- VF general control: section 8.3 ---- */
#define IXGBE_VFCTRL    0x00000u /* WO: only RST; reads 0 */
#define IXGBE_VFSTATUS  0x00008u /* RO: the PF's STATUS */
#define IXGBE_VFLINKS   0x00010u /* RO: the PF's LINKS */
#define IXGBE_VFFRTIMER 0x00048u /* RO: free-running timer, microseconds of the PF's FRTIMER */
/* RO, 0: not in the datasheet of the 82599, whose VF drivers print it all the same */
#define IXGBE_VFRXMEMWRAP 0x03190u
/*
 * VFMAILBOX: section 8.3.  REQ and ACK ring the PF and read 0.  PFSTS, PFACK and RSTD are cleared by
 * the read that shows them (W1C would not do), so software keeps what it has read.  RSTI is a level: 1 from
 * PF reset or power on until the PF sets CTRL_EXT.PFRSTD; that edge sets RSTD.  VFU is taken by writing 1
 * while PFU is 0 and given back by writing 0; a write of 1 while PFU is 1 is ignored.
 */
#define IXGBE_VFMAILBOX         0x002fcu
#define IXGBE_VFMAILBOX_REQ     0x00000001u /* WO: a message for the PF is in VFMBMEM; sets PFMBICR.VFREQ */
#define IXGBE_VFMAILBOX_ACK     0x00000002u /* WO: the PF's message has been read; sets PFMBICR.VFACK */
#define IXGBE_VFMAILBOX_VFU     0x00000004u /* RW, 0: the VF owns VFMBMEM */
#define IXGBE_VFMAILBOX_PFU     0x00000008u /* RO, 0: the PF owns VFMBMEM */
#define IXGBE_VFMAILBOX_PFSTS   0x00000010u /* RC, 0: the PF left a message */
#define IXGBE_VFMAILBOX_PFACK   0x00000020u /* RC, 0: the PF has read the last message */
#define IXGBE_VFMAILBOX_RSTI    0x00000040u /* RO, 1: the PF is in reset */
#define IXGBE_VFMAILBOX_RSTD    0x00000080u /* RC, 0: the PF came out of reset */
#define IXGBE_VFMAILBOX_RC_BITS (IXGBE_VFMAILBOX_PFSTS | IXGBE_VFMAILBOX_PFACK | IXGBE_VFMAILBOX_RSTD)
#define IXGBE_VFMBMEM(n)                                                                                     \
    (0x00200u + 4u * (n)) /* RW, n = 0..15: the same memory as the PF's PFMBMEM of this VF */
#define IXGBE_MBX_WORDS 16u

/* ---- VF interrupts: section 8.3; bits 2:0 are the three vectors ---- */
#define IXGBE_VTEICR    0x00100u /* RC and W1C, 0 */
#define IXGBE_VTEICS    0x00104u /* WO: raises the causes written 1 */
#define IXGBE_VTEIMS    0x00108u /* RWS, 0 */
#define IXGBE_VTEIMC    0x0010cu /* WO: masks what is written 1 */
#define IXGBE_VTEIAC    0x00110u /* RW, 0: causes cleared by sending their MSI-X message */
#define IXGBE_VTEIAM    0x00114u /* RW, 0: masks cleared or set together with VTEICR or VTEICS access */
#define IXGBE_VTEI_MASK 0x00000007u
#define IXGBE_VTEITR(n) (0x00820u + 4u * (n)) /* RW, 0; n = 0..2 */
/* VTIVAR(n), n = 0..3: byte 0 RX queue 2n, byte 1 TX queue 2n, byte 2 RX queue 2n+1, byte 3 TX queue 2n+1.
 * RW, 0 */
#define IXGBE_VTIVAR(n)              (0x00120u + 4u * (n))
#define IXGBE_VTIVAR_RX_SHIFT(queue) (16u * ((queue)&1u))
#define IXGBE_VTIVAR_TX_SHIFT(queue) (16u * ((queue)&1u) + 8u)
#define IXGBE_VTIVAR_MISC            0x00140u              /* RW, 0; byte 0: the mailbox */
#define IXGBE_VTRSCINT(n)            (0x00180u + 4u * (n)) /* RW, 0; n = 0..2: RSC delay */

/* ---- VF receive: section 8.3; n = 0..7 ---- */
#define IXGBE_VFPSRTYPE       0x00300u                 /* RW, 0 */
#define IXGBE_VFRDBAL(n)      (0x01000u + 0x40u * (n)) /* RW; bits 6:0 read 0 */
#define IXGBE_VFRDBAH(n)      (0x01004u + 0x40u * (n)) /* RW */
#define IXGBE_VFRDLEN(n)      (0x01008u + 0x40u * (n)) /* RW: bytes, a multiple of 128, bits 19:7 */
#define IXGBE_VFDCA_RXCTRL(n) (0x0100cu + 0x40u * (n)) /* RW */
#define IXGBE_VFRDH(n)        (0x01010u + 0x40u * (n)) /* RO to software while the queue is enabled; 0 */
#define IXGBE_VFSRRCTL(n)     (0x01014u + 0x40u * (n)) /* RW, IXGBE_SRRCTL_RESET */
#define IXGBE_VFRDT(n)        (0x01018u + 0x40u * (n)) /* RW, 0; bits 15:0 */
#define IXGBE_VFRXDCTL(n)     (0x01028u + 0x40u * (n)) /* RW, 0 */
#define IXGBE_VFRSCCTL(n)     (0x0102cu + 0x40u * (n)) /* RW, 0: with SR-IOV leave RSC off */

/* ---- VF transmit: section 8.3; n = 0..7 ---- */
#define IXGBE_VFTDBAL(n)      (0x02000u + 0x40u * (n)) /* RW; bits 6:0 read 0 */
#define IXGBE_VFTDBAH(n)      (0x02004u + 0x40u * (n)) /* RW */
#define IXGBE_VFTDLEN(n)      (0x02008u + 0x40u * (n)) /* RW: bytes, a multiple of 128, bits 19:7 */
#define IXGBE_VFDCA_TXCTRL(n) (0x0200cu + 0x40u * (n)) /* RW */
#define IXGBE_VFTDH(n)        (0x02010u + 0x40u * (n)) /* RO to software while the queue is enabled; 0 */
#define IXGBE_VFTDT(n)        (0x02018u + 0x40u * (n)) /* RW, 0; bits 15:0 */
#define IXGBE_VFTXDCTL(n)     (0x02028u + 0x40u * (n)) /* RW, 0 */
#define IXGBE_VFTDWBAL(n)     (0x02038u + 0x40u * (n)) /* RW, 0 */
#define IXGBE_VFTDWBAH(n)     (0x0203cu + 0x40u * (n)) /* RW, 0 */

/* ---- VF statistics: section 8.3.  RO and wrapping, never cleared by a read nor by a reset of the VF
 * ---- */
#define IXGBE_VFGPRC         0x0101cu /* good packets received, 32 bits */
#define IXGBE_VFGORC_LSB     0x01020u /* good octets received, 36 bits: read LSB, then MSB */
#define IXGBE_VFGORC_MSB     0x01024u /* bits 3:0 */
#define IXGBE_VFMPRC         0x01034u /* multicast packets received, 32 bits */
#define IXGBE_VFGPTC         0x0201cu /* good packets transmitted, 32 bits */
#define IXGBE_VFGOTC_LSB     0x02020u /* good octets transmitted, 36 bits */
#define IXGBE_VFGOTC_MSB     0x02024u /* bits 3:0 */
#define IXGBE_VF_OCTETS_BITS 36u

/*
 * ======== Descriptors: sections 7.1.6 and 7.2.3 ========
 *
 * Both are 16 bytes, little endian; dwN is the 32-bit word at byte 4N.
 */

/* ---- Advanced receive, read format: section 7.1.6.1 ---- */
/* Quadword 0: packet buffer address.  Quadword 1: header buffer address, whose bit 0 (DD) software writes 0.
 */

/* ---- Advanced receive, write-back format: section 7.1.6.2 ---- */
/* dw0 */
#define IXGBE_RXD_DW0_RSSTYPE       0x0000000fu
#define IXGBE_RXD_DW0_PKTTYPE       0x0001fff0u
#define IXGBE_RXD_DW0_RSCCNT        0x001e0000u
#define IXGBE_RXD_DW0_RSCCNT_SHIFT  17u
#define IXGBE_RXD_DW0_HDR_LEN       0x7fe00000u
#define IXGBE_RXD_DW0_HDR_LEN_SHIFT 21u
#define IXGBE_RXD_DW0_SPH           0x80000000u
#define IXGBE_RXD_RSSTYPE_NONE      0x0u
#define IXGBE_RXD_RSSTYPE_IPV4_TCP  0x1u
#define IXGBE_RXD_RSSTYPE_IPV4      0x2u
#define IXGBE_RXD_RSSTYPE_IPV6_TCP  0x3u
#define IXGBE_RXD_RSSTYPE_IPV6      0x5u
#define IXGBE_RXD_RSSTYPE_IPV4_UDP  0x7u
#define IXGBE_RXD_RSSTYPE_IPV6_UDP  0x8u
#define IXGBE_RXD_PKTTYPE_IPV4      0x00000010u /* in place in dw0, as all PKTTYPE */
#define IXGBE_RXD_PKTTYPE_IPV4_EX   0x00000020u
#define IXGBE_RXD_PKTTYPE_IPV6      0x00000040u
#define IXGBE_RXD_PKTTYPE_IPV6_EX   0x00000080u
#define IXGBE_RXD_PKTTYPE_TCP       0x00000100u
#define IXGBE_RXD_PKTTYPE_UDP       0x00000200u
#define IXGBE_RXD_PKTTYPE_SCTP      0x00000400u
#define IXGBE_RXD_PKTTYPE_NFS       0x00000800u
#define IXGBE_RXD_PKTTYPE_IPSEC_ESP 0x00001000u
#define IXGBE_RXD_PKTTYPE_IPSEC_AH  0x00002000u
#define IXGBE_RXD_PKTTYPE_LINKSEC   0x00004000u
#define IXGBE_RXD_PKTTYPE_ETQF      0x00008000u /* bits 6:4 are then the matching ETQF */
/* dw1: the RSS hash; or, with RXCSUM.PCSD 0, IP identification in 15:0 and fragment checksum in 31:16 */
/* dw2: status, 19:0, and errors, 31:20 */
#define IXGBE_RXD_STAT_DD    0x00000001u /* the device is done with it: look at this first */
#define IXGBE_RXD_STAT_EOP   0x00000002u /* last descriptor of its packet; errors hold only here */
#define IXGBE_RXD_STAT_FLM   0x00000004u /* flow director matched */
#define IXGBE_RXD_STAT_VP    0x00000008u /* was VLAN tagged (802.1Q) */
#define IXGBE_RXD_STAT_UDPCS 0x00000010u /* UDP checksum looked at */
#define IXGBE_RXD_STAT_L4CS  0x00000020u /* TCP or UDP checksum looked at */
#define IXGBE_RXD_STAT_IPCS  0x00000040u /* IPv4 header checksum looked at */
#define IXGBE_RXD_STAT_PIF   0x00000080u /* passed an inexact filter only */
#define IXGBE_RXD_STAT_NEXTP 0x000ffff0u /* RSC: next descriptor, when EOP is 0 */
#define IXGBE_RXD_STAT_VEXT  0x00000200u /* outer tag found, double VLAN */
#define IXGBE_RXD_STAT_UDPV  0x00000400u /* the fragment checksum is valid */
#define IXGBE_RXD_STAT_LLINT 0x00000800u /* caused a low latency interrupt */
#define IXGBE_RXD_STAT_TS    0x00010000u /* time stamped */
#define IXGBE_RXD_STAT_SECP  0x00020000u /* security processed */
#define IXGBE_RXD_STAT_LB    0x00040000u /* came from a VF of this port, not from the wire */
#define IXGBE_RXD_ERR_MASK   0xfff00000u
#define IXGBE_RXD_ERR_HBO    0x00800000u /* header larger than its buffer */
#define IXGBE_RXD_ERR_SECERR 0x18000000u
#define IXGBE_RXD_ERR_RXE    0x20000000u /* MAC error: CRC, length, over or undersize; only with FCTRL.SBP */
#define IXGBE_RXD_ERR_L4E    0x40000000u /* TCP or UDP checksum wrong; means something with L4CS only */
#define IXGBE_RXD_ERR_IPE    0x80000000u /* IPv4 header checksum wrong; means something with IPCS only */
/* dw3 */
#define IXGBE_RXD_DW3_LENGTH     0x0000ffffu /* bytes in this descriptor's packet buffer */
#define IXGBE_RXD_DW3_VLAN       0xffff0000u /* the stripped tag, with VP and VME */
#define IXGBE_RXD_DW3_VLAN_SHIFT 16u

/* ---- Advanced transmit data, read format: section 7.2.3.2.4 ---- */
/* dw0, dw1: buffer address.  dw2: */
#define IXGBE_TXD_DTALEN     0x0000ffffu /* bytes of this buffer */
#define IXGBE_TXD_MAC_ILSEC  0x00040000u
#define IXGBE_TXD_MAC_TSTAMP 0x00080000u
#define IXGBE_TXD_DTYP       0x00f00000u
#define IXGBE_TXD_DTYP_CTXT  0x00200000u
#define IXGBE_TXD_DTYP_DATA  0x00300000u
#define IXGBE_TXD_DCMD_EOP   0x01000000u
#define IXGBE_TXD_DCMD_IFCS  0x02000000u /* append the FCS; must be 1 with TXPADEN, TSE or offload */
#define IXGBE_TXD_DCMD_RS    0x08000000u /* report: set DD when done; only together with EOP */
#define IXGBE_TXD_DCMD_DEXT  0x20000000u /* advanced; 0 is a legacy descriptor */
#define IXGBE_TXD_DCMD_VLE   0x40000000u /* insert the VLAN tag of the context */
#define IXGBE_TXD_DCMD_TSE   0x80000000u /* TCP segmentation */
/* dw3: */
#define IXGBE_TXD_STAT_DD      0x00000001u
#define IXGBE_TXD_IDX          0x00000070u /* context index, 0 or 1 */
#define IXGBE_TXD_IDX_SHIFT    4u
#define IXGBE_TXD_CC           0x00000080u /* check context: with SR-IOV set it, so that the switch sees MACLEN */
#define IXGBE_TXD_POPTS_IXSM   0x00000100u /* insert IPv4 checksum */
#define IXGBE_TXD_POPTS_TXSM   0x00000200u /* insert L4 checksum */
#define IXGBE_TXD_POPTS_IPSEC  0x00000400u
#define IXGBE_TXD_PAYLEN       0xffffc000u /* whole packet less headers of TSO; without TSE the packet's length */
#define IXGBE_TXD_PAYLEN_SHIFT 14u
#define IXGBE_TXD_PAYLEN_MAX   0x0003ffffu
#define IXGBE_TXD_WB_DW        3u /* write-back: the word that holds DD; the others are reserved */

/* ---- Advanced transmit context: section 7.2.3.2.3 ---- */
/* dw0 */
#define IXGBE_TXC_IPLEN        0x000001ffu
#define IXGBE_TXC_MACLEN       0x0000fe00u /* 14 to 127, without the tag that hardware inserts */
#define IXGBE_TXC_MACLEN_SHIFT 9u
#define IXGBE_TXC_VLAN         0xffff0000u
#define IXGBE_TXC_VLAN_SHIFT   16u
/* dw1: FCoE or IPsec.  dw2: */
#define IXGBE_TXC_TUCMD_IPV4     0x00000400u
#define IXGBE_TXC_TUCMD_L4T      0x00001800u
#define IXGBE_TXC_TUCMD_L4T_UDP  0x00000000u
#define IXGBE_TXC_TUCMD_L4T_TCP  0x00000800u
#define IXGBE_TXC_TUCMD_L4T_SCTP 0x00001000u
/* with IXGBE_TXD_DTYP_CTXT and IXGBE_TXD_DCMD_DEXT.  dw3: */
#define IXGBE_TXC_IDX         0x00000010u
#define IXGBE_TXC_IDX_SHIFT   4u
#define IXGBE_TXC_L4LEN       0x0000ff00u
#define IXGBE_TXC_L4LEN_SHIFT 8u
#define IXGBE_TXC_MSS         0xffff0000u
#define IXGBE_TXC_MSS_SHIFT   16u

/* ---- Legacy transmit: section 7.2.3.2.2; dw2 and dw3 ---- */
#define IXGBE_TXD_LEGACY_LENGTH     0x0000ffffu
#define IXGBE_TXD_LEGACY_CMD_EOP    0x01000000u
#define IXGBE_TXD_LEGACY_CMD_IFCS   0x02000000u
#define IXGBE_TXD_LEGACY_CMD_IC     0x04000000u
#define IXGBE_TXD_LEGACY_CMD_RS     0x08000000u
#define IXGBE_TXD_LEGACY_CMD_VLE    0x40000000u
#define IXGBE_TXD_LEGACY_STAT_DD    0x00000001u
#define IXGBE_TXD_LEGACY_VLAN_SHIFT 16u

#endif
