/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The contract of include/sriov/vmm.h as cases that run against any shim. Freestanding, so that a
 * shim with no OS beneath can run them too. A case passes, fails, or is unsupported with the
 * reason; unsupported is only what the shim says it cannot do.
 */
#ifndef CONFORM_H
#define CONFORM_H

#include <sriov/driver.h>

enum conform_verdict {
    CONFORM_PASS,
    CONFORM_FAIL,
    CONFORM_UNSUPPORTED,
};

struct conform;

struct conform_case {
    const char *name;
    /* fn: the device, freshly opened; closed by the runner, which fails the case on a leak. NULL
     * for cases that open by themselves (`bare`). */
    enum conform_verdict (*run)(struct conform *c, struct sriov_fn *fn);
    bool bare;
};

struct conform {
    struct sriov_vmm *vmm;
    const char *device;                        /* name of the function to try */
    const struct sriov_fn_opts *open_opts;     /* may be NULL */
    const struct sriov_driver *const *drivers; /* for the data path; NULL: those cases are unsupported */
    void (*report)(void *arg, const char *name, enum conform_verdict verdict, const char *why);
    void *arg;
    uint32_t passed;
    uint32_t failed;
    uint32_t unsupported;
    char why[160]; /* of the case that runs */
};

/* Tables, each ends with name NULL. */
extern const struct conform_case conform_host_cases[];
extern const struct conform_case conform_open_cases[];
extern const struct conform_case conform_config_cases[];
extern const struct conform_case conform_bar_cases[];
extern const struct conform_case conform_dma_cases[];
extern const struct conform_case conform_irq_cases[];
extern const struct conform_case conform_life_cases[];
extern const struct conform_case conform_data_cases[];
extern const struct conform_case conform_pf_cases[];
extern const struct conform_case conform_mig_cases[];
extern const struct conform_case conform_raw_cases[];
/* These need an OS. */
extern const struct conform_case conform_eventfd_cases[];
extern const struct conform_case conform_kill_cases[];
extern const struct conform_case conform_thread_cases[]; /* a shim that is one thread by design has none */

/* Every table in conform_tables, in order; only cases whose name begins with `only` when given.
 * Returns the number of failed ones. */
extern const struct conform_case *const conform_tables[];
uint32_t conform_run(struct conform *c, const struct conform_case *const *tables, const char *only);
uint32_t conform_count(const struct conform_case *const *tables);

/* ---- for cases ---- */

enum conform_verdict conform_fail(struct conform *c, int line, const char *what, int64_t got);
enum conform_verdict conform_cannot(struct conform *c, const char *why);
int conform_open(struct conform *c, struct sriov_fn **fn);
/* A function that is no PCI device may have none. */
bool conform_has_bar(struct sriov_fn *fn);
#define NEED_BAR(c, fn)                                                                                      \
    do {                                                                                                     \
        if (!conform_has_bar(fn)) {                                                                          \
            return conform_cannot((c), "this function has no BAR 0");                                        \
        }                                                                                                    \
    } while (0)

/* `what` must hold, else the case fails here. */
#define CHECK(c, what)                                                                                       \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            return conform_fail((c), __LINE__, #what, 0);                                                    \
        }                                                                                                    \
    } while (0)
/* `call` must return `want`; says what it returned. */
#define RETURNS(c, call, want)                                                                               \
    do {                                                                                                     \
        int64_t got_ = (call);                                                                               \
        if (got_ != (want)) {                                                                                \
            return conform_fail((c), __LINE__, #call " is not " #want, got_);                                \
        }                                                                                                    \
    } while (0)
/* `call` must be refused, with whatever error. */
#define REFUSES(c, call)                                                                                     \
    do {                                                                                                     \
        int64_t got_ = (call);                                                                               \
        if (got_ >= 0) {                                                                                     \
            return conform_fail((c), __LINE__, #call " was not refused", got_);                              \
        }                                                                                                    \
    } while (0)
#define NEED(c, fn, caps, why)                                                                               \
    do {                                                                                                     \
        if (!sriov_fn_can((fn), (caps))) {                                                                   \
            return conform_cannot((c), (why));                                                               \
        }                                                                                                    \
    } while (0)

#endif
