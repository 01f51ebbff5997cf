/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hypervisor's control calls (domctl), which libxenctrl alone makes. Its interface changes with each
 * release of Xen, and so does its name: it is opened when a machine is made, so that the function face and a
 * domU need it nowhere.
 */
#include "sxen_vm.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xenctrl.h>
#include <xendevicemodel.h>

_Static_assert(SXEN_MSI_DEST == XEN_DOMCTL_VMSI_X86_DEST_ID_MASK &&
                   SXEN_MSI_RH == XEN_DOMCTL_VMSI_X86_RH_MASK && SXEN_MSI_DM == XEN_DOMCTL_VMSI_X86_DM_MASK &&
                   SXEN_MSI_DELIV == XEN_DOMCTL_VMSI_X86_DELIV_MASK &&
                   SXEN_MSI_TRIG == XEN_DOMCTL_VMSI_X86_TRIG_MASK &&
                   SXEN_MSI_UNMASKED == XEN_DOMCTL_VMSI_X86_UNMASKED,
               "flags of a bound vector");

/* What is called, with the types of the headers that this was compiled with. */
struct ctl {
    void *lib;
    void *model_lib;
    xc_interface *xc;
    xendevicemodel_handle *model;
    __typeof__(&xc_interface_open) interface_open;
    __typeof__(&xc_interface_close) interface_close;
    __typeof__(&xc_domain_getinfolist) domains_getinfo;
    __typeof__(&xc_test_assign_device) test_assign;
    __typeof__(&xc_assign_device) assign;
    __typeof__(&xc_deassign_device) deassign;
    __typeof__(&xc_domain_iomem_permission) iomem;
    __typeof__(&xc_domain_memory_mapping) mapping;
    __typeof__(&xc_physdev_map_pirq_msi) pirq_map;
    __typeof__(&xc_physdev_unmap_pirq) pirq_unmap;
    __typeof__(&xc_domain_update_msi_irq) msi_bind;
    __typeof__(&xc_domain_unbind_msi_irq) msi_unbind;
    __typeof__(&xc_shadow_control) shadow;
    __typeof__(&xc_logdirty_control) logdirty;
    __typeof__(&xc__hypercall_buffer_alloc_pages) pages_alloc;
    __typeof__(&xc__hypercall_buffer_free_pages) pages_free;
    __typeof__(&xendevicemodel_open) model_open;
    __typeof__(&xendevicemodel_close) model_close;
    __typeof__(&xendevicemodel_map_io_range_to_ioreq_server) range_map;
    __typeof__(&xendevicemodel_unmap_io_range_from_ioreq_server) range_unmap;
    __typeof__(&xendevicemodel_map_pcidev_to_ioreq_server) pcidev_map;
    __typeof__(&xendevicemodel_unmap_pcidev_from_ioreq_server) pcidev_unmap;
};

/* ---- opening ---- */

struct symbol {
    const char *name;
    size_t off;
};

static const struct symbol control[] = {
    {"xc_interface_open", offsetof(struct ctl, interface_open)},
    {"xc_interface_close", offsetof(struct ctl, interface_close)},
    {"xc_domain_getinfolist", offsetof(struct ctl, domains_getinfo)},
    {"xc_test_assign_device", offsetof(struct ctl, test_assign)},
    {"xc_assign_device", offsetof(struct ctl, assign)},
    {"xc_deassign_device", offsetof(struct ctl, deassign)},
    {"xc_domain_iomem_permission", offsetof(struct ctl, iomem)},
    {"xc_domain_memory_mapping", offsetof(struct ctl, mapping)},
    {"xc_physdev_map_pirq_msi", offsetof(struct ctl, pirq_map)},
    {"xc_physdev_unmap_pirq", offsetof(struct ctl, pirq_unmap)},
    {"xc_domain_update_msi_irq", offsetof(struct ctl, msi_bind)},
    {"xc_domain_unbind_msi_irq", offsetof(struct ctl, msi_unbind)},
    {"xc_shadow_control", offsetof(struct ctl, shadow)},
    {"xc_logdirty_control", offsetof(struct ctl, logdirty)},
    {"xc__hypercall_buffer_alloc_pages", offsetof(struct ctl, pages_alloc)},
    {"xc__hypercall_buffer_free_pages", offsetof(struct ctl, pages_free)},
    {NULL, 0},
};

static const struct symbol model[] = {
    {"xendevicemodel_open", offsetof(struct ctl, model_open)},
    {"xendevicemodel_close", offsetof(struct ctl, model_close)},
    {"xendevicemodel_map_io_range_to_ioreq_server", offsetof(struct ctl, range_map)},
    {"xendevicemodel_unmap_io_range_from_ioreq_server", offsetof(struct ctl, range_unmap)},
    {"xendevicemodel_map_pcidev_to_ioreq_server", offsetof(struct ctl, pcidev_map)},
    {"xendevicemodel_unmap_pcidev_from_ioreq_server", offsetof(struct ctl, pcidev_unmap)},
    {NULL, 0},
};

static int resolve(struct ctl *ctl, void *lib, const struct symbol *symbols)
{
    for (; symbols->name != NULL; symbols++) {
        void *symbol = dlsym(lib, symbols->name);
        if (symbol == NULL) {
            return -EOPNOTSUPP;
        }
        memcpy((char *)ctl + symbols->off, &symbol, sizeof(symbol));
    }
    return 0;
}

static void shut(void *ctx, void *xen)
{
    struct ctl *ctl = xen;
    (void)ctx;
    if (ctl->model != NULL) {
        ctl->model_close(ctl->model);
    }
    if (ctl->xc != NULL) {
        ctl->interface_close(ctl->xc);
    }
    if (ctl->model_lib != NULL) {
        dlclose(ctl->model_lib);
    }
    if (ctl->lib != NULL) {
        dlclose(ctl->lib);
    }
    free(ctl);
}

/* SXEN_CTRL_LIB is the library's name of the release whose headers these are. */
static int load(struct ctl *ctl)
{
    ctl->lib = dlopen(SXEN_CTRL_LIB, RTLD_NOW | RTLD_LOCAL);
    ctl->model_lib = dlopen("libxendevicemodel.so.1", RTLD_NOW | RTLD_LOCAL);
    if (ctl->lib == NULL || ctl->model_lib == NULL) {
        return -EOPNOTSUPP;
    }
    int err = resolve(ctl, ctl->lib, control);
    return err == 0 ? resolve(ctl, ctl->model_lib, model) : err;
}

static int negative(int rc)
{
    return rc < 0 ? (errno != 0 ? -errno : -EIO) : 0;
}

static int open_xen(void *ctx, void **out)
{
    struct ctl *ctl = calloc(1, sizeof(*ctl));
    if (ctl == NULL) {
        return -ENOMEM;
    }
    int err = load(ctl);
    if (err == 0) {
        ctl->xc = ctl->interface_open(NULL, NULL, 0);
        err = ctl->xc != NULL ? 0 : negative(-1);
    }
    if (err == 0) {
        ctl->model = ctl->model_open(NULL, 0);
        err = ctl->model != NULL ? 0 : negative(-1);
    }
    if (err != 0) {
        shut(ctx, ctl);
        return err;
    }
    *out = ctl;
    return 0;
}

/* ---- calls ---- */

/* The call that each release has: those for one domain alone went, or came, with Xen 4.18. */
static int get_domain(void *ctx, void *xen, uint32_t domid, struct sxen_domain *domain)
{
    struct ctl *ctl = xen;
    xc_domaininfo_t info;
    (void)ctx;
    int n = ctl->domains_getinfo(ctl->xc, domid, 1, &info);
    if (n < 0) {
        return negative(n);
    }
    if (n == 0 || info.domain != domid) {
        return -ENOENT; /* it gives the next one that there is */
    }
    bool down = (info.flags & XEN_DOMINF_shutdown) != 0;
    bool crashed =
        down && (info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask) == SHUTDOWN_crash;
    *domain = (struct sxen_domain){.hvm = (info.flags & XEN_DOMINF_hvm_guest) != 0,
                                   .hap = (info.flags & XEN_DOMINF_hap) != 0,
                                   .dying = crashed || (info.flags & XEN_DOMINF_dying) != 0,
                                   .pages = info.tot_pages};
    return 0;
}

static int test_assign(void *ctx, void *xen, uint32_t domid, uint32_t sbdf)
{
    struct ctl *ctl = xen;
    (void)ctx;
    return negative(ctl->test_assign(ctl->xc, domid, sbdf));
}

static int assign(void *ctx, void *xen, uint32_t domid, uint32_t sbdf)
{
    struct ctl *ctl = xen;
    (void)ctx;
    return negative(ctl->assign(ctl->xc, domid, sbdf, 0));
}

static int deassign(void *ctx, void *xen, uint32_t domid, uint32_t sbdf)
{
    struct ctl *ctl = xen;
    (void)ctx;
    return negative(ctl->deassign(ctl->xc, domid, sbdf));
}

static int set_iomem(void *ctx, void *xen, uint32_t domid, uint64_t mfn, uint64_t n, bool allow)
{
    struct ctl *ctl = xen;
    (void)ctx;
    return negative(ctl->iomem(ctl->xc, domid, mfn, n, allow));
}

static int set_map(void *ctx, void *xen, uint32_t domid, uint64_t gfn, uint64_t mfn, uint64_t n, bool add)
{
    struct ctl *ctl = xen;
    (void)ctx;
    return negative(ctl->mapping(ctl->xc, domid, gfn, mfn, n, add ? DPCI_ADD_MAPPING : DPCI_REMOVE_MAPPING));
}

static int pirq_map(void *ctx, void *xen, uint32_t domid, uint32_t sbdf, uint32_t vector, uint64_t table,
                    uint32_t *pirq)
{
    struct ctl *ctl = xen;
    int got = -1; /* of Xen's choice */
    (void)ctx;
    int rc =
        ctl->pirq_map(ctl->xc, domid, -1, &got, (int)(sbdf & 0xff), (int)(sbdf >> 8), (int)vector, table);
    *pirq = rc >= 0 ? (uint32_t)got : 0;
    return negative(rc);
}

static int pirq_unmap(void *ctx, void *xen, uint32_t domid, uint32_t pirq)
{
    struct ctl *ctl = xen;
    (void)ctx;
    return negative(ctl->pirq_unmap(ctl->xc, domid, (int)pirq));
}

static int msi_bind(void *ctx, void *xen, uint32_t domid, const struct sxen_msi *msi)
{
    struct ctl *ctl = xen;
    (void)ctx;
    return negative(ctl->msi_bind(ctl->xc, domid, msi->vector, msi->pirq, msi->flags, 0));
}

static int msi_unbind(void *ctx, void *xen, uint32_t domid, const struct sxen_msi *msi)
{
    struct ctl *ctl = xen;
    (void)ctx;
    return negative(ctl->msi_unbind(ctl->xc, domid, msi->vector, msi->pirq, msi->flags));
}

static int set_log(void *ctx, void *xen, uint32_t domid, bool on)
{
    struct ctl *ctl = xen;
    unsigned op = on ? XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY : XEN_DOMCTL_SHADOW_OP_OFF;
    (void)ctx;
    return negative(ctl->shadow(ctl->xc, domid, op, NULL, 0));
}

static int log_take(void *ctx, void *xen, uint32_t domid, uint64_t *bitmap, uint64_t pages)
{
    struct ctl *ctl = xen;
    size_t bytes = (size_t)((pages + 63) / 64 * sizeof(uint64_t));
    DECLARE_HYPERCALL_BUFFER(uint64_t, told);
    xc_hypercall_buffer_t *buffer = &XC__HYPERCALL_BUFFER_NAME(told);
    (void)ctx;
    told = ctl->pages_alloc(ctl->xc, buffer, (int)(bytes / SXEN_PAGE + 1));
    if (told == NULL) {
        return -ENOMEM;
    }
    memset(told, 0, bytes);
    long long n = ctl->logdirty(ctl->xc, domid, XEN_DOMCTL_SHADOW_OP_CLEAN, buffer, pages, 0, NULL);
    int err = n < 0 ? negative(-1) : 0;
    if (err == 0) {
        memcpy(bitmap, told, bytes);
    }
    ctl->pages_free(ctl->xc, buffer, (int)(bytes / SXEN_PAGE + 1));
    return err;
}

static int set_trap(void *ctx, void *xen, uint32_t domid, uint32_t server, uint64_t first, uint64_t last,
                    bool on)
{
    struct ctl *ctl = xen;
    (void)ctx;
    return negative((on ? ctl->range_map : ctl->range_unmap)(ctl->model, (domid_t)domid, (ioservid_t)server,
                                                             1, first, last));
}

static int set_trap_config(void *ctx, void *xen, uint32_t domid, uint32_t server, uint32_t slot, bool on)
{
    struct ctl *ctl = xen;
    (void)ctx;
    return negative((on ? ctl->pcidev_map : ctl->pcidev_unmap)(ctl->model, (domid_t)domid, (ioservid_t)server,
                                                               0, 0, (uint8_t)slot, 0));
}

const struct sxen_vm_door sxen_vm_door_linux = {
    .now = sxen_vm_now,
    .rest = sxen_vm_rest,
    .start = sxen_vm_start,
    .follow = sxen_vm_follow,
    .end = sxen_vm_end,
    .backend = sxen_vm_backend,
    .open = open_xen,
    .close = shut,
    .domain = get_domain,
    .test_assign = test_assign,
    .assign = assign,
    .deassign = deassign,
    .iomem = set_iomem,
    .map = set_map,
    .pirq_map = pirq_map,
    .pirq_unmap = pirq_unmap,
    .msi_bind = msi_bind,
    .msi_unbind = msi_unbind,
    .log = set_log,
    .log_take = log_take,
    .trap = set_trap,
    .trap_config = set_trap_config,
};
