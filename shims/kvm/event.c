/* SPDX-License-Identifier: BSD-3-Clause */
/* Events of a function: VFIO's request and error descriptors, and a removal that a call ran into. */
#include "skvm.h"

#include <errno.h>
#include <linux/vfio.h>

static bool drained(struct skvm_source *source)
{
    const struct skvm_fn *fn = source->owner;
    const struct skvm_sys *sys = skvm_sys_of(fn);
    uint64_t count = 0;
    return sys->read(sys->ctx, source->fd, &count, sizeof(count)) == (int64_t)sizeof(count);
}

static void call_sink(const struct skvm_fn *fn, uint32_t event, struct skvm_call *call)
{
    call->cb = fn->sink.cb;
    call->arg = fn->sink.arg;
    call->value = event;
}

/* The kernel asks in the same way whether the function is wanted back or was pulled already. */
static bool take_request(struct skvm_source *source, struct skvm_call *call)
{
    struct skvm_fn *fn = source->owner;
    if (!drained(source)) {
        return false;
    }
    bool gone = atomic_load(&fn->gone) || skvm_device_absent(fn);
    if (gone) {
        atomic_store(&fn->gone, true);
    }
    call_sink(fn, gone ? SRIOV_EVENT_REMOVED : SRIOV_EVENT_REMOVE_ASKED, call);
    return true;
}

/* While the kernel resets the link the function reads all-ones, and comes back: that is no removal. */
static bool take_error(struct skvm_source *source, struct skvm_call *call)
{
    if (!drained(source)) {
        return false;
    }
    call_sink(source->owner, SRIOV_EVENT_ERROR, call);
    return true;
}

void skvm_note_gone(struct skvm_fn *fn)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    uint64_t one = 1;
    if (!atomic_exchange(&fn->gone, true)) {
        (void)sys->write(sys->ctx, fn->request.fd, &one, sizeof(one));
    }
}

/* Gives VFIO the descriptor for one of its indices; a device without that index is fine. */
static int offer(struct skvm_fn *fn, uint32_t index, int32_t fd)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    struct vfio_irq_info info = {.argsz = sizeof(info), .index = index};
    if (sys->ioctl(sys->ctx, fn->device, VFIO_DEVICE_GET_IRQ_INFO, &info) < 0 || info.count == 0) {
        return 0;
    }
    int result = skvm_set_irqs(fn, index, 0, 1, &fd);
    return result < 0 ? result : 0;
}

int skvm_events_init(struct skvm_fn *fn)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    int request = sys->eventfd(sys->ctx);
    if (request < 0) {
        return -ENOSPC;
    }
    int error = sys->eventfd(sys->ctx);
    if (error < 0) {
        sys->close(sys->ctx, request);
        return -ENOSPC;
    }
    fn->request = (struct skvm_source){.fd = request, .take = take_request, .owner = fn};
    fn->error = (struct skvm_source){.fd = error, .take = take_error, .owner = fn};
    int err = offer(fn, VFIO_PCI_REQ_IRQ_INDEX, request);
    err = err != 0 ? err : offer(fn, VFIO_PCI_ERR_IRQ_INDEX, error);
    if (err != 0) {
        sys->close(sys->ctx, error);
        sys->close(sys->ctx, request);
        return err == -ENOMEM || err == -ENODEV ? err : -EPROTO;
    }
    return 0;
}

void skvm_events_drop(struct skvm_fn *fn)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    skvm_source_remove(fn->kvm, &fn->error);
    skvm_source_remove(fn->kvm, &fn->request);
    sys->close(sys->ctx, fn->error.fd);
    sys->close(sys->ctx, fn->request.fd);
}

int skvm_op_set_event_sink(void *handle, const struct sriov_event_sink *sink)
{
    struct skvm_fn *fn = handle;

    if (sink != NULL && (sink->cb == NULL || sink->reserved0 != 0)) {
        return -EINVAL;
    }
    skvm_source_remove(fn->kvm, &fn->error);
    skvm_source_remove(fn->kvm, &fn->request);
    if (sink == NULL) {
        fn->sink = (struct sriov_event_sink){0};
        return 0;
    }
    fn->sink = *sink;
    int err = skvm_source_add(fn->kvm, &fn->request);
    if (err == 0) {
        err = skvm_source_add(fn->kvm, &fn->error);
    }
    if (err != 0) {
        skvm_source_remove(fn->kvm, &fn->request);
        fn->sink = (struct sriov_event_sink){0};
    }
    return err;
}
