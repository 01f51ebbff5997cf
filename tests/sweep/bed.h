/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A test bed: a mock with one PF, served by its driver, and two VFs. Nothing here asserts; each step
 * returns what went wrong, so that sweeps, planted lies and fuzzers can judge for themselves.
 */
#ifndef BED_H
#define BED_H

#include <sriov/drivers.h>
#include <sriov/mock.h>

#define BED_VFS      2u
#define BED_US       UINT64_C(1000)
#define BED_MS       (1000 * BED_US)
#define BED_FINDINGS 8u
#define BED_BUFS     512u /* a queue's caches alone may keep 256 */
#define BED_DESC     64u
#define BED_BUF_SIZE 2048u

struct bed_vf {
    char name[SRIOV_NAME_MAX];
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
    uint32_t events; /* of sriov_net_poll, or-ed */
};

struct bed {
    const char *model;
    struct sriov_mock *mock;
    struct sriov_vmm *vmm;
    char pf_name[SRIOV_NAME_MAX];
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    int pf_task;
    struct bed_vf vf[BED_VFS];
    uint64_t on_wire; /* frames with our mark that left through the port */
    uint32_t serial;  /* of the last frame made */
    uint32_t leaks;   /* that closing found */
    uint64_t wild;    /* buffers the driver handed up with impossible lengths */
    uint32_t findings;
    struct sriov_violation finding[BED_FINDINGS]; /* the first violations */
};

/* A mock with the model; -ENOMEM, -ENOENT. Log lines are dropped, violations are kept. */
int bed_create(struct bed *bed, const char *model);
/* Whatever is still open is closed. Returns violations, leaks and what the mock still held. */
uint64_t bed_destroy(struct bed *bed);

/* Open the PF, enable the VFs, serve them in the background. On failure nothing is left open. */
int bed_pf_up(struct bed *bed);
void bed_pf_down(struct bed *bed);

/* Open, configure (flags: SRIOV_NET_*) and start VF i. On failure nothing is left open. */
int bed_vf_up(struct bed *bed, uint32_t i, uint32_t flags);
/* Stop and close; the first error. Leaks are counted in the bed. */
int bed_vf_down(struct bed *bed, uint32_t i);

/* Let time pass, keep house: -ENODEV once VF i is gone, else 0. */
int bed_turn(struct bed *bed, uint32_t i, uint64_t ns);
/* Until VF i's link is up and it does not recover. 0, -ETIMEDOUT, -ENODEV. */
int bed_settle(struct bed *bed, uint32_t i, uint64_t timeout_ns);

enum bed_way {
    BED_TO_PEER,   /* VF i to the other VF */
    BED_FROM_PEER, /* the other VF to VF i */
    BED_TO_WIRE,
    BED_FROM_WIRE,
};
/*
 * `frames` frames of len bytes (60 to 9000) one way, each judged byte by byte; what is lost is sent
 * again a few times, as any protocol above would. 0; -EIO: nothing gets through; -ENODEV.
 */
int bed_traffic(struct bed *bed, uint32_t i, enum bed_way way, uint32_t frames, uint32_t len);
/* All four ways. */
int bed_traffic_all(struct bed *bed, uint32_t i);

/* Send len bytes from VF i to the other one or the wire and do not look what becomes of them. */
int bed_fire(struct bed *bed, uint32_t i, bool to_wire, uint32_t len);
/* Receive what there is on VF i; buffers are checked for sanity and freed. Returns how many. */
uint32_t bed_drain(struct bed *bed, uint32_t i);
/* The first kept violation of the kind whose text has the part; NULL: none. */
const struct sriov_violation *bed_found(const struct bed *bed, enum sriov_violation_kind kind,
                                        const char *part);

#endif
