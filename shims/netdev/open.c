/* SPDX-License-Identifier: BSD-3-Clause */
/* An interface in our hands. */
#include "snd.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int sock_error(void)
{
    switch (errno) {
    case EPERM:
    case EACCES:
        return -EPERM;
    case EMFILE:
    case ENFILE:
        return -ENOSPC;
    case ENOMEM:
    case ENOBUFS:
        return -ENOMEM;
    default:
        return -EOPNOTSUPP; /* a kernel without packet sockets */
    }
}

/* Bound, and with protocol 0 it receives nothing yet. */
static int bind_to(int sock, int ifindex)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = ifindex};
    return bind(sock, (const struct sockaddr *)&at, sizeof(at)) == 0 ? 0 : -ENOENT;
}

static int open_socket(struct snd_fn *fn)
{
    struct ifreq req = {0};
    fn->sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fn->sock < 0) {
        return sock_error();
    }
    memcpy(req.ifr_name, fn->name, sizeof(req.ifr_name));
    if (ioctl(fn->sock, SIOCGIFINDEX, &req) != 0) {
        return -ENOENT;
    }
    fn->ifindex = req.ifr_ifindex;
    if (ioctl(fn->sock, SIOCGIFHWADDR, &req) != 0 || req.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
        return -ENOENT;
    }
    return bind_to(fn->sock, fn->ifindex);
}

static bool is_open(const struct snd *shim, const char *name)
{
    const struct snd_fn *fn = shim->fns;
    while (fn != NULL && strcmp(fn->name, name) != 0) {
        fn = fn->next;
    }
    return fn != NULL;
}

/* Gives back whatever there is. */
static void let_go(struct snd_fn *fn)
{
    snd_link_close(fn);
    snd_untake(fn);
    if (fn->sock >= 0) {
        snd_source_remove(fn->shim, &fn->sock_source);
        close(fn->sock);
    }
    free(fn);
}

int snd_op_open(void *vmm, const struct sriov_open_args *args, void **out)
{
    struct snd *shim = vmm;
    if (args->flags != 0 || (args->options != NULL && args->options[0] != '\0')) {
        return -EINVAL;
    }
    if (strlen(args->name) >= IF_NAMESIZE) {
        return -ENOENT;
    }
    if (is_open(shim, args->name)) {
        return -EBUSY;
    }
    struct snd_fn *fn = calloc(1, sizeof(*fn));
    if (fn == NULL) {
        return -ENOMEM;
    }
    fn->shim = shim;
    fn->link = -1;
    (void)snprintf(fn->name, sizeof(fn->name), "%s", args->name);
    int err = open_socket(fn);
    snd_irq_init(fn);
    err = err != 0 ? err : snd_link_open(fn);
    err = err != 0 ? err : snd_take(fn);
    if (err != 0) {
        let_go(fn);
        return err;
    }
    fn->next = shim->fns;
    shim->fns = fn;
    *out = fn;
    return 0;
}

void snd_op_close(void *handle)
{
    struct snd_fn *fn = handle;
    struct snd_fn **link = &fn->shim->fns;
    while (*link != fn) {
        link = &(*link)->next;
    }
    *link = fn->next;
    let_go(fn);
}

int snd_op_info(void *handle, struct sriov_fn_info *info)
{
    const struct snd_fn *fn = handle;
    struct sriov_fn_info now;
    uint32_t room = info->size;
    if (room < sizeof(info->size)) {
        return -EINVAL;
    }
    snd_info_fill(fn->sock, fn->name, &now);
    now.size = room;
    memset(info, 0, room);
    memcpy(info, &now, room < sizeof(now) ? room : sizeof(now));
    return 0;
}

int snd_op_fn_fd(void *handle, int32_t *fd, uint32_t *kind)
{
    const struct snd_fn *fn = handle;
    *fd = fn->sock;
    *kind = SRIOV_FN_FD_NETDEV;
    return 0;
}

/* There is no view to make inert; nothing is sent or taken from the ring by anything but calls. */
void snd_op_kill(void *handle)
{
    struct snd_fn *fn = handle;
    atomic_store(&fn->dead, true);
}
