/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtual time: a binary heap of events in the order (time, sequence), so that a run repeats
 * exactly. Time that nothing happens in costs nothing. A callback may move time itself (a task in
 * which a driver sleeps); the clock then never runs backwards, and a sink's callback is never run
 * inside another one.
 */
#include "internal.h"

#include <stdlib.h>

/* A wait without limit gives up after so many events that reached no sink: with periodic tasks the
 * queue never is empty, and a test must not hang. */
#define MOCK_WAIT_EVENTS_MAX (UINT64_C(1) << 20)

uint64_t mock_add_sat(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static bool earlier(const struct mock_event *a, const struct mock_event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->seq < b->seq;
}

static void swap(struct mock_heap *heap, size_t i, size_t j)
{
    struct mock_event *event = heap->items[i];

    heap->items[i] = heap->items[j];
    heap->items[j] = event;
}

static bool heap_push(struct mock_heap *heap, struct mock_event *event)
{
    size_t i = heap->count;

    if (!mock_grow((void **)&heap->items, &heap->room, heap->count, sizeof(*heap->items))) {
        return false;
    }
    heap->items[heap->count++] = event;
    while (i > 0 && earlier(heap->items[i], heap->items[(i - 1) / 2])) {
        swap(heap, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
    return true;
}

static void sift_down(struct mock_heap *heap)
{
    size_t i = 0;

    for (;;) {
        size_t least = i;

        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < heap->count; child++) {
            if (earlier(heap->items[child], heap->items[least])) {
                least = child;
            }
        }
        if (least == i) {
            return;
        }
        swap(heap, i, least);
        i = least;
    }
}

static struct mock_event *heap_pop(struct mock_heap *heap)
{
    struct mock_event *event = heap->items[0];

    heap->count--;
    heap->items[0] = heap->items[heap->count];
    sift_down(heap);
    return event;
}

static void event_free(struct mock_event *event)
{
    free(event->data);
    free(event);
}

struct mock_event *mock_clock_at(struct sriov_mock *mock, uint64_t at_ns,
                                 void (*run)(struct sriov_mock *, struct mock_event *), void *owner)
{
    struct mock_event *event = calloc(1, sizeof(*event));

    if (event == NULL) {
        return NULL;
    }
    event->at_ns = at_ns < mock->clock.now_ns ? mock->clock.now_ns : at_ns;
    event->seq = mock->clock.seq++;
    event->run = run;
    event->owner = owner;
    if (!heap_push(&mock->clock.heap, event)) {
        free(event);
        return NULL;
    }
    return event;
}

struct mock_event *mock_clock_soon(struct sriov_mock *mock,
                                   void (*run)(struct sriov_mock *, struct mock_event *), void *owner)
{
    return mock_clock_at(mock, mock->clock.now_ns, run, owner);
}

static void cancel_in(struct mock_heap *heap, const void *owner,
                      void (*run)(struct sriov_mock *, struct mock_event *))
{
    for (size_t i = 0; i < heap->count; i++) {
        if (heap->items[i]->owner == owner && (run == NULL || heap->items[i]->run == run)) {
            heap->items[i]->run = NULL;
        }
    }
}

void mock_clock_cancel_run(struct sriov_mock *mock, const void *owner,
                           void (*run)(struct sriov_mock *, struct mock_event *))
{
    cancel_in(&mock->clock.heap, owner, run);
    cancel_in(&mock->clock.deferred, owner, run);
}

void mock_clock_cancel(struct sriov_mock *mock, const void *owner)
{
    mock_clock_cancel_run(mock, owner, NULL);
}

void mock_clock_hold(struct sriov_mock *mock)
{
    mock->clock.hold++;
}

void mock_clock_release(struct sriov_mock *mock)
{
    struct mock_clock *clock = &mock->clock;

    clock->hold--;
    while (clock->hold == 0 && clock->deferred.count > 0) {
        struct mock_event *event = heap_pop(&clock->deferred);

        if (!heap_push(&clock->heap, event)) {
            event_free(event);
        }
    }
}

static void run_top(struct sriov_mock *mock)
{
    struct mock_clock *clock = &mock->clock;
    struct mock_event *event = heap_pop(&clock->heap);

    if (event->at_ns > clock->now_ns) {
        clock->now_ns = event->at_ns;
    }
    if (event->sink && clock->hold > 0 && event->run != NULL) {
        if (!heap_push(&clock->deferred, event)) {
            event_free(event);
        }
        return;
    }
    if (event->run != NULL) {
        event->run(mock, event);
    }
    event_free(event);
}

/* Is an event due at `until`, or at what nested calls have made of it? */
static bool is_due(const struct mock_clock *clock, uint64_t until)
{
    uint64_t limit = clock->now_ns > until ? clock->now_ns : until;

    return clock->heap.count > 0 && clock->heap.items[0]->at_ns <= limit;
}

static void run_until(struct sriov_mock *mock, uint64_t until)
{
    while (is_due(&mock->clock, until)) {
        run_top(mock);
    }
    if (until > mock->clock.now_ns) {
        mock->clock.now_ns = until;
    }
}

void mock_clock_advance(struct sriov_mock *mock, uint64_t ns)
{
    run_until(mock, mock_add_sat(mock->clock.now_ns, ns));
}

void mock_clock_block(struct sriov_mock *mock, uint64_t ns)
{
    mock_clock_hold(mock);
    mock_clock_advance(mock, ns);
    mock_clock_release(mock);
}

static int wait_end(struct sriov_mock *mock, uint64_t timeout_ns, uint64_t until)
{
    if (timeout_ns == UINT64_MAX) {
        return -EAGAIN;
    }
    if (until > mock->clock.now_ns) {
        mock->clock.now_ns = until;
    }
    return -ETIMEDOUT;
}

int mock_clock_wait(struct sriov_mock *mock, uint64_t timeout_ns)
{
    struct mock_clock *clock = &mock->clock;
    uint64_t until = mock_add_sat(clock->now_ns, timeout_ns);
    uint64_t before = clock->deliveries;
    uint64_t events = 0;

    while (is_due(clock, until)) {
        if (timeout_ns == UINT64_MAX && ++events > MOCK_WAIT_EVENTS_MAX) {
            break;
        }
        run_top(mock);
        if (clock->deliveries != before) {
            run_until(mock, clock->now_ns);
            return 0;
        }
    }
    return wait_end(mock, timeout_ns, until);
}

static void heap_destroy(struct mock_heap *heap)
{
    for (size_t i = 0; i < heap->count; i++) {
        event_free(heap->items[i]);
    }
    free(heap->items);
}

void mock_clock_destroy(struct sriov_mock *mock)
{
    heap_destroy(&mock->clock.heap);
    heap_destroy(&mock->clock.deferred);
}

SRIOV_API uint64_t sriov_mock_now(const struct sriov_mock *mock)
{
    return mock->clock.now_ns;
}

SRIOV_API void sriov_mock_advance(struct sriov_mock *mock, uint64_t ns)
{
    mock_clock_advance(mock, ns);
}

SRIOV_API uint64_t sriov_mock_next_due(const struct sriov_mock *mock)
{
    const struct mock_clock *clock = &mock->clock;

    if (clock->heap.count == 0) {
        return UINT64_MAX;
    }
    return clock->heap.items[0]->at_ns > clock->now_ns ? clock->heap.items[0]->at_ns - clock->now_ns : 0;
}
