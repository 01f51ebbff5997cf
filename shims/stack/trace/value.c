/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as text; addresses of DMA memory by the block they lie in. */
#include "trace.h"

#include <inttypes.h>
#include <stdio.h>

static const struct trc_block *block_at(const struct trc_fn *fn, uint64_t iova)
{
    for (const struct trc_block *b = fn->blocks; b != NULL; b = b->next) {
        if (iova >= b->iova && iova - b->iova < b->length) {
            return b;
        }
    }
    return NULL;
}

const char *trc_word(const struct trc_fn *fn, uint64_t value, char text[TRC_VALUE_MAX])
{
    const struct trc_block *b = block_at(fn, value);

    if (b != NULL) {
        (void)snprintf(text, TRC_VALUE_MAX, "m%" PRIu32 "+0x%" PRIx64, b->number, value - b->iova);
    } else {
        (void)snprintf(text, TRC_VALUE_MAX, "0x%016" PRIx64, value);
    }
    return text;
}

/* Half an address is told from any other number only where it begins a block. */
static const struct trc_block *block_low(const struct trc_fn *fn, uint64_t value)
{
    for (const struct trc_block *b = fn->blocks; b != NULL; b = b->next) {
        if ((uint32_t)b->iova == value && value != 0) {
            return b;
        }
    }
    return NULL;
}

static const char *half(struct trc_fn *fn, uint32_t bar, uint64_t off, uint64_t value,
                        char text[TRC_VALUE_MAX])
{
    const struct trc_block *low = fn->low;
    const struct trc_block *b = block_low(fn, value);

    fn->low = NULL;
    if (low != NULL && bar == fn->low_bar && off == fn->low_off + 4 && value == low->iova >> 32) {
        (void)snprintf(text, TRC_VALUE_MAX, "m%" PRIu32 ".hi", low->number);
        return text;
    }
    if (b != NULL) {
        fn->low = b;
        fn->low_bar = bar;
        fn->low_off = off;
        (void)snprintf(text, TRC_VALUE_MAX, "m%" PRIu32 ".lo", b->number);
        return text;
    }
    (void)snprintf(text, TRC_VALUE_MAX, "0x%08" PRIx64, value);
    return text;
}

const char *trc_reg(struct trc_fn *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value,
                    char text[TRC_VALUE_MAX])
{
    if (width == 8) {
        return trc_word(fn, value, text);
    }
    if (width == 4) {
        return half(fn, bar, off, value, text);
    }
    (void)snprintf(text, TRC_VALUE_MAX, "0x%0*" PRIx64, (int)(2 * width), value);
    return text;
}
