/* SPDX-License-Identifier: BSD-3-Clause */
#include "pf_stage.h"

#include <errno.h>

static void on_violation(void *arg, const struct sriov_violation *v)
{
    (void)arg;
    print_error("violation: %s\n", v->text);
}

void stage_mock(struct stage *s)
{
    const struct sriov_mock_opts opts = {
        .size = sizeof(opts), .flags = SRIOV_MOCK_QUIET, .on_violation = on_violation};
    const struct sriov_mock_pf_opts pf_opts = {.size = sizeof(pf_opts), .quirks = s->quirks};

    assert_int_equal(sriov_mock_create(&opts, &s->mock), 0);
    assert_int_equal(sriov_mock_add_pf(s->mock, s->model, &pf_opts, s->pf_name), 0);
    assert_int_equal(sriov_mock_set_delay(s->mock, NULL, SRIOV_DELAY_MBX, s->mbx_delay), 0);
}

void stage_add(struct stage *s, const struct sriov_pf_opts *opts)
{
    const struct sriov_mock_fault no_irq = {
        .size = sizeof(no_irq), .kind = SRIOV_MOCK_FAULT_OP, .op = "irq_enable", .nth = 1, .err = -ENOSPC};

    s->task = 0;
    s->n = 0;
    stage_mock(s);
    assert_int_equal(sriov_fn_open(sriov_mock_vmm(s->mock), s->pf_name, NULL, &s->fn), 0);
    if (s->no_vectors) {
        assert_int_equal(sriov_mock_inject(s->mock, &no_irq), 0);
    }
    assert_int_equal(sriov_pf_open(s->fn, sriov_pf_drivers, opts, &s->pf), 0);
    assert_int_equal(sriov_mock_clear_faults(s->mock), s->no_vectors ? 1 : 0);
}

int stage_set(void **state)
{
    stage_add(*state, NULL);
    return 0;
}

static void stop_serving(struct stage *s)
{
    if (s->task > 0) {
        assert_int_equal(sriov_mock_task_stop(s->mock, s->task), 0);
        s->task = 0;
    }
}

static void close_vfs(struct stage *s)
{
    for (uint16_t i = 0; i < s->n; i++) {
        sriov_net_close(s->net[i]);
        assert_int_equal(sriov_fn_close(s->vf_fn[i]), 0);
    }
    s->n = 0;
}

int stage_strike(void **state)
{
    struct stage *s = *state;

    close_vfs(s);
    stop_serving(s);
    sriov_pf_close(s->pf);
    assert_int_equal(sriov_fn_close(s->fn), 0);
    assert_int_equal(sriov_mock_held(s->mock), 0);
    assert_int_equal(sriov_mock_violations(s->mock, 0), 0);
    sriov_mock_destroy(s->mock);
    return 0;
}

/* The PF's application: a poll each millisecond of virtual time. */
static void poll_pf(void *arg)
{
    struct stage *s = arg;

    (void)sriov_pf_poll(s->pf);
}

void stage_serve(struct stage *s)
{
    s->task = sriov_mock_task(s->mock, POLL_NS, poll_pf, s);
    assert_true(s->task > 0);
}

void stage_open_vfs(struct stage *s, uint16_t n)
{
    char name[SRIOV_NAME_MAX];

    for (uint16_t i = 0; i < n; i++) {
        assert_int_equal(sriov_mock_vf_name(s->mock, s->pf_name, i, name), 0);
        assert_int_equal(sriov_fn_open(sriov_mock_vmm(s->mock), name, NULL, &s->vf_fn[i]), 0);
        assert_int_equal(sriov_net_open(s->vf_fn[i], sriov_net_drivers, &s->net[i]), 0);
        s->n = (uint16_t)(i + 1u);
    }
}

/* Polls the VFs' control side while time passes. */
void stage_run(struct stage *s, uint64_t ns)
{
    s->events = 0;
    for (uint64_t t = 0; t < ns; t += POLL_NS) {
        sriov_mock_advance(s->mock, POLL_NS);
        for (uint16_t i = 0; i < s->n; i++) {
            s->events |= sriov_net_poll(s->net[i]);
        }
    }
}

struct sriov_pf_vf_info stage_vf(struct stage *s, uint16_t vf)
{
    struct sriov_pf_vf_info info = {.size = sizeof(info)};

    assert_int_equal(sriov_pf_get_vf(s->pf, vf, &info), 0);
    return info;
}

struct sriov_net_info stage_net(struct stage *s, uint16_t vf)
{
    struct sriov_net_info info = {.size = sizeof(info)};

    assert_int_equal(sriov_net_get_info(s->net[vf], &info), 0);
    return info;
}

void stage_await_link(struct stage *s, bool up)
{
    struct sriov_link link = {0};

    for (uint64_t t = 0; t < LONG_RUN; t += POLL_NS) {
        (void)sriov_pf_poll(s->pf);
        assert_int_equal(sriov_pf_get_link(s->pf, &link), 0);
        if (link.up == up) {
            assert_int_equal(link.mbps, up ? s->mbps : 0);
            return;
        }
        sriov_mock_advance(s->mock, POLL_NS);
    }
    fail_msg("%s: link not %s", s->model, up ? "up" : "down");
}
