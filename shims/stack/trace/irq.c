/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupts and events: callbacks pass through us, eventfds do not. */
#include "trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* The device's writes are told before the interrupt that announces them, and what the callback writes is
 * the host's. */
static void before_callback(struct trc_fn *fn, const char *what, uint32_t number)
{
    trc_enter(fn->trace);
    trc_look(fn->trace, TRC_DEVICE);
    trc_say(fn, "%s %" PRIu32 " comes", what, number);
    trc_leave(fn->trace);
}

static void after_callback(struct trc_fn *fn)
{
    trc_enter(fn->trace);
    trc_look(fn->trace, TRC_HOST);
    trc_leave(fn->trace);
}

static void on_irq(void *arg, uint32_t vector)
{
    struct trc_vector *v = arg;

    before_callback(v->fn, "irq", vector);
    v->sink.cb(v->sink.arg, vector);
    after_callback(v->fn);
}

static void on_event(void *arg, uint32_t event)
{
    struct trc_fn *fn = arg;

    before_callback(fn, "event", event);
    fn->sink.cb(fn->sink.arg, event);
    after_callback(fn);
}

static struct trc_vector *vector_of(struct trc_fn *fn, uint32_t vector)
{
    struct trc_vector *v = fn->vectors;

    while (v != NULL && v->vector != vector) {
        v = v->next;
    }
    if (v == NULL) {
        v = calloc(1, sizeof(*v));
        if (v == NULL) {
            return NULL;
        }
        *v = (struct trc_vector){.next = fn->vectors, .fn = fn, .vector = vector};
        fn->vectors = v;
    }
    return v;
}

/* A struct that is not one of ours is the shim's to refuse. */
static bool wants_wrapping(const struct sriov_irq_sink *sink)
{
    return sink != NULL && sink->size == sizeof(*sink) && sink->kind == SRIOV_SINK_CALLBACK &&
           sink->cb != NULL;
}

int trc_irq_attach(void *handle, uint32_t vector, const struct sriov_irq_sink *sink)
{
    struct trc_fn *fn = handle;
    struct sriov_irq_sink mine;
    struct sriov_irq_sink before;
    struct trc_vector *v;
    int err;

    if (!wants_wrapping(sink)) {
        err = fn->trace->ops->irq_attach(fn->inner, vector, sink);
        trc_told(fn, err, "irq attach %" PRIu32 " %s", vector,
                 sink != NULL && sink->kind == SRIOV_SINK_EVENTFD ? "eventfd" : "other");
        return err;
    }
    v = vector_of(fn, vector);
    if (v == NULL) {
        return -ENOMEM;
    }
    before = v->sink;
    v->sink = *sink;
    mine = *sink;
    mine.cb = on_irq;
    mine.arg = v;
    err = fn->trace->ops->irq_attach(fn->inner, vector, &mine);
    if (err != 0) {
        v->sink = before; /* an earlier sink stays */
    }
    trc_told(fn, err, "irq attach %" PRIu32 " callback", vector);
    return err;
}

int trc_irq_detach(void *handle, uint32_t vector)
{
    struct trc_fn *fn = handle;
    int err = fn->trace->ops->irq_detach(fn->inner, vector);

    trc_told(fn, err, "irq detach %" PRIu32, vector);
    return err;
}

int trc_set_event_sink(void *handle, const struct sriov_event_sink *sink)
{
    struct trc_fn *fn = handle;
    struct sriov_event_sink mine;
    struct sriov_event_sink before = fn->sink;
    int err;

    if (sink == NULL || sink->size != sizeof(*sink) || sink->cb == NULL) {
        return fn->trace->ops->set_event_sink(fn->inner, sink);
    }
    fn->sink = *sink;
    mine = *sink;
    mine.cb = on_event;
    mine.arg = fn;
    err = fn->trace->ops->set_event_sink(fn->inner, &mine);
    if (err != 0) {
        fn->sink = before;
    }
    return err;
}

void trc_irq_forget(struct trc_fn *fn)
{
    while (fn->vectors != NULL) {
        struct trc_vector *v = fn->vectors;

        fn->vectors = v->next;
        free(v);
    }
}
