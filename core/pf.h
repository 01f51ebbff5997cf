/* SPDX-License-Identifier: BSD-3-Clause */
/* Class pf among its own files. */
#ifndef SRIC_PF_H
#define SRIC_PF_H

#include "core.h"

struct sric_pf {
    struct sriov_pf pf;      /* first: a driver's pointer is ours */
    struct sriov_pf_ops ops; /* normalised */
    char owner[SRIOV_PF_VFS_MAX][SRIOV_NAME_MAX];
};

static inline struct sric_pf *sric_pf_of(struct sriov_pf *pf)
{
    return (struct sric_pf *)(void *)pf;
}

/* -EINVAL when a required op is missing. */
int sric_pf_take_ops(struct sric_pf *self, const struct sriov_pf_ops *ops);
/* -ENODEV, -EINVAL: not enabled. */
int sric_pf_check_vf(const struct sriov_pf *pf, uint16_t vf);
/* Of the first VF that has one; NULL: none has. */
const char *sric_pf_any_owner(const struct sric_pf *self, uint16_t *vf);
void sric_pf_disown_all(struct sric_pf *self);

#endif
