/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupts: when they come, who holds them back, what happens in a callback. */
#include "fixture.h"

#include <sys/eventfd.h>
#include <unistd.h>

struct taker {
    struct fixture *f;
    void *fn;
    unsigned calls;
    unsigned depth;
    unsigned deepest;
    uint32_t again; /* messages to send from within the callback */
};

static void take(void *arg, uint32_t vector)
{
    struct taker *t = arg;

    t->calls++;
    t->depth++;
    t->deepest = t->depth > t->deepest ? t->depth : t->deepest;
    if (t->again > 0) {
        t->again--;
        fixture_wr(t->f, t->fn, TOY_IRQ, vector);
        t->f->ops->relax(t->f->vmm);
    }
    t->depth--;
}

static void attach(struct fixture *f, void *fn, uint32_t vector, struct taker *t)
{
    struct sriov_irq_sink sink = {
        .size = sizeof(sink), .kind = SRIOV_SINK_CALLBACK, .fd = -1, .cb = take, .arg = t};

    t->f = f;
    t->fn = fn;
    assert_int_equal(f->ops->irq_attach(fn, vector, &sink), 0);
}

static void *open_irq(struct fixture *f, uint32_t n)
{
    void *fn = fixture_open(f, f->pf);

    assert_int_equal(f->ops->irq_enable(fn, &n), 0);
    return fn;
}

static void done(struct fixture *f, void *fn)
{
    fixture_expect_none(f);
    assert_int_equal(f->ops->irq_disable(fn), 0);
    f->ops->close(fn);
    fixture_expect_none(f);
}

static uint32_t pending(struct fixture *f, void *fn, uint32_t vector)
{
    uint32_t value = 9;

    assert_int_equal(f->ops->irq_pending(fn, vector, &value), 0);
    return value;
}

static void messages_are_counted(void **state)
{
    struct fixture *f = *state;
    void *fn = open_irq(f, 2);
    struct taker t = {0};

    assert_int_equal(sriov_mock_interrupts(f->mock, f->pf), 0);
    attach(f, fn, 0, &t);
    fixture_wr(f, fn, TOY_IRQ, 0);
    fixture_wr(f, fn, TOY_IRQ, 0); /* merged with the first, and a message nevertheless */
    f->ops->relax(f->vmm);
    assert_int_equal(t.calls, 1);
    assert_int_equal(sriov_mock_interrupts(f->mock, f->pf), 2);
    assert_int_equal(sriov_mock_interrupts(f->mock, "none"), 0);
    done(f, fn);
}

static void a_callback_runs_when_time_is_given(void **state)
{
    struct fixture *f = *state;
    void *fn = open_irq(f, 2);
    struct taker t = {0};

    attach(f, fn, 1, &t);
    fixture_wr(f, fn, TOY_IRQ, 1);
    assert_int_equal(t.calls, 0);
    assert_int_equal(f->ops->wait(f->vmm, SECOND), 0);
    assert_int_equal(t.calls, 1);
    assert_int_equal(sriov_mock_now(f->mock), 0);
    fixture_wr(f, fn, TOY_IRQ, 1);
    f->ops->relax(f->vmm);
    assert_int_equal(t.calls, 2);
    assert_int_equal(f->ops->irq_trigger(fn, 1), 0);
    sriov_mock_advance(f->mock, 0);
    assert_int_equal(t.calls, 3);
    done(f, fn);
}

static void messages_that_wait_merge(void **state)
{
    struct fixture *f = *state;
    void *fn = open_irq(f, 1);
    struct taker t = {0};

    attach(f, fn, 0, &t);
    for (int i = 0; i < 5; i++) {
        fixture_wr(f, fn, TOY_IRQ, 0);
    }
    f->ops->relax(f->vmm);
    assert_int_equal(t.calls, 1);
    done(f, fn);
}

static void a_callback_is_never_nested(void **state)
{
    struct fixture *f = *state;
    void *fn = open_irq(f, 1);
    struct taker t = {.again = 3};

    attach(f, fn, 0, &t);
    fixture_wr(f, fn, TOY_IRQ, 0);
    sriov_mock_advance(f->mock, MS);
    assert_int_equal(t.calls, 4);
    assert_int_equal(t.deepest, 1);
    done(f, fn);
}

static void a_masked_vector_is_held_by_the_device(void **state)
{
    struct fixture *f = *state;
    void *fn = open_irq(f, 1);
    struct taker t = {0};

    attach(f, fn, 0, &t);
    assert_int_equal(f->ops->irq_mask(fn, 0), 0);
    fixture_wr(f, fn, TOY_IRQ, 0);
    f->ops->relax(f->vmm);
    assert_int_equal(t.calls, 0);
    assert_int_equal(pending(f, fn, 0), 1);
    assert_int_equal(f->ops->irq_unmask(fn, 0), 0);
    f->ops->relax(f->vmm);
    assert_int_equal(t.calls, 1);
    assert_int_equal(pending(f, fn, 0), 0);
    done(f, fn);
}

static void masking_holds_what_is_on_its_way(void **state)
{
    struct fixture *f = *state;
    void *fn = open_irq(f, 1);
    struct taker t = {0};

    attach(f, fn, 0, &t);
    fixture_wr(f, fn, TOY_IRQ, 0);
    assert_int_equal(f->ops->irq_mask(fn, 0), 0);
    f->ops->relax(f->vmm);
    assert_int_equal(t.calls, 0);
    assert_int_equal(pending(f, fn, 0), 1);
    assert_int_equal(f->ops->irq_unmask(fn, 0), 0);
    f->ops->relax(f->vmm);
    assert_int_equal(t.calls, 1);
    done(f, fn);
}

static void an_interrupt_without_sink_waits_for_one(void **state)
{
    struct fixture *f = *state;
    void *fn = open_irq(f, 1);
    struct taker t = {0};

    fixture_wr(f, fn, TOY_IRQ, 0);
    assert_int_equal(pending(f, fn, 0), 1);
    attach(f, fn, 0, &t);
    f->ops->relax(f->vmm);
    assert_int_equal(t.calls, 1);
    assert_int_equal(f->ops->irq_trigger(fn, 0), 0);
    assert_int_equal(f->ops->irq_detach(fn, 0), 0);
    f->ops->relax(f->vmm);
    assert_int_equal(t.calls, 1);
    done(f, fn);
}

static void an_eventfd_is_signalled_at_once(void **state)
{
    struct fixture *f = *state;
    void *fn = open_irq(f, 1);
    struct sriov_irq_sink sink = {.size = sizeof(sink), .kind = SRIOV_SINK_EVENTFD};
    uint64_t count = 0;

    sink.fd = eventfd(0, EFD_NONBLOCK);
    assert_true(sink.fd >= 0);
    assert_int_equal(f->ops->irq_attach(fn, 0, &sink), 0);
    fixture_wr(f, fn, TOY_IRQ, 0);
    fixture_wr(f, fn, TOY_IRQ, 0);
    assert_int_equal(read(sink.fd, &count, sizeof(count)), sizeof(count));
    assert_int_equal(count, 2);
    assert_int_equal(f->ops->wait(f->vmm, SECOND), 0);
    assert_int_equal(f->ops->wait(f->vmm, SECOND), -ETIMEDOUT);
    done(f, fn);
    assert_int_equal(close(sink.fd), 0);
}

static void arguments_are_checked(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);
    struct sriov_irq_sink sink = {.size = sizeof(sink), .kind = SRIOV_SINK_CALLBACK, .fd = -1};
    uint32_t n = 0;

    assert_int_equal(f->ops->irq_count(fn, &n), 0);
    assert_int_equal(n, TOY_VECTORS);
    n = TOY_VECTORS + 1;
    assert_int_equal(f->ops->irq_enable(fn, &n), -EINVAL);
    n = 0;
    assert_int_equal(f->ops->irq_enable(fn, &n), -EINVAL);
    n = 2;
    assert_int_equal(f->ops->irq_mask(fn, 0), -EINVAL);
    assert_int_equal(f->ops->irq_enable(fn, &n), 0);
    assert_int_equal(f->ops->irq_enable(fn, &n), -EBUSY);
    assert_int_equal(f->ops->irq_attach(fn, 0, &sink), -EINVAL); /* no callback */
    sink.cb = take;
    assert_int_equal(f->ops->irq_attach(fn, 2, &sink), -EINVAL);
    sink.kind = SRIOV_SINK_EVENTFD;
    assert_int_equal(f->ops->irq_attach(fn, 0, &sink), -EINVAL); /* no fd */
    assert_int_equal(f->ops->irq_trigger(fn, 2), -EINVAL);
    assert_int_equal(f->ops->irq_pending(fn, 2, &n), -EINVAL);
    assert_int_equal(f->ops->irq_detach(fn, 2), -EINVAL);
    done(f, fn);
}

static void the_host_may_have_fewer_vectors(void **state)
{
    struct sriov_mock_opts opts = {.irq_vectors_max = 2};
    struct fixture *f = fixture_make(&opts);
    void *fn = fixture_open(f, f->pf);
    uint32_t n = 3;

    (void)state;
    assert_int_equal(f->ops->irq_enable(fn, &n), -ENOSPC);
    assert_int_equal(n, 2);
    assert_int_equal(f->ops->irq_trigger(fn, 0), -EINVAL); /* nothing was enabled */
    assert_int_equal(f->ops->irq_enable(fn, &n), 0);
    done(f, fn);
    assert_int_equal(fixture_teardown((void **)&f), 0);
}

static void a_device_without_msix_polls(void **state)
{
    struct fixture *f = *state;
    struct sriov_fn_info info = {.size = sizeof(info)};
    char name[SRIOV_NAME_MAX];
    uint32_t n = 1;
    void *fn;

    assert_int_equal(sriov_mock_add_model(f->mock, &toy_plain_model, NULL, name), 0);
    fn = fixture_open(f, name);
    assert_int_equal(f->ops->info(fn, &info), 0);
    assert_int_equal(info.caps & SRIOV_CAP_IRQ_CALLBACK, 0);
    assert_int_equal(f->ops->irq_enable(fn, &n), -EOPNOTSUPP);
    assert_int_equal(f->ops->irq_count(fn, &n), 0);
    assert_int_equal(n, 0);
    done(f, fn);
}

static void a_sink_left_behind_is_a_leak(void **state)
{
    struct fixture *f = *state;
    void *fn = open_irq(f, 1);
    struct taker t = {0};

    attach(f, fn, 0, &t);
    fixture_wr(f, fn, TOY_IRQ, 0);
    f->ops->close(fn);
    fixture_expect(f, SRIOV_VIOLATION_LEAK);
    sriov_mock_advance(f->mock, MS);
    assert_int_equal(t.calls, 0);
}

static void sleep_in_callback(void *arg, uint32_t vector)
{
    struct fixture *f = arg;

    (void)vector;
    f->ops->sleep_ns(f->vmm, 1);
}

static void a_callback_must_not_wait(void **state)
{
    struct fixture *f = *state;
    void *fn = open_irq(f, 1);
    struct sriov_irq_sink sink = {
        .size = sizeof(sink), .kind = SRIOV_SINK_CALLBACK, .fd = -1, .cb = sleep_in_callback, .arg = f};

    assert_int_equal(f->ops->irq_attach(fn, 0, &sink), 0);
    assert_int_equal(f->ops->irq_trigger(fn, 0), 0);
    f->ops->relax(f->vmm);
    fixture_expect(f, SRIOV_VIOLATION_CONTRACT);
    done(f, fn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOCK_TEST(messages_are_counted),
        MOCK_TEST(a_callback_runs_when_time_is_given),
        MOCK_TEST(messages_that_wait_merge),
        MOCK_TEST(a_callback_is_never_nested),
        MOCK_TEST(a_masked_vector_is_held_by_the_device),
        MOCK_TEST(masking_holds_what_is_on_its_way),
        MOCK_TEST(an_interrupt_without_sink_waits_for_one),
        MOCK_TEST(an_eventfd_is_signalled_at_once),
        MOCK_TEST(arguments_are_checked),
        cmocka_unit_test(the_host_may_have_fewer_vectors),
        MOCK_TEST(a_device_without_msix_polls),
        MOCK_TEST(a_sink_left_behind_is_a_leak),
        MOCK_TEST(a_callback_must_not_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
