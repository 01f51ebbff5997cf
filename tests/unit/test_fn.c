/* SPDX-License-Identifier: BSD-3-Clause */
/* A function's life: open, arcs, gone, close; waits; reset; VFs. */
#include "fake_vmm.h"

#include <sriov/hw/pci_regs.h>

#include <pthread.h>

static void test_open_close(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);

    assert_int_equal(f->resets, 1);
    assert_int_equal(fake_get16(f, SRIOV_PCI_COMMAND) & 6, 6);
    assert_string_equal(sriov_fn_info(fn)->name, FAKE_NAME);
    assert_ptr_equal(sriov_fn_vmm(fn), f->vmm);
    assert_int_equal(sriov_fn_state(fn), SRIOV_FN_DETACHED);
    assert_true(sriov_fn_can(fn, SRIOV_CAP_RESET | SRIOV_CAP_EVENTS));
    assert_false(sriov_fn_can(fn, SRIOV_CAP_RESET | SRIOV_CAP_NO_ISOLATION));
    assert_non_null(f->sink.cb);
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_int_equal(f->closes, 1);
    assert_null(f->sink.cb);
    assert_int_equal(fake_get16(f, SRIOV_PCI_COMMAND) & 6, 2);
    assert_int_equal(sriov_fn_close(NULL), 0);
}

static void test_options(void **state)
{
    struct fake *f = *state;
    struct sriov_fn_opts opts = {
        .size = sizeof(opts), .flags = SRIOV_FN_NO_RESET | SRIOV_OPEN_NOIOMMU, .options = "vf-token=1"};
    struct sriov_fn *fn = fake_open(f, &opts);

    assert_int_equal(f->resets, 0);
    assert_int_equal(f->open_flags, SRIOV_OPEN_NOIOMMU);
    assert_string_equal(f->open_options, "vf-token=1");
    assert_int_equal(sriov_fn_close(fn), 0);

    opts.flags = 1u << 5;
    assert_int_equal(sriov_fn_open(f->vmm, FAKE_NAME, &opts, &fn), -EINVAL);
    assert_null(fn);
    opts.flags = 0;
    opts.size = 4;
    assert_int_equal(sriov_fn_open(f->vmm, FAKE_NAME, &opts, &fn), -EINVAL);
    opts.size = 8; /* an old caller: flags only */
    fn = fake_open(f, &opts);
    assert_string_equal(f->open_options, "");
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_options_from_the_future(void **state)
{
    struct fake *f = *state;
    struct {
        struct sriov_fn_opts opts;
        unsigned char tail[8];
    } future = {.opts = {.size = sizeof(future)}};
    struct sriov_fn *fn;

    fn = fake_open(f, &future.opts);
    assert_int_equal(sriov_fn_close(fn), 0);
    future.tail[7] = 1;
    assert_int_equal(sriov_fn_open(f->vmm, FAKE_NAME, &future.opts, &fn), -E2BIG);
    future.opts.size = UINT32_MAX;
    assert_int_equal(sriov_fn_open(f->vmm, FAKE_NAME, &future.opts, &fn), -E2BIG);
}

static void test_open_errors(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn;
    struct sriov_fn *other;

    assert_int_equal(sriov_fn_open(f->vmm, "0000:ff:00.0", NULL, &fn), -ENOENT);
    assert_int_equal(sriov_fn_open(f->vmm, NULL, NULL, &fn), -EINVAL);
    assert_int_equal(sriov_fn_open(NULL, FAKE_NAME, NULL, &fn), -EINVAL);
    assert_int_equal(sriov_fn_open(f->vmm, FAKE_NAME, NULL, NULL), -EINVAL);
    fn = fake_open(f, NULL);
    assert_int_equal(sriov_fn_open(f->vmm, FAKE_NAME, NULL, &other), -EBUSY);
    assert_int_equal(sriov_fn_close(fn), 0);
}

/* Every op that open calls fails once: the same error comes back, nothing stays open. */
static void test_open_unwinds(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn;
    unsigned points = 0;

    for (unsigned n = 1;; n++) {
        int rc;

        fake_fail(f, NULL, n, -EIO);
        rc = sriov_fn_open(f->vmm, FAKE_NAME, NULL, &fn);
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, -EIO);
        assert_null(fn);
        assert_int_equal(f->opened, 0);
        assert_int_equal(f->live_allocs, 1); /* the VMM itself */
        points++;
    }
    assert_int_equal(points, 18);
    f->fail.nth = 0;
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_open_all_ones(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn;

    memset(f->cfg, 0xff, sizeof(f->cfg));
    assert_int_equal(sriov_fn_open(f->vmm, FAKE_NAME, NULL, &fn), -ENODEV);
    assert_int_equal(f->opened, 0);
}

/* A VF's ids read all-ones and its memory enable zero by right. */
static void test_open_vf(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn;

    fake_put32(f, SRIOV_PCI_VENDOR_ID, 0xffffffff);
    fn = fake_open(f, NULL);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_open_bridge(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn;

    f->cfg[SRIOV_PCI_HEADER_TYPE] = 0x81;
    assert_int_equal(sriov_fn_open(f->vmm, FAKE_NAME, NULL, &fn), -EPROTO);
    f->cfg[SRIOV_PCI_HEADER_TYPE] = 0x80; /* multifunction is no bridge */
    fn = fake_open(f, NULL);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_without_optional_caps(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn;

    f->info.caps = 0;
    fn = fake_open(f, NULL);
    assert_int_equal(f->resets, 0);
    assert_null(f->sink.cb);
    assert_int_equal(sriov_fn_reset(fn), -EOPNOTSUPP);
    assert_int_equal(sriov_fn_set_vfs(fn, 1), -EOPNOTSUPP);
    assert_int_equal(sriov_fn_close(fn), 0);
}

/* Every pair of states against the picture in fn.h. */
static void test_arcs(void **state)
{
    static const char legal[7][8] = {
        /* to: D  A  S  P  R  Q */
        "-x----", /* detached */
        "x-x---", /* attached */
        "---xxx", /* started */
        "x-x---", /* stopped */
        "--xx--", /* recovering */
        "--xx--", /* quiesced */
    };
    static const enum sriov_fn_state way[6][4] = {
        {SRIOV_FN_DETACHED},
        {SRIOV_FN_ATTACHED},
        {SRIOV_FN_ATTACHED, SRIOV_FN_STARTED},
        {SRIOV_FN_ATTACHED, SRIOV_FN_STARTED, SRIOV_FN_STOPPED},
        {SRIOV_FN_ATTACHED, SRIOV_FN_STARTED, SRIOV_FN_RECOVERING},
        {SRIOV_FN_ATTACHED, SRIOV_FN_STARTED, SRIOV_FN_QUIESCED},
    };
    struct fake *f = *state;

    for (int from = 0; from < 6; from++) {
        for (int to = 0; to < 6; to++) {
            struct sriov_fn *fn = fake_open(f, NULL);

            for (int i = 0; i < 4 && way[from][i] != SRIOV_FN_DETACHED; i++) {
                assert_int_equal(sriov_fn_set_state(fn, way[from][i]), 0);
            }
            assert_int_equal(sriov_fn_state(fn), from);
            assert_int_equal(sriov_fn_set_state(fn, (enum sriov_fn_state)to),
                             legal[from][to] == 'x' ? 0 : -EINVAL);
            assert_int_equal(sriov_fn_state(fn), legal[from][to] == 'x' ? to : from);
            assert_int_equal(sriov_fn_set_state(fn, SRIOV_FN_GONE), 0);
            assert_int_equal(sriov_fn_state(fn), SRIOV_FN_GONE);
            assert_int_equal(sriov_fn_set_state(fn, (enum sriov_fn_state)to), -ENODEV);
            assert_int_equal(sriov_fn_close(fn), 0);
        }
    }
}

static void test_state_names(void **state)
{
    (void)state;
    assert_string_equal(sriov_fn_state_name(SRIOV_FN_DETACHED), "detached");
    assert_string_equal(sriov_fn_state_name(SRIOV_FN_RECOVERING), "recovering");
    assert_string_equal(sriov_fn_state_name(SRIOV_FN_GONE), "gone");
    assert_string_equal(sriov_fn_state_name((enum sriov_fn_state)99), "unknown");
    assert_string_equal(sriov_fn_state_name((enum sriov_fn_state) - 1), "unknown");
}

static void test_kill(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    struct sriov_bar bar;
    struct sriov_dma dma;
    struct sriov_dma none;
    struct sriov_dma_limits limits;
    uint32_t v32 = 0;
    uint32_t got;
    bool pending;

    assert_int_equal(sriov_bar_open(fn, 0, 4096, &bar), 0);
    assert_int_equal(sriov_dma_alloc(fn, "kept", 4096, 1, SRIOV_DMA_BOTH, &dma), 0);
    assert_int_equal(sriov_irq_enable(fn, 2, 1, &got), 0);
    sriov_fn_kill(fn);
    sriov_fn_kill(fn);
    assert_int_equal(f->kills, 1);
    assert_true(sriov_fn_gone(fn));
    f->calls = 0;
    assert_int_equal(sriov_cfg_read32(fn, 0, &v32), -ENODEV);
    assert_int_equal(v32, UINT32_MAX);
    assert_int_equal(sriov_cfg_write32(fn, 0, 0), -ENODEV);
    assert_int_equal(sriov_bar_read32(&bar, 0), UINT32_MAX);
    assert_int_equal(sriov_bar_write(&bar, 0, 4, 0), -ENODEV);
    assert_int_equal(sriov_dma_alloc(fn, "new", 4096, 1, SRIOV_DMA_BOTH, &none), -ENODEV);
    assert_int_equal(sriov_dma_map(fn, "new", f, 4096, SRIOV_DMA_BOTH, &none), -ENODEV);
    assert_int_equal(sriov_dma_limits(fn, &limits), -ENODEV);
    assert_int_equal(sriov_fn_reset(fn), -ENODEV);
    assert_int_equal(sriov_fn_set_vfs(fn, 1), -ENODEV);
    assert_int_equal(sriov_irq_enable(fn, 1, 1, &got), -ENODEV);
    assert_int_equal(sriov_irq_mask(fn, 0), -ENODEV);
    assert_int_equal(sriov_irq_pending(fn, 0, &pending), -ENODEV);
    assert_int_equal(sriov_irq_count(fn), 0);
    assert_int_equal(f->calls, 0); /* nothing came through to the shim */
    /* What gives back does. */
    assert_int_equal(sriov_dma_free(fn, &dma), 0);
    assert_int_equal(f->num_maps, 0);
    sriov_bar_close(&bar);
    assert_int_equal(f->views, 0);
    assert_int_equal(sriov_irq_disable(fn), 0);
    assert_int_equal(f->irq_on, 0);
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_int_equal(f->closes, 1);
}

static void test_enodev_kills(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    uint8_t v;

    fake_fail(f, "cfg_read", 1, -ENODEV);
    assert_int_equal(sriov_cfg_read8(fn, 0, &v), -ENODEV);
    assert_int_equal(v, 0xff);
    assert_true(sriov_fn_gone(fn));
    assert_int_equal(sriov_fn_close(fn), 0);
}

struct seen {
    uint32_t bits;
    struct sriov_fn *fn;
    bool gone_at_removed;
};

static void on_event(void *arg, enum sriov_event event)
{
    struct seen *seen = arg;

    seen->bits |= 1u << event;
    if (event == SRIOV_EVENT_REMOVED) {
        seen->gone_at_removed = sriov_fn_gone(seen->fn);
    }
}

static void test_events(void **state)
{
    struct fake *f = *state;
    struct seen seen = {0};
    struct sriov_fn_opts opts = {.size = sizeof(opts), .on_event = on_event, .arg = &seen};
    struct sriov_fn *fn = fake_open(f, &opts);

    seen.fn = fn;
    fake_event(f, SRIOV_EVENT_REMOVE_ASKED);
    fake_event(f, SRIOV_EVENT_ERROR);
    fake_event(f, 0);
    fake_event(f, 77);
    assert_int_equal(seen.bits, 1u << SRIOV_EVENT_REMOVE_ASKED | 1u << SRIOV_EVENT_ERROR);
    assert_false(sriov_fn_gone(fn));
    fake_event(f, SRIOV_EVENT_REMOVED);
    assert_true(seen.gone_at_removed);
    assert_int_equal(f->kills, 1);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void *kill_it(void *arg)
{
    sriov_fn_kill(arg);
    return NULL;
}

static void test_kill_from_threads(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    pthread_t threads[4];
    uint32_t v;

    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, kill_it, fn), 0);
    }
    while (!sriov_fn_gone(fn)) {
        (void)sriov_cfg_read32(fn, 0, &v);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(f->kills, 1);
    assert_int_equal(sriov_fn_close(fn), 0);
}

struct cond {
    struct fake *f;
    struct sriov_fn *fn;
    uint64_t true_at;
    uint64_t gone_at;
    int result;
    unsigned looks;
};

static int look(void *arg)
{
    struct cond *c = arg;

    c->looks++;
    if (c->gone_at != 0 && c->f->now >= c->gone_at) {
        sriov_fn_kill(c->fn);
        return 0;
    }
    return c->f->now >= c->true_at ? c->result : 0;
}

static void test_wait_until(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    uint64_t t0 = sriov_fn_now(fn);
    struct cond c = {.f = f, .fn = fn, .true_at = 0, .result = 3};

    assert_int_equal(sriov_fn_wait_until(fn, look, &c, 0, 10), 3); /* at once */
    c = (struct cond){.f = f, .fn = fn, .true_at = t0 + 500, .result = 1};
    assert_int_equal(sriov_fn_wait_until(fn, look, &c, 1000, 100), 1);
    assert_int_equal(f->now, t0 + 500);
    c = (struct cond){.f = f, .fn = fn, .true_at = f->now + 10, .result = -EPROTO};
    assert_int_equal(sriov_fn_wait_until(fn, look, &c, 1000, 100), -EPROTO);
    /* True exactly at the deadline: the last look sees it. */
    t0 = sriov_fn_now(fn);
    c = (struct cond){.f = f, .fn = fn, .true_at = t0 + 1050, .result = 1};
    assert_int_equal(sriov_fn_wait_until(fn, look, &c, 1050, 100), 1);
    assert_int_equal(f->now, t0 + 1050); /* the last step is cut */
    c = (struct cond){.f = f, .fn = fn, .true_at = UINT64_MAX, .result = 1};
    t0 = sriov_fn_now(fn);
    assert_int_equal(sriov_fn_wait_until(fn, look, &c, 1000, 100), -ETIMEDOUT);
    assert_int_equal(f->now, t0 + 1000);
    assert_int_equal(c.looks, 11);
    /* No step: relax between looks. */
    f->relaxes = 0;
    assert_int_equal(sriov_fn_wait_until(fn, look, &c, 5000, 0), -ETIMEDOUT);
    assert_int_equal(f->relaxes, 5);
    c = (struct cond){.f = f, .fn = fn, .true_at = UINT64_MAX, .gone_at = f->now + 300};
    assert_int_equal(sriov_fn_wait_until(fn, look, &c, 1000, 100), -ENODEV);
    c.looks = 0;
    assert_int_equal(sriov_fn_wait_until(fn, look, &c, 1000, 100), -ENODEV);
    assert_int_equal(c.looks, 0);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_reset(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);

    fake_put16(f, SRIOV_PCI_COMMAND, 0);
    assert_int_equal(sriov_fn_reset(fn), 0);
    assert_int_equal(f->resets, 2);
    assert_int_equal(fake_get16(f, SRIOV_PCI_COMMAND), 6);
    fake_fail(f, "reset", 1, -EIO);
    assert_int_equal(sriov_fn_reset(fn), -EIO);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_set_vfs(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);

    assert_int_equal(sriov_fn_set_vfs(fn, 9), -EINVAL);
    assert_int_equal(sriov_fn_set_vfs(fn, 4), 0);
    assert_int_equal(sriov_fn_set_vfs(fn, 4), 0);
    assert_int_equal(sriov_fn_info(fn)->num_vfs, 4);
    assert_int_equal(sriov_fn_set_vfs(fn, 8), 0);
    assert_string_equal(f->set_vfs_log, "4,0,8,");
    fake_fail(f, "set_vfs", 1, -EIO);
    assert_int_equal(sriov_fn_set_vfs(fn, 0), -EIO);
    assert_int_equal(sriov_fn_info(fn)->num_vfs, 8);
    fake_fail(f, "set_vfs", 2, -ENOMEM);
    assert_int_equal(sriov_fn_set_vfs(fn, 2), -ENOMEM);
    assert_int_equal(sriov_fn_info(fn)->num_vfs, 0);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_host_memory(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);
    char *p = sriov_fn_host_alloc(fn, 100, 64);

    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 64, 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(p[i], 0);
    }
    sriov_fn_host_free(fn, p, 100);
    sriov_fn_host_free(fn, NULL, 100);
    assert_null(sriov_fn_host_alloc(fn, 0, 64));
    assert_null(sriov_fn_host_alloc(fn, 8, 3));
    assert_null(sriov_fn_host_alloc(fn, 8, 8192));
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_close_under_a_driver_is_told(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn = fake_open(f, NULL);

    assert_int_equal(sriov_fn_set_state(fn, SRIOV_FN_ATTACHED), 0);
    assert_int_equal(sriov_fn_close(fn), 0);
    assert_non_null(strstr(f->last_log, "attached"));
    assert_int_equal(f->last_level, SRIOV_LOG_ERROR);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_open_close),
        T(test_options),
        T(test_options_from_the_future),
        T(test_open_errors),
        T(test_open_unwinds),
        T(test_open_all_ones),
        T(test_open_vf),
        T(test_open_bridge),
        T(test_without_optional_caps),
        T(test_arcs),
        cmocka_unit_test(test_state_names),
        T(test_kill),
        T(test_enodev_kills),
        T(test_events),
        T(test_kill_from_threads),
        T(test_wait_until),
        T(test_reset),
        T(test_set_vfs),
        T(test_host_memory),
        T(test_close_under_a_driver_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
