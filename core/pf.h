/* SPDX-License-Identifier: BSD-3-Clause */
/* Class pf among its own files. */
#ifndef SRIC_PF_H
#define SRIC_PF_H

#include "core.h"

struct sric_pf {
    struct sriov_pf pf;      /* first: a driver's pointer is ours */
    struct sriov_pf_ops ops; /* normalised */
};

static inline struct sric_pf *sric_pf_of(struct sriov_pf *pf)
{
    return (struct sric_pf *)(void *)pf;
}

/* -EINVAL when a required op is missing. */
int sric_pf_take_ops(struct sric_pf *self, const struct sriov_pf_ops *ops);

#endif
