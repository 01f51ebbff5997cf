/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One side of a vfio-user connection as an input of the fuzzers: records of one byte that says what goes
 * along, then a message as it is on the wire (its header says where it ends). tests/fuzz/record.py makes
 * such files of connections that really were.
 */
#ifndef FUZZ_VFU_H
#define FUZZ_VFU_H

#include "fuzz.h"

#include <stdbool.h>

/* The byte before a message. */
#define FUZZ_VFU_FDS     0x07u /* so many descriptors */
#define FUZZ_VFU_KIND    0x38u /* of this kind: enum fuzz_vfu_kind */
#define FUZZ_VFU_HOW     0xc0u /* enum fuzz_vfu_how */
#define FUZZ_VFU_FDS_MAX 7u

enum fuzz_vfu_kind {
    FUZZ_VFU_MEMORY = 0 << 3, /* as much as a DMA_MAP says */
    FUZZ_VFU_SHORT = 1 << 3,  /* a page that can still be cut short */
    FUZZ_VFU_EVENTFD = 2 << 3,
    FUZZ_VFU_PIPE = 3 << 3,
    FUZZ_VFU_NULL = 4 << 3, /* /dev/null */
};

enum fuzz_vfu_how {
    FUZZ_VFU_PLAIN = 0 << 6,
    FUZZ_VFU_HANG_UP = 1 << 6, /* before it: another connection */
    FUZZ_VFU_HALF = 2 << 6,    /* half of it only */
    FUZZ_VFU_LATER = 3 << 6,   /* some time after the last */
};

struct fuzz_vfu_record {
    uint8_t how; /* enum fuzz_vfu_how */
    uint8_t kind;
    uint8_t num_fds;
    const uint8_t *bytes;
    size_t length; /* as the header says it, or what the input has */
};

/* False: the input is used up. */
bool fuzz_vfu_next(struct fuzz_input *in, struct fuzz_vfu_record *record);
/* Sends it, waits for nothing. False: the other side takes no more. */
bool fuzz_vfu_send(int sock, const struct fuzz_vfu_record *record);
/* Descriptors that this process has open. */
unsigned fuzz_vfu_fds(void);

#endif
