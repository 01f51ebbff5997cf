/* SPDX-License-Identifier: BSD-3-Clause */
/* Captures of ports, and of all that the switch carries. */
#include "serve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What was captured can be read so soon, and a disk that is full is noticed. */
#define FLUSH_NS (200 * SERVE_NS_PER_MS)

/* The mock's name of "vf3", "wire" or "switch" into name; false: there is none of that name. */
static bool port_name(struct serve *serve, const char *port, char *name, size_t room)
{
    unsigned vf;
    char rest;
    char bdf[SRIOV_NAME_MAX];

    if (strcmp(port, "wire") == 0 || strcmp(port, "switch") == 0) {
        (void)snprintf(name, room, "%s%s", serve->owner.bdf, port[0] == 's' ? "/switch" : "");
        return true;
    }
    if (sscanf(port, "vf%3u%c", &vf, &rest) != 1 || vf >= serve->owner.num_vfs ||
        serve->owner.ops->vf_bdf(&serve->owner, (uint16_t)vf, bdf) != 0) {
        return false;
    }
    (void)snprintf(name, room, "%s", bdf);
    return true;
}

static void flush(void *arg)
{
    struct serve *serve = arg;

    if (sriov_mock_capture_flush(serve->mock) != 0 && !serve->capture_failed) {
        cli_note("sriovctl: a capture is incomplete: is the disk full?");
        serve->capture_failed = true;
    }
}

static int flush_by_and_by(struct serve *serve)
{
    if (serve->flush_task == 0) {
        serve->flush_task = sriov_mock_task(serve->mock, FLUSH_NS, flush, serve);
    }
    return serve->flush_task < 0 ? serve->flush_task : 0;
}

int serve_capture(struct serve *serve, const char *port, const char *file)
{
    char name[SRIOV_NAME_MAX + 8];

    if (!port_name(serve, port, name, sizeof(name))) {
        return cli_fail(serve->cli,
                        "--capture %.40s: there is no such port: give wire, switch or vf0 to vf%d", port,
                        serve->owner.num_vfs - 1);
    }
    int rc = sriov_mock_capture(serve->mock, name, file);
    if (rc == 0) {
        rc = flush_by_and_by(serve);
    }
    if (rc == -EBUSY) {
        return cli_fail(serve->cli, "%.40s is captured twice: leave one out", port);
    }
    if (rc != 0) {
        return cli_fail(serve->cli, "%.160s: cannot be made: %s: choose a place you may write to", file,
                        strerror(-rc));
    }
    return CLI_OK;
}

static int open_one(struct serve *serve, const char *spec)
{
    const char *colon = strchr(spec, ':');
    char port[16];

    if (colon == NULL || colon[1] == '\0' || (size_t)(colon - spec) >= sizeof(port)) {
        return cli_fail(serve->cli, "--capture %.100s: give PORT:FILE, as vf0:vf0.pcap", spec);
    }
    memcpy(port, spec, (size_t)(colon - spec));
    port[colon - spec] = '\0';
    return serve_capture(serve, port, colon + 1);
}

int serve_captures_open(struct serve *serve)
{
    int status = CLI_OK;

    for (uint32_t i = 0; status == CLI_OK && i < serve->values->captures.n; i++) {
        status = open_one(serve, serve->values->captures.items[i]);
    }
    return status;
}

void serve_captures_close(struct serve *serve)
{
    if (serve->flush_task > 0) {
        flush(serve);
        (void)sriov_mock_task_stop(serve->mock, serve->flush_task);
        serve->flush_task = 0;
    }
}
