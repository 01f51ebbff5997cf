/* SPDX-License-Identifier: BSD-3-Clause */
/* PF driver of the 82599: what its files share. */
#ifndef IXGBE_H
#define IXGBE_H

#include "intel/pf_engine.h"

#include <sriov/hw/ixgbe_regs.h>

/* ixgbe_port.c */
int ixgbe_reset(struct sri_pf *p);
int ixgbe_start(struct sri_pf *p);
void ixgbe_quiet(struct sri_pf *p);
void ixgbe_announce(struct sri_pf *p);
bool ixgbe_read_link(struct sri_pf *p, struct sriov_link *link);
/* Receive and transmit of the whole port; off is bounded by the drain of the receive path. */
void ixgbe_traffic(struct sri_pf *p, bool on);

/* ixgbe_pools.c */
void ixgbe_pools(struct sri_pf *p);
void ixgbe_put_rar(struct sri_pf *p, uint16_t i);
void ixgbe_put_vlan(struct sri_pf *p, uint16_t i);
void ixgbe_put_vf(struct sri_pf *p, uint16_t vf);
void ixgbe_put_traffic(struct sri_pf *p, uint16_t vf, bool on);
uint32_t ixgbe_tx_queues(struct sri_pf *p, uint16_t vf);
void ixgbe_put_rate(struct sri_pf *p, uint16_t vf, uint32_t factor);
void ixgbe_irq_on(struct sri_pf *p);
void ixgbe_irq_ack(struct sri_pf *p);

/* Queues of each VF, that it may use or not. */
uint32_t ixgbe_pool_queues(const struct sri_pf *p);

/* ixgbe_guard.c, ixgbe_stuck.c */
void ixgbe_look_for_stuck(struct sri_pf *p);
void ixgbe_put_rings(struct sri_pf *p, uint16_t vf, bool on);
void ixgbe_watch_on(struct sri_pf *p);
void ixgbe_watch(struct sri_pf *p);

#endif
