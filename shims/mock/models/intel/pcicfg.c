/* SPDX-License-Identifier: BSD-3-Clause */
#include "pcicfg.h"

#include <string.h>

#include <sriov/hw/pci_regs.h>

uint32_t mock_cfg_get(const struct mock_cfg *cfg, uint32_t off, uint32_t width)
{
    uint32_t value = 0;

    for (uint32_t i = 0; i < width && off + i < MOCK_CFG_BYTES; i++)
        value |= (uint32_t)cfg->byte[off + i] << (8u * i);
    return value;
}

static void put_bytes(uint8_t *at, uint32_t off, uint32_t width, uint32_t value)
{
    for (uint32_t i = 0; i < width && off + i < MOCK_CFG_BYTES; i++)
        at[off + i] = (uint8_t)(value >> (8u * i));
}

void mock_cfg_put(struct mock_cfg *cfg, uint32_t off, uint32_t width, uint32_t value)
{
    put_bytes(cfg->byte, off, width, value);
}

void mock_cfg_bus_write(struct mock_cfg *cfg, uint32_t off, uint32_t width, uint32_t value)
{
    for (uint32_t i = 0; i < width && off + i < MOCK_CFG_BYTES; i++) {
        uint8_t v = (uint8_t)(value >> (8u * i)), w = cfg->writable[off + i];
        uint8_t *b = &cfg->byte[off + i];

        *b = (uint8_t)((*b & ~w) | (v & w));
        *b = (uint8_t)(*b & ~(v & cfg->clears[off + i]));
    }
}

static void field(struct mock_cfg *cfg, uint32_t off, uint32_t width, uint32_t value, uint32_t writable)
{
    put_bytes(cfg->byte, off, width, value);
    put_bytes(cfg->writable, off, width, writable);
}

static void clears(struct mock_cfg *cfg, uint32_t off, uint32_t width, uint32_t bits)
{
    put_bytes(cfg->clears, off, width, bits);
}

static void header(struct mock_cfg *cfg, const struct mock_cfg_identity *id, bool vf)
{
    field(cfg, SRIOV_PCI_VENDOR_ID, 2, vf ? 0xffffu : id->vendor, 0);
    field(cfg, SRIOV_PCI_DEVICE_ID, 2, vf ? 0xffffu : id->device, 0);
    field(cfg, SRIOV_PCI_COMMAND, 2, 0,
          vf ? SRIOV_PCI_COMMAND_MASTER
             : SRIOV_PCI_COMMAND_IO | SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER |
                   SRIOV_PCI_COMMAND_PARITY | SRIOV_PCI_COMMAND_SERR | SRIOV_PCI_COMMAND_INTX_DISABLE);
    field(cfg, SRIOV_PCI_STATUS, 2, SRIOV_PCI_STATUS_CAP_LIST, 0);
    clears(cfg, SRIOV_PCI_STATUS, 2,
           SRIOV_PCI_STATUS_PARITY | SRIOV_PCI_STATUS_SIG_TGT_ABORT | SRIOV_PCI_STATUS_REC_TGT_ABORT |
               SRIOV_PCI_STATUS_REC_MST_ABORT | SRIOV_PCI_STATUS_SIG_SYS_ERROR |
               SRIOV_PCI_STATUS_DETECTED_PERR);
    field(cfg, SRIOV_PCI_REVISION_ID, 1, id->revision, 0);
    field(cfg, SRIOV_PCI_CLASS_DEVICE, 2, SRIOV_PCI_CLASS_NETWORK_ETHERNET, 0);
    field(cfg, SRIOV_PCI_SUBSYSTEM_VENDOR_ID, 2, id->subsystem_vendor, 0);
    field(cfg, SRIOV_PCI_SUBSYSTEM_ID, 2, id->subsystem, 0);
    if (!vf) {
        field(cfg, SRIOV_PCI_CACHE_LINE_SIZE, 1, 0, 0xff);
        field(cfg, SRIOV_PCI_INTERRUPT_LINE, 1, 0, 0xff);
        field(cfg, SRIOV_PCI_INTERRUPT_PIN, 1, 1, 0);
    }
}

/* Bits below the size read 0 whatever is written: that is how software learns the size. */
static void bars(struct mock_cfg *cfg, uint32_t off, const uint64_t *length, const uint32_t *flags)
{
    for (uint32_t n = 0; n < SRIOV_PCI_BAR_COUNT; n++) {
        uint64_t mask = ~(length[n] - 1u);

        if (length[n] == 0)
            continue;
        field(cfg, off + 4u * n, 4, flags[n], (uint32_t)mask & SRIOV_PCI_BAR_MEM_MASK);
        if ((flags[n] & SRIOV_PCI_BAR_MEM_TYPE) == SRIOV_PCI_BAR_MEM_64 && n + 1u < SRIOV_PCI_BAR_COUNT)
            field(cfg, off + 4u * (n + 1u), 4, 0, (uint32_t)(mask >> 32));
    }
}

static void cap(struct mock_cfg *cfg, uint8_t id, uint8_t at)
{
    cfg->byte[at] = id;
    cfg->byte[cfg->last_cap ? cfg->last_cap + 1u : SRIOV_PCI_CAP_POINTER] = at;
    cfg->last_cap = at;
}

static void ext_cap(struct mock_cfg *cfg, uint16_t id, uint32_t version, uint16_t at)
{
    if (cfg->last_ext) {
        uint32_t prev = mock_cfg_get(cfg, cfg->last_ext, 4);

        mock_cfg_put(cfg, cfg->last_ext, 4, prev | ((uint32_t)at << 20));
    }
    mock_cfg_put(cfg, at, 4, SRIOV_PCI_EXT_CAP_HEADER(id, version, 0u));
    cfg->last_ext = at;
}

static void cap_pm(struct mock_cfg *cfg, uint8_t at)
{
    cap(cfg, SRIOV_PCI_CAP_ID_PM, at);
    field(cfg, at + SRIOV_PCI_PM_CAP, 2, 0x0023, 0);
    field(cfg, at + SRIOV_PCI_PM_CTRL, 2, 0x2000,
          SRIOV_PCI_PM_CTRL_STATE | SRIOV_PCI_PM_CTRL_PME_ENABLE | 0x1e00u);
    clears(cfg, at + SRIOV_PCI_PM_CTRL, 2, SRIOV_PCI_PM_CTRL_PME_STATUS);
}

static void cap_msix(struct mock_cfg *cfg, uint8_t at, const struct mock_cfg_identity *id)
{
    cap(cfg, SRIOV_PCI_CAP_ID_MSIX, at);
    field(cfg, at + SRIOV_PCI_MSIX_CTRL, 2, id->msix_vectors - 1u,
          SRIOV_PCI_MSIX_CTRL_MASKALL | SRIOV_PCI_MSIX_CTRL_ENABLE);
    field(cfg, at + SRIOV_PCI_MSIX_TABLE, 4, id->msix_table | id->msix_bar, 0);
    field(cfg, at + SRIOV_PCI_MSIX_PBA, 4, id->msix_pba | id->msix_bar, 0);
    cfg->msix = at;
}

static void cap_exp(struct mock_cfg *cfg, uint8_t at, bool vf)
{
    uint32_t link = SRIOV_PCI_EXP_SPEED_5_0 | (8u << SRIOV_PCI_EXP_LNKCAP_WIDTH_SHIFT);
    uint32_t devctl = SRIOV_PCI_EXP_DEVCTL_CERE | SRIOV_PCI_EXP_DEVCTL_NFERE | SRIOV_PCI_EXP_DEVCTL_FERE |
                      SRIOV_PCI_EXP_DEVCTL_URRE | SRIOV_PCI_EXP_DEVCTL_RELAX_EN |
                      SRIOV_PCI_EXP_DEVCTL_PAYLOAD | SRIOV_PCI_EXP_DEVCTL_NOSNOOP_EN |
                      SRIOV_PCI_EXP_DEVCTL_READRQ;

    cap(cfg, SRIOV_PCI_CAP_ID_EXP, at);
    field(cfg, at + SRIOV_PCI_EXP_FLAGS, 2, 2u, 0);
    field(cfg, at + SRIOV_PCI_EXP_DEVCAP, 4, 2u | SRIOV_PCI_EXP_DEVCAP_RBER | SRIOV_PCI_EXP_DEVCAP_FLR, 0);
    field(cfg, at + SRIOV_PCI_EXP_DEVCTL, 2, vf ? 0 : 0x2810u, vf ? 0 : devctl);
    clears(cfg, at + SRIOV_PCI_EXP_DEVSTA, 2,
           SRIOV_PCI_EXP_DEVSTA_CED | SRIOV_PCI_EXP_DEVSTA_NFED | SRIOV_PCI_EXP_DEVSTA_FED |
               SRIOV_PCI_EXP_DEVSTA_URD);
    field(cfg, at + SRIOV_PCI_EXP_LNKCAP, 4, link, 0);
    field(cfg, at + SRIOV_PCI_EXP_LNKSTA, 2, vf ? 0 : link, 0);
    field(cfg, at + SRIOV_PCI_EXP_DEVCAP2, 4,
          SRIOV_PCI_EXP_DEVCAP2_CTO_RANGES | SRIOV_PCI_EXP_DEVCAP2_CTO_DIS, 0);
    field(cfg, at + SRIOV_PCI_EXP_DEVCTL2, 2, 0,
          vf ? 0 : SRIOV_PCI_EXP_DEVCTL2_CTO_VALUE | SRIOV_PCI_EXP_DEVCTL2_CTO_DIS);
    cfg->exp = at;
}

static void ext_aer(struct mock_cfg *cfg, uint16_t at)
{
    uint32_t unc = SRIOV_PCI_AER_UNC_POISONED | SRIOV_PCI_AER_UNC_COMP_TIMEOUT |
                   SRIOV_PCI_AER_UNC_COMP_ABORT | SRIOV_PCI_AER_UNC_UNEXP_COMP |
                   SRIOV_PCI_AER_UNC_UNSUPPORTED;

    ext_cap(cfg, SRIOV_PCI_EXT_CAP_ID_AER, 1, at);
    clears(cfg, at + SRIOV_PCI_AER_UNC_STATUS, 4, unc);
    clears(cfg, at + SRIOV_PCI_AER_COR_STATUS, 4, 0x31c1u);
    field(cfg, at + SRIOV_PCI_AER_UNC_MASK, 4, 0, unc);
    field(cfg, at + SRIOV_PCI_AER_UNC_SEVERITY, 4, 0x00062010u, unc);
    field(cfg, at + SRIOV_PCI_AER_COR_MASK, 4, 0x2000u, 0x31c1u);
}

/* PCI Express Base 2.0, section 7.12: a 64-bit EUI made of the MAC. */
static void ext_dsn(struct mock_cfg *cfg, uint16_t at, const uint8_t mac[6])
{
    const uint8_t eui[8] = {mac[5], mac[4], mac[3], 0xff, 0xff, mac[2], mac[1], mac[0]};

    ext_cap(cfg, SRIOV_PCI_EXT_CAP_ID_DSN, 1, at);
    memcpy(&cfg->byte[at + SRIOV_PCI_DSN_LO], eui, sizeof(eui));
}

static void ext_sriov(struct mock_cfg *cfg, uint16_t at, const struct mock_cfg_sriov *s)
{
    ext_cap(cfg, SRIOV_PCI_EXT_CAP_ID_SRIOV, 1, at);
    field(cfg, at + SRIOV_PCI_SRIOV_CAP, 4, SRIOV_PCI_SRIOV_CAP_ARI_PRESERVED, 0);
    field(cfg, at + SRIOV_PCI_SRIOV_CTRL, 2, 0,
          SRIOV_PCI_SRIOV_CTRL_VFE | SRIOV_PCI_SRIOV_CTRL_MSE | SRIOV_PCI_SRIOV_CTRL_ARI);
    field(cfg, at + SRIOV_PCI_SRIOV_INITIAL_VFS, 2, s->total_vfs, 0);
    field(cfg, at + SRIOV_PCI_SRIOV_TOTAL_VFS, 2, s->total_vfs, 0);
    field(cfg, at + SRIOV_PCI_SRIOV_NUM_VFS, 2, 0, 0xffff);
    field(cfg, at + SRIOV_PCI_SRIOV_VF_OFFSET, 2, s->offset, 0);
    field(cfg, at + SRIOV_PCI_SRIOV_VF_STRIDE, 2, s->stride, 0);
    field(cfg, at + SRIOV_PCI_SRIOV_VF_DEVICE_ID, 2, s->device, 0);
    field(cfg, at + SRIOV_PCI_SRIOV_SUPPORTED_PAGES, 4, SRIOV_PCI_SRIOV_PAGES_MANDATORY, 0);
    field(cfg, at + SRIOV_PCI_SRIOV_SYSTEM_PAGE, 4, 1, SRIOV_PCI_SRIOV_PAGES_MANDATORY);
    bars(cfg, at + SRIOV_PCI_SRIOV_VF_BAR(0u), s->bar_length, s->bar_flags);
    cfg->sriov = at;
}

void mock_cfg_build_pf(struct mock_cfg *cfg, const struct mock_cfg_identity *id,
                       const struct mock_cfg_sriov *sriov, const uint8_t mac[6])
{
    memset(cfg, 0, sizeof(*cfg));
    header(cfg, id, false);
    bars(cfg, SRIOV_PCI_BAR(0u), id->bar_length, id->bar_flags);
    cap_pm(cfg, 0x40);
    cap_msix(cfg, 0x70, id);
    cap_exp(cfg, 0xa0, false);
    ext_aer(cfg, 0x100);
    ext_dsn(cfg, 0x140, mac);
    ext_cap(cfg, SRIOV_PCI_EXT_CAP_ID_ARI, 1, 0x150);
    ext_sriov(cfg, 0x160, sriov);
}

void mock_cfg_build_vf(struct mock_cfg *cfg, const struct mock_cfg_identity *id)
{
    memset(cfg, 0, sizeof(*cfg));
    header(cfg, id, true);
    cap_msix(cfg, 0x70, id);
    cap_exp(cfg, 0xa0, true);
    ext_aer(cfg, 0x100);
    ext_cap(cfg, SRIOV_PCI_EXT_CAP_ID_ARI, 1, 0x150);
}
