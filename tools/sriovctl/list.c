/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl list: functions that can be of interest here. */
#include "commands.h"
#include "vmm_netdev.h"

#include <stdio.h>
#include <string.h>

#define CLASS_NETWORK 0x02u

struct list_values {
    bool all;
};

static const struct option_spec options[] = {
    {.name = "all",
     .letter = 'a',
     .help = "every PCI function, not only PFs, VFs and network ones",
     .offset = offsetof(struct list_values, all),
     .kind = OPTION_FLAG},
    {.name = NULL},
};

struct listing {
    json_t *array;
    bool all;
};

static const char *kind_of(const struct sriov_fn_info *info)
{
    if (info->is_vf != 0) {
        return "VF";
    }
    return info->total_vfs != 0 ? "PF" : "-";
}

static json_t *row(const struct sriov_fn_info *info)
{
    json_t *object = out_object();
    char id[16];
    char vfs[16] = "";

    (void)snprintf(id, sizeof(id), "%04x:%04x", info->vendor, info->device);
    if (info->total_vfs != 0) {
        (void)snprintf(vfs, sizeof(vfs), "%u/%u", info->num_vfs, info->total_vfs);
    }
    out_text(object, "function", info->name);
    out_text(object, "id", id);
    out_text(object, "kind", kind_of(info));
    out_text(object, "vfs", vfs);
    out_text(object, "pf", info->pf_name);
    out_text(object, "driver", info->bound_driver);
    out_set(object, "iommu_group", info->iommu_group >= 0 ? json_integer(info->iommu_group) : json_null());
    return object;
}

static int on_function(void *arg, const struct sriov_fn_info *info)
{
    struct listing *listing = arg;

    if (listing->all || info->is_vf != 0 || info->total_vfs != 0 || info->class_code >> 16 == CLASS_NETWORK) {
        out_append(listing->array, row(info));
    }
    return 0;
}

static int run(struct cli *cli, const void *values)
{
    const struct list_values *wanted = values;
    struct listing listing = {.all = wanted->all || cli_is_vfu(cli) || cli_is_netdev(cli)};
    int rc;

    if (cli_open_vmm(cli) != CLI_OK) {
        return CLI_USAGE;
    }
    listing.array = out_array();
    rc = sriov_vmm_enumerate(cli->vmm, on_function, &listing);
    if (rc < 0) {
        json_decref(listing.array);
        return cli_fail(cli, "cannot list PCI functions: %s; is sysfs mounted and readable?", strerror(-rc));
    }
    out_print(listing.array, cli->globals.json);
    return CLI_OK;
}

const struct command command_list = {
    .name = "list",
    .words = "",
    .sockets = true,
    .brief = "PFs, VFs and network functions with their drivers",
    .options = options,
    .values_size = sizeof(struct list_values),
    .run = run,
};
