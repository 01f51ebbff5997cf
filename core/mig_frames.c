/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames that travel in a stream: a head of 16 bytes each, the frame, zeroes up to a multiple of 8. */
#include "mig.h"

#define HEAD_BYTES 16u
/* A frame that could be in any buffer chain of ours. */
#define FRAME_MAX 65535u

static const uint16_t known_flags = SRIOV_RX_L4_CSUM_OK | SRIOV_RX_L4_CSUM_BAD | SRIOV_RX_IP_CSUM_OK |
                                    SRIOV_RX_IP_CSUM_BAD | SRIOV_RX_VLAN | SRIOV_RX_RSS | SRIOV_TX_VLAN;

static uint32_t length_of(const struct sriov_buf *buf)
{
    uint32_t len = 0;

    for (; buf != NULL; buf = buf->next) {
        len += buf->len;
    }
    return len;
}

int sric_mig_frame_put(struct sriov_mig_blob *blob, uint16_t queue, const struct sriov_buf *buf)
{
    uint32_t len = length_of(buf);
    uint64_t whole = HEAD_BYTES + len + sric_mig_pad(len);
    int rc = sric_mig_grow(blob, whole);
    uint8_t *p;

    if (rc != 0) {
        return rc;
    }
    p = blob->bytes + blob->len;
    memset(p, 0, (size_t)whole);
    sric_mig_put32(p, len);
    sric_mig_put16(p + 4, queue);
    sric_mig_put16(p + 6, buf->flags & known_flags);
    sric_mig_put16(p + 8, buf->vlan_tci);
    sric_mig_put32(p + 12, buf->rss_hash);
    (void)sriov_buf_copy_out(buf, p + HEAD_BYTES, len);
    blob->len += whole;
    return 0;
}

int sric_mig_frame_next(const struct sriov_mig_section *s, uint64_t *at, struct sric_mig_frame *frame)
{
    const uint8_t *p = s->bytes + *at;
    uint64_t left = s->len - *at;

    if (left == 0) {
        return 0;
    }
    if (left < HEAD_BYTES) {
        return -EPROTO;
    }
    frame->len = sric_mig_get32(p);
    frame->queue = sric_mig_get16(p + 4);
    frame->flags = sric_mig_get16(p + 6);
    frame->vlan_tci = sric_mig_get16(p + 8);
    frame->rss_hash = sric_mig_get32(p + 12);
    frame->bytes = p + HEAD_BYTES;
    if (frame->len == 0 || frame->len > FRAME_MAX || (frame->flags & ~known_flags) != 0 ||
        sric_mig_get16(p + 10) != 0 || frame->len + sric_mig_pad(frame->len) > left - HEAD_BYTES) {
        return -EPROTO;
    }
    *at += HEAD_BYTES + frame->len + sric_mig_pad(frame->len);
    return 1;
}

int sric_mig_frames_check(const struct sriov_mig_section *s, uint16_t queues, uint32_t buf_size,
                          uint64_t *bufs_needed)
{
    struct sric_mig_frame frame;
    uint64_t at = 0;
    int rc;

    while ((rc = sric_mig_frame_next(s, &at, &frame)) == 1) {
        if (frame.queue >= queues) {
            return -EPROTO;
        }
        *bufs_needed += (frame.len - 1) / buf_size + 1;
    }
    return rc;
}
