/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dynamic network interface switching: a VF, which sticks to its hardware, and a standby, which moves
 * with its machine, as one net device to the application: one MAC, one set of queues, one link.
 *
 *     sriov_dnis_create (with the standby) -> sriov_dnis_attach (the VF)
 *         loop: sriov_dnis_rx_burst, sriov_dnis_tx_burst, sriov_dnis_poll
 *         poll says RELEASE: sriov_dnis_detach, then close the VF, its pool and its function
 *         a VF is there again: open and configure it, sriov_dnis_attach
 *     sriov_dnis_destroy
 *
 * A switch, in this order: the new device is up with link; the old one sends what it was given, for
 * a bounded time, and gives back what it had not sent; the host side is told; the new one is
 * announced on the network and sends from then on, first what the old one gave back; the old one goes
 * on receiving what is still on its way, and the new one's frames wait for it; then it is quiesced and
 * what it had received is delivered before the new one's. Nothing is lost, doubled or reordered. A
 * device that dies first keeps what it had in its hands: frames that it may have sent or not are
 * not sent again, and counted (in_doubt). Broadcast and multicast come on both ways all the time: of a
 * device that carries no traffic they are dropped, and one that is on its way at the moment of a switch,
 * where one way is longer than the other, may come twice or not at all.
 *
 * Devices stay the caller's; he calls nothing of theirs while they are attached but what reads
 * (sriov_net_get_info, sriov_net_stats). One thread for everything: the control thread of both
 * devices, which were configured without SRIOV_NET_THREADED. Nothing is allocated per packet. A poll may
 * take as long as a PF's answers to a VF that recovers (five or so); the other device's ring must hold
 * what comes meanwhile. To open, configure and start a VF takes longer: another thread may do it, before
 * sriov_dnis_attach.
 */
#ifndef SRIOV_DNIS_H
#define SRIOV_DNIS_H

#include <sriov/net.h>
#include <sriov/vmm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_dnis;

enum sriov_dnis_side {
    SRIOV_DNIS_NONE = 0,
    SRIOV_DNIS_VF = 1,
    SRIOV_DNIS_STANDBY = 2,
};

enum sriov_dnis_policy {
    /* The VF carries traffic whenever it can, the standby else. */
    SRIOV_DNIS_AUTO = 0,
    /* Only sriov_dnis_switch moves it, and the loss of a function that is gone. */
    SRIOV_DNIS_MANUAL = 1,
};

/* In the order of a switch. */
enum sriov_dnis_step {
    SRIOV_DNIS_STEP_UP = 0,       /* the new device is started and gets its link */
    SRIOV_DNIS_STEP_TX_STOP = 1,  /* the old one sends what it has and gives back the rest */
    SRIOV_DNIS_STEP_MOVE = 2,     /* host side: hooks.move */
    SRIOV_DNIS_STEP_ANNOUNCE = 3, /* on the new one, which sends from now on */
    SRIOV_DNIS_STEP_SETTLE = 4,   /* the old one receives what is on its way */
    SRIOV_DNIS_STEP_RX_STOP = 5,  /* the old one is quiesced */
    SRIOV_DNIS_STEP_DONE = 6,     /* nothing of the old one is left in it */
    SRIOV_DNIS_STEP_ABORT = 7,    /* told instead of what would have come; goes back to `from` */
};
#define SRIOV_DNIS_STEPS 8

/* Why. */
enum sriov_dnis_reason {
    SRIOV_DNIS_BY_NOTHING = 0,
    SRIOV_DNIS_BY_COMMAND = 1, /* sriov_dnis_switch, sriov_dnis_detach */
    SRIOV_DNIS_BY_REMOVE = 2,  /* the VF's owner wants it back */
    SRIOV_DNIS_BY_LINK = 3,    /* the old one has no link */
    SRIOV_DNIS_BY_RESET = 4,   /* the old one recovers: PF reset, FLR, watchdog */
    SRIOV_DNIS_BY_GONE = 5,
    SRIOV_DNIS_BY_RETURN = 6, /* the VF works (again) */
    SRIOV_DNIS_BY_ABORT = 7,  /* back, since the switch under way was aborted */
    SRIOV_DNIS_BY_MAC = 8,    /* the PF gave the VF another MAC */
};

struct sriov_dnis_progress {
    uint32_t size;
    uint32_t step;   /* enum sriov_dnis_step that begins */
    uint32_t from;   /* enum sriov_dnis_side */
    uint32_t to;     /* the same */
    uint32_t reason; /* enum sriov_dnis_reason */
    int32_t rc;      /* for STEP_ABORT: why */
    uint64_t time_ns;
};

/* What the application, or the host's side, does within a switch. Any may be NULL. No call of the pair's
 * but sriov_dnis_get_info and _stats from within. */
struct sriov_dnis_hooks {
    uint32_t size;
    uint32_t reserved0;
    /* Host side: from now on frames for the MAC belong to this device (filters of the PF, FDB of a
     * bridge). An error aborts the switch where the old device still works. */
    int (*move)(void *arg, enum sriov_dnis_side to);
    /* Each step as it begins, for time lines. Non-zero aborts the switch with that error, where the old
     * device still works; then it carries the traffic again. */
    int (*on_step)(void *arg, const struct sriov_dnis_progress *progress);
    void *arg;
};

/* An address to announce. */
struct sriov_dnis_addr {
    uint8_t ip[16];    /* network order; IPv4 in the first 4 bytes */
    uint8_t is_ipv6;   /* 1: an unsolicited neighbour advertisement, 0: a gratuitous ARP */
    uint8_t reserved0; /* 0 */
    uint16_t vlan;     /* 1 to 4094; 0: untagged */
};
#define SRIOV_DNIS_ADDRS_MAX 16u

struct sriov_dnis_opts {
    uint32_t size;
    uint32_t flags; /* SRIOV_DNIS_* below */
    /* Configured; NULL: none, the VF works alone. Started by the pair, stopped by sriov_dnis_destroy. */
    struct sriov_net *standby;
    const struct sriov_dnis_hooks *hooks; /* copied; NULL: none */
    const struct sriov_dnis_addr *addrs;  /* copied */
    uint32_t addr_count;
    uint32_t policy;          /* enum sriov_dnis_policy */
    uint16_t queues;          /* that the application sees, 1 to SRIOV_NET_QUEUES_MAX; 0: 1 */
    uint16_t announce_rounds; /* after each switch; 0: 3, the first at once */
    uint32_t reserved0;
    uint64_t announce_ns;  /* between rounds; 0: 100 ms */
    uint64_t hold_down_ns; /* a VF that failed must be well for so long, doubled (to 64 times) each time that
                              it fails again within as long of its return; 0: 1 s */
    uint64_t up_ns;        /* longest wait for the new device's link; 0: 2 s */
    uint64_t drain_ns;     /* longest wait for the old one to send what it has; 0: 2 ms */
    uint64_t settle_ns;    /* longest time that the old one goes on receiving; 0: 20 ms */
    uint64_t quiet_ns;     /* which ends once the new one has received a frame for our MAC and the old one
                              nothing for so long; 0: 200 us */
    /* After the old one's last frame nothing is sent for so long. A network that forwards late (a busy
     * software bridge) takes what it then still forwards of the old one for news of where the MAC is, and
     * frames for us change their way, and their order, once more. 0: none; at most SRIOV_DNIS_SILENCE_MAX. */
    uint64_t silence_ns;
};
#define SRIOV_DNIS_SILENCE_MAX UINT64_C(1000000000)
/* The standby is stopped while the VF carries the traffic, and started for a switch: up_ns pass then, if
 * it has no link sooner. Else it is kept started, and what it receives is dropped. */
#define SRIOV_DNIS_COLD_STANDBY 1u
/* Announce nothing where there is no address; else a reverse ARP request shows the network the MAC. */
#define SRIOV_DNIS_NO_RARP 2u

/*
 * -EINVAL (a standby that is not configured, or with SRIOV_NET_THREADED), -E2BIG, -ENOMEM, -ENODEV,
 * or what the standby's start returned. vmm: whose clock and memory; it outlives the pair.
 */
SRIOV_API int sriov_dnis_create(struct sriov_vmm *vmm, const struct sriov_dnis_opts *opts,
                                struct sriov_dnis **out);
/* Both devices are stopped and the caller's again; frames held are given back. NULL is nothing. */
SRIOV_API void sriov_dnis_destroy(struct sriov_dnis *dnis);

/*
 * The VF is there: configured, stopped or started. It is used as soon as it has link, as the policy
 * says. -EBUSY: there is one. -EINVAL, with a log line that names the next step: not configured or
 * SRIOV_NET_THREADED; its MAC is not the pair's (the standby's, or that of the first VF); its MTU is less
 * than the pair's. -ENODEV, or what its start returned. On an error it is as it was.
 */
SRIOV_API int sriov_dnis_attach(struct sriov_dnis *dnis, struct sriov_net *vf);
/*
 * The VF is stopped and the caller's again (*vf; may be NULL). Where it carries traffic that is switched to
 * the standby first, and is halted where there is none. -EAGAIN: under way, or frames of its pool
 * still wait to be received or sent: go on with bursts and polls, and call again. -ENOENT: none is there.
 */
SRIOV_API int sriov_dnis_detach(struct sriov_dnis *dnis, struct sriov_net **vf);

/* What sriov_dnis_poll saw; bits. */
#define SRIOV_DNIS_EV_SWITCHED 1u /* another device carries the traffic */
#define SRIOV_DNIS_EV_LINK     2u /* the pair's link changed */
/* The VF's owner wants it back, or it is gone, and it carries nothing: sriov_dnis_detach. Each time
 * until then. Without a standby that works, it is told as soon as its owner asks: traffic ends then. */
#define SRIOV_DNIS_EV_RELEASE 4u
#define SRIOV_DNIS_EV_FAILED  8u  /* a switch failed or was aborted: sriov_dnis_get_info says what next */
#define SRIOV_DNIS_EV_DOWN    16u /* neither device works; told once */

/* House-keeping of both devices (sriov_net_poll) and the switch. Often: each millisecond is plenty, and
 * during a switch what a switch's end waits for. Bounded, by up_ns and drain_ns. */
SRIOV_API uint32_t sriov_dnis_poll(struct sriov_dnis *dnis);

/*
 * By command: to this device, and there it stays (AUTO: SRIOV_DNIS_VF gives the choice back to the
 * policy). 0: traffic is sent there now, or was before; what the old one receives still comes. -EINVAL: no
 * such device. -EAGAIN: it has no link or recovers, or is being brought up (the polls go on with that), or
 * the switch under way has not settled. Hold-down is no hindrance. Else what failed, or on_step returned:
 * the old one works on.
 */
SRIOV_API int sriov_dnis_switch(struct sriov_dnis *dnis, enum sriov_dnis_side to);

/* As sriov_rx_burst. Each frame goes back to its own pool, whichever that is. */
SRIOV_API uint16_t sriov_dnis_rx_burst(struct sriov_dnis *dnis, uint16_t queue, struct sriov_buf **bufs,
                                       uint16_t n);
/* As sriov_tx_burst, with frames in buffers of either device's pool: one of the other's is copied. 0 while
 * frames that came back from the other device wait for room, or neither works. */
SRIOV_API uint16_t sriov_dnis_tx_burst(struct sriov_dnis *dnis, uint16_t queue, struct sriov_buf **bufs,
                                       uint16_t n);
/* Of the device that sends now: buffers of it are not copied. NULL: none does. */
SRIOV_API struct sriov_pool *sriov_dnis_pool(struct sriov_dnis *dnis);

enum sriov_dnis_state {
    SRIOV_DNIS_ABSENT = 0,
    SRIOV_DNIS_NO_LINK = 1,    /* or not started */
    SRIOV_DNIS_RECOVERING = 2, /* its PF is away, or it begins anew */
    SRIOV_DNIS_HELD_DOWN = 3,  /* works; it must stay so for a while */
    SRIOV_DNIS_READY = 4,      /* could carry traffic */
    SRIOV_DNIS_ACTIVE = 5,     /* carries it */
    SRIOV_DNIS_SETTLING = 6,   /* receives what is on its way */
    SRIOV_DNIS_LEAVING = 7,    /* its owner wants it back; it carries nothing */
    SRIOV_DNIS_IS_GONE = 8,
    SRIOV_DNIS_REFUSED = 9,  /* its MAC has become another one */
    SRIOV_DNIS_STOPPED = 10, /* a cold standby */
};

struct sriov_dnis_info {
    uint32_t size;
    uint32_t active;        /* enum sriov_dnis_side: where frames are sent */
    uint32_t vf_state;      /* enum sriov_dnis_state */
    uint32_t standby_state; /* the same */
    struct sriov_mac mac;
    uint16_t queues;
    uint16_t mtu;
    uint16_t reserved0;
    struct sriov_link link; /* of the device that carries traffic */
    uint64_t hold_down_ns;  /* that are left of it */
    const char *next_step;  /* what to do about what is wrong, in a line; "" where nothing is. Static */
};
SRIOV_API int sriov_dnis_get_info(struct sriov_dnis *dnis, struct sriov_dnis_info *info);

struct sriov_dnis_stats {
    uint32_t size;
    uint32_t reserved0;
    uint64_t rx_packets; /* given to the application */
    uint64_t rx_bytes;
    uint64_t tx_packets; /* taken from it */
    uint64_t tx_bytes;
    uint64_t rx_inactive; /* dropped: of the device that does not carry the traffic */
    uint64_t tx_moved;    /* taken back from one device and sent by the other */
    uint64_t tx_copied;   /* for being in the other one's memory */
    uint64_t tx_dropped;  /* the device it was copied for can never send it */
    uint64_t in_doubt;    /* sent or not: nobody knows; not sent again */
    uint64_t announced;   /* frames */
    uint64_t switches;
    uint64_t forced;   /* of these: the old device was dead */
    uint64_t failed;   /* and those that did not come about */
    uint64_t returned; /* those that went back to the VF */
    /* The last switch that was done: nanoseconds of each step, from its beginning to the next one's. */
    uint64_t last_ns[SRIOV_DNIS_STEPS];
    uint64_t last_tx_gap_ns; /* between the last moment that the old one sent and the first of the new one */
};
SRIOV_API int sriov_dnis_stats(struct sriov_dnis *dnis, struct sriov_dnis_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
