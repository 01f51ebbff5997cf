/* SPDX-License-Identifier: BSD-3-Clause */
/* One client: its messages come one by one, each is answered before the next is read. */
#include "server.h"

#include <sys/epoll.h>
#include <unistd.h>

static void complain(struct sriov_vfu_device *d, const char *what, uint32_t cmd, int rc)
{
    if (!d->complained) {
        d->complained = true;
        sriov_log(sriov_fn_vmm(d->fn), SRIOV_LOG_WARN, "%s: client: %s: message %u: errno %d",
                  sriov_fn_info(d->fn)->name, what, (unsigned)cmd, -rc);
    }
}

int vfus_conn_begin(struct sriov_vfu_device *d, int fd)
{
    int rc = vfus_watch(d->server, EPOLL_CTL_ADD, fd, EPOLLIN, &d->on_sock);

    if (rc != 0) {
        return rc;
    }
    d->sock = fd;
    d->hello = false;
    d->ends = false;
    d->complained = false;
    d->waits_out = false;
    d->tx.length = 0;
    d->tx.sent = 0;
    d->counts.clients++;
    return 0;
}

/* The device is quiet before it loses the memory. */
void vfus_conn_end(struct sriov_vfu_device *d)
{
    int rc;

    if (d->sock < 0) {
        return;
    }
    (void)vfus_watch(d->server, EPOLL_CTL_DEL, d->sock, 0, NULL);
    (void)close(d->sock);
    d->sock = -1;
    vfu_rx_next(&d->rx);
    vfus_irqs_off(d);
    rc = sriov_fn_reset(d->fn);
    if (rc != 0 && !sriov_fn_gone(d->fn)) {
        sriov_log(sriov_fn_vmm(d->fn), SRIOV_LOG_ERROR, "%s: not reset after its client left: errno %d",
                  sriov_fn_info(d->fn)->name, -rc);
    }
    vfus_unmap_all(d);
    sriov_vcfg_reset(d->vcfg);
}

void vfus_answer(struct vfus_call *call, const void *bytes, uint32_t length)
{
    memcpy(call->out + call->length, bytes, length);
    call->length += length;
}

/* Reads again only when the last reply is out: a client that does not listen stops itself alone. */
static int flush(struct sriov_vfu_device *d)
{
    int rc = vfu_tx_flush(&d->tx, d->sock);
    bool waits = rc == 0;

    if (rc >= 0 && waits != d->waits_out) {
        d->waits_out = waits;
        (void)vfus_watch(d->server, EPOLL_CTL_MOD, d->sock, waits ? EPOLLOUT : EPOLLIN, &d->on_sock);
    }
    return rc;
}

static void reply(struct sriov_vfu_device *d, const struct vfu_header *to, const struct vfus_call *call,
                  int rc)
{
    struct vfu_header hdr = {.id = to->id, .cmd = to->cmd, .flags = VFU_F_REPLY};

    if (rc != 0) {
        hdr.flags |= VFU_F_ERROR;
        hdr.error = (uint32_t)-rc;
    }
    (void)vfu_tx_put(&d->tx, hdr, call->out, rc == 0 ? call->length : 0, NULL, 0, NULL, 0);
}

/* 0, or -EPROTO: what a client never sends. */
static int check(const struct sriov_vfu_device *d, const struct vfu_header *hdr)
{
    if ((hdr->flags & VFU_F_TYPE) != VFU_F_COMMAND) {
        return -EPROTO;
    }
    return !d->hello && (hdr->cmd != VFU_VERSION || (hdr->flags & VFU_F_NO_REPLY) != 0) ? -EPROTO : 0;
}

static int handle(struct sriov_vfu_device *d)
{
    struct vfu_header hdr = vfu_rx_header(&d->rx);
    struct vfus_call call = {.rx = &d->rx, .out = d->reply};
    int rc = check(d, &hdr);

    d->counts.messages++;
    if (rc != 0) {
        return rc;
    }
    rc = vfus_command(d, &call);
    if (rc != 0) {
        d->counts.refused++;
        complain(d, "refused", hdr.cmd, rc);
    }
    if ((hdr.flags & VFU_F_NO_REPLY) != 0) {
        d->counts.posted++;
    } else {
        reply(d, &hdr, &call, rc);
    }
    vfu_rx_next(&d->rx);
    return 0;
}

static void break_off(struct sriov_vfu_device *d, int rc)
{
    if (rc == -EPROTO) {
        d->counts.broken++;
        complain(d, "cut off for a breach of protocol",
                 d->rx.have >= sizeof(struct vfu_header) ? vfu_rx_header(&d->rx).cmd : 0, rc);
    }
    vfus_conn_end(d);
}

int vfus_conn_step(struct sriov_vfu_device *d)
{
    int done = 0;
    int rc = d->sock >= 0 ? flush(d) : 0;

    if (d->sock < 0 || rc == 0) {
        return 0;
    }
    if (rc > 0 && !d->ends) {
        rc = vfu_rx_step(&d->rx, d->sock);
        done = rc > 0;
        if (rc > 0) {
            rc = handle(d);
            rc = rc == 0 ? flush(d) : rc;
        }
    }
    if (rc < 0 || (d->ends && !d->waits_out)) {
        break_off(d, rc);
    }
    return done;
}
