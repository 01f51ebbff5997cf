/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking hold of a function and letting it go. */
#include "vfuc.h"

#include <sriov/hw/pci_regs.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *remedy(int err)
{
    switch (err) {
    case -ENOENT:
        return "nobody serves it: start the server first";
    case -EBUSY:
        return "another client has it: end that one, or take another function";
    case -ETIMEDOUT:
        return "its server does not answer in time";
    case -EPERM:
        return "this user may not connect to its socket";
    case -EPROTO:
        return "its server does not speak vfio-user 0.1 as specified, or serves no PCI function";
    default:
        return "the connection could not be made";
    }
}

/* Ids and class are words of a configuration space that a server made up: they are shown, not believed. */
static int read_ids(struct vfuc_fn *fn)
{
    uint32_t ids = 0;
    uint32_t class = 0;
    uint32_t subsystem = 0;
    int err = vfuc_op_cfg_read(fn, SRIOV_PCI_VENDOR_ID, 4, &ids);
    err = err != 0 ? err : vfuc_op_cfg_read(fn, SRIOV_PCI_REVISION_ID, 4, &class);
    err = err != 0 ? err : vfuc_op_cfg_read(fn, SRIOV_PCI_SUBSYSTEM_VENDOR_ID, 4, &subsystem);
    fn->info.vendor = (uint16_t)ids;
    fn->info.device = (uint16_t)(ids >> 16);
    fn->info.revision = (uint8_t) class;
    fn->info.class_code = class >> 8;
    fn->info.subsystem_vendor = (uint16_t)subsystem;
    fn->info.subsystem_device = (uint16_t)(subsystem >> 16);
    return err;
}

static void set_caps(struct vfuc_fn *fn)
{
    uint64_t caps = SRIOV_CAP_EVENTS;
    if (fn->max_vectors != 0) {
        caps |= SRIOV_CAP_IRQ_EVENTFD | SRIOV_CAP_IRQ_CALLBACK | SRIOV_CAP_IRQ_MASK | SRIOV_CAP_IRQ_PENDING |
                SRIOV_CAP_IRQ_TRIGGER;
    }
    for (uint32_t bar = 0; bar < VFUC_BARS; bar++) {
        caps |= fn->bars[bar].fd >= 0 ? SRIOV_CAP_BAR_VIEW : 0;
    }
    caps |= fn->client->unshared ? SRIOV_CAP_DMA_MAP : 0;
    caps |= fn->can_reset ? SRIOV_CAP_RESET : 0;
    caps |= fn->mig_flags != 0 ? SRIOV_CAP_MIGRATION : 0;
    caps |= fn->can_log ? SRIOV_CAP_DIRTY : 0;
    caps |= fn->config.length > 256 ? SRIOV_CAP_CFG_EXTENDED : 0;
    fn->info.caps = caps;
}

static int take_hold(struct vfuc_fn *fn, const struct sockaddr_un *at)
{
    int fd = fn->client->dial(fn->client->dial_arg, at);
    int err = fd < 0 ? fd : vfuc_conn_start(&fn->conn, fd, fn->client->timeout_ns);
    if (err != 0) {
        return err;
    }
    err = vfuc_device_ask(fn);
    if (err == 0) {
        err = read_ids(fn);
        if (err != 0) {
            vfuc_device_forget(fn);
        }
    }
    if (err != 0) {
        vfuc_conn_end(&fn->conn);
        return err;
    }
    set_caps(fn);
    return 0;
}

static struct vfuc_fn *fn_new(struct vfuc *client, const char *name)
{
    struct vfuc_fn *fn = calloc(1, sizeof(*fn));
    if (fn != NULL) {
        fn->client = client;
        fn->ones = -1;
        fn->answer_end = -1;
        pthread_mutex_init(&fn->maps_lock, NULL);
        fn->info.size = sizeof(fn->info);
        fn->info.iommu_group = -1;
        memcpy(fn->info.name, name, strlen(name) + 1);
        memcpy(fn->info.bound_driver, "vfio-user", sizeof("vfio-user"));
    }
    return fn;
}

static void fn_free(struct vfuc_fn *fn)
{
    pthread_mutex_destroy(&fn->maps_lock);
    free(fn);
}

static void let_go(struct vfuc_fn *fn)
{
    vfuc_device_forget(fn);
    vfuc_conn_end(&fn->conn);
}

int vfuc_fn_probe(struct vfuc *client, const char *name, const struct sockaddr_un *at,
                  struct sriov_fn_info *info)
{
    struct vfuc_fn *fn = fn_new(client, name);
    if (fn == NULL) {
        return -ENOMEM;
    }
    int err = take_hold(fn, at);
    *info = fn->info;
    if (err == 0) {
        let_go(fn);
    }
    fn_free(fn);
    return err;
}

bool vfuc_fn_listed(struct vfuc *client, const char *name, struct sriov_fn_info *info)
{
    pthread_mutex_lock(&client->lock);
    const struct vfuc_fn *fn = client->fns;
    while (fn != NULL && strcmp(fn->info.name, name) != 0) {
        fn = fn->next;
    }
    if (fn != NULL) {
        *info = fn->info;
    }
    pthread_mutex_unlock(&client->lock);
    return fn != NULL;
}

static void list_in(struct vfuc_fn *fn)
{
    pthread_mutex_lock(&fn->client->lock);
    fn->next = fn->client->fns;
    fn->client->fns = fn;
    pthread_mutex_unlock(&fn->client->lock);
}

static void list_out(struct vfuc_fn *fn)
{
    struct vfuc_fn **link = &fn->client->fns;
    pthread_mutex_lock(&fn->client->lock);
    while (*link != fn) {
        link = &(*link)->next;
    }
    *link = fn->next;
    pthread_mutex_unlock(&fn->client->lock);
}

/* There is no IOMMU to be asked for: what the device reaches is what the server was given. */
static int check_args(struct vfuc *client, const struct sriov_open_args *args, struct sockaddr_un *at)
{
    if ((args->flags & ~SRIOV_OPEN_NOIOMMU) != 0 || args->name == NULL ||
        (args->options != NULL && args->options[0] != '\0')) {
        sriov_log(client->vmm, SRIOV_LOG_ERROR, "vfio-user takes no open options and no such flags");
        return -EINVAL;
    }
    int err = vfuc_name_find(client, args->name, at);
    if (err != 0) {
        sriov_log(client->vmm, SRIOV_LOG_ERROR, "'%s': no such socket: is its server running?", args->name);
        return err;
    }
    struct sriov_fn_info open;
    return vfuc_fn_listed(client, args->name, &open) ? -EBUSY : 0;
}

/* From here on the server may ask for memory. */
static int begin_answers(struct vfuc_fn *fn)
{
    fn->conn.dma = vfuc_dma_copy;
    fn->conn.dma_arg = fn;
    int err = vfuc_answer_start(fn);
    if (err != 0) {
        let_go(fn);
    }
    return err;
}

int vfuc_op_open(void *vmm, const struct sriov_open_args *args, void **out)
{
    struct vfuc *client = vmm;
    struct sockaddr_un at;
    int err = check_args(client, args, &at);
    if (err != 0) {
        return err;
    }
    struct vfuc_fn *fn = fn_new(client, args->name);
    if (fn == NULL) {
        return -ENOMEM;
    }
    err = take_hold(fn, &at);
    if (err == 0) {
        err = begin_answers(fn);
    }
    if (err != 0) {
        sriov_log(client->vmm, SRIOV_LOG_ERROR, "%s: %s (errno %d)", args->name, remedy(err), -err);
        fn_free(fn);
        return err;
    }
    vfuc_hangup_init(fn);
    list_in(fn);
    *out = fn;
    return 0;
}

void vfuc_op_close(void *handle)
{
    struct vfuc_fn *fn = handle;
    list_out(fn);
    (void)vfuc_op_irq_disable(fn);
    vfuc_source_remove(fn->client, &fn->hangup);
    vfuc_views_drop(fn);
    vfuc_answer_stop(fn);
    let_go(fn);
    vfuc_maps_drop(fn);
    fn_free(fn);
}

int vfuc_op_info(void *handle, struct sriov_fn_info *info)
{
    const struct vfuc_fn *fn = handle;
    uint32_t size = info->size;
    memcpy(info, &fn->info, size < sizeof(fn->info) ? size : sizeof(fn->info));
    info->size = size;
    return 0;
}

int vfuc_op_reset(void *handle)
{
    struct vfuc_fn *fn = handle;
    struct vfuc_msg msg = {.command = VFU_DEVICE_RESET};
    return fn->can_reset ? vfuc_error(vfuc_call(&fn->conn, &msg)) : -EOPNOTSUPP;
}

void vfuc_op_kill(void *handle)
{
    struct vfuc_fn *fn = handle;
    vfuc_conn_kill(&fn->conn);
    vfuc_views_kill(fn);
}
