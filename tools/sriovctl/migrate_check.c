/* SPDX-License-Identifier: BSD-3-Clause */
#include "migrate_check.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SECOND      UINT64_C(1000000000)
#define QUESTION_NS (10 * SECOND)

/* ---- the source ---- */

static int check_blocked(struct cli *cli, struct migrate_vm *source)
{
    char why[CLI_WHY_MAX] = "";
    char reason[256];
    json_t *answer = NULL;
    int rc = qmp_execute(source->qmp, "query-migrate", NULL, qmp_deadline(QUESTION_NS), &answer, why);
    const char *first = json_string_value(json_array_get(json_object_get(answer, "blocked-reasons"), 0));
    bool moved = strcmp(source->status, "postmigrate") == 0;

    (void)snprintf(reason, sizeof(reason), "%s", first != NULL ? first : "");
    qmp_plain(reason);
    json_decref(answer);
    if (rc != 0) {
        return cli_fail(cli, "%s", why);
    }
    if (moved) {
        return cli_fail(cli, "%.160s: this machine was moved away already; its QEMU can be ended",
                        source->path);
    }
    if (reason[0] != '\0') {
        return cli_fail(cli, "%.160s: QEMU cannot move this machine: %s", source->path, reason);
    }
    return CLI_OK;
}

/* The rule that QEMU does not keep: it moves the machine, and the VF is dead at the other end. */
static int check_vfs(struct cli *cli, const struct migrate_values *values, const struct migrate_vm *source)
{
    bool found = values->vf_id == NULL;

    for (uint32_t i = 0; i < source->num_vfs; i++) {
        const struct migrate_vf *vf = &source->vfs[i];
        char id[QMP_ID_MAX];
        (void)snprintf(id, sizeof(id), "%s", vf->id);
        qmp_plain(id);
        found = found || strcmp(vf->id, values->vf_id) == 0;
        if (vf->pair[0] == '\0') {
            return cli_fail(
                cli,
                "%.100s: the VF %.100s is attached and has no failover pair: it would be dead after the "
                "move; release it first, or give QEMU failover_pair_id and a virtio-net with failover=on",
                source->path, id);
        }
    }
    return found ? CLI_OK
                 : cli_fail(cli, "%.160s: no VF %.100s is attached; see query-pci, or leave --vf-id out",
                            source->path, values->vf_id);
}

static int check_standby(struct cli *cli, const struct migrate_values *values, struct migrate_pair *pair)
{
    const struct migrate_vf *vf = &pair->source.vfs[0];
    char why[CLI_WHY_MAX] = "";

    for (uint32_t i = 1; values->vf_id != NULL && i < pair->source.num_vfs; i++) {
        vf = strcmp(pair->source.vfs[i].id, values->vf_id) == 0 ? &pair->source.vfs[i] : vf;
    }
    (void)snprintf(pair->standby_id, sizeof(pair->standby_id), "%s", vf->pair);
    if (migrate_vm_standby(&pair->source, pair->standby_id, qmp_deadline(QUESTION_NS), &pair->standby, why) !=
        0) {
        return cli_fail(cli, "%s", why);
    }
    if (!pair->standby.there || !pair->standby.failover) {
        return cli_fail(cli,
                        "%.100s: the standby %.100s of VF %.100s %s; give the machine virtio-net-pci with "
                        "failover=on and that id",
                        pair->source.path, vf->pair, vf->id,
                        pair->standby.there ? "has no failover=on" : "is missing");
    }
    if (values->vf_mac != NULL && strcasecmp(values->vf_mac, pair->standby.mac) != 0) {
        return cli_fail(
            cli,
            "the VF has the address %s and its standby %s: they must be one; sriovctl vf set PF N "
            "--mac %s",
            values->vf_mac, pair->standby.mac, pair->standby.mac);
    }
    return CLI_OK;
}

/* Without a VF attached a machine moves as any other; its failover standby brings one at the other end. */
static int check_source(struct cli *cli, const struct migrate_values *values, struct migrate_pair *pair)
{
    struct migrate_vm *source = &pair->source;
    int status = check_blocked(cli, source);

    if (status == CLI_OK && strcmp(source->status, "running") != 0) {
        return cli_fail(
            cli, "%.160s: the machine is %s: only a running guest can let its VF go; let it run (cont)",
            source->path, source->status);
    }
    status = status != CLI_OK ? status : check_vfs(cli, values, source);
    if (status == CLI_OK && source->num_vfs == 0) {
        return cli_fail(cli,
                        "%.160s: no VF is attached; either the guest's driver of the standby has not taken "
                        "failover (F_STANDBY), or there is none: then QEMU's own migrate does",
                        source->path);
    }
    return status != CLI_OK ? status : check_standby(cli, values, pair);
}

/* ---- the destination ---- */

static int check_waits(struct cli *cli, const struct migrate_vm *destination)
{
    if (strcmp(destination->status, "inmigrate") == 0) {
        return CLI_OK;
    }
    return cli_fail(cli,
                    "%.160s: the destination is %s, and does not wait for a machine; start it with -incoming "
                    "defer",
                    destination->path, destination->status);
}

/* One has what the other has not. */
static int differ(struct cli *cli, const struct migrate_pair *pair, const char *what, const char *here,
                  const char *there)
{
    return cli_fail(cli,
                    "%.100s: the destination is another machine: %.60s is %.80s here and %.80s there; start "
                    "it with the source's options",
                    pair->destination.path, what, here, there);
}

static int check_size(struct cli *cli, const struct migrate_pair *pair)
{
    const struct migrate_vm *source = &pair->source;
    const struct migrate_vm *destination = &pair->destination;
    char here[32];
    char there[32];

    if (strcmp(source->machine, destination->machine) != 0) {
        return differ(cli, pair, "its type", source->machine, destination->machine);
    }
    (void)snprintf(here, sizeof(here), "%lld", (long long)source->memory);
    (void)snprintf(there, sizeof(there), "%lld", (long long)destination->memory);
    if (strcmp(here, there) != 0) {
        return differ(cli, pair, "its memory", here, there);
    }
    (void)snprintf(here, sizeof(here), "%zu", source->cpus);
    (void)snprintf(there, sizeof(there), "%zu", destination->cpus);
    return strcmp(here, there) == 0 ? CLI_OK : differ(cli, pair, "its number of CPUs", here, there);
}

/* The type, for people: without child<>. */
static const char *plain_type(const json_t *devices, const char *id, char *text)
{
    const char *type = json_string_value(json_object_get(devices, id));

    (void)snprintf(text, QMP_ID_MAX, "%s", type != NULL ? type + strlen("child<") : "missing");
    text[strcspn(text, ">")] = '\0';
    qmp_plain(text);
    return text;
}

static int check_devices(struct cli *cli, const struct migrate_pair *pair)
{
    json_t *const sides[] = {pair->source.devices, pair->destination.devices};
    char here[QMP_ID_MAX];
    char there[QMP_ID_MAX];
    char name[QMP_ID_MAX];
    const char *id;
    json_t *type;

    for (size_t i = 0; i < 2; i++) {
        json_object_foreach(sides[i], id, type)
        {
            if (!json_equal(json_object_get(sides[0], id), json_object_get(sides[1], id))) {
                (void)snprintf(name, sizeof(name), "%s", id);
                qmp_plain(name);
                return differ(cli, pair, name, plain_type(sides[0], id, here),
                              plain_type(sides[1], id, there));
            }
        }
    }
    return CLI_OK;
}

static int check_other_standby(struct cli *cli, struct migrate_pair *pair)
{
    struct migrate_standby other;
    char why[CLI_WHY_MAX] = "";
    char here[32];
    char there[32];

    if (migrate_vm_standby(&pair->destination, pair->standby_id, qmp_deadline(QUESTION_NS), &other, why) !=
        0) {
        return cli_fail(cli, "%s", why);
    }
    if (!other.failover) {
        return differ(cli, pair, "failover of the standby", "on", "off");
    }
    if (strcasecmp(pair->standby.mac, other.mac) != 0) {
        return differ(cli, pair, "the standby's MAC", pair->standby.mac, other.mac);
    }
    if (other.queues < pair->standby.queues) {
        (void)snprintf(here, sizeof(here), "%u", pair->standby.queues);
        (void)snprintf(there, sizeof(there), "%u", other.queues);
        return differ(cli, pair, "the standby's number of queues", here, there);
    }
    return CLI_OK;
}

static int check_destination(struct cli *cli, struct migrate_pair *pair)
{
    int status = check_waits(cli, &pair->destination);

    status = status == CLI_OK ? check_size(cli, pair) : status;
    status = status == CLI_OK ? check_devices(cli, pair) : status;
    if (status == CLI_OK && pair->destination.num_vfs != 0) {
        return cli_fail(
            cli,
            "%.100s: the destination has VF %.100s plugged in already, so failover does not know it; "
            "give it failover_pair_id=%.100s",
            pair->destination.path, pair->destination.vfs[0].id, pair->standby_id);
    }
    return status == CLI_OK ? check_other_standby(cli, pair) : status;
}

int migrate_check(struct cli *cli, const struct migrate_values *values, struct migrate_pair *pair)
{
    int status = check_source(cli, values, pair);

    return status == CLI_OK ? check_destination(cli, pair) : status;
}
