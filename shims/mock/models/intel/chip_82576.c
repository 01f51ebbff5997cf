/* SPDX-License-Identifier: BSD-3-Clause */
/* The 82576: geometry, modes, and what differs in meaning from its siblings. */
#include <sriov/hw/igb_regs.h>
#include <sriov/hw/pci_regs.h>

#include "chip.h"

static uint32_t mrqe(const struct sriov_model *nic)
{
    return nic->regs.mrqc[0] & IGB_MRQC_MRQE;
}

static bool vt_on(const struct sriov_model *nic)
{
    return mrqe(nic) == IGB_MRQC_MRQE_VMDQ || mrqe(nic) == IGB_MRQC_MRQE_VMDQ_RSS;
}

static uint32_t pool_queues(const struct sriov_model *nic, bool tx)
{
    (void)nic;
    (void)tx;
    return IGB_QUEUES_PER_POOL;
}

static uint32_t queue_of(const struct sriov_model *nic, uint32_t pool, uint32_t n, bool tx)
{
    (void)nic;
    (void)tx;
    return pool + IGB_MAX_POOLS * n;
}

static void pool_of(const struct sriov_model *nic, uint32_t queue, bool tx, uint32_t *pool, uint32_t *n)
{
    (void)nic;
    (void)tx;
    *pool = queue % IGB_MAX_POOLS;
    *n = queue / IGB_MAX_POOLS;
}

static uint32_t ivar_of(const struct sriov_model *nic, uint32_t queue, bool tx)
{
    uint32_t shift = tx ? IGB_IVAR_TX_SHIFT(queue) : IGB_IVAR_RX_SHIFT(queue);

    return nic->regs.ivar[IGB_IVAR_INDEX(queue)] >> shift & 0xffu;
}

static uint32_t rss_queues(const struct sriov_model *nic, uint32_t pool)
{
    if (!vt_on(nic))
        return mrqe(nic) == IGB_MRQC_MRQE_RSS ? IGB_MAX_QUEUES : 1u;
    if (mrqe(nic) != IGB_MRQC_MRQE_VMDQ_RSS || !(nic->regs.vmolr[pool] & IGB_VMOLR_RSSE))
        return 1;
    return IGB_QUEUES_PER_POOL;
}

static uint64_t rar_pools(const struct sriov_model *nic, uint32_t entry)
{
    return (nic->regs.rah[entry] & IGB_RAH_POOLSEL) >> IGB_RAH_POOLSEL_SHIFT;
}

static uint64_t vlan_pools(const struct sriov_model *nic, uint16_t vid, bool *known)
{
    uint64_t pools = 0;

    *known = false;
    for (uint32_t i = 0; i < IGB_VLVF_ENTRIES; i++) {
        uint32_t e = nic->regs.vlvf[i];

        if (!(e & IGB_VLVF_VI_EN) || (e & IGB_VLVF_VLAN_ID) != vid)
            continue;
        *known = true;
        pools |= (e & IGB_VLVF_POOLSEL) >> IGB_VLVF_POOLSEL_SHIFT;
    }
    return pools;
}

static void put_bit(uint32_t *word, uint32_t bit, bool on)
{
    *word = on ? *word | UINT32_C(1) << bit : *word & ~(UINT32_C(1) << bit);
}

static void rar_join(struct sriov_model *nic, uint32_t entry, uint32_t pool, bool on)
{
    put_bit(&nic->regs.rah[entry], IGB_RAH_POOLSEL_SHIFT + pool, on);
}

static void vlan_join(struct sriov_model *nic, uint32_t entry, uint32_t pool, bool on)
{
    put_bit(&nic->regs.vlvf[entry], IGB_VLVF_POOLSEL_SHIFT + pool, on);
}

static bool vlan_filter_on(const struct sriov_model *nic)
{
    return (nic->regs.rx_filter[0] & IGB_RCTL_VFE) != 0;
}

static bool strip_vlan(const struct sriov_model *nic, uint32_t pool, uint32_t queue)
{
    (void)queue;
    if (!vt_on(nic))
        return (nic->regs.ctrl[0] & IGB_CTRL_VME) != 0;
    return (nic->regs.vmolr[pool] & IGB_VMOLR_STRVLAN) != 0;
}

static bool strip_crc(const struct sriov_model *nic, uint32_t pool)
{
    if (!vt_on(nic))
        return (nic->regs.rx_filter[0] & IGB_RCTL_SECRC) != 0;
    return (nic->regs.vmolr[pool] & IGB_VMOLR_STRCRC) != 0;
}

static size_t frame_max(const struct sriov_model *nic, uint32_t pool, bool tagged)
{
    size_t standard = tagged ? 1522u : 1518u;

    if (!vt_on(nic))
        return nic->regs.rx_filter[0] & IGB_RCTL_LPE ? nic->regs.max_frame[0] : standard;
    return nic->regs.vmolr[pool] & IGB_VMOLR_LPE ? nic->regs.vmolr[pool] & IGB_VMOLR_RLPML : standard;
}

static bool spoof_check(const struct sriov_model *nic, uint32_t pool, bool vlan)
{
    return (nic->regs.tx_switch[0] & (vlan ? IGB_DTXSWC_VLANAS(pool) : IGB_DTXSWC_MACAS(pool))) != 0;
}

static bool local_loopback(const struct sriov_model *nic, uint32_t pool)
{
    return (nic->regs.tx_switch[0] & IGB_DTXSWC_LLE(pool)) != 0;
}

/* Section 8.8: ICR holds these causes, and IVAR_MISC gives them all one bit of EICR. */
static void raise_other(struct sriov_model *nic, uint32_t causes)
{
    struct mock_regs *r = &nic->regs;
    uint32_t before = r->icr[0] & r->ims[0];

    r->icr[0] |= causes;
    if (!(r->icr[0] & r->ims[0] & ~before))
        return;
    r->icr[0] |= IGB_ICR_INT_ASSERTED;
    mock_irq_raise_pf_other_vector(nic);
}

static void count_spoof(struct sriov_model *nic, uint32_t pool, uint32_t queue)
{
    (void)pool;
    mock_stats_saturate(&nic->regs.port.spoofed);
    nic->regs.spoof_event[0] |= UINT32_C(1) << queue;
    if (nic->plain[IGB_DTXCTL / 4u] & IGB_DTXCTL_SPOOF_INT)
        raise_other(nic, IGB_ICR_DOUTSYNC);
}

/*
 * DTXCTL.MDP_EN (section 8.12), LVMMC and MDFB (section 8.14): the queue stays as it is until the PF writes
 * its bit of MDFB. The pool is in LVMMC's highest bits; of the causes below one is modelled.
 */
static void stop_queue(struct sriov_model *nic, uint32_t queue)
{
    if (!(nic->plain[IGB_DTXCTL / 4u] & IGB_DTXCTL_MDP_EN) || nic->quirks->no_malicious_detection)
        return;
    nic->regs.stopped[0] |= UINT32_C(1) << queue;
    nic->regs.misbehaviour[0] = (queue % IGB_MAX_POOLS) << IGB_LVMMC_POOL_SHIFT | 1u;
    raise_other(nic, IGB_ICR_DOUTSYNC);
}

static bool link_up(const struct sriov_model *nic)
{
    return (nic->regs.ctrl[0] & IGB_CTRL_SLU) && !(nic->phy[IGB_PHY_CONTROL] & IGB_PHY_CONTROL_POWER_DOWN);
}

/* ---- hooks of the table ---- */

uint32_t mock_82576_status(struct sriov_model *nic, const struct mock_ref *ref)
{
    uint32_t value = (uint32_t)nic->num_vfs << IGB_STATUS_NUM_VFS_SHIFT;

    (void)ref;
    value |= IGB_STATUS_FD | IGB_STATUS_SPEED_1000 | IGB_STATUS_LAN_INIT_DONE | nic->regs.status_bits[0];
    if (nic->num_vfs > 0)
        value |= IGB_STATUS_IOV_MODE;
    if (nic->link)
        value |= IGB_STATUS_LU;
    if (!(nic->regs.ctrl[0] & IGB_CTRL_GIO_MASTER_DISABLE))
        value |= IGB_STATUS_GIO_MASTER_EN;
    return value;
}

void mock_82576_status_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    (void)ref;
    nic->regs.status_bits[0] &= value & IGB_STATUS_PHYRA;
}

void mock_82576_ctrl_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    (void)ref;
    if (value & IGB_CTRL_RST) {
        mock_reset_port(nic);
        return;
    }
    if (value & IGB_CTRL_PHY_RST)
        mock_phy_reset(nic);
    nic->regs.ctrl[0] = value & ~IGB_CTRL_PHY_RST;
    mock_link_update(nic);
}

uint32_t mock_82576_qde_read(struct sriov_model *nic, const struct mock_ref *ref)
{
    uint32_t value = 0;

    (void)ref;
    for (uint32_t q = 0; q < IGB_MAX_QUEUES; q++)
        value |= nic->regs.qdrop[q] << q;
    return value;
}

void mock_82576_qde_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    (void)ref;
    for (uint32_t q = 0; q < IGB_MAX_QUEUES; q++)
        nic->regs.qdrop[q] = value >> q & 1u;
}

void mock_82576_mdfb_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    (void)ref;
    nic->regs.stopped[0] &= ~value;
    mock_tx_kick_all(nic);
}

/* Section 8.8.1: reading clears, unless causes could get lost that way. */
uint32_t mock_82576_icr_read(struct sriov_model *nic, const struct mock_ref *ref)
{
    struct mock_regs *r = &nic->regs;
    uint32_t value = r->icr[0];

    (void)ref;
    if ((r->gpie[0] & IGB_GPIE_NSICR) || r->ims[0] == 0 || (value & IGB_ICR_INT_ASSERTED))
        r->icr[0] = 0;
    return value;
}

void mock_82576_icr_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    (void)ref;
    nic->regs.icr[0] &= ~value;
}

void mock_82576_ics_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    (void)ref;
    raise_other(nic, value & ~IGB_ICR_INT_ASSERTED);
}

void mock_82576_ims_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    uint32_t waiting = nic->regs.icr[0] & value & ~nic->regs.ims[0];

    (void)ref;
    nic->regs.ims[0] |= value;
    if (waiting == 0)
        return;
    nic->regs.icr[0] &= ~waiting;
    raise_other(nic, waiting);
}

void mock_82576_imc_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value)
{
    (void)ref;
    nic->regs.ims[0] &= ~value;
}

const struct mock_nic_chip mock_82576 = {
    .name = "82576",
    .pf = {.vendor = IGB_VENDOR_ID,
           .device = IGB_DEV_ID_82576,
           .subsystem_vendor = IGB_VENDOR_ID,
           .subsystem = 0xa02b,
           .revision = 1,
           .bar_length = {[0] = IGB_PF_BAR_SIZE, [3] = 0x4000},
           .bar_flags = {0},
           .regs_bar = IGB_BAR_REGS,
           .msix_bar = IGB_PF_BAR_MSIX,
           .msix_vectors = IGB_PF_MSIX_VECTORS,
           .msix_table = IGB_PF_MSIX_TABLE,
           .msix_pba = IGB_PF_MSIX_PBA},
    .vf = {.vendor = IGB_VENDOR_ID,
           .device = IGB_DEV_ID_82576_VF,
           .subsystem_vendor = IGB_VENDOR_ID,
           .subsystem = 0xa02b,
           .revision = 1,
           .bar_length = {[0] = IGBVF_BAR_SIZE, [3] = 0x4000},
           .bar_flags = {[0] = SRIOV_PCI_BAR_MEM_64 | SRIOV_PCI_BAR_MEM_PREFETCH,
                         [3] = SRIOV_PCI_BAR_MEM_64 | SRIOV_PCI_BAR_MEM_PREFETCH},
           .regs_bar = IGB_BAR_REGS,
           .msix_bar = IGBVF_BAR_MSIX,
           .msix_vectors = IGBVF_MSIX_VECTORS,
           .msix_table = IGBVF_MSIX_TABLE,
           .msix_pba = IGBVF_MSIX_PBA},
    .total_vfs = IGB_TOTAL_VFS,
    .vf_offset = 0x180,
    .vf_stride = 2,
    .pools = IGB_MAX_POOLS,
    .queues = IGB_MAX_QUEUES,
    .rar_entries = IGB_RAR_ENTRIES,
    .vlvf_entries = IGB_VLVF_ENTRIES,
    .pf_regs = mock_82576_pf_regs,
    .vf_regs = mock_82576_vf_regs,
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
    .stop_queue = stop_queue,
    .raise_other = raise_other,
    .link_up = link_up,
    .pf_vector_bits = IGB_EICR_MSIX,
    .cause_mailbox = IGB_ICR_VMMB,
    .cause_link = IGB_ICR_LSC,
    .tx_enable = IGB_TCTL_EN,
    .rx_enable = IGB_RCTL_RXEN,
    .loopback_enable = IGB_DTXSWC_LOOPBACK_EN,
    .bcast_enable = IGB_RCTL_BAM,
    .mcast_promisc = IGB_RCTL_MPE,
    .ucast_promisc = IGB_RCTL_UPE,
    .rx_enable_field = MOCK_FIELD(rx_filter),
    .mcast_field = MOCK_FIELD(rx_filter),
    .pad_field = MOCK_FIELD(tx_enable),
    .mcast_shift_mask = IGB_RCTL_MO,
    .mcast_shift_at = IGB_RCTL_MO_SHIFT,
    .default_pool_shift = IGB_VT_CTL_DEF_PL_SHIFT,
    .default_pool_mask = IGB_VT_CTL_DEF_PL,
    .bsizepacket_mask = IGB_SRRCTL_BSIZEPACKET,
    .bsizeheader_mask = IGB_SRRCTL_BSIZEHEADER,
    .bsize_default = 2048,
    .drop_en = IGB_SRRCTL_DROP_EN,
    .err_l4 = IGB_RXD_ERR_L4E,
    .err_ip = IGB_RXD_ERR_IPE,
    .rxcsum_ip = IGB_RXCSUM_IPOFLD,
    .rxcsum_l4 = IGB_RXCSUM_TUOFLD,
    .rxcsum_sctp = IGB_RXCSUM_CRCOFL,
    .pad_enable = IGB_TCTL_PSP,
    .itr_mask = IGB_EITR_INTERVAL,
    .itr_keep = IGB_EITR_CNT_IGNR,
    .itr_ns_per_lsb = 1000,
    .itr_shift = IGB_EITR_INTERVAL_SHIFT,
    .dctl_wthresh = IGB_TXDCTL_WTHRESH,
    .link_mbps = 1000,
    .rx_buffer_bytes = 64u * 1024u,
    .octet_bits = 32,
    .rss_ipv4_tcp = IGB_MRQC_RSS_IPV4_TCP,
    .rss_ipv4 = IGB_MRQC_RSS_IPV4,
    .rss_ipv6_tcp = IGB_MRQC_RSS_IPV6_TCP,
    .rss_ipv6 = IGB_MRQC_RSS_IPV6,
    .rss_ipv4_udp = IGB_MRQC_RSS_IPV4_UDP,
    .rss_ipv6_udp = IGB_MRQC_RSS_IPV6_UDP,
    .mbox_vfs_per_icr = 16,
    .tx_min_frame = 17,
    .tx_max_frame = 9728,
};
