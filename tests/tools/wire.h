/* SPDX-License-Identifier: BSD-3-Clause */
/* Two echo sessions at the ends of a wire on a clock that only the test moves. */
#ifndef TESTS_TOOLS_WIRE_H
#define TESTS_TOOLS_WIRE_H

#include "echo.h"
#include "frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WIRE_QUEUE 8192u
#define NS_PER_MS  UINT64_C(1000000)
#define A_IP       0xc0000201u
#define B_IP       0xc0000202u

enum fate {
    DELIVER = 0,
    DROP,
    TWICE,
    AFTER_NEXT, /* overtaken by the next frame of its direction */
    FLIP,       /* one bit of the last byte before padding */
    CUT,        /* one byte shorter, checksums put right */
};

struct wire_frame {
    struct echo_session *to;
    uint32_t len;
    uint8_t *bytes;
};

struct wire {
    uint64_t now;
    struct echo_session *a;
    struct echo_session *b;
    struct wire_end {
        struct wire *wire;
        bool is_a;
        bool full; /* send says -EAGAIN */
    } end_a, end_b;
    struct wire_frame queue[WIRE_QUEUE];
    uint32_t queued;
    struct wire_frame held;
    uint64_t sent_a; /* frames by kind of sender */
    uint64_t sent_b;
    uint64_t requests; /* echo requests that A sent */
    uint64_t answers;  /* echo answers that B sent */
    /* What becomes of B's n-th echo answer, from 0; NULL: delivered. */
    enum fate (*fate)(uint64_t n);
    bool cut; /* nothing passes */
    struct frame last_a;
    struct frame last_b;
};

struct wire *wire_create(void);
void wire_destroy(struct wire *wire);
/* Frames pass and both ends step until time `until`, a millisecond at a time. */
void wire_run(struct wire *wire, uint64_t until);
/* A frame built from *frame goes to the session. */
void wire_feed(struct echo_session *session, const struct frame *frame);

extern const struct sriov_mac mac_a;
extern const struct sriov_mac mac_b;

#endif
