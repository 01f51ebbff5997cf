/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The door to Xen: every call to the hypervisor, its devices and xenstore that the function face makes, in
 * one table, so that tests put a scripted Xen in its place and let each call fail in turn. Only the stable
 * libraries stand behind it (xencall, xenforeignmemory, xenevtchn, xenstore): they work with each version
 * of Xen. Every int is 0 or more, or a negative errno.
 */
#ifndef SXEN_DOOR_H
#define SXEN_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sxen_xen;   /* hypercalls and mapping of frames */
struct sxen_ports; /* event channels of one function */
struct sxen_store; /* one connection to xenstore */

/* A PCI function as hypercalls name it. */
struct sxen_where {
    uint16_t segment;
    uint8_t bus;
    uint8_t devfn;
};

#define SXEN_STORE_PATH  256u
#define SXEN_STORE_TOKEN 16u

struct sxen_door {
    void *ctx;

    /* -EPERM: this domain's kernel lets no hypercall through. */
    int (*open)(void *ctx, struct sxen_xen **xen);
    void (*close)(void *ctx, struct sxen_xen *xen);

    /* ---- memory ---- */

    /* 2^order machine frames in a row, aligned to their number, added to this domain. -ENOMEM: none. */
    int (*frames_get)(void *ctx, struct sxen_xen *xen, uint32_t order, uint64_t *frame);
    int (*frames_put)(void *ctx, struct sxen_xen *xen, uint32_t order, uint64_t frame);
    int (*frames_map)(void *ctx, struct sxen_xen *xen, uint64_t frame, uint64_t pages, void **va);
    int (*frames_unmap)(void *ctx, struct sxen_xen *xen, void *va, uint64_t pages);
    /* Frames that this domain may still be given; UINT64_MAX: not bounded. */
    int (*frames_left)(void *ctx, struct sxen_xen *xen, uint64_t *frames);
    /* Lets the mapping at `from` lie at `to` instead of what is there, at once. */
    int (*move)(void *ctx, void *from, uint64_t length, void *to);

    /* ---- interrupts ---- */

    /* Xen keeps the function's MSI-X table as it is mapped now, and lets go of it. */
    int (*msix_prepare)(void *ctx, struct sxen_xen *xen, const struct sxen_where *where);
    int (*msix_release)(void *ctx, struct sxen_xen *xen, const struct sxen_where *where);
    /* Writes the table again, after a reset. */
    int (*msix_restore)(void *ctx, struct sxen_xen *xen, const struct sxen_where *where);
    int (*pirq_map)(void *ctx, struct sxen_xen *xen, const struct sxen_where *where, uint32_t entry,
                    uint64_t table_base, int32_t *pirq);
    int (*pirq_unmap)(void *ctx, struct sxen_xen *xen, int32_t pirq);
    int (*pirq_bind)(void *ctx, struct sxen_xen *xen, int32_t pirq, uint32_t *port);
    int (*port_close)(void *ctx, struct sxen_xen *xen, uint32_t port);
    /* The pirq that a port is bound to; -ENOENT: to none. */
    int (*port_pirq)(void *ctx, struct sxen_xen *xen, uint32_t port, int32_t *pirq);
    /* *fd becomes readable when a port of these is pending; stays theirs. */
    int (*ports_open)(void *ctx, struct sxen_ports **ports, int *fd);
    void (*ports_close)(void *ctx, struct sxen_ports *ports);
    /* -ENOSYS: the kernel takes no port that it has not bound itself (before Linux 6.6). */
    int (*ports_probe)(void *ctx, struct sxen_ports *ports);
    int (*ports_add)(void *ctx, struct sxen_ports *ports, uint32_t port);
    /* The next pending port, which stays quiet until it is unmasked. -EAGAIN: none. */
    int (*ports_next)(void *ctx, struct sxen_ports *ports, uint32_t *port);
    int (*ports_unmask)(void *ctx, struct sxen_ports *ports, uint32_t port);

    /* ---- xenstore ---- */

    /* *fd becomes readable when a watch has fired; stays the connection's. */
    int (*store_open)(void *ctx, struct sxen_store **store, int *fd);
    void (*store_close)(void *ctx, struct sxen_store *store);
    /* Terminated; cut to room. -ENOENT: no such node. */
    int (*store_read)(void *ctx, struct sxen_store *store, const char *path, char *text, size_t room);
    /* Calls back with the name of each child of path; a negative answer of cb ends it and is returned. */
    int (*store_list)(void *ctx, struct sxen_store *store, const char *path,
                      int (*cb)(void *arg, const char *child), void *arg);
    /* NULL takes the node away. */
    int (*store_write)(void *ctx, struct sxen_store *store, const char *path, const char *value);
    int (*store_watch)(void *ctx, struct sxen_store *store, const char *path, const char *token);
    /* A watch that fired: where, and its token. -EAGAIN: none. */
    int (*store_next)(void *ctx, struct sxen_store *store, char path[SXEN_STORE_PATH],
                      char token[SXEN_STORE_TOKEN]);

    /* ---- this process ---- */

    /* A descriptor that becomes readable once this process has run for ns after timer_start. */
    int (*timer_open)(void *ctx);
    int (*timer_start)(void *ctx, int fd, uint64_t ns);
    /* Nobody else on this machine has the file; -EBUSY somebody has. */
    int (*lock)(void *ctx, int fd);
};

extern const struct sxen_door sxen_door_linux;

/* door_*.c: parts of the table above */
int sxen_store_open(void *ctx, struct sxen_store **store, int *fd);
void sxen_store_close(void *ctx, struct sxen_store *store);
int sxen_store_read(void *ctx, struct sxen_store *store, const char *path, char *text, size_t room);
int sxen_store_list(void *ctx, struct sxen_store *store, const char *path,
                    int (*cb)(void *arg, const char *child), void *arg);
int sxen_store_write(void *ctx, struct sxen_store *store, const char *path, const char *value);
int sxen_store_watch(void *ctx, struct sxen_store *store, const char *path, const char *token);
int sxen_store_next(void *ctx, struct sxen_store *store, char path[SXEN_STORE_PATH],
                    char token[SXEN_STORE_TOKEN]);
int sxen_ports_open(void *ctx, struct sxen_ports **ports, int *fd);
void sxen_ports_close(void *ctx, struct sxen_ports *ports);
int sxen_ports_probe(void *ctx, struct sxen_ports *ports);
int sxen_ports_add(void *ctx, struct sxen_ports *ports, uint32_t port);
int sxen_ports_next(void *ctx, struct sxen_ports *ports, uint32_t *port);
int sxen_ports_unmask(void *ctx, struct sxen_ports *ports, uint32_t port);

#endif
