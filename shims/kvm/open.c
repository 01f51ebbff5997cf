/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking hold of a function and letting it go. */
#include "skvm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define UUID_LENGTH 36u

static int parse_token(struct skvm_fn *fn, const char *value, size_t n, struct skvm_why *why)
{
    bool good = n == UUID_LENGTH;
    for (size_t i = 0; good && i < n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        good = dash ? value[i] == '-' : strchr("0123456789abcdefABCDEF", value[i]) != NULL;
    }
    if (!good) {
        skvm_why(why, "vf-token is no UUID like 2ab74924-c335-45f4-9b16-8569e5b08258");
        return -EINVAL;
    }
    memcpy(fn->vf_token, value, n);
    fn->vf_token[n] = '\0';
    return 0;
}

/* "key=value,..." */
static int parse_options(struct skvm_fn *fn, const char *options, struct skvm_why *why)
{
    static const char token[] = "vf-token=";
    const char *at = options;

    while (at != NULL && *at != '\0') {
        size_t n = strcspn(at, ",");
        if (n < sizeof(token) - 1 || memcmp(at, token, sizeof(token) - 1) != 0) {
            skvm_why(why, "open option '%.*s' is not known; there is vf-token=UUID", (int)n, at);
            return -EINVAL;
        }
        int err = parse_token(fn, at + sizeof(token) - 1, n - (sizeof(token) - 1), why);
        if (err != 0) {
            return err;
        }
        at += n + (at[n] == ',');
    }
    return 0;
}

static int check_args(struct skvm_fn *fn, const struct sriov_open_args *args, struct skvm_why *why)
{
    if ((args->flags & ~SRIOV_OPEN_NOIOMMU) != 0) {
        skvm_why(why, "open flags 0x%x are not known", (unsigned)args->flags);
        return -EINVAL;
    }
    if (skvm_bdf_check(args->name) != 0) {
        skvm_why(why, "'%.64s' is no PCI function: write it like 0000:01:10.0",
                 args->name != NULL ? args->name : "");
        return -EINVAL;
    }
    return parse_options(fn, args->options, why);
}

static int check_driver(const struct sriov_fn_info *info, struct skvm_why *why)
{
    if (info->bound_driver[0] == '\0') {
        skvm_why(why, "%s is not bound to vfio-pci (no driver has it): sriovctl bind %s", info->name,
                 info->name);
        return -EBUSY;
    }
    /* vfio-pci and its variants for one device ("mlx5_vfio_pci"). */
    if (strstr(info->bound_driver, "vfio") == NULL) {
        skvm_why(why, "%s is held by driver %s: sriovctl bind %s", info->name, info->bound_driver,
                 info->name);
        return -EBUSY;
    }
    return 0;
}

static int check_isolation(struct skvm_fn *fn, struct skvm_why *why)
{
    const struct sriov_fn_info *info = &fn->info;
    if (info->iommu_group < 0) {
        skvm_why(why,
                 "%s has no IOMMU group: enable VT-d or AMD-Vi in the firmware and boot with intel_iommu=on",
                 info->name);
        return -EPERM;
    }
    fn->noiommu = (info->caps & SRIOV_CAP_NO_ISOLATION) != 0;
    if (!fn->noiommu) {
        return 0;
    }
    if ((fn->kvm->host.flags & SRIOV_KVM_ALLOW_NOIOMMU) == 0 || (fn->open_flags & SRIOV_OPEN_NOIOMMU) == 0) {
        skvm_why(why, "%s is not confined by an IOMMU: boot with intel_iommu=on, or ask for noiommu by name",
                 info->name);
        return -EPERM;
    }
    return 0;
}

static bool open_already(struct skvm *kvm, const char *name)
{
    bool found = false;
    pthread_mutex_lock(&kvm->lock);
    for (const struct skvm_fn *fn = kvm->fns; fn != NULL; fn = fn->next) {
        found = found || strcmp(fn->info.name, name) == 0;
    }
    pthread_mutex_unlock(&kvm->lock);
    return found;
}

static int check_function(struct skvm_fn *fn, const char *name, struct skvm_why *why)
{
    int err = skvm_info_read(&fn->kvm->host, name, &fn->info);
    if (err == -ENOENT || err == -ENOTDIR) {
        skvm_why(why, "%s: no such PCI function: sriovctl list shows those that are there", name);
        return -ENOENT;
    }
    if (err != 0) {
        skvm_why(why, "%s: sysfs cannot be read (errno %d): are /sys and its permissions right?", name, -err);
        return err == -ENOMEM ? err : -EPERM;
    }
    if (open_already(fn->kvm, name)) {
        skvm_why(why, "%s is open already in this process: close it first", name);
        return -EBUSY;
    }
    /* Isolation before driver: without an IOMMU group bind would fail, and so be no remedy. */
    err = check_isolation(fn, why);
    return err != 0 ? err : check_driver(&fn->info, why);
}

static void set_caps(struct skvm_fn *fn)
{
    uint64_t caps = fn->info.caps | SRIOV_CAP_BAR_VIEW | SRIOV_CAP_EVENTS;
    if (fn->max_vectors != 0) {
        caps |= SRIOV_CAP_IRQ_EVENTFD | SRIOV_CAP_IRQ_CALLBACK | SRIOV_CAP_IRQ_MASK | SRIOV_CAP_IRQ_PENDING |
                SRIOV_CAP_IRQ_TRIGGER;
    }
    caps |= fn->can_reset ? SRIOV_CAP_RESET : 0;
    caps |= fn->noiommu ? 0 : SRIOV_CAP_DMA_MAP;
    caps |= fn->config.length > 256 ? SRIOV_CAP_CFG_EXTENDED : 0;
    fn->info.caps = caps;
}

/* From the space up; what was got is given back in reverse. */
static int take_hold(struct skvm_fn *fn, struct skvm_why *why)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    struct sriov_dma_limits limits = {.size = sizeof(limits)};

    int err = skvm_space_join(fn->kvm, fn, why);
    if (err != 0) {
        return err;
    }
    err = fn->space->backend->device_open(fn->kvm, fn, why);
    if (err != 0) {
        goto leave;
    }
    err = skvm_device_init(fn, why);
    if (err != 0) {
        goto close_device;
    }
    err = skvm_space_limits(fn, &limits);
    if (err == 0) {
        err = skvm_events_init(fn);
    }
    if (err != 0) {
        skvm_why(why, "%s: VFIO does not tell its DMA limits or take its event descriptors (errno %d)",
                 fn->info.name, -err);
        goto close_device;
    }
    fn->granule = limits.granule;
    fn->maps_left = limits.maps_left;
    set_caps(fn);
    return 0;

close_device:
    sys->close(sys->ctx, fn->device);
leave:
    skvm_space_leave(fn->kvm, fn);
    return err;
}

static void list_in(struct skvm_fn *fn)
{
    pthread_mutex_lock(&fn->kvm->lock);
    fn->next = fn->kvm->fns;
    fn->kvm->fns = fn;
    pthread_mutex_unlock(&fn->kvm->lock);
}

static void list_out(struct skvm_fn *fn)
{
    struct skvm_fn **link = &fn->kvm->fns;
    pthread_mutex_lock(&fn->kvm->lock);
    while (*link != fn) {
        link = &(*link)->next;
    }
    *link = fn->next;
    pthread_mutex_unlock(&fn->kvm->lock);
}

int skvm_op_open(void *vmm, const struct sriov_open_args *args, void **out)
{
    struct skvm *kvm = vmm;
    const struct skvm_sys *sys = kvm->host.sys;
    struct skvm_why why = {""};
    struct skvm_fn *fn = sys->alloc(sys->ctx, sizeof(*fn), _Alignof(max_align_t));
    if (fn == NULL) {
        return -ENOMEM;
    }
    fn->kvm = kvm;
    fn->device = -1;
    fn->ones = -1;
    fn->open_flags = args->flags;
    int err = check_args(fn, args, &why);
    err = err != 0 ? err : check_function(fn, args->name, &why);
    err = err != 0 ? err : take_hold(fn, &why);
    if (err != 0) {
        sriov_log(kvm->vmm, SRIOV_LOG_ERROR, "%s", why.text);
        sys->free(sys->ctx, fn);
        return err;
    }
    skvm_mig_ask(fn);
    list_in(fn);
    skvm_warn_lock(fn, skvm_lock_left(fn));
    if (fn->noiommu) {
        sriov_log(kvm->vmm, SRIOV_LOG_WARN, "%s: no IOMMU confines it: it can reach all memory",
                  fn->info.name);
    }
    *out = fn;
    return 0;
}

/* The device's descriptor goes before its memory: closing it ends its DMA. */
void skvm_op_close(void *handle)
{
    struct skvm_fn *fn = handle;
    const struct skvm_sys *sys = skvm_sys_of(fn);

    list_out(fn);
    if (fn->dirty) {
        (void)skvm_op_dma_dirty_stop(fn);
    }
    skvm_mig_reset(fn);
    (void)skvm_op_irq_disable(fn);
    skvm_events_drop(fn);
    skvm_views_drop(fn);
    sys->close(sys->ctx, fn->device);
    skvm_maps_drop(fn);
    skvm_space_leave(fn->kvm, fn);
    sys->free(sys->ctx, fn);
}

int skvm_op_info(void *handle, struct sriov_fn_info *info)
{
    struct skvm_fn *fn = handle;
    uint32_t size = info->size;
    struct sriov_fn_info now;

    /* VFs come and go while a PF is open. */
    if (fn->info.total_vfs != 0 && skvm_info_read(&fn->kvm->host, fn->info.name, &now) == 0) {
        fn->info.num_vfs = now.num_vfs;
    }
    memcpy(info, &fn->info, size < sizeof(fn->info) ? size : sizeof(fn->info));
    info->size = size;
    return 0;
}

int skvm_op_reset(void *handle)
{
    struct skvm_fn *fn = handle;
    const struct skvm_sys *sys = skvm_sys_of(fn);
    if (!fn->can_reset) {
        return -EOPNOTSUPP;
    }
    int err = sys->ioctl(sys->ctx, fn->device, VFIO_DEVICE_RESET, NULL);
    if (err >= 0) {
        skvm_mig_reset(fn);
    }
    return err < 0 ? skvm_device_error(fn, err) : 0;
}

int skvm_op_set_vfs(void *handle, uint16_t n)
{
    struct skvm_fn *fn = handle;
    struct skvm_why why = {""};
    int err = skvm_vfs_write(&fn->kvm->host, fn->info.name, n, &why);
    if (err != 0) {
        sriov_log(fn->kvm->vmm, SRIOV_LOG_ERROR, "%s", why.text);
    }
    return err;
}

int skvm_op_fn_fd(void *handle, int32_t *fd, uint32_t *kind)
{
    const struct skvm_fn *fn = handle;
    if (fn->noiommu) {
        return -EOPNOTSUPP;
    }
    bool group = fn->space->backend == &skvm_group_backend;
    *fd = group ? fn->space->group_fd : fn->device;
    *kind = group ? SRIOV_FN_FD_VFIO_GROUP : SRIOV_FN_FD_VFIO_DEVICE;
    return 0;
}
