/* SPDX-License-Identifier: BSD-3-Clause */
/* Host services: control memory and the clock. */
#include "conform.h"

#include <errno.h>
#include <string.h>

#define MS UINT64_C(1000000)

/* Every entry is a function pointer after normalisation: the table is `size`, `abi`, pointers. */
static enum conform_verdict no_op_is_null(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    const struct sriov_vmm_ops *ops = sriov_vmm_ops(c->vmm);
    CHECK(c, ops->abi == SRIOV_VMM_ABI && ops->name != NULL && ops->name[0] != '\0');
    const unsigned char *at = (const unsigned char *)&ops->host_alloc;
    const unsigned char *end = (const unsigned char *)ops + sizeof(*ops);
    void (*op)(void);
    for (; at < end; at += sizeof(op)) {
        memcpy(&op, at, sizeof(op));
        CHECK(c, op != NULL);
    }
    return CONFORM_PASS;
}

static enum conform_verdict memory_is_zeroed_and_aligned(struct conform *c, struct sriov_fn *fn)
{
    for (size_t align = 1; align <= 4096; align *= 2) {
        size_t size = align + 24;
        unsigned char *p = sriov_fn_host_alloc(fn, size, align);
        CHECK(c, p != NULL);
        bool good = (uintptr_t)p % align == 0;
        for (size_t i = 0; i < size; i++) {
            good = good && p[i] == 0;
        }
        memset(p, 0xa5, size);
        sriov_fn_host_free(fn, p, size);
        CHECK(c, good);
    }
    return CONFORM_PASS;
}

static enum conform_verdict clock_never_runs_back(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    uint64_t last = sriov_vmm_now(c->vmm);
    for (int i = 0; i < 10000; i++) {
        uint64_t now = sriov_vmm_now(c->vmm);
        CHECK(c, now >= last);
        last = now;
    }
    return CONFORM_PASS;
}

static enum conform_verdict relax_lets_time_pass(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    uint64_t begin = sriov_vmm_now(c->vmm);
    for (int i = 0; i < 10000000 && sriov_vmm_now(c->vmm) == begin; i++) {
        sriov_vmm_relax(c->vmm);
    }
    CHECK(c, sriov_vmm_now(c->vmm) > begin);
    return CONFORM_PASS;
}

static enum conform_verdict sleep_is_not_short(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    uint64_t begin = sriov_vmm_now(c->vmm);
    sriov_vmm_sleep(c->vmm, 2 * MS);
    CHECK(c, sriov_vmm_now(c->vmm) - begin >= 2 * MS);
    return CONFORM_PASS;
}

static enum conform_verdict wait_ends_at_its_timeout(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    uint64_t begin = sriov_vmm_now(c->vmm);
    int err = 0;
    /* Something else may be due; a quiet moment must come. */
    for (int i = 0; i < 100 && err == 0; i++) {
        begin = sriov_vmm_now(c->vmm);
        err = sriov_vmm_wait(c->vmm, 2 * MS);
    }
    RETURNS(c, err, -ETIMEDOUT);
    CHECK(c, sriov_vmm_now(c->vmm) - begin >= 2 * MS);
    return CONFORM_PASS;
}

static enum conform_verdict wait_of_nothing_ends(struct conform *c, struct sriov_fn *fn)
{
    (void)fn;
    int err = 0;
    for (int i = 0; i < 100 && err == 0; i++) {
        err = sriov_vmm_wait(c->vmm, 0); /* deliver what is due, wait for nothing */
    }
    RETURNS(c, err, -ETIMEDOUT);
    return CONFORM_PASS;
}

const struct conform_case conform_host_cases[] = {
    {"host.no-op-is-null", no_op_is_null, true},
    {"host.memory-zeroed-aligned", memory_is_zeroed_and_aligned, false},
    {"clock.never-runs-back", clock_never_runs_back, true},
    {"clock.relax-lets-time-pass", relax_lets_time_pass, true},
    {"clock.sleep-is-not-short", sleep_is_not_short, true},
    {"clock.wait-ends-at-timeout", wait_ends_at_its_timeout, false},
    {"clock.wait-of-nothing-ends", wait_of_nothing_ends, false},
    {NULL, NULL, false},
};
