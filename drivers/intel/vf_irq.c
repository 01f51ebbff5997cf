/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts: a vector per queue and one for the mailbox where the VMM grants so many, shared ones
 * where it does not, polling where it has none. Only receive and mailbox interrupt; completions of
 * transmit are found by the next burst.
 */
#include "vf.h"

#include <sriov/hw/ixgbe_regs.h>

#include <errno.h>

static uint32_t all_vectors(const struct sri_vf *vf)
{
    return (1u << vf->vectors) - 1;
}

static uint32_t mailbox_vector(const struct sri_vf *vf)
{
    return vf->vectors - 1;
}

/* The last vector is the mailbox's alone as long as there are two. */
static uint32_t queue_vector(const struct sri_vf *vf, uint32_t queue)
{
    return vf->vectors < 2 ? 0 : queue % (vf->vectors - 1);
}

void sri_vf_irq_request(struct sri_vf *vf)
{
    struct sriov_net *net = vf->net;
    uint32_t want = (uint32_t)net->config.queues + 1;
    uint32_t got = 0;
    vf->vectors = 0;
    vf->armed = 0;
    net->vectors = 0;
    if ((net->config.flags & SRIOV_NET_INTERRUPTS) == 0) {
        return;
    }
    want = want < SRI_VF_VECTORS ? want : SRI_VF_VECTORS;
    int err = sriov_irq_enable(net->fn, want, 1, &got);
    if (err == 0) {
        err = sriov_net_attach_irqs(net, got);
        if (err != 0) {
            (void)sriov_irq_disable(net->fn);
        }
    }
    if (err != 0) {
        sri_vf_log(vf, SRIOV_LOG_WARN, "no interrupt vectors (%d); queues are polled", err);
        return;
    }
    vf->vectors = got;
    net->vectors = (uint16_t)got;
}

void sri_vf_irq_release(struct sri_vf *vf)
{
    if (vf->vectors != 0) {
        (void)sriov_irq_disable(vf->net->fn);
    }
    vf->vectors = 0;
    vf->net->vectors = 0;
}

void sri_vf_irq_silence(struct sri_vf *vf)
{
    sriov_wr32(&vf->bar, vf->hw->eimc, IXGBE_VTEI_MASK);
}

/* VTIVAR: two queues to a register, a byte each for receive and transmit. */
static void route_queues(struct sri_vf *vf)
{
    uint32_t queues = sri_vf_active_queues(vf);
    for (uint32_t first = 0; first < queues; first += 2) {
        uint32_t value = 0;
        for (uint32_t q = first; q < queues && q < first + 2; q++) {
            value |= (queue_vector(vf, q) | IXGBE_IVAR_ALLOC_VAL) << IXGBE_VTIVAR_RX_SHIFT(q);
        }
        sriov_wr32(&vf->bar, vf->hw->ivar + 4 * (first / 2), value);
    }
}

/* A queue's vector stays masked until rx_arm. */
void sri_vf_irq_program(struct sri_vf *vf)
{
    const struct sri_vf_hw *hw = vf->hw;
    sri_vf_irq_silence(vf);
    if (vf->vectors == 0) {
        return;
    }
    (void)sriov_rd32(&vf->bar, hw->eicr); /* forget the causes of the time before */
    route_queues(vf);
    sriov_wr32(&vf->bar, hw->ivar_misc, mailbox_vector(vf) | IXGBE_IVAR_ALLOC_VAL);
    for (uint32_t v = 0; v < vf->vectors; v++) {
        bool mailbox_only = vf->vectors > 1 && v == mailbox_vector(vf);
        sriov_wr32(&vf->bar, hw->eitr + 4 * v, mailbox_only ? 0 : hw->eitr_rx);
    }
    sriov_wr32(&vf->bar, hw->eiac, all_vectors(vf));
    /* No vector masks itself, whatever the PF has made of GPIE.EIAME: one that got lost would be the last. */
    sriov_wr32(&vf->bar, hw->eiam, 0);
    sriov_wr32(&vf->bar, hw->eims, vf->armed | 1u << mailbox_vector(vf));
}

/* The order closes the gap in which a frame would wake nobody: unmask, then look. */
int sri_vf_rx_arm(struct sriov_net *net, uint16_t queue)
{
    struct sri_vf *vf = sri_vf_of(net);
    if (vf->vectors == 0) {
        return -EAGAIN;
    }
    if (queue >= net->config.queues) {
        return -EINVAL;
    }
    if (!vf->running) {
        return -EAGAIN; /* recovering: poll brings the device back */
    }
    vf->armed |= 1u << queue_vector(vf, queue);
    sriov_wr32(&vf->bar, vf->hw->eims, 1u << queue_vector(vf, queue) | 1u << mailbox_vector(vf));
    return sri_rxq_waits((struct sri_rxq *)(void *)net->rxq[queue]) ? 1 : 0;
}
