/* SPDX-License-Identifier: BSD-3-Clause */
/* What the options of vf set ask for, and doing it: all of it, or nothing where that is possible. */
#ifndef SRIOVCTL_VF_REQUEST_H
#define SRIOVCTL_VF_REQUEST_H

#include "vf_owner.h"

/* Values of the options; NULL or VF_NOT_GIVEN for those left out. */
struct vf_values {
    const char *mac;
    const char *vlan;
    const char *trust;
    const char *spoof_check;
    const char *link;
    const char *trunk;
    const char *rx_mode;
    uint64_t rate;
    uint64_t min_rate;
};
#define VF_NOT_GIVEN UINT64_MAX

/* The options that fill struct vf_values, for every command that takes them; their start; is there any? */
extern const struct option_spec vf_options[];
void vf_defaults(void *values);
bool vf_any_given(const struct vf_values *values);

/*
 * The options to a policy; policy->known says which parts. The rate that is not given is taken from
 * *now when the request is carried out. False: the line is printed.
 */
bool vf_request_read(struct cli *cli, const struct vf_values *values, struct vf_policy *wanted);
/* Everything that can be known before the first change. CLI_OK, or CLI_USAGE with the line printed. */
int vf_request_check(const struct vf_owner *owner, const struct vf_values *values,
                     const struct vf_policy *now, struct vf_policy *wanted);
/*
 * Sets each part. *changed: those that were not so already. When one is refused, the earlier ones
 * are put back; the line says what could not be: then it returns CLI_FAILED, else CLI_USAGE.
 */
int vf_request_apply(struct vf_owner *owner, uint16_t vf, const struct vf_policy *now,
                     const struct vf_policy *wanted, uint32_t *changed);
/* Puts the changed parts back to *before. Returns those that stay changed. */
uint32_t vf_request_undo(struct vf_owner *owner, uint16_t vf, const struct vf_policy *before,
                         uint32_t changed);
/* Names of parts, as the options call them, into a JSON array. */
json_t *vf_request_names(uint32_t parts);

#endif
