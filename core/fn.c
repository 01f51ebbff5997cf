/* SPDX-License-Identifier: BSD-3-Clause */
/* A function from open to close. */
#include "core.h"

#include <sriov/hw/pci_regs.h>

#define OPEN_FLAGS SRIOV_OPEN_NOIOMMU

/* Runs in the shim's wait, relax and sleep, or in interrupt context. */
static void on_event(void *arg, uint32_t event)
{
    struct sriov_fn *fn = arg;

    if (event < SRIOV_EVENT_REMOVE_ASKED || event > SRIOV_EVENT_RESUME) {
        return;
    }
    if (event == SRIOV_EVENT_REMOVED) {
        sriov_fn_kill(fn);
    }
    atomic_fetch_or(&fn->events, UINT32_C(1) << event);
    if (fn->opts.on_event != NULL) {
        fn->opts.on_event(fn->opts.arg, (enum sriov_event)event);
    }
}

static int watch_events(struct sriov_fn *fn)
{
    struct sriov_event_sink sink = {.size = sizeof(sink), .cb = on_event, .arg = fn};

    if (!sriov_fn_can(fn, SRIOV_CAP_EVENTS)) {
        return 0;
    }
    return sric_ops(fn)->set_event_sink(fn->handle, &sink);
}

/* A VF's memory enable is hardwired to zero: what was written is not read back. */
static int enable_command(struct sriov_fn *fn)
{
    uint16_t command;
    int rc = sriov_cfg_read16(fn, SRIOV_PCI_COMMAND, &command);

    if (rc != 0) {
        return rc;
    }
    command = (uint16_t)(command | SRIOV_PCI_COMMAND_MEMORY | SRIOV_PCI_COMMAND_MASTER);
    return sriov_cfg_write16(fn, SRIOV_PCI_COMMAND, command);
}

int sric_fn_bus_master(struct sriov_fn *fn, bool on)
{
    uint16_t command;
    int rc = sriov_cfg_read16(fn, SRIOV_PCI_COMMAND, &command);

    if (rc != 0) {
        return rc;
    }
    command = (uint16_t)(command & ~(uint32_t)SRIOV_PCI_COMMAND_MASTER);
    if (on) {
        command = (uint16_t)(command | SRIOV_PCI_COMMAND_MASTER);
    }
    return sriov_cfg_write16(fn, SRIOV_PCI_COMMAND, command);
}

static int seen_cap(void *arg, bool ext, uint16_t id, uint16_t off)
{
    (void)arg;
    (void)ext;
    (void)id;
    (void)off;
    return 0;
}

/* Config space must answer, be an endpoint's and have lists that end. */
static int check_config(struct sriov_fn *fn)
{
    uint8_t type;
    int rc = sric_cfg_alive(fn);

    if (rc == 0) {
        rc = sriov_cfg_read8(fn, SRIOV_PCI_HEADER_TYPE, &type);
    }
    if (rc == 0 && (type & SRIOV_PCI_HEADER_TYPE_MASK) != SRIOV_PCI_HEADER_TYPE_NORMAL) {
        rc = -EPROTO;
    }
    return rc != 0 ? rc : sriov_cfg_each_cap(fn, seen_cap, NULL);
}

static int bring_up(struct sriov_fn *fn)
{
    int rc;

    fn->info.size = sizeof(fn->info);
    rc = sric_ops(fn)->info(fn->handle, &fn->info);
    if (rc == 0) {
        fn->info.name[SRIOV_NAME_MAX - 1] = '\0';
        fn->info.pf_name[SRIOV_NAME_MAX - 1] = '\0';
        fn->info.bound_driver[SRIOV_NAME_MAX - 1] = '\0';
        rc = watch_events(fn);
    }
    if (rc == 0) {
        rc = check_config(fn);
    }
    if (rc == 0 && sriov_fn_can(fn, SRIOV_CAP_RESET) && (fn->opts.flags & SRIOV_FN_NO_RESET) == 0) {
        rc = sriov_fn_reset(fn);
    } else if (rc == 0) {
        rc = enable_command(fn);
    }
    return rc;
}

static void drop_events(struct sriov_fn *fn)
{
    if (sriov_fn_can(fn, SRIOV_CAP_EVENTS)) {
        (void)fn->vmm->ops.set_event_sink(fn->handle, NULL);
    }
}

static int take_opts(struct sriov_fn *fn, const struct sriov_fn_opts *opts)
{
    int rc = 0;

    if (opts != NULL) {
        rc = sric_opts_take(&fn->opts, sizeof(fn->opts), offsetof(struct sriov_fn_opts, options), opts);
    }
    if (rc == 0 && (fn->opts.flags & ~(OPEN_FLAGS | SRIOV_FN_NO_RESET)) != 0) {
        rc = -EINVAL;
    }
    return rc;
}

static int open_at_shim(struct sriov_fn *fn, const char *name)
{
    struct sriov_open_args args = {
        .size = sizeof(args),
        .flags = fn->opts.flags & OPEN_FLAGS,
        .name = name,
        .options = fn->opts.options,
    };
    int rc = fn->vmm->ops.open(fn->vmm->ctx, &args, &fn->handle);

    if (rc != 0) {
        return rc;
    }
    rc = bring_up(fn);
    if (rc != 0) {
        sriov_log(fn->vmm, SRIOV_LOG_ERROR, "%s: open failed after the shim had opened it: errno %d", name,
                  -rc);
        drop_events(fn);
        (void)sric_fn_bus_master(fn, false);
        fn->vmm->ops.close(fn->handle);
    }
    return rc;
}

int sriov_fn_open(struct sriov_vmm *vmm, const char *name, const struct sriov_fn_opts *opts,
                  struct sriov_fn **out)
{
    struct sriov_fn *fn;
    int rc;

    if (vmm == NULL || name == NULL || out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    fn = sric_alloc(vmm, sizeof(*fn), _Alignof(struct sriov_fn));
    if (fn == NULL) {
        return -ENOMEM;
    }
    fn->vmm = vmm;
    atomic_init(&fn->ops, &vmm->ops);
    atomic_init(&fn->state, SRIOV_FN_DETACHED);
    atomic_init(&fn->events, 0);
    rc = take_opts(fn, opts);
    if (rc == 0) {
        rc = open_at_shim(fn, name);
    }
    if (rc != 0) {
        sric_free(vmm, fn, sizeof(*fn));
        return rc;
    }
    atomic_fetch_add(&vmm->open_fns, 1);
    *out = fn;
    return 0;
}

int sriov_fn_close(struct sriov_fn *fn)
{
    struct sriov_vmm *vmm;
    int leaks;

    if (fn == NULL) {
        return 0;
    }
    vmm = fn->vmm;
    if (sriov_fn_state(fn) != SRIOV_FN_DETACHED && !sriov_fn_gone(fn)) {
        sriov_log(vmm, SRIOV_LOG_ERROR, "%s: closed while a driver is %s; close that first", fn->info.name,
                  sriov_fn_state_name(sriov_fn_state(fn)));
    }
    (void)sriov_irq_disable(fn);
    /* Memory may be freed only once the device cannot write to it any more. */
    (void)sric_fn_bus_master(fn, false);
    leaks = sric_dma_close(fn);
    drop_events(fn);
    vmm->ops.close(fn->handle);
    sric_free(vmm, fn, sizeof(*fn));
    atomic_fetch_sub(&vmm->open_fns, 1);
    return leaks;
}

void sriov_fn_kill(struct sriov_fn *fn)
{
    const struct sriov_vmm_ops *old = atomic_exchange(&fn->ops, &sric_null_ops);

    if (old != &sric_null_ops) {
        atomic_store(&fn->state, SRIOV_FN_GONE);
        fn->vmm->ops.kill(fn->handle);
    }
}

int sric_fn_saw(struct sriov_fn *fn, int rc)
{
    if (rc == -ENODEV) {
        sriov_fn_kill(fn);
    }
    return rc;
}

bool sric_fn_has_event(struct sriov_fn *fn, enum sriov_event event)
{
    return (atomic_load(&fn->events) & UINT32_C(1) << event) != 0;
}

bool sric_fn_take_event(struct sriov_fn *fn, enum sriov_event event)
{
    uint32_t bit = UINT32_C(1) << event;

    return (atomic_fetch_and(&fn->events, ~bit) & bit) != 0;
}

const struct sriov_fn_info *sriov_fn_info(const struct sriov_fn *fn)
{
    return &fn->info;
}

struct sriov_vmm *sriov_fn_vmm(const struct sriov_fn *fn)
{
    return fn->vmm;
}

bool sriov_fn_can(const struct sriov_fn *fn, uint64_t caps)
{
    return (fn->info.caps & caps) == caps;
}

int sriov_fn_fd(struct sriov_fn *fn, int32_t *fd, uint32_t *kind)
{
    *fd = -1;
    *kind = SRIOV_FN_FD_NONE;
    return sric_fn_saw(fn, sric_ops(fn)->fn_fd(fn->handle, fd, kind));
}

int sriov_fn_reset(struct sriov_fn *fn)
{
    int rc = -EOPNOTSUPP;

    if (sriov_fn_gone(fn)) {
        return -ENODEV;
    }
    if (sriov_fn_can(fn, SRIOV_CAP_RESET)) {
        rc = sric_fn_saw(fn, sric_ops(fn)->reset(fn->handle));
    }
    return rc != 0 ? rc : enable_command(fn);
}

static int call_set_vfs(struct sriov_fn *fn, uint16_t n)
{
    int rc = sric_fn_saw(fn, sric_ops(fn)->set_vfs(fn->handle, n));

    if (rc == 0) {
        fn->info.num_vfs = n;
    }
    return rc;
}

int sriov_fn_set_vfs(struct sriov_fn *fn, uint16_t n)
{
    int rc = 0;

    if (sriov_fn_gone(fn)) {
        return -ENODEV;
    }
    if (!sriov_fn_can(fn, SRIOV_CAP_SET_VFS)) {
        return -EOPNOTSUPP;
    }
    if (n > fn->info.total_vfs) {
        return -EINVAL;
    }
    if (n == fn->info.num_vfs) {
        return 0;
    }
    /* NumVFs may change only while VF Enable is clear (SR-IOV 1.1, 3.3.7). */
    if (n != 0 && fn->info.num_vfs != 0) {
        rc = call_set_vfs(fn, 0);
    }
    return rc != 0 ? rc : call_set_vfs(fn, n);
}

void *sriov_fn_host_alloc(struct sriov_fn *fn, size_t size, size_t align)
{
    return sric_alloc(fn->vmm, size, align);
}

void sriov_fn_host_free(struct sriov_fn *fn, void *ptr, size_t size)
{
    sric_free(fn->vmm, ptr, size);
}
