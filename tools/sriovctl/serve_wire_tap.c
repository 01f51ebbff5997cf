/* SPDX-License-Identifier: BSD-3-Clause */
/* The wire is a TAP device: what leaves the PF's port arrives at the host's network stack. */
#include "serve_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool put(struct serve_wire *wire, const void *frame, size_t len)
{
    return write(wire->fd, frame, len) == (ssize_t)len;
}

static ssize_t get(struct serve_wire *wire, void *frame, size_t room)
{
    return read(wire->fd, frame, room);
}

static int fail(struct serve *serve, const char *name, int err)
{
    switch (err) {
    case EPERM:
    case EACCES:
        return cli_fail(
            serve->cli,
            "tap:%s: no permission, which is CAP_NET_ADMIN: have it made for you: ip tuntap add dev "
            "%s mode tap user $USER; ip link set %s up",
            name, name, name);
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return cli_fail(serve->cli, "tap:%s: this kernel has no /dev/net/tun: modprobe tun", name);
    case EBUSY:
        return cli_fail(serve->cli, "tap:%s: another process has it: end that one, or give another name",
                        name);
    case EINVAL:
        return cli_fail(serve->cli, "tap:%s: is no TAP device: give another name", name);
    default:
        return cli_fail(serve->cli, "tap:%s: %s", name, strerror(err));
    }
}

/* Whoever made the device may have brought it up; if we may, we do. */
static void bring_up(struct serve *serve, struct ifreq *request)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return;
    }
    if (ioctl(fd, SIOCGIFFLAGS, request) == 0 && (request->ifr_flags & IFF_UP) == 0) {
        request->ifr_flags = (short)(request->ifr_flags | IFF_UP);
        if (ioctl(fd, SIOCSIFFLAGS, request) != 0) {
            cli_note("sriovctl: tap:%s is down: ip link set %s up", serve->values->wire + 4,
                     serve->values->wire + 4);
        }
    }
    (void)close(fd);
}

int serve_wire_tap(struct serve *serve, struct serve_wire *wire, const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    size_t length = strlen(name);

    if (length >= sizeof(request.ifr_name)) {
        return cli_fail(serve->cli, "tap:%.100s: a name of a network interface has at most %zu characters",
                        name, sizeof(request.ifr_name) - 1);
    }
    memcpy(request.ifr_name, name, length);
    wire->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (wire->fd < 0 || ioctl(wire->fd, TUNSETIFF, &request) != 0) {
        int err = errno;
        if (wire->fd >= 0) {
            (void)close(wire->fd);
            wire->fd = -1;
        }
        return fail(serve, name, err);
    }
    bring_up(serve, &request);
    wire->put = put;
    wire->get = get;
    return CLI_OK;
}
