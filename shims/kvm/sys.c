/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

static int sys_result(int value)
{
    return value < 0 ? -errno : value;
}

static int sys_open(void *ctx, const char *path, int flags)
{
    (void)ctx;
    return sys_result(open(path, flags | O_CLOEXEC));
}

static int sys_close(void *ctx, int fd)
{
    (void)ctx;
    return sys_result(close(fd));
}

static int sys_access(void *ctx, const char *path, int mode)
{
    (void)ctx;
    return sys_result(access(path, mode));
}

static int sys_readlink(void *ctx, const char *path, char *target, size_t room)
{
    (void)ctx;
    ssize_t n = readlink(path, target, room - 1);
    if (n < 0) {
        return -errno;
    }
    target[n] = '\0';
    return (int)n;
}

static int64_t sys_read(void *ctx, int fd, void *data, size_t n)
{
    (void)ctx;
    ssize_t got = read(fd, data, n);
    return got < 0 ? -errno : got;
}

static int64_t sys_write(void *ctx, int fd, const void *data, size_t n)
{
    (void)ctx;
    ssize_t put = write(fd, data, n);
    return put < 0 ? -errno : put;
}

static int64_t sys_pread(void *ctx, int fd, void *data, size_t n, uint64_t off)
{
    (void)ctx;
    ssize_t got = pread(fd, data, n, (off_t)off);
    return got < 0 ? -errno : got;
}

static int64_t sys_pwrite(void *ctx, int fd, const void *data, size_t n, uint64_t off)
{
    (void)ctx;
    ssize_t put = pwrite(fd, data, n, (off_t)off);
    return put < 0 ? -errno : put;
}

static int sys_ioctl(void *ctx, int fd, unsigned long request, void *arg)
{
    (void)ctx;
    return sys_result(ioctl(fd, request, arg));
}

static int sys_map(void *ctx, void **va, size_t length, int prot, int flags, int fd, uint64_t off)
{
    (void)ctx;
    void *got = mmap(*va, length, prot, flags, fd, (off_t)off);
    if (got == MAP_FAILED) {
        return -errno;
    }
    *va = got;
    return 0;
}

static int sys_unmap(void *ctx, void *va, size_t length)
{
    (void)ctx;
    return sys_result(munmap(va, length));
}

static int sys_advise(void *ctx, void *va, size_t length, int advice)
{
    (void)ctx;
    return sys_result(madvise(va, length, advice));
}

static int sys_eventfd(void *ctx)
{
    (void)ctx;
    return sys_result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

static int sys_readable(void *ctx, int fd)
{
    (void)ctx;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    int n = poll(&ready, 1, 0);
    return n > 0 ? (ready.revents & POLLIN) != 0 : sys_result(n);
}

static int sys_memfd(void *ctx, const char *name)
{
    (void)ctx;
    return sys_result(memfd_create(name, MFD_CLOEXEC));
}

static int sys_epoll_create(void *ctx)
{
    (void)ctx;
    return sys_result(epoll_create1(EPOLL_CLOEXEC));
}

static int sys_epoll_add(void *ctx, int epoll, int fd, uint64_t data)
{
    (void)ctx;
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = data};
    return sys_result(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

static int sys_epoll_del(void *ctx, int epoll, int fd)
{
    (void)ctx;
    return sys_result(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL));
}

#define EPOLL_BATCH 32

/* ppoll on the epoll descriptor: its timeout has nanoseconds, epoll_wait's only milliseconds. */
static int sys_epoll_wait(void *ctx, int epoll, uint64_t *data, int max, uint64_t timeout_ns)
{
    (void)ctx;
    struct epoll_event events[EPOLL_BATCH];
    struct pollfd ready = {.fd = epoll, .events = POLLIN};
    struct timespec limit = {.tv_sec = (time_t)(timeout_ns / NS_PER_S),
                             .tv_nsec = (long)(timeout_ns % NS_PER_S)};

    if (timeout_ns != 0) {
        int n = ppoll(&ready, 1, timeout_ns == UINT64_MAX ? NULL : &limit, NULL);
        if (n <= 0) {
            return sys_result(n);
        }
    }
    int n = epoll_wait(epoll, events, max < EPOLL_BATCH ? max : EPOLL_BATCH, 0);
    for (int i = 0; i < n; i++) {
        data[i] = events[i].data.u64;
    }
    return sys_result(n);
}

static void *sys_alloc(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    void *ptr = NULL;
    if (posix_memalign(&ptr, align < sizeof(void *) ? sizeof(void *) : align, size) != 0) {
        return NULL;
    }
    memset(ptr, 0, size);
    return ptr;
}

static void sys_free(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

static uint64_t sys_now(void *ctx)
{
    (void)ctx;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint64_t sys_memlock(void *ctx)
{
    (void)ctx;
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return UINT64_MAX;
    }
    return limit.rlim_cur;
}

const struct skvm_sys skvm_sys_linux = {
    .open = sys_open,
    .close = sys_close,
    .access = sys_access,
    .readlink = sys_readlink,
    .read = sys_read,
    .write = sys_write,
    .pread = sys_pread,
    .pwrite = sys_pwrite,
    .ioctl = sys_ioctl,
    .map = sys_map,
    .unmap = sys_unmap,
    .advise = sys_advise,
    .eventfd = sys_eventfd,
    .readable = sys_readable,
    .memfd = sys_memfd,
    .epoll_create = sys_epoll_create,
    .epoll_add = sys_epoll_add,
    .epoll_del = sys_epoll_del,
    .epoll_wait = sys_epoll_wait,
    .alloc = sys_alloc,
    .free = sys_free,
    .now = sys_now,
    .memlock = sys_memlock,
};
