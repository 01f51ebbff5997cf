/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtual time: order, waits, tasks, nested calls. */
#include "fixture.h"

#include <time.h>

struct journal {
    struct fixture *f;
    char text[64];
    size_t len;
    uint64_t sleep_ns;
    int id;
};

static void note(struct journal *j, char c)
{
    assert_true(j->len + 1 < sizeof(j->text));
    j->text[j->len++] = c;
}

static void note_a(void *arg)
{
    note(arg, 'a');
}

static void note_b(void *arg)
{
    note(arg, 'b');
}

static void time_moves_only_when_told(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(f->ops->now_ns(f->vmm), 0);
    f->ops->relax(f->vmm);
    assert_int_equal(f->ops->now_ns(f->vmm), 1000);
    f->ops->sleep_ns(f->vmm, 5);
    sriov_mock_advance(f->mock, 95);
    assert_int_equal(sriov_mock_now(f->mock), 1100);
}

static void tasks_run_in_order(void **state)
{
    struct fixture *f = *state;
    struct journal j = {.f = f};
    int a = sriov_mock_task(f->mock, 2 * MS, note_a, &j);
    int b = sriov_mock_task(f->mock, 3 * MS, note_b, &j);

    assert_true(a > 0 && b > 0);
    sriov_mock_advance(f->mock, 5 * MS);
    assert_string_equal(j.text, "aba");
    f->ops->sleep_ns(f->vmm, MS); /* both at 6 ms: b was queued first, at 3 ms */
    assert_string_equal(j.text, "ababa");
    assert_int_equal(sriov_mock_task_stop(f->mock, a), 0);
    assert_int_equal(sriov_mock_task_stop(f->mock, a), -ENOENT);
    sriov_mock_advance(f->mock, 3 * MS);
    assert_string_equal(j.text, "ababab");
    assert_int_equal(sriov_mock_task_stop(f->mock, b), 0);
    sriov_mock_advance(f->mock, SECOND);
    assert_string_equal(j.text, "ababab");
    assert_int_equal(sriov_mock_task(f->mock, 0, note_a, &j), -EINVAL);
}

static void on_irq(void *arg, uint32_t vector)
{
    note(arg, (char)('0' + vector));
}

static void tick(void *arg)
{
    ++*(unsigned *)arg;
}

static void sleep_long(void *arg)
{
    struct journal *j = arg;

    note(j, 's');
    j->f->ops->sleep_ns(j->f->vmm, j->sleep_ns);
}

static void stop_self(void *arg)
{
    struct journal *j = arg;

    note(j, 'x');
    assert_int_equal(sriov_mock_task_stop(j->f->mock, j->id), 0);
}

static void a_task_may_sleep_longer_than_its_period(void **state)
{
    struct fixture *f = *state;
    struct journal j = {.f = f, .sleep_ns = 3 * MS};
    int id = sriov_mock_task(f->mock, MS, sleep_long, &j);
    int other = sriov_mock_task(f->mock, 2 * MS, note_a, &j);

    sriov_mock_advance(f->mock, 10 * MS); /* s at 1, 5, 9 ms; a at 2, 4, 6, 8, 10 and in the last sleep, 12 */
    assert_string_equal(j.text, "saasaasaa");
    assert_int_equal(sriov_mock_now(f->mock), 12 * MS);
    assert_int_equal(sriov_mock_task_stop(f->mock, id), 0);
    assert_int_equal(sriov_mock_task_stop(f->mock, other), 0);
}

static void a_task_may_stop_itself(void **state)
{
    struct fixture *f = *state;
    struct journal j = {.f = f};

    j.id = sriov_mock_task(f->mock, MS, stop_self, &j);
    sriov_mock_advance(f->mock, 10 * MS);
    assert_string_equal(j.text, "x");
}

static void wait_knows_that_nothing_can_come(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(f->ops->wait(f->vmm, UINT64_MAX), -EAGAIN);
    assert_int_equal(sriov_mock_now(f->mock), 0);
    assert_int_equal(f->ops->wait(f->vmm, 7 * MS), -ETIMEDOUT);
    assert_int_equal(sriov_mock_now(f->mock), 7 * MS);
    assert_int_equal(f->ops->wait(f->vmm, 0), -ETIMEDOUT);
    assert_int_equal(sriov_mock_now(f->mock), 7 * MS);
}

static void an_endless_wait_among_tasks_ends(void **state)
{
    struct fixture *f = *state;
    unsigned ticks = 0;
    int id = sriov_mock_task(f->mock, MS, tick, &ticks);

    assert_int_equal(f->ops->wait(f->vmm, UINT64_MAX), -EAGAIN);
    assert_true(ticks > 1000);
    assert_int_equal(sriov_mock_task_stop(f->mock, id), 0);
}

static void a_model_timer_is_waited_for(void **state)
{
    struct fixture *f = *state;
    struct journal j = {.f = f};
    struct sriov_irq_sink sink = {
        .size = sizeof(sink), .kind = SRIOV_SINK_CALLBACK, .fd = -1, .cb = on_irq, .arg = &j};
    void *fn = fixture_open(f, f->pf);
    uint32_t n = 1;

    assert_int_equal(f->ops->irq_enable(fn, &n), 0);
    assert_int_equal(f->ops->irq_attach(fn, 0, &sink), 0);
    fixture_wr(f, fn, TOY_TIMER, 5000);
    assert_int_equal(f->ops->wait(f->vmm, 4999), -ETIMEDOUT);
    assert_int_equal(f->ops->wait(f->vmm, UINT64_MAX), 0);
    assert_int_equal(sriov_mock_now(f->mock), 5000);
    assert_string_equal(j.text, "0");
    assert_int_equal(sriov_mock_set_delay(f->mock, "none", SRIOV_DELAY_TX, 70), -ENOENT);
    assert_int_equal(sriov_mock_set_delay(f->mock, NULL, (enum sriov_delay_kind)9, 70), -EINVAL);
    assert_int_equal(sriov_mock_set_delay(f->mock, f->pf, SRIOV_DELAY_TX, 70), 0);
    fixture_wr(f, fn, TOY_TIMER, 30);
    assert_int_equal(f->ops->wait(f->vmm, SECOND), 0);
    assert_int_equal(sriov_mock_now(f->mock), 5100);
    assert_int_equal(sriov_mock_set_delay(f->mock, NULL, SRIOV_DELAY_TX, 0), 0);
    fixture_wr(f, fn, TOY_TIMER, 30);
    assert_int_equal(f->ops->wait(f->vmm, SECOND), 0);
    assert_int_equal(sriov_mock_now(f->mock), 5130);
    assert_int_equal(f->ops->irq_disable(fn), 0);
    f->ops->close(fn);
}

static void an_idle_hour_costs_nothing(void **state)
{
    struct fixture *f = *state;
    struct timespec from;
    struct timespec to;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    for (int i = 0; i < 1000; i++) {
        f->ops->sleep_ns(f->vmm, 3600 * SECOND);
    }
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    assert_int_equal(sriov_mock_now(f->mock), 1000 * 3600 * SECOND);
    /* 1000 hours in a tenth of a second of processor time at most: 100 us an hour. */
    assert_true((to.tv_sec - from.tv_sec) * 1000000000L + (to.tv_nsec - from.tv_nsec) < 100000000L);
}

static void time_does_not_wrap(void **state)
{
    struct fixture *f = *state;

    sriov_mock_advance(f->mock, UINT64_MAX - 5);
    sriov_mock_advance(f->mock, 100);
    assert_int_equal(sriov_mock_now(f->mock), UINT64_MAX);
}

static void the_next_event_is_known(void **state)
{
    struct fixture *f = *state;
    struct journal j = {.f = f};
    int a;

    assert_true(sriov_mock_next_due(f->mock) == UINT64_MAX);
    a = sriov_mock_task(f->mock, 2 * MS, note_a, &j);
    assert_int_equal(sriov_mock_next_due(f->mock), 2 * MS);
    sriov_mock_advance(f->mock, MS / 2);
    assert_int_equal(sriov_mock_next_due(f->mock), 3 * MS / 2);
    sriov_mock_advance(f->mock, 3 * MS / 2);
    assert_string_equal(j.text, "a");
    assert_int_equal(sriov_mock_next_due(f->mock), 2 * MS);
    assert_int_equal(sriov_mock_task_stop(f->mock, a), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOCK_TEST(time_moves_only_when_told),
        MOCK_TEST(tasks_run_in_order),
        MOCK_TEST(a_task_may_sleep_longer_than_its_period),
        MOCK_TEST(a_task_may_stop_itself),
        MOCK_TEST(wait_knows_that_nothing_can_come),
        MOCK_TEST(an_endless_wait_among_tasks_ends),
        MOCK_TEST(a_model_timer_is_waited_for),
        MOCK_TEST(an_idle_hour_costs_nothing),
        MOCK_TEST(time_does_not_wrap),
        MOCK_TEST(the_next_event_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
