/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream_frame.h"

#include <string.h>

#define MAGIC   0x53525354u
#define VERSION 1u
#define HEAD    14u

/* Offsets behind the Ethernet header. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_KIND = 5,
    AT_LENGTH = 6,
    AT_RUN = 8,
    AT_RATE = 12,
    AT_NUMBER = 16,
    AT_SENT = 24,
    AT_SUMMARY = 32, /* six of 8 bytes */
    AT_SUM = 80,
};

static void put(uint8_t *to, uint64_t value, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        to[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    }
}

static uint64_t get(const uint8_t *from, uint32_t bytes)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < bytes; i++) {
        value = value << 8 | from[i];
    }
    return value;
}

/* FNV-1a over all but the sum: no hardware looks into these frames, so that damage would not be seen else. */
static uint32_t sum_of(const uint8_t *bytes, uint32_t len)
{
    uint32_t sum = 0x811c9dc5u;

    for (uint32_t i = 0; i < len; i++) {
        if (i < HEAD + AT_SUM || i >= HEAD + AT_SUM + 4) {
            sum = (sum ^ bytes[i]) * 0x01000193u;
        }
    }
    return sum;
}

void stream_frame_write(const struct stream_frame *frame, uint8_t *bytes)
{
    const struct stream_summary *summary = &frame->summary;
    const uint64_t books[] = {summary->sent,       summary->received,  summary->lost,
                              summary->duplicated, summary->reordered, summary->longest_gap_ns};
    uint8_t *body = bytes + HEAD;

    memcpy(bytes, frame->to.b, SRIOV_ETH_ALEN);
    memcpy(bytes + SRIOV_ETH_ALEN, frame->from.b, SRIOV_ETH_ALEN);
    put(bytes + 12, STREAM_ETHERTYPE, 2);
    put(body + AT_MAGIC, MAGIC, 4);
    put(body + AT_VERSION, VERSION, 1);
    put(body + AT_KIND, (uint64_t)frame->kind, 1);
    put(body + AT_LENGTH, frame->length, 2);
    put(body + AT_RUN, frame->run, 4);
    put(body + AT_RATE, frame->rate, 4);
    put(body + AT_NUMBER, frame->number, 8);
    put(body + AT_SENT, frame->sent_ns, 8);
    for (uint32_t i = 0; i < sizeof(books) / sizeof(books[0]); i++) {
        put(body + AT_SUMMARY + 8 * i, books[i], 8);
    }
    for (uint32_t i = STREAM_FRAME_LEAST; i < frame->length; i++) {
        bytes[i] = (uint8_t)(frame->number + i);
    }
    put(body + AT_SUM, sum_of(bytes, frame->length), 4);
}

static void read_header(const uint8_t *bytes, struct stream_frame *frame)
{
    const uint8_t *body = bytes + HEAD;
    struct stream_summary *summary = &frame->summary;
    uint64_t *const books[] = {&summary->sent,       &summary->received,  &summary->lost,
                               &summary->duplicated, &summary->reordered, &summary->longest_gap_ns};

    memcpy(frame->to.b, bytes, SRIOV_ETH_ALEN);
    memcpy(frame->from.b, bytes + SRIOV_ETH_ALEN, SRIOV_ETH_ALEN);
    frame->kind = (enum stream_kind)get(body + AT_KIND, 1);
    frame->length = (uint16_t)get(body + AT_LENGTH, 2);
    frame->run = (uint32_t)get(body + AT_RUN, 4);
    frame->rate = (uint32_t)get(body + AT_RATE, 4);
    frame->number = get(body + AT_NUMBER, 8);
    frame->sent_ns = get(body + AT_SENT, 8);
    for (uint32_t i = 0; i < sizeof(books) / sizeof(books[0]); i++) {
        *books[i] = get(body + AT_SUMMARY + 8 * i, 8);
    }
}

bool stream_frame_read(const uint8_t *bytes, uint32_t len, struct stream_frame *frame)
{
    if (len < STREAM_FRAME_LEAST || len > STREAM_FRAME_MOST || get(bytes + 12, 2) != STREAM_ETHERTYPE ||
        get(bytes + HEAD + AT_MAGIC, 4) != MAGIC || get(bytes + HEAD + AT_VERSION, 1) != VERSION) {
        return false;
    }
    read_header(bytes, frame);
    return frame->length == len && frame->kind >= STREAM_HELLO && frame->kind <= STREAM_BYE &&
           get(bytes + HEAD + AT_SUM, 4) == sum_of(bytes, len);
}
