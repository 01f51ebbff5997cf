/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel's rtnetlink and sysfs with one PF, as far as VFs' policy goes; its answers can be bent. */
#ifndef FAKE_RTNL_H
#define FAKE_RTNL_H

#include "linux_pf.h"

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#define FAKE_VFS      3u
#define FAKE_BDF      "0000:03:00.0"
#define FAKE_NAME     "eth7"
#define FAKE_IFINDEX  7
#define FAKE_PORTID   4711u
#define FAKE_DATAGRAM 8192u
#define FAKE_QUEUE    32u

struct fake_vf {
    uint8_t mac[6];
    struct ifla_vf_vlan_info vlan;
    uint32_t trust;
    uint32_t spoof;
    uint32_t link;
    uint32_t min_rate;
    uint32_t max_rate;
};

struct fake_rtnl {
    struct linux_pf_transport transport;
    struct fake_vf vfs[FAKE_VFS];
    const char *name;   /* what IFLA_IFNAME says */
    const char *parent; /* what IFLA_PARENT_DEV_NAME says */
    uint32_t flags;     /* IFF_* */
    bool no_stats;
    uint32_t gets;
    uint32_t sets;
    uint32_t closed;
    /* Requests that set this attribute of a VF, or (0) all that set, get this error. */
    int refuse;
    uint16_t refuse_attribute;
    const char *reason;   /* NULL: none */
    bool repeats_request; /* the error repeats the request before the reason */
    /* Changes the answer to the next request; may be NULL. The acknowledgement comes behind it. */
    void (*bend)(struct fake_rtnl *fake, struct nlmsghdr *answer, size_t *length);
    size_t bend_at;
    uint32_t bend_to;
    bool no_ack;
    _Alignas(8) char queue[FAKE_QUEUE][FAKE_DATAGRAM];
    size_t length[FAKE_QUEUE];
    uint32_t head;
    uint32_t tail;
    char root[64]; /* a folder for sysfs */
};

void fake_rtnl_open(struct fake_rtnl *fake);
void fake_rtnl_close(struct fake_rtnl *fake);
/* Files and links below the PF's folder of the sysfs. */
void fake_sysfs_write(const struct fake_rtnl *fake, const char *leaf, const char *text);
void fake_sysfs_remove(const struct fake_rtnl *fake, const char *leaf);
/* Puts a datagram in front of those that wait. */
void fake_rtnl_push(struct fake_rtnl *fake, const void *data, size_t n);

#endif
