/* SPDX-License-Identifier: BSD-3-Clause */
/* A function's MSI-X capability and table, programmed as an operating system does. */
#include "internal.h"

#include <sriov/hw/pci_regs.h>

/* Where x86 takes messages; the data is the vector. Nothing lives there: the model's host hears of
 * a message through its irq service. */
#define MOCK_MSI_ADDRESS UINT32_C(0xfee00000)

static uint32_t find(const struct mock_slot *slot)
{
    return mock_find_cap(slot->dev, slot->index, SRIOV_PCI_CAP_ID_MSIX);
}

uint32_t mock_msix_vectors(const struct mock_slot *slot)
{
    uint32_t cap = find(slot);

    if (cap == 0) {
        return 0;
    }
    return (mock_pci_get(slot->dev, slot->index, cap + SRIOV_PCI_MSIX_CTRL, 2) & SRIOV_PCI_MSIX_CTRL_SIZE) +
           1;
}

/* BAR and offset of the table or the PBA, whichever register `reg` is. */
static uint32_t place(const struct mock_slot *slot, uint32_t cap, uint32_t reg, uint32_t *bar)
{
    uint32_t raw = mock_pci_get(slot->dev, slot->index, cap + reg, 4);

    *bar = raw & SRIOV_PCI_MSIX_BIR;
    return raw & SRIOV_PCI_MSIX_OFFSET;
}

static void poke(const struct mock_slot *slot, uint32_t bar, uint64_t off, uint32_t value)
{
    struct sriov_model_host *dev = slot->dev;
    uint64_t length;

    mock_enter(dev);
    length = dev->ops->bar_length(dev->model, slot->index, bar);
    if (off <= length && 4 <= length - off) {
        dev->ops->bar_write(dev->model, slot->index, bar, off, 4, value);
    }
    mock_leave(dev);
}

static uint32_t peek(const struct mock_slot *slot, uint32_t bar, uint64_t off)
{
    struct sriov_model_host *dev = slot->dev;
    uint64_t length;
    uint32_t value = 0;

    mock_enter(dev);
    length = dev->ops->bar_length(dev->model, slot->index, bar);
    if (off <= length && 4 <= length - off) {
        value = (uint32_t)dev->ops->bar_read(dev->model, slot->index, bar, off, 4);
    }
    mock_leave(dev);
    return value;
}

static void write_ctrl(const struct mock_slot *slot, uint32_t cap, uint32_t set, uint32_t clear)
{
    uint32_t ctrl = mock_pci_get(slot->dev, slot->index, cap + SRIOV_PCI_MSIX_CTRL, 2);

    mock_pci_put(slot->dev, slot->index, cap + SRIOV_PCI_MSIX_CTRL, 2, (ctrl & ~clear) | set);
}

void mock_msix_on(const struct mock_handle *h)
{
    const struct mock_slot *slot = h->slot;
    uint32_t cap = slot != NULL && h->num_vectors > 0 ? find(slot) : 0;
    uint32_t bar;
    uint32_t table;

    if (cap == 0) {
        return;
    }
    write_ctrl(slot, cap, SRIOV_PCI_MSIX_CTRL_ENABLE | SRIOV_PCI_MSIX_CTRL_MASKALL, 0);
    table = place(slot, cap, SRIOV_PCI_MSIX_TABLE, &bar);
    for (uint32_t i = 0; i < h->num_vectors; i++) {
        uint64_t entry = table + (uint64_t)i * SRIOV_PCI_MSIX_ENTRY_SIZE;

        poke(slot, bar, entry + SRIOV_PCI_MSIX_ENTRY_ADDR_LO, MOCK_MSI_ADDRESS);
        poke(slot, bar, entry + SRIOV_PCI_MSIX_ENTRY_ADDR_HI, 0);
        poke(slot, bar, entry + SRIOV_PCI_MSIX_ENTRY_DATA, i);
        poke(slot, bar, entry + SRIOV_PCI_MSIX_ENTRY_CTRL,
             h->vectors[i].masked ? SRIOV_PCI_MSIX_ENTRY_CTRL_MASK : 0);
    }
    write_ctrl(slot, cap, 0, SRIOV_PCI_MSIX_CTRL_MASKALL);
}

void mock_msix_off(const struct mock_slot *slot)
{
    uint32_t cap = find(slot);
    uint32_t count = mock_msix_vectors(slot);

    for (uint32_t i = 0; i < count; i++) {
        mock_msix_mask(slot, i, true);
    }
    if (cap != 0) {
        write_ctrl(slot, cap, 0, SRIOV_PCI_MSIX_CTRL_ENABLE | SRIOV_PCI_MSIX_CTRL_MASKALL);
    }
}

void mock_msix_mask(const struct mock_slot *slot, uint32_t vector, bool masked)
{
    uint32_t cap = find(slot);
    uint32_t bar;
    uint32_t table;

    if (cap == 0) {
        return;
    }
    table = place(slot, cap, SRIOV_PCI_MSIX_TABLE, &bar);
    poke(slot, bar, table + (uint64_t)vector * SRIOV_PCI_MSIX_ENTRY_SIZE + SRIOV_PCI_MSIX_ENTRY_CTRL,
         masked ? SRIOV_PCI_MSIX_ENTRY_CTRL_MASK : 0);
}

bool mock_msix_pending(const struct mock_slot *slot, uint32_t vector)
{
    uint32_t cap = find(slot);
    uint32_t bar;
    uint32_t pba;

    if (cap == 0) {
        return false;
    }
    pba = place(slot, cap, SRIOV_PCI_MSIX_PBA, &bar);
    return (peek(slot, bar, pba + (uint64_t)(vector / 32) * 4) >> (vector % 32) & 1u) != 0;
}

void mock_msix_locate(struct mock_handle *h)
{
    uint32_t cap = find(h->slot);

    if (cap == 0) {
        return;
    }
    h->table_first = place(h->slot, cap, SRIOV_PCI_MSIX_TABLE, &h->table_bar);
    h->table_end = h->table_first + (uint64_t)mock_msix_vectors(h->slot) * SRIOV_PCI_MSIX_ENTRY_SIZE;
}
