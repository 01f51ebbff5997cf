/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file virtio_regs.h
 * Virtio 1.x over PCI and its network device. Section numbers are those of "Virtual I/O Device (VIRTIO)
 * Version 1.2". All of it is little-endian.
 */
#ifndef SRIOV_HW_VIRTIO_REGS_H
#define SRIOV_HW_VIRTIO_REGS_H

#include <stdint.h>

/* ---- PCI: 4.1.2 ---- */
#define VIRTIO_VENDOR_ID        0x1af4u
#define VIRTIO_DEV_ID_NET       0x1041u /* 0x1040 + device id 1 */
#define VIRTIO_DEV_ID_NET_TRANS 0x1000u /* transitional: speaks the legacy interface, too */
#define VIRTIO_SUBSYSTEM_ID_NET 1u
#define VIRTIO_REVISION_MODERN  1u

/* Vendor-specific capability of a structure: 4.1.4 */
#define VIRTIO_PCI_CAP_LEN      2u  /* 8 bits: of the whole capability */
#define VIRTIO_PCI_CAP_CFG_TYPE 3u  /* 8 bits */
#define VIRTIO_PCI_CAP_BAR      4u  /* 8 bits; 0 to 5, others are reserved */
#define VIRTIO_PCI_CAP_OFFSET   8u  /* 32 bits: within the BAR */
#define VIRTIO_PCI_CAP_LENGTH   12u /* 32 bits */
#define VIRTIO_PCI_CAP_SIZE     16u
#define VIRTIO_PCI_NOTIFY_MULT  16u /* 32 bits, of the notify capability: 4.1.4.4 */
#define VIRTIO_PCI_NOTIFY_SIZE  20u

#define VIRTIO_PCI_CAP_COMMON 1u
#define VIRTIO_PCI_CAP_NOTIFY 2u
#define VIRTIO_PCI_CAP_ISR    3u
#define VIRTIO_PCI_CAP_DEVICE 4u
#define VIRTIO_PCI_CAP_PCI    5u

/* Common configuration: 4.1.4.3. Each field is accessed by its own width, 64 bits as two of 32: 4.1.3.1 */
#define VIRTIO_COMMON_DEVICE_FEATURE_SELECT 0u  /* 32 */
#define VIRTIO_COMMON_DEVICE_FEATURE        4u  /* 32, RO */
#define VIRTIO_COMMON_DRIVER_FEATURE_SELECT 8u  /* 32 */
#define VIRTIO_COMMON_DRIVER_FEATURE        12u /* 32 */
#define VIRTIO_COMMON_CONFIG_MSIX_VECTOR    16u /* 16 */
#define VIRTIO_COMMON_NUM_QUEUES            18u /* 16, RO */
#define VIRTIO_COMMON_DEVICE_STATUS         20u /* 8 */
#define VIRTIO_COMMON_CONFIG_GENERATION     21u /* 8, RO */
#define VIRTIO_COMMON_QUEUE_SELECT          22u /* 16 */
#define VIRTIO_COMMON_QUEUE_SIZE            24u /* 16; 0: there is no such queue */
#define VIRTIO_COMMON_QUEUE_MSIX_VECTOR     26u /* 16 */
#define VIRTIO_COMMON_QUEUE_ENABLE          28u /* 16; only 1 may be written */
#define VIRTIO_COMMON_QUEUE_NOTIFY_OFF      30u /* 16, RO */
#define VIRTIO_COMMON_QUEUE_DESC            32u /* 64 */
#define VIRTIO_COMMON_QUEUE_DRIVER          40u /* 64: the available ring */
#define VIRTIO_COMMON_QUEUE_DEVICE          48u /* 64: the used ring */
#define VIRTIO_COMMON_SIZE                  56u

#define VIRTIO_MSI_NO_VECTOR 0xffffu /* 4.1.5.1.2 */

/* ISR status: 4.1.4.5; reading clears it */
#define VIRTIO_ISR_QUEUE  1u
#define VIRTIO_ISR_CONFIG 2u

/* ---- Device status: 2.1 ---- */
#define VIRTIO_STATUS_ACKNOWLEDGE 0x01u
#define VIRTIO_STATUS_DRIVER      0x02u
#define VIRTIO_STATUS_DRIVER_OK   0x04u
#define VIRTIO_STATUS_FEATURES_OK 0x08u
#define VIRTIO_STATUS_NEEDS_RESET 0x40u
#define VIRTIO_STATUS_FAILED      0x80u

/* ---- Feature bits of every device: 6 ---- */
#define VIRTIO_F(bit)            (UINT64_C(1) << (bit))
#define VIRTIO_F_INDIRECT_DESC   VIRTIO_F(28)
#define VIRTIO_F_EVENT_IDX       VIRTIO_F(29)
#define VIRTIO_F_VERSION_1       VIRTIO_F(32)
#define VIRTIO_F_ACCESS_PLATFORM VIRTIO_F(33) /* its addresses go through the IOMMU */
#define VIRTIO_F_RING_PACKED     VIRTIO_F(34)
#define VIRTIO_F_IN_ORDER        VIRTIO_F(35)
#define VIRTIO_F_ORDER_PLATFORM  VIRTIO_F(36) /* barriers as for a device, not as for another CPU */
#define VIRTIO_F_RING_RESET      VIRTIO_F(40)

/* ---- Split virtqueue: 2.7 ---- */
#define VIRTIO_QUEUE_SIZE_MAX 32768u
#define VIRTQ_DESC_ALIGN      16u
#define VIRTQ_AVAIL_ALIGN     2u
#define VIRTQ_USED_ALIGN      4u

/* 2.7.5 */
struct virtq_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};
#define VIRTQ_DESC_F_NEXT     1u
#define VIRTQ_DESC_F_WRITE    2u /* the device writes it */
#define VIRTQ_DESC_F_INDIRECT 4u

/* 2.7.6; behind it as many entries of 16 bits as the queue has, and used_event */
struct virtq_avail {
    uint16_t flags;
    uint16_t idx;
};
#define VIRTQ_AVAIL_F_NO_INTERRUPT 1u

/* 2.7.8; behind it as many elements as the queue has entries, and avail_event */
struct virtq_used {
    uint16_t flags;
    uint16_t idx;
};
struct virtq_used_elem {
    uint32_t id;  /* head of the descriptor chain */
    uint32_t len; /* bytes written */
};
#define VIRTQ_USED_F_NO_NOTIFY 1u

#define VIRTQ_DESC_BYTES(n)  (16u * (n))
#define VIRTQ_AVAIL_BYTES(n) (6u + 2u * (n))
#define VIRTQ_USED_BYTES(n)  (6u + 8u * (n))

/* ---- Network device: 5.1 ---- */
/* 5.1.3 */
#define VIRTIO_NET_F_CSUM           VIRTIO_F(0)
#define VIRTIO_NET_F_GUEST_CSUM     VIRTIO_F(1)
#define VIRTIO_NET_F_MTU            VIRTIO_F(3)
#define VIRTIO_NET_F_MAC            VIRTIO_F(5)
#define VIRTIO_NET_F_MRG_RXBUF      VIRTIO_F(15)
#define VIRTIO_NET_F_STATUS         VIRTIO_F(16)
#define VIRTIO_NET_F_CTRL_VQ        VIRTIO_F(17)
#define VIRTIO_NET_F_CTRL_RX        VIRTIO_F(18)
#define VIRTIO_NET_F_CTRL_VLAN      VIRTIO_F(19)
#define VIRTIO_NET_F_GUEST_ANNOUNCE VIRTIO_F(21)
#define VIRTIO_NET_F_MQ             VIRTIO_F(22)
#define VIRTIO_NET_F_CTRL_MAC_ADDR  VIRTIO_F(23)
#define VIRTIO_NET_F_STANDBY        VIRTIO_F(62) /* stands by for another device of the same MAC */
#define VIRTIO_NET_F_SPEED_DUPLEX   VIRTIO_F(63)

/* Queues: 5.1.2. The control queue is the one behind the pairs that the device has, not those in use. */
#define VIRTIO_NET_RXQ(pair)   (2u * (pair))
#define VIRTIO_NET_TXQ(pair)   (2u * (pair) + 1u)
#define VIRTIO_NET_CTRLQ(most) (2u * (most))
#define VIRTIO_NET_PAIRS_MAX   0x8000u

/* Device configuration: 5.1.4. A field is there only with its feature. */
#define VIRTIO_NET_CFG_MAC       0u  /* 6 x 8 bits */
#define VIRTIO_NET_CFG_STATUS    6u  /* 16; STATUS */
#define VIRTIO_NET_CFG_MAX_PAIRS 8u  /* 16; MQ */
#define VIRTIO_NET_CFG_MTU       10u /* 16; MTU */
#define VIRTIO_NET_CFG_SPEED     12u /* 32, Mb/s; SPEED_DUPLEX */
#define VIRTIO_NET_CFG_DUPLEX    16u /* 8 */
#define VIRTIO_NET_CFG_SIZE      24u
#define VIRTIO_NET_S_LINK_UP     1u
#define VIRTIO_NET_S_ANNOUNCE    2u
#define VIRTIO_NET_SPEED_MAX     0x7fffffffu /* above: unknown */
#define VIRTIO_NET_MTU_MIN       68u

/* In front of each frame: 5.1.6. num_buffers is there in every header since 1.0. */
struct virtio_net_hdr {
    uint8_t flags;
    uint8_t gso_type;
    uint16_t hdr_len;
    uint16_t gso_size;
    uint16_t csum_start;
    uint16_t csum_offset;
    uint16_t num_buffers;
};
#define VIRTIO_NET_HDR_SIZE        12u
#define VIRTIO_NET_HDR_GSO_NONE    0u
#define VIRTIO_NET_RX_BUFFER_LEAST 1526u /* without MRG_RXBUF: 5.1.6.3.1 */

/* Control queue: 5.1.6.5. Class and command, 8 bits each, then data; the device writes the answer, 8 bits. */
#define VIRTIO_NET_CTRL_HDR_SIZE 2u
#define VIRTIO_NET_OK            0u
#define VIRTIO_NET_ERR           1u
/* 5.1.6.5.1; data: 8 bits, on or off */
#define VIRTIO_NET_CTRL_RX          0u
#define VIRTIO_NET_CTRL_RX_PROMISC  0u
#define VIRTIO_NET_CTRL_RX_ALLMULTI 1u
/* 5.1.6.5.2; data of TABLE_SET, for unicast and again for multicast: 32 bits count and so many addresses;
 * of ADDR_SET an address */
#define VIRTIO_NET_CTRL_MAC           1u
#define VIRTIO_NET_CTRL_MAC_TABLE_SET 0u
#define VIRTIO_NET_CTRL_MAC_ADDR_SET  1u
/* 5.1.6.5.3; data: 16 bits VLAN id */
#define VIRTIO_NET_CTRL_VLAN     2u
#define VIRTIO_NET_CTRL_VLAN_ADD 0u
#define VIRTIO_NET_CTRL_VLAN_DEL 1u
/* 5.1.6.5.5; data: 16 bits pairs */
#define VIRTIO_NET_CTRL_MQ              4u
#define VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET 0u

#endif
