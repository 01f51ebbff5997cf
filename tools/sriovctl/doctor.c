/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl doctor: what this machine lacks for VFIO or on Xen, and how to get it. */
#include "doctor.h"
#include "commands.h"
#include "xen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct findings {
    json_t *array;
    uint32_t worst;
};

static const char *level_name(uint32_t level)
{
    static const char *const names[] = {"ok", "note", "warning", "bad"};

    return level < sizeof(names) / sizeof(names[0]) ? names[level] : "bad";
}

static void on_finding(void *arg, const struct sriov_kvm_finding *finding)
{
    struct findings *findings = arg;
    json_t *object = out_object();

    out_text(object, "level", level_name(finding->level));
    out_text(object, "thing", finding->thing);
    out_text(object, "text", finding->text);
    out_text(object, "remedy", finding->remedy);
    out_append(findings->array, object);
    findings->worst = finding->level > findings->worst ? finding->level : findings->worst;
}

/* For people each remedy stands below its finding. */
static void print_text(const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        const json_t *remedy = json_object_get(object, "remedy");
        printf("%-8s %s: %s\n", json_string_value(json_object_get(object, "level")),
               json_string_value(json_object_get(object, "thing")),
               json_string_value(json_object_get(object, "text")));
        if (json_is_string(remedy)) {
            printf("%-8s -> %s\n", "", json_string_value(remedy));
        }
    }
}

static int report(struct cli *cli, struct findings *findings)
{
    json_t *object;

    if (!cli->globals.json) {
        print_text(findings->array);
        json_decref(findings->array);
    } else {
        object = out_object();
        out_text(object, "worst", level_name(findings->worst));
        out_set(object, "findings", findings->array);
        out_print(object, true);
    }
    return findings->worst >= SRIOV_KVM_BAD ? CLI_FAILED : CLI_OK;
}

/* The word names a function that this host has; else the line is printed. */
static bool is_there(struct cli *cli, char *bdf)
{
    struct sriov_fn_info info = {.size = sizeof(info)};

    if (!cli_bdf(cli, cli->words[0], bdf) || cli_open_vmm(cli) != CLI_OK) {
        return false;
    }
    if (!cli_is_vfu(cli) && !cli_find(cli, bdf, &info)) {
        (void)cli_fail_open(cli, bdf, -ENOENT);
        return false;
    }
    return true;
}

static int look_around(struct cli *cli, const char *bdf, struct findings *findings)
{
    struct sriov_kvm_opts opts = cli_kvm_opts(cli);

    if (cli_is_xen(cli)) {
        return doctor_xen(cli, bdf, on_finding, findings);
    }
    return cli_is_vfu(cli) ? doctor_vfu(cli, bdf, on_finding, findings)
                           : sriov_kvm_doctor(&opts, bdf, on_finding, findings);
}

static int run(struct cli *cli, const void *values)
{
    struct findings findings = {0};
    char bdf[SRIOV_NAME_MAX];
    bool one = cli->num_words == 1;
    int rc;

    (void)values;
    if (cli_is_mock(cli)) {
        return cli_fail(cli, "doctor looks at this host; the mock shim lacks nothing: leave --shim mock out");
    }
    if ((one && !is_there(cli, bdf)) ||
        ((cli_is_vfu(cli) || cli_is_xen(cli)) && cli_open_vmm(cli) != CLI_OK)) {
        return CLI_USAGE;
    }
    findings.array = out_array();
    rc = look_around(cli, one ? bdf : NULL, &findings);
    if (rc < 0) {
        json_decref(findings.array);
        return cli_fail(cli, "%s: cannot be looked at: %s", one ? bdf : "this host", strerror(-rc));
    }
    return report(cli, &findings);
}

const struct command command_doctor = {
    .name = "doctor",
    .words = "[BDF]",
    .sockets = true,
    .brief = "what VFIO, or Xen, lacks here, and the remedy",
    .max_words = 1,
    .run = run,
};
