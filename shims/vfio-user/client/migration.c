/* SPDX-License-Identifier: BSD-3-Clause */
/* The device's state, which the server keeps: asked for, moved and set by message. */
#include "vfuc.h"

#include <stdlib.h>
#include <string.h>

struct state_msg {
    struct vfu_device_feature head;
    struct vfu_mig_state data;
};

int vfuc_feature(struct vfuc_fn *fn, const void *ask, size_t ask_len, void *answer, size_t answer_len)
{
    struct vfuc_msg msg = {.command = VFU_DEVICE_FEATURE,
                           .head = ask,
                           .head_len = ask_len,
                           .reply = answer,
                           .reply_min = answer_len,
                           .reply_room = answer_len};
    return vfuc_call(&fn->conn, &msg);
}

static int probe(struct vfuc_fn *fn, uint32_t feature, uint32_t methods, bool *has)
{
    struct vfu_device_feature ask = {.argsz = sizeof(ask), .flags = feature | methods | VFU_FEATURE_PROBE};
    struct vfu_device_feature answer;
    int result = vfuc_feature(fn, &ask, sizeof(ask), &answer, sizeof(answer));
    *has = result == 0;
    return result > 0 ? 0 : result;
}

static int ask_flags(struct vfuc_fn *fn, uint64_t *flags)
{
    struct {
        struct vfu_device_feature head;
        uint64_t flags;
    } answer;
    struct vfu_device_feature ask = {.argsz = sizeof(answer),
                                     .flags = VFU_FEATURE_MIGRATION | VFU_FEATURE_GET};
    int result = vfuc_feature(fn, &ask, sizeof(ask), &answer, sizeof(answer));
    *flags = result == 0 ? answer.flags : 0;
    return result > 0 ? 0 : result;
}

/* A server that knows no features refuses the questions, and that is the answer. */
int vfuc_mig_ask(struct vfuc_fn *fn)
{
    int err = ask_flags(fn, &fn->mig_flags);
    bool start = false;
    bool report = false;
    if ((fn->mig_flags & VFU_MIG_STOP_COPY) == 0) {
        fn->mig_flags = 0;
    }
    err = err != 0 ? err : probe(fn, VFU_FEATURE_DMA_LOGGING_START, VFU_FEATURE_SET, &start);
    if (err == 0 && start) {
        err = probe(fn, VFU_FEATURE_DMA_LOGGING_REPORT, VFU_FEATURE_GET, &report);
    }
    fn->can_log = start && report;
    return err;
}

int vfuc_op_mig_info(void *handle, struct sriov_mig_info *info)
{
    const struct vfuc_fn *fn = handle;
    struct sriov_mig_info own = {.size = info->size};
    if (fn->mig_flags == 0) {
        return -EOPNOTSUPP;
    }
    if (own.size < sizeof(info->size)) {
        return -EINVAL;
    }
    own.flags = (fn->mig_flags & VFU_MIG_PRE_COPY) != 0 ? SRIOV_MIG_HAS_PRE_COPY : 0;
    memset(info, 0, own.size);
    memcpy(info, &own, own.size < sizeof(own) ? own.size : sizeof(own));
    return 0;
}

static bool is_state(uint32_t state)
{
    return state <= SRIOV_MIG_RESUMING || state == SRIOV_MIG_PRE_COPY;
}

int vfuc_op_mig_state(void *handle, uint32_t *state)
{
    struct vfuc_fn *fn = handle;
    struct state_msg answer;
    struct vfu_device_feature ask = {.argsz = sizeof(answer),
                                     .flags = VFU_FEATURE_MIG_DEVICE_STATE | VFU_FEATURE_GET};
    *state = SRIOV_MIG_ERROR;
    if (fn->mig_flags == 0) {
        return -EOPNOTSUPP;
    }
    int err = vfuc_error(vfuc_feature(fn, &ask, sizeof(ask), &answer, sizeof(answer)));
    if (err != 0) {
        return err;
    }
    if (!is_state(answer.data.state)) {
        return -EPROTO;
    }
    *state = answer.data.state;
    return 0;
}

int vfuc_op_mig_set_state(void *handle, uint32_t state)
{
    struct vfuc_fn *fn = handle;
    struct state_msg answer;
    struct state_msg ask = {
        .head = {.argsz = sizeof(ask), .flags = VFU_FEATURE_MIG_DEVICE_STATE | VFU_FEATURE_SET},
        .data = {.state = state, .data_fd = -1}};
    if (fn->mig_flags == 0) {
        return -EOPNOTSUPP;
    }
    return vfuc_error(vfuc_feature(fn, &ask, sizeof(ask), &answer, sizeof(answer)));
}

/* Of state in one message, both ways. */
static uint32_t piece_of(const struct vfuc_fn *fn, uint64_t len)
{
    return len < fn->conn.max_xfer ? (uint32_t)len : fn->conn.max_xfer;
}

int vfuc_op_mig_read(void *handle, void *bytes, uint64_t room, uint64_t *len)
{
    struct vfuc_fn *fn = handle;
    uint32_t size = piece_of(fn, room);
    struct vfu_mig_data ask = {.argsz = (uint32_t)sizeof(ask) + size, .size = size};
    *len = 0;
    if (fn->mig_flags == 0 || size == 0) {
        return fn->mig_flags == 0 ? -EOPNOTSUPP : 0;
    }
    uint8_t *answer = malloc(ask.argsz);
    if (answer == NULL) {
        return -ENOMEM;
    }
    struct vfuc_msg msg = {.command = VFU_MIG_DATA_READ,
                           .head = &ask,
                           .head_len = sizeof(ask),
                           .reply = answer,
                           .reply_min = sizeof(ask),
                           .reply_room = ask.argsz};
    int err = vfuc_error(vfuc_call(&fn->conn, &msg));
    if (err == 0) {
        memcpy(&ask, answer, sizeof(ask));
        err = ask.size == msg.reply_len - sizeof(ask) ? 0 : -EPROTO;
    }
    if (err == 0) {
        memcpy(bytes, answer + sizeof(ask), ask.size);
        *len = ask.size;
    }
    free(answer);
    return err;
}

/* In pieces. What is refused in the midst leaves a part of it with the server, which the way out of RESUMING
 * finds to be no state. */
int vfuc_op_mig_write(void *handle, const void *bytes, uint64_t len)
{
    struct vfuc_fn *fn = handle;
    const uint8_t *at = bytes;
    int err = fn->mig_flags == 0 ? -EOPNOTSUPP : 0;
    while (err == 0 && len != 0) {
        uint32_t size = piece_of(fn, len);
        struct vfu_mig_data ask = {.argsz = (uint32_t)sizeof(ask) + size, .size = size};
        struct vfuc_msg msg = {.command = VFU_MIG_DATA_WRITE,
                               .head = &ask,
                               .head_len = sizeof(ask),
                               .data = at,
                               .data_len = size};
        err = vfuc_error(vfuc_call(&fn->conn, &msg));
        at += size;
        len -= size;
    }
    return err;
}
