/* SPDX-License-Identifier: BSD-3-Clause */
/* First fit over the usable ranges less the spans in use. Pure: no VMM, no function. */
#include "core.h"

/* False when there is no multiple at or above v. */
static bool align_up(uint64_t v, uint64_t align, uint64_t *out)
{
    uint64_t over = v & (align - 1);

    if (over != 0 && align - over > UINT64_MAX - v) {
        return false;
    }
    *out = over == 0 ? v : v + (align - over);
    return true;
}

static bool fits(uint64_t first, uint64_t length, uint64_t last)
{
    return first <= last && length - 1 <= last - first;
}

/* Spans are sorted: the first that ends at or above v. */
static uint32_t first_span_from(const struct sric_iova *iova, uint64_t v)
{
    uint32_t low = 0;
    uint32_t high = iova->n;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (iova->spans[mid].last < v) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static bool find_in_range(const struct sric_iova *iova, const struct sriov_dma_range *range, uint64_t length,
                          uint64_t align, uint64_t *first, uint32_t *at)
{
    uint64_t here;
    uint32_t i;

    if (!align_up(range->first == 0 ? 1 : range->first, align, &here)) {
        return false;
    }
    for (i = first_span_from(iova, here); fits(here, length, range->last); i++) {
        if (i == iova->n || (iova->spans[i].first > here && fits(here, length, iova->spans[i].first - 1))) {
            *first = here;
            *at = i;
            return true;
        }
        if (iova->spans[i].last == UINT64_MAX || !align_up(iova->spans[i].last + 1, align, &here)) {
            return false;
        }
    }
    return false;
}

int sric_iova_find(const struct sric_iova *iova, const struct sriov_dma_range *ranges, uint32_t num_ranges,
                   uint64_t length, uint64_t align, uint64_t *first, uint32_t *at)
{
    for (uint32_t i = 0; i < num_ranges; i++) {
        if (find_in_range(iova, &ranges[i], length, align, first, at)) {
            return 0;
        }
    }
    return -ENOSPC;
}

/* Ranges that touch are one. */
static bool usable(const struct sriov_dma_range *ranges, uint32_t num_ranges, uint64_t first, uint64_t length)
{
    uint64_t last = first + (length - 1);

    for (uint32_t i = 0; i < num_ranges; i++) {
        if (first < ranges[i].first || first > ranges[i].last) {
            continue;
        }
        if (last <= ranges[i].last) {
            return true;
        }
        first = ranges[i].last + 1;
    }
    return false;
}

int sric_iova_place(const struct sric_iova *iova, const struct sriov_dma_range *ranges, uint32_t num_ranges,
                    uint64_t first, uint64_t length, uint32_t *at)
{
    if (!fits(first, length, UINT64_MAX) || !usable(ranges, num_ranges, first, length)) {
        return -ERANGE;
    }
    *at = first_span_from(iova, first);
    if (*at < iova->n && iova->spans[*at].first <= first + (length - 1)) {
        return -EBUSY;
    }
    return 0;
}

void sric_iova_insert(struct sric_iova *iova, uint32_t at, uint64_t first, uint64_t length)
{
    for (uint32_t i = iova->n; i > at; i--) {
        iova->spans[i] = iova->spans[i - 1];
    }
    iova->spans[at].first = first;
    iova->spans[at].last = first + (length - 1);
    iova->n++;
}

bool sric_iova_remove(struct sric_iova *iova, uint64_t first)
{
    uint32_t i = first_span_from(iova, first);

    if (i == iova->n || iova->spans[i].first != first) {
        return false;
    }
    iova->n--;
    for (; i < iova->n; i++) {
        iova->spans[i] = iova->spans[i + 1];
    }
    return true;
}
