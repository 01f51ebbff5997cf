/* SPDX-License-Identifier: BSD-3-Clause */
/* The pool from many threads, and park against queue threads. Meant to run under tsan too. */
#include "net_fixture.h"

#include <pthread.h>
#include <sched.h>

#define ROUNDS 3000

struct worker {
    struct sriov_pool *pool;
    uint32_t seed;
    uint32_t failures;
};

static uint32_t rng(uint32_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 17;
    *s ^= *s << 5;
    return *s;
}

/* A buffer that two threads hold at once would show the other's stamp. */
static void *alloc_and_free(void *arg)
{
    struct worker *w = arg;
    struct sriov_buf *held[16];

    for (int round = 0; round < ROUNDS; round++) {
        uint16_t n = 0;
        uint16_t want = (uint16_t)(1 + rng(&w->seed) % 16);

        while (n < want && (held[n] = sriov_buf_alloc(w->pool)) != NULL) {
            memcpy(held[n]->data, &w->seed, 4);
            held[n]->user = w->seed;
            n++;
        }
        if (round % 64 == 0) {
            sched_yield();
        }
        for (uint16_t i = 0; i < n; i++) {
            if (memcmp(held[i]->data, &w->seed, 4) != 0 || held[i]->user != w->seed) {
                w->failures++;
            }
        }
        sriov_buf_free_bulk(held, n);
    }
    return NULL;
}

static void *through_a_cache(void *arg)
{
    struct worker *w = arg;
    struct sriov_pool_cache cache;
    struct sriov_buf *held[32];

    sriov_pool_cache_init(&cache, w->pool);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t n = 0;
        uint32_t want = 1 + rng(&w->seed) % 32;

        while (n < want && sriov_pool_cache_has(&cache, 1)) {
            held[n] = cache.stock[--cache.n];
            held[n]->user = w->seed;
            n++;
        }
        for (uint32_t i = 0; i < n; i++) {
            w->failures += held[i]->user != w->seed;
            sriov_pool_cache_put(&cache, held[i]);
        }
        if (rng(&w->seed) % 8 == 0) {
            sriov_pool_cache_drain(&cache);
        }
    }
    sriov_pool_cache_drain(&cache);
    return NULL;
}

static void test_pool(void **state)
{
    struct net_ctx *c = *state;
    struct worker w[4];
    pthread_t t[4];

    for (uint32_t i = 0; i < 4; i++) {
        w[i] = (struct worker){c->pool, 0x1234567 + i, 0};
        assert_int_equal(pthread_create(&t[i], NULL, i % 2 != 0 ? through_a_cache : alloc_and_free, &w[i]),
                         0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
        assert_int_equal(w[i].failures, 0);
    }
    assert_int_equal(sriov_pool_in_use(c->pool), 0);
}

struct runner {
    struct sriov_rxq *rx;
    struct sriov_txq *tx;
    _Atomic bool stop;
    _Atomic uint64_t moved;
};

/* Receives and sends what it got back, as a forwarder does. */
static void *run_queue(void *arg)
{
    struct runner *r = arg;
    struct sriov_buf *b[4];

    while (!atomic_load(&r->stop)) {
        uint16_t n = sriov_rx_burst(r->rx, b, 4);
        uint16_t sent = sriov_tx_burst(r->tx, b, n);

        sriov_buf_free_bulk(b + sent, (uint16_t)(n - sent));
        atomic_fetch_add(&r->moved, sent);
    }
    return NULL;
}

static void wait_for_traffic(struct runner *r)
{
    uint64_t before = atomic_load(&r->moved);

    while (atomic_load(&r->moved) == before) {
        sched_yield();
    }
}

/* While parked nobody is in a burst: the rings could be torn down. Here they are: the bursts'
 * own state is written by the control thread, which tsan would report as a race. */
static void test_park(void **state)
{
    struct net_ctx *c = *state;
    struct runner r[2];
    pthread_t t[2];

    net_up(c, SRIOV_NET_THREADED, 2);
    for (uint16_t i = 0; i < 2; i++) {
        memset(&r[i], 0, sizeof(r[i]));
        r[i].rx = sriov_net_rxq(c->net, i);
        r[i].tx = sriov_net_txq(c->net, i);
        assert_int_equal(pthread_create(&t[i], NULL, run_queue, &r[i]), 0);
    }
    for (int round = 0; round < 300; round++) {
        sriov_net_park(c->net);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(atomic_load(&net_driver(c)->rx[i].inside), 0);
            assert_int_equal(atomic_load(&net_driver(c)->tx[i].inside), 0);
            r[i].rx->packets = 0;
            r[i].tx->bytes = 0;
        }
        sriov_net_unpark(c->net);
        if (round % 50 == 0) {
            wait_for_traffic(&r[0]);
            wait_for_traffic(&r[1]);
        }
    }
    assert_int_equal(sriov_net_stop(c->net), 0);
    for (int i = 0; i < 2; i++) {
        atomic_store(&r[i].stop, true);
        assert_int_equal(pthread_join(t[i], NULL), 0);
        assert_true(r[i].moved > 0);
    }
    net_down(c);
}

static void *kill_it(void *arg)
{
    sriov_fn_kill(arg);
    return NULL;
}

/* Removal while queues run: the control thread's poll halts them. */
static void test_kill_under_traffic(void **state)
{
    struct net_ctx *c = *state;
    struct runner r;
    pthread_t queue;
    pthread_t killer;

    net_up(c, SRIOV_NET_THREADED, 1);
    memset(&r, 0, sizeof(r));
    r.rx = sriov_net_rxq(c->net, 0);
    r.tx = sriov_net_txq(c->net, 0);
    assert_int_equal(pthread_create(&queue, NULL, run_queue, &r), 0);
    wait_for_traffic(&r);
    assert_int_equal(pthread_create(&killer, NULL, kill_it, c->fn), 0);
    while (sriov_net_poll(c->net) != SRIOV_NET_EV_GONE) {
        sched_yield();
    }
    assert_int_equal(atomic_load(&net_driver(c)->rx[0].inside), 0);
    atomic_store(&r.stop, true);
    assert_int_equal(pthread_join(queue, NULL), 0);
    assert_int_equal(pthread_join(killer, NULL), 0);
    assert_int_equal(c->f->kills, 1);
    net_down(c);
}

#define T(name) cmocka_unit_test_setup_teardown(name, net_setup, net_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_pool), T(test_park), T(test_kill_under_traffic)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
