/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stage of the DNIS scenarios, all in virtual time: two simulated adapters with a VF each, of which
 * the second one's is the standby; a switch that learns, with a cable to each adapter and to a peer; and
 * traffic with numbers on it both ways. The application (bursts and polls of the pair) runs as a neighbour
 * in time, as a thread of its own would: a VF that is opened elsewhere does not hold it up.
 */
#ifndef DNIS_STAGE_H
#define DNIS_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sriov/dnis.h>
#include <sriov/drivers.h>
#include <sriov/mock.h>

#define US         UINT64_C(1000)
#define MS         UINT64_C(1000000)
#define VF_SIDE    0
#define STANDBY    1
#define PEER       2
#define NO_PORT    (-1)
#define FLIGHTS    8192u
#define STEPS_KEPT 4096u

struct stage_setup {
    const char *name;
    const char *vf_model;
    const char *standby_model;
    uint32_t frame_len;  /* without FCS */
    uint64_t frame_ns;   /* distance of frames on the wire; 0: no traffic by itself */
    uint64_t turn_ns;    /* the application's; 0: 20 us */
    uint64_t poll_ns;    /* of the pair; 0: at each turn */
    uint64_t wire_ns[3]; /* what a frame takes from the switch to a port */
    struct sriov_dnis_opts opts;
    struct sriov_net_config config; /* of both devices */
    bool no_standby;
};

/* Numbers of one stream, as its receiver sees them. */
struct stage_count {
    uint64_t next;
    uint64_t received;
    uint64_t lost; /* skipped */
    uint64_t late; /* lower than expected: doubled or reordered */
    uint64_t bad;  /* not as it was sent */
};

struct stage_stream {
    uint64_t sent;
    uint64_t since;           /* virtual time of the first */
    struct stage_count ours;  /* for the receiver's MAC */
    struct stage_count group; /* broadcasts */
    uint64_t groups_sent;
    uint64_t last_ns; /* when the receiver got the last frame */
    uint64_t gap_ns;  /* the longest time without */
};

struct stage_side {
    const char *model;
    char pf_name[SRIOV_NAME_MAX];
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    bool pf_busy;
    uint16_t vfs; /* that it has, and which of them is in use */
    uint16_t vf;
    bool dead; /* what the switch hands it is in a dead device's hands */
    char name[SRIOV_NAME_MAX];
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
};

struct stage_flight {
    uint64_t due;
    uint64_t number;
    int port;
    bool group;
};

struct stage_step {
    uint32_t step;
    uint32_t from;
    uint32_t to;
    uint32_t reason;
    int32_t rc;
    uint64_t at;
};

struct stage {
    struct stage_setup setup;
    struct sriov_mock *mock;
    struct sriov_vmm *vmm;
    struct stage_side side[2];
    struct sriov_dnis *dnis;
    int task[4];
    bool inside;  /* a turn of the application is under way */
    bool halted;  /* it takes no turn */
    bool sending; /* streams run */
    /* The application's inbox, for its turn. */
    bool attach;
    int attach_rc;
    bool want_detach;
    struct sriov_net *released;
    int detach_rc;
    uint32_t events; /* all that poll reported since cleared */
    uint64_t poll_due;
    /* The switch. */
    int fdb; /* port of the pair's MAC; NO_PORT: not learned */
    uint64_t moves;
    struct stage_flight flight[FLIGHTS];
    uint32_t flights_head;
    uint32_t flights_tail;
    uint64_t dead_hands; /* frames of ours that it handed to a dead device */
    uint64_t dead_group;
    /* What the peer saw of announcements. */
    uint64_t arps;
    uint64_t nas;
    uint64_t rarps;
    uint8_t last_announced[128];
    uint32_t last_announced_len;
    struct stage_stream in;  /* peer to application */
    struct stage_stream out; /* application to peer */
    /* The hooks. */
    struct stage_step step[STEPS_KEPT];
    uint32_t steps;
    uint32_t abort_at; /* countdown of on_step calls; 0: never */
    int abort_rc;
    int move_rc;
    enum sriov_dnis_side moved_to;
    bool findings_excused; /* ops fail: a device is left half set up */
    uint64_t excused;      /* findings of a VF whose PF was reset and that has not heard of it */
    char log[8192];        /* warnings and errors */
    size_t log_len;
};

/* Both adapters served, the standby open, the pair made; the application takes turns. */
void stage_make(struct stage *s, const struct stage_setup *setup);
/* Everything closed; nothing is left, nothing was found. */
void stage_end(struct stage *s);

/* The VF: opened, configured, started, with link; not attached. Returns the first error. */
int stage_vf_open(struct stage *s);
void stage_vf_close(struct stage *s);
/* The application attaches it at its next turn. */
int stage_attach(struct stage *s);
/* The VF was pulled out: its adapter's next one takes its place. To enable VFs takes long (PCIe 5.0,
 * 9.3.3.3.1), so that is done once they are all gone. */
int stage_replug(struct stage *s);
/* Open, attach, and run until the VF carries the traffic and the switch has settled. */
void stage_vf_up(struct stage *s);

void stage_run(struct stage *s, uint64_t ns);
/* Until `events` were all reported; fails after ns. */
void stage_run_until(struct stage *s, uint32_t events, uint64_t ns);
/* Until this one carries the traffic and nothing is left of the other's. */
void stage_run_until_on(struct stage *s, enum sriov_dnis_side side, uint64_t ns);
bool stage_is_on(struct stage *s, enum sriov_dnis_side side);

struct sriov_dnis_info stage_info(struct stage *s);
struct sriov_dnis_stats stage_stats(struct stage *s);
/* Streams end; what is under way arrives. */
void stage_quiet(struct stage *s);
/* A warning or error said this, since it was asked last. */
bool stage_said(struct stage *s, const char *what);
void stage_carrier(struct stage *s, int side, bool up);
void stage_pf_reset(struct stage *s, int side);

/* ---- dnis_traffic.c, for the stage: neighbours in time, and sinks of the adapters' wires ---- */
extern const struct sriov_mac stage_pair_mac;
void stage_app_turn(void *stage);
void stage_network_turn(void *stage);
void stage_on_vf_wire(void *stage, const void *frame, size_t len);
void stage_on_standby_wire(void *stage, const void *frame, size_t len);

#endif
