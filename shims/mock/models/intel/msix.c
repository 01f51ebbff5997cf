/* SPDX-License-Identifier: BSD-3-Clause */
/* MSI-X table and pending bits of one function: PCI 3.0, section 6.8.2. */
#include <errno.h>
#include <stdlib.h>

#include <sriov/hw/pci_regs.h>

#include "nic.h"

int mock_msix_init(struct mock_msix *msix, const struct mock_cfg_identity *id)
{
    msix->vectors = id->msix_vectors;
    msix->bar = id->msix_bar;
    msix->pba_offset = id->msix_pba;
    msix->table = calloc(msix->vectors, SRIOV_PCI_MSIX_ENTRY_SIZE);
    if (msix->table == NULL)
        return -ENOMEM;
    mock_msix_reset(msix);
    return 0;
}

void mock_msix_free(struct mock_msix *msix)
{
    free(msix->table);
    msix->table = NULL;
}

void mock_msix_reset(struct mock_msix *msix)
{
    msix->pending = 0;
    for (uint32_t v = 0; v < msix->vectors; v++) {
        msix->table[4u * v] = 0;
        msix->table[4u * v + 1u] = 0;
        msix->table[4u * v + 2u] = 0;
        msix->table[4u * v + 3u] = SRIOV_PCI_MSIX_ENTRY_CTRL_MASK;
    }
}

static uint32_t control(const struct sriov_model *nic, uint16_t fn)
{
    const struct mock_cfg *cfg = &nic->fn[fn].cfg;

    return mock_cfg_get(cfg, cfg->msix + SRIOV_PCI_MSIX_CTRL, 2);
}

static bool may_send(struct sriov_model *nic, uint16_t fn, uint32_t vector)
{
    uint32_t ctrl = control(nic, fn);

    if (!(ctrl & SRIOV_PCI_MSIX_CTRL_ENABLE) || (ctrl & SRIOV_PCI_MSIX_CTRL_MASKALL) || mock_is_held(nic, fn))
        return false;
    return !(nic->fn[fn].msix.table[4u * vector + 3u] & SRIOV_PCI_MSIX_ENTRY_CTRL_MASK);
}

void mock_msix_flush(struct sriov_model *nic, uint16_t fn)
{
    struct mock_msix *msix = &nic->fn[fn].msix;

    for (uint32_t v = 0; v < msix->vectors; v++) {
        uint64_t bit = UINT64_C(1) << v;

        if (!(msix->pending & bit) || !may_send(nic, fn, v))
            continue;
        msix->pending &= ~bit;
        nic->ops->irq(nic->host, fn, (uint16_t)v);
    }
}

void mock_msix_send(struct sriov_model *nic, uint16_t fn, uint32_t vector)
{
    struct mock_msix *msix = &nic->fn[fn].msix;

    if (vector >= msix->vectors || !(control(nic, fn) & SRIOV_PCI_MSIX_CTRL_ENABLE))
        return;
    if (!mock_nic_master_on(nic, fn))
        return;
    msix->pending |= UINT64_C(1) << vector;
    mock_msix_flush(nic, fn);
}

void mock_msix_control_changed(struct sriov_model *nic, uint16_t fn)
{
    if (!(control(nic, fn) & SRIOV_PCI_MSIX_CTRL_ENABLE))
        nic->fn[fn].msix.pending = 0;
    mock_msix_flush(nic, fn);
}

uint32_t mock_msix_read(struct sriov_model *nic, uint16_t fn, uint32_t off)
{
    const struct mock_msix *msix = &nic->fn[fn].msix;

    if (off < msix->vectors * SRIOV_PCI_MSIX_ENTRY_SIZE)
        return msix->table[off / 4u];
    if (off == msix->pba_offset)
        return (uint32_t)msix->pending;
    if (off == msix->pba_offset + 4u)
        return (uint32_t)(msix->pending >> 32);
    return 0;
}

void mock_msix_write(struct sriov_model *nic, uint16_t fn, uint32_t off, uint32_t value)
{
    static const uint32_t writable[4] = {~3u, ~0u, ~0u, SRIOV_PCI_MSIX_ENTRY_CTRL_MASK};
    struct mock_msix *msix = &nic->fn[fn].msix;
    struct sriov_site site = {.kind = SRIOV_SITE_REGISTER, .function = fn, .offset = off};

    site.bar = (uint16_t)msix->bar;
    if (off >= msix->vectors * SRIOV_PCI_MSIX_ENTRY_SIZE) {
        mock_report(nic, SRIOV_REPORT_READ_ONLY, &site, "write beside the MSI-X table");
        return;
    }
    msix->table[off / 4u] = value & writable[off / 4u % 4u];
    mock_msix_flush(nic, fn);
}
