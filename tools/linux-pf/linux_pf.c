/* SPDX-License-Identifier: BSD-3-Clause */
#include "linux_pf.h"

#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

static int ask(struct linux_pf *pf, struct lpf_vf_reply *reply)
{
    _Alignas(struct nlmsghdr) char buffer[LPF_REQUEST_MAX];
    struct nlmsghdr *request = lpf_request(pf, buffer, RTM_GETLINK);

    reply->pf = pf;
    mnl_attr_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_VF);
    int rc = lpf_talk(pf, request, lpf_on_link, reply);
    return rc == 0 && !reply->seen ? -EPROTO : rc;
}

static int prepare(struct linux_pf *pf, const struct lpf_why *why)
{
    struct lpf_vf_reply reply = {.vf = 0};
    int rc = lpf_sysfs_open(pf, why);

    if (rc != 0) {
        return rc;
    }
    if (pf->transport.send == NULL) {
        rc = linux_pf_transport_open(&pf->transport);
    }
    if (rc != 0) {
        return lpf_fail(why, rc, "%s: no rtnetlink socket: %s; is this a sandbox without AF_NETLINK?",
                        pf->bdf, strerror(-rc));
    }
    rc = ask(pf, &reply);
    return rc == 0 ? 0 : lpf_explain(pf, why, rc);
}

int linux_pf_open(const char *bdf, const struct linux_pf_opts *opts, struct linux_pf **out, char *text,
                  size_t room)
{
    const struct lpf_why why = {text, room};
    const char *root = opts != NULL && opts->sysfs_root != NULL ? opts->sysfs_root : "/sys";
    struct linux_pf *pf = calloc(1, sizeof(*pf));

    if (pf == NULL) {
        return lpf_fail(&why, -ENOMEM, "%s: out of memory", bdf);
    }
    if (opts != NULL && opts->transport != NULL) {
        pf->transport = *opts->transport;
    }
    int rc = 0;
    if (strlen(bdf) >= sizeof(pf->bdf) || strlen(root) >= sizeof(pf->sysfs)) {
        rc = lpf_fail(&why, -EINVAL, "%.64s: that name or the path of sysfs is too long", bdf);
    } else {
        memcpy(pf->bdf, bdf, strlen(bdf) + 1);
        memcpy(pf->sysfs, root, strlen(root) + 1);
        rc = prepare(pf, &why);
    }
    if (rc != 0) {
        linux_pf_close(pf);
        return rc;
    }
    *out = pf;
    return 0;
}

void linux_pf_close(struct linux_pf *pf)
{
    if (pf == NULL) {
        return;
    }
    if (pf->transport.close != NULL) {
        pf->transport.close(pf->transport.ctx);
    }
    free(pf);
}

const char *linux_pf_interface(const struct linux_pf *pf)
{
    return pf->interface;
}

const char *linux_pf_driver(const struct linux_pf *pf)
{
    return pf->driver;
}

int linux_pf_num_vfs(const struct linux_pf *pf, char *text, size_t room)
{
    const struct lpf_why why = {text, room};
    int64_t n = lpf_sysfs_number(pf, "sriov_numvfs", UINT16_MAX);

    if (n < 0) {
        return lpf_fail(&why, -ENODEV, "%s is gone: its number of VFs cannot be read", pf->bdf);
    }
    return (int)n;
}

int linux_pf_vf_bdf(const struct linux_pf *pf, uint16_t vf, char *bdf)
{
    char leaf[16];

    (void)snprintf(leaf, sizeof(leaf), "virtfn%u", vf);
    return lpf_sysfs_link(pf, leaf, bdf, SRIOV_NAME_MAX) == 0 ? 0 : -EINVAL;
}

/* ---- reading ---- */

static int check_vf(const struct linux_pf *pf, uint16_t vf, const struct lpf_why *why)
{
    int n = linux_pf_num_vfs(pf, why->text, why->room);

    if (n < 0 || vf < n) {
        return n < 0 ? n : 0;
    }
    if (n == 0) {
        return lpf_fail(why, -EINVAL, "%s has no VFs enabled: sriovctl vfs %s N", pf->bdf, pf->bdf);
    }
    return lpf_fail(why, -EINVAL, "%s: VF %u is not enabled; there are 0 to %d", pf->bdf, vf, n - 1);
}

static int read_vf(struct linux_pf *pf, uint16_t vf, struct vf_policy *policy,
                   struct linux_pf_vf_stats *stats, const struct lpf_why *why)
{
    struct lpf_vf_reply reply = {.policy = policy, .stats = stats, .vf = vf};

    *policy = (struct vf_policy){.vlan_protocol = VF_POLICY_8021Q};
    if (stats != NULL) {
        *stats = (struct linux_pf_vf_stats){.present = false};
    }
    int rc = check_vf(pf, vf, why);
    if (rc != 0) {
        return rc;
    }
    rc = ask(pf, &reply);
    if (rc != 0) {
        return lpf_explain(pf, why, rc);
    }
    if (!reply.seen_vf) {
        return lpf_fail(why, -EOPNOTSUPP, "%s: driver %s tells nothing of VF %u", pf->interface, pf->driver,
                        vf);
    }
    return 0;
}

int linux_pf_get_vf(struct linux_pf *pf, uint16_t vf, struct vf_policy *policy,
                    struct linux_pf_vf_stats *stats, char *text, size_t room)
{
    const struct lpf_why why = {text, room};

    return read_vf(pf, vf, policy, stats, &why);
}

/* ---- setting ---- */

static void put_vlan(struct nlmsghdr *request, uint16_t vf, const struct vf_policy *wanted)
{
    struct ifla_vf_vlan_info info = {
        .vf = vf, .vlan = wanted->vlan, .qos = wanted->qos, .vlan_proto = htons(wanted->vlan_protocol)};
    struct nlattr *list = mnl_attr_nest_start(request, IFLA_VF_VLAN_LIST);

    mnl_attr_put(request, IFLA_VF_VLAN_INFO, sizeof(info), &info);
    mnl_attr_nest_end(request, list);
}

static void put_part(struct nlmsghdr *request, uint16_t vf, uint32_t part, const struct vf_policy *wanted)
{
    struct ifla_vf_mac mac = {.vf = vf};
    struct ifla_vf_trust trust = {.vf = vf, .setting = wanted->trusted};
    struct ifla_vf_spoofchk spoof = {.vf = vf, .setting = wanted->spoof_check};
    struct ifla_vf_link_state link = {.vf = vf, .link_state = wanted->link};
    struct ifla_vf_rate rate = {.vf = vf, .min_tx_rate = wanted->min_rate, .max_tx_rate = wanted->max_rate};

    switch (part) {
    case VF_POLICY_MAC:
        memcpy(mac.mac, wanted->mac.b, sizeof(wanted->mac.b));
        mnl_attr_put(request, IFLA_VF_MAC, sizeof(mac), &mac);
        break;
    case VF_POLICY_VLAN:
        put_vlan(request, vf, wanted);
        break;
    case VF_POLICY_TRUST:
        mnl_attr_put(request, IFLA_VF_TRUST, sizeof(trust), &trust);
        break;
    case VF_POLICY_SPOOF_CHECK:
        mnl_attr_put(request, IFLA_VF_SPOOFCHK, sizeof(spoof), &spoof);
        break;
    case VF_POLICY_LINK:
        mnl_attr_put(request, IFLA_VF_LINK_STATE, sizeof(link), &link);
        break;
    default:
        mnl_attr_put(request, IFLA_VF_RATE, sizeof(rate), &rate);
        break;
    }
}

static int send_part(struct linux_pf *pf, uint16_t vf, uint32_t part, const struct vf_policy *wanted)
{
    _Alignas(struct nlmsghdr) char buffer[LPF_REQUEST_MAX];
    struct nlmsghdr *request = lpf_request(pf, buffer, RTM_SETLINK);
    struct nlattr *list = mnl_attr_nest_start(request, IFLA_VFINFO_LIST);
    struct nlattr *info = mnl_attr_nest_start(request, IFLA_VF_INFO);

    put_part(request, vf, part, wanted);
    mnl_attr_nest_end(request, info);
    mnl_attr_nest_end(request, list);
    return lpf_talk(pf, request, NULL, NULL);
}

static bool is_sound(uint32_t part, const struct vf_policy *wanted)
{
    switch (part) {
    case VF_POLICY_MAC:
        return (wanted->mac.b[0] & 1) == 0;
    case VF_POLICY_VLAN:
        return wanted->vlan <= VF_POLICY_VLAN_MAX && wanted->qos <= VF_POLICY_QOS_MAX;
    case VF_POLICY_LINK:
        return wanted->link <= VF_POLICY_LINK_OFF;
    case VF_POLICY_RATE:
        return wanted->max_rate == 0 || wanted->min_rate <= wanted->max_rate;
    default:
        return part == VF_POLICY_TRUST || part == VF_POLICY_SPOOF_CHECK;
    }
}

int linux_pf_set_vf(struct linux_pf *pf, uint16_t vf, uint32_t part, const struct vf_policy *wanted,
                    char *text, size_t room)
{
    const struct lpf_why why = {text, room};
    struct vf_policy now;

    if ((wanted->known & part) == 0 || !is_sound(part, wanted)) {
        return lpf_fail(&why, -EINVAL, "%s: that is no %s for a VF", pf->bdf, vf_policy_part_name(part));
    }
    int rc = read_vf(pf, vf, &now, NULL, &why);
    if (rc != 0 || vf_policy_same(&now, wanted, part)) {
        return rc;
    }
    rc = send_part(pf, vf, part, wanted);
    return rc == 0 ? 1 : lpf_explain_set(pf, vf, part, wanted, &why, rc);
}
