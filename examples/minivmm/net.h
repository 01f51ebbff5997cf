/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network of the guests: a simulated 82599 whose PF the host drives, its VFs on the device's own
 * switch, and a host on the wire that answers. What an administrator decides of VFs is decided here.
 */
#ifndef MINIVMM_NET_H
#define MINIVMM_NET_H

#include <sriov/mock.h>
#include <sriov/pf.h>

#include "echo.h"

#define NET_VFS_MAX 16u
#define NET_VLAN    100u                /* of every VF; on the wire all frames bear its tag */
#define NET_IP(i)   (0xc0000201u + (i)) /* 192.0.2.1 and on (RFC 5737): guest i, from 0 */
#define NET_WIRE_IP 0xc0000264u         /* 192.0.2.100 */
#define NET_MAC(i)                                                                                           \
    {                                                                                                        \
        {                                                                                                    \
            0x02, 0x53, 0x52, 0, 0, (uint8_t)(i)                                                             \
        }                                                                                                    \
    }

struct net_frames; /* that left by the wire and were not answered yet */

struct net {
    struct sriov_mock *mock;
    struct sriov_fn *pf_fn;
    struct sriov_pf *pf;
    char pf_name[SRIOV_NAME_MAX];
    struct echo_session *wire;
    struct net_frames *frames;
    uint64_t wire_frames;
    uint64_t wire_alien; /* frames on the wire without the tag that the policy gives them */
    uint64_t clock_ns;   /* the machine's, as far as virtual time followed it */
};

/* PF up, `vfs` VFs with their MAC, port VLAN and spoof check. Negative errno, *step says what failed. */
int net_create(struct net *net, uint16_t vfs, const char *pcap, const char **step);
/* Opens VF i, so that it can be given to a guest. */
int net_open_vf(struct net *net, uint32_t i, struct sriov_fn **fn);
/* Virtual time goes on to now_ns; the PF driver serves its mailboxes; the host on the wire answers. */
void net_turn(struct net *net, uint64_t now_ns);
/* A frame from the wire to VF i, tagged as its policy demands. payload: behind the Ethernet header. */
int net_send(struct net *net, uint32_t i, uint16_t type, const void *payload, size_t len);
/* Everything goes; returns what was leaked or broken, as the strict mock counts it. */
uint64_t net_destroy(struct net *net);

#endif
