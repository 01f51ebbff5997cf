/* SPDX-License-Identifier: BSD-3-Clause */
/* The 82599: geometry, modes, and what differs in meaning from its siblings. */
#include <sriov/hw/ixgbe_regs.h>
#include <sriov/hw/pci_regs.h>

#include "chip.h"

static bool vt_on(const struct sriov_model *nic)
{
    return (nic->regs.vt_ctl[0] & IXGBE_PFVTCTL_VT_ENA) != 0;
}

/* Sections 7.1.2.1 and 7.2.1.2.1. Before the PF has chosen, the 64-pool layout. */
static uint32_t pool_queues(const struct sriov_model *nic, bool tx)
{
    uint32_t mrqe = nic->regs.mrqc[0] & IXGBE_MRQC_MRQE, mtqc = nic->regs.mtqc[0];

    if (tx)
        return (mtqc & IXGBE_MTQC_NUM_TC_OR_Q) == IXGBE_MTQC_32VF   ? 4u
               : (mtqc & IXGBE_MTQC_NUM_TC_OR_Q) == IXGBE_MTQC_16VF ? 8u
                                                                    : 2u;
    if (mrqe == IXGBE_MRQC_MRQE_VMDQRSS32 || mrqe == IXGBE_MRQC_MRQE_VMDQRT4TC)
        return 4;
    return mrqe == IXGBE_MRQC_MRQE_VMDQRT8TC ? 8u : 2u;
}

static uint32_t queue_of(const struct sriov_model *nic, uint32_t pool, uint32_t n, bool tx)
{
    return pool * pool_queues(nic, tx) + n;
}

static void pool_of(const struct sriov_model *nic, uint32_t queue, bool tx, uint32_t *pool, uint32_t *n)
{
    *pool = queue / pool_queues(nic, tx);
    *n = queue % pool_queues(nic, tx);
}

static uint32_t ivar_of(const struct sriov_model *nic, uint32_t queue, bool tx)
{
    return nic->regs.ivar[queue / 2u] >> (tx ? IXGBE_IVAR_TX_SHIFT(queue) : IXGBE_IVAR_RX_SHIFT(queue)) &
           0xffu;
}

static uint32_t rss_queues(const struct sriov_model *nic, uint32_t pool)
{
    uint32_t mrqe = nic->regs.mrqc[0] & IXGBE_MRQC_MRQE, n;

    if (!vt_on(nic))
        return mrqe == IXGBE_MRQC_MRQE_RSS ? 16u : 1u;
    if (mrqe != IXGBE_MRQC_MRQE_VMDQRSS32 && mrqe != IXGBE_MRQC_MRQE_VMDQRSS64)
        return 1;
    n = 1u << ((nic->regs.psrtype[pool] & IXGBE_PSRTYPE_RQPL) >> IXGBE_PSRTYPE_RQPL_SHIFT);
    return n > pool_queues(nic, false) ? pool_queues(nic, false) : n;
}

static uint64_t rar_pools(const struct sriov_model *nic, uint32_t entry)
{
    return (uint64_t)nic->regs.mpsar[2u * entry + 1u] << 32 | nic->regs.mpsar[2u * entry];
}

static uint64_t vlan_pools(const struct sriov_model *nic, uint16_t vid, bool *known)
{
    uint64_t pools = 0;

    *known = false;
    for (uint32_t i = 0; i < IXGBE_VLVF_ENTRIES; i++) {
        uint32_t e = nic->regs.vlvf[i];

        if (!(e & IXGBE_PFVLVF_VI_EN) || (e & IXGBE_PFVLVF_VLAN_ID) != vid)
            continue;
        *known = true;
        pools |= (uint64_t)nic->regs.vlvfb[2u * i + 1u] << 32 | nic->regs.vlvfb[2u * i];
    }
    return pools;
}

static void put_pool(uint32_t pair[2], uint32_t pool, bool on)
{
    uint32_t bit = UINT32_C(1) << (pool % 32u);

    pair[pool / 32u] = on ? pair[pool / 32u] | bit : pair[pool / 32u] & ~bit;
}

static void rar_join(struct sriov_model *nic, uint32_t entry, uint32_t pool, bool on)
{
    put_pool(&nic->regs.mpsar[2u * entry], pool, on);
}

static void vlan_join(struct sriov_model *nic, uint32_t entry, uint32_t pool, bool on)
{
    put_pool(&nic->regs.vlvfb[2u * entry], pool, on);
}

static bool vlan_filter_on(const struct sriov_model *nic)
{
    return (nic->regs.vlan_ctrl[0] & IXGBE_VLNCTRL_VFE) != 0;
}

static bool strip_vlan(const struct sriov_model *nic, uint32_t pool, uint32_t queue)
{
    (void)pool;
    return (nic->regs.rx.dctl[queue] & IXGBE_RXDCTL_VME) != 0;
}

static bool strip_crc(const struct sriov_model *nic, uint32_t pool)
{
    (void)pool;
    return (nic->regs.hlreg[0] & IXGBE_HLREG0_RXCRCSTRP) != 0;
}

static size_t frame_max(const struct sriov_model *nic, uint32_t pool, bool tagged)
{
    size_t max = 1518;

    (void)pool;
    if (nic->regs.hlreg[0] & IXGBE_HLREG0_JUMBOEN)
        max = nic->regs.max_frame[0] >> IXGBE_MAXFRS_MFS_SHIFT;
    return max + (tagged ? 4u : 0u);
}

static bool spoof_check(const struct sriov_model *nic, uint32_t pool, bool vlan)
{
    uint32_t bit = vlan ? IXGBE_PFVFSPOOF_VLANAS(pool) : IXGBE_PFVFSPOOF_MACAS(pool);

    return (nic->regs.spoof[pool / 8u] & bit) != 0;
}

static bool local_loopback(const struct sriov_model *nic, uint32_t pool)
{
    (void)nic;
    (void)pool;
    return false;
}

static void count_spoof(struct sriov_model *nic, uint32_t pool, uint32_t queue)
{
    (void)queue;
    if (nic->plain[IXGBE_PFVMECM(pool / 32u) / 4u] >> (pool % 32u) & 1u)
        mock_stats_saturate(&nic->regs.port.spoofed);
}

/* An SFP+ board: with the laser off neither end has link. */
static bool link_up(const struct sriov_model *nic)
{
    return (nic->plain[IXGBE_ESDP / 4u] & IXGBE_ESDP_SDP3) == 0;
}

/* ---- hooks of the table ---- */

uint32_t mock_82599_status(struct sriov_model *nic, const struct mock_ref *ref)
{
    uint32_t value = (uint32_t)nic->num_vfs << IXGBE_STATUS_NUM_VFS_SHIFT;

    (void)ref;
    if (nic->num_vfs > 0)
        value |= IXGBE_STATUS_IOV_ACTIVE;
    if (nic->link)
        value |= IXGBE_STATUS_LINK_UP;
    if (!(nic->regs.ctrl[0] & IXGBE_CTRL_PCIE_MASTER_DISABLE))
        value |= IXGBE_STATUS_PCIE_MASTER_EN;
    return value;
}

uint32_t mock_82599_links(struct sriov_model *nic, const struct mock_ref *ref)
{
    (void)ref;
    return nic->link ? IXGBE_LINKS_UP | IXGBE_LINKS_SPEED_10G : 0u;
}

void mock_82599_ctrl_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    if (value & (IXGBE_CTRL_RST | IXGBE_CTRL_LRST))
        mock_reset_port(nic);
    else
        mock_reg_store(nic, ref, value);
}

void mock_82599_qde_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint32_t queue = (value & IXGBE_PFQDE_QUEUE_IDX) >> IXGBE_PFQDE_QUEUE_IDX_SHIFT;

    if (value & IXGBE_PFQDE_WE)
        nic->regs.qdrop[queue] = value & IXGBE_PFQDE_QDE;
    value &= ~(IXGBE_PFQDE_WE | IXGBE_PFQDE_RE | IXGBE_PFQDE_QDE);
    mock_reg_store(nic, ref, value | (nic->regs.qdrop[queue] ? IXGBE_PFQDE_QDE : 0u));
}

void mock_82599_mtqc_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    if (!(nic->plain[IXGBE_RTTDCS / 4u] & IXGBE_RTTDCS_ARBDIS))
        mock_report_reg(nic, SRIOV_REPORT_BAD_SEQUENCE, ref, "MTQC written while RTTDCS.ARBDIS is 0");
    mock_reg_store(nic, ref, value);
}

uint32_t mock_82599_eims_ex_read(struct sriov_model *nic, const struct mock_ref *ref)
{
    return (uint32_t)(nic->fn[0].irq.mask >> (32u * ref->index));
}

void mock_82599_eims_ex_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    mock_irq_enable(nic, 0, (uint64_t)value << (32u * ref->index));
}

void mock_82599_eimc_ex_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    nic->fn[0].irq.mask &= ~((uint64_t)value << (32u * ref->index));
}

void mock_82599_eics_ex_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    mock_irq_raise(nic, 0, (uint64_t)value << (32u * ref->index));
}

const struct mock_nic_chip mock_82599 = {
    .name = "82599",
    .pf = {.vendor = IXGBE_VENDOR_ID,
           .device = IXGBE_DEV_ID_82599_SFP,
           .subsystem_vendor = IXGBE_VENDOR_ID,
           .subsystem = 0x0003,
           .revision = 1,
           .bar_length = {[0] = IXGBE_PF_BAR_SIZE, [4] = 0x4000},
           .bar_flags = {[0] = SRIOV_PCI_BAR_MEM_64 | SRIOV_PCI_BAR_MEM_PREFETCH,
                         [4] = SRIOV_PCI_BAR_MEM_64 | SRIOV_PCI_BAR_MEM_PREFETCH},
           .regs_bar = IXGBE_BAR_REGS,
           .msix_bar = IXGBE_PF_BAR_MSIX,
           .msix_vectors = IXGBE_PF_MSIX_VECTORS,
           .msix_table = IXGBE_MSIX_TABLE,
           .msix_pba = IXGBE_MSIX_PBA},
    .vf = {.vendor = IXGBE_VENDOR_ID,
           .device = IXGBE_DEV_ID_82599_VF,
           .subsystem_vendor = IXGBE_VENDOR_ID,
           .subsystem = 0x0003,
           .revision = 1,
           .bar_length = {[0] = IXGBE_VF_BAR_SIZE, [3] = 0x4000},
           .bar_flags = {[0] = SRIOV_PCI_BAR_MEM_64 | SRIOV_PCI_BAR_MEM_PREFETCH,
                         [3] = SRIOV_PCI_BAR_MEM_64 | SRIOV_PCI_BAR_MEM_PREFETCH},
           .regs_bar = IXGBE_BAR_REGS,
           .msix_bar = IXGBE_VF_BAR_MSIX,
           .msix_vectors = IXGBE_VF_MSIX_VECTORS,
           .msix_table = IXGBE_MSIX_TABLE,
           .msix_pba = IXGBE_MSIX_PBA},
    .total_vfs = IXGBE_MAX_VFS,
    .vf_offset = 0x80,
    .vf_stride = 2,
    .pools = IXGBE_MAX_POOLS,
    .queues = IXGBE_MAX_QUEUES,
    .rar_entries = IXGBE_RAR_ENTRIES,
    .vlvf_entries = IXGBE_VLVF_ENTRIES,
    .pf_regs = mock_82599_pf_regs,
    .vf_regs = mock_82599_vf_regs,
    .vt_on = vt_on,
    .pool_queues = pool_queues,
    .queue_of = queue_of,
    .pool_of = pool_of,
    .ivar_of = ivar_of,
    .rss_queues = rss_queues,
    .rar_pools = rar_pools,
    .vlan_pools = vlan_pools,
    .vlan_filter_on = vlan_filter_on,
    .rar_join = rar_join,
    .vlan_join = vlan_join,
    .strip_vlan = strip_vlan,
    .strip_crc = strip_crc,
    .frame_max = frame_max,
    .mac_spoof_check = spoof_check,
    .local_loopback = local_loopback,
    .count_spoof = count_spoof,
    .raise_other = mock_irq_raise_pf_other_bits,
    .link_up = link_up,
    .pf_vector_bits = IXGBE_EICR_RTXQ,
    .cause_mailbox = IXGBE_EICR_MAILBOX,
    .cause_link = IXGBE_EICR_LSC,
    .tx_enable = IXGBE_DMATXCTL_TE,
    .rx_enable = IXGBE_RXCTRL_RXEN,
    .loopback_enable = IXGBE_PFDTXGSWC_LBE,
    .bcast_enable = IXGBE_FCTRL_BAM,
    .mcast_promisc = IXGBE_FCTRL_MPE,
    .ucast_promisc = IXGBE_FCTRL_UPE,
    .rx_enable_field = MOCK_FIELD(rx_enable),
    .mcast_field = MOCK_FIELD(mcast_ctrl),
    .pad_field = MOCK_FIELD(hlreg),
    .mcast_hash_enable = IXGBE_MCSTCTRL_MFE,
    .mcast_shift_mask = IXGBE_MCSTCTRL_MO,
    .default_pool_shift = IXGBE_PFVTCTL_DEF_PL_SHIFT,
    .default_pool_mask = IXGBE_PFVTCTL_DEF_PL,
    .bsizepacket_mask = IXGBE_SRRCTL_BSIZEPACKET,
    .bsizeheader_mask = IXGBE_SRRCTL_BSIZEHEADER,
    .drop_en = IXGBE_SRRCTL_DROP_EN,
    .err_l4 = IXGBE_RXD_ERR_L4E,
    .err_ip = IXGBE_RXD_ERR_IPE,
    .pad_enable = IXGBE_HLREG0_TXPADEN,
    .itr_mask = IXGBE_EITR_ITR_INTERVAL,
    .itr_keep = IXGBE_EITR_CNT_WDIS,
    .itr_ns_per_lsb = 2048,
    .itr_shift = IXGBE_EITR_INTERVAL_SHIFT,
    .dctl_wthresh = IXGBE_TXDCTL_WTHRESH,
    .link_mbps = 10000,
    .rx_buffer_bytes = IXGBE_RXPBSIZE_TOTAL_KIB * 1024u,
    .octet_bits = IXGBE_VF_OCTETS_BITS,
    .rss_ipv4_tcp = IXGBE_MRQC_RSS_IPV4_TCP,
    .rss_ipv4 = IXGBE_MRQC_RSS_IPV4,
    .rss_ipv6_tcp = IXGBE_MRQC_RSS_IPV6_TCP,
    .rss_ipv6 = IXGBE_MRQC_RSS_IPV6,
    .rss_ipv4_udp = IXGBE_MRQC_RSS_IPV4_UDP,
    .rss_ipv6_udp = IXGBE_MRQC_RSS_IPV6_UDP,
    .mbox_vfs_per_icr = 16,
    .check_context = IXGBE_TXD_CC,
    .tx_min_frame = 17,
    .tx_max_frame = 15872,
};
