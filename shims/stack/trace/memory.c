/* SPDX-License-Identifier: BSD-3-Clause */
/* DMA memory and what changes in it, in units of a descriptor: 16 bytes. */
#include "trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define UNIT 16u
#define PAGE 4096u
/* A longer run of changed units is no descriptor write-back but a frame: it is told by its hash. */
#define RUN_MAX 16u

static const char *writer_name(enum trc_writer writer)
{
    return writer == TRC_DEVICE ? "device" : "host";
}

static void say_unit(struct trc_fn *fn, const struct trc_block *b, uint64_t off, enum trc_writer writer)
{
    uint64_t word[2];
    char text[2][TRC_VALUE_MAX];

    memcpy(word, b->shadow + off, sizeof(word));
    trc_say(fn, "mem m%" PRIu32 "+0x%" PRIx64 " %s = %s %s", b->number, off, writer_name(writer),
            trc_word(fn, word[0], text[0]), trc_word(fn, word[1], text[1]));
}

/* FNV-1a, 64 bits, of the words as they would be printed: addresses by block and offset. */
static uint64_t hash_of(const struct trc_fn *fn, const uint8_t *bytes, uint64_t n)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    char text[TRC_VALUE_MAX];
    uint64_t word;

    for (uint64_t i = 0; i < n; i += sizeof(word)) {
        memcpy(&word, bytes + i, sizeof(word));
        for (const char *c = trc_word(fn, word, text); *c != '\0'; c++) {
            hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
        }
    }
    return hash;
}

static void say_run(struct trc_fn *fn, const struct trc_block *b, uint64_t first, uint64_t end,
                    enum trc_writer writer)
{
    if (end - first > RUN_MAX * UNIT) {
        trc_say(fn, "mem m%" PRIu32 "+0x%" PRIx64 " %s %" PRIu64 " bytes hash 0x%016" PRIx64, b->number,
                first, writer_name(writer), end - first, hash_of(fn, b->shadow + first, end - first));
        return;
    }
    for (uint64_t off = first; off < end; off += UNIT) {
        say_unit(fn, b, off, writer);
    }
}

/* The device may be writing: each unit is read once, and what was compared is what is remembered. */
static bool unit_changed(const struct trc_block *b, uint64_t off)
{
    uint8_t now[UNIT];

    memcpy(now, b->va + off, sizeof(now));
    if (memcmp(now, b->shadow + off, sizeof(now)) == 0) {
        return false;
    }
    memcpy(b->shadow + off, now, sizeof(now));
    return true;
}

static void look_at_block(struct trc_fn *fn, const struct trc_block *b, enum trc_writer writer)
{
    uint64_t first = 0;
    uint64_t end = 0; /* of the run that begins at first */
    uint64_t off = 0;

    while (off + UNIT <= b->length) {
        if (off % PAGE == 0 && b->length - off >= PAGE && memcmp(b->va + off, b->shadow + off, PAGE) == 0) {
            off += PAGE;
            continue;
        }
        if (unit_changed(b, off)) {
            if (end != off && end != first) {
                say_run(fn, b, first, end, writer);
            }
            first = end == off && end != first ? first : off;
            end = off + UNIT;
        }
        off += UNIT;
    }
    if (end != first) {
        say_run(fn, b, first, end, writer);
    }
}

void trc_look(struct sriov_trace *trace, enum trc_writer writer)
{
    for (struct trc_fn *fn = trace->fns; trace->memory && fn != NULL; fn = fn->next) {
        for (struct trc_block *b = fn->blocks; b != NULL; b = b->next) {
            if (b->shadow != NULL) {
                look_at_block(fn, b, writer);
            }
        }
    }
}

uint32_t trc_block_add(struct trc_fn *fn, const struct sriov_dma_mem *mem)
{
    struct trc_block *b = calloc(1, sizeof(*b));

    fn->num_blocks++;
    if (b == NULL) {
        return 0;
    }
    *b = (struct trc_block){.next = fn->blocks,
                            .number = fn->num_blocks,
                            .iova = mem->iova.raw,
                            .length = mem->length,
                            .va = mem->va};
    if (fn->trace->memory) {
        b->shadow = malloc(mem->length);
        if (b->shadow == NULL) {
            trc_say(fn, "dma m%" PRIu32 " is not followed: no memory", b->number);
        } else {
            memcpy(b->shadow, mem->va, mem->length);
        }
    }
    fn->blocks = b;
    return b->number;
}

static void drop(struct trc_fn *fn, struct trc_block *b)
{
    if (fn->low == b) {
        fn->low = NULL;
    }
    free(b->shadow);
    free(b);
}

uint32_t trc_block_del(struct trc_fn *fn, uint64_t iova)
{
    for (struct trc_block **at = &fn->blocks; *at != NULL; at = &(*at)->next) {
        struct trc_block *b = *at;

        if (b->iova == iova) {
            uint32_t number = b->number;

            *at = b->next;
            drop(fn, b);
            return number;
        }
    }
    return 0;
}

void trc_blocks_forget(struct trc_fn *fn)
{
    while (fn->blocks != NULL) {
        struct trc_block *b = fn->blocks;

        fn->blocks = b->next;
        drop(fn, b);
    }
}
