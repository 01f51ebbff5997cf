/* SPDX-License-Identifier: BSD-3-Clause */
/* What rtnetlink says of interfaces: that ours changed, or went. */
#include "snd.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 8192

/* Messages were lost, so the interface itself is looked for. */
static bool still_there(const struct snd_fn *fn)
{
    char name[IF_NAMESIZE];
    return if_indextoname((unsigned)fn->ifindex, name) != NULL;
}

static void on_message(struct snd_fn *fn, const struct nlmsghdr *msg)
{
    const struct ifinfomsg *info = NLMSG_DATA(msg);
    if (msg->nlmsg_len < NLMSG_LENGTH(sizeof(*info)) || info->ifi_index != fn->ifindex ||
        info->ifi_family != AF_UNSPEC) {
        return;
    }
    if (msg->nlmsg_type == RTM_DELLINK) {
        fn->removed = true;
    } else if (msg->nlmsg_type == RTM_NEWLINK) {
        snd_vector_fire(fn, SND_VECTOR_IF);
    }
}

/* The messages of one datagram, as long as each lies in it whole. */
static void on_datagram(struct snd_fn *fn, const uint8_t *bytes, size_t len)
{
    struct nlmsghdr msg;
    while (len >= sizeof(msg)) {
        memcpy(&msg, bytes, sizeof(msg));
        if (msg.nlmsg_len < sizeof(msg) || msg.nlmsg_len > len) {
            return;
        }
        on_message(fn, (const void *)bytes);
        size_t step = NLMSG_ALIGN((size_t)msg.nlmsg_len);
        step = step < len ? step : len;
        bytes += step;
        len -= step;
    }
}

static void take_messages(struct snd_source *source)
{
    struct snd_fn *fn = source->owner;
    _Alignas(struct nlmsghdr) uint8_t bytes[ROOM];
    ssize_t n = recv(source->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    while (n > 0 || (n < 0 && (errno == EINTR || errno == ENOBUFS))) {
        if (n > 0) {
            on_datagram(fn, bytes, (size_t)n);
        } else if (errno == ENOBUFS) {
            fn->removed = fn->removed || !still_there(fn);
            snd_vector_fire(fn, SND_VECTOR_IF);
        }
        n = recv(source->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    }
}

int snd_link_open(struct snd_fn *fn)
{
    struct sockaddr_nl at = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    fn->link = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fn->link < 0) {
        return -ENOSPC;
    }
    if (bind(fn->link, (const struct sockaddr *)&at, sizeof(at)) != 0) {
        return -ENOMEM;
    }
    fn->link_source = (struct snd_source){.fd = fn->link, .ready = take_messages, .owner = fn};
    return snd_source_add(fn->shim, &fn->link_source);
}

void snd_link_close(struct snd_fn *fn)
{
    if (fn->link >= 0) {
        snd_source_remove(fn->shim, &fn->link_source);
        close(fn->link);
        fn->link = -1;
    }
}

int snd_op_set_event_sink(void *handle, const struct sriov_event_sink *sink)
{
    struct snd_fn *fn = handle;
    if (sink != NULL && (sink->cb == NULL || sink->reserved0 != 0)) {
        return -EINVAL;
    }
    if (sink != NULL) {
        fn->sink = *sink;
    } else {
        memset(&fn->sink, 0, sizeof(fn->sink));
    }
    return 0;
}
