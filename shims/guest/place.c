/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address space for what firmware left without: VF BARs, and where there was none every BAR. First a
 * free place in a window of the bridge above; on a root bus, what the image named. A window that is too
 * small is not moved: what lies in it may be in use.
 */
#include "guest.h"

#define WINDOW_UNIT UINT64_C(0x100000) /* PCI-to-PCI Bridge 1.2, 3.2.5.8 */
#define WINDOW_64   0x1u

/* Inclusive; first > last: none. */
struct span {
    uint64_t first;
    uint64_t last;
};

static struct span window_of(struct guest *g, const struct guest_dev *bridge, bool prefetch)
{
    uint32_t base_at = prefetch ? SRIOV_PCI_BRIDGE_PREF_BASE : SRIOV_PCI_BRIDGE_MEMORY_BASE;
    uint32_t limit_at = prefetch ? SRIOV_PCI_BRIDGE_PREF_LIMIT : SRIOV_PCI_BRIDGE_MEMORY_LIMIT;
    uint64_t base = guest_cfg_read16(g, bridge->rid, base_at);
    uint64_t limit = guest_cfg_read16(g, bridge->rid, limit_at);
    bool wide = prefetch && (base & WINDOW_64) != 0;
    struct span span = {(base & 0xfff0) << 16, (limit & 0xfff0) << 16 | (WINDOW_UNIT - 1)};

    if (wide) {
        span.first |= (uint64_t)guest_cfg_read32(g, bridge->rid, SRIOV_PCI_BRIDGE_PREF_BASE_HI) << 32;
        span.last |= (uint64_t)guest_cfg_read32(g, bridge->rid, SRIOV_PCI_BRIDGE_PREF_LIMIT_HI) << 32;
    }
    return span;
}

/* Where to go on when [first, last] meets the span; 0 when it does not. */
static uint64_t past(struct span span, uint64_t first, uint64_t last)
{
    return span.first <= span.last && span.first <= last && span.last >= first ? span.last + 1 : 0;
}

static struct span bar_span(const struct guest_bar *bar, uint64_t times)
{
    bool used = bar->phys != 0 && bar->length != 0 && (bar->flags & SRIOV_BAR_IO) == 0;

    return used ? (struct span){bar->phys, bar->phys + (bar->length * times - 1)} : (struct span){1, 0};
}

static uint64_t past_dev(struct guest *g, const struct guest_dev *dev, const struct guest_dev *above,
                         uint64_t first, uint64_t last)
{
    uint64_t total =
        dev->sriov == 0 ? 0 : guest_cfg_read16(g, dev->rid, dev->sriov + SRIOV_PCI_SRIOV_TOTAL_VFS);
    uint64_t next = 0;

    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT && next == 0; i++) {
        next = past(bar_span(&dev->bar[i], 1), first, last);
        next = next == 0 && total != 0 ? past(bar_span(&dev->vf_bar[i], total), first, last) : next;
    }
    if (next == 0 && dev->bridge && dev != above) {
        next = past(window_of(g, dev, false), first, last);
        next = next == 0 ? past(window_of(g, dev, true), first, last) : next;
    }
    return next;
}

static uint64_t past_all(struct guest *g, const struct guest_dev *above, uint64_t first, uint64_t last)
{
    for (uint32_t i = 0; i < g->num_devs; i++) {
        uint64_t next = past_dev(g, &g->devs[i], above, first, last);
        if (next != 0) {
            return next;
        }
    }
    return 0;
}

static int first_fit(struct guest *g, const struct guest_dev *above, struct span in, uint64_t length,
                     uint64_t align, uint64_t *phys)
{
    uint64_t at = guest_align_up(in.first, align);

    while (in.first <= in.last && at >= in.first && at <= in.last && length - 1 <= in.last - at) {
        uint64_t next = past_all(g, above, at, at + (length - 1));
        if (next == 0) {
            *phys = at;
            return 0;
        }
        at = guest_align_up(next, align);
    }
    return -ENOSPC;
}

static int fresh(struct guest *g, uint64_t length, uint64_t align, uint32_t flags, uint64_t *phys)
{
    uint64_t most = (flags & SRIOV_BAR_64BIT) != 0 ? g->phys_last : UINT32_MAX;
    struct span in = {g->mmio, g->mmio + g->mmio_size - 1};

    if (g->mmio_size == 0 || g->mmio > most) {
        return -ENOSPC;
    }
    in.last = in.last < most ? in.last : most;
    return first_fit(g, NULL, in, length, align, phys);
}

/* Below 4 GiB first, be it in the window that is not prefetchable: there are devices that offer 64-bit
 * VF BARs and decode half of them. */
static int in_windows(struct guest *g, const struct guest_dev *bridge, uint64_t length, uint64_t align,
                      uint32_t flags, uint64_t *phys)
{
    struct span pref = window_of(g, bridge, true);
    bool low = pref.last <= UINT32_MAX;
    bool may = (flags & SRIOV_BAR_PREFETCH) != 0 && (low || (flags & SRIOV_BAR_64BIT) != 0);
    int rc = may && low ? first_fit(g, bridge, pref, length, align, phys) : -ENOSPC;

    rc = rc == 0 ? 0 : first_fit(g, bridge, window_of(g, bridge, false), length, align, phys);
    return rc != 0 && may && !low ? first_fit(g, bridge, pref, length, align, phys) : rc;
}

int guest_place(struct guest *g, uint32_t bus, uint64_t length, uint64_t align, uint32_t flags,
                uint64_t *phys)
{
    struct guest_dev *above = guest_dev_above(g, bus);
    int rc = above == NULL ? fresh(g, length, align, flags, phys)
                           : in_windows(g, above, length, align, flags, phys);

    if (rc != 0) {
        guest_say(g, SRIOV_LOG_ERROR, "guest: no address space for a BAR: widen the bridge's window");
    }
    return rc;
}
