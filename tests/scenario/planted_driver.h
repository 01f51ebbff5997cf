/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small driver that programs one receive and one transmit ring of a VF by hand, correct by
 * default, with one bug planted on request: what the strict mock must catch and name.
 */
#ifndef PLANTED_DRIVER_H
#define PLANTED_DRIVER_H

#include <sriov/dma.h>

#define PLANTED_RING   16u
#define PLANTED_BUFS   PLANTED_RING
#define PLANTED_BUFLEN 2048u

enum planted_bug {
    PLANTED_NONE = 0,
    PLANTED_TX_AFTER_UNMAP, /* the frame's buffer is freed as soon as the tail is written */
    PLANTED_RX_AFTER_UNMAP, /* a posted receive buffer is freed */
    PLANTED_TX_DIRECTION,   /* transmit buffers that the device may only write */
    PLANTED_RX_DIRECTION,   /* receive buffers that the device may only read */
    PLANTED_TX_TOO_LONG,    /* the descriptor says more bytes than are mapped */
    PLANTED_RX_TOO_LONG,    /* the device is told of larger buffers than there are */
    PLANTED_TX_TAIL_FIRST,  /* tail, then the descriptor */
    PLANTED_RX_TAIL_FIRST,  /* likewise, when a buffer is given back */
    PLANTED_TX_NO_BARRIER,  /* half of the descriptor reaches memory after the tail */
    PLANTED_RX_NOT_WAITING, /* payload and length are taken before DD is there */
    PLANTED_LEAK,           /* one buffer is never freed */
};

struct planted_regs {
    const char *model;
    uint32_t ctrl, mailbox, mailbox_memory, rx, tx, srrctl;
    uint32_t reset_reply_words;
};
extern const struct planted_regs planted_82599, planted_82576;

struct planted {
    const struct planted_regs *regs;
    enum planted_bug bug;
    struct sriov_fn *fn;
    struct sriov_bar bar;
    uint8_t mac[6];
    struct sriov_dma rx_ring, tx_ring;
    struct sriov_dma rx_buf[PLANTED_BUFS], tx_buf[PLANTED_BUFS];
    uint32_t rx_next, tx_next, tx_clean; /* free-running */
    char leak_owner[64];                 /* what sriov_fn_close named */
    uint64_t leak_iova;
};

/* Opens the function, greets the PF, fills and enables both rings. */
int planted_open(struct planted *d, struct sriov_vmm *vmm, const char *name, const struct planted_regs *regs,
                 enum planted_bug bug);
/* One frame of len bytes; -EAGAIN: the ring is full. */
int planted_send(struct planted *d, const void *frame, uint32_t len);
/* One frame into out (PLANTED_BUFLEN bytes); its length, 0 when there is none. */
uint32_t planted_receive(struct planted *d, void *out);
/* Completed transmit descriptors since the last call. */
uint32_t planted_reap(struct planted *d);
/* Halts the rings, gives all back; the number of leaks that sriov_fn_close found. */
int planted_close(struct planted *d);

#endif
