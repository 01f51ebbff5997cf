/* SPDX-License-Identifier: BSD-3-Clause */
/* MSI-X vectors and callback sinks. Interrupts are made with irq_trigger. */
#include "conform.h"

#include <errno.h>
#include <string.h>

#define MS      UINT64_C(1000000)
#define VECTORS 3u

struct heard {
    uint32_t count[VECTORS];
    uint32_t strange;
};

static void hear(void *arg, uint32_t vector)
{
    struct heard *heard = arg;
    if (vector < VECTORS) {
        heard->count[vector]++;
    } else {
        heard->strange++;
    }
}

/* Bounded by the clock only against a shim that lost it: a slow machine is no fault. */
static bool arrives(struct conform *c, const uint32_t *count, uint32_t want)
{
    uint64_t begin = sriov_vmm_now(c->vmm);
    while (*count < want && sriov_vmm_now(c->vmm) - begin < 20000 * MS) {
        (void)sriov_vmm_wait(c->vmm, 1000 * MS);
    }
    return *count == want;
}

/* Let everything that is under way arrive. */
static void settle(struct conform *c)
{
    uint64_t begin = sriov_vmm_now(c->vmm);
    while (sriov_vmm_now(c->vmm) - begin < 20 * MS) {
        (void)sriov_vmm_wait(c->vmm, 5 * MS);
    }
}

#define NEED_IRQ(c, fn)                                                                                      \
    do {                                                                                                     \
        NEED(c, fn, SRIOV_CAP_IRQ_CALLBACK, "no interrupts here: drivers poll");                             \
        if (sriov_irq_count(fn) == 0) {                                                                      \
            return conform_cannot(c, "this function has no vectors here");                                   \
        }                                                                                                    \
    } while (0)
#define NEED_TRIGGER(c, fn)                                                                                  \
    do {                                                                                                     \
        NEED_IRQ(c, fn);                                                                                     \
        NEED(c, fn, SRIOV_CAP_IRQ_TRIGGER, "interrupts cannot be triggered by software here");               \
    } while (0)

static uint32_t vectors_to_try(struct sriov_fn *fn)
{
    uint32_t n = sriov_irq_count(fn);
    return n < VECTORS ? n : VECTORS;
}

static enum conform_verdict enables_again_and_again(struct conform *c, struct sriov_fn *fn)
{
    NEED_IRQ(c, fn);
    for (int i = 0; i < 5; i++) {
        uint32_t got = 0;
        RETURNS(c, sriov_irq_enable(fn, vectors_to_try(fn), 1, &got), 0);
        CHECK(c, got >= 1 && got <= vectors_to_try(fn));
        REFUSES(c, sriov_irq_enable(fn, 1, 1, &got));
        RETURNS(c, sriov_irq_disable(fn), 0);
        RETURNS(c, sriov_irq_disable(fn), 0);
    }
    return CONFORM_PASS;
}

static enum conform_verdict too_many_is_refused(struct conform *c, struct sriov_fn *fn)
{
    NEED_IRQ(c, fn);
    uint32_t got = 7;
    uint32_t all = sriov_irq_count(fn);
    RETURNS(c, sriov_irq_enable(fn, all + 1, all + 1, &got), -ENOSPC);
    RETURNS(c, sriov_irq_enable(fn, all + 1, 1, &got), 0); /* fewer will do */
    CHECK(c, got >= 1 && got <= all);
    struct heard heard = {{0}, 0};
    REFUSES(c, sriov_irq_attach(fn, got, hear, &heard));
    RETURNS(c, sriov_irq_disable(fn), 0);
    REFUSES(c, sriov_irq_attach(fn, 0, hear, &heard)); /* not enabled */
    return CONFORM_PASS;
}

static enum conform_verdict each_vector_is_its_own(struct conform *c, struct sriov_fn *fn)
{
    NEED_TRIGGER(c, fn);
    struct heard heard = {{0}, 0};
    uint32_t got = 0;
    RETURNS(c, sriov_irq_enable(fn, vectors_to_try(fn), 1, &got), 0);
    for (uint32_t v = 0; v < got; v++) {
        RETURNS(c, sriov_irq_attach(fn, v, hear, &heard), 0);
    }
    for (uint32_t v = 0; v < got; v++) {
        RETURNS(c, sriov_irq_trigger(fn, v), 0);
        CHECK(c, arrives(c, &heard.count[v], 1));
        settle(c); /* nothing else comes */
        for (uint32_t other = 0; other < VECTORS; other++) {
            CHECK(c, heard.count[other] == (other <= v ? 1u : 0u));
        }
    }
    CHECK(c, heard.strange == 0);
    RETURNS(c, sriov_irq_disable(fn), 0);
    return CONFORM_PASS;
}

static enum conform_verdict wait_wakes_up(struct conform *c, struct sriov_fn *fn)
{
    NEED_TRIGGER(c, fn);
    struct heard heard = {{0}, 0};
    uint32_t got = 0;
    RETURNS(c, sriov_irq_enable(fn, 1, 1, &got), 0);
    RETURNS(c, sriov_irq_attach(fn, 0, hear, &heard), 0);
    settle(c);
    for (uint32_t round = 0; round < 3; round++) {
        /* The last round has no limit: were the wake-up lost, the case would never end. */
        uint64_t timeout = round < 2 ? 60000 * MS : UINT64_MAX;
        RETURNS(c, sriov_irq_trigger(fn, 0), 0);
        for (int i = 0; i < 1000 && heard.count[0] == round; i++) {
            RETURNS(c, sriov_vmm_wait(c->vmm, timeout), 0); /* woken, not timed out */
        }
        CHECK(c, heard.count[0] == round + 1);
    }
    RETURNS(c, sriov_irq_disable(fn), 0);
    return CONFORM_PASS;
}

/* A host that sets all sinks of a function at once must not lose the others. */
static enum conform_verdict detach_leaves_the_others(struct conform *c, struct sriov_fn *fn)
{
    NEED_TRIGGER(c, fn);
    if (vectors_to_try(fn) < 2) {
        return conform_cannot(c, "this function has one vector");
    }
    struct heard heard = {{0}, 0};
    uint32_t got = 0;
    RETURNS(c, sriov_irq_enable(fn, vectors_to_try(fn), 2, &got), 0);
    for (uint32_t v = 0; v < got; v++) {
        RETURNS(c, sriov_irq_attach(fn, v, hear, &heard), 0);
    }
    RETURNS(c, sriov_irq_detach(fn, 0), 0);
    RETURNS(c, sriov_irq_trigger(fn, 1), 0);
    CHECK(c, arrives(c, &heard.count[1], 1));
    RETURNS(c, sriov_irq_attach(fn, 0, hear, &heard), 0); /* and it can come back */
    RETURNS(c, sriov_irq_trigger(fn, 0), 0);
    CHECK(c, arrives(c, &heard.count[0], 1));
    settle(c);
    CHECK(c, heard.count[0] == 1 && heard.count[1] == 1 && heard.strange == 0);
    RETURNS(c, sriov_irq_disable(fn), 0);
    return CONFORM_PASS;
}

static enum conform_verdict detached_is_silent(struct conform *c, struct sriov_fn *fn)
{
    NEED_TRIGGER(c, fn);
    struct heard heard = {{0}, 0};
    uint32_t got = 0;
    RETURNS(c, sriov_irq_enable(fn, 1, 1, &got), 0);
    RETURNS(c, sriov_irq_attach(fn, 0, hear, &heard), 0);
    RETURNS(c, sriov_irq_trigger(fn, 0), 0);
    RETURNS(c, sriov_irq_detach(fn, 0), 0);
    uint32_t before = heard.count[0];
    settle(c);
    CHECK(c, heard.count[0] == before);
    RETURNS(c, sriov_irq_disable(fn), 0);
    return CONFORM_PASS;
}

static enum conform_verdict second_sink_replaces_first(struct conform *c, struct sriov_fn *fn)
{
    NEED_TRIGGER(c, fn);
    struct heard first = {{0}, 0};
    struct heard second = {{0}, 0};
    uint32_t got = 0;
    RETURNS(c, sriov_irq_enable(fn, 1, 1, &got), 0);
    RETURNS(c, sriov_irq_attach(fn, 0, hear, &first), 0);
    RETURNS(c, sriov_irq_attach(fn, 0, hear, &second), 0);
    RETURNS(c, sriov_irq_trigger(fn, 0), 0);
    CHECK(c, arrives(c, &second.count[0], 1));
    settle(c);
    CHECK(c, first.count[0] == 0 && second.count[0] == 1);
    RETURNS(c, sriov_irq_disable(fn), 0);
    return CONFORM_PASS;
}

static enum conform_verdict masked_is_held_back(struct conform *c, struct sriov_fn *fn)
{
    NEED_TRIGGER(c, fn);
    NEED(c, fn, SRIOV_CAP_IRQ_MASK, "vectors cannot be masked here");
    struct heard heard = {{0}, 0};
    uint32_t got = 0;
    RETURNS(c, sriov_irq_enable(fn, 1, 1, &got), 0);
    RETURNS(c, sriov_irq_attach(fn, 0, hear, &heard), 0);
    RETURNS(c, sriov_irq_mask(fn, 0), 0);
    RETURNS(c, sriov_irq_trigger(fn, 0), 0);
    settle(c);
    CHECK(c, heard.count[0] == 0);
    if (sriov_fn_can(fn, SRIOV_CAP_IRQ_PENDING)) {
        bool pending = false;
        RETURNS(c, sriov_irq_pending(fn, 0, &pending), 0);
        CHECK(c, pending);
    }
    RETURNS(c, sriov_irq_unmask(fn, 0), 0);
    CHECK(c, arrives(c, &heard.count[0], 1));
    settle(c);
    CHECK(c, heard.count[0] == 1);
    RETURNS(c, sriov_irq_disable(fn), 0);
    return CONFORM_PASS;
}

static enum conform_verdict disable_forgets_sinks(struct conform *c, struct sriov_fn *fn)
{
    NEED_TRIGGER(c, fn);
    struct heard heard = {{0}, 0};
    uint32_t got = 0;
    RETURNS(c, sriov_irq_enable(fn, 1, 1, &got), 0);
    RETURNS(c, sriov_irq_attach(fn, 0, hear, &heard), 0);
    RETURNS(c, sriov_irq_disable(fn), 0);
    REFUSES(c, sriov_irq_trigger(fn, 0));
    RETURNS(c, sriov_irq_enable(fn, 1, 1, &got), 0);
    (void)sriov_irq_trigger(fn, 0);
    settle(c);
    CHECK(c, heard.count[0] == 0);
    RETURNS(c, sriov_irq_disable(fn), 0);
    return CONFORM_PASS;
}

static enum conform_verdict close_takes_all(struct conform *c, struct sriov_fn *unused)
{
    (void)unused;
    struct heard heard = {{0}, 0};
    for (int i = 0; i < 3; i++) {
        struct sriov_fn *fn = NULL;
        RETURNS(c, conform_open(c, &fn), 0);
        uint32_t got = 0;
        int on = sriov_irq_count(fn) == 0 ? 0 : sriov_irq_enable(fn, 1, 1, &got);
        if (got != 0) {
            (void)sriov_irq_attach(fn, 0, hear, &heard);
        }
        RETURNS(c, sriov_fn_close(fn), 0);
        RETURNS(c, on, 0);
    }
    return CONFORM_PASS;
}

const struct conform_case conform_irq_cases[] = {
    {"irq.enables-again-and-again", enables_again_and_again, false},
    {"irq.too-many-refused", too_many_is_refused, false},
    {"irq.each-vector-is-its-own", each_vector_is_its_own, false},
    {"irq.wait-wakes-up", wait_wakes_up, false},
    {"irq.detached-is-silent", detached_is_silent, false},
    {"irq.detach-leaves-the-others", detach_leaves_the_others, false},
    {"irq.second-sink-replaces-first", second_sink_replaces_first, false},
    {"irq.masked-is-held-back", masked_is_held_back, false},
    {"irq.disable-forgets-sinks", disable_forgets_sinks, false},
    {"irq.close-takes-all", close_takes_all, true},
    {NULL, NULL, false},
};
