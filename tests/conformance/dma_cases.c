/* SPDX-License-Identifier: BSD-3-Clause */
/* DMA memory: what comes back, what is refused, what is left. */
#include "conform.h"

#include <errno.h>
#include <string.h>

#define MANY 32u
static const char owner[] = "conformance";

static int limits_of(struct sriov_fn *fn, struct sriov_dma_limits *limits)
{
    memset(limits, 0, sizeof(*limits));
    limits->size = sizeof(*limits);
    return sriov_dma_limits(fn, limits);
}

static bool in_ranges(const struct sriov_dma_limits *limits, const struct sriov_dma *dma)
{
    uint64_t last = dma->iova.raw + (dma->length - 1);
    for (uint32_t i = 0; i < limits->num_ranges; i++) {
        if (dma->iova.raw >= limits->ranges[i].first && last <= limits->ranges[i].last) {
            return true;
        }
    }
    return false;
}

static enum conform_verdict limits_make_sense(struct conform *c, struct sriov_fn *fn)
{
    struct sriov_dma_limits limits;
    RETURNS(c, limits_of(fn, &limits), 0);
    CHECK(c, limits.granule != 0 && (limits.granule & (limits.granule - 1)) == 0);
    CHECK(c, limits.num_ranges >= 1 && limits.num_ranges <= SRIOV_DMA_RANGES_MAX);
    CHECK(c, limits.maps_left > 0 && limits.bytes_left > 0);
    for (uint32_t i = 0; i < limits.num_ranges; i++) {
        CHECK(c, limits.ranges[i].first <= limits.ranges[i].last);
        CHECK(c, i == 0 || limits.ranges[i].first > limits.ranges[i - 1].last);
    }
    return CONFORM_PASS;
}

static enum conform_verdict memory_is_zeroed(struct conform *c, struct sriov_fn *fn)
{
    for (int round = 0; round < 3; round++) {
        struct sriov_dma dma;
        RETURNS(c, sriov_dma_alloc(fn, owner, 16384, 1, SRIOV_DMA_BOTH, &dma), 0);
        CHECK(c, dma.va != NULL && dma.length >= 16384);
        const unsigned char *byte = dma.va;
        uint32_t set = 0;
        for (uint64_t i = 0; i < dma.length; i++) {
            set |= byte[i];
        }
        memset(dma.va, 0xa5, dma.length); /* the next one must not find it */
        RETURNS(c, sriov_dma_free(fn, &dma), 0);
        CHECK(c, set == 0);
    }
    return CONFORM_PASS;
}

static enum conform_verdict alignment_is_kept(struct conform *c, struct sriov_fn *fn)
{
    struct sriov_dma_limits limits;
    RETURNS(c, limits_of(fn, &limits), 0);
    for (uint64_t align = 1; align <= 65536; align *= 4) {
        struct sriov_dma dma;
        RETURNS(c, sriov_dma_alloc(fn, owner, 100, align, SRIOV_DMA_DEVICE_READS, &dma), 0);
        bool good = dma.iova.raw % align == 0 && dma.iova.raw % limits.granule == 0 &&
                    dma.length % limits.granule == 0 && in_ranges(&limits, &dma);
        RETURNS(c, sriov_dma_free(fn, &dma), 0);
        CHECK(c, good);
    }
    return CONFORM_PASS;
}

static bool overlap(uint64_t a, uint64_t alen, uint64_t b, uint64_t blen)
{
    return a < b + blen && b < a + alen;
}

static bool disjoint(const struct sriov_dma *dma, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (overlap(dma[i].iova.raw, dma[i].length, dma[j].iova.raw, dma[j].length) ||
                overlap((uintptr_t)dma[i].va, dma[i].length, (uintptr_t)dma[j].va, dma[j].length)) {
                return false;
            }
        }
    }
    return true;
}

static enum conform_verdict pieces_are_disjoint(struct conform *c, struct sriov_fn *fn)
{
    struct sriov_dma dma[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        RETURNS(c, sriov_dma_alloc(fn, owner, 4096u * (1 + i % 5), 4096, SRIOV_DMA_BOTH, &dma[i]), 0);
    }
    bool good = disjoint(dma, MANY);
    for (uint32_t i = 0; i < MANY; i++) { /* in another order than they came */
        RETURNS(c, sriov_dma_free(fn, &dma[(i * 7) % MANY]), 0);
    }
    CHECK(c, good);
    return CONFORM_PASS;
}

static enum conform_verdict freed_space_comes_back(struct conform *c, struct sriov_fn *fn)
{
    struct sriov_dma_limits before;
    struct sriov_dma_limits after;
    RETURNS(c, limits_of(fn, &before), 0);
    for (int i = 0; i < 200; i++) {
        struct sriov_dma dma;
        RETURNS(c, sriov_dma_alloc(fn, owner, 65536, 1, SRIOV_DMA_BOTH, &dma), 0);
        RETURNS(c, sriov_dma_free(fn, &dma), 0);
    }
    RETURNS(c, limits_of(fn, &after), 0);
    CHECK(c, after.maps_left == before.maps_left && after.bytes_left == before.bytes_left);
    return CONFORM_PASS;
}

static enum conform_verdict impossible_fails_whole(struct conform *c, struct sriov_fn *fn)
{
    struct sriov_dma dma = {.va = fn};
    REFUSES(c, sriov_dma_alloc(fn, owner, UINT64_C(1) << 55, 1, SRIOV_DMA_BOTH, &dma));
    CHECK(c, dma.va == NULL && dma.length == 0);
    REFUSES(c, sriov_dma_alloc(fn, owner, 0, 1, SRIOV_DMA_BOTH, &dma));
    REFUSES(c, sriov_dma_alloc(fn, owner, UINT64_MAX, 1, SRIOV_DMA_BOTH, &dma));
    REFUSES(c, sriov_dma_alloc(fn, owner, 4096, 3, SRIOV_DMA_BOTH, &dma));
    struct sriov_dma_usage usage = {.size = sizeof(usage)};
    RETURNS(c, sriov_dma_usage(fn, &usage), 0);
    RETURNS(c, usage.mappings, 0);
    return CONFORM_PASS;
}

static enum conform_verdict second_free_is_refused(struct conform *c, struct sriov_fn *fn)
{
    struct sriov_dma dma;
    RETURNS(c, sriov_dma_alloc(fn, owner, 4096, 1, SRIOV_DMA_BOTH, &dma), 0);
    struct sriov_dma copy = dma;
    RETURNS(c, sriov_dma_free(fn, &dma), 0);
    RETURNS(c, sriov_dma_free(fn, &copy), -EINVAL);
    return CONFORM_PASS;
}

static enum conform_verdict callers_buffer(struct conform *c, struct sriov_fn *fn)
{
    NEED(c, fn, SRIOV_CAP_DMA_MAP, "a caller's buffer cannot be mapped here");
    struct sriov_dma_limits limits;
    RETURNS(c, limits_of(fn, &limits), 0);
    CHECK(c, limits.granule <= 4096);
    unsigned char *p = sriov_fn_host_alloc(fn, 8192, 4096);
    CHECK(c, p != NULL);
    memset(p, 0x3c, 8192);
    struct sriov_dma dma;
    int odd = sriov_dma_map(fn, owner, p + 1, 4096, SRIOV_DMA_BOTH, &dma);
    int err = sriov_dma_map(fn, owner, p, 8192, SRIOV_DMA_BOTH, &dma);
    bool kept = err == 0 && dma.va == p && p[8191] == 0x3c && in_ranges(&limits, &dma);
    int undo = err == 0 ? sriov_dma_unmap(fn, &dma) : 0;
    bool still = p[0] == 0x3c;
    sriov_fn_host_free(fn, p, 8192);
    REFUSES(c, odd);
    RETURNS(c, err, 0);
    RETURNS(c, undo, 0);
    CHECK(c, kept && still);
    return CONFORM_PASS;
}

const struct conform_case conform_dma_cases[] = {
    {"dma.limits-make-sense", limits_make_sense, false},
    {"dma.memory-is-zeroed", memory_is_zeroed, false},
    {"dma.alignment-is-kept", alignment_is_kept, false},
    {"dma.pieces-are-disjoint", pieces_are_disjoint, false},
    {"dma.freed-space-comes-back", freed_space_comes_back, false},
    {"dma.impossible-fails-whole", impossible_fails_whole, false},
    {"dma.second-free-refused", second_free_is_refused, false},
    {"dma.callers-buffer", callers_buffer, false},
    {NULL, NULL, false},
};
