/* SPDX-License-Identifier: BSD-3-Clause */
/* What configuration writes do: VF Enable, FLR, MSI-X control. */
#include <string.h>

#include <sriov/hw/pci_regs.h>

#include "nic.h"

int mock_nic_cfg_init(struct sriov_model *nic)
{
    struct mock_cfg_sriov s = {
        .total_vfs = nic->total_vfs,
        .offset = nic->chip->vf_offset,
        .stride = nic->chip->vf_stride,
        .device = nic->chip->vf.device,
        .bar_length = nic->chip->vf.bar_length,
        .bar_flags = nic->chip->vf.bar_flags,
    };

    mock_cfg_build_pf(&nic->fn[0].cfg, &nic->chip->pf, &s, nic->mac);
    for (uint16_t fn = 1; fn <= nic->total_vfs; fn++)
        mock_cfg_build_vf(&nic->fn[fn].cfg, &nic->chip->vf);
    return 0;
}

static uint32_t sriov_field(const struct sriov_model *nic, uint32_t field)
{
    const struct mock_cfg *cfg = &nic->fn[0].cfg;

    return mock_cfg_get(cfg, cfg->sriov + field, 2);
}

bool mock_nic_memory_on(const struct sriov_model *nic, uint16_t fn)
{
    if (fn != 0)
        return (sriov_field(nic, SRIOV_PCI_SRIOV_CTRL) & SRIOV_PCI_SRIOV_CTRL_MSE) != 0;
    return (mock_cfg_get(&nic->fn[0].cfg, SRIOV_PCI_COMMAND, 2) & SRIOV_PCI_COMMAND_MEMORY) != 0;
}

/* DMA and MSI-X of a function without Bus Master never leave it: said once, since it looks dead. */
bool mock_nic_master_on(struct sriov_model *nic, uint16_t fn)
{
    struct sriov_site site = {.kind = SRIOV_SITE_CONFIG, .function = fn, .offset = SRIOV_PCI_COMMAND};

    if (mock_cfg_get(&nic->fn[fn].cfg, SRIOV_PCI_COMMAND, 2) & SRIOV_PCI_COMMAND_MASTER)
        return true;
    if (!nic->fn[fn].told_no_master)
        mock_report(nic, SRIOV_REPORT_BAD_SEQUENCE, &site, "device has work but Bus Master is off");
    nic->fn[fn].told_no_master = true;
    return false;
}

uint32_t mock_nic_cfg_read(struct sriov_model *nic, uint16_t fn, uint32_t off, uint32_t width)
{
    if (!mock_nic_exists(nic, fn) || off >= MOCK_CFG_BYTES)
        return width >= 4u ? UINT32_MAX : (UINT32_C(1) << (8u * width)) - 1u;
    return mock_cfg_get(&nic->fn[fn].cfg, off, width);
}

static bool touches(uint32_t off, uint32_t width, uint32_t reg, uint32_t reg_width)
{
    return off < reg + reg_width && reg < off + width;
}

static void enable_vfs(struct sriov_model *nic, uint16_t n)
{
    uint16_t before = nic->num_vfs;

    for (uint16_t fn = 1; fn <= before || fn <= n; fn++)
        mock_reset_vf_birth(nic, fn);
    nic->num_vfs = n;
    mock_rx_drain(nic);
    if (n != before)
        nic->ops->vfs_changed(nic->host, n);
}

static void sriov_written(struct sriov_model *nic, uint32_t num_before, bool was_on)
{
    struct sriov_site site = {.kind = SRIOV_SITE_CONFIG};
    struct mock_cfg *cfg = &nic->fn[0].cfg;
    bool on = (sriov_field(nic, SRIOV_PCI_SRIOV_CTRL) & SRIOV_PCI_SRIOV_CTRL_VFE) != 0;
    uint32_t num = sriov_field(nic, SRIOV_PCI_SRIOV_NUM_VFS);

    site.offset = cfg->sriov + SRIOV_PCI_SRIOV_NUM_VFS;
    if (num > nic->total_vfs || (was_on && num != num_before)) {
        mock_report(nic, SRIOV_REPORT_BAD_SEQUENCE, &site,
                    num > nic->total_vfs ? "NumVFs above TotalVFs" : "NumVFs written while VF Enable is set");
        num = num > nic->total_vfs && !was_on ? 0 : num_before;
        mock_cfg_put(cfg, site.offset, 2, num);
    }
    if (on != was_on)
        enable_vfs(nic, (uint16_t)(on ? num : 0));
}

void mock_nic_cfg_write(struct sriov_model *nic, uint16_t fn, uint32_t off, uint32_t width, uint32_t value)
{
    struct mock_cfg *cfg = &nic->fn[fn <= nic->total_vfs ? fn : 0].cfg;
    uint32_t num = sriov_field(nic, SRIOV_PCI_SRIOV_NUM_VFS);
    bool on = (sriov_field(nic, SRIOV_PCI_SRIOV_CTRL) & SRIOV_PCI_SRIOV_CTRL_VFE) != 0;
    uint32_t devctl = cfg->exp + SRIOV_PCI_EXP_DEVCTL;

    if (!mock_nic_exists(nic, fn) || off >= MOCK_CFG_BYTES || width > 4u)
        return;
    mock_cfg_bus_write(cfg, off, width, value);
    if (cfg->sriov != 0 && touches(off, width, cfg->sriov, SRIOV_PCI_SRIOV_SIZE))
        sriov_written(nic, num, on);
    if (touches(off, width, cfg->msix + SRIOV_PCI_MSIX_CTRL, 2))
        mock_msix_control_changed(nic, fn);
    if (off <= devctl && devctl + 2u <= off + width) {
        if (value >> (8u * (devctl - off)) & SRIOV_PCI_EXP_DEVCTL_FLR)
            mock_reset_flr(nic, fn);
    } else if (off == devctl + 1u && (value & SRIOV_PCI_EXP_DEVCTL_FLR >> 8)) {
        mock_reset_flr(nic, fn);
    }
}
