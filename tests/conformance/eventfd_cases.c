/* SPDX-License-Identifier: BSD-3-Clause */
/* Eventfd sinks; only where there is an OS. */
#include "conform.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int fired(struct conform *c, int fd, uint64_t *times)
{
    for (int i = 0; i < 10000; i++) {
        if (read(fd, times, sizeof(*times)) == (ssize_t)sizeof(*times)) {
            return 0;
        }
        (void)sriov_vmm_wait(c->vmm, 1000000);
    }
    return -ETIMEDOUT;
}

static enum conform_verdict eventfd_fires(struct conform *c, struct sriov_fn *fn)
{
    NEED(c, fn, SRIOV_CAP_IRQ_EVENTFD | SRIOV_CAP_IRQ_TRIGGER,
         "no eventfd sinks or no triggered interrupts here");
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(c, fd >= 0);
    uint32_t got = 0;
    uint64_t times = 0;
    int on = sriov_irq_enable(fn, 1, 1, &got);
    int attached = sriov_irq_attach_fd(fn, 0, fd);
    int triggered = sriov_irq_trigger(fn, 0);
    int err = fired(c, fd, &times);
    int detached = sriov_irq_detach(fn, 0);
    (void)sriov_irq_trigger(fn, 0);
    uint64_t more = 0;
    bool silent = read(fd, &more, sizeof(more)) < 0;
    int off = sriov_irq_disable(fn);
    close(fd);
    RETURNS(c, on | attached | triggered | detached | off, 0);
    RETURNS(c, err, 0);
    CHECK(c, times == 1 && silent);
    return CONFORM_PASS;
}

static enum conform_verdict bad_fd_is_refused(struct conform *c, struct sriov_fn *fn)
{
    NEED(c, fn, SRIOV_CAP_IRQ_EVENTFD, "no eventfd sinks here");
    uint32_t got = 0;
    RETURNS(c, sriov_irq_enable(fn, 1, 1, &got), 0);
    REFUSES(c, sriov_irq_attach_fd(fn, 0, -1));
    RETURNS(c, sriov_irq_disable(fn), 0);
    return CONFORM_PASS;
}

const struct conform_case conform_eventfd_cases[] = {
    {"irq.eventfd-fires", eventfd_fires, false},
    {"irq.bad-eventfd-refused", bad_fd_is_refused, false},
    {NULL, NULL, false},
};
