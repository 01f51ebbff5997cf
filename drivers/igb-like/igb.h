/* SPDX-License-Identifier: BSD-3-Clause */
/* PF driver of the 82576: what its files share. */
#ifndef IGB_H
#define IGB_H

#include "intel/pf_engine.h"

#include <sriov/hw/igb_regs.h>

/* igb_port.c */
int igb_reset(struct sri_pf *p);
int igb_start(struct sri_pf *p);
void igb_quiet(struct sri_pf *p);
void igb_announce(struct sri_pf *p);
bool igb_read_link(struct sri_pf *p, struct sriov_link *link);
/* Receive and transmit of the whole port. */
void igb_traffic(struct sri_pf *p, bool on);

/* Bounded wait until all of `clear` read 0 and all of `set` 1. */
int igb_await(struct sri_pf *p, uint32_t reg, uint32_t clear, uint32_t set, uint64_t limit_ns);

/* igb_phy.c: the internal PHY */
int igb_phy_link(struct sri_pf *p, bool on);

/* igb_pools.c */
void igb_pools(struct sri_pf *p);
void igb_put_rar(struct sri_pf *p, uint16_t i);
void igb_put_vlan(struct sri_pf *p, uint16_t i);
void igb_put_vf(struct sri_pf *p, uint16_t vf);
void igb_put_traffic(struct sri_pf *p, uint16_t vf, bool on);
uint32_t igb_tx_queues(struct sri_pf *p, uint16_t vf);
void igb_put_rate(struct sri_pf *p, uint16_t vf, uint32_t factor);
void igb_irq_on(struct sri_pf *p);
void igb_irq_ack(struct sri_pf *p);

/* igb_guard.c */
void igb_put_rings(struct sri_pf *p, uint16_t vf, bool on);
void igb_watch_on(struct sri_pf *p);
void igb_watch(struct sri_pf *p);

#endif
