/* SPDX-License-Identifier: BSD-3-Clause */
/* The bus scan: every function that answers, its BARs and the capabilities that the shim uses. */
#include "guest.h"

#define DEVS_PER_BUS 32u
#define FNS_PER_DEV  8u

static uint32_t decode_flags(uint32_t low)
{
    uint32_t flags = 0;

    if ((low & SRIOV_PCI_BAR_IO) != 0) {
        return SRIOV_BAR_IO;
    }
    flags |= (low & SRIOV_PCI_BAR_MEM_TYPE) == SRIOV_PCI_BAR_MEM_64 ? SRIOV_BAR_64BIT : 0;
    flags |= (low & SRIOV_PCI_BAR_MEM_PREFETCH) != 0 ? SRIOV_BAR_PREFETCH : 0;
    return flags | SRIOV_BAR_VIEWABLE;
}

/* PCI 3.0, 6.2.5.1: of all-ones written, the bits that stay 0 are the length. */
static uint64_t length_of(uint64_t mask, uint32_t flags)
{
    if ((flags & SRIOV_BAR_IO) != 0) {
        mask = (mask & SRIOV_PCI_BAR_IO_MASK) | ~UINT64_C(0xffff);
        return (mask & 0xffff) == 0 ? 0 : -mask;
    }
    mask &= ~UINT64_C(0xf);
    if ((flags & SRIOV_BAR_64BIT) == 0) {
        mask = (uint32_t)mask == 0 ? 0 : mask | ~UINT64_C(0xffffffff);
    }
    return guest_is_pow2(-mask) ? -mask : 0;
}

void guest_bar_probe(struct guest *g, uint16_t rid, uint32_t at, struct guest_bar *bar)
{
    uint32_t low = guest_cfg_read32(g, rid, at);
    uint32_t flags = decode_flags(low);
    bool wide = (flags & SRIOV_BAR_64BIT) != 0;
    uint32_t high = wide ? guest_cfg_read32(g, rid, at + 4) : 0;

    memset(bar, 0, sizeof(*bar));
    guest_cfg_write(g, rid, at, 4, UINT32_MAX);
    if (wide) {
        guest_cfg_write(g, rid, at + 4, 4, UINT32_MAX);
    }
    uint64_t mask = guest_cfg_read32(g, rid, at);
    mask |= wide ? (uint64_t)guest_cfg_read32(g, rid, at + 4) << 32 : 0;
    guest_cfg_write(g, rid, at, 4, low);
    if (wide) {
        guest_cfg_write(g, rid, at + 4, 4, high);
    }
    bar->length = mask == 0 ? 0 : length_of(mask, flags);
    if (bar->length != 0) {
        bool io = (flags & SRIOV_BAR_IO) != 0;
        bar->phys = ((uint64_t)high << 32 | low) & (io ? SRIOV_PCI_BAR_IO_MASK : ~UINT64_C(0xf));
        bar->flags = flags;
    }
}

void guest_bar_assign(struct guest *g, uint16_t rid, uint32_t at, struct guest_bar *bar, uint64_t phys)
{
    guest_cfg_write(g, rid, at, 4, (uint32_t)phys);
    if ((bar->flags & SRIOV_BAR_64BIT) != 0) {
        guest_cfg_write(g, rid, at + 4, 4, (uint32_t)(phys >> 32));
    }
    bar->phys = phys;
}

/* Nothing may decode addresses while its BARs hold all-ones. */
static void probe_bars(struct guest *g, struct guest_dev *dev)
{
    uint32_t count = dev->bridge ? 2 : SRIOV_PCI_BAR_COUNT;
    uint32_t decode = SRIOV_PCI_COMMAND_IO | SRIOV_PCI_COMMAND_MEMORY;
    uint16_t command = guest_cfg_read16(g, dev->rid, SRIOV_PCI_COMMAND);

    guest_cfg_write(g, dev->rid, SRIOV_PCI_COMMAND, 2, command & ~decode);
    for (uint32_t i = 0; i < count; i++) {
        guest_bar_probe(g, dev->rid, SRIOV_PCI_BAR(i), &dev->bar[i]);
        i += (dev->bar[i].flags & SRIOV_BAR_64BIT) != 0 ? 1 : 0;
    }
    guest_cfg_write(g, dev->rid, SRIOV_PCI_COMMAND, 2, command);
}

void guest_dev_caps(struct guest *g, struct guest_dev *dev)
{
    dev->exp = guest_cfg_cap(g, dev->rid, SRIOV_PCI_CAP_ID_EXP);
    dev->msix = guest_cfg_cap(g, dev->rid, SRIOV_PCI_CAP_ID_MSIX);
    dev->can_flr = dev->exp != 0 && (guest_cfg_read32(g, dev->rid, dev->exp + SRIOV_PCI_EXP_DEVCAP) &
                                     SRIOV_PCI_EXP_DEVCAP_FLR) != 0;
    if (dev->pf == NULL && dev->exp != 0) {
        dev->sriov = guest_cfg_ext_cap(g, dev->rid, SRIOV_PCI_EXT_CAP_ID_SRIOV);
    }
}

static bool is_there(struct guest *g, uint16_t rid)
{
    uint16_t vendor = guest_cfg_read16(g, rid, SRIOV_PCI_VENDOR_ID);

    return vendor != SRIOV_PCI_NO_DEVICE16 && vendor != 0;
}

static uint32_t header_type(struct guest *g, uint16_t rid)
{
    return guest_cfg_read(g, rid, SRIOV_PCI_HEADER_TYPE, 1);
}

static void add(struct guest *g, uint16_t rid)
{
    struct guest_dev *dev = &g->devs[g->num_devs];
    uint32_t type = header_type(g, rid) & SRIOV_PCI_HEADER_TYPE_MASK;

    if (g->num_devs == GUEST_DEVS_MAX) {
        guest_say(g, SRIOV_LOG_WARN, "guest: more functions than fit the table; the last are not seen");
        return;
    }
    if (type > SRIOV_PCI_HEADER_TYPE_BRIDGE) {
        return;
    }
    dev->rid = rid;
    dev->bridge = type == SRIOV_PCI_HEADER_TYPE_BRIDGE;
    guest_dev_caps(g, dev);
    probe_bars(g, dev);
    g->num_devs++;
}

static void scan_device(struct guest *g, uint32_t bus, uint32_t number)
{
    uint16_t first = GUEST_RID(bus, number, 0);

    if (!is_there(g, first)) {
        return;
    }
    uint32_t fns = (header_type(g, first) & SRIOV_PCI_HEADER_TYPE_MULTI) != 0 ? FNS_PER_DEV : 1;
    for (uint32_t fn = 0; fn < fns; fn++) {
        uint16_t rid = GUEST_RID(bus, number, fn);
        if (is_there(g, rid)) {
            add(g, rid);
        }
    }
}

/* Firmware gives BARs their places; where none ran, that is ours to do. A BAR that finds no place is told
 * of, and missed by who opens the function. */
static void place_bars(struct guest *g, struct guest_dev *dev)
{
    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT && !dev->bridge; i++) {
        struct guest_bar *bar = &dev->bar[i];
        uint64_t phys = 0;
        if (bar->length != 0 && bar->phys == 0 && (bar->flags & SRIOV_BAR_IO) == 0 &&
            guest_place(g, dev->rid >> 8, bar->length, bar->length, bar->flags, &phys) == 0) {
            guest_bar_assign(g, dev->rid, SRIOV_PCI_BAR(i), bar, phys);
        }
    }
}

/* Every bus number rather than a walk down the bridges: a bridge that lies cannot make it endless, and
 * a machine of several root buses is seen whole. */
int guest_scan(struct guest *g)
{
    g->devs = guest_heap_alloc(&g->heap, GUEST_DEVS_MAX * sizeof(*g->devs), _Alignof(struct guest_dev));
    if (g->devs == NULL) {
        return -ENOMEM;
    }
    for (uint32_t bus = g->first_bus; bus <= g->last_bus; bus++) {
        for (uint32_t number = 0; number < DEVS_PER_BUS; number++) {
            scan_device(g, bus, number);
        }
    }
    for (uint32_t i = 0; i < g->num_devs; i++) {
        place_bars(g, &g->devs[i]); /* only now, since it has to know of all that have one */
    }
    return g->num_devs != 0 ? 0 : -ENOENT;
}

struct guest_dev *guest_dev_above(struct guest *g, uint32_t bus)
{
    for (uint32_t i = 0; i < g->num_devs; i++) {
        struct guest_dev *dev = &g->devs[i];
        if (dev->bridge && bus != 0 &&
            guest_cfg_read(g, dev->rid, SRIOV_PCI_BRIDGE_SECONDARY_BUS, 1) == bus) {
            return dev;
        }
    }
    return NULL;
}
