/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file intel_mbx.h
 * Messages between PF and VF over the mailbox of the Intel 82599 and 82576.
 *
 * The transport (mailbox registers) is in ixgbe_regs.h and igb_regs.h: 82599 datasheet section 7.10.2.9,
 * 82576 datasheet section 7.8.5.  The messages are not in the datasheets; they are the protocol that all PF
 * and VF drivers speak.
 *
 * A message is 1 to 16 words of 32 bits, little endian; word 0 is its header.  A VF asks, the PF answers in
 * the same memory with the request's header plus ACK or NACK, plus CTS once the VF has been through RESET.
 * Apart from control messages a PF never begins.  Both ends are hostile to each other: read the memory once,
 * then check.
 *
 * "Words" below counts word 0.  Where an answer is longer than what is listed, the rest is the request,
 * unchanged.
 */
#ifndef SRIOV_HW_INTEL_MBX_H
#define SRIOV_HW_INTEL_MBX_H

#include <stdint.h>

#define INTEL_MBX_WORDS 16u /* words of mailbox memory for each VF */

/* ---- Header: word 0 ---- */
#define INTEL_MBX_TYPE        0x0000ffffu /* message id */
#define INTEL_MBX_INFO        0x00ff0000u /* argument, by message */
#define INTEL_MBX_INFO_SHIFT  16u
#define INTEL_MBX_CTS         0x20000000u /* from the PF: this VF may send requests; 0 means RESET first */
#define INTEL_MBX_NACK        0x40000000u /* from the PF: refused */
#define INTEL_MBX_ACK         0x80000000u /* from the PF: done */
#define INTEL_MBX_RESULT      (INTEL_MBX_ACK | INTEL_MBX_NACK)
#define INTEL_MBX_REPLY_FLAGS (INTEL_MBX_ACK | INTEL_MBX_NACK | INTEL_MBX_CTS)

/* What drivers wait for an answer before they take the PF for dead: 2000 looks, 500 us apart. */
#define INTEL_MBX_TIMEOUT_US 1000000u
#define INTEL_MBX_POLL_US    500u

/* ---- Requests that both devices have ---- */
/*
 * RESET, 1 word, the only request without CTS; first after every reset of VF or PF.
 * Answer, 82599 4 words, 82576 3: words 1 and 2 hold the permanent MAC, byte 0 first in memory, which is the
 * lowest byte of word 1; word 3 (82599) the multicast filter type, MCSTCTRL.MO.  The header has no CTS. NACK,
 * with no MAC, means: accepted, but the PF has no address for this VF, choose one and SET_MAC_ADDR.
 */
#define INTEL_MBX_VF_RESET           0x01u
#define INTEL_MBX_RESET_MAC_WORD     1u
#define INTEL_MBX_RESET_MC_TYPE_WORD 3u
#define IXGBE_MBX_RESET_REPLY_WORDS  4u
#define IGB_MBX_RESET_REPLY_WORDS    3u

/* SET_MAC_ADDR, 3 words: words 1 and 2 the MAC as above.  NACK: the PF has set one that the VF may not
 * change. */
#define INTEL_MBX_VF_SET_MAC_ADDR 0x02u
#define INTEL_MBX_SET_MAC_WORDS   3u

/*
 * SET_MULTICAST, 16 words: INFO is the count, 0 to 30; from word 1 on 12-bit hashes, two to a word, the lower
 * half first. Replaces the whole list of the VF.  The hash takes the bits of the address that the filter type
 * of RESET names: with a4 and a5 its last two bytes, type 0: a5 << 4 | a4 >> 4, 1: a5 << 5 | a4 >> 3, 2: a5
 * << 6 | a4 >> 2, 3: a5 << 8 | a4, all & 0xfff.  The 82576 is always type 0.
 */
#define INTEL_MBX_VF_SET_MULTICAST    0x03u
#define INTEL_MBX_SET_MULTICAST_WORDS 16u
#define INTEL_MBX_MULTICAST_MAX       30u
#define INTEL_MBX_MULTICAST_HASH      0x0fffu
#define IGB_MBX_MULTICAST_COUNT       0x001f0000u /* 82576: the count's part of INFO */
#define IGB_MBX_MULTICAST_OVERFLOW    0x00800000u /* 82576: the VF has more than 30; the PF may open up */

/* SET_VLAN, 2 words: INFO 1 adds, 0 removes; word 1 the VLAN id.  NACK: port VLAN set by the PF, or table
 * full. */
#define INTEL_MBX_VF_SET_VLAN    0x04u
#define INTEL_MBX_SET_VLAN_WORDS 2u
#define INTEL_MBX_VLAN_ADD       0x00010000u
#define INTEL_MBX_VLAN_ID        0x00000fffu

/* SET_LPE, 2 words: word 1 the largest frame in bytes, with header and FCS. */
#define INTEL_MBX_VF_SET_LPE    0x05u
#define INTEL_MBX_SET_LPE_WORDS 2u

/*
 * Control message, PF to VF, 1 word and no answer but the transport's ACK: something has changed; look at
 * link, at RSTI and at CTS.  A VF that sees it without CTS has to RESET.  Sent on link change and when the PF
 * is going down.
 */
#define INTEL_MBX_PF_CONTROL_MSG 0x0100u

/* ---- 82576 only ---- */
/* Flags in INFO of SET_MAC_ADDR: work on extra unicast filters instead.  CLR needs no address. */
#define IGB_MBX_MAC_FILTER     0x00ff0000u
#define IGB_MBX_MAC_FILTER_CLR 0x00010000u
#define IGB_MBX_MAC_FILTER_ADD 0x00020000u
/* SET_PROMISC, 1 word: INFO bits; none switches both off.  PFs refuse UNICAST. */
#define IGB_MBX_VF_SET_PROMISC    0x06u
#define IGB_MBX_PROMISC_UNICAST   0x00010000u
#define IGB_MBX_PROMISC_MULTICAST 0x00020000u
/* The PF answers all but RESET with 1 word. */

/* ---- 82599 only: API 1.0 ---- */
/* SET_MACVLAN, 3 words: INFO 0 drops all extra unicast filters; INFO 1 drops them and adds, above 1 adds;
 * words 1, 2 MAC. */
#define IXGBE_MBX_VF_SET_MACVLAN    0x06u
#define IXGBE_MBX_SET_MACVLAN_WORDS 3u

/*
 * API_NEGOTIATE, 3 words: word 1 a value of the table below, word 2 is 0.  ACK: it is in force until the next
 * RESET, which falls back to 1.0.  NACK: offer an older one.  The values are in the order of their invention,
 * not of version.
 */
#define IXGBE_MBX_VF_API_NEGOTIATE    0x08u
#define IXGBE_MBX_API_NEGOTIATE_WORDS 3u
#define IXGBE_MBX_API_1_0             0u
#define IXGBE_MBX_API_2_0             1u /* another branch: ids 0x0a to 0x0f differ; obsolete */
#define IXGBE_MBX_API_1_1             2u
#define IXGBE_MBX_API_1_2             3u
#define IXGBE_MBX_API_1_3             4u
#define IXGBE_MBX_API_1_4             5u
#define IXGBE_MBX_API_1_5             6u /* for ESXi PFs, Linux and DPDK PFs refuse it; locked mailbox */
#define IXGBE_MBX_API_1_6             7u
#define IXGBE_MBX_API_1_7             8u
#define IXGBE_MBX_API_COUNT           9u

/* ---- 82599, API 1.1 ---- */
/* GET_QUEUES, 5 words, the arguments 0.  Answer 5 words; a VF bounds each by 8 and takes 0 for not told. */
#define IXGBE_MBX_VF_GET_QUEUES          0x09u
#define IXGBE_MBX_GET_QUEUES_WORDS       5u
#define IXGBE_MBX_QUEUES_TX_WORD         1u
#define IXGBE_MBX_QUEUES_RX_WORD         2u
#define IXGBE_MBX_QUEUES_TRANS_VLAN_WORD 3u /* traffic classes; or 1: a port VLAN is on, strip tags */
#define IXGBE_MBX_QUEUES_DEF_QUEUE_WORD  4u /* default queue, within the VF */

/* ---- 82599, API 1.2 ---- */
/* GET_RETA, 1 word.  Answer 9 words: 128 entries of 2 bits from word 1 on, entry 0 lowest.  NACK unless the
 * PF allows it. */
#define IXGBE_MBX_VF_GET_RETA           0x0au
#define IXGBE_MBX_GET_RETA_REPLY_WORDS  9u
#define IXGBE_MBX_RETA_ENTRIES          128u
#define IXGBE_MBX_RETA_ENTRIES_PER_WORD 16u
/* GET_RSS_KEY, 1 word.  Answer 11 words: the 40 bytes of the key from word 1 on.  NACK unless the PF allows
 * it. */
#define IXGBE_MBX_VF_GET_RSS_KEY          0x0bu
#define IXGBE_MBX_GET_RSS_KEY_REPLY_WORDS 11u
#define IXGBE_MBX_RSS_KEY_BYTES           40u
/* UPDATE_XCAST_MODE, 2 words: word 1 the mode asked for, in the answer the one granted: less, for an
 * untrusted VF. */
#define IXGBE_MBX_VF_UPDATE_XCAST_MODE 0x0cu
#define IXGBE_MBX_UPDATE_XCAST_WORDS   2u
#define IXGBE_MBX_XCAST_NONE           0u
#define IXGBE_MBX_XCAST_MULTI          1u
#define IXGBE_MBX_XCAST_ALLMULTI       2u
#define IXGBE_MBX_XCAST_PROMISC        3u /* API 1.3; an 82599 PF refuses it, its VMs have no promiscuous mode */
/* GET_LINK_STATE, 2 words: word 1 is 0; in the answer not 0 if the PF's policy lets the VF have link. */
#define IXGBE_MBX_VF_GET_LINK_STATE    0x10u
#define IXGBE_MBX_GET_LINK_STATE_WORDS 2u

/* ---- 82599, API 1.4; with 1.7 only if FEATURES_NEGOTIATE grants IPSEC ---- */
/*
 * IPSEC_ADD, 12 words, sent as 16.  Answer 2 words: word 1 the handle of the association.
 * Word 1 SPI, big endian.  Word 2 byte 0 direction, byte 1 IP protocol, bytes 2 and 3 address family (2 or
 * 10). Words 3 to 6 the destination, big endian, IPv4 in word 3.  Words 7 to 10 the key, word 11 the salt.
 */
#define IXGBE_MBX_VF_IPSEC_ADD      0x0du
#define IXGBE_MBX_IPSEC_ADD_WORDS   12u
#define IXGBE_MBX_IPSEC_SPI_WORD    1u
#define IXGBE_MBX_IPSEC_TYPE_WORD   2u
#define IXGBE_MBX_IPSEC_ADDR_WORD   3u
#define IXGBE_MBX_IPSEC_KEY_WORD    7u
#define IXGBE_MBX_IPSEC_SALT_WORD   11u
#define IXGBE_MBX_IPSEC_HANDLE_WORD 1u
/* IPSEC_DEL, 2 words: word 1 the handle. */
#define IXGBE_MBX_VF_IPSEC_DEL    0x0eu
#define IXGBE_MBX_IPSEC_DEL_WORDS 2u

/* ---- 82599, API 1.6 ---- */
/* GET_PF_LINK_STATE, 3 words, the arguments 0.  Answer: word 1 the speed, word 2 not 0 if the link is up. */
#define IXGBE_MBX_VF_GET_PF_LINK_STATE    0x11u
#define IXGBE_MBX_GET_PF_LINK_STATE_WORDS 3u
#define IXGBE_MBX_PF_LINK_SPEED_WORD      1u
#define IXGBE_MBX_PF_LINK_UP_WORD         2u
#define IXGBE_MBX_SPEED_UNKNOWN           0x0000u
#define IXGBE_MBX_SPEED_10M               0x0002u
#define IXGBE_MBX_SPEED_100M              0x0008u
#define IXGBE_MBX_SPEED_1G                0x0020u
#define IXGBE_MBX_SPEED_10G               0x0080u
#define IXGBE_MBX_SPEED_2_5G              0x0400u
#define IXGBE_MBX_SPEED_5G                0x0800u

/* ---- 82599, API 1.7 ---- */
/* FEATURES_NEGOTIATE, 2 words: word 1 what the VF can do, in the answer what both can. */
#define IXGBE_MBX_VF_FEATURES_NEGOTIATE 0x12u
#define IXGBE_MBX_FEATURES_WORDS        2u
#define IXGBE_MBX_FEATURE_IPSEC         0x00000001u
#define IXGBE_MBX_FEATURE_LOCKED_MBX    0x00000002u /* the mailbox locking that API 1.5 began */

#endif
