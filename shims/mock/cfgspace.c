/* SPDX-License-Identifier: BSD-3-Clause */
/* The model's config space as an operating system walks it. */
#include "internal.h"

#include <sriov/hw/pci_regs.h>

void mock_enter(struct sriov_model_host *dev)
{
    dev->busy++;
}

void mock_leave(struct sriov_model_host *dev)
{
    dev->busy--;
}

uint32_t mock_pci_get(struct sriov_model_host *dev, uint16_t fn, uint32_t off, uint32_t width)
{
    uint32_t value;

    mock_enter(dev);
    value = dev->ops->cfg_read(dev->model, fn, off, width);
    mock_leave(dev);
    return value;
}

void mock_pci_put(struct sriov_model_host *dev, uint16_t fn, uint32_t off, uint32_t width, uint32_t value)
{
    mock_enter(dev);
    dev->ops->cfg_write(dev->model, fn, off, width, value);
    mock_leave(dev);
}

uint32_t mock_find_cap(struct sriov_model_host *dev, uint16_t fn, uint8_t id)
{
    uint32_t off = mock_pci_get(dev, fn, SRIOV_PCI_CAP_POINTER, 1) & SRIOV_PCI_CAP_PTR_MASK;

    for (unsigned steps = 0; steps < SRIOV_PCI_CAP_MAX_COUNT && off >= SRIOV_PCI_CAP_FIRST; steps++) {
        if (mock_pci_get(dev, fn, off + SRIOV_PCI_CAP_ID_OFF, 1) == id) {
            return off;
        }
        off = mock_pci_get(dev, fn, off + SRIOV_PCI_CAP_NEXT_OFF, 1) & SRIOV_PCI_CAP_PTR_MASK;
    }
    return 0;
}

uint32_t mock_find_ext_cap(struct sriov_model_host *dev, uint16_t fn, uint16_t id)
{
    uint32_t off = SRIOV_PCI_EXT_CAP_FIRST;

    for (unsigned steps = 0; steps < SRIOV_PCI_EXT_CAP_MAX_COUNT && off >= SRIOV_PCI_EXT_CAP_FIRST; steps++) {
        uint32_t header = mock_pci_get(dev, fn, off, 4);

        if (header == 0 || header == SRIOV_PCI_NO_DEVICE32) {
            return 0;
        }
        if (SRIOV_PCI_EXT_CAP_ID(header) == id) {
            return off;
        }
        off = SRIOV_PCI_EXT_CAP_NEXT(header);
    }
    return 0;
}

bool mock_bus_master(const struct mock_slot *slot)
{
    return (mock_pci_get(slot->dev, slot->index, SRIOV_PCI_COMMAND, 2) & SRIOV_PCI_COMMAND_MASTER) != 0;
}

bool mock_memory_enabled(const struct mock_slot *slot)
{
    struct sriov_model_host *dev = slot->dev;

    if (slot->index == 0) {
        return (mock_pci_get(dev, 0, SRIOV_PCI_COMMAND, 2) & SRIOV_PCI_COMMAND_MEMORY) != 0;
    }
    return (mock_pci_get(dev, 0, dev->iov_cap + SRIOV_PCI_SRIOV_CTRL, 2) & SRIOV_PCI_SRIOV_CTRL_MSE) != 0;
}

uint32_t mock_identity(const struct mock_slot *slot)
{
    struct sriov_model_host *dev = slot->dev;
    uint32_t pf = mock_pci_get(dev, 0, SRIOV_PCI_VENDOR_ID, 4);

    if (slot->index == 0) {
        return pf;
    }
    return (pf & 0xffffu) | mock_pci_get(dev, 0, dev->iov_cap + SRIOV_PCI_SRIOV_VF_DEVICE_ID, 2) << 16;
}

bool mock_has_flr(const struct mock_slot *slot)
{
    uint32_t exp = mock_find_cap(slot->dev, slot->index, SRIOV_PCI_CAP_ID_EXP);

    return exp != 0 && (mock_pci_get(slot->dev, slot->index, exp + SRIOV_PCI_EXP_DEVCAP, 4) &
                        SRIOV_PCI_EXP_DEVCAP_FLR) != 0;
}
