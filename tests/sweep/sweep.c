/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fault sweep: each occasion of each op that can fail, in the whole life of a function, fails once;
 * and the function is pulled out once at each op. After each point: the right error, nothing leaked,
 * no violation, and the same again without a fault succeeds.
 */
#include "sweep.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERRS_MAX 7

/* What a failed op may turn into. `err` is injected; each call returns it, or one of `or_else`. */
struct op_rule {
    const char *op;
    int err;
    bool survives; /* the scenario may go on and succeed: there is a fallback, or it is a release */
    bool lossy;    /* the device may be left half programmed: what it then does wrong is not the driver's */
    int or_else[ERRS_MAX];
};

/* A register that cannot be read reads all-ones: the function counts as gone. A lost write shows as
 * whatever did not happen. */
#define LOST_WRITE                                                                                           \
    {                                                                                                        \
        -ENODEV, -EAGAIN, -ETIMEDOUT, -EPROTO, -EBUSY, -EIO, -EACCES                                         \
    }

static const struct op_rule rules[] = {
    {"host_alloc", -ENOMEM, true, false, {0}}, /* a pool asks again for less */
    {"wait", -EPERM, true, false, {0}},
    {"enumerate", -EPERM, false, false, {0}},
    {"open", -EBUSY, false, false, {0}},
    {"info", -EPERM, false, false, {0}},
    {"reset", -ETIMEDOUT, false, false, {0}},
    {"set_vfs", -ENOSPC, true, false, {0}},
    {"cfg_read", -EPERM, true, false, {-ENODEV, -EPROTO}},
    {"cfg_write", -EPERM, true, true, {-ENODEV}},
    {"bar_info", -EPERM, false, false, {0}},
    {"bar_read",
     -EPERM,
     true,
     false,
     {-ENODEV, -ETIMEDOUT, -EIO, -EPROTO, -EACCES}}, /* a PF refuses what it misread */
    {"bar_write", -EPERM, true, true, LOST_WRITE},
    {"dma_limits", -EPERM, false, false, {0}},
    {"dma_alloc", -ENOMEM, true, false, {0}}, /* likewise */
    {"dma_free", -EPERM, true, false, {0}},
    {"dma_map", -EFAULT, false, false, {0}},
    {"dma_unmap", -EPERM, true, false, {0}},
    {"irq_count", -EPERM, true, false, {0}},
    {"irq_enable", -ENOSPC, true, false, {0}},
    {"irq_disable", -EPERM, true, false, {0}},
    {"irq_attach", -EPERM, true, false, {0}},
    {"irq_detach", -EPERM, true, false, {0}},
    {"irq_mask", -EPERM, true, false, {0}},
    {"irq_unmask", -EPERM, true, false, {0}},
    {"irq_pending", -EPERM, true, false, {0}},
    {"irq_trigger", -EPERM, true, false, {0}},
    {"set_event_sink", -EPERM, true, false, {0}},
};

/* With a PF its VFs vanish: to open one by its name finds nothing. */
static const struct op_rule gone_rule = {"gone", -ENODEV, true, false, {-ENOENT}};

struct totals {
    uint64_t points;
    uint64_t failures;
    uint64_t survived; /* went on and succeeded */
    uint64_t blamed;   /* lost writes after which the mock saw the device go wrong */
    uint64_t skipped;  /* left out by the stride */
};

struct sweep {
    const struct sweep_case *what;
    struct bed bed;
    uint64_t held; /* by what stays */
    uint64_t stride;
    struct totals totals;
};

static bool is_right(const struct op_rule *rule, int rc)
{
    if (rc == 0) {
        return rule->survives;
    }
    for (size_t i = 0; i < ERRS_MAX; i++) {
        if (rule->or_else[i] != 0 && rule->or_else[i] == rc) {
            return true;
        }
    }
    return rc == rule->err;
}

static void complain(struct sweep *s, const struct op_rule *rule, uint64_t nth, const char *what, int rc)
{
    s->totals.failures++;
    printf("not ok: %s, %s number %llu: %s (%d: %s)\n", s->what->name, rule->op, (unsigned long long)nth,
           what, rc, strerror(rc < 0 ? -rc : rc));
    for (uint32_t i = 0; i < s->bed.findings; i++) {
        printf("  %s\n", s->bed.finding[i].text);
    }
}

static void forget(struct bed *bed)
{
    sriov_mock_forget_violations(bed->mock);
    bed->findings = 0;
    bed->leaks = 0;
    bed->wild = 0;
}

/* After the scenario has closed all: true when nothing is left behind. */
static bool check_clean(struct sweep *s, const struct op_rule *rule, uint64_t nth, bool lossy)
{
    struct bed *bed = &s->bed;
    uint64_t seen = sriov_mock_violations(bed->mock, 0);
    uint64_t excused = seen - sriov_mock_violations(bed->mock, SRIOV_VIOLATION_LEAK) -
                       sriov_mock_violations(bed->mock, SRIOV_VIOLATION_CONTRACT) -
                       sriov_mock_violations(bed->mock, SRIOV_VIOLATION_PAGE_RACE);

    if (seen != 0 && (!lossy || excused != seen)) {
        complain(s, rule, nth, "violations", (int)seen);
        return false;
    }
    s->totals.blamed += seen != 0;
    if (bed->leaks != 0 || bed->wild != 0) {
        complain(s, rule, nth, "leaks or wild buffers", (int)(bed->leaks + bed->wild));
        return false;
    }
    return true;
}

static bool check_held(struct sweep *s, const struct op_rule *rule, uint64_t nth)
{
    uint64_t held = sriov_mock_held(s->bed.mock);

    if (held != s->held) {
        complain(s, rule, nth, "the mock holds more than before", (int)(held - s->held));
        return false;
    }
    return true;
}

static bool is_of_vmm(const char *op)
{
    return strcmp(op, "host_alloc") == 0 || strcmp(op, "wait") == 0 || strcmp(op, "enumerate") == 0;
}

static void inject(struct sweep *s, uint32_t kind, const struct op_rule *rule, uint64_t nth)
{
    bool any_fn = is_of_vmm(rule->op);
    struct sriov_mock_fault fault = {.size = sizeof(fault),
                                     .kind = kind,
                                     .fn = any_fn ? NULL : s->what->target(&s->bed),
                                     .op = kind == SRIOV_MOCK_FAULT_GONE ? NULL : rule->op,
                                     .nth = nth,
                                     .err = rule->err};

    if (sriov_mock_inject(s->bed.mock, &fault) != 0) {
        complain(s, rule, nth, "the fault could not be injected", 0);
    }
}

static bool recover(struct sweep *s, const struct op_rule *rule, uint64_t nth, bool rebuild)
{
    int rc = 0;

    if (rebuild) {
        forget(&s->bed);
        rc = s->what->rebuild(&s->bed);
    }
    if (rc == 0) {
        forget(&s->bed);
        rc = s->what->run(&s->bed);
    }
    if (rc != 0) {
        complain(s, rule, nth, "the retry without a fault failed", rc);
        return false;
    }
    return check_clean(s, rule, nth, false) && check_held(s, rule, nth);
}

/* One point. False when the n-th occasion does not exist any more. */
static bool strike(struct sweep *s, uint32_t kind, const struct op_rule *rule, uint64_t nth)
{
    bool gone = kind == SRIOV_MOCK_FAULT_GONE;
    int rc;

    forget(&s->bed);
    inject(s, kind, rule, nth);
    rc = s->what->run(&s->bed);
    if (sriov_mock_clear_faults(s->bed.mock) == 0) {
        if (rc != 0) {
            complain(s, rule, nth, "failed without a fault", rc);
        }
        return false;
    }
    s->totals.points++;
    s->totals.survived += rc == 0;
    if (!is_right(rule, rc)) {
        complain(s, rule, nth, rc == 0 ? "the error was swallowed" : "not the right error", rc);
    }
    if (check_clean(s, rule, nth, rule->lossy) && (gone || check_held(s, rule, nth))) {
        (void)recover(s, rule, nth, gone);
    }
    return true;
}

static bool is_access(const char *op)
{
    return strcmp(op, "bar_read") == 0 || strcmp(op, "bar_write") == 0 || strcmp(op, "gone") == 0;
}

static void sweep_op(struct sweep *s, uint32_t kind, const struct op_rule *rule)
{
    uint64_t step = is_access(rule->op) ? s->stride : 1;
    struct totals before = s->totals;
    uint64_t nth = 1;

    while (strike(s, kind, rule, nth)) {
        nth += step;
        s->totals.skipped += step - 1;
    }
    if (s->totals.points != before.points) {
        printf("%-9s %-15s %6llu points %6llu survived %4llu failures\n", s->what->name, rule->op,
               (unsigned long long)(s->totals.points - before.points),
               (unsigned long long)(s->totals.survived - before.survived),
               (unsigned long long)(s->totals.failures - before.failures));
        (void)fflush(stdout);
    }
}

/* The scenario must pass by itself before it can show anything. */
static bool begin(struct sweep *s)
{
    int rc = bed_create(&s->bed, s->what->model);

    rc = rc == 0 ? s->what->prepare(&s->bed) : rc;
    if (rc == 0) {
        s->held = sriov_mock_held(s->bed.mock);
        forget(&s->bed);
        rc = s->what->run(&s->bed);
    }
    if (rc != 0) {
        complain(s, &gone_rule, 0, "the scenario itself failed", rc);
        return false;
    }
    return check_clean(s, &gone_rule, 0, false) && check_held(s, &gone_rule, 0);
}

static void sweep_case(struct sweep *s)
{
    if (begin(s)) {
        for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
            sweep_op(s, SRIOV_MOCK_FAULT_OP, &rules[i]);
        }
        sweep_op(s, SRIOV_MOCK_FAULT_GONE, &gone_rule);
    }
    forget(&s->bed);
    if (bed_destroy(&s->bed) != 0) {
        complain(s, &gone_rule, 0, "tearing down left something behind", 0);
    }
}

static const struct sweep_case *const cases[] = {&sweep_vf_82599, &sweep_vf_82576, &sweep_pf_82599,
                                                 &sweep_pf_82576};

static int usage(void)
{
    fputs("usage: fault-sweep [--stride N] [--total FILE] [vf-82599 | vf-82576 | pf-82599 | pf-82576]\n",
          stderr);
    return 2;
}

static void print_totals(const struct sweep *s)
{
    const struct totals *t = &s->totals;

    printf("sweep: after %llu lost register writes the device went wrong, as the mock reported\n",
           (unsigned long long)t->blamed);
    if (s->stride > 1) {
        printf("sweep: one of %llu register accesses and removals: about %llu points left out\n",
               (unsigned long long)s->stride, (unsigned long long)t->skipped);
    }
    printf("sweep: %llu points, %llu failures\n", (unsigned long long)t->points,
           (unsigned long long)t->failures);
}

/* For who adds up the sweeps of several processes. */
static bool write_total(const struct sweep *s, const char *path)
{
    FILE *file = path != NULL ? fopen(path, "w") : NULL;

    if (file == NULL) {
        return path == NULL;
    }
    (void)fprintf(file, "%llu %llu %llu\n", (unsigned long long)s->totals.points,
                  (unsigned long long)s->totals.failures, (unsigned long long)s->totals.skipped);
    return fclose(file) == 0;
}

int main(int argc, char **argv)
{
    static struct sweep s = {.stride = 1};
    const char *only = NULL;
    const char *total = NULL;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--stride") == 0 && i + 1 < argc) {
            s.stride = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--total") == 0 && i + 1 < argc) {
            total = argv[++i];
        } else {
            only = argv[i];
        }
    }
    if (s.stride == 0) {
        return usage();
    }
    /* The same megabytes come and go at every point: the kernel need not clear them anew. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 30);
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (only == NULL || strcmp(only, cases[i]->name) == 0) {
            s.what = cases[i];
            sweep_case(&s);
        }
    }
    if (s.totals.points == 0 && s.totals.failures == 0) {
        return usage();
    }
    print_totals(&s);
    return s.totals.failures == 0 && write_total(&s, total) ? 0 : 1;
}
