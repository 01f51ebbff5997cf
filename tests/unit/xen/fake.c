/* SPDX-License-Identifier: BSD-3-Clause */
/* The shim's table of system calls on the fake domain: counted, refused when scripted, else real. */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

bool fake_due(struct fake *fake)
{
    pthread_mutex_lock(&fake->lock);
    bool due = ++fake->calls == fake->fail_at;
    pthread_mutex_unlock(&fake->lock);
    return due;
}

int fake_track(struct fake *fake, int fd, const char *path)
{
    if (fd >= 0) {
        assert_true(fd < FAKE_FDS && !fake->fd_open[fd]);
        fake->fd_open[fd] = true;
        snprintf(fake->path_of[fd], sizeof(fake->path_of[fd]), "%s", path);
        fake->open_fds++;
    }
    return fd;
}

static int f_open(void *ctx, const char *path, int flags)
{
    struct fake *fake = ctx;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    if (fake->denied != NULL && strstr(path, fake->denied) != NULL) {
        return -EACCES;
    }
    int fd = open(path, flags | O_CLOEXEC | (flags == O_WRONLY ? O_TRUNC : 0));
    return fd < 0 ? -errno : fake_track(fake, fd, path);
}

static int f_close(void *ctx, int fd)
{
    struct fake *fake = ctx;
    assert_true(fd >= 0 && fd < FAKE_FDS && fake->fd_open[fd]);
    fake->fd_open[fd] = false;
    fake->open_fds--;
    return close(fd) == 0 ? 0 : -errno;
}

static int f_access(void *ctx, const char *path, int mode)
{
    struct fake *fake = ctx;
    return fake_due(fake) ? fake->fail_err : skvm_sys_linux.access(NULL, path, mode);
}

static int f_readlink(void *ctx, const char *path, char *target, size_t room)
{
    struct fake *fake = ctx;
    return fake_due(fake) ? fake->fail_err : skvm_sys_linux.readlink(NULL, path, target, room);
}

static int64_t f_read(void *ctx, int fd, void *data, size_t n)
{
    struct fake *fake = ctx;
    return fake_due(fake) ? fake->fail_err : skvm_sys_linux.read(NULL, fd, data, n);
}

static int64_t f_write(void *ctx, int fd, const void *data, size_t n)
{
    struct fake *fake = ctx;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    int64_t put = skvm_sys_linux.write(NULL, fd, data, n);
    if (put > 0) {
        tree_wrote(fake, fake->path_of[fd]);
    }
    return put;
}

static bool is_config(const struct fake *fake, int fd)
{
    size_t n = strlen(fake->path_of[fd]);
    return n > 7 && strcmp(fake->path_of[fd] + n - 7, "/config") == 0;
}

static int64_t f_pread(void *ctx, int fd, void *data, size_t n, uint64_t off)
{
    struct fake *fake = ctx;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    return fake->vanished && is_config(fake, fd) ? -ENODEV : skvm_sys_linux.pread(NULL, fd, data, n, off);
}

static int64_t f_pwrite(void *ctx, int fd, const void *data, size_t n, uint64_t off)
{
    struct fake *fake = ctx;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    if (is_config(fake, fd) && (fake->vanished || fake->stuck_command)) {
        return fake->vanished ? -ENODEV : -EIO;
    }
    return skvm_sys_linux.pwrite(NULL, fd, data, n, off);
}

static int f_map(void *ctx, void **va, size_t length, int prot, int flags, int fd, uint64_t off)
{
    struct fake *fake = ctx;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    int err = skvm_sys_linux.map(NULL, va, length, prot, flags, fd, off);
    fake->live_maps += err == 0 && (flags & MAP_FIXED) == 0 ? 1 : 0;
    return err;
}

static int f_unmap(void *ctx, void *va, size_t length)
{
    struct fake *fake = ctx;
    fake->live_maps--;
    return skvm_sys_linux.unmap(NULL, va, length);
}

static int f_eventfd(void *ctx)
{
    struct fake *fake = ctx;
    return fake_due(fake) ? fake->fail_err : fake_track(fake, skvm_sys_linux.eventfd(NULL), "eventfd");
}

static int f_readable(void *ctx, int fd)
{
    struct fake *fake = ctx;
    return fake_due(fake) ? fake->fail_err : skvm_sys_linux.readable(NULL, fd);
}

static int f_memfd(void *ctx, const char *name)
{
    struct fake *fake = ctx;
    return fake_due(fake) ? fake->fail_err : fake_track(fake, skvm_sys_linux.memfd(NULL, name), "memfd");
}

static int f_epoll_create(void *ctx)
{
    struct fake *fake = ctx;
    return fake_due(fake) ? fake->fail_err : fake_track(fake, skvm_sys_linux.epoll_create(NULL), "epoll");
}

static int f_epoll_add(void *ctx, int epoll, int fd, uint64_t data)
{
    struct fake *fake = ctx;
    return fake_due(fake) ? fake->fail_err : skvm_sys_linux.epoll_add(NULL, epoll, fd, data);
}

static void *f_alloc(void *ctx, size_t size, size_t align)
{
    struct fake *fake = ctx;
    void *ptr = fake_due(fake) ? NULL : skvm_sys_linux.alloc(NULL, size, align);
    fake->live_allocs += ptr != NULL ? 1 : 0;
    return ptr;
}

static void f_free(void *ctx, void *ptr)
{
    struct fake *fake = ctx;
    assert_non_null(ptr);
    fake->live_allocs--;
    skvm_sys_linux.free(NULL, ptr);
}

static const struct skvm_sys fake_calls = {
    .open = f_open,
    .close = f_close,
    .access = f_access,
    .readlink = f_readlink,
    .read = f_read,
    .write = f_write,
    .pread = f_pread,
    .pwrite = f_pwrite,
    .map = f_map,
    .unmap = f_unmap,
    .eventfd = f_eventfd,
    .readable = f_readable,
    .memfd = f_memfd,
    .epoll_create = f_epoll_create,
    .epoll_add = f_epoll_add,
    .alloc = f_alloc,
    .free = f_free,
};

static struct fake *make(bool dom0)
{
    struct fake *fake = calloc(1, sizeof(*fake));
    assert_non_null(fake);
    pthread_mutex_init(&fake->lock, NULL);
    snprintf(fake->root, sizeof(fake->root), "/tmp/sriov-xen-XXXXXX");
    assert_non_null(mkdtemp(fake->root));
    snprintf(fake->sysfs, sizeof(fake->sysfs), "%s/sys", fake->root);
    snprintf(fake->dev, sizeof(fake->dev), "%s/dev", fake->root);
    snprintf(fake->proc, sizeof(fake->proc), "%s/proc", fake->root);
    tree_make(fake, dom0);
    fake->sys = fake_calls;
    fake->sys.epoll_del = skvm_sys_linux.epoll_del;
    fake->sys.epoll_wait = skvm_sys_linux.epoll_wait;
    fake->sys.now = skvm_sys_linux.now;
    fake->sys.ctx = fake;
    fake->door = fake_door;
    fake->door.ctx = fake;
    fake->heap = FAKE_FRAMES;
    fake->max_order = 10;
    fake->max_pirqs = FAKE_PORTS;
    fake->ports_fd = -1;
    fake->store_fd = -1;
    fake->clock_fd = -1;
    fake->memory = memfd_create("machine", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fake->memory, (off_t)(FAKE_FRAMES * SXEN_PAGE)), 0);
    return fake;
}

struct fake *fake_up(void)
{
    struct fake *fake = make(true);
    fake_store_write(fake, "domid", "0");
    return fake;
}

struct fake *fake_up_domu(void)
{
    struct fake *fake = make(false);
    fake_store_write(fake, "domid", "3");
    fake_store_write(fake, "device/pci/0/backend", "/local/domain/0/backend/pci/3/0");
    fake_store_write(fake, "/local/domain/0/backend/pci/3/0/vdev-0", "0000:00:00.00");
    fake_store_write(fake, "/local/domain/0/backend/pci/3/0/state-0", "3");
    fake_store_write(fake, "/local/domain/0/backend/pci/3/0/vdev-1", "0000:01:10.00");
    fake_store_write(fake, "/local/domain/0/backend/pci/3/0/state-1", "3");
    return fake;
}

uint64_t fake_frames_used(const struct fake *fake)
{
    uint64_t used = 0;
    for (uint32_t i = 0; i < FAKE_FRAMES; i++) {
        used += fake->frame_used[i] ? 1 : 0;
    }
    return used;
}

void fake_forget(struct fake *fake)
{
    fake->heap += fake_frames_used(fake);
    memset(fake->frame_used, 0, sizeof(fake->frame_used));
    for (uint32_t i = 0; i < FAKE_NODES; i++) {
        if (strstr(fake->nodes[i].path, "data/sriov") != NULL) {
            fake->nodes[i].path[0] = '\0';
        }
    }
}

void fake_check_clean(const struct fake *fake)
{
    for (uint32_t i = 0; i < FAKE_NODES; i++) {
        assert_null(strstr(fake->nodes[i].path, "data/sriov")); /* notes of what is held */
    }
    assert_int_equal(fake->open_fds, 0);
    assert_int_equal(fake->live_maps, 0);
    assert_int_equal(fake->live_allocs, 0);
    assert_int_equal(fake->live_xens, 0);
    assert_int_equal(fake->live_stores, 0);
    assert_int_equal(fake->live_ports_handles, 0);
    assert_int_equal(fake->prepared, 0);
    assert_int_equal(fake->keeps_frames ? 0 : fake_frames_used(fake), 0);
    for (uint32_t i = 0; i < FAKE_MAPS; i++) {
        assert_null(fake->maps[i].va);
    }
    for (uint32_t i = 0; i < FAKE_PORTS; i++) {
        assert_int_equal(fake->ports[i].pirq, 0);
        assert_false(fake->ports[i].bound);
    }
}

void fake_down(struct fake *fake)
{
    fake_check_clean(fake);
    close(fake->memory);
    tree_remove(fake);
    pthread_mutex_destroy(&fake->lock);
    free(fake);
}

static void catch_line(void *arg, uint32_t level, const char *line)
{
    struct fake *fake = arg;
    if (level == SRIOV_LOG_ERROR) {
        snprintf(fake->last_error, sizeof(fake->last_error), "%s", line);
    } else if (level == SRIOV_LOG_WARN) {
        snprintf(fake->last_warning, sizeof(fake->last_warning), "%s", line);
    }
}

int fake_vmm_opts(struct fake *fake, struct sriov_xen_opts *opts, struct sriov_vmm **out)
{
    opts->size = sizeof(*opts);
    opts->sysfs_root = fake->sysfs;
    opts->dev_root = fake->dev;
    opts->proc_root = fake->proc;
    int err = sxen_create(opts, &fake->sys, &fake->door, out);
    if (err == 0) {
        sriov_log_set_sink(*out, catch_line, fake);
    }
    return err;
}

struct sriov_vmm *fake_vmm(struct fake *fake)
{
    struct sriov_xen_opts opts = {.flags = SRIOV_XEN_ALLOW_NOIOMMU};
    struct sriov_vmm *vmm = NULL;
    assert_int_equal(fake_vmm_opts(fake, &opts, &vmm), 0);
    return vmm;
}

struct sriov_fn *fake_open(struct sriov_vmm *vmm)
{
    const struct sriov_fn_opts opts = {.size = sizeof(opts), .flags = SRIOV_OPEN_NOIOMMU};
    struct sriov_fn *fn = NULL;
    assert_int_equal(sriov_fn_open(vmm, FAKE_VF, &opts, &fn), 0);
    return fn;
}
