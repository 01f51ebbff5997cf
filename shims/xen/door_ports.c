/* SPDX-License-Identifier: BSD-3-Clause */
/* Event channels by /dev/xen/evtchn. */
#include "door.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <xenevtchn.h>

/* Binds a port that exists already, as EVTCHNOP_bind_pirq made it: include/uapi/xen/evtchn.h of Linux
 * 6.6 and later. The header of Xen 4.17 does not have it. */
struct evtchn_bind_static {
    unsigned int port;
};
#define EVTCHN_BIND_STATIC _IOC(_IOC_NONE, 'E', 7, sizeof(struct evtchn_bind_static))

static xenevtchn_handle *handle_of(struct sxen_ports *ports)
{
    return (xenevtchn_handle *)ports;
}

int sxen_ports_open(void *ctx, struct sxen_ports **ports, int *fd)
{
    (void)ctx;
    xenevtchn_handle *handle = xenevtchn_open(NULL, 0);
    if (handle == NULL) {
        return -errno;
    }
    *ports = (struct sxen_ports *)handle;
    *fd = xenevtchn_fd(handle);
    return 0;
}

void sxen_ports_close(void *ctx, struct sxen_ports *ports)
{
    (void)ctx;
    (void)xenevtchn_close(handle_of(ports));
}

/* A kernel that knows the request misses its argument; one that does not says so first. */
int sxen_ports_probe(void *ctx, struct sxen_ports *ports)
{
    (void)ctx;
    int result = ioctl(xenevtchn_fd(handle_of(ports)), EVTCHN_BIND_STATIC, NULL);
    if (result >= 0 || errno == EFAULT) {
        return 0;
    }
    return errno == ENOTTY ? -ENOSYS : -errno;
}

int sxen_ports_add(void *ctx, struct sxen_ports *ports, uint32_t port)
{
    struct evtchn_bind_static bind = {.port = port};
    (void)ctx;
    return ioctl(xenevtchn_fd(handle_of(ports)), EVTCHN_BIND_STATIC, &bind) < 0 ? -errno : 0;
}

int sxen_ports_next(void *ctx, struct sxen_ports *ports, uint32_t *port)
{
    struct pollfd ready = {.fd = xenevtchn_fd(handle_of(ports)), .events = POLLIN};
    (void)ctx;
    if (poll(&ready, 1, 0) <= 0) {
        return -EAGAIN;
    }
    int got = xenevtchn_pending(handle_of(ports));
    if (got < 0) {
        return -errno;
    }
    *port = (uint32_t)got;
    return 0;
}

int sxen_ports_unmask(void *ctx, struct sxen_ports *ports, uint32_t port)
{
    (void)ctx;
    return xenevtchn_unmask(handle_of(ports), port) < 0 ? -errno : 0;
}
