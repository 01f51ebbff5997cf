/* SPDX-License-Identifier: BSD-3-Clause */
#include "rtt.h"

#define SUB_COUNT (1u << RTT_SUB_BITS)

/* Values below 2 * SUB_COUNT have buckets of their own; above, each power of two has SUB_COUNT. */
static uint32_t bucket_of(uint64_t ns)
{
    if (ns < SUB_COUNT) {
        return (uint32_t)ns;
    }
    uint32_t top = 63u - (uint32_t)__builtin_clzll(ns);
    uint32_t shift = top - RTT_SUB_BITS;
    return ((shift + 1) << RTT_SUB_BITS) + (uint32_t)((ns >> shift) & (SUB_COUNT - 1));
}

static uint64_t bucket_last(uint32_t bucket)
{
    if (bucket < SUB_COUNT) {
        return bucket;
    }
    uint32_t shift = (bucket >> RTT_SUB_BITS) - 1;
    uint64_t first = (uint64_t)(SUB_COUNT + (bucket & (SUB_COUNT - 1))) << shift;
    return first + ((UINT64_C(1) << shift) - 1);
}

void echo_rtt_add(struct echo_rtt *rtt, uint64_t ns)
{
    if (rtt->n == 0 || ns < rtt->min_ns) {
        rtt->min_ns = ns;
    }
    if (ns > rtt->max_ns) {
        rtt->max_ns = ns;
    }
    rtt->n++;
    rtt->sum_ns += ns;
    rtt->buckets[bucket_of(ns)]++;
}

uint64_t echo_rtt_mean(const struct echo_rtt *rtt)
{
    return rtt->n == 0 ? 0 : rtt->sum_ns / rtt->n;
}

uint64_t echo_rtt_quantile(const struct echo_rtt *rtt, uint32_t permille)
{
    if (rtt->n == 0) {
        return 0;
    }
    uint64_t rank = (rtt->n - 1) * permille / 1000;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < RTT_BUCKETS; i++) {
        seen += rtt->buckets[i];
        if (seen > rank) {
            return bucket_last(i) < rtt->max_ns ? bucket_last(i) : rtt->max_ns;
        }
    }
    return rtt->max_ns;
}
