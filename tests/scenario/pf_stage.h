/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stage of the PF scenarios: a mock VMM, one PF with our driver, its VFs with theirs. What a
 * test leaves open, stage_strike closes; then nothing may be held and nothing found.
 */
#ifndef PF_STAGE_H
#define PF_STAGE_H

#include <sriov/drivers.h>
#include <sriov/mock.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS       UINT64_C(1000000)
#define VFS_MAX  63
#define POLL_NS  MS
#define LONG_RUN (1500u * MS)

struct stage {
    const char *model;
    const char *quirks;
    uint64_t mbx_delay; /* of each doorbell */
    bool no_vectors;    /* the host has no interrupt for the PF */
    uint16_t vfs_max;
    uint32_t mbps;
    uint32_t api;
    struct sriov_mock *mock;
    struct sriov_fn *fn;
    struct sriov_pf *pf;
    char pf_name[SRIOV_NAME_MAX];
    struct sriov_fn *vf_fn[VFS_MAX];
    struct sriov_net *net[VFS_MAX];
    uint16_t n;
    uint32_t events;
    int task;
};

/* A mock with the stage's PF in it, nothing opened. */
void stage_mock(struct stage *s);
/* PF open too. */
void stage_add(struct stage *s, const struct sriov_pf_opts *opts);
int stage_set(void **state); /* set-up of a test: *state is the stage */
int stage_strike(void **state);
/* The PF's application: a poll each millisecond of virtual time. */
void stage_serve(struct stage *s);
void stage_open_vfs(struct stage *s, uint16_t n);
/* Polls the VFs' control side while time passes; what they report is or-ed into events. */
void stage_run(struct stage *s, uint64_t ns);
struct sriov_pf_vf_info stage_vf(struct stage *s, uint16_t vf);
struct sriov_net_info stage_net(struct stage *s, uint16_t vf);
void stage_await_link(struct stage *s, bool up);

#endif
