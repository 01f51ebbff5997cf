/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames of a numbered stream: Ethernet, the type for local experiments (0x88b5), a header of fixed size
 * in network order. The leader says HELLO to all until the follower's first DATA; both then send DATA to each
 * other. The leader ends it with END, the follower answers BYE; both tell their books.
 */
#ifndef SRIOVCTL_STREAM_FRAME_H
#define SRIOVCTL_STREAM_FRAME_H

#include <sriov/net.h>

#define STREAM_ETHERTYPE   0x88b5u
#define STREAM_HEADER      84u
#define STREAM_FRAME_LEAST (14u + STREAM_HEADER)
#define STREAM_FRAME_MOST  1514u

enum stream_kind {
    STREAM_HELLO = 1,
    STREAM_DATA = 2,
    STREAM_END = 3,
    STREAM_BYE = 4,
};

/* What the sender has in its books. */
struct stream_summary {
    uint64_t sent;
    uint64_t received;
    uint64_t lost;
    uint64_t duplicated;
    uint64_t reordered;
    uint64_t longest_gap_ns;
};

struct stream_frame {
    struct sriov_mac to;
    struct sriov_mac from;
    enum stream_kind kind;
    uint16_t length; /* of the whole frame */
    uint32_t run;    /* the leader's number for this stream; others' frames are none of it */
    uint32_t rate;   /* frames a second */
    uint64_t number;
    uint64_t sent_ns;
    struct stream_summary summary;
};

/* bytes has room for STREAM_FRAME_MOST; frame->length between STREAM_FRAME_LEAST and that. */
void stream_frame_write(const struct stream_frame *frame, uint8_t *bytes);
/* False: it is none of ours, or damaged. The filling is compared, too. */
bool stream_frame_read(const uint8_t *bytes, uint32_t len, struct stream_frame *frame);

#endif
