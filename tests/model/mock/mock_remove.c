/* SPDX-License-Identifier: BSD-3-Clause */
/* Removal by surprise and on request; other events; kill. */
#include "fixture.h"

struct listener {
    uint32_t events[8];
    unsigned count;
    struct fixture *f;
    void *fn;
};

static void listen(void *arg, uint32_t event)
{
    struct listener *l = arg;

    assert_true(l->count < 8);
    l->events[l->count++] = event;
}

static void hear(struct fixture *f, void *fn, struct listener *l)
{
    struct sriov_event_sink sink = {.size = sizeof(sink), .cb = listen, .arg = l};

    assert_int_equal(f->ops->set_event_sink(fn, &sink), 0);
}

static void check_dead(struct fixture *f, void *fn)
{
    struct sriov_fn_info info = {.size = sizeof(info)};
    struct sriov_bar_info bar = {.size = sizeof(bar)};
    struct sriov_dma_mem mem = fixture_mem(IOVA + 64 * PAGE, PAGE, SRIOV_DMA_BOTH);
    uint64_t wide = 0;
    uint32_t value = 0;

    assert_int_equal(f->ops->bar_read(fn, TOY_BAR, TOY_SCRATCH, 4, &wide), -ENODEV);
    assert_int_equal(wide, UINT32_MAX);
    assert_int_equal(f->ops->bar_write(fn, TOY_BAR, TOY_SCRATCH, 4, 1), -ENODEV);
    assert_int_equal(f->ops->cfg_read(fn, 0, 4, &value), -ENODEV);
    assert_int_equal(value, UINT32_MAX);
    assert_int_equal(f->ops->cfg_write(fn, 4, 2, 0), -ENODEV);
    assert_int_equal(f->ops->info(fn, &info), -ENODEV);
    assert_int_equal(f->ops->bar_info(fn, 0, &bar), -ENODEV);
    assert_int_equal(f->ops->reset(fn), -ENODEV);
    assert_int_equal(f->ops->set_vfs(fn, 1), -ENODEV);
    assert_int_equal(f->ops->dma_alloc(fn, &mem), -ENODEV);
    assert_int_equal(f->ops->dma_map(fn, &mem), -ENODEV);
    value = 1;
    assert_int_equal(f->ops->irq_enable(fn, &value), -ENODEV);
    assert_int_equal(f->ops->irq_trigger(fn, 0), -ENODEV);
    fixture_expect_none(f);
}

static void a_surprise_ends_everything_but_giving_back(void **state)
{
    struct fixture *f = *state;
    struct listener l = {0};
    struct sriov_dma_mem mem = fixture_mem(IOVA, PAGE, SRIOV_DMA_BOTH);
    void *fn = fixture_open(f, f->pf);
    uint32_t n = 1;

    hear(f, fn, &l);
    assert_int_equal(f->ops->dma_alloc(fn, &mem), 0);
    assert_int_equal(f->ops->irq_enable(fn, &n), 0);
    assert_int_equal(sriov_mock_remove(f->mock, f->pf, false, 0), 0);
    check_dead(f, fn);
    assert_int_equal(l.count, 0);
    assert_int_equal(f->ops->wait(f->vmm, SECOND), 0);
    assert_int_equal(l.count, 1);
    assert_int_equal(l.events[0], SRIOV_EVENT_REMOVED);
    memset(mem.va, 1, PAGE); /* still ours */
    assert_int_equal(f->ops->irq_detach(fn, 0), 0);
    assert_int_equal(f->ops->irq_disable(fn), 0);
    assert_int_equal(f->ops->dma_free(fn, &mem), 0);
    assert_int_equal(f->ops->set_event_sink(fn, NULL), 0);
    f->ops->close(fn);
    fixture_expect_none(f);
    assert_int_equal(sriov_mock_remove(f->mock, f->pf, false, 0), -ENOENT);
}

static void a_pf_takes_its_vfs_along(void **state)
{
    struct fixture *f = *state;
    struct listener l = {0};
    void *pf = fixture_open(f, f->pf);
    struct sriov_open_args args = {.size = sizeof(args)};
    void *vf;
    void *none;

    fixture_vfs(f, pf, 2);
    vf = fixture_open(f, f->vf);
    hear(f, vf, &l);
    assert_int_equal(sriov_mock_remove(f->mock, f->pf, false, 0), 0);
    check_dead(f, vf);
    check_dead(f, pf);
    f->ops->relax(f->vmm);
    assert_int_equal(l.count, 1);
    args.name = f->vf;
    assert_int_equal(f->ops->open(f->vmm, &args, &none), -ENOENT);
    f->ops->close(pf);
    f->ops->close(vf);
}

static void a_pulled_vf_is_quiet_and_returns_with_new_vfs(void **state)
{
    struct fixture *f = *state;
    void *pf = fixture_open(f, f->pf);
    void *vf;

    fixture_vfs(f, pf, 2);
    vf = fixture_open(f, f->vf);
    fixture_wr(f, vf, TOY_SCRATCH, 5);
    assert_int_equal(sriov_mock_remove(f->mock, f->vf, false, 0), 0);
    check_dead(f, vf);
    f->ops->close(vf);
    assert_int_equal(sriov_mock_vf_name(f->mock, f->pf, 0, f->vf), -ENOENT);
    assert_int_equal(sriov_mock_vf_name(f->mock, f->pf, 1, f->vf), 0);
    assert_int_equal(f->ops->set_vfs(pf, 0), 0);
    fixture_vfs(f, pf, 2);
    vf = fixture_open(f, f->vf);
    assert_int_equal(fixture_rd(f, vf, TOY_SCRATCH), 0);
    f->ops->close(vf);
    f->ops->close(pf);
}

static void asked_it_goes_at_the_deadline(void **state)
{
    struct fixture *f = *state;
    struct listener l = {0};
    void *fn = fixture_open(f, f->pf);

    hear(f, fn, &l);
    assert_int_equal(sriov_mock_remove(f->mock, f->pf, true, 50 * MS), 0);
    f->ops->sleep_ns(f->vmm, 49 * MS);
    assert_int_equal(l.count, 1);
    assert_int_equal(l.events[0], SRIOV_EVENT_REMOVE_ASKED);
    (void)fixture_rd(f, fn, TOY_SCRATCH);
    f->ops->sleep_ns(f->vmm, MS);
    check_dead(f, fn);
    assert_int_equal(l.count, 2);
    assert_int_equal(l.events[1], SRIOV_EVENT_REMOVED);
    f->ops->close(fn);
}

static void asked_it_goes_when_it_is_free(void **state)
{
    struct fixture *f = *state;
    struct sriov_open_args args = {.size = sizeof(args), .name = f->pf};
    void *fn = fixture_open(f, f->pf);
    void *vf;

    fixture_vfs(f, fn, 1);
    vf = fixture_open(f, f->vf);
    assert_int_equal(sriov_mock_remove(f->mock, f->pf, true, 50 * SECOND), 0);
    f->ops->close(fn);
    (void)fixture_rd(f, vf, TOY_SCRATCH); /* a PF stays as long as a VF is held */
    f->ops->close(vf);
    assert_int_equal(f->ops->open(f->vmm, &args, &fn), -ENOENT);
    sriov_mock_advance(f->mock, 60 * SECOND);
}

static void other_events_are_delivered(void **state)
{
    struct fixture *f = *state;
    struct listener l = {0};
    void *fn = fixture_open(f, f->pf);

    assert_int_equal(sriov_mock_event(f->mock, f->pf, SRIOV_EVENT_ERROR), 0); /* nobody listens */
    f->ops->relax(f->vmm);
    hear(f, fn, &l);
    assert_int_equal(sriov_mock_event(f->mock, f->pf, SRIOV_EVENT_SUSPEND), 0);
    assert_int_equal(sriov_mock_event(f->mock, f->pf, SRIOV_EVENT_RESUME), 0);
    assert_int_equal(sriov_mock_event(f->mock, f->pf, SRIOV_EVENT_REMOVED), -EINVAL);
    f->ops->relax(f->vmm);
    assert_int_equal(l.count, 2);
    assert_int_equal(l.events[0], SRIOV_EVENT_SUSPEND);
    assert_int_equal(l.events[1], SRIOV_EVENT_RESUME);
    assert_int_equal(f->ops->set_event_sink(fn, NULL), 0);
    assert_int_equal(sriov_mock_event(f->mock, f->pf, SRIOV_EVENT_ERROR), 0);
    f->ops->relax(f->vmm);
    assert_int_equal(l.count, 2);
    f->ops->close(fn);
    assert_int_equal(sriov_mock_event(f->mock, f->pf, SRIOV_EVENT_ERROR), -ENOENT);
}

static void pull_on_frame(void *arg, const void *frame, size_t len)
{
    struct fixture *f = arg;

    (void)frame;
    (void)len;
    assert_int_equal(sriov_mock_remove(f->mock, f->pf, false, 0), 0);
}

static void it_may_go_while_its_model_works(void **state)
{
    struct fixture *f = *state;
    struct listener l = {0};
    void *fn = fixture_open(f, f->pf);

    hear(f, fn, &l);
    fixture_wr(f, fn, TOY_TIMER, 1000);
    assert_int_equal(sriov_mock_wire_sink(f->mock, f->pf, pull_on_frame, f), 0);
    fixture_wr(f, fn, TOY_TX, 64);
    check_dead(f, fn);
    sriov_mock_advance(f->mock, MS); /* the model's timer finds nobody */
    assert_int_equal(l.count, 1);
    f->ops->close(fn);
    fixture_expect_none(f);
}

static void close_on_removal(void *arg, uint32_t event)
{
    struct listener *l = arg;

    l->events[l->count++] = event;
    l->f->ops->close(l->fn);
}

static void a_sink_may_close_its_function(void **state)
{
    struct fixture *f = *state;
    struct listener l = {.f = f};
    struct sriov_event_sink sink = {.size = sizeof(sink), .cb = close_on_removal, .arg = &l};

    l.fn = fixture_open(f, f->pf);
    assert_int_equal(f->ops->set_event_sink(l.fn, &sink), 0);
    assert_int_equal(sriov_mock_remove(f->mock, f->pf, true, SECOND), 0);
    f->ops->relax(f->vmm);
    assert_int_equal(l.count, 1);
    assert_int_equal(l.events[0], SRIOV_EVENT_REMOVE_ASKED);
    assert_int_equal(sriov_mock_held(f->mock), 0);
    assert_int_equal(sriov_mock_remove(f->mock, f->pf, false, 0), -ENOENT); /* gone already */
}

static void kill_is_final_for_the_handle(void **state)
{
    struct fixture *f = *state;
    void *fn = fixture_open(f, f->pf);

    f->ops->kill(fn);
    f->ops->kill(fn);
    check_dead(f, fn);
    f->ops->close(fn);
    fn = fixture_open(f, f->pf);
    (void)fixture_rd(f, fn, TOY_SCRATCH);
    f->ops->close(fn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MOCK_TEST(a_surprise_ends_everything_but_giving_back),
        MOCK_TEST(a_pf_takes_its_vfs_along),
        MOCK_TEST(a_pulled_vf_is_quiet_and_returns_with_new_vfs),
        MOCK_TEST(asked_it_goes_at_the_deadline),
        MOCK_TEST(asked_it_goes_when_it_is_free),
        MOCK_TEST(other_events_are_delivered),
        MOCK_TEST(it_may_go_while_its_model_works),
        MOCK_TEST(a_sink_may_close_its_function),
        MOCK_TEST(kill_is_final_for_the_handle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
