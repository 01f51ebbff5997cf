/* SPDX-License-Identifier: BSD-3-Clause */
/* VFs of the simulated PF, by this library's own PF driver. */
#include "vf_owner.h"
#include "world.h"

#include <sriov/driver.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COUNTERS_MAX 16u
#define LINK_STEP_NS UINT64_C(1000000)
#define LINK_STEPS   3000u

/* What the device counts, as its driver names it. */
static void put_counters(json_t *object, struct sriov_pf *pf, uint16_t vf)
{
    struct sriov_stat stats[COUNTERS_MAX];
    uint32_t n = sriov_pf_vf_stats(pf, vf, stats, COUNTERS_MAX);

    for (uint32_t i = 0; i < n && i < COUNTERS_MAX; i++) {
        out_number(object, stats[i].name, stats[i].value);
    }
}

static json_t *statistics_of(struct sriov_pf *pf, uint16_t vf, const struct sriov_pf_vf_info *info)
{
    json_t *object = out_object();
    char api[16];

    put_counters(object, pf, vf);
    (void)snprintf(api, sizeof(api), "%u.%u", info->mailbox_api >> 8, info->mailbox_api & 0xff);
    out_flag(object, "ready", info->ready);
    out_text(object, "mailbox_api", info->mailbox_api != 0 ? api : NULL);
    out_number(object, "requests", info->requests);
    out_number(object, "refused", info->refused);
    out_number(object, "resets", info->resets);
    out_number(object, "dropped", info->dropped);
    out_text(object, "contained", info->shut ? "shut down" : info->limited ? "limited" : "no");
    out_text(object, "reason",
             info->reason != SRIOV_PF_REASON_NONE ? sriov_pf_reason_name((enum sriov_pf_reason)info->reason)
                                                  : NULL);
    out_text(object, "owner", info->owner[0] != '\0' ? info->owner : NULL);
    return object;
}

/* ---- why not ---- */

static const char *why_no_rate(struct sriov_pf *pf, int err, uint32_t rate, char *text, size_t room)
{
    struct sriov_link link = {0};

    (void)sriov_pf_get_link(pf, &link);
    if (err == -EAGAIN) {
        return "the port has no link, whose speed rates are parts of: wait for it";
    }
    if (rate > link.mbps) {
        (void)snprintf(text, room, "%u is above the link's %u Mbit/s: give less", rate, link.mbps);
    } else {
        (void)snprintf(text, room, "%u is less than the device can hold a VF to: give more", rate);
    }
    return text;
}

static const char *reason_of(struct sriov_pf *pf, int err, uint32_t part, const struct vf_policy *wanted,
                             char *text, size_t room)
{
    if (part == VF_POLICY_RATE && (err == -EAGAIN || err == -ERANGE)) {
        return why_no_rate(pf, err, wanted->max_rate, text, room);
    }
    if (part == VF_POLICY_LINK && err == -EOPNOTSUPP) {
        return "a VF shows its port's link, and sends nothing without it: give auto or off";
    }
    if (part == VF_POLICY_TRUNK && err == -EBUSY) {
        return "it has a port VLAN: give --vlan 0 too";
    }
    if (part == VF_POLICY_VLAN && err == -EBUSY) {
        return "it has a trunk: give --trunk any too";
    }
    return strerror(-err);
}

static int refused(struct vf_owner *owner, uint16_t vf, const char *what, int err, const char *reason,
                   char *why)
{
    (void)snprintf(why, CLI_WHY_MAX, "%s: driver %s refuses that %s for VF %u: %s", owner->bdf, owner->driver,
                   what, vf, reason);
    return err;
}

/* ---- the owner ---- */

/* An address that the VF chose is not the host's: it does not count as set. */
static int get(struct vf_owner *owner, uint16_t vf, struct vf_policy *policy, json_t **statistics, char *why)
{
    struct sriov_pf *pf = world_pf(owner->cli->world);
    struct sriov_pf_vf_info info = {.size = sizeof(info)};
    int rc = sriov_pf_get_vf(pf, vf, &info);

    if (rc != 0) {
        return refused(owner, vf, "question", rc, strerror(-rc), why);
    }
    *policy = (struct vf_policy){.known = VF_OWNER_OUR_PARTS & ~VF_POLICY_MAC,
                                 .mac = info.mac,
                                 .vlan = info.port_vlan,
                                 .vlan_protocol = VF_POLICY_8021Q,
                                 .trusted = info.trusted,
                                 .spoof_check = info.spoof_check,
                                 .link = info.link,
                                 .max_rate = info.max_mbps,
                                 .rx_mode = (enum sriov_rx_mode)info.rx_mode};
    rc = sriov_pf_get_vf_trunk(pf, vf, policy->trunk, VF_POLICY_TRUNK_MAX);
    policy->num_trunk = rc > 0 ? (uint16_t)rc : 0;
    policy->known |= info.admin_mac ? VF_POLICY_MAC : 0;
    if (statistics != NULL) {
        *statistics = statistics_of(pf, vf, &info);
    }
    return 0;
}

static int change(struct sriov_pf *pf, uint16_t vf, uint32_t part, const struct vf_policy *wanted)
{
    switch (part) {
    case VF_POLICY_MAC:
        return sriov_pf_set_vf_mac(pf, vf, &wanted->mac);
    case VF_POLICY_VLAN:
        return sriov_pf_set_vf_vlan(pf, vf, wanted->vlan);
    case VF_POLICY_TRUNK:
        return sriov_pf_set_vf_trunk(pf, vf, wanted->trunk, wanted->num_trunk);
    case VF_POLICY_TRUST:
        return sriov_pf_set_vf_trust(pf, vf, wanted->trusted);
    case VF_POLICY_SPOOF_CHECK:
        return sriov_pf_set_vf_spoof_check(pf, vf, wanted->spoof_check);
    case VF_POLICY_LINK:
        return sriov_pf_set_vf_link(pf, vf, (enum sriov_pf_vf_link)wanted->link);
    case VF_POLICY_RATE:
        return sriov_pf_set_vf_rate(pf, vf, wanted->max_rate);
    case VF_POLICY_RX_MODE:
        return sriov_pf_set_vf_rx_mode(pf, vf, wanted->rx_mode);
    default:
        return -EOPNOTSUPP;
    }
}

static int set(struct vf_owner *owner, uint16_t vf, uint32_t part, const struct vf_policy *wanted, char *why)
{
    struct sriov_pf *pf = world_pf(owner->cli->world);
    struct vf_policy now;
    char text[96];
    int rc = get(owner, vf, &now, NULL, why);

    if (rc != 0 || vf_policy_same(&now, wanted, part)) {
        return rc;
    }
    rc = change(pf, vf, part, wanted);
    if (rc == 0) {
        return 1;
    }
    return refused(owner, vf, vf_policy_part_name(part), rc,
                   reason_of(pf, rc, part, wanted, text, sizeof(text)), why);
}

static int vf_bdf(struct vf_owner *owner, uint16_t vf, char *bdf)
{
    return sriov_mock_vf_name(world_mock(owner->cli->world), owner->bdf, vf, bdf);
}

static const struct vf_owner_ops ops = {
    .parts = VF_OWNER_OUR_PARTS,
    .get = get,
    .set = set,
    .vf_bdf = vf_bdf,
};

/* Simulated ports train too. One that is down stays so, which is told where it matters. */
static void await_link(struct world *world)
{
    struct sriov_link link = {0};

    for (uint32_t t = 0; t < LINK_STEPS && !link.up; t++) {
        sriov_mock_advance(world_mock(world), LINK_STEP_NS);
        (void)sriov_pf_get_link(world_pf(world), &link);
    }
}

int vf_owner_open_world(struct vf_owner *owner, struct cli *cli)
{
    struct sriov_fn_info info = {.size = sizeof(info)};
    const char *pf = world_pf_name(cli->world);

    *owner = (struct vf_owner){.cli = cli};
    memcpy(owner->bdf, pf, strlen(pf) + 1);
    if (!cli_find(cli, owner->bdf, &info)) {
        return cli_fail_open(cli, owner->bdf, -ENOENT);
    }
    await_link(cli->world);
    owner->ops = &ops;
    owner->num_vfs = info.num_vfs;
    owner->driver = world_pf(cli->world)->driver->name;
    return CLI_OK;
}

int vf_owner_open_mock(struct vf_owner *owner)
{
    struct cli *cli = owner->cli;

    if (cli_open_vmm(cli) != CLI_OK) {
        return CLI_USAGE;
    }
    if (strcmp(owner->bdf, world_pf_name(cli->world)) != 0) {
        return cli_fail(cli, "%s is not the simulated PF; that is %s", owner->bdf, world_pf_name(cli->world));
    }
    return vf_owner_open_world(owner, cli);
}
