/* SPDX-License-Identifier: BSD-3-Clause */
/* Config space and trapped BAR access. */
#include "internal.h"

#include <sriov/hw/pci_regs.h>

#include <inttypes.h>

static bool is_width(uint32_t width, uint32_t most)
{
    return mock_is_pow2(width) && width <= most;
}

static int check_cfg(struct mock_handle *h, const char *what, uint32_t off, uint32_t width)
{
    if (!is_width(width, 4) || off % width != 0) {
        mock_contract(h->mock, h->name, "%s of %" PRIu32 " bytes at 0x%" PRIx32, what, width, off);
        return -EINVAL;
    }
    if (off > SRIOV_PCI_CFG_EXT_SIZE - width) {
        mock_contract(h->mock, h->name, "%s at 0x%" PRIx32 ", beyond config space", what, off);
        return -ERANGE;
    }
    return 0;
}

static uint32_t all_ones(uint32_t width)
{
    return width == 4 ? UINT32_MAX : (UINT32_C(1) << (8 * width)) - 1;
}

int mock_op_cfg_read(void *fn, uint32_t off, uint32_t width, uint32_t *value)
{
    struct mock_handle *h = fn;
    int err = mock_gate(h->mock, h, MOCK_OP_cfg_read);

    *value = is_width(width, 4) ? all_ones(width) : UINT32_MAX;
    if (err == 0) {
        err = check_cfg(h, "cfg_read", off, width);
    }
    if (err != 0) {
        return err;
    }
    if (off < SRIOV_PCI_COMMAND) {
        /* A VF's own registers read 0xffff here; an OS takes the ids from its PF. */
        *value = (mock_identity(h->slot) >> (8 * off)) & all_ones(width);
        return 0;
    }
    *value = mock_pci_get(h->slot->dev, h->slot->index, off, width) & all_ones(width);
    return 0;
}

int mock_op_cfg_write(void *fn, uint32_t off, uint32_t width, uint32_t value)
{
    struct mock_handle *h = fn;
    int err = mock_gate(h->mock, h, MOCK_OP_cfg_write);

    if (err == 0) {
        err = check_cfg(h, "cfg_write", off, width);
    }
    if (err != 0) {
        return err;
    }
    mock_pci_put(h->slot->dev, h->slot->index, off, width, value & all_ones(width));
    return 0;
}

static uint64_t length_of(const struct mock_slot *slot, uint32_t bar)
{
    struct sriov_model_host *dev = slot->dev;
    uint64_t length;

    if (bar >= SRIOV_PCI_BAR_COUNT) {
        return 0;
    }
    mock_enter(dev);
    length = dev->ops->bar_length(dev->model, slot->index, bar);
    mock_leave(dev);
    return length;
}

static uint32_t flags_of(const struct mock_slot *slot, uint32_t bar)
{
    uint32_t off = SRIOV_PCI_BAR(bar);
    uint32_t raw;
    uint32_t flags = 0;

    if (slot->index != 0) {
        off = slot->dev->iov_cap + SRIOV_PCI_SRIOV_VF_BAR(bar);
    }
    raw = mock_pci_get(slot->dev, 0, off, 4);
    if ((raw & SRIOV_PCI_BAR_IO) != 0) {
        return SRIOV_BAR_IO;
    }
    flags |= (raw & SRIOV_PCI_BAR_MEM_TYPE) == SRIOV_PCI_BAR_MEM_64 ? SRIOV_BAR_64BIT : 0u;
    flags |= (raw & SRIOV_PCI_BAR_MEM_PREFETCH) != 0 ? SRIOV_BAR_PREFETCH : 0u;
    return flags;
}

int mock_op_bar_info(void *fn, uint32_t bar, struct sriov_bar_info *out)
{
    struct mock_handle *h = fn;
    struct sriov_bar_info info = {.size = sizeof(info)};
    int err = mock_gate(h->mock, h, MOCK_OP_bar_info);

    if (err != 0) {
        return err;
    }
    if (bar >= SRIOV_PCI_BAR_COUNT) {
        return -EINVAL;
    }
    info.length = length_of(h->slot, bar);
    info.flags = info.length != 0 ? flags_of(h->slot, bar) : 0;
    return mock_give_struct(out, &info, sizeof(uint32_t), sizeof(info));
}

static int check_bar(struct mock_handle *h, const char *what, uint32_t bar, uint64_t off, uint32_t width)
{
    uint64_t length = length_of(h->slot, bar);

    if (!is_width(width, 8) || off % width != 0 || bar >= SRIOV_PCI_BAR_COUNT) {
        mock_contract(h->mock, h->name, "%s of %" PRIu32 " bytes at 0x%" PRIx64 " of BAR %" PRIu32, what,
                      width, off, bar);
        return -EINVAL;
    }
    if (off > length || width > length - off) {
        mock_contract(h->mock, h->name, "%s at 0x%" PRIx64 ", beyond BAR %" PRIu32 " of 0x%" PRIx64 " bytes",
                      what, off, bar, length);
        return -ERANGE;
    }
    if (!mock_memory_enabled(h->slot)) {
        mock_contract(h->mock, h->name,
                      "%s at 0x%" PRIx64 " of BAR %" PRIu32 " while memory space is disabled", what, off,
                      bar);
        return -EAGAIN;
    }
    return 0;
}

int mock_op_bar_read(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t *value)
{
    struct mock_handle *h = fn;
    int err = mock_gate(h->mock, h, MOCK_OP_bar_read);
    struct sriov_model_host *dev;

    *value = width < 8 && is_width(width, 8) ? all_ones(width > 4 ? 4 : width) : UINT64_MAX;
    if (err == 0) {
        err = check_bar(h, "bar_read", bar, off, width);
    }
    if (err != 0) {
        return err;
    }
    dev = h->slot->dev;
    mock_enter(dev);
    *value = dev->ops->bar_read(dev->model, h->slot->index, bar, off, width);
    mock_leave(dev);
    return 0;
}

int mock_op_bar_write(void *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value)
{
    struct mock_handle *h = fn;
    int err = mock_gate(h->mock, h, MOCK_OP_bar_write);
    struct sriov_model_host *dev;

    if (err == 0) {
        err = check_bar(h, "bar_write", bar, off, width);
    }
    if (err != 0) {
        return err;
    }
    if (bar == h->table_bar && off < h->table_end && off + width > h->table_first) {
        mock_contract(h->mock, h->name,
                      "bar_write at 0x%" PRIx64 " of BAR %" PRIu32 ": the MSI-X table is the VMM's", off,
                      bar);
        return -EBUSY;
    }
    dev = h->slot->dev;
    mock_enter(dev);
    dev->ops->bar_write(dev->model, h->slot->index, bar, off, width, value);
    mock_leave(dev);
    return 0;
}
