/* SPDX-License-Identifier: BSD-3-Clause */
/* The first message: versions, and what each side can take. */
#include "vfuc.h"

#define JSON_ROOM   4096u
#define PAGE        UINT64_C(4096)
#define PAGE_LIMIT  (UINT64_C(1) << 30)
#define MAPS_UNSAID 65535u

static int take_version(struct vfuc_conn *conn, const uint8_t *payload, size_t length)
{
    struct vfu_version version;
    struct vfu_caps caps;
    int err = vfu_version_read(payload, (uint32_t)length, &version, &caps);
    if (err != 0) {
        return err;
    }
    uint64_t pages = caps.pgsizes != 0 ? caps.pgsizes & (~caps.pgsizes + 1) : PAGE;
    if (version.major != VFU_MAJOR || version.minor > VFU_MINOR || pages > PAGE_LIMIT) {
        return -EPROTO;
    }
    conn->granule = pages > PAGE ? pages : PAGE;
    conn->max_fds = caps.max_msg_fds < VFUC_FDS_MAX ? (uint32_t)caps.max_msg_fds : VFUC_FDS_MAX;
    conn->max_xfer =
        caps.max_data_xfer_size < VFU_XFER_MAX ? (uint32_t)caps.max_data_xfer_size : VFU_XFER_MAX;
    conn->max_maps = caps.max_dma_maps != 0 ? caps.max_dma_maps : MAPS_UNSAID;
    return 0;
}

int vfuc_negotiate(struct vfuc_conn *conn)
{
    struct vfu_version ours = {.major = VFU_MAJOR, .minor = VFU_MINOR};
    struct vfu_caps caps = {.max_msg_fds = VFUC_FDS_MAX, .max_data_xfer_size = VFU_XFER_MAX, .pgsizes = PAGE};
    uint8_t ask[JSON_ROOM];
    uint8_t answer[JSON_ROOM];
    int length = vfu_version_write(&ours, &caps, ask, sizeof(ask));
    if (length < 0) {
        return length;
    }
    struct vfuc_msg msg = {.command = VFU_VERSION,
                           .head = ask,
                           .head_len = (size_t)length,
                           .reply = answer,
                           .reply_min = sizeof(ours),
                           .reply_room = sizeof(answer)};
    int result = vfuc_call(conn, &msg);
    if (result == 0) {
        return take_version(conn, answer, msg.reply_len);
    }
    return result == -ENODEV || result == EBUSY ? -EBUSY : result > 0 ? -EPROTO : result;
}
