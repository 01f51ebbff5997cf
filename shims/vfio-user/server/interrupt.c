/* SPDX-License-Identifier: BSD-3-Clause */
/* SET_IRQS: MSI-X vectors become the client's eventfds. */
#include "server.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define DATA ((uint32_t)(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_DATA_EVENTFD))
#define ACTIONS                                                                                              \
    ((uint32_t)(VFIO_IRQ_SET_ACTION_MASK | VFIO_IRQ_SET_ACTION_UNMASK | VFIO_IRQ_SET_ACTION_TRIGGER))

uint32_t vfus_irq_count(const struct sriov_vfu_device *d, uint32_t index)
{
    return index == VFIO_PCI_MSIX_IRQ_INDEX ? d->vectors : 0;
}

/* ---- eventfds ---- */

static void ring(int fd)
{
    const uint64_t one = 1;
    struct pollfd room = {.fd = fd, .events = POLLOUT};

    /* A counter that is full already says that there is something to do; and the client may have made it one
     * that waits for room, whatever we set. */
    if (fd >= 0 && poll(&room, 1, 0) > 0 && write(fd, &one, sizeof(one)) < 0) {
        return;
    }
}

static void on_vector(void *arg, uint32_t vector)
{
    const struct sriov_vfu_device *d = arg;

    ring(d->irq_fds[vector]);
}

/* Anything else could block us, or is not the client's to have written to. */
static int check_fd(int fd)
{
    static const char kind[] = "anon_inode:[eventfd]";
    char link[32];
    char text[sizeof(kind)];
    int flags = fcntl(fd, F_GETFL);
    ssize_t n;

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, text, sizeof(text));
    if (n != (ssize_t)sizeof(kind) - 1 || memcmp(text, kind, (size_t)n) != 0) {
        return -EINVAL;
    }
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? 0 : -EINVAL;
}

static void detach(struct sriov_vfu_device *d, uint32_t vector)
{
    if (d->irq_fds[vector] >= 0) {
        (void)sriov_irq_detach(d->fn, vector);
        (void)close(d->irq_fds[vector]);
        d->irq_fds[vector] = -1;
    }
}

static int attach(struct sriov_vfu_device *d, uint32_t vector, int fd)
{
    int rc;

    if (sriov_fn_can(d->fn, SRIOV_CAP_IRQ_EVENTFD)) {
        rc = sriov_irq_attach_fd(d->fn, vector, fd);
    } else {
        rc = sriov_irq_attach(d->fn, vector, on_vector, d);
    }
    if (rc == 0) {
        if (d->irq_fds[vector] >= 0) {
            (void)close(d->irq_fds[vector]);
        }
        d->irq_fds[vector] = fd;
    }
    return rc;
}

static int turn_on(struct sriov_vfu_device *d)
{
    uint32_t got;
    int rc = d->irqs_on ? 0 : sriov_irq_enable(d->fn, d->vectors, d->vectors, &got);

    d->irqs_on = d->irqs_on || rc == 0;
    return rc;
}

void vfus_irqs_off(struct sriov_vfu_device *d)
{
    for (uint32_t i = 0; i < d->vectors; i++) {
        detach(d, i);
    }
    if (d->irqs_on) {
        (void)sriov_irq_disable(d->fn);
        d->irqs_on = false;
    }
}

/* One descriptor for each vector; on failure none of these vectors has one any more. */
static int attach_all(struct sriov_vfu_device *d, struct vfu_rx *rx, const struct vfu_irq_set *set)
{
    int rc = turn_on(d);

    for (uint32_t i = 0; rc == 0 && i < set->count; i++) {
        rc = check_fd(rx->fds[i]);
        if (rc == 0) {
            rc = attach(d, set->start + i, rx->fds[i]);
        }
        if (rc == 0) {
            (void)vfu_rx_take_fd(rx, i);
        }
    }
    for (uint32_t i = 0; rc != 0 && i < set->count; i++) {
        detach(d, set->start + i);
    }
    return rc;
}

static int set_fds(struct sriov_vfu_device *d, struct vfu_rx *rx, const struct vfu_irq_set *set)
{
    if ((set->flags & VFIO_IRQ_SET_ACTION_TRIGGER) == 0) {
        return -EINVAL;
    }
    if (rx->num_fds != 0) {
        return rx->num_fds == set->count ? attach_all(d, rx, set) : -EINVAL;
    }
    for (uint32_t i = 0; i < set->count; i++) {
        detach(d, set->start + i);
    }
    return 0;
}

/* ---- the rest ---- */

static int act(struct sriov_vfu_device *d, uint32_t action, uint32_t vector)
{
    if (action == VFIO_IRQ_SET_ACTION_TRIGGER) {
        ring(d->irq_fds[vector]);
        return 0;
    }
    return action == VFIO_IRQ_SET_ACTION_MASK ? sriov_irq_mask(d->fn, vector)
                                              : sriov_irq_unmask(d->fn, vector);
}

static int act_all(struct sriov_vfu_device *d, const struct vfu_rx *rx, const struct vfu_irq_set *set)
{
    const uint8_t *wanted = vfu_rx_payload(rx) + sizeof(*set);
    bool chosen = (set->flags & VFIO_IRQ_SET_DATA_BOOL) != 0;
    int rc = 0;

    if (rx->num_fds != 0 || (chosen && vfu_rx_length(rx) - sizeof(*set) < set->count)) {
        return -EINVAL;
    }
    for (uint32_t i = 0; rc == 0 && i < set->count; i++) {
        if (!chosen || wanted[i] != 0) {
            rc = act(d, set->flags & ACTIONS, set->start + i);
        }
    }
    return rc;
}

static bool is_one(uint32_t bits)
{
    return bits != 0 && (bits & (bits - 1)) == 0;
}

static int check(const struct sriov_vfu_device *d, const struct vfu_irq_set *set)
{
    uint32_t has = vfus_irq_count(d, set->index);

    if (set->argsz < sizeof(*set) || (set->flags & ~(DATA | ACTIONS)) != 0 || !is_one(set->flags & DATA) ||
        !is_one(set->flags & ACTIONS) || set->index >= VFIO_PCI_NUM_IRQS) {
        return -EINVAL;
    }
    return set->start <= has && set->count <= has - set->start ? 0 : -EINVAL;
}

int vfus_set_irqs(struct sriov_vfu_device *d, struct vfus_call *call)
{
    struct vfu_irq_set set;
    int rc = vfu_rx_get(call->rx, &set, sizeof(set));

    if (rc == 0) {
        rc = check(d, &set);
    }
    if (rc != 0) {
        return rc;
    }
    if (set.count == 0) {
        /* The one thing that no vectors mean: all of them, off. */
        if (set.flags != (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER) || set.start != 0 ||
            call->rx->num_fds != 0) {
            return -EINVAL;
        }
        if (set.index == VFIO_PCI_MSIX_IRQ_INDEX) {
            vfus_irqs_off(d);
        }
        return 0;
    }
    if ((set.flags & VFIO_IRQ_SET_DATA_EVENTFD) != 0) {
        return set_fds(d, call->rx, &set);
    }
    return act_all(d, call->rx, &set);
}
