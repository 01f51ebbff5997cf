/* SPDX-License-Identifier: BSD-3-Clause */
/* One request and its answers, each checked before it is believed. */
#include "internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* An answer is one message and an acknowledgement; more than this is somebody's flood. */
#define DATAGRAMS_MAX 16
#define ERRNO_MAX     4095

struct nlmsghdr *lpf_request(const struct linux_pf *pf, void *buffer, uint16_t type)
{
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    struct ifinfomsg *link;

    request->nlmsg_type = type;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    link = mnl_nlmsg_put_extra_header(request, sizeof(*link));
    link->ifi_family = AF_UNSPEC;
    link->ifi_index = (int)pf->ifindex;
    return request;
}

static int on_ack_attribute(const struct nlattr *attribute, void *arg)
{
    struct linux_pf *pf = arg;

    if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG &&
        mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0) {
        (void)snprintf(pf->kernel_says, sizeof(pf->kernel_says), "%s", mnl_attr_get_str(attribute));
        for (char *c = pf->kernel_says; *c != '\0'; c++) {
            *c = isprint((unsigned char)*c) ? *c : ' ';
        }
    }
    return MNL_CB_OK;
}

/* The reason in words stands behind the error, and behind the request where that is repeated. */
static void read_reason(struct linux_pf *pf, const struct nlmsghdr *message, const struct nlmsgerr *error)
{
    size_t length = mnl_nlmsg_get_payload_len(message);
    size_t before = sizeof(*error);

    if ((message->nlmsg_flags & NLM_F_ACK_TLVS) == 0) {
        return;
    }
    if ((message->nlmsg_flags & NLM_F_CAPPED) == 0) {
        if (error->msg.nlmsg_len < sizeof(error->msg) || error->msg.nlmsg_len > length) {
            return;
        }
        before += NLMSG_ALIGN((size_t)error->msg.nlmsg_len) - sizeof(error->msg);
    }
    if (before < length) {
        (void)mnl_attr_parse(message, (unsigned)before, on_ack_attribute, pf);
    }
}

/* 1: acknowledged; else a negative errno. */
static int take_error(struct linux_pf *pf, const struct nlmsghdr *message)
{
    const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

    if (mnl_nlmsg_get_payload_len(message) < sizeof(*error) || error->error > 0 ||
        error->error < -ERRNO_MAX) {
        return -EPROTO;
    }
    if (error->error == 0) {
        return 1;
    }
    read_reason(pf, message, error);
    return error->error;
}

static int take_message(struct linux_pf *pf, const struct nlmsghdr *message, lpf_on_message on_message,
                        void *arg)
{
    if (!mnl_nlmsg_portid_ok(message, pf->transport.portid)) {
        return -EPROTO;
    }
    /* What is left of an earlier talk that ended before its acknowledgement. */
    if (!mnl_nlmsg_seq_ok(message, pf->sequence)) {
        return 0;
    }
    if (message->nlmsg_type == NLMSG_ERROR) {
        return take_error(pf, message);
    }
    if (message->nlmsg_type != RTM_NEWLINK || on_message == NULL) {
        return -EPROTO;
    }
    return on_message(arg, message);
}

/* libmnl 1.0.4 takes a length with its highest bit set for a negative one, which fits anywhere. */
static bool is_message(const struct nlmsghdr *message, size_t left)
{
    return left >= sizeof(*message) && message->nlmsg_len >= sizeof(*message) && message->nlmsg_len <= left;
}

/* 1 when the acknowledgement was among them, 0 when not yet. */
static int take_datagram(struct linux_pf *pf, size_t n, lpf_on_message on_message, void *arg)
{
    size_t at = 0;

    do {
        const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)(pf->reply + at);
        if (!is_message(message, n - at)) {
            return -EPROTO;
        }
        int rc = take_message(pf, message, on_message, arg);
        if (rc != 0) {
            return rc;
        }
        at += NLMSG_ALIGN((size_t)message->nlmsg_len);
    } while (at < n);
    return 0;
}

int lpf_talk(struct linux_pf *pf, struct nlmsghdr *request, lpf_on_message on_message, void *arg)
{
    const struct linux_pf_transport *transport = &pf->transport;

    request->nlmsg_seq = ++pf->sequence;
    pf->kernel_says[0] = '\0';
    int rc = transport->send(transport->ctx, request, request->nlmsg_len);
    for (int i = 0; rc == 0 && i < DATAGRAMS_MAX; i++) {
        int64_t n = transport->receive(transport->ctx, pf->reply, sizeof(pf->reply));
        if (n < 0) {
            return (int)n;
        }
        if ((uint64_t)n > sizeof(pf->reply)) {
            return -EPROTO;
        }
        rc = take_datagram(pf, (size_t)n, on_message, arg);
        if (rc == 1) {
            return 0;
        }
    }
    return rc != 0 ? rc : -EPROTO;
}
