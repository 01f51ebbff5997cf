/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operating system as this shim uses it: one table, so that tests put a scripted kernel in its
 * place and let each call fail in turn. Every int is 0 or more, or a negative errno.
 */
#ifndef SKVM_SYS_H
#define SKVM_SYS_H

#include <stddef.h>
#include <stdint.h>

struct skvm_sys {
    void *ctx;
    int (*open)(void *ctx, const char *path, int flags);
    int (*close)(void *ctx, int fd);
    int (*access)(void *ctx, const char *path, int mode);
    int (*readlink)(void *ctx, const char *path, char *target, size_t room); /* terminated */
    int64_t (*read)(void *ctx, int fd, void *data, size_t n);
    int64_t (*write)(void *ctx, int fd, const void *data, size_t n);
    int64_t (*pread)(void *ctx, int fd, void *data, size_t n, uint64_t off);
    int64_t (*pwrite)(void *ctx, int fd, const void *data, size_t n, uint64_t off);
    int (*ioctl)(void *ctx, int fd, unsigned long request, void *arg);
    /* *va: in, the address with MAP_FIXED; out, the mapping. */
    int (*map)(void *ctx, void **va, size_t length, int prot, int flags, int fd, uint64_t off);
    int (*unmap)(void *ctx, void *va, size_t length);
    int (*advise)(void *ctx, void *va, size_t length, int advice);
    int (*eventfd)(void *ctx);
    int (*readable)(void *ctx, int fd); /* 1: a read would give something; 0 */
    int (*memfd)(void *ctx, const char *name);
    int (*epoll_create)(void *ctx);
    int (*epoll_add)(void *ctx, int epoll, int fd, uint64_t data);
    int (*epoll_del)(void *ctx, int epoll, int fd);
    /* How many of data[] were filled; 0 after timeout_ns (UINT64_MAX: none). */
    int (*epoll_wait)(void *ctx, int epoll, uint64_t *data, int max, uint64_t timeout_ns);
    void *(*alloc)(void *ctx, size_t size, size_t align); /* zeroed */
    void (*free)(void *ctx, void *ptr);
    uint64_t (*now)(void *ctx);
    uint64_t (*memlock)(void *ctx); /* RLIMIT_MEMLOCK in bytes; UINT64_MAX: none */
};

extern const struct skvm_sys skvm_sys_linux;

#endif
