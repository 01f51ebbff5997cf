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
/* CTRL and VTCTRL: section 8.2.1 */
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
/* STATUS and VTSTATUS: section 8.2.2 */
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
/* SRRCTL: section 8.10.2 */
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
/* RXDCTL: section 8.10.8; thresholds in descriptors */
#define IGB_RXDCTL_PTHRESH       0x0000001fu
#define IGB_RXDCTL_HTHRESH       0x00001f00u
#define IGB_RXDCTL_HTHRESH_SHIFT 8u
#define IGB_RXDCTL_WTHRESH       0x001f0000u /* reset 1 */
#define IGB_RXDCTL_WTHRESH_SHIFT 16u
#define IGB_RXDCTL_ENABLE                                                                                    \
    0x02000000u /* reset 1 in queue 0 of the port, else 0; poll until it reads as written */
#define IGB_RXDCTL_SWFLUSH 0x04000000u
/* TXDCTL: section 8.12.15 */
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
/* EITR and VTEITR: section 8.8.12 */
#define IGB_EITR_INTERVAL       0x00007ffcu /* bits 14:2, microseconds */
#define IGB_EITR_INTERVAL_SHIFT 2u
#define IGB_EITR_CNT_IGNR       0x80000000u /* WO: this write leaves the counters alone */
/* One byte of an IVAR, IVAR_MISC, VTIVAR or VTIVAR_MISC: section 8.8.13 */
#define IGB_IVAR_ALLOC 0x1fu /* vector; in a VF only bits 1:0 */
#define IGB_IVAR_VALID 0x80u
/* PSRTYPE: section 8.10.3 */
#define IGB_PSRTYPE_RQPL 0xe0000000u

/*
 * ======== The virtual function ========
 */

/* ---- VF general control ---- */
#define IGBVF_VTCTRL    0x00000u /* only RST (IGB_CTRL_RST) is implemented; reads 0 */
#define IGBVF_VTSTATUS  0x00008u /* RO: the PF's STATUS */
#define IGBVF_VTFRTIMER 0x01048u /* RO: the port's free-running timer */

/*
 * V2PMAILBOX: section 8.14.2.  REQ and ACK ring the PF and read 0.  PFSTS, PFACK and RSTD are cleared by the
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
#define IGBVF_RDH(n)                                                                                         \
    (0x02810u + 0x100u * (n)) /* RW while the queue is disabled; a VF reset leaves it stale */
#define IGBVF_RXCTL(n)  (0x02814u + 0x100u * (n)) /* RW: DCA and relaxed ordering */
#define IGBVF_RDT(n)    (0x02818u + 0x100u * (n)) /* RW; bits 15:0 */
#define IGBVF_RXDCTL(n) (0x02828u + 0x100u * (n)) /* RW */
#define IGBVF_RQDPC(n)  (0x02830u + 0x100u * (n)) /* RC: packets dropped for want of a descriptor, 12 bits */

/* ---- VF transmit; n = 0..1 ---- */
#define IGBVF_TDBAL(n) (0x03800u + 0x100u * (n)) /* RW; bits 6:0 read 0 */
#define IGBVF_TDBAH(n) (0x03804u + 0x100u * (n)) /* RW */
#define IGBVF_TDLEN(n) (0x03808u + 0x100u * (n)) /* RW: bytes, a multiple of 128, bits 19:7 */
#define IGBVF_TDH(n)                                                                                         \
    (0x03810u + 0x100u * (n)) /* RW while the queue is disabled; a VF reset leaves it stale */
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
#define IGB_RXD_DW3_LENGTH 0x0000ffffu /* bytes in this descriptor's packet buffer */
#define IGB_RXD_DW3_VLAN   0xffff0000u /* the stripped tag, with VP; of a looped back packet it is big endian \
                                        */
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
