/* SPDX-License-Identifier: BSD-3-Clause */
/* Every op and every host allocation of what the manager does fails once: the state afterwards is the
 * one before, or the one that was asked for, and nothing is leaked. */
#include "fake_vm.h"

#include <stdlib.h>

#define HIGH UINT64_C(0x100000000)

static const int errors[] = {-EIO, -ENOMEM, -EAGAIN, -ENODEV, -ENOSPC};
static const struct sriov_bell bells[] = {{.bar = 0, .width = 4, .off = 0x18, .values = 64}};

/* What a call may change. */
struct shot {
    unsigned maps;
    unsigned mems;
    unsigned devs;
    uint32_t vectors;
    int log_on;
    int views;
    uint32_t dirty_mode;
    enum sriov_fn_state state;
    long allocs;
};

static struct shot look(const struct fake_vm *m)
{
    struct shot s = {
        .maps = m->f.num_maps,
        .mems = m->num_mems,
        .vectors = m->f.irq_on,
        .log_on = m->f.log_on,
        .views = m->f.views,
        .dirty_mode = m->dirty_mode,
        .state = sriov_fn_state(m->fn),
        .allocs = m->f.live_allocs,
    };

    for (unsigned i = 0; i < FAKE_VM_DEVS; i++) {
        s.devs += m->dev[i].live != 0;
    }
    return s;
}

static void assert_same(struct shot a, struct shot b)
{
    assert_int_equal(a.maps, b.maps);
    assert_int_equal(a.mems, b.mems);
    assert_int_equal(a.devs, b.devs);
    assert_int_equal(a.vectors, b.vectors);
    assert_int_equal(a.log_on, b.log_on);
    assert_int_equal(a.views, b.views);
    assert_int_equal(a.dirty_mode, b.dirty_mode);
    assert_int_equal(a.allocs, b.allocs);
    assert_true(a.state == b.state || b.state == SRIOV_FN_GONE);
}

/* One thing to do, after `before` and undone by `after`; `after` also cleans up when it failed. */
struct deed {
    void (*before)(struct fake_vm *m);
    int (*act)(struct fake_vm *m);
    void (*after)(struct fake_vm *m, int rc);
};

static struct sriov_assign *assigned; /* of the deed under way */

static void reopen(struct fake_vm *m)
{
    m->f.fail.nth = 0;
    assert_int_equal(sriov_fn_close(m->fn), 0);
    assert_int_equal(m->f.num_maps, 0);
    fake_vm_open(m);
}

static int once(struct fake_vm *m, const struct deed *deed, const char *op, unsigned nth, int err)
{
    struct shot before;
    int rc;

    deed->before(m);
    before = look(m);
    m->f.calls = 0;
    fake_fail(&m->f, op, nth, err);
    rc = deed->act(m);
    m->f.fail.nth = 0;
    if (rc != 0) {
        assert_same(before, look(m));
    }
    deed->after(m, rc);
    return rc;
}

static void sweep_ops(struct fake_vm *m, const struct deed *deed, unsigned *points)
{
    unsigned calls;

    assert_int_equal(once(m, deed, NULL, 0, 0), 0);
    /* The calls of the deed alone: those of `after` come after them. */
    deed->before(m);
    m->f.calls = 0;
    assert_int_equal(deed->act(m), 0);
    calls = m->f.calls;
    deed->after(m, 0);
    assert_true(calls > 0);
    for (size_t e = 0; e < sizeof(errors) / sizeof(errors[0]); e++) {
        for (unsigned n = 1; n <= calls; n++) {
            int rc = once(m, deed, NULL, n, errors[e]);

            assert_true(rc == 0 || rc == errors[e] || rc == -ENOSPC);
            reopen(m);
            (*points)++;
        }
    }
}

static void sweep_memory(struct fake_vm *m, const struct deed *deed, unsigned *points)
{
    long calls;

    deed->before(m);
    calls = m->f.alloc_calls;
    assert_int_equal(deed->act(m), 0);
    calls = m->f.alloc_calls - calls;
    deed->after(m, 0);
    for (long n = 1; n <= calls; n++) {
        struct shot before;
        int rc;

        deed->before(m);
        before = look(m);
        m->f.fail_alloc = m->f.alloc_calls + n;
        rc = deed->act(m);
        m->f.fail_alloc = 0;
        assert_int_equal(rc, -ENOMEM);
        assert_same(before, look(m));
        deed->after(m, rc);
        (*points)++;
    }
}

static void sweep(struct fake_vm *m, const struct deed *deed)
{
    unsigned points = 0;

    sweep_ops(m, deed, &points);
    sweep_memory(m, deed, &points);
    print_message("sweep: %u points\n", points);
}

/* ---- assign ---- */

static void nothing(struct fake_vm *m)
{
    assigned = NULL;
    (void)m;
}

static int assign(struct fake_vm *m)
{
    struct sriov_assign_opts opts = fake_vm_opts(m);

    opts.num_bells = 1;
    opts.bells = bells;
    opts.flags = SRIOV_ASSIGN_TRAP;
    m->events = 0;
    return sriov_vm_assign(m->fn, m->vm, &opts, &assigned);
}

static void release(struct fake_vm *m, int rc)
{
    (void)m;
    assert_true(rc == 0 || assigned == NULL);
    sriov_vm_release(assigned);
    assigned = NULL;
}

static void test_assign(void **state)
{
    static const struct deed deed = {nothing, assign, release};

    sweep(*state, &deed);
}

static void log_is_on(struct fake_vm *m)
{
    assigned = NULL;
    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_BITMAP), 0);
}

static void release_and_stop(struct fake_vm *m, int rc)
{
    release(m, rc);
    assert_int_equal(sriov_vm_dirty_stop(m->vm), 0);
}

static void test_assign_logged(void **state)
{
    static const struct deed deed = {log_is_on, assign, release_and_stop};

    sweep(*state, &deed);
}

/* ---- memory ---- */

static void is_assigned(struct fake_vm *m)
{
    assigned = NULL;
    assert_int_equal(assign(m), 0);
    fake_guest_enable(m);
    fake_guest_msix_on(m);
}

static int add_memory(struct fake_vm *m)
{
    return fake_vm_add_ram(m, HIGH);
}

static void release_memory(struct fake_vm *m, int rc)
{
    if (rc == 0) {
        assert_int_equal(sriov_vm_del_memory(m->vm, HIGH, FAKE_RAM), 0);
    }
    release(m, 0);
}

static void test_add_memory(void **state)
{
    static const struct deed deed = {is_assigned, add_memory, release_memory};

    sweep(*state, &deed);
}

static void has_more_memory(struct fake_vm *m)
{
    is_assigned(m);
    assert_int_equal(add_memory(m), 0);
}

static int del_memory(struct fake_vm *m)
{
    return sriov_vm_del_memory(m->vm, HIGH, FAKE_RAM);
}

static void release_more_memory(struct fake_vm *m, int rc)
{
    if (rc != 0) {
        assert_int_equal(del_memory(m), 0);
    }
    release(m, 0);
}

static void test_del_memory(void **state)
{
    static const struct deed deed = {has_more_memory, del_memory, release_more_memory};

    sweep(*state, &deed);
}

/* ---- dirty log ---- */

static int start_log(struct fake_vm *m)
{
    return sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_RING);
}

static void stop_log(struct fake_vm *m, int rc)
{
    if (rc == 0) {
        assert_int_equal(sriov_vm_dirty_stop(m->vm), 0);
    }
    release(m, 0);
}

static void test_dirty_start(void **state)
{
    static const struct deed deed = {is_assigned, start_log, stop_log};

    sweep(*state, &deed);
}

/* ---- leaving: whatever fails, the function is out, and what the shim keeps is left to close ---- */

static void sweep_leaving(struct fake_vm *m, int (*leave)(struct fake_vm *m))
{
    unsigned calls;
    unsigned points = 0;

    is_assigned(m);
    m->f.calls = 0;
    assert_int_equal(leave(m), 0);
    calls = m->f.calls;
    for (size_t e = 0; e < sizeof(errors) / sizeof(errors[0]); e++) {
        for (unsigned n = 1; n <= calls; n++) {
            struct shot now;
            int rc;

            is_assigned(m);
            m->f.master_at_free = 0;
            fake_fail(&m->f, NULL, n, errors[e]);
            rc = leave(m);
            m->f.fail.nth = 0;
            if (rc != 0) { /* nothing was changed */
                assert_int_equal(rc, errors[e]);
                sriov_vm_release(assigned);
            }
            now = look(m);
            assert_int_equal(now.devs, 0);
            assert_int_equal(now.vectors, 0);
            assert_int_equal(now.views, 0);
            assert_int_equal(now.log_on, 0);
            assert_true(now.state == SRIOV_FN_DETACHED || now.state == SRIOV_FN_GONE);
            assert_true(m->f.master_at_free == 0 || now.state == SRIOV_FN_GONE);
            reopen(m);
            points++;
        }
    }
    print_message("sweep: %u points\n", points);
}

static int let_it_go(struct fake_vm *m)
{
    (void)m;
    sriov_vm_release(assigned);
    return 0;
}

static void test_release(void **state)
{
    sweep_leaving(*state, let_it_go);
}

static void test_release_logged(void **state)
{
    struct fake_vm *m = *state;

    assert_int_equal(sriov_vm_dirty_start(m->vm, SRIOV_VM_DIRTY_BITMAP), 0);
    sweep_leaving(m, let_it_go);
    assert_int_equal(sriov_vm_dirty_stop(m->vm), 0);
}

static void consent(struct fake *f)
{
    struct fake_vm *m = (struct fake_vm *)(void *)f;

    m->dev[0].gone(m->dev[0].gone_arg);
}

static int remove_it(struct fake_vm *m)
{
    m->f.on_wait = consent;
    return sriov_vm_remove(assigned, 1000);
}

static void test_remove(void **state)
{
    sweep_leaving(*state, remove_it);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_vm_setup, fake_vm_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_assign),      T(test_assign_logged), T(test_add_memory),     T(test_del_memory),
        T(test_dirty_start), T(test_release),       T(test_release_logged), T(test_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
