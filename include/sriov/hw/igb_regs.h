/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file igb_regs.h
 * Registers and descriptors of the Intel 82576 GbE controller, PF 8086:10c9 and VF 8086:10ca.
 *
 * Shared by the drivers, which use them, and the device models, which implement them.  Section numbers are
 * those of the Intel 82576 Gigabit Ethernet Controller Datasheet, given only where they are known.
 *
 * Conventions.  IGB_X is an offset in BAR 0 of the PF, IGBVF_X in BAR 0 of a VF; a name with a further field
 * is a mask in place, _SHIFT brings it to bit 0.  A macro of n takes an unsigned n in the range its comment
 * gives and does not check it.  After the access type stands the reset value where it is known: RO read only
 * RW read and write       WO write only, reads 0 RC read clears        W1C written 1 clears    RWS written 1
 * sets, 0 leaves; reads the state SC the device clears it by itself
 */
#ifndef SRIOV_HW_IGB_REGS_H
#define SRIOV_HW_IGB_REGS_H

#include <stdint.h>

/* ---- Identity and geometry ---- */
#define IGB_VENDOR_ID       0x8086u
#define IGB_DEV_ID_82576    0x10c9u
#define IGB_DEV_ID_82576_VF 0x10cau
#define IGB_MAX_VFS         7u /* drivers keep the eighth pool for the PF */
#define IGB_TOTAL_VFS       8u /* TotalVFs of the SR-IOV capability on silicon */
#define IGB_MAX_POOLS       8u
#define IGB_MAX_QUEUES      16u /* each way; pool n owns queues n and n + 8 */
#define IGB_QUEUES_PER_POOL 2u
#define IGB_RAR_ENTRIES     24u
#define IGB_MTA_ENTRIES     128u /* 32 bits each */
#define IGB_VFTA_ENTRIES    128u /* 32 bits each */
#define IGB_UTA_ENTRIES     128u /* 32 bits each */
#define IGB_VLVF_ENTRIES    32u
#define IGB_BAR_REGS        0u /* BAR of the registers, in PF and VF */
#define IGB_PF_BAR_SIZE     0x20000u
#define IGB_PF_BAR_MSIX     3u
#define IGB_PF_MSIX_VECTORS 25u
#define IGB_PF_MSIX_TABLE   0x0000u
#define IGB_PF_MSIX_PBA     0x2000u
#define IGBVF_BAR_SIZE      0x4000u
#define IGBVF_BAR_MSIX      3u
#define IGBVF_MSIX_VECTORS  3u
#define IGBVF_MSIX_TABLE    0x0000u
#define IGBVF_MSIX_PBA      0x2000u
#define IGBVF_MAX_QUEUES    2u
#define IGB_RING_ALIGN      128u /* of a ring's base and of its length, both in bytes */
#define IGB_DESC_SIZE       16u
#define IGB_MAX_RING        4096u /* descriptors drivers use: RDLEN and TDLEN hold up to 64 Ki descriptors */
#define IGB_DEAD_READ       UINT32_C(0xffffffff) /* any register of a function that has gone */

/* ---- Fields that PF and VF registers share ---- */
/* CTRL and VTCTRL: section 8.2 */
#define IGB_CTRL_FD                 0x00000001u
#define IGB_CTRL_GIO_MASTER_DISABLE 0x00000004u
#define IGB_CTRL_SLU                0x00000040u /* set link up */
#define IGB_CTRL_ILOS               0x00000080u
#define IGB_CTRL_SPEED              0x00000300u
#define IGB_CTRL_SPEED_1000         0x00000200u
#define IGB_CTRL_FRCSPD             0x00000800u
#define IGB_CTRL_FRCDPLX            0x00001000u
#define IGB_CTRL_ADVD3WUC           0x00100000u
#define IGB_CTRL_RST                0x04000000u /* SC: PF resets the port but not the PHY; VF resets that VF */
#define IGB_CTRL_RFCE               0x08000000u
#define IGB_CTRL_TFCE               0x10000000u
#define IGB_CTRL_VME                0x40000000u /* strip VLAN tags, when not in VT mode */
#define IGB_CTRL_PHY_RST            0x80000000u
/* STATUS and VTSTATUS: section 8.2 */
#define IGB_STATUS_FD            0x00000001u
#define IGB_STATUS_LU            0x00000002u /* link up */
#define IGB_STATUS_LAN_ID        0x0000000cu
#define IGB_STATUS_LAN_ID_SHIFT  2u
#define IGB_STATUS_TXOFF         0x00000010u
#define IGB_STATUS_SPEED         0x000000c0u
#define IGB_STATUS_SPEED_10      0x00000000u
#define IGB_STATUS_SPEED_100     0x00000040u
#define IGB_STATUS_SPEED_1000    0x00000080u
#define IGB_STATUS_LAN_INIT_DONE 0x00000200u
#define IGB_STATUS_PHYRA         0x00000400u /* reset 1; software writes 0 to clear it */
#define IGB_STATUS_NUM_VFS       0x0003c000u /* NumVFs of the SR-IOV capability */
#define IGB_STATUS_NUM_VFS_SHIFT 14u
#define IGB_STATUS_IOV_MODE      0x00040000u /* VF Enable of the SR-IOV capability */
#define IGB_STATUS_GIO_MASTER_EN 0x00080000u /* reset 1; 0 once MASTER_DISABLE has taken effect */
/* SRRCTL: section 8.10 */
#define IGB_SRRCTL_BSIZEPACKET               0x0000007fu /* KiB; 0 means RCTL.BSIZE */
#define IGB_SRRCTL_BSIZEHEADER               0x00000f00u /* 64 bytes */
#define IGB_SRRCTL_BSIZEHEADER_SHIFT         8u
#define IGB_SRRCTL_RDMTS                     0x01f00000u
#define IGB_SRRCTL_RDMTS_SHIFT               20u
#define IGB_SRRCTL_DESCTYPE                  0x0e000000u
#define IGB_SRRCTL_DESCTYPE_LEGACY           0x00000000u
#define IGB_SRRCTL_DESCTYPE_ADV_ONEBUF       0x02000000u
#define IGB_SRRCTL_DESCTYPE_HDR_SPLIT        0x04000000u
#define IGB_SRRCTL_DESCTYPE_HDR_SPLIT_ALWAYS 0x0a000000u
#define IGB_SRRCTL_DROP_EN                   0x80000000u
#define IGB_SRRCTL_RESET                     0x00000400u /* 256 byte headers; packet size from RCTL */
/* RXDCTL: section 8.10; thresholds in descriptors */
#define IGB_RXDCTL_PTHRESH       0x0000001fu
#define IGB_RXDCTL_HTHRESH       0x00001f00u
#define IGB_RXDCTL_HTHRESH_SHIFT 8u
#define IGB_RXDCTL_WTHRESH       0x001f0000u /* reset 1 */
#define IGB_RXDCTL_WTHRESH_SHIFT 16u
#define IGB_RXDCTL_ENABLE        0x02000000u /* reset 1 in queue 0 of the port; poll until as written */
#define IGB_RXDCTL_SWFLUSH       0x04000000u
/* TXDCTL: section 8.12 */
#define IGB_TXDCTL_PTHRESH       0x0000001fu
#define IGB_TXDCTL_HTHRESH       0x00001f00u
#define IGB_TXDCTL_HTHRESH_SHIFT 8u
#define IGB_TXDCTL_WTHRESH       0x001f0000u /* must be 0 with head write-back */
#define IGB_TXDCTL_WTHRESH_SHIFT 16u
#define IGB_TXDCTL_ENABLE        0x02000000u /* reset 1 in queue 0 of the port, else 0 */
#define IGB_TXDCTL_SWFLUSH       0x04000000u
#define IGB_TXDCTL_PRIORITY      0x08000000u
/* TDWBAL */
#define IGB_TDWBAL_HEAD_WB_EN 0x00000001u
/* EITR and VTEITR: section 8.8 */
#define IGB_EITR_INTERVAL       0x00007ffcu /* bits 14:2, microseconds */
#define IGB_EITR_INTERVAL_SHIFT 2u
#define IGB_EITR_CNT_IGNR       0x80000000u /* WO: this write leaves the counters alone */
/* One byte of an IVAR, IVAR_MISC, VTIVAR or VTIVAR_MISC: section 8.8 */
#define IGB_IVAR_ALLOC 0x1fu /* vector; in a VF only bits 1:0 */
#define IGB_IVAR_VALID 0x80u
/* PSRTYPE: section 8.10 */
#define IGB_PSRTYPE_RQPL 0xe0000000u

/*
 * ======== The physical function ========
 */

/* ---- General control: section 8.2 ---- */
#define IGB_CTRL                      0x00000u /* RW; also at 0x4; fields above */
#define IGB_STATUS                    0x00008u /* RO but for PHYRA; fields above */
#define IGB_CTRL_EXT                  0x00018u
#define IGB_CTRL_EXT_EE_RST           0x00002000u /* SC: loads the EEPROM again */
#define IGB_CTRL_EXT_PFRSTD           0x00004000u /* WO: PF is ready; clears RSTI and sets RSTD in every V2PMAILBOX */
#define IGB_CTRL_EXT_NS_DIS           0x00010000u
#define IGB_CTRL_EXT_RO_DIS           0x00020000u
#define IGB_CTRL_EXT_LINK_MODE        0x00c00000u
#define IGB_CTRL_EXT_LINK_MODE_COPPER 0x00000000u
#define IGB_CTRL_EXT_LINK_MODE_SGMII  0x00800000u
#define IGB_CTRL_EXT_LINK_MODE_SERDES 0x00c00000u
#define IGB_CTRL_EXT_EIAME            0x01000000u
#define IGB_CTRL_EXT_IAME             0x08000000u
#define IGB_CTRL_EXT_DRV_LOAD         0x10000000u /* tells firmware that a driver is there */
#define IGB_CTRL_EXT_PBA_CLR          0x80000000u
#define IGB_MDIC                      0x00020u /* RW */
#define IGB_MDIC_DATA                 0x0000ffffu
#define IGB_MDIC_REG                  0x001f0000u
#define IGB_MDIC_REG_SHIFT            16u
#define IGB_MDIC_PHY                  0x03e00000u /* 1: the internal PHY */
#define IGB_MDIC_PHY_SHIFT            21u
#define IGB_MDIC_OP_WRITE             0x04000000u
#define IGB_MDIC_OP_READ              0x08000000u
#define IGB_MDIC_READY                0x10000000u /* set by the device when done; poll for it */
#define IGB_MDIC_INT_EN               0x20000000u
#define IGB_MDIC_ERROR                0x40000000u /* RO: no such PHY */
#define IGB_MDIC_DEST                 0x80000000u /* 1: external PHY */
#define IGB_FCAL                      0x00028u    /* RW: 0x00c28001 by software */
#define IGB_FCAH                      0x0002cu    /* RW: 0x00000100 by software */
#define IGB_FCT                       0x00030u    /* RW: 0x00008808 by software */
#define IGB_CONNSW                    0x00034u
#define IGB_VET                       0x00038u /* RW, 0x81008100: VLAN Ethertypes, inner low */
#define IGB_FCTTV                     0x00170u
#define IGB_LEDCTL                    0x00e00u
#define IGB_FRTIMER                   0x01048u /* RO: free-running timer */
#define IGB_TCPTIMER                  0x0104cu

/* ---- PHY registers, through MDIC: IEEE 802.3 clause 22 ---- */
#define IGB_PHY_CONTROL            0u
#define IGB_PHY_CONTROL_RESTART_AN 0x0200u /* SC */
#define IGB_PHY_CONTROL_POWER_DOWN 0x0800u
#define IGB_PHY_CONTROL_AN_EN      0x1000u
#define IGB_PHY_CONTROL_LOOPBACK   0x4000u
#define IGB_PHY_CONTROL_RESET      0x8000u /* SC */
#define IGB_PHY_STATUS             1u
#define IGB_PHY_STATUS_LINK        0x0004u /* latched low: read twice */
#define IGB_PHY_STATUS_AN_DONE     0x0020u
#define IGB_PHY_ID1                2u          /* reads 0x02a8 */
#define IGB_PHY_ID2                3u          /* reads 0x0391: the low 4 bits are the revision */
#define IGB_PHY_ID_IGP3            0x02a80390u /* ID1 << 16 | ID2, less the revision */
#define IGB_PHY_AN_ADV             4u
#define IGB_PHY_LP_ABILITY         5u
#define IGB_PHY_1000T_CTRL         9u
#define IGB_PHY_1000T_STATUS       10u

/* ---- EEPROM: section 8.4 ---- */
#define IGB_EECD                 0x00010u
#define IGB_EECD_REQ             0x00000040u
#define IGB_EECD_GNT             0x00000080u
#define IGB_EECD_PRES            0x00000100u /* RO: an EEPROM is there */
#define IGB_EECD_AUTO_RD         0x00000200u /* RO: its contents have been loaded; wait for it after a reset */
#define IGB_EERD                 0x00014u
#define IGB_EERD_START           0x00000001u /* WO */
#define IGB_EERD_DONE            0x00000002u /* RO: DATA is valid */
#define IGB_EERD_ADDR            0x0000fffcu /* RW: word address */
#define IGB_EERD_ADDR_SHIFT      2u
#define IGB_EERD_DATA            0xffff0000u /* RO */
#define IGB_EERD_DATA_SHIFT      16u
#define IGB_EEPROM_MAC_WORD      0x00u /* words 0 to 2: the port's MAC, byte 0 lowest */
#define IGB_EEPROM_CHECKSUM_WORD 0x3fu /* words 0 to 0x3f sum up to */
#define IGB_EEPROM_SUM           0xbabau
#define IGB_EEMNGCTL             0x01010u
#define IGB_EEMNGCTL_CFG_DONE0   0x00040000u /* RO: firmware has configured port 0 */
#define IGB_EEMNGCTL_CFG_DONE1   0x00080000u /* RO: and port 1 */

/* ---- Semaphores: section 8.7 ---- */
#define IGB_SWSM           0x05b50u
#define IGB_SWSM_SMBI      0x00000001u /* read sets it: read as 0 is taken; write 0 to free */
#define IGB_SWSM_SWESMBI   0x00000002u /* write 1, reads 1 if granted; write 0 to free */
#define IGB_FWSM           0x05b54u
#define IGB_FWSM_FW_VALID  0x00008000u
#define IGB_SW_FW_SYNC     0x05b5cu /* RW while SWSM.SWESMBI is held; software 15:0, firmware 31:16 */
#define IGB_SW_FW_EEP      0x00000001u
#define IGB_SW_FW_PHY0     0x00000002u
#define IGB_SW_FW_PHY1     0x00000004u
#define IGB_SW_FW_MAC_CSR  0x00000008u
#define IGB_SW_FW_FW_SHIFT 16u

/* ---- PCIe: section 8.6 ---- */
#define IGB_GCR              0x05b00u
#define IGB_PBACL            0x05b68u /* W1C of the MSI-X PBA */
#define IGB_IOVCTL           0x05bbcu /* RW, 0 */
#define IGB_IOVCTL_REUSE_VFQ 0x00000001u

/* ---- Interrupts: section 8.8 ---- */
#define IGB_ICR                0x01500u /* RC (see GPIE.NSICR) and W1C, 0; also at 0xc0 */
#define IGB_ICS                0x01504u /* WO; also at 0xc8 */
#define IGB_IMS                0x01508u /* RWS, 0; also at 0xd0 */
#define IGB_IMC                0x0150cu /* WO; also at 0xd8 */
#define IGB_IAM                0x01510u /* RW, 0; also at 0xe0 */
#define IGB_ICR_ALIAS          0x000c0u
#define IGB_ICS_ALIAS          0x000c8u
#define IGB_IMS_ALIAS          0x000d0u
#define IGB_IMC_ALIAS          0x000d8u
#define IGB_IAM_ALIAS          0x000e0u
#define IGB_ICR_TXDW           0x00000001u
#define IGB_ICR_LSC            0x00000004u
#define IGB_ICR_RXSEQ          0x00000008u
#define IGB_ICR_RXDMT0         0x00000010u
#define IGB_ICR_RXO            0x00000040u
#define IGB_ICR_RXT0           0x00000080u
#define IGB_ICR_VMMB           0x00000100u /* VFREQ or VFACK of MBVFICR not masked by MBVFIMR; or a VF reset */
#define IGB_ICR_MNG            0x00040000u
#define IGB_ICR_TS             0x00080000u
#define IGB_ICR_FER            0x00400000u
#define IGB_ICR_DOUTSYNC       0x10000000u /* malicious driver or spoofing; cause in WVBR */
#define IGB_ICR_DRSTA          0x40000000u /* device reset by the other port */
#define IGB_ICR_INT_ASSERTED   0x80000000u
#define IGB_GPIE               0x01514u    /* RW, 0 */
#define IGB_GPIE_NSICR         0x00000001u /* reading ICR clears it whatever IMS and INT_ASSERTED say */
#define IGB_GPIE_MULTIPLE_MSIX 0x00000010u /* a vector for each cause by IVAR; needed for SR-IOV */
#define IGB_GPIE_EIAME         0x40000000u /* EIAM applies on sending of an MSI-X message */
#define IGB_GPIE_PBA           0x80000000u /* pending bits cleared by EICR */
#define IGB_EICS               0x01520u    /* WO: raises the causes written 1 */
#define IGB_EIMS               0x01524u    /* RWS, 0 */
#define IGB_EIMC               0x01528u    /* WO */
#define IGB_EIAC               0x0152cu    /* RW, 0: causes cleared by sending their MSI-X message */
#define IGB_EIAM               0x01530u    /* RW, 0 */
#define IGB_EICR               0x01580u    /* RC and W1C, 0 */
#define IGB_EICR_MSIX          0x01ffffffu /* MSI-X: vectors 24:0 */
#define IGB_EICR_RTXQ          0x0000ffffu /* else: queues mapped by IVAR */
#define IGB_EICR_TCP_TIMER     0x40000000u /* not in MSI-X mode */
#define IGB_EICR_OTHER         0x80000000u /* not in MSI-X mode: something in ICR */
#define IGB_EITR(n)            (0x01680u + 4u * (n)) /* RW, 0; n = 0..24; vector i of VF v is n = 22 - 3v + i */
/* IVAR(n), n = 0..7: byte 0 RX queue n, byte 1 TX queue n, byte 2 RX queue n+8, byte 3 TX queue n+8. RW, 0 */
#define IGB_IVAR(n)               (0x01700u + 4u * (n))
#define IGB_IVAR_INDEX(queue)     ((queue)&7u)
#define IGB_IVAR_RX_SHIFT(queue)  (16u * (((queue) >> 3) & 1u))
#define IGB_IVAR_TX_SHIFT(queue)  (16u * (((queue) >> 3) & 1u) + 8u)
#define IGB_IVAR_MISC             0x01740u /* RW, 0; byte 0 TCP timer, byte 1 all other causes (ICR) */
#define IGB_IVAR_MISC_TCP_SHIFT   0u
#define IGB_IVAR_MISC_OTHER_SHIFT 8u

/* ---- Packet buffers and flow control: sections 8.3 and 8.5 ---- */
#define IGB_RXPBS  0x02404u /* RW, 0x40: KiB of the receive buffer in 6:0 */
#define IGB_TXPBS  0x03404u /* RW, 0x28: KiB of the transmit buffer in 5:0 */
#define IGB_SWPBS  0x03004u /* RW, 0x14: KiB of the VM to VM buffer */
#define IGB_PBRWAC 0x024e8u /* RO: receive buffer wrap counter; bit 3 empty */
#define IGB_PBTWAC 0x034e8u /* RO: transmit buffer wrap counter */
#define IGB_FCRTL  0x02160u
#define IGB_FCRTH  0x02168u
#define IGB_FCRTV  0x02460u

/* ---- Receive: sections 8.10 and 8.11 ---- */
#define IGB_RCTL                 0x00100u /* RW, 0 */
#define IGB_RCTL_RXEN            0x00000002u
#define IGB_RCTL_SBP             0x00000004u /* store bad packets */
#define IGB_RCTL_UPE             0x00000008u /* unicast promiscuous */
#define IGB_RCTL_MPE             0x00000010u /* multicast promiscuous */
#define IGB_RCTL_LPE             0x00000020u /* frames up to RLPML; 0 stops at 1518, 1522 with a VLAN tag */
#define IGB_RCTL_LBM             0x000000c0u
#define IGB_RCTL_LBM_MAC         0x00000040u
#define IGB_RCTL_LBM_PHY         0x000000c0u
#define IGB_RCTL_MO              0x00003000u /* which bits make the hash into the MTA */
#define IGB_RCTL_MO_SHIFT        12u
#define IGB_RCTL_BAM             0x00008000u /* accept broadcast */
#define IGB_RCTL_BSIZE           0x00030000u /* 2048 >> n, when SRRCTL.BSIZEPACKET is 0 */
#define IGB_RCTL_BSIZE_SHIFT     16u
#define IGB_RCTL_VFE             0x00040000u /* filter by VFTA, and in VT mode by VLVF */
#define IGB_RCTL_CFIEN           0x00080000u
#define IGB_RCTL_DPF             0x00400000u
#define IGB_RCTL_PMCF            0x00800000u
#define IGB_RCTL_SECRC           0x04000000u /* strip the FCS */
#define IGB_RXCSUM               0x05000u    /* RW, 0x300 */
#define IGB_RXCSUM_IPOFLD        0x00000100u
#define IGB_RXCSUM_TUOFLD        0x00000200u
#define IGB_RXCSUM_CRCOFL        0x00000800u
#define IGB_RXCSUM_IPPCSE        0x00001000u
#define IGB_RXCSUM_PCSD          0x00002000u /* RSS hash instead of packet checksum in the descriptor */
#define IGB_RLPML                0x05004u    /* RW, 0x2600: bytes */
#define IGB_RFCTL                0x05008u    /* RW, 0 */
#define IGB_RFCTL_LEF            0x00040000u
#define IGB_MTA(n)               (0x05200u + 4u * (n)) /* RW, undefined: software clears it; n = 0..127, hash bits 11:5 */
#define IGB_RAL(n)               ((n) < 16u ? 0x05400u + 8u * (n) : 0x054e0u + 8u * ((n)-16u)) /* RW; n = 0..23 */
#define IGB_RAH(n)               ((n) < 16u ? 0x05404u + 8u * (n) : 0x054e4u + 8u * ((n)-16u)) /* RW; n = 0..23 */
#define IGB_RAH_ADDR             0x0000ffffu
#define IGB_RAH_ASEL             0x00030000u
#define IGB_RAH_POOLSEL          0x03fc0000u /* a bit for each of pools 0 to 7 */
#define IGB_RAH_POOLSEL_SHIFT    18u
#define IGB_RAH_AV               0x80000000u           /* entry 0: 1 from the EEPROM; else 0 after reset */
#define IGB_PSRTYPE_PF(n)        (0x05480u + 4u * (n)) /* RW; n = 0..7, by pool */
#define IGB_VFTA(n)              (0x05600u + 4u * (n)) /* RW, undefined: clear it; n = 0..127, VLAN id 11:5 */
#define IGB_MRQC                 0x05818u              /* RW, 0 */
#define IGB_MRQC_MRQE            0x00000007u
#define IGB_MRQC_MRQE_NONE       0x0u
#define IGB_MRQC_MRQE_RSS        0x2u /* up to 16 queues */
#define IGB_MRQC_MRQE_VMDQ       0x3u /* 8 pools, queue 0 of each */
#define IGB_MRQC_MRQE_VMDQ_RSS   0x5u /* 8 pools, 2 RSS queues each */
#define IGB_MRQC_DEF_Q           0x00000038u
#define IGB_MRQC_DEF_Q_SHIFT     3u
#define IGB_MRQC_RSS_IPV4_TCP    0x00010000u
#define IGB_MRQC_RSS_IPV4        0x00020000u
#define IGB_MRQC_RSS_IPV6_TCP_EX 0x00040000u
#define IGB_MRQC_RSS_IPV6_EX     0x00080000u
#define IGB_MRQC_RSS_IPV6        0x00100000u
#define IGB_MRQC_RSS_IPV6_TCP    0x00200000u
#define IGB_MRQC_RSS_IPV4_UDP    0x00400000u
#define IGB_MRQC_RSS_IPV6_UDP    0x00800000u
#define IGB_MRQC_RSS_IPV6_UDP_EX 0x01000000u
#define IGB_RETA(n)              (0x05c00u + 4u * (n)) /* RW; n = 0..31, 4 entries each */
#define IGB_RSSRK(n)             (0x05c80u + 4u * (n)) /* RW; n = 0..9 */
#define IGB_ETQF(n)              (0x05cb0u + 4u * (n)) /* RW, 0; n = 0..7 */
#define IGB_UTA(n)               (0x0a000u + 4u * (n)) /* RW, undefined: software clears it; n = 0..127 */
#define IGB_RXQ(n)               (0x0c000u + 0x40u * (n)) /* block of queue n = 0..15; 0..3 also at IGB_RXQ_ALIAS */
#define IGB_RDBAL(n)             (IGB_RXQ(n) + 0x00u) /* RW; bits 6:0 read 0 */
#define IGB_RDBAH(n)             (IGB_RXQ(n) + 0x04u) /* RW */
#define IGB_RDLEN(n)             (IGB_RXQ(n) + 0x08u) /* RW: bytes, a multiple of 128, bits 19:7 */
#define IGB_SRRCTL(n)            (IGB_RXQ(n) + 0x0cu) /* RW, IGB_SRRCTL_RESET */
#define IGB_RDH(n)               (IGB_RXQ(n) + 0x10u) /* RW while the queue is disabled, 0 */
#define IGB_RXCTL(n)             (IGB_RXQ(n) + 0x14u) /* RW: DCA and relaxed ordering */
#define IGB_RDT(n)               (IGB_RXQ(n) + 0x18u) /* RW, 0; bits 15:0 */
#define IGB_RXDCTL(n)            (IGB_RXQ(n) + 0x28u) /* RW */
#define IGB_RQDPC(n)             (IGB_RXQ(n) + 0x30u) /* RC: packets dropped for want of a descriptor, 12 bits */
#define IGB_RXQ_ALIAS(n)         (0x02800u + 0x100u * (n)) /* n = 0..3: the same block, the same offsets in it */

/* ---- Transmit: section 8.12 ---- */
#define IGB_TCTL             0x00400u    /* RW */
#define IGB_TCTL_EN          0x00000002u /* 0 */
#define IGB_TCTL_PSP         0x00000008u /* 1: pad to 64 bytes */
#define IGB_TCTL_CT          0x00000ff0u
#define IGB_TCTL_CT_SHIFT    4u
#define IGB_TCTL_RTLC        0x01000000u
#define IGB_TCTL_EXT         0x00404u
#define IGB_TIPG             0x00410u    /* RW, 0x00601008 */
#define IGB_DTXCTL           0x03590u    /* RW */
#define IGB_DTXCTL_MDP_EN    0x00000020u /* malicious driver protection */
#define IGB_DTXCTL_SPOOF_INT 0x00000040u
#define IGB_DTXTCPFLGL       0x0359cu /* RW: TCP flags that stay: 11:0 first frame, 27:16 middle */
#define IGB_DTXTCPFLGL_RESET 0x0f760ff6u
#define IGB_DTXTCPFLGH       0x035a0u /* RW: 11:0 in the last frame */
#define IGB_DTXTCPFLGH_RESET 0x00000f7fu
#define IGB_DTXMXSZRQ        0x03540u
/* Transmit rate of a queue, as RTTBCNRC of the 82599. */
#define IGB_RTTDQSEL              0x03604u
#define IGB_RTTDQSEL_TXDQ_IDX     0x0000000fu
#define IGB_RTTBCNRM              0x03690u
#define IGB_RTTBCNRM_MMW_JUMBO    0x014u
#define IGB_RTTBCNRC              0x036b0u
#define IGB_RTTBCNRC_RF_DEC       0x00003fffu
#define IGB_RTTBCNRC_RF_INT       0x0fffc000u
#define IGB_RTTBCNRC_RF_INT_SHIFT 14u
#define IGB_RTTBCNRC_RS_ENA       0x80000000u
#define IGB_TXQ(n)                (0x0e000u + 0x40u * (n)) /* block of queue n = 0..15; 0..3 also at IGB_TXQ_ALIAS */
#define IGB_TDBAL(n)              (IGB_TXQ(n) + 0x00u)      /* RW; bits 6:0 read 0 */
#define IGB_TDBAH(n)              (IGB_TXQ(n) + 0x04u)      /* RW */
#define IGB_TDLEN(n)              (IGB_TXQ(n) + 0x08u)      /* RW: bytes, a multiple of 128, bits 19:7 */
#define IGB_TDH(n)                (IGB_TXQ(n) + 0x10u)      /* RW while the queue is disabled, 0 */
#define IGB_TXCTL(n)              (IGB_TXQ(n) + 0x14u)      /* RW: DCA and relaxed ordering */
#define IGB_TXCTL_DESC_RRO_EN     0x00000200u               /* 1 */
#define IGB_TXCTL_WB_RO_EN        0x00000800u               /* clear it for head write-back */
#define IGB_TXCTL_DATA_RRO_EN     0x00002000u               /* 1 */
#define IGB_TDT(n)                (IGB_TXQ(n) + 0x18u)      /* RW, 0; bits 15:0 */
#define IGB_TXDCTL(n)             (IGB_TXQ(n) + 0x28u)      /* RW */
#define IGB_TDWBAL(n)             (IGB_TXQ(n) + 0x38u)      /* RW, 0 */
#define IGB_TDWBAH(n)             (IGB_TXQ(n) + 0x3cu)      /* RW, 0 */
#define IGB_TXQ_ALIAS(n)          (0x03800u + 0x100u * (n)) /* n = 0..3: the same block, the same offsets in it */

/* ---- Virtualization: section 8.14; n = 0..7 by VF or pool unless said otherwise ---- */
#define IGB_VT_CTL              0x0581cu    /* RW, 0 */
#define IGB_VT_CTL_DEF_PL       0x00000380u /* pool of what matches no filter */
#define IGB_VT_CTL_DEF_PL_SHIFT 7u
#define IGB_VT_CTL_IGNORE_MAC   0x10000000u /* pools by VLAN only */
#define IGB_VT_CTL_DIS_DEF_POOL 0x20000000u /* drop it instead */
#define IGB_VT_CTL_RPL_EN       0x40000000u /* replicate multicast and broadcast */
/* P2VMAILBOX(n): STS and ACK ring the VF and read 0; PFU is taken by writing 1 while VFU is 0. */
#define IGB_P2VMAILBOX(n)       (0x00c00u + 4u * (n))
#define IGB_P2VMAILBOX_STS      0x00000001u /* WO: a message for the VF is in VMBMEM; sets V2PMAILBOX.PFSTS */
#define IGB_P2VMAILBOX_ACK      0x00000002u /* WO: the VF's message has been read; sets V2PMAILBOX.PFACK */
#define IGB_P2VMAILBOX_VFU      0x00000004u /* RO, 0 */
#define IGB_P2VMAILBOX_PFU      0x00000008u /* RW, 0 */
#define IGB_P2VMAILBOX_RVFU     0x00000010u /* WO: takes VFU away from a VF that hangs */
#define IGB_PV2PMAILBOX(n)      (0x00c40u + 4u * (n))    /* the VF's V2PMAILBOX as the PF sees it */
#define IGB_VMBMEM(n)           (0x00800u + 0x40u * (n)) /* RW: its first word, 16 in all */
#define IGB_MBVFICR             0x00c80u                 /* W1C, 0 */
#define IGB_MBVFICR_VFREQ(vf)   (UINT32_C(1) << ((vf)&7u))
#define IGB_MBVFICR_VFACK(vf)   (UINT32_C(0x10000) << ((vf)&7u))
#define IGB_MBVFIMR             0x00c84u /* RW, 0xff: VFs that raise ICR.VMMB */
#define IGB_VFLRE               0x00c88u /* W1C, 0: VFs that were reset */
#define IGB_VFRE                0x00c8cu /* RW, 0xff: receive enable; a reset of the VF clears its bit */
#define IGB_VFTE                0x00c90u /* RW, 0xff: transmit enable; likewise */
#define IGB_QDE                 0x02408u /* RW, 0: drop enable, a bit for each receive queue */
#define IGB_DTXSWC              0x03500u /* RW, 0 */
#define IGB_DTXSWC_MACAS(vf)    (UINT32_C(1) << ((vf)&7u))       /* check the source MAC */
#define IGB_DTXSWC_VLANAS(vf)   (UINT32_C(0x100) << ((vf)&7u))   /* check the VLAN id; needs MACAS too */
#define IGB_DTXSWC_LLE(vf)      (UINT32_C(0x10000) << ((vf)&7u)) /* give a pool its own packets back */
#define IGB_DTXSWC_LOOPBACK_EN  0x80000000u                      /* VF to VF switching */
#define IGB_WVBR                0x03554u /* RC, 0: queues whose packet was caught spoofing */
#define IGB_LVMMC               0x03548u /* RC: the last malicious driver event */
#define IGB_LVMMC_POOL_SHIFT    29u
#define IGB_MDFB                0x03558u              /* W1C: queues blocked by malicious driver detection */
#define IGB_VMVIR(n)            (0x03700u + 4u * (n)) /* RW, 0: tag inserted into what the pool sends */
#define IGB_VMVIR_PORT_VLAN     0x0000ffffu
#define IGB_VMVIR_VLANA         0xc0000000u
#define IGB_VMVIR_VLANA_DESC    0x00000000u /* as the descriptor says */
#define IGB_VMVIR_VLANA_DEFAULT 0x40000000u /* always PORT_VLAN */
#define IGB_VMVIR_VLANA_NEVER   0x80000000u
#define IGB_TXSWC               0x05accu /* switch control of later devices; the 82576 has DTXSWC */
#define IGB_VMOLR(n)            (0x05ad0u + 4u * (n)) /* RW, 0x80002600 */
#define IGB_VMOLR_RLPML         0x00003fffu           /* longest packet, with LPE */
#define IGB_VMOLR_LPE           0x00010000u
#define IGB_VMOLR_RSSE          0x00020000u
#define IGB_VMOLR_AUPE          0x01000000u /* accept untagged */
#define IGB_VMOLR_ROMPE         0x02000000u /* accept what the MTA matches */
#define IGB_VMOLR_ROPE          0x04000000u /* accept what the UTA matches */
#define IGB_VMOLR_BAM           0x08000000u /* accept broadcast */
#define IGB_VMOLR_MPME          0x10000000u /* accept all multicast */
#define IGB_VMOLR_STRVLAN       0x40000000u
#define IGB_VMOLR_STRCRC        0x80000000u
#define IGB_RPLOLR              0x05af0u /* RW, 0x80000000: offloads of replicated packets */
#define IGB_RPLOLR_STRVLAN      0x40000000u
#define IGB_RPLOLR_STRCRC       0x80000000u
#define IGB_VLVF(n)             (0x05d00u + 4u * (n)) /* RW, undefined: software clears it; n = 0..31 */
#define IGB_VLVF_VLAN_ID        0x00000fffu
#define IGB_VLVF_POOLSEL        0x000ff000u /* a bit for each of pools 0 to 7 */
#define IGB_VLVF_POOLSEL_SHIFT  12u
#define IGB_VLVF_LVLAN          0x00100000u /* stays in the device */
#define IGB_VLVF_VI_EN          0x80000000u
#define IGB_VMRCTL(n)           (0x05d80u + 4u * (n))    /* RW, 0; n = 0..3: mirror rules */
#define IGB_VMRVLAN(n)          (0x05d90u + 4u * (n))    /* RW; n = 0..3 */
#define IGB_VMRVM(n)            (0x05da0u + 4u * (n))    /* RW; n = 0..3 */
#define IGB_DVMOLR(n)           (0x0c038u + 0x40u * (n)) /* I350, by queue; not in the 82576 */
#define IGB_DVMOLR_HIDVLAN      0x20000000u
#define IGB_DVMOLR_STRVLAN      0x40000000u
#define IGB_DVMOLR_STRCRC       0x80000000u
/* The PF's view of VF registers. */
#define IGB_PVTCTRL(n)   (0x10000u + 0x100u * (n))
#define IGB_PVFGPRC(n)   (0x10010u + 0x100u * (n))
#define IGB_PVFGPTC(n)   (0x10014u + 0x100u * (n))
#define IGB_PVFGORC(n)   (0x10018u + 0x100u * (n))
#define IGB_PVTEICS(n)   (0x10020u + 0x100u * (n))
#define IGB_PVTEIMS(n)   (0x10024u + 0x100u * (n))
#define IGB_PVTEIMC(n)   (0x10028u + 0x100u * (n))
#define IGB_PVTEIAC(n)   (0x1002cu + 0x100u * (n))
#define IGB_PVTEIAM(n)   (0x10030u + 0x100u * (n))
#define IGB_PVFGOTC(n)   (0x10034u + 0x100u * (n))
#define IGB_PVFMPRC(n)   (0x1003cu + 0x100u * (n))
#define IGB_PVFGPRLBC(n) (0x10040u + 0x100u * (n))
#define IGB_PVFGPTLBC(n) (0x10044u + 0x100u * (n))
#define IGB_PVFGORLBC(n) (0x10048u + 0x100u * (n))
#define IGB_PVFGOTLBC(n) (0x10050u + 0x100u * (n))
#define IGB_PVTEICR(n)   (0x10080u + 0x100u * (n))

/* ---- Statistics: section 8.18.  RC, 32 bits that stop at all ones unless said otherwise ---- */
#define IGB_CRCERRS  0x04000u
#define IGB_ALGNERRC 0x04004u
#define IGB_SYMERRS  0x04008u
#define IGB_RXERRC   0x0400cu
#define IGB_MPC      0x04010u /* missed packets: no room in the buffer */
#define IGB_SCC      0x04014u
#define IGB_ECOL     0x04018u
#define IGB_MCC      0x0401cu
#define IGB_LATECOL  0x04020u
#define IGB_COLC     0x04028u
#define IGB_DC       0x04030u
#define IGB_TNCRS    0x04034u
#define IGB_HTDPMC   0x0403cu
#define IGB_RLEC     0x04040u
#define IGB_XONRXC   0x04048u
#define IGB_XONTXC   0x0404cu
#define IGB_XOFFRXC  0x04050u
#define IGB_XOFFTXC  0x04054u
#define IGB_FCRUC    0x04058u
#define IGB_PRC64    0x0405cu
#define IGB_PRC127   0x04060u
#define IGB_PRC255   0x04064u
#define IGB_PRC511   0x04068u
#define IGB_PRC1023  0x0406cu
#define IGB_PRC1522  0x04070u
#define IGB_GPRC     0x04074u /* good packets from the wire */
#define IGB_BPRC     0x04078u
#define IGB_MPRC     0x0407cu
#define IGB_GPTC     0x04080u /* good packets to the wire */
#define IGB_GORCL    0x04088u /* good octets from the wire, 64 bits: read L, then H; both RC */
#define IGB_GORCH    0x0408cu
#define IGB_GOTCL    0x04090u /* good octets to the wire, 64 bits */
#define IGB_GOTCH    0x04094u
#define IGB_RNBC     0x040a0u
#define IGB_RUC      0x040a4u
#define IGB_RFC      0x040a8u
#define IGB_ROC      0x040acu
#define IGB_RJC      0x040b0u
#define IGB_MGTPRC   0x040b4u
#define IGB_MGTPDC   0x040b8u
#define IGB_MGTPTC   0x040bcu
#define IGB_TORL     0x040c0u
#define IGB_TORH     0x040c4u
#define IGB_TOTL     0x040c8u
#define IGB_TOTH     0x040ccu
#define IGB_TPR      0x040d0u
#define IGB_TPT      0x040d4u
#define IGB_PTC64    0x040d8u
#define IGB_PTC127   0x040dcu
#define IGB_PTC255   0x040e0u
#define IGB_PTC511   0x040e4u
#define IGB_PTC1023  0x040e8u
#define IGB_PTC1522  0x040ecu
#define IGB_MPTC     0x040f0u
#define IGB_BPTC     0x040f4u
#define IGB_TSCTC    0x040f8u
#define IGB_RPTHC    0x04104u /* packets to host memory, from the wire and from VFs */
#define IGB_HGPTC    0x04118u
#define IGB_HGORCL   0x04128u
#define IGB_HGORCH   0x0412cu
#define IGB_HGOTCL   0x04130u
#define IGB_HGOTCH   0x04134u
#define IGB_LENERRS  0x04138u
#define IGB_SSVPC    0x041a0u /* spoofed packets dropped */
#define IGB_SCVPC    0x04228u

/*
 * ======== The virtual function ========
 */

/* ---- VF general control ---- */
#define IGBVF_VTCTRL    0x00000u /* only RST (IGB_CTRL_RST) is implemented; reads 0 */
#define IGBVF_VTSTATUS  0x00008u /* RO: the PF's STATUS */
#define IGBVF_VTFRTIMER 0x01048u /* RO: the port's free-running timer */

/*
 * V2PMAILBOX: section 8.14.  REQ and ACK ring the PF and read 0.  PFSTS, PFACK and RSTD are cleared by the
 * read that shows them, so software keeps what it has read.  RSTI is a level: 1 from PF reset or power on
 * until the PF sets CTRL_EXT.PFRSTD; that sets RSTD.  VFU is taken by writing 1 while PFU is 0 and given back
 * by writing 0; a write of 1 while PFU is 1 is ignored.
 */
#define IGBVF_V2PMAILBOX         0x00c40u
#define IGBVF_V2PMAILBOX_REQ     0x00000001u /* WO: a message for the PF is in VMBMEM; sets MBVFICR.VFREQ */
#define IGBVF_V2PMAILBOX_ACK     0x00000002u /* WO: the PF's message has been read; sets MBVFICR.VFACK */
#define IGBVF_V2PMAILBOX_VFU     0x00000004u /* RW, 0: the VF owns VMBMEM */
#define IGBVF_V2PMAILBOX_PFU     0x00000008u /* RO, 0: the PF owns VMBMEM */
#define IGBVF_V2PMAILBOX_PFSTS   0x00000010u /* RC, 0: the PF left a message */
#define IGBVF_V2PMAILBOX_PFACK   0x00000020u /* RC, 0: the PF has read the last message */
#define IGBVF_V2PMAILBOX_RSTI    0x00000040u /* RO, 1: the PF is in reset */
#define IGBVF_V2PMAILBOX_RSTD    0x00000080u /* RC, 0: the PF came out of reset */
#define IGBVF_V2PMAILBOX_RC_BITS (IGBVF_V2PMAILBOX_PFSTS | IGBVF_V2PMAILBOX_PFACK | IGBVF_V2PMAILBOX_RSTD)
#define IGBVF_VMBMEM(n)                                                                                      \
    (0x00800u + 4u * (n)) /* RW, n = 0..15: the same memory as the PF's VMBMEM of this VF */
#define IGB_MBX_WORDS 16u

/* ---- VF interrupts; bits 2:0 are the three vectors ---- */
#define IGBVF_VTEICS    0x01520u /* WO */
#define IGBVF_VTEIMS    0x01524u /* RWS, 0 */
#define IGBVF_VTEIMC    0x01528u /* WO */
#define IGBVF_VTEIAC    0x0152cu /* RW, 0: causes cleared by sending their MSI-X message */
#define IGBVF_VTEIAM    0x01530u /* RW, 0: masks cleared or set together with VTEICR or VTEICS access */
#define IGBVF_VTEICR    0x01580u /* RC and W1C, 0 */
#define IGBVF_VTEI_MASK 0x00000007u
#define IGBVF_VTEITR(n) (0x01680u + 4u * (n)) /* RW, 0; n = 0..2 */
/* VTIVAR: byte 0 RX queue 0, byte 1 TX queue 0, byte 2 RX queue 1, byte 3 TX queue 1. RW, 0 */
#define IGBVF_VTIVAR                 0x01700u
#define IGBVF_VTIVAR_RX_SHIFT(queue) (16u * ((queue)&1u))
#define IGBVF_VTIVAR_TX_SHIFT(queue) (16u * ((queue)&1u) + 8u)
#define IGBVF_VTIVAR_MISC            0x01740u /* RW, 0; byte 0: the mailbox */
#define IGBVF_PBACL                  0x00f04u /* W1C: clears pending bits of the MSI-X PBA */

/* ---- VF receive; n = 0..1 ---- */
#define IGBVF_PSRTYPE   0x00f0cu                  /* RW */
#define IGBVF_RDBAL(n)  (0x02800u + 0x100u * (n)) /* RW; bits 6:0 read 0 */
#define IGBVF_RDBAH(n)  (0x02804u + 0x100u * (n)) /* RW */
#define IGBVF_RDLEN(n)  (0x02808u + 0x100u * (n)) /* RW: bytes, a multiple of 128, bits 19:7 */
#define IGBVF_SRRCTL(n) (0x0280cu + 0x100u * (n)) /* RW, IGB_SRRCTL_RESET */
#define IGBVF_RDH(n)    (0x02810u + 0x100u * (n)) /* RW: write 0 before enabling */
#define IGBVF_RXCTL(n)  (0x02814u + 0x100u * (n)) /* RW: DCA and relaxed ordering */
#define IGBVF_RDT(n)    (0x02818u + 0x100u * (n)) /* RW; bits 15:0 */
#define IGBVF_RXDCTL(n) (0x02828u + 0x100u * (n)) /* RW */
#define IGBVF_RQDPC(n)  (0x02830u + 0x100u * (n)) /* RC: packets dropped for want of a descriptor, 12 bits */

/* ---- VF transmit; n = 0..1 ---- */
#define IGBVF_TDBAL(n)  (0x03800u + 0x100u * (n)) /* RW; bits 6:0 read 0 */
#define IGBVF_TDBAH(n)  (0x03804u + 0x100u * (n)) /* RW */
#define IGBVF_TDLEN(n)  (0x03808u + 0x100u * (n)) /* RW: bytes, a multiple of 128, bits 19:7 */
#define IGBVF_TDH(n)    (0x03810u + 0x100u * (n)) /* RW: write 0 before enabling */
#define IGBVF_TXCTL(n)  (0x03814u + 0x100u * (n)) /* RW */
#define IGBVF_TDT(n)    (0x03818u + 0x100u * (n)) /* RW; bits 15:0 */
#define IGBVF_TXDCTL(n) (0x03828u + 0x100u * (n)) /* RW */
#define IGBVF_TDWBAL(n) (0x03838u + 0x100u * (n)) /* RW */
#define IGBVF_TDWBAH(n) (0x0383cu + 0x100u * (n)) /* RW */

/* ---- VF statistics: 32 bits, RO and wrapping, never cleared by a read ---- */
#define IGBVF_VFGPRC   0x00f10u /* good packets received */
#define IGBVF_VFGPTC   0x00f14u /* good packets transmitted */
#define IGBVF_VFGORC   0x00f18u /* good octets received */
#define IGBVF_VFGOTC   0x00f34u /* good octets transmitted */
#define IGBVF_VFMPRC   0x00f3cu /* multicast packets received */
#define IGBVF_VFGPRLBC 0x00f40u /* good packets received from local loopback */
#define IGBVF_VFGPTLBC 0x00f44u /* good packets transmitted into local loopback */
#define IGBVF_VFGORLBC 0x00f48u /* good octets received from local loopback */
#define IGBVF_VFGOTLBC 0x00f50u /* good octets transmitted into local loopback */

/*
 * ======== Descriptors: sections 7.1.5 and 7.2.2 ========
 *
 * Both are 16 bytes, little endian; dwN is the 32-bit word at byte 4N.
 */

/* ---- Advanced receive, read format ---- */
/* Quadword 0: packet buffer address.  Quadword 1: header buffer address, whose bit 0 (DD) software writes 0.
 */

/* ---- Advanced receive, write-back format ---- */
/* dw0 */
#define IGB_RXD_DW0_RSSTYPE         0x0000000fu
#define IGB_RXD_DW0_PKTTYPE         0x0001fff0u
#define IGB_RXD_DW0_HDR_LEN         0x7fe00000u
#define IGB_RXD_DW0_HDR_LEN_SHIFT   21u
#define IGB_RXD_DW0_SPH             0x80000000u
#define IGB_RXD_RSSTYPE_NONE        0x0u
#define IGB_RXD_RSSTYPE_IPV4_TCP    0x1u
#define IGB_RXD_RSSTYPE_IPV4        0x2u
#define IGB_RXD_RSSTYPE_IPV6_TCP    0x3u
#define IGB_RXD_RSSTYPE_IPV6_EX     0x4u
#define IGB_RXD_RSSTYPE_IPV6        0x5u
#define IGB_RXD_RSSTYPE_IPV6_TCP_EX 0x6u
#define IGB_RXD_RSSTYPE_IPV4_UDP    0x7u
#define IGB_RXD_RSSTYPE_IPV6_UDP    0x8u
#define IGB_RXD_RSSTYPE_IPV6_UDP_EX 0x9u
#define IGB_RXD_PKTTYPE_IPV4        0x00000010u /* in place in dw0, as all PKTTYPE */
#define IGB_RXD_PKTTYPE_IPV4_EX     0x00000020u
#define IGB_RXD_PKTTYPE_IPV6        0x00000040u
#define IGB_RXD_PKTTYPE_IPV6_EX     0x00000080u
#define IGB_RXD_PKTTYPE_TCP         0x00000100u
#define IGB_RXD_PKTTYPE_UDP         0x00000200u
#define IGB_RXD_PKTTYPE_SCTP        0x00000400u
#define IGB_RXD_PKTTYPE_NFS         0x00000800u
#define IGB_RXD_PKTTYPE_IPSEC_ESP   0x00001000u
#define IGB_RXD_PKTTYPE_IPSEC_AH    0x00002000u
#define IGB_RXD_PKTTYPE_LINKSEC     0x00004000u
#define IGB_RXD_PKTTYPE_ETQF        0x00008000u /* bits 6:4 are then the matching ETQF */
/* dw1: the RSS hash; or, with RXCSUM.PCSD 0, IP identification in 15:0 and packet checksum in 31:16 */
/* dw2: status, 19:0, and errors, 31:20 */
#define IGB_RXD_STAT_DD       0x00000001u /* the device is done with it: look at this first */
#define IGB_RXD_STAT_EOP      0x00000002u /* last descriptor of its packet; errors hold only here */
#define IGB_RXD_STAT_VP       0x00000008u /* was VLAN tagged (802.1Q) */
#define IGB_RXD_STAT_UDPCS    0x00000010u /* UDP checksum looked at */
#define IGB_RXD_STAT_L4CS     0x00000020u /* TCP or UDP checksum looked at */
#define IGB_RXD_STAT_IPCS     0x00000040u /* IPv4 header checksum looked at */
#define IGB_RXD_STAT_PIF      0x00000080u /* passed an inexact filter only */
#define IGB_RXD_STAT_VEXT     0x00000200u
#define IGB_RXD_STAT_UDPV     0x00000400u
#define IGB_RXD_STAT_LLINT    0x00000800u
#define IGB_RXD_STAT_STRIPCRC 0x00001000u
#define IGB_RXD_STAT_TS       0x00010000u
#define IGB_RXD_STAT_SECP     0x00020000u
#define IGB_RXD_STAT_LB       0x00040000u /* came from a VF of this port, not from the wire */
#define IGB_RXD_ERR_MASK      0xfff00000u
#define IGB_RXD_ERR_HBO       0x00800000u /* header larger than its buffer */
#define IGB_RXD_ERR_SECERR    0x18000000u
#define IGB_RXD_ERR_L4E       0x20000000u /* TCP or UDP checksum wrong; means something with L4CS only */
#define IGB_RXD_ERR_IPE       0x40000000u /* IPv4 header checksum wrong; means something with IPCS only */
#define IGB_RXD_ERR_RXE       0x80000000u /* MAC error; only with RCTL.SBP */
/* dw3 */
#define IGB_RXD_DW3_LENGTH     0x0000ffffu /* bytes in this descriptor's packet buffer */
#define IGB_RXD_DW3_VLAN       0xffff0000u /* the stripped tag, with VP */
#define IGB_RXD_DW3_VLAN_SHIFT 16u

/* ---- Advanced transmit data ---- */
/* dw0, dw1: buffer address.  dw2: */
#define IGB_TXD_DTALEN     0x0000ffffu /* bytes of this buffer */
#define IGB_TXD_MAC_ILSEC  0x00040000u
#define IGB_TXD_MAC_TSTAMP 0x00080000u
#define IGB_TXD_DTYP       0x00f00000u
#define IGB_TXD_DTYP_CTXT  0x00200000u
#define IGB_TXD_DTYP_DATA  0x00300000u
#define IGB_TXD_DCMD_EOP   0x01000000u
#define IGB_TXD_DCMD_IFCS  0x02000000u /* append the FCS */
#define IGB_TXD_DCMD_RS    0x08000000u /* report: set DD when done; only together with EOP */
#define IGB_TXD_DCMD_DEXT  0x20000000u /* advanced; 0 is a legacy descriptor */
#define IGB_TXD_DCMD_VLE   0x40000000u /* insert the VLAN tag of the context */
#define IGB_TXD_DCMD_TSE   0x80000000u /* TCP segmentation */
/* dw3: */
#define IGB_TXD_STAT_DD      0x00000001u
#define IGB_TXD_IDX          0x00000070u /* context index; 82576: 2 contexts a queue */
#define IGB_TXD_IDX_SHIFT    4u
#define IGB_TXD_CC           0x00000080u /* as in later devices; the 82576 goes by IDX and ignores it */
#define IGB_TXD_POPTS_IXSM   0x00000100u /* insert IPv4 checksum */
#define IGB_TXD_POPTS_TXSM   0x00000200u /* insert L4 checksum */
#define IGB_TXD_POPTS_IPSEC  0x00000400u
#define IGB_TXD_PAYLEN       0xffffc000u /* whole packet less headers of TSO; without TSE the packet's length */
#define IGB_TXD_PAYLEN_SHIFT 14u
#define IGB_TXD_PAYLEN_MAX   0x0003ffffu
#define IGB_TXD_WB_DW        3u /* write-back: the word that holds DD; the others are reserved */

/* ---- Advanced transmit context ---- */
/* dw0 */
#define IGB_TXC_IPLEN        0x000001ffu
#define IGB_TXC_MACLEN       0x0000fe00u /* without the tag that hardware inserts */
#define IGB_TXC_MACLEN_SHIFT 9u
#define IGB_TXC_VLAN         0xffff0000u
#define IGB_TXC_VLAN_SHIFT   16u
/* dw1: IPsec.  dw2: */
#define IGB_TXC_TUCMD_IPV4     0x00000400u
#define IGB_TXC_TUCMD_L4T      0x00001800u
#define IGB_TXC_TUCMD_L4T_UDP  0x00000000u
#define IGB_TXC_TUCMD_L4T_TCP  0x00000800u
#define IGB_TXC_TUCMD_L4T_SCTP 0x00001000u
/* with IGB_TXD_DTYP_CTXT and IGB_TXD_DCMD_DEXT.  dw3: */
#define IGB_TXC_IDX         0x00000070u
#define IGB_TXC_IDX_SHIFT   4u
#define IGB_TXC_L4LEN       0x0000ff00u
#define IGB_TXC_L4LEN_SHIFT 8u
#define IGB_TXC_MSS         0xffff0000u
#define IGB_TXC_MSS_SHIFT   16u

/* ---- Legacy transmit; dw2 and dw3 ---- */
#define IGB_TXD_LEGACY_LENGTH     0x0000ffffu
#define IGB_TXD_LEGACY_CMD_EOP    0x01000000u
#define IGB_TXD_LEGACY_CMD_IFCS   0x02000000u
#define IGB_TXD_LEGACY_CMD_IC     0x04000000u
#define IGB_TXD_LEGACY_CMD_RS     0x08000000u
#define IGB_TXD_LEGACY_CMD_VLE    0x40000000u
#define IGB_TXD_LEGACY_STAT_DD    0x00000001u
#define IGB_TXD_LEGACY_VLAN_SHIFT 16u

#endif
