/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MSI-X. Each vector has an eventfd of the shim's own, which the server signals unless the caller's is
 * attached and not masked. So masking is done on this side: of a callback, by leaving the epoll set; of
 * an eventfd, by giving the server the shim's own again.
 */
#include "vfuc.h"

#include <linux/vfio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct vfuc_vector *vector_of(struct vfuc_fn *fn, uint32_t vector)
{
    return vector < fn->num_vectors ? &fn->vectors[vector] : NULL;
}

/* With descriptors, or (NULL) as if the device had sent them. count 0: all off. */
static int set_irqs(struct vfuc_fn *fn, uint32_t start, uint32_t count, const int *fds)
{
    uint32_t data = fds != NULL ? VFIO_IRQ_SET_DATA_EVENTFD : VFIO_IRQ_SET_DATA_NONE;
    struct vfu_irq_set ask = {.argsz = sizeof(ask),
                              .flags = data | VFIO_IRQ_SET_ACTION_TRIGGER,
                              .index = VFIO_PCI_MSIX_IRQ_INDEX,
                              .start = start,
                              .count = count};
    struct vfuc_msg msg = {.command = VFU_DEVICE_SET_IRQS,
                           .head = &ask,
                           .head_len = sizeof(ask),
                           .fds = fds,
                           .num_fds = fds != NULL ? count : 0};
    return vfuc_error(vfuc_call(&fn->conn, &msg));
}

/* Empties an eventfd; what it counted. */
static uint64_t drain(int fd)
{
    uint64_t count = 0;
    return read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count) ? count : 0;
}

static void signal_fd(int fd)
{
    const uint64_t one = 1;
    /* A counter that is full already says that there is something to do. */
    if (write(fd, &one, sizeof(one)) < 0) {
        return;
    }
}

static bool take_irq(struct vfuc_source *source, struct vfuc_call *call)
{
    const struct vfuc_vector *vector = source->owner;
    if (drain(source->fd) == 0) {
        return false;
    }
    call->cb = vector->cb;
    call->arg = vector->arg;
    call->value = vector->index;
    return true;
}

int vfuc_op_irq_count(void *handle, uint32_t *count)
{
    const struct vfuc_fn *fn = handle;
    *count = fn->max_vectors;
    return 0;
}

static void vectors_free(struct vfuc_vector *vectors, uint32_t n)
{
    while (n > 0) {
        n--;
        close(vectors[n].source.fd);
    }
    free(vectors);
}

/* *n: in, how many; out, how many descriptors there were when it failed. */
static struct vfuc_vector *vectors_make(struct vfuc_fn *fn, uint32_t *n, int *err)
{
    struct vfuc_vector *vectors = calloc(*n, sizeof(*vectors));
    if (vectors == NULL) {
        *err = -ENOMEM;
        return NULL;
    }
    for (uint32_t i = 0; i < *n; i++) {
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0) {
            *err = errno == EMFILE || errno == ENFILE ? -ENOSPC : -ENOMEM;
            vectors_free(vectors, i);
            *n = i;
            return NULL;
        }
        vectors[i].source =
            (struct vfuc_source){.fd = fd, .events = EPOLLIN, .take = take_irq, .owner = &vectors[i]};
        vectors[i].fn = fn;
        vectors[i].index = i;
        vectors[i].user_fd = -1;
    }
    return vectors;
}

/* All vectors' own descriptors to the server, as many at once as a message of it takes. */
static int vectors_on(struct vfuc_fn *fn, const struct vfuc_vector *vectors, uint32_t n)
{
    int fds[VFUC_FDS_MAX];
    for (uint32_t start = 0; start < n;) {
        uint32_t count = n - start < fn->conn.max_fds ? n - start : fn->conn.max_fds;
        for (uint32_t i = 0; i < count; i++) {
            fds[i] = vectors[start + i].source.fd;
        }
        int err = set_irqs(fn, start, count, fds);
        if (err != 0) {
            (void)set_irqs(fn, 0, 0, NULL);
            return err;
        }
        start += count;
    }
    return 0;
}

int vfuc_op_irq_enable(void *handle, uint32_t *n)
{
    struct vfuc_fn *fn = handle;
    int err = 0;
    if (*n == 0 || *n > fn->max_vectors) {
        return -EINVAL;
    }
    if (fn->num_vectors != 0) {
        return -EBUSY;
    }
    struct vfuc_vector *vectors = vectors_make(fn, n, &err);
    if (vectors == NULL) {
        return err;
    }
    err = vectors_on(fn, vectors, *n);
    if (err != 0) {
        vectors_free(vectors, *n);
        *n = err == -ENOSPC ? 0 : *n; /* it does not say how many it would have */
        return err;
    }
    fn->vectors = vectors;
    fn->num_vectors = *n;
    return 0;
}

int vfuc_op_irq_disable(void *handle)
{
    struct vfuc_fn *fn = handle;
    if (fn->num_vectors == 0) {
        return 0;
    }
    int err = set_irqs(fn, 0, 0, NULL);
    for (uint32_t i = 0; i < fn->num_vectors; i++) {
        vfuc_source_remove(fn->client, &fn->vectors[i].source);
    }
    vectors_free(fn->vectors, fn->num_vectors);
    fn->vectors = NULL;
    fn->num_vectors = 0;
    return err;
}

/* Whose descriptor the server signals from now on. */
static int route(struct vfuc_vector *vector, int fd)
{
    return set_irqs(vector->fn, vector->index, 1, &fd);
}

/* The sink starts to get what comes, and what was kept for it. */
static int sink_on(struct vfuc_vector *vector)
{
    if (vector->kind == SRIOV_SINK_CALLBACK) {
        return vfuc_source_add(vector->fn->client, &vector->source);
    }
    if (vector->kind != SRIOV_SINK_EVENTFD) {
        return 0;
    }
    int err = route(vector, vector->user_fd);
    if (err == 0 && drain(vector->source.fd) != 0) {
        signal_fd(vector->user_fd);
    }
    return err;
}

static int sink_off(struct vfuc_vector *vector)
{
    if (vector->kind == SRIOV_SINK_CALLBACK) {
        vfuc_source_remove(vector->fn->client, &vector->source);
        return 0;
    }
    return vector->kind == SRIOV_SINK_EVENTFD ? route(vector, vector->source.fd) : 0;
}

static void sink_clear(struct vfuc_vector *vector)
{
    vector->kind = 0;
    vector->user_fd = -1;
    vector->cb = NULL;
    vector->arg = NULL;
}

int vfuc_op_irq_detach(void *handle, uint32_t index)
{
    struct vfuc_vector *vector = vector_of(handle, index);
    if (vector == NULL) {
        return -EINVAL;
    }
    int err = vector->masked ? 0 : sink_off(vector);
    sink_clear(vector);
    return err;
}

int vfuc_op_irq_attach(void *handle, uint32_t index, const struct sriov_irq_sink *sink)
{
    struct vfuc_vector *vector = vector_of(handle, index);
    bool callback = sink->kind == SRIOV_SINK_CALLBACK && sink->cb != NULL;
    bool eventfd = sink->kind == SRIOV_SINK_EVENTFD && sink->fd >= 0;
    if (vector == NULL || sink->reserved0 != 0 || (!callback && !eventfd)) {
        return -EINVAL;
    }
    int err = vfuc_op_irq_detach(handle, index);
    if (err != 0) {
        return err;
    }
    vector->cb = sink->cb;
    vector->arg = sink->arg;
    vector->user_fd = eventfd ? sink->fd : -1;
    vector->kind = sink->kind;
    err = vector->masked ? 0 : sink_on(vector);
    if (err != 0) {
        sink_clear(vector);
    }
    return err;
}

int vfuc_op_irq_mask(void *handle, uint32_t index)
{
    struct vfuc_vector *vector = vector_of(handle, index);
    if (vector == NULL) {
        return -EINVAL;
    }
    int err = vector->masked ? 0 : sink_off(vector);
    vector->masked = vector->masked || err == 0;
    return err;
}

int vfuc_op_irq_unmask(void *handle, uint32_t index)
{
    struct vfuc_vector *vector = vector_of(handle, index);
    if (vector == NULL) {
        return -EINVAL;
    }
    int err = vector->masked ? sink_on(vector) : 0;
    vector->masked = vector->masked && err != 0;
    return err;
}

int vfuc_op_irq_pending(void *handle, uint32_t index, uint32_t *pending)
{
    struct vfuc_vector *vector = vector_of(handle, index);
    if (vector == NULL) {
        return -EINVAL;
    }
    *pending = drain(vector->source.fd) != 0;
    if (*pending != 0) {
        signal_fd(vector->source.fd);
    }
    return 0;
}

int vfuc_op_irq_trigger(void *handle, uint32_t index)
{
    return vector_of(handle, index) != NULL ? set_irqs(handle, index, 1, NULL) : -EINVAL;
}
