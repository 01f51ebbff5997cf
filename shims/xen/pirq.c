/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the device to a descriptor: each entry of the MSI-X table is a pirq of Xen's, each pirq an event
 * channel, and a thread hands what the kernel tells of those channels on to the vectors' targets. Xen
 * writes the table and guards it; the enable bit in configuration space is ours.
 */
#include "sxen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

/* MSI-X capability, PCIe 5.0, 7.7.2. */
#define PCI_CAP_MSIX   0x11u
#define MSIX_CONTROL   2u
#define MSIX_TABLE     4u
#define MSIX_SIZE_MASK 0x7ffu
#define MSIX_MASK_ALL  0x4000u
#define MSIX_ENABLE    0x8000u
#define MSIX_BIR       0x7u

/* ---- what this host can do ---- */

static bool ports_work(struct sxen_fn *fn)
{
    const struct sxen_door *door = sxen_door_of(fn);
    struct sxen_ports *ports = NULL;
    int fd = -1;
    int err = door->ports_open(door->ctx, &ports, &fd);
    if (err == 0) {
        err = door->ports_probe(door->ctx, ports);
        door->ports_close(door->ctx, ports);
    }
    if (err != 0) {
        sriov_log(fn->xen->base.vmm, SRIOV_LOG_WARN, "%s: no interrupts, drivers poll: %s", fn->info.name,
                  err == -ENOSYS ? "this kernel is older than 6.6 and gives a program no pirq"
                                 : "/dev/xen/evtchn cannot be opened (modprobe xen-evtchn; run as root)");
    }
    return err == 0;
}

/* A domU's pirqs are made by pciback in dom0, for the domU's kernel alone. */
void sxen_irq_init(struct sxen_fn *fn)
{
    uint32_t control = 0;
    uint32_t at = sxen_find_cap(fn, PCI_CAP_MSIX);
    if (at == 0 || fn->xen->kind != SXEN_DOM0 || (fn->xen->flags & SRIOV_XEN_POLL_ONLY) != 0 ||
        sxen_op_cfg_read(fn, at + MSIX_CONTROL, 2, &control) != 0 || !ports_work(fn)) {
        return;
    }
    fn->msix = at;
    fn->max_vectors = (control & MSIX_SIZE_MASK) + 1;
}

/* ---- the thread ---- */

static void hand_on(struct sxen_fn *fn, uint32_t port)
{
    const struct sxen_door *door = sxen_door_of(fn);
    for (uint32_t i = 0; i < fn->num_vectors; i++) {
        if (fn->vectors[i].port == port) {
            sxen_vector_ring(&fn->vectors[i]);
        }
    }
    (void)door->ports_unmask(door->ctx, fn->ports, port);
}

static void *run(void *arg)
{
    struct sxen_fn *fn = arg;
    const struct sxen_door *door = sxen_door_of(fn);
    struct pollfd fds[2] = {{.fd = fn->stop_fd, .events = POLLIN}, {.fd = fn->ports_fd, .events = POLLIN}};
    while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
        uint32_t port = 0;
        if ((fds[0].revents & POLLIN) != 0) {
            return NULL;
        }
        if (fds[1].revents == 0) {
            continue;
        }
        int err = door->ports_next(door->ctx, fn->ports, &port);
        if (err == 0) {
            hand_on(fn, port);
        } else if (err != -EAGAIN && err != -EINTR) {
            fds[1].fd = -1; /* no more to be had of it: wait for the end */
        }
    }
    return NULL;
}

/* Signals are for the program's own threads. */
static int thread_start(struct sxen_fn *fn)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    sigset_t all;
    sigset_t before;
    fn->stop_fd = sys->eventfd(sys->ctx);
    if (fn->stop_fd < 0) {
        return -ENOSPC;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&fn->thread, NULL, run, fn);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err != 0) {
        sys->close(sys->ctx, fn->stop_fd);
        return -ENOMEM;
    }
    return 0;
}

static void thread_stop(struct sxen_fn *fn)
{
    const struct skvm_sys *sys = sxen_sys_of(fn);
    uint64_t one = 1;
    while (sys->write(sys->ctx, fn->stop_fd, &one, sizeof(one)) != (int64_t)sizeof(one)) {
        continue; /* an empty counter has room */
    }
    pthread_join(fn->thread, NULL);
    sys->close(sys->ctx, fn->stop_fd);
}

/* ---- vectors ---- */

static int table_base(struct sxen_fn *fn, uint64_t *base)
{
    uint32_t table = 0;
    int err = sxen_op_cfg_read(fn, fn->msix + MSIX_TABLE, 4, &table);
    uint32_t bar = table & MSIX_BIR;
    if (err != 0) {
        return err;
    }
    if (bar >= SKVM_BARS || fn->bars[bar].length == 0) {
        return -EPROTO;
    }
    *base = fn->bars[bar].address;
    return 0;
}

static void vector_off(struct sxen_fn *fn, const struct sxen_vector *vector)
{
    const struct sxen_door *door = sxen_door_of(fn);
    sxen_note_port(fn, vector->port, -1);
    (void)door->port_close(door->ctx, fn->xen->xen, vector->port);
    (void)door->pirq_unmap(door->ctx, fn->xen->xen, vector->pirq);
}

static int vector_on(struct sxen_fn *fn, struct sxen_vector *vector, uint64_t base)
{
    const struct sxen_door *door = sxen_door_of(fn);
    int err = door->pirq_map(door->ctx, fn->xen->xen, &fn->where, vector->index, base, &vector->pirq);
    if (err != 0) {
        return err;
    }
    err = door->pirq_bind(door->ctx, fn->xen->xen, vector->pirq, &vector->port);
    if (err != 0) {
        (void)door->pirq_unmap(door->ctx, fn->xen->xen, vector->pirq);
        return err;
    }
    sxen_note_port(fn, vector->port, vector->pirq);
    err = door->ports_add(door->ctx, fn->ports, vector->port);
    if (err != 0) {
        vector_off(fn, vector);
    }
    return err;
}

static int enable(struct sxen_fn *fn, bool on)
{
    uint32_t control = 0;
    uint32_t off = fn->msix + MSIX_CONTROL;
    int err = sxen_op_cfg_read(fn, off, 2, &control);
    if (err != 0) {
        return err;
    }
    control &= ~(MSIX_ENABLE | MSIX_MASK_ALL);
    return sxen_op_cfg_write(fn, off, 2, on ? control | MSIX_ENABLE : control);
}

/* Ports first: what is pending in them goes with them. */
static void release(struct sxen_fn *fn, const struct sxen_vector *vectors, uint32_t n)
{
    const struct sxen_door *door = sxen_door_of(fn);
    door->ports_close(door->ctx, fn->ports);
    fn->ports = NULL;
    while (n > 0) {
        vector_off(fn, &vectors[--n]);
    }
    (void)door->msix_release(door->ctx, fn->xen->xen, &fn->where);
}

static int seam_error(struct sxen_fn *fn, const char *what, int err)
{
    sriov_log(fn->xen->base.vmm, SRIOV_LOG_ERROR, "%s: Xen refuses %s (errno %d): see xl dmesg",
              fn->info.name, what, -err);
    return err == -ENOMEM || err == -ENOSPC || err == -ENODEV || err == -EPERM || err == -EBUSY ? err
                                                                                                : -EFAULT;
}

static int all_on(struct sxen_fn *fn, struct sxen_vector *vectors, uint32_t n, uint32_t *done)
{
    uint64_t base = 0;
    int err = table_base(fn, &base);
    for (*done = 0; err == 0 && *done < n; (*done)++) {
        err = vector_on(fn, &vectors[*done], base);
        if (err != 0) {
            return seam_error(fn, "a pirq for MSI-X", err);
        }
    }
    return err;
}

int sxen_pirqs_on(struct sxen_fn *fn, struct sxen_vector *vectors, uint32_t n, uint32_t *done)
{
    const struct sxen_door *door = sxen_door_of(fn);
    int err = door->ports_open(door->ctx, &fn->ports, &fn->ports_fd);
    if (err != 0) {
        return seam_error(fn, "event channels", err);
    }
    err = door->msix_prepare(door->ctx, fn->xen->xen, &fn->where);
    if (err != 0) {
        door->ports_close(door->ctx, fn->ports);
        return seam_error(fn, "to prepare MSI-X", err);
    }
    err = all_on(fn, vectors, n, done);
    fn->vectors = vectors;
    fn->num_vectors = *done;
    err = err != 0 ? err : thread_start(fn);
    if (err == 0) {
        err = enable(fn, true);
        if (err != 0) {
            thread_stop(fn);
        }
    }
    if (err != 0) {
        fn->num_vectors = 0;
        fn->vectors = NULL;
        release(fn, vectors, *done);
    }
    return err;
}

int sxen_pirqs_off(struct sxen_fn *fn)
{
    int err = atomic_load(&fn->dead) ? 0 : enable(fn, false);
    thread_stop(fn);
    release(fn, fn->vectors, fn->num_vectors);
    return err;
}

int sxen_pirqs_again(struct sxen_fn *fn)
{
    const struct sxen_door *door = sxen_door_of(fn);
    if (fn->num_vectors == 0) {
        return 0;
    }
    int err = door->msix_restore(door->ctx, fn->xen->xen, &fn->where);
    err = err != 0 ? seam_error(fn, "to restore MSI-X", err) : enable(fn, true);
    return err;
}
