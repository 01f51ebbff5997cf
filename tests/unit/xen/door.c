/* SPDX-License-Identifier: BSD-3-Clause */
/* The scripted Xen: frames of a memory file, pirqs and ports in a table. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int d_open(void *ctx, struct sxen_xen **xen)
{
    struct fake *fake = ctx;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    if (fake->refuse_calls) {
        return -EPERM;
    }
    fake->live_xens++;
    *xen = (struct sxen_xen *)fake;
    return 0;
}

static void d_close(void *ctx, struct sxen_xen *xen)
{
    struct fake *fake = ctx;
    assert_ptr_equal(xen, fake);
    fake->live_xens--;
}

/* ---- memory ---- */

static bool all_free(const struct fake *fake, uint32_t first, uint32_t n)
{
    uint32_t i = 0;
    while (i < n && !fake->frame_used[first + i]) {
        i++;
    }
    return i == n;
}

static void use(struct fake *fake, uint32_t first, uint32_t n, bool used)
{
    for (uint32_t i = first; i < first + n; i++) {
        assert_true(i < FAKE_FRAMES && fake->frame_used[i] != used);
        fake->frame_used[i] = used;
    }
}

static int d_frames_get(void *ctx, struct sxen_xen *xen, uint32_t order, uint64_t *frame)
{
    struct fake *fake = ctx;
    uint32_t n = UINT32_C(1) << order;
    (void)xen;
    fake->hypercalls++;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    if (order > fake->max_order || n > fake->heap) {
        return -ENOMEM;
    }
    for (uint32_t first = 0; first + n <= FAKE_FRAMES; first += n) {
        if (all_free(fake, first, n)) {
            use(fake, first, n, true);
            fake->heap -= n;
            *frame = FAKE_FRAME0 + first;
            return 0;
        }
    }
    return -ENOMEM;
}

static int d_frames_put(void *ctx, struct sxen_xen *xen, uint32_t order, uint64_t frame)
{
    struct fake *fake = ctx;
    uint32_t n = UINT32_C(1) << order;
    (void)xen;
    fake->hypercalls++;
    assert_true(frame >= FAKE_FRAME0 && (frame & (n - 1)) == 0);
    if (fake->keeps_frames) {
        return -ENOMEM;
    }
    use(fake, (uint32_t)(frame - FAKE_FRAME0), n, false);
    fake->heap += n;
    return 0;
}

static struct fake_map *map_at(struct fake *fake, const void *va)
{
    for (uint32_t i = 0; i < FAKE_MAPS; i++) {
        if (fake->maps[i].va == va) {
            return &fake->maps[i];
        }
    }
    return NULL;
}

static int d_frames_map(void *ctx, struct sxen_xen *xen, uint64_t frame, uint64_t pages, void **va)
{
    struct fake *fake = ctx;
    (void)xen;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    off_t off = (off_t)((frame - FAKE_FRAME0) * SXEN_PAGE);
    void *got = mmap(NULL, pages * SXEN_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fake->memory, off);
    assert_ptr_not_equal(got, MAP_FAILED);
    struct fake_map *map = map_at(fake, NULL);
    assert_non_null(map);
    *map = (struct fake_map){.va = got, .length = pages * SXEN_PAGE};
    *va = got;
    return 0;
}

static int d_frames_unmap(void *ctx, struct sxen_xen *xen, void *va, uint64_t pages)
{
    struct fake *fake = ctx;
    struct fake_map *map = map_at(fake, va);
    (void)xen;
    assert_true(va != NULL && map != NULL && map->length == pages * SXEN_PAGE);
    map->va = NULL;
    return munmap(va, pages * SXEN_PAGE) == 0 ? 0 : -errno;
}

static int d_frames_left(void *ctx, struct sxen_xen *xen, uint64_t *frames)
{
    struct fake *fake = ctx;
    (void)xen;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    *frames = fake->heap;
    return 0;
}

static int d_move(void *ctx, void *from, uint64_t length, void *to)
{
    struct fake *fake = ctx;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    if (fake->no_move) {
        return -EINVAL;
    }
    struct fake_map *frames = map_at(fake, from);
    struct fake_map *under = map_at(fake, to);
    if (under != NULL) {
        under->va = NULL;
    }
    if (frames != NULL) {
        frames->va = to;
    } else {
        fake->live_maps--; /* it is the caller's now */
    }
    return sxen_door_linux.move(NULL, from, length, to);
}

unsigned char *fake_memory_at(struct fake *fake, uint64_t bus_address)
{
    uint64_t off = bus_address - FAKE_FRAME0 * SXEN_PAGE;
    assert_true(off < FAKE_FRAMES * SXEN_PAGE && fake->frame_used[off / SXEN_PAGE]);
    void *va = mmap(NULL, SXEN_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fake->memory, (off_t)off);
    assert_ptr_not_equal(va, MAP_FAILED);
    return va;
}

/* ---- interrupts ---- */

static int d_prepare(void *ctx, struct sxen_xen *xen, const struct sxen_where *where)
{
    struct fake *fake = ctx;
    (void)xen;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    assert_true(where->segment == 0 && where->bus == 1 && where->devfn == 0x80);
    fake->prepared++;
    return 0;
}

static int d_release(void *ctx, struct sxen_xen *xen, const struct sxen_where *where)
{
    struct fake *fake = ctx;
    (void)xen;
    (void)where;
    for (uint32_t i = 0; i < FAKE_PORTS; i++) {
        assert_int_equal(fake->ports[i].pirq, 0); /* Xen says EBUSY */
    }
    fake->prepared--;
    return 0;
}

static int d_restore(void *ctx, struct sxen_xen *xen, const struct sxen_where *where)
{
    struct fake *fake = ctx;
    (void)xen;
    (void)where;
    fake->restored++;
    return fake_due(fake) ? fake->fail_err : 0;
}

static int d_pirq_map(void *ctx, struct sxen_xen *xen, const struct sxen_where *where, uint32_t entry,
                      uint64_t table_base, int32_t *pirq)
{
    struct fake *fake = ctx;
    (void)xen;
    (void)where;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    fake->table_base = table_base;
    for (uint32_t i = 0; i < fake->max_pirqs && i < FAKE_PORTS; i++) {
        if (fake->ports[i].pirq == 0) {
            fake->ports[i] = (struct fake_port){.pirq = (int32_t)(100 + i), .entry = entry};
            *pirq = fake->ports[i].pirq;
            return 0;
        }
    }
    return -ENOSPC;
}

static int d_pirq_unmap(void *ctx, struct sxen_xen *xen, int32_t pirq)
{
    struct fake *fake = ctx;
    (void)xen;
    assert_true(pirq >= 100 && pirq < 100 + FAKE_PORTS && !fake->ports[pirq - 100].bound);
    fake->ports[pirq - 100].pirq = 0;
    return 0;
}

static int d_pirq_bind(void *ctx, struct sxen_xen *xen, int32_t pirq, uint32_t *port)
{
    struct fake *fake = ctx;
    (void)xen;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    fake->ports[pirq - 100].bound = true;
    *port = (uint32_t)pirq;
    return 0;
}

static int d_port_close(void *ctx, struct sxen_xen *xen, uint32_t port)
{
    struct fake *fake = ctx;
    (void)xen;
    assert_true(fake->ports[port - 100].bound && !fake->ports[port - 100].ours);
    fake->ports[port - 100].bound = false;
    return 0;
}

static int d_port_pirq(void *ctx, struct sxen_xen *xen, uint32_t port, int32_t *pirq)
{
    struct fake *fake = ctx;
    (void)xen;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    if (port < 100 || port >= 100 + FAKE_PORTS || !fake->ports[port - 100].bound) {
        return -ENOENT;
    }
    *pirq = fake->ports[port - 100].pirq;
    return 0;
}

static int d_ports_open(void *ctx, struct sxen_ports **ports, int *fd)
{
    struct fake *fake = ctx;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    fake->ports_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    fake->live_ports_handles++;
    *ports = (struct sxen_ports *)fake;
    *fd = fake->ports_fd;
    return 0;
}

static void d_ports_close(void *ctx, struct sxen_ports *ports)
{
    struct fake *fake = ctx;
    assert_ptr_equal(ports, fake);
    close(fake->ports_fd);
    fake->ports_fd = -1;
    fake->live_ports_handles--;
    for (uint32_t i = 0; i < FAKE_PORTS; i++) {
        fake->ports[i].ours = false;
    }
}

static int d_ports_probe(void *ctx, struct sxen_ports *ports)
{
    struct fake *fake = ctx;
    (void)ports;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    return fake->old_kernel ? -ENOSYS : 0;
}

static int d_ports_add(void *ctx, struct sxen_ports *ports, uint32_t port)
{
    struct fake *fake = ctx;
    (void)ports;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    fake->ports[port - 100].ours = true;
    return 0;
}

/* Those two come from the shim's thread: no fault, so that the count of calls stays the same. */
static int d_ports_next(void *ctx, struct sxen_ports *ports, uint32_t *port)
{
    struct fake *fake = ctx;
    uint64_t count;
    int err = -EAGAIN;
    (void)ports;
    pthread_mutex_lock(&fake->lock);
    for (uint32_t i = 0; i < FAKE_PORTS && err != 0; i++) {
        struct fake_port *p = &fake->ports[i];
        if (p->ours && p->pending && !p->masked) {
            p->pending = false;
            p->masked = true;
            *port = 100 + i;
            err = 0;
        }
    }
    if (err != 0) {
        (void)!read(fake->ports_fd, &count, sizeof(count));
    }
    pthread_mutex_unlock(&fake->lock);
    return err;
}

static void wake(const struct fake *fake)
{
    uint64_t one = 1;
    assert_int_equal(write(fake->ports_fd, &one, sizeof(one)), sizeof(one));
}

static int d_ports_unmask(void *ctx, struct sxen_ports *ports, uint32_t port)
{
    struct fake *fake = ctx;
    (void)ports;
    pthread_mutex_lock(&fake->lock);
    fake->ports[port - 100].masked = false;
    if (fake->ports[port - 100].pending) {
        wake(fake);
    }
    pthread_mutex_unlock(&fake->lock);
    return 0;
}

void fake_message(struct fake *fake, uint32_t entry)
{
    pthread_mutex_lock(&fake->lock);
    for (uint32_t i = 0; i < FAKE_PORTS; i++) {
        if (fake->ports[i].pirq != 0 && fake->ports[i].entry == entry) {
            fake->ports[i].pending = true;
        }
    }
    wake(fake);
    pthread_mutex_unlock(&fake->lock);
}

/* ---- this process ---- */

static int d_timer_open(void *ctx)
{
    struct fake *fake = ctx;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    fake->clock_fd = fake_track(fake, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "timer");
    return fake->clock_fd;
}

static int d_timer_start(void *ctx, int fd, uint64_t ns)
{
    struct fake *fake = ctx;
    assert_int_equal(fd, fake->clock_fd);
    fake->timer_ns = ns;
    return fake_due(fake) ? fake->fail_err : 0;
}

static int d_lock(void *ctx, int fd)
{
    struct fake *fake = ctx;
    return fake_due(fake) ? fake->fail_err : sxen_door_linux.lock(NULL, fd);
}

const struct sxen_door fake_door = {
    .open = d_open,
    .close = d_close,
    .frames_get = d_frames_get,
    .frames_put = d_frames_put,
    .frames_map = d_frames_map,
    .frames_unmap = d_frames_unmap,
    .frames_left = d_frames_left,
    .move = d_move,
    .msix_prepare = d_prepare,
    .msix_release = d_release,
    .msix_restore = d_restore,
    .pirq_map = d_pirq_map,
    .pirq_unmap = d_pirq_unmap,
    .pirq_bind = d_pirq_bind,
    .port_close = d_port_close,
    .port_pirq = d_port_pirq,
    .ports_open = d_ports_open,
    .ports_close = d_ports_close,
    .ports_probe = d_ports_probe,
    .ports_add = d_ports_add,
    .ports_next = d_ports_next,
    .ports_unmask = d_ports_unmask,
    .store_open = fake_store_open,
    .store_close = fake_store_close,
    .store_read = fake_store_read,
    .store_list = fake_store_list,
    .store_write = fake_store_put,
    .store_watch = fake_store_watch,
    .store_next = fake_store_next,
    .timer_open = d_timer_open,
    .timer_start = d_timer_start,
    .lock = d_lock,
};
