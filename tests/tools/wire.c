/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire.h"

#include "checksum.h"

const struct sriov_mac mac_a = {{2, 0, 0, 0, 0, 0xa}};
const struct sriov_mac mac_b = {{2, 0, 0, 0, 0, 0xb}};

static uint64_t end_now(void *arg)
{
    const struct wire_end *end = arg;

    return end->wire->now;
}

static struct wire_frame copy_frame(struct echo_session *to, const uint8_t *bytes, uint32_t len)
{
    struct wire_frame copy = {to, len, malloc(len)}; /* exact size: a sanitizer sees the first byte beyond */

    assert_non_null(copy.bytes);
    memcpy(copy.bytes, bytes, len);
    return copy;
}

static void push(struct wire *wire, struct wire_frame frame)
{
    assert_in_range(wire->queued, 0, WIRE_QUEUE - 1);
    wire->queue[wire->queued++] = frame;
}

static void bend(struct wire_frame *frame, enum fate fate)
{
    uint32_t end = FRAME_ETH_HEADER + (uint32_t)(frame->bytes[16] << 8 | frame->bytes[17]);
    struct frame parsed;
    uint8_t out[FRAME_MAX];

    if (fate == FLIP) {
        frame->bytes[end - 1] ^= 0x10;
        return;
    }
    frame_parse(frame->bytes, frame->len, &parsed);
    parsed.payload_len--;
    frame->len = frame_build(out, &parsed);
    memcpy(frame->bytes, out, frame->len);
}

static void pass_answer(struct wire *wire, struct wire_frame frame)
{
    enum fate fate = wire->fate != NULL ? wire->fate(wire->answers) : DELIVER;

    wire->answers++;
    if (fate == DROP) {
        free(frame.bytes);
        return;
    }
    if (fate == FLIP || fate == CUT) {
        bend(&frame, fate);
    }
    if (fate == AFTER_NEXT && wire->held.bytes == NULL) {
        wire->held = frame;
        return;
    }
    push(wire, frame);
    if (fate == TWICE) {
        push(wire, copy_frame(frame.to, frame.bytes, frame.len));
    }
    if (wire->held.bytes != NULL) {
        push(wire, wire->held);
        wire->held.bytes = NULL;
    }
}

static bool is_answer(const struct frame *frame)
{
    return frame->kind == FRAME_PONG || (frame->kind == FRAME_UDP && frame->ident == ECHO_UDP_PORT);
}

static int end_send(void *arg, const uint8_t *bytes, uint32_t len)
{
    struct wire_end *end = arg;
    struct wire *wire = end->wire;
    struct frame parsed;

    if (end->full) {
        return -EAGAIN;
    }
    assert_in_range(len, FRAME_MIN, FRAME_MAX);
    frame_parse(bytes, len, &parsed);
    assert_int_not_equal(parsed.kind, FRAME_OTHER);
    assert_false(parsed.damaged);
    *(end->is_a ? &wire->last_a : &wire->last_b) = parsed;
    *(end->is_a ? &wire->sent_a : &wire->sent_b) += 1;
    wire->requests += end->is_a && (parsed.kind == FRAME_PING || parsed.kind == FRAME_UDP);
    if (wire->cut) {
        return 0;
    }
    struct wire_frame copy = copy_frame(end->is_a ? wire->b : wire->a, bytes, len);
    if (!end->is_a && is_answer(&parsed)) {
        pass_answer(wire, copy);
    } else {
        push(wire, copy);
    }
    return 0;
}

struct wire *wire_create(void)
{
    struct wire *wire = calloc(1, sizeof(*wire));

    assert_non_null(wire);
    wire->now = 5 * NS_PER_MS;
    wire->end_a = (struct wire_end){.wire = wire, .is_a = true};
    wire->end_b = (struct wire_end){.wire = wire};
    struct echo_io io_a = {end_send, end_now, &wire->end_a};
    struct echo_io io_b = {end_send, end_now, &wire->end_b};
    assert_int_equal(echo_session_create(&mac_a, A_IP, &io_a, &wire->a), 0);
    assert_int_equal(echo_session_create(&mac_b, B_IP, &io_b, &wire->b), 0);
    return wire;
}

static void deliver(struct wire *wire)
{
    for (uint32_t i = 0; i < wire->queued; i++) {
        struct wire_frame frame = wire->queue[i];
        if (!wire->cut) {
            echo_input(frame.to, frame.bytes, frame.len);
        }
        free(frame.bytes);
    }
    wire->queued = 0;
}

void wire_destroy(struct wire *wire)
{
    wire->cut = true;
    deliver(wire);
    free(wire->held.bytes);
    echo_session_destroy(wire->a);
    echo_session_destroy(wire->b);
    free(wire);
}

void wire_run(struct wire *wire, uint64_t until)
{
    while (wire->now < until) {
        (void)echo_step(wire->a);
        (void)echo_step(wire->b);
        wire->now += NS_PER_MS / 2;
        deliver(wire);
        wire->now += NS_PER_MS / 2;
    }
}

void wire_feed(struct echo_session *session, const struct frame *frame)
{
    uint8_t bytes[FRAME_MAX];
    uint32_t len = frame_build(bytes, frame);

    assert_int_not_equal(len, 0);
    echo_input(session, bytes, len);
}
