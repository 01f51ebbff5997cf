/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the PF drivers of the 82599 and 82576 share: the state of each VF, shadows of the filter
 * tables, the mailbox service. A driver adds one constant struct sri_pf_dev.
 *
 * Control thread, and the callback of the PF's own interrupt: sri_pf_enter keeps them apart.
 */
#ifndef SRI_PF_ENGINE_H
#define SRI_PF_ENGINE_H

#include <sriov/driver.h>
#include <sriov/hw/intel_mbx.h>

#include <stdatomic.h>

#include "pf_guard.h"

#define SRI_PF_VFS       64u
#define SRI_PF_RARS      128u
#define SRI_PF_VLANS     64u
#define SRI_PF_MTA_WORDS 128u

#define SRI_PF_FRAME_STD 1518u /* bytes with header and FCS, without VLAN tag */
#define SRI_PF_FRAME_MIN 64u
#define SRI_PF_FRAME_MAX 9728u
#define SRI_PF_VLAN_TAG  4u

/* Least distance of the PF's own interrupts: guests ring them, and must not busy the host. */
#define SRI_PF_IRQ_US 50u

/* Mailbox API versions as sriov/pf.h has them, 0xMMmm. */
#define SRI_PF_API_1_0    0x0100u
#define SRI_PF_API_1_1    0x0101u
#define SRI_PF_API_1_2    0x0102u
#define SRI_PF_API_1_3    0x0103u
#define SRI_PF_API_1_4    0x0104u
#define SRI_PF_API_1_5    0x0105u
#define SRI_PF_API_1_6    0x0106u
#define SRI_PF_API_1_7    0x0107u
#define SRI_PF_API_NEWEST SRI_PF_API_1_7

#define SRI_PF_VF_COUNTERS_MAX 9u

struct sri_pf;

/* One VF. What comes first is the host's policy and outlives resets; the rest a reset clears. */
struct sri_pf_vf {
    struct sriov_mac admin; /* zero: none set */
    uint16_t port_vlan;     /* 0: none */
    bool trusted;
    bool spoof_check;
    uint8_t link;    /* enum sriov_pf_vf_link */
    uint8_t rx_most; /* INTEL's IXGBE_MBX_XCAST_* */
    uint32_t mbps;   /* most that it may send; 0: no limit */
    uint16_t n_trunk;
    uint16_t trunk[SRIOV_PF_TRUNK_MAX]; /* rising */

    uint32_t rate_queues;                       /* transmit queues that share the limit, as programmed last */
    uint64_t count_raw[SRI_PF_VF_COUNTERS_MAX]; /* of the device, when it was read last */
    uint64_t counts[SRI_PF_VF_COUNTERS_MAX];

    struct sriov_mac mac; /* zero: none yet */
    uint16_t api;
    uint16_t max_frame; /* as SET_LPE asked; 0: standard */
    uint16_t hashes[INTEL_MBX_MULTICAST_MAX];
    uint8_t n_hashes;
    uint8_t xcast; /* INTEL's IXGBE_MBX_XCAST_* */
    bool cts;
    bool held;   /* it was greeted when its link was taken, and has not begun anew since */
    bool tell;   /* a control message waits to be sent */
    bool unread; /* our last message is not acknowledged yet */
    bool lost;   /* it reads, without CTS: it has not understood that it has to RESET */
    bool fresh;  /* greeted, and not heard of since */
    uint64_t unread_since;
    uint32_t features;  /* granted by FEATURES_NEGOTIATE, IXGBE_MBX_FEATURE_* */
    uint64_t nacked_at; /* 0: never */

    uint64_t requests;
    uint64_t refused;
    uint64_t resets;
    struct sri_pf_guard guard;
};

struct sri_pf_rar {
    struct sriov_mac mac;
    uint8_t pool;
    bool used;
};

struct sri_pf_vlan {
    uint64_t pools; /* 0: the slot is free */
    uint16_t vid;
};

/* Mailbox registers of the PF. PFMAILBOX and P2VMAILBOX have the same bits. */
struct sri_pf_mbx_regs {
    uint32_t ctrl; /* PFMAILBOX(0), 4 bytes each */
    uint32_t mem;  /* PFMBMEM(0), 64 bytes each */
    uint32_t icr;  /* PFMBICR(0), 4 bytes each: requests in the lower half, acks in the upper */
    uint32_t vfs_per_icr;
    uint32_t vflre[2]; /* VFs 31:0 and 63:32; the second 0 where there is none */
    uint32_t vflrec[2];
};

/* One request that a VF may make. Handlers return 0 or a negative errno, which becomes NACK. */
struct sri_pf_request {
    uint16_t type;
    uint16_t api;   /* oldest negotiated API that has it */
    uint16_t reply; /* words when granted */
    int (*handle)(struct sri_pf *p, uint16_t vf, uint32_t *msg);
};

/* A read-clear counter. */
struct sri_pf_counter {
    const char *name;
    uint32_t reg;
    uint32_t high; /* upper bits, read after reg; 0: none */
};
#define SRI_PF_COUNTERS_MAX 12u

/* A free-running counter of each VF: VF n's is n strides on. */
struct sri_pf_vf_counter {
    const char *name;
    uint32_t lsb;
    uint32_t stride;
    uint32_t msb; /* read after lsb; 0: none */
    uint32_t msb_stride;
    uint32_t bits;
};

struct sri_pf_dev {
    const char *name;
    uint32_t bar_length; /* bytes of BAR 0 relied on */
    uint16_t max_vfs;
    uint16_t rars;
    uint16_t vlans;
    uint16_t reset_words; /* of the answer to RESET */
    uint32_t newest_api;  /* 0: the device has no API_NEGOTIATE */
    uint32_t mta;         /* MTA(0) */
    uint32_t vfta;        /* VFTA(0) */
    struct sri_pf_mbx_regs mbx;
    const struct sri_pf_request *requests; /* ends with type 0 */
    const struct sri_pf_counter *counters;
    uint32_t n_counters;
    const struct sri_pf_vf_counter *vf_counters;
    uint32_t n_vf_counters;
    uint32_t rate_least; /* Mbit/s that a VF can be held to */

    /* Global reset, bounded: all queues, filters and interrupts off; mac read from the EEPROM. */
    int (*reset)(struct sri_pf *p);
    /* After reset: port, frame sizes, tables cleared, receive and transmit on, link up. */
    int (*start)(struct sri_pf *p);
    /* After reset: leave the port without link. */
    void (*quiet)(struct sri_pf *p);
    /* Pools for p->num_vfs VFs; 0: no virtualization. Takes effect between receive off and on. */
    void (*pools)(struct sri_pf *p);
    /* Tell the VFs that the PF is out of reset: RSTI off, RSTD on. */
    void (*announce)(struct sri_pf *p);
    void (*irq_on)(struct sri_pf *p); /* mailbox, VF reset and link causes to vector 0 */
    void (*irq_ack)(struct sri_pf *p);
    /* False: the device reads all ones. */
    bool (*read_link)(struct sri_pf *p, struct sriov_link *link);
    void (*put_rar)(struct sri_pf *p, uint16_t i);
    void (*put_vlan)(struct sri_pf *p, uint16_t i);
    void (*put_vf)(struct sri_pf *p, uint16_t vf); /* filter, port VLAN, spoof check, frame size */
    void (*put_traffic)(struct sri_pf *p, uint16_t vf, bool on);
    void (*put_rings)(struct sri_pf *p, uint16_t vf, bool on); /* may its mailbox and resets interrupt? */
    void (*watch_on)(
        struct sri_pf *p);           /* after pools: have spoofed frames and malformed descriptors reported */
    void (*watch)(struct sri_pf *p); /* look for them, and blame who did it */
    /* How many of the VF's transmit queues are enabled. */
    uint32_t (*tx_queues)(struct sri_pf *p, uint16_t vf);
    /* Each of the VF's transmit queues sends at most the link's rate divided by factor / SRI_PF_FACTOR_1. */
    void (*put_rate)(struct sri_pf *p, uint16_t vf, uint32_t factor);
};
/* A rate factor of 1, in RTTBCNRC's fixed point; 0 stands for no limit. */
#define SRI_PF_FACTOR_1 (UINT32_C(1) << 14)

struct sri_pf {
    struct sriov_pf *pf;
    const struct sri_pf_dev *dev;
    struct sriov_bar bar;
    struct sriov_mac mac;
    uint16_t num_vfs; /* that the device side is set up for */
    uint16_t max_frame;
    uint16_t vf_queues; /* granted to each VF */
    bool attached;
    bool serving; /* out of reset and up: mailboxes are answered */
    bool interrupts;
    atomic_bool busy;  /* the control thread or the callback is inside */
    atomic_bool again; /* an interrupt came meanwhile */
    uint32_t served;
    struct sri_pf_vf vf[SRI_PF_VFS];
    struct sri_pf_rar rar[SRI_PF_RARS];
    struct sri_pf_vlan vlan[SRI_PF_VLANS];
    uint32_t mta[SRI_PF_MTA_WORDS];
    uint64_t counters[SRI_PF_COUNTERS_MAX];
    uint64_t counted_at; /* when the VFs' counters were read last */
    uint32_t rate_base;  /* Mbit/s of the link when it was up last: rates are parts of it */
    uint64_t resets;
    uint64_t link_changes;
    uint64_t bad_doorbells; /* requests and resets of VFs that are not enabled */
    struct sri_pf_watch watch;
};

static inline uint32_t sri_pf_rd(const struct sri_pf *p, uint32_t reg)
{
    return sriov_rd32(&p->bar, reg);
}

static inline void sri_pf_wr(const struct sri_pf *p, uint32_t reg, uint32_t value)
{
    sriov_wr32(&p->bar, reg, value);
}

/* All ones is what a failed read looks like: looked at twice before anything is made of it. */
static inline uint32_t sri_pf_rd_sure(const struct sri_pf *p, uint32_t reg)
{
    const uint32_t value = sri_pf_rd(p, reg);

    return value != UINT32_MAX ? value : sri_pf_rd(p, reg);
}

static inline void sri_pf_set(const struct sri_pf *p, uint32_t reg, uint32_t clear, uint32_t set)
{
    sri_pf_wr(p, reg, (sri_pf_rd_sure(p, reg) & ~clear) | set);
}

/* ---- pf_life.c: the ops of class pf ---- */
int sri_pf_attach(struct sriov_pf *pf, const struct sri_pf_dev *dev);
void sri_pf_detach(struct sriov_pf *pf);
int sri_pf_vfs_prepare(struct sriov_pf *pf, uint16_t n);
int sri_pf_vfs_ready(struct sriov_pf *pf, uint16_t n);
uint32_t sri_pf_poll(struct sriov_pf *pf);
int sri_pf_set_up(struct sriov_pf *pf, bool up);
int sri_pf_reset(struct sriov_pf *pf);
/* False: the other side is in; what an interrupt wanted is done when that one leaves. */
bool sri_pf_enter(struct sri_pf *p);
void sri_pf_leave(struct sri_pf *p);

/* ---- pf_policy.c: more ops ---- */
int sri_pf_set_vf_mac(struct sriov_pf *pf, uint16_t vf, const struct sriov_mac *mac);
int sri_pf_set_vf_vlan(struct sriov_pf *pf, uint16_t vf, uint16_t vid);
int sri_pf_set_vf_trust(struct sriov_pf *pf, uint16_t vf, bool trusted);
int sri_pf_set_vf_spoof_check(struct sriov_pf *pf, uint16_t vf, bool on);
int sri_pf_set_vf_trunk(struct sriov_pf *pf, uint16_t vf, const uint16_t *vids, uint16_t n);
int sri_pf_get_vf_trunk(struct sriov_pf *pf, uint16_t vf, uint16_t *vids, uint16_t room);
int sri_pf_set_vf_rx_mode(struct sriov_pf *pf, uint16_t vf, enum sriov_rx_mode most);
int sri_pf_set_vf_link(struct sriov_pf *pf, uint16_t vf, enum sriov_pf_vf_link link);
int sri_pf_get_vf(struct sriov_pf *pf, uint16_t vf, struct sriov_pf_vf_info *info);

/* ---- pf_rate.c ---- */
int sri_pf_set_vf_rate(struct sriov_pf *pf, uint16_t vf, uint32_t mbps);
/* Program the limit of this VF, or that it has none. */
void sri_pf_rate_put(struct sri_pf *p, uint16_t vf);
/* The link has another speed. */
void sri_pf_rate_rebase(struct sri_pf *p);
/* Share limits anew where a VF enabled or disabled queues. */
void sri_pf_rate_watch(struct sri_pf *p);

/* ---- pf_counters.c ---- */
uint32_t sri_pf_stats(struct sriov_pf *pf, struct sriov_stat *out, uint32_t room);
uint32_t sri_pf_vf_stats(struct sriov_pf *pf, uint16_t vf, struct sriov_stat *out, uint32_t room);
/* Where the VF's counters stand is where counting begins. */
void sri_pf_count_base(struct sri_pf *p, uint16_t vf);
/* Take in what was counted, of all VFs: before a reset, and often enough that none wraps unseen. */
void sri_pf_count_all(struct sri_pf *p);
void sri_pf_count_watch(struct sri_pf *p);

/* ---- pf_mbx.c: transport; nothing here waits ---- */
/* Take the mailbox memory of this VF. False: the VF holds it; try at the next poll. */
bool sri_pf_mbx_take(struct sri_pf *p, uint16_t vf);
/* The same for the VF's request: a VF of the locked mailbox holds it until it is acknowledged. */
bool sri_pf_mbx_take_request(struct sri_pf *p, uint16_t vf);
void sri_pf_mbx_release(struct sri_pf *p, uint16_t vf);
/* Memory taken: copy the request out once, acknowledge it, keep the memory. */
void sri_pf_mbx_read(struct sri_pf *p, uint16_t vf, uint32_t msg[INTEL_MBX_WORDS]);
/* Memory taken: leave a message of `words` words, ring, give the memory back. */
void sri_pf_mbx_send(struct sri_pf *p, uint16_t vf, const uint32_t *msg, uint32_t words);
/* Request bits of VFs base to base + vfs_per_icr - 1, bit 0 for base. Notes acknowledgements. */
uint32_t sri_pf_mbx_requests(struct sri_pf *p, uint32_t group);
/* Take a request off the list unread. */
void sri_pf_mbx_drop(struct sri_pf *p, uint16_t vf);
/* VFs that were reset since the last call, cleared; group 0 is VFs 31:0. */
uint32_t sri_pf_mbx_resets(struct sri_pf *p, uint32_t group);
/* Forget what rang while nobody served. */
void sri_pf_mbx_clear(struct sri_pf *p);

/* ---- pf_service.c ---- */
/* One round: resets, one request a VF, control messages, link. Returns requests served. */
uint32_t sri_pf_serve(struct sri_pf *p);
/* Answer msg in place; returns words of the answer, 0: none is due. */
uint32_t sri_pf_answer(struct sri_pf *p, uint16_t vf, uint32_t msg[INTEL_MBX_WORDS]);
/* Send a control message as soon as the mailbox allows. */
void sri_pf_tell(struct sri_pf *p, uint16_t vf);

/* ---- pf_msg.c, pf_msg_ixgbe.c, pf_msg_igb.c: the requests ---- */
uint32_t sri_pf_msg_reset(struct sri_pf *p, uint16_t vf, uint32_t *msg);
int sri_pf_msg_set_mac(struct sri_pf *p, uint16_t vf, uint32_t *msg);
int sri_pf_msg_set_vlan(struct sri_pf *p, uint16_t vf, uint32_t *msg);
int sri_pf_msg_set_multicast(struct sri_pf *p, uint16_t vf, const uint32_t *msg, uint32_t n);
struct sriov_mac sri_pf_msg_mac(const uint32_t *words);
static inline uint32_t sri_pf_msg_info(const uint32_t *msg)
{
    return (msg[0] & INTEL_MBX_INFO) >> INTEL_MBX_INFO_SHIFT;
}
extern const struct sri_pf_request sri_pf_ixgbe_requests[];
extern const struct sri_pf_request sri_pf_igb_requests[];
/* The RSS key and redirection table that all pools share; also programmed by ixgbe-like. */
extern const uint8_t sri_pf_rss_key[IXGBE_MBX_RSS_KEY_BYTES];

/* ---- pf_vf.c: state of a VF ---- */
static inline uint64_t sri_pf_bit(uint16_t vf)
{
    return UINT64_C(1) << vf;
}
/* All of it as for a VF that just came to be. */
void sri_pf_vf_init(struct sri_pf *p, uint16_t vf);
/* The VF ceases to be: neither request nor policy is left of it, in the tables or the device. */
void sri_pf_vf_forget(struct sri_pf *p, uint16_t vf);
/* Its traffic runs, unless policy holds it back. */
void sri_pf_vf_run(struct sri_pf *p, uint16_t vf);
/* It has no link, and its mailbox no words for that: a RESET without an answer is understood. */
bool sri_pf_vf_is_silenced(const struct sri_pf *p, uint16_t vf);
/* The policy lets it have this VLAN. */
bool sri_pf_vf_may_vlan(const struct sri_pf *p, uint16_t vf, uint16_t vid);
/* The VF was reset: what it asked for is void, the host's policy stays. No traffic until RESET. */
void sri_pf_vf_restart(struct sri_pf *p, uint16_t vf);
/* Write everything the shadows hold into a device that was reset. */
void sri_pf_vf_restore_all(struct sri_pf *p);
/* The VF has to RESET before it is heard again, and is told so. */
void sri_pf_vf_turn_out(struct sri_pf *p, uint16_t vf);
/* The same for a reason of the host's: what that takes is no offence. */
void sri_pf_vf_dismiss(struct sri_pf *p, uint16_t vf);

/* ---- pf_filter.c: addresses, VLANs, multicast hashes ---- */
bool sri_pf_mac_ok(const struct sriov_mac *mac); /* unicast and not zero */
bool sri_pf_mac_zero(const struct sriov_mac *mac);
bool sri_pf_mac_equal(const struct sriov_mac *a, const struct sriov_mac *b);
/* Somebody else, another VF or the PF, receives this address. */
bool sri_pf_mac_taken(const struct sri_pf *p, uint16_t vf, const struct sriov_mac *mac);
void sri_pf_rar_own(struct sri_pf *p); /* the PF's own address */
/* The VF's primary address; zero takes it away. */
void sri_pf_rar_primary(struct sri_pf *p, uint16_t vf, const struct sriov_mac *mac);
int sri_pf_rar_add(struct sri_pf *p, uint16_t vf, const struct sriov_mac *mac);
void sri_pf_rar_drop_extra(struct sri_pf *p, uint16_t vf);
int sri_pf_vlan_add(struct sri_pf *p, uint16_t vf, uint16_t vid);
void sri_pf_vlan_del(struct sri_pf *p, uint16_t vf, uint16_t vid);
void sri_pf_vlan_del_all(struct sri_pf *p, uint16_t vf);
void sri_pf_mta_update(struct sri_pf *p); /* from the hashes of all VFs */
/* Every table entry into the device, used or not: their content after a reset is undefined. */
void sri_pf_filter_restore(struct sri_pf *p);

#endif
