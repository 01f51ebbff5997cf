/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A PF that Linux owns: how many VFs it has by sysfs, their policy by rtnetlink, whatever driver it
 * has. One thread at a time for one struct linux_pf.
 *
 * why receives one line that names the thing and the remedy when a call fails (room bytes, always
 * terminated). Errors have the meanings of sriov/types.h: -EOPNOTSUPP the driver lacks it, -EPERM
 * no CAP_NET_ADMIN, -EINVAL VF not enabled or value refused, -EAGAIN the PF is down or busy with a
 * reset, -ENODEV the PF is gone, -EPROTO an answer that makes no sense, -ETIMEDOUT none.
 */
#ifndef LINUX_PF_H
#define LINUX_PF_H

#include "vf_policy.h"

struct linux_pf;

/* How netlink messages get to the kernel and back: one datagram a call. */
struct linux_pf_transport {
    void *ctx;
    uint32_t portid; /* the address that answers must carry */
    int (*send)(void *ctx, const void *message, size_t n);
    /* Bytes received, at most room; -ETIMEDOUT after a bounded time. */
    int64_t (*receive)(void *ctx, void *buffer, size_t room);
    void (*close)(void *ctx);
};

/* A socket of this process's network name space. */
int linux_pf_transport_open(struct linux_pf_transport *transport);

struct linux_pf_opts {
    const char *sysfs_root;                     /* NULL: "/sys" */
    const struct linux_pf_transport *transport; /* copied, closed with the PF; NULL: a socket */
};

/*
 * bdf: DDDD:BB:DD.F. Asks the kernel for nothing but the PF's own state. Also: -ENOENT no such
 * function, -EOPNOTSUPP no PF, or one that no network driver of this host has. A transport that
 * was handed in is closed on failure too.
 */
int linux_pf_open(const char *bdf, const struct linux_pf_opts *opts, struct linux_pf **out, char *why,
                  size_t room);
void linux_pf_close(struct linux_pf *pf);
/* Name of the network interface, and of the driver; both live as long as pf. */
const char *linux_pf_interface(const struct linux_pf *pf);
const char *linux_pf_driver(const struct linux_pf *pf);
/* VFs that are enabled now. */
int linux_pf_num_vfs(const struct linux_pf *pf, char *why, size_t room);
/* The VF's own BDF into bdf (SRIOV_NAME_MAX bytes); -EINVAL when it is not there. */
int linux_pf_vf_bdf(const struct linux_pf *pf, uint16_t vf, char *bdf);

/* Counted by the PF's driver; a driver that counts nothing leaves all of them 0. */
struct linux_pf_vf_stats {
    bool present; /* the kernel told some */
    uint64_t rx_packets;
    uint64_t tx_packets;
    uint64_t rx_bytes;
    uint64_t tx_bytes;
    uint64_t broadcast;
    uint64_t multicast;
    uint64_t rx_dropped;
    uint64_t tx_dropped;
};

/* stats may be NULL. */
int linux_pf_get_vf(struct linux_pf *pf, uint16_t vf, struct vf_policy *policy,
                    struct linux_pf_vf_stats *stats, char *why, size_t room);
/*
 * Set one part of a VF's policy to what *wanted says. 1: changed; 0: it was so already, and nothing
 * was sent. A refusal leaves what was there.
 */
int linux_pf_set_vf(struct linux_pf *pf, uint16_t vf, uint32_t part, const struct vf_policy *wanted,
                    char *why, size_t room);

#endif
