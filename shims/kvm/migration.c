/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Device state by VFIO's migration v2, and the device's own log of what it writes, where its driver in the
 * kernel has them: vfio-pci alone has neither, the variant drivers of some devices have. The bytes come and
 * go by a descriptor that the kernel gives with the state; it takes arcs of several steps by itself.
 */
#include "skvm.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <unistd.h>

/* Linux 6.2 */
#define FLAG_PRE_COPY     UINT64_C(4)
#define FEATURE_DATA_SIZE 9u
#define FEATURE_BYTES     32u
#define RANGES_MAX        SRIOV_DMA_RANGES_MAX

struct data_size {
    uint64_t stop_copy_length;
};

static int feature(struct skvm_fn *fn, uint32_t flags, void *data, size_t size)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    union {
        struct vfio_device_feature head;
        unsigned char bytes[sizeof(struct vfio_device_feature) + FEATURE_BYTES];
        uint64_t align;
    } ask;
    memset(&ask, 0, sizeof(ask));
    ask.head.argsz = (uint32_t)(sizeof(ask.head) + size);
    ask.head.flags = flags;
    if (size != 0) {
        memcpy(ask.bytes + sizeof(ask.head), data, size);
    }
    int err = sys->ioctl(sys->ctx, fn->device, VFIO_DEVICE_FEATURE, &ask);
    if (err >= 0 && size != 0) {
        memcpy(data, ask.bytes + sizeof(ask.head), size);
    }
    return err < 0 ? err : 0;
}

void skvm_mig_ask(struct skvm_fn *fn)
{
    struct vfio_device_feature_migration mig = {0};
    fn->mig_data = -1;
    fn->mig_state = SRIOV_MIG_RUNNING;
    if (feature(fn, VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_MIGRATION, &mig, sizeof(mig)) == 0 &&
        (mig.flags & VFIO_MIGRATION_STOP_COPY) != 0) {
        fn->mig_flags = mig.flags;
        fn->info.caps |= SRIOV_CAP_MIGRATION;
    }
    fn->own_log =
        feature(fn,
                VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
                NULL, 0) == 0;
    if (fn->own_log || fn->space->hwpt != 0) {
        fn->info.caps |= SRIOV_CAP_DIRTY;
    }
}

static void drop_data(struct skvm_fn *fn)
{
    const struct skvm_sys *sys = skvm_sys_of(fn);
    if (fn->mig_data >= 0) {
        sys->close(sys->ctx, fn->mig_data);
        fn->mig_data = -1;
    }
}

void skvm_mig_reset(struct skvm_fn *fn)
{
    drop_data(fn);
    fn->mig_state = SRIOV_MIG_RUNNING;
}

int skvm_op_mig_info(void *handle, struct sriov_mig_info *info)
{
    struct skvm_fn *fn = handle;
    struct data_size size = {0};
    struct sriov_mig_info now = {.size = info->size};
    if (fn->mig_flags == 0) {
        return -EOPNOTSUPP;
    }
    if (now.size < sizeof(info->size)) {
        return -EINVAL;
    }
    now.flags = (fn->mig_flags & FLAG_PRE_COPY) != 0 ? SRIOV_MIG_HAS_PRE_COPY : 0;
    if (feature(fn, VFIO_DEVICE_FEATURE_GET | FEATURE_DATA_SIZE, &size, sizeof(size)) == 0) {
        now.stop_copy_len = size.stop_copy_length;
    }
    memset(info, 0, now.size);
    memcpy(info, &now, now.size < sizeof(now) ? now.size : sizeof(now));
    return 0;
}

static bool is_state(uint32_t state)
{
    return state <= SRIOV_MIG_RESUMING || state == SRIOV_MIG_PRE_COPY;
}

int skvm_op_mig_state(void *handle, uint32_t *state)
{
    struct skvm_fn *fn = handle;
    struct vfio_device_feature_mig_state now = {0};
    *state = SRIOV_MIG_ERROR;
    if (fn->mig_flags == 0) {
        return -EOPNOTSUPP;
    }
    int err = feature(fn, VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, &now, sizeof(now));
    if (err != 0) {
        return skvm_device_error(fn, err);
    }
    if (!is_state(now.device_state)) {
        return -EPROTO;
    }
    *state = now.device_state;
    return 0;
}

static bool moves_data(uint32_t state)
{
    return state == SRIOV_MIG_STOP_COPY || state == SRIOV_MIG_RESUMING || state == SRIOV_MIG_PRE_COPY;
}

/* From PRE_COPY to STOP_COPY the bytes go on where they are. */
static void take_data(struct skvm_fn *fn, uint32_t state, int32_t fd)
{
    if (fd >= 0 || !moves_data(state)) {
        drop_data(fn);
        fn->mig_data = fd;
    }
    fn->mig_state = state;
}

/* Bytes that are no state of this device's are found out when they are to become its own. */
static int state_error(struct skvm_fn *fn, int err)
{
    if (fn->mig_state == SRIOV_MIG_RESUMING && (err == -EINVAL || err == -EIO || err == -EBADMSG)) {
        return -EPROTO;
    }
    return skvm_device_error(fn, err);
}

int skvm_op_mig_set_state(void *handle, uint32_t state)
{
    struct skvm_fn *fn = handle;
    struct vfio_device_feature_mig_state ask = {.device_state = state, .data_fd = -1};
    uint32_t now;
    if (fn->mig_flags == 0) {
        return -EOPNOTSUPP;
    }
    if (!is_state(state) || state == SRIOV_MIG_ERROR) {
        return -EINVAL;
    }
    int err = feature(fn, VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, &ask, sizeof(ask));
    if (err == 0) {
        take_data(fn, state, ask.data_fd);
        return 0;
    }
    err = state_error(fn, err);
    if (skvm_op_mig_state(fn, &now) == 0 && now != fn->mig_state) {
        take_data(fn, now, -1); /* ERROR, or half the way */
    }
    return err;
}

int skvm_op_mig_read(void *handle, void *bytes, uint64_t room, uint64_t *len)
{
    struct skvm_fn *fn = handle;
    const struct skvm_sys *sys = skvm_sys_of(fn);
    *len = 0;
    if (fn->mig_flags == 0) {
        return -EOPNOTSUPP;
    }
    if (fn->mig_data < 0 || fn->mig_state == SRIOV_MIG_RESUMING) {
        return -EINVAL;
    }
    int64_t n = -EINTR;
    while (n == -EINTR) {
        n = sys->read(sys->ctx, fn->mig_data, bytes, (size_t)room);
    }
    if (n == -ENOMSG) {
        return 0; /* in PRE_COPY: for now */
    }
    *len = n > 0 ? (uint64_t)n : 0;
    return n < 0 ? skvm_device_error(fn, (int)n) : 0;
}

/* What is refused in the midst leaves a part with the kernel, which the way out of RESUMING finds to be no
 * state. */
int skvm_op_mig_write(void *handle, const void *bytes, uint64_t len)
{
    struct skvm_fn *fn = handle;
    const struct skvm_sys *sys = skvm_sys_of(fn);
    const unsigned char *at = bytes;
    if (fn->mig_flags == 0) {
        return -EOPNOTSUPP;
    }
    if (fn->mig_data < 0 || fn->mig_state != SRIOV_MIG_RESUMING) {
        return -EINVAL;
    }
    while (len != 0) {
        int64_t n = sys->write(sys->ctx, fn->mig_data, at, (size_t)len);
        if (n == 0 || (n < 0 && n != -EINTR)) {
            return n == 0 ? -EPROTO : skvm_device_error(fn, (int)n);
        }
        at += n > 0 ? n : 0;
        len -= n > 0 ? (uint64_t)n : 0;
    }
    return 0;
}

/* ---- the device's own log ---- */

static uint32_t log_ranges(struct skvm_fn *fn, struct vfio_device_feature_dma_logging_range *ranges)
{
    struct sriov_dma_limits limits = {.size = sizeof(limits)};
    uint32_t n = 0;
    if (skvm_op_dma_limits(fn, &limits) != 0) {
        return 0;
    }
    for (uint32_t i = 0; i < limits.num_ranges && i < RANGES_MAX; i++) {
        uint64_t first = (limits.ranges[i].first + (SRIOV_VM_PAGE - 1)) & ~(SRIOV_VM_PAGE - 1);
        uint64_t last = limits.ranges[i].last;
        if (first >= limits.ranges[i].first && first < last && last - first >= SRIOV_VM_PAGE - 1) {
            uint64_t length =
                (last - first + 1 == 0 ? last - first : last - first + 1) & ~(SRIOV_VM_PAGE - 1);
            ranges[n++] = (struct vfio_device_feature_dma_logging_range){.iova = first, .length = length};
        }
    }
    return n;
}

/* Of all that it may ever be given to reach: what is mapped while the log is on is in it. */
int skvm_own_log_start(struct skvm_fn *fn)
{
    struct vfio_device_feature_dma_logging_range ranges[RANGES_MAX];
    struct vfio_device_feature_dma_logging_control ask = {.page_size = SRIOV_VM_PAGE,
                                                          .ranges = (uintptr_t)ranges};
    ask.num_ranges = log_ranges(fn, ranges);
    if (!fn->own_log || ask.num_ranges == 0) {
        return -EOPNOTSUPP;
    }
    return feature(fn, VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_DMA_LOGGING_START, &ask, sizeof(ask));
}

int skvm_own_log_stop(struct skvm_fn *fn)
{
    return feature(fn, VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, NULL, 0);
}

int skvm_own_log_read(struct skvm_fn *fn, uint64_t iova, uint64_t length, uint64_t *bitmap)
{
    struct vfio_device_feature_dma_logging_report ask = {
        .iova = iova, .length = length, .page_size = SRIOV_VM_PAGE, .bitmap = (uintptr_t)bitmap};
    return feature(fn, VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT, &ask, sizeof(ask));
}
