/* SPDX-License-Identifier: BSD-3-Clause */
/* The life cycle's arcs, and waits that end with it. */
#include "core.h"

#define TO(state) (1u << (state))

/* By present state: where class code may go. Gone is reached by sriov_fn_kill only. */
static const uint32_t arcs[] = {
    [SRIOV_FN_DETACHED] = TO(SRIOV_FN_ATTACHED),
    [SRIOV_FN_ATTACHED] = TO(SRIOV_FN_STARTED) | TO(SRIOV_FN_DETACHED),
    [SRIOV_FN_STARTED] = TO(SRIOV_FN_STOPPED) | TO(SRIOV_FN_RECOVERING) | TO(SRIOV_FN_QUIESCED),
    [SRIOV_FN_STOPPED] = TO(SRIOV_FN_STARTED) | TO(SRIOV_FN_DETACHED),
    [SRIOV_FN_RECOVERING] = TO(SRIOV_FN_STARTED) | TO(SRIOV_FN_STOPPED),
    [SRIOV_FN_QUIESCED] = TO(SRIOV_FN_STARTED) | TO(SRIOV_FN_STOPPED),
    [SRIOV_FN_GONE] = 0,
};

enum sriov_fn_state sriov_fn_state(const struct sriov_fn *fn)
{
    struct sriov_fn *f = (struct sriov_fn *)(uintptr_t)fn;

    return (enum sriov_fn_state)atomic_load_explicit(&f->state, memory_order_acquire);
}

int sriov_fn_set_state(struct sriov_fn *fn, enum sriov_fn_state to)
{
    int from = atomic_load(&fn->state);

    if (to == SRIOV_FN_GONE) {
        sriov_fn_kill(fn);
        return 0;
    }
    if ((uint32_t)to > SRIOV_FN_GONE) {
        return -EINVAL;
    }
    /* A kill from another thread must not be overwritten. */
    do {
        if (from == SRIOV_FN_GONE) {
            return -ENODEV;
        }
        if ((arcs[from] & TO(to)) == 0) {
            return -EINVAL;
        }
    } while (!atomic_compare_exchange_weak(&fn->state, &from, (int)to));
    return 0;
}

const char *sriov_fn_state_name(enum sriov_fn_state state)
{
    static const char *const names[] = {
        [SRIOV_FN_DETACHED] = "detached",
        [SRIOV_FN_ATTACHED] = "attached",
        [SRIOV_FN_STARTED] = "started",
        [SRIOV_FN_STOPPED] = "stopped",
        [SRIOV_FN_RECOVERING] = "recovering",
        [SRIOV_FN_QUIESCED] = "quiesced",
        [SRIOV_FN_GONE] = "gone",
    };

    return (uint32_t)state <= SRIOV_FN_GONE ? names[state] : "unknown";
}

uint64_t sriov_fn_now(struct sriov_fn *fn)
{
    return sriov_vmm_now(fn->vmm);
}

void sriov_fn_sleep(struct sriov_fn *fn, uint64_t ns)
{
    sriov_vmm_sleep(fn->vmm, ns);
}

static void pause_between_looks(struct sriov_fn *fn, uint64_t step_ns, uint64_t left_ns)
{
    if (step_ns == 0) {
        sriov_vmm_relax(fn->vmm);
    } else {
        sriov_vmm_sleep(fn->vmm, step_ns < left_ns ? step_ns : left_ns);
    }
}

int sriov_fn_wait_until(struct sriov_fn *fn, int (*done)(void *arg), void *arg, uint64_t timeout_ns,
                        uint64_t step_ns)
{
    uint64_t start = sriov_fn_now(fn);
    uint64_t spent;
    int rc;

    for (;;) {
        /* Taken before the look: the look after the deadline is the last one, not the one before. */
        spent = sriov_fn_now(fn) - start;
        if (sriov_fn_gone(fn)) {
            return -ENODEV;
        }
        rc = done(arg);
        if (rc != 0) {
            return rc;
        }
        if (spent >= timeout_ns) {
            return sriov_fn_gone(fn) ? -ENODEV : -ETIMEDOUT;
        }
        pause_between_looks(fn, step_ns, timeout_ns - spent);
    }
}
