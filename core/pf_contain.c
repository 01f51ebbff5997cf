/* SPDX-License-Identifier: BSD-3-Clause */
/* Containment of VFs: the driver watches and acts; here is the door. */
#include "pf.h"

int sriov_pf_set_event_sink(struct sriov_pf *pf, void (*cb)(void *arg, const struct sriov_pf_event *event),
                            void *arg)
{
    return sriov_fn_gone(pf->fn) ? -ENODEV : sric_pf_of(pf)->ops.set_event_sink(pf, cb, arg);
}

const char *sriov_pf_reason_name(enum sriov_pf_reason reason)
{
    static const char *const names[] = {
        [SRIOV_PF_REASON_NONE] = "none",
        [SRIOV_PF_REASON_MAILBOX_FLOOD] = "mailbox flood",
        [SRIOV_PF_REASON_BAD_REQUESTS] = "bad requests",
        [SRIOV_PF_REASON_SPOOF] = "spoofed frames",
        [SRIOV_PF_REASON_BAD_DESC] = "malformed descriptors",
        [SRIOV_PF_REASON_RESET_STORM] = "reset storm",
        [SRIOV_PF_REASON_HOST] = "host",
    };

    return (uint32_t)reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown";
}

int sriov_pf_shut_vf(struct sriov_pf *pf, uint16_t vf)
{
    int rc = sric_pf_check_vf(pf, vf);

    return rc != 0 ? rc : sric_pf_of(pf)->ops.shut_vf(pf, vf);
}

int sriov_pf_readmit_vf(struct sriov_pf *pf, uint16_t vf)
{
    int rc = sric_pf_check_vf(pf, vf);

    return rc != 0 ? rc : sric_pf_of(pf)->ops.readmit_vf(pf, vf);
}
