/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions as the seam sees them: enumerate, open, close, info. */
#include "internal.h"

#include <sriov/hw/pci_regs.h>

#include <stdlib.h>
#include <string.h>

static uint64_t caps_of(const struct mock_slot *slot)
{
    struct sriov_model_host *dev = slot->dev;
    uint64_t caps = SRIOV_CAP_DMA_MAP | SRIOV_CAP_EVENTS | SRIOV_CAP_CFG_EXTENDED | SRIOV_CAP_DIRTY;

    if (mock_msix_vectors(slot) > 0) {
        caps |= SRIOV_CAP_IRQ_EVENTFD | SRIOV_CAP_IRQ_CALLBACK | SRIOV_CAP_IRQ_MASK | SRIOV_CAP_IRQ_PENDING |
                SRIOV_CAP_IRQ_TRIGGER;
    }
    if (mock_has_flr(slot)) {
        caps |= SRIOV_CAP_RESET;
    }
    if (slot->index == 0 && dev->total_vfs > 0) {
        caps |= SRIOV_CAP_SET_VFS;
    }
    if (mock_can_migrate(slot)) {
        caps |= SRIOV_CAP_MIGRATION;
    }
    return caps;
}

static void describe(const struct mock_slot *slot, struct sriov_fn_info *info)
{
    struct sriov_model_host *dev = slot->dev;
    uint32_t identity = mock_identity(slot);
    uint32_t class_rev = mock_pci_get(dev, slot->index, SRIOV_PCI_REVISION_ID, 4);

    memset(info, 0, sizeof(*info));
    info->size = sizeof(*info);
    info->caps = caps_of(slot);
    info->vendor = (uint16_t)(identity & 0xffffu);
    info->device = (uint16_t)(identity >> 16);
    info->subsystem_vendor = (uint16_t)mock_pci_get(dev, slot->index, SRIOV_PCI_SUBSYSTEM_VENDOR_ID, 2);
    info->subsystem_device = (uint16_t)mock_pci_get(dev, slot->index, SRIOV_PCI_SUBSYSTEM_ID, 2);
    info->class_code = class_rev >> 8;
    info->revision = (uint8_t)(class_rev & 0xffu);
    info->is_vf = slot->index != 0;
    info->vf_index = slot->index != 0 ? (uint16_t)(slot->index - 1u) : 0;
    info->total_vfs = slot->index == 0 ? dev->total_vfs : 0;
    info->num_vfs = slot->index == 0 ? dev->num_vfs : 0;
    info->iommu_group = dev->id * (int32_t)(UINT16_MAX + 1) + slot->index;
    memcpy(info->name, slot->name, SRIOV_NAME_MAX);
    if (slot->index != 0) {
        memcpy(info->pf_name, dev->slots[0].name, SRIOV_NAME_MAX);
    }
}

int mock_op_enumerate(void *vmm, sriov_enum_cb cb, void *arg)
{
    struct sriov_mock *mock = vmm;
    struct sriov_fn_info info;
    int err = mock_gate(mock, NULL, MOCK_OP_enumerate);

    for (struct sriov_model_host *dev = mock->devices; err == 0 && dev != NULL; dev = dev->next) {
        for (uint32_t i = 0; err == 0 && i < dev->num_slots; i++) {
            if (dev->slots[i].present) {
                describe(&dev->slots[i], &info);
                err = cb(arg, &info);
            }
        }
    }
    return err;
}

static int check_open(const struct sriov_open_args *args)
{
    int err = mock_check_struct(args, sizeof(*args), sizeof(*args));

    if (err != 0) {
        return err;
    }
    if ((args->flags & ~SRIOV_OPEN_NOIOMMU) != 0 || args->name == NULL ||
        (args->options != NULL && args->options[0] != '\0')) {
        return -EINVAL;
    }
    return 0;
}

static struct mock_handle *make_handle(struct sriov_mock *mock, struct mock_slot *slot)
{
    struct mock_handle *h = calloc(1, sizeof(*h));

    if (h == NULL) {
        return NULL;
    }
    h->mock = mock;
    h->slot = slot;
    memcpy(h->name, slot->name, SRIOV_NAME_MAX);
    h->next = mock->handles;
    mock->handles = h;
    slot->handle = h;
    mock_msix_locate(h);
    return h;
}

int mock_op_open(void *vmm, const struct sriov_open_args *args, void **fn)
{
    struct sriov_mock *mock = vmm;
    struct mock_slot *slot;
    int err = check_open(args);

    if (err != 0) {
        mock_contract(mock, "", "open with bad arguments");
        return err;
    }
    err = mock_gate_name(mock, args->name, MOCK_OP_open);
    if (err != 0) {
        return err;
    }
    slot = mock_find_slot(mock, args->name);
    if (slot != NULL && mock_fault_hit(mock, SRIOV_MOCK_FAULT_GONE, args->name, "open")) {
        mock_pull(slot);
        return -ENODEV;
    }
    if (slot == NULL) {
        return -ENOENT;
    }
    if (slot->handle != NULL) {
        return -EBUSY;
    }
    *fn = make_handle(mock, slot);
    return *fn != NULL ? 0 : -ENOMEM;
}

static void leave_slot(struct mock_handle *h)
{
    struct mock_slot *slot = h->slot;
    uint32_t command;

    if (slot == NULL) {
        return;
    }
    /* What an OS does when a function's owner goes: no more messages, no more DMA. */
    command = mock_pci_get(slot->dev, slot->index, SRIOV_PCI_COMMAND, 2);
    mock_pci_put(slot->dev, slot->index, SRIOV_PCI_COMMAND, 2, command & ~SRIOV_PCI_COMMAND_MASTER);
    mock_iommu_keep_past(&slot->past, &h->domain);
    slot->handle = NULL;
    h->slot = NULL;
    mock_remove_settle(slot->dev);
}

void mock_fn_release(struct mock_handle *h)
{
    struct sriov_mock *mock = h->mock;
    struct mock_handle **link = &mock->handles;
    uint32_t sinks = mock_irq_sinks(h);

    if (sinks > 0 && !h->irq_release_refused && !mock_gone(h)) {
        mock_leak(mock, h->name, sriov_iova(0), 0, "interrupt sink still attached");
    }
    mock_mig_end(h);
    mock_irq_off(h);
    mock_dma_release_all(h);
    leave_slot(h);
    while (*link != h) {
        link = &(*link)->next;
    }
    *link = h->next;
    mock_clock_cancel(mock, h);
    mock_iommu_destroy(&h->domain);
    free(h);
}

void mock_op_close(void *fn)
{
    struct mock_handle *h = fn;

    (void)mock_gate_release(h->mock, h, MOCK_OP_close);
    mock_fn_release(h);
}

int mock_op_info(void *fn, struct sriov_fn_info *out)
{
    struct mock_handle *h = fn;
    struct sriov_fn_info info;
    int err = mock_gate(h->mock, h, MOCK_OP_info);

    if (err != 0) {
        return err;
    }
    describe(h->slot, &info);
    return mock_give_struct(out, &info, sizeof(uint32_t), sizeof(info));
}

void mock_op_kill(void *fn)
{
    struct mock_handle *h = fn;

    /* Any thread: nothing but the flag is touched. */
    atomic_store_explicit(&h->killed, true, memory_order_relaxed);
}
