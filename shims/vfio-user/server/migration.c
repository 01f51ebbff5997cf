/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The function's device state on its way through the socket. What the server itself keeps for a client
 * (memory, eventfds, config space) is the next client's to bring: a VMM moves its own config space along.
 */
#include "server.h"

#include <sriov/migrate.h>

static uint32_t state_of(const struct sriov_vfu_device *d)
{
    return d->mig_state != 0 ? d->mig_state : (uint32_t)SRIOV_MIG_RUNNING;
}

bool vfus_mig_holds(const struct sriov_vfu_device *d)
{
    uint32_t state = state_of(d);

    return state != SRIOV_MIG_RUNNING && state != SRIOV_MIG_PRE_COPY;
}

/* A reset is the way home from every state; a function that does not think so is told. */
void vfus_mig_reset(struct sriov_vfu_device *d)
{
    uint32_t state = SRIOV_MIG_RUNNING;

    if (d->mig_state == 0 || sriov_fn_gone(d->fn)) {
        return;
    }
    if (sriov_mig_get_state(d->fn, &state) != 0 || state != SRIOV_MIG_RUNNING) {
        (void)sriov_mig_abort(d->fn, NULL);
    }
    d->mig_state = 0;
}

int vfus_mig_get_migration(struct sriov_vfu_device *d, struct vfus_call *call, uint32_t method)
{
    struct sriov_mig_info info = {.size = sizeof(info)};
    uint64_t flags = VFU_MIG_STOP_COPY;
    int rc = sriov_mig_get_info(d->fn, &info);

    (void)method;
    if (rc == 0) {
        flags |= (info.flags & SRIOV_MIG_HAS_PRE_COPY) != 0 ? VFU_MIG_PRE_COPY : 0;
        vfus_answer(call, &flags, sizeof(flags));
    }
    return rc;
}

/* What the protocol has that a client may name. From STOP_COPY there is no way back into PRE_COPY. */
static bool may_go(uint32_t from, uint32_t to)
{
    switch (to) {
    case SRIOV_MIG_PRE_COPY:
        return from != SRIOV_MIG_STOP_COPY;
    case SRIOV_MIG_STOP:
    case SRIOV_MIG_RUNNING:
    case SRIOV_MIG_STOP_COPY:
    case SRIOV_MIG_RESUMING:
        return true;
    default:
        return false;
    }
}

static int set_state(struct sriov_vfu_device *d, uint32_t to)
{
    uint32_t now;
    bool rest;
    int rc = may_go(state_of(d), to) ? sriov_mig_set_state(d->fn, (enum sriov_mig_state)to) : -EINVAL;

    d->mig_state = rc == 0 ? to : d->mig_state;
    if (rc != 0 && rc != -EINVAL) {
        /* In ERROR registers stay out of reach. */
        rest = sriov_mig_get_state(d->fn, &now) != 0 || now == SRIOV_MIG_ERROR;
        d->mig_state = rest ? (uint32_t)SRIOV_MIG_STOP : now;
    }
    return rc;
}

int vfus_mig_device_state(struct sriov_vfu_device *d, struct vfus_call *call, uint32_t method)
{
    struct {
        struct vfu_device_feature head;
        struct vfu_mig_state data;
    } ask;
    struct vfu_mig_state now = {.data_fd = -1};
    int rc;

    if (method == VFU_FEATURE_GET) {
        rc = sriov_mig_get_state(d->fn, &now.state);
        if (rc == 0) {
            vfus_answer(call, &now, sizeof(now));
        }
        return rc;
    }
    if (vfu_rx_get(call->rx, &ask, sizeof(ask)) != 0 || vfu_rx_length(call->rx) != sizeof(ask)) {
        return -EINVAL;
    }
    rc = set_state(d, ask.data.state);
    vfus_answer(call, &ask.data, sizeof(ask.data));
    return rc;
}

/* Less than was asked for is the end: it is read on until there is no more, or no more room. */
static int read_some(struct sriov_vfu_device *d, uint8_t *out, uint32_t size, uint32_t *got)
{
    uint64_t len = 1;
    int rc = 0;

    *got = 0;
    while (rc == 0 && *got < size && len != 0) {
        rc = sriov_mig_read(d->fn, out + *got, size - *got, &len);
        if (rc == 0 && len > size - *got) {
            rc = -EPROTO;
        }
        *got += rc == 0 ? (uint32_t)len : 0;
    }
    return rc;
}

int vfus_mig_data_read(struct sriov_vfu_device *d, struct vfus_call *call)
{
    struct vfu_mig_data ask;
    uint32_t got;
    int rc = vfu_rx_get(call->rx, &ask, sizeof(ask));

    if (!sriov_fn_can(d->fn, SRIOV_CAP_MIGRATION)) {
        return -EOPNOTSUPP;
    }
    if (rc != 0 || vfu_rx_length(call->rx) != sizeof(ask) || ask.size == 0 || ask.size > d->peer_xfer ||
        ask.argsz < sizeof(ask) || ask.size > ask.argsz - sizeof(ask)) {
        return -EINVAL;
    }
    rc = read_some(d, call->out + sizeof(ask), ask.size, &got);
    ask = (struct vfu_mig_data){.argsz = (uint32_t)sizeof(ask) + got, .size = got};
    vfus_answer(call, &ask, sizeof(ask));
    call->length += got; /* which lie there already */
    return rc;
}

int vfus_mig_data_write(struct sriov_vfu_device *d, struct vfus_call *call)
{
    struct vfu_mig_data ask;
    int rc = vfu_rx_get(call->rx, &ask, sizeof(ask));

    if (!sriov_fn_can(d->fn, SRIOV_CAP_MIGRATION)) {
        return -EOPNOTSUPP;
    }
    if (rc != 0 || ask.size == 0 || ask.size > VFU_XFER_MAX ||
        vfu_rx_length(call->rx) - sizeof(ask) != ask.size) {
        return -EINVAL;
    }
    return sriov_mig_write(d->fn, vfu_rx_payload(call->rx) + sizeof(ask), ask.size);
}
