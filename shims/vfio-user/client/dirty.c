/* SPDX-License-Identifier: BSD-3-Clause */
/* The log of what the device writes, which the server keeps. */
#include "vfuc.h"

#include <string.h>

#define PAGE      SRIOV_VM_PAGE
#define WORD_BITS 64u
#define WORDS_MAX 1024u /* in one report: 256 MiB of memory */

int vfuc_op_dma_dirty_start(void *handle)
{
    struct vfuc_fn *fn = handle;
    struct {
        struct vfu_device_feature head;
        struct vfu_log_control data;
    } answer, ask = {.head = {.argsz = sizeof(ask), .flags = VFU_FEATURE_DMA_LOGGING_START | VFU_FEATURE_SET},
                     .data = {.page_size = PAGE}};
    if (!fn->can_log) {
        return -EOPNOTSUPP;
    }
    return vfuc_error(vfuc_feature(fn, &ask, sizeof(ask), &answer, sizeof(answer)));
}

int vfuc_op_dma_dirty_stop(void *handle)
{
    struct vfuc_fn *fn = handle;
    struct vfu_device_feature ask = {.argsz = sizeof(ask),
                                     .flags = VFU_FEATURE_DMA_LOGGING_STOP | VFU_FEATURE_SET};
    struct vfu_device_feature answer;
    if (!fn->can_log) {
        return -EOPNOTSUPP;
    }
    return vfuc_error(vfuc_feature(fn, &ask, sizeof(ask), &answer, sizeof(answer)));
}

/* At most WORDS_MAX words of the bitmap. */
static int report(struct vfuc_fn *fn, uint64_t iova, uint64_t length, uint64_t *bitmap)
{
    struct {
        struct vfu_device_feature head;
        struct vfu_log_report data;
        uint64_t words[WORDS_MAX];
    } answer;
    uint64_t words = (length / PAGE + WORD_BITS - 1) / WORD_BITS;
    size_t size = offsetof(__typeof__(answer), words) + (size_t)words * sizeof(uint64_t);
    struct {
        struct vfu_device_feature head;
        struct vfu_log_report data;
    } ask = {.head = {.argsz = (uint32_t)size, .flags = VFU_FEATURE_DMA_LOGGING_REPORT | VFU_FEATURE_GET},
             .data = {.iova = iova, .length = length, .page_size = PAGE}};
    int err = vfuc_error(vfuc_feature(fn, &ask, sizeof(ask), &answer, size));
    for (uint64_t i = 0; err == 0 && i < words; i++) {
        bitmap[i] |= answer.words[i];
    }
    return err;
}

/* A bit beyond the range would be somebody else's page. */
static void trim(uint64_t length, uint64_t *bitmap)
{
    uint64_t bits = length / PAGE % WORD_BITS;
    if (bits != 0) {
        bitmap[length / PAGE / WORD_BITS] &= (UINT64_C(1) << bits) - 1;
    }
}

int vfuc_op_dma_dirty_read(void *handle, uint64_t iova, uint64_t length, uint64_t *bitmap)
{
    struct vfuc_fn *fn = handle;
    const uint64_t most = (uint64_t)WORDS_MAX * WORD_BITS * PAGE;
    if (!fn->can_log) {
        return -EOPNOTSUPP;
    }
    if (length == 0 || ((iova | length) & (PAGE - 1)) != 0 || length - 1 > UINT64_MAX - iova) {
        return -EINVAL;
    }
    for (uint64_t done = 0; done < length;) {
        uint64_t now = length - done < most ? length - done : most;
        int err = report(fn, iova + done, now, bitmap + done / PAGE / WORD_BITS);
        if (err != 0) {
            return err;
        }
        done += now;
    }
    trim(length, bitmap);
    return 0;
}
