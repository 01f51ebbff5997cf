/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A function opened for class net, with one queue pair, a pool and an echo session on it: from the
 * name of a function to answered pings. One thread.
 */
#ifndef ECHO_PORT_H
#define ECHO_PORT_H

#include "echo.h"

#include <sriov/drivers.h>

struct echo_port;

struct echo_port_opts {
    uint32_t ip;                               /* own address, host order */
    uint32_t fn_flags;                         /* struct sriov_fn_opts.flags */
    const char *fn_options;                    /* struct sriov_fn_opts.options */
    uint16_t mtu;                              /* 0: 1500 */
    uint16_t ring;                             /* descriptors each way; 0: 256 */
    bool interrupts;                           /* wait for receive interrupts; else poll */
    const struct sriov_driver *const *drivers; /* NULL: every VF driver of the library */
    void (*on_events)(void *arg, struct echo_port *port, uint32_t events); /* may be NULL */
    /* Sees every frame, received (sent false) or handed to the driver; may be NULL. */
    void (*on_frame)(void *arg, bool sent, const uint8_t *frame, uint32_t len);
    void *arg;
};

/* What was being done when echo_port_open failed. */
enum echo_port_step {
    ECHO_PORT_OPEN = 1, /* sriov_fn_open */
    ECHO_PORT_POOL,     /* DMA memory */
    ECHO_PORT_DRIVER,   /* sriov_net_open */
    ECHO_PORT_CONFIGURE,
    ECHO_PORT_START,
    ECHO_PORT_MEMORY, /* of this program */
};

/* How the port waited: shows whether interrupts are the ones that woke it. */
struct echo_port_waits {
    uint64_t waits;   /* in interrupt mode, for a frame */
    uint64_t woken;   /* ended by an interrupt */
    uint64_t useless; /* of these: no frame was there */
};

/* Opens, configures and starts. On failure nothing is held and *step says where it ended. */
int echo_port_open(struct sriov_vmm *vmm, const char *name, const struct echo_port_opts *opts,
                   struct echo_port **out, enum echo_port_step *step);
/* Gives all back. Returns what was leaked: buffers still out and DMA mappings; 0 is clean. */
int echo_port_close(struct echo_port *port);

/*
 * One turn: house-keeping when due, a burst of received frames, what the session has to send.
 * Returns SRIOV_NET_EV_* bits.
 */
uint32_t echo_port_turn(struct echo_port *port);
/* Until a frame, the next thing the session has to do, or most_ns. */
void echo_port_wait(struct echo_port *port, uint64_t most_ns);
/* Turns until the link is up: 0, -ETIMEDOUT, -ENODEV. */
int echo_port_wait_link(struct echo_port *port, uint64_t timeout_ns);

/* The function is gone or its owner wants it back: close the port. */
bool echo_port_must_end(const struct echo_port *port);
bool echo_port_gone(const struct echo_port *port);

struct echo_session *echo_port_session(struct echo_port *port);
struct sriov_net *echo_port_net(struct echo_port *port);
struct sriov_fn *echo_port_fn(struct echo_port *port);
bool echo_port_polls(const struct echo_port *port);
const struct echo_port_waits *echo_port_waits(const struct echo_port *port);
uint64_t echo_port_now(struct echo_port *port);

#endif
