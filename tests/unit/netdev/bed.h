/* SPDX-License-Identifier: BSD-3-Clause */
/* Both ends of a veth pair, each a net device of one shim. */
#ifndef NETDEV_BED_H
#define NETDEV_BED_H

#include "veth.h"

#include <sriov/log.h>
#include <sriov/net.h>
#include <sriov/netdev.h>

/* Of all that is awaited; a loaded machine takes its time. */
#define PATIENCE UINT64_C(20000000000)
#define MS       UINT64_C(1000000)

struct end {
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
    uint32_t events; /* of sriov_net_poll, or-ed */
};

struct bed {
    struct sriov_vmm *vmm;
    struct end a;
    struct end b;
};

/* Once, before the tests: exits with 77 where there can be no pair. */
void bed_enter(void);
/* cmocka's set-up and tear-down: both ends started, polled mode. */
int bed_up(void **state);
int bed_down(void **state);
int bed_open(struct bed *bed, struct end *end, const char *name, uint32_t flags, uint32_t bufs);
void bed_close(struct end *end);

/* A frame from end to an address, `fill` bytes behind the EtherType; the first four are the number. */
struct sriov_buf *bed_frame(struct end *end, const struct sriov_mac *to, uint32_t number, uint32_t fill);
void bed_send(struct end *end, const struct sriov_mac *to, uint32_t number, uint32_t fill);
struct sriov_mac bed_mac(struct end *end);
/* The next frame that comes to end, within PATIENCE; else the test fails. */
struct sriov_buf *bed_receive(struct bed *bed, struct end *end);
/* It is number, and its bytes are as bed_frame made them. Freed. */
void bed_check(struct sriov_buf *buf, uint32_t number, uint32_t fill);
/* A frame sent now arrives, and none before it. */
void bed_nothing_came(struct bed *bed, struct end *from, struct end *to);
uint64_t bed_stat(struct end *end, const char *name);
/* Polls both until the bits came to end. */
void bed_await(struct bed *bed, struct end *end, uint32_t events);
bool bed_link(struct end *end);
/* Polls both until end's link is so. */
void bed_await_link(struct bed *bed, struct end *end, bool up);

#endif
