/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- sysfs ---- */

static void pf_path(const struct fake_rtnl *fake, const char *leaf, char *path, size_t room)
{
    (void)snprintf(path, room, "%s/bus/pci/devices/%s/%s", fake->root, FAKE_BDF, leaf);
}

static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = '/';
    }
}

void fake_sysfs_write(const struct fake_rtnl *fake, const char *leaf, const char *text)
{
    char path[256];

    pf_path(fake, leaf, path, sizeof(path));
    make_folders(path);
    FILE *file = fopen(path, "we");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        abort();
    }
}

static void sysfs_link(const struct fake_rtnl *fake, const char *leaf, const char *target)
{
    char path[256];

    pf_path(fake, leaf, path, sizeof(path));
    if (symlink(target, path) != 0) {
        abort();
    }
}

void fake_sysfs_remove(const struct fake_rtnl *fake, const char *leaf)
{
    char path[256];

    pf_path(fake, leaf, path, sizeof(path));
    if (unlink(path) != 0) {
        abort();
    }
}

/* ---- answers ---- */

static struct nlmsghdr *begin(struct fake_rtnl *fake, const struct nlmsghdr *request, uint16_t type)
{
    struct nlmsghdr *answer = mnl_nlmsg_put_header(fake->queue[fake->tail % FAKE_QUEUE]);

    answer->nlmsg_type = type;
    answer->nlmsg_seq = request->nlmsg_seq;
    answer->nlmsg_pid = FAKE_PORTID;
    return answer;
}

static void finish(struct fake_rtnl *fake, const struct nlmsghdr *answer)
{
    fake->length[fake->tail++ % FAKE_QUEUE] = answer->nlmsg_len;
}

static void put_reason(struct fake_rtnl *fake, struct nlmsghdr *answer, const struct nlmsghdr *request)
{
    answer->nlmsg_flags |= NLM_F_ACK_TLVS;
    if (fake->repeats_request) {
        size_t n = request->nlmsg_len - sizeof(*request);
        memcpy(mnl_nlmsg_put_extra_header(answer, n), mnl_nlmsg_get_payload(request), n);
    } else {
        answer->nlmsg_flags |= NLM_F_CAPPED;
    }
    mnl_attr_put_strz(answer, NLMSGERR_ATTR_MSG, fake->reason);
}

static void acknowledge(struct fake_rtnl *fake, const struct nlmsghdr *request, int err)
{
    struct nlmsghdr *answer = begin(fake, request, NLMSG_ERROR);
    struct nlmsgerr *error = mnl_nlmsg_put_extra_header(answer, sizeof(*error));

    error->error = err;
    error->msg = *request;
    if (err != 0 && fake->reason != NULL) {
        put_reason(fake, answer, request);
    }
    finish(fake, answer);
}

static void put_stats(struct nlmsghdr *answer, uint32_t vf)
{
    struct nlattr *nest = mnl_attr_nest_start(answer, IFLA_VF_STATS);

    for (uint16_t type = IFLA_VF_STATS_RX_PACKETS; type <= IFLA_VF_STATS_MULTICAST; type++) {
        mnl_attr_put_u64(answer, type, 1000u * vf + type);
    }
    mnl_attr_put(answer, IFLA_VF_STATS_PAD, 0, NULL);
    mnl_attr_put_u64(answer, IFLA_VF_STATS_RX_DROPPED, 1000u * vf + IFLA_VF_STATS_RX_DROPPED);
    mnl_attr_put_u64(answer, IFLA_VF_STATS_TX_DROPPED, 1000u * vf + IFLA_VF_STATS_TX_DROPPED);
    mnl_attr_nest_end(answer, nest);
}

static void put_vlan_list(struct nlmsghdr *answer, const struct fake_vf *own)
{
    struct nlattr *list = mnl_attr_nest_start(answer, IFLA_VF_VLAN_LIST);

    mnl_attr_put(answer, IFLA_VF_VLAN_INFO, sizeof(own->vlan), &own->vlan);
    mnl_attr_nest_end(answer, list);
}

/* In the kernel's order. */
static void put_vf(struct fake_rtnl *fake, struct nlmsghdr *answer, uint32_t vf)
{
    const struct fake_vf *own = &fake->vfs[vf];
    struct ifla_vf_mac mac = {.vf = vf};
    struct ifla_vf_vlan vlan = {.vf = vf, .vlan = own->vlan.vlan, .qos = own->vlan.qos};
    struct ifla_vf_rate rate = {.vf = vf, .min_tx_rate = own->min_rate, .max_tx_rate = own->max_rate};
    struct ifla_vf_tx_rate tx_rate = {.vf = vf, .rate = own->max_rate};
    struct ifla_vf_spoofchk spoof = {.vf = vf, .setting = own->spoof};
    struct ifla_vf_link_state link = {.vf = vf, .link_state = own->link};
    struct ifla_vf_trust trust = {.vf = vf, .setting = own->trust};
    struct nlattr *info = mnl_attr_nest_start(answer, IFLA_VF_INFO);

    memcpy(mac.mac, own->mac, sizeof(own->mac));
    mnl_attr_put(answer, IFLA_VF_MAC, sizeof(mac), &mac);
    mnl_attr_put(answer, IFLA_VF_VLAN, sizeof(vlan), &vlan);
    mnl_attr_put(answer, IFLA_VF_RATE, sizeof(rate), &rate);
    mnl_attr_put(answer, IFLA_VF_TX_RATE, sizeof(tx_rate), &tx_rate);
    mnl_attr_put(answer, IFLA_VF_SPOOFCHK, sizeof(spoof), &spoof);
    mnl_attr_put(answer, IFLA_VF_LINK_STATE, sizeof(link), &link);
    mnl_attr_put(answer, IFLA_VF_TRUST, sizeof(trust), &trust);
    put_vlan_list(answer, own);
    if (!fake->no_stats) {
        put_stats(answer, vf);
    }
    mnl_attr_nest_end(answer, info);
}

static bool wants_vfs(const struct nlmsghdr *request)
{
    const struct nlattr *mask = mnl_nlmsg_get_payload_offset(request, sizeof(struct ifinfomsg));

    return mnl_attr_get_type(mask) == IFLA_EXT_MASK && (mnl_attr_get_u32(mask) & RTEXT_FILTER_VF) != 0;
}

static void on_get(struct fake_rtnl *fake, const struct nlmsghdr *request)
{
    struct nlmsghdr *answer = begin(fake, request, RTM_NEWLINK);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(answer, sizeof(*link));

    fake->gets++;
    link->ifi_index = FAKE_IFINDEX;
    link->ifi_flags = fake->flags;
    mnl_attr_put_strz(answer, IFLA_IFNAME, fake->name);
    if (wants_vfs(request)) {
        struct nlattr *list = mnl_attr_nest_start(answer, IFLA_VFINFO_LIST);
        for (uint32_t vf = 0; vf < FAKE_VFS; vf++) {
            put_vf(fake, answer, vf);
        }
        mnl_attr_nest_end(answer, list);
    }
    mnl_attr_put_strz(answer, IFLA_PARENT_DEV_NAME, fake->parent);
    size_t length = answer->nlmsg_len;
    if (fake->bend != NULL) {
        fake->bend(fake, answer, &length);
    }
    fake->length[fake->tail++ % FAKE_QUEUE] = length;
}

/* ---- requests ---- */

static void apply(struct fake_rtnl *fake, const struct nlattr *attribute)
{
    const void *data = mnl_attr_get_payload(attribute);
    uint32_t number;

    memcpy(&number, data, sizeof(number));
    struct fake_vf *vf = &fake->vfs[number];
    switch (mnl_attr_get_type(attribute)) {
    case IFLA_VF_MAC:
        memcpy(vf->mac, ((const struct ifla_vf_mac *)data)->mac, sizeof(vf->mac));
        break;
    case IFLA_VF_TRUST:
        vf->trust = ((const struct ifla_vf_trust *)data)->setting;
        break;
    case IFLA_VF_SPOOFCHK:
        vf->spoof = ((const struct ifla_vf_spoofchk *)data)->setting;
        break;
    case IFLA_VF_LINK_STATE:
        vf->link = ((const struct ifla_vf_link_state *)data)->link_state;
        break;
    case IFLA_VF_RATE:
        vf->min_rate = ((const struct ifla_vf_rate *)data)->min_tx_rate;
        vf->max_rate = ((const struct ifla_vf_rate *)data)->max_tx_rate;
        break;
    default:
        abort();
    }
}

/* Of IFLA_VFINFO_LIST with one IFLA_VF_INFO with one attribute: that attribute. */
static const struct nlattr *only_attribute(const struct nlmsghdr *request)
{
    const struct nlattr *list = mnl_nlmsg_get_payload_offset(request, sizeof(struct ifinfomsg));
    const struct nlattr *info = mnl_attr_get_payload(list);
    const struct nlattr *attribute = mnl_attr_get_payload(info);

    if (mnl_attr_get_type(list) != IFLA_VFINFO_LIST || mnl_attr_get_type(info) != IFLA_VF_INFO ||
        request->nlmsg_len != sizeof(*request) + sizeof(struct ifinfomsg) + list->nla_len ||
        list->nla_len != info->nla_len + sizeof(struct nlattr) ||
        info->nla_len != attribute->nla_len + sizeof(struct nlattr)) {
        abort();
    }
    return attribute;
}

static int on_set(struct fake_rtnl *fake, const struct nlmsghdr *request)
{
    const struct nlattr *attribute = only_attribute(request);
    uint16_t type = mnl_attr_get_type(attribute);

    fake->sets++;
    if (fake->refuse != 0 && (fake->refuse_attribute == 0 || fake->refuse_attribute == type)) {
        return fake->refuse;
    }
    if (type == IFLA_VF_VLAN_LIST) {
        const struct nlattr *info = mnl_attr_get_payload(attribute);
        const struct ifla_vf_vlan_info *vlan = mnl_attr_get_payload(info);
        fake->vfs[vlan->vf].vlan = *vlan;
        return 0;
    }
    apply(fake, attribute);
    return 0;
}

static int on_send(void *ctx, const void *message, size_t n)
{
    struct fake_rtnl *fake = ctx;
    const struct nlmsghdr *request = message;
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(request);
    int err = 0;

    if (n != request->nlmsg_len || link->ifi_index != FAKE_IFINDEX ||
        (request->nlmsg_flags & (NLM_F_REQUEST | NLM_F_ACK)) != (NLM_F_REQUEST | NLM_F_ACK)) {
        abort();
    }
    if (request->nlmsg_type == RTM_GETLINK) {
        on_get(fake, request);
    } else {
        err = on_set(fake, request);
    }
    if (!fake->no_ack) {
        acknowledge(fake, request, err);
    }
    return 0;
}

/* Messages without end: who believes that all of them are there leaves the buffer. */
static void fill(char *buffer, size_t room)
{
    const struct nlmsghdr other = {.nlmsg_len = sizeof(other), .nlmsg_pid = FAKE_PORTID};

    for (size_t at = 0; at + sizeof(other) <= room; at += sizeof(other)) {
        memcpy(buffer + at, &other, sizeof(other));
    }
}

/* What is behind the datagram is nobody's: reading it shows. */
static int64_t on_receive(void *ctx, void *buffer, size_t room)
{
    struct fake_rtnl *fake = ctx;

    if (fake->head == fake->tail) {
        return -ETIMEDOUT;
    }
    size_t n = fake->length[fake->head % FAKE_QUEUE];
    if (n > room) {
        fake->head++;
        fill(buffer, room);
        return (int64_t)n;
    }
    memset(buffer, 0xa5, room);
    memcpy(buffer, fake->queue[fake->head++ % FAKE_QUEUE], n);
    return (int64_t)n;
}

static void on_close(void *ctx)
{
    ((struct fake_rtnl *)ctx)->closed++;
}

void fake_rtnl_push(struct fake_rtnl *fake, const void *data, size_t n)
{
    fake->head--;
    memcpy(fake->queue[fake->head % FAKE_QUEUE], data, n);
    fake->length[fake->head % FAKE_QUEUE] = n;
}

/* ---- life ---- */

static void make_sysfs(struct fake_rtnl *fake)
{
    (void)snprintf(fake->root, sizeof(fake->root), "/tmp/linux-pf-XXXXXX");
    if (mkdtemp(fake->root) == NULL) {
        abort();
    }
    fake_sysfs_write(fake, "sriov_numvfs", "3\n");
    fake_sysfs_write(fake, "net/eth9/ifindex", "9\n");
    fake_sysfs_write(fake, "net/" FAKE_NAME "/ifindex", "7\n");
    fake_sysfs_write(fake, "net/" FAKE_NAME "/speed", "1000\n");
    sysfs_link(fake, "driver", "../../../bus/pci/drivers/brave");
    sysfs_link(fake, "virtfn2", "../0000:03:10.4");
}

void fake_rtnl_open(struct fake_rtnl *fake)
{
    memset(fake, 0, sizeof(*fake));
    fake->transport = (struct linux_pf_transport){
        .ctx = fake, .portid = FAKE_PORTID, .send = on_send, .receive = on_receive, .close = on_close};
    fake->name = FAKE_NAME;
    fake->parent = FAKE_BDF;
    fake->flags = IFF_UP;
    fake->head = fake->tail = FAKE_QUEUE;
    for (uint32_t vf = 0; vf < FAKE_VFS; vf++) {
        fake->vfs[vf] = (struct fake_vf){.mac = {2, 0, 0, 0, 0, (uint8_t)vf},
                                         .vlan = {.vf = vf, .vlan_proto = htons(VF_POLICY_8021Q)},
                                         .spoof = 1};
    }
    make_sysfs(fake);
}

void fake_rtnl_close(struct fake_rtnl *fake)
{
    char command[128];

    (void)snprintf(command, sizeof(command), "rm -r '%s'", fake->root);
    if (system(command) != 0) {
        abort();
    }
}
