/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Class pf: a physical function that serves its VFs. Control thread for all calls; sriov_pf_poll
 * may also be called from the callback of the PF's own interrupt, since it never waits.
 */
#ifndef SRIOV_PF_H
#define SRIOV_PF_H

#include <sriov/net.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_pf;

#define SRIOV_PF_VFS_MAX 64

struct sriov_pf_opts {
    uint32_t size;
    uint32_t flags;
    uint32_t max_api;   /* newest mailbox API to offer, 0xMMmm; 0: the driver's newest */
    uint16_t vf_queues; /* queue pairs to grant each VF; 0: as many as the pool mode allows */
    uint16_t max_frame; /* bytes with header and FCS; 0: 9728 or the device's limit */
};

/* Bring the device up with its link, no VFs. Errors as sriov_net_open; -EOPNOTSUPP no SR-IOV. */
SRIOV_API int sriov_pf_open(struct sriov_fn *fn, const struct sriov_driver *const *drivers,
                            const struct sriov_pf_opts *opts, struct sriov_pf **out);
/* Disables the VFs first; logs an error when the VMM does not let go of them. */
SRIOV_API void sriov_pf_close(struct sriov_pf *pf);
SRIOV_API struct sriov_fn *sriov_pf_fn(struct sriov_pf *pf);

SRIOV_API int sriov_pf_enable_vfs(struct sriov_pf *pf, uint16_t n);
/* Serve mailboxes and VF resets, watch the link. Returns how many requests were served. */
SRIOV_API uint32_t sriov_pf_poll(struct sriov_pf *pf);
/* Administratively down and up again: VFs see the link go and their mailbox fall silent. */
SRIOV_API int sriov_pf_set_up(struct sriov_pf *pf, bool up);
/* Full device reset; VFs and their policy are restored, each VF is told. */
SRIOV_API int sriov_pf_reset(struct sriov_pf *pf);
SRIOV_API int sriov_pf_get_link(struct sriov_pf *pf, struct sriov_link *link);

/* Policy of one VF. Kept over resets. -EINVAL for a VF that is not enabled. */
SRIOV_API int sriov_pf_set_vf_mac(struct sriov_pf *pf, uint16_t vf, const struct sriov_mac *mac);
SRIOV_API int sriov_pf_set_vf_vlan(struct sriov_pf *pf, uint16_t vf, uint16_t vid); /* port VLAN; 0: none */
SRIOV_API int sriov_pf_set_vf_trust(struct sriov_pf *pf, uint16_t vf, bool trusted);
SRIOV_API int sriov_pf_set_vf_spoof_check(struct sriov_pf *pf, uint16_t vf, bool on);

struct sriov_pf_vf_info {
    uint32_t size;
    uint32_t mailbox_api; /* negotiated, 0xMMmm */
    struct sriov_mac mac;
    uint16_t port_vlan;
    bool ready; /* it has reset and been greeted: CTS */
    bool trusted;
    bool spoof_check;
    bool admin_mac; /* the MAC was set by sriov_pf_set_vf_mac */
    uint64_t requests;
    uint64_t refused;
    uint64_t resets;
};
SRIOV_API int sriov_pf_get_vf(struct sriov_pf *pf, uint16_t vf, struct sriov_pf_vf_info *info);
SRIOV_API uint32_t sriov_pf_stats(struct sriov_pf *pf, struct sriov_stat *out, uint32_t room);

#ifdef __cplusplus
}
#endif
#endif
