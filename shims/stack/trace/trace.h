/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside of the trace decorator. */
#ifndef STACK_TRACE_H
#define STACK_TRACE_H

#include <sriov/trace.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define TRC_VALUE_MAX 40u

/* One piece of DMA memory of a function. */
struct trc_block {
    struct trc_block *next;
    uint32_t number; /* from 1, in the order of allocation */
    uint64_t iova;
    uint64_t length;
    const uint8_t *va;
    uint8_t *shadow; /* as it was at the last look; NULL: not followed */
};

/* One vector's sink, if it is a callback. Kept until the function closes: a late callback of a shim
 * that breaks the contract still finds it. */
struct trc_vector {
    struct trc_vector *next;
    struct trc_fn *fn;
    uint32_t vector;
    struct sriov_irq_sink sink;
};

struct trc_fn {
    struct sriov_trace *trace;
    struct trc_fn *next;
    void *inner;
    uint32_t label;
    uint32_t num_blocks;      /* ever made */
    struct trc_block *blocks; /* newest first */
    struct trc_vector *vectors;
    struct sriov_event_sink sink;
    /* A register took the low half of this block's address just now: its neighbour takes the other. */
    const struct trc_block *low;
    uint32_t low_bar;
    uint64_t low_off;
};

struct sriov_trace {
    const struct sriov_vmm_ops *ops; /* of the shim below, normalised */
    void *ctx;
    struct sriov_vmm *vmm; /* ours */
    void (*line)(void *arg, const char *line);
    void *arg;
    bool memory;
    char name[SRIOV_NAME_MAX];
    _Atomic uint64_t lines;
    pthread_mutex_t lock; /* everything below, and the order of lines */
    struct trc_fn *fns;   /* open ones */
    uint32_t num_fns;     /* ever opened */
};

/* trace.c */
void trc_enter(struct sriov_trace *trace);
void trc_leave(struct sriov_trace *trace);
/* One line; with the lock held. `trc_say` puts the function's label in front. */
void trc_line(struct sriov_trace *trace, const char *format, ...) __attribute__((format(printf, 2, 3)));
void trc_say(struct trc_fn *fn, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, taking the lock, with the error behind it where there is one. */
void trc_told(struct trc_fn *fn, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ops.c, irq.c */
extern const struct sriov_vmm_ops trc_ops;
int trc_irq_attach(void *fn, uint32_t vector, const struct sriov_irq_sink *sink);
int trc_irq_detach(void *fn, uint32_t vector);
int trc_set_event_sink(void *fn, const struct sriov_event_sink *sink);
void trc_irq_forget(struct trc_fn *fn);

/* memory.c; all with the lock held. */
enum trc_writer {
    TRC_HOST,
    TRC_DEVICE,
};
/* Says what changed since the last look, and remembers it as it is now. Nothing without TRACE_MEMORY. */
void trc_look(struct sriov_trace *trace, enum trc_writer writer);
/* The new block's number; 0: no memory to remember it with. */
uint32_t trc_block_add(struct trc_fn *fn, const struct sriov_dma_mem *mem);
/* Takes it out of the books; its number, 0: unknown. */
uint32_t trc_block_del(struct trc_fn *fn, uint64_t iova);
void trc_blocks_forget(struct trc_fn *fn);

/* value.c; with the lock held. An address of the function's blocks as "m2+0x40", anything else in hex. */
const char *trc_word(const struct trc_fn *fn, uint64_t value, char text[TRC_VALUE_MAX]);
/* A value that a register of `width` bytes was given or gave. */
const char *trc_reg(struct trc_fn *fn, uint32_t bar, uint64_t off, uint32_t width, uint64_t value,
                    char text[TRC_VALUE_MAX]);

#endif
