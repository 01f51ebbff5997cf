/* SPDX-License-Identifier: BSD-3-Clause */
/* One client: its messages come one by one, each is answered before the next is read. */
#include "server.h"

#include <sys/epoll.h>
#include <unistd.h>

void vfus_complain(struct sriov_vfu_device *d, const char *what, uint32_t cmd, int rc)
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
    d->lost = 0;
    d->events = EPOLLIN;
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
    vfu_rx_next(&d->current);
    vfus_queue_drop(d);
    vfus_irqs_off(d);
    vfus_log_end(d);
    rc = sriov_fn_reset(d->fn);
    vfus_mig_reset(d);
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

/* Reads again only when the last reply is out: a client that does not listen stops itself alone. A message
 * that waits here is news too, and its client's socket has room. */
void vfus_conn_watch(struct sriov_vfu_device *d)
{
    uint32_t events = EPOLLIN;

    if (d->waits_out) {
        events = EPOLLOUT;
    } else if (d->queue != NULL) {
        events = EPOLLIN | EPOLLOUT;
    }
    if (events != d->events) {
        d->events = events;
        (void)vfus_watch(d->server, EPOLL_CTL_MOD, d->sock, events, &d->on_sock);
    }
}

static int flush(struct sriov_vfu_device *d)
{
    int rc = vfu_tx_flush(&d->tx, d->sock);

    if (rc >= 0) {
        d->waits_out = rc == 0;
    }
    return rc;
}

/* 1: d->current is a whole message. */
static int next_message(struct sriov_vfu_device *d)
{
    struct vfu_rx whole;
    int rc;

    if (vfus_queue_take(d)) {
        return 1;
    }
    rc = vfu_rx_step(&d->rx, d->sock);
    if (rc == 1) {
        whole = d->rx;
        d->rx = d->current;
        d->current = whole;
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
    struct vfu_header hdr = vfu_rx_header(&d->current);
    struct vfus_call call = {.rx = &d->current, .out = d->reply};
    int rc = check(d, &hdr);

    d->counts.messages++;
    if (rc != 0) {
        return rc;
    }
    rc = vfus_command(d, &call);
    if (d->lost != 0) {
        return d->lost;
    }
    if (rc != 0) {
        d->counts.refused++;
        vfus_complain(d, "refused", hdr.cmd, rc);
    }
    if ((hdr.flags & VFU_F_NO_REPLY) != 0) {
        d->counts.posted++;
    } else {
        reply(d, &hdr, &call, rc);
    }
    vfu_rx_next(&d->current);
    return flush(d);
}

static void break_off(struct sriov_vfu_device *d, int rc)
{
    const struct vfu_rx *at = d->current.have != 0 ? &d->current : &d->rx;

    if (rc < 0 && rc != -ENODEV) {
        d->counts.broken++;
        vfus_complain(d,
                      rc == -ETIMEDOUT ? "cut off, as it gave no answer" : "cut off for a breach of protocol",
                      at->have >= sizeof(struct vfu_header) ? vfu_rx_header(at).cmd : 0, rc);
    }
    vfus_conn_end(d);
}

int vfus_conn_step(struct sriov_vfu_device *d)
{
    int done = 0;
    int rc;

    if (d->sock < 0) {
        return 0;
    }
    rc = d->lost != 0 ? d->lost : flush(d);
    if (rc > 0 && !d->ends) {
        rc = next_message(d);
        done = rc > 0;
        if (rc > 0) {
            rc = handle(d);
        }
    }
    if (rc < 0 || (d->ends && !d->waits_out)) {
        break_off(d, rc);
    } else {
        vfus_conn_watch(d);
    }
    return done;
}
