/* SPDX-License-Identifier: BSD-3-Clause */
#include "vf_request.h"

#include "parse.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* In the order in which they are set: what drivers refuse most often comes first. */
static const struct part {
    uint32_t part;
    const char *option;
} parts[] = {
    {VF_POLICY_LINK, "link"},
    {VF_POLICY_RATE, "rate"},
    {VF_POLICY_RX_MODE, "rx-mode"},
    {VF_POLICY_TRUST, "trust"},
    {VF_POLICY_SPOOF_CHECK, "spoof-check"},
    {VF_POLICY_VLAN, "vlan"},
    {VF_POLICY_TRUNK, "trunk"},
    {VF_POLICY_MAC, "mac"},
};
#define NUM_PARTS (sizeof(parts) / sizeof(parts[0]))
#define AT_VLAN   5u
#define AT_TRUNK  6u

/* Trunk and port VLAN exclude each other: the one that is to go does so before the other comes. */
static const struct part *turn(size_t i, bool trunk_goes)
{
    if (trunk_goes && (i == AT_VLAN || i == AT_TRUNK)) {
        i = AT_VLAN + AT_TRUNK - i;
    }
    return &parts[i];
}

/* ---- options to policy ---- */

static bool read_mac(struct cli *cli, const char *word, struct vf_policy *wanted)
{
    if (!parse_mac(word, &wanted->mac)) {
        (void)cli_fail(cli,
                       "vf: --mac wants a unicast address, as 02:00:00:00:00:01; all zero takes it back");
        return false;
    }
    wanted->known |= VF_POLICY_MAC;
    return true;
}

static bool read_vlan(struct cli *cli, const char *word, struct vf_policy *wanted)
{
    uint64_t vlan;
    uint64_t qos;

    if (!parse_pair(word, ':', &vlan, &qos) || vlan > VF_POLICY_VLAN_MAX || qos > VF_POLICY_QOS_MAX) {
        (void)cli_fail(cli, "vf: --vlan wants V or V:QOS, V from 1 to %u or 0 for none, QOS from 0 to %u",
                       VF_POLICY_VLAN_MAX, VF_POLICY_QOS_MAX);
        return false;
    }
    wanted->vlan = (uint16_t)vlan;
    wanted->qos = (uint8_t)qos;
    wanted->vlan_protocol = VF_POLICY_8021Q;
    wanted->known |= VF_POLICY_VLAN;
    return true;
}

/* "5", "5,7", "5-9,100" or "any". */
static bool take_vlans(const char *word, uint64_t seen[64])
{
    while (true) {
        char piece[16];
        uint64_t least;
        uint64_t most;
        size_t n = strcspn(word, ",");

        if (n >= sizeof(piece)) {
            return false;
        }
        memcpy(piece, word, n);
        piece[n] = '\0';
        if (!parse_range(piece, &least, &most) || least == 0 || most > VF_POLICY_VLAN_MAX) {
            return false;
        }
        for (uint64_t vid = least; vid <= most; vid++) {
            seen[vid / 64] |= UINT64_C(1) << (vid % 64);
        }
        if (word[n] == '\0') {
            return true;
        }
        word += n + 1;
    }
}

static bool read_trunk(struct cli *cli, const char *word, struct vf_policy *wanted)
{
    uint64_t seen[64] = {0};
    uint32_t n = 0;

    if (strcmp(word, "any") != 0 && !take_vlans(word, seen)) {
        (void)cli_fail(cli, "vf: --trunk wants VLANs from 1 to %u, as 5,7,100-103, or any",
                       VF_POLICY_VLAN_MAX);
        return false;
    }
    for (uint32_t vid = 1; vid <= VF_POLICY_VLAN_MAX; vid++) {
        if ((seen[vid / 64] >> (vid % 64) & 1) != 0 && n++ < VF_POLICY_TRUNK_MAX) {
            wanted->trunk[n - 1] = (uint16_t)vid;
        }
    }
    if (n > VF_POLICY_TRUNK_MAX) {
        (void)cli_fail(cli, "vf: --trunk has room for %u VLANs, not %u: give fewer, or any",
                       VF_POLICY_TRUNK_MAX, n);
        return false;
    }
    wanted->num_trunk = (uint16_t)n;
    wanted->known |= VF_POLICY_TRUNK;
    return true;
}

static enum sriov_rx_mode mode_of(const char *word)
{
    static const char *const names[] = {"none", "multi", "allmulti"};

    for (uint32_t i = 0; i < 3; i++) {
        if (strcmp(word, names[i]) == 0) {
            return (enum sriov_rx_mode)i;
        }
    }
    return SRIOV_RX_PROMISC;
}

static uint32_t link_of(const char *word)
{
    if (strcmp(word, "auto") == 0) {
        return VF_POLICY_LINK_AUTO;
    }
    return strcmp(word, "on") == 0 ? VF_POLICY_LINK_ON : VF_POLICY_LINK_OFF;
}

static void read_words(const struct vf_values *values, struct vf_policy *wanted)
{
    if (values->trust != NULL) {
        wanted->trusted = strcmp(values->trust, "on") == 0;
        wanted->known |= VF_POLICY_TRUST;
    }
    if (values->spoof_check != NULL) {
        wanted->spoof_check = strcmp(values->spoof_check, "on") == 0;
        wanted->known |= VF_POLICY_SPOOF_CHECK;
    }
    if (values->link != NULL) {
        wanted->link = link_of(values->link);
        wanted->known |= VF_POLICY_LINK;
    }
    if (values->rx_mode != NULL) {
        wanted->rx_mode = mode_of(values->rx_mode);
        wanted->known |= VF_POLICY_RX_MODE;
    }
    if (values->rate != VF_NOT_GIVEN || values->min_rate != VF_NOT_GIVEN) {
        wanted->known |= VF_POLICY_RATE;
    }
}

bool vf_request_read(struct cli *cli, const struct vf_values *values, struct vf_policy *wanted)
{
    *wanted = (struct vf_policy){.known = 0};
    if ((values->mac != NULL && !read_mac(cli, values->mac, wanted)) ||
        (values->vlan != NULL && !read_vlan(cli, values->vlan, wanted)) ||
        (values->trunk != NULL && !read_trunk(cli, values->trunk, wanted))) {
        return false;
    }
    if (wanted->vlan != 0 && wanted->num_trunk != 0) {
        (void)cli_fail(cli, "vf: a VF has a port VLAN or a trunk: leave --vlan or --trunk out");
        return false;
    }
    read_words(values, wanted);
    if (wanted->known == 0) {
        (void)cli_fail(cli, "vf set: nothing to set; give e.g. --mac or --vlan, see: sriovctl vf --help");
        return false;
    }
    return true;
}

/* ---- checks ---- */

static int cannot(const struct vf_owner *owner, const struct part *part)
{
    const char *why = owner->ops->lacks != NULL ? owner->ops->lacks(part->part) : NULL;
    const char *what = vf_policy_part_name(part->part);

    if (why != NULL) {
        return cli_fail(owner->cli, "%s: the %s of a VF cannot be set: %s: leave --%s out", owner->bdf, what,
                        why, part->option);
    }
    return cli_fail(owner->cli, "%s: the PF driver %s cannot set the %s of a VF: leave --%s out", owner->bdf,
                    owner->driver, what, part->option);
}

static int check_parts(const struct vf_owner *owner, const struct vf_policy *wanted, bool min_rate)
{
    for (size_t i = 0; i < NUM_PARTS; i++) {
        if ((wanted->known & ~owner->ops->parts & parts[i].part) != 0) {
            return cannot(owner, &parts[i]);
        }
    }
    if ((wanted->known & VF_POLICY_VLAN) != 0 && wanted->qos != 0 && !owner->ops->qos) {
        return cli_fail(owner->cli,
                        "%s: the PF driver %s cannot give the port VLAN a priority: leave :%u out of --vlan",
                        owner->bdf, owner->driver, wanted->qos);
    }
    if ((wanted->known & VF_POLICY_RATE) != 0 && min_rate && !owner->ops->min_rate) {
        return cli_fail(owner->cli,
                        "%s: the PF driver %s promises no minimum rate to a VF: leave --min-rate out",
                        owner->bdf, owner->driver);
    }
    return CLI_OK;
}

int vf_request_check(const struct vf_owner *owner, const struct vf_values *values,
                     const struct vf_policy *now, struct vf_policy *wanted)
{
    bool min_rate = values->min_rate != VF_NOT_GIVEN && values->min_rate != 0;

    if (check_parts(owner, wanted, min_rate) != CLI_OK) {
        return CLI_USAGE;
    }
    if ((wanted->known & VF_POLICY_RATE) == 0) {
        return CLI_OK;
    }
    wanted->max_rate = values->rate != VF_NOT_GIVEN ? (uint32_t)values->rate : now->max_rate;
    wanted->min_rate = values->min_rate != VF_NOT_GIVEN ? (uint32_t)values->min_rate : now->min_rate;
    if (wanted->max_rate != 0 && wanted->min_rate > wanted->max_rate) {
        return cli_fail(owner->cli,
                        "%s: a minimum rate of %" PRIu32 " is above the rate of %" PRIu32
                        " Mbit/s: give a lower --min-rate or a higher --rate",
                        owner->bdf, wanted->min_rate, wanted->max_rate);
    }
    return CLI_OK;
}

/* ---- doing it ---- */

static const char *join(uint32_t chosen, char *text, size_t room)
{
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < NUM_PARTS && n < room; i++) {
        if ((chosen & parts[i].part) != 0) {
            n += (size_t)snprintf(text + n, room - n, "%s%s", n == 0 ? "" : ", ", parts[i].option);
        }
    }
    return text;
}

uint32_t vf_request_undo(struct vf_owner *owner, uint16_t vf, const struct vf_policy *before,
                         uint32_t changed)
{
    char why[CLI_WHY_MAX];

    for (size_t i = NUM_PARTS; i-- != 0;) {
        uint32_t part = turn(i, before->vlan == 0)->part;
        if ((changed & before->known & part) != 0 && owner->ops->set(owner, vf, part, before, why) >= 0) {
            changed &= ~part;
        }
    }
    return changed;
}

static int fail_refused(struct vf_owner *owner, uint16_t vf, const struct vf_policy *before, uint32_t changed,
                        const char *why)
{
    char names[96];
    uint32_t stays = vf_request_undo(owner, vf, before, changed);

    if (stays == 0) {
        return cli_fail(owner->cli, "%s; %s", why,
                        changed != 0 ? "what had been changed was put back" : "nothing was changed");
    }
    (void)cli_fail(owner->cli, "%s; already changed, and not to be put back: %s", why,
                   join(stays, names, sizeof(names)));
    return CLI_FAILED;
}

int vf_request_apply(struct vf_owner *owner, uint16_t vf, const struct vf_policy *now,
                     const struct vf_policy *wanted, uint32_t *changed)
{
    char why[CLI_WHY_MAX] = "";

    *changed = 0;
    for (size_t i = 0; i < NUM_PARTS; i++) {
        uint32_t part = turn(i, wanted->vlan != 0)->part;
        if ((wanted->known & part) == 0) {
            continue;
        }
        int rc = owner->ops->set(owner, vf, part, wanted, why);
        if (rc < 0) {
            return fail_refused(owner, vf, now, *changed, why);
        }
        *changed |= rc == 1 ? part : 0;
    }
    return CLI_OK;
}

json_t *vf_request_names(uint32_t chosen)
{
    json_t *array = out_array();

    for (size_t i = 0; i < NUM_PARTS; i++) {
        if ((chosen & parts[i].part) != 0) {
            out_append(array, json_string(parts[i].option));
        }
    }
    return array;
}
