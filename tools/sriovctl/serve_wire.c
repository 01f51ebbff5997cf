/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames between the PF's physical port and what --wire names. */
#include "serve_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Frames taken in one turn; the clients want theirs. */
#define BURST 64u

static bool is_full(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS;
}

/* What does not get there now is kept for the next turn, in its order; what would be too many is lost. */
static bool keep(struct serve_wire *wire, const void *frame, size_t len)
{
    void *bytes = wire->kept_end - wire->kept_first < SERVE_WIRE_KEPT ? malloc(len) : NULL;

    if (bytes == NULL) {
        return false;
    }
    memcpy(bytes, frame, len);
    wire->kept[wire->kept_end++ % SERVE_WIRE_KEPT] = (struct serve_wire_frame){bytes, len};
    return true;
}

static void send_kept(struct serve_wire *wire)
{
    while (wire->kept_first != wire->kept_end) {
        struct serve_wire_frame *first = &wire->kept[wire->kept_first % SERVE_WIRE_KEPT];
        bool sent = wire->put(wire, first->bytes, first->len);
        if (!sent && is_full()) {
            return;
        }
        wire->sent += sent ? 1 : 0;
        wire->lost += sent ? 0 : 1;
        free(first->bytes);
        wire->kept_first++;
    }
}

/* The device is at work meanwhile: only out, and at once. */
static void on_frame(void *arg, const void *frame, size_t len)
{
    struct serve_wire *wire = arg;

    send_kept(wire);
    if (wire->kept_first == wire->kept_end && wire->put(wire, frame, len)) {
        wire->sent++;
    } else if ((wire->kept_first == wire->kept_end && !is_full()) || !keep(wire, frame, len)) {
        wire->lost++;
    }
}

/* The part behind the prefix, or NULL when it has another, or nothing behind it. */
static const char *behind(const char *spec, const char *prefix)
{
    size_t n = strlen(prefix);

    return strncmp(spec, prefix, n) == 0 && spec[n] != '\0' ? spec + n : NULL;
}

static int open_named(struct serve *serve, struct serve_wire *wire, const char *spec)
{
    const char *rest = behind(spec, "pcap:");

    if (rest != NULL) {
        return serve_capture(serve, "switch", rest);
    }
    rest = behind(spec, "tap:");
    if (rest != NULL) {
        return serve_wire_tap(serve, wire, rest);
    }
    rest = behind(spec, "dgram:");
    if (rest != NULL) {
        return serve_wire_dgram(serve, wire, rest);
    }
    return cli_fail(serve->cli, "--wire %.100s: give pcap:FILE, tap:NAME or dgram:PATH", spec);
}

int serve_wire_open(struct serve *serve)
{
    struct serve_wire *wire;

    if (serve->values->wire == NULL) {
        return CLI_OK;
    }
    wire = calloc(1, sizeof(*wire));
    if (wire == NULL) {
        return cli_fail(serve->cli, "out of memory");
    }
    wire->fd = -1;
    wire->name = serve->values->wire;
    serve->wire = wire;
    if (open_named(serve, wire, wire->name) != CLI_OK) {
        return CLI_USAGE;
    }
    if (wire->fd >= 0) {
        (void)sriov_mock_wire_sink(serve->mock, serve->owner.bdf, on_frame, wire);
    }
    return CLI_OK;
}

void serve_wire_close(struct serve *serve)
{
    struct serve_wire *wire = serve->wire;

    if (wire == NULL) {
        return;
    }
    if (wire->fd >= 0) {
        (void)sriov_mock_wire_sink(serve->mock, serve->owner.bdf, NULL, NULL);
        (void)close(wire->fd);
    }
    if (wire->path[0] != '\0') {
        (void)unlink(wire->path);
    }
    while (wire->kept_first != wire->kept_end) {
        free(wire->kept[wire->kept_first++ % SERVE_WIRE_KEPT].bytes);
    }
    free(wire);
    serve->wire = NULL;
}

int serve_wire_fd(const struct serve *serve)
{
    return serve->wire != NULL && !serve->wire->ended ? serve->wire->fd : -1;
}

bool serve_wire_keeps(const struct serve *serve)
{
    return serve->wire != NULL && serve->wire->kept_first != serve->wire->kept_end;
}

void serve_wire_send_kept(struct serve *serve)
{
    if (serve_wire_keeps(serve)) {
        send_kept(serve->wire);
    }
}

/* A TAP device that was deleted is readable for ever. */
static void note_end(struct serve_wire *wire, int err)
{
    if (err != EAGAIN && err != EINTR && err != ENOMEM && err != ENOBUFS) {
        wire->ended = true;
        cli_note("sriovctl: %s: %s: nothing comes from there any more", wire->name, strerror(err));
    }
}

/* What is longer than any frame is none. */
void serve_wire_turn(struct serve *serve)
{
    static uint8_t frame[SERVE_FRAME_MAX];
    struct serve_wire *wire = serve->wire;
    ssize_t n = 1;

    for (uint32_t i = 0; i < BURST && n > 0; i++) {
        n = wire->get(wire, frame, sizeof(frame));
        if (n < 0) {
            note_end(wire, errno);
        } else if (n > 0 && (size_t)n <= sizeof(frame) &&
                   sriov_mock_wire_send(serve->mock, serve->owner.bdf, frame, (size_t)n) == 0) {
            wire->received++;
        }
    }
}

json_t *serve_wire_view(const struct serve *serve)
{
    const struct serve_wire *wire = serve->wire;
    json_t *object;

    if (wire == NULL) {
        return json_null();
    }
    object = out_object();
    out_text(object, "name", wire->name);
    out_number(object, "sent", wire->sent);
    out_number(object, "received", wire->received);
    out_number(object, "lost", wire->lost);
    return object;
}
