/* SPDX-License-Identifier: BSD-3-Clause */
/* The one event there is: the server's end of the stream. A breach of protocol ends the stream too. */
#include "vfuc.h"

#include <string.h>
#include <sys/epoll.h>

static bool take_hangup(struct vfuc_source *source, struct vfuc_call *call)
{
    struct vfuc_fn *fn = source->owner;
    atomic_store(&fn->conn.gone, true);
    call->cb = fn->sink.cb;
    call->arg = fn->sink.arg;
    call->value = SRIOV_EVENT_REMOVED;
    return true;
}

/* Told once: the stream's end stays. */
void vfuc_hangup_init(struct vfuc_fn *fn)
{
    fn->hangup = (struct vfuc_source){
        .fd = fn->conn.fd, .events = EPOLLRDHUP | EPOLLONESHOT, .take = take_hangup, .owner = fn};
}

int vfuc_op_set_event_sink(void *handle, const struct sriov_event_sink *sink)
{
    struct vfuc_fn *fn = handle;
    if (sink != NULL && (sink->cb == NULL || sink->reserved0 != 0)) {
        return -EINVAL;
    }
    vfuc_source_remove(fn->client, &fn->hangup);
    memset(&fn->sink, 0, sizeof(fn->sink));
    if (sink == NULL) {
        return 0;
    }
    fn->sink = *sink;
    int err = vfuc_source_add(fn->client, &fn->hangup);
    if (err != 0) {
        memset(&fn->sink, 0, sizeof(fn->sink));
    }
    return err;
}
