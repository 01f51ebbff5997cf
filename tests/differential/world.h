/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the script runs: an 82576, simulated or behind VFIO, whose PF our PF driver owns, with two VFs that
 * our VF driver has; a trace over both. PF and VFs live on one thread: the PF is served whenever the VFs'
 * side gives time away, so that the order of things is the same in each run and in either world.
 */
#ifndef DIFFERENTIAL_WORLD_H
#define DIFFERENTIAL_WORLD_H

#include <sriov/drivers.h>
#include <sriov/trace.h>

#include <stdio.h>

#define VFS        2u
#define MS         UINT64_C(1000000)
#define VECTORS    3u
#define WORLD_WHAT 64u

struct sriov_mock;

/* A decorator below the trace: serves the PF before and after time passes. */
struct pump {
    const struct sriov_vmm_ops *ops;
    void *ctx;
    struct sriov_vmm *vmm;
    struct sriov_pf *pf;
    bool busy;
};

struct vf {
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
    struct sriov_bar bar; /* the script's own, for what the driver does not touch */
    struct sriov_mac mac;
};

struct world {
    struct sriov_mock *mock; /* NULL: the kvm shim */
    struct sriov_vmm *shim;
    struct sriov_trace *pf_trace;
    struct sriov_trace *vf_trace;
    struct pump pump;
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    struct vf vf[VFS];
    char pf_name[SRIOV_NAME_MAX];
    FILE *out;
    uint64_t irqs;         /* that came to VFs */
    uint64_t tries;        /* resets that VF 1's driver began */
    char what[WORLD_WHAT]; /* the step that failed */
};

/* quirks: of the simulated device; bdf: of a real one, NULL for the simulated. Negative errno, and
 * w->what says of what; world_close either way. */
int world_open(struct world *w, const char *quirks, const char *bdf, FILE *out);
/* 0: nothing leaked. */
int world_close(struct world *w);

/* A step's name: all lines up to the next are compared with the other world's of this step. */
void world_step(struct world *w, const char *name);
/* What came of something, to be compared too. */
void world_note(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t world_now(struct world *w);
void world_sleep(struct world *w, uint64_t ns);
/* Until no interrupt has come for a while: none of this step is to be taken for one of the next. */
void world_quiet(struct world *w);
/* Polls this VF (NO_VF: none) each millisecond until done(w, vf) or the time is up; false: it is. One VF at a
 * time, since their order must not depend on how long things take. */
bool world_until(struct world *w, bool (*done)(struct world *w, uint32_t vf), uint32_t vf, uint64_t ns);
#define NO_VF VFS
/* Until the PF has its link. */
int world_port(struct world *w);

int pump_create(struct pump *pump, struct sriov_vmm *below);
void pump_destroy(struct pump *pump);

#endif
