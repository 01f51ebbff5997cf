/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl assign and release: a VF into a machine, and out of it. One file a VMM. */
#ifndef SRIOVCTL_ASSIGN_H
#define SRIOVCTL_ASSIGN_H

#include "vf_request.h"

struct assign_values {
    struct vf_values policy; /* first: its options are those of vf set */
    const char *qmp;
    const char *id;
    const char *bus;
    const char *mock_guest;
    const char *domain;
    uint64_t timeout_ns;
    bool unbind;
    bool force;
};

/* Status of the command, its report or its line printed. bdf: checked, may not be there. */
int assign_qmp(struct cli *cli, const char *bdf, const struct assign_values *values);
int release_qmp(struct cli *cli, const char *bdf, const struct assign_values *values);
int assign_mock(struct cli *cli, const char *bdf, const struct assign_values *values);
int release_mock(struct cli *cli, const char *bdf, const struct assign_values *values);

/* *info of a function that is there and is a VF; else CLI_USAGE with the line printed. */
int assign_look_up(struct cli *cli, const char *bdf, struct sriov_fn_info *info);

/* The policy that comes with the assignment. */
struct assign_policy {
    struct vf_owner owner; /* open where its ops are set */
    struct vf_policy before;
    uint32_t changed; /* VF_POLICY_* */
    uint16_t vf;
};

/* Sets what the options give, if any: all of it or nothing. CLI_OK, or a status with the line printed. */
int assign_policy_set(struct assign_policy *policy, struct cli *cli, const struct sriov_fn_info *info,
                      const struct vf_values *values);
/* True: it is as it was. */
bool assign_policy_undo(struct assign_policy *policy);
void assign_policy_close(struct assign_policy *policy);

#endif
