/* SPDX-License-Identifier: BSD-3-Clause */
/* A function comes into the server's hands, and leaves them. */
#include "server.h"

#include <stdlib.h>
#include <unistd.h>

#define REMOTE_TIMEOUT_NS UINT64_C(1000000000)
#define KNOWN_FLAGS       (SRIOV_VFU_UNSHARED | SRIOV_VFU_UNSEALED)

/* Options of a caller of another age: as long as theirs is, and nothing unknown set in it. */
static int take_opts(struct sriov_vfu_device *d, const struct sriov_vfu_device_opts *opts)
{
    uint32_t size = opts != NULL ? opts->size : 0;

    if (opts != NULL && size < offsetof(struct sriov_vfu_device_opts, path)) {
        return -EINVAL;
    }
    for (uint32_t i = (uint32_t)sizeof(*opts); i < size; i++) {
        if (size > VFUS_PAGE || ((const uint8_t *)opts)[i] != 0) {
            return -E2BIG;
        }
    }
    if (opts != NULL) {
        memcpy(&d->opts, opts, size < sizeof(*opts) ? size : sizeof(*opts));
    }
    d->opts.max_bytes = d->opts.max_bytes != 0 ? d->opts.max_bytes : SRIOV_VFU_BYTES_DEFAULT;
    d->opts.max_maps = d->opts.max_maps != 0 ? d->opts.max_maps : SRIOV_VFU_MAPS_DEFAULT;
    d->opts.remote_timeout_ns =
        d->opts.remote_timeout_ns != 0 ? d->opts.remote_timeout_ns : REMOTE_TIMEOUT_NS;
    return (d->opts.flags & ~KNOWN_FLAGS) != 0 || d->opts.reserved0 != 0 ||
                   (d->opts.remote_map == NULL) != (d->opts.remote_unmap == NULL)
               ? -EINVAL
               : 0;
}

static int check_fn(struct sriov_fn *fn)
{
    struct sriov_dma_limits limits;
    struct sriov_dma_usage usage = {.size = sizeof(usage)};
    int rc = sriov_dma_limits(fn, &limits);

    if (rc != 0) {
        return rc;
    }
    if (sriov_fn_info(fn)->num_vfs != 0) {
        return -EBUSY; /* a client's reset would take them from their owners */
    }
    if ((limits.flags & SRIOV_DMA_SHIM_IOVA) != 0 || !sriov_fn_can(fn, SRIOV_CAP_DMA_MAP | SRIOV_CAP_RESET)) {
        return -EOPNOTSUPP;
    }
    rc = sriov_dma_usage(fn, &usage);
    return rc == 0 && usage.mappings != 0 ? -EBUSY : rc;
}

static int make_buffers(struct sriov_vfu_device *d)
{
    d->rx.buf = malloc(VFU_MSG_MAX);
    d->current.buf = malloc(VFU_MSG_MAX);
    d->tx.buf = malloc(VFU_MSG_MAX);
    d->reply = malloc(VFU_PAYLOAD_MAX);
    return d->rx.buf != NULL && d->current.buf != NULL && d->tx.buf != NULL && d->reply != NULL ? 0 : -ENOMEM;
}

static int on_flr(void *arg)
{
    struct sriov_vfu_device *d = arg;

    int rc;

    d->counts.resets++;
    rc = sriov_fn_reset(d->fn);
    vfus_mig_reset(d);
    return rc;
}

static int open_bars(struct sriov_vfu_device *d)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < VFUS_BARS; i++) {
        if (sriov_vcfg_bar_length(d->vcfg, i) != 0) {
            rc = sriov_bar_open(d->fn, i, 1, &d->bar[i]);
        }
    }
    return rc;
}

static int make_vectors(struct sriov_vfu_device *d)
{
    uint32_t has = sriov_irq_count(d->fn);

    d->vectors = sriov_vcfg_vectors(d->vcfg);
    d->vectors = d->vectors < has ? d->vectors : has;
    d->irq_fds = malloc(sizeof(*d->irq_fds) * (d->vectors + 1u));
    if (d->irq_fds == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < d->vectors; i++) {
        d->irq_fds[i] = -1;
    }
    return 0;
}

static int make_face(struct sriov_vfu_device *d)
{
    const struct sriov_vcfg_hooks hooks = {.size = sizeof(hooks), .flr = on_flr, .arg = d};
    const struct sriov_vcfg_opts opts = {.size = sizeof(opts), .flags = SRIOV_VCFG_WHOLE};
    int rc = sriov_vcfg_create(d->fn, &hooks, &opts, &d->vcfg);

    if (rc == 0) {
        rc = open_bars(d);
    }
    return rc == 0 ? make_vectors(d) : rc;
}

static void free_device(struct sriov_vfu_device *d)
{
    for (uint32_t i = VFUS_BARS; i > 0; i--) {
        sriov_bar_close(&d->bar[i - 1]);
    }
    sriov_vcfg_destroy(d->vcfg);
    free(d->irq_fds);
    free(d->maps);
    free(d->reply);
    free(d->tx.buf);
    free(d->current.buf);
    free(d->rx.buf);
    free(d->path);
    free(d);
}

static int take_path(struct sriov_vfu_device *d)
{
    if (d->opts.path == NULL) {
        return 0;
    }
    d->path = strdup(d->opts.path);
    d->opts.path = NULL;
    return d->path != NULL ? 0 : -ENOMEM;
}

static int build(struct sriov_vfu_device *d, const struct sriov_vfu_device_opts *opts)
{
    int rc = take_opts(d, opts);

    if (rc == 0) {
        rc = take_path(d);
    }
    if (rc == 0) {
        rc = make_buffers(d);
    }
    if (rc == 0) {
        rc = check_fn(d->fn);
    }
    if (rc == 0) {
        rc = make_face(d);
    }
    return rc == 0 && d->path != NULL ? vfus_listen(d) : rc;
}

int sriov_vfu_device_add(struct sriov_vfu_server *server, struct sriov_fn *fn,
                         const struct sriov_vfu_device_opts *opts, struct sriov_vfu_device **out)
{
    struct sriov_vfu_device *d;
    int rc;

    if (server == NULL || fn == NULL || out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    rc = sriov_fn_set_state(fn, SRIOV_FN_ATTACHED);
    if (rc != 0) {
        return rc == -EINVAL ? -EBUSY : rc;
    }
    d = calloc(1, sizeof(*d));
    if (d == NULL) {
        (void)sriov_fn_set_state(fn, SRIOV_FN_DETACHED);
        return -ENOMEM;
    }
    d->server = server;
    d->fn = fn;
    d->sock = -1;
    d->listener = -1;
    d->on_sock.device = d;
    d->on_listener = (struct vfus_source){d, true};
    rc = build(d, opts);
    if (rc != 0) {
        free_device(d);
        (void)sriov_fn_set_state(fn, SRIOV_FN_DETACHED);
        return rc;
    }
    d->next = server->devices;
    server->devices = d;
    *out = d;
    return 0;
}

void sriov_vfu_device_del(struct sriov_vfu_device *device)
{
    struct sriov_vfu_device **at;
    struct sriov_fn *fn;

    if (device == NULL) {
        return;
    }
    at = &device->server->devices;
    while (*at != device) {
        at = &(*at)->next;
    }
    *at = device->next;
    fn = device->fn;
    vfus_conn_end(device);
    vfus_listen_end(device);
    free_device(device);
    (void)sriov_fn_set_state(fn, SRIOV_FN_DETACHED);
}

int sriov_vfu_device_adopt(struct sriov_vfu_device *device, int fd)
{
    if (device == NULL || fd < 0) {
        return -EINVAL;
    }
    return device->sock >= 0 ? -EBUSY : vfus_conn_begin(device, fd);
}

bool sriov_vfu_device_connected(const struct sriov_vfu_device *device)
{
    return device->sock >= 0;
}

int sriov_vfu_device_counts(const struct sriov_vfu_device *device, struct sriov_vfu_counts *counts)
{
    uint32_t size;

    if (device == NULL || counts == NULL || counts->size < 2 * sizeof(uint32_t) || counts->size > VFUS_PAGE) {
        return -EINVAL;
    }
    size = counts->size;
    memset(counts, 0, size);
    memcpy(counts, &device->counts, size < sizeof(*counts) ? size : sizeof(*counts));
    counts->size = size;
    return 0;
}
