/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sinks of vectors. Each vector has an eventfd of the shim's own; the thread of pirq.c rings the vector's
 * target, which is the caller's eventfd while that is attached and not masked, else the shim's own. So
 * masking is done on this side: nothing is lost, and no hypercall is needed.
 */
#include "sxen.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

static int vector_of(struct sxen_fn *fn, uint32_t vector, struct sxen_vector **out)
{
    if (vector >= fn->num_vectors) {
        return -EINVAL;
    }
    *out = &fn->vectors[vector];
    return 0;
}

static uint64_t drain(const struct skvm_sys *sys, int fd)
{
    uint64_t count = 0;
    return sys->read(sys->ctx, fd, &count, sizeof(count)) == (int64_t)sizeof(count) ? count : 0;
}

/* A counter that is full already says that there is something to do; and whoever shares it may have made
 * it one that waits for room. */
static void signal_fd(const struct skvm_sys *sys, int fd)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    uint64_t one = 1;
    if (poll(&room, 1, 0) > 0 && (room.revents & POLLOUT) != 0) {
        (void)sys->write(sys->ctx, fd, &one, sizeof(one));
    }
}

void sxen_vector_ring(struct sxen_vector *vector)
{
    pthread_mutex_lock(&vector->fn->irq_lock);
    signal_fd(sxen_sys_of(vector->fn), vector->target);
    pthread_mutex_unlock(&vector->fn->irq_lock);
}

/* Once it returns nobody rings the descriptor that was the target before. */
static void aim(struct sxen_vector *vector, int32_t fd)
{
    pthread_mutex_lock(&vector->fn->irq_lock);
    vector->target = fd;
    pthread_mutex_unlock(&vector->fn->irq_lock);
}

static bool take_irq(struct skvm_source *source, struct skvm_call *call)
{
    const struct sxen_vector *vector = source->owner;
    if (drain(sxen_sys_of(vector->fn), source->fd) == 0) {
        return false;
    }
    call->cb = vector->cb;
    call->arg = vector->arg;
    call->value = vector->index;
    return true;
}

int sxen_op_irq_count(void *handle, uint32_t *count)
{
    const struct sxen_fn *fn = handle;
    *count = fn->max_vectors;
    return 0;
}

static void vectors_free(struct sxen_fn *fn, struct sxen_vector *vectors, uint32_t n)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    while (n > 0) {
        n--;
        sys->close(sys->ctx, vectors[n].source.fd);
    }
    sys->free(sys->ctx, vectors);
}

/* *n: in, how many; out, how many descriptors there were when it failed. */
static struct sxen_vector *vectors_make(struct sxen_fn *fn, uint32_t *n, int *err)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    struct sxen_vector *vectors = sys->alloc(sys->ctx, *n * sizeof(*vectors), _Alignof(max_align_t));
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
        vectors[i].target = fd;
    }
    return vectors;
}

int sxen_op_irq_enable(void *handle, uint32_t *n)
{
    struct sxen_fn *fn = handle;
    uint32_t done = 0;
    int err = 0;

    if (*n == 0 || *n > fn->max_vectors) {
        return -EINVAL;
    }
    if (fn->num_vectors != 0) {
        return -EBUSY;
    }
    if (atomic_load(&fn->dead)) {
        return -ENODEV;
    }
    struct sxen_vector *vectors = vectors_make(fn, n, &err);
    if (vectors == NULL) {
        return err;
    }
    err = sxen_pirqs_on(fn, vectors, *n, &done);
    if (err != 0) {
        vectors_free(fn, vectors, *n);
        *n = err == -ENOSPC ? done : *n;
    }
    return err;
}

int sxen_op_irq_disable(void *handle)
{
    struct sxen_fn *fn = handle;
    if (fn->num_vectors == 0) {
        return 0;
    }
    int err = sxen_pirqs_off(fn);
    for (uint32_t i = 0; i < fn->num_vectors; i++) {
        skvm_source_remove(&fn->xen->base, &fn->vectors[i].source);
    }
    vectors_free(fn, fn->vectors, fn->num_vectors);
    fn->vectors = NULL;
    fn->num_vectors = 0;
    return err;
}

/* The sink starts to get what comes, and what was kept for it. */
static int sink_on(struct sxen_vector *vector)
{
    const struct skvm_sys *sys = sxen_sys_of(vector->fn);
    if (vector->kind == SRIOV_SINK_CALLBACK) {
        return skvm_source_add(&vector->fn->xen->base, &vector->source);
    }
    if (vector->kind != SRIOV_SINK_EVENTFD) {
        return 0;
    }
    aim(vector, vector->user_fd);
    if (drain(sys, vector->source.fd) != 0) {
        signal_fd(sys, vector->user_fd);
    }
    return 0;
}

static void sink_off(struct sxen_vector *vector)
{
    if (vector->kind == SRIOV_SINK_CALLBACK) {
        skvm_source_remove(&vector->fn->xen->base, &vector->source);
    } else if (vector->kind == SRIOV_SINK_EVENTFD) {
        aim(vector, vector->source.fd);
    }
}

static void sink_clear(struct sxen_vector *vector)
{
    vector->kind = 0;
    vector->user_fd = -1;
    vector->cb = NULL;
    vector->arg = NULL;
}

int sxen_op_irq_detach(void *handle, uint32_t index)
{
    struct sxen_vector *vector = NULL;
    int err = vector_of(handle, index, &vector);
    if (err != 0) {
        return err;
    }
    if (!vector->masked) {
        sink_off(vector);
    }
    sink_clear(vector);
    return 0;
}

int sxen_op_irq_attach(void *handle, uint32_t index, const struct sriov_irq_sink *sink)
{
    struct sxen_vector *vector = NULL;
    int err = vector_of(handle, index, &vector);
    bool callback = sink->kind == SRIOV_SINK_CALLBACK && sink->cb != NULL;
    bool eventfd = sink->kind == SRIOV_SINK_EVENTFD && sink->fd >= 0;
    if (err != 0 || sink->reserved0 != 0 || (!callback && !eventfd)) {
        return -EINVAL;
    }
    (void)sxen_op_irq_detach(handle, index);
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

int sxen_op_irq_mask(void *handle, uint32_t index)
{
    struct sxen_vector *vector = NULL;
    int err = vector_of(handle, index, &vector);
    if (err == 0 && !vector->masked) {
        sink_off(vector);
        vector->masked = true;
    }
    return err;
}

int sxen_op_irq_unmask(void *handle, uint32_t index)
{
    struct sxen_vector *vector = NULL;
    int err = vector_of(handle, index, &vector);
    if (err != 0 || !vector->masked) {
        return err;
    }
    err = sink_on(vector);
    vector->masked = err != 0;
    return err;
}

int sxen_op_irq_pending(void *handle, uint32_t index, uint32_t *pending)
{
    struct sxen_vector *vector = NULL;
    int err = vector_of(handle, index, &vector);
    if (err != 0) {
        return err;
    }
    const struct skvm_sys *sys = sxen_sys_of(vector->fn);
    *pending = sys->readable(sys->ctx, vector->source.fd) > 0;
    return 0;
}

int sxen_op_irq_trigger(void *handle, uint32_t index)
{
    struct sxen_vector *vector = NULL;
    int err = vector_of(handle, index, &vector);
    if (err == 0) {
        sxen_vector_ring(vector);
    }
    return err;
}
