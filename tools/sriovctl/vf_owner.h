/* SPDX-License-Identifier: BSD-3-Clause */
/* Whoever owns a PF and so decides about its VFs: Linux, or this library's PF driver on the mock. */
#ifndef SRIOVCTL_VF_OWNER_H
#define SRIOVCTL_VF_OWNER_H

#include "cli.h"
#include "vf_policy.h"

struct linux_pf;
struct vf_serve;
struct vf_owner;

/* why has CLI_WHY_MAX bytes, and receives one line when a call fails. */
struct vf_owner_ops {
    uint32_t parts; /* VF_POLICY_* that can be asked of it; it may still refuse one */
    bool qos;       /* a port VLAN may have a priority */
    bool min_rate;
    /* Why it cannot be asked for that part; may be NULL, or say NULL: its driver has no such thing. */
    const char *(*lacks)(uint32_t part);
    /* *statistics: a JSON value, given away; untouched when statistics is NULL. */
    int (*get)(struct vf_owner *owner, uint16_t vf, struct vf_policy *policy, json_t **statistics, char *why);
    /* 1: changed, 0: it was so already, else refused. */
    int (*set)(struct vf_owner *owner, uint16_t vf, uint32_t part, const struct vf_policy *wanted, char *why);
    /* The VF's own BDF, or a negative errno. */
    int (*vf_bdf)(struct vf_owner *owner, uint16_t vf, char *bdf);
    void (*close)(struct vf_owner *owner);
};

struct vf_owner {
    const struct vf_owner_ops *ops;
    struct cli *cli;
    struct linux_pf *linux_pf;
    struct vf_serve *served; /* a connection to sriovctl serve */
    const char *driver;
    const char *interface; /* NULL: there is none */
    uint16_t num_vfs;
    char bdf[SRIOV_NAME_MAX];
};

/* CLI_OK, or CLI_USAGE with the line printed. bdf: the PF's. */
int vf_owner_open(struct vf_owner *owner, struct cli *cli, const char *bdf);
void vf_owner_close(struct vf_owner *owner);

/* The owners; each fills owner and opens it. */
int vf_owner_open_linux(struct vf_owner *owner);
int vf_owner_open_mock(struct vf_owner *owner);
/* The PF of cli's world, which there is already. */
int vf_owner_open_world(struct vf_owner *owner, struct cli *cli);
/* The PF of the sriovctl serve that runs in dir. */
int vf_owner_open_served(struct vf_owner *owner, struct cli *cli, const char *dir);
/* What this library's PF drivers can be asked for. */
#define VF_OWNER_OUR_PARTS                                                                                   \
    (VF_POLICY_MAC | VF_POLICY_VLAN | VF_POLICY_TRUNK | VF_POLICY_TRUST | VF_POLICY_SPOOF_CHECK |            \
     VF_POLICY_LINK | VF_POLICY_RATE | VF_POLICY_RX_MODE)

#endif
