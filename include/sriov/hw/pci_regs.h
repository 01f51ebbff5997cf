/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file pci_regs.h
 * PCI and PCI Express configuration space: offsets, fields, capability ids.
 *
 * Shared by the core, which reads them, and the device models, which serve them.  Sources: PCI Local Bus
 * Specification 3.0, PCI Express Base Specification 2.0 and later, Single Root I/O Virtualization and
 * Sharing 1.1.
 *
 * Conventions.  A name without a field is an offset: from the start of configuration space for the header,
 * from the start of its capability for the rest.  A name with a field is a mask in place; _SHIFT brings it to
 * bit 0. RO read only, RW read and write, W1C written one clears, HwInit fixed before software sees it.
 */
#ifndef SRIOV_HW_PCI_REGS_H
#define SRIOV_HW_PCI_REGS_H

#include <stdint.h>

#define SRIOV_PCI_CFG_SIZE     256u  /* bytes of conventional configuration space */
#define SRIOV_PCI_CFG_EXT_SIZE 4096u /* bytes with the extended space of PCI Express */

/* What a read gives when nobody answers: a removed function, a VF that is not enabled. */
#define SRIOV_PCI_NO_DEVICE16 UINT16_C(0xffff)
#define SRIOV_PCI_NO_DEVICE32 UINT32_C(0xffffffff)

/* ---- Type 0 header: PCI 3.0, section 6.1 ---- */
#define SRIOV_PCI_VENDOR_ID              0x00u /* 16 RO; 0xffff in a VF (SR-IOV 1.1, 3.4.1.1) */
#define SRIOV_PCI_DEVICE_ID              0x02u /* 16 RO; 0xffff in a VF (SR-IOV 1.1, 3.4.1.2) */
#define SRIOV_PCI_COMMAND                0x04u /* 16 RW; in a VF only MASTER is writable */
#define SRIOV_PCI_COMMAND_IO             0x0001u
#define SRIOV_PCI_COMMAND_MEMORY         0x0002u /* reads 0 in a VF: VF MSE of the PF decides */
#define SRIOV_PCI_COMMAND_MASTER         0x0004u /* also gates MSI and MSI-X messages */
#define SRIOV_PCI_COMMAND_PARITY         0x0040u
#define SRIOV_PCI_COMMAND_SERR           0x0100u
#define SRIOV_PCI_COMMAND_INTX_DISABLE   0x0400u
#define SRIOV_PCI_STATUS                 0x06u   /* 16 RO and W1C */
#define SRIOV_PCI_STATUS_INTERRUPT       0x0008u /* RO: INTx pending */
#define SRIOV_PCI_STATUS_CAP_LIST        0x0010u /* RO: always 1 in PCI Express */
#define SRIOV_PCI_STATUS_PARITY          0x0100u /* W1C */
#define SRIOV_PCI_STATUS_SIG_TGT_ABORT   0x0800u /* W1C */
#define SRIOV_PCI_STATUS_REC_TGT_ABORT   0x1000u /* W1C */
#define SRIOV_PCI_STATUS_REC_MST_ABORT   0x2000u /* W1C */
#define SRIOV_PCI_STATUS_SIG_SYS_ERROR   0x4000u /* W1C */
#define SRIOV_PCI_STATUS_DETECTED_PERR   0x8000u /* W1C */
#define SRIOV_PCI_REVISION_ID            0x08u   /* 8 RO */
#define SRIOV_PCI_CLASS_PROG             0x09u   /* 8 RO */
#define SRIOV_PCI_CLASS_DEVICE           0x0au   /* 16 RO: base class above subclass */
#define SRIOV_PCI_CLASS_NETWORK_ETHERNET 0x0200u /* value of CLASS_DEVICE */
#define SRIOV_PCI_CLASS_BRIDGE_PCI       0x0604u /* value of CLASS_DEVICE */
#define SRIOV_PCI_CACHE_LINE_SIZE        0x0cu   /* 8 RW, no effect in PCI Express */
#define SRIOV_PCI_LATENCY_TIMER          0x0du   /* 8 RO 0 in PCI Express */
#define SRIOV_PCI_HEADER_TYPE            0x0eu   /* 8 RO */
#define SRIOV_PCI_HEADER_TYPE_MASK       0x7fu
#define SRIOV_PCI_HEADER_TYPE_NORMAL     0x00u
#define SRIOV_PCI_HEADER_TYPE_BRIDGE     0x01u
#define SRIOV_PCI_HEADER_TYPE_MULTI      0x80u /* more than one function at this device number */
#define SRIOV_PCI_BIST                   0x0fu
#define SRIOV_PCI_BAR_COUNT              6u
#define SRIOV_PCI_BAR(n)                                                                                     \
    (0x10u + 4u * (n)) /* 32 RW; reads 0 in a VF: its BARs are in the PF's SR-IOV capability */
#define SRIOV_PCI_BAR_IO              0x00000001u
#define SRIOV_PCI_BAR_MEM_TYPE        0x00000006u
#define SRIOV_PCI_BAR_MEM_32          0x00000000u
#define SRIOV_PCI_BAR_MEM_64          0x00000004u
#define SRIOV_PCI_BAR_MEM_PREFETCH    0x00000008u
#define SRIOV_PCI_BAR_MEM_MASK        0xfffffff0u
#define SRIOV_PCI_BAR_IO_MASK         0xfffffffcu
#define SRIOV_PCI_CARDBUS_CIS         0x28u
#define SRIOV_PCI_SUBSYSTEM_VENDOR_ID 0x2cu /* 16 RO */
#define SRIOV_PCI_SUBSYSTEM_ID        0x2eu /* 16 RO */
#define SRIOV_PCI_ROM_ADDRESS         0x30u /* 32 RW; reads 0 in a VF */
#define SRIOV_PCI_ROM_ADDRESS_ENABLE  0x00000001u
#define SRIOV_PCI_CAP_POINTER         0x34u /* 8 RO: first capability */
#define SRIOV_PCI_INTERRUPT_LINE      0x3cu /* 8 RW; 0 in a VF */
#define SRIOV_PCI_INTERRUPT_PIN       0x3du /* 8 RO; 0 in a VF: it has no INTx */
#define SRIOV_PCI_HEADER_SIZE         0x40u

/* ---- Type 1 header: what a walk over bridges needs (PCI-to-PCI Bridge 1.2, section 3.2) ---- */
#define SRIOV_PCI_BRIDGE_PRIMARY_BUS     0x18u
#define SRIOV_PCI_BRIDGE_SECONDARY_BUS   0x19u
#define SRIOV_PCI_BRIDGE_SUBORDINATE_BUS 0x1au
#define SRIOV_PCI_BRIDGE_MEMORY_BASE     0x20u
#define SRIOV_PCI_BRIDGE_MEMORY_LIMIT    0x22u
#define SRIOV_PCI_BRIDGE_PREF_BASE       0x24u
#define SRIOV_PCI_BRIDGE_PREF_LIMIT      0x26u
#define SRIOV_PCI_BRIDGE_PREF_BASE_HI    0x28u
#define SRIOV_PCI_BRIDGE_PREF_LIMIT_HI   0x2cu
#define SRIOV_PCI_BRIDGE_CONTROL         0x3eu

/* ---- Capability list: PCI 3.0, section 6.7 and appendix H ---- */
#define SRIOV_PCI_CAP_ID_OFF    0u /* 8 RO */
#define SRIOV_PCI_CAP_NEXT_OFF  1u /* 8 RO: 0 ends the list */
#define SRIOV_PCI_CAP_PTR_MASK  0xfcu
#define SRIOV_PCI_CAP_FIRST     0x40u /* no capability lies below */
#define SRIOV_PCI_CAP_MAX_COUNT 48u   /* (256 - 64) / 4: a longer walk is a loop */

#define SRIOV_PCI_CAP_ID_PM     0x01u
#define SRIOV_PCI_CAP_ID_VPD    0x03u
#define SRIOV_PCI_CAP_ID_MSI    0x05u
#define SRIOV_PCI_CAP_ID_VENDOR 0x09u
#define SRIOV_PCI_CAP_ID_EXP    0x10u
#define SRIOV_PCI_CAP_ID_MSIX   0x11u
#define SRIOV_PCI_CAP_ID_AF     0x13u

/* ---- Power management: PCI Power Management 1.2, section 3.2 ---- */
#define SRIOV_PCI_PM_CAP                0x02u /* 16 RO */
#define SRIOV_PCI_PM_CTRL               0x04u /* 16 RW */
#define SRIOV_PCI_PM_CTRL_STATE         0x0003u
#define SRIOV_PCI_PM_CTRL_NO_SOFT_RESET 0x0008u /* RO: D3hot to D0 keeps the state */
#define SRIOV_PCI_PM_CTRL_PME_ENABLE    0x0100u
#define SRIOV_PCI_PM_CTRL_PME_STATUS    0x8000u /* W1C */
#define SRIOV_PCI_PM_SIZE               8u

/* ---- MSI: PCI 3.0, section 6.8.1 ---- */
#define SRIOV_PCI_MSI_CTRL               0x02u /* 16 */
#define SRIOV_PCI_MSI_CTRL_ENABLE        0x0001u
#define SRIOV_PCI_MSI_CTRL_CAPABLE       0x000eu /* RO: log2 of the vectors asked for */
#define SRIOV_PCI_MSI_CTRL_CAPABLE_SHIFT 1u
#define SRIOV_PCI_MSI_CTRL_ENABLED       0x0070u /* log2 of the vectors granted */
#define SRIOV_PCI_MSI_CTRL_ENABLED_SHIFT 4u
#define SRIOV_PCI_MSI_CTRL_64BIT         0x0080u /* RO */
#define SRIOV_PCI_MSI_CTRL_MASKABLE      0x0100u /* RO */
#define SRIOV_PCI_MSI_ADDR_LO            0x04u
#define SRIOV_PCI_MSI_ADDR_HI            0x08u /* with 64BIT */
#define SRIOV_PCI_MSI_DATA_32            0x08u
#define SRIOV_PCI_MSI_DATA_64            0x0cu
#define SRIOV_PCI_MSI_MASK_32            0x0cu
#define SRIOV_PCI_MSI_MASK_64            0x10u
#define SRIOV_PCI_MSI_PENDING_32         0x10u
#define SRIOV_PCI_MSI_PENDING_64         0x14u

/* ---- MSI-X: PCI 3.0, section 6.8.2 ---- */
#define SRIOV_PCI_MSIX_CTRL            0x02u       /* 16 */
#define SRIOV_PCI_MSIX_CTRL_SIZE       0x07ffu     /* RO: vectors less one */
#define SRIOV_PCI_MSIX_CTRL_MASKALL    0x4000u     /* RW, reset 0 */
#define SRIOV_PCI_MSIX_CTRL_ENABLE     0x8000u     /* RW, reset 0 */
#define SRIOV_PCI_MSIX_TABLE           0x04u       /* 32 RO */
#define SRIOV_PCI_MSIX_PBA             0x08u       /* 32 RO */
#define SRIOV_PCI_MSIX_BIR             0x00000007u /* which BAR, in TABLE and in PBA */
#define SRIOV_PCI_MSIX_OFFSET          0xfffffff8u /* bytes into it */
#define SRIOV_PCI_MSIX_SIZE            12u         /* bytes of the capability */
#define SRIOV_PCI_MSIX_MAX_VECTORS     2048u
#define SRIOV_PCI_MSIX_ENTRY_SIZE      16u  /* bytes of a table entry */
#define SRIOV_PCI_MSIX_ENTRY_ADDR_LO   0x0u /* RW; bits 1:0 are 0 */
#define SRIOV_PCI_MSIX_ENTRY_ADDR_HI   0x4u /* RW */
#define SRIOV_PCI_MSIX_ENTRY_DATA      0x8u /* RW */
#define SRIOV_PCI_MSIX_ENTRY_CTRL      0xcu /* RW, reset 1: masked */
#define SRIOV_PCI_MSIX_ENTRY_CTRL_MASK 0x00000001u

/* ---- PCI Express capability: PCI Express Base 2.0, section 7.8 ---- */
#define SRIOV_PCI_EXP_FLAGS                0x02u   /* 16 RO */
#define SRIOV_PCI_EXP_FLAGS_VERS           0x000fu /* 2 for all that follows beyond LNKSTA */
#define SRIOV_PCI_EXP_FLAGS_TYPE           0x00f0u
#define SRIOV_PCI_EXP_FLAGS_TYPE_SHIFT     4u
#define SRIOV_PCI_EXP_TYPE_ENDPOINT        0x0u
#define SRIOV_PCI_EXP_TYPE_LEGACY_ENDPOINT 0x1u
#define SRIOV_PCI_EXP_TYPE_ROOT_PORT       0x4u
#define SRIOV_PCI_EXP_TYPE_UPSTREAM        0x5u
#define SRIOV_PCI_EXP_TYPE_DOWNSTREAM      0x6u
#define SRIOV_PCI_EXP_TYPE_RC_ENDPOINT     0x9u
#define SRIOV_PCI_EXP_DEVCAP               0x04u       /* 32 RO */
#define SRIOV_PCI_EXP_DEVCAP_PAYLOAD       0x00000007u /* 128 << n bytes */
#define SRIOV_PCI_EXP_DEVCAP_PHANTOM       0x00000018u
#define SRIOV_PCI_EXP_DEVCAP_EXT_TAG       0x00000020u
#define SRIOV_PCI_EXP_DEVCAP_RBER          0x00008000u
#define SRIOV_PCI_EXP_DEVCAP_FLR                                                                             \
    0x10000000u /* function level reset; required of every VF (SR-IOV 1.1, 2.2.2) */
#define SRIOV_PCI_EXP_DEVCTL               0x08u /* 16 RW; in a VF all but FLR is reserved: the PF's setting governs */
#define SRIOV_PCI_EXP_DEVCTL_CERE          0x0001u
#define SRIOV_PCI_EXP_DEVCTL_NFERE         0x0002u
#define SRIOV_PCI_EXP_DEVCTL_FERE          0x0004u
#define SRIOV_PCI_EXP_DEVCTL_URRE          0x0008u
#define SRIOV_PCI_EXP_DEVCTL_RELAX_EN      0x0010u
#define SRIOV_PCI_EXP_DEVCTL_PAYLOAD       0x00e0u
#define SRIOV_PCI_EXP_DEVCTL_PAYLOAD_SHIFT 5u
#define SRIOV_PCI_EXP_DEVCTL_EXT_TAG       0x0100u
#define SRIOV_PCI_EXP_DEVCTL_NOSNOOP_EN    0x0800u
#define SRIOV_PCI_EXP_DEVCTL_READRQ        0x7000u
#define SRIOV_PCI_EXP_DEVCTL_READRQ_SHIFT  12u
#define SRIOV_PCI_EXP_DEVCTL_FLR           0x8000u /* write 1 resets, reads 0; then wait SRIOV_PCI_FLR_MS */
#define SRIOV_PCI_EXP_DEVSTA               0x0au   /* 16 */
#define SRIOV_PCI_EXP_DEVSTA_CED           0x0001u /* W1C */
#define SRIOV_PCI_EXP_DEVSTA_NFED          0x0002u /* W1C */
#define SRIOV_PCI_EXP_DEVSTA_FED           0x0004u /* W1C */
#define SRIOV_PCI_EXP_DEVSTA_URD           0x0008u /* W1C */
#define SRIOV_PCI_EXP_DEVSTA_TRPND         0x0020u /* RO: requests of this function still outstanding */
#define SRIOV_PCI_EXP_LNKCAP               0x0cu   /* 32 RO */
#define SRIOV_PCI_EXP_LNKCAP_SPEED         0x0000000fu
#define SRIOV_PCI_EXP_LNKCAP_WIDTH         0x000003f0u
#define SRIOV_PCI_EXP_LNKCAP_WIDTH_SHIFT   4u
#define SRIOV_PCI_EXP_LNKCTL               0x10u /* 16 RW */
#define SRIOV_PCI_EXP_LNKSTA               0x12u /* 16 RO */
#define SRIOV_PCI_EXP_LNKSTA_SPEED         0x000fu
#define SRIOV_PCI_EXP_SPEED_2_5            1u
#define SRIOV_PCI_EXP_SPEED_5_0            2u
#define SRIOV_PCI_EXP_SPEED_8_0            3u
#define SRIOV_PCI_EXP_LNKSTA_WIDTH         0x03f0u
#define SRIOV_PCI_EXP_LNKSTA_WIDTH_SHIFT   4u
#define SRIOV_PCI_EXP_DEVCAP2              0x24u /* 32 RO */
#define SRIOV_PCI_EXP_DEVCAP2_CTO_RANGES   0x0000000fu
#define SRIOV_PCI_EXP_DEVCAP2_CTO_DIS      0x00000010u
#define SRIOV_PCI_EXP_DEVCAP2_ARI          0x00000020u /* RO: this port can forward by ARI */
#define SRIOV_PCI_EXP_DEVCTL2              0x28u       /* 16 RW */
#define SRIOV_PCI_EXP_DEVCTL2_CTO_VALUE    0x000fu
#define SRIOV_PCI_EXP_DEVCTL2_CTO_DIS      0x0010u
#define SRIOV_PCI_EXP_DEVCTL2_ARI          0x0020u /* in a port above: VFs beyond function 7 need it */
#define SRIOV_PCI_EXP_LNKCAP2              0x2cu
#define SRIOV_PCI_EXP_LNKCTL2              0x30u
#define SRIOV_PCI_EXP_LNKSTA2              0x32u
#define SRIOV_PCI_EXP_SIZE                 0x3cu /* bytes of a version 2 capability */

/* How long software must leave a function alone after FLR (PCI Express Base 2.0, section 6.6.2). */
#define SRIOV_PCI_FLR_MS 100u
/* The same after VF Enable is set, or NumVFs is followed by it (SR-IOV 1.1, section 3.3.3.1). */
#define SRIOV_PCI_VF_ENABLE_MS 100u
/* After VF Enable is cleared nothing of the VFs may be touched for this long (same section). */
#define SRIOV_PCI_VF_DISABLE_MS 1000u

/* ---- Advanced features: conventional functions' FLR (PCI Advanced Capabilities ECN) ---- */
#define SRIOV_PCI_AF_CAP       0x03u
#define SRIOV_PCI_AF_CAP_TP    0x01u
#define SRIOV_PCI_AF_CAP_FLR   0x02u
#define SRIOV_PCI_AF_CTRL      0x04u
#define SRIOV_PCI_AF_CTRL_FLR  0x01u
#define SRIOV_PCI_AF_STATUS    0x05u
#define SRIOV_PCI_AF_STATUS_TP 0x01u

/* ---- Extended capability list: PCI Express Base 2.0, section 7.9 ---- */
#define SRIOV_PCI_EXT_CAP_FIRST           0x100u /* the list begins here */
#define SRIOV_PCI_EXT_CAP_MAX_COUNT       480u   /* (4096 - 256) / 8: a longer walk is a loop */
#define SRIOV_PCI_EXT_CAP_ID(header)      ((uint32_t)(header)&UINT32_C(0xffff))
#define SRIOV_PCI_EXT_CAP_VERSION(header) (((uint32_t)(header) >> 16) & UINT32_C(0xf))
#define SRIOV_PCI_EXT_CAP_NEXT(header)    (((uint32_t)(header) >> 20) & UINT32_C(0xffc)) /* 0 ends the list */
#define SRIOV_PCI_EXT_CAP_HEADER(id, version, next)                                                          \
    ((uint32_t)(id) | ((uint32_t)(version) << 16) | ((uint32_t)(next) << 20))

#define SRIOV_PCI_EXT_CAP_ID_AER    0x0001u
#define SRIOV_PCI_EXT_CAP_ID_VC     0x0002u
#define SRIOV_PCI_EXT_CAP_ID_DSN    0x0003u
#define SRIOV_PCI_EXT_CAP_ID_VENDOR 0x000bu
#define SRIOV_PCI_EXT_CAP_ID_ACS    0x000du
#define SRIOV_PCI_EXT_CAP_ID_ARI    0x000eu
#define SRIOV_PCI_EXT_CAP_ID_ATS    0x000fu
#define SRIOV_PCI_EXT_CAP_ID_SRIOV  0x0010u
#define SRIOV_PCI_EXT_CAP_ID_PRI    0x0013u
#define SRIOV_PCI_EXT_CAP_ID_REBAR  0x0015u
#define SRIOV_PCI_EXT_CAP_ID_TPH    0x0017u
#define SRIOV_PCI_EXT_CAP_ID_LTR    0x0018u
#define SRIOV_PCI_EXT_CAP_ID_PASID  0x001bu

/* ---- Advanced error reporting: PCI Express Base 2.0, section 7.10 ---- */
#define SRIOV_PCI_AER_UNC_STATUS       0x04u /* 32 W1C */
#define SRIOV_PCI_AER_UNC_MASK         0x08u
#define SRIOV_PCI_AER_UNC_SEVERITY     0x0cu
#define SRIOV_PCI_AER_UNC_DLP          0x00000010u
#define SRIOV_PCI_AER_UNC_POISONED     0x00001000u
#define SRIOV_PCI_AER_UNC_FLOW_CONTROL 0x00002000u
#define SRIOV_PCI_AER_UNC_COMP_TIMEOUT 0x00004000u
#define SRIOV_PCI_AER_UNC_COMP_ABORT   0x00008000u
#define SRIOV_PCI_AER_UNC_UNEXP_COMP   0x00010000u
#define SRIOV_PCI_AER_UNC_RX_OVERFLOW  0x00020000u
#define SRIOV_PCI_AER_UNC_MALFORMED    0x00040000u
#define SRIOV_PCI_AER_UNC_ECRC         0x00080000u
#define SRIOV_PCI_AER_UNC_UNSUPPORTED  0x00100000u
#define SRIOV_PCI_AER_UNC_ACS          0x00200000u
#define SRIOV_PCI_AER_COR_STATUS       0x10u /* 32 W1C */
#define SRIOV_PCI_AER_COR_MASK         0x14u
#define SRIOV_PCI_AER_CAP              0x18u
#define SRIOV_PCI_AER_HEADER_LOG       0x1cu /* 16 bytes */
#define SRIOV_PCI_AER_SIZE             0x2cu /* bytes in an endpoint */

/* ---- Device serial number: PCI Express Base 2.0, section 7.12 ---- */
#define SRIOV_PCI_DSN_LO   0x04u
#define SRIOV_PCI_DSN_HI   0x08u
#define SRIOV_PCI_DSN_SIZE 0x0cu

/* ---- Alternative routing-ID: PCI Express Base 2.0, section 7.23 (ARI ECN) ---- */
#define SRIOV_PCI_ARI_CAP               0x04u /* 16 RO */
#define SRIOV_PCI_ARI_CAP_MFVC          0x0001u
#define SRIOV_PCI_ARI_CAP_ACS           0x0002u
#define SRIOV_PCI_ARI_CAP_NEXT_FN       0xff00u /* next function; VFs are not in this list */
#define SRIOV_PCI_ARI_CAP_NEXT_FN_SHIFT 8u
#define SRIOV_PCI_ARI_CTRL              0x06u /* 16 RW */
#define SRIOV_PCI_ARI_CTRL_MFVC         0x0001u
#define SRIOV_PCI_ARI_CTRL_ACS          0x0002u
#define SRIOV_PCI_ARI_CTRL_GROUP        0x0070u
#define SRIOV_PCI_ARI_CTRL_GROUP_SHIFT  4u
#define SRIOV_PCI_ARI_SIZE              0x08u

/* ---- Access control services: PCI Express Base 2.0, section 7.16 (ACS ECN) ---- */
#define SRIOV_PCI_ACS_CAP           0x04u /* 16 RO */
#define SRIOV_PCI_ACS_CTRL          0x06u /* 16 RW: the same bits enable */
#define SRIOV_PCI_ACS_EGRESS_VECTOR 0x08u
#define SRIOV_PCI_ACS_SV            0x0001u /* source validation */
#define SRIOV_PCI_ACS_TB            0x0002u /* translation blocking */
#define SRIOV_PCI_ACS_RR            0x0004u /* peer requests redirected upstream */
#define SRIOV_PCI_ACS_CR            0x0008u /* peer completions redirected upstream */
#define SRIOV_PCI_ACS_UF            0x0010u /* upstream forwarding */
#define SRIOV_PCI_ACS_EC            0x0020u /* egress control */
#define SRIOV_PCI_ACS_DT            0x0040u /* direct translated peer to peer */
/* What isolates functions below a port from each other: an IOMMU group ends where all four are enabled. */
#define SRIOV_PCI_ACS_ISOLATION (SRIOV_PCI_ACS_SV | SRIOV_PCI_ACS_RR | SRIOV_PCI_ACS_CR | SRIOV_PCI_ACS_UF)
#define SRIOV_PCI_ACS_SIZE      0x08u

/* ---- Address translation services: ATS 1.1, section 5.1 ---- */
#define SRIOV_PCI_ATS_CAP             0x04u
#define SRIOV_PCI_ATS_CAP_QUEUE_DEPTH 0x001fu
#define SRIOV_PCI_ATS_CTRL            0x06u
#define SRIOV_PCI_ATS_CTRL_STU        0x001fu
#define SRIOV_PCI_ATS_CTRL_ENABLE     0x8000u
#define SRIOV_PCI_ATS_SIZE            0x08u

/* ---- Process address space id: PASID ECN ---- */
#define SRIOV_PCI_PASID_CAP         0x04u
#define SRIOV_PCI_PASID_CTRL        0x06u
#define SRIOV_PCI_PASID_CTRL_ENABLE 0x0001u
#define SRIOV_PCI_PASID_SIZE        0x08u

/* ---- SR-IOV extended capability: SR-IOV 1.1, section 3.3 ---- */
#define SRIOV_PCI_SRIOV_CAP                0x04u       /* 32 RO, 3.3.2 */
#define SRIOV_PCI_SRIOV_CAP_VFM            0x00000001u /* VF migration capable */
#define SRIOV_PCI_SRIOV_CAP_ARI_PRESERVED  0x00000002u /* ARI capable hierarchy survives a reset of the PF */
#define SRIOV_PCI_SRIOV_CAP_VFM_INTR       0xffe00000u
#define SRIOV_PCI_SRIOV_CAP_VFM_INTR_SHIFT 21u
#define SRIOV_PCI_SRIOV_CTRL               0x08u   /* 16 RW, 3.3.3; reset 0 */
#define SRIOV_PCI_SRIOV_CTRL_VFE           0x0001u /* VF Enable; 1 to 0 resets every VF away */
#define SRIOV_PCI_SRIOV_CTRL_VFM           0x0002u /* VF migration enable */
#define SRIOV_PCI_SRIOV_CTRL_VFM_INTR      0x0004u
#define SRIOV_PCI_SRIOV_CTRL_MSE           0x0008u /* VF memory space enable */
#define SRIOV_PCI_SRIOV_CTRL_ARI                                                                             \
    0x0010u /* ARI capable hierarchy: changes VF_OFFSET and VF_STRIDE; lowest PF only */
#define SRIOV_PCI_SRIOV_STATUS       0x0au   /* 16, 3.3.4 */
#define SRIOV_PCI_SRIOV_STATUS_VFM   0x0001u /* W1C */
#define SRIOV_PCI_SRIOV_INITIAL_VFS  0x0cu   /* 16 HwInit, 3.3.5 */
#define SRIOV_PCI_SRIOV_TOTAL_VFS    0x0eu   /* 16 HwInit, 3.3.6; equals INITIAL_VFS without migration */
#define SRIOV_PCI_SRIOV_NUM_VFS      0x10u /* 16 RW while VFE is 0, 3.3.7; changes VF_OFFSET and VF_STRIDE */
#define SRIOV_PCI_SRIOV_FN_LINK      0x12u /* 8 HwInit, 3.3.8 */
#define SRIOV_PCI_SRIOV_VF_OFFSET    0x14u /* 16 RO, 3.3.9: routing id of VF 1 less the PF's, modulo 2^16 */
#define SRIOV_PCI_SRIOV_VF_STRIDE    0x16u /* 16 RO, 3.3.10: between VFs; unused while NUM_VFS is below 2 */
#define SRIOV_PCI_SRIOV_VF_DEVICE_ID 0x1au /* 16 RO, 3.3.11 */
#define SRIOV_PCI_SRIOV_SUPPORTED_PAGES                                                                      \
    0x1cu /* 32 RO, 3.3.12: bit n means 4 KiB << n; at least bits 0,1,4,6,8,10 */
#define SRIOV_PCI_SRIOV_SYSTEM_PAGE     0x20u /* 32 RW while VFE is 0, 3.3.13; one bit; reset 1: 4 KiB */
#define SRIOV_PCI_SRIOV_PAGES_MANDATORY 0x00000553u
#define SRIOV_PCI_SRIOV_VF_BAR(n)                                                                            \
    (0x24u + 4u * (n)) /* 32 RW, 3.3.14: sizes one VF's; its space is that times NUM_VFS */
#define SRIOV_PCI_SRIOV_VF_BAR_COUNT 6u
#define SRIOV_PCI_SRIOV_VFM_ARRAY    0x3cu /* 32 RO, 3.3.15 */
#define SRIOV_PCI_SRIOV_SIZE         0x40u

/* Routing id of VF @n, counted from 0, of the PF at @pf_rid (SR-IOV 1.1, section 2.1.2). */
#define SRIOV_PCI_SRIOV_VF_RID(pf_rid, offset, stride, n)                                                    \
    ((uint16_t)(((uint32_t)(pf_rid) + (uint32_t)(offset) + (uint32_t)(stride) * (uint32_t)(n)) &             \
                UINT32_C(0xffff)))

#endif
