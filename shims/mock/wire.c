/* SPDX-License-Identifier: BSD-3-Clause */
/* The physical port of a PF: what leaves goes to a sink and to the other end of the cable. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static void arrive(struct sriov_model_host *dev, const void *frame, size_t len)
{
    mock_pcap_frame(&dev->slots[0], frame, len);
    mock_enter(dev);
    dev->ops->wire_rx(dev->model, frame, len);
    mock_leave(dev);
}

bool mock_has_port_tx(const struct sriov_model_ops *ops)
{
    return ops->size >= offsetof(struct sriov_model_ops, port_tx) + sizeof(ops->port_tx) &&
           ops->port_tx != NULL;
}

SRIOV_API uint64_t sriov_mock_rx_drops(struct sriov_mock *mock, const char *fn)
{
    const struct mock_slot *slot = mock_find_slot(mock, fn);
    const struct sriov_model_ops *ops = slot != NULL ? slot->dev->ops : NULL;

    if (ops == NULL || ops->size < offsetof(struct sriov_model_ops, rx_drops) + sizeof(ops->rx_drops) ||
        ops->rx_drops == NULL) {
        return 0;
    }
    return ops->rx_drops(slot->dev->model, slot->index);
}

static void enter_switch(struct mock_slot *slot, const void *frame, size_t len)
{
    struct sriov_model_host *dev = slot->dev;

    mock_enter(dev);
    dev->ops->port_tx(dev->model, slot->index, frame, len);
    mock_leave(dev);
}

static void arrive_run(struct sriov_mock *mock, struct mock_event *event)
{
    struct mock_slot *slot = event->owner;

    (void)mock;
    if (!slot->present) {
        return;
    }
    if (slot->index == 0) {
        arrive(slot->dev, event->data, (size_t)event->tag);
    } else {
        enter_switch(slot, event->data, (size_t)event->tag);
    }
}

int mock_wire_in_at(struct mock_slot *slot, uint64_t at_ns, const void *frame, size_t len)
{
    void *copy = malloc(len);
    struct mock_event *event;

    if (copy == NULL) {
        return -ENOMEM;
    }
    event = mock_clock_at(slot->dev->mock, at_ns, arrive_run, slot);
    if (event == NULL) {
        free(copy);
        return -ENOMEM;
    }
    memcpy(copy, frame, len);
    event->data = copy;
    event->tag = len;
    return 0;
}

void mock_wire_in(struct sriov_model_host *dev, const void *frame, size_t len)
{
    if (dev->busy == 0) {
        arrive(dev, frame, len);
    } else {
        (void)mock_wire_in_at(&dev->slots[0], dev->mock->clock.now_ns, frame, len);
    }
}

void mock_wire_out(struct sriov_model_host *dev, const void *frame, size_t len)
{
    if (len == 0 || len > MOCK_FRAME_MAX) {
        return;
    }
    mock_pcap_frame(&dev->slots[0], frame, len);
    if (dev->wire_cb != NULL) {
        dev->wire_cb(dev->wire_arg, frame, len);
    }
    if (dev->peer != NULL) {
        mock_wire_in(dev->peer, frame, len);
    }
}

static void set_carrier(struct sriov_model_host *dev, bool up)
{
    mock_enter(dev);
    dev->ops->carrier(dev->model, up);
    mock_leave(dev);
}

static void carrier_lost_run(struct sriov_mock *mock, struct mock_event *event)
{
    struct sriov_model_host *dev = event->owner;

    (void)mock;
    if (dev->slots[0].present) {
        set_carrier(dev, false);
    }
}

void mock_wire_unplug(struct sriov_model_host *dev)
{
    struct sriov_model_host *peer = dev->peer;

    if (peer == NULL) {
        return;
    }
    dev->peer = NULL;
    peer->peer = NULL;
    (void)mock_clock_soon(dev->mock, carrier_lost_run, peer);
}

SRIOV_API int sriov_mock_wire_send(struct sriov_mock *mock, const char *pf, const void *frame, size_t len)
{
    struct sriov_model_host *dev = mock_find_pf(mock, pf);

    if (dev == NULL) {
        return -ENOENT;
    }
    if (frame == NULL || len == 0 || len > MOCK_FRAME_MAX) {
        return -EINVAL;
    }
    mock_wire_in(dev, frame, len);
    return 0;
}

SRIOV_API int sriov_mock_wire_sink(struct sriov_mock *mock, const char *pf,
                                   void (*cb)(void *arg, const void *frame, size_t len), void *arg)
{
    struct sriov_model_host *dev = mock_find_pf(mock, pf);

    if (dev == NULL) {
        return -ENOENT;
    }
    dev->wire_cb = cb;
    dev->wire_arg = arg;
    return 0;
}

SRIOV_API int sriov_mock_wire_join(struct sriov_mock *mock, const char *pf_a, const char *pf_b)
{
    struct sriov_model_host *a = mock_find_pf(mock, pf_a);
    struct sriov_model_host *b = mock_find_pf(mock, pf_b);

    if (a == NULL || b == NULL) {
        return -ENOENT;
    }
    if (a == b) {
        return -EINVAL;
    }
    if (a->peer != NULL || b->peer != NULL) {
        return -EBUSY;
    }
    a->peer = b;
    b->peer = a;
    return 0;
}

SRIOV_API int sriov_mock_carrier(struct sriov_mock *mock, const char *pf, bool up)
{
    struct sriov_model_host *dev = mock_find_pf(mock, pf);

    if (dev == NULL) {
        return -ENOENT;
    }
    set_carrier(dev, up);
    return 0;
}
