/* SPDX-License-Identifier: BSD-3-Clause */
/* The shim's table and its life. */
#include "snd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void *op_host_alloc(void *vmm, size_t size, size_t align)
{
    void *ptr = NULL;
    (void)vmm;
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

static void op_log(void *vmm, uint32_t level, const char *line)
{
    static const char *const names[] = {"", "error", "warning", "info", "debug"};
    (void)vmm;
    fprintf(stderr, "sriov: %s: %s\n", level < sizeof(names) / sizeof(names[0]) ? names[level] : "log", line);
}

static const struct sriov_vmm_ops snd_ops = {
    .size = sizeof(struct sriov_vmm_ops),
    .abi = SRIOV_VMM_ABI,
    .name = "netdev",
    .host_alloc = op_host_alloc,
    .host_free = op_host_free,
    .now_ns = snd_op_now,
    .relax = snd_op_relax,
    .sleep_ns = snd_op_sleep,
    .wait = snd_op_wait,
    .log = op_log,
    .enumerate = snd_op_enumerate,
    .open = snd_op_open,
    .close = snd_op_close,
    .info = snd_op_info,
    .kill = snd_op_kill,
    .cfg_read = snd_op_cfg_read,
    .cfg_write = snd_op_cfg_write,
    .bar_info = snd_op_bar_info,
    .bar_read = snd_op_bar_read,
    .bar_write = snd_op_bar_write,
    .dma_limits = snd_op_dma_limits,
    .dma_alloc = snd_op_dma_alloc,
    .dma_free = snd_op_dma_free,
    .dma_map = snd_op_dma_map,
    .dma_unmap = snd_op_dma_unmap,
    .irq_count = snd_op_irq_count,
    .irq_enable = snd_op_irq_enable,
    .irq_disable = snd_op_irq_disable,
    .irq_attach = snd_op_irq_attach,
    .irq_detach = snd_op_irq_detach,
    .irq_mask = snd_op_irq_mask,
    .irq_unmask = snd_op_irq_unmask,
    .irq_pending = snd_op_irq_pending,
    .irq_trigger = snd_op_irq_trigger,
    .set_event_sink = snd_op_set_event_sink,
    .fn_fd = snd_op_fn_fd,
};

static int take_opts(struct sriov_netdev_opts *own, const struct sriov_netdev_opts *opts)
{
    const unsigned char *bytes = (const unsigned char *)opts;
    memset(own, 0, sizeof(*own));
    if (opts == NULL) {
        return 0;
    }
    if (opts->size < sizeof(*own)) {
        return -EINVAL;
    }
    for (size_t i = sizeof(*own); i < opts->size; i++) {
        if (bytes[i] != 0) {
            return -E2BIG;
        }
    }
    *own = *opts;
    return (own->flags & ~SRIOV_NETDEV_TAKE) == 0 ? 0 : -EINVAL;
}

int sriov_netdev_create(const struct sriov_netdev_opts *opts, struct sriov_vmm **out)
{
    struct sriov_netdev_opts own;
    if (out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    int err = take_opts(&own, opts);
    struct snd *shim = err == 0 ? calloc(1, sizeof(*shim)) : NULL;
    if (shim == NULL) {
        return err != 0 ? err : -ENOMEM;
    }
    shim->flags = own.flags;
    shim->next_id = 1;
    shim->epoll = epoll_create1(EPOLL_CLOEXEC);
    err = shim->epoll < 0 ? -ENOSPC : sriov_vmm_register(&snd_ops, shim, &shim->vmm);
    if (err != 0) {
        if (shim->epoll >= 0) {
            close(shim->epoll);
        }
        free(shim);
        return err;
    }
    *out = shim->vmm;
    return 0;
}

int sriov_netdev_destroy(struct sriov_vmm *vmm)
{
    if (vmm == NULL) {
        return 0;
    }
    struct snd *shim = sriov_vmm_ctx(vmm);
    int err = sriov_vmm_unregister(vmm);
    if (err == 0) {
        close(shim->epoll);
        free(shim);
    }
    return err;
}
