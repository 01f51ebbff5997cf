/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts: a message becomes an event of the clock that is due now, and the callback runs when
 * time is given: inside relax, sleep, wait or advance, never inside a register access. An eventfd is
 * signalled at once, as a kernel does.
 */
#include "internal.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static struct mock_vector *vector_of(struct mock_handle *h, uint32_t vector)
{
    return vector < h->num_vectors ? &h->vectors[vector] : NULL;
}

static bool deliverable(const struct mock_vector *vec)
{
    return !vec->masked && vec->sink.kind != 0;
}

static void irq_run(struct sriov_mock *mock, struct mock_event *event)
{
    struct mock_handle *h = event->owner;
    struct mock_vector *vec = vector_of(h, (uint32_t)event->tag);
    struct sriov_irq_sink sink;

    if (vec == NULL) {
        return;
    }
    vec->queued = false;
    if (!deliverable(vec)) {
        vec->pending = true;
        return;
    }
    sink = vec->sink; /* the callback may take the handle away */
    mock->clock.deliveries++;
    if (sink.kind == SRIOV_SINK_CALLBACK) {
        mock_clock_hold(mock);
        sink.cb(sink.arg, (uint32_t)event->tag);
        mock_clock_release(mock);
    }
}

static void signal_fd(int fd)
{
    const uint64_t one = 1;
    struct pollfd room = {.fd = fd, .events = POLLOUT};

    /* A counter that is full already says that there is something to do; and whoever shares it may have made
     * it one that waits for room. */
    if (poll(&room, 1, 0) <= 0 || write(fd, &one, sizeof(one)) < 0) {
        return;
    }
}

/* again: not merged with one that waits already. */
static void post(struct mock_handle *h, uint32_t vector, bool again)
{
    struct mock_vector *vec = &h->vectors[vector];
    struct mock_event *event;

    if (!deliverable(vec)) {
        vec->pending = true;
        return;
    }
    if (vec->sink.kind == SRIOV_SINK_EVENTFD) {
        signal_fd(vec->sink.fd);
    }
    if (vec->queued && !again) {
        return;
    }
    event = mock_clock_soon(h->mock, irq_run, h);
    if (event == NULL) {
        vec->pending = true;
        return;
    }
    event->tag = vector;
    event->sink = true;
    vec->queued = true;
}

static void post_pending(struct mock_handle *h, uint32_t vector)
{
    if (h->vectors[vector].pending && deliverable(&h->vectors[vector])) {
        h->vectors[vector].pending = false;
        post(h, vector, false);
    }
}

void mock_irq_message(struct mock_slot *slot, uint16_t vector)
{
    struct mock_handle *h = slot->handle;
    bool lost;
    bool twice;

    slot->interrupts++;
    if (h == NULL || vector_of(h, vector) == NULL) {
        return;
    }
    lost = mock_fault_hit(h->mock, SRIOV_MOCK_FAULT_IRQ_LOST, h->name, "irq");
    twice = mock_fault_hit(h->mock, SRIOV_MOCK_FAULT_IRQ_TWICE, h->name, "irq");
    if (!lost) {
        post(h, vector, false);
    }
    if (twice) {
        post(h, vector, true);
    }
}

uint32_t mock_irq_sinks(const struct mock_handle *h)
{
    uint32_t sinks = 0;

    for (uint32_t i = 0; i < h->num_vectors; i++) {
        sinks += h->vectors[i].sink.kind != 0;
    }
    return sinks;
}

uint64_t mock_irq_waiting(const struct mock_handle *h)
{
    uint64_t bits = 0;

    for (uint32_t i = 0; i < h->num_vectors && i < 64u; i++) {
        bits |= (uint64_t)(h->vectors[i].pending || h->vectors[i].queued) << i;
    }
    return bits;
}

void mock_irq_wait(struct mock_handle *h, uint64_t vectors)
{
    for (uint32_t i = 0; i < h->num_vectors && i < 64u; i++) {
        if ((vectors >> i & 1u) != 0) {
            h->vectors[i].pending = true;
            post_pending(h, i);
        }
    }
}

void mock_irq_off(struct mock_handle *h)
{
    mock_clock_cancel_run(h->mock, h, irq_run);
    if (h->num_vectors > 0 && h->slot != NULL) {
        mock_msix_off(h->slot);
    }
    free(h->vectors);
    h->vectors = NULL;
    h->num_vectors = 0;
}

int mock_op_irq_count(void *fn, uint32_t *count)
{
    struct mock_handle *h = fn;
    int err = mock_gate(h->mock, h, MOCK_OP_irq_count);

    *count = err == 0 ? mock_msix_vectors(h->slot) : 0;
    return err;
}

int mock_op_irq_enable(void *fn, uint32_t *n)
{
    struct mock_handle *h = fn;
    uint32_t granted = h->mock->opts.irq_vectors_max;
    uint32_t has;
    int err = mock_gate(h->mock, h, MOCK_OP_irq_enable);

    if (err != 0) {
        return err;
    }
    has = mock_msix_vectors(h->slot);
    if (has == 0) {
        return -EOPNOTSUPP;
    }
    if (*n == 0 || *n > has) {
        return -EINVAL;
    }
    if (h->num_vectors != 0) {
        return -EBUSY;
    }
    if (granted != 0 && *n > granted) {
        *n = granted;
        return -ENOSPC;
    }
    h->vectors = calloc(*n, sizeof(*h->vectors));
    if (h->vectors == NULL) {
        return -ENOMEM;
    }
    h->num_vectors = *n;
    mock_msix_on(h);
    return 0;
}

int mock_op_irq_disable(void *fn)
{
    struct mock_handle *h = fn;
    int err = mock_gate_release(h->mock, h, MOCK_OP_irq_disable);

    if (err != 0) {
        h->irq_release_refused = true;
        return err;
    }
    mock_irq_off(h);
    return 0;
}

static bool is_sink(const struct sriov_irq_sink *sink)
{
    if (sink->reserved0 != 0) {
        return false;
    }
    return (sink->kind == SRIOV_SINK_CALLBACK && sink->cb != NULL) ||
           (sink->kind == SRIOV_SINK_EVENTFD && sink->fd >= 0);
}

int mock_op_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink)
{
    struct mock_handle *h = fn;
    struct mock_vector *vec;
    int err = mock_gate(h->mock, h, MOCK_OP_irq_attach);

    if (err == 0) {
        err = mock_check_struct(sink, sizeof(*sink), sizeof(*sink));
    }
    if (err != 0) {
        return err;
    }
    vec = vector_of(h, vector);
    if (vec == NULL || !is_sink(sink)) {
        return -EINVAL;
    }
    vec->sink = *sink;
    post_pending(h, vector);
    return 0;
}

int mock_op_irq_detach(void *fn, uint32_t vector)
{
    struct mock_handle *h = fn;
    struct mock_vector *vec;
    int err = mock_gate_release(h->mock, h, MOCK_OP_irq_detach);

    if (err != 0) {
        h->irq_release_refused = true;
        return err;
    }
    vec = vector_of(h, vector);
    if (vec == NULL) {
        return mock_gone(h) ? 0 : -EINVAL;
    }
    vec->sink = (struct sriov_irq_sink){0};
    return 0;
}

static int set_mask(struct mock_handle *h, enum mock_op op, uint32_t vector, bool masked)
{
    struct mock_vector *vec;
    int err = mock_gate(h->mock, h, op);

    if (err != 0) {
        return err;
    }
    vec = vector_of(h, vector);
    if (vec == NULL) {
        return -EINVAL;
    }
    vec->masked = masked;
    mock_msix_mask(h->slot, vector, masked);
    post_pending(h, vector);
    return 0;
}

int mock_op_irq_mask(void *fn, uint32_t vector)
{
    return set_mask(fn, MOCK_OP_irq_mask, vector, true);
}

int mock_op_irq_unmask(void *fn, uint32_t vector)
{
    return set_mask(fn, MOCK_OP_irq_unmask, vector, false);
}

int mock_op_irq_pending(void *fn, uint32_t vector, uint32_t *pending)
{
    struct mock_handle *h = fn;
    struct mock_vector *vec;
    int err = mock_gate(h->mock, h, MOCK_OP_irq_pending);

    *pending = 0;
    if (err != 0) {
        return err;
    }
    vec = vector_of(h, vector);
    if (vec == NULL) {
        return -EINVAL;
    }
    *pending = vec->pending || mock_msix_pending(h->slot, vector);
    return 0;
}

int mock_op_irq_trigger(void *fn, uint32_t vector)
{
    struct mock_handle *h = fn;
    int err = mock_gate(h->mock, h, MOCK_OP_irq_trigger);

    if (err != 0) {
        return err;
    }
    if (vector_of(h, vector) == NULL) {
        return -EINVAL;
    }
    post(h, vector, false);
    return 0;
}

SRIOV_API uint64_t sriov_mock_interrupts(struct sriov_mock *mock, const char *fn)
{
    const struct mock_slot *slot = mock_find_slot(mock, fn);

    return slot != NULL ? slot->interrupts : 0;
}
