/* SPDX-License-Identifier: BSD-3-Clause */
/* Events of a function, and its removal: by surprise, or asked with a deadline. */
#include "internal.h"

static void event_run(struct sriov_mock *mock, struct mock_event *event)
{
    struct mock_handle *h = event->owner;
    struct sriov_event_sink sink = h->event_sink;

    if (sink.cb == NULL) {
        return;
    }
    mock->clock.deliveries++;
    mock_clock_hold(mock);
    sink.cb(sink.arg, (uint32_t)event->tag);
    mock_clock_release(mock);
}

void mock_event_send(struct mock_handle *h, enum sriov_event event)
{
    struct mock_event *soon = mock_clock_soon(h->mock, event_run, h);

    if (soon != NULL) {
        soon->tag = (uint64_t)event;
        soon->sink = true;
    }
}

static void removal_run(struct sriov_mock *mock, struct mock_event *event)
{
    (void)mock;
    mock_pull(event->owner);
}

void mock_slot_vanish(struct mock_slot *slot)
{
    struct mock_handle *h = slot->handle;

    if (!slot->present) {
        return;
    }
    slot->present = false;
    slot->remove_asked = false;
    mock_clock_cancel_run(slot->dev->mock, slot, removal_run);
    if (h == NULL) {
        return;
    }
    slot->handle = NULL;
    h->slot = NULL;
    mock_iommu_keep_past(&slot->past, &h->domain);
    mock_irq_off(h);
    mock_event_send(h, SRIOV_EVENT_REMOVED);
}

/* A VF that is pulled stays in its model: quiet it, but not from within the model. */
static void quiet_run(struct sriov_mock *mock, struct mock_event *event)
{
    struct mock_slot *slot = event->owner;
    struct sriov_model_host *dev = slot->dev;

    (void)mock;
    if (!slot->present && dev->slots[0].present) {
        mock_enter(dev);
        dev->ops->flr(dev->model, slot->index);
        mock_leave(dev);
    }
}

void mock_pull(struct mock_slot *slot)
{
    struct sriov_model_host *dev = slot->dev;

    if (!slot->present) {
        return;
    }
    slot->pulled = true;
    if (slot->index != 0) {
        mock_slot_vanish(slot);
        (void)mock_clock_soon(dev->mock, quiet_run, slot);
        return;
    }
    for (uint32_t i = dev->num_slots; i > 0; i--) {
        mock_slot_vanish(&dev->slots[i - 1]);
    }
    mock_wire_unplug(dev);
}

/* Does anybody hold the function, or for a PF one of its VFs? */
static bool is_held(const struct mock_slot *slot)
{
    const struct sriov_model_host *dev = slot->dev;

    for (uint32_t i = 0; slot->index == 0 && i < dev->num_slots; i++) {
        if (dev->slots[i].handle != NULL) {
            return true;
        }
    }
    return slot->handle != NULL;
}

void mock_remove_settle(struct sriov_model_host *dev)
{
    for (uint32_t i = 0; i < dev->num_slots; i++) {
        if (dev->slots[i].remove_asked && !is_held(&dev->slots[i])) {
            mock_pull(&dev->slots[i]);
        }
    }
}

static void ask(struct mock_slot *slot)
{
    struct sriov_model_host *dev = slot->dev;

    for (uint32_t i = 0; i < dev->num_slots; i++) {
        bool concerned = slot->index == 0 || slot == &dev->slots[i];

        if (concerned && dev->slots[i].handle != NULL) {
            mock_event_send(dev->slots[i].handle, SRIOV_EVENT_REMOVE_ASKED);
        }
    }
}

SRIOV_API int sriov_mock_remove(struct sriov_mock *mock, const char *name, bool asked, uint64_t deadline_ns)
{
    struct mock_slot *slot = mock_find_slot(mock, name);

    if (slot == NULL) {
        return -ENOENT;
    }
    if (!asked || !is_held(slot) || deadline_ns <= mock->clock.now_ns) {
        mock_pull(slot);
        return 0;
    }
    if (mock_clock_at(mock, deadline_ns, removal_run, slot) == NULL) {
        return -ENOMEM;
    }
    slot->remove_asked = true;
    ask(slot);
    return 0;
}

SRIOV_API int sriov_mock_event(struct sriov_mock *mock, const char *name, enum sriov_event event)
{
    struct mock_slot *slot = mock_find_slot(mock, name);

    if (event != SRIOV_EVENT_ERROR && event != SRIOV_EVENT_SUSPEND && event != SRIOV_EVENT_RESUME) {
        return -EINVAL;
    }
    if (slot == NULL || slot->handle == NULL) {
        return -ENOENT;
    }
    mock_event_send(slot->handle, event);
    return 0;
}

int mock_op_set_event_sink(void *fn, const struct sriov_event_sink *sink)
{
    struct mock_handle *h = fn;
    int err;

    if (sink == NULL) {
        err = mock_gate_release(h->mock, h, MOCK_OP_set_event_sink);
        h->event_sink = err == 0 ? (struct sriov_event_sink){0} : h->event_sink;
        return err;
    }
    err = mock_gate(h->mock, h, MOCK_OP_set_event_sink);
    if (err == 0) {
        err = mock_check_struct(sink, sizeof(*sink), sizeof(*sink));
    }
    if (err != 0) {
        return err;
    }
    if (sink->reserved0 != 0 || sink->cb == NULL) {
        return -EINVAL;
    }
    h->event_sink = *sink;
    return 0;
}
