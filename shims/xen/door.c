/* SPDX-License-Identifier: BSD-3-Clause */
/* Hypercalls of the guest's own ABI, and mapping of frames. */
/* Structs as the latest interface has them: the headers show an ancient one otherwise. */
#define __XEN_TOOLS__ 1
#include "door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <xencall.h>
#include <xenforeignmemory.h>

#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/version.h>

struct sxen_xen {
    xencall_handle *calls;
    xenforeignmemory_handle *frames;
};

#define NS_PER_S UINT64_C(1000000000)

/* Frames in one answer that mean: as many as there are. */
#define NO_BOUND (INT64_C(1) << 31)

static int xen_open(void *ctx, struct sxen_xen **out)
{
    (void)ctx;
    int err = -ENOMEM;
    struct sxen_xen *xen = calloc(1, sizeof(*xen));
    if (xen == NULL) {
        return err;
    }
    xen->calls = xencall_open(NULL, 0);
    if (xen->calls == NULL) {
        goto free_xen;
    }
    /* Asking for the version changes nothing, and shows whether the kernel lets us call at all. */
    if (xencall2(xen->calls, __HYPERVISOR_xen_version, XENVER_version, 0) < 0) {
        goto close_calls;
    }
    xen->frames = xenforeignmemory_open(NULL, 0);
    if (xen->frames == NULL) {
        goto close_calls;
    }
    *out = xen;
    return 0;

close_calls:
    err = errno != 0 ? -errno : -EIO;
    (void)xencall_close(xen->calls);
    free(xen);
    return err;
free_xen:
    err = errno != 0 ? -errno : -EIO;
    free(xen);
    return err;
}

static void xen_close(void *ctx, struct sxen_xen *xen)
{
    (void)ctx;
    (void)xenforeignmemory_close(xen->frames);
    (void)xencall_close(xen->calls);
    free(xen);
}

/* A hypercall whose argument is a struct: copied to memory that Xen may touch, and back. */
static long call(struct sxen_xen *xen, unsigned int op, unsigned int cmd, void *arg, size_t size)
{
    void *bounce = xencall_alloc_buffer(xen->calls, size);
    if (bounce == NULL) {
        return -ENOMEM;
    }
    memcpy(bounce, arg, size);
    long result = xencall2L(xen->calls, op, cmd, (uint64_t)(uintptr_t)bounce);
    result = result < 0 ? -errno : result;
    memcpy(arg, bounce, size);
    xencall_free_buffer(xen->calls, bounce);
    return result;
}

/* ---- memory ---- */

/* One extent up or down; Xen answers how many it did. */
static int reserve(struct sxen_xen *xen, unsigned int cmd, uint32_t order, uint64_t *frame)
{
    struct xen_memory_reservation want = {.nr_extents = 1, .extent_order = order, .domid = DOMID_SELF};
    xen_pfn_t *extent = xencall_alloc_buffer(xen->calls, sizeof(*extent));
    if (extent == NULL) {
        return -ENOMEM;
    }
    *extent = (xen_pfn_t)*frame;
    set_xen_guest_handle(want.extent_start, extent);
    long done = call(xen, __HYPERVISOR_memory_op, cmd, &want, sizeof(want));
    *frame = *extent;
    xencall_free_buffer(xen->calls, extent);
    if (done < 0) {
        return (int)done;
    }
    return done == 1 ? 0 : -ENOMEM;
}

static int frames_get(void *ctx, struct sxen_xen *xen, uint32_t order, uint64_t *frame)
{
    (void)ctx;
    *frame = 0;
    return reserve(xen, XENMEM_increase_reservation, order, frame);
}

static int frames_put(void *ctx, struct sxen_xen *xen, uint32_t order, uint64_t frame)
{
    (void)ctx;
    return reserve(xen, XENMEM_decrease_reservation, order, &frame);
}

static int frames_map(void *ctx, struct sxen_xen *xen, uint64_t frame, uint64_t pages, void **va)
{
    (void)ctx;
    xen_pfn_t *list = calloc(pages, sizeof(*list));
    if (list == NULL) {
        return -ENOMEM;
    }
    for (uint64_t i = 0; i < pages; i++) {
        list[i] = frame + i;
    }
    /* Without room for errors of each, one frame that fails undoes all. */
    *va = xenforeignmemory_map(xen->frames, DOMID_SELF, PROT_READ | PROT_WRITE, pages, list, NULL);
    int err = *va != NULL ? 0 : -errno;
    free(list);
    return err;
}

static int frames_unmap(void *ctx, struct sxen_xen *xen, void *va, uint64_t pages)
{
    (void)ctx;
    return xenforeignmemory_unmap(xen->frames, va, pages) < 0 ? -errno : 0;
}

static int frames_left(void *ctx, struct sxen_xen *xen, uint64_t *frames)
{
    domid_t most_of = DOMID_SELF;
    domid_t now_of = DOMID_SELF;
    (void)ctx;
    long most = call(xen, __HYPERVISOR_memory_op, XENMEM_maximum_reservation, &most_of, sizeof(most_of));
    long now = call(xen, __HYPERVISOR_memory_op, XENMEM_current_reservation, &now_of, sizeof(now_of));
    if (most < 0 || now < 0) {
        return (int)(most < 0 ? most : now);
    }
    *frames = most > now ? (uint64_t)(most - now) : 0;
    if (most >= NO_BOUND - 1) {
        *frames = UINT64_MAX;
    }
    return 0;
}

static int move(void *ctx, void *from, uint64_t length, void *to)
{
    (void)ctx;
    void *got = mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    return got == MAP_FAILED ? -errno : 0;
}

/* ---- interrupts ---- */

static int msix(struct sxen_xen *xen, unsigned int cmd, const struct sxen_where *where)
{
    struct physdev_pci_device dev = {.seg = where->segment, .bus = where->bus, .devfn = where->devfn};
    return (int)call(xen, __HYPERVISOR_physdev_op, cmd, &dev, sizeof(dev));
}

static int msix_prepare(void *ctx, struct sxen_xen *xen, const struct sxen_where *where)
{
    (void)ctx;
    return msix(xen, PHYSDEVOP_prepare_msix, where);
}

static int msix_release(void *ctx, struct sxen_xen *xen, const struct sxen_where *where)
{
    (void)ctx;
    return msix(xen, PHYSDEVOP_release_msix, where);
}

static int msix_restore(void *ctx, struct sxen_xen *xen, const struct sxen_where *where)
{
    (void)ctx;
    return msix(xen, PHYSDEVOP_restore_msi_ext, where);
}

static int pirq_map(void *ctx, struct sxen_xen *xen, const struct sxen_where *where, uint32_t entry,
                    uint64_t table_base, int32_t *pirq)
{
    struct physdev_map_pirq map = {.domid = DOMID_SELF,
                                   .type = MAP_PIRQ_TYPE_MSI_SEG,
                                   .index = -1,
                                   .pirq = -1,
                                   .bus = (int)((uint32_t)where->segment << 16 | where->bus),
                                   .devfn = where->devfn,
                                   .entry_nr = (int)entry,
                                   .table_base = table_base};
    (void)ctx;
    int err = (int)call(xen, __HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq, &map, sizeof(map));
    *pirq = map.pirq;
    return err;
}

static int pirq_unmap(void *ctx, struct sxen_xen *xen, int32_t pirq)
{
    struct physdev_unmap_pirq unmap = {.domid = DOMID_SELF, .pirq = pirq};
    (void)ctx;
    return (int)call(xen, __HYPERVISOR_physdev_op, PHYSDEVOP_unmap_pirq, &unmap, sizeof(unmap));
}

static int pirq_bind(void *ctx, struct sxen_xen *xen, int32_t pirq, uint32_t *port)
{
    struct evtchn_bind_pirq bind = {.pirq = (uint32_t)pirq};
    (void)ctx;
    int err = (int)call(xen, __HYPERVISOR_event_channel_op, EVTCHNOP_bind_pirq, &bind, sizeof(bind));
    *port = bind.port;
    return err;
}

static int port_close(void *ctx, struct sxen_xen *xen, uint32_t port)
{
    struct evtchn_close close = {.port = port};
    (void)ctx;
    return (int)call(xen, __HYPERVISOR_event_channel_op, EVTCHNOP_close, &close, sizeof(close));
}

static int port_pirq(void *ctx, struct sxen_xen *xen, uint32_t port, int32_t *pirq)
{
    struct evtchn_status status = {.dom = DOMID_SELF, .port = port};
    (void)ctx;
    int err = (int)call(xen, __HYPERVISOR_event_channel_op, EVTCHNOP_status, &status, sizeof(status));
    if (err != 0) {
        return err;
    }
    *pirq = (int32_t)status.u.pirq;
    return status.status == EVTCHNSTAT_pirq ? 0 : -ENOENT;
}

/* ---- this process ---- */

static int timer_open(void *ctx)
{
    (void)ctx;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

static int timer_start(void *ctx, int fd, uint64_t ns)
{
    const struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)}};
    (void)ctx;
    return timerfd_settime(fd, 0, &at, NULL) != 0 ? -errno : 0;
}

static int lock(void *ctx, int fd)
{
    (void)ctx;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        return 0;
    }
    return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

const struct sxen_door sxen_door_linux = {
    .open = xen_open,
    .close = xen_close,
    .frames_get = frames_get,
    .frames_put = frames_put,
    .frames_map = frames_map,
    .frames_unmap = frames_unmap,
    .frames_left = frames_left,
    .move = move,
    .msix_prepare = msix_prepare,
    .msix_release = msix_release,
    .msix_restore = msix_restore,
    .pirq_map = pirq_map,
    .pirq_unmap = pirq_unmap,
    .pirq_bind = pirq_bind,
    .port_close = port_close,
    .port_pirq = port_pirq,
    .ports_open = sxen_ports_open,
    .ports_close = sxen_ports_close,
    .ports_probe = sxen_ports_probe,
    .ports_add = sxen_ports_add,
    .ports_next = sxen_ports_next,
    .ports_unmask = sxen_ports_unmask,
    .store_open = sxen_store_open,
    .store_close = sxen_store_close,
    .store_read = sxen_store_read,
    .store_list = sxen_store_list,
    .store_write = sxen_store_write,
    .store_watch = sxen_store_watch,
    .store_next = sxen_store_next,
    .timer_open = timer_open,
    .timer_start = timer_start,
    .lock = lock,
};
