/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Vectors. Behind the first is the packet socket: what comes makes it pending once, however much it is.
 * Callbacks are made in dispatch alone, by the thread that waits. There is no sink that is an eventfd, since
 * nobody would signal it while nobody waits: an event loop watches sriov_fn_fd itself.
 */
#include "snd.h"

#include <errno.h>
#include <string.h>

static void on_frames(struct snd_source *source)
{
    snd_vector_fire(source->owner, SND_VECTOR_RX);
}

void snd_irq_init(struct snd_fn *fn)
{
    fn->sock_source = (struct snd_source){.fd = fn->sock, .ready = on_frames, .owner = fn};
}

void snd_vector_fire(struct snd_fn *fn, uint32_t vector)
{
    if (vector < fn->num_vectors) {
        fn->vectors[vector].pending = true;
    }
}

static bool deliver(struct snd_fn *fn, uint32_t index)
{
    struct snd_vector *vector = &fn->vectors[index];
    if (index >= fn->num_vectors || !vector->pending || vector->masked || vector->cb == NULL) {
        return false;
    }
    vector->pending = false;
    vector->cb(vector->arg, index);
    return true;
}

static bool open_still(const struct snd *shim, const struct snd_fn *fn)
{
    const struct snd_fn *at = shim->fns;
    while (at != NULL && at != fn) {
        at = at->next;
    }
    return at != NULL;
}

int snd_vectors_deliver(struct snd_fn *fn)
{
    struct snd *shim = fn->shim;
    int made = deliver(fn, SND_VECTOR_RX) ? 1 : 0;
    /* A callback may close the function. */
    if (made == 0 || open_still(shim, fn)) {
        made += deliver(fn, SND_VECTOR_IF) ? 1 : 0;
    }
    return made;
}

bool snd_vectors_heard(const struct snd_fn *fn)
{
    for (uint32_t i = 0; i < fn->num_vectors; i++) {
        if (fn->vectors[i].cb != NULL) {
            return true;
        }
    }
    return false;
}

static struct snd_vector *vector_of(struct snd_fn *fn, uint32_t index)
{
    return index < fn->num_vectors ? &fn->vectors[index] : NULL;
}

int snd_op_irq_count(void *fn, uint32_t *count)
{
    (void)fn;
    *count = SND_VECTORS;
    return 0;
}

int snd_op_irq_enable(void *handle, uint32_t *n)
{
    struct snd_fn *fn = handle;
    if (*n == 0 || *n > SND_VECTORS) {
        return -EINVAL;
    }
    if (fn->num_vectors != 0) {
        return -EBUSY;
    }
    int err = snd_source_add(fn->shim, &fn->sock_source);
    if (err != 0) {
        *n = 0;
        return -ENOSPC;
    }
    memset(fn->vectors, 0, sizeof(fn->vectors));
    fn->num_vectors = *n;
    return 0;
}

int snd_op_irq_disable(void *handle)
{
    struct snd_fn *fn = handle;
    snd_source_remove(fn->shim, &fn->sock_source);
    fn->num_vectors = 0;
    return 0;
}

int snd_op_irq_attach(void *handle, uint32_t index, const struct sriov_irq_sink *sink)
{
    struct snd_vector *vector = vector_of(handle, index);
    if (vector == NULL || sink->reserved0 != 0) {
        return -EINVAL;
    }
    if (sink->kind == SRIOV_SINK_EVENTFD) {
        return -EOPNOTSUPP;
    }
    if (sink->kind != SRIOV_SINK_CALLBACK || sink->cb == NULL) {
        return -EINVAL;
    }
    vector->kind = sink->kind;
    vector->cb = sink->cb;
    vector->arg = sink->arg;
    return 0;
}

int snd_op_irq_detach(void *handle, uint32_t index)
{
    struct snd_vector *vector = vector_of(handle, index);
    if (vector == NULL) {
        return -EINVAL;
    }
    vector->kind = 0;
    vector->cb = NULL;
    vector->arg = NULL;
    return 0;
}

static int set_mask(struct snd_fn *fn, uint32_t index, bool masked)
{
    struct snd_vector *vector = vector_of(fn, index);
    if (vector == NULL) {
        return -EINVAL;
    }
    vector->masked = masked;
    return 0;
}

int snd_op_irq_mask(void *fn, uint32_t index)
{
    return set_mask(fn, index, true);
}

int snd_op_irq_unmask(void *fn, uint32_t index)
{
    return set_mask(fn, index, false);
}

int snd_op_irq_pending(void *handle, uint32_t index, uint32_t *pending)
{
    struct snd_vector *vector = vector_of(handle, index);
    if (vector == NULL) {
        return -EINVAL;
    }
    *pending = vector->pending ? 1 : 0;
    return 0;
}

int snd_op_irq_trigger(void *handle, uint32_t index)
{
    struct snd_vector *vector = vector_of(handle, index);
    if (vector == NULL) {
        return -EINVAL;
    }
    vector->pending = true;
    return 0;
}
