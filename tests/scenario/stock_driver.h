/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Register accesses as the drivers of Linux and DPDK make them, in their order, on a VF that our PF driver
 * serves: facts of Linux 6.1 (drivers/net/ethernet/intel/ixgbevf, igbvf) and of DPDK (drivers/net/ixgbe). A
 * model that reports any of them, or a PF that answers otherwise than they expect, fails the test.
 */
#ifndef STOCK_DRIVER_H
#define STOCK_DRIVER_H

#include "vf_fixture.h"

#include <sriov/dma.h>

#define STOCK_SLOTS 8u
#define STOCK_ACK   0x80000000u
#define STOCK_NACK  0x40000000u
#define STOCK_CTS   0x20000000u

struct stock {
    struct vf_world *w;
    struct sriov_fn *fn;
    struct sriov_bar bar;
    struct sriov_dma memory;
    uint32_t mailbox, words; /* VFMAILBOX or V2PMAILBOX, and the memory */
    uint32_t flush;          /* VFSTATUS or VTSTATUS: read to flush writes */
    bool locked;             /* API 1.5: the lock is kept until the PF has acknowledged */
    uint32_t kept;           /* read-to-clear bits of the mailbox that nobody has asked for yet */
    uint32_t irqs[3];
    uint32_t rx_next, rx_use, tx_use;
    uint32_t slots;
};

/* The address that the tests have the PF give VF n, and as it stands in a message. */
struct sriov_mac stock_mac(uint16_t vf);
uint32_t stock_low(const struct sriov_mac *m);
uint32_t stock_high(const struct sriov_mac *m);
/* Two VFs with these addresses. */
void stock_world(struct vf_world *w, const char *model);

void stock_open(struct stock *s, struct vf_world *w, uint16_t vf, bool ixgbe);
void stock_close(struct stock *s);
void stock_wr(struct stock *s, uint32_t off, uint32_t value);
uint32_t stock_rd(struct stock *s, uint32_t off);
void stock_flush(struct stock *s);
void stock_sleep(struct stock *s, uint64_t ns);
/* Reset by register, then wait while RSTI or RSTD show. */
void stock_reset(struct stock *s, uint32_t ctrl);

/* A request and its answer, in the same words; returns the header of the answer without CTS. */
uint32_t stock_ask(struct stock *s, uint32_t *words, uint32_t n, uint32_t m);
/* The same with up to two words of arguments, n words each way; and when it must be granted. */
uint32_t stock_ask3(struct stock *s, uint32_t header, uint32_t word1, uint32_t word2, uint32_t n);
void stock_granted(struct stock *s, uint32_t header, uint32_t word1, uint32_t word2, uint32_t n);
/* What the watchdog makes of the memory: -1 is an error that leads to a reset. */
int stock_check_link(struct stock *s, bool *up);

/* Rings in the driver's memory; queue 0 with the registers' blocks at these offsets. */
uint64_t stock_rx_ring(const struct stock *s);
uint64_t stock_tx_ring(const struct stock *s);
/* Fill the ring but for one, the address alone in each descriptor, and move the tail. */
void stock_refill(struct stock *s, uint32_t rdt);
void stock_send(struct stock *s, uint32_t tdt, const struct sriov_mac *dst, const struct sriov_mac *src,
                uint32_t len);
/* The next frame's length, once DD shows; 0: none. */
uint32_t stock_receive(struct stock *s);

#endif
