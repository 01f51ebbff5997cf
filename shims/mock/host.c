/* SPDX-License-Identifier: BSD-3-Clause */
/* What a model finds outside itself: time, memory behind the IOMMU, interrupts, the wire. */
#include "internal.h"

#include <string.h>

/* NULL: that function is not there (any more); its accesses end nowhere. */
static struct mock_slot *slot_of(struct sriov_model_host *dev, uint16_t function)
{
    if (function >= dev->num_slots || !dev->slots[function].present || !dev->slots[0].present) {
        return NULL;
    }
    return &dev->slots[function];
}

static const char *name_of(struct sriov_model_host *dev, uint16_t function)
{
    struct mock_slot *slot = slot_of(dev, function);

    if (slot == NULL) {
        slot = dev->num_slots > 0 ? &dev->slots[0] : NULL;
    }
    return slot != NULL ? slot->name : dev->ops->name;
}

static uint64_t host_now(struct sriov_model_host *dev)
{
    return dev->mock->clock.now_ns;
}

static void timer_run(struct sriov_mock *mock, struct mock_event *event)
{
    struct sriov_model_host *dev = event->owner;

    (void)mock;
    if (!dev->slots[0].present) {
        return;
    }
    mock_enter(dev);
    event->timer(dev->model, event->tag);
    mock_leave(dev);
}

static void host_timer(struct sriov_model_host *dev, uint64_t at_ns, sriov_model_timer_cb cb, uint64_t tag)
{
    struct mock_event *event = mock_clock_at(dev->mock, at_ns, timer_run, dev);

    if (event == NULL) {
        mock_contract(dev->mock, name_of(dev, 0), "no memory for a model's timer");
        return;
    }
    event->timer = cb;
    event->tag = tag;
}

static uint64_t host_delay(struct sriov_model_host *dev, uint16_t function, enum sriov_delay_kind kind)
{
    struct mock_slot *slot = slot_of(dev, function);
    size_t index = (size_t)kind;

    return slot != NULL && index < MOCK_DELAY_KINDS ? slot->delay_ns[index] : 0;
}

static bool through_iommu(const struct mock_slot *slot, const struct mock_access *access,
                          enum sriov_violation_kind *kind)
{
    static const struct mock_domain nothing;
    const struct mock_domain *domain = slot->handle != NULL ? &slot->handle->domain : &nothing;
    bool allowed = mock_iommu_allows(domain, access, kind);

    if (!allowed && *kind == SRIOV_VIOLATION_IOMMU_UNMAPPED &&
        mock_iommu_was_mapped(&slot->past, access->iova.raw)) {
        *kind = SRIOV_VIOLATION_IOMMU_AFTER_UNMAP;
    }
    return allowed;
}

/* May it? If not, that is reported where somebody is to blame. */
static bool may_reach(struct sriov_model_host *dev, struct mock_slot *slot, struct mock_access *access)
{
    enum sriov_violation_kind kind = SRIOV_VIOLATION_IOMMU_UNMAPPED;

    if (slot == NULL ||
        mock_fault_hit(dev->mock, SRIOV_MOCK_FAULT_DMA, slot->name, mock_site_side(access->site->kind))) {
        return false;
    }
    access->fn = slot->name;
    if (!mock_bus_master(slot)) {
        if (slot->handle != NULL) {
            mock_dma_violation(dev->mock, SRIOV_VIOLATION_BUS_MASTER, access);
        }
        return false;
    }
    if (!through_iommu(slot, access, &kind)) {
        mock_dma_violation(dev->mock, kind, access);
        return false;
    }
    return true;
}

static int host_dma(struct sriov_model_host *dev, struct mock_access *access, uint8_t *bytes)
{
    struct mock_slot *slot = slot_of(dev, access->site->function);

    if (access->len == 0) {
        return 0;
    }
    if (!may_reach(dev, slot, access)) {
        return -EFAULT;
    }
    return mock_iommu_copy(&slot->handle->domain, access, bytes) == 0 ? 0 : -EFAULT;
}

static int host_dma_read(struct sriov_model_host *dev, const struct sriov_site *site, sriov_iova_t iova,
                         void *out, size_t len)
{
    struct mock_access access = {.site = site, .iova = iova, .len = len};

    return host_dma(dev, &access, out);
}

static int host_dma_write(struct sriov_model_host *dev, const struct sriov_site *site, sriov_iova_t iova,
                          const void *bytes, size_t len)
{
    struct mock_access access = {.site = site, .iova = iova, .len = len, .write = true};

    return host_dma(dev, &access, (uint8_t *)(uintptr_t)bytes); /* which a write leaves alone */
}

static void host_irq(struct sriov_model_host *dev, uint16_t function, uint16_t vector)
{
    struct mock_slot *slot = slot_of(dev, function);

    /* A message is a memory write of the device's, so that bus mastering gates it, too. */
    if (slot != NULL && mock_bus_master(slot)) {
        mock_irq_message(slot, vector);
    }
}

static void host_wire_tx(struct sriov_model_host *dev, const void *frame, size_t len)
{
    if (slot_of(dev, 0) != NULL) {
        mock_wire_out(dev, frame, len);
    }
}

static void host_tap(struct sriov_model_host *dev, uint16_t function, bool to_function, const void *frame,
                     size_t len)
{
    struct mock_slot *slot = slot_of(dev, function);

    (void)to_function;
    if (function == SRIOV_TAP_SWITCH) {
        mock_pcap_switch(dev, frame, len);
        return;
    }
    /* The PF's name stands for its wire, see sriov_mock_capture. */
    if (slot != NULL && function != 0) {
        mock_pcap_frame(slot, frame, len);
    }
}

static void host_vfs_changed(struct sriov_model_host *dev, uint16_t n)
{
    if (slot_of(dev, 0) != NULL) {
        mock_device_set_vfs(dev, n);
    }
}

static void host_report(struct sriov_model_host *dev, enum sriov_report_kind kind,
                        const struct sriov_site *site, const char *detail)
{
    mock_model_report(dev->mock, name_of(dev, site->function), kind, site, detail);
}

static enum sriov_fault_verdict host_fault(struct sriov_model_host *dev, enum sriov_fault_point point,
                                           const struct sriov_site *site, void *data, size_t len,
                                           uint64_t *delay_ns)
{
    return mock_fault_bend(dev->mock, name_of(dev, site->function), point, data, len, delay_ns);
}

const struct sriov_model_host_ops mock_host_ops = {
    .size = sizeof(mock_host_ops),
    .now_ns = host_now,
    .timer = host_timer,
    .delay_ns = host_delay,
    .dma_read = host_dma_read,
    .dma_write = host_dma_write,
    .irq = host_irq,
    .wire_tx = host_wire_tx,
    .tap = host_tap,
    .vfs_changed = host_vfs_changed,
    .report = host_report,
    .fault = host_fault,
};
