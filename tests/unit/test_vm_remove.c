/* SPDX-License-Identifier: BSD-3-Clause */
/* Hot-plug: asked and let go, not in time, never; what the poll tells, and releases from within. */
#include "fake_vm.h"

#define SECOND UINT64_C(1000000000)

static void assert_out(struct fake_vm *m)
{
    assert_int_equal(sriov_fn_state(m->fn), SRIOV_FN_DETACHED);
    assert_int_equal(m->f.num_maps, 0);
    assert_int_equal(m->dev[0].live, 0);
}

static struct sriov_assign *plugged(struct fake_vm *m)
{
    struct sriov_assign_opts opts = fake_vm_opts(m);

    return fake_vm_assign(m, &opts);
}

/* ---- plugging in ---- */

static void test_plug(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);
    struct sriov_assign *a;

    opts.flags = SRIOV_ASSIGN_UNPLUGGED;
    a = fake_vm_assign(m, &opts);
    assert_false(fake_vm_dev(m, 0)->plugged);
    fake_fail(&m->f, "vm_hot_add", 1, -EIO);
    assert_int_equal(sriov_vm_plug(a), -EIO);
    assert_int_equal(sriov_vm_plug(a), 0);
    assert_true(fake_vm_dev(m, 0)->plugged);
    assert_int_equal(sriov_vm_plug(a), 0); /* twice is once */
    sriov_vm_release(a);
}

/* Nobody holds what was never shown: there is nobody to be asked. */
static void test_remove_unplugged(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);

    opts.flags = SRIOV_ASSIGN_UNPLUGGED;
    m->caps &= ~(uint64_t)SRIOV_VM_CAP_HOTPLUG;
    assert_int_equal(sriov_vm_remove(fake_vm_assign(m, &opts), SECOND), 0);
    assert_int_equal(m->event[0], SRIOV_ASSIGN_RELEASED);
    assert_out(m);
}

/* ---- removing, and waiting for it ---- */

static void let_go_on_third_wait(struct fake *f)
{
    struct fake_vm *m = (struct fake_vm *)(void *)f;

    f->now += SECOND / 10;
    if (f->waits == 3) {
        m->dev[0].gone(m->dev[0].gone_arg);
    }
}

static void test_lets_go(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = plugged(m);

    m->f.waits = 0;
    m->f.on_wait = let_go_on_third_wait;
    assert_int_equal(sriov_vm_remove(a, SECOND), 0);
    assert_int_equal(m->f.waits, 3);
    assert_int_equal(m->events, 1);
    assert_int_equal(m->event[0], SRIOV_ASSIGN_RELEASED);
    assert_out(m);
}

static void test_not_in_time(void **state)
{
    struct fake_vm *m = *state;
    uint64_t before = m->f.now;

    assert_int_equal(sriov_vm_remove(plugged(m), 10 * SECOND), -ETIMEDOUT);
    assert_int_equal(m->f.now, before + 10 * SECOND);
    assert_int_equal(m->event[0], SRIOV_ASSIGN_FORCED);
    assert_out(m);
}

static void test_nothing_can_come(void **state)
{
    struct fake_vm *m = *state;

    assert_int_equal(sriov_vm_remove(plugged(m), UINT64_MAX), -ETIMEDOUT);
    assert_out(m);
}

/* A VMM that cannot wait: the deadline holds all the same, and no loop runs hot. */
static void test_wait_fails(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = plugged(m);
    uint64_t before = m->f.now;

    m->f.wait_err = -EIO;
    assert_int_equal(sriov_vm_remove(a, SECOND), -ETIMEDOUT);
    assert_int_equal(m->f.now, before + SECOND);
    assert_int_equal(m->f.waits, 1000);
    m->f.wait_err = 0;
    assert_out(m);
}

static void test_no_time_at_all(void **state)
{
    struct fake_vm *m = *state;

    assert_int_equal(sriov_vm_remove(plugged(m), 0), -ETIMEDOUT);
    assert_int_equal(m->f.waits, 0);
    assert_out(m);
}

static void test_cannot_ask(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a;

    m->caps &= ~(uint64_t)SRIOV_VM_CAP_HOTPLUG;
    a = plugged(m);
    assert_int_equal(sriov_vm_remove(a, SECOND), -EOPNOTSUPP);
    assert_int_equal(sriov_vm_remove_ask(a, SECOND), -EOPNOTSUPP);
    assert_true(fake_vm_dev(m, 0)->plugged);
    assert_int_equal(m->events, 0);
    sriov_vm_release(a);
    m->caps |= SRIOV_VM_CAP_HOTPLUG;
    a = plugged(m);
    fake_fail(&m->f, "vm_hot_remove", 1, -EIO);
    assert_int_equal(sriov_vm_remove(a, SECOND), -EIO);
    assert_true(fake_vm_dev(m, 0)->plugged);
    assert_int_equal(sriov_vm_poll(m->vm), 0);
    sriov_vm_release(a);
    assert_int_equal(sriov_vm_remove(NULL, 0), -EINVAL);
    assert_int_equal(sriov_vm_remove_ask(NULL, 0), -EINVAL);
}

/* A user with one handler for both ways releases there, although remove does it. */
static void release_it(void *arg, struct sriov_assign *a, enum sriov_assign_event event)
{
    unsigned *told = arg;

    *told |= 1u << event;
    sriov_vm_release(a);
}

static void test_released_in_the_event(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign_opts opts = fake_vm_opts(m);
    unsigned told = 0;

    opts.on_event = release_it;
    opts.arg = &told;
    assert_int_equal(sriov_vm_remove(fake_vm_assign(m, &opts), SECOND), -ETIMEDOUT);
    assert_int_equal(told, 1u << SRIOV_ASSIGN_FORCED);
    assert_int_equal(sriov_vm_remove_ask(fake_vm_assign(m, &opts), SECOND), 0);
    m->dev[0].gone(m->dev[0].gone_arg);
    assert_int_equal(sriov_vm_poll(m->vm), 1);
    assert_int_equal(told, 1u << SRIOV_ASSIGN_FORCED | 1u << SRIOV_ASSIGN_RELEASED);
    assert_out(m);
}

static void poll_while_waiting(struct fake *f)
{
    struct fake_vm *m = (struct fake_vm *)(void *)f;

    f->now += SECOND;
    assert_int_equal(sriov_vm_poll(m->vm), 0);
}

static void test_polled_while_it_waits(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = plugged(m);

    m->f.on_wait = poll_while_waiting;
    assert_int_equal(sriov_vm_remove(a, SECOND), -ETIMEDOUT);
    assert_int_equal(m->events, 1);
    assert_out(m);
}

static void vanish_while_waiting(struct fake *f)
{
    struct fake_vm *m = (struct fake_vm *)(void *)f;

    f->now += SECOND / 4;
    sriov_fn_kill(m->fn);
}

static void test_vanishes_meanwhile(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = plugged(m);

    m->f.on_wait = vanish_while_waiting;
    assert_int_equal(sriov_vm_remove(a, SECOND), -ETIMEDOUT);
    assert_int_equal(m->f.num_maps, 0);
    assert_int_equal(m->dev[0].live, 0);
}

/* ---- without waiting ---- */

static void test_asked(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = plugged(m);
    struct sriov_assign_info info = {.size = sizeof(info)};

    assert_int_equal(sriov_vm_remove_ask(a, SECOND), 0);
    assert_int_equal(sriov_vm_remove_ask(a, SECOND), -EBUSY);
    assert_int_equal(sriov_vm_poll(m->vm), 0);
    fake_guest_enable(m); /* it may still use it */
    m->dev[0].gone(m->dev[0].gone_arg);
    assert_int_equal(m->events, 0);
    assert_int_equal(sriov_vm_poll(m->vm), 1);
    assert_int_equal(m->event[0], SRIOV_ASSIGN_RELEASED);
    assert_out(m);
    /* What is left of it is to be released, and does nothing more. */
    assert_null(sriov_assign_vcfg(a));
    assert_int_equal(sriov_assign_info(a, &info), 0);
    assert_int_equal(info.bar_gpa[0], SRIOV_VCFG_NOWHERE);
    assert_int_equal(info.vectors, FAKE_VF_MSIX);
    assert_int_equal(sriov_vm_plug(a), -EINVAL);
    assert_int_equal(sriov_vm_remove(a, 0), -EINVAL);
    assert_int_equal(sriov_vm_remove_ask(a, 0), -EINVAL);
    assert_int_equal(sriov_vm_poll(m->vm), 0);
    assert_int_equal(fake_vm_add_ram(m, UINT64_C(0x100000000)), 0);
    assert_int_equal(m->f.num_maps, 0);
    assert_int_equal(sriov_vm_unregister(m->vm), -EBUSY);
    sriov_vm_release(a);
}

static void test_deadline(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = plugged(m);

    assert_int_equal(sriov_vm_remove_ask(a, SECOND), 0);
    m->f.now += SECOND - 1;
    assert_int_equal(sriov_vm_poll(m->vm), 0);
    m->f.now += 1;
    assert_int_equal(sriov_vm_poll(m->vm), 1);
    assert_int_equal(m->event[0], SRIOV_ASSIGN_FORCED);
    assert_out(m);
    sriov_vm_release(a);
}

/* It came at the last moment: consent counts. */
static void test_just_in_time(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = plugged(m);

    assert_int_equal(sriov_vm_remove_ask(a, SECOND), 0);
    m->f.now += 2 * SECOND;
    m->dev[0].gone(m->dev[0].gone_arg);
    assert_int_equal(sriov_vm_poll(m->vm), 1);
    assert_int_equal(m->event[0], SRIOV_ASSIGN_RELEASED);
    sriov_vm_release(a);
}

static void test_ask_then_wait(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = plugged(m);

    assert_int_equal(sriov_vm_remove_ask(a, 100 * SECOND), 0);
    fake_fail(&m->f, "vm_hot_remove", 1, -EIO); /* is not asked again */
    assert_int_equal(sriov_vm_remove(a, SECOND), -ETIMEDOUT);
    assert_out(m);
}

static void test_forever(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = plugged(m);

    assert_int_equal(sriov_vm_remove_ask(a, UINT64_MAX), 0);
    m->f.now = UINT64_MAX - 1;
    assert_int_equal(sriov_vm_poll(m->vm), 0);
    sriov_vm_release(a); /* while it was asked */
    assert_out(m);
}

static void test_no_one_listens(void **state)
{
    struct fake_vm *m = *state;
    struct sriov_assign *a = fake_vm_assign(m, NULL);

    assert_int_equal(sriov_vm_remove_ask(a, 0), 0);
    sriov_fn_kill(m->fn);
    assert_int_equal(sriov_vm_poll(m->vm), 2); /* vanished; taken */
    sriov_vm_release(a);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_vm_setup, fake_vm_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_plug),
        T(test_remove_unplugged),
        T(test_lets_go),
        T(test_not_in_time),
        T(test_nothing_can_come),
        T(test_wait_fails),
        T(test_no_time_at_all),
        T(test_cannot_ask),
        T(test_released_in_the_event),
        T(test_polled_while_it_waits),
        T(test_vanishes_meanwhile),
        T(test_asked),
        T(test_deadline),
        T(test_just_in_time),
        T(test_ask_then_wait),
        T(test_forever),
        T(test_no_one_listens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
