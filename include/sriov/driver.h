/* SPDX-License-Identifier: BSD-3-Clause */
/* The other side of class net and class pf: what a driver fills in. Freestanding C11. */
#ifndef SRIOV_DRIVER_H
#define SRIOV_DRIVER_H

#include <sriov/irq.h>
#include <sriov/log.h>
#include <sriov/net.h>
#include <sriov/pf.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_id {
    uint16_t vendor;
    uint16_t device;
};

enum sriov_class {
    SRIOV_CLASS_NET = 1,
    SRIOV_CLASS_PF = 2,
};

struct sriov_net_ops;
struct sriov_pf_ops;

/*
 * Stability. What follows is the driver ABI: the two ops tables have no size of their own, and struct
 * sriov_net and sriov_pf hold structs that their users may see grow. An op appended to a table, or a
 * member to sriov_net_config, sriov_link or sriov_pf_opts, raises SRIOV_DRIVER_ABI; a member appended
 * to sriov_net or sriov_pf, which the core allocates, does not.
 */

/* Static and constant; an application lists the drivers that it links. */
struct sriov_driver {
    uint32_t size;
    uint32_t abi; /* SRIOV_DRIVER_ABI */
    const char *name;
#ifdef __cplusplus
    uint32_t class_; /* `class` is taken in C++ */
#else
    uint32_t class; /* enum sriov_class */
#endif
    uint32_t priv_size;         /* bytes of zeroed private memory behind each device */
    const struct sriov_id *ids; /* ends with {0, 0} */
    const struct sriov_net_ops *net;
    const struct sriov_pf_ops *pf;
};

/* A net device as its driver sees it. Fields are the driver's to fill unless marked (core). */
struct sriov_net {
    struct sriov_fn *fn;               /* (core) */
    const struct sriov_driver *driver; /* (core) */
    void *priv;                        /* (core) driver->priv_size bytes */
    struct sriov_net_config config;    /* (core) defaults filled in; queues as granted by configure */
    struct sriov_mac mac;
    uint16_t max_mtu;
    uint16_t max_queues;
    uint16_t vectors;
    uint32_t mailbox_api;
    struct sriov_link link;
    uint32_t recoveries;
    uint32_t pending_events; /* SRIOV_NET_EV_*, or-ed in; sriov_net_poll takes them */
    bool started;            /* (core) the application wants traffic */
    bool configured;         /* (core) */
    struct sriov_rxq *rxq[SRIOV_NET_QUEUES_MAX];
    struct sriov_txq *txq[SRIOV_NET_QUEUES_MAX];
    uint32_t wake; /* (core) set by interrupt callbacks: bit per vector */
};

/*
 * Optional ops may be NULL (then -EOPNOTSUPP); the core normalises. A failed op has undone its own
 * work. An op other than detach, tx_take and rx_take is never called once the function is gone: detach
 * must then give back what release and stop would have.
 */
struct sriov_net_ops {
    /* Required. Open BARs, reset, learn MAC and limits. A silent PF is not an error. */
    int (*attach)(struct sriov_net *net);
    void (*detach)(struct sriov_net *net);
    /* Required. Allocate rings for net->config (may lower config.queues to what is granted) and
     * set rxq[], txq[] with zeroed heads and their `active` bursts; undo. */
    int (*configure)(struct sriov_net *net);
    void (*release)(struct sriov_net *net);
    /* Required. Program the rings and let traffic flow; halt it and reclaim every buffer. Also
     * used by the driver itself around a recovery. -EAGAIN from start: the PF is silent; the core
     * counts the device as started, its queues stay parked, and poll brings it up later and calls
     * sriov_net_unpark. */
    int (*start)(struct sriov_net *net);
    void (*stop)(struct sriov_net *net);
    /* Required. See sriov_net_poll; reports through pending_events. */
    void (*poll)(struct sriov_net *net);
    /* 1: frames are there already. Unmask first, then look, else one is slept over. */
    /* As sriov_net_rx_arm. */
    int (*rx_arm)(struct sriov_net *net, uint16_t queue);
    int (*set_mac)(struct sriov_net *net, const struct sriov_mac *mac);
    int (*set_multicast)(struct sriov_net *net, const struct sriov_mac *list, uint16_t n);
    int (*set_vlan)(struct sriov_net *net, uint16_t vid, bool on);
    int (*set_mtu)(struct sriov_net *net, uint16_t mtu);
    int (*set_rx_mode)(struct sriov_net *net, enum sriov_rx_mode mode);
    /* Device counters, after the per-queue ones that the core reports itself. */
    uint32_t (*stats)(struct sriov_net *net, struct sriov_stat *out, uint32_t room);
    /*
     * Optional, all five of them or none. As their namesakes of sriov_net_*. quiesce_tx: transmit queues
     * are parked by the core, receive queues are not. quiesce: after quiesce_tx that succeeded, with all
     * parked; receive queues are let go again, with `active` as the driver leaves it. resume undoes
     * either, with all queues parked, and the core unparks them; -EAGAIN: the PF is silent, as from
     * start. tx_take and rx_take come also while the function recovers or is gone, and touch no register
     * then: what no write-back confirmed is in doubt.
     */
    int (*quiesce_tx)(struct sriov_net *net, uint64_t timeout_ns);
    int (*quiesce)(struct sriov_net *net);
    int (*resume)(struct sriov_net *net);
    uint16_t (*tx_take)(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n,
                        uint32_t *in_doubt);
    uint16_t (*rx_take)(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n);
    /*
     * Optional, both or none. What a driver knows of its device beyond what a reset and sriov_net_config
     * give: settings, counters, where its rings stand. save: quiesced; returns the bytes it takes, of
     * which it wrote the first `room`, or a negative errno. load: configured and not started; refuses with
     * -EPROTO, changing nothing, what it does not know to the last byte. Bytes are the driver's own,
     * versioned by it.
     */
    int64_t (*save)(struct sriov_net *net, void *bytes, uint64_t room);
    int (*load)(struct sriov_net *net, const void *bytes, uint64_t len);
};

/*
 * For drivers: halt the queues before touching rings that a queue thread may be in, and let them
 * run again. Park returns once no burst is under way (bounded by one burst). Bursts move nothing
 * while parked. Twice is once.
 */
SRIOV_API void sriov_net_park(struct sriov_net *net);
SRIOV_API void sriov_net_unpark(struct sriov_net *net);
/* Attach interrupt callbacks for vectors 0 to n-1 that set net->wake. */
SRIOV_API int sriov_net_attach_irqs(struct sriov_net *net, uint32_t n);

/* A PF as its driver sees it. */
struct sriov_pf {
    struct sriov_fn *fn;               /* (core) */
    const struct sriov_driver *driver; /* (core) */
    void *priv;                        /* (core) */
    struct sriov_pf_opts opts;         /* (core) */
    uint16_t num_vfs;                  /* (core) enabled now */
    bool up;                           /* (core) administrative state */
    struct sriov_link link;
};

struct sriov_pf_ops {
    int (*attach)(struct sriov_pf *pf); /* required */
    void (*detach)(struct sriov_pf *pf);
    /* Required. Device side of VF Enable, called before (prepare) and after (ready) the core sets
     * it in the SR-IOV capability. n 0 undoes, in reverse: ready(0), VF Enable off, prepare(0). */
    int (*vfs_prepare)(struct sriov_pf *pf, uint16_t n);
    int (*vfs_ready)(struct sriov_pf *pf, uint16_t n);
    uint32_t (*poll)(struct sriov_pf *pf); /* required */
    int (*set_up)(struct sriov_pf *pf, bool up);
    int (*reset)(struct sriov_pf *pf);
    int (*set_vf_mac)(struct sriov_pf *pf, uint16_t vf, const struct sriov_mac *mac);
    int (*set_vf_vlan)(struct sriov_pf *pf, uint16_t vf, uint16_t vid);
    int (*set_vf_trust)(struct sriov_pf *pf, uint16_t vf, bool trusted);
    int (*set_vf_spoof_check)(struct sriov_pf *pf, uint16_t vf, bool on);
    int (*get_vf)(struct sriov_pf *pf, uint16_t vf, struct sriov_pf_vf_info *info);
    uint32_t (*stats)(struct sriov_pf *pf, struct sriov_stat *out, uint32_t room);
    /* vids: n of them, rising, 1 to 4094, in the core's memory; 0: no list. There is no port VLAN. */
    int (*set_vf_trunk)(struct sriov_pf *pf, uint16_t vf, const uint16_t *vids, uint16_t n);
    int (*set_vf_rate)(struct sriov_pf *pf, uint16_t vf, uint32_t mbps);
    int (*set_vf_link)(struct sriov_pf *pf, uint16_t vf, enum sriov_pf_vf_link link);
    int (*set_vf_rx_mode)(struct sriov_pf *pf, uint16_t vf, enum sriov_rx_mode most);
    uint32_t (*vf_stats)(struct sriov_pf *pf, uint16_t vf, struct sriov_stat *out, uint32_t room);
    /* cb NULL: none. */
    int (*set_event_sink)(struct sriov_pf *pf, void (*cb)(void *arg, const struct sriov_pf_event *event),
                          void *arg);
    int (*shut_vf)(struct sriov_pf *pf, uint16_t vf);
    int (*readmit_vf)(struct sriov_pf *pf, uint16_t vf);
    /* As sriov_pf_get_vf_trunk. */
    int (*get_vf_trunk)(struct sriov_pf *pf, uint16_t vf, uint16_t *vids, uint16_t room);
};

#ifdef __cplusplus
}
#endif
#endif
