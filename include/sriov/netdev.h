/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network interfaces of the Linux that we run under, as functions with a driver: whatever NIC the kernel
 * drives already (virtio_net, xen-netfront, veth, ...) is a net device of this library, the standby of a
 * guest whose VF goes away, say.
 *
 * The shim's functions are the interfaces of the network namespace that the calling thread is in when it
 * enumerates or opens; their names are the interfaces'. There is no BAR; config space is made up, memory for
 * a device is plain memory and its IOVA the address. sriov_fn_fd gives the packet socket. Vector 0 says that
 * frames are there, vector 1 that the interface changed (link, address). An interface that goes away, or to
 * another namespace, is a function removed. One thread for each sriov_vmm, but for sriov_fn_kill.
 *
 * The driver takes frames from the socket's ring in memory that the kernel shares with it and gives them
 * by one system call a burst. What the kernel's own stack sends is not received; a tag that the kernel took
 * out is in vlan_tci; a checksum that the sender left to its hardware is filled in. As a VF does, it drops
 * frames for others' addresses and VLANs that were not asked for, and sets the interface up while it is
 * started. The interface's MTU and MAC are what sriov_net_configure and sriov_net_set_mac say, and stay so.
 * Frames longer than the MTU, which the kernel has merged or not cut yet (GRO, TSO), are dropped and counted
 * as rx_too_long: turn these offloads off on the interface, or on its peer where that is a veth.
 */
#ifndef SRIOV_NETDEV_H
#define SRIOV_NETDEV_H

#include <sriov/vmm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sriov_driver;

/* What config space says: a vendor that PCI does not have. */
#define SRIOV_NETDEV_VENDOR 0x4e44u
#define SRIOV_NETDEV_DEVICE 0x0001u

struct sriov_netdev_opts {
    uint32_t size;
    uint32_t flags; /* SRIOV_NETDEV_* */
};
/*
 * While a function is open the kernel's own stack lets its interface alone: it answers no ARP and speaks no
 * IPv6 there, both put back by close. One with an IPv4 address is in use: open says -EBUSY.
 */
#define SRIOV_NETDEV_TAKE 1u

/* opts may be NULL. Errors: -EINVAL, -E2BIG, -ENOMEM, -ENOSPC (descriptors). */
SRIOV_API int sriov_netdev_create(const struct sriov_netdev_opts *opts, struct sriov_vmm **out);
/* -EBUSY while a function is open. NULL is nothing. */
SRIOV_API int sriov_netdev_destroy(struct sriov_vmm *vmm);

/* Class net. One queue pair; drives any function whose sriov_fn_fd is a SRIOV_FN_FD_NETDEV. */
extern SRIOV_API const struct sriov_driver sriov_netdev_driver;
/* It alone, and NULL: for sriov_net_open. */
extern SRIOV_API const struct sriov_driver *const sriov_netdev_drivers[];

#ifdef __cplusplus
}
#endif
#endif
