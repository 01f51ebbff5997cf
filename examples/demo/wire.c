/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire.h"

#include "echo.h"
#include "frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DISTANCE_NS 1000u
#define IN_FLIGHT   256u

/* A frame leaves the device in the middle of its own work: the host may answer only later. */
struct in_flight {
    uint32_t len;
    uint8_t bytes[FRAME_MAX];
};

struct wire_host {
    struct sriov_mock *mock;
    char pf[SRIOV_NAME_MAX];
    struct echo_session *session;
    int task;
    uint64_t frames;
    uint32_t head;
    uint32_t tail;
    struct in_flight queue[IN_FLIGHT];
};

static int host_send(void *arg, const uint8_t *frame, uint32_t len)
{
    struct wire_host *host = arg;
    return sriov_mock_wire_send(host->mock, host->pf, frame, len);
}

static uint64_t host_now(void *arg)
{
    const struct wire_host *host = arg;
    return sriov_mock_now(host->mock);
}

static void frame_leaves(void *arg, const void *frame, size_t len)
{
    struct wire_host *host = arg;
    host->frames++;
    if (len <= FRAME_MAX && host->tail - host->head < IN_FLIGHT) {
        struct in_flight *slot = &host->queue[host->tail++ % IN_FLIGHT];
        slot->len = (uint32_t)len;
        memcpy(slot->bytes, frame, len);
    }
}

static void frames_arrive(void *arg)
{
    struct wire_host *host = arg;
    while (host->head != host->tail) {
        struct in_flight *slot = &host->queue[host->head % IN_FLIGHT];
        echo_input(host->session, slot->bytes, slot->len);
        host->head++;
    }
}

struct wire_host *wire_host_create(struct sriov_mock *mock, const char *pf, uint32_t ip)
{
    struct wire_host *host = calloc(1, sizeof(*host));
    if (host == NULL) {
        return NULL;
    }
    host->mock = mock;
    memcpy(host->pf, pf, strnlen(pf, sizeof(host->pf) - 1));
    struct sriov_mac mac = {{0x02, 0xee, 0, 0, 0, 1}};
    struct echo_io io = {.send = host_send, .now = host_now, .arg = host};
    int err = echo_session_create(&mac, ip, &io, &host->session);
    if (err == 0) {
        host->task = sriov_mock_task(mock, DISTANCE_NS, frames_arrive, host);
        err = host->task < 0 ? host->task : sriov_mock_wire_sink(mock, pf, frame_leaves, host);
    }
    if (err != 0) {
        wire_host_destroy(host);
        return NULL;
    }
    return host;
}

void wire_host_destroy(struct wire_host *host)
{
    if (host == NULL) {
        return;
    }
    (void)sriov_mock_wire_sink(host->mock, host->pf, NULL, NULL);
    if (host->task > 0) {
        (void)sriov_mock_task_stop(host->mock, host->task);
    }
    echo_session_destroy(host->session);
    free(host);
}

uint64_t wire_host_frames(const struct wire_host *host)
{
    return host->frames;
}
