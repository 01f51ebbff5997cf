/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the structures of a virtio device lie: 4.1.4. The places are the device's word. */
#include "vnet.h"

#include <sriov/hw/pci_regs.h>

#include <errno.h>

/* One capability, read once. */
struct place {
    uint8_t bar;
    uint32_t off;
    uint32_t len;
    uint32_t mult;
};

struct search {
    struct vnet *v;
    struct sriov_msix_cap msix; /* vectors 0: none */
    int err;
};

static struct vnet_area *area_of(struct vnet *v, uint8_t type)
{
    switch (type) {
    case VIRTIO_PCI_CAP_COMMON:
        return &v->common;
    case VIRTIO_PCI_CAP_NOTIFY:
        return &v->notify;
    case VIRTIO_PCI_CAP_DEVICE:
        return &v->device;
    default:
        return NULL; /* with MSI-X nobody needs the ISR */
    }
}

static int read_place(struct vnet *v, uint16_t cap, bool notify, struct place *at)
{
    struct sriov_fn *fn = v->net->fn;
    int err = sriov_cfg_read8(fn, cap + VIRTIO_PCI_CAP_BAR, &at->bar);
    if (err == 0) {
        err = sriov_cfg_read32(fn, cap + VIRTIO_PCI_CAP_OFFSET, &at->off);
    }
    if (err == 0) {
        err = sriov_cfg_read32(fn, cap + VIRTIO_PCI_CAP_LENGTH, &at->len);
    }
    if (err == 0 && notify) {
        err = sriov_cfg_read32(fn, cap + VIRTIO_PCI_NOTIFY_MULT, &at->mult);
    }
    return err;
}

static int take_bar(struct vnet *v, uint8_t index)
{
    return v->bars[index].fn != NULL ? 0 : sriov_bar_open(v->net->fn, index, 0, &v->bars[index]);
}

/* The MSI-X table is the VMM's: no register of a device may be there. */
static bool hits_table(const struct sriov_msix_cap *msix, const struct place *at)
{
    uint64_t end = msix->table_off + (uint64_t)SRIOV_PCI_MSIX_ENTRY_SIZE * msix->vectors;
    return msix->vectors != 0 && at->bar == msix->table_bar && at->off < end &&
           (uint64_t)at->off + at->len > msix->table_off;
}

/* The first of a kind that can be is taken, others are passed over: 4.1.4.1. */
static int take_area(struct search *s, struct vnet_area *area, const struct place *at)
{
    struct vnet *v = s->v;
    static const uint32_t align = 4;
    if (at->bar >= VNET_BARS || at->off % align != 0 || at->len == 0 || hits_table(&s->msix, at)) {
        return 0;
    }
    int err = take_bar(v, at->bar);
    if (err != 0) {
        return err == -ENODEV ? err : 0;
    }
    uint64_t length = v->bars[at->bar].length;
    if (at->off <= length && at->len <= length - at->off) {
        *area = (struct vnet_area){&v->bars[at->bar], at->off, at->len};
    }
    return 0;
}

static int on_cap(void *arg, bool ext, uint16_t id, uint16_t off)
{
    struct search *s = arg;
    struct place at = {0};
    uint8_t type;
    if (ext || id != SRIOV_PCI_CAP_ID_VENDOR) {
        return 0;
    }
    s->err = sriov_cfg_read8(s->v->net->fn, off + VIRTIO_PCI_CAP_CFG_TYPE, &type);
    struct vnet_area *area = s->err == 0 ? area_of(s->v, type) : NULL;
    if (area != NULL && area->bar == NULL) {
        s->err = read_place(s->v, off, type == VIRTIO_PCI_CAP_NOTIFY, &at);
        if (s->err == 0) {
            s->err = take_area(s, area, &at);
        }
        if (type == VIRTIO_PCI_CAP_NOTIFY && area->bar != NULL) {
            s->v->notify_mult = at.mult;
        }
    }
    return s->err;
}

int vnet_pci_open(struct vnet *v)
{
    struct search search = {.v = v};
    int err = sriov_cfg_msix(v->net->fn, &search.msix);
    if (err == -ENOENT) {
        search.msix.vectors = 0; /* then it is polled */
        err = 0;
    }
    if (err == 0) {
        err = sriov_cfg_each_cap(v->net->fn, on_cap, &search);
    }
    if (err == 0 && (v->common.bar == NULL || v->common.len < VIRTIO_COMMON_SIZE || v->notify.bar == NULL ||
                     v->notify.len < 2 || v->device.bar == NULL)) {
        err = -EPROTO;
    }
    if (err != 0) {
        vnet_pci_close(v);
    }
    return err;
}

void vnet_pci_close(struct vnet *v)
{
    static const struct vnet_area none;
    for (uint32_t i = 0; i < VNET_BARS; i++) {
        if (v->bars[i].fn != NULL) {
            sriov_bar_close(&v->bars[i]);
        }
    }
    v->common = v->notify = v->device = none;
}

uint32_t vnet_read(const struct vnet_area *area, uint32_t off, uint32_t width)
{
    uint64_t value = UINT64_MAX;
    uint64_t at = (uint64_t)area->off + off;
    if (area->bar->view == NULL) {
        (void)sriov_bar_read(area->bar, at, width, &value);
        return (uint32_t)value & (width < 4 ? (UINT32_C(1) << (8 * width)) - 1 : UINT32_MAX);
    }
    const volatile uint8_t *reg = area->bar->view + at;
    switch (width) {
    case 1:
        return *reg;
    case 2:
        return *(const volatile uint16_t *)(const volatile void *)reg;
    default:
        return *(const volatile uint32_t *)(const volatile void *)reg;
    }
}

void vnet_write(const struct vnet_area *area, uint32_t off, uint32_t width, uint32_t value)
{
    uint64_t at = (uint64_t)area->off + off;
    if (area->bar->view == NULL) {
        (void)sriov_bar_write(area->bar, at, width, value);
        return;
    }
    volatile uint8_t *reg = area->bar->view + at;
    switch (width) {
    case 1:
        *reg = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)(volatile void *)reg = (uint16_t)value;
        break;
    default:
        *(volatile uint32_t *)(volatile void *)reg = value;
        break;
    }
}

/* 4.1.4.4: cap.offset + queue_notify_off * notify_off_multiplier, and 2 bytes there. */
int vnet_pci_bell(struct vnet *v, struct vnet_bell *bell)
{
    uint64_t place = (uint64_t)vnet_read(&v->common, VIRTIO_COMMON_QUEUE_NOTIFY_OFF, 2) * v->notify_mult;
    if (place % 2 != 0 || place > v->notify.len - 2u) {
        return -EPROTO;
    }
    bell->bar = v->notify.bar;
    bell->off = v->notify.off + (uint32_t)place;
    bell->reg = NULL;
    if (v->notify.bar->view != NULL) {
        bell->reg = (volatile uint16_t *)(volatile void *)(v->notify.bar->view + bell->off);
    }
    return 0;
}
