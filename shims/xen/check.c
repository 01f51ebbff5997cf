/* SPDX-License-Identifier: BSD-3-Clause */
/* May this function be taken? Each refusal names what is in the way, and what helps. */
#include "sxen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int check_args(const struct sriov_open_args *args, struct skvm_why *why)
{
    if ((args->flags & ~SRIOV_OPEN_NOIOMMU) != 0) {
        skvm_why(why, "open flags 0x%x are not known", (unsigned)args->flags);
        return -EINVAL;
    }
    if (args->options != NULL && args->options[0] != '\0') {
        skvm_why(why, "open option '%.64s' is not known; the Xen shim has none", args->options);
        return -EINVAL;
    }
    if (skvm_bdf_check(args->name) != 0) {
        skvm_why(why, "'%.64s' is no PCI function: write it like 0000:01:10.0",
                 args->name != NULL ? args->name : "");
        return -EINVAL;
    }
    return 0;
}

static int check_there(struct sxen_fn *fn, const char *name, struct skvm_why *why)
{
    int err = skvm_info_read(&fn->xen->base.host, name, &fn->info);
    if (err == -ENOENT || err == -ENOTDIR) {
        skvm_why(why,
                 fn->xen->kind == SXEN_DOMU
                     ? "%s: no such PCI function in this domU: give it with pci=[\"...\"] and "
                       "passthrough=\"enabled\" in the domain's configuration, or xl pci-attach"
                     : "%s: no such PCI function: sriovctl list shows those that are there",
                 name);
        return -ENOENT;
    }
    if (err != 0) {
        skvm_why(why, "%s: sysfs cannot be read (errno %d): are /sys and its permissions right?", name, -err);
        return err == -ENOMEM ? err : -EPERM;
    }
    return 0;
}

static int check_isolation(struct sxen_fn *fn, uint32_t flags, struct skvm_why *why)
{
    if (fn->xen->kind != SXEN_DOM0) {
        return 0;
    }
    fn->info.caps |= SRIOV_CAP_NO_ISOLATION;
    if ((fn->xen->flags & SRIOV_XEN_ALLOW_NOIOMMU) == 0 || (flags & SRIOV_OPEN_NOIOMMU) == 0) {
        skvm_why(why,
                 "%s: No isolation: a VF driven from PV dom0 can reach nearly all memory. Ask for noiommu by "
                 "name, or give it to a domU",
                 fn->info.name);
        return -EPERM;
    }
    return 0;
}

static int held_by_pciback(struct sxen_fn *fn, struct skvm_why *why)
{
    int domain = sxen_domain_with(fn->xen, fn->info.name);
    if (domain > 0) {
        skvm_why(why, "%s belongs to domain %d, which runs: xl pci-detach %d %s first", fn->info.name, domain,
                 domain, fn->info.name);
    } else {
        skvm_why(why, "%s is held by pciback, to be given to a domain: xl pci-assignable-remove %s",
                 fn->info.name, fn->info.name);
    }
    return -EBUSY;
}

/* The kernel enables VFs for a driver alone. pci-pf-stub is one that touches nothing else of a PF. */
static int check_driver(struct sxen_fn *fn, struct skvm_why *why)
{
    const char *driver = fn->info.bound_driver;
    if (driver[0] == '\0' || strcmp(driver, SXEN_PF_STUB) == 0) {
        fn->info.caps &= driver[0] == '\0' ? ~SRIOV_CAP_SET_VFS : ~UINT64_C(0);
        return 0;
    }
    if (strcmp(driver, "pciback") == 0 || strcmp(driver, "xen-pciback") == 0) {
        return held_by_pciback(fn, why);
    }
    skvm_why(why, "%s is held by driver %s: echo %s > %s/bus/pci/drivers/%s/unbind", fn->info.name, driver,
             fn->info.name, fn->xen->base.host.sysfs, driver);
    return -EBUSY;
}

static int check_open_already(struct sxen_fn *fn, const char *name, struct skvm_why *why)
{
    bool found = false;
    pthread_mutex_lock(&fn->xen->base.lock);
    for (const struct sxen_fn *other = fn->xen->fns; other != NULL; other = other->next) {
        found = found || strcmp(other->info.name, name) == 0;
    }
    pthread_mutex_unlock(&fn->xen->base.lock);
    if (found) {
        skvm_why(why, "%s is open already in this process: close it first", name);
    }
    return found ? -EBUSY : 0;
}

int sxen_check(struct sxen_fn *fn, const struct sriov_open_args *args, struct skvm_why *why)
{
    int err = check_args(args, why);
    err = err != 0 ? err : sxen_enter(fn->xen, why);
    err = err != 0 ? err : check_there(fn, args->name, why);
    err = err != 0 ? err : check_open_already(fn, args->name, why);
    err = err != 0 ? err : check_isolation(fn, args->flags, why);
    return err != 0 ? err : check_driver(fn, why);
}
