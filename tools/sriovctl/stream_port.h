/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a stream goes over: one function, or a pair of a VF, which is looked for while it is not there, and a
 * standby. The pair is the core's (dnis.h); here functions are found, bound, opened and closed.
 */
#ifndef SRIOVCTL_STREAM_PORT_H
#define SRIOVCTL_STREAM_PORT_H

#include "cli.h"

#include <sriov/dnis.h>
#include <sriov/net.h>

struct stream_port_opts {
    const char *word;    /* the function; NULL: a pair */
    const char *match;   /* pair: "8086:10ed" */
    const char *standby; /* pair: "netdev:IFACE" or "virtio:BDF"; NULL: none */
    uint32_t address;    /* to announce; 0: the MAC alone */
    bool no_announce;
    uint64_t link_wait_ns;
    uint64_t drain_ns; /* the next four as in dnis.h; 0: its own */
    uint64_t settle_ns;
    uint64_t quiet_ns;
    uint64_t silence_ns;
    /* Something that the user wants to hear of, in words. */
    void (*tell)(void *arg, const char *text);
    void *arg;
};

struct stream_port;

/* CLI_OK, or CLI_USAGE with the line printed. */
int stream_port_open(struct cli *cli, const struct stream_port_opts *opts, struct stream_port **out);
void stream_port_close(struct stream_port *port);
/* House-keeping of devices; finds, takes and releases the VF. False: it cannot go on. */
bool stream_port_poll(struct stream_port *port);
/* False: not taken. */
bool stream_port_send(struct stream_port *port, const uint8_t *bytes, uint32_t len);
/* 0: nothing is there; else its length, of which the first `room` bytes are in bytes. */
uint32_t stream_port_receive(struct stream_port *port, uint8_t *bytes, uint32_t room);
struct sriov_mac stream_port_mac(const struct stream_port *port);
/* "vf", "standby" or "none" of a pair; the driver's name of a function. */
const char *stream_port_active(struct stream_port *port);
/* Its part of the report. */
json_t *stream_port_report(struct stream_port *port);

#endif
