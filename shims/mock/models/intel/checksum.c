/* SPDX-License-Identifier: BSD-3-Clause */
/* The Internet checksum, and the CRCs of Ethernet and of SCTP. */
#include <string.h>

#include "offload.h"

/*
 * Swapping the bytes of each word swaps those of their one's complement sum (RFC 1071): so words are taken
 * as the host has them, eight bytes at a time, and the sum is put right once.
 */
uint32_t mock_sum16(const uint8_t *p, size_t len, uint32_t sum)
{
    uint64_t acc = 0, word;
    uint8_t rest[8] = {0};
    uint16_t folded;

    for (; len >= 8u; len -= 8u, p += 8) {
        memcpy(&word, p, sizeof(word));
        acc += (word & UINT32_MAX) + (word >> 32);
    }
    memcpy(rest, p, len);
    memcpy(&word, rest, sizeof(word));
    acc += (word & UINT32_MAX) + (word >> 32);
    while (acc >> 16)
        acc = (acc & 0xffffu) + (acc >> 16);
    folded = (uint16_t)acc;
    memcpy(rest, &folded, sizeof(folded));
    sum += mock_be16(rest);
    while (sum >> 16)
        sum = (sum & 0xffffu) + (sum >> 16);
    return sum;
}

/* Four bits at a time, of a reflected polynomial. */
static uint32_t crc(const uint32_t table[16], uint32_t crc, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15u];
        crc = crc >> 4 ^ table[crc & 15u];
    }
    return crc;
}

uint32_t mock_crc32(const uint8_t *bytes, size_t len)
{
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};

    return ~crc(table, UINT32_MAX, bytes, len);
}

/* Over the whole of it, with the field itself, at bytes 8 to 11, as 0. */
uint32_t mock_sctp_crc(const uint8_t *sctp, size_t len)
{
    static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                       0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                       0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
    static const uint8_t zero[4];
    uint32_t c = crc(table, UINT32_MAX, sctp, 8);

    c = crc(table, c, zero, sizeof(zero));
    return ~crc(table, c, sctp + 12, len - 12u);
}
