/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF into a running domain of Xen, and out of it: all of it, or none. xl and pciback do it. */
#include "xen_domain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define QUESTION_NS UINT64_C(20000000000)

struct entry {
    struct cli *cli;
    const struct assign_values *values;
    struct sriov_fn_info info;
    struct xen_domain domain;
    struct assign_policy policy;
};

/* ---- before the first change ---- */

static int fail_owned(struct cli *cli, const char *bdf, const struct xen_domain *owner)
{
    return cli_fail(cli, "%s: domain %s (%u) has it and runs; take it out: sriovctl --shim xen release %s",
                    bdf, owner->name, owner->id, bdf);
}

static int check_domain(struct entry *entry, const json_t *domains)
{
    struct xen_domain owner;
    int status = xen_domain_find(entry->cli, domains, entry->values->domain, &entry->domain);

    if (status != CLI_OK) {
        return status;
    }
    if (xen_domain_with(domains, entry->info.name, &owner)) {
        return fail_owned(entry->cli, entry->info.name, &owner);
    }
    if (!entry->domain.passthrough) {
        return cli_fail(
            entry->cli,
            "domain %s takes no functions: put passthrough=\"enabled\" into its configuration and "
            "create it anew; it cannot be turned on later",
            entry->domain.name);
    }
    return CLI_OK;
}

static int check_pciback(struct entry *entry)
{
    const char *sysfs = entry->cli->globals.sysfs_root;
    char path[512];

    (void)snprintf(path, sizeof(path), "%.400s/bus/pci/drivers/pciback", sysfs != NULL ? sysfs : "/sys");
    FILE *folder = fopen(path, "re");
    if (folder == NULL) {
        return cli_fail(entry->cli, "%s: pciback is not loaded in this dom0; modprobe xen-pciback",
                        entry->info.name);
    }
    (void)fclose(folder);
    return CLI_OK;
}

static int look_around(struct entry *entry)
{
    int status = check_pciback(entry);
    json_t *domains = status == CLI_OK ? xen_domains(entry->cli, QUESTION_NS) : NULL;

    if (domains == NULL) {
        return CLI_USAGE;
    }
    status = check_domain(entry, domains);
    json_decref(domains);
    return status;
}

/* ---- doing it ---- */

/* The shim has put back what it changed, or its line says what is not so. */
static int give_up(struct entry *entry, const char *why)
{
    bool named = strstr(why, entry->info.name) != NULL;
    bool unknown = strstr(why, "is not known") != NULL || strstr(why, "stays with pciback") != NULL;
    bool policy = assign_policy_undo(&entry->policy);
    const char *name = named ? "" : entry->info.name;
    const char *colon = named ? "" : ": ";

    if (unknown || !policy) {
        return cli_fail_as(entry->cli, CLI_FAILED, "%s%s%.400s%s", name, colon, why,
                           policy ? "" : "; its policy is not as before (sriovctl vf show)");
    }
    return cli_fail(entry->cli, "%s%s%.400s; nothing is changed", name, colon, why);
}

static int give(struct entry *entry)
{
    struct sriov_xen_opts opts = xen_opts(entry->cli);
    char why[CLI_WHY_MAX] = "";
    int rc = sriov_xen_give(&opts, entry->info.name, entry->domain.id, entry->values->timeout_ns, why,
                            sizeof(why));

    return rc == 0 ? CLI_OK : give_up(entry, why);
}

static int report_given(struct entry *entry)
{
    json_t *object = out_object();

    out_text(object, "function", entry->info.name);
    out_set(object, "domain", xen_domain_describe(&entry->domain));
    out_text(object, "driver_before", entry->info.bound_driver);
    out_set(object, "policy_changed", vf_request_names(entry->policy.changed));
    out_print(object, entry->cli->globals.json);
    return CLI_OK;
}

int assign_xen(struct cli *cli, const char *bdf, const struct assign_values *values)
{
    struct entry entry = {.cli = cli, .values = values, .info = {.size = sizeof(entry.info)}};
    int status = assign_look_up(cli, bdf, &entry.info);

    status = status == CLI_OK ? look_around(&entry) : status;
    status = status == CLI_OK ? assign_policy_set(&entry.policy, cli, &entry.info, &values->policy) : status;
    status = status == CLI_OK ? give(&entry) : status;
    status = status == CLI_OK ? report_given(&entry) : status;
    assign_policy_close(&entry.policy);
    return status;
}

/* ---- out again ---- */

static int find_owner(struct entry *entry, const char *bdf)
{
    json_t *domains = xen_domains(entry->cli, QUESTION_NS);
    struct xen_domain wanted;
    int status = CLI_OK;

    if (domains == NULL) {
        return CLI_USAGE;
    }
    bool owned = xen_domain_with(domains, bdf, &entry->domain);
    if (entry->values->domain != NULL) {
        status = xen_domain_find(entry->cli, domains, entry->values->domain, &wanted);
    }
    if (status == CLI_OK && !owned) {
        status = cli_fail(entry->cli, "%s: no domain has it; see: sriovctl --shim xen doctor %s", bdf, bdf);
    } else if (status == CLI_OK && entry->values->domain != NULL && wanted.id != entry->domain.id) {
        status = cli_fail(entry->cli, "%s: domain %s does not have it, domain %s (%u) does", bdf, wanted.name,
                          entry->domain.name, entry->domain.id);
    }
    json_decref(domains);
    return status;
}

/* The domain has it still; or it let go, and the driver from before is what it does not come to. */
static int fail_kept(struct entry *entry, const char *bdf, const char *why)
{
    bool free = strstr(why, "stays with pciback") != NULL;
    bool more = entry->values->force || free;

    return cli_fail_as(entry->cli, CLI_FAILED, "%s: domain %s: %.350s%s", bdf, entry->domain.name, why,
                       more ? "" : "; the guest keeps it: end what uses it there, or --force");
}

static int report_taken(struct entry *entry, const char *bdf)
{
    json_t *object = out_object();

    (void)cli_find(entry->cli, bdf, &entry->info);
    out_text(object, "function", bdf);
    out_set(object, "domain", xen_domain_describe(&entry->domain));
    out_flag(object, "forced", entry->values->force);
    out_text(object, "driver", entry->info.bound_driver);
    out_print(object, entry->cli->globals.json);
    return CLI_OK;
}

int release_xen(struct cli *cli, const char *bdf, const struct assign_values *values)
{
    struct entry entry = {.cli = cli, .values = values, .info = {.size = sizeof(entry.info)}};
    struct sriov_xen_opts opts = xen_opts(cli);
    uint32_t flags =
        (values->force ? SRIOV_XEN_TAKE_FORCE : 0) | (values->unbind ? SRIOV_XEN_TAKE_UNBIND : 0);
    char why[CLI_WHY_MAX] = "";

    if (cli_open_vmm(cli) != CLI_OK || find_owner(&entry, bdf) != CLI_OK) {
        return CLI_USAGE;
    }
    int rc = sriov_xen_take(&opts, bdf, entry.domain.id, flags, values->timeout_ns, why, sizeof(why));
    return rc == 0 ? report_taken(&entry, bdf) : fail_kept(&entry, bdf, why);
}
