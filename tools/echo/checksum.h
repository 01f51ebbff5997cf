/* SPDX-License-Identifier: BSD-3-Clause */
/* The Internet checksum, RFC 1071. */
#ifndef ECHO_CHECKSUM_H
#define ECHO_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

/* Adds bytes as big-endian 16-bit words to a running sum; an odd end counts as followed by zero,
 * so only the last part may be odd. */
static inline uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, uint32_t len)
{
    uint64_t wide = sum;
    uint32_t i = 0;
    for (; len - i >= 2; i += 2) {
        wide += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    }
    if (i < len) {
        wide += (uint32_t)bytes[i] << 8;
    }
    while (wide >> 16 != 0) {
        wide = (wide & 0xffff) + (wide >> 16);
    }
    return (uint32_t)wide;
}

/* What goes into the header; over a good header with its checksum in place it gives 0. */
static inline uint16_t checksum_finish(uint32_t sum)
{
    return (uint16_t)~sum;
}

/* Of a sum over data and its checksum. Zero has two forms in one's complement: of nothing but zeroes Linux
 * makes a checksum of zero, others 0xffff. */
static inline bool checksum_is_good(uint32_t sum)
{
    return sum == 0 || checksum_finish(sum) == 0;
}

#endif
