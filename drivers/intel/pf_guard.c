/* SPDX-License-Identifier: BSD-3-Clause */
/* Meters, standing and events of VFs: who does too much amiss is limited, then shut down. */
#include "intel/pf_engine.h"

#include <errno.h>
#include <string.h>

struct bound {
    uint32_t free;    /* most at once before the VF is limited */
    uint32_t limited; /* and then before it is shut down */
    uint64_t free_ns; /* one more each */
    uint64_t limited_ns;
    enum sriov_pf_reason reason;
};

static const struct bound bounds[SRI_PF_OFFENCES] = {
    [SRI_PF_FLOOD] = {SRIOV_PF_GUARD_REQUESTS, SRIOV_PF_GUARD_DROPS, SRIOV_PF_GUARD_REQUEST_NS,
                      SRIOV_PF_GUARD_LIMITED_NS, SRIOV_PF_REASON_MAILBOX_FLOOD},
    [SRI_PF_BAD] = {SRIOV_PF_GUARD_BAD, SRIOV_PF_GUARD_BAD_MORE, SRIOV_PF_GUARD_BAD_NS,
                    SRIOV_PF_GUARD_BAD_MORE_NS, SRIOV_PF_REASON_BAD_REQUESTS},
    [SRI_PF_SPOOF] = {SRIOV_PF_GUARD_SPOOFED, SRIOV_PF_GUARD_SPOOFED_MORE, SRIOV_PF_GUARD_SPOOFED_NS,
                      SRIOV_PF_GUARD_SPOOFED_NS, SRIOV_PF_REASON_SPOOF},
    [SRI_PF_DESC] = {SRIOV_PF_GUARD_STOPS, SRIOV_PF_GUARD_STOPS_MORE, SRIOV_PF_GUARD_STOPS_NS,
                     SRIOV_PF_GUARD_STOPS_NS, SRIOV_PF_REASON_BAD_DESC},
    [SRI_PF_RESETS] = {SRIOV_PF_GUARD_RESETS, SRIOV_PF_GUARD_RESETS_MORE, SRIOV_PF_GUARD_RESETS_NS,
                       SRIOV_PF_GUARD_RESETS_NS, SRIOV_PF_REASON_RESET_STORM},
};

static uint64_t now_of(const struct sri_pf *p)
{
    return sriov_fn_now(p->pf->fn);
}

/* ---- events ---- */

static void report(struct sri_pf *p, uint16_t vf, enum sriov_pf_event_kind kind, uint64_t count)
{
    static const char *const said[] = {
        [SRIOV_PF_EVENT_VF_LIMITED] = "limited",
        [SRIOV_PF_EVENT_VF_SHUT] = "shut down",
        [SRIOV_PF_EVENT_VF_CALM] = "calm again",
        [SRIOV_PF_EVENT_VF_READMITTED] = "readmitted",
    };
    struct sri_pf_watch *w = &p->watch;
    const uint32_t reason = p->vf[vf].guard.reason;

    w->events[w->tail++ % SRI_PF_EVENTS] = (struct sriov_pf_event){
        .size = sizeof(w->events[0]),
        .kind = (uint32_t)kind,
        .reason = reason,
        .vf = vf,
        .count = count,
        .time_ns = now_of(p),
    };
    if (w->tail - w->head > SRI_PF_EVENTS) {
        w->head = w->tail - SRI_PF_EVENTS;
    }
    sriov_log(sriov_fn_vmm(p->pf->fn), SRIOV_LOG_WARN, "%s: %s: VF %u %s: %s, %llu", p->dev->name,
              sriov_fn_info(p->pf->fn)->name, vf, said[kind],
              sriov_pf_reason_name((enum sriov_pf_reason)reason), (unsigned long long)count);
}

static bool take_event(struct sri_pf *p, struct sriov_pf_event *event)
{
    struct sri_pf_watch *w = &p->watch;
    bool got = false;

    if (!sri_pf_enter(p)) {
        return false;
    }
    if (w->head != w->tail) {
        *event = w->events[w->head++ % SRI_PF_EVENTS];
        got = true;
    }
    sri_pf_leave(p);
    return got;
}

/* The sink may call any op: it is given copies, with nobody inside. What comes up meanwhile waits. */
void sri_pf_guard_deliver(struct sri_pf *p)
{
    const struct sri_pf_watch *w = &p->watch;
    struct sriov_pf_event event;

    for (uint32_t left = w->tail - w->head; left != 0 && take_event(p, &event); left--) {
        if (w->cb != NULL) {
            w->cb(w->arg, &event);
        }
    }
}

int sri_pf_set_event_sink(struct sriov_pf *pf, void (*cb)(void *arg, const struct sriov_pf_event *event),
                          void *arg)
{
    struct sri_pf *p = pf->priv;

    p->watch.cb = cb;
    p->watch.arg = arg;
    return 0;
}

/* ---- standing ---- */

static void stand(struct sri_pf *p, uint16_t vf, enum sri_pf_standing standing)
{
    struct sri_pf_guard *g = &p->vf[vf].guard;

    g->standing = (uint8_t)standing;
    memset(g->meter, 0, sizeof(g->meter));
    /* Whoever does not behave does not interrupt: it waits for a poll. */
    p->dev->put_rings(p, vf, standing == SRI_PF_FREE);
}

static void limit(struct sri_pf *p, uint16_t vf, enum sriov_pf_reason reason, uint64_t count)
{
    struct sri_pf_guard *g = &p->vf[vf].guard;

    g->reason = (uint32_t)reason;
    g->next = now_of(p) + SRIOV_PF_GUARD_LIMITED_NS;
    stand(p, vf, SRI_PF_LIMITED);
    report(p, vf, SRIOV_PF_EVENT_VF_LIMITED, count);
}

/* As after its reset, only that no RESET will be heard: no traffic, no filters but the host's. */
static void shut(struct sri_pf *p, uint16_t vf, enum sriov_pf_reason reason, uint64_t count)
{
    p->vf[vf].guard.reason = (uint32_t)reason;
    stand(p, vf, SRI_PF_SHUT);
    sri_pf_vf_restart(p, vf);
    p->vf[vf].tell = false;
    report(p, vf, SRIOV_PF_EVENT_VF_SHUT, count);
}

bool sri_pf_guard_is_shut(const struct sri_pf *p, uint16_t vf)
{
    return p->vf[vf].guard.standing == SRI_PF_SHUT;
}

int sri_pf_shut_vf(struct sriov_pf *pf, uint16_t vf)
{
    struct sri_pf *p = pf->priv;

    if (vf >= p->num_vfs) {
        return -EINVAL;
    }
    (void)sri_pf_enter(p);
    if (!sri_pf_guard_is_shut(p, vf)) {
        shut(p, vf, SRIOV_PF_REASON_HOST, 0);
    }
    sri_pf_leave(p);
    return 0;
}

int sri_pf_readmit_vf(struct sriov_pf *pf, uint16_t vf)
{
    struct sri_pf *p = pf->priv;
    bool was_shut;

    if (vf >= p->num_vfs) {
        return -EINVAL;
    }
    (void)sri_pf_enter(p);
    was_shut = sri_pf_guard_is_shut(p, vf);
    if (p->vf[vf].guard.standing != SRI_PF_FREE) {
        stand(p, vf, SRI_PF_FREE);
        report(p, vf, SRIOV_PF_EVENT_VF_READMITTED, 0);
    }
    memset(p->vf[vf].guard.meter, 0, sizeof(p->vf[vf].guard.meter));
    if (was_shut) {
        sri_pf_vf_dismiss(p, vf);
    }
    sri_pf_leave(p);
    return 0;
}

/* ---- meters ---- */

static bool beyond(struct sri_pf_meter *m, uint64_t now, uint64_t forgive_ns, uint32_t most, uint32_t n)
{
    const uint64_t forgiven = (now - m->since) / forgive_ns;

    if (forgiven >= m->level) {
        m->level = 0;
        m->since = now;
    } else {
        m->level -= (uint32_t)forgiven;
        m->since += forgiven * forgive_ns;
    }
    m->level = n > UINT32_MAX - m->level ? UINT32_MAX : m->level + n;
    return m->level > most;
}

/* What is forgiven slowly takes longer to be calm about. */
static void note_offence(struct sri_pf_guard *g, const struct bound *b, uint64_t now)
{
    const uint64_t calm = b->limited_ns > SRIOV_PF_GUARD_CALM_NS ? b->limited_ns : SRIOV_PF_GUARD_CALM_NS;

    g->calm_at = now + calm > g->calm_at ? now + calm : g->calm_at;
}

void sri_pf_guard_blame(struct sri_pf *p, uint16_t vf, enum sri_pf_offence offence, uint32_t n)
{
    const struct bound *b = &bounds[offence];
    struct sri_pf_guard *g = &p->vf[vf].guard;
    struct sri_pf_meter *m = &g->meter[offence];
    const bool limited = g->standing == SRI_PF_LIMITED;
    const uint64_t now = now_of(p);

    if (n == 0 || g->standing == SRI_PF_SHUT) {
        return;
    }
    note_offence(g, b, now);
    if (limited && beyond(m, now, b->limited_ns, b->limited, n)) {
        shut(p, vf, b->reason, m->level);
    } else if (!limited && beyond(m, now, b->free_ns, b->free, n)) {
        limit(p, vf, b->reason, m->level);
    }
}

void sri_pf_guard_spoofed(struct sri_pf *p, uint16_t vf, uint32_t n)
{
    p->vf[vf].guard.spoofed += n;
    sri_pf_guard_blame(p, vf, SRI_PF_SPOOF, n);
}

void sri_pf_guard_stopped(struct sri_pf *p, uint16_t vf, uint32_t cause)
{
    sriov_log(sriov_fn_vmm(p->pf->fn), SRIOV_LOG_WARN,
              "%s: %s: VF %u: a queue stopped at a descriptor, 0x%08x", p->dev->name,
              sriov_fn_info(p->pf->fn)->name, vf, cause);
    p->dev->put_traffic(p, vf, false);
    sri_pf_vf_turn_out(p, vf); /* its own doing: nothing else is forgiven for it */
    sri_pf_guard_blame(p, vf, SRI_PF_DESC, 1);
}

void sri_pf_guard_forgive(struct sri_pf *p, uint16_t vf)
{
    struct sri_pf_guard *g = &p->vf[vf].guard;

    if (g->standing == SRI_PF_FREE) {
        g->meter[SRI_PF_FLOOD].level = 0;
        g->meter[SRI_PF_RESETS].level = 0;
    }
}

/* ---- service ---- */

bool sri_pf_guard_hears(struct sri_pf *p, uint16_t vf)
{
    struct sri_pf_guard *g = &p->vf[vf].guard;

    if (g->standing == SRI_PF_FREE || (g->standing == SRI_PF_LIMITED && now_of(p) >= g->next)) {
        return true;
    }
    g->dropped++;
    sri_pf_guard_blame(p, vf, SRI_PF_FLOOD, 1);
    return false;
}

void sri_pf_guard_heard(struct sri_pf *p, uint16_t vf)
{
    struct sri_pf_guard *g = &p->vf[vf].guard;

    if (g->standing == SRI_PF_LIMITED) {
        g->next = now_of(p) + SRIOV_PF_GUARD_LIMITED_NS;
    } else {
        sri_pf_guard_blame(p, vf, SRI_PF_FLOOD, 1);
    }
}

void sri_pf_guard_tick(struct sri_pf *p)
{
    const uint64_t now = now_of(p);

    if (p->num_vfs != 0) {
        p->dev->watch(p);
    }
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        const struct sri_pf_guard *g = &p->vf[vf].guard;

        if (g->standing == SRI_PF_LIMITED && now >= g->calm_at) {
            stand(p, vf, SRI_PF_FREE);
            report(p, vf, SRIOV_PF_EVENT_VF_CALM, 0);
        }
    }
}

void sri_pf_guard_restore(struct sri_pf *p)
{
    if (p->num_vfs != 0) {
        p->dev->watch_on(p);
    }
    for (uint16_t vf = 0; vf < p->num_vfs; vf++) {
        p->dev->put_rings(p, vf, p->vf[vf].guard.standing == SRI_PF_FREE);
    }
}
