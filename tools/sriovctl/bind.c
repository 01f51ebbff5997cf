/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl bind, unbind, vfs: who holds a function, and how many VFs a PF has. */
#include "commands.h"
#include "parse.h"
#include "world.h"
#include "xen.h"

#include <errno.h>
#include <string.h>

static int only_kvm(struct cli *cli)
{
    return cli_fail(cli,
                    "%s changes drivers of this host; simulated functions have none: leave --shim mock out",
                    cli->command->name);
}

static int report(struct cli *cli, const char *bdf)
{
    struct sriov_fn_info info = {.size = sizeof(info)};
    json_t *object = out_object();

    out_text(object, "function", bdf);
    if (cli_find(cli, bdf, &info)) {
        out_text(object, "driver", info.bound_driver);
        if (info.total_vfs != 0) {
            out_number(object, "vfs", info.num_vfs);
            out_number(object, "total_vfs", info.total_vfs);
        }
    }
    out_print(object, cli->globals.json);
    return CLI_OK;
}

/* The shim's line if it has one. */
static int fail_host(struct cli *cli, const char *bdf, const char *why, int err)
{
    if (why[0] != '\0') {
        return cli_fail(cli, "%s%s%s", strstr(why, bdf) != NULL ? "" : bdf,
                        strstr(why, bdf) != NULL ? "" : ": ", why);
    }
    return cli_fail_open(cli, bdf, err);
}

typedef int (*host_call)(const struct sriov_kvm_opts *opts, const char *bdf, char *why, size_t room);

static int change_driver(struct cli *cli, host_call call)
{
    struct sriov_kvm_opts opts = cli_kvm_opts(cli);
    char bdf[SRIOV_NAME_MAX];
    char why[CLI_WHY_MAX] = "";
    int rc;

    if (cli_is_mock(cli)) {
        return only_kvm(cli);
    }
    if (cli_is_xen(cli)) {
        return cli_fail(cli,
                        "%s: vfio-pci does not work on Xen: assign gives a VF to pciback by itself; for a "
                        "program here write the BDF to its driver's unbind below /sys/bus/pci/drivers",
                        cli->command->name);
    }
    if (!cli_bdf(cli, cli->words[0], bdf) || cli_open_vmm(cli) != CLI_OK) {
        return CLI_USAGE;
    }
    rc = call(&opts, bdf, why, sizeof(why));
    return rc == 0 ? report(cli, bdf) : fail_host(cli, bdf, why, rc);
}

static int run_bind(struct cli *cli, const void *values)
{
    (void)values;
    return change_driver(cli, sriov_kvm_bind);
}

static int run_unbind(struct cli *cli, const void *values)
{
    (void)values;
    return change_driver(cli, sriov_kvm_unbind);
}

static int set_mock_vfs(struct cli *cli, const char *bdf, uint16_t n)
{
    if (strcmp(bdf, world_pf_name(cli->world)) != 0) {
        return cli_fail(cli, "%s is not the simulated PF; that is %s", bdf, world_pf_name(cli->world));
    }
    int rc = sriov_pf_enable_vfs(world_pf(cli->world), 0);
    if (rc == 0) {
        rc = sriov_pf_enable_vfs(world_pf(cli->world), n);
    }
    return rc == 0 ? report(cli, bdf) : cli_fail(cli, "%s: cannot enable %u VFs: %s", bdf, n, strerror(-rc));
}

static int check_vfs(struct cli *cli, const char *bdf, uint64_t n)
{
    struct sriov_fn_info info = {.size = sizeof(info)};

    if (!cli_find(cli, bdf, &info)) {
        return cli_fail_open(cli, bdf, -ENOENT);
    }
    if (info.total_vfs == 0) {
        return cli_fail(cli, "%s: has no SR-IOV capability; choose a PF of: sriovctl list", bdf);
    }
    if (n > info.total_vfs) {
        return cli_fail(cli, "%s: has at most %u VFs; give a number from 0 to %u", bdf, info.total_vfs,
                        info.total_vfs);
    }
    return CLI_OK;
}

static int run_vfs(struct cli *cli, const void *values)
{
    struct sriov_kvm_opts opts = cli_kvm_opts(cli);
    char bdf[SRIOV_NAME_MAX];
    char why[CLI_WHY_MAX] = "";
    uint64_t n;

    (void)values;
    if (!cli_bdf(cli, cli->words[0], bdf)) {
        return CLI_USAGE;
    }
    if (!parse_number(cli->words[1], &n) || n > UINT16_MAX) {
        return cli_fail(cli, "%s is no number of VFs; it wants 0 to the PF's total_vfs", cli->words[1]);
    }
    if (cli_open_vmm(cli) != CLI_OK || check_vfs(cli, bdf, n) != CLI_OK) {
        return CLI_USAGE;
    }
    if (cli_is_mock(cli)) {
        return set_mock_vfs(cli, bdf, (uint16_t)n);
    }
    int rc = sriov_kvm_set_vfs(&opts, bdf, (uint16_t)n, why, sizeof(why));
    return rc == 0 ? report(cli, bdf) : fail_host(cli, bdf, why, rc);
}

const struct command command_bind = {
    .name = "bind",
    .words = "BDF",
    .brief = "give a function to vfio-pci",
    .min_words = 1,
    .max_words = 1,
    .run = run_bind,
};

const struct command command_unbind = {
    .name = "unbind",
    .words = "BDF",
    .brief = "take it from vfio-pci, let the kernel choose",
    .min_words = 1,
    .max_words = 1,
    .run = run_unbind,
};

const struct command command_vfs = {
    .name = "vfs",
    .words = "PF N",
    .brief = "enable exactly N VFs of a PF",
    .min_words = 2,
    .max_words = 2,
    .run = run_vfs,
};
