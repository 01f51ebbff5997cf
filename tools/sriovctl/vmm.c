/* SPDX-License-Identifier: BSD-3-Clause */
/* The VMM that the command works on: the KVM or Xen shim here, other processes, or a simulated world. */
#include "cli.h"
#include "vmm_netdev.h"
#include "world.h"
#include "xen.h"

#include <sriov/vfio_user.h>

#include <stdio.h>
#include <string.h>

static void on_log(void *arg, uint32_t level, const char *line)
{
    static const char *const names[] = {"", "error", "warning", "info", "debug"};
    struct cli *cli = arg;

    if (level == SRIOV_LOG_ERROR) {
        (void)snprintf(cli->shim_says, sizeof(cli->shim_says), "%s", line);
    } else if (level == SRIOV_LOG_WARN) {
        (void)snprintf(cli->shim_warns, sizeof(cli->shim_warns), "%s", line);
    }
    if ((cli->globals.verbose && level <= SRIOV_LOG_DEBUG) || (cli->tells && level <= SRIOV_LOG_WARN)) {
        fprintf(stderr, "%s: %s\n", names[level], line);
    }
}

static void watch_log(struct cli *cli)
{
    sriov_log_set_sink(cli->vmm, on_log, cli);
    sriov_log_set_level(cli->vmm, cli->globals.verbose ? SRIOV_LOG_DEBUG : SRIOV_LOG_WARN);
}

int cli_open_world(struct cli *cli, const struct world_opts *opts)
{
    const char *step;
    int rc = world_create(opts, &cli->world, &step);

    if (rc != 0) {
        return cli_fail(cli,
                        "cannot simulate a %s%s%s with %u VFs: %s: %s; there are the 82599, up to "
                        "63 VFs, and the 82576, up to 7, with --quirks qemu or none",
                        opts->model, opts->quirks != NULL ? " with quirks " : "",
                        opts->quirks != NULL ? opts->quirks : "", opts->vfs, step, strerror(-rc));
    }
    cli->vmm = world_vmm(cli->world);
    watch_log(cli);
    return CLI_OK;
}

static int open_mock(struct cli *cli)
{
    const struct cli_globals *globals = &cli->globals;
    struct world_opts opts = {
        .model = globals->model, .quirks = globals->quirks, .vfs = (uint16_t)globals->vfs};

    if (strcmp(globals->mock_pf, "down") == 0) {
        opts.mood = WORLD_PF_DOWN;
    } else if (strcmp(globals->mock_pf, "silent") == 0) {
        opts.mood = WORLD_PF_SILENT;
    }
    return cli_open_world(cli, &opts);
}

struct sriov_kvm_opts cli_kvm_opts(const struct cli *cli)
{
    const struct cli_globals *globals = &cli->globals;
    struct sriov_kvm_opts opts = {.size = sizeof(opts),
                                  .flags = globals->noiommu ? SRIOV_KVM_ALLOW_NOIOMMU : 0,
                                  .backend = (uint32_t)sriov_kvm_backend_parse(globals->backend),
                                  .sysfs_root = globals->sysfs_root,
                                  .dev_root = globals->dev_root,
                                  .proc_root = globals->proc_root};
    return opts;
}

static int open_kvm(struct cli *cli)
{
    struct sriov_kvm_opts opts = cli_kvm_opts(cli);
    int rc = sriov_kvm_create(&opts, &cli->vmm);

    if (rc != 0) {
        cli->vmm = NULL;
        return cli_fail(cli, "cannot start the KVM shim: %s", strerror(-rc));
    }
    watch_log(cli);
    return CLI_OK;
}

int cli_open_vmm(struct cli *cli)
{
    if (cli->vmm != NULL) {
        return CLI_OK;
    }
    if (cli_is_vfu(cli)) {
        int status = cli_open_vfu(cli);
        if (status == CLI_OK) {
            watch_log(cli);
        }
        return status;
    }
    if (cli_is_xen(cli)) {
        int status = cli_open_xen(cli);
        if (status == CLI_OK) {
            watch_log(cli);
        }
        return status;
    }
    if (cli_is_netdev(cli)) {
        int status = cli_open_netdev(cli);
        if (status == CLI_OK) {
            watch_log(cli);
        }
        return status;
    }
    return cli_is_mock(cli) ? open_mock(cli) : open_kvm(cli);
}

void cli_close_vmm(struct cli *cli)
{
    if (cli->world != NULL) {
        world_destroy(cli->world);
    } else if (cli->vmm != NULL && cli_is_xen(cli)) {
        cli_close_xen(cli);
    } else if (cli->vmm != NULL) {
        (void)(cli_is_vfu(cli)      ? sriov_vfu_client_destroy(cli->vmm)
               : cli_is_netdev(cli) ? cli_close_netdev(cli)
                                    : sriov_kvm_destroy(cli->vmm));
    }
    cli->world = NULL;
    cli->vmm = NULL;
}

struct search {
    const char *bdf;
    struct sriov_fn_info *info;
};

static int match(void *arg, const struct sriov_fn_info *info)
{
    struct search *search = arg;

    if (strcmp(info->name, search->bdf) != 0) {
        return 0;
    }
    *search->info = *info;
    return 1;
}

bool cli_find(struct cli *cli, const char *bdf, struct sriov_fn_info *info)
{
    struct search search = {bdf, info};

    return sriov_vmm_enumerate(cli->vmm, match, &search) == 1;
}

uint32_t cli_open_flags(const struct cli *cli)
{
    return cli->globals.noiommu ? SRIOV_OPEN_NOIOMMU : 0;
}

const char *cli_open_options(const struct cli *cli, char *text)
{
    if (cli->globals.vf_token == NULL) {
        return NULL;
    }
    (void)snprintf(text, CLI_WHY_MAX, "vf-token=%s", cli->globals.vf_token);
    return text;
}
