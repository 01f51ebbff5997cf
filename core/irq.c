/* SPDX-License-Identifier: BSD-3-Clause */
/* MSI-X vectors: how many, which sink. */
#include "core.h"

uint32_t sriov_irq_count(struct sriov_fn *fn)
{
    uint32_t count = 0;
    int rc = sric_fn_saw(fn, sric_ops(fn)->irq_count(fn->handle, &count));

    if (rc != 0) {
        return 0;
    }
    return count < SRIC_VECTORS_MAX ? count : SRIC_VECTORS_MAX;
}

static bool has_sink(const struct sriov_fn *fn, uint32_t vector)
{
    return (fn->sinks[vector / 32] & UINT32_C(1) << vector % 32) != 0;
}

static int set_sink(struct sriov_fn *fn, uint32_t vector, const struct sriov_irq_sink *sink)
{
    int rc = sric_fn_saw(fn, sric_ops(fn)->irq_attach(fn->handle, vector, sink));

    if (rc == 0) {
        fn->sinks[vector / 32] |= UINT32_C(1) << vector % 32;
    }
    return rc;
}

/* The host may answer with a smaller number, even twice; it cannot do so for ever. */
static int enable_down_to(struct sriov_fn *fn, uint32_t want, uint32_t least, uint32_t *got)
{
    for (;;) {
        uint32_t n = want;
        int rc = sric_fn_saw(fn, sric_ops(fn)->irq_enable(fn->handle, &n));

        if (rc == 0) {
            *got = want;
            return 0;
        }
        if (rc != -ENOSPC || n >= want || n < least) {
            return rc;
        }
        want = n;
    }
}

int sriov_irq_enable(struct sriov_fn *fn, uint32_t want, uint32_t least, uint32_t *got)
{
    uint32_t count;
    int rc;

    *got = 0;
    if (sriov_fn_gone(fn)) {
        return -ENODEV;
    }
    if (least == 0) {
        least = 1;
    }
    if (want < least) {
        return -EINVAL;
    }
    if (fn->vectors != 0) {
        return -EBUSY;
    }
    count = sriov_irq_count(fn);
    if (count < least) {
        return sriov_fn_gone(fn) ? -ENODEV : -ENOSPC;
    }
    rc = enable_down_to(fn, want < count ? want : count, least, got);
    fn->vectors = *got;
    return rc;
}

/* Goes to the shim even when the function is gone: it holds the sinks. */
int sriov_irq_detach(struct sriov_fn *fn, uint32_t vector)
{
    if (vector >= fn->vectors) {
        return -EINVAL;
    }
    if (!has_sink(fn, vector)) {
        return 0;
    }
    fn->sinks[vector / 32] &= ~(UINT32_C(1) << vector % 32);
    return fn->vmm->ops.irq_detach(fn->handle, vector);
}

int sriov_irq_disable(struct sriov_fn *fn)
{
    int rc = 0;

    for (uint32_t i = 0; i < fn->vectors; i++) {
        if (has_sink(fn, i)) {
            (void)sriov_irq_detach(fn, i);
        }
    }
    if (fn->vectors != 0) {
        rc = fn->vmm->ops.irq_disable(fn->handle);
    }
    fn->vectors = 0;
    return rc;
}

/* The common door: gone, never on this function, no such vector. */
static int check(struct sriov_fn *fn, uint32_t vector, uint64_t cap)
{
    if (sriov_fn_gone(fn)) {
        return -ENODEV;
    }
    if (!sriov_fn_can(fn, cap)) {
        return -EOPNOTSUPP;
    }
    return vector < fn->vectors ? 0 : -EINVAL;
}

int sriov_irq_attach(struct sriov_fn *fn, uint32_t vector, void (*cb)(void *arg, uint32_t vector), void *arg)
{
    struct sriov_irq_sink sink = {
        .size = sizeof(sink), .kind = SRIOV_SINK_CALLBACK, .fd = -1, .cb = cb, .arg = arg};
    int rc = cb != NULL ? check(fn, vector, SRIOV_CAP_IRQ_CALLBACK) : -EINVAL;

    return rc != 0 ? rc : set_sink(fn, vector, &sink);
}

int sriov_irq_attach_fd(struct sriov_fn *fn, uint32_t vector, int fd)
{
    struct sriov_irq_sink sink = {.size = sizeof(sink), .kind = SRIOV_SINK_EVENTFD, .fd = fd};
    int rc = fd >= 0 ? check(fn, vector, SRIOV_CAP_IRQ_EVENTFD) : -EINVAL;

    return rc != 0 ? rc : set_sink(fn, vector, &sink);
}

int sric_irq_attach_sink(struct sriov_fn *fn, uint32_t vector, const struct sriov_irq_sink *sink)
{
    int rc = -EINVAL;

    if (sink->kind == SRIOV_SINK_CALLBACK && sink->cb != NULL) {
        rc = check(fn, vector, SRIOV_CAP_IRQ_CALLBACK);
    } else if (sink->kind == SRIOV_SINK_EVENTFD && sink->fd >= 0) {
        rc = check(fn, vector, SRIOV_CAP_IRQ_EVENTFD);
    }
    return rc != 0 ? rc : set_sink(fn, vector, sink);
}

int sriov_irq_mask(struct sriov_fn *fn, uint32_t vector)
{
    int rc = check(fn, vector, SRIOV_CAP_IRQ_MASK);

    return rc != 0 ? rc : sric_fn_saw(fn, sric_ops(fn)->irq_mask(fn->handle, vector));
}

int sriov_irq_unmask(struct sriov_fn *fn, uint32_t vector)
{
    int rc = check(fn, vector, SRIOV_CAP_IRQ_MASK);

    return rc != 0 ? rc : sric_fn_saw(fn, sric_ops(fn)->irq_unmask(fn->handle, vector));
}

int sriov_irq_pending(struct sriov_fn *fn, uint32_t vector, bool *pending)
{
    uint32_t value = 0;
    int rc = check(fn, vector, SRIOV_CAP_IRQ_PENDING);

    if (rc == 0) {
        rc = sric_fn_saw(fn, sric_ops(fn)->irq_pending(fn->handle, vector, &value));
    }
    *pending = rc == 0 && value != 0;
    return rc;
}

int sriov_irq_trigger(struct sriov_fn *fn, uint32_t vector)
{
    int rc = check(fn, vector, SRIOV_CAP_IRQ_TRIGGER);

    return rc != 0 ? rc : sric_fn_saw(fn, sric_ops(fn)->irq_trigger(fn->handle, vector));
}
