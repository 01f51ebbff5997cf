/* SPDX-License-Identifier: BSD-3-Clause */
/* Class pf: VFs come and go in order, failures unwind, policy is checked at the door. */
#include "fake_driver.h"

struct ctx {
    struct fake *f;
    struct sriov_fn *fn;
    struct sriov_pf *pf;
};

static struct ctx here;

static int setup(void **state)
{
    memset(&fake_pf_plan, 0, sizeof(fake_pf_plan));
    memset(&here, 0, sizeof(here));
    fake_setup((void **)&here.f);
    here.fn = fake_open(here.f, NULL);
    *state = &here;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(sriov_fn_close(here.fn), 0);
    assert_int_equal(here.f->vfs, 0);
    return fake_teardown((void **)&here.f);
}

static void pf_open(struct ctx *c)
{
    assert_int_equal(sriov_pf_open(c->fn, fake_pf_drivers, NULL, &c->pf), 0);
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_STARTED);
    fake_pf_plan.calls[0] = '\0';
}

static void calls_were(const char *want)
{
    assert_string_equal(fake_pf_plan.calls, want);
    fake_pf_plan.calls[0] = '\0';
}

static void test_open_close(void **state)
{
    struct ctx *c = *state;
    struct sriov_pf_opts opts = {.size = sizeof(opts), .max_api = 0x0103, .vf_queues = 2};
    struct sriov_pf *second;
    struct sriov_link link;

    assert_int_equal(sriov_pf_open(c->fn, fake_pf_drivers, &opts, &c->pf), 0);
    assert_int_equal(c->pf->opts.max_api, 0x0103);
    assert_int_equal(c->pf->opts.vf_queues, 2);
    assert_true(c->pf->up);
    assert_ptr_equal(sriov_pf_fn(c->pf), c->fn);
    assert_int_equal(sriov_pf_open(c->fn, fake_pf_drivers, &opts, &second), -EBUSY);
    assert_int_equal(sriov_pf_open(c->fn, fake_pf_drivers, &opts, NULL), -EINVAL);
    assert_int_equal(sriov_pf_open(NULL, fake_pf_drivers, &opts, &second), -EINVAL);
    assert_int_equal(sriov_pf_poll(c->pf), 3);
    assert_int_equal(sriov_pf_get_link(c->pf, &link), 0);
    assert_true(link.up);
    sriov_pf_close(c->pf);
    sriov_pf_close(NULL);
    calls_were("attach detach ");
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_DETACHED);
}

static void test_open_errors(void **state)
{
    static const struct sriov_driver *const none[] = {NULL};
    struct ctx *c = *state;
    struct sriov_pf_opts opts = {.size = sizeof(opts), .flags = 1};
    long live = c->f->live_allocs;

    assert_int_equal(sriov_pf_open(c->fn, none, NULL, &c->pf), -ENOENT);
    assert_int_equal(sriov_pf_open(c->fn, fake_pf_drivers, &opts, &c->pf), -EINVAL);
    opts.size = 4;
    assert_int_equal(sriov_pf_open(c->fn, fake_pf_drivers, &opts, &c->pf), -EINVAL);
    fake_pf_plan.attach = -EPROTO;
    assert_int_equal(sriov_pf_open(c->fn, fake_pf_drivers, NULL, &c->pf), -EPROTO);
    for (int k = 1; k <= 2; k++) {
        c->f->fail_alloc = c->f->alloc_calls + k;
        assert_int_equal(sriov_pf_open(c->fn, fake_pf_drivers, NULL, &c->pf), -ENOMEM);
    }
    assert_null(c->pf);
    assert_int_equal(c->f->live_allocs, live);
    assert_int_equal(sriov_fn_state(c->fn), SRIOV_FN_DETACHED);
    sriov_fn_kill(c->fn);
    assert_int_equal(sriov_pf_open(c->fn, fake_pf_drivers, NULL, &c->pf), -ENODEV);
}

static void test_not_a_pf(void **state)
{
    struct fake *f = *state;
    uint64_t caps = f->info.caps;
    struct sriov_fn *fn;
    struct sriov_pf *pf;

    f->info.caps = caps & ~SRIOV_CAP_SET_VFS;
    fn = fake_open(f, NULL);
    assert_int_equal(sriov_pf_open(fn, fake_pf_drivers, NULL, &pf), -EOPNOTSUPP);
    assert_int_equal(sriov_fn_close(fn), 0);
    f->info.caps = caps;
    f->info.total_vfs = 0;
    fn = fake_open(f, NULL);
    assert_int_equal(sriov_pf_open(fn, fake_pf_drivers, NULL, &pf), -EOPNOTSUPP);
    assert_int_equal(sriov_fn_close(fn), 0);
}

/* VFs that an earlier owner left are disabled before the driver attaches. */
static void test_left_over_vfs(void **state)
{
    struct fake *f = *state;
    struct sriov_fn *fn;
    struct sriov_pf *pf;

    memset(&fake_pf_plan, 0, sizeof(fake_pf_plan));
    f->info.num_vfs = 3;
    f->vfs = 3;
    fn = fake_open(f, NULL);
    fake_fail(f, "set_vfs", 1, -EBUSY);
    assert_int_equal(sriov_pf_open(fn, fake_pf_drivers, NULL, &pf), -EBUSY);
    assert_string_equal(fake_pf_plan.calls, "");
    assert_int_equal(sriov_pf_open(fn, fake_pf_drivers, NULL, &pf), 0);
    assert_int_equal(f->vfs, 0);
    sriov_pf_close(pf);
    assert_int_equal(sriov_fn_close(fn), 0);
}

static void test_vfs_order(void **state)
{
    struct ctx *c = *state;

    pf_open(c);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 4), 0);
    calls_were("prepare4 ready4 ");
    assert_int_equal(c->pf->num_vfs, 4);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 4), 0);
    calls_were("");
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 8), 0);
    calls_were("ready0 prepare0 prepare8 ready8 ");
    assert_string_equal(c->f->set_vfs_log, "4,0,8,");
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 9), -EINVAL);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 65), -EINVAL);
    sriov_pf_close(c->pf);
    calls_were("ready0 prepare0 detach ");
    assert_string_equal(c->f->set_vfs_log, "4,0,8,0,");
}

static void test_vfs_unwind(void **state)
{
    struct ctx *c = *state;

    pf_open(c);
    fake_pf_plan.prepare = -ENOMEM;
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 2), -ENOMEM);
    calls_were("prepare2 ");
    fake_pf_plan.prepare = 0;
    fake_fail(c->f, "set_vfs", 1, -ENOSPC);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 2), -ENOSPC);
    calls_were("prepare2 prepare0 ");
    fake_pf_plan.ready = -EIO;
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 2), -EIO);
    calls_were("prepare2 ready2 prepare0 ");
    assert_int_equal(c->f->vfs, 0);
    assert_int_equal(c->pf->num_vfs, 0);
    fake_pf_plan.ready = 0;
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 2), 0);
    fake_pf_plan.calls[0] = '\0';
    fake_fail(c->f, "set_vfs", 1, -EBUSY); /* VFs in use cannot be taken away */
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 0), -EBUSY);
    calls_were("ready0 ready2 ");
    assert_int_equal(c->pf->num_vfs, 2);
    fake_fail(c->f, "set_vfs", 1, -EBUSY); /* nor at the end: somebody must hear of it */
    sriov_pf_close(c->pf);
    assert_non_null(strstr(c->f->last_log, "2 VFs"));
    assert_int_equal(c->f->last_level, SRIOV_LOG_ERROR);
    assert_int_equal(sriov_fn_set_vfs(c->fn, 0), 0);
}

static void test_policy(void **state)
{
    struct ctx *c = *state;
    struct sriov_mac mac = {{2, 0, 0, 0, 0, 9}};
    struct sriov_mac group = {{3, 0, 0, 0, 0, 9}};
    struct sriov_mac zero = {{0}};
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    pf_open(c);
    assert_int_equal(sriov_pf_set_vf_mac(c->pf, 0, &mac), -EINVAL); /* no VFs yet */
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 2), 0);
    fake_pf_plan.calls[0] = '\0';
    assert_int_equal(sriov_pf_set_vf_mac(c->pf, 1, &mac), 0);
    assert_int_equal(sriov_pf_set_vf_mac(c->pf, 2, &mac), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_mac(c->pf, 0, &group), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_mac(c->pf, 0, &zero), 0); /* taken back */
    assert_int_equal(sriov_pf_set_vf_mac(c->pf, 0, NULL), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_vlan(c->pf, 1, 4095), 0);
    assert_int_equal(sriov_pf_set_vf_vlan(c->pf, 1, 4096), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_vlan(c->pf, 2, 0), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_trust(c->pf, 1, true), 0);
    assert_int_equal(sriov_pf_set_vf_trust(c->pf, 2, true), -EINVAL);
    assert_int_equal(sriov_pf_set_vf_spoof_check(c->pf, 0, false), 0);
    assert_int_equal(sriov_pf_set_vf_spoof_check(c->pf, 9, false), -EINVAL);
    calls_were("mac1 mac0 vlan4095 bool1 bool0 ");
    assert_int_equal(sriov_pf_get_vf(c->pf, 1, &info), 0);
    assert_int_equal(info.requests, 101);
    assert_true(info.ready);
    assert_int_equal(sriov_pf_get_vf(c->pf, 2, &info), -EINVAL);
    info.size = 0;
    assert_int_equal(sriov_pf_get_vf(c->pf, 1, &info), -EINVAL);
    sriov_pf_close(c->pf);
}

static void test_up_reset_stats(void **state)
{
    struct ctx *c = *state;
    struct sriov_stat stat;

    pf_open(c);
    assert_int_equal(sriov_pf_set_up(c->pf, true), 0); /* is up */
    assert_int_equal(sriov_pf_set_up(c->pf, false), 0);
    assert_false(c->pf->up);
    assert_int_equal(sriov_pf_set_up(c->pf, true), 0);
    assert_int_equal(sriov_pf_reset(c->pf), 0);
    calls_were("up0 up1 reset ");
    assert_int_equal(sriov_pf_stats(c->pf, &stat, 1), 1);
    assert_string_equal(stat.name, "pf_good");
    assert_int_equal(sriov_pf_stats(c->pf, NULL, 1), 1);
    sriov_pf_close(c->pf);
}

static void test_gone(void **state)
{
    struct ctx *c = *state;
    struct sriov_mac mac = {{2, 0, 0, 0, 0, 9}};
    struct sriov_link link;

    pf_open(c);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 2), 0);
    fake_pf_plan.calls[0] = '\0';
    fake_event(c->f, SRIOV_EVENT_REMOVED);
    assert_int_equal(sriov_pf_poll(c->pf), 0);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 0), -ENODEV);
    assert_int_equal(sriov_pf_set_up(c->pf, false), -ENODEV);
    assert_int_equal(sriov_pf_reset(c->pf), -ENODEV);
    assert_int_equal(sriov_pf_get_link(c->pf, &link), -ENODEV);
    assert_false(link.up);
    assert_int_equal(sriov_pf_set_vf_mac(c->pf, 0, &mac), -ENODEV);
    assert_int_equal(sriov_pf_stats(c->pf, NULL, 0), 0);
    sriov_pf_close(c->pf);
    calls_were("detach ");
    c->f->vfs = 0; /* they went with the PF */
}

static void test_bare_driver(void **state)
{
    struct ctx *c = *state;
    struct sriov_mac mac = {{2, 0, 0, 0, 0, 9}};
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    assert_int_equal(sriov_pf_open(c->fn, fake_bare_pf_drivers, NULL, &c->pf), 0);
    assert_int_equal(sriov_pf_enable_vfs(c->pf, 1), 0);
    assert_int_equal(sriov_pf_set_vf_mac(c->pf, 0, &mac), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_set_vf_vlan(c->pf, 0, 1), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_set_vf_trust(c->pf, 0, true), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_get_vf(c->pf, 0, &info), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_set_up(c->pf, false), -EOPNOTSUPP);
    assert_true(c->pf->up);
    assert_int_equal(sriov_pf_reset(c->pf), -EOPNOTSUPP);
    assert_int_equal(sriov_pf_stats(c->pf, NULL, 0), 0);
    sriov_pf_close(c->pf);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define F(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_open_close), T(test_open_errors), F(test_not_a_pf), F(test_left_over_vfs),
        T(test_vfs_order),  T(test_vfs_unwind),  T(test_policy),   T(test_up_reset_stats),
        T(test_gone),       T(test_bare_driver),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
