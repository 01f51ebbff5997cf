/* SPDX-License-Identifier: BSD-3-Clause */
/* A port with its VFs: state, the chip's table, and what the engines offer each other. */
#ifndef MOCK_INTEL_NIC_H
#define MOCK_INTEL_NIC_H

#include <sriov/model.h>

#include "pcicfg.h"
#include "regs_layout.h"

#define MOCK_FRAME_MAX 16384u

struct mock_nic_reg;

/* Which function did it, to which register. */
struct mock_ref {
    const struct mock_nic_reg *reg;
    uint32_t index; /* within the register's field */
    uint32_t offset;
    uint16_t fn;
};

/* How element n of a VF's window maps to the common storage. */
enum mock_map {
    MOCK_MAP_FLAT = 0, /* base + n: the PF's own view, and what all share */
    MOCK_MAP_FN,       /* by function number */
    MOCK_MAP_VF,       /* VF number times count, plus n */
    MOCK_MAP_RXQ,      /* receive queue n of the VF's pool */
    MOCK_MAP_TXQ,
};

enum mock_attr {
    MOCK_RO = 1u << 0,    /* writes are reported: its driver should know */
    MOCK_WO = 1u << 1,    /* reads 0 */
    MOCK_RC = 1u << 2,    /* reading clears */
    MOCK_W1C = 1u << 3,   /* writing 1 clears */
    MOCK_QUIET = 1u << 4, /* RO whose writes are not reported */
    MOCK_KEEP = 1u << 5,  /* survives a reset of its VF */
};

struct mock_nic_reg {
    const char *name;
    uint32_t offset, count, stride;
    uint32_t field; /* word in struct mock_regs, or MOCK_FIELD_NONE */
    uint32_t base;  /* first element of the field */
    uint32_t writable, reset;
    uint32_t refused;        /* bits that ask for what is not modelled: reported, never silent */
    uint8_t map, attr, step; /* step: elements between neighbours, 0 means 1 */
    uint32_t (*read)(struct sriov_model *nic, const struct mock_ref *ref);
    void (*write)(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
};
#define MOCK_FIELD_NONE   UINT32_MAX
#define MOCK_FIELD(field) ((uint32_t)(offsetof(struct mock_regs, field) / sizeof(uint32_t)))

/* How a real or emulated device deviates from the datasheet. All false: the datasheet. */
struct mock_quirks {
    const char *name;
    bool tx_is_synchronous;       /* never a late completion, whatever the host's delays */
    bool reflects_to_sender;      /* broadcast, subscribed multicast, own unicast come back */
    bool mailbox_vector_shift;    /* vector 0 never, 1 on 0, 2 on 1, 3 on both */
    bool eitr_is_1024ns;          /* of the raw value, about four times what is meant */
    bool eitr_expiry_fires;       /* expiry always notifies once more */
    bool vtivar_accumulates;      /* writes are OR-ed in */
    bool vtivar_first_queue_only; /* queue 1 has no interrupt */
    bool vf_eicr_hides;           /* VTEICR reads 0 */
    bool vf_rst_shallow;          /* VTCTRL.RST, FLR: VFRE, VFTE and queue enables only */
    bool no_anti_spoofing;
    bool no_malicious_detection; /* DTXCTL.MDP_EN has no effect */
    bool no_rx_drop_count;
    bool drop_en_ignored; /* a full ring always drops */
    bool no_loopback_counters;
    bool pads_everything;        /* frames under 60 bytes, whatever TCTL.PSP */
    bool mpme_ignored;           /* VMOLR.MPME has no effect: a PF that relies on it loses all multicast */
    bool aupe_needs_vfe;         /* without RCTL.VFE untagged frames pass */
    bool no_port_filter;         /* RCTL.BAM and UPE have no effect in VT mode */
    bool always_replicates;      /* whatever VT_CTL.RPL_EN */
    bool link_returns_by_itself; /* STATUS.LU comes back within a second, CTRL.SLU or not */
    bool no_rate_limit;          /* RTTBCNRC is not there: every queue sends at once */
    bool dma_fault_is_ignored;   /* a failed fetch skips the descriptor instead of hanging */
};

struct mock_nic_chip {
    const char *name;
    struct mock_cfg_identity pf, vf;
    uint16_t total_vfs, vf_offset, vf_stride;
    uint32_t pools, queues, rar_entries, vlvf_entries;
    const struct mock_nic_reg *pf_regs, *vf_regs; /* end with a NULL name */

    /* Queue and pool arithmetic depends on the mode that the PF chose. */
    bool (*vt_on)(const struct sriov_model *nic);
    uint32_t (*pool_queues)(const struct sriov_model *nic, bool tx);
    uint32_t (*queue_of)(const struct sriov_model *nic, uint32_t pool, uint32_t n, bool tx);
    void (*pool_of)(const struct sriov_model *nic, uint32_t queue, bool tx, uint32_t *pool, uint32_t *n);
    uint32_t (*ivar_of)(const struct sriov_model *nic, uint32_t queue, bool tx);
    uint32_t (*rss_queues)(const struct sriov_model *nic, uint32_t pool);
    uint64_t (*rar_pools)(const struct sriov_model *nic, uint32_t entry);
    uint64_t (*vlan_pools)(const struct sriov_model *nic, uint16_t vid, bool *known);
    bool (*vlan_filter_on)(const struct sriov_model *nic);
    bool (*strip_vlan)(const struct sriov_model *nic, uint32_t pool, uint32_t queue);
    bool (*strip_crc)(const struct sriov_model *nic, uint32_t pool);
    size_t (*frame_max)(const struct sriov_model *nic, uint32_t pool, bool tagged);
    bool (*mac_spoof_check)(const struct sriov_model *nic, uint32_t pool, bool vlan);
    bool (*local_loopback)(const struct sriov_model *nic, uint32_t pool);
    void (*count_spoof)(struct sriov_model *nic, uint32_t pool, uint32_t queue);
    /* A malformed descriptor was met; NULL: the device does not care. */
    void (*stop_queue)(struct sriov_model *nic, uint32_t queue);
    /* A cause that is no queue's (mailbox, link) goes to the PF. */
    void (*raise_other)(struct sriov_model *nic, uint32_t cause);
    bool (*link_up)(const struct sriov_model *nic);
    /* A filter entry takes a pool in, or out. */
    void (*rar_join)(struct sriov_model *nic, uint32_t entry, uint32_t pool, bool on);
    void (*vlan_join)(struct sriov_model *nic, uint32_t entry, uint32_t pool, bool on);

    uint32_t pf_vector_bits; /* of EICR */
    uint32_t cause_mailbox, cause_link;
    uint32_t tx_enable, rx_enable;
    uint32_t loopback_enable, bcast_enable; /* in tx_switch, rx_filter */
    uint32_t mcast_promisc, ucast_promisc;  /* in rx_filter */
    /* Where a switch sits in struct mock_regs, which differs by chip. */
    uint32_t rx_enable_field, mcast_field, pad_field;
    uint32_t mcast_hash_enable; /* 0: always on */
    uint32_t mcast_shift_mask, mcast_shift_at;
    uint32_t default_pool_shift, default_pool_mask;
    uint32_t bsizepacket_mask, bsizeheader_mask, drop_en, bsize_default;
    uint32_t err_l4, err_ip;
    uint32_t rxcsum_ip, rxcsum_l4, rxcsum_sctp; /* 0: always on */
    uint32_t pad_enable;
    uint32_t itr_mask, itr_keep, itr_ns_per_lsb; /* ns of the masked raw value's lowest unit */
    uint32_t itr_shift;
    uint32_t dctl_wthresh;
    uint32_t link_mbps;
    uint32_t rx_buffer_bytes; /* of the port's packet buffer */
    uint32_t octet_bits;      /* of a VF's octet counters */
    uint32_t rss_ipv4_tcp, rss_ipv4, rss_ipv6_tcp, rss_ipv6, rss_ipv4_udp, rss_ipv6_udp;
    uint32_t mbox_vfs_per_icr;           /* VFs in one mailbox cause register */
    uint32_t check_context;              /* the bit that asks for a context whatever the offloads; 0: none */
    uint32_t tx_min_frame, tx_max_frame; /* without FCS and the tag that hardware inserts */
};

struct mock_irq_vector {
    uint64_t quiet_until; /* moderation */
    uint64_t timer_at;    /* when the expiry that counts is scheduled for */
    uint32_t timer_id;    /* which of those scheduled it is */
    bool timer;           /* expiry is scheduled */
};

struct mock_irq {
    uint64_t cause, mask, autoclear, automask; /* a bit for each vector */
    uint32_t other, other_mask;                /* other EICR causes, in place */
    struct mock_irq_vector vec[64];
};

struct mock_msix {
    uint32_t vectors;
    uint32_t *table; /* four words each */
    uint64_t pending;
    uint32_t pba_offset;
    uint32_t bar;
};

struct mock_mailbox {
    bool vfu, pfu;
    bool left;          /* a message of the PF's that the VF has not acknowledged */
    uint32_t vf_bits;   /* PFSTS, PFACK, RSTD as in V2PMAILBOX */
    uint32_t to_vf[16]; /* words on their way, for delayed faults */
};

struct mock_ring {
    uint8_t *handed_copy; /* descriptors as the tail write handed them over */
    uint8_t *written;     /* and as they were written back last */
    uint32_t slots;
    uint32_t life; /* counts its ends: what is still under way for an earlier life never comes */
    bool hung;     /* a DMA fault stopped it */
};

struct mock_tx {
    struct mock_ring ring;
    struct {
        uint32_t dw[4];
        bool valid;
    } ctx[2];
    uint8_t *frame;
    uint32_t frame_len, frame_room;
    uint32_t buffers, header_room; /* of the packet, and bytes of those that may hold its headers */
    uint32_t first_cmd, first_olinfo;
    uint32_t first_index;
    uint32_t seen_tail;
    uint32_t arrived; /* the tail as far as its write has taken effect */
    bool in_frame, discard;
    bool held;      /* until its rate allows the next frame: an event is on its way */
    uint32_t holds; /* counts them */
};

struct mock_rx {
    struct mock_ring ring;
    uint32_t seen_tail;
};

struct mock_fn {
    struct mock_cfg cfg;
    struct mock_msix msix;
    struct mock_irq irq;
    struct mock_mailbox mbx;
    uint32_t epoch; /* counts resets: events from before are stale */
    bool told_no_master;
    bool held;         /* stopped for migration, see hold.c */
    uint64_t rx_drops; /* since ever */
};

struct mock_event {
    struct mock_event *next;
    uint64_t id;
    void (*run)(struct sriov_model *nic, struct mock_event *event);
    uint32_t epoch;
    uint16_t fn;
    uint32_t a, b;
    uint32_t life; /* of the ring it is for */
    bool waits;    /* for its time, not for something to be finished */
    bool due;      /* came while its function was held */
    struct sriov_site site;
    sriov_iova_t iova;
    size_t len;
    uint8_t bytes[];
};

/* A frame inside the device. */
struct mock_frame {
    const uint8_t *bytes;
    size_t len;
    bool from_vf; /* through the internal switch */
    uint32_t source_pool;
};

/* What the headers of a frame say. */
struct mock_packet {
    uint32_t pkttype; /* in place in the write-back */
    uint32_t l3_at, l4_at, l4_len;
    uint16_t vid;
    bool tagged, ipv4, ipv6, tcp, udp, sctp, fragment;
};

/* What a look at its checksums found. */
struct mock_sums {
    bool ip_ok, l4_checked, l4_ok;
};

struct mock_fifo_frame {
    struct mock_fifo_frame *next;
    uint32_t queue;
    bool from_vf;
    size_t len;
    uint8_t bytes[];
};

struct sriov_model {
    const struct mock_nic_chip *chip;
    const struct mock_quirks *quirks;
    struct sriov_model_host *host;
    const struct sriov_model_host_ops *ops;
    uint8_t mac[6];
    uint16_t total_vfs, num_vfs, routing_id;
    struct mock_regs regs;
    uint32_t *plain; /* the PF's registers that no engine looks at, by offset */
    uint32_t *vf_plain;
    uint16_t *pf_lookup, *vf_lookup; /* word of the BAR to table entry + 1 */
    struct mock_fn *fn;              /* PF, then VFs: MOCK_FNS_MAX, whatever total_vfs */
    struct mock_tx tx[MOCK_QUEUES_MAX];
    struct mock_rx rx[MOCK_QUEUES_MAX];
    uint64_t tx_free_at[MOCK_QUEUES_MAX]; /* when its rate allows a queue the next frame; outlives the ring */
    uint16_t nvm[64];
    uint16_t phy[32];
    bool carrier, link, pf_ready;
    struct mock_event *events;
    uint64_t next_event;
    struct mock_fifo_frame *fifo, **fifo_end;
    size_t fifo_bytes;
    uint8_t scratch[MOCK_FRAME_MAX + 32u];
    uint8_t segment[MOCK_FRAME_MAX + 32u]; /* one frame of a segmentation request */
};

/* nic.c */
int mock_nic_create(const struct mock_nic_chip *chip, const struct mock_quirks *quirks,
                    const struct sriov_model_args *args, struct sriov_model **out);
void mock_nic_destroy(struct sriov_model *nic);
uint64_t mock_nic_bar_length(struct sriov_model *nic, uint16_t fn, uint32_t bar);
uint64_t mock_nic_bar_read(struct sriov_model *nic, uint16_t fn, uint32_t bar, uint64_t off, uint32_t width);
void mock_nic_bar_write(struct sriov_model *nic, uint16_t fn, uint32_t bar, uint64_t off, uint32_t width,
                        uint64_t value);
bool mock_nic_exists(const struct sriov_model *nic, uint16_t fn);

/* nic_cfg.c */
int mock_nic_cfg_init(struct sriov_model *nic);
uint32_t mock_nic_cfg_read(struct sriov_model *nic, uint16_t fn, uint32_t off, uint32_t width);
void mock_nic_cfg_write(struct sriov_model *nic, uint16_t fn, uint32_t off, uint32_t width, uint32_t value);
bool mock_nic_memory_on(const struct sriov_model *nic, uint16_t fn);
bool mock_nic_master_on(struct sriov_model *nic, uint16_t fn);

/* event.c: what happens later */
struct mock_event *mock_event_new(struct sriov_model *nic, uint16_t fn,
                                  void (*run)(struct sriov_model *, struct mock_event *), const void *bytes,
                                  size_t len);
void mock_event_at(struct sriov_model *nic, struct mock_event *event, uint64_t at_ns);
void mock_event_after(struct sriov_model *nic, struct mock_event *event, uint64_t delay_ns);
void mock_event_forget_all(struct sriov_model *nic);
/* Those of fn that are under way are run now; with `due` those whose time came while it was held. */
void mock_event_finish(struct sriov_model *nic, uint16_t fn, bool due);
uint64_t mock_now(const struct sriov_model *nic);
void mock_report(struct sriov_model *nic, enum sriov_report_kind kind, const struct sriov_site *site,
                 const char *text);
void mock_report_reg(struct sriov_model *nic, enum sriov_report_kind kind, const struct mock_ref *ref,
                     const char *text);

/* regs.c */
int mock_regs_init(struct sriov_model *nic);
void mock_regs_free(struct sriov_model *nic);
uint32_t mock_regs_read(struct sriov_model *nic, uint16_t fn, uint32_t off);
void mock_regs_write(struct sriov_model *nic, uint16_t fn, uint32_t off, uint32_t value);
void mock_regs_reset_pf(struct sriov_model *nic);
void mock_regs_reset_vf(struct sriov_model *nic, uint16_t fn);
uint32_t mock_field(const struct sriov_model *nic, uint32_t field);
/* Element of the field that a VF's, or the PF's, n-th such register is; false: it has none. */
bool mock_reg_index(const struct sriov_model *nic, const struct mock_nic_reg *reg, uint16_t fn, uint32_t n,
                    uint32_t *index);
uint32_t *mock_reg_cell(struct sriov_model *nic, const struct mock_ref *ref);
void mock_reg_store(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);

/* msix.c */
int mock_msix_init(struct mock_msix *msix, const struct mock_cfg_identity *id);
void mock_msix_free(struct mock_msix *msix);
void mock_msix_reset(struct mock_msix *msix);
uint32_t mock_msix_read(struct sriov_model *nic, uint16_t fn, uint32_t off);
void mock_msix_write(struct sriov_model *nic, uint16_t fn, uint32_t off, uint32_t value);
void mock_msix_send(struct sriov_model *nic, uint16_t fn, uint32_t vector);
void mock_msix_control_changed(struct sriov_model *nic, uint16_t fn);
/* What is pending and may go out, goes. */
void mock_msix_flush(struct sriov_model *nic, uint16_t fn);

/* irq.c */
void mock_irq_raise(struct sriov_model *nic, uint16_t fn, uint64_t vectors);
void mock_irq_enable(struct sriov_model *nic, uint16_t fn, uint64_t vectors);
void mock_irq_raise_queue(struct sriov_model *nic, uint32_t queue, bool tx);
void mock_irq_raise_pf_other_vector(struct sriov_model *nic);
void mock_irq_raise_pf_other_bits(struct sriov_model *nic, uint32_t causes);
void mock_irq_raise_mailbox_vf(struct sriov_model *nic, uint16_t fn);
void mock_irq_reset(struct sriov_model *nic, uint16_t fn);
/* The end of a moderation interval that was under way elsewhere. */
void mock_irq_schedule(struct sriov_model *nic, uint16_t fn, uint32_t vector);
uint32_t mock_irq_eicr_read(struct sriov_model *nic, const struct mock_ref *ref);
void mock_irq_eicr_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
uint32_t mock_irq_eics_read(struct sriov_model *nic, const struct mock_ref *ref);
void mock_irq_eics_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
uint32_t mock_irq_eims_read(struct sriov_model *nic, const struct mock_ref *ref);
void mock_irq_eims_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_irq_eimc_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
uint32_t mock_irq_eiac_read(struct sriov_model *nic, const struct mock_ref *ref);
void mock_irq_eiac_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
uint32_t mock_irq_eiam_read(struct sriov_model *nic, const struct mock_ref *ref);
void mock_irq_eiam_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_irq_eitr_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_irq_vtivar_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);

/* mailbox.c */
uint32_t mock_mbx_mem_read(struct sriov_model *nic, const struct mock_ref *ref);
void mock_mbx_mem_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
uint32_t mock_mbx_v2p_read(struct sriov_model *nic, const struct mock_ref *ref);
void mock_mbx_v2p_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
uint32_t mock_mbx_p2v_read(struct sriov_model *nic, const struct mock_ref *ref);
void mock_mbx_p2v_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_mbx_imr_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_mbx_vf_was_reset(struct sriov_model *nic, uint16_t fn);
void mock_mbx_reset(struct sriov_model *nic, uint16_t fn);
void mock_mbx_pf_ready(struct sriov_model *nic);

/* ring.c */
uint16_t mock_queue_fn(const struct sriov_model *nic, uint32_t queue, bool tx);
void mock_queue_site(const struct sriov_model *nic, uint32_t queue, bool tx, uint16_t kind, uint32_t index,
                     struct sriov_site *site);
uint32_t mock_ring_slots(const struct mock_queue_regs *regs, uint32_t queue);
sriov_iova_t mock_ring_slot(const struct mock_queue_regs *regs, uint32_t queue, uint32_t index);
int mock_ring_hand_over(struct sriov_model *nic, uint32_t queue, bool tx, uint32_t from, uint32_t to);
int mock_ring_fetch(struct sriov_model *nic, uint32_t queue, bool tx, uint32_t index, uint32_t dw[4]);
/* A descriptor has been written back: kept, so that it is known again when it is handed over unchanged. */
void mock_ring_written(struct sriov_model *nic, uint32_t queue, bool tx, uint32_t index,
                       const uint8_t *bytes);
/* Such a write would have a queue run. */
bool mock_ring_is_start(const struct mock_nic_reg *reg, uint32_t value);
bool mock_queue_pool_enabled(const struct sriov_model *nic, uint32_t queue, bool tx);
void mock_queue_forget(struct sriov_model *nic, uint32_t queue, bool tx);
void mock_queues_free(struct sriov_model *nic);
/* Base, length and head of a ring: not while the queue runs. */
void mock_ring_rx_setup_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_ring_tx_setup_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_ring_rxdctl_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_ring_txdctl_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_ring_rdt_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_ring_tdt_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_ring_enables_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);

/* hold.c */
void mock_hold(struct sriov_model *nic, uint16_t fn, bool on);
bool mock_is_held(const struct sriov_model *nic, uint16_t fn);
/* state.c */
int64_t mock_state_save(struct sriov_model *nic, uint16_t fn, void *bytes, uint64_t room);
int mock_state_load(struct sriov_model *nic, uint16_t fn, const void *bytes, uint64_t len);

/* rate.c */
/* When the queue may begin a frame; not later than now: at once. */
uint64_t mock_rate_next(const struct sriov_model *nic, uint32_t queue);
void mock_rate_sent(struct sriov_model *nic, uint32_t queue, size_t len);
void mock_rate_reset(struct sriov_model *nic);
uint32_t mock_rate_read(struct sriov_model *nic, const struct mock_ref *ref);
void mock_rate_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);

/* tx.c, rx.c */
void mock_tx_tail(struct sriov_model *nic, uint32_t queue);
void mock_tx_kick_all(struct sriov_model *nic);
/* The rate of this queue allows a frame sooner than it was told. */
void mock_tx_released(struct sriov_model *nic, uint32_t queue);
void mock_rx_to_queue(struct sriov_model *nic, uint32_t queue, const struct mock_frame *frame);
void mock_rx_drain(struct sriov_model *nic);
uint64_t mock_rx_drops(struct sriov_model *nic, uint16_t fn);
/* Why a queue cannot run as its SRRCTL says; NULL: it can. */
const char *mock_rx_format_refused(const struct sriov_model *nic, uint32_t queue);
void mock_rx_fifo_clear(struct sriov_model *nic);
void mock_rx_fifo_forget(struct sriov_model *nic, uint16_t fn);
void mock_rx_fifo_put(struct sriov_model *nic, uint32_t queue, const struct mock_frame *frame);

/* l2switch.c */
void mock_switch_from_pool(struct sriov_model *nic, uint32_t pool, uint32_t queue, const uint8_t *bytes,
                           size_t len);
void mock_switch_from_port(struct sriov_model *nic, uint16_t fn, const void *frame, size_t len);
void mock_switch_from_wire(struct sriov_model *nic, const void *frame, size_t len);

/* rss.c */
uint32_t mock_rss_hash(const struct sriov_model *nic, const uint8_t *bytes, const struct mock_packet *pkt,
                       uint32_t *type);
uint32_t mock_rss_queue(const struct sriov_model *nic, uint32_t pool, const uint8_t *bytes,
                        const struct mock_packet *pkt);

/* frame.c */
void mock_packet_parse(const uint8_t *bytes, size_t len, struct mock_packet *out);
void mock_packet_verify(const uint8_t *bytes, const struct mock_packet *p, struct mock_sums *out);
uint32_t mock_toeplitz(const uint8_t *key, const uint8_t *input, size_t len);
uint32_t mock_packet_rss_input(const uint8_t *bytes, const struct mock_packet *pkt, bool with_ports,
                               uint8_t out[36]);

/* stats.c */
void mock_stats_rx_wire(struct sriov_model *nic, const uint8_t *bytes, size_t len);
void mock_stats_tx_wire(struct sriov_model *nic, const uint8_t *bytes, size_t len);
void mock_stats_vf_rx(struct sriov_model *nic, uint16_t fn, const struct mock_frame *frame);
void mock_stats_vf_tx(struct sriov_model *nic, uint16_t fn, size_t len, bool looped);
void mock_stats_saturate(uint32_t *counter);

/* link.c */
void mock_link_carrier(struct sriov_model *nic, bool up);
void mock_link_update(struct sriov_model *nic);
void mock_link_changed_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
uint32_t mock_phy_mdic(struct sriov_model *nic, uint32_t value);
void mock_phy_reset(struct sriov_model *nic);
void mock_mdic_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);

/* nvm.c */
void mock_nvm_init(struct sriov_model *nic);
void mock_nvm_load_mac(struct sriov_model *nic);
void mock_nvm_eerd_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
uint32_t mock_nvm_swsm_read(struct sriov_model *nic, const struct mock_ref *ref);
void mock_nvm_swsm_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_nvm_swfw_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);

/* reset.c */
void mock_reset_vf_birth(struct sriov_model *nic, uint16_t fn);
void mock_reset_port(struct sriov_model *nic);
void mock_reset_flr(struct sriov_model *nic, uint16_t fn);
void mock_reset_ctrl_ext_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);
void mock_reset_vfctrl_write(struct sriov_model *nic, const struct mock_ref *ref, uint32_t value);

#endif
