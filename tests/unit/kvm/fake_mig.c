/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake host's device features: state that moves, and a log of what the device writes. */
#include "fake.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <unistd.h>

static int data_file(struct fake *fake, const char *text)
{
    int fd = skvm_sys_linux.memfd(NULL, "state");
    fake->fds[fd].kind = FAKE_OTHER;
    fake->open_fds++;
    if (text != NULL) {
        (void)!pwrite(fd, text, strlen(text), 0);
    }
    return fd;
}

/* What was written must be a state of ours when it is to become one. */
static int mig_arc(struct fake *fake, struct vfio_device_feature_mig_state *ask)
{
    uint32_t from = fake->mig_state;
    if (fake->mig_err != 0) {
        fake->mig_state = fake->mig_broken ? VFIO_DEVICE_STATE_ERROR : from;
        return fake->mig_err;
    }
    if (from == VFIO_DEVICE_STATE_RESUMING && ask->device_state == VFIO_DEVICE_STATE_STOP) {
        memset(fake->loaded, 0, sizeof(fake->loaded));
        (void)!pread(fake->mig_fd, fake->loaded, sizeof(fake->loaded) - 1, 0);
        if (strcmp(fake->loaded, FAKE_STATE) != 0) {
            return -EINVAL;
        }
    }
    ask->data_fd = -1;
    if (ask->device_state == VFIO_DEVICE_STATE_RESUMING) {
        fake->mig_fd = ask->data_fd = data_file(fake, NULL);
    } else if (ask->device_state == 6 || (ask->device_state == VFIO_DEVICE_STATE_STOP_COPY && from != 6)) {
        fake->mig_fd = ask->data_fd = data_file(fake, FAKE_STATE);
    }
    fake->mig_state = ask->device_state;
    return 0;
}

static int mig_feature(struct fake *fake, uint32_t flags, void *data)
{
    struct vfio_device_feature_migration mig = {.flags =
                                                    VFIO_MIGRATION_STOP_COPY | (fake->pre_copy ? 4u : 0)};
    struct vfio_device_feature_mig_state now = {.device_state = fake->mig_state, .data_fd = -1};
    uint64_t size = sizeof(FAKE_STATE) - 1;
    switch (flags) {
    case VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_MIGRATION:
        memcpy(data, &mig, sizeof(mig));
        return 0;
    case VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE:
        memcpy(data, &now, sizeof(now));
        return 0;
    case VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE:
        return mig_arc(fake, data);
    case VFIO_DEVICE_FEATURE_GET | 9u:
        memcpy(data, &size, sizeof(size));
        return 0;
    default:
        return -ENOTTY;
    }
}

static int log_start(struct fake *fake, const struct vfio_device_feature_dma_logging_control *ask)
{
    if (fake->log_err != 0) {
        return fake->log_err;
    }
    fake->log_ranges = ask->num_ranges;
    fake->logging = ask->num_ranges != 0 && ask->page_size == 4096;
    fake->dirty_on = fake->logging;
    return fake->logging ? 0 : -EINVAL;
}

static int log_report(struct fake *fake, const struct vfio_device_feature_dma_logging_report *ask)
{
    uint64_t *bits = (uint64_t *)(uintptr_t)ask->bitmap;
    for (uint32_t i = 0; i < FAKE_WRITTEN; i++) {
        uint64_t at = fake->written[i];
        if (at != 0 && at >= ask->iova && at - ask->iova < ask->length) {
            bits[(at - ask->iova) / 4096 / 64] |= UINT64_C(1) << (at - ask->iova) / 4096 % 64;
            fake->written[i] = 0;
        }
    }
    return fake->logging ? 0 : -EINVAL;
}

int fake_device_feature(struct fake *fake, struct vfio_device_feature *ask)
{
    uint32_t index = ask->flags & VFIO_DEVICE_FEATURE_MASK;
    bool log =
        index >= VFIO_DEVICE_FEATURE_DMA_LOGGING_START && index <= VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT;
    if (log ? !fake->logs : !fake->migrates) {
        return -ENOTTY;
    }
    if ((ask->flags & VFIO_DEVICE_FEATURE_PROBE) != 0) {
        return 0;
    }
    switch (index) {
    case VFIO_DEVICE_FEATURE_DMA_LOGGING_START:
        return log_start(fake, (const void *)ask->data);
    case VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP:
        fake->logging = false;
        fake->dirty_on = false;
        return 0;
    case VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT:
        return log_report(fake, (const void *)ask->data);
    default:
        return mig_feature(fake, ask->flags, ask->data);
    }
}
