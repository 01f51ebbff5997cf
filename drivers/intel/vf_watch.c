/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rings' watchdog. A write-back that never comes, after a DMA fault or from a broken device,
 * would hold a ring up for ever: after two seconds the VF is initialised again. Runs beside the
 * queue threads: it only reads, and what it reads stands still when there is something to find.
 */
#include "vf.h"

#include <string.h>

#define STUCK_NS (2000 * SRI_MS)

void sri_vf_watch_reset(struct sri_vf *vf)
{
    bool spent = vf->deaf.spent;
    memset(vf->watch, 0, sizeof(vf->watch));
    vf->deaf = (struct sri_vf_deaf){.counted = vf->stat_total[0], .spent = spent};
}

/* True once the same index has been stuck for long. */
static bool too_long(bool stuck, uint32_t at, uint32_t *last, uint64_t *since, uint64_t now)
{
    if (!stuck) {
        *since = 0;
        return false;
    }
    if (*since == 0 || *last != at) {
        *last = at;
        *since = now;
        return false;
    }
    return now - *since >= STUCK_NS;
}

/* The device has moved on from a descriptor that it never wrote back. */
static bool rx_stuck(const struct sri_vf *vf, uint32_t i, uint32_t *at)
{
    const struct sri_rxq *q = sri_vf_rxq(vf, i);
    uint32_t next = __atomic_load_n(&q->next, __ATOMIC_RELAXED) & q->mask;
    *at = next;
    return sri_vf_rx_head(vf, i) != next && (q->ring[next].hi & SRI_RX_DD) == 0;
}

/* Frames are counted, yet the rings stay empty although they have room: the device cannot read its
 * descriptors. Some counted frames never come for good reason, so this is tried once until one does. */
static bool rx_deaf(struct sri_vf *vf, uint64_t now)
{
    struct sri_vf_deaf *deaf = &vf->deaf;
    uint32_t at = 0;
    bool waits = false;
    for (uint32_t i = 0; i < sri_vf_active_queues(vf); i++) {
        const struct sri_rxq *q = sri_vf_rxq(vf, i);
        uint32_t next = __atomic_load_n(&q->next, __ATOMIC_RELAXED);
        at += next;
        waits = waits || (q->ring[next & q->mask].hi & SRI_RX_DD) != 0;
    }
    if (at != deaf->at || waits || vf->stat_total[0] == deaf->counted) {
        deaf->spent = deaf->spent && !waits && at == deaf->at;
        deaf->at = at;
        deaf->counted = vf->stat_total[0];
        deaf->since = 0;
        return false;
    }
    deaf->since = deaf->since != 0 ? deaf->since : now;
    if (deaf->spent || now - deaf->since < STUCK_NS) {
        return false;
    }
    deaf->spent = true;
    return true;
}

const char *sri_vf_watch(struct sri_vf *vf)
{
    uint64_t now = sriov_fn_now(vf->net->fn);
    for (uint32_t i = 0; i < sri_vf_active_queues(vf); i++) {
        struct sri_vf_watch *watch = &vf->watch[i];
        uint32_t at;
        bool stuck = rx_stuck(vf, i, &at);
        if (too_long(stuck, at, &watch->rx_at, &watch->rx_since, now)) {
            return "a receive queue is stuck";
        }
        /* Without link nothing can leave. */
        stuck = vf->net->link.up && sri_txq_waits(sri_vf_txq(vf, i), &at);
        if (too_long(stuck, at, &watch->tx_at, &watch->tx_since, now)) {
            return "a transmit queue is stuck";
        }
    }
    return rx_deaf(vf, now) ? "frames are counted but none arrives" : NULL;
}
