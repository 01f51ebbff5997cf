/* SPDX-License-Identifier: BSD-3-Clause */
#include "binding.h"

#include <stdio.h>
#include <string.h>

#define ROOM 512

static FILE *open_leaf(const struct cli *cli, const char *bdf, const char *leaf, const char *mode)
{
    const char *sysfs = cli->globals.sysfs_root != NULL ? cli->globals.sysfs_root : "/sys";
    char path[ROOM];

    if (bdf == NULL) {
        (void)snprintf(path, sizeof(path), "%s/bus/pci/%s", sysfs, leaf);
    } else {
        (void)snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/%s", sysfs, bdf, leaf);
    }
    return fopen(path, mode);
}

static void put(const struct cli *cli, const char *bdf, const char *leaf, const char *text)
{
    FILE *file = open_leaf(cli, bdf, leaf, "we");

    if (file != NULL) {
        (void)fputs(text, file);
        (void)fclose(file);
    }
}

/* The kernel says "(null)" where there is none. */
static void read_override(const struct cli *cli, struct binding *binding)
{
    FILE *file = open_leaf(cli, binding->bdf, "driver_override", "re");

    binding->override[0] = '\0';
    if (file == NULL) {
        return;
    }
    if (fgets(binding->override, sizeof(binding->override), file) == NULL ||
        strncmp(binding->override, "(null)", 6) == 0) {
        binding->override[0] = '\0';
    }
    binding->override[strcspn(binding->override, "\n")] = '\0';
    (void)fclose(file);
}

int binding_take(struct cli *cli, const struct sriov_fn_info *info, struct binding *binding, char *why)
{
    struct sriov_kvm_opts opts = cli_kvm_opts(cli);

    *binding = (struct binding){.changed = strcmp(info->bound_driver, "vfio-pci") != 0};
    memcpy(binding->bdf, info->name, sizeof(binding->bdf));
    memcpy(binding->driver, info->bound_driver, sizeof(binding->driver));
    if (!binding->changed) {
        return 0;
    }
    read_override(cli, binding);
    int rc = sriov_kvm_bind(&opts, binding->bdf, why, CLI_WHY_MAX);
    binding->changed = rc == 0;
    return rc;
}

bool binding_undo(struct cli *cli, const struct binding *binding)
{
    struct sriov_fn_info info = {.size = sizeof(info)};
    char override[SRIOV_NAME_MAX + 1];

    if (!binding->changed) {
        return true;
    }
    put(cli, binding->bdf, "driver/unbind", binding->bdf);
    if (binding->driver[0] != '\0') {
        /* By name: where the PF's sriov_drivers_autoprobe is 0 the kernel chooses none for a VF. */
        (void)snprintf(override, sizeof(override), "%s\n", binding->driver);
        put(cli, binding->bdf, "driver_override", override);
        put(cli, NULL, "drivers_probe", binding->bdf);
    }
    (void)snprintf(override, sizeof(override), "%s\n", binding->override);
    put(cli, binding->bdf, "driver_override", override);
    return cli_find(cli, binding->bdf, &info) && strcmp(info.bound_driver, binding->driver) == 0;
}
