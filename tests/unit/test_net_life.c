/* SPDX-License-Identifier: BSD-3-Clause */
/* Class net from open to close: drivers chosen, configuration, start, stop, recovery, removal. */
#include "net_fixture.h"

static void test_open(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_net *second;

    net_open(c);
    assert_string_equal(sriov_net_driver_name(c->net), "fake-net");
    assert_ptr_equal(sriov_net_fn(c->net), c->fn);
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_ATTACHED);
    assert_null(sriov_net_rxq(c->net, 0));
    assert_null(sriov_net_txq(c->net, 0));
    assert_int_equal(sriov_net_open(c->fn, fake_net_drivers, &second), -EBUSY);
    assert_null(second);
    net_down(c);
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_DETACHED);
    net_open(c); /* once more on the same function */
    net_down(c);
}

static void test_open_errors(void **state)
{
    static const struct sriov_driver *const none[] = {NULL};
    struct net_ctx *c = *state;
    struct sriov_driver broken = fake_net_driver;
    struct sriov_net_ops ops = *fake_net_driver.net;
    const struct sriov_driver *const list[] = {&broken, NULL};
    long live = c->f->live_allocs;

    assert_int_equal(sriov_net_open(c->fn, none, &c->net), -ENOENT);
    assert_int_equal(sriov_net_open(c->fn, NULL, &c->net), -ENOENT);
    assert_int_equal(sriov_net_open(NULL, fake_net_drivers, &c->net), -EINVAL);
    assert_int_equal(sriov_net_open(c->fn, fake_net_drivers, NULL), -EINVAL);
    fake_net_plan.attach = -EPROTO;
    assert_int_equal(sriov_net_open(c->fn, fake_net_drivers, &c->net), -EPROTO);
    fake_net_plan.attach = 0;
    broken.net = &ops;
    ops.poll = NULL;
    assert_int_equal(sriov_net_open(c->fn, list, &c->net), -EINVAL);
    broken.net = NULL;
    assert_int_equal(sriov_net_open(c->fn, list, &c->net), -EINVAL);
    for (int k = 1; k <= 2; k++) {
        c->f->fail_alloc = c->f->alloc_calls + k;
        assert_int_equal(sriov_net_open(c->fn, fake_net_drivers, &c->net), -ENOMEM);
    }
    c->f->fail_alloc = 0;
    assert_null(c->net);
    assert_int_equal(c->f->live_allocs, live);
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_DETACHED);
    sriov_fn_kill(c->fn);
    assert_int_equal(sriov_net_open(c->fn, fake_net_drivers, &c->net), -ENODEV);
    sriov_net_close(NULL);
}

static void test_defaults_and_info(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_net_config config = net_config(c);
    struct sriov_net_info info = {.size = sizeof(info)};

    net_open(c);
    assert_int_equal(sriov_net_configure(c->net, &config), 0);
    assert_int_equal(c->net->config.rx_desc, 512);
    assert_int_equal(c->net->config.tx_desc, 512);
    assert_int_equal(sriov_net_get_info(c->net, &info), 0);
    assert_int_equal(info.size, sizeof(info));
    assert_int_equal(info.mtu, 1500);
    assert_int_equal(info.max_mtu, 9000);
    assert_int_equal(info.queues, 1);
    assert_int_equal(info.max_queues, 4);
    assert_int_equal(info.mailbox_api, 0x0105);
    assert_int_equal(info.mac.b[5], 0x55);
    assert_false(info.link.up);
    assert_int_equal(sriov_net_start(c->net), 0);
    assert_int_equal(sriov_net_get_info(c->net, &info), 0);
    assert_true(info.link.up);
    info.size = 4;
    assert_int_equal(sriov_net_get_info(c->net, &info), -EINVAL);
    assert_int_equal(sriov_net_get_info(c->net, NULL), -EINVAL);
    net_down(c);
}

static void refused(struct net_ctx *c, struct sriov_net_config config)
{
    assert_int_equal(sriov_net_configure(c->net, &config), -EINVAL);
    assert_null(sriov_net_rxq(c->net, 0));
}

static void test_bad_configs(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_net_config good = net_config(c);
    struct sriov_net_config bad;

    net_open(c);
#define BAD(member, value)                                                                                   \
    do {                                                                                                     \
        bad = good;                                                                                          \
        bad.member = value;                                                                                  \
        refused(c, bad);                                                                                     \
    } while (0)
    BAD(pool, NULL);
    BAD(rx_desc, 63);
    BAD(rx_desc, 100);
    BAD(tx_desc, 8192);
    BAD(tx_desc, 32);
    BAD(mtu, 9001);
    BAD(mtu, 67);
    BAD(flags, 4);
    BAD(size, 8);
#undef BAD
    assert_int_equal(sriov_net_configure(c->net, NULL), -EINVAL);
    assert_int_equal(sriov_net_start(c->net), -EINVAL); /* not configured */
    net_down(c);
}

static void test_foreign_pool(void **state)
{
    struct net_ctx *c = *state;
    struct fake *other = NULL;
    struct sriov_fn *fn;
    struct sriov_pool_opts opts = {.size = sizeof(opts), .count = 1};
    struct sriov_net_config config = net_config(c);

    fake_setup((void **)&other);
    fn = fake_open(other, NULL);
    assert_int_equal(sriov_pool_create(fn, &opts, &config.pool), 0);
    net_open(c);
    refused(c, config);
    net_down(c);
    assert_int_equal(sriov_pool_destroy(config.pool), 0);
    assert_int_equal(sriov_fn_close(fn), 0);
    fake_teardown((void **)&other);
}

static void test_queues_granted(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_net_config config = net_config(c);

    net_open(c);
    config.queues = 100; /* the device has 4 */
    assert_int_equal(sriov_net_configure(c->net, &config), 0);
    assert_non_null(sriov_net_rxq(c->net, 3));
    assert_int_equal(sriov_net_rxq(c->net, 3)->index, 3);
    assert_null(sriov_net_rxq(c->net, 4));
    fake_net_plan.grant_queues = 2;
    assert_int_equal(sriov_net_configure(c->net, &config), 0);
    assert_non_null(sriov_net_txq(c->net, 1));
    assert_null(sriov_net_txq(c->net, 2));
    /* A driver that breaks its contract. */
    fake_net_plan.grant_queues = 5;
    assert_int_equal(sriov_net_configure(c->net, &config), -EPROTO);
    assert_null(sriov_net_rxq(c->net, 0));
    fake_net_plan.grant_queues = 0;
    fake_net_plan.bad_queue = true;
    assert_int_equal(sriov_net_configure(c->net, &config), -EPROTO);
    fake_net_plan.bad_queue = false;
    fake_net_plan.configure = -ENOMEM;
    assert_int_equal(sriov_net_configure(c->net, &config), -ENOMEM);
    assert_int_equal(sriov_net_start(c->net), -EINVAL);
    assert_string_equal(net_driver(c)->calls, "attach configure release configure release configure release "
                                              "configure release configure ");
    net_down(c);
}

static void test_start_stop(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_net_config config = net_config(c);
    struct sriov_buf *b[4];
    struct sriov_rxq *q;

    net_open(c);
    assert_int_equal(sriov_net_configure(c->net, &config), 0);
    q = sriov_net_rxq(c->net, 0);
    assert_int_equal(sriov_rx_burst(q, b, 4), 0); /* nothing moves before start */
    assert_int_equal(sriov_net_start(c->net), 0);
    assert_int_equal(sriov_net_start(c->net), 0);
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_STARTED);
    assert_ptr_equal(q->burst, q->active); /* one thread: no guard on the way */
    assert_int_equal(sriov_net_configure(c->net, &config), -EBUSY);
    assert_int_equal(sriov_net_set_mtu(c->net, 1000), -EBUSY);
    assert_int_equal(sriov_rx_burst(q, b, 4), 1);
    assert_int_equal(sriov_tx_burst(sriov_net_txq(c->net, 0), b, 1), 1);
    assert_int_equal(sriov_net_stop(c->net), 0);
    assert_int_equal(sriov_net_stop(c->net), 0);
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_STOPPED);
    assert_int_equal(sriov_rx_burst(q, b, 4), 0);
    assert_int_equal(sriov_tx_burst(sriov_net_txq(c->net, 0), b, 1), 0);
    assert_int_equal(sriov_net_start(c->net), 0);
    assert_string_equal(net_driver(c)->calls, "attach configure start stop start ");
    net_down(c); /* stops by itself */
}

static void test_start_fails(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_net_config config = net_config(c);
    struct sriov_buf *b[1];

    net_open(c);
    assert_int_equal(sriov_net_configure(c->net, &config), 0);
    fake_net_plan.start = -EPROTO;
    assert_int_equal(sriov_net_start(c->net), -EPROTO);
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_ATTACHED);
    assert_false(c->net->started);
    assert_int_equal(sriov_rx_burst(sriov_net_rxq(c->net, 0), b, 1), 0);
    net_down(c);
}

/* A silent PF: started, link down, queues parked until the driver's poll brings it up. */
static void test_late_start(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_net_config config = net_config(c);
    struct sriov_buf *b[1];

    net_open(c);
    assert_int_equal(sriov_net_configure(c->net, &config), 0);
    fake_net_plan.start = -EAGAIN;
    assert_int_equal(sriov_net_start(c->net), 0);
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_STARTED);
    assert_int_equal(sriov_rx_burst(sriov_net_rxq(c->net, 0), b, 1), 0);
    assert_int_equal(sriov_net_poll(c->net), 0);
    fake_net_plan.start = 0;
    assert_int_equal(sriov_net_poll(c->net), SRIOV_NET_EV_LINK);
    assert_int_equal(sriov_rx_burst(sriov_net_rxq(c->net, 0), b, 1), 1);
    sriov_buf_free(b[0]);
    net_down(c);
}

static void test_recovery(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_rxq *q;
    struct sriov_mac mac = {{2, 0, 0, 0, 0, 1}};

    net_up(c, 0, 1);
    q = sriov_net_rxq(c->net, 0);
    net_driver(c)->poll_events = SRIOV_NET_EV_RECOVERING;
    assert_int_equal(sriov_net_poll(c->net), SRIOV_NET_EV_RECOVERING);
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_RECOVERING);
    assert_int_equal(sriov_net_set_mac(c->net, &mac), -EAGAIN);
    net_driver(c)->poll_events = SRIOV_NET_EV_RECOVERED | SRIOV_NET_EV_LINK;
    assert_int_equal(sriov_net_poll(c->net), SRIOV_NET_EV_RECOVERED | SRIOV_NET_EV_LINK);
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_STARTED);
    assert_ptr_equal(sriov_net_rxq(c->net, 0), q);
    assert_int_equal(sriov_net_poll(c->net), 0); /* reported once */
    net_driver(c)->poll_events = SRIOV_NET_EV_RECOVERING | SRIOV_NET_EV_RECOVERED;
    assert_int_equal(sriov_net_poll(c->net), SRIOV_NET_EV_RECOVERING | SRIOV_NET_EV_RECOVERED);
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_STARTED);
    /* Stopped in the middle. */
    net_driver(c)->poll_events = SRIOV_NET_EV_RECOVERING;
    (void)sriov_net_poll(c->net);
    assert_int_equal(sriov_net_stop(c->net), 0);
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_STOPPED);
    net_down(c);
}

static void test_removal(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_net_config config = net_config(c);
    struct sriov_mac mac = {{2, 0, 0, 0, 0, 1}};
    struct sriov_buf *b[1];
    struct sriov_stat stats[32];
    char calls[256];

    net_up(c, 0, 2);
    fake_event(c->f, SRIOV_EVENT_REMOVE_ASKED);
    assert_int_equal(sriov_net_poll(c->net), SRIOV_NET_EV_REMOVE);
    assert_int_equal(sriov_net_poll(c->net), 0);
    fake_event(c->f, SRIOV_EVENT_REMOVED);
    strcpy(calls, net_driver(c)->calls);
    assert_int_equal(sriov_net_poll(c->net), SRIOV_NET_EV_GONE);
    assert_int_equal(sriov_net_poll(c->net), SRIOV_NET_EV_GONE);
    assert_false(c->net->link.up);
    assert_int_equal(sriov_rx_burst(sriov_net_rxq(c->net, 0), b, 1), 0);
    assert_int_equal(sriov_rx_burst(sriov_net_rxq(c->net, 1), b, 1), 0);
    sriov_net_unpark(c->net);
    assert_int_equal(sriov_rx_burst(sriov_net_rxq(c->net, 0), b, 1), 0);
    assert_int_equal(sriov_net_set_mac(c->net, &mac), -ENODEV);
    assert_int_equal(sriov_net_configure(c->net, &config), -ENODEV);
    assert_int_equal(sriov_net_rx_wait(c->net, 1), -ENODEV);
    assert_int_equal(sriov_net_rx_arm(c->net, 0), -ENODEV);
    assert_int_equal(sriov_net_set_eventfd(c->net, 0, 3), -ENODEV);
    assert_true(sriov_net_stats(c->net, stats, 32) > 8);
    assert_int_equal(sriov_net_stop(c->net), -ENODEV);
    assert_int_equal(sriov_net_start(c->net), -ENODEV);
    assert_string_equal(net_driver(c)->calls, calls); /* no op but detach */
    net_down(c);
}

static void test_bare_driver(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_net_config config = net_config(c);
    struct sriov_mac mac = {{2, 0, 0, 0, 0, 1}};
    struct sriov_stat stats[16];

    assert_int_equal(sriov_net_open(c->fn, fake_bare_drivers, &c->net), 0);
    assert_int_equal(sriov_net_set_mac(c->net, &mac), -EOPNOTSUPP);
    assert_int_equal(sriov_net_set_multicast(c->net, NULL, 0), -EOPNOTSUPP);
    assert_int_equal(sriov_net_set_vlan(c->net, 1, true), -EOPNOTSUPP);
    assert_int_equal(sriov_net_set_mtu(c->net, 1000), -EOPNOTSUPP);
    assert_int_equal(sriov_net_set_rx_mode(c->net, SRIOV_RX_NONE), -EOPNOTSUPP);
    assert_int_equal(sriov_net_stats(c->net, stats, 16), 8);
    assert_int_equal(sriov_net_configure(c->net, &config), 0);
    assert_int_equal(sriov_net_start(c->net), 0);
    assert_int_equal(sriov_net_stop(c->net), 0);
    net_down(c);
}

#define T(name) cmocka_unit_test_setup_teardown(name, net_setup, net_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_open),         T(test_open_errors),    T(test_defaults_and_info), T(test_bad_configs),
        T(test_foreign_pool), T(test_queues_granted), T(test_start_stop),        T(test_start_fails),
        T(test_late_start),   T(test_recovery),       T(test_removal),           T(test_bare_driver),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
