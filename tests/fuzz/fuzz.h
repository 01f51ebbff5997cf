/* SPDX-License-Identifier: BSD-3-Clause */
/* What the fuzz targets share: an input that is used up from its front, and a loud end. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

/* Up to `want` bytes into out; what the input does not have is zero. */
static inline void fuzz_take(struct fuzz_input *in, void *out, size_t want)
{
    size_t n = want < in->left ? want : in->left;

    memset(out, 0, want);
    if (n != 0) {
        memcpy(out, in->at, n);
    }
    in->at += n;
    in->left -= n;
}

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
    uint8_t v;

    fuzz_take(in, &v, sizeof(v));
    return v;
}

static inline uint32_t fuzz_u32(struct fuzz_input *in)
{
    uint32_t v;

    fuzz_take(in, &v, sizeof(v));
    return v;
}

/* Must hold whatever the input is; else the fuzzer has found something. */
#define FUZZ_MUST(what)                                                                                      \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                         \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

#endif
