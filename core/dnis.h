/* SPDX-License-Identifier: BSD-3-Clause */
/* Class dnis among its own files. */
#ifndef SRIC_DNIS_H
#define SRIC_DNIS_H

#include "core.h"
#include "pool.h"

#include <sriov/dnis.h>

#define SRIC_DNIS_BURST 32u

/* Frames that nobody else has, linked by `user`. */
struct sric_dnis_fifo {
    struct sriov_buf *head;
    struct sriov_buf *last;
    uint32_t n;
};

/* One of the two devices. */
struct sric_dnis_leg {
    struct sriov_net *net; /* NULL: there is none */
    enum sriov_dnis_side side;
    uint16_t queues;
    bool tx_held;        /* sriov_net_quiesce_tx */
    bool held;           /* sriov_net_quiesce */
    bool asked;          /* its owner wants it back */
    bool refused;        /* its MAC is another one */
    uint64_t well_since; /* 0: it does not work */
    /* Sent to as sriov_dnis queue q: tx[q]. */
    struct sriov_txq *tx[SRIOV_NET_QUEUES_MAX];
};

struct sric_dnis_settle {
    bool on;
    bool heard; /* the new one has received a frame for our MAC */
    enum sriov_dnis_side from;
    uint32_t reason;
    uint64_t until;
    uint64_t quiet_since; /* the old one's last frame */
};

struct sric_dnis_announce {
    uint16_t rounds; /* that are left */
    uint64_t next;
};

struct sric_dnis_hold {
    uint64_t ns; /* that a VF must be well now */
    uint64_t returned_at;
};

struct sriov_dnis {
    struct sriov_vmm *vmm;
    struct sriov_dnis_opts opts; /* defaults filled in; addrs and hooks point below */
    struct sriov_dnis_hooks hooks;
    struct sriov_dnis_addr addrs[SRIOV_DNIS_ADDRS_MAX];
    struct sric_dnis_leg leg[2]; /* VF, standby */
    enum sriov_dnis_side active; /* where frames are sent; NONE: nowhere */
    enum sriov_dnis_side prefer;
    struct sric_dnis_settle settle;
    struct sric_dnis_announce announce;
    struct sric_dnis_hold hold;
    uint64_t raise_since;        /* of a device that is brought up for a switch; 0: none is */
    bool raise_failed;           /* said so */
    uint64_t retry_at;           /* a switch failed: no other before, but from a device that is dead */
    enum sriov_dnis_side wanted; /* by a command that has not come about yet */
    bool told_down;
    bool has_mac;
    struct sriov_mac mac;
    uint16_t mtu; /* 0: not known yet */
    struct sriov_link link;
    uint32_t events;
    struct sric_dnis_fifo rx[SRIOV_NET_QUEUES_MAX];   /* before what the devices give */
    struct sric_dnis_fifo late[SRIOV_NET_QUEUES_MAX]; /* of the new one, after the old one's last */
    struct sric_dnis_fifo back[SRIOV_NET_QUEUES_MAX]; /* not sent yet; by queue of the old device */
    uint32_t back_n;                                  /* in all of them */
    uint64_t step_at[SRIOV_DNIS_STEPS];
    uint64_t old_sent_at;
    struct sriov_dnis_stats stats;
};

static inline struct sric_dnis_leg *sric_dnis_leg(struct sriov_dnis *d, enum sriov_dnis_side side)
{
    return side == SRIOV_DNIS_NONE ? NULL : &d->leg[side - 1];
}

static inline enum sriov_dnis_side sric_dnis_other(enum sriov_dnis_side side)
{
    return side == SRIOV_DNIS_VF ? SRIOV_DNIS_STANDBY : SRIOV_DNIS_VF;
}

const char *sric_dnis_side_name(enum sriov_dnis_side side);

/* ---- dnis_fifo.c ---- */
void sric_dnis_put(struct sric_dnis_fifo *fifo, struct sriov_buf *frame);
struct sriov_buf *sric_dnis_get(struct sric_dnis_fifo *fifo);
uint16_t sric_dnis_get_some(struct sric_dnis_fifo *fifo, struct sriov_buf **bufs, uint16_t n);
/* All of `from` behind the last of `to`. */
void sric_dnis_append(struct sric_dnis_fifo *to, struct sric_dnis_fifo *from);
void sric_dnis_free_all(struct sric_dnis_fifo *fifo);
/* Has it frames whose buffers are the pool's? */
bool sric_dnis_has_of(const struct sric_dnis_fifo *fifo, const struct sriov_pool *pool);
/* The frame in buffers of another pool; NULL: it has too few. */
struct sriov_buf *sric_dnis_copy(struct sriov_pool *pool, const struct sriov_buf *frame);

/* ---- dnis_leg.c ---- */
/* A device that may become one of the pair: 0 or -EINVAL, said why. */
int sric_dnis_check_net(struct sriov_dnis *d, const struct sriov_net *net, enum sriov_dnis_side side);
void sric_dnis_leg_take(struct sriov_dnis *d, enum sriov_dnis_side side, struct sriov_net *net);
void sric_dnis_leg_poll(struct sriov_dnis *d, struct sric_dnis_leg *leg);
bool sric_dnis_gone(const struct sric_dnis_leg *leg);
/* Started, and not recovering or gone: it can be held still. */
bool sric_dnis_alive(const struct sric_dnis_leg *leg);
/* It could carry traffic now. */
bool sric_dnis_works(const struct sric_dnis_leg *leg);
/* It carries none: kept started, or stopped, or held still until it has link; what is right for it. */
void sric_dnis_rest(struct sriov_dnis *d, struct sric_dnis_leg *leg);
/* What a device that carries nothing receives. */
void sric_dnis_drop_rx(struct sriov_dnis *d, struct sric_dnis_leg *leg);
enum sriov_dnis_state sric_dnis_state_of(const struct sriov_dnis *d, const struct sric_dnis_leg *leg);

/* ---- dnis_rx.c ---- */
/* What the device has received goes into the fifos; with only_ours without group-addressed frames, which
 * the other device receives too. */
void sric_dnis_stage(struct sriov_dnis *d, struct sric_dnis_leg *leg, struct sric_dnis_fifo *fifos,
                     bool only_ours);
/* The same of one that recovers or is gone. */
void sric_dnis_stage_dead(struct sriov_dnis *d, struct sric_dnis_leg *leg);
/* While settling: both devices' rings into the fifos. */
void sric_dnis_settle_look(struct sriov_dnis *d);

/* ---- dnis_tx.c ---- */
/* Frames that the device gives back go to d->back; what it may have sent is counted. */
void sric_dnis_take_back(struct sriov_dnis *d, struct sric_dnis_leg *leg);
/* Send them on the active device, as far as it takes them. */
void sric_dnis_flush(struct sriov_dnis *d);

/* ---- dnis_switch.c ---- */
/* To the other device, or from none to this one. 0: traffic is sent there. Else the old one works on;
 * -EAGAIN: the new one is being brought up. */
int sric_dnis_switch(struct sriov_dnis *d, enum sriov_dnis_side to, enum sriov_dnis_reason reason);
/* A step begins: its time, the application's hook. What it returns aborts. */
int sric_dnis_step(struct sriov_dnis *d, enum sriov_dnis_step step, enum sriov_dnis_side from,
                   enum sriov_dnis_side to, uint32_t reason, int rc);

/* The switch that settles is aborted: back to the old one, which can still do all. */
void sric_dnis_back(struct sriov_dnis *d, enum sriov_dnis_side to);

/* ---- dnis_settle.c ---- */
void sric_dnis_settle_begin(struct sriov_dnis *d, enum sriov_dnis_side from, uint32_t reason);
/* Ends it when it is time to; now: in any case. */
void sric_dnis_settle_check(struct sriov_dnis *d, bool now);
/* Over, without an end: what waits for the old device's frames waits no more. */
void sric_dnis_settle_stop(struct sriov_dnis *d);
/* Nothing of the old device is left. */
void sric_dnis_done(struct sriov_dnis *d, enum sriov_dnis_side from, uint32_t reason);
/* A device that died: what it had is taken, and it is over. */
void sric_dnis_bury(struct sriov_dnis *d, enum sriov_dnis_side side, uint32_t reason);

/* ---- dnis_announce.c ---- */
void sric_dnis_announce_begin(struct sriov_dnis *d);
void sric_dnis_announce_poll(struct sriov_dnis *d);

/* ---- dnis_policy.c ---- */
/* Switches where the policy wants to. */
void sric_dnis_decide(struct sriov_dnis *d);
/* Could it carry traffic, now or once it is brought up? */
bool sric_dnis_can_take(const struct sriov_dnis *d, const struct sric_dnis_leg *leg);
/* The VF carries traffic no more: hold-down begins where it failed. */
void sric_dnis_left_vf(struct sriov_dnis *d, uint32_t reason);

#endif
