/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an 82576 says of VFs that misbehave: queues whose frames anti-spoofing dropped (WVBR, with their
 * number in SSVPC), and queues that it stopped itself for a malformed descriptor (MDFB, the last cause in
 * LVMMC). 82576 datasheet, section 8.14.
 */
#include "igb-like/igb.h"

static uint32_t vfs_of_queues(uint32_t queues)
{
    return (queues | queues >> IGB_MAX_POOLS) & ((UINT32_C(1) << IGB_MAX_POOLS) - 1u);
}

/* One number for all: where it is one VF's it is that one's, else each has at least one frame in it. */
static void blame_spoofers(struct sri_pf *p, uint32_t vfs)
{
    const uint32_t frames = sri_pf_rd(p, IGB_SSVPC);
    const uint32_t n = frames != 0 && frames != UINT32_MAX ? frames : 1u;

    p->watch.spoofed += n;
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        if ((vfs & UINT32_C(1) << vf) != 0) {
            sri_pf_guard_spoofed(p, vf, (vfs & (vfs - 1u)) == 0 ? n : 1u);
        }
    }
}

/* Set free once its VF has no traffic: the queue must not go on where it stopped. */
static void blame_stopped(struct sri_pf *p, uint32_t queues)
{
    const uint32_t vfs = vfs_of_queues(queues);
    const uint32_t cause = sri_pf_rd(p, IGB_LVMMC);

    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        if ((vfs & UINT32_C(1) << vf) != 0) {
            sri_pf_guard_stopped(p, vf, cause);
        }
    }
    sri_pf_wr(p, IGB_MDFB, queues);
}

void igb_watch_on(struct sri_pf *p)
{
    sri_pf_set(p, IGB_DTXCTL, 0, IGB_DTXCTL_MDP_EN);
}

void igb_watch(struct sri_pf *p)
{
    const uint32_t spoofing = sri_pf_rd(p, IGB_WVBR);
    const uint32_t stopped = sri_pf_rd(p, IGB_MDFB);

    if (spoofing != 0 && spoofing != UINT32_MAX) {
        blame_spoofers(p, vfs_of_queues(spoofing));
    }
    if (stopped != 0 && stopped != UINT32_MAX) {
        blame_stopped(p, stopped);
    }
}

/* MBVFIMR covers the resets of a VF as well. */
void igb_put_rings(struct sri_pf *p, uint16_t vf, bool on)
{
    const uint32_t bit = UINT32_C(1) << vf;

    sri_pf_set(p, IGB_MBVFIMR, bit, on ? bit : 0);
}
