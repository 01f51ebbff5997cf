/* SPDX-License-Identifier: BSD-3-Clause */
/* Round-trip times: exact least, greatest and mean; quantiles from buckets no wider than 1/32. */
#ifndef ECHO_RTT_H
#define ECHO_RTT_H

#include <stdint.h>

#define RTT_SUB_BITS 5u
#define RTT_BUCKETS  ((64u - RTT_SUB_BITS + 1u) << RTT_SUB_BITS)

struct echo_rtt {
    uint64_t n;
    uint64_t min_ns;
    uint64_t max_ns;
    uint64_t sum_ns;
    uint32_t buckets[RTT_BUCKETS];
};

void echo_rtt_add(struct echo_rtt *rtt, uint64_t ns);
/* 0 while nothing was added. */
uint64_t echo_rtt_mean(const struct echo_rtt *rtt);
/* Upper bound of the bucket that holds the quantile, never beyond max_ns. permille: 0 to 1000. */
uint64_t echo_rtt_quantile(const struct echo_rtt *rtt, uint32_t permille);

#endif
