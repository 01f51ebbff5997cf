/* SPDX-License-Identifier: BSD-3-Clause */
#include "assign.h"

int assign_policy_set(struct assign_policy *policy, struct cli *cli, const struct sriov_fn_info *info,
                      const struct vf_values *values)
{
    char why[CLI_WHY_MAX] = "";
    struct vf_policy wanted;

    policy->vf = info->vf_index;
    if (!vf_any_given(values)) {
        return CLI_OK;
    }
    if (info->pf_name[0] == '\0') {
        return cli_fail(cli, "%s: its PF is not to be seen here; leave the policy's options out", info->name);
    }
    if (!vf_request_read(cli, values, &wanted) ||
        vf_owner_open(&policy->owner, cli, info->pf_name) != CLI_OK) {
        return CLI_USAGE;
    }
    if (policy->owner.ops->get(&policy->owner, policy->vf, &policy->before, NULL, why) != 0) {
        return cli_fail(cli, "%s", why);
    }
    int status = vf_request_check(&policy->owner, values, &policy->before, &wanted);
    return status != CLI_OK
               ? status
               : vf_request_apply(&policy->owner, policy->vf, &policy->before, &wanted, &policy->changed);
}

bool assign_policy_undo(struct assign_policy *policy)
{
    return policy->changed == 0 ||
           vf_request_undo(&policy->owner, policy->vf, &policy->before, policy->changed) == 0;
}

void assign_policy_close(struct assign_policy *policy)
{
    vf_owner_close(&policy->owner);
}
