/* SPDX-License-Identifier: BSD-3-Clause */
/* The 82576's registers: 82576 datasheet, chapter 8. */
#include <sriov/hw/igb_regs.h>

#include "chip.h"

#define RX_SETUP .write = mock_ring_rx_setup_write
#define TX_SETUP .write = mock_ring_tx_setup_write

/* RXDCTL and TXDCTL of queue 0 reset to enabled on silicon for use without IOV; here to disabled. */
#define PF_RXQ(at, cnt, strd)                                                                                \
    REG("RDBAL", (at), cnt, strd, AT(rx.bal), .writable = RING_BASE, RX_SETUP),                              \
        REG("RDBAH", (at) + 0x04u, cnt, strd, AT(rx.bah), .writable = ALL, RX_SETUP),                        \
        REG("RDLEN", (at) + 0x08u, cnt, strd, AT(rx.len), .writable = RING_LEN, RX_SETUP),                   \
        REG("SRRCTL", (at) + 0x0cu, cnt, strd, AT(srrctl), .writable = ALL, .reset = IGB_SRRCTL_RESET),      \
        REG("RDH", (at) + 0x10u, cnt, strd, AT(rx.head), .writable = 0xffff, RX_SETUP),                      \
        REG("RXCTL", (at) + 0x14u, cnt, strd, AT(rx.dca), .writable = ALL),                                  \
        REG("RDT", (at) + 0x18u, cnt, strd, AT(rx.tail), .writable = 0xffff, .write = mock_ring_rdt_write),  \
        REG("RXDCTL", (at) + 0x28u, cnt, strd, AT(rx.dctl), .writable = ALL & ~IGB_RXDCTL_SWFLUSH,           \
            .reset = 1u << IGB_RXDCTL_WTHRESH_SHIFT, .write = mock_ring_rxdctl_write),                       \
        REG("RQDPC", (at) + 0x30u, cnt, strd, AT(rqdpc), .attr = MOCK_RC | MOCK_QUIET)

#define PF_TXQ(at, cnt, strd)                                                                                \
    REG("TDBAL", (at), cnt, strd, AT(tx.bal), .writable = RING_BASE, TX_SETUP),                              \
        REG("TDBAH", (at) + 0x04u, cnt, strd, AT(tx.bah), .writable = ALL, TX_SETUP),                        \
        REG("TDLEN", (at) + 0x08u, cnt, strd, AT(tx.len), .writable = RING_LEN, TX_SETUP),                   \
        REG("TDH", (at) + 0x10u, cnt, strd, AT(tx.head), .writable = 0xffff, TX_SETUP),                      \
        REG("TXCTL", (at) + 0x14u, cnt, strd, AT(tx.dca), .writable = ALL,                                   \
            .reset = IGB_TXCTL_DESC_RRO_EN | IGB_TXCTL_DATA_RRO_EN),                                         \
        REG("TDT", (at) + 0x18u, cnt, strd, AT(tx.tail), .writable = 0xffff, .write = mock_ring_tdt_write),  \
        REG("TXDCTL", (at) + 0x28u, cnt, strd, AT(tx.dctl), .writable = ALL & ~IGB_TXDCTL_SWFLUSH,           \
            .write = mock_ring_txdctl_write),                                                                \
        REG("TDWBAL", (at) + 0x38u, cnt, strd, AT(tdwbal), .writable = ~2u),                                 \
        REG("TDWBAH", (at) + 0x3cu, cnt, strd, AT(tdwbah), .writable = ALL)

#define PF_OTHER(cause_at, set_at, mask_at, clear_at, auto_at)                                               \
    REG("ICR", cause_at, 1, 4, AT(icr), .read = mock_82576_icr_read, .write = mock_82576_icr_write),         \
        REG("ICS", set_at, 1, 4, PLAIN, .attr = MOCK_WO, .write = mock_82576_ics_write),                     \
        REG("IMS", mask_at, 1, 4, AT(ims), .write = mock_82576_ims_write),                                   \
        REG("IMC", clear_at, 1, 4, PLAIN, .attr = MOCK_WO, .write = mock_82576_imc_write),                   \
        REG("IAM", auto_at, 1, 4, AT(iam), .writable = ALL)

#define VF_WINDOW(n, off, f, ...) REG(n, off, 8, 0x100, AT(f), .attr = MOCK_RO, __VA_ARGS__)

const struct mock_nic_reg mock_82576_pf_regs[] = {
    REG("CTRL", IGB_CTRL, 2, 4, AT(ctrl), .writable = ALL, .write = mock_82576_ctrl_write),
    REG("STATUS", IGB_STATUS, 1, 4, AT(status_bits), .reset = IGB_STATUS_PHYRA, .read = mock_82576_status,
        .write = mock_82576_status_write),
    REG("CTRL_EXT", IGB_CTRL_EXT, 1, 4, AT(ctrl_ext),
        .writable = ALL & ~(IGB_CTRL_EXT_PFRSTD | IGB_CTRL_EXT_EE_RST | IGB_CTRL_EXT_PBA_CLR),
        .write = mock_reset_ctrl_ext_write),
    REG("MDIC", IGB_MDIC, 1, 4, AT(mdic), .writable = ALL, .reset = IGB_MDIC_READY, .write = mock_mdic_write),
    KEPT("FCAL", IGB_FCAL, 1, 4),
    KEPT("FCAH", IGB_FCAH, 1, 4),
    KEPT("FCT", IGB_FCT, 1, 4),
    KEPT("CONNSW", IGB_CONNSW, 1, 4),
    REG("VET", IGB_VET, 1, 4, PLAIN, .writable = ALL, .reset = 0x81008100),
    KEPT("FCTTV", IGB_FCTTV, 1, 4),
    KEPT("LEDCTL", IGB_LEDCTL, 1, 4),
    REG("FRTIMER", IGB_FRTIMER, 1, 4, PLAIN, .attr = MOCK_RO, .read = mock_read_frtimer),
    KEPT("TCPTIMER", IGB_TCPTIMER, 1, 4),

    REG("EECD", IGB_EECD, 1, 4, PLAIN, .reset = IGB_EECD_PRES | IGB_EECD_AUTO_RD, .writable = 0x4f),
    REG("EERD", IGB_EERD, 1, 4, AT(eerd), .write = mock_nvm_eerd_write),
    REG("EEMNGCTL", IGB_EEMNGCTL, 1, 4, PLAIN, .attr = MOCK_QUIET,
        .reset = IGB_EEMNGCTL_CFG_DONE0 | IGB_EEMNGCTL_CFG_DONE1),
    REG("SWSM", IGB_SWSM, 1, 4, AT(swsm), .read = mock_nvm_swsm_read, .write = mock_nvm_swsm_write),
    REG("FWSM", IGB_FWSM, 1, 4, PLAIN, .attr = MOCK_RO),
    REG("SW_FW_SYNC", IGB_SW_FW_SYNC, 1, 4, AT(swfw), .writable = ALL, .write = mock_nvm_swfw_write),
    KEPT("GCR", IGB_GCR, 1, 4),
    KEPT("PBACL", IGB_PBACL, 1, 4),
    KEPT("IOVCTL", IGB_IOVCTL, 1, 4),

    PF_OTHER(IGB_ICR, IGB_ICS, IGB_IMS, IGB_IMC, IGB_IAM),
    PF_OTHER(IGB_ICR_ALIAS, IGB_ICS_ALIAS, IGB_IMS_ALIAS, IGB_IMC_ALIAS, IGB_IAM_ALIAS),
    REG("GPIE", IGB_GPIE, 1, 4, AT(gpie), .writable = ALL),
    EICR_REG("EICR", IGB_EICR, 1, 4, .base = 0),
    EICS_REG("EICS", IGB_EICS, 1, 4, .base = 0),
    EIMS_REG("EIMS", IGB_EIMS, 1, 4, .base = 0),
    EIMC_REG("EIMC", IGB_EIMC, 1, 4, .base = 0),
    EIAC_REG("EIAC", IGB_EIAC, 1, 4, .base = 0),
    EIAM_REG("EIAM", IGB_EIAM, 1, 4, .base = 0),
    REG("EITR", IGB_EITR(0u), 25, 4, AT(eitr), .writable = 0x7fff7ffc, .write = mock_irq_eitr_write),
    REG("IVAR", IGB_IVAR(0u), 8, 4, AT(ivar), .writable = 0x9f9f9f9f),
    REG("IVAR_MISC", IGB_IVAR_MISC, 1, 4, AT(ivar_misc), .writable = 0x9f9f),

    REG("RXPBS", IGB_RXPBS, 1, 4, PLAIN, .writable = 0x8000007f, .reset = 0x40),
    REG("TXPBS", IGB_TXPBS, 1, 4, PLAIN, .writable = 0x3f, .reset = 0x28),
    REG("SWPBS", IGB_SWPBS, 1, 4, PLAIN, .writable = 0x1f, .reset = 0x14),
    REG("PBRWAC", IGB_PBRWAC, 1, 4, PLAIN, .attr = MOCK_RO, .reset = 8),
    REG("PBTWAC", IGB_PBTWAC, 1, 4, PLAIN, .attr = MOCK_RO, .reset = 8),
    KEPT("FCRTL", IGB_FCRTL, 1, 4),
    KEPT("FCRTH", IGB_FCRTH, 1, 4),
    KEPT("FCRTV", IGB_FCRTV, 1, 4),

    REG("RCTL", IGB_RCTL, 1, 4, AT(rx_filter), .writable = ALL, .refused = IGB_RCTL_LBM,
        .write = mock_ring_enables_write),
    REG("RXCSUM", IGB_RXCSUM, 1, 4, AT(rxcsum), .writable = ALL,
        .reset = IGB_RXCSUM_IPOFLD | IGB_RXCSUM_TUOFLD),
    REG("RLPML", IGB_RLPML, 1, 4, AT(max_frame), .writable = 0x3fff, .reset = 0x2600),
    KEPT("RFCTL", IGB_RFCTL, 1, 4),
    REG("MTA", IGB_MTA(0u), 128, 4, AT(mta), .writable = ALL),
    REG("RAL", IGB_RAL(0u), 16, 8, AT(ral), .writable = ALL),
    REG("RAH", IGB_RAH(0u), 16, 8, AT(rah), .writable = ALL),
    REG("RAL", IGB_RAL(16u), 8, 8, AT(ral), .base = 16, .writable = ALL),
    REG("RAH", IGB_RAH(16u), 8, 8, AT(rah), .base = 16, .writable = ALL),
    REG("PSRTYPE", IGB_PSRTYPE_PF(0u), 8, 4, AT(psrtype), .writable = ALL),
    REG("VFTA", IGB_VFTA(0u), 128, 4, AT(vfta), .writable = ALL),
    REG("MRQC", IGB_MRQC, 1, 4, AT(mrqc), .writable = ALL),
    REG("RETA", IGB_RETA(0u), 32, 4, AT(reta), .writable = ALL),
    REG("RSSRK", IGB_RSSRK(0u), 10, 4, AT(rssrk), .writable = ALL),
    REG("ETQF", IGB_ETQF(0u), 8, 4, PLAIN, .writable = ALL, .refused = UINT32_C(1) << 26),
    REG("UTA", IGB_UTA(0u), 128, 4, AT(uta), .writable = ALL),
    PF_RXQ(IGB_RXQ(0u), 16, 0x40),
    PF_RXQ(IGB_RXQ_ALIAS(0u), 4, 0x100),

    REG("TCTL", IGB_TCTL, 1, 4, AT(tx_enable), .writable = ALL, .reset = IGB_TCTL_PSP,
        .write = mock_ring_enables_write),
    KEPT("TCTL_EXT", IGB_TCTL_EXT, 1, 4),
    REG("TIPG", IGB_TIPG, 1, 4, PLAIN, .writable = ALL, .reset = 0x00601008),
    KEPT("DTXCTL", IGB_DTXCTL, 1, 4),
    KEPT("DTXMXSZRQ", IGB_DTXMXSZRQ, 1, 4),
    REG("RTTDQSEL", IGB_RTTDQSEL, 1, 4, AT(rate_select), .writable = IGB_RTTDQSEL_TXDQ_IDX),
    REG("RTTBCNRM", IGB_RTTBCNRM, 1, 4, AT(rate_window), .writable = 0x3ff),
    REG("RTTBCNRC", IGB_RTTBCNRC, 1, 4, PLAIN,
        .writable = IGB_RTTBCNRC_RF_DEC | IGB_RTTBCNRC_RF_INT | IGB_RTTBCNRC_RS_ENA, .read = mock_rate_read,
        .write = mock_rate_write),
    PF_TXQ(IGB_TXQ(0u), 16, 0x40),
    PF_TXQ(IGB_TXQ_ALIAS(0u), 4, 0x100),

    REG("VT_CTL", IGB_VT_CTL, 1, 4, AT(vt_ctl), .writable = ALL),
    REG("P2VMAILBOX", IGB_P2VMAILBOX(0u), 8, 4, PLAIN, .read = mock_mbx_p2v_read,
        .write = mock_mbx_p2v_write),
    REG("V2PMAILBOX", IGB_PV2PMAILBOX(0u), 8, 4, PLAIN, .read = mock_mbx_v2p_read,
        .write = mock_mbx_v2p_write),
    REG("VMBMEM", IGB_VMBMEM(0u), 128, 4, AT(mbmem), .read = mock_mbx_mem_read, .write = mock_mbx_mem_write),
    REG("MBVFICR", IGB_MBVFICR, 1, 4, AT(mbicr), .attr = MOCK_W1C, .writable = 0x00ff00ff),
    REG("MBVFIMR", IGB_MBVFIMR, 1, 4, AT(mbimr), .writable = 0xff, .reset = 0xff,
        .write = mock_mbx_imr_write),
    REG("VFLRE", IGB_VFLRE, 1, 4, AT(vflre), .attr = MOCK_W1C, .writable = 0xff),
    REG("VFRE", IGB_VFRE, 1, 4, AT(vfre), .writable = 0xff, .reset = 0xff, .write = mock_ring_enables_write),
    REG("VFTE", IGB_VFTE, 1, 4, AT(vfte), .writable = 0xff, .reset = 0xff, .write = mock_ring_enables_write),
    REG("DTXTCPFLGL", IGB_DTXTCPFLGL, 1, 4, AT(tcp_flags), .writable = 0x0fff0fff,
        .reset = IGB_DTXTCPFLGL_RESET),
    REG("DTXTCPFLGH", IGB_DTXTCPFLGH, 1, 4, AT(tcp_flags), .base = 1, .writable = 0x0fff,
        .reset = IGB_DTXTCPFLGH_RESET),
    REG("QDE", IGB_QDE, 1, 4, PLAIN, .read = mock_82576_qde_read, .write = mock_82576_qde_write),
    REG("DTXSWC", IGB_DTXSWC, 1, 4, AT(tx_switch), .writable = 0x80ffffff),
    REG("WVBR", IGB_WVBR, 1, 4, AT(spoof_event), .attr = MOCK_RO | MOCK_RC),
    REG("LVMMC", IGB_LVMMC, 1, 4, AT(misbehaviour), .attr = MOCK_RO | MOCK_RC),
    REG("MDFB", IGB_MDFB, 1, 4, AT(stopped), .attr = MOCK_W1C, .write = mock_82576_mdfb_write),
    REG("VMVIR", IGB_VMVIR(0u), 8, 4, AT(vmvir), .writable = ALL),
    REG("VMOLR", IGB_VMOLR(0u), 8, 4, AT(vmolr), .writable = ALL, .reset = 0x80002600),
    REG("RPLOLR", IGB_RPLOLR, 1, 4, PLAIN, .writable = IGB_RPLOLR_STRVLAN | IGB_RPLOLR_STRCRC,
        .reset = IGB_RPLOLR_STRCRC),
    REG("VLVF", IGB_VLVF(0u), 32, 4, AT(vlvf), .writable = ALL, .refused = IGB_VLVF_LVLAN),
    REG("VMRCTL", IGB_VMRCTL(0u), 4, 4, PLAIN, .writable = ALL, .refused = ALL),
    KEPT("VMRVLAN", IGB_VMRVLAN(0u), 4, 4),
    KEPT("VMRVM", IGB_VMRVM(0u), 4, 4),

    KEPT("PVTCTRL", IGB_PVTCTRL(0u), 8, 0x100),
    EICS_REG("PVTEICS", IGB_PVTEICS(0u), 8, 0x100, .base = 1),
    EIMS_REG("PVTEIMS", IGB_PVTEIMS(0u), 8, 0x100, .base = 1),
    EIMC_REG("PVTEIMC", IGB_PVTEIMC(0u), 8, 0x100, .base = 1),
    EIAC_REG("PVTEIAC", IGB_PVTEIAC(0u), 8, 0x100, .base = 1),
    EIAM_REG("PVTEIAM", IGB_PVTEIAM(0u), 8, 0x100, .base = 1),
    EICR_REG("PVTEICR", IGB_PVTEICR(0u), 8, 0x100, .base = 1),
    VF_WINDOW("PVFGPRC", IGB_PVFGPRC(0u), vfgprc, .base = 0),
    VF_WINDOW("PVFGPTC", IGB_PVFGPTC(0u), vfgptc, .base = 0),
    VF_WINDOW("PVFGORC", IGB_PVFGORC(0u), vfgorc, .step = 2),
    VF_WINDOW("PVFGOTC", IGB_PVFGOTC(0u), vfgotc, .step = 2),
    VF_WINDOW("PVFMPRC", IGB_PVFMPRC(0u), vfmprc, .base = 0),
    VF_WINDOW("PVFGPRLBC", IGB_PVFGPRLBC(0u), vfgprlbc, .base = 0),
    VF_WINDOW("PVFGPTLBC", IGB_PVFGPTLBC(0u), vfgptlbc, .base = 0),
    VF_WINDOW("PVFGORLBC", IGB_PVFGORLBC(0u), vfgorlbc, .base = 0),
    VF_WINDOW("PVFGOTLBC", IGB_PVFGOTLBC(0u), vfgotlbc, .base = 0),

    COUNTS_0("CRCERRS", IGB_CRCERRS, 4),
    COUNTER("MPC", IGB_MPC, missed),
    COUNTS_0("SCC", IGB_SCC, 4),
    COUNTS_0("COLC", IGB_COLC, 1),
    COUNTS_0("DC", IGB_DC, 2),
    COUNTS_0("HTDPMC", IGB_HTDPMC, 2),
    COUNTS_0("XONRXC", IGB_XONRXC, 5),
    REG("PRC", IGB_PRC64, 6, 4, AT(port.prc), .attr = MOCK_RO | MOCK_RC),
    COUNTER("GPRC", IGB_GPRC, gprc),
    COUNTER("BPRC", IGB_BPRC, bprc),
    COUNTER("MPRC", IGB_MPRC, mprc),
    COUNTER("GPTC", IGB_GPTC, gptc),
    REG("GORC", IGB_GORCL, 2, 4, AT(port.gorc), .attr = MOCK_RO | MOCK_RC),
    REG("GOTC", IGB_GOTCL, 2, 4, AT(port.gotc), .attr = MOCK_RO | MOCK_RC),
    COUNTER("RNBC", IGB_RNBC, no_desc),
    COUNTER("RUC", IGB_RUC, ruc),
    COUNTS_0("RFC", IGB_RFC, 1),
    COUNTER("ROC", IGB_ROC, roc),
    COUNTS_0("RJC", IGB_RJC, 4),
    REG("TOR", IGB_TORL, 2, 4, AT(port.tor), .attr = MOCK_RO | MOCK_RC),
    REG("TOT", IGB_TOTL, 2, 4, AT(port.tot), .attr = MOCK_RO | MOCK_RC),
    COUNTER("TPR", IGB_TPR, tpr),
    COUNTER("TPT", IGB_TPT, tpt),
    REG("PTC", IGB_PTC64, 6, 4, AT(port.ptc), .attr = MOCK_RO | MOCK_RC),
    COUNTER("MPTC", IGB_MPTC, mptc),
    COUNTER("BPTC", IGB_BPTC, bptc),
    COUNTER("TSCTC", IGB_TSCTC, tso),
    COUNTS_0("LENERRS", IGB_LENERRS, 1),
    COUNTER("SSVPC", IGB_SSVPC, spoofed),
    COUNTS_0("SCVPC", IGB_SCVPC, 1),
    {.name = NULL},
};

#define VF_RX(reg_name, reg_offset, f, ...)                                                                  \
    REG(reg_name, reg_offset, 2, 0x100, AT(f), .map = MOCK_MAP_RXQ, __VA_ARGS__)
#define VF_TX(reg_name, reg_offset, f, ...)                                                                  \
    REG(reg_name, reg_offset, 2, 0x100, AT(f), .map = MOCK_MAP_TXQ, __VA_ARGS__)
#define VF_STAT(reg_name, reg_offset, f, ...)                                                                \
    REG(reg_name, reg_offset, 1, 4, AT(f), .map = MOCK_MAP_VF, .attr = MOCK_RO | MOCK_KEEP, __VA_ARGS__)

const struct mock_nic_reg mock_82576_vf_regs[] = {
    REG("VTCTRL", IGBVF_VTCTRL, 1, 4, PLAIN, .read = mock_read_zero, .write = mock_reset_vfctrl_write),
    REG("VTSTATUS", IGBVF_VTSTATUS, 1, 4, PLAIN, .attr = MOCK_RO, .read = mock_82576_status),
    REG("VTFRTIMER", IGBVF_VTFRTIMER, 1, 4, PLAIN, .attr = MOCK_RO, .read = mock_read_frtimer),
    REG("V2PMAILBOX", IGBVF_V2PMAILBOX, 1, 4, PLAIN, .map = MOCK_MAP_VF, .read = mock_mbx_v2p_read,
        .write = mock_mbx_v2p_write),
    REG("VMBMEM", IGBVF_VMBMEM(0u), 16, 4, AT(mbmem), .map = MOCK_MAP_VF, .read = mock_mbx_mem_read,
        .write = mock_mbx_mem_write),

    EICS_REG("VTEICS", IGBVF_VTEICS, 1, 4, .map = MOCK_MAP_FN),
    EIMS_REG("VTEIMS", IGBVF_VTEIMS, 1, 4, .map = MOCK_MAP_FN),
    EIMC_REG("VTEIMC", IGBVF_VTEIMC, 1, 4, .map = MOCK_MAP_FN),
    EIAC_REG("VTEIAC", IGBVF_VTEIAC, 1, 4, .map = MOCK_MAP_FN),
    EIAM_REG("VTEIAM", IGBVF_VTEIAM, 1, 4, .map = MOCK_MAP_FN),
    EICR_REG("VTEICR", IGBVF_VTEICR, 1, 4, .map = MOCK_MAP_FN),
    REG("VTEITR", IGBVF_VTEITR(0u), 3, 4, AT(vteitr), .map = MOCK_MAP_VF, .writable = 0x7fff7ffc,
        .write = mock_irq_eitr_write),
    REG("VTIVAR", IGBVF_VTIVAR, 1, 4, AT(vtivar), .map = MOCK_MAP_VF, .step = 4, .writable = 0x83838383,
        .write = mock_irq_vtivar_write),
    REG("VTIVAR_MISC", IGBVF_VTIVAR_MISC, 1, 4, AT(vtivar_misc), .map = MOCK_MAP_VF, .writable = 0x83),
    REG("PBACL", IGBVF_PBACL, 1, 4, PLAIN, .map = MOCK_MAP_VF, .writable = 7),

    REG("PSRTYPE", IGBVF_PSRTYPE, 1, 4, AT(psrtype), .map = MOCK_MAP_VF, .writable = ALL),
    VF_RX("RDBAL", IGBVF_RDBAL(0u), rx.bal, .writable = RING_BASE, RX_SETUP),
    VF_RX("RDBAH", IGBVF_RDBAH(0u), rx.bah, .writable = ALL, RX_SETUP),
    VF_RX("RDLEN", IGBVF_RDLEN(0u), rx.len, .writable = RING_LEN, RX_SETUP),
    VF_RX("SRRCTL", IGBVF_SRRCTL(0u), srrctl, .writable = ALL, .reset = IGB_SRRCTL_RESET),
    VF_RX("RDH", IGBVF_RDH(0u), rx.head, .writable = 0xffff, RX_SETUP),
    VF_RX("RXCTL", IGBVF_RXCTL(0u), rx.dca, .writable = ALL),
    VF_RX("RDT", IGBVF_RDT(0u), rx.tail, .writable = 0xffff, .write = mock_ring_rdt_write),
    VF_RX("RXDCTL", IGBVF_RXDCTL(0u), rx.dctl, .writable = ALL & ~IGB_RXDCTL_SWFLUSH,
          .reset = 1u << IGB_RXDCTL_WTHRESH_SHIFT, .write = mock_ring_rxdctl_write),
    VF_RX("RQDPC", IGBVF_RQDPC(0u), rqdpc, .attr = MOCK_RC | MOCK_QUIET),

    VF_TX("TDBAL", IGBVF_TDBAL(0u), tx.bal, .writable = RING_BASE, TX_SETUP),
    VF_TX("TDBAH", IGBVF_TDBAH(0u), tx.bah, .writable = ALL, TX_SETUP),
    VF_TX("TDLEN", IGBVF_TDLEN(0u), tx.len, .writable = RING_LEN, TX_SETUP),
    VF_TX("TDH", IGBVF_TDH(0u), tx.head, .writable = 0xffff, TX_SETUP),
    VF_TX("TXCTL", IGBVF_TXCTL(0u), tx.dca, .writable = ALL,
          .reset = IGB_TXCTL_DESC_RRO_EN | IGB_TXCTL_DATA_RRO_EN),
    VF_TX("TDT", IGBVF_TDT(0u), tx.tail, .writable = 0xffff, .write = mock_ring_tdt_write),
    VF_TX("TXDCTL", IGBVF_TXDCTL(0u), tx.dctl, .writable = ALL & ~IGB_TXDCTL_SWFLUSH,
          .write = mock_ring_txdctl_write),
    VF_TX("TDWBAL", IGBVF_TDWBAL(0u), tdwbal, .writable = ~2u),
    VF_TX("TDWBAH", IGBVF_TDWBAH(0u), tdwbah, .writable = ALL),

    VF_STAT("VFGPRC", IGBVF_VFGPRC, vfgprc, .base = 0),
    VF_STAT("VFGPTC", IGBVF_VFGPTC, vfgptc, .base = 0),
    VF_STAT("VFGORC", IGBVF_VFGORC, vfgorc, .step = 2),
    VF_STAT("VFGOTC", IGBVF_VFGOTC, vfgotc, .step = 2),
    VF_STAT("VFMPRC", IGBVF_VFMPRC, vfmprc, .base = 0),
    VF_STAT("VFGPRLBC", IGBVF_VFGPRLBC, vfgprlbc, .base = 0),
    VF_STAT("VFGPTLBC", IGBVF_VFGPTLBC, vfgptlbc, .base = 0),
    VF_STAT("VFGORLBC", IGBVF_VFGORLBC, vfgorlbc, .base = 0),
    VF_STAT("VFGOTLBC", IGBVF_VFGOTLBC, vfgotlbc, .base = 0),
    {.name = NULL},
};
