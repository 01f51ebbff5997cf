/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors, sinks, masks, events; what wait, sleep and relax deliver, also across threads. */
#include "fake.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

struct bed {
    struct fake *fake;
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
    uint32_t got;
    uint32_t heard[FAKE_IRQS];
    uint32_t events[8];
};

static struct bed bed;

static void on_event(void *arg, enum sriov_event event)
{
    (void)arg;
    bed.events[event]++;
}

static int setup(void **state)
{
    struct sriov_fn_opts opts = {.size = sizeof(opts), .on_event = on_event};
    bed = (struct bed){.fake = fake_up()};
    *state = &bed;
    assert_int_equal(fake_vmm(bed.fake, SRIOV_KVM_AUTO, 0, &bed.vmm), 0);
    assert_int_equal(sriov_fn_open(bed.vmm, FAKE_VF, &opts, &bed.fn), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(sriov_fn_close(bed.fn), 0);
    assert_int_equal(sriov_kvm_destroy(bed.vmm), 0);
    fake_down(bed.fake);
    return 0;
}

static void hear(void *arg, uint32_t vector)
{
    assert_ptr_equal(arg, &bed);
    bed.heard[vector]++;
}

static void enable(uint32_t n)
{
    assert_int_equal(sriov_irq_enable(bed.fn, n, n, &bed.got), 0);
}

static void test_shortage(void **state)
{
    (void)state;
    bed.fake->msix_given = 2;
    assert_int_equal(sriov_irq_enable(bed.fn, 3, 3, &bed.got), -ENOSPC);
    assert_int_equal(sriov_irq_enable(bed.fn, 3, 1, &bed.got), 0); /* the kernel said 2 */
    assert_int_equal(bed.got, 2);
    assert_int_equal(sriov_irq_disable(bed.fn), 0);
    bed.fake->msix_given = 0;
    assert_int_equal(sriov_irq_enable(bed.fn, 3, 1, &bed.got), -ENOSPC);
    assert_int_equal(bed.fake->irq_on, 0);
}

static void test_callback(void **state)
{
    (void)state;
    enable(3);
    assert_int_equal(sriov_irq_attach(bed.fn, 2, hear, &bed), 0);
    fake_signal(bed.fake->irq_fd[2]);
    fake_signal(bed.fake->irq_fd[1]); /* no sink: kept */
    assert_int_equal(sriov_vmm_wait(bed.vmm, 1000000), 0);
    assert_int_equal(bed.heard[2], 1);
    assert_int_equal(bed.heard[1], 0);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 1000000), -ETIMEDOUT);
    assert_int_equal(sriov_irq_attach(bed.fn, 1, hear, &bed), 0);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 1000000), 0);
    assert_int_equal(bed.heard[1], 1);
}

static void test_sleep_and_relax_deliver(void **state)
{
    (void)state;
    enable(1);
    assert_int_equal(sriov_irq_attach(bed.fn, 0, hear, &bed), 0);
    fake_signal(bed.fake->irq_fd[0]);
    uint64_t before = sriov_vmm_now(bed.vmm);
    sriov_vmm_sleep(bed.vmm, 2000000);
    assert_true(sriov_vmm_now(bed.vmm) - before >= 2000000);
    assert_int_equal(bed.heard[0], 1);
    fake_signal(bed.fake->irq_fd[0]);
    for (int i = 0; i < 1000; i++) {
        sriov_vmm_relax(bed.vmm);
    }
    assert_int_equal(bed.heard[0], 2);
}

static void test_mask_callback(void **state)
{
    (void)state;
    bool pending = true;
    enable(1);
    assert_int_equal(sriov_irq_attach(bed.fn, 0, hear, &bed), 0);
    assert_int_equal(sriov_irq_mask(bed.fn, 0), 0);
    assert_int_equal(sriov_irq_mask(bed.fn, 0), 0);
    assert_int_equal(sriov_irq_pending(bed.fn, 0, &pending), 0);
    assert_false(pending);
    assert_int_equal(sriov_irq_trigger(bed.fn, 0), 0);
    assert_int_equal(sriov_irq_pending(bed.fn, 0, &pending), 0);
    assert_true(pending);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 1000000), -ETIMEDOUT);
    /* A sink that is attached while masked gets it at unmask. */
    assert_int_equal(sriov_irq_attach(bed.fn, 0, hear, &bed), 0);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 1000000), -ETIMEDOUT);
    assert_int_equal(sriov_irq_unmask(bed.fn, 0), 0);
    assert_int_equal(sriov_irq_unmask(bed.fn, 0), 0);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 1000000), 0);
    assert_int_equal(bed.heard[0], 1);
}

static uint64_t counted(int fd)
{
    uint64_t n = 0;
    return read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n) ? n : 0;
}

static void test_eventfd(void **state)
{
    (void)state;
    bool pending = false;
    int fd = eventfd(0, EFD_NONBLOCK);
    enable(2);
    int32_t own = bed.fake->irq_fd[1];
    assert_int_equal(sriov_irq_attach_fd(bed.fn, 1, fd), 0);
    assert_int_equal(bed.fake->irq_fd[1], fd); /* the kernel signals the caller's own */
    fake_signal(bed.fake->irq_fd[1]);
    assert_int_equal(counted(fd), 1);
    assert_int_equal(sriov_irq_mask(bed.fn, 1), 0);
    assert_int_equal(bed.fake->irq_fd[1], own);
    fake_signal(bed.fake->irq_fd[1]);
    assert_int_equal(counted(fd), 0);
    assert_int_equal(sriov_irq_pending(bed.fn, 1, &pending), 0);
    assert_true(pending);
    assert_int_equal(sriov_irq_unmask(bed.fn, 1), 0);
    assert_int_equal(counted(fd), 1);
    assert_int_equal(sriov_irq_pending(bed.fn, 1, &pending), 0);
    assert_false(pending);
    assert_int_equal(sriov_irq_attach(bed.fn, 1, hear, &bed), 0); /* replaced by a callback */
    assert_int_equal(bed.fake->irq_fd[1], own);
    assert_int_equal(sriov_irq_detach(bed.fn, 1), 0);
    close(fd);
}

static void test_raw_refusals(void **state)
{
    (void)state;
    const struct sriov_vmm_ops *ops = sriov_vmm_ops(bed.vmm);
    struct skvm_fn *raw = ((struct skvm *)sriov_vmm_ctx(bed.vmm))->fns;
    struct sriov_irq_sink sink = {.size = sizeof(sink), .kind = SRIOV_SINK_EVENTFD, .fd = -1};
    uint32_t n = 0;
    assert_int_equal(ops->irq_enable(raw, &n), -EINVAL);
    n = FAKE_IRQS + 1;
    assert_int_equal(ops->irq_enable(raw, &n), -EINVAL);
    n = 1;
    assert_int_equal(ops->irq_enable(raw, &n), 0);
    assert_int_equal(ops->irq_enable(raw, &n), -EBUSY);
    assert_int_equal(ops->irq_attach(raw, 0, &sink), -EINVAL);
    sink.kind = SRIOV_SINK_CALLBACK;
    assert_int_equal(ops->irq_attach(raw, 0, &sink), -EINVAL);
    sink.kind = 7;
    sink.fd = 1;
    assert_int_equal(ops->irq_attach(raw, 0, &sink), -EINVAL);
    assert_int_equal(ops->irq_trigger(raw, 1), -EINVAL);
    assert_int_equal(ops->irq_mask(raw, 1), -EINVAL);
    assert_int_equal(ops->irq_disable(raw), 0);
    assert_int_equal(ops->irq_disable(raw), 0);
    assert_int_equal(ops->irq_trigger(raw, 0), -EINVAL);
}

static void test_nothing_can_come(void **state)
{
    (void)state;
    const struct sriov_vmm_ops *ops = sriov_vmm_ops(bed.vmm);
    struct skvm *kvm = sriov_vmm_ctx(bed.vmm);
    assert_int_equal(ops->set_event_sink(kvm->fns, NULL), 0);
    assert_int_equal(sriov_vmm_wait(bed.vmm, UINT64_MAX), -EAGAIN);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 0), -ETIMEDOUT);
}

static void test_request(void **state)
{
    (void)state;
    fake_signal(bed.fake->request_fd);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 1000000), 0);
    assert_int_equal(bed.events[SRIOV_EVENT_REMOVE_ASKED], 1);
    assert_int_equal(bed.events[SRIOV_EVENT_REMOVED], 0);
    assert_int_equal(sriov_fn_state(bed.fn), SRIOV_FN_DETACHED);
}

static void test_request_of_a_pulled_function(void **state)
{
    (void)state;
    bed.fake->absent = true;
    fake_signal(bed.fake->request_fd);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 1000000), 0);
    assert_int_equal(bed.events[SRIOV_EVENT_REMOVE_ASKED], 0);
    assert_int_equal(bed.events[SRIOV_EVENT_REMOVED], 1);
    assert_int_equal(sriov_fn_state(bed.fn), SRIOV_FN_GONE);
}

static void test_error(void **state)
{
    (void)state;
    bed.fake->absent = true; /* for a while: the link is being reset */
    fake_signal(bed.fake->error_fd);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 1000000), 0);
    assert_int_equal(bed.events[SRIOV_EVENT_ERROR], 1);
    assert_int_equal(bed.events[SRIOV_EVENT_REMOVED], 0);
    assert_int_equal(sriov_fn_state(bed.fn), SRIOV_FN_DETACHED);
    bed.fake->absent = false;
}

/* A call that runs into the removal tells it by the event too, once. */
static void test_vanished(void **state)
{
    (void)state;
    const struct sriov_vmm_ops *ops = sriov_vmm_ops(bed.vmm);
    struct skvm_fn *raw = ((struct skvm *)sriov_vmm_ctx(bed.vmm))->fns;
    uint32_t value = 0;
    bed.fake->vanished = true;
    assert_int_equal(ops->cfg_read(raw, 0, 4, &value), -ENODEV);
    assert_int_equal(value, UINT32_MAX);
    assert_int_equal(ops->reset(raw), -ENODEV);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 1000000), 0);
    assert_int_equal(bed.events[SRIOV_EVENT_REMOVED], 1);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 1000000), -ETIMEDOUT);
    assert_int_equal(bed.events[SRIOV_EVENT_REMOVED], 1);
    bed.fake->vanished = false;
}

static void detach_itself(void *arg, uint32_t vector)
{
    hear(arg, vector);
    assert_int_equal(sriov_irq_detach(bed.fn, vector), 0);
}

static void test_detach_in_callback(void **state)
{
    (void)state;
    enable(1);
    assert_int_equal(sriov_irq_attach(bed.fn, 0, detach_itself, &bed), 0);
    fake_signal(bed.fake->irq_fd[0]);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 1000000), 0);
    fake_signal(bed.fake->irq_fd[0]);
    assert_int_equal(sriov_vmm_wait(bed.vmm, 1000000), -ETIMEDOUT);
    assert_int_equal(bed.heard[0], 1);
}

/*
 * Another thread waits and delivers while this one attaches and detaches. Once detach has returned, the
 * callback's world is poisoned: a callback that still runs sees that.
 */
struct race {
    atomic_bool stop;
    atomic_bool poisoned;
    atomic_uint bugs;
    atomic_uint heard;
};

#define STAY_NS   100000u /* a callback's length */
#define POISON_NS 30000u
#define ROUNDS    500u

static void stay(uint64_t ns)
{
    uint64_t begin = sriov_vmm_now(bed.vmm);
    while (sriov_vmm_now(bed.vmm) - begin < ns) {
        (void)sched_yield();
    }
}

static void race_cb(void *arg, uint32_t vector)
{
    struct race *race = arg;
    uint64_t begin = sriov_vmm_now(bed.vmm);
    (void)vector;
    atomic_fetch_add(&race->heard, 1);
    while (sriov_vmm_now(bed.vmm) - begin < STAY_NS) {
        if (atomic_load(&race->poisoned)) {
            atomic_fetch_add(&race->bugs, 1);
        }
    }
}

static void *race_wait(void *arg)
{
    struct race *race = arg;
    while (!atomic_load(&race->stop)) {
        (void)sriov_vmm_wait(bed.vmm, 100000);
    }
    return NULL;
}

static void race_round(struct race *race, uint32_t round)
{
    uint32_t before = atomic_load(&race->heard);
    atomic_store(&race->poisoned, false);
    assert_int_equal(sriov_irq_attach(bed.fn, 0, race_cb, race), 0);
    fake_signal(bed.fake->irq_fd[0]);
    /* Every fourth time at once, else while it is under way. */
    for (uint32_t k = 0; round % 4 != 0 && k < 100000 && atomic_load(&race->heard) == before; k++) {
        (void)sched_yield();
    }
    assert_int_equal(sriov_irq_detach(bed.fn, 0), 0);
    atomic_store(&race->poisoned, true);
    stay(POISON_NS);
}

static void test_detach_against_wait(void **state)
{
    (void)state;
    struct race race = {0};
    pthread_t waiter;
    enable(1);
    assert_int_equal(pthread_create(&waiter, NULL, race_wait, &race), 0);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        race_round(&race, i);
    }
    atomic_store(&race.stop, true);
    assert_int_equal(pthread_join(waiter, NULL), 0);
    assert_int_equal(atomic_load(&race.bugs), 0);
    assert_true(atomic_load(&race.heard) >= ROUNDS / 4);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_shortage),
        CASE(test_callback),
        CASE(test_sleep_and_relax_deliver),
        CASE(test_mask_callback),
        CASE(test_eventfd),
        CASE(test_raw_refusals),
        CASE(test_nothing_can_come),
        CASE(test_request),
        CASE(test_request_of_a_pulled_function),
        CASE(test_error),
        CASE(test_vanished),
        CASE(test_detach_in_callback),
        CASE(test_detach_against_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
