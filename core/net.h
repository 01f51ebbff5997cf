/* SPDX-License-Identifier: BSD-3-Clause */
/* Class net among its own files. */
#ifndef SRIC_NET_H
#define SRIC_NET_H

#include "core.h"

struct sric_net {
    struct sriov_net net;     /* first: a driver's pointer is ours */
    struct sriov_net_ops ops; /* normalised */
    bool tx_held;             /* sriov_net_quiesce_tx; both halves when the state is quiesced */
};

static inline struct sric_net *sric_net_of(struct sriov_net *net)
{
    return (struct sric_net *)(void *)net;
}

/* -EINVAL when a required op is missing. */
int sric_net_take_ops(struct sric_net *self, const struct sriov_net_ops *ops);
/* Number the queues that a driver has just made and leave them parked; -EPROTO when it made fewer
 * than it granted. */
int sric_net_init_queues(struct sriov_net *net);
/* One direction of sriov_net_park and sriov_net_unpark. */
void sric_net_park_rx(struct sriov_net *net);
void sric_net_park_tx(struct sriov_net *net);
void sric_net_unpark_rx(struct sriov_net *net);
void sric_net_unpark_tx(struct sriov_net *net);
/* Payload bytes that the device can carry. */
bool sric_net_mtu_ok(const struct sriov_net *net, uint16_t mtu);

#endif
