/* SPDX-License-Identifier: BSD-3-Clause */
/* The table at the end, and the verdict. */
#ifndef MINIVMM_REPORT_H
#define MINIVMM_REPORT_H

#include "dirty.h"

/* What the manager and the shim count, taken while the guest still drove its VF. */
struct report_counts {
    struct sriov_assign_info assign;
    struct sriov_kvm_vm_stats kvm;
};

struct report {
    uint32_t guests;
    uint32_t pings; /* of each peer */
    const struct guest *guest;
    const struct report_counts *counts;
    const struct dirty_result *dirty;
    uint32_t killed; /* guest that began anew, whom the others therefore did not ask; `guests`: none */
    uint64_t wire_frames;
    uint64_t wire_alien;
};

/* Prints all; true when everything is as it must be. What is not is named. */
bool report_print(const struct report *report);

#endif
