/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an 82599 says of VFs that misbehave: dropped frames of spoofers, and only their number, of all
 * VFs together (SSVPC; section 8.2.3.23 of the datasheet). It has no detection of malicious drivers;
 * that came with the X550.
 */
#include "ixgbe-like/ixgbe.h"

/* Longer than two frames of any VF that spoofs more than is forgiven. */
#define DWELL_NS UINT64_C(50000000)

static uint64_t all_vfs(const struct sri_pf *p)
{
    uint64_t vfs = 0;

    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        vfs |= sri_pf_guard_is_shut(p, vf) ? 0 : sri_pf_bit(vf);
    }
    return vfs;
}

static void count(struct sri_pf *p, uint64_t vfs, uint64_t other)
{
    p->watch.counted = vfs;
    p->watch.other = other;
    p->watch.counted_since = sriov_fn_now(p->pf->fn);
    sri_pf_wr(p, IXGBE_PFVMECM(0), (uint32_t)vfs);
    sri_pf_wr(p, IXGBE_PFVMECM(1), (uint32_t)(vfs >> 32));
}

static uint32_t how_many(uint64_t vfs)
{
    uint32_t n = 0;

    for (; vfs != 0; vfs &= vfs - 1u) {
        n++;
    }
    return n;
}

static uint64_t lower_half(uint64_t vfs)
{
    uint64_t upper = vfs;

    for (uint32_t n = how_many(vfs) / 2u; n != 0; n--) {
        upper &= upper - 1u;
    }
    return vfs & ~upper;
}

static uint16_t only(uint64_t vf)
{
    uint16_t n = 0;

    while ((vf >> n & 1u) == 0) {
        n++;
    }
    return n;
}

/* The one that is counted alone did it; of several it is one of a half, or of the other. */
static void narrow(struct sri_pf *p, uint32_t spoofed)
{
    struct sri_pf_watch *w = &p->watch;

    if (how_many(w->counted) == 1u) {
        w->counted_since = sriov_fn_now(p->pf->fn);
        sri_pf_guard_spoofed(p, only(w->counted), spoofed);
    } else {
        const uint64_t half = lower_half(w->counted);

        count(p, half, w->counted & ~half);
    }
}

void ixgbe_watch_on(struct sri_pf *p)
{
    count(p, all_vfs(p), 0);
}

/* Reading clears the counter. */
void ixgbe_watch(struct sri_pf *p)
{
    struct sri_pf_watch *w = &p->watch;
    const uint32_t spoofed = sri_pf_rd(p, IXGBE_SSVPC);
    const uint64_t all = all_vfs(p);

    if (spoofed == IXGBE_DEAD_READ) {
        return;
    }
    w->spoofed += spoofed;
    if (spoofed != 0 && (w->counted & all) != 0) {
        narrow(p, spoofed);
    }
    if ((w->counted & all) == 0 ||
        (w->counted != all && w->other == 0 && sriov_fn_now(p->pf->fn) - w->counted_since >= DWELL_NS)) {
        count(p, all, 0);
    } else if (w->other != 0 && sriov_fn_now(p->pf->fn) - w->counted_since >= DWELL_NS) {
        count(p, w->other, 0);
    }
}

/* PFMBIMR covers the resets of a VF as well. */
void ixgbe_put_rings(struct sri_pf *p, uint16_t vf, bool on)
{
    const uint32_t bit = UINT32_C(1) << (vf % 32u);

    sri_pf_set(p, IXGBE_PFMBIMR(vf / 32u), bit, on ? bit : 0);
}
