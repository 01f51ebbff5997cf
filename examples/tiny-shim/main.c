/* SPDX-License-Identifier: BSD-3-Clause */
/* The conformance suite against the trace shim: a simulated 82599 with our PF driver on one side,
 * each case on VF 0. Prints which ops were called how often; -v prints each call. */
#include "trace.h"

#include "conform.h"

#include <sriov/drivers.h>
#include <sriov/mock.h>

#include <stdio.h>
#include <string.h>

#define PF_SERVICE_NS UINT64_C(10000)

struct stage {
    struct sriov_mock *mock;
    struct trace *trace;
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    char pf_name[SRIOV_NAME_MAX];
    char vf_name[SRIOV_NAME_MAX];
};

static void serve(void *arg)
{
    (void)sriov_pf_poll(arg);
}

static void report(void *arg, const char *name, enum conform_verdict verdict, const char *why)
{
    static const char *const words[] = {"ok", "FAILED", "unsupported"};
    (void)arg;
    printf("%-11s %s %s\n", words[verdict], name, why);
}

/* The PF goes through the trace as well, so that set_vfs is called too. */
static int build_pf(struct stage *stage)
{
    struct sriov_pf_opts opts = {.size = sizeof(opts)};
    int rc = sriov_mock_add_pf(stage->mock, "82599", NULL, stage->pf_name);
    if (rc == 0) {
        rc = sriov_fn_open(trace_vmm(stage->trace), stage->pf_name, NULL, &stage->pf_fn);
    }
    if (rc == 0) {
        rc = sriov_pf_open(stage->pf_fn, sriov_pf_drivers, &opts, &stage->pf);
    }
    if (rc == 0) {
        rc = sriov_pf_enable_vfs(stage->pf, 2);
    }
    if (rc == 0) {
        rc = sriov_mock_vf_name(stage->mock, stage->pf_name, 0, stage->vf_name);
    }
    if (rc == 0) {
        rc = sriov_mock_task(stage->mock, PF_SERVICE_NS, serve, stage->pf);
    }
    return rc < 0 ? rc : 0;
}

static int build(struct stage *stage, FILE *out)
{
    int rc = sriov_mock_create(NULL, &stage->mock);
    if (rc == 0) {
        rc = trace_create(sriov_mock_vmm(stage->mock), out, &stage->trace);
    }
    if (rc == 0) {
        rc = build_pf(stage);
    }
    return rc;
}

/* Returns what was left or found wrong. */
static uint64_t strike(struct stage *stage)
{
    uint64_t findings = 0;
    if (stage->pf != NULL) {
        sriov_pf_close(stage->pf);
    }
    findings += (uint64_t)sriov_fn_close(stage->pf_fn);
    if (stage->trace != NULL) {
        findings += trace_destroy(stage->trace) != 0;
    }
    if (stage->mock != NULL) {
        findings += sriov_mock_violations(stage->mock, 0) + sriov_mock_held(stage->mock);
        sriov_mock_destroy(stage->mock);
    }
    return findings;
}

/* Returns how many ops nobody called. The strict mock has no views: the core asks for none. */
static uint32_t print_counts(const struct trace *trace)
{
    const char *name;
    uint64_t calls;
    uint32_t never = 0;
    for (uint32_t i = 0; trace_op(trace, i, &name, &calls); i++) {
        printf("%-15s %10llu\n", name, (unsigned long long)calls);
        never += calls == 0 && strcmp(name, "bar_view") != 0 && strcmp(name, "bar_unview") != 0;
    }
    return never;
}

static bool conforms(struct stage *stage)
{
    struct conform c = {.vmm = trace_vmm(stage->trace),
                        .device = stage->vf_name,
                        .drivers = sriov_net_drivers,
                        .report = report};
    uint32_t cases = conform_count(conform_tables);
    sriov_log_set_level(c.vmm, SRIOV_LOG_ERROR);
    (void)conform_run(&c, conform_tables, NULL);
    printf("%u passed, %u unsupported, %u failed of %u\n", c.passed, c.unsupported, c.failed, cases);
    return cases > 40 && c.passed == cases;
}

int main(int argc, char **argv)
{
    struct stage stage = {0};
    bool verbose = argc == 2 && strcmp(argv[1], "-v") == 0;
    int rc = build(&stage, verbose ? stdout : NULL);
    bool good = rc == 0 && conforms(&stage) && print_counts(stage.trace) == 0;
    uint64_t findings = strike(&stage);
    if (rc != 0) {
        fprintf(stderr, "tiny-shim: %s\n", strerror(-rc));
    }
    puts(good && findings == 0 ? "tiny-shim: ok" : "tiny-shim: failed");
    return good && findings == 0 ? 0 : 1;
}
