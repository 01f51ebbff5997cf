/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the cases run: a shim with one function to try. */
#ifndef CONFORM_STAGE_H
#define CONFORM_STAGE_H

#include <sriov/fn.h>

struct stage_opts {
    const char *shim;    /* mock, kvm, xen, vfio-user or netdev */
    const char *model;   /* mock; vfio-user: of the VF that this process serves */
    const char *quirks;  /* the same; may be NULL */
    const char *device;  /* kvm, xen: BDF; vfio-user: socket or NULL; mock: set by stage_build */
    const char *backend; /* kvm */
    bool pf;             /* mock: try the PF, not its first VF */
    bool unshared;       /* vfio-user: share no memory with the server */
    const char *trace;   /* file for the lines of a trace that lies over the shim; NULL: no trace */
};

struct stage;
struct sriov_driver;

/* NULL when it cannot be built: one line on stderr says why. Control thread. */
struct stage *stage_build(struct stage_opts *opts);
struct sriov_vmm *stage_vmm(struct stage *stage);
const char *stage_device(struct stage *stage);
/* The net drivers for it. */
const struct sriov_driver *const *stage_drivers(const struct stage_opts *opts);
/* How the device is to be opened; NULL for nothing special. */
const struct sriov_fn_opts *stage_open_opts(struct stage *stage);
/* Takes it down; returns what the mock holds against the cases or the shim still holds. */
uint64_t stage_strike(struct stage *stage);

#endif
