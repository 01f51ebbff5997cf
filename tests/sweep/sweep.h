/* SPDX-License-Identifier: BSD-3-Clause */
/* A sweep: one scenario, run again and again, in which another occasion of an op fails each time. */
#ifndef SWEEP_H
#define SWEEP_H

#include "bed.h"

/*
 * A scenario. `prepare` builds what stays from point to point; `run` is what faults strike, ends with
 * everything that it opened closed and returns its first error; `rebuild` undoes a removal. Which
 * function the faults strike is `target`.
 */
struct sweep_case {
    const char *name; /* "vf-82599" */
    const char *model;
    int (*prepare)(struct bed *bed);
    int (*run)(struct bed *bed);
    int (*rebuild)(struct bed *bed);
    const char *(*target)(const struct bed *bed);
};

extern const struct sweep_case sweep_vf_82599, sweep_vf_82576, sweep_pf_82599, sweep_pf_82576;

#endif
