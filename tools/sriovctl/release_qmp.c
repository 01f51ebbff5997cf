/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF out of a running QEMU: the guest is asked, and what it does is told. QMP knows no force. */
#include "assign.h"
#include "holder.h"
#include "qmp_vm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SECOND      UINT64_C(1000000000)
#define QUESTION_NS (10 * SECOND)

struct leaving {
    struct cli *cli;
    const struct assign_values *values;
    const char *bdf;
    struct qmp *qmp;
    uint64_t waited_ns;
    bool decided;
    bool refused;
    char id[QMP_ID_MAX];
    char path[QMP_ID_MAX + 32];
};

/* Of a device without id QEMU says the path only. */
static bool is_ours(const struct leaving *leaving, const json_t *data)
{
    const char *device = json_string_value(json_object_get(data, "device"));
    const char *path = json_string_value(json_object_get(data, "path"));

    return (device != NULL && strcmp(device, leaving->id) == 0) ||
           (path != NULL && strcmp(path, leaving->path) == 0);
}

static void on_event(void *arg, const char *name, const json_t *data)
{
    struct leaving *leaving = arg;
    bool refused = strcmp(name, "DEVICE_UNPLUG_GUEST_ERROR") == 0;

    if ((refused || strcmp(name, "DEVICE_DELETED") == 0) && is_ours(leaving, data)) {
        leaving->decided = true;
        leaving->refused = refused;
    }
}

/* ---- asking ---- */

static int not_there(struct leaving *leaving)
{
    struct sriov_fn_info info = {.size = sizeof(info)};
    struct holder holder;

    if (cli_find(leaving->cli, leaving->bdf, &info) &&
        holder_find(leaving->cli, &info, qmp_peer(leaving->qmp), &holder)) {
        return cli_fail(leaving->cli, "%s: this QEMU does not have it; process %ld (%s) does, by %s",
                        leaving->bdf, holder.pid, holder.program, holder.node);
    }
    return cli_fail(leaving->cli, "%s: this QEMU does not have it; give the --qmp of the one that does",
                    leaving->bdf);
}

static int find(struct leaving *leaving)
{
    char why[CLI_WHY_MAX] = "";
    int rc = qmp_vm_find(leaving->qmp, leaving->bdf, qmp_deadline(QUESTION_NS), leaving->id, why);

    if (rc == 0) {
        return not_there(leaving);
    }
    (void)snprintf(leaving->path, sizeof(leaving->path), "%s%s",
                   leaving->id[0] == '/' ? "" : "/machine/peripheral/", leaving->id);
    return rc > 0 ? CLI_OK : cli_fail(leaving->cli, "%s", why);
}

/* Asked once already, and not refused since: that is what we want. */
static bool is_under_way(const char *why)
{
    return strstr(why, "in the process of unplug") != NULL;
}

static int ask(struct leaving *leaving, uint64_t deadline)
{
    json_t *arguments = out_object();
    char why[CLI_WHY_MAX] = "";

    out_text(arguments, "id", leaving->id);
    int rc = qmp_execute(leaving->qmp, "device_del", arguments, deadline, NULL, why);
    if (rc == 0 || (rc == -EREMOTEIO && is_under_way(why))) {
        return CLI_OK;
    }
    if (rc == -EREMOTEIO) {
        return cli_fail(leaving->cli, "%s: %s; nothing was changed", leaving->bdf, why);
    }
    return cli_fail_as(leaving->cli, CLI_FAILED, "%s: %s; whether the guest was asked is not known",
                       leaving->bdf, why);
}

/* ---- what came of it ---- */

static int fail_late(struct leaving *leaving)
{
    char why[CLI_WHY_MAX] = "";
    char status[32] = "";
    int runs = qmp_vm_runs(leaving->qmp, qmp_deadline(QUESTION_NS), status, why);

    return cli_fail_as(
        leaving->cli, CLI_FAILED,
        "%s: the guest has not let go within %.3f s%s%s%s; it stays asked. QMP cannot take a device "
        "by force: %s, or power the guest off",
        leaving->bdf, (double)leaving->waited_ns / 1e9, runs == 0 ? " (it is " : "", runs == 0 ? status : "",
        runs == 0 ? ")" : "",
        runs == 0 ? "let the guest run" : "end what uses the device in the guest and ask again");
}

static int await_guest(struct leaving *leaving, uint64_t begin, uint64_t deadline)
{
    char why[CLI_WHY_MAX] = "";
    int rc = qmp_wait(leaving->qmp, &leaving->decided, deadline, why);

    leaving->waited_ns = qmp_now() - begin;
    if (rc == -ETIMEDOUT) {
        return fail_late(leaving);
    }
    if (rc != 0) {
        return cli_fail_as(leaving->cli, CLI_FAILED, "%s: %s; the guest was asked, its answer is not known",
                           leaving->bdf, why);
    }
    if (leaving->refused) {
        return cli_fail_as(
            leaving->cli, CLI_FAILED,
            "%s: the guest refuses to let go and keeps it; end what uses the device in the guest",
            leaving->bdf);
    }
    return CLI_OK;
}

static int give_to_kernel(struct leaving *leaving)
{
    struct sriov_kvm_opts opts = cli_kvm_opts(leaving->cli);
    char why[CLI_WHY_MAX] = "";

    if (!leaving->values->unbind || sriov_kvm_unbind(&opts, leaving->bdf, why, sizeof(why)) == 0) {
        return CLI_OK;
    }
    return cli_fail_as(leaving->cli, CLI_FAILED, "%s: the guest let go; but: %.300s", leaving->bdf, why);
}

static int report(struct leaving *leaving)
{
    struct sriov_fn_info info = {.size = sizeof(info)};
    json_t *object = out_object();

    (void)cli_find(leaving->cli, leaving->bdf, &info);
    qmp_plain(leaving->id);
    out_text(object, "function", leaving->bdf);
    out_set(object, "vm", qmp_vm_describe(leaving->qmp, leaving->values->qmp, qmp_deadline(QUESTION_NS)));
    out_text(object, "id", leaving->id);
    out_text(object, "guest", "let go");
    out_number(object, "waited_ns", leaving->waited_ns);
    out_text(object, "driver", info.bound_driver);
    out_print(object, leaving->cli->globals.json);
    return CLI_OK;
}

static int go(struct leaving *leaving)
{
    int status = find(leaving);
    uint64_t begin = qmp_now();
    uint64_t deadline = qmp_deadline(leaving->values->timeout_ns);

    qmp_watch(leaving->qmp, on_event, leaving);
    status = status == CLI_OK ? ask(leaving, deadline) : status;
    status = status == CLI_OK ? await_guest(leaving, begin, deadline) : status;
    status = status == CLI_OK ? give_to_kernel(leaving) : status;
    return status == CLI_OK ? report(leaving) : status;
}

int release_qmp(struct cli *cli, const char *bdf, const struct assign_values *values)
{
    struct leaving leaving = {.cli = cli, .values = values, .bdf = bdf};
    char why[CLI_WHY_MAX];

    if (cli_open_vmm(cli) != CLI_OK) {
        return CLI_USAGE;
    }
    if (qmp_open(values->qmp, &leaving.qmp, why) != 0) {
        return cli_fail(cli, "%s", why);
    }
    int status = go(&leaving);
    qmp_close(leaving.qmp);
    return status;
}
