/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated surroundings: a PF with our driver, two VFs, and a station on the wire that sends
 * to both in turn and counts what comes back. Half-way the PF is reset. */
#ifndef FORWARD_WORLD_H
#define FORWARD_WORLD_H

#include <sriov/drivers.h>
#include <sriov/mock.h>

struct world {
    struct sriov_mock *mock;
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    char pf_name[SRIOV_NAME_MAX];
    char vf_name[2][SRIOV_NAME_MAX];
    struct sriov_mac vf_mac[2];
    uint32_t frames; /* to send */
    uint32_t sent;
    uint32_t returned;
    uint32_t wrong;
    enum {
        WORLD_FIRST_HALF,
        WORLD_RESET,    /* done, the VFs have not noticed yet */
        WORLD_RECOVERS, /* they have */
        WORLD_SECOND_HALF,
        WORLD_OVER,
    } phase;
};

/* 0 or a negative errno; world_end takes back what is there in either case. */
int world_make(struct world *world, uint32_t frames);
/* What must not be left: leaks, violations. */
uint64_t world_end(struct world *world);
/* After each turn of the application; ready: both of its ports can send. */
void world_turn(struct world *world, bool ready);

#endif
