/* SPDX-License-Identifier: BSD-3-Clause */
/* The interface out of the hands of the kernel's own stack, and back. */
#include "snd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PATH_MOST 128

static struct ifreq request(const struct snd_fn *fn)
{
    struct ifreq req = {0};
    memcpy(req.ifr_name, fn->name, sizeof(req.ifr_name));
    return req;
}

static int set_arp(struct snd_fn *fn, bool on, bool *before)
{
    struct ifreq req = request(fn);
    if (ioctl(fn->sock, SIOCGIFFLAGS, &req) != 0) {
        return -ENODEV;
    }
    *before = (req.ifr_flags & IFF_NOARP) == 0;
    if (*before == on) {
        return 0;
    }
    req.ifr_flags = (short)(req.ifr_flags ^ IFF_NOARP);
    return ioctl(fn->sock, SIOCSIFFLAGS, &req) == 0 ? 0 : -EPERM;
}

static int ipv6_switch(const struct snd_fn *fn, int flags)
{
    char path[PATH_MOST];
    (void)snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", fn->name);
    return open(path, flags | O_CLOEXEC);
}

static int write_ipv6(const struct snd_fn *fn, char value)
{
    int fd = ipv6_switch(fn, O_WRONLY);
    if (fd < 0) {
        return -EPERM;
    }
    ssize_t n = write(fd, &value, 1);
    close(fd);
    return n == 1 ? 0 : -EPERM;
}

/* 0: the kernel has no IPv6 there. */
static char read_ipv6(const struct snd_fn *fn)
{
    char value = 0;
    int fd = ipv6_switch(fn, O_RDONLY);
    if (fd >= 0) {
        value = read(fd, &value, 1) == 1 ? value : 0;
        close(fd);
    }
    return value;
}

static bool has_ipv4(const struct snd_fn *fn)
{
    struct ifreq req = request(fn);
    return ioctl(fn->sock, SIOCGIFADDR, &req) == 0;
}

int snd_take(struct snd_fn *fn)
{
    if ((fn->shim->flags & SRIOV_NETDEV_TAKE) == 0) {
        return 0;
    }
    if (has_ipv4(fn)) {
        sriov_log(fn->shim->vmm, SRIOV_LOG_ERROR, "%s: has an IPv4 address: take it away first", fn->name);
        return -EBUSY;
    }
    int err = set_arp(fn, false, &fn->had_arp);
    if (err != 0) {
        return err;
    }
    fn->taken = true;
    fn->had_ipv6 = read_ipv6(fn);
    if (fn->had_ipv6 == '0') {
        err = write_ipv6(fn, '1');
    }
    return err; /* the caller puts back */
}

void snd_untake(struct snd_fn *fn)
{
    bool before;
    if (!fn->taken) {
        return;
    }
    if (fn->had_arp) {
        (void)set_arp(fn, true, &before);
    }
    if (fn->had_ipv6 == '0') {
        (void)write_ipv6(fn, '0');
    }
    fn->taken = false;
}
