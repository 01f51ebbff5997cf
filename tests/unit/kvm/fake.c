/* SPDX-License-Identifier: BSD-3-Clause */
/* The shim's table of system calls on the fake host: counted, refused when scripted, else real. */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

/* True when this call is the one that fails. */
static bool due(struct fake *fake)
{
    return ++fake->calls == fake->fail_at;
}

static int track(struct fake *fake, int fd, enum fake_kind kind, const char *path)
{
    if (fd >= 0) {
        assert_true(fd < FAKE_FDS);
        fake->fds[fd].kind = kind;
        snprintf(fake->fds[fd].path, sizeof(fake->fds[fd].path), "%s", path);
        fake->open_fds++;
    }
    return fd;
}

static enum fake_kind node_kind(const struct fake *fake, const char *path)
{
    if (strncmp(path, fake->dev, strlen(fake->dev)) != 0) {
        return FAKE_FILE;
    }
    const char *node = path + strlen(fake->dev);
    if (strcmp(node, "/vfio/vfio") == 0) {
        return FAKE_CONTAINER;
    }
    if (strcmp(node, "/iommu") == 0) {
        return FAKE_IOMMUFD;
    }
    return strncmp(node, "/vfio/devices/", 14) == 0 ? FAKE_DEVICE : FAKE_GROUP;
}

static int f_open(void *ctx, const char *path, int flags)
{
    struct fake *fake = ctx;
    if (due(fake)) {
        return fake->fail_err;
    }
    if (fake->denied != NULL && strstr(path, fake->denied) != NULL) {
        return -EACCES;
    }
    if (fake->busy != NULL && strstr(path, fake->busy) != NULL) {
        return -EBUSY;
    }
    enum fake_kind kind = node_kind(fake, path);
    fake->containers += kind == FAKE_CONTAINER || kind == FAKE_IOMMUFD ? 1 : 0;
    int fd = open(path, flags | O_CLOEXEC | (flags == O_WRONLY ? O_TRUNC : 0));
    return fd < 0 ? -errno : track(fake, fd, kind, path);
}

static int f_close(void *ctx, int fd)
{
    struct fake *fake = ctx;
    assert_true(fd >= 0 && fd < FAKE_FDS && fake->fds[fd].kind != FAKE_NONE);
    fake->fds[fd].kind = FAKE_NONE;
    fake->open_fds--;
    fake_kvm_closed(fake, fd);
    return close(fd) == 0 ? 0 : -errno;
}

static int f_access(void *ctx, const char *path, int mode)
{
    struct fake *fake = ctx;
    if (due(fake)) {
        return fake->fail_err;
    }
    if (mode != F_OK && fake->denied != NULL && strstr(path, fake->denied) != NULL) {
        return -EACCES;
    }
    return access(path, mode) == 0 ? 0 : -errno;
}

static int f_readlink(void *ctx, const char *path, char *target, size_t room)
{
    struct fake *fake = ctx;
    return due(fake) ? fake->fail_err : skvm_sys_linux.readlink(NULL, path, target, room);
}

static int64_t f_read(void *ctx, int fd, void *data, size_t n)
{
    struct fake *fake = ctx;
    return due(fake) ? fake->fail_err : skvm_sys_linux.read(NULL, fd, data, n);
}

static int64_t f_write(void *ctx, int fd, const void *data, size_t n)
{
    struct fake *fake = ctx;
    char text[64] = "";
    if (due(fake)) {
        return fake->fail_err;
    }
    int64_t put = skvm_sys_linux.write(NULL, fd, data, n);
    if (put > 0 && fake->fds[fd].kind == FAKE_FILE && n < sizeof(text)) {
        memcpy(text, data, n);
        tree_wrote(fake, fake->fds[fd].path, text);
    }
    return put;
}

#define REGION(off) ((uint32_t)((off) >> 40))
#define INSIDE(off) ((off) & ((UINT64_C(1) << 40) - 1))

static int64_t device_io(struct fake *fake, void *data, const void *from, size_t n, uint64_t off)
{
    uint64_t at = INSIDE(off);
    if (fake->vanished) {
        return -ENODEV;
    }
    if (fake->absent) {
        if (data != NULL) {
            memset(data, 0xff, n);
        }
        return (int64_t)n;
    }
    if (REGION(off) != VFIO_PCI_CONFIG_REGION_INDEX) {
        off_t bar = (off_t)(at + (REGION(off) == 3 ? FAKE_BAR : 0));
        return data != NULL ? pread(fake->bar_fd, data, n, bar) : pwrite(fake->bar_fd, from, n, bar);
    }
    if (data != NULL) {
        memcpy(data, fake->config + at, n);
    } else if (from != NULL) {
        memcpy(fake->config + at, from, n);
    }
    return (int64_t)n;
}

/* /proc/self/pagemap: every page follows the one before it. */
static int64_t pagemap(const struct fake *fake, void *data, uint64_t off)
{
    static uint64_t first;
    uint64_t page = off / sizeof(uint64_t);
    first = first == 0 || page < first || page > first + 0x100000 ? page : first;
    uint64_t entry = UINT64_C(1) << 63 | (fake->pagemap_frame + (page - first));
    memcpy(data, &entry, sizeof(entry));
    return sizeof(entry);
}

static int64_t f_pread(void *ctx, int fd, void *data, size_t n, uint64_t off)
{
    struct fake *fake = ctx;
    if (due(fake)) {
        return fake->fail_err;
    }
    if (fake->fds[fd].kind == FAKE_DEVICE) {
        return device_io(fake, data, NULL, n, off);
    }
    if (strstr(fake->fds[fd].path, "pagemap") != NULL) {
        return pagemap(fake, data, off);
    }
    return skvm_sys_linux.pread(NULL, fd, data, n, off);
}

static int64_t f_pwrite(void *ctx, int fd, const void *data, size_t n, uint64_t off)
{
    struct fake *fake = ctx;
    if (due(fake)) {
        return fake->fail_err;
    }
    return fake->fds[fd].kind == FAKE_DEVICE ? device_io(fake, NULL, data, n, off)
                                             : skvm_sys_linux.pwrite(NULL, fd, data, n, off);
}

static int f_ioctl(void *ctx, int fd, unsigned long request, void *arg)
{
    struct fake *fake = ctx;
    assert_true(fd >= 0 && fd < FAKE_FDS);
    bool kvm = fake->fds[fd].kind == FAKE_KVM_VM || fake->fds[fd].kind == FAKE_KVM_VFIO;
    if (kvm && fake_kvm_undoes(request, arg)) {
        return fake_ioctl(fake, fd, request, arg);
    }
    return due(fake) ? fake->fail_err : fake_ioctl(fake, fd, request, arg);
}

static int f_map(void *ctx, void **va, size_t length, int prot, int flags, int fd, uint64_t off)
{
    struct fake *fake = ctx;
    if (due(fake)) {
        return fake->fail_err;
    }
    if (fd >= 0 && fake->fds[fd].kind == FAKE_DEVICE) {
        off = INSIDE(off) + (REGION(off) == 3 ? FAKE_BAR : 0);
        fd = fake->bar_fd;
    }
    if ((flags & MAP_HUGETLB) != 0 && fake->pagemap_frame == 0) {
        return -ENOMEM;
    }
    int err = skvm_sys_linux.map(NULL, va, length, prot, flags & ~(MAP_HUGETLB | MAP_LOCKED), fd, off);
    fake->live_maps += err == 0 && (flags & MAP_FIXED) == 0 ? 1 : 0;
    return err;
}

static int f_unmap(void *ctx, void *va, size_t length)
{
    struct fake *fake = ctx;
    fake->live_maps--;
    return skvm_sys_linux.unmap(NULL, va, length);
}

static int f_advise(void *ctx, void *va, size_t length, int advice)
{
    struct fake *fake = ctx;
    return due(fake) ? fake->fail_err : skvm_sys_linux.advise(NULL, va, length, advice);
}

static int f_eventfd(void *ctx)
{
    struct fake *fake = ctx;
    return due(fake) ? fake->fail_err : track(fake, skvm_sys_linux.eventfd(NULL), FAKE_OTHER, "eventfd");
}

static int f_readable(void *ctx, int fd)
{
    struct fake *fake = ctx;
    return due(fake) ? fake->fail_err : skvm_sys_linux.readable(NULL, fd);
}

static int f_memfd(void *ctx, const char *name)
{
    struct fake *fake = ctx;
    return due(fake) ? fake->fail_err : track(fake, skvm_sys_linux.memfd(NULL, name), FAKE_OTHER, "memfd");
}

static int f_epoll_create(void *ctx)
{
    struct fake *fake = ctx;
    return due(fake) ? fake->fail_err : track(fake, skvm_sys_linux.epoll_create(NULL), FAKE_OTHER, "epoll");
}

static int f_epoll_add(void *ctx, int epoll, int fd, uint64_t data)
{
    struct fake *fake = ctx;
    return due(fake) ? fake->fail_err : skvm_sys_linux.epoll_add(NULL, epoll, fd, data);
}

static void *f_alloc(void *ctx, size_t size, size_t align)
{
    struct fake *fake = ctx;
    void *ptr = due(fake) ? NULL : skvm_sys_linux.alloc(NULL, size, align);
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

static uint64_t f_memlock(void *ctx)
{
    return ((struct fake *)ctx)->memlock;
}

void fake_signal(int32_t fd)
{
    uint64_t one = 1;
    if (fd >= 0) {
        assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
    }
}

static void put32(struct fake *fake, uint32_t off, uint32_t value)
{
    memcpy(fake->config + off, &value, sizeof(value));
}

/* An 82576 VF: BAR 0 and 3 of 16 KiB, MSI-X of 3 vectors at 0x40. */
static void make_config(struct fake *fake)
{
    put32(fake, 0x00, 0x10ca8086);
    put32(fake, 0x04, 0x00100000);
    put32(fake, 0x08, 0x02000001);
    put32(fake, 0x10, 0xfe00000c);
    put32(fake, 0x1c, 0xfe00400c);
    put32(fake, 0x34, 0x40);
    put32(fake, 0x40, 0x00020011);
    put32(fake, 0x44, 0x3);
    put32(fake, 0x48, 0x2003);
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
    .ioctl = f_ioctl,
    .map = f_map,
    .unmap = f_unmap,
    .advise = f_advise,
    .eventfd = f_eventfd,
    .readable = f_readable,
    .memfd = f_memfd,
    .epoll_create = f_epoll_create,
    .epoll_add = f_epoll_add,
    .alloc = f_alloc,
    .free = f_free,
    .memlock = f_memlock,
};

struct fake *fake_up(void)
{
    struct fake *fake = calloc(1, sizeof(*fake));
    assert_non_null(fake);
    snprintf(fake->root, sizeof(fake->root), "/tmp/sriov-kvm-XXXXXX");
    assert_non_null(mkdtemp(fake->root));
    snprintf(fake->sysfs, sizeof(fake->sysfs), "%s/sys", fake->root);
    snprintf(fake->dev, sizeof(fake->dev), "%s/dev", fake->root);
    snprintf(fake->proc, sizeof(fake->proc), "%s/proc", fake->root);
    tree_make(fake);
    fake->sys = fake_calls;
    fake->sys.epoll_del = skvm_sys_linux.epoll_del;
    fake->sys.epoll_wait = skvm_sys_linux.epoll_wait;
    fake->sys.now = skvm_sys_linux.now;
    fake->sys.ctx = fake;
    fake->viable = true;
    fake->mig_state = VFIO_DEVICE_STATE_RUNNING;
    fake->msix_given = FAKE_IRQS;
    fake->map_budget = 65535;
    fake->memlock = UINT64_MAX;
    fake->request_fd = -1;
    fake->error_fd = -1;
    fake->bar_fd = memfd_create("bars", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fake->bar_fd, 2 * FAKE_BAR), 0);
    make_config(fake);
    return fake;
}

void fake_check_clean(struct fake *fake)
{
    assert_int_equal(fake->open_fds, 0);
    assert_int_equal(fake->live_maps, 0);
    assert_int_equal(fake->live_allocs, 0);
    assert_int_equal(fake->live_dma, 0);
    assert_int_equal(fake->kvm.live_slots, 0);
    assert_int_equal(fake->kvm.live_ioeventfds, 0);
    assert_int_equal(fake->kvm.live_irqfds, 0);
    assert_int_equal(fake->kvm.live_files, 0);
}

void fake_down(struct fake *fake)
{
    fake_check_clean(fake);
    close(fake->bar_fd);
    tree_remove(fake);
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

int fake_vmm_opts(struct fake *fake, struct sriov_kvm_opts *opts, struct sriov_vmm **out)
{
    opts->size = sizeof(*opts);
    opts->sysfs_root = fake->sysfs;
    opts->dev_root = fake->dev;
    opts->proc_root = fake->proc;
    int err = skvm_create(opts, &fake->sys, out);
    if (err == 0) {
        sriov_log_set_sink(*out, catch_line, fake);
    }
    return err;
}

int fake_vmm(struct fake *fake, uint32_t backend, uint32_t flags, struct sriov_vmm **out)
{
    struct sriov_kvm_opts opts = {.backend = backend, .flags = flags};
    return fake_vmm_opts(fake, &opts, out);
}

void fake_host(struct fake *fake, struct skvm_host *host)
{
    struct sriov_kvm_opts opts = {
        .size = sizeof(opts), .sysfs_root = fake->sysfs, .dev_root = fake->dev, .proc_root = fake->proc};
    assert_int_equal(skvm_host_init(host, &opts, &fake->sys), 0);
}
