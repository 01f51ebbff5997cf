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
/* CTRL and VFCTRL: sections 8.2.3.1.1 and 8.3.5.1 */
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
/* EITR and VTEITR: section 8.2.3.5.12; reset 0 */
#define IXGBE_EITR_ITR_INTERVAL                                                                              \
    0x00000ff8u /* bits 11:3 in units of 2.048 us at 1G and 10G; 0 is no throttling */
#define IXGBE_EITR_INTERVAL_SHIFT 3u
#define IXGBE_EITR_LLI_MODERATION 0x00008000u
#define IXGBE_EITR_LLI_CREDIT     0x001f0000u
#define IXGBE_EITR_ITR_COUNTER    0x0fe00000u
#define IXGBE_EITR_CNT_WDIS       0x80000000u /* WO: this write leaves the counters alone */
/* One byte of an IVAR, IVAR_MISC, VTIVAR or VTIVAR_MISC: sections 8.2.3.5.15 and 8.3.5.2 */
#define IXGBE_IVAR_ALLOC     0x3fu /* vector; in a VF only bits 1:0 */
#define IXGBE_IVAR_ALLOC_VAL 0x80u
/* PSRTYPE and VFPSRTYPE: section 8.2.3.7.4 */
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
 * ======== The virtual function: section 8.3 ========
 */

/* ---- VF general control: section 8.3.5.1 ---- */
#define IXGBE_VFCTRL    0x00000u /* WO: only RST; reads 0 */
#define IXGBE_VFSTATUS  0x00008u /* RO: the PF's STATUS */
#define IXGBE_VFLINKS   0x00010u /* RO: the PF's LINKS */
#define IXGBE_VFFRTIMER 0x00048u /* RO: free-running timer, microseconds of the PF's FRTIMER */
/*
 * VFMAILBOX: section 8.3.5.1.5.  REQ and ACK ring the PF and read 0.  PFSTS, PFACK and RSTD are cleared by
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

/* ---- VF interrupts: section 8.3.5.2; bits 2:0 are the three vectors ---- */
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

/* ---- VF receive: section 8.3.5.4; n = 0..7 ---- */
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

/* ---- VF transmit: section 8.3.5.5; n = 0..7 ---- */
#define IXGBE_VFTDBAL(n)      (0x02000u + 0x40u * (n)) /* RW; bits 6:0 read 0 */
#define IXGBE_VFTDBAH(n)      (0x02004u + 0x40u * (n)) /* RW */
#define IXGBE_VFTDLEN(n)      (0x02008u + 0x40u * (n)) /* RW: bytes, a multiple of 128, bits 19:7 */
#define IXGBE_VFDCA_TXCTRL(n) (0x0200cu + 0x40u * (n)) /* RW */
#define IXGBE_VFTDH(n)        (0x02010u + 0x40u * (n)) /* RO to software while the queue is enabled; 0 */
#define IXGBE_VFTDT(n)        (0x02018u + 0x40u * (n)) /* RW, 0; bits 15:0 */
#define IXGBE_VFTXDCTL(n)     (0x02028u + 0x40u * (n)) /* RW, 0 */
#define IXGBE_VFTDWBAL(n)     (0x02038u + 0x40u * (n)) /* RW, 0 */
#define IXGBE_VFTDWBAH(n)     (0x0203cu + 0x40u * (n)) /* RW, 0 */

/* ---- VF statistics: section 8.3.5.7.  RO and wrapping, never cleared by a read nor by a reset of the VF
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
