/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Class pf: a physical function that serves its VFs. Control thread for all calls; sriov_pf_poll
 * may also be called from the callback of the PF's own interrupt, since it never waits.
 */
#ifndef SRIOV_PF_H
#define SRIOV_PF_H

#include <sriov/net.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_pf;

#define SRIOV_PF_VFS_MAX 64

struct sriov_pf_opts {
    uint32_t size;
    uint32_t flags;
    uint32_t max_api;   /* newest mailbox API to offer, 0xMMmm; 0: the driver's newest */
    uint16_t vf_queues; /* queue pairs to grant each VF; 0: as many as the pool mode allows */
    uint16_t max_frame; /* bytes with header and FCS; 0: 9728 or the device's limit */
};

/* Bring the device up with its link, no VFs. Errors as sriov_net_open; -EOPNOTSUPP no SR-IOV. */
SRIOV_API int sriov_pf_open(struct sriov_fn *fn, const struct sriov_driver *const *drivers,
                            const struct sriov_pf_opts *opts, struct sriov_pf **out);
/* Disables the VFs first; logs an error when the VMM does not let go of them. */
SRIOV_API void sriov_pf_close(struct sriov_pf *pf);
SRIOV_API struct sriov_fn *sriov_pf_fn(struct sriov_pf *pf);

SRIOV_API int sriov_pf_enable_vfs(struct sriov_pf *pf, uint16_t n);
/* Serve mailboxes and VF resets, watch the link. Returns how many requests were served. */
SRIOV_API uint32_t sriov_pf_poll(struct sriov_pf *pf);
/* Administratively down and up again: VFs see the link go and their mailbox fall silent. */
SRIOV_API int sriov_pf_set_up(struct sriov_pf *pf, bool up);
/* Full device reset; VFs and their policy are restored, each VF is told. */
SRIOV_API int sriov_pf_reset(struct sriov_pf *pf);
SRIOV_API int sriov_pf_get_link(struct sriov_pf *pf, struct sriov_link *link);

/* Policy of one VF. Kept over resets; what stands already is set again without a trace. -EINVAL for a VF
 * that is not enabled. */
/* A zero address takes the host's choice back: the VF chooses one. */
SRIOV_API int sriov_pf_set_vf_mac(struct sriov_pf *pf, uint16_t vf, const struct sriov_mac *mac);
SRIOV_API int sriov_pf_set_vf_vlan(struct sriov_pf *pf, uint16_t vf, uint16_t vid); /* port VLAN; 0: none */
SRIOV_API int sriov_pf_set_vf_trust(struct sriov_pf *pf, uint16_t vf, bool trusted);
SRIOV_API int sriov_pf_set_vf_spoof_check(struct sriov_pf *pf, uint16_t vf, bool on);

/* The VLANs that the VF may ask for itself, besides untagged; n 0: any (as at first). What it has beyond
 * the list is taken away. Not together with a port VLAN: -EBUSY, either way round. -ENOSPC: n above
 * SRIOV_PF_TRUNK_MAX. */
#define SRIOV_PF_TRUNK_MAX 64
SRIOV_API int sriov_pf_set_vf_trunk(struct sriov_pf *pf, uint16_t vf, const uint16_t *vids, uint16_t n);
/* Its list, rising: fills up to room entries; returns how many there are, or a negative errno. */
SRIOV_API int sriov_pf_get_vf_trunk(struct sriov_pf *pf, uint16_t vf, uint16_t *vids, uint16_t room);
/* Most that the VF may transmit, Mbit/s, with all its queues together; 0: as much as the link takes.
 * -ERANGE: more than the link has, or less than the device can hold it to. -EAGAIN without a link, whose
 * speed it depends on; once set it holds over changes of speed. */
SRIOV_API int sriov_pf_set_vf_rate(struct sriov_pf *pf, uint16_t vf, uint32_t mbps);

enum sriov_pf_vf_link {
    SRIOV_PF_VF_LINK_AUTO = 0, /* as the PF's own */
    SRIOV_PF_VF_LINK_UP = 1,   /* up even without a cable: VFs reach each other. -EOPNOTSUPP where a VF
                                * has the port's link, as on the 82599 and 82576 */
    SRIOV_PF_VF_LINK_DOWN = 2, /* it sends and receives nothing */
};
SRIOV_API int sriov_pf_set_vf_link(struct sriov_pf *pf, uint16_t vf, enum sriov_pf_vf_link link);
/* Most that the VF may ask to receive; promiscuous modes need trust besides. */
SRIOV_API int sriov_pf_set_vf_rx_mode(struct sriov_pf *pf, uint16_t vf, enum sriov_rx_mode most);

/*
 * A VF belongs to one owner until released. `owner` names it (copied, up to SRIOV_NAME_MAX with NUL).
 * Claimed twice by the same owner is once. -EBUSY: somebody else's; sriov_pf_get_vf tells whose. While
 * one is claimed another number of VFs, which takes all away, is refused with -EBUSY.
 */
SRIOV_API int sriov_pf_claim_vf(struct sriov_pf *pf, uint16_t vf, const char *owner);
/* -EPERM: not this owner's. Not claimed: 0. */
SRIOV_API int sriov_pf_release_vf(struct sriov_pf *pf, uint16_t vf, const char *owner);

/* ---- containment ---- */

enum sriov_pf_event_kind {
    SRIOV_PF_EVENT_VF_LIMITED = 1, /* its mailbox is served at a bounded rate from now on */
    SRIOV_PF_EVENT_VF_SHUT = 2,    /* shut down: no traffic, its mailbox unheard, until readmitted */
    SRIOV_PF_EVENT_VF_CALM = 3,    /* limited no longer: it behaved for a while */
    SRIOV_PF_EVENT_VF_READMITTED = 4,
};
enum sriov_pf_reason {
    SRIOV_PF_REASON_NONE = 0,
    SRIOV_PF_REASON_MAILBOX_FLOOD = 1,
    SRIOV_PF_REASON_BAD_REQUESTS = 2, /* malformed or forbidden ones */
    SRIOV_PF_REASON_SPOOF = 3,        /* frames with a foreign source address or VLAN */
    SRIOV_PF_REASON_BAD_DESC = 4,     /* the device stopped a queue of its for malformed descriptors */
    SRIOV_PF_REASON_RESET_STORM = 5,
    SRIOV_PF_REASON_HOST = 6, /* sriov_pf_shut_vf */
};
struct sriov_pf_event {
    uint32_t size;
    uint32_t kind;   /* enum sriov_pf_event_kind */
    uint32_t reason; /* enum sriov_pf_reason */
    uint16_t vf;
    uint16_t reserved0;
    uint64_t count;   /* occurrences within the window that decided */
    uint64_t time_ns; /* of the VMM's clock */
};
/* One sink; NULL takes it away. Called inside sriov_pf_poll, after the fact; the log has the same. */
SRIOV_API int sriov_pf_set_event_sink(struct sriov_pf *pf,
                                      void (*cb)(void *arg, const struct sriov_pf_event *event), void *arg);
SRIOV_API const char *sriov_pf_reason_name(enum sriov_pf_reason reason);
/* By hand, and back; a VF that is readmitted has to reset first. Twice is once. Readmitting forgives what
 * was counted of a VF that is limited or free, too. */
SRIOV_API int sriov_pf_shut_vf(struct sriov_pf *pf, uint16_t vf);
SRIOV_API int sriov_pf_readmit_vf(struct sriov_pf *pf, uint16_t vf);

/*
 * What a VF may do before it is contained. Each bound is a leaky bucket on the VMM's clock: so many at
 * once, and one more each _NS. Beyond it the VF is limited. What it does amiss from then on is counted
 * anew, and beyond _MORE (a flood: _DROPS) it is shut down. Limited, without anything amiss for CALM_NS
 * (a stopped queue: for STOPS_NS): free again. A reset of the VF or of the PF changes none of it; but what a
 * free VF asked and reset before the host made it start over, by such a reset or by a policy, is forgiven.
 *
 * So of one VF a poll serves at most one request and one reset; t after it began at most
 * REQUESTS + t / REQUEST_NS requests are served while it is free, and 1 + t / LIMITED_NS once it is
 * limited: all others are dropped unread, and it no longer causes interrupts, so that it is served by
 * polls only. A VF that rings before every poll, polls at most 1 ms apart, is shut down within FLOOD_POLLS
 * polls.
 */
#define SRIOV_PF_GUARD_REQUESTS     512u /* requests of its mailbox */
#define SRIOV_PF_GUARD_REQUEST_NS   UINT64_C(5000000)
#define SRIOV_PF_GUARD_LIMITED_NS   UINT64_C(100000000) /* limited: serves one, forgives one */
#define SRIOV_PF_GUARD_DROPS        256u
#define SRIOV_PF_GUARD_FLOOD_POLLS  1000u
#define SRIOV_PF_GUARD_BAD          128u /* malformed or forbidden requests */
#define SRIOV_PF_GUARD_BAD_MORE     32u
#define SRIOV_PF_GUARD_BAD_NS       UINT64_C(50000000)
#define SRIOV_PF_GUARD_BAD_MORE_NS  UINT64_C(1000000000) /* once limited */
#define SRIOV_PF_GUARD_SPOOFED      256u                 /* frames that anti-spoofing dropped */
#define SRIOV_PF_GUARD_SPOOFED_MORE 64u
#define SRIOV_PF_GUARD_SPOOFED_NS   UINT64_C(10000000)
#define SRIOV_PF_GUARD_STOPS        2u /* queues stopped by the device for a malformed descriptor */
#define SRIOV_PF_GUARD_STOPS_MORE   2u
#define SRIOV_PF_GUARD_STOPS_NS     UINT64_C(10000000000)
#define SRIOV_PF_GUARD_RESETS       256u /* RESET requests and resets of the function */
#define SRIOV_PF_GUARD_RESETS_MORE  64u
#define SRIOV_PF_GUARD_RESETS_NS    UINT64_C(50000000)
#define SRIOV_PF_GUARD_CALM_NS      UINT64_C(2000000000)

struct sriov_pf_vf_info {
    uint32_t size;
    uint32_t mailbox_api; /* negotiated, 0xMMmm */
    struct sriov_mac mac;
    uint16_t port_vlan;
    bool ready; /* it has reset and been greeted: CTS */
    bool trusted;
    bool spoof_check;
    bool admin_mac; /* the MAC was set by sriov_pf_set_vf_mac */
    uint64_t requests;
    uint64_t refused;
    uint64_t resets;
    uint32_t max_mbps;   /* 0: not limited */
    uint32_t link;       /* enum sriov_pf_vf_link */
    uint32_t rx_mode;    /* most it may ask for, enum sriov_rx_mode */
    uint16_t trunk_vids; /* entries of the list of allowed VLANs; 0: any */
    bool limited;
    bool shut;
    uint32_t reason; /* of the last limit or shutdown, enum sriov_pf_reason */
    uint32_t reserved0;
    uint64_t dropped;           /* requests thrown away unread while limited or shut */
    char owner[SRIOV_NAME_MAX]; /* empty: nobody's */
};
SRIOV_API int sriov_pf_get_vf(struct sriov_pf *pf, uint16_t vf, struct sriov_pf_vf_info *info);
SRIOV_API uint32_t sriov_pf_stats(struct sriov_pf *pf, struct sriov_stat *out, uint32_t room);
/* What the device counts for this VF: packets and bytes each way, spoofed frames. */
SRIOV_API uint32_t sriov_pf_vf_stats(struct sriov_pf *pf, uint16_t vf, struct sriov_stat *out, uint32_t room);

#ifdef __cplusplus
}
#endif
#endif
