/* SPDX-License-Identifier: BSD-3-Clause */
#include "veth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 8192

static int talk_on(struct mnl_socket *nl, struct nlmsghdr *request)
{
    char in[ROOM];
    ssize_t n;

    if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
        mnl_socket_sendto(nl, request, request->nlmsg_len) < 0) {
        return -errno;
    }
    n = mnl_socket_recvfrom(nl, in, sizeof(in));
    if (n > 0) {
        n = mnl_cb_run(in, (size_t)n, request->nlmsg_seq, mnl_socket_get_portid(nl), NULL, NULL);
    }
    return n < 0 ? -errno : 0;
}

static int talk(struct nlmsghdr *request)
{
    struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
    if (nl == NULL) {
        return -errno;
    }
    int err = talk_on(nl, request);
    mnl_socket_close(nl);
    return err;
}

static struct nlmsghdr *link_request(void *room, uint16_t type, uint16_t flags)
{
    struct nlmsghdr *msg = mnl_nlmsg_put_header(room);
    msg->nlmsg_type = type;
    msg->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    msg->nlmsg_seq = 1;
    (void)mnl_nlmsg_put_extra_header(msg, sizeof(struct ifinfomsg));
    return msg;
}

int veth_add(void)
{
    char room[ROOM];
    struct nlmsghdr *msg = link_request(room, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    mnl_attr_put_strz(msg, IFLA_IFNAME, VETH_A);
    struct nlattr *info = mnl_attr_nest_start(msg, IFLA_LINKINFO);
    mnl_attr_put_strz(msg, IFLA_INFO_KIND, "veth");
    struct nlattr *data = mnl_attr_nest_start(msg, IFLA_INFO_DATA);
    struct nlattr *peer = mnl_attr_nest_start(msg, VETH_INFO_PEER);
    (void)mnl_nlmsg_put_extra_header(msg, sizeof(struct ifinfomsg));
    mnl_attr_put_strz(msg, IFLA_IFNAME, VETH_B);
    mnl_attr_nest_end(msg, peer);
    mnl_attr_nest_end(msg, data);
    mnl_attr_nest_end(msg, info);
    return talk(msg);
}

int veth_del(void)
{
    char room[ROOM];
    struct nlmsghdr *msg = link_request(room, RTM_DELLINK, 0);
    mnl_attr_put_strz(msg, IFLA_IFNAME, VETH_A);
    return talk(msg);
}

static int with_request(const char *name, int (*what)(int sock, struct ifreq *req, unsigned value),
                        unsigned value)
{
    struct ifreq req = {0};
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sock < 0) {
        return -errno;
    }
    (void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
    int err = what(sock, &req, value) == 0 ? 0 : -errno;
    close(sock);
    return err;
}

static int set_up(int sock, struct ifreq *req, unsigned up)
{
    if (ioctl(sock, SIOCGIFFLAGS, req) != 0) {
        return -1;
    }
    req->ifr_flags = (short)(up != 0 ? req->ifr_flags | IFF_UP : req->ifr_flags & ~IFF_UP);
    return ioctl(sock, SIOCSIFFLAGS, req);
}

int veth_up(const char *name, bool up)
{
    return with_request(name, set_up, up ? 1 : 0);
}

static int set_address(int sock, struct ifreq *req, unsigned address)
{
    const struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(address)}};
    memcpy(&req->ifr_addr, &at, sizeof(at));
    return ioctl(sock, SIOCSIFADDR, req);
}

int veth_address(const char *name, unsigned address)
{
    return with_request(name, set_address, address);
}

/* Where there is no IPv6 there is nothing to switch off. */
static void quieten(void)
{
    int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (write(fd, "1", 1) != 1) {
            perror("disable_ipv6");
        }
        close(fd);
    }
}

int veth_enter(const char **step)
{
    *step = "a network namespace of one's own";
    if (unshare(CLONE_NEWNET) != 0) {
        return -errno;
    }
    quieten();
    *step = "a pair of veth interfaces";
    return veth_add();
}
