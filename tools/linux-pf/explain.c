/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel's error numbers mean here: one line each, and the number that our callers know. */
#include "internal.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int lpf_fail(const struct lpf_why *why, int err, const char *fmt, ...)
{
    va_list args;

    if (why->text != NULL && why->room != 0) {
        va_start(args, fmt);
        (void)vsnprintf(why->text, why->room, fmt, args);
        va_end(args);
    }
    return err;
}

/* The kernel's own words, where it has some, go behind ours. */
static int with_reason(const struct linux_pf *pf, const struct lpf_why *why, int err)
{
    if (pf->kernel_says[0] != '\0' && why->text != NULL && why->room != 0) {
        size_t n = strlen(why->text);
        (void)snprintf(why->text + n, why->room - n, " (the kernel says: %s)", pf->kernel_says);
    }
    return err;
}

int lpf_explain(const struct linux_pf *pf, const struct lpf_why *why, int err)
{
    const char *name = pf->interface;

    switch (-err) {
    case EPERM:
    case EACCES:
        return lpf_fail(why, -EPERM, "%s (%s): this needs CAP_NET_ADMIN: run as root", name, pf->bdf);
    case ENODEV:
    case ENXIO:
        return lpf_fail(why, -ENODEV,
                        "%s (%s) is gone, or was renamed or moved: look again with sriovctl list", name,
                        pf->bdf);
    case ETIMEDOUT:
        return lpf_fail(why, -ETIMEDOUT, "%s (%s): the kernel does not answer: try again", name, pf->bdf);
    case ENOMEM:
    case ENOBUFS:
        return lpf_fail(why, -ENOMEM, "%s (%s): the kernel is out of memory", name, pf->bdf);
    case EPROTO:
        return lpf_fail(why, -EPROTO, "%s (%s): the kernel's answer makes no sense; is its driver %s sound?",
                        name, pf->bdf, pf->driver);
    default:
        return lpf_fail(why, -EPROTO, "%s (%s): driver %s fails: %s: see dmesg", name, pf->bdf, pf->driver,
                        strerror(-err));
    }
}

/* "Invalid argument" is all that most drivers say; what can be seen from here is said instead. */
static int explain_invalid(const struct linux_pf *pf, uint16_t vf, uint32_t part,
                           const struct vf_policy *wanted, const struct lpf_why *why)
{
    char leaf[SRIOV_NAME_MAX + 16];

    if ((pf->flags & IFF_UP) == 0) {
        return lpf_fail(why, -EAGAIN,
                        "%s is down, and its driver %s then sets no %s of a VF: ip link set dev %s up",
                        pf->interface, pf->driver, vf_policy_part_name(part), pf->interface);
    }
    if (part == VF_POLICY_RATE) {
        (void)snprintf(leaf, sizeof(leaf), "net/%s/speed", pf->interface);
        int64_t speed = lpf_sysfs_number(pf, leaf, UINT32_MAX);
        if (speed < 0) {
            return lpf_fail(why, -EAGAIN,
                            "%s has no link, and its driver %s then sets no rate: plug the cable in",
                            pf->interface, pf->driver);
        }
        if (wanted->max_rate > speed) {
            return lpf_fail(why, -EINVAL, "%s: rate %u of VF %u is above the link's %lld Mbit/s: give less",
                            pf->interface, wanted->max_rate, vf, (long long)speed);
        }
        if (wanted->min_rate != 0) {
            return lpf_fail(
                why, -EINVAL,
                "%s: driver %s refuses minimum rate %u for VF %u: leave the minimum out or give less",
                pf->interface, pf->driver, wanted->min_rate, vf);
        }
    }
    return lpf_fail(why, -EINVAL, "%s: driver %s refuses that %s for VF %u: give another, or see dmesg",
                    pf->interface, pf->driver, vf_policy_part_name(part), vf);
}

int lpf_explain_set(const struct linux_pf *pf, uint16_t vf, uint32_t part, const struct vf_policy *wanted,
                    const struct lpf_why *why, int err)
{
    const char *name = vf_policy_part_name(part);

    switch (-err) {
    case EOPNOTSUPP:
    case EPROTONOSUPPORT:
        err = lpf_fail(why, -EOPNOTSUPP, "%s: driver %s cannot set the %s of a VF: leave it out",
                       pf->interface, pf->driver, name);
        break;
    case ENETDOWN:
        err = lpf_fail(why, -EAGAIN, "%s is down: ip link set dev %s up", pf->interface, pf->interface);
        break;
    case EAGAIN:
    case EBUSY:
        err = lpf_fail(why, -EAGAIN,
                       "%s: driver %s is busy, %s of VF %u not set (a reset may be under way): try again",
                       pf->interface, pf->driver, name, vf);
        break;
    case EINVAL:
    case ERANGE:
        err = explain_invalid(pf, vf, part, wanted, why);
        break;
    case EIO:
        err = lpf_fail(why, -EPROTO, "%s: driver %s fails to set the %s of VF %u: see dmesg", pf->interface,
                       pf->driver, name, vf);
        break;
    default:
        err = lpf_explain(pf, why, err);
        break;
    }
    return with_reason(pf, why, err);
}
