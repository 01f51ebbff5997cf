/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames between the VFs: each world delivers a frame within the doorbell, or soon after. */
#include "script.h"

#include <errno.h>
#include <string.h>

#define FRAME_MOST 1600u
#define BURST      16u
#define ARRIVE_NS  (2 * MS)

const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
const uint8_t group[6] = {0x03, 0x53, 0x52, 0x00, 0x42, 0x24};

/* An experimental EtherType (IEEE 802), so that nobody answers. Payload counts on from frame to frame. */
static void fill(const struct frame *frame, const struct sriov_mac *from, uint8_t *bytes)
{
    static uint8_t number;
    uint32_t at = 12;
    memcpy(bytes, frame->to, 6);
    memcpy(bytes + 6, from->b, 6);
    if (frame->vid != 0 && !frame->insert) {
        const uint8_t tag[4] = {0x81, 0x00, (uint8_t)(frame->vid >> 8), (uint8_t)frame->vid};
        memcpy(bytes + at, tag, sizeof(tag));
        at += 4;
    }
    bytes[at++] = 0x88;
    bytes[at++] = 0xb5;
    number++;
    for (uint32_t i = at; i < frame->length; i++) {
        bytes[i] = (uint8_t)(number * 16u + i);
    }
}

static struct sriov_buf *build(struct vf *vf, const struct frame *frame)
{
    uint8_t bytes[FRAME_MOST];
    uint32_t segments = frame->segments != 0 ? frame->segments : 1;
    struct sriov_buf *head = NULL;
    struct sriov_buf **link = &head;
    uint32_t at = 0;
    fill(frame, &vf->mac, bytes);
    for (uint32_t s = 0; s < segments; s++) {
        uint32_t len = s + 1 == segments ? frame->length - at : frame->length / segments;
        *link = sriov_buf_from(vf->pool, bytes + at, len);
        if (*link == NULL) {
            sriov_buf_free(head);
            return NULL;
        }
        link = &(*link)->next;
        at += len;
    }
    head->pkt_len = frame->length;
    head->num_segs = (uint16_t)segments;
    if (frame->insert) {
        head->flags |= SRIOV_TX_VLAN;
        head->vlan_tci = frame->vid;
    }
    return head;
}

int traffic_post(struct world *w, uint32_t from, const struct frame *frame)
{
    struct vf *vf = &w->vf[from];
    struct sriov_buf *buf = build(vf, frame);
    if (buf == NULL) {
        return -ENOMEM;
    }
    if (sriov_tx_burst(sriov_net_txq(vf->net, 0), &buf, 1) != 1) {
        sriov_buf_free(buf);
        world_note(w, "vf%u sends nothing: no room", from);
    }
    return 0;
}

uint32_t traffic_take(struct world *w, uint32_t at)
{
    struct sriov_buf *bufs[BURST];
    uint32_t frames = 0;
    uint16_t n;
    do {
        n = sriov_rx_burst(sriov_net_rxq(w->vf[at].net, 0), bufs, BURST);
        for (uint16_t i = 0; i < n; i++) {
            world_note(w, "vf%u gets %u bytes in %u flags 0x%04x tci %u", at, bufs[i]->pkt_len,
                       bufs[i]->num_segs, bufs[i]->flags, bufs[i]->vlan_tci);
            sriov_buf_free(bufs[i]);
        }
        frames += n;
    } while (n != 0);
    return frames;
}

int traffic_send(struct world *w, uint32_t from, const struct frame *frame)
{
    int err = traffic_post(w, from, frame);
    world_sleep(w, ARRIVE_NS);
    for (uint32_t i = 0; i < VFS; i++) {
        (void)traffic_take(w, i);
    }
    return err;
}
