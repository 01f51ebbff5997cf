/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking hold of a function and letting it go. */
#include "sxen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI_COMMAND        0x04u
#define PCI_COMMAND_MASTER 0x04u

struct listing {
    const struct sxen *xen;
    sriov_enum_cb cb;
    void *arg;
};

static int list_one(void *arg, const struct sriov_fn_info *info)
{
    const struct listing *listing = arg;
    struct sriov_fn_info own = *info;
    own.caps |= listing->xen->kind == SXEN_DOM0 ? SRIOV_CAP_NO_ISOLATION : 0;
    return listing->cb(listing->arg, &own);
}

int sxen_op_enumerate(void *vmm, sriov_enum_cb cb, void *arg)
{
    struct listing listing = {.xen = vmm, .cb = cb, .arg = arg};
    return skvm_enumerate(vmm, list_one, &listing);
}

static void set_caps(struct sxen_fn *fn)
{
    uint64_t caps = fn->info.caps | SRIOV_CAP_BAR_VIEW | SRIOV_CAP_DMA_MAP;
    if (fn->max_vectors != 0) {
        caps |= SRIOV_CAP_IRQ_EVENTFD | SRIOV_CAP_IRQ_CALLBACK | SRIOV_CAP_IRQ_MASK | SRIOV_CAP_IRQ_PENDING |
                SRIOV_CAP_IRQ_TRIGGER;
    }
    caps |= fn->can_reset ? SRIOV_CAP_RESET : 0;
    caps |= fn->config_length > 256 ? SRIOV_CAP_CFG_EXTENDED : 0;
    fn->info.caps = caps;
}

/* From configuration space up; what was got is given back in reverse. */
static int take_hold(struct sxen_fn *fn, struct skvm_why *why)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    int err = sxen_config_init(fn, why);
    if (err != 0) {
        return err;
    }
    err = sxen_bars_init(fn, why);
    if (err != 0) {
        goto close_config;
    }
    err = sxen_events_init(fn);
    if (err != 0) {
        skvm_why(why, "%s: no descriptors are left for its events: raise ulimit -n", fn->info.name);
        goto drop_bars;
    }
    if (sxen_leaves(fn)) {
        skvm_why(why, "%s: the toolstack takes it away from this domU", fn->info.name);
        err = -ENODEV;
        goto drop_events;
    }
    sxen_reclaim(fn);
    sxen_reset_init(fn);
    sxen_irq_init(fn);
    sxen_frames_look(fn);
    set_caps(fn);
    return 0;

drop_events:
    sxen_events_drop(fn);
drop_bars:
    sxen_bars_drop(fn);
close_config:
    sys->close(sys->ctx, fn->config);
    return err;
}

static void parse_where(struct sxen_fn *fn)
{
    unsigned segment = 0;
    unsigned bus = 0;
    unsigned device = 0;
    unsigned function = 0;
    /* skvm_bdf_check has seen the name. */
    (void)sscanf(fn->info.name, "%x:%x:%x.%x", &segment, &bus, &device, &function);
    fn->where.segment = (uint16_t)segment;
    fn->where.bus = (uint8_t)bus;
    fn->where.devfn = (uint8_t)(device << 3 | function);
}

static void list_in(struct sxen_fn *fn)
{
    pthread_mutex_lock(&fn->xen->base.lock);
    fn->next = fn->xen->fns;
    fn->xen->fns = fn;
    pthread_mutex_unlock(&fn->xen->base.lock);
}

static void list_out(struct sxen_fn *fn)
{
    struct sxen_fn **link = &fn->xen->fns;
    pthread_mutex_lock(&fn->xen->base.lock);
    while (*link != fn) {
        link = &(*link)->next;
    }
    *link = fn->next;
    pthread_mutex_unlock(&fn->xen->base.lock);
}

int sxen_op_open(void *vmm, const struct sriov_open_args *args, void **out)
{
    struct sxen *xen = vmm;
    const struct skvm_sys *sys = xen->base.host.sys;
    struct skvm_why why = {""};
    struct sxen_fn *fn = sys->alloc(sys->ctx, sizeof(*fn), _Alignof(max_align_t));
    if (fn == NULL) {
        return -ENOMEM;
    }
    fn->xen = xen;
    fn->config = -1;
    fn->ones = -1;
    fn->removal.fd = -1;
    int err = sxen_check(fn, args, &why);
    if (err == 0) {
        parse_where(fn);
        err = take_hold(fn, &why);
    }
    if (err != 0) {
        sriov_log(xen->base.vmm, SRIOV_LOG_ERROR, "%s",
                  why.text[0] != '\0' ? why.text : "no memory or descriptors for a function");
        sys->free(sys->ctx, fn);
        return err;
    }
    pthread_mutex_init(&fn->irq_lock, NULL);
    list_in(fn);
    if (xen->kind == SXEN_DOM0) {
        sriov_log(xen->base.vmm, SRIOV_LOG_WARN,
                  "%s: No isolation: a VF driven from PV dom0 can reach nearly all memory", fn->info.name);
    }
    *out = fn;
    return 0;
}

/* Nothing confines the device in dom0: it must be quiet before its memory goes to somebody else. */
static bool quiet(struct sxen_fn *fn)
{
    uint32_t command = 0;
    int err = sxen_op_cfg_read(fn, PCI_COMMAND, 2, &command);
    if (err == 0 && (command & PCI_COMMAND_MASTER) != 0) {
        err = sxen_op_cfg_write(fn, PCI_COMMAND, 2, command & ~PCI_COMMAND_MASTER);
    }
    return err == 0 || err == -ENODEV;
}

void sxen_op_close(void *handle)
{
    struct sxen_fn *fn = handle;
    const struct skvm_sys *sys = sxen_sys_of(fn);

    list_out(fn);
    /* Killed is not gone: the device may be there, and write. */
    atomic_store(&fn->dead, false);
    (void)sxen_op_irq_disable(fn);
    if (!quiet(fn)) {
        sriov_log(fn->xen->base.vmm, SRIOV_LOG_ERROR,
                  "%s: its bus mastering cannot be switched off: its memory stays with this domain until it "
                  "is opened again",
                  fn->info.name);
        fn->keep_frames = true;
    }
    sxen_dma_drop(fn);
    sxen_events_drop(fn);
    sxen_bars_drop(fn);
    sys->close(sys->ctx, fn->config);
    pthread_mutex_destroy(&fn->irq_lock);
    sys->free(sys->ctx, fn);
}

int sxen_op_info(void *handle, struct sriov_fn_info *info)
{
    struct sxen_fn *fn = handle;
    uint32_t size = info->size;
    struct sriov_fn_info now;

    /* VFs come and go while a PF is open. */
    if (fn->info.total_vfs != 0 && skvm_info_read(&fn->xen->base.host, fn->info.name, &now) == 0) {
        fn->info.num_vfs = now.num_vfs;
    }
    memcpy(info, &fn->info, size < sizeof(fn->info) ? size : sizeof(fn->info));
    info->size = size;
    return 0;
}
