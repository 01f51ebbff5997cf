/* SPDX-License-Identifier: BSD-3-Clause */
/* A bit for each page of a piece of memory: what a dirty log is made of, the CPU's and the device's. */
#include "internal.h"

#include <stdlib.h>

#define WORD_BITS 64u

uint64_t *mock_bits_new(uint64_t bytes)
{
    uint64_t pages = (bytes - 1) / SRIOV_VM_PAGE + 1;

    return calloc((size_t)((pages - 1) / WORD_BITS + 1), sizeof(uint64_t));
}

static uint64_t bit_of(uint64_t page)
{
    return UINT64_C(1) << page % WORD_BITS;
}

void mock_bits_mark(uint64_t *bits, uint64_t off, uint64_t len)
{
    uint64_t last = (off + len - 1) / SRIOV_VM_PAGE;

    for (uint64_t page = off / SRIOV_VM_PAGE; page <= last; page++) {
        bits[page / WORD_BITS] |= bit_of(page);
    }
}

void mock_bits_take(uint64_t *bits, struct mock_span piece, struct mock_span asked, uint64_t *out)
{
    uint64_t first = piece.first > asked.first ? piece.first : asked.first;
    uint64_t last = piece.last < asked.last ? piece.last : asked.last;
    uint64_t pages = first <= last ? (last - first) / SRIOV_VM_PAGE + 1 : 0;

    for (uint64_t i = 0; i < pages; i++) {
        uint64_t from = (first - piece.first) / SRIOV_VM_PAGE + i;
        uint64_t to = (first - asked.first) / SRIOV_VM_PAGE + i;

        if ((bits[from / WORD_BITS] & bit_of(from)) != 0) {
            out[to / WORD_BITS] |= bit_of(to);
            bits[from / WORD_BITS] &= ~bit_of(from);
        }
    }
}
