/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl vf: the policy of a PF's VFs, shown and set, whoever owns the PF. */
#include "commands.h"
#include "parse.h"
#include "vf_request.h"

#include <stdio.h>
#include <string.h>

static const char *const switch_words[] = {"on", "off", NULL};
static const char *const link_words[] = {"auto", "on", "off", NULL};
/* In the order of enum sriov_rx_mode. */
static const char *const mode_words[] = {"none", "multi", "allmulti", "promisc", NULL};

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
     .words = mode_words},
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

/* What nobody tells is null. */
static void put_flag(json_t *object, const char *key, bool known, bool value)
{
    out_set(object, key, known ? json_boolean(value) : json_null());
}

static void put_number(json_t *object, const char *key, bool known, uint32_t value)
{
    out_set(object, key, known ? json_integer(value) : json_null());
}

static void put_mac(json_t *object, const struct sriov_mac *mac)
{
    char text[18];

    (void)snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac->b[0], mac->b[1], mac->b[2],
                   mac->b[3], mac->b[4], mac->b[5]);
    out_text(object, "mac", text);
}

/* An empty list: any VLAN. */
static void put_trunk(json_t *object, const struct vf_policy *policy)
{
    json_t *list = json_null();

    if ((policy->known & VF_POLICY_TRUNK) != 0) {
        list = out_array();
        for (uint16_t i = 0; i < policy->num_trunk; i++) {
            out_append(list, json_integer(policy->trunk[i]));
        }
    }
    out_set(object, "trunk", list);
}

static void put_policy(json_t *object, const struct vf_policy *policy)
{
    static const char *const links[] = {"auto", "on", "off"};
    bool vlan = (policy->known & VF_POLICY_VLAN) != 0;
    bool rate = (policy->known & VF_POLICY_RATE) != 0;

    put_mac(object, &policy->mac);
    put_number(object, "vlan", vlan, policy->vlan);
    put_number(object, "qos", vlan, policy->qos);
    put_flag(object, "trust", (policy->known & VF_POLICY_TRUST) != 0, policy->trusted);
    put_flag(object, "spoof_check", (policy->known & VF_POLICY_SPOOF_CHECK) != 0, policy->spoof_check);
    out_text(object, "link", (policy->known & VF_POLICY_LINK) != 0 ? links[policy->link] : NULL);
    put_number(object, "rate_mbps", rate, policy->max_rate);
    put_number(object, "min_rate_mbps", rate, policy->min_rate);
    put_trunk(object, policy);
    out_text(object, "rx_mode",
             (policy->known & VF_POLICY_RX_MODE) != 0 ? mode_words[policy->rx_mode] : NULL);
}

static json_t *row(struct vf_owner *owner, uint16_t vf, const struct vf_policy *policy)
{
    json_t *object = out_object();
    char bdf[SRIOV_NAME_MAX];

    out_number(object, "vf", vf);
    out_text(object, "function", owner->ops->vf_bdf(owner, vf, bdf) == 0 ? bdf : NULL);
    put_policy(object, policy);
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

/* ---- the command ---- */

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

static int run_on(struct cli *cli, bool set, const struct vf_values *values, struct vf_policy *wanted)
{
    struct vf_owner owner;
    char bdf[SRIOV_NAME_MAX];
    int vf;

    if (!cli_bdf(cli, cli->words[1], bdf) || vf_owner_open(&owner, cli, bdf) != CLI_OK) {
        return CLI_USAGE;
    }
    int status = read_vf(&owner, cli->num_words > 2 ? cli->words[2] : NULL, &vf);
    if (status == CLI_OK && set) {
        status = set_one(&owner, (uint16_t)vf, values, wanted);
    } else if (status == CLI_OK) {
        status = vf >= 0 ? show_one(&owner, (uint16_t)vf) : show_all(&owner);
    }
    vf_owner_close(&owner);
    return status;
}

static int run(struct cli *cli, const void *values)
{
    const struct vf_values *given = values;
    struct vf_policy wanted;
    bool set = strcmp(cli->words[0], "set") == 0;

    if (!set && strcmp(cli->words[0], "show") != 0) {
        return cli_fail(cli, "vf %.64s: vf wants show or set; see: sriovctl vf --help", cli->words[0]);
    }
    if (!set && vf_any_given(given)) {
        return cli_fail(cli, "vf show only shows; options that change something belong to vf set");
    }
    if (set && cli->num_words < 3) {
        return cli_fail(cli, "vf set wants PF and the number of a VF, as: sriovctl vf set %.20s 0",
                        cli->words[1]);
    }
    if (set && !vf_request_read(cli, given, &wanted)) {
        return CLI_USAGE;
    }
    return run_on(cli, set, given, &wanted);
}

const struct command command_vf = {
    .name = "vf",
    .words = "show|set PF [VF]",
    .brief = "policy of VFs: address, VLAN, trust, rate, ...",
    .min_words = 2,
    .max_words = 3,
    .options = vf_options,
    .values_size = sizeof(struct vf_values),
    .defaults = vf_defaults,
    .run = run,
};
