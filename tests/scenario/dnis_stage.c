/* SPDX-License-Identifier: BSD-3-Clause */
#include "dnis_stage.h"

#include <errno.h>
#include <string.h>

/* An answer of the PF takes so long, and a VF's handshake five of them: the pair's polls wait for it,
 * while frames gather in the standby's ring. */
#define PF_TURN_NS  (25 * US)
#define APP_TURN_NS (20 * US)
#define NET_TURN_NS (5 * US)

/* ---- adapters ---- */

static void serve(struct stage_side *side)
{
    if (side->pf != NULL && !side->pf_busy) {
        side->pf_busy = true;
        (void)sriov_pf_poll(side->pf);
        side->pf_busy = false;
    }
}

static void pf_turn(void *arg)
{
    struct stage *s = arg;

    serve(&s->side[VF_SIDE]);
    serve(&s->side[STANDBY]);
}

static void on_violation(void *arg, const struct sriov_violation *violation)
{
    struct stage *s = arg;

    for (int i = 0; i < 2; i++) {
        bool dead = s->side[i].dead && strcmp(s->side[i].name, violation->function) == 0;

        if (dead || s->findings_excused) {
            s->excused++;
            return;
        }
    }
    print_error("finding: %s\n", violation->text);
}

/* A device by itself, with no PF that serves it. */
static bool is_paravirtual(const struct stage_side *side)
{
    return strcmp(side->model, "virtio-net") == 0;
}

static void pf_up(struct stage *s, struct stage_side *side, const char *model)
{
    struct sriov_pf_opts opts = {.size = sizeof(opts)};
    struct sriov_mock_pf_opts device = {.size = sizeof(device)};

    side->model = model;
    memcpy(device.mac, stage_pair_mac.b, sizeof(device.mac));
    if (is_paravirtual(side)) {
        assert_int_equal(sriov_mock_add_pf(s->mock, model, &device, side->pf_name), 0);
        memcpy(side->name, side->pf_name, sizeof(side->name));
        return;
    }
    assert_int_equal(sriov_mock_add_pf(s->mock, model, NULL, side->pf_name), 0);
    assert_int_equal(sriov_fn_open(s->vmm, side->pf_name, NULL, &side->pf_fn), 0);
    assert_int_equal(sriov_pf_open(side->pf_fn, sriov_pf_drivers, &opts, &side->pf), 0);
    side->vfs = strcmp(model, "82576") == 0 ? 7 : 32;
    assert_int_equal(sriov_pf_enable_vfs(side->pf, side->vfs), 0);
    assert_int_equal(sriov_pf_set_vf_mac(side->pf, 0, &stage_pair_mac), 0);
}

static void pf_down(struct stage_side *side)
{
    if (is_paravirtual(side)) {
        return;
    }
    side->pf_busy = true;
    sriov_pf_close(side->pf);
    side->pf = NULL;
    assert_int_equal(sriov_fn_close(side->pf_fn), 0);
}

static bool has_link(const struct stage_side *side)
{
    struct sriov_net_info info = {.size = sizeof(info)};

    return sriov_net_get_info(side->net, &info) == 0 && info.link.up;
}

static void dev_close(struct stage_side *side)
{
    sriov_net_close(side->net);
    side->net = NULL;
    if (side->pool != NULL) {
        assert_int_equal(sriov_pool_in_use(side->pool), 0);
        assert_int_equal(sriov_pool_destroy(side->pool), 0);
        side->pool = NULL;
    }
    if (side->fn != NULL) {
        assert_int_equal(sriov_fn_close(side->fn), 0);
        side->fn = NULL;
    }
}

static int dev_open(struct stage *s, struct stage_side *side)
{
    struct sriov_pool_opts pool = {.size = sizeof(pool), .count = 4096};
    struct sriov_net_config config = s->setup.config;
    /* The driver resets it through its PF; an FLR more costs 100 ms. */
    struct sriov_fn_opts opts = {.size = sizeof(opts), .flags = SRIOV_FN_NO_RESET};
    int rc = 0;

    if (!is_paravirtual(side)) {
        rc = sriov_mock_vf_name(s->mock, side->pf_name, side->vf, side->name);
    }
    rc = rc == 0 ? sriov_fn_open(s->vmm, side->name, &opts, &side->fn) : rc;
    rc = rc == 0 ? sriov_pool_create(side->fn, &pool, &side->pool) : rc;
    rc = rc == 0 ? sriov_net_open(side->fn, sriov_net_drivers, &side->net) : rc;
    config.size = sizeof(config);
    config.pool = side->pool;
    rc = rc == 0 ? sriov_net_configure(side->net, &config) : rc;
    if (rc != 0) {
        dev_close(side);
    }
    return rc;
}

int stage_vf_open(struct stage *s)
{
    struct stage_side *side = &s->side[VF_SIDE];
    int rc = dev_open(s, side);

    rc = rc == 0 ? sriov_net_start(side->net) : rc;
    for (int t = 0; rc == 0 && t < 20000 && !has_link(side); t++) {
        stage_run(s, 100 * US);
        (void)sriov_net_poll(side->net);
    }
    if (rc == 0 && !has_link(side)) {
        rc = -ETIMEDOUT;
    }
    if (rc != 0) {
        dev_close(side);
    }
    return rc;
}

void stage_vf_close(struct stage *s)
{
    s->released = NULL;
    dev_close(&s->side[VF_SIDE]);
}

int stage_attach(struct stage *s)
{
    s->attach_rc = -EBUSY;
    s->attach = true;
    for (int t = 0; s->attach && t < 1000; t++) {
        stage_run(s, 20 * US);
    }
    assert_false(s->attach);
    return s->attach_rc;
}

static int plug_next(struct stage_side *side)
{
    static const struct sriov_mac none;
    int rc = 0;

    if (side->vf + 1 < side->vfs) {
        rc = sriov_pf_set_vf_mac(side->pf, side->vf++, &none);
    } else {
        side->vf = 0;
        rc = sriov_pf_enable_vfs(side->pf, 0);
        rc = rc == 0 ? sriov_pf_enable_vfs(side->pf, side->vfs) : rc;
    }
    return rc == 0 ? sriov_pf_set_vf_mac(side->pf, side->vf, &stage_pair_mac) : rc;
}

int stage_replug(struct stage *s)
{
    struct stage_side *side = &s->side[VF_SIDE];
    int rc;

    side->pf_busy = true;
    rc = plug_next(side);
    side->pf_busy = false;
    return rc;
}

void stage_vf_up(struct stage *s)
{
    assert_int_equal(stage_vf_open(s), 0);
    assert_int_equal(stage_attach(s), 0);
    stage_run_until_on(s, SRIOV_DNIS_VF, 3000 * MS);
}

/* ---- hooks ---- */

static int on_move(void *arg, enum sriov_dnis_side to)
{
    struct stage *s = arg;

    s->moved_to = to;
    return s->move_rc;
}

static int on_step(void *arg, const struct sriov_dnis_progress *p)
{
    struct stage *s = arg;

    s->step[s->steps++ % STEPS_KEPT] =
        (struct stage_step){p->step, p->from, p->to, p->reason, p->rc, p->time_ns};
    if (s->abort_at != 0 && --s->abort_at == 0) {
        return s->abort_rc;
    }
    return 0;
}

/* ---- life ---- */

static void on_log(void *arg, uint32_t level, const char *line)
{
    struct stage *s = arg;

    if (level > SRIOV_LOG_WARN) {
        return;
    }
    size_t len = strlen(line);

    if (s->log_len + len + 2 > sizeof(s->log)) {
        s->log_len = 0;
    }
    memcpy(s->log + s->log_len, line, len);
    s->log_len += len;
    s->log[s->log_len++] = '\n';
    s->log[s->log_len] = '\0';
}

bool stage_said(struct stage *s, const char *what)
{
    bool said = strstr(s->log, what) != NULL;

    s->log_len = 0;
    s->log[0] = '\0';
    return said;
}

static void make_pair(struct stage *s)
{
    struct sriov_dnis_opts opts = s->setup.opts;
    struct sriov_dnis_hooks hooks = {.size = sizeof(hooks), .move = on_move, .on_step = on_step, .arg = s};
    struct sriov_dnis *dnis;

    opts.size = sizeof(opts);
    opts.standby = s->side[STANDBY].net;
    opts.hooks = &hooks;
    assert_int_equal(sriov_dnis_create(s->vmm, &opts, &dnis), 0);
    s->dnis = dnis;
}

void stage_make(struct stage *s, const struct stage_setup *setup)
{
    struct sriov_mock_opts opts = {
        .size = sizeof(opts), .flags = SRIOV_MOCK_QUIET, .on_violation = on_violation, .arg = s};

    memset(s, 0, sizeof(*s));
    s->setup = *setup;
    s->setup.frame_len = setup->frame_len != 0 ? setup->frame_len : 1514;
    s->fdb = NO_PORT;
    assert_int_equal(sriov_mock_create(&opts, &s->mock), 0);
    s->vmm = sriov_mock_vmm(s->mock);
    sriov_log_set_sink(s->vmm, on_log, s);
    pf_up(s, &s->side[VF_SIDE], setup->vf_model);
    pf_up(s, &s->side[STANDBY], setup->standby_model);
    s->task[0] = sriov_mock_task(s->mock, PF_TURN_NS, pf_turn, s);
    s->task[1] = sriov_mock_task(s->mock, NET_TURN_NS, stage_network_turn, s);
    s->task[2] =
        sriov_mock_task(s->mock, setup->turn_ns != 0 ? setup->turn_ns : APP_TURN_NS, stage_app_turn, s);
    assert_int_equal(sriov_mock_wire_sink(s->mock, s->side[VF_SIDE].pf_name, stage_on_vf_wire, s), 0);
    assert_int_equal(sriov_mock_wire_sink(s->mock, s->side[STANDBY].pf_name, stage_on_standby_wire, s), 0);
    sriov_mock_advance(s->mock, 500 * MS);
    if (!setup->no_standby) {
        assert_int_equal(dev_open(s, &s->side[STANDBY]), 0);
    }
    make_pair(s);
    stage_run(s, 10 * MS);
}

void stage_end(struct stage *s)
{
    sriov_dnis_destroy(s->dnis);
    s->dnis = NULL;
    (void)sriov_mock_clear_faults(s->mock);
    dev_close(&s->side[VF_SIDE]);
    dev_close(&s->side[STANDBY]);
    pf_down(&s->side[VF_SIDE]);
    pf_down(&s->side[STANDBY]);
    for (int i = 0; i < 3; i++) {
        (void)sriov_mock_task_stop(s->mock, s->task[i]);
    }
    assert_int_equal(sriov_mock_held(s->mock), 0);
    assert_int_equal(sriov_mock_violations(s->mock, 0), s->excused);
    sriov_mock_destroy(s->mock);
}

void stage_run(struct stage *s, uint64_t ns)
{
    sriov_mock_advance(s->mock, ns);
}

void stage_run_until(struct stage *s, uint32_t events, uint64_t ns)
{
    uint64_t end = sriov_mock_now(s->mock) + ns;

    while ((s->events & events) != events) {
        if (sriov_mock_now(s->mock) >= end) {
            fail_msg("the pair reported events %#x, not %#x", s->events, events);
        }
        stage_run(s, 100 * US);
    }
}

bool stage_is_on(struct stage *s, enum sriov_dnis_side side)
{
    struct sriov_dnis_info info = stage_info(s);
    uint32_t other = side == SRIOV_DNIS_VF ? info.standby_state : info.vf_state;

    return info.active == (uint32_t)side && other != SRIOV_DNIS_SETTLING;
}

void stage_run_until_on(struct stage *s, enum sriov_dnis_side side, uint64_t ns)
{
    uint64_t end = sriov_mock_now(s->mock) + ns;

    while (!stage_is_on(s, side)) {
        if (sriov_mock_now(s->mock) >= end) {
            fail_msg("side %d does not carry the traffic: %s", (int)side, s->log);
        }
        stage_run(s, 100 * US);
    }
}

struct sriov_dnis_info stage_info(struct stage *s)
{
    struct sriov_dnis_info info = {.size = sizeof(info)};

    assert_int_equal(sriov_dnis_get_info(s->dnis, &info), 0);
    return info;
}

struct sriov_dnis_stats stage_stats(struct stage *s)
{
    struct sriov_dnis_stats stats = {.size = sizeof(stats)};

    assert_int_equal(sriov_dnis_stats(s->dnis, &stats), 0);
    return stats;
}

void stage_quiet(struct stage *s)
{
    s->sending = false;
    stage_run(s, 50 * MS);
}

void stage_carrier(struct stage *s, int side, bool up)
{
    s->side[side].dead = !up;
    assert_int_equal(sriov_mock_carrier(s->mock, s->side[side].pf_name, up), 0);
}

void stage_pf_reset(struct stage *s, int side)
{
    s->side[side].dead = true;
    s->side[side].pf_busy = true;
    assert_int_equal(sriov_pf_reset(s->side[side].pf), 0);
    s->side[side].pf_busy = false;
}
