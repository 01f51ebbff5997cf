/* SPDX-License-Identifier: BSD-3-Clause */
/* Class net while it runs: settings, counters, interrupt mode. */
#include "net_fixture.h"

static void test_settings(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_mac unicast = {{2, 0, 0, 0, 0, 1}};
    struct sriov_mac groups[2] = {{{1, 0, 0x5e, 0, 0, 1}}, {{0x33, 0x33, 0, 0, 0, 1}}};
    struct sriov_mac zero = {{0}};

    net_open(c);
    net_driver(c)->calls[0] = '\0';
    assert_int_equal(sriov_net_set_mac(c->net, &unicast), 0);
    assert_memory_equal(&net_driver(c)->mac_asked, &unicast, 6);
    assert_int_equal(sriov_net_set_mac(c->net, &groups[0]), -EINVAL);
    assert_int_equal(sriov_net_set_mac(c->net, &zero), -EINVAL);
    assert_int_equal(sriov_net_set_mac(c->net, NULL), -EINVAL);
    fake_net_plan.set_mac = -EACCES;
    assert_int_equal(sriov_net_set_mac(c->net, &unicast), -EACCES);
    assert_int_equal(sriov_net_set_multicast(c->net, groups, 2), 0);
    assert_int_equal(sriov_net_set_multicast(c->net, NULL, 0), 0);
    assert_int_equal(sriov_net_set_multicast(c->net, NULL, 1), -EINVAL);
    assert_int_equal(sriov_net_set_multicast(c->net, &unicast, 1), -EINVAL);
    assert_int_equal(sriov_net_set_vlan(c->net, 4095, true), 0);
    assert_int_equal(sriov_net_set_vlan(c->net, 0, false), 0);
    assert_int_equal(sriov_net_set_vlan(c->net, 4096, true), -EINVAL);
    assert_int_equal(sriov_net_set_mtu(c->net, 9000), 0);
    assert_int_equal(c->net->config.mtu, 9000);
    assert_int_equal(sriov_net_set_mtu(c->net, 9001), -EINVAL);
    assert_int_equal(sriov_net_set_mtu(c->net, 67), -EINVAL);
    assert_int_equal(sriov_net_set_rx_mode(c->net, SRIOV_RX_PROMISC), 0);
    assert_int_equal(sriov_net_set_rx_mode(c->net, (enum sriov_rx_mode)4), -EINVAL);
    assert_int_equal(sriov_net_set_rx_mode(c->net, (enum sriov_rx_mode) - 1), -EINVAL);
    assert_string_equal(net_driver(c)->calls, "multicast2 multicast0 vlan+4095 vlan-0 mtu9000 mode3 ");
    net_down(c);
}

static uint64_t value_of(const struct sriov_stat *stats, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(stats[i].name, name) == 0) {
            return stats[i].value;
        }
    }
    fail_msg("no counter %s", name);
    return 0;
}

static void test_stats(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_stat stats[32];
    struct sriov_buf *b[1];
    uint32_t n;

    net_up(c, 0, 2);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sriov_rx_burst(sriov_net_rxq(c->net, 1), b, 1), 1);
        assert_int_equal(sriov_tx_burst(sriov_net_txq(c->net, 0), b, 1), 1);
    }
    sriov_net_rxq(c->net, 0)->no_bufs = 4;
    sriov_net_rxq(c->net, 1)->bad = 5;
    sriov_net_txq(c->net, 0)->full = 6;
    sriov_net_txq(c->net, 1)->refused = 7;
    n = sriov_net_stats(c->net, stats, 32);
    assert_int_equal(n, 8 + 2 * 4 + 1);
    assert_string_equal(stats[0].name, "rx_packets");
    assert_int_equal(value_of(stats, n, "rx_packets"), 3);
    assert_int_equal(value_of(stats, n, "rx_bytes"), 180);
    assert_int_equal(value_of(stats, n, "tx_packets"), 3);
    assert_int_equal(value_of(stats, n, "tx_bytes"), 180);
    assert_int_equal(value_of(stats, n, "rx_no_bufs"), 4);
    assert_int_equal(value_of(stats, n, "rx_bad"), 5);
    assert_int_equal(value_of(stats, n, "tx_full"), 6);
    assert_int_equal(value_of(stats, n, "tx_refused"), 7);
    assert_int_equal(value_of(stats, n, "rx_q0_packets"), 0);
    assert_int_equal(value_of(stats, n, "rx_q1_packets"), 3);
    assert_int_equal(value_of(stats, n, "tx_q0_bytes"), 180);
    assert_int_equal(value_of(stats, n, "hw_good"), 7);
    /* However little room: the same count, nothing beyond the room. */
    for (uint32_t room = 0; room < n; room++) {
        memset(stats, 0x5a, sizeof(stats));
        assert_int_equal(sriov_net_stats(c->net, stats, room), n);
        assert_int_equal(stats[room].name[0], 0x5a);
    }
    assert_int_equal(sriov_net_stats(c->net, NULL, 5), n);
    net_down(c);
}

static void fire_0(struct fake *f)
{
    fake_irq(f, 0);
}

static void ask_removal(struct fake *f)
{
    fake_event(f, SRIOV_EVENT_REMOVE_ASKED);
}

static void remove_now(struct fake *f)
{
    fake_event(f, SRIOV_EVENT_REMOVED);
}

/* Something else is delivered each time; the clock moves. */
static void stir(struct fake *f)
{
    atomic_fetch_add(&f->now, 100);
}

static void test_rx_wait(void **state)
{
    struct net_ctx *c = *state;
    uint64_t t0;

    fake_net_plan.vectors = 2;
    net_up(c, SRIOV_NET_INTERRUPTS, 2);
    t0 = c->f->now;
    assert_int_equal(sriov_net_rx_wait(c->net, 5000), -ETIMEDOUT);
    assert_int_equal(c->f->now, t0 + 5000);
    c->f->on_wait = fire_0;
    assert_int_equal(sriov_net_rx_wait(c->net, UINT64_MAX), 0);
    c->f->on_wait = stir; /* woken in vain: waits on, but not for ever */
    t0 = c->f->now;
    assert_int_equal(sriov_net_rx_wait(c->net, 1000), -ETIMEDOUT);
    assert_int_equal(c->f->now, t0 + 1000);
    c->f->on_wait = NULL;
    fake_irq(c->f, 1); /* came before the wait */
    c->f->waits = 0;
    assert_int_equal(sriov_net_rx_wait(c->net, 1000), 0);
    assert_int_equal(c->f->waits, 0);
    net_driver(c)->arm = 1; /* frames are there already */
    assert_int_equal(sriov_net_rx_wait(c->net, 1000), 0);
    assert_int_equal(c->f->waits, 0);
    net_driver(c)->arm = -EIO;
    assert_int_equal(sriov_net_rx_wait(c->net, 1000), -EIO);
    net_driver(c)->arm = -EAGAIN; /* recovering: come back soon, whatever was asked */
    t0 = c->f->now;
    assert_int_equal(sriov_net_rx_wait(c->net, UINT64_MAX), -ETIMEDOUT);
    assert_int_equal(c->f->now, t0 + 1000000);
    net_driver(c)->arm = 0;
    assert_int_equal(sriov_net_rx_wait(c->net, UINT64_MAX), -EAGAIN); /* nothing can ever come */
    net_down(c);
}

static void test_rx_wait_and_removal(void **state)
{
    struct net_ctx *c = *state;

    fake_net_plan.vectors = 2;
    net_up(c, SRIOV_NET_INTERRUPTS, 1);
    c->f->on_wait = ask_removal;
    assert_int_equal(sriov_net_rx_wait(c->net, UINT64_MAX), 0);
    assert_int_equal(sriov_net_poll(c->net), SRIOV_NET_EV_REMOVE);
    c->f->on_wait = remove_now;
    assert_int_equal(sriov_net_rx_wait(c->net, UINT64_MAX), -ENODEV);
    assert_int_equal(sriov_net_poll(c->net), SRIOV_NET_EV_GONE);
    (void)sriov_irq_disable(c->fn);
    net_down(c);
}

static void test_rx_wait_needs_interrupts(void **state)
{
    struct net_ctx *c = *state;

    fake_net_plan.vectors = 2;
    net_up(c, 0, 1);
    assert_int_equal(sriov_net_rx_wait(c->net, 1), -EAGAIN);
    assert_int_equal(sriov_net_rx_arm(c->net, 0), -EAGAIN);
    assert_int_equal(sriov_net_set_eventfd(c->net, 0, 3), -EAGAIN);
    net_down(c);
}

static void test_eventfd(void **state)
{
    struct net_ctx *c = *state;

    fake_net_plan.vectors = 2;
    net_up(c, SRIOV_NET_INTERRUPTS, 1);
    assert_int_equal(sriov_net_set_eventfd(c->net, 1, 33), 0);
    assert_int_equal(c->f->irq[1].kind, SRIOV_SINK_EVENTFD);
    assert_int_equal(c->f->irq[1].fd, 33);
    assert_int_equal(sriov_net_set_eventfd(c->net, 2, 33), -EINVAL);
    assert_int_equal(sriov_net_set_eventfd(c->net, 1, -1), -EINVAL);
    assert_int_equal(sriov_net_rx_arm(c->net, 0), 0);
    assert_int_equal(sriov_net_rx_arm(c->net, 1), -EINVAL);
    net_driver(c)->arm = 1;
    assert_int_equal(sriov_net_rx_arm(c->net, 0), 1);
    net_down(c);
}

/* The k-th vector refuses: those before it are detached again. */
static void test_attach_irqs_unwinds(void **state)
{
    struct net_ctx *c = *state;
    uint32_t got;

    net_open(c);
    assert_int_equal(sriov_irq_enable(c->fn, 4, 4, &got), 0);
    for (unsigned k = 1; k <= 4; k++) {
        fake_fail(c->f, "irq_attach", k, -EIO);
        assert_int_equal(sriov_net_attach_irqs(c->net, 4), -EIO);
        for (int v = 0; v < 4; v++) {
            assert_int_equal(c->f->irq[v].kind, 0);
        }
    }
    assert_int_equal(sriov_net_attach_irqs(c->net, 4), 0);
    assert_int_equal(sriov_net_attach_irqs(c->net, 0), 0);
    fake_irq(c->f, 3);
    fake_irq(c->f, 1);
    assert_int_equal(c->net->wake, 1u << 3 | 1u << 1);
    assert_int_equal(sriov_irq_disable(c->fn), 0);
    net_down(c);
}

static void test_park_twice_is_once(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_buf *b[1];

    net_up(c, 0, 2);
    sriov_net_park(c->net);
    sriov_net_park(c->net);
    assert_int_equal(sriov_rx_burst(sriov_net_rxq(c->net, 1), b, 1), 0);
    sriov_net_unpark(c->net);
    assert_int_equal(sriov_rx_burst(sriov_net_rxq(c->net, 1), b, 1), 1);
    sriov_buf_free(b[0]);
    net_down(c);
}

/* Threaded: the pointer that queue threads read never changes. */
static void test_guarded_pointer_is_stable(void **state)
{
    struct net_ctx *c = *state;
    struct sriov_rxq *q;
    struct sriov_buf *b[1];
    uint16_t (*burst)(struct sriov_rxq * q, struct sriov_buf * *bufs, uint16_t n);

    net_up(c, SRIOV_NET_THREADED, 1);
    q = sriov_net_rxq(c->net, 0);
    burst = q->burst;
    assert_true(burst != q->active);
    assert_int_equal(sriov_rx_burst(q, b, 1), 1);
    assert_int_equal(sriov_tx_burst(sriov_net_txq(c->net, 0), b, 1), 1);
    sriov_net_park(c->net);
    assert_ptr_equal(q->burst, burst);
    assert_int_equal(sriov_rx_burst(q, b, 1), 0);
    assert_int_equal(sriov_tx_burst(sriov_net_txq(c->net, 0), b, 1), 0);
    assert_int_equal(q->busy, 0);
    sriov_fn_kill(c->fn);
    assert_int_equal(sriov_net_poll(c->net), SRIOV_NET_EV_GONE);
    assert_ptr_equal(q->burst, burst);
    net_down(c);
}

#define T(name) cmocka_unit_test_setup_teardown(name, net_setup, net_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_settings),
        T(test_stats),
        T(test_rx_wait),
        T(test_rx_wait_and_removal),
        T(test_rx_wait_needs_interrupts),
        T(test_eventfd),
        T(test_attach_irqs_unwinds),
        T(test_park_twice_is_once),
        T(test_guarded_pointer_is_stable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
