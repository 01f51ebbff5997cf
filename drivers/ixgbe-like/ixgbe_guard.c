/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an 82599 says of VFs that misbehave: dropped frames of spoofers, and only their number, of all
 * VFs together (SSVPC; section 8.2.3.23 of the datasheet). It has no detection of malicious drivers;
 * that came with the X550.
 */
#include "ixgbe-like/ixgbe.h"

/* Between two frames of a VF that spoofs more than is forgiven there is less. */
#define DWELL_MOST_NS  UINT64_C(50000000)
#define DWELL_LEAST_NS UINT64_C(2000000)
#define DWELL_GAPS     4u

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

static uint64_t dwell_for(uint64_t gap)
{
    const uint64_t dwell = gap * DWELL_GAPS;

    return dwell < DWELL_LEAST_NS ? DWELL_LEAST_NS : dwell < DWELL_MOST_NS ? dwell : DWELL_MOST_NS;
}

/* The one that is counted alone did it; of several it is one of a half, or of the other. A stray frame
 * makes nobody a suspect. */
static void narrow(struct sri_pf *p, uint32_t spoofed)
{
    struct sri_pf_watch *w = &p->watch;
    const uint64_t now = sriov_fn_now(p->pf->fn);
    const uint64_t gap = now - w->hit_at;

    w->hit_at = now;
    if (how_many(w->counted) == 1u) {
        w->counted_since = now;
        sri_pf_guard_spoofed(p, only(w->counted), spoofed);
    } else if (gap <= DWELL_MOST_NS) {
        const uint64_t half = lower_half(w->counted);

        w->dwell_ns = dwell_for(gap);
        count(p, half, w->counted & ~half);
    }
}

/* Nothing came of it: the other half is next, then all again. */
static void look_elsewhere(struct sri_pf *p, uint64_t all)
{
    struct sri_pf_watch *w = &p->watch;
    const bool spent = sriov_fn_now(p->pf->fn) - w->counted_since >= w->dwell_ns;

    if ((w->counted & all) == 0 || (w->counted != all && spent)) {
        count(p, (w->other & all) != 0 ? w->other & all : all, 0);
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
    look_elsewhere(p, all);
    ixgbe_look_for_stuck(p);
}

/* PFMBIMR covers the resets of a VF as well. */
void ixgbe_put_rings(struct sri_pf *p, uint16_t vf, bool on)
{
    const uint32_t bit = UINT32_C(1) << (vf % 32u);

    sri_pf_set(p, IXGBE_PFMBIMR(vf / 32u), bit, on ? bit : 0);
}
