/* SPDX-License-Identifier: BSD-3-Clause */
/* House-keeping and interrupt mode of class net. */
#include "net.h"

/* While a device recovers its queues cannot be armed: look again after this long. */
#define RECOVER_LOOK_NS SRIC_NS_PER_MS

static void on_irq(void *arg, uint32_t vector)
{
    struct sriov_net *net = arg;

    __atomic_fetch_or(&net->wake, UINT32_C(1) << vector % 32, __ATOMIC_RELEASE);
}

int sriov_net_attach_irqs(struct sriov_net *net, uint32_t n)
{
    int rc = 0;
    uint32_t i;

    for (i = 0; rc == 0 && i < n; i++) {
        rc = sriov_irq_attach(net->fn, i, on_irq, net);
    }
    if (rc != 0) {
        /* The last one failed and holds nothing. */
        for (i--; i > 0; i--) {
            (void)sriov_irq_detach(net->fn, i - 1);
        }
    }
    return rc;
}

static void follow_state(struct sriov_net *net, uint32_t events)
{
    enum sriov_fn_state state = sriov_fn_state(net->fn);

    if ((events & SRIOV_NET_EV_RECOVERING) != 0) {
        sric_net_of(net)->tx_held = false; /* it begins anew */
    }
    if ((events & SRIOV_NET_EV_RECOVERED) != 0) {
        if (state == SRIOV_FN_RECOVERING) {
            (void)sriov_fn_set_state(net->fn, SRIOV_FN_STARTED);
        }
    } else if ((events & SRIOV_NET_EV_RECOVERING) != 0 && state == SRIOV_FN_STARTED) {
        (void)sriov_fn_set_state(net->fn, SRIOV_FN_RECOVERING);
    }
}

uint32_t sriov_net_poll(struct sriov_net *net)
{
    uint32_t events;

    if (!sriov_fn_gone(net->fn)) {
        sric_net_of(net)->ops.poll(net);
    }
    events = net->pending_events;
    net->pending_events = 0;
    if (sric_fn_take_event(net->fn, SRIOV_EVENT_REMOVE_ASKED)) {
        events |= SRIOV_NET_EV_REMOVE;
    }
    if (sriov_fn_gone(net->fn)) {
        sriov_net_park(net);
        net->link.up = false;
        net->link.mbps = 0;
        return events | SRIOV_NET_EV_GONE;
    }
    follow_state(net, events);
    return events;
}

static bool has_interrupts(const struct sriov_net *net)
{
    return (net->config.flags & SRIOV_NET_INTERRUPTS) != 0 && net->vectors != 0;
}

int sriov_net_rx_arm(struct sriov_net *net, uint16_t queue)
{
    if (sriov_fn_gone(net->fn)) {
        return -ENODEV;
    }
    if (!net->configured || queue >= net->config.queues) {
        return -EINVAL;
    }
    return has_interrupts(net) ? sric_net_of(net)->ops.rx_arm(net, queue) : -EAGAIN;
}

int sriov_net_set_eventfd(struct sriov_net *net, uint32_t vector, int fd)
{
    if (sriov_fn_gone(net->fn)) {
        return -ENODEV;
    }
    if (!has_interrupts(net)) {
        return -EAGAIN;
    }
    return vector < net->vectors ? sriov_irq_attach_fd(net->fn, vector, fd) : -EINVAL;
}

/* 1: frames are there already, 0: all armed. A device that recovers shortens the wait. */
static int arm_all(struct sriov_net *net, uint64_t *timeout_ns)
{
    for (uint16_t i = 0; i < net->config.queues; i++) {
        int rc = sriov_net_rx_arm(net, i);

        if (rc == -EAGAIN && *timeout_ns > RECOVER_LOOK_NS) {
            *timeout_ns = RECOVER_LOOK_NS;
        } else if (rc != 0 && rc != -EAGAIN) {
            return rc;
        }
    }
    return 0;
}

/* 1: something to do, 0: not yet, or -ENODEV. */
static int look(struct sriov_net *net)
{
    if (sriov_fn_gone(net->fn)) {
        return -ENODEV;
    }
    if (__atomic_exchange_n(&net->wake, 0, __ATOMIC_ACQUIRE) != 0) {
        return 1;
    }
    return sric_fn_has_event(net->fn, SRIOV_EVENT_REMOVE_ASKED) ? 1 : 0;
}

static int wait_wake(struct sriov_net *net, uint64_t timeout_ns)
{
    uint64_t start = sriov_fn_now(net->fn);
    uint64_t spent = 0;
    int rc = look(net);

    while (rc == 0) {
        if (timeout_ns != UINT64_MAX) {
            spent = sriov_fn_now(net->fn) - start;
        }
        if (spent >= timeout_ns) {
            return -ETIMEDOUT;
        }
        rc =
            sriov_vmm_wait(sriov_fn_vmm(net->fn), timeout_ns == UINT64_MAX ? UINT64_MAX : timeout_ns - spent);
        if (rc != 0) {
            /* One more look: the wait may have ended with the interrupt. */
            int seen = look(net);

            return seen != 0 ? seen : rc;
        }
        rc = look(net);
    }
    return rc;
}

int sriov_net_rx_wait(struct sriov_net *net, uint64_t timeout_ns)
{
    int rc;

    if (sriov_fn_gone(net->fn)) {
        return -ENODEV;
    }
    if (!net->started || !has_interrupts(net)) {
        return -EAGAIN;
    }
    rc = arm_all(net, &timeout_ns);
    if (rc == 0) {
        rc = wait_wake(net, timeout_ns);
    }
    return rc > 0 ? 0 : rc;
}
