/* SPDX-License-Identifier: BSD-3-Clause */
/* Every op call and every host allocation of a whole life fails once: never a crash, a leak or a
 * wrong error. */
#include "fake_driver.h"

/* From open to close with traffic; returns the first error. */
static int life(struct fake *f)
{
    struct sriov_pool_opts pool_opts = {.size = sizeof(pool_opts), .count = 32, .buf_size = 256};
    struct sriov_net_config config = {.size = sizeof(config), .queues = 2, .flags = SRIOV_NET_INTERRUPTS};
    struct sriov_net *net = NULL;
    struct sriov_fn *fn = NULL;
    struct sriov_buf *b[1];
    int rc = sriov_fn_open(f->vmm, FAKE_NAME, NULL, &fn);

    if (rc != 0) {
        return rc;
    }
    rc = sriov_pool_create(fn, &pool_opts, &config.pool);
    if (rc == 0) {
        rc = sriov_net_open(fn, fake_net_drivers, &net);
    }
    if (rc == 0) {
        rc = sriov_net_configure(net, &config);
    }
    if (rc == 0) {
        rc = sriov_net_start(net);
    }
    if (rc == 0) {
        uint16_t n = sriov_rx_burst(sriov_net_rxq(net, 1), b, 1);

        sriov_buf_free_bulk(b, n);
        (void)sriov_net_rx_wait(net, 1000);
        (void)sriov_net_poll(net);
        rc = sriov_net_stop(net);
    }
    if (sriov_fn_gone(fn) && net != NULL) {
        (void)sriov_irq_disable(fn); /* what a real driver's detach does */
    }
    sriov_net_close(net);
    assert_int_equal(sriov_pool_destroy(config.pool), 0);
    assert_int_equal(sriov_fn_close(fn), 0);
    return rc;
}

static void assert_clean(struct fake *f)
{
    assert_int_equal(f->live_allocs, 1); /* the VMM */
    assert_int_equal(f->opened, 0);
    assert_int_equal(f->num_maps, 0);
    assert_int_equal(f->irq_on, 0);
    assert_null(f->sink.cb);
}

/* Release ops may not be undone: their failure shows nowhere but in the log. */
static void sweep_ops(struct fake *f, int err, unsigned *points)
{
    unsigned calls;

    fake_fail(f, NULL, 0, 0);
    f->calls = 0;
    assert_int_equal(life(f), 0);
    calls = f->calls;
    assert_true(calls > 30);
    for (unsigned n = 1; n <= calls; n++) {
        int rc;

        fake_fail(f, NULL, n, err);
        rc = life(f);
        /* -ENOSPC: a function that cannot count its vectors has none. */
        assert_true(rc == 0 || rc == err || rc == -ENOSPC);
        f->fail.nth = 0;
        assert_clean(f);
        (*points)++;
    }
}

static void test_ops(void **state)
{
    static const int errors[] = {-EIO, -ENOMEM, -EAGAIN, -ENODEV, -EPROTO};
    struct fake *f = *state;
    unsigned points = 0;

    memset(&fake_net_plan, 0, sizeof(fake_net_plan));
    fake_net_plan.vectors = 2;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        sweep_ops(f, errors[i], &points);
    }
    print_message("sweep: %u points\n", points);
}

static void test_host_memory(void **state)
{
    struct fake *f = *state;
    long calls;
    long refused = 0;
    int rc;

    memset(&fake_net_plan, 0, sizeof(fake_net_plan));
    fake_net_plan.vectors = 2;
    calls = f->alloc_calls;
    assert_int_equal(life(f), 0);
    calls = f->alloc_calls - calls;
    assert_true(calls >= 7);
    for (long n = 1; n <= calls; n++) {
        f->fail_alloc = f->alloc_calls + n;
        rc = life(f);
        /* 0: the pool tried again with smaller pieces. */
        assert_true(rc == -ENOMEM || rc == 0);
        refused += rc == -ENOMEM;
        f->fail_alloc = 0;
        assert_clean(f);
    }
    assert_true(refused >= calls / 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_ops), T(test_host_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
