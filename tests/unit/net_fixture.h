/* SPDX-License-Identifier: BSD-3-Clause */
/* A function, a pool and the fake net driver on it. */
#ifndef NET_FIXTURE_H
#define NET_FIXTURE_H

#include "fake_driver.h"

struct net_ctx {
    struct fake *f;
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
};

struct sriov_net_config net_config(const struct net_ctx *c);
struct fake_net *net_driver(const struct net_ctx *c);
void net_open(struct net_ctx *c);
/* Open, configure, start. */
void net_up(struct net_ctx *c, uint32_t flags, uint16_t queues);
void net_down(struct net_ctx *c);
/* cmocka setup and teardown: a struct net_ctx with fn and pool as *state. */
int net_setup(void **state);
int net_teardown(void **state);

#endif
