/* SPDX-License-Identifier: BSD-3-Clause */
/* The shim's table and its life. */
#include "vfuc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT_NS UINT64_C(5000000000)
#define IOVA_FIRST         (UINT64_C(1) << 20)
#define IOVA_LAST          ((UINT64_C(1) << 39) - 1)
#define IOVA_ALIGN         UINT64_C(4096)

static void *op_host_alloc(void *vmm, size_t size, size_t align)
{
    (void)vmm;
    void *ptr = NULL;
    if (posix_memalign(&ptr, align < sizeof(void *) ? sizeof(void *) : align, size) != 0) {
        return NULL;
    }
    memset(ptr, 0, size);
    return ptr;
}

static void op_host_free(void *vmm, void *ptr, size_t size)
{
    (void)vmm;
    (void)size;
    free(ptr);
}

static uint64_t op_now(void *vmm)
{
    (void)vmm;
    return vfuc_now();
}

static void op_log(void *vmm, uint32_t level, const char *line)
{
    static const char *const names[] = {"", "error", "warning", "info", "debug"};
    (void)vmm;
    fprintf(stderr, "sriov: %s: %s\n", level < sizeof(names) / sizeof(names[0]) ? names[level] : "log", line);
}

static const struct sriov_vmm_ops vfuc_ops = {
    .size = sizeof(struct sriov_vmm_ops),
    .abi = SRIOV_VMM_ABI,
    .name = "vfio-user",
    .host_alloc = op_host_alloc,
    .host_free = op_host_free,
    .now_ns = op_now,
    .relax = vfuc_op_relax,
    .sleep_ns = vfuc_op_sleep,
    .wait = vfuc_op_wait,
    .log = op_log,
    .enumerate = vfuc_op_enumerate,
    .open = vfuc_op_open,
    .close = vfuc_op_close,
    .info = vfuc_op_info,
    .reset = vfuc_op_reset,
    .kill = vfuc_op_kill,
    .cfg_read = vfuc_op_cfg_read,
    .cfg_write = vfuc_op_cfg_write,
    .bar_info = vfuc_op_bar_info,
    .bar_view = vfuc_op_bar_view,
    .bar_unview = vfuc_op_bar_unview,
    .bar_read = vfuc_op_bar_read,
    .bar_write = vfuc_op_bar_write,
    .dma_limits = vfuc_op_dma_limits,
    .dma_alloc = vfuc_op_dma_alloc,
    .dma_free = vfuc_op_dma_free,
    .dma_map = vfuc_op_dma_map,
    .dma_unmap = vfuc_op_dma_unmap,
    .irq_count = vfuc_op_irq_count,
    .irq_enable = vfuc_op_irq_enable,
    .irq_disable = vfuc_op_irq_disable,
    .irq_attach = vfuc_op_irq_attach,
    .irq_detach = vfuc_op_irq_detach,
    .irq_mask = vfuc_op_irq_mask,
    .irq_unmask = vfuc_op_irq_unmask,
    .irq_pending = vfuc_op_irq_pending,
    .irq_trigger = vfuc_op_irq_trigger,
    .set_event_sink = vfuc_op_set_event_sink,
    .dma_dirty_start = vfuc_op_dma_dirty_start,
    .dma_dirty_stop = vfuc_op_dma_dirty_stop,
    .dma_dirty_read = vfuc_op_dma_dirty_read,
    .mig_info = vfuc_op_mig_info,
    .mig_state = vfuc_op_mig_state,
    .mig_set_state = vfuc_op_mig_set_state,
    .mig_read = vfuc_op_mig_read,
    .mig_write = vfuc_op_mig_write,
};

static int dial(void *arg, const struct sockaddr_un *at)
{
    (void)arg;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return errno == EMFILE || errno == ENFILE ? -ENOSPC : -ENOMEM;
    }
    if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0) {
        return fd;
    }
    int err = errno;
    close(fd);
    switch (err) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED: /* a socket of somebody who is gone */
        return -ENOENT;
    case EAGAIN: /* others wait to be let in */
        return -EBUSY;
    default:
        return err == EACCES || err == EPERM ? -EPERM : -EINVAL;
    }
}

/* The caller's options, of whatever age, in a struct of ours. */
static int take_opts(struct sriov_vfu_client_opts *own, const struct sriov_vfu_client_opts *opts)
{
    const unsigned char *bytes = (const unsigned char *)opts;
    if (opts->size < offsetof(struct sriov_vfu_client_opts, timeout_ns)) {
        return -EINVAL;
    }
    for (size_t i = sizeof(*own); i < opts->size; i++) {
        if (bytes[i] != 0) {
            return -E2BIG;
        }
    }
    memset(own, 0, sizeof(*own));
    memcpy(own, opts, opts->size < sizeof(*own) ? opts->size : sizeof(*own));
    own->timeout_ns = own->timeout_ns != 0 ? own->timeout_ns : TIMEOUT_DEFAULT_NS;
    if (own->iova_first == 0 && own->iova_last == 0) {
        own->iova_first = IOVA_FIRST;
        own->iova_last = IOVA_LAST;
    }
    if ((own->flags & ~SRIOV_VFU_CLIENT_UNSHARED) != 0 || own->reserved0 != 0) {
        return -EINVAL;
    }
    bool aligned = own->iova_first % IOVA_ALIGN == 0 && own->iova_last % IOVA_ALIGN == IOVA_ALIGN - 1;
    return aligned && own->iova_first < own->iova_last ? 0 : -EINVAL;
}

static void client_free(struct vfuc *client)
{
    if (client->epoll >= 0) {
        close(client->epoll);
    }
    pthread_cond_destroy(&client->idle);
    pthread_mutex_destroy(&client->lock);
    vfuc_names_free(client);
    free(client);
}

int sriov_vfu_client_create(const struct sriov_vfu_client_opts *opts, struct sriov_vmm **out)
{
    struct sriov_vfu_client_opts own;
    if (out == NULL || opts == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    int err = take_opts(&own, opts);
    struct vfuc *client = err == 0 ? calloc(1, sizeof(*client)) : NULL;
    if (client == NULL) {
        return err != 0 ? err : -ENOMEM;
    }
    pthread_mutex_init(&client->lock, NULL);
    pthread_cond_init(&client->idle, NULL);
    client->next_id = 1;
    client->timeout_ns = own.timeout_ns;
    client->unshared = (own.flags & SRIOV_VFU_CLIENT_UNSHARED) != 0;
    client->iova = (struct sriov_dma_range){.first = own.iova_first, .last = own.iova_last};
    client->dial = dial;
    client->epoll = epoll_create1(EPOLL_CLOEXEC);
    err = client->epoll < 0 ? -ENOSPC : vfuc_names_take(client, &own);
    err = err != 0 ? err : sriov_vmm_register(&vfuc_ops, client, &client->vmm);
    if (err != 0) {
        client_free(client);
        return err;
    }
    *out = client->vmm;
    return 0;
}

int sriov_vfu_client_destroy(struct sriov_vmm *vmm)
{
    if (vmm == NULL) {
        return 0;
    }
    struct vfuc *client = sriov_vmm_ctx(vmm);
    int err = sriov_vmm_unregister(vmm);
    if (err == 0) {
        client_free(client);
    }
    return err;
}
