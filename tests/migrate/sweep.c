/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every call that a migration makes of the shim fails once, at the source and at the destination, with an
 * error of the call and with one that leaves the device in SRIOV_MIG_ERROR; and each step is aborted once.
 * Afterwards the source works, or the destination does. Two worlds in one process share the guest's RAM; one
 * runs at a time.
 */
#include "stage.h"

#include <errno.h>
#include <string.h>

#define CALLS_MAX 40u

const struct sriov_model_ops *stage_model(const char *name)
{
    (void)name;
    return NULL;
}

struct sweep {
    const char *model;
    uint32_t failed; /* calls made to fail */
    uint32_t resets;
};

static const char *const ops[] = {"mig_info",  "mig_state",   "mig_set_state", "mig_read",     "mig_write",
                                  "cfg_write", "irq_trigger", "vm_irq_route",  "vm_window_add"};

static const uint32_t states[] = {SRIOV_MIG_RUNNING, SRIOV_MIG_STOP, SRIOV_MIG_STOP_COPY, SRIOV_MIG_RESUMING,
                                  SRIOV_MIG_PRE_COPY};
#define STATES (sizeof(states) / sizeof(states[0]))

static void inject(struct stage *s, const char *op, uint64_t nth, int err)
{
    struct sriov_mock_fault fault = {
        .size = sizeof(fault), .kind = SRIOV_MOCK_FAULT_OP, .op = op, .nth = nth, .err = err};

    INSIDE_MUST(sriov_mock_inject(s->mock, &fault) == 0);
}

static bool was_hit(struct stage *s)
{
    return sriov_mock_clear_faults(s->mock) != 0;
}

/* Nothing lost, nothing twice, by the device that it had. */
static void works(struct stage *s)
{
    uint32_t state;

    INSIDE_MUST(sriov_mig_get_state(s->fn, &state) == 0 && state == SRIOV_MIG_RUNNING);
    stage_traffic(s, 4);
    INSIDE_MUST(stage_is_perfect(s));
}

/* The device failed and was reset: the guest's driver finds that and is back by itself; frames go again. */
static void recovers(struct stage *s)
{
    struct guest *g = guest_state();

    for (uint32_t i = 0; i < 20000 && (g->events & SRIOV_NET_EV_RECOVERED) == 0; i++) {
        guest_turn(0);
    }
    INSIDE_MUST((g->events & SRIOV_NET_EV_RECOVERED) != 0);
    g->received = s->peer_sent;
    s->peer_got = g->sent;
    g->lost = 0;
    g->again = 0;
    s->peer_lost = 0;
    s->peer_again = 0;
    g->events = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        guest_turn(0); /* its link is back, too */
    }
    stage_traffic(s, 4);
    INSIDE_MUST(stage_is_perfect(s));
}

static void go_home(struct sweep *w, struct stage *s)
{
    bool was_reset;

    INSIDE_MUST(sriov_mig_abort(s->fn, &was_reset) == 0);
    w->resets += was_reset;
    if (was_reset) {
        recovers(s);
    } else {
        works(s);
    }
}

/* ---- the state machine by itself ---- */

static void reach(struct stage *s, uint32_t state)
{
    uint32_t now;

    INSIDE_MUST(sriov_mig_set_state(s->fn, (enum sriov_mig_state)state) == 0);
    INSIDE_MUST(sriov_mig_get_state(s->fn, &now) == 0 && now == state);
}

/* A state on the way that was left for good is not gone back to. */
static bool is_refuge(uint32_t from, uint32_t now)
{
    return now == from ||
           (now == SRIOV_MIG_STOP && (from == SRIOV_MIG_STOP_COPY || from == SRIOV_MIG_RESUMING));
}

static bool arc_fails(struct sweep *w, struct stage *s, uint32_t from, uint32_t to, uint64_t nth)
{
    uint32_t now;
    int rc;

    reach(s, from);
    inject(s, "mig_set_state", nth, -EBUSY);
    rc = sriov_mig_set_state(s->fn, (enum sriov_mig_state)to);
    if (!was_hit(s)) {
        INSIDE_MUST(rc == 0);
        go_home(w, s);
        return false;
    }
    INSIDE_MUST(rc == -EBUSY);
    INSIDE_MUST(sriov_mig_get_state(s->fn, &now) == 0 && is_refuge(from, now));
    w->failed++;
    go_home(w, s);
    return true;
}

static void sweep_arcs(struct sweep *w, struct stage *s)
{
    for (uint32_t f = 0; f < STATES; f++) {
        for (uint32_t t = 0; t < STATES; t++) {
            uint64_t nth = 1;

            while (arc_fails(w, s, states[f], states[t], nth)) {
                INSIDE_MUST(++nth < CALLS_MAX);
            }
        }
    }
    printf("every way between states: %u arcs failed once, aborted from each state\n", w->failed);
}

/* ---- the source ---- */

static bool save_fails(struct sweep *w, struct stage *s, const char *op, uint64_t nth, int err)
{
    struct sriov_mig_blob stream = {0};
    bool hit;
    int rc;

    inject(s, op, nth, err);
    rc = sriov_mig_save_assign(s->assign, NULL, &stream);
    hit = was_hit(s);
    INSIDE_MUST(rc == 0 || stream.bytes == NULL);
    sriov_mig_blob_free(&stream);
    w->failed += hit;
    go_home(w, s);
    return hit;
}

static void sweep_source(struct sweep *w, struct stage *s)
{
    uint32_t before = w->failed;

    for (uint32_t o = 0; o < sizeof(ops) / sizeof(ops[0]); o++) {
        uint64_t nth = 1;

        while (save_fails(w, s, ops[o], nth, -EBUSY)) {
            INSIDE_MUST(++nth < CALLS_MAX);
        }
    }
    for (uint64_t nth = 1; save_fails(w, s, "mig_set_state", nth, -EIO); nth++) {
        INSIDE_MUST(nth < CALLS_MAX);
    }
    printf("source: %u calls failed once, it went on each time\n", w->failed - before);
}

/* ---- the destination ---- */

static void peer_moves(const struct stage *from, struct stage *to)
{
    to->peer_sent = from->peer_sent;
    to->peer_got = from->peer_got;
    to->peer_lost = from->peer_lost;
    to->peer_again = from->peer_again;
}

static struct stage *new_world(const struct sweep *w)
{
    struct stage *s = malloc(sizeof(*s));

    INSIDE_MUST(s != NULL);
    stage_make(s, w->model);
    return s;
}

static void end_world(struct stage *s)
{
    stage_end(s);
    free(s);
}

/* Back and forth: whoever had it gives it away and becomes nobody; a new world takes it. */
static bool load_fails(struct sweep *w, struct stage **world, const char *op, uint64_t nth, int err)
{
    struct sriov_mig_fault fault = {.size = sizeof(fault)};
    struct sriov_mig_blob stream = {0};
    struct stage *have = *world;
    struct stage *next = new_world(w);
    bool hit;
    int rc;

    INSIDE_MUST(sriov_mig_save_assign(have->assign, NULL, &stream) == 0);
    inject(next, op, nth, err);
    rc = sriov_mig_load_assign(next->assign, stream.bytes, stream.len, &fault);
    hit = was_hit(next);
    w->failed += hit;
    if (rc != 0) {
        INSIDE_MUST(hit && fault.text[0] != '\0');
        if (nth % 2 == 0) { /* every other time it is given up there */
            sriov_mig_blob_free(&stream);
            end_world(next);
            go_home(w, have);
            return hit;
        }
        INSIDE_MUST(sriov_mig_abort(next->fn, NULL) == 0);
        INSIDE_MUST(sriov_mig_load_assign(next->assign, stream.bytes, stream.len, &fault) == 0);
    }
    sriov_mig_blob_free(&stream);
    peer_moves(have, next);
    end_world(have);
    guest_enter(next->mock, next->vm);
    INSIDE_MUST(sriov_mig_set_state(next->fn, SRIOV_MIG_RUNNING) == 0);
    works(next);
    *world = next;
    return hit;
}

static void sweep_dest(struct sweep *w, struct stage **s)
{
    uint32_t before = w->failed;

    for (uint32_t o = 0; o < sizeof(ops) / sizeof(ops[0]); o++) {
        uint64_t nth = 1;

        while (load_fails(w, s, ops[o], nth, -EBUSY)) {
            INSIDE_MUST(++nth < CALLS_MAX);
        }
    }
    for (uint64_t nth = 1; load_fails(w, s, "mig_set_state", nth, -EIO); nth++) {
        INSIDE_MUST(nth < CALLS_MAX);
    }
    printf("destination: %u calls failed once; the source went on, or it did at the second try\n",
           w->failed - before);
}

int main(int argc, char **argv)
{
    struct sweep w = {.model = argc == 2 ? argv[1] : "82599"};
    struct stage *s;

    stage_ram();
    s = new_world(&w);
    guest_enter(s->mock, s->vm);
    guest_boot();
    works(s);
    sweep_arcs(&w, s);
    sweep_source(&w, s);
    sweep_dest(&w, &s);
    printf("%u steps failed once; %u devices were reset and recovered by their driver\n", w.failed, w.resets);
    end_world(s);
    return 0;
}
