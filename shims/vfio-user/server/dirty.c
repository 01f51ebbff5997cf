/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DMA logging. The device's log has pages of SRIOV_VM_PAGE bytes and all of its memory; the ranges that a
 * client names at the start are checked, and may be reported of as may others.
 */
#include "server.h"

#include <sriov/migrate.h>

#include <stdlib.h>

/* Bytes of bitmap in one reply, and of the log behind it. */
#define BITMAP_MAX   VFU_XFER_MAX
#define PAGES_MAX    ((uint64_t)BITMAP_MAX * 8)
#define WORD_BITS    64u
#define PAGE_BITS_UP 63u

static bool range_ok(const struct vfu_log_range *range)
{
    return range->length != 0 && ((range->iova | range->length) & (SRIOV_VM_PAGE - 1)) == 0 &&
           range->length - 1 <= UINT64_MAX - range->iova;
}

static bool is_power_of_two(uint64_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/* Each range is read once. */
static int check_ranges(const struct vfus_call *call, const struct vfu_log_control *ask, size_t at)
{
    size_t left = vfu_rx_length(call->rx) - at;

    if (ask->reserved != 0 || !is_power_of_two(ask->page_size) ||
        left / sizeof(struct vfu_log_range) != ask->num_ranges || left % sizeof(struct vfu_log_range) != 0) {
        return -EINVAL;
    }
    for (uint32_t i = 0; i < ask->num_ranges; i++) {
        struct vfu_log_range range;

        memcpy(&range, vfu_rx_payload(call->rx) + at + i * sizeof(range), sizeof(range));
        if (!range_ok(&range)) {
            return -EINVAL;
        }
    }
    return 0;
}

int vfus_log_start(struct sriov_vfu_device *d, struct vfus_call *call, uint32_t method)
{
    struct {
        struct vfu_device_feature head;
        struct vfu_log_control data;
    } ask;
    bool exact = false;
    int rc = vfu_rx_get(call->rx, &ask, sizeof(ask));

    (void)method;
    rc = rc == 0 ? check_ranges(call, &ask.data, sizeof(ask)) : rc;
    if (rc != 0) {
        return rc;
    }
    if (d->logging) {
        return -EBUSY;
    }
    rc = sriov_mig_dirty_start(d->fn, &exact);
    if (rc == 0) {
        d->logging = true;
        ask.data.page_size = SRIOV_VM_PAGE;
        vfus_answer(call, &ask.data, sizeof(ask.data));
        vfus_answer(call, vfu_rx_payload(call->rx) + sizeof(ask),
                    vfu_rx_length(call->rx) - (uint32_t)sizeof(ask));
    }
    return rc;
}

void vfus_log_end(struct sriov_vfu_device *d)
{
    if (d->logging) {
        (void)sriov_mig_dirty_stop(d->fn);
        d->logging = false;
    }
}

int vfus_log_stop(struct sriov_vfu_device *d, struct vfus_call *call, uint32_t method)
{
    (void)call;
    (void)method;
    if (!d->logging) {
        return -EINVAL;
    }
    d->logging = false;
    return sriov_mig_dirty_stop(d->fn);
}

static void set_bits(uint8_t *bitmap, uint64_t first, uint64_t last)
{
    for (uint64_t bit = first; bit <= last; bit++) {
        bitmap[bit / 8] |= (uint8_t)(1u << bit % 8);
    }
}

/* A page of the log may be many of the client's, or a part of one. */
static void fold(const uint64_t *log, uint64_t length, uint64_t page_size, uint8_t *bitmap)
{
    for (uint64_t page = 0; page < length / SRIOV_VM_PAGE; page++) {
        uint64_t at = page * SRIOV_VM_PAGE;

        if ((log[page / WORD_BITS] >> page % WORD_BITS & 1) != 0) {
            set_bits(bitmap, at / page_size, (at + (SRIOV_VM_PAGE - 1)) / page_size);
        }
    }
}

static uint64_t bitmap_bytes(const struct vfu_log_report *ask)
{
    uint64_t bits = (ask->length - 1) / ask->page_size + 1;

    return (bits + PAGE_BITS_UP) / WORD_BITS * sizeof(uint64_t);
}

static int report(struct sriov_vfu_device *d, struct vfus_call *call, const struct vfu_log_report *ask,
                  uint32_t bytes)
{
    uint64_t words = (ask->length / SRIOV_VM_PAGE + PAGE_BITS_UP) / WORD_BITS;
    uint64_t *log = calloc((size_t)words, sizeof(*log));
    int rc = log != NULL ? sriov_mig_dirty_read(d->fn, sriov_iova(ask->iova), ask->length, log) : -ENOMEM;

    if (rc == 0) {
        uint8_t *bitmap = call->out + call->length;

        memset(bitmap, 0, bytes);
        fold(log, ask->length, ask->page_size, bitmap);
        call->length += bytes;
    }
    free(log);
    return rc;
}

/* The reply must be there before the log is cleared: that it fits is known first. */
int vfus_log_report(struct sriov_vfu_device *d, struct vfus_call *call, uint32_t method)
{
    struct {
        struct vfu_device_feature head;
        struct vfu_log_report data;
    } ask;
    struct vfu_log_range asked;
    uint64_t bytes;

    (void)method;
    if (vfu_rx_get(call->rx, &ask, sizeof(ask)) != 0 || vfu_rx_length(call->rx) != sizeof(ask)) {
        return -EINVAL;
    }
    asked = (struct vfu_log_range){.iova = ask.data.iova, .length = ask.data.length};
    if (!d->logging || !range_ok(&asked) || !is_power_of_two(ask.data.page_size) ||
        ask.data.length / SRIOV_VM_PAGE > PAGES_MAX) {
        return -EINVAL;
    }
    bytes = bitmap_bytes(&ask.data);
    if (bytes > BITMAP_MAX - sizeof(ask) || bytes + sizeof(ask) > ask.head.argsz ||
        bytes + sizeof(ask) > d->peer_xfer) {
        return -EINVAL;
    }
    vfus_answer(call, &ask.data, sizeof(ask.data));
    return report(d, call, &ask.data, (uint32_t)bytes);
}
