/* SPDX-License-Identifier: BSD-3-Clause */
/* One VF of the forwarder: open, a turn of house-keeping, statistics, close. */
#ifndef FORWARD_PORT_H
#define FORWARD_PORT_H

#include <sriov/net.h>

struct port {
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
    const char *name;
    struct sriov_mac mac;
    bool ready; /* link up and no recovery under way */
    bool end;   /* gone, or wanted back by its owner */
    uint64_t forwarded;
    uint64_t foreign; /* frames that were not addressed to this port */
    uint64_t dropped; /* no buffer or no descriptor at the other port */
};

/* 0 or a negative errno, said on stderr; port_close takes back what is there in either case. */
int port_open(struct port *port, struct sriov_vmm *vmm, const char *name);
/* Returns the number of leaks. */
int port_close(struct port *port);

/* Link, mailbox, recovery; prints what happened. */
void port_poll(struct port *port);
/* What came in at `from` leaves through `to`, addressed to whom it came from. Returns the frames. */
uint16_t port_forward(struct port *from, struct port *to);
void port_print(struct port *port);

#endif
