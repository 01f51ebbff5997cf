/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket of a running sriovctl serve, from outside. */
#ifndef SRIOVCTL_VF_SERVE_H
#define SRIOVCTL_VF_SERVE_H

#include "vf_owner.h"

/*
 * Asks ("get", ...) about VF vf (-1: none) with that policy (given away; NULL: none). The answer, or NULL
 * with the reason in why (CLI_WHY_MAX bytes) and a negative errno in *err.
 */
json_t *vf_serve_ask(struct vf_owner *owner, const char *ask, int vf, json_t *policy, char *why, int *err);

#endif
