/* SPDX-License-Identifier: BSD-3-Clause */
#include "assign.h"

#include "commands.h"
#include "xen.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

static const char *const guest_words[] = {"willing", "late", "deaf", NULL};

#define VALUE(member) .offset = offsetof(struct assign_values, member)
#define QMP_OPTION                                                                                           \
    {                                                                                                        \
        .name = "qmp", .value = "SOCKET", .help = "of a running QEMU", VALUE(qmp), .kind = OPTION_TEXT       \
    }
#define DOMAIN_OPTION(text)                                                                                  \
    {                                                                                                        \
        .name = "domain", .value = "NAME|ID", .help = text, VALUE(domain), .kind = OPTION_TEXT               \
    }
#define TIMEOUT_OPTION(text)                                                                                 \
    {                                                                                                        \
        .name = "timeout", .value = "TIME", .help = text, VALUE(timeout_ns), .kind = OPTION_TIME, .least = 1 \
    }

static const struct option_spec assign_options[] = {
    QMP_OPTION,
    {.name = "id",
     .value = "ID",
     .help = "what QEMU calls it (vf-DOMAIN-BUS-DEVICE-FUNCTION)",
     VALUE(id),
     .kind = OPTION_TEXT},
    {.name = "bus",
     .value = "BUS",
     .help = "QEMU's bus for it (the first empty pcie-root-port)",
     VALUE(bus),
     .kind = OPTION_TEXT},
    DOMAIN_OPTION("xen: the running domain that gets it"),
    TIMEOUT_OPTION("for QEMU or xl to take it (60s)"),
    {.name = NULL},
};

static const struct option_spec release_options[] = {
    QMP_OPTION,
    DOMAIN_OPTION("xen: the domain that is to have it, checked"),
    {.name = "force", .help = "xen: without asking the guest", VALUE(force), .kind = OPTION_FLAG},
    TIMEOUT_OPTION("for the guest to let go (30s)"),
    {.name = "unbind",
     .help = "then let the kernel choose a driver for it",
     VALUE(unbind),
     .kind = OPTION_FLAG},
    {.name = "mock-guest",
     .value = "willing|late|deaf",
     .help = "mock: how the guest obeys (willing)",
     VALUE(mock_guest),
     .kind = OPTION_WORD,
     .words = guest_words},
    {.name = NULL},
};

static void assign_defaults(void *values)
{
    struct assign_values *assign = values;

    vf_defaults(&assign->policy);
    assign->timeout_ns = 60 * SECOND;
}

static void release_defaults(void *values)
{
    struct assign_values *assign = values;

    vf_defaults(&assign->policy);
    assign->timeout_ns = 30 * SECOND;
    assign->mock_guest = guest_words[0];
}

int assign_look_up(struct cli *cli, const char *bdf, struct sriov_fn_info *info)
{
    if (cli_open_vmm(cli) != CLI_OK) {
        return CLI_USAGE;
    }
    if (!cli_find(cli, bdf, info)) {
        return cli_fail_open(cli, bdf, -ENOENT);
    }
    if (info->total_vfs != 0) {
        return cli_fail(cli, "%s is a PF: a machine gets one of its VFs; see: sriovctl vfs %s N", bdf, bdf);
    }
    if (info->is_vf == 0) {
        return cli_fail(cli, "%s is no VF; choose one of: sriovctl list", bdf);
    }
    return CLI_OK;
}

/* As QEMU has it: a letter, then letters, digits and -._ */
static bool is_id(const char *word)
{
    size_t len = strlen(word);

    if (!isalpha((unsigned char)word[0]) || len > 127) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)word[i]) && strchr("-._", word[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static int check_xen(struct cli *cli, const struct assign_values *values, bool wants_domain)
{
    if (values->qmp != NULL || values->id != NULL || values->bus != NULL) {
        return cli_fail(cli,
                        "%s: --qmp and what belongs to it are for a running QEMU: leave it or --shim xen out",
                        cli->command->name);
    }
    if (wants_domain && (values->domain == NULL || values->domain[0] == '\0')) {
        return cli_fail(cli, "assign --shim xen wants --domain NAME or its number, as xl list shows");
    }
    return CLI_OK;
}

static int check(struct cli *cli, const struct assign_values *values)
{
    if (values->domain != NULL || values->force) {
        return cli_fail(cli, "%s: --domain and --force are for --shim xen", cli->command->name);
    }
    if (cli_is_mock(cli) &&
        (values->qmp != NULL || values->id != NULL || values->bus != NULL || values->unbind)) {
        return cli_fail(
            cli, "%s: --qmp and what belongs to it are for a running QEMU: leave it or --shim mock out",
            cli->command->name);
    }
    if (!cli_is_mock(cli) && (values->qmp == NULL || values->qmp[0] == '\0')) {
        return cli_fail(
            cli,
            "%s wants a VMM: --qmp SOCKET of a running QEMU, or --shim mock for a trial; a program "
            "of yours has sriov/vm.h",
            cli->command->name);
    }
    if (values->id != NULL && !is_id(values->id)) {
        return cli_fail(cli, "--id wants a letter, then letters, digits, - . or _, 127 at most");
    }
    return CLI_OK;
}

typedef int (*machine_call)(struct cli *cli, const char *bdf, const struct assign_values *values);

static int run_by(struct cli *cli, const struct assign_values *values, machine_call qmp, machine_call mock,
                  machine_call xen)
{
    char bdf[SRIOV_NAME_MAX];

    bool well = cli_bdf(cli, cli->words[0], bdf);
    if (well) {
        well = (cli_is_xen(cli) ? check_xen(cli, values, xen == assign_xen) : check(cli, values)) == CLI_OK;
    }
    if (!well) {
        return CLI_USAGE;
    }
    cli_catch_signals();
    if (cli_is_xen(cli)) {
        return xen(cli, bdf, values);
    }
    return cli_is_mock(cli) ? mock(cli, bdf, values) : qmp(cli, bdf, values);
}

static int run_assign(struct cli *cli, const void *values)
{
    return run_by(cli, values, assign_qmp, assign_mock, assign_xen);
}

static int run_release(struct cli *cli, const void *values)
{
    return run_by(cli, values, release_qmp, release_mock, release_xen);
}

const struct command command_assign = {
    .name = "assign",
    .words = "VF",
    .brief = "a VF into a running QEMU, a domain of Xen, or a simulated machine",
    .min_words = 1,
    .max_words = 1,
    .options = assign_options,
    .more = vf_options,
    .values_size = sizeof(struct assign_values),
    .defaults = assign_defaults,
    .run = run_assign,
};

const struct command command_release = {
    .name = "release",
    .words = "VF",
    .brief = "ask the guest for it, and take it out",
    .min_words = 1,
    .max_words = 1,
    .options = release_options,
    .values_size = sizeof(struct assign_values),
    .defaults = release_defaults,
    .run = run_release,
};
