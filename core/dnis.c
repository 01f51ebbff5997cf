/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF and a standby as one net device: its life, and the round of house-keeping. */
#include "dnis.h"

#define ANNOUNCE_ROUNDS 3u
#define ANNOUNCE_NS     (100 * SRIC_NS_PER_MS)
#define HOLD_DOWN_NS    (1000 * SRIC_NS_PER_MS)
#define UP_NS           (2000 * SRIC_NS_PER_MS)
#define DRAIN_NS        (2 * SRIC_NS_PER_MS)
#define SETTLE_NS       (20 * SRIC_NS_PER_MS)
#define QUIET_NS        (SRIC_NS_PER_MS / 5)
#define FLAGS           (SRIOV_DNIS_COLD_STANDBY | SRIOV_DNIS_NO_RARP)
#define VID_MAX         4094u

static void set_default(uint64_t *value, uint64_t otherwise)
{
    *value = *value != 0 ? *value : otherwise;
}

static int take_addrs(struct sriov_dnis *d)
{
    for (uint32_t i = 0; i < d->opts.addr_count; i++) {
        d->addrs[i] = d->opts.addrs[i];
        if (d->addrs[i].vlan > VID_MAX || d->addrs[i].is_ipv6 > 1 || d->addrs[i].reserved0 != 0) {
            return -EINVAL;
        }
    }
    return 0;
}

static int take_opts(struct sriov_dnis *d, const struct sriov_dnis_opts *from)
{
    struct sriov_dnis_opts *opts = &d->opts;
    int rc = sric_opts_take(opts, sizeof(*opts), sizeof(*opts), from);

    if (rc == 0 && opts->hooks != NULL) {
        rc = sric_opts_take(&d->hooks, sizeof(d->hooks), sizeof(d->hooks), opts->hooks);
    }
    if (rc != 0) {
        return rc;
    }
    if ((opts->flags & ~FLAGS) != 0 || opts->policy > SRIOV_DNIS_MANUAL || opts->reserved0 != 0 ||
        opts->queues > SRIOV_NET_QUEUES_MAX || opts->addr_count > SRIOV_DNIS_ADDRS_MAX ||
        (opts->addr_count != 0 && opts->addrs == NULL) || opts->silence_ns > SRIOV_DNIS_SILENCE_MAX) {
        return -EINVAL;
    }
    opts->queues = opts->queues != 0 ? opts->queues : 1;
    opts->announce_rounds = opts->announce_rounds != 0 ? opts->announce_rounds : ANNOUNCE_ROUNDS;
    set_default(&opts->announce_ns, ANNOUNCE_NS);
    set_default(&opts->hold_down_ns, HOLD_DOWN_NS);
    set_default(&opts->up_ns, UP_NS);
    set_default(&opts->drain_ns, DRAIN_NS);
    set_default(&opts->settle_ns, SETTLE_NS);
    set_default(&opts->quiet_ns, QUIET_NS);
    return take_addrs(d);
}

static int take_standby(struct sriov_dnis *d)
{
    struct sriov_net *net = d->opts.standby;
    int rc;

    if (net == NULL) {
        sriov_log(d->vmm, SRIOV_LOG_WARN,
                  "dnis: no standby: the VF works alone, and traffic ends when it leaves");
        return 0;
    }
    rc = sric_dnis_check_net(d, net, SRIOV_DNIS_STANDBY);
    if (rc == 0 && (d->opts.flags & SRIOV_DNIS_COLD_STANDBY) == 0) {
        rc = sriov_net_start(net);
    }
    if (rc == 0) {
        sric_dnis_leg_take(d, SRIOV_DNIS_STANDBY, net);
    }
    return rc;
}

int sriov_dnis_create(struct sriov_vmm *vmm, const struct sriov_dnis_opts *opts, struct sriov_dnis **out)
{
    struct sriov_dnis *d;
    int rc;

    if (out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    if (vmm == NULL) {
        return -EINVAL;
    }
    d = sric_alloc(vmm, sizeof(*d), _Alignof(struct sriov_dnis));
    if (d == NULL) {
        return -ENOMEM;
    }
    d->vmm = vmm;
    d->prefer = SRIOV_DNIS_VF;
    d->leg[0].side = SRIOV_DNIS_VF;
    d->leg[1].side = SRIOV_DNIS_STANDBY;
    d->stats.size = sizeof(d->stats);
    rc = take_opts(d, opts);
    rc = rc == 0 ? take_standby(d) : rc;
    if (rc != 0) {
        sric_free(vmm, d, sizeof(*d));
        return rc;
    }
    *out = d;
    return 0;
}

static void free_frames(struct sriov_dnis *d)
{
    for (uint32_t i = 0; i < SRIOV_NET_QUEUES_MAX; i++) {
        sric_dnis_free_all(&d->rx[i]);
        sric_dnis_free_all(&d->late[i]);
        sric_dnis_free_all(&d->back[i]);
    }
    d->back_n = 0;
}

void sriov_dnis_destroy(struct sriov_dnis *d)
{
    if (d == NULL) {
        return;
    }
    free_frames(d);
    for (uint32_t i = 0; i < 2; i++) {
        if (d->leg[i].net != NULL) {
            (void)sriov_net_stop(d->leg[i].net);
        }
    }
    sric_free(d->vmm, d, sizeof(*d));
}

int sriov_dnis_attach(struct sriov_dnis *d, struct sriov_net *vf)
{
    int rc;

    if (vf == NULL) {
        return -EINVAL;
    }
    if (d->leg[0].net != NULL) {
        return -EBUSY;
    }
    rc = sric_dnis_check_net(d, vf, SRIOV_DNIS_VF);
    if (rc == 0) {
        rc = sriov_net_start(vf);
    }
    if (rc == 0) {
        sric_dnis_leg_take(d, SRIOV_DNIS_VF, vf);
    }
    return rc;
}

/* ---- the VF leaves ---- */

/* There is nowhere to go: what it has received is kept for the application, what it has not sent ends. */
static void halt_vf(struct sriov_dnis *d, struct sric_dnis_leg *vf)
{
    if (sric_dnis_alive(vf) && sriov_net_quiesce(vf->net, d->opts.drain_ns) == 0) {
        vf->held = true;
        vf->tx_held = true;
    }
    sric_dnis_take_back(d, vf);
    if (sric_dnis_alive(vf)) {
        sric_dnis_stage(d, vf, d->rx, false);
    } else {
        sric_dnis_stage_dead(d, vf);
    }
    d->active = SRIOV_DNIS_NONE;
}

static int leave_vf(struct sriov_dnis *d, struct sric_dnis_leg *vf)
{
    int rc = -EAGAIN;

    if (d->active == SRIOV_DNIS_VF) {
        sric_dnis_settle_check(d, true);
    }
    if (d->active != SRIOV_DNIS_VF) {
        return 0;
    }
    if (!sric_dnis_can_take(d, &d->leg[1])) {
        sriov_log(d->vmm, SRIOV_LOG_WARN, "dnis: the VF leaves and no standby works: traffic is halted");
        halt_vf(d, vf);
        return 0;
    }
    rc = sric_dnis_switch(d, SRIOV_DNIS_STANDBY, SRIOV_DNIS_BY_COMMAND);
    if (rc == -EAGAIN) {
        d->wanted = SRIOV_DNIS_STANDBY;
    }
    return rc;
}

static bool has_frames_of(const struct sriov_dnis *d, const struct sriov_pool *pool)
{
    for (uint32_t i = 0; i < SRIOV_NET_QUEUES_MAX; i++) {
        if (sric_dnis_has_of(&d->rx[i], pool) || sric_dnis_has_of(&d->late[i], pool) ||
            sric_dnis_has_of(&d->back[i], pool)) {
            return true;
        }
    }
    return false;
}

static void drop_back(struct sriov_dnis *d)
{
    d->stats.tx_dropped += d->back_n;
    for (uint32_t i = 0; i < SRIOV_NET_QUEUES_MAX; i++) {
        sric_dnis_free_all(&d->back[i]);
    }
    d->back_n = 0;
}

int sriov_dnis_detach(struct sriov_dnis *d, struct sriov_net **vf)
{
    struct sric_dnis_leg *leg = &d->leg[0];
    int rc;

    if (leg->net == NULL) {
        return -ENOENT;
    }
    leg->asked = true; /* or the policy would go back to it */
    rc = leave_vf(d, leg);
    if (rc != 0) {
        return rc;
    }
    if (d->active == SRIOV_DNIS_NONE) {
        drop_back(d);
    }
    if ((d->settle.on && d->settle.from == SRIOV_DNIS_VF) || has_frames_of(d, leg->net->config.pool)) {
        return -EAGAIN;
    }
    (void)sriov_net_stop(leg->net);
    if (vf != NULL) {
        *vf = leg->net;
    }
    memset(leg, 0, sizeof(*leg));
    leg->side = SRIOV_DNIS_VF;
    return 0;
}

/* ---- commands and polls ---- */

int sriov_dnis_switch(struct sriov_dnis *d, enum sriov_dnis_side to)
{
    int rc;

    if ((to != SRIOV_DNIS_VF && to != SRIOV_DNIS_STANDBY) || sric_dnis_leg(d, to)->net == NULL) {
        return -EINVAL;
    }
    if (d->active == to) {
        d->prefer = to;
        d->wanted = SRIOV_DNIS_NONE;
        return 0;
    }
    if (d->settle.on || !sric_dnis_can_take(d, sric_dnis_leg(d, to))) {
        return -EAGAIN;
    }
    rc = sric_dnis_switch(d, to, SRIOV_DNIS_BY_COMMAND);
    if (rc == 0 || rc == -EAGAIN) {
        d->prefer = to;
        d->wanted = rc == 0 ? SRIOV_DNIS_NONE : to;
    }
    return rc;
}

static void rest_all(struct sriov_dnis *d)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct sric_dnis_leg *leg = &d->leg[i];
        bool busy = leg->side == d->active || (d->settle.on && leg->side == d->settle.from);

        if (!busy) {
            sric_dnis_rest(d, leg);
            sric_dnis_drop_rx(d, leg);
        }
    }
}

static void look_at_link(struct sriov_dnis *d)
{
    const struct sric_dnis_leg *leg = sric_dnis_leg(d, d->active);
    struct sriov_link link = {0};
    bool down;

    if (leg != NULL && sric_dnis_works(leg)) {
        link = leg->net->link;
    }
    if (link.up != d->link.up || link.mbps != d->link.mbps) {
        d->link = link;
        d->events |= SRIOV_DNIS_EV_LINK;
    }
    down = !sric_dnis_works(&d->leg[0]) && !sric_dnis_works(&d->leg[1]);
    if (down && !d->told_down) {
        d->events |= SRIOV_DNIS_EV_DOWN;
        sriov_log(d->vmm, SRIOV_LOG_WARN,
                  "dnis: neither device has a link: give the standby one, or attach a VF");
    }
    d->told_down = down;
}

/* Its owner waits for it, or it is gone, and nothing of it is needed any more. */
static bool to_release(const struct sriov_dnis *d)
{
    const struct sric_dnis_leg *vf = &d->leg[0];

    if (vf->net == NULL || (!vf->asked && !sric_dnis_gone(vf))) {
        return false;
    }
    if (d->active == SRIOV_DNIS_VF) {
        return !sric_dnis_can_take(d, &d->leg[1]);
    }
    return !(d->settle.on && d->settle.from == SRIOV_DNIS_VF) && !has_frames_of(d, vf->net->config.pool);
}

uint32_t sriov_dnis_poll(struct sriov_dnis *d)
{
    uint32_t events;

    sric_dnis_leg_poll(d, &d->leg[0]);
    sric_dnis_leg_poll(d, &d->leg[1]);
    if (d->settle.on) {
        sric_dnis_settle_look(d);
        sric_dnis_settle_check(d, false);
    }
    sric_dnis_decide(d);
    sric_dnis_announce_poll(d);
    sric_dnis_flush(d);
    rest_all(d);
    look_at_link(d);
    events = d->events | (to_release(d) ? SRIOV_DNIS_EV_RELEASE : 0);
    d->events = 0;
    return events;
}
