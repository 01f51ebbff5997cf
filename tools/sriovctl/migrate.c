/* SPDX-License-Identifier: BSD-3-Clause */
#include "migrate.h"

#include "commands.h"
#include "parse.h"

#include <string.h>

#define VALUE(member) .offset = offsetof(struct migrate_values, member)
#define TEXT(option, what, text, member)                                                                     \
    {                                                                                                        \
        .name = option, .value = what, .help = text, VALUE(member), .kind = OPTION_TEXT                      \
    }

static const struct option_spec options[] = {
    TEXT("qmp", "SOCKET", "of the QEMU that has the machine", qmp),
    TEXT("to-qmp", "SOCKET", "of the QEMU that waits for it (-incoming defer)", to_qmp),
    TEXT("uri", "URI", "the way between both, as tcp:HOST:PORT or unix:PATH", uri),
    TEXT("vf-id", "ID", "QEMU: the VF, where the machine has several", vf_id),
    TEXT("vf-mac", "MAC", "QEMU: the VF's address, to be compared with its standby's", vf_mac),
    TEXT("plug", "JSON", "QEMU: device_add at the destination, where failover does not plug one", plug),
    {.name = "downtime-limit",
     .value = "TIME",
     .help = "QEMU: the stop that is aimed at (QEMU's own)",
     VALUE(downtime_ns),
     .kind = OPTION_TIME,
     .least = 1000000},
    {.name = "bandwidth",
     .value = "N",
     .help = "QEMU: bytes a second (QEMU's own)",
     VALUE(bytes_second),
     .kind = OPTION_NUMBER,
     .least = 4096,
     .most = UINT64_C(1) << 50},
    TEXT("xen", "DOMAIN", "a domain of this Xen host", xen),
    TEXT("save", "FILE", "Xen: detach, save", save),
    TEXT("restore", "FILE", "Xen: restore, attach", restore),
    TEXT("to", "HOST", "Xen: detach, migrate, attach there", to),
    TEXT("device", "BDF", "Xen: the domain's VF", device),
    TEXT("to-device", "BDF", "Xen: its VF afterwards (that of --device)", to_device),
    {.name = "mem-max",
     .value = "MIB",
     .help = "Xen: xl mem-max for the domain, before its VF comes",
     VALUE(mem_max),
     .kind = OPTION_NUMBER,
     .least = 1,
     .most = UINT64_C(1) << 40},
    TEXT("xl", "PROGRAM", "Xen's tool (xl)", xl),
    TEXT("ssh", "PROGRAM", "the way to HOST (ssh)", ssh),
    {.name = "timeout",
     .value = "TIME",
     .help = "for the guest to let the VF go, and to take it again (30s)",
     VALUE(timeout_ns),
     .kind = OPTION_TIME,
     .least = 1},
    {.name = "move-timeout",
     .value = "TIME",
     .help = "for the move itself (10m)",
     VALUE(move_ns),
     .kind = OPTION_TIME,
     .least = 1},
    {.name = "abort-after",
     .value = "TIME",
     .help = "QEMU: cancel what is not done by then",
     VALUE(abort_ns),
     .kind = OPTION_TIME,
     .least = 1},
    {.name = NULL},
};

static void defaults(void *place)
{
    struct migrate_values *values = place;

    values->timeout_ns = 30 * MIGRATE_SECOND;
    values->move_ns = 600 * MIGRATE_SECOND;
    values->xl = "xl";
    values->ssh = "ssh";
}

static bool is_empty(const char *word)
{
    return word == NULL || word[0] == '\0';
}

static int check_qmp(struct cli *cli, const struct migrate_values *values)
{
    struct sriov_mac mac;

    if (is_empty(values->qmp) || is_empty(values->to_qmp) || is_empty(values->uri)) {
        return cli_fail(cli,
                        "migrate wants --qmp, the source's, --to-qmp, the destination's, and --uri, the way "
                        "between them, e.g. --uri unix:/run/move");
    }
    if (strcmp(values->qmp, values->to_qmp) == 0) {
        return cli_fail(cli,
                        "--qmp and --to-qmp are the same monitor; start a second QEMU with -incoming defer");
    }
    if (values->vf_mac != NULL && !parse_mac(values->vf_mac, &mac)) {
        return cli_fail(cli, "--vf-mac wants six pairs of digits with colons, as 02:00:00:00:00:01");
    }
    if (values->save != NULL || values->restore != NULL || values->to != NULL || values->device != NULL ||
        values->to_device != NULL || values->mem_max != 0) {
        return cli_fail(
            cli, "--save, --restore, --to, --device, --to-device and --mem-max belong to --xen DOMAIN");
    }
    return CLI_OK;
}

static int check_xen_way(struct cli *cli, const struct migrate_values *values)
{
    if (values->to != NULL && (values->save != NULL || values->restore != NULL)) {
        return cli_fail(cli, "--to moves the domain, --save and --restore keep it in a file; give one way");
    }
    if (values->to == NULL && values->save == NULL && values->restore == NULL) {
        return cli_fail(cli, "--xen wants --save FILE, --restore FILE, both, or --to HOST");
    }
    if (values->save != NULL && values->restore != NULL && strcmp(values->save, values->restore) != 0) {
        return cli_fail(cli, "--save and --restore name two files; a domain goes through one");
    }
    return CLI_OK;
}

static int check_xen(struct cli *cli, const struct migrate_values *values)
{
    char bdf[SRIOV_NAME_MAX];

    if (values->qmp != NULL || values->to_qmp != NULL || values->uri != NULL || values->plug != NULL ||
        values->vf_id != NULL || values->vf_mac != NULL || values->abort_ns != 0) {
        return cli_fail(cli, "--xen and --qmp are two engines; give the options of one");
    }
    if (values->xen[0] == '\0' || values->xen[0] == '-') {
        return cli_fail(cli, "--xen wants a domain; see: xl list");
    }
    if ((values->to != NULL && (values->to[0] == '\0' || values->to[0] == '-')) ||
        (values->save != NULL && (values->save[0] == '\0' || values->save[0] == '-')) ||
        (values->restore != NULL && (values->restore[0] == '\0' || values->restore[0] == '-'))) {
        return cli_fail(cli, "--to, --save and --restore want a name that does not begin with -");
    }
    if (values->device == NULL || !parse_bdf(values->device, bdf) ||
        (values->to_device != NULL && !parse_bdf(values->to_device, bdf))) {
        return cli_fail(cli,
                        "--xen wants --device, the VF's PCI address as 0000:01:10.2 (--to-device as well, if "
                        "given); see: xl pci-list DOMAIN");
    }
    return check_xen_way(cli, values);
}

static int run(struct cli *cli, const void *place)
{
    const struct migrate_values *values = place;
    int status = values->xen != NULL ? check_xen(cli, values) : check_qmp(cli, values);

    if (status != CLI_OK) {
        return status;
    }
    cli_catch_signals();
    return values->xen != NULL ? migrate_xen(cli, values) : migrate_qmp(cli, values);
}

const struct command command_migrate = {
    .name = "migrate",
    .words = "",
    .brief = "move a machine and its VF: by QEMU's failover, or Xen's xl",
    .options = options,
    .values_size = sizeof(struct migrate_values),
    .defaults = defaults,
    .run = run,
};
