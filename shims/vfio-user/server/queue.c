/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that come while the server waits for an answer of the same client: done afterwards, in order. */
#include "server.h"

#include <stdlib.h>
#include <unistd.h>

#define MESSAGES_MAX 1024u
#define BYTES_MAX    (UINT32_C(1) << 20)
#define FDS_MAX      256u

static uint8_t *bytes_of(struct vfus_queued *q)
{
    return (uint8_t *)(q + 1);
}

int vfus_queue_put(struct sriov_vfu_device *d, struct vfu_rx *rx)
{
    struct vfus_queued **end = &d->queue;
    struct vfus_queued *q;

    if (d->queued >= MESSAGES_MAX || rx->have > BYTES_MAX - d->queued_bytes ||
        rx->num_fds > FDS_MAX - d->queued_fds) {
        return -EPROTO;
    }
    q = malloc(sizeof(*q) + rx->have);
    if (q == NULL) {
        return -ENOMEM;
    }
    *q = (struct vfus_queued){.length = rx->have, .num_fds = rx->num_fds};
    memcpy(bytes_of(q), rx->buf, rx->have);
    for (uint32_t i = 0; i < q->num_fds; i++) {
        q->fds[i] = vfu_rx_take_fd(rx, i);
    }
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = q;
    d->queued++;
    d->queued_bytes += q->length;
    d->queued_fds += q->num_fds;
    return 0;
}

static struct vfus_queued *unlink_first(struct sriov_vfu_device *d)
{
    struct vfus_queued *q = d->queue;

    d->queue = q->next;
    d->queued--;
    d->queued_bytes -= q->length;
    d->queued_fds -= q->num_fds;
    return q;
}

bool vfus_queue_take(struct sriov_vfu_device *d)
{
    struct vfus_queued *q;

    if (d->queue == NULL) {
        return false;
    }
    q = unlink_first(d);
    memcpy(d->current.buf, bytes_of(q), q->length);
    memcpy(d->current.fds, q->fds, sizeof(q->fds));
    d->current.have = q->length;
    d->current.num_fds = q->num_fds;
    free(q);
    return true;
}

void vfus_queue_drop(struct sriov_vfu_device *d)
{
    while (vfus_queue_take(d)) {
        vfu_rx_next(&d->current);
    }
}
