/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts: a vector per receive queue and one for the configuration where the VMM grants so many,
 * shared ones where it does not, polling where it has none. What was sent is found by the next burst.
 */
#include "vnet.h"

#include <errno.h>

void vnet_irq_request(struct vnet *v)
{
    struct sriov_net *net = v->net;
    uint32_t want = net->config.queues + 1u;
    uint32_t got = 0;
    v->vectors = 0;
    net->vectors = 0;
    if ((net->config.flags & SRIOV_NET_INTERRUPTS) == 0) {
        return;
    }
    int err = sriov_irq_enable(net->fn, want, 1, &got);
    if (err == 0) {
        err = sriov_net_attach_irqs(net, got);
        if (err != 0) {
            (void)sriov_irq_disable(net->fn);
        }
    }
    if (err != 0) {
        vnet_log(v, SRIOV_LOG_WARN, "no interrupt vectors (%d); queues are polled", err);
        return;
    }
    v->vectors = got;
    net->vectors = (uint16_t)got;
}

void vnet_irq_release(struct vnet *v)
{
    if (v->vectors != 0) {
        (void)sriov_irq_disable(v->net->fn);
    }
    v->vectors = 0;
    v->net->vectors = 0;
}

/* The last vector is the configuration's alone as long as there are two. */
uint16_t vnet_irq_of_queue(const struct vnet *v, uint32_t pair)
{
    if (v->vectors == 0) {
        return VIRTIO_MSI_NO_VECTOR;
    }
    return (uint16_t)(v->vectors < 2 ? 0u : pair % (v->vectors - 1));
}

uint16_t vnet_irq_of_config(const struct vnet *v)
{
    return (uint16_t)(v->vectors == 0 ? VIRTIO_MSI_NO_VECTOR : v->vectors - 1);
}

int vnet_rx_arm(struct sriov_net *net, uint16_t queue)
{
    struct vnet *v = vnet_of(net);
    struct vnet_rxq *q = vnet_rxq(v, queue);
    if (v->vectors == 0 || v->phase == VNET_RECOVERING || v->phase == VNET_DOWN) {
        return -EAGAIN;
    }
    q->armed = true;
    if (!q->stopped) {
        vnet_vq_interrupts(&q->vq, true);
    }
    return vnet_rx_waits(q) ? 1 : 0;
}
