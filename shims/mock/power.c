/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Function level reset with config space saved and restored around it, and turning VFs on and off:
 * what an operating system does for a function's owner, with the waits that the specifications ask
 * for in virtual time.
 */
#include "internal.h"

#include <sriov/hw/pci_regs.h>

struct saved_cfg {
    uint32_t command;
    uint32_t bars[SRIOV_PCI_BAR_COUNT];
    uint32_t exp;
    uint32_t devctl;
    uint32_t devctl2;
    uint32_t iov; /* 0: a VF, or no SR-IOV capability */
    uint32_t iov_ctrl;
    uint32_t num_vfs;
    uint32_t page;
};

static void save_pf(struct sriov_model_host *dev, struct saved_cfg *saved)
{
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        saved->bars[i] = mock_pci_get(dev, 0, SRIOV_PCI_BAR(i), 4);
    }
    saved->iov = dev->iov_cap;
    if (saved->iov != 0) {
        saved->iov_ctrl = mock_pci_get(dev, 0, saved->iov + SRIOV_PCI_SRIOV_CTRL, 2);
        saved->num_vfs = mock_pci_get(dev, 0, saved->iov + SRIOV_PCI_SRIOV_NUM_VFS, 2);
        saved->page = mock_pci_get(dev, 0, saved->iov + SRIOV_PCI_SRIOV_SYSTEM_PAGE, 4);
    }
}

static void save(const struct mock_slot *slot, struct saved_cfg *saved)
{
    struct sriov_model_host *dev = slot->dev;
    uint16_t fn = slot->index;

    saved->command = mock_pci_get(dev, fn, SRIOV_PCI_COMMAND, 2);
    saved->exp = mock_find_cap(dev, fn, SRIOV_PCI_CAP_ID_EXP);
    if (saved->exp != 0) {
        saved->devctl = mock_pci_get(dev, fn, saved->exp + SRIOV_PCI_EXP_DEVCTL, 2);
        saved->devctl2 = mock_pci_get(dev, fn, saved->exp + SRIOV_PCI_EXP_DEVCTL2, 2);
    }
    if (fn == 0) {
        save_pf(dev, saved);
    }
}

static void restore_pf(struct sriov_model_host *dev, const struct saved_cfg *saved)
{
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        mock_pci_put(dev, 0, SRIOV_PCI_BAR(i), 4, saved->bars[i]);
    }
    if (saved->iov != 0) {
        mock_pci_put(dev, 0, saved->iov + SRIOV_PCI_SRIOV_SYSTEM_PAGE, 4, saved->page);
        mock_pci_put(dev, 0, saved->iov + SRIOV_PCI_SRIOV_NUM_VFS, 2, saved->num_vfs);
        mock_pci_put(dev, 0, saved->iov + SRIOV_PCI_SRIOV_CTRL, 2, saved->iov_ctrl);
    }
}

static void restore(const struct mock_slot *slot, const struct saved_cfg *saved)
{
    struct sriov_model_host *dev = slot->dev;
    uint16_t fn = slot->index;

    if (saved->exp != 0) {
        mock_pci_put(dev, fn, saved->exp + SRIOV_PCI_EXP_DEVCTL, 2, saved->devctl);
        mock_pci_put(dev, fn, saved->exp + SRIOV_PCI_EXP_DEVCTL2, 2, saved->devctl2);
    }
    if (fn == 0) {
        restore_pf(dev, saved);
    }
    mock_pci_put(dev, fn, SRIOV_PCI_COMMAND, 2, saved->command);
}

static void flr(struct mock_slot *slot)
{
    struct sriov_model_host *dev = slot->dev;

    mock_enter(dev);
    dev->ops->flr(dev->model, slot->index);
    mock_leave(dev);
}

int mock_op_reset(void *fn)
{
    struct mock_handle *h = fn;
    struct saved_cfg saved = {0};
    struct mock_slot *slot = h->slot;
    struct sriov_model_host *dev;
    int err = mock_gate(h->mock, h, MOCK_OP_reset);

    if (err != 0) {
        return err;
    }
    dev = slot->dev;
    if (!mock_has_flr(slot)) {
        return -EOPNOTSUPP;
    }
    save(slot, &saved);
    /* A PF's reset takes its VFs off the bus until SR-IOV is restored; who holds one keeps it. */
    dev->resetting = slot->index == 0;
    flr(slot);
    mock_mig_forget(h);
    mock_clock_block(h->mock, SRIOV_PCI_FLR_MS * MOCK_NS_PER_MS);
    if (!mock_gone(h)) {
        restore(slot, &saved);
        mock_msix_on(h);
    }
    dev->resetting = false;
    if (slot->index == 0 && slot->present) {
        mock_device_set_vfs(dev, dev->num_vfs);
    }
    return mock_gone(h) ? -ENODEV : 0;
}

static void write_vfs(struct sriov_model_host *dev, uint32_t cap, uint16_t n)
{
    uint32_t ctrl = mock_pci_get(dev, 0, cap + SRIOV_PCI_SRIOV_CTRL, 2);
    uint32_t on = SRIOV_PCI_SRIOV_CTRL_VFE | SRIOV_PCI_SRIOV_CTRL_MSE;

    if (n == 0) {
        mock_pci_put(dev, 0, cap + SRIOV_PCI_SRIOV_CTRL, 2, ctrl & ~on);
        mock_pci_put(dev, 0, cap + SRIOV_PCI_SRIOV_NUM_VFS, 2, 0);
        return;
    }
    mock_pci_put(dev, 0, cap + SRIOV_PCI_SRIOV_NUM_VFS, 2, n);
    mock_pci_put(dev, 0, cap + SRIOV_PCI_SRIOV_CTRL, 2, ctrl | on);
}

int mock_op_set_vfs(void *fn, uint16_t n)
{
    struct mock_handle *h = fn;
    struct sriov_model_host *dev;
    uint32_t cap;
    int err = mock_gate(h->mock, h, MOCK_OP_set_vfs);

    if (err != 0) {
        return err;
    }
    dev = h->slot->dev;
    cap = h->slot->index == 0 ? dev->iov_cap : 0;
    if (cap == 0) {
        return -EOPNOTSUPP;
    }
    if (n > dev->total_vfs) {
        return -EINVAL;
    }
    if (n == dev->num_vfs) {
        return 0;
    }
    if (n != 0 && dev->num_vfs != 0) {
        return -EBUSY;
    }
    write_vfs(dev, cap, n);
    mock_clock_block(h->mock, (n != 0 ? SRIOV_PCI_VF_ENABLE_MS : SRIOV_PCI_VF_DISABLE_MS) * MOCK_NS_PER_MS);
    if (mock_gone(h)) {
        return -ENODEV;
    }
    if (dev->num_vfs != n) {
        write_vfs(dev, cap, 0);
        return -EPROTO;
    }
    return 0;
}
