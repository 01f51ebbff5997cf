/* SPDX-License-Identifier: BSD-3-Clause */
#include "net_fixture.h"

static struct net_ctx net_here;

struct sriov_net_config net_config(const struct net_ctx *c)
{
    struct sriov_net_config config = {.size = sizeof(config), .pool = c->pool};

    return config;
}

struct fake_net *net_driver(const struct net_ctx *c)
{
    return c->net->priv;
}

void net_open(struct net_ctx *c)
{
    assert_int_equal(sriov_net_open(c->fn, fake_net_drivers, &c->net), 0);
}

void net_up(struct net_ctx *c, uint32_t flags, uint16_t queues)
{
    struct sriov_net_config config = net_config(c);

    config.flags = flags;
    config.queues = queues;
    net_open(c);
    assert_int_equal(sriov_net_configure(c->net, &config), 0);
    assert_int_equal(sriov_net_start(c->net), 0);
}

void net_down(struct net_ctx *c)
{
    sriov_net_close(c->net);
    c->net = NULL;
}

int net_setup(void **state)
{
    struct sriov_pool_opts opts = {.size = sizeof(opts), .count = 64, .buf_size = 256};

    memset(&net_here, 0, sizeof(net_here));
    memset(&fake_net_plan, 0, sizeof(fake_net_plan));
    fake_setup((void **)&net_here.f);
    net_here.fn = fake_open(net_here.f, NULL);
    assert_int_equal(sriov_pool_create(net_here.fn, &opts, &net_here.pool), 0);
    *state = &net_here;
    return 0;
}

/* Everything must be back: buffers, vectors, memory. */
int net_teardown(void **state)
{
    (void)state;
    assert_null(net_here.net);
    assert_int_equal(sriov_pool_destroy(net_here.pool), 0);
    assert_int_equal(net_here.f->irq_on, 0);
    assert_int_equal(sriov_fn_close(net_here.fn), 0);
    return fake_teardown((void **)&net_here.f);
}
