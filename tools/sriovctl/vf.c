/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl vf: the policy of a PF's VFs, shown and set, whoever owns the PF. */
#include "commands.h"
#include "parse.h"
#include "vf_json.h"
#include "vf_request.h"
#include "vf_serve.h"

#include <stdio.h>
#include <string.h>

static const char *const switch_words[] = {"on", "off", NULL};
static const char *const link_words[] = {"auto", "on", "off", NULL};
#define VALUE(member) .offset = offsetof(struct vf_values, member)

const struct option_spec vf_options[] = {
    {.name = "mac",
     .value = "MAC",
     .help = "address; all zero: the VF's own choice",
     VALUE(mac),
     .kind = OPTION_TEXT},
    {.name = "vlan",
     .value = "V[:QOS]",
     .help = "port VLAN with its priority; 0: none",
     VALUE(vlan),
     .kind = OPTION_TEXT},
    {.name = "trunk",
     .value = "V,V-V,...",
     .help = "VLANs that its guest may ask for; any: all",
     VALUE(trunk),
     .kind = OPTION_TEXT},
    {.name = "trust",
     .value = "on|off",
     .help = "may it be promiscuous, and choose its address",
     VALUE(trust),
     .kind = OPTION_WORD,
     .words = switch_words},
    {.name = "spoof-check",
     .value = "on|off",
     .help = "drop what it sends under another address",
     VALUE(spoof_check),
     .kind = OPTION_WORD,
     .words = switch_words},
    {.name = "link",
     .value = "auto|on|off",
     .help = "link as the PF's port has it, always, never",
     VALUE(link),
     .kind = OPTION_WORD,
     .words = link_words},
    {.name = "rx-mode",
     .value = "none|multi|allmulti|promisc",
     .help = "most that it may ask to receive",
     VALUE(rx_mode),
     .kind = OPTION_WORD,
     .words = vf_json_modes},
    {.name = "rate",
     .value = "MBPS",
     .help = "most that it may send; 0: no limit",
     VALUE(rate),
     .kind = OPTION_NUMBER,
     .most = UINT32_MAX},
    {.name = "min-rate",
     .value = "MBPS",
     .help = "what it may send at least; 0: nothing promised",
     VALUE(min_rate),
     .kind = OPTION_NUMBER,
     .most = UINT32_MAX},
    {.name = NULL},
};

void vf_defaults(void *values)
{
    struct vf_values *vf = values;

    vf->rate = VF_NOT_GIVEN;
    vf->min_rate = VF_NOT_GIVEN;
}

/* ---- showing ---- */

static json_t *row(struct vf_owner *owner, uint16_t vf, const struct vf_policy *policy)
{
    json_t *object = out_object();
    char bdf[SRIOV_NAME_MAX];

    out_number(object, "vf", vf);
    out_text(object, "function", owner->ops->vf_bdf(owner, vf, bdf) == 0 ? bdf : NULL);
    vf_json_put(object, policy);
    return object;
}

static json_t *heading(const struct vf_owner *owner)
{
    json_t *object = out_object();

    out_text(object, "pf", owner->bdf);
    out_text(object, "interface", owner->interface);
    out_text(object, "driver", owner->driver);
    return object;
}

static int show_one(struct vf_owner *owner, uint16_t vf)
{
    char why[CLI_WHY_MAX] = "";
    struct vf_policy policy;
    json_t *statistics = NULL;

    if (owner->ops->get(owner, vf, &policy, &statistics, why) != 0) {
        return cli_fail(owner->cli, "%s", why);
    }
    json_t *object = heading(owner);
    json_t *own = row(owner, vf, &policy);
    (void)json_object_update(object, own);
    json_decref(own);
    out_set(object, "statistics", statistics);
    out_print(object, owner->cli->globals.json);
    return CLI_OK;
}

static int show_all(struct vf_owner *owner)
{
    char why[CLI_WHY_MAX] = "";
    struct vf_policy policy;
    json_t *array = out_array();

    for (uint16_t vf = 0; vf < owner->num_vfs; vf++) {
        if (owner->ops->get(owner, vf, &policy, NULL, why) != 0) {
            json_decref(array);
            return cli_fail(owner->cli, "%s", why);
        }
        out_append(array, row(owner, vf, &policy));
    }
    json_t *object = heading(owner);
    out_set(object, "vfs", array);
    out_print(object, owner->cli->globals.json);
    return CLI_OK;
}

/* ---- setting ---- */

static int report(struct vf_owner *owner, uint16_t vf, uint32_t changed)
{
    char why[CLI_WHY_MAX] = "";
    struct vf_policy policy;

    if (owner->ops->get(owner, vf, &policy, NULL, why) != 0) {
        (void)cli_fail(owner->cli, "%s; the changes were made before", why);
        return CLI_FAILED;
    }
    json_t *object = row(owner, vf, &policy);
    out_set(object, "changed", vf_request_names(changed));
    out_print(object, owner->cli->globals.json);
    return CLI_OK;
}

static int set_one(struct vf_owner *owner, uint16_t vf, const struct vf_values *values,
                   struct vf_policy *wanted)
{
    char why[CLI_WHY_MAX] = "";
    struct vf_policy now;
    uint32_t changed;

    if (owner->ops->get(owner, vf, &now, NULL, why) != 0) {
        return cli_fail(owner->cli, "%s", why);
    }
    int status = vf_request_check(owner, values, &now, wanted);
    if (status == CLI_OK) {
        status = vf_request_apply(owner, vf, &now, wanted, &changed);
    }
    return status == CLI_OK ? report(owner, vf, changed) : status;
}

bool vf_any_given(const struct vf_values *values)
{
    return values->mac != NULL || values->vlan != NULL || values->trust != NULL ||
           values->spoof_check != NULL || values->link != NULL || values->trunk != NULL ||
           values->rx_mode != NULL || values->rate != VF_NOT_GIVEN || values->min_rate != VF_NOT_GIVEN;
}

/* *vf: -1 when none was named. */
static int read_vf(struct vf_owner *owner, const char *word, int *vf)
{
    uint64_t number;

    *vf = -1;
    if (word == NULL) {
        return CLI_OK;
    }
    if (!parse_number(word, &number)) {
        return cli_fail(owner->cli, "vf: %.64s is no number of a VF; they count from 0", word);
    }
    if (owner->num_vfs == 0) {
        return cli_fail(owner->cli, "%s has no VFs enabled: sriovctl vfs %s N", owner->bdf, owner->bdf);
    }
    if (number >= owner->num_vfs) {
        return cli_fail(owner->cli, "%s: VF %.20s is not enabled; there are 0 to %d", owner->bdf, word,
                        owner->num_vfs - 1);
    }
    *vf = (int)number;
    return CLI_OK;
}

/* ---- which PF ---- */

struct vf_command {
    struct vf_values values; /* first: vf_options fills it */
    const char *serve;
};

static const struct option_spec where_options[] = {
    {.name = "serve",
     .value = "DIR",
     .help = "the PF of the sriovctl serve that runs there, in place of PF",
     .offset = offsetof(struct vf_command, serve),
     .kind = OPTION_TEXT},
    {.name = NULL},
};

/* The words behind the verb: of a served PF the VF, else the PF and the VF. */
static const char *word(const struct cli *cli, const struct vf_command *given, int i)
{
    int at = given->serve != NULL ? i : i + 1;

    return at < cli->num_words ? cli->words[at] : NULL;
}

static int open_owner(struct cli *cli, const struct vf_command *given, struct vf_owner *owner)
{
    char bdf[SRIOV_NAME_MAX];

    if (given->serve != NULL) {
        return vf_owner_open_served(owner, cli, given->serve);
    }
    return cli_bdf(cli, cli->words[1], bdf) ? vf_owner_open(owner, cli, bdf) : CLI_USAGE;
}

static int run_on(struct cli *cli, bool set, const struct vf_command *given, struct vf_policy *wanted)
{
    struct vf_owner owner;
    int vf;

    if (open_owner(cli, given, &owner) != CLI_OK) {
        return CLI_USAGE;
    }
    int status = read_vf(&owner, word(cli, given, 1), &vf);
    if (status == CLI_OK && set) {
        status = set_one(&owner, (uint16_t)vf, &given->values, wanted);
    } else if (status == CLI_OK) {
        status = vf >= 0 ? show_one(&owner, (uint16_t)vf) : show_all(&owner);
    }
    vf_owner_close(&owner);
    return status;
}

static int reset_pf(struct cli *cli, const struct vf_command *given)
{
    char why[CLI_WHY_MAX] = "";
    struct vf_owner owner;
    int err = 0;

    if (given->serve == NULL) {
        return cli_fail(cli, "vf reset-pf resets the PF of a sriovctl serve: give --serve DIR");
    }
    if (vf_owner_open_served(&owner, cli, given->serve) != CLI_OK) {
        return CLI_USAGE;
    }
    json_t *reply = vf_serve_ask(&owner, "reset-pf", -1, NULL, why, &err);
    vf_owner_close(&owner);
    if (reply == NULL) {
        return cli_fail_as(cli, CLI_FAILED, "%s: reset: %s", given->serve, why);
    }
    json_decref(reply);
    json_t *object = out_object();
    out_text(object, "reset", owner.bdf);
    out_print(object, cli->globals.json);
    return CLI_OK;
}

/* ---- the command ---- */

static int check_words(struct cli *cli, bool set, const struct vf_command *given)
{
    int most = given->serve != NULL ? 2 : 3;

    if (!set && vf_any_given(&given->values)) {
        return cli_fail(cli, "vf show only shows; options that change something belong to vf set");
    }
    if (given->serve == NULL && cli->num_words < 2) {
        return cli_fail(cli, "vf wants %s; see: sriovctl vf --help", "show|set PF [VF]");
    }
    if (cli->num_words > most) {
        return cli_fail(cli, "vf: with --serve DIR no PF is named: leave %.20s out", cli->words[1]);
    }
    if (set && word(cli, given, 1) == NULL) {
        return cli_fail(cli, "vf set wants %s the number of a VF, as: sriovctl vf set %.160s 0",
                        given->serve != NULL ? "--serve DIR and" : "PF and",
                        given->serve != NULL ? "--serve DIR" : cli->words[1]);
    }
    return CLI_OK;
}

static int run(struct cli *cli, const void *values)
{
    const struct vf_command *given = values;
    struct vf_policy wanted;
    bool set = strcmp(cli->words[0], "set") == 0;

    if (strcmp(cli->words[0], "reset-pf") == 0) {
        return reset_pf(cli, given);
    }
    if (!set && strcmp(cli->words[0], "show") != 0) {
        return cli_fail(cli, "vf %.64s: vf wants show, set or reset-pf; see: sriovctl vf --help",
                        cli->words[0]);
    }
    if (check_words(cli, set, given) != CLI_OK || (set && !vf_request_read(cli, &given->values, &wanted))) {
        return CLI_USAGE;
    }
    return run_on(cli, set, given, &wanted);
}

const struct command command_vf = {
    .name = "vf",
    .words = "show|set|reset-pf PF [VF]",
    .brief = "policy of VFs: address, VLAN, trust, rate, ...",
    .min_words = 1,
    .max_words = 3,
    .options = vf_options,
    .more = where_options,
    .values_size = sizeof(struct vf_command),
    .defaults = vf_defaults,
    .run = run,
};
