/* SPDX-License-Identifier: BSD-3-Clause */
/* The interface behind the socket, asked by its index: its name may change while we hold it. */
#include "snd_net.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>

int snd_errno(int err)
{
    switch (err) {
    case ENODEV:
    case ENXIO:
        return -ENODEV;
    case EPERM:
    case EACCES:
        return -EPERM;
    case EOPNOTSUPP:
    case ENOTTY:
        return -EOPNOTSUPP;
    case ENOMEM:
    case ENOBUFS:
        return -ENOMEM;
    case EBUSY:
        return -EBUSY;
    default:
        return -EINVAL;
    }
}

static int ask(struct snd_net *dev, unsigned long what, struct ifreq *req)
{
    struct ifreq named = {.ifr_ifindex = dev->ifindex};
    if (ioctl(dev->fd, SIOCGIFNAME, &named) != 0) {
        return snd_errno(errno);
    }
    memcpy(req->ifr_name, named.ifr_name, sizeof(req->ifr_name));
    memcpy(dev->name, named.ifr_name, sizeof(dev->name));
    return ioctl(dev->fd, what, req) == 0 ? 0 : snd_errno(errno);
}

int snd_iface_flags(struct snd_net *dev, bool *up, bool *running)
{
    struct ifreq req = {0};
    int err = ask(dev, SIOCGIFFLAGS, &req);
    *up = err == 0 && (req.ifr_flags & IFF_UP) != 0;
    *running = *up && (req.ifr_flags & IFF_RUNNING) != 0;
    return err;
}

int snd_iface_set_up(struct snd_net *dev, bool up)
{
    struct ifreq req = {0};
    int err = ask(dev, SIOCGIFFLAGS, &req);
    if (err != 0 || ((req.ifr_flags & IFF_UP) != 0) == up) {
        return err;
    }
    req.ifr_flags = (short)(req.ifr_flags ^ IFF_UP);
    return ask(dev, SIOCSIFFLAGS, &req);
}

int snd_iface_mac(struct snd_net *dev, struct sriov_mac *mac)
{
    struct ifreq req = {0};
    int err = ask(dev, SIOCGIFHWADDR, &req);
    if (err == 0) {
        memcpy(mac->b, req.ifr_hwaddr.sa_data, sizeof(mac->b));
    }
    return err;
}

int snd_iface_set_mac(struct snd_net *dev, const struct sriov_mac *mac)
{
    struct ifreq req = {.ifr_hwaddr = {.sa_family = ARPHRD_ETHER}};
    memcpy(req.ifr_hwaddr.sa_data, mac->b, sizeof(mac->b));
    return ask(dev, SIOCSIFHWADDR, &req);
}

int snd_iface_mtu(struct snd_net *dev, uint32_t *mtu)
{
    struct ifreq req = {0};
    int err = ask(dev, SIOCGIFMTU, &req);
    *mtu = err == 0 && req.ifr_mtu > 0 ? (uint32_t)req.ifr_mtu : 0;
    return err;
}

int snd_iface_set_mtu(struct snd_net *dev, uint16_t mtu)
{
    struct ifreq req = {.ifr_mtu = mtu};
    uint32_t now;
    int err = snd_iface_mtu(dev, &now);
    return err != 0 || now == mtu ? err : ask(dev, SIOCSIFMTU, &req);
}

uint32_t snd_iface_mbps(struct snd_net *dev)
{
    struct ethtool_cmd cmd = {.cmd = ETHTOOL_GSET};
    struct ifreq req = {.ifr_data = (void *)&cmd};
    uint32_t mbps = ask(dev, SIOCETHTOOL, &req) == 0 ? ethtool_cmd_speed(&cmd) : 0;
    return mbps == (uint32_t)SPEED_UNKNOWN ? 0 : mbps;
}

int snd_iface_member(struct snd_net *dev, int type, const struct sriov_mac *mac, bool on)
{
    struct packet_mreq req = {.mr_ifindex = dev->ifindex, .mr_type = (unsigned short)type};
    if (mac != NULL) {
        req.mr_alen = sizeof(mac->b);
        memcpy(req.mr_address, mac->b, sizeof(mac->b));
    }
    int rc = setsockopt(dev->fd, SOL_PACKET, on ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP, &req,
                        sizeof(req));
    return rc == 0 ? 0 : snd_errno(errno);
}
