/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MSI-X. Each vector has an eventfd of the shim's own, which the kernel signals unless the caller's
 * eventfd is attached and not masked. So masking is done on this side: of a callback, by leaving
 * the epoll set; of an eventfd, by taking the kernel's signal back to the shim's own.
 */
#include "skvm.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>

static int vector_of(struct skvm_fn *fn, uint32_t vector, struct skvm_vector **out)
{
    if (vector >= fn->num_vectors) {
        return -EINVAL;
    }
    *out = &fn->vectors[vector];
    return 0;
}

/* Empties an eventfd; what it counted. */
static uint64_t drain(const struct skvm_sys *sys, int fd)
{
    uint64_t count = 0;
    return sys->read(sys->ctx, fd, &count, sizeof(count)) == (int64_t)sizeof(count) ? count : 0;
}

static void signal_fd(const struct skvm_sys *sys, int fd)
{
    uint64_t one = 1;
    (void)sys->write(sys->ctx, fd, &one, sizeof(one));
}

static bool take_irq(struct skvm_source *source, struct skvm_call *call)
{
    const struct skvm_vector *vector = source->owner;
    if (drain(skvm_sys_of(vector->fn), source->fd) == 0) {
        return false;
    }
    call->cb = vector->cb;
    call->arg = vector->arg;
    call->value = vector->index;
    return true;
}

int skvm_op_irq_count(void *handle, uint32_t *count)
{
    struct skvm_fn *fn = handle;
    *count = fn->max_vectors;
    return 0;
}

static void vectors_free(struct skvm_fn *fn, struct skvm_vector *vectors, uint32_t n)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    while (n > 0) {
        n--;
        sys->close(sys->ctx, vectors[n].source.fd);
    }
    sys->free(sys->ctx, vectors);
}

/* *n: in, how many; out, how many descriptors there were when it failed. */
static struct skvm_vector *vectors_make(struct skvm_fn *fn, uint32_t *n, int *err)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    struct skvm_vector *vectors = sys->alloc(sys->ctx, *n * sizeof(*vectors), _Alignof(max_align_t));
    if (vectors == NULL) {
        *err = -ENOMEM;
        return NULL;
    }
    for (uint32_t i = 0; i < *n; i++) {
        int fd = sys->eventfd(sys->ctx);
        if (fd < 0) {
            *err = fd == -EMFILE || fd == -ENFILE ? -ENOSPC : -ENOMEM;
            vectors_free(fn, vectors, i);
            *n = i;
            return NULL;
        }
        vectors[i].source = (struct skvm_source){.fd = fd, .take = take_irq, .owner = &vectors[i]};
        vectors[i].fn = fn;
        vectors[i].index = i;
        vectors[i].user_fd = -1;
    }
    return vectors;
}

/* All vectors' own descriptors to the kernel. */
static int vectors_on(struct skvm_fn *fn, struct skvm_vector *vectors, uint32_t n)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    int32_t *fds = sys->alloc(sys->ctx, n * sizeof(*fds), sizeof(void *));
    if (fds == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        fds[i] = vectors[i].source.fd;
    }
    int result = skvm_set_irqs(fn, VFIO_PCI_MSIX_IRQ_INDEX, 0, n, fds);
    sys->free(sys->ctx, fds);
    return result;
}

int skvm_op_irq_enable(void *handle, uint32_t *n)
{
    struct skvm_fn *fn = handle;
    int err = 0;

    if (*n == 0 || *n > fn->max_vectors) {
        return -EINVAL;
    }
    if (fn->num_vectors != 0) {
        return -EBUSY;
    }
    struct skvm_vector *vectors = vectors_make(fn, n, &err);
    if (vectors == NULL) {
        return err;
    }
    int result = vectors_on(fn, vectors, *n);
    if (result != 0) {
        vectors_free(fn, vectors, *n);
        /* A positive answer is how many the host has. */
        if (result > 0 || result == -ENOSPC) {
            *n = result > 0 ? (uint32_t)result : 0;
            return -ENOSPC;
        }
        return skvm_device_error(fn, result);
    }
    fn->vectors = vectors;
    fn->num_vectors = *n;
    return 0;
}

int skvm_op_irq_disable(void *handle)
{
    struct skvm_fn *fn = handle;
    if (fn->num_vectors == 0) {
        return 0;
    }
    int result = skvm_set_irqs(fn, VFIO_PCI_MSIX_IRQ_INDEX, 0, 0, NULL);
    for (uint32_t i = 0; i < fn->num_vectors; i++) {
        skvm_source_remove(fn->kvm, &fn->vectors[i].source);
    }
    vectors_free(fn, fn->vectors, fn->num_vectors);
    fn->vectors = NULL;
    fn->num_vectors = 0;
    return result < 0 ? skvm_device_error(fn, result) : 0;
}

/* Whose descriptor the kernel signals from now on. */
static int route(struct skvm_vector *vector, int32_t fd)
{
    int result = skvm_set_irqs(vector->fn, VFIO_PCI_MSIX_IRQ_INDEX, vector->index, 1, &fd);
    return result < 0 ? skvm_device_error(vector->fn, result) : 0;
}

/* The sink starts to get what comes, and what was kept for it. */
static int sink_on(struct skvm_vector *vector)
{
    const struct skvm_sys *sys = skvm_sys_of(vector->fn);
    if (vector->kind == SRIOV_SINK_CALLBACK) {
        return skvm_source_add(vector->fn->kvm, &vector->source);
    }
    if (vector->kind != SRIOV_SINK_EVENTFD) {
        return 0;
    }
    int err = route(vector, vector->user_fd);
    if (err == 0 && drain(sys, vector->source.fd) != 0) {
        signal_fd(sys, vector->user_fd);
    }
    return err;
}

static int sink_off(struct skvm_vector *vector)
{
    if (vector->kind == SRIOV_SINK_CALLBACK) {
        skvm_source_remove(vector->fn->kvm, &vector->source);
        return 0;
    }
    return vector->kind == SRIOV_SINK_EVENTFD ? route(vector, vector->source.fd) : 0;
}

static void sink_clear(struct skvm_vector *vector)
{
    vector->kind = 0;
    vector->user_fd = -1;
    vector->cb = NULL;
    vector->arg = NULL;
}

int skvm_op_irq_detach(void *handle, uint32_t index)
{
    struct skvm_vector *vector = NULL;
    int err = vector_of(handle, index, &vector);
    if (err != 0) {
        return err;
    }
    err = vector->masked ? 0 : sink_off(vector);
    sink_clear(vector);
    return err;
}

int skvm_op_irq_attach(void *handle, uint32_t index, const struct sriov_irq_sink *sink)
{
    struct skvm_vector *vector = NULL;
    int err = vector_of(handle, index, &vector);
    bool callback = sink->kind == SRIOV_SINK_CALLBACK && sink->cb != NULL;
    bool eventfd = sink->kind == SRIOV_SINK_EVENTFD && sink->fd >= 0;
    if (err != 0 || sink->reserved0 != 0 || (!callback && !eventfd)) {
        return -EINVAL;
    }
    err = skvm_op_irq_detach(handle, index);
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

int skvm_op_irq_mask(void *handle, uint32_t index)
{
    struct skvm_vector *vector = NULL;
    int err = vector_of(handle, index, &vector);
    if (err != 0 || vector->masked) {
        return err;
    }
    err = sink_off(vector);
    vector->masked = err == 0;
    return err;
}

int skvm_op_irq_unmask(void *handle, uint32_t index)
{
    struct skvm_vector *vector = NULL;
    int err = vector_of(handle, index, &vector);
    if (err != 0 || !vector->masked) {
        return err;
    }
    err = sink_on(vector);
    vector->masked = err != 0;
    return err;
}

int skvm_op_irq_pending(void *handle, uint32_t index, uint32_t *pending)
{
    struct skvm_vector *vector = NULL;
    int err = vector_of(handle, index, &vector);
    if (err != 0) {
        return err;
    }
    const struct skvm_sys *sys = skvm_sys_of(vector->fn);
    *pending = drain(sys, vector->source.fd) != 0;
    if (*pending != 0) {
        signal_fd(sys, vector->source.fd);
    }
    return 0;
}

int skvm_op_irq_trigger(void *handle, uint32_t index)
{
    struct skvm_vector *vector = NULL;
    int err = vector_of(handle, index, &vector);
    if (err != 0) {
        return err;
    }
    int result = skvm_set_irqs(vector->fn, VFIO_PCI_MSIX_IRQ_INDEX, index, 1, NULL);
    return result < 0 ? skvm_device_error(vector->fn, result) : 0;
}
