/* SPDX-License-Identifier: BSD-3-Clause */
/* What the dirty log must list after a known DMA and known stores, and what it does list. */
#ifndef MINIVMM_DIRTY_H
#define MINIVMM_DIRTY_H

#include "guest.h"

struct dirty_result {
    uint32_t cpu;     /* pages that the guest's CPU wrote */
    uint32_t device;  /* pages that the VF wrote, and the CPU did not */
    uint32_t tables;  /* page tables in the log: CPUs write accessed and dirty flags unasked */
    uint32_t listed;  /* pages in the log */
    uint32_t missing; /* of those written */
    uint32_t extra;   /* listed, yet not written */
    bool arrived;     /* the frame is in one of the VF's pages */
};

/* All of these with the host's lock. The guest is quiet (PEER_QUIET): it has announced its pages. */

/* The log goes on and the known frame comes. */
int dirty_begin(struct guest_host *host, struct guest *guest);
/* The guest has written (PEER_WROTE): compares, and turns the log off. */
int dirty_end(struct guest *guest, struct dirty_result *result);
bool dirty_is_good(const struct dirty_result *result);

#endif
