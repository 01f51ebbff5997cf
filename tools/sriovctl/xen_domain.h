/* SPDX-License-Identifier: BSD-3-Clause */
/* The domains of this Xen, as xl tells of them. */
#ifndef SRIOVCTL_XEN_DOMAIN_H
#define SRIOVCTL_XEN_DOMAIN_H

#include "xen.h"

#include <sriov/xen.h>

struct xen_domain {
    uint32_t id;
    char name[SRIOV_NAME_MAX];
    char type[16]; /* pv, pvh, hvm */
    bool passthrough;
};

struct sriov_xen_opts xen_opts(const struct cli *cli);

/* What xl list -l says: an array, the caller's to give back; NULL with the line printed. */
json_t *xen_domains(struct cli *cli, uint64_t timeout_ns);
/* A word that is its name or number; CLI_OK, or the line is printed. */
int xen_domain_find(struct cli *cli, const json_t *domains, const char *word, struct xen_domain *domain);
/* Which running domain has the function? */
bool xen_domain_with(const json_t *domains, const char *bdf, struct xen_domain *domain);
json_t *xen_domain_describe(const struct xen_domain *domain);

#endif
