/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stage of the VF scenarios: a mock VMM, one PF with its own driver that is served every 200 us
 * of virtual time, and up to four VFs with theirs. The strict mock must find nothing unless a test
 * says that it will.
 */
#ifndef VF_FIXTURE_H
#define VF_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sriov/drivers.h>
#include <sriov/mock.h>

#define VF_PORTS      4
#define VF_FRAME_MAX  9728u
#define VF_MS         UINT64_C(1000000)
#define VF_WIRE_KEPT  64u
#define VF_POOL_COUNT 2048u

struct vf_world;

struct vf_setup {
    const char *model;                             /* "82599" or "82576" */
    const char *quirks;                            /* NULL: as the datasheet says */
    uint32_t max_api;                              /* of the PF; 0: newest */
    uint16_t vf_queues;                            /* granted by the PF */
    uint16_t vfs;                                  /* 0: VF_PORTS */
    uint16_t max_frame;                            /* of the PF, with header and FCS; 0: the largest */
    uint32_t irq_vectors;                          /* that the host grants; 0: all */
    struct sriov_net_config config;                /* of each port; pool is the fixture's */
    uint32_t pool_count;                           /* 0: VF_POOL_COUNT */
    bool polled;                                   /* the PF has no interrupt: it serves when it is polled */
    const struct sriov_driver *const *net_drivers; /* NULL: sriov_net_drivers */
    void (*before_poll)(struct vf_world *w);       /* of the PF; may be NULL */
};

struct vf_port {
    struct vf_world *world;
    char name[SRIOV_NAME_MAX];
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
    struct sriov_net_info info; /* as of the last vf_info */
    uint32_t events;            /* all that poll reported since cleared */
};

struct vf_world {
    struct vf_setup setup;
    struct sriov_mock *mock;
    struct sriov_vmm *vmm;
    char pf_name[SRIOV_NAME_MAX];
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    int task;
    bool pf_busy; /* inside a call: the task must not enter again */
    struct vf_port port[VF_PORTS];
    uint32_t wire_frames;
    uint32_t wire_len[VF_WIRE_KEPT];
    uint8_t wire_last[VF_FRAME_MAX];
    bool findings_expected;
    char culprit[SRIOV_NAME_MAX]; /* findings of this function are expected, none of others */
    uint64_t culprits_findings;
};

/* PF up with VFs enabled and served; no port is open yet. */
void vf_world_make(struct vf_world *w, const struct vf_setup *setup);
/* Closes what is open; every mapping, view and sink must be given back, nothing found. */
void vf_world_end(struct vf_world *w);

/* Open, configure, start and poll until the link is up. */
void vf_port_up(struct vf_world *w, uint16_t i);
/* Open and attach only. */
void vf_port_attach(struct vf_world *w, uint16_t i);
void vf_port_start(struct vf_world *w, uint16_t i);
void vf_port_close(struct vf_world *w, uint16_t i);
const struct sriov_net_info *vf_info(struct vf_world *w, uint16_t i);
uint64_t vf_stat(struct vf_world *w, uint16_t i, const char *name);

/* Let time pass, polling every open port each 200 us; each millisecond in runs of 50 ms and more. */
void vf_run(struct vf_world *w, uint64_t ns);
/* The same until the port has reported all of `events`, at most ns. Returns how long it took. */
uint64_t vf_run_until(struct vf_world *w, uint16_t i, uint32_t events, uint64_t ns);

/* Its mailbox is deaf: no message of a VF arrives any more. Off: all faults are forgotten. */
void vf_pf_silence(struct vf_world *w, bool on);
void vf_pf_reset(struct vf_world *w);
void vf_pf_set_up(struct vf_world *w, bool up);

/* A frame from MAC to MAC with a pattern that names its number. */
void vf_fill(uint8_t *frame, uint32_t len, const struct sriov_mac *dst, const struct sriov_mac *src,
             uint32_t n);
/* One frame from port `from` to port `to`; -1: into the wire. Returns what tx_burst took. */
uint16_t vf_send(struct vf_world *w, uint16_t from, int to, uint32_t len, uint32_t n);
uint16_t vf_send_bytes(struct vf_world *w, uint16_t from, const void *frame, uint32_t len, uint16_t flags,
                       uint16_t tci);
/* A frame on a queue of the port, or NULL. */
struct sriov_buf *vf_recv(struct vf_world *w, uint16_t i, uint16_t queue);
/* The next frame must be number n from port `from` (-1: the wire), len bytes long. */
void vf_expect(struct vf_world *w, uint16_t i, int from, uint32_t len, uint32_t n);
void vf_expect_nothing(struct vf_world *w, uint16_t i);
/* Traffic both ways between two ports and with the wire works now. */
void vf_expect_traffic(struct vf_world *w, uint16_t a, uint16_t b);

void vf_inject(struct vf_world *w, struct sriov_mock_fault fault);

#endif
