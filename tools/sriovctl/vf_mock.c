/* SPDX-License-Identifier: BSD-3-Clause */
/* VFs of the simulated PF, by this library's own PF driver. */
#include "vf_owner.h"
#include "world.h"

#include <sriov/driver.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static json_t *mailbox(const struct sriov_pf_vf_info *info)
{
    json_t *object = out_object();
    char api[16];

    (void)snprintf(api, sizeof(api), "%u.%u", info->mailbox_api >> 8, info->mailbox_api & 0xff);
    out_flag(object, "ready", info->ready);
    out_text(object, "mailbox_api", info->mailbox_api != 0 ? api : NULL);
    out_number(object, "requests", info->requests);
    out_number(object, "refused", info->refused);
    out_number(object, "resets", info->resets);
    return object;
}

static int refused(struct vf_owner *owner, uint16_t vf, const char *what, int err, char *why)
{
    (void)snprintf(why, CLI_WHY_MAX, "%s: driver %s refuses that %s for VF %u: %s", owner->bdf, owner->driver,
                   what, vf, strerror(-err));
    return err;
}

/* An address that the VF chose is not the host's: it does not count as set. */
static int get(struct vf_owner *owner, uint16_t vf, struct vf_policy *policy, json_t **statistics, char *why)
{
    struct sriov_pf_vf_info info = {.size = sizeof(info)};
    int rc = sriov_pf_get_vf(world_pf(owner->cli->world), vf, &info);

    if (rc != 0) {
        return refused(owner, vf, "question", rc, why);
    }
    *policy = (struct vf_policy){.known = VF_POLICY_VLAN | VF_POLICY_TRUST | VF_POLICY_SPOOF_CHECK,
                                 .mac = info.mac,
                                 .vlan = info.port_vlan,
                                 .vlan_protocol = VF_POLICY_8021Q,
                                 .trusted = info.trusted,
                                 .spoof_check = info.spoof_check};
    policy->known |= info.admin_mac ? VF_POLICY_MAC : 0;
    if (statistics != NULL) {
        *statistics = mailbox(&info);
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
    case VF_POLICY_TRUST:
        return sriov_pf_set_vf_trust(pf, vf, wanted->trusted);
    case VF_POLICY_SPOOF_CHECK:
        return sriov_pf_set_vf_spoof_check(pf, vf, wanted->spoof_check);
    default:
        return -EOPNOTSUPP;
    }
}

static int set(struct vf_owner *owner, uint16_t vf, uint32_t part, const struct vf_policy *wanted, char *why)
{
    struct vf_policy now;
    int rc = get(owner, vf, &now, NULL, why);

    if (rc != 0 || vf_policy_same(&now, wanted, part)) {
        return rc;
    }
    rc = change(world_pf(owner->cli->world), vf, part, wanted);
    return rc == 0 ? 1 : refused(owner, vf, vf_policy_part_name(part), rc, why);
}

static int vf_bdf(struct vf_owner *owner, uint16_t vf, char *bdf)
{
    return sriov_mock_vf_name(world_mock(owner->cli->world), owner->bdf, vf, bdf);
}

static const struct vf_owner_ops ops = {
    .parts = VF_POLICY_MAC | VF_POLICY_VLAN | VF_POLICY_TRUST | VF_POLICY_SPOOF_CHECK,
    .get = get,
    .set = set,
    .vf_bdf = vf_bdf,
};

int vf_owner_open_mock(struct vf_owner *owner)
{
    struct sriov_fn_info info = {.size = sizeof(info)};
    struct cli *cli = owner->cli;

    if (cli_open_vmm(cli) != CLI_OK) {
        return CLI_USAGE;
    }
    if (strcmp(owner->bdf, world_pf_name(cli->world)) != 0) {
        return cli_fail(cli, "%s is not the simulated PF; that is %s", owner->bdf, world_pf_name(cli->world));
    }
    if (!cli_find(cli, owner->bdf, &info)) {
        return cli_fail_open(cli, owner->bdf, -ENOENT);
    }
    owner->ops = &ops;
    owner->num_vfs = info.num_vfs;
    owner->driver = world_pf(cli->world)->driver->name;
    return CLI_OK;
}
