/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the VF drivers of the 82599 and 82576 share: everything but where registers are and which
 * messages their PFs know. A driver fills one struct sri_vf_hw and names the ops below.
 *
 * Life: ABSENT -> RESETTING -> ASKED -> READY. Each arrow is a short step that never waits, so that
 * sri_vf_poll can take them while the application's loop goes on; attach and start take them in a
 * bounded wait. Whatever goes wrong leads back to ABSENT, with a pause that grows when it goes wrong
 * again and again.
 */
#ifndef SRI_VF_H
#define SRI_VF_H

#include "mbx.h"
#include "ring.h"

#include <sriov/driver.h>

#define SRI_VF_VLANS      4096u
#define SRI_VF_STATS      10u
#define SRI_VF_VECTORS    3u
#define SRI_VF_MAX_MTU    9706u /* jumbo frame of 9728 bytes less header, tag and FCS */
#define SRI_VF_LEGACY_MTU 1500u

#define SRI_MS UINT64_C(1000000)

/* Offsets of one direction's ring registers: queue n's are at base + n * stride. Low, high and
 * length stand at 0, 4 and 8, head, tail and control at 0x10, 0x18 and 0x28 on both devices. */
struct sri_vf_ring_regs {
    uint32_t base;
    uint32_t stride;
    uint32_t dca;     /* DCA control, from the queue's base */
    uint32_t dca_set; /* its value: relaxed ordering */
    uint32_t ctl_set; /* RXDCTL or TXDCTL without ENABLE */
};

/* One free-running counter: `lsb` is read first; `msb` 0: it has 32 bits. */
struct sri_vf_counter {
    const char *name;
    uint32_t lsb;
    uint32_t msb;
    uint32_t bits;
};

struct sri_vf;

/* A kind of VF. Constant. */
struct sri_vf_hw {
    const char *name;
    uint32_t bar_bytes; /* least length of BAR 0 */
    uint16_t max_queues;
    struct sri_mbx_regs mbx;
    uint32_t reset_reply_words;
    uint32_t ctrl; /* CTRL.RST is bit 26 on both */
    uint32_t link;
    uint32_t psrtype;
    uint32_t eicr, eics, eims, eimc, eiac, eiam, eitr, ivar, ivar_misc;
    uint32_t eitr_rx; /* moderation of a queue's vector */
    uint32_t srrctl;  /* from a receive queue's base */
    uint32_t srrctl_set;
    struct sri_vf_ring_regs rx;
    struct sri_vf_ring_regs tx;
    struct sri_rx_format rx_format;
    const char *const *rx_owners; /* a name per queue, for the DMA ledger */
    const char *const *tx_owners;
    const struct sri_vf_counter *counters; /* ends with name NULL; at most SRI_VF_STATS; 0: rx frames */

    struct sriov_link (*decode_link)(uint32_t value);
    /* After RESET was answered: negotiate what this kind has; fills api, granted_queues. */
    int (*greet)(struct sri_vf *vf);
    int (*ask_rx_mode)(struct sri_vf *vf, enum sriov_rx_mode mode);
};

enum sri_vf_phase {
    SRI_VF_ABSENT = 0,    /* the PF does not know us; try again at next_try */
    SRI_VF_RESETTING = 1, /* CTRL.RST written; RESET goes out at next_try */
    SRI_VF_ASKED = 2,     /* RESET sent; the answer is due until deadline */
    SRI_VF_READY = 3,
};

/* What the application asked for, and what every recovery asks the PF for again. */
struct sri_vf_settings {
    struct sriov_mac mac; /* zero: whatever the PF gives */
    enum sriov_rx_mode rx_mode;
    uint16_t multicast;
    struct sriov_mac multicast_list[INTEL_MBX_MULTICAST_MAX];
    uint32_t vlans;
    uint8_t vlan_map[SRI_VF_VLANS / 8];
};

/* How long a ring has made no progress although it should have. */
struct sri_vf_watch {
    uint32_t rx_at; /* index that is stuck */
    uint32_t tx_at;
    uint64_t rx_since; /* 0: it is not */
    uint64_t tx_since;
};

/* The device counts frames that reach no ring. */
struct sri_vf_deaf {
    uint32_t at;      /* sum of all receive indices */
    uint64_t counted; /* by the device when a ring moved last */
    uint64_t since;   /* 0: nothing was counted since then */
    bool spent;       /* one recovery was tried and no frame has come since */
};

struct sri_vf {
    struct sriov_net *net;
    const struct sri_vf_hw *hw;
    struct sriov_bar bar;
    struct sri_mbx mbx;
    enum sri_vf_phase phase;
    bool want_run; /* the application started us */
    bool running;  /* queues are enabled */
    bool tx_held;  /* the transmit queues are not, on the application's demand */
    bool quiesced; /* none is, on its demand */
    bool recovering;
    bool link_allowed; /* the PF's policy lets this VF have link */
    bool link_was_lost;
    uint64_t next_try;
    uint64_t deadline;
    uint64_t ask_ns;      /* how long an answer to RESET is waited for; grows */
    uint64_t pause_ns;    /* before the next attempt; grows with failures that follow each other */
    uint64_t ready_at;    /* last handshake; 0: none yet */
    uint64_t greet_until; /* end of the handshake under way; 0: none is */
    uint16_t granted_queues;
    uint32_t max_api; /* newest mailbox API to offer, 0xMMmm; 0: all that the kind has */
    uint32_t mc_type; /* MCSTCTRL.MO: which bits of a multicast address are hashed */
    uint32_t vectors;
    uint32_t armed;           /* queue vectors that the application has armed; they outlive a recovery */
    struct sriov_mac own_mac; /* chosen by us because the PF had none */
    struct sri_vf_settings set;
    uint32_t resets;
    uint64_t stat_last[SRI_VF_STATS];
    uint64_t stat_total[SRI_VF_STATS];
    uint64_t alive_due;
    uint64_t look_due;
    struct sri_vf_watch watch[SRIOV_NET_QUEUES_MAX];
    struct sri_vf_deaf deaf;
};

static inline struct sri_vf *sri_vf_of(const struct sriov_net *net)
{
    return net->priv;
}

static inline bool sri_mac_is_zero(const struct sriov_mac *mac)
{
    return (mac->b[0] | mac->b[1] | mac->b[2] | mac->b[3] | mac->b[4] | mac->b[5]) == 0;
}

/* ---- ops of struct sriov_net_ops; attach is the driver's, over sri_vf_attach ---- */
int sri_vf_attach(struct sriov_net *net, const struct sri_vf_hw *hw);
void sri_vf_detach(struct sriov_net *net);
int sri_vf_configure(struct sriov_net *net);
void sri_vf_release(struct sriov_net *net);
int sri_vf_start(struct sriov_net *net);
void sri_vf_stop(struct sriov_net *net);
void sri_vf_poll(struct sriov_net *net);
int sri_vf_rx_arm(struct sriov_net *net, uint16_t queue);
int sri_vf_set_mac(struct sriov_net *net, const struct sriov_mac *mac);
int sri_vf_set_multicast(struct sriov_net *net, const struct sriov_mac *list, uint16_t n);
int sri_vf_set_vlan(struct sriov_net *net, uint16_t vid, bool on);
int sri_vf_set_mtu(struct sriov_net *net, uint16_t mtu);
int sri_vf_set_rx_mode(struct sriov_net *net, enum sriov_rx_mode mode);
uint32_t sri_vf_stats(struct sriov_net *net, struct sriov_stat *out, uint32_t room);
/* In vf_hold.c. */
int sri_vf_quiesce_tx(struct sriov_net *net, uint64_t timeout_ns);
int sri_vf_quiesce(struct sriov_net *net);
int sri_vf_resume(struct sriov_net *net);
uint16_t sri_vf_tx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n,
                        uint32_t *in_doubt);
uint16_t sri_vf_rx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n);
int64_t sri_vf_save(struct sriov_net *net, void *bytes, uint64_t room);
int sri_vf_load(struct sriov_net *net, const void *bytes, uint64_t len);

/* ---- vf.c ---- */
/* Traffic halts; steps of the handshake follow with the next polls. */
void sri_vf_recover(struct sri_vf *vf, const char *why);
/* As a link that went away. */
void sri_vf_link_down(struct sri_vf *vf);

/* ---- vf_reset.c: the handshake ---- */
/* One step, never waits but for exchanges with a PF that has just answered. 0 while under way, 1
 * once READY, -ENODEV. */
int sri_vf_step(struct sri_vf *vf);
/* Steps for at most timeout_ns: 0, -EAGAIN (the PF is silent), -ENODEV. */
int sri_vf_bring_up(struct sri_vf *vf, uint64_t timeout_ns);
/* How long an exchange with the PF may take now. */
uint64_t sri_vf_exchange_ns(const struct sri_vf *vf);
/* Back to ABSENT: the next step resets, at once or, when it is not long that the VF was READY, after
 * a pause. */
void sri_vf_lose(struct sri_vf *vf);

/* ---- vf_settings.c ---- */
/* Ask for the MTU and all of vf->set. What the PF refuses is logged and left; strict: a jumbo MTU
 * that it refuses is -EACCES. */
int sri_vf_replay(struct sri_vf *vf, bool strict);

/* ---- vf_queues.c ---- */
uint16_t sri_vf_active_queues(const struct sri_vf *vf);
/* Prime and enable the rings and interrupts, and go on with what they held; halted on failure. */
int sri_vf_run(struct sri_vf *vf, bool keep);
/* Disable the queues, bounded. keep: what they received and had not sent is held (ring_hold.c), receive
 * descriptors keep their buffers for the next prime; else all is dropped. */
void sri_vf_halt(struct sri_vf *vf, bool keep);
/* One direction of the active queues. Off: what its rings hold is gathered. -ETIMEDOUT: a queue does not
 * stop, or start; -ENODEV. */
int sri_vf_run_tx(struct sri_vf *vf);
int sri_vf_stop_tx(struct sri_vf *vf);
int sri_vf_stop_rx(struct sri_vf *vf);
/* Every descriptor was fetched and its data read. */
bool sri_vf_tx_idle(const struct sri_vf *vf);
/* Gather what the rings hold without a look at the device, which halted or is gone. */
void sri_vf_gather(struct sri_vf *vf);
/* Receive ring 0 is where we told the device: no reset has come since. */
bool sri_vf_rings_known(const struct sri_vf *vf);
/* The queues are enabled in the device as we left them. */
bool sri_vf_queues_alive(struct sri_vf *vf);
struct sri_rxq *sri_vf_rxq(const struct sri_vf *vf, uint32_t i);
struct sri_txq *sri_vf_txq(const struct sri_vf *vf, uint32_t i);
/* RDH: the descriptor that the device will fill next. */
uint32_t sri_vf_rx_head(const struct sri_vf *vf, uint32_t i);

/* ---- vf_watch.c ---- */
/* What the device did not write back for long; NULL: nothing. Reads a register per queue. */
const char *sri_vf_watch(struct sri_vf *vf);
void sri_vf_watch_reset(struct sri_vf *vf);

/* ---- vf_irq.c ---- */
void sri_vf_irq_request(struct sri_vf *vf);
void sri_vf_irq_release(struct sri_vf *vf);
void sri_vf_irq_program(struct sri_vf *vf);
void sri_vf_irq_silence(struct sri_vf *vf);

/* ---- vf_stats.c ---- */
/* Where the counters stand now is where counting goes on. */
void sri_vf_stats_base(struct sri_vf *vf);
/* Take in what was counted since; a counter that went backwards has wrapped. */
void sri_vf_stats_fold(struct sri_vf *vf);
/* The same when the device may have been reset: what went backwards began at 0 again. */
void sri_vf_stats_fold_reset(struct sri_vf *vf);

/* Names the driver and the function: a machine has many. */
#define sri_vf_log(vf, level, fmt, ...)                                                                      \
    sriov_log(sriov_fn_vmm((vf)->net->fn), (level), "%s: %s: " fmt, (vf)->hw->name,                          \
              sriov_fn_info((vf)->net->fn)->name, __VA_ARGS__)

#endif
