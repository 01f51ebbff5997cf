/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF's policy as a JSON object, in the words that users see, and back. */
#ifndef SRIOVCTL_VF_JSON_H
#define SRIOVCTL_VF_JSON_H

#include "out.h"
#include "vf_policy.h"

/* Names of enum sriov_rx_mode; NULL-ended. */
extern const char *const vf_json_modes[];

/* Adds the policy's members; what nobody tells is null. The address is always there. */
void vf_json_put(json_t *object, const struct vf_policy *policy);
/*
 * The members that are there and not null, into *policy; its `known` says which. An address counts as
 * known. False: a member is not what it should be.
 */
bool vf_json_get(const json_t *object, struct vf_policy *policy);

#endif
