/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The world of --shim mock: one simulated PF with this library's PF driver and its VFs, and on
 * request a neighbour on another VF, all living in the mock's virtual time.
 */
#ifndef SRIOVCTL_WORLD_H
#define SRIOVCTL_WORLD_H

#include "port.h"

#include <sriov/mock.h>
#include <sriov/pf.h>

struct world;

enum world_pf_mood {
    WORLD_PF_UP = 0,
    WORLD_PF_DOWN,   /* administratively down */
    WORLD_PF_SILENT, /* up, but no message gets through */
};

struct world_opts {
    const char *model;
    const char *quirks; /* NULL: datasheet */
    uint16_t vfs;
    enum world_pf_mood mood;
    /* For functions that others drive; all 0: the world is the drivers' of this process. */
    uint64_t serve_every_ns; /* how often the PF looks for work that no interrupt tells of; 0: 50 us */
    uint64_t begin_ns;       /* what its clock starts with */
    uint64_t reach_last;     /* functions may reach memory from 0 to here, as a guest's; 0: the mock's own */
    const struct sriov_mac *first_mac; /* of VF 0, counted on by the last byte; NULL: 02:53:52:00:00:00 */
    bool no_macs;                      /* each VF chooses its own */
    uint16_t vf_queues;                /* as in struct sriov_pf_opts; 0: its PF's choice */
    uint32_t max_api;                  /* as in struct sriov_pf_opts */
    void (*on_violation)(void *arg, const struct sriov_violation *violation); /* may be NULL */
    void *arg;
};

/* 0, or a negative errno with *step naming what failed. */
int world_create(const struct world_opts *opts, struct world **out, const char **step);
void world_destroy(struct world *world);
struct sriov_vmm *world_vmm(struct world *world);
struct sriov_mock *world_mock(struct world *world);
struct sriov_pf *world_pf(struct world *world);
const char *world_pf_name(const struct world *world);
/*
 * A neighbour on a VF other than `not_on`, with address ip; it answers, and with plan not NULL it
 * asks too. Ends with the world.
 */
int world_add_neighbour(struct world *world, const char *not_on, uint32_t ip, uint16_t mtu,
                        const struct echo_plan *plan, const char **step);
/* NULL while there is none. */
struct echo_port *world_neighbour(struct world *world);
/* Findings of the strict IOMMU and the models; the last one's text in *text. */
uint64_t world_violations(struct world *world, const char **text);

#endif
