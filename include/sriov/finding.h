/* SPDX-License-Identifier: BSD-3-Clause */
/* What a shim's doctor finds: one thing, how it stands, and the remedy. The same for every shim. */
#ifndef SRIOV_FINDING_H
#define SRIOV_FINDING_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum sriov_finding_level {
    SRIOV_FINDING_OK = 0,
    SRIOV_FINDING_NOTE = 1, /* worth knowing */
    SRIOV_FINDING_WARN = 2, /* works, but not well or not safely */
    SRIOV_FINDING_BAD = 3,  /* this shim will not work until it is changed */
};

/* Strings live during the callback only. */
struct sriov_finding {
    uint32_t size;
    uint32_t level;     /* enum sriov_finding_level */
    const char *thing;  /* "kernel", "iommu", "/dev/xen/privcmd", "0000:01:10.0", ... */
    const char *text;   /* what is so */
    const char *remedy; /* how to get it; "" where nothing is to be done */
};
typedef void (*sriov_finding_cb)(void *arg, const struct sriov_finding *finding);

#ifdef __cplusplus
}
#endif
#endif
