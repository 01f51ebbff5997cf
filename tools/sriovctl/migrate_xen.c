/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A domain of Xen by xl: its VF is detached, it is saved and restored or migrated, and a VF is attached
 * again. With a VF attached a save goes through, and the domain crashes when it is restored: so nothing moves
 * before xl shows that the VF has left.
 */
#include "migrate_xen_ask.h"
#include "parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define AGAIN "see what xl list and xl pci-list say"

struct domain {
    struct cli *cli;
    const struct migrate_values *values;
    struct migrate_log log;
    struct xl here;
    struct xl there; /* where the domain is afterwards */
    char device[SRIOV_NAME_MAX];
    char to_device[SRIOV_NAME_MAX];
    struct xen_ask ask;
};

static int run1(const struct xl *xl, const char *verb, const char *first, const char *second, char *said,
                char *why)
{
    const char *const words[] = {verb, first, second, NULL};

    return xl_run(xl, words, said, why);
}

/* A BDF in a listing of xl's, at the end of a line or before white space. 1, 0, or as xl_run. */
static int is_listed(const struct xl *xl, const char *verb, const char *domain, const char *bdf, char *why)
{
    char said[XL_SAID];
    int rc = run1(xl, verb, domain, NULL, said, why);

    if (rc != 0) {
        return rc;
    }
    const char *at = strstr(said, bdf);
    size_t len = strlen(bdf);
    while (at != NULL && at[len] != '\0' && strchr(" \t\r\n", at[len]) == NULL) {
        at = strstr(at + 1, bdf);
    }
    return at != NULL;
}

/* ---- steps ---- */

static int attach(struct domain *domain, const struct xl *xl, const char *bdf, char *why)
{
    int rc = run1(xl, "pci-attach", domain->values->xen, bdf, NULL, why);

    rc = rc != 0 ? rc : is_listed(xl, "pci-list", domain->values->xen, bdf, why);
    if (rc == 0) {
        (void)snprintf(why, CLI_WHY_MAX, "xl pci-attach said nothing, but %s is not in the domain", bdf);
        return -ENOENT;
    }
    return rc == 1 ? 0 : rc;
}

/* It failed with the domain where it was: its VF goes back. */
static int go_back(struct domain *domain, const char *error)
{
    char why[CLI_WHY_MAX] = "";

    (void)cli_take_interrupt();
    if (attach(domain, &domain->here, domain->device, why) == 0) {
        migrate_step(&domain->log, "the VF is attached again");
        domain->log.state = MIGRATE_SOURCE;
        return migrate_end(&domain->log, error, AGAIN);
    }
    cli_note("sriovctl: %s", why);
    domain->log.state = MIGRATE_SOURCE_STANDBY;
    return migrate_end(&domain->log, error, "attach its VF again: xl pci-attach DOMAIN BDF");
}

/* xl resets the VF before the guest hears of it: a program of ours there is asked first, so that its traffic
 * has left the VF. Whatever comes of it, xl goes on. */
static void ask_first(struct domain *domain)
{
    if (xen_ask(&domain->ask, &domain->here, domain->values->xen, domain->device) == 0) {
        migrate_step(&domain->log, "the guest is asked for its VF");
        if (xen_ask_wait(&domain->ask, domain->values->timeout_ns) == 0) {
            migrate_step(&domain->log, "the guest's traffic has left its VF");
        }
    }
}

/* 0: the domain has let it go. Else *status is the command's. */
static int detach(struct domain *domain, int *status)
{
    const char *name = domain->values->xen;
    char why[CLI_WHY_MAX] = "";
    int had = is_listed(&domain->here, "pci-list", name, domain->device, why);

    if (had == 0) {
        *status = cli_fail(domain->cli, "domain %.100s does not have %s; see: xl pci-list %.100s", name,
                           domain->device, name);
        return -ENOENT;
    }
    if (had == 1) {
        ask_first(domain);
    }
    int rc = had == 1 ? run1(&domain->here, "pci-detach", name, domain->device, NULL, why) : had;
    if (rc != 0) {
        xen_ask_no_more(&domain->ask);
        *status = cli_fail_as(
            domain->cli, had == 1 ? CLI_FAILED : CLI_USAGE,
            "%.300s: with its VF attached the domain is not moved: it would crash at the other end", why);
        return rc;
    }
    rc = is_listed(&domain->here, "pci-list", name, domain->device, why);
    if (rc == 0) {
        migrate_step(&domain->log, "the domain has let its VF go");
        return 0;
    }
    xen_ask_no_more(&domain->ask);
    *status =
        rc == 1 ? cli_fail_as(domain->cli, CLI_FAILED,
                              "the domain still has %s after xl pci-detach: it is not moved; end what holds "
                              "the VF in the guest",
                              domain->device)
                : go_back(domain, why);
    return -EBUSY;
}

static int save(struct domain *domain, int *status)
{
    char why[CLI_WHY_MAX] = "";
    int rc = run1(&domain->here, "save", domain->values->xen, domain->values->save, NULL, why);

    if (rc != 0) {
        *status = go_back(domain, why);
        return rc;
    }
    migrate_step(&domain->log, "saved");
    domain->log.state = MIGRATE_SAVED;
    return 0;
}

static int restore(struct domain *domain, int *status)
{
    char why[CLI_WHY_MAX] = "";
    int rc = run1(&domain->here, "restore", domain->values->restore, NULL, NULL, why);

    if (rc != 0) {
        domain->log.state = MIGRATE_SAVED;
        *status = migrate_end(&domain->log, why,
                              "its file is whole: remove what stands in the way, and --restore it");
        return rc;
    }
    migrate_step(&domain->log, "restored");
    return 0;
}

static int move(struct domain *domain, int *status)
{
    char why[CLI_WHY_MAX] = "";
    int rc = run1(&domain->here, "migrate", domain->values->xen, domain->values->to, NULL, why);

    if (rc != 0) {
        *status = go_back(domain, why);
        return rc;
    }
    migrate_step(&domain->log, "migrated");
    return 0;
}

/* Beyond what a domain began with Xen lets it have no more in its new place: xl does not carry that along. */
static int allow_memory(struct domain *domain, char *why)
{
    char mib[24];

    (void)snprintf(mib, sizeof(mib), "%llu", (unsigned long long)domain->values->mem_max);
    return domain->values->mem_max == 0
               ? 0
               : run1(&domain->there, "mem-max", domain->values->xen, mib, NULL, why);
}

static int arrive(struct domain *domain)
{
    char why[CLI_WHY_MAX] = "";

    if (allow_memory(domain, why) != 0) {
        domain->log.state = MIGRATE_DESTINATION_STANDBY;
        return migrate_end(
            &domain->log, why,
            "traffic goes on by netfront; set the domain's limit (xl mem-max), then xl pci-attach");
    }
    if (attach(domain, &domain->there, domain->to_device, why) != 0) {
        domain->log.state = MIGRATE_DESTINATION_STANDBY;
        return migrate_end(
            &domain->log, why,
            "traffic goes on by netfront; make the VF assignable (xl pci-assignable-add BDF), then xl "
            "pci-attach; a domain wants passthrough=\"enabled\" for it");
    }
    migrate_step(&domain->log, "the domain has its VF");
    domain->log.state = MIGRATE_DESTINATION;
    return migrate_end(&domain->log, NULL, NULL);
}

/* ---- the whole ---- */

/* The VF for afterwards is looked for before anything is changed. */
static int check_next(struct domain *domain)
{
    bool same = strcmp(domain->device, domain->to_device) == 0;
    char why[CLI_WHY_MAX] = "";

    if (domain->values->save != NULL && domain->values->restore == NULL) {
        return CLI_OK;
    }
    if (same && domain->there.host == NULL && domain->values->save != NULL) {
        return CLI_OK; /* the domain has it now */
    }
    int rc = is_listed(&domain->there, "pci-assignable-list", NULL, domain->to_device, why);
    if (rc < 0) {
        return cli_fail(domain->cli, "%s", why);
    }
    return rc == 1 ? CLI_OK
                   : cli_fail(domain->cli,
                              "%s is not to be given to a domain%s%.100s; make it so: xl "
                              "pci-assignable-add %s",
                              domain->to_device, domain->there.host != NULL ? " on " : "",
                              domain->there.host != NULL ? domain->there.host : "", domain->to_device);
}

static int go(struct domain *domain)
{
    const struct migrate_values *values = domain->values;
    bool leaves = values->save != NULL || values->to != NULL;
    int status = check_next(domain);

    if (status != CLI_OK || (leaves && detach(domain, &status) != 0) ||
        (values->save != NULL && save(domain, &status) != 0) ||
        (values->restore != NULL && restore(domain, &status) != 0) ||
        (values->to != NULL && move(domain, &status) != 0)) {
        return status;
    }
    return domain->log.state == MIGRATE_SAVED && values->restore == NULL
               ? migrate_end(&domain->log, NULL, NULL)
               : arrive(domain);
}

int migrate_xen(struct cli *cli, const struct migrate_values *values)
{
    struct domain domain = {
        .cli = cli,
        .values = values,
        .here = {.program = values->xl, .ssh = values->ssh, .timeout_ns = values->move_ns}};
    const char *next = values->to_device != NULL ? values->to_device : values->device;

    (void)parse_bdf(values->device, domain.device);
    (void)parse_bdf(next, domain.to_device);
    domain.there = domain.here;
    domain.there.host = values->to;
    migrate_log_begin(&domain.log, cli);
    out_text(domain.log.facts, "domain", values->xen);
    out_text(domain.log.facts, "vf", domain.device);
    out_text(domain.log.facts, "vf_at_destination", domain.to_device);
    int status = go(&domain);
    migrate_drop(&domain.log);
    return status;
}
