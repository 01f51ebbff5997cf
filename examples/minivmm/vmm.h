/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole of it: what main.c builds and scenes.c plays. */
#ifndef MINIVMM_VMM_H
#define MINIVMM_VMM_H

#include "report.h"

#define VMM_GUESTS_MAX 8u

#define VMM_NS_PER_S UINT64_C(1000000000)

struct scene {
    uint32_t victim; /* index of the guest that is killed while it asks; `guests`: none */
    bool hotplug;    /* two guests are asked for their VFs; the second one does not give it */
};

struct vmm {
    struct guest_host host;
    struct net net;
    struct image image;
    struct scene scene;
    uint32_t guests;
    uint32_t killed; /* index of a guest that is not there now; `guests`: none */
    uint64_t deadline_ns;
    const char *pcap;
    const char *image_path;
    const char *words; /* more for the images' command line; see orders.h */
    struct guest guest[VMM_GUESTS_MAX];
    struct report_counts counts[VMM_GUESTS_MAX];
    struct dirty_result dirty[VMM_GUESTS_MAX];
};

/* Of the clock that the deadline is on. */
uint64_t vmm_now_ns(void);
/* Says on standard error what failed; true when it did. */
bool vmm_failed(const char *what, int rc);

/* Everything from the first guest's start to the table. */
bool scenes_play(struct vmm *vmm);

#endif
