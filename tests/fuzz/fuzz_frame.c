/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames from anybody: the parser, and a host that answers and asks. */
#include "echo.h"
#include "frame.h"
#include "fuzz.h"

#define OWN_IP UINT32_C(0xc0000201)

static struct {
    uint64_t now;
    uint64_t sent;
} net;

static int take(void *arg, const uint8_t *frame, uint32_t len)
{
    uint32_t sum = 0;

    (void)arg;
    FUZZ_MUST(len >= FRAME_ETH_HEADER && len <= FRAME_MAX);
    for (uint32_t i = 0; i < len; i++) {
        sum += frame[i]; /* every byte is there to be read */
    }
    net.sent += 1 + (sum & 0u);
    return (net.sent & 7u) == 7u ? -11 : 0;
}

static uint64_t now(void *arg)
{
    (void)arg;
    return net.now;
}

static void parse(const uint8_t *bytes, uint32_t len)
{
    struct frame frame;

    frame_parse(bytes, len, &frame);
    if (frame.kind == FRAME_PING || frame.kind == FRAME_PONG || frame.kind == FRAME_UDP) {
        FUZZ_MUST(frame.payload_len == 0 ||
                  (frame.payload >= bytes && frame.payload_len <= (size_t)(bytes + len - frame.payload)));
    }
}

/* Each frame in a block of its own, so that a read beyond its end is one. */
static void feed(struct echo_session *session, struct fuzz_input *in)
{
    uint32_t want = fuzz_u8(in) | (uint32_t)fuzz_u8(in) << 8;
    uint32_t len = want < in->left ? want : (uint32_t)in->left;
    uint8_t *bytes = malloc(len != 0 ? len : 1);

    FUZZ_MUST(bytes != NULL);
    fuzz_take(in, bytes, len);
    parse(bytes, len);
    echo_input(session, bytes, len);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sriov_mac mac = {{0x02, 0, 0, 0, 0, 1}};
    struct fuzz_input in = {data, size};
    struct echo_io io = {.send = take, .now = now};
    struct echo_session *session;
    uint8_t mode = fuzz_u8(&in);
    struct echo_plan plan = {.target = OWN_IP + 1,
                             .protocol = (mode & 1u) != 0 ? ECHO_UDP : ECHO_ICMP,
                             .count = 16,
                             .size_min = 8,
                             .size_max = 64u * (mode >> 2),
                             .window = 4,
                             .ident = 0x1234,
                             .timeout_ns = 1000000};

    memset(&net, 0, sizeof(net));
    FUZZ_MUST(echo_session_create(&mac, OWN_IP, &io, &session) == 0);
    if ((mode & 2u) != 0) {
        (void)echo_session_start(session, &plan);
    }
    for (uint32_t i = 0; i < 64 && in.left != 0; i++) {
        feed(session, &in);
        net.now += 100000;
        (void)echo_step(session);
    }
    echo_session_abort(session);
    echo_session_destroy(session);
    return 0;
}
