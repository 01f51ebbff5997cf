/* SPDX-License-Identifier: BSD-3-Clause */
/* A net and a PF driver without a device: they record what the core asks of them. */
#ifndef FAKE_DRIVER_H
#define FAKE_DRIVER_H

#include "fake_vmm.h"

struct fake_rxq {
    struct sriov_rxq base; /* first */
    struct sriov_pool *pool;
    _Atomic uint32_t inside; /* threads in the burst now */
};

struct fake_txq {
    struct sriov_txq base;
    _Atomic uint32_t inside;
};

/* Private memory of the net driver; also what the test steers it with. */
struct fake_net {
    struct fake_rxq rx[SRIOV_NET_QUEUES_MAX];
    struct fake_txq tx[SRIOV_NET_QUEUES_MAX];
    char calls[256]; /* "attach configure start ..." */
    struct sriov_mac mac_asked;
    bool running;
    uint32_t poll_events; /* what the next poll reports */
    int arm;              /* what rx_arm returns */
};

/* Set before sriov_net_open: read by the driver's ops. */
struct fake_net_plan {
    int attach;
    int configure;
    int start; /* 0, -EAGAIN or an error */
    int set_mac;
    uint16_t grant_queues; /* 0: as asked */
    uint16_t vectors;
    bool bad_queue; /* leave a hole in rxq[] */
};
extern struct fake_net_plan fake_net_plan;

extern const struct sriov_driver fake_net_driver;
extern const struct sriov_driver fake_bare_driver; /* required ops only */
extern const struct sriov_driver *const fake_net_drivers[];
extern const struct sriov_driver *const fake_bare_drivers[];

struct fake_pf_plan {
    int attach;
    int prepare;
    int ready;
    uint16_t port_vlan; /* that every VF tells to have */
    uint16_t trunk_vids;
    char calls[256]; /* "attach prepare4 ready4 ..." */
};
extern struct fake_pf_plan fake_pf_plan;
extern const struct sriov_driver *const fake_pf_drivers[];
extern const struct sriov_driver *const fake_bare_pf_drivers[];

#endif
