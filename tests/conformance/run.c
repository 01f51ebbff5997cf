/* SPDX-License-Identifier: BSD-3-Clause */
#include "conform.h"

#include <string.h>

const struct conform_case *const conform_tables[] = {
    conform_host_cases, conform_open_cases, conform_raw_cases,  conform_config_cases,
    conform_bar_cases,  conform_dma_cases,  conform_irq_cases,  conform_life_cases,
    conform_pf_cases,   conform_mig_cases,  conform_data_cases, NULL,
};

enum conform_verdict conform_fail(struct conform *c, int line, const char *what, int64_t got)
{
    sriov_format(c->why, sizeof(c->why), "line %d: %s (%lld)", line, what, (long long)got);
    return CONFORM_FAIL;
}

enum conform_verdict conform_cannot(struct conform *c, const char *why)
{
    sriov_format(c->why, sizeof(c->why), "%s", why);
    return CONFORM_UNSUPPORTED;
}

int conform_open(struct conform *c, struct sriov_fn **fn)
{
    return sriov_fn_open(c->vmm, c->device, c->open_opts, fn);
}

static enum conform_verdict run_with_function(struct conform *c, const struct conform_case *one)
{
    struct sriov_fn *fn = NULL;
    int err = conform_open(c, &fn);
    if (err != 0) {
        return conform_fail(c, __LINE__, "the device does not open", err);
    }
    enum conform_verdict verdict = one->run(c, fn);
    int leaks = sriov_fn_close(fn);
    if (verdict == CONFORM_PASS && leaks != 0) {
        return conform_fail(c, __LINE__, "the case is done, yet close found leaks", leaks);
    }
    return verdict;
}

static bool begins_with(const char *name, const char *only)
{
    while (*only != '\0') {
        if (*name++ != *only++) {
            return false;
        }
    }
    return true;
}

static void run_case(struct conform *c, const struct conform_case *one)
{
    c->why[0] = '\0';
    enum conform_verdict verdict = one->bare ? one->run(c, NULL) : run_with_function(c, one);
    c->passed += verdict == CONFORM_PASS;
    c->failed += verdict == CONFORM_FAIL;
    c->unsupported += verdict == CONFORM_UNSUPPORTED;
    c->report(c->arg, one->name, verdict, c->why);
}

uint32_t conform_run(struct conform *c, const struct conform_case *const *tables, const char *only)
{
    for (; *tables != NULL; tables++) {
        for (const struct conform_case *one = *tables; one->name != NULL; one++) {
            if (only == NULL || begins_with(one->name, only)) {
                run_case(c, one);
            }
        }
    }
    return c->failed;
}

uint32_t conform_count(const struct conform_case *const *tables)
{
    uint32_t n = 0;
    for (; *tables != NULL; tables++) {
        for (const struct conform_case *one = *tables; one->name != NULL; one++) {
            n++;
        }
    }
    return n;
}
