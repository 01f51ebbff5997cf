/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Containment of VFs by their PF. What a VF does amiss is metered; beyond a bound (SRIOV_PF_GUARD_* in
 * sriov/pf.h) it is limited, and if it goes on, shut down, alone. A VF's or the PF's reset does not
 * change its standing.
 */
#ifndef SRI_PF_GUARD_H
#define SRI_PF_GUARD_H

#include <sriov/driver.h>

struct sri_pf;

enum sri_pf_offence {
    SRI_PF_FLOOD = 0, /* free: a request served; limited: one dropped unread */
    SRI_PF_BAD = 1,   /* a request that is malformed or forbidden */
    SRI_PF_SPOOF = 2, /* a frame that anti-spoofing dropped */
    SRI_PF_DESC = 3,  /* a queue stopped for a malformed descriptor */
    SRI_PF_RESETS = 4,
    SRI_PF_OFFENCES = 5,
};

enum sri_pf_standing {
    SRI_PF_FREE = 0,
    SRI_PF_LIMITED = 1,
    SRI_PF_SHUT = 2,
};

/* A leaky bucket. */
struct sri_pf_meter {
    uint64_t since; /* what leaked until then is taken off */
    uint32_t level;
};

#define SRI_PF_POOL_QUEUES 4u

struct sri_pf_guard {
    struct sri_pf_meter meter[SRI_PF_OFFENCES];
    uint64_t calm_at; /* limited: free from then on, unless it offends */
    uint64_t next;    /* limited: a request is served from then on */
    uint64_t dropped;
    uint64_t spoofed;
    uint32_t reason; /* enum sriov_pf_reason */
    uint8_t standing;
    /* For a device that does not tell of queues that hang: their heads, and since when they stand still. */
    uint32_t head[SRI_PF_POOL_QUEUES];
    uint64_t stuck_since[SRI_PF_POOL_QUEUES];
};

#define SRI_PF_EVENTS 64u

/* Of the whole PF. Events wait here for a poll; of more than fit the oldest are lost, the log has them. */
struct sri_pf_watch {
    void (*cb)(void *arg, const struct sriov_pf_event *event);
    void *arg;
    struct sriov_pf_event events[SRI_PF_EVENTS];
    uint32_t head, tail; /* free-running */
    uint64_t spoofed;    /* of all VFs */
    /* For a device that has one counter of spoofed frames: whose are counted, and who else may be it. */
    uint64_t counted, other;
    uint64_t counted_since, hit_at;
    uint64_t looked_at; /* at the queues of a VF */
    uint32_t next_vf;
    uint64_t dwell_ns; /* how long to wait for the next frame before others are suspected */
};

/* Ops of class pf. */
int sri_pf_set_event_sink(struct sriov_pf *pf, void (*cb)(void *arg, const struct sriov_pf_event *event),
                          void *arg);
int sri_pf_shut_vf(struct sriov_pf *pf, uint16_t vf);
int sri_pf_readmit_vf(struct sriov_pf *pf, uint16_t vf);

bool sri_pf_guard_is_shut(const struct sri_pf *p, uint16_t vf);
/* n more of an offence; may limit the VF or shut it down. */
void sri_pf_guard_blame(struct sri_pf *p, uint16_t vf, enum sri_pf_offence offence, uint32_t n);
/* Frames of this VF that anti-spoofing dropped. */
void sri_pf_guard_spoofed(struct sri_pf *p, uint16_t vf, uint32_t n);
/* The device stopped a queue of this VF, cause as its register has it: no traffic before it RESETs. */
void sri_pf_guard_stopped(struct sri_pf *p, uint16_t vf, uint32_t cause);
/* Is the request that waits to be served? If not it is to be dropped, and has been counted. */
bool sri_pf_guard_hears(struct sri_pf *p, uint16_t vf);
/* The host makes it start over: what that takes is not its fault. */
void sri_pf_guard_forgive(struct sri_pf *p, uint16_t vf);
/* It was served. */
void sri_pf_guard_heard(struct sri_pf *p, uint16_t vf);
/* Each round of service. */
void sri_pf_guard_tick(struct sri_pf *p);
/* The device was set up anew. */
void sri_pf_guard_restore(struct sri_pf *p);
/* Hand the events that wait to the sink; nobody inside sri_pf_enter. */
void sri_pf_guard_deliver(struct sri_pf *p);

#endif
