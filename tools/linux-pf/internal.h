/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside the back end for PFs of Linux. */
#ifndef LINUX_PF_INTERNAL_H
#define LINUX_PF_INTERNAL_H

#include "linux_pf.h"

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

/* A list of VFs is one attribute, whose length has 16 bits; the interface's own part comes on top. */
#define LPF_REPLY_MAX   (128u * 1024u)
#define LPF_REQUEST_MAX 512u
#define LPF_TEXT_MAX    128u
#define LPF_PATH_MAX    512u

struct linux_pf {
    struct linux_pf_transport transport;
    uint32_t sequence;
    uint32_t flags; /* IFF_* of the last answer */
    uint32_t ifindex;
    char bdf[SRIOV_NAME_MAX];
    char interface[SRIOV_NAME_MAX];
    char driver[SRIOV_NAME_MAX];
    char sysfs[LPF_PATH_MAX / 2];
    char kernel_says[LPF_TEXT_MAX]; /* extended acknowledgement of the last refusal, or "" */
    _Alignas(struct nlmsghdr) char reply[LPF_REPLY_MAX];
};

/* Where the line goes that says why. */
struct lpf_why {
    char *text;
    size_t room;
};
/* Writes the line, gives err back. */
int lpf_fail(const struct lpf_why *why, int err, const char *fmt, ...) SRIOV_PRINTF(3, 4);

/* ---- sysfs.c ---- */
int lpf_sysfs_open(struct linux_pf *pf, const struct lpf_why *why);
/* A number below the PF's own folder; a negative errno when there is none up to most. */
int64_t lpf_sysfs_number(const struct linux_pf *pf, const char *leaf, int64_t most);
/* Last component of a link below the PF's own folder. */
int lpf_sysfs_link(const struct linux_pf *pf, const char *leaf, char *name, size_t room);

/* ---- talk.c ---- */

/* An answer's own message; a negative errno ends the talk with it. */
typedef int (*lpf_on_message)(void *arg, const struct nlmsghdr *message);
/* Sends a request and reads until it is acknowledged. Returns 0 or what the kernel answered. */
int lpf_talk(struct linux_pf *pf, struct nlmsghdr *request, lpf_on_message on_message, void *arg);
struct nlmsghdr *lpf_request(const struct linux_pf *pf, void *buffer, uint16_t type);

/* ---- reply.c ---- */
struct lpf_vf_reply {
    struct linux_pf *pf;
    struct vf_policy *policy;        /* NULL: the interface alone is asked for */
    struct linux_pf_vf_stats *stats; /* may be NULL */
    uint32_t vf;
    bool seen;
    bool seen_vf;
};
int lpf_on_link(void *arg, const struct nlmsghdr *message);

/* ---- explain.c ---- */

/* The kernel's err on reading the PF, or (part not 0) on setting that part, to a line and our errno. */
int lpf_explain(const struct linux_pf *pf, const struct lpf_why *why, int err);
int lpf_explain_set(const struct linux_pf *pf, uint16_t vf, uint32_t part, const struct vf_policy *wanted,
                    const struct lpf_why *why, int err);

#endif
