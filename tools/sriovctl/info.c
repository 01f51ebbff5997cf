/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl info: one function as config space shows it. Resets and writes nothing. */
#include "commands.h"
#include "look.h"
#include "vmm_netdev.h"
#include "world.h"

#include <sriov/hw/pci_regs.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct cap_name {
    uint16_t id;
    const char *name;
};

/* PCI Code and ID Assignment Specification: names in the specification's own words. */
static const struct cap_name cap_names[] = {
    {SRIOV_PCI_CAP_ID_PM, "Power Management"},
    {SRIOV_PCI_CAP_ID_VPD, "Vital Product Data"},
    {SRIOV_PCI_CAP_ID_MSI, "MSI"},
    {SRIOV_PCI_CAP_ID_VENDOR, "Vendor-Specific"},
    {SRIOV_PCI_CAP_ID_EXP, "PCI Express"},
    {SRIOV_PCI_CAP_ID_MSIX, "MSI-X"},
    {SRIOV_PCI_CAP_ID_AF, "Advanced Features"},
    {0, NULL},
};

static const struct cap_name ext_cap_names[] = {
    {SRIOV_PCI_EXT_CAP_ID_AER, "Advanced Error Reporting"},
    {SRIOV_PCI_EXT_CAP_ID_VC, "Virtual Channel"},
    {SRIOV_PCI_EXT_CAP_ID_DSN, "Device Serial Number"},
    {SRIOV_PCI_EXT_CAP_ID_VENDOR, "Vendor-Specific Extended"},
    {SRIOV_PCI_EXT_CAP_ID_ACS, "Access Control Services"},
    {SRIOV_PCI_EXT_CAP_ID_ARI, "Alternative Routing-ID"},
    {SRIOV_PCI_EXT_CAP_ID_ATS, "Address Translation Services"},
    {SRIOV_PCI_EXT_CAP_ID_SRIOV, "SR-IOV"},
    {SRIOV_PCI_EXT_CAP_ID_PRI, "Page Request Interface"},
    {SRIOV_PCI_EXT_CAP_ID_REBAR, "Resizable BAR"},
    {SRIOV_PCI_EXT_CAP_ID_TPH, "TPH Requester"},
    {SRIOV_PCI_EXT_CAP_ID_LTR, "Latency Tolerance Reporting"},
    {SRIOV_PCI_EXT_CAP_ID_PASID, "PASID"},
    {0, NULL},
};

static const char *cap_name(bool ext, uint16_t id)
{
    for (const struct cap_name *name = ext ? ext_cap_names : cap_names; name->name != NULL; name++) {
        if (name->id == id) {
            return name->name;
        }
    }
    return "unknown";
}

static int on_cap(void *arg, bool ext, uint16_t id, uint16_t off)
{
    json_t *object = out_object();

    out_hex(object, "offset", off, 3);
    out_hex(object, "id", id, ext ? 4 : 2);
    out_text(object, "capability", cap_name(ext, id));
    out_append(arg, object);
    return 0;
}

static json_t *capabilities(struct sriov_fn *fn)
{
    json_t *array = out_array();

    /* The core walked the lists when it opened the function: they are sound. */
    (void)sriov_cfg_each_cap(fn, on_cap, array);
    return array;
}

static json_t *bars(struct sriov_fn *fn)
{
    json_t *array = out_array();

    for (uint32_t i = 0; i < SRIOV_PCI_BAR_COUNT; i++) {
        struct sriov_bar bar;
        if (sriov_bar_open(fn, i, 0, &bar) != 0) {
            continue;
        }
        json_t *object = out_object();
        out_number(object, "bar", i);
        out_number(object, "bytes", bar.length);
        out_append(array, object);
        sriov_bar_close(&bar);
    }
    return array;
}

static json_t *msix(struct sriov_fn *fn)
{
    struct sriov_msix_cap cap;

    if (sriov_cfg_msix(fn, &cap) != 0) {
        return json_null();
    }
    json_t *object = out_object();
    out_number(object, "vectors", cap.vectors);
    out_flag(object, "enabled", cap.enabled);
    out_number(object, "table_bar", cap.table_bar);
    out_hex(object, "table_offset", cap.table_off, 1);
    out_number(object, "pba_bar", cap.pba_bar);
    out_hex(object, "pba_offset", cap.pba_off, 1);
    return object;
}

static json_t *sriov(struct sriov_fn *fn)
{
    struct sriov_iov_cap cap;

    if (sriov_cfg_sriov(fn, &cap) != 0) {
        return json_null();
    }
    json_t *object = out_object();
    out_flag(object, "enabled", cap.vf_enable);
    out_flag(object, "memory_enabled", cap.vf_mse);
    out_number(object, "vfs", cap.num_vfs);
    out_number(object, "total_vfs", cap.total_vfs);
    out_number(object, "initial_vfs", cap.initial_vfs);
    out_number(object, "first_vf_offset", cap.first_vf_offset);
    out_number(object, "vf_stride", cap.vf_stride);
    out_hex(object, "vf_device_id", cap.vf_device_id, 4);
    out_hex(object, "supported_page_sizes", cap.supported_page_sizes, 1);
    out_hex(object, "system_page_size", cap.system_page_size, 1);
    out_flag(object, "ari", cap.ari_capable);
    return object;
}

static const char *kind_of(const struct sriov_fn_info *info)
{
    if (info->is_vf != 0) {
        return "VF";
    }
    return info->total_vfs != 0 ? "PF" : "plain";
}

static json_t *identity(const struct sriov_fn_info *info)
{
    json_t *object = out_object();

    out_text(object, "function", info->name);
    out_hex(object, "vendor", info->vendor, 4);
    out_hex(object, "device", info->device, 4);
    out_hex(object, "subsystem_vendor", info->subsystem_vendor, 4);
    out_hex(object, "subsystem_device", info->subsystem_device, 4);
    out_hex(object, "class", info->class_code, 6);
    out_number(object, "revision", info->revision);
    out_text(object, "kind", kind_of(info));
    out_set(object, "vf_index", info->is_vf != 0 ? json_integer(info->vf_index) : json_null());
    out_text(object, "pf", info->pf_name);
    out_text(object, "driver", info->bound_driver);
    out_set(object, "iommu_group", info->iommu_group >= 0 ? json_integer(info->iommu_group) : json_null());
    return object;
}

static void print(struct cli *cli, const struct sriov_fn_info *info, struct sriov_fn *fn)
{
    json_t *object = identity(info);

    out_set(object, "bars", bars(fn));
    out_set(object, "msix", msix(fn));
    out_set(object, "sriov", sriov(fn));
    out_set(object, "capabilities", capabilities(fn));
    out_print(object, cli->globals.json);
}

static int open_and_print(struct cli *cli, struct sriov_vmm *vmm, const struct sriov_fn_info *info)
{
    struct sriov_fn_opts opts = {.size = sizeof(opts), .flags = SRIOV_FN_NO_RESET};
    struct sriov_fn *fn;
    int rc = sriov_fn_open(vmm, info->name, &opts, &fn);

    if (rc != 0) {
        return cli_fail_open(cli, info->name, rc);
    }
    print(cli, info, fn);
    (void)sriov_fn_close(fn);
    return CLI_OK;
}

static int info_mock(struct cli *cli, const struct sriov_fn_info *info)
{
    if (strcmp(info->name, world_pf_name(cli->world)) == 0) {
        print(cli, info, sriov_pf_fn(world_pf(cli->world)));
        return CLI_OK;
    }
    return open_and_print(cli, cli->vmm, info);
}

static int info_kvm(struct cli *cli, const struct sriov_fn_info *info)
{
    struct look *look;
    int rc = look_create(cli->globals.sysfs_root, info, &look);

    if (rc != 0) {
        return cli_fail_open(cli, info->name, rc);
    }
    if (look_config_size(look) <= SRIOV_PCI_HEADER_SIZE) {
        look_destroy(look);
        return cli_fail(cli, "%s: only root may read its capabilities; run as root", info->name);
    }
    rc = open_and_print(cli, look_vmm(look), info);
    look_destroy(look);
    return rc;
}

static int run(struct cli *cli, const void *values)
{
    struct sriov_fn_info info = {.size = sizeof(info)};
    char bdf[SRIOV_NAME_MAX];

    (void)values;
    if (!cli_bdf(cli, cli->words[0], bdf) || cli_open_vmm(cli) != CLI_OK) {
        return CLI_USAGE;
    }
    if (!cli_find(cli, bdf, &info)) {
        return cli_fail_open(cli, bdf, -ENOENT);
    }
    if (cli_is_vfu(cli) || cli_is_netdev(cli)) {
        return open_and_print(cli, cli->vmm, &info);
    }
    return cli_is_mock(cli) ? info_mock(cli, &info) : info_kvm(cli, &info);
}

const struct command command_info = {
    .name = "info",
    .words = "BDF",
    .sockets = true,
    .brief = "identity, BARs, capabilities, SR-IOV, driver, IOMMU group",
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
